/* SPDX-License-Identifier: MIT */
/* shelf.h: a catalogue packed once for all snapshots that serve it. What an agent does not learn is
 * the same in every snapshot, and need not lie in memory once for each. */
#ifndef RRI_SERVE_SHELF_H
#define RRI_SERVE_SHELF_H

#include <stdbool.h>

#include "core/memory.h"
#include "math/kernels.h"
#include "recrl/recrl.h"

typedef struct rri_shelf rri_shelf; /* opaque; immutable, shared by an atomic count of references */

/* Packs the items' vectors and keeps a reference to the items. */
rr_status rri_shelf_create(rri_shelf **out, rr_items *items, const rri_kernels *kernels,
                           const rri_allocator *allocator, rr_error *err);
rri_shelf *rri_shelf_retain(rri_shelf *shelf);
/* NULL is fine. */
void rri_shelf_release(rri_shelf *shelf);

/* Vᵀ [d, N] in panels of these kernels; NULL where the catalogue is too large to be kept twice. */
const float *rri_shelf_panels(const rri_shelf *shelf);
/* Whether it holds these items in the layout of these kernels; false for NULL. */
bool rri_shelf_holds(const rri_shelf *shelf, const rr_items *items, const rri_kernels *kernels);

#endif
