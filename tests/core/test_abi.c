/* SPDX-License-Identifier: MIT */
#include "core/abi.h"

#include <string.h>

#include "check_run.h"

typedef struct small {
    uint32_t struct_size;
    int32_t a;
} small;

typedef struct large {
    uint32_t struct_size;
    int32_t a;
    int32_t b;
    int32_t c;
} large;

START_TEST(test_abi_older_callers_struct_reads_with_zeros_behind)
{
    const small given = {sizeof given, 7};
    large full = {1, 2, 3, 4};
    ck_assert_int_eq(rri_abi_read(&full, sizeof full, &given, "rr_x", NULL), RR_OK);
    ck_assert_int_eq(full.a, 7);
    ck_assert_int_eq(full.b, 0);
    ck_assert_int_eq(full.c, 0);
}
END_TEST

START_TEST(test_abi_newer_callers_struct_reads_when_unknown_bytes_are_zero)
{
    large given = {sizeof given, 7, 0, 0};
    small full;
    ck_assert_int_eq(rri_abi_read(&full, sizeof full, &given, "rr_x", NULL), RR_OK);
    ck_assert_int_eq(full.a, 7);
    given.c = 1;
    rr_error err;
    ck_assert_int_eq(rri_abi_read(&full, sizeof full, &given, "rr_x", &err), RR_E_UNSUPPORTED);
    ck_assert_ptr_nonnull(strstr(err.text, "rr_x: byte 12 is set"));
}
END_TEST

START_TEST(test_abi_null_and_garbage_sizes_are_refused_with_the_name)
{
    small full;
    rr_error err;
    ck_assert_int_eq(rri_abi_read(&full, sizeof full, NULL, "rr_x", &err), RR_E_INVALID);
    ck_assert_str_eq(err.text, "rr_x is NULL");
    const uint32_t sizes[] = {0, 4, 9, 12, 20, 28, 1u << 20};
    for (size_t i = 0; i < sizeof sizes / sizeof sizes[0]; i++) {
        const small given = {sizes[i], 7};
        ck_assert_int_eq(rri_abi_read(&full, sizeof full, &given, "rr_x", &err), RR_E_INVALID);
        ck_assert_ptr_nonnull(strstr(err.text, "set it to sizeof(rr_x), here 8"));
        ck_assert_int_eq(rri_abi_read_type(&full, sizeof full, &given, "final_x", "rr_x", &err),
                         RR_E_INVALID);
        ck_assert_ptr_nonnull(strstr(err.text, "final_x: struct_size is"));
        ck_assert_ptr_nonnull(strstr(err.text, "set it to sizeof(rr_x), here 8"));
    }
}
END_TEST

START_TEST(test_abi_write_fills_what_the_caller_has_room_for_and_keeps_its_size)
{
    const large full = {sizeof full, 1, 2, 3};
    struct {
        small s;
        int32_t guard;
    } given = {{sizeof(small), 0}, 99};
    rri_abi_write(&given.s, &full, sizeof full);
    ck_assert_int_eq(given.s.a, 1);
    ck_assert_uint_eq(given.s.struct_size, sizeof(small));
    ck_assert_int_eq(given.guard, 99);
}
END_TEST

CHECK_MAIN("core/abi", test_abi_older_callers_struct_reads_with_zeros_behind,
           test_abi_newer_callers_struct_reads_when_unknown_bytes_are_zero,
           test_abi_null_and_garbage_sizes_are_refused_with_the_name,
           test_abi_write_fills_what_the_caller_has_room_for_and_keeps_its_size)
