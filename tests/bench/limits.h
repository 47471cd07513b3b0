/* SPDX-License-Identifier: MIT */
/* limits.h: what a core of this machine can do, probed in the process that is compared with it.
 *
 * Each is measured with the instructions of the level that the library uses here
 * (rr_runtime_describe): AVX-512, AVX2, or what plain C becomes. */
#ifndef TESTS_BENCH_LIMITS_H
#define TESTS_BENCH_LIMITS_H

#include <stddef.h>

/* P: multiply-adds of one core in FLOP/s, two to an FMA: twelve independent chains in registers.
 * The first call measures (half a second), later ones remember. */
double limits_fma(void);

/* Bytes a second at which one core reads a block of `bytes` again and again: the rate of the level
 * of the memory hierarchy that holds it. The first call for a size measures, later ones remember.
 */
double limits_read(size_t bytes);

/* Sizes that stand for the levels of a usual server core. */
enum {
    LIMITS_L1 = 24 << 10,
    LIMITS_L2 = 300 << 10,
    LIMITS_L3 = 8 << 20,
    LIMITS_MEMORY = 256 << 20
};

#endif
