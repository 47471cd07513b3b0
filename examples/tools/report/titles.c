/* SPDX-License-Identifier: MIT */
#include "titles.h"

#include <ctype.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/text.h"

enum { LINE_BYTES = 8192, MOST_CELLS = 64, N_GENRES = 19 };

/* How a file is cut, and where its cells are; −1: named by the header. */
typedef struct layout {
    const char *name; /* behind the folder; NULL: STEM.item */
    const char *separator;
    bool has_header, is_latin, has_flags;
} layout;

/* u.item first: it is STEM.item as well where the interactions are u.data. */
static const layout layouts[] = {
    {"u.item", "|", false, true, true},       {NULL, "\t", true, false, false},
    {"movies.csv", ",", true, false, false},  {"books.csv", ",", true, false, false},
    {"BX-Books.csv", ";", true, true, false}, {"artists.dat", "\t", true, false, false},
    {"movies.dat", "::", false, true, false}};

static const char *const genre_names[N_GENRES] = {
    "unknown",     "Action", "Adventure", "Animation", "Children's", "Comedy",  "Crime",
    "Documentary", "Drama",  "Fantasy",   "Film-Noir", "Horror",     "Musical", "Mystery",
    "Romance",     "Sci-Fi", "Thriller",  "War",       "Western"};

/* A cell in quotes, without them, doubled ones made single; where the next one begins, or NULL. */
static char *cut_quoted(char **cell, char *at)
{
    char *to = ++at;
    *cell = to;
    while (*at != '\0' && (*at != '"' || at[1] == '"')) {
        at += *at == '"' ? 1 : 0;
        *to++ = *at++;
    }
    char *next = *at == '"' && at[1] != '\0' ? at + 2 : NULL;
    *to = '\0';
    return next;
}

/* Cuts a line at its separators; returns the number of cells. */
static int cut(char **cells, char *line, const char *separator)
{
    int n = 0;
    line[strcspn(line, "\r\n")] = '\0';
    for (char *at = line; at != NULL && n < MOST_CELLS; n++) {
        if (strcmp(separator, "::") != 0 && *separator != '|' && *separator != '\t' && *at == '"') {
            at = cut_quoted(&cells[n], at);
            continue;
        }
        char *end = strstr(at, separator);
        cells[n] = at;
        at = end != NULL ? end + strlen(separator) : NULL;
        if (end != NULL) {
            *end = '\0';
        }
    }
    return n;
}

/* Whether a column is called like an item's id: "item_id:token", "ISBN", "asin". */
static bool is_id(const char *name)
{
    static const char *const names[] = {"itemid",    "movieid",    "bookid",  "isbn",
                                        "asin",      "parentasin", "videoid", "businessid",
                                        "productid", "artistid",   "appid",   "id"};
    char plain[64];
    size_t n = 0;
    for (; *name != '\0' && *name != ':' && n < sizeof plain - 1; name++) {
        if (isalnum((unsigned char)*name)) {
            plain[n++] = (char)tolower((unsigned char)*name);
        }
    }
    plain[n] = '\0';
    for (size_t i = 0; i < sizeof names / sizeof names[0]; i++) {
        if (strcmp(plain, names[i]) == 0) {
            return true;
        }
    }
    return false;
}

static int find_id(char **cells, int n)
{
    for (int i = 0; i < n; i++) {
        if (is_id(cells[i])) {
            return i;
        }
    }
    return -1;
}

static bool has_word(const char *text, const char *word)
{
    for (; *text != '\0'; text++) {
        size_t n = 0;
        while (word[n] != '\0' && tolower((unsigned char)text[n]) == word[n]) {
            n++;
        }
        if (word[n] == '\0') {
            return true;
        }
    }
    return false;
}

/* The first column whose name has one of the words, whatever its case; −1 where there is none. */
static int find(char **cells, int n, const char *word, const char *other)
{
    for (int i = 0; i < n; i++) {
        if (has_word(cells[i], word) || has_word(cells[i], other)) {
            return i;
        }
    }
    return -1;
}

/* Whether every byte above 0x7F is of a well-formed sequence: hardly any Latin-1 is. */
static bool is_utf8(const char *text)
{
    while (*text != '\0') {
        const unsigned char c = (unsigned char)*text++;
        int n = c < 0x80                ? 0
                : c >= 0xC2 && c < 0xE0 ? 1
                : (c & 0xF0) == 0xE0    ? 2
                : c >= 0xF0 && c < 0xF5 ? 3
                                        : -1;
        for (; n > 0 && ((unsigned char)*text & 0xC0) == 0x80; n--) {
            text++;
        }
        if (n != 0) {
            return false;
        }
    }
    return true;
}

/* UTF-8, of Latin-1 where the text may be that and is no UTF-8: MovieLens-1M's is, 10M's is not.
 * '|' between genres becomes a space. */
static char *copy(const char *text, bool may_be_latin)
{
    const bool is_latin = may_be_latin && !is_utf8(text);
    char *out = text_allocate(2 * strlen(text) + 1, 1);
    char *to = out;
    for (; *text != '\0'; text++) {
        const unsigned char c = (unsigned char)*text;
        if (is_latin && c >= 0x80) {
            *to++ = (char)(0xC0 | c >> 6);
            *to++ = (char)(0x80 | (c & 0x3F));
        } else {
            *to++ = c == '|' ? ' ' : *text;
        }
    }
    return out;
}

/* The genres whose flag is 1, in the last cells. */
static char *genres_of_flags(char **cells, int n)
{
    char text[512] = "";
    for (int g = 0; g < N_GENRES && n >= N_GENRES; g++) {
        if (strcmp(cells[n - N_GENRES + g], "1") == 0) {
            const size_t used = strlen(text);
            snprintf(text + used, sizeof text - used, "%s%s", used > 0 ? " " : "", genre_names[g]);
        }
    }
    return copy(text, false);
}

/* Blanks off both ends. */
static char *trim(char *text)
{
    text += strspn(text, " \t");
    size_t n = strlen(text);
    while (n > 0 && (text[n - 1] == ' ' || text[n - 1] == '\t')) {
        text[--n] = '\0';
    }
    return text;
}

/* "23.0", as a column of floats is written, is 23 where all ids are numbers: its digits; 0: it is
 * no such number. */
static size_t whole_digits(const char *text)
{
    const size_t n = strspn(text, "0123456789");
    return n > 0 && text[n] == '.' && strspn(text + n + 1, "0") == strlen(text + n + 1) ? n : 0;
}

/* The item of a row that is in the world and has no name yet; −1: none. */
static int32_t item_of(char *cell, const titles *t, const world *w)
{
    rr_error err;
    int32_t item = -1;
    const char *const id = trim(cell);
    uint64_t key = rr_id_key(id, (int64_t)strlen(id));
    if (rr_items_find(w->items, &key, 1, &item, &err) != RR_OK) {
        return -1;
    }
    if (item < 0 && whole_digits(id) > 0) {
        key = rr_id_key(id, (int64_t)whole_digits(id));
        if (rr_items_find(w->items, &key, 1, &item, &err) != RR_OK) {
            return -1;
        }
    }
    return id[0] == '\0' || item < 0 || t->names[item] != NULL ? -1 : item;
}

/* A title may have the separator of two colons in it: it is all between the first and the last. */
static int join_title(char **cells, int n)
{
    for (int i = 2; i < n - 1; i++) {
        cells[i][-2] = ':';
    }
    if (n > 3) {
        cells[2] = cells[n - 1];
    }
    return n < 3 ? n : 3;
}

/* Behind a byte order mark. */
static char *behind_mark(char *line)
{
    return strncmp(line, "\xef\xbb\xbf", 3) == 0 ? line + 3 : line;
}

static void read_rows(titles *t, FILE *in, const world *w, const layout *l)
{
    char line[LINE_BYTES];
    char *cells[MOST_CELLS];
    int id = 0, name = 1, genre = l->has_flags ? -1 : 2;
    if (l->has_header) {
        if (fgets(line, sizeof line, in) == NULL) {
            return;
        }
        const int n = cut(cells, behind_mark(line), l->separator);
        id = find_id(cells, n);
        name = find(cells, n, "title", "name");
        genre = find(cells, n, "class", "genre");
    }
    while (id >= 0 && fgets(line, sizeof line, in) != NULL) {
        int n = cut(cells, behind_mark(line), l->separator);
        n = strcmp(l->separator, "::") == 0 ? join_title(cells, n) : n;
        const int32_t item = id < n ? item_of(cells[id], t, w) : -1;
        if (item < 0) {
            continue;
        }
        t->names[item] = name >= 0 && name < n ? copy(cells[name], l->is_latin) : NULL;
        t->genres[item] = l->has_flags              ? genres_of_flags(cells, n)
                          : genre >= 0 && genre < n ? copy(cells[genre], l->is_latin)
                                                    : NULL;
    }
}

void titles_open(titles *t, const world *w)
{
    t->n_items = w->n_items;
    t->ids = w->told.item_ids;
    t->names = text_allocate((size_t)w->n_items, sizeof *t->names);
    t->genres = text_allocate((size_t)w->n_items, sizeof *t->genres);
    const char *slash = strrchr(w->path, '/');
    int stem = (int)strlen(w->path);
    stem -= stem > 3 && strcmp(w->path + stem - 3, ".gz") == 0 ? 3 : 0;
    const int folder = slash != NULL ? (int)(slash - w->path) + 1 : 0;
    for (int i = stem - 1; i > folder; i--) { /* without the ending */
        if (w->path[i] == '.') {
            stem = i;
            break;
        }
    }
    for (size_t i = 0; w->items != NULL && i < sizeof layouts / sizeof *layouts; i++) {
        char path[1100];
        const layout *l = &layouts[i];
        snprintf(path, sizeof path, "%.*s%s", l->name != NULL ? folder : stem, w->path,
                 l->name != NULL ? l->name : ".item");
        FILE *in = fopen(path, "r");
        if (in != NULL) {
            read_rows(t, in, w, l);
            fclose(in);
            return;
        }
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
    } else if (t->ids != NULL) {
        snprintf(out, capacity, "item %s", t->ids[item]);
    } else {
        snprintf(out, capacity, "item %d", (int)item);
    }
}

const char *titles_genre(const titles *t, int32_t item)
{
    return t->genres[item] != NULL ? t->genres[item] : "";
}
