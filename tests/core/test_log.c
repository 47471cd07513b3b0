/* SPDX-License-Identifier: MIT */
#include "core/log.h"

#include <math.h>
#include <stdint.h>

#include "check_run.h"
#include "core/philox.h"
#include "gradcheck.h"

START_TEST(test_log_agrees_with_libm)
{
    for (uint32_t i = 0; i < 20000; i++) {
        const double u = 1.0 - rri_philox_uniform(3, 0, i, 0);
        const double x = ldexp(u, -(int)(i % 54));
        const double wanted = log(x);
        ck_assert(fabs(rri_log_f64(x) - wanted) <= 1e-15 * fabs(wanted));
    }
    ck_assert(fabs(rri_log_f64(1e300) - log(1e300)) <= 1e-15 * 700);
}
END_TEST

START_TEST(test_log_is_close_at_every_size_and_relative_to_itself_near_one)
{
    float x[4000];
    gradcheck_draw(x, 4000, -1.0f, 1.0f, 10);
    for (size_t i = 0; i < 4000; i++) {
        const double y = ldexp(1.0 + fabs((double)x[i]), (int)(i % 60) - 10);
        ck_assert_double_eq_tol(rri_log_f64(y), log(y), 4e-16 * (1.0 + fabs(log(y))));
    }
    for (double y = 1.0 + 1e-6; y < 1.001; y += 1e-6) { /* relative near the root */
        ck_assert_double_eq_tol(rri_log_f64(y), log(y), 5e-16 * log(y));
    }
}
END_TEST

START_TEST(test_log_of_one_is_exactly_zero_and_of_what_has_none_nan)
{
    ck_assert(rri_log_f64(1.0) == 0.0);
    ck_assert(isnan(rri_log_f64(0.0)) && isnan(rri_log_f64(-1.0)));
    ck_assert(isnan(rri_log_f64((double)NAN)) && isnan(rri_log_f64((double)INFINITY)));
}
END_TEST

CHECK_MAIN("core/log", test_log_agrees_with_libm,
           test_log_is_close_at_every_size_and_relative_to_itself_near_one,
           test_log_of_one_is_exactly_zero_and_of_what_has_none_nan)
