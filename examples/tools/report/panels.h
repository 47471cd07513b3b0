/* SPDX-License-Identifier: MIT */
/* panels.h: what the report shows, panel by panel. docs/reading_the_report.md explains each. */
#ifndef EXAMPLES_REPORT_PANELS_H
#define EXAMPLES_REPORT_PANELS_H

#include <stdio.h>

#include "runs.h"
#include "stage.h"

/* Stages of one kind of world. */
typedef struct scene {
    int n;
    stage *stages[RUNS_MOST];
} scene;

/* Whether a group's runs were made in the scene's kind of world. */
bool panels_is_in(const scene *s, const runs *r, int group);

/* A row for each policy of the scene: groups of runs, sampled and greedy, then those that do not
 * learn, whose group is −1. */
typedef void (*panels_row)(FILE *out, const scene *s, const char *name, int group);
void panels_each_policy(FILE *out, const runs *r, const scene *s, panels_row put_row);

/* "of oracle" or "of patient": the column of shares. */
const char *panels_share_heading(const scene *s);

/* The figures at the top: what each group of runs earned, beside the yardstick. */
void panels_write_headline(FILE *out, const runs *r, const scene *s);
/* Reward while learning, with the policies that do not learn as levels. */
void panels_write_reward(FILE *out, const runs *r, const scene *s);
/* The same curve as an SVG file of its own. */
void panels_write_curve(FILE *out, const runs *r, const scene *s);
/* Entropy, approx_kl, clip_fraction, explained_variance and the rest, healthy ranges shaded. */
void panels_write_health(FILE *out, const runs *r, const scene *s);
/* What the health watch said of the runs, and when. */
void panels_write_warnings(FILE *out, const runs *r, const scene *s);
/* The table of policies, with 95 % intervals. */
void panels_write_table(FILE *out, const runs *r, const scene *s);
/* Two recipes in the same sessions: the difference and its interval; the first group beside each of
 * the others. Nothing where the scene has one group. */
void panels_write_versus(FILE *out, const runs *r, const scene *s);
/* The same policies by segment: new and heavy users, first and last third of the session. */
void panels_write_segments(FILE *out, const runs *r, const scene *s);
/* Recall and NDCG of what was held out. Nothing in a synthetic world. */
void panels_write_ranking(FILE *out, const runs *r, const scene *s);
/* Lorenz curve of what was shown. */
void panels_write_lorenz(FILE *out, const runs *r, const scene *s);
/* Sessions, item by item, next to what popular and similar show. */
void panels_write_sessions(FILE *out, const scene *s);
/* Config, machine and duration of each group's first run. */
void panels_write_recipe(FILE *out, const runs *r, const scene *s);

#endif
