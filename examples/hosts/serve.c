/* SPDX-License-Identifier: MIT */
/* A host that only serves: loads a checkpoint of the drawn world, and asks for items. It never
 * trains.
 *
 *     host_serve [checkpoints/ppo.safetensors] */
#include <inttypes.h>
#include <recrl/recrl.h>
#include <stdio.h>
#include <stdlib.h>

enum { TOP = 5 };

static void require(rr_status status, const rr_error *err)
{
    if (status != RR_OK) {
        fprintf(stderr, "serve: %s\n", err->text);
        exit(EXIT_FAILURE);
    }
}

/* An agent as it was trained. The catalogue is the host's; here it is drawn again from the world's
 * seed. */
static rr_agent *load(const char *path)
{
    rr_error err;
    rr_env_config world;
    rr_agent_config config;
    rr_ppo_config ppo;
    rr_a2c_config a2c;
    rr_items *items = NULL;
    rr_agent *agent = NULL;
    int32_t algo = RR_ALGO_PPO;
    rr_env_config_init(&world, sizeof world);
    rr_agent_config_init(&config, sizeof config);
    rr_ppo_config_init(&ppo, sizeof ppo);
    rr_a2c_config_init(&a2c, sizeof a2c);
    require(rr_checkpoint_read_config(path, RR_CONFIG_ENV, &world, NULL, &err), &err);
    require(rr_checkpoint_read_config(path, RR_CONFIG_AGENT, &config, &algo, &err), &err);
    require(rr_items_create_drawn(&items, world.num_items, config.item_dim, world.world_seed, NULL,
                                  &err),
            &err);
    if (algo == RR_ALGO_PPO) {
        require(rr_checkpoint_read_config(path, RR_CONFIG_PPO, &ppo, NULL, &err), &err);
        require(rr_agent_create_ppo(&agent, &config, &ppo, items, NULL, &err), &err);
    } else {
        require(rr_checkpoint_read_config(path, RR_CONFIG_A2C, &a2c, NULL, &err), &err);
        require(rr_agent_create_a2c(&agent, &config, &a2c, items, NULL, &err), &err);
    }
    require(rr_checkpoint_load(path, agent, NULL, NULL, NULL, 0, NULL, &err), &err);
    rr_items_destroy(items);
    return agent;
}

int main(int argc, char **argv)
{
    rr_error err;
    const char *path = argc > 1 ? argv[1] : "checkpoints/ppo.safetensors";
    rr_agent *agent = load(path);
    const rr_items *items = rr_agent_items(agent);
    const int32_t d = rr_items_dim(items);

    /* A user who likes what items 7, 8 and 9 are like, and has seen nothing yet: u, then zeros. */
    float *state = calloc((size_t)d * 2, sizeof *state);
    if (state == NULL) {
        return EXIT_FAILURE;
    }
    for (int32_t j = 0; j < d; j++) {
        const float *v = rr_items_vectors(items) + 7 * (size_t)d + j;
        state[j] = 2.0f * (v[0] + v[d] + v[2 * d]);
    }
    const uint64_t session = 1, id = 42;
    const rr_obs obs = {.struct_size = sizeof obs,
                        .n = 1,
                        .state_dim = 2 * d,
                        .states = state,
                        .sessions = &session,
                        .decisions = &id};
    int32_t position = -1, top[TOP];
    float log_prob = 0.0f, log_probs[TOP];
    rr_decision decision = {
        .struct_size = sizeof decision, .n = 1, .actions = &position, .log_probs = &log_prob};
    require(rr_agent_act(agent, &obs, &decision, &err), &err);
    require(rr_agent_top_k(agent, &obs, TOP, top, NULL, log_probs, &err), &err);
    printf("policy %016" PRIx64 ", decision %" PRIu64 ": item %" PRIu64 " (log-prob %.3f)\n",
           rr_agent_version(agent), id, rr_items_keys(items)[position], (double)log_prob);
    for (int i = 0; i < TOP; i++) {
        printf("  %d. item %" PRIu64 ", log-prob %.3f\n", i + 1, rr_items_keys(items)[top[i]],
               (double)log_probs[i]);
    }
    free(state);
    rr_agent_destroy(agent);
    return EXIT_SUCCESS;
}
