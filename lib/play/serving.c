/* SPDX-License-Identifier: MIT */
#include "play/serving.h"

#include "core/hash.h"

bool rri_serving_is_plain(const rr_serving_options *options)
{
    return options->is_greedy == 0 && options->temperature == 1.0f && options->floor == 0.0f &&
           options->incumbent_share == 0.0f;
}

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
    if (head->feature_weights != NULL) {
        divide(weights, head->feature_weights, temperature, head->feature_dim);
        head->feature_weights = weights;
    }
    if (catalogue->bias != NULL) {
        divide(bias, catalogue->bias, temperature, catalogue->n_items);
        catalogue->bias = bias;
    }
}

uint64_t rri_serving_version(uint64_t parameters, uint64_t fingerprint,
                             const rr_serving_options *options)
{
    const uint64_t of_policy[] = {parameters, fingerprint};
    rri_hash hash;
    rri_hash_init(&hash, 0);
    rri_hash_update(&hash, of_policy, sizeof of_policy);
    if (options != NULL && !rri_serving_is_plain(options)) {
        const float numbers[] = {options->temperature, options->floor, options->incumbent_share};
        rri_hash_update(&hash, &options->is_greedy, sizeof options->is_greedy);
        rri_hash_update(&hash, numbers, sizeof numbers);
    }
    return rri_hash_final(&hash);
}
