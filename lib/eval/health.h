/* SPDX-License-Identifier: MIT */
/* health.h: signs that a training run is going wrong. recrl/health.h.
 *
 * Rows and updates are gathered until `window` rows are there; then the window is judged and begun
 * anew. The first window is not judged: how a policy begins is no illness. Shown item i with share
 * p_i of the window:
 *
 *   entropy share     mean H over mean log(length of the row's list), lists as given: exclusions
 *                     are not seen
 *   value score       1 − 2 Σ value_loss / Σ return_deviation²
 *   effective items   exp(−Σ p_i log p_i), over items of the catalogue and classes of keys of
 *                     items that are in none
 *   effective share   effective items / min(N and those classes, rows)
 *   largest share     max p_i
 *   drift             farthest move of a mean, in deviations: input_watch.h, of the coordinates of
 *                     states and of the features of one candidate of each row, taken in turn, so
 *                     that what the policy chooses does not matter */
#ifndef RRI_EVAL_HEALTH_H
#define RRI_EVAL_HEALTH_H

#include "core/host_log.h"
#include "core/memory.h"

/* States of a window that are kept, for whoever looks for dead units. */
#define RRI_HEALTH_STATES ((size_t)64)
/* Classes of keys, by which showings of items in no catalogue are counted. */
#define RRI_HEALTH_KEYS ((size_t)1024)
/* Rows of a record that wait for their rewards. */
#define RRI_HEALTH_PAIRS ((size_t)256)

/* What the watched agent is like. */
typedef struct rri_health_shape {
    size_t n_items;    /* 0: no catalogue, what is shown is not judged */
    size_t most_items; /* as many as the catalogue may grow to; below n_items: it does not grow */
    uint64_t line;     /* of its generations: another line's catalogue has not grown from it */
    size_t state_dim, feature_dim;
    size_t n_work; /* floats of scratch for the caller */
    double max_grad_norm;
} rri_health_shape;

rr_status rri_health_create(rr_health **out, const rr_health_config *config,
                            const rri_health_shape *shape, const rri_allocator *allocator,
                            const rri_host_log *log, rr_error *err);
/* Bytes that create takes. */
rr_status rri_health_memory(size_t *bytes, const rri_health_shape *shape, rr_error *err);
void rri_health_destroy(rr_health *health);
const rri_health_shape *rri_health_shape_of(const rr_health *health);

/* The catalogue has grown to n_items, at most most_items. */
void rri_health_grow(rr_health *health, size_t n_items);

/* RR_E_MISMATCH where an agent's shape is not one that the watch was made for. */
rr_status rri_health_shape_check(const rri_health_shape *shape, const rri_health_shape *watched,
                                 rr_error *err);

/* n decisions: states, chosen candidates' features (NULL: none) and shown items (−1: in no
 * catalogue). Refuses what is not finite and items outside the catalogue, and changes nothing then.
 */
typedef struct rri_health_rows {
    size_t n;
    const float *states;   /* [n, S] */
    const float *features; /* [n, k, F], NULL */
    size_t k;
    const int32_t *lengths; /* [n] of the lists, NULL: all k */
    double even_entropy;    /* mean of log(list length) */
    const int32_t *actions; /* [n] position, for features */
    const int32_t *items;   /* [n] */
    const uint64_t *keys;   /* [n] read where items is −1; NULL: none */
} rri_health_rows;
rr_status rri_health_record(rr_health *health, const rri_health_rows *rows, rr_error *err);
/* rewards [n], n ≥ 1, finite. is_of_rows: they are those of the rows recorded last, in their order,
 * where these are as many. */
rr_status rri_health_reward(rr_health *health, const float *rewards, int32_t n, bool is_of_rows,
                            rr_error *err);

/* Whether the update to come ends a window; then its states [n, S] are those to look at. */
bool rri_health_is_due(const rr_health *health);
size_t rri_health_states(const rr_health *health, const float **states);
float *rri_health_work(rr_health *health); /* [n_work] */

/* After an update: adds its statistics, and judges the window if it is full. dead_units: share, NaN
 * where nobody looked. out is a whole struct of this release. */
void rri_health_update(rr_health *health, const rr_stats *stats, double dead_units,
                       rr_health_report *out);
/* The sentence of one illness as of the last judgement; "" where it is not there. */
const char *rri_health_sentence(const rr_health *health, uint32_t illness);

#endif
