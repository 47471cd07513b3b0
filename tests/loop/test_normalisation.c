/* SPDX-License-Identifier: MIT */
/* Rewards and states in whatever units: what an agent learns does not depend on them, and what it
 * tells is in theirs. That a run is resumed in bits, that every first ratio is 1, and that threads,
 * levels and interleavings change nothing is tested with the other plans of machine.h. */
#include <math.h>

#include "check_run.h"
#include "loop/machine.h"

enum { UPDATES = 5, MOST_ROWS = 64 * 16 };

/* A machine whose rewards are r ← factor · r + offset. */
typedef struct scaled {
    machine m;
    float factor, offset;
    float *rewards; /* [n_envs] */
} scaled;

static void begin(scaled *s, const machine_plan *plan, float factor)
{
    *s = (scaled){.factor = factor};
    machine_create(&s->m, plan, 5, 1, NULL);
    s->rewards = machine_array((size_t)plan->n_envs, sizeof(float));
}

static void end(scaled *s)
{
    machine_destroy(&s->m);
    free(s->rewards);
}

/* One rollout and its update. log_probs, values [rows] and actions [rows] as they were told. */
static void update(scaled *s, int32_t *actions, float *log_probs, float *values)
{
    machine *m = &s->m;
    rr_error err;
    const size_t n = (size_t)m->plan.n_envs;
    for (size_t at = 0; !rr_buffer_is_full(m->buffer); at += n) {
        rr_decision decision = machine_decision(m);
        machine_observe(m);
        machine_require(rr_agent_act(m->agent, &m->obs, &decision, &err), &err);
        machine_require(rr_buffer_record(m->buffer, &m->obs, &decision, &err), &err);
        memcpy(actions + at, m->actions, n * sizeof *actions);
        memcpy(log_probs + at, m->log_probs, n * sizeof *log_probs);
        memcpy(values + at, m->values, n * sizeof *values);
        rr_outcome outcome = machine_move(m);
        for (size_t i = 0; i < n; i++) {
            s->rewards[i] = s->factor * outcome.rewards[i] + s->offset;
        }
        outcome.rewards = s->rewards;
        machine_require(rr_buffer_reward(m->buffer, &outcome, &err), &err);
    }
    machine_observe(m);
    m->stats = (rr_stats){.struct_size = sizeof m->stats};
    machine_require(rr_agent_update(m->agent, m->buffer, &m->obs, &m->stats, &err), &err);
}

/* What both did in one rollout, and whether its decisions were the same in every bit. */
typedef struct pair {
    int32_t actions[2][MOST_ROWS];
    float log_probs[2][MOST_ROWS], values[2][MOST_ROWS];
    size_t n;
} pair;

static bool decides_alike(pair *p, scaled *one, scaled *other)
{
    p->n = (size_t)(one->m.plan.n_envs * one->m.plan.n_steps);
    update(one, p->actions[0], p->log_probs[0], p->values[0]);
    update(other, p->actions[1], p->log_probs[1], p->values[1]);
    return memcmp(p->actions[0], p->actions[1], p->n * sizeof(int32_t)) == 0 &&
           memcmp(p->log_probs[0], p->log_probs[1], p->n * sizeof(float)) == 0;
}

static void expect_same_in_units_of(float factor, const scaled *one, const scaled *other,
                                    const pair *p)
{
    const rr_stats *a = &one->m.stats, *b = &other->m.stats;
    const bool is_ppo = one->m.plan.algo == RR_ALGO_PPO; /* whose advantages have no unit */
    for (size_t i = 0; i < p->n; i++) {
        ck_assert_float_eq(p->values[1][i], factor * p->values[0][i]);
    }
    ck_assert_float_eq(b->reward_mean, factor * a->reward_mean);
    ck_assert_float_eq(b->value_loss, factor * factor * a->value_loss);
    ck_assert_float_eq(b->return_deviation, factor * a->return_deviation);
    ck_assert_float_eq(b->policy_loss, (is_ppo ? 1.0f : factor) * a->policy_loss);
    ck_assert_float_eq(b->explained_variance, a->explained_variance);
    ck_assert_float_eq(b->entropy, a->entropy);
    ck_assert_float_eq(b->grad_norm, a->grad_norm);
    ck_assert_float_eq(b->clip_fraction, a->clip_fraction);
}

static const machine_plan *plan_named(const char *name)
{
    for (size_t i = 0; i < MACHINE_PLANS; i++) {
        if (strcmp(machine_plans[i].name, name) == 0) {
            return &machine_plans[i];
        }
    }
    ck_abort_msg("there is no plan %s", name);
    return NULL;
}

static const char *const NORMALISED[] = {"ppo-normalised", "a2c-normalised"};

START_TEST(test_normalisation_a_power_of_two_on_rewards_changes_no_decision_in_any_bit)
{
    static const float factors[] = {1024.0f, 0x1p-10f, 2.0f};
    static pair p;
    for (size_t i = 0; i < 6; i++) {
        const machine_plan *plan = plan_named(NORMALISED[i % 2]);
        scaled one, other;
        begin(&one, plan, 1.0f);
        begin(&other, plan, factors[i / 2]);
        for (int u = 0; u < UPDATES; u++) {
            ck_assert_msg(decides_alike(&p, &one, &other), "%s: rewards times %g, update %d",
                          plan->name, (double)factors[i / 2], u);
            expect_same_in_units_of(factors[i / 2], &one, &other, &p);
        }
        end(&one);
        end(&other);
    }
}
END_TEST

/* Else the comparison above could not fail. */
START_TEST(test_normalisation_without_it_a_power_of_two_on_rewards_is_seen)
{
    static pair p;
    for (size_t i = 0; i < 2; i++) {
        machine_plan plan = *plan_named(NORMALISED[i]);
        plan.is_normalised = false;
        scaled one, other;
        begin(&one, &plan, 1.0f);
        begin(&other, &plan, 1024.0f);
        ck_assert(decides_alike(&p, &one, &other)); /* nothing is learned yet */
        ck_assert(!decides_alike(&p, &one, &other));
        end(&one);
        end(&other);
    }
}
END_TEST

START_TEST(test_normalisation_any_factor_on_rewards_changes_decisions_by_rounding_alone)
{
    static const float factors[] = {1000.0f, 0.001f};
    static pair p;
    for (size_t i = 0; i < 4; i++) {
        const machine_plan *plan = plan_named(NORMALISED[i % 2]);
        scaled one, other;
        begin(&one, plan, 1.0f);
        begin(&other, plan, factors[i / 2]);
        decides_alike(&p, &one, &other);
        decides_alike(&p, &one, &other);
        for (size_t row = 0; row < (size_t)plan->n_envs; row++) { /* in the same states */
            ck_assert_float_eq_tol(p.log_probs[1][row], p.log_probs[0][row], 1e-3f);
            ck_assert_float_eq_tol(p.values[1][row] / factors[i / 2], p.values[0][row],
                                   1e-3f * (1.0f + fabsf(p.values[0][row])));
        }
        end(&one);
        end(&other);
    }
}
END_TEST

START_TEST(test_normalisation_equal_rewards_divide_by_nothing_that_is_zero)
{
    static pair p;
    for (size_t i = 0; i < 4; i++) {
        machine_plan plan = *plan_named(NORMALISED[i % 2]);
        plan.gamma = 0.0f;
        scaled s;
        begin(&s, &plan, 0.0f);
        s.offset = i < 2 ? 3.0f : 0.0f;
        for (int u = 0; u < 3; u++) {
            update(&s, p.actions[0], p.log_probs[0], p.values[0]);
            ck_assert(isfinite(s.m.stats.value_loss) && isfinite(s.m.stats.policy_loss));
            ck_assert(isfinite(s.m.stats.entropy) && isfinite(s.m.stats.grad_norm));
        }
        for (size_t row = 0; row < (size_t)(plan.n_envs * plan.n_steps); row++) {
            ck_assert_float_eq_tol(p.values[0][row], s.offset, 0.01f);
        }
        end(&s);
    }
}
END_TEST

/* Rewards far from 0 and large: a critic in their own unit would have a long way to go. */
START_TEST(test_normalisation_a_critic_of_large_rewards_explains_them)
{
    static pair p;
    for (size_t i = 0; i < 2; i++) {
        machine_plan plan = *plan_named(NORMALISED[i]);
        plan.gamma = 0.5f;
        float explained[2];
        for (int is_normalised = 0; is_normalised < 2; is_normalised++) {
            plan.is_normalised = is_normalised != 0;
            scaled s;
            begin(&s, &plan, 600.0f);
            s.offset = 1800.0f; /* seconds watched */
            for (int u = 0; u < 40; u++) {
                update(&s, p.actions[0], p.log_probs[0], p.values[0]);
            }
            const double squares =
                (double)s.m.stats.return_deviation * (double)s.m.stats.return_deviation;
            explained[is_normalised] = (float)(1.0 - 2.0 * (double)s.m.stats.value_loss / squares);
            end(&s);
        }
        ck_assert_msg(explained[1] > 0.0f, "%s: %g", plan.name, (double)explained[1]);
        ck_assert_msg(explained[0] < -10.0f, "%s without: %g", plan.name, (double)explained[0]);
    }
}
END_TEST

/* States in other units than one would choose: 1000 + 50 s. */
START_TEST(test_normalisation_states_far_from_zero_saturate_nothing)
{
    machine_plan plan = *plan_named("a2c-own-vectors");
    float entropies[2];
    for (int is_normalised = 0; is_normalised < 2; is_normalised++) {
        plan.is_normalised = is_normalised != 0;
        machine m;
        rr_error err;
        machine_create(&m, &plan, 5, 1, NULL);
        for (int u = 0; u < 3; u++) {
            while (!rr_buffer_is_full(m.buffer)) {
                rr_decision decision = machine_decision(&m);
                machine_observe(&m);
                for (int32_t i = 0; i < plan.n_envs * plan.item_dim; i++) {
                    m.states[i] = 1000.0f + 50.0f * m.states[i];
                }
                machine_require(rr_agent_act(m.agent, &m.obs, &decision, &err), &err);
                machine_require(rr_buffer_record(m.buffer, &m.obs, &decision, &err), &err);
                const rr_outcome outcome = machine_move(&m);
                machine_require(rr_buffer_reward(m.buffer, &outcome, &err), &err);
            }
            machine_observe(&m);
            m.stats = (rr_stats){.struct_size = sizeof m.stats};
            machine_require(rr_agent_update(m.agent, m.buffer, &m.obs, &m.stats, &err), &err);
        }
        entropies[is_normalised] = m.stats.entropy;
        machine_destroy(&m);
    }
    ck_assert_float_lt(entropies[0], 0.2f); /* one step, and τ q·v is in the hundreds */
    ck_assert_float_gt(entropies[1], 0.5f);
}
END_TEST

/* ── of a ledger ── */

enum { SESSIONS = 8, STEPS = 4 };

/* SESSIONS whole sessions of an own world, in a ledger, and an update. */
static void update_from(machine *m, rr_ledger *ledger, uint64_t *next_id)
{
    rr_error err;
    uint64_t sessions[SESSIONS], decisions[SESSIONS], versions[SESSIONS];
    for (size_t step = 0; step < STEPS; step++) {
        for (size_t i = 0; i < SESSIONS; i++) {
            sessions[i] = 100 - i;
            decisions[i] = (*next_id)++;
        }
        machine_observe(m);
        m->obs.sessions = sessions;
        m->obs.decisions = decisions;
        rr_decision decision = machine_decision(m);
        decision.policy_versions = versions;
        machine_require(rr_agent_act(m->agent, &m->obs, &decision, &err), &err);
        machine_require(rr_ledger_record(ledger, &m->obs, &decision, NULL, &err), &err);
        rr_outcome outcome = machine_move(m);
        memset(m->terminated, step + 1 == STEPS, SESSIONS);
        outcome.decisions = decisions;
        machine_require(rr_ledger_reward(ledger, &outcome, NULL, &err), &err);
    }
    m->stats = (rr_stats){.struct_size = sizeof m->stats};
    machine_require(rr_agent_update_sessions(m->agent, ledger, &m->stats, &err), &err);
}

static rr_ledger *begin_ledger(machine *m, int32_t algo)
{
    machine_plan plan = *plan_named("a2c-own-vectors");
    plan.algo = algo;
    plan.n_envs = SESSIONS;
    plan.batch_size = 16;
    plan.update_epochs = 1;
    plan.is_normalised = true;
    rr_error err;
    machine_create(m, &plan, 5, 1, NULL);
    const rr_ledger_config config = machine_ledger_config(&plan);
    rr_ledger *ledger = NULL;
    machine_require(rr_ledger_create(&ledger, &config, NULL, &err), &err);
    return ledger;
}

START_TEST(test_normalisation_a_run_of_a_ledger_is_resumed_in_every_bit)
{
    for (int32_t algo = RR_ALGO_PPO; algo <= RR_ALGO_A2C; algo++) {
        machine whole, after;
        uint64_t next_id = 1;
        rr_ledger *ledger = begin_ledger(&whole, algo), *other = begin_ledger(&after, algo);
        for (int u = 0; u < 3; u++) {
            update_from(&whole, ledger, &next_id);
            ck_assert_float_eq(whole.stats.weight_max, 1.0f);
        }
        rr_error err;
        size_t bytes;
        unsigned char *block = machine_save(&whole, &bytes);
        machine_require(machine_load(&after, block, bytes, &err), &err);
        free(block);
        uint64_t other_id = next_id;
        for (int u = 0; u < 3; u++) {
            update_from(&whole, ledger, &next_id);
            update_from(&after, other, &other_id);
            ck_assert_mem_eq(&after.stats, &whole.stats, sizeof whole.stats);
        }
        size_t after_bytes;
        block = machine_save(&whole, &bytes);
        unsigned char *after_block = machine_save(&after, &after_bytes);
        ck_assert_uint_eq(bytes, after_bytes);
        ck_assert_mem_eq(block, after_block, bytes);
        free(block);
        free(after_block);
        rr_ledger_destroy(ledger);
        rr_ledger_destroy(other);
        machine_destroy(&whole);
        machine_destroy(&after);
    }
}
END_TEST

START_TEST(test_normalisation_a_checkpoint_is_of_its_switches)
{
    machine_plan plan = *plan_named("ppo-normalised");
    machine with, without;
    rr_error err = {0};
    machine_create(&with, &plan, 5, 1, NULL);
    plan.is_normalised = false;
    machine_create(&without, &plan, 5, 1, NULL);
    size_t bytes;
    unsigned char *block = machine_save(&with, &bytes);
    ck_assert_int_eq(machine_load(&without, block, bytes, &err), RR_E_MISMATCH);
    ck_assert_ptr_nonnull(
        strstr(err.text, "agent.normalize_returns is 1; that of the handle given is 0"));
    free(block);
    machine_destroy(&with);
    machine_destroy(&without);
}
END_TEST

CHECK_MAIN("loop/normalisation",
           test_normalisation_a_power_of_two_on_rewards_changes_no_decision_in_any_bit,
           test_normalisation_without_it_a_power_of_two_on_rewards_is_seen,
           test_normalisation_any_factor_on_rewards_changes_decisions_by_rounding_alone,
           test_normalisation_equal_rewards_divide_by_nothing_that_is_zero,
           test_normalisation_a_critic_of_large_rewards_explains_them,
           test_normalisation_states_far_from_zero_saturate_nothing,
           test_normalisation_a_run_of_a_ledger_is_resumed_in_every_bit,
           test_normalisation_a_checkpoint_is_of_its_switches)
