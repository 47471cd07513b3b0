/* SPDX-License-Identifier: MIT */
/* distinct.c: every place of the list writes itself into the slot of its item, then looks who
 * stayed.
 *
 * If it is another place with the same item, that item is there twice. If it is a place with
 * another item, nothing is known yet, and the place goes into the next round with another hash; all
 * places of one item do so together, or one of them stayed. Each round settles at least one place a
 * slot. No slot is read that this round did not write, so the table need not be cleared. */
#include "policy/distinct.h"

/* 4 slots or more a place: three rounds settle most lists. */
static size_t slots_of(size_t n)
{
    size_t n_slots = 16;
    while (n_slots < 4 * n) {
        n_slots *= 2;
    }
    return n_slots;
}

/* The middle bits of a product; mask: slots − 1. */
static size_t slot_of(int32_t item, uint32_t factor, size_t mask)
{
    return (size_t)((uint64_t)(uint32_t)item * factor >> 20) & mask;
}

/* Places [n] of this round (NULL: all of them). Returns how many are `open` for the next; clears
 * is_distinct where an item came again. open may be places. */
static size_t settle(uint32_t *open, bool *is_distinct, uint32_t *slots, const int32_t *items,
                     const uint32_t *places, size_t n, uint32_t factor, size_t mask)
{
    for (size_t i = 0; i < n; i++) {
        const uint32_t place = places != NULL ? places[i] : (uint32_t)i;
        slots[slot_of(items[place], factor, mask)] = place;
    }
    size_t n_open = 0;
    bool came_again = false;
    for (size_t i = 0; i < n; i++) {
        const uint32_t place = places != NULL ? places[i] : (uint32_t)i;
        const int32_t item = items[place];
        const uint32_t stayed = slots[slot_of(item, factor, mask)];
        const bool is_other = stayed != place && item >= 0;
        came_again |= is_other && items[stayed] == item;
        open[n_open] = place;
        n_open += is_other ? 1 : 0;
    }
    *is_distinct = *is_distinct && !came_again;
    return n_open;
}

bool rri_distinct_check(const int32_t *items, size_t n, rri_stack *scratch)
{
    const size_t n_slots = slots_of(n);
    const size_t mask = n_slots - 1;
    const size_t mark = rri_stack_mark(scratch);
    uint32_t *slots = RRI_STACK_TAKE(scratch, uint32_t, n_slots);
    uint32_t *open = RRI_STACK_TAKE(scratch, uint32_t, n + 1);
    bool is_distinct = true;
    uint32_t factor = 0x9E3779B1u;
    size_t n_open = settle(open, &is_distinct, slots, items, NULL, n, factor, mask);
    while (is_distinct && n_open > 0) {
        factor = factor * 0x85EBCA6Bu + 2u;
        n_open = settle(open, &is_distinct, slots, items, open, n_open, factor, mask);
    }
    rri_stack_rewind(scratch, mark);
    return is_distinct;
}

size_t rri_distinct_scratch(size_t n)
{
    return rri_stack_cost(slots_of(n), sizeof(uint32_t)) + rri_stack_cost(n + 1, sizeof(uint32_t));
}
