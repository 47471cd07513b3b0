/* SPDX-License-Identifier: MIT */
#include "core/fpmode.h"

#include <fenv.h>
#include <float.h>

#include "check_run.h"

static volatile double one = 1.0;
static volatile double three = 3.0;
static volatile float tiny = FLT_MIN;

static double third(void)
{
    return one / three;
}

static float half_of_tiny(void)
{
    return tiny * 0.5f;
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

START_TEST(test_fpmode_keeps_subnormals)
{
#if defined(__x86_64__)
    const unsigned mode = _mm_getcsr();
    _mm_setcsr(mode | 0x8040u); /* flush to zero, denormals are zero */
    const float flushed = half_of_tiny();
    const rri_fpmode before = rri_fpmode_enter();
    const float kept = half_of_tiny();
    rri_fpmode_leave(before);
    ck_assert_uint_eq(_mm_getcsr() & 0x8040u, 0x8040u);
    _mm_setcsr(mode);
    ck_assert(flushed == 0.0f);
    ck_assert(kept > 0.0f);
#else
    ck_assert(half_of_tiny() > 0.0f);
#endif
}
END_TEST

CHECK_MAIN("core/fpmode", test_fpmode_rounds_to_nearest_whatever_the_host_does,
           test_fpmode_leaves_the_host_its_flags, test_fpmode_keeps_subnormals)
