/* SPDX-License-Identifier: MIT */
#include "json.h"

#include <inttypes.h>
#include <math.h>

static void put_string(FILE *out, const char *text)
{
    fputc('"', out);
    for (const char *c = text; *c != '\0'; c++) {
        const unsigned char byte = (unsigned char)*c;
        if (byte == '"' || byte == '\\') {
            fprintf(out, "\\%c", byte);
        } else if (byte < 0x20) {
            fprintf(out, "\\u%04x", (unsigned)byte);
        } else {
            fputc(byte, out);
        }
    }
    fputc('"', out);
}

static void put_name(json *j, const char *name)
{
    fputs(j->is_first ? "" : ", ", j->out);
    j->is_first = 0;
    put_string(j->out, name);
    fputs(": ", j->out);
}

void json_begin(json *j, FILE *out)
{
    j->out = out;
    j->is_first = 1;
    fputc('{', out);
}

void json_begin_object(json *j, const char *name)
{
    put_name(j, name);
    fputc('{', j->out);
    j->is_first = 1;
}

void json_end_object(json *j)
{
    fputc('}', j->out);
    j->is_first = 0;
}

void json_end(json *j)
{
    fputs("}\n", j->out);
    fflush(j->out);
}

void json_number(json *j, const char *name, double value)
{
    put_name(j, name);
    if (isfinite(value)) {
        fprintf(j->out, "%.9g", value);
    } else {
        fputs("null", j->out);
    }
}

void json_count(json *j, const char *name, int64_t value)
{
    put_name(j, name);
    fprintf(j->out, "%" PRId64, value);
}

void json_string(json *j, const char *name, const char *value)
{
    put_name(j, name);
    put_string(j->out, value);
}

void json_bool(json *j, const char *name, int value)
{
    put_name(j, name);
    fputs(value ? "true" : "false", j->out);
}
