/* SPDX-License-Identifier: MIT */
/* screen.h: what standard output is: a terminal of so many columns and rows, or a pipe or a file;
 * and text that fits it. */
#ifndef EXAMPLES_DRIVER_SCREEN_H
#define EXAMPLES_DRIVER_SCREEN_H

#include <stdbool.h>
#include <stddef.h>
#include <stdio.h>

enum { SCREEN_LINE_BYTES = 1024 };

typedef struct screen_size {
    int columns, rows;
} screen_size;

/* Whether standard output is a terminal that may be coloured and drawn on: neither a pipe or a
 * file, nor TERM=dumb, nor NO_COLOR with anything in it. */
bool screen_is_live(void);
/* The terminal's size now; 80 × 24 where there is none, or where it does not tell. */
screen_size screen_ask(void);
/* From here on a change of the window's size is remembered. */
void screen_watch_size(void);
/* Whether it changed since the last call. */
bool screen_has_changed(void);

/* Columns of a line of UTF-8 without tabs: a character is one column wide, a colour none. */
int screen_width(const char *text);
/* Cuts the text behind that many columns. */
void screen_cut(char *text, int columns);
/* "red" or "green" text begins, "plain" ends it; "" where the screen is not live. */
const char *screen_red(void);
const char *screen_green(void);
const char *screen_yellow(void);
const char *screen_plain(void);
/* A paragraph, its words in lines of at most the screen's width and of 100 columns. Line breaks in
 * the text stay; lines behind the first begin with `indent` blanks. */
void screen_paragraph(FILE *out, int indent, const char *format, ...)
    __attribute__((format(printf, 3, 4)));
/* An entry of a list: `left`, and from `column` on the text, in lines of such a width; beneath
 * `left` where that is too long, or the screen too narrow. */
void screen_entry(FILE *out, const char *left, int column, const char *format, ...)
    __attribute__((format(printf, 4, 5)));

#endif
