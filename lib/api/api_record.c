/* SPDX-License-Identifier: MIT */
/* api_record.c: the front door of the log's blobs. */
#include <string.h>

#include "core/abi.h"
#include "core/finite.h"
#include "core/status.h"
#include "core/vocabulary.h"
#include "log/outcome_blob.h"
#include "log/record_blob.h"
#include "log/walk.h"

static rr_status check_out(const void *bytes, int32_t row, const char *function, rr_error *err)
{
    RRI_TRY(rri_require(bytes, function, "bytes", err));
    if (row < 0) {
        RRI_FAIL(err, RR_E_INVALID, "%s: row is %d; it must be at least 0", function, row);
    }
    return RR_OK;
}

rr_status rr_record_encode(const rr_obs *obs, const rr_decision *decision, int32_t row, void *out,
                           size_t capacity, size_t *bytes, rr_error *err)
{
    RRI_TRY(check_out(bytes, row, "rr_record_encode", err));
    rr_obs full_obs;
    rr_decision full;
    RRI_TRY(rri_obs_read(&full_obs, obs, "rr_obs", err));
    RRI_TRY(rri_decision_read(&full, decision, err));
    return rri_record_encode(out, capacity, bytes, &full_obs, &full, (size_t)row, err);
}

static bool flag(const uint8_t *flags, int32_t row)
{
    return flags != NULL && flags[row] != 0;
}

rr_status rr_outcome_encode(const rr_outcome *outcome, int32_t row, void *out, size_t capacity,
                            size_t *bytes, rr_error *err)
{
    RRI_TRY(check_out(bytes, row, "rr_outcome_encode", err));
    rr_outcome full;
    rr_obs final;
    RRI_TRY(rri_outcome_read(&full, outcome, err));
    if (row >= full.n || full.decisions == NULL || full.rewards == NULL) {
        RRI_FAIL(err, RR_E_INVALID, "outcome: row is %d, n %d; decisions and rewards are required",
                 row, full.n);
    }
    RRI_TRY(rri_finite_check("outcome: rewards", full.rewards[row], (size_t)row, err));
    const rri_outcome_head head = {
        .blob.has = full.times != NULL ? RRI_OUTCOME_HAS_TIME : 0u,
        .decision = full.decisions[row],
        .time = full.times != NULL ? full.times[row] : 0,
        .reward = full.rewards[row],
        .terminated = flag(full.terminated, row),
        .truncated = flag(full.truncated, row),
    };
    const bool is_cut_off = head.truncated != 0 && head.terminated == 0;
    const bool has_final = is_cut_off && full.final_obs != NULL;
    if (has_final) {
        RRI_TRY(rri_obs_read(&final, full.final_obs, "final_obs", err));
    }
    return rri_outcome_encode(out, capacity, bytes, &head, RRI_OUTCOME_MAGIC,
                              has_final ? &final : NULL, (size_t)row, err);
}

rr_status rr_ending_encode(const rr_ending *ending, int32_t row, void *out, size_t capacity,
                           size_t *bytes, rr_error *err)
{
    RRI_TRY(check_out(bytes, row, "rr_ending_encode", err));
    rr_ending full;
    rr_obs final;
    RRI_TRY(rri_abi_read(&full, sizeof full, ending, "rr_ending", err));
    if (row >= full.n || full.sessions == NULL) {
        RRI_FAIL(err, RR_E_INVALID, "ending: row is %d, n %d; sessions is required", row, full.n);
    }
    const rri_outcome_head head = {
        .session = full.sessions[row],
        .terminated = flag(full.terminated, row),
        .truncated = !flag(full.terminated, row),
    };
    const bool has_final = head.terminated == 0 && full.final_obs != NULL;
    if (has_final) {
        RRI_TRY(rri_obs_read(&final, full.final_obs, "final_obs", err));
    }
    return rri_outcome_encode(out, capacity, bytes, &head, RRI_ENDING_MAGIC,
                              has_final ? &final : NULL, (size_t)row, err);
}

static rr_status check_work(const void *work, size_t capacity, const void *blob, size_t bytes,
                            const char *function, rr_error *err)
{
    RRI_TRY(rri_require(work, function, "work", err));
    RRI_TRY(rri_require(blob, function, "blob", err));
    if ((uintptr_t)work % 8 != 0) {
        RRI_FAIL(err, RR_E_INVALID, "%s: work must lie at a multiple of 8", function);
    }
    if (capacity < bytes) {
        RRI_FAIL(err, RR_E_TOO_SMALL, "%s: the blob has %zu bytes; work has %zu", function, bytes,
                 capacity);
    }
    return RR_OK;
}

rr_status rr_record_decode(const void *blob, size_t bytes, const rr_items *pool, void *work,
                           size_t capacity, rr_obs *obs, rr_decision *decision, rr_error *err)
{
    RRI_TRY(check_work(work, capacity, blob, bytes, "rr_record_decode", err));
    RRI_TRY(rri_abi_check(obs, sizeof *obs, "rr_obs", err));
    RRI_TRY(rri_abi_check(decision, sizeof *decision, "rr_decision", err));
    rr_obs full_obs;
    rr_decision full;
    RRI_TRY(rri_record_decode(&full_obs, &full, work, blob, bytes, pool, err));
    if (full.actions == NULL) {
        RRI_FAIL(err, RR_E_FORMAT, "record: it is an observation without a decision");
    }
    rri_abi_write(obs, &full_obs, sizeof full_obs);
    rri_abi_write(decision, &full, sizeof full);
    return RR_OK;
}

/* Both kinds; *head points into work, *final_obs is written where one is there (*has_final). */
static rr_status decode_outcome(rri_outcome_head **head, rr_obs *final_obs, bool *has_final,
                                void *work, const void *blob, size_t bytes, const char *magic,
                                rr_error *err)
{
    rr_obs full;
    if (final_obs == NULL) {
        RRI_FAIL(err, RR_E_INVALID,
                 "decode: final_obs is NULL; it must be an rr_obs, for the final observation that "
                 "a blob may have");
    }
    RRI_TRY(rri_abi_check_type(final_obs, sizeof full, "final_obs", "rr_obs", err));
    RRI_TRY(rri_outcome_decode(&full, has_final, work, blob, bytes, magic, err));
    if (*has_final) {
        rri_abi_write(final_obs, &full, sizeof full);
    }
    *head = work;
    return RR_OK;
}

rr_status rr_outcome_decode(const void *blob, size_t bytes, void *work, size_t capacity,
                            rr_outcome *outcome, rr_obs *final_obs, rr_error *err)
{
    RRI_TRY(check_work(work, capacity, blob, bytes, "rr_outcome_decode", err));
    RRI_TRY(rri_abi_check(outcome, sizeof *outcome, "rr_outcome", err));
    rri_outcome_head *head = work;
    bool has_final;
    RRI_TRY(
        decode_outcome(&head, final_obs, &has_final, work, blob, bytes, RRI_OUTCOME_MAGIC, err));
    const rr_outcome full = {
        .struct_size = sizeof full,
        .n = 1,
        .decisions = &head->decision,
        .rewards = &head->reward,
        .terminated = &head->terminated,
        .truncated = &head->truncated,
        .times = (head->blob.has & RRI_OUTCOME_HAS_TIME) != 0 ? &head->time : NULL,
        .final_obs = has_final ? final_obs : NULL,
    };
    rri_abi_write(outcome, &full, sizeof full);
    return RR_OK;
}

rr_status rr_ending_decode(const void *blob, size_t bytes, void *work, size_t capacity,
                           rr_ending *ending, rr_obs *final_obs, rr_error *err)
{
    RRI_TRY(check_work(work, capacity, blob, bytes, "rr_ending_decode", err));
    RRI_TRY(rri_abi_check(ending, sizeof *ending, "rr_ending", err));
    rri_outcome_head *head = work;
    bool has_final;
    RRI_TRY(decode_outcome(&head, final_obs, &has_final, work, blob, bytes, RRI_ENDING_MAGIC, err));
    const rr_ending full = {
        .struct_size = sizeof full,
        .n = 1,
        .sessions = &head->session,
        .terminated = &head->terminated,
        .final_obs = has_final ? final_obs : NULL,
    };
    rri_abi_write(ending, &full, sizeof full);
    return RR_OK;
}

static rr_status check_data(const rr_blob *out, const void *data, const char *function,
                            rr_error *err)
{
    RRI_TRY(rri_abi_check(out, sizeof *out, "rr_blob", err));
    return rri_require(data, function, "data", err);
}

rr_status rr_blob_describe(const void *data, size_t bytes, rr_blob *out, rr_error *err)
{
    RRI_TRY(check_data(out, data, "rr_blob_describe", err));
    rr_blob full;
    const rr_status status = rri_walk_describe(&full, data, bytes, err);
    rri_abi_write(out, &full, sizeof full);
    return status;
}

rr_status rr_blob_next(const void *data, size_t bytes, size_t *offset, rr_blob *out, rr_error *err)
{
    RRI_TRY(check_data(out, data, "rr_blob_next", err));
    RRI_TRY(rri_require(offset, "rr_blob_next", "offset", err));
    if (*offset > bytes) {
        RRI_FAIL(err, RR_E_INVALID, "rr_blob_next: *offset is %zu; data has %zu bytes", *offset,
                 bytes);
    }
    rr_blob full;
    const rr_status status = rri_walk_next(&full, data, bytes, offset, err);
    rri_abi_write(out, &full, sizeof full);
    return status;
}
