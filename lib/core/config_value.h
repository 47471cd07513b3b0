/* SPDX-License-Identifier: MIT */
/* config_value.h: one field's value of any type, its text form and its range. */
#ifndef RRI_CORE_CONFIG_VALUE_H
#define RRI_CORE_CONFIG_VALUE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/config.h"

#define RRI_CONFIG_LIST_LENGTH 4

/* The bytes of a field; those beyond its size are 0. */
typedef struct rri_config_value {
    union {
        int32_t int32[RRI_CONFIG_LIST_LENGTH];
        int64_t int64;
        uint64_t uint64;
        float real;
        unsigned char bytes[RRI_CONFIG_LIST_LENGTH * sizeof(int32_t)];
    } as;
} rri_config_value;

/* Bytes of a field in its struct. */
size_t rri_config_value_size(const rri_config_field *field);
/* "int32", "float", …, or the choices. Static. */
const char *rri_config_value_type_name(const rri_config_field *field);

/* The whole text must be a value of the field's type; its range is not asked. */
bool rri_config_value_parse(rri_config_value *out, const rri_config_field *field, const char *text);
/* Text that parse reads back into the same bits; a number for a choice that has no name. */
void rri_config_value_format(char out[RRI_CONFIG_TEXT_CAPACITY], const rri_config_field *field,
                             const rri_config_value *given);
bool rri_config_value_is_in_range(const rri_config_field *field, const rri_config_value *given);

#endif
