/* SPDX-License-Identifier: MIT */
#include "log/outcome_blob.h"

#include <string.h>

#include "core/memory.h"
#include "log/record_blob.h"

_Static_assert(sizeof(rri_outcome_head) == 64, "the head of an outcome is 64 bytes");

rr_status rri_outcome_encode(void *out, size_t capacity, size_t *bytes,
                             const rri_outcome_head *head, const char magic[8],
                             const rr_obs *final_obs, size_t row, rr_error *err)
{
    rri_outcome_head full = *head;
    size_t final_bytes = 0;
    if (final_obs != NULL) {
        RRI_TRY(rri_record_encode(NULL, 0, &final_bytes, final_obs, NULL, row, err));
        full.blob.has |= RRI_OUTCOME_HAS_FINAL;
    }
    const size_t length = rri_size_add(sizeof full, final_bytes);
    *bytes = length;
    if (out == NULL) {
        return RR_OK;
    }
    if (capacity < length) {
        RRI_FAIL(err, RR_E_TOO_SMALL, "outcome: it takes %zu bytes; out has %zu", length, capacity);
    }
    memcpy(out, &full, sizeof full);
    if (final_obs != NULL) {
        unsigned char *behind = (unsigned char *)out + sizeof full;
        RRI_TRY(rri_record_encode(behind, final_bytes, &final_bytes, final_obs, NULL, row, err));
    }
    rri_blob_seal(out, magic, full.blob.has, length);
    return RR_OK;
}

static rr_status check_head(const rri_outcome_head *head, size_t bytes, const char *magic,
                            rr_error *err)
{
    const bool is_ending = memcmp(magic, RRI_ENDING_MAGIC, sizeof head->blob.magic) == 0;
    const bool has_final = (head->blob.has & RRI_OUTCOME_HAS_FINAL) != 0;
    const char *wrong = (head->blob.has & ~RRI_OUTCOME_HAS_ALL) != 0 || head->reserved != 0
                            ? "an unknown bit"
                        : head->terminated > 1 || head->truncated > 1 ? "terminated and truncated"
                        : !has_final && bytes != sizeof *head         ? "its length"
                        : is_ending && (head->decision != 0 || head->reward != 0.0f) ? "a decision"
                        : !is_ending && head->session != 0                           ? "a session"
                                                                                     : NULL;
    if (wrong != NULL) {
        RRI_FAIL(err, RR_E_FORMAT, "outcome: what it says of %s cannot be", wrong);
    }
    return RR_OK;
}

rr_status rri_outcome_decode(rr_obs *final_obs, bool *has_final, void *work, const void *blob,
                             size_t bytes, const char magic[8], rr_error *err)
{
    RRI_TRY(rri_blob_check(blob, bytes, magic, sizeof(rri_outcome_head), "outcome", err));
    memmove(work, blob, bytes);
    const rri_outcome_head *head = work;
    RRI_TRY(check_head(head, bytes, magic, err));
    *has_final = (head->blob.has & RRI_OUTCOME_HAS_FINAL) != 0;
    if (!*has_final) {
        return RR_OK;
    }
    rr_decision none;
    unsigned char *behind = (unsigned char *)work + sizeof *head;
    RRI_TRY(rri_record_decode(final_obs, &none, behind, behind, bytes - sizeof *head, NULL, err));
    if (none.actions != NULL) {
        RRI_FAIL(err, RR_E_FORMAT, "outcome: its final observation has a decision");
    }
    return RR_OK;
}
