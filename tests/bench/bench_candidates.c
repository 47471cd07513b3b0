/* SPDX-License-Identifier: MIT */
/* bench_candidates: the network that sees each candidate of a list (candidate_hidden), 64-64 over
 * 16 features, vectors of 64 and a state of 64; lists of 300 out of a pool of 10⁴.
 *
 *   network          one decision from a published policy, which keeps C v_i of its pool
 *   network-update   PPO: 256 rows, minibatches of 64, 4 epochs; the update alone
 *
 * The limit is that of the products alone at P, or of the bytes of a decision at the rates of their
 * levels where that is more. Each tanh is some two dozen operations beside them; a note tells the
 * share with those, of the quickest run. */
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"
#include "limits.h"
#include "recrl/recrl.h"

enum {
    STATE = 64,
    DIM = 64,
    HIDDEN = 64,
    LIST = 300,
    FEATURES = 16,
    N_ITEMS = 10000,
    ROWS = 256,
    EPOCHS = 4,
    MINIBATCH = 64,
    TANH_FLOP = 24 /* lib/math/scalar.h, two to an FMA */
};

static rr_error err;

static void require(rr_status status)
{
    if (status != RR_OK) {
        fprintf(stderr, "bench_candidates: %s\n", err.text);
        exit(1);
    }
}

static uint64_t random_state = 1;

static float uniform(void)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (float)(random_state >> 40) * 0x1p-24f;
}

static void fill(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        x[i] = 3.0f * uniform() - 1.5f;
    }
}

typedef struct shop {
    rr_items *items;
    rr_agent *agent;
    rr_buffer *buffer;
    rr_policy *policy;
    rr_reader *reader;
    size_t next;
    float *states;                       /* [ROWS, STATE] */
    int32_t *candidates;                 /* [ROWS, LIST] */
    float *features;                     /* [ROWS, LIST, FEATURES] */
    float *log_probs, *values, *rewards; /* [ROWS] */
    int32_t *actions;
    uint8_t *ends;
} shop;

static rr_obs observe(const shop *s, size_t first, size_t n)
{
    return (rr_obs){.struct_size = sizeof(rr_obs),
                    .n = (int32_t)n,
                    .state_dim = STATE,
                    .states = s->states + first * STATE,
                    .n_candidates = LIST,
                    .candidates = s->candidates + first * LIST,
                    .feature_dim = FEATURES,
                    .features = s->features + first * LIST * FEATURES};
}

static rr_decision decision_of(const shop *s, size_t n)
{
    return (rr_decision){.struct_size = sizeof(rr_decision),
                         .n = (int32_t)n,
                         .actions = s->actions,
                         .log_probs = s->log_probs,
                         .values = s->values};
}

/* A minibatch's worth of network is learned first, since T and u begin at 0. */
static double learn(shop *s)
{
    rr_stats stats = {.struct_size = sizeof stats};
    const rr_obs obs = observe(s, 0, ROWS);
    rr_decision decision = decision_of(s, ROWS);
    require(rr_agent_act(s->agent, &obs, &decision, &err));
    require(rr_buffer_record(s->buffer, &obs, &decision, &err));
    const rr_outcome outcome = {
        .struct_size = sizeof outcome, .n = ROWS, .rewards = s->rewards, .terminated = s->ends};
    require(rr_buffer_reward(s->buffer, &outcome, &err));
    const double begin = bench_now();
    require(rr_agent_update(s->agent, s->buffer, &obs, &stats, &err));
    const double seconds = bench_now() - begin;
    if (stats.n_rows != ROWS) {
        fprintf(stderr, "bench_candidates: %d rows trained on\n", stats.n_rows);
        exit(1);
    }
    return seconds;
}

static void open_shop(shop *s, int threads)
{
    rr_agent_config config;
    rr_agent_config_init(&config, sizeof config);
    config.state_dim = STATE;
    config.item_dim = DIM;
    config.feature_dim = FEATURES;
    config.candidate_hidden[0] = config.candidate_hidden[1] = HIDDEN;
    config.max_rows = ROWS;
    config.initial_scale = 1.0f;
    config.max_candidates = LIST;
    config.max_history = 0;
    config.num_threads = threads;
    rr_ppo_config ppo;
    rr_ppo_config_init(&ppo, sizeof ppo);
    ppo.n_steps = 1;
    ppo.batch_size = MINIBATCH;
    ppo.update_epochs = EPOCHS;
    ppo.lr = 3e-4f;
    rr_buffer_config rows;
    rr_buffer_config_init(&rows, sizeof rows);
    rows.max_rows = ROWS;
    rows.feature_dim = FEATURES;
    rows.max_candidates = LIST;
    rows.max_history = 0;
    require(rr_items_create_random(&s->items, N_ITEMS, DIM, 1, NULL, &err));
    require(rr_agent_create(&s->agent, &config, &ppo, s->items, NULL, &err));
    require(rr_buffer_create(&s->buffer, &rows, NULL, &err));

    s->states = bench_block(ROWS * STATE * sizeof(float));
    s->candidates = bench_block(ROWS * LIST * sizeof(int32_t));
    s->features = bench_block(ROWS * LIST * FEATURES * sizeof(float));
    s->actions = bench_block(ROWS * sizeof(int32_t));
    s->log_probs = bench_block(ROWS * sizeof(float));
    s->values = bench_block(ROWS * sizeof(float));
    s->rewards = bench_block(ROWS * sizeof(float));
    s->ends = bench_block(ROWS);
    fill(s->states, ROWS * STATE);
    fill(s->features, ROWS * LIST * FEATURES);
    fill(s->rewards, ROWS);
    for (size_t r = 0; r < ROWS; r++) {
        const size_t start = (size_t)(uniform() * N_ITEMS);
        for (size_t i = 0; i < LIST; i++) {
            s->candidates[r * LIST + i] = (int32_t)((start + i * 7919) % N_ITEMS);
        }
        s->ends[r] = 1;
    }
    learn(s);
    require(rr_agent_publish(s->agent, NULL, &s->policy, &err));
    require(rr_reader_create(&s->reader, s->policy, 1, NULL, &err));
}

static void close_shop(shop *s)
{
    rr_reader_destroy(s->reader);
    rr_policy_release(s->policy);
    rr_buffer_destroy(s->buffer);
    rr_agent_destroy(s->agent);
    rr_items_release(s->items);
    free(s->states);
    free(s->candidates);
    free(s->features);
    free(s->actions);
    free(s->log_probs);
    free(s->values);
    free(s->rewards);
    free(s->ends);
}

static void decide(void *what)
{
    shop *s = what;
    const rr_obs obs = observe(s, s->next, 1);
    rr_decision decision = decision_of(s, 1);
    require(rr_policy_act(s->policy, s->reader, &obs, &decision, &err));
    s->next = (s->next + 1) % 16;
}

/* FLOP of the products of a row: A f, the second layer, g·h and q·v of its candidates; C v is kept
 * in act. What the state alone takes is a thousandth. */
static double act_flop(void)
{
    return 2.0 * LIST * (FEATURES * HIDDEN + HIDDEN * HIDDEN + HIDDEN + DIM);
}

/* Forward with C v, and backward: dg, dh and dq once each, the second layer's weights and its
 * input, A and C. */
static double update_flop(void)
{
    const double layer = HIDDEN * HIDDEN, made = DIM * HIDDEN, features = FEATURES * HIDDEN;
    const double backward = 2.0 * HIDDEN + DIM + 2.0 * layer + made + features;
    return act_flop() + 2.0 * LIST * (made + backward);
}

/* Seconds of a decision's bytes: weights and features out of the second cache; v and C v of each
 * candidate out of a pool that does not fit there. */
static double act_reads(void)
{
    const double near = 4.0 * (HIDDEN * (FEATURES + HIDDEN) + LIST * FEATURES);
    const double far = 4.0 * LIST * (DIM + HIDDEN);
    return near / limits_read(LIMITS_L2) + far / limits_read(LIMITS_L3);
}

static void tell_decision(bench *b)
{
    shop s = {0};
    open_shop(&s, 1);
    const bench_times times = bench_latency(b, decide, &s);
    const double tanhs = 2.0 * LIST * HIDDEN * TANH_FLOP;
    const double products = act_flop() / limits_fma(), reads = act_reads();
    char note[96];
    snprintf(note, sizeof note, "%.1f us at its quickest; there %.0f %% of the limit with tanh",
             1e6 * times.min, 100.0 * (act_flop() + tanhs) / limits_fma() / times.min);
    bench_tell(b, &(bench_result){.row = "network",
                                  .what = "300 of 10000 items, 16 features, 64-64",
                                  .unit = "us",
                                  .ours = 1e6 * times.median,
                                  .p99 = 1e6 * times.p99,
                                  .limit = 1e6 * (products > reads ? products : reads),
                                  .limit_is = products > reads ? "3.15 MFLOP of products / P"
                                                               : "its bytes / L2 and L3",
                                  .note = note});
    close_shop(&s);
}

static void tell_update(bench *b)
{
    enum { MOST = 64 };
    double seconds[MOST];
    size_t n = 0;
    shop s = {0};
    open_shop(&s, b->threads);
    const double begin = bench_now();
    while (n < MOST && (n < 7 || bench_now() - begin < b->seconds)) {
        seconds[n++] = learn(&s);
    }
    const bench_times times = bench_summary(seconds, n);
    const double flop = EPOCHS * update_flop(), tanhs = EPOCHS * 2.0 * LIST * HIDDEN * TANH_FLOP;
    const double p = (double)b->threads * limits_fma();
    char note[96];
    snprintf(note, sizeof note, "%.0f rows/s at its quickest: %.1f %%; %.0f %% with tanh",
             ROWS / times.min, 100.0 * ROWS * flop / p / times.min,
             100.0 * ROWS * (flop + tanhs) / p / times.min);
    bench_tell(b, &(bench_result){.row = "network-update",
                                  .what = "lists of 300, 64-64, minibatch 64, 4 epochs",
                                  .unit = "rows/s",
                                  .ours = ROWS / times.median,
                                  .limit = p / flop,
                                  .limit_is = "56 MFLOP of products a row / P",
                                  .note = note});
    close_shop(&s);
}

int main(int argc, char **argv)
{
    bench b;
    bench_begin(&b, argc, argv, "[network] [network-update]");
    if (bench_wants(&b, "network")) {
        tell_decision(&b);
    }
    if (bench_wants(&b, "network-update")) {
        tell_update(&b);
    }
    return bench_end(&b);
}
