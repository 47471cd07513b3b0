/* SPDX-License-Identifier: MIT */
/* json_lines.h: JSON lines, one object a line, as delimited text.
 *
 * The keys of the first object that have a number, a text, true or false are the columns; of each
 * object the values of these are a row, with tabs between them and texts in quotes. What an object
 * has not, and null, is an empty field; lists and objects in objects are left out. A line end in a
 * text becomes \n, so that lines keep their numbers; texts are cut behind 1001 bytes, which no id
 * has. Dictionaries as Python prints them, {u'a': 1}, are read as the objects that they mean.
 * Without jansson every text is refused. */
#ifndef EXAMPLES_DRIVER_JSON_LINES_H
#define EXAMPLES_DRIVER_JSON_LINES_H

#include <stdint.h>

typedef struct json_lines json_lines; /* opaque */

/* The text comes from `read` (rr_load_options.read). Fails where there is no jansson. */
json_lines *json_lines_open(const char *path, int64_t (*read)(void *, void *, int64_t), void *user);
void json_lines_close(json_lines *lines); /* NULL: nothing */

/* The next bytes of delimited text; 0 at the end, −1 where a line is no object. */
int64_t json_lines_read(json_lines *lines, void *out, int64_t n_bytes);
/* "" where none was refused; also of NULL. */
const char *json_lines_error(const json_lines *lines);

#endif
