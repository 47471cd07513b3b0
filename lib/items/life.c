/* SPDX-License-Identifier: MIT */
#include "items/life.h"

bool rri_life_mask(uint32_t *is_dead, const rri_life *life, uint32_t generation, size_t begin,
                   size_t end)
{
    if (rri_life_is_whole(life, begin, end, generation)) {
        return false;
    }
    uint32_t any = 0;
    for (size_t i = begin; i < end; i++) {
        const uint32_t dead = rri_life_is_alive(life, i, generation) ? 0 : UINT32_MAX;
        is_dead[i - begin] = dead;
        any |= dead;
    }
    return any != 0;
}
