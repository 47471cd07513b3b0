/* SPDX-License-Identifier: MIT */
#include "train/evaluate_rows.h"

#include "agent_fixture.h"

/* More rows than a slice, in falling order, with every kind of list. */
START_TEST(test_evaluate_rows_gives_the_bits_of_act_and_evaluate)
{
    rig_shape shape = rig_usual();
    shape.n = 64;
    shape.k = 6;
    shape.m = 2;
    shape.h = 4;
    shape.has_lengths = shape.has_vectors = true;
    shape.agent.feature_dim = 2;
    shape.agent.num_threads = 3;
    shape.ppo.n_steps = 9;
    rig r;
    rig_open(&r, &shape);
    rig_play(&r, 9);
    const size_t n = r.rollout.n_rows;
    ck_assert_uint_gt(n, RRI_SLICE_ROWS);
    int32_t *rows = RIG_TAKE(&r, int32_t, n);
    float *log_probs = RIG_TAKE(&r, float, n), *values = RIG_TAKE(&r, float, n);
    for (size_t i = 0; i < n; i++) {
        rows[i] = (int32_t)(n - 1 - i);
    }
    rri_evaluate_rows_compute(&r.agent->trainer, log_probs, values, &r.rollout, rows, n);
    for (size_t i = 0; i < n; i++) {
        ck_assert_float_eq(log_probs[i], r.rollout.log_probs[n - 1 - i]);
        ck_assert_float_eq(values[i], r.rollout.values[n - 1 - i]);
    }
    rri_evaluate_rows_compute(&r.agent->trainer, NULL, values, &r.rollout, rows + 1, 3);
    ck_assert_float_eq(values[0], r.rollout.values[n - 2]);
    ck_assert_float_eq(values[3], r.rollout.values[n - 4]); /* as it was */
    rri_evaluate_rows_compute(&r.agent->trainer, log_probs, values, &r.rollout, rows, 0);
    rig_close(&r);
}
END_TEST

/* No other position of the row is more probable, and none before it as probable. */
START_TEST(test_evaluate_rows_judges_by_the_best_position_and_an_even_choice)
{
    rig_shape shape = rig_usual();
    shape.n = 40;
    shape.k = 6;
    shape.m = 2;
    shape.has_lengths = true;
    rig r;
    rig_open(&r, &shape);
    rig_play(&r, 2);
    const size_t n = r.rollout.n_rows;
    int32_t *rows = RIG_TAKE(&r, int32_t, n), *best = RIG_TAKE(&r, int32_t, n);
    int32_t *n_allowed = RIG_TAKE(&r, int32_t, n);
    float *log_probs = RIG_TAKE(&r, float, n), *most = RIG_TAKE(&r, float, n);
    float *even = RIG_TAKE(&r, float, n), *values = RIG_TAKE(&r, float, n);
    for (size_t i = 0; i < n; i++) {
        rows[i] = (int32_t)i;
    }
    rri_evaluate_rows_judge(&r.agent->trainer, log_probs, values, best, &r.rollout, rows, n);
    rri_evaluate_rows_even(&r.agent->trainer, even, &r.rollout, rows, n);
    for (size_t i = 0; i < n; i++) {
        ck_assert_float_eq(log_probs[i], r.rollout.log_probs[i]);
        ck_assert_float_eq(values[i], r.rollout.values[i]);
        r.rollout.actions[i] = best[i];
    }
    rri_evaluate_rows_judge(&r.agent->trainer, most, NULL, best, &r.rollout, rows, n);
    for (int32_t j = 0; j < 6; j++) {
        for (size_t i = 0; i < n; i++) {
            r.rollout.actions[i] = j < r.rollout.lengths[i] ? j : 0;
        }
        rri_evaluate_rows_compute(&r.agent->trainer, log_probs, NULL, &r.rollout, rows, n);
        for (size_t i = 0; i < n; i++) {
            ck_assert(j < best[i] ? log_probs[i] < most[i] || j >= r.rollout.lengths[i]
                                  : log_probs[i] <= most[i]);
            n_allowed[i] += j < r.rollout.lengths[i] && log_probs[i] > -INFINITY;
        }
    }
    for (size_t i = 0; i < n; i++) {
        ck_assert_float_eq_tol(even[i], -logf((float)n_allowed[i]), 1e-6f);
    }
    rig_close(&r);
}
END_TEST

CHECK_MAIN("train/evaluate_rows", test_evaluate_rows_gives_the_bits_of_act_and_evaluate,
           test_evaluate_rows_judges_by_the_best_position_and_an_even_choice)
