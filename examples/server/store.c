/* SPDX-License-Identifier: MIT */
#include "store.h"

#include <sqlite3.h>
#include <string.h>

#include "common.h"

struct store {
    sqlite3 *db;
    sqlite3_stmt *begin, *commit, *add, *read;
};

static void expect(store *s, int got, int wanted)
{
    if (got != wanted) {
        give_up("sqlite", sqlite3_errmsg(s->db));
    }
}

static sqlite3_stmt *prepare(store *s, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    expect(s, sqlite3_prepare_v2(s->db, sql, -1, &statement, NULL), SQLITE_OK);
    return statement;
}

static void run(store *s, sqlite3_stmt *statement)
{
    expect(s, sqlite3_step(statement), SQLITE_DONE);
    expect(s, sqlite3_reset(statement), SQLITE_OK);
}

store *store_open(const char *path)
{
    store *s = take(1, sizeof *s);
    expect(s, sqlite3_open(path, &s->db), SQLITE_OK);
    sqlite3_busy_timeout(s->db, 10000);
    /* A commit outlives every process. To outlive a power cut as well, say synchronous=FULL. */
    const char *sql = "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
                      "CREATE TABLE IF NOT EXISTS log(seq INTEGER PRIMARY KEY, kind INTEGER NOT "
                      "NULL, key INTEGER NOT NULL, blob BLOB NOT NULL, UNIQUE(kind, key))";
    expect(s, sqlite3_exec(s->db, sql, NULL, NULL, NULL), SQLITE_OK);
    s->begin = prepare(s, "BEGIN IMMEDIATE");
    s->commit = prepare(s, "COMMIT");
    s->add = prepare(s, "INSERT OR IGNORE INTO log(kind, key, blob) VALUES(?, ?, ?)");
    s->read = prepare(s, "SELECT seq, blob FROM log WHERE seq > ? ORDER BY seq LIMIT ?");
    return s;
}

void store_close(store *s)
{
    sqlite3_stmt *const statements[] = {s->begin, s->commit, s->add, s->read};
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        sqlite3_finalize(statements[i]);
    }
    sqlite3_close(s->db);
    free(s);
}

void store_begin(store *s)
{
    run(s, s->begin);
}

void store_commit(store *s)
{
    run(s, s->commit);
}

void store_add(store *s, int32_t kind, uint64_t key, const void *blob, size_t bytes)
{
    expect(s, sqlite3_bind_int(s->add, 1, kind), SQLITE_OK);
    expect(s, sqlite3_bind_int64(s->add, 2, (sqlite3_int64)key), SQLITE_OK);
    expect(s, sqlite3_bind_blob64(s->add, 3, blob, bytes, SQLITE_STATIC), SQLITE_OK);
    run(s, s->add);
}

int64_t store_count(store *s, int32_t kind)
{
    sqlite3_stmt *count = prepare(s, "SELECT count(*) FROM log WHERE kind = ?1 OR ?1 < 0");
    expect(s, sqlite3_bind_int(count, 1, kind), SQLITE_OK);
    expect(s, sqlite3_step(count), SQLITE_ROW);
    const int64_t n = sqlite3_column_int64(count, 0);
    sqlite3_finalize(count);
    return n;
}

void store_rows_open(store_rows *rows, int32_t max)
{
    *rows = (store_rows){.max = max};
    rows->offsets = take((size_t)max + 1, sizeof *rows->offsets);
}

void store_rows_close(store_rows *rows)
{
    free(rows->offsets);
    free(rows->data);
}

static void append(store_rows *rows, const void *blob, size_t bytes)
{
    const size_t at = (size_t)rows->offsets[rows->n];
    if (at + bytes > rows->capacity) {
        rows->capacity = 2 * (at + bytes);
        unsigned char *more = realloc(rows->data, rows->capacity);
        if (more == NULL) {
            give_up("memory", "there is none left");
        }
        rows->data = more;
    }
    memcpy(rows->data + at, blob, bytes);
    rows->n++;
    rows->offsets[rows->n] = at + bytes;
    rows->longest = bytes > rows->longest ? bytes : rows->longest;
}

void store_read(store *s, int64_t after, store_rows *rows)
{
    rows->n = 0;
    rows->last = after;
    expect(s, sqlite3_bind_int64(s->read, 1, after), SQLITE_OK);
    expect(s, sqlite3_bind_int(s->read, 2, rows->max), SQLITE_OK);
    while (sqlite3_step(s->read) == SQLITE_ROW) {
        rows->last = sqlite3_column_int64(s->read, 0);
        append(rows, sqlite3_column_blob(s->read, 1), (size_t)sqlite3_column_bytes(s->read, 1));
    }
    expect(s, sqlite3_reset(s->read), SQLITE_OK);
}
