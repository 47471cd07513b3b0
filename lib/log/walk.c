/* SPDX-License-Identifier: MIT */
#include "log/walk.h"

#include <string.h>

#include "core/memory.h"
#include "log/outcome_blob.h"
#include "log/record_blob.h"

/* Fills the numbers of a blob that is whole. Both formats have them in the same places. */
static rr_status describe_whole(rr_blob *out, const void *data, rr_error *err)
{
    if (out->kind == RR_BLOB_RECORD) {
        rri_record_head head = {0};
        memcpy(&head, data, offsetof(rri_record_head, policy_version));
        if ((head.blob.has & RRI_RECORD_HAS_DECISION) == 0) {
            RRI_FAIL(err, RR_E_FORMAT,
                     "log: an observation without a decision, which belongs into "
                     "an outcome or an ending");
        }
        out->session = head.session;
        out->decision = head.decision;
        out->time = head.time;
    } else {
        rri_outcome_head head = {0};
        memcpy(&head, data, RRI_OUTCOME_LEAST);
        out->session = head.session;
        out->decision = head.decision;
        out->time = head.time;
    }
    return RR_OK;
}

rr_status rri_walk_describe(rr_blob *out, const void *data, size_t bytes, rr_error *err)
{
    static const struct {
        const char *magic;
        size_t least;
    } kinds[] = {
        [RR_BLOB_RECORD] = {RRI_RECORD_MAGIC, RRI_RECORD_LEAST},
        [RR_BLOB_OUTCOME] = {RRI_OUTCOME_MAGIC, RRI_OUTCOME_LEAST},
        [RR_BLOB_ENDING] = {RRI_ENDING_MAGIC, RRI_OUTCOME_LEAST},
    };
    size_t length = 0;
    *out = (rr_blob){.struct_size = sizeof *out, .kind = rri_blob_kind(data, bytes)};
    const rr_status is_there = rri_blob_length(&length, data, bytes, err);
    out->bytes = is_there == RR_E_TOO_SMALL ? length : 0;
    RRI_TRY(is_there);
    const rr_status status =
        rri_blob_check(data, length, kinds[out->kind].magic, kinds[out->kind].least, "log", err);
    out->bytes = status == RR_OK || status == RR_E_VERSION ? length : 0;
    RRI_TRY(status);
    const rr_status is_whole = describe_whole(out, data, err);
    out->bytes = is_whole == RR_OK ? length : 0;
    return is_whole;
}

rr_status rri_walk_next(rr_blob *out, const void *data, size_t bytes, size_t *offset, rr_error *err)
{
    const unsigned char *begin = data;
    size_t at = *offset, half_at = bytes;
    rr_blob half = {.struct_size = sizeof half, .kind = -1, .bytes = sizeof(rri_blob_head)};
    while (at < bytes) {
        const unsigned char *found = memchr(begin + at, RRI_RECORD_MAGIC[0], bytes - at);
        if (found == NULL) {
            break;
        }
        at = (size_t)(found - begin);
        const rr_status status = rri_walk_describe(out, found, bytes - at, NULL);
        if (status == RR_OK || status == RR_E_VERSION) {
            *offset = at;
            return rri_walk_describe(out, found, bytes - at, err);
        }
        if (status == RR_E_TOO_SMALL && half_at == bytes) {
            half_at = at;
            half = *out;
        }
        at++;
    }
    *offset = half_at;
    *out = half;
    RRI_FAIL(err, RR_E_TOO_SMALL, "log: no whole blob in the last %zu bytes", bytes - half_at);
}
