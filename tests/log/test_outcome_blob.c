/* SPDX-License-Identifier: MIT */
#include "log/outcome_blob.h"

#include "check_run.h"
#include "core/philox.h"
#include "log/format_1.h"
#include "log/log_fixture.h"
#include "log/record_blob.h"

enum { MOST = 1024 };
static const rri_outcome_head CLICK = {
    .blob.has = RRI_OUTCOME_HAS_TIME, .decision = 71, .time = -9, .reward = 1.5f, .truncated = 1};

START_TEST(test_outcome_blob_lies_byte_by_byte_as_documented)
{
    static const unsigned char expected[80] = {
        [0] = 'R', 'R',       'O',       'U',         'T',  'C',  'O', 'M', 2,
        [12] = 2,  [16] = 80, [32] = 71, [48] = 0xF7, 255,  255,  255, 255, 255,
        255,       255,       0,         0,           0xC0, 0x3F, 0,   1};
    unsigned char blob[80];
    size_t bytes = 0;
    ck_assert_int_eq(
        rri_outcome_encode(blob, sizeof blob, &bytes, &CLICK, RRI_OUTCOME_MAGIC, NULL, 0, NULL),
        RR_OK);
    ck_assert_uint_eq(bytes, 80);
    memset(blob + 10, 0, 2);
    memset(blob + 24, 0, 8);
    ck_assert_mem_eq(blob, expected, 80);
    ck_assert_int_eq(rri_outcome_encode(blob, 79, &bytes, &CLICK, RRI_OUTCOME_MAGIC, NULL, 0, NULL),
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
        if (cut >= 80) {
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
    static const struct {
        rri_outcome_head head;
        rr_status status;
    } bad[] = {
        {{.decision = 71, .terminated = 2}, RR_E_FORMAT},
        {{.decision = 71, .session = 3}, RR_E_FORMAT},
        {{.decision = 71, .reserved = 1}, RR_E_FORMAT},
        {{.decision = 71, .blob.has = 4}, RR_E_VERSION},
        {{.decision = 71, .reward_kind = 1}, RR_E_VERSION},
        {{.decision = 71, .slot = 1}, RR_E_VERSION},
        {{.decision = 71, .slots_seen = 1}, RR_E_VERSION},
    };
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        uint64_t blob[10], work[10];
        size_t bytes = 0;
        rr_obs final_obs;
        bool has_final;
        ck_assert_int_eq(rri_outcome_encode(blob, sizeof blob, &bytes, &bad[i].head,
                                            RRI_OUTCOME_MAGIC, NULL, 0, NULL),
                         RR_OK);
        ck_assert_int_eq(
            rri_outcome_decode(&final_obs, &has_final, work, blob, bytes, RRI_OUTCOME_MAGIC, NULL),
            bad[i].status);
    }
}
END_TEST

static rr_status decode_1(rr_obs *final_obs, bool *has_final, void *work, size_t i,
                          const char *magic)
{
    const size_t bytes = FORMAT_1_AT[i + 1] - FORMAT_1_AT[i];
    return rri_outcome_decode(final_obs, has_final, work, FORMAT_1 + FORMAT_1_AT[i], bytes, magic,
                              NULL);
}

START_TEST(test_outcome_blob_of_format_1_is_still_read)
{
    log_fixture log;
    log_open(&log);
    uint64_t work[MOST / 8];
    const rri_outcome_head *head = (const void *)work;
    rr_obs final_obs;
    bool has_final = false;
    ck_assert_int_eq(decode_1(&final_obs, &has_final, work, 2, RRI_OUTCOME_MAGIC), RR_OK);
    ck_assert(has_final);
    ck_assert_mem_eq(final_obs.states, log.states, LOG_S * 4);
    ck_assert_mem_eq(final_obs.history_rewards, log.history_rewards, LOG_H * 4);
    ck_assert_uint_eq(head->decision, 70);
    ck_assert_float_eq(head->reward, 1.5f);
    ck_assert_int_eq(head->time, -4);
    ck_assert_int_eq(head->truncated, 1);
    ck_assert_int_eq(decode_1(&final_obs, &has_final, work, 3, RRI_OUTCOME_MAGIC), RR_OK);
    ck_assert(!has_final);
    ck_assert_int_eq(head->time, 1000000000000);
    ck_assert_int_eq(decode_1(&final_obs, &has_final, work, 4, RRI_ENDING_MAGIC), RR_OK);
    ck_assert(!has_final);
    ck_assert_uint_eq(head->session, 12345);

    unsigned char bad[64];
    for (size_t bit = 0; bit < 32; bit += 31) { /* a final observation that is not there; unknown */
        memcpy(bad, FORMAT_1 + FORMAT_1_AT[3], sizeof bad);
        bad[12 + bit / 8] ^= (unsigned char)(1u << bit % 8);
        format_1_seal(bad, sizeof bad);
        ck_assert_int_eq(rri_outcome_decode(&final_obs, &has_final, work, bad, sizeof bad,
                                            RRI_OUTCOME_MAGIC, NULL),
                         RR_E_FORMAT);
    }
    log_close(&log);
}
END_TEST

CHECK_MAIN("log/outcome_blob", test_outcome_blob_lies_byte_by_byte_as_documented,
           test_outcome_blob_gives_back_its_final_observation,
           test_outcome_blob_a_forged_one_is_an_error_and_never_a_crash,
           test_outcome_blob_what_cannot_be_is_named, test_outcome_blob_of_format_1_is_still_read)
