/* SPDX-License-Identifier: MIT */
/* A log that goes into a ledger. */
#include <stdbool.h>
#include <stdio.h>

#include "check_run.h"
#include "log/log_fixture.h"

enum { MOST = 4096 };

START_TEST(test_api_import_arguments_are_judged_by_name)
{
    rr_ledger *ledger = NULL;
    ck_assert_int_eq(rr_ledger_create(&ledger, NULL, NULL, NULL), RR_OK);
    const uint64_t data[4] = {0}, offsets[] = {8, 0};
    uint64_t work[4];
    rr_error err = {0};
    ck_assert_int_eq(rr_ledger_import(ledger, data, offsets, 1, NULL, NULL, 0, NULL, NULL, &err),
                     RR_E_INVALID);
    ck_assert_str_eq(err.text, "rr_ledger_import: work is NULL");
    ck_assert_int_eq(rr_ledger_import(ledger, data, offsets, -1, NULL, work, 32, NULL, NULL, &err),
                     RR_E_INVALID);
    ck_assert_int_eq(rr_ledger_import(ledger, data, offsets, 1, NULL, work, 32, NULL, NULL, &err),
                     RR_E_INVALID);
    ck_assert_str_eq(err.text, "rr_ledger_import: offsets[1] is less than offsets[0]");
    ck_assert_int_eq(rr_ledger_import(ledger, data, offsets, 0, NULL, work, 32, NULL, NULL, &err),
                     RR_OK);
    rr_ledger_destroy(ledger);
}
END_TEST

enum { SESSIONS = 3, STEPS = 4, RECORDS = SESSIONS * STEPS, BLOBS = 2 * RECORDS + SESSIONS };

/* A log of three sessions, and the same rows in a ledger that recorded them. */
typedef struct scene {
    rr_items *items;
    rr_agent *agents[2];
    rr_ledger *ledgers[2]; /* told; imported */
    unsigned char data[64 * MOST];
    uint64_t offsets[BLOBS + 1], work[MOST / 8];
    int32_t n, n_taken, statuses[BLOBS];
} scene;

static void open_scene(scene *t)
{
    memset(t, 0, sizeof *t);
    t->items = log_items(LOG_KEYS, LOG_N);
    rr_agent_config config;
    rr_agent_config_init(&config, sizeof config);
    config.state_dim = LOG_S;
    config.item_dim = LOG_D;
    config.max_candidates = LOG_K;
    config.max_history = 4;
    rr_ledger_config shape;
    rr_ledger_config_init(&shape, sizeof shape);
    shape.state_dim = LOG_S;
    shape.max_candidates = LOG_K;
    shape.max_history = 0;
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(rr_agent_create(&t->agents[i], &config, NULL, t->items, NULL, NULL),
                         RR_OK);
        ck_assert_int_eq(rr_ledger_create(&t->ledgers[i], &shape, NULL, NULL), RR_OK);
    }
}

static void close_scene(scene *t)
{
    for (int i = 0; i < 2; i++) {
        rr_agent_destroy(t->agents[i]);
        rr_ledger_destroy(t->ledgers[i]);
    }
    rr_items_release(t->items);
}

static void added(scene *t, rr_status status, size_t bytes)
{
    ck_assert_int_eq(status, RR_OK);
    t->n++;
    t->offsets[t->n] = t->offsets[t->n - 1] + bytes;
}

static void play_step(scene *t, int step)
{
    float states[SESSIONS * LOG_S], log_probs[SESSIONS], values[SESSIONS], rewards[SESSIONS];
    int32_t candidates[SESSIONS * 3], actions[SESSIONS];
    uint64_t sessions[SESSIONS], ids[SESSIONS], versions[SESSIONS];
    for (int i = 0; i < SESSIONS; i++) {
        sessions[i] = 50 + (uint64_t)i;
        ids[i] = (uint64_t)(step * SESSIONS + i);
        rewards[i] = (float)((step + 2 * i) % 3);
        for (int j = 0; j < 3; j++) {
            states[i * LOG_S + j] = 0.25f * (float)((step * 5 + i * 3 + j) % 7);
            candidates[i * 3 + j] = (step + i + 2 * j) % LOG_N;
        }
    }
    const rr_obs obs = {.struct_size = sizeof obs,
                        .n = SESSIONS,
                        .n_candidates = 3,
                        .state_dim = LOG_S,
                        .states = states,
                        .candidates = candidates,
                        .sessions = sessions,
                        .decisions = ids,
                        .pool = t->items};
    rr_decision decision = {.struct_size = sizeof decision,
                            .n = SESSIONS,
                            .actions = actions,
                            .log_probs = log_probs,
                            .values = values,
                            .policy_versions = versions};
    const rr_outcome outcome = {
        .struct_size = sizeof outcome, .n = SESSIONS, .decisions = ids, .rewards = rewards};
    ck_assert_int_eq(rr_agent_act(t->agents[0], &obs, &decision, NULL), RR_OK);
    ck_assert_int_eq(rr_ledger_record(t->ledgers[0], &obs, &decision, NULL, NULL), RR_OK);
    ck_assert_int_eq(rr_ledger_reward(t->ledgers[0], &outcome, NULL, NULL), RR_OK);
    for (int32_t i = 0; i < SESSIONS; i++) {
        size_t bytes = 0;
        rr_status status =
            rr_record_encode(&obs, &decision, i, t->data + t->offsets[t->n], MOST, &bytes, NULL);
        added(t, status, bytes);
        status = rr_outcome_encode(&outcome, i, t->data + t->offsets[t->n], MOST, &bytes, NULL);
        added(t, status, bytes);
    }
}

static void play(scene *t)
{
    for (int step = 0; step < STEPS; step++) {
        play_step(t, step);
    }
    const uint64_t sessions[SESSIONS] = {50, 51, 52};
    const uint8_t terminated[SESSIONS] = {1, 0, 1}; /* one is cut off, and its end is not known */
    const rr_ending ending = {.struct_size = sizeof ending,
                              .n = SESSIONS,
                              .sessions = sessions,
                              .terminated = terminated};
    ck_assert_int_eq(rr_ledger_end(t->ledgers[0], &ending, NULL, NULL), RR_OK);
    for (int32_t i = 0; i < SESSIONS; i++) {
        size_t bytes = 0;
        const rr_status status =
            rr_ending_encode(&ending, i, t->data + t->offsets[t->n], MOST, &bytes, NULL);
        added(t, status, bytes);
    }
    ck_assert_int_eq(t->n, BLOBS);
}

static rr_status import(scene *t, int32_t *statuses, rr_error *err)
{
    return rr_ledger_import(t->ledgers[1], t->data, t->offsets, t->n, t->items, t->work,
                            sizeof t->work, statuses, &t->n_taken, err);
}

START_TEST(test_api_import_a_log_teaches_what_the_rows_themselves_teach)
{
    scene t;
    open_scene(&t);
    play(&t);
    ck_assert_int_eq(import(&t, t.statuses, NULL), RR_OK);
    for (int32_t i = 0; i < t.n; i++) {
        ck_assert_int_eq(t.statuses[i], RR_OK);
    }
    rr_stats stats = {.struct_size = sizeof stats};
    for (int i = 0; i < 2; i++) {
        rr_error err = {0};
        ck_assert_msg(rr_agent_update_sessions(t.agents[i], t.ledgers[i], &stats, &err) == RR_OK,
                      "%s", err.text);
        ck_assert_int_eq(stats.n_rows, RECORDS - 1); /* the last one of the session cut off */
    }
    ck_assert_uint_eq(rr_agent_version(t.agents[0]), rr_agent_version(t.agents[1]));
    close_scene(&t);
}
END_TEST

START_TEST(test_api_import_says_of_every_blob_what_became_of_it)
{
    scene t;
    open_scene(&t);
    play(&t);
    t.data[t.offsets[2] + 130] ^= 1;              /* a record, so that its reward is unknown too */
    memcpy(t.data + t.offsets[7], "RROTHERS", 8); /* an outcome */
    ck_assert_int_eq(import(&t, t.statuses, NULL), RR_OK);
    for (int32_t i = 0; i < t.n; i++) {
        const rr_status wanted = i == 2 || i == 7 ? RR_E_FORMAT : i == 3 ? RR_E_NOT_FOUND : RR_OK;
        ck_assert_msg(t.statuses[i] == wanted, "blob %d: %d, not %d", i, t.statuses[i], wanted);
    }
    rr_ledger_counts counts = {.struct_size = sizeof counts};
    ck_assert_int_eq(rr_ledger_get_counts(t.ledgers[1], &counts, NULL), RR_OK);
    ck_assert_int_eq(counts.recorded, RECORDS - 1);
    ck_assert_int_eq(counts.rewarded, RECORDS - 2);
    ck_assert_int_eq(counts.unknown, 1);
    ck_assert_int_eq(counts.open_sessions, 0);
    close_scene(&t);
}
END_TEST

/* A log that is being written: the last blob is half there, whatever its kind and however much of
 * it. describe, decode and import say the same, and it is taken when it is whole. */
START_TEST(test_api_import_of_half_a_blob_says_wait_and_takes_it_when_it_is_whole)
{
    scene t;
    open_scene(&t);
    play(&t);
    const int32_t last[] = {2, 7, BLOBS - 1}; /* a record, an outcome, an ending */
    for (size_t q = 0; q < 3; q++) {
        const int32_t n = last[q] + 1;
        const uint64_t begin = t.offsets[last[q]], end = t.offsets[n];
        for (uint64_t bytes = 0; bytes < end - begin; bytes += q == 0 ? 37 : 5) {
            rr_error err = {0};
            rr_blob blob = {.struct_size = sizeof blob};
            ck_assert_int_eq(rr_blob_describe(t.data + begin, bytes, &blob, NULL), RR_E_TOO_SMALL);
            rr_ledger_clear(t.ledgers[1]);
            t.offsets[n] = begin + bytes;
            ck_assert_int_eq(rr_ledger_import(t.ledgers[1], t.data, t.offsets, n, t.items, t.work,
                                              sizeof t.work, t.statuses, &t.n_taken, &err),
                             RR_OK);
            ck_assert_int_eq(t.n_taken, n);
            for (int32_t i = 0; i < n; i++) {
                ck_assert_int_eq(t.statuses[i], i == last[q] ? RR_E_TOO_SMALL : RR_OK);
            }
            rr_ledger_clear(t.ledgers[1]);
            ck_assert_int_eq(rr_ledger_import(t.ledgers[1], t.data, t.offsets, n, t.items, t.work,
                                              sizeof t.work, NULL, &t.n_taken, &err),
                             RR_E_TOO_SMALL);
            ck_assert_int_eq(t.n_taken, last[q]);
            char which[32];
            (void)snprintf(which, sizeof which, "import: blob %d: ", (int)last[q]);
            ck_assert_msg(strncmp(err.text, which, strlen(which)) == 0, "%s", err.text);
            ck_assert_ptr_nonnull(strstr(err.text, "not whole yet"));
        }
        t.offsets[n] = end;
        ck_assert_int_eq(rr_ledger_import(t.ledgers[1], t.data, t.offsets + last[q], 1, t.items,
                                          t.work, sizeof t.work, NULL, NULL, NULL),
                         RR_OK);
    }
    close_scene(&t);
}
END_TEST

START_TEST(test_api_import_with_work_too_small_takes_nothing_and_names_the_blob)
{
    scene t;
    open_scene(&t);
    play(&t);
    rr_error err = {0};
    t.n_taken = 77;
    ck_assert_int_eq(rr_ledger_import(t.ledgers[1], t.data, t.offsets, t.n, t.items, t.work, 64,
                                      t.statuses, &t.n_taken, &err),
                     RR_E_TOO_SMALL);
    ck_assert_ptr_nonnull(strstr(err.text, "rr_ledger_import: blob 0 has "));
    ck_assert_ptr_nonnull(strstr(err.text, "; work has 64"));
    ck_assert_int_eq(rr_ledger_count(t.ledgers[1]), 0);
    ck_assert_int_eq(t.n_taken, 77);
    close_scene(&t);
}
END_TEST

START_TEST(test_api_import_without_statuses_stops_at_the_first_and_says_why)
{
    scene t;
    open_scene(&t);
    play(&t);
    t.data[t.offsets[4] + 130] ^= 1;
    rr_error err = {0};
    ck_assert_int_eq(import(&t, NULL, &err), RR_E_FORMAT);
    ck_assert_int_eq(t.n_taken, 4);
    ck_assert_msg(strstr(err.text, "checksum") != NULL, "%s", err.text);
    ck_assert_msg(strncmp(err.text, "import: blob 4: ", 16) == 0, "%s", err.text);
    ck_assert_int_eq(rr_ledger_count(t.ledgers[1]), 2);
    close_scene(&t);
}
END_TEST

START_TEST(test_api_import_told_twice_is_stored_once)
{
    scene t;
    open_scene(&t);
    play(&t);
    t.n = 2 * RECORDS;
    for (int pass = 0; pass < 2; pass++) {
        ck_assert_int_eq(import(&t, t.statuses, NULL), RR_OK);
        ck_assert_int_eq(t.statuses[0], pass == 0 ? RR_OK : RR_E_DUPLICATE);
        ck_assert_int_eq(rr_ledger_count(t.ledgers[1]), RECORDS);
    }
    close_scene(&t);
}
END_TEST

/* The host's own choices: neither log-prob nor version, one of them, or both. */
START_TEST(test_api_import_of_an_imitation_log_is_counted_and_never_learned)
{
    enum { N = 4 };
    scene t;
    open_scene(&t);
    const float states[LOG_S] = {0.5f, 0.25f, -1.0f};
    int32_t action = 1;
    float log_prob = -0.5f;
    uint64_t version = rr_agent_version(t.agents[1]), id = 1;
    rr_obs obs = {
        .struct_size = sizeof obs, .n = 1, .state_dim = LOG_S, .states = states, .pool = t.items};
    for (int i = 0; i < N; i++) {
        const rr_decision decision = {.struct_size = sizeof decision,
                                      .n = 1,
                                      .actions = &action,
                                      .log_probs = i % 2 != 0 ? &log_prob : NULL,
                                      .policy_versions = i >= 2 ? &version : NULL};
        obs.sessions = obs.decisions = i == 0 ? NULL : &id; /* such a log may have no ids */
        size_t bytes = 0;
        const rr_status status =
            rr_record_encode(&obs, &decision, 0, t.data + t.offsets[t.n], MOST, &bytes, NULL);
        added(&t, status, bytes);
    }
    for (int pass = 0; pass < 2; pass++) {
        rr_error err = {0};
        ck_assert_msg(import(&t, pass == 0 ? t.statuses : NULL, &err) == RR_OK, "%s", err.text);
        ck_assert_int_eq(t.n_taken, N);
    }
    for (int i = 0; i < N; i++) {
        ck_assert_int_eq(t.statuses[i], i < N - 1 ? RR_E_UNSUPPORTED : RR_OK);
    }
    rr_ledger_counts counts = {.struct_size = sizeof counts};
    ck_assert_int_eq(rr_ledger_get_counts(t.ledgers[1], &counts, NULL), RR_OK);
    ck_assert_int_eq(counts.imitation, 2 * (N - 1));
    ck_assert_int_eq(counts.recorded, 1);
    ck_assert_int_eq(counts.duplicate, 1);
    ck_assert_int_eq(counts.rows, 1);
    rr_ledger_clear(t.ledgers[1]);
    ck_assert_int_eq(rr_ledger_get_counts(t.ledgers[1], &counts, NULL), RR_OK);
    ck_assert_int_eq(counts.imitation, 0);
    close_scene(&t);
}
END_TEST

/* A ledger with room for a session and a half: the host updates where it is full and goes on. */
static void import_in_parts(bool has_statuses, int32_t max_rows, int32_t max_sessions)
{
    scene t;
    open_scene(&t);
    play(&t);
    rr_ledger_config shape;
    rr_ledger_config_init(&shape, sizeof shape);
    shape.state_dim = LOG_S;
    shape.max_candidates = LOG_K;
    shape.max_history = 0;
    shape.max_rows = max_rows;
    shape.max_sessions = max_sessions;
    rr_ledger_destroy(t.ledgers[1]);
    ck_assert_int_eq(rr_ledger_create(&t.ledgers[1], &shape, NULL, NULL), RR_OK);

    /* One session behind the other, as a log that was sorted: records, outcomes, the ending. */
    static unsigned char sorted[64 * MOST];
    uint64_t offsets[BLOBS + 1] = {0};
    int32_t n = 0;
    for (int32_t s = 0; s < SESSIONS; s++) {
        for (int32_t step = 0; step <= STEPS; step++) {
            const int32_t first = step < STEPS ? 2 * (step * SESSIONS + s) : 2 * RECORDS + s;
            for (int32_t b = first; b < first + (step < STEPS ? 2 : 1); b++, n++) {
                const size_t bytes = (size_t)(t.offsets[b + 1] - t.offsets[b]);
                memcpy(sorted + offsets[n], t.data + t.offsets[b], bytes);
                offsets[n + 1] = offsets[n] + bytes;
            }
        }
    }
    rr_stats stats = {.struct_size = sizeof stats};
    int32_t at = 0, n_stops = 0, n_trained = 0;
    while (at < n) {
        rr_error err = {0};
        int32_t taken = -1;
        const rr_status status =
            rr_ledger_import(t.ledgers[1], sorted, offsets + at, n - at, t.items, t.work,
                             sizeof t.work, has_statuses ? t.statuses : NULL, &taken, &err);
        ck_assert(status == RR_OK || status == RR_E_FULL);
        for (int32_t i = 0; has_statuses && i < taken; i++) {
            ck_assert_int_eq(t.statuses[i], RR_OK);
        }
        at += taken;
        ck_assert((at == n) == (status == RR_OK));
        if (status == RR_E_FULL) {
            n_stops++;
            ck_assert_ptr_nonnull(strstr(err.text, "are taken"));
            char which[32]; /* of the blobs given in this call */
            (void)snprintf(which, sizeof which, "import: blob %d: ", (int)taken);
            ck_assert_ptr_nonnull(strstr(err.text, which));
            ck_assert(!has_statuses || t.statuses[taken] == RR_E_FULL);
        }
        ck_assert_int_eq(rr_agent_update_sessions(t.agents[0], t.ledgers[1], &stats, NULL), RR_OK);
        n_trained += stats.n_rows;
    }
    rr_ledger_counts counts = {.struct_size = sizeof counts};
    ck_assert_int_eq(rr_ledger_get_counts(t.ledgers[1], &counts, NULL), RR_OK);
    ck_assert_int_gt(n_stops, 0);
    ck_assert_int_eq(counts.recorded, RECORDS);
    ck_assert_int_eq(counts.rewarded, RECORDS);
    ck_assert_int_eq(counts.unknown, 0);
    ck_assert_int_eq(n_trained, RECORDS - 1);
    close_scene(&t);
}

START_TEST(test_api_import_into_a_full_ledger_stops_before_what_does_not_fit_and_goes_on_there)
{
    import_in_parts(true, STEPS + 2, 0);
    import_in_parts(false, STEPS + 2, 0);
    import_in_parts(true, STEPS, 0);
    import_in_parts(true, RECORDS, 1); /* full of sessions */
}
END_TEST

CHECK_MAIN("api/api_import", test_api_import_arguments_are_judged_by_name,
           test_api_import_a_log_teaches_what_the_rows_themselves_teach,
           test_api_import_says_of_every_blob_what_became_of_it,
           test_api_import_of_half_a_blob_says_wait_and_takes_it_when_it_is_whole,
           test_api_import_with_work_too_small_takes_nothing_and_names_the_blob,
           test_api_import_without_statuses_stops_at_the_first_and_says_why,
           test_api_import_told_twice_is_stored_once,
           test_api_import_of_an_imitation_log_is_counted_and_never_learned,
           test_api_import_into_a_full_ledger_stops_before_what_does_not_fit_and_goes_on_there)
