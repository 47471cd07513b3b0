/* SPDX-License-Identifier: MIT */
/* Randomness of the three feeds: a counter under a key, so that the catalogue, the users and what
 * happens each have a stream of their own, and none is moved by how much another draws. */
#ifndef FEEDS_CHANCE_H
#define FEEDS_CHANCE_H

#include <stdint.h>

typedef struct chance {
    uint64_t key, count;
} chance;

chance chance_of(uint64_t seed, uint64_t purpose);
float chance_uniform(chance *c);                           /* [0, 1) */
float chance_normal(chance *c);                            /* mean 0, deviation 1 */
int32_t chance_below(chance *c, int32_t n);                /* 0 … n − 1 */
void chance_direction(chance *c, float *out, int32_t dim); /* [dim] of length 1 */

float sigmoid(float x); /* 1 / (1 + e^−x) */
float dot(const float *a, const float *b, int32_t dim);
void to_length_one(float *x, int32_t dim);

#endif
