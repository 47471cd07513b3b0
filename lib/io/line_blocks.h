/* SPDX-License-Identifier: MIT */
/* line_blocks.h: a file of text as blocks of whole lines, so that it may be larger than memory. */
#ifndef RRI_IO_LINE_BLOCKS_H
#define RRI_IO_LINE_BLOCKS_H

#include <stdbool.h>

#include "core/memory.h"
#include "core/status.h"

/* Bytes behind a block that a reader may load, and must not take for text. */
#define RRI_LINE_BLOCKS_SLACK ((size_t)32)

typedef struct rri_line_blocks {
    const char *path; /* borrowed */
    int fd;
    size_t file_bytes; /* when it was opened */
    size_t capacity;   /* longest block */
    size_t n_buffers;
    char *buffers;         /* owned, [n_buffers, capacity + RRI_LINE_BLOCKS_SLACK] */
    char *buffer;          /* the one of the last block */
    size_t n_given, n_had; /* bytes of the last block; bytes in its buffer */
    bool is_at_end;
    rri_allocator allocator;
} rri_line_blocks;

/* A regular file; n_buffers blocks of it are valid at a time. On failure nothing is to be closed.
 */
rr_status rri_line_blocks_open(rri_line_blocks *blocks, const char *path, size_t capacity,
                               size_t n_buffers, const rri_allocator *allocator, rr_error *err);

/* The next block: whole lines, of which the last is not empty, except in the file's last block,
 * which is whatever is left. *bytes 0: the file is over. The text may be changed and is valid until
 * the n_buffers-th next call. Allocates nothing. RR_E_FORMAT where a line, or a run of empty ones,
 * is longer than a block. */
rr_status rri_line_blocks_next(rri_line_blocks *blocks, char **text, size_t *bytes, rr_error *err);

void rri_line_blocks_close(rri_line_blocks *blocks);

#endif
