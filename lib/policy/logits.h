/* SPDX-License-Identifier: MIT */
/* logits.h: z_i = τ · q·v_i + w·f_i + b_i + η · e_i − κ · count_i, the score of every position of a
 * row. The weights w are one vector for all rows, or each row's own.
 *
 * e_i = √(v_iᵀ P v_i) is the standard error of a fold-in, whose P each row has (nn/fold_in.h).
 *
 * The terms are added in this order, each by its own rounding, whatever the number of rows, the
 * strip of positions or the level. q·v_i is a product on packed panels where the list is the pool,
 * and the dot product of sixteen lanes where the row has a list of its own, as is w·f_i. Positions
 * that may not be chosen have z = −∞: excluded items, items that are gone, and what lies behind a
 * list's length.
 *
 * n rows · d width of q and v · N items · k length of lists · f features.   docs/maths.md §2 */
#ifndef RRI_POLICY_LOGITS_H
#define RRI_POLICY_LOGITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/memory.h"
#include "math/gemm.h"
#include "math/kernels.h"
#include "nn/candidate_net.h"
#include "nn/fold_in.h"
#include "policy/menu.h"

/* The items as the policy sees them; borrowed. */
typedef struct rri_catalogue {
    size_t n_items, dim;
    const float *vectors; /* [N, d] */
    const float *panels;  /* Vᵀ [d, N] as gemm panels: columns = items, k = d. Read only where the
                             list is the pool; NULL: packed on the way */
    const float *query_panels;       /* V [N, d] as gemm panels: columns = d, k = items; makes
                                        backward_query quicker. NULL: packed on the way, same
                                        bits */
    const float *bias;               /* [N] or NULL: 0 */
    const float *candidate_products; /* [N, H1] C v_i of the candidates' network; NULL: made on the
                                        way, same bits */
} rri_catalogue;

typedef struct rri_head {
    float scale;                  /* τ */
    float repeat_weight;          /* κ */
    const float *feature_weights; /* w [f]; NULL: features are not read */
    size_t feature_dim;           /* f, the menu's where w is given */
    bool has_repeat_weight;       /* false: counts are not read */
    float error_weight, error_fall; /* τ β_0 and τ β_1, of η = τ (β_0 + β_1 n/(n + 10)); read with
                                       a fold-in */
    float temperature; /* divides what rows' own weights add; all else is divided already */
} rri_head;

/* All that the distribution of n rows is made of; borrowed. */
typedef struct rri_logits_input {
    const rri_kernels *kernels;
    const rri_catalogue *catalogue;
    const rri_head *head;
    const rri_menu *menu;
    const float *q;               /* [n, d] */
    const float *feature_weights; /* [n, f] of each row, in the place of the head's; or NULL */
    const rri_candidate_net *candidate_net;          /* or NULL; with lists alone */
    const float *candidate_rows, *candidate_queries; /* [n, H1] r and [n, H] g of it */
    const rri_fold_in *fold;                         /* or NULL */
    const float *covariances;                        /* [n, W, W] P */
} rri_logits_input;

/* The largest shapes that scratch must serve. */
typedef struct rri_logits_limits {
    size_t n, n_items, dim, k, m, h;
    size_t candidate_bytes; /* rri_candidates_scratch of the network, 0 without */
    size_t error_bytes;     /* rri_fold_in_scratch for RRI_SOFTMAX_BLOCK vectors, 0 without */
} rri_logits_limits;

#define RRI_LOGITS_TILE ((size_t)64) /* rows that are walked together */
#define RRI_LOGITS_STRIP                                                                           \
    ((size_t)1024) /* positions that are walked together; four blocks of 256                       \
                    */

/* At most RRI_LOGITS_TILE rows, with their histories and exclusions put in order. The slices are
 * taken from the scratch that prepare was given, which the caller rewinds. */
typedef struct rri_logits_tile {
    const rri_logits_input *in; /* borrowed */
    size_t row_begin, n_rows, width;
    int32_t *shown,
        *shown_counts;  /* [rows, h] distinct items of the history, rising; how often each */
    size_t *n_shown;    /* [rows] */
    int32_t *excluded;  /* [rows, m] distinct, rising */
    size_t *n_excluded; /* [rows] */
    struct rri_candidate_record *record; /* NULL: of candidates' outputs nothing stays */
} rri_logits_tile;

void rri_logits_prepare(rri_logits_tile *tile, const rri_logits_input *in, size_t row_begin,
                        size_t n_rows, rri_stack *scratch);

/* Z [n_rows, end − begin] with leading dimension ldz: rows [first, first + n_rows) of the tile,
 * positions [begin, end) of the width; begin is a multiple of 256. */
void rri_logits_compute(float *Z, size_t ldz, const rri_logits_tile *tile, size_t first,
                        size_t n_rows, size_t begin, size_t end, rri_stack *scratch);

/* Positions [begin, end) of n_rows rows of the menu from `first` on (no lists; life is given; begin
 * a multiple of 256): −∞ where the row's generation does not have the item. Z: item after item
 * item_stride apart, row after row row_stride. */
void rri_logits_hide(float *Z, size_t row_stride, size_t item_stride, const rri_menu *menu,
                     size_t first, size_t n_rows, size_t begin, size_t end);

/* count_i of one position of row `row` (counted in the tile). */
int32_t rri_logits_count(const rri_logits_tile *tile, size_t row, size_t position);

/* rows [n] ← v_i of n positions of the list of row `row` (counted in the tile) from `position` on:
 * the pool's, or the request's own. */
void rri_logits_vectors(const float **rows, const rri_logits_tile *tile, size_t row,
                        size_t position, size_t n);

/* beta: β_0 and β_1; NULL: none. After the head's scale. */
void rri_logits_set_optimism(rri_head *head, const float *beta);
/* n/(n + 10) of the n items that row `row` (counted in the tile) was shown. */
float rri_logits_acquaintance(const rri_logits_tile *tile, size_t row);

/* errors [n ≤ 256] ← e_i of positions of row `row` (counted in the tile) from `position` on. */
void rri_logits_errors(float *errors, const rri_logits_tile *tile, size_t row, size_t position,
                       size_t n, rri_stack *scratch);

/* Bytes that prepare leaves taken, and that compute takes on top. */
size_t rri_logits_prepare_scratch(const rri_logits_limits *limits);
size_t rri_logits_compute_scratch(const rri_kernels *kernels, const rri_logits_limits *limits);

#endif
