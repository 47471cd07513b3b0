/* SPDX-License-Identifier: MIT */
/* What rr_*_memory says before a handle is made is what its create then takes of the host, to the
 * byte, for machines of every kind. */
#include "check_run.h"
#include "loop/counting_host.h"
#include "loop/machine.h"

typedef struct scene {
    counting_host counts;
    rr_host host;
    rr_error err;
    size_t bytes;
} scene;

static void begin(scene *s)
{
    memset(s, 0, sizeof *s);
    s->host = counting_host_of(&s->counts);
}

/* What was said, and what is held since. */
static void expect_held(scene *s, rr_status said, const char *what)
{
    machine_require(said, &s->err);
    ck_assert_msg(s->bytes == s->counts.live_bytes && s->bytes > 0, "%s: said %zu, holds %zu", what,
                  s->bytes, s->counts.live_bytes);
}

START_TEST(test_memory_of_items_is_what_they_take)
{
    static float vectors[300 * 5];
    static uint64_t keys[300];
    for (uint64_t i = 0; i < 300; i++) {
        keys[i] = i * 77;
    }
    for (int32_t n = 1; n <= 300; n += 23) {
        for (int32_t has_keys = 0; has_keys < 2; has_keys++) {
            scene s;
            begin(&s);
            rr_items *items = NULL;
            machine_require(rr_items_create(&items, vectors, has_keys != 0 ? keys : NULL, n, 5,
                                            NULL, &s.host, &s.err),
                            &s.err);
            expect_held(&s, rr_items_memory(n, 5, has_keys, &s.bytes, &s.err), "items");
            rr_items_release(items);
        }
        scene s;
        begin(&s);
        rr_items *items = NULL;
        machine_require(rr_items_create_random(&items, n, 7, 1, &s.host, &s.err), &s.err);
        expect_held(&s, rr_items_memory(n, 7, 0, &s.bytes, &s.err), "random items");
        rr_items_release(items);
    }
}
END_TEST

/* Items and users random and given, with lists and without, histories of every length. */
START_TEST(test_memory_of_an_environment_is_what_it_takes)
{
    static float users[9 * 6];
    for (int32_t variant = 0; variant < 24; variant++) {
        rr_env_config config;
        rr_env_config_init(&config, sizeof config);
        config.n_envs = 3 + variant;
        config.num_items = 40;
        config.state_dim = 12;
        config.num_candidates = variant % 3 * 5;
        config.history_length = variant % 4 - 1;
        config.tire = variant == 23 ? 0.2f : 0.0f;
        const bool has_items = variant % 2 == 0, has_users = variant / 2 % 2 != 0 && variant < 23;
        scene s;
        begin(&s);
        rr_items *items = NULL;
        if (has_items) {
            machine_require(rr_items_create_random(&items, 50, 6, 3, NULL, &s.err), &s.err);
        }
        rr_env *env = NULL;
        machine_require(rr_env_create(&env, &config, items, has_users ? users : NULL,
                                      has_users ? 9 : 0, &s.host, &s.err),
                        &s.err);
        expect_held(&s, rr_env_memory(&config, items, has_users ? 9 : 0, &s.bytes, &s.err), "env");
        machine_require(rr_env_reset(env, &s.err), &s.err);
        machine_require(rr_env_seed(env, 4, &s.err), &s.err);
        ck_assert_uint_eq(s.bytes, s.counts.live_bytes);
        rr_env_destroy(env);
        rr_items_release(items);
    }
}
END_TEST

/* Agent, rollout, metrics, watch, reader and slot of each plan. */
START_TEST(test_memory_of_a_machine_is_what_it_takes)
{
    for (size_t p = 0; p < MACHINE_PLANS; p++) {
        const machine_plan *plan = &machine_plans[p];
        if (!machine_is_tried(plan)) {
            continue;
        }
        for (int32_t n_threads = 1; n_threads <= 3; n_threads += 2) {
            scene s;
            begin(&s);
            rr_items *items = NULL;
            if (!plan->is_own) {
                machine_require(rr_items_create_random(&items, plan->num_items, plan->item_dim, 1,
                                                       NULL, &s.err),
                                &s.err);
            }
            rr_agent *agent = NULL;
            machine_require(
                machine_create_agent(&agent, plan, 1, n_threads, items, &s.host, &s.err), &s.err);
            expect_held(&s, machine_agent_memory(&s.bytes, plan, n_threads, items, &s.err),
                        plan->name);

            rr_policy *policy = NULL;
            machine_require(rr_agent_publish(agent, NULL, &policy, &s.err), &s.err);
            rr_reader *reader = NULL;
            s.host.user = &s.counts;
            counting_host others = {0};
            const rr_host host = counting_host_of(&others);
            machine_require(rr_reader_create(&reader, policy, 1, &host, &s.err), &s.err);
            machine_require(rr_reader_memory(policy, &s.bytes, &s.err), &s.err);
            ck_assert_uint_eq(s.bytes, others.live_bytes);
            rr_reader_destroy(reader);
            rr_slot *slot = NULL;
            machine_require(rr_slot_create(&slot, policy, 5, &host, &s.err), &s.err);
            machine_require(rr_slot_memory(5, &s.bytes, &s.err), &s.err);
            ck_assert_uint_eq(s.bytes, others.live_bytes);
            rr_slot_release(slot);

            rr_health *health = NULL;
            machine_require(rr_health_create(&health, NULL, agent, &host, &s.err), &s.err);
            machine_require(rr_health_memory(agent, &s.bytes, &s.err), &s.err);
            ck_assert_uint_eq(s.bytes, others.live_bytes);
            rr_health_destroy(health);
            rr_buffer *buffer = NULL;
            const rr_buffer_config config = machine_buffer_config(plan);
            machine_require(rr_buffer_create(&buffer, &config, &host, &s.err), &s.err);
            machine_require(rr_buffer_memory(&config, &s.bytes, &s.err), &s.err);
            ck_assert_uint_eq(s.bytes, others.live_bytes);
            rr_buffer_destroy(buffer);
            if (items != NULL) {
                rr_metrics *metrics = NULL;
                machine_require(
                    rr_metrics_create(&metrics, items, plan->n_envs, 100, 9, &host, &s.err),
                    &s.err);
                machine_require(rr_metrics_memory(items, plan->n_envs, 100, 9, &s.bytes, &s.err),
                                &s.err);
                ck_assert_uint_eq(s.bytes, others.live_bytes);
                rr_metrics_destroy(metrics);
            }
            ck_assert_uint_eq(others.live_bytes, 0);
            rr_policy_release(policy);
            rr_agent_destroy(agent);
            rr_items_release(items);
            ck_assert_uint_eq(s.counts.live_bytes, 0);
        }
    }
}
END_TEST

START_TEST(test_memory_refuses_what_create_refuses)
{
    size_t bytes = 7;
    rr_error err = {0};
    rr_env_config env;
    rr_env_config_init(&env, sizeof env);
    env.state_dim = 63;
    ck_assert_int_eq(rr_env_memory(&env, NULL, 0, &bytes, &err), RR_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "state_dim is 63"));
    ck_assert_int_eq(rr_env_memory(NULL, NULL, -1, &bytes, &err), RR_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "n_users is -1"));
    ck_assert_int_eq(rr_items_memory(0, 3, 0, &bytes, &err), RR_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "items: n is 0"));
    ck_assert_int_eq(rr_items_memory(3, 4097, 0, &bytes, &err), RR_E_INVALID);
    ck_assert_int_eq(rr_slot_memory(0, &bytes, &err), RR_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "rr_slot_memory: max_readers is 0"));
    ck_assert_int_eq(rr_metrics_memory(NULL, 1, 1, 1, &bytes, &err), RR_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "rr_metrics_memory: items is NULL"));
    ck_assert_int_eq(rr_reader_memory(NULL, &bytes, &err), RR_E_INVALID);
    ck_assert_int_eq(rr_health_memory(NULL, &bytes, &err), RR_E_INVALID);
    ck_assert_uint_eq(bytes, 7);
    ck_assert_int_eq(rr_items_memory(3, 4, 0, NULL, &err), RR_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "bytes is NULL"));
}
END_TEST

CHECK_MAIN("loop/memory", test_memory_of_items_is_what_they_take,
           test_memory_of_an_environment_is_what_it_takes,
           test_memory_of_a_machine_is_what_it_takes, test_memory_refuses_what_create_refuses)
