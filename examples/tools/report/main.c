/* SPDX-License-Identifier: MIT */
/* report: runs of train as one HTML page that needs nothing else. `report --help` says how. */
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/flags.h"
#include "driver/help.h"
#include "driver/output.h"
#include "driver/text.h"
#include "whole.h"

typedef struct options {
    const char *out;
    const char *title;
    const char *curve; /* NULL: none */
    int n_sessions;    /* 0: as train and evaluate */
} options;

static const flags_option table[] = {
    {"out", "FILE", "the page (default report.html); -o too", NULL, NULL},
    {"title", "TEXT", "its heading", NULL, NULL},
    {"sessions", "N", "played by each policy (default: as train and evaluate, 1000)", NULL, NULL},
    {"curve", "FILE.svg", "the curve of rewards as a picture of its own", NULL, NULL},
    {"version", NULL, "print the version, and stop", NULL, NULL},
    {"man", NULL, "print the manual page, and stop", NULL, NULL},
    {"help", NULL, "this text; -h too", NULL, NULL}};

static const help_page help = {
    .name = "report",
    .summary = "runs of train as one page",
    .usage = "RUN… [-o report.html] [--title TEXT] [--sessions N] [--curve FILE.svg]",
    .first = "RUN, -o",
    .example = "report first second -o both.html",
    .options = table,
    .n_options = sizeof table / sizeof table[0],
    .text = "RUN is the name of a run of train, or its folder, runs/NAME. Runs stand side by side; "
            "runs whose names differ in the number at their end alone are seeds of one recipe and "
            "are shown as a band. The page is one file without scripts, and opens offline. "
            "docs/reading_the_report.md explains every panel."};

static const char *value_of(int argc, char **argv, int *i)
{
    if (*i + 1 >= argc) {
        text_fail("%s wants a value", argv[*i]);
    }
    *i += 1;
    return argv[*i];
}

static void read_options(options *o, runs *r, int argc, char **argv)
{
    *o = (options){.out = "report.html", .title = "What was learned", .n_sessions = 0};
    for (int i = 1; i < argc; i++) {
        if (strcmp(argv[i], "-o") == 0 || strcmp(argv[i], "--out") == 0) {
            o->out = value_of(argc, argv, &i);
        } else if (strcmp(argv[i], "--title") == 0) {
            o->title = value_of(argc, argv, &i);
        } else if (strcmp(argv[i], "--curve") == 0) {
            o->curve = value_of(argc, argv, &i);
        } else if (strcmp(argv[i], "--sessions") == 0) {
            const int64_t n = text_parse_count("--sessions", value_of(argc, argv, &i));
            if (n < 1 || n > 1000000) {
                text_fail("--sessions is %lld; it must be in [1, 1000000]", (long long)n);
            }
            o->n_sessions = (int)n;
        } else if (strcmp(argv[i], "--help") == 0 || strcmp(argv[i], "-h") == 0) {
            help_print(&help);
            exit(EXIT_SUCCESS);
        } else if (strcmp(argv[i], "--version") == 0) {
            flags_print_version();
            exit(EXIT_SUCCESS);
        } else if (strcmp(argv[i], "--man") == 0) {
            help_print_man(&help);
            exit(EXIT_SUCCESS);
        } else if (argv[i][0] == '-') {
            text_fail("there is no flag %s; see --help", argv[i]);
        } else {
            runs_add(r, argv[i]);
        }
    }
    if (r->n == 0) {
        text_fail("no run was given: report runs/NAME… (see --help)");
    }
}

int main(int argc, char **argv)
{
    static runs r;
    static options o;
    text_set_program("report");
    output_begin();
    read_options(&o, &r, argc, argv);
    text_require_writable(o.out);
    const report_plan plan = {
        .out = o.out, .title = o.title, .curve = o.curve, .n_sessions = o.n_sessions};
    report_write(&plan, &r);
    printf("%s: %d run%s\n", o.out, r.n, r.n == 1 ? "" : "s");
    runs_close(&r);
    return EXIT_SUCCESS;
}
