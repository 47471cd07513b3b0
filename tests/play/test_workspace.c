/* SPDX-License-Identifier: MIT */
#include "play/workspace.h"

#include "agent_fixture.h"

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

START_TEST(test_workspace_without_workers_runs_every_task_once_on_the_calling_thread)
{
    const rri_workspace work = {.workers = NULL};
    seen s = {{0}, {0}, 0};
    rri_workspace_run(&work, see, &s, 5);
    for (size_t i = 0; i < 5; i++) {
        ck_assert_uint_eq(s.n[i], 1);
        ck_assert_uint_eq(s.order[i], i);
    }
}
END_TEST

CHECK_MAIN("play/workspace",
           test_workspace_without_workers_runs_every_task_once_on_the_calling_thread)
