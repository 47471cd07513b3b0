/* SPDX-License-Identifier: MIT */
/* data_file.h: interactions from a file: how it is read, as flags and checkpoints say it; what was
 * read, for people and for JSON; and which interactions are positive. */
#ifndef EXAMPLES_DRIVER_DATA_FILE_H
#define EXAMPLES_DRIVER_DATA_FILE_H

#include <stdbool.h>
#include <stdio.h>

#include "json.h"
#include "recrl/recrl.h"

/* Texts of flags; "" where one was not given. */
typedef struct data_options {
    char columns[512];       /* --columns user=…,item=…,rating=…,time=… */
    char separator[16];      /* --separator */
    char header[16];         /* --header yes, no, auto */
    char quotes[16];         /* --quotes yes, no */
    char comment[16];        /* --comment */
    char skip_incomplete[8]; /* --skip-incomplete: "yes" */
    char positive[128];      /* --positive 'rating>=4' */
} data_options;

/* Sets the option of a flag, "columns", and fails where it cannot be one. */
void data_options_set(data_options *o, const char *flag, const char *value);
/* A line "columns user=…" of a checkpoint's text for each that was given; takes one such line,
 * false where it is none. */
void data_options_write(FILE *out, const data_options *o);
bool data_options_take(data_options *o, const char *line);
/* A run reads its file in one way: fails with the flag that was given otherwise than before. */
void data_options_require_same(const data_options *given, const data_options *before);

/* What was read. */
typedef struct data_told {
    char path[1024]; /* "standard input" for "-" */
    char form[64];   /* "gzip, UTF-16"; "" of plain text */
    bool is_pipe;
    rr_dataset_source source; /* its texts are copies, in `texts` */
    char texts[8][256];
    int64_t n_users, n_items;
    bool has_ratings, has_times;
    bool is_unrated;    /* what is read as ratings counts or judges, by its name */
    char positive[128]; /* the rule, "rating>=4"; "" where every interaction is */
    char why[96];       /* where the rule comes from */
    int64_t n_positive;
    char **item_ids; /* [n_items] as the file has them; owned */
} data_told;

void data_told_close(data_told *told);

/* The interactions of a file; fails with a sentence. With is_implicit those alone that are
 * positive, by --positive, or by what the column of ratings is called. */
rr_dataset *data_file_load(data_told *told, const char *path, const data_options *o,
                           uint64_t memory_limit, int32_t num_threads, bool is_implicit);
/* Whether a rating is positive by the rule; true without one. */
bool data_file_is_positive(const data_told *told, float rating);

void data_file_print(FILE *out, const data_told *told);
void data_file_write_json(json *j, const data_told *told);

#endif
