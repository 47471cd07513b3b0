/* SPDX-License-Identifier: MIT */
#include "log/record_blob.h"

#include <string.h>

#include "core/memory.h"
#include "items/items.h"
#include "log/record_check.h"
#include "log/record_keys.h"

_Static_assert(sizeof(rri_record_head) == 128, "the head of a record is 128 bytes");

static size_t array_bytes(const rri_record_head *head, rri_record_array array)
{
    const size_t k = (size_t)head->k, m = (size_t)head->m, h = (size_t)head->h;
    const size_t features = rri_size_multiply(k, (size_t)head->feature_dim);
    const size_t vectors = rri_size_multiply(k, (size_t)head->item_dim);
    const size_t counts[RRI_RECORD_N_ARRAYS] = {
        (size_t)head->state_dim, k, k, features, vectors, k, m, m, h, h, h};
    const bool is_key = array == RRI_RECORD_CANDIDATE_KEYS || array == RRI_RECORD_EXCLUDED_KEYS ||
                        array == RRI_RECORD_HISTORY_KEYS;
    return rri_size_multiply(counts[array], is_key ? sizeof(uint64_t) : sizeof(uint32_t));
}

void rri_record_layout(size_t offsets[RRI_RECORD_N_ARRAYS + 1], const rri_record_head *head)
{
    size_t at = sizeof *head;
    for (unsigned i = 0; i < RRI_RECORD_N_ARRAYS; i++) {
        offsets[i] = at;
        if ((head->blob.has >> i & 1u) != 0) {
            at = rri_blob_padded(rri_size_add(at, array_bytes(head, (rri_record_array)i)));
        }
    }
    offsets[RRI_RECORD_N_ARRAYS] = at;
}

static uint32_t bit_of(rri_record_array array, const void *given)
{
    return given != NULL ? 1u << array : 0u;
}

/* Which arrays a row of obs has. */
static uint32_t arrays_of(const rr_obs *obs)
{
    const bool has_pool = obs->pool != NULL;
    return bit_of(RRI_RECORD_STATES, obs->states) | bit_of(RRI_RECORD_CANDIDATES, obs->candidates) |
           bit_of(RRI_RECORD_CANDIDATE_KEYS, has_pool ? obs->candidates : NULL) |
           bit_of(RRI_RECORD_FEATURES, obs->features) | bit_of(RRI_RECORD_VECTORS, obs->vectors) |
           bit_of(RRI_RECORD_COUNTS, obs->counts) | bit_of(RRI_RECORD_EXCLUDED, obs->excluded) |
           bit_of(RRI_RECORD_EXCLUDED_KEYS, has_pool ? obs->excluded : NULL) |
           bit_of(RRI_RECORD_HISTORY, obs->history) |
           bit_of(RRI_RECORD_HISTORY_KEYS, has_pool ? obs->history : NULL) |
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

static rri_record_head head_of(const rr_obs *obs, const rr_decision *decision, size_t row)
{
    const bool has_lists = obs->candidates != NULL || obs->vectors != NULL;
    rri_record_head head = {
        .blob.has = arrays_of(obs) | numbers_of(obs, decision),
        .session = obs->sessions != NULL ? obs->sessions[row] : 0,
        .decision = obs->decisions != NULL ? obs->decisions[row] : 0,
        .time = obs->times != NULL ? obs->times[row] : 0,
        .incumbent = obs->incumbents != NULL ? obs->incumbents[row] : 0,
        .pool_fingerprint = obs->pool != NULL ? rri_items_fingerprint(obs->pool) : 0,
        .k = !has_lists             ? 0
             : obs->lengths != NULL ? obs->lengths[row]
                                    : obs->n_candidates,
        .m = obs->excluded != NULL ? obs->n_excluded : 0,
        .h = obs->history != NULL || obs->history_rewards != NULL ? obs->n_history : 0,
        .state_dim = obs->state_dim,
        .item_dim = obs->vectors != NULL ? obs->item_dim : 0,
        .feature_dim = obs->features != NULL ? obs->feature_dim : 0,
    };
    if (decision != NULL) {
        head.action = decision->actions[row];
        head.item = item_of(obs, row, head.action);
        head.item_key =
            obs->pool != NULL && head.item >= 0 ? rri_items_keys(obs->pool)[head.item] : 0;
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

/* The arrays of a row, each from its beginning in obs; keys are made from indices. */
static void write_arrays(unsigned char *out, const size_t *offsets, const rri_record_head *head,
                         const rr_obs *obs, size_t row)
{
    const size_t k = (size_t)obs->n_candidates, m = (size_t)obs->n_excluded,
                 h = (size_t)obs->n_history;
    const void *const from[RRI_RECORD_N_ARRAYS] = {
        [RRI_RECORD_STATES] = obs->states,     [RRI_RECORD_CANDIDATES] = obs->candidates,
        [RRI_RECORD_FEATURES] = obs->features, [RRI_RECORD_VECTORS] = obs->vectors,
        [RRI_RECORD_COUNTS] = obs->counts,     [RRI_RECORD_EXCLUDED] = obs->excluded,
        [RRI_RECORD_HISTORY] = obs->history,   [RRI_RECORD_HISTORY_REWARDS] = obs->history_rewards,
    };
    const size_t strides[RRI_RECORD_N_ARRAYS] = {
        [RRI_RECORD_STATES] = (size_t)obs->state_dim,
        [RRI_RECORD_CANDIDATES] = k,
        [RRI_RECORD_FEATURES] = k * (size_t)obs->feature_dim,
        [RRI_RECORD_VECTORS] = k * (size_t)obs->item_dim,
        [RRI_RECORD_COUNTS] = k,
        [RRI_RECORD_EXCLUDED] = m,
        [RRI_RECORD_HISTORY] = h,
        [RRI_RECORD_HISTORY_REWARDS] = h,
    };
    for (unsigned i = 0; i < RRI_RECORD_N_ARRAYS; i++) {
        if (from[i] != NULL) {
            const unsigned char *begin =
                (const unsigned char *)from[i] + row * strides[i] * sizeof(uint32_t);
            memcpy(out + offsets[i], begin, array_bytes(head, (rri_record_array)i));
        }
    }
    if (obs->pool != NULL) {
        rri_record_keys_write(out, offsets, head, obs->pool);
    }
}

rr_status rri_record_encode(void *out, size_t capacity, size_t *bytes, const rr_obs *obs,
                            const rr_decision *decision, size_t row, rr_error *err)
{
    RRI_TRY(rri_record_check_row(obs, decision, row, err));
    const rri_record_head head = head_of(obs, decision, row);
    size_t offsets[RRI_RECORD_N_ARRAYS + 1];
    rri_record_layout(offsets, &head);
    const size_t length = offsets[RRI_RECORD_N_ARRAYS];
    *bytes = length;
    if (out == NULL) {
        return RR_OK;
    }
    if (capacity < length) {
        RRI_FAIL(err, RR_E_TOO_SMALL, "record: it takes %zu bytes; out has %zu", length, capacity);
    }
    memset(out, 0, length);
    memcpy(out, &head, sizeof head);
    write_arrays(out, offsets, &head, obs, row);
    rri_blob_seal(out, RRI_RECORD_MAGIC, head.blob.has, length);
    return RR_OK;
}

static void *view(void *work, const size_t *offsets, const rri_record_head *head,
                  rri_record_array array)
{
    const bool is_there = (head->blob.has >> array & 1u) != 0;
    return is_there ? (unsigned char *)work + offsets[array] : NULL;
}

/* A number of the head, where `bit` says that it is there. */
static void *number(rri_record_head *head, uint32_t bit, void *field)
{
    return (head->blob.has & bit) != 0 ? field : NULL;
}

static void view_obs(rr_obs *obs, rri_record_head *head, const size_t *offsets,
                     const rr_items *pool)
{
    *obs = (rr_obs){
        .struct_size = sizeof *obs,
        .n = 1,
        .n_candidates = head->k,
        .n_excluded = head->m,
        .n_history = head->h,
        .state_dim = head->state_dim,
        .item_dim = head->item_dim,
        .feature_dim = head->feature_dim,
        .states = view(head, offsets, head, RRI_RECORD_STATES),
        .candidates = view(head, offsets, head, RRI_RECORD_CANDIDATES),
        .features = view(head, offsets, head, RRI_RECORD_FEATURES),
        .vectors = view(head, offsets, head, RRI_RECORD_VECTORS),
        .counts = view(head, offsets, head, RRI_RECORD_COUNTS),
        .excluded = view(head, offsets, head, RRI_RECORD_EXCLUDED),
        .history = view(head, offsets, head, RRI_RECORD_HISTORY),
        .history_rewards = view(head, offsets, head, RRI_RECORD_HISTORY_REWARDS),
        .incumbents = number(head, RRI_RECORD_HAS_INCUMBENT, &head->incumbent),
        .sessions = number(head, RRI_RECORD_HAS_IDS, &head->session),
        .decisions = number(head, RRI_RECORD_HAS_IDS, &head->decision),
        .times = number(head, RRI_RECORD_HAS_TIME, &head->time),
        .pool = pool,
    };
}

static void view_decision(rr_decision *decision, rri_record_head *head)
{
    *decision = (rr_decision){
        .struct_size = sizeof *decision,
        .n = 1,
        .actions = number(head, RRI_RECORD_HAS_DECISION, &head->action),
        .items = number(head, RRI_RECORD_HAS_DECISION, &head->item),
        .log_probs = number(head, RRI_RECORD_HAS_LOG_PROB, &head->log_prob),
        .values = number(head, RRI_RECORD_HAS_VALUE, &head->value),
        .policy_versions = number(head, RRI_RECORD_HAS_VERSION, &head->policy_version),
        .pool_fingerprint = head->pool_fingerprint,
    };
}

rr_status rri_record_decode(rr_obs *obs, rr_decision *decision, void *work, const void *blob,
                            size_t bytes, const rr_items *pool, rr_error *err)
{
    RRI_TRY(rri_blob_check(blob, bytes, RRI_RECORD_MAGIC, sizeof(rri_record_head), "record", err));
    memmove(work, blob, bytes);
    rri_record_head *head = work;
    RRI_TRY(rri_record_check_head(head, err));
    size_t offsets[RRI_RECORD_N_ARRAYS + 1];
    rri_record_layout(offsets, head);
    if (offsets[RRI_RECORD_N_ARRAYS] != bytes) {
        RRI_FAIL(err, RR_E_FORMAT, "record: its arrays end at byte %zu of %zu",
                 offsets[RRI_RECORD_N_ARRAYS], bytes);
    }
    if (pool != NULL) {
        RRI_TRY(rri_record_keys_resolve(head, offsets, pool, err));
    }
    view_obs(obs, head, offsets, pool);
    view_decision(decision, head);
    return RR_OK;
}
