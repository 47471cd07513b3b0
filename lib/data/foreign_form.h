/* SPDX-License-Identifier: MIT */
/* foreign_form.h: files that are no delimited text in UTF-8, by their first bytes. */
#ifndef RRI_DATA_FOREIGN_FORM_H
#define RRI_DATA_FOREIGN_FORM_H

#include <stddef.h>

/* "gzip data; decompress it first": what the text looks like, and what to do; NULL where it may be
 * delimited text. */
const char *rri_foreign_form_name(const char *text, size_t bytes);

#endif
