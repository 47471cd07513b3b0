/* SPDX-License-Identifier: MIT */
#include "log/blob.h"

#include <string.h>

#include "check_run.h"
#include "core/hash.h"
#include "log/format_1.h"

enum { BYTES = 48 };
static const char MAGIC[] = RRI_ENDING_MAGIC;

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
    ck_assert_mem_eq(b, "RRENDING\2\0", 10);
    ck_assert_mem_eq(b + 12, "\5\0\0\0\60\0\0\0\0\0\0\0", 12);
    unsigned char head[22], rest[BYTES - 8];
    memcpy(head, b, 10);
    memcpy(head + 10, b + 12, 12);
    const uint16_t head_check = (uint16_t)rri_hash_bytes(head, sizeof head, 0);
    ck_assert_mem_eq(b + 10, &head_check, 2);
    memcpy(rest, b, 24);
    memcpy(rest + 24, b + 32, BYTES - 32);
    const uint64_t hash = rri_hash_bytes(rest, sizeof rest, 0);
    ck_assert_mem_eq(b + 24, &hash, 8);
    ck_assert_int_eq(check(&s, BYTES, NULL), RR_OK);
}
END_TEST

START_TEST(test_blob_every_flipped_bit_is_damage_and_every_shorter_length_is_one_to_wait_for)
{
    for (size_t bit = 0; bit < BYTES * 8; bit++) {
        sample s = sealed();
        unsigned char *b = (unsigned char *)&s;
        b[bit / 8] ^= (unsigned char)(1u << bit % 8);
        ck_assert_int_eq(check(&s, BYTES, NULL), RR_E_FORMAT);
    }
    const sample s = sealed();
    for (size_t bytes = 0; bytes < BYTES; bytes++) {
        rr_error err = {0};
        ck_assert_int_eq(check(&s, bytes, &err), RR_E_TOO_SMALL);
        ck_assert_ptr_nonnull(strstr(err.text, bytes < 32 ? "of at least 32" : "there, of 48"));
    }
    /* Half of another kind, or of one whose head is damaged, is not waited for. */
    for (size_t bytes = 8; bytes < BYTES; bytes++) {
        ck_assert_int_eq(rri_blob_check(&s, bytes, RRI_OUTCOME_MAGIC, 40, "sample", NULL),
                         RR_E_FORMAT);
        sample bad = sealed();
        ((unsigned char *)&bad)[bytes < 32 ? bytes % 8 : 17] ^= 4;
        ck_assert_int_eq(check(&bad, bytes, NULL), RR_E_FORMAT);
    }
}
END_TEST

/* Head and checksum are the same in all formats: a reader can step over what it cannot read. */
START_TEST(test_blob_of_a_later_format_is_refused_as_such)
{
    sample s = sealed();
    unsigned char *b = (unsigned char *)&s, head[22];
    b[8] = 3;
    rr_error err = {0};
    ck_assert_int_eq(check(&s, BYTES, &err), RR_E_FORMAT); /* a damaged 2 */
    memcpy(head, b, 10);
    memcpy(head + 10, b + 12, 12);
    const uint16_t head_check = (uint16_t)rri_hash_bytes(head, sizeof head, 0);
    memcpy(b + 10, &head_check, 2);
    format_1_seal(b, BYTES);
    ck_assert_int_eq(check(&s, BYTES, &err), RR_E_VERSION);
    ck_assert_str_eq(err.text, "sample: its format is 3; this release reads 1 and 2");
}
END_TEST

static rr_status length_of(size_t *length, const sample *s, size_t bytes)
{
    *length = 0;
    return rri_blob_length(length, s, bytes, NULL);
}

START_TEST(test_blob_length_is_known_as_soon_as_the_head_is_there)
{
    const sample s = sealed();
    size_t length;
    for (size_t bytes = 0; bytes < BYTES; bytes++) {
        ck_assert_int_eq(length_of(&length, &s, bytes), RR_E_TOO_SMALL);
        ck_assert_uint_eq(length, bytes < 32 ? 32 : BYTES);
    }
    ck_assert_int_eq(length_of(&length, &s, BYTES), RR_OK);
    ck_assert_uint_eq(length, BYTES);
    /* A head that is damaged claims nothing, whichever bit it is. */
    for (size_t bit = 0; bit < 24 * 8; bit++) {
        sample bad = sealed();
        ((unsigned char *)&bad)[bit / 8] ^= (unsigned char)(1u << bit % 8);
        ck_assert_int_eq(length_of(&length, &bad, 32), RR_E_FORMAT);
        ck_assert_int_eq(length_of(&length, &bad, BYTES), RR_E_FORMAT);
    }
}
END_TEST

START_TEST(test_blob_length_of_format_1_has_no_check_but_its_limits)
{
    unsigned char b[64];
    size_t length = 0;
    memcpy(b, FORMAT_1 + FORMAT_1_AT[3], sizeof b);
    ck_assert_int_eq(rri_blob_length(&length, b, sizeof b, NULL), RR_OK);
    ck_assert_uint_eq(length, 64);
    b[10] = 1;
    ck_assert_int_eq(rri_blob_length(&length, b, sizeof b, NULL), RR_E_FORMAT);
    b[10] = 0;
    const uint64_t bad[] = {0, 24, 36, (RRI_BLOB_MOST_BYTES) + 8, UINT64_MAX};
    for (size_t i = 0; i < 5; i++) {
        memcpy(b + 16, &bad[i], 8);
        ck_assert_int_eq(rri_blob_length(&length, b, sizeof b, NULL), RR_E_FORMAT);
    }
    const uint64_t longer = 72;
    memcpy(b + 16, &longer, 8);
    ck_assert_int_eq(rri_blob_length(&length, b, sizeof b, NULL), RR_E_TOO_SMALL);
    ck_assert_uint_eq(length, 72);
}
END_TEST

START_TEST(test_blob_kind_is_known_from_as_many_characters_as_there_are)
{
    ck_assert_int_eq(rri_blob_kind("RRRECORD", 8), RR_BLOB_RECORD);
    ck_assert_int_eq(rri_blob_kind("RROUTCOM", 8), RR_BLOB_OUTCOME);
    ck_assert_int_eq(rri_blob_kind("RREN", 4), RR_BLOB_ENDING);
    ck_assert_int_eq(rri_blob_kind("RR", 2), RR_BLOB_RECORD); /* the first that it can be */
    ck_assert_int_eq(rri_blob_kind("RX", 2), -1);
    ck_assert_int_eq(rri_blob_kind("RRRECORX", 8), -1);
    ck_assert_uint_eq(rri_blob_padded(0), 0);
    ck_assert_uint_eq(rri_blob_padded(9), 16);
    ck_assert_uint_eq(rri_blob_padded(SIZE_MAX) % 8, 0);
}
END_TEST

CHECK_MAIN("log/blob", test_blob_head_lies_byte_by_byte_as_documented,
           test_blob_every_flipped_bit_is_damage_and_every_shorter_length_is_one_to_wait_for,
           test_blob_of_a_later_format_is_refused_as_such,
           test_blob_length_is_known_as_soon_as_the_head_is_there,
           test_blob_length_of_format_1_has_no_check_but_its_limits,
           test_blob_kind_is_known_from_as_many_characters_as_there_are)
