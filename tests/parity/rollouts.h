/* SPDX-License-Identifier: MIT */
/* rollouts.h: a fixture's rollouts recorded into a buffer and trained on, through recrl.h alone. */
#ifndef TESTS_PARITY_ROLLOUTS_H
#define TESTS_PARITY_ROLLOUTS_H

#include "parity/fixture.h"

/* Records and rewards the n_envs × n_steps rows of update `prefix` ("0."). */
static inline void rollouts_record(const fixture *f, const char *prefix, const rr_obs *obs,
                                   rr_buffer *buffer)
{
    rr_error err = {0};
    const int32_t n = (int32_t)fixture_number(f, "", "n_envs");
    int32_t *actions = fixture_ints(f, prefix, "actions");
    int32_t *terminated = fixture_ints(f, prefix, "terminated");
    int32_t *truncated = fixture_ints(f, prefix, "truncated");
    float *log_probs = fixture_floats(f, prefix, "log_probs");
    float *values = fixture_floats(f, prefix, "values");
    float *rewards = fixture_floats(f, prefix, "rewards");
    float *final_states = fixture_floats(f, prefix, "final_states");
    uint8_t *flags = malloc(2 * (size_t)n);
    for (int32_t row = 0; row < obs->n; row += n) {
        const rr_obs seen = fixture_rows(obs, row, n);
        rr_obs final_obs = seen;
        final_obs.states = final_states + (size_t)row * (size_t)obs->state_dim;
        for (int32_t i = 0; i < n; i++) {
            flags[i] = (uint8_t)terminated[row + i];
            flags[n + i] = (uint8_t)truncated[row + i];
        }
        const rr_decision decision = {.struct_size = sizeof decision,
                                      .n = n,
                                      .actions = actions + row,
                                      .log_probs = log_probs + row,
                                      .values = values + row};
        const rr_outcome outcome = {.struct_size = sizeof outcome,
                                    .n = n,
                                    .rewards = rewards + row,
                                    .terminated = flags,
                                    .truncated = flags + n,
                                    .final_obs = &final_obs};
        ck_assert_msg(rr_buffer_record(buffer, &seen, &decision, &err) == RR_OK, "%s", err.text);
        ck_assert_msg(rr_buffer_reward(buffer, &outcome, &err) == RR_OK, "%s", err.text);
    }
    free(flags);
    free(actions);
    free(terminated);
    free(truncated);
    free(log_probs);
    free(values);
    free(rewards);
    free(final_states);
}

static inline rr_buffer *rollouts_buffer(const fixture *f)
{
    rr_error err = {0};
    rr_obs obs = fixture_observation(f, "0.");
    rr_buffer_config config;
    rr_buffer_config_init(&config, sizeof config);
    config.max_rows = obs.n;
    config.state_dim = obs.state_dim;
    config.item_dim = obs.item_dim;
    config.feature_dim = obs.feature_dim;
    config.max_candidates = obs.n_candidates;
    config.max_excluded = obs.n_excluded;
    config.max_history = obs.n_history;
    config.for_encoder = obs.history_rewards != NULL;
    rr_buffer *buffer = NULL;
    ck_assert_msg(rr_buffer_create(&buffer, &config, NULL, &err) == RR_OK, "%s", err.text);
    fixture_release_observation(&obs);
    return buffer;
}

/* One statistic against the reference: to `tolerance` of its scale, which is at least 1. */
static inline void rollouts_check_stat(const fixture *f, const char *prefix, const char *name,
                                       float value, double tolerance)
{
    const fixture_entry *expected = fixture_get(f, prefix, name);
    ck_assert_msg(fixture_is_close(name, &value, expected, tolerance, 1.0),
                  "%s%s is %.9g, not %.9g", prefix, name, (double)value, expected->values[0]);
}

/* Every update of the fixture, its statistics checked to `tolerance`. */
static inline void rollouts_train(const fixture *f, rr_agent *agent, double tolerance)
{
    rr_error err = {0};
    const int32_t n_updates = (int32_t)fixture_number(f, "", "n_updates");
    rr_buffer *buffer = rollouts_buffer(f);
    for (int32_t u = 0; u < n_updates; u++) {
        char prefix[16];
        snprintf(prefix, sizeof prefix, "%d.", u);
        rr_obs obs = fixture_observation(f, prefix);
        rollouts_record(f, prefix, &obs, buffer);
        float *next_states = fixture_floats(f, prefix, "next_states");
        rr_obs next = fixture_rows(&obs, 0, (int32_t)fixture_number(f, "", "n_envs"));
        next.states = next_states;
        rr_stats stats = {.struct_size = sizeof stats};
        ck_assert_msg(rr_agent_update(agent, buffer, &next, &stats, &err) == RR_OK, "%s", err.text);
        rollouts_check_stat(f, prefix, "policy_loss", stats.policy_loss, tolerance);
        rollouts_check_stat(f, prefix, "value_loss", stats.value_loss, tolerance);
        rollouts_check_stat(f, prefix, "entropy", stats.entropy, tolerance);
        rollouts_check_stat(f, prefix, "clip_fraction", stats.clip_fraction, 1e-6);
        rollouts_check_stat(f, prefix, "approx_kl", stats.approx_kl, tolerance);
        rollouts_check_stat(f, prefix, "grad_norm", stats.grad_norm, tolerance);
        rollouts_check_stat(f, prefix, "explained_variance", stats.explained_variance, tolerance);
        ck_assert_int_eq(rr_buffer_count(buffer), 0);
        free(next_states);
        fixture_release_observation(&obs);
    }
    rr_buffer_destroy(buffer);
}

/* ‖Δ − Δref‖ / ‖Δref‖ over all parameters; Δref are the arrays with this prefix. */
static inline double rollouts_distance(const fixture *f, const rr_agent *agent, const char *prefix)
{
    rr_error err = {0};
    double difference = 0.0, whole = 0.0;
    for (int32_t i = 0; i < rr_agent_tensor_count(agent); i++) {
        rr_tensor tensor = {.struct_size = sizeof tensor};
        ck_assert_int_eq(rr_agent_tensor_at(agent, i, &tensor, &err), RR_OK);
        const fixture_entry *before = fixture_get(f, "before.", tensor.name);
        const fixture_entry *reference = fixture_get(f, prefix, tensor.name);
        ck_assert_uint_eq(before->rows * before->columns, reference->rows * reference->columns);
        for (size_t e = 0; e < before->rows * before->columns; e++) {
            const double delta = (double)tensor.data[e] - before->values[e];
            difference += (delta - reference->values[e]) * (delta - reference->values[e]);
            whole += reference->values[e] * reference->values[e];
        }
    }
    return sqrt(difference / whole);
}

#endif
