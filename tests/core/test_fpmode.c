/* SPDX-License-Identifier: MIT */
#include "core/fpmode.h"

#include <fenv.h>
#include <float.h>

#include "check_run.h"

static volatile double one = 1.0;
static volatile double three = 3.0;
static volatile float tiny = FLT_MIN;
static volatile float subnormal = FLT_MIN / 2;
static volatile double tiny_double = DBL_MIN;

static double third(void)
{
    return one / three;
}

static float half_of_tiny(void)
{
    return tiny * 0.5f;
}

static float subnormal_times_large(void)
{
    return subnormal * 0x1p100f;
}

static double half_of_tiny_double(void)
{
    return tiny_double * 0.5;
}

START_TEST(test_fpmode_rounds_to_nearest_whatever_the_host_does)
{
    const double nearest = third();
    fesetround(FE_UPWARD);
    const double upward = third();
    const rri_fpmode before = rri_fpmode_enter();
    const double inside = third();
    rri_fpmode_leave(before);
    const double after = third();
    ck_assert_int_eq(fegetround(), FE_UPWARD);
    fesetround(FE_TONEAREST);
    ck_assert(upward != nearest);
    ck_assert(inside == nearest);
    ck_assert(after == upward);
}
END_TEST

START_TEST(test_fpmode_leaves_the_host_its_flags)
{
    feclearexcept(FE_ALL_EXCEPT);
    feraiseexcept(FE_OVERFLOW);
    const rri_fpmode before = rri_fpmode_enter();
    (void)third();
    rri_fpmode_leave(before);
    ck_assert_int_eq(fetestexcept(FE_ALL_EXCEPT), FE_OVERFLOW);
    feclearexcept(FE_ALL_EXCEPT);
}
END_TEST

START_TEST(test_fpmode_flushes_subnormals_and_lets_go)
{
#if defined(__x86_64__) || defined(__aarch64__)
    const float host = half_of_tiny();
    const rri_fpmode before = rri_fpmode_enter();
    const float result = half_of_tiny();
    const float operand = subnormal_times_large();
    const double in_double = half_of_tiny_double();
    rri_fpmode_leave(before);
    ck_assert(host > 0.0f);
    ck_assert(result == 0.0f);
    ck_assert(operand == 0.0f);
    ck_assert(in_double == 0.0);
    ck_assert(half_of_tiny() == host);
    ck_assert(subnormal_times_large() > 0.0f);
#endif
}
END_TEST

CHECK_MAIN("core/fpmode", test_fpmode_rounds_to_nearest_whatever_the_host_does,
           test_fpmode_leaves_the_host_its_flags,
           test_fpmode_flushes_subnormals_and_lets_go)
