/* SPDX-License-Identifier: MIT */
/* follow.c: the next generation of a catalogue, and catalogues that begin and end a line. */
#include <inttypes.h>
#include <string.h>

#include "core/finite.h"
#include "core/status.h"
#include "items/line.h"

/* What changes, as the caller says it. */
typedef struct change {
    const uint64_t *gone; /* [n_gone] keys */
    size_t n_gone;
    const rri_item_rows *rows; /* what comes */
} change;

/* ── what is judged before anything changes ── */

static rr_status check_distinct(const uint64_t *keys, size_t n, const char *name,
                                const rri_allocator *allocator, rr_error *err)
{
    const size_t n_slots = rri_u64_table_slots(n);
    const size_t bytes = n_slots * sizeof(int32_t);
    void *block;
    RRI_TRY(rri_memory_allocate_unset(&block, allocator, bytes, "follow", err));
    rri_u64_table table = {.slots = block, .n_slots = n_slots};
    rri_u64_table_clear(&table);
    rr_status status = RR_OK;
    for (size_t i = 0; i < n && status == RR_OK; i++) {
        int32_t *slot = rri_u64_table_slot(&table, keys, keys[i]);
        if (*slot >= 0) {
            status =
                rri_status_fail(err, RR_E_INVALID,
                                "follow: %s[%d] and %s[%zu] are both %" PRIu64 "; keys must differ",
                                name, (int)*slot, name, i, keys[i]);
        }
        *slot = (int32_t)i;
    }
    rri_memory_release(allocator, block, bytes);
    return status;
}

static rr_status check_gone(const rr_items *before, const change *what, rr_error *err)
{
    for (size_t i = 0; i < what->n_gone; i++) {
        const int32_t item = rri_items_find(before, what->gone[i]);
        if (item < 0 || !rri_items_is_alive(before, (size_t)item)) {
            RRI_FAIL(err, RR_E_NOT_FOUND, "follow: gone[%zu] is %" PRIu64 ", a key that %s", i,
                     what->gone[i], item < 0 ? "the catalogue does not have" : "is gone already");
        }
    }
    return RR_OK;
}

static rr_status check_finite(const rr_items *before, const rri_item_rows *rows, rr_error *err)
{
    const size_t n = rows->n * before->dim, n_features = rows->n * before->feature_dim;
    const size_t bad = rri_finite_find(rows->vectors, n);
    if (bad < n) {
        RRI_FAIL(err, RR_E_NOT_FINITE,
                 "follow: coordinate %zu of vector %zu is %g; it must be finite", bad % before->dim,
                 bad / before->dim, (double)rows->vectors[bad]);
    }
    const size_t f = before->feature_dim;
    const size_t bad_feature = n_features > 0 ? rri_finite_find(rows->features, n_features) : 0;
    if (bad_feature < n_features) {
        RRI_FAIL(err, RR_E_NOT_FINITE, "follow: feature %zu of item %zu is %g; it must be finite",
                 bad_feature % f, bad_feature / f, (double)rows->features[bad_feature]);
    }
    return RR_OK;
}

static rr_status check_change(const rr_items *before, const change *what,
                              const rri_allocator *allocator, rr_error *err)
{
    const size_t most = INT32_MAX - 1;
    if (what->rows->n > most - before->n) {
        RRI_FAIL(err, RR_E_INVALID,
                 "follow: %zu new items after %zu are more than %zu, the most that a line has; "
                 "rr_items_compact ends it",
                 what->rows->n, before->n, most);
    }
    if (what->rows->n > 0 && what->rows->feature_dim != before->feature_dim) {
        RRI_FAIL(err, RR_E_INVALID,
                 "follow: the new items have %zu features; they must have %zu, as those that they "
                 "follow",
                 what->rows->feature_dim, before->feature_dim);
    }
    RRI_TRY(check_finite(before, what->rows, err));
    RRI_TRY(check_gone(before, what, err));
    RRI_TRY(check_distinct(what->gone, what->n_gone, "gone", allocator, err));
    return check_distinct(what->rows->keys, what->rows->n, "keys", allocator, err);
}

/* ── the change ── */

/* A storage that has all items of `before`, with room for n more. */
static rr_status storage_for(rri_storage **out, const rr_items *before, size_t n,
                             const rri_allocator *allocator, rr_error *err)
{
    rri_storage *old = before->storage;
    if (old != NULL && n <= old->room - before->n) {
        *out = rri_storage_retain(old);
        return RR_OK;
    }
    rri_storage *s = NULL;
    RRI_TRY(rri_storage_create(&s, rri_items_room(before->n + n), before->dim, before->feature_dim,
                               allocator, err));
    memcpy(s->vectors, before->vectors, before->n * before->dim * sizeof *s->vectors);
    if (before->feature_dim > 0) {
        memcpy(s->features, before->features,
               before->n * before->feature_dim * sizeof *s->features);
    }
    memcpy(s->keys, before->keys, before->n * sizeof *s->keys);
    for (size_t i = 0; i < before->n; i++) {
        rri_storage_add(s, i, old != NULL ? old->births[i] : 0);
        const uint32_t death = old != NULL ? rri_life_death(&old->life, i) : RRI_LIFE_LASTS;
        if (death != RRI_LIFE_LASTS) {
            rri_storage_end(s, i, death);
        }
    }
    *out = s;
    return RR_OK;
}

static void end_item(rri_storage *s, size_t item, uint32_t generation, rri_generation *sum)
{
    rri_storage_end(s, item, generation);
    sum->fingerprint += rri_line_hash_death(item, generation);
    sum->n_alive--;
}

/* Item `from` of the rows. */
static void add_item(rri_storage *s, const rri_item_rows *rows, size_t from, uint32_t generation,
                     rri_generation *sum)
{
    const size_t at = (size_t)sum->n++, f = s->feature_dim;
    s->keys[at] = rows->keys[from];
    memcpy(s->vectors + at * s->dim, rows->vectors + from * s->dim, s->dim * sizeof *s->vectors);
    if (f > 0) {
        memcpy(s->features + at * f, rows->features + from * f, f * sizeof *s->features);
    }
    rri_storage_add(s, at, generation);
    sum->fingerprint += rri_line_hash_birth(rows, from, s->dim, at, generation);
    sum->n_alive++;
}

/* Whether item `there` is what item `from` of the rows says. */
static bool is_same(const rri_storage *s, size_t there, const rri_item_rows *rows, size_t from)
{
    const size_t dim = s->dim, f = s->feature_dim;
    return memcmp(s->vectors + there * dim, rows->vectors + from * dim, dim * sizeof *s->vectors) ==
               0 &&
           (f == 0 || memcmp(s->features + there * f, rows->features + from * f,
                             f * sizeof *s->features) == 0);
}

static void apply(rri_storage *s, const change *what, uint32_t generation, rri_generation *sum)
{
    for (size_t i = 0; i < what->n_gone; i++) {
        end_item(s, (size_t)rri_storage_find(s, what->gone[i], generation), generation, sum);
    }
    for (size_t i = 0; i < what->rows->n; i++) {
        const int32_t there = rri_storage_find(s, what->rows->keys[i], generation);
        const bool is_there =
            there >= 0 && rri_life_death(&s->life, (size_t)there) == RRI_LIFE_LASTS;
        if (is_there) {
            if (is_same(s, (size_t)there, what->rows, i)) {
                continue;
            }
            end_item(s, (size_t)there, generation, sum);
        }
        add_item(s, what->rows, i, generation, sum);
    }
}

/* Under the line's mutex. */
static rr_status follow(rr_items **out, const rr_items *before, rri_line *line, const change *what,
                        const rri_allocator *allocator, rr_error *err)
{
    if (line->n - 1 != before->generation) {
        RRI_FAIL(err, RR_E_STATE,
                 "follow: generation %u has been followed already; the line is at %zu",
                 (unsigned)before->generation, line->n - 1);
    }
    const uint32_t generation = before->generation + 1;
    RRI_TRY(check_change(before, what, allocator, err));
    RRI_TRY(rri_line_reserve(line, err));
    rri_storage *storage = NULL;
    RRI_TRY(storage_for(&storage, before, what->rows->n, allocator, err));
    rri_generation sum = {before->fingerprint, (int32_t)before->n, (int32_t)before->n_alive};
    rr_items *items = NULL;
    const rr_status status =
        rri_items_of_storage(&items, storage, line, generation, &sum, allocator, err);
    if (status != RR_OK) {
        rri_storage_release(storage);
        return status;
    }
    (void)rri_line_retain(line);
    apply(storage, what, generation, &sum);
    items->n = (size_t)sum.n;
    items->n_alive = (size_t)sum.n_alive;
    items->fingerprint = sum.fingerprint;
    rri_line_add(line, &sum);
    *out = items;
    return RR_OK;
}

rr_status rri_items_follow(rr_items **out, rr_items *before, const uint64_t *gone, size_t n_gone,
                           const rri_item_rows *rows, const rri_allocator *allocator, rr_error *err)
{
    const change what = {gone, n_gone, rows};
    rri_line *line = NULL;
    RRI_TRY(rri_line_of(&line, before, err));
    (void)pthread_mutex_lock(&line->mutex);
    const rr_status status = follow(out, before, line, &what, allocator, err);
    (void)pthread_mutex_unlock(&line->mutex);
    return status;
}

size_t rri_items_follow_memory(const rr_items *before, size_t n_new)
{
    const size_t handle = rri_memory_size(sizeof(rr_items));
    const bool has_room = before->storage != NULL && n_new <= before->storage->room - before->n;
    const size_t room = rri_items_room(rri_size_add(before->n, n_new));
    return has_room ? handle
                    : rri_size_add(handle, rri_memory_size(rri_storage_bytes(room, before->dim,
                                                                             before->feature_dim)));
}

/* ── ancestors ── */

rr_status rri_items_ancestor(rr_items **out, const rr_items *items, uint64_t fingerprint,
                             rr_error *err)
{
    uint32_t generation;
    rri_generation what;
    rri_line *line = atomic_load_explicit(&items->line, memory_order_acquire);
    if (!rri_items_generation_of(&generation, items, fingerprint) ||
        generation > items->generation) {
        RRI_FAIL(err, RR_E_NOT_FOUND, "items: they have no ancestor with this fingerprint");
    }
    if (items->storage == NULL || line == NULL) {
        *out = rri_items_retain((rr_items *)items);
        return RR_OK;
    }
    what.fingerprint = fingerprint;
    what.n = (int32_t)rri_items_count_in(items, generation);
    what.n_alive = (int32_t)rri_items_alive_in(items, generation);
    RRI_TRY(
        rri_items_of_storage(out, items->storage, line, generation, &what, &items->allocator, err));
    (void)rri_storage_retain(items->storage);
    (void)rri_line_retain(line);
    return RR_OK;
}

/* ── the end of a line ── */

static rr_status all_are_gone(const rr_items *items, rr_error *err)
{
    RRI_FAIL(err, RR_E_STATE, "compact: all %zu items are gone; one must be left", items->n);
}

/* What is alive, side by side, before it is a catalogue: vectors, features, keys. */
static size_t copied_bytes(size_t n, size_t dim, size_t f)
{
    return rri_memory_size(n * dim * sizeof(float)) + rri_memory_size(n * f * sizeof(float)) +
           n * sizeof(uint64_t);
}

rr_status rri_items_compact(rr_items **out, const rr_items *items, int32_t *map,
                            const rri_allocator *allocator, rr_error *err)
{
    const size_t dim = items->dim, f = items->feature_dim, n_alive = items->n_alive;
    const size_t of_vectors = rri_memory_size(n_alive * dim * sizeof(float));
    const size_t of_features = rri_memory_size(n_alive * f * sizeof(float));
    const size_t bytes = copied_bytes(n_alive, dim, f);
    if (n_alive == 0) {
        return all_are_gone(items, err);
    }
    void *block;
    RRI_TRY(rri_memory_allocate_unset(&block, allocator, bytes, "compact", err));
    float *vectors = block;
    float *features = (float *)(void *)((char *)block + of_vectors);
    uint64_t *keys = (uint64_t *)(void *)((char *)block + of_vectors + of_features);
    size_t to = 0;
    for (size_t i = 0; i < items->n; i++) {
        const bool is_alive = rri_items_is_alive(items, i);
        if (map != NULL) {
            map[i] = is_alive ? (int32_t)to : -1;
        }
        if (is_alive) {
            memcpy(vectors + to * dim, items->vectors + i * dim, dim * sizeof *vectors);
            if (f > 0) {
                memcpy(features + to * f, items->features + i * f, f * sizeof *features);
            }
            keys[to++] = items->keys[i];
        }
    }
    const rri_item_rows rows = {vectors, keys, features, to, f};
    const rr_status status = rri_items_create_rows(out, &rows, (int32_t)dim, allocator, err);
    rri_memory_release(allocator, block, bytes);
    return status;
}

rr_status rri_items_compact_memory(size_t *bytes, size_t *held, const rr_items *items,
                                   rr_error *err)
{
    const size_t n = items->n_alive, dim = items->dim, f = items->feature_dim;
    if (n == 0) {
        return all_are_gone(items, err);
    }
    RRI_TRY(rri_items_memory(held, (int32_t)n, (int32_t)dim, (int32_t)f, true, err));
    *bytes = rri_size_add(*held, rri_memory_size(copied_bytes(n, dim, f)));
    return RR_OK;
}

/* ── from a file ── */

rr_status rri_items_restore_memory(size_t *bytes, size_t *held, const rri_items_file *file,
                                   rr_error *err)
{
    size_t root, grown_from;
    const size_t n = file->rows.n, f = file->rows.feature_dim, dim = file->dim;
    RRI_TRY(rri_items_memory(&root, (int32_t)n, (int32_t)dim, (int32_t)f, true, err));
    *bytes = *held = root;
    if (file->generation > 0) {
        const size_t n_generations = (size_t)file->generation + 1;
        const size_t line = rri_line_bytes(n_generations, &grown_from);
        const size_t changes =
            rri_memory_size(rri_size_multiply(n_generations, sizeof(rri_generation)));
        const size_t storage = rri_memory_size(rri_storage_bytes(rri_items_room(n), dim, f));
        const size_t growing = rri_size_add(rri_size_add(line, grown_from), changes);
        *held = rri_size_add(line, rri_size_add(storage, rri_memory_size(sizeof(rr_items))));
        *bytes = rri_size_add(root, rri_size_larger(*held, growing));
    }
    return RR_OK;
}

/* Generations from what changed in each: births and deaths anywhere in the file. */
static rr_status restore_history(rri_line *line, const rri_items_file *file, rri_generation *sum,
                                 const rri_allocator *allocator, rr_error *err)
{
    const size_t n = (size_t)file->generation + 1, bytes = n * sizeof(rri_generation);
    void *block;
    RRI_TRY(rri_memory_allocate(&block, allocator, bytes, "items", err));
    rri_generation *changes = block;
    for (size_t i = 0; i < file->rows.n; i++) {
        const uint32_t birth = file->births[i], death = file->deaths[i];
        if (birth > 0) {
            changes[birth].fingerprint += rri_line_hash_birth(&file->rows, i, file->dim, i, birth);
            changes[birth].n++;
            changes[birth].n_alive++;
        }
        if (death != RRI_LIFE_LASTS) {
            changes[death].fingerprint += rri_line_hash_death(i, death);
            changes[death].n_alive--;
        }
    }
    rr_status status = RR_OK;
    for (size_t g = 1; g < n && status == RR_OK; g++) {
        sum->fingerprint += changes[g].fingerprint;
        sum->n += changes[g].n;
        sum->n_alive += changes[g].n_alive;
        status = rri_line_reserve(line, err);
        if (status == RR_OK) {
            rri_line_add(line, sum);
        }
    }
    rri_memory_release(allocator, block, bytes);
    return status;
}

static rr_status restore_storage(rri_storage **out, const rri_items_file *file,
                                 const rri_allocator *allocator, rr_error *err)
{
    rri_storage *s = NULL;
    const rri_item_rows *rows = &file->rows;
    const size_t n = rows->n, f = rows->feature_dim;
    RRI_TRY(rri_storage_create(&s, rri_items_room(n), file->dim, f, allocator, err));
    memcpy(s->vectors, rows->vectors, n * file->dim * sizeof *s->vectors);
    if (f > 0) {
        memcpy(s->features, rows->features, n * f * sizeof *s->features);
    }
    memcpy(s->keys, rows->keys, n * sizeof *s->keys);
    for (size_t i = 0; i < n; i++) {
        rri_storage_add(s, i, file->births[i]);
        if (file->deaths[i] != RRI_LIFE_LASTS) {
            rri_storage_end(s, i, file->deaths[i]);
        }
    }
    *out = s;
    return RR_OK;
}

/* The line and the last generation behind a root. */
static rr_status restore_after(rr_items **out, rr_items *root, const rri_items_file *file,
                               const rri_allocator *allocator, rr_error *err)
{
    rri_line *line = NULL;
    rri_storage *storage = NULL;
    rri_generation sum = {root->fingerprint, (int32_t)root->n, (int32_t)root->n_alive};
    RRI_TRY(rri_line_of(&line, root, err));
    RRI_TRY(restore_history(line, file, &sum, allocator, err));
    RRI_TRY(restore_storage(&storage, file, allocator, err));
    const rr_status status =
        rri_items_of_storage(out, storage, line, file->generation, &sum, allocator, err);
    if (status != RR_OK) {
        rri_storage_release(storage);
        return status;
    }
    (void)rri_line_retain(line);
    return RR_OK;
}

rr_status rri_items_restore(rr_items **out, const rri_items_file *file,
                            const rri_allocator *allocator, rr_error *err)
{
    rr_items *root = NULL;
    rri_item_rows first = file->rows;
    first.n = file->n_root;
    RRI_TRY(rri_items_create_rows(&root, &first, (int32_t)file->dim, allocator, err));
    if (file->generation == 0) {
        *out = root;
        return RR_OK;
    }
    const rr_status status = restore_after(out, root, file, allocator, err);
    rri_items_release(root);
    return status;
}
