/* SPDX-License-Identifier: MIT */
/* levels.h: for tests of this room: the levels that this CPU and build have, aloud; numbers to fill
 * arrays with; equality in bits. */
#ifndef TESTS_MATH_LEVELS_H
#define TESTS_MATH_LEVELS_H

#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "math/kernels.h"

/* Levels in kernels[]; what is not there is said, so that a run on a small CPU is not mistaken. */
static inline size_t levels_present(const rri_kernels *kernels[RRI_N_LEVELS])
{
    static const char *const names[RRI_N_LEVELS] = {"portable", "avx2", "avx512"};
    size_t n = 0;
    for (int level = 0; level < RRI_N_LEVELS; level++) {
        const rri_kernels *found = rri_kernels_at(level);
        if (found == NULL) {
            printf("NOT TESTED: level %s is not on this CPU or not in this build\n", names[level]);
        } else {
            kernels[n++] = found;
        }
    }
    return n;
}

static inline uint32_t levels_bits(float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    return bits;
}

/* The same bits; any NaN is a NaN. */
static inline bool levels_same(float a, float b)
{
    return levels_bits(a) == levels_bits(b) || (isnan(a) && isnan(b));
}

/* Numbers in (−1, 1) of different sizes, a function of `seed`. */
static inline void levels_fill(float *x, size_t n, uint32_t seed)
{
    uint32_t state = seed * 2654435761u + 12345u;
    for (size_t i = 0; i < n; i++) {
        state = state * 1664525u + 1013904223u;
        const float whole = (float)(int32_t)state * 0x1p-31f;
        x[i] = whole / (float)(1u << (state >> 12 & 7u));
    }
}

#endif
