/* SPDX-License-Identifier: MIT */
/* Distinct handles on distinct threads at once, sharing a catalogue, do what each does alone. */
#include <pthread.h>

#include "check_run.h"
#include "loop/machine.h"

enum { N_THREADS = 8 };

typedef struct job {
    size_t plan;
    uint64_t seed;
    int32_t num_threads;
    uint64_t hash;
} job;

static void *run_job(void *context)
{
    job *j = context;
    j->hash = machine_run(&machine_plans[j->plan], j->seed, j->num_threads);
    return NULL;
}

START_TEST(test_threads_of_the_host_get_the_bytes_that_each_gets_alone)
{
    job jobs[N_THREADS];
    pthread_t threads[N_THREADS];
    for (size_t i = 0; i < N_THREADS; i++) {
        const size_t plan =
            machine_is_tried(&machine_plans[i % MACHINE_PLANS]) ? i % MACHINE_PLANS : 0;
        jobs[i] = (job){plan, 40 + i, i % 3 == 0 ? 2 : 1, 0};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, run_job, &jobs[i]), 0);
    }
    for (size_t i = 0; i < N_THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    for (size_t i = 0; i < N_THREADS; i++) {
        ck_assert_msg(jobs[i].hash == machine_run(&machine_plans[jobs[i].plan], jobs[i].seed, 1),
                      "%s: other bytes beside seven threads", machine_plans[jobs[i].plan].name);
    }
}
END_TEST

/* One catalogue, referenced and given up from everywhere. */
typedef struct shared_job {
    rr_items *items;
    uint64_t seed;
    uint64_t hash;
} shared_job;

static void *run_shared(void *context)
{
    shared_job *j = context;
    machine_plan plan = machine_plans[0];
    const size_t n = (size_t)plan.n_envs;
    uint64_t hash = 1;
    float *states = machine_array(n * 2 * (size_t)plan.item_dim, sizeof(float));
    int32_t actions[64];
    float log_probs[64];
    for (size_t i = 0; i < n * 2 * (size_t)plan.item_dim; i++) {
        states[i] = (float)((i * 7 + j->seed) % 13) / 13.0f - 0.5f;
    }
    const rr_obs obs = {.struct_size = sizeof obs,
                        .n = plan.n_envs,
                        .state_dim = 2 * plan.item_dim,
                        .states = states};
    rr_decision decision = {.struct_size = sizeof decision,
                            .n = plan.n_envs,
                            .actions = actions,
                            .log_probs = log_probs};
    for (int round = 0; round < (machine_is_slow() ? 3 : 20); round++) {
        rr_error err;
        rr_agent *agent = NULL;
        machine_require(machine_create_agent(&agent, &plan, j->seed, 1, j->items, NULL, &err),
                        &err);
        machine_require(rr_agent_act(agent, &obs, &decision, &err), &err);
        const uint64_t keys[3] = {0, 130, 131};
        int32_t found[3];
        machine_require(rr_items_find(j->items, keys, 3, found, &err), &err);
        hash = machine_hash(hash, found, sizeof found);
        hash = machine_hash(hash, actions, n * sizeof *actions);
        hash = machine_hash(hash, log_probs, n * sizeof *log_probs);
        rr_agent_destroy(agent);
    }
    free(states);
    j->hash = hash;
    return NULL;
}

START_TEST(test_threads_share_a_catalogue)
{
    rr_error err;
    rr_items *items = NULL;
    machine_require(rr_items_create_random(&items, machine_plans[0].num_items,
                                           machine_plans[0].item_dim, 3, NULL, &err),
                    &err);
    shared_job jobs[N_THREADS];
    pthread_t threads[N_THREADS];
    for (size_t i = 0; i < N_THREADS; i++) {
        jobs[i] = (shared_job){items, i, 0};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, run_shared, &jobs[i]), 0);
    }
    for (size_t i = 0; i < N_THREADS; i++) {
        pthread_join(threads[i], NULL);
    }
    for (size_t i = 0; i < N_THREADS; i++) {
        shared_job alone = {items, i, 0};
        run_shared(&alone);
        ck_assert_uint_eq(alone.hash, jobs[i].hash);
    }
    rr_items_release(items);
}
END_TEST

/* A handle may wander from thread to thread, one at a time. */
static void *run_update(void *context)
{
    machine_update(context);
    return NULL;
}

START_TEST(test_threads_may_hand_a_machine_on)
{
    machine m, still;
    machine_create(&m, &machine_plans[0], 9, 2, NULL);
    machine_create(&still, &machine_plans[0], 9, 2, NULL);
    for (int i = 0; i < 4; i++) {
        pthread_t thread;
        ck_assert_int_eq(pthread_create(&thread, NULL, run_update, &m), 0);
        pthread_join(thread, NULL);
        machine_update(&still);
    }
    ck_assert_uint_eq(m.hash, still.hash);
    machine_destroy(&m);
    machine_destroy(&still);
}
END_TEST

CHECK_MAIN("loop/threads", test_threads_of_the_host_get_the_bytes_that_each_gets_alone,
           test_threads_share_a_catalogue, test_threads_may_hand_a_machine_on)
