/* SPDX-License-Identifier: MIT */
#include "segment_table.h"

#include <math.h>
#include <string.h>

#include "text.h"

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

static int find_oracle(const table_rows *t)
{
    for (int i = 0; i < t->n; i++) {
        if (strcmp(t->at[i].name, "oracle") == 0) {
            return i;
        }
    }
    text_fail("the table has no oracle");
}

static void print_row(FILE *out, const table_rows *t, int row)
{
    segment_figure own[SEGMENT_TABLE_MOST], best[SEGMENT_TABLE_MOST];
    const int n = row_figures(own, t, row);
    (void)row_figures(best, t, find_oracle(t));
    fprintf(out, "%-15s", row == find_oracle(t) ? "best known" : t->at[row].name);
    for (int i = 0; i < n; i++) {
        if (isfinite(own[i].reward)) {
            fprintf(out, " %7.3f ±%5.3f %7.1f %%", own[i].reward, own[i].interval,
                    100.0 * own[i].reward / best[i].reward);
        } else {
            fprintf(out, " %24s", "-");
        }
    }
    fputc('\n', out);
}

void segment_table_print(FILE *out, const table_rows *t)
{
    segment_figure figures[SEGMENT_TABLE_MOST];
    const int n = row_figures(figures, t, 0);
    fprintf(out, "\n%-15s", "reward/step of");
    for (int i = 0; i < n; i++) {
        fprintf(out, " %14s %9s", figures[i].name, "of best");
    }
    fputc('\n', out);
    for (int i = 0; i < t->n; i++) {
        print_row(out, t, i);
    }
}

void segment_table_explain(FILE *out, const table_rows *t)
{
    if (t->of->n > 0) {
        fprintf(out,
                "new users: the third of those never trained on that had met least (at most %d "
                "interactions, %d users);\n"
                "heavy users: the third that had met most (%d and more, %d users).\n",
                (int)t->of->at[0].cut, (int)t->of->at[0].n_users, (int)t->of->at[1].cut,
                (int)t->of->at[1].n_users);
    } else {
        fprintf(out, "Users of a synthetic world have no past, so none of them is new or heavy.\n");
    }
    fprintf(out, "first and last third: of each session's steps, rounded down; shares are of the "
                 "best known play's\n"
                 "reward there.\n");
}

void segment_table_write_json(json *j, const table_rows *t, int row)
{
    segment_figure own[SEGMENT_TABLE_MOST], best[SEGMENT_TABLE_MOST];
    const int n = row_figures(own, t, row);
    (void)row_figures(best, t, find_oracle(t));
    json_begin_object(j, "segments");
    for (int i = 0; i < n; i++) {
        json_begin_object(j, own[i].key);
        json_number(j, "reward_per_step", own[i].reward);
        json_number(j, "reward_per_step_interval", own[i].interval);
        json_number(j, "oracle_share", own[i].reward / best[i].reward);
        json_end_object(j);
    }
    json_end_object(j);
}
