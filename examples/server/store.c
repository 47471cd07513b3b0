/* SPDX-License-Identifier: MIT */
#include "store.h"

#include <sqlite3.h>
#include <string.h>

#include "common.h"

struct store {
    sqlite3 *db;
    sqlite3_stmt *begin, *commit, *add, *endings, *session;
};

/* A commit outlives every process. To outlive a power cut as well, say synchronous=FULL. */
static const char SCHEMA[] =
    "PRAGMA journal_mode=WAL; PRAGMA synchronous=NORMAL;"
    "CREATE TABLE IF NOT EXISTS log(seq INTEGER PRIMARY KEY AUTOINCREMENT, kind INTEGER NOT NULL, "
    "key INTEGER "
    "NOT "
    "NULL, session INTEGER NOT NULL, time INTEGER NOT NULL, blob BLOB NOT NULL, UNIQUE(kind, key));"
    "CREATE INDEX IF NOT EXISTS log_session ON log(session, kind)";

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

static void bind(store *s, sqlite3_stmt *statement, int at, int64_t value)
{
    expect(s, sqlite3_bind_int64(statement, at, value), SQLITE_OK);
}

store *store_open(const char *path)
{
    store *s = take(1, sizeof *s);
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

void store_add(store *s, const store_row *row)
{
    bind(s, s->add, 1, row->kind);
    bind(s, s->add, 2, (int64_t)row->key);
    bind(s, s->add, 3, (int64_t)row->session);
    bind(s, s->add, 4, row->time);
    expect(s, sqlite3_bind_blob64(s->add, 5, row->blob, row->bytes, SQLITE_STATIC), SQLITE_OK);
    run(s, s->add);
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
void store_prune(store *s, int64_t last)
{
    sqlite3_stmt *statement =
        prepare(s, "DELETE FROM log WHERE session IN (SELECT session FROM log "
                   "WHERE kind = 2 AND seq <= ?)");
    bind(s, statement, 1, last);
    run(s, statement);
    sqlite3_finalize(statement);
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
            give_up("memory", "there is none left");
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
        append(rows, sqlite3_column_blob(s->session, 0),
               (size_t)sqlite3_column_bytes(s->session, 0));
    }
    expect(s, sqlite3_reset(s->session), SQLITE_OK);
}

bool store_read(store *s, int64_t *last, int64_t until, int32_t n_decisions, store_rows *rows)
{
    int64_t at = *last;
    rows->n = rows->n_decisions = 0;
    bind(s, s->endings, 1, *last);
    bind(s, s->endings, 2, until);
    while (rows->n_decisions < n_decisions && sqlite3_step(s->endings) == SQLITE_ROW) {
        at = sqlite3_column_int64(s->endings, 0);
        append_session(s, sqlite3_column_int64(s->endings, 1), rows);
        rows->n_decisions += sqlite3_column_int(s->endings, 2);
    }
    expect(s, sqlite3_reset(s->endings), SQLITE_OK);
    if (rows->n_decisions < n_decisions) {
        return false;
    }
    *last = at;
    return true;
}
