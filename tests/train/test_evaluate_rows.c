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

CHECK_MAIN("train/evaluate_rows", test_evaluate_rows_gives_the_bits_of_act_and_evaluate)
