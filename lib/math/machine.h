/* SPDX-License-Identifier: MIT */
/* machine.h: what the CPU says of itself (CPUID), for choices that change speed and not a bit.
 *
 * They are fixed rules, never a trial, so that a program is as quick the second time as the first.
 * A CPU that says nothing is taken for a usual server core: 1 MiB of second and 32 MiB of third
 * cache. */
#ifndef RRI_MATH_MACHINE_H
#define RRI_MATH_MACHINE_H

#include <stddef.h>

#include "math/lying.h"
#include "math/tile.h"

typedef struct rri_machine {
    size_t second_cache, third_cache; /* bytes */
    rri_ahead ahead;
} rri_machine;

/* vendor: the twelve letters of leaf 0; family as in leaf 1, with its extension; 0 bytes: not said.
 *
 * AMD's cores up to family 19h (Zen 4) fetch ahead what is read in order of addresses and make
 * little of prefetches; all others are asked by prefetches, far ahead. */
rri_machine rri_machine_of(const char vendor[12], unsigned family, size_t second_cache,
                           size_t third_cache);

/* The CPU of this process, asked once. */
rri_machine rri_machine_here(void);

/* Where a block of so many bytes lies that is walked over again and again: what is to stay in a
 * cache must leave room for what passes through it, so three eighths count. */
rri_reach rri_machine_reach(const rri_machine *machine, size_t bytes);

#endif
