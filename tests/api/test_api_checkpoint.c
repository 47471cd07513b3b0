/* SPDX-License-Identifier: MIT */
/* Checkpoints as a host sees them: a run that is resumed is the run that never stopped. */
#include <sys/stat.h>
#include <unistd.h>

#include "check_run.h"
#include "checkpoint_parts.h"
#include "loop/counting_host.h"
#include "loop/machine.h"

static void expect(rr_status got, rr_status wanted, const rr_error *err, const char *sentence)
{
    ck_assert_msg(got == wanted, "%s, not %s: %s", rr_status_name(got), rr_status_name(wanted),
                  err->text);
    ck_assert_int_eq(err->status, wanted);
    ck_assert_msg(strstr(err->text, sentence) != NULL, "\"%s\" does not say \"%s\"", err->text,
                  sentence);
}

static void expect_same_state(const machine *a, const machine *b, const char *what)
{
    size_t a_bytes, b_bytes;
    unsigned char *a_block = machine_save(a, &a_bytes), *b_block = machine_save(b, &b_bytes);
    ck_assert_msg(a_bytes == b_bytes && memcmp(a_block, b_block, a_bytes) == 0,
                  "%s: the checkpoints differ %s", a->plan.name, what);
    free(a_block);
    free(b_block);
}

/* A path that is nobody else's. */
static void temporary_path(char path[64])
{
    strcpy(path, "/tmp/recrl-checkpoint-XXXXXX");
    const int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    close(fd);
}

/* n_updates and n_steps of the next rollout, stop, a new process as it were, and on. */
static void resume(const machine_plan *plan, int32_t n_steps, int32_t threads_before,
                   int32_t threads_after)
{
    machine whole, before, after;
    machine_create(&whole, plan, 3, 1, NULL);
    machine_create(&before, plan, 3, threads_before, NULL);
    machine_create(&after, plan, 3, threads_after, NULL);
    for (int32_t i = 0; i < 2 * plan->n_updates; i++) {
        machine_update(&whole);
    }
    for (int32_t i = 0; i < plan->n_updates; i++) {
        machine_update(&before);
    }
    for (int32_t i = 0; i < n_steps; i++) {
        machine_step(&before);
    }
    rr_error err;
    size_t bytes;
    unsigned char *block = machine_save(&before, &bytes);
    /* The new handles have lived already: all of it is overwritten. */
    machine_update(&after);
    machine_step(&after);
    machine_require(machine_load(&after, block, bytes, &err), &err);
    expect_same_state(&before, &after, "after the load");
    for (int32_t i = 0; i < plan->n_updates; i++) {
        machine_update(&before);
        machine_update(&after);
    }
    expect_same_state(&whole, &before, "because it was saved");
    expect_same_state(&whole, &after, "because it was resumed");
    free(block);
    machine_destroy(&whole);
    machine_destroy(&before);
    machine_destroy(&after);
}

START_TEST(test_api_checkpoint_resumed_run_is_the_run_that_never_stopped)
{
    for (size_t p = 0; p < MACHINE_PLANS; p++) {
        if (!machine_is_tried(&machine_plans[p])) {
            continue;
        }
        resume(&machine_plans[p], 0, 1, 3);
        if (!machine_is_slow()) {
            resume(&machine_plans[p], 0, 1, 1);
            resume(&machine_plans[p], 0, 2, 1);
        }
    }
}
END_TEST

START_TEST(test_api_checkpoint_within_a_rollout_keeps_its_rows)
{
    for (size_t p = 0; p < MACHINE_PLANS; p++) {
        if (!machine_is_tried(&machine_plans[p])) {
            continue;
        }
        resume(&machine_plans[p], 2, 1, 2);
    }
}
END_TEST

START_TEST(test_api_checkpoint_goes_through_a_file)
{
    for (size_t p = 0; p < MACHINE_PLANS; p++) {
        if (!machine_is_tried(&machine_plans[p])) {
            continue;
        }
        rr_error err;
        machine m, other;
        char path[64];
        temporary_path(path);
        machine_create(&m, &machine_plans[p], 8, 1, NULL);
        machine_create(&other, &machine_plans[p], 8, 2, NULL);
        machine_update(&m);
        const rr_checkpoint all = machine_checkpoint(&m);
        machine_require(rr_checkpoint_save(&all, path, &err), &err);
        size_t bytes;
        unsigned char *block = machine_save(&m, &bytes), *file = machine_array(bytes + 1, 1);
        FILE *stream = fopen(path, "rb");
        ck_assert_ptr_nonnull(stream);
        ck_assert_uint_eq(fread(file, 1, bytes + 1, stream), bytes);
        fclose(stream);
        ck_assert_mem_eq(file, block, bytes);
        rr_checkpoint target = machine_checkpoint(&other);
        machine_require(rr_checkpoint_load(&target, path, &err), &err);
        ck_assert_uint_eq(target.blob_bytes, sizeof m.generator);
        other.hash = m.hash;
        machine_update(&m);
        machine_update(&other);
        ck_assert_uint_eq(other.hash, m.hash);
        expect_same_state(&m, &other, "after a file");
        free(block);
        free(file);
        unlink(path);
        machine_destroy(&m);
        machine_destroy(&other);
    }
}
END_TEST

START_TEST(test_api_checkpoint_of_parts_restores_parts)
{
    rr_error err;
    machine m, other;
    machine_create(&m, &machine_plans[0], 1, 1, NULL);
    machine_create(&other, &machine_plans[0], 1, 1, NULL);
    machine_update(&m);
    machine_step(&m);
    size_t bytes;
    unsigned char *block = machine_save(&m, &bytes);
    machine_require(
        rr_checkpoint_load_memory(checkpoint_parts(other.agent, NULL, NULL), block, bytes, &err),
        &err);
    ck_assert_uint_eq(rr_agent_version(other.agent), rr_agent_version(m.agent));
    ck_assert_int_eq(rr_agent_updates(other.agent), 1);
    ck_assert_int_eq(rr_agent_timesteps(other.agent), m.plan.n_envs * m.plan.n_steps);
    ck_assert_int_eq(rr_buffer_count(other.buffer), 0);
    machine_require(
        rr_checkpoint_load_memory(checkpoint_parts(NULL, other.env, NULL), block, bytes, &err),
        &err);
    machine_require(
        rr_checkpoint_load_memory(checkpoint_parts(NULL, NULL, other.buffer), block, bytes, &err),
        &err);
    ck_assert_int_eq(rr_buffer_count(other.buffer), m.plan.n_envs);
    other.generator = m.generator;
    expect_same_state(&m, &other, "after its parts");
    free(block);
    machine_destroy(&m);
    machine_destroy(&other);
}
END_TEST

START_TEST(test_api_checkpoint_tells_the_size_it_needs)
{
    rr_error err;
    machine m;
    machine_create(&m, &machine_plans[0], 1, 1, NULL);
    size_t bytes = 0, needed = 0;
    machine_require(rr_checkpoint_save_memory(checkpoint_parts(m.agent, m.env, m.buffer), NULL, 0,
                                              &needed, &err),
                    &err);
    unsigned char *block = machine_array(needed, 1);
    memset(block, 0x5c, needed);
    expect(rr_checkpoint_save_memory(checkpoint_parts(m.agent, m.env, m.buffer), block, needed - 1,
                                     &bytes, &err),
           RR_E_TOO_SMALL, &err, "");
    ck_assert_uint_eq(bytes, needed);
    for (size_t i = 0; i < needed; i++) {
        ck_assert_int_eq(block[i], 0x5c);
    }
    machine_require(rr_checkpoint_save_memory(checkpoint_parts(m.agent, m.env, m.buffer), block,
                                              needed, &bytes, &err),
                    &err);
    ck_assert_uint_eq(bytes, needed);
    free(block);
    machine_destroy(&m);
}
END_TEST

START_TEST(test_api_checkpoint_hands_the_blob_back)
{
    rr_error err;
    machine m;
    machine_create(&m, &machine_plans[0], 1, 1, NULL);
    const char blob[] = "what the host wants to remember";
    char out[sizeof blob];
    size_t bytes = 0;
    unsigned char *block = machine_array(1 << 20, 1);
    machine_require(rr_checkpoint_save_memory(&(rr_checkpoint){.struct_size = sizeof(rr_checkpoint),
                                                               .agent = m.agent,
                                                               .blob = (void *)blob,
                                                               .blob_bytes = sizeof blob},
                                              block, 1 << 20, &bytes, &err),
                    &err);
    rr_checkpoint asked = {.struct_size = sizeof asked};
    machine_require(rr_checkpoint_load_memory(&asked, block, bytes, &err), &err);
    ck_assert_uint_eq(asked.blob_bytes, sizeof blob);
    memset(out, 'x', sizeof out);
    machine_update(&m); /* so that a load would be seen */
    const uint64_t version = rr_agent_version(m.agent);
    rr_checkpoint small = {.struct_size = sizeof small, .agent = m.agent};
    small.blob = out;
    small.blob_capacity = sizeof out - 1;
    expect(rr_checkpoint_load_memory(&small, block, bytes, &err), RR_E_TOO_SMALL, &err,
           "blob_capacity is 31");
    ck_assert_uint_eq(small.blob_bytes, sizeof blob);
    ck_assert_int_eq(out[0], 'x');
    ck_assert_uint_eq(rr_agent_version(m.agent), version);
    machine_require(rr_checkpoint_load_memory(&(rr_checkpoint){.struct_size = sizeof(rr_checkpoint),
                                                               .blob = out,
                                                               .blob_capacity = sizeof out},
                                              block, bytes, &err),
                    &err);
    ck_assert_mem_eq(out, blob, sizeof blob);
    free(block);
    machine_destroy(&m);
}
END_TEST

START_TEST(test_api_checkpoint_reads_the_configs_that_a_file_was_made_with)
{
    rr_error err;
    machine m;
    char path[64];
    temporary_path(path);
    machine_create(&m, &machine_plans[3], 77, 2, NULL); /* A2C */
    machine_require(rr_checkpoint_save(checkpoint_parts(m.agent, m.env, m.buffer), path, &err),
                    &err);
    int32_t algo = -5;
    machine_require(rr_checkpoint_read_config(path, NULL, &algo, &err), &err);
    ck_assert_int_eq(algo, RR_ALGO_A2C);

    rr_agent_config agent;
    rr_agent_config_init(&agent, sizeof agent);
    machine_require(rr_checkpoint_read_config(path, &agent, &algo, &err), &err);
    const rr_agent_config made = machine_agent_config(&m.plan, 77, 1);
    ck_assert_mem_eq(&agent, &made, sizeof made); /* the number of threads is the reader's own */

    rr_env_config env, env_made;
    rr_env_config_init(&env, sizeof env);
    rr_env_config_init(&env_made, sizeof env_made);
    machine_require(rr_env_get_config(m.env, &env_made, &err), &err);
    machine_require(rr_checkpoint_read_config(path, &env, NULL, &err), &err);
    ck_assert_mem_eq(&env, &env_made, sizeof env);

    rr_a2c_config a2c;
    rr_a2c_config_init(&a2c, sizeof a2c);
    machine_require(rr_checkpoint_read_config(path, &a2c, NULL, &err), &err);
    ck_assert(a2c.lr == m.plan.lr && a2c.n_steps == m.plan.n_steps);

    rr_ppo_config ppo, untouched;
    rr_ppo_config_init(&ppo, sizeof ppo);
    untouched = ppo;
    algo = -5;
    expect(rr_checkpoint_read_config(path, &ppo, &algo, &err), RR_E_NOT_FOUND, &err, "");
    ck_assert_mem_eq(&ppo, &untouched, sizeof ppo);
    ck_assert_int_eq(algo, -5);
    rr_train_config train;
    rr_train_config_init(&train, sizeof train);
    expect(rr_checkpoint_read_config(path, &train, NULL, &err), RR_E_NOT_FOUND, &err,
           "train config is not a config that checkpoints hold");
    ppo.kind = 0;
    expect(rr_checkpoint_read_config(path, &ppo, NULL, &err), RR_E_INVALID, &err,
           "rr_checkpoint_read_config: the config's kind is 0");
    expect(rr_checkpoint_read_config(path, NULL, NULL, &err), RR_E_INVALID, &err,
           "config and algo are NULL");
    expect(rr_checkpoint_read_config(NULL, NULL, &algo, &err), RR_E_INVALID, &err, "path is NULL");
    unlink(path);
    expect(rr_checkpoint_read_config(path, NULL, &algo, &err), RR_E_IO, &err, path);
    machine_destroy(&m);
}
END_TEST

START_TEST(test_api_checkpoint_refuses_arguments_with_a_sentence)
{
    rr_error err;
    machine m;
    machine_create(&m, &machine_plans[0], 1, 1, NULL);
    size_t bytes = 0;
    expect(
        rr_checkpoint_save_memory(checkpoint_parts(NULL, m.env, m.buffer), NULL, 0, &bytes, &err),
        RR_E_INVALID, &err, "agent is NULL");
    expect(rr_checkpoint_save_memory(checkpoint_parts(m.agent, NULL, NULL), NULL, 0, NULL, &err),
           RR_E_INVALID, &err, "bytes is NULL");
    expect(rr_checkpoint_save_memory(&(rr_checkpoint){.struct_size = sizeof(rr_checkpoint),
                                                      .agent = m.agent,
                                                      .blob_bytes = 3},
                                     NULL, 0, &bytes, &err),
           RR_E_INVALID, &err, "blob is NULL, but blob_bytes is 3");
    expect(rr_checkpoint_save(checkpoint_parts(m.agent, NULL, NULL), NULL, &err), RR_E_INVALID,
           &err, "path is NULL");
    expect(rr_checkpoint_save(checkpoint_parts(NULL, NULL, NULL), "/tmp", &err), RR_E_INVALID, &err,
           "agent is NULL");
    expect(rr_checkpoint_save(checkpoint_parts(m.agent, NULL, NULL), "/nowhere/at/all", &err),
           RR_E_IO, &err, "/nowhere/at/all");
    expect(rr_checkpoint_load(checkpoint_parts(m.agent, NULL, NULL), "/nowhere/at/all", &err),
           RR_E_IO, &err, "/nowhere/at/all");
    expect(rr_checkpoint_load(checkpoint_parts(m.agent, NULL, NULL), "/tmp", &err), RR_E_IO, &err,
           "/tmp");
    expect(rr_checkpoint_load(checkpoint_parts(m.agent, NULL, NULL), NULL, &err), RR_E_INVALID,
           &err, "path is NULL");
    expect(rr_checkpoint_load_memory(checkpoint_parts(m.agent, NULL, NULL), NULL, 9, &err),
           RR_E_INVALID, &err, "data is NULL");
    ck_assert_int_eq(rr_checkpoint_load(checkpoint_parts(NULL, NULL, NULL), NULL, NULL),
                     RR_E_INVALID);
    /* The struct itself. */
    expect(rr_checkpoint_save(NULL, "/tmp/x", &err), RR_E_INVALID, &err, "rr_checkpoint is NULL");
    expect(rr_checkpoint_load(NULL, "/tmp/x", &err), RR_E_INVALID, &err, "rr_checkpoint is NULL");
    expect(rr_checkpoint_load_memory(NULL, "", 0, &err), RR_E_INVALID, &err,
           "rr_checkpoint is NULL");
    expect(rr_checkpoint_save_memory(NULL, NULL, 0, &bytes, &err), RR_E_INVALID, &err,
           "rr_checkpoint is NULL");
    rr_checkpoint odd = *checkpoint_parts(m.agent, NULL, NULL);
    odd.struct_size = 0;
    expect(rr_checkpoint_save(&odd, "/tmp/x", &err), RR_E_INVALID, &err, "struct_size is 0");
    odd.struct_size = sizeof odd;
    odd.reserved = 7;
    expect(rr_checkpoint_save(&odd, "/tmp/x", &err), RR_E_INVALID, &err, "reserved is 7");
    expect(rr_checkpoint_load(&odd, "/tmp/x", &err), RR_E_INVALID, &err, "reserved is 7");
    struct {
        rr_checkpoint known;
        uint64_t newer;
    } longer = {.known = *checkpoint_parts(m.agent, NULL, NULL), .newer = 1};
    longer.known.struct_size = sizeof longer;
    expect(rr_checkpoint_save(&longer.known, "/tmp/x", &err), RR_E_UNSUPPORTED, &err,
           "unknown fields must be 0");
    machine_destroy(&m);
}
END_TEST

START_TEST(test_api_checkpoint_waits_for_the_reward_of_a_record)
{
    rr_error err;
    machine m;
    machine_create(&m, &machine_plans[0], 1, 1, NULL);
    rr_decision decision = machine_decision(&m);
    machine_observe(&m);
    machine_require(rr_agent_act(m.agent, &m.obs, &decision, &err), &err);
    machine_require(rr_buffer_record(m.buffer, &m.obs, &decision, &err), &err);
    size_t bytes = 0;
    expect(rr_checkpoint_save_memory(checkpoint_parts(m.agent, m.env, m.buffer), NULL, 0, &bytes,
                                     &err),
           RR_E_STATE, &err, "no reward yet");
    const char *path = "/tmp/recrl-never-written.safetensors";
    expect(rr_checkpoint_save(checkpoint_parts(m.agent, m.env, m.buffer), path, &err), RR_E_STATE,
           &err, "no reward yet");
    ck_assert_int_ne(access(path, F_OK), 0);
    const rr_outcome outcome = machine_move(&m);
    machine_require(rr_buffer_reward(m.buffer, &outcome, &err), &err);
    machine_require(rr_checkpoint_save_memory(checkpoint_parts(m.agent, m.env, m.buffer), NULL, 0,
                                              &bytes, &err),
                    &err);
    machine_destroy(&m);
}
END_TEST

/* Parts go to the file as they lie; a load takes the header, its index, the bytes and their index.
 */
START_TEST(test_api_checkpoint_save_takes_no_memory_and_load_says_where_it_has_none)
{
    counting_host counts = {0};
    const rr_host host = counting_host_of(&counts);
    rr_error err;
    machine m;
    char path[64];
    temporary_path(path);
    machine_create(&m, &machine_plans[0], 1, 1, &host);
    const size_t n_allocations = counts.n_allocations;
    machine_require(rr_checkpoint_save(checkpoint_parts(m.agent, m.env, m.buffer), path, &err),
                    &err);
    ck_assert_uint_eq(counts.n_allocations, n_allocations);
    for (size_t i = 1; i <= 4; i++) {
        counts.fails_at = counts.n_allocations + i;
        expect(rr_checkpoint_load(checkpoint_parts(m.agent, m.env, m.buffer), path, &err),
               RR_E_MEMORY, &err, "could not be allocated");
    }
    counts.fails_at = 0;
    machine_require(rr_checkpoint_load(checkpoint_parts(m.agent, m.env, m.buffer), path, &err),
                    &err);
    unlink(path);
    machine_destroy(&m);
    ck_assert_uint_eq(counts.n_live, 0);
    ck_assert_uint_eq(counts.n_wrong, 0);
}
END_TEST

CHECK_MAIN("api/api_checkpoint", test_api_checkpoint_resumed_run_is_the_run_that_never_stopped,
           test_api_checkpoint_within_a_rollout_keeps_its_rows,
           test_api_checkpoint_goes_through_a_file, test_api_checkpoint_of_parts_restores_parts,
           test_api_checkpoint_tells_the_size_it_needs, test_api_checkpoint_hands_the_blob_back,
           test_api_checkpoint_reads_the_configs_that_a_file_was_made_with,
           test_api_checkpoint_refuses_arguments_with_a_sentence,
           test_api_checkpoint_waits_for_the_reward_of_a_record,
           test_api_checkpoint_save_takes_no_memory_and_load_says_where_it_has_none)
