/* SPDX-License-Identifier: MIT */
/* safetensors_header.h: the header of a safetensors block, read into tables and checked. */
#ifndef RRI_IO_SAFETENSORS_HEADER_H
#define RRI_IO_SAFETENSORS_HEADER_H

#include "core/memory.h"
#include "io/json_text.h"
#include "io/safetensors.h"

typedef struct rri_safetensors_tensor {
    const char *name;
    rri_dtype dtype;
    size_t n_dims;
    size_t shape[RRI_SAFETENSORS_MAX_DIMS];
    const unsigned char *data; /* [bytes], a view into the block, not aligned; NULL where the
                                  block is not there */
    size_t bytes;
} rri_safetensors_tensor;

typedef struct rri_safetensors_pair {
    const char *key, *text;
} rri_safetensors_pair;

typedef struct rri_safetensors_header {
    rri_json_text json;              /* over the header's text */
    rri_safetensors_tensor *tensors; /* [max_tensors] */
    rri_safetensors_pair *pairs;     /* [max_pairs] */
    size_t n_tensors, max_tensors, n_pairs, max_pairs;
    const unsigned char *data; /* [data_size], what follows the header; borrowed; may be NULL */
    size_t data_size, data_used;
    bool has_metadata;
} rri_safetensors_header;

/* Takes the tables, whose size is proportional to the header's, and returns the text store for
 * json. */
char *rri_safetensors_header_layout(rri_safetensors_header *header, rri_arena *arena,
                                    size_t header_size);

/* Fills the tables; json, data and data_size are set. The tensors fill the data without a gap. */
rr_status rri_safetensors_header_read(rri_safetensors_header *header, rr_error *err);

#endif
