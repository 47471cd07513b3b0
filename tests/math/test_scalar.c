/* SPDX-License-Identifier: MIT */
/* The functions of one float against libm in double. All floats, and the vector forms, are in
 * test_elementwise.c. */
#include "math/scalar.h"

#include <float.h>

#include "check_run.h"

/* |y − exact| ≤ 2 units of the last place of the exact value. */
static void expect_near(const char *name, float x, float y, double exact)
{
    int exponent;
    frexp(fabs(exact) < (double)FLT_MIN ? (double)FLT_MIN : exact, &exponent);
    const double unit = ldexp(1.0, exponent - 24);
    ck_assert_msg(fabs((double)y - exact) <= 2.0 * unit, "%s(%a) is %a instead of %a", name,
                  (double)x, (double)y, exact);
}

START_TEST(test_scalar_bits_of_a_float_and_back)
{
    ck_assert_uint_eq(rri_scalar_bits(1.0f), 0x3f800000u);
    ck_assert_uint_eq(rri_scalar_bits(-2.0f), 0xc0000000u);
    ck_assert_uint_eq(rri_scalar_bits(-0.0f), 0x80000000u);
    ck_assert_float_eq(rri_scalar_from_bits(0x40490fdbu), 3.14159274f);
    ck_assert_float_eq(rri_scalar_from_bits(rri_scalar_bits(FLT_MIN / 8.0f)), FLT_MIN / 8.0f);
}
END_TEST

START_TEST(test_scalar_power_of_two_is_exact_over_its_range)
{
    for (int32_t n = -126; n <= 127; n++) {
        ck_assert_float_eq(rri_scalar_power_of_two(n), ldexpf(1.0f, n));
    }
}
END_TEST

START_TEST(test_scalar_clamp_keeps_what_lies_between_and_leaves_nan)
{
    ck_assert_float_eq(rri_clamp(0.3f, -1.0f, 2.0f), 0.3f);
    ck_assert_float_eq(rri_clamp(-1.5f, -1.0f, 2.0f), -1.0f);
    ck_assert_float_eq(rri_clamp(2.5f, -1.0f, 2.0f), 2.0f);
    ck_assert_float_eq(rri_clamp(-INFINITY, -1.0f, 2.0f), -1.0f);
    ck_assert_float_eq(rri_clamp(INFINITY, -1.0f, 2.0f), 2.0f);
    ck_assert(isnan(rri_clamp(NAN, -1.0f, 2.0f)));
}
END_TEST

START_TEST(test_scalar_a_double_without_a_finite_float_is_nan)
{
    ck_assert_float_eq(rri_float_or_nan(0.1), 0.1f);
    ck_assert_float_eq(rri_float_or_nan(-(double)FLT_MAX), -FLT_MAX);
    const double beyond[] = {1e39, -1e39, INFINITY, NAN};
    for (size_t i = 0; i < sizeof beyond / sizeof beyond[0]; i++) {
        ck_assert_msg(isnan(rri_float_or_nan(beyond[i])), "%g", beyond[i]);
    }
}
END_TEST

START_TEST(test_scalar_exp_log_tanh_erf_are_libm_s_within_two_units)
{
    for (float x = -100.0f; x < 88.5f; x += 0.0371f) {
        expect_near("exp", x, rri_exp(x), exp((double)x));
        expect_near("tanh", x, rri_tanh(x), tanh((double)x));
    }
    for (float x = -5.0f; x < 5.0f; x += 0.00037f) {
        expect_near("erf", x, rri_erf(x), erf((double)x));
    }
    for (float x = 1e-40f; x < 1.0f; x *= 1.0173f) {
        expect_near("erf", x, rri_erf(x), erf((double)x));
    }
    for (float x = 1e-40f; x < 1e38f; x *= 1.0173f) {
        expect_near("log", x, rri_log(x), log((double)x));
    }
}
END_TEST

START_TEST(test_scalar_edges_are_the_exact_ones)
{
    ck_assert_float_eq(rri_exp(0.0f), 1.0f);
    ck_assert_float_eq(rri_exp(-INFINITY), 0.0f);
    ck_assert(isinf(rri_exp(89.0f)) && rri_exp(89.0f) > 0.0f);
    ck_assert_float_eq(rri_log(1.0f), 0.0f);
    ck_assert(isinf(rri_log(0.0f)) && rri_log(0.0f) < 0.0f);
    ck_assert(isnan(rri_log(-1.0f)));
    ck_assert_float_eq(rri_tanh(-20.0f), -1.0f);
    ck_assert_uint_eq(rri_scalar_bits(rri_tanh(-0.0f)), 0x80000000u);
    ck_assert_float_eq(rri_erf(4.5f), 1.0f);
    ck_assert_float_eq(rri_erf(-INFINITY), -1.0f);
    ck_assert_uint_eq(rri_scalar_bits(rri_erf(-0.0f)), 0x80000000u);
    ck_assert(isnan(rri_erf(NAN)));
    ck_assert(isnan(rri_exp(NAN)) && isnan(rri_log(NAN)) && isnan(rri_tanh(NAN)));
}
END_TEST

CHECK_MAIN("math/scalar", test_scalar_bits_of_a_float_and_back,
           test_scalar_power_of_two_is_exact_over_its_range,
           test_scalar_clamp_keeps_what_lies_between_and_leaves_nan,
           test_scalar_a_double_without_a_finite_float_is_nan,
           test_scalar_exp_log_tanh_erf_are_libm_s_within_two_units,
           test_scalar_edges_are_the_exact_ones)
