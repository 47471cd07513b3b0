/* SPDX-License-Identifier: MIT */
/* titles.h: what items are called, from the file that lies beside a file of interactions:
 *
 *   STEM.item    RecBole's: tabs, a header with item_id, a name with "title" or "name", and one
 *                with "class" or "genre"
 *   movies.csv   MovieLens-20M and 25M: commas and quotes, movieId, title, genres
 *   movies.dat   MovieLens-1M and 10M: id::title::genres, in Latin-1 or UTF-8
 *   u.item       MovieLens-100k: id|title|…, the last nineteen fields are genres, Latin-1
 *
 *   books.csv    goodbooks: commas, book_id, title
 *   BX-Books.csv Book-Crossing: semicolons and quotes, ISBN, Book-Title, in Latin-1 or UTF-8
 *   artists.dat  Last.fm: tabs, id, name
 *
 * A row's id finds its item by the loader's key (rr_id_key), so ASINs and ids with zeros before
 * them do too. An item without a title is "item B000007919", its id in the file of interactions;
 * "item 17", its index, only in a world that has no file. */
#ifndef EXAMPLES_REPORT_TITLES_H
#define EXAMPLES_REPORT_TITLES_H

#include <stddef.h>
#include <stdint.h>

#include "driver/world.h"

typedef struct titles {
    int32_t n_items;
    char **names;  /* [n_items] NULL where the file has none */
    char **genres; /* [n_items] */
    char **ids; /* [n_items] as the file of interactions has them; the world's; NULL without one */
} titles;

void titles_open(titles *t, const world *w);
void titles_close(titles *t);
/* The item's name, written into `out`. */
void titles_name(char *out, size_t capacity, const titles *t, int32_t item);
/* "" where it is not known. */
const char *titles_genre(const titles *t, int32_t item);

#endif
