/* SPDX-License-Identifier: MIT */
/* panels_segments.c: the same policies told apart by user and by time, and how well they rank what
 * users met next. */
#include <math.h>
#include <string.h>

#include "driver/segment_table.h"
#include "driver/text.h"
#include "figure.h"
#include "page.h"
#include "panels.h"

/* Reward a decision in each segment, and its share of the yardstick's there. */
typedef struct segment_row {
    int n;
    const char *names[SEGMENT_TABLE_MOST];
    figure reward[SEGMENT_TABLE_MOST], share[SEGMENT_TABLE_MOST];
} segment_row;

static void add_act(segment_row *row, const stage *s, const stage_act *a)
{
    segment_figure own[SEGMENT_TABLE_MOST], best[SEGMENT_TABLE_MOST];
    const stage_act *b = stage_yardstick(s);
    row->n = segment_table_figures(own, &s->of, &a->summary, a->parts);
    (void)segment_table_figures(best, &s->of, &b->summary, b->parts);
    for (int i = 0; i < row->n; i++) {
        row->names[i] = own[i].name;
        figure_add(&row->reward[i], own[i].reward, own[i].interval);
        figure_add(&row->share[i], 100.0 * own[i].reward / best[i].reward, (double)NAN);
    }
}

static void collect(segment_row *row, const scene *s, const char *name, bool is_learner)
{
    memset(row, 0, sizeof *row);
    for (int i = 0; i < s->n; i++) {
        for (int j = 0; j < s->stages[i]->n_acts; j++) {
            const stage_act *a = &s->stages[i]->acts[j];
            if ((a->group >= 0) == is_learner && strcmp(a->name, name) == 0) {
                add_act(row, s->stages[i], a);
            }
        }
    }
}

static void put_name(FILE *out, const char *name, int group)
{
    fprintf(out, "<tr%s><td>", group >= 0 ? " class=\"own\"" : "");
    if (group >= 0) {
        fprintf(out, "<span class=\"key c%d\"></span>", group);
    }
    page_text(out, name);
    fputs("</td>", out);
}

static void put_row(FILE *out, const scene *s, const char *name, int group)
{
    segment_row row;
    collect(&row, s, name, group >= 0);
    if (row.n == 0) {
        return;
    }
    put_name(out, name, group);
    for (int i = 0; i < row.n; i++) {
        figure_cell(out, &row.reward[i], 3, "");
        figure_cell(out, &row.share[i], 1, " %");
    }
    fputs("</tr>\n", out);
}

static void put_heading(FILE *out, const scene *s)
{
    segment_row row;
    collect(&row, s, stage_yardstick(s->stages[0])->name, false);
    fputs("<div class=\"scroll\"><table>\n<tr><th>reward/step</th>", out);
    for (int i = 0; i < row.n; i++) {
        fprintf(out, "<th>%s</th><th>%s</th>", row.names[i], panels_share_heading(s));
    }
    fputs("</tr>\n", out);
}

void panels_write_segments(FILE *out, const runs *r, const scene *s)
{
    const stage *first = s->stages[0];
    fputs("<h4 class=\"apart\">By user and by time</h4>\n", out);
    put_heading(out, s);
    panels_each_policy(out, r, s, put_row);
    fputs("</table></div>\n<p class=\"faint\">", out);
    if (first->of.n > 0) {
        fprintf(out,
                "New users are the third that had met least (at most %d items), heavy users the "
                "third that had met most (%d and more). ",
                (int)first->of.at[0].cut, (int)first->of.at[1].cut);
    } else {
        fputs("Users of a synthetic world have no past: none is new or heavy. ", out);
    }
    fputs("Thirds are of each session's decisions, rounded down.</p>\n", out);
}

static void put_ranking(FILE *out, const char *name, int group, const figure *recall,
                        const figure *ndcg)
{
    put_name(out, name, group);
    figure_cell(out, recall, 4, "");
    figure_cell(out, ndcg, 4, "");
    fputs("</tr>\n", out);
}

/* The mean over a group's seeds; `best` becomes it where its recall is larger. */
static void put_group(FILE *out, const runs *r, const stage *s, int group, factors_row *best)
{
    figure recall = {0}, ndcg = {0};
    for (int i = 0; i < s->n_acts; i++) {
        const stage_act *a = &s->acts[i];
        if (a->group == group && a->ranking.n > 0) {
            figure_add(&recall, a->ranking.at[0].recall, a->ranking.at[0].recall_interval);
            figure_add(&ndcg, a->ranking.at[0].ndcg, a->ranking.at[0].ndcg_interval);
        }
    }
    put_ranking(out, r->groups[group].name, group, &recall, &ndcg);
    if (figure_mean(&recall) > best->recall) {
        best->recall = figure_mean(&recall);
        best->recall_interval = figure_half(&recall);
    }
}

static void put_verdict(FILE *out, const factors_table *t)
{
    const char *best = t->at[factors_best(t)].name;
    const bool is_popular = strcmp(best, "popular") == 0;
    switch (factors_verdict(t)) {
    case FACTORS_AHEAD:
        fputs("here it is ahead all the same.</p>\n", out);
        break;
    case FACTORS_LEVEL:
        fprintf(out, "here it is level with the best of the others, %s.</p>\n", best);
        break;
    default:
        fprintf(out, "here it is behind %s%s.</p>\n", is_popular ? "popular items" : best,
                is_popular ? "" : ", which are fitted to it");
    }
}

void panels_write_ranking(FILE *out, const runs *r, const scene *s)
{
    const stage *first = s->stages[0];
    factors_table all = {
        .n_users = first->ranking.n_users,
        .n = first->ranking.n + 1,
        .at = {{.name = "", .recall = -1.0}}}; /* the best learner, then the others */
    if (first->ranking.n == 0) {
        return;
    }
    fputs("<h4 class=\"apart\">Ranking what users met next</h4>\n<div class=\"scroll\"><table>\n"
          "<tr><th></th><th>recall@20</th><th>NDCG@20</th></tr>\n",
          out);
    for (int g = 0; g < r->n_groups; g++) {
        if (panels_is_in(s, r, g)) {
            put_group(out, r, first, g, &all.at[0]);
        }
    }
    for (int i = 0; i < first->ranking.n; i++) {
        const factors_row *row = &first->ranking.at[i];
        const figure recall = {1, row->recall, 0.0, row->recall_interval};
        const figure ndcg = {1, row->ndcg, 0.0, row->ndcg_interval};
        put_ranking(out, row->name, -1, &recall, &ndcg);
        all.at[i + 1] = *row;
    }
    fprintf(
        out,
        "</table></div>\n<p class=\"faint\">The latest tenth of what each of %s users met, "
        "hidden from vectors and policies alike, is to be found among the first 20 of all items "
        "new to them. A policy is trained for rewards, not for this: ",
        text_count(all.n_users));
    put_verdict(out, &all);
}
