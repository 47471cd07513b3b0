/* SPDX-License-Identifier: MIT */
#include "play/serving.h"

rri_mixture rri_serving_mixture(const rr_serving_options *options, const int32_t *incumbents)
{
    return (rri_mixture){.floor = (double)options->floor,
                         .share = (double)options->incumbent_share,
                         .is_greedy = options->is_greedy != 0,
                         .incumbents = incumbents};
}

static void divide(float *out, const float *x, float divisor, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = x[i] / divisor;
    }
}

void rri_serving_temper(rri_head *head, rri_catalogue *catalogue, float *weights, float *bias,
                        float temperature)
{
    if (temperature == 1.0f) {
        return;
    }
    head->scale /= temperature;
    head->repeat_weight /= temperature;
    head->error_weight /= temperature;
    head->error_fall /= temperature;
    head->temperature = temperature;
    if (head->feature_weights != NULL) {
        divide(weights, head->feature_weights, temperature, head->feature_dim);
        head->feature_weights = weights;
    }
    if (catalogue->bias != NULL) {
        divide(bias, catalogue->bias, temperature, catalogue->n_items);
        catalogue->bias = bias;
    }
}
