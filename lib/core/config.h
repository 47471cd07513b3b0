/* SPDX-License-Identifier: MIT */
/* config.h: one table per config struct drives its defaults, its checks and its text form.
 *
 * A config begins with uint32_t struct_size and int32_t kind, has no padding, and may have one
 * `uint32_t reserved`. The table writes each fact once: a field's default and range are text, and
 * their numbers are made from the same tokens by the macros below.
 *
 *     {RRI_CONFIG_FLOAT, "clip_eps", offsetof(rr_ppo_config, clip_eps), "0.2",
 *      RRI_CONFIG_BETWEEN_OPEN(0, 1), "ε of the ratio"} */
#ifndef RRI_CORE_CONFIG_H
#define RRI_CORE_CONFIG_H

#include <math.h>
#include <stdbool.h>
#include <stddef.h>

#include "recrl/recrl.h"

typedef enum rri_config_type {
    RRI_CONFIG_INT32,
    RRI_CONFIG_INT64,
    RRI_CONFIG_UINT64,
    RRI_CONFIG_FLOAT,
    RRI_CONFIG_BOOL,    /* int32_t, 0 or 1 */
    RRI_CONFIG_INT32X4, /* int32_t[4], a list that 0 ends */
    RRI_CONFIG_CHOICE   /* int32_t, the position of a name in `choices` */
} rri_config_type;

typedef struct rri_config_range {
    const char *text;    /* "(0, 1)", "at least 1" */
    const char *choices; /* "tower|dense"; NULL for other types */
    double low, high;
    bool is_low_open, is_high_open, is_even;
} rri_config_range;

#define RRI_CONFIG_BETWEEN(a, b)                                                                   \
    {                                                                                              \
        "[" #a ", " #b "]", NULL, a, b, false, false, false                                        \
    }
#define RRI_CONFIG_BETWEEN_OPEN(a, b)                                                              \
    {                                                                                              \
        "(" #a ", " #b ")", NULL, a, b, true, true, false                                          \
    }
#define RRI_CONFIG_FROM_TO_OPEN(a, b)                                                              \
    {                                                                                              \
        "[" #a ", " #b ")", NULL, a, b, false, true, false                                         \
    }
#define RRI_CONFIG_FROM_OPEN_TO(a, b)                                                              \
    {                                                                                              \
        "(" #a ", " #b "]", NULL, a, b, true, false, false                                         \
    }
#define RRI_CONFIG_AT_LEAST(a)                                                                     \
    {                                                                                              \
        "at least " #a, NULL, a, INFINITY, false, false, false                                     \
    }
#define RRI_CONFIG_EVEN_AT_LEAST(a)                                                                \
    {                                                                                              \
        "even and at least " #a, NULL, a, INFINITY, false, false, true                             \
    }
#define RRI_CONFIG_ABOVE(a)                                                                        \
    {                                                                                              \
        "above " #a, NULL, a, INFINITY, true, false, false                                         \
    }
#define RRI_CONFIG_ANY                                                                             \
    {                                                                                              \
        "[0, 2^64)", NULL, -INFINITY, INFINITY, false, false, false                                \
    }
#define RRI_CONFIG_YES_NO                                                                          \
    {                                                                                              \
        "0 or 1", NULL, 0, 1, false, false, false                                                  \
    }
#define RRI_CONFIG_ONE_OF(a, b)                                                                    \
    {                                                                                              \
        a " or " b, a "|" b, 0, 1, false, false, false                                             \
    }
#define RRI_CONFIG_ONE_OF_THREE(a, b, c)                                                           \
    {                                                                                              \
        a ", " b " or " c, a "|" b "|" c, 0, 2, false, false, false                                \
    }
#define RRI_CONFIG_ONE_OF_FOUR(a, b, c, d)                                                         \
    {                                                                                              \
        a ", " b ", " c " or " d, a "|" b "|" c "|" d, 0, 3, false, false, false                   \
    }

typedef struct rri_config_field {
    rri_config_type type;
    const char *name;
    size_t offset;
    const char *default_value;
    rri_config_range range;
    const char *text; /* one line: what it is */
} rri_config_field;

typedef struct rri_config_table {
    const char *title;              /* "ppo config", the opening of every sentence */
    const char *type;               /* "rr_ppo_config", the struct's name in the header */
    int32_t kind;                   /* RR_CONFIG_PPO: second field of the struct */
    size_t size;                    /* of the struct, at most RRI_CONFIG_LARGEST */
    size_t reserved_offset;         /* 0: none */
    const rri_config_field *fields; /* [n_fields] in the order of the struct */
    size_t n_fields;
} rri_config_table;

#define RRI_CONFIG_LARGEST ((size_t)320)

/* config [struct_size] ← kind and defaults as far as it reaches, the rest 0. Nothing happens below
 * 8 bytes. */
void rri_config_init(const rri_config_table *table, void *config, size_t struct_size);

/* full [table->size] ← defaults, then what the caller's struct has (NULL: nothing), then every
 * field is checked. RR_E_INVALID and RR_E_UNSUPPORTED as in abi.h;
 * another kind is RR_E_INVALID. full is only meaningful
 * on success. */
rr_status rri_config_read(void *full, const rri_config_table *table, const void *given,
                          rr_error *err);

/* Sets one field of a caller's struct from text; refused values change nothing. */
rr_status rri_config_set(const rri_config_table *table, void *given, const char *name,
                         const char *value, rr_error *err);

/* Writes a field of a caller's struct as text that rri_config_set reads back into the same bits. */
#define RRI_CONFIG_TEXT_CAPACITY 64
rr_status rri_config_get(const rri_config_table *table, const void *given, const char *name,
                         char out[RRI_CONFIG_TEXT_CAPACITY], rr_error *err);

#endif
