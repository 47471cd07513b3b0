/* SPDX-License-Identifier: MIT */
/* Files on several threads, beside the same on one. */
#include "data/load_rows.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check_run.h"
#include "core/philox.h"

static char path[32];

/* About `bytes` of rows, one in `spoilt` not plain; what stands behind them. */
static void write_file(size_t bytes, uint64_t spoilt, const char *behind)
{
    strcpy(path, "/tmp/recrl_load_XXXXXX");
    FILE *const file = fdopen(mkstemp(path), "w");
    ck_assert_ptr_nonnull(file);
    size_t n = (size_t)fprintf(file, "userId,movieId,rating,timestamp\n");
    for (uint64_t i = 0; n < bytes; i++) {
        const unsigned user = (unsigned)(i / 40);
        const unsigned item = (unsigned)rri_philox_below(1, RRI_STREAM_SPLIT, i, 0, 1 + i % 60000);
        const char *const form =
            spoilt > 0 && i % spoilt == 3 ? "%u,\"film, %u\",2e0,7.5\n" : "%u,%u,3.5,1234567890\n";
        n += (size_t)fprintf(file, form, user, item);
    }
    fputs(behind, file);
    fclose(file);
}

/* An allocator that says on which thread it was called. */
typedef struct home {
    pthread_t thread;
    atomic_int n_elsewhere;
} home;

static void *allocate(void *user, size_t bytes, size_t alignment)
{
    home *const h = user;
    atomic_fetch_add(&h->n_elsewhere, pthread_equal(h->thread, pthread_self()) ? 0 : 1);
    return aligned_alloc(alignment, bytes);
}

static void release(void *user, void *block, size_t bytes)
{
    home *const h = user;
    (void)bytes;
    atomic_fetch_add(&h->n_elsewhere, pthread_equal(h->thread, pthread_self()) ? 0 : 1);
    free(block);
}

static void compare(int32_t num_threads)
{
    home h = {.thread = pthread_self()};
    const rri_allocator allocator = {allocate, release, &h};
    rri_interactions a, b;
    rr_error errors[2] = {{0}, {0}};
    const rr_status status = rri_load_rows(&a, path, 1, &allocator, &errors[0]);
    ck_assert_int_eq(rri_load_rows(&b, path, num_threads, &allocator, &errors[1]), status);
    ck_assert_str_eq(errors[0].text, errors[1].text);
    ck_assert_int_eq(atomic_load(&h.n_elsewhere), 0);
    if (status != RR_OK) {
        return;
    }
    ck_assert_uint_eq(a.n, b.n);
    ck_assert_mem_eq(a.users, b.users, a.n * sizeof a.users[0]);
    ck_assert_mem_eq(a.items, b.items, a.n * sizeof a.items[0]);
    ck_assert_mem_eq(a.ratings, b.ratings, a.n * sizeof a.ratings[0]);
    ck_assert_mem_eq(a.times, b.times, a.n * sizeof a.times[0]);
    ck_assert_uint_eq(a.user_table.n_keys, b.user_table.n_keys);
    ck_assert_uint_eq(a.item_table.n_keys, b.item_table.n_keys);
    ck_assert_mem_eq(a.item_table.keys, b.item_table.keys, a.item_table.n_keys * sizeof(uint64_t));
    rri_interactions_release(&a);
    rri_interactions_release(&b);
}

START_TEST(test_load_rows_gives_the_same_bytes_on_any_number_of_threads)
{
    static const uint64_t spoilt[] = {0, 1, 50, 9000};
    for (size_t i = 0; i < 4; i++) {
        write_file((size_t)9 << 20, spoilt[i], ""); /* five blocks */
        compare(2);
        compare(5);
        unlink(path);
    }
    write_file(1000, 0, "");
    compare(3);
    unlink(path);
}
END_TEST

START_TEST(test_load_rows_has_the_same_sentence_on_any_number_of_threads)
{
    static const char *const behind[] = {"1,2\n",     "1,2,x,4\n1,2,3,y\n", "\n1,2,3,4\n", "1,2,3,",
                                         "\"1,2,3,4", "\n\r\n\n",           "1,2,3,4"};
    for (size_t i = 0; i < sizeof behind / sizeof behind[0]; i++) {
        write_file(((size_t)i << 20) + 500000, i % 2 * 100, behind[i]);
        compare(2);
        compare(4);
        unlink(path);
    }
    /* A row that is refused, and behind it a line that no block holds: the row is first. */
    char *const long_line = malloc((size_t)5 << 20);
    memset(long_line, '7', (size_t)5 << 20);
    memcpy(long_line, "1,2,x,4\n", 8);
    long_line[((size_t)5 << 20) - 1] = '\0';
    write_file((size_t)3 << 20, 0, long_line);
    compare(2);
    unlink(path);
    write_file((size_t)3 << 20, 0, long_line + 8);
    compare(2);
    unlink(path);
    free(long_line);
}
END_TEST

/* Long lines first: there are many more rows than the first block makes one think, so that columns
 * grow while rows that were parsed, and not yet taken, lie behind those that were. */
START_TEST(test_load_rows_keeps_what_was_parsed_while_the_columns_grow)
{
    enum { N_LONG = 45000, N_SHORT = 700000 };
    strcpy(path, "/tmp/recrl_load_XXXXXX");
    FILE *const file = fdopen(mkstemp(path), "w");
    ck_assert_ptr_nonnull(file);
    fprintf(file, "userId,movieId,rating,timestamp\n");
    for (int i = 0; i < N_LONG; i++) {
        fprintf(file, "%016d,%d,1.25,%016d\n", i + 1000, i % 300, i);
    }
    for (int i = 0; i < N_SHORT; i++) {
        fprintf(file, "%d,%d,%d,%d\n", i % 10, i % 7, i % 5, i % 97);
    }
    fclose(file);
    compare(2);
    compare(4);
    rri_interactions rows;
    rri_allocator allocator;
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    ck_assert_int_eq(rri_load_rows(&rows, path, 2, &allocator, NULL), RR_OK);
    ck_assert_uint_eq(rows.n, N_LONG + N_SHORT);
    for (int i = 0; i < N_SHORT; i++) {
        ck_assert(rows.ratings[N_LONG + i] == (float)(i % 5) && rows.times[N_LONG + i] == i % 97);
    }
    rri_interactions_release(&rows);
    unlink(path);
}
END_TEST

START_TEST(test_load_rows_refuses_an_empty_file_and_one_that_is_not_there)
{
    write_file(0, 0, "");
    compare(2);
    FILE *const file = fopen(path, "w");
    fclose(file);
    compare(3);
    unlink(path);
    compare(2);
}
END_TEST

CHECK_MAIN("data/load_rows", test_load_rows_gives_the_same_bytes_on_any_number_of_threads,
           test_load_rows_has_the_same_sentence_on_any_number_of_threads,
           test_load_rows_keeps_what_was_parsed_while_the_columns_grow,
           test_load_rows_refuses_an_empty_file_and_one_that_is_not_there)
