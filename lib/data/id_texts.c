/* SPDX-License-Identifier: MIT */
#include "data/id_texts.h"

#include <string.h>

#include "core/status.h"
#include "data/id.h"

void rri_id_texts_init(rri_id_texts *texts, const rri_allocator *allocator)
{
    *texts = (rri_id_texts){.allocator = *allocator};
}

void rri_id_texts_release(rri_id_texts *texts)
{
    const rri_allocator allocator = texts->allocator;
    if (texts->at != NULL) {
        rri_memory_release(&allocator, texts->at, texts->max_n * sizeof texts->at[0]);
    }
    if (texts->bytes != NULL) {
        rri_memory_release(&allocator, texts->bytes, texts->max_bytes);
    }
    rri_id_texts_init(texts, &allocator);
}

bool rri_id_texts_has_room(const rri_id_texts *texts, size_t n, size_t n_bytes)
{
    return texts->n + n <= texts->max_n && texts->n_bytes + n_bytes <= texts->max_bytes;
}

/* *block [used] of `max` elements becomes one of at least `wanted`. */
static rr_status grow(void **block, size_t *max, size_t used, size_t wanted, size_t element,
                      const rri_allocator *allocator, rr_error *err)
{
    const size_t larger = rri_size_larger(wanted, *max + *max / 2);
    void *fresh = NULL;
    RRI_TRY(rri_memory_allocate_unset(&fresh, allocator, rri_size_multiply(larger, element),
                                      "texts of ids", err));
    if (*block != NULL) {
        memcpy(fresh, *block, used * element);
        rri_memory_release(allocator, *block, *max * element);
    }
    *block = fresh;
    *max = larger;
    return RR_OK;
}

rr_status rri_id_texts_reserve(rri_id_texts *texts, size_t n, size_t n_bytes, rr_error *err)
{
    if (texts->n + n > texts->max_n) {
        void *block = texts->at;
        RRI_TRY(grow(&block, &texts->max_n, texts->n, texts->n + n, sizeof texts->at[0],
                     &texts->allocator, err));
        texts->at = block;
    }
    if (texts->n_bytes + n_bytes > texts->max_bytes) {
        void *block = texts->bytes;
        RRI_TRY(grow(&block, &texts->max_bytes, texts->n_bytes, texts->n_bytes + n_bytes, 1,
                     &texts->allocator, err));
        texts->bytes = block;
    }
    return RR_OK;
}

size_t rri_id_texts_memory(const rri_id_texts *texts)
{
    return texts->n == 0 ? 0
                         : rri_size_add(rri_memory_size(texts->n * sizeof texts->at[0]),
                                        rri_memory_size(texts->n_bytes));
}

/* The old block, and a new one of half as much more. */
static size_t grown(size_t n, size_t element)
{
    const size_t bytes = rri_size_multiply(n, element);
    return rri_size_add(rri_memory_size(bytes), rri_memory_size(rri_size_add(bytes, bytes / 2)));
}

size_t rri_id_texts_most(size_t n, size_t n_bytes, size_t more, size_t more_bytes)
{
    return n == 0 ? 0
                  : rri_size_add(grown(rri_size_add(n, more), sizeof(rri_id_text)),
                                 grown(rri_size_add(n_bytes, more_bytes), 1));
}

void rri_id_texts_add(rri_id_texts *texts, int32_t index, const char *text, size_t length)
{
    texts->at[texts->n++] = (rri_id_text){index, (uint32_t)length, texts->n_bytes};
    memcpy(texts->bytes + texts->n_bytes, text, length);
    texts->n_bytes += length;
}

const rri_id_text *rri_id_texts_find(const rri_id_texts *texts, int32_t index)
{
    size_t low = 0, high = texts->n;
    while (low < high) {
        const size_t middle = low + (high - low) / 2;
        if (texts->at[middle].index < index) {
            low = middle + 1;
        } else {
            high = middle;
        }
    }
    return low < texts->n && texts->at[low].index == index ? &texts->at[low] : NULL;
}

rr_status rri_id_texts_copy(rri_id_texts *texts, const rri_id_texts *from, rr_error *err)
{
    if (from->n == 0) {
        return RR_OK;
    }
    RRI_TRY(rri_id_texts_reserve(texts, from->n, from->n_bytes, err));
    memcpy(texts->at, from->at, from->n * sizeof from->at[0]);
    memcpy(texts->bytes, from->bytes, from->n_bytes);
    texts->n = from->n;
    texts->n_bytes = from->n_bytes;
    return RR_OK;
}

/* ── one number, one id ──────────────────────────────────────────────────────────────────────── */

/* Whether every text is a number, and one of them is not written as usual. */
static bool is_to_merge(const rri_id_texts *texts)
{
    bool has_respelled = false;
    for (size_t i = 0; i < texts->n; i++) {
        char usual[RRI_ID_USUAL_MOST];
        size_t n = 0;
        const int spelling =
            rri_id_spelling(usual, &n, texts->bytes + texts->at[i].begin, texts->at[i].length);
        if (spelling == RRI_ID_TEXT) {
            return false;
        }
        has_respelled = has_respelled || spelling == RRI_ID_RESPELLED;
    }
    return has_respelled;
}

/* The ids of `from` in their usual spellings; places [from's ids] ← their indices there. */
static rr_status add_usual(rri_id_texts *texts, rri_key_table *table, int32_t *places,
                           const rri_id_texts *from_texts, const rri_key_table *from, rr_error *err)
{
    RRI_TRY(rri_id_texts_reserve(texts, from_texts->n,
                                 from_texts->n_bytes + from_texts->n * RRI_ID_USUAL_MOST, err));
    size_t next = 0;
    for (size_t i = 0; i < from->n_keys; i++) {
        char usual[RRI_ID_USUAL_MOST];
        size_t n = 0;
        uint64_t key = from->keys[i], check = 0;
        if (next < from_texts->n && from_texts->at[next].index == (int32_t)i) {
            const rri_id_text *const text = &from_texts->at[next++];
            (void)rri_id_spelling(usual, &n, from_texts->bytes + text->begin, text->length);
            key = rri_id_key(&check, usual, n);
        }
        const size_t n_before = table->n_keys;
        RRI_TRY(rri_key_table_add(table, &places[i], key, check, err));
        if (table->checks[places[i]] != check) {
            RRI_FAIL(err, RR_E_FORMAT, "dataset: two ids have the key %llu; rename one of them",
                     (unsigned long long)key);
        }
        if (check != 0 && table->n_keys > n_before) {
            rri_id_texts_add(texts, places[i], usual, n);
        }
    }
    return RR_OK;
}

size_t rri_id_texts_merge_memory(size_t n_keys, size_t n, size_t n_bytes)
{
    const size_t table = rri_key_table_memory(n_keys);
    const size_t usual = rri_size_add(n_bytes, rri_size_multiply(n, RRI_ID_USUAL_MOST));
    const size_t texts = rri_size_add(rri_memory_size(rri_size_multiply(n, sizeof(rri_id_text))),
                                      rri_memory_size(usual));
    const size_t places = rri_memory_size(rri_size_multiply(n_keys, sizeof(int32_t)));
    return rri_size_add(rri_size_add(rri_size_add(table, table / 2), texts), places);
}

rr_status rri_id_texts_merge(size_t *n_merged, rri_id_texts *texts, rri_key_table *table,
                             int32_t *indices, size_t n, rr_error *err)
{
    *n_merged = 0;
    if (!is_to_merge(texts)) {
        return RR_OK;
    }
    void *places = NULL;
    const size_t n_keys = table->n_keys;
    rri_key_table merged;
    rri_id_texts merged_texts;
    RRI_TRY(rri_memory_allocate_unset(&places, &texts->allocator, n_keys * sizeof(int32_t),
                                      "spellings of ids", err));
    rri_key_table_init(&merged, &table->allocator);
    rri_id_texts_init(&merged_texts, &texts->allocator);
    const rr_status status = add_usual(&merged_texts, &merged, places, texts, table, err);
    if (status == RR_OK) {
        for (size_t i = 0; i < n; i++) {
            indices[i] = ((const int32_t *)places)[indices[i]];
        }
        *n_merged = n_keys - merged.n_keys;
        rri_key_table_release(table);
        rri_id_texts_release(texts);
        *table = merged;
        *texts = merged_texts;
    } else {
        rri_key_table_release(&merged);
        rri_id_texts_release(&merged_texts);
    }
    rri_memory_release(&texts->allocator, places, n_keys * sizeof(int32_t));
    return status;
}
