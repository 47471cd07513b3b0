/* SPDX-License-Identifier: MIT */
/* Memory beforehand: what each handle will take is known before it is made, so a host with a fixed
 * block decides what fits, and nothing can fail later. The allocator is the host's own; here it
 * counts, and the counts are compared with what was promised.
 *
 *     host_memory [bytes]     with the figures, which differ between machines */
#include <recrl/recrl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { SESSIONS = 8, STEPS = 20, READERS = 4 };

static void require(rr_status status, const rr_error *err)
{
    if (status != RR_OK) {
        fprintf(stderr, "memory: %s\n", err->text);
        exit(EXIT_FAILURE);
    }
}

/* The host's memory: what the library holds of it now, and how often it asked. */
typedef struct account {
    size_t bytes, n_asked;
} account;

static void *allocate(void *user, size_t bytes, size_t alignment)
{
    account *a = user;
    void *block = aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
    if (block != NULL) {
        a->bytes += bytes;
        a->n_asked++;
    }
    return block;
}

static void release(void *user, void *block, size_t bytes)
{
    account *a = user;
    a->bytes -= block != NULL ? bytes : 0;
    free(block);
}

/* What was held before a handle was made, and whether figures are shown. */
typedef struct bill {
    account held;
    size_t before;
    int shows_bytes, n_wrong;
} bill;

/* Compares what the handle that was just made takes with what was promised. */
static void compare(bill *b, const char *name, size_t promised)
{
    const size_t taken = b->held.bytes - b->before;
    printf("%-8s %s", name, taken == promised ? "takes what was promised" : "takes something else");
    if (b->shows_bytes) {
        printf(": %zu bytes", taken);
    }
    printf("\n");
    b->n_wrong += taken != promised;
    b->before = b->held.bytes;
}

/* Interactions: known by their numbers when they come from arrays, and by the lines of their file
 * when they are loaded: the figure is then what loading takes at most, and serves as its limit. */
static void weigh_interactions(bill *b, const rr_host *host)
{
    rr_error err;
    enum { USERS = 50, ITEMS = 20, ROWS = USERS * ITEMS };
    static uint64_t users[ROWS], items[ROWS];
    static float ratings[ROWS];
    static uint8_t marks[ROWS];
    const char *path = "host_memory.csv";
    FILE *file = fopen(path, "w");
    if (file == NULL || fputs("user_id,item_id,rating\n", file) < 0) {
        fprintf(stderr, "memory: %s cannot be written\n", path);
        exit(EXIT_FAILURE);
    }
    for (int i = 0; i < ROWS; i++) {
        users[i] = (uint64_t)(i / ITEMS);
        items[i] = (uint64_t)(i % ITEMS);
        ratings[i] = (float)(i % 5);
        marks[i] = i % 10 == 0;
        fprintf(file, "%d,%d,%d\n", i / ITEMS, i % ITEMS, i % 5);
    }
    if (fclose(file) != 0) {
        exit(EXIT_FAILURE);
    }

    size_t bytes = 0;
    rr_dataset *all = NULL, *part = NULL, *loaded = NULL;
    require(rr_dataset_memory(ROWS, USERS, ITEMS, &bytes, &err), &err);
    require(rr_dataset_create(&all, users, items, ratings, NULL, ROWS, host, &err), &err);
    compare(b, "dataset", bytes);
    require(rr_dataset_select_memory(all, marks, 1, &bytes, &err), &err);
    require(rr_dataset_select(&part, all, marks, 1, host, &err), &err);
    compare(b, "part", bytes);

    rr_load_options options;
    rr_load_options_init(&options, sizeof options);
    require(rr_dataset_load_memory(path, &options, host, &bytes, &err), &err);
    options.memory_limit = bytes;
    require(rr_dataset_load(&loaded, path, &options, host, &err), &err);
    printf("a file   stays within what was promised: %s\n",
           b->held.bytes - b->before <= bytes ? "yes" : "no");
    rr_dataset_destroy(loaded);
    rr_dataset_destroy(part);
    rr_dataset_destroy(all);
    b->before = b->held.bytes;
    (void)remove(path);
}

/* A policy that another process saved, before it is read: its header says enough. */
static void weigh_file(bill *b, const rr_policy *policy, const rr_host *host)
{
    rr_error err;
    size_t bytes = 0;
    rr_policy *loaded = NULL;
    const char *path = "host_memory.safetensors";
    rr_items *items = rr_policy_items(policy);
    require(rr_policy_save(policy, path, &err), &err);
    b->before = b->held.bytes;
    require(rr_policy_file_memory(path, items, &bytes, &err), &err);
    require(rr_policy_load(&loaded, path, items, host, &err), &err);
    compare(b, "policy", bytes);
    rr_policy_release(loaded);
    b->before = b->held.bytes;
    (void)remove(path);
}

int main(int argc, char **argv)
{
    rr_error err;
    static bill b;
    size_t bytes = 0;
    b.shows_bytes = argc > 1 && strcmp(argv[1], "bytes") == 0;
    const rr_host host = {
        .struct_size = sizeof host, .allocate = allocate, .release = release, .user = &b.held};

    rr_items *items = NULL;
    require(rr_items_memory(500, 16, 0, 0, &bytes, &err), &err);
    require(rr_items_create_random(&items, 500, 16, 0, &host, &err), &err);
    compare(&b, "items", bytes);

    rr_env *env = NULL;
    rr_env_config world;
    rr_env_config_init(&world, sizeof world);
    world.n_envs = SESSIONS;
    world.state_dim = 2 * 16;
    world.max_episode_steps = STEPS;
    require(rr_env_memory(&world, items, 0, &bytes, &err), &err);
    require(rr_env_create(&env, &world, items, NULL, 0, &host, &err), &err);
    compare(&b, "env", bytes);

    rr_agent *agent = NULL;
    rr_agent_config config;
    rr_agent_config_init(&config, sizeof config);
    require(rr_env_fit_agent_config(env, &config, &err),
            &err); /* widths and limits of this world */
    require(rr_agent_memory(&config, NULL, items, &bytes, &err), &err);
    require(rr_agent_create(&agent, &config, NULL, items, &host, &err), &err);
    compare(&b, "agent", bytes);

    rr_buffer *buffer = NULL;
    rr_buffer_config rollout;
    rr_buffer_config_init(&rollout, sizeof rollout);
    require(rr_agent_fit_buffer_config(agent, SESSIONS, &rollout, &err), &err);
    require(rr_buffer_memory(&rollout, &bytes, &err), &err);
    require(rr_buffer_create(&buffer, &rollout, &host, &err), &err);
    compare(&b, "buffer", bytes);

    rr_ledger *ledger = NULL;
    rr_ledger_config visits;
    rr_ledger_config_init(&visits, sizeof visits);
    require(rr_agent_fit_ledger_config(agent, &visits, &err), &err);
    require(rr_ledger_memory(&visits, &bytes, &err), &err);
    require(rr_ledger_create(&ledger, &visits, &host, &err), &err);
    compare(&b, "ledger", bytes);

    rr_metrics *metrics = NULL;
    require(rr_metrics_memory(items, SESSIONS, 100, STEPS, &bytes, &err), &err);
    require(rr_metrics_create(&metrics, items, SESSIONS, 100, STEPS, &host, &err), &err);
    compare(&b, "metrics", bytes);

    const int32_t user_dim = 4;
    rr_bandit *bandit = NULL;
    require(rr_bandit_memory(items, user_dim, &bytes, &err), &err);
    require(rr_bandit_create(&bandit, RR_BANDIT_RIDGE, items, user_dim, 1.0f, 0.0f, 0, &host, &err),
            &err);
    compare(&b, "bandit", bytes);

    rr_health *health = NULL;
    require(rr_health_memory(agent, &bytes, &err), &err);
    require(rr_health_create(&health, NULL, agent, &host, &err), &err);
    compare(&b, "health", bytes);

    /* A snapshot is paid for by publish, from the agent's allocator; a slot and a reader are not.
     */
    rr_policy *policy = NULL;
    rr_slot *slot = NULL;
    rr_reader *reader = NULL;
    require(rr_agent_publish(agent, NULL, &policy, &err), &err);
    b.before = b.held.bytes;
    require(rr_slot_memory(READERS, &bytes, &err), &err);
    require(rr_slot_create(&slot, policy, READERS, &host, &err), &err);
    compare(&b, "slot", bytes);
    require(rr_reader_memory(policy, &bytes, &err), &err);
    require(rr_reader_join(&reader, slot, 0, &host, &err), &err);
    compare(&b, "reader", bytes);

    weigh_file(&b, policy, &host);
    weigh_interactions(&b, &host);

    /* What does not fit is known before it is tried. */
    config.max_rows = 1 << 20;
    require(rr_agent_memory(&config, NULL, items, &bytes, &err), &err);
    printf("an agent for a million rows at once %s into 64 MiB\n",
           bytes > (size_t)64 << 20 ? "does not fit" : "fits");

    rr_reader_destroy(reader);
    rr_slot_release(slot);
    rr_policy_release(policy);
    rr_health_destroy(health);
    rr_bandit_destroy(bandit);
    rr_metrics_destroy(metrics);
    rr_ledger_destroy(ledger);
    rr_buffer_destroy(buffer);
    rr_agent_destroy(agent);
    rr_env_destroy(env);
    rr_items_release(items);
    printf("left when all is given back: %zu bytes\n", b.held.bytes);
    return b.n_wrong == 0 && b.held.bytes == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
