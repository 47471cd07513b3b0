/* SPDX-License-Identifier: MIT */
/* Two catalogues. Items come and go while sessions are open: rr_agent_set_items swaps the catalogue
 * between two steps, and rows that were recorded under the old one are left out of the update. And
 * a policy can score a catalogue that is not its own: obs.pool. */
#include <inttypes.h>
#include <recrl/recrl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIM = 8, OLD = 40, NEW = 50, ROWS = 8, STEPS = 6 };

static void require(rr_status status, const rr_error *err)
{
    if (status != RR_OK) {
        fprintf(stderr, "two_catalogues: %s\n", err->text);
        exit(EXIT_FAILURE);
    }
}

static float uniform(void)
{
    static uint64_t state = 3;
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (float)(state >> 40) / 16777216.0f;
}

/* The host's own keys travel with the vectors: item 1000 + i, from `first` on. */
static rr_items *create_items(int32_t first, int32_t n, const float *vectors)
{
    rr_error err;
    rr_items *items = NULL;
    uint64_t keys[NEW];
    for (int32_t i = 0; i < n; i++) {
        keys[i] = 1000 + (uint64_t)(first + i);
    }
    require(rr_items_create(&items, vectors + first * DIM, keys, n, DIM, NULL, NULL, &err), &err);
    return items;
}

/* One step of every session, recorded and rewarded; the reward is 1 for an even key. */
static void step(rr_agent *agent, rr_buffer *buffer, rr_obs *obs)
{
    rr_error err;
    int32_t positions[ROWS], items[ROWS];
    float log_probs[ROWS], values[ROWS], rewards[ROWS];
    rr_decision decision = {.struct_size = sizeof decision,
                            .n = ROWS,
                            .actions = positions,
                            .items = items,
                            .log_probs = log_probs,
                            .values = values};
    const rr_outcome outcome = {.struct_size = sizeof outcome, .n = ROWS, .rewards = rewards};
    require(rr_agent_act(agent, obs, &decision, &err), &err);
    require(rr_buffer_record(buffer, obs, &decision, &err), &err);
    uint64_t keys[ROWS];
    require(rr_items_keys_of(rr_agent_items(agent), items, ROWS, keys, &err), &err);
    for (int i = 0; i < ROWS; i++) {
        rewards[i] = keys[i] % 2 == 0 ? 1.0f : 0.0f;
    }
    require(rr_buffer_reward(buffer, &outcome, &err), &err);
}

int main(void)
{
    rr_error err;
    static float vectors[(OLD + NEW) * DIM], states[ROWS * DIM];
    for (int i = 0; i < (OLD + NEW) * DIM; i++) {
        vectors[i] = uniform() - 0.5f;
    }
    for (int i = 0; i < ROWS * DIM; i++) {
        states[i] = uniform() - 0.5f;
    }
    rr_items *old_items = create_items(0, OLD, vectors);
    rr_items *new_items = create_items(20, NEW, vectors); /* keys 1020 … 1039 are in both */

    rr_agent *agent = NULL;
    rr_buffer *buffer = NULL;
    rr_agent_config config;
    rr_ppo_config ppo;
    rr_buffer_config rollout;
    rr_agent_config_init(&config, sizeof config);
    rr_ppo_config_init(&ppo, sizeof ppo);
    rr_buffer_config_init(&rollout, sizeof rollout);
    config.state_dim = DIM;
    config.item_dim = DIM;
    config.has_bias = 1;
    config.max_candidates = config.max_history = 0;
    ppo.batch_size = 8;
    ppo.n_steps = STEPS;
    require(rr_agent_create(&agent, &config, &ppo, old_items, NULL, &err), &err);
    require(rr_agent_fit_buffer_config(agent, ROWS, &rollout, &err), &err);
    require(rr_buffer_create(&buffer, &rollout, NULL, &err), &err);

    rr_obs obs = {.struct_size = sizeof obs, .n = ROWS, .state_dim = DIM, .states = states};
    rr_stats stats = {.struct_size = sizeof stats};
    for (int t = 0; t < STEPS; t++) {
        step(agent, buffer, &obs);
    }
    require(rr_agent_update(agent, buffer, &obs, &stats, &err), &err);
    printf("old catalogue: %d items, trained on %d rows\n", (int)rr_items_count(old_items),
           (int)stats.n_rows);

    /* In mid-session: two steps under the old catalogue, the swap, the rest under the new one. */
    for (int t = 0; t < STEPS; t++) {
        if (t == 2) {
            require(rr_agent_set_items(agent, new_items, &err), &err);
        }
        step(agent, buffer, &obs);
    }
    require(rr_agent_update(agent, buffer, &obs, &stats, &err), &err);
    printf("after the swap: %d items, trained on %d rows, left out %d of the old catalogue\n",
           (int)rr_items_count(rr_agent_items(agent)), (int)stats.n_rows, (int)stats.n_dropped);

    /* Another pool for this request alone: its own vectors, bias 0, the same policy. */
    int32_t best[ROWS], index = -1;
    const uint64_t key = 1030;
    obs.pool = old_items;
    require(rr_agent_top_k(agent, &obs, 1, best, NULL, NULL, &err), &err);
    require(rr_items_find(new_items, &key, 1, &index, &err), &err);
    uint64_t old_key;
    require(rr_items_keys_of(old_items, best, 1, &old_key, &err), &err);
    printf("of the old catalogue it would show item %" PRIu64 "; item %" PRIu64
           " is now number %d\n",
           old_key, key, (int)index);

    rr_buffer_destroy(buffer);
    rr_agent_destroy(agent);
    rr_items_release(old_items);
    rr_items_release(new_items);
    return EXIT_SUCCESS;
}
