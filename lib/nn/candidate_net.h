/* SPDX-License-Identifier: MIT */
/* candidate_net.h: a network that sees each candidate of a list beside the state. maths §2.
 *
 *     h¹_i = act(A f_i + C v_i + r)   r = B s + b, once a row
 *     h_i  = further layers of h¹_i
 *     z_i += g·h_i                    g = u + T (τ q), once a row
 *
 * g·h_i is τ q·t_i + y_i with t_i = Tᵀ h_i and y_i = u·h_i: the last layer meets the query before
 * it meets the candidates, so it costs one product a row. A bias behind it would add one number to
 * all candidates of a row, which the softmax does not see, so there is none.
 *
 * Candidates pass in blocks, whatever row they are of: a candidate has the same bits in any block.
 *
 * n candidates · f features · d width of v and q · S state · H1, H widths of the first and the last
 * layer. */
#ifndef RRI_NN_CANDIDATE_NET_H
#define RRI_NN_CANDIDATE_NET_H

#include "nn/linear.h"
#include "nn/params.h"

#define RRI_CANDIDATE_LAYERS ((size_t)4)
#define RRI_CANDIDATE_BLOCK  ((size_t)240) /* candidates that pass together */

/* Starts as {0}, which is: there is none. */
typedef struct rri_candidate_net {
    size_t n_layers; /* of h; 0: there is no network */
    int32_t activation;
    rri_linear features, vectors;                /* A [H1, f], C [H1, d]; no bias */
    rri_linear layers[RRI_CANDIDATE_LAYERS - 1]; /* from h¹ on */
    rri_linear states;                           /* B [H1, S], b */
    rri_linear query;                            /* T [H, d], u */
    size_t begin, end; /* in the flat arrays: A, C and the layers, whose gradients tiles sum */
} rri_candidate_net;

/* What is known of a block of candidates; borrowed. */
typedef struct rri_candidate_block {
    size_t n;                    /* at most RRI_CANDIDATE_BLOCK */
    const float *features;       /* [n, f] */
    const float *const *vectors; /* [n] v_i [d] */
    const float *const *kept;    /* [n] C v_i [H1] made before, NULL: to be made here */
    const float *const *rows;    /* [n] r [H1] of its row */
    const float *const *queries; /* [n] g [H] of its row */
} rri_candidate_block;

/* What forward leaves for backward. */
typedef struct rri_candidate_tape {
    float *outputs[RRI_CANDIDATE_LAYERS]; /* [room, width] each layer's, activated */
    float *vectors;                       /* [room, d] those whose C v_i was made, in order */
} rri_candidate_tape;

/* hidden: widths, 0 ends the list. */
rr_status rri_candidate_net_declare(rri_candidate_net *net, rri_params *params,
                                    const int32_t hidden[4], size_t feature_dim, size_t dim,
                                    size_t state_dim, int32_t activation, rr_error *err);
/* has_input_gradient: B will be asked for the slopes of what it reads. */
void rri_candidate_net_layout(rri_candidate_net *net, rri_arena *arena, const rri_kernels *kernels,
                              bool has_input_gradient);
size_t rri_candidate_net_init_scratch(const rri_candidate_net *net);
/* Orthogonal; T and u at 0, so that the first scores are those without the network. */
void rri_candidate_net_init(const rri_candidate_net *net, float *values, uint64_t seed,
                            void *scratch);
void rri_candidate_net_pack(rri_candidate_net *net, const float *values);

size_t rri_candidate_net_first(const rri_candidate_net *net); /* H1 */
size_t rri_candidate_net_last(const rri_candidate_net *net);  /* H */

/* Room for so many candidates, taken from a stack; the caller rewinds. */
rri_candidate_tape rri_candidate_tape_take(const rri_candidate_net *net, size_t room,
                                           rri_stack *scratch);
size_t rri_candidate_tape_bytes(const rri_candidate_net *net, size_t room);
/* The tape from a candidate on. */
rri_candidate_tape rri_candidate_tape_at(const rri_candidate_net *net,
                                         const rri_candidate_tape *tape, size_t first);
/* What is there of one candidate, in the place of another. */
void rri_candidate_tape_move(const rri_candidate_net *net, rri_candidate_tape *tape, size_t to,
                             size_t from);

/* tape->outputs of a block. */
void rri_candidate_net_forward(const rri_candidate_net *net, rri_candidate_tape *tape,
                               const rri_candidate_block *block, rri_stack *scratch);

/* Where the slopes of a block go: all added. */
typedef struct rri_candidate_slopes {
    float *params;           /* [end − begin] dA, dC and the layers' */
    float *const *d_rows;    /* [n] dr [H1] of its row: Σ_i of the first layer's slopes */
    float *const *d_queries; /* [n] dg [H] of its row: Σ_i dz_i h_i */
} rri_candidate_slopes;

/* From dz [n] of a block whose forward made every C v_i (kept NULL throughout). Of the block its n,
 * features and queries are read. */
void rri_candidate_net_backward(const rri_candidate_net *net, const rri_candidate_slopes *slopes,
                                const float *dz, const rri_candidate_tape *tape,
                                const rri_candidate_block *block, rri_stack *scratch);

/* Bytes of stack for a call of forward or backward. After layout. */
size_t rri_candidate_net_scratch(const rri_candidate_net *net);

#endif
