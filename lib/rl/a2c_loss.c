/* SPDX-License-Identifier: MIT */
#include "rl/a2c_loss.h"

double rri_a2c_loss_compute(float *d_log_prob, const float *log_prob, const float *advantages,
                            size_t n, size_t n_total)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum -= (double)log_prob[i] * (double)advantages[i];
        d_log_prob[i] = -advantages[i] / (float)n_total;
    }
    return sum;
}
