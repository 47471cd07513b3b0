/* SPDX-License-Identifier: MIT */
/* Snapshots and references: who holds what, for how long, and how a policy goes to another process
 * and back: through memory here, as it would through a socket or a column of a table.
 *
 *     host_snapshots */
#include <inttypes.h>
#include <recrl/recrl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIM = 8, ITEMS = 100 };

static void require(rr_status status, const rr_error *err)
{
    if (status != RR_OK) {
        fprintf(stderr, "snapshots: %s\n", err->text);
        exit(EXIT_FAILURE);
    }
}

static const char *yes_no(int is_so)
{
    return is_so ? "yes" : "no";
}

/* log π(a) and V(s) of one request, from a snapshot. */
static float log_prob_of(const rr_policy *policy, const float *state, int32_t action)
{
    rr_error err;
    rr_reader *reader = NULL;
    float log_prob = 0.0f;
    const rr_obs obs = {.struct_size = sizeof obs, .n = 1, .state_dim = DIM, .states = state};
    require(rr_reader_create(&reader, policy, 0, NULL, &err), &err);
    require(rr_policy_evaluate(policy, reader, &obs, &action, &log_prob, NULL, NULL, &err), &err);
    rr_reader_destroy(reader);
    return log_prob;
}

/* The catalogue is handed on whole, segment by segment, to whoever builds an index of it. */
static int32_t count_items(const rr_items *items)
{
    rr_error err;
    int32_t n = 0;
    for (int32_t i = 0; i < rr_items_segment_count(items); i++) {
        rr_items_segment part = {.struct_size = sizeof part};
        require(rr_items_segment_at(items, i, &part, &err), &err);
        n += part.n;
    }
    return n;
}

/* A policy as bytes, and another one made of them, as a second process would. */
static rr_policy *through_memory(const rr_policy *policy, rr_items *items)
{
    rr_error err;
    size_t bytes = 0;
    rr_policy *loaded = NULL;
    require(rr_policy_save_memory(policy, NULL, 0, &bytes, &err), &err); /* only asks */
    void *block = malloc(bytes);
    if (block == NULL) {
        exit(EXIT_FAILURE);
    }
    require(rr_policy_save_memory(policy, block, bytes, &bytes, &err), &err);
    require(rr_policy_load_memory(&loaded, block, bytes, items, NULL, &err), &err);
    free(block);
    return loaded;
}

/* The agent as it was, from bytes: what a trainer that moves to another machine takes along. */
static rr_agent *moved(rr_agent *agent, const rr_agent_config *config, rr_items *items)
{
    rr_error err;
    size_t bytes = 0;
    rr_agent *other = NULL;
    const rr_checkpoint from = {.struct_size = sizeof from, .agent = agent};
    require(rr_checkpoint_save_memory(&from, NULL, 0, &bytes, &err), &err);
    void *block = malloc(bytes);
    if (block == NULL) {
        exit(EXIT_FAILURE);
    }
    require(rr_checkpoint_save_memory(&from, block, bytes, &bytes, &err), &err);
    require(rr_agent_create(&other, config, NULL, items, NULL, &err), &err);
    rr_checkpoint to = {.struct_size = sizeof to, .agent = other};
    require(rr_checkpoint_load_memory(&to, block, bytes, &err), &err);
    free(block);
    return other;
}

int main(void)
{
    rr_error err;
    rr_items *items = NULL;
    rr_agent *agent = NULL;
    rr_agent_config config;
    rr_serving_options options;
    float state[DIM];
    for (int j = 0; j < DIM; j++) {
        state[j] = 0.25f * (float)(j - 3);
    }
    printf("library and header agree: %s\n",
           yes_no(rr_version() ==
                  RR_VERSION_MAJOR * 10000 + RR_VERSION_MINOR * 100 + RR_VERSION_PATCH));
    rr_agent_config_init(&config, sizeof config);
    rr_serving_options_init(&options, sizeof options);
    config.state_dim = config.item_dim = DIM;
    config.max_rows = 1;
    config.max_candidates = config.max_history = 0;
    options.floor = 0.1f;
    require(rr_items_create_random(&items, ITEMS, DIM, 0, NULL, &err), &err);
    printf("items in all segments: %d\n", count_items(items));
    require(rr_agent_create(&agent, &config, NULL, items, NULL, &err), &err);

    /* Who wants to keep something that is released elsewhere retains it. */
    rr_policy *first = NULL;
    rr_slot *slot = NULL, *of_a_thread;
    require(rr_agent_publish(agent, &options, &first, &err), &err);
    require(rr_slot_create(&slot, first, 2, NULL, &err), &err);
    of_a_thread = rr_slot_retain(slot);
    rr_slot_release(slot); /* by whoever made it: the thread's reference keeps it alive */
    rr_policy *kept = rr_policy_retain(first);
    rr_items *catalogue = rr_items_retain(items);
    const uint64_t fingerprint = rr_items_fingerprint(items);
    rr_policy_release(first);
    rr_items_release(items);

    rr_policy *loaded = through_memory(kept, catalogue);
    printf("a loaded policy is the same version: %s\n",
           yes_no(rr_policy_version(loaded) == rr_policy_version(kept)));
    printf("and gives the same log-prob, to the bit: %s\n",
           yes_no(log_prob_of(loaded, state, 7) == log_prob_of(kept, state, 7)));

    rr_agent_config of_policy;
    rr_serving_options of_serving;
    rr_agent_config_init(&of_policy, sizeof of_policy);
    rr_serving_options_init(&of_serving, sizeof of_serving);
    require(rr_policy_get_config(loaded, &of_policy, &err), &err);
    require(rr_policy_get_options(loaded, &of_serving, &err), &err);
    printf("it serves states of width %d with a floor of %.2f\n", of_policy.state_dim,
           (double)of_serving.floor);

    rr_agent *other = moved(agent, &config, catalogue);
    printf("an agent that moved is the same version: %s\n",
           yes_no(rr_agent_version(other) == rr_agent_version(agent)));

    /* All are gone but what is held here: the slot's policy and the catalogue are whole. */
    rr_agent_destroy(agent);
    rr_agent_destroy(other);
    rr_policy *present = rr_slot_get(of_a_thread);
    printf("the slot still has its policy: %s\n", yes_no(present == kept));
    printf("its catalogue is unchanged: %s\n",
           yes_no(rr_items_fingerprint(rr_policy_items(present)) == fingerprint));
    rr_policy_release(present);
    rr_policy_release(loaded);
    rr_policy_release(kept);
    rr_slot_release(of_a_thread);
    rr_items_release(catalogue);
    return EXIT_SUCCESS;
}
