/* SPDX-License-Identifier: MIT */
/* sample_tensors.h: a small file with every type and awkward text, for the writer's and the
 * reader's tests. */
#ifndef TESTS_IO_SAMPLE_TENSORS_H
#define TESTS_IO_SAMPLE_TENSORS_H

#include <stdlib.h>

#include "io/safetensors.h"

static const float sample_f32[6] = {0.5f, -1.5f, 2.0f, 3.25f, -0.0f, 1e-30f};
static const double sample_f64[1] = {3.141592653589793};
static const int32_t sample_i32[3] = {-1, 0, 2147483647};
static const int64_t sample_i64[1] = {-5000000000};
static const uint64_t sample_u64[2] = {0, 18446744073709551615u};
static const uint8_t sample_u8[5] = {1, 2, 3, 254, 255};

static inline rr_status sample_describe(rri_safetensors_writer *writer, const void *context,
                                        rr_error *err)
{
    (void)context;
    RRI_TRY(rri_safetensors_add_metadata(writer, "format", "sample", err));
    RRI_TRY(rri_safetensors_add_metadata(writer, "quote\"d", "line\n\\tab\t\x01 \xc3\xa9", err));
    RRI_TRY(rri_safetensors_add(writer, "weights", RRI_DTYPE_F32, (const size_t[]){2, 3}, 2,
                                sample_f32, err));
    RRI_TRY(rri_safetensors_add(writer, "pi", RRI_DTYPE_F64, NULL, 0, sample_f64, err));
    RRI_TRY(
        rri_safetensors_add(writer, "bytes", RRI_DTYPE_U8, (const size_t[]){5}, 1, sample_u8, err));
    RRI_TRY(rri_safetensors_add(writer, "indices", RRI_DTYPE_I32, (const size_t[]){3}, 1,
                                sample_i32, err));
    RRI_TRY(rri_safetensors_add(writer, "nothing", RRI_DTYPE_F32, (const size_t[]){0, 4}, 2, NULL,
                                err));
    RRI_TRY(rri_safetensors_add(writer, "times", RRI_DTYPE_I64, (const size_t[]){1, 1, 1, 1}, 4,
                                sample_i64, err));
    return rri_safetensors_add(writer, "keys", RRI_DTYPE_U64, (const size_t[]){2}, 1, sample_u64,
                               err);
}

/* The file in a block of malloc's exact size, so that a sanitizer sees a byte too far; NULL when it
 * could not be written. */
static inline unsigned char *sample_write(size_t *bytes)
{
    if (rri_safetensors_write(NULL, 0, bytes, sample_describe, NULL, NULL) != RR_OK) {
        return NULL;
    }
    unsigned char *const block = malloc(*bytes);
    if (rri_safetensors_write(block, *bytes, bytes, sample_describe, NULL, NULL) != RR_OK) {
        free(block);
        return NULL;
    }
    return block;
}

#endif
