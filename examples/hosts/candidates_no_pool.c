/* SPDX-License-Identifier: MIT */
/* Candidates that are in no pool: each request brings the vectors of what can be shown, and there
 * is no catalogue anywhere. Here: rooms for a night, whose price and distance are known only when
 * asked for. */
#include <recrl/recrl.h>
#include <stdio.h>
#include <stdlib.h>

enum { GUESTS = 16, ROOMS = 10, DIM = 4, STATE = 4, STEPS = 8 };

static float uniform(void)
{
    static uint64_t state = 7;
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (float)(state >> 40) / 16777216.0f;
}

static void require(rr_status status, const rr_error *err)
{
    if (status != RR_OK) {
        fprintf(stderr, "candidates_no_pool: %s\n", err->text);
        exit(EXIT_FAILURE);
    }
}

/* Guests [n, STATE], offers [n, ROOMS, DIM], and how many of the ROOMS there are for each. */
static void request(float *guests, float *offers, int32_t *lengths)
{
    for (int i = 0; i < GUESTS * STATE; i++) {
        guests[i] = 2.0f * uniform() - 1.0f;
    }
    for (int i = 0; i < GUESTS * ROOMS * DIM; i++) {
        offers[i] = 2.0f * uniform() - 1.0f;
    }
    for (int i = 0; i < GUESTS; i++) {
        lengths[i] = 3 + (int32_t)(uniform() * (ROOMS - 2));
    }
}

/* A guest's pleasure in a room: the sum of what they want times what it has. */
static float pleasure(const float *guest, const float *room)
{
    float sum = 0.0f;
    for (int j = 0; j < DIM; j++) {
        sum += guest[j] * room[j];
    }
    return sum;
}

int main(void)
{
    rr_error err;
    rr_agent *agent = NULL;
    rr_buffer *buffer = NULL;
    rr_agent_config config;
    rr_a2c_config a2c;
    rr_buffer_config rollout;
    rr_agent_config_init(&config, sizeof config);
    rr_a2c_config_init(&a2c, sizeof a2c);
    rr_buffer_config_init(&rollout, sizeof rollout);
    config.state_dim = STATE;
    config.item_dim = DIM;
    config.max_candidates = ROOMS;
    config.max_history = 0;
    config.has_repeat_weight = 0; /* nothing has a history here */
    a2c.gamma = 0.0f;             /* one night each: no future to wait for */
    a2c.n_steps = STEPS;
    require(rr_agent_create(&agent, &config, &a2c, NULL, NULL, &err), &err);
    require(rr_agent_fit_buffer_config(agent, GUESTS, &rollout, &err), &err);
    require(rr_buffer_create(&buffer, &rollout, NULL, &err), &err);

    static float guests[GUESTS * STATE], offers[GUESTS * ROOMS * DIM];
    int32_t lengths[GUESTS], positions[GUESTS];
    float log_probs[GUESTS], values[GUESTS], rewards[GUESTS];
    uint8_t is_over[GUESTS];
    const rr_obs obs = {.struct_size = sizeof obs,
                        .n = GUESTS,
                        .n_candidates = ROOMS,
                        .state_dim = STATE,
                        .item_dim = DIM,
                        .states = guests,
                        .lengths = lengths,
                        .vectors = offers};
    rr_decision decision = {.struct_size = sizeof decision,
                            .n = GUESTS,
                            .actions = positions,
                            .log_probs = log_probs,
                            .values = values};
    const rr_outcome outcome = {
        .struct_size = sizeof outcome, .n = GUESTS, .rewards = rewards, .terminated = is_over};
    int64_t n_left_out = 0; /* rows that no update took */
    for (int update = 1; update <= 200; update++) {
        rr_stats stats = {.struct_size = sizeof stats};
        while (!rr_buffer_is_full(buffer)) {
            request(guests, offers, lengths);
            require(rr_agent_act(agent, &obs, &decision, &err), &err);
            require(rr_buffer_record(buffer, &obs, &decision, &err), &err);
            for (int i = 0; i < GUESTS; i++) {
                const float *room = offers + (i * ROOMS + positions[i]) * DIM;
                rewards[i] = pleasure(guests + i * STATE, room);
                is_over[i] = 1;
            }
            require(rr_buffer_reward(buffer, &outcome, &err), &err);
        }
        require(rr_agent_update(agent, buffer, &obs, &stats, &err), &err);
        n_left_out += GUESTS * STEPS - stats.n_rows;
        if (update == 1 || update % 50 == 0) {
            printf("update %3d: pleasure %6.3f a guest\n", update, (double)stats.reward_mean);
        }
    }
    printf("rows that no update took: %lld\n", (long long)n_left_out);
    rr_buffer_destroy(buffer);
    rr_agent_destroy(agent);
    return n_left_out == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
