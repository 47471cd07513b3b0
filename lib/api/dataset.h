/* SPDX-License-Identifier: MIT */
/* dataset.h: what is behind the handle rr_dataset. */
#ifndef RRI_API_DATASET_H
#define RRI_API_DATASET_H

#include "core/budget.h"
#include "data/interactions.h"

struct rr_dataset {
    rri_allocator allocator; /* the host's, for this struct */
    rri_budget budget;       /* what the rows come from */
    rri_interactions rows;
};

#endif
