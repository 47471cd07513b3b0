/* SPDX-License-Identifier: MIT */
#include "env/env.h"

#include <math.h>
#include <string.h>

#include "check_run.h"
#include "env/sessions.h"

/* A host's allocator that counts, and that fails at the call number fail_at (from 1; 0: never). */
typedef struct counter {
    size_t n_calls, n_bytes, n_live, fail_at;
} counter;

static void *count_allocate(void *user, size_t bytes, size_t alignment)
{
    counter *counts = user;
    counts->n_calls++;
    if (counts->n_calls == counts->fail_at) {
        return NULL;
    }
    counts->n_live++;
    counts->n_bytes += bytes;
    return aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
}

static void count_release(void *user, void *block, size_t bytes)
{
    counter *counts = user;
    (void)bytes;
    counts->n_live -= block != NULL ? 1 : 0;
    free(block);
}

static rri_allocator counted(counter *counts)
{
    const rr_host host = {.struct_size = sizeof host,
                          .allocate = count_allocate,
                          .release = count_release,
                          .user = counts};
    rri_allocator allocator;
    ck_assert_int_eq(rri_allocator_init(&allocator, &host, NULL), RR_OK);
    return allocator;
}

static rr_env_config default_config(void)
{
    rr_env_config config;
    rr_env_config_init(&config, sizeof config);
    config.num_items = 20;
    config.state_dim = 8;
    return config;
}

static void refuse(const rr_env_config *config, rr_items *items, const float *users, size_t n_users,
                   rr_status status, const char *sentence)
{
    counter counts = {0};
    const rri_allocator allocator = counted(&counts);
    rr_env *env = NULL;
    rr_error err = {0};
    ck_assert_int_eq(rri_env_create(&env, config, items, users, n_users, &allocator, &err), status);
    ck_assert_int_eq(err.status, status);
    ck_assert_ptr_nonnull(strstr(err.text, sentence));
    ck_assert_ptr_null(env);
    ck_assert_uint_eq(counts.n_live, 0);
}

static rr_items *items_of(const float *vectors, int32_t n, int32_t dim)
{
    rri_allocator allocator;
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    rr_items *items = NULL;
    ck_assert_int_eq(rri_items_create(&items, vectors, NULL, n, dim, &allocator, NULL), RR_OK);
    return items;
}

START_TEST(test_env_refuses_what_does_not_fit_together)
{
    rr_env_config config = default_config();
    config.num_folded = 5;
    refuse(&config, NULL, NULL, 0, RR_E_INVALID, "num_folded is 5; it must be in [0, 4]");
    config = default_config();
    config.num_candidates = 21;
    refuse(&config, NULL, NULL, 0, RR_E_INVALID, "num_candidates is 21; it must be in [0, 20]");
    config = default_config();
    config.num_candidates = 20;
    config.max_episode_steps = INT32_MAX;
    refuse(&config, NULL, NULL, 0, RR_E_UNSUPPORTED, "must be below 2^32");
    config = default_config();
    config.excludes_shown = 1;
    config.max_episode_steps = 20;
    refuse(&config, NULL, NULL, 0, RR_E_INVALID,
           "max_episode_steps is 20 with excludes_shown; it must be below 20, the number of items");
    config.num_candidates = 10;
    config.max_episode_steps = 10;
    refuse(&config, NULL, NULL, 0, RR_E_INVALID, "it must be below 10, the length of lists");

    const float vectors[] = {1.0f, 2.0f, 3.0f, 4.0f, 5.0f, 6.0f};
    rr_items *items = items_of(vectors, 2, 3);
    config = default_config();
    refuse(&config, items, NULL, 0, RR_E_INVALID, "state_dim is 8; it must be 6");
    config.state_dim = 6;
    config.num_candidates = 3;
    refuse(&config, items, NULL, 0, RR_E_INVALID, "num_candidates is 3; it must be in [0, 2]");
    config.num_candidates = 0;
    config.tire = 0.2f;
    refuse(&config, items, NULL, 0, RR_E_UNSUPPORTED, "tire is 0.2 with items given");
    const float user[] = {1.0f, 1.0f, 1.0f};
    refuse(&config, NULL, user, 1, RR_E_UNSUPPORTED, "tire is 0.2 with users given");
    rri_items_release(items);
}
END_TEST

START_TEST(test_env_refuses_users_that_are_not_finite_or_absurdly_long)
{
    rr_env_config config = default_config();
    config.state_dim = 4;
    float users[] = {1.0f, 2.0f, 3.0f, NAN};
    refuse(&config, NULL, users, 2, RR_E_NOT_FINITE, "users[1][1] is");
    users[3] = -INFINITY;
    refuse(&config, NULL, users, 2, RR_E_NOT_FINITE, "users[1][1] is -inf");

    const float vectors[] = {1e20f, 0.0f};
    rr_items *items = items_of(vectors, 1, 2);
    users[3] = 1e18f;
    refuse(&config, items, users, 2, RR_E_INVALID, "rewards are finite");
    rri_items_release(items);
}
END_TEST

START_TEST(test_env_resolves_its_config)
{
    counter counts = {0};
    const rri_allocator allocator = counted(&counts);
    const float vectors[] = {1.0f, 2.0f, 3.0f, 4.0f, 5.0f, 6.0f};
    rr_items *items = items_of(vectors, 3, 2);
    rr_env_config config = default_config();
    config.state_dim = 4;
    rr_env *env = NULL;
    ck_assert_int_eq(rri_env_create(&env, &config, items, NULL, 0, &allocator, NULL), RR_OK);
    ck_assert_int_eq(env->config.num_items, 3);
    ck_assert_int_eq(env->config.history_length, 20);
    ck_assert_ptr_eq(env->items, items);
    rri_env_destroy(env);
    rri_items_release(items);
    ck_assert_uint_eq(counts.n_live, 0);
    rri_env_destroy(NULL);
}
END_TEST

START_TEST(test_env_keeps_no_pointer_to_users)
{
    counter counts = {0};
    const rri_allocator allocator = counted(&counts);
    rr_env_config config = default_config();
    config.state_dim = 4;
    config.n_envs = 1;
    float user[] = {1.5f, 2.5f};
    rr_env *env = NULL;
    ck_assert_int_eq(rri_env_create(&env, &config, NULL, user, 1, &allocator, NULL), RR_OK);
    user[0] = NAN;
    rri_sessions_reset(env);
    ck_assert(env->present.states[0] == 1.5f && env->present.states[1] == 2.5f);
    rri_env_destroy(env);
}
END_TEST

START_TEST(test_env_without_memory_fails_cleanly_at_every_allocation)
{
    rr_env_config config = default_config();
    config.tire = 0.2f;
    size_t n_failures = 0;
    for (size_t fail_at = 1;; fail_at++) {
        counter counts = {.fail_at = fail_at};
        const rri_allocator allocator = counted(&counts);
        rr_env *env = NULL;
        rr_error err = {0};
        const rr_status status = rri_env_create(&env, &config, NULL, NULL, 0, &allocator, &err);
        if (status == RR_OK) {
            rri_env_destroy(env);
            ck_assert_uint_eq(counts.n_live, 0);
            break;
        }
        n_failures++;
        ck_assert_int_eq(status, RR_E_MEMORY);
        ck_assert_ptr_null(env);
        ck_assert_uint_eq(counts.n_live, 0);
    }
    ck_assert_uint_ge(n_failures, 3);
}
END_TEST

START_TEST(test_env_too_large_for_memory_is_refused)
{
    rr_env_config config = default_config();
    config.n_envs = INT32_MAX;
    config.max_episode_steps = INT32_MAX;
    config.history_length = INT32_MAX;
    refuse(&config, NULL, NULL, 0, RR_E_MEMORY, "memory");
}
END_TEST

START_TEST(test_env_allocates_nothing_after_create)
{
    rr_env_config config = default_config();
    config.tire = 0.3f;
    config.drift = 0.1f;
    config.num_candidates = 6;
    counter counts = {0};
    const rri_allocator allocator = counted(&counts);
    rr_env *env = NULL;
    ck_assert_int_eq(rri_env_create(&env, &config, NULL, NULL, 0, &allocator, NULL), RR_OK);
    const size_t n_calls = counts.n_calls;
    rri_sessions_reset(env);
    int32_t actions[64] = {0};
    for (int t = 0; t < 200; t++) {
        rr_outcome outcome;
        rri_sessions_step(env, actions, &outcome);
    }
    ck_assert_uint_eq(counts.n_calls, n_calls);
    rri_env_destroy(env);
    ck_assert_uint_eq(counts.n_live, 0);
}
END_TEST

/* All that creating an environment over these items asks of the host. */
static size_t bytes_with(int32_t n_envs, rr_items *items)
{
    rr_env_config config = default_config();
    config.n_envs = n_envs;
    counter counts = {0};
    const rri_allocator allocator = counted(&counts);
    rr_env *env = NULL;
    ck_assert_int_eq(rri_env_create(&env, &config, items, NULL, 0, &allocator, NULL), RR_OK);
    rri_env_destroy(env);
    return counts.n_bytes;
}

START_TEST(test_env_memory_of_a_session_does_not_depend_on_the_number_of_items)
{
    float *vectors = calloc(100000 * 4, sizeof *vectors);
    rr_items *few = items_of(vectors, 1000, 4);
    rr_items *many = items_of(vectors, 100000, 4);
    ck_assert_uint_eq(bytes_with(512, few), bytes_with(512, many));
    ck_assert_uint_lt(bytes_with(1024, many) - bytes_with(512, many), 512 * 1024);
    rri_items_release(few);
    rri_items_release(many);
    free(vectors);
}
END_TEST

CHECK_MAIN("env/env", test_env_refuses_what_does_not_fit_together,
           test_env_refuses_users_that_are_not_finite_or_absurdly_long,
           test_env_resolves_its_config, test_env_keeps_no_pointer_to_users,
           test_env_without_memory_fails_cleanly_at_every_allocation,
           test_env_too_large_for_memory_is_refused, test_env_allocates_nothing_after_create,
           test_env_memory_of_a_session_does_not_depend_on_the_number_of_items)
