/* SPDX-License-Identifier: MIT */
/* load_rows.h: interactions from a file, on one thread or on several, with the same bytes and the
 * same sentences. */
#ifndef RRI_DATA_LOAD_ROWS_H
#define RRI_DATA_LOAD_ROWS_H

#include "data/interactions.h"

/* options: a whole struct that was checked. The allocator is called on the calling thread alone. On
 * failure nothing is to be released. */
rr_status rri_load_rows(rri_interactions *rows, const char *path, const rr_load_options *options,
                        const rri_allocator *allocator, rr_error *err);

/* Bytes that it takes at once, at most; reads the file for it. */
rr_status rri_load_rows_memory(size_t *bytes, const char *path, const rr_load_options *options,
                               const rri_allocator *allocator, rr_error *err);

#endif
