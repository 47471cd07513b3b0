/* SPDX-License-Identifier: MIT */
/* line_blocks.h: a text as blocks that a reader cuts where it likes, so that it may be larger than
 * memory. */
#ifndef RRI_IO_LINE_BLOCKS_H
#define RRI_IO_LINE_BLOCKS_H

#include <stdbool.h>

#include "core/memory.h"
#include "core/status.h"

/* Bytes behind a block that a reader may load, and must not take for text. */
#define RRI_LINE_BLOCKS_SLACK ((size_t)128)

/* Where a text comes from: a regular file, or whoever `read` asks (rr_load_options). */
typedef struct rri_line_source {
    const char *path; /* borrowed; of a text that is read by `read` its name, for sentences */
    int64_t (*read)(void *user, void *out, int64_t n_bytes); /* NULL: the file */
    void *user;
} rri_line_source;

typedef struct rri_line_blocks {
    rri_line_source source;
    int fd;            /* −1 without a file */
    size_t file_bytes; /* when it was opened; 0: not known */
    size_t capacity;   /* longest block */
    size_t n_buffers;
    char *buffers;        /* owned, [n_buffers, capacity + RRI_LINE_BLOCKS_SLACK] */
    char *buffer;         /* the one of the last block */
    size_t n_used, n_had; /* bytes of it that were used; bytes in it */
    bool is_at_end;
    bool has_cr_lines; /* set by the reader: each CR is read as LF */
    rri_allocator allocator;
} rri_line_blocks;

/* n_buffers blocks are valid at a time. On failure nothing is to be closed. */
rr_status rri_line_blocks_open(rri_line_blocks *blocks, const rri_line_source *source,
                               size_t capacity, size_t n_buffers, const rri_allocator *allocator,
                               rr_error *err);

/* The next block, in the next buffer: what was left of the one before, and as much of the text as
 * fits in. is_at_end: nothing follows; a text that does not end in LF has one now. *bytes 0: the
 * text is over. Valid until the n_buffers-th next call. Allocates nothing. */
rr_status rri_line_blocks_next(rri_line_blocks *blocks, char **text, size_t *bytes, rr_error *err);

/* So many bytes of the last block were used; the others begin the next one. */
void rri_line_blocks_use(rri_line_blocks *blocks, size_t n_bytes);

void rri_line_blocks_close(rri_line_blocks *blocks);

#endif
