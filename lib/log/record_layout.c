/* SPDX-License-Identifier: MIT */
#include "log/record_layout.h"

#include <string.h>

#include "core/memory.h"
#include "log/section.h"

_Static_assert(sizeof(rri_record_head) == 136, "the head of a record is 136 bytes");

/* The head of format 1: it differs behind `value`, and its arrays follow in the order of
 * rri_record_array without a table. */
typedef struct head_1 {
    unsigned char as_today[offsetof(rri_record_head, incumbent)];
    int32_t k, m, h, state_dim, item_dim, feature_dim;
    int32_t incumbent;
    uint32_t reserved; /* 0 */
} head_1;
_Static_assert(sizeof(head_1) == 128, "the head of a record of format 1 is 128 bytes");

/* Which of the record's widths is an array's number of rows, and of columns. */
typedef enum width { ONE, K, M, H, OWN, STATE, ITEM, FEATURE, N_WIDTHS } width;

static const struct {
    uint8_t type;
    width rows, columns;
} ARRAYS[RRI_RECORD_N_ARRAYS] = {
    /* what is not here is of a later release, and has type 0 */
    [RRI_RECORD_STATES] = {RRI_SECTION_F32, ONE, STATE},
    [RRI_RECORD_CANDIDATES] = {RRI_SECTION_I32, K, ONE},
    [RRI_RECORD_CANDIDATE_KEYS] = {RRI_SECTION_U64, K, ONE},
    [RRI_RECORD_FEATURES] = {RRI_SECTION_F32, K, FEATURE},
    [RRI_RECORD_VECTORS] = {RRI_SECTION_F32, K, ITEM},
    [RRI_RECORD_COUNTS] = {RRI_SECTION_I32, K, ONE},
    [RRI_RECORD_EXCLUDED] = {RRI_SECTION_I32, M, ONE},
    [RRI_RECORD_EXCLUDED_KEYS] = {RRI_SECTION_U64, M, ONE},
    [RRI_RECORD_HISTORY] = {RRI_SECTION_I32, H, ONE},
    [RRI_RECORD_HISTORY_KEYS] = {RRI_SECTION_U64, H, ONE},
    [RRI_RECORD_HISTORY_REWARDS] = {RRI_SECTION_F32, H, ONE},
    [RRI_RECORD_OWN_VECTORS] = {RRI_SECTION_F32, OWN, ITEM},
};

static uint32_t width_of(const rri_record *record, width w)
{
    const int32_t widths[N_WIDTHS] = {[ONE] = 1,
                                      [K] = record->k,
                                      [M] = record->m,
                                      [H] = record->h,
                                      [OWN] = record->own,
                                      [STATE] = record->state_dim,
                                      [ITEM] = record->item_dim,
                                      [FEATURE] = record->feature_dim};
    return (uint32_t)widths[w];
}

static rri_section section_of(const rri_record *record, rri_record_array array)
{
    return (rri_section){.kind = (uint16_t)array,
                         .type = ARRAYS[array].type,
                         .rows = width_of(record, ARRAYS[array].rows),
                         .columns = width_of(record, ARRAYS[array].columns)};
}

size_t rri_record_array_bytes(const rri_record *record, rri_record_array array)
{
    const rri_section section = section_of(record, array);
    return rri_section_bytes(&section);
}

/* The arrays that are there, one behind the other from byte `at` on. */
static void place_arrays(rri_record *record, size_t at)
{
    for (unsigned i = 0; i < RRI_RECORD_N_ARRAYS; i++) {
        record->offsets[i] = at;
        if ((record->arrays >> i & 1u) != 0) {
            const size_t bytes = rri_record_array_bytes(record, (rri_record_array)i);
            at = rri_blob_padded(rri_size_add(at, bytes));
        }
    }
    record->bytes = at;
}

void rri_record_lay_out(rri_record *record)
{
    const size_t n_sections = (size_t)__builtin_popcount(record->arrays);
    record->head->n_sections = (uint32_t)n_sections;
    place_arrays(record, sizeof(rri_record_head) + n_sections * sizeof(rri_section));
}

void rri_record_write_table(unsigned char *out, const rri_record *record)
{
    unsigned char *entry = out + sizeof(rri_record_head);
    for (unsigned i = 0; i < RRI_RECORD_N_ARRAYS; i++) {
        if ((record->arrays >> i & 1u) != 0) {
            rri_section section = section_of(record, (rri_record_array)i);
            section.place = (uint32_t)(record->offsets[i] / 8);
            memcpy(entry, &section, sizeof section);
            entry += sizeof section;
        }
    }
}

static rr_status fail_of(const char *what, rr_error *err)
{
    RRI_FAIL(err, RR_E_FORMAT, "record: what it says of %s cannot be", what);
}

static rr_status read_format_1(rri_record *record, void *blob, size_t bytes, rr_error *err)
{
    head_1 *head = blob;
    record->incumbent = &head->incumbent;
    record->arrays = record->head->blob.has & RRI_RECORD_FORMAT_1_ARRAYS;
    const uint32_t known = RRI_RECORD_HAS_ALL | record->arrays;
    if ((record->head->blob.has & ~known) != 0 || head->reserved != 0) {
        return fail_of("an unknown bit", err);
    }
    record->k = head->k;
    record->m = head->m;
    record->h = head->h;
    record->state_dim = head->state_dim;
    record->item_dim = head->item_dim;
    record->feature_dim = head->feature_dim;
    for (width w = K; w < N_WIDTHS; w++) {
        if (width_of(record, w) > INT32_MAX) {
            return fail_of("a width", err);
        }
    }
    place_arrays(record, sizeof *head);
    if (record->bytes != bytes) {
        RRI_FAIL(err, RR_E_FORMAT, "record: its arrays end at byte %zu of %zu", record->bytes,
                 bytes);
    }
    return RR_OK;
}

/* One width as a section says it; the first to say it is believed, and the others must agree. */
static bool agree(int32_t *widths, width w, uint32_t given)
{
    if (widths[w] < 0 && given <= INT32_MAX) {
        widths[w] = (int32_t)given;
    }
    return widths[w] >= 0 && (uint32_t)widths[w] == given;
}

static rr_status read_section(rri_record *record, int32_t *widths, const rri_section *section,
                              rr_error *err)
{
    if (section->kind >= RRI_RECORD_N_ARRAYS || ARRAYS[section->kind].type == 0) {
        return rri_section_refuse(section, "record", err);
    }
    if (section->type != ARRAYS[section->kind].type || section->flags != 0 ||
        !agree(widths, ARRAYS[section->kind].rows, section->rows) ||
        !agree(widths, ARRAYS[section->kind].columns, section->columns)) {
        RRI_FAIL(err, RR_E_FORMAT,
                 "record: a section of kind %u cannot be of type %u, flags %u and [%u, %u]",
                 section->kind, section->type, section->flags, section->rows, section->columns);
    }
    record->arrays |= 1u << section->kind;
    record->offsets[section->kind] = (size_t)section->place * 8;
    return RR_OK;
}

static rr_status read_format_2(rri_record *record, void *blob, size_t bytes, rr_error *err)
{
    rri_record_head *head = blob;
    if (bytes < sizeof *head) {
        RRI_FAIL(err, RR_E_FORMAT, "record: %zu bytes; the shortest has %zu", bytes, sizeof *head);
    }
    if ((head->blob.has & ~RRI_RECORD_HAS_ALL) != 0 || head->part != 0 || head->reserved != 0) {
        RRI_FAIL(err, RR_E_VERSION, "record: it has a number that this release does not read");
    }
    record->incumbent = &head->incumbent;
    RRI_TRY(rri_sections_check(blob, bytes, sizeof *head, head->n_sections, "record", err));
    const rri_section *table = (const void *)(head + 1);
    int32_t widths[N_WIDTHS] = {[ONE] = 1, -1, -1, -1, -1, -1, -1, -1};
    for (uint32_t i = 0; i < head->n_sections; i++) {
        RRI_TRY(read_section(record, widths, &table[i], err));
    }
    for (width w = K; w < N_WIDTHS; w++) {
        widths[w] = widths[w] < 0 ? 0 : widths[w];
    }
    record->k = widths[K];
    record->m = widths[M];
    record->h = widths[H];
    record->own = widths[OWN];
    record->state_dim = widths[STATE];
    record->item_dim = widths[ITEM];
    record->feature_dim = widths[FEATURE];
    return RR_OK;
}

rr_status rri_record_read(rri_record *record, void *blob, size_t bytes, rr_error *err)
{
    *record = (rri_record){.head = blob, .bytes = bytes};
    return record->head->blob.format == 1 ? read_format_1(record, blob, bytes, err)
                                          : read_format_2(record, blob, bytes, err);
}
