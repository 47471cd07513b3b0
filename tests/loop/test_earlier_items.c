/* SPDX-License-Identifier: MIT */
/* Rows of a line that has ended: their lists have items that today's catalogue lacks. They are
 * trained on, with the vectors that these had, and scored again to the bit. */
#include "loop/keys_scene.h"

/* Three items go, and the line ends: the agent goes on with a catalogue of its own, from which
 * another one goes. */
static rr_items *end_line(scene *t)
{
    const uint64_t gone[3] = {1005, 1006, 1013};
    const uint64_t later = 1010;
    rr_items *last = NULL, *anew = NULL, *next = NULL;
    need(rr_items_follow(&last, t->items, gone, 3, NULL, NULL, 0, NULL, NULL, &t->err), &t->err);
    need(rr_items_compact(&anew, last, NULL, NULL, &t->err), &t->err);
    need(rr_items_follow(&next, anew, &later, 1, NULL, NULL, 0, NULL, NULL, &t->err), &t->err);
    need(rr_agent_set_items(t->agent, next, &t->err), &t->err);
    rr_items_release(last);
    rr_items_release(anew);
    return next;
}

/* Of each row what import says under a catalogue; statuses [N]. */
static void import_all(scene *t, rr_ledger *ledger, uint64_t (*blobs)[BLOB / 8],
                       const size_t *bytes, const rr_items *pool, int32_t *statuses)
{
    for (size_t row = 0; row < N; row++) {
        const uint64_t offsets[2] = {0, bytes[row]};
        need(rr_ledger_import(ledger, blobs[row], offsets, 1, pool, work, sizeof work,
                              &statuses[row], NULL, &t->err),
             &t->err);
    }
}

/* Candidates of a row that went with the line; has_later: and the one that went since. */
static int32_t n_lost(const scene *t, size_t row, bool has_later)
{
    int32_t n = 0;
    for (size_t j = 0; j < (size_t)t->lengths[row]; j++) {
        const int32_t item = t->candidates[row * K + j];
        n += item == 5 || item == 6 || item == 13 || (has_later && item == 10);
    }
    return n;
}

/* Each row is scored again to the bit: its weight is 1. */
START_TEST(test_earlier_items_lend_the_vectors_of_candidates_that_the_catalogue_lacks)
{
    static uint64_t blobs[N][BLOB / 8];
    size_t bytes[N];
    int32_t statuses[N], n_completed = 0, n_lent = 0;
    scene *t = begin();
    warm_up(t);
    act(t, &t->obs);
    for (size_t row = 0; row < N; row++) {
        rr_obs obs = t->obs;
        if (row % (OWN + 1) == 0) { /* nothing of its own: no vectors, beside rows that have some */
            obs.vectors = NULL;
            obs.n_vectors = 0;
        }
        bytes[row] = encode(t, &obs, (int32_t)row);
        memcpy(blobs[row], blob, bytes[row]);
        n_completed += n_lost(t, row, true) > 0;
        n_lent += n_lost(t, row, true);
    }
    ck_assert_int_gt(n_completed, 10);
    rr_items *anew = end_line(t);
    rr_ledger *ledger = make_ledger(t, 0, 1);
    import_all(t, ledger, blobs, bytes, anew, statuses);
    for (size_t row = 0; row < N; row++) {
        ck_assert_int_eq(statuses[row], n_lost(t, row, false) > 0 ? RR_E_NOT_FOUND : RR_OK);
    }
    rr_ledger_clear(ledger);
    need(rr_ledger_set_earlier_items(ledger, t->items, &t->err), &t->err);
    import_all(t, ledger, blobs, bytes, anew, statuses);
    for (size_t row = 0; row < N; row++) {
        ck_assert_msg(statuses[row] == RR_OK, "row %zu: %s", row, rr_status_name(statuses[row]));
    }
    ck_assert_uint_ne(rr_agent_version(t->agent), t->versions[0]); /* so they are weighed */
    const rr_stats stats = learn(t, ledger);
    ck_assert_int_eq(stats.n_completed, n_completed);
    ck_assert_int_eq(stats.n_lent, n_lent);
    ck_assert_float_eq(stats.weight_mean, 1.0f);
    ck_assert_float_eq(stats.weight_max, 1.0f);
    need(rr_ledger_set_earlier_items(ledger, NULL, &t->err), &t->err);
    import_all(t, ledger, blobs, bytes, anew, statuses);
    const rr_stats later = learn_some(t, ledger);
    ck_assert_int_gt(later.n_rows, 0);
    ck_assert_int_eq(later.n_completed, 0);
    ck_assert_int_eq(later.n_lent, 0);

    need(rr_ledger_set_earlier_items(ledger, t->items, &t->err),
         &t->err); /* and rows beside them */
    import_all(t, ledger, blobs, bytes, anew, statuses);
    rr_ledger_clear(ledger);
    for (size_t i = 0; i < N * K; i++) {
        t->candidates[i] = (int32_t)(i % K);
    }
    rr_obs obs = t->obs;
    obs.pool = anew;
    obs.history = obs.excluded = NULL;
    obs.candidate_keys = obs.excluded_keys = obs.history_keys = NULL;
    act(t, &obs);
    need(rr_ledger_record(ledger, &obs, &t->decision, NULL, &t->err), &t->err);
    ck_assert_int_eq(learn(t, ledger).n_completed, 0);
    rr_ledger_destroy(ledger);
    rr_items_release(anew);
    end(t);
}
END_TEST

START_TEST(test_earlier_items_need_a_ledger_with_room_for_their_vectors)
{
    scene *t = begin();
    rr_items *wide = NULL;
    rr_ledger *ledger = make_ledger(t, OWN, 1), *none = NULL;
    rr_ledger_config config;
    rr_ledger_config_init(&config, sizeof config);
    config.max_candidates = K;
    need(rr_ledger_create(&none, &config, NULL, &t->err), &t->err);
    need(rr_items_create_random(&wide, 3, D + 1, 1, NULL, &t->err), &t->err);
    refused(rr_ledger_set_earlier_items(ledger, wide, &t->err), RR_E_MISMATCH, t,
            "the items have vectors of width 5; this ledger stores vectors of width 4 beside 9");
    refused(rr_ledger_set_earlier_items(none, t->items, &t->err), RR_E_MISMATCH, t,
            "this ledger stores vectors of width 0");
    need(rr_ledger_set_earlier_items(ledger, t->items, &t->err), &t->err);
    act(t, &t->obs); /* row 14 has four of its own already, and two that went */
    ck_assert_int_gt(n_lost(t, 14, false), 0);
    const uint64_t offsets[2] = {0, encode(t, &t->obs, 14)};
    rr_items *anew = end_line(t);
    refused(
        rr_ledger_import(ledger, blob, offsets, 1, anew, work, sizeof work, NULL, NULL, &t->err),
        RR_E_INVALID, t, "more than 4 candidates need vectors");
    rr_items_release(wide);
    rr_items_release(anew);
    rr_ledger_destroy(none);
    rr_ledger_destroy(ledger);
    end(t);
}
END_TEST

CHECK_MAIN("loop/earlier_items",
           test_earlier_items_lend_the_vectors_of_candidates_that_the_catalogue_lacks,
           test_earlier_items_need_a_ledger_with_room_for_their_vectors)
