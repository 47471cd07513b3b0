/* SPDX-License-Identifier: MIT */
/* serving.h: what serving options make of a policy: z ← z / T, then the mixture of
 * policy/mixture.h; and the version that says so. recrl.h §13. */
#ifndef RRI_AGENT_SERVING_H
#define RRI_AGENT_SERVING_H

#include "policy/mixture.h"
#include "recrl/recrl.h"

/* They change nothing: temperature 1, no floor, no share, not greedy. */
bool rri_serving_is_plain(const rr_serving_options *options);

/* incumbents [n] borrowed, or NULL. */
rri_mixture rri_serving_mixture(const rr_serving_options *options, const int32_t *incumbents);

/* Divides every term of the scores by the temperature: τ, κ, w and b. weights [f] and bias [N] are
 * copies that head and catalogue are made to read; where those read none they are not touched. */
void rri_serving_temper(rri_head *head, rri_catalogue *catalogue, float *weights, float *bias,
                        float temperature);

/* Which policy a decision was drawn from: a hash of the parameters' hash, the fingerprint of the
 * catalogue that was scored, and the options. Plain options, and NULL, give the agent's version. */
uint64_t rri_serving_version(uint64_t parameters, uint64_t fingerprint,
                             const rr_serving_options *options);

#endif
