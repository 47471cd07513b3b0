/* SPDX-License-Identifier: MIT */
#include "log/walk.h"

#include "check_run.h"
#include "core/philox.h"
#include "log/format_1.h"
#include "log/log_fixture.h"

enum { MOST = 4096, N_BLOBS = 5 };

/* Records, outcomes with and without a final observation, an ending: one behind the other. */
typedef struct scene {
    unsigned char data[MOST];
    size_t at[N_BLOBS + 1];
} scene;

static void open(scene *t)
{
    log_fixture log;
    log_open(&log);
    const uint64_t ids[] = {70, 71};
    const float rewards[] = {1.5f, -0.25f};
    const uint8_t truncated[] = {1, 0};
    const rr_outcome outcome = {.struct_size = sizeof outcome,
                                .n = 2,
                                .decisions = ids,
                                .rewards = rewards,
                                .truncated = truncated,
                                .final_obs = &log.obs};
    const uint64_t session = 12345;
    const rr_ending ending = {
        .struct_size = sizeof ending, .n = 1, .sessions = &session, .final_obs = &log.obs};
    t->at[0] = 0;
    for (int i = 0; i < N_BLOBS; i++) {
        unsigned char *out = t->data + t->at[i];
        const size_t left = MOST - t->at[i];
        size_t bytes = 0;
        const rr_status status =
            i < 2   ? rr_record_encode(&log.obs, &log.decision, i, out, left, &bytes, NULL)
            : i < 4 ? rr_outcome_encode(&outcome, i - 2, out, left, &bytes, NULL)
                    : rr_ending_encode(&ending, 0, out, left, &bytes, NULL);
        ck_assert_int_eq(status, RR_OK);
        t->at[i + 1] = t->at[i] + bytes;
    }
    log_close(&log);
}

START_TEST(test_walk_visits_each_blob_of_either_format)
{
    static const struct {
        int32_t kind;
        uint64_t session, decision;
    } expected[N_BLOBS] = {{RR_BLOB_RECORD, 0xFFFFFFFFFFFFFFF0u, 70},
                           {RR_BLOB_RECORD, 0xFFFFFFFFFFFFFFF1u, 71},
                           {RR_BLOB_OUTCOME, 0, 70},
                           {RR_BLOB_OUTCOME, 0, 71},
                           {RR_BLOB_ENDING, 12345, 0}};
    scene t;
    open(&t);
    const unsigned char *logs[] = {t.data, FORMAT_1};
    const size_t *places[] = {t.at, FORMAT_1_AT};
    for (size_t l = 0; l < 2; l++) {
        size_t at = 0;
        for (size_t i = 0; i < N_BLOBS; i++) {
            rr_blob blob = {0};
            ck_assert_int_eq(rri_walk_describe(&blob, logs[l] + at, places[l][N_BLOBS] - at, NULL),
                             RR_OK);
            ck_assert_int_eq(blob.kind, expected[i].kind);
            ck_assert_uint_eq(blob.session, expected[i].session);
            ck_assert_uint_eq(blob.decision, expected[i].decision);
            at += blob.bytes;
            ck_assert_uint_eq(at, places[l][i + 1]);
        }
    }
}
END_TEST

/* Cut at every length: what is whole is read, and of what is not it is known how long it will
 * be. */
START_TEST(test_walk_half_a_blob_is_too_small_and_says_what_it_needs)
{
    scene t;
    open(&t);
    const unsigned char *logs[] = {t.data, FORMAT_1};
    const size_t *places[] = {t.at, FORMAT_1_AT};
    for (size_t l = 0; l < 2; l++) {
        for (size_t i = 0; i < N_BLOBS; i++) {
            const size_t length = places[l][i + 1] - places[l][i];
            for (size_t bytes = 0; bytes < length; bytes++) {
                /* exactly as long, so that a sanitizer sees a read behind it */
                unsigned char *exact = malloc(bytes > 0 ? bytes : 1);
                memcpy(exact, logs[l] + places[l][i], bytes);
                rr_blob blob = {0};
                rr_error err = {0};
                ck_assert_int_eq(rri_walk_describe(&blob, exact, bytes, &err), RR_E_TOO_SMALL);
                ck_assert_uint_eq(blob.bytes, bytes < 32 ? 32 : length);
                size_t offset = 0;
                ck_assert_int_eq(rri_walk_next(&blob, exact, bytes, &offset, NULL), RR_E_TOO_SMALL);
                ck_assert_uint_eq(offset, 0); /* wait here */
                free(exact);
            }
        }
    }
}
END_TEST

/* Every bit of every byte: no damaged blob is taken, none is waited for, and the next one is
 * found. */
START_TEST(test_walk_damage_is_told_from_a_half_and_the_next_blob_is_found)
{
    scene t;
    open(&t);
    for (size_t i = 0; i + 1 < N_BLOBS; i++) {
        for (size_t byte = t.at[i]; byte < t.at[i + 1]; byte++) {
            for (unsigned bit = 0; bit < 8; bit++) {
                t.data[byte] ^= (unsigned char)(1u << bit);
                rr_blob blob = {0};
                ck_assert_int_eq(
                    rri_walk_describe(&blob, t.data + t.at[i], t.at[N_BLOBS] - t.at[i], NULL),
                    RR_E_FORMAT);
                ck_assert_uint_eq(blob.bytes, 0);
                size_t offset = t.at[i] + 1;
                ck_assert_int_eq(rri_walk_next(&blob, t.data, t.at[N_BLOBS], &offset, NULL), RR_OK);
                ck_assert_uint_eq(offset, t.at[i + 1]);
                ck_assert_uint_eq(blob.bytes, t.at[i + 2] - t.at[i + 1]);
                t.data[byte] ^= (unsigned char)(1u << bit);
            }
        }
    }
}
END_TEST

/* Format 1 has no check of its head: a length that was damaged is waited for, until the host asks
 * for the next blob. */
START_TEST(test_walk_damaged_length_of_format_1_hides_no_blob_behind_it)
{
    unsigned char data[sizeof FORMAT_1];
    memcpy(data, FORMAT_1, sizeof data);
    data[17] ^= 0x10;
    rr_blob blob = {0};
    ck_assert_int_eq(rri_walk_describe(&blob, data, sizeof data, NULL), RR_E_TOO_SMALL);
    size_t offset = 0;
    ck_assert_int_eq(rri_walk_next(&blob, data, sizeof data, &offset, NULL), RR_OK);
    ck_assert_uint_eq(offset, FORMAT_1_AT[1]);
}
END_TEST

/* A writer died in the middle of a blob, and another went on behind what it left. */
START_TEST(test_walk_half_a_blob_in_the_middle_is_stepped_over)
{
    scene t;
    open(&t);
    unsigned char data[MOST];
    for (size_t left = 1; left < t.at[1]; left++) {
        memcpy(data, t.data, left);
        memcpy(data + left, t.data + t.at[1], t.at[N_BLOBS] - t.at[1]);
        const size_t bytes = left + t.at[N_BLOBS] - t.at[1];
        rr_blob blob = {0};
        ck_assert_int_eq(rri_walk_describe(&blob, data, bytes, NULL), RR_E_FORMAT);
        size_t offset = 1;
        ck_assert_int_eq(rri_walk_next(&blob, data, bytes, &offset, NULL), RR_OK);
        ck_assert_uint_eq(offset, left);
        ck_assert_uint_eq(blob.decision, 71);
    }
}
END_TEST

/* The final observation of a damaged outcome is a whole blob by itself, and no decision. */
START_TEST(test_walk_observation_inside_a_damaged_outcome_is_no_record)
{
    scene t;
    open(&t);
    rr_blob blob = {0};
    rr_error err = {0};
    const size_t inside = t.at[2] + 96;
    ck_assert_mem_eq(t.data + inside, RRI_RECORD_MAGIC, 8);
    ck_assert_int_eq(rri_walk_describe(&blob, t.data + inside, t.at[N_BLOBS] - inside, &err),
                     RR_E_FORMAT);
    ck_assert_ptr_nonnull(strstr(err.text, "an observation without a decision"));
    t.data[t.at[2]] = 'x';
    size_t offset = t.at[2];
    ck_assert_int_eq(rri_walk_next(&blob, t.data, t.at[N_BLOBS], &offset, NULL), RR_OK);
    ck_assert_uint_eq(offset, t.at[3]);
}
END_TEST

START_TEST(test_walk_next_waits_at_what_may_be_a_beginning_else_at_the_end)
{
    scene t;
    open(&t);
    rr_blob blob = {0};
    size_t offset = 1;
    ck_assert_int_eq(rri_walk_next(&blob, t.data, t.at[1], &offset, NULL), RR_E_TOO_SMALL);
    ck_assert_uint_eq(offset, t.at[1]);
    offset = 1;
    ck_assert_int_eq(rri_walk_next(&blob, t.data, t.at[1] + 5, &offset, NULL), RR_E_TOO_SMALL);
    ck_assert_uint_eq(offset, t.at[1]);
    ck_assert_uint_eq(blob.bytes, 32);
    offset = 1;
    ck_assert_int_eq(rri_walk_next(&blob, t.data, t.at[2] - 1, &offset, NULL), RR_E_TOO_SMALL);
    ck_assert_uint_eq(offset, t.at[1]);
    ck_assert_uint_eq(blob.bytes, t.at[2] - t.at[1]);
    /* Random bytes hold no blob. */
    unsigned char noise[MOST];
    for (size_t i = 0; i < MOST; i++) {
        noise[i] = (unsigned char)rri_philox_below(5, 1, i, 0, 256);
    }
    noise[MOST - 1] = 0;
    offset = 0;
    ck_assert_int_eq(rri_walk_next(&blob, noise, MOST, &offset, NULL), RR_E_TOO_SMALL);
    ck_assert_uint_eq(offset, MOST);
}
END_TEST

/* Head and checksum are the same in every format, so a walk steps over a later one. */
START_TEST(test_walk_blob_of_a_later_format_is_stepped_over_by_its_length)
{
    scene t;
    open(&t);
    unsigned char *later = t.data + t.at[1], head[22];
    const size_t bytes = t.at[2] - t.at[1];
    later[8] = 9;
    memcpy(head, later, 10);
    memcpy(head + 10, later + 12, 12);
    const uint16_t head_check = (uint16_t)rri_hash_bytes(head, sizeof head, 0);
    memcpy(later + 10, &head_check, 2);
    format_1_seal(later, bytes);
    rr_blob blob = {0};
    rr_error err = {0};
    size_t offset = 1;
    ck_assert_int_eq(rri_walk_next(&blob, t.data, t.at[N_BLOBS], &offset, &err), RR_E_VERSION);
    ck_assert_ptr_nonnull(strstr(err.text, "format is 9"));
    ck_assert_uint_eq(offset, t.at[1]);
    ck_assert_uint_eq(blob.bytes, bytes);
}
END_TEST

CHECK_MAIN("log/walk", test_walk_visits_each_blob_of_either_format,
           test_walk_half_a_blob_is_too_small_and_says_what_it_needs,
           test_walk_damage_is_told_from_a_half_and_the_next_blob_is_found,
           test_walk_damaged_length_of_format_1_hides_no_blob_behind_it,
           test_walk_half_a_blob_in_the_middle_is_stepped_over,
           test_walk_observation_inside_a_damaged_outcome_is_no_record,
           test_walk_next_waits_at_what_may_be_a_beginning_else_at_the_end,
           test_walk_blob_of_a_later_format_is_stepped_over_by_its_length)
