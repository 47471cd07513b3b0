/* SPDX-License-Identifier: MIT */
/* finite.h: numbers from a host must be finite; the sentence says which one is not.
 *
 * `name` begins with who complains: "record: states" gives "record: states[3][1] is nan; it must be
 * finite". All answer RR_E_NOT_FINITE. */
#ifndef RRI_CORE_FINITE_H
#define RRI_CORE_FINITE_H

#include <math.h>
#include <stddef.h>

#include "recrl/recrl.h"

/* The first of x [n] that is not finite; n where all are. */
static inline size_t rri_finite_find(const float *x, size_t n)
{
    size_t i = 0;
    while (i < n && isfinite(x[i])) {
        i++;
    }
    return i;
}

/* x is name[row]. */
rr_status rri_finite_check(const char *name, float x, size_t row, rr_error *err);
/* x [n] is name[row]. */
rr_status rri_finite_check_row(const char *name, const float *x, size_t row, size_t n,
                               rr_error *err);
/* The sentence for x, which is name[row][position][i]. */
rr_status rri_finite_refuse(const char *name, float x, size_t row, size_t position, size_t i,
                            rr_error *err);
/* x [n] is name[row][position]: what a candidate brings. In line, since a request has hundreds. */
static inline rr_status rri_finite_check_candidate(const char *name, const float *x, size_t row,
                                                   size_t position, size_t n, rr_error *err)
{
    const size_t i = rri_finite_find(x, n);
    return i == n ? RR_OK : rri_finite_refuse(name, x[i], row, position, i, err);
}

#endif
