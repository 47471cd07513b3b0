/* SPDX-License-Identifier: MIT */
#include "nn/init.h"

#include <math.h>

#include "core/memory.h"
#include "core/philox.h"

/* A matrix is worked on as `count` vectors of `length` ≥ count along its shorter side: columns of a
 * tall matrix, rows of a wide one. */
typedef struct basis {
    double *vectors; /* [count, length] */
    size_t count, length;
    size_t vector_stride, element_stride; /* of W */
} basis;

static basis basis_of(size_t rows, size_t cols, void *scratch)
{
    if (rows >= cols) {
        return (basis){scratch, cols, rows, 1, cols};
    }
    return (basis){scratch, rows, cols, cols, 1};
}

size_t rri_init_scratch(size_t rows, size_t cols)
{
    return rri_size_multiply(rri_size_multiply(rows, cols), sizeof(double));
}

static double dot(const double *a, const double *b, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += a[i] * b[i];
    }
    return sum;
}

/* Takes from vector i what lies along those before it, then brings it to length 1. Done twice,
 * since what one pass leaves after heavy cancellation is not orthogonal to rounding error. */
static void orthonormalise(basis *b, size_t i)
{
    double *v = b->vectors + i * b->length;
    for (int pass = 0; pass < 2; pass++) {
        for (size_t j = 0; j < i; j++) {
            const double *u = b->vectors + j * b->length;
            const double along = dot(u, v, b->length);
            for (size_t l = 0; l < b->length; l++) {
                v[l] -= along * u[l];
            }
        }
        const double norm = sqrt(dot(v, v, b->length));
        const double inverse = norm > 0.0 ? 1.0 / norm : 0.0;
        for (size_t l = 0; l < b->length; l++) {
            v[l] *= inverse;
        }
    }
}

void rri_init_orthogonal(float *W, size_t rows, size_t cols, float gain, uint64_t seed,
                         uint64_t ordinal, void *scratch)
{
    basis b = basis_of(rows, cols, scratch);
    rri_philox_normals(W, rows * cols, seed, RRI_STREAM_INIT, ordinal);
    for (size_t i = 0; i < b.count; i++) {
        for (size_t l = 0; l < b.length; l++) {
            b.vectors[i * b.length + l] = (double)W[i * b.vector_stride + l * b.element_stride];
        }
        orthonormalise(&b, i);
    }
    for (size_t i = 0; i < b.count; i++) {
        for (size_t l = 0; l < b.length; l++) {
            const double entry = (double)gain * b.vectors[i * b.length + l];
            W[i * b.vector_stride + l * b.element_stride] = (float)entry;
        }
    }
}

void rri_init_constant(float *x, float value, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        x[i] = value;
    }
}
