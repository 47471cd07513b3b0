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
} options;

static const char *const explanation =
    "RUN is the name of a run of train, or its folder, runs/NAME. Runs stand side by side; runs "
    "whose names differ in the number at their end alone are seeds of one recipe and are shown as "
    "a band. The page is one file without scripts, and opens offline. docs/reading_the_report.md "
    "explains every panel.";

/* The plan of a page, and its runs. */
static void read_options(report_plan *plan, runs *r, int argc, char **argv)
{
    const char *names[RUNS_MOST];
    options o = {.out = "report.html", .title = "What was learned", .runs = "runs"};
    const flags_option table[] = {
        {"out", "FILE", "the page (default report.html); -o too", &o.out, NULL},
        {"title", "TEXT", "its heading", &o.title, NULL},
        flags_row_runs(&o.runs),
        {"sessions", "N", "played by each policy (default: as train and evaluate, 1000)",
         &o.sessions, NULL},
        flags_row_bandits(&o.bandits),
        {"curve", "FILE.svg", "the curve of rewards as a picture of its own", &o.curve, NULL}};
    const help_page page = {.name = "report",
                            .summary = "runs of train as one page",
                            .usage = "RUN… [-o report.html] [--FLAG …]",
                            .first = "RUN, -o",
                            .example = "first second -o both.html",
                            .options = table,
                            .n_options = (int)(sizeof table / sizeof table[0]),
                            .text = explanation};
    flags_words words = {.at = names, .most = RUNS_MOST};
    help_read(&page, NULL, &words, argc, argv);
    const int64_t n_sessions = flags_count("--sessions", o.sessions, 1, 1000000, 0);
    const int64_t n_rows = flags_count("--bandits", o.bandits, 1, 1000000000, 0);
    if (words.n == 0) {
        text_fail("no run was given: report NAME… (see --help)");
    }
    for (int i = 0; i < words.n; i++) {
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
