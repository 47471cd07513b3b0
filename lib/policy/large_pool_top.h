/* SPDX-License-Identifier: MIT */
/* large_pool_top.h: the best positions of rows that read a pool together, one row a vector lane. */
#ifndef RRI_POLICY_LARGE_POOL_TOP_H
#define RRI_POLICY_LARGE_POOL_TOP_H

#include "policy/best.h"
#include "policy/logits.h"

/* Rows [row, row + n_rows), n_rows ≤ RRI_LOGITS_TILE, of an input without lists into best, row by
 * row from 0 on; it is empty before. maxima, log_sums [n_rows]: m and L with the bits of
 * rri_policy_forward; maxima NULL: not wanted. */
void rri_large_pool_top(rri_best *best, float *maxima, double *log_sums, const rri_logits_input *in,
                        size_t row, size_t n_rows, rri_stack *scratch);

size_t rri_large_pool_top_scratch(const rri_kernels *kernels, const rri_logits_limits *limits);

#endif
