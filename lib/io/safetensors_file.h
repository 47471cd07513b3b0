/* SPDX-License-Identifier: MIT */
/* safetensors_file.h: blocks of safetensors.h in files. */
#ifndef RRI_IO_SAFETENSORS_FILE_H
#define RRI_IO_SAFETENSORS_FILE_H

#include <stdbool.h>

#include "core/memory.h"
#include "io/safetensors.h"
#include "io/safetensors_reader.h"

/* What is described goes to the file as it lies, and takes no memory. The file is the old one or
 * the new one, and folder_number is as atomic_file.h says. */
rr_status rri_safetensors_file_save(const char *path, rri_safetensors_describe *describe,
                                    const void *context, int *folder_number, rr_error *err);

/* The whole file: *block [*bytes] belongs to the caller, who releases it (rri_memory_release).
 * RR_E_FORMAT before there is memory for more than the header where the header is none, or tells of
 * other data than the file has. What is in the block is still to be judged
 * (rri_safetensors_open). */
rr_status rri_safetensors_file_read(void **block, size_t *bytes, const char *path,
                                    const rri_allocator *allocator, rr_error *err);
/* What a file says of itself, without its data: metadata, names and shapes. */
typedef struct rri_safetensors_file_header {
    rri_safetensors_reader reader;
    void *block; /* owned: the header, which the reader reads */
    size_t bytes;
} rri_safetensors_file_header;
/* Refuses what rri_safetensors_open refuses, the checksum only where that is asked for: then the
 * whole file is read, in pieces. Memory is in proportion to the header. On failure nothing is to be
 * closed. */
rr_status rri_safetensors_file_open_header(rri_safetensors_file_header *header, const char *path,
                                           bool checks_sum, const rri_allocator *allocator,
                                           rr_error *err);
void rri_safetensors_file_close_header(rri_safetensors_file_header *header);

#endif
