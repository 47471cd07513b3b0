/* SPDX-License-Identifier: MIT */
/* Batches, beside the same text line by line. */
#include "data/row_batch.h"

#include "core/hash.h"
#include "core/philox.h"
#include "fixture.h"

static rri_allocator allocator;

/* Numbers, texts, quotes and a blank line in a thousand, one of each in `spoilt` rows. */
static size_t write_text(char *text, size_t capacity, uint64_t spoilt, uint64_t seed)
{
    size_t n = (size_t)snprintf(text, capacity, "user_id,item_id,rating,timestamp\n");
    for (uint64_t i = 0; n + 100 < capacity; i++) {
        static const char *const forms[] = {"%u,%u,3.5,1234567890\n", "%u,%u,4,12\r\n",
                                            "%u,%u,5e-1,7\n", "user%u,%u,1,1.0\n",
                                            "%u,\"item \"\"%u\"\"\",2,3\n"};
        const uint64_t user = rri_philox_below(seed, RRI_STREAM_SPLIT, i, 0, 5000);
        const uint64_t item = rri_philox_below(seed, RRI_STREAM_SPLIT, i, 1, 30000);
        const uint64_t form = rri_philox_below(seed, RRI_STREAM_SPLIT, i, 2, 2 + 3 * spoilt);
        n += (size_t)snprintf(text + n, capacity - n, forms[form < 5 && spoilt > 0 ? form : 0],
                              (unsigned)user, (unsigned)item);
    }
    return n;
}

static rr_status read_by_lines(rri_interactions *rows, char *text, size_t bytes, rr_error *err)
{
    rri_row_reader reader;
    bool is_there = true;
    rri_row_reader_init(&reader, rows, "f", bytes, &allocator);
    rr_status status = rri_row_reader_begin(&reader, text, bytes, err);
    while (status == RR_OK && is_there) {
        status = rri_row_reader_next(&is_there, &reader, err);
    }
    if (status != RR_OK) {
        rri_row_reader_release(&reader);
    }
    return status;
}

/* Two batches at a time, the first of which ends behind `cut` bytes or more; parsed backwards, and
 * the second before the first is taken; taken without growing, as far as that goes, and then with.
 */
static rr_status read_by_batches(rri_interactions *rows, char *text, size_t bytes, size_t cut,
                                 rr_error *err)
{
    rri_row_reader reader;
    rri_row_batch batches[2];
    char *const end = text + bytes;
    rri_row_reader_init(&reader, rows, "f", bytes, &allocator);
    rr_status status = rri_row_reader_begin(&reader, text, bytes, err);
    for (size_t b = 0; b < 2; b++) {
        rri_row_batch_init(&batches[b], &allocator);
    }
    size_t n_before = 0;
    for (size_t b = 0; status == RR_OK && b < 2; b++) {
        char *const begin = b == 0 ? reader.table.next : batches[0].text;
        char *const line_end = memchr(text + cut, '\n', bytes - cut);
        char *const middle = line_end == NULL ? end : line_end + 1;
        char *const from = b == 0 ? begin : middle;
        rri_row_batch_cut(&batches[b], from, (size_t)((b == 0 ? middle : end) - from), end);
        status = rri_row_batch_place(&batches[b], &reader, n_before, err);
        n_before += batches[b].n_lines;
        for (size_t c = batches[b].n_chunks; status == RR_OK && c-- > 0;) {
            rri_row_batch_parse(&batches[b], c, &reader);
        }
    }
    for (size_t b = 0; status == RR_OK && b < 2; b++) {
        status = rri_row_batch_take(&batches[b], &reader, false, err);
        if (status == RR_OK) {
            status = rri_row_batch_take(&batches[b], &reader, true, err);
        }
    }
    for (size_t b = 0; b < 2; b++) {
        rri_row_batch_release(&batches[b]);
    }
    if (status != RR_OK) {
        rri_row_reader_release(&reader);
    }
    return status;
}

static void compare(const char *text, size_t bytes, size_t cut)
{
    rri_interactions a, b;
    rr_error errors[2] = {{0}, {0}};
    char *const copies[2] = {fixture_copy(text, bytes), fixture_copy(text, bytes)};
    const rr_status status = read_by_lines(&a, copies[0], bytes, &errors[0]);
    ck_assert_int_eq(read_by_batches(&b, copies[1], bytes, cut, &errors[1]), status);
    ck_assert_str_eq(errors[0].text, errors[1].text);
    free(copies[0]);
    free(copies[1]);
    if (status != RR_OK) {
        return;
    }
    ck_assert_uint_eq(a.n, b.n);
    ck_assert_uint_eq(a.item_table.n_keys, b.item_table.n_keys);
    if (a.n > 0) { /* without rows there are no keys to point at */
        ck_assert_mem_eq(a.users, b.users, a.n * sizeof a.users[0]);
        ck_assert_mem_eq(a.items, b.items, a.n * sizeof a.items[0]);
        ck_assert_mem_eq(a.ratings, b.ratings, a.n * sizeof a.ratings[0]);
        ck_assert_mem_eq(a.times, b.times, a.n * sizeof a.times[0]);
        ck_assert_mem_eq(a.item_table.keys, b.item_table.keys,
                         a.item_table.n_keys * sizeof(uint64_t));
        ck_assert_mem_eq(a.user_table.keys, b.user_table.keys,
                         a.user_table.n_keys * sizeof(uint64_t));
    }
    rri_interactions_release(&a);
    rri_interactions_release(&b);
}

START_TEST(test_row_batch_gives_the_rows_of_line_by_line)
{
    enum { CAPACITY = 400000 };
    char *const text = malloc(CAPACITY);
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    for (uint64_t seed = 0; seed < 12; seed++) {
        const size_t bytes = write_text(text, seed < 3 ? CAPACITY : 3000 * seed, seed % 4, seed);
        for (size_t cut = 60; cut < bytes; cut = 5 * cut + 1) {
            compare(text, bytes, cut);
        }
    }
    free(text);
}
END_TEST

START_TEST(test_row_batch_has_the_sentence_of_line_by_line)
{
    static const char *const texts[] = {
        "user_id,item_id\n1,2\n3,4\n5,6,7\n8,9\n",  /* a field too many */
        "user_id,item_id\n1,2\n\n3,4\n5,6\n",       /* an empty line */
        "user_id,item_id\n1,2\n3,4\n5,6\n\n\r\n\n", /* empty lines at the end are none */
        "user_id,item_id\n1,2\n3,4\n5,",            /* an empty id in a line without an end */
        "user_id,item_id\n1,2\n3,4\n5,6",           /* no end */
        "user_id,item_id\n1,2\n\"3,4\n5,6\n",       /* a quote that is not closed */
        "user_id,item_id,position,propensity_score\n1,2,3,0.5\n1,2,3,0\n",
    };
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        const size_t bytes = strlen(texts[i]), head = strcspn(texts[i], "\n");
        for (size_t cut = head + 1; cut < bytes; cut++) {
            compare(texts[i], bytes, cut);
        }
    }
}
END_TEST

START_TEST(test_row_batch_leaves_a_key_that_a_text_has_to_the_long_way)
{
    char text[4000];
    size_t n = (size_t)snprintf(text, sizeof text, "user_id,item_id\nu,i\n");
    uint64_t key = 0;
    char name[16];
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
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    rri_interactions rows;
    rr_error err = {0};
    char *const copy = fixture_copy(text, n);
    ck_assert_int_eq(read_by_batches(&rows, copy, n, n / 2, &err), RR_E_FORMAT);
    ck_assert_ptr_nonnull(strstr(err.text, "f:104:3: item_id '"));
    ck_assert_ptr_nonnull(strstr(err.text, "as another id has"));
    free(copy);
    compare(text, n, n / 3);
}
END_TEST

START_TEST(test_row_batch_without_leave_to_grow_stops_and_allocates_nothing)
{
    char text[8000];
    size_t n = (size_t)snprintf(text, sizeof text, "user_id,item_id\n");
    for (int i = 0; n + 20 < sizeof text; i++) {
        n += (size_t)snprintf(text + n, sizeof text - n, "%d,%d\n", i, i);
    }
    rri_interactions rows;
    rri_row_reader reader;
    rri_row_batch batch;
    char *const copy = fixture_copy(text, n);
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    rri_row_reader_init(&reader, &rows, "f", n, &allocator);
    rri_row_batch_init(&batch, &allocator);
    ck_assert_int_eq(rri_row_reader_begin(&reader, copy, n, NULL), RR_OK);
    char *const begin = reader.table.next;
    rri_row_batch_cut(&batch, begin, (size_t)(copy + n - begin), copy + n);
    ck_assert_int_eq(rri_row_batch_place(&batch, &reader, 0, NULL), RR_OK);
    rri_row_batch_parse(&batch, 0, &reader);
    const void *const block = rows.item_table.block;
    ck_assert_int_eq(rri_row_batch_take(&batch, &reader, false, NULL), RR_OK);
    ck_assert_ptr_eq(rows.item_table.block, block);
    ck_assert(batch.n_taken > 0 && batch.n_taken < batch.n_lines && rows.n == batch.n_taken);
    ck_assert_int_eq(rri_row_batch_take(&batch, &reader, true, NULL), RR_OK);
    ck_assert(batch.n_taken == batch.n_lines && rows.n == batch.n_lines);
    rri_row_batch_release(&batch);
    rri_row_reader_release(&reader);
    free(copy);
}
END_TEST

/* Small files of each form, with bytes changed, doubled and taken away: whatever it says then, both
 * ways say the same, or refuse it with the same sentence. */
START_TEST(test_row_batch_agrees_with_line_by_line_on_damaged_files)
{
    static const char *const texts[] = {
        "userId,movieId,rating,timestamp\n1,2,3.5,1112486027\n1,29,3.5,1112484676\n2,2,4,"
        "1094785740\n",
        "1::1193::5::978300760\r\n1::661::3::978302109\r\n2::1193::4.5::978301968\r\n3::1::1::"
        "9\r\n",
        "196\t242\t3\t881250949\n186\t302\t3\t891717742\n22\t377\t1\t878887116\n244\t51\t2\t88",
        "user_id:token\titem_id:token\n1\t2\n3\ta\n1\t2\n\n",
        "\xef\xbb\xbfitem_id,user_id,note\n1,2,\"a, b\"\n2,3,\"\"\"\"\n\"x\",3,\n1,1,c\n"};
    static const char marks[] = "\t,\"\n\r\0:.-e019a\xff";
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    for (uint64_t trial = 0; trial < 60000; trial++) {
        const char *const from = texts[trial % 5];
        char text[256];
        size_t n = strlen(from);
        memcpy(text, from, n);
        for (uint32_t edit = 0; edit < 1 + trial % 4; edit++) {
            const uint64_t draw = rri_philox_below(9, RRI_STREAM_SPLIT, trial, edit, UINT64_MAX);
            const size_t at = (size_t)(draw % n);
            const char mark = marks[(draw >> 40) % (sizeof marks - 1)];
            if (draw >> 62 == 0 && n > 40) {
                memmove(text + at, text + at + 1, --n - at);
            } else if (draw >> 62 == 1 && n < sizeof text) {
                memmove(text + at + 1, text + at, n++ - at);
            }
            text[at < n ? at : n - 1] = mark;
        }
        const char *const head = memchr(text, '\n', n);
        const size_t cut = head == NULL ? n : (size_t)(head - text) + 1;
        compare(text, n, cut < n ? cut + (size_t)trial % (n - cut) : n - 1);
    }
}
END_TEST

CHECK_MAIN("data/row_batch", test_row_batch_gives_the_rows_of_line_by_line,
           test_row_batch_has_the_sentence_of_line_by_line,
           test_row_batch_leaves_a_key_that_a_text_has_to_the_long_way,
           test_row_batch_without_leave_to_grow_stops_and_allocates_nothing,
           test_row_batch_agrees_with_line_by_line_on_damaged_files)
