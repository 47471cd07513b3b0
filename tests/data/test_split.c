/* SPDX-License-Identifier: MIT */
#include "data/split.h"

#include <math.h>
#include <string.h>

#include "check_run.h"
#include "core/philox.h"

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

/* Row i is held out where fewer than m rows of its group are later, counted one by one. */
static size_t count_later(const int64_t *times, const int32_t *users, size_t row, size_t n)
{
    size_t n_later = 0;
    for (size_t i = 0; i < n; i++) {
        const bool is_later = times[i] > times[row] || (times[i] == times[row] && i > row);
        n_later += is_later && users[i] == users[row] ? 1 : 0;
    }
    return n_later;
}

START_TEST(test_split_by_time_and_per_user_hold_out_the_latest)
{
    enum { ROWS = 400, USERS = 7 };
    static int64_t times[ROWS];
    static int32_t users[ROWS], everyone[ROWS], order[ROWS];
    static uint8_t by_time[ROWS], per_user[ROWS];
    size_t starts[USERS + 1] = {0}, n_of[USERS] = {0};
    for (uint32_t i = 0; i < ROWS; i++) {
        times[i] = (int64_t)rri_philox_below(4, RRI_STREAM_SPLIT, i, 7, 60) - 30;
        users[i] = (int32_t)rri_philox_below(4, RRI_STREAM_SPLIT, i, 8, USERS - 1);
        n_of[users[i]]++;
    }
    for (size_t u = 0; u < USERS; u++) {
        starts[u + 1] = starts[u] + n_of[u];
    }
    for (float holdout = 0.0f; holdout < 0.95f; holdout += 0.15f) {
        size_t next[USERS];
        memcpy(next, starts, sizeof next);
        for (int32_t i = 0; i < ROWS; i++) {
            order[next[users[i]]++] = i;
        }
        rri_split_per_user(per_user, holdout, times, starts, order, USERS);
        rri_split_by_time(by_time, holdout, times, order, ROWS);
        for (size_t i = 0; i < ROWS; i++) {
            const size_t m = (size_t)((double)holdout * (double)n_of[users[i]]);
            ck_assert_int_eq(per_user[i], count_later(times, users, i, ROWS) < m ? 1 : 0);
            const size_t all = (size_t)((double)holdout * ROWS);
            ck_assert_int_eq(by_time[i], count_later(times, everyone, i, ROWS) < all ? 1 : 0);
        }
    }
}
END_TEST

CHECK_MAIN("data/split", test_split_by_time_and_per_user_hold_out_the_latest,
           test_split_users_is_a_function_of_seed_and_key_alone,
           test_split_users_takes_the_share_it_is_told, test_split_users_grows_with_the_share,
           test_split_rows_takes_its_share_and_not_the_users_draws)
