/* SPDX-License-Identifier: MIT */
/* recrl/health.h: the lab: signs that training is going wrong. May change until 1.0.
 *
 * Cost: constant. */
#ifndef RECRL_HEALTH_H
#define RECRL_HEALTH_H

#include <recrl/agent.h>
#include <recrl/base.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Signs that training is going wrong, each with a threshold, and a sentence through rr_host.log
 * when it appears. A watch is fed by the host's loop, beside the buffer, and costs the serving
 * path nothing:
 *
 *     rr_agent_act(agent, &obs, &decision, &err);
 *     rr_health_record(health, &obs, &decision, &err);
 *     rr_env_step(env, decision.actions, &outcome, &err);
 *     rr_health_reward(health, &outcome, &err);
 *     …
 *     rr_agent_update(agent, buffer, &obs, &stats, &err);
 *     rr_health_update(health, agent, &stats, &report, &err);
 *
 * Rows are gathered until `window` of them are there; the update that follows judges them, and the
 * next window begins. The first window is never judged. A comparison with NaN is false: what is not
 * known is no illness. */
typedef struct rr_health_config {
    uint32_t struct_size;
    int32_t kind;                 /* RR_CONFIG_HEALTH, set by init */
    int32_t window;               /* rows of a judgement, ≥ 1; default 8192 */
    float min_entropy;            /* nats: mean of rr_stats.entropy, ≥ 0; default 0.05. A policy
                                     below it has collapsed where effective_share is below
                                     min_effective_share, too, or not known; one that is as sure
                                     and shows each user other items has learned */
    float min_effective_items;    /* exp of the entropy of what was shown, ≥ 0; default 3 */
    float max_top_share;          /* share of the item shown most, [0, 1]; default 0.5 */
    float min_coverage;           /* share of the catalogue shown, [0, 1]; default 0 (off) */
    float max_gini;               /* of what was shown, [0, 1]; default 1 (off) */
    float max_entropy_share;      /* mean entropy over that of an even choice, [0, 1]; default
                                     0.97 */
    float min_explained_variance; /* mean of rr_stats.explained_variance; default -0.25 */
    float min_value_score;   /* 1 − E(V − R)²/Var(R), 2 value_loss over return_deviation²: as
                                explained variance, but an offset counts too; default -1 */
    float max_clip_fraction; /* mean of rr_stats.clip_fraction, [0, 1]; default 0.85 */
    float max_grad_ratio;    /* mean of rr_stats.grad_norm over max_grad_norm, > 0; default
                                100. Rewards × 1000 exceed it; normalize_returns brings
                                them back */
    float max_dead_units;    /* share of hidden units whose output is one for 64 states, [0,
                                1]; default 0.5 */
    float max_drift;         /* most that the mean of a state coordinate or of a candidate's
                                feature moves at once (between eighths of a window), in its
                                standard deviations, > 0; default 1.5. Other changes of inputs
                                have no threshold to set; they are said below */
    float min_reward_deviation; /* standard deviation of rewards, ≥ 0; default 1e-6 */
    float min_effective_share;  /* effective items over those that there are, [0, 1], judged
                                   where entropy is below min_entropy; default 0.25 */
    float max_approx_kl;        /* mean of rr_stats.approx_kl, nats, ≥ 0; default 2: beyond it
                                   the rows of an update are hardly those of the policy that it
                                   leaves behind. Safe steps stay below 0.2 */
} rr_health_config;
/* Fills `config` with the defaults and its kind, as every init (config.h). */
RR_API void rr_health_config_init(rr_health_config *config, size_t struct_size);

/* Inputs are held against those of the windows before, and against how they moved until then: a
 * clock, a taste that drifts and new items are no illness. RR_ILL_DRIFT is there, and its sentence
 * names the coordinate and what happened to it, where one
 *   moved         its mean, by more than max_drift at once;
 *   was emptied   the share of zeros changed by more than a quarter;
 *   was scaled    its mean distance from what it was just before changed by more than a factor of
 *                 1.6, and not little by little, as what a policy learns to show changes states
 *                 that tell the item shown last;
 *   was turned    its sign, or x to 1 − x, as its correlations with other inputs and with rewards
 *                 show (|r| of 0.1 in windows of 4,096 rows; not in pure noise); rewards
 *                 count where rr_health_reward follows the record of its rows, at most 256, in
 *                 their order and without ids;
 *   was swapped   with another, as its correlations show.
 * Correlations are judged from the third window on, a faint change when it is seen twice. */

/* Bits of rr_health_report.ill, one for each threshold. */
enum {
    RR_ILL_ENTROPY = 1,             /* min_entropy, with min_effective_share */
    RR_ILL_EFFECTIVE_ITEMS = 2,     /* min_effective_items */
    RR_ILL_TOP_SHARE = 4,           /* max_top_share */
    RR_ILL_COVERAGE = 8,            /* min_coverage */
    RR_ILL_GINI = 16,               /* max_gini */
    RR_ILL_EXPLAINED_VARIANCE = 32, /* min_explained_variance */
    RR_ILL_CLIP_FRACTION = 64,      /* max_clip_fraction */
    RR_ILL_GRAD_RATIO = 128,        /* max_grad_ratio */
    RR_ILL_DEAD_UNITS = 256,        /* max_dead_units */
    RR_ILL_DRIFT = 512,             /* max_drift, and other changes of an input */
    RR_ILL_REWARD = 1024,           /* min_reward_deviation */
    RR_ILL_UNIFORM = 2048,          /* max_entropy_share */
    RR_ILL_VALUE_SCORE = 4096,      /* min_value_score */
    RR_ILL_APPROX_KL = 8192,        /* max_approx_kl */
    RR_ILL_UNTRAINED = 16384        /* trained_share below a half: no threshold to set */
};

/* The figures of a window; all but n_updates and ill are 0 unless this update ended one. One that
 * nothing is known of is NaN, one beyond a float infinite. */
typedef struct rr_health_report {
    uint32_t struct_size;
    int32_t is_judged;        /* 1: a window ended with this update, and was not the first */
    uint32_t ill;             /* RR_ILL_ bits as of the last judgement */
    uint32_t began;           /* those that the judgement before did not have: their sentences
                                 were logged */
    int64_t n_updates;        /* the agent's, as in rr_stats */
    int64_t n_rows;           /* of the window */
    float entropy;            /* mean of rr_stats.entropy, nats */
    float effective_items;    /* exp of the entropy of what was shown; NaN where nothing of a
                                 catalogue, or with a key, was shown, as the next three and
                                 effective_share */
    float top_share;          /* share of the item shown most */
    float coverage;           /* share of the catalogue shown */
    float gini;               /* of what was shown: 0 even, 1 one item */
    float explained_variance; /* mean of rr_stats.explained_variance */
    float clip_fraction;      /* mean of rr_stats.clip_fraction */
    float grad_ratio;         /* mean of rr_stats.grad_norm over max_grad_norm */
    float dead_units;         /* share of hidden units whose output is one for 64 states (with an
                                 encoder: of sessions without a history) */
    float drift;              /* most that a mean moved at once, in deviations */
    float reward_deviation;   /* standard deviation of rewards */
    int32_t top_item;         /* pool index; −1: none */
    int32_t drift_at;         /* what changed, else what moved most: coordinate of the
                                 state; behind them, those of features */
    float entropy_share;      /* mean entropy over that of an even choice */
    float value_score;        /* 1 − E(V − R)²/Var(R) */
    float effective_share;    /* effective_items over the catalogue's, or over the rows where these
                                 are fewer */
    float approx_kl;          /* mean of rr_stats.approx_kl */
    float trained_share;      /* rows trained on over those that were due (rr_stats.n_due less
                                 n_left); NaN without a ledger */
    uint64_t top_key;         /* key of the item shown most where that is in no catalogue, and
                                 top_item -1; else 0 */
    float own_share;          /* showings of items with a key and in no catalogue over all; they
                                 count in effective_items, effective_share and top_share, by key in
                                 1,024 classes of keys; NaN where nothing was shown */
    int32_t own_items;        /* such classes that were shown */
} rr_health_report;

/* Makes a watch of an agent's sizes, which keeps nothing of it. Its catalogue may grow along its
 * line by half as many items again and 1024, or to max_pool_items where that is more; what is gone
 * counts as not shown. config NULL: the defaults. *out is the caller's, until rr_health_destroy.
 * Errors: RR_E_MEMORY.
 * Cost: takes memory for the catalogue's counts and 64 states. */
RR_API rr_status rr_health_create(rr_health **out, const rr_health_config *config,
                                  const rr_agent *agent, const rr_host *host, rr_error *err);
/* *bytes receives what create takes of the host. Errors: RR_E_MEMORY: more than a size_t counts. */
RR_API rr_status rr_health_memory(const rr_agent *agent, size_t *bytes, rr_error *err);
/* Gives its memory back. NULL is fine. */
RR_API void rr_health_destroy(rr_health *health);
/* Rows of decisions. Reads obs->states and features, decision->actions, items (NULL, in a row
 * without a list: the action is the item) and item_keys, of items that are in no catalogue.
 * Allocates nothing.
 * Errors: RR_E_MISMATCH: other widths than the agent's; RR_E_NOT_FINITE; nothing changes then.
 * Cost: (S + F) · min(S + F, 128) multiplications a row of S state coordinates and F features. */
RR_API rr_status rr_health_record(rr_health *health, const rr_obs *obs, const rr_decision *decision,
                                  rr_error *err);
/* Rewards as they come; which rows they are for does not matter here. Allocates nothing.
 * Errors: RR_E_NOT_FINITE: a reward, and nothing changes.
 * Cost: a pass over the rewards. */
RR_API rr_status rr_health_reward(rr_health *health, const rr_outcome *outcome, rr_error *err);
/* The agent just updated, and its stats; ends a window that is full, judges it, and logs a sentence
 * for each illness that began. out may be NULL.
 * Errors: RR_E_MISMATCH: an agent of other sizes.
 * Cost: where a window ends, a pass over the catalogue's counts and a forward pass of 64 states. */
RR_API rr_status rr_health_update(rr_health *health, const rr_agent *agent, const rr_stats *stats,
                                  rr_health_report *out, rr_error *err);
/* The sentence of one RR_ILL_ bit, "" unless it is in `ill`; valid until the next update. */
RR_API const char *rr_health_sentence(const rr_health *health, uint32_t illness);

#ifdef __cplusplus
}
#endif

#endif
