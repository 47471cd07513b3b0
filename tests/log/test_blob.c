/* SPDX-License-Identifier: MIT */
#include "log/blob.h"

#include <string.h>

#include "check_run.h"
#include "core/hash.h"

enum { BYTES = 48 };
static const char MAGIC[] = "RRSAMPLE";

typedef struct sample {
    uint64_t words[BYTES / 8];
} sample;

static sample sealed(void)
{
    sample s = {{0}};
    s.words[4] = 7;
    rri_blob_seal(&s, MAGIC, 5, BYTES);
    return s;
}

static rr_status check(const sample *s, size_t bytes, rr_error *err)
{
    return rri_blob_check(s, bytes, MAGIC, 40, "sample", err);
}

START_TEST(test_blob_head_lies_byte_by_byte_as_documented)
{
    const sample s = sealed();
    const unsigned char *b = (const unsigned char *)&s;
    ck_assert_mem_eq(b, "RRSAMPLE\1\0\0\0\5\0\0\0\60\0\0\0\0\0\0\0", 24);
    unsigned char rest[BYTES - 8];
    memcpy(rest, b, 24);
    memcpy(rest + 24, b + 32, BYTES - 32);
    const uint64_t hash = rri_hash_bytes(rest, sizeof rest, 0);
    ck_assert_mem_eq(b + 24, &hash, 8);
    ck_assert_int_eq(check(&s, BYTES, NULL), RR_OK);
}
END_TEST

START_TEST(test_blob_every_flipped_bit_and_every_shorter_length_is_refused)
{
    for (size_t bit = 0; bit < BYTES * 8; bit++) {
        sample s = sealed();
        unsigned char *b = (unsigned char *)&s;
        b[bit / 8] ^= (unsigned char)(1u << bit % 8);
        ck_assert_int_ne(check(&s, BYTES, NULL), RR_OK);
    }
    const sample s = sealed();
    for (size_t bytes = 0; bytes < BYTES; bytes++) {
        ck_assert_int_eq(check(&s, bytes, NULL), RR_E_FORMAT);
    }
}
END_TEST

START_TEST(test_blob_of_a_later_format_is_refused_as_such)
{
    sample s = sealed();
    rr_error err = {0};
    s.words[1] = 2;
    ck_assert_int_eq(check(&s, BYTES, &err), RR_E_VERSION);
    ck_assert_str_eq(err.text, "sample: its format is 2; this release reads 1");
}
END_TEST

START_TEST(test_blob_length_is_what_a_walk_needs)
{
    sample s = sealed();
    size_t length = 0;
    ck_assert_int_eq(rri_blob_length(&length, &s, BYTES, NULL), RR_OK);
    ck_assert_uint_eq(length, BYTES);
    ck_assert_int_eq(rri_blob_length(&length, &s, BYTES - 1, NULL), RR_E_FORMAT);
    ck_assert_int_eq(rri_blob_length(&length, &s, 31, NULL), RR_E_FORMAT);
    s.words[2] = 0; /* a walk would never end */
    ck_assert_int_eq(rri_blob_length(&length, &s, BYTES, NULL), RR_E_FORMAT);
    s.words[2] = 36;
    ck_assert_int_eq(rri_blob_length(&length, &s, BYTES, NULL), RR_E_FORMAT);
    ck_assert_uint_eq(rri_blob_padded(0), 0);
    ck_assert_uint_eq(rri_blob_padded(9), 16);
    ck_assert_uint_eq(rri_blob_padded(SIZE_MAX) % 8, 0);
}
END_TEST

CHECK_MAIN("log/blob", test_blob_head_lies_byte_by_byte_as_documented,
           test_blob_every_flipped_bit_and_every_shorter_length_is_refused,
           test_blob_of_a_later_format_is_refused_as_such, test_blob_length_is_what_a_walk_needs)
