/* SPDX-License-Identifier: MIT */
#include "optim/clip.h"

#include <math.h>

static const double NORM_FLOOR = 1e-6; /* added to ‖g‖, so that a gradient of 0 has a scale */

size_t rri_clip_n_shards(size_t n)
{
    return n / RRI_CLIP_SHARD + (n % RRI_CLIP_SHARD != 0 ? 1 : 0);
}

double rri_clip_shard(const rri_kernels *kernels, const float *gradients, size_t n, size_t shard)
{
    const size_t begin = shard * RRI_CLIP_SHARD;
    const size_t left = n - begin;
    return rri_sum_squares_f64(kernels, gradients + begin,
                               left < RRI_CLIP_SHARD ? left : RRI_CLIP_SHARD);
}

double rri_clip_norm(const double *shards, size_t n_shards)
{
    double sum = 0.0;
    for (size_t i = 0; i < n_shards; i++) {
        sum += shards[i];
    }
    return sqrt(sum);
}

float rri_clip_scale(double norm, float max_norm)
{
    const double scale = (double)max_norm / (norm + NORM_FLOOR);
    return scale > 1.0 ? 1.0f : (float)scale;
}
