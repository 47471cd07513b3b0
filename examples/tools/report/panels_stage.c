/* SPDX-License-Identifier: MIT */
/* panels_stage.c: the panels that are drawn from sessions played for the report. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "chart.h"
#include "driver/bandits.h"
#include "driver/text.h"
#include "driver/verdict.h"
#include "driver/yardstick.h"
#include "figure.h"
#include "page.h"
#include "panels.h"
#include "titles.h"

enum { REWARD, OF_YARDSTICK, OF_WAY, RETURN, LENGTH, REPEATS, COVERAGE, GINI, DISTANCE, N_FIGURES };

static void add_act(figure *f, const stage *s, const rr_metrics_summary *m)
{
    const double own = stage_worth(s, m);
    const double best = stage_worth(s, &stage_yardstick(s)->summary);
    const double random = stage_worth(s, &stage_find(s, YARDSTICK_RANDOM)->summary);
    figure_add(&f[REWARD], m->reward_per_step, m->reward_per_step_interval);
    figure_add(&f[OF_YARDSTICK], 100.0 * own / best, (double)NAN);
    figure_add(&f[OF_WAY], 100.0 * (own - random) / (best - random), (double)NAN);
    figure_add(&f[RETURN], m->return_per_session, m->return_per_session_interval);
    figure_add(&f[LENGTH], m->session_length, m->session_length_interval);
    figure_add(&f[REPEATS], m->repeats_per_session, m->repeats_per_session_interval);
    figure_add(&f[COVERAGE], 100.0 * m->coverage, (double)NAN);
    figure_add(&f[GINI], m->gini, (double)NAN);
    figure_add(&f[DISTANCE], m->intra_list_distance, m->intra_list_distance_interval);
}

/* All acts of one name over the scene: a group's name, or a policy's that does not learn. */
static void collect(figure *f, const scene *s, const char *name, bool is_learner)
{
    memset(f, 0, N_FIGURES * sizeof *f);
    for (int i = 0; i < s->n; i++) {
        for (int j = 0; j < s->stages[i]->n_acts; j++) {
            const stage_act *a = &s->stages[i]->acts[j];
            if ((a->group >= 0) == is_learner && strcmp(a->name, name) == 0) {
                add_act(f, s->stages[i], &a->summary);
            }
        }
    }
}

const char *panels_share_heading(const scene *s)
{
    return yardstick_is_leaving(&s->stages[0]->first->s.env) ? "of patient" : "of oracle";
}

bool panels_is_in(const scene *s, const runs *r, int group)
{
    return stage_is_alike(s->stages[0]->first, &r->at[r->groups[group].members[0]]);
}

void panels_each_policy(FILE *out, const runs *r, const scene *s, panels_row put_row)
{
    const stage *first = s->stages[0];
    char greedy[300];
    for (int g = 0; g < r->n_groups; g++) {
        if (panels_is_in(s, r, g)) {
            put_row(out, s, r->groups[g].name, g);
            snprintf(greedy, sizeof greedy, "%s, greedy", r->groups[g].name);
            put_row(out, s, greedy, g);
        }
    }
    for (int i = 0; i < first->n_acts; i++) {
        if (first->acts[i].group < 0) {
            put_row(out, s, first->acts[i].name, -1);
        }
    }
}

/* The worst verdict over a group's seeds: a group with a sick run is sick. */
static void judge(verdict *worst, const runs *r, const scene *s, int group)
{
    worst->state = -1;
    for (int i = 0; i < s->n; i++) {
        const stage *at = s->stages[i];
        for (int j = 0; j < at->n_acts; j++) {
            const stage_act *a = &at->acts[j];
            if (a->group != group || strcmp(a->name, r->groups[group].name) != 0) {
                continue;
            }
            verdict v;
            const verdict_case of = {.config = &at->first->s.env,
                                     .own = &a->summary,
                                     .random = &stage_find(at, YARDSTICK_RANDOM)->summary,
                                     .popular = &stage_find(at, YARDSTICK_POPULAR)->summary,
                                     .similar = &stage_find(at, YARDSTICK_SIMILAR)->summary,
                                     .yardstick = &stage_yardstick(at)->summary,
                                     .illness = a->record->about.illness};
            verdict_judge(&v, &of);
            *worst = v.state > worst->state ? v : *worst;
        }
    }
}

static void put_verdict(FILE *out, const verdict *v)
{
    const char *mood = v->state >= VERDICT_NOTHING  ? " bad"
                       : v->state == VERDICT_BEHIND ? " weak"
                                                    : "";
    fprintf(out, "<p><span class=\"word%s\">%s</span>: ", mood, verdict_word(v->state));
    page_text(out, v->text);
    fputs("</p>", out);
}

void panels_write_headline(FILE *out, const runs *r, const scene *s)
{
    const rr_env_config *config = &s->stages[0]->first->s.env;
    page_begin_grid(out);
    for (int g = 0; g < r->n_groups; g++) {
        figure f[N_FIGURES];
        verdict v;
        if (!panels_is_in(s, r, g)) {
            continue;
        }
        collect(f, s, r->groups[g].name, true);
        judge(&v, r, s, g);
        fprintf(out, "<section class=\"panel\"><h4><span class=\"key c%d\"></span>", g);
        page_text(out, r->groups[g].name);
        fprintf(out, "</h4><div class=\"big%s\">", v.state >= VERDICT_NOTHING ? " bad" : "");
        if (isfinite(v.share)) {
            fprintf(out,
                    "%.1f&thinsp;%%</div><p class=\"faint\">of %s, %.1f&thinsp;%% of the way to "
                    "it from random. ",
                    figure_mean(&f[OF_YARDSTICK]), yardstick_phrase(config),
                    figure_mean(&f[OF_WAY]));
        } else {
            fputs("–</div><p class=\"faint\">There is no share. ", out);
        }
        if (r->groups[g].n > 1) {
            fprintf(out, "Mean of %d seeds; the words are about the worst of them.",
                    r->groups[g].n);
        }
        fputs("</p>", out);
        put_verdict(out, &v);
        fputs("</section>\n", out);
    }
    page_end_grid(out);
}

static void put_row(FILE *out, const scene *s, const char *name, int group)
{
    figure f[N_FIGURES];
    collect(f, s, name, group >= 0);
    if (f[REWARD].n == 0) {
        return;
    }
    fprintf(out, "<tr%s><td>", group >= 0 ? " class=\"own\"" : "");
    if (group >= 0) {
        fprintf(out, "<span class=\"key c%d\"></span>", group);
    }
    page_text(out, name);
    fputs("</td>", out);
    figure_cell(out, &f[REWARD], 3, "");
    figure_cell(out, &f[OF_YARDSTICK], 1, " %");
    figure_cell(out, &f[OF_WAY], 1, " %");
    figure_cell(out, &f[RETURN], 2, "");
    figure_cell(out, &f[LENGTH], 1, "");
    figure_cell(out, &f[REPEATS], 2, "");
    figure_cell(out, &f[COVERAGE], 1, " %");
    figure_cell(out, &f[GINI], 3, "");
    figure_cell(out, &f[DISTANCE], 3, "");
    fputs("</tr>\n", out);
}

/* What linear learners are, and whether one of them is ahead. */
static void explain_bandits(FILE *out, const runs *r, const scene *s)
{
    const stage *first = s->stages[0];
    const char *leader = NULL;
    double most = 0.0;
    for (int32_t bandit = 0; bandit < BANDITS; bandit++) {
        figure f[N_FIGURES];
        collect(f, s, bandits_name(bandit), false);
        if (leader == NULL || figure_mean(&f[OF_YARDSTICK]) > most) {
            leader = bandits_name(bandit);
            most = figure_mean(&f[OF_YARDSTICK]);
        }
    }
    fprintf(
        out,
        "<p class=\"faint\">ridge, linucb and thompson are linear models of the next reward, of "
        "user and item and how often it was shown. Each learned from %s rows of its own, with "
        "the users of training, and plays what it thinks best.</p>\n",
        text_count(first->n_rows));
    for (int g = 0; g < r->n_groups; g++) {
        figure f[N_FIGURES];
        if (!panels_is_in(s, r, g)) {
            continue;
        }
        collect(f, s, r->groups[g].name, true);
        const double own = figure_mean(&f[OF_YARDSTICK]);
        const curves *log = &r->at[r->groups[g].members[0]].log;
        const double n_steps = curves_column(log, "n_timesteps")[log->n_rows - 1];
        fputs("<p>", out);
        page_text(out, r->groups[g].name);
        fprintf(out, ", after %s rows, is %s %s: %.1f&thinsp;%% and %.1f&thinsp;%% of %s.</p>\n",
                text_count((int64_t)n_steps), own < most ? "behind" : "ahead of", leader, own, most,
                yardstick_phrase(&first->first->s.env));
    }
}

void panels_write_table(FILE *out, const runs *r, const scene *s)
{
    const stage *first = s->stages[0];
    fprintf(out,
            "<div class=\"scroll\"><table>\n<tr><th>policy</th><th>reward/step</th><th>%s</th>"
            "<th>of the way</th><th>return/session</th><th>length</th><th>repeats</th>"
            "<th>coverage</th><th>gini</th><th>distance</th></tr>\n",
            panels_share_heading(s));
    panels_each_policy(out, r, s, put_row);
    fprintf(out,
            "</table></div>\n<p class=\"faint\">%s sessions of each policy. ±: 95&thinsp;%% over "
            "sessions; where a group has several seeds, over seeds.</p>\n",
            text_count(first->n_sessions));
    if (first->n_rows > 0) {
        explain_bandits(out, r, s);
    }
}

/* Pictures and sessions are of a recipe's first seed: false for later ones, and for greedy play. */
static bool stands_for_recipe(const stage *s, int index)
{
    const stage_act *a = &s->acts[index];
    for (int i = 0; i < index; i++) {
        if (s->acts[i].group == a->group) {
            return false;
        }
    }
    return strstr(a->name, ", greedy") == NULL;
}

/* Share of showings that went to the rarest x of the catalogue. */
static void lorenz(double *x, double *y, const stage_act *a, int32_t n_items, int n_points)
{
    double total = 0.0;
    double sum = 0.0;
    int32_t item = 0;
    for (int32_t i = 0; i < n_items; i++) {
        total += (double)a->shown[i];
    }
    for (int p = 0; p < n_points; p++) {
        const int32_t until = (int32_t)((int64_t)n_items * p / (n_points - 1));
        for (; item < until; item++) {
            sum += (double)a->shown[item];
        }
        x[p] = (double)p / (n_points - 1);
        y[p] = total > 0.0 ? sum / total : 0.0;
    }
}

void panels_write_lorenz(FILE *out, const runs *r, const scene *s)
{
    enum { POINTS = 201, BEST_COLOUR = 6, RANDOM_COLOUR = 7 };
    static double x[CHART_MOST_LINES][POINTS];
    static double y[CHART_MOST_LINES][POINTS];
    static char labels[CHART_MOST_LINES][320];
    const stage *first = s->stages[0];
    chart c = {.title = "Lorenz curve of what was shown",
               .x_label = "share of the catalogue, least shown first",
               .y_label = "share of showings",
               .is_square = true};
    page_begin_panel(
        out, "Who gets shown",
        "Share of all showings that went to the least shown part of the catalogue. The more "
        "a curve sags, the fewer items get everything; a corner means collapse.");
    fputs("<div class=\"legend\">", out);
    for (int i = 0; i < first->n_acts && c.n_lines < CHART_MOST_LINES; i++) {
        const stage_act *a = &first->acts[i];
        const bool is_wanted =
            a->group >= 0 ? stands_for_recipe(first, i)
                          : a == stage_find(first, YARDSTICK_RANDOM) || a == stage_yardstick(first);
        if (!is_wanted) {
            continue;
        }
        const int line = c.n_lines++;
        const int colour = a->group >= 0                              ? a->group
                           : a == stage_find(first, YARDSTICK_RANDOM) ? RANDOM_COLOUR
                                                                      : BEST_COLOUR;
        lorenz(x[line], y[line], a, first->world.n_items, POINTS);
        snprintf(labels[line], sizeof labels[line], "%s", a->name);
        if (a->group >= 0) {
            runs_label(labels[line], r, a->group);
        }
        c.lines[line] = (chart_line){
            .name = labels[line], .colour = colour, .n = POINTS, .x = x[line], .y = y[line]};
        fprintf(out, "<span><span class=\"key c%d\"></span>", colour);
        page_text(out, labels[line]);
        fputs("</span>", out);
    }
    fputs("</div>\n", out);
    chart_write(out, &c);
    page_end_panel(out);
}

static void put_session(FILE *out, const stage_act *a, const titles *t, int session)
{
    double total = 0.0;
    fputs("<ol>", out);
    for (int i = 0; i < STAGE_MOST_STEPS; i++) {
        const int at = session * STAGE_MOST_STEPS + i;
        char name[256];
        if (a->items[at] < 0) {
            break;
        }
        titles_name(name, sizeof name, t, a->items[at]);
        const char *genre = titles_genre(t, a->items[at]);
        fputs("<li>", out);
        page_text(out, name);
        fputs(" <small>", out);
        page_text(out, genre);
        fprintf(out, "%s%+.2f</small></li>", genre[0] != '\0' ? " · " : "", (double)a->rewards[at]);
        total += (double)a->rewards[at];
    }
    fprintf(out, "</ol><p class=\"faint\">together %+.2f</p>", total);
}

/* Learners first, then popular and similar. */
static void put_sessions(FILE *out, const stage *s, const titles *t, int session, bool is_learner)
{
    for (int i = 0; i < s->n_acts; i++) {
        const stage_act *a = &s->acts[i];
        const bool is_wanted =
            is_learner ? stands_for_recipe(s, i)
                       : strcmp(a->name, "popular") == 0 || strcmp(a->name, "similar") == 0;
        if ((a->group >= 0) == is_learner && is_wanted) {
            page_begin_panel(out, a->name, "");
            put_session(out, a, t, session);
            page_end_panel(out);
        }
    }
}

void panels_write_sessions(FILE *out, const scene *s)
{
    const stage *first = s->stages[0];
    titles t;
    titles_open(&t, &first->world);
    for (int session = 0; session < STAGE_SHOWN_SESSIONS; session++) {
        fprintf(out, "<h4 class=\"apart\">Session %d</h4>\n", session + 1);
        page_begin_close_grid(out);
        put_sessions(out, first, &t, session, true);
        put_sessions(out, first, &t, session, false);
        page_end_grid(out);
    }
    titles_close(&t);
}
