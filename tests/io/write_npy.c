/* SPDX-License-Identifier: MIT */
/* write_npy IN OUT: reads a .npy file and writes what was read: numpy compares the two. */
#include <stdio.h>
#include <stdlib.h>

#include "recrl/recrl.h"

int main(int argc, char **argv)
{
    rr_error err;
    int64_t n_rows = 0, n_columns = 0;
    if (argc != 3 || rr_npy_shape(argv[1], &n_rows, &n_columns, &err) != RR_OK) {
        fprintf(stderr, "%s\n", argc != 3 ? "usage: write_npy IN OUT" : err.text);
        return 1;
    }
    float *values = calloc((size_t)(n_rows * n_columns) + 1, sizeof *values);
    const int failed = values == NULL ||
                       rr_npy_read(argv[1], n_rows, n_columns, values, &err) != RR_OK ||
                       rr_npy_write(argv[2], values, n_rows, n_columns, &err) != RR_OK;
    if (failed != 0) {
        fprintf(stderr, "%s\n", err.text);
    }
    free(values);
    return failed;
}
