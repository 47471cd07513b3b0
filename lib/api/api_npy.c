/* SPDX-License-Identifier: MIT */
/* api_npy.c: the front door of .npy files. */
#include "core/fpmode.h"
#include "core/memory.h"
#include "core/status.h"
#include "io/npy.h"

rr_status rr_npy_shape(const char *path, int64_t *n_rows, int64_t *n_columns, rr_error *err)
{
    RRI_TRY(rri_require(path, "rr_npy_shape", "path", err));
    RRI_TRY(rri_require(n_rows, "rr_npy_shape", "n_rows", err));
    RRI_TRY(rri_require(n_columns, "rr_npy_shape", "n_columns", err));
    rri_npy_header header;
    RRI_TRY(rri_npy_describe(&header, path, err));
    *n_rows = header.n_rows;
    *n_columns = header.n_columns;
    return RR_OK;
}

static rr_status check(const char *call, const char *path, const void *values, int64_t n_rows,
                       int64_t n_columns, rr_error *err)
{
    RRI_TRY(rri_require(path, call, "path", err));
    RRI_TRY(rri_require(values, call, "the array", err));
    const bool is_too_large =
        n_rows > 0 && n_columns > 0 &&
        rri_size_multiply(rri_size_multiply((size_t)n_rows, (size_t)n_columns), sizeof(float)) >
            SIZE_MAX / 2;
    if (n_rows < 0 || n_columns < 0 || is_too_large) {
        RRI_FAIL(err, RR_E_INVALID,
                 "%s: the shape is %lld × %lld; it must be of an array in memory", call,
                 (long long)n_rows, (long long)n_columns);
    }
    return RR_OK;
}

rr_status rr_npy_read(const char *path, int64_t n_rows, int64_t n_columns, float *out,
                      rr_error *err)
{
    RRI_TRY(check("rr_npy_read", path, out, n_rows, n_columns, err));
    const rri_fpmode before = rri_fpmode_enter();
    const rr_status status = rri_npy_read(out, path, n_rows, n_columns, err);
    rri_fpmode_leave(before);
    return status;
}

rr_status rr_npy_write(const char *path, const float *values, int64_t n_rows, int64_t n_columns,
                       rr_error *err)
{
    RRI_TRY(check("rr_npy_write", path, values, n_rows, n_columns, err));
    return rri_npy_write(path, values, n_rows, n_columns, err);
}
