/* SPDX-License-Identifier: MIT */
/* safetensors_reader.h: opens a block that safetensors.h describes and trusts none of it.
 *
 * open checks the whole block: the header's form, every name, type, shape and offset (the tensors
 * follow one another without a gap, in the order of the header, and fill the data), and the
 * checksum. What it allocates is proportional to the header. A tensor's data is a view into the
 * block and is not aligned: copy it. */
#ifndef RRI_IO_SAFETENSORS_READER_H
#define RRI_IO_SAFETENSORS_READER_H

#include "core/memory.h"
#include "io/safetensors.h"
#include "io/safetensors_header.h"

typedef struct rri_safetensors_reader {
    const rri_safetensors_tensor *tensors; /* [n_tensors] in the order of the file, no checksum */
    size_t n_tensors;
    const rri_safetensors_pair *metadata; /* [n_pairs] */
    size_t n_pairs;
    void *index; /* owned: tensors, metadata and their text */
    size_t index_bytes;
    rri_allocator allocator;
} rri_safetensors_reader;

/* Length of the header, whose first eight bytes are given; the file has `bytes`. RR_E_FORMAT where
 * it cannot be one. */
rr_status rri_safetensors_header_size(size_t *header_size, const unsigned char *block, size_t bytes,
                                      rr_error *err);

/* The header alone, of a file of `bytes` whose data need not be there: all that open refuses but
 * for the checksum. No tensor has data; metadata can be read until close. */
rr_status rri_safetensors_open_header(rri_safetensors_reader *reader, const void *head,
                                      size_t bytes, const rri_allocator *allocator, rr_error *err);

/* The end of a file against the hash of all that is before it. */
rr_status rri_safetensors_check_sum(const unsigned char last[8], uint64_t hash, rr_error *err);

/* block [bytes] is borrowed until close. RR_E_FORMAT with the reason; then nothing is to be closed.
 */
rr_status rri_safetensors_open(rri_safetensors_reader *reader, const void *block, size_t bytes,
                               const rri_allocator *allocator, rr_error *err);
void rri_safetensors_close(rri_safetensors_reader *reader);

/* NULL when there is none. */
const rri_safetensors_tensor *rri_safetensors_lookup(const rri_safetensors_reader *reader,
                                                     const char *name);
const char *rri_safetensors_metadata(const rri_safetensors_reader *reader, const char *key);

/* *data receives the tensor of this very type and shape. RR_E_NOT_FOUND without one of that name,
 * RR_E_MISMATCH when type or shape are others. */
rr_status rri_safetensors_find(const unsigned char **data, const rri_safetensors_reader *reader,
                               const char *name, rri_dtype dtype, const size_t *shape,
                               size_t n_dims, rr_error *err);

/* The same, copied into out, which holds that shape. */
rr_status rri_safetensors_copy(void *out, const rri_safetensors_reader *reader, const char *name,
                               rri_dtype dtype, const size_t *shape, size_t n_dims, rr_error *err);

#endif
