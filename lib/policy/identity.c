/* SPDX-License-Identifier: MIT */
/* identity.c: a row's own keys go into a small filter first, so that the entries that mean none of
 * them, which are most, cost one look each. */
#include "policy/identity.h"

#include <inttypes.h>

rri_entries rri_identity_history(const rri_menu *menu, size_t row)
{
    const size_t at = rri_menu_row(menu, row) * menu->h;
    return (rri_entries){
        .indices = menu->history != NULL ? menu->history + at : NULL,
        .keys = menu->history_keys != NULL ? menu->history_keys + at : NULL,
        .n = menu->history != NULL ? menu->h : 0,
    };
}

rri_entries rri_identity_excluded(const rri_menu *menu, size_t row)
{
    const size_t at = rri_menu_row(menu, row) * menu->m;
    return (rri_entries){
        .indices = menu->excluded != NULL ? menu->excluded + at : NULL,
        .keys = menu->excluded_keys != NULL ? menu->excluded_keys + at : NULL,
        .n = menu->excluded != NULL ? menu->m : 0,
    };
}

/* The row's own keys, and whether they lie by the rank of a candidate among those in no pool. */
static const uint64_t *own_keys(const rri_menu *menu, size_t row, bool *is_by_rank)
{
    *is_by_rank = menu->is_packed && menu->n_vectors > 0;
    const size_t width = *is_by_rank ? menu->n_vectors : menu->k;
    return menu->candidate_keys + rri_menu_row(menu, row) * width;
}

uint64_t rri_identity_own_key(const rri_menu *menu, size_t row, size_t position)
{
    if (menu->candidate_keys == NULL || rri_menu_item(menu, row, position) >= 0) {
        return 0;
    }
    bool is_by_rank;
    const uint64_t *keys = own_keys(menu, row, &is_by_rank);
    return keys[is_by_rank ? rri_menu_own(menu, row, position) : position];
}

/* ── the row's own candidates, one after the other ── */

typedef struct walk {
    const rri_menu *menu;
    const uint64_t *keys;
    const int32_t *candidates; /* NULL: none is in the pool */
    size_t length, next, rank;
    bool is_by_rank;
} walk;

static walk begin_walk(const rri_menu *menu, size_t n_items, size_t row)
{
    walk w = {.menu = menu, .length = rri_menu_length(menu, n_items, row)};
    w.keys = own_keys(menu, row, &w.is_by_rank);
    w.candidates =
        menu->candidates != NULL ? menu->candidates + rri_menu_row(menu, row) * menu->k : NULL;
    return w;
}

/* The next candidate with a key; false: there is none. */
static bool step(walk *w, size_t *position, uint64_t *key)
{
    while (w->next < w->length) {
        const size_t at = w->next++;
        if (w->candidates != NULL && w->candidates[at] >= 0) {
            continue;
        }
        const uint64_t found = w->keys[w->is_by_rank ? w->rank : at];
        w->rank++;
        if (found != 0) {
            *position = at;
            *key = found;
            return true;
        }
    }
    return false;
}

/* Bits of keys: a key whose bit is not set is not there. */
typedef struct filter {
    uint64_t words[32];
} filter;

static uint64_t *word_of(filter *f, uint64_t key, uint64_t *bit)
{
    const uint64_t hash = (key * UINT64_C(0x9E3779B97F4A7C15)) >> 53;
    *bit = UINT64_C(1) << (hash & 63);
    return &f->words[hash >> 6];
}

static bool add(filter *f, uint64_t key)
{
    uint64_t bit;
    uint64_t *word = word_of(f, key, &bit);
    const bool may_be_there = (*word & bit) != 0;
    *word |= bit;
    return may_be_there;
}

static bool may_have(filter *f, uint64_t key)
{
    uint64_t bit;
    return (*word_of(f, key, &bit) & bit) != 0;
}

/* The first position before `end` that has the key; `end`: none. */
static size_t position_of(const rri_menu *menu, size_t n_items, size_t row, uint64_t key,
                          size_t end)
{
    walk w = begin_walk(menu, n_items, row);
    size_t position = 0;
    uint64_t other;
    while (step(&w, &position, &other) && position < end) {
        if (other == key) {
            return position;
        }
    }
    return end;
}

/* ── entries ── */

int32_t rri_identity_item(const rri_menu *menu, size_t row, const rri_entries *entries, size_t i)
{
    if (entries->indices[i] >= 0) {
        return rri_menu_now(menu, row, entries->indices[i]);
    }
    const uint64_t key = entries->keys != NULL ? entries->keys[i] : 0;
    return key != 0 && menu->pool != NULL
               ? rri_items_find_in(menu->pool, rri_menu_generation(menu, row), key)
               : -1;
}

/* The key of what an entry means; 0: not known. */
static uint64_t key_of(const rri_menu *menu, const rri_entries *entries, size_t i)
{
    const int32_t index = entries->indices[i];
    if (index >= 0) {
        return menu->pool != NULL ? rri_items_keys(menu->pool)[index] : 0;
    }
    return entries->keys != NULL ? entries->keys[i] : 0;
}

bool rri_identity_is(const rri_menu *menu, size_t row, const rri_entries *entries, size_t i,
                     size_t position)
{
    const int32_t item = rri_menu_item(menu, row, position);
    if (item >= 0) {
        return rri_identity_item(menu, row, entries, i) == item;
    }
    const uint64_t key = rri_identity_own_key(menu, row, position);
    return key != 0 && key_of(menu, entries, i) == key;
}

bool rri_identity_has(const rri_menu *menu, size_t row, const rri_entries *entries, size_t position)
{
    bool is_there = false;
    for (size_t i = 0; i < entries->n; i++) {
        is_there |= rri_identity_is(menu, row, entries, i, position);
    }
    return is_there;
}

/* numbers ← N + position where an entry means a candidate in no pool. */
static void number_own(int32_t *numbers, const rri_menu *menu, size_t n_items, size_t row,
                       const rri_entries *entries)
{
    filter known = {{0}};
    walk w = begin_walk(menu, n_items, row);
    size_t position = 0, n_own = 0;
    uint64_t key;
    while (step(&w, &position, &key)) {
        (void)add(&known, key);
        n_own++;
    }
    for (size_t i = 0; n_own > 0 && i < entries->n; i++) {
        key = key_of(menu, entries, i);
        if (key == 0 || !may_have(&known, key)) {
            continue;
        }
        position = position_of(menu, n_items, row, key, w.length);
        if (position < w.length) {
            numbers[i] = (int32_t)(n_items + position);
        }
    }
}

const int32_t *rri_identity_numbers(int32_t *numbers, const rri_menu *menu, size_t n_items,
                                    size_t row, const rri_entries *entries)
{
    if (!rri_identity_renumbers(menu)) {
        return entries->indices;
    }
    for (size_t i = 0; i < entries->n; i++) {
        numbers[i] = rri_identity_item(menu, row, entries, i);
    }
    if (menu->candidate_keys != NULL) {
        number_own(numbers, menu, n_items, row, entries);
    }
    return numbers;
}

/* ── keys that occur twice ── */

static rr_status twice(size_t row, size_t position, uint64_t key, size_t other, rr_error *err)
{
    RRI_FAIL(err, RR_E_INVALID,
             "obs: row %zu: candidate_keys[%zu] is %" PRIu64
             ", the key of candidate %zu; a candidate may occur once",
             row, position, key, other);
}

rr_status rri_identity_check(const rri_menu *menu, size_t n_items, size_t row, rr_error *err)
{
    const uint32_t generation = rri_menu_generation(menu, row);
    const size_t place = rri_menu_row(menu, row);
    filter known = {{0}};
    walk w = begin_walk(menu, n_items, row);
    size_t position = 0;
    uint64_t key;
    if (n_items + menu->k > INT32_MAX) {
        RRI_FAIL(err, RR_E_UNSUPPORTED,
                 "obs: candidate_keys is set; beside so large a pool it "
                 "must be NULL");
    }
    while (step(&w, &position, &key)) {
        if (add(&known, key)) {
            const size_t before = position_of(menu, n_items, row, key, position);
            if (before < position) {
                return twice(place, position, key, before, err);
            }
        }
        const int32_t item =
            menu->pool != NULL ? rri_items_find_in(menu->pool, generation, key) : -1;
        for (size_t i = 0; item >= 0 && w.candidates != NULL && i < w.length; i++) {
            if (w.candidates[i] == item) {
                return twice(place, position, key, i, err);
            }
        }
    }
    return RR_OK;
}
