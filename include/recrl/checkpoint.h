/* SPDX-License-Identifier: MIT */
/* recrl/checkpoint.h: a run in a file.
 *
 * Cost: a pass over the bytes of the file. */
#ifndef RECRL_CHECKPOINT_H
#define RECRL_CHECKPOINT_H

#include <recrl/agent.h>
#include <recrl/base.h>
#include <recrl/buffer.h>
#include <recrl/env.h>
#include <recrl/ledger.h>

#ifdef __cplusplus
extern "C" {
#endif

/* What one file holds, or is restored into: save reads what the handles are, load writes it. Set
 * struct_size to sizeof(rr_checkpoint) and leave what is not meant 0. */
typedef struct rr_checkpoint {
    uint32_t struct_size;
    uint32_t reserved;    /* must be 0 */
    rr_agent *agent;      /* required by save */
    rr_env *env;          /* NULL: none */
    rr_buffer *buffer;    /* NULL: none */
    rr_ledger *ledger;    /* NULL: none */
    void *blob;           /* the host's own bytes: read by save, written by load */
    size_t blob_bytes;    /* read by save; load writes how many the file has */
    size_t blob_capacity; /* room at blob, read by load; ignored by save */
} rr_checkpoint;

/* How a path is written to, here, by rr_policy_save and by rr_npy_write:
 *
 *   whole        A temporary file beside it, NAME.<16 hex digits>.tmp, is written, synced and
 *                renamed over it. Killed or refused at any moment, a save leaves the whole old
 *                file or the whole new one. Parts go out as they lie in the handles: a save takes
 *                a few KiB of memory.
 *   left over    The temporary file is locked (flock) while it is written. One that is not locked,
 *                of a process that was killed, is removed by the next save to the path; for this
 *                its folder is read once.
 *   symlinks     They are followed, and stay: the file that they lead to is replaced, or made.
 *   permissions  The mode of a file that is there is kept; owner and group where the system allows
 *                it, else its group may do what others may. Access lists and other hard links
 *                stay with the old file. A file that the caller may not write is RR_E_IO, and for
 *                root one that nobody may write. A new file has 0666 less the umask.
 *   devices      They and pipes are written to as they are, never replaced; what was written
 *                before a failure stays written. A pipe waits for its reader; when that goes away
 *                the answer is RR_E_IO, and there is no signal.
 *   power cuts   Where the folder cannot be synced after the rename (no permission to read it, a
 *                fault of the disk), the answer is RR_OK, for the new file is in place; but a
 *                power cut may bring the old one back. rr_checkpoint_save says so to the log of
 *                the agent's host (RR_LOG_WARNING). The two others have no log to say it to.
 *   signals      A call that one interrupts is made again. */

/* What a release reads: files of its own format version, which are those of all releases so far;
 * another one is RR_E_VERSION. What a later release adds and this one does not know (tensors,
 * metadata, fields of configs) is ignored, unless the file says that it is required: then it is
 * RR_E_VERSION, with its name. */

/* One safetensors file of what the checkpoint names. Weights, moments, counters, configs, the item
 * table's fingerprint and a checksum over every byte before it: a run that is resumed is
 * byte-identical to one that never stopped. The agent's counters stop at 2^62. A ledger is saved at
 * any time, with sessions, clock and counts. The versions that the agent knows ride along, and the
 * parameters that it keeps of them (keep_versions): after a restore the same rows are checked for
 * skew as without. Item vectors are not inside (unless trained): the host brings the same
 * catalogue.
 * Errors: RR_E_STATE: the buffer waits for a reward; RR_E_IO: the path cannot be written. */
RR_API rr_status rr_checkpoint_save(const rr_checkpoint *checkpoint, const char *path,
                                    rr_error *err);
/* Restores into handles of the same algorithm and shapes. Learning rates, seeds and threads are the
 * handles' own: for a run that goes on as if it had never stopped, make them from
 * rr_checkpoint_read_config. A handle that is NULL is not read. blob NULL only asks for blob_bytes.
 * A file is judged by its header before memory is taken for the rest: then as much as it has bytes,
 * until load returns.
 * Errors: RR_E_IO: the file cannot be read; RR_E_FORMAT: damaged, or no checkpoint; RR_E_VERSION:
 * of another version; RR_E_MISMATCH: another shape, schema, algorithm or catalogue; RR_E_NOT_FOUND:
 * a handle is given and not in the file; RR_E_TOO_SMALL: blob is given and blob_capacity is less
 * than blob_bytes, which is written; RR_E_MEMORY. On failure nothing else has changed. */
RR_API rr_status rr_checkpoint_load(rr_checkpoint *checkpoint, const char *path, rr_error *err);
/* What rr_agent_inherit took over, and what is new. */
typedef struct rr_inheritance {
    uint32_t struct_size;
    int32_t n_tensors;        /* tensors that were in the file */
    int32_t n_fresh;          /* tensors that the file lacks: options that it was made without */
    int32_t states_kept;      /* columns of states that have a source */
    int32_t states_new;       /* columns that have none */
    int32_t states_dropped;   /* columns of the file that went nowhere */
    int32_t features_kept;    /* features likewise */
    int32_t features_new;     /* likewise */
    int32_t features_dropped; /* likewise */
    int32_t items_kept;       /* rows of items likewise; 0 where nothing is learned of an item */
    int32_t items_new;        /* likewise */
    int32_t items_dropped;    /* likewise */
    int32_t n_versions;       /* versions whose rows are known */
    uint32_t reserved;
} rr_inheritance;
/* Takes over what an agent of another schema learned, from its checkpoint: the widths of states and
 * features, and the items, may be others, as map says (NULL: none is). The agent is made anew by
 * create, with today's widths and schema; what it had learned is gone.
 *
 *   the policy   is the same function of the columns that were there, bit for bit where no sum is
 *                grouped otherwise (else within rounding), whatever is in new columns, whose
 * weights begin at 0, and where dropped ones were 0 (with normalize_states: at their mean). So is V
 *   items        new ones begin as in rr_agent_set_items
 *   options      that begin as if they were not there may be new (has_skip, has_bias,
 *                has_repeat_weight, has_trained_items, has_feature_query, reward_model,
 *                candidate_hidden); all others that say what a parameter means must be the file's,
 *                as must algorithm and optimiser
 *   and besides  moments of the optimiser (0 for what is new), running statistics, what the reward
 *                model remembers, and the counters: updates, which anneal and age, timesteps,
 *                steps of the optimiser, draws. Known versions stay known, the file's own among
 *                them, and rows of theirs (rr_ledger_map_schema) are weighed; none can be checked
 *                for skew
 *
 * out (nullable) receives what was taken over. Allocates a block as create does, and gives the old
 * one back.
 * Errors: RR_E_INVALID: a place of the map outside the widths, or taken twice; RR_E_IO, RR_E_FORMAT
 * and RR_E_VERSION as rr_checkpoint_load; RR_E_NOT_FOUND: a tensor is missing; RR_E_MISMATCH: the
 * file is of another schema or width than the map says, of another algorithm, catalogue or meaning;
 * RR_E_MEMORY. On failure the agent is as before.
 * Cost: a pass over the bytes of the file, and what create costs. */
RR_API rr_status rr_agent_inherit(rr_agent *agent, const char *path, const rr_schema_map *map,
                                  rr_inheritance *out, rr_error *err);
/* As rr_checkpoint_save, into out [capacity]. *bytes receives the size needed; out NULL only asks.
 * Errors: RR_E_STATE: the buffer waits for a reward; RR_E_TOO_SMALL: capacity is less than *bytes.
 * */
RR_API rr_status rr_checkpoint_save_memory(const rr_checkpoint *checkpoint, void *out,
                                           size_t capacity, size_t *bytes, rr_error *err);
/* As rr_checkpoint_load, from data [bytes], which is not kept.
 * Errors: as rr_checkpoint_load (RR_E_FORMAT, RR_E_VERSION, RR_E_MISMATCH, RR_E_NOT_FOUND,
 * RR_E_TOO_SMALL, RR_E_MEMORY). */
RR_API rr_status rr_checkpoint_load_memory(rr_checkpoint *checkpoint, const void *data,
                                           size_t bytes, rr_error *err);
/* Fills a config (its struct_size and kind set, as by init) with what the file was made with, so
 * that the handles can be created. `algo` (nullable) receives RR_ALGO_…. config NULL: only algo.
 * Errors: RR_E_IO, RR_E_FORMAT, RR_E_VERSION and RR_E_MEMORY as rr_checkpoint_load; RR_E_NOT_FOUND:
 * the file has no config of this kind.
 * Cost: the whole file is read, for its checksum, and its header kept meanwhile. */
RR_API rr_status rr_checkpoint_read_config(const char *path, void *config, int32_t *algo,
                                           rr_error *err);

#ifdef __cplusplus
}
#endif

#endif
