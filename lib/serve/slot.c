/* SPDX-License-Identifier: MIT */
#include "serve/slot.h"

#include <pthread.h>

#include "core/status.h"

/* A reader's cell: two of them never share a cache line. */
typedef struct cell {
    _Alignas(64) _Atomic(rr_policy *) held;
    _Atomic(int64_t) acts, rows, invalid, mismatched, not_finite, other; /* its readers' alone */
    bool is_taken;                                                       /* under the mutex */
} cell;
_Static_assert(sizeof(cell) == 64, "a cell is one cache line");

struct rr_slot {
    _Atomic(rr_policy *) present; /* a reference */
    rri_refs refs;                /* the host's, and one a reader */
    cell *cells;                  /* [max_readers] */

    pthread_mutex_t mutex; /* what follows, and every swap */
    rri_allocator allocator;
    size_t bytes, max_readers;
    rr_agent_config config; /* shape of every policy here */
    size_t n_items;
    /* [n_retired] a reference each. Those that are read, one that nobody holds, and a new one: at
     * most max_readers + 2. */
    rr_policy **retired;
    size_t n_retired;
    bool is_held;
    int64_t n_swaps, n_publishes, age; /* rr_slot_info */
    rr_policy **named;                 /* [max_readers] what the cells said when collect looked */
};

static void layout(rr_slot *slot, rri_arena *arena, size_t max_readers)
{
    (void)RRI_TAKE(arena, rr_slot, 1);
    cell *cells = RRI_TAKE(arena, cell, max_readers);
    rr_policy **retired = RRI_TAKE(arena, rr_policy *, max_readers + 2);
    rr_policy **named = RRI_TAKE(arena, rr_policy *, max_readers);
    if (slot != NULL) {
        slot->cells = cells;
        slot->retired = retired;
        slot->named = named;
    }
}

size_t rri_slot_memory(size_t max_readers)
{
    rri_arena arena = {0};
    layout(NULL, &arena, max_readers);
    return arena.used;
}

rr_status rri_slot_create(rr_slot **out, rr_policy *first, size_t max_readers,
                          const rri_allocator *allocator, rr_error *err)
{
    const size_t bytes = rri_slot_memory(max_readers);
    rri_arena arena;
    RRI_TRY(rri_arena_create(&arena, bytes, allocator, "slot", err));
    rr_slot *slot = (rr_slot *)(void *)arena.base;
    slot->bytes = bytes;
    layout(slot, &arena, max_readers);
    if (pthread_mutex_init(&slot->mutex, NULL) != 0) {
        rri_memory_release(allocator, slot, slot->bytes);
        RRI_FAIL(err, RR_E_THREAD, "slot: the system refused a mutex");
    }
    slot->allocator = *allocator;
    slot->max_readers = max_readers;
    rri_refs_init(&slot->refs);
    slot->config = first->model.config;
    slot->n_items = rri_snapshot_most_items(first);
    for (size_t i = 0; i < max_readers; i++) {
        cell *own = &slot->cells[i];
        atomic_init(&own->held, NULL);
        _Atomic(int64_t) *counters[] = {&own->acts,       &own->rows,       &own->invalid,
                                        &own->mismatched, &own->not_finite, &own->other};
        for (size_t j = 0; j < sizeof counters / sizeof counters[0]; j++) {
            atomic_init(counters[j], 0);
        }
    }
    atomic_init(&slot->present, rri_snapshot_retain(first));
    *out = slot;
    return RR_OK;
}

static void destroy(rr_slot *slot)
{
    for (size_t i = 0; i < slot->n_retired; i++) {
        rri_snapshot_release(slot->retired[i]);
    }
    rri_snapshot_release(atomic_load(&slot->present));
    (void)pthread_mutex_destroy(&slot->mutex);
    const rri_allocator allocator = slot->allocator;
    rri_memory_release(&allocator, slot, slot->bytes);
}

rr_slot *rri_slot_retain(rr_slot *slot)
{
    if (slot != NULL) {
        rri_refs_retain(&slot->refs);
    }
    return slot;
}

void rri_slot_release(rr_slot *slot)
{
    if (slot != NULL && rri_refs_release(&slot->refs)) {
        destroy(slot);
    }
}

/* ── readers come and go ── */

static rr_status take_cell(size_t *place, rr_slot *slot, rr_error *err)
{
    size_t i = 0;
    while (i < slot->max_readers && slot->cells[i].is_taken) {
        i++;
    }
    if (i == slot->max_readers) {
        RRI_FAIL(err, RR_E_FULL, "slot: all %zu readers have joined (max_readers)",
                 slot->max_readers);
    }
    slot->cells[i].is_taken = true;
    rri_refs_retain(&slot->refs);
    *place = i;
    return RR_OK;
}

rr_status rri_slot_join(rr_reader **out, rr_slot *slot, uint64_t seed,
                        const rri_allocator *allocator, rr_error *err)
{
    rr_reader *reader = NULL;
    (void)pthread_mutex_lock(&slot->mutex);
    /* For the largest policy that may come, not only for the one that is here. */
    rr_status status = rri_reader_create(&reader, atomic_load(&slot->present), slot->n_items, seed,
                                         allocator, err);
    if (status == RR_OK) {
        status = take_cell(&reader->place, slot, err);
    }
    (void)pthread_mutex_unlock(&slot->mutex);
    if (status != RR_OK) {
        rri_reader_destroy(reader);
        return status;
    }
    reader->slot = slot;
    *out = reader;
    return RR_OK;
}

void rri_slot_leave(rr_reader *reader)
{
    rr_slot *slot = reader->slot;
    if (slot != NULL) {
        rri_slot_let_go(reader);
        (void)pthread_mutex_lock(&slot->mutex);
        slot->cells[reader->place].is_taken = false;
        (void)pthread_mutex_unlock(&slot->mutex);
        reader->slot = NULL;
        rri_slot_release(slot);
    }
}

/* ── reading ── */

/* The second look is what makes the first one safe: a snapshot that is still present after the cell
 * names it cannot be let go of without the trainer seeing the cell. */
rr_policy *rri_slot_acquire(rr_reader *reader)
{
    rr_slot *slot = reader->slot;
    cell *own = &slot->cells[reader->place];
    rr_policy *seen = atomic_load(&slot->present);
    rr_policy *held;
    do {
        held = seen;
        atomic_store(&own->held, held);
        seen = atomic_load(&slot->present);
    } while (seen != held);
    return held;
}

void rri_slot_let_go(rr_reader *reader)
{
    atomic_store_explicit(&reader->slot->cells[reader->place].held, NULL, memory_order_release);
}

bool rri_slot_is_held(const rr_reader *reader)
{
    const cell *own = &reader->slot->cells[reader->place];
    return atomic_load_explicit(&own->held, memory_order_relaxed) != NULL;
}

/* One thread writes a counter, others read it: no locked addition is needed. */
static void add(_Atomic(int64_t) *counter, int64_t n)
{
    const int64_t before = atomic_load_explicit(counter, memory_order_relaxed);
    atomic_store_explicit(counter, before + n, memory_order_relaxed);
}

void rri_slot_count(rr_reader *reader, rr_status status, size_t n_rows)
{
    cell *own = &reader->slot->cells[reader->place];
    if (status == RR_OK) {
        add(&own->acts, 1);
        add(&own->rows, (int64_t)n_rows);
        return;
    }
    add(status == RR_E_INVALID || status == RR_E_UNSUPPORTED ? &own->invalid
        : status == RR_E_MISMATCH                            ? &own->mismatched
        : status == RR_E_NOT_FINITE                          ? &own->not_finite
                                                             : &own->other,
        1);
}

/* ── trainers, under the mutex ── */

static bool is_read(const rr_slot *slot, const rr_policy *policy)
{
    for (size_t i = 0; i < slot->max_readers; i++) {
        if (atomic_load(&slot->cells[i].held) == policy) {
            return true;
        }
    }
    return false;
}

/* Whether the reference in `retired` is the only one. A reader may have retained it, but then its
 * cell said so before, and the cells were looked at first. */
static bool is_alone(rr_policy *policy)
{
    return rri_refs_is_alone(&policy->refs);
}

static bool is_named(const rr_slot *slot, const rr_policy *policy)
{
    for (size_t i = 0; i < slot->max_readers; i++) {
        if (slot->named[i] == policy) {
            return true;
        }
    }
    return false;
}

/* Each cell is looked at once: a reader that is interrupted between finding a policy and naming it
 * may name an older one now and that one later, and would keep two. */
static void look_at_cells(rr_slot *slot)
{
    for (size_t i = 0; i < slot->max_readers; i++) {
        slot->named[i] = atomic_load(&slot->cells[i].held);
    }
}

/* Lets go of what nobody reads, but for one that nobody holds, the newest, which comes to lie at
 * the end: the next publish writes over it. */
static void collect(rr_slot *slot)
{
    rr_policy *spare = NULL;
    size_t n = 0;
    look_at_cells(slot);
    for (size_t i = 0; i < slot->n_retired; i++) {
        rr_policy *policy = slot->retired[i];
        if (is_named(slot, policy)) {
            slot->retired[n++] = policy;
        } else if (is_alone(policy)) {
            rri_snapshot_release(spare);
            spare = policy;
        } else {
            rri_snapshot_release(policy);
        }
    }
    if (spare != NULL) {
        slot->retired[n++] = spare;
    }
    slot->n_retired = n;
}

/* The one to write over, taken out; NULL: there is none. */
static rr_policy *take_spare(rr_slot *slot)
{
    collect(slot);
    if (slot->n_retired == 0) {
        return NULL;
    }
    rr_policy *last = slot->retired[slot->n_retired - 1];
    if (is_read(slot, last) || !is_alone(last)) {
        return NULL;
    }
    slot->n_retired--;
    return last;
}

/* A policy that comes back while readers still have it from before is in the list once. */
static void retire(rr_slot *slot, rr_policy *policy)
{
    collect(slot);
    for (size_t i = 0; i < slot->n_retired; i++) {
        if (slot->retired[i] == policy) {
            rri_snapshot_release(policy);
            return;
        }
    }
    slot->retired[slot->n_retired++] = policy;
}

/* Takes over the reference. */
static void put(rr_slot *slot, rr_policy *policy)
{
    slot->n_swaps++;
    slot->age = 0;
    retire(slot, atomic_exchange(&slot->present, policy));
}

static rr_status check_shape(const rr_slot *slot, const rr_agent_config *config, size_t n_items,
                             rr_error *err)
{
    return rri_snapshot_check_shape(config, n_items, &slot->config, slot->n_items, "slot", err);
}

rr_status rri_slot_swap(rr_slot *slot, rr_policy *policy, rr_error *err)
{
    RRI_TRY(check_shape(slot, &policy->model.config, policy->model.network.n_items, err));
    (void)pthread_mutex_lock(&slot->mutex);
    put(slot, rri_snapshot_retain(policy));
    (void)pthread_mutex_unlock(&slot->mutex);
    return RR_OK;
}

static rr_status publish(rr_slot *slot, const rri_model *model, rri_shared_items **shared,
                         const rr_serving_options *options, const rri_allocator *allocator,
                         rr_error *err)
{
    rr_policy *spare = take_spare(slot);
    rr_policy *fresh = NULL;
    const rr_status status =
        rri_snapshot_publish(&fresh, model, shared, options, spare, allocator, err);
    if (fresh != spare) {
        rri_snapshot_release(spare);
    }
    if (status == RR_OK) {
        put(slot, fresh);
        slot->n_publishes++;
    }
    return status;
}

static rr_status check_held(rr_slot *slot, rr_error *err)
{
    if (slot->is_held) {
        slot->age++;
        RRI_FAIL(err, RR_E_STATE,
                 "rr_slot_publish: the slot is held, and its policy stays until rr_slot_hold lets "
                 "go; publishes kept out: %lld",
                 (long long)slot->age);
    }
    return RR_OK;
}

rr_status rri_slot_publish(rr_slot *slot, const rri_model *model, rri_shared_items **shared,
                           const rr_serving_options *options, const rri_allocator *allocator,
                           rr_error *err)
{
    RRI_TRY(check_shape(slot, &model->config, model->network.n_items, err));
    (void)pthread_mutex_lock(&slot->mutex);
    rr_status status = check_held(slot, err);
    if (status == RR_OK) {
        status = publish(slot, model, shared, options, allocator, err);
    }
    (void)pthread_mutex_unlock(&slot->mutex);
    return status;
}

void rri_slot_hold(rr_slot *slot, bool is_held)
{
    (void)pthread_mutex_lock(&slot->mutex);
    slot->is_held = is_held;
    (void)pthread_mutex_unlock(&slot->mutex);
}

static int64_t read(const _Atomic(int64_t) *counter)
{
    return atomic_load_explicit(counter, memory_order_relaxed);
}

void rri_slot_describe(rr_slot *slot, rr_slot_info *out)
{
    (void)pthread_mutex_lock(&slot->mutex);
    *out = (rr_slot_info){
        .is_held = slot->is_held,
        .max_readers = (int32_t)slot->max_readers,
        .version = rri_snapshot_version(atomic_load(&slot->present)),
        .n_swaps = slot->n_swaps,
        .n_publishes = slot->n_publishes,
        .age = slot->age,
    };
    for (size_t i = 0; i < slot->max_readers; i++) {
        const cell *c = &slot->cells[i];
        out->n_readers += c->is_taken;
        out->n_acts += read(&c->acts);
        out->n_rows += read(&c->rows);
        out->n_invalid += read(&c->invalid);
        out->n_mismatched += read(&c->mismatched);
        out->n_not_finite += read(&c->not_finite);
        out->n_other += read(&c->other);
    }
    (void)pthread_mutex_unlock(&slot->mutex);
}

rr_policy *rri_slot_get(rr_slot *slot)
{
    (void)pthread_mutex_lock(&slot->mutex);
    rr_policy *policy = rri_snapshot_retain(atomic_load(&slot->present));
    (void)pthread_mutex_unlock(&slot->mutex);
    return policy;
}
