/* SPDX-License-Identifier: MIT */
/* json.h: one line of JSON, member by member. */
#ifndef EXAMPLES_DRIVER_JSON_H
#define EXAMPLES_DRIVER_JSON_H

#include <stdint.h>
#include <stdio.h>

typedef struct json {
    FILE *out;
    int is_first;
} json;

/* "{" of the line, or of the member `name`. */
void json_begin(json *j, FILE *out);
void json_begin_object(json *j, const char *name);
void json_end_object(json *j);
/* "}" and the end of the line. */
void json_end(json *j);
/* What is not finite becomes null. */
void json_number(json *j, const char *name, double value);
void json_count(json *j, const char *name, int64_t value);
void json_string(json *j, const char *name, const char *value);
void json_bool(json *j, const char *name, int value);

#endif
