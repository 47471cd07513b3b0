/* SPDX-License-Identifier: MIT */
/* Least squares on ratings with a known low rank: what it promises of vectors, errors and bytes. */
#include "data/als.h"

#include <math.h>
#include <string.h>

#include "check_run.h"
#include "core/philox.h"

enum { N_USERS = 60, N_ITEMS = 40, N = 1500, K = 4, D = K + 2 };

static rri_allocator allocator;
static rri_interactions data;
static float user_vectors[N_USERS * D], item_vectors[N_ITEMS * D];
static float other_users[N_USERS * D], other_items[N_ITEMS * D];

static rr_als_config defaults(void)
{
    return (rr_als_config){.struct_size = sizeof(rr_als_config),
                           .num_factors = K,
                           .num_sweeps = 12,
                           .num_threads = 1,
                           .ridge = 0.01f,
                           .user_bias_ridge = 0.3f,
                           .item_bias_ridge = 2.0f};
}

/* Ratings 3 + a_u + b_i + p_u·q_i of two factors, with a little noise; every user and item appears.
 */
static void plant(float offset)
{
    static uint64_t users[N], items[N];
    static float ratings[N];
    float u[3], v[3], noise[N];
    rri_philox_normals(noise, N, 9, RRI_STREAM_USERS, 0);
    for (uint32_t i = 0; i < N; i++) {
        users[i] = i < N_USERS ? i : rri_philox_below(9, RRI_STREAM_SPLIT, i, 0, N_USERS);
        items[i] = i < N_ITEMS ? i : rri_philox_below(9, RRI_STREAM_SPLIT, i, 1, N_ITEMS);
        rri_philox_normals(u, 3, 9, RRI_STREAM_USERS, 1 + users[i]);
        rri_philox_normals(v, 3, 9, RRI_STREAM_ITEMS, 1 + items[i]);
        ratings[i] = offset + 3.0f + 0.5f * u[0] + 0.5f * v[0] + u[1] * v[1] + u[2] * v[2] +
                     0.05f * noise[i];
    }
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    ck_assert_int_eq(
        rri_interactions_from_arrays(&data, users, items, ratings, NULL, N, &allocator, NULL),
        RR_OK);
    ck_assert_uint_eq(data.user_table.n_keys, N_USERS);
    ck_assert_uint_eq(data.item_table.n_keys, N_ITEMS);
}

static rr_als_stats fit(const rr_als_config *config)
{
    rr_als_stats stats = {.struct_size = sizeof stats};
    ck_assert_int_eq(
        rri_als_fit(user_vectors, item_vectors, &stats, &data, config, &allocator, NULL), RR_OK);
    return stats;
}

START_TEST(test_als_finds_planted_structure)
{
    plant(0.0f);
    rr_als_config config = defaults();
    config.holdout = 0.2f;
    const rr_als_stats stats = fit(&config);
    ck_assert_int_eq(stats.n_train + stats.n_holdout, N);
    ck_assert_double_eq_tol((double)stats.n_holdout / N, 0.2, 0.04);
    /* The ratings' deviation is 1.6, the noise's 0.05. */
    ck_assert_double_lt(stats.train_rmse, 0.12);
    ck_assert_double_lt(stats.holdout_rmse, 0.20);
    rri_interactions_release(&data);
}
END_TEST

START_TEST(test_als_vectors_are_folded_and_predict_above_the_mean)
{
    plant(0.0f);
    const rr_als_config config = defaults();
    const rr_als_stats stats = fit(&config);
    double squares = 0.0, sum = 0.0;
    for (size_t i = 0; i < N; i++) {
        const float *const u = user_vectors + (size_t)data.users[i] * D;
        const float *const v = item_vectors + (size_t)data.items[i] * D;
        ck_assert_float_eq(u[K], 1.0f);
        ck_assert_float_eq(v[K + 1], 1.0f);
        double predicted = stats.mean + (double)u[K + 1] + (double)v[K];
        for (size_t j = 0; j < K; j++) {
            predicted += (double)u[j] * (double)v[j];
        }
        squares += pow((double)data.ratings[i] - predicted, 2.0);
        sum += (double)data.ratings[i];
    }
    ck_assert_double_eq_tol(stats.mean, sum / N, 1e-12);
    ck_assert_double_eq_tol(stats.train_rmse, sqrt(squares / N), 1e-12);
    ck_assert(isnan(stats.holdout_rmse));
    ck_assert_int_eq(stats.n_train, N);
    rri_interactions_release(&data);
}
END_TEST

/* What a sweep may only lower: maths §9, with the twenty ratings that als_side.h adds. */
static double objective(const rr_als_config *config, double mean)
{
    size_t user_counts[N_USERS] = {0}, item_counts[N_ITEMS] = {0};
    double loss = 0.0;
    for (size_t i = 0; i < N; i++) {
        const float *const u = user_vectors + (size_t)data.users[i] * D;
        const float *const v = item_vectors + (size_t)data.items[i] * D;
        double residual = (double)data.ratings[i] - mean;
        for (size_t j = 0; j < D; j++) {
            residual -= (double)u[j] * (double)v[j];
        }
        loss += residual * residual;
        user_counts[data.users[i]]++;
        item_counts[data.items[i]]++;
    }
    for (size_t r = 0; r < N_USERS + N_ITEMS; r++) {
        const bool is_user = r < N_USERS;
        const float *const x = is_user ? user_vectors + r * D : item_vectors + (r - N_USERS) * D;
        const size_t n = is_user ? user_counts[r] : item_counts[r - N_USERS];
        const double bias = (double)x[is_user ? K + 1 : K];
        loss += (double)(is_user ? config->user_bias_ridge : config->item_bias_ridge) * bias * bias;
        for (size_t j = 0; j < K; j++) {
            loss += (double)config->ridge * (double)(n + 20) * (double)x[j] * (double)x[j];
        }
    }
    return loss;
}

START_TEST(test_als_sweeps_never_raise_the_objective)
{
    plant(0.0f);
    rr_als_config config = defaults();
    double before = INFINITY;
    for (int32_t n = 1; n <= 8; n++) {
        config.num_sweeps = n;
        const rr_als_stats stats = fit(&config);
        const double after = objective(&config, stats.mean);
        ck_assert_double_le(after, before * (1.0 + 1e-6));
        before = after;
    }
    rri_interactions_release(&data);
}
END_TEST

/* Slope of the objective in one coordinate; a parabola, so the step may be long. */
static double slope(const rr_als_config *config, double mean, float *x)
{
    const float kept = *x, step = 0.5f;
    *x = kept + step;
    const double above = objective(config, mean);
    *x = kept - step;
    const double below = objective(config, mean);
    *x = kept;
    return (above - below) / (2.0 * (double)step);
}

START_TEST(test_als_ends_at_a_minimum_of_both_sides)
{
    plant(0.0f);
    rr_als_config config = defaults();
    config.num_sweeps = 400;
    const rr_als_stats stats = fit(&config);
    for (size_t j = 0; j < K; j++) {
        ck_assert_double_eq_tol(slope(&config, stats.mean, &user_vectors[7 * D + j]), 0.0, 0.02);
        ck_assert_double_eq_tol(slope(&config, stats.mean, &item_vectors[7 * D + j]), 0.0, 0.02);
    }
    ck_assert_double_eq_tol(slope(&config, stats.mean, &user_vectors[7 * D + K + 1]), 0.0, 0.02);
    ck_assert_double_eq_tol(slope(&config, stats.mean, &item_vectors[7 * D + K]), 0.0, 0.02);
    rri_interactions_release(&data);
}
END_TEST

START_TEST(test_als_gives_the_same_bytes_twice_and_on_any_threads)
{
    plant(0.0f);
    rr_als_config config = defaults();
    config.holdout = 0.1f;
    const rr_als_stats first = fit(&config);
    memcpy(other_users, user_vectors, sizeof user_vectors);
    memcpy(other_items, item_vectors, sizeof item_vectors);
    for (int32_t n_threads = 1; n_threads <= 4; n_threads++) {
        config.num_threads = n_threads;
        const rr_als_stats again = fit(&config);
        ck_assert_mem_eq(&first, &again, sizeof first);
        ck_assert_mem_eq(other_users, user_vectors, sizeof user_vectors);
        ck_assert_mem_eq(other_items, item_vectors, sizeof item_vectors);
    }
    config.seed = 1;
    fit(&config);
    ck_assert(memcmp(other_items, item_vectors, sizeof item_vectors) != 0);
    rri_interactions_release(&data);
}
END_TEST

START_TEST(test_als_only_the_mean_moves_with_all_ratings)
{
    plant(0.0f);
    const rr_als_config config = defaults();
    const rr_als_stats low = fit(&config);
    memcpy(other_users, user_vectors, sizeof user_vectors);
    rri_interactions_release(&data);
    plant(8.0f);
    const rr_als_stats high = fit(&config);
    ck_assert_double_eq_tol(high.mean - low.mean, 8.0, 1e-5);
    for (size_t i = 0; i < N_USERS * D; i++) {
        ck_assert_float_eq_tol(user_vectors[i], other_users[i], 1e-3f);
    }
    rri_interactions_release(&data);
}
END_TEST

START_TEST(test_als_refuses_what_it_cannot_train_on_and_writes_nothing)
{
    const uint64_t key = 1;
    const float rating = 3.0f, large[2] = {3e38f, -3e38f};
    const uint64_t keys[2] = {1, 2};
    rr_error err = {0};
    rr_als_config config = defaults();
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    for (size_t i = 0; i < N_USERS * D; i++) {
        user_vectors[i] = 7.0f;
    }

    ck_assert_int_eq(
        rri_interactions_from_arrays(&data, &key, &key, &rating, NULL, 1, &allocator, NULL), RR_OK);
    config.holdout = 0.9f;
    rr_status status = RR_OK;
    for (config.seed = 0; status == RR_OK; config.seed++) {
        status = rri_als_fit(other_users, other_items, NULL, &data, &config, &allocator, &err);
    }
    ck_assert_int_eq(status, RR_E_INVALID);
    ck_assert_str_eq(err.text,
                     "als config: holdout is 0.9; of 1 interactions it leaves none to train on");
    rri_interactions_release(&data);

    config = defaults();
    config.user_bias_ridge = 1e-30f;
    config.item_bias_ridge = 1e-30f;
    config.ridge = 1e-30f;
    ck_assert_int_eq(
        rri_interactions_from_arrays(&data, keys, keys, large, NULL, 2, &allocator, NULL), RR_OK);
    status = rri_als_fit(user_vectors, item_vectors, NULL, &data, &config, &allocator, &err);
    ck_assert(status == RR_OK || status == RR_E_NOT_FINITE);
    for (size_t i = 0; status != RR_OK && i < N_USERS * D; i++) {
        ck_assert_float_eq(user_vectors[i], 7.0f);
    }
    rri_interactions_release(&data);
}
END_TEST

START_TEST(test_als_equal_ratings_leave_nothing_to_explain)
{
    const uint64_t users[4] = {1, 1, 2, 2}, items[4] = {1, 2, 1, 2};
    const float ratings[4] = {2.5f, 2.5f, 2.5f, 2.5f};
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    ck_assert_int_eq(
        rri_interactions_from_arrays(&data, users, items, ratings, NULL, 4, &allocator, NULL),
        RR_OK);
    const rr_als_config config = defaults();
    const rr_als_stats stats = fit(&config);
    ck_assert_double_eq(stats.mean, 2.5);
    ck_assert_double_eq(stats.train_rmse, 0.0);
    rri_interactions_release(&data);
}
END_TEST

/* Users and items of three kinds; a user meets items of its own kind, often all of them. */
START_TEST(test_als_of_implicit_feedback_prefers_what_others_like_it_met)
{
    static uint64_t users[N], items[N];
    static float ones[N];
    for (uint32_t i = 0; i < N; i++) {
        users[i] = i < N_USERS ? i : rri_philox_below(9, RRI_STREAM_SPLIT, i, 0, N_USERS);
        items[i] = 3 * rri_philox_below(9, RRI_STREAM_SPLIT, i, 1, N_ITEMS / 3) + users[i] % 3;
        ones[i] = 1.0f;
    }
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    ck_assert_int_eq(
        rri_interactions_from_arrays(&data, users, items, ones, NULL, N, &allocator, NULL), RR_OK);
    rr_als_config config = defaults();
    config.feedback = RR_FEEDBACK_IMPLICIT;
    config.alpha = 10.0f;
    config.holdout = 0.1f;
    const rr_als_stats stats = fit(&config);
    ck_assert_double_eq(stats.mean, 0.0);
    ck_assert_double_lt(stats.holdout_rmse, 0.3);
    for (size_t u = 0; u < data.user_table.n_keys; u++) {
        const float *const x = user_vectors + u * D;
        ck_assert(x[K] == 1.0f && x[K + 1] == 0.0f);
        float least_own = 1.0f, most_other = 0.0f;
        for (size_t i = 0; i < data.item_table.n_keys; i++) {
            const float *const y = item_vectors + i * D;
            float guess = 0.0f;
            for (size_t j = 0; j < D; j++) {
                guess += x[j] * y[j];
            }
            if (data.user_table.keys[u] % 3 == data.item_table.keys[i] % 3) {
                least_own = fminf(least_own, guess);
            } else {
                most_other = fmaxf(most_other, guess);
            }
        }
        ck_assert_msg(least_own > most_other, "%g %g", (double)least_own, (double)most_other);
    }
    rri_interactions_release(&data);
}
END_TEST

START_TEST(test_als_refuses_explicit_feedback_without_ratings)
{
    plant(0.0f);
    rr_als_config config = defaults();
    rr_error err = {0};
    data.has_ratings = false;
    ck_assert_int_eq(
        rri_als_fit(user_vectors, item_vectors, NULL, &data, &config, &allocator, &err),
        RR_E_INVALID);
    ck_assert_str_eq(err.text, "als config: feedback is explicit, and these interactions have no "
                               "ratings; it must be implicit");
    config.feedback = RR_FEEDBACK_IMPLICIT;
    config.alpha = 10.0f;
    fit(&config);
    rri_interactions_release(&data);
}
END_TEST

CHECK_MAIN("data/als", test_als_of_implicit_feedback_prefers_what_others_like_it_met,
           test_als_refuses_explicit_feedback_without_ratings, test_als_finds_planted_structure,
           test_als_vectors_are_folded_and_predict_above_the_mean,
           test_als_sweeps_never_raise_the_objective, test_als_ends_at_a_minimum_of_both_sides,
           test_als_gives_the_same_bytes_twice_and_on_any_threads,
           test_als_only_the_mean_moves_with_all_ratings,
           test_als_refuses_what_it_cannot_train_on_and_writes_nothing,
           test_als_equal_ratings_leave_nothing_to_explain)
