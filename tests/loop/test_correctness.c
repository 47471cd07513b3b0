/* SPDX-License-Identifier: MIT */
/* Right where others are known to be wrong, seen through the front door. */
#include <math.h>

#include "check_run.h"
#include "loop/machine.h"

/* ── old log-probs and new ones are the same numbers ─────────────────────────────────────────── */

/* One epoch of one minibatch: every ratio is that of the policy with itself. */
static machine_plan one_step_of(const machine_plan *plan)
{
    machine_plan one = *plan;
    one.update_epochs = 1;
    one.batch_size = plan->n_envs * plan->n_steps;
    return one;
}

START_TEST(test_correctness_old_log_probs_are_under_the_same_candidates)
{
    for (size_t p = 0; p < MACHINE_PLANS; p++) {
        const machine_plan plan = one_step_of(&machine_plans[p]);
        machine m;
        machine_create(&m, &plan, 6, 1, NULL);
        for (int i = 0; i < 4; i++) {
            machine_update(&m);
            ck_assert_int_eq(m.stats.n_minibatches, 1);
            ck_assert_msg(m.stats.approx_kl == 0.0f && m.stats.clip_fraction == 0.0f,
                          "%s: approx_kl of a policy with itself is %g", plan.name,
                          (double)m.stats.approx_kl);
        }
        machine_destroy(&m);
    }
}
END_TEST

/* The check above can fail: exclusions that were not there at the draw. */
START_TEST(test_correctness_other_candidates_in_the_update_would_be_seen)
{
    machine_plan plan = one_step_of(&machine_plans[5]);
    machine m;
    rr_error err;
    machine_create(&m, &plan, 6, 1, NULL);
    while (!rr_buffer_is_full(m.buffer)) {
        rr_decision decision = machine_decision(&m);
        machine_observe(&m);
        rr_obs without = m.obs;
        without.excluded = NULL;
        without.n_excluded = 0;
        machine_require(rr_agent_act(m.agent, &m.obs, &decision, &err), &err);
        machine_require(rr_buffer_record(m.buffer, &without, &decision, &err), &err);
        const rr_outcome outcome = machine_move(&m);
        machine_require(rr_buffer_reward(m.buffer, &outcome, &err), &err);
    }
    machine_observe(&m);
    m.stats = (rr_stats){.struct_size = sizeof m.stats};
    machine_require(rr_agent_update(m.agent, m.buffer, &m.obs, &m.stats, &err), &err);
    ck_assert_float_gt(fabsf(m.stats.approx_kl), 1e-4f);
    machine_destroy(&m);
}
END_TEST

START_TEST(test_correctness_act_and_evaluate_agree_in_bits)
{
    for (size_t p = 0; p < MACHINE_PLANS; p++) {
        machine m;
        rr_error err;
        machine_create(&m, &machine_plans[p], 6, 1, NULL);
        machine_update(&m);
        machine_observe(&m);
        const size_t n = (size_t)m.plan.n_envs;
        const size_t width =
            (size_t)(m.plan.num_candidates > 0 ? m.plan.num_candidates : m.plan.num_items);
        float *all = machine_array(n * width, sizeof(float));
        float *log_probs = machine_array(n, sizeof(float)),
              *values = machine_array(n, sizeof(float));
        rr_decision decision = machine_decision(&m);
        decision.all_log_probs = all;
        machine_require(rr_agent_act(m.agent, &m.obs, &decision, &err), &err);
        machine_require(
            rr_agent_evaluate(m.agent, &m.obs, m.actions, log_probs, NULL, values, &err), &err);
        ck_assert_mem_eq(log_probs, m.log_probs, n * sizeof(float));
        ck_assert_mem_eq(values, m.values, n * sizeof(float));
        for (size_t i = 0; i < n; i++) {
            ck_assert(all[i * width + (size_t)m.actions[i]] == m.log_probs[i]);
            double sum = 0.0;
            for (size_t j = 0; j < width; j++) {
                sum += exp((double)all[i * width + j]);
            }
            ck_assert_double_eq_tol(sum, 1.0, 1e-5);
        }
        free(all);
        free(log_probs);
        free(values);
        machine_destroy(&m);
    }
}
END_TEST

/* ── entropy has a gradient ──────────────────────────────────────────────────────────────────── */

/* Entropy after some updates without any reward, from a policy that has made up its mind. */
static float entropy_after(float ent_coef)
{
    enum { N = 32, ITEMS = 6, DIM = 3 };
    const float vectors[ITEMS * DIM] = {1, 0, 0, 0, 1, 0, 0, 0, 1, -1, 0, 0, 0, -1, 0, 0, 0, -1};
    rr_error err;
    rr_items *items = NULL;
    rr_agent *agent = NULL;
    rr_buffer *buffer = NULL;
    machine_require(rr_items_create(&items, vectors, NULL, ITEMS, DIM, NULL, NULL, &err), &err);
    rr_agent_config config;
    rr_a2c_config a2c;
    rr_buffer_config rollout;
    rr_agent_config_init(&config, sizeof config);
    rr_a2c_config_init(&a2c, sizeof a2c);
    rr_buffer_config_init(&rollout, sizeof rollout);
    config.state_dim = 2;
    config.item_dim = DIM;
    config.has_repeat_weight = 0;
    config.max_rows = N;
    memset(config.hidden, 0, sizeof config.hidden);
    a2c.n_steps = 1;
    a2c.ent_coef = ent_coef;
    a2c.vf_coef = 0.0f;
    rollout.max_rows = N;
    rollout.state_dim = 2;
    machine_require(rr_agent_create(&agent, &config, &a2c, items, NULL, &err), &err);
    machine_require(rr_buffer_create(&buffer, &rollout, NULL, &err), &err);
    const float skip[DIM * 2] = {0.2f, 0, 0, 0, 0, 0.1f};
    machine_require(rr_agent_set_tensor(agent, "actor.skip.weight", skip, DIM * 2, &err), &err);

    float states[N * 2], log_probs[N], values[N] = {0}, zeros[N] = {0};
    int32_t actions[N];
    uint8_t over[N];
    for (int i = 0; i < N; i++) {
        states[2 * i] = 1.0f;
        states[2 * i + 1] = (float)i / N;
        over[i] = 1;
    }
    const rr_obs obs = {.struct_size = sizeof obs, .n = N, .state_dim = 2, .states = states};
    rr_decision decision = {
        .struct_size = sizeof decision, .n = N, .actions = actions, .log_probs = log_probs};
    const rr_outcome outcome = {
        .struct_size = sizeof outcome, .n = N, .rewards = zeros, .terminated = over};
    rr_stats stats = {.struct_size = sizeof stats};
    for (int update = 0; update < 30; update++) {
        machine_require(rr_agent_act(agent, &obs, &decision, &err), &err);
        decision.values = values; /* 0: no advantage anywhere */
        machine_require(rr_buffer_record(buffer, &obs, &decision, &err), &err);
        decision.values = NULL;
        machine_require(rr_buffer_reward(buffer, &outcome, &err), &err);
        machine_require(rr_agent_update(agent, buffer, &obs, &stats, &err), &err);
    }
    rr_buffer_destroy(buffer);
    rr_agent_destroy(agent);
    rr_items_release(items);
    return stats.entropy;
}

START_TEST(test_correctness_entropy_bonus_raises_entropy)
{
    const float without = entropy_after(0.0f), with = entropy_after(0.1f);
    ck_assert_float_lt(without, 1.2f);
    ck_assert_float_gt(with, without + 0.3f);
    ck_assert_float_le(with, logf(6.0f) + 1e-4f);
}
END_TEST

/* ── endings ─────────────────────────────────────────────────────────────────────────────────── */

/* The value loss of one step without reward, γ = 1, is ½ mean (V(s) − target)²: it tells the
 * target. flags: 1 terminated, 2 truncated. */
static float value_loss_of(const uint8_t *flags, float expected_targets[4])
{
    enum { N = 4, S = 3 };
    rr_error err;
    rr_agent *agent = NULL;
    rr_buffer *buffer = NULL;
    rr_agent_config config;
    rr_a2c_config a2c;
    rr_buffer_config rollout;
    rr_agent_config_init(&config, sizeof config);
    rr_a2c_config_init(&a2c, sizeof a2c);
    rr_buffer_config_init(&rollout, sizeof rollout);
    config.head = RR_HEAD_DENSE;
    config.num_items = 5;
    config.state_dim = S;
    config.max_rows = N;
    a2c.n_steps = 1;
    a2c.gamma = 1.0f;
    rollout.max_rows = N;
    rollout.state_dim = S;
    machine_require(rr_agent_create(&agent, &config, &a2c, NULL, NULL, &err), &err);
    machine_require(rr_buffer_create(&buffer, &rollout, NULL, &err), &err);

    float now[N * S], final[N * S], to_come[N * S], rewards[N] = {0};
    float values[N], final_values[N], next_values[N], log_probs[N];
    int32_t actions[N];
    uint8_t terminated[N], truncated[N];
    for (int i = 0; i < N * S; i++) {
        now[i] = (float)((i * 5) % 7) - 3.0f;
        final[i] = 2.0f - (float)((i * 3) % 5);
        to_come[i] = (float)((i * 4) % 9) - 4.0f;
    }
    for (int i = 0; i < N; i++) {
        terminated[i] = flags[i] & 1;
        truncated[i] = (flags[i] & 2) != 0;
    }
    rr_obs obs = {.struct_size = sizeof obs, .n = N, .state_dim = S, .states = now};
    rr_decision decision = {.struct_size = sizeof decision,
                            .n = N,
                            .actions = actions,
                            .log_probs = log_probs,
                            .values = values};
    machine_require(rr_agent_act(agent, &obs, &decision, &err), &err);
    machine_require(rr_buffer_record(buffer, &obs, &decision, &err), &err);
    obs.states = final;
    machine_require(rr_agent_evaluate(agent, &obs, actions, NULL, NULL, final_values, &err), &err);
    const rr_outcome outcome = {.struct_size = sizeof outcome,
                                .n = N,
                                .rewards = rewards,
                                .terminated = terminated,
                                .truncated = truncated,
                                .final_obs = &obs};
    machine_require(rr_buffer_reward(buffer, &outcome, &err), &err);
    obs.states = to_come;
    machine_require(rr_agent_evaluate(agent, &obs, actions, NULL, NULL, next_values, &err), &err);
    rr_stats stats = {.struct_size = sizeof stats};
    machine_require(rr_agent_update(agent, buffer, &obs, &stats, &err), &err);

    double loss = 0.0;
    for (int i = 0; i < N; i++) {
        const float target = terminated[i] ? 0.0f : truncated[i] ? final_values[i] : next_values[i];
        expected_targets[i] = target;
        loss += 0.5 * (double)(values[i] - target) * (double)(values[i] - target) / N;
    }
    ck_assert_float_eq_tol(stats.value_loss, (float)loss, 1e-6f + 1e-5f * (float)loss);
    rr_buffer_destroy(buffer);
    rr_agent_destroy(agent);
    return stats.value_loss;
}

START_TEST(test_correctness_truncated_row_bootstraps_from_its_own_final_observation)
{
    float targets[4], others[4];
    const uint8_t open[4] = {0, 0, 0, 0}, over[4] = {1, 1, 1, 1}, cut[4] = {2, 2, 2, 2};
    const uint8_t mixed[4] = {0, 1, 2, 3}; /* both: terminated wins */
    const float a = value_loss_of(open, targets), b = value_loss_of(over, others);
    const float c = value_loss_of(cut, others);
    for (int i = 0; i < 4; i++) {
        ck_assert_float_gt(fabsf(targets[i] - others[i]),
                           1e-3f); /* the endings can be told apart */
    }
    ck_assert(a != b && b != c && a != c);
    value_loss_of(mixed, targets);
    ck_assert(targets[1] == 0.0f && targets[3] == 0.0f);
}
END_TEST

/* ── the critic learns ───────────────────────────────────────────────────────────────────────── */

START_TEST(test_correctness_every_critic_tensor_moves_in_every_update)
{
    for (size_t p = 0; p < MACHINE_PLANS; p++) {
        machine m;
        rr_error err;
        machine_create(&m, &machine_plans[p], 6, 1, NULL);
        for (int32_t update = 0; update < m.plan.n_updates; update++) {
            uint64_t before[64];
            int n_critic = 0;
            for (int pass = 0; pass < 2; pass++) {
                for (int32_t i = 0; i < rr_agent_tensor_count(m.agent); i++) {
                    rr_tensor tensor = {.struct_size = sizeof tensor};
                    machine_require(rr_agent_tensor_at(m.agent, i, &tensor, &err), &err);
                    const size_t n =
                        (size_t)(tensor.shape[0] * (tensor.n_dims == 2 ? tensor.shape[1] : 1));
                    const uint64_t hash = machine_hash(1, tensor.data, n * sizeof(float));
                    const bool is_critic = strncmp(tensor.name, "critic.", 7) == 0;
                    n_critic += is_critic;
                    ck_assert_msg(pass == 0 || !is_critic || hash != before[i],
                                  "%s: %s did not move", m.plan.name, tensor.name);
                    before[i] = hash;
                }
                if (pass == 0) {
                    machine_update(&m);
                }
            }
            /* Three layers, each a weight and a bias; and the unit of values. */
            ck_assert_int_eq(n_critic, 2 * (m.plan.is_normalised ? 8 : 6));
        }
        machine_destroy(&m);
    }
}
END_TEST

/* ── drawing ─────────────────────────────────────────────────────────────────────────────────── */

enum { ROWS = 1000, K = 12, WIDTH = 6 };

typedef struct drawing {
    rr_agent *agent;
    float states[ROWS * WIDTH], vectors[ROWS * K * WIDTH], log_probs[ROWS];
    float all_log_probs[ROWS * K];
    int32_t candidates[ROWS * K], lengths[ROWS], excluded[ROWS * 3], actions[ROWS];
    uint64_t ids[ROWS], sessions[ROWS];
    rr_obs obs;
    rr_decision decision;
} drawing;

/* An agent whose query is the state, so that the test says which item it likes. */
static drawing *begin_drawing(uint64_t seed, rr_items *items)
{
    drawing *d = machine_array(1, sizeof *d);
    rr_error err;
    rr_agent_config config;
    rr_ppo_config ppo;
    rr_agent_config_init(&config, sizeof config);
    rr_ppo_config_init(&ppo, sizeof ppo);
    config.state_dim = WIDTH;
    config.item_dim = WIDTH;
    config.max_rows = ROWS;
    config.max_candidates = K;
    config.initial_scale = 1.0f;
    config.seed = seed;
    memset(config.hidden, 0, sizeof config.hidden);
    ppo.n_steps = 1;
    machine_require(rr_agent_create(&d->agent, &config, &ppo, items, NULL, &err), &err);
    float eye[WIDTH * WIDTH] = {0};
    for (int i = 0; i < WIDTH; i++) {
        eye[i * WIDTH + i] = 1.0f;
    }
    machine_require(rr_agent_set_tensor(d->agent, "actor.skip.weight", eye, WIDTH * WIDTH, &err),
                    &err);
    machine m = {.generator = seed};
    for (size_t i = 0; i < ROWS * WIDTH; i++) {
        d->states[i] = 4.0f * machine_uniform(&m) - 2.0f;
    }
    for (size_t i = 0; i < ROWS * K * WIDTH; i++) {
        d->vectors[i] = 2.0f * machine_uniform(&m) - 1.0f;
    }
    for (size_t i = 0; i < ROWS; i++) {
        d->lengths[i] = 1 + (int32_t)(machine_uniform(&m) * K);
    }
    d->obs =
        (rr_obs){.struct_size = sizeof d->obs, .n = ROWS, .state_dim = WIDTH, .states = d->states};
    d->decision = (rr_decision){.struct_size = sizeof d->decision,
                                .n = ROWS,
                                .actions = d->actions,
                                .log_probs = d->log_probs};
    return d;
}

static void end_drawing(drawing *d)
{
    rr_agent_destroy(d->agent);
    free(d);
}

/* What stands behind the length of a list would be the best of all by far. */
START_TEST(test_correctness_padding_is_never_drawn_in_a_million_draws)
{
    drawing *d = begin_drawing(3, NULL);
    rr_error err;
    for (size_t i = 0; i < ROWS; i++) {
        for (size_t j = (size_t)d->lengths[i]; j < K; j++) {
            for (size_t c = 0; c < WIDTH; c++) {
                d->vectors[(i * K + j) * WIDTH + c] = 100.0f * d->states[i * WIDTH + c];
            }
        }
    }
    d->obs.n_candidates = K;
    d->obs.item_dim = WIDTH;
    d->obs.vectors = d->vectors;
    d->obs.lengths = d->lengths;
    for (int round = 0; round < 1000; round += (int)check_step(5)) {
        machine_require(rr_agent_act(d->agent, &d->obs, &d->decision, &err), &err);
        for (size_t i = 0; i < ROWS; i++) {
            if (d->actions[i] < 0 || d->actions[i] >= d->lengths[i] || d->log_probs[i] > 0.0f) {
                ck_abort_msg("row %zu: position %d of %d was drawn", i, d->actions[i],
                             d->lengths[i]);
            }
        }
    }
    end_drawing(d);
}
END_TEST

/* The excluded items of each row are the three that it likes best. */
START_TEST(test_correctness_excluded_item_is_never_drawn_in_a_million_draws)
{
    enum { ITEMS = 40 };
    rr_error err;
    rr_items *items = NULL;
    machine_require(rr_items_create_random(&items, ITEMS, WIDTH, 5, NULL, &err), &err);
    drawing *d = begin_drawing(3, items);
    int32_t best[ROWS * 3];
    machine_require(rr_agent_top_k(d->agent, &d->obs, 3, best, NULL, NULL, &err), &err);
    memcpy(d->excluded, best, sizeof best);
    d->obs.n_excluded = 3;
    d->obs.excluded = d->excluded;
    for (int round = 0; round < 500; round += (int)check_step(5)) {
        machine_require(rr_agent_act(d->agent, &d->obs, &d->decision, &err), &err);
        for (size_t i = 0; i < ROWS; i++) {
            for (size_t j = 0; j < 3; j++) {
                if (d->actions[i] == best[i * 3 + j]) {
                    ck_abort_msg("row %zu: item %d was drawn", i, d->actions[i]);
                }
            }
        }
    }
    /* In candidate lists, too. */
    for (size_t i = 0; i < ROWS; i++) {
        for (size_t j = 0; j < K; j++) {
            const int32_t other = (int32_t)((i + 3 * j) % ITEMS);
            d->candidates[i * K + j] = other;
        }
        for (size_t j = 0; j < 3; j++) {
            d->excluded[i * 3 + j] = d->candidates[i * K + (i + j) % K];
        }
    }
    d->obs.n_candidates = K;
    d->obs.candidates = d->candidates;
    for (int round = 0; round < 500; round += (int)check_step(5)) {
        machine_require(rr_agent_act(d->agent, &d->obs, &d->decision, &err), &err);
        for (size_t i = 0; i < ROWS; i++) {
            const size_t behind = ((size_t)d->actions[i] + K - i % K) % K;
            if (behind < 3) {
                ck_abort_msg("row %zu: position %d was drawn", i, d->actions[i]);
            }
        }
    }
    end_drawing(d);
    rr_items_release(items);
}
END_TEST

/* Σ (drawn − expected)² / expected over the positions of one row; n − 1 degrees of freedom. */
START_TEST(test_correctness_drawn_frequencies_match_log_probs)
{
    drawing *d = begin_drawing(4, NULL);
    rr_error err;
    /* All rows alike: a row of twelve candidates, the last excluded by its length. */
    for (size_t i = 1; i < ROWS; i++) {
        memcpy(d->states + i * WIDTH, d->states, WIDTH * sizeof(float));
        memcpy(d->vectors + i * K * WIDTH, d->vectors, K * WIDTH * sizeof(float));
    }
    for (size_t i = 0; i < ROWS; i++) {
        d->lengths[i] = K - 1;
    }
    d->obs.n_candidates = K;
    d->obs.item_dim = WIDTH;
    d->obs.vectors = d->vectors;
    d->obs.lengths = d->lengths;
    d->decision.all_log_probs = d->all_log_probs;
    double drawn[K] = {0};
    enum { ROUNDS = 300 };
    for (int round = 0; round < ROUNDS; round++) {
        machine_require(rr_agent_act(d->agent, &d->obs, &d->decision, &err), &err);
        for (size_t i = 0; i < ROWS; i++) {
            drawn[d->actions[i]] += 1.0;
        }
    }
    double chi_squared = 0.0;
    ck_assert(isinf(d->all_log_probs[K - 1]) && drawn[K - 1] == 0.0);
    for (size_t j = 0; j < K - 1; j++) {
        const double expected = exp((double)d->all_log_probs[j]) * ROWS * ROUNDS;
        ck_assert_double_gt(expected, 50.0);
        chi_squared += (drawn[j] - expected) * (drawn[j] - expected) / expected;
    }
    ck_assert_double_lt(chi_squared, 29.6); /* ten degrees of freedom, p = 0.001 */
    ck_assert_double_gt(chi_squared, 0.9);  /* p = 0.9998: nor is it too good to be drawn */
    end_drawing(d);
}
END_TEST

START_TEST(test_correctness_draw_is_replayed_from_its_decision_id)
{
    rr_error err;
    rr_items *items = NULL;
    machine_require(rr_items_create_random(&items, 500, WIDTH, 5, NULL, &err), &err);
    drawing *d = begin_drawing(3, items), *again = begin_drawing(3, items);
    drawing *other = begin_drawing(4, items);
    memcpy(other->states, d->states, sizeof d->states);
    drawing *const all[] = {d, again, other};
    for (size_t j = 0; j < 3; j++) {
        for (size_t i = 0; i < ROWS; i++) {
            all[j]->ids[i] = 1000003 * (uint64_t)i + (UINT64_C(1) << 60);
        }
        all[j]->obs.decisions = all[j]->ids;
        all[j]->obs.sessions = all[j]->sessions;
        machine_require(rr_agent_act(all[j]->agent, &all[j]->obs, &all[j]->decision, &err), &err);
    }
    ck_assert_mem_eq(d->actions, again->actions, sizeof d->actions);
    ck_assert_mem_eq(d->log_probs, again->log_probs, sizeof d->log_probs);
    ck_assert_mem_ne(d->actions, other->actions, sizeof d->actions); /* another seed */

    /* Alone, in another batch, an hour later. */
    for (size_t i = 0; i < ROWS; i += 37) {
        int32_t action = -1;
        float log_prob = 0.0f;
        rr_obs one = d->obs;
        one.n = 1;
        one.states = d->states + i * WIDTH;
        one.decisions = d->ids + i;
        one.sessions = d->sessions + i;
        rr_decision decision = {
            .struct_size = sizeof decision, .n = 1, .actions = &action, .log_probs = &log_prob};
        machine_require(rr_agent_act(again->agent, &one, &decision, &err), &err);
        ck_assert_int_eq(action, d->actions[i]);
        ck_assert(log_prob == d->log_probs[i]);
    }
    /* Without ids a counter runs: a second look is another draw. */
    again->obs.decisions = NULL;
    again->obs.sessions = NULL;
    machine_require(rr_agent_act(again->agent, &again->obs, &again->decision, &err), &err);
    memcpy(other->actions, again->actions, sizeof again->actions);
    machine_require(rr_agent_act(again->agent, &again->obs, &again->decision, &err), &err);
    ck_assert_mem_ne(other->actions, again->actions, sizeof again->actions);
    end_drawing(d);
    end_drawing(again);
    end_drawing(other);
    rr_items_release(items);
}
END_TEST

/* ── a catalogue that was changed in mid-rollout ─────────────────────────────────────────────── */

START_TEST(test_correctness_rows_of_another_catalogue_are_dropped_and_counted)
{
    const machine_plan *plan = &machine_plans[0];
    machine m;
    rr_error err;
    rr_items *others = NULL;
    machine_create(&m, plan, 6, 1, NULL);
    machine_step(&m);
    machine_step(&m);
    machine_step(&m);
    machine_require(
        rr_items_create_random(&others, plan->num_items, plan->item_dim, 77, NULL, &err), &err);
    machine_require(rr_agent_set_items(m.agent, others, &err), &err);
    while (!rr_buffer_is_full(m.buffer)) {
        rr_decision decision = machine_decision(&m);
        machine_observe(&m);
        m.obs.pool = NULL; /* the agent's own */
        machine_require(rr_agent_act(m.agent, &m.obs, &decision, &err), &err);
        machine_require(rr_buffer_record(m.buffer, &m.obs, &decision, &err), &err);
        const rr_outcome outcome = machine_move(&m);
        machine_require(rr_buffer_reward(m.buffer, &outcome, &err), &err);
    }
    machine_observe(&m);
    m.stats = (rr_stats){.struct_size = sizeof m.stats};
    machine_require(rr_agent_update(m.agent, m.buffer, &m.obs, &m.stats, &err), &err);
    ck_assert_int_eq(m.stats.n_dropped, 3 * plan->n_envs);
    ck_assert_int_eq(m.stats.n_rows, (plan->n_steps - 3) * plan->n_envs);
    ck_assert_int_eq(rr_buffer_count(m.buffer), 0);
    rr_items_release(others);
    machine_destroy(&m);
}
END_TEST

CHECK_MAIN("loop/correctness", test_correctness_old_log_probs_are_under_the_same_candidates,
           test_correctness_other_candidates_in_the_update_would_be_seen,
           test_correctness_act_and_evaluate_agree_in_bits,
           test_correctness_entropy_bonus_raises_entropy,
           test_correctness_truncated_row_bootstraps_from_its_own_final_observation,
           test_correctness_every_critic_tensor_moves_in_every_update,
           test_correctness_padding_is_never_drawn_in_a_million_draws,
           test_correctness_excluded_item_is_never_drawn_in_a_million_draws,
           test_correctness_drawn_frequencies_match_log_probs,
           test_correctness_draw_is_replayed_from_its_decision_id,
           test_correctness_rows_of_another_catalogue_are_dropped_and_counted)
