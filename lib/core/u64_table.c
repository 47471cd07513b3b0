/* SPDX-License-Identifier: MIT */
#include "core/u64_table.h"

#include <errno.h>
#include <stdatomic.h>
#include <string.h>

#if defined(__linux__)
#include <sys/random.h>
#endif

/* Where the system gives no randomness (an old kernel, a strict sandbox): where the table lies, and
 * how many there were before, which is no secret but differs from process to process. */
static void draw_poorly(uint64_t salt[2], const void *place)
{
    static _Atomic uint32_t n_drawn;
    salt[0] = rri_hash_mix((uint64_t)(uintptr_t)place + 1);
    salt[1] = rri_hash_mix(salt[0] + atomic_fetch_add(&n_drawn, 1));
}

void rri_u64_table_draw_salt(uint64_t salt[2], const void *place)
{
    bool is_drawn = false;
#if defined(__linux__)
    const int before = errno;
    is_drawn = getrandom(salt, 2 * sizeof salt[0], GRND_NONBLOCK) == (ssize_t)(2 * sizeof salt[0]);
    errno = before;
#endif
    if (!is_drawn) {
        draw_poorly(salt, place);
    }
    salt[1] |= 1;
}

size_t rri_u64_table_slots(size_t n)
{
    size_t n_slots = n > 0 ? 4 : 0;
    while (n_slots / 2 < n) {
        if (n_slots > SIZE_MAX / 2) {
            return SIZE_MAX;
        }
        n_slots *= 2;
    }
    return n_slots;
}

void rri_u64_table_layout(rri_u64_table *table, rri_arena *arena, size_t n_slots)
{
    table->n_slots = n_slots;
    table->slots = RRI_TAKE(arena, int32_t, n_slots);
}

void rri_u64_table_clear(rri_u64_table *table)
{
    if (table->n_slots > 0) {
        memset(table->slots, 0xff, table->n_slots * sizeof table->slots[0]); /* −1 */
        rri_u64_table_draw_salt(table->salt, table->slots);
    }
}

/* What follows in the run moves up into the gap, unless that would be before its home. */
void rri_u64_table_remove(rri_u64_table *table, const uint64_t *keys, uint64_t key)
{
    int32_t *const slots = table->slots;
    if (rri_u64_table_find(table, keys, key) < 0) {
        return;
    }
    const size_t mask = table->n_slots - 1;
    size_t gap = (size_t)(rri_u64_table_slot(table, keys, key) - slots);
    for (size_t slot = (gap + 1) & mask; slots[slot] >= 0; slot = (slot + 1) & mask) {
        const size_t home = rri_u64_table_home(table, keys[slots[slot]]);
        if (((slot - home) & mask) >= ((slot - gap) & mask)) {
            slots[gap] = slots[slot];
            gap = slot;
        }
    }
    slots[gap] = -1;
}
