/* SPDX-License-Identifier: MIT */
/* hash.h: 64 bits over bytes: fingerprints of catalogues, versions of policies, checksums of
 * checkpoints, keys of textual ids. Fixed for ever, the same on every machine, however the bytes
 * are cut into updates. Not meant against forgery. */
#ifndef RRI_CORE_HASH_H
#define RRI_CORE_HASH_H

#include <stddef.h>
#include <stdint.h>

/* Two of the odd constants of hash.c. */
#define RRI_HASH_K1 UINT64_C(0xBB67AE8584CAA73B)
#define RRI_HASH_K3 UINT64_C(0xA54FF53A5F1D36F1)

typedef struct rri_hash {
    uint64_t lanes[4];
    uint64_t n_bytes;
    unsigned char pending[32]; /* the first n_bytes % 32 are waiting for the rest of their block */
} rri_hash;

void rri_hash_init(rri_hash *hash, uint64_t seed);
void rri_hash_update(rri_hash *hash, const void *bytes, size_t n);

/* The hash of all bytes so far; more may follow. */
uint64_t rri_hash_final(const rri_hash *hash);

/* init, update, final. */
uint64_t rri_hash_bytes(const void *bytes, size_t n, uint64_t seed);

/* A bijection of 64 bits in which every bit depends on every other: for keys of hash tables. */
static inline uint64_t rri_hash_mix(uint64_t x)
{
    x ^= x >> 32;
    x *= RRI_HASH_K1;
    x ^= x >> 29;
    x *= RRI_HASH_K3;
    return x ^ (x >> 32);
}

#endif
