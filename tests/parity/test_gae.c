/* SPDX-License-Identifier: MIT */
/* Advantages and returns of rollouts with both kinds of ending, against the reference's own scan.
 */
#include "check_run.h"

#include "parity/rollouts.h"

/* Each session's rows in the order of time, one session of a row of the record after the other; the
 * values of final and coming states come from the agent, as in an update. */
static void check_gae(const char *name, float gamma, float gae_lambda)
{
    rr_error err = {0};
    fixture *f = fixture_load(name);
    rr_agent *agent = fixture_agent(f);
    const fixture_entry *expected[2] = {fixture_get(f, "expected.", "advantages"),
                                        fixture_get(f, "expected.", "returns")};
    rr_obs obs = fixture_observation(f, "0.");
    const size_t n = (size_t)obs.n, n_envs = (size_t)fixture_number(f, "", "n_envs");
    float *final_states = fixture_floats(f, "0.", "final_states");
    float *next_states = fixture_floats(f, "0.", "next_states");
    float *rewards = fixture_floats(f, "0.", "rewards");
    float *recorded = fixture_floats(f, "0.", "values");
    int32_t *actions = fixture_ints(f, "0.", "actions");
    int32_t *terminated = fixture_ints(f, "0.", "terminated");
    int32_t *truncated = fixture_ints(f, "0.", "truncated");
    float *final_values = malloc(n * sizeof(float)), *coming = malloc(n_envs * sizeof(float));
    rr_obs final_obs = obs, coming_obs = fixture_rows(&obs, 0, (int32_t)n_envs);
    final_obs.states = final_states;
    coming_obs.states = next_states;
    ck_assert_msg(rr_agent_evaluate(agent, &final_obs, actions, NULL, NULL, final_values, &err) ==
                      RR_OK,
                  "%s", err.text);
    ck_assert_msg(rr_agent_evaluate(agent, &coming_obs, actions, NULL, NULL, coming, &err) == RR_OK,
                  "%s", err.text);

    float *block = malloc(5 * n * sizeof(float));
    float *advantages = block, *returns = block + n, *r = block + 2 * n, *v = block + 3 * n,
          *next = block + 4 * n;
    uint8_t *flags = malloc(2 * n);
    size_t t = 0;
    for (size_t env = 0; env < n_envs; env++) {
        for (size_t row = env; row < n; row += n_envs, t++) {
            const int is_last = row + n_envs >= n;
            r[t] = rewards[row];
            v[t] = recorded[row];
            flags[t] = (uint8_t)terminated[row];
            flags[n + t] = (uint8_t)(terminated[row] || truncated[row] || is_last);
            next[t] = truncated[row] ? final_values[row]
                                     : (is_last ? coming[env] : recorded[row + n_envs]);
        }
    }
    ck_assert_msg(rr_gae(r, v, next, flags, flags + n, gamma, gae_lambda, (int64_t)n, advantages,
                         returns, &err) == RR_OK,
                  "%s", err.text);
    float *by_arrival[2] = {r, v};
    t = 0;
    for (size_t env = 0; env < n_envs; env++) {
        for (size_t row = env; row < n; row += n_envs, t++) {
            by_arrival[0][row] = advantages[t];
            by_arrival[1][row] = returns[t];
        }
    }
    ck_assert(fixture_is_close("advantages", by_arrival[0], expected[0], 1e-5, 1.0));
    ck_assert(fixture_is_close("returns", by_arrival[1], expected[1], 1e-5, 1.0));

    free(flags);
    free(block);
    free(coming);
    free(final_values);
    free(truncated);
    free(terminated);
    free(actions);
    free(recorded);
    free(rewards);
    free(next_states);
    free(final_states);
    fixture_release_observation(&obs);
    rr_agent_destroy(agent);
    fixture_free(f);
}

START_TEST(test_gae_with_lambda_and_both_endings)
{
    check_gae("gradient_ppo_pool", 0.9f, 0.8f);
    check_gae("update_ppo_dense", 0.9f, 0.8f);
}
END_TEST

START_TEST(test_gae_with_lambda_one_is_the_n_step_return)
{
    check_gae("gradient_a2c_lists", 0.9f, 1.0f);
}
END_TEST

CHECK_MAIN("parity/gae", test_gae_with_lambda_and_both_endings,
           test_gae_with_lambda_one_is_the_n_step_return)
