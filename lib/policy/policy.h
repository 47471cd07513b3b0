/* SPDX-License-Identifier: MIT */
/* policy.h: the softmax policy over items: log-probabilities, entropies and their gradients.
 *
 *     m = max z    L = log Σ exp(z − m)    log π(a) = (z_a − m) − L    H = −Σ p log p
 * For a loss with slopes g = ∂ℓ/∂log π(a) and e = ∂ℓ/∂H of each row:
 *     dz_i = g (1[i = a] − p_i) − e p_i (log p_i + H)
 *     dq = τ Σ_i dz_i v_i    d log τ = Σ_rows q·dq    dκ = −Σ dz_i count_i    dw = Σ dz_i f_i
 *     dv_i = τ Σ_rows dz_i q    db_i = Σ_rows dz_i
 *
 * One pass over strips of positions keeps (m, Σ exp(z − m), Σ exp(z − m)(z − m)); backward reads
 * the logits off the tape or makes them again. Everything here runs on the calling thread, walks
 * tiles of at most 64 rows, and gives a row the same bits whatever rows and ranges it is computed
 * with. Inputs are valid (rri_menu_check); actions are positions.
 *
 * n rows · N items · d width of q · width: k, or N without lists.   docs/maths.md §3 */
#ifndef RRI_POLICY_POLICY_H
#define RRI_POLICY_POLICY_H

#include "policy/logits.h"

/* Another policy that this one is to stay near: policy/reference.h. */
typedef struct rri_reference rri_reference;

/* What forward leaves for backward; the caller's arrays, rows counted as in the input. */
typedef struct rri_policy_tape {
    float *maxima;       /* [n] m */
    double *log_sums;    /* [n] L */
    float *entropies;    /* [n] H */
    float *logits;       /* [n, width] z; NULL: not kept, backward makes them again */
    float *block_maxima; /* [n, blocks of 256 of the width] or NULL. Given with logits where no
                            loss reads the entropy (e = 0): forward then leaves exp(z − this) in
                            logits, and backward needs no exponential of its own */
    float *d_logits; /* [n, width] dz, written by backward_query_tile and read by backward_items,
                        which else  makes them again. May be `logits` itself (then forward must come
                        between two  backwards); NULL: not kept */
    const rri_reference *reference; /* whose slopes backward adds; NULL: none. Without block_maxima
                                       alone */
} rri_policy_tape;

/* Sums over rows that one call of backward_query_tile adds to; add the tiles' sums in order of
 * rows. */
typedef struct rri_policy_sums {
    double d_log_scale;
    double d_repeat_weight;
    double d_error_weight, d_error_fall; /* 0 without a fold-in */
    double *d_feature_weights; /* [f]; NULL where the head reads no features */
    float *d_row_weights;      /* [n, f] Σ_i dz_i f_i of each row; NULL: not asked for */
} rri_policy_sums;

/* log_probs [n] of actions [n] (both may be NULL) and the tape, for rows [row_begin, row_end).
 * An excluded action has −∞. What overflows comes out as NaN, never as a wrong number. */
void rri_policy_forward(float *log_probs, rri_policy_tape *tape, const rri_logits_input *in,
                        const int32_t *actions, size_t row_begin, size_t row_end,
                        rri_stack *scratch);

/* The same for the rows of a tile that has been prepared (rri_logits_prepare), at most 64, so that
 * forward and backward share the preparation. log_probs and actions are those of all rows. */
void rri_policy_forward_tile(float *log_probs, rri_policy_tape *tape, const rri_logits_tile *tile,
                             const int32_t *actions, rri_stack *scratch);

/* dq of the tile's rows written and sums added (NULL: not). d_log_probs [n] is g of each row;
 * d_entropy is e of every row: −c_H / n for a bonus of c_H on the mean entropy. d_log_scale is
 * summed whether or not the caller learns τ. */
void rri_policy_backward_query_tile(float *dq, rri_policy_sums *sums, rri_policy_tape *tape,
                                    const rri_logits_tile *tile, const int32_t *actions,
                                    const float *d_log_probs, float d_entropy, rri_stack *scratch);

/* dV [N, d] and db [N] (each may be NULL) added for items [item_begin, item_end) over all n
 * rows; rows add in order, so that ranges may be shared out in any way (begin a multiple of 256).
 * The request's own vectors get no gradient. */
void rri_policy_backward_items(float *dV, float *db, const rri_policy_tape *tape,
                               const rri_logits_input *in, const int32_t *actions,
                               const float *d_log_probs, float d_entropy, size_t item_begin,
                               size_t item_end, rri_stack *scratch);

/* all [n, width]: the log-probability of every position, −∞ where it may not be chosen; the bits of
 * forward. For rows [row_begin, row_end). */
void rri_policy_log_probs(float *all, const rri_logits_input *in, size_t row_begin, size_t row_end,
                          rri_stack *scratch);

/* Bytes of stack that suffice for any function of this header; with a reference
 * rri_reference_scratch more. */
size_t rri_policy_scratch(const rri_kernels *kernels, const rri_logits_limits *limits);

#endif
