/* SPDX-License-Identifier: MIT */
#include "help.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "presets.h"
#include "screen.h"
#include "text.h"

/* Configs whose fields no flag sets: those of hosts that serve. */
static const struct {
    int32_t kind;
    const char *name;
} foreign[] = {{RR_CONFIG_BUFFER, "buffer (follows from the others)"},
               {RR_CONFIG_LEDGER, "ledger"},
               {RR_CONFIG_SERVING, "serving"},
               {RR_CONFIG_IMITATE, "imitate"}};
enum { N_FOREIGN = sizeof foreign / sizeof foreign[0], MOST_OPTIONS = 64 };

static rr_config_field field_at(int32_t kind, int32_t index)
{
    rr_config_field field = {.struct_size = sizeof field};
    rr_error err;
    text_require(rr_config_field_at(kind, index, &field, &err), &err);
    return field;
}

static void print_foreign(void)
{
    fputc('\n', stdout);
    screen_paragraph(stdout, 0,
                     "Fields that no flag sets, because they are of hosts that serve "
                     "(rr_config_set, docs/serving.md):");
    for (int k = 0; k < N_FOREIGN; k++) {
        printf("\n%s config:\n", foreign[k].name);
        for (int32_t i = 0; i < rr_config_field_count(foreign[k].kind); i++) {
            const rr_config_field f = field_at(foreign[k].kind, i);
            char left[80];
            snprintf(left, sizeof left, "  %s", f.name);
            flags_print_field(stdout, left, &f);
        }
    }
}

/* program: by which it was called, "recrl-train". */
static void print(const help_page *page, const char *program)
{
    printf("%s: %s\n\n", page->name, page->summary);
    screen_paragraph(stdout, 4, "usage: %s %s", program, page->usage);
    fputc('\n', stdout);
    screen_paragraph(stdout, 4, "The ones you will use first: %s", page->first);
    screen_paragraph(stdout, 4, "Example: %s %s", program, page->example);
    fputc('\n', stdout);
    flags_print_options(stdout, page->options, page->n_options);
    fputc('\n', stdout);
    screen_paragraph(stdout, 0, "%s", page->text);
    if (page->has_presets) {
        presets_print_all(stdout);
    }
    if (page->kinds != NULL) {
        flags_print_tables(stdout, page->kinds);
    }
    if (page->has_presets) {
        print_foreign();
    }
}

/* Text as troff reads it: dashes are minus signs, nothing begins with a dot. */
static void put(const char *text)
{
    for (const char *c = text; *c != '\0'; c++) {
        if (*c == '-') {
            fputs("\\-", stdout);
        } else if (*c == '\\') {
            fputs("\\e", stdout);
        } else if (*c == '\n' && c[1] == '\n') {
            fputs("\n.PP", stdout);
        } else {
            fputc(*c, stdout);
        }
    }
}

static void put_item(const char *left, const char *behind, const char *text)
{
    fputs(".TP\n\\fB", stdout);
    put(left);
    fputs("\\fR ", stdout);
    put(behind);
    fputs("\n\\&", stdout);
    put(text);
    fputc('\n', stdout);
}

static void put_fields(int32_t kind, const char *title, bool is_flag)
{
    fputs(".SS ", stdout);
    put(title);
    fputs(" config\n", stdout);
    for (int32_t i = 0; i < rr_config_field_count(kind); i++) {
        const rr_config_field f = field_at(kind, i);
        char left[80];
        char text[1024];
        snprintf(left, sizeof left, "%s", f.name);
        if (is_flag) {
            flags_field_name(left, kind, f.name);
        }
        snprintf(text, sizeof text, "%s (%s; default %s)", f.text, f.range, f.default_value);
        put_item(left, f.type, text);
    }
}

static void put_options(const help_page *page)
{
    for (int i = 0; i < page->n_options; i++) {
        const flags_option *o = &page->options[i];
        char left[80];
        snprintf(left, sizeof left, "--%s", o->name);
        if (o->name[0] == '\0') {
            printf(".SS %s\n", o->text);
        } else {
            put_item(left, o->value_name != NULL ? o->value_name : "", o->text);
        }
    }
}

static void print_man(const help_page *page)
{
    const uint32_t version = rr_version();
    printf(".TH RECRL\\-%s 1 \"\" \"librecrl %u.%u.%u\"\n.SH NAME\nrecrl\\-%s \\- ", page->name,
           version / 10000, version / 100 % 100, version % 100, page->name);
    put(page->summary);
    printf("\n.SH SYNOPSIS\n.B recrl\\-%s\n", page->name);
    put(page->usage);
    fputs("\n.SH DESCRIPTION\n", stdout);
    put(page->text);
    printf("\n.SH EXAMPLE\nrecrl\\-%s ", page->name);
    put(page->example);
    fputs("\n.SH OPTIONS\nThe ones you will use first: ", stdout);
    put(page->first);
    fputc('\n', stdout);
    put_options(page);
    for (const int32_t *k = page->kinds; k != NULL && *k >= 0; k++) {
        put_fields(*k, settings_prefix(*k), true);
    }
    for (int k = 0; page->has_presets && k < N_FOREIGN; k++) {
        put_fields(foreign[k].kind, foreign[k].name, false);
    }
}

void help_read(const help_page *page, flags_fields *fields, flags_words *words, int argc,
               char **argv)
{
    bool is_version = false, is_man = false, is_help = false;
    flags_option options[MOST_OPTIONS];
    const flags_option own[] = {{"version", NULL, "print the version, and stop", NULL, &is_version},
                                {"man", NULL, "print the manual page, and stop", NULL, &is_man},
                                {"help", NULL, "this text; -h too", NULL, &is_help}};
    const int n_own = (int)(sizeof own / sizeof own[0]);
    help_page whole = *page;
    if (page->n_options + n_own > MOST_OPTIONS) {
        text_fail("a driver has more than %d flags", MOST_OPTIONS - n_own);
    }
    memcpy(options, page->options, (size_t)page->n_options * sizeof *options);
    memcpy(options + page->n_options, own, sizeof own);
    whole.options = options;
    whole.n_options = page->n_options + n_own;
    flags_parse(fields, words, options, whole.n_options, argc, argv);
    if (is_version) {
        const uint32_t version = rr_version();
        printf("%s %u.%u.%u\n", text_program(), version / 10000, version / 100 % 100,
               version % 100);
    } else if (is_man) {
        print_man(&whole);
    } else if (is_help) {
        const char *slash = strrchr(argv[0], '/');
        print(&whole, slash != NULL ? slash + 1 : argv[0]);
    } else {
        return;
    }
    exit(EXIT_SUCCESS);
}
