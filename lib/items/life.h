/* SPDX-License-Identifier: MIT */
/* life.h: from when to when an item of a line of generations may be chosen.
 *
 * Item i may be chosen in generation g where births[i] ≤ g < deaths[i]. The arrays are shared by
 * all generations of a line and grow at their end; a death is written once, while other threads
 * read, by the follow that makes its generation. Whoever serves an earlier generation finds "never"
 * or that death, which is later than his own, and decides the same. */
#ifndef RRI_ITEMS_LIFE_H
#define RRI_ITEMS_LIFE_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#define RRI_LIFE_BLOCK ((size_t)256)
#define RRI_LIFE_WORDS (RRI_LIFE_BLOCK / 64) /* of a block's mask */
#define RRI_LIFE_LASTS UINT32_MAX /* the death of an item that is there still */

typedef struct rri_life {
    const uint32_t *births;         /* [room] never falling */
    _Atomic uint32_t *deaths;       /* [room] */
    _Atomic uint32_t *block_deaths; /* [room / 256] none of a block's deaths is earlier */
    _Atomic uint32_t *block_latest; /* [room / 256] none is later; 0: there is none */
    _Atomic uint64_t *ended;        /* [room / 64] a bit for each item that has a death */
    _Atomic int32_t *next;          /* [room] the index under which its key goes on; −1: none */
} rri_life;

static inline uint32_t rri_life_death(const rri_life *life, size_t item)
{
    return atomic_load_explicit(&life->deaths[item], memory_order_relaxed);
}

static inline bool rri_life_is_alive(const rri_life *life, size_t item, uint32_t generation)
{
    return life->births[item] <= generation && generation < rri_life_death(life, item);
}

/* Whether all items of [begin, end) are alive, begin a multiple of 256 and end at most 256 more. */
static inline bool rri_life_is_whole(const rri_life *life, size_t begin, size_t end,
                                     uint32_t generation)
{
    const uint32_t first =
        atomic_load_explicit(&life->block_deaths[begin / RRI_LIFE_BLOCK], memory_order_relaxed);
    return generation < first && life->births[end - 1] <= generation;
}

/* The index that has the item's key in a generation: what was shown or excluded under an earlier
 * vector was the same item. */
static inline int32_t rri_life_now(const rri_life *life, int32_t item, uint32_t generation)
{
    for (;;) {
        const int32_t next = atomic_load_explicit(&life->next[item], memory_order_acquire);
        if (next < 0 || life->births[next] > generation) {
            return item;
        }
        item = next;
    }
}

/* Writes the death of an item, which has none: by the one thread that makes its generation. */
void rri_life_end(rri_life *life, size_t item, uint32_t death);

/* dead [4] ← a bit for each item of [begin, end) that may not be chosen, begin and end as above;
 * false: none is, and nothing is written. Where the block's deaths are none of them later than the
 * generation, its bits are read as they lie. */
bool rri_life_mask(uint64_t dead[RRI_LIFE_WORDS], const rri_life *life, uint32_t generation,
                   size_t begin, size_t end);

#endif
