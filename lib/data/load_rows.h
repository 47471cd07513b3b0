/* SPDX-License-Identifier: MIT */
/* load_rows.h: interactions from a file, on one thread or on several, with the same bytes and the
 * same sentences. */
#ifndef RRI_API_LOAD_ROWS_H
#define RRI_API_LOAD_ROWS_H

#include "data/interactions.h"

/* num_threads in [1, 64]. The allocator is called on the calling thread alone. On failure nothing
 * is to be released. */
rr_status rri_load_rows(rri_interactions *rows, const char *path, int32_t num_threads,
                        const rri_allocator *allocator, rr_error *err);

#endif
