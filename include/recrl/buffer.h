/* SPDX-License-Identifier: MIT */
/* recrl/buffer.h: rollouts: rows of sessions that march in step. */
#ifndef RECRL_BUFFER_H
#define RECRL_BUFFER_H

#include <recrl/base.h>
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

/* Where the rows of a keyed buffer are, and what became of what it was told since it was made
 * or cleared.
 *   recorded = rows + trained + dropped + spoilt     rows = open + waiting + ready
 *   rewards told = rewarded + late + unknown */
typedef struct rr_buffer_counts {
    uint32_t struct_size;
    int32_t max_rows;      /* of its config */
    int64_t rows;          /* in the buffer now */
    int64_t open;          /* rows of sessions that go on */
    int64_t waiting;       /* rows of sessions that ended and may still earn rewards */
    int64_t ready;         /* rows of sessions that ended and whose rewards are final: the
                              next update's */
    int64_t open_sessions; /* sessions that go on */
    int64_t ready_sessions;
    int64_t recorded;        /* rows taken by record */
    int64_t trained;         /* rows that left for an update and were trained on */
    int64_t dropped;         /* rows that left for an update and were not: last rows of sessions cut
                                off without a final observation; other catalogue; version unknown or
                                too old */
    int64_t duplicate;       /* rows not recorded: their decision id was there already */
    int64_t rewarded;        /* rewards added to a row */
    int64_t late;            /* rewards for a row whose rewards were final: not added */
    int64_t unknown;         /* rewards and endings for a decision or session that is not in
                                the buffer */
    int64_t bytes;           /* that create took */
    int64_t spoilt;          /* rows that left because their session was given up: one of them could
                                not be trained on (rr_agent_update) */
    int64_t spoilt_sessions; /* those sessions */
} rr_buffer_counts;

/* Rows until they are trained on: a rollout in lock step or, with is_keyed, sessions of a
 * server. */
RR_API rr_status rr_buffer_create(rr_buffer **out, const rr_buffer_config *config,
                                  const rr_host *host, rr_error *err);
RR_API void rr_buffer_destroy(rr_buffer *buffer);
/* Bytes that create will take. */
RR_API rr_status rr_buffer_memory(const rr_buffer_config *config, size_t *bytes, rr_error *err);
/* Copies n rows. Needs obs->states, decision->actions, log_probs and values. RR_E_STATE while the
 * last record has no reward, or when n differs from the records before; RR_E_FULL when they do not
 * fit. Rows have one form from the first one on until the buffer is empty: which arrays are given,
 * and whether k, m and h are 0. A session without a past sends a history of −1 alone, not h 0.
 *
 * Keyed: needs sessions, decisions, times (where the config has reward_wait or idle_timeout),
 * actions, log_probs (finite, at most 0) and policy_versions; values are not read, the update makes
 * them anew with one critic. A row goes on with the session of its key that is open, in the order
 * of arrival, whatever its time; where there is none, it begins one, so a key may be used again. A
 * row whose id is in the buffer is skipped and counted as a duplicate (status RR_E_DUPLICATE), and
 * record succeeds. RR_E_FULL: no room for rows or for sessions. */
RR_API rr_status rr_buffer_record(rr_buffer *buffer, const rr_obs *obs, const rr_decision *decision,
                                  rr_error *err);
/* Rewards the rows of the last record.
 *
 * Keyed: rewards rows by decision id; needs decisions and rewards. Rewards of one decision add up,
 * and where none comes it is 0. terminated and truncated end the decision's session, of which it
 * must be the last row, else RR_E_STATE; on a session that has ended they are not read. Skipped and
 * counted, while reward succeeds: an id that is not in the buffer (RR_E_NOT_FOUND), and a late
 * reward (RR_E_STALE): one for a row whose rewards are final, or whose time is at least reward_wait
 * after the row's. Whether the same reward was told twice cannot be seen here: two clicks are
 * two rewards. */
RR_API rr_status rr_buffer_reward(rr_buffer *buffer, const rr_outcome *outcome, rr_error *err);
/* Keyed: ends sessions by key. A key without an open session is counted as unknown
 * (RR_E_NOT_FOUND), and end succeeds. RR_E_UNSUPPORTED in lock step. */
RR_API rr_status rr_buffer_end(rr_buffer *buffer, const rr_ending *ending, rr_error *err);
/* Keyed: tells the time. Rewards of decisions at least reward_wait old become final, sessions
 * without a decision for idle_timeout are cut off. A clock that goes back is held at the latest
 * time told; INT64_MIN tells none. counts (nullable): where the rows are then. RR_E_UNSUPPORTED in
 * lock step. Time: O(sessions). */
RR_API rr_status rr_buffer_settle(rr_buffer *buffer, int64_t now, rr_buffer_counts *counts,
                                  rr_error *err);
/* 1 when another record of the same size (keyed: another row) does not fit. An empty buffer is
 * not full. */
RR_API int32_t rr_buffer_is_full(const rr_buffer *buffer);
/* Rows recorded. */
RR_API int32_t rr_buffer_count(const rr_buffer *buffer);
/* Forgets all rows. */
RR_API void rr_buffer_clear(rr_buffer *buffer);
/* Keyed: forgets the sessions that have ended and whose rewards are final, which the next update
 * would take; their rows count as dropped. Sessions that go on or wait stay. RR_E_UNSUPPORTED in
 * lock step. */
RR_API rr_status rr_buffer_drop_ready(rr_buffer *buffer, rr_error *err);

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
    int32_t kind;      /* RR_BLOB_… */
    uint64_t bytes;    /* of this blob; the next one begins behind them */
    uint64_t session;  /* 0 where it has none: an outcome */
    uint64_t decision; /* 0 where it has none: an ending */
    int64_t time;      /* 0 where it has none */
} rr_blob;
/* What the first blob of data [bytes] is; judges its checksum. For walks through a file. */
RR_API rr_status rr_blob_describe(rr_blob *out, const void *data, size_t bytes, rr_error *err);

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
