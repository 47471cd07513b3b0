/* SPDX-License-Identifier: MIT */
/* recrl/buffer.h: rollouts: rows of sessions that march in step. */
#ifndef RECRL_BUFFER_H
#define RECRL_BUFFER_H

#include <recrl/base.h>
#include <recrl/config.h>

#ifdef __cplusplus
extern "C" {
#endif

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
 * and whether n_candidates, n_excluded and n_history are 0. A session without a past sends a
 * history of −1 alone, not n_history 0.
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

#ifdef __cplusplus
}
#endif

#endif
