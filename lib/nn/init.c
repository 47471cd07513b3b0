/* SPDX-License-Identifier: MIT */
#include "nn/init.h"

#include <math.h>
#include <string.h>

#include "core/memory.h"
#include "core/philox.h"
#include "math/gemm.h"

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

/* Vectors that are made orthonormal among themselves, in double, before a product takes them
 * together. Every default network has no more of them than that. */
enum { BLOCK = 64 };

/* What more than one block needs. */
typedef struct blocked {
    const rri_kernels *kernels;
    float *done;  /* [count, length] */
    float *fresh; /* [BLOCK, length] */
    float *along; /* [BLOCK, count] */
    rri_stack stack;
} blocked;

/* One gemm's stack, the larger of both products. */
static size_t products_scratch(const rri_kernels *kernels, size_t count, size_t length)
{
    return rri_size_larger(rri_gemm_scratch(kernels, BLOCK, count, length),
                           rri_gemm_scratch(kernels, BLOCK, length, count));
}

size_t rri_init_scratch(size_t rows, size_t cols)
{
    const size_t count = rows < cols ? rows : cols, length = rows < cols ? cols : rows;
    if (count <= BLOCK) {
        return rri_size_multiply(rri_size_multiply(rows, cols), sizeof(double));
    }
    rri_arena arena = {0};
    (void)RRI_TAKE(&arena, double, rri_size_multiply(BLOCK, length));
    (void)RRI_TAKE(&arena, float, rri_size_multiply(count, length));
    (void)RRI_TAKE(&arena, float, rri_size_multiply(BLOCK, length));
    (void)RRI_TAKE(&arena, float, rri_size_multiply(BLOCK, count));
    (void)RRI_TAKE(&arena, char, products_scratch(rri_kernels_detect(), count, length));
    return arena.used;
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

/* fresh [n, length] loses what lies along the n_done vectors that are done. */
static void take_away(blocked *all, size_t n, size_t n_done, size_t count, size_t length)
{
    rri_gemm(all->kernels, all->along, count, rri_view_rows(all->fresh, length),
             rri_view_transposed(all->done, length), n, n_done, length, false, &all->stack);
    for (size_t i = 0; i < n; i++) {
        rri_vec_scale(all->kernels, all->along + i * count, -1.0f, n_done);
    }
    rri_gemm(all->kernels, all->fresh, length, rri_view_rows(all->along, count),
             rri_view_rows(all->done, length), n, length, n_done, true, &all->stack);
}

/* Vectors [first, first + n) of W: in b->vectors where nothing is done yet, else in all->fresh. */
static void orthonormalise_block(basis *b, blocked *all, size_t first, size_t n)
{
    const size_t length = b->length;
    /* Twice, since a block that lost much to the first product and was brought to length 1 has what
     * that product's rounding left, magnified. */
    for (int pass = 0; pass < (first > 0 ? 2 : 1); pass++) {
        if (first > 0) {
            take_away(all, n, first, b->count, length);
            for (size_t i = 0; i < n * length; i++) {
                b->vectors[i] = (double)all->fresh[i];
            }
        }
        for (size_t i = 0; i < n; i++) {
            orthonormalise(b, i);
        }
        for (size_t i = 0; all != NULL && i < n * length; i++) {
            all->fresh[i] = (float)b->vectors[i];
        }
    }
}

static void read_block(basis *b, blocked *all, const float *W, size_t first, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t l = 0; l < b->length; l++) {
            const float x = W[(first + i) * b->vector_stride + l * b->element_stride];
            b->vectors[i * b->length + l] = (double)x;
            if (all != NULL) {
                all->fresh[i * b->length + l] = x;
            }
        }
    }
}

static void write_block(float *W, const basis *b, size_t first, size_t n, float gain)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t l = 0; l < b->length; l++) {
            const double entry = (double)gain * b->vectors[i * b->length + l];
            W[(first + i) * b->vector_stride + l * b->element_stride] = (float)entry;
        }
    }
}

/* More vectors than one block holds. */
static void orthonormalise_blocks(float *W, const basis *shape, float gain, void *scratch)
{
    basis b = *shape;
    const size_t count = b.count, length = b.length;
    rri_arena arena = {.base = scratch};
    blocked all = {.kernels = rri_kernels_detect()};
    b.vectors = RRI_TAKE(&arena, double, BLOCK *length);
    all.done = RRI_TAKE(&arena, float, count *length);
    all.fresh = RRI_TAKE(&arena, float, BLOCK *length);
    all.along = RRI_TAKE(&arena, float, BLOCK *count);
    all.stack.size = products_scratch(all.kernels, count, length);
    all.stack.base = RRI_TAKE(&arena, char, all.stack.size);
    for (size_t first = 0; first < count; first += BLOCK) {
        const size_t n = rri_size_smaller(BLOCK, count - first);
        read_block(&b, &all, W, first, n);
        orthonormalise_block(&b, &all, first, n);
        memcpy(all.done + first * length, all.fresh, n * length * sizeof(float));
        write_block(W, &b, first, n, gain);
    }
}

void rri_init_orthogonal(float *W, size_t rows, size_t cols, float gain, uint64_t seed,
                         uint64_t ordinal, void *scratch)
{
    basis b = basis_of(rows, cols, scratch);
    rri_philox_normals(W, rows * cols, seed, RRI_STREAM_INIT, ordinal);
    if (b.count > BLOCK) {
        orthonormalise_blocks(W, &b, gain, scratch);
        return;
    }
    read_block(&b, NULL, W, 0, b.count);
    orthonormalise_block(&b, NULL, 0, b.count);
    write_block(W, &b, 0, b.count, gain);
}

void rri_init_constant(float *x, float value, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        x[i] = value;
    }
}
