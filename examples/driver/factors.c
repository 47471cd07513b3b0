/* SPDX-License-Identifier: MIT */
#include "factors.h"

#include <stdlib.h>

#include "text.h"

static const float HELD_OUT = 0.1f;

/* What is left to train on, and what is held out. */
static void part(rr_dataset *parts[2], const world *w)
{
    rr_error err;
    rr_dataset *dataset = world_load(w);
    uint8_t *marks = text_allocate((size_t)rr_dataset_count(dataset), 1);
    text_require(rr_dataset_split_rows(dataset, RR_SPLIT_PER_USER, HELD_OUT, 0, marks, &err), &err);
    for (uint8_t i = 0; i < 2; i++) {
        text_require(rr_dataset_select(&parts[i], dataset, marks, i, NULL, &err), &err);
    }
    free(marks);
    rr_dataset_destroy(dataset);
}

rr_ranking factors_rank(const world *w, const settings *s)
{
    rr_error err;
    rr_dataset *parts[2];
    rr_ranking found = {.struct_size = sizeof found};
    part(parts, w);
    const size_t d = (size_t)w->dim;
    float *users = text_allocate((size_t)rr_dataset_user_count(parts[0]) * d, sizeof(float));
    float *items = text_allocate((size_t)rr_dataset_item_count(parts[0]) * d, sizeof(float));
    text_require(rr_dataset_fit_als(parts[0], &s->als, users, items, NULL, NULL, &err), &err);
    text_require(rr_dataset_rank(parts[0], parts[1], users, items, w->dim, FACTORS_RANKED,
                                 s->als.num_threads, &found, NULL, &err),
                 &err);
    free(users);
    free(items);
    rr_dataset_destroy(parts[0]);
    rr_dataset_destroy(parts[1]);
    return found;
}
