/* SPDX-License-Identifier: MIT */
/* api_import.c: the front door through which a log goes into a buffer. */
#include <string.h>

#include "core/status.h"
#include "log/outcome_blob.h"

/* Where a blob is unpacked. */
typedef struct workplace {
    void *work;
    size_t capacity;
    const rr_items *pool;
} workplace;

static rr_status import_record(rr_buffer *buffer, const void *blob, size_t bytes,
                               const workplace *place, int32_t *status, rr_error *err)
{
    rr_obs obs = {.struct_size = sizeof obs};
    rr_decision decision = {.struct_size = sizeof decision};
    RRI_TRY(rr_record_decode(&obs, &decision, place->work, place->capacity, blob, bytes,
                             place->pool, err));
    decision.statuses = status;
    return rr_buffer_record(buffer, &obs, &decision, err);
}

static rr_status import_outcome(rr_buffer *buffer, const void *blob, size_t bytes,
                                const workplace *place, int32_t *status, rr_error *err)
{
    rr_outcome outcome = {.struct_size = sizeof outcome};
    rr_obs final_obs = {.struct_size = sizeof final_obs};
    RRI_TRY(
        rr_outcome_decode(&outcome, &final_obs, place->work, place->capacity, blob, bytes, err));
    outcome.statuses = status;
    return rr_buffer_reward(buffer, &outcome, err);
}

static rr_status import_ending(rr_buffer *buffer, const void *blob, size_t bytes,
                               const workplace *place, int32_t *status, rr_error *err)
{
    rr_ending ending = {.struct_size = sizeof ending};
    rr_obs final_obs = {.struct_size = sizeof final_obs};
    RRI_TRY(rr_ending_decode(&ending, &final_obs, place->work, place->capacity, blob, bytes, err));
    ending.statuses = status;
    return rr_buffer_end(buffer, &ending, err);
}

static bool begins_with(const void *data, size_t bytes, const char magic[8])
{
    return bytes >= 8 && memcmp(data, magic, 8) == 0;
}

/* What is neither an outcome nor an ending is taken for a record, which says what is wrong. */
static rr_status import_blob(rr_buffer *buffer, const void *data, size_t bytes,
                             const workplace *place, int32_t *status, rr_error *err)
{
    if (begins_with(data, bytes, RRI_OUTCOME_MAGIC)) {
        return import_outcome(buffer, data, bytes, place, status, err);
    }
    if (begins_with(data, bytes, RRI_ENDING_MAGIC)) {
        return import_ending(buffer, data, bytes, place, status, err);
    }
    return import_record(buffer, data, bytes, place, status, err);
}

static rr_status check(const rr_buffer *buffer, const void *data, const uint64_t *offsets,
                       int32_t n, const void *work, rr_error *err)
{
    const char *missing = buffer == NULL    ? "buffer"
                          : data == NULL    ? "data"
                          : offsets == NULL ? "offsets"
                          : work == NULL    ? "work"
                                            : NULL;
    if (missing != NULL) {
        RRI_FAIL(err, RR_E_INVALID, "rr_buffer_import: %s is NULL", missing);
    }
    if (n < 0) {
        RRI_FAIL(err, RR_E_INVALID, "rr_buffer_import: n is %d; it must be at least 0", n);
    }
    for (size_t i = 0; i < (size_t)n; i++) {
        if (offsets[i + 1] < offsets[i]) {
            RRI_FAIL(err, RR_E_INVALID, "rr_buffer_import: offsets[%zu] is less than offsets[%zu]",
                     i + 1, i);
        }
    }
    return RR_OK;
}

rr_status rr_buffer_import(rr_buffer *buffer, const void *data, const uint64_t *offsets, int32_t n,
                           const rr_items *pool, void *work, size_t capacity, int32_t *statuses,
                           rr_error *err)
{
    RRI_TRY(check(buffer, data, offsets, n, work, err));
    const workplace place = {work, capacity, pool};
    for (size_t i = 0; i < (size_t)n; i++) {
        const void *blob = (const unsigned char *)data + offsets[i];
        const size_t bytes = (size_t)(offsets[i + 1] - offsets[i]);
        int32_t *status = statuses != NULL ? &statuses[i] : NULL;
        if (status != NULL) {
            *status = RR_OK;
        }
        const rr_status got =
            import_blob(buffer, blob, bytes, &place, status, status != NULL ? NULL : err);
        if (got != RR_OK && status == NULL) {
            return got;
        }
        if (got != RR_OK) {
            *status = got;
        }
    }
    return RR_OK;
}
