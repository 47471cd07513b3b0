/* SPDX-License-Identifier: MIT */
#include "rl/gae.h"

#include <stdbool.h>

void rri_gae_compute(float *advantages, float *returns, const float *rewards, const float *values,
                     const float *next_values, const uint8_t *terminated,
                     const uint8_t *is_segment_end, float gamma, float gae_lambda, size_t n_rows)
{
    rri_gae_compute_traced(advantages, returns, rewards, values, next_values, terminated,
                           is_segment_end, NULL, gamma, gae_lambda, n_rows);
}

/* One backward scan. The running advantage is carried in double and rounded where it is stored. */
void rri_gae_compute_traced(float *advantages, float *returns, const float *rewards,
                            const float *values, const float *next_values,
                            const uint8_t *terminated, const uint8_t *is_segment_end,
                            const float *traces, float gamma, float gae_lambda, size_t n_rows)
{
    const double decay = (double)gamma * (double)gae_lambda;
    double traced = 0.0; /* c_{t+1} Â_{t+1} */
    for (size_t t = n_rows; t-- > 0;) {
        const double next_value = terminated[t] != 0 ? 0.0 : (double)next_values[t];
        const double delta = (double)rewards[t] + (double)gamma * next_value - (double)values[t];
        const bool is_end = terminated[t] != 0 || is_segment_end[t] != 0;
        const double advantage = is_end ? delta : delta + decay * traced;
        traced = traces != NULL ? (double)traces[t] * advantage : advantage;

        advantages[t] = (float)advantage;
        if (returns != NULL) {
            returns[t] = (float)(traced + (double)values[t]);
        }
    }
}
