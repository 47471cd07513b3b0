/* SPDX-License-Identifier: MIT */
/* skewed.h: differences of two policies' returns, of shapes that occur: purchases are rare and
 * large. */
#ifndef TESTS_EVAL_SKEWED_H
#define TESTS_EVAL_SKEWED_H

#include <math.h>
#include <stddef.h>
#include <stdint.h>

/* [0, 1), a function of (seed, place). [Steele, Lea and Flood 2014] */
static inline double skewed_uniform(uint64_t seed, uint64_t place)
{
    uint64_t x = seed * 0xd1342543de82ef95u + place * 0x9e3779b97f4a7c15u + 0x2545f4914f6cdd1du;
    for (int round = 0; round < 2; round++) {
        x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
        x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
        x ^= x >> 31;
    }
    return (double)(x >> 11) * 0x1p-53;
}

/* Of two uniforms; the first is moved off 0. [Box and Muller 1958] */
static inline double skewed_normal(double one, double other)
{
    return sqrt(-2.0 * log(one + 0x1p-54)) * cos(6.283185307179586 * other);
}

typedef enum skewed_kind {
    SKEWED_NORMAL,
    SKEWED_SQUARE,
    SKEWED_EXPONENTIAL,
    SKEWED_LOG_NORMAL_1,
    SKEWED_LOG_NORMAL_15,
    SKEWED_TWO_PERCENT,
    SKEWED_TWO_PER_MILLE,
    SKEWED_BOTH_WAYS, /* 2 % win one, 1.5 % lose one */
    SKEWED_KINDS
} skewed_kind;

static const char *const skewed_names[SKEWED_KINDS] = {
    "normal",         "normal, squared", "exponential",  "log-normal 1",
    "log-normal 1.5", "2 % differ",      "0.2 % differ", "2 % up, 1.5 % down"};

static const double skewed_means[SKEWED_KINDS] = {
    0.0, 1.0, 1.0, 1.6487212707001282, 3.080216848918031, 0.02, 0.002, 0.005};

static inline double skewed_value(skewed_kind kind, uint64_t seed, uint64_t i)
{
    const double u = skewed_uniform(seed, 2 * i);
    const double z =
        kind <= SKEWED_SQUARE || kind == SKEWED_LOG_NORMAL_1 || kind == SKEWED_LOG_NORMAL_15
            ? skewed_normal(u, skewed_uniform(seed, 2 * i + 1))
            : 0.0;
    switch (kind) {
    case SKEWED_NORMAL:
        return z;
    case SKEWED_SQUARE:
        return z * z;
    case SKEWED_EXPONENTIAL:
        return -log(1.0 - u);
    case SKEWED_LOG_NORMAL_1:
        return exp(z);
    case SKEWED_LOG_NORMAL_15:
        return exp(1.5 * z);
    case SKEWED_TWO_PERCENT:
        return u < 0.02 ? 1.0 : 0.0;
    case SKEWED_TWO_PER_MILLE:
        return u < 0.002 ? 1.0 : 0.0;
    case SKEWED_BOTH_WAYS:
        return u < 0.02 ? 1.0 : u > 0.985 ? -1.0 : 0.0;
    case SKEWED_KINDS:
        break;
    }
    return 0.0;
}

#endif
