/* SPDX-License-Identifier: MIT */
/* gae.c: backward scans, whose running advantage is carried in double and rounded where it is
 * stored. */
#include "rl/gae.h"

#include <math.h>
#include <stdbool.h>

/* What a scan reads. */
typedef struct rows {
    const float *rewards, *values, *next_values;
    const uint8_t *terminated, *is_segment_end;
    double gamma, decay; /* γ, γ λ */
} rows;

/* Â_t, where c_{t+1} Â_{t+1} is `traced`. */
static inline double step(const rows *r, size_t t, double traced)
{
    const double next_value = r->terminated[t] != 0 ? 0.0 : (double)r->next_values[t];
    const double delta = (double)r->rewards[t] + r->gamma * next_value - (double)r->values[t];
    const bool is_end = r->terminated[t] != 0 || r->is_segment_end[t] != 0;
    return is_end ? delta : delta + r->decay * traced;
}

void rri_gae_compute(float *advantages, float *returns, const float *rewards, const float *values,
                     const float *next_values, const uint8_t *terminated,
                     const uint8_t *is_segment_end, float gamma, float gae_lambda, size_t n_rows)
{
    rri_gae_compute_traced(advantages, returns, rewards, values, next_values, terminated,
                           is_segment_end, NULL, gamma, gae_lambda, n_rows);
}

size_t rri_gae_find_overflow(const float *rewards, const float *values, const float *next_values,
                             const uint8_t *terminated, const uint8_t *is_segment_end, float gamma,
                             float gae_lambda, size_t n_rows)
{
    const rows r = {rewards,
                    values,
                    next_values,
                    terminated,
                    is_segment_end,
                    (double)gamma,
                    (double)gamma * (double)gae_lambda};
    double advantage = 0.0;
    for (size_t t = n_rows; t-- > 0;) {
        advantage = step(&r, t, advantage);
        if (!isfinite((float)advantage) || !isfinite((float)(advantage + (double)values[t]))) {
            return t;
        }
    }
    return n_rows;
}

void rri_gae_compute_traced(float *advantages, float *returns, const float *rewards,
                            const float *values, const float *next_values,
                            const uint8_t *terminated, const uint8_t *is_segment_end,
                            const float *traces, float gamma, float gae_lambda, size_t n_rows)
{
    const rows r = {rewards,
                    values,
                    next_values,
                    terminated,
                    is_segment_end,
                    (double)gamma,
                    (double)gamma * (double)gae_lambda};
    double traced = 0.0; /* c_{t+1} Â_{t+1} */
    for (size_t t = n_rows; t-- > 0;) {
        const double advantage = step(&r, t, traced);
        traced = traces != NULL ? (double)traces[t] * advantage : advantage;
        advantages[t] = (float)advantage;
        if (returns != NULL) {
            returns[t] = (float)(traced + (double)values[t]);
        }
    }
}
