/* SPDX-License-Identifier: MIT */
/* fpmode.h: the floating-point mode of the house, set at the front door and restored on the way
 * out: round to nearest, subnormals kept, exceptions masked. A host that flushes subnormals or
 * rounds downward gets the same bytes as any other, and finds its own mode and flags as it left
 * them.
 *
 * What is computed between enter and leave belongs in a function of its own (a compiler may move
 * inlined arithmetic across the two).
 *
 * On x86-64 there are two control words: arithmetic goes by MXCSR, but libc reads and prints
 * numbers by the x87 one. */
#ifndef RRI_CORE_FPMODE_H
#define RRI_CORE_FPMODE_H

#if defined(__x86_64__)
#include <xmmintrin.h>

typedef struct rri_fpmode {
    unsigned control;
    unsigned short x87_control;
} rri_fpmode;

static inline rri_fpmode rri_fpmode_enter(void)
{
    rri_fpmode before = {_mm_getcsr(), 0};
    const unsigned short x87_start = 0x037F;
    _mm_setcsr(0x1F80u); /* both: the mode that a process starts with */
    __asm__ volatile("fnstcw %0" : "=m"(before.x87_control));
    __asm__ volatile("fldcw %0" : : "m"(x87_start));
    return before;
}

static inline void rri_fpmode_leave(rri_fpmode before)
{
    _mm_setcsr(before.control);
    __asm__ volatile("fldcw %0" : : "m"(before.x87_control));
}

#else
#include <fenv.h>

typedef struct rri_fpmode {
    fenv_t environment;
} rri_fpmode;

static inline rri_fpmode rri_fpmode_enter(void)
{
    rri_fpmode before;
    (void)fegetenv(&before.environment);
    (void)fesetenv(FE_DFL_ENV);
    return before;
}

static inline void rri_fpmode_leave(rri_fpmode before)
{
    (void)fesetenv(&before.environment);
}

#endif

#endif
