/* SPDX-License-Identifier: MIT */
#include "eval/session_list.h"

#include <math.h>
#include <string.h>

#include "check_run.h"
#include "core/philox.h"

START_TEST(test_session_list_distance_by_hand)
{
    /* Right, up, left, and a zero vector. */
    const float vectors[] = {2.0f, 0.0f, 0.0f, 3.0f, -1.0f, 0.0f, 0.0f, 0.0f};
    double direction[2];
    const int32_t pair[] = {0, 1};
    const int32_t opposite[] = {0, 2};
    const int32_t same[] = {1, 1, 1};
    const int32_t all[] = {0, 1, 2};
    const int32_t with_zero[] = {0, 0, 3};
    ck_assert_double_eq_tol(rri_session_list_distance(pair, 2, vectors, 2, direction), 1.0, 1e-15);
    ck_assert_double_eq_tol(rri_session_list_distance(opposite, 2, vectors, 2, direction), 2.0,
                            1e-15);
    ck_assert_double_eq_tol(rri_session_list_distance(same, 3, vectors, 2, direction), 0.0, 1e-15);
    ck_assert_double_eq_tol(rri_session_list_distance(all, 3, vectors, 2, direction), 4.0 / 3.0,
                            1e-15);
    ck_assert_double_eq_tol(rri_session_list_distance(with_zero, 3, vectors, 2, direction),
                            2.0 / 3.0, 1e-15);
    ck_assert(isnan(rri_session_list_distance(pair, 1, vectors, 2, direction)));
}
END_TEST

START_TEST(test_session_list_distance_is_the_mean_over_pairs)
{
    float vectors[12 * 5];
    rri_philox_normals(vectors, 12 * 5, 3, RRI_STREAM_ITEMS, 0);
    for (uint64_t trial = 0; trial < 100; trial++) {
        const size_t length = 2 + (size_t)trial % 15;
        int32_t list[17];
        for (size_t i = 0; i < length; i++) {
            list[i] = (int32_t)rri_philox_below(4, RRI_STREAM_ACT, trial, (uint32_t)i, 12);
        }
        double sum = 0.0, n_pairs = 0.0;
        for (size_t i = 0; i < length; i++) {
            for (size_t j = i + 1; j < length; j++) {
                double xy = 0.0, xx = 0.0, yy = 0.0;
                for (int c = 0; c < 5; c++) {
                    const double x = (double)vectors[list[i] * 5 + c];
                    const double y = (double)vectors[list[j] * 5 + c];
                    xy += x * y;
                    xx += x * x;
                    yy += y * y;
                }
                sum += 1.0 - xy / sqrt(xx * yy);
                n_pairs += 1.0;
            }
        }
        double direction[5];
        ck_assert_double_eq_tol(rri_session_list_distance(list, length, vectors, 5, direction),
                                sum / n_pairs, 1e-12);
    }
}
END_TEST

START_TEST(test_session_list_repeats_are_showings_of_what_was_shown)
{
    int32_t seen_in[5];
    memset(seen_in, 0xff, sizeof seen_in);
    const int32_t list[] = {2, 2, 4, 2, 0, 4};
    ck_assert_uint_eq(rri_session_list_repeats(list, 6, seen_in, 0), 3);
    ck_assert_uint_eq(rri_session_list_repeats(list, 1, seen_in, 1), 0);
    ck_assert_uint_eq(rri_session_list_repeats(list, 2, seen_in, 2), 1);
}
END_TEST

START_TEST(test_session_list_novelty_is_in_bits)
{
    const float popularity[] = {0.5f, 0.25f, 0.25f, 0.0f};
    const int32_t list[] = {0, 1, 1, 2};
    ck_assert_double_eq_tol(rri_session_list_novelty(list, 4, popularity), 7.0 / 4.0, 1e-6);
    const int32_t unknown[] = {0, 3};
    ck_assert(isinf(rri_session_list_novelty(unknown, 2, popularity)));
}
END_TEST

CHECK_MAIN("eval/session_list", test_session_list_distance_by_hand,
           test_session_list_distance_is_the_mean_over_pairs,
           test_session_list_repeats_are_showings_of_what_was_shown,
           test_session_list_novelty_is_in_bits)
