/* SPDX-License-Identifier: MIT */
#include "math/machine.h"

#include <stdatomic.h>
#include <stdbool.h>
#include <stdint.h>
#include <string.h>

#if defined(__x86_64__) || defined(__i386__)
#include <cpuid.h>
#endif

static const size_t USUAL_SECOND = (size_t)1 << 20, USUAL_THIRD = (size_t)32 << 20;

rri_machine rri_machine_of(const char vendor[12], unsigned family, size_t second_cache,
                           size_t third_cache)
{
    const bool is_amd = memcmp(vendor, "AuthenticAMD", 12) == 0;
    return (rri_machine){
        .second_cache = second_cache > 0 ? second_cache : USUAL_SECOND,
        .third_cache = third_cache > 0 ? third_cache : USUAL_THIRD,
        .ahead = is_amd && family <= 0x19 ? RRI_AHEAD_READ : RRI_AHEAD_ASK,
    };
}

#if defined(__x86_64__) || defined(__i386__)

/* The sizes that a leaf of caches tells, by level; 0 where it tells none. AMD's leaf has the form
 * of Intel's. */
static void ask_caches(size_t sizes[4], unsigned leaf)
{
    enum { INSTRUCTIONS = 2, MOST = 16 };
    for (unsigned i = 0; i < MOST; i++) {
        unsigned a;
        unsigned b;
        unsigned c;
        unsigned d;
        if (__get_cpuid_count(leaf, i, &a, &b, &c, &d) == 0 || (a & 31u) == 0) {
            return;
        }
        const unsigned level = a >> 5 & 7u;
        const size_t ways = (b >> 22) + 1u, parts = (b >> 12 & 1023u) + 1u, line = (b & 4095u) + 1u;
        if ((a & 31u) != INSTRUCTIONS && level < 4) {
            sizes[level] = ways * parts * line * ((size_t)c + 1);
        }
    }
}

static rri_machine ask(void)
{
    char vendor[12] = {0};
    unsigned a = 0;
    unsigned b = 0;
    unsigned c = 0;
    unsigned d = 0;
    size_t sizes[4] = {0};
    if (__get_cpuid(0, &a, &b, &c, &d) == 0) {
        return rri_machine_of(vendor, 0, 0, 0);
    }
    memcpy(vendor, &b, 4);
    memcpy(vendor + 4, &d, 4);
    memcpy(vendor + 8, &c, 4);
    unsigned family = 0;
    if (__get_cpuid(1, &a, &b, &c, &d) != 0) {
        family = (a >> 8 & 15u) + ((a >> 8 & 15u) == 15u ? a >> 20 & 255u : 0u);
    }
    const bool is_amd = memcmp(vendor, "AuthenticAMD", 12) == 0;
    ask_caches(sizes, is_amd ? 0x8000001du : 4u);
    return rri_machine_of(vendor, family, sizes[2], sizes[3]);
}

#else

static rri_machine ask(void)
{
    return rri_machine_of("            ", 0, 0, 0);
}

#endif

/* What was said, in one word, so that threads need no order: both sizes in KiB and the pattern.
 * 0: nobody has asked. An answer costs tens of microseconds where a hypervisor gives it. */
static _Atomic uint64_t said = 0;

rri_machine rri_machine_here(void)
{
    uint64_t word = atomic_load_explicit(&said, memory_order_relaxed);
    if (word == 0) {
        const rri_machine asked = ask();
        const uint64_t most = 0x3fffffffu;
        const uint64_t second = (uint64_t)(asked.second_cache >> 10) & most;
        const uint64_t third = (uint64_t)(asked.third_cache >> 10) & most;
        word = second << 32 | third << 2 | (asked.ahead == RRI_AHEAD_ASK ? 2u : 0u) | 1u;
        atomic_store_explicit(&said, word, memory_order_relaxed);
    }
    return (rri_machine){.second_cache = (size_t)(word >> 32) << 10,
                         .third_cache = (size_t)(word >> 2 & 0x3fffffffu) << 10,
                         .ahead = (word & 2u) != 0 ? RRI_AHEAD_ASK : RRI_AHEAD_READ};
}

rri_reach rri_machine_reach(const rri_machine *machine, size_t bytes)
{
    return bytes < machine->second_cache / 8 * 3  ? RRI_REACH_NEAR
           : bytes < machine->third_cache / 8 * 3 ? RRI_REACH_THIRD_CACHE
                                                  : RRI_REACH_MEMORY;
}
