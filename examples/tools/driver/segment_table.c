/* SPDX-License-Identifier: MIT */
#include "segment_table.h"

#include <math.h>
#include <string.h>

#include "screen.h"
#include "text.h"
#include "yardstick.h"

int segment_table_figures(segment_figure *figures, const segments *of,
                          const rr_metrics_summary *summary, const rr_metrics_summary *parts)
{
    static const char *const names[] = {"new users", "heavy users"};
    static const char *const keys[] = {"new_users", "heavy_users"};
    int n = 0;
    for (int i = 0; i < of->n; i++) {
        figures[n++] = (segment_figure){names[i], keys[i], parts[i].reward_per_step,
                                        parts[i].reward_per_step_interval};
    }
    figures[n++] = (segment_figure){"first third", "first_third", summary->first_third_reward,
                                    summary->first_third_reward_interval};
    figures[n++] = (segment_figure){"last third", "last_third", summary->last_third_reward,
                                    summary->last_third_reward_interval};
    return n;
}

static int row_figures(segment_figure *figures, const table_rows *t, int row)
{
    return segment_table_figures(figures, t->of, &t->at[row].summary, t->at[row].parts);
}

static int find_yardstick(const table_rows *t)
{
    for (int i = 0; i < t->n; i++) {
        if (strcmp(t->at[i].name, yardstick_policy_name(yardstick_of(t->config))) == 0) {
            return i;
        }
    }
    text_fail("the table has no yardstick");
}

/* Columns [begin, end) of a policy's row. */
static void print_row(FILE *out, const table_rows *t, int row, int begin, int end)
{
    segment_figure own[SEGMENT_TABLE_MOST], best[SEGMENT_TABLE_MOST];
    (void)row_figures(own, t, row);
    (void)row_figures(best, t, find_yardstick(t));
    fprintf(out, "%-15s", t->at[row].name);
    for (int i = begin; i < end; i++) {
        if (isfinite(own[i].reward)) {
            fprintf(out, " %8.3f ±%5.3f %8.1f %%", own[i].reward, own[i].interval,
                    100.0 * own[i].reward / best[i].reward);
        } else {
            fprintf(out, " %26s", "-");
        }
    }
    fputc('\n', out);
}

/* Two segments side by side: no table is wider than 80 columns. */
void segment_table_print(FILE *out, const table_rows *t)
{
    segment_figure figures[SEGMENT_TABLE_MOST];
    const int n = row_figures(figures, t, 0);
    for (int begin = 0; begin < n; begin += 2) {
        const int end = begin + 2 < n ? begin + 2 : n;
        fprintf(out, "\n%-15s", "reward/step of");
        for (int i = begin; i < end; i++) {
            fprintf(out, " %15s %10s", figures[i].name,
                    yardstick_is_leaving(t->config) ? "of patient" : "of oracle");
        }
        fputc('\n', out);
        for (int i = 0; i < t->n; i++) {
            print_row(out, t, i, begin, end);
        }
    }
}

void segment_table_explain(FILE *out, const table_rows *t)
{
    if (t->of->n > 0) {
        screen_paragraph(out, 0,
                         "new users: the third of those never trained on that had met least (at "
                         "most %d interactions, %d users); heavy users: the third that had met "
                         "most (%d and more, %d users).",
                         (int)t->of->at[0].cut, (int)t->of->at[0].n_users, (int)t->of->at[1].cut,
                         (int)t->of->at[1].n_users);
    } else {
        screen_paragraph(out, 0,
                         "Users of a synthetic world have no past, so none of them is new "
                         "or heavy.");
    }
    screen_paragraph(out, 0,
                     "first and last third: of each session's steps, rounded down; shares are of "
                     "the %s's reward there.",
                     yardstick_is_leaving(t->config) ? "patient play" : "oracle");
}

void segment_table_write_json(json *j, const table_rows *t, int row)
{
    segment_figure own[SEGMENT_TABLE_MOST], best[SEGMENT_TABLE_MOST];
    const int n = row_figures(own, t, row);
    (void)row_figures(best, t, find_yardstick(t));
    json_begin_object(j, "segments");
    for (int i = 0; i < n; i++) {
        json_begin_object(j, own[i].key);
        json_number(j, "reward_per_step", own[i].reward);
        json_number(j, "reward_per_step_interval", own[i].interval);
        json_number(j, yardstick_is_leaving(t->config) ? "patient_share" : "oracle_share",
                    own[i].reward / best[i].reward);
        json_end_object(j);
    }
    json_end_object(j);
}
