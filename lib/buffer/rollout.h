/* SPDX-License-Identifier: MIT */
/* rollout.h: the rows of one rollout, as they were recorded, and their order in time.
 *
 * A row is one decision: what was seen, what was sampled, what came of it. Rows lie in the order of
 * arrival; row r of lock step is step r / n_sessions of session r mod n_sessions (which row follows
 * which in a ledger is in ledger.h). Lists keep the width that they were made for, padded
 * (candidates and exclusions behind, history in front).
 *
 * Letters as in recrl.h: k candidates, m exclusions, h history, S state, d vector, f features. */
#ifndef RRI_RL_ROLLOUT_H
#define RRI_RL_ROLLOUT_H

#include <stdbool.h>
#include <stddef.h>

#include "buffer/columns.h"
#include "core/memory.h"
#include "recrl/recrl.h"

/* Which optional fields a rollout's rows have; all rows alike, but that beside candidates some may
 * bring vectors and others not. */
typedef struct rri_row_form {
    uint8_t has_lists, has_candidates, has_vectors, has_features, has_counts, has_excluded,
        has_history, has_incumbents, /* this one in ledgers alone */
        has_reference;               /* where it is stored */
} rri_row_form;

typedef struct rri_rollout {
    size_t max_rows, state_dim, item_dim, feature_dim, k, m, h; /* widths, fixed by the config */
    rri_map *maps;   /* of the schemas beside its own whose rows are read; NULL: none */
    uint64_t schema; /* of all rows */
    size_t n_vectors; /* of a row, for its −1 candidates alone, in their order; 0: k, by position */
    size_t n_rows, n_sessions; /* n_sessions: rows of each record; 0 before the first */
    uint8_t awaits_reward;
    bool for_encoder; /* the arrays of what an encoder learns from are there */
    rri_row_form form;

    float *states;       /* [max_rows, S] */
    float *final_states; /* [max_rows, S] read where truncated, as the two of history below */
    int32_t *lengths;    /* [max_rows] */
    int32_t *candidates; /* [max_rows, k] */
    float *features;     /* [max_rows, k, f] */
    float *vectors;      /* [max_rows, n_vectors or k, d] */
    int32_t *counts;     /* [max_rows, k] */
    int32_t *excluded;   /* [max_rows, m] */
    int32_t *history;    /* [max_rows, h] */
    /* What an encoder learns from; NULL where the config has no for_encoder. */
    float *history_rewards;       /* [max_rows, h] */
    int32_t *final_history;       /* [max_rows, h] */
    float *final_history_rewards; /* [max_rows, h] */
    /* Keys of what has no index, 0: none; NULL where the config has no has_keys. */
    uint64_t *candidate_keys; /* [max_rows, n_vectors or k] as vectors lie */
    uint64_t *excluded_keys;  /* [max_rows, m] */
    uint64_t *history_keys;   /* [max_rows, h] */
    bool are_keys_packed;     /* false: candidate_keys by position, whatever n_vectors is */
    size_t r;         /* positions of `reference` a row; 0: it is not stored */
    float *reference; /* [max_rows, r] scores of the policy that updates stay near */
    int32_t *actions;         /* [max_rows] */
    float *log_probs;         /* [max_rows] */
    float *values;            /* [max_rows] */
    float *rewards;           /* [max_rows] */
    uint8_t *terminated;      /* [max_rows] */
    uint8_t *truncated;       /* [max_rows]; 0 where terminated */
    uint64_t *fingerprints;   /* [max_rows] of the catalogue, 0 unknown */
    uint32_t *generations;    /* [max_rows] of it in the trainer's line: written by each update from
                                 the fingerprints, and kept by nobody. NULL: the trainer's own */
} rri_rollout;

/* The fields that an observation has. */
rri_row_form rri_rollout_form_of(const rr_obs *obs);

/* Vectors that a row has room for. */
static inline size_t rri_rollout_vectors(const rri_rollout *rollout)
{
    return rollout->n_vectors > 0 ? rollout->n_vectors : rollout->k;
}

/* Takes the arrays from the arena (twice, as memory.h says). `config` has been checked. */
void rri_rollout_layout(rri_rollout *rollout, rri_arena *arena, const rr_buffer_config *config);

/* How the observation's states and features are read: each in its place, or, where it is of another
 * schema, as that one's map says. Without a map its schema is not the one that this says. */
rri_columns rri_rollout_columns(const rri_rollout *rollout, const rr_obs *obs);
/* The form of its rows here: those of another schema have features where the rollout's have. */
rri_row_form rri_rollout_form_in(const rri_rollout *rollout, const rr_obs *obs);

/* Whether a row of this form may follow the others. */
bool rri_rollout_takes(const rri_rollout *rollout, const rri_row_form *form);
/* The form before a row of this observation is put: that of the first row, and vectors from the
 * first row on that has them. */
void rri_rollout_settle_form(rri_rollout *rollout, const rr_obs *obs);

/* Copies row `from` of an observation into row `to`, whose form is set: everything but what came of
 * it. Where decision has no values, 0. */
void rri_rollout_put(rri_rollout *rollout, const rr_obs *obs, const rr_decision *decision,
                     uint64_t fingerprint, size_t from, size_t to);

/* Row `row` ends with row `from` of a final observation; NULL: it has none, and 0 stands there. */
void rri_rollout_put_final(rri_rollout *rollout, const rr_obs *final, size_t from, size_t row);

/* Copies n rows. `fingerprint` as in rr_decision. Nothing changes when rollout_check.h refuses. */
rr_status rri_rollout_record(rri_rollout *rollout, const rr_obs *obs, const rr_decision *decision,
                             uint64_t fingerprint, rr_error *err);

/* Completes the rows of the last record. */
rr_status rri_rollout_reward(rri_rollout *rollout, const rr_outcome *outcome, rr_error *err);

bool rri_rollout_is_full(const rri_rollout *rollout);
void rri_rollout_clear(rri_rollout *rollout);

/* Whether a segment ends at a place of an order, and why: what follows it is then in the value of
 * the next state alone. */
enum {
    RRI_SEGMENT_GOES_ON = 0,
    RRI_SEGMENT_LAST = 1, /* no row of its session follows */
    RRI_SEGMENT_FULL = 2  /* it is n_steps long; the session goes on at the next place */
};

/* Of the row that is `length` rows from its session's first, itself included. */
uint8_t rri_rollout_segment_end(bool is_last, size_t length, size_t n_steps);

/* order [n_rows]: rows by (session, arrival), a session's rank being (the step it began in, its
 * row), so that lock step and interleaved sessions come out the same. is_segment_end [n_rows], in
 * that order: RRI_SEGMENT_…; segments of n_steps count from a session's first row here. maths §4.
 */
void rri_rollout_order(int32_t *order, uint8_t *is_segment_end, const rri_rollout *rollout,
                       size_t n_steps);

/* One array of the rollout, for a checkpoint. */
typedef struct rri_rollout_part {
    const char *name; /* "states" */
    void *data;
    size_t row_bytes; /* bytes of one row; 0: not stored under this config */
} rri_rollout_part;
#define RRI_ROLLOUT_PARTS ((size_t)23)
void rri_rollout_parts(rri_rollout_part parts[RRI_ROLLOUT_PARTS], const rri_rollout *rollout);

/* Rows [from, from + n) of every part move down to `to`. */
void rri_rollout_parts_move(const rri_rollout_part *parts, size_t n_parts, size_t to, size_t from,
                            size_t n);

/* What is behind the handle. */
struct rr_buffer {
    rri_allocator allocator;
    rr_buffer_config config;
    rri_rollout rollout;
    size_t bytes; /* of the whole block, this struct included */
};

#endif
