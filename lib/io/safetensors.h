/* SPDX-License-Identifier: MIT */
/* safetensors.h: the format of a checkpoint, and its writer.
 *
 * A file is the length N of a header (8 bytes, little endian), N bytes of JSON that end in spaces
 * so that the data begin at a multiple of 64, and the tensors one behind the other:
 *
 *   {"__metadata__":{"key":"text",…},
 *    "name":{"dtype":"F32","shape":[2,3],"data_offsets":[0,24]},…,
 *    "checksum":{"dtype":"U8","shape":[8],"data_offsets":[a,a+8]}}
 *
 * Offsets count from the first byte of data. The last tensor is the 64-bit hash (core/hash.h,
 * little endian) of every byte before it.
 *
 * One function of the caller describes what is to be written, by adding metadata and then tensors.
 * It is run three times: to measure, for the header, and for the data, which go out as they lie.
 * So nothing is collected, and the three cannot disagree unnoticed. */
#ifndef RRI_IO_SAFETENSORS_H
#define RRI_IO_SAFETENSORS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/hash.h"
#include "core/status.h"

#define RRI_SAFETENSORS_MAX_DIMS     ((size_t)4)
#define RRI_SAFETENSORS_MAX_NAME     ((size_t)255) /* bytes of a name or a key */
#define RRI_SAFETENSORS_MAX_ENTRIES  ((size_t)512) /* tensors; and again pairs of metadata */
#define RRI_SAFETENSORS_MAX_HEADER   ((size_t)1024 * 1024) /* bytes */
#define RRI_SAFETENSORS_CHECKSUM     "checksum"
#define RRI_SAFETENSORS_METADATA     "__metadata__"
#define RRI_SAFETENSORS_DATA_ALIGNED ((size_t)64)

typedef enum rri_dtype {
    RRI_DTYPE_F32,
    RRI_DTYPE_F64,
    RRI_DTYPE_I32,
    RRI_DTYPE_I64,
    RRI_DTYPE_U64,
    RRI_DTYPE_U8,
    RRI_DTYPE_COUNT
} rri_dtype;

const char *rri_dtype_name(rri_dtype dtype); /* "F32" */
size_t rri_dtype_size(rri_dtype dtype);      /* bytes of an element */

/* Bytes of a tensor; SIZE_MAX where they do not fit. n_dims 0 is one element. */
size_t rri_safetensors_size(rri_dtype dtype, const size_t *shape, size_t n_dims);

/* Takes the bytes of a file in order. */
typedef rr_status rri_safetensors_sink(void *context, const void *bytes, size_t n, rr_error *err);

typedef enum rri_safetensors_run {
    RRI_SAFETENSORS_MEASURES, /* nothing is written */
    RRI_SAFETENSORS_HEADER,
    RRI_SAFETENSORS_DATA
} rri_safetensors_run;

typedef struct rri_safetensors_writer {
    rri_safetensors_run run;
    rri_safetensors_sink *sink; /* with its context; NULL while measuring */
    void *sink_context;
    rr_status status;   /* of the sink: nothing is handed to it after a failure */
    rr_error *err;      /* where the sink's sentence goes; borrowed */
    rri_hash checksum;  /* of what was handed to the sink */
    size_t header_size; /* of the whole header, padded; known when writing */
    size_t header_used; /* bytes of JSON so far */
    size_t data_size;   /* of all data; known when writing */
    size_t data_used;
    size_t n_tensors, n_pairs;
    bool is_in_metadata; /* its brace is open */
} rri_safetensors_writer;

/* Text that a reader in any language shows. Keys differ; all come before the first tensor. */
rr_status rri_safetensors_add_metadata(rri_safetensors_writer *writer, const char *key,
                                       const char *text, rr_error *err);

/* data [shape] is handed on during the call; it may be NULL when the tensor has no elements. Names
 * differ. */
rr_status rri_safetensors_add(rri_safetensors_writer *writer, const char *name, rri_dtype dtype,
                              const size_t *shape, size_t n_dims, const void *data, rr_error *err);

/* What the caller writes: adds metadata, then tensors; the same ones in each run. */
typedef rr_status rri_safetensors_describe(rri_safetensors_writer *writer, const void *context,
                                           rr_error *err);

/* The whole file into out [capacity]; *bytes receives its size. out NULL only measures;
 * RR_E_TOO_SMALL, with *bytes set and nothing written, when capacity is less. */
rr_status rri_safetensors_write(void *out, size_t capacity, size_t *bytes,
                                rri_safetensors_describe *describe, const void *context,
                                rr_error *err);

/* The same file, piece by piece. */
rr_status rri_safetensors_stream(rri_safetensors_sink *sink, void *sink_context,
                                 rri_safetensors_describe *describe, const void *context,
                                 rr_error *err);

#endif
