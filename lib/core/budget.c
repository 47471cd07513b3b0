/* SPDX-License-Identifier: MIT */
#include "core/budget.h"

static void *allocate(void *user, size_t bytes, size_t alignment)
{
    rri_budget *const budget = user;
    if (bytes > budget->limit - budget->used) {
        if (budget->wanted == 0) {
            budget->wanted = rri_size_add(budget->used, bytes);
        }
        return NULL;
    }
    void *const block = budget->inner.allocate(budget->inner.user, bytes, alignment);
    budget->used += block != NULL ? bytes : 0;
    return block;
}

static void release(void *user, void *block, size_t bytes)
{
    rri_budget *const budget = user;
    budget->inner.release(budget->inner.user, block, bytes);
    budget->used -= bytes;
}

rri_allocator rri_budget_allocator(rri_budget *budget)
{
    return (rri_allocator){allocate, release, budget};
}
