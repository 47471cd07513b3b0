/* SPDX-License-Identifier: MIT */
/* standardise.h: inputs brought to mean 0 and deviation 1, coordinate by coordinate.
 *   y_ij = clip((x_ij − means_j) · inverses_j, ±10)
 * The statistics are constants of the loss and nobody below asks for dx, so there is no backward.
 * At ±10 a coordinate is an accident, or has left the range that it was measured over: it may say
 * so, but not drown the others. */
#ifndef RRI_NN_STANDARDISE_H
#define RRI_NN_STANDARDISE_H

#include <stddef.h>

/* Row-major x, y [n, width]; means, inverses [width]. */
void rri_standardise_forward(float *y, const float *x, const float *means, const float *inverses,
                             size_t n, size_t width);

#endif
