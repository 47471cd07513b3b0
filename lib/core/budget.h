/* SPDX-License-Identifier: MIT */
/* budget.h: an allocator that counts what it has given out, and gives no more than a limit. */
#ifndef RRI_CORE_BUDGET_H
#define RRI_CORE_BUDGET_H

#include "core/memory.h"

typedef struct rri_budget {
    rri_allocator inner;
    size_t limit;  /* bytes; SIZE_MAX: none */
    size_t used;   /* bytes given out */
    size_t wanted; /* used and asked for together, when something was first refused; else 0 */
} rri_budget;

/* The budget must stay where it is for as long as the allocator is used. Not for several threads at
 * once. */
rri_allocator rri_budget_allocator(rri_budget *budget);

#endif
