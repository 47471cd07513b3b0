/* SPDX-License-Identifier: MIT */
/* shared_items.h: a catalogue packed once for all snapshots that serve it. What an agent does not
 * learn is the same in every snapshot, and need not lie in memory once for each. */
#ifndef RRI_SERVE_SHARED_ITEMS_H
#define RRI_SERVE_SHARED_ITEMS_H

#include <stdbool.h>

#include "core/memory.h"
#include "math/kernels.h"
#include "recrl/recrl.h"

typedef struct rri_shared_items
    rri_shared_items; /* opaque; immutable, shared by an atomic count of references */

/* Packs the items' vectors and keeps a reference to the items. */
rr_status rri_shared_items_create(rri_shared_items **out, rr_items *items,
                                  const rri_kernels *kernels, const rri_allocator *allocator,
                                  rr_error *err);
/* Bytes that create takes. */
size_t rri_shared_items_memory(const rr_items *items, const rri_kernels *kernels);
rri_shared_items *rri_shared_items_retain(rri_shared_items *shared);
/* NULL is fine. */
void rri_shared_items_release(rri_shared_items *shared);

/* Vᵀ [d, N] in panels of these kernels; NULL where the catalogue is too large to be kept twice. */
const float *rri_shared_items_panels(const rri_shared_items *shared);
/* Whether it holds these items in the layout of these kernels; false for NULL. */
bool rri_shared_items_holds(const rri_shared_items *shared, const rr_items *items,
                            const rri_kernels *kernels);

#endif
