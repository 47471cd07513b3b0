/* SPDX-License-Identifier: MIT */
/* Rows of a log as a host sees them. */
#include <stdio.h>
#include <string.h>

#include "support/counting_host.h"

enum { S = 2, D = 2, ITEMS = 6, LIST = 3, ROOM = 16384 };

typedef struct scene {
    counting_host host;
    rr_items *items;
    unsigned char data[ROOM];
    size_t bytes;
    int n_said;
    char said[512];
    rr_rows *rows;
    rr_rows_view view;
} scene;

static void hear(void *user, int32_t level, const char *sentence)
{
    scene *t = (scene *)user; /* the host is its first member */
    ck_assert_int_eq(level, RR_LOG_WARNING);
    t->n_said++;
    snprintf(t->said, sizeof t->said, "%s", sentence);
}

static void open_scene(scene *t)
{
    memset(t, 0, sizeof *t);
    counting_host_init(&t->host);
    t->host.host.log = hear;
    const uint64_t keys[ITEMS] = {10, 11, 12, 13, 14, 15};
    float vectors[ITEMS * D];
    for (int i = 0; i < ITEMS * D; i++) {
        vectors[i] = (float)(i % 5) - 2.0f;
    }
    ck_assert_int_eq(rr_items_create(&t->items, vectors, keys, ITEMS, D, NULL, NULL, NULL), RR_OK);
}

static void close_scene(scene *t)
{
    rr_rows_destroy(t->rows);
    rr_items_release(t->items);
    ck_assert_uint_eq(t->host.n_live, 0);
}

/* A decision over `n` candidates from `first` on; the second one is chosen. */
static void decide(scene *t, uint64_t session, uint64_t id, int32_t first, int32_t n)
{
    const float state[S] = {(float)session / 10.0f, 1.0f};
    int32_t list[ITEMS], choice = 1;
    for (int32_t i = 0; i < n; i++) {
        list[i] = first + i;
    }
    const rr_obs obs = {.struct_size = sizeof obs,
                        .n = 1,
                        .n_candidates = n,
                        .state_dim = S,
                        .states = state,
                        .candidates = list,
                        .sessions = &session,
                        .decisions = &id,
                        .pool = t->items};
    const rr_decision decision = {.struct_size = sizeof decision, .n = 1, .actions = &choice};
    size_t bytes = 0;
    ck_assert_int_eq(
        rr_record_encode(&obs, &decision, 0, t->data + t->bytes, ROOM - t->bytes, &bytes, NULL),
        RR_OK);
    t->bytes += bytes;
}

static void earn(scene *t, uint64_t id, float reward, uint8_t terminated, uint8_t truncated)
{
    const rr_outcome outcome = {.struct_size = sizeof outcome,
                                .n = 1,
                                .decisions = &id,
                                .rewards = &reward,
                                .terminated = &terminated,
                                .truncated = &truncated};
    size_t bytes = 0;
    ck_assert_int_eq(
        rr_outcome_encode(&outcome, 0, t->data + t->bytes, ROOM - t->bytes, &bytes, NULL), RR_OK);
    t->bytes += bytes;
}

static void end(scene *t, uint64_t session, uint8_t terminated)
{
    const rr_ending ending = {
        .struct_size = sizeof ending, .n = 1, .sessions = &session, .terminated = &terminated};
    size_t bytes = 0;
    ck_assert_int_eq(
        rr_ending_encode(&ending, 0, t->data + t->bytes, ROOM - t->bytes, &bytes, NULL), RR_OK);
    t->bytes += bytes;
}

static void read_rows(scene *t, float gamma)
{
    rr_error err = {0};
    t->host.host.user = t;
    ck_assert_msg(rr_rows_read(&t->rows, t->data, t->bytes, t->items, gamma, &t->host.host, &err) ==
                      RR_OK,
                  "%s", err.text);
    t->view = (rr_rows_view){.struct_size = sizeof t->view};
    ck_assert_int_eq(rr_rows_get(t->rows, &t->view, NULL), RR_OK);
}

/* Two sessions that interleave, one key that comes back after its end, rewards that add up and come
 * late, and sessions that were cut off or go on. */
START_TEST(test_api_rows_have_the_discounted_returns_of_their_sessions)
{
    scene t;
    open_scene(&t);
    decide(&t, 7, 1, 0, 3);
    decide(&t, 8, 2, 1, 2);
    earn(&t, 1, 1.0f, 0, 0);
    decide(&t, 7, 3, 2, 3);
    earn(&t, 2, 4.0f, 0, 0);
    earn(&t, 1, 0.5f, 0, 0);
    decide(&t, 8, 4, 0, 4);
    earn(&t, 3, 2.0f, 1, 0);
    decide(&t, 7, 5, 0, 3); /* a new session of the same key */
    earn(&t, 4, 8.0f, 0, 1);
    earn(&t, 5, 16.0f, 0, 0);
    end(&t, 7, 1);
    decide(&t, 9, 6, 3, 2); /* goes on, and earned nothing yet */
    read_rows(&t, 0.5f);
    static const float rewards[] = {1.5f, 4.0f, 2.0f, 8.0f, 16.0f, 0.0f};
    static const float returns[] = {2.5f, 8.0f, 2.0f, 8.0f, 16.0f, 0.0f};
    ck_assert_int_eq(t.view.n, 6);
    ck_assert_mem_eq(t.view.rewards, rewards, sizeof rewards);
    ck_assert_mem_eq(t.view.returns, returns, sizeof returns);
    ck_assert_int_eq(t.view.n_sessions, 4);
    ck_assert_int_eq(t.view.n_open, 3); /* both of 8, and 9 */
    ck_assert_int_eq(t.view.n_unrewarded, 1);
    ck_assert_int_eq(t.view.n_stray + t.view.n_refused + t.view.n_duplicate, 0);
    ck_assert_int_eq(t.n_said, 0);
    const rr_obs *obs = t.view.obs;
    static const int32_t lengths[] = {3, 2, 3, 4, 3, 2};
    ck_assert_int_eq(obs->n_candidates, 4);
    ck_assert_mem_eq(obs->lengths, lengths, sizeof lengths);
    ck_assert_int_eq(obs->candidates[4 * 2 + 1], 3);
    ck_assert_float_eq(obs->states[S * 3], 0.8f);
    ck_assert_uint_eq(obs->sessions[3], 8);
    ck_assert_ptr_eq(obs->pool, t.items);
    close_scene(&t);
}
END_TEST

START_TEST(test_api_rows_teach_an_agent)
{
    scene t;
    open_scene(&t);
    for (uint64_t id = 1; id <= 40; id++) {
        decide(&t, id, id, (int32_t)(id % 3), LIST);
        earn(&t, id, (float)(id % 2), 1, 0);
    }
    read_rows(&t, 0.9f);
    rr_agent *agent = NULL;
    rr_agent_config config;
    rr_agent_config_init(&config, sizeof config);
    config.state_dim = S;
    config.item_dim = D;
    config.max_candidates = LIST;
    config.max_update_rows = 40;
    ck_assert_int_eq(rr_agent_create(&agent, &config, NULL, t.items, NULL, NULL), RR_OK);
    rr_imitate_report report = {.struct_size = sizeof report};
    ck_assert_int_eq(rr_agent_imitate(agent, t.view.obs, t.view.actions, NULL, t.view.returns, NULL,
                                      &report, NULL),
                     RR_OK);
    ck_assert_int_eq(report.n_rows, 40);
    ck_assert_float_lt(report.loss, report.start_loss);
    rr_agent_destroy(agent);
    close_scene(&t);
}
END_TEST

START_TEST(test_api_rows_count_and_tell_what_they_leave_out)
{
    scene t;
    open_scene(&t);
    decide(&t, 1, 1, 0, 3);
    const size_t damaged = t.bytes;
    decide(&t, 1, 2, 0, 3);
    decide(&t, 1, 1, 0, 3);   /* again */
    earn(&t, 99, 1.0f, 0, 0); /* of nobody */
    end(&t, 98, 1);
    decide(&t, 1, 3, 0, 3);
    t.data[damaged + 60] ^= 1;
    t.bytes -= 8; /* the last one is not whole */
    read_rows(&t, 0.9f);
    ck_assert_int_eq(t.view.n, 1);
    ck_assert_int_eq(t.view.n_duplicate, 1);
    ck_assert_int_eq(t.view.n_stray, 2);
    ck_assert_int_eq(t.view.n_refused, 2);
    ck_assert_int_eq(t.n_said, 1);
    ck_assert_ptr_nonnull(strstr(t.said, "2 blobs were refused; the first: a damaged blob"));
    close_scene(&t);
}
END_TEST

/* Today's catalogue is another one without key 10; items that are gone from a line likewise. */
START_TEST(test_api_rows_of_items_that_are_gone_are_left_out)
{
    scene t;
    open_scene(&t);
    decide(&t, 1, 1, 0, 3);
    decide(&t, 2, 2, 1, 3);
    const uint64_t gone = 10;
    rr_items *later = NULL;
    ck_assert_int_eq(rr_items_follow(&later, t.items, &gone, 1, NULL, NULL, 0, NULL, NULL, NULL),
                     RR_OK);
    rr_items_release(t.items);
    t.items = later;
    read_rows(&t, 0.9f);
    ck_assert_int_eq(t.view.n, 1);
    ck_assert_int_eq(t.view.n_refused, 1);
    ck_assert_ptr_nonnull(strstr(t.said, "item 0 is not, or no more, in the catalogue"));
    ck_assert_int_eq(t.view.obs->candidates[0], 1);
    close_scene(&t);
}
END_TEST

START_TEST(test_api_rows_arguments_are_judged_by_name)
{
    scene t;
    open_scene(&t);
    decide(&t, 1, 1, 0, 3);
    rr_error err = {0};
    ck_assert_int_eq(rr_rows_read(&t.rows, t.data, t.bytes, NULL, 1.5f, NULL, &err), RR_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "gamma is 1.5"));
    ck_assert_int_eq(rr_rows_read(&t.rows, NULL, 0, NULL, 0.9f, NULL, &err), RR_E_INVALID);
    ck_assert_int_eq(rr_rows_read(NULL, t.data, t.bytes, NULL, 0.9f, NULL, &err), RR_E_INVALID);
    ck_assert_int_eq(rr_rows_read(&t.rows, t.data, 40, NULL, 0.9f, NULL, &err), RR_E_NOT_FOUND);
    ck_assert_ptr_nonnull(strstr(err.text, "no decision of the log can be read"));
    ck_assert_ptr_null(t.rows);
    ck_assert_int_eq(rr_rows_get(NULL, &t.view, &err), RR_E_INVALID);
    for (size_t at = 1; at <= 2; at++) {
        t.host.n_calls = 0;
        t.host.fails_at = at;
        ck_assert_int_eq(rr_rows_read(&t.rows, t.data, t.bytes, t.items, 0.9f, &t.host.host, &err),
                         RR_E_MEMORY);
        ck_assert_uint_eq(t.host.n_live, 0);
    }
    rr_rows_destroy(NULL);
    close_scene(&t);
}
END_TEST

CHECK_MAIN("api/api_rows", test_api_rows_have_the_discounted_returns_of_their_sessions,
           test_api_rows_teach_an_agent, test_api_rows_count_and_tell_what_they_leave_out,
           test_api_rows_of_items_that_are_gone_are_left_out,
           test_api_rows_arguments_are_judged_by_name)
