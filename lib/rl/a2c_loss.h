/* SPDX-License-Identifier: MIT */
/* a2c_loss.h: the policy gradient's loss [Mnih et al. 2016]. maths §6.
 *   loss = −mean log π(a) Â */
#ifndef RRI_RL_A2C_LOSS_H
#define RRI_RL_A2C_LOSS_H

#include <stddef.h>

/* Returns Σ −log π(a) Â over this tile of n rows; d_log_prob [n] ← −Â / n_total, n_total being the
 * rows of the whole batch. */
double rri_a2c_loss_compute(float *d_log_prob, const float *log_prob, const float *advantages,
                            size_t n, size_t n_total);

#endif
