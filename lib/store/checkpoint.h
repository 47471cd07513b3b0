/* SPDX-License-Identifier: MIT */
/* checkpoint.h: what a checkpoint holds, where the rooms' arrays are joined.
 *
 *   metadata   as file_format.h; algo; every config field as "agent.lr": "0.01";
 *              items_fingerprint, env.items_fingerprint
 *   tensors    the agent's parameters by their names (F32);  optimizer.first.NAME,
 *              optimizer.second.NAME (F32);  agent.counters (I64)
 *              agent.running [n] (F64) as normalise.h counts them, where something is normalised
 *              agent.reward_fit [n] (F32) as trainer.h has it, where there is a reward model
 *              agent.ref_kl_doublings [1] (I64) as stay_near.h counts them, with ref_kl_target
 *              env.NAME as env_state.h lists them
 *              agent.versions [n, 40] (U8) as versions.h lists them, where there are any;
 *              agent.kept_ring [1 + n] (I64): the next place, then versions, and agent.kept_values
 *              [n, floats] (F32) as versions.h has them, where there are any
 *              buffer.shape (I64), buffer.form (U8), buffer.NAME [rows, bytes of a row] (U8)
 *              ledger.shape, ledger.form, ledger.NAME likewise, ledger.counters (I64),
 *              ledger.session_NAME [sessions, bytes] (U8)
 *              blob (U8);  checksum
 *
 * Names that are kept for what comes: final.NAME (histories of final states), slots.NAME (decisions
 * of a page), schema and generation (metadata of the catalogue and of what features mean). */
#ifndef RRI_STORE_CHECKPOINT_H
#define RRI_STORE_CHECKPOINT_H

#include "agent/agent.h"
#include "agent/tensors.h"
#include "buffer/rollout.h"
#include "env/env.h"
#include "io/safetensors_reader.h"
#include "ledger/ledger.h"

#define RRI_CHECKPOINT_FORMAT "librecrl checkpoint"

/* Metadata and tensors, for rri_safetensors_write; context is an rr_checkpoint with an agent. */
rr_status rri_checkpoint_describe(rri_safetensors_writer *writer, const void *context,
                                  rr_error *err);

/* Every field but num_threads and worker_spin_us as metadata "agent.lr": "0.01". */
rr_status rri_checkpoint_add_config(rri_safetensors_writer *writer, int32_t kind,
                                    const void *config, rr_error *err);

/* Judges everything, then changes everything. */
rr_status rri_checkpoint_restore(rr_checkpoint *target, const rri_safetensors_reader *reader,
                                 rr_error *err);

/* Refuses what is no checkpoint of ours, and those of other versions. */
rr_status rri_checkpoint_check_format(const rri_safetensors_reader *reader, rr_error *err);

/* algo receives RR_ALGO_…. */
rr_status rri_checkpoint_read_algo(int32_t *algo, const rri_safetensors_reader *reader,
                                   rr_error *err);

/* Fills a caller's config of this kind, all fields or none. */
rr_status rri_checkpoint_read_config(int32_t kind, void *config,
                                     const rri_safetensors_reader *reader, rr_error *err);

/* The agent's counters, and the versions that it knows: only judged while `versions` is NULL. A
 * file of an agent that never trained on a ledger, nor published, has none. */
rr_status rri_checkpoint_read_counters(int64_t counters[RRI_AGENT_COUNTERS],
                                       const rri_safetensors_reader *reader, rr_error *err);
rr_status rri_checkpoint_read_versions(rri_versions *versions, int64_t n_updates,
                                       const rri_safetensors_reader *reader, rr_error *err);

/* "agent", "ppo", …: the prefix of a config's keys; NULL for a kind that checkpoints do not hold.
 */
const char *rri_checkpoint_prefix(int32_t kind);

/* The dtype of safetensors for one of env_state.h's. */
rri_dtype rri_checkpoint_dtype(int32_t env_dtype);

/* The name of a part, "PREFIX.NAME", in out [64 + 32]. */
enum { RRI_CHECKPOINT_NAME = 96 };
void rri_checkpoint_name(char out[RRI_CHECKPOINT_NAME], const char *prefix, const char *name);

/* The parts of a buffer and of a ledger (checkpoint_buffer.c). restore judges everything; with
 * `loads` it then changes the handle. */
rr_status rri_checkpoint_describe_buffer(rri_safetensors_writer *writer, const rr_buffer *buffer,
                                         rr_error *err);
rr_status rri_checkpoint_restore_buffer(rr_buffer *buffer, bool loads,
                                        const rri_safetensors_reader *reader, rr_error *err);
rr_status rri_checkpoint_describe_ledger(rri_safetensors_writer *writer, const rr_ledger *ledger,
                                         rr_error *err);
rr_status rri_checkpoint_restore_ledger(rr_ledger *ledger, bool loads,
                                        const rri_safetensors_reader *reader, rr_error *err);

#endif
