/* SPDX-License-Identifier: MIT */
#include "log/record_blob.h"

#include "check_run.h"
#include "core/philox.h"
#include "log/format_1.h"
#include "log/log_fixture.h"

enum { MOST = 1024 };

typedef struct scene {
    log_fixture log;
    uint64_t blob[MOST / 8], work[MOST / 8];
    size_t bytes;
    rr_obs obs;
    rr_decision decision;
} scene;

static void encode(scene *t, size_t row)
{
    ck_assert_int_eq(rri_record_encode(t->blob, sizeof t->blob, &t->bytes, &t->log.obs,
                                       &t->log.decision, row, NULL),
                     RR_OK);
}

static rr_status decode(scene *t, const rr_items *pool)
{
    return rri_record_decode(&t->obs, &t->decision, t->work, t->blob, t->bytes, pool, NULL);
}

START_TEST(test_record_blob_of_one_number_lies_byte_by_byte_as_documented)
{
    const float state = 1.0f;
    int32_t action = 3;
    float log_prob = -0.5f;
    const uint64_t session = 1, decision_id = 2;
    const int64_t time = 3;
    const rr_obs obs = {.struct_size = sizeof obs,
                        .n = 1,
                        .state_dim = 1,
                        .states = &state,
                        .sessions = &session,
                        .decisions = &decision_id,
                        .times = &time};
    const rr_decision decision = {.struct_size = sizeof decision,
                                  .n = 1,
                                  .actions = &action,
                                  .log_probs = &log_prob,
                                  .pool_fingerprint = 4};
    static const unsigned char expected[160] = {[0] = 'R',
                                                'R',
                                                'R',
                                                'E',
                                                'C',
                                                'O',
                                                'R',
                                                'D',
                                                2,
                                                [14] = 0x33,
                                                [16] = 160,
                                                [32] = 1,
                                                [40] = 2,
                                                [48] = 3,
                                                [64] = 4,
                                                [80] = 3,
                                                0,
                                                0,
                                                0,
                                                3,
                                                [91] = 0xBF,
                                                [100] = 1,
                                                [138] = 0x22,
                                                [140] = 1,
                                                [144] = 1,
                                                [148] = 19,
                                                [154] = 0x80,
                                                0x3F};
    unsigned char blob[160];
    size_t bytes = 0;
    ck_assert_int_eq(rri_record_encode(blob, sizeof blob, &bytes, &obs, &decision, 0, NULL), RR_OK);
    ck_assert_uint_eq(bytes, sizeof blob);
    memset(blob + 10, 0, 2); /* the head's check, and the checksum, which test_blob looks at */
    memset(blob + 24, 0, 8);
    for (size_t i = 0; i < sizeof blob; i++) {
        ck_assert_msg(blob[i] == expected[i], "byte %zu is %u, not %u", i, blob[i], expected[i]);
    }
}
END_TEST

/* Row 0 has a candidate of -1 at position 2; row 1 has none, and a vector of zeros. */
static void expect_own_vectors(const scene *t, size_t row)
{
    const float zeros[LOG_D] = {0};
    ck_assert_int_eq(t->obs.n_vectors, 1);
    ck_assert_mem_eq(t->obs.vectors, row == 0 ? t->log.vectors + 2 * LOG_D : zeros, LOG_D * 4);
}

START_TEST(test_record_blob_gives_back_every_field_of_a_row)
{
    scene t;
    log_open(&t.log);
    for (size_t row = 0; row < LOG_ROWS; row++) {
        encode(&t, row);
        ck_assert_int_eq(decode(&t, t.log.items), RR_OK);
        const size_t k = (size_t)t.log.lengths[row];
        ck_assert_int_eq(t.obs.n, 1);
        ck_assert_int_eq(t.obs.n_candidates, t.log.lengths[row]);
        ck_assert_int_eq(t.obs.n_excluded, LOG_M);
        ck_assert_int_eq(t.obs.n_history, LOG_H);
        ck_assert_mem_eq(t.obs.states, t.log.states + row * LOG_S, LOG_S * sizeof(float));
        ck_assert_mem_eq(t.obs.candidates, t.log.candidates + row * LOG_K, k * 4);
        ck_assert_mem_eq(t.obs.features, t.log.features + row * LOG_K * LOG_F, k * LOG_F * 4);
        expect_own_vectors(&t, row);
        ck_assert_mem_eq(t.obs.counts, t.log.counts + row * LOG_K, k * 4);
        ck_assert_mem_eq(t.obs.excluded, t.log.excluded + row * LOG_M, LOG_M * 4);
        ck_assert_mem_eq(t.obs.history, t.log.history + row * LOG_H, LOG_H * 4);
        ck_assert_mem_eq(t.obs.history_rewards, t.log.history_rewards + row * LOG_H, LOG_H * 4);
        ck_assert_int_eq(t.obs.incumbents[0], t.log.incumbents[row]);
        ck_assert_uint_eq(t.obs.sessions[0], t.log.sessions[row]);
        ck_assert_uint_eq(t.obs.decisions[0], t.log.decisions[row]);
        ck_assert_int_eq(t.obs.times[0], t.log.times[row]);
        ck_assert_uint_eq(t.obs.schema, t.log.obs.schema);
        ck_assert_ptr_eq(t.obs.pool, t.log.items);
        ck_assert_int_eq(t.decision.actions[0], t.log.actions[row]);
        ck_assert_int_eq(t.decision.items[0],
                         t.log.candidates[row * LOG_K + (size_t)t.log.actions[row]]);
        ck_assert_float_eq(t.decision.log_probs[0], t.log.log_probs[row]);
        ck_assert_float_eq(t.decision.values[0], t.log.values[row]);
        ck_assert_uint_eq(t.decision.policy_versions[0], t.log.versions[row]);
        ck_assert_uint_eq(t.decision.pool_fingerprint, rr_items_fingerprint(t.log.items));
    }
    log_close(&t.log);
}
END_TEST

START_TEST(test_record_blob_what_is_null_stays_null)
{
    scene t;
    log_open(&t.log);
    rr_obs obs = {.struct_size = sizeof obs,
                  .n = LOG_ROWS,
                  .state_dim = LOG_S,
                  .states = t.log.states,
                  .pool = t.log.items};
    rr_decision decision = {
        .struct_size = sizeof decision, .n = LOG_ROWS, .actions = t.log.actions};
    t.log.obs = obs;
    t.log.decision = decision;
    encode(&t, 1);
    ck_assert_uint_eq(t.bytes, 136 + 16 + 16); /* head, one entry, a state of three */
    ck_assert_int_eq(decode(&t, t.log.items), RR_OK);
    const void *const absent[] = {
        t.obs.lengths,           t.obs.candidates,      t.obs.features,
        t.obs.vectors,           t.obs.counts,          t.obs.excluded,
        t.obs.history,           t.obs.history_rewards, t.obs.incumbents,
        t.obs.sessions,          t.obs.decisions,       t.obs.times,
        t.decision.log_probs,    t.decision.values,     t.decision.policy_versions,
        t.decision.all_log_probs};
    for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++) {
        ck_assert_msg(absent[i] == NULL, "pointer %zu is not NULL", i);
    }
    ck_assert_int_eq(t.decision.items[0], t.log.actions[1]); /* without a list, the pool's index */
    log_close(&t.log);
}
END_TEST

START_TEST(test_record_blob_of_a_decoded_row_is_the_same_bytes)
{
    scene t;
    log_open(&t.log);
    encode(&t, 1);
    uint64_t again[MOST / 8];
    size_t bytes = 0;
    ck_assert_int_eq(decode(&t, t.log.items), RR_OK);
    ck_assert_int_eq(rri_record_encode(again, sizeof again, &bytes, &t.obs, &t.decision, 0, NULL),
                     RR_OK);
    ck_assert_uint_eq(bytes, t.bytes);
    ck_assert_mem_eq(again, t.blob, bytes);
    log_close(&t.log);
}
END_TEST

START_TEST(test_record_blob_too_small_an_out_is_left_alone_and_the_size_told)
{
    scene t;
    log_open(&t.log);
    size_t bytes = 0;
    ck_assert_int_eq(rri_record_encode(NULL, 0, &bytes, &t.log.obs, &t.log.decision, 0, NULL),
                     RR_OK);
    memset(t.blob, 0x5A, sizeof t.blob);
    size_t asked = 0;
    ck_assert_int_eq(
        rri_record_encode(t.blob, bytes - 1, &asked, &t.log.obs, &t.log.decision, 0, NULL),
        RR_E_TOO_SMALL);
    ck_assert_uint_eq(asked, bytes);
    ck_assert_uint_eq(t.blob[0], UINT64_C(0x5A5A5A5A5A5A5A5A));
    ck_assert_int_eq(rri_record_encode(t.blob, bytes, &asked, &t.log.obs, &t.log.decision, 0, NULL),
                     RR_OK);
    log_close(&t.log);
}
END_TEST

START_TEST(test_record_blob_lies_at_any_address_and_is_decoded_in_place_too)
{
    scene t;
    log_open(&t.log);
    encode(&t, 0);
    unsigned char shifted[MOST + 1];
    memcpy(shifted + 1, t.blob, t.bytes);
    ck_assert_int_eq(
        rri_record_decode(&t.obs, &t.decision, t.work, shifted + 1, t.bytes, t.log.items, NULL),
        RR_OK);
    ck_assert_int_eq(t.decision.actions[0], t.log.actions[0]);
    ck_assert_int_eq(
        rri_record_decode(&t.obs, &t.decision, t.blob, t.blob, t.bytes, t.log.items, NULL), RR_OK);
    ck_assert_mem_eq(t.obs.states, t.log.states, LOG_S * sizeof(float));
    log_close(&t.log);
}
END_TEST

static void expect_row(const scene *t, size_t row)
{
    const log_fixture *log = &t->log;
    const size_t k = (size_t)log->lengths[row];
    ck_assert_int_eq(t->obs.n_candidates, log->lengths[row]);
    ck_assert_mem_eq(t->obs.states, log->states + row * LOG_S, LOG_S * 4);
    ck_assert_mem_eq(t->obs.candidates, log->candidates + row * LOG_K, k * 4);
    ck_assert_mem_eq(t->obs.features, log->features + row * LOG_K * LOG_F, k * LOG_F * 4);
    ck_assert_mem_eq(t->obs.vectors, log->vectors + row * LOG_K * LOG_D, k * LOG_D * 4);
    ck_assert_mem_eq(t->obs.counts, log->counts + row * LOG_K, k * 4);
    ck_assert_mem_eq(t->obs.excluded, log->excluded + row * LOG_M, LOG_M * 4);
    ck_assert_mem_eq(t->obs.history, log->history + row * LOG_H, LOG_H * 4);
    ck_assert_mem_eq(t->obs.history_rewards, log->history_rewards + row * LOG_H, LOG_H * 4);
    ck_assert_int_eq(t->obs.incumbents[0], log->incumbents[row]);
    ck_assert_uint_eq(t->obs.sessions[0], log->sessions[row]);
    ck_assert_uint_eq(t->obs.decisions[0], log->decisions[row]);
    ck_assert_int_eq(t->obs.times[0], log->times[row]);
    ck_assert_int_eq(t->decision.actions[0], log->actions[row]);
    ck_assert_float_eq(t->decision.log_probs[0], log->log_probs[row]);
    ck_assert_float_eq(t->decision.values[0], log->values[row]);
    ck_assert_uint_eq(t->decision.policy_versions[0], log->versions[row]);
}

START_TEST(test_record_blob_of_format_1_is_still_read)
{
    scene t;
    log_open(&t.log);
    t.log.obs.schema = 0; /* it knew no other */
    for (size_t row = 0; row < LOG_ROWS; row++) {
        t.bytes = FORMAT_1_AT[row + 1] - FORMAT_1_AT[row];
        memcpy(t.blob, FORMAT_1 + FORMAT_1_AT[row], t.bytes);
        ck_assert_int_eq(decode(&t, t.log.items), RR_OK);
        expect_row(&t, row);
        /* The keys of format 1 lead into a later catalogue, too. */
        const uint64_t keys[] = {106, 104, 105, 103, 102, LOG_KEYS[0]};
        rr_items *later = log_items(keys, LOG_N);
        ck_assert_int_eq(decode(&t, later), RR_OK);
        ck_assert_int_eq(t.obs.candidates[0], row == 0 ? 5 : 2);
        rr_items_release(later);
        /* Written anew, it is what today's writer makes of the row. */
        uint64_t today[MOST / 8];
        ck_assert_int_eq(decode(&t, t.log.items), RR_OK);
        ck_assert_int_eq(
            rri_record_encode(today, sizeof today, &t.bytes, &t.obs, &t.decision, 0, NULL), RR_OK);
        encode(&t, row);
        ck_assert_mem_eq(today, t.blob, t.bytes);
    }
    log_close(&t.log);
}
END_TEST

START_TEST(test_record_blob_of_an_imitation_log_has_neither_log_prob_nor_version)
{
    scene t;
    log_open(&t.log);
    t.log.decision.log_probs = NULL;
    t.log.decision.values = NULL;
    t.log.decision.policy_versions = NULL;
    encode(&t, 1);
    ck_assert_int_eq(decode(&t, t.log.items), RR_OK);
    ck_assert_ptr_null(t.decision.log_probs);
    ck_assert_ptr_null(t.decision.values);
    ck_assert_ptr_null(t.decision.policy_versions);
    ck_assert_int_eq(t.decision.actions[0], t.log.actions[1]);
    log_close(&t.log);
}
END_TEST

/* Whatever a blob of format 1 says, with its checksum made right again. */
START_TEST(test_record_blob_of_format_1_forged_is_an_error_and_never_a_crash)
{
    scene t;
    log_open(&t.log);
    const size_t bytes = FORMAT_1_AT[1];
    size_t n_taken = 0;
    enum { N_FORGED = 20000 };
    for (uint64_t i = 0; i < N_FORGED; i++) {
        unsigned char forged[352];
        memcpy(forged, FORMAT_1, sizeof forged);
        for (uint32_t c = 0; c <= i % 3; c++) {
            const size_t most = i % 2 == 0 ? 128 : bytes;
            const size_t at = (size_t)rri_philox_below(1, 92, i, 2 * c + 1, most);
            forged[at] = (unsigned char)rri_philox_below(1, 92, i, 2 * c + 2, 256);
        }
        format_1_seal(forged, bytes);
        uint64_t *exact = malloc(bytes);
        const rr_status got = rri_record_decode(&t.obs, &t.decision, exact, forged, bytes,
                                                i % 3 == 0 ? NULL : t.log.items, NULL);
        n_taken += got == RR_OK;
        ck_assert(got == RR_OK || got == RR_E_FORMAT || got == RR_E_MISMATCH ||
                  got == RR_E_NOT_FOUND || got == RR_E_TOO_SMALL); /* a length beyond its end */
        free(exact);
    }
    ck_assert_uint_gt(n_taken, N_FORGED / 10);
    ck_assert_uint_lt(n_taken, N_FORGED);
    log_close(&t.log);
}
END_TEST

/* With the checksum made right again, what lies behind it is judged by itself. */
START_TEST(test_record_blob_a_forged_head_is_an_error_and_never_a_crash)
{
    scene t;
    log_open(&t.log);
    encode(&t, 0);
    size_t n_taken = 0;
    enum { N_FORGED = 20000 };
    for (uint64_t i = 0; i < N_FORGED; i++) {
        uint64_t forged[MOST / 8];
        memcpy(forged, t.blob, t.bytes);
        unsigned char *bytes = (unsigned char *)forged;
        const uint64_t n_changes = 1 + rri_philox_below(1, 90, i, 0, 3);
        for (uint32_t c = 0; c < n_changes; c++) {
            const size_t most = i % 2 == 0 ? 312 : t.bytes; /* head and table */
            const size_t at = (size_t)rri_philox_below(1, 90, i, 2 * c + 1, most);
            bytes[at] = (unsigned char)rri_philox_below(1, 90, i, 2 * c + 2, 256);
        }
        uint32_t has;
        memcpy(&has, bytes + 12, sizeof has);
        rri_blob_seal(forged, RRI_RECORD_MAGIC, has, t.bytes);
        uint64_t *exact = malloc(t.bytes); /* so that a sanitizer sees a read past the end */
        const rr_status got = rri_record_decode(&t.obs, &t.decision, exact, forged, t.bytes,
                                                i % 3 == 0 ? NULL : t.log.items, NULL);
        n_taken += got == RR_OK;
        ck_assert(got == RR_OK || got == RR_E_FORMAT || got == RR_E_VERSION ||
                  got == RR_E_MISMATCH || got == RR_E_NOT_FOUND);
        if (got == RR_OK && t.decision.actions != NULL && t.obs.n_candidates > 0) {
            ck_assert_int_ge(t.decision.actions[0], 0);
            ck_assert_int_lt(t.decision.actions[0], t.obs.n_candidates);
        }
        free(exact);
    }
    ck_assert_uint_gt(n_taken, N_FORGED / 10); /* another number in a state is a state */
    ck_assert_uint_lt(n_taken, N_FORGED);
    log_close(&t.log);
}
END_TEST

CHECK_MAIN("log/record_blob", test_record_blob_of_one_number_lies_byte_by_byte_as_documented,
           test_record_blob_gives_back_every_field_of_a_row,
           test_record_blob_what_is_null_stays_null,
           test_record_blob_of_a_decoded_row_is_the_same_bytes,
           test_record_blob_too_small_an_out_is_left_alone_and_the_size_told,
           test_record_blob_lies_at_any_address_and_is_decoded_in_place_too,
           test_record_blob_of_format_1_is_still_read,
           test_record_blob_of_an_imitation_log_has_neither_log_prob_nor_version,
           test_record_blob_of_format_1_forged_is_an_error_and_never_a_crash,
           test_record_blob_a_forged_head_is_an_error_and_never_a_crash)
