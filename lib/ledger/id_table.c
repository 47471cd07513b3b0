/* SPDX-License-Identifier: MIT */
#include "ledger/id_table.h"

#include <string.h>

#include "core/hash.h"

void rri_id_table_layout(rri_id_table *table, rri_arena *arena, size_t max_ids)
{
    size_t n_slots = max_ids > 0 ? 1 : 0;
    while (n_slots > 0 && n_slots / 4 * 3 < max_ids) {
        n_slots *= 2;
    }
    table->n_slots = n_slots;
    table->ids = RRI_TAKE(arena, uint64_t, n_slots);
    table->places = RRI_TAKE(arena, int32_t, n_slots);
}

void rri_id_table_clear(rri_id_table *table)
{
    if (table->n_slots > 0) {
        memset(table->places, 0xff, table->n_slots * sizeof table->places[0]); /* −1 */
    }
}

static size_t home_of(const rri_id_table *table, uint64_t id)
{
    return (size_t)rri_hash_mix(id) & (table->n_slots - 1);
}

/* The slot of the id, or the free one where it belongs. */
static size_t find_slot(const rri_id_table *table, uint64_t id)
{
    size_t slot = home_of(table, id);
    while (table->places[slot] >= 0 && table->ids[slot] != id) {
        slot = (slot + 1) & (table->n_slots - 1);
    }
    return slot;
}

int32_t rri_id_table_find(const rri_id_table *table, uint64_t id)
{
    return table->n_slots > 0 ? table->places[find_slot(table, id)] : -1;
}

void rri_id_table_add(rri_id_table *table, uint64_t id, int32_t place)
{
    const size_t slot = find_slot(table, id);
    table->ids[slot] = id;
    table->places[slot] = place;
}

/* What follows in the run moves up into the gap, unless that would be before its home. */
void rri_id_table_remove(rri_id_table *table, uint64_t id)
{
    const size_t mask = table->n_slots - 1;
    size_t gap = find_slot(table, id);
    if (table->places[gap] < 0) {
        return;
    }
    for (size_t slot = (gap + 1) & mask; table->places[slot] >= 0; slot = (slot + 1) & mask) {
        const size_t from_home = (slot - home_of(table, table->ids[slot])) & mask;
        if (from_home >= ((slot - gap) & mask)) {
            table->ids[gap] = table->ids[slot];
            table->places[gap] = table->places[slot];
            gap = slot;
        }
    }
    table->places[gap] = -1;
}
