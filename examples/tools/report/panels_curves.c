/* SPDX-License-Identifier: MIT */
/* panels_curves.c: the panels that are drawn from the runs' logs. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "chart.h"
#include "driver/text.h"
#include "driver/yardstick.h"
#include "page.h"
#include "panels.h"

/* The curves of one group: mean over its seeds, and the band between the lowest and the highest. */
typedef struct bundle {
    int n;
    double *x, *y, *low, *high;
    char label[320];
} bundle;

/* A curve of one run, smoothed; the caller frees it. */
typedef double *curve_of(const run_record *record, const void *what);

static bool is_in(const scene *s, const run_record *record)
{
    return stage_is_alike(s->stages[0]->first, record);
}

/* Seeds are compared update by update: runs of one recipe log the same updates. */
static bundle gather(const runs *r, const run_group *group, curve_of *curve, const void *what)
{
    bundle b = {0};
    double *columns[RUNS_MOST];
    int n_rows = r->at[group->members[0]].log.n_rows;
    for (int i = 0; i < group->n; i++) {
        const run_record *record = &r->at[group->members[i]];
        columns[i] = curve(record, what);
        n_rows = record->log.n_rows < n_rows ? record->log.n_rows : n_rows;
        if (columns[i] == NULL) {
            for (int j = 0; j < i; j++) {
                free(columns[j]);
            }
            return b;
        }
    }
    b.n = n_rows;
    b.x = text_allocate((size_t)n_rows, sizeof(double));
    b.y = text_allocate((size_t)n_rows, sizeof(double));
    b.low = group->n > 1 ? text_allocate((size_t)n_rows, sizeof(double)) : NULL;
    b.high = group->n > 1 ? text_allocate((size_t)n_rows, sizeof(double)) : NULL;
    memcpy(b.x, curves_column(&r->at[group->members[0]].log, "n_timesteps"),
           (size_t)n_rows * sizeof(double));
    for (int row = 0; row < n_rows; row++) {
        double sum = 0.0, low = INFINITY, high = -INFINITY;
        for (int i = 0; i < group->n; i++) {
            sum += columns[i][row];
            low = fmin(low, columns[i][row]);
            high = fmax(high, columns[i][row]);
        }
        b.y[row] = sum / group->n;
        if (group->n > 1) {
            b.low[row] = isfinite(sum) ? low : (double)NAN;
            b.high[row] = isfinite(sum) ? high : (double)NAN;
        }
    }
    for (int i = 0; i < group->n; i++) {
        free(columns[i]);
    }
    return b;
}

/* Adds every group of the scene to a chart; `bundles` [RUNS_MOST_GROUPS] keep what it points to. */
static void add_groups(chart *c, bundle *bundles, const runs *r, const scene *s, curve_of *curve,
                       const void *what)
{
    for (int g = 0; g < r->n_groups; g++) {
        const run_group *group = &r->groups[g];
        if (!is_in(s, &r->at[group->members[0]])) {
            continue;
        }
        bundles[g] = gather(r, group, curve, what);
        if (bundles[g].n > 0) {
            runs_label(bundles[g].label, r, g);
            c->lines[c->n_lines++] = (chart_line){.name = bundles[g].label,
                                                  .colour = g,
                                                  .n = bundles[g].n,
                                                  .x = bundles[g].x,
                                                  .y = bundles[g].y,
                                                  .low = bundles[g].low,
                                                  .high = bundles[g].high};
        }
    }
}

static void write_legend(FILE *out, const runs *r, const scene *s)
{
    fputs("<div class=\"legend\">", out);
    for (int g = 0; g < r->n_groups; g++) {
        const run_group *group = &r->groups[g];
        if (is_in(s, &r->at[group->members[0]])) {
            fprintf(out, "<span><span class=\"key c%d\"></span>", g);
            fprintf(out, "%s · ", runs_algo(r, g));
            page_text(out, group->name);
            if (group->n > 1) {
                fprintf(out, ", %d seeds (band: lowest to highest)", group->n);
            }
            fputs("</span>", out);
        }
    }
    fputs("</div>\n", out);
}

/* Reward a step, or return a session, over the sessions that ended in a window of updates. */
static double *reward_curve(const run_record *record, const void *what)
{
    (void)what;
    const curves *log = &record->log;
    const int n = log->n_rows;
    const double *returns = curves_column(log, "session_return");
    const double *lengths = curves_column(log, "session_length");
    const double *sessions = curves_column(log, "n_sessions");
    if (returns == NULL || lengths == NULL || sessions == NULL) {
        return NULL;
    }
    double *total = text_allocate((size_t)n, sizeof(double));
    double *weight = text_allocate((size_t)n, sizeof(double));
    double *out = text_allocate((size_t)n, sizeof(double));
    const bool is_leaving = record->s.env.tire > 0.0f;
    for (int i = 0; i < n; i++) {
        total[i] = returns[i] * sessions[i];
        weight[i] = is_leaving ? sessions[i] : lengths[i] * sessions[i];
    }
    curves_smooth(out, total, weight, n, runs_window(record));
    free(total);
    free(weight);
    return out;
}

/* Where the health watch spoke up. */
static void add_marks(chart *c, const runs *r, const scene *s)
{
    for (int i = 0; i < r->n; i++) {
        const run_record *record = &r->at[i];
        for (int j = 0; j < record->n_warnings && is_in(s, record); j++) {
            if (c->n_marks < CHART_MOST_MARKS) {
                c->marks[c->n_marks++] =
                    (chart_mark){record->warnings[j].timesteps, record->warnings[j].sentence};
            }
        }
    }
}

void panels_write_warnings(FILE *out, const runs *r, const scene *s)
{
    int n = 0;
    fputs("<ul class=\"warn\">\n", out);
    for (int i = 0; i < r->n; i++) {
        const run_record *record = &r->at[i];
        for (int j = 0; j < record->n_warnings && is_in(s, record); j++) {
            fputs("<li><b>", out);
            page_text(out, record->name);
            fprintf(out, "</b>, update %lld: ", (long long)record->warnings[j].update);
            page_text(out, record->warnings[j].sentence);
            fputs("</li>\n", out);
            n += 1;
        }
    }
    if (n == 0) {
        fputs("<li>The health watch had nothing to say.</li>\n", out);
    }
    fputs("</ul>\n", out);
}

static void reward_chart(chart *c, bundle *bundles, const runs *r, const scene *s)
{
    const stage *first = s->stages[0];
    *c = (chart){.title = "Reward while learning",
                 .x_label = "decisions trained on",
                 .y_label = first->first->s.env.tire > 0.0f ? "return a session" : "reward a step"};
    add_groups(c, bundles, r, s, reward_curve, NULL);
    add_marks(c, r, s);
    for (int i = 0; i < first->n_acts && c->n_levels < CHART_MOST_LEVELS; i++) {
        const bool is_twin =
            yardstick_is_similar(&first->first->s.env) &&
            strcmp(first->acts[i].name, yardstick_policy_name(YARDSTICK_SIMILAR)) == 0;
        if (first->acts[i].group >= 0 || is_twin) { /* a twin is the yardstick's own level */
            continue;
        }
        double sum = 0.0;
        for (int j = 0; j < s->n; j++) {
            const stage *at = s->stages[j];
            sum += stage_worth(at, &at->acts[i].summary); /* all stages begin with the same acts */
        }
        c->levels[c->n_levels++] = (chart_level){first->acts[i].name, sum / s->n};
    }
}

static void free_bundles(bundle *bundles, int n)
{
    for (int g = 0; g < n; g++) {
        free(bundles[g].x);
        free(bundles[g].y);
        free(bundles[g].low);
        free(bundles[g].high);
        bundles[g] = (bundle){0};
    }
}

void panels_write_reward(FILE *out, const runs *r, const scene *s)
{
    bundle bundles[RUNS_MOST_GROUPS] = {{0}};
    chart c;
    reward_chart(&c, bundles, r, s);
    page_begin_panel(out,
                     s->stages[0]->first->s.env.tire > 0.0f ? "Return of a session while learning"
                                                            : "Reward a decision while learning",
                     "Means over whole sessions as they ended. Dashed: policies that do not learn, "
                     "in sessions of users never trained on.");
    write_legend(out, r, s);
    chart_write(out, &c);
    page_end_panel(out);
    free_bundles(bundles, r->n_groups);
}

void panels_write_curve(FILE *out, const runs *r, const scene *s)
{
    bundle bundles[RUNS_MOST_GROUPS] = {{0}};
    chart c;
    reward_chart(&c, bundles, r, s);
    c.is_alone = true;
    chart_write(out, &c);
    free_bundles(bundles, r->n_groups);
}

/* A statistic of the log, and where it should be. */
typedef struct statistic {
    const char *column, *title, *sentence;
    bool has_range;
    double low, high; /* healthy; of entropy as shares of log N */
    bool is_of_entropy;
} statistic;

static const statistic statistics[] = {
    {"entropy", "entropy (nats)",
     "How undecided the policy is about one user. It should fall slowly; near 0 it shows her one "
     "item and hears of no other.",
     true, 0.05, 1.0, true},
    {"approx_kl", "approx_kl",
     "How far one update moves the policy. Textbooks ask for 0.05. Presets that begin above the "
     "shade were tuned in that world alone; elsewhere such steps do harm.",
     true, 0.0, 0.2, false},
    {"clip_fraction", "clip_fraction",
     "Share of rows whose ratio left the trust region. 0 for A2C, and late in an annealed "
     "run. Near 1 an update throws its rows away.",
     true, 0.0, 0.5, false},
    {"explained_variance", "explained_variance",
     "How much of the returns the critic foresees: 1 all, 0 no more than their mean, below 0 "
     "harmful.",
     true, 0.0, 1.0, false},
    {"value_loss", "value_loss", "Half the mean square of what the critic misses.", false, 0, 0,
     false},
    {"grad_norm", "grad_norm", "Length of the gradient before clipping.", false, 0, 0, false},
    {"repeat_weight", "repeat weight κ", "What a showing costs an item in this session, in logits.",
     false, 0, 0, false},
    {"learning_rate", "learning rate", "As used by each update.", false, 0, 0, false},
};

static double *statistic_curve(const run_record *record, const void *what)
{
    const double *column = curves_column(&record->log, what);
    if (column == NULL) {
        return NULL;
    }
    double *out = text_allocate((size_t)record->log.n_rows, sizeof(double));
    curves_smooth(out, column, NULL, record->log.n_rows, runs_window(record));
    return out;
}

void panels_write_health(FILE *out, const runs *r, const scene *s)
{
    bundle bundles[RUNS_MOST_GROUPS] = {{0}};
    const double most_entropy = log((double)s->stages[0]->world.n_items);
    for (size_t i = 0; i < sizeof statistics / sizeof statistics[0]; i++) {
        const statistic *what = &statistics[i];
        const double unit = what->is_of_entropy ? most_entropy : 1.0;
        chart c = {.title = what->title,
                   .x_label = "decisions trained on",
                   .y_label = what->title,
                   .has_range = what->has_range,
                   .range_low = what->low * unit,
                   .range_high = what->high * unit};
        add_groups(&c, bundles, r, s, statistic_curve, what->column);
        add_marks(&c, r, s);
        if (c.n_lines > 0) {
            page_begin_panel(out, what->title, what->sentence);
            chart_write(out, &c);
            page_end_panel(out);
        }
        free_bundles(bundles, r->n_groups);
    }
}
