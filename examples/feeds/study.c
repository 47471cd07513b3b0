/* SPDX-License-Identifier: MIT */
#include "study.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum { CHUNK = 4096, WARM_STEPS = 60 };
enum { LIFE_OF_LOG = 0, LIFE_OF_LEARNING = 1, LIFE_OF_JUDGING = 2 };

const char *const study_names[ARMS] = {
    "random",           "greedy",        "incumbent", "clone", "clone + PPO", "the same, gamma 0",
    "PPO from nothing", "strongest rule"};

int32_t study_learner(int32_t arm)
{
    return arm >= ARM_CLONE_PPO && arm <= ARM_NOTHING ? arm - ARM_CLONE_PPO : -1;
}

/* ── the incumbent's log ── */

/* Decisions of the incumbent, in the order of steps: row t n + i is user i's of step t. A catalogue
 * that moves has lost some of its candidates by the time that the log is read, so it has their
 * vectors. */
typedef struct record {
    int64_t n, n_train;
    float *states, *features, *vectors;
    int32_t *candidates, *excluded, *actions;
    float *rewards, *returns;
    uint8_t *is_over;
    uint64_t *sessions, *decisions;
} record;

static void record_take(record *r, const feed_kind *kind, int64_t n_train, int64_t n)
{
    const size_t rows = (size_t)n, places = rows * (size_t)kind->k;
    *r = (record){.n = n, .n_train = n_train};
    r->states = take(rows * (size_t)kind->state_dim, sizeof *r->states);
    r->features = take(places * (size_t)kind->feature_dim, sizeof *r->features);
    if (kind->is_fixed) {
        r->candidates = take(places, sizeof *r->candidates);
    } else {
        r->vectors = take(places * (size_t)kind->item_dim, sizeof *r->vectors);
    }
    r->excluded = take(rows * (size_t)kind->n_excluded, sizeof *r->excluded);
    r->actions = take(rows, sizeof *r->actions);
    r->rewards = take(rows, sizeof *r->rewards);
    r->returns = take(rows, sizeof *r->returns);
    r->is_over = take(rows, sizeof *r->is_over);
    r->sessions = take(rows, sizeof *r->sessions);
    r->decisions = take(rows, sizeof *r->decisions);
}

static void record_give(record *r)
{
    free(r->states);
    free(r->features);
    free(r->vectors);
    free(r->candidates);
    free(r->excluded);
    free(r->actions);
    free(r->rewards);
    free(r->returns);
    free(r->is_over);
    free(r->sessions);
    free(r->decisions);
}

static void copy(void *to, const void *from, size_t row, size_t rows, size_t width)
{
    if (width > 0) {
        memcpy((char *)to + row * width, from, rows * width);
    }
}

static void record_request(record *r, const feed *f, size_t row)
{
    const feed_kind *kind = f->kind;
    const size_t n = (size_t)kind->n, k = (size_t)kind->k;
    copy(r->states, f->states, row, n, (size_t)kind->state_dim * sizeof(float));
    copy(r->features, f->features, row, n, k * (size_t)kind->feature_dim * sizeof(float));
    if (kind->is_fixed) {
        copy(r->candidates, f->candidates, row, n, k * sizeof(int32_t));
    } else {
        copy(r->vectors, f->vectors, row, n, k * (size_t)kind->item_dim * sizeof(float));
    }
    copy(r->sessions, f->sessions, row, n, sizeof(uint64_t));
    copy(r->decisions, f->decisions, row, n, sizeof(uint64_t));
    copy(r->excluded, f->excluded, row, n, (size_t)kind->n_excluded * sizeof(int32_t));
}

/* Lets the incumbent decide and keeps all of it; ids count from 1, so an id is a row. */
static void record_write(record *r, const feed_kind *kind, uint64_t seed)
{
    feed *f = kind->create(seed, LIFE_OF_LOG);
    const size_t n = (size_t)kind->n;
    for (size_t row = 0; row + n <= (size_t)r->n; row += n) {
        kind->look(f);
        record_request(r, f, row);
        kind->choose(f, RULE_INCUMBENT, r->actions + row);
        kind->step(f, r->actions + row);
        copy(r->rewards, f->came.rewards, row, n, sizeof(float));
        copy(r->is_over, f->came.is_over, row, n, 1);
        for (int32_t l = 0; l < f->came.n_late; l++) {
            r->rewards[f->came.late_decisions[l] - 1] += f->came.late_rewards[l];
        }
    }
    kind->destroy(f);
}

/* Discounted sums of what followed, from the end. */
static void record_sum(record *r, size_t n, float gamma)
{
    for (size_t row = (size_t)r->n; row-- > 0;) {
        const bool is_last = r->is_over[row] != 0 || row + n >= (size_t)r->n;
        r->returns[row] = r->rewards[row] + (is_last ? 0.0f : gamma * r->returns[row + n]);
    }
}

static rr_obs record_rows(const record *r, const feed_kind *kind, int64_t first, int64_t rows)
{
    const size_t row = (size_t)first, k = (size_t)kind->k;
    rr_obs obs = {.struct_size = sizeof obs,
                  .n = (int32_t)rows,
                  .n_candidates = kind->k,
                  .n_excluded = kind->n_excluded,
                  .state_dim = kind->state_dim,
                  .item_dim = kind->is_fixed ? 0 : kind->item_dim,
                  .feature_dim = kind->feature_dim,
                  .states = r->states + row * (size_t)kind->state_dim,
                  .features = r->features + row * k * (size_t)kind->feature_dim,
                  .sessions = r->sessions + row,
                  .decisions = r->decisions + row};
    if (kind->is_fixed) {
        obs.candidates = r->candidates + row * k;
    } else {
        obs.vectors = r->vectors + row * k * (size_t)kind->item_dim;
    }
    if (kind->n_excluded > 0) {
        obs.excluded = r->excluded + row * (size_t)kind->n_excluded;
    }
    return obs;
}

/* ── agents ── */

static rr_agent *create_agent(const feed_kind *kind, const feed *f, float gamma, float lr,
                              float ref_kl_coef, int64_t updates, int64_t rows, uint64_t seed)
{
    rr_error err;
    rr_agent *agent = NULL;
    rr_agent_config config;
    rr_ppo_config ppo;
    const feed_settings *s = &kind->settings;
    rr_agent_config_init(&config, sizeof config);
    rr_ppo_config_init(&ppo, sizeof ppo);
    config.state_dim = kind->state_dim;
    config.item_dim = kind->item_dim;
    config.feature_dim = kind->feature_dim;
    config.has_feature_query = 1; /* what a feature is worth depends on the user and the session */
    config.has_repeat_weight = 0;
    config.hidden[0] = config.critic_hidden[0] = s->hidden;
    config.hidden[1] = config.critic_hidden[1] = s->hidden;
    config.initial_scale = s->scale;
    config.max_rows = CHUNK;
    config.max_update_rows = 4 * s->rollout > (int32_t)rows ? 4 * s->rollout : (int32_t)rows;
    config.max_candidates = kind->k;
    config.max_history = kind->n_excluded;
    config.normalize_returns = 1;
    config.planned_updates = updates;
    config.ref_kl_coef = ref_kl_coef;
    config.ref_kl_updates = (int32_t)(s->ref_kl_share * (float)updates);
    config.seed = seed;
    ppo.lr = lr;
    ppo.gamma = gamma;
    ppo.gae_lambda = s->gae_lambda;
    ppo.clip_eps = s->clip_eps;
    ppo.ent_coef = s->ent_coef;
    ppo.n_steps = 64;
    ppo.update_epochs = s->epochs;
    ppo.batch_size = s->batch_size;
    require(rr_agent_create(&agent, &config, &ppo, f->items, NULL, &err), &err);
    return agent;
}

/* Variance of the returns in the log: what the critic's loss is divided by, or it would shout the
 * actor down where rewards are counted in minutes. */
static float variance(const record *r)
{
    double sum = 0.0, squares = 0.0;
    for (int64_t row = 0; row < r->n_train; row++) {
        sum += (double)r->returns[row];
        squares += (double)r->returns[row] * (double)r->returns[row];
    }
    const double mean = sum / (double)r->n_train;
    return (float)(squares / (double)r->n_train - mean * mean);
}

/* Passes over the whole log until they win no more, then again with a tenth of the step. */
static void imitate(rr_agent *agent, const record *r, const feed_kind *kind,
                    rr_imitate_report *report)
{
    rr_error err;
    rr_imitate_config config;
    const rr_obs obs = record_rows(r, kind, 0, r->n_train);
    rr_imitate_config_init(&config, sizeof config);
    config.ent_coef = kind->settings.imitate_ent_coef;
    config.vf_coef = 1.0f / fmaxf(variance(r), 1e-6f);
    for (int32_t round = 0; round < 2; round++) {
        config.lr = kind->settings.imitate_lr * (round == 0 ? 1.0f : 0.1f);
        config.epochs = kind->settings.imitate_epochs / (round + 1);
        rr_imitate_report now = {.struct_size = sizeof now};
        require(rr_agent_imitate(agent, &obs, r->actions, NULL, r->returns, &config, &now, &err),
                &err);
        if (round == 0) {
            *report = now;
        } else {
            report->n_passes += now.n_passes;
            report->is_converged = now.is_converged;
            report->loss = now.loss;
            report->agreement = now.agreement;
        }
    }
}

/* Share of the rows behind the log in which the agent's best candidate is the incumbent's. */
static double agreement(rr_agent *agent, const record *r, const feed_kind *kind)
{
    rr_error err;
    int64_t same = 0;
    static int32_t best[CHUNK];
    for (int64_t first = r->n_train; first < r->n; first += CHUNK) {
        const int64_t rows = r->n - first < CHUNK ? r->n - first : CHUNK;
        const rr_obs obs = record_rows(r, kind, first, rows);
        require(rr_agent_top_k(agent, &obs, 1, best, NULL, NULL, &err), &err);
        for (int64_t i = 0; i < rows; i++) {
            same += best[i] == r->actions[first + i];
        }
    }
    return (double)same / (double)(r->n - r->n_train);
}

/* ── playing and learning ── */

/* Who chooses: an agent, sampling or its best, or where it is NULL a rule. */
typedef struct player {
    rr_agent *agent;
    int rule;
} player;

static void follow_items(rr_agent *agent, const feed *f)
{
    rr_error err;
    if (agent != NULL && f->items != NULL && rr_agent_items(agent) != f->items) {
        require(rr_agent_set_items(agent, f->items, &err), &err);
    }
}

static void play(feed *f, const player *p, int64_t decisions, int32_t *actions)
{
    rr_error err;
    rr_decision decision = {.struct_size = sizeof decision, .n = f->kind->n, .actions = actions};
    for (int64_t done = 0; done < decisions; done += f->kind->n) {
        f->kind->look(f);
        follow_items(p->agent, f);
        if (p->agent != NULL) {
            require(rr_agent_act(p->agent, &f->obs, &decision, &err), &err);
        } else {
            f->kind->choose(f, p->rule, actions);
        }
        f->kind->step(f, actions);
    }
}

static feed_tally since(const feed_tally *now, const feed_tally *then)
{
    feed_tally t = {.sessions = now->sessions - then->sessions,
                    .reward = now->reward - then->reward,
                    .decisions = now->decisions - then->decisions};
    for (int j = 0; j < FEED_FIGURES; j++) {
        t.figures[j] = now->figures[j] - then->figures[j];
    }
    return t;
}

/* Sessions that begin in a feed where this player has been for a while. */
static study_arm judge(const feed_kind *kind, player p, uint64_t seed, int64_t decisions)
{
    feed *f = kind->create(seed, LIFE_OF_JUDGING);
    int32_t *actions = take((size_t)kind->n, sizeof *actions);
    play(f, &p, (int64_t)kind->n * WARM_STEPS, actions);
    const feed_tally then = f->tally;
    play(f, &p, decisions, actions);
    const feed_tally t = since(&f->tally, &then);
    const double sessions = t.sessions > 0.0 ? t.sessions : 1.0;
    study_arm arm = {.reward = t.reward / sessions, .decisions = t.decisions / sessions};
    for (int j = 0; j < FEED_FIGURES; j++) {
        arm.figures[j] = t.figures[j] / sessions;
    }
    free(actions);
    kind->destroy(f);
    return arm;
}

/* Reward a session in windows of a run of so many decisions. `done` have been made; *window counts
 * the windows that are behind, and then holds the tally of their end. */
static void note_window(double *curve, const feed *f, feed_tally *then, int32_t *window,
                        int64_t done, int64_t decisions)
{
    if (*window < WINDOWS && done >= decisions * (*window + 1) / WINDOWS) {
        const feed_tally t = since(&f->tally, then);
        curve[(*window)++] = t.reward / (t.sessions > 0.0 ? t.sessions : 1.0);
        *then = f->tally;
    }
}

/* What the incumbent earns where and while the agents learn. */
static void follow_incumbent(study *out, const feed_kind *kind, uint64_t seed, int64_t decisions)
{
    feed *f = kind->create(seed, LIFE_OF_LEARNING);
    int32_t *actions = take((size_t)kind->n, sizeof *actions);
    const player incumbent = {.rule = RULE_INCUMBENT};
    play(f, &incumbent, (int64_t)kind->n * WARM_STEPS, actions);
    feed_tally then = f->tally;
    int32_t window = 0;
    for (int64_t done = kind->n; done < decisions + kind->n; done += kind->n) {
        play(f, &incumbent, kind->n, actions);
        note_window(out->incumbent, f, &then, &window, done, decisions);
    }
    free(actions);
    kind->destroy(f);
}

/* What the ledger needs of each decision. */
typedef struct drawn {
    rr_decision decision;
    int32_t *actions;
    float *log_probs;
    uint64_t *versions;
} drawn;

static drawn drawn_take(int32_t n)
{
    drawn d = {.actions = take((size_t)n, sizeof(int32_t)),
               .log_probs = take((size_t)n, sizeof(float)),
               .versions = take((size_t)n, sizeof(uint64_t))};
    d.decision = (rr_decision){.struct_size = sizeof d.decision,
                               .n = n,
                               .actions = d.actions,
                               .log_probs = d.log_probs,
                               .policy_versions = d.versions};
    return d;
}

static void drawn_give(drawn *d)
{
    free(d->actions);
    free(d->log_probs);
    free(d->versions);
}

static rr_ledger *create_ledger(const feed_kind *kind, const rr_agent *agent)
{
    rr_error err;
    rr_ledger *ledger = NULL;
    rr_ledger_config config;
    rr_ledger_config_init(&config, sizeof config);
    config.max_rows = 8 * kind->settings.rollout;
    require(rr_agent_fit_ledger_config(agent, &config, &err), &err);
    config.reward_wait = kind->wait;
    require(rr_ledger_create(&ledger, &config, NULL, &err), &err);
    return ledger;
}

static void tell(rr_ledger *ledger, const feed *f)
{
    rr_error err;
    rr_outcome outcome = {.struct_size = sizeof outcome,
                          .n = f->kind->n,
                          .decisions = f->decisions,
                          .rewards = f->came.rewards,
                          .terminated = f->came.is_over,
                          .times = f->times};
    require(rr_ledger_reward(ledger, &outcome, NULL, &err), &err);
    if (f->came.n_late > 0) {
        outcome = (rr_outcome){.struct_size = sizeof outcome,
                               .n = f->came.n_late,
                               .decisions = f->came.late_decisions,
                               .rewards = f->came.late_rewards,
                               .times = f->times};
        require(rr_ledger_reward(ledger, &outcome, NULL, &err), &err);
    }
}

/* The agent takes over a feed in which the incumbent has been, and learns from what it shows. */
static void learn(rr_agent *agent, const feed_kind *kind, uint64_t seed, int64_t decisions,
                  study *out, int32_t learner)
{
    rr_error err;
    feed *f = kind->create(seed, LIFE_OF_LEARNING);
    drawn d = drawn_take(kind->n);
    rr_ledger *ledger = create_ledger(kind, agent);
    rr_ledger_counts counts = {.struct_size = sizeof counts};
    const player incumbent = {.rule = RULE_INCUMBENT};
    play(f, &incumbent, (int64_t)kind->n * WARM_STEPS, d.actions);
    feed_tally then = f->tally;
    int32_t window = 0;
    for (int64_t done = 0; done < decisions; done += kind->n) {
        kind->look(f);
        follow_items(agent, f);
        require(rr_agent_act(agent, &f->obs, &d.decision, &err), &err);
        require(rr_ledger_record(ledger, &f->obs, &d.decision, NULL, &err), &err);
        kind->step(f, d.actions);
        tell(ledger, f);
        require(rr_ledger_settle(ledger, f->now, &counts, &err), &err);
        if (counts.trainable >= kind->settings.rollout) {
            rr_stats stats = {.struct_size = sizeof stats};
            require(rr_agent_update_sessions(agent, ledger, &stats, &err), &err);
            if (learner == 0 && stats.reference_kl > 0.0f) {
                out->reference_kl[out->reference_kl[0] > 0.0] = (double)stats.reference_kl;
            }
        }
        note_window(out->curves[learner], f, &then, &window, done + kind->n, decisions);
    }
    require(rr_ledger_get_counts(ledger, &counts, &err), &err);
    out->rows[learner] = counts.trained;
    out->left_out += counts.dropped + counts.rejected;
    out->heard_later += counts.rewarded - counts.recorded;
    out->too_late += counts.late; /* those of the incumbent's visits are of no row */
    rr_ledger_destroy(ledger);
    drawn_give(&d);
    kind->destroy(f);
}

/* ── one seed ── */

static void run_learner(study *out, int32_t arm, const feed_kind *kind, uint64_t seed, record *log,
                        const study_options *options)
{
    rr_error err;
    const feed_settings *s = &kind->settings;
    const bool is_clone = arm != ARM_NOTHING;
    const float gamma = arm == ARM_MYOPIC ? 0.0f : s->gamma;
    const int64_t updates = options->decisions / s->rollout;
    rr_policy *reference = NULL;
    rr_imitate_report report = {.struct_size = sizeof report};
    feed *f = kind->create(seed, LIFE_OF_LOG); /* for its catalogue */
    rr_agent *agent = create_agent(kind, f, gamma, is_clone ? s->lr : s->lr_from_nothing,
                                   is_clone ? s->ref_kl_coef : 0.0f, updates > 0 ? updates : 1,
                                   log->n_train, seed);
    kind->destroy(f);
    if (is_clone) {
        record_sum(log, (size_t)kind->n, gamma);
        imitate(agent, log, kind, &report);
        if (s->ref_kl_coef > 0.0f) {
            require(rr_agent_publish(agent, NULL, &reference, &err), &err);
            require(rr_agent_set_reference(agent, reference, &err), &err);
            rr_policy_release(reference);
        }
    }
    if (arm == ARM_CLONE_PPO) {
        const player clone = {.agent = agent};
        out->agreement = agreement(agent, log, kind);
        out->imitated = report;
        out->arms[ARM_CLONE] = judge(kind, clone, seed, options->judged);
    }
    learn(agent, kind, seed, options->decisions, out, study_learner(arm));
    const player learned = {.agent = agent};
    out->arms[arm] = judge(kind, learned, seed, options->judged);
    rr_agent_destroy(agent);
}

void study_run(study *out, const feed_kind *kind, uint64_t seed, const study_options *options)
{
    static const int32_t arm_of_rule[RULES] = {ARM_RANDOM, ARM_GREEDY, ARM_INCUMBENT,
                                               ARM_STRONGEST};
    record log;
    const int64_t n = kind->n;
    memset(out, 0, sizeof *out);
    for (int rule = 0; rule < RULES; rule++) {
        const player p = {.rule = rule};
        out->arms[arm_of_rule[rule]] = judge(kind, p, seed, options->judged);
    }
    follow_incumbent(out, kind, seed, options->decisions);
    record_take(&log, kind, options->logged / n * n,
                (options->logged / n + options->held_out / n + 1) * n);
    record_write(&log, kind, seed);
    for (int32_t arm = ARM_CLONE_PPO; arm <= ARM_NOTHING; arm++) {
        run_learner(out, arm, kind, seed, &log, options);
    }
    record_give(&log);
}
