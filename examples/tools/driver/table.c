/* SPDX-License-Identifier: MIT */
#include "table.h"

#include <math.h>
#include <string.h>

#include "segment_table.h"
#include "text.h"

void table_add(table_rows *t, const char *name, const rr_metrics_summary *summary,
               const rr_metrics_summary *parts)
{
    if (t->n == TABLE_MOST_ROWS) {
        text_fail("the table has no room for %s", name);
    }
    t->at[t->n].name = name;
    t->at[t->n].summary = *summary;
    for (int i = 0; i < t->of->n; i++) {
        t->at[t->n].parts[i] = parts[i];
    }
    t->n += 1;
}

static const rr_metrics_summary *find(const table_rows *t, const char *name)
{
    for (int i = 0; i < t->n; i++) {
        if (strcmp(t->at[i].name, name) == 0) {
            return &t->at[i].summary;
        }
    }
    return NULL;
}

static bool is_leaving(const table_rows *t)
{
    return t->config->tire > 0.0f;
}

/* The best known play is the best there can be only where nothing rewards foresight. */
static bool is_myopic(const table_rows *t)
{
    return is_leaving(t) || t->config->drift > 0.0f || t->config->num_candidates > 0;
}

/* What shares compare. */
static double worth(const table_rows *t, const rr_metrics_summary *s)
{
    return is_leaving(t) ? s->return_per_session : s->reward_per_step;
}

static double share_of(const table_rows *t, int row, const char *best)
{
    const rr_metrics_summary *b = find(t, best);
    return b == NULL ? (double)NAN : worth(t, &t->at[row].summary) / worth(t, b);
}

static double gap_closed(const table_rows *t, int row)
{
    const double random = worth(t, find(t, "random"));
    const double best = worth(t, find(t, "oracle"));
    return (worth(t, &t->at[row].summary) - random) / (best - random);
}

static void print_percent(FILE *out, double share, int width)
{
    char cell[32] = "-";
    if (isfinite(share)) {
        snprintf(cell, sizeof cell, "%.1f %%", 100.0 * share);
    }
    fprintf(out, " %*s", width, cell);
}

static void print_number(FILE *out, double value, int digits, int width)
{
    if (isfinite(value)) {
        fprintf(out, " %*.*f", width, digits, value);
    } else {
        fprintf(out, " %*s", width, "-");
    }
}

/* "4.312 ±0.021"; the sign is two bytes of one column. */
static void print_interval(FILE *out, double value, double half, int digits, int width)
{
    char cell[48] = "-";
    if (isfinite(value)) {
        snprintf(cell, sizeof cell, "%.*f ±%.*f", digits, value, digits, half);
        width += 1;
    }
    fprintf(out, " %*s", width, cell);
}

static void print_label(FILE *out, const table_rows *t, int row)
{
    const bool is_oracle = strcmp(t->at[row].name, "oracle") == 0;
    fprintf(out, "%-15s",
            !is_oracle     ? t->at[row].name
            : is_myopic(t) ? "best (myopic)"
                           : "best known");
}

void table_print(FILE *out, const table_rows *t)
{
    const bool has_patient = find(t, "patient") != NULL;
    fprintf(out, "%-15s %15s %9s%s %9s %15s %14s %14s\n", "", "reward/step", "of best",
            has_patient ? "  of patient" : "", "gap", "return/session", "length", "repeats");
    for (int i = 0; i < t->n; i++) {
        const rr_metrics_summary *s = &t->at[i].summary;
        print_label(out, t, i);
        print_interval(out, s->reward_per_step, s->reward_per_step_interval, 3, 15);
        print_percent(out, share_of(t, i, "oracle"), 9);
        if (has_patient) {
            print_percent(out, share_of(t, i, "patient"), 11);
        }
        print_percent(out, gap_closed(t, i), 9);
        print_interval(out, s->return_per_session, s->return_per_session_interval, 2, 15);
        print_interval(out, s->session_length, s->session_length_interval, 2, 14);
        print_interval(out, s->repeats_per_session, s->repeats_per_session_interval, 2, 14);
        fputc('\n', out);
    }
    fprintf(out, "\n%-15s %10s %8s %8s %15s %15s\n", "", "coverage", "gini", "entropy", "distance",
            "novelty");
    for (int i = 0; i < t->n; i++) {
        const rr_metrics_summary *s = &t->at[i].summary;
        print_label(out, t, i);
        print_percent(out, s->coverage, 10);
        print_number(out, s->gini, 3, 8);
        print_number(out, s->entropy, 2, 8);
        print_interval(out, s->intra_list_distance, s->intra_list_distance_interval, 3, 15);
        print_interval(out, s->novelty, s->novelty_interval, 2, 15);
        fputc('\n', out);
    }
    segment_table_print(out, t);
}

void table_explain(FILE *out, const table_rows *t, float beta)
{
    fprintf(
        out,
        "\ntrained draws from the policy, greedy takes its most probable item. The others do not "
        "learn: random;\n"
        "popular, what the mean training user likes most; similar, the nearest to the user, "
        "without memory;\n"
        "and the best known play, which sees the true user and history. ± is the half width of "
        "the 95 %% interval\n"
        "over sessions. of best: share of the best known play's %s. gap: share of\n"
        "the way to it from random.\n",
        is_leaving(t) ? "return of a session" : "reward a step");
    fprintf(out, "repeats: showings of an item that the session had been shown. coverage, gini (0 "
                 "even, 1 one item)\n"
                 "and entropy (nats) are of what was shown over the catalogue; distance is 1 - cos "
                 "between the\n"
                 "items of a session; novelty is -log2 of an item's share of the training users' "
                 "interactions.\n");
    if (find(t, "ridge") != NULL) {
        fprintf(out, "ridge, linucb and thompson are linear models of the next reward, of user and "
                     "item and how often\n"
                     "it was shown, that learned from rows of their own; here they play what they "
                     "think best.\n");
    }
    segment_table_explain(out, t);
    if (is_leaving(t)) {
        fprintf(out,
                "Sessions leave when they tire, so the best known play, which looks one step "
                "ahead, can be "
                "beaten.\n"
                "patient gives up %g of reward for each unit of pull: the best of a grid on other "
                "sessions.\n",
                (double)beta);
    } else if (is_myopic(t)) {
        fprintf(out, "With %s the best known play looks one step ahead, and can be beaten.\n",
                t->config->drift > 0.0f ? "drift" : "candidate lists");
    }
}

static void write_row(json *j, const table_rows *t, int row)
{
    const rr_metrics_summary *s = &t->at[row].summary;
    json_begin_object(j, t->at[row].name);
    json_number(j, "reward_per_step", s->reward_per_step);
    json_number(j, "reward_per_step_interval", s->reward_per_step_interval);
    json_number(j, "oracle_share", share_of(t, row, "oracle"));
    if (find(t, "patient") != NULL) {
        json_number(j, "patient_share", share_of(t, row, "patient"));
    }
    json_number(j, "gap_closed", gap_closed(t, row));
    json_number(j, "return_per_session", s->return_per_session);
    json_number(j, "return_per_session_interval", s->return_per_session_interval);
    json_number(j, "session_length", s->session_length);
    json_number(j, "session_length_interval", s->session_length_interval);
    json_number(j, "coverage", s->coverage);
    json_number(j, "gini", s->gini);
    json_number(j, "entropy", s->entropy);
    json_number(j, "repeats_per_session", s->repeats_per_session);
    json_number(j, "repeats_per_session_interval", s->repeats_per_session_interval);
    json_number(j, "intra_list_distance", s->intra_list_distance);
    json_number(j, "intra_list_distance_interval", s->intra_list_distance_interval);
    json_number(j, "novelty", s->novelty);
    json_number(j, "novelty_interval", s->novelty_interval);
    segment_table_write_json(j, t, row);
    json_end_object(j);
}

void table_write_json(json *j, const table_rows *t)
{
    json_begin_object(j, "policies");
    for (int i = 0; i < t->n; i++) {
        write_row(j, t, i);
    }
    json_end_object(j);
}
