/* SPDX-License-Identifier: MIT */
/* normalise.h: running statistics of returns and states, and what follows when they move.
 * maths §11.
 *
 * Returns move at the beginning of an update, and the critic's last layer with them, so that every
 * V(s) stays what it was [van Hasselt et al. 2016, PopArt]:
 *     w ← w σ/σ'          b ← (σ b + μ − μ')/σ'          shift, scale ← μ', σ'
 * States move at its end alone: what acted and what is trained see the same states. */
#ifndef RRI_TRAIN_NORMALISE_H
#define RRI_TRAIN_NORMALISE_H

#include "train/trainer.h"

/* The statistics of trainer->normaliser, as many as the config asks for; units: those of rewards.
 */
void rri_normalise_layout(rri_trainer *trainer, rri_arena *arena);

/* Folds in returns[rows[i]] of n ≥ 1 rows (rows NULL: the first n) and moves critic and units.
 * Returns that are not finite, or none but 0 (or below what a float can be divided by) so far, move
 * nothing. */
void rri_normalise_returns(rri_trainer *trainer, const float *returns, const int32_t *rows,
                           size_t n);

/* Folds in states[rows[i]] [·, S] of n ≥ 1 rows. */
void rri_normalise_states(rri_trainer *trainer, const float *states, const int32_t *rows, size_t n);

/* The unit of rewards in an encoder's tokens follows the critic's scale: at the end of an update,
 * as states. */
void rri_normalise_tokens(rri_trainer *trainer);

/* As a checkpoint brings them, as many as an agent with this config has; the bytes need not be
 * aligned. RR_E_FORMAT where one cannot be. */
rr_status rri_normalise_check(const rr_agent_config *config, const unsigned char *running,
                              rr_error *err);

#endif
