/* SPDX-License-Identifier: MIT */
/* store.h: the log in SQLite: what was decided, what came of it, which sessions ended; one table of
 * blobs in the order of their commits. The server writes, the trainer reads.
 *
 *   log(seq, kind, key, session, time, blob)
 *
 * kind and key are unique: what is told twice is stored once. The table is the waiting room too: a
 * session is read when it has ended and its rewards are final, and how far endings have been read
 * is one number, which the trainer keeps in its checkpoint.
 *
 * What writes answers whether it did; store_why says why it did not, and store_undo leaves the
 * table as it was before store_begin, so that the same may be tried again. What reads ends the
 * program where it fails: without its log there is no server. */
#ifndef SERVER_STORE_H
#define SERVER_STORE_H

#include <recrl/recrl.h>
#include <stdbool.h>

typedef struct store store;

/* Makes the file where there is none; `path` is kept as a pointer. */
store *store_open(const char *path);
void store_close(store *s);

/* What is added between begin and commit is there as a whole, or not at all. */
bool store_begin(store *s);
bool store_commit(store *s);
void store_undo(store *s);
/* "DIR/log.sqlite: database or disk is full", of the call that failed last. */
const char *store_why(const store *s);
typedef struct store_row {
    int32_t kind;          /* RR_BLOB_… */
    uint64_t key, session; /* key: the decision; of an ending the session */
    int64_t time;
    const void *blob;
    size_t bytes;
} store_row;
bool store_add(store *s, const store_row *row);

/* Sessions whose ending is among those up to `last` leave the table. */
bool store_prune(store *s, int64_t last);

/* Rows of one kind. */
int64_t store_count(store *s, int32_t kind);
/* Decisions of sessions whose ending is not among those up to `last`. */
int64_t store_count_unread(store *s, int64_t last);

/* Blobs one behind the other, as rr_ledger_import reads them. */
typedef struct store_rows {
    unsigned char *data;
    uint64_t *offsets; /* [n + 1] */
    size_t data_bytes, offsets_count, longest;
    int32_t n, n_decisions;
} store_rows;
void store_rows_close(store_rows *rows);

/* Whole sessions whose ending comes after *last and is not later than `until`, in the order of
 * their endings, until they have n_most decisions; *last moves to the ending read last. false, and
 * *last as it was, when there are fewer than n_least. */
bool store_read(store *s, int64_t *last, int64_t until, int32_t n_least, int32_t n_most,
                store_rows *rows);

#endif
