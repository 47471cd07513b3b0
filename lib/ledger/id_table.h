/* SPDX-License-Identifier: MIT */
/* id_table.h: from the host's 64-bit ids to places, in a number of slots that is fixed at once.
 *
 * Open addressing with linear probing over a well-mixed hash; what is removed leaves no trace, so
 * that a table never grows tired. At most three slots in four are taken. */
#ifndef RRI_RL_ID_TABLE_H
#define RRI_RL_ID_TABLE_H

#include "core/memory.h"

typedef struct rri_id_table {
    uint64_t *ids;   /* [n_slots] read where places is not −1 */
    int32_t *places; /* [n_slots] −1: free */
    size_t n_slots;  /* a power of two; 0: an empty table that is never filled */
} rri_id_table;

/* Room for max_ids ids. Run twice, as memory.h says; then clear. */
void rri_id_table_layout(rri_id_table *table, rri_arena *arena, size_t max_ids);
void rri_id_table_clear(rri_id_table *table);

/* −1 where the id is not in the table. */
int32_t rri_id_table_find(const rri_id_table *table, uint64_t id);
/* The id is not in the table; place ≥ 0. */
void rri_id_table_add(rri_id_table *table, uint64_t id, int32_t place);
/* An id that is not there is fine. */
void rri_id_table_remove(rri_id_table *table, uint64_t id);

#endif
