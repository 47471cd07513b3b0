/* SPDX-License-Identifier: MIT */
#include "log/record_keys.h"

#include "check_run.h"
#include "log/log_fixture.h"
#include "log/record_layout.h"

enum { MOST = 1024 };

typedef struct scene {
    log_fixture log;
    uint64_t blob[MOST / 8], work[MOST / 8];
    size_t bytes;
    rr_obs obs;
    rr_decision decision;
    rr_error err;
} scene;

static void open_scene(scene *t, size_t row)
{
    memset(t, 0, sizeof *t);
    log_open(&t->log);
    ck_assert_int_eq(rri_record_encode(t->blob, sizeof t->blob, &t->bytes, &t->log.obs,
                                       &t->log.decision, row, NULL),
                     RR_OK);
}

static rr_status decode(scene *t, const rr_items *pool)
{
    return rri_record_decode(&t->obs, &t->decision, t->work, t->blob, t->bytes, pool, &t->err);
}

START_TEST(test_record_keys_a_row_is_read_under_a_shuffled_and_grown_catalogue)
{
    scene t;
    open_scene(&t, 0); /* candidates 0 3 −1 5, excluded 4 −1, history −1 3 5, action 1 */
    const uint64_t keys[] = {106, 77, 104, 105, 103, 102, LOG_KEYS[0], 78};
    rr_items *later = log_items(keys, 8);
    ck_assert_int_eq(decode(&t, later), RR_OK);
    ck_assert_mem_eq(t.obs.candidates, ((const int32_t[]){6, 2, -1, 0}), 16);
    ck_assert_mem_eq(t.obs.excluded, ((const int32_t[]){3, -1}), 8);
    ck_assert_mem_eq(t.obs.history, ((const int32_t[]){-1, 2, 0}), 12);
    ck_assert_int_eq(t.decision.actions[0], 1);
    ck_assert_int_eq(t.decision.items[0], 2);
    ck_assert_uint_eq(t.decision.pool_fingerprint, rr_items_fingerprint(later));
    rr_items_release(later);
    log_close(&t.log);
}
END_TEST

START_TEST(test_record_keys_past_and_excluded_items_that_are_gone_are_left_out)
{
    scene t;
    open_scene(&t, 1); /* candidates 4 2 1, excluded 0 3, history 4 4 1, rewards .875 1 1.125 */
    const uint64_t keys[] = {102, 103, 105};
    rr_items *later = log_items(keys, 3);
    ck_assert_int_eq(decode(&t, later), RR_OK);
    ck_assert_mem_eq(t.obs.candidates, ((const int32_t[]){2, 1, 0}), 12);
    ck_assert_mem_eq(t.obs.excluded, ((const int32_t[]){-1, -1}), 8);
    ck_assert_mem_eq(t.obs.history, ((const int32_t[]){2, 2, 0}), 12);
    rr_items_release(later);

    t.log.candidates[LOG_K] = 3; /* so that 105 is in the past alone */
    ck_assert_int_eq(
        rri_record_encode(t.blob, sizeof t.blob, &t.bytes, &t.log.obs, &t.log.decision, 1, NULL),
        RR_OK);
    const uint64_t fewer[] = {104, 103, 102};
    later = log_items(fewer, 3);
    ck_assert_int_eq(decode(&t, later), RR_OK);
    ck_assert_mem_eq(t.obs.history, ((const int32_t[]){-1, -1, 2}), 12);
    ck_assert_mem_eq(t.obs.history_rewards, ((const float[]){0.0f, 0.0f, 1.125f}), 12);
    rr_items_release(later);
    log_close(&t.log);
}
END_TEST

START_TEST(test_record_keys_a_candidate_that_is_gone_is_told_by_key)
{
    scene t;
    open_scene(&t, 0);
    const uint64_t keys[] = {LOG_KEYS[0], 104, 105};
    rr_items *later = log_items(keys, 3);
    ck_assert_int_eq(decode(&t, later), RR_E_NOT_FOUND);
    ck_assert_str_eq(t.err.text,
                     "record: candidates[3] has key 106, which is not in this catalogue, nor in an "
                     "earlier one (rr_ledger_set_earlier_items)");
    rr_items_release(later);
    log_close(&t.log);
}
END_TEST

START_TEST(test_record_keys_what_cannot_be_translated_is_a_mismatch)
{
    scene t;
    open_scene(&t, 0);
    const uint64_t keys[] = {LOG_KEYS[0], 102, 103, 104, 105, 106, 107};
    rr_items *later = log_items(keys, 7);

    t.log.obs.pool = NULL; /* recorded without keys; the fingerprint comes from the decision */
    ck_assert_int_eq(
        rri_record_encode(t.blob, sizeof t.blob, &t.bytes, &t.log.obs, &t.log.decision, 0, NULL),
        RR_OK);
    ck_assert_int_eq(decode(&t, t.log.items), RR_OK);
    ck_assert_mem_eq(t.obs.candidates, t.log.candidates, 16);
    ck_assert_int_eq(decode(&t, later), RR_E_MISMATCH);
    ck_assert_int_eq(decode(&t, NULL), RR_OK);

    const rr_obs bare = {.struct_size = sizeof bare,
                         .n = LOG_ROWS,
                         .state_dim = LOG_S,
                         .states = t.log.states,
                         .pool = t.log.items};
    t.log.obs = bare; /* its list is the pool */
    ck_assert_int_eq(
        rri_record_encode(t.blob, sizeof t.blob, &t.bytes, &t.log.obs, &t.log.decision, 0, NULL),
        RR_OK);
    ck_assert_int_eq(decode(&t, t.log.items), RR_OK);
    ck_assert_int_eq(decode(&t, later), RR_E_MISMATCH);
    rr_items_release(later);
    log_close(&t.log);
}
END_TEST

START_TEST(test_record_keys_an_index_outside_its_own_catalogue_is_refused)
{
    scene t;
    open_scene(&t, 0);
    rri_record record;
    ck_assert_int_eq(rri_record_read(&record, t.blob, t.bytes, NULL), RR_OK);
    const int32_t outside[] = {LOG_N, -2};
    for (size_t i = 0; i < 2; i++) {
        memcpy(rri_record_view(&record, RRI_RECORD_EXCLUDED), &outside[i], 4);
        rri_blob_seal(t.blob, RRI_RECORD_MAGIC, record.head->blob.has, t.bytes);
        ck_assert_int_eq(decode(&t, t.log.items), RR_E_FORMAT);
        ck_assert_msg(strstr(t.err.text, "excluded[0]") != NULL, "%s", t.err.text);
    }
    log_close(&t.log);
}
END_TEST

CHECK_MAIN("log/record_keys", test_record_keys_a_row_is_read_under_a_shuffled_and_grown_catalogue,
           test_record_keys_past_and_excluded_items_that_are_gone_are_left_out,
           test_record_keys_a_candidate_that_is_gone_is_told_by_key,
           test_record_keys_what_cannot_be_translated_is_a_mismatch,
           test_record_keys_an_index_outside_its_own_catalogue_is_refused)
