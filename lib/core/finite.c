/* SPDX-License-Identifier: MIT */
#include "core/finite.h"

#include "core/status.h"

rr_status rri_finite_check(const char *name, float x, size_t row, rr_error *err)
{
    if (!isfinite(x)) {
        RRI_FAIL(err, RR_E_NOT_FINITE, "%s[%zu] is %g; it must be finite", name, row, (double)x);
    }
    return RR_OK;
}

rr_status rri_finite_check_row(const char *name, const float *x, size_t row, size_t n,
                               rr_error *err)
{
    const size_t i = rri_finite_find(x, n);
    if (i < n) {
        RRI_FAIL(err, RR_E_NOT_FINITE, "%s[%zu][%zu] is %g; it must be finite", name, row, i,
                 (double)x[i]);
    }
    return RR_OK;
}

rr_status rri_finite_refuse(const char *name, float x, size_t row, size_t position, size_t i,
                            rr_error *err)
{
    RRI_FAIL(err, RR_E_NOT_FINITE, "%s[%zu][%zu][%zu] is %g; it must be finite", name, row,
             position, i, (double)x);
}
