/* SPDX-License-Identifier: MIT */
/* recrl.h: reinforcement learning inside a recommender that already exists.
 *
 * The host owns the loop and the users; the library owns networks, gradients and the maths.
 *
 *     rr_env_reset(env, &err);
 *     while (go_on) {
 *         while (!rr_buffer_is_full(buffer)) {
 *             rr_env_observe(env, &obs, &err);                   // views, until the next step
 *             rr_agent_act(agent, &obs, &decision, &err);
 *             rr_buffer_record(buffer, &obs, &decision, &err);   // copies, before the world moves
 *             rr_env_step(env, decision.actions, &outcome, &err);
 *             rr_buffer_reward(buffer, &outcome, &err);
 *         }
 *         rr_env_observe(env, &obs, &err);
 *         rr_agent_update(agent, buffer, &obs, &stats, &err);    // GAE, PPO epochs or one A2C step
 *     }
 *     rr_checkpoint_save(path, agent, env, buffer, NULL, 0, &err);
 *
 * A host with a world of its own never touches rr_env: it fills rr_obs and rr_outcome itself.
 *
 * Five promises
 *   memory    A handle takes its memory from the host's allocator in create. After create, act,
 *             record, reward, step and update allocate nothing. No pointer of the caller is kept.
 *   errors    What can fail returns rr_status and ends with a nullable rr_error *, which receives a
 *             sentence that names the field, the value and what is allowed. Bad input changes
 *             nothing. The library never prints, exits or aborts.
 *   threads   Distinct handles may be used from distinct threads at once; one handle from one
 *             thread at a time. Functions that take a const rr_items * or rr_policy * may be called
 *             from any number. The library starts only as many threads as num_threads says
 *             (1: none).
 *   numbers   One release, one seed, one kind of build: the same bytes on any thread count, on
 *             every x86-64 CPU with AVX2 and FMA. Elsewhere repeatable, and equal to 1e-5.
 *   change    Structs begin with struct_size and only grow; numbers are never reused. A program
 *             built against an older header keeps working. A field that is not served yet must be 0
 *             or NULL, else the answer is RR_E_UNSUPPORTED.
 *
 * Arrays are row-major float32 or int32, one row a decision. Letters of the shapes:
 *   n rows (decisions) · k candidates · m exclusions · h history · d width of an item's vector ·
 *   N items
 * Formulas are cited as "maths §n": docs/maths.md.
 *
 * From easy to hard; a reader may stop anywhere and already use the library:
 *   1 errors and host · 2 observation, decision, outcome · 3 configs · 4 items · 5 environment ·
 *   6 agent · 7 buffer · 8 checkpoint · 9 evaluation · 10 data · 11 arrays in, arrays out ·
 *   12 what this build is · 13 snapshots to serve from · 14 health */
#ifndef RECRL_RECRL_H
#define RECRL_RECRL_H

#include <stddef.h>
#include <stdint.h>

#ifdef __cplusplus
extern "C" {
#endif

#define RR_VERSION_MAJOR 0
#define RR_VERSION_MINOR 1
#define RR_VERSION_PATCH 0

#if defined(__GNUC__)
#define RR_API __attribute__((visibility("default")))
#else
#define RR_API
#endif

/* ── 1 · errors and host ─────────────────────────────────────────────────────────────────────── */

/* 0 is success; failures are negative and never renumbered. */
typedef int32_t rr_status;
enum {
    RR_OK = 0,
    RR_E_INVALID = -1,     /* an argument or a config field is outside its range */
    RR_E_UNSUPPORTED = -2, /* a field or a combination that this release does not serve yet */
    RR_E_MEMORY = -3,      /* the allocator gave NULL, or a size does not fit */
    RR_E_STATE = -4,       /* called out of order: a reward before its record, an observe
                              before reset */
    RR_E_FULL = -5,        /* the buffer has no room for these rows */
    RR_E_NOT_FINITE = -6,  /* NaN or infinity in what was given, or in a gradient */
    RR_E_IO = -7,          /* a file could not be read or written */
    RR_E_FORMAT = -8,      /* a file or a block of memory is damaged or is not what it should be */
    RR_E_VERSION = -9,     /* a checkpoint of a newer release */
    RR_E_MISMATCH = -10,   /* whole and readable, but of another shape, head or item table */
    RR_E_THREAD = -11,     /* the system refused a thread */
    RR_E_TOO_SMALL = -12,  /* the caller's block is too small; the size needed is told */
    RR_E_NOT_FOUND = -13,  /* no such field, tensor or key */
    RR_E_SKEW = -14,       /* a recorded log-prob is not what the policy that is said to have
                              drawn gives */
    RR_E_STALE = -15,      /* too late: a reward after its wait, rows too far from the
                              present policy */
    RR_E_DUPLICATE = -16   /* a decision id that is there already */
};

/* 512 bytes for ever. Allocated by the caller, NULL where the sentence is not wanted. Untouched by
 * a call that succeeds. */
typedef struct rr_error {
    int32_t status;  /* as returned */
    char text[508];  /* one sentence, UTF-8, terminated */
} rr_error;

/* "RR_E_INVALID" and a line of text; for a number that is not in the table "RR_E_UNKNOWN".
 * Static. */
RR_API const char *rr_status_name(rr_status status);
RR_API const char *rr_status_text(rr_status status);

/* Levels of a log sentence. */
enum { RR_LOG_INFO = 0, RR_LOG_WARNING = 1 };

/* What a handle may use of its host. NULL for a whole rr_host, or for a member, means: malloc and
 * free (a block of 4 MiB or more with a wish to the kernel for large pages, on Linux), and no log.
 * `log` is for warnings: rr_agent_update from a keyed buffer has two to give. Copied in create;
 * `user` is handed back and never read. Members are called on the thread that called the library,
 * and must not call back into the handle. */
typedef struct rr_host {
    uint32_t struct_size; /* sizeof(rr_host) */
    uint32_t reserved;    /* 0 */
    void *(*allocate)(void *user, size_t bytes, size_t alignment); /* aligned, or NULL; with
                                                                      release */
    void (*release)(void *user, void *block, size_t bytes);        /* both or neither */
    void (*log)(void *user, int32_t level, const char *sentence);
    void *user;
} rr_host;

typedef struct rr_items rr_items;     /* the catalogue: immutable, shared by reference */
typedef struct rr_env rr_env;         /* a simulated world of sessions stepped together */
typedef struct rr_agent rr_agent;     /* actor, critic, optimiser */
typedef struct rr_buffer rr_buffer;   /* a rollout */
typedef struct rr_policy rr_policy;   /* a snapshot to serve from: immutable, shared by reference */
typedef struct rr_scratch rr_scratch; /* what one thread needs to serve from snapshots */
typedef struct rr_slot rr_slot;       /* where a trainer leaves a snapshot and threads find it */
typedef struct rr_metrics rr_metrics; /* what was shown and earned, summed up */
typedef struct rr_dataset rr_dataset; /* interactions read from a file */
typedef struct rr_health rr_health;   /* signs that training is going wrong */

/* ── 2 · observation, decision, outcome ──────────────────────────────────────────────────────── */

/* What is known when a decision is made: n rows. What is NULL is not used. The arrays belong to the
 * host, or are views filled by rr_env_observe; the library reads them during the call alone.
 *
 * An action is a position in its row's list; without a list (candidates and vectors both NULL), the
 * list is the pool, and a position is a pool index. */
typedef struct rr_obs {
    uint32_t struct_size; /* sizeof(rr_obs) */
    int32_t n;            /* rows, ≥ 1 */
    int32_t k;            /* length of candidate lists; 0: no lists */
    int32_t m;            /* length of exclusion lists; 0: none */
    int32_t h;            /* length of histories; 0: none */
    int32_t state_dim;    /* width of states; the agent's */
    int32_t item_dim;     /* width of vectors; 0 without vectors */
    int32_t feature_dim;  /* width of features; 0 without features */
    const float *states;           /* [n, state_dim] finite; required */
    const int32_t *lengths;        /* [n] real entries of each candidate list, 1 … k; NULL: all k */
    const int32_t *candidates;     /* [n, k] pool index, or −1 for one that is only in `vectors` */
    const float *features;         /* [n, k, feature_dim] of the candidates, finite */
    const float *vectors;          /* [n, k, item_dim] read where candidates is NULL or −1,
                                      finite */
    const int32_t *counts;         /* [n, k] earlier showings of each candidate, ≥ 0; NULL:
                                      from history */
    const int32_t *excluded;       /* [n, m] pool indices that may not be chosen, −1 padding */
    const int32_t *history;        /* [n, h] pool indices shown, oldest first, −1 padding in
                                      front */
    const float *history_rewards;  /* [n, h]; rr_env_observe fills it; no network of this release
                                      reads it */
    const int32_t *incumbents;     /* [n] position of the host's own choice, −1: none in this row.
                                      Read by published policies; rr_agent_act, _top_k and _evaluate
                                      refuse it */
    const uint64_t *sessions;      /* [n] the host's keys, with decisions or not at all: which rows
                                      follow one another. For record: required by a keyed buffer,
                                      else NULL */
    const uint64_t *decisions;     /* [n] ids, never used twice; the draw of a row is a function of
                                      (seed, id), else of a counter. For record as sessions */
    const int64_t *times;          /* [n] when each row was decided, on the host's clock, in its
                                      unit. Read by record of a keyed buffer alone, where
                                      reward_wait or idle_timeout needs them; refused by record in
                                      lock step */
    const rr_items *pool;          /* NULL: the agent's. Another one is scored with its own vectors
                                      and bias 0 (two-tower, items not trained, same width),
                                      else refused */
} rr_obs;

/* What was decided. The arrays are the caller's; what is NULL is not wanted. A position that is
 * drawn has probability > 0 always: exclusions and padding are never drawn. */
typedef struct rr_decision {
    uint32_t struct_size; /* sizeof(rr_decision) */
    int32_t n;            /* rows of the arrays; must equal the observation's */
    int32_t *actions;           /* [n] position in the row's list */
    int32_t *items;             /* [n] pool index, −1 for a candidate that is in no pool */
    float *log_probs;           /* [n] log π(action) of the draw that was made */
    float *values;              /* [n] V(s), in the unit of rewards, normalize_returns or not */
    float *all_log_probs;       /* [n, k] (without lists [n, N]); −inf where excluded or padded */
    uint64_t *policy_versions;  /* [n] hash of parameters, item fingerprint and serving options:
                                   rr_agent_version, rr_policy_version. Record of a
                                   keyed buffer needs them; in lock step it does not read them */
    uint64_t pool_fingerprint;  /* written by act, read by record: the catalogue that positions and
                                   items refer to; 0: unknown, or none */
    int32_t *statuses;          /* [n] written by record of a keyed buffer: rr_status of each row;
                                   then the good rows are taken and record succeeds. NULL: all rows
                                   or none */
} rr_decision;

/* What came of decisions: in lock step those of the last record, n rows in the same order; in a
 * keyed buffer those of the ids. `terminated` and `truncated` stay apart: over for good, or cut off
 * (then the value of the final observation stands in for what was not seen). Where both are set,
 * terminated wins. */
typedef struct rr_outcome {
    uint32_t struct_size; /* sizeof(rr_outcome) */
    int32_t n;
    const uint64_t *decisions;  /* [n] ids, required by a keyed buffer; NULL in lock step */
    const float *rewards;       /* [n] finite; required */
    const uint8_t *terminated;  /* [n] 0 or 1; NULL: none */
    const uint8_t *truncated;   /* [n] 0 or 1; NULL: none */
    const int64_t *times;       /* [n] when each was earned, on the clock of rr_obs.times; NULL:
                                   unknown, and in lock step */
    const rr_obs *final_obs;    /* n rows, of which only those with truncated are read; required if
                                   any is (in a keyed buffer not: see rr_ending). From rr_env_step:
                                   the state before the session began anew */
    int32_t *statuses;          /* [n] written by reward of a keyed buffer: rr_status of each row;
                                   then the good rows are taken and reward succeeds. NULL: all rows
                                   or none */
} rr_outcome;

/* Sessions that end without a reward: n of them, by key. A keyed buffer alone. */
typedef struct rr_ending {
    uint32_t struct_size;       /* sizeof(rr_ending) */
    int32_t n;                  /* ≥ 1 */
    const uint64_t *sessions;   /* [n] keys; required */
    const uint8_t *terminated;  /* [n] 1: over for good; 0: cut off. NULL: all cut off */
    const rr_obs *final_obs;    /* n rows, of which those without terminated are read: the states
                                   that no decision was made in. NULL: none is known; then the last
                                   row of a session that is cut off is not trained on, and its state
                                   is what the rows before it lead to */
    int32_t *statuses;          /* [n] as in rr_outcome */
} rr_ending;

/* Where the rows of a keyed buffer are, and what became of what it was told since it was made
 * or cleared.
 *   recorded = rows + trained + dropped + spoilt     rows = open + waiting + ready
 *   rewards told = rewarded + late + unknown */
typedef struct rr_buffer_counts {
    uint32_t struct_size;
    int32_t max_rows;        /* of its config */
    int64_t rows;            /* in the buffer now */
    int64_t open;            /* rows of sessions that go on */
    int64_t waiting;         /* rows of sessions that ended and may still earn rewards */
    int64_t ready;           /* rows of sessions that ended and whose rewards are final: the
                                next update's */
    int64_t open_sessions;   /* sessions that go on */
    int64_t ready_sessions;
    int64_t recorded;        /* rows taken by record */
    int64_t trained;         /* rows that left for an update and were trained on */
    int64_t dropped;         /* rows that left for an update and were not: last rows of sessions cut
                                off without a final observation; other catalogue; version unknown or
                                too old */
    int64_t duplicate;       /* rows not recorded: their decision id was there already */
    int64_t rewarded;        /* rewards added to a row */
    int64_t late;            /* rewards for a row whose rewards were final: not added */
    int64_t unknown;         /* rewards and endings for a decision or session that is not in
                                the buffer */
    int64_t bytes;           /* that create took */
    int64_t spoilt;          /* rows that left because their session was given up: one of them could
                                not be trained on (rr_agent_update) */
    int64_t spoilt_sessions; /* those sessions */
} rr_buffer_counts;

/* One update, as means over its minibatches weighted by rows, unless said otherwise. maths §5, §6.
 * With normalize_returns all but grad_norm is told in the unit of rewards, as without it. */
typedef struct rr_stats {
    uint32_t struct_size;      /* sizeof(rr_stats) */
    int32_t n_rows;            /* rows trained on */
    int32_t n_epochs;          /* passes made */
    int32_t n_minibatches;     /* optimiser steps made */
    int32_t n_dropped;         /* rows recorded under another item table */
    int32_t is_stopped_early;  /* 1: approx_kl exceeded target_kl */
    float policy_loss;         /* −mean min(ρA, clip(ρ)A) or −mean log π(a) A, in the unit of
                                  rewards; with has_advantage_norm in none */
    float value_loss;          /* ½ mean (V − R)²  (half of what SB3 prints), in the unit of
                                  rewards, squared */
    float entropy;             /* +H, nats */
    float approx_kl;           /* mean((ρ − 1) − log ρ) of the last epoch; 0 for A2C */
    float clip_fraction;       /* share of rows with |ρ − 1| > clip_eps; 0 for A2C */
    float explained_variance;  /* 1 − Var(R − V)/Var(R), old values; NaN when Var(R) = 0 */
    float grad_norm;           /* before clipping, mean over steps; of the loss as it is minimised,
                                  which normalize_returns makes free of the unit of rewards */
    float learning_rate;       /* used by this update */
    float reward_mean;         /* mean reward of all rows, dropped ones too, as
                                  explained_variance */
    float scale;               /* τ after the update */
    float repeat_weight;       /* κ after the update */
    uint32_t reserved;
    int64_t n_updates;         /* updates of this agent so far, this one included */
    int64_t n_timesteps;       /* rows trained on so far, these included */
    int32_t n_refused;         /* rows whose version is unknown or older than max_staleness; not
                                  trained on. As all below: keyed buffers, maths §5; in lock step 0,
                                  and weights 1 */
    int32_t staleness_max;     /* updates between the version that drew a row and this update,
                                  most */
    float staleness_mean;      /* the same, mean over the rows trained on */
    float ess;                 /* (Σw)² / (n Σw²) of the weights used: the share of the rows that
                                  they are worth */
    float weight_mean;         /* of exp(log π_prox − log μ) before capping, over rows of other
                                  versions; 1: none */
    float weight_max;          /* the same, largest */
    float capped_fraction;     /* share of the rows trained on whose weight was capped */
    float return_deviation;    /* √Var(R), the scale that value_loss is to be held against; in
                                  every buffer */
} rr_stats;

/* ── 3 · configs ─────────────────────────────────────────────────────────────────────────────── */

/* Each config is a plain struct that is filled with defaults by its init, then changed, then handed
 * to create, which checks it; a NULL config means the defaults. One table per config (name, type,
 * default, range, text) drives init, check, set-by-name, rr_config_field_at and what a checkpoint
 * stores; examples/train --help prints it. */

enum { RR_ALGO_PPO = 0, RR_ALGO_A2C = 1 };
enum { RR_HEAD_TOWER = 0, RR_HEAD_DENSE = 1 };
enum { RR_ACTIVATION_TANH = 0, RR_ACTIVATION_RELU = 1 };
enum { RR_OPTIMIZER_ADAM = 0, RR_OPTIMIZER_RMSPROP = 1 };
enum { RR_FEEDBACK_EXPLICIT = 0, RR_FEEDBACK_IMPLICIT = 1 };

/* The simulated world. maths §1. */
typedef struct rr_env_config {
    uint32_t struct_size;
    int32_t n_envs;             /* sessions side by side, ≥ 1; default 64 */
    int32_t num_items;          /* items drawn when none are given, ≥ 1; default 1000 */
    int32_t state_dim;          /* user ⊕ last item: twice the vectors' width, even; default 64 */
    int32_t max_episode_steps;  /* length at which a session is truncated, ≥ 1; default 20 */
    int32_t num_candidates;     /* items drawn for each step's list; 0: the whole pool; default 0 */
    int32_t num_folded;         /* last coordinates of a user that drift leaves alone; learned
                                   vectors: 2 */
    int32_t history_length;     /* items of history in observations; −1: max_episode_steps;
                                   default −1 */
    float reward_decay;         /* factor per earlier showing of the item, (0, 1]; default 0.9 */
    float drift;                /* how far a shown item pulls the user, [0, 1]; default 0 */
    float tire;                 /* leave rule: energy that a unit of pull costs, ≥ 0; default
                                   0 (off) */
    uint32_t reserved;
    uint64_t world_seed;        /* draws the items; default 0 */
    uint64_t seed;              /* draws users and candidates; default 0 */
} rr_env_config;

/* Networks, randomness and threads of an agent, whatever algorithm trains it. maths §2. */
typedef struct rr_agent_config {
    uint32_t struct_size;
    int32_t head;               /* RR_HEAD_TOWER: z = τ q·v + …; RR_HEAD_DENSE: learned item
                                   vectors */
    int32_t hidden[4];          /* layers of the actor's MLP, 0 ends the list; default 64, 64, 0,
                                   0 */
    int32_t critic_hidden[4];   /* layers of the critic's MLP; default 64, 64, 0, 0 */
    int32_t activation;         /* RR_ACTIVATION_TANH (default) or _RELU */
    int32_t state_dim;          /* ≥ 1; default 64 */
    int32_t item_dim;           /* width d of item vectors (two-tower), ≥ 1; default 32 */
    int32_t feature_dim;        /* width of candidate features, ≥ 0; default 0 */
    int32_t num_items;          /* dense head without rr_items: size of the catalogue; else 0 */
    int32_t has_skip;           /* linear query W_skip s beside the MLP (two-tower); default 1 */
    int32_t has_bias;           /* learned item biases b_i; the dense head always has them;
                                   default 0 */
    int32_t has_repeat_weight;  /* learned κ · count_i; default 1 */
    int32_t has_trained_items;  /* fine-tune the item vectors (two-tower); default 0 */
    int32_t max_rows;           /* most rows of one act, ≥ 1; an update takes up to max_rows ×
                                   n_steps; default 1024 */
    int32_t max_candidates;     /* longest candidate list, ≥ 0; 0: none; default 1024 */
    int32_t max_history;        /* longest history and exclusion list, ≥ 0; default 1024 */
    int32_t max_pool_items;     /* largest other catalogue that rr_obs.pool may bring, ≥ 0; its own
                                   size always fits; default 0 */
    int32_t num_threads;        /* threads of this agent, the caller's included, [1, 64]; default
                                   1 */
    float initial_scale;        /* τ at the start (two-tower), > 0; default 10 */
    float mlp_scale;            /* c of q = W_skip s + c MLP(s) (two-tower), > 0; default 0.125,
                                   which is 1/√64: at 1 the MLP's noise costs 1.5 % of the best */
    int64_t planned_updates;    /* updates over which lr falls to 0; 0: constant; default 0 */
    uint64_t seed;              /* initialisation, draws, shuffles; default 0 */
    int32_t max_staleness;      /* updates after which rows of a version are refused, [0, 1024];
                                   default 64. This and the three below are for keyed buffers.
                                   maths §5 */
    int32_t keep_versions;      /* versions whose rows are checked for skew, the present one
                                   included, [0, 64]; each beyond the first keeps a copy of the
                                   parameters; default 0: as many as take no more than 1 MiB, and at
                                   most 16 or max_staleness + 1 */
    float max_weight;           /* w_max ≥ 1, at which the weights of other versions' rows are
                                   capped; default 2 */
    float min_ess;              /* an update whose ess is less is refused, [0, 1]; default 0.1 */
    int32_t normalize_returns;  /* 1: learn in units of the running deviation of returns, whatever
                                   rewards are counted in; what is told stays in the unit of
                                   rewards; default 0. V = 0 until the first update [PopArt: van
                                   Hasselt et al. 2016]. A learning rate that was tuned without it
                                   may want tuning again. maths §11 */
    int32_t normalize_states;   /* 1: networks see clip((s − mean)/deviation, ±10) of each
                                   coordinate, running and moved after an update, never within one;
                                   default 0. For inputs far from 0 or in units of their own; in the
                                   drawn world, where the small coordinates also matter least, it
                                   costs a hundredth of the best. maths §11 */
    int64_t norm_rows;          /* rows that these running statistics remember, ≥ 1; default 8192 */
    float max_skew;             /* keyed: share of the rows that can be checked for skew, [0, 1], up
                                   to which the sessions of rows with skew are given up; above it
                                   the update is refused (RR_E_SKEW); default 0.05 */
    uint32_t reserved;
} rr_agent_config;

/* Proximal policy optimisation [Schulman et al. 2017]. maths §5. */
typedef struct rr_ppo_config {
    uint32_t struct_size;
    int32_t n_steps;              /* length of a rollout in steps of each session, ≥ 1; default
                                     16 */
    int32_t batch_size;           /* rows of one gradient step, ≥ 2; default 128 */
    int32_t update_epochs;        /* passes over a rollout, [1, 1024]; default 4 */
    int32_t has_advantage_norm;   /* normalise advantages per minibatch; default 1 */
    int32_t optimizer;            /* RR_OPTIMIZER_ADAM (default) or _RMSPROP */
    float lr;                     /* > 0; default 1e-2 */
    float gamma;                  /* discount, [0, 1]; default 0.9 */
    float gae_lambda;             /* [0, 1]; default 0 */
    float clip_eps;               /* ε of the ratio, (0, 1); default 0.2 */
    float value_clip_eps;         /* ε_v of the value, ≥ 0; 0: no clipping; default 0 */
    float ent_coef;               /* c_H ≥ 0; default 0 */
    float vf_coef;                /* c_V ≥ 0 of ½ mean (V − R)²; default 1 (SB3's 0.5) */
    float max_grad_norm;          /* > 0; default 0.5 */
    float target_kl;              /* stop before an epoch after approx_kl exceeded it; 0: never;
                                     default 0 */
    float optimizer_eps;          /* > 0; default 1e-5 */
    float rms_alpha;              /* decay of RMSProp's average, [0, 1); default 0.99 */
} rr_ppo_config;

/* Advantage actor-critic [Mnih et al. 2016], synchronous. maths §6. */
typedef struct rr_a2c_config {
    uint32_t struct_size;
    int32_t n_steps;              /* length of a rollout, n of the n-step return, ≥ 1; default 5 */
    int32_t has_advantage_norm;   /* default 0 */
    int32_t optimizer;            /* RR_OPTIMIZER_RMSPROP (default) or _ADAM */
    float lr;                     /* > 0; default 5e-3 */
    float gamma;                  /* [0, 1]; default 0.9 */
    float gae_lambda;             /* [0, 1]; 1: n-step returns; default 0, which learns more in
                                     every world of docs/design.md: the critic is good, and a long
                                     return is noise */
    float ent_coef;               /* ≥ 0; default 0 */
    float vf_coef;                /* ≥ 0; default 1 */
    float max_grad_norm;          /* > 0; default 0.5 */
    float optimizer_eps;          /* > 0; default 1e-5 */
    float rms_alpha;              /* [0, 1); default 0.99 */
} rr_a2c_config;

/* What a buffer must hold; decides its memory. In lock step (a simulator) row i of a record goes on
 * with the session of row i of the record before. Keyed (a server), rows belong together by
 * rr_obs.sessions, and rewards come by decision id, in any order, later or never. */
typedef struct rr_buffer_config {
    uint32_t struct_size;
    int32_t max_rows;        /* rows (decisions) at once, ≥ 1: n_envs × n_steps; keyed: those that
                                are open, wait or are ready; default 1024 */
    int32_t state_dim;       /* ≥ 1; default 64 */
    int32_t item_dim;        /* width of per-request vectors; 0: none stored; default 0 */
    int32_t feature_dim;     /* width of candidate features; default 0 */
    int32_t max_candidates;  /* longest candidate list stored; default 0 */
    int32_t max_excluded;    /* longest exclusion list stored; default 0 */
    int32_t max_history;     /* longest history stored; default 20 */
    int32_t is_keyed;        /* 1: keyed; default 0, lock step */
    int32_t max_sessions;    /* keyed: sessions at once, open or not yet trained on; 0: max_rows,
                                which always suffices; default 0 */
    int64_t reward_wait;     /* keyed: a row may earn until it is this old, on the clock of
                                rr_obs.times and rr_buffer_settle, ≥ 0; 0: until its session ends;
                                default 0 */
    int64_t idle_timeout;    /* keyed: settle cuts off a session (without a final observation) this
                                long after its last decision, ≥ 0; 0: never; default 0 */
} rr_buffer_config;

/* What a driver's loop needs beyond the rest; read by no function of the library. */
typedef struct rr_train_config {
    uint32_t struct_size;
    int32_t log_interval;      /* updates between two rows of the log, ≥ 1; default 1 */
    int64_t total_timesteps;   /* decisions to train on, rounded up to whole rollouts, ≥ 1;
                                  default 100000 */
    uint64_t seed;             /* of world, sessions and agent; default 0 */
} rr_train_config;

/* Alternating least squares: with biases on explicit ratings, or on implicit feedback, where that
 * somebody met something is what counts [Hu, Koren, Volinsky 2008]. maths §9. */
typedef struct rr_als_config {
    uint32_t struct_size;
    int32_t num_factors;       /* [1, 126]; vectors are 2 wider; default 30 */
    int32_t num_sweeps;        /* ≥ 1; default 12 */
    int32_t num_threads;       /* [1, 64]; default 1 */
    float ridge;               /* times (ratings of the row + 20), > 0; default 0.1 */
    float user_bias_ridge;     /* > 0; default 2 */
    float item_bias_ridge;     /* > 0; default 4 */
    float holdout;             /* share of interactions left out and used for holdout_rmse, [0,
                                  0.9]; default 0 */
    uint64_t seed;             /* initial factors and the holdout; default 0 */
    int32_t feedback;          /* RR_FEEDBACK_EXPLICIT (default) or _IMPLICIT */
    float alpha;               /* implicit: an interaction of rating r > 0 has confidence 1 + α r,
                                  every other pair 1; > 0; default 1 */
} rr_als_config;

/* How a published policy plays, with exact propensities: of p, the policy's probabilities at the
 * temperature (with is_greedy all of them on the most probable item), a host's own choice and an
 * even floor make
 *   π_i = (1 − floor) ((1 − incumbent_share) p_i + incumbent_share 1[i = incumbent]) + floor / K
 * K items may be chosen in the row, so π_i ≥ floor / K for each. In a row without an incumbent the
 * share is 0. */
typedef struct rr_serving_options {
    uint32_t struct_size;
    int32_t is_greedy;      /* the policy's part plays its most probable item, ties to the lower
                               position; default 0 */
    float temperature;      /* T of softmax(z / T), > 0; default 1 */
    float floor;            /* ε, [0, 1]; default 0 */
    float incumbent_share;  /* of rr_obs.incumbents, [0, 1]; default 0 */
} rr_serving_options;

/* How a log is imitated. maths §6. */
typedef struct rr_imitate_config {
    uint32_t struct_size;
    int32_t epochs;             /* passes over the rows of a call, [1, 1024]; default 1 */
    int32_t batch_size;         /* rows of one gradient step, ≥ 1; default 128 */
    float lr;                   /* > 0; default 1e-2 */
    float ent_coef;             /* c_H ≥ 0; default 0 */
    float vf_coef;              /* c_V ≥ 0 of ½ mean (V − R)², where returns are given; default 1 */
} rr_imitate_config;

/* Fills `config` with the defaults; `struct_size` is sizeof *config as the caller's compiler
 * sees it. */
RR_API void rr_env_config_init(rr_env_config *config, size_t struct_size);
RR_API void rr_agent_config_init(rr_agent_config *config, size_t struct_size);
RR_API void rr_ppo_config_init(rr_ppo_config *config, size_t struct_size);
RR_API void rr_a2c_config_init(rr_a2c_config *config, size_t struct_size);
RR_API void rr_buffer_config_init(rr_buffer_config *config, size_t struct_size);
RR_API void rr_train_config_init(rr_train_config *config, size_t struct_size);
RR_API void rr_als_config_init(rr_als_config *config, size_t struct_size);
RR_API void rr_serving_options_init(rr_serving_options *options, size_t struct_size);
RR_API void rr_imitate_config_init(rr_imitate_config *config, size_t struct_size);

/* Which config: for the functions below, which work on any of them. */
enum {
    RR_CONFIG_ENV = 0,
    RR_CONFIG_AGENT = 1,
    RR_CONFIG_PPO = 2,
    RR_CONFIG_A2C = 3,
    RR_CONFIG_BUFFER = 4,
    RR_CONFIG_TRAIN = 5,
    RR_CONFIG_ALS = 6,
    RR_CONFIG_SERVING = 7,
    RR_CONFIG_IMITATE = 8,
    RR_CONFIG_HEALTH = 9
};

/* One field of a config, as text. The strings are static. */
typedef struct rr_config_field {
    uint32_t struct_size;
    uint32_t reserved;
    const char *name;           /* "clip_eps" */
    const char *type;           /* "int32", "int64", "uint64", "float", "bool", "int32[4]", or
                                   choices "tower|dense" */
    const char *default_value;  /* "0.2" */
    const char *range;          /* "(0, 1)" */
    const char *text;           /* one line */
} rr_config_field;

/* Number of fields of a config (struct_size and reserved not counted); −1 for an unknown kind. */
RR_API int32_t rr_config_field_count(int32_t kind);
/* RR_E_NOT_FOUND for an unknown kind or index. */
RR_API rr_status rr_config_field_at(rr_config_field *out, int32_t kind, int32_t index,
                                    rr_error *err);
/* Sets one field from text: "0.2", "64,64", "tower", "true". Refused values change nothing. */
RR_API rr_status rr_config_set(int32_t kind, void *config, const char *name, const char *value,
                               rr_error *err);
/* Writes a field as text (so that rr_config_set reads back the same bits) into out[capacity]. */
RR_API rr_status rr_config_get(int32_t kind, const void *config, const char *name, char *out,
                               size_t capacity, rr_error *err);
/* Checks every field against its range, as create does. */
RR_API rr_status rr_config_check(int32_t kind, const void *config, rr_error *err);

/* ── 4 · items ───────────────────────────────────────────────────────────────────────────────── */

/* A catalogue: n vectors of width dim, and the host's 64-bit keys. Immutable; agents and
 * environments hold references, so the host may destroy its own at once, and 10⁶ vectors exist
 * one time.
 *
 * vectors [n, dim] finite, copied. keys [n] all different, or NULL for 0 … n−1. n in [1, 2^31 − 2],
 * dim in [1, 4096]. */
RR_API rr_status rr_items_create(rr_items **out, const float *vectors, const uint64_t *keys,
                                 int32_t n, int32_t dim, const rr_host *host, rr_error *err);
/* n vectors drawn N(0, 1/dim) a coordinate from `seed`, keys 0 … n−1: the drawn world's. maths
 * §1. */
RR_API rr_status rr_items_create_drawn(rr_items **out, int32_t n, int32_t dim, uint64_t seed,
                                       const rr_host *host, rr_error *err);
/* Gives up this reference. NULL is fine. Any thread. */
RR_API void rr_items_destroy(rr_items *items);
RR_API int32_t rr_items_count(const rr_items *items);
RR_API int32_t rr_items_dim(const rr_items *items);
/* A hash of width, keys and vectors. Rows recorded under another fingerprint are not trained on. */
RR_API uint64_t rr_items_fingerprint(const rr_items *items);
/* indices[i] of keys[i]; −1 where a key is not in the catalogue. */
RR_API rr_status rr_items_find(const rr_items *items, const uint64_t *keys, int32_t n,
                               int32_t *indices, rr_error *err);
/* Views [N] and [N, dim], valid as long as a reference is held. */
RR_API const uint64_t *rr_items_keys(const rr_items *items);
RR_API const float *rr_items_vectors(const rr_items *items);

/* ── 5 · environment ─────────────────────────────────────────────────────────────────────────── */

/* A vectorised, Gym-like recommender: n_envs independent sessions stepped together. maths §1.
 * State u ⊕ v_last [2d]; action: an item, or a position in the step's candidate list; reward
 * sim(u, v) · reward_decay^(earlier showings in this session) for sim ≥ 0, sim itself below 0.
 *
 * items NULL: config->num_items are drawn from world_seed; else theirs is the number and the width,
 * and config->num_items is not read. state_dim must be 2 × the width. users [n_users, d] finite,
 * copied; each session takes a row at random. NULL: drawn N(0, 1). RR_E_UNSUPPORTED: tire > 0 with
 * items or users given. */
RR_API rr_status rr_env_create(rr_env **out, const rr_env_config *config, rr_items *items,
                               const float *users, int32_t n_users, const rr_host *host,
                               rr_error *err);
RR_API void rr_env_destroy(rr_env *env);
/* Begins every session anew. Sessions are numbered on from those before: two resets differ. */
RR_API rr_status rr_env_reset(rr_env *env, rr_error *err);
/* Views of the present: states, candidates (with lists), history; valid until the next step
 * or reset. */
RR_API rr_status rr_env_observe(rr_env *env, rr_obs *obs, rr_error *err);
/* actions [n_envs] positions. Every session moves; one that ends begins anew in the same step, and
 * its final observation is in outcome->final_obs. Views, valid until the next step or reset. */
RR_API rr_status rr_env_step(rr_env *env, const int32_t *actions, rr_outcome *outcome,
                             rr_error *err);

/* Policies that do not learn. They see what the world knows. maths §8. */
enum {
    RR_CHOOSER_RANDOM = 0,   /* uniform over the list */
    RR_CHOOSER_POPULAR = 1,  /* highest mean similarity over the training users, decayed by
                                showings */
    RR_CHOOSER_SIMILAR = 2,  /* most similar item to the user, without memory */
    RR_CHOOSER_ORACLE = 3,   /* best known play: largest decayed similarity. Optimal with the whole
                                pool and neither drift nor leave rule; otherwise myopic */
    RR_CHOOSER_PATIENT = 4   /* with the leave rule: decayed similarity − parameter · pull */
};
/* actions [n_envs] for the present observation: positions, of equals the lowest; RANDOM is a
 * function of (seed, session, step). `popular_user` [d] is the mean training user (POPULAR alone;
 * NULL: this environment's rr_env_mean_user); `parameter` is β of PATIENT, ignored elsewhere.
 * RR_E_STATE before the first reset; RR_E_UNSUPPORTED for PATIENT without the leave rule.
 * Allocates nothing. */
RR_API rr_status rr_env_choose(rr_env *env, int32_t chooser, const float *popular_user,
                               float parameter, int32_t *actions, rr_error *err);
/* The pool, borrowed. */
RR_API rr_items *rr_env_items(const rr_env *env);
/* out [d]: mean vector of this environment's users: of the table; of drawn users, whose expectation
 * is 0 and would make every item as popular as any other, those of sessions 0 … 4095 of its seed.
 * With the leave rule its last coordinate is 1. Of the environment trained on, it is POPULAR's
 * user elsewhere. */
RR_API rr_status rr_env_mean_user(const rr_env *env, float *out, rr_error *err);
/* The config as it is in force (num_items, state_dim and history_length resolved). */
RR_API rr_status rr_env_get_config(const rr_env *env, rr_env_config *out, rr_error *err);

/* ── 6 · agent ───────────────────────────────────────────────────────────────────────────────── */

/* Actor π(a|s), critic V(s), optimiser. items is referenced, and may be NULL with per-request
 * vectors (two-tower) or config->num_items (dense). maths §2. */
RR_API rr_status rr_agent_create_ppo(rr_agent **out, const rr_agent_config *config,
                                     const rr_ppo_config *ppo, rr_items *items, const rr_host *host,
                                     rr_error *err);
RR_API rr_status rr_agent_create_a2c(rr_agent **out, const rr_agent_config *config,
                                     const rr_a2c_config *a2c, rr_items *items, const rr_host *host,
                                     rr_error *err);
RR_API void rr_agent_destroy(rr_agent *agent);

/* Draws one action a row from the policy. Allocates nothing. After a failure, here and in the two
 * below, the caller's arrays hold nothing useful. RR_E_INVALID names the row and the field: an
 * empty list, the same candidate twice, an index outside the pool; RR_E_NOT_FINITE likewise. */
RR_API rr_status rr_agent_act(rr_agent *agent, const rr_obs *obs, rr_decision *decision,
                              rr_error *err);

/* The k best positions of each row, best first: positions [n, k], and items and log_probs [n, k],
 * which may be NULL. k is at most the length of the list (k of the observation, or N); ties go to
 * the lower position; rows with fewer than k items that may be chosen are padded with −1 and −inf.
 * k = 1 is the greedy item. Scores that overflow are RR_E_NOT_FINITE where log_probs is wanted;
 * without, only a row whose every score is NaN is noticed. */
RR_API rr_status rr_agent_top_k(rr_agent *agent, const rr_obs *obs, int32_t k, int32_t *positions,
                                int32_t *items, float *log_probs, rr_error *err);

/* log π(a), entropy (nats) and V(s) of given actions [n]; outputs [n], each nullable. */
RR_API rr_status rr_agent_evaluate(rr_agent *agent, const rr_obs *obs, const int32_t *actions,
                                   float *log_probs, float *entropies, float *values,
                                   rr_error *err);

/* Trains on the buffer's rows and empties it. `obs` is the state to come of the sessions that are
 * still open, in the order of the last record. stats may be NULL.
 *
 * A keyed buffer: obs must be NULL. Takes the sessions that have ended and whose rewards are final,
 * whole, in the order of (session key, arrival), so that no byte depends on how they interleaved;
 * where they are more rows than the agent holds (max_rows × n_steps), those that began first. The
 * others stay. Values come from the critic of now, and rows that another version drew are weighted
 * (maths §5). RR_E_STATE: no session is ready, or one row alone. Rows of the present version, and
 * of those kept (keep_versions), must give their log-prob again, bit for bit, else they have skew:
 * another candidate list, other features, another item table or other serving options than in act.
 *   A session is given up whole, while the update goes on with the others, where a row of it has an
 * action or a list that the catalogue does not allow, numbers that make a score, value or return
 * overflow, or skew, and where it alone has more rows than the agent holds. Such sessions are gone
 * and counted (rr_buffer_counts: spoilt); the log (rr_host.log) is told how many, and of the first
 * its key and what is wrong. Where nothing else is ready, the answer is what is wrong with the
 * first, and nothing changes. RR_E_SKEW: more than max_skew of the rows that can be checked have
 * skew. RR_E_STALE: the weights' ess is less than min_ess. After either rr_buffer_drop_ready is the
 * way to go on without these rows. A refused update (a row without reward, a shape that is not the
 * agent's) empties nothing and changes nothing. RR_E_NOT_FINITE: a gradient was not finite; the
 * steps before it are kept, the rows are gone, and stats tells of them. An update whose rows were
 * all dropped counts as one, with 0 rows. */
RR_API rr_status rr_agent_update(rr_agent *agent, rr_buffer *buffer, const rr_obs *obs,
                                 rr_stats *stats, rr_error *err);

/* Learns to choose as a log says that others chose, so that the first policy is the incumbent:
 * minimises −mean w log π(action) [and vf_coef ½ mean (V(s) − return)²] with the agent's own
 * optimiser and max_grad_norm. No log-prob of the log is needed. maths §6.
 *
 * obs: n ≤ max_rows rows as the incumbent saw them; call it for one chunk of the log after another.
 * Its pool, where given, is the agent's. actions [n]: positions chosen. weights [n] ≥ 0, NULL: all
 * 1. returns [n] discounted sums of what followed, NULL: the critic has no loss. config NULL: the
 * defaults. Counts neither as an update nor as timesteps, but is another version. stats (nullable):
 * n_rows, n_epochs, n_minibatches, policy_loss, value_loss, entropy, grad_norm, learning_rate,
 * scale, repeat_weight; the rest is 0. Allocates nothing. RR_E_NOT_FINITE of a gradient: the steps
 * before it are kept. */
RR_API rr_status rr_agent_imitate(rr_agent *agent, const rr_obs *obs, const int32_t *actions,
                                  const float *weights, const float *returns,
                                  const rr_imitate_config *config, rr_stats *stats, rr_error *err);

/* Another catalogue of the same width. Trained vectors and biases are carried over by key; new keys
 * start at the pool's vector (dense head: zero) and bias 0. Allocates; on failure the agent is
 * as before. */
RR_API rr_status rr_agent_set_items(rr_agent *agent, rr_items *items, rr_error *err);
/* The catalogue, borrowed; NULL where there is none. */
RR_API rr_items *rr_agent_items(const rr_agent *agent);
/* w [feature_dim] of z = … + w·f: an existing ranker's log-score with weight 1 makes it the
 * first policy. */
RR_API rr_status rr_agent_set_feature_weights(rr_agent *agent, const float *weights, int32_t n,
                                              rr_error *err);

/* One named tensor of the agent: a view, valid until the next update, set_items or destroy. */
typedef struct rr_tensor {
    uint32_t struct_size;
    int32_t n_dims;      /* 1 or 2 */
    int64_t shape[2];
    const char *name;    /* "actor.mlp.0.weight" */
    const float *data;   /* row-major */
} rr_tensor;
RR_API int32_t rr_agent_tensor_count(const rr_agent *agent);
RR_API rr_status rr_agent_tensor_at(const rr_agent *agent, int32_t index, rr_tensor *out,
                                    rr_error *err);
/* Overwrites one tensor; n_values must be its size, values finite. Moments and running statistics
 * are left alone. critic.shift, critic.scale, state.means and state.inverses are constants that no
 * gradient moves. */
RR_API rr_status rr_agent_set_tensor(rr_agent *agent, const char *name, const float *values,
                                     int64_t n_values, rr_error *err);

/* Which policy this is: a hash of parameters, of the config fields that say what they mean, and of
 * the item fingerprint. */
RR_API uint64_t rr_agent_version(const rr_agent *agent);
/* Updates made, and rows trained on. */
RR_API int64_t rr_agent_updates(const rr_agent *agent);
RR_API int64_t rr_agent_timesteps(const rr_agent *agent);

/* ── 7 · buffer ──────────────────────────────────────────────────────────────────────────────── */

/* Rows until they are trained on: a rollout in lock step or, with is_keyed, sessions of a
 * server. */
RR_API rr_status rr_buffer_create(rr_buffer **out, const rr_buffer_config *config,
                                  const rr_host *host, rr_error *err);
RR_API void rr_buffer_destroy(rr_buffer *buffer);
/* Bytes that create will take. */
RR_API rr_status rr_buffer_memory(const rr_buffer_config *config, size_t *bytes, rr_error *err);
/* Copies n rows. Needs obs->states, decision->actions, log_probs and values. RR_E_STATE while the
 * last record has no reward, or when n differs from the records before; RR_E_FULL when they do not
 * fit. Rows have one form from the first one on until the buffer is empty: which arrays are given,
 * and whether k, m and h are 0. A session without a past sends a history of −1 alone, not h 0.
 *
 * Keyed: needs sessions, decisions, times (where the config has reward_wait or idle_timeout),
 * actions, log_probs (finite, at most 0) and policy_versions; values are not read, the update makes
 * them anew with one critic. A row goes on with the session of its key that is open, in the order
 * of arrival, whatever its time; where there is none, it begins one, so a key may be used again. A
 * row whose id is in the buffer is skipped and counted as a duplicate (status RR_E_DUPLICATE), and
 * record succeeds. RR_E_FULL: no room for rows or for sessions. */
RR_API rr_status rr_buffer_record(rr_buffer *buffer, const rr_obs *obs, const rr_decision *decision,
                                  rr_error *err);
/* Rewards the rows of the last record.
 *
 * Keyed: rewards rows by decision id; needs decisions and rewards. Rewards of one decision add up,
 * and where none comes it is 0. terminated and truncated end the decision's session, of which it
 * must be the last row, else RR_E_STATE; on a session that has ended they are not read. Skipped and
 * counted, while reward succeeds: an id that is not in the buffer (RR_E_NOT_FOUND), and a late
 * reward (RR_E_STALE): one for a row whose rewards are final, or whose time is at least reward_wait
 * after the row's. Whether the same reward was told twice cannot be seen here: two clicks are
 * two rewards. */
RR_API rr_status rr_buffer_reward(rr_buffer *buffer, const rr_outcome *outcome, rr_error *err);
/* Keyed: ends sessions by key. A key without an open session is counted as unknown
 * (RR_E_NOT_FOUND), and end succeeds. RR_E_UNSUPPORTED in lock step. */
RR_API rr_status rr_buffer_end(rr_buffer *buffer, const rr_ending *ending, rr_error *err);
/* Keyed: tells the time. Rewards of decisions at least reward_wait old become final, sessions
 * without a decision for idle_timeout are cut off. A clock that goes back is held at the latest
 * time told; INT64_MIN tells none. counts (nullable): where the rows are then. RR_E_UNSUPPORTED in
 * lock step. Time: O(sessions). */
RR_API rr_status rr_buffer_settle(rr_buffer *buffer, int64_t now, rr_buffer_counts *counts,
                                  rr_error *err);
/* 1 when another record of the same size (keyed: another row) does not fit. An empty buffer is
 * not full. */
RR_API int32_t rr_buffer_is_full(const rr_buffer *buffer);
/* Rows recorded. */
RR_API int32_t rr_buffer_count(const rr_buffer *buffer);
/* Forgets all rows. */
RR_API void rr_buffer_clear(rr_buffer *buffer);
/* Keyed: forgets the sessions that have ended and whose rewards are final, which the next update
 * would take; their rows count as dropped. Sessions that go on or wait stay. RR_E_UNSUPPORTED in
 * lock step. */
RR_API rr_status rr_buffer_drop_ready(rr_buffer *buffer, rr_error *err);

/* The log: one decision, one outcome or one ending as a self-describing, versioned, checksummed
 * blob. Where the blobs lie is the host's affair (a table, a queue, a file): today's serving is
 * tomorrow's training set. They are little-endian, a multiple of 8 bytes long, and may lie one
 * behind the other; docs/log_format.md has every byte. A damaged or hostile blob is RR_E_FORMAT,
 * one of a later format RR_E_VERSION. These functions keep nothing and allocate nothing;
 * any thread.
 *
 * encode writes row `row` of what is given into out [capacity]; *bytes receives the length; out
 * NULL only asks; RR_E_TOO_SMALL writes nothing. Where obs->pool is given, the host's keys of
 * candidates, exclusions and history are stored beside the indices, so that the row can be read
 * under a later catalogue. `decision` needs actions; what else is NULL is not stored (all_log_probs
 * never are). */
RR_API rr_status rr_record_encode(void *out, size_t capacity, size_t *bytes, const rr_obs *obs,
                                  const rr_decision *decision, int32_t row, rr_error *err);
/* Of final_obs a row is stored where it is cut off and states are given. */
RR_API rr_status rr_outcome_encode(void *out, size_t capacity, size_t *bytes,
                                   const rr_outcome *outcome, int32_t row, rr_error *err);
RR_API rr_status rr_ending_encode(void *out, size_t capacity, size_t *bytes,
                                  const rr_ending *ending, int32_t row, rr_error *err);

/* decode copies the blob into work [capacity], which is the caller's, 8-aligned and at least
 * `bytes` long (it may be the blob itself), and fills the structs with views of one row in it,
 * valid as long as work is. pool (nullable): the catalogue in force; indices made under another one
 * are turned into its own by key, and obs->pool is set. Past and excluded items that it lacks are
 * left out; a candidate that it lacks is RR_E_NOT_FOUND; a row without keys, or whose list was the
 * whole pool, RR_E_MISMATCH. */
RR_API rr_status rr_record_decode(rr_obs *obs, rr_decision *decision, void *work, size_t capacity,
                                  const void *blob, size_t bytes, const rr_items *pool,
                                  rr_error *err);
/* outcome->final_obs points to final_obs where a final observation is there. */
RR_API rr_status rr_outcome_decode(rr_outcome *outcome, rr_obs *final_obs, void *work,
                                   size_t capacity, const void *blob, size_t bytes, rr_error *err);
RR_API rr_status rr_ending_decode(rr_ending *ending, rr_obs *final_obs, void *work, size_t capacity,
                                  const void *blob, size_t bytes, rr_error *err);

enum { RR_BLOB_RECORD = 0, RR_BLOB_OUTCOME = 1, RR_BLOB_ENDING = 2 };
typedef struct rr_blob {
    uint32_t struct_size;
    int32_t kind;       /* RR_BLOB_… */
    uint64_t bytes;     /* of this blob; the next one begins behind them */
    uint64_t session;   /* 0 where it has none: an outcome */
    uint64_t decision;  /* 0 where it has none: an ending */
    int64_t time;       /* 0 where it has none */
} rr_blob;
/* What the first blob of data [bytes] is; judges its checksum. For walks through a file. */
RR_API rr_status rr_blob_describe(rr_blob *out, const void *data, size_t bytes, rr_error *err);

/* Replays n blobs into a keyed buffer, in their order: blob i is data[offsets[i] … offsets[i + 1]),
 * offsets [n + 1]. statuses [n] receives what record, reward or end said of each, or decode; good
 * blobs are taken, the others are skipped, and the answer is RR_OK. statuses NULL: stops at the
 * first one that is refused, and says why. work as in decode, as long as the longest blob; pool
 * as there. */
RR_API rr_status rr_buffer_import(rr_buffer *buffer, const void *data, const uint64_t *offsets,
                                  int32_t n, const rr_items *pool, void *work, size_t capacity,
                                  int32_t *statuses, rr_error *err);

/* ── 8 · checkpoint ──────────────────────────────────────────────────────────────────────────── */

/* One safetensors file for agent, environment, buffer and a blob of the host's; all but path and
 * agent may be NULL. Weights, moments, counters, configs, the item table's fingerprint and a
 * checksum over every byte before it: a run that is resumed is byte-identical to one that never
 * stopped. Written to a temporary file, synced, renamed. RR_E_STATE while a lock-step buffer waits
 * for a reward; a keyed one is saved at any time, with sessions, clock and counts. The versions
 * that the agent knows ride along, and the parameters that it keeps of them (keep_versions): after
 * a restore the same rows are checked for skew as without. Item vectors are not inside (unless
 * trained): the host brings the same catalogue, else RR_E_MISMATCH. */
RR_API rr_status rr_checkpoint_save(const char *path, const rr_agent *agent, const rr_env *env,
                                    const rr_buffer *buffer, const void *blob, size_t blob_bytes,
                                    rr_error *err);
/* Restores into handles of the same algorithm and shapes. Learning rates, seeds and threads are the
 * handles' own: for a run that goes on as if it had never stopped, make them from
 * rr_checkpoint_read_config. What is NULL is not read; what is asked for and not in the file is
 * RR_E_NOT_FOUND. On failure nothing has changed. blob_bytes (nullable) receives the size;
 * RR_E_TOO_SMALL when blob is given and blob_capacity is less. */
RR_API rr_status rr_checkpoint_load(const char *path, rr_agent *agent, rr_env *env,
                                    rr_buffer *buffer, void *blob, size_t blob_capacity,
                                    size_t *blob_bytes, rr_error *err);
/* The same to and from memory. *bytes receives the size needed; out NULL only asks. */
RR_API rr_status rr_checkpoint_save_memory(void *out, size_t capacity, size_t *bytes,
                                           const rr_agent *agent, const rr_env *env,
                                           const rr_buffer *buffer, const void *blob,
                                           size_t blob_bytes, rr_error *err);
RR_API rr_status rr_checkpoint_load_memory(const void *data, size_t bytes, rr_agent *agent,
                                           rr_env *env, rr_buffer *buffer, void *blob,
                                           size_t blob_capacity, size_t *blob_bytes, rr_error *err);
/* Fills a config (its struct_size set, e.g. by init) with what the file was made with, so that the
 * handles can be created. `algo` (nullable) receives RR_ALGO_PPO or _A2C. kind −1 with config NULL:
 * only algo. */
RR_API rr_status rr_checkpoint_read_config(const char *path, int32_t kind, void *config,
                                           int32_t *algo, rr_error *err);

/* ── 9 · evaluation ──────────────────────────────────────────────────────────────────────────── */

/* Metrics of one policy over many sessions. Feed it every step of n_envs sessions side by side; it
 * counts the first max_sessions that begin, each whole. maths §8. items: for distances inside
 * a session. */
RR_API rr_status rr_metrics_create(rr_metrics **out, const rr_items *items, int32_t n_envs,
                                   int32_t max_sessions, int32_t max_episode_steps,
                                   const rr_host *host, rr_error *err);
RR_API void rr_metrics_destroy(rr_metrics *metrics);
/* items [n_envs] pool indices shown in this step. */
RR_API rr_status rr_metrics_add(rr_metrics *metrics, const int32_t *items,
                                const rr_outcome *outcome, rr_error *err);
/* 1 when max_sessions sessions have ended. */
RR_API int32_t rr_metrics_is_complete(const rr_metrics *metrics);

/* Means over sessions; *_interval is the half width of the 95 % interval, 1.96 standard errors. */
typedef struct rr_metrics_summary {
    uint32_t struct_size;
    int32_t n_sessions;
    double reward_per_step, reward_per_step_interval;        /* ratio of sums; interval
                                                                by linearisation */
    double return_per_session, return_per_session_interval;
    double session_length, session_length_interval;
    double repeats_per_session, repeats_per_session_interval; /* showings of an item shown before */
    double intra_list_distance, intra_list_distance_interval; /* mean 1 − cos over pairs of a
                                                                 session's items */
    double novelty, novelty_interval;                         /* mean −log₂ popularity; NaN
                                                                 without popularity */
    double coverage;  /* share of the catalogue shown at least once */
    double gini;      /* of showings over the catalogue: 0 even, 1 one item */
    double entropy;   /* of what was shown, nats */
    /* Reward a step in the first and the last third of each session (its length / 3, rounded down);
     * sessions of fewer than 3 steps are left out, and where none is left both are NaN. */
    double first_third_reward, first_third_reward_interval;
    double last_third_reward, last_third_reward_interval;
} rr_metrics_summary;
/* popularity [N] shares that sum to 1, or NULL. */
RR_API rr_status rr_metrics_summarize(const rr_metrics *metrics, const float *popularity,
                                      rr_metrics_summary *out, rr_error *err);
/* The same of a segment: sessions whose mark is not 0. is_wanted [n], n the max_sessions of create,
 * session by session in the order they began: in an rr_env that is its session number, so every
 * policy gets the same users. What has not ended is left out. */
RR_API rr_status rr_metrics_summarize_some(const rr_metrics *metrics, const float *popularity,
                                           const uint8_t *is_wanted, int32_t n,
                                           rr_metrics_summary *out, rr_error *err);
/* returns [n_sessions] of the sessions in the order they began; for paired comparisons. */
RR_API rr_status rr_metrics_returns(const rr_metrics *metrics, float *returns, int32_t n,
                                    rr_error *err);

/* Policy a beside policy b in the same sessions. */
typedef struct rr_comparison {
    uint32_t struct_size;
    int32_t n, n_groups;
    int32_t n_won, n_tied, n_lost; /* sessions in which a earned more than b, as much, less */
    double mean_a, mean_b;
    double difference;             /* mean of a − b */
    double difference_interval;    /* half width of its 95 % interval, Student's t over groups; NaN
                                      for one group */
    double unpaired_interval;      /* what it would be if b had played other sessions */
} rr_comparison;
/* a, b [n] returns of the same n ≥ 1 sessions, finite. groups [n] (nullable: each session its own):
 * sessions with one number are one user's, and lie side by side; the interval is then over users,
 * since a second session of one user is less news than one of another. Of a policy and itself
 * difference and interval are exactly 0. maths §8. Keeps nothing, allocates nothing; any thread. */
RR_API rr_status rr_compare_returns(rr_comparison *out, const float *a, const float *b,
                                    const int32_t *groups, int32_t n, rr_error *err);

/* ── 10 · data ───────────────────────────────────────────────────────────────────────────────── */

/* Interactions from a text file whose form is seen from its first line:
 *   a header, then rows separated by tabs or commas: columns user_id (userId), item_id (movieId)
 *     and, where they are there, rating (click), timestamp, position and propensity_score, in any
 *     order, also as RecBole's atomic files have them ("user_id:token"); others are skipped
 *   MovieLens' own rows without a header: user, item, rating and time, separated by tabs or "::"
 *   Open Bandit's log: no user_id, so each combination of user_feature_… is a user
 * A decimal id is its own key; any other text is hashed. Without ratings each is 1. A time is a
 * number or a date and time, which becomes microseconds since 1970. Errors name file, line and
 * column. The file is read in blocks and need not fit into memory as text. docs/data.md */
RR_API rr_status rr_dataset_load(rr_dataset **out, const char *path, const rr_host *host,
                                 rr_error *err);
/* The same with at most memory_limit bytes for the dataset and its reading (0: no limit).
 * RR_E_MEMORY with the figure, which is estimated from the file's first block, before the rest
 * is read. */
RR_API rr_status rr_dataset_load_within(rr_dataset **out, const char *path, uint64_t memory_limit,
                                        const rr_host *host, rr_error *err);
/* The same on num_threads in [1, 64], with the same bytes on any number: blocks are read, their
 * lines parsed and their ids looked up at the same time. Memory is asked for on the calling
 * thread alone. */
RR_API rr_status rr_dataset_load_parallel(rr_dataset **out, const char *path, uint64_t memory_limit,
                                          int32_t num_threads, const rr_host *host, rr_error *err);
/* From arrays [n]; times NULL: 0. */
RR_API rr_status rr_dataset_create(rr_dataset **out, const uint64_t *users, const uint64_t *items,
                                   const float *ratings, const int64_t *times, int64_t n,
                                   const rr_host *host, rr_error *err);
RR_API void rr_dataset_destroy(rr_dataset *dataset);
RR_API int32_t rr_dataset_user_count(const rr_dataset *dataset);
RR_API int32_t rr_dataset_item_count(const rr_dataset *dataset);
RR_API int64_t rr_dataset_count(const rr_dataset *dataset);
/* Views [users], [items] of keys in the order of their dense indices (first appearance). */
RR_API const uint64_t *rr_dataset_user_keys(const rr_dataset *dataset);
RR_API const uint64_t *rr_dataset_item_keys(const rr_dataset *dataset);
/* The columns, row by row in the order of the file: views, valid until destroy. */
typedef struct rr_dataset_view {
    uint32_t struct_size;
    int32_t n_users, n_items;
    int32_t has_ratings;       /* 0: there were none, and each is 1 */
    int64_t n;
    const uint64_t *user_keys; /* [n_users] */
    const uint64_t *item_keys; /* [n_items] */
    const int32_t *users;      /* [n] indices into user_keys */
    const int32_t *items;      /* [n] */
    const float *ratings;      /* [n] */
    const int64_t *times;      /* [n] 0 where there were none */
    const int32_t *positions;  /* [n] in the list that was shown; NULL where the file has
                                  no propensities */
    const float *propensities; /* [n] of what was shown, (0, 1]; NULL likewise */
} rr_dataset_view;
RR_API rr_status rr_dataset_describe(const rr_dataset *dataset, rr_dataset_view *out,
                                     rr_error *err);
/* shares [items]: each item's share of the interactions; user_mask [users] (nullable): only those
 * with 1. */
RR_API rr_status rr_dataset_popularity(const rr_dataset *dataset, const uint8_t *user_mask,
                                       float *shares, rr_error *err);
/* is_test [users]: a share test_fraction in [0, 1] of the users, a function of seed and key
 * alone. */
RR_API rr_status rr_dataset_split_users(const rr_dataset *dataset, float test_fraction,
                                        uint64_t seed, uint8_t *is_test, rr_error *err);

/* How interactions are held out: each by a draw of its own; the latest of all; the latest of
 * each user. */
enum { RR_SPLIT_RANDOM = 0, RR_SPLIT_BY_TIME = 1, RR_SPLIT_PER_USER = 2 };
/* is_held_out [n] ← 1 for a share `holdout` in [0, 1] of the interactions, by time rounded down (of
 * each user). What has the same time is in the order of the file; seed is for RANDOM. Allocates for
 * a while. */
RR_API rr_status rr_dataset_split_rows(const rr_dataset *dataset, int32_t split, float holdout,
                                       uint64_t seed, uint8_t *is_held_out, rr_error *err);
/* The rows whose mark is `part`, with all users and items and their indices. marks [n] */
RR_API rr_status rr_dataset_select(rr_dataset **out, const rr_dataset *dataset,
                                   const uint8_t *marks, uint8_t part, const rr_host *host,
                                   rr_error *err);

typedef struct rr_als_stats {
    uint32_t struct_size;
    uint32_t reserved;
    int64_t n_train, n_holdout;
    double mean;          /* μ of the training ratings */
    double train_rmse;
    double holdout_rmse;  /* NaN without a holdout */
} rr_als_stats;
/* user_vectors [users, num_factors + 2] = (x_u, 1, b_u), item_vectors [items, num_factors + 2] =
 * (y_i, b_i, 1), so that their dot product is the predicted rating above μ. Deterministic on any
 * thread count. */
RR_API rr_status rr_dataset_fit_als(const rr_dataset *dataset, const rr_als_config *config,
                                    float *user_vectors, float *item_vectors, rr_als_stats *stats,
                                    const rr_host *host, rr_error *err);

/* Ranking of what was held out. Of each user who has held-out items with a positive rating that are
 * new to them, the k items with the largest dot product that are not among their training items
 * are ranked:
 *   recall = hits / held-out items
 *   NDCG   = Σ_hits 1 / log₂(1 + rank) / (the same of a perfect ranking)
 * Means over these users; *_interval is the half width of the 95 % interval. Of equal scores the
 * smaller index comes first. popular_*: items ranked by their training interactions instead. */
typedef struct rr_ranking {
    uint32_t struct_size;
    int32_t k;
    int64_t n_users;
    double recall, recall_interval;
    double ndcg, ndcg_interval;
    double popular_recall, popular_recall_interval;
    double popular_ndcg, popular_ndcg_interval;
} rr_ranking;
/* train and held_out: of one dataset, by rr_dataset_select. user_vectors [users, dim], item_vectors
 * [items, dim]; both NULL: popularity alone, the rest NaN. k ≥ 1; num_threads in [1, 64], on any of
 * which the bytes are the same. */
RR_API rr_status rr_dataset_rank(const rr_dataset *train, const rr_dataset *held_out,
                                 const float *user_vectors, const float *item_vectors, int32_t dim,
                                 int32_t k, int32_t num_threads, rr_ranking *out,
                                 const rr_host *host, rr_error *err);
/* The same of rankings that somebody else made, a policy's say: lists [users, length] item indices,
 * best first, −1 behind the end. Training items and repetitions in a list are passed over, so a
 * list that may hold them is longer than k. Users without held-out items need no list, begin theirs
 * with −1. */
RR_API rr_status rr_dataset_rank_lists(const rr_dataset *train, const rr_dataset *held_out,
                                       const int32_t *lists, int32_t length, int32_t k,
                                       rr_ranking *out, const rr_host *host, rr_error *err);

/* Vectors in numpy's .npy files: float32 or float64, little-endian, C order, one or two dimensions
 * (one: a column), versions 1 to 3. What is damaged, not finite or beyond a float is refused.
 * shape: of a file. read: out [n_rows, n_columns], else RR_E_MISMATCH. write: float32, each finite,
 * else RR_E_NOT_FINITE and nothing is written; the file is the old or the new one,
 * whatever happens. */
RR_API rr_status rr_npy_shape(const char *path, int64_t *n_rows, int64_t *n_columns, rr_error *err);
RR_API rr_status rr_npy_read(const char *path, float *out, int64_t n_rows, int64_t n_columns,
                             rr_error *err);
RR_API rr_status rr_npy_write(const char *path, const float *values, int64_t n_rows,
                              int64_t n_columns, rr_error *err);

/* ── 11 · arrays in, arrays out ──────────────────────────────────────────────────────────────── */

/* Generalised advantage estimation [Schulman et al. 2016] of n rows in the order of time, segment
 * after segment. maths §4.
 *   δ_t = r_t + γ next_values_t (1 − terminated_t) − values_t
 *   Â_t = δ_t + γ λ (1 − is_segment_end_t) Â_{t+1},  R_t = Â_t + values_t
 * next_values_t is V of the state that followed: at a truncated row that of the session's final
 * observation, at the end of the rollout that of the state to come. terminated and is_segment_end
 * [n] are 0 or 1; a terminated row ends its segment; the last row always does. returns may be
 * NULL. */
RR_API rr_status rr_gae(float *advantages, float *returns, const float *rewards,
                        const float *values, const float *next_values, const uint8_t *terminated,
                        const uint8_t *is_segment_end, float gamma, float gae_lambda, int64_t n,
                        rr_error *err);

/* ── 12 · what this build is ─────────────────────────────────────────────────────────────────── */

typedef struct rr_runtime_info {
    uint32_t struct_size;
    uint32_t version;        /* major × 10000 + minor × 100 + patch */
    const char *kernels;     /* "avx512", "avx2" or "portable" */
    const char *tiles;       /* where the matrix micro-kernel comes from: "blis" or "own" */
    const char *number_class;/* "x86-64-fma": bytes shared by every such CPU; "portable":
                                this machine's */
} rr_runtime_info;
RR_API rr_status rr_runtime_describe(rr_runtime_info *out, rr_error *err);

/* ── 13 · snapshots to serve from ────────────────────────────────────────────────────────────── */

/* A trainer publishes, threads serve, and neither waits for the other:
 *
 *     rr_agent_publish(agent, &policy, &options, &err);       // trainer, once
 *     rr_slot_create(&slot, policy, 40, NULL, &err);
 *     rr_policy_destroy(policy);                              // the slot has its own reference
 *     rr_slot_join(slot, &scratch, thread, NULL, &err);       // each thread, once
 *     rr_slot_act(scratch, &obs, &decision, &err);            // each request: no lock, no memory
 *     rr_slot_publish(slot, agent, &options, &err);           // trainer, after each update
 *
 * A policy without a slot serves as well: rr_scratch_create and rr_policy_act. */

/* The agent's policy as it is now, with the options (NULL: the defaults) as its way to play. *out
 * is a reference of the caller's. Memory comes from the agent's allocator, which must be fit for
 * the thread that gives up the last reference. The catalogue is shared, parameters are copied: the
 * agent may learn on at once. */
RR_API rr_status rr_agent_publish(rr_agent *agent, rr_policy **out,
                                  const rr_serving_options *options, rr_error *err);
/* One more reference; returns policy. Any thread that holds one, or has acquired the policy from
 * a slot. */
RR_API rr_policy *rr_policy_retain(rr_policy *policy);
/* Gives up a reference. NULL is fine. Any thread. */
RR_API void rr_policy_destroy(rr_policy *policy);
/* What rr_decision.policy_versions says: a hash of parameters, item fingerprint and serving
 * options. With the default options that of the agent that was published. */
RR_API uint64_t rr_policy_version(const rr_policy *policy);
/* The catalogue, borrowed; NULL where there is none. */
RR_API rr_items *rr_policy_items(const rr_policy *policy);
/* The config of the agent that was published, and the options. */
RR_API rr_status rr_policy_get_config(const rr_policy *policy, rr_agent_config *out, rr_error *err);
RR_API rr_status rr_policy_get_options(const rr_policy *policy, rr_serving_options *out,
                                       rr_error *err);

/* One safetensors file: weights, config, options, version and item fingerprint, and sixteen
 * decisions made while saving, which load replays; no moments, no item vectors unless trained, and
 * a checksum over every byte. Written to a temporary file, synced, renamed: a reader, or a trainer
 * killed at any moment, leaves a whole file or none. */
RR_API rr_status rr_policy_save(const char *path, const rr_policy *policy, rr_error *err);
/* items: the catalogue that the policy was published with, else RR_E_MISMATCH; NULL where it had
 * none. RR_E_IO: it cannot be read; RR_E_FORMAT: damaged, or no snapshot; RR_E_VERSION: of a newer
 * release; RR_E_MISMATCH: a decision comes out otherwise (in any bit, or by 1e-4 where the file
 * comes from another class of machine, rr_runtime_info). */
RR_API rr_status rr_policy_load(rr_policy **out, const char *path, rr_items *items,
                                const rr_host *host, rr_error *err);
/* The same to and from memory. *bytes receives the size needed; out NULL only asks. */
RR_API rr_status rr_policy_save_memory(void *out, size_t capacity, size_t *bytes,
                                       const rr_policy *policy, rr_error *err);
RR_API rr_status rr_policy_load_memory(rr_policy **out, const void *data, size_t bytes,
                                       rr_items *items, const rr_host *host, rr_error *err);

/* A desk for one thread at a time; it serves every policy of the same shape: head, hidden layers,
 * widths, max_* and at most as many items (or max_pool_items). `seed`: of draws without decision
 * ids, which differ between threads when their seeds do. Draws with ids are a function of (the
 * agent's seed, id) on any thread. */
RR_API rr_status rr_scratch_create(rr_scratch **out, const rr_policy *policy, uint64_t seed,
                                   const rr_host *host, rr_error *err);
/* Leaves its slot. NULL is fine. */
RR_API void rr_scratch_destroy(rr_scratch *scratch);

/* As rr_agent_act, from the mixture of the serving options: log_probs and all_log_probs are those
 * of the mixture, whichever part of it a draw came from. obs->incumbents is always checked, and
 * used where incumbent_share is above 0. Allocates nothing. Any number of threads on one policy,
 * each with its scratch. RR_E_MISMATCH: the scratch is of another shape. */
RR_API rr_status rr_policy_act(const rr_policy *policy, rr_scratch *scratch, const rr_obs *obs,
                               rr_decision *decision, rr_error *err);
/* As rr_agent_top_k: ranked by the policy's scores, whatever is mixed in; log_probs [n, k] are
 * those of the mixture. */
RR_API rr_status rr_policy_top_k(const rr_policy *policy, rr_scratch *scratch, const rr_obs *obs,
                                 int32_t k, int32_t *positions, int32_t *items, float *log_probs,
                                 rr_error *err);
/* As rr_agent_evaluate: log π(a) of the mixture, the same bits as act's, and its entropy. */
RR_API rr_status rr_policy_evaluate(const rr_policy *policy, rr_scratch *scratch, const rr_obs *obs,
                                    const int32_t *actions, float *log_probs, float *entropies,
                                    float *values, rr_error *err);

/* The slot keeps a reference to `first`, whose shape all that follow must have. max_readers:
 * scratches that may have joined at once, [1, 4096]. */
RR_API rr_status rr_slot_create(rr_slot **out, rr_policy *first, int32_t max_readers,
                                const rr_host *host, rr_error *err);
/* NULL is fine. Readers that have joined keep what they need until their rr_scratch_destroy. */
RR_API void rr_slot_destroy(rr_slot *slot);
/* A scratch that reads from this slot; as rr_scratch_create, from any thread. RR_E_FULL:
 * max_readers have joined. */
RR_API rr_status rr_slot_join(rr_slot *slot, rr_scratch **out, uint64_t seed, const rr_host *host,
                              rr_error *err);
/* Another policy for every act that begins from now on; those that are under way end with theirs.
 * Also one that was there before: a rollback. The slot keeps a reference. Any thread; never waits
 * for a reader. RR_E_MISMATCH: another shape. */
RR_API rr_status rr_slot_swap(rr_slot *slot, rr_policy *policy, rr_error *err);
/* rr_agent_publish and rr_slot_swap in one. A snapshot that was replaced and that nobody holds is
 * written over, so that after the first few nothing is allocated. */
RR_API rr_status rr_slot_publish(rr_slot *slot, rr_agent *agent, const rr_serving_options *options,
                                 rr_error *err);
/* The present policy as a reference of the caller's, for instance to come back to it later. Not for
 * each request. */
RR_API rr_policy *rr_slot_get(rr_slot *slot);
/* acquire, rr_policy_act, release. RR_E_STATE: the scratch has joined no slot, or holds a
 * policy. */
RR_API rr_status rr_slot_act(rr_scratch *scratch, const rr_obs *obs, rr_decision *decision,
                             rr_error *err);
/* The present policy, whole and unchanged until this scratch releases it; for requests that need
 * more than one call. A scratch holds one at a time. No lock; begins again only when a swap comes
 * in between. */
RR_API rr_status rr_slot_acquire(rr_scratch *scratch, const rr_policy **out, rr_error *err);
RR_API rr_status rr_slot_release(rr_scratch *scratch, rr_error *err);

/* ── 14 · health ─────────────────────────────────────────────────────────────────────────────── */

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
    int32_t window;               /* rows of a judgement, ≥ 1; default 8192 */
    float min_entropy;            /* nats: mean of rr_stats.entropy, ≥ 0; default 0.05 */
    float min_effective_items;    /* exp of the entropy of what was shown, ≥ 0; default 3 */
    float max_top_share;          /* share of the item shown most, [0, 1]; default 0.5 */
    float min_coverage;           /* share of the catalogue shown, [0, 1]; default 0 (off) */
    float max_gini;               /* of what was shown, [0, 1]; default 1 (off) */
    float max_entropy_share;      /* mean entropy over that of an even choice, [0, 1]; default
                                     0.97 */
    float min_explained_variance; /* mean of rr_stats.explained_variance; default -0.25 */
    float min_value_score;        /* 1 − E(V − R)²/Var(R), 2 value_loss over return_deviation²: as
                                     explained variance, but an offset counts too; default -1 */
    float max_clip_fraction;      /* mean of rr_stats.clip_fraction, [0, 1]; default 0.97 */
    float max_grad_ratio;         /* mean of rr_stats.grad_norm over max_grad_norm, > 0; default
                                     100. Rewards × 1000 exceed it; normalize_returns brings
                                     them back */
    float max_dead_units;         /* share of hidden units whose output is one for 64 states, [0,
                                     1]; default 0.5 */
    float max_drift;              /* most that the mean of a state coordinate or of a chosen
                                     candidate's feature moved since the window before, in its
                                     standard deviations, > 0; default 3 */
    float min_reward_deviation;   /* standard deviation of rewards, ≥ 0; default 1e-6 */
} rr_health_config;
RR_API void rr_health_config_init(rr_health_config *config, size_t struct_size);

/* Bits of rr_health_report.ill, one for each threshold. */
enum {
    RR_ILL_ENTROPY = 1,
    RR_ILL_EFFECTIVE_ITEMS = 2,
    RR_ILL_TOP_SHARE = 4,
    RR_ILL_COVERAGE = 8,
    RR_ILL_GINI = 16,
    RR_ILL_EXPLAINED_VARIANCE = 32,
    RR_ILL_CLIP_FRACTION = 64,
    RR_ILL_GRAD_RATIO = 128,
    RR_ILL_DEAD_UNITS = 256,
    RR_ILL_DRIFT = 512,
    RR_ILL_REWARD = 1024,
    RR_ILL_UNIFORM = 2048,    /* max_entropy_share */
    RR_ILL_VALUE_SCORE = 4096
};

/* The figures of a window; all but n_updates and ill are 0 unless this update ended one. */
typedef struct rr_health_report {
    uint32_t struct_size;
    int32_t is_judged;          /* 1: a window ended with this update, and was not the first */
    uint32_t ill;               /* RR_ILL_ bits as of the last judgement */
    uint32_t began;             /* those that the judgement before did not have: their sentences
                                   were told */
    int64_t n_updates;          /* the agent's, as in rr_stats */
    int64_t n_rows;             /* of the window */
    float entropy;
    float effective_items;      /* NaN where nothing of a catalogue was shown, as the next three */
    float top_share;
    float coverage;
    float gini;
    float explained_variance;
    float clip_fraction;
    float grad_ratio;
    float dead_units;
    float drift;
    float reward_deviation;
    int32_t top_item;           /* pool index; −1: none */
    int32_t drift_at;           /* coordinate of the state; behind them, those of features */
    float entropy_share;
    float value_score;
    uint32_t reserved;
} rr_health_report;

/* config NULL: the defaults. The watch takes the agent's sizes and keeps nothing of it. */
RR_API rr_status rr_health_create(rr_health **out, const rr_health_config *config,
                                  const rr_agent *agent, const rr_host *host, rr_error *err);
RR_API void rr_health_destroy(rr_health *health);
/* Rows of decisions. Reads obs->states and features, decision->actions and items (NULL, in a row
 * without a list: the action is the item). Refuses rows that do not match or are not finite, and
 * changes nothing then. Allocates nothing. */
RR_API rr_status rr_health_record(rr_health *health, const rr_obs *obs, const rr_decision *decision,
                                  rr_error *err);
/* Rewards as they come; which rows they are for does not matter here. The same rules. */
RR_API rr_status rr_health_reward(rr_health *health, const rr_outcome *outcome, rr_error *err);
/* The agent just updated, and its stats; out may be NULL. RR_E_MISMATCH: an agent of other
 * sizes. */
RR_API rr_status rr_health_update(rr_health *health, const rr_agent *agent, const rr_stats *stats,
                                  rr_health_report *out, rr_error *err);
/* The sentence of one RR_ILL_ bit, "" unless it is in `ill`; valid until the next update. */
RR_API const char *rr_health_sentence(const rr_health *health, uint32_t illness);

#ifdef __cplusplus
}
#endif

#endif
