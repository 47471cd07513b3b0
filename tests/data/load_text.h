/* SPDX-License-Identifier: MIT */
/* load_text.h: a text loaded from memory, which comes in short pieces, on one thread; and the same
 * on several and in blocks of several sizes, which must give the same bytes or the same sentence.
 */
#ifndef TESTS_DATA_LOAD_TEXT_H
#define TESTS_DATA_LOAD_TEXT_H

#include <string.h>

#include "check_run.h"
#include "data/load_rows.h"

typedef struct memory_text {
    const char *text;
    size_t bytes, at, n_reads;
} memory_text;

static inline int64_t load_text_read(void *user, void *out, int64_t n_bytes)
{
    memory_text *const m = user;
    const size_t left = m->bytes - m->at, most = 1 + 977 * (m->n_reads++ % 5);
    size_t n = left < (size_t)n_bytes ? left : (size_t)n_bytes;
    n = n < most ? n : most;
    memcpy(out, m->text + m->at, n);
    m->at += n;
    return (int64_t)n;
}

static inline rr_status load_text_once(rri_interactions *rows, rri_load_report *report,
                                       const char *text, size_t bytes, const char *name,
                                       const rr_load_options *options, rr_error *err)
{
    rri_allocator allocator;
    memory_text memory = {.text = text, .bytes = bytes};
    rr_load_options own = *options;
    own.read = load_text_read;
    own.read_user = &memory;
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    return rri_load_rows(rows, report, name, &own, &allocator, err);
}

static inline void load_text_compare_keys(const rri_key_table *a, const rri_key_table *b)
{
    ck_assert_uint_eq(a->n_keys, b->n_keys);
    ck_assert_mem_eq(a->keys, b->keys, a->n_keys * sizeof a->keys[0]);
    ck_assert_mem_eq(a->checks, b->checks, a->n_keys * sizeof a->checks[0]);
}

static inline void load_text_compare_texts(const rri_id_texts *a, const rri_id_texts *b)
{
    ck_assert_uint_eq(a->n, b->n);
    ck_assert_uint_eq(a->n_bytes, b->n_bytes);
    if (a->n > 0) {
        ck_assert_mem_eq(a->at, b->at, a->n * sizeof a->at[0]);
        ck_assert_mem_eq(a->bytes, b->bytes, a->n_bytes);
    }
}

static inline void load_text_compare(const rri_interactions *a, const rri_interactions *b)
{
    ck_assert_uint_eq(a->n, b->n);
    ck_assert_mem_eq(a->users, b->users, a->n * sizeof a->users[0]);
    ck_assert_mem_eq(a->items, b->items, a->n * sizeof a->items[0]);
    ck_assert_mem_eq(a->ratings, b->ratings, a->n * sizeof a->ratings[0]);
    ck_assert_mem_eq(a->times, b->times, a->n * sizeof a->times[0]);
    ck_assert(a->has_logs == b->has_logs && a->has_ratings == b->has_ratings &&
              a->has_times == b->has_times);
    if (a->has_logs) {
        ck_assert_mem_eq(a->positions, b->positions, a->n * sizeof a->positions[0]);
        ck_assert_mem_eq(a->propensities, b->propensities, a->n * sizeof a->propensities[0]);
    }
    load_text_compare_keys(&a->user_table, &b->user_table);
    load_text_compare_keys(&a->item_table, &b->item_table);
    load_text_compare_texts(&a->user_texts, &b->user_texts);
    load_text_compare_texts(&a->item_texts, &b->item_texts);
}

static inline rr_load_options load_text_options(void)
{
    rr_load_options options;
    rr_load_options_init(&options, sizeof options);
    return options;
}

/* On 1, 2 and 5 threads, in one block and in blocks of a few rows. A row that does not fit into a
 * block is another sentence, the same on any number of threads. */
static inline rr_status load_text(rri_interactions *rows, rri_load_report *report, const char *text,
                                  size_t bytes, const char *name, const rr_load_options *options,
                                  rr_error *err)
{
    static const int32_t n_threads[] = {1, 2, 5}, sizes[] = {2 << 20, 64, 131, 1000};
    rr_error sentence = {0};
    const rr_status status = load_text_once(rows, report, text, bytes, name, options, &sentence);
    for (size_t s = 0; s < sizeof sizes / sizeof sizes[0]; s++) {
        rr_error long_row = {0};
        for (size_t t = 0; t < sizeof n_threads / sizeof n_threads[0]; t++) {
            rri_interactions other;
            rri_load_report other_report;
            rr_error found = {0};
            rr_load_options own = *options;
            own.num_threads = n_threads[t];
            own.block_bytes = sizes[s];
            const rr_status again =
                load_text_once(&other, &other_report, text, bytes, name, &own, &found);
            if (strstr(found.text, "longer than a block") != NULL) {
                ck_assert_msg(t == 0 || strcmp(long_row.text, found.text) == 0, "%s\n%s",
                              long_row.text, found.text);
                long_row = found;
                continue;
            }
            ck_assert_msg(long_row.text[0] == '\0', "%s", long_row.text);
            ck_assert_msg(again == status && strcmp(found.text, sentence.text) == 0,
                          "%d threads, blocks of %d: %d '%s', not %d '%s'", n_threads[t], sizes[s],
                          again, found.text, status, sentence.text);
            if (status == RR_OK) {
                load_text_compare(rows, &other);
                ck_assert(report == NULL || memcmp(&report->counts, &other_report.counts,
                                                   sizeof report->counts) == 0);
                rri_interactions_release(&other);
            }
        }
    }
    if (err != NULL) {
        *err = sentence;
    }
    return status;
}

#endif
