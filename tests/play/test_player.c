/* SPDX-License-Identifier: MIT */
#include "play/player.h"

#include "agent_fixture.h"

START_TEST(test_player_of_an_agent_reads_and_writes_the_agent)
{
    const rig_shape shape = rig_usual();
    rig r;
    rig_open(&r, &shape);
    const rri_player player = rri_player_of_agent(r.agent);
    ck_assert_ptr_eq(player.config, &r.agent->config);
    ck_assert_ptr_eq(player.network, &r.agent->network);
    ck_assert_ptr_eq(player.items, r.items);
    ck_assert_uint_eq(player.seed, 11);
    ck_assert_uint_eq(player.max_rows, RRI_SLICE_ROWS);
    r.agent->n_draws = 5;
    rr_error err = {0};
    ck_assert_msg(rri_act_draw(&player, &r.obs, &r.decision, &err) == RR_OK, "%s", err.text);
    ck_assert_uint_eq(r.agent->n_draws, 5 + shape.n);
    rig_close(&r);
}
END_TEST

typedef struct seen {
    size_t n[5];
    size_t order[5], n_seen;
} seen;

static void see(void *context, size_t task, size_t worker)
{
    seen *s = context;
    ck_assert_uint_eq(worker, 0);
    s->n[task]++;
    s->order[s->n_seen++] = task;
}

START_TEST(test_player_without_workers_runs_every_task_once_on_the_calling_thread)
{
    const rri_player player = {.workers = NULL};
    seen s = {{0}, {0}, 0};
    rri_player_run(&player, see, &s, 5);
    for (size_t i = 0; i < 5; i++) {
        ck_assert_uint_eq(s.n[i], 1);
        ck_assert_uint_eq(s.order[i], i);
    }
}
END_TEST

CHECK_MAIN("play/player", test_player_of_an_agent_reads_and_writes_the_agent,
           test_player_without_workers_runs_every_task_once_on_the_calling_thread)
