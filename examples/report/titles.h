/* SPDX-License-Identifier: MIT */
/* titles.h: what items are called: the .item file beside a file of interactions (columns item_id,
 * one with "title" in its name, one with "class" or "genre"), else "item 17". */
#ifndef EXAMPLES_REPORT_TITLES_H
#define EXAMPLES_REPORT_TITLES_H

#include <stddef.h>
#include <stdint.h>

#include "../driver/world.h"

typedef struct titles {
    int32_t n_items;
    char **names;  /* [n_items] NULL where the file has none */
    char **genres; /* [n_items] */
} titles;

void titles_open(titles *t, const world *w);
void titles_close(titles *t);
/* The item's name, written into `out`. */
void titles_name(char *out, size_t capacity, const titles *t, int32_t item);
/* "" where it is not known. */
const char *titles_genre(const titles *t, int32_t item);

#endif
