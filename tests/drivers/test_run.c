/* SPDX-License-Identifier: MIT */
/* An update that is broken off leaves a run as it was before it, and the run goes on to the bytes
 * of one that was never disturbed. Asked to stop by a count of questions, so no clock decides. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "../support/check_run.h"
#include "driver/run.h"
#include "driver/text.h"

/* Rollouts of 8 × 4 rows in minibatches of 8, three times over. */
enum { N_ENVS = 8, N_STEPS = 4, N_MINIBATCHES = 12 };

/* What asks before an update is over: before each step, behind the last one, before each minibatch.
 */
enum { N_QUESTIONS = N_STEPS + 1 + N_MINIBATCHES };

static int n_asked;
static int stop_at; /* the question that is answered with yes, and all behind it; 0: none */

static int answer(void)
{
    n_asked += 1;
    return stop_at > 0 && n_asked >= stop_at;
}

typedef struct scene {
    settings s;
    world w;
    run r;
} scene;

static void open_scene(scene *t)
{
    const world_source from = {.spec = "synthetic"};
    settings_init(&t->s, "synthetic", "tower", RR_ALGO_PPO);
    t->s.env.num_items = 30;
    t->s.env.n_envs = N_ENVS;
    t->s.env.max_episode_steps = 7; /* sessions stay open at the end of a rollout */
    t->s.ppo.n_steps = N_STEPS;
    t->s.ppo.batch_size = 8;
    t->s.ppo.update_epochs = 3;
    t->s.ppo.target_kl = 0.0f;
    settings_derive(&t->s);
    world_open(&t->w, &from, &t->s);
    run_open(&t->r, &t->s, &t->w);
}

static void close_scene(scene *t)
{
    run_close(&t->r);
    world_close(&t->w);
}

/* A run's checkpoint in memory. */
typedef struct bytes {
    char *at; /* owned */
    size_t n;
} bytes;

static bytes save(const scene *t)
{
    static const run_origin origin = {.world = "synthetic"};
    char path[] = "/tmp/recrl_run_XXXXXX";
    rr_error err;
    bytes b = {.at = NULL};
    const int descriptor = mkstemp(path);
    ck_assert_int_ge(descriptor, 0);
    close(descriptor);
    ck_assert_msg(run_save(&t->r, path, &origin, &err) == RR_OK, "%s", err.text);
    FILE *in = fopen(path, "rb");
    ck_assert_ptr_nonnull(in);
    fseek(in, 0, SEEK_END);
    b.n = (size_t)ftell(in);
    rewind(in);
    b.at = text_allocate(b.n, 1);
    ck_assert_uint_eq(fread(b.at, 1, b.n, in), b.n);
    fclose(in);
    unlink(path);
    return b;
}

static void assert_same(const bytes *a, const bytes *b, const char *when, int question)
{
    ck_assert_msg(a->n == b->n && memcmp(a->at, b->at, a->n) == 0, "%s (question %d)", when,
                  question);
}

START_TEST(test_run_a_broken_update_leaves_nothing_behind)
{
    static scene t;
    open_scene(&t);
    for (int n_updates = 0; n_updates < 2; n_updates++) {
        t.r.is_stopped = answer;
        const bytes before = save(&t);
        for (int question = N_QUESTIONS; question > 0; question--) { /* last: inside a rollout */
            t.r.seconds = 1e9; /* the one before was long */
            stop_at = question;
            n_asked = 0;
            ck_assert_msg(!run_update(&t.r), "it was not broken off at question %d", question);
            ck_assert_int_eq(rr_agent_updates(t.r.agent), n_updates);
            const bytes after = save(&t);
            assert_same(&before, &after, "a broken update left something", question);
            free(after.at);
        }
        free(before.at);
        stop_at = 0;
        n_asked = 0;
        ck_assert(run_update(&t.r));
        ck_assert_int_eq(n_asked, N_QUESTIONS);
    }
    const bytes disturbed = save(&t);
    close_scene(&t);
    open_scene(&t);
    ck_assert(run_update(&t.r) && run_update(&t.r));
    const bytes whole = save(&t);
    close_scene(&t);
    assert_same(&whole, &disturbed, "it went on to other bytes", 0);
    free(whole.at);
    free(disturbed.at);
}
END_TEST

START_TEST(test_run_a_quick_update_is_not_broken_off)
{
    static scene t;
    open_scene(&t);
    t.r.is_stopped = answer;
    t.r.seconds = 0.0;
    stop_at = 1;
    n_asked = 0;
    ck_assert(run_update(&t.r));
    ck_assert_int_eq(n_asked, 0);
    close_scene(&t);
}
END_TEST

CHECK_MAIN("drivers/run", test_run_a_broken_update_leaves_nothing_behind,
           test_run_a_quick_update_is_not_broken_off)
