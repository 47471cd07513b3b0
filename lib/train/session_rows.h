/* SPDX-License-Identifier: MIT */
/* session_rows.h: which sessions of a ledger an update takes, and what their rows weigh. recrl.h
 * §6, maths §5.
 *
 * A session with a row that cannot be trained on is rejected whole: a session with a hole is not
 * what happened. The others are trained on as if it had not been there. */
#ifndef RRI_TRAIN_SESSION_ROWS_H
#define RRI_TRAIN_SESSION_ROWS_H

#include "ledger/ledger.h"
#include "rl/off_policy.h"
#include "train/trainer.h"

/* Sessions that were rejected. */
typedef struct rri_rejected {
    size_t n_sessions, n_rows;
    uint64_t session; /* key of the first */
    rr_error first;   /* what is wrong with it */
} rri_rejected;

typedef struct rri_session_rows {
    uint64_t own;  /* the present version */
    size_t n_rows; /* of the sessions picked */
    size_t n_places, n_trained;
    size_t n_dropped, n_refused; /* places: of another catalogue or alone; unknown or too old */
    size_t n_due;                /* rows of all sessions that were ready */
    size_t n_waiting;            /* … of those that wait for a generation to come */
    size_t n_foreign, n_unknown, n_stale; /* places: reasons of n_dropped and n_refused */
    size_t n_completed, n_lent; /* trained places with vectors of an earlier catalogue, and these */
    int64_t staleness_max;
    double staleness; /* Σ over trained places */
    size_t n_certain; /* trained places that another version drew with probability 1, and the
                         present one would not */
    rri_off_policy_sums weights;
    rri_rejected rejected;
    size_t n_skewed;  /* rows for which sessions were rejected */
    size_t n_checked; /* all rows of these that could be checked */
} rri_session_rows;

/* Picks sessions, into order, is_segment_end, trained and is_own of trainer->update, with values,
 * weights, traces, advantages and returns of all places there, and the present and recorded
 * log-probs of trained places. An error changes nothing. */
rr_status rri_session_rows_select(rri_session_rows *selected, rri_trainer *trainer,
                                  const rri_rollout *rollout, rri_ledger *ledger, rr_error *err);

/* What the host's log should know of it. */
void rri_session_rows_warn(const rri_session_rows *selected, const rri_trainer *trainer);

void rri_session_rows_fill_stats(rr_stats *stats, const rri_session_rows *selected);

#endif
