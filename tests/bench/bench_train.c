/* SPDX-License-Identifier: MIT */
/* bench_train: training through recrl.h alone, environment included, against the FLOP it needs.
 *
 *   ppo-sb3     PPO at Stable-Baselines3's settings: dense head, 1000 items, 64-64, 8 × 256 rows,
 *               minibatch 64, 10 epochs
 *   ppo-large   the same with 64 × 256 rows, minibatch 2048, 4 epochs
 *   a2c         A2C at Stable-Baselines3's settings: 8 × 5 rows
 *   train       the defaults: a whole run of 100,000 timesteps, and the time until a rollout earns
 *               95 % of the best known play
 *   threads · minibatch · hidden · sessions   series of the plots, on request
 *
 * A step is one decision: observed, acted on, recorded, rewarded, and its share of the update. */
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"
#include "limits.h"
#include "recrl/recrl.h"

enum { N_ITEMS = 1000, RUN_STEPS = 100000 };

/* One way to train; a row of the table below. */
typedef struct setting {
    bool is_tower, is_a2c;
    int n_envs, n_steps, batch_size, n_epochs, hidden;
} setting;

typedef struct trainer {
    setting s;
    rr_env *env;
    rr_agent *agent;
    rr_buffer *buffer;
    int32_t *actions; /* [n_envs] */
    float *log_probs, *values;
    rr_stats stats;
} trainer;

static rr_error err;

static void require(rr_status status)
{
    if (status != RR_OK) {
        fprintf(stderr, "%s\n", err.text);
        exit(1);
    }
}

/* ── what a step costs ───────────────────────────────────────────────────────────────────────── */

/* FLOP of a row forward: *forward; and of forward and backward together: *both. Backward asks for
 * the slope in each input but the states, and for the gradient of each weight but frozen items. */
static void flop_of_row(const setting *s, double *forward, double *both)
{
    const double S = 64.0, d = s->is_tower ? 32.0 : (double)s->hidden, h = (double)s->hidden;
    const double first = 2.0 * S * h;
    const double actor = 2.0 * (h * h + (s->is_tower ? h * d : 0.0));
    const double skip = s->is_tower ? 2.0 * S * d : 0.0;
    const double items = 2.0 * d * (double)N_ITEMS;
    const double critic = 2.0 * (h * h + h);
    *forward = 2.0 * first + actor + skip + items + critic;
    *both = 2.0 * (2.0 * first) + 3.0 * (actor + critic) + 2.0 * skip +
            (s->is_tower ? 2.0 : 3.0) * items;
}

static double flop_of_step(const setting *s)
{
    double forward, both;
    flop_of_row(s, &forward, &both);
    return forward + (double)s->n_epochs * both;
}

/* ── the loop ────────────────────────────────────────────────────────────────────────────────── */

static void create_agent(trainer *t, int threads, int64_t planned_updates)
{
    const setting *s = &t->s;
    rr_agent_config config;
    rr_agent_config_init(&config, sizeof config);
    config.head = s->is_tower ? RR_HEAD_TOWER : RR_HEAD_DENSE;
    config.hidden[0] = config.hidden[1] = s->hidden;
    config.critic_hidden[0] = config.critic_hidden[1] = s->hidden;
    config.max_rows = s->n_envs;
    config.max_candidates = 0;
    config.max_history = 20;
    config.has_repeat_weight = s->is_tower;
    config.num_threads = threads;
    config.planned_updates = planned_updates;
    if (s->is_a2c) {
        rr_a2c_config a2c;
        rr_a2c_config_init(&a2c, sizeof a2c);
        a2c.n_steps = s->n_steps;
        a2c.lr = 7e-4f;
        a2c.gamma = 0.99f;
        a2c.gae_lambda = 1.0f;
        require(rr_agent_create(&t->agent, &config, &a2c, rr_env_items(t->env), NULL, &err));
        return;
    }
    rr_ppo_config ppo;
    rr_ppo_config_init(&ppo, sizeof ppo);
    ppo.n_steps = s->n_steps;
    ppo.batch_size = s->batch_size;
    ppo.update_epochs = s->n_epochs;
    if (!s->is_tower) {
        ppo.lr = 3e-4f;
        ppo.gamma = 0.99f;
        ppo.gae_lambda = 0.95f;
    }
    require(rr_agent_create(&t->agent, &config, &ppo, rr_env_items(t->env), NULL, &err));
}

static void create(trainer *t, const setting *s, int threads, int64_t planned_updates)
{
    *t = (trainer){.s = *s, .stats = {.struct_size = sizeof t->stats}};
    const size_t n = (size_t)s->n_envs;
    t->actions = bench_block(n * sizeof *t->actions);
    t->log_probs = bench_block(n * sizeof *t->log_probs);
    t->values = bench_block(n * sizeof *t->values);

    rr_env_config world;
    rr_env_config_init(&world, sizeof world);
    world.n_envs = s->n_envs;
    world.num_items = N_ITEMS;
    require(rr_env_create(&t->env, &world, NULL, NULL, 0, NULL, &err));
    require(rr_env_reset(t->env, &err));
    create_agent(t, threads, planned_updates);

    rr_buffer_config rows;
    rr_buffer_config_init(&rows, sizeof rows);
    rows.max_rows = s->n_envs * s->n_steps;
    rows.max_history = 20;
    require(rr_buffer_create(&t->buffer, &rows, NULL, &err));
}

static void destroy(trainer *t)
{
    rr_buffer_destroy(t->buffer);
    rr_agent_destroy(t->agent);
    rr_env_destroy(t->env);
    free(t->actions);
    free(t->log_probs);
    free(t->values);
}

/* A rollout and its update. */
static void iterate(void *context)
{
    trainer *t = context;
    rr_obs obs = {.struct_size = sizeof obs};
    rr_outcome outcome = {.struct_size = sizeof outcome};
    rr_decision decision = {.struct_size = sizeof decision,
                            .n = t->s.n_envs,
                            .actions = t->actions,
                            .log_probs = t->log_probs,
                            .values = t->values};
    while (!rr_buffer_is_full(t->buffer)) {
        require(rr_env_observe(t->env, &obs, &err));
        require(rr_agent_act(t->agent, &obs, &decision, &err));
        require(rr_buffer_record(t->buffer, &obs, &decision, &err));
        require(rr_env_step(t->env, t->actions, &outcome, &err));
        require(rr_buffer_reward(t->buffer, &outcome, &err));
    }
    require(rr_env_observe(t->env, &obs, &err));
    require(rr_agent_update(t->agent, t->buffer, &obs, &t->stats, &err));
}

/* ── rates ───────────────────────────────────────────────────────────────────────────────────── */

static double rate(const bench *b, const setting *s, int threads)
{
    trainer t;
    create(&t, s, threads, 0);
    const bench_times times = bench_throughput(b, iterate, &t);
    destroy(&t);
    return (double)(s->n_envs * s->n_steps) / times.median;
}

static void tell_rate(bench *b, const setting *s, const char *row, const char *what,
                      const char *series, double x, int threads)
{
    char limit_is[64];
    const double flop = flop_of_step(s);
    snprintf(limit_is, sizeof limit_is, "%.3g MFLOP a step / %sP", 1e-6 * flop,
             threads > 1 ? "threads " : "");
    bench_tell(b, &(bench_result){.row = row,
                                  .what = what,
                                  .series = series,
                                  .x = x,
                                  .threads = threads,
                                  .unit = "steps/s",
                                  .ours = rate(b, s, threads),
                                  .limit = (double)threads * limits_fma() / flop,
                                  .limit_is = limit_is});
}

static const setting sb3 = {false, false, 8, 256, 64, 10, 64};
static const setting large = {false, false, 64, 256, 2048, 4, 64};
static const setting a2c = {false, true, 8, 5, 40, 1, 64};
static const setting defaults = {true, false, 64, 16, 128, 4, 64};

/* ── a whole run ─────────────────────────────────────────────────────────────────────────────── */

/* What the best known play earns a step, in the world of the run with other users' luck. */
static double best_reward(void)
{
    enum { SESSIONS = 512, STEPS = 20 };
    static int32_t actions[SESSIONS];
    rr_env_config world;
    rr_env *env = NULL;
    double sum = 0.0;
    rr_env_config_init(&world, sizeof world);
    world.n_envs = SESSIONS;
    world.num_items = N_ITEMS;
    world.seed = 9;
    require(rr_env_create(&env, &world, NULL, NULL, 0, NULL, &err));
    require(rr_env_reset(env, &err));
    for (int step = 0; step < STEPS; step++) {
        rr_outcome outcome = {.struct_size = sizeof outcome};
        require(rr_env_choose(env, RR_CHOOSER_ORACLE, NULL, 0.0f, actions, &err));
        require(rr_env_step(env, actions, &outcome, &err));
        for (int i = 0; i < SESSIONS; i++) {
            sum += (double)outcome.rewards[i];
        }
    }
    rr_env_destroy(env);
    return sum / (SESSIONS * STEPS);
}

typedef struct whole_run {
    double seconds, seconds_to_95;
    int steps, steps_to_95; /* 0: never */
    double last_share;      /* of the last rollout */
} whole_run;

static whole_run run_once(double best, int threads)
{
    const int rollout = defaults.n_envs * defaults.n_steps;
    const int n_updates = (RUN_STEPS + rollout - 1) / rollout;
    whole_run run = {.steps = n_updates * rollout};
    trainer t;
    create(&t, &defaults, threads, n_updates);
    const double begin = bench_now();
    for (int update = 1; update <= n_updates; update++) {
        iterate(&t);
        run.last_share = (double)t.stats.reward_mean / best;
        if (run.steps_to_95 == 0 && run.last_share > 0.95) {
            run.steps_to_95 = update * rollout;
            run.seconds_to_95 = bench_now() - begin;
        }
    }
    run.seconds = bench_now() - begin;
    destroy(&t);
    return run;
}

/* The quickest of a few runs, which are alike but for time. */
static void tell_run(bench *b)
{
    const double best = best_reward();
    whole_run run = run_once(best, b->threads);
    for (int i = 1; i < (b->is_quick ? 1 : 5); i++) {
        const whole_run again = run_once(best, b->threads);
        run = again.seconds < run.seconds ? again : run;
    }
    char note[96], limit_is[64];
    const double flop = flop_of_step(&defaults);
    snprintf(limit_is, sizeof limit_is, "%.3g MFLOP a step / %sP", 1e-6 * flop,
             b->threads > 1 ? "threads " : "");
    snprintf(note, sizeof note, "%.0f steps/s; the last rollout earned %.1f %% of the best",
             (double)run.steps / run.seconds, 100.0 * run.last_share);
    const double least = flop / ((double)b->threads * limits_fma());
    bench_tell(b, &(bench_result){.row = "train",
                                  .what = "100,352 timesteps",
                                  .unit = "s",
                                  .ours = run.seconds,
                                  .limit = (double)run.steps * least,
                                  .limit_is = limit_is,
                                  .note = note});
    snprintf(note, sizeof note, "after %d steps", run.steps_to_95);
    bench_tell(b, &(bench_result){.row = "train",
                                  .what = "until a rollout is above 95 %",
                                  .unit = "s",
                                  .ours = run.seconds_to_95,
                                  .limit = (double)run.steps_to_95 * least,
                                  .limit_is = limit_is,
                                  .note = note});
}

/* ── series ──────────────────────────────────────────────────────────────────────────────────── */

static void tell_threads(bench *b)
{
    for (int threads = 1; threads <= 2; threads++) {
        tell_rate(b, &sb3, "ppo-sb3", "minibatch 64", "threads", threads, threads);
        tell_rate(b, &large, "ppo-large", "minibatch 2048", "threads", threads, threads);
    }
}

static void tell_minibatches(bench *b)
{
    for (int size = 32; size <= 4096; size *= 2) {
        char what[32];
        setting s = large;
        s.batch_size = size;
        snprintf(what, sizeof what, "minibatch %d", size);
        tell_rate(b, &s, "ppo-large", what, "minibatch", size, b->threads);
    }
}

static void tell_widths(bench *b)
{
    for (int width = 32; width <= 512; width *= 2) {
        char what[32];
        setting s = sb3;
        s.hidden = width;
        snprintf(what, sizeof what, "hidden %d-%d", width, width);
        tell_rate(b, &s, "ppo-sb3", what, "hidden", width, b->threads);
    }
}

/* Rollouts of 4096 rows however many sessions share them. */
static void tell_sessions(bench *b)
{
    for (int n_envs = 1; n_envs <= 4096; n_envs *= 4) {
        char what[32];
        setting s = defaults;
        s.n_envs = n_envs;
        s.n_steps = 4096 / n_envs;
        snprintf(what, sizeof what, "%d session%s", n_envs, n_envs > 1 ? "s" : "");
        tell_rate(b, &s, "train", what, "sessions", n_envs, b->threads);
    }
}

int main(int argc, char **argv)
{
    bench b;
    bench_begin(&b, argc, argv,
                "[ppo-sb3] [ppo-large] [a2c] [train] [threads] [minibatch] [hidden] [sessions]");
    static const struct {
        const char *row, *what;
        const setting *s;
    } rows[] = {{"ppo-sb3", "minibatch 64", &sb3},
                {"ppo-large", "minibatch 2048", &large},
                {"a2c", "8 sessions of 5 steps", &a2c}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        if (bench_wants(&b, rows[i].row)) {
            tell_rate(&b, rows[i].s, rows[i].row, rows[i].what, NULL, 0.0, b.threads);
        }
    }
    if (bench_wants(&b, "train")) {
        tell_run(&b);
    }
    static const struct {
        const char *word;
        void (*tell)(bench *);
    } series[] = {{"threads", tell_threads},
                  {"minibatch", tell_minibatches},
                  {"hidden", tell_widths},
                  {"sessions", tell_sessions}};
    for (size_t i = 0; i < sizeof series / sizeof *series; i++) {
        if (bench_has(&b, series[i].word)) {
            series[i].tell(&b);
        }
    }
    return bench_end(&b);
}
