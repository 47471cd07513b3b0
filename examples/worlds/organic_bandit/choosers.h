/* SPDX-License-Identifier: MIT */
/* Policies that do not learn from clicks. */
#ifndef OB_CHOOSERS_H
#define OB_CHOOSERS_H

#include "world.h"

typedef enum ob_chooser {
    OB_RANDOM = 0,          /* every product alike */
    OB_POPULAR_SAMPLED = 1, /* sampled in proportion to everybody's views */
    OB_POPULAR = 2,         /* the product that everybody views most */
    OB_VIEWED_SAMPLED = 3,  /* sampled in proportion to the user's own views */
    OB_VIEWED = 4,          /* what the user viewed most; of equals, what everybody does */
    OB_LAST = 5,            /* the product that the user viewed last */
    OB_FIXED = 6,           /* one product for all: highest mean click probability over users */
    OB_INFORMED = 7, /* knows Γ, μ, β, μ′, and guesses ω from the views: see belief.h */
    OB_BEST = 8,     /* knows ω: argmax_i Φ((βω + μ′)_i), of all plays the most clicks now */
    OB_CHOOSERS = 9
} ob_chooser;

extern const char *const ob_chooser_names[OB_CHOOSERS];

#define OB_FIRST_WATCHED (UINT64_C(1) << 40) /* ids of users who are only watched */
#define OB_FIRST_TAUGHT  (UINT64_C(1) << 41) /* of users that learners learn from */

/* What the feed has counted, and which product FIXED plays. */
typedef struct ob_counts {
    double views[OB_MOST_PRODUCTS]; /* of users who were only watched */
    double n_views;
    int32_t popular;
    int32_t fixed;
} ob_counts;

/* Watches `n_users` users up to their first recommendation; FIXED's mean is over the same
 * number. */
void ob_counts_gather(ob_counts *counts, const ob_world *world, int32_t n_users);

/* What one policy came to. */
typedef struct ob_result {
    double n_shown, n_clicks;
    double expected; /* Σ click probability of what was shown: the same mean as n_clicks, less
                        noise */
} ob_result;

/* Users 0 … n_users − 1, each to her end. Memory for one user. */
void ob_chooser_play(ob_result *result, ob_chooser chooser, const ob_world *world,
                     const ob_counts *counts, int32_t n_users);

#endif
