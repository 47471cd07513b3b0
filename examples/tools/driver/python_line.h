/* SPDX-License-Identifier: MIT */
/* python_line.h: a dictionary as Python prints it, {u'name': 'it\'s', 'n': 3, 'ok': True}, as the
 * JSON object that it means: the form of public reviews of Steam and of older ones of Amazon. */
#ifndef EXAMPLES_DRIVER_PYTHON_LINE_H
#define EXAMPLES_DRIVER_PYTHON_LINE_H

#include <stdbool.h>
#include <stddef.h>

/* Whether a text begins as such a dictionary does. */
bool python_line_is(const char *text, size_t n);
/* out [6 n + 1] receives the JSON, and its length is returned; 0 where a text does not end, or has
 * an escape that is none. What else Python has and JSON lacks is left for who reads the JSON. */
size_t python_line_to_json(char *out, const char *text, size_t n);

#endif
