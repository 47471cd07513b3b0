/* SPDX-License-Identifier: MIT */
#include "core/hash.h"

#include <string.h>

#define BLOCK 32

/* Odd, with about half of their bits set: the first bits of the fractions of √2, √3, √5, √7. */
#define K0 UINT64_C(0x6A09E667F3BCC909)
#define K1 RRI_HASH_K1
#define K2 UINT64_C(0x3C6EF372FE94F82B)
#define K3 RRI_HASH_K3

/* A bijection of `lane` for a fixed word and of the word for a fixed lane: one changed word alone
 * always changes the hash. */
static uint64_t absorb(uint64_t lane, uint64_t word)
{
    lane = (lane ^ word) * K1;
    lane ^= lane >> 32;
    return lane * K3;
}

/* Little-endian wherever it runs. */
static uint64_t read_word(const unsigned char *bytes)
{
    uint64_t word = 0;
    for (unsigned i = 0; i < 8; i++) {
        word |= (uint64_t)bytes[i] << (8 * i);
    }
    return word;
}

static void absorb_blocks(uint64_t lanes[4], const unsigned char *bytes, size_t n_blocks)
{
    uint64_t l0 = lanes[0], l1 = lanes[1], l2 = lanes[2], l3 = lanes[3];
    for (size_t i = 0; i < n_blocks; i++) {
        const unsigned char *block = bytes + i * BLOCK;
        l0 = absorb(l0, read_word(block));
        l1 = absorb(l1, read_word(block + 8));
        l2 = absorb(l2, read_word(block + 16));
        l3 = absorb(l3, read_word(block + 24));
    }
    lanes[0] = l0;
    lanes[1] = l1;
    lanes[2] = l2;
    lanes[3] = l3;
}

void rri_hash_init(rri_hash *hash, uint64_t seed)
{
    const uint64_t salts[4] = {K0, K1, K2, K3};
    memset(hash, 0, sizeof *hash);
    for (size_t i = 0; i < 4; i++) {
        hash->lanes[i] = rri_hash_mix(seed ^ salts[i]);
    }
}

void rri_hash_update(rri_hash *hash, const void *bytes, size_t n)
{
    if (n == 0) {
        return;
    }
    const unsigned char *next = bytes;
    const size_t n_pending = (size_t)(hash->n_bytes % BLOCK);
    hash->n_bytes += n;
    if (n_pending > 0) {
        const size_t n_missing = BLOCK - n_pending;
        const size_t n_taken = n < n_missing ? n : n_missing;
        memcpy(hash->pending + n_pending, next, n_taken);
        next += n_taken;
        n -= n_taken;
        if (n_taken < n_missing) {
            return;
        }
        absorb_blocks(hash->lanes, hash->pending, 1);
    }
    absorb_blocks(hash->lanes, next, n / BLOCK);
    if (n % BLOCK > 0) {
        memcpy(hash->pending, next + n / BLOCK * BLOCK, n % BLOCK);
    }
}

uint64_t rri_hash_final(const rri_hash *hash)
{
    uint64_t lanes[4];
    memcpy(lanes, hash->lanes, sizeof lanes);
    const size_t n_pending = (size_t)(hash->n_bytes % BLOCK);
    if (n_pending > 0) {
        unsigned char last[BLOCK] = {0};
        memcpy(last, hash->pending, n_pending);
        absorb_blocks(lanes, last, 1);
    }
    uint64_t joined = rri_hash_mix(hash->n_bytes ^ K2);
    for (size_t i = 0; i < 4; i++) {
        joined = rri_hash_mix(absorb(joined, lanes[i]));
    }
    return joined;
}

uint64_t rri_hash_bytes(const void *bytes, size_t n, uint64_t seed)
{
    rri_hash hash;
    rri_hash_init(&hash, seed);
    rri_hash_update(&hash, bytes, n);
    return rri_hash_final(&hash);
}
