/* SPDX-License-Identifier: MIT */
#include "log/outcome_blob.h"

#include <string.h>

#include "core/memory.h"
#include "log/record_blob.h"
#include "log/record_keys.h"
#include "log/record_layout.h"
#include "log/section.h"

_Static_assert(sizeof(rri_outcome_head) == 80, "the head of an outcome is 80 bytes");
_Static_assert(offsetof(rri_outcome_head, reward_kind) == RRI_OUTCOME_LEAST, "as format 1 has it");

#define HAS_FINAL_1 (1u << 0) /* format 1: an observation lies behind the head */

/* Where the final observation of an outcome of format 2 lies: behind its one entry. */
#define FINAL_AT (sizeof(rri_outcome_head) + sizeof(rri_section))

rr_status rri_outcome_encode(void *out, size_t capacity, size_t *bytes,
                             const rri_outcome_head *head, const char magic[8],
                             const rr_obs *final_obs, size_t row, rr_error *err)
{
    size_t final_bytes = 0;
    if (final_obs != NULL) {
        RRI_TRY(rri_record_encode(NULL, 0, &final_bytes, final_obs, NULL, row, err));
    }
    const size_t length = final_obs != NULL ? rri_size_add(FINAL_AT, final_bytes) : sizeof *head;
    *bytes = length;
    if (final_bytes > UINT32_MAX) {
        RRI_FAIL(err, RR_E_INVALID, "outcome: a final observation of %zu bytes; at most %u fit",
                 final_bytes, UINT32_MAX);
    }
    if (out == NULL) {
        return RR_OK;
    }
    if (capacity < length) {
        RRI_FAIL(err, RR_E_TOO_SMALL, "outcome: it takes %zu bytes; out has %zu", length, capacity);
    }
    rri_outcome_head full = *head;
    full.n_sections = final_obs != NULL;
    memcpy(out, &full, sizeof full);
    if (final_obs != NULL) {
        const rri_section section = {.kind = RRI_OUTCOME_FINAL,
                                     .type = RRI_SECTION_U8,
                                     .rows = (uint32_t)final_bytes,
                                     .columns = 1,
                                     .place = FINAL_AT / 8};
        unsigned char *begin = out;
        memcpy(begin + sizeof full, &section, sizeof section);
        RRI_TRY(rri_record_encode(begin + FINAL_AT, final_bytes, &final_bytes, final_obs, NULL, row,
                                  err));
    }
    rri_blob_seal(out, magic, full.blob.has, length);
    return RR_OK;
}

/* What both formats have. */
static rr_status check_head(const rri_outcome_head *head, const char *magic, rr_error *err)
{
    const bool is_ending = memcmp(magic, RRI_ENDING_MAGIC, sizeof head->blob.magic) == 0;
    const char *wrong = head->reserved != 0                           ? "an unknown bit"
                        : head->terminated > 1 || head->truncated > 1 ? "terminated and "
                                                                        "truncated"
                        : is_ending && (head->decision != 0 || head->reward != 0.0f) ? "a decision"
                        : !is_ending && head->session != 0                           ? "a session"
                                                                                     : NULL;
    if (wrong != NULL) {
        RRI_FAIL(err, RR_E_FORMAT, "outcome: what it says of %s cannot be", wrong);
    }
    return RR_OK;
}

/* Where the final observation lies; 0: there is none. */
static rr_status find_final_1(size_t *at, const rri_outcome_head *head, size_t bytes, rr_error *err)
{
    const bool has_final = (head->blob.has & HAS_FINAL_1) != 0;
    if ((head->blob.has & ~(HAS_FINAL_1 | RRI_OUTCOME_HAS_TIME)) != 0 ||
        (!has_final && bytes != RRI_OUTCOME_LEAST)) {
        RRI_FAIL(err, RR_E_FORMAT, "outcome: an unknown bit, or %zu bytes without an observation",
                 bytes);
    }
    *at = has_final ? RRI_OUTCOME_LEAST : 0;
    return RR_OK;
}

static rr_status find_final_2(size_t *at, size_t *final_bytes, const rri_outcome_head *head,
                              size_t bytes, rr_error *err)
{
    if (bytes < sizeof *head) {
        RRI_FAIL(err, RR_E_FORMAT, "outcome: %zu bytes; the shortest has %zu", bytes, sizeof *head);
    }
    if ((head->blob.has & ~RRI_OUTCOME_HAS_TIME) != 0 || head->reward_kind != 0 ||
        head->slot != 0 || head->slots_seen != 0) {
        RRI_FAIL(err, RR_E_VERSION, "outcome: it has a number that this release does not read");
    }
    RRI_TRY(rri_sections_check(head, bytes, sizeof *head, head->n_sections, "outcome", err));
    const rri_section *table = (const void *)(head + 1);
    *at = 0;
    for (uint32_t i = 0; i < head->n_sections; i++) {
        if (table[i].kind != RRI_OUTCOME_FINAL) {
            RRI_TRY(rri_section_refuse(&table[i], "outcome", err));
            continue;
        }
        if (table[i].type != RRI_SECTION_U8 || table[i].flags != 0) {
            RRI_FAIL(err, RR_E_FORMAT, "outcome: its final observation is no bytes");
        }
        *at = (size_t)table[i].place * 8;
        *final_bytes = rri_section_bytes(&table[i]);
    }
    return RR_OK;
}

/* *at 0: there is none. */
static rr_status find_final(size_t *at, size_t *final_bytes, const rri_outcome_head *head,
                            size_t bytes, rr_error *err)
{
    *at = 0;
    *final_bytes = bytes - RRI_OUTCOME_LEAST;
    return head->blob.format == 1 ? find_final_1(at, head, bytes, err)
                                  : find_final_2(at, final_bytes, head, bytes, err);
}

rr_status rri_outcome_resolve(void *work, size_t bytes, const rr_items *pool, rr_error *err)
{
    size_t at, final_bytes;
    rri_record record;
    RRI_TRY(find_final(&at, &final_bytes, work, bytes, err));
    if (at == 0) {
        return RR_OK;
    }
    RRI_TRY(rri_record_read(&record, (unsigned char *)work + at, final_bytes, err));
    return rri_record_keys_resolve_history(&record, pool, err);
}

rr_status rri_outcome_decode(rr_obs *final_obs, bool *has_final, void *work, const void *blob,
                             size_t bytes, const char magic[8], rr_error *err)
{
    RRI_TRY(rri_blob_check(blob, bytes, magic, RRI_OUTCOME_LEAST, "outcome", err));
    memmove(work, blob, bytes);
    const rri_outcome_head *head = work;
    RRI_TRY(check_head(head, magic, err));
    size_t at, final_bytes;
    RRI_TRY(find_final(&at, &final_bytes, head, bytes, err));
    *has_final = at != 0;
    if (!*has_final) {
        return RR_OK;
    }
    rr_decision none;
    unsigned char *final = (unsigned char *)work + at;
    const rr_status status =
        rri_record_decode(final_obs, &none, final, final, final_bytes, NULL, err);
    if (status == RR_E_TOO_SMALL) { /* no more will come: the blob around it is whole */
        RRI_FAIL(err, RR_E_FORMAT, "outcome: its final observation ends before it is whole");
    }
    RRI_TRY(status);
    if (none.actions != NULL) {
        RRI_FAIL(err, RR_E_FORMAT, "outcome: its final observation has a decision");
    }
    return RR_OK;
}
