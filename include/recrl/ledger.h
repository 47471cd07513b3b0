/* SPDX-License-Identifier: MIT */
/* recrl/ledger.h: sessions that do not march in step, and the log as blobs. */
#ifndef RECRL_LEDGER_H
#define RECRL_LEDGER_H

#include <recrl/base.h>
#include <recrl/buffer.h>
#include <recrl/config.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Sessions that end without a reward: n of them, by key. A keyed buffer alone. */
typedef struct rr_ending {
    uint32_t struct_size;      /* sizeof(rr_ending) */
    int32_t n;                 /* ≥ 1 */
    const uint64_t *sessions;  /* [n] keys; required */
    const uint8_t *terminated; /* [n] 1: over for good; 0: cut off. NULL: all cut off */
    const rr_obs *final_obs;   /* n rows, of which those without terminated are read: the states
                                  that no decision was made in. NULL: none is known; then the last
                                  row of a session that is cut off is not trained on, and its state
                                  is what the rows before it lead to */
    int32_t *statuses;         /* [n] as in rr_outcome */
} rr_ending;

/* Keyed: ends sessions by key. A key without an open session is counted as unknown
 * (RR_E_NOT_FOUND), and end succeeds. RR_E_UNSUPPORTED in lock step. */
RR_API rr_status rr_buffer_end(rr_buffer *buffer, const rr_ending *ending, rr_error *err);

/* The log: one decision, one outcome or one ending as a self-describing, versioned, checksummed
 * blob. Where the blobs lie is the host's affair (a table, a queue, a file): today's serving is
 * tomorrow's training set. They are little-endian, a multiple of 8 bytes long, and may lie one
 * behind the other; docs/log_format.md has every byte. A damaged or hostile blob is RR_E_FORMAT,
 * one of a later format RR_E_VERSION. These functions keep nothing and allocate nothing;
 * any thread.
 *
 * encode writes row `row` of what is given into out [capacity]; *bytes receives the length; out
 * NULL only asks; RR_E_TOO_SMALL writes nothing. Where obs->pool is given, the host's keys of
 * candidates, exclusions and history are stored beside the indices, so that the row can be read
 * under a later catalogue. `decision` needs actions; what else is NULL is not stored (all_log_probs
 * never are). */
RR_API rr_status rr_record_encode(void *out, size_t capacity, size_t *bytes, const rr_obs *obs,
                                  const rr_decision *decision, int32_t row, rr_error *err);
/* Of final_obs a row is stored where it is cut off and states are given. */
RR_API rr_status rr_outcome_encode(void *out, size_t capacity, size_t *bytes,
                                   const rr_outcome *outcome, int32_t row, rr_error *err);
RR_API rr_status rr_ending_encode(void *out, size_t capacity, size_t *bytes,
                                  const rr_ending *ending, int32_t row, rr_error *err);

/* decode copies the blob into work [capacity], which is the caller's, 8-aligned and at least
 * `bytes` long (it may be the blob itself), and fills the structs with views of one row in it,
 * valid as long as work is. pool (nullable): the catalogue in force; indices made under another one
 * are turned into its own by key, and obs->pool is set. Past and excluded items that it lacks are
 * left out; a candidate that it lacks is RR_E_NOT_FOUND; a row without keys, or whose list was the
 * whole pool, RR_E_MISMATCH. */
RR_API rr_status rr_record_decode(rr_obs *obs, rr_decision *decision, void *work, size_t capacity,
                                  const void *blob, size_t bytes, const rr_items *pool,
                                  rr_error *err);
/* outcome->final_obs points to final_obs where a final observation is there. */
RR_API rr_status rr_outcome_decode(rr_outcome *outcome, rr_obs *final_obs, void *work,
                                   size_t capacity, const void *blob, size_t bytes, rr_error *err);
RR_API rr_status rr_ending_decode(rr_ending *ending, rr_obs *final_obs, void *work, size_t capacity,
                                  const void *blob, size_t bytes, rr_error *err);

enum { RR_BLOB_RECORD = 0, RR_BLOB_OUTCOME = 1, RR_BLOB_ENDING = 2 };
typedef struct rr_blob {
    uint32_t struct_size;
    int32_t kind;      /* RR_BLOB_…; −1: none begins here */
    uint64_t bytes;    /* of this blob; the next one begins behind them */
    uint64_t session;  /* 0 where it has none: an outcome */
    uint64_t decision; /* 0 where it has none: an ending */
    int64_t time;      /* 0 where it has none */
} rr_blob;
/* What the first blob of data [bytes] is; judges its checksum. For walks through a log, also one
 * that is still being written.
 *   RR_E_TOO_SMALL   the data end before the blob does. out->bytes is what it needs, as far as is
 *                    known: 32 until its head is there, then its length
 *   RR_E_FORMAT      no blob begins here, or a damaged one; more data will not help. out->bytes
 *                    is 0; rr_blob_next finds the next one
 *   RR_E_VERSION     a whole one of a later format, out->bytes long, to be stepped over */
RR_API rr_status rr_blob_describe(rr_blob *out, const void *data, size_t bytes, rr_error *err);
/* Moves *offset on to the first whole and undamaged blob that begins at *offset or behind it, and
 * describes it (RR_OK, or RR_E_VERSION). RR_E_TOO_SMALL: there is none yet, and *offset is where
 * one begins that is not whole, or else `bytes`: call again from there when there is more. To pass
 * a damaged blob, begin one byte behind where it begins. Time: O(bytes), and a checksum for each
 * place that looks like a blob. */
RR_API rr_status rr_blob_next(rr_blob *out, const void *data, size_t bytes, size_t *offset,
                              rr_error *err);

/* Replays n blobs into a keyed buffer, in their order: blob i is data[offsets[i] … offsets[i + 1]),
 * offsets [n + 1]. statuses [n] receives what record, reward or end said of each, or decode; good
 * blobs are taken, the others are skipped, and the answer is RR_OK. statuses NULL: stops at the
 * first one that is refused, and says why. work as in decode, as long as the longest blob; pool
 * as there. */
RR_API rr_status rr_buffer_import(rr_buffer *buffer, const void *data, const uint64_t *offsets,
                                  int32_t n, const rr_items *pool, void *work, size_t capacity,
                                  int32_t *statuses, rr_error *err);

#ifdef __cplusplus
}
#endif

#endif
