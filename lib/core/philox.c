/* SPDX-License-Identifier: MIT */
#include "core/philox.h"

#include "core/normal.h"

#define N_ROUNDS 10

void rri_philox_block(uint32_t out[4], uint64_t seed, uint32_t stream, uint64_t index,
                      uint32_t lane)
{
    uint32_t c0 = (uint32_t)index;
    uint32_t c1 = (uint32_t)(index >> 32);
    uint32_t c2 = stream;
    uint32_t c3 = lane;
    uint32_t k0 = (uint32_t)seed;
    uint32_t k1 = (uint32_t)(seed >> 32);
    for (int round = 0; round < N_ROUNDS; round++) {
        const uint64_t p0 = (uint64_t)0xD2511F53u * c0;
        const uint64_t p1 = (uint64_t)0xCD9E8D57u * c2;
        c0 = (uint32_t)(p1 >> 32) ^ c1 ^ k0;
        c1 = (uint32_t)p1;
        c2 = (uint32_t)(p0 >> 32) ^ c3 ^ k1;
        c3 = (uint32_t)p0;
        k0 += 0x9E3779B9u;
        k1 += 0xBB67AE85u;
    }
    out[0] = c0;
    out[1] = c1;
    out[2] = c2;
    out[3] = c3;
}

static uint64_t join(uint32_t high, uint32_t low)
{
    return (uint64_t)high << 32 | low;
}

static double uniform_of(uint64_t bits)
{
    return (double)(bits >> 11) * 0x1p-53;
}

double rri_philox_uniform(uint64_t seed, uint32_t stream, uint64_t index, uint32_t lane)
{
    uint32_t word[4];
    rri_philox_block(word, seed, stream, index, lane);
    return uniform_of(join(word[0], word[1]));
}

/* ⌊x n / 2^64⌋ for 64 random bits x, from 32-bit halves: bias below n / 2^64. */
uint64_t rri_philox_below(uint64_t seed, uint32_t stream, uint64_t index, uint32_t lane, uint64_t n)
{
    uint32_t word[4];
    rri_philox_block(word, seed, stream, index, lane);
    const uint64_t n_low = (uint32_t)n;
    const uint64_t n_high = n >> 32;
    const uint64_t low_carry = (word[1] * n_low) >> 32;
    const uint64_t middle = word[0] * n_low + low_carry;
    const uint64_t other_middle = word[1] * n_high + (uint32_t)middle;
    return word[0] * n_high + (middle >> 32) + (other_middle >> 32);
}

void rri_philox_normals(float *out, size_t n, uint64_t seed, uint32_t stream, uint64_t index)
{
    for (size_t i = 0; i < n; i += 2) {
        uint32_t word[4];
        double pair[2];
        rri_philox_block(word, seed, stream, index, (uint32_t)(i / 2));
        rri_normal_pair(pair, uniform_of(join(word[0], word[1])),
                        uniform_of(join(word[2], word[3])));
        out[i] = (float)pair[0];
        if (i + 1 < n) {
            out[i + 1] = (float)pair[1];
        }
    }
}

void rri_philox_permute(int32_t *out, size_t n, uint64_t seed, uint32_t stream, uint64_t index)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = (int32_t)i;
    }
    for (size_t i = n; i > 1; i--) {
        const size_t last = i - 1;
        const size_t j = (size_t)rri_philox_below(seed, stream, index, (uint32_t)last, i);
        const int32_t swapped = out[last];
        out[last] = out[j];
        out[j] = swapped;
    }
}
