/* SPDX-License-Identifier: MIT */
#include "versus.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "screen.h"
#include "text.h"
#include "yardstick.h"

typedef struct session {
    int32_t user;
    float a, b;
} session;

static int by_user(const void *x, const void *y)
{
    const int32_t one = ((const session *)x)->user;
    const int32_t other = ((const session *)y)->user;
    return one < other ? -1 : one > other;
}

/* The same sessions with those of one user side by side. */
static void compare_users(rr_comparison *out, const float *a, const float *b, const int32_t *users,
                          int32_t n)
{
    rr_error err;
    session *sessions = text_allocate((size_t)n, sizeof *sessions);
    float *returns_a = text_allocate((size_t)n, sizeof(float));
    float *returns_b = text_allocate((size_t)n, sizeof(float));
    int32_t *groups = text_allocate((size_t)n, sizeof(int32_t));
    for (int32_t i = 0; i < n; i++) {
        sessions[i] = (session){.user = users[i], .a = a[i], .b = b[i]};
    }
    qsort(sessions, (size_t)n, sizeof *sessions, by_user);
    for (int32_t i = 0; i < n; i++) {
        returns_a[i] = sessions[i].a;
        returns_b[i] = sessions[i].b;
        groups[i] = sessions[i].user;
    }
    text_require(rr_compare_returns(returns_a, returns_b, groups, n, out, &err), &err);
    free(sessions);
    free(returns_a);
    free(returns_b);
    free(groups);
}

void versus_compare(versus_row *row, const float *a, const float *b, const int32_t *users,
                    int32_t n)
{
    rr_error err;
    row->over_sessions = (rr_comparison){.struct_size = sizeof row->over_sessions};
    row->over_users = (rr_comparison){.struct_size = sizeof row->over_users};
    text_require(rr_compare_returns(a, b, NULL, n, &row->over_sessions, &err), &err);
    if (users[0] >= 0) {
        compare_users(&row->over_users, a, b, users, n);
    }
}

double versus_interval(const versus_row *row)
{
    return row->over_users.n > 0 ? row->over_users.difference_interval
                                 : row->over_sessions.difference_interval;
}

/* How many sessions stand side by side and which users come while training is the run's affair. */
static bool is_of_the_run(const settings *s, const char *field)
{
    return strcmp(field, "n_envs") == 0 || strcmp(field, "seed") == 0 ||
           strcmp(field, "num_threads") == 0 || strcmp(field, "worker_spin_us") == 0 ||
           (s->is_learned && strcmp(field, "world_seed") == 0);
}

static bool is_of_the_catalogue(int32_t kind, const char *field)
{
    return kind == RR_CONFIG_ALS || strcmp(field, "num_items") == 0 ||
           strcmp(field, "state_dim") == 0 || strcmp(field, "world_seed") == 0;
}

static void require_same_config(int32_t kind, const char *path_a, const settings *a,
                                const char *path_b, const settings *b)
{
    rr_error err;
    settings copy_a = *a;
    settings copy_b = *b;
    for (int32_t i = 0; i < rr_config_field_count(kind); i++) {
        char value_a[128], value_b[128];
        rr_config_field field = {.struct_size = sizeof field};
        text_require(rr_config_field_at(kind, i, &field, &err), &err);
        text_require(rr_config_get(settings_config(&copy_a, kind), field.name, value_a,
                                   sizeof value_a, &err),
                     &err);
        text_require(rr_config_get(settings_config(&copy_b, kind), field.name, value_b,
                                   sizeof value_b, &err),
                     &err);
        if (is_of_the_run(a, field.name) || strcmp(value_a, value_b) == 0) {
            continue;
        }
        if (is_of_the_catalogue(kind, field.name)) {
            text_fail("%s has %s %s, %s has %s: their catalogues differ, so they cannot play the "
                      "same sessions",
                      path_a, field.name, value_a, path_b, value_b);
        }
        text_fail("%s has %s %s, %s has %s: their sessions differ; a flag for %s sets it for both",
                  path_a, field.name, value_a, path_b, value_b, field.name);
    }
}

void versus_require_same(const char *path_a, const settings *a, const run_origin *origin_a,
                         const char *path_b, const settings *b, const run_origin *origin_b)
{
    if (strcmp(origin_a->world, origin_b->world) != 0) {
        text_fail("%s was made in the world %s, %s in %s: they cannot play the same sessions",
                  path_a, origin_a->world, path_b, origin_b->world);
    }
    require_same_config(RR_CONFIG_ENV, path_a, a, path_b, b);
    if (a->is_learned) {
        require_same_config(RR_CONFIG_ALS, path_a, a, path_b, b);
    }
}

void versus_play(versus_row *rows, rr_agent *a, rr_agent *b, const world *w,
                 const rr_env_config *config, uint64_t seed, int32_t n_sessions)
{
    const size_t n = (size_t)n_sessions;
    float *returns[2] = {text_allocate(n, sizeof(float)), text_allocate(n, sizeof(float))};
    int32_t *users = text_allocate(n, sizeof(int32_t));
    for (int row = 0; row < VERSUS_ROWS; row++) {
        for (int side = 0; side < 2; side++) {
            rr_metrics_summary summary;
            const play_policy policy = {.agent = side == 0 ? a : b, .is_greedy = row == 1};
            play_watch watch = {.returns = returns[side], .users = users};
            play_watched(&summary, &watch, &policy, w, config, seed, WORLD_TEST, n_sessions);
        }
        rows[row].name = yardstick_policy_name(row == 0 ? YARDSTICK_SAMPLED : YARDSTICK_GREEDY);
        versus_compare(&rows[row], returns[0], returns[1], users, n_sessions);
    }
    free(returns[0]);
    free(returns[1]);
    free(users);
}

void versus_print(FILE *out, const versus_row *rows)
{
    const bool has_users = rows[0].over_users.n > 0;
    fprintf(out, "%-8s %9s %9s %18s %9s %8s %8s\n", "", "A", "B", "A - B", "won", "tied", "lost");
    for (int i = 0; i < VERSUS_ROWS; i++) {
        const rr_comparison *c = &rows[i].over_sessions;
        char difference[48];
        snprintf(difference, sizeof difference, "%+.4f ±%.4f", c->difference,
                 versus_interval(&rows[i]));
        fprintf(out, "%-8s %9.3f %9.3f %19s %7.1f %% %6.1f %% %6.1f %%\n", rows[i].name, c->mean_a,
                c->mean_b, difference, 100.0 * c->n_won / c->n, 100.0 * c->n_tied / c->n,
                100.0 * c->n_lost / c->n);
    }
    fprintf(out, "\n%-8s %18s %18s %18s\n", "± of A-B", has_users ? "over users" : "",
            "over sessions", "not paired");
    for (int i = 0; i < VERSUS_ROWS; i++) {
        const rr_comparison *c = &rows[i].over_sessions;
        char users[32] = "";
        if (has_users) {
            snprintf(users, sizeof users, "±%.4f", rows[i].over_users.difference_interval);
        }
        fprintf(out, "%-8s %*s            ±%6.4f            ±%6.4f\n", rows[i].name,
                has_users ? 19 : 18, users, c->difference_interval, c->unpaired_interval);
    }
}

/* The interval that counts: over users where they have several sessions. */
static const rr_comparison *judged(const versus_row *row)
{
    return row->over_users.n > 0 ? &row->over_users : &row->over_sessions;
}

static void print_verdict(FILE *out, const versus_row *row)
{
    const rr_comparison *c = judged(row);
    if (row->over_sessions.n_tied == row->over_sessions.n) {
        fprintf(out, "%s: the same in every session.\n", row->name);
        return;
    }
    if (c->is_too_few != 0) {
        const char *groups = row->over_users.n > 0 ? "users" : "sessions";
        screen_paragraph(
            out, 0,
            "%s: too few %s to tell: %s earned more here, but of %d they earn otherwise "
            "in %d, and a handful may carry the whole difference, so that the "
            "interval does not count. Play more (--sessions).",
            row->name, groups, c->difference > 0.0 ? "A" : "B", (int)c->n_groups,
            (int)c->n_unequal);
    } else if (!(c->difference_low > 0.0 || c->difference_high < 0.0)) {
        fprintf(out, "%s: these sessions do not tell them apart (the interval holds 0).\n",
                row->name);
    } else {
        fprintf(out, "%s: %s earns more (the interval leaves 0 out: %+.4f to %+.4f).\n", row->name,
                c->difference > 0.0 ? "A" : "B", c->difference_low, c->difference_high);
    }
}

void versus_explain(FILE *out, const versus_row *rows)
{
    fputc('\n', out);
    for (int i = 0; i < VERSUS_ROWS; i++) {
        print_verdict(out, &rows[i]);
    }
    screen_paragraph(out, 0,
                     "Returns of a session. Both play the same sessions: the same users, and draws "
                     "by the same numbers. ± is the half width of the 95 %% interval of A - B "
                     "(Student's t, paired), not paired what it would be had they played other "
                     "sessions.");
    if (rows[0].over_users.n > 0) {
        screen_paragraph(out, 0,
                         "%d users play these sessions, several each; a user's second session says "
                         "little that is new, so the interval that counts is the one over users.",
                         (int)rows[0].over_users.n_groups);
    }
}

void versus_write_json(json *j, const versus_row *rows)
{
    json_begin_object(j, "comparison");
    for (int i = 0; i < VERSUS_ROWS; i++) {
        const rr_comparison *c = &rows[i].over_sessions;
        json_begin_object(j, rows[i].name);
        json_number(j, "mean_a", c->mean_a);
        json_number(j, "mean_b", c->mean_b);
        json_number(j, "difference", c->difference);
        json_number(j, "difference_interval", versus_interval(&rows[i]));
        json_number(j, "difference_interval_over_sessions", c->difference_interval);
        json_number(j, "unpaired_interval", c->unpaired_interval);
        json_number(j, "difference_low", judged(&rows[i])->difference_low);
        json_number(j, "difference_high", judged(&rows[i])->difference_high);
        json_count(j, "is_too_few", judged(&rows[i])->is_too_few);
        json_count(j, "users", rows[i].over_users.n > 0 ? rows[i].over_users.n_groups : c->n);
        json_number(j, "won", (double)c->n_won / c->n);
        json_number(j, "tied", (double)c->n_tied / c->n);
        json_number(j, "lost", (double)c->n_lost / c->n);
        json_end_object(j);
    }
    json_end_object(j);
}
