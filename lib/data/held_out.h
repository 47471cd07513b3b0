/* SPDX-License-Identifier: MIT */
/* held_out.h: what a ranking is judged by: each user's training items, and those of the held-out
 * part that they liked. */
#ifndef RRI_DATA_HELD_OUT_H
#define RRI_DATA_HELD_OUT_H

#include "data/interactions.h"
#include "data/ratings_by.h"

typedef struct rri_held_out {
    rri_ratings_by train; /* all of the training part */
    rri_ratings_by liked; /* of the held-out part, those with a positive rating */
    rri_allocator allocator;
    void *block; /* owned: both */
    size_t block_bytes;
} rri_held_out;

/* Both parts have the users and items of one dataset. On failure nothing is to be released. */
rr_status rri_held_out_create(rri_held_out *lists, const rri_interactions *train,
                              const rri_interactions *held_out, const rri_allocator *allocator,
                              rr_error *err);
void rri_held_out_release(rri_held_out *lists);

#endif
