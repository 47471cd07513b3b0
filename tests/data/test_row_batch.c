/* SPDX-License-Identifier: MIT */
#include "data/row_batch.h"

#include <stdio.h>
#include <stdlib.h>

#include "core/hash.h"
#include "data/row_walk.h"
#include "load_text.h"

static rri_allocator allocator;
static rri_interactions rows;
static rri_row_reader reader;
static rri_row_batch batch;

/* A text of user and item below no header, cut into chunks; the bytes that were used. */
static size_t cut(const char *text, size_t bytes, size_t chunk_bytes, bool is_last)
{
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    reader =
        (rri_row_reader){.rows = &rows,
                         .form = {.name = "f", .separator = ',', .width = 1, .has_quotes = true},
                         .header = {.n_columns = 2, .columns = {0, 1, -1, -1, -1, -1}}};
    rri_row_batch_init(&batch, &allocator);
    return rri_row_batch_cut(&batch, &reader.form, text, bytes, 1, chunk_bytes, is_last);
}

static void open_rows(void)
{
    ck_assert_int_eq(rri_interactions_create(&rows, 10, false, &allocator, NULL), RR_OK);
    ck_assert_int_eq(rri_row_batch_place(&batch, &reader, 0, NULL), RR_OK);
    for (size_t c = 0; c < batch.n_chunks; c++) {
        rri_row_batch_parse(&batch, c, &reader);
    }
}

static void close_rows(void)
{
    rri_row_batch_release(&batch);
    rri_interactions_release(&rows);
}

START_TEST(test_row_batch_cuts_behind_rows)
{
    static const struct {
        const char *text;
        size_t n_used, n_last, n_chunks; /* n_last: used where nothing follows */
    } cases[] = {
        {"1,2\n3,4\n5,6\n", 12, 12, 3},   {"1,2\n3,4\n5", 8, 8, 2},         {"1", 0, 0, 0},
        {"1,\"a\n\"\n3,4\n", 11, 11, 2},  {"1,\"a\n\"\n3,\"b\n", 7, 12, 1}, /* a quote that is open
                                                                               at the end */
        {"1,\"a\nb\n", 0, 7, 0},          {"1,\"a\"b\n3,4\n", 11, 11, 1},   /* a torn one ends the
                                                                               piece */
        {"1,a\"b\n3,\"4\"\n", 12, 12, 2},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        char text[64 + RRI_ROW_WALK_SLACK] = "";
        strcpy(text, cases[i].text);
        ck_assert_uint_eq(cut(text, strlen(text), 1, false), cases[i].n_used);
        ck_assert_msg(batch.n_chunks == cases[i].n_chunks, "%zu: %zu", i, batch.n_chunks);
        ck_assert_uint_eq(cut(text, strlen(text), 1, true), cases[i].n_last);
    }
}
END_TEST

START_TEST(test_row_batch_has_no_more_chunks_than_it_holds)
{
    enum { N = 10000 };
    char *const text = malloc(4 * N + RRI_ROW_WALK_SLACK);
    for (size_t i = 0; i < N; i++) {
        memcpy(text + 4 * i, "1,2\n", 4);
    }
    for (size_t chunk = 1; chunk < 5 * N; chunk = 3 * chunk + 1) {
        ck_assert_uint_eq(cut(text, 4 * N, chunk, false), 4 * N);
        ck_assert(batch.n_chunks <= RRI_ROW_BATCH_MOST_CHUNKS && batch.n_lines == N);
        text[4 * N / 2] = '"';
        text[4 * N / 2 + 2] = '"';
        ck_assert_uint_eq(cut(text, 4 * N, chunk, false), 4 * N);
        ck_assert(batch.n_chunks <= RRI_ROW_BATCH_MOST_CHUNKS && batch.n_lines == N);
        memcpy(text + 4 * N / 2, "1,2\n", 4);
    }
    free(text);
}
END_TEST

START_TEST(test_row_batch_moves_rows_up_behind_lines_that_are_none)
{
    char text[200 + RRI_ROW_WALK_SLACK] = "1,2\n\n\n3,4\n\n5,x\n \n7,8\n";
    cut(text, strlen(text), 1, true);
    open_rows();
    ck_assert_int_eq(rri_row_batch_take(&batch, &reader, batch.n_chunks, true, NULL), RR_OK);
    ck_assert(rows.n == 4 && reader.counts.n_empty == 4);
    ck_assert_uint_eq(rows.user_table.keys[rows.users[3]], 7);
    for (size_t i = 0; i < 4; i++) {
        ck_assert(rows.ratings[i] == 1.0f && rows.times[i] == 0);
    }
    close_rows();
}
END_TEST

START_TEST(test_row_batch_without_leave_to_grow_stops_and_allocates_nothing)
{
    for (int is_text = 0; is_text < 2; is_text++) {
        static char text[9000];
        size_t n = 0;
        for (int i = 0; n + 20 + RRI_ROW_WALK_SLACK < sizeof text; i++) {
            n += (size_t)snprintf(text + n, sizeof text - n, is_text ? "u%d,i%d\n" : "%d,%d\n", i,
                                  i);
        }
        cut(text, n, 1000, true);
        open_rows();
        const void *const block = rows.item_table.block;
        ck_assert_int_eq(rri_row_batch_take(&batch, &reader, batch.n_chunks, false, NULL), RR_OK);
        ck_assert_ptr_eq(rows.item_table.block, block);
        ck_assert(rows.n < batch.n_lines && rows.item_texts.max_n == 0);
        ck_assert(is_text ? rows.n == 0 : rows.n > 0);
        ck_assert_int_eq(rri_row_batch_take(&batch, &reader, batch.n_chunks, true, NULL), RR_OK);
        ck_assert(batch.next_chunk == batch.n_chunks && rows.n == batch.n_lines);
        close_rows();
    }
}
END_TEST

START_TEST(test_row_batch_names_an_id_that_has_the_key_of_another)
{
    char text[4000 + RRI_ROW_WALK_SLACK] = "u,i\n", name[24];
    size_t n = 4;
    uint64_t key = 0;
    for (uint64_t i = 0; key == 0; i++) { /* a text whose hash is a short number */
        snprintf(name, sizeof name, "n%llu", (unsigned long long)i);
        const uint64_t hash = rri_hash_bytes(name, strlen(name), 0);
        key = hash < UINT64_C(10000000000000000) ? hash : 0;
    }
    n += (size_t)snprintf(text + n, sizeof text - n, "1,%s\n", name);
    for (int i = 0; i < 100; i++) {
        n += (size_t)snprintf(text + n, sizeof text - n, "%d,%d\n", i, i % 7);
    }
    n += (size_t)snprintf(text + n, sizeof text - n, "5,%llu\n6,6\n", (unsigned long long)key);
    rr_error err = {0};
    cut(text, n, 100, true);
    open_rows();
    ck_assert_int_eq(rri_row_batch_take(&batch, &reader, batch.n_chunks, true, &err), RR_E_FORMAT);
    char sentence[200];
    snprintf(sentence, sizeof sentence,
             "f:103:3: item_id '%llu' has the key %llu, as another id has; rename one of them",
             (unsigned long long)key, (unsigned long long)key);
    ck_assert_str_eq(err.text, sentence);
    close_rows();
}
END_TEST

CHECK_MAIN("data/row_batch", test_row_batch_cuts_behind_rows,
           test_row_batch_has_no_more_chunks_than_it_holds,
           test_row_batch_moves_rows_up_behind_lines_that_are_none,
           test_row_batch_without_leave_to_grow_stops_and_allocates_nothing,
           test_row_batch_names_an_id_that_has_the_key_of_another)
