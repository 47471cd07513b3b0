/* SPDX-License-Identifier: MIT */
#include "log/record_keys.h"

#include <stdbool.h>
#include <string.h>

#include "items/items.h"

/* Indices and keys lie together: i32 [n] and u64 [n]. */
typedef struct key_pair {
    rri_record_array indices, keys;
    const char *name;
} key_pair;

static const key_pair PAIRS[] = {
    {RRI_RECORD_CANDIDATES, RRI_RECORD_CANDIDATE_KEYS, "candidates"},
    {RRI_RECORD_EXCLUDED, RRI_RECORD_EXCLUDED_KEYS, "excluded"},
    {RRI_RECORD_HISTORY, RRI_RECORD_HISTORY_KEYS, "history"},
};
enum { HISTORY_PAIR = 2, N_PAIRS = sizeof PAIRS / sizeof PAIRS[0] };

/* How many indices a record has of one kind: 0 where it has none. */
static size_t count_of(const rri_record *record, rri_record_array indices)
{
    const int32_t n = indices == RRI_RECORD_CANDIDATES ? record->k
                      : indices == RRI_RECORD_EXCLUDED ? record->m
                                                       : record->h;
    return rri_record_has(record, indices) ? (size_t)n : 0;
}

static void write_keys(unsigned char *out, const int32_t *indices, const uint64_t *given, size_t n,
                       const rr_items *pool)
{
    for (size_t j = 0; j < n; j++) {
        const bool is_of_pool = pool != NULL && indices != NULL && indices[j] >= 0;
        const uint64_t of_host = given != NULL ? given[j] : 0;
        const uint64_t key = is_of_pool ? rri_items_keys(pool)[indices[j]] : of_host;
        memcpy(out + j * sizeof key, &key, sizeof key);
    }
}

void rri_record_keys_write(unsigned char *out, const rri_record *record, const rr_obs *obs,
                           size_t row)
{
    const struct {
        const int32_t *indices;
        const uint64_t *keys;
        size_t stride, n;
    } from[N_PAIRS] = {
        {obs->candidates, obs->candidate_keys, (size_t)obs->n_candidates, (size_t)record->k},
        {obs->excluded, obs->excluded_keys, (size_t)obs->n_excluded, (size_t)record->m},
        {obs->history, obs->history_keys, (size_t)obs->n_history, (size_t)record->h},
    };
    for (size_t p = 0; p < N_PAIRS; p++) {
        const size_t at = row * from[p].stride;
        if (rri_record_has(record, PAIRS[p].keys)) {
            write_keys(out + record->offsets[PAIRS[p].keys],
                       from[p].indices != NULL ? from[p].indices + at : NULL,
                       from[p].keys != NULL ? from[p].keys + at : NULL, from[p].n, obs->pool);
        }
    }
}

static rr_status check_range(const rri_record *record, size_t n_items, rr_error *err)
{
    for (size_t p = 0; p < N_PAIRS; p++) {
        const int32_t *indices = rri_record_view(record, PAIRS[p].indices);
        const size_t n = count_of(record, PAIRS[p].indices);
        for (size_t j = 0; j < n; j++) {
            if (indices[j] < -1 || (indices[j] >= 0 && (size_t)indices[j] >= n_items)) {
                RRI_FAIL(err, RR_E_FORMAT, "record: %s[%zu] is %d; the catalogue has %zu items",
                         PAIRS[p].name, j, indices[j], n_items);
            }
        }
    }
    const int32_t item = record->head->item;
    if (item >= 0 && (size_t)item >= n_items) {
        RRI_FAIL(err, RR_E_FORMAT, "record: item is %d; the catalogue has %zu items", item,
                 n_items);
    }
    return RR_OK;
}

static rr_status need_keys(const rri_record *record, const key_pair *pair, rr_error *err)
{
    if (count_of(record, pair->indices) > 0 && rri_record_view(record, pair->keys) == NULL) {
        RRI_FAIL(err, RR_E_MISMATCH,
                 "record: it was made over another catalogue, and %s has no keys", pair->name);
    }
    return RR_OK;
}

/* ── candidates ── */

/* The vector that an item of the record's catalogue had: by its index, where that catalogue is of
 * the lender's line, else by its key; NULL: the lender does not have it. */
static const float *lent_vector(const rri_lender *lender, const rri_record *record, int32_t index,
                                uint64_t key)
{
    uint32_t generation;
    if (rri_items_generation_of(&generation, lender->items, record->head->pool_fingerprint) &&
        generation <= rri_items_generation(lender->items)) {
        const size_t n = rri_items_count_in(lender->items, generation);
        return (size_t)index < n
                   ? rri_items_vectors(lender->items) + (size_t)index * rri_items_dim(lender->items)
                   : NULL;
    }
    const int32_t found = rri_items_find(lender->items, key);
    return found >= 0
               ? rri_items_vectors(lender->items) + (size_t)found * rri_items_dim(lender->items)
               : NULL;
}

/* Whether history or exclusions have an entry of this key. */
static bool is_named(const rri_record *record, uint64_t key)
{
    bool found = false;
    for (size_t p = 1; p < N_PAIRS; p++) {
        const uint64_t *keys = rri_record_view(record, PAIRS[p].keys);
        const size_t n = count_of(record, PAIRS[p].indices);
        for (size_t j = 0; keys != NULL && j < n; j++) {
            found |= keys[j] == key;
        }
    }
    return found;
}

/* The pool's index of a candidate that may be chosen there; −1: it lacks it. Where nobody lends,
 * what is gone is there. */
static int32_t index_of(const rr_items *pool, uint64_t key, const rri_lender *lender)
{
    const int32_t index = rri_items_find(pool, key);
    return index >= 0 && lender != NULL && !rri_items_is_alive(pool, (size_t)index) ? -1 : index;
}

/* Vectors of the −1 candidates, the record's own among them, one behind the other. */
static rr_status put_vector(rri_record *record, rri_lender *lender, size_t *n, const float *vector,
                            rr_error *err)
{
    const size_t d = rri_items_dim(lender->items);
    if (*n == lender->most) {
        RRI_FAIL(err, RR_E_INVALID,
                 "record: more than %zu candidates need vectors; there is room for no more "
                 "(max_vectors)",
                 lender->most);
    }
    memcpy(lender->vectors + *n * d, vector, d * sizeof *vector);
    record->own = (int32_t)++ * n;
    return RR_OK;
}

static rr_status check_lender(const rri_record *record, const rr_items *pool,
                              const rri_lender *lender, rr_error *err)
{
    const size_t d = rri_items_dim(lender->items);
    if (rri_items_dim(pool) != d || (record->item_dim > 0 && (size_t)record->item_dim != d)) {
        RRI_FAIL(err, RR_E_MISMATCH,
                 "record: the earlier catalogue has vectors of width %zu, this one of %zu", d,
                 rri_items_dim(pool));
    }
    return RR_OK;
}

static rr_status lacks(size_t position, uint64_t key, rr_error *err)
{
    RRI_FAIL(err, RR_E_NOT_FOUND,
             "record: candidates[%zu] has key %llu, which is not in this catalogue, nor in an "
             "earlier one (rr_ledger_set_earlier_items)",
             position, (unsigned long long)key);
}

/* With a lender: every −1 candidate brings its vector along. */
static rr_status lend(rri_record *record, const rr_items *pool, rri_lender *lender, rr_error *err)
{
    int32_t *indices = rri_record_view(record, RRI_RECORD_CANDIDATES);
    uint64_t *keys = rri_record_view(record, RRI_RECORD_CANDIDATE_KEYS);
    const float *packed = rri_record_view(record, RRI_RECORD_OWN_VECTORS);
    const float *placed = rri_record_view(record, RRI_RECORD_VECTORS);
    const size_t d = rri_items_dim(lender->items);
    size_t n_own = 0, n = 0;
    RRI_TRY(check_lender(record, pool, lender, err));
    for (size_t j = 0; j < (size_t)record->k; j++) {
        const float *vector = NULL;
        if (indices[j] < 0) {
            vector = packed != NULL ? packed + n_own * d : placed != NULL ? placed + j * d : NULL;
            n_own++;
        } else {
            const int32_t index = index_of(pool, keys[j], lender);
            if (index >= 0) {
                indices[j] = index;
                continue;
            }
            vector = lent_vector(lender, record, indices[j], keys[j]);
            if (vector == NULL) {
                return lacks(j, keys[j], err);
            }
            lender->n++;
            indices[j] = -1;
            keys[j] = is_named(record, keys[j]) ? keys[j] : 0;
        }
        if (vector != NULL) {
            RRI_TRY(put_vector(record, lender, &n, vector, err));
        }
    }
    record->own_vectors = n > 0 ? lender->vectors : NULL;
    record->item_dim = n > 0 ? (int32_t)d : record->item_dim;
    return RR_OK;
}

static rr_status resolve_candidates(rri_record *record, const rr_items *pool, rri_lender *lender,
                                    rr_error *err)
{
    int32_t *indices = rri_record_view(record, RRI_RECORD_CANDIDATES);
    const uint64_t *keys = rri_record_view(record, RRI_RECORD_CANDIDATE_KEYS);
    const size_t n = count_of(record, RRI_RECORD_CANDIDATES);
    bool lacks_some = false;
    RRI_TRY(need_keys(record, &PAIRS[0], err));
    for (size_t j = 0; j < n; j++) {
        lacks_some |= indices[j] >= 0 && index_of(pool, keys[j], lender) < 0;
    }
    if (lacks_some && lender != NULL) {
        return lend(record, pool, lender, err);
    }
    for (size_t j = 0; j < n; j++) {
        const int32_t index = indices[j] >= 0 ? rri_items_find(pool, keys[j]) : -1;
        if (indices[j] >= 0 && index < 0) {
            return lacks(j, keys[j], err);
        }
        indices[j] = index;
    }
    return RR_OK;
}

/* ── history and exclusions ── */

/* Whether a candidate in no pool has this key. */
static bool is_own_key(const rri_record *record, uint64_t key)
{
    const int32_t *indices = rri_record_view(record, RRI_RECORD_CANDIDATES);
    const uint64_t *keys = rri_record_view(record, RRI_RECORD_CANDIDATE_KEYS);
    bool found = false;
    for (size_t j = 0; keys != NULL && j < (size_t)record->k; j++) {
        found |= keys[j] == key && (indices == NULL || indices[j] < 0);
    }
    return found;
}

static rr_status resolve_entries(const rri_record *record, const key_pair *pair,
                                 const rr_items *pool, rr_error *err)
{
    int32_t *indices = rri_record_view(record, pair->indices);
    uint64_t *keys = rri_record_view(record, pair->keys);
    const size_t n = count_of(record, pair->indices);
    RRI_TRY(need_keys(record, pair, err));
    for (size_t j = 0; j < n; j++) {
        const int32_t index = indices[j] >= 0 ? rri_items_find(pool, keys[j]) : -1;
        if (indices[j] >= 0 && index < 0 && !is_own_key(record, keys[j])) {
            keys[j] = 0;
        }
        indices[j] = index;
    }
    return RR_OK;
}

/* Moves what is left of the history to its end: padding lies in front. */
static void close_gaps(const rri_record *record)
{
    int32_t *history = rri_record_view(record, RRI_RECORD_HISTORY);
    uint64_t *keys = rri_record_view(record, RRI_RECORD_HISTORY_KEYS);
    float *rewards = rri_record_view(record, RRI_RECORD_HISTORY_REWARDS);
    size_t to = count_of(record, RRI_RECORD_HISTORY);
    for (size_t from = to; from-- > 0;) {
        if (history[from] >= 0 || keys[from] != 0) {
            to--;
            history[to] = history[from];
            keys[to] = keys[from];
            if (rewards != NULL) {
                rewards[to] = rewards[from];
            }
        }
    }
    while (to-- > 0) {
        history[to] = -1;
        keys[to] = 0;
        if (rewards != NULL) {
            rewards[to] = 0.0f;
        }
    }
}

/* The index of the item that was chosen: the list's, which has been resolved. */
static void resolve_item(const rri_record *record)
{
    const int32_t *candidates = rri_record_view(record, RRI_RECORD_CANDIDATES);
    rri_record_head *head = record->head;
    const bool is_known = candidates != NULL && (head->blob.has & RRI_RECORD_HAS_DECISION) != 0;
    head->item = is_known ? candidates[head->action] : -1;
}

/* Whether another process went on with the line: indices may be of items that came since. */
static bool is_later(const rri_record *record, const rr_items *pool)
{
    const bool has_generation = record->head->blob.format > 1;
    return has_generation && record->head->pool_line == rri_items_root(pool) &&
           record->head->pool_generation > rri_items_generation(pool);
}

/* *is_own: the record's indices are those of the pool, or of a generation that it goes on from, and
 * have been judged; else it was made over another catalogue. */
static rr_status find_catalogue(bool *is_own, const rri_record *record, const rr_items *pool,
                                rr_error *err)
{
    const uint64_t fingerprint = record->head->pool_fingerprint;
    const rri_record_head *head = record->head;
    *is_own = true;
    if (fingerprint == rri_items_fingerprint(pool) || fingerprint == 0) {
        return check_range(record, rri_items_count(pool), err);
    }
    uint32_t generation;
    if (rri_items_generation_of(&generation, pool, fingerprint)) {
        return check_range(record, rri_items_count_in(pool, generation), err);
    }
    *is_own = false;
    if (is_later(record, pool)) {
        RRI_FAIL(err, RR_E_NOT_FOUND,
                 "record: it was made in generation %llu of this catalogue's line, and the one "
                 "given is generation %u; give it again when that is there (rr_items_follow, "
                 "rr_items_load)",
                 (unsigned long long)head->pool_generation, (unsigned)rri_items_generation(pool));
    }
    return RR_OK;
}

rr_status rri_record_keys_resolve(rri_record *record, const rr_items *pool, rri_lender *lender,
                                  rr_error *err)
{
    bool is_own;
    RRI_TRY(find_catalogue(&is_own, record, pool, err));
    if (is_own) {
        return RR_OK;
    }
    if (record->k == 0) {
        RRI_FAIL(err, RR_E_MISMATCH,
                 "record: its list was the whole of another catalogue, which cannot be had again");
    }
    RRI_TRY(resolve_candidates(record, pool, lender, err));
    for (size_t p = 1; p < N_PAIRS; p++) {
        RRI_TRY(resolve_entries(record, &PAIRS[p], pool, err));
    }
    close_gaps(record);
    resolve_item(record);
    record->head->pool_fingerprint = rri_items_fingerprint(pool);
    return RR_OK;
}

rr_status rri_record_keys_resolve_history(const rri_record *record, const rr_items *pool,
                                          rr_error *err)
{
    bool is_own;
    RRI_TRY(find_catalogue(&is_own, record, pool, err));
    if (is_own) {
        return RR_OK;
    }
    RRI_TRY(resolve_entries(record, &PAIRS[HISTORY_PAIR], pool, err));
    close_gaps(record);
    return RR_OK;
}
