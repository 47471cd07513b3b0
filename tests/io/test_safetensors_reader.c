/* SPDX-License-Identifier: MIT */
/* The reader: gets back what was written, and refuses every damaged block. */
#include "io/safetensors_reader.h"

#include <string.h>

#include "check_run.h"
#include "core/hash.h"
#include "core/philox.h"
#include "sample_tensors.h"

static rri_allocator allocator;

static rr_status open_block(rri_safetensors_reader *reader, const void *block, size_t bytes,
                            rr_error *err)
{
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    return rri_safetensors_open(reader, block, bytes, &allocator, err);
}

START_TEST(test_safetensors_reader_gives_back_what_was_written)
{
    size_t bytes = 0;
    unsigned char *const block = sample_write(&bytes);
    ck_assert_ptr_nonnull(block);
    rri_safetensors_reader reader;
    rr_error err = {0};
    ck_assert_msg(open_block(&reader, block, bytes, &err) == RR_OK, "%s", err.text);
    ck_assert_uint_eq(reader.n_tensors, 7);
    ck_assert_uint_eq(reader.n_pairs, 2);
    ck_assert_str_eq(rri_safetensors_metadata(&reader, "quote\"d"), "line\n\\tab\t\x01 \xc3\xa9");
    ck_assert_ptr_null(rri_safetensors_metadata(&reader, "other"));

    float weights[6];
    ck_assert_int_eq(rri_safetensors_copy(weights, &reader, "weights", RRI_DTYPE_F32,
                                          (const size_t[]){2, 3}, 2, NULL),
                     RR_OK);
    ck_assert_mem_eq(weights, sample_f32, sizeof weights);
    const unsigned char *data = NULL;
    ck_assert_int_eq(
        rri_safetensors_find(&data, &reader, "keys", RRI_DTYPE_U64, (const size_t[]){2}, 1, NULL),
        RR_OK);
    ck_assert_mem_eq(data, sample_u64, sizeof sample_u64);
    ck_assert_mem_eq(rri_safetensors_lookup(&reader, "pi")->data, sample_f64, sizeof sample_f64);
    ck_assert_mem_eq(rri_safetensors_lookup(&reader, "times")->data, sample_i64, sizeof sample_i64);
    ck_assert_mem_eq(rri_safetensors_lookup(&reader, "indices")->data, sample_i32,
                     sizeof sample_i32);
    ck_assert_mem_eq(rri_safetensors_lookup(&reader, "bytes")->data, sample_u8, sizeof sample_u8);
    ck_assert_uint_eq(rri_safetensors_lookup(&reader, "nothing")->bytes, 0);
    ck_assert_ptr_null(rri_safetensors_lookup(&reader, "checksum"));
    rri_safetensors_close(&reader);
    free(block);
}
END_TEST

START_TEST(test_safetensors_reader_names_both_shapes_of_a_mismatch)
{
    size_t bytes = 0;
    unsigned char *const block = sample_write(&bytes);
    ck_assert_ptr_nonnull(block);
    rri_safetensors_reader reader;
    const unsigned char *data = NULL;
    rr_error err = {0};
    ck_assert_int_eq(open_block(&reader, block, bytes, NULL), RR_OK);
    ck_assert_int_eq(rri_safetensors_find(&data, &reader, "weights", RRI_DTYPE_F32,
                                          (const size_t[]){3, 2}, 2, &err),
                     RR_E_MISMATCH);
    ck_assert_ptr_nonnull(
        strstr(err.text, "tensor 'weights' is F32 [2, 3]; it must be F32 [3, 2]"));
    ck_assert_int_eq(rri_safetensors_find(&data, &reader, "weights", RRI_DTYPE_I32,
                                          (const size_t[]){2, 3}, 2, NULL),
                     RR_E_MISMATCH);
    ck_assert_int_eq(rri_safetensors_find(&data, &reader, "weights", RRI_DTYPE_F32,
                                          (const size_t[]){6}, 1, NULL),
                     RR_E_MISMATCH);
    ck_assert_int_eq(rri_safetensors_find(&data, &reader, "w", RRI_DTYPE_F32, NULL, 0, NULL),
                     RR_E_NOT_FOUND);
    rri_safetensors_close(&reader);
    free(block);
}
END_TEST

START_TEST(test_safetensors_reader_refuses_a_file_cut_at_any_byte)
{
    size_t bytes = 0;
    unsigned char *const block = sample_write(&bytes);
    ck_assert_ptr_nonnull(block);
    for (size_t length = 0; length < bytes; length++) {
        unsigned char *const cut = malloc(length == 0 ? 1 : length);
        memcpy(cut, block, length);
        rri_safetensors_reader reader;
        ck_assert_int_eq(open_block(&reader, cut, length, NULL), RR_E_FORMAT);
        free(cut);
    }
    free(block);
}
END_TEST

START_TEST(test_safetensors_reader_refuses_bytes_behind_the_end)
{
    size_t bytes = 0;
    unsigned char *block = sample_write(&bytes);
    ck_assert_ptr_nonnull(block);
    block = realloc(block, bytes + 1);
    block[bytes] = 0;
    rri_safetensors_reader reader;
    ck_assert_int_eq(open_block(&reader, block, bytes + 1, NULL), RR_E_FORMAT);
    free(block);
}
END_TEST

START_TEST(test_safetensors_reader_refuses_any_flipped_bit)
{
    size_t bytes = 0;
    unsigned char *const block = sample_write(&bytes);
    ck_assert_ptr_nonnull(block);
    for (size_t bit = 0; bit < 8 * bytes; bit++) {
        block[bit / 8] ^= (unsigned char)(1u << (bit % 8));
        rri_safetensors_reader reader;
        rr_error err = {0};
        ck_assert_msg(open_block(&reader, block, bytes, &err) == RR_E_FORMAT, "bit %zu", bit);
        ck_assert_uint_gt(strlen(err.text), 10);
        block[bit / 8] ^= (unsigned char)(1u << (bit % 8));
    }
    free(block);
}
END_TEST

static uint32_t draw(uint64_t index, uint32_t lane, uint64_t n)
{
    return (uint32_t)rri_philox_below(42, RRI_STREAM_SPLIT, index, lane, n);
}

/* One edit of the header: a byte replaced, removed or doubled, a piece copied elsewhere, a number
 * changed. The length before it and the checksum behind it are made to fit again half of the time,
 * so that the parser itself, and not the checksum, has to cope. */
static size_t mutate(unsigned char *block, size_t bytes, uint64_t trial)
{
    static const char marks[] = "{}[]\",:\\0123456789 u\x80\xffnull-.";
    uint64_t header;
    memcpy(&header, block, 8);
    const uint32_t n_edits = 1 + draw(trial, 0, 4);
    for (uint32_t edit = 0; edit < n_edits; edit++) {
        const uint32_t lane = 10 * edit;
        const size_t at = 8 + draw(trial, lane + 1, header);
        const uint32_t kind = draw(trial, lane + 2, 5);
        if (kind == 0) {
            block[at] = (unsigned char)marks[draw(trial, lane + 3, sizeof marks - 1)];
        } else if (kind == 1) {
            block[at] = (unsigned char)draw(trial, lane + 3, 256);
        } else if (kind == 2) {
            memmove(block + at, block + at + 1, bytes - at - 1);
            bytes--;
            header--;
        } else if (kind == 3) {
            memmove(block + at + 1, block + at, bytes - at);
            block[at] = (unsigned char)marks[draw(trial, lane + 3, sizeof marks - 1)];
            bytes++;
            header++;
        } else {
            const size_t from = 8 + draw(trial, lane + 3, header);
            const size_t end = (at > from ? at : from);
            size_t length = draw(trial, lane + 4, 40);
            length = length > 8 + header - end ? 8 + header - end : length;
            memmove(block + at, block + from, length);
        }
    }
    if (draw(trial, 5, 4) != 0) {
        memcpy(block, &header, 8);
    }
    if (draw(trial, 6, 2) != 0) {
        const uint64_t hash = rri_hash_bytes(block, bytes - 8, 0);
        memcpy(block + bytes - 8, &hash, 8);
    }
    return bytes;
}

/* All of what an opened block offers is touched, so that a sanitizer would see a wrong view. */
static size_t touch(const rri_safetensors_reader *reader)
{
    size_t sum = 0;
    for (size_t i = 0; i < reader->n_tensors; i++) {
        sum += strlen(reader->tensors[i].name);
        for (size_t j = 0; j < reader->tensors[i].bytes; j++) {
            sum += reader->tensors[i].data[j];
        }
    }
    for (size_t i = 0; i < reader->n_pairs; i++) {
        sum += strlen(reader->metadata[i].key) + strlen(reader->metadata[i].text);
    }
    return sum;
}

START_TEST(test_safetensors_reader_survives_twenty_thousand_mutations)
{
    size_t bytes = 0, n_opened = 0;
    unsigned char *const block = sample_write(&bytes);
    ck_assert_ptr_nonnull(block);
    for (uint64_t trial = 0; trial < 20000; trial++) {
        unsigned char *work = malloc(bytes + 16);
        memcpy(work, block, bytes);
        const size_t length = mutate(work, bytes, trial);
        work = realloc(work, length);
        rri_safetensors_reader reader;
        const rr_status status = open_block(&reader, work, length, NULL);
        ck_assert(status == RR_OK || status == RR_E_FORMAT);
        if (status == RR_OK) {
            n_opened++;
            ck_assert_uint_gt(touch(&reader), 0);
            rri_safetensors_close(&reader);
        }
        free(work);
    }
    /* Some edits are harmless (a letter of a name, white space), most are not. */
    ck_assert_uint_gt(n_opened, 100);
    ck_assert_uint_lt(n_opened, 5000);
    free(block);
}
END_TEST

typedef struct counting {
    size_t largest, in_use;
} counting;

static void *count_allocate(void *user, size_t bytes, size_t alignment)
{
    counting *const count = user;
    count->largest = bytes > count->largest ? bytes : count->largest;
    count->in_use += bytes;
    return aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
}

static void count_release(void *user, void *block, size_t bytes)
{
    ((counting *)user)->in_use -= bytes;
    free(block);
}

START_TEST(test_safetensors_reader_allocates_in_proportion_and_releases)
{
    size_t bytes = 0;
    unsigned char *const block = sample_write(&bytes);
    ck_assert_ptr_nonnull(block);
    counting count = {0, 0};
    const rr_host host = {.struct_size = sizeof host,
                          .allocate = count_allocate,
                          .release = count_release,
                          .user = &count};
    rri_allocator counted;
    ck_assert_int_eq(rri_allocator_init(&counted, &host, NULL), RR_OK);
    rri_safetensors_reader reader;
    ck_assert_int_eq(rri_safetensors_open(&reader, block, bytes, &counted, NULL), RR_OK);
    ck_assert_uint_le(count.largest, 8 * bytes + 1024);
    rri_safetensors_close(&reader);
    ck_assert_uint_eq(count.in_use, 0);

    block[bytes - 1] ^= 1;
    ck_assert_int_eq(rri_safetensors_open(&reader, block, bytes, &counted, NULL), RR_E_FORMAT);
    ck_assert_uint_eq(count.in_use, 0);

    memset(block, 0xff, 8); /* a header of 2^64 − 1 bytes is announced */
    count.largest = 0;
    ck_assert_int_eq(rri_safetensors_open(&reader, block, bytes, &counted, NULL), RR_E_FORMAT);
    ck_assert_uint_eq(count.largest, 0);
    free(block);
}
END_TEST

CHECK_MAIN("io/safetensors_reader", test_safetensors_reader_gives_back_what_was_written,
           test_safetensors_reader_names_both_shapes_of_a_mismatch,
           test_safetensors_reader_refuses_a_file_cut_at_any_byte,
           test_safetensors_reader_refuses_bytes_behind_the_end,
           test_safetensors_reader_refuses_any_flipped_bit,
           test_safetensors_reader_survives_twenty_thousand_mutations,
           test_safetensors_reader_allocates_in_proportion_and_releases)
