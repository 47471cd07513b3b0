/* SPDX-License-Identifier: MIT */
#include "log/record_blob.h"

#include <string.h>

#include "core/vocabulary.h"
#include "items/items.h"
#include "log/record_check.h"
#include "log/record_keys.h"
#include "log/record_layout.h"

static uint32_t bit_of(rri_record_array array, const void *given)
{
    return given != NULL ? 1u << array : 0u;
}

/* What makes an array of keys: the pool's of indices, or the host's; NULL: nothing. */
static const void *keys_of(const rr_obs *obs, const int32_t *indices, const uint64_t *keys)
{
    return obs->pool != NULL && indices != NULL ? (const void *)indices : keys;
}

/* Which arrays a row of obs has. */
static uint32_t arrays_of(const rr_obs *obs)
{
    return bit_of(RRI_RECORD_STATES, obs->states) | bit_of(RRI_RECORD_CANDIDATES, obs->candidates) |
           bit_of(RRI_RECORD_CANDIDATE_KEYS, keys_of(obs, obs->candidates, obs->candidate_keys)) |
           bit_of(RRI_RECORD_FEATURES, obs->features) |
           bit_of(obs->candidates != NULL ? RRI_RECORD_OWN_VECTORS : RRI_RECORD_VECTORS,
                  obs->vectors) |
           bit_of(RRI_RECORD_COUNTS, obs->counts) | bit_of(RRI_RECORD_EXCLUDED, obs->excluded) |
           bit_of(RRI_RECORD_EXCLUDED_KEYS, keys_of(obs, obs->excluded, obs->excluded_keys)) |
           bit_of(RRI_RECORD_HISTORY, obs->history) |
           bit_of(RRI_RECORD_HISTORY_KEYS, keys_of(obs, obs->history, obs->history_keys)) |
           bit_of(RRI_RECORD_HISTORY_REWARDS, obs->history_rewards);
}

static uint32_t numbers_of(const rr_obs *obs, const rr_decision *decision)
{
    uint32_t has = 0;
    has |= obs->sessions != NULL ? RRI_RECORD_HAS_IDS : 0u;
    has |= obs->times != NULL ? RRI_RECORD_HAS_TIME : 0u;
    has |= obs->incumbents != NULL ? RRI_RECORD_HAS_INCUMBENT : 0u;
    if (decision != NULL) {
        has |= RRI_RECORD_HAS_DECISION;
        has |= decision->log_probs != NULL ? RRI_RECORD_HAS_LOG_PROB : 0u;
        has |= decision->values != NULL ? RRI_RECORD_HAS_VALUE : 0u;
        has |= decision->policy_versions != NULL ? RRI_RECORD_HAS_VERSION : 0u;
    }
    return has;
}

/* The pool index of what was chosen; −1 where it is in no pool. */
static int32_t item_of(const rr_obs *obs, size_t row, int32_t action)
{
    if (obs->candidates != NULL) {
        return obs->candidates[row * (size_t)obs->n_candidates + (size_t)action];
    }
    return obs->vectors != NULL ? -1 : action;
}

/* The host's key of what was chosen; 0: it is not known, or there is none. */
static uint64_t item_key_of(const rr_obs *obs, size_t row, int32_t action, int32_t item)
{
    if (obs->pool != NULL && item >= 0) {
        return rri_items_keys(obs->pool)[item];
    }
    return obs->candidate_keys != NULL
               ? obs->candidate_keys[row * (size_t)obs->n_candidates + (size_t)action]
               : 0;
}

static rri_record_head head_of(const rr_obs *obs, const rr_decision *decision, size_t row)
{
    rri_record_head head = {
        .blob.has = numbers_of(obs, decision),
        .session = obs->sessions != NULL ? obs->sessions[row] : 0,
        .decision = obs->decisions != NULL ? obs->decisions[row] : 0,
        .time = obs->times != NULL ? obs->times[row] : 0,
        .incumbent = obs->incumbents != NULL ? obs->incumbents[row] : 0,
        .pool_fingerprint = obs->pool != NULL ? rri_items_fingerprint(obs->pool) : 0,
        .schema = obs->schema,
    };
    if (obs->pool != NULL && rri_items_generation(obs->pool) > 0) {
        head.pool_line = rri_items_root(obs->pool);
        head.pool_generation = rri_items_generation(obs->pool);
    }
    if (decision != NULL) {
        head.action = decision->actions[row];
        head.item = item_of(obs, row, head.action);
        head.item_key = item_key_of(obs, row, head.action, head.item);
        head.log_prob = decision->log_probs != NULL ? decision->log_probs[row] : 0.0f;
        head.value = decision->values != NULL ? decision->values[row] : 0.0f;
        head.policy_version =
            decision->policy_versions != NULL ? decision->policy_versions[row] : 0;
        if (obs->pool == NULL) {
            head.pool_fingerprint = decision->pool_fingerprint;
        }
    }
    return head;
}

/* Candidates of a row that are in no pool, of which there is at least one vector: so the rows of a
 * log in which some have such candidates have one form. */
static size_t own_of(const rr_obs *obs, size_t row, size_t length)
{
    const size_t n = rri_count_own(obs->candidates + row * (size_t)obs->n_candidates, length);
    return n > 0 ? n : 1;
}

/* A row's arrays, laid out; head is the caller's. */
static rri_record layout_of(rri_record_head *head, const rr_obs *obs, size_t row)
{
    const bool has_lists = obs->candidates != NULL || obs->vectors != NULL;
    rri_record record = {
        .head = head,
        .arrays = arrays_of(obs),
        .k = !has_lists             ? 0
             : obs->lengths != NULL ? obs->lengths[row]
                                    : obs->n_candidates,
        .m = obs->excluded != NULL ? obs->n_excluded : 0,
        .h = obs->history != NULL || obs->history_rewards != NULL ? obs->n_history : 0,
        .state_dim = obs->state_dim,
        .item_dim = obs->vectors != NULL ? obs->item_dim : 0,
        .feature_dim = obs->features != NULL ? obs->feature_dim : 0,
    };
    if (rri_record_has(&record, RRI_RECORD_OWN_VECTORS)) {
        record.own = (int32_t)own_of(obs, row, (size_t)record.k);
    }
    rri_record_lay_out(&record);
    return record;
}

/* Vectors of the -1 candidates, one behind the other; in obs they lie so, or by position. */
static void write_own_vectors(unsigned char *out, const rri_record *record, const rr_obs *obs,
                              size_t row)
{
    const size_t k = (size_t)obs->n_candidates, d = (size_t)obs->item_dim;
    const int32_t *list = obs->candidates + row * k;
    const float *from = obs->vectors + row * (obs->n_vectors > 0 ? (size_t)obs->n_vectors : k) * d;
    unsigned char *to = out + record->offsets[RRI_RECORD_OWN_VECTORS];
    memset(to, 0, rri_blob_padded(rri_record_array_bytes(record, RRI_RECORD_OWN_VECTORS)));
    size_t n = 0;
    for (size_t j = 0; j < (size_t)record->k; j++) {
        if (list[j] < 0) {
            const size_t at = obs->n_vectors > 0 ? n : j;
            memcpy(to + n * d * sizeof(float), from + at * d, d * sizeof(float));
            n++;
        }
    }
}

/* The arrays of a row, each from its beginning in obs; keys are made from indices. */
static void write_arrays(unsigned char *out, const rri_record *record, const rr_obs *obs,
                         size_t row)
{
    const size_t k = (size_t)obs->n_candidates, m = (size_t)obs->n_excluded,
                 h = (size_t)obs->n_history;
    const struct {
        rri_record_array array;
        const void *from;
        size_t stride;
    } copies[] = {
        {RRI_RECORD_STATES, obs->states, (size_t)obs->state_dim},
        {RRI_RECORD_CANDIDATES, obs->candidates, k},
        {RRI_RECORD_FEATURES, obs->features, k * (size_t)obs->feature_dim},
        {RRI_RECORD_VECTORS, obs->candidates == NULL ? obs->vectors : NULL,
         k * (size_t)obs->item_dim},
        {RRI_RECORD_COUNTS, obs->counts, k},
        {RRI_RECORD_EXCLUDED, obs->excluded, m},
        {RRI_RECORD_HISTORY, obs->history, h},
        {RRI_RECORD_HISTORY_REWARDS, obs->history_rewards, h},
    };
    for (size_t i = 0; i < sizeof copies / sizeof copies[0]; i++) {
        if (copies[i].from == NULL) {
            continue;
        }
        const unsigned char *begin =
            (const unsigned char *)copies[i].from + row * copies[i].stride * sizeof(uint32_t);
        unsigned char *to = out + record->offsets[copies[i].array];
        const size_t bytes = rri_record_array_bytes(record, copies[i].array);
        memcpy(to, begin, bytes);
        memset(to + bytes, 0, rri_blob_padded(bytes) - bytes);
    }
    if (rri_record_has(record, RRI_RECORD_OWN_VECTORS)) {
        write_own_vectors(out, record, obs, row);
    }
    rri_record_keys_write(out, record, obs, row);
}

rr_status rri_record_encode(void *out, size_t capacity, size_t *bytes, const rr_obs *obs,
                            const rr_decision *decision, size_t row, rr_error *err)
{
    RRI_TRY(rri_record_check_row(obs, decision, row, err));
    rri_record_head head = head_of(obs, decision, row);
    const rri_record record = layout_of(&head, obs, row);
    *bytes = record.bytes;
    if (record.bytes > RRI_BLOB_MOST_BYTES) {
        RRI_FAIL(err, RR_E_INVALID, "record: it takes %zu bytes; a blob has at most %llu",
                 record.bytes, (unsigned long long)RRI_BLOB_MOST_BYTES);
    }
    if (out == NULL) {
        return RR_OK;
    }
    if (capacity < record.bytes) {
        RRI_FAIL(err, RR_E_TOO_SMALL, "record: it takes %zu bytes; out has %zu", record.bytes,
                 capacity);
    }
    memcpy(out, &head, sizeof head);
    rri_record_write_table(out, &record);
    write_arrays(out, &record, obs, row);
    rri_blob_seal(out, RRI_RECORD_MAGIC, head.blob.has, record.bytes);
    return RR_OK;
}

/* A number of the head, where `bit` says that it is there. */
static void *number(const rri_record *record, uint32_t bit, void *field)
{
    return (record->head->blob.has & bit) != 0 ? field : NULL;
}

/* The keys [n] where one of them is read, beside an index of −1; else NULL, as a row without such
 * keys has. */
static const uint64_t *keys_beside(const rri_record *record, rri_record_array array,
                                   const int32_t *indices, int32_t n)
{
    const uint64_t *keys = rri_record_view(record, array);
    for (int32_t i = 0; keys != NULL && i < n; i++) {
        if (keys[i] != 0 && (indices == NULL || indices[i] < 0)) {
            return keys;
        }
    }
    return NULL;
}

static void view_obs(rr_obs *obs, const rri_record *record, const rr_items *pool)
{
    rri_record_head *head = record->head;
    const bool has_own = rri_record_has(record, RRI_RECORD_OWN_VECTORS);
    const bool is_lent = record->own_vectors != NULL;
    const float *vectors =
        rri_record_view(record, has_own ? RRI_RECORD_OWN_VECTORS : RRI_RECORD_VECTORS);
    const int32_t *excluded = rri_record_view(record, RRI_RECORD_EXCLUDED);
    const int32_t *history = rri_record_view(record, RRI_RECORD_HISTORY);
    const int32_t *candidates = rri_record_view(record, RRI_RECORD_CANDIDATES);
    *obs = (rr_obs){
        .n = 1,
        .n_candidates = record->k,
        .n_excluded = record->m,
        .n_history = record->h,
        .state_dim = record->state_dim,
        .item_dim = record->item_dim,
        .feature_dim = record->feature_dim,
        .states = rri_record_view(record, RRI_RECORD_STATES),
        .candidates = rri_record_view(record, RRI_RECORD_CANDIDATES),
        .features = rri_record_view(record, RRI_RECORD_FEATURES),
        .vectors = is_lent ? record->own_vectors : vectors,
        .n_vectors = has_own || is_lent ? record->own : 0,
        .counts = rri_record_view(record, RRI_RECORD_COUNTS),
        .excluded = excluded,
        .history = history,
        .candidate_keys = keys_beside(record, RRI_RECORD_CANDIDATE_KEYS, candidates, record->k),
        .excluded_keys = keys_beside(record, RRI_RECORD_EXCLUDED_KEYS, excluded, record->m),
        .history_keys = keys_beside(record, RRI_RECORD_HISTORY_KEYS, history, record->h),
        .history_rewards = rri_record_view(record, RRI_RECORD_HISTORY_REWARDS),
        .incumbents = number(record, RRI_RECORD_HAS_INCUMBENT, record->incumbent),
        .sessions = number(record, RRI_RECORD_HAS_IDS, &head->session),
        .decisions = number(record, RRI_RECORD_HAS_IDS, &head->decision),
        .times = number(record, RRI_RECORD_HAS_TIME, &head->time),
        .pool = pool,
        .schema = head->blob.format > 1 ? head->schema : 0,
    };
    obs->struct_size = rri_obs_view_size(obs);
}

static void view_decision(rr_decision *decision, const rri_record *record)
{
    rri_record_head *head = record->head;
    *decision = (rr_decision){
        .struct_size = sizeof *decision,
        .n = 1,
        .actions = number(record, RRI_RECORD_HAS_DECISION, &head->action),
        .items = number(record, RRI_RECORD_HAS_DECISION, &head->item),
        .log_probs = number(record, RRI_RECORD_HAS_LOG_PROB, &head->log_prob),
        .item_keys = number(record, RRI_RECORD_HAS_DECISION, &head->item_key),
        .values = number(record, RRI_RECORD_HAS_VALUE, &head->value),
        .policy_versions = number(record, RRI_RECORD_HAS_VERSION, &head->policy_version),
        .pool_fingerprint = head->pool_fingerprint,
    };
}

rr_status rri_record_decode(rr_obs *obs, rr_decision *decision, void *work, const void *blob,
                            size_t bytes, const rr_items *pool, rr_error *err)
{
    return rri_record_decode_lent(obs, decision, work, blob, bytes, pool, NULL, err);
}

rr_status rri_record_decode_lent(rr_obs *obs, rr_decision *decision, void *work, const void *blob,
                                 size_t bytes, const rr_items *pool, rri_lender *lender,
                                 rr_error *err)
{
    rri_record record;
    RRI_TRY(rri_blob_check(blob, bytes, RRI_RECORD_MAGIC, RRI_RECORD_LEAST, "record", err));
    memmove(work, blob, bytes);
    RRI_TRY(rri_record_read(&record, work, bytes, err));
    RRI_TRY(rri_record_check(&record, err));
    if (pool != NULL) {
        RRI_TRY(rri_record_keys_resolve(&record, pool, lender, err));
    }
    view_obs(obs, &record, pool);
    view_decision(decision, &record);
    return RR_OK;
}
