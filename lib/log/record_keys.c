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
enum { N_PAIRS = sizeof PAIRS / sizeof PAIRS[0] };

static bool has_array(const rri_record_head *head, rri_record_array array)
{
    return (head->blob.has >> array & 1u) != 0;
}

static size_t count_of(const rri_record_head *head, rri_record_array indices)
{
    return (size_t)(indices == RRI_RECORD_CANDIDATES ? head->k
                    : indices == RRI_RECORD_EXCLUDED ? head->m
                                                     : head->h);
}

void rri_record_keys_write(unsigned char *out, const size_t *offsets, const rri_record_head *head,
                           const rr_items *pool)
{
    for (size_t p = 0; p < N_PAIRS; p++) {
        const key_pair *pair = &PAIRS[p];
        const size_t n = has_array(head, pair->keys) ? count_of(head, pair->indices) : 0;
        for (size_t j = 0; j < n; j++) {
            int32_t index;
            memcpy(&index, out + offsets[pair->indices] + j * sizeof index, sizeof index);
            const uint64_t key = index >= 0 ? rri_items_keys(pool)[index] : 0;
            memcpy(out + offsets[pair->keys] + j * sizeof key, &key, sizeof key);
        }
    }
}

static rr_status check_range(const rri_record_head *head, const size_t *offsets, size_t n_items,
                             rr_error *err)
{
    for (size_t p = 0; p < N_PAIRS; p++) {
        const key_pair *pair = &PAIRS[p];
        const int32_t *indices =
            (const void *)((const unsigned char *)head + offsets[pair->indices]);
        const size_t n = has_array(head, pair->indices) ? count_of(head, pair->indices) : 0;
        for (size_t j = 0; j < n; j++) {
            if (indices[j] < -1 || (indices[j] >= 0 && (size_t)indices[j] >= n_items)) {
                RRI_FAIL(err, RR_E_FORMAT, "record: %s[%zu] is %d; the catalogue has %zu items",
                         pair->name, j, indices[j], n_items);
            }
        }
    }
    if (head->item >= 0 && (size_t)head->item >= n_items) {
        RRI_FAIL(err, RR_E_FORMAT, "record: item is %d; the catalogue has %zu items", head->item,
                 n_items);
    }
    return RR_OK;
}

static rr_status resolve_pair(rri_record_head *head, const size_t *offsets, const key_pair *pair,
                              const rr_items *pool, rr_error *err)
{
    unsigned char *begin = (unsigned char *)head;
    int32_t *indices = (void *)(begin + offsets[pair->indices]);
    const uint64_t *keys = (const void *)(begin + offsets[pair->keys]);
    const size_t n = has_array(head, pair->indices) ? count_of(head, pair->indices) : 0;
    if (n > 0 && !has_array(head, pair->keys)) {
        RRI_FAIL(err, RR_E_MISMATCH,
                 "record: it was made over another catalogue, and %s has no keys", pair->name);
    }
    for (size_t j = 0; j < n; j++) {
        const int32_t index = indices[j] >= 0 ? rri_items_find(pool, keys[j]) : -1;
        if (indices[j] >= 0 && index < 0 && pair->indices == RRI_RECORD_CANDIDATES) {
            RRI_FAIL(err, RR_E_NOT_FOUND,
                     "record: candidates[%zu] has key %llu, which is not in "
                     "this catalogue",
                     j, (unsigned long long)keys[j]);
        }
        indices[j] = index;
    }
    return RR_OK;
}

/* Moves what is left of the history to its end: padding lies in front. */
static void close_gaps(rri_record_head *head, const size_t *offsets)
{
    unsigned char *begin = (unsigned char *)head;
    int32_t *history = (void *)(begin + offsets[RRI_RECORD_HISTORY]);
    float *rewards = has_array(head, RRI_RECORD_HISTORY_REWARDS)
                         ? (void *)(begin + offsets[RRI_RECORD_HISTORY_REWARDS])
                         : NULL;
    size_t to = has_array(head, RRI_RECORD_HISTORY) ? (size_t)head->h : 0;
    for (size_t from = to; from-- > 0;) {
        if (history[from] >= 0) {
            to--;
            history[to] = history[from];
            if (rewards != NULL) {
                rewards[to] = rewards[from];
            }
        }
    }
    while (to-- > 0) {
        history[to] = -1;
        if (rewards != NULL) {
            rewards[to] = 0.0f;
        }
    }
}

/* The index of the item that was chosen: the list's, which has been resolved. */
static void resolve_item(rri_record_head *head, const size_t *offsets)
{
    const int32_t *candidates =
        (const void *)((const unsigned char *)head + offsets[RRI_RECORD_CANDIDATES]);
    const bool is_known =
        has_array(head, RRI_RECORD_CANDIDATES) && (head->blob.has & RRI_RECORD_HAS_DECISION) != 0;
    head->item = is_known ? candidates[head->action] : -1;
}

rr_status rri_record_keys_resolve(rri_record_head *head, const size_t *offsets,
                                  const rr_items *pool, rr_error *err)
{
    const uint64_t fingerprint = rri_items_fingerprint(pool);
    if (head->pool_fingerprint == fingerprint || head->pool_fingerprint == 0) {
        return check_range(head, offsets, rri_items_count(pool), err);
    }
    if (head->k == 0) {
        RRI_FAIL(err, RR_E_MISMATCH,
                 "record: its list was the whole of another catalogue, which cannot be had again");
    }
    for (size_t p = 0; p < N_PAIRS; p++) {
        RRI_TRY(resolve_pair(head, offsets, &PAIRS[p], pool, err));
    }
    close_gaps(head, offsets);
    resolve_item(head, offsets);
    head->pool_fingerprint = fingerprint;
    return RR_OK;
}
