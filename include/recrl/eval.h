/* SPDX-License-Identifier: MIT */
/* recrl/eval.h: the lab: choosers, metrics, comparisons, advantages. May change until 1.0.
 *
 * Cost: constant. */
#ifndef RECRL_EVAL_H
#define RECRL_EVAL_H

#include <recrl/base.h>
#include <recrl/config.h>
#include <recrl/env.h>
#include <recrl/items.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What a driver's loop needs beyond the rest; read by no function of the library. */
typedef struct rr_train_config {
    uint32_t struct_size;
    int32_t kind;         /* RR_CONFIG_TRAIN, set by init */
    int32_t log_interval; /* updates between two rows of the log, ≥ 1; default 1 */
    uint32_t reserved;
    int64_t total_timesteps; /* decisions to train on, rounded up to whole rollouts, ≥ 1;
                                default 100000 */
    uint64_t seed;           /* of world, sessions and agent; default 0 */
} rr_train_config;

/* Fills `config` with the defaults and its kind, as every init (config.h). */
RR_API void rr_train_config_init(rr_train_config *config, size_t struct_size);

/* Policies that do not learn. They see what the world knows, users included that states hide. maths
 * §8. */
enum {
    RR_CHOOSER_RANDOM = 0,  /* uniform over what may be chosen */
    RR_CHOOSER_POPULAR = 1, /* highest mean similarity over the training users, decayed by
                               showings */
    RR_CHOOSER_SIMILAR = 2, /* most similar item to the user, without memory */
    RR_CHOOSER_ORACLE = 3,  /* best known play: largest decayed similarity. Optimal with the whole
                               pool and neither drift nor leave rule; otherwise myopic */
    RR_CHOOSER_PATIENT = 4  /* with the leave rule: decayed similarity − parameter · pull */
};
/* Writes actions [n_envs] for the present observation: positions, of equals the lowest; RANDOM is a
 * function of (seed, session, step). With excludes_shown none chooses what its session was shown.
 * `popular_user` [d] is the mean training user (POPULAR alone; NULL: this environment's
 * rr_env_mean_user); `parameter` is β of PATIENT, any finite number, ignored elsewhere. Allocates
 * nothing.
 * Errors: RR_E_STATE: before the first reset; RR_E_UNSUPPORTED: PATIENT without the leave rule;
 * RR_E_NOT_FINITE: `popular_user` is so large that its dot product with an item is beyond a float;
 * what actions holds is then unspecified.
 * Cost: a dot product for each item of each session's list; RANDOM: a draw a session. */
RR_API rr_status rr_env_choose(rr_env *env, int32_t chooser, const float *popular_user,
                               float parameter, int32_t *actions, rr_error *err);
/* Writes out [d], the mean vector of this environment's users: of the table; of random users, whose
 * expectation is 0 and would make every item as popular as any other, those of sessions 0 … 4095 of
 * its seed. With the leave rule its last coordinate is 1. Of the environment trained on, it is
 * POPULAR's user elsewhere.
 * Cost: a pass over the table, or 4096 draws. */
RR_API rr_status rr_env_mean_user(const rr_env *env, float *out, rr_error *err);
/* Writes out [n_envs, d], the users of the present sessions as they are now, drift included, also
 * where states hide them.
 * Errors: RR_E_STATE: before the first reset.
 * Cost: a copy of them. */
RR_API rr_status rr_env_users(const rr_env *env, float *out, rr_error *err);

/* Learners to compare with that look at the next reward alone: a linear model of the reward of
 * showing item i to a user for the (c + 1)-th time in a session,
 *     x = (u ⊗ v_i, c),   A = ridge I + Σ x xᵀ,   θ = A⁻¹ Σ r x,
 * where u is the first user_dim coordinates of the state (of an rr_env half of them: the user) and
 * c is counted in rr_obs.history. maths §8. */
enum {
    RR_BANDIT_RIDGE = 0,  /* plays the largest θ·x */
    RR_BANDIT_LINUCB = 1, /* the largest θ·x + width √(xᵀ A⁻¹ x) [Li et al. 2010] */
    RR_BANDIT_THOMPSON = 2 /* the largest θ̃·x, θ̃ drawn anew for each row from N(θ, width² A⁻¹)
                              [Agrawal, Goyal 2013] */
};
/* Makes a bandit that has seen nothing. bandit: one of RR_BANDIT_*; user_dim ≥ 1; ridge > 0; width
 * ≥ 0 in units of reward: of the noise that there is, or is to be allowed for (RIDGE ignores it). A
 * reference to the items is kept. *out is the caller's, until rr_bandit_destroy.
 * Errors: RR_E_MEMORY; RR_E_UNSUPPORTED: user_dim × the width of items is above 4095.
 * Cost: takes and zeroes 16 (user_dim × width)² bytes and more. */
RR_API rr_status rr_bandit_create(rr_bandit **out, int32_t bandit, rr_items *items,
                                  int32_t user_dim, float ridge, float width, uint64_t seed,
                                  const rr_host *host, rr_error *err);
/* *bytes receives what create takes of the host.
 * Errors: RR_E_UNSUPPORTED: as create. */
RR_API rr_status rr_bandit_memory(const rr_items *items, int32_t user_dim, size_t *bytes,
                                  rr_error *err);
/* Gives its memory back. NULL is fine. */
RR_API void rr_bandit_destroy(rr_bandit *bandit);
/* Writes actions [n]: positions, of equals the lowest; an even draw before the first fit. explores
 * 0: the largest θ·x whatever bandit it is, which is how one that has learned is judged. Lists are
 * those of obs->candidates; what obs->excluded names is no choice. Allocates nothing.
 * Errors: RR_E_MISMATCH: the states are narrower than user_dim, or obs->pool is another catalogue;
 * RR_E_NOT_FINITE: a state; RR_E_UNSUPPORTED: vectors of the request's own.
 * Cost: a row takes user_dim × width multiplications for the user and width an item; LINUCB with
 * explores (user_dim × width)² an item instead, THOMPSON that once a row. Not for serving. */
RR_API rr_status rr_bandit_act(rr_bandit *bandit, const rr_obs *obs, int32_t explores,
                               int32_t *actions, rr_error *err);
/* Adds rows, as they were before the world moved, with what they earned; all or none. They count
 * from the next fit on. Allocates nothing.
 * Errors: RR_E_MISMATCH and RR_E_UNSUPPORTED: as rr_bandit_act; RR_E_NOT_FINITE: a state or a
 * reward.
 * Cost: (user_dim × width)² multiplications a row. */
RR_API rr_status rr_bandit_record(rr_bandit *bandit, const rr_obs *obs, const int32_t *actions,
                                  const float *rewards, rr_error *err);
/* Solves for θ from all rows recorded so far. Allocates nothing.
 * Errors: RR_E_NOT_FINITE: states or vectors are too large for the ridge; choices are even draws
 * again.
 * Cost: (user_dim × width)³ / 3 multiplications. */
RR_API rr_status rr_bandit_fit(rr_bandit *bandit, rr_error *err);

/* Makes metrics of one policy over many sessions. Feed it every step of n_envs sessions side by
 * side; it counts the first max_sessions that begin, each whole. maths §8. items: for distances
 * inside a session; a reference is kept. *out is the caller's, until rr_metrics_destroy. Errors:
 * RR_E_MEMORY.
 * Cost: takes the memory of max_sessions sessions. */
RR_API rr_status rr_metrics_create(rr_metrics **out, rr_items *items, int32_t n_envs,
                                   int32_t max_sessions, int32_t max_episode_steps,
                                   const rr_host *host, rr_error *err);
/* *bytes receives what create takes of the host. Errors: RR_E_MEMORY: more than a size_t counts. */
RR_API rr_status rr_metrics_memory(const rr_items *items, int32_t n_envs, int32_t max_sessions,
                                   int32_t max_episode_steps, size_t *bytes, rr_error *err);
/* Gives its memory back. NULL is fine. */
RR_API void rr_metrics_destroy(rr_metrics *metrics);
/* One step of all sessions: items [n_envs] are the pool indices that were shown, outcome what came
 * of them. Allocates nothing.
 * Errors: RR_E_NOT_FINITE: a reward.
 * Cost: constant a session. */
RR_API rr_status rr_metrics_add(rr_metrics *metrics, const int32_t *items,
                                const rr_outcome *outcome, rr_error *err);
/* 1 when max_sessions sessions have ended; 0 for NULL. */
RR_API int32_t rr_metrics_is_complete(const rr_metrics *metrics);

/* Means over sessions; *_interval is the half width of the 95 % interval, by Student's t.
 * NaN where there are too few sessions: a mean of none, an interval of fewer than two. */
typedef struct rr_metrics_summary {
    uint32_t struct_size;
    int32_t n_sessions;                  /* that have ended and are included */
    double reward_per_step;              /* ratio of sums */
    double reward_per_step_interval;     /* half width, by linearisation */
    double return_per_session;           /* sum of a session's rewards */
    double return_per_session_interval;  /* half width */
    double session_length;               /* steps of a session */
    double session_length_interval;      /* half width */
    double repeats_per_session;          /* showings of an item shown before */
    double repeats_per_session_interval; /* half width */
    double intra_list_distance;          /* mean 1 − cos over pairs of a session's items */
    double intra_list_distance_interval; /* half width */
    double novelty;                      /* mean −log₂ popularity; NaN without popularity; +∞
                                            where one of 0 was shown */
    double novelty_interval;             /* half width; NaN where novelty is not finite */
    double coverage;                     /* share of the catalogue shown at least once */
    double gini;                         /* of showings over the catalogue: 0 even, 1 one item */
    double entropy;                      /* of what was shown, nats */
    double first_third_reward;           /* reward a step in the first third of each session (its
                                            length / 3, rounded down); sessions of fewer than 3
                                            steps are left out, and where none is left it is NaN */
    double first_third_reward_interval;  /* half width */
    double last_third_reward;            /* the same in the last third */
    double last_third_reward_interval;   /* half width */
} rr_metrics_summary;
/* Fills *out. popularity [N] shares in [0, 1] that sum to 1, or NULL. is_included [n], n the
 * max_sessions of create, makes it the summary of a segment: of sessions whose mark is not 0,
 * session by session in the order they began: in an rr_env that is its session number, so every
 * policy gets the same users. NULL, with n 0: of all. What has not ended is left out. Allocates
 * nothing.
 * Cost: a pass over the sessions, a dot product for each pair of items in each, and a pass over the
 * catalogue. */
RR_API rr_status rr_metrics_summarize(const rr_metrics *metrics, const float *popularity,
                                      const uint8_t *is_included, int32_t n,
                                      rr_metrics_summary *out, rr_error *err);
/* returns [n] of the n sessions that have ended, in the order they began; for paired comparisons.
 * Errors: RR_E_NOT_FINITE: one is beyond a float.
 * Cost: a pass over the sessions. */
RR_API rr_status rr_metrics_returns(const rr_metrics *metrics, float *returns, int32_t n,
                                    rr_error *err);

/* Policy a beside policy b in the same sessions. */
typedef struct rr_comparison {
    uint32_t struct_size;
    int32_t n;                  /* sessions */
    int32_t n_groups;           /* groups of them: users */
    int32_t n_won;              /* sessions in which a earned more than b */
    int32_t n_tied;             /* as much */
    int32_t n_lost;             /* less */
    double mean_a;              /* mean return of a */
    double mean_b;              /* mean return of b */
    double difference;          /* mean of a − b */
    double difference_interval; /* half width of its 95 % interval, Student's t over groups; NaN
                                   for one group */
    double unpaired_interval;   /* what it would be if b had played other sessions */
    double difference_low;      /* begin of the 95 % interval that also holds where differences are
                                   skewed (Hall's transformation of t); NaN for one group */
    double difference_high;     /* its end */
    int32_t n_unequal;          /* groups in which a and b did not earn the same */
    int32_t is_too_few; /* 1: no interval can be relied on: fewer than 20 groups, fewer than 8 that
                           are unequal, or a handful carries the whole difference */
} rr_comparison;
/* Fills *out. a, b [n] are returns of the same n ≥ 1 sessions, finite. groups [n] (nullable: each
 * session its own): sessions with one number are one user's, and lie side by side; the interval is
 * then over users, since a second session of a user tells less than one of another user. Of a
 * policy and itself difference and interval are exactly 0. maths §8. Keeps nothing, allocates
 * nothing; any thread.
 * Errors: RR_E_NOT_FINITE names the return.
 * Cost: a pass over the sessions. */
RR_API rr_status rr_compare_returns(const float *a, const float *b, const int32_t *groups,
                                    int32_t n, rr_comparison *out, rr_error *err);

/* Half width of the 95 % interval of the mean of n independent values, such as the results
 * of n seeds, from their sum and the sum of their squares: Student's t. NaN for n < 2,
 * and where a sum is not finite. */
RR_API double rr_mean_interval(double sum, double sum_of_squares, int64_t n);

/* Generalised advantage estimation [Schulman et al. 2016] of n rows in the order of time, segment
 * after segment. maths §4.
 *   δ_t = r_t + γ next_values_t (1 − terminated_t) − values_t
 *   Â_t = δ_t + γ λ (1 − is_segment_end_t) Â_{t+1},  R_t = Â_t + values_t
 * next_values_t is V of the state that followed: at a truncated row that of the session's final
 * observation, at the end of the rollout that of the state that follows. terminated and
 * is_segment_end [n] are 0 or 1; a terminated row ends its segment; the last row always does.
 * returns may be NULL.
 * Errors: RR_E_NOT_FINITE: an input is not finite, or an advantage or return is beyond a float.
 * Cost: a pass over the rows. */
RR_API rr_status rr_gae(const float *rewards, const float *values, const float *next_values,
                        const uint8_t *terminated, const uint8_t *is_segment_end, float gamma,
                        float gae_lambda, int64_t n, float *advantages, float *returns,
                        rr_error *err);

#ifdef __cplusplus
}
#endif

#endif
