/* SPDX-License-Identifier: MIT */
/* store.h: the log in SQLite: what was decided, what came of it, which sessions ended; one table of
 * blobs in the order of their commits. The server writes, the trainer reads.
 *
 *   log(seq, kind, key, blob)   kind and key are unique: what is told twice is stored once */
#ifndef SERVER_STORE_H
#define SERVER_STORE_H

#include <recrl/recrl.h>

typedef struct store store;

/* Makes the file where there is none. */
store *store_open(const char *path);
void store_close(store *s);

/* What is added between the two is there as a whole, or not at all. */
void store_begin(store *s);
void store_commit(store *s);
/* kind: RR_BLOB_…; key: decision, or of an ending its session. */
void store_add(store *s, int32_t kind, uint64_t key, const void *blob, size_t bytes);
/* Rows of one kind; of all with kind −1. */
int64_t store_count(store *s, int32_t kind);

/* Blobs one behind the other, as rr_buffer_import reads them. */
typedef struct store_rows {
    unsigned char *data;
    uint64_t *offsets; /* [n + 1] */
    int32_t n;
    int64_t last; /* seq of the last one */
    size_t capacity, longest;
    int32_t max;
} store_rows;

void store_rows_open(store_rows *rows, int32_t max);
void store_rows_close(store_rows *rows);
/* The rows after `after`, at most rows->max. */
void store_read(store *s, int64_t after, store_rows *rows);

#endif
