/* SPDX-License-Identifier: MIT */
/* Front door of the configs: every function is the engine of core/config.h on a table of
 * config_tables.c. */
#include <string.h>

#include "core/abi.h"
#include "core/config_tables.h"
#include "core/config_value.h"
#include "core/fpmode.h"
#include "core/status.h"
#include "train/algorithms.h"

static void init(int32_t kind, void *config, size_t struct_size)
{
    const rri_fpmode before = rri_fpmode_enter();
    rri_config_init(rri_config_table_of(kind), config, struct_size);
    rri_fpmode_leave(before);
}

void rr_env_config_init(rr_env_config *config, size_t struct_size)
{
    init(RR_CONFIG_ENV, config, struct_size);
}

void rr_agent_config_init(rr_agent_config *config, size_t struct_size)
{
    init(RR_CONFIG_AGENT, config, struct_size);
}

void rr_ppo_config_init(rr_ppo_config *config, size_t struct_size)
{
    init(RR_CONFIG_PPO, config, struct_size);
}

void rr_a2c_config_init(rr_a2c_config *config, size_t struct_size)
{
    init(RR_CONFIG_A2C, config, struct_size);
}

void rr_reinforce_config_init(rr_reinforce_config *config, size_t struct_size)
{
    init(RR_CONFIG_REINFORCE, config, struct_size);
}

void rr_buffer_config_init(rr_buffer_config *config, size_t struct_size)
{
    init(RR_CONFIG_BUFFER, config, struct_size);
}

void rr_ledger_config_init(rr_ledger_config *config, size_t struct_size)
{
    init(RR_CONFIG_LEDGER, config, struct_size);
}

void rr_train_config_init(rr_train_config *config, size_t struct_size)
{
    init(RR_CONFIG_TRAIN, config, struct_size);
}

void rr_als_config_init(rr_als_config *config, size_t struct_size)
{
    init(RR_CONFIG_ALS, config, struct_size);
}

void rr_serving_options_init(rr_serving_options *options, size_t struct_size)
{
    init(RR_CONFIG_SERVING, options, struct_size);
}

void rr_imitate_config_init(rr_imitate_config *config, size_t struct_size)
{
    init(RR_CONFIG_IMITATE, config, struct_size);
}

void rr_health_config_init(rr_health_config *config, size_t struct_size)
{
    init(RR_CONFIG_HEALTH, config, struct_size);
}

void rr_load_options_init(rr_load_options *options, size_t struct_size)
{
    init(RR_CONFIG_LOAD, options, struct_size);
}

int32_t rr_config_field_count(int32_t kind)
{
    const rri_config_table *table = rri_config_table_of(kind);
    return table == NULL ? -1 : (int32_t)table->n_fields;
}

static rr_status find_table(const rri_config_table **table, int32_t kind, rr_error *err)
{
    *table = rri_config_table_of(kind);
    if (*table == NULL) {
        RRI_FAIL(err, RR_E_NOT_FOUND, "config kind is %d; it must be an RR_CONFIG_ number, 1 to %d",
                 kind, rri_config_last_kind());
    }
    return RR_OK;
}

rr_status rr_config_field_at(int32_t kind, int32_t index, rr_config_field *out, rr_error *err)
{
    const rri_config_table *table = NULL;
    RRI_TRY(rri_abi_check(out, sizeof *out, "rr_config_field", err));
    RRI_TRY(find_table(&table, kind, err));
    if (index < 0 || (size_t)index >= table->n_fields) {
        RRI_FAIL(err, RR_E_NOT_FOUND, "%s: field index is %d; it must be in [0, %zu)", table->title,
                 index, table->n_fields);
    }
    const rri_config_field *field = &table->fields[index];
    const rr_config_field described = {
        .struct_size = sizeof described,
        .name = field->name,
        .type = rri_config_value_type_name(field),
        .default_value = field->default_value,
        .range = field->range.text,
        .text = field->text,
    };
    rri_abi_write(out, &described, sizeof described);
    return RR_OK;
}

int32_t rr_algo_count(void)
{
    return (int32_t)rri_algorithms_count();
}

rr_status rr_algo_at(int32_t index, rr_algo *out, rr_error *err)
{
    RRI_TRY(rri_abi_check(out, sizeof *out, "rr_algo", err));
    const rri_algorithm *algorithm = index < 0 ? NULL : rri_algorithms_at((size_t)index);
    if (algorithm == NULL) {
        RRI_FAIL(err, RR_E_NOT_FOUND, "rr_algo_at: index is %d; it must be in [0, %d)", index,
                 rr_algo_count());
    }
    const rr_algo full = {sizeof full, algorithm->config_kind, algorithm->name};
    rri_abi_write(out, &full, sizeof full);
    return RR_OK;
}

rr_status rr_config_set(void *config, const char *name, const char *value, rr_error *err)
{
    const rri_config_table *table = NULL;
    RRI_TRY(rri_config_table_find(&table, config, "rr_config_set", err));
    RRI_TRY(rri_require(name, "rr_config_set", "name", err));
    RRI_TRY(rri_require(value, "rr_config_set", "value", err));
    const rri_fpmode before = rri_fpmode_enter();
    const rr_status status = rri_config_set(table, config, name, value, err);
    rri_fpmode_leave(before);
    return status;
}

rr_status rr_config_get(const void *config, const char *name, char *out, size_t capacity,
                        rr_error *err)
{
    const rri_config_table *table = NULL;
    RRI_TRY(rri_config_table_find(&table, config, "rr_config_get", err));
    RRI_TRY(rri_require(name, "rr_config_get", "name", err));
    RRI_TRY(rri_require(out, "rr_config_get", "out", err));
    char text[RRI_CONFIG_TEXT_CAPACITY];
    const rri_fpmode before = rri_fpmode_enter();
    const rr_status status = rri_config_get(table, config, name, text, err);
    rri_fpmode_leave(before);
    RRI_TRY(status);
    const size_t needed = strlen(text) + 1;
    if (needed > capacity) {
        RRI_FAIL(err, RR_E_TOO_SMALL, "%s: %s needs %zu bytes; capacity is %zu", table->title, name,
                 needed, capacity);
    }
    memcpy(out, text, needed);
    return RR_OK;
}

rr_status rr_config_check(const void *config, rr_error *err)
{
    const rri_config_table *table = NULL;
    RRI_TRY(rri_config_table_find(&table, config, "rr_config_check", err));
    _Alignas(8) unsigned char full[RRI_CONFIG_LARGEST];
    const rri_fpmode before = rri_fpmode_enter();
    const rr_status status = rri_config_read(full, table, config, err);
    rri_fpmode_leave(before);
    return status;
}
