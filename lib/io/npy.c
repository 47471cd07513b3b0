/* SPDX-License-Identifier: MIT */
/* npy.c: elements are read in pieces that lie on the stack, and widened or rounded from there. */
#include "io/npy.h"

#include <errno.h>
#include <math.h>
#include <string.h>
#include <unistd.h>

#include "core/memory.h"
#include "io/atomic_file.h"
#include "io/open_file.h"

enum { PIECE = 32768 };

/* Up to n bytes, fewer only at the end of the file. */
static rr_status read_bytes(size_t *got, char *out, size_t n, int fd, const char *path,
                            rr_error *err)
{
    *got = 0;
    while (*got < n) {
        const ssize_t taken = read(fd, out + *got, n - *got);
        if (taken < 0 && errno != EINTR) {
            return rri_open_file_fail("read", path, errno, err);
        }
        if (taken == 0) {
            break;
        }
        *got += taken > 0 ? (size_t)taken : 0;
    }
    return RR_OK;
}

static rr_status read_header(rri_npy_header *header, int fd, size_t file_bytes, const char *path,
                             rr_error *err)
{
    char text[PIECE];
    size_t n = 0;
    RRI_TRY(read_bytes(&n, text, sizeof text, fd, path, err));
    RRI_TRY(rri_npy_header_parse(header, text, n, path, err));
    const size_t data_bytes =
        rri_size_multiply(rri_size_multiply((size_t)header->n_rows, (size_t)header->n_columns),
                          header->element_bytes);
    if (rri_size_add(header->bytes, data_bytes) != file_bytes) {
        RRI_FAIL(err, RR_E_FORMAT,
                 "npy: '%.200s' has %zu bytes; its header tells of %lld × %lld elements of %zu",
                 path, file_bytes, (long long)header->n_rows, (long long)header->n_columns,
                 header->element_bytes);
    }
    return RR_OK;
}

rr_status rri_npy_describe(rri_npy_header *header, const char *path, rr_error *err)
{
    int fd = -1;
    size_t bytes = 0;
    RRI_TRY(rri_open_file_read(&fd, &bytes, path, err));
    const rr_status status = read_header(header, fd, bytes, path, err);
    close(fd);
    return status;
}

/* Element i of a piece, little-endian whatever the machine is. */
static double element_at(const char *piece, size_t i, size_t element_bytes)
{
    const unsigned char *const bytes = (const unsigned char *)piece + i * element_bytes;
    uint64_t bits = 0;
    for (size_t b = 0; b < element_bytes; b++) {
        bits |= (uint64_t)bytes[b] << (8 * b);
    }
    if (element_bytes == 4) {
        const uint32_t short_bits = (uint32_t)bits;
        float value;
        memcpy(&value, &short_bits, sizeof value);
        return (double)value;
    }
    double value;
    memcpy(&value, &bits, sizeof value);
    return value;
}

static rr_status read_elements(float *out, const rri_npy_header *header, int fd, const char *path,
                               rr_error *err)
{
    char piece[PIECE];
    const size_t n = (size_t)header->n_rows * (size_t)header->n_columns;
    const size_t columns = (size_t)header->n_columns;
    for (size_t first = 0; first < n;) {
        const size_t most = PIECE / header->element_bytes;
        const size_t n_here = n - first < most ? n - first : most;
        size_t got = 0;
        RRI_TRY(read_bytes(&got, piece, n_here * header->element_bytes, fd, path, err));
        if (got < n_here * header->element_bytes) {
            RRI_FAIL(err, RR_E_IO, "npy: '%.200s' changed its size while it was read", path);
        }
        for (size_t i = 0; i < n_here; i++) {
            const double value = element_at(piece, i, header->element_bytes);
            out[first + i] = (float)value;
            if (!isfinite(out[first + i])) {
                RRI_FAIL(err, RR_E_NOT_FINITE,
                         "npy: '%.200s' has %g at [%zu][%zu]; it must be finite, and as a float",
                         path, value, (first + i) / columns, (first + i) % columns);
            }
        }
        first += n_here;
    }
    return RR_OK;
}

static rr_status read_open(float *out, int fd, size_t file_bytes, const char *path, int64_t n_rows,
                           int64_t n_columns, rr_error *err)
{
    rri_npy_header header;
    RRI_TRY(read_header(&header, fd, file_bytes, path, err));
    if (header.n_rows != n_rows || header.n_columns != n_columns) {
        RRI_FAIL(err, RR_E_MISMATCH, "npy: '%.200s' has the shape %lld × %lld, not %lld × %lld",
                 path, (long long)header.n_rows, (long long)header.n_columns, (long long)n_rows,
                 (long long)n_columns);
    }
    if (lseek(fd, (off_t)header.bytes, SEEK_SET) < 0) {
        return rri_open_file_fail("read", path, errno, err);
    }
    return read_elements(out, &header, fd, path, err);
}

rr_status rri_npy_read(float *out, const char *path, int64_t n_rows, int64_t n_columns,
                       rr_error *err)
{
    int fd = -1;
    size_t bytes = 0;
    RRI_TRY(rri_open_file_read(&fd, &bytes, path, err));
    const rr_status status = read_open(out, fd, bytes, path, n_rows, n_columns, err);
    close(fd);
    return status;
}

/* What rri_npy_read would refuse is not written. */
static rr_status require_finite(const float *values, const char *path, size_t n, size_t columns,
                                rr_error *err)
{
    for (size_t i = 0; i < n; i++) {
        if (!isfinite(values[i])) {
            RRI_FAIL(err, RR_E_NOT_FINITE,
                     "npy: '%.200s' is to have %g at [%zu][%zu]; it must be finite", path,
                     (double)values[i], i / columns, i % columns);
        }
    }
    return RR_OK;
}

rr_status rri_npy_write(const char *path, const float *values, int64_t n_rows, int64_t n_columns,
                        rr_error *err)
{
    char head[RRI_NPY_HEADER_WRITTEN];
    RRI_TRY(
        require_finite(values, path, (size_t)n_rows * (size_t)n_columns, (size_t)n_columns, err));
    rri_npy_header_write(head, n_rows, n_columns);
    rri_atomic_file file;
    RRI_TRY(rri_atomic_file_open(&file, path, err));
    rr_status status = rri_atomic_file_append(&file, head, sizeof head, err);
    if (status == RR_OK) {
        const size_t bytes = (size_t)n_rows * (size_t)n_columns * sizeof values[0];
        status = rri_atomic_file_append(&file, values, bytes, err);
    }
    if (status != RR_OK) {
        rri_atomic_file_abandon(&file);
        return status;
    }
    return rri_atomic_file_commit(&file, NULL, err);
}
