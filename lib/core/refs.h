/* SPDX-License-Identifier: MIT */
/* refs.h: how many hold a thing. Whoever creates it holds it; the last one to let go of it frees
 * it. Any thread that holds the thing may retain and release it at any time. */
#ifndef RRI_CORE_REFS_H
#define RRI_CORE_REFS_H

#include <stdatomic.h>
#include <stdbool.h>
#include <stddef.h>

typedef struct rri_refs {
    atomic_size_t n;
} rri_refs;

/* One holder. */
static inline void rri_refs_init(rri_refs *refs)
{
    atomic_init(&refs->n, 1);
}

/* One more. The caller holds the thing already, so there is nothing to wait for. */
static inline void rri_refs_retain(rri_refs *refs)
{
    atomic_fetch_add_explicit(&refs->n, 1, memory_order_relaxed);
}

/* One less; true: that was the last one, who frees the thing. What every holder did with it has
 * happened before. */
static inline bool rri_refs_release(rri_refs *refs)
{
    return atomic_fetch_sub_explicit(&refs->n, 1, memory_order_acq_rel) == 1;
}

/* Whether the caller's reference is the only one; what former holders did has happened before. */
static inline bool rri_refs_is_alone(rri_refs *refs)
{
    return atomic_load_explicit(&refs->n, memory_order_acquire) == 1;
}

#endif
