/* SPDX-License-Identifier: MIT */
/* als.h: alternating least squares. maths §9.
 *
 *     explicit  r̂ = μ + b_u + b_i + x_u·y_i
 *     implicit  p̂ = x_u·y_i, the preference for what was met, 1, or not, 0; μ and biases are 0
 *
 * A sweep solves all users, then all items (als_side.h). The factors are folded into vectors
 * (x_u, 1, b_u) and (y_i, b_i, 1), whose dot product is the predicted rating above μ. */
#ifndef RRI_DATA_ALS_H
#define RRI_DATA_ALS_H

#include "core/memory.h"
#include "data/interactions.h"

/* user_vectors [n_users, num_factors + 2], item_vectors [n_items, num_factors + 2]. The config is
 * one that was checked. stats may be NULL; its struct_size is left alone. On failure nothing is
 * written. */
rr_status rri_als_fit(float *user_vectors, float *item_vectors, rr_als_stats *stats,
                      const rri_interactions *data, const rr_als_config *config,
                      const rri_allocator *allocator, rr_error *err);

#endif
