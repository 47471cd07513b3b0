/* SPDX-License-Identifier: MIT */
#include "log/outcome_blob.h"

#include "check_run.h"
#include "core/philox.h"
#include "log/log_fixture.h"
#include "log/record_blob.h"

enum { MOST = 1024 };
static const rri_outcome_head CLICK = {
    .blob.has = RRI_OUTCOME_HAS_TIME, .decision = 71, .time = -9, .reward = 1.5f, .truncated = 1};

START_TEST(test_outcome_blob_lies_byte_by_byte_as_documented)
{
    static const unsigned char expected[64] =
        {
            [0] = 'R', 'R', 'O', 'U', 'T',  'C',       'O',         'M', 1,   0,   0,   0,
            2,         0,   0,   0,   64,   [32] = 71, [48] = 0xF7, 255, 255, 255, 255, 255,
            255,       255, 0,   0,   0xC0, 0x3F,      0,           1,   0,   0};
    unsigned char blob[64];
    size_t bytes = 0;
    ck_assert_int_eq(
        rri_outcome_encode(blob, sizeof blob, &bytes, &CLICK, RRI_OUTCOME_MAGIC, NULL, 0, NULL),
        RR_OK);
    ck_assert_uint_eq(bytes, 64);
    memset(blob + 24, 0, 8);
    ck_assert_mem_eq(blob, expected, 64);
    ck_assert_int_eq(rri_outcome_encode(blob, 63, &bytes, &CLICK, RRI_OUTCOME_MAGIC, NULL, 0, NULL),
                     RR_E_TOO_SMALL);
}
END_TEST

START_TEST(test_outcome_blob_gives_back_its_final_observation)
{
    log_fixture log;
    log_open(&log);
    uint64_t blob[MOST / 8], work[MOST / 8];
    size_t bytes = 0;
    ck_assert_int_eq(
        rri_outcome_encode(blob, sizeof blob, &bytes, &CLICK, RRI_OUTCOME_MAGIC, &log.obs, 1, NULL),
        RR_OK);
    rr_obs final_obs;
    bool has_final = false;
    ck_assert_int_eq(
        rri_outcome_decode(&final_obs, &has_final, work, blob, bytes, RRI_OUTCOME_MAGIC, NULL),
        RR_OK);
    ck_assert(has_final);
    ck_assert_mem_eq(final_obs.states, log.states + LOG_S, LOG_S * sizeof(float));
    ck_assert_mem_eq(final_obs.history, log.history + LOG_H, LOG_H * 4);
    const rri_outcome_head *head = (const void *)work;
    ck_assert_uint_eq(head->decision, 71);
    ck_assert_float_eq(head->reward, 1.5f);
    ck_assert_int_eq(
        rri_outcome_decode(&final_obs, &has_final, work, blob, bytes, RRI_ENDING_MAGIC, NULL),
        RR_E_FORMAT);
    log_close(&log);
}
END_TEST

START_TEST(test_outcome_blob_a_forged_one_is_an_error_and_never_a_crash)
{
    log_fixture log;
    log_open(&log);
    uint64_t blob[MOST / 8], forged[MOST / 8];
    size_t bytes = 0;
    ck_assert_int_eq(
        rri_outcome_encode(blob, sizeof blob, &bytes, &CLICK, RRI_OUTCOME_MAGIC, &log.obs, 0, NULL),
        RR_OK);
    for (uint64_t i = 0; i < 10000; i++) {
        memcpy(forged, blob, bytes);
        unsigned char *at = (unsigned char *)forged;
        at[rri_philox_below(2, 91, i, 0, bytes)] =
            (unsigned char)rri_philox_below(2, 91, i, 1, 256);
        uint32_t has;
        memcpy(&has, at + 12, sizeof has);
        const size_t cut =
            i % 2 == 0 ? bytes : 8 * (size_t)rri_philox_below(2, 91, i, 2, bytes / 8);
        if (cut >= 64) {
            rri_blob_seal(forged, RRI_OUTCOME_MAGIC, has, cut);
        }
        uint64_t *exact = malloc(bytes);
        rr_obs final_obs;
        bool has_final;
        (void)rri_outcome_decode(&final_obs, &has_final, exact, forged, cut, RRI_OUTCOME_MAGIC,
                                 NULL);
        free(exact);
    }
    log_close(&log);
}
END_TEST

START_TEST(test_outcome_blob_what_cannot_be_is_named)
{
    rri_outcome_head bad[5] = {CLICK, CLICK, CLICK, CLICK, CLICK};
    bad[0].terminated = 2;
    bad[1].session = 3;
    bad[2].reserved = 1;
    bad[3].blob.has |= 4;
    bad[4].blob.has |= RRI_OUTCOME_HAS_FINAL; /* and nothing follows */
    for (size_t i = 0; i < 5; i++) {
        uint64_t blob[8], work[8];
        size_t bytes = 0;
        rr_obs final_obs;
        bool has_final;
        ck_assert_int_eq(rri_outcome_encode(blob, sizeof blob, &bytes, &bad[i], RRI_OUTCOME_MAGIC,
                                            NULL, 0, NULL),
                         RR_OK);
        ck_assert_int_eq(
            rri_outcome_decode(&final_obs, &has_final, work, blob, bytes, RRI_OUTCOME_MAGIC, NULL),
            RR_E_FORMAT);
    }
}
END_TEST

CHECK_MAIN("log/outcome_blob", test_outcome_blob_lies_byte_by_byte_as_documented,
           test_outcome_blob_gives_back_its_final_observation,
           test_outcome_blob_a_forged_one_is_an_error_and_never_a_crash,
           test_outcome_blob_what_cannot_be_is_named)
