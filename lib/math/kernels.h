/* SPDX-License-Identifier: MIT */
/* kernels.h: which machine code computes, chosen once by a fixed rule on CPUID.
 *
 * A level is a set of the same functions compiled for one class of CPU; all levels give the same
 * bits. This is the one dispatch of the library: whatever is compiled once per level stands here.
 * avx512 needs AVX-512 F, DQ, BW and VL; avx2 needs AVX2 and FMA; portable needs nothing. */
#ifndef RRI_MATH_KERNELS_H
#define RRI_MATH_KERNELS_H

#include "math/cholesky.h"
#include "math/descent.h"
#include "math/elementwise.h"
#include "math/gram.h"
#include "math/large_pool_block.h"
#include "math/lying.h"
#include "math/posterior.h"
#include "math/reduce.h"
#include "math/sequence.h"
#include "math/softmax_block.h"
#include "math/tile.h"

enum { RRI_LEVEL_PORTABLE, RRI_LEVEL_AVX2, RRI_LEVEL_AVX512, RRI_N_LEVELS };

typedef struct rri_kernels {
    const char *name; /* "avx512" */
    int level;
    bool is_blis;               /* tile is BLIS's micro-kernel, not our own */
    size_t wide, narrow;        /* columns of a panel of B, rows of a panel of A */
    rri_tile *tile;             /* the one to use */
    const rri_tiles *tiles;     /* our own tile, the row kernel, packing */
    rri_lying_rows *lying_rows; /* few rows against a matrix that lies by its columns */
    const rri_elementwise *elementwise;
    const rri_reduce *reduce;
    const rri_sequence *sequence;           /* inner loops of encoders */
    const rri_softmax_block *softmax;       /* a block of one row's logits */
    const rri_large_pool_block *large_pool; /* a block of a panel of rows */
    const rri_descent *descent;             /* an optimiser's step */
    rri_gram *gram;
    rri_cholesky *cholesky;
    rri_posterior *posterior;
} rri_kernels;

/* The highest level that this CPU and this build have, or the forced one. Never NULL. */
const rri_kernels *rri_kernels_detect(void);

/* One level; NULL when the CPU or the build lacks it. */
const rri_kernels *rri_kernels_at(int level);

/* For tests: rri_kernels_detect answers `level` from now on; -1 undoes. False, and nothing changes,
 * when the level is not there. */
bool rri_kernels_force(int level);

/* The same functions, spelt as calls on the table. */
static inline void rri_vec_exp(const rri_kernels *k, float *y, const float *x, size_t n)
{
    k->elementwise->exp(y, x, n);
}
static inline void rri_vec_exp_shifted(const rri_kernels *k, float *y, const float *x, float shift,
                                       size_t n)
{
    k->elementwise->exp_shifted(y, x, shift, n);
}
static inline void rri_vec_log(const rri_kernels *k, float *y, const float *x, size_t n)
{
    k->elementwise->log(y, x, n);
}
static inline void rri_vec_tanh(const rri_kernels *k, float *y, const float *x, size_t n)
{
    k->elementwise->tanh(y, x, n);
}
static inline void rri_vec_tanh_backward(const rri_kernels *k, float *dx, const float *dy,
                                         const float *y, size_t n)
{
    k->elementwise->tanh_backward(dx, dy, y, n);
}
static inline void rri_vec_gelu(const rri_kernels *k, float *y, const float *x, size_t n)
{
    k->elementwise->gelu(y, x, n);
}
static inline void rri_vec_gelu_backward(const rri_kernels *k, float *dx, const float *dy,
                                         const float *x, size_t n)
{
    k->elementwise->gelu_backward(dx, dy, x, n);
}
static inline void rri_vec_add(const rri_kernels *k, float *y, const float *x, size_t n)
{
    k->elementwise->add(y, x, n);
}
static inline void rri_vec_axpy(const rri_kernels *k, float *y, float a, const float *x, size_t n)
{
    k->elementwise->axpy(y, a, x, n);
}
static inline void rri_vec_axpys(const rri_kernels *k, float *y, const float *a,
                                 const float *const *rows, size_t n_rows, size_t n)
{
    k->elementwise->axpys(y, a, rows, n_rows, n);
}
static inline void rri_vec_scale(const rri_kernels *k, float *y, float a, size_t n)
{
    k->elementwise->scale(y, a, n);
}
static inline float rri_sum(const rri_kernels *k, const float *x, size_t n)
{
    return k->reduce->sum(x, n);
}
static inline float rri_sum_squares(const rri_kernels *k, const float *x, size_t n)
{
    return k->reduce->sum_squares(x, n);
}
static inline float rri_dot(const rri_kernels *k, const float *x, const float *y, size_t n)
{
    return k->reduce->dot(x, y, n);
}
static inline void rri_dots(const rri_kernels *k, float *y, const float *x,
                            const float *const *rows, size_t n_rows, size_t n)
{
    k->reduce->dots(y, x, rows, n_rows, n);
}
static inline bool rri_all_finite(const rri_kernels *k, const float *x, size_t n)
{
    return k->reduce->all_finite(x, n);
}
static inline float rri_max(const rri_kernels *k, const float *x, size_t n)
{
    return k->reduce->max(x, n);
}
static inline size_t rri_find_above(const rri_kernels *k, const float *x, float bound, size_t begin,
                                    size_t n)
{
    return k->reduce->find_above(x, bound, begin, n);
}
static inline double rri_sum_f64(const rri_kernels *k, const float *x, size_t n)
{
    return k->reduce->sum_f64(x, n);
}
static inline double rri_sum_squares_f64(const rri_kernels *k, const float *x, size_t n)
{
    return k->reduce->sum_squares_f64(x, n);
}

#endif
