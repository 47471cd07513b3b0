/* SPDX-License-Identifier: MIT */
/* safetensors_file.c: the first eight bytes are read, then the header, then the rest, each after
 * what comes before it was judged. */
#include "io/safetensors_file.h"

#include <string.h>
#include <unistd.h>

#include "core/hash.h"
#include "io/atomic_file.h"
#include "io/open_file.h"

enum { STREAM_BYTES = 16384 }; /* read at once where a file is not kept */

static rr_status append(void *context, const void *bytes, size_t n, rr_error *err)
{
    return rri_atomic_file_append(context, bytes, n, err);
}

rr_status rri_safetensors_file_save(const char *path, rri_safetensors_describe *describe,
                                    const void *context, int *folder_number, rr_error *err)
{
    rri_atomic_file file;
    RRI_TRY(rri_atomic_file_open(&file, path, err));
    const rr_status status = rri_safetensors_stream(append, &file, describe, context, err);
    if (status != RR_OK) {
        rri_atomic_file_abandon(&file);
        return status;
    }
    return rri_atomic_file_commit(&file, folder_number, err);
}

/* The header with its length before it, of a file whose place is its begin. */
static rr_status take_header(void **head, size_t *head_bytes, size_t file_bytes, int fd,
                             const char *path, const rri_allocator *allocator, rr_error *err)
{
    unsigned char length[8] = {0};
    size_t header_size;
    RRI_TRY(rri_open_file_take(length, rri_size_smaller(file_bytes, sizeof length), fd, path, err));
    RRI_TRY(rri_safetensors_header_size(&header_size, length, file_bytes, err));
    *head_bytes = sizeof length + header_size;
    RRI_TRY(rri_memory_allocate(head, allocator, *head_bytes, "header of a file", err));
    memcpy(*head, length, sizeof length);
    const rr_status status =
        rri_open_file_take((unsigned char *)*head + sizeof length, header_size, fd, path, err);
    if (status != RR_OK) {
        rri_memory_release(allocator, *head, *head_bytes);
    }
    return status;
}

static rr_status read_rest(void **block, const unsigned char *head, size_t head_bytes,
                           size_t file_bytes, int fd, const char *path,
                           const rri_allocator *allocator, rr_error *err)
{
    RRI_TRY(rri_memory_allocate_unset(block, allocator, file_bytes, "contents of a file", err));
    unsigned char *const bytes = *block;
    memcpy(bytes, head, head_bytes);
    rr_status status =
        rri_open_file_take(bytes + head_bytes, file_bytes - head_bytes, fd, path, err);
    status = status == RR_OK ? rri_open_file_finish(fd, path, err) : status;
    if (status != RR_OK) {
        rri_memory_release(allocator, *block, file_bytes);
        *block = NULL;
    }
    return status;
}

static rr_status read_open(void **block, size_t file_bytes, int fd, const char *path,
                           const rri_allocator *allocator, rr_error *err)
{
    void *head;
    size_t head_bytes;
    rri_safetensors_reader reader;
    RRI_TRY(take_header(&head, &head_bytes, file_bytes, fd, path, allocator, err));
    rr_status status = rri_safetensors_open_header(&reader, head, file_bytes, allocator, err);
    if (status == RR_OK) {
        rri_safetensors_close(&reader);
        status = read_rest(block, head, head_bytes, file_bytes, fd, path, allocator, err);
    }
    rri_memory_release(allocator, head, head_bytes);
    return status;
}

rr_status rri_safetensors_file_read(void **block, size_t *bytes, const char *path,
                                    const rri_allocator *allocator, rr_error *err)
{
    int fd = -1;
    size_t file_bytes = 0;
    RRI_TRY(rri_open_file_read(&fd, &file_bytes, path, err));
    const rr_status status = read_open(block, file_bytes, fd, path, allocator, err);
    close(fd);
    *bytes = status == RR_OK ? file_bytes : *bytes;
    return status == RR_E_IO ? status : rri_status_of_file(err, status, path); /* which says it */
}

/* The hash of what is behind the header, all but the eight bytes at the end, which must be it. */
static rr_status check_sum(const rri_safetensors_file_header *header, size_t file_bytes, int fd,
                           const char *path, rr_error *err)
{
    unsigned char piece[STREAM_BYTES], last[8] = {0};
    rri_hash hash;
    rri_hash_init(&hash, 0);
    rri_hash_update(&hash, header->block, header->bytes);
    for (size_t left = file_bytes - header->bytes - sizeof last; left > 0;) {
        const size_t n = rri_size_smaller(left, sizeof piece);
        RRI_TRY(rri_open_file_take(piece, n, fd, path, err));
        rri_hash_update(&hash, piece, n);
        left -= n;
    }
    RRI_TRY(rri_open_file_take(last, sizeof last, fd, path, err));
    RRI_TRY(rri_open_file_finish(fd, path, err));
    return rri_safetensors_check_sum(last, rri_hash_final(&hash), err);
}

static rr_status open_header(rri_safetensors_file_header *header, size_t file_bytes, int fd,
                             const char *path, bool checks_sum, const rri_allocator *allocator,
                             rr_error *err)
{
    RRI_TRY(take_header(&header->block, &header->bytes, file_bytes, fd, path, allocator, err));
    rr_status status =
        rri_safetensors_open_header(&header->reader, header->block, file_bytes, allocator, err);
    if (status != RR_OK) {
        rri_memory_release(allocator, header->block, header->bytes);
        return status;
    }
    status = checks_sum ? check_sum(header, file_bytes, fd, path, err) : RR_OK;
    if (status != RR_OK) {
        rri_safetensors_file_close_header(header);
    }
    return status;
}

rr_status rri_safetensors_file_open_header(rri_safetensors_file_header *header, const char *path,
                                           bool checks_sum, const rri_allocator *allocator,
                                           rr_error *err)
{
    int fd = -1;
    size_t file_bytes = 0;
    RRI_TRY(rri_open_file_read(&fd, &file_bytes, path, err));
    const rr_status status = open_header(header, file_bytes, fd, path, checks_sum, allocator, err);
    close(fd);
    return status == RR_E_IO ? status : rri_status_of_file(err, status, path);
}

void rri_safetensors_file_close_header(rri_safetensors_file_header *header)
{
    const rri_allocator allocator = header->reader.allocator;
    rri_safetensors_close(&header->reader);
    rri_memory_release(&allocator, header->block, header->bytes);
}
