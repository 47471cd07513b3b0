/* SPDX-License-Identifier: MIT */
/* row_walk.c: fields in quotes, wide separators, and lines that are no rows. */
#include "data/row_walk.h"

#include <string.h>

static bool is_blank(char c)
{
    return c == ' ' || c == '\t';
}

/* The next mark, or NULL behind the text's last one. */
static const char *find_mark(rri_row_walk *walk)
{
    while (walk->marks == 0) {
        walk->base += 64;
        if (walk->base >= walk->end) {
            return NULL;
        }
        walk->marks = rri_row_walk_look(walk->form, walk->base);
    }
    const char *const mark = rri_row_walk_mark(walk);
    return mark < walk->end ? mark : NULL;
}

/* Marks before `to` are passed. */
static void pass(rri_row_walk *walk, const char *to)
{
    while (to - walk->base >= 64) {
        walk->base += 64;
        walk->marks = rri_row_walk_look(walk->form, walk->base);
    }
    walk->marks &= to > walk->base ? ~UINT64_C(0) << (to - walk->base) : ~UINT64_C(0);
}

static bool is_separator(const rri_row_walk *walk, const char *at)
{
    const rri_table_form *const form = walk->form;
    return (*at == form->separator || (form->is_blanks && *at == '\t')) &&
           (form->width == 1 || at[1] == form->separator);
}

/* From the opening quote to the one that closes; *mark ← the end of the field behind it. */
static int pass_quotes(rri_row_walk *walk, const char **mark, const char **stop)
{
    const char *const opening = *mark;
    const char *quote = opening;
    do {
        quote = find_mark(walk);
        if (quote != NULL && *quote == '"' && quote[1] == '"') {
            pass(walk, quote + 2);
            continue;
        }
    } while (quote != NULL && (*quote != '"' || quote[1] == '"'));
    *stop = opening;
    if (quote == NULL) {
        return RRI_ROW_UNCLOSED;
    }
    *mark = quote + 1;
    while (is_blank(**mark) && !is_separator(walk, *mark)) {
        (*mark)++;
    }
    *mark += **mark == '\r' && (*mark)[1] == '\n' ? 1 : 0;
    pass(walk, *mark + 1);
    *stop = *mark;
    return **mark == '\n' || is_separator(walk, *mark) ? RRI_ROW_FIELDS : RRI_ROW_TORN;
}

static bool begins_field(const char *begin, const char *quote)
{
    while (begin < quote && is_blank(*begin)) {
        begin++;
    }
    return begin == quote;
}

rri_row_stop rri_row_walk_settle(rri_row_walk *walk, const char *begin, const char *mark,
                                 const char **stop)
{
    const rri_table_form *const form = walk->form;
    rri_row_stop found = {.mark = mark, .kind = RRI_ROW_FIELDS};
    if (form->has_quotes && *mark == '"' && begins_field(begin, mark)) {
        found.kind = pass_quotes(walk, &found.mark, stop);
        if (found.kind != RRI_ROW_FIELDS) {
            return found;
        }
    }
    while (*found.mark != '\n' && !is_separator(walk, found.mark)) {
        found.mark = rri_row_walk_mark(walk); /* a quote, or one colon, inside a field */
    }
    found.next = found.mark + (*found.mark == '\n' ? 1 : form->width);
    if (form->is_blanks && *found.mark != '\n') {
        while (is_blank(*found.next)) {
            found.next++;
        }
        found.next += *found.next == '\r' && found.next[1] == '\n' ? 1 : 0;
        found.next += *found.next == '\n' ? 1 : 0;
    }
    pass(walk, found.next);
    return found;
}

int rri_row_walk_open(rri_row_walk *walk, const char **begin)
{
    const rri_table_form *const form = walk->form;
    if (form->comment != '\0' && *walk->at == form->comment) {
        const char *const end = memchr(walk->at, '\n', (size_t)(walk->end - walk->at));
        walk->at = end + 1;
        pass(walk, walk->at);
        return RRI_ROW_COMMENT;
    }
    if (form->is_blanks) {
        while (is_blank(**begin)) {
            (*begin)++;
        }
        pass(walk, *begin);
    }
    return RRI_ROW_FIELDS;
}

bool rri_row_walk_is_blank(const char *begin, const char *end)
{
    while (begin < end && is_blank(*begin)) {
        begin++;
    }
    return begin == end;
}
