/* SPDX-License-Identifier: MIT */
/* What whole runs promise of it is in tests/loop/test_normalisation.c. */
#include "train/normalise.h"

#include <float.h>
#include <stdio.h>

#include "agent_fixture.h"
#include "nn/standardise.h"

static rig_shape normalised(void)
{
    rig_shape shape = rig_usual();
    shape.agent.normalize_returns = shape.agent.normalize_states = 1;
    shape.agent.norm_rows = 8;
    return shape;
}

static float *tensor(const rig *r, const char *name)
{
    return r->agent->trainer.model.values + rig_param(r, name)->offset;
}

static void set_units(rig *r, float shift, float scale)
{
    *tensor(r, "critic.shift") = shift;
    *tensor(r, "critic.scale") = scale;
    rri_model_pack(&r->agent->trainer.model);
}

/* V = 10 + 4 v with v = w·h + b. Returns 1 and 5: mean 3, deviation 2, of 8 remembered rows and 2
 * new ones a share of 1/5. From N = 8, mean 8, variance 0: mean 8 + (3 − 8)/5 = 7      variance 4/5
 * (0 + 25/5) + 4/5 = 4.8      scale √4.8 */
START_TEST(test_normalise_returns_by_hand)
{
    const rig_shape shape = normalised();
    rig r;
    rig_open(&r, &shape);
    set_units(&r, 10.0f, 4.0f);
    r.agent->trainer.normaliser.running[0] = 8.0;
    r.agent->trainer.normaliser.running[1] = 8.0;
    float weights[4], *head = tensor(&r, "critic.1.weight");
    memcpy(weights, head, sizeof weights);
    *tensor(&r, "critic.1.bias") = 0.5f;
    const float returns[] = {1, 99, 5};
    const int32_t rows[] = {0, 2};
    rri_normalise_returns(&r.agent->trainer, returns, rows, 2);

    const double scale = sqrt(4.8);
    ck_assert_double_eq(r.agent->trainer.normaliser.running[0], 10.0);
    ck_assert_float_eq(*tensor(&r, "critic.shift"), 7.0f);
    ck_assert_float_eq_tol(*tensor(&r, "critic.scale"), (float)scale, 1e-6f);
    for (size_t i = 0; i < 4; i++) {
        ck_assert_float_eq_tol(head[i], (float)((double)weights[i] * 4.0 / scale), 1e-6f);
    }
    ck_assert_float_eq_tol(*tensor(&r, "critic.1.bias"), (float)((0.5 * 4.0 + 10.0 - 7.0) / scale),
                           1e-6f);
    ck_assert_float_eq(r.agent->trainer.units.shift, 7.0f);
    ck_assert_float_eq_tol(r.agent->trainer.units.per_unit, (float)(1.0 / scale), 1e-6f);
    ck_assert_float_eq(r.agent->trainer.units.advantage, r.agent->trainer.units.per_unit);
    ck_assert(r.agent->trainer.units.has_old_values);
    rig_close(&r);
}
END_TEST

START_TEST(test_normalise_every_value_stays_while_its_units_change)
{
    const rig_shape shape = normalised();
    rig r;
    rig_open(&r, &shape);
    set_units(&r, -3.0f, 2.0f);
    float before[5], after[5], returns[5];
    for (int step = 0; step < 20; step++) {
        const float size = step < 10 ? 1000.0f : 0.01f; /* up, and down again */
        rig_values(&r, before, r.obs.states, 5);
        rig_fill(&r, returns, 5, size);
        rri_normalise_returns(&r.agent->trainer, returns, NULL, 5);
        rig_values(&r, after, r.obs.states, 5);
        const float unit = fabsf(*tensor(&r, "critic.shift")) + *tensor(&r, "critic.scale");
        for (size_t i = 0; i < 5; i++) {
            ck_assert_float_eq_tol(after[i], before[i], 2e-6f * (unit + fabsf(before[i])));
        }
    }
    rig_close(&r);
}
END_TEST

START_TEST(test_normalise_first_returns_leave_the_critic_as_it_was_made)
{
    const rig_shape shape = normalised();
    rig r;
    rig_open(&r, &shape);
    set_units(&r, 0.0f, 0.0f);
    const float bias = *tensor(&r, "critic.1.bias");
    float weights[4];
    memcpy(weights, tensor(&r, "critic.1.weight"), sizeof weights);
    const float nothing[] = {0, 0, 0};
    rri_normalise_returns(&r.agent->trainer, nothing, NULL, 3); /* no unit yet */
    ck_assert_float_eq(*tensor(&r, "critic.scale"), 0.0f);
    ck_assert_float_eq(r.agent->trainer.units.per_unit, 0.0f);
    const float returns[] = {1, 5};
    rri_normalise_returns(&r.agent->trainer, returns, NULL, 2);
    ck_assert_float_eq(*tensor(&r, "critic.shift"), 3.0f);
    ck_assert_float_eq(*tensor(&r, "critic.scale"), 2.0f);
    ck_assert_float_eq(*tensor(&r, "critic.1.bias"), bias);
    ck_assert_mem_eq(tensor(&r, "critic.1.weight"), weights, sizeof weights);
    ck_assert(!r.agent->trainer.units.has_old_values);
    rri_normalise_returns(&r.agent->trainer, returns, NULL, 2);
    ck_assert(r.agent->trainer.units.has_old_values);
    rig_close(&r);
}
END_TEST

START_TEST(test_normalise_a_scale_whose_inverse_is_no_number_is_none)
{
    const rig_shape shape = normalised();
    rig r;
    rig_open(&r, &shape);
    set_units(&r, 0.0f, 0.0f);
    const float returns[] = {1e-42f, -1e-42f};
    rri_normalise_returns(&r.agent->trainer, returns, NULL, 2);
    ck_assert_float_eq(*tensor(&r, "critic.scale"), 0.0f);
    ck_assert_float_eq(r.agent->trainer.units.per_unit, 0.0f);
    rig_close(&r);
}
END_TEST

START_TEST(test_normalise_equal_returns_have_a_scale_of_their_size)
{
    const rig_shape shape = normalised();
    rig r;
    rig_open(&r, &shape);
    set_units(&r, 0.0f, 0.0f);
    const float returns[] = {-8, -8, -8};
    rri_normalise_returns(&r.agent->trainer, returns, NULL, 3);
    ck_assert_float_eq(*tensor(&r, "critic.shift"), -8.0f);
    ck_assert_float_eq(*tensor(&r, "critic.scale"), 0x1p-9f);
    rig_close(&r);
}
END_TEST

START_TEST(test_normalise_returns_that_are_not_finite_move_nothing)
{
    const rig_shape shape = normalised();
    rig r;
    rig_open(&r, &shape);
    const uint64_t before = rig_hash(&r);
    const float bad[] = {INFINITY, NAN, 1};
    for (size_t n = 1; n <= 3; n++) {
        rri_normalise_returns(&r.agent->trainer, bad, NULL, n);
        ck_assert_uint_eq(rig_hash(&r), before);
        ck_assert_double_eq(r.agent->trainer.normaliser.running[0], 0.0);
    }
    rig_close(&r);
}
END_TEST

/* Columns: 1, 3 (mean 2, deviation 1); 6, 6 (stands still: 1/6); 0, 0 (nothing known: 1). */
START_TEST(test_normalise_states_by_hand)
{
    const rig_shape shape = normalised();
    rig r;
    rig_open(&r, &shape);
    const float states[] = {3, 6, 0, 99, 99, 99, 1, 6, 0};
    const int32_t rows[] = {2, 0};
    rri_normalise_states(&r.agent->trainer, states, rows, 2);
    const float *means = tensor(&r, "state.means"), *inverses = tensor(&r, "state.inverses");
    ck_assert_float_eq(means[0], 2.0f);
    ck_assert_float_eq(inverses[0], 1.0f);
    ck_assert_float_eq(means[1], 6.0f);
    ck_assert_float_eq_tol(inverses[1], 1.0f / 6.0f, 1e-7f);
    ck_assert_float_eq(means[2], 0.0f);
    ck_assert_float_eq(inverses[2], 1.0f);
    ck_assert_double_eq(r.agent->trainer.normaliser.running[3], 2.0); /* behind those of returns */
    const float more[] = {10, 6, 0};                                  /* N = 3, a share of 1/3 */
    rri_normalise_states(&r.agent->trainer, more, NULL, 1);
    ck_assert_float_eq_tol(means[0], 14.0f / 3.0f, 1e-6f);
    ck_assert_float_eq_tol(1.0f / inverses[0], sqrtf(134.0f) / 3.0f, 1e-5f); /* of 1, 3, 10 */
    rig_close(&r);
}
END_TEST

/* Column 0 was 3 once, and has been 0 in so many updates since that its deviation is below what a
 * float can be divided by; columns 1 and 2 are of that size from the beginning. */
START_TEST(test_normalise_a_coordinate_that_has_died_away_is_a_number_still)
{
    const rig_shape shape = normalised();
    rig r;
    rig_open(&r, &shape);
    float states[] = {3, 1e-40f, 1e-42f, 1, -1e-40f, 1e-42f};
    for (size_t update = 0; update < 4000; update++) {
        rri_normalise_states(&r.agent->trainer, states, NULL, 2);
        states[0] = states[3] = 0.0f;
    }
    ck_assert_double_lt(sqrt(r.agent->trainer.normaliser.running[3 + 1 + 3]),
                        1.0 / (double)FLT_MAX);
    const float given[] = {0, 1e-40f, 1e-42f, 2, -5, FLT_MAX};
    float seen[6];
    rri_standardise_forward(seen, given, tensor(&r, "state.means"), tensor(&r, "state.inverses"), 2,
                            3);
    for (size_t i = 0; i < 6; i++) {
        ck_assert(isfinite(seen[i]));
    }
    ck_assert_float_eq(seen[0], 0.0f);
    ck_assert_float_eq(seen[3], 10.0f);
    ck_assert_float_eq(seen[4], -10.0f);
    rig_close(&r);
}
END_TEST

START_TEST(test_normalise_switched_off_moves_nothing_and_costs_nothing)
{
    const rig_shape shape = rig_usual();
    rig r;
    rig_open(&r, &shape);
    const uint64_t before = rig_hash(&r);
    const float returns[] = {1, 5}, states[] = {1, 2, 3};
    rri_normalise_returns(&r.agent->trainer, returns, NULL, 2);
    rri_normalise_states(&r.agent->trainer, states, NULL, 1);
    ck_assert_uint_eq(rig_hash(&r), before);
    ck_assert_uint_eq(r.agent->trainer.normaliser.n_running, 0);
    ck_assert_float_eq(r.agent->trainer.units.per_unit, 1.0f);
    ck_assert_float_eq(r.agent->trainer.units.advantage, 1.0f);
    ck_assert_float_eq(r.agent->trainer.units.shift, 0.0f);
    rig_close(&r);
}
END_TEST

START_TEST(test_normalise_check_names_the_number_that_cannot_be)
{
    const rig_shape shape = normalised();
    double running[3 + 1 + 2 * 3] = {5, -2, 1, 5, -1, -1, -1, 1, 1, 1};
    const unsigned char *bytes = (const unsigned char *)running;
    ck_assert_int_eq(rri_normalise_check(&shape.agent, bytes, NULL), RR_OK);
    for (size_t i = 0; i < 10; i++) {
        const bool may_be_negative = i == 1 || (i >= 4 && i <= 6);
        const double was = running[i];
        char sentence[40];
        snprintf(sentence, sizeof sentence, "agent.running[%zu] is -0.5; it must be", i);
        rr_error err = {0};
        running[i] = -0.5;
        const rr_status status = rri_normalise_check(&shape.agent, bytes, &err);
        if (may_be_negative) {
            ck_assert_int_eq(status, RR_OK);
        } else {
            rig_expect(status, RR_E_FORMAT, &err, sentence);
        }
        running[i] = NAN;
        ck_assert_int_eq(rri_normalise_check(&shape.agent, bytes, NULL), RR_E_FORMAT);
        running[i] = was;
    }
}
END_TEST

CHECK_MAIN("train/normalise", test_normalise_returns_by_hand,
           test_normalise_every_value_stays_while_its_units_change,
           test_normalise_first_returns_leave_the_critic_as_it_was_made,
           test_normalise_a_scale_whose_inverse_is_no_number_is_none,
           test_normalise_equal_returns_have_a_scale_of_their_size,
           test_normalise_returns_that_are_not_finite_move_nothing, test_normalise_states_by_hand,
           test_normalise_a_coordinate_that_has_died_away_is_a_number_still,
           test_normalise_switched_off_moves_nothing_and_costs_nothing,
           test_normalise_check_names_the_number_that_cannot_be)
