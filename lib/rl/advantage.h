/* SPDX-License-Identifier: MIT */
/* advantage.h: advantages of a minibatch brought to mean 0 and standard deviation 1. maths §5.
 *   Â ← (Â − mean) / (std + 1e-8),  std with n − 1 below the line */
#ifndef RRI_RL_ADVANTAGE_H
#define RRI_RL_ADVANTAGE_H

#include <stddef.h>

/* normalised [n] may be advantages [n] itself. Sums in double, in order. One row, or rows that are
 * all equal, become 0. */
void rri_advantage_normalise(float *normalised, const float *advantages, size_t n);

#endif
