/* SPDX-License-Identifier: MIT */
#include "table.h"

#include <math.h>
#include <string.h>

#include "screen.h"
#include "segment_table.h"
#include "text.h"
#include "yardstick.h"

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

static const char *yardstick(const table_rows *t)
{
    return yardstick_policy_name(yardstick_of(t->config));
}

static double worth(const table_rows *t, const rr_metrics_summary *s)
{
    return yardstick_worth(t->config, s);
}

static double share_of(const table_rows *t, int row, const char *best)
{
    const rr_metrics_summary *b = find(t, best);
    return b == NULL ? (double)NAN : worth(t, &t->at[row].summary) / worth(t, b);
}

static double share_of_way(const table_rows *t, int row)
{
    const double random = worth(t, find(t, yardstick_policy_name(YARDSTICK_RANDOM)));
    const double best = worth(t, find(t, yardstick(t)));
    return (worth(t, &t->at[row].summary) - random) / (best - random);
}

/* What rounds to 0 has no sign. */
static double without_sign(double value, int digits)
{
    return fabs(value) < 0.5 * pow(10.0, -digits) ? 0.0 : value;
}

static void print_percent(FILE *out, double share, int width)
{
    char cell[32] = "-";
    if (isfinite(share)) {
        snprintf(cell, sizeof cell, "%.1f %%", without_sign(100.0 * share, 1));
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
        snprintf(cell, sizeof cell, "%.*f ±%.*f", digits, without_sign(value, digits), digits,
                 half);
        width += 1;
    }
    fprintf(out, " %*s", width, cell);
}

/* Three tables rather than one: none is wider than 80 columns. */
static void print_earned(FILE *out, const table_rows *t)
{
    fprintf(out, "%-15s %15s %10s %10s %15s\n", "", "reward/step",
            yardstick_is_leaving(t->config) ? "of patient" : "of oracle", "of the way",
            "return/session");
    for (int i = 0; i < t->n; i++) {
        const rr_metrics_summary *s = &t->at[i].summary;
        fprintf(out, "%-15s", t->at[i].name);
        print_interval(out, s->reward_per_step, s->reward_per_step_interval, 3, 15);
        print_percent(out, share_of(t, i, yardstick(t)), 10);
        print_percent(out, share_of_way(t, i), 10);
        print_interval(out, s->return_per_session, s->return_per_session_interval, 2, 15);
        fputc('\n', out);
    }
}

static void print_sessions(FILE *out, const table_rows *t)
{
    fprintf(out, "\n%-15s %15s %15s %15s %15s\n", "", "length", "repeats", "distance", "novelty");
    for (int i = 0; i < t->n; i++) {
        const rr_metrics_summary *s = &t->at[i].summary;
        fprintf(out, "%-15s", t->at[i].name);
        print_interval(out, s->session_length, s->session_length_interval, 2, 15);
        print_interval(out, s->repeats_per_session, s->repeats_per_session_interval, 2, 15);
        print_interval(out, s->intra_list_distance, s->intra_list_distance_interval, 3, 15);
        print_interval(out, s->novelty, s->novelty_interval, 2, 15);
        fputc('\n', out);
    }
}

static void print_catalogue(FILE *out, const table_rows *t)
{
    fprintf(out, "\n%-15s %15s %10s %10s\n", "", "coverage", "gini", "entropy");
    for (int i = 0; i < t->n; i++) {
        const rr_metrics_summary *s = &t->at[i].summary;
        fprintf(out, "%-15s", t->at[i].name);
        print_percent(out, s->coverage, 15);
        print_number(out, s->gini, 3, 10);
        print_number(out, s->entropy, 2, 10);
        fputc('\n', out);
    }
}

void table_print(FILE *out, const table_rows *t)
{
    print_earned(out, t);
    print_sessions(out, t);
    print_catalogue(out, t);
    segment_table_print(out, t);
}

/* What the yardstick is in this world. */
static void explain_yardstick(FILE *out, const table_rows *t, float beta)
{
    if (yardstick_is_leaving(t->config)) {
        screen_paragraph(out, 0,
                         "Sessions leave when they tire, so looking one step ahead is not enough: "
                         "the yardstick is patient, which gives up %g of reward for each unit of "
                         "pull, the best of a grid on other sessions.",
                         (double)beta);
    } else if (yardstick_is_best(t->config)) {
        screen_paragraph(out, 0,
                         "Nothing beats the one-step oracle in this world: it is the best known "
                         "play.");
    } else {
        screen_paragraph(out, 0,
                         "With %s a play that looks further ahead can beat the one-step oracle.",
                         t->config->drift > 0.0f ? "drift" : "candidate lists");
    }
}

void table_explain(FILE *out, const table_rows *t, float beta)
{
    const bool is_leaving = yardstick_is_leaving(t->config);
    const bool excludes = yardstick_is_similar(t->config);
    fputc('\n', out);
    screen_paragraph(out, 0,
                     "sampled: each item sampled from the trained policy; greedy: its most "
                     "probable item. The others do not learn. random; popular: what the mean "
                     "training user likes most; similar: the nearest to this user%s; one-step "
                     "oracle: knows the true user and history and takes what earns most now. ± is "
                     "the half width of the 95 %% interval over sessions. %s: share of %s. of the "
                     "way: share of the way from random to it.",
                     excludes ? "" : ", again and again", is_leaving ? "of patient" : "of oracle",
                     is_leaving ? "the patient play's return of a session"
                                : "the oracle's reward a step");
    if (t->config->hides_user) {
        screen_paragraph(out, 0,
                         "The policy's states do not show the user (hides_user): what it knows of "
                         "one is what the session was shown and earned. All others but random and "
                         "popular do see the user.");
    }
    if (excludes) {
        screen_paragraph(out, 0,
                         "No policy shows an item twice in a session (excludes_shown), so no "
                         "repeat wears off, and similar is the one-step oracle.");
    }
    explain_yardstick(out, t, beta);
    screen_paragraph(out, 0,
                     "repeats: showings of an item that the session had been shown. distance: 1 - "
                     "cos between the items of a session. novelty: -log2 of an item's share of the "
                     "training users' interactions. coverage, gini (0 even, 1 one item) and "
                     "entropy (nats) are of what was shown over the catalogue.");
    if (find(t, "ridge") != NULL) {
        screen_paragraph(
            out, 0,
            "ridge, linucb and thompson are linear models of the next reward, of user "
            "and item and how often it was shown, that learned from rows of their own; "
            "here they play what they think best.");
    }
    segment_table_explain(out, t);
}

static void write_row(json *j, const table_rows *t, int row)
{
    const rr_metrics_summary *s = &t->at[row].summary;
    json_begin_object(j, t->at[row].name);
    json_number(j, "reward_per_step", s->reward_per_step);
    json_number(j, "reward_per_step_interval", s->reward_per_step_interval);
    json_number(j, "oracle_share", share_of(t, row, yardstick_policy_name(YARDSTICK_ORACLE)));
    if (yardstick_is_leaving(t->config)) {
        json_number(j, "patient_share", share_of(t, row, yardstick_policy_name(YARDSTICK_PATIENT)));
    }
    json_number(j, "share_of_way", share_of_way(t, row));
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
