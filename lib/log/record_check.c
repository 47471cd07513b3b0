/* SPDX-License-Identifier: MIT */
#include "log/record_check.h"

#include <math.h>

#include <stdbool.h>

#include "core/vocabulary.h"
#include "items/items.h"

/* What a record says of one width: its array is there just when the width is not 0. */
typedef struct width {
    const char *name, *width_name;
    const void *array;
    int32_t size;
} width;

static rr_status check_widths(const rr_obs *obs, rr_error *err)
{
    const width widths[] = {
        {"states", "state_dim", obs->states, obs->state_dim},
        {"features", "feature_dim", obs->features, obs->feature_dim},
        {"vectors", "item_dim", obs->vectors, obs->item_dim},
    };
    for (size_t i = 0; i < sizeof widths / sizeof widths[0]; i++) {
        if (widths[i].array != NULL && widths[i].size < 1) {
            RRI_FAIL(err, RR_E_INVALID, "record: obs %s is %d; with %s it must be at least 1",
                     widths[i].width_name, widths[i].size, widths[i].name);
        }
    }
    RRI_TRY(rri_require(obs->states, "record", "obs states", err));
    if (obs->n_excluded < 0 || obs->n_history < 0) {
        RRI_FAIL(err, RR_E_INVALID, "record: obs %s is %d; it must be at least 0",
                 obs->n_excluded < 0 ? "n_excluded" : "n_history",
                 obs->n_excluded < 0 ? obs->n_excluded : obs->n_history);
    }
    return RR_OK;
}

static rr_status check_list(const rr_obs *obs, size_t row, rr_error *err)
{
    const bool has_lists = obs->candidates != NULL || obs->vectors != NULL;
    if (!has_lists && (obs->features != NULL || obs->counts != NULL)) {
        RRI_FAIL(err, RR_E_INVALID,
                 "record: obs features and counts need candidates or vectors beside them");
    }
    if (has_lists && obs->n_candidates < 1) {
        RRI_FAIL(err, RR_E_INVALID, "record: n_candidates is %d; with lists it must be at least 1",
                 obs->n_candidates);
    }
    if (has_lists && obs->lengths != NULL &&
        (obs->lengths[row] < 1 || obs->lengths[row] > obs->n_candidates)) {
        RRI_FAIL(err, RR_E_INVALID, "record: obs lengths[%zu] is %d; it must be in [1, %d]", row,
                 obs->lengths[row], obs->n_candidates);
    }
    if (obs->n_vectors > 0) {
        const size_t length =
            (size_t)(obs->lengths != NULL ? obs->lengths[row] : obs->n_candidates);
        const size_t n_own =
            rri_count_own(obs->candidates + row * (size_t)obs->n_candidates, length);
        if (n_own > (size_t)obs->n_vectors) {
            RRI_FAIL(err, RR_E_INVALID,
                     "record: row %zu has %zu candidates of -1; it must be at most n_vectors, %d",
                     row, n_own, obs->n_vectors);
        }
    }
    return RR_OK;
}

static rr_status check_indices(const char *name, const int32_t *indices, size_t row, size_t stride,
                               size_t n, const rr_items *pool, rr_error *err)
{
    const size_t n_items = rri_items_count(pool);
    for (size_t j = 0; indices != NULL && j < n; j++) {
        const int32_t index = indices[row * stride + j];
        if (index < -1 || (index >= 0 && (size_t)index >= n_items)) {
            RRI_FAIL(err, RR_E_INVALID, "record: obs %s[%zu][%zu] is %d; the pool has %zu items",
                     name, row, j, index, n_items);
        }
    }
    return RR_OK;
}

static rr_status check_pool(const rr_obs *obs, size_t row, rr_error *err)
{
    const size_t k = (size_t)obs->n_candidates, m = (size_t)obs->n_excluded,
                 h = (size_t)obs->n_history;
    if (obs->pool == NULL) {
        return RR_OK;
    }
    const size_t length = obs->lengths != NULL && k > 0 ? (size_t)obs->lengths[row] : k;
    RRI_TRY(check_indices("candidates", obs->candidates, row, k, length, obs->pool, err));
    RRI_TRY(check_indices("excluded", obs->excluded, row, m, m, obs->pool, err));
    return check_indices("history", obs->history, row, h, h, obs->pool, err);
}

static bool is_log_prob(float x)
{
    return isfinite(x) && x <= 0.0f;
}

static rr_status check_decision(const rr_obs *obs, const rr_decision *decision, size_t row,
                                rr_error *err)
{
    if (decision->n != obs->n || decision->actions == NULL) {
        RRI_FAIL(err, RR_E_INVALID, "record: decision n is %d and obs n %d%s", decision->n, obs->n,
                 decision->actions == NULL ? ", and actions is NULL" : "; they must be equal");
    }
    const bool has_lists = obs->candidates != NULL || obs->vectors != NULL;
    const size_t n_items = obs->pool != NULL ? rri_items_count(obs->pool) : (size_t)INT32_MAX;
    const size_t length = !has_lists             ? n_items
                          : obs->lengths != NULL ? (size_t)obs->lengths[row]
                                                 : (size_t)obs->n_candidates;
    const int32_t action = decision->actions[row];
    if (action < 0 || (size_t)action >= length) {
        RRI_FAIL(err, RR_E_INVALID, "record: actions[%zu] is %d; it must be in [0, %zu)", row,
                 action, length);
    }
    const float log_prob = decision->log_probs != NULL ? decision->log_probs[row] : 0.0f;
    if (!is_log_prob(log_prob)) {
        RRI_FAIL(err, isfinite(log_prob) ? RR_E_INVALID : RR_E_NOT_FINITE,
                 "record: log_probs[%zu] is %g; it must be finite and at most 0", row,
                 (double)log_prob);
    }
    const uint64_t fingerprint = decision->pool_fingerprint;
    if (obs->pool != NULL && fingerprint != 0 && fingerprint != rri_items_fingerprint(obs->pool)) {
        RRI_FAIL(err, RR_E_MISMATCH,
                 "record: the decision was made over another catalogue than obs pool");
    }
    return RR_OK;
}

rr_status rri_record_check_row(const rr_obs *obs, const rr_decision *decision, size_t row,
                               rr_error *err)
{
    if (obs->n < 1 || row >= (size_t)obs->n) {
        RRI_FAIL(err, RR_E_INVALID, "record: row is %zu; obs has n %d", row, obs->n);
    }
    if ((obs->sessions == NULL) != (obs->decisions == NULL)) {
        RRI_FAIL(err, RR_E_INVALID,
                 "record: obs sessions and decisions must be given both or neither");
    }
    RRI_TRY(check_widths(obs, err));
    RRI_TRY(check_list(obs, row, err));
    RRI_TRY(check_pool(obs, row, err));
    return decision != NULL ? check_decision(obs, decision, row, err) : RR_OK;
}

/* Vectors of the -1 candidates alone: one each, no others beside them. */
static bool is_own_sound(const rri_record *record)
{
    const int32_t *candidates = rri_record_view(record, RRI_RECORD_CANDIDATES);
    if (candidates == NULL || rri_record_has(record, RRI_RECORD_VECTORS) || record->own < 1) {
        return false;
    }
    const size_t n_own = rri_count_own(candidates, (size_t)record->k);
    return (size_t)record->own == (n_own > 0 ? n_own : 1);
}

rr_status rri_record_check(const rri_record *record, rr_error *err)
{
    const rri_record_head *head = record->head;
    const uint32_t has = head->blob.has;
    const bool has_candidates = rri_record_has(record, RRI_RECORD_CANDIDATES);
    const bool has_features = rri_record_has(record, RRI_RECORD_FEATURES);
    const bool has_own = rri_record_has(record, RRI_RECORD_OWN_VECTORS);
    const bool has_vectors = rri_record_has(record, RRI_RECORD_VECTORS) || has_own;
    const bool has_excluded = rri_record_has(record, RRI_RECORD_EXCLUDED);
    const bool has_past = rri_record_has(record, RRI_RECORD_HISTORY);
    const bool has_list = has_candidates || has_vectors;
    const uint32_t drawn = RRI_RECORD_HAS_LOG_PROB | RRI_RECORD_HAS_VALUE | RRI_RECORD_HAS_VERSION;
    const char *wrong =
        !rri_record_has(record, RRI_RECORD_STATES) || record->state_dim < 1        ? "state_dim"
        : has_list != (record->k > 0)                                              ? "k"
        : has_features != (record->feature_dim > 0) || (has_features && !has_list) ? "feature_dim"
        : has_vectors != (record->item_dim > 0)                                    ? "item_dim"
        : has_own && !is_own_sound(record)                                         ? "vectors"
        : rri_record_has(record, RRI_RECORD_COUNTS) && !has_list                   ? "counts"
        : record->m > 0 && !has_excluded                                           ? "m"
        : record->h > 0 && !has_past && !rri_record_has(record, RRI_RECORD_HISTORY_REWARDS) ? "h"
        : rri_record_has(record, RRI_RECORD_CANDIDATE_KEYS) && !has_list    ? "candidate keys"
        : rri_record_has(record, RRI_RECORD_EXCLUDED_KEYS) && !has_excluded ? "excluded keys"
        : rri_record_has(record, RRI_RECORD_HISTORY_KEYS) && !has_past      ? "history keys"
        : (has & RRI_RECORD_HAS_DECISION) == 0 && (has & drawn) != 0        ? "log_prob"
        : !is_log_prob(head->log_prob)                                      ? "log_prob"
        : head->action < 0 || (has_list && head->action >= record->k)       ? "action"
        : head->item < -1                                                   ? "item"
                                                                            : NULL;
    if (wrong != NULL) {
        RRI_FAIL(err, RR_E_FORMAT, "record: what it says of %s cannot be", wrong);
    }
    return RR_OK;
}
