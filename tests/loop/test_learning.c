/* SPDX-License-Identifier: MIT */
/* It learns: small worlds with a known best answer, seeds 0 to 2, and a bound for each; and runs
 * that must not learn, so that the bounds mean something. Shares are of the best known play. */
#include <math.h>

#include "check_run.h"
#include "loop/machine.h"

enum { N_SEEDS = 3 };

/* Mean reward of the best known play of this plan's world. */
static double best_known(const machine_plan *plan, uint64_t seed)
{
    machine m;
    rr_error err;
    double sum = 0.0;
    const int n_steps = 8 * plan->max_episode_steps;
    machine_create(&m, plan, seed + 1000, 1, NULL);
    for (int step = 0; step < n_steps; step++) {
        machine_require(rr_env_choose(m.env, RR_CHOOSER_ORACLE, NULL, 0.0f, m.actions, &err), &err);
        const rr_outcome outcome = machine_move(&m);
        for (int32_t i = 0; i < plan->n_envs; i++) {
            sum += (double)outcome.rewards[i];
        }
    }
    machine_destroy(&m);
    return sum / n_steps / plan->n_envs;
}

/* Mean reward of the sampled policy over the last rollouts of a training. */
static double learned(const machine_plan *plan, uint64_t seed)
{
    machine m;
    double sum = 0.0;
    const int32_t n_last = 10;
    machine_create(&m, plan, seed, 1, NULL);
    for (int32_t i = 0; i < plan->n_updates; i++) {
        machine_update(&m);
        sum += i >= plan->n_updates - n_last ? (double)m.stats.reward_mean : 0.0;
    }
    machine_destroy(&m);
    return sum / n_last;
}

static void expect_share(const machine_plan *plan, double least, double most)
{
    for (uint64_t seed = 0; seed < (uint64_t)check_runs(N_SEEDS); seed++) {
        const double share = learned(plan, seed) / best_known(plan, seed);
        ck_assert_msg(share >= least && share <= most,
                      "%s, seed %d: %.4f of the best; it must be in [%.2f, %.2f]", plan->name,
                      (int)seed, share, least, most);
    }
}

static const machine_plan synthetic = {.name = "synthetic world, PPO",
                                       .n_envs = 64,
                                       .n_steps = 16,
                                       .n_updates = 40,
                                       .num_items = 200,
                                       .item_dim = 16,
                                       .hidden = {32},
                                       .batch_size = 128,
                                       .update_epochs = 8,
                                       .max_episode_steps = 20,
                                       .gamma = 0.9f,
                                       .lr = 0.01f,
                                       .planned_updates = 40};

START_TEST(test_learning_ppo_in_the_synthetic_world)
{
    expect_share(&synthetic, 0.95, 1.03);
}
END_TEST

START_TEST(test_learning_a2c_in_the_synthetic_world)
{
    machine_plan plan = synthetic;
    plan.name = "synthetic world, A2C";
    plan.algo = RR_ALGO_A2C;
    plan.n_steps = 5;
    plan.n_updates = 200;
    plan.planned_updates = 200;
    plan.gae_lambda = 1.0f;
    expect_share(&plan, 0.88, 1.03);
}
END_TEST

START_TEST(test_learning_reinforce_in_the_synthetic_world)
{
    machine_plan plan = synthetic;
    plan.name = "synthetic world, REINFORCE";
    plan.algo = RR_ALGO_REINFORCE;
    plan.n_steps = 20;
    plan.n_updates = 100;
    plan.planned_updates = 100;
    plan.gamma = 0.5f;
    expect_share(&plan, 0.85, 1.03);
}
END_TEST

START_TEST(test_learning_without_a_learning_rate_does_not_happen)
{
    machine_plan plan = synthetic;
    plan.name = "synthetic world, lr 1e-9";
    plan.lr = 1e-9f;
    plan.n_updates = 12;
    expect_share(&plan, -0.2, 0.2);
}
END_TEST

/* One of what the world offers at each step. */
START_TEST(test_learning_from_candidate_lists)
{
    machine_plan plan = synthetic;
    plan.name = "candidate lists";
    plan.num_candidates = 10;
    plan.n_updates = 30;
    plan.planned_updates = 30;
    expect_share(&plan, 0.9, 1.03);
}
END_TEST

/* Mean return of the sessions that end within the last updates. */
static double session_return(float gamma, uint64_t seed)
{
    machine_plan plan = synthetic;
    plan.name = "tiring world";
    plan.num_items = 100;
    plan.item_dim = 8;
    plan.n_updates = 90;
    plan.planned_updates = 0;
    plan.max_episode_steps = 30;
    plan.tire = 0.2f;
    plan.gamma = gamma;
    plan.gae_lambda = 0.9f;
    machine m;
    machine_create(&m, &plan, seed, 1, NULL);
    for (int32_t i = 0; i < plan.n_updates; i++) {
        machine_update(&m);
    }
    double sum = 0.0;
    int32_t n_ended = 0;
    for (int step = 0; step < 60; step++) {
        rr_error err;
        rr_decision decision = machine_decision(&m);
        machine_observe(&m);
        machine_require(rr_agent_act(m.agent, &m.obs, &decision, &err), &err);
        const rr_outcome outcome = machine_move(&m);
        for (int32_t i = 0; i < plan.n_envs; i++) {
            sum += (double)outcome.rewards[i];
            n_ended += outcome.terminated[i] || outcome.truncated[i];
        }
    }
    machine_destroy(&m);
    return sum / n_ended;
}

/* What pays now burns a session: only who looks ahead keeps it alive. */
START_TEST(test_learning_looks_ahead_in_the_tiring_world)
{
    const uint64_t n = (uint64_t)check_runs(N_SEEDS);
    for (uint64_t seed = 0; seed < n; seed++) {
        const double patient = session_return(0.97f, seed), myopic = session_return(0.0f, seed);
        ck_assert_msg(patient > 1.5 * myopic, "seed %d: a return of %.2f with gamma, %.2f without",
                      (int)seed, patient, myopic);
    }
}
END_TEST

/* ── worlds of the host ──────────────────────────────────────────────────────────────────────── */

enum { ROWS = 32, ARMS = 10, DIM = 4 };

typedef struct bandit {
    rr_agent *agent;
    rr_buffer *buffer;
    float states[ROWS * DIM], log_probs[ROWS], values[ROWS], rewards[ROWS];
    float features[ROWS * ARMS * 2];
    int32_t actions[ROWS], candidates[ROWS * ARMS];
    uint8_t over[ROWS];
    rr_obs obs;
} bandit;

static bandit *begin_bandit(int32_t head, int32_t n_features, float lr, rr_items *items,
                            uint64_t seed)
{
    bandit *b = machine_array(1, sizeof *b);
    rr_error err;
    rr_agent_config config;
    rr_a2c_config a2c;
    rr_buffer_config rollout;
    rr_agent_config_init(&config, sizeof config);
    rr_a2c_config_init(&a2c, sizeof a2c);
    rr_buffer_config_init(&rollout, sizeof rollout);
    config.head = head;
    config.hidden[0] = 16;
    config.hidden[1] = 0;
    config.num_items = head == RR_HEAD_DENSE ? ARMS : 0;
    config.state_dim = DIM;
    config.item_dim = DIM;
    config.feature_dim = n_features;
    config.max_rows = ROWS;
    config.max_candidates = ARMS;
    config.has_repeat_weight = 0;
    config.seed = seed;
    a2c.n_steps = 4;
    a2c.gamma = 0.0f;
    a2c.lr = lr;
    rollout.max_rows = 4 * ROWS;
    rollout.state_dim = DIM;
    rollout.feature_dim = n_features;
    rollout.max_candidates = n_features > 0 ? ARMS : 0;
    machine_require(rr_agent_create(&b->agent, &config, &a2c, items, NULL, &err), &err);
    machine_require(rr_buffer_create(&b->buffer, &rollout, NULL, &err), &err);
    for (size_t i = 0; i < ROWS; i++) {
        b->over[i] = 1;
    }
    b->obs =
        (rr_obs){.struct_size = sizeof b->obs, .n = ROWS, .state_dim = DIM, .states = b->states};
    return b;
}

static void end_bandit(bandit *b)
{
    rr_buffer_destroy(b->buffer);
    rr_agent_destroy(b->agent);
    free(b);
}

/* One decision a row; the mean reward. reward_of sees the row and the position. */
static double pull(bandit *b, float (*reward_of)(const bandit *, size_t, int32_t))
{
    rr_error err;
    rr_decision decision = {.struct_size = sizeof decision,
                            .n = ROWS,
                            .actions = b->actions,
                            .log_probs = b->log_probs,
                            .values = b->values};
    const rr_outcome outcome = {
        .struct_size = sizeof outcome, .n = ROWS, .rewards = b->rewards, .terminated = b->over};
    machine_require(rr_agent_act(b->agent, &b->obs, &decision, &err), &err);
    machine_require(rr_buffer_record(b->buffer, &b->obs, &decision, &err), &err);
    double sum = 0.0;
    for (size_t i = 0; i < ROWS; i++) {
        b->rewards[i] = reward_of(b, i, b->actions[i]);
        sum += (double)b->rewards[i];
    }
    machine_require(rr_buffer_reward(b->buffer, &outcome, &err), &err);
    if (rr_buffer_is_full(b->buffer)) {
        machine_require(rr_agent_update(b->agent, b->buffer, NULL, NULL, &err), &err);
    }
    return sum / ROWS;
}

/* Two kinds of readers, each with an arm of its own that pays 1; the others pay up to ½. */
static float two_kinds(const bandit *b, size_t row, int32_t arm)
{
    const int32_t best = b->states[row * DIM] > 0.0f ? 2 : 7;
    return arm == best ? 1.0f : 0.05f * (float)arm;
}

static double bandit_share(int32_t head, float lr, uint64_t seed)
{
    rr_error err;
    rr_items *items = NULL;
    if (head == RR_HEAD_TOWER) {
        machine_require(rr_items_create_random(&items, ARMS, DIM, 8, NULL, &err), &err);
    }
    bandit *b = begin_bandit(head, 0, lr, items, seed);
    machine m = {.generator = seed + 5};
    double sum = 0.0;
    enum { PULLS = 1200, LAST = 100 };
    for (int i = 0; i < PULLS; i++) {
        for (size_t row = 0; row < ROWS; row++) {
            b->states[row * DIM] = machine_uniform(&m) < 0.5f ? 1.0f : -1.0f;
            b->states[row * DIM + 1] = 1.0f;
        }
        const double reward = pull(b, two_kinds);
        sum += i >= PULLS - LAST ? reward : 0.0;
    }
    end_bandit(b);
    rr_items_release(items);
    return sum / LAST;
}

START_TEST(test_learning_bandit_of_the_host)
{
    for (uint64_t seed = 0; seed < (uint64_t)check_runs(N_SEEDS); seed++) {
        const double tower = bandit_share(RR_HEAD_TOWER, 0.01f, seed);
        const double dense = bandit_share(RR_HEAD_DENSE, 0.01f, seed);
        const double still = bandit_share(RR_HEAD_DENSE, 1e-9f, seed);
        ck_assert_msg(tower > 0.9, "seed %d: tower earns %.3f of 1", (int)seed, tower);
        ck_assert_msg(dense > 0.9, "seed %d: dense earns %.3f of 1", (int)seed, dense);
        ck_assert_msg(still < 0.5, "seed %d: without learning %.3f of 1", (int)seed, still);
    }
}
END_TEST

/* Only the features tell what a candidate is worth. */
static float of_features(const bandit *b, size_t row, int32_t position)
{
    const float *f = b->features + (row * ARMS + (size_t)position) * 2;
    return f[0] - 0.5f * f[1];
}

static double feature_share(float lr, uint64_t seed)
{
    rr_error err;
    rr_items *items = NULL;
    machine_require(rr_items_create_random(&items, 50, DIM, 8, NULL, &err), &err);
    bandit *b = begin_bandit(RR_HEAD_TOWER, 2, lr, items, seed);
    machine m = {.generator = seed + 5};
    b->obs.n_candidates = ARMS;
    b->obs.candidates = b->candidates;
    b->obs.feature_dim = 2;
    b->obs.features = b->features;
    double sum = 0.0, best_sum = 0.0;
    enum { PULLS = 1600, LAST = 200 };
    for (int i = 0; i < PULLS; i++) {
        for (size_t c = 0; c < ROWS * ARMS; c++) {
            b->candidates[c] = (int32_t)(5 * (c % ARMS) + (size_t)(machine_uniform(&m) * 5.0f));
            b->features[2 * c] = machine_uniform(&m);
            b->features[2 * c + 1] = machine_uniform(&m);
        }
        double best = 0.0;
        for (size_t row = 0; row < ROWS; row++) {
            b->states[row * DIM] = machine_uniform(&m);
            float most = -1.0f;
            for (int32_t p = 0; p < ARMS; p++) {
                most = fmaxf(most, of_features(b, row, p));
            }
            best += (double)most / ROWS;
        }
        const double reward = pull(b, of_features);
        sum += i >= PULLS - LAST ? reward : 0.0;
        best_sum += i >= PULLS - LAST ? best : 0.0;
    }
    end_bandit(b);
    rr_items_release(items);
    return sum / best_sum;
}

START_TEST(test_learning_what_features_are_worth)
{
    for (uint64_t seed = 0; seed < (uint64_t)check_runs(N_SEEDS); seed++) {
        const double share = feature_share(0.05f, seed), still = feature_share(1e-9f, seed);
        ck_assert_msg(share > 0.85, "seed %d: %.3f of the best", (int)seed, share);
        ck_assert_msg(still < 0.5, "seed %d: %.3f of the best without learning", (int)seed, still);
    }
}
END_TEST

/* ── another catalogue ───────────────────────────────────────────────────────────────────────── */

/* Reward of `states · vector` a decision, over its best, in a pool that was never trained on. */
static double share_in(rr_agent *agent, const rr_items *pool, const rr_items *given, uint64_t seed)
{
    enum { N = 64, D = 16 };
    rr_items_segment whole = {.struct_size = sizeof whole};
    ck_assert_int_eq(rr_items_segment_count(pool), 1);
    ck_assert_int_eq(rr_items_segment_at(pool, 0, &whole, NULL), RR_OK);
    const float *vectors = whole.vectors;
    const int32_t n_items = rr_items_count(pool);
    machine m = {.generator = seed};
    float states[N * 2 * D] = {0};
    int32_t actions[N];
    for (size_t i = 0; i < N; i++) {
        for (size_t j = 0; j < D; j++) { /* about normal */
            states[i * 2 * D + j] =
                2.0f * (machine_uniform(&m) + machine_uniform(&m) + machine_uniform(&m) - 1.5f);
        }
    }
    const rr_obs obs = {
        .struct_size = sizeof obs, .n = N, .state_dim = 2 * D, .states = states, .pool = given};
    rr_decision decision = {.struct_size = sizeof decision, .n = N, .actions = actions};
    rr_error err;
    machine_require(rr_agent_act(agent, &obs, &decision, &err), &err);
    double sum = 0.0, best_sum = 0.0;
    for (size_t i = 0; i < N; i++) {
        double best = -1e9;
        for (int32_t item = 0; item < n_items; item++) {
            double similarity = 0.0;
            for (size_t j = 0; j < D; j++) {
                similarity += (double)states[i * 2 * D + j] * (double)vectors[(size_t)item * D + j];
            }
            best = similarity > best ? similarity : best;
            sum += item == actions[i] ? similarity : 0.0;
        }
        best_sum += best;
    }
    return sum / best_sum;
}

START_TEST(test_learning_carries_over_to_another_catalogue)
{
    for (uint64_t seed = 0; seed < (uint64_t)check_runs(N_SEEDS); seed++) {
        rr_error err;
        rr_items *other = NULL;
        machine m, still;
        machine_create(&m, &synthetic, seed, 1, NULL);
        machine_create(&still, &synthetic, seed, 1, NULL);
        for (int i = 0; i < 25; i++) {
            machine_update(&m);
        }
        machine_require(rr_items_create_random(&other, 150, synthetic.item_dim, 99, NULL, &err),
                        &err);
        const double visited = share_in(m.agent, other, other, seed);
        machine_require(rr_agent_set_items(m.agent, other, &err), &err);
        const double moved = share_in(m.agent, other, NULL, seed);
        const double unlearned = share_in(still.agent, other, other, seed);
        ck_assert_msg(visited > 0.85 && moved > 0.85, "seed %d: %.3f of the best, then %.3f",
                      (int)seed, visited, moved);
        ck_assert_msg(unlearned < 0.4, "seed %d: %.3f of the best before learning", (int)seed,
                      unlearned);
        rr_items_release(other);
        machine_destroy(&m);
        machine_destroy(&still);
    }
}
END_TEST

CHECK_MAIN("loop/learning", test_learning_ppo_in_the_synthetic_world,
           test_learning_a2c_in_the_synthetic_world, test_learning_reinforce_in_the_synthetic_world,
           test_learning_without_a_learning_rate_does_not_happen,
           test_learning_from_candidate_lists, test_learning_looks_ahead_in_the_tiring_world,
           test_learning_bandit_of_the_host, test_learning_what_features_are_worth,
           test_learning_carries_over_to_another_catalogue)
