/* SPDX-License-Identifier: MIT */
#include "core/config_tables.h"

#include <stdio.h>
#include <string.h>

#include "check_run.h"
#include "core/config_value.h"
#include "core/text.h"

#define N_KINDS (RR_CONFIG_LEDGER + 1)

START_TEST(test_config_tables_there_is_one_for_every_kind)
{
    const size_t sizes[N_KINDS] = {0,
                                   sizeof(rr_env_config),
                                   sizeof(rr_agent_config),
                                   sizeof(rr_ppo_config),
                                   sizeof(rr_a2c_config),
                                   sizeof(rr_buffer_config),
                                   sizeof(rr_train_config),
                                   sizeof(rr_als_config),
                                   sizeof(rr_serving_options),
                                   sizeof(rr_imitate_config),
                                   sizeof(rr_health_config),
                                   sizeof(rr_load_options),
                                   sizeof(rr_reinforce_config),
                                   sizeof(rr_ledger_config)};
    for (int32_t kind = RR_CONFIG_ENV; kind < N_KINDS; kind++) {
        ck_assert_ptr_nonnull(rri_config_table_of(kind));
        ck_assert_int_eq(rri_config_table_of(kind)->kind, kind);
        ck_assert_uint_eq(rri_config_table_of(kind)->size, sizes[kind]);
        ck_assert_uint_le(sizes[kind], RRI_CONFIG_LARGEST);
    }
    ck_assert_int_eq(rri_config_last_kind(), N_KINDS - 1);
    ck_assert_ptr_null(rri_config_table_of(-1));
    ck_assert_ptr_null(rri_config_table_of(0));
    ck_assert_ptr_null(rri_config_table_of(N_KINDS));
}
END_TEST

/* No padding, nothing forgotten, nothing twice: a struct that grows keeps its older sizes. */
/* "set it to sizeof(rr_ppo_config)": the opening of sentences and the struct's name agree. */
START_TEST(test_config_tables_know_the_name_of_their_struct)
{
    for (int32_t kind = 1; kind <= rri_config_last_kind(); kind++) {
        const rri_config_table *table = rri_config_table_of(kind);
        char name[64];
        (void)snprintf(name, sizeof name, "rr_%s", table->title);
        for (char *at = name; *at != '\0'; at++) {
            *at = *at == ' ' ? '_' : *at;
        }
        ck_assert_str_eq(table->type, name);
    }
}
END_TEST

START_TEST(test_config_tables_cover_every_byte_once)
{
    for (int32_t kind = RR_CONFIG_ENV; kind < N_KINDS; kind++) {
        const rri_config_table *table = rri_config_table_of(kind);
        unsigned char n_owners[RRI_CONFIG_LARGEST] = {1, 1, 1, 1, 1, 1, 1, 1};
        size_t end = 8; /* struct_size and kind */
        for (size_t i = 0; i < table->n_fields; i++) {
            const rri_config_field *field = &table->fields[i];
            ck_assert_msg(field->offset >= end, "%s: %s is out of order", table->title,
                          field->name);
            end = field->offset + rri_config_value_size(field);
            for (size_t b = field->offset; b < end; b++) {
                n_owners[b]++;
            }
        }
        for (size_t b = 0; table->reserved_offset != 0 && b < 4; b++) {
            n_owners[table->reserved_offset + b]++;
        }
        /* Texts and a callback are not set by name; they end the load options. */
        const size_t named =
            kind == RR_CONFIG_LOAD ? offsetof(rr_load_options, separator) : table->size;
        for (size_t b = 0; b < named; b++) {
            ck_assert_msg(n_owners[b] == 1, "%s: byte %zu has %d owners", table->title, b,
                          n_owners[b]);
        }
    }
}
END_TEST

START_TEST(test_config_tables_defaults_parse_and_pass_their_own_ranges)
{
    for (int32_t kind = RR_CONFIG_ENV; kind < N_KINDS; kind++) {
        const rri_config_table *table = rri_config_table_of(kind);
        for (size_t i = 0; i < table->n_fields; i++) {
            const rri_config_field *field = &table->fields[i];
            rri_config_value value;
            ck_assert_msg(rri_config_value_parse(&value, field, field->default_value), "%s: %s",
                          table->title, field->name);
            ck_assert_msg(rri_config_value_is_in_range(field, &value), "%s: %s", table->title,
                          field->name);
            char text[RRI_CONFIG_TEXT_CAPACITY];
            rri_config_value_format(text, field, &value);
            ck_assert_str_eq(text, field->default_value);
            ck_assert_uint_gt(strlen(field->text), 5);
        }
    }
}
END_TEST

START_TEST(test_config_tables_choices_have_the_numbers_of_the_header)
{
    static const struct {
        int32_t kind;
        const char *name, *text;
        int32_t number;
    } choices[] = {{RR_CONFIG_AGENT, "head", "tower", RR_HEAD_TOWER},
                   {RR_CONFIG_AGENT, "head", "dense", RR_HEAD_DENSE},
                   {RR_CONFIG_AGENT, "activation", "tanh", RR_ACTIVATION_TANH},
                   {RR_CONFIG_AGENT, "activation", "relu", RR_ACTIVATION_RELU},
                   {RR_CONFIG_PPO, "optimizer", "adam", RR_OPTIMIZER_ADAM},
                   {RR_CONFIG_PPO, "optimizer", "rmsprop", RR_OPTIMIZER_RMSPROP},
                   {RR_CONFIG_A2C, "optimizer", "adam", RR_OPTIMIZER_ADAM},
                   {RR_CONFIG_A2C, "optimizer", "rmsprop", RR_OPTIMIZER_RMSPROP}};
    for (size_t i = 0; i < sizeof choices / sizeof choices[0]; i++) {
        const rri_config_table *table = rri_config_table_of(choices[i].kind);
        for (size_t f = 0; f < table->n_fields; f++) {
            rri_config_value value;
            if (strcmp(table->fields[f].name, choices[i].name) == 0) {
                ck_assert(rri_config_value_parse(&value, &table->fields[f], choices[i].text));
                ck_assert_int_eq(value.as.int32[0], choices[i].number);
            }
        }
    }
}
END_TEST

/* ── the manual says what the tables say ── */

static char header[200000];

/* The chapters in which configs are declared, one behind the other. */
static void read_header(void)
{
    const char *chapters[] = {"config", "env", "data", "eval", "health"};
    size_t n = 0;
    for (size_t i = 0; i < sizeof chapters / sizeof *chapters; i++) {
        char path[64];
        (void)snprintf(path, sizeof path, "include/recrl/%s.h", chapters[i]);
        FILE *file = fopen(path, "rb");
        ck_assert_ptr_nonnull(file);
        n += fread(header + n, 1, sizeof header - 1 - n, file);
        (void)fclose(file);
    }
    header[n] = '\0';
}

/* The number after "default " in the comment of a struct's member; false where there is none. */
static bool find_documented_default(double *out, const char *struct_name, const char *member)
{
    char opening[64];
    char declaration[64];
    (void)snprintf(opening, sizeof opening, "typedef struct %s {", struct_name);
    (void)snprintf(declaration, sizeof declaration, " %s;", member);
    const char *begin = strstr(header, opening);
    ck_assert_ptr_nonnull(begin);
    const char *line = strstr(begin, declaration);
    if (line == NULL) { /* an array */
        return false;
    }
    const char *end = strchr(line, '\n');
    const char *word = strstr(line, "default ");
    const char *next = word == NULL || word > end ? NULL : word + strlen("default ");
    if (next == NULL) {
        return false;
    }
    char number[32] = {0};
    const bool is_negative = strncmp(next, "\xE2\x88\x92", 3) == 0; /* a typographic minus */
    next += is_negative ? 3 : 0;
    const size_t length = strspn(next, "0123456789.e-");
    ck_assert_uint_lt(length, sizeof number);
    memcpy(number, next, length);
    double value = 0;
    if (!rri_text_parse_double(&value, number, length)) {
        return false;
    }
    *out = is_negative ? -value : value;
    return true;
}

START_TEST(test_config_tables_defaults_are_those_of_the_headers_comments)
{
    const char *structs[N_KINDS] = {"",
                                    "rr_env_config",
                                    "rr_agent_config",
                                    "rr_ppo_config",
                                    "rr_a2c_config",
                                    "rr_buffer_config",
                                    "rr_train_config",
                                    "rr_als_config",
                                    "rr_serving_options",
                                    "rr_imitate_config",
                                    "rr_health_config",
                                    "rr_load_options",
                                    "rr_reinforce_config",
                                    "rr_ledger_config"};
    size_t n_compared = 0;
    read_header();
    for (int32_t kind = RR_CONFIG_ENV; kind < N_KINDS; kind++) {
        const rri_config_table *table = rri_config_table_of(kind);
        for (size_t i = 0; i < table->n_fields; i++) {
            const rri_config_field *field = &table->fields[i];
            double wanted = 0;
            double preset = 0;
            const size_t length = strlen(field->default_value);
            if (rri_text_parse_double(&preset, field->default_value, length) &&
                find_documented_default(&wanted, structs[kind], field->name)) {
                ck_assert_msg(preset == wanted, "%s: %s is %s here, %g in recrl.h", table->title,
                              field->name, field->default_value, wanted);
                n_compared++;
            }
        }
    }
    ck_assert_uint_ge(n_compared, 55);
}
END_TEST

CHECK_MAIN("core/config_tables", test_config_tables_there_is_one_for_every_kind,
           test_config_tables_know_the_name_of_their_struct,
           test_config_tables_cover_every_byte_once,
           test_config_tables_defaults_parse_and_pass_their_own_ranges,
           test_config_tables_choices_have_the_numbers_of_the_header,
           test_config_tables_defaults_are_those_of_the_headers_comments)
