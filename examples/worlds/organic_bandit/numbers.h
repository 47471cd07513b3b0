/* SPDX-License-Identifier: MIT */
/* Random numbers of this world: two generators, each for what the other cannot do. */
#ifndef OB_NUMBERS_H
#define OB_NUMBERS_H

#include <stdint.h>

/* The Mersenne Twister (MT19937) as numpy's RandomState(seed) runs it, with its polar normals, so
 * that a catalogue is the one that the published code draws from the same random_seed. */
typedef struct ob_twister {
    uint32_t words[624];
    int32_t at;    /* next word; 624: none is left */
    int has_spare; /* the polar method makes two normals at a time */
    double spare;
} ob_twister;

void ob_twister_seed(ob_twister *twister, uint32_t seed);
double ob_twister_uniform(ob_twister *twister); /* 53 bits, [0, 1) */
double ob_twister_normal(ob_twister *twister);

/* A counter under a key: each user has a stream of its own, so that policies can meet the same
 * users and no user's fate depends on who else is there. */
typedef struct ob_stream {
    uint64_t key, count;
} ob_stream;

ob_stream ob_stream_of(uint64_t seed, uint64_t purpose, uint64_t user);
double ob_stream_uniform(ob_stream *stream); /* 53 bits, [0, 1) */
double ob_stream_normal(ob_stream *stream);
/* Position sampled in proportion to weights [n] ≥ 0 whose sum is `total` > 0. */
int32_t ob_stream_draw(ob_stream *stream, const double *weights, double total, int32_t n);

#endif
