/* SPDX-License-Identifier: MIT */
/* session_list.c: pairs without a loop over pairs. With unit vectors e_i of the showings,
 *   Σ_{i<j} cos_ij = (|Σ e_i|² − Σ |e_i|²) / 2. */
#include "eval/session_list.h"

#include <math.h>
#include <string.h>

#include "math/scalar.h"

double rri_session_list_distance(const int32_t *list, size_t length, const float *vectors, size_t d,
                                 double *direction)
{
    if (length < 2) {
        return NAN;
    }
    memset(direction, 0, d * sizeof(double));
    double n_directed = 0.0; /* showings whose vector is not 0 */
    for (size_t i = 0; i < length; i++) {
        const float *vector = vectors + (size_t)list[i] * d;
        double square = 0.0;
        for (size_t j = 0; j < d; j++) {
            square += (double)vector[j] * (double)vector[j];
        }
        if (square > 0.0) {
            const double inverse = 1.0 / sqrt(square);
            for (size_t j = 0; j < d; j++) {
                direction[j] += (double)vector[j] * inverse;
            }
            n_directed += 1.0;
        }
    }
    double square = 0.0;
    for (size_t j = 0; j < d; j++) {
        square += direction[j] * direction[j];
    }
    const double n_pairs = (double)length * ((double)length - 1.0) / 2.0;
    const double distance = 1.0 - (square - n_directed) / 2.0 / n_pairs;
    return distance > 0.0 ? distance : 0.0; /* one item over and over: 0, not −1e−16 */
}

size_t rri_session_list_repeats(const int32_t *list, size_t length, int32_t *seen_in,
                                int32_t session)
{
    size_t n_repeats = 0;
    for (size_t i = 0; i < length; i++) {
        n_repeats += seen_in[list[i]] == session ? 1 : 0;
        seen_in[list[i]] = session;
    }
    return n_repeats;
}

double rri_session_list_novelty(const int32_t *list, size_t length, const float *popularity)
{
    const double bits_per_nat = 1.4426950408889634; /* 1 / ln 2 */
    double sum = 0.0;
    for (size_t i = 0; i < length; i++) {
        sum -= (double)rri_log(popularity[list[i]]) * bits_per_nat;
    }
    return sum / (double)length;
}
