/* SPDX-License-Identifier: MIT */
#include "serve/shelf.h"

#include <stdatomic.h>

#include "core/status.h"
#include "items/items.h"
#include "math/gemm.h"
#include "model/network.h"

struct rri_shelf {
    atomic_size_t n_references;
    rri_allocator allocator;
    size_t bytes;
    rr_items *items; /* a reference */
    const rri_kernels *kernels;
    float *panels;
};

static float *layout(rri_arena *arena, const rr_items *items, const rri_kernels *kernels)
{
    (void)RRI_TAKE(arena, rri_shelf, 1);
    const size_t n_floats =
        rri_network_panel_floats(kernels, rri_items_count(items), rri_items_dim(items));
    return n_floats > 0 ? RRI_TAKE(arena, float, n_floats) : NULL;
}

rr_status rri_shelf_create(rri_shelf **out, rr_items *items, const rri_kernels *kernels,
                           const rri_allocator *allocator, rr_error *err)
{
    rri_arena arena = {0};
    (void)layout(&arena, items, kernels);
    if (arena.has_overflowed) {
        RRI_FAIL(err, RR_E_MEMORY, "policy: its catalogue does not fit into the address space");
    }
    void *block;
    RRI_TRY(rri_memory_allocate(&block, allocator, arena.used, "packed catalogue", err));
    rri_shelf *shelf = block;
    shelf->bytes = arena.used;
    arena = (rri_arena){.base = block};
    shelf->panels = layout(&arena, items, kernels);
    atomic_init(&shelf->n_references, 1);
    shelf->allocator = *allocator;
    shelf->items = rri_items_retain(items);
    shelf->kernels = kernels;
    const size_t dim = rri_items_dim(items);
    if (shelf->panels != NULL) {
        rri_panels_pack(kernels, shelf->panels, rri_view_transposed(rri_items_vectors(items), dim),
                        dim, rri_items_count(items));
    }
    *out = shelf;
    return RR_OK;
}

rri_shelf *rri_shelf_retain(rri_shelf *shelf)
{
    if (shelf != NULL) {
        atomic_fetch_add_explicit(&shelf->n_references, 1, memory_order_relaxed);
    }
    return shelf;
}

void rri_shelf_release(rri_shelf *shelf)
{
    if (shelf == NULL ||
        atomic_fetch_sub_explicit(&shelf->n_references, 1, memory_order_acq_rel) != 1) {
        return;
    }
    const rri_allocator allocator = shelf->allocator;
    rri_items_release(shelf->items);
    rri_memory_release(&allocator, shelf, shelf->bytes);
}

const float *rri_shelf_panels(const rri_shelf *shelf)
{
    return shelf->panels;
}

bool rri_shelf_holds(const rri_shelf *shelf, const rr_items *items, const rri_kernels *kernels)
{
    return shelf != NULL && shelf->items == items && shelf->kernels == kernels;
}
