/* SPDX-License-Identifier: MIT */
#include "nn/standardise.h"

#include "math/scalar.h"

static const float FARTHEST = 10.0f;

void rri_standardise_forward(float *y, const float *x, const float *means, const float *inverses,
                             size_t n, size_t width)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < width; j++) {
            const float away = (x[i * width + j] - means[j]) * inverses[j];
            y[i * width + j] = rri_clamp(away, -FARTHEST, FARTHEST);
        }
    }
}
