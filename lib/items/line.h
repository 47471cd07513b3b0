/* SPDX-License-Identifier: MIT */
/* line.h: what the generations of a catalogue share, for items.c and follow.c alone.
 *
 *   rri_line      which generations there have been: fingerprint, items and living items of each
 *   rri_storage   vectors │ features │ keys │ births │ deaths │ … │ slots, with room at the end; a
 * generation is the first n items of one. Where room ends, the next generation begins another
 *                 storage of half as much again, and earlier generations keep theirs.
 *
 * One follow at a time, under the line's mutex; readers take no lock but for the history. */
#ifndef RRI_ITEMS_LINE_H
#define RRI_ITEMS_LINE_H

#include <pthread.h>

#include "core/refs.h"
#include "core/u64_table.h"
#include "items/items.h"
#include "items/life.h"

typedef struct rri_generation {
    uint64_t fingerprint;
    int32_t n, n_alive;
} rri_generation;

typedef struct rri_line {
    rri_refs refs;
    rri_allocator allocator;
    uint64_t root;           /* the fingerprint of generation 0 */
    pthread_mutex_t mutex;   /* the history, and every follow */
    rri_generation *history; /* [room]; index = generation */
    uint64_t *fingerprints;  /* [room] the same once more, as the table wants them */
    rri_u64_table table;     /* fingerprint → generation */
    size_t n, room, history_bytes;
    void *history_block;
} rri_line;

typedef struct rri_storage {
    rri_refs refs;
    rri_allocator allocator;
    size_t bytes, room, dim, feature_dim;
    float *vectors;   /* [room, dim] */
    float *features;  /* [room, feature_dim] */
    uint64_t *keys;   /* [room] */
    uint32_t *births; /* [room] */
    int32_t *before;  /* [room] the index that had its key before; −1: none */
    rri_life life;
    _Atomic int32_t *slots; /* of the table: the newest index of a key; −1: free */
    rri_u64_table table;    /* its salt and size; its slots are those */
} rri_storage;

struct rr_items {
    rri_refs refs;
    rri_allocator allocator;
    size_t block_bytes;
    size_t n, n_alive, dim, feature_dim;
    uint32_t generation;
    uint64_t fingerprint, root;
    const float *vectors;     /* [n, dim] */
    const float *features;    /* [n, feature_dim]; NULL: there are none */
    const uint64_t *keys;     /* [n] */
    rri_u64_table table;      /* of keys, where there is no storage; without slots where every key
                                 is its own index */
    rri_storage *storage;     /* a reference; NULL: all of it lies in this block */
    _Atomic(rri_line *) line; /* a reference; NULL: nothing has followed yet */
};

/* The line of items, made where it had none. */
rr_status rri_line_of(rri_line **line, rr_items *items, rr_error *err);
rri_line *rri_line_retain(rri_line *line);
void rri_line_release(rri_line *line);
/* Bytes of a line of so many generations; `before`: of the smaller history that it
 * has while it grows to them, 0 where it never had another. */
size_t rri_line_bytes(size_t n_generations, size_t *before);
/* Under the mutex: room for one more generation, then that generation. */
rr_status rri_line_reserve(rri_line *line, rr_error *err);
void rri_line_add(rri_line *line, const rri_generation *generation);

/* Empty, with room for so many items. */
rr_status rri_storage_create(rri_storage **out, size_t room, size_t dim, size_t feature_dim,
                             const rri_allocator *allocator, rr_error *err);
size_t rri_storage_bytes(size_t room, size_t dim, size_t feature_dim);
rri_storage *rri_storage_retain(rri_storage *storage);
void rri_storage_release(rri_storage *storage);
/* Item `at`, the next one, whose key, vector and features lie there already. */
void rri_storage_add(rri_storage *storage, size_t at, uint32_t birth);
void rri_storage_end(rri_storage *storage, size_t item, uint32_t death);
/* The newest index of a key that is not after `generation`; −1: none. */
int32_t rri_storage_find(const rri_storage *storage, uint64_t key, uint32_t generation);

/* What item `at` of a table adds to the fingerprint of the generation that it is born in as
 * `item`, and what its end does. */
uint64_t rri_line_hash_birth(const rri_item_rows *rows, size_t at, size_t dim, size_t item,
                             uint32_t birth);
uint64_t rri_line_hash_death(size_t item, uint32_t death);

/* A generation over a storage: takes over a reference of either. */
rr_status rri_items_of_storage(rr_items **out, rri_storage *storage, rri_line *line,
                               uint32_t generation, const rri_generation *what,
                               const rri_allocator *allocator, rr_error *err);

#endif
