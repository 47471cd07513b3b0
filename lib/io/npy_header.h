/* SPDX-License-Identifier: MIT */
/* npy_header.h: the head of numpy's .npy files.
 *
 *     "\x93NUMPY" │ version, 2 bytes │ length, 2 bytes (version 1) or 4 │ a Python dict, padded
 *     {'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }
 *
 * Of the dict exactly these three entries are known, in any order. */
#ifndef RRI_IO_NPY_HEADER_H
#define RRI_IO_NPY_HEADER_H

#include <stdint.h>

#include "core/status.h"

typedef struct rri_npy_header {
    size_t bytes;              /* of all before the first element */
    size_t element_bytes;      /* 4: float32, 8: float64 */
    int64_t n_rows, n_columns; /* one dimension: one column */
} rri_npy_header;

/* From the first bytes of a file, at least as many as there are or RRI_NPY_HEADER_MOST. name: of
 * the file, for sentences. RR_E_UNSUPPORTED: another type, order or number of dimensions. */
rr_status rri_npy_header_parse(rri_npy_header *header, const char *text, size_t n, const char *name,
                               rr_error *err);

/* The head of float32 [n_rows, n_columns], version 1, a multiple of 64 bytes; its length. */
#define RRI_NPY_HEADER_WRITTEN ((size_t)128)
void rri_npy_header_write(char out[RRI_NPY_HEADER_WRITTEN], int64_t n_rows, int64_t n_columns);

#endif
