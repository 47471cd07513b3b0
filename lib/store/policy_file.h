/* SPDX-License-Identifier: MIT */
/* policy_file.h: what the file of a snapshot holds: a checkpoint's weights without what only
 * training needs, and sixteen decisions to prove it by.
 *
 *   metadata   as file_format.h; number_class; agent.FIELD, serving.FIELD;
 *              items_fingerprint, version
 *   tensors    the parameters by their names (F32);  proof.actions (I32), proof.log_probs and
 *              proof.values (F32), [16] each;  checksum */
#ifndef RRI_STORE_POLICY_FILE_H
#define RRI_STORE_POLICY_FILE_H

#include "io/safetensors_reader.h"
#include "serve/proof.h"

#define RRI_POLICY_FILE_FORMAT "librecrl policy"

typedef struct rri_policy_file {
    const rr_policy *policy;
    rri_proof proof;
} rri_policy_file;

/* For rri_safetensors_write; context is an rri_policy_file. */
rr_status rri_policy_file_describe(rri_safetensors_writer *writer, const void *context,
                                   rr_error *err);

/* Everything is judged before memory is taken for it; then the proof decisions are replayed. items
 * must be the catalogue whose fingerprint the file has, or follow it; NULL where it had none. */
rr_status rri_policy_file_read(rr_policy **out, const rri_safetensors_reader *reader,
                               rr_items *items, const rri_allocator *allocator, rr_error *err);
/* Bytes that the policy holds once it is read. The reader needs no data, the header will do. */
rr_status rri_policy_file_memory(size_t *bytes, const rri_safetensors_reader *reader,
                                 const rr_items *items, rr_error *err);

#endif
