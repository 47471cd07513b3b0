/* SPDX-License-Identifier: MIT */
#include "core/normal.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

#include "check_run.h"
#include "core/philox.h"

static const double pi = 3.14159265358979323846;

START_TEST(test_normal_turn_hits_the_quarters_exactly)
{
    const double wanted[5][2] = {{0, 1}, {1, 0}, {0, -1}, {-1, 0}, {0, 1}};
    for (int i = 0; i <= 4; i++) {
        double s = NAN;
        double c = NAN;
        rri_normal_turn(&s, &c, i / 4.0);
        ck_assert(s == wanted[i][0]);
        ck_assert(c == wanted[i][1]);
    }
}
END_TEST

START_TEST(test_normal_turn_agrees_with_libm_and_stays_on_the_circle)
{
    for (uint32_t i = 0; i < 20000; i++) {
        const double u = rri_philox_uniform(4, 0, i, 0);
        double s = NAN;
        double c = NAN;
        rri_normal_turn(&s, &c, u);
        ck_assert(fabs(s - sin(2.0 * pi * u)) <= 2e-15);
        ck_assert(fabs(c - cos(2.0 * pi * u)) <= 2e-15);
        ck_assert(fabs(s * s + c * c - 1.0) <= 1e-15);
    }
}
END_TEST

START_TEST(test_normal_pair_is_box_muller)
{
    double pair[2] = {NAN, NAN};
    rri_normal_pair(pair, 0.25, 0.125);
    const double radius = sqrt(-2.0 * log(0.75));
    ck_assert(fabs(pair[0] - radius * sqrt(0.5)) <= 1e-15);
    ck_assert(fabs(pair[1] - radius * sqrt(0.5)) <= 1e-15);
    rri_normal_pair(pair, 0.0, 0.5);
    ck_assert(pair[0] == 0.0 && pair[1] == 0.0);
    rri_normal_pair(pair, 1.0 - 0x1p-53, 0.0);
    ck_assert(fabs(pair[0] - sqrt(106.0 * log(2.0))) <= 1e-14);
}
END_TEST

/* Whatever compiles this must find these bits. */
START_TEST(test_normal_pair_has_the_same_bits_everywhere)
{
    uint64_t digest = 0;
    for (uint32_t i = 0; i < 10000; i++) {
        double pair[2];
        uint64_t bits[2];
        rri_normal_pair(pair, rri_philox_uniform(5, 0, i, 0), rri_philox_uniform(5, 0, i, 1));
        memcpy(bits, pair, sizeof bits);
        digest = (digest ^ bits[0]) * UINT64_C(0x9E3779B97F4A7C15);
        digest = (digest ^ (digest >> 32) ^ bits[1]) * UINT64_C(0x9E3779B97F4A7C15);
    }
    ck_assert_uint_eq(digest, UINT64_C(0x7DC4D7ADAC91B88A));
}
END_TEST

CHECK_MAIN("core/normal", test_normal_turn_hits_the_quarters_exactly,
           test_normal_turn_agrees_with_libm_and_stays_on_the_circle,
           test_normal_pair_is_box_muller, test_normal_pair_has_the_same_bits_everywhere)
