/* SPDX-License-Identifier: MIT */
/* recrl/agent.h: actor and critic: act, update, imitation.
 *
 * Cost: constant. */
#ifndef RECRL_AGENT_H
#define RECRL_AGENT_H

#include <recrl/base.h>
#include <recrl/buffer.h>
#include <recrl/config.h>
#include <recrl/items.h>
#include <recrl/ledger.h>

#ifdef __cplusplus
extern "C" {
#endif

/* One update, as means over its minibatches weighted by rows, unless said otherwise. maths §5, §6.
 * With normalize_returns all but grad_norm is in the unit of rewards, as without it. A figure
 * that no finite float holds is NaN: with rewards of 1e20, their loss squared. */
typedef struct rr_stats {
    uint32_t struct_size;     /* sizeof(rr_stats) */
    int32_t n_rows;           /* rows trained on */
    int32_t n_epochs;         /* passes made */
    int32_t n_minibatches;    /* optimiser steps made */
    int32_t n_dropped;        /* rows recorded under a catalogue that is no generation of this
                                 one's line, or left alone where one row is too few */
    int32_t is_stopped_early; /* 1: approx_kl exceeded target_kl */
    float policy_loss;        /* −mean min(ρA, clip(ρ)A) or −mean log π(a) A, in the unit of
                                 rewards; with has_advantage_norm in none */
    float value_loss;         /* ½ mean (V − R)²  (half of what SB3 prints), in the unit of
                                 rewards, squared */
    float entropy;            /* +H, nats */
    float approx_kl;          /* mean((ρ − 1) − log ρ) of the last epoch; 0 but for PPO */
    float clip_fraction;      /* share of rows with |ρ − 1| > clip_eps; 0 but for PPO */
    float explained_variance; /* 1 − Var(R − V)/Var(R), old values; NaN when Var(R) = 0 */
    float grad_norm;          /* before clipping, mean over steps; of the loss as it is minimised,
                                 which normalize_returns makes free of the unit of rewards */
    float learning_rate;      /* used by this update */
    float reward_mean;        /* mean reward of all rows, dropped ones too, as
                                 explained_variance */
    float scale;              /* τ after the update */
    float repeat_weight;      /* κ after the update */
    uint32_t reserved;
    int64_t n_updates;      /* updates of this agent so far, this one included */
    int64_t n_timesteps;    /* rows trained on so far, these included */
    int32_t n_refused;      /* rows whose version is unknown or older than max_staleness; not
                               trained on. As all below: from a ledger, maths §5; from a
                               buffer 0, and weights 1 */
    int32_t staleness_max;  /* updates between the version that drew a row and this update,
                               most */
    float staleness_mean;   /* the same, mean over the rows trained on */
    float ess;              /* (Σw)² / (n Σw²) of the weights used: the share of the rows that
                               they are worth */
    float weight_mean;      /* of exp(log π_prox − log μ) before capping, over rows of other
                               versions; 1: none */
    float weight_max;       /* the same, largest */
    float capped_fraction;  /* share of the rows trained on whose weight was capped */
    float return_deviation; /* √Var(R), the scale that value_loss is to be held against;
                               always */
    int32_t n_due;          /* rows of all sessions that were ready: those below, and those
                               trained on. What of them the next update takes is in n_left. From
                               a ledger, as all below */
    int32_t n_waiting;      /* … of which so many wait, in the ledger, for a generation of the
                               catalogue that this agent does not have: rr_agent_set_items */
    int32_t n_left;     /* … that did not fit into this update (max_update_rows): the next's */
    int32_t n_foreign;  /* … of a catalogue that is not of this line; in n_dropped */
    int32_t n_unknown;  /* … of a version that is unknown; in n_refused */
    int32_t n_stale;    /* … of a version older than max_staleness; in n_refused */
    int32_t n_cut;      /* … last of a session cut off without a final observation */
    int32_t n_rejected; /* … of sessions that were rejected */
    float reference_kl; /* mean KL(π ‖ π₀) of the rows trained on, nats; 0 without a reference.
                           Also from a buffer */
    float reference_coef; /* its weight in this update's loss: ref_kl_coef, what is left of it, or
                             what ref_kl_target has made of it */
    int32_t n_completed;  /* rows trained on with candidates that the catalogue lacks, and the
                             vectors that these had (rr_ledger_set_earlier_items) */
    int32_t n_lent;       /* such candidates */
} rr_stats;

/* Actor π(a|s), critic V(s), optimiser. algo_config says which algorithm trains it: an
 * rr_ppo_config, rr_a2c_config or rr_reinforce_config, which carries its kind; NULL: PPO with its
 * defaults. items is referenced, and may be NULL with per-request vectors (two-tower) or
 * config->num_items (dense). maths §2.
 * Errors: RR_E_MEMORY; RR_E_THREAD: the system refused one of num_threads.
 * Cost: the orthogonal start of each layer takes 4 · wider side · narrower side² multiplications
 * and additions at the speed of matrix products (1024 × 1024: 0.2 s of a core). Layers with a side
 * of at most 64 cost next to nothing. */
RR_API rr_status rr_agent_create(rr_agent **agent, const rr_agent_config *config,
                                 const void *algo_config, rr_items *items, const rr_host *host,
                                 rr_error *err);
/* What an agent with has_fold_in knows of a user who has shown nothing yet: N(μ, Σ) with mean and
 * covariance (+ 10⁻⁶ I) of users [n, item_dim], n ≥ 2, such as the trained ones of a table of
 * factors (rr_als_…), and the variance > 0 of a reward about the product of user and item. They are
 * read during the call alone, and are parameters from then on: versions, snapshots and files know
 * them, no gradient moves them. maths §15
 * Errors: RR_E_UNSUPPORTED: the agent has no fold-in; RR_E_NOT_FINITE: a coordinate.
 * Cost: O(n item_dim²). */
RR_API rr_status rr_agent_fit_prior(rr_agent *agent, const float *users, int32_t n, float variance,
                                    rr_error *err);
/* *bytes receives what create takes of the host. Later allocations: rr_agent_set_items takes a
 * block for the new catalogue and gives the old one back; the first publish of a catalogue packs it
 * once for all snapshots, and each snapshot takes its parameters, unless one without references
 * is overwritten (rr_slot_publish).
 * Errors: RR_E_MEMORY: more than a size_t counts. */
RR_API rr_status rr_agent_memory(const rr_agent_config *config, const void *algo_config,
                                 const rr_items *items, size_t *bytes, rr_error *err);
/* Gives its memory back and joins its threads. NULL is fine. */
RR_API void rr_agent_destroy(rr_agent *agent);

/* Writes the widths that a host would repeat from the agent's config into a buffer's, whose
 * struct_size is set (by its init): what the agent accepts, a buffer of these widths stores.
 * max_candidates, max_history and max_excluded are the agent's limits of lists, so give it tight
 * ones. item_dim is its width where it has no catalogue, else 0: a host whose requests bring
 * vectors beside one sets it. for_encoder is 1 where the agent has one. max_rows becomes n_envs ×
 * n_steps, a rollout. The rest stays as it is. */
RR_API rr_status rr_agent_fit_buffer_config(const rr_agent *agent, int32_t n_envs,
                                            rr_buffer_config *config, rr_error *err);
/* The same for a ledger's config, whose min_rows becomes what the algorithm needs, 1 or 2, and
 * whose max_rows stays as it is. */
RR_API rr_status rr_agent_fit_ledger_config(const rr_agent *agent, rr_ledger_config *config,
                                            rr_error *err);

/* What a decision costs, from an agent and from a policy: a forward pass a row, and a score for
 * each item that the row may choose from: its k candidates, or without lists all N items of the
 * catalogue. Nothing else grows with the catalogue, with its trained vectors, or with the number of
 * parameters; the version of a decision is known, not computed. */

/* Samples one action a row from the policy and writes the arrays that decision has. Allocates
 * nothing. After a failure, here and in the two below, the caller's arrays hold nothing useful.
 * Errors: RR_E_INVALID names the row and the field: an empty list, the same candidate twice, an
 * index outside the pool; RR_E_NOT_FINITE likewise; RR_E_MISMATCH: obs->schema is not the
 * agent's, or obs->pool has another width; so in the two below.
 * Cost: a decision a row. */
RR_API rr_status rr_agent_act(rr_agent *agent, const rr_obs *obs, rr_decision *decision,
                              rr_error *err);

/* The best positions of each row, best first: positions [n, n_best], and items and log_probs [n,
 * n_best], which may be NULL. n_best is at most the length of the list (k, or N); ties go to the
 * lower position; rows with fewer items that may be chosen are padded with −1 and −inf. n_best = 1
 * is the greedy item. Allocates nothing.
 * Errors: as rr_agent_act; RR_E_NOT_FINITE: scores overflow, where log_probs is given; without,
 * only a row whose every score is NaN is noticed. RR_E_MISMATCH: obs->pool has another width.
 * Cost: a decision a row. */
RR_API rr_status rr_agent_top_k(rr_agent *agent, const rr_obs *obs, int32_t n_best,
                                int32_t *positions, int32_t *items, float *log_probs,
                                rr_error *err);

/* log π(a), entropy (nats) and V(s) of given actions [n]; outputs [n], each nullable. −inf is the
 * log-prob of an action that is never played (all but one of a greedy snapshot's). Allocates
 * nothing.
 * Errors: as rr_agent_act; RR_E_NOT_FINITE: an output is NaN or +inf. RR_E_MISMATCH: obs->pool has
 * another width.
 * Cost: a decision a row. */
RR_API rr_status rr_agent_evaluate(rr_agent *agent, const rr_obs *obs, const int32_t *actions,
                                   float *log_probs, float *entropies, float *values,
                                   rr_error *err);

/* Trains on the buffer's rows and empties it. obs: the next observation of the sessions that are
 * still open, in the order of the last record, of which states alone are read; NULL where none is
 * open. stats (nullable) receives what was done. Allocates nothing.
 * Errors: RR_E_STATE: no row, or a record without reward; RR_E_MISMATCH: more rows, other widths,
 * another schema or other lists than the agent's. Then, as with RR_E_INVALID, the buffer keeps its
 * rows, and nothing changes. RR_E_NOT_FINITE: a state of obs (nothing changes), or a gradient;
 * RR_E_CANCELLED: rr_host.is_cancelled said so before a minibatch. After a gradient that was not
 * finite and after a cancellation the steps before it are kept, the buffer is emptied, and stats
 * has them; a cancelled update counts as one. Cost: for every row of every pass a decision and its
 * backward pass; for each minibatch a sweep over all parameters; at the end one hash of them.
 *
 * Where all rows were recorded under another catalogue, the answer is RR_OK with 0 rows, and the
 * buffer is emptied: this counts as no update (n_updates, annealing, staleness), and the host's log
 * gets a sentence. */
RR_API rr_status rr_agent_update(rr_agent *agent, rr_buffer *buffer, const rr_obs *obs,
                                 rr_stats *stats, rr_error *err);

/* Trains on the sessions of a ledger that have ended and whose rewards are final, whole, and takes
 * them out; the others stay. Where they are more rows than max_update_rows, those that began first
 * are taken. Values come from the critic of now, and rows that another version drew are weighted
 * (maths §5). stats (nullable) receives what was done. Allocates nothing.
 * Errors: RR_E_STATE: no session is ready. RR_E_SKEW: more than max_skew of the rows that can be
 * checked have skew; RR_E_STALE: the weights' ess is less than min_ess; after either
 * rr_ledger_drop_ready is the way to go on without these rows. RR_E_MISMATCH: other widths or
 * another schema than the agent's, or min_rows is 1 and this agent needs two rows (PPO, or
 * normalised advantages). After all of these nothing has changed. RR_E_NOT_FINITE: a gradient was
 * not finite: the steps before it are kept, and the rows are gone. RR_E_CANCELLED:
 * rr_host.is_cancelled said so before a minibatch: the rows stay, and the next update weighs them
 * as rows of an earlier version; it counts as an update, and stats and n_timesteps have the rows of
 * its steps. Cost: as rr_agent_update, one more decision a row to check it, and a pass over the
 * sessions.
 *
 *   order      Rows are taken in the order of (session key, arrival), so that no byte depends on
 *              how sessions interleaved.
 *   skew       Rows of the present version, and of those kept (keep_versions), must give their
 *              log-prob again, bit for bit, else they have skew: another candidate list, other
 *              features, another item table or other serving options than in act.
 *   rejected   A session is rejected whole, while the update goes on with the others, where a row
 *              of it has an action or a list that the catalogue does not allow, numbers that make a
 *              score, value or return overflow, or skew, and where it alone has more rows than
 *              max_update_rows. Such sessions are gone and counted (rr_ledger_counts: rejected);
 *              the host's log gets how many, and of the first its key and what is wrong. Where
 *              nothing else is ready, the answer is what is wrong with the first, and nothing
 *              changes.
 *   too few    Where all ready sessions together have fewer rows to train on than min_rows of the
 *              ledger's config (rr_ledger_counts: trainable is 0), they wait for more: RR_OK with 0
 *              rows. Where none of the rows that are ready can be trained on, they are dropped, and
 *              the host's log gets a sentence: RR_OK with 0 rows. Neither counts as an update
 *              (n_updates, annealing, staleness). */
RR_API rr_status rr_agent_update_sessions(rr_agent *agent, rr_ledger *ledger, rr_stats *stats,
                                          rr_error *err);

/* What an imitation came to. Losses of the policy are Σ w (−log π(action))/Σ w, in nats; the rows
 * that judge it are those held out, or where there are none those trained on. */
typedef struct rr_imitate_report {
    uint32_t struct_size;     /* sizeof(rr_imitate_report) */
    int32_t n_rows;           /* rows trained on */
    int32_t n_held_out;       /* rows that judged and were not trained on */
    int32_t n_passes;         /* made */
    int32_t best_pass;        /* the one whose parameters are kept, from 1 on: of the lowest loss;
                                 0: none was better than what was there, which is kept. With epochs
                                 1 the one that was made */
    int32_t is_converged;     /* 1: passes won no more than `until`, however small their steps; 0:
                                 all `epochs` were made, and more may win more */
    int32_t n_minibatches;    /* optimiser steps made */
    int32_t max_losses;       /* set by the caller: room of the two arrays below, ≥ 0 */
    float *losses;            /* [max_losses] set by the caller, or NULL: receives for each of the
                                 first passes the loss of the rows trained on, each row's before
                                 its step */
    float *held_out_losses;   /* [max_losses] likewise, of the rows held out after each pass; NaN
                                 where there are none */
    float even_loss;          /* of an even choice: mean ln K, K what each row could choose from */
    float start_loss;         /* of the policy that was there */
    float loss;               /* of the one that is kept */
    float start_agreement;    /* share of the rows, by weight, whose action was the most probable
                                 item of the policy that was there */
    float agreement;          /* … of the one that is kept */
    float start_value_loss;   /* ½ mean (V − return)² of the critic that was there; 0 without
                                 returns, as below */
    float value_loss;         /* … of the one that is kept */
    float explained_variance; /* 1 − Var(return − V)/Var(return) of it; NaN when that is 0 */
    float entropy;            /* of the policy in the last pass, nats */
    float grad_norm;          /* before clipping, mean over all steps */
    float scale;              /* τ at the end */
    float repeat_weight;      /* κ at the end */
} rr_imitate_report;

/* Learns to choose as a log says that others chose, so that the first policy comes near the
 * incumbent: minimises −mean w log π(action) [and vf_coef ½ mean (V(s) − return)²] with the agent's
 * own optimiser and max_grad_norm, in passes over the rows until these win no more
 * (rr_imitate_config). No log-prob of the log is needed. maths §6.
 *
 * obs: n ≤ max_update_rows rows as the incumbent saw them, best the whole log: the passes of one
 * call are judged together. A log that is longer is given chunk after chunk with epochs 1, as often
 * as the host likes. Its pool, where given, is the agent's. actions [n]: positions chosen. weights
 * [n] ≥ 0, NULL: all 1. returns [n] discounted sums of what followed, NULL: the critic has no loss.
 * config NULL: the defaults. report (nullable) receives what was done. Counts neither as an update
 * nor as timesteps, but is another version. The host's log hears where the passes were too few, or
 * nothing was learned. With epochs above 1 it takes a copy of the parameters from the host for the
 * length of the call; else it allocates nothing.
 * Errors: RR_E_MISMATCH: obs->schema is not the agent's, or obs->pool has another width;
 * RR_E_MEMORY. RR_E_NOT_FINITE: a number given, and nothing changes; or a gradient. After that, and
 * after RR_E_CANCELLED (rr_host.is_cancelled), the steps before it are kept, whichever pass was
 * best, and report is not written.
 * Cost: for every row of every pass a decision and its backward pass; for each minibatch a sweep
 * over all parameters; at the end one hash of them. With a report or more than one pass, three more
 * decisions a row that judges, and with more than one pass one after each. */
RR_API rr_status rr_agent_imitate(rr_agent *agent, const rr_obs *obs, const int32_t *actions,
                                  const float *weights, const float *returns,
                                  const rr_imitate_config *config, rr_imitate_report *report,
                                  rr_error *err);

/* Another catalogue of the same width. Trained vectors and biases are carried over by key; new keys
 * start at the pool's vector (dense head: zero) and bias 0. Allocates; on failure the agent is as
 * before.
 * Errors: RR_E_STATE: the agent was made without a catalogue; RR_E_MISMATCH: another width;
 * RR_E_MEMORY.
 * Cost: a pass over both catalogues. */
RR_API rr_status rr_agent_set_items(rr_agent *agent, rr_items *items, rr_error *err);
/* The catalogue, borrowed; NULL where there is none. */
RR_API rr_items *rr_agent_items(const rr_agent *agent);
/* Sets w [feature_dim], n of them, of z = … + w·f: an existing ranker's log-score with weight 1
 * makes it the first policy.
 * Errors: RR_E_NOT_FINITE; RR_E_NOT_FOUND: the agent has no features.
 * Cost: one pass over all parameters (packing and hash), so not for every request. */
RR_API rr_status rr_agent_set_feature_weights(rr_agent *agent, const float *weights, int32_t n,
                                              rr_error *err);

/* One named tensor of the agent: a view, valid until the next update, set_items or destroy. */
typedef struct rr_tensor {
    uint32_t struct_size;
    int32_t n_dims;    /* 1 or 2 */
    int64_t shape[2];  /* rows and columns; of one dimension the second is 1 */
    const char *name;  /* "actor.mlp.0.weight" */
    const float *data; /* row-major */
} rr_tensor;
/* Number of tensors; 0 for NULL. They are numbered from 0 to count − 1, in the order in which they
 * lie in memory; the order is that of every agent of the same config. */
RR_API int32_t rr_agent_tensor_count(const rr_agent *agent);
/* One of them, as a view. Errors: RR_E_NOT_FOUND: no such number. */
RR_API rr_status rr_agent_tensor_at(const rr_agent *agent, int32_t index, rr_tensor *out,
                                    rr_error *err);
/* Overwrites one tensor; n_values must be its size, values finite. Moments and running statistics
 * do not change. critic.shift, critic.scale, state.means and state.inverses are constants that no
 * gradient moves.
 * Errors: RR_E_NOT_FOUND: no tensor of this name; RR_E_NOT_FINITE.
 * Cost: one pass over all parameters (packing and hash), so not for every request. */
RR_API rr_status rr_agent_set_tensor(rr_agent *agent, const char *name, const float *values,
                                     int64_t n_values, rr_error *err);

/* Which policy this is: a hash of parameters, of the config fields that say what they mean, and of
 * the item fingerprint; 0 for NULL. Known, not computed by the call. */
RR_API uint64_t rr_agent_version(const rr_agent *agent);
/* Updates made; 0 for NULL. */
RR_API int64_t rr_agent_updates(const rr_agent *agent);
/* Rows trained on; 0 for NULL. */
RR_API int64_t rr_agent_timesteps(const rr_agent *agent);

#ifdef __cplusplus
}
#endif

#endif
