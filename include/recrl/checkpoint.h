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

/* One safetensors file for agent, environment, buffer and a blob of the host's; all but path and
 * agent may be NULL. Weights, moments, counters, configs, the item table's fingerprint and a
 * checksum over every byte before it: a run that is resumed is byte-identical to one that never
 * stopped. Written to a temporary file, synced, renamed. RR_E_STATE while a lock-step buffer waits
 * for a reward; a keyed one is saved at any time, with sessions, clock and counts. The versions
 * that the agent knows ride along, and the parameters that it keeps of them (keep_versions): after
 * a restore the same rows are checked for skew as without. Item vectors are not inside (unless
 * trained): the host brings the same catalogue, else RR_E_MISMATCH. */
RR_API rr_status rr_checkpoint_save(const char *path, const rr_agent *agent, const rr_env *env,
                                    const rr_buffer *buffer, const void *blob, size_t blob_bytes,
                                    rr_error *err);
/* Restores into handles of the same algorithm and shapes. Learning rates, seeds and threads are the
 * handles' own: for a run that goes on as if it had never stopped, make them from
 * rr_checkpoint_read_config. What is NULL is not read; what is asked for and not in the file is
 * RR_E_NOT_FOUND. On failure nothing has changed. blob_bytes (nullable) receives the size;
 * RR_E_TOO_SMALL when blob is given and blob_capacity is less. */
RR_API rr_status rr_checkpoint_load(const char *path, rr_agent *agent, rr_env *env,
                                    rr_buffer *buffer, void *blob, size_t blob_capacity,
                                    size_t *blob_bytes, rr_error *err);
/* The same to and from memory. *bytes receives the size needed; out NULL only asks. */
RR_API rr_status rr_checkpoint_save_memory(void *out, size_t capacity, size_t *bytes,
                                           const rr_agent *agent, const rr_env *env,
                                           const rr_buffer *buffer, const void *blob,
                                           size_t blob_bytes, rr_error *err);
RR_API rr_status rr_checkpoint_load_memory(const void *data, size_t bytes, rr_agent *agent,
                                           rr_env *env, rr_buffer *buffer, void *blob,
                                           size_t blob_capacity, size_t *blob_bytes, rr_error *err);
/* Fills a config (its struct_size set, e.g. by init) with what the file was made with, so that the
 * handles can be created. `algo` (nullable) receives RR_ALGO_PPO or _A2C. kind −1 with config NULL:
 * only algo. */
RR_API rr_status rr_checkpoint_read_config(const char *path, int32_t kind, void *config,
                                           int32_t *algo, rr_error *err);

#ifdef __cplusplus
}
#endif

#endif
