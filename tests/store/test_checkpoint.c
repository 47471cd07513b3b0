/* SPDX-License-Identifier: MIT */
/* What a checkpoint holds, read back by the reader of io. */
#include "store/checkpoint.h"

#include "check_run.h"
#include "checkpoint_parts.h"
#include "loop/machine.h"

/* A machine in the middle of its third rollout. */
static void begin(machine *m, const machine_plan *plan, int32_t num_threads)
{
    machine_create(m, plan, 5, num_threads, NULL);
    machine_update(m);
    machine_update(m);
    machine_step(m);
}

static void open_block(rri_safetensors_reader *reader, const unsigned char *block, size_t bytes)
{
    rr_error err;
    rri_allocator allocator;
    machine_require(rri_allocator_init(&allocator, NULL, &err), &err);
    machine_require(rri_safetensors_open(reader, block, bytes, &allocator, &err), &err);
}

START_TEST(test_checkpoint_says_what_it_is)
{
    machine m;
    begin(&m, &machine_plans[0], 1);
    size_t bytes;
    unsigned char *block = machine_save(&m, &bytes);
    rri_safetensors_reader reader;
    open_block(&reader, block, bytes);
    char fingerprint[24];
    snprintf(fingerprint, sizeof fingerprint, "%016llx",
             (unsigned long long)rr_items_fingerprint(rr_env_items(m.env)));
    ck_assert_str_eq(rri_safetensors_metadata(&reader, "format"), "librecrl checkpoint");
    ck_assert_str_eq(rri_safetensors_metadata(&reader, "format_version"), "2");
    ck_assert_str_eq(rri_safetensors_metadata(&reader, "library"), "0.1.0");
    ck_assert_str_eq(rri_safetensors_metadata(&reader, "algo"), "ppo");
    ck_assert_str_eq(rri_safetensors_metadata(&reader, "items_fingerprint"), fingerprint);
    ck_assert_str_eq(rri_safetensors_metadata(&reader, "env.items_fingerprint"), fingerprint);
    rri_safetensors_close(&reader);
    free(block);
    machine_destroy(&m);
}
END_TEST

static void expect_config(const rri_safetensors_reader *reader, int32_t kind, const void *config)
{
    rr_error err;
    for (int32_t i = 0; i < rr_config_field_count(kind); i++) {
        rr_config_field field = {.struct_size = sizeof field};
        char key[RRI_CHECKPOINT_NAME], value[256];
        machine_require(rr_config_field_at(kind, i, &field, &err), &err);
        machine_require(rr_config_get(config, field.name, value, sizeof value, &err), &err);
        rri_checkpoint_name(key, rri_checkpoint_prefix(kind), field.name);
        const char *stored = rri_safetensors_metadata(reader, key);
        if (strcmp(field.name, "num_threads") == 0 || strcmp(field.name, "worker_spin_us") == 0) {
            ck_assert_msg(stored == NULL, "%s is no part of a checkpoint", field.name);
            continue;
        }
        ck_assert_msg(stored != NULL && strcmp(stored, value) == 0, "%s is %s, not %s", key,
                      stored != NULL ? stored : "missing", value);
    }
}

START_TEST(test_checkpoint_holds_every_config_field_but_the_threads)
{
    machine m;
    begin(&m, &machine_plans[0], 1);
    size_t bytes;
    unsigned char *block = machine_save(&m, &bytes);
    rri_safetensors_reader reader;
    open_block(&reader, block, bytes);

    rr_error err;
    rr_env_config world;
    rr_env_config_init(&world, sizeof world);
    machine_require(rr_env_get_config(m.env, &world, &err), &err);
    const rr_agent_config networks = machine_agent_config(&m.plan, 5, 1);
    const rr_buffer_config rollout = machine_buffer_config(&m.plan);
    rr_ppo_config ppo;
    rr_ppo_config_init(&ppo, sizeof ppo);
    ppo.n_steps = m.plan.n_steps;
    ppo.batch_size = m.plan.batch_size;
    ppo.update_epochs = m.plan.update_epochs;
    ppo.lr = m.plan.lr;
    ppo.gamma = m.plan.gamma;
    ppo.gae_lambda = m.plan.gae_lambda;
    ppo.ent_coef = m.plan.ent_coef;
    ppo.value_clip_eps = m.plan.value_clip_eps;
    expect_config(&reader, RR_CONFIG_ENV, &world);
    expect_config(&reader, RR_CONFIG_AGENT, &networks);
    expect_config(&reader, RR_CONFIG_BUFFER, &rollout);
    expect_config(&reader, RR_CONFIG_PPO, &ppo);
    rri_safetensors_close(&reader);
    free(block);
    machine_destroy(&m);
}
END_TEST

START_TEST(test_checkpoint_holds_every_parameter_with_both_moments_and_the_blob)
{
    for (size_t p = 0; p < MACHINE_PLANS; p++) {
        if (!machine_is_tried(&machine_plans[p])) {
            continue;
        }
        machine m;
        begin(&m, &machine_plans[p], 1);
        size_t bytes;
        unsigned char *block = machine_save(&m, &bytes);
        rri_safetensors_reader reader;
        open_block(&reader, block, bytes);
        rr_error err;
        for (int32_t i = 0; i < rr_agent_tensor_count(m.agent); i++) {
            rr_tensor tensor = {.struct_size = sizeof tensor};
            machine_require(rr_agent_tensor_at(m.agent, i, &tensor, &err), &err);
            const size_t shape[2] = {(size_t)tensor.shape[0], (size_t)tensor.shape[1]};
            const size_t n_values = shape[0] * (tensor.n_dims == 2 ? shape[1] : 1);
            const unsigned char *data;
            machine_require(rri_safetensors_find(&data, &reader, tensor.name, RRI_DTYPE_F32, shape,
                                                 (size_t)tensor.n_dims, &err),
                            &err);
            ck_assert_mem_eq(data, tensor.data, n_values * sizeof(float));
            char name[RRI_CHECKPOINT_NAME];
            rri_checkpoint_name(name, "optimizer.first", tensor.name);
            ck_assert_ptr_nonnull(rri_safetensors_lookup(&reader, name));
            rri_checkpoint_name(name, "optimizer.second", tensor.name);
            ck_assert_ptr_nonnull(rri_safetensors_lookup(&reader, name));
        }
        const rri_safetensors_tensor *blob = rri_safetensors_lookup(&reader, "blob");
        ck_assert_uint_eq(blob->bytes, sizeof m.generator);
        ck_assert_mem_eq(blob->data, &m.generator, sizeof m.generator);
        ck_assert_int_eq((reader.tensors[0].data - block) % 64, 0);
        rri_safetensors_close(&reader);
        free(block);
        machine_destroy(&m);
    }
}
END_TEST

START_TEST(test_checkpoint_without_environment_and_buffer_names_neither)
{
    machine m;
    begin(&m, &machine_plans[0], 1);
    rr_error err;
    size_t bytes;
    unsigned char *block = machine_array(1 << 20, 1);
    machine_require(rr_checkpoint_save_memory(checkpoint_parts(m.agent, NULL, NULL), block, 1 << 20,
                                              &bytes, &err),
                    &err);
    rri_safetensors_reader reader;
    open_block(&reader, block, bytes);
    for (size_t i = 0; i < reader.n_tensors; i++) {
        ck_assert_int_ne(strncmp(reader.tensors[i].name, "env.", 4), 0);
        ck_assert_int_ne(strncmp(reader.tensors[i].name, "buffer.", 7), 0);
    }
    for (size_t i = 0; i < reader.n_pairs; i++) {
        ck_assert_int_ne(strncmp(reader.metadata[i].key, "env.", 4), 0);
        ck_assert_int_ne(strncmp(reader.metadata[i].key, "buffer.", 7), 0);
    }
    ck_assert_uint_eq(rri_safetensors_lookup(&reader, "blob")->bytes, 0);
    rri_safetensors_close(&reader);
    free(block);
    machine_destroy(&m);
}
END_TEST

START_TEST(test_checkpoint_is_the_same_bytes_twice_and_on_any_threads)
{
    for (size_t p = 0; p < MACHINE_PLANS; p++) {
        if (!machine_is_tried(&machine_plans[p])) {
            continue;
        }
        machine one, other;
        begin(&one, &machine_plans[p], 1);
        begin(&other, &machine_plans[p], 3);
        size_t bytes, again, other_bytes;
        unsigned char *block = machine_save(&one, &bytes);
        unsigned char *second = machine_save(&one, &again);
        unsigned char *third = machine_save(&other, &other_bytes);
        ck_assert_uint_eq(bytes, again);
        ck_assert_mem_eq(block, second, bytes);
        ck_assert_uint_eq(bytes, other_bytes);
        ck_assert_mem_eq(block, third, bytes);
        free(block);
        free(second);
        free(third);
        machine_destroy(&one);
        machine_destroy(&other);
    }
}
END_TEST

CHECK_MAIN("store/checkpoint", test_checkpoint_says_what_it_is,
           test_checkpoint_holds_every_config_field_but_the_threads,
           test_checkpoint_holds_every_parameter_with_both_moments_and_the_blob,
           test_checkpoint_without_environment_and_buffer_names_neither,
           test_checkpoint_is_the_same_bytes_twice_and_on_any_threads)
