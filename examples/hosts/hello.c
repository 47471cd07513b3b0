/* SPDX-License-Identifier: MIT */
/* A whole host: a simulated world, an agent, and the loop that the host owns. */
#include <recrl/recrl.h>
#include <stdio.h>

int main(void)
{
    rr_error err = {0};
    rr_env *env = NULL;
    rr_agent *agent = NULL;
    rr_buffer *buffer = NULL;
    int32_t actions[64];
    float log_probs[64], values[64];
    rr_obs obs = {.struct_size = sizeof obs};
    rr_outcome outcome = {.struct_size = sizeof outcome};
    rr_stats stats = {.struct_size = sizeof stats};
    rr_decision decision = {.struct_size = sizeof decision, .n = 64};
    decision.actions = actions;
    decision.log_probs = log_probs;
    decision.values = values;

    /* The defaults: 64 sessions side by side over 1000 items, rollouts of 16 steps. */
    int failed = rr_env_create(&env, NULL, NULL, NULL, 0, NULL, &err) ||
                 rr_agent_create(&agent, NULL, NULL, rr_env_items(env), NULL, &err) ||
                 rr_buffer_create(&buffer, NULL, NULL, &err) || rr_env_reset(env, &err);
    for (int update = 1; update <= 100 && !failed; update++) {
        while (!failed && !rr_buffer_is_full(buffer)) {
            failed = rr_env_observe(env, &obs, &err) ||
                     rr_agent_act(agent, &obs, &decision, &err) ||
                     rr_buffer_record(buffer, &obs, &decision, &err) ||
                     rr_env_step(env, actions, &outcome, &err) ||
                     rr_buffer_reward(buffer, &outcome, &err);
        }
        failed = failed || rr_env_observe(env, &obs, &err) ||
                 rr_agent_update(agent, buffer, &obs, &stats, &err);
        printf("update %3d: reward %6.3f a step\n", update, (double)stats.reward_mean);
    }
    if (failed) {
        fprintf(stderr, "%s\n", err.text);
    }
    rr_buffer_destroy(buffer);
    rr_agent_destroy(agent);
    rr_env_destroy(env);
    return failed;
}
