/* SPDX-License-Identifier: MIT */
/* A number that is none is refused wherever it comes in, with its place, and neither agent, buffer
 * nor world has changed a byte. */
#include <math.h>

#include "check_run.h"
#include "loop/machine.h"

static const float bad_numbers[] = {NAN, INFINITY, -INFINITY};

/* A machine in the middle of a rollout, and what it was. */
typedef struct scene {
    machine m;
    unsigned char *before;
    size_t bytes;
    rr_error err;
} scene;

static void begin(scene *s, const machine_plan *plan)
{
    machine_create(&s->m, plan, 11, 1, NULL);
    machine_update(&s->m);
    machine_step(&s->m);
    s->err = (rr_error){0};
    s->before = machine_save(&s->m, &s->bytes);
}

static void end(scene *s)
{
    free(s->before);
    machine_destroy(&s->m);
}

static void expect_refused(scene *s, rr_status got, rr_status wanted, const char *sentence)
{
    ck_assert_msg(got == wanted, "%s, not %s: %s", rr_status_name(got), rr_status_name(wanted),
                  s->err.text);
    ck_assert_int_eq(s->err.status, wanted);
    ck_assert_msg(strstr(s->err.text, sentence) != NULL, "\"%s\" does not say \"%s\"", s->err.text,
                  sentence);
    size_t bytes;
    unsigned char *after = machine_save(&s->m, &bytes);
    ck_assert_uint_eq(bytes, s->bytes);
    ck_assert_msg(memcmp(after, s->before, bytes) == 0, "a refusal changed something: %s",
                  s->err.text);
    free(after);
}

/* Acting, ranking, evaluating and recording with an observation that has one bad number. */
static void expect_obs_refused(scene *s, const rr_obs *obs, const char *place)
{
    rr_decision decision = machine_decision(&s->m);
    int32_t positions[2 * 256];
    expect_refused(s, rr_agent_act(s->m.agent, obs, &decision, &s->err), RR_E_NOT_FINITE, place);
    expect_refused(s, rr_agent_top_k(s->m.agent, obs, 2, positions, NULL, NULL, &s->err),
                   RR_E_NOT_FINITE, place);
    memset(s->m.actions, 0, (size_t)obs->n * sizeof(int32_t));
    expect_refused(
        s, rr_agent_evaluate(s->m.agent, obs, s->m.actions, s->m.log_probs, NULL, NULL, &s->err),
        RR_E_NOT_FINITE, place);
    expect_refused(s, rr_buffer_record(s->m.buffer, obs, &decision, &s->err), RR_E_NOT_FINITE,
                   place);
}

/* The saved bytes hold the generator of an own world, which observing moves on. */
static void observe(scene *s)
{
    const uint64_t generator = s->m.generator;
    machine_observe(&s->m);
    s->m.generator = generator;
}

START_TEST(test_refusals_state_that_is_no_number)
{
    scene s;
    begin(&s, &machine_plans[0]);
    observe(&s);
    const size_t width = (size_t)s.m.obs.state_dim, n = (size_t)s.m.obs.n * width;
    float *states = machine_array(n, sizeof(float));
    memcpy(states, s.m.obs.states, n * sizeof(float));
    rr_obs obs = s.m.obs;
    obs.states = states;
    for (size_t i = 0; i < 3; i++) {
        const size_t row = 4 * i, column = width - 1 - i;
        states[row * width + column] = bad_numbers[i];
        char place[64];
        snprintf(place, sizeof place, "states[%zu][%zu] is %g", row, column,
                 (double)bad_numbers[i]);
        expect_obs_refused(&s, &obs, place);
        /* The state to come, too. */
        rr_stats stats = {.struct_size = sizeof stats};
        expect_refused(&s, rr_agent_update(s.m.agent, s.m.buffer, &obs, &stats, &s.err),
                       RR_E_NOT_FINITE, place);
        states[row * width + column] = 0.0f;
    }
    free(states);
    end(&s);
}
END_TEST

START_TEST(test_refusals_feature_that_is_no_number)
{
    scene s;
    begin(&s, &machine_plans[5]);
    observe(&s);
    const size_t k = (size_t)s.m.obs.n_candidates;
    for (size_t i = 0; i < 3; i++) {
        const size_t row = 5 * i, position = k - 1 - i;
        float *feature = &s.m.features[(row * k + position) * 2 + 1];
        const float before = *feature;
        *feature = bad_numbers[i];
        char place[64];
        snprintf(place, sizeof place, "[%zu][1] is %g; it must be finite", position,
                 (double)bad_numbers[i]);
        expect_obs_refused(&s, &s.m.obs, place);
        ck_assert_ptr_nonnull(strstr(s.err.text, "features"));
        *feature = before;
    }
    end(&s);
}
END_TEST

START_TEST(test_refusals_vector_of_a_request_that_is_no_number)
{
    scene s;
    begin(&s, &machine_plans[7]);
    observe(&s);
    const size_t k = (size_t)s.m.obs.n_candidates, d = (size_t)s.m.obs.item_dim;
    for (size_t i = 0; i < 3; i++) {
        float *value = &s.m.vectors[((3 * i) * k + 1) * d + i];
        const float before = *value;
        *value = bad_numbers[i];
        expect_obs_refused(&s, &s.m.obs, "vectors[");
        *value = before;
    }
    /* Behind a list's length nobody reads: there anything may stand. */
    rr_decision decision = machine_decision(&s.m);
    for (size_t row = 0; row < (size_t)s.m.obs.n; row++) {
        for (size_t j = (size_t)s.m.lengths[row] * d; j < k * d; j++) {
            s.m.vectors[row * k * d + j] = NAN;
        }
    }
    machine_require(rr_agent_act(s.m.agent, &s.m.obs, &decision, &s.err), &s.err);
    machine_require(rr_buffer_record(s.m.buffer, &s.m.obs, &decision, &s.err), &s.err);
    end(&s);
}
END_TEST

START_TEST(test_refusals_reward_and_final_state_that_are_no_number)
{
    for (size_t i = 0; i < 3; i++) {
        scene s;
        machine_create(&s.m, &machine_plans[0], 11, 1, NULL);
        machine_update(&s.m);
        machine *m = &s.m;
        rr_decision decision = machine_decision(m);
        machine_observe(m);
        machine_require(rr_agent_act(m->agent, &m->obs, &decision, &s.err), &s.err);
        machine_require(rr_buffer_record(m->buffer, &m->obs, &decision, &s.err), &s.err);
        const uint64_t version = rr_agent_version(m->agent);
        rr_outcome outcome = machine_move(m);
        const float *rewards = outcome.rewards;
        memcpy(m->rewards, rewards, (size_t)m->plan.n_envs * sizeof(float));
        m->rewards[7] = bad_numbers[i];
        outcome.rewards = m->rewards;
        ck_assert_int_eq(rr_buffer_reward(m->buffer, &outcome, &s.err), RR_E_NOT_FINITE);
        ck_assert_ptr_nonnull(strstr(s.err.text, "rewards[7] is"));

        outcome.rewards = rewards;
        rr_obs final = *outcome.final_obs;
        uint8_t truncated[64] = {[3] = 1};
        const size_t width = (size_t) final.state_dim;
        float *states = machine_array((size_t) final.n * width, sizeof(float));
        states[3 * width + 2] = bad_numbers[i];
        final.states = states;
        outcome.final_obs = &final;
        outcome.terminated = NULL;
        outcome.truncated = truncated;
        ck_assert_int_eq(rr_buffer_reward(m->buffer, &outcome, &s.err), RR_E_NOT_FINITE);
        ck_assert_ptr_nonnull(strstr(s.err.text, "final_obs states[3][2] is"));
        /* Still waiting: the right outcome is taken, and rows that are not truncated are not read.
         */
        states[3 * width + 2] = 0.0f;
        states[2 * width] = bad_numbers[i];
        machine_require(rr_buffer_reward(m->buffer, &outcome, &s.err), &s.err);
        ck_assert_uint_eq(rr_agent_version(m->agent), version);
        free(states);
        machine_destroy(m);
    }
}
END_TEST

START_TEST(test_refusals_item_vector_that_is_no_number)
{
    for (size_t i = 0; i < 3; i++) {
        rr_error err = {0};
        float vectors[12] = {0};
        vectors[3 * 2 + 1] = bad_numbers[i];
        rr_items *items = NULL;
        ck_assert_int_eq(rr_items_create(&items, vectors, NULL, 4, 3, NULL, NULL, &err),
                         RR_E_NOT_FINITE);
        ck_assert_ptr_nonnull(strstr(err.text, "coordinate 1 of vector 2 is"));
        ck_assert_ptr_null(items);
    }
}
END_TEST

START_TEST(test_refusals_tensor_that_is_no_number)
{
    scene s;
    begin(&s, &machine_plans[5]);
    for (size_t i = 0; i < 3; i++) {
        const float weights[2] = {1.0f, bad_numbers[i]};
        expect_refused(&s, rr_agent_set_feature_weights(s.m.agent, weights, 2, &s.err),
                       RR_E_NOT_FINITE, "values[1] of actor.feature_weights is");
    }
    end(&s);
}
END_TEST

/* Indices outside, lists twice the same, and so on: the place is named, nothing changes. */
START_TEST(test_refusals_lists_that_cannot_be)
{
    scene s;
    begin(&s, &machine_plans[5]);
    observe(&s);
    rr_decision decision = machine_decision(&s.m);
    const size_t k = (size_t)s.m.obs.n_candidates, n = (size_t)s.m.obs.n;
    int32_t *lists = machine_array(n * k, sizeof(int32_t));
    memcpy(lists, s.m.obs.candidates, n * k * sizeof(int32_t));
    rr_obs obs = s.m.obs;
    obs.candidates = lists;

    lists[2 * k + 5] = s.m.plan.num_items;
    expect_refused(&s, rr_agent_act(s.m.agent, &obs, &decision, &s.err), RR_E_INVALID,
                   "row 2: candidates[5] is 60");
    lists[2 * k + 5] = lists[2 * k + 4];
    expect_refused(&s, rr_agent_act(s.m.agent, &obs, &decision, &s.err), RR_E_INVALID,
                   "row 2: candidates[5] is");
    lists[2 * k + 5] = -1;
    expect_refused(&s, rr_agent_act(s.m.agent, &obs, &decision, &s.err), RR_E_INVALID,
                   "row 2: candidates[5] is -1");
    memcpy(lists, s.m.obs.candidates, n * k * sizeof(int32_t));

    for (size_t i = 0; i < n; i++) {
        s.m.lengths[i] = (int32_t)k;
    }
    obs.lengths = s.m.lengths;
    s.m.lengths[3] = 0;
    expect_refused(&s, rr_agent_act(s.m.agent, &obs, &decision, &s.err), RR_E_INVALID,
                   "row 3: lengths is 0; it must be in [1, 13]");
    s.m.lengths[3] = (int32_t)k + 1;
    expect_refused(&s, rr_agent_act(s.m.agent, &obs, &decision, &s.err), RR_E_INVALID,
                   "row 3: lengths is 14");
    s.m.lengths[3] = 3; /* three candidates, all of them excluded */
    for (size_t j = 0; j < 3; j++) {
        s.m.excluded[3 * 3 + j] = lists[3 * k + j];
    }
    expect_refused(&s, rr_agent_act(s.m.agent, &obs, &decision, &s.err), RR_E_INVALID,
                   "row 3: all 3 items are excluded");
    s.m.excluded[3 * 3] = 60;
    expect_refused(&s, rr_agent_act(s.m.agent, &obs, &decision, &s.err), RR_E_INVALID,
                   "row 3: excluded[0] is 60");
    s.m.excluded[3 * 3] = -1;
    machine_require(rr_agent_act(s.m.agent, &obs, &decision, &s.err), &s.err);
    ck_assert_int_eq(s.m.actions[3], 0);
    free(lists);
    end(&s);
}
END_TEST

CHECK_MAIN("loop/refusals", test_refusals_state_that_is_no_number,
           test_refusals_feature_that_is_no_number,
           test_refusals_vector_of_a_request_that_is_no_number,
           test_refusals_reward_and_final_state_that_are_no_number,
           test_refusals_item_vector_that_is_no_number, test_refusals_tensor_that_is_no_number,
           test_refusals_lists_that_cannot_be)
