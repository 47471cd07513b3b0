/* SPDX-License-Identifier: MIT */
#include "whole.h"

#include <stdlib.h>
#include <string.h>

#include "driver/output.h"
#include "driver/text.h"
#include "page.h"
#include "panels.h"

/* The stage of one run: an open one where its world is the very same, else a new one. */
static stage *find_stage(scene *s, const run_record *record, const report_plan *plan)
{
    for (int i = 0; i < s->n; i++) {
        if (stage_is_same(s->stages[i]->first, record)) {
            return s->stages[i];
        }
    }
    stage *new_stage = text_allocate(1, sizeof *new_stage);
    stage_open(new_stage, record, plan->world, plan->n_sessions, plan->n_rows);
    s->stages[s->n++] = new_stage;
    return new_stage;
}

/* One act of each run; seeds that share a world follow one another under one name. */
static int make_scenes(scene *scenes, const runs *r, const report_plan *plan)
{
    int n_scenes = 0;
    for (int i = 0; i < r->n; i++) {
        const run_record *record = &r->at[i];
        int at = 0;
        while (at < n_scenes && !stage_is_alike(scenes[at].stages[0]->first, record)) {
            at += 1;
        }
        n_scenes = at == n_scenes ? n_scenes + 1 : n_scenes;
        stage_add(find_stage(&scenes[at], record, plan), record, r->groups[record->group].name);
    }
    return n_scenes;
}

static const char *const sections[] = {
    "", "Learning", "Policies side by side", "Health", "What was recommended", "Recipes"};
enum { N_SECTIONS = sizeof sections / sizeof sections[0] };

/* "world-1", "world-1-3". */
static const char *id_of(int number, int section)
{
    static char id[48];
    const int n = snprintf(id, sizeof id, "world-%d", number + 1);
    if (section > 0) {
        snprintf(id + n, sizeof id - (size_t)n, "-%d", section);
    }
    return id;
}

static void write_contents(FILE *out, const scene *scenes, int n_scenes)
{
    fputs("<nav>\n", out);
    for (int i = 0; i < n_scenes; i++) {
        char heading[128];
        snprintf(heading, sizeof heading, "The %s world", scenes[i].stages[0]->world.name);
        fputs("<div>", out);
        page_link(out, id_of(i, 0), heading);
        fputs("<ul>", out);
        for (int j = 1; j < N_SECTIONS; j++) {
            fputs("<li>", out);
            page_link(out, id_of(i, j), sections[j]);
            fputs("</li>", out);
        }
        fputs("</ul></div>\n", out);
    }
    fputs("</nav>\n", out);
}

static void write_scene(FILE *out, const runs *r, const scene *s, int number)
{
    const stage *first = s->stages[0];
    char line[256];
    snprintf(line, sizeof line, "%s items, sessions of at most %d decisions.",
             text_count(first->world.n_items), (int)first->first->s.env.max_episode_steps);
    char heading[128];
    snprintf(heading, sizeof heading, "The %s world", first->world.name);
    page_chapter(out, id_of(number, 0), heading, line);
    panels_write_headline(out, r, s);

    page_heading(out, id_of(number, 1), sections[1],
                 "One curve a recipe. x counts decisions, not seconds.");
    page_begin_grid(out);
    panels_write_reward(out, r, s);
    panels_write_lorenz(out, r, s);
    page_end_grid(out);

    page_heading(out, id_of(number, 2), sections[2],
                 "Every policy plays the same sessions, of users that none was trained on.");
    panels_write_table(out, r, s);
    panels_write_versus(out, r, s);
    panels_write_segments(out, r, s);
    panels_write_ranking(out, r, s);

    page_heading(
        out, id_of(number, 3), sections[3],
        "Green: where a healthy run is after its first updates. Red dashes: warnings of the "
        "health watch.");
    panels_write_warnings(out, r, s);
    page_begin_grid(out);
    panels_write_health(out, r, s);
    page_end_grid(out);

    page_heading(out, id_of(number, 4), sections[4],
                 first->first->s.env.excludes_shown
                     ? "The same users, the first ten decisions of a session, beside popular and "
                       "similar; behind each item what it earned. Nothing is shown twice in a "
                       "session of this world (excludes_shown). Of several seeds, the first."
                     : "The same users, the first ten decisions of a session, beside popular and "
                       "similar; behind each item what it earned. Of several seeds, the first.");
    panels_write_sessions(out, s);

    page_heading(out, id_of(number, 5), sections[5], "What the runs were made with, and where.");
    panels_write_recipe(out, r, s);
}

static void write_page(FILE *out, const report_plan *plan, const runs *r, const scene *scenes,
                       int n_scenes)
{
    page_begin(out, plan->title);
    write_contents(out, scenes, n_scenes);
    for (int i = 0; i < n_scenes; i++) {
        write_scene(out, r, &scenes[i], i);
    }
    page_end(out);
}

void report_write(const report_plan *plan, const runs *r)
{
    static scene scenes[RUNS_MOST];
    output_file file;
    memset(scenes, 0, sizeof scenes);
    const int n_scenes = make_scenes(scenes, r, plan);
    text_make_folders(plan->out);
    write_page(output_open(&file, plan->out), plan, r, scenes, n_scenes);
    output_commit(&file);
    if (plan->curve != NULL) {
        text_make_folders(plan->curve);
        panels_write_curve(output_open(&file, plan->curve), r, &scenes[0]);
        output_commit(&file);
    }
    for (int i = 0; i < n_scenes; i++) {
        for (int j = 0; j < scenes[i].n; j++) {
            stage_close(scenes[i].stages[j]);
            free(scenes[i].stages[j]);
        }
    }
}
