/* SPDX-License-Identifier: MIT */
/* large_pool_fixture.h: rows of the twin's as one batch over a large pool. */
#ifndef TESTS_POLICY_LARGE_POOL_FIXTURE_H
#define TESTS_POLICY_LARGE_POOL_FIXTURE_H

#include "policy/large_pool_batch.h"
#include "policy_twin.h"

/* Some rows of a case as a batch, on one thread. */
typedef struct fixture {
    twin t;
    rri_stack stack;
    rri_large_pool_batch b;
} fixture;

static inline void setup(fixture *f)
{
    const twin_shape shape = {.n = 40, .n_items = 700, .dim = 6, .m = 5, .h = 7, .has_bias = true};
    twin_create(&f->t, shape, rri_kernels_detect(), 11);
    f->stack = (rri_stack){.base = TWIN_TAKE(&f->t, char, 1 << 20), .size = 1 << 20};
    rri_large_pool_batch_begin(&f->b, &f->t.in, f->t.actions, 0, f->t.shape.n, &f->stack);
}

#endif
