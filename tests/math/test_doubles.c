/* SPDX-License-Identifier: MIT */
#include "math/doubles.h"

#include "check_run.h"
#include "lane_levels.h"

enum { MOST = 8 };

START_TEST(test_doubles_are_as_many_as_a_register_holds_and_act_each_by_itself)
{
    const lane_probe *probes[RRI_N_LEVELS];
    const size_t n_levels = lane_levels(probes);
    for (size_t q = 0; q < n_levels; q++) {
        const lane_probe *p = probes[q];
        _Alignas(64) double a[MOST], y[MOST + 1];
        ck_assert_uint_eq(p->n_doubles, (size_t)2 << q);
        for (size_t l = 0; l < MOST; l++) {
            a[l] = 1.0 / (double)(3 * l + 7) - 0.05;
        }
        y[p->n_doubles] = 77.0;
        p->doubles(y, a, 1.0 / 3.0);
        for (size_t l = 0; l < p->n_doubles; l++) {
            const double product = a[l] * (1.0 / 3.0);
            ck_assert_msg(y[l] == product + a[l], "double %zu of %zu: %a, not %a", l, p->n_doubles,
                          y[l], product + a[l]);
        }
        ck_assert(y[p->n_doubles] == 77.0); /* nothing behind them is written */
    }
}
END_TEST

CHECK_MAIN("math/doubles", test_doubles_are_as_many_as_a_register_holds_and_act_each_by_itself)
