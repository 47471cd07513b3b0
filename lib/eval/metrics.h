/* SPDX-License-Identifier: MIT */
/* metrics.h: what a policy showed and earned over the first sessions that begin. docs/maths.md §8.
 *
 * E sessions side by side, S sessions counted, N items. Sessions are numbered in the order of (step
 * they began, row); those below S are counted, each whole, so that short ones are not preferred.
 * What they were shown is kept (S · T items), and everything is computed from it when asked for.
 *
 * Of n sessions that have ended, session s with length L_s, return R_s:
 *   reward per step    r = Σ R / Σ L; interval from the residuals R_s − r L_s (linearisation)
 *   first, last third  the same of the ⌊L_s/3⌋ steps at either end; shorter sessions have none
 *   intra-list         mean of 1 − cos over pairs of showings; sessions of one step have no pair
 * and are left out; a zero vector is at distance 1 from all novelty            mean of −log₂
 * popularity over showings; infinite once an item of popularity 0 is shown Gini               Σ_j
 * (2j − N − 1) x_(j) / ((N − 1) Σ x), x_(j) showings in ascending order [Shani and Gunawardana
 * 2011]; 0 for N = 1 An interval over fewer than two sessions is NaN, so is a mean over none. */
#ifndef RRI_EVAL_METRICS_H
#define RRI_EVAL_METRICS_H

#include "core/memory.h"
#include "items/items.h"

/* items is referenced. n_envs, max_sessions, max_steps ≥ 1. */
rr_status rri_metrics_create(rr_metrics **out, rr_items *items, size_t n_envs, size_t max_sessions,
                             size_t max_steps, const rri_allocator *allocator, rr_error *err);
/* Bytes that create takes. */
rr_status rri_metrics_memory(size_t *bytes, const rr_items *items, size_t n_envs,
                             size_t max_sessions, size_t max_steps, rr_error *err);
void rri_metrics_destroy(rr_metrics *metrics);

/* One step of E rows. Refuses an item outside the catalogue, a reward that is not finite, and a
 * session that outlasts max_steps, and then changes nothing. */
rr_status rri_metrics_add(rr_metrics *metrics, const int32_t *items, const rr_outcome *outcome,
                          rr_error *err);
bool rri_metrics_is_complete(const rr_metrics *metrics);

/* out is a whole struct of this release. popularity [N], finite, ≥ 0, of sum 1 within 1e-3; or
 * NULL. is_included [max_sessions], NULL: all: sessions whose mark is 0 are left out. */
rr_status rri_metrics_summarize(const rr_metrics *metrics, const float *popularity,
                                const uint8_t *is_included, rr_metrics_summary *out, rr_error *err);
/* S of create. */
size_t rri_metrics_capacity(const rr_metrics *metrics);
/* Counted sessions that have ended. */
size_t rri_metrics_count(const rr_metrics *metrics);
/* returns [count], in the order the sessions began. RR_E_NOT_FINITE, and nothing is written, where
 * one is beyond a float. */
rr_status rri_metrics_returns(const rr_metrics *metrics, float *returns, rr_error *err);

#endif
