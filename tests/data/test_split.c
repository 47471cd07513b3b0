/* SPDX-License-Identifier: MIT */
#include "data/split.h"

#include <math.h>

#include "check_run.h"

enum { N = 20000 };
static uint64_t keys[N];
static uint8_t first[N], second[N];

static void number_keys(void)
{
    for (uint64_t i = 0; i < N; i++) {
        keys[i] = 3 * i + 1;
    }
}

static size_t count(const uint8_t *flags, size_t n)
{
    size_t sum = 0;
    for (size_t i = 0; i < n; i++) {
        ck_assert_int_le(flags[i], 1);
        sum += flags[i];
    }
    return sum;
}

START_TEST(test_split_users_is_a_function_of_seed_and_key_alone)
{
    number_keys();
    rri_split_users(first, keys, 0.2f, 5, N);
    /* Alone, and in the other order, a user falls to the same side. */
    for (size_t i = 0; i < N; i += 997) {
        rri_split_users(second, &keys[i], 0.2f, 5, 1);
        ck_assert_int_eq(second[0], first[i]);
    }
    rri_split_users(second, keys, 0.2f, 6, N);
    size_t n_moved = 0;
    for (size_t i = 0; i < N; i++) {
        n_moved += first[i] != second[i] ? 1 : 0;
    }
    ck_assert_double_eq_tol((double)n_moved / N, 2 * 0.2 * 0.8, 0.02);
}
END_TEST

START_TEST(test_split_users_takes_the_share_it_is_told)
{
    number_keys();
    const float fractions[] = {0.0f, 0.01f, 0.2f, 0.5f, 0.9f, 1.0f};
    for (size_t i = 0; i < 6; i++) {
        const double p = (double)fractions[i];
        rri_split_users(first, keys, fractions[i], 1, N);
        const double share = (double)count(first, N) / N;
        ck_assert(fabs(share - p) <= 4.0 * sqrt(p * (1.0 - p) / N));
    }
}
END_TEST

START_TEST(test_split_users_grows_with_the_share)
{
    number_keys();
    rri_split_users(first, keys, 0.2f, 1, N);
    rri_split_users(second, keys, 0.4f, 1, N);
    for (size_t i = 0; i < N; i++) {
        ck_assert_int_le(first[i], second[i]);
    }
}
END_TEST

START_TEST(test_split_rows_takes_its_share_and_not_the_users_draws)
{
    for (uint64_t i = 0; i < N; i++) {
        keys[i] = i;
    }
    rri_split_rows(first, 0.1f, 3, N);
    ck_assert_double_eq_tol((double)count(first, N) / N, 0.1, 0.01);
    rri_split_users(second, keys, 0.1f, 3, N);
    size_t n_both = 0;
    for (size_t i = 0; i < N; i++) {
        n_both += first[i] & second[i];
    }
    ck_assert_double_eq_tol((double)n_both / N, 0.01, 0.004);
    rri_split_rows(first, 0.0f, 3, N);
    ck_assert_uint_eq(count(first, N), 0);
}
END_TEST

CHECK_MAIN("data/split", test_split_users_is_a_function_of_seed_and_key_alone,
           test_split_users_takes_the_share_it_is_told, test_split_users_grows_with_the_share,
           test_split_rows_takes_its_share_and_not_the_users_draws)
