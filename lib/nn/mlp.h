/* SPDX-License-Identifier: MIT */
/* mlp.h: linear layers with an activation after each but perhaps the last.
 *   h_0 = x,  h_{l+1} = f(h_l W_lᵀ + b_l),  y = h_{n_layers}
 *
 * A tape holds the outputs of each layer for the rows of a minibatch; a second tape of the same
 * shape holds their slopes. An update goes: forward per tile of rows; the loss writes ∂loss/∂y into
 * the last slopes; backward_input per tile; backward_params per task, over all rows. With no layers
 * the MLP is absent: declare, layout, pack and init do nothing, and forward must not be called. */
#ifndef RRI_NN_MLP_H
#define RRI_NN_MLP_H

#include "nn/linear.h"

#define RRI_MLP_MAX_LAYERS ((size_t)5) /* four hidden ones and an output */

typedef struct rri_mlp_shape {
    size_t in;
    size_t widths[RRI_MLP_MAX_LAYERS]; /* [n_layers] outputs of each layer */
    size_t n_layers;                   /* 0 … RRI_MLP_MAX_LAYERS */
    int32_t activation;
    bool activates_last;
    bool lacks_last_bias; /* the last layer is W x alone */
} rri_mlp_shape;

typedef struct rri_mlp {
    rri_mlp_shape shape;
    rri_linear layers[RRI_MLP_MAX_LAYERS]; /* [n_layers] */
} rri_mlp;

typedef struct rri_mlp_tape {
    float *outputs[RRI_MLP_MAX_LAYERS]; /* [n_layers] each [max_rows, width]; slices of the arena */
} rri_mlp_tape;

/* Registers "prefix.0.weight", "prefix.0.bias", "prefix.1.weight", … */
rr_status rri_mlp_declare(rri_mlp *mlp, rri_params *params, const char *prefix,
                          const rri_mlp_shape *shape, rr_error *err);
/* has_input_gradient: backward_input will be asked for dx. */
void rri_mlp_layout(rri_mlp *mlp, rri_arena *arena, const rri_kernels *kernels,
                    bool has_input_gradient);
void rri_mlp_tape_layout(rri_mlp_tape *tape, rri_arena *arena, const rri_mlp *mlp, size_t max_rows);

/* Orthogonal, gain √2 for all layers but the last, last_gain there (0: zeros); zero biases.
 * scratch: rri_mlp_init_scratch bytes. */
size_t rri_mlp_init_scratch(const rri_mlp *mlp);
void rri_mlp_init(const rri_mlp *mlp, float *values, float last_gain, uint64_t seed, void *scratch);

/* Bytes of stack that any call below takes with at most n rows (those of the whole minibatch). */
size_t rri_mlp_scratch(const rri_mlp *mlp, size_t n);

void rri_mlp_pack(rri_mlp *mlp, const float *values);

/* The outputs of the last layer, [max_rows, width]. In a tape of slopes: where ∂loss/∂y is put. */
float *rri_mlp_last(const rri_mlp *mlp, const rri_mlp_tape *tape);

/* Rows [row_begin, row_end) of every layer's outputs from the same rows of x [rows, in]. */
void rri_mlp_forward(const rri_mlp *mlp, rri_mlp_tape *tape, const float *x, size_t row_begin,
                     size_t row_end, rri_stack *scratch);

/* On entry the last slopes hold ∂loss/∂y for these rows; on return each layer's hold the slope in
 * what went into its activation, which is what backward_params reads.
 *   dx [rows, in]  written for these rows; NULL where nobody below asks */
void rri_mlp_backward_input(const rri_mlp *mlp, float *dx, rri_mlp_tape *slopes,
                            const rri_mlp_tape *tape, size_t row_begin, size_t row_end,
                            rri_stack *scratch);

/* Tasks are (layer, block of RRI_LINEAR_BLOCK outputs); each owns its part of the gradients, so
 * they may run on any threads in any order. x, tape and slopes: all n rows of the minibatch.
 *   gradients (flat)  added; zero_params clears a task's part */
size_t rri_mlp_n_tasks(const rri_mlp *mlp);
void rri_mlp_zero_params(const rri_mlp *mlp, float *gradients, size_t task);
void rri_mlp_backward_params(const rri_mlp *mlp, float *gradients, const rri_mlp_tape *slopes,
                             const rri_mlp_tape *tape, const float *x, size_t n, size_t task,
                             rri_stack *scratch);

#endif
