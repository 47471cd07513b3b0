/* SPDX-License-Identifier: MIT */
#include "core/finite.h"

#include <float.h>
#include <string.h>

#include "check_run.h"

static const float bad[] = {NAN, INFINITY, -INFINITY};

START_TEST(test_finite_find_is_the_first_place_of_any_kind)
{
    float x[9];
    for (size_t b = 0; b < 3; b++) {
        for (size_t i = 0; i < 9; i++) {
            for (size_t j = 0; j < 9; j++) {
                x[j] = j < i ? -FLT_MAX : bad[b];
            }
            ck_assert_uint_eq(rri_finite_find(x, 9), i);
            ck_assert_uint_eq(rri_finite_find(x, i), i);
        }
    }
    ck_assert_uint_eq(rri_finite_find(NULL, 0), 0);
}
END_TEST

START_TEST(test_finite_sentence_names_field_places_and_value)
{
    rr_error err = {0};
    const float row[] = {0.0f, 1.0f, -INFINITY};
    ck_assert_int_eq(rri_finite_check("call: rewards", NAN, 7, &err), RR_E_NOT_FINITE);
    ck_assert_ptr_nonnull(strstr(err.text, "call: rewards[7] is "));
    ck_assert_ptr_nonnull(strstr(err.text, "nan; it must be finite"));
    ck_assert_int_eq(rri_finite_check_row("call: states", row, 4, 3, &err), RR_E_NOT_FINITE);
    ck_assert_str_eq(err.text, "call: states[4][2] is -inf; it must be finite");
    ck_assert_int_eq(rri_finite_check_candidate("call: vectors", row, 4, 1, 3, &err),
                     RR_E_NOT_FINITE);
    ck_assert_str_eq(err.text, "call: vectors[4][1][2] is -inf; it must be finite");
}
END_TEST

START_TEST(test_finite_numbers_pass)
{
    const float row[] = {0.0f, -FLT_MAX, FLT_TRUE_MIN};
    ck_assert_int_eq(rri_finite_check("x", FLT_MAX, 0, NULL), RR_OK);
    ck_assert_int_eq(rri_finite_check_row("x", row, 0, 3, NULL), RR_OK);
    ck_assert_int_eq(rri_finite_check_row("x", NULL, 0, 0, NULL), RR_OK);
    ck_assert_int_eq(rri_finite_check_candidate("x", row, 0, 0, 3, NULL), RR_OK);
}
END_TEST

CHECK_MAIN("core/finite", test_finite_find_is_the_first_place_of_any_kind,
           test_finite_sentence_names_field_places_and_value, test_finite_numbers_pass)
