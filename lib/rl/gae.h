/* SPDX-License-Identifier: MIT */
/* gae.h: advantages and returns of rows in the order of time, segment after segment. maths §4.
 *   δ_t = r_t + γ (1 − terminated_t) next_values_t − values_t
 *   Â_t = δ_t + γ λ (1 − is_segment_end_t) Â_{t+1}         R_t = Â_t + values_t
 * [Schulman et al. 2016]. next_values[t] already holds the value of the *final* observation where a
 * session was cut off, and of the state to come at the end of the rollout: no special case here. */
#ifndef RRI_RL_GAE_H
#define RRI_RL_GAE_H

#include <stddef.h>
#include <stdint.h>

/* All arrays [n_rows]; returns may be NULL. terminated and is_segment_end are 0 or 1; a terminated
 * row ends its segment, and so does the last row. next_values of a terminated row is not read. */
void rri_gae_compute(float *advantages, float *returns, const float *rewards, const float *values,
                     const float *next_values, const uint8_t *terminated,
                     const uint8_t *is_segment_end, float gamma, float gae_lambda, size_t n_rows);

/* The last row whose advantage or return is beyond a float; n_rows where all fit. */
size_t rri_gae_find_overflow(const float *rewards, const float *values, const float *next_values,
                             const uint8_t *terminated, const uint8_t *is_segment_end, float gamma,
                             float gae_lambda, size_t n_rows);

/* With traces χ_t in [0, 1] that cut what rows of another policy hand back (maths §5):
 *   Â_t = δ_t + γ λ (1 − is_segment_end_t) χ_{t+1} Â_{t+1}     R_t = χ_t Â_t + values_t
 * traces [n_rows]; NULL, or 1 throughout: the bits of the above. */
void rri_gae_compute_traced(float *advantages, float *returns, const float *rewards,
                            const float *values, const float *next_values,
                            const uint8_t *terminated, const uint8_t *is_segment_end,
                            const float *traces, float gamma, float gae_lambda, size_t n_rows);

#endif
