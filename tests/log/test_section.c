/* SPDX-License-Identifier: MIT */
#include "log/section.h"

#include <string.h>

#include "check_run.h"

/* A blob with a head of 8 bytes, three entries, and arrays of 4, 8 and 24 bytes. */
typedef struct blob {
    uint64_t head;
    rri_section table[3];
    uint64_t arrays[1 + 1 + 3];
} blob;

static blob good_blob(void)
{
    return (blob){.table = {{2, RRI_SECTION_F32, 0, 1, 1, 7},
                            {3, RRI_SECTION_U64, 0, 1, 1, 8},
                            {9, RRI_SECTION_I32, 0, 3, 2, 9}}};
}

static rr_status check(const blob *b, uint32_t n, rr_error *err)
{
    return rri_sections_check(b, sizeof *b, sizeof b->head, n, "sample", err);
}

START_TEST(test_section_table_is_refused_wherever_it_cannot_be)
{
    rr_error err = {0};
    blob b = good_blob();
    ck_assert_int_eq(check(&b, 3, NULL), RR_OK);
    ck_assert_int_eq(check(&b, 2, &err), RR_E_FORMAT);
    ck_assert_int_eq(check(&b, UINT32_MAX, &err), RR_E_FORMAT);
    ck_assert_ptr_nonnull(strstr(err.text, "4294967295 sections do not fit into 96 bytes"));
    b.table[1].kind = 2; /* twice */
    ck_assert_int_eq(check(&b, 3, &err), RR_E_FORMAT);
    ck_assert_ptr_nonnull(strstr(err.text, "section 1 has kind 2 behind kind 2"));
    b = good_blob();
    b.table[2].place = 8; /* two in one place */
    ck_assert_int_eq(check(&b, 3, &err), RR_E_FORMAT);
    ck_assert_ptr_nonnull(strstr(err.text, "section 2 begins at byte 64; it must at 72"));
    b = good_blob();
    b.table[2].rows = UINT32_MAX;
    b.table[2].columns = UINT32_MAX;
    ck_assert_int_eq(check(&b, 3, &err), RR_E_FORMAT);
    ck_assert_ptr_nonnull(strstr(err.text, "section 2 ends behind the blob"));
    b = good_blob();
    b.table[2].columns = 1;
    ck_assert_int_eq(check(&b, 3, &err), RR_E_FORMAT);
    ck_assert_ptr_nonnull(strstr(err.text, "end at byte 88 of 96"));
}
END_TEST

START_TEST(test_section_length_follows_from_its_entry_whatever_its_type)
{
    const rri_section half = {.type = 0x21, .rows = 5, .columns = 3}; /* 16-bit floats */
    ck_assert_uint_eq(rri_section_bytes(&half), 30);
    const rri_section bytes = {.type = RRI_SECTION_U8, .rows = 7, .columns = 1};
    ck_assert_uint_eq(rri_section_bytes(&bytes), 7);
    const rri_section huge = {.type = 0x0f, .rows = UINT32_MAX, .columns = UINT32_MAX};
    ck_assert_uint_eq(rri_section_bytes(&huge), SIZE_MAX);
}
END_TEST

START_TEST(test_section_that_is_not_known_is_skipped_only_where_it_says_so)
{
    rr_error err = {0};
    rri_section later = {.kind = 700, .flags = RRI_SECTION_MAY_BE_SKIPPED};
    ck_assert_int_eq(rri_section_refuse(&later, "sample", &err), RR_OK);
    for (unsigned flags = 0; flags < 256; flags += 2) {
        later.flags = (uint8_t)flags;
        ck_assert_int_eq(rri_section_refuse(&later, "sample", &err), RR_E_VERSION);
    }
    ck_assert_ptr_nonnull(strstr(err.text, "sample: a section of kind 700, which this release"));
}
END_TEST

CHECK_MAIN("log/section", test_section_table_is_refused_wherever_it_cannot_be,
           test_section_length_follows_from_its_entry_whatever_its_type,
           test_section_that_is_not_known_is_skipped_only_where_it_says_so)
