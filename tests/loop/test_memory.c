/* SPDX-License-Identifier: MIT */
/* What rr_*_memory says before a handle is made is what its create then takes of the host, to the
 * byte, for machines of every kind. */
#define _POSIX_C_SOURCE 200809L /* mkstemp */
#include <stdio.h>
#include <unistd.h>

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
            expect_held(&s, rr_items_memory(n, 5, 0, has_keys, &s.bytes, &s.err), "items");
            rr_items_release(items);
        }
        scene s;
        begin(&s);
        rr_items *items = NULL;
        machine_require(rr_items_create_random(&items, n, 7, 1, &s.host, &s.err), &s.err);
        expect_held(&s, rr_items_memory(n, 7, 0, 0, &s.bytes, &s.err), "random items");
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
            rr_items *items = machine_items(plan);
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

/* Tables double: numbers of keys on both sides of each power of two, each id again and again. */
START_TEST(test_memory_of_a_dataset_is_what_it_holds)
{
    enum { N = 300 };
    static uint64_t users[N], items[N];
    static float ratings[N];
    static uint8_t marks[N];
    static const int32_t some[] = {1, 2, 31, 32, 33, 64, 65, 127, 128, 129, N};
    for (size_t q = 0; q < sizeof some / sizeof some[0]; q++) {
        for (size_t i = 0; i < N; i++) {
            users[i] = i % (size_t)some[q];
            items[i] = 7 * (i % (size_t)some[sizeof some / sizeof some[0] - 1 - q]);
            marks[i] = i % 3 == 0;
        }
        const int32_t n_items = some[sizeof some / sizeof some[0] - 1 - q];
        scene s;
        begin(&s);
        rr_dataset *dataset = NULL;
        machine_require(
            rr_dataset_create(&dataset, users, items, ratings, NULL, N, &s.host, &s.err), &s.err);
        expect_held(&s, rr_dataset_memory(N, some[q], n_items, &s.bytes, &s.err), "dataset");
        ck_assert_uint_le(s.counts.peak_bytes, s.bytes + s.bytes / 2);

        counting_host others = {0};
        const rr_host host = counting_host_of(&others);
        for (uint8_t part = 0; part < 3; part++) { /* of the last there are no rows */
            rr_dataset *selected = NULL;
            machine_require(rr_dataset_select(&selected, dataset, marks, part, &host, &s.err),
                            &s.err);
            machine_require(rr_dataset_select_memory(dataset, marks, part, &s.bytes, &s.err),
                            &s.err);
            ck_assert_uint_eq(s.bytes, others.live_bytes);
            ck_assert_uint_eq(s.bytes, others.peak_bytes);
            rr_dataset_destroy(selected);
            others.peak_bytes = 0;
        }
        rr_dataset_destroy(dataset);
    }
}
END_TEST

/* Texts of which some begin otherwise than they go on: long lines first, so that too little room is
 * made, or short ones first; ids that are all new, or all the same; ids in quotes, which are read
 * the long way; a log with propensities; a header alone in its block. */
typedef struct text_plan {
    const char *name, *header;
    const char *first, *later; /* formats of a line, of its number */
    int n_first, n;
    bool has_new_ids; /* each line brings another user and another item */
} text_plan;

static const text_plan texts[] = {
    {"ids all new", "user_id\titem_id\n", "%1$d\t%1$d\n", "%1$d\t%1$d\n", 0, 9000, true},
    {"long lines first", "user_id,item_id,rating,timestamp\n",
     "1000000000%1$06d,2000000000%1$06d,0.333333,00000000000001\n", "%1$d,%1$d,1,2\n", 300, 30000,
     true},
    {"short lines first", "user_id\titem_id\n", "1\t2\n", "100000000%1$06d\t2000000%1$06d\n", 900,
     9000, false},
    {"one user, one item", "user_id\titem_id\n", "1\t2\n", "1\t2\n", 0, 9000, false},
    {"quoted", "user_id,item_id,note\n", "\"a%1$d\",\"b, %1$d\",\"x\"\n",
     "\"a%1$d\",\"b, %1$d\",\"x\"\n", 0, 3000, true},
    {"a log", "user_id,item_id,rating,position,propensity_score\n", "%1$d,%1$d,1,1,0.5\n",
     "%1$d,%1$d,0,2,0.25\n", 10, 3000, true},
};

static void write_text(const char *path, const text_plan *plan)
{
    FILE *file = fopen(path, "w");
    ck_assert_ptr_nonnull(file);
    fputs(plan->header, file);
    for (int i = 0; i < plan->n; i++) {
        fprintf(file, i < plan->n_first ? plan->first : plan->later, i + 1);
    }
    ck_assert_int_eq(fclose(file), 0);
}

START_TEST(test_memory_of_loading_is_never_more_than_was_said)
{
    static const int32_t block_bytes[] = {96, 4096, 2097152}, n_threads[] = {1, 3};
    char path[] = "/tmp/recrl-memory-XXXXXX";
    const int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
    for (size_t q = 0; q < 6 * sizeof texts / sizeof texts[0]; q++) {
        const text_plan *plan = &texts[q / 6];
        write_text(path, plan);
        rr_load_options options;
        rr_load_options_init(&options, sizeof options);
        options.block_bytes = block_bytes[q % 3];
        options.num_threads = n_threads[q / 3 % 2];
        scene s;
        begin(&s);
        machine_require(rr_dataset_load_memory(path, &options, &s.host, &s.bytes, &s.err), &s.err);
        ck_assert_uint_eq(s.counts.live_bytes, 0);
        s.counts.peak_bytes = 0;
        options.memory_limit = s.bytes;
        rr_dataset *dataset = NULL;
        machine_require(rr_dataset_load(&dataset, path, &options, &s.host, &s.err), &s.err);
        ck_assert_int_eq(rr_dataset_count(dataset), plan->n);
        ck_assert_msg(s.counts.peak_bytes <= s.bytes, "%s, blocks of %d, %d threads: %zu, said %zu",
                      plan->name, (int)options.block_bytes, (int)options.num_threads,
                      s.counts.peak_bytes, s.bytes);
        if (plan->has_new_ids) { /* what is said is not out of all proportion, either */
            ck_assert_uint_le(s.bytes, 3 * s.counts.peak_bytes);
        }
        rr_dataset_destroy(dataset);
        ck_assert_uint_eq(s.counts.live_bytes, 0);
    }
    unlink(path);
}
END_TEST

START_TEST(test_memory_of_a_policy_file_is_what_it_holds)
{
    char path[] = "/tmp/recrl-memory-XXXXXX";
    const int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
    for (size_t p = 0; p < MACHINE_PLANS; p++) {
        const machine_plan *plan = &machine_plans[p];
        if (!machine_is_tried(plan)) {
            continue;
        }
        scene s;
        begin(&s);
        rr_items *items = machine_items(plan);
        rr_agent *agent = NULL;
        rr_policy *policy = NULL, *loaded = NULL;
        machine_require(machine_create_agent(&agent, plan, 1, 1, items, NULL, &s.err), &s.err);
        machine_require(rr_agent_publish(agent, NULL, &policy, &s.err), &s.err);
        machine_require(rr_policy_save(policy, path, &s.err), &s.err);
        machine_require(rr_policy_load(&loaded, path, items, &s.host, &s.err), &s.err);
        expect_held(&s, rr_policy_file_memory(path, items, &s.bytes, &s.err), plan->name);
        rr_policy_release(loaded);
        rr_policy_release(policy);
        rr_agent_destroy(agent);
        rr_items_release(items);
    }
    unlink(path);
}
END_TEST

/* A catalogue of generation 0, of a few generations, and of so many that their history has grown;
 * with features and without. */
static rr_items *make_line(int32_t n_generations, int32_t feature_dim, rr_error *err)
{
    static float vectors[200 * 5], features[200 * 3];
    static uint64_t keys[200];
    for (uint64_t i = 0; i < 200; i++) {
        keys[i] = i * 77;
    }
    const rr_items_options options = {
        .struct_size = sizeof options, .feature_dim = feature_dim, .features = features};
    const rr_items_options *given = feature_dim > 0 ? &options : NULL;
    rr_items *items = NULL, *next = NULL;
    machine_require(rr_items_create(&items, vectors, keys, 200, 5, given, NULL, err), err);
    for (int32_t g = 0; g < n_generations; g++) {
        const uint64_t key = 5 + (uint64_t)g, gone = g == 0 ? 77 : key - 1;
        machine_require(rr_items_follow(&next, items, &gone, 1, &key, vectors, 1, given, NULL, err),
                        err);
        rr_items_release(items);
        items = next;
    }
    return items;
}

START_TEST(test_memory_of_a_catalogue_file_and_of_compacting_is_what_they_take)
{
    const int32_t n_generations[] = {0, 3, 150};
    char path[] = "/tmp/recrl_items_XXXXXX";
    const int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
    for (size_t i = 0; i < 6; i++) {
        scene s;
        size_t held = 0;
        begin(&s);
        rr_items *items = make_line(n_generations[i / 2], i % 2 == 0 ? 0 : 3, &s.err), *out = NULL;
        machine_require(rr_items_save(items, path, &s.err), &s.err);
        machine_require(rr_items_load(&out, path, &s.host, &s.err), &s.err);
        machine_require(rr_items_file_memory(path, &s.bytes, &held, &s.err), &s.err);
        ck_assert_uint_eq(held, s.counts.live_bytes);
        ck_assert_uint_ge(s.bytes, s.counts.peak_bytes);
        /* more by the items that were not there from the first, and by the text of a header */
        const double of_file = i / 2 < 2 ? 1.1 : 1.5;
        ck_assert_double_le((double)s.bytes, of_file * (double)s.counts.peak_bytes + 4096.0);
        machine_require(rr_items_file_memory(path, &s.bytes, NULL, &s.err), &s.err);
        rr_items_release(out);
        ck_assert_uint_eq(s.counts.live_bytes, 0);

        s.counts.peak_bytes = 0;
        machine_require(rr_items_compact(&out, items, &s.host, NULL, &s.err), &s.err);
        machine_require(rr_items_compact_memory(items, &s.bytes, &held, &s.err), &s.err);
        ck_assert_uint_eq(held, s.counts.live_bytes);
        ck_assert_uint_eq(s.bytes, s.counts.peak_bytes);
        rr_items_release(out);
        rr_items_release(items);
    }
    scene s;
    begin(&s);
    ck_assert_int_eq(truncate(path, 40), 0);
    ck_assert_int_eq(rr_items_file_memory(path, &s.bytes, NULL, &s.err), RR_E_FORMAT);
    remove(path);
    ck_assert_int_eq(rr_items_file_memory(path, &s.bytes, NULL, &s.err), RR_E_IO);
    rr_items *items = NULL, *none = NULL;
    const uint64_t gone[2] = {0, 1};
    machine_require(rr_items_create_random(&items, 2, 3, 1, NULL, &s.err), &s.err);
    machine_require(rr_items_follow(&none, items, gone, 2, NULL, NULL, 0, NULL, NULL, &s.err),
                    &s.err);
    ck_assert_int_eq(rr_items_compact_memory(none, &s.bytes, NULL, &s.err), RR_E_STATE);
    rr_items_release(items);
    rr_items_release(none);
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
    ck_assert_int_eq(rr_items_memory(0, 3, 0, 0, &bytes, &err), RR_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "items: n is 0"));
    ck_assert_int_eq(rr_items_memory(3, 4097, 0, 0, &bytes, &err), RR_E_INVALID);
    ck_assert_int_eq(rr_slot_memory(0, &bytes, &err), RR_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "rr_slot_memory: max_readers is 0"));
    ck_assert_int_eq(rr_metrics_memory(NULL, 1, 1, 1, &bytes, &err), RR_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "rr_metrics_memory: items is NULL"));
    ck_assert_int_eq(rr_reader_memory(NULL, &bytes, &err), RR_E_INVALID);
    ck_assert_int_eq(rr_health_memory(NULL, &bytes, &err), RR_E_INVALID);
    ck_assert_int_eq(rr_dataset_memory(0, 1, 1, &bytes, &err), RR_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "n is 0; it must be at least 1"));
    ck_assert_int_eq(rr_dataset_memory(3, 4, 1, &bytes, &err), RR_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "n_users is 4; it must be in [1, 3]"));
    ck_assert_int_eq(rr_dataset_memory(3, 3, 0, &bytes, &err), RR_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "n_items is 0; it must be in [1, 3]"));
    ck_assert_int_eq(rr_dataset_memory(INT64_MAX, 1, 1, &bytes, &err), RR_E_MEMORY);
    ck_assert_int_eq(rr_dataset_select_memory(NULL, NULL, 0, &bytes, &err), RR_E_INVALID);
    ck_assert_int_eq(rr_dataset_load_memory("/no/such/file", NULL, NULL, &bytes, &err), RR_E_IO);
    ck_assert_int_eq(rr_dataset_load_memory(NULL, NULL, NULL, &bytes, &err), RR_E_INVALID);
    ck_assert_int_eq(rr_policy_file_memory("/no/such/file", NULL, &bytes, &err), RR_E_IO);
    ck_assert_int_eq(rr_policy_file_memory("/proc/self/exe", NULL, &bytes, &err), RR_E_FORMAT);
    ck_assert_uint_eq(bytes, 7);
    ck_assert_int_eq(rr_items_memory(3, 4, 0, 0, NULL, &err), RR_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "bytes is NULL"));
}
END_TEST

/* What an agent takes for its encoder, and beside: with it less without it. */
static double memory_of_encoder(int32_t encoder, int32_t width, int32_t history, int32_t room)
{
    rr_error err;
    size_t bytes[2] = {0};
    rr_items *items = NULL;
    rr_ppo_config ppo;
    rr_ppo_config_init(&ppo, sizeof ppo);
    machine_require(rr_items_create_random(&items, 100 * room, 8, 1, NULL, &err), &err);
    for (int32_t i = 0; i < 2; i++) {
        rr_agent_config config;
        rr_agent_config_init(&config, sizeof config);
        config.state_dim = 4;
        config.item_dim = 8;
        config.hidden[0] = config.critic_hidden[0] = 8;
        config.max_rows = 16 * room;
        config.max_candidates = 50 * room;
        config.max_history = 128 * room;
        config.encoder = i == 0 ? RR_ENCODER_NONE : encoder;
        config.encoder_width = width;
        config.encoder_history = history;
        machine_require(rr_agent_memory(&config, &ppo, items, &bytes[i], &err), &err);
    }
    rr_items_release(items);
    return (double)bytes[1] - (double)bytes[0];
}

/* With rows that are encoded together × history × width, and with no other room of an agent: not
 * with its catalogue, rows, candidates, or how long histories may be. */
START_TEST(test_memory_of_an_encoder_grows_with_history_and_width_alone)
{
    for (int32_t encoder = RR_ENCODER_MEAN; encoder <= RR_ENCODER_TRANSFORMER; encoder++) {
        const double one = memory_of_encoder(encoder, 64, 64, 1);
        const double roomy = memory_of_encoder(encoder, 64, 64, 3);
        const double longer = memory_of_encoder(encoder, 64, 128, 1);
        const double wider = memory_of_encoder(encoder, 128, 64, 1);
        ck_assert_double_gt(one, 0.0);
        ck_assert_double_le(roomy, 1.01 * one);
        ck_assert_double_lt(longer,
                            2.2 * one);        /* attention's p has a row of the history's length */
        ck_assert_double_lt(wider, 4.0 * one); /* weights are squares */
        if (encoder != RR_ENCODER_MEAN) {
            ck_assert_double_gt(longer, one);
            ck_assert_double_gt(wider, one);
        }
    }
}
END_TEST

CHECK_MAIN("loop/memory", test_memory_of_items_is_what_they_take,
           test_memory_of_an_environment_is_what_it_takes,
           test_memory_of_a_machine_is_what_it_takes,
           test_memory_of_an_encoder_grows_with_history_and_width_alone,
           test_memory_of_a_dataset_is_what_it_holds,
           test_memory_of_loading_is_never_more_than_was_said,
           test_memory_of_a_policy_file_is_what_it_holds,
           test_memory_of_a_catalogue_file_and_of_compacting_is_what_they_take,
           test_memory_refuses_what_create_refuses)
