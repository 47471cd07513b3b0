/* SPDX-License-Identifier: MIT */
/* serving.h: what serving options make of a policy: z ← z / T, then the mixture of
 * policy/mixture.h. policy.h. */
#ifndef RRI_PLAY_SERVING_H
#define RRI_PLAY_SERVING_H

#include "policy/mixture.h"
#include "recrl/recrl.h"

/* incumbents [n] borrowed, or NULL. */
rri_mixture rri_serving_mixture(const rr_serving_options *options, const int32_t *incumbents);

/* Divides every term of the scores by the temperature: τ, κ, τ β, w and b; a row's own feature
 * weights are divided where they are used. weights [f] and bias [N] are copies that head and
 * catalogue are made to read; where those read none they are not touched. */
void rri_serving_temper(rri_head *head, rri_catalogue *catalogue, float *weights, float *bias,
                        float temperature);

#endif
