/* SPDX-License-Identifier: MIT */
/* A host that was built against an older header, whose structs are shorter, copies a view that the
 * library handed out, by value, and hands the copy back. The copies end where a page ends, and the
 * next page cannot be read: whoever reads further dies. */
#define _DEFAULT_SOURCE /* MAP_ANONYMOUS */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <unistd.h>

#include <recrl/recrl.h>

enum { N = 4, CANDIDATES = 5 };

static void need(int is_well, const char *what, const rr_error *err)
{
    if (!is_well) {
        fprintf(stderr, "older_host: %s: %s\n", what, err->text);
        exit(EXIT_FAILURE);
    }
}

/* `bytes` that end at a page which cannot be read. */
static void *at_the_edge(size_t bytes, const rr_error *err)
{
    const size_t page = (size_t)sysconf(_SC_PAGESIZE);
    unsigned char *pages =
        mmap(NULL, 2 * page, PROT_READ | PROT_WRITE, MAP_PRIVATE | MAP_ANONYMOUS, -1, 0);
    need(pages != MAP_FAILED && mprotect(pages + page, page, PROT_NONE) == 0, "two pages", err);
    return pages + page - bytes;
}

int main(void)
{
    rr_error err = {0};
    rr_env_config world;
    rr_env_config_init(&world, sizeof world);
    world.n_envs = N;
    world.num_items = 50;
    world.num_candidates = CANDIDATES;
    world.history_length = 3;
    world.max_episode_steps = 2;
    rr_env *env = NULL;
    need(rr_env_create(&env, &world, NULL, NULL, 0, NULL, &err) == RR_OK, "env", &err);
    need(rr_env_reset(env, &err) == RR_OK, "reset", &err);

    rr_obs *obs = at_the_edge(sizeof *obs, &err);
    obs->struct_size = sizeof *obs;
    need(rr_env_observe(env, obs, &err) == RR_OK, "observe", &err);
    rr_agent_config config;
    rr_agent_config_init(&config, sizeof config);
    config.state_dim = obs->state_dim;
    config.item_dim = rr_items_dim(rr_env_items(env));
    rr_agent *agent = NULL;
    need(rr_agent_create(&agent, &config, NULL, rr_env_items(env), NULL, &err) == RR_OK, "agent",
         &err);

    const int32_t actions[N] = {0};
    float values[N];
    rr_outcome *outcome = at_the_edge(sizeof *outcome, &err);
    outcome->struct_size = sizeof *outcome;
    for (int step = 0; step < 4; step++) {
        need(rr_env_step(env, actions, outcome, &err) == RR_OK, "step", &err);
        rr_obs *copy = at_the_edge(sizeof *copy, &err);
        *copy = *outcome->final_obs;
        need(copy->struct_size <= sizeof *copy, "the view is longer than the host's struct", &err);
        need(copy->n == N && copy->pool == rr_env_items(env), "what was copied", &err);
        need(rr_agent_evaluate(agent, copy, actions, NULL, NULL, values, &err) == RR_OK, "evaluate",
             &err);
    }
    rr_agent_destroy(agent);
    rr_env_destroy(env);
    return EXIT_SUCCESS;
}
