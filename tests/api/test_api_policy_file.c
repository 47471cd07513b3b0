/* SPDX-License-Identifier: MIT */
/* Snapshots in files and memory, as a host sees them: recrl.h alone. */
#include <recrl/recrl.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <time.h>
#include <unistd.h>

#include "check_run.h"
#include "checkpoint_parts.h"

enum { S = 3, D = 2, N_ITEMS = 5 };

typedef struct table {
    rr_items *items;
    rr_agent *agent;
    rr_policy *policy;
    char folder[64], path[96];
} table;

static void must(rr_status status, const rr_error *err)
{
    ck_assert_msg(status == RR_OK, "%s", err->text);
}

static void open_table(table *t)
{
    *t = (table){0};
    rr_error err = {0};
    rr_agent_config config;
    rr_agent_config_init(&config, sizeof config);
    config.state_dim = S;
    config.item_dim = D;
    config.hidden[0] = config.critic_hidden[0] = 3;
    config.hidden[1] = config.critic_hidden[1] = 0;
    config.max_candidates = 2;
    config.max_history = 2;
    must(rr_items_create_random(&t->items, N_ITEMS, D, 1, NULL, &err), &err);
    must(rr_agent_create(&t->agent, &config, NULL, t->items, NULL, &err), &err);
    const float skip[D * S] = {0.3f, -0.2f, 0.5f, 0.1f, -0.4f, 0.2f};
    must(rr_agent_set_tensor(t->agent, "actor.skip.weight", skip, D * S, &err), &err);
    rr_serving_options options;
    rr_serving_options_init(&options, sizeof options);
    options.floor = 0.125f;
    must(rr_agent_publish(t->agent, &options, &t->policy, &err), &err);
    snprintf(t->folder, sizeof t->folder, "/tmp/recrl-policy-XXXXXX");
    ck_assert_ptr_nonnull(mkdtemp(t->folder));
    snprintf(t->path, sizeof t->path, "%s/policy.safetensors", t->folder);
}

static void close_table(table *t)
{
    (void)remove(t->path);
    (void)rmdir(t->folder);
    rr_policy_release(t->policy);
    rr_agent_destroy(t->agent);
    rr_items_release(t->items);
}

static void expect(rr_status got, rr_status wanted, const rr_error *err, const char *sentence)
{
    ck_assert_msg(got == wanted, "status %d, not %d (\"%s\")", got, wanted, err->text);
    ck_assert_msg(strstr(err->text, sentence) != NULL, "\"%s\" does not say \"%s\"", err->text,
                  sentence);
}

static unsigned char *save_memory(const table *t, size_t *bytes)
{
    rr_error err = {0};
    must(rr_policy_save_memory(t->policy, NULL, 0, bytes, &err), &err);
    unsigned char *block = malloc(*bytes);
    must(rr_policy_save_memory(t->policy, block, *bytes, bytes, &err), &err);
    return block;
}

START_TEST(test_api_policy_file_comes_back_as_it_went)
{
    table t;
    open_table(&t);
    rr_error err = {0};
    rr_policy *back = NULL;
    must(rr_policy_save(t.policy, t.path, &err), &err);
    must(rr_policy_load(&back, t.path, t.items, NULL, &err), &err);
    ck_assert_uint_eq(rr_policy_version(back), rr_policy_version(t.policy));
    rr_serving_options options;
    rr_serving_options_init(&options, sizeof options);
    must(rr_policy_get_options(back, &options, &err), &err);
    ck_assert(options.floor == 0.125f);
    size_t n = 0, again = 0;
    unsigned char *first = save_memory(&t, &n);
    rr_policy *before = t.policy;
    t.policy = back;
    unsigned char *second = save_memory(&t, &again);
    t.policy = before;
    ck_assert_uint_eq(n, again);
    ck_assert_mem_eq(first, second, n); /* one policy, one sequence of bytes */
    free(first);
    free(second);
    rr_policy_release(back);
    close_table(&t);
}
END_TEST

START_TEST(test_api_policy_file_any_byte_that_is_turned_and_any_end_that_is_missing_is_an_error)
{
    table t;
    open_table(&t);
    size_t n = 0;
    unsigned char *block = save_memory(&t, &n);
    for (size_t i = 0; i < n; i++) {
        rr_policy *back = NULL;
        block[i] ^= (unsigned char)(1u << (i % 8));
        const rr_status status = rr_policy_load_memory(&back, block, n, t.items, NULL, NULL);
        ck_assert_msg(status != RR_OK && back == NULL, "byte %zu of %zu was not missed", i, n);
        block[i] ^= (unsigned char)(1u << (i % 8));
    }
    for (size_t length = 0; length < n; length += length < 64 ? 1 : 97) {
        rr_policy *back = NULL;
        unsigned char *part = malloc(length + 1);
        memcpy(part, block, length);
        ck_assert_int_ne(rr_policy_load_memory(&back, part, length, t.items, NULL, NULL), RR_OK);
        ck_assert_ptr_null(back);
        free(part);
    }
    free(block);
    close_table(&t);
}
END_TEST

/* The decisions that a file replays are made of what its generation may choose: a catalogue of
 * which all but two are gone can be saved, and is read under a later generation in which they are
 * gone. */
START_TEST(test_api_policy_file_of_a_catalogue_of_which_most_is_gone)
{
    enum { MANY = 40 };
    for (int32_t feature_dim = 0; feature_dim < 2; feature_dim++) {
        table t;
        open_table(&t);
        rr_error err = {0};
        rr_agent_config config;
        rr_items *items = NULL, *later = NULL, *last = NULL;
        rr_agent *agent = NULL;
        rr_policy *policy = NULL, *loaded = NULL;
        uint64_t gone[MANY];
        const uint64_t keys[2] = {100, 101};
        const float vectors[2 * D] = {0.5f, -0.5f, 0.25f, 1.0f};
        for (uint64_t i = 0; i < MANY; i++) {
            gone[i] = i;
        }
        rr_agent_config_init(&config, sizeof config);
        config.state_dim = S;
        config.item_dim = D;
        config.feature_dim = feature_dim;
        config.max_candidates = 4;
        must(rr_items_create_random(&items, MANY, D, 1, NULL, &err), &err);
        must(rr_agent_create(&agent, &config, NULL, items, NULL, &err), &err);
        must(rr_items_follow(&later, items, gone, MANY - 1, keys, vectors, 1, NULL, NULL, &err),
             &err);
        must(rr_agent_set_items(agent, later, &err), &err);
        must(rr_agent_publish(agent, NULL, &policy, &err), &err);
        must(rr_policy_save(policy, t.path, &err), &err);
        must(rr_items_follow(&last, later, gone + MANY - 1, 1, keys + 1, vectors + D, 1, NULL, NULL,
                             &err),
             &err);
        must(rr_policy_load(&loaded, t.path, last, NULL, &err), &err);
        ck_assert_uint_eq(rr_policy_version(loaded), rr_policy_version(policy));
        rr_policy_release(loaded);
        rr_policy_release(policy);
        rr_agent_destroy(agent);
        rr_items_release(last);
        rr_items_release(later);
        rr_items_release(items);
        close_table(&t);
    }
}
END_TEST

START_TEST(test_api_policy_file_arguments_and_files_that_are_none_are_refused_by_name)
{
    table t;
    open_table(&t);
    rr_error err = {0};
    rr_policy *back = NULL;
    size_t bytes = 0;
    char few[8];
    expect(rr_policy_save(t.policy, NULL, &err), RR_E_INVALID, &err, "path is NULL");
    expect(rr_policy_save(NULL, t.path, &err), RR_E_INVALID, &err, "policy is NULL");
    expect(rr_policy_load(NULL, t.path, t.items, NULL, &err), RR_E_INVALID, &err, "out is NULL");
    expect(rr_policy_load(&back, NULL, t.items, NULL, &err), RR_E_INVALID, &err, "path is NULL");
    expect(rr_policy_save_memory(t.policy, few, 8, NULL, &err), RR_E_INVALID, &err,
           "bytes is NULL");
    expect(rr_policy_save_memory(NULL, few, 8, &bytes, &err), RR_E_INVALID, &err, "policy is NULL");
    expect(rr_policy_save_memory(t.policy, few, 8, &bytes, &err), RR_E_TOO_SMALL, &err, "");
    ck_assert_uint_gt(bytes, 8);
    expect(rr_policy_load_memory(NULL, few, 8, t.items, NULL, &err), RR_E_INVALID, &err,
           "out is NULL");
    expect(rr_policy_load_memory(&back, NULL, 8, t.items, NULL, &err), RR_E_INVALID, &err,
           "data is NULL");
    expect(rr_policy_load(&back, t.path, t.items, NULL, &err), RR_E_IO, &err, t.path);
    must(rr_checkpoint_save(checkpoint_parts(t.agent, NULL, NULL), t.path, &err), &err);
    expect(rr_policy_load(&back, t.path, t.items, NULL, &err), RR_E_FORMAT, &err,
           "not one that rr_policy_save wrote");
    must(rr_policy_save(t.policy, t.path, &err), &err);
    expect(rr_checkpoint_load(checkpoint_parts(t.agent, NULL, NULL), t.path, &err), RR_E_FORMAT,
           &err, "not one that rr_checkpoint_save wrote");
    expect(rr_policy_load(&back, t.path, NULL, NULL, &err), RR_E_MISMATCH, &err,
           "items_fingerprint");
    ck_assert_ptr_nonnull(strstr(err.text, t.path));
    expect(rr_checkpoint_load(checkpoint_parts(t.agent, NULL, NULL), t.path, &err), RR_E_FORMAT,
           &err, t.path);
    ck_assert_ptr_null(back);
    close_table(&t);
}
END_TEST

/* A trainer that saves without end is killed again and again; what lies there is always whole. */
START_TEST(test_api_policy_file_is_whole_when_its_writer_is_killed_at_any_moment)
{
    table t;
    open_table(&t);
    rr_error err = {0};
    must(rr_policy_save(t.policy, t.path, &err), &err);
    rr_policy *other = NULL;
    must(rr_agent_publish(t.agent, NULL, &other, &err), &err);
    const uint64_t versions[2] = {rr_policy_version(t.policy), rr_policy_version(other)};
    for (int round = 0; round < 20; round++) {
        const pid_t child = fork();
        if (child == 0) {
            for (int i = 0;; i++) {
                (void)rr_policy_save(i % 2 == 0 ? other : t.policy, t.path, NULL);
            }
        }
        ck_assert_int_gt(child, 0);
        nanosleep(&(struct timespec){.tv_nsec = 500000 + 731000 * round}, NULL);
        (void)kill(child, SIGKILL);
        (void)waitpid(child, NULL, 0);
        rr_policy *back = NULL;
        must(rr_policy_load(&back, t.path, t.items, NULL, &err), &err);
        const uint64_t version = rr_policy_version(back);
        ck_assert(version == versions[0] || version == versions[1]);
        rr_policy_release(back);
    }
    rr_policy_release(other);
    char command[128];
    snprintf(command, sizeof command, "rm -rf %s", t.folder); /* and what the killed left behind */
    ck_assert_int_eq(system(command), 0);
    close_table(&t);
}
END_TEST

CHECK_MAIN("api/api_policy_file", test_api_policy_file_comes_back_as_it_went,
           test_api_policy_file_any_byte_that_is_turned_and_any_end_that_is_missing_is_an_error,
           test_api_policy_file_of_a_catalogue_of_which_most_is_gone,
           test_api_policy_file_arguments_and_files_that_are_none_are_refused_by_name,
           test_api_policy_file_is_whole_when_its_writer_is_killed_at_any_moment)
