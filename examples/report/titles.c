/* SPDX-License-Identifier: MIT */
#include "titles.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "../driver/text.h"

enum { LINE_BYTES = 8192, MOST_CELLS = 64 };

/* Cuts a line at its tabs; returns the number of cells. */
static int cut(char **cells, char *line)
{
    int n = 0;
    line[strcspn(line, "\r\n")] = '\0';
    for (char *at = line; at != NULL && n < MOST_CELLS; n++) {
        char *tab = strchr(at, '\t');
        if (tab != NULL) {
            *tab = '\0';
        }
        cells[n] = at;
        at = tab != NULL ? tab + 1 : NULL;
    }
    return n;
}

/* The first column whose name has one of the words; −1 where there is none. */
static int find(char **cells, int n, const char *word, const char *other)
{
    for (int i = 0; i < n; i++) {
        if (strstr(cells[i], word) != NULL || strstr(cells[i], other) != NULL) {
            return i;
        }
    }
    return -1;
}

static char *copy(const char *text)
{
    char *out = text_allocate(strlen(text) + 1, 1);
    strcpy(out, text);
    return out;
}

static void read_rows(titles *t, FILE *in, const world *w)
{
    char line[LINE_BYTES];
    char *cells[MOST_CELLS];
    rr_error err;
    if (fgets(line, sizeof line, in) == NULL) {
        return;
    }
    int n = cut(cells, line);
    const int id = find(cells, n, "item_id", "item_id");
    const int name = find(cells, n, "title", "name");
    const int genre = find(cells, n, "class", "genre");
    while (id >= 0 && fgets(line, sizeof line, in) != NULL) {
        n = cut(cells, line);
        int32_t item = -1;
        char *end = NULL;
        const uint64_t key = id < n ? strtoull(cells[id], &end, 10) : 0;
        if (end == NULL || *end != '\0' || rr_items_find(w->items, &key, 1, &item, &err) != RR_OK ||
            item < 0 || t->names[item] != NULL) {
            continue;
        }
        t->names[item] = name >= 0 && name < n ? copy(cells[name]) : NULL;
        t->genres[item] = genre >= 0 && genre < n ? copy(cells[genre]) : NULL;
    }
}

void titles_open(titles *t, const world *w)
{
    char path[1100];
    t->n_items = w->n_items;
    t->names = text_allocate((size_t)w->n_items, sizeof *t->names);
    t->genres = text_allocate((size_t)w->n_items, sizeof *t->genres);
    const char *dot = strrchr(w->path, '.');
    const int stem = dot != NULL ? (int)(dot - w->path) : (int)strlen(w->path);
    snprintf(path, sizeof path, "%.*s.item", stem, w->path);
    FILE *in = w->items != NULL ? fopen(path, "r") : NULL;
    if (in != NULL) {
        read_rows(t, in, w);
        fclose(in);
    }
}

void titles_close(titles *t)
{
    for (int32_t i = 0; i < t->n_items; i++) {
        free(t->names[i]);
        free(t->genres[i]);
    }
    free(t->names);
    free(t->genres);
}

void titles_name(char *out, size_t capacity, const titles *t, int32_t item)
{
    if (t->names[item] != NULL) {
        snprintf(out, capacity, "%s", t->names[item]);
    } else {
        snprintf(out, capacity, "item %d", (int)item);
    }
}

const char *titles_genre(const titles *t, int32_t item)
{
    return t->genres[item] != NULL ? t->genres[item] : "";
}
