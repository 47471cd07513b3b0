/* SPDX-License-Identifier: MIT */
#include "items/life.h"

/* The latest death of a block is written before the bit of its item: whoever sees the bit sees that
 * the block has so late a death, and looks at the deaths themselves if he is of an earlier
 * generation. */
void rri_life_end(rri_life *life, size_t item, uint32_t death)
{
    _Atomic uint32_t *first = &life->block_deaths[item / RRI_LIFE_BLOCK];
    _Atomic uint32_t *latest = &life->block_latest[item / RRI_LIFE_BLOCK];
    if (death < atomic_load_explicit(first, memory_order_relaxed)) {
        atomic_store_explicit(first, death, memory_order_relaxed);
    }
    if (death > atomic_load_explicit(latest, memory_order_relaxed)) {
        atomic_store_explicit(latest, death, memory_order_relaxed);
    }
    atomic_store_explicit(&life->deaths[item], death, memory_order_relaxed);
    (void)atomic_fetch_or_explicit(&life->ended[item / 64], UINT64_C(1) << (item % 64),
                                   memory_order_release);
}

/* The bits as they lie; false: the block has deaths, or births, later than the generation. */
static bool mask_by_bits(uint64_t dead[RRI_LIFE_WORDS], const rri_life *life, uint32_t generation,
                         size_t begin, size_t end)
{
    for (size_t w = 0; w < RRI_LIFE_WORDS; w++) {
        const size_t at = begin + 64 * w;
        dead[w] = at < end ? atomic_load_explicit(&life->ended[at / 64], memory_order_acquire) : 0;
    }
    const uint32_t latest =
        atomic_load_explicit(&life->block_latest[begin / RRI_LIFE_BLOCK], memory_order_relaxed);
    return latest <= generation && life->births[end - 1] <= generation;
}

bool rri_life_mask(uint64_t dead[RRI_LIFE_WORDS], const rri_life *life, uint32_t generation,
                   size_t begin, size_t end)
{
    if (rri_life_is_whole(life, begin, end, generation)) {
        return false;
    }
    if (!mask_by_bits(dead, life, generation, begin, end)) {
        for (size_t w = 0; w < RRI_LIFE_WORDS; w++) {
            dead[w] = 0;
        }
        for (size_t i = begin; i < end; i++) {
            const uint64_t is_dead = rri_life_is_alive(life, i, generation) ? 0 : 1;
            dead[(i - begin) / 64] |= is_dead << (i - begin) % 64;
        }
    }
    uint64_t any = 0;
    for (size_t w = 0; w < RRI_LIFE_WORDS; w++) {
        any |= dead[w];
    }
    return any != 0;
}
