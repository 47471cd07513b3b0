/* SPDX-License-Identifier: MIT */
/* user_model.c: satiation is a count and a table of powers; drift keeps the user's length. */
#include "env/user_model.h"

#include <math.h>

size_t rri_user_model_count(const int32_t *shown, size_t n, int32_t item)
{
    int32_t count = 0; /* as narrow as the items, so that the loop fills whole vectors */
    for (size_t i = 0; i < n; i++) {
        count += shown[i] == item ? 1 : 0;
    }
    return (size_t)count;
}

void rri_user_model_powers(float *powers, float decay, size_t n)
{
    double power = 1.0;
    for (size_t c = 0; c < n; c++) {
        powers[c] = (float)power;
        power *= (double)decay;
    }
}

void rri_user_model_drift(const rri_kernels *kernels, float *user, const float *item, float drift,
                          size_t n_free)
{
    /* Squares in double, since a length that a float holds may have a square that it does not. */
    const double square_before = rri_sum_squares_f64(kernels, user, n_free);
    if (square_before == 0.0) {
        return;
    }
    const double along = (double)rri_dot(kernels, user, item, n_free) / square_before;
    for (size_t i = 0; i < n_free; i++) {
        const double across = (double)item[i] - along * (double)user[i];
        user[i] = (float)((double)user[i] + (double)drift * across);
    }
    const double square_after = rri_sum_squares_f64(kernels, user, n_free);
    const double rescale = sqrt(square_before / square_after);
    for (size_t i = 0; i < n_free; i++) {
        user[i] = (float)((double)user[i] * rescale);
    }
}
