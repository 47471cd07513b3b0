/* SPDX-License-Identifier: MIT */
#include "core/config.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "core/abi.h"
#include "core/config_value.h"
#include "core/status.h"
#include "core/text.h"

/* What a text must be before its range matters; "" where the range says it. */
static const char *kind_of_number(const rri_config_field *field)
{
    switch (field->type) {
    case RRI_CONFIG_INT32:
    case RRI_CONFIG_INT64:
    case RRI_CONFIG_UINT64:
        return "a whole number ";
    case RRI_CONFIG_FLOAT:
        return "a number ";
    case RRI_CONFIG_INT32X4:
        return "whole numbers ";
    case RRI_CONFIG_BOOL:
    case RRI_CONFIG_CHOICE:
        break;
    }
    return "";
}

/* The sentence of a refused value, as the caller wrote it. `kind` as above. */
static rr_status refuse(const rri_config_table *table, const rri_config_field *field,
                        const char *shown, const char *kind, rr_error *err)
{
    const rri_config_range *range = &field->range;
    const bool is_interval = range->text[0] == '(' || range->text[0] == '[';
    const char *ending = field->type == RRI_CONFIG_INT32X4
                             ? ", up to four numbers, 0 only at the end"
                         : field->type == RRI_CONFIG_FLOAT && isinf(range->high) ? " and finite"
                                                                                 : "";
    RRI_FAIL(err, RR_E_INVALID, "%s: %s is %s; it must be %s%s%s%s", table->title, field->name,
             shown, kind, is_interval ? "in " : "", range->text, ending);
}

static void load(rri_config_value *out, const rri_config_field *field, const void *full)
{
    memset(out, 0, sizeof *out);
    memcpy(out->as.bytes, (const char *)full + field->offset, rri_config_value_size(field));
}

/* Judges a whole struct: "ppo config: clip_eps is -0.2; it must be in (0, 1)". */
static rr_status check_fields(const rri_config_table *table, const void *full, rr_error *err)
{
    for (size_t i = 0; i < table->n_fields; i++) {
        const rri_config_field *field = &table->fields[i];
        rri_config_value given;
        load(&given, field, full);
        if (!rri_config_value_is_in_range(field, &given)) {
            char shown[RRI_CONFIG_TEXT_CAPACITY];
            rri_config_value_format(shown, field, &given);
            return refuse(table, field, shown, "", err);
        }
    }
    uint32_t reserved = 0;
    if (table->reserved_offset != 0) {
        memcpy(&reserved, (const char *)full + table->reserved_offset, sizeof reserved);
    }
    if (reserved != 0) {
        RRI_FAIL(err, RR_E_UNSUPPORTED, "%s: reserved is %u; it must be 0", table->title, reserved);
    }
    return RR_OK;
}

/* ── whole structs ── */

typedef struct head {
    uint32_t struct_size;
    int32_t kind;
} head;

/* Whether `given` is a struct of this table, by its size and its kind. */
static rr_status check_head(const rri_config_table *table, const void *given, rr_error *err)
{
    head found;
    const rr_status status = rri_abi_check_type(given, table->size, table->title, table->type, err);
    if (status != RR_OK && status != RR_E_UNSUPPORTED) {
        return status;
    }
    memcpy(&found, given, sizeof found);
    if (found.kind != table->kind) { /* also where the other kind's struct is the longer one */
        RRI_FAIL(err, RR_E_INVALID, "%s: kind is %d; it must be %d, as its init sets it",
                 table->title, found.kind, table->kind);
    }
    return status;
}

static void write_defaults(const rri_config_table *table, void *full)
{
    memset(full, 0, table->size);
    const head own = {(uint32_t)table->size, table->kind};
    memcpy(full, &own, sizeof own);
    for (size_t i = 0; i < table->n_fields; i++) {
        const rri_config_field *field = &table->fields[i];
        rri_config_value preset;
        (void)rri_config_value_parse(&preset, field,
                                     field->default_value); /* a test parses every default */
        memcpy((char *)full + field->offset, preset.as.bytes, rri_config_value_size(field));
    }
}

void rri_config_init(const rri_config_table *table, void *config, size_t struct_size)
{
    const uint32_t given_size = (uint32_t)struct_size;
    if (config == NULL || struct_size < sizeof(head)) {
        return;
    }
    unsigned char full[RRI_CONFIG_LARGEST];
    write_defaults(table, full);
    memset(config, 0, struct_size);
    memcpy(config, full, struct_size < table->size ? struct_size : table->size);
    memcpy(config, &given_size, sizeof given_size);
}

rr_status rri_config_read(void *full, const rri_config_table *table, const void *given,
                          rr_error *err)
{
    write_defaults(table, full);
    if (given == NULL) {
        return RR_OK;
    }
    RRI_TRY(check_head(table, given, err));
    uint32_t given_size = 0;
    memcpy(&given_size, given, sizeof given_size);
    memcpy((char *)full + sizeof given_size, (const char *)given + sizeof given_size,
           (given_size < table->size ? given_size : table->size) - sizeof given_size);
    return check_fields(table, full, err);
}

/* ── one field by name ── */

static rr_status find_field(const rri_config_field **out, const rri_config_table *table,
                            const char *name, rr_error *err)
{
    for (size_t i = 0; i < table->n_fields; i++) {
        if (strcmp(table->fields[i].name, name) == 0) {
            *out = &table->fields[i];
            return RR_OK;
        }
    }
    RRI_FAIL(err, RR_E_NOT_FOUND, "%s: there is no field \"%.80s\"", table->title, name);
}

/* Whether the caller's struct, which may be an older and shorter one, has the field. */
static bool has_field(const void *given, const rri_config_field *field)
{
    uint32_t given_size = 0;
    memcpy(&given_size, given, sizeof given_size);
    return field->offset + rri_config_value_size(field) <= given_size;
}

rr_status rri_config_set(const rri_config_table *table, void *given, const char *name,
                         const char *text, rr_error *err)
{
    const rri_config_field *field = NULL;
    RRI_TRY(check_head(table, given, err));
    RRI_TRY(find_field(&field, table, name, err));
    if (!has_field(given, field)) {
        RRI_FAIL(err, RR_E_UNSUPPORTED, "%s: %s lies beyond the caller's struct_size", table->title,
                 name);
    }
    rri_config_value fresh;
    if (!rri_config_value_parse(&fresh, field, text)) {
        char quoted[RRI_CONFIG_TEXT_CAPACITY];
        rri_text_write(quoted, sizeof quoted, "\"%.50s\"", text);
        return refuse(table, field, quoted, kind_of_number(field), err);
    }
    if (!rri_config_value_is_in_range(field, &fresh)) {
        return refuse(table, field, text, "", err);
    }
    memcpy((char *)given + field->offset, fresh.as.bytes, rri_config_value_size(field));
    return RR_OK;
}

rr_status rri_config_get(const rri_config_table *table, const void *given, const char *name,
                         char out[RRI_CONFIG_TEXT_CAPACITY], rr_error *err)
{
    const rri_config_field *field = NULL;
    RRI_TRY(check_head(table, given, err));
    RRI_TRY(find_field(&field, table, name, err));
    if (!has_field(given, field)) {
        (void)snprintf(out, RRI_CONFIG_TEXT_CAPACITY, "%s", field->default_value);
        return RR_OK;
    }
    rri_config_value present;
    load(&present, field, given);
    rri_config_value_format(out, field, &present);
    return RR_OK;
}
