/* SPDX-License-Identifier: MIT */
/* Files on several threads, beside the same on one. */
#include "data/load_rows.h"

#include <pthread.h>
#include <stdatomic.h>
#include <stdbool.h>
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

static rri_interactions a, b;
static home h; /* of both, for as long as they are there */

/* The same rows, or the same sentence, on one thread and on several, in blocks of this size. True
 * where there are rows, which are then in a and b. */
static bool load_both(const char *file, int32_t num_threads, int32_t block_bytes)
{
    h = (home){.thread = pthread_self()};
    const rri_allocator allocator = {allocate, release, &h};
    rr_load_options alone, together;
    rr_load_options_init(&alone, sizeof alone);
    alone.block_bytes = block_bytes;
    together = alone;
    together.num_threads = num_threads;
    rr_error errors[2] = {{0}, {0}};
    const rr_status status = rri_load_rows(&a, NULL, file, &alone, &allocator, &errors[0]);
    ck_assert_int_eq(rri_load_rows(&b, NULL, file, &together, &allocator, &errors[1]), status);
    ck_assert_str_eq(errors[0].text, errors[1].text);
    ck_assert_int_eq(atomic_load(&h.n_elsewhere), 0);
    return status == RR_OK;
}

static void compare_keys(const rri_key_table *left, const rri_key_table *right)
{
    ck_assert_uint_eq(left->n_keys, right->n_keys);
    ck_assert_mem_eq(left->keys, right->keys, left->n_keys * sizeof(uint64_t));
    ck_assert_mem_eq(left->checks, right->checks, left->n_keys * sizeof(uint64_t));
}

static void compare_rows(const rri_interactions *left, const rri_interactions *right)
{
    ck_assert_uint_eq(left->n, right->n);
    ck_assert_mem_eq(left->users, right->users, left->n * sizeof left->users[0]);
    ck_assert_mem_eq(left->items, right->items, left->n * sizeof left->items[0]);
    ck_assert_mem_eq(left->ratings, right->ratings, left->n * sizeof left->ratings[0]);
    ck_assert_mem_eq(left->times, right->times, left->n * sizeof left->times[0]);
    ck_assert(left->has_logs == right->has_logs && left->has_ratings == right->has_ratings);
    if (left->has_logs) {
        ck_assert_mem_eq(left->positions, right->positions, left->n * sizeof(int32_t));
        ck_assert_mem_eq(left->propensities, right->propensities, left->n * sizeof(float));
    }
    compare_keys(&left->user_table, &right->user_table);
    compare_keys(&left->item_table, &right->item_table);
}

static void compare(int32_t num_threads)
{
    if (load_both(path, num_threads, 2 << 20)) {
        compare_rows(&a, &b);
        rri_interactions_release(&a);
        rri_interactions_release(&b);
    }
}

START_TEST(test_load_rows_gives_the_same_bytes_on_any_number_of_threads)
{
    static const uint64_t spoilt[] = {0, 1, 50, 9000};
    for (size_t i = 0; i < 4; i += check_step(3)) {
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
    for (size_t i = 0; i < sizeof behind / sizeof behind[0]; i += check_step(2)) {
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
    ck_assert(load_both(path, 2, 2 << 20));
    ck_assert_uint_eq(b.n, N_LONG + N_SHORT);
    for (int i = 0; i < N_SHORT; i++) {
        ck_assert(b.ratings[N_LONG + i] == (float)(i % 5) && b.times[N_LONG + i] == i % 97);
    }
    rri_interactions_release(&a);
    rri_interactions_release(&b);
    unlink(path);
}
END_TEST

/* Blocks of a line or two: whatever stands in the first one, alone or with the header. */
START_TEST(test_load_rows_gives_the_same_bytes_in_blocks_of_any_size)
{
    static const char *const fixtures[] = {"open_bandit.csv",
                                           "open_bandit/bts_men.csv",
                                           "open_bandit/item_context.csv",
                                           "open_bandit/random_men.csv",
                                           "quoted.csv",
                                           "ratings.dat",
                                           "recbole.tsv"};
    static const int32_t sizes[] = {128, 64, 129, 700, 4096}, n_threads[] = {1, 2, 3, 64};
    size_t n_loaded = 0;
    for (size_t f = 0; f < sizeof fixtures / sizeof fixtures[0]; f++) {
        char file[96];
        snprintf(file, sizeof file, "tests/data/fixtures/%s", fixtures[f]);
        for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
            for (size_t t = 0; t < sizeof n_threads / sizeof n_threads[0]; t++) {
                if (!load_both(file, n_threads[t], sizes[s])) {
                    continue; /* a line is longer than the block, and both said so */
                }
                rri_interactions small = b;
                compare_rows(&a, &b);
                rri_interactions_release(&a);
                ck_assert(load_both(file, 1, 2 << 20));
                compare_rows(&b, &small);
                rri_interactions_release(&a);
                rri_interactions_release(&b);
                rri_interactions_release(&small);
                n_loaded++;
            }
        }
    }
    ck_assert_uint_ge(n_loaded, 3 * 5 * 4);
}
END_TEST

static void write_text(const char *text)
{
    strcpy(path, "/tmp/recrl_load_XXXXXX");
    FILE *const file = fdopen(mkstemp(path), "w");
    ck_assert_ptr_nonnull(file);
    fputs(text, file);
    fclose(file);
}

/* The header, and a first line that does not fit into its block: a file as good as any. */
START_TEST(test_load_rows_behind_a_header_that_is_alone_in_its_block)
{
    static const char *const texts[] = {
        "user_id,item_id,rating,review\n1,2,3,\"a review that needs a block by "
        "itself\"\n2,3,4,ok\n",
        "user_id,item_id,rating,review\r\n1,2,3,\"a review that needs a block by "
        "itself\"\r\n2,3,4,\r\n",
        "\xEF\xBB\xBFuser_id,item_id,rating,review_of_the_film\n1,2,3,again as long as a block is "
        "long\n2,3,4,",
        "user_id\titem_id\trating\tand_a_column_whose_name_is_long\n1\t2\t3\tx\n2\t3\t4\tx\n"};
    for (size_t i = 0; i < sizeof texts / sizeof texts[0]; i++) {
        write_text(texts[i]);
        for (int32_t n_threads = 1; n_threads <= 4; n_threads++) {
            ck_assert_msg(load_both(path, n_threads, 64), "text %zu on %d threads", i, n_threads);
            ck_assert(b.n == 2 && b.ratings[0] == 3.0f && b.ratings[1] == 4.0f);
            compare_rows(&a, &b);
            rri_interactions_release(&a);
            rri_interactions_release(&b);
        }
        unlink(path);
    }
    write_text("user_id,item_id,rating,and_a_column_whose_name_is_long_too\n");
    ck_assert(!load_both(path, 3, 64)); /* a header alone: no interaction follows */
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
           test_load_rows_gives_the_same_bytes_in_blocks_of_any_size,
           test_load_rows_behind_a_header_that_is_alone_in_its_block,
           test_load_rows_refuses_an_empty_file_and_one_that_is_not_there)
