/* SPDX-License-Identifier: MIT */
/* api_policy_file.c: the front door of snapshots in files and in memory. */
#include "core/fpmode.h"
#include "core/status.h"
#include "io/safetensors_file.h"
#include "store/policy_file.h"

static rr_status save_memory(void *out, size_t capacity, size_t *bytes, const rr_policy *policy,
                             rr_error *err)
{
    rri_policy_file file = {.policy = policy};
    if (out != NULL) {
        RRI_TRY(rri_proof_play(&file.proof, policy, &policy->allocator, err));
    }
    return rri_safetensors_write(out, capacity, bytes, rri_policy_file_describe, &file, err);
}

rr_status rr_policy_save_memory(const rr_policy *policy, void *out, size_t capacity, size_t *bytes,
                                rr_error *err)
{
    RRI_TRY(rri_require(bytes, "rr_policy_save_memory", "bytes", err));
    RRI_TRY(rri_require(policy, "rr_policy_save_memory", "policy", err));
    const rri_fpmode before = rri_fpmode_enter();
    const rr_status status = save_memory(out, capacity, bytes, policy, err);
    rri_fpmode_leave(before);
    return status;
}

static rr_status save(const char *path, const rr_policy *policy, rr_error *err)
{
    rri_policy_file file = {.policy = policy};
    RRI_TRY(rri_proof_play(&file.proof, policy, &policy->allocator, err));
    return rri_safetensors_file_save(path, rri_policy_file_describe, &file, NULL, err);
}

rr_status rr_policy_save(const rr_policy *policy, const char *path, rr_error *err)
{
    RRI_TRY(rri_require(path, "rr_policy_save", "path", err));
    RRI_TRY(rri_require(policy, "rr_policy_save", "policy", err));
    const rri_fpmode before = rri_fpmode_enter();
    const rr_status status = save(path, policy, err);
    rri_fpmode_leave(before);
    return status;
}

static rr_status load(rr_policy **out, const void *data, size_t bytes, rr_items *items,
                      const rri_allocator *allocator, rr_error *err)
{
    rri_safetensors_reader reader;
    RRI_TRY(rri_safetensors_open(&reader, data, bytes, allocator, err));
    const rri_fpmode before = rri_fpmode_enter();
    const rr_status status = rri_policy_file_read(out, &reader, items, allocator, err);
    rri_fpmode_leave(before);
    rri_safetensors_close(&reader);
    return status;
}

rr_status rr_policy_load_memory(rr_policy **out, const void *data, size_t bytes, rr_items *items,
                                const rr_host *host, rr_error *err)
{
    RRI_TRY(rri_require(out, "rr_policy_load_memory", "out", err));
    RRI_TRY(rri_require(data, "rr_policy_load_memory", "data", err));
    rri_allocator allocator;
    RRI_TRY(rri_allocator_init(&allocator, host, err));
    return load(out, data, bytes, items, &allocator, err);
}

rr_status rr_policy_load(rr_policy **out, const char *path, rr_items *items, const rr_host *host,
                         rr_error *err)
{
    RRI_TRY(rri_require(out, "rr_policy_load", "out", err));
    RRI_TRY(rri_require(path, "rr_policy_load", "path", err));
    rri_allocator allocator;
    RRI_TRY(rri_allocator_init(&allocator, host, err));
    void *block;
    size_t bytes;
    RRI_TRY(rri_safetensors_file_read(&block, &bytes, path, &allocator, err));
    const rr_status status = load(out, block, bytes, items, &allocator, err);
    rri_memory_release(&allocator, block, bytes);
    return rri_status_of_file(err, status, path);
}

rr_status rr_policy_file_memory(const char *path, const rr_items *items, size_t *bytes,
                                rr_error *err)
{
    RRI_TRY(rri_require(path, "rr_policy_file_memory", "path", err));
    RRI_TRY(rri_require(bytes, "rr_policy_file_memory", "bytes", err));
    rri_allocator allocator;
    rri_safetensors_file_header header;
    RRI_TRY(rri_allocator_init(&allocator, NULL, err));
    RRI_TRY(rri_safetensors_file_open_header(&header, path, false, &allocator, err));
    const rri_fpmode before = rri_fpmode_enter();
    const rr_status status = rri_policy_file_memory(bytes, &header.reader, items, err);
    rri_fpmode_leave(before);
    rri_safetensors_file_close_header(&header);
    return rri_status_of_file(err, status, path);
}
