/* SPDX-License-Identifier: MIT */
/* clip.h: the norm of the whole gradient, and the factor that brings it down to a bound. maths §5.
 *   ‖g‖ = √Σ g²        scale = min(1, c / (‖g‖ + 1e-6))
 * The sum is taken in double over shards of RRI_CLIP_SHARD elements, which threads may share out,
 * and the shards are added in order: the bits do not depend on who took which. */
#ifndef RRI_OPTIM_CLIP_H
#define RRI_OPTIM_CLIP_H

#include <stddef.h>

#include "math/kernels.h"

#define RRI_CLIP_SHARD ((size_t)4096)

size_t rri_clip_n_shards(size_t n);

/* Σ g² of one shard of the n gradients. */
double rri_clip_shard(const rri_kernels *kernels, const float *gradients, size_t n, size_t shard);

/* √ of the shards' sum. Not finite when any gradient is not. */
double rri_clip_norm(const double *shards, size_t n_shards);

/* In (0, 1]; NaN when the norm is NaN, 0 when it is infinite. */
float rri_clip_scale(double norm, float max_norm);

#endif
