/* SPDX-License-Identifier: MIT */
/* npy.h: matrices of floats in numpy's .npy files; npy_header.h tells which. */
#ifndef RRI_IO_NPY_H
#define RRI_IO_NPY_H

#include "io/npy_header.h"

/* The file's head; its size must be what the head says. */
rr_status rri_npy_describe(rri_npy_header *header, const char *path, rr_error *err);

/* out [n_rows, n_columns], which must be the file's shape (RR_E_MISMATCH). float64 is rounded.
 * RR_E_NOT_FINITE names an element that is not finite, or not as a float. out may be written in
 * part on failure. Allocates nothing. */
rr_status rri_npy_read(float *out, const char *path, int64_t n_rows, int64_t n_columns,
                       rr_error *err);

/* As float32, version 1. The path holds the old file or the new one (atomic_file.h). */
rr_status rri_npy_write(const char *path, const float *values, int64_t n_rows, int64_t n_columns,
                        rr_error *err);

#endif
