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
    const char *out, *title, *curve, *runs, *sessions, *bandits; /* NULL: not given */
    bool is_help, is_version, is_man;
} options;

static const char *const explanation =
    "RUN is the name of a run of train, or its folder, runs/NAME. Runs stand side by side; runs "
    "whose names differ in the number at their end alone are seeds of one recipe and are shown as "
    "a band. The page is one file without scripts, and opens offline. docs/reading_the_report.md "
    "explains every panel.";

/* Prints what is asked for instead of a page, and ends. */
static void answer(const options *o, const flags_option *table, int n)
{
    const help_page help = {.name = "report",
                            .summary = "runs of train as one page",
                            .usage = "RUN… [-o report.html] [--FLAG …]",
                            .first = "RUN, -o",
                            .example = "report first second -o both.html",
                            .options = table,
                            .n_options = n,
                            .text = explanation};
    if (o->is_version) {
        flags_print_version();
    } else if (o->is_man) {
        help_print_man(&help);
    } else if (o->is_help) {
        help_print(&help);
    } else {
        return;
    }
    exit(EXIT_SUCCESS);
}

/* The plan of a page, and its runs. */
static void read_options(report_plan *plan, runs *r, int argc, char **argv)
{
    const char *names[RUNS_MOST];
    options o = {.out = "report.html", .title = "What was learned", .runs = "runs"};
    const flags_option table[] = {
        {"out", "FILE", "the page (default report.html); -o too", &o.out, NULL},
        {"title", "TEXT", "its heading", &o.title, NULL},
        {"runs", "DIR", "where folders of runs are (default runs)", &o.runs, NULL},
        {"sessions", "N", "played by each policy (default: as train and evaluate, 1000)",
         &o.sessions, NULL},
        {"bandits", "N",
         "also ridge, LinUCB and Thompson sampling, after N rows of their own (slow)", &o.bandits,
         NULL},
        {"curve", "FILE.svg", "the curve of rewards as a picture of its own", &o.curve, NULL},
        {"version", NULL, "print the version, and stop", NULL, &o.is_version},
        {"man", NULL, "print the manual page, and stop", NULL, &o.is_man},
        {"help", NULL, "this text; -h too", NULL, &o.is_help}};
    const int n_options = (int)(sizeof table / sizeof table[0]);
    const int n = flags_parse_words(names, RUNS_MOST, table, n_options, argc, argv);
    answer(&o, table, n_options);
    const int64_t n_sessions = o.sessions != NULL ? text_parse_count("--sessions", o.sessions) : 0;
    if (o.sessions != NULL && (n_sessions < 1 || n_sessions > 1000000)) {
        text_fail("--sessions is %lld; it must be in [1, 1000000]", (long long)n_sessions);
    }
    const int64_t n_rows = o.bandits != NULL ? text_parse_count("--bandits", o.bandits) : 0;
    if (o.bandits != NULL && n_rows < 1) {
        text_fail("--bandits is %s; it must be at least 1", o.bandits);
    }
    if (n == 0) {
        text_fail("no run was given: report NAME… (see --help)");
    }
    for (int i = 0; i < n; i++) {
        runs_add(r, o.runs, names[i]);
    }
    *plan = (report_plan){.out = o.out,
                          .title = o.title,
                          .curve = o.curve,
                          .n_sessions = (int)n_sessions,
                          .n_rows = n_rows};
}

int main(int argc, char **argv)
{
    static runs r;
    report_plan plan;
    text_set_program("report");
    output_begin();
    read_options(&plan, &r, argc, argv);
    text_require_writable(plan.out);
    report_write(&plan, &r);
    printf("%s: %d run%s\n", plan.out, r.n, r.n == 1 ? "" : "s");
    runs_close(&r);
    return EXIT_SUCCESS;
}
