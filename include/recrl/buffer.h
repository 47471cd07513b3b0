/* SPDX-License-Identifier: MIT */
/* recrl/buffer.h: rollouts: rows of sessions in lock step.
 *
 * Cost: constant. */
#ifndef RECRL_BUFFER_H
#define RECRL_BUFFER_H

#include <recrl/base.h>
#include <recrl/config.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Rows until they are trained on, of sessions in lock step (a simulator): row i of a record goes on
 * with the session of row i of the record before. Sessions that come and go are for rr_ledger.
 * config NULL: the defaults; *out is the caller's, until rr_buffer_destroy.
 * Errors: RR_E_MEMORY.
 * Cost: takes the memory of max_rows rows. */
RR_API rr_status rr_buffer_create(rr_buffer **out, const rr_buffer_config *config,
                                  const rr_host *host, rr_error *err);
/* Gives its memory back. NULL is fine. */
RR_API void rr_buffer_destroy(rr_buffer *buffer);
/* *bytes receives what create takes of the host. Errors: RR_E_MEMORY: more than a size_t counts. */
RR_API rr_status rr_buffer_memory(const rr_buffer_config *config, size_t *bytes, rr_error *err);

/* Copies n rows, all or none. Needs obs->states, decision->actions, log_probs and values. Rows have
 * one form from the first one on until the buffer is empty: which arrays are given, and whether
 * n_candidates, n_excluded and n_history are 0. A session without a past sends a history of −1
 * alone, not n_history 0. Allocates nothing.
 * Errors: RR_E_STATE: the last record has no reward, or n differs from the records before;
 * RR_E_FULL: they do not fit; RR_E_NOT_FINITE: names row and field; RR_E_MISMATCH: obs->schema is
 * not the buffer's.
 * Cost: a copy of the rows. */
RR_API rr_status rr_buffer_record(rr_buffer *buffer, const rr_obs *obs, const rr_decision *decision,
                                  rr_error *err);
/* Rewards the rows of the last record, n of them in its order, and says which sessions ended with
 * it. Needs outcome->rewards, and final_obs where a row is truncated. Allocates nothing.
 * Errors: RR_E_STATE: no record waits for a reward; RR_E_NOT_FINITE: a reward or a final state;
 * RR_E_MISMATCH: final_obs->schema is not the buffer's.
 * Cost: a pass over the n rows. */
RR_API rr_status rr_buffer_reward(rr_buffer *buffer, const rr_outcome *outcome, rr_error *err);

/* 1 when another record of the same size does not fit. An empty buffer is not full; NULL is. */
RR_API int32_t rr_buffer_is_full(const rr_buffer *buffer);
/* Rows recorded; 0 for NULL. */
RR_API int32_t rr_buffer_count(const rr_buffer *buffer);
/* Forgets all rows. NULL is fine. */
RR_API void rr_buffer_clear(rr_buffer *buffer);

/* How full a buffer is. */
typedef struct rr_buffer_counts {
    uint32_t struct_size;
    int32_t max_rows;      /* of its config */
    int32_t rows;          /* in the buffer now */
    int32_t record_rows;   /* rows of each record; 0: none was made since it was empty */
    int32_t records;       /* rows / record_rows */
    int32_t awaits_reward; /* 1: the last record has no reward yet */
    int64_t bytes;         /* that create took */
} rr_buffer_counts;
/* Fills *counts. */
RR_API rr_status rr_buffer_get_counts(const rr_buffer *buffer, rr_buffer_counts *counts,
                                      rr_error *err);

#ifdef __cplusplus
}
#endif

#endif
