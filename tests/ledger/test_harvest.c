/* SPDX-License-Identifier: MIT */
#include "ledger/harvest.h"

#include "ledger_fixture.h"

enum { MOST = 64 };

typedef struct crop {
    size_t n;
    int32_t order[MOST];
    uint8_t ends[MOST];
} crop;

static crop pick(scene *t)
{
    crop c;
    ck_assert(rri_harvest_pick(&c.n, c.order, c.ends, &t->ledger, MOST, MOST));
    return c;
}

START_TEST(test_harvest_orders_by_key_and_then_by_arrival)
{
    scene t;
    scene_open_rows(&t, MOST);
    scene_record(&t, 30, 0, 0); /* row = id */
    scene_record(&t, 10, 1, 0);
    scene_record(&t, 30, 2, 0);
    scene_record(&t, 20, 3, 0); /* stays open */
    scene_record(&t, 10, 4, 0);
    scene_reward(&t, 4, 1.0f, RRI_END_TERMINATED);
    scene_record(&t, 10, 5, 0); /* the key again */
    scene_reward(&t, 2, 1.0f, RRI_END_TRUNCATED);
    scene_reward(&t, 5, 1.0f, RRI_END_TERMINATED);
    const crop c = pick(&t);
    const int32_t order[] = {1, 4, 5, 0, 2};
    const uint8_t ends[] = {0, 1, 1, 0, 1};
    ck_assert_uint_eq(c.n, 5);
    ck_assert_mem_eq(c.order, order, sizeof order);
    ck_assert_mem_eq(c.ends, ends, sizeof ends);
    ck_assert_float_eq(t.rollout.final_states[2 * t.rollout.state_dim], -2.0f);
    scene_close(&t);
}
END_TEST

START_TEST(test_harvest_a_session_cut_off_leads_to_its_last_row_and_does_not_train_on_it)
{
    scene t;
    scene_open_rows(&t, MOST);
    scene_record(&t, 2, 0, 0);
    scene_record(&t, 2, 1, 0);
    scene_record(&t, 2, 2, 0);
    scene_record(&t, 1, 3, 0); /* cut off in its first row */
    scene_end(&t, 2, RRI_END_CUT);
    scene_end(&t, 1, RRI_END_CUT);
    const crop c = pick(&t);
    ck_assert_uint_eq(c.n, 2);
    ck_assert_int_eq(c.order[0], 0);
    ck_assert_int_eq(c.order[1], 1);
    ck_assert_int_eq(c.ends[0], 0);
    ck_assert_int_eq(c.ends[1], 1);
    ck_assert_uint_eq(rri_harvest_last_row(&t.ledger, 1), 2);
    rri_harvest_forget(&t.ledger, &t.rollout, 2);
    const rr_ledger_counts counts = scene_count(&t);
    ck_assert_int_eq(counts.trained, 2);
    ck_assert_int_eq(counts.dropped, 2);
    ck_assert_int_eq(counts.rows, 0);
    scene_close(&t);
}
END_TEST

START_TEST(test_harvest_says_that_nothing_is_ready)
{
    scene t;
    scene_open_rows(&t, MOST);
    crop c;
    ck_assert(!rri_harvest_pick(&c.n, c.order, c.ends, &t.ledger, MOST, MOST));
    scene_record(&t, 2, 0, 0);
    ck_assert(!rri_harvest_pick(&c.n, c.order, c.ends, &t.ledger, MOST, MOST));
    scene_close(&t);
}
END_TEST

START_TEST(test_harvest_takes_no_more_than_fits_and_first_what_began_first)
{
    scene t;
    scene_open_rows(&t, MOST);
    for (uint64_t i = 0; i < 12; i++) {
        scene_record(&t, 100 - i / 3, i, 0);
        scene_end(&t, i % 3 == 2 ? 100 - i / 3 : 0, RRI_END_TERMINATED);
    }
    crop c;
    ck_assert(rri_harvest_pick(&c.n, c.order, c.ends, &t.ledger, 8, MOST));
    ck_assert_uint_eq(c.n, 6);
    ck_assert_int_eq(c.order[0], 3); /* key 99 before key 100 */
    ck_assert_int_eq(c.order[3], 0);
    rri_harvest_forget(&t.ledger, &t.rollout, 6);
    ck_assert_int_eq(scene_count(&t).ready, 6);
    scene_close(&t);
}
END_TEST

START_TEST(test_harvest_a_session_that_is_rejected_is_not_picked_but_forgotten_and_counted)
{
    scene t;
    scene_open_rows(&t, MOST);
    for (uint64_t i = 0; i < 9; i++) {
        scene_record(&t, i % 3, i, 0);
    }
    scene_end(&t, 1, RRI_END_CUT);
    scene_end(&t, 2, RRI_END_TERMINATED);
    rri_harvest_begin(&t.ledger);
    ck_assert_uint_eq(rri_settle_places(&t.ledger, 1), 2);
    ck_assert_uint_eq(rri_settle_places(&t.ledger, 2), 3);
    ck_assert(rri_harvest_reject(&t.ledger, 1));
    ck_assert(!rri_harvest_reject(&t.ledger, 1)); /* it was already */
    const crop c = pick(&t);
    ck_assert_uint_eq(c.n, 3);
    ck_assert_int_eq(c.order[0], 2);
    rri_harvest_begin(&t.ledger); /* a harvest that came to nothing is forgotten itself */
    ck_assert_uint_eq(pick(&t).n, 5);
    rri_harvest_begin(&t.ledger);
    rri_harvest_reject(&t.ledger, 1);
    ck_assert_uint_eq(pick(&t).n, 3);
    rri_harvest_forget(&t.ledger, &t.rollout, 2);
    const rr_ledger_counts counts = scene_count(&t);
    ck_assert_int_eq(counts.rejected, 3);
    ck_assert_int_eq(counts.rejected_sessions, 1);
    ck_assert_int_eq(counts.trained, 2);
    ck_assert_int_eq(counts.dropped, 1);
    ck_assert_int_eq(counts.open, 3);
    ck_assert_int_eq(rri_u64_table_find(&t.ledger.open, t.ledger.keys, 0), 0);
    scene_close(&t);
}
END_TEST

START_TEST(test_harvest_dropping_what_is_ready_leaves_what_goes_on_or_waits)
{
    scene t;
    rr_ledger_config config = scene_config(MOST);
    config.reward_wait = 10;
    scene_open(&t, &config);
    for (uint64_t i = 0; i < 9; i++) {
        scene_record(&t, i % 3, i, i % 3 == 2 ? 100 : 0);
    }
    scene_end(&t, 1, RRI_END_TERMINATED);
    scene_end(&t, 2, RRI_END_TERMINATED);
    scene_settle(&t, 50);
    rri_harvest_drop_ready(&t.ledger, &t.rollout);
    const rr_ledger_counts c = scene_count(&t);
    ck_assert_int_eq(c.dropped, 3);
    ck_assert_int_eq(c.open, 3);
    ck_assert_int_eq(c.waiting, 3);
    ck_assert_int_eq(c.rejected, 0);
    ck_assert_int_eq(t.ledger.clock, 50);
    scene_close(&t);
}
END_TEST

/* One session each that goes on, waits and is ready, and a key that came twice. */
START_TEST(test_harvest_sessions_are_forgotten_in_any_state_and_the_others_stay)
{
    scene t;
    rr_ledger_config config = scene_config(MOST);
    config.reward_wait = 10;
    scene_open(&t, &config);
    for (uint64_t i = 0; i < 12; i++) {
        scene_record(&t, i % 4, i, i % 4 == 2 ? 100 : 0);
    }
    scene_end(&t, 1, RRI_END_TERMINATED);
    scene_end(&t, 2, RRI_END_TERMINATED);
    scene_settle(&t, 50);
    scene_record(&t, 1, 12, 50); /* the key goes on in a new session */
    const uint64_t keys[] = {1, 2, 77, 0};
    ck_assert_uint_eq(rri_harvest_forget_keys(&t.ledger, &t.rollout, keys, 1), 4);
    rr_ledger_counts c = scene_count(&t);
    ck_assert_int_eq(c.rows, 9);
    ck_assert_int_eq(c.ready, 0);
    ck_assert_int_eq(c.waiting, 3);
    ck_assert_int_eq(c.open, 6);
    ck_assert_int_eq(c.dropped, 4);
    ck_assert_uint_eq(rri_harvest_forget_keys(&t.ledger, &t.rollout, keys, 4), 6);
    c = scene_count(&t);
    ck_assert_int_eq(c.rows, 3);
    ck_assert_int_eq(c.open, 3);
    ck_assert_int_eq(c.open_sessions, 1);
    ck_assert_int_eq(c.recorded, c.rows + c.trained + c.dropped + c.rejected);
    ck_assert_uint_eq(rri_harvest_forget_keys(&t.ledger, &t.rollout, keys, 4), 0);
    scene_reward(&t, 3, 1.0f, RRI_END_NONE); /* who stayed still earns */
    scene_record(&t, 0, 20, 60);             /* and who was forgotten may come again */
    ck_assert_int_eq(scene_count(&t).open_sessions, 2);
    scene_close(&t);
}
END_TEST

/* Rows that stay keep their content, their links and their ids, whichever go. */
START_TEST(test_harvest_what_stays_is_as_if_the_others_had_never_been)
{
    enum { SESSIONS = 6, ROWS = 42 };
    for (unsigned going = 1; going < 1u << SESSIONS; going += (unsigned)check_step(5)) {
        scene t, twin;
        const rr_ledger_config config = scene_config(MOST);
        scene_open(&t, &config);
        scene_open(&twin, &config);
        for (uint64_t i = 0; i < ROWS; i++) {
            const uint64_t session = (i * i + 3 * i) % SESSIONS;
            const bool goes = (going >> session & 1u) != 0;
            scene_record(&t, session, i, (int64_t)i);
            scene_reward(&t, i, (float)i, RRI_END_NONE);
            if (!goes) {
                scene_record(&twin, session, i, (int64_t)i);
                scene_reward(&twin, i, (float)i, RRI_END_NONE);
            }
        }
        for (uint64_t s = 0; s < SESSIONS; s++) {
            scene_end(&t, (going >> s & 1u) != 0 ? s : UINT64_MAX, RRI_END_TERMINATED);
        }
        crop c;
        if (rri_harvest_pick(&c.n, c.order, c.ends, &t.ledger, MOST, MOST)) {
            rri_harvest_forget(&t.ledger, &t.rollout, c.n);
        }
        const size_t n = twin.rollout.n_rows;
        ck_assert_uint_eq(t.rollout.n_rows, n);
        ck_assert_uint_eq(t.ledger.n_sessions, twin.ledger.n_sessions);
        ck_assert_mem_eq(t.rollout.states, twin.rollout.states, n * S * sizeof(float));
        ck_assert_mem_eq(t.rollout.rewards, twin.rollout.rewards, n * sizeof(float));
        ck_assert_mem_eq(t.ledger.decisions, twin.ledger.decisions, n * sizeof(uint64_t));
        ck_assert_mem_eq(t.ledger.session_of, twin.ledger.session_of, n * sizeof(int32_t));
        ck_assert_mem_eq(t.ledger.before, twin.ledger.before, n * sizeof(int32_t));
        for (uint64_t i = 0; i < ROWS; i++) {
            ck_assert_int_eq(rri_u64_table_find(&t.ledger.ids, t.ledger.decisions, i),
                             rri_u64_table_find(&twin.ledger.ids, twin.ledger.decisions, i));
        }
        for (uint64_t s = 0; s < SESSIONS; s++) {
            ck_assert_int_eq(rri_u64_table_find(&t.ledger.open, t.ledger.keys, s),
                             rri_u64_table_find(&twin.ledger.open, twin.ledger.keys, s));
        }
        scene_count(&t);
        scene_close(&t);
        scene_close(&twin);
    }
}
END_TEST

/* Every second of a million sessions ends; the others are as before. */
START_TEST(test_harvest_a_million_open_sessions_are_counted_and_bounded)
{
    const int32_t n_open = 1000000 / (int32_t)check_step(10);
    scene t;
    scene_open_rows(&t, n_open);
    for (uint64_t i = 0; i < (uint64_t)n_open; i++) {
        ck_assert_int_eq(scene_record(&t, (uint64_t)n_open - i, i, 0), RR_OK);
    }
    ck_assert_int_eq(scene_record(&t, 0, (uint64_t)n_open, 0), RR_E_FULL);
    ck_assert_int_eq(scene_count(&t).open_sessions, n_open);
    for (uint64_t i = 0; i < (uint64_t)n_open; i += 2) {
        ck_assert_int_eq(scene_end(&t, (uint64_t)n_open - i, RRI_END_TERMINATED), RR_OK);
    }
    int32_t *order = malloc((size_t)n_open * sizeof *order);
    uint8_t *ends = malloc((size_t)n_open);
    size_t n;
    ck_assert(rri_harvest_pick(&n, order, ends, &t.ledger, (size_t)n_open, (size_t)n_open));
    ck_assert_uint_eq(n, (size_t)n_open / 2);
    for (size_t place = 0; place < n; place++) { /* the last key came first */
        ck_assert_int_eq(order[place], n_open - 2 - 2 * (int32_t)place);
        ck_assert_int_eq(ends[place], 1);
    }
    rri_harvest_forget(&t.ledger, &t.rollout, n);
    const rr_ledger_counts c = scene_count(&t);
    ck_assert_int_eq(c.rows, n_open / 2);
    ck_assert_int_eq(c.open_sessions, n_open / 2);
    ck_assert_int_eq(scene_reward(&t, 0, 1.0f, RRI_END_NONE), RR_E_NOT_FOUND);
    ck_assert_int_eq(scene_reward(&t, (uint64_t)n_open - 1, 1.0f, RRI_END_NONE), RR_OK);
    free(order);
    free(ends);
    scene_close(&t);
}
END_TEST

START_TEST(test_harvest_a_session_may_be_a_hundred_thousand_rows_long)
{
    enum { LONG = 100000 };
    scene t;
    scene_open_rows(&t, 2 * LONG);
    for (uint64_t i = 0; i < LONG; i++) {
        ck_assert_int_eq(scene_record(&t, 1, 2 * i, 0), RR_OK);
        ck_assert_int_eq(scene_record(&t, 2 + i, 2 * i + 1, 0), RR_OK); /* others in between */
    }
    ck_assert_int_eq(scene_end(&t, 1, RRI_END_CUT), RR_OK);
    int32_t *order = malloc(LONG * sizeof *order);
    uint8_t *ends = malloc(LONG);
    size_t n;
    ck_assert(rri_harvest_pick(&n, order, ends, &t.ledger, LONG, LONG));
    ck_assert_uint_eq(n, LONG - 1);
    for (size_t place = 0; place < n; place++) {
        ck_assert_int_eq(order[place], (int32_t)(2 * place));
        ck_assert_int_eq(ends[place], place + 1 == n);
    }
    free(order);
    free(ends);
    scene_close(&t);
}
END_TEST

/* Sessions of these many rows, all of them cut off without a final observation. */
static void end_all_cut(scene *t, const int *lengths, size_t n)
{
    uint64_t id = 0;
    for (size_t s = 0; s < n; s++) {
        for (int i = 0; i < lengths[s]; i++) {
            ck_assert_int_eq(scene_record(t, s, id++, 0), RR_OK);
        }
        ck_assert_int_eq(scene_end(t, s, RRI_END_CUT), RR_OK);
    }
}

START_TEST(test_harvest_fewer_rows_than_min_rows_wait_for_more)
{
    scene t;
    rr_ledger_config config = scene_config(MOST);
    config.min_rows = 2;
    scene_open(&t, &config);
    const int lengths[] = {2, 1}; /* three rows, of which one could be trained on */
    end_all_cut(&t, lengths, 2);
    crop c;
    ck_assert_int_eq(scene_count(&t).ready, 3);
    ck_assert_int_eq(scene_count(&t).trainable, 0);
    rri_harvest_begin(&t.ledger);
    ck_assert(rri_harvest_pick(&c.n, c.order, c.ends, &t.ledger, MOST, MOST));
    ck_assert_uint_eq(c.n, 0);
    ck_assert_uint_eq(t.ledger.n_picked, 1); /* that of one row: it has nothing to wait for */
    rri_harvest_forget(&t.ledger, &t.rollout, 0);
    ck_assert_int_eq(scene_count(&t).ready, 2);
    ck_assert_int_eq(scene_count(&t).dropped, 1);
    ck_assert_int_eq(scene_record(&t, 7, 70, 0), RR_OK);
    ck_assert_int_eq(scene_end(&t, 7, RRI_END_TERMINATED), RR_OK);
    ck_assert_int_eq(scene_count(&t).trainable, 2);
    ck_assert_uint_eq(pick(&t).n, 2);
    scene_close(&t);
}
END_TEST

START_TEST(test_harvest_a_row_alone_does_not_stand_in_the_way_of_a_session_that_fills_an_update)
{
    scene t;
    rr_ledger_config config = scene_config(MOST);
    config.min_rows = 2;
    scene_open(&t, &config);
    const int lengths[] = {2, 9, 2, 2}; /* places 1, 8, 1, 1 */
    end_all_cut(&t, lengths, 4);
    const size_t wanted[] = {8, 3};
    for (int i = 0; i < 2; i++) {
        crop c;
        rri_harvest_begin(&t.ledger);
        ck_assert(rri_harvest_pick(&c.n, c.order, c.ends, &t.ledger, 8, MOST));
        ck_assert_uint_eq(c.n, wanted[i]);
        rri_harvest_forget(&t.ledger, &t.rollout, c.n);
    }
    ck_assert_int_eq(scene_count(&t).rows, 0);
    scene_close(&t);
}
END_TEST

START_TEST(test_harvest_segments_are_n_steps_long_from_a_sessions_first_row_on)
{
    scene t;
    scene_open_rows(&t, MOST);
    for (uint64_t i = 0; i < 7; i++) {
        scene_record(&t, 1, 2 * i, 0);
        scene_record(&t, 2, 2 * i + 1, 0);
    }
    scene_end(&t, 1, RRI_END_TERMINATED); /* seven places */
    scene_end(&t, 2, RRI_END_CUT);        /* six */
    crop c;
    rri_harvest_begin(&t.ledger);
    ck_assert(rri_harvest_pick(&c.n, c.order, c.ends, &t.ledger, MOST, 3));
    const uint8_t ends[] = {0, 0, RRI_SEGMENT_FULL, 0, 0, RRI_SEGMENT_FULL, RRI_SEGMENT_LAST,
                            0, 0, RRI_SEGMENT_FULL, 0, 0, RRI_SEGMENT_LAST};
    ck_assert_uint_eq(c.n, sizeof ends);
    ck_assert_mem_eq(c.ends, ends, sizeof ends);
    scene_close(&t);
}
END_TEST

CHECK_MAIN("ledger/harvest", test_harvest_a_million_open_sessions_are_counted_and_bounded,
           test_harvest_a_session_may_be_a_hundred_thousand_rows_long,
           test_harvest_orders_by_key_and_then_by_arrival,
           test_harvest_a_session_cut_off_leads_to_its_last_row_and_does_not_train_on_it,
           test_harvest_says_that_nothing_is_ready,
           test_harvest_takes_no_more_than_fits_and_first_what_began_first,
           test_harvest_a_session_that_is_rejected_is_not_picked_but_forgotten_and_counted,
           test_harvest_dropping_what_is_ready_leaves_what_goes_on_or_waits,
           test_harvest_sessions_are_forgotten_in_any_state_and_the_others_stay,
           test_harvest_what_stays_is_as_if_the_others_had_never_been,
           test_harvest_fewer_rows_than_min_rows_wait_for_more,
           test_harvest_a_row_alone_does_not_stand_in_the_way_of_a_session_that_fills_an_update,
           test_harvest_segments_are_n_steps_long_from_a_sessions_first_row_on)
