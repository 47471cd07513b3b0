/* SPDX-License-Identifier: MIT */
/* philox.h: Philox4x32-10 [Salmon et al. 2011], random numbers as a function of where they
 * are used.
 *
 * A draw is a pure function of (seed, stream, index, lane): no generator has a state that could be
 * shared by mistake, and any draw can be repeated from its coordinates.
 *   key     = seed (64 bits)
 *   counter = index (64 bits) ⊕ stream (32 bits) ⊕ lane (32 bits), each in its own words */
#ifndef RRI_CORE_PHILOX_H
#define RRI_CORE_PHILOX_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Streams never meet. Numbers are part of a checkpoint's meaning: append, never renumber. */
enum {
    RRI_STREAM_ITEMS = 1,      /* random item vectors */
    RRI_STREAM_USERS = 2,      /* random users of sessions, or the row of the user table */
    RRI_STREAM_CANDIDATES = 3, /* candidate lists of the environment */
    RRI_STREAM_ACT = 4,        /* sampling of actions */
    RRI_STREAM_SHUFFLE = 5,    /* permutations of minibatches */
    RRI_STREAM_INIT = 6,       /* initial weights */
    RRI_STREAM_ALS = 7,        /* initial factors */
    RRI_STREAM_SPLIT = 8,      /* splits of users and interactions */
    RRI_STREAM_CHOOSER = 9,    /* the random baseline */
    RRI_STREAM_IMITATE = 10,   /* permutations of imitated rows */
    RRI_STREAM_PROOF = 11,     /* requests that a saved policy is proved by */
    RRI_STREAM_BANDIT = 12,    /* parameters and first choices of a bandit */
    RRI_STREAM_HELD_OUT = 13,  /* rows that judge an imitation */
};

/* The four words of one block. */
void rri_philox_block(uint32_t out[4], uint64_t seed, uint32_t stream, uint64_t index,
                      uint32_t lane);

/* Uniform on [0, 1) with 53 bits. */
double rri_philox_uniform(uint64_t seed, uint32_t stream, uint64_t index, uint32_t lane);

/* Uniform integer on [0, n), n ≥ 1, without bias that 53 bits could show. */
uint64_t rri_philox_below(uint64_t seed, uint32_t stream, uint64_t index, uint32_t lane,
                          uint64_t n);

/* out[0..n): standard normals by Box–Muller in double, then rounded. Uses lanes from 0 upward. */
void rri_philox_normals(float *out, size_t n, uint64_t seed, uint32_t stream, uint64_t index);

/* A uniformly random permutation of 0 … n−1 (Fisher–Yates); draws with lane = position. */
void rri_philox_permute(int32_t *out, size_t n, uint64_t seed, uint32_t stream, uint64_t index);

#endif
