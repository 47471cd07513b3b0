/* SPDX-License-Identifier: MIT */
#include "data/held_out.h"

#include "core/status.h"

/* is_skipped: scratch for the marks of either part. */
static void layout(rri_held_out *lists, uint8_t **is_skipped, rri_arena *arena,
                   const rri_interactions *train, const rri_interactions *held_out)
{
    const size_t n_users = train->user_table.n_keys;
    rri_ratings_by_layout(&lists->train, arena, n_users, train->n);
    rri_ratings_by_layout(&lists->liked, arena, n_users, held_out->n);
    *is_skipped = RRI_TAKE(arena, uint8_t, train->n > held_out->n ? train->n : held_out->n);
}

rr_status rri_held_out_create(rri_held_out *lists, const rri_interactions *train,
                              const rri_interactions *held_out, const rri_allocator *allocator,
                              rr_error *err)
{
    uint8_t *is_skipped = NULL;
    rri_arena arena = {.base = NULL};
    *lists = (rri_held_out){.allocator = *allocator};
    layout(lists, &is_skipped, &arena, train, held_out);
    RRI_TRY(rri_arena_create(&arena, arena.used, allocator, "items by user", err));
    layout(lists, &is_skipped, &arena, train, held_out);
    lists->block = arena.base;
    lists->block_bytes = arena.used;
    rri_ratings_by_fill(&lists->train, train->users, train->items, train->ratings, is_skipped,
                        train->n);
    for (size_t i = 0; i < held_out->n; i++) {
        is_skipped[i] = held_out->ratings[i] > 0.0f ? 0 : 1;
    }
    rri_ratings_by_fill(&lists->liked, held_out->users, held_out->items, held_out->ratings,
                        is_skipped, held_out->n);
    return RR_OK;
}

void rri_held_out_release(rri_held_out *lists)
{
    rri_memory_release(&lists->allocator, lists->block, lists->block_bytes);
}
