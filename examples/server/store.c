/* SPDX-License-Identifier: MIT */
#include "store.h"

#include <sqlite3.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/output.h"
#include "driver/text.h"

struct store {
    const char *path;
    sqlite3 *db;
    sqlite3_stmt *begin, *commit, *add, *endings, *session;
    char why[512];
};

/* A commit outlives every process. To outlive a power cut as well, say synchronous=FULL. */
static const char SCHEMA[] =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
    "CREATE TABLE IF NOT EXISTS log(seq INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL, "
    "key INTEGER NOT NULL, session INTEGER NOT NULL, time INTEGER NOT NULL, blob BLOB NOT NULL, "
    "UNIQUE(kind, key));"
    "CREATE INDEX IF NOT EXISTS log_session ON log(session, kind)";

/* The sentence of what has just failed; SQLite's own is of the last call alone. */
static bool succeeds(store *s, int got, int wanted)
{
    if (got != wanted) {
        snprintf(s->why, sizeof s->why, "%s: %s", s->path, sqlite3_errmsg(s->db));
    }
    return got == wanted;
}

const char *store_why(const store *s)
{
    return s->why;
}

static void expect(store *s, int got, int wanted)
{
    if (!succeeds(s, got, wanted)) {
        text_fail("%s; without its log the server cannot go on", s->why);
    }
}

static sqlite3_stmt *prepare(store *s, const char *sql)
{
    sqlite3_stmt *statement = NULL;
    expect(s, sqlite3_prepare_v2(s->db, sql, -1, &statement, NULL), SQLITE_OK);
    return statement;
}

/* reset tells the fault of step again, and is no fault of its own. */
static bool run(store *s, sqlite3_stmt *statement)
{
    const bool is_done = succeeds(s, sqlite3_step(statement), SQLITE_DONE);
    sqlite3_reset(statement);
    return is_done;
}

static void bind(store *s, sqlite3_stmt *statement, int at, int64_t value)
{
    expect(s, sqlite3_bind_int64(statement, at, value), SQLITE_OK);
}

store *store_open(const char *path)
{
    store *s = text_allocate(1, sizeof *s);
    s->path = path;
    expect(s, sqlite3_open(path, &s->db), SQLITE_OK);
    sqlite3_busy_timeout(s->db, 10000);
    expect(s, sqlite3_exec(s->db, SCHEMA, NULL, NULL, NULL), SQLITE_OK);
    s->begin = prepare(s, "BEGIN IMMEDIATE");
    s->commit = prepare(s, "COMMIT");
    s->add = prepare(s, "INSERT OR IGNORE INTO log(kind, key, session, time, blob) "
                        "VALUES(?, ?, ?, ?, ?)");
    s->endings = prepare(s, "SELECT seq, session, (SELECT count(*) FROM log r WHERE r.session = "
                            "e.session AND r.kind = 0) FROM log e WHERE kind = 2 AND seq > ? AND "
                            "time <= ? ORDER BY seq");
    s->session = prepare(s, "SELECT blob FROM log WHERE session = ? ORDER BY kind, seq");
    return s;
}

void store_close(store *s)
{
    sqlite3_stmt *const statements[] = {s->begin, s->commit, s->add, s->endings, s->session};
    for (size_t i = 0; i < sizeof statements / sizeof statements[0]; i++) {
        sqlite3_finalize(statements[i]);
    }
    if (sqlite3_close(s->db) != SQLITE_OK) {
        output_complain("%s: cannot be closed: %s", s->path, sqlite3_errmsg(s->db));
    }
    free(s);
}

bool store_begin(store *s)
{
    return run(s, s->begin);
}

bool store_commit(store *s)
{
    return run(s, s->commit);
}

/* Some faults have undone it already. */
void store_undo(store *s)
{
    if (sqlite3_get_autocommit(s->db) == 0) {
        expect(s, sqlite3_exec(s->db, "ROLLBACK", NULL, NULL, NULL), SQLITE_OK);
    }
}

bool store_add(store *s, const store_row *row)
{
    bind(s, s->add, 1, row->kind);
    bind(s, s->add, 2, (int64_t)row->key);
    bind(s, s->add, 3, (int64_t)row->session);
    bind(s, s->add, 4, row->time);
    expect(s, sqlite3_bind_blob64(s->add, 5, row->blob, row->bytes, SQLITE_STATIC), SQLITE_OK);
    return run(s, s->add);
}

static int64_t count(store *s, const char *sql, int64_t value)
{
    sqlite3_stmt *statement = prepare(s, sql);
    bind(s, statement, 1, value);
    expect(s, sqlite3_step(statement), SQLITE_ROW);
    const int64_t n = sqlite3_column_int64(statement, 0);
    sqlite3_finalize(statement);
    return n;
}

/* A sequence number is never used again, so what comes later is behind `last`. */
bool store_prune(store *s, int64_t last)
{
    sqlite3_stmt *statement =
        prepare(s, "DELETE FROM log WHERE session IN (SELECT session FROM log "
                   "WHERE kind = 2 AND seq <= ?)");
    bind(s, statement, 1, last);
    const bool is_done = run(s, statement);
    sqlite3_finalize(statement);
    return is_done;
}

int64_t store_count(store *s, int32_t kind)
{
    return count(s, "SELECT count(*) FROM log WHERE kind = ?", kind);
}

int64_t store_count_unread(store *s, int64_t last)
{
    return count(s,
                 "SELECT count(*) FROM log r WHERE kind = 0 AND NOT EXISTS (SELECT 1 FROM log e "
                 "WHERE e.session = r.session AND e.kind = 2 AND e.seq <= ?)",
                 last);
}

void store_rows_close(store_rows *rows)
{
    free(rows->offsets);
    free(rows->data);
}

/* Room for `wanted`; twice as much when it has to grow. */
static void *grow(void *block, size_t *capacity, size_t wanted, size_t bytes)
{
    if (wanted > *capacity) {
        *capacity = 2 * wanted;
        block = realloc(block, *capacity * bytes);
        if (block == NULL) {
            text_fail("no memory for %zu bytes of the log", *capacity * bytes);
        }
    }
    return block;
}

static void append(store_rows *rows, const void *blob, size_t bytes)
{
    const size_t at = rows->n > 0 ? (size_t)rows->offsets[rows->n] : 0;
    rows->data = grow(rows->data, &rows->data_bytes, at + bytes, 1);
    rows->offsets =
        grow(rows->offsets, &rows->offsets_count, (size_t)rows->n + 2, sizeof *rows->offsets);
    memcpy(rows->data + at, blob, bytes);
    rows->offsets[0] = 0;
    rows->offsets[++rows->n] = at + bytes;
    rows->longest = bytes > rows->longest ? bytes : rows->longest;
}

static void append_session(store *s, int64_t session, store_rows *rows)
{
    bind(s, s->session, 1, session);
    while (sqlite3_step(s->session) == SQLITE_ROW) {
        const void *blob = sqlite3_column_blob(s->session, 0);
        if (blob == NULL) {
            text_fail("%s: a row without a blob, or no memory to read it", s->path);
        }
        append(rows, blob, (size_t)sqlite3_column_bytes(s->session, 0));
    }
    expect(s, sqlite3_reset(s->session), SQLITE_OK);
}

bool store_read(store *s, int64_t *last, int64_t until, int32_t n_least, int32_t n_most,
                store_rows *rows)
{
    int64_t at = *last;
    rows->n = rows->n_decisions = 0;
    bind(s, s->endings, 1, *last);
    bind(s, s->endings, 2, until);
    while (rows->n_decisions < n_most && sqlite3_step(s->endings) == SQLITE_ROW) {
        at = sqlite3_column_int64(s->endings, 0);
        append_session(s, sqlite3_column_int64(s->endings, 1), rows);
        rows->n_decisions += sqlite3_column_int(s->endings, 2);
    }
    expect(s, sqlite3_reset(s->endings), SQLITE_OK);
    if (rows->n_decisions < n_least) {
        return false;
    }
    *last = at;
    return true;
}
