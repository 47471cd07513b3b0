/* SPDX-License-Identifier: MIT */
/* doubles.h: as many doubles as a register of the level being compiled holds, as one value.
 *
 * Operators act on each double by itself, so results do not depend on how many there are. */
#ifndef RRI_MATH_DOUBLES_H
#define RRI_MATH_DOUBLES_H

#include <stddef.h>

#include "math/level.h"

#if RRI_LEVEL == 2
enum { RRI_DOUBLES = 8 };
#elif RRI_LEVEL == 1
enum { RRI_DOUBLES = 4 };
#else
enum { RRI_DOUBLES = 2 };
#endif

typedef double rri_doubles __attribute__((vector_size(RRI_DOUBLES * sizeof(double)), may_alias));

/* x is aligned to the whole value. */
static inline rri_doubles rri_doubles_load(const double *x)
{
    return *(const rri_doubles *)x;
}
static inline void rri_doubles_store(double *y, rri_doubles a)
{
    *(rri_doubles *)y = a;
}
static inline rri_doubles rri_doubles_all(double x)
{
    rri_doubles y;
    for (size_t l = 0; l < RRI_DOUBLES; l++) {
        y[l] = x;
    }
    return y;
}

#endif
