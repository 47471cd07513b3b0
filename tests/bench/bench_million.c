/* SPDX-License-Identifier: MIT */
/* bench_million.c: one whole PPO update over 10⁶ items through recrl.h alone: two-tower head, width
 * 64, frozen vectors, 2048 rows, minibatch 256, 4 epochs. The rows are made up by the agent's own
 * decisions on random states.
 *
 * The work is counted as three products for each row and epoch, 6 · items · width: logits, logits
 * again, dq; frozen vectors have no dV, and the small networks are left out. Memory is the most
 * that the process has held, less the table (vectors and keys of the items) and the optimiser's
 * four arrays (kilobytes here, since only small networks learn): what is left is the library, its
 * scratch, the rollout and this program.
 *
 *   words: a number of items; --quick: 10⁵ */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "limits.h"
#include "recrl/recrl.h"

enum { ENVS = 128, STEPS = 16, ROWS = ENVS * STEPS, DIM = 64, STATE_DIM = 128, EPOCHS = 4 };

typedef struct run {
    rr_items *items;
    rr_agent *agent;
    rr_buffer *buffer;
    float states[ENVS * STATE_DIM], log_probs[ENVS], values[ENVS], rewards[ENVS];
    int32_t actions[ENVS];
    uint8_t truncated[ENVS];
    uint64_t random;
    rr_stats stats;
} run;

static rr_error err;

static void require(rr_status status)
{
    if (status != RR_OK) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
}

static float number(run *r)
{
    r->random = r->random * 6364136223846793005u + 1442695040888963407u;
    return (float)(int32_t)(r->random >> 32) * 0x1p-31f;
}

static void create(run *r, int32_t n_items, int threads)
{
    memset(r, 0, sizeof *r);
    r->stats.struct_size = sizeof r->stats;
    require(rr_items_create_random(&r->items, n_items, DIM, 1, NULL, &err));
    rr_agent_config config;
    rr_agent_config_init(&config, sizeof config);
    config.state_dim = STATE_DIM;
    config.item_dim = DIM;
    config.max_rows = ENVS;
    config.max_candidates = 0;
    config.max_history = 20;
    config.num_threads = threads;
    rr_ppo_config ppo;
    rr_ppo_config_init(&ppo, sizeof ppo);
    ppo.n_steps = STEPS;
    ppo.batch_size = 256;
    ppo.update_epochs = EPOCHS;
    ppo.ent_coef = 0.01f;
    require(rr_agent_create(&r->agent, &config, &ppo, r->items, NULL, &err));
    rr_buffer_config rows;
    rr_buffer_config_init(&rows, sizeof rows);
    rows.max_rows = ROWS;
    rows.state_dim = STATE_DIM;
    require(rr_buffer_create(&r->buffer, &rows, NULL, &err));
}

static void destroy(run *r)
{
    rr_buffer_destroy(r->buffer);
    rr_agent_destroy(r->agent);
    rr_items_release(r->items);
}

static rr_obs observe(run *r)
{
    for (size_t i = 0; i < ENVS * STATE_DIM; i++) {
        r->states[i] = number(r);
    }
    return (rr_obs){
        .struct_size = sizeof(rr_obs), .n = ENVS, .state_dim = STATE_DIM, .states = r->states};
}

static void decide(void *what)
{
    run *r = what;
    for (int step = 0; step < STEPS; step++) {
        const rr_obs obs = observe(r);
        rr_decision decision = {.struct_size = sizeof decision,
                                .n = ENVS,
                                .actions = r->actions,
                                .log_probs = r->log_probs,
                                .values = r->values};
        require(rr_agent_act(r->agent, &obs, &decision, &err));
        require(rr_buffer_record(r->buffer, &obs, &decision, &err));
        for (size_t i = 0; i < ENVS; i++) {
            r->rewards[i] = number(r);
        }
        const rr_outcome outcome = {
            .struct_size = sizeof outcome, .n = ENVS, .rewards = r->rewards};
        require(rr_buffer_reward(r->buffer, &outcome, &err));
    }
}

static void update(void *what)
{
    run *r = what;
    const rr_obs obs = observe(r);
    require(rr_agent_update(r->agent, r->buffer, &obs, &r->stats, &err));
}

static void tell(bench *b, const char *what, double seconds, double flop, const char *note)
{
    const bench_result r = {.row = "million",
                            .what = what,
                            .unit = "s",
                            .ours = seconds,
                            .limit = flop / (limits_fma() * b->threads),
                            .limit_is = "FLOP of the products with items / P",
                            .note = note};
    bench_tell(b, &r);
}

int main(int argc, char **argv)
{
    static run r;
    bench b;
    bench_begin(&b, argc, argv, "[number of items]");
    const int32_t usual = b.is_quick ? 100000 : 1000000;
    const int32_t n_items = b.n_words > 0 ? atoi(b.words[0]) : usual;
    const double product = 2.0 * ROWS * DIM * (double)n_items;
    create(&r, n_items, b.threads);
    const double acting = bench_once(decide, &r);
    const double updating = bench_once(update, &r);

    const double table = (double)n_items * (DIM * sizeof(float) + sizeof(uint64_t));
    char note[160];
    snprintf(note, sizeof note,
             "%.0f MB at the most: the items' %.0f MB and %.0f MB; entropy %.2f, norm %.2g",
             1e-6 * bench_peak_memory(), 1e-6 * table, 1e-6 * (bench_peak_memory() - table),
             (double)r.stats.entropy, (double)r.stats.grad_norm);
    tell(&b, "2048 decisions", acting, product, NULL);
    tell(&b, "update of 2048 rows, minibatch 256, 4 epochs", updating, 3.0 * EPOCHS * product,
         note);
    destroy(&r);
    return bench_end(&b);
}
