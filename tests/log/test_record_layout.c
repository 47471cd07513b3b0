/* SPDX-License-Identifier: MIT */
#include "log/record_layout.h"

#include "check_run.h"
#include "log/format_1.h"
#include "log/log_fixture.h"
#include "log/section.h"

enum { MOST = 1024, N_SECTIONS = 11 };

/* Of a row in which all is there: its list has candidates, so its vectors are own ones. */
static const unsigned KINDS[N_SECTIONS] = {0, 1, 2, 3, 5, 6, 7, 8, 9, 10, 14};

/* Row 0 of the fixture, in which every array is. */
typedef struct scene {
    log_fixture log;
    uint64_t blob[MOST / 8];
    size_t bytes;
    rri_record record;
    rr_error err;
} scene;

static void open(scene *t)
{
    memset(t, 0, sizeof *t);
    log_open(&t->log);
    ck_assert_int_eq(rri_record_encode(t->blob, sizeof t->blob, &t->bytes, &t->log.obs,
                                       &t->log.decision, 0, NULL),
                     RR_OK);
}

static rr_status read_again(scene *t)
{
    return rri_record_read(&t->record, t->blob, t->bytes, &t->err);
}

START_TEST(test_record_layout_table_says_what_every_array_is)
{
    scene t;
    open(&t);
    ck_assert_int_eq(read_again(&t), RR_OK);
    ck_assert_uint_eq(t.record.head->n_sections, N_SECTIONS);
    const rri_section *table = (const void *)(t.record.head + 1);
    static const struct {
        unsigned type, rows, columns;
    } expected[] = {{0x22, 1, LOG_S}, {0x12, LOG_K, 1}, {0x03, LOG_K, 1}, {0x22, LOG_K, LOG_F},
                    {0x12, LOG_K, 1}, {0x12, LOG_M, 1}, {0x03, LOG_M, 1}, {0x12, LOG_H, 1},
                    {0x03, LOG_H, 1}, {0x22, LOG_H, 1}, {0x22, 1, LOG_D}};
    for (unsigned i = 0; i < N_SECTIONS; i++) {
        ck_assert_uint_eq(table[i].kind, KINDS[i]);
        ck_assert_uint_eq(table[i].type, expected[i].type);
        ck_assert_uint_eq(table[i].rows, expected[i].rows);
        ck_assert_uint_eq(table[i].columns, expected[i].columns);
        ck_assert_uint_eq((size_t)table[i].place * 8, t.record.offsets[KINDS[i]]);
    }
    ck_assert_mem_eq(rri_record_view(&t.record, RRI_RECORD_STATES), t.log.states, LOG_S * 4);
    log_close(&t.log);
}
END_TEST

START_TEST(test_record_layout_section_of_another_form_is_refused)
{
    scene t;
    open(&t);
    rri_section *table = (void *)((unsigned char *)t.blob + sizeof(rri_record_head));
    const rri_section good = table[RRI_RECORD_FEATURES];
    rri_section *features = &table[RRI_RECORD_FEATURES];
    features->type = RRI_SECTION_I32;
    ck_assert_int_eq(read_again(&t), RR_E_FORMAT);
    ck_assert_ptr_nonnull(strstr(t.err.text, "a section of kind 3 cannot be of type 18"));
    *features = good;
    features->flags = RRI_SECTION_MAY_BE_SKIPPED;
    ck_assert_int_eq(read_again(&t), RR_E_FORMAT);
    *features = good;
    features->rows = LOG_F; /* as many numbers, but for other candidates */
    features->columns = LOG_K;
    ck_assert_int_eq(read_again(&t), RR_E_FORMAT);
    *features = good;
    features->kind = 700;
    ck_assert_int_eq(read_again(&t), RR_E_FORMAT); /* kinds rise */
    log_close(&t.log);
}
END_TEST

/* A section of a later release at the end: skipped where it says that it may be. */
START_TEST(test_record_layout_section_of_a_later_release_is_skipped_or_refused)
{
    scene t;
    open(&t);
    rri_record_head *head = (void *)t.blob;
    uint64_t longer[MOST / 8] = {0};
    const size_t table_end = sizeof *head + N_SECTIONS * sizeof(rri_section);
    unsigned char *to = (unsigned char *)longer;
    memcpy(to, t.blob, table_end);
    memcpy(to + table_end + 16, (unsigned char *)t.blob + table_end, t.bytes - table_end);
    rri_section *table = (void *)(to + sizeof *head);
    for (unsigned i = 0; i < N_SECTIONS; i++) {
        table[i].place += 2;
    }
    table[N_SECTIONS] = (rri_section){.kind = 700,
                                      .type = 0x21,
                                      .rows = 3,
                                      .columns = 2,
                                      .flags = RRI_SECTION_MAY_BE_SKIPPED,
                                      .place = (uint32_t)(t.bytes / 8 + 2)};
    ((rri_record_head *)(void *)longer)->n_sections++;
    const size_t bytes = t.bytes + 16 + 16;
    ck_assert_int_eq(rri_record_read(&t.record, longer, bytes, &t.err), RR_OK);
    ck_assert_mem_eq(rri_record_view(&t.record, RRI_RECORD_HISTORY), t.log.history, LOG_H * 4);
    table[N_SECTIONS].flags = 0;
    ck_assert_int_eq(rri_record_read(&t.record, longer, bytes, &t.err), RR_E_VERSION);
    ck_assert_ptr_nonnull(strstr(t.err.text, "kind 700"));
    /* A number that this release keeps room for. */
    table[N_SECTIONS].flags = RRI_SECTION_MAY_BE_SKIPPED;
    ((rri_record_head *)(void *)longer)->part = 1;
    ck_assert_int_eq(rri_record_read(&t.record, longer, bytes, &t.err), RR_E_VERSION);
    log_close(&t.log);
}
END_TEST

START_TEST(test_record_layout_of_format_1_lies_as_its_bits_say)
{
    uint64_t blob[352 / 8];
    memcpy(blob, FORMAT_1, sizeof blob);
    rri_record record;
    rr_error err = {0};
    ck_assert_int_eq(rri_record_read(&record, blob, sizeof blob, &err), RR_OK);
    ck_assert_int_eq(record.k, LOG_K);
    ck_assert_int_eq(record.feature_dim, LOG_F);
    ck_assert_uint_eq(record.offsets[RRI_RECORD_STATES], 128);
    ck_assert_uint_eq(record.bytes, sizeof blob);
    static const struct {
        size_t at;
        uint32_t value;
        const char *named;
    } bad[] = {{124, 1, "unknown bit"},   {12, 1u << 11, "unknown bit"}, {12, 1u << 23, "unknown"},
               {96, 0x80000000, "width"}, {116, UINT32_MAX, "width"},    {100, 3, "arrays end"}};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        memcpy(blob, FORMAT_1, sizeof blob);
        memcpy((unsigned char *)blob + bad[i].at, &bad[i].value, 4);
        ck_assert_int_eq(rri_record_read(&record, blob, sizeof blob, &err), RR_E_FORMAT);
        ck_assert_msg(strstr(err.text, bad[i].named) != NULL, "\"%s\" does not name %s", err.text,
                      bad[i].named);
    }
}
END_TEST

CHECK_MAIN("log/record_layout", test_record_layout_table_says_what_every_array_is,
           test_record_layout_section_of_another_form_is_refused,
           test_record_layout_section_of_a_later_release_is_skipped_or_refused,
           test_record_layout_of_format_1_lies_as_its_bits_say)
