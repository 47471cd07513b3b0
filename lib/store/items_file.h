/* SPDX-License-Identifier: MIT */
/* items_file.h: the file of a catalogue: its items, and from when to when each may be chosen.
 *
 *   metadata   as file_format.h; items_fingerprint, and behind generation 0 what is said there
 *   tensors    items.keys [N] U64, items.vectors [N, d] F32; behind generation 0 also items.births
 *              and items.deaths [N] I32, −1: there still;  checksum */
#ifndef RRI_STORE_ITEMS_FILE_H
#define RRI_STORE_ITEMS_FILE_H

#include "core/memory.h"
#include "io/safetensors_reader.h"
#include "recrl/recrl.h"

#define RRI_ITEMS_FILE_FORMAT "librecrl items"

typedef struct rri_items_saved {
    const rr_items *items;
    int32_t *births, *deaths; /* [N] of its generation; NULL in generation 0 */
    size_t bytes;             /* of the block that births begins */
} rri_items_saved;

/* What of the line belongs to this generation, whatever followed it. close gives its memory back.
 */
rr_status rri_items_file_open(rri_items_saved *saved, const rr_items *items,
                              const rri_allocator *allocator, rr_error *err);
void rri_items_file_close(rri_items_saved *saved, const rri_allocator *allocator);

/* For rri_safetensors_write; context is an rri_items_saved. */
rr_status rri_items_file_describe(rri_safetensors_writer *writer, const void *context,
                                  rr_error *err);

/* The same fingerprint as that of the items that were saved, or an error. */
rr_status rri_items_file_read(rr_items **out, const rri_safetensors_reader *reader,
                              const rri_allocator *allocator, rr_error *err);
/* Bytes that it takes at once, at most, beside the reader's, and those of the catalogue; reads no
 * data. */
rr_status rri_items_file_memory(size_t *bytes, size_t *held, const rri_safetensors_reader *reader,
                                rr_error *err);

#endif
