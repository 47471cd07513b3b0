/* SPDX-License-Identifier: MIT */
/* api_checkpoint.c: the front door of checkpoints, to and from files and memory. */
#include <string.h>

#include "core/fpmode.h"
#include "io/atomic_file.h"
#include "store/checkpoint.h"

static rr_status check_saved(const rri_checkpoint *all, const char *function, rr_error *err)
{
    if (all->agent == NULL) {
        RRI_FAIL(err, RR_E_INVALID, "%s: agent is NULL; it is required", function);
    }
    if (all->blob == NULL && all->blob_bytes > 0) {
        RRI_FAIL(err, RR_E_INVALID, "%s: blob is NULL, but blob_bytes is %zu", function,
                 all->blob_bytes);
    }
    if (all->buffer != NULL && all->buffer->rollout.awaits_reward) {
        RRI_FAIL(err, RR_E_STATE, "%s: the buffer's last record has no reward yet", function);
    }
    return RR_OK;
}

rr_status rr_checkpoint_save_memory(void *out, size_t capacity, size_t *bytes,
                                    const rr_agent *agent, const rr_env *env,
                                    const rr_buffer *buffer, const void *blob, size_t blob_bytes,
                                    rr_error *err)
{
    const rri_checkpoint all = {agent, env, buffer, blob, blob_bytes};
    RRI_TRY(check_saved(&all, "rr_checkpoint_save_memory", err));
    if (bytes == NULL) {
        RRI_FAIL(err, RR_E_INVALID, "rr_checkpoint_save_memory: bytes is NULL");
    }
    const rri_fpmode before = rri_fpmode_enter();
    const rr_status status =
        rri_safetensors_write(out, capacity, bytes, rri_checkpoint_describe, &all, err);
    rri_fpmode_leave(before);
    return status;
}

/* Measured, written to memory, written to the file. */
static rr_status save(const char *path, const rri_checkpoint *all, rr_error *err)
{
    const rri_allocator *allocator = &all->agent->allocator;
    size_t bytes;
    RRI_TRY(rri_safetensors_write(NULL, 0, &bytes, rri_checkpoint_describe, all, err));
    void *block;
    RRI_TRY(rri_memory_allocate(&block, allocator, bytes, "checkpoint", err));
    const size_t capacity = bytes;
    rr_status status =
        rri_safetensors_write(block, capacity, &bytes, rri_checkpoint_describe, all, err);
    if (status == RR_OK) {
        status = rri_atomic_file_write(path, block, bytes, err);
    }
    rri_memory_release(allocator, block, capacity);
    return status;
}

rr_status rr_checkpoint_save(const char *path, const rr_agent *agent, const rr_env *env,
                             const rr_buffer *buffer, const void *blob, size_t blob_bytes,
                             rr_error *err)
{
    const rri_checkpoint all = {agent, env, buffer, blob, blob_bytes};
    if (path == NULL) {
        RRI_FAIL(err, RR_E_INVALID, "rr_checkpoint_save: path is NULL");
    }
    RRI_TRY(check_saved(&all, "rr_checkpoint_save", err));
    const rri_fpmode before = rri_fpmode_enter();
    const rr_status status = save(path, &all, err);
    rri_fpmode_leave(before);
    return status;
}

rr_status rr_checkpoint_load_memory(const void *data, size_t bytes, rr_agent *agent, rr_env *env,
                                    rr_buffer *buffer, void *blob, size_t blob_capacity,
                                    size_t *blob_bytes, rr_error *err)
{
    if (data == NULL) {
        RRI_FAIL(err, RR_E_INVALID, "rr_checkpoint_load_memory: data is NULL");
    }
    rri_allocator allocator;
    RRI_TRY(rri_allocator_init(&allocator, NULL, err));
    if (agent != NULL) {
        allocator = agent->allocator;
    }
    rri_safetensors_reader reader;
    RRI_TRY(rri_safetensors_open(&reader, data, bytes, &allocator, err));
    const rri_checkpoint_target target = {agent, env, buffer, blob, blob_capacity, blob_bytes};
    const rri_fpmode before = rri_fpmode_enter();
    const rr_status status = rri_checkpoint_restore(&target, &reader, err);
    rri_fpmode_leave(before);
    rri_safetensors_close(&reader);
    return status;
}

rr_status rr_checkpoint_load(const char *path, rr_agent *agent, rr_env *env, rr_buffer *buffer,
                             void *blob, size_t blob_capacity, size_t *blob_bytes, rr_error *err)
{
    if (path == NULL) {
        RRI_FAIL(err, RR_E_INVALID, "rr_checkpoint_load: path is NULL");
    }
    rri_allocator allocator;
    RRI_TRY(rri_allocator_init(&allocator, NULL, err));
    if (agent != NULL) {
        allocator = agent->allocator;
    }
    void *block;
    size_t bytes;
    RRI_TRY(rri_atomic_file_read(&block, &bytes, path, &allocator, err));
    const rr_status status = rr_checkpoint_load_memory(block, bytes, agent, env, buffer, blob,
                                                       blob_capacity, blob_bytes, err);
    rri_memory_release(&allocator, block, bytes);
    return rri_status_of_file(err, status, path);
}

rr_status rr_checkpoint_read_config(const char *path, int32_t kind, void *config, int32_t *algo,
                                    rr_error *err)
{
    if (path == NULL || (config == NULL && kind != -1)) {
        RRI_FAIL(err, RR_E_INVALID, "rr_checkpoint_read_config: %s is NULL",
                 path == NULL ? "path" : "config");
    }
    rri_allocator allocator;
    RRI_TRY(rri_allocator_init(&allocator, NULL, err));
    void *block;
    size_t bytes;
    RRI_TRY(rri_atomic_file_read(&block, &bytes, path, &allocator, err));
    rri_safetensors_reader reader;
    rr_status status = rri_safetensors_open(&reader, block, bytes, &allocator, err);
    if (status == RR_OK) {
        int32_t found;
        const rri_fpmode before = rri_fpmode_enter();
        status = rri_checkpoint_check_format(&reader, err);
        status = status == RR_OK ? rri_checkpoint_read_algo(&found, &reader, err) : status;
        if (status == RR_OK && config != NULL) {
            status = rri_checkpoint_read_config(kind, config, &reader, err);
        }
        rri_fpmode_leave(before);
        if (status == RR_OK && algo != NULL) {
            *algo = found;
        }
        rri_safetensors_close(&reader);
    }
    rri_memory_release(&allocator, block, bytes);
    return rri_status_of_file(err, status, path);
}
