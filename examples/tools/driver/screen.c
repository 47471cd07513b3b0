/* SPDX-License-Identifier: MIT */
#include "screen.h"

#include <signal.h>
#include <stdarg.h>
#include <stdlib.h>
#include <string.h>
#include <sys/ioctl.h>
#include <unistd.h>

enum { PLAIN_COLUMNS = 80, PLAIN_ROWS = 24, MOST_COLUMNS = 100, LEAST_COLUMNS = 20 };

static volatile sig_atomic_t has_changed = 0;

static void notice(int signal_number)
{
    (void)signal_number;
    has_changed = 1;
}

bool screen_is_live(void)
{
    const char *term = getenv("TERM");
    const char *no_colour = getenv("NO_COLOR");
    return isatty(STDOUT_FILENO) != 0 && term != NULL && strcmp(term, "dumb") != 0 &&
           (no_colour == NULL || no_colour[0] == '\0');
}

screen_size screen_ask(void)
{
    struct winsize window = {0};
    if (ioctl(STDOUT_FILENO, TIOCGWINSZ, &window) != 0) {
        window = (struct winsize){0};
    }
    return (screen_size){.columns = window.ws_col > 0 ? window.ws_col : PLAIN_COLUMNS,
                         .rows = window.ws_row > 0 ? window.ws_row : PLAIN_ROWS};
}

void screen_watch_size(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = notice;
    action.sa_flags = SA_RESTART;
    sigemptyset(&action.sa_mask);
    sigaction(SIGWINCH, &action, NULL);
}

bool screen_has_changed(void)
{
    const bool answer = has_changed != 0;
    has_changed = 0;
    return answer;
}

/* Whether the byte begins a character. */
static bool is_first(char byte)
{
    return ((unsigned char)byte & 0xc0u) != 0x80u;
}

int screen_width(const char *text)
{
    int width = 0;
    bool is_code = false; /* ESC [ … m, a colour */
    for (const char *c = text; *c != '\0'; c++) {
        is_code = is_code || *c == '\033';
        width += is_first(*c) && !is_code ? 1 : 0;
        is_code = is_code && *c != 'm';
    }
    return width;
}

void screen_cut(char *text, int columns)
{
    int width = 0;
    for (char *c = text; *c != '\0'; c++) {
        width += is_first(*c) ? 1 : 0;
        if (width > columns) {
            *c = '\0';
            return;
        }
    }
}

static const char *if_live(const char *code)
{
    return screen_is_live() ? code : "";
}

const char *screen_red(void)
{
    return if_live("\033[1;31m");
}

const char *screen_green(void)
{
    return if_live("\033[1;32m");
}

const char *screen_yellow(void)
{
    return if_live("\033[1;33m");
}

const char *screen_plain(void)
{
    return if_live("\033[0m");
}

static int paragraph_columns(void)
{
    const int columns = screen_ask().columns;
    return columns < LEAST_COLUMNS  ? LEAST_COLUMNS
           : columns > MOST_COLUMNS ? MOST_COLUMNS
                                    : columns;
}

/* Writes the words of a text, which is used up, from column `at` on; lines behind the first begin
 * with `indent` blanks. */
static void put_words(FILE *out, char *text, int indent, int at)
{
    const int columns = paragraph_columns();
    bool is_begun = false; /* the line has a word */
    for (char *word = text; *word != '\0';) {
        const size_t length = strcspn(word, " \n");
        const char end = word[length];
        word[length] = '\0';
        const int width = screen_width(word);
        if (width > 0 && is_begun && at + 1 + width > columns) {
            fprintf(out, "\n%*s", indent, "");
            at = indent;
        } else if (width > 0 && is_begun) {
            fputc(' ', out);
            at += 1;
        }
        fputs(word, out);
        at += width;
        is_begun = is_begun || width > 0;
        if (end == '\n') {
            const bool goes_on = word[length + 1] != '\0';
            fprintf(out, "\n%*s", goes_on ? indent : 0, "");
            at = goes_on ? indent : 0;
            is_begun = false;
        }
        word += length + (end != '\0' ? 1 : 0);
    }
    if (is_begun) {
        fputc('\n', out);
    }
}

void screen_paragraph(FILE *out, int indent, const char *format, ...)
{
    char text[8192];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    put_words(out, text, indent, 0);
}

void screen_entry(FILE *out, const char *left, int column, const char *format, ...)
{
    char text[2048];
    va_list arguments;
    va_start(arguments, format);
    vsnprintf(text, sizeof text, format, arguments);
    va_end(arguments);
    const int indent = column > paragraph_columns() / 2 ? 6 : column;
    const int width = screen_width(left);
    if (width + 1 < indent) {
        fprintf(out, "%s%*s", left, indent - width, "");
    } else {
        fprintf(out, "%s\n%*s", left, indent, "");
    }
    put_words(out, text, indent, indent);
}
