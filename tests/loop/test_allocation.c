/* SPDX-License-Identifier: MIT */
/* After create, the daily calls allocate nothing: not through the host's allocator, and not behind
 * its back through malloc, also not in the C library on their behalf. */
#include "check_run.h"
#include "loop/counting_host.h"
#include "loop/machine.h"

#include <errno.h>
#include <stdatomic.h>

/* This program's malloc counts and hands on to glibc's. Sanitizers and valgrind bring a malloc of
 * their own; there, and elsewhere, the host's allocator alone is counted. */
#if defined(__GLIBC__) && !defined(__SANITIZE_ADDRESS__) && !defined(__SANITIZE_THREAD__)
#define COUNTS_MALLOC 1
#if defined(__has_feature)
#if __has_feature(address_sanitizer) || __has_feature(thread_sanitizer) ||                         \
    __has_feature(memory_sanitizer)
#undef COUNTS_MALLOC
#endif
#endif
#endif

static atomic_size_t n_mallocs;

#ifdef COUNTS_MALLOC
void *__libc_malloc(size_t bytes);
void *__libc_calloc(size_t n, size_t bytes);
void *__libc_realloc(void *block, size_t bytes);
void *__libc_memalign(size_t alignment, size_t bytes);
void __libc_free(void *block);

void *malloc(size_t bytes)
{
    atomic_fetch_add(&n_mallocs, 1);
    return __libc_malloc(bytes);
}
void *calloc(size_t n, size_t bytes)
{
    atomic_fetch_add(&n_mallocs, 1);
    return __libc_calloc(n, bytes);
}
void *realloc(void *block, size_t bytes)
{
    atomic_fetch_add(&n_mallocs, 1);
    return __libc_realloc(block, bytes);
}
void *memalign(size_t alignment, size_t bytes)
{
    atomic_fetch_add(&n_mallocs, 1);
    return __libc_memalign(alignment, bytes);
}
void *aligned_alloc(size_t alignment, size_t bytes)
{
    return memalign(alignment, bytes);
}
int posix_memalign(void **out, size_t alignment, size_t bytes)
{
    *out = memalign(alignment, bytes);
    return *out != NULL ? 0 : ENOMEM;
}
void free(void *block)
{
    __libc_free(block);
}
#endif

START_TEST(test_allocation_counter_counts)
{
#ifdef COUNTS_MALLOC
    if (machine_is_slow()) {
        return;
    }
    const size_t before = atomic_load(&n_mallocs);
    void *volatile block = malloc(10);
    free(block);
    rr_items *items = NULL;
    ck_assert_int_eq(rr_items_create_random(&items, 5, 3, 1, NULL, NULL), RR_OK);
    rr_items_release(items);
    ck_assert_uint_ge(atomic_load(&n_mallocs) - before, 2);
#else
    fprintf(stderr, "loop/allocation: malloc is a sanitizer's; the host's allocator is counted\n");
#endif
}
END_TEST

/* Every call that a host makes day by day, once around. */
static void live(machine *m)
{
    rr_error err;
    rr_decision decision = machine_decision(m);
    machine_update(m);
    machine_step(m);
    machine_observe(m);
    decision.policy_versions = NULL;
    machine_require(rr_agent_act(m->agent, &m->obs, &decision, &err), &err);
    float *entropies = m->rewards;
    int32_t positions[2 * 256];
    float best[2 * 256];
    machine_require(
        rr_agent_evaluate(m->agent, &m->obs, m->actions, m->log_probs, entropies, m->values, &err),
        &err);
    machine_require(rr_agent_top_k(m->agent, &m->obs, 2, positions, NULL, best, &err), &err);
    rr_agent_version(m->agent);
    if (m->env != NULL) {
        machine_require(rr_env_choose(m->env, RR_CHOOSER_ORACLE, NULL, 0.0f, m->actions, &err),
                        &err);
        machine_require(rr_env_choose(m->env, RR_CHOOSER_RANDOM, NULL, 0.0f, m->actions, &err),
                        &err);
    }
    rr_buffer_clear(m->buffer);
    /* Refusals allocate nothing either. */
    rr_obs bad = m->obs;
    bad.n = 0;
    if (rr_agent_act(m->agent, &bad, &decision, &err) == RR_OK) { /* ck_assert would allocate */
        abort();
    }
}

static void expect_no_allocation(const machine_plan *plan, int32_t num_threads)
{
    counting_host counts = {0};
    const rr_host host = counting_host_of(&counts);
    machine m;
    machine_create(&m, plan, 2, num_threads, &host);
    if (m.env != NULL) {
        rr_error err; /* begun in create */
        machine_require(rr_env_reset(m.env, &err), &err);
    }
    const size_t given = counts.n_allocations;
    const size_t mallocs = atomic_load(&n_mallocs);
    for (int i = 0; i < 3; i++) {
        live(&m);
    }
    const size_t mallocs_after = atomic_load(&n_mallocs);
    ck_assert_msg(counts.n_allocations == given, "%s, %d threads: %zu allocations", plan->name,
                  num_threads, counts.n_allocations - given);
    ck_assert_msg(mallocs_after == mallocs, "%s, %d threads: %zu calls of malloc", plan->name,
                  num_threads, mallocs_after - mallocs);
    machine_destroy(&m);
    ck_assert_uint_eq(counts.n_live, 0);
}

START_TEST(test_allocation_daily_calls_allocate_nothing_on_one_thread)
{
    for (size_t p = 0; p < MACHINE_PLANS; p++) {
        if (!machine_is_tried(&machine_plans[p])) {
            continue;
        }
        expect_no_allocation(&machine_plans[p], 1);
    }
}
END_TEST

START_TEST(test_allocation_daily_calls_allocate_nothing_on_two_threads)
{
    for (size_t p = 0; p < MACHINE_PLANS; p++) {
        if (!machine_is_tried(&machine_plans[p])) {
            continue;
        }
        expect_no_allocation(&machine_plans[p], 2);
    }
}
END_TEST

/* A reset is a daily call, too, and the metrics of an evaluation. */
START_TEST(test_allocation_evaluation_allocates_nothing)
{
    rr_error err;
    machine m;
    machine_create(&m, &machine_plans[0], 2, 1, NULL);
    rr_metrics *metrics = NULL;
    machine_require(rr_metrics_create(&metrics, rr_env_items(m.env), m.plan.n_envs, 50,
                                      m.plan.max_episode_steps, NULL, &err),
                    &err);
    rr_metrics_summary summary = {.struct_size = sizeof summary};
    const size_t mallocs = atomic_load(&n_mallocs);
    machine_require(rr_env_reset(m.env, &err), &err);
    while (!rr_metrics_is_complete(metrics)) {
        rr_decision decision = machine_decision(&m);
        machine_observe(&m);
        machine_require(rr_agent_act(m.agent, &m.obs, &decision, &err), &err);
        const rr_outcome outcome = machine_move(&m);
        machine_require(rr_metrics_add(metrics, m.items, &outcome, &err), &err);
    }
    ck_assert_uint_eq(atomic_load(&n_mallocs), mallocs);
    machine_require(rr_metrics_summarize(metrics, NULL, NULL, 0, &summary, &err), &err);
    ck_assert_int_eq(summary.n_sessions, 50);
    rr_metrics_destroy(metrics);
    machine_destroy(&m);
}
END_TEST

CHECK_MAIN("loop/allocation", test_allocation_counter_counts,
           test_allocation_daily_calls_allocate_nothing_on_one_thread,
           test_allocation_daily_calls_allocate_nothing_on_two_threads,
           test_allocation_evaluation_allocates_nothing)
