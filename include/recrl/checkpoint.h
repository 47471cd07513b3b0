/* SPDX-License-Identifier: MIT */
/* recrl/checkpoint.h: a run in a file. */
#ifndef RECRL_CHECKPOINT_H
#define RECRL_CHECKPOINT_H

#include <recrl/agent.h>
#include <recrl/base.h>
#include <recrl/buffer.h>
#include <recrl/env.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What one file holds, or is restored into: save reads what the handles are, load writes it. Set
 * struct_size to sizeof(rr_checkpoint) and leave what is not meant 0. */
typedef struct rr_checkpoint {
    uint32_t struct_size;
    uint32_t reserved; /* must be 0 */
    rr_agent *agent;   /* required by save */
    rr_env *env;
    rr_buffer *buffer;
    void *blob;           /* the host's own bytes: read by save, written by load */
    size_t blob_bytes;    /* read by save; load writes how many the file has */
    size_t blob_capacity; /* room at blob, read by load; ignored by save */
} rr_checkpoint;

/* One safetensors file of what the checkpoint names. Weights, moments, counters, configs, the item
 * table's fingerprint and a checksum over every byte before it: a run that is resumed is
 * byte-identical to one that never stopped. Written to a temporary file, synced, renamed.
 * RR_E_STATE while a lock-step buffer waits for a reward; a keyed one is saved at any time, with
 * sessions, clock and counts. The versions that the agent knows ride along, and the parameters that
 * it keeps of them (keep_versions): after a restore the same rows are checked for skew as without.
 * Item vectors are not inside (unless trained): the host brings the same catalogue, else
 * RR_E_MISMATCH. */
RR_API rr_status rr_checkpoint_save(const rr_checkpoint *checkpoint, const char *path,
                                    rr_error *err);
/* Restores into handles of the same algorithm and shapes. Learning rates, seeds and threads are the
 * handles' own: for a run that goes on as if it had never stopped, make them from
 * rr_checkpoint_read_config. A handle that is NULL is not read; one that is asked for and not in
 * the file is RR_E_NOT_FOUND. blob NULL only asks for blob_bytes; RR_E_TOO_SMALL, with blob_bytes
 * written, when blob is given and blob_capacity is less. On failure nothing else has changed. */
RR_API rr_status rr_checkpoint_load(rr_checkpoint *checkpoint, const char *path, rr_error *err);
/* The same to and from memory. *bytes receives the size needed; out NULL only asks. */
RR_API rr_status rr_checkpoint_save_memory(const rr_checkpoint *checkpoint, void *out,
                                           size_t capacity, size_t *bytes, rr_error *err);
RR_API rr_status rr_checkpoint_load_memory(rr_checkpoint *checkpoint, const void *data,
                                           size_t bytes, rr_error *err);
/* Fills a config (its struct_size set, e.g. by init) with what the file was made with, so that the
 * handles can be created. `algo` (nullable) receives RR_ALGO_PPO or _A2C. kind −1 with config NULL:
 * only algo. */
RR_API rr_status rr_checkpoint_read_config(const char *path, int32_t kind, void *config,
                                           int32_t *algo, rr_error *err);

#ifdef __cplusplus
}
#endif

#endif
