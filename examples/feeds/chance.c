/* SPDX-License-Identifier: MIT */
#include "chance.h"

#include <math.h>

static const uint64_t step = UINT64_C(0x9E3779B97F4A7C15);

static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    return x ^ (x >> 31);
}

chance chance_of(uint64_t seed, uint64_t purpose)
{
    return (chance){.key = mix(mix(seed + step) ^ (purpose * step))};
}

static uint64_t next_word(chance *c)
{
    c->count++;
    return mix(c->key + c->count * step);
}

float chance_uniform(chance *c)
{
    return (float)(next_word(c) >> 40) / 16777216.0f;
}

/* Twelve uniforms have variance 1; three words hold them, 16 bits each. */
float chance_normal(chance *c)
{
    uint64_t sum = 0;
    for (int i = 0; i < 3; i++) {
        const uint64_t word = next_word(c);
        sum += (word & 0xffff) + (word >> 16 & 0xffff) + (word >> 32 & 0xffff) + (word >> 48);
    }
    return ((float)sum + 6.0f) / 65536.0f - 6.0f;
}

int32_t chance_below(chance *c, int32_t n)
{
    return (int32_t)((next_word(c) >> 32) * (uint64_t)n >> 32);
}

void chance_direction(chance *c, float *out, int32_t dim)
{
    for (int32_t j = 0; j < dim; j++) {
        out[j] = chance_normal(c);
    }
    to_length_one(out, dim);
}

float sigmoid(float x)
{
    return 1.0f / (1.0f + expf(-x));
}

float dot(const float *a, const float *b, int32_t dim)
{
    float sum = 0.0f;
    for (int32_t j = 0; j < dim; j++) {
        sum += a[j] * b[j];
    }
    return sum;
}

void to_length_one(float *x, int32_t dim)
{
    const float length = sqrtf(dot(x, x, dim));
    for (int32_t j = 0; j < dim; j++) {
        x[j] /= length > 1e-6f ? length : 1.0f;
    }
}
