/* SPDX-License-Identifier: MIT */
/* line_blocks.c: a buffer is filled, its reader says how much of it is used, and what is left
 * begins the next block, in the next buffer. */
#include "io/line_blocks.h"

#include <errno.h>
#include <string.h>
#include <unistd.h>

#include "io/open_file.h"

static size_t all_bytes(const rri_line_blocks *blocks)
{
    return blocks->n_buffers * (blocks->capacity + RRI_LINE_BLOCKS_SLACK);
}

rr_status rri_line_blocks_open(rri_line_blocks *blocks, const rri_line_source *source,
                               size_t capacity, size_t n_buffers, const rri_allocator *allocator,
                               rr_error *err)
{
    void *buffers = NULL;
    *blocks = (rri_line_blocks){.source = *source,
                                .fd = -1,
                                .capacity = capacity,
                                .n_buffers = n_buffers,
                                .allocator = *allocator};
    if (source->read == NULL) {
        RRI_TRY(rri_open_file_read(&blocks->fd, &blocks->file_bytes, source->path, err));
        blocks->capacity = rri_size_smaller(capacity, blocks->file_bytes + 1);
    }
    const rr_status status =
        rri_memory_allocate_unset(&buffers, allocator, all_bytes(blocks), "blocks of a file", err);
    if (status != RR_OK && blocks->fd >= 0) {
        close(blocks->fd);
    }
    blocks->buffers = buffers;
    blocks->buffer = buffers;
    return status;
}

void rri_line_blocks_close(rri_line_blocks *blocks)
{
    rri_memory_release(&blocks->allocator, blocks->buffers, all_bytes(blocks));
    if (blocks->fd >= 0) {
        close(blocks->fd);
    }
}

/* One read of whatever the source has; 0 at its end. */
static rr_status read_some(size_t *got, rri_line_blocks *blocks, char *out, size_t n_bytes,
                           rr_error *err)
{
    const rri_line_source *const source = &blocks->source;
    *got = 0;
    if (source->read != NULL) {
        const int64_t n = source->read(source->user, out, (int64_t)n_bytes);
        if (n < 0 || n > (int64_t)n_bytes) {
            RRI_FAIL(err, RR_E_IO, "file: reading '%.240s' failed", source->path);
        }
        *got = (size_t)n;
        return RR_OK;
    }
    ssize_t n = 0;
    do {
        n = read(blocks->fd, out, n_bytes);
    } while (n < 0 && errno == EINTR);
    if (n < 0) {
        return rri_open_file_fail("read", source->path, errno, err);
    }
    *got = (size_t)n;
    return RR_OK;
}

static rr_status fill(rri_line_blocks *blocks, rr_error *err)
{
    while (!blocks->is_at_end && blocks->n_had < blocks->capacity) {
        char *const out = blocks->buffer + blocks->n_had;
        size_t got = 0;
        RRI_TRY(read_some(&got, blocks, out, blocks->capacity - blocks->n_had, err));
        for (size_t i = 0; blocks->has_cr_lines && i < got; i++) {
            out[i] = out[i] == '\r' ? '\n' : out[i];
        }
        blocks->is_at_end = got == 0;
        blocks->n_had += got;
    }
    if (blocks->is_at_end && blocks->n_had > 0 && blocks->buffer[blocks->n_had - 1] != '\n') {
        blocks->buffer[blocks->n_had++] = '\n'; /* the slack has room for it */
    }
    return RR_OK;
}

rr_status rri_line_blocks_next(rri_line_blocks *blocks, char **text, size_t *bytes, rr_error *err)
{
    const char *const rest = blocks->buffer + blocks->n_used;
    const size_t stride = blocks->capacity + RRI_LINE_BLOCKS_SLACK;
    const size_t index = (size_t)(blocks->buffer - blocks->buffers) / stride;
    blocks->buffer = blocks->buffers + (index + 1) % blocks->n_buffers * stride;
    blocks->n_had -= blocks->n_used;
    blocks->n_used = 0;
    memmove(blocks->buffer, rest, blocks->n_had);
    RRI_TRY(fill(blocks, err));
    memset(blocks->buffer + blocks->n_had, 0, RRI_LINE_BLOCKS_SLACK - 1);
    *text = blocks->buffer;
    *bytes = blocks->n_had;
    return RR_OK;
}

void rri_line_blocks_use(rri_line_blocks *blocks, size_t n_bytes)
{
    blocks->n_used = n_bytes;
}
