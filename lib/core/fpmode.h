/* SPDX-License-Identifier: MIT */
/* fpmode.h: the floating-point mode of the house, set at the front door and restored on the way
 * out: round to nearest, subnormals flushed to zero, exceptions masked. A host that keeps
 * subnormals or rounds downward gets the same bytes as any other, and finds its own mode and flags
 * as it left them.
 *
 * Subnormals carry no news here: they are what is left of e^z far below the largest logit, and of
 * products with it. A core takes some hundred times as long for each, and an update in which a
 * policy is certain is full of them (docs/performance.md has the figures).
 *
 * What is computed between enter and leave belongs in a function of its own (a compiler may move
 * inlined arithmetic across the two).
 *
 * On x86-64 there are two control words: arithmetic goes by MXCSR, but libc reads and prints
 * numbers by the x87 one, which has no such flush: text keeps every value. */
#ifndef RRI_CORE_FPMODE_H
#define RRI_CORE_FPMODE_H

#if defined(__x86_64__)
#include <xmmintrin.h>

typedef struct rri_fpmode {
    unsigned control;
    unsigned short x87_control;
} rri_fpmode;

/* The mode itself, for a thread of the library's own, which has no host to restore it for. */
static inline void rri_fpmode_set(void)
{
    const unsigned as_started = 0x1F80u, flush_results = 0x8000u, flush_operands = 0x0040u;
    const unsigned short x87_as_started = 0x037F;
    _mm_setcsr(as_started | flush_results | flush_operands);
    __asm__ volatile("fldcw %0" : : "m"(x87_as_started));
}

static inline rri_fpmode rri_fpmode_enter(void)
{
    rri_fpmode before = {_mm_getcsr(), 0};
    __asm__ volatile("fnstcw %0" : "=m"(before.x87_control));
    rri_fpmode_set();
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

static inline void rri_fpmode_set(void)
{
    (void)fesetenv(FE_DFL_ENV);
#if defined(__aarch64__)
    unsigned long long control;
    const unsigned long long flush = 1ull << 24;
    __asm__ volatile("mrs %0, fpcr" : "=r"(control));
    __asm__ volatile("msr fpcr, %0" : : "r"(control | flush));
#endif
}

static inline rri_fpmode rri_fpmode_enter(void)
{
    rri_fpmode before;
    (void)fegetenv(&before.environment);
    rri_fpmode_set();
    return before;
}

static inline void rri_fpmode_leave(rri_fpmode before)
{
    (void)fesetenv(&before.environment);
}

#endif

#endif
