/* SPDX-License-Identifier: MIT */
/* count.h: counts that ride in checkpoints. At 2^62 they stay where they are: so whatever is loaded
 * can be counted on, saved and loaded again, and two of them can be added. */
#ifndef RRI_CORE_COUNT_H
#define RRI_CORE_COUNT_H

#include <stdint.h>

#define RRI_COUNT_MOST ((int64_t)1 << 62)

/* more ≥ 0. */
static inline int64_t rri_count_sum(int64_t count, int64_t more)
{
    return more < RRI_COUNT_MOST - count ? count + more : RRI_COUNT_MOST;
}

#endif
