/* SPDX-License-Identifier: MIT */
/* candidates.h: what the network of nn/candidate_net.h adds to the scores of listed candidates, and
 * what flows back. The candidates of a tile pass in blocks, row after row in order of positions;
 * one that may not be chosen does not pass.
 *
 *     z_i += g·h_i / T     T the temperature of the head
 *     dg = Σ_i dz_i h_i    dh_i = dz_i g     then the network's own    maths §3 */
#ifndef RRI_POLICY_CANDIDATES_H
#define RRI_POLICY_CANDIDATES_H

#include "policy/logits.h"

/* Z of rows [first, first + n_rows) of the tile, positions [begin, end): −∞ stays. Where the input
 * has no network, nothing. */
void rri_candidates_add(float *Z, size_t ldz, const rri_logits_tile *tile, size_t first,
                        size_t n_rows, size_t begin, size_t end, rri_stack *scratch);

/* Gradients of a tile's rows; rows are counted as in the input. */
typedef struct rri_candidate_gradients {
    float *params;    /* [end − begin of the network] added */
    float *d_rows;    /* [n, H1] dr, written */
    float *d_queries; /* [n, H] dg, written */
} rri_candidate_gradients;

/* From dZ [n_rows, width] of a tile of lists at temperature 1: by what the tile's record has of
 * them, else by outputs that are made again. */
void rri_candidates_backward(const rri_candidate_gradients *gradients, const float *dZ,
                             const rri_logits_tile *tile, rri_stack *scratch);

/* What forward leaves of the candidates of a tile, so that backward does not make it again. */
typedef struct rri_candidate_record {
    size_t n;                /* candidates, row after row in order of positions; 0 at first */
    rri_candidate_tape tape; /* [room, ·] */
    float *features;         /* [room, f] */
    size_t *places;          /* [room] row of the tile · its width + position */
} rri_candidate_record;

/* Rows go forward and backward together while what stays of them is near (NEAR bytes, a quarter of
 * a second cache), one at least where it has no more than MOST; what is beyond is made again. */
#define RRI_CANDIDATES_NEAR ((size_t)1 << 19)
#define RRI_CANDIDATES_MOST ((size_t)4 << 20)

/* How many of n_rows rows of `width` candidates go together; 0: none is recorded. */
size_t rri_candidates_recorded_rows(const rri_candidate_net *net, size_t width, size_t n_rows);
/* Bytes of stack that a record takes of any such rows up to this width. */
size_t rri_candidates_record_bytes(const rri_candidate_net *net, size_t width, size_t n_rows);
rri_candidate_record rri_candidates_take_record(const rri_candidate_net *net, size_t width,
                                                size_t n_rows, rri_stack *scratch);

/* Bytes of stack that add or backward takes. */
size_t rri_candidates_scratch(const rri_candidate_net *net);

#endif
