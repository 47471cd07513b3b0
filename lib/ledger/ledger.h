/* SPDX-License-Identifier: MIT */
/* ledger.h: which rows belong together, and what they have earned.
 *
 * Rows lie in a rollout in the order of arrival, dense; sessions likewise, in the order of their
 * first rows. A session is open until it ends; its key is then free for another. Rewards are
 * summed in two doubles, the second of which has what the first cannot hold: 106 bits, which is
 * exact, so that their order does not matter, as long as those of one decision are within a factor
 * of 10²⁰ of one another. settle.h rewards and ends, harvest.h hands rows to an update and forgets
 * them. */
#ifndef RRI_RL_LEDGER_H
#define RRI_RL_LEDGER_H

#include "buffer/rollout.h"
#include "core/u64_table.h"

/* How a session ended. */
enum {
    RRI_END_NONE = 0,       /* it is open */
    RRI_END_TERMINATED = 1, /* over for good */
    RRI_END_TRUNCATED = 2,  /* cut off; the final observation is there */
    RRI_END_CUT = 3         /* cut off; the last row's state is the last that is known */
};

#define RRI_CLOCK_NONE INT64_MIN

typedef struct rri_ledger {
    size_t max_sessions;
    size_t min_rows;                   /* that an update must find to train on */
    int64_t reward_wait, idle_timeout; /* 0 as in rr_ledger_config */
    bool is_idle_cut;                  /* an idle session is cut off; else its user left */
    int64_t clock;                     /* RRI_CLOCK_NONE: not set yet */
    int64_t newest;                    /* largest time of the rows; RRI_CLOCK_NONE: no row */

    uint64_t *decisions;  /* [max_rows] ids */
    uint64_t *versions;   /* [max_rows] of the policy that drew it */
    int64_t *times;       /* [max_rows] */
    double *reward_sums;  /* [max_rows] the nearest to the sum … */
    double *reward_rests; /* [max_rows] … and the rest of it */
    int32_t *incumbents;  /* [max_rows] read where the rows have them */
    int32_t *session_of;  /* [max_rows] */
    int32_t *before;      /* [max_rows] the session's row before; −1: its first */
    int32_t *lent;        /* [max_rows] candidates whose vectors an earlier catalogue lent */
    int64_t *latest;      /* [max_rows] largest time of the session's rows up to this one */

    size_t n_sessions;
    uint64_t *keys;       /* [max_sessions] */
    uint8_t *ends;        /* [max_sessions] RRI_END_… */
    int32_t *last;        /* [max_sessions] its last row */
    int32_t *lengths;     /* [max_sessions] rows */
    int32_t *picked;      /* [max_sessions] those of the present harvest, in its order */
    int32_t *scratch;     /* [max_sessions] */
    uint8_t *is_rejected; /* [max_sessions] of the harvest under way: RRI_HARVEST_… */
    size_t n_picked;

    rri_u64_table ids;  /* decision id → row */
    rri_u64_table open; /* key of an open session → session */

    int64_t n_recorded, n_trained, n_dropped, n_duplicate, n_rewarded, n_late, n_unknown;
    int64_t n_rejected, n_rejected_sessions, n_imitation, n_other_schema;
} rri_ledger;

/* Room and widths of its rows. */
rr_buffer_config rri_ledger_rows(const rr_ledger_config *config);
/* As rri_rollout_layout; then clear. */
void rri_ledger_layout(rri_ledger *ledger, rri_arena *arena, const rr_ledger_config *config);
/* Forgets rows, sessions, counts and the clock. */
void rri_ledger_clear(rri_ledger *ledger, rri_rollout *rollout);

/* Takes n rows, all or none, or, with statuses [n], those that are good. A row whose id is there is
 * skipped and counted. */
rr_status rri_ledger_record(rri_ledger *ledger, rri_rollout *rollout, const rr_obs *obs,
                            const rr_decision *decision, uint64_t fingerprint, int32_t *statuses,
                            rr_error *err);

/* Refuses a time that is so far from the clock (without one, from the newest row) that it is likely
 * to be in another unit; `what` ("settle: now") opens the sentence. Where neither rewards wait nor
 * sessions time out, any time will do. */
rr_status rri_ledger_check_time(const rri_ledger *ledger, const char *what, int64_t time,
                                rr_error *err);

/* The largest time of a session's rows. */
int64_t rri_ledger_latest(const rri_ledger *ledger, size_t session);

/* Whether `wait` has passed at `now` since `then`; never where no time is known. */
bool rri_ledger_has_passed(int64_t then, int64_t wait, int64_t now);

/* After session_of, keys, ends, decisions and times of n_rows rows and n_sessions sessions were
 * put there: the rest. */
void rri_ledger_rebuild(rri_ledger *ledger, const rri_rollout *rollout);

/* Arrays for a checkpoint and for moving rows: first those of rows, then those of sessions. */
#define RRI_LEDGER_ROW_PARTS     ((size_t)8)
#define RRI_LEDGER_SESSION_PARTS ((size_t)2)
void rri_ledger_row_parts(rri_rollout_part parts[RRI_LEDGER_ROW_PARTS], const rri_ledger *ledger);
void rri_ledger_session_parts(rri_rollout_part parts[RRI_LEDGER_SESSION_PARTS],
                              const rri_ledger *ledger);

/* What is behind the handle. */
struct rr_ledger {
    rri_allocator allocator;
    rr_ledger_config config;
    rri_rollout rollout; /* the rows */
    rri_ledger ledger;   /* which of them belong together, and what they have earned */
    size_t bytes;        /* of the whole block, this struct included */
    rr_items *earlier;   /* a reference; NULL: none */
    float *lent;         /* [vectors of a row, item_dim] a block of its own; NULL without earlier */
};

/* Bytes of that block. */
size_t rri_ledger_lent_bytes(const rr_ledger *ledger);

#endif
