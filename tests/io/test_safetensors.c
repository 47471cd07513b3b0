/* SPDX-License-Identifier: MIT */
/* The writer: the very bytes of a small file, and what it refuses. */
#include "io/safetensors.h"

#include <stdio.h>
#include <string.h>

#include "check_run.h"
#include "core/hash.h"
#include "sample_tensors.h"

static rr_status describe_tiny(rri_safetensors_writer *writer, const void *context, rr_error *err)
{
    (void)context;
    RRI_TRY(rri_safetensors_add_metadata(writer, "k", "v", err));
    const uint8_t data[2] = {7, 9};
    return rri_safetensors_add(writer, "a", RRI_DTYPE_U8, (const size_t[]){2}, 1, data, err);
}

START_TEST(test_safetensors_bytes_are_those_of_the_format)
{
    static const char json[] =
        "{\"__metadata__\":{\"k\":\"v\"},"
        "\"a\":{\"dtype\":\"U8\",\"shape\":[2],\"data_offsets\":[0,2]},"
        "\"checksum\":{\"dtype\":\"U8\",\"shape\":[8],\"data_offsets\":[2,10]}}";
    size_t bytes = 0;
    unsigned char block[512];
    ck_assert_int_eq(rri_safetensors_write(block, sizeof block, &bytes, describe_tiny, NULL, NULL),
                     RR_OK);
    const size_t header = 64 * 3 - 8;
    ck_assert_uint_eq(bytes, 8 + header + 10);
    ck_assert_mem_eq(block, ((const unsigned char[8]){184}), 8);
    ck_assert_mem_eq(block + 8, json, sizeof json - 1);
    for (size_t i = sizeof json - 1; i < header; i++) {
        ck_assert_int_eq(block[8 + i], ' ');
    }
    ck_assert_int_eq(block[8 + header], 7);
    ck_assert_int_eq(block[9 + header], 9);
    const uint64_t hash = rri_hash_bytes(block, 8 + header + 2, 0);
    ck_assert_mem_eq(block + 8 + header + 2, &hash, 8);
}
END_TEST

START_TEST(test_safetensors_data_begin_at_a_multiple_of_64)
{
    size_t bytes = 0;
    unsigned char *const block = sample_write(&bytes);
    ck_assert_ptr_nonnull(block);
    uint64_t header;
    memcpy(&header, block, 8);
    ck_assert_uint_eq((8 + header) % 64, 0);
    free(block);
}
END_TEST

START_TEST(test_safetensors_small_block_is_told_the_size_and_stays_untouched)
{
    size_t needed = 0, bytes = 0;
    ck_assert_int_eq(rri_safetensors_write(NULL, 0, &needed, sample_describe, NULL, NULL), RR_OK);
    unsigned char block[4] = {1, 2, 3, 4};
    rr_error err;
    ck_assert_int_eq(rri_safetensors_write(block, 4, &bytes, sample_describe, NULL, &err),
                     RR_E_TOO_SMALL);
    ck_assert_uint_eq(bytes, needed);
    ck_assert_mem_eq(block, ((const unsigned char[4]){1, 2, 3, 4}), 4);
    ck_assert_ptr_nonnull(strstr(err.text, "the block has 4 bytes"));
}
END_TEST

/* A description that is not the same in one of the later runs. */
typedef struct growth {
    rri_safetensors_run run;
    size_t length;
} growth;

static rr_status describe_growing(rri_safetensors_writer *writer, const void *context,
                                  rr_error *err)
{
    const growth *g = context;
    const size_t length = writer->run == g->run ? g->length : 4;
    return rri_safetensors_add(writer, "a", RRI_DTYPE_U8, &length, 1, sample_f32, err);
}

START_TEST(test_safetensors_later_run_that_differs_is_refused_within_the_block)
{
    const size_t lengths[] = {0, 1, 3, 5, 13, 24};
    for (size_t i = 0; i < 2 * sizeof lengths / sizeof lengths[0]; i++) {
        const growth g = {i % 2 == 0 ? RRI_SAFETENSORS_HEADER : RRI_SAFETENSORS_DATA,
                          lengths[i / 2]};
        size_t bytes = 0;
        ck_assert_int_eq(rri_safetensors_write(NULL, 0, &bytes, describe_growing, &g, NULL), RR_OK);
        unsigned char *const block = malloc(bytes);
        ck_assert_int_eq(rri_safetensors_write(block, bytes, &bytes, describe_growing, &g, NULL),
                         RR_E_STATE);
        free(block);
    }
}
END_TEST

/* Takes `left` bytes more, then refuses; whatever comes after that is an error of the writer's. */
typedef struct narrow_sink {
    size_t left, n_failed;
} narrow_sink;

static rr_status take_some(void *context, const void *bytes, size_t n, rr_error *err)
{
    narrow_sink *sink = context;
    (void)bytes;
    ck_assert_uint_gt(n, 0);
    ck_assert_uint_eq(sink->n_failed, 0);
    if (n > sink->left) {
        sink->n_failed++;
        RRI_FAIL(err, RR_E_IO, "full");
    }
    sink->left -= n;
    return RR_OK;
}

START_TEST(test_safetensors_sink_that_fails_is_asked_no_more_and_its_error_comes_back)
{
    size_t bytes = 0;
    ck_assert_int_eq(rri_safetensors_write(NULL, 0, &bytes, sample_describe, NULL, NULL), RR_OK);
    for (size_t left = 0; left < bytes; left++) {
        rr_error err = {0};
        narrow_sink sink = {.left = left};
        ck_assert_int_eq(rri_safetensors_stream(take_some, &sink, sample_describe, NULL, &err),
                         RR_E_IO);
        ck_assert_str_eq(err.text, "full");
    }
    narrow_sink sink = {.left = bytes};
    ck_assert_int_eq(rri_safetensors_stream(take_some, &sink, sample_describe, NULL, NULL), RR_OK);
    ck_assert_uint_eq(sink.left, 0);
}
END_TEST

static rr_status add(rri_safetensors_writer *writer, const char *name, size_t length,
                     const void *data)
{
    return rri_safetensors_add(writer, name, RRI_DTYPE_F32, &length, 1, data, NULL);
}

START_TEST(test_safetensors_names_and_shapes_that_do_not_fit_are_refused)
{
    rri_safetensors_writer writer = {0};
    char long_name[300];
    memset(long_name, 'n', sizeof long_name);
    long_name[256] = '\0';
    ck_assert_int_eq(add(&writer, long_name, 1, sample_f32), RR_E_INVALID);
    long_name[255] = '\0';
    ck_assert_int_eq(add(&writer, long_name, 1, sample_f32), RR_OK);
    ck_assert_int_eq(add(&writer, "checksum", 1, sample_f32), RR_E_INVALID);
    ck_assert_int_eq(add(&writer, "__metadata__", 1, sample_f32), RR_E_INVALID);
    ck_assert_int_eq(add(&writer, "\xff", 1, sample_f32), RR_E_INVALID);
    ck_assert_int_eq(add(&writer, "a", 1, NULL), RR_E_INVALID);
    ck_assert_int_eq(add(&writer, "a", SIZE_MAX / 2, sample_f32), RR_E_INVALID);
    ck_assert_int_eq(rri_safetensors_add(&writer, "a", RRI_DTYPE_F32,
                                         (const size_t[]){1, 1, 1, 1, 1}, 5, sample_f32, NULL),
                     RR_E_INVALID);
    ck_assert_int_eq(rri_safetensors_add_metadata(&writer, "late", "text", NULL), RR_E_STATE);
}
END_TEST

START_TEST(test_safetensors_entries_are_limited)
{
    rri_safetensors_writer writer = {0};
    char name[16];
    for (int i = 0; i < 512; i++) {
        snprintf(name, sizeof name, "k%d", i);
        ck_assert_int_eq(rri_safetensors_add_metadata(&writer, name, "", NULL), RR_OK);
    }
    ck_assert_int_eq(rri_safetensors_add_metadata(&writer, "k512", "", NULL), RR_E_INVALID);
    for (int i = 0; i < 511; i++) {
        snprintf(name, sizeof name, "t%d", i);
        ck_assert_int_eq(add(&writer, name, 1, sample_f32), RR_OK);
    }
    ck_assert_int_eq(add(&writer, "t511", 1, sample_f32), RR_E_INVALID);
}
END_TEST

START_TEST(test_safetensors_types_have_their_names_and_sizes)
{
    static const char *const names[] = {"F32", "F64", "I32", "I64", "U64", "U8"};
    static const size_t sizes[] = {4, 8, 4, 8, 8, 1};
    for (int i = 0; i < RRI_DTYPE_COUNT; i++) {
        ck_assert_str_eq(rri_dtype_name((rri_dtype)i), names[i]);
        ck_assert_uint_eq(rri_dtype_size((rri_dtype)i), sizes[i]);
    }
    ck_assert_uint_eq(rri_safetensors_size(RRI_DTYPE_F32, (const size_t[]){3, 5}, 2), 60);
    ck_assert_uint_eq(rri_safetensors_size(RRI_DTYPE_F64, NULL, 0), 8);
    ck_assert_uint_eq(rri_safetensors_size(RRI_DTYPE_F32, (const size_t[]){SIZE_MAX, 2}, 2),
                      SIZE_MAX);
}
END_TEST

CHECK_MAIN("io/safetensors", test_safetensors_bytes_are_those_of_the_format,
           test_safetensors_data_begin_at_a_multiple_of_64,
           test_safetensors_small_block_is_told_the_size_and_stays_untouched,
           test_safetensors_later_run_that_differs_is_refused_within_the_block,
           test_safetensors_sink_that_fails_is_asked_no_more_and_its_error_comes_back,
           test_safetensors_names_and_shapes_that_do_not_fit_are_refused,
           test_safetensors_entries_are_limited, test_safetensors_types_have_their_names_and_sizes)
