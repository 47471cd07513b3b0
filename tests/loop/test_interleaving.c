/* SPDX-License-Identifier: MIT */
/* Users who do not march in step. The same sessions go into a buffer and, in random order,
 * into ledgers: records of a session in its order, rewards in pieces, whenever, ends by
 * flag or by key. What is learned must have the same bytes. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "agent/agent.h"
#include "check_run.h"
#include "core/hash.h"
#include "recrl/recrl.h"

enum { N = 5, STEPS = 9, ROWS = N * STEPS, S = 4, D = 3, K = 4, F = 2, H = 3, ITEMS = 20 };
enum { INTERLEAVINGS = 1000, PIECES = 3 };
enum { OPEN = 0, TERMINATED = 1, TRUNCATED = 2 };

/* One decision, and what came of it. */
typedef struct row {
    float state[S], final_state[S], features[K * F];
    int32_t candidates[K], history[H];
    int32_t action;
    float log_prob, value, reward, pieces[PIECES];
    uint64_t session, decision, version, fingerprint;
    int64_t time;
    int end;
} row;

typedef struct world {
    rr_items *items;
    row rows[ROWS]; /* step after step */
    float to_come[N * S];
    uint64_t random;
    int32_t algo, n_steps;       /* n_steps 0: the default */
    float gae_lambda;            /* −1: a usual one */
    bool is_normalised, is_long; /* long: few sessions end before the rollout does */
} world;

static double uniform(world *w)
{
    return (double)(rri_hash_mix(w->random += 0x9e3779b97f4a7c15u) >> 11) * 0x1p-53;
}

static size_t below(world *w, size_t n)
{
    return (size_t)(uniform(w) * (double)n);
}

static void fill(world *w, float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        x[i] = (float)(2.0 * uniform(w) - 1.0);
    }
}

static rr_agent *create_agent(const world *w)
{
    rr_agent_config config;
    rr_agent_config_init(&config, sizeof config);
    memset(config.hidden, 0, sizeof config.hidden);
    memset(config.critic_hidden, 0, sizeof config.critic_hidden);
    config.hidden[0] = config.critic_hidden[0] = 6;
    config.state_dim = S;
    config.item_dim = D;
    config.feature_dim = F;
    config.has_bias = 1;
    config.max_rows = N;
    config.max_update_rows = ROWS;
    config.max_candidates = K;
    config.max_history = H;
    config.initial_scale = 2.0f;
    config.normalize_returns = config.normalize_states = w->is_normalised;
    config.reward_model = w->is_normalised;
    rr_agent *agent = NULL;
    if (w->algo == RR_ALGO_A2C) {
        rr_a2c_config a2c;
        rr_a2c_config_init(&a2c, sizeof a2c);
        a2c.gae_lambda = w->gae_lambda < 0.0f ? 0.7f : w->gae_lambda;
        a2c.n_steps = w->n_steps > 0 ? w->n_steps : a2c.n_steps;
        ck_assert_int_eq(rr_agent_create(&agent, &config, &a2c, w->items, NULL, NULL), RR_OK);
        return agent;
    }
    rr_ppo_config ppo;
    rr_ppo_config_init(&ppo, sizeof ppo);
    ppo.batch_size = 16;
    ppo.update_epochs = 2;
    ppo.gae_lambda = w->gae_lambda < 0.0f ? 0.8f : w->gae_lambda;
    ppo.n_steps = w->n_steps > 0 ? w->n_steps : ppo.n_steps;
    ck_assert_int_eq(rr_agent_create(&agent, &config, &ppo, w->items, NULL, NULL), RR_OK);
    return agent;
}

static rr_buffer *create_buffer(void)
{
    rr_buffer_config config;
    rr_buffer_config_init(&config, sizeof config);
    config.max_rows = ROWS;
    config.state_dim = S;
    config.feature_dim = F;
    config.max_candidates = K;
    config.max_history = H;
    rr_buffer *buffer = NULL;
    ck_assert_int_eq(rr_buffer_create(&buffer, &config, NULL, NULL), RR_OK);
    return buffer;
}

static rr_ledger *create_ledger(int64_t reward_wait)
{
    rr_ledger_config config;
    rr_ledger_config_init(&config, sizeof config);
    config.max_rows = ROWS;
    config.state_dim = S;
    config.feature_dim = F;
    config.max_candidates = K;
    config.max_history = H;
    config.reward_wait = reward_wait;
    rr_ledger *ledger = NULL;
    ck_assert_int_eq(rr_ledger_create(&ledger, &config, NULL, NULL), RR_OK);
    return ledger;
}

/* Arrays of at most N rows, gathered from anywhere. */
typedef struct batch {
    float states[N * S], final_states[N * S], features[N * K * F], log_probs[N], values[N];
    float rewards[N];
    int32_t candidates[N * K], history[N * H], actions[N];
    uint8_t terminated[N], truncated[N];
    uint64_t sessions[N], decisions[N], versions[N];
    int64_t times[N];
    rr_obs obs, final_obs;
    rr_decision decision;
    rr_outcome outcome;
} batch;

static void batch_open(batch *b, int32_t n)
{
    memset(b, 0, sizeof *b);
    b->obs = (rr_obs){.struct_size = sizeof b->obs,
                      .n = n,
                      .n_candidates = K,
                      .n_history = H,
                      .state_dim = S,
                      .feature_dim = F,
                      .states = b->states,
                      .candidates = b->candidates,
                      .features = b->features,
                      .history = b->history,
                      .sessions = b->sessions,
                      .decisions = b->decisions,
                      .times = b->times};
    b->final_obs =
        (rr_obs){.struct_size = sizeof b->obs, .n = n, .state_dim = S, .states = b->final_states};
    b->decision = (rr_decision){.struct_size = sizeof b->decision,
                                .n = n,
                                .actions = b->actions,
                                .log_probs = b->log_probs,
                                .values = b->values,
                                .policy_versions = b->versions};
    b->outcome = (rr_outcome){.struct_size = sizeof b->outcome,
                              .n = n,
                              .rewards = b->rewards,
                              .terminated = b->terminated,
                              .truncated = b->truncated,
                              .final_obs = &b->final_obs};
}

static void batch_put(batch *b, size_t i, const row *r)
{
    memcpy(b->states + i * S, r->state, sizeof r->state);
    memcpy(b->final_states + i * S, r->final_state, sizeof r->final_state);
    memcpy(b->features + i * K * F, r->features, sizeof r->features);
    memcpy(b->candidates + i * K, r->candidates, sizeof r->candidates);
    memcpy(b->history + i * H, r->history, sizeof r->history);
    b->actions[i] = r->action;
    b->log_probs[i] = r->log_prob;
    b->values[i] = r->value;
    b->sessions[i] = r->session;
    b->decisions[i] = r->decision;
    b->versions[i] = r->version;
    b->times[i] = r->time;
    b->rewards[i] = r->reward;
    b->terminated[i] = r->end == TERMINATED;
    b->truncated[i] = r->end == TRUNCATED;
    b->decision.pool_fingerprint = r->fingerprint;
}

/* What is seen at a step: random, so that nothing is learned but the arithmetic. */
static void draw_row(world *w, row *r)
{
    fill(w, r->state, S);
    fill(w, r->final_state, S);
    fill(w, r->features, (size_t)K * F);
    for (size_t j = 0; j < K; j++) {
        r->candidates[j] = (int32_t)(j * (ITEMS / K) + below(w, ITEMS / K));
    }
    for (size_t j = 0; j < H; j++) {
        r->history[j] = r->candidates[below(w, K)];
    }
    r->reward = 0.0f; /* exact sums, so that the pieces are the whole */
    for (size_t p = 0; p < PIECES; p++) {
        r->pieces[p] = (float)((int)below(w, 129) - 64) / 64.0f;
        r->reward += r->pieces[p];
    }
    const double fate = uniform(w) * (w->is_long ? 8.0 : 1.0);
    r->end = fate < 0.12 ? TERMINATED : fate < 0.24 ? TRUNCATED : OPEN;
}

/* A lock-step rollout: acts, tells the buffer, and remembers every row. */
static void play(world *w, rr_agent *agent, rr_buffer *buffer)
{
    uint64_t sessions[N], n_sessions = 0;
    for (size_t i = 0; i < N; i++) {
        sessions[i] = n_sessions++;
    }
    for (size_t step = 0; step < STEPS; step++) {
        batch b;
        batch_open(&b, N);
        for (size_t i = 0; i < N; i++) {
            row *r = &w->rows[step * N + i];
            draw_row(w, r);
            r->session = sessions[i];
            r->decision = 1000 + step * N + i;
            r->time = (int64_t)step;
            batch_put(&b, i, r);
        }
        ck_assert_int_eq(rr_agent_act(agent, &b.obs, &b.decision, NULL), RR_OK);
        b.obs.sessions = b.obs.decisions = NULL;
        b.obs.times = NULL;
        ck_assert_int_eq(rr_buffer_record(buffer, &b.obs, &b.decision, NULL), RR_OK);
        ck_assert_int_eq(rr_buffer_reward(buffer, &b.outcome, NULL), RR_OK);
        for (size_t i = 0; i < N; i++) {
            row *r = &w->rows[step * N + i];
            r->action = b.actions[i];
            r->log_prob = b.log_probs[i];
            r->value = b.values[i];
            r->version = b.versions[i];
            r->fingerprint = b.decision.pool_fingerprint;
            sessions[i] = r->end != OPEN ? n_sessions++ : sessions[i];
        }
    }
    fill(w, w->to_come, (size_t)N * S);
}

/* ── the same, in any order ── */

typedef struct teller {
    world *w;
    rr_ledger *ledger;
    bool is_recorded[ROWS], is_over[ROWS];
    uint8_t n_told[ROWS]; /* pieces of the reward */
    size_t n_left;
} teller;

static bool is_last(size_t r, const row *rows)
{
    return rows[r].end != OPEN || r + N >= ROWS;
}

static bool may_record(const teller *t, size_t r)
{
    if (t->is_recorded[r]) {
        return false;
    }
    /* The row before in this session, if there is one. */
    return r < N || t->w->rows[r - N].end != OPEN || t->is_recorded[r - N];
}

static void record_some(teller *t)
{
    batch b;
    const size_t most = 1 + below(t->w, 3);
    size_t n = 0;
    batch_open(&b, 1);
    for (size_t tries = 0; tries < 20 && n < most; tries++) {
        const size_t r = below(t->w, ROWS);
        if (may_record(t, r)) {
            batch_put(&b, n++, &t->w->rows[r]);
            t->is_recorded[r] = true;
            t->n_left--;
        }
    }
    if (n > 0) {
        b.obs.n = b.decision.n = (int32_t)n;
        ck_assert_int_eq(rr_ledger_record(t->ledger, &b.obs, &b.decision, NULL, NULL), RR_OK);
    }
}

/* A piece of a row's reward; the last one may say that the session is over. */
static void reward_one(teller *t, size_t r)
{
    const row *told = &t->w->rows[r];
    if (!t->is_recorded[r] || t->n_told[r] == PIECES) {
        return;
    }
    batch b;
    batch_open(&b, 1);
    batch_put(&b, 0, told);
    const size_t piece = t->n_told[r]++;
    const bool says_end = piece + 1 == PIECES && told->end != OPEN && !t->is_over[r];
    b.rewards[0] = told->pieces[piece];
    if (!says_end) {
        b.terminated[0] = b.truncated[0] = 0;
    }
    t->is_over[r] = t->is_over[r] || says_end;
    t->n_left -= 1 + (size_t)says_end;
    b.outcome.decisions = b.decisions;
    ck_assert_int_eq(rr_ledger_reward(t->ledger, &b.outcome, NULL, NULL), RR_OK);
}

/* Ends the session of a last row by key: at the end of the rollout by the state to come. */
static void end_one(teller *t, size_t r)
{
    if (!t->is_recorded[r] || !is_last(r, t->w->rows) || t->is_over[r]) {
        return;
    }
    const row *told = &t->w->rows[r];
    const uint8_t terminated = told->end == TERMINATED;
    const rr_obs final_obs = {.struct_size = sizeof final_obs,
                              .n = 1,
                              .state_dim = S,
                              .states = told->end == OPEN ? t->w->to_come + r % N * S
                                                          : told->final_state};
    const rr_ending ending = {.struct_size = sizeof ending,
                              .n = 1,
                              .sessions = &told->session,
                              .terminated = &terminated,
                              .final_obs = &final_obs};
    ck_assert_int_eq(rr_ledger_end(t->ledger, &ending, NULL, NULL), RR_OK);
    t->is_over[r] = true;
    t->n_left--;
}

static void tell_in_any_order(world *w, rr_ledger *ledger)
{
    teller t = {.w = w, .ledger = ledger, .n_left = (size_t)ROWS * (1 + PIECES)};
    for (size_t r = 0; r < ROWS; r++) {
        t.n_left += is_last(r, w->rows);
    }
    while (t.n_left > 0) {
        const size_t r = below(w, ROWS);
        switch (below(w, 3)) {
        case 0:
            record_some(&t);
            break;
        case 1:
            reward_one(&t, r);
            break;
        default:
            if (t.n_told[r] > 0 || below(w, 4) == 0) {
                end_one(&t, r);
            }
        }
        if (below(w, 50) == 0) { /* time passes, but not so much that anything is final */
            ck_assert_int_eq(rr_ledger_settle(ledger, (int64_t)below(w, 40), NULL, NULL), RR_OK);
        }
    }
}

static void assert_same_agent(const rr_agent *a, const rr_agent *b)
{
    ck_assert_uint_eq(a->trainer.model.network.params.n_floats,
                      b->trainer.model.network.params.n_floats);
    const size_t bytes = a->trainer.model.network.params.n_floats * sizeof(float);
    ck_assert_mem_eq(a->trainer.update.advantages, b->trainer.update.advantages,
                     ROWS * sizeof(float));
    ck_assert_mem_eq(a->trainer.update.returns, b->trainer.update.returns, ROWS * sizeof(float));
    ck_assert_mem_eq(a->trainer.model.values, b->trainer.model.values, bytes);
    ck_assert_mem_eq(a->trainer.first_moments, b->trainer.first_moments, bytes);
    ck_assert_mem_eq(a->trainer.second_moments, b->trainer.second_moments, bytes);
    ck_assert_uint_eq(rr_agent_version(a), rr_agent_version(b));
}

/* How many rows of its session there are up to row r, r included. */
static size_t length_at(const world *w, size_t r)
{
    size_t length = 1;
    for (; r >= N && w->rows[r - N].end == OPEN; r -= N) {
        length++;
    }
    return length;
}

/* Each session on its own, forward, in double, no further than its segment. */
static void assert_double_gae(const world *w, rr_agent *untrained, const rr_agent *trained)
{
    const double gamma = (double)trained->trainer.recipe.gamma,
                 lambda = (double)trained->trainer.recipe.gae_lambda;
    for (size_t place = 0; place < ROWS; place++) {
        const size_t first = (size_t)trained->trainer.update.order[place];
        double advantage = 0.0, factor = 1.0;
        for (size_t r = first; r < ROWS; r += N) {
            const row *at = &w->rows[r];
            float next = r + N < ROWS ? w->rows[r + N].value : 0.0f;
            if (at->end == TRUNCATED || (at->end == OPEN && r + N >= ROWS)) {
                const rr_obs obs = {.struct_size = sizeof obs,
                                    .n = 1,
                                    .n_candidates = K,
                                    .state_dim = S,
                                    .feature_dim = F,
                                    .states =
                                        at->end == OPEN ? w->to_come + r % N * S : at->final_state,
                                    .candidates = at->candidates,
                                    .features = at->features};
                ck_assert_int_eq(
                    rr_agent_evaluate(untrained, &obs, &at->action, NULL, NULL, &next, NULL),
                    RR_OK);
            }
            next = at->end == TERMINATED ? 0.0f : next;
            advantage += factor * ((double)at->reward + gamma * (double)next - (double)at->value);
            factor *= gamma * lambda;
            if (at->end != OPEN || length_at(w, r) % trained->trainer.recipe.n_steps == 0) {
                break;
            }
        }
        ck_assert_double_eq_tol((double)trained->trainer.update.advantages[place], advantage,
                                2e-6 * (1.0 + fabs(advantage)));
    }
}

/* Returns the version of what was learned. */
static uint64_t compare_plan(world w, int64_t reward_wait, size_t n_interleavings)
{
    w.random = 7 + (uint64_t)w.algo;
    ck_assert_int_eq(rr_items_create_random(&w.items, ITEMS, D, 3, NULL, NULL), RR_OK);
    rr_agent *in_step = create_agent(&w), *fresh = create_agent(&w);
    rr_buffer *lock_step = create_buffer();
    play(&w, in_step, lock_step);
    const rr_obs to_come = {
        .struct_size = sizeof to_come, .n = N, .state_dim = S, .states = w.to_come};
    rr_stats wanted = {.struct_size = sizeof wanted}, got = {.struct_size = sizeof got};
    ck_assert_int_eq(rr_agent_update(in_step, lock_step, &to_come, &wanted, NULL), RR_OK);
    assert_double_gae(&w, fresh, in_step);

    rr_ledger *ledger = create_ledger(reward_wait);
    for (size_t i = 0; i < n_interleavings; i++) {
        rr_agent *agent = create_agent(&w);
        tell_in_any_order(&w, ledger);
        rr_ledger_counts counts = {.struct_size = sizeof counts};
        ck_assert_int_eq(rr_ledger_settle(ledger, STEPS + reward_wait, &counts, NULL), RR_OK);
        ck_assert_int_eq(counts.ready, ROWS);
        ck_assert_int_eq(rr_agent_update_sessions(agent, ledger, &got, NULL), RR_OK);
        assert_same_agent(agent, in_step);
        ck_assert_int_eq(got.n_due, ROWS); /* a buffer's is 0 */
        got.n_due = 0;
        ck_assert_mem_eq(&got, &wanted, sizeof got);
        ck_assert_int_eq(rr_ledger_count(ledger), 0);
        rr_agent_destroy(agent);
        rr_ledger_clear(ledger); /* the clock too */
    }
    const uint64_t version = rr_agent_version(in_step);
    rr_ledger_destroy(ledger);
    rr_buffer_destroy(lock_step);
    rr_agent_destroy(in_step);
    rr_agent_destroy(fresh);
    rr_items_release(w.items);
    return version;
}

static void compare(int32_t algo, bool is_normalised, int64_t reward_wait, size_t n_interleavings)
{
    const world w = {.algo = algo, .gae_lambda = -1.0f, .is_normalised = is_normalised};
    compare_plan(w, reward_wait, n_interleavings);
}

START_TEST(test_interleaving_a_thousand_orders_of_the_same_sessions_give_the_bytes_of_lock_step)
{
    compare(RR_ALGO_PPO, false, 1000, INTERLEAVINGS);
}
END_TEST

START_TEST(test_interleaving_holds_for_a2c)
{
    compare(RR_ALGO_A2C, false, 1000, INTERLEAVINGS / 10);
}
END_TEST

START_TEST(test_interleaving_holds_in_units_of_returns_and_states)
{
    compare(RR_ALGO_PPO, true, 1000, INTERLEAVINGS / 10);
    compare(RR_ALGO_A2C, true, 1000, INTERLEAVINGS / 10);
}
END_TEST

/* Against the sums of assert_double_gae, in lock step and in any order. */
START_TEST(test_interleaving_n_steps_decides_how_far_an_advantage_looks)
{
    const int32_t lengths[] = {1, 7, 16}; /* sessions have up to nine rows */
    for (int32_t algo = RR_ALGO_PPO; algo <= RR_ALGO_A2C; algo++) {
        uint64_t with[3], without[3];
        for (int i = 0; i < 3; i++) {
            world w = {.algo = algo, .n_steps = lengths[i], .gae_lambda = 1.0f, .is_long = true};
            with[i] = compare_plan(w, 1000, 20);
            w.gae_lambda = 0.0f; /* nothing looks beyond one step anyway */
            without[i] = compare_plan(w, 1000, 20);
        }
        ck_assert(with[0] != with[1] && with[1] != with[2] && with[0] != with[2]);
        ck_assert(without[0] == without[1] && without[1] == without[2]);
        ck_assert_uint_eq(with[0], without[0]); /* one step is one step */
    }
}
END_TEST

CHECK_MAIN("loop/interleaving",
           test_interleaving_a_thousand_orders_of_the_same_sessions_give_the_bytes_of_lock_step,
           test_interleaving_holds_for_a2c, test_interleaving_holds_in_units_of_returns_and_states,
           test_interleaving_n_steps_decides_how_far_an_advantage_looks)
