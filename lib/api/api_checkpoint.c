/* SPDX-License-Identifier: MIT */
/* api_checkpoint.c: the front door of checkpoints, to and from files and memory. */
#include <string.h>

#include "core/abi.h"
#include "core/config_tables.h"
#include "core/fpmode.h"
#include "core/host_log.h"
#include "core/status.h"
#include "io/safetensors_file.h"
#include "store/checkpoint.h"
#include "store/inherit.h"

/* The caller's struct, of whatever release, as one of this. */
static rr_status read_struct(rr_checkpoint *full, const rr_checkpoint *given, rr_error *err)
{
    RRI_TRY(rri_abi_read(full, sizeof *full, given, "rr_checkpoint", err));
    if (full->reserved != 0) {
        RRI_FAIL(err, RR_E_INVALID, "rr_checkpoint: reserved is %u; it must be 0", full->reserved);
    }
    return RR_OK;
}

static rr_status read_saved(rr_checkpoint *full, const rr_checkpoint *given, rr_error *err)
{
    RRI_TRY(read_struct(full, given, err));
    if (full->agent == NULL) {
        RRI_FAIL(err, RR_E_INVALID, "rr_checkpoint: agent is NULL; it is required to save");
    }
    if (full->blob == NULL && full->blob_bytes > 0) {
        RRI_FAIL(err, RR_E_INVALID, "rr_checkpoint: blob is NULL, but blob_bytes is %zu",
                 full->blob_bytes);
    }
    if (full->buffer != NULL && full->buffer->rollout.awaits_reward) {
        RRI_FAIL(err, RR_E_STATE, "rr_checkpoint: the buffer's last record has no reward yet");
    }
    return RR_OK;
}

rr_status rr_checkpoint_save_memory(const rr_checkpoint *checkpoint, void *out, size_t capacity,
                                    size_t *bytes, rr_error *err)
{
    rr_checkpoint all;
    RRI_TRY(read_saved(&all, checkpoint, err));
    RRI_TRY(rri_require(bytes, "rr_checkpoint_save_memory", "bytes", err));
    const rri_fpmode before = rri_fpmode_enter();
    const rr_status status =
        rri_safetensors_write(out, capacity, bytes, rri_checkpoint_describe, &all, err);
    rri_fpmode_leave(before);
    return status;
}

static rr_status save(const char *path, const rr_checkpoint *all, rr_error *err)
{
    int folder_number = 0;
    RRI_TRY(rri_safetensors_file_save(path, rri_checkpoint_describe, all, &folder_number, err));
    if (folder_number != 0) {
        rri_host_log_say(&all->agent->trainer.log, RR_LOG_WARNING,
                         "checkpoint: '%.240s' is in place, but its folder could not be synced "
                         "(errno %d): after a power cut the old file may be back",
                         path, folder_number);
    }
    return RR_OK;
}

rr_status rr_checkpoint_save(const rr_checkpoint *checkpoint, const char *path, rr_error *err)
{
    rr_checkpoint all;
    RRI_TRY(rri_require(path, "rr_checkpoint_save", "path", err));
    RRI_TRY(read_saved(&all, checkpoint, err));
    const rri_fpmode before = rri_fpmode_enter();
    const rr_status status = save(path, &all, err);
    rri_fpmode_leave(before);
    return status;
}

/* The host's allocator is the agent's, where there is one. */
static rr_status find_allocator(rri_allocator *allocator, const rr_agent *agent, rr_error *err)
{
    if (agent != NULL) {
        *allocator = agent->allocator;
        return RR_OK;
    }
    return rri_allocator_init(allocator, NULL, err);
}

static rr_status load(rr_checkpoint *target, const void *data, size_t bytes,
                      const rri_allocator *allocator, rr_error *err)
{
    rri_safetensors_reader reader;
    RRI_TRY(rri_safetensors_open(&reader, data, bytes, allocator, err));
    const rri_fpmode before = rri_fpmode_enter();
    const rr_status status = rri_checkpoint_restore(target, &reader, err);
    rri_fpmode_leave(before);
    rri_safetensors_close(&reader);
    return status;
}

rr_status rr_checkpoint_load_memory(rr_checkpoint *checkpoint, const void *data, size_t bytes,
                                    rr_error *err)
{
    rr_checkpoint target;
    rri_allocator allocator;
    RRI_TRY(rri_require(data, "rr_checkpoint_load_memory", "data", err));
    RRI_TRY(read_struct(&target, checkpoint, err));
    RRI_TRY(find_allocator(&allocator, target.agent, err));
    const rr_status status = load(&target, data, bytes, &allocator, err);
    rri_abi_write(checkpoint, &target, sizeof target);
    return status;
}

rr_status rr_checkpoint_load(rr_checkpoint *checkpoint, const char *path, rr_error *err)
{
    rr_checkpoint target;
    rri_allocator allocator;
    RRI_TRY(rri_require(path, "rr_checkpoint_load", "path", err));
    RRI_TRY(read_struct(&target, checkpoint, err));
    RRI_TRY(find_allocator(&allocator, target.agent, err));
    void *block;
    size_t bytes;
    RRI_TRY(rri_safetensors_file_read(&block, &bytes, path, &allocator, err));
    const rr_status status = load(&target, block, bytes, &allocator, err);
    rri_memory_release(&allocator, block, bytes);
    rri_abi_write(checkpoint, &target, sizeof target);
    return rri_status_of_file(err, status, path);
}

static rr_status inherit(rr_inheritance *out, rr_agent *agent, const void *data, size_t bytes,
                         const rri_columns *columns, rr_error *err)
{
    rri_safetensors_reader reader;
    RRI_TRY(rri_safetensors_open(&reader, data, bytes, &agent->allocator, err));
    const rri_fpmode before = rri_fpmode_enter();
    const rr_status status = rri_inherit(out, agent, &reader, columns, err);
    rri_fpmode_leave(before);
    rri_safetensors_close(&reader);
    return status;
}

rr_status rr_agent_inherit(rr_agent *agent, const char *path, const rr_schema_map *map,
                           rr_inheritance *out, rr_error *err)
{
    RRI_TRY(rri_require(agent, "rr_agent_inherit", "agent", err));
    RRI_TRY(rri_require(path, "rr_agent_inherit", "path", err));
    if (out != NULL) {
        RRI_TRY(rri_abi_check(out, sizeof *out, "rr_inheritance", err));
    }
    rri_columns columns = {0};
    const rri_network *net = &agent->trainer.model.network;
    if (map != NULL) {
        RRI_TRY(rri_columns_read(&columns, map, net->state_dim, net->feature_dim, "inherit", err));
    }
    const rri_allocator allocator = agent->allocator;
    rr_inheritance full = {0};
    void *block;
    size_t bytes;
    RRI_TRY(rri_safetensors_file_read(&block, &bytes, path, &allocator, err));
    const rr_status status =
        inherit(&full, agent, block, bytes, map != NULL ? &columns : NULL, err);
    rri_memory_release(&allocator, block, bytes);
    if (status == RR_OK && out != NULL) {
        rri_abi_write(out, &full, sizeof full);
    }
    return rri_status_of_file(err, status, path);
}

rr_status rr_checkpoint_read_config(const char *path, void *config, int32_t *algo, rr_error *err)
{
    if (path == NULL || (config == NULL && algo == NULL)) {
        RRI_FAIL(err, RR_E_INVALID, "rr_checkpoint_read_config: %s",
                 path == NULL ? "path is NULL" : "config and algo are NULL; one must be given");
    }
    const rri_config_table *table = NULL;
    if (config != NULL) {
        RRI_TRY(rri_config_table_find(&table, config, "rr_checkpoint_read_config", err));
    }
    rri_allocator allocator;
    RRI_TRY(rri_allocator_init(&allocator, NULL, err));
    rri_safetensors_file_header header;
    RRI_TRY(rri_safetensors_file_open_header(&header, path, true, &allocator, err));
    int32_t found = 0;
    const rri_fpmode before = rri_fpmode_enter();
    rr_status status = rri_checkpoint_check_format(&header.reader, err);
    status = status == RR_OK ? rri_checkpoint_read_algo(&found, &header.reader, err) : status;
    if (status == RR_OK && config != NULL) {
        status = rri_checkpoint_read_config(table->kind, config, &header.reader, err);
    }
    rri_fpmode_leave(before);
    if (status == RR_OK && algo != NULL) {
        *algo = found;
    }
    rri_safetensors_file_close_header(&header);
    return rri_status_of_file(err, status, path);
}
