/* SPDX-License-Identifier: MIT */
/* linear.h: the affine map y = x Wᵀ + b.
 * n rows, `in` and `out` features.   x [n, in]   W [out, in]   b [out], optional   y [n, out]
 *
 * The weights are packed once per optimiser step; forward and backward read the packed copy. Each
 * function works on one thread on the rows or the outputs that it is given: threads share tiles of
 * rows in forward and backward_input, and ranges of outputs in backward_params, which alone sums
 * over rows. A row of y has the same bits whatever the number of rows beside it. */
#ifndef RRI_NN_LINEAR_H
#define RRI_NN_LINEAR_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/memory.h"
#include "math/kernels.h"
#include "nn/params.h"

/* Outputs of one task of backward_params. */
#define RRI_LINEAR_BLOCK ((size_t)64)

typedef struct rri_linear {
    size_t in, out;
    bool has_bias;
    size_t weight_index;  /* in the parameter table */
    size_t weight_offset; /* [out, in] in the flat arrays */
    size_t bias_offset;   /* [out] in the flat arrays; 0 without bias */

    const rri_kernels *kernels; /* borrowed; the panels are in its layout */
    float *forward_panels;      /* Wᵀ [in, out] in panels; slice of the arena */
    float *backward_panels;     /* W [out, in] in panels; NULL where nobody asks for dx */
    float *bias;                /* [out] copy; NULL without bias */
} rri_linear;

/* Registers "name.weight" [out, in] and, with bias, "name.bias" [out]. */
rr_status rri_linear_declare(rri_linear *l, rri_params *params, const char *name, size_t in,
                             size_t out, bool has_bias, rr_error *err);

/* Takes the packed copies from the arena. has_input_gradient: backward_input will be called. */
void rri_linear_layout(rri_linear *l, rri_arena *arena, const rri_kernels *kernels,
                       bool has_input_gradient);

/* W ← gain · orthogonal (gain 0: zeros), b ← 0. scratch: rri_init_scratch(out, in) bytes. */
void rri_linear_init(const rri_linear *l, float *values, float gain, uint64_t seed, void *scratch);

/* Bytes of stack that any call below takes with at most n rows. After layout, counting or carving.
 */
size_t rri_linear_scratch(const rri_linear *l, size_t n);

/* Packs W and b out of the flat values. */
void rri_linear_pack(rri_linear *l, const float *values);
/* Packs other weights W [out, in] in their place. */
void rri_linear_pack_weights(rri_linear *l, const float *W);

/* y ← x Wᵀ + b, or y += x Wᵀ + b when is_added. */
void rri_linear_forward(const rri_linear *l, float *y, const float *x, size_t n, bool is_added,
                        rri_stack *scratch);

/* y ← x Wᵀ, whatever bias there is: for whoever adds it on the way (rri_activation_forward_biased).
 */
void rri_linear_multiply(const rri_linear *l, float *y, const float *x, size_t n,
                         rri_stack *scratch);

/* dx ← dy · W   written; dx NULL: nothing to do */
void rri_linear_backward_input(const rri_linear *l, float *dx, const float *dy, size_t n,
                               rri_stack *scratch);

/* The map with its gradients in an array that begins at `begin` of the flat one. */
rri_linear rri_linear_moved(const rri_linear *l, size_t begin);

/* dW[j, :] and db[j] ← 0 for outputs j in [out_begin, out_end). */
void rri_linear_zero_params(const rri_linear *l, float *gradients, size_t out_begin,
                            size_t out_end);

/* For outputs j in [out_begin, out_end), with sums over rows cut at 256 as in gemm.h:
 *   dW[j, :] += Σ_rows dy[:, j] x    added
 *   db[j]    += Σ_rows dy[:, j]      added
 * gradients: the flat array. dy [n, out], x [n, in]: every row of the minibatch. */
void rri_linear_backward_params(const rri_linear *l, float *gradients, const float *dy,
                                const float *x, size_t n, size_t out_begin, size_t out_end,
                                rri_stack *scratch);

#endif
