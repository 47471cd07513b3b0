/* SPDX-License-Identifier: MIT */
/* What a feed knows of its users: views, and what views say together about products. Nothing of Γ,
 * β or ω.
 *
 * P products · d width of a product's vector · n_i the user's views of product i, N their sum
 *   vectors    y_i [d]: implicit least squares of who viewed what, over users who were only
 *              watched, each coordinate scaled to mean square 1
 *   state      Σ_t w_t y_(view t) / Σ w_t with w_t = 1 and with w_t = 0.8^age; log(1 + N) / 4; and,
 *              of small catalogues, ½ log((n_i + ½) / (N + ½ P)) + ½ log P for each product
 *   features   of product i: log(1 + n_i), and 1 where it was viewed last */
#ifndef OB_FEED_H
#define OB_FEED_H

#include <recrl/recrl.h>

#include "choosers.h"
#include "world.h"

enum { OB_MOST_VECTOR = 32, OB_SMALL_CATALOGUE = 32, OB_FEATURES = 2 };
enum { OB_MOST_STATE = 2 * OB_MOST_VECTOR + 1 + OB_SMALL_CATALOGUE };

typedef struct ob_feed {
    int32_t n_products;
    int32_t dim;       /* d */
    int32_t state_dim;
    float vectors[OB_MOST_PRODUCTS][OB_MOST_VECTOR];
} ob_feed;

/* Watches n_users users and fits vectors of `n_factors` + 2 coordinates. */
rr_status ob_feed_create(ob_feed *feed, const ob_world *world, int32_t n_users, int32_t n_factors,
                         rr_error *err);
void ob_feed_state(float *state, const ob_feed *feed, const ob_user *user); /* [state_dim] */
void ob_feed_features(float *features, const ob_feed *feed, const ob_user *user); /* [P, 2] */

#endif
