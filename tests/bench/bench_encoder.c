/* SPDX-License-Identifier: MIT */
/* bench_encoder: agents that read what a session was shown: GRU 64, and Transformer 64 of 2 layers
 * and 2 heads, over vectors of 32 and rewards; a state of 64, two hidden layers of 64.
 *
 *   encoder          one decision: 50 items of history, a list of 300 out of a pool of 10⁴
 *   encoder-update   PPO over a pool of 1000: 1280 rows, minibatches of 256, 4 epochs; the update
 *                    alone. Rows alone have 20 items each and share none; those of 64 sessions of
 *                    20 steps have 0 … 19 items, which are encoded once a session
 *   fold-in          a user's vector of width 32 from 20 showings, and errors of 300 candidates
 *
 * Limits count the operations of the products, forward and backward once each: what is made again
 * on the way back is ours to lose. */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "bench.h"
#include "limits.h"
#include "nn/fold_in.h"
#include "recrl/recrl.h"

enum {
    STATE = 64,
    DIM = 32,
    TOKEN = DIM + 1,
    WIDTH = 64,
    HIDDEN = 64,
    LAYERS = 2,
    HEADS = 2,
    LIST = 300,
    PAST = 50,
    POOL = 10000,
    FEW_ITEMS = 1000,
    SESSIONS = 64,
    STEPS = 20,
    ROWS = SESSIONS * STEPS,
    EPOCHS = 4,
    MINIBATCH = 256
};

static rr_error err;

static void require(rr_status status)
{
    if (status != RR_OK) {
        fprintf(stderr, "bench_encoder: %s\n", err.text);
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
        x[i] = 2.0f * uniform() - 1.0f;
    }
}

/* ── operations ──────────────────────────────────────────────────────────────────────────────── */

/* FLOP of an encoder: forward, and back to every weight and token but the first inputs, of rows of
 * n_tokens tokens in all, of which n_rows are read; a query sees `seen` tokens on average, a last
 * one `seen_last`. */
typedef struct flop {
    double forward, backward;
} flop;

static flop flop_of_gru(double n_tokens)
{
    const double input = 2.0 * TOKEN * 3 * WIDTH, hidden = 2.0 * WIDTH * 3 * WIDTH;
    return (flop){n_tokens * (input + hidden), n_tokens * (input + 2.0 * hidden)};
}

static flop flop_of_transformer(double n_tokens, double n_rows, double seen, double seen_last)
{
    const double square = 2.0 * WIDTH * WIDTH, input = 2.0 * TOKEN * WIDTH;
    const double of_query = 6.0 * square; /* q, out, up and down, which are twice as wide */
    const double of_token = 2.0 * square; /* keys and values */
    const double look = 4.0 * WIDTH;      /* at one key and its value */
    const double n_queries = (LAYERS - 1) * n_tokens;
    const double products = n_queries * (of_query + of_token) + n_tokens * of_token +
                            n_rows * of_query + look * (n_queries * seen + n_rows * seen_last);
    return (flop){n_tokens * input + products, n_tokens * input + 2.0 * products};
}

/* Of the networks behind it and of n_items scores, for one row; frozen items have no gradient. */
static flop flop_of_heads(double n_items)
{
    const double seen = STATE + WIDTH, hidden = 2.0 * (seen * HIDDEN + HIDDEN * HIDDEN);
    const double nets = 2.0 * hidden + 2.0 * HIDDEN * (DIM + 1) + 2.0 * seen * DIM;
    const double items = 2.0 * DIM * n_items;
    return (flop){nets + items, 2.0 * nets + items};
}

/* ── an agent with a rollout ─────────────────────────────────────────────────────────────────── */

typedef struct shop {
    bool is_transformer, is_shared;
    rr_items *items;
    rr_agent *agent;
    rr_buffer *buffer;
    rr_policy *policy;
    rr_reader *reader;
    size_t next;
    float *states, *history_rewards, *rewards, *log_probs, *values;
    int32_t *history, *candidates, *actions;
    uint8_t *ends;
} shop;

static rr_agent_config config_of(const shop *s, int threads, int32_t past)
{
    rr_agent_config config;
    rr_agent_config_init(&config, sizeof config);
    config.state_dim = STATE;
    config.item_dim = DIM;
    config.encoder = s->is_transformer ? RR_ENCODER_TRANSFORMER : RR_ENCODER_GRU;
    config.encoder_width = WIDTH;
    config.encoder_layers = s->is_transformer ? LAYERS : 1;
    config.encoder_heads = s->is_transformer ? HEADS : 1;
    config.encoder_history = past;
    config.has_repeat_weight = 0;
    config.max_rows = ROWS;
    config.max_candidates = LIST;
    config.max_history = past;
    config.num_threads = threads;
    return config;
}

static void open_shop(shop *s, int threads, int32_t n_items, int32_t past)
{
    const rr_agent_config config = config_of(s, threads, past);
    rr_ppo_config ppo;
    rr_ppo_config_init(&ppo, sizeof ppo);
    ppo.n_steps = 1;
    ppo.batch_size = MINIBATCH;
    ppo.update_epochs = EPOCHS;
    ppo.lr = 3e-4f;
    rr_buffer_config rows;
    rr_buffer_config_init(&rows, sizeof rows);
    rows.max_rows = ROWS;
    rows.max_history = past;
    rows.for_encoder = 1;
    require(rr_items_create_random(&s->items, n_items, DIM, 1, NULL, &err));
    require(rr_agent_create(&s->agent, &config, &ppo, s->items, NULL, &err));
    require(rr_buffer_create(&s->buffer, &rows, NULL, &err));
    const size_t n = (size_t)ROWS * (size_t)past;
    s->states = bench_block(ROWS * STATE * sizeof(float));
    s->history = bench_block(n * sizeof(int32_t));
    s->history_rewards = bench_block(n * sizeof(float));
    s->candidates = bench_block((size_t)ROWS * LIST * sizeof(int32_t));
    s->actions = bench_block(ROWS * sizeof(int32_t));
    s->log_probs = bench_block(ROWS * sizeof(float));
    s->values = bench_block(ROWS * sizeof(float));
    s->rewards = bench_block(ROWS * sizeof(float));
    s->ends = bench_block(ROWS);
    fill(s->states, (size_t)ROWS * STATE);
    fill(s->history_rewards, n);
    fill(s->rewards, ROWS);
    for (size_t i = 0; i < n; i++) {
        s->history[i] = (int32_t)((float)n_items * uniform());
    }
    for (size_t row = 0; row < ROWS; row++) {
        const size_t start = (size_t)(uniform() * (float)n_items);
        for (size_t i = 0; i < LIST; i++) {
            s->candidates[row * LIST + i] = (int32_t)((start + i * 7919) % (size_t)n_items);
        }
    }
}

static void close_shop(shop *s)
{
    rr_reader_destroy(s->reader);
    rr_policy_release(s->policy);
    rr_buffer_destroy(s->buffer);
    rr_agent_destroy(s->agent);
    rr_items_release(s->items);
    free(s->states);
    free(s->history);
    free(s->history_rewards);
    free(s->candidates);
    free(s->actions);
    free(s->log_probs);
    free(s->values);
    free(s->rewards);
    free(s->ends);
}

static rr_obs observe(const shop *s, size_t first, size_t n, int32_t past)
{
    return (rr_obs){.struct_size = sizeof(rr_obs),
                    .n = (int32_t)n,
                    .state_dim = STATE,
                    .states = s->states + first * STATE,
                    .n_history = past,
                    .history = s->history + first * (size_t)past,
                    .history_rewards = s->history_rewards + first * (size_t)past};
}

static rr_decision decision_of(const shop *s, size_t n)
{
    return (rr_decision){.struct_size = sizeof(rr_decision),
                         .n = (int32_t)n,
                         .actions = s->actions,
                         .log_probs = s->log_probs,
                         .values = s->values};
}

/* ── one decision ────────────────────────────────────────────────────────────────────────────── */

static void decide(void *what)
{
    shop *s = what;
    rr_obs obs = observe(s, s->next, 1, PAST);
    obs.n_candidates = LIST;
    obs.candidates = s->candidates + s->next * LIST;
    rr_decision decision = decision_of(s, 1);
    require(rr_policy_act(s->policy, s->reader, &obs, &decision, &err));
    s->next = (s->next + 1) % 16;
}

/* A GRU reads its weights once a step, and with the gates' arrays they are a little more than a
 * first cache of 48 KiB, so that they come from the second. A Transformer's products have 50 rows.
 */
static double seconds_of_decision(const shop *s)
{
    const double heads = flop_of_heads(LIST).forward;
    if (s->is_transformer) {
        const double look = 0.5 * (PAST + 1);
        return (flop_of_transformer(PAST, 1, look, PAST).forward + heads) / limits_fma();
    }
    const double weights = sizeof(float) * 3.0 * WIDTH * WIDTH;
    const double beside = sizeof(float) * 14.0 * WIDTH; /* W_i x, W_h h, candidate, biases, h */
    const double flops = (flop_of_gru(PAST).forward + heads) / limits_fma();
    return fmax(flops, PAST * weights / limits_read((size_t)(weights + beside)));
}

static void tell_decision(bench *b, bool is_transformer)
{
    shop s = {.is_transformer = is_transformer};
    open_shop(&s, 1, POOL, PAST);
    require(rr_agent_publish(s.agent, NULL, &s.policy, &err));
    require(rr_reader_create(&s.reader, s.policy, 1, NULL, &err));
    const bench_times times = bench_latency(b, decide, &s);
    bench_tell(b, &(bench_result){.row = "encoder",
                                  .what = is_transformer ? "Transformer 64 × 2 × 2, 50 of history"
                                                         : "GRU 64, 50 of history",
                                  .unit = "us",
                                  .ours = 1e6 * times.median,
                                  .p99 = 1e6 * times.p99,
                                  .limit = 1e6 * seconds_of_decision(&s),
                                  .limit_is = is_transformer
                                                  ? "FLOP of the products / P"
                                                  : "the larger of FLOP / P and weights a step"});
    close_shop(&s);
}

/* ── an update ───────────────────────────────────────────────────────────────────────────────── */

static void record(shop *s, size_t first, size_t n, bool is_end)
{
    const rr_obs obs = observe(s, first, n, STEPS);
    rr_decision decision = decision_of(s, n);
    require(rr_agent_act(s->agent, &obs, &decision, &err));
    require(rr_buffer_record(s->buffer, &obs, &decision, &err));
    memset(s->ends, is_end, n);
    const rr_outcome outcome = {.struct_size = sizeof outcome,
                                .n = (int32_t)n,
                                .rewards = s->rewards + first,
                                .terminated = s->ends};
    require(rr_buffer_reward(s->buffer, &outcome, &err));
}

/* Row `step` of each session has its first `step` showings. */
static void make_sessions(shop *s)
{
    for (size_t i = 0; i < (size_t)ROWS * STEPS; i++) {
        const size_t step = i / STEPS / SESSIONS, session = i / STEPS % SESSIONS, place = i % STEPS;
        const size_t shown = place + step - STEPS;
        const bool is_there = place + step >= STEPS;
        s->history[i] = is_there ? (int32_t)((session * 31 + shown * 17) % FEW_ITEMS) : -1;
        s->history_rewards[i] = is_there ? 0.1f * (float)((session + shown) % 9) : 0.0f;
    }
}

static double learn(shop *s)
{
    rr_stats stats = {.struct_size = sizeof stats};
    const size_t n = s->is_shared ? SESSIONS : ROWS;
    for (size_t first = 0; first < ROWS; first += n) {
        record(s, first, n, first + n == ROWS);
    }
    const double begin = bench_now();
    require(rr_agent_update(s->agent, s->buffer, NULL, &stats, &err));
    const double seconds = bench_now() - begin;
    if (stats.n_rows != ROWS || stats.n_minibatches != EPOCHS * ROWS / MINIBATCH) {
        fprintf(stderr, "bench_encoder: %d rows in %d minibatches\n", stats.n_rows,
                stats.n_minibatches);
        exit(1);
    }
    return seconds;
}

/* FLOP of a row of the update. */
static double flop_of_row(const shop *s)
{
    const double tokens = s->is_shared ? (double)(STEPS - 1) / STEPS : STEPS;
    const double look = 0.5 * (STEPS + 1), look_last = s->is_shared ? 0.5 * STEPS : STEPS;
    const double n_rows = s->is_shared ? (double)(STEPS - 1) / STEPS : 1.0;
    const flop encoder = s->is_transformer ? flop_of_transformer(tokens, n_rows, look, look_last)
                                           : flop_of_gru(tokens);
    const flop heads = flop_of_heads(FEW_ITEMS);
    return EPOCHS * (encoder.forward + encoder.backward + heads.forward + heads.backward);
}

static void tell_update(bench *b, bool is_transformer, bool is_shared)
{
    enum { MOST = 64 };
    double seconds[MOST];
    size_t n = 0;
    shop s = {.is_transformer = is_transformer, .is_shared = is_shared};
    open_shop(&s, b->threads, FEW_ITEMS, STEPS);
    if (is_shared) {
        make_sessions(&s);
    }
    learn(&s);
    const double begin = bench_now();
    while (n < MOST && (n < 7 || bench_now() - begin < b->seconds)) {
        seconds[n++] = learn(&s);
    }
    const bench_times times = bench_summary(seconds, n);
    const double flops = flop_of_row(&s), p = (double)b->threads * limits_fma();
    char what[64], limit_is[64];
    snprintf(what, sizeof what, "%s, %s", is_transformer ? "Transformer" : "GRU",
             is_shared ? "64 sessions of 20" : "rows of 20 alone");
    snprintf(limit_is, sizeof limit_is, "%.3g MFLOP a row / P", 1e-6 * flops);
    bench_tell(b, &(bench_result){.row = "encoder-update",
                                  .what = what,
                                  .unit = "rows/s",
                                  .ours = ROWS / times.median,
                                  .limit = p / flops,
                                  .limit_is = limit_is});
    close_shop(&s);
}

/* ── a user folded in ────────────────────────────────────────────────────────────────────────── */

typedef struct user {
    rri_fold_in fold;
    rri_params params;
    rri_showings showings;
    rri_stack scratch;
    const float *vectors[LIST];
    float *values, *pool, *rewards, *mean, *covariance, *errors;
    int32_t *items;
} user;

static void lay_out(user *u, rri_arena *arena)
{
    rri_fold_in_layout(&u->fold, arena, rri_kernels_detect());
    u->values = RRI_TAKE(arena, float, u->params.n_floats);
    u->pool = RRI_TAKE(arena, float, FEW_ITEMS *DIM);
    u->rewards = RRI_TAKE(arena, float, STEPS);
    u->items = RRI_TAKE(arena, int32_t, STEPS);
    u->mean = RRI_TAKE(arena, float, u->fold.width);
    u->covariance = RRI_TAKE(arena, float, u->fold.width * u->fold.width);
    u->errors = RRI_TAKE(arena, float, LIST);
    u->scratch.size = rri_fold_in_scratch(&u->fold, LIST);
    u->scratch.base = RRI_TAKE(arena, char, u->scratch.size);
}

static void fold(void *what)
{
    user *u = what;
    rri_fold_in_posterior(&u->fold, u->mean, u->covariance, &u->showings, &u->scratch);
}

static void err_of_list(void *what)
{
    user *u = what;
    rri_fold_in_errors(&u->fold, u->errors, u->covariance, u->vectors, LIST, &u->scratch);
}

static void tell_fold_in(bench *b)
{
    user u = {0};
    require(rri_fold_in_declare(&u.fold, &u.params, DIM, 0.9f, &err));
    rri_arena arena = {0};
    lay_out(&u, &arena);
    void *block = bench_block(arena.used);
    arena = (rri_arena){.base = block};
    lay_out(&u, &arena);
    rri_fold_in_init(&u.fold, u.values);
    rri_fold_in_pack(&u.fold, u.values);
    fill(u.pool, (size_t)FEW_ITEMS * DIM);
    fill(u.rewards, STEPS);
    for (size_t i = 0; i < LIST; i++) {
        u.vectors[i] = u.pool + i * 3 % FEW_ITEMS * DIM;
    }
    for (size_t i = 0; i < STEPS; i++) {
        u.items[i] = (int32_t)(i * 37 % FEW_ITEMS);
    }
    u.showings = (rri_showings){u.items, u.rewards, u.pool, FEW_ITEMS, STEPS};
    const bench_times row = bench_throughput(b, fold, &u),
                      list = bench_throughput(b, err_of_list, &u);
    bench_tell(b, &(bench_result){.row = "fold-in",
                                  .what = "d = 32, 20 showings",
                                  .unit = "us",
                                  .ours = 1e6 * row.median,
                                  .limit = 1e6 * STEPS * 4.0 * DIM * DIM / limits_fma(),
                                  .limit_is = "4 d² FLOP a showing / P"});
    bench_tell(b, &(bench_result){.row = "fold-in",
                                  .what = "d = 32, errors of 300 candidates",
                                  .unit = "us",
                                  .ours = 1e6 * list.median,
                                  .limit = 1e6 * LIST * 2.0 * DIM * (DIM + 1) / limits_fma(),
                                  .limit_is = "2 K d (d + 1) FLOP / P"});
    free(block);
}

int main(int argc, char **argv)
{
    bench b;
    bench_begin(&b, argc, argv, "[encoder] [encoder-update] [fold-in] [gru | transformer]");
    const bool has_gru = !bench_has(&b, "transformer"), has_transformer = !bench_has(&b, "gru");
    for (int kind = has_gru ? 0 : 1; kind <= (has_transformer ? 1 : 0); kind++) {
        if (bench_wants(&b, "encoder")) {
            tell_decision(&b, kind == 1);
        }
        for (int is_shared = 0; bench_wants(&b, "encoder-update") && is_shared < 2; is_shared++) {
            tell_update(&b, kind == 1, is_shared == 1);
        }
    }
    if (bench_wants(&b, "fold-in")) {
        tell_fold_in(&b);
    }
    return bench_end(&b);
}
