/* SPDX-License-Identifier: MIT */
/* line_blocks.c: a buffer is filled, cut behind its last full line, and what is behind the cut
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

rr_status rri_line_blocks_open(rri_line_blocks *blocks, const char *path, size_t capacity,
                               size_t n_buffers, const rri_allocator *allocator, rr_error *err)
{
    void *buffers = NULL;
    *blocks = (rri_line_blocks){.path = path, .allocator = *allocator};
    RRI_TRY(rri_open_file_read(&blocks->fd, &blocks->file_bytes, path, err));
    blocks->capacity = capacity < blocks->file_bytes + 1 ? capacity : blocks->file_bytes + 1;
    blocks->n_buffers = n_buffers;
    const rr_status status =
        rri_memory_allocate(&buffers, allocator, all_bytes(blocks), "blocks of a file", err);
    if (status != RR_OK) {
        close(blocks->fd);
        return status;
    }
    blocks->buffers = buffers;
    blocks->buffer = buffers;
    return RR_OK;
}

void rri_line_blocks_close(rri_line_blocks *blocks)
{
    rri_memory_release(&blocks->allocator, blocks->buffers, all_bytes(blocks));
    close(blocks->fd);
}

/* Until the buffer is full or the file is over; 0 or an errno. */
static int fill(rri_line_blocks *blocks)
{
    while (!blocks->is_at_end && blocks->n_had < blocks->capacity) {
        const ssize_t got =
            read(blocks->fd, blocks->buffer + blocks->n_had, blocks->capacity - blocks->n_had);
        if (got < 0 && errno != EINTR) {
            return errno;
        }
        blocks->is_at_end = got == 0;
        blocks->n_had += got > 0 ? (size_t)got : 0;
    }
    return 0;
}

/* Bytes up to the end of the last line that is not empty; 0 without one. */
static size_t find_cut(const char *text, size_t bytes)
{
    size_t end = bytes;
    while (end > 0) {
        while (end > 0 && text[end - 1] != '\n') {
            end--;
        }
        size_t line = end > 0 ? end - 1 : 0; /* before the LF */
        if (line > 0 && text[line - 1] == '\r') {
            line--;
        }
        if (line > 0 && text[line - 1] != '\n') {
            return end;
        }
        end = line;
    }
    return 0;
}

rr_status rri_line_blocks_next(rri_line_blocks *blocks, char **text, size_t *bytes, rr_error *err)
{
    const char *const rest = blocks->buffer + blocks->n_given;
    const size_t stride = blocks->capacity + RRI_LINE_BLOCKS_SLACK;
    const size_t index = (size_t)(blocks->buffer - blocks->buffers) / stride;
    blocks->buffer = blocks->buffers + (index + 1) % blocks->n_buffers * stride;
    blocks->n_had -= blocks->n_given;
    memmove(blocks->buffer, rest, blocks->n_had);
    blocks->n_given = 0;
    const int number = fill(blocks);
    if (number != 0) {
        return rri_open_file_fail("read", blocks->path, number, err);
    }
    const size_t cut = blocks->is_at_end ? blocks->n_had : find_cut(blocks->buffer, blocks->n_had);
    if (cut == 0 && blocks->n_had > 0) {
        RRI_FAIL(err, RR_E_FORMAT,
                 "file: '%.240s' has a line of more than %zu bytes, or as many "
                 "bytes of empty lines",
                 blocks->path, blocks->capacity);
    }
    blocks->n_given = cut;
    *text = blocks->buffer;
    *bytes = cut;
    return RR_OK;
}
