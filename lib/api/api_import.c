/* SPDX-License-Identifier: MIT */
/* api_import.c: the front door through which a log goes into a ledger. */
#include <stdbool.h>
#include <string.h>

#include "core/status.h"
#include "ledger/ledger.h"
#include "log/outcome_blob.h"
#include "log/record_blob.h"

/* Where a blob is unpacked. */
typedef struct workplace {
    void *work;
    size_t capacity;
    const rr_items *pool;
} workplace;

static rr_status import_record(rr_ledger *ledger, const void *blob, size_t bytes,
                               const workplace *place, int32_t *status, rr_error *err)
{
    rr_obs obs;
    rr_decision decision;
    rri_lender lender = {.items = ledger->earlier,
                         .vectors = ledger->lent,
                         .most = rri_rollout_vectors(&ledger->rollout)};
    RRI_TRY(rri_record_decode_lent(&obs, &decision, place->work, blob, bytes, place->pool,
                                   ledger->earlier != NULL ? &lender : NULL, err));
    if (decision.actions == NULL) {
        RRI_FAIL(err, RR_E_FORMAT, "record: it is an observation without a decision");
    }
    if (decision.log_probs == NULL || decision.policy_versions == NULL) {
        ledger->ledger.n_imitation++;
        if (status != NULL) {
            *status = RR_E_UNSUPPORTED;
        }
        return RR_OK;
    }
    const size_t n_before = ledger->rollout.n_rows;
    const rr_status got = rr_ledger_record(ledger, &obs, &decision, status, err);
    if (ledger->rollout.n_rows > n_before) {
        ledger->ledger.lent[n_before] = (int32_t)lender.n;
    }
    return got;
}

/* A ledger for an encoder keeps the history of a final observation, which is of a catalogue. */
static rr_status resolve_final(const rr_ledger *ledger, const workplace *place, size_t bytes,
                               rr_error *err)
{
    const bool is_kept = ledger->config.for_encoder != 0 && place->pool != NULL;
    return is_kept ? rri_outcome_resolve(place->work, bytes, place->pool, err) : RR_OK;
}

static rr_status import_outcome(rr_ledger *ledger, const void *blob, size_t bytes,
                                const workplace *place, int32_t *status, rr_error *err)
{
    rr_outcome outcome = {.struct_size = sizeof outcome};
    rr_obs final_obs = {.struct_size = sizeof final_obs};
    RRI_TRY(
        rr_outcome_decode(blob, bytes, place->work, place->capacity, &outcome, &final_obs, err));
    RRI_TRY(resolve_final(ledger, place, bytes, err));
    return rr_ledger_reward(ledger, &outcome, status, err);
}

static rr_status import_ending(rr_ledger *ledger, const void *blob, size_t bytes,
                               const workplace *place, int32_t *status, rr_error *err)
{
    rr_ending ending = {.struct_size = sizeof ending};
    rr_obs final_obs = {.struct_size = sizeof final_obs};
    RRI_TRY(rr_ending_decode(blob, bytes, place->work, place->capacity, &ending, &final_obs, err));
    RRI_TRY(resolve_final(ledger, place, bytes, err));
    return rr_ledger_end(ledger, &ending, status, err);
}

/* What is neither an outcome nor an ending is taken for a record, which says what is wrong. */
static rr_status import_blob(rr_ledger *ledger, const void *data, size_t bytes,
                             const workplace *place, int32_t *status, rr_error *err)
{
    const int32_t kind = rri_blob_kind(data, bytes);
    if (kind == RR_BLOB_OUTCOME) {
        return import_outcome(ledger, data, bytes, place, status, err);
    }
    if (kind == RR_BLOB_ENDING) {
        return import_ending(ledger, data, bytes, place, status, err);
    }
    return import_record(ledger, data, bytes, place, status, err);
}

static rr_status check(const rr_ledger *ledger, const void *data, const uint64_t *offsets,
                       int32_t n, const void *work, size_t capacity, rr_error *err)
{
    RRI_TRY(rri_require(ledger, "rr_ledger_import", "ledger", err));
    RRI_TRY(rri_require(data, "rr_ledger_import", "data", err));
    RRI_TRY(rri_require(offsets, "rr_ledger_import", "offsets", err));
    RRI_TRY(rri_require(work, "rr_ledger_import", "work", err));
    if ((uintptr_t)work % 8 != 0) {
        RRI_FAIL(err, RR_E_INVALID, "rr_ledger_import: work must lie at a multiple of 8");
    }
    if (n < 0) {
        RRI_FAIL(err, RR_E_INVALID, "rr_ledger_import: n is %d; it must be at least 0", n);
    }
    for (size_t i = 0; i < (size_t)n; i++) {
        if (offsets[i + 1] < offsets[i]) {
            RRI_FAIL(err, RR_E_INVALID, "rr_ledger_import: offsets[%zu] is less than offsets[%zu]",
                     i + 1, i);
        }
        if (offsets[i + 1] - offsets[i] > capacity) {
            RRI_FAIL(err, RR_E_TOO_SMALL, "rr_ledger_import: blob %zu has %llu bytes; work has %zu",
                     i, (unsigned long long)(offsets[i + 1] - offsets[i]), capacity);
        }
    }
    return RR_OK;
}

/* *status: what became of blob i. Its sentence is written where it is not RR_OK and stops all. */
static rr_status import_one(int32_t *status, rr_ledger *ledger, const void *blob, size_t bytes,
                            const workplace *place, bool is_each, rr_error *err)
{
    *status = RR_OK;
    if (!is_each) {
        *status = import_blob(ledger, blob, bytes, place, NULL, err);
        return *status;
    }
    const rr_status got = import_blob(ledger, blob, bytes, place, status, NULL);
    if (got != RR_OK) {
        *status = got;
    }
    /* Full is not the blob's fault, and what belongs to it comes behind it: it is not skipped.
     * Asked again, record answers the same, in words. */
    return *status == RR_E_FULL ? import_blob(ledger, blob, bytes, place, NULL, err) : RR_OK;
}

rr_status rr_ledger_import(rr_ledger *ledger, const void *data, const uint64_t *offsets, int32_t n,
                           const rr_items *pool, void *work, size_t capacity, int32_t *statuses,
                           int32_t *n_taken, rr_error *err)
{
    RRI_TRY(check(ledger, data, offsets, n, work, capacity, err));
    const workplace place = {work, capacity, pool};
    rr_status got = RR_OK;
    int32_t i = 0;
    for (; i < n; i++) {
        const void *blob = (const unsigned char *)data + offsets[i];
        const size_t bytes = (size_t)(offsets[i + 1] - offsets[i]);
        int32_t status;
        got = import_one(&status, ledger, blob, bytes, &place, statuses != NULL, err);
        if (statuses != NULL) {
            statuses[i] = status;
        }
        if (got != RR_OK) {
            break;
        }
    }
    if (n_taken != NULL) {
        *n_taken = i;
    }
    return got == RR_OK ? RR_OK : rri_status_of_part(err, got, "import: blob", i);
}
