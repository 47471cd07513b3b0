/* SPDX-License-Identifier: MIT */
/* The library is a guest: all memory comes from the host's allocator and goes back to it, and where
 * there is none, the host hears of it. */
#include "check_run.h"
#include "loop/counting_host.h"
#include "loop/machine.h"

/* counting_host gives blocks no more aligned than asked for, full of noise, and looks at what
 * release is told. */
START_TEST(test_host_allocator_is_used_for_everything_and_given_all_back)
{
    for (size_t p = 0; p < MACHINE_PLANS; p++) {
        if (!machine_is_tried(&machine_plans[p])) {
            continue;
        }
        counting_host counts = {0};
        const rr_host host = counting_host_of(&counts);
        machine m, twin;
        machine_create(&m, &machine_plans[p], 2, 2, &host);
        machine_create(&twin, &machine_plans[p], 2, 1, NULL);
        ck_assert_uint_ge(counts.n_allocations, m.env != NULL ? 5 : 3);
        machine_update(&m);
        machine_update(&twin);
        ck_assert_uint_eq(m.hash, twin.hash); /* memory full of noise changes nothing */
        machine_destroy(&m);
        machine_destroy(&twin);
        ck_assert_uint_eq(counts.n_live, 0);
        ck_assert_uint_eq(counts.live_bytes, 0);
        ck_assert_uint_eq(counts.n_wrong, 0);
    }
}
END_TEST

static rr_status make_items(const rr_host *host, rr_error *err)
{
    const float vectors[6] = {1, 2, 3, 4, 5, 6};
    const uint64_t keys[3] = {7, 70, 700};
    rr_items *items = NULL;
    const rr_status status = rr_items_create(&items, vectors, keys, 3, 2, NULL, host, err);
    ck_assert((items == NULL) == (status != RR_OK));
    rr_items_release(items);
    return status;
}

static rr_status make_env(const rr_host *host, rr_error *err)
{
    rr_env_config config;
    rr_env_config_init(&config, sizeof config);
    config.num_items = 20;
    config.num_candidates = 5;
    rr_env *env = NULL;
    const rr_status status = rr_env_create(&env, &config, NULL, NULL, 0, host, err);
    ck_assert((env == NULL) == (status != RR_OK));
    rr_env_destroy(env);
    return status;
}

static rr_status make_agent(const rr_host *host, rr_error *err)
{
    const machine_plan *plan = &machine_plans[2];
    rr_items *items = NULL;
    machine_require(rr_items_create_random(&items, plan->num_items, plan->item_dim, 1, NULL, err),
                    err);
    rr_agent *agent = NULL;
    rr_status status = machine_create_agent(&agent, plan, 1, 3, items, host, err);
    ck_assert((agent == NULL) == (status != RR_OK));
    if (status == RR_OK) {
        rr_items *others = NULL;
        machine_require(
            rr_items_create_random(&others, plan->num_items + 9, plan->item_dim, 2, NULL, err),
            err);
        const uint64_t before = rr_agent_version(agent);
        status = rr_agent_set_items(agent, others, err);
        ck_assert((rr_agent_version(agent) == before) == (status != RR_OK));
        ck_assert(rr_agent_items(agent) == (status == RR_OK ? others : items));
        rr_items_release(others);
    }
    rr_agent_destroy(agent);
    rr_items_release(items);
    return status;
}

static rr_status make_buffer(const rr_host *host, rr_error *err)
{
    const rr_buffer_config config = machine_buffer_config(&machine_plans[5]);
    rr_buffer *buffer = NULL;
    const rr_status status = rr_buffer_create(&buffer, &config, host, err);
    ck_assert((buffer == NULL) == (status != RR_OK));
    rr_buffer_destroy(buffer);
    return status;
}

static rr_status make_metrics(const rr_host *host, rr_error *err)
{
    rr_items *items = NULL;
    machine_require(rr_items_create_random(&items, 9, 2, 1, NULL, err), err);
    rr_metrics *metrics = NULL;
    const rr_status status = rr_metrics_create(&metrics, items, 4, 10, 5, host, err);
    ck_assert((metrics == NULL) == (status != RR_OK));
    rr_metrics_destroy(metrics);
    rr_items_release(items);
    return status;
}

static rr_status fit_dataset(const rr_host *host, rr_error *err)
{
    enum { N = 40 };
    uint64_t users[N], items[N];
    float ratings[N];
    for (size_t i = 0; i < N; i++) {
        users[i] = i % 7;
        items[i] = i % 6;
        ratings[i] = (float)(i % 5);
    }
    rr_dataset *dataset = NULL;
    rr_status status = rr_dataset_create(&dataset, users, items, ratings, NULL, N, host, err);
    ck_assert((dataset == NULL) == (status != RR_OK));
    if (status == RR_OK) {
        rr_als_config config;
        rr_als_config_init(&config, sizeof config);
        config.num_factors = 2;
        config.num_threads = 2;
        float user_vectors[7 * 4], item_vectors[6 * 4];
        status = rr_dataset_fit_als(dataset, &config, host, user_vectors, item_vectors, NULL, err);
    }
    rr_dataset_destroy(dataset);
    return status;
}

static rr_status load_dataset(const rr_host *host, rr_error *err)
{
    const char *path = "tests/data/fixtures/quoted.csv";
    rr_dataset *dataset = NULL;
    const rr_status status = rr_dataset_load(&dataset, path, NULL, host, err);
    ck_assert((dataset == NULL) == (status != RR_OK));
    rr_dataset_destroy(dataset);
    return status;
}

/* Each allocation of a call is refused in turn, until there is none left to refuse. */
static void expect_memory_errors(rr_status (*make)(const rr_host *, rr_error *), const char *what,
                                 size_t at_least)
{
    for (size_t at = 1;; at++) {
        counting_host counts = {.fails_at = at};
        const rr_host host = counting_host_of(&counts);
        rr_error err = {0};
        const rr_status status = make(&host, &err);
        ck_assert_msg(counts.n_live == 0, "%s: %zu blocks are lost when allocation %zu fails", what,
                      counts.n_live, at);
        ck_assert_msg(counts.n_wrong == 0, "%s: a release was wrong", what);
        if (counts.n_allocations < at) {
            ck_assert_msg(status == RR_OK, "%s: %s", what, err.text);
            ck_assert_msg(at > at_least, "%s takes %zu allocations", what, at - 1);
            return;
        }
        ck_assert_msg(status == RR_E_MEMORY, "%s: allocation %zu fails, and the answer is %s", what,
                      at, rr_status_name(status));
        ck_assert_int_eq(err.status, RR_E_MEMORY);
        ck_assert_int_gt((int)strlen(err.text), 10);
    }
}

START_TEST(test_host_without_memory_hears_of_it_and_loses_nothing)
{
    expect_memory_errors(make_items, "rr_items_create", 1);
    expect_memory_errors(make_env, "rr_env_create", 2);
    expect_memory_errors(make_agent, "rr_agent_create and set_items", 4);
    expect_memory_errors(make_buffer, "rr_buffer_create", 1);
    expect_memory_errors(make_metrics, "rr_metrics_create", 1);
    expect_memory_errors(fit_dataset, "rr_dataset_create and fit_als", 2);
    expect_memory_errors(load_dataset, "rr_dataset_load", 2);
}
END_TEST

START_TEST(test_host_of_half_an_allocator_is_refused)
{
    counting_host counts = {0};
    rr_host host = counting_host_of(&counts);
    rr_error err;
    host.release = NULL;
    ck_assert_int_eq(make_items(&host, &err), RR_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "release"));
    host = counting_host_of(&counts);
    host.allocate = NULL;
    ck_assert_int_eq(make_items(&host, &err), RR_E_INVALID);
    host = counting_host_of(&counts);
    host.reserved = 1;
    ck_assert_int_eq(make_items(&host, &err), RR_E_UNSUPPORTED);
    ck_assert_uint_eq(counts.n_allocations, 0);
}
END_TEST

/* The catalogue lives as long as anyone holds it, and dies by the allocator that made it. */
START_TEST(test_host_may_give_up_its_items_at_once)
{
    counting_host counts = {0};
    const rr_host host = counting_host_of(&counts);
    const machine_plan *plan = &machine_plans[0];
    rr_error err;
    rr_items *items = NULL;
    rr_agent *one = NULL, *other = NULL;
    machine_require(rr_items_create_random(&items, plan->num_items, plan->item_dim, 1, &host, &err),
                    &err);
    machine_require(machine_create_agent(&one, plan, 1, 1, items, NULL, &err), &err);
    machine_require(machine_create_agent(&other, plan, 1, 1, items, NULL, &err), &err);
    rr_items_release(items);
    ck_assert_uint_eq(counts.n_live, 1);
    rr_agent_destroy(one);
    ck_assert_uint_eq(counts.n_live, 1);
    ck_assert_int_eq(rr_items_count(rr_agent_items(other)), plan->num_items);
    rr_agent_destroy(other);
    ck_assert_uint_eq(counts.n_live, 0);
}
END_TEST

CHECK_MAIN("loop/host", test_host_allocator_is_used_for_everything_and_given_all_back,
           test_host_without_memory_hears_of_it_and_loses_nothing,
           test_host_of_half_an_allocator_is_refused, test_host_may_give_up_its_items_at_once)
