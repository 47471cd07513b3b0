/* SPDX-License-Identifier: MIT */
/* distinct.c: every place of the list writes itself into the slot of its item, then looks who
 * stayed.
 *
 * If it is another place with the same item, that item is there twice. If it is a place with
 * another item, nothing is known yet, and the place goes into the next round with another hash; all
 * places of one item do so together, or one of them stayed. Each round settles at least one place a
 * slot. No slot is read that this round did not write, so the table need not be cleared.
 *
 * The slot is the top bits of item · factor modulo 2^64. With a random odd factor two items share
 * one with a chance of at most 2 / n_slots (Dietzfelbinger et al. 1997), so that a round leaves a
 * quarter of any list open, on average. The first rounds' factors are fixed, since a draw costs
 * more than they do; whoever chose the list may know them, but not those that follow. */
#include "policy/distinct.h"

#include "core/u64_table.h"

/* Three rounds settle most lists. */
static const uint64_t fixed_factors[] = {UINT64_C(0x9E3779B97F4A7C15), UINT64_C(0xC2B2AE3D27D4EB4F),
                                         UINT64_C(0xD6E8FEB86659FD93)};
enum { FIXED_ROUNDS = sizeof fixed_factors / sizeof fixed_factors[0] };

static uint64_t factor_of(size_t round, const void *place)
{
    uint64_t salt[2];
    if (round < FIXED_ROUNDS) {
        return fixed_factors[round];
    }
    rri_u64_table_draw_salt(salt, place);
    return salt[1];
}

/* 4 slots or more a place: 2 to the power that is returned. */
static unsigned slot_bits(size_t n)
{
    unsigned bits = 4;
    while (bits < 8 * sizeof(size_t) - 1 && (size_t)1 << (bits - 2) < n) {
        bits++;
    }
    return bits;
}

static size_t slot_of(int32_t item, uint64_t factor, unsigned bits)
{
    return (size_t)((uint64_t)(uint32_t)item * factor >> (64 - bits));
}

/* Places [n] of this round (NULL: all of them). Returns how many are `open` for the next; clears
 * is_distinct where an item came again. open may be places. */
static size_t settle(uint32_t *open, bool *is_distinct, uint32_t *slots, const int32_t *items,
                     const uint32_t *places, size_t n, uint64_t factor, unsigned bits)
{
    for (size_t i = 0; i < n; i++) {
        const uint32_t place = places != NULL ? places[i] : (uint32_t)i;
        slots[slot_of(items[place], factor, bits)] = place;
    }
    size_t n_open = 0;
    bool came_again = false;
    for (size_t i = 0; i < n; i++) {
        const uint32_t place = places != NULL ? places[i] : (uint32_t)i;
        const int32_t item = items[place];
        const uint32_t stayed = slots[slot_of(item, factor, bits)];
        const bool is_other = stayed != place && item >= 0;
        came_again |= is_other && items[stayed] == item;
        open[n_open] = place;
        n_open += is_other ? 1 : 0;
    }
    *is_distinct = *is_distinct && !came_again;
    return n_open;
}

bool rri_distinct_check(size_t *n_steps, const int32_t *items, size_t n, rri_stack *scratch)
{
    const unsigned bits = slot_bits(n);
    const size_t mark = rri_stack_mark(scratch);
    uint32_t *slots = RRI_STACK_TAKE(scratch, uint32_t, (size_t)1 << bits);
    uint32_t *open = RRI_STACK_TAKE(scratch, uint32_t, n + 1);
    bool is_distinct = true;
    size_t steps = n;
    size_t n_open = settle(open, &is_distinct, slots, items, NULL, n, factor_of(0, slots), bits);
    for (size_t round = 1; is_distinct && n_open > 0; round++) {
        steps += n_open;
        n_open =
            settle(open, &is_distinct, slots, items, open, n_open, factor_of(round, slots), bits);
    }
    rri_stack_rewind(scratch, mark);
    if (n_steps != NULL) {
        *n_steps = steps;
    }
    return is_distinct;
}

size_t rri_distinct_scratch(size_t n)
{
    const size_t of_slots = rri_stack_cost((size_t)1 << slot_bits(n), sizeof(uint32_t));
    return rri_stack_add(of_slots, rri_size_add(n, 1), sizeof(uint32_t));
}
