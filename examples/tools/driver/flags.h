/* SPDX-License-Identifier: MIT */
/* flags.h: a driver's own options, and a flag for every field of every config, from the library's
 * tables.
 *
 *   --FIELD VALUE         sets the field in each config of this run that has it   --n-steps 16
 *   --CONFIG-FIELD VALUE  sets it in that config alone                            --agent-seed 7
 *
 * Dashes and underscores are the same; --flag=value too; a bool without a value is true. */
#ifndef EXAMPLES_DRIVER_FLAGS_H
#define EXAMPLES_DRIVER_FLAGS_H

#include <stdio.h>

#include "settings.h"

/* Where the text of a flag begins in --help. */
enum { FLAGS_COLUMN = 27 };

/* An option of the driver itself: exactly one target. */
typedef struct flags_option {
    const char *name;       /* "algo" */
    const char *value_name; /* "ppo|a2c"; NULL: a switch */
    const char *text;
    const char **value; /* receives the text */
    bool *is_on;        /* receives true */
} flags_option;

/* Rows that several drivers have. */
flags_option flags_row_runs(const char **value);
flags_option flags_row_memory_limit(const char **value);
flags_option flags_row_bandits(const char **value);

/* The count that a flag was given, in [least, most]; `missing` where text is NULL. */
int64_t flags_count(const char *flag, const char *text, int64_t least, int64_t most,
                    int64_t missing);

/* Field flags in the order given. */
typedef struct flags_fields {
    int n;
    struct {
        char name[64];  /* "n-steps" */
        char field[64]; /* "n_steps" */
        const char *value;
    } at[128];
} flags_fields;

/* Words that are no flags. */
typedef struct flags_words {
    const char **at; /* [most] */
    int most, n;
} flags_words;

/* Reads argv: options at once; field flags are kept for flags_apply. -h is --help, -o is --out.
 * Fails on what is neither. fields NULL: the program has none; words NULL: it takes none. */
void flags_parse(flags_fields *fields, flags_words *words, const flags_option *options,
                 int n_options, int argc, char **argv);
/* One more field flag, behind those given. `value` is kept as a pointer. */
void flags_add(flags_fields *fields, const char *field, const char *value);
/* The last value given for a field by its plain name; NULL where there is none. */
const char *flags_value(const flags_fields *fields, const char *field);
/* Sets the fields in the settings; fails on a field that no config of this run has. */
void flags_apply(const flags_fields *fields, settings *s);
/* Fails where a flag names another value than the settings, which come from a checkpoint, have.
 * Fields named in `free_fields` (NULL-ended) may differ; they are set. */
void flags_apply_to_checkpoint(const flags_fields *fields, settings *s,
                               const char *const *free_fields);

void flags_print_options(FILE *out, const flags_option *options, int n_options);
/* A field behind its name: what it is, its type, range and default. */
void flags_print_field(FILE *out, const char *left, const rr_config_field *field);
/* "--lr"; "--agent-seed" where the plain name is another config's. */
void flags_field_name(char out[80], int32_t kind, const char *field);
/* The tables of the given kinds (ended by −1): name, type, default, range, text. */
void flags_print_tables(FILE *out, const int32_t *kinds);

/* "ppo|a2c|…": the names that --algo knows. */
const char *flags_algo_names(void);
/* RR_ALGO_ of a name. */
int32_t flags_algo(const char *value);
const char *flags_algo_name(int32_t algo);

#endif
