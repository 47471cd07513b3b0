/* SPDX-License-Identifier: MIT */
#include "serve/shared_items.h"

#include "core/refs.h"
#include "core/status.h"
#include "items/items.h"
#include "math/gemm.h"
#include "model/network.h"

struct rri_shared_items {
    rri_refs refs;
    rri_allocator allocator;
    size_t bytes;
    rr_items *items; /* a reference */
    const rri_kernels *kernels;
    float *panels;
};

static float *layout(rri_arena *arena, const rr_items *items, const rri_kernels *kernels)
{
    (void)RRI_TAKE(arena, rri_shared_items, 1);
    const size_t n_floats =
        rri_network_panel_floats(kernels, rri_items_count(items), rri_items_dim(items));
    return n_floats > 0 ? RRI_TAKE(arena, float, n_floats) : NULL;
}

size_t rri_shared_items_memory(const rr_items *items, const rri_kernels *kernels)
{
    rri_arena arena = {0};
    (void)layout(&arena, items, kernels);
    return rri_memory_size(arena.used);
}

rr_status rri_shared_items_create(rri_shared_items **out, rr_items *items,
                                  const rri_kernels *kernels, const rri_allocator *allocator,
                                  rr_error *err)
{
    rri_arena arena = {0};
    (void)layout(&arena, items, kernels);
    RRI_TRY(rri_arena_create(&arena, arena.used, allocator, "packed catalogue", err));
    rri_shared_items *shared = (rri_shared_items *)(void *)arena.base;
    shared->panels = layout(&arena, items, kernels);
    shared->bytes = arena.used;
    rri_refs_init(&shared->refs);
    shared->allocator = *allocator;
    shared->items = rri_items_retain(items);
    shared->kernels = kernels;
    const size_t dim = rri_items_dim(items);
    if (shared->panels != NULL) {
        rri_panels_pack(kernels, shared->panels, rri_view_transposed(rri_items_vectors(items), dim),
                        dim, rri_items_count(items));
    }
    *out = shared;
    return RR_OK;
}

rri_shared_items *rri_shared_items_retain(rri_shared_items *shared)
{
    if (shared != NULL) {
        rri_refs_retain(&shared->refs);
    }
    return shared;
}

void rri_shared_items_release(rri_shared_items *shared)
{
    if (shared == NULL || !rri_refs_release(&shared->refs)) {
        return;
    }
    const rri_allocator allocator = shared->allocator;
    rri_items_release(shared->items);
    rri_memory_release(&allocator, shared, shared->bytes);
}

const float *rri_shared_items_panels(const rri_shared_items *shared)
{
    return shared->panels;
}

bool rri_shared_items_holds(const rri_shared_items *shared, const rr_items *items,
                            const rri_kernels *kernels)
{
    return shared != NULL && shared->items == items && shared->kernels == kernels;
}
