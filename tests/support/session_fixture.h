/* SPDX-License-Identifier: MIT */
/* session_fixture.h: a small agent that acts for N sessions of a ledger, and what it is to be
 * refused. */
#ifndef TESTS_AGENT_SESSION_FIXTURE_H
#define TESTS_AGENT_SESSION_FIXTURE_H

#include <stdio.h>

#include "agent_fixture.h"
#include "core/status.h"
#include "ledger/settle.h"
#include "train/session_update.h"

enum { N = 6, STEPS = 8, ROWS = N * STEPS };

typedef struct scene {
    rig r;
    rri_ledger ledger;
    uint64_t sessions[N], decisions[N], versions[N], n_decisions;
    int n_warnings;
    char warning[512];
    rr_host host;
} scene;

static inline void take_warning(void *user, int32_t level, const char *sentence)
{
    scene *t = user;
    ck_assert_int_eq(level, RR_LOG_WARNING);
    t->n_warnings++;
    snprintf(t->warning, sizeof t->warning, "%s", sentence);
}

static inline rig_shape usual(void)
{
    rig_shape shape = rig_usual();
    shape.n = N;
    shape.k = 5;
    shape.has_lengths = true;
    shape.agent.feature_dim = 2;
    shape.ppo.gae_lambda = 0.7f;
    return shape;
}

static inline void scene_open(scene *t, rig_shape shape)
{
    memset(t, 0, sizeof *t);
    t->host = (rr_host){.struct_size = sizeof t->host, .log = take_warning, .user = t};
    shape.host = &t->host;
    rig_open(&t->r, &shape);
    rr_ledger_config config;
    rr_ledger_config_init(&config, sizeof config);
    config.max_rows = (int32_t)t->r.rollout.max_rows;
    rri_arena arena = {0};
    rri_ledger_layout(&t->ledger, &arena, &config);
    arena = (rri_arena){.base = rig_take(&t->r, arena.used, 1)};
    rri_ledger_layout(&t->ledger, &arena, &config);
    rri_ledger_clear(&t->ledger, &t->r.rollout);
    t->r.decision.policy_versions = t->versions;
}

/* n_steps rows of each of N sessions, all of which end: terminated, or cut off. */
static inline void play(scene *t, size_t n_steps, bool is_cut)
{
    rig *r = &t->r;
    uint8_t terminated[N];
    float rewards[N];
    for (uint64_t i = 0; i < N; i++) {
        t->sessions[i] = 100 - i;
        terminated[i] = !is_cut;
    }
    for (size_t step = 0; step < n_steps; step++) {
        for (size_t i = 0; i < N; i++) {
            t->decisions[i] = t->n_decisions++;
        }
        rr_obs obs = r->obs;
        obs.sessions = t->sessions;
        obs.decisions = t->decisions;
        ck_assert_int_eq(rri_agent_act(r->agent, &obs, &r->decision, NULL), RR_OK);
        rr_decision decision = r->decision;
        decision.values = NULL;
        ck_assert_int_eq(rri_ledger_record(&t->ledger, &r->rollout, &obs, &decision,
                                           decision.pool_fingerprint, NULL, NULL),
                         RR_OK);
        rig_fill(r, rewards, N, 1.0f);
        const rr_outcome outcome = {
            .struct_size = sizeof outcome, .n = N, .decisions = t->decisions, .rewards = rewards};
        ck_assert_int_eq(rri_settle_reward(&t->ledger, &r->rollout, &outcome, NULL, NULL), RR_OK);
        rig_draw_obs(r);
    }
    const rr_ending ending = {
        .struct_size = sizeof ending, .n = N, .sessions = t->sessions, .terminated = terminated};
    ck_assert_int_eq(rri_settle_end(&t->ledger, &r->rollout, &ending, NULL, NULL), RR_OK);
}

/* The agent becomes another: near by, or anywhere. Its version of before was that of `update`. */
static inline void move_on(scene *t, int64_t update, float spread)
{
    rr_agent *agent = t->r.agent;
    const uint64_t own = rri_agent_version(agent);
    const rri_version before = rri_version_of(own, own, update, NULL);
    rri_versions_note(&agent->trainer.versions, &before);
    for (size_t i = 0; i < agent->trainer.model.network.params.n_floats; i++) {
        agent->trainer.model.values[i] += spread * (float)(2.0 * rig_uniform(&t->r) - 1.0);
    }
    rri_model_pack(&agent->trainer.model);
}

static inline rr_status update(scene *t, rr_stats *stats, rr_error *err)
{
    bool is_made;
    const rr_status status = rri_trainer_update_sessions(&is_made, &t->r.agent->trainer,
                                                         &t->r.rollout, &t->ledger, stats, err);
    ck_assert(is_made || status != RR_OK);
    return status;
}

static inline uint64_t hash_of_rows(const scene *t)
{
    const rri_rollout *rollout = &t->r.rollout;
    const size_t n = rollout->n_rows;
    rri_hash hash;
    rri_hash_init(&hash, n);
    rri_hash_update(&hash, rollout->states, n * rollout->state_dim * sizeof(float));
    rri_hash_update(&hash, rollout->log_probs, n * sizeof(float));
    rri_hash_update(&hash, rollout->values, n * sizeof(float));
    rri_hash_update(&hash, rollout->rewards, n * sizeof(float));
    rri_hash_update(&hash, t->ledger.session_of, n * sizeof(int32_t));
    rri_hash_update(&hash, t->ledger.ends, t->ledger.n_sessions);
    return rri_hash_final(&hash);
}

static inline void expect_refusal(scene *t, rr_status status, const char *sentence)
{
    const uint64_t agent = rig_hash(&t->r), rows = hash_of_rows(t);
    const size_t n_versions = t->r.agent->trainer.versions.n;
    rr_error err = {0};
    rr_stats stats = {0};
    bool is_made = true;
    rig_expect(rri_trainer_update_sessions(&is_made, &t->r.agent->trainer, &t->r.rollout,
                                           &t->ledger, &stats, &err),
               status, &err, sentence);
    ck_assert(!is_made);
    ck_assert_uint_eq(rig_hash(&t->r), agent);
    ck_assert_uint_eq(hash_of_rows(t), rows);
    ck_assert_uint_eq(t->r.agent->trainer.versions.n, n_versions);
    ck_assert_uint_eq(t->r.agent->trainer.stacks[0].used, 0);
}

#endif
