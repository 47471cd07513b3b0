/* SPDX-License-Identifier: MIT */
#include "policy/menu.h"

#include <stdbool.h>
#include <string.h>

#include "core/finite.h"
#include "policy/distinct.h"
#include "policy/identity.h"

/* A set of pool indices, one bit each; empty before each row that needs it. */
typedef struct item_set {
    uint64_t *words;
} item_set;

static bool set_has(const item_set *set, int32_t item)
{
    return (set->words[item / 64] >> (item % 64) & 1u) != 0;
}

static void set_flip(item_set *set, int32_t item)
{
    set->words[item / 64] ^= (uint64_t)1 << (item % 64);
}

static size_t set_words(size_t n_items)
{
    return n_items / 64 + 1;
}

/* Words of the set that are cleared sooner than a list is settled without one: 65536 items. */
#define FEW_WORDS ((size_t)1024)

/* Whether no item of the list comes twice, by a set that is empty before. Free of branches. */
static bool is_distinct_in_set(item_set *set, const int32_t *list, size_t n)
{
    uint64_t again = 0;
    for (size_t i = 0; i < n; i++) {
        const bool is_there = list[i] >= 0;
        const uint64_t bit = (uint64_t)is_there << (list[i] & 63);
        uint64_t *word = &set->words[is_there ? list[i] / 64 : 0];
        again |= *word & bit;
        *word |= bit;
    }
    return again == 0;
}

static bool is_distinct(const int32_t *list, size_t n, size_t n_items, rri_stack *scratch)
{
    if (set_words(n_items) > FEW_WORDS) {
        return rri_distinct_check(NULL, list, n, scratch);
    }
    const size_t mark = rri_stack_mark(scratch);
    item_set set = {RRI_STACK_TAKE(scratch, uint64_t, set_words(n_items))};
    memset(set.words, 0, set_words(n_items) * sizeof(uint64_t));
    const bool found = is_distinct_in_set(&set, list, n);
    rri_stack_rewind(scratch, mark);
    return found;
}

size_t rri_menu_check_scratch(size_t n_items, size_t k)
{
    return rri_stack_add(rri_distinct_scratch(k), set_words(n_items), sizeof(uint64_t));
}

static rr_status check_indices(const int32_t *list, size_t n, size_t n_items, size_t row,
                               const char *field, rr_error *err)
{
    for (size_t i = 0; i < n; i++) {
        if (list[i] < -1 || (list[i] >= 0 && (size_t)list[i] >= n_items)) {
            RRI_FAIL(err, RR_E_INVALID,
                     "obs: row %zu: %s[%zu] is %d; it must be -1 or below the pool's %zu "
                     "items",
                     row, field, i, (int)list[i], n_items);
        }
    }
    return RR_OK;
}

static rr_status check_candidate(const rri_menu *menu, size_t row, size_t position, size_t dim,
                                 rr_error *err)
{
    const size_t at = row * menu->k + position;
    if (rri_menu_item(menu, row, position) < 0) {
        if (menu->vectors == NULL) {
            RRI_FAIL(err, RR_E_INVALID,
                     "obs: row %zu: candidates[%zu] is -1; without vectors it must be a "
                     "pool index",
                     row, position);
        }
        const size_t own = row * rri_menu_vectors(menu) + rri_menu_own(menu, row, position);
        RRI_TRY(rri_finite_check_candidate("obs: vectors", menu->vectors + own * dim, row, position,
                                           dim, err));
    }
    if (menu->features != NULL) {
        RRI_TRY(rri_finite_check_candidate("obs: features", menu->features + at * menu->feature_dim,
                                           row, position, menu->feature_dim, err));
    }
    if (menu->counts != NULL && menu->counts[at] < 0) {
        RRI_FAIL(err, RR_E_INVALID, "obs: row %zu: counts[%zu] is %d; it must be at least 0", row,
                 position, (int)menu->counts[at]);
    }
    return RR_OK;
}

/* Every candidate of the row goes into the set. */
static rr_status check_list(const rri_menu *menu, size_t row, size_t length, size_t n_items,
                            size_t dim, item_set *set, rr_error *err)
{
    if (menu->candidates != NULL) {
        RRI_TRY(check_indices(menu->candidates + row * menu->k, length, n_items, row, "candidates",
                              err));
    }
    const int32_t *list = menu->candidates != NULL ? menu->candidates + row * menu->k : NULL;
    if (menu->n_vectors > 0 && rri_count_own(list, length) > menu->n_vectors) {
        RRI_FAIL(err, RR_E_INVALID,
                 "obs: row %zu: %zu candidates are -1; it must be at most n_vectors, %zu", row,
                 rri_count_own(list, length), menu->n_vectors);
    }
    for (size_t j = 0; j < length; j++) {
        RRI_TRY(check_candidate(menu, row, j, dim, err));
        const int32_t item = rri_menu_item(menu, row, j);
        if (item < 0) {
            continue;
        }
        if (set_has(set, item)) {
            RRI_FAIL(err, RR_E_INVALID,
                     "obs: row %zu: candidates[%zu] is %d, which is in the row already; a "
                     "candidate may occur once",
                     row, j, (int)item);
        }
        set_flip(set, item);
    }
    return RR_OK;
}

/* Whether an item of the list is left: the first of most lists is. Reads as much as the request
 * brings, however large the catalogue is. */
static bool list_has_choice(const rri_menu *menu, size_t row, size_t length)
{
    const rri_entries excluded = rri_identity_excluded(menu, row);
    bool is_left = false;
    for (size_t position = 0; position < length && !is_left; position++) {
        is_left = rri_menu_is_alive(menu, row, rri_menu_item(menu, row, position)) &&
                  !rri_identity_has(menu, row, &excluded, position);
    }
    return is_left;
}

/* Items of the pool that the row's generation has. */
static size_t count_alive(const rri_menu *menu, size_t row, size_t n_items)
{
    return menu->life != NULL ? rri_items_alive_in(menu->pool, rri_menu_generation(menu, row))
                              : n_items;
}

/* The same of the pool, which is no larger than the row of exclusions. */
static bool pool_has_choice(const rri_menu *menu, size_t row, size_t n_items, rri_stack *scratch)
{
    const size_t mark = rri_stack_mark(scratch);
    item_set set = {RRI_STACK_TAKE(scratch, uint64_t, set_words(n_items))};
    memset(set.words, 0, set_words(n_items) * sizeof(uint64_t));
    const rri_entries excluded = rri_identity_excluded(menu, row);
    size_t n_excluded = 0;
    for (size_t i = 0; i < excluded.n; i++) {
        const int32_t item = rri_identity_item(menu, row, &excluded, i);
        if (item >= 0 && !set_has(&set, item) && rri_menu_is_alive(menu, row, item)) {
            set_flip(&set, item);
            n_excluded++;
        }
    }
    rri_stack_rewind(scratch, mark);
    return n_excluded < count_alive(menu, row, n_items);
}

/* Candidates [length] and what goes with each, looked over in vectors: may the row pass? What is
 * wrong with one that may not is found by check_list, and so is nothing. */
static bool list_is_sound(const rri_menu *menu, const rri_kernels *kernels, size_t row,
                          size_t length, size_t n_items, size_t dim, rri_stack *scratch)
{
    const size_t first = row * menu->k;
    const int32_t *list = menu->candidates != NULL ? menu->candidates + first : NULL;
    const int32_t *counts = menu->counts != NULL ? menu->counts + first : NULL;
    int32_t lowest = 0, highest = -1, fewest = 0;
    for (size_t i = 0; list != NULL && i < length; i++) {
        lowest = list[i] < lowest ? list[i] : lowest;
        highest = list[i] > highest ? list[i] : highest;
    }
    for (size_t i = 0; counts != NULL && i < length; i++) {
        fewest = counts[i] < fewest ? counts[i] : fewest;
    }
    if (lowest < -1 || (highest >= 0 && (size_t)highest >= n_items) || fewest < 0) {
        return false;
    }
    if (lowest < 0 && menu->vectors == NULL) {
        return false;
    }
    const float *own =
        menu->vectors != NULL ? menu->vectors + row * rri_menu_vectors(menu) * dim : NULL;
    if (list == NULL && !rri_all_finite(kernels, own, length * dim)) {
        return false;
    }
    size_t n_own = 0;
    for (size_t i = 0; lowest < 0 && i < length; i++) {
        const size_t at = menu->n_vectors > 0 ? n_own : i;
        if (list[i] < 0 &&
            (at >= rri_menu_vectors(menu) || !rri_all_finite(kernels, own + at * dim, dim))) {
            return false;
        }
        n_own += list[i] < 0;
    }
    if (menu->features != NULL &&
        !rri_all_finite(kernels, menu->features + first * menu->feature_dim,
                        length * menu->feature_dim)) {
        return false;
    }
    return list == NULL || is_distinct(list, length, n_items, scratch);
}

/* The list of one row by the set, which names what is wrong with it. */
static rr_status check_by_set(const rri_menu *menu, size_t row, size_t length, size_t n_items,
                              size_t dim, rri_stack *scratch, rr_error *err)
{
    const size_t mark = rri_stack_mark(scratch);
    item_set set = {RRI_STACK_TAKE(scratch, uint64_t, set_words(n_items))};
    memset(set.words, 0, set_words(n_items) * sizeof(uint64_t));
    const rr_status status = check_list(menu, row, length, n_items, dim, &set, err);
    rri_stack_rewind(scratch, mark);
    return status;
}

/* Fewer exclusions than items leave one; only else is one looked for. */
static rr_status check_row(const rri_menu *menu, const rri_kernels *kernels, size_t row,
                           size_t n_items, size_t dim, rri_stack *scratch, rr_error *err)
{
    if (menu->k > 0 && menu->lengths != NULL &&
        (menu->lengths[row] < 1 || (size_t)menu->lengths[row] > menu->k)) {
        RRI_FAIL(err, RR_E_INVALID, "obs: row %zu: lengths is %d; it must be in [1, %zu]", row,
                 (int)menu->lengths[row], menu->k);
    }
    const size_t length = rri_menu_length(menu, n_items, row);
    if (menu->history != NULL) {
        RRI_TRY(
            check_indices(menu->history + row * menu->h, menu->h, n_items, row, "history", err));
    }
    if (menu->excluded != NULL) {
        RRI_TRY(
            check_indices(menu->excluded + row * menu->m, menu->m, n_items, row, "excluded", err));
    }
    if (menu->k > 0 && !list_is_sound(menu, kernels, row, length, n_items, dim, scratch)) {
        RRI_TRY(check_by_set(menu, row, length, n_items, dim, scratch, err));
    }
    if (menu->k > 0 && menu->candidate_keys != NULL) {
        RRI_TRY(rri_identity_check(menu, n_items, row, err));
    }
    const bool is_pool = menu->k == 0;
    const size_t n_left = is_pool ? count_alive(menu, row, length) : length;
    const bool may_be_empty = (menu->excluded != NULL && menu->m >= n_left) ||
                              (menu->life != NULL && (!is_pool || n_left == 0));
    const bool has_choice =
        !may_be_empty || (menu->k > 0 ? list_has_choice(menu, row, length)
                                      : pool_has_choice(menu, row, n_items, scratch));
    if (!has_choice) {
        RRI_FAIL(err, RR_E_INVALID,
                 "obs: row %zu: all %zu items are excluded%s; at least one must be left", row,
                 length, menu->life != NULL ? " or gone" : "");
    }
    return RR_OK;
}

/* Fields that only lists can have, and lists without any item. */
static rr_status check_fields(const rri_menu *menu, size_t n_items, rr_error *err)
{
    if (menu->k > 0 && menu->candidates == NULL && menu->vectors == NULL) {
        RRI_FAIL(err, RR_E_INVALID,
                 "obs: n_candidates is %zu, but candidates and vectors are NULL; one must be given",
                 menu->k);
    }
    const char *stray = menu->candidates != NULL ? "candidates"
                        : menu->vectors != NULL  ? "vectors"
                        : menu->features != NULL ? "features"
                        : menu->counts != NULL   ? "counts"
                        : menu->lengths != NULL  ? "lengths"
                                                 : NULL;
    if (menu->k == 0 && stray != NULL) {
        RRI_FAIL(err, RR_E_INVALID, "obs: n_candidates is 0, but %s is given; it must be NULL",
                 stray);
    }
    if (menu->k == 0 && n_items == 0) {
        RRI_FAIL(err, RR_E_INVALID,
                 "obs: n_candidates is 0 and there is no item pool; candidates or vectors must be "
                 "given");
    }
    return RR_OK;
}

rr_status rri_menu_check(const rri_menu *menu, const rri_kernels *kernels, size_t n_items,
                         size_t dim, rri_stack *scratch, rr_error *err)
{
    RRI_TRY(check_fields(menu, n_items, err));
    rri_menu stored = *menu; /* sentences name a row by where it lies */
    stored.rows = NULL;
    stored.m = menu->excluded != NULL ? menu->m : 0;
    for (size_t row = 0; row < menu->n; row++) {
        RRI_TRY(check_row(&stored, kernels, rri_menu_row(menu, row), n_items, dim, scratch, err));
    }
    return RR_OK;
}

rr_status rri_menu_check_actions(const rri_menu *menu, size_t n_items, const int32_t *actions,
                                 const char *what, rr_error *err)
{
    for (size_t row = 0; row < menu->n; row++) {
        const size_t length = rri_menu_length(menu, n_items, row);
        if (actions[row] < 0 || (size_t)actions[row] >= length) {
            RRI_FAIL(err, RR_E_INVALID, "%s[%zu] is %d; it must be in [0, %zu)", what,
                     rri_menu_row(menu, row), (int)actions[row], length);
        }
        const int32_t item = rri_menu_item(menu, row, (size_t)actions[row]);
        if (!rri_menu_is_alive(menu, row, item)) {
            RRI_FAIL(err, RR_E_INVALID, "%s[%zu] is %d, whose item %d is gone", what,
                     rri_menu_row(menu, row), (int)actions[row], (int)item);
        }
        const rri_entries excluded = rri_identity_excluded(menu, row);
        if (rri_identity_has(menu, row, &excluded, (size_t)actions[row])) {
            RRI_FAIL(err, RR_E_INVALID, "%s[%zu] is %d, whose item %d is excluded", what,
                     rri_menu_row(menu, row), (int)actions[row], (int)item);
        }
    }
    return RR_OK;
}
