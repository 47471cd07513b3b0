/* SPDX-License-Identifier: MIT */
#include "curves.h"

#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/text.h"

enum { LINE_BYTES = 4096 };

static void read_names(curves *c, char *line, const char *path)
{
    for (char *name = strtok_r(line, ",\r\n", &line); name != NULL;
         name = strtok_r(NULL, ",\r\n", &line)) {
        if (c->n_columns == CURVES_MOST_COLUMNS || strlen(name) >= sizeof c->names[0]) {
            text_fail("%s: the first line is not that of a log", path);
        }
        strcpy(c->names[c->n_columns++], name);
    }
    if (curves_column(c, "n_timesteps") == NULL) {
        text_fail("%s: there is no column n_timesteps; is it the log of train?", path);
    }
}

/* The cells of one line into row `row` of a row-major block. */
static void read_row(double *cells, int n_columns, char *line, const char *path, int row)
{
    char *at = line;
    for (int i = 0; i < n_columns; i++) {
        char *end = NULL;
        cells[i] = strtod(at, &end);
        if (end == at || (*end != ',' && *end != '\n' && *end != '\r' && *end != '\0')) {
            text_fail("%s: line %d has no number in column %d", path, row + 2, i + 1);
        }
        at = *end == ',' ? end + 1 : end;
    }
}

static void transpose(double *out, const double *in, int n_rows, int n_columns)
{
    for (int row = 0; row < n_rows; row++) {
        for (int column = 0; column < n_columns; column++) {
            out[(size_t)column * (size_t)n_rows + (size_t)row] =
                in[(size_t)row * (size_t)n_columns + (size_t)column];
        }
    }
}

void curves_read(curves *c, const char *path)
{
    memset(c, 0, sizeof *c);
    char line[LINE_BYTES];
    FILE *in = fopen(path, "r");
    if (in == NULL) {
        text_fail("%s: %s", path, strerror(errno));
    }
    if (fgets(line, sizeof line, in) == NULL) {
        text_fail("%s: the log is empty", path);
    }
    c->values = text_allocate(1, sizeof(double)); /* a place, so that columns can be looked up */
    read_names(c, line, path);
    free(c->values);

    double *rows = NULL;
    int capacity = 0;
    while (fgets(line, sizeof line, in) != NULL && strchr(line, '\n') != NULL) {
        if (c->n_rows == capacity) {
            capacity = capacity > 0 ? 2 * capacity : 1024;
            rows = realloc(rows, (size_t)capacity * (size_t)c->n_columns * sizeof *rows);
            if (rows == NULL) {
                text_fail("no memory for %s", path);
            }
        }
        read_row(rows + (size_t)c->n_rows * (size_t)c->n_columns, c->n_columns, line, path,
                 c->n_rows);
        c->n_rows += 1;
    }
    fclose(in);
    if (c->n_rows == 0) {
        text_fail("%s: no update has been logged yet", path);
    }
    c->values = text_allocate((size_t)c->n_rows * (size_t)c->n_columns, sizeof(double));
    transpose(c->values, rows, c->n_rows, c->n_columns);
    free(rows);
}

void curves_free(curves *c)
{
    free(c->values);
    memset(c, 0, sizeof *c);
}

const double *curves_column(const curves *c, const char *name)
{
    for (int i = 0; i < c->n_columns; i++) {
        if (strcmp(c->names[i], name) == 0) {
            return c->values + (size_t)i * (size_t)c->n_rows;
        }
    }
    return NULL;
}

void curves_smooth(double *out, const double *weighted, const double *weights, int n, int window)
{
    for (int i = 0; i < n; i++) {
        double top = 0.0;
        double bottom = 0.0;
        for (int j = i - window + 1 > 0 ? i - window + 1 : 0; j <= i; j++) {
            const double weight = weights != NULL ? weights[j] : 1.0;
            if (isfinite(weighted[j]) && weight > 0.0) {
                top += weighted[j];
                bottom += weight;
            }
        }
        out[i] = bottom > 0.0 ? top / bottom : (double)NAN;
    }
}
