/* SPDX-License-Identifier: MIT */
/* report: runs of train as one HTML page that needs nothing else. `report --help` says how. */
#include <errno.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "driver/output.h"
#include "driver/text.h"
#include "page.h"
#include "panels.h"

typedef struct options {
    const char *out;
    const char *title;
    const char *curve; /* NULL: none */
    int n_sessions;    /* 0: as train and evaluate */
} options;

static void print_help(void)
{
    puts("report RUN… [-o report.html] [--title TEXT] [--sessions N] [--curve FILE.svg]\n\n"
         "RUN is a folder that train wrote, runs/NAME. Runs stand side by side; runs whose names "
         "differ in\n"
         "the number at their end alone are seeds of one recipe and are shown as a band. The page "
         "is one\n"
         "file without scripts, and opens offline. N (default: those of train and evaluate, 1000) "
         "sessions are\n"
         "played by each policy.\n"
         "docs/reading_the_report.md explains every panel.");
}

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
        } else if (strcmp(argv[i], "--help") == 0) {
            print_help();
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

/* The stage of one run: an open one where its world is the very same, else a new one. */
static stage *find_stage(scene *s, const run_record *record, int n_sessions)
{
    for (int i = 0; i < s->n; i++) {
        if (stage_is_same(s->stages[i]->first, record)) {
            return s->stages[i];
        }
    }
    stage *new_stage = text_allocate(1, sizeof *new_stage);
    stage_open(new_stage, record, n_sessions);
    s->stages[s->n++] = new_stage;
    return new_stage;
}

/* One act of each run; seeds that share a world follow one another under one name. */
static int make_scenes(scene *scenes, const runs *r, int n_sessions)
{
    int n_scenes = 0;
    for (int i = 0; i < r->n; i++) {
        const run_record *record = &r->at[i];
        int at = 0;
        while (at < n_scenes && !stage_is_alike(scenes[at].stages[0]->first, record)) {
            at += 1;
        }
        n_scenes = at == n_scenes ? n_scenes + 1 : n_scenes;
        stage_add(find_stage(&scenes[at], record, n_sessions), record,
                  r->groups[record->group].name);
    }
    return n_scenes;
}

static void write_scene(FILE *out, const runs *r, const scene *s)
{
    const stage *first = s->stages[0];
    char line[256];
    snprintf(line, sizeof line, "%s items, sessions of at most %d decisions.",
             text_count(first->world.n_items), (int)first->first->s.env.max_episode_steps);
    char heading[128];
    snprintf(heading, sizeof heading, "The %s world", first->world.name);
    page_chapter(out, heading, line);
    panels_write_headline(out, r, s);

    page_heading(out, "Learning", "One curve a recipe. x counts decisions, not seconds.");
    page_begin_grid(out);
    panels_write_reward(out, r, s);
    panels_write_lorenz(out, s);
    page_end_grid(out);

    page_heading(out, "Policies side by side",
                 "Every policy plays the same sessions, of users that none was trained on.");
    panels_write_table(out, r, s);
    panels_write_versus(out, r, s);
    panels_write_segments(out, r, s);
    panels_write_ranking(out, r, s);

    page_heading(
        out, "Health",
        "Green: where a healthy run is after its first updates. Red dashes: warnings of the "
        "health watch.");
    panels_write_warnings(out, r, s);
    page_begin_grid(out);
    panels_write_health(out, r, s);
    page_end_grid(out);

    page_heading(out, "What was recommended",
                 "The same users, the first ten decisions of a session, beside popular and "
                 "similar; behind each item what it earned. Of several seeds, the first.");
    panels_write_sessions(out, s);

    page_heading(out, "Recipes", "What the runs were made with, and where.");
    panels_write_recipe(out, r, s);
}

static FILE *create(const char *path)
{
    text_make_folders(path);
    FILE *out = fopen(path, "w");
    if (out == NULL) {
        text_fail("%s: cannot be written: %s", path, strerror(errno));
    }
    return out;
}

static void finish(FILE *out, const char *path)
{
    if (ferror(out) != 0 || fclose(out) != 0) {
        text_fail("%s: cannot be written: %s", path, strerror(errno));
    }
}

int main(int argc, char **argv)
{
    static runs r;
    static options o;
    static scene scenes[RUNS_MOST];
    text_set_program("report");
    output_begin();
    read_options(&o, &r, argc, argv);
    const int n_scenes = make_scenes(scenes, &r, o.n_sessions);

    FILE *out = create(o.out);
    page_begin(out, o.title);
    for (int i = 0; i < n_scenes; i++) {
        write_scene(out, &r, &scenes[i]);
    }
    page_end(out);
    finish(out, o.out);
    if (o.curve != NULL) {
        FILE *curve = create(o.curve);
        panels_write_curve(curve, &r, &scenes[0]);
        finish(curve, o.curve);
    }
    printf("%s: %d run%s\n", o.out, r.n, r.n == 1 ? "" : "s");
    for (int i = 0; i < n_scenes; i++) {
        for (int j = 0; j < scenes[i].n; j++) {
            stage_close(scenes[i].stages[j]);
            free(scenes[i].stages[j]);
        }
    }
    runs_close(&r);
    return EXIT_SUCCESS;
}
