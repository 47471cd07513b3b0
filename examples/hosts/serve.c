/* SPDX-License-Identifier: MIT */
/* A host that only serves: loads a checkpoint of the synthetic world, publishes its policy, and
 * lets four threads ask it for items. It never trains.
 *
 *     host_serve [checkpoints/ppo.safetensors] */
#include <inttypes.h>
#include <pthread.h>
#include <recrl/recrl.h>
#include <stdio.h>
#include <stdlib.h>

enum { TOP = 5, N_THREADS = 4, N_REQUESTS = 1000 };

static void require(rr_status status, const rr_error *err)
{
    if (status != RR_OK) {
        fprintf(stderr, "serve: %s\n", err->text);
        exit(EXIT_FAILURE);
    }
}

/* An agent as it was trained. The catalogue is the host's; here it is made again from the world's
 * seed. */
static rr_agent *load(const char *path)
{
    rr_error err;
    rr_env_config world;
    rr_agent_config config;
    rr_ppo_config ppo;
    rr_a2c_config a2c;
    rr_reinforce_config reinforce;
    void *const algo_configs[] = {
        [RR_ALGO_PPO] = &ppo, [RR_ALGO_A2C] = &a2c, [RR_ALGO_REINFORCE] = &reinforce};
    rr_items *items = NULL;
    rr_agent *agent = NULL;
    int32_t algo = RR_ALGO_PPO;
    rr_env_config_init(&world, sizeof world);
    rr_agent_config_init(&config, sizeof config);
    rr_ppo_config_init(&ppo, sizeof ppo);
    rr_a2c_config_init(&a2c, sizeof a2c);
    rr_reinforce_config_init(&reinforce, sizeof reinforce);
    require(rr_checkpoint_read_config(path, &world, NULL, &err), &err);
    require(rr_checkpoint_read_config(path, &config, &algo, &err), &err);
    require(rr_items_create_random(&items, world.num_items, config.item_dim, world.world_seed, NULL,
                                   &err),
            &err);
    require(rr_checkpoint_read_config(path, algo_configs[algo], NULL, &err), &err);
    require(rr_agent_create(&agent, &config, algo_configs[algo], items, NULL, &err), &err);
    rr_checkpoint trained = {.struct_size = sizeof trained, .agent = agent};
    require(rr_checkpoint_load(&trained, path, &err), &err);
    rr_items_release(items);
    return agent;
}

/* One thread of the server. All of them serve one user here, who likes what items 7, 8 and 9 are
 * like, and has seen nothing yet. */
typedef struct server {
    rr_slot *slot;
    const float *state;
    int32_t state_dim;
    uint64_t number;
    int64_t n_explored; /* decisions that were not the most probable item */
} server;

static void *serve(void *context)
{
    server *s = context;
    rr_error err;
    rr_reader *reader = NULL;
    require(rr_reader_join(&reader, s->slot, s->number, NULL, &err), &err);
    for (uint64_t i = 0; i < N_REQUESTS; i++) {
        const uint64_t session = s->number, id = s->number * N_REQUESTS + i;
        const rr_obs obs = {.struct_size = sizeof obs,
                            .n = 1,
                            .state_dim = s->state_dim,
                            .states = s->state,
                            .sessions = &session,
                            .decisions = &id};
        int32_t position = -1, best = -1;
        float log_prob = 0.0f;
        rr_policy *policy = NULL;
        rr_decision decision = {
            .struct_size = sizeof decision, .n = 1, .actions = &position, .log_probs = &log_prob};
        require(rr_reader_acquire(reader, &policy, &err), &err); /* one version for both calls */
        require(rr_policy_act(policy, reader, &obs, &decision, &err), &err);
        require(rr_policy_top_k(policy, reader, &obs, 1, &best, NULL, NULL, &err), &err);
        require(rr_reader_release(reader, &err), &err);
        s->n_explored += position != best;
    }
    rr_reader_destroy(reader);
    return NULL;
}

static void serve_together(rr_slot *slot, const float *state, int32_t state_dim)
{
    server servers[N_THREADS];
    pthread_t threads[N_THREADS];
    int64_t n_explored = 0;
    for (uint64_t i = 0; i < N_THREADS; i++) {
        servers[i] = (server){slot, state, state_dim, i, 0};
        if (pthread_create(&threads[i], NULL, serve, &servers[i]) != 0) {
            fprintf(stderr, "serve: the system refused a thread\n");
            exit(EXIT_FAILURE);
        }
    }
    for (size_t i = 0; i < N_THREADS; i++) {
        (void)pthread_join(threads[i], NULL);
        n_explored += servers[i].n_explored;
    }
    printf("%d threads made %d decisions; %" PRId64 " were not the most probable item\n",
           (int)N_THREADS, (int)N_THREADS * N_REQUESTS, n_explored);
}

static void print_best(rr_slot *slot, const float *state, int32_t state_dim)
{
    rr_error err;
    rr_reader *reader = NULL;
    rr_policy *policy = rr_slot_get(slot);
    require(rr_reader_create(&reader, policy, 0, NULL, &err), &err);
    const rr_obs obs = {.struct_size = sizeof obs, .n = 1, .state_dim = state_dim, .states = state};
    int32_t top[TOP];
    float log_probs[TOP];
    require(rr_policy_top_k(policy, reader, &obs, TOP, top, NULL, log_probs, &err), &err);
    uint64_t keys[TOP];
    require(rr_items_keys_of(rr_policy_items(policy), top, TOP, keys, &err), &err);
    printf("policy %016" PRIx64 "\n", rr_policy_version(policy));
    for (int i = 0; i < TOP; i++) {
        printf("  %d. item %" PRIu64 ", log-prob %.3f\n", i + 1, keys[i], (double)log_probs[i]);
    }
    rr_reader_destroy(reader);
    rr_policy_release(policy);
}

int main(int argc, char **argv)
{
    rr_error err;
    rr_agent *agent = load(argc > 1 ? argv[1] : "checkpoints/ppo.safetensors");
    const rr_items *items = rr_agent_items(agent);
    const int32_t d = rr_items_dim(items);
    float *state = calloc((size_t)d * 2, sizeof *state);
    if (state == NULL) {
        return EXIT_FAILURE;
    }
    rr_items_segment first = {.struct_size = sizeof first};
    require(rr_items_segment_at(items, 0, &first, &err), &err);
    for (int32_t j = 0; j < d; j++) {
        const float *v = first.vectors + 7 * (size_t)d + j;
        state[j] = 2.0f * (v[0] + v[d] + v[2 * d]);
    }

    /* Every twentieth decision is spread evenly over the catalogue, and its log-prob says so. */
    rr_serving_options options;
    rr_policy *policy = NULL;
    rr_slot *slot = NULL;
    rr_serving_options_init(&options, sizeof options);
    options.floor = 0.05f;
    require(rr_agent_publish(agent, &options, &policy, &err), &err);
    require(rr_slot_create(&slot, policy, N_THREADS, NULL, &err), &err);
    rr_policy_release(policy);
    rr_agent_destroy(agent); /* the snapshot needs it no more */

    serve_together(slot, state, 2 * d);
    print_best(slot, state, 2 * d);
    rr_slot_release(slot);
    free(state);
    return EXIT_SUCCESS;
}
