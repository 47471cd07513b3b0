/* SPDX-License-Identifier: MIT */
/* load_rows.h: interactions from a text, on one thread or on several, with the same bytes and the
 * same sentences. */
#ifndef RRI_DATA_LOAD_ROWS_H
#define RRI_DATA_LOAD_ROWS_H

#include "data/row_batch.h"

/* How a text was read. */
typedef struct rri_load_report {
    rri_table_form form; /* without its name */
    rri_table_header header;
    rri_row_counts counts;
} rri_load_report;

/* path: a regular file, or the name of what options->read reads. options: a whole struct that was
 * checked. The allocator is called on the calling thread alone. On failure nothing is to be
 * released. report nullable. */
rr_status rri_load_rows(rri_interactions *rows, rri_load_report *report, const char *path,
                        const rr_load_options *options, const rri_allocator *allocator,
                        rr_error *err);

/* Bytes that it takes at once, at most; reads the file for it. */
rr_status rri_load_rows_memory(size_t *bytes, const char *path, const rr_load_options *options,
                               const rri_allocator *allocator, rr_error *err);

/* What is behind the handle. */
struct rr_dataset {
    rri_allocator allocator; /* the host's, for this struct */
    rri_budget budget;       /* what the rows come from */
    rri_interactions rows;
    bool is_loaded;
    rri_load_report report; /* where it was loaded */
};

#endif
