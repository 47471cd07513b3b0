/* SPDX-License-Identifier: MIT */
#include "log.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "text.h"

/* Columns behind n_updates and n_timesteps, and where TensorBoard shows them. */
static const struct {
    const char *name, *group;
} columns[] = {
    {"reward_mean", "reward"},      {"oracle_share", "reward"},
    {"session_return", "reward"},   {"session_length", "reward"},
    {"n_sessions", "reward"},       {"policy_loss", "loss"},
    {"value_loss", "loss"},         {"entropy", "policy"},
    {"approx_kl", "policy"},        {"clip_fraction", "policy"},
    {"explained_variance", "loss"}, {"grad_norm", "optimiser"},
    {"learning_rate", "optimiser"}, {"scale", "policy"},
    {"repeat_weight", "policy"},    {"n_rows", "rows"},
    {"n_epochs", "rows"},           {"n_minibatches", "rows"},
    {"n_dropped", "rows"},          {"is_stopped_early", "rows"},
};

enum { N_COLUMNS = sizeof columns / sizeof columns[0], FIRST_COUNT = 15 };

/* Cuts off every row behind update n_updates; returns whether nothing is left, not even a heading.
 */
static bool cut(FILE *file, int64_t n_updates)
{
    char line[2048];
    long end = 0;
    rewind(file);
    while (fgets(line, sizeof line, file) != NULL && strchr(line, '\n') != NULL) {
        if (end > 0 && strtoll(line, NULL, 10) > n_updates) {
            break;
        }
        end = ftell(file);
    }
    fflush(file);
    if (ftruncate(fileno(file), end) != 0) {
        text_fail("the log cannot be cut: %s", strerror(errno));
    }
    fseek(file, 0, SEEK_END);
    return end == 0;
}

static FILE *open_rows(bool *is_new, const char *path, int64_t n_updates)
{
    text_make_folders(path);
    FILE *file = n_updates > 0 ? fopen(path, "r+") : NULL;
    if (file == NULL) {
        file = fopen(path, "w+");
    }
    if (file == NULL) {
        text_fail("%s: cannot be written: %s", path, strerror(errno));
    }
    setvbuf(file, NULL, _IOLBF, BUFSIZ);
    *is_new = cut(file, n_updates);
    return file;
}

FILE *log_open(const char *path, int64_t n_updates)
{
    bool is_new = false;
    FILE *file = open_rows(&is_new, path, n_updates);
    if (is_new) {
        fputs("n_updates,n_timesteps", file);
        for (int i = 0; i < N_COLUMNS; i++) {
            fprintf(file, ",%s", columns[i].name);
        }
        fputc('\n', file);
    }
    return file;
}

FILE *log_open_warnings(const char *path, int64_t n_updates)
{
    bool is_new = false;
    FILE *file = open_rows(&is_new, path, n_updates);
    if (is_new) {
        fputs("n_updates,n_timesteps,sentence\n", file);
    }
    return file;
}

void log_write_warnings(FILE *out, const run *r)
{
    for (int i = 0; i < r->n_warnings; i++) {
        fprintf(out, "%" PRId64 ",%" PRId64 ",\"%s\"\n", r->stats.n_updates, r->stats.n_timesteps,
                r->warnings[i]);
    }
}

/* A number, or nan without a sign. */
static void put(FILE *out, double value)
{
    if (isnan(value)) {
        fputs(",nan", out);
    } else {
        fprintf(out, ",%.9g", value);
    }
}

/* The columns' values of the run's last update. */
static void fill(double *values, const run *r, double oracle_reward)
{
    const rr_stats *s = &r->stats;
    const double n = (double)r->n_ended;
    const double row[N_COLUMNS] = {(double)s->reward_mean,
                                   (double)s->reward_mean / oracle_reward,
                                   n > 0.0 ? r->ended_returns / n : (double)NAN,
                                   n > 0.0 ? (double)r->ended_lengths / n : (double)NAN,
                                   n,
                                   (double)s->policy_loss,
                                   (double)s->value_loss,
                                   (double)s->entropy,
                                   (double)s->approx_kl,
                                   (double)s->clip_fraction,
                                   (double)s->explained_variance,
                                   (double)s->grad_norm,
                                   (double)s->learning_rate,
                                   (double)s->scale,
                                   (double)s->repeat_weight,
                                   (double)s->n_rows,
                                   (double)s->n_epochs,
                                   (double)s->n_minibatches,
                                   (double)s->n_dropped,
                                   (double)s->is_stopped_early};
    memcpy(values, row, sizeof row);
}

void log_write(FILE *out, events *board, const run *r, double oracle_reward)
{
    const rr_stats *s = &r->stats;
    double values[N_COLUMNS];
    fill(values, r, oracle_reward);
    fprintf(out, "%" PRId64 ",%" PRId64, s->n_updates, s->n_timesteps);
    for (int i = 0; i < N_COLUMNS; i++) {
        if (i < FIRST_COUNT) {
            put(out, values[i]);
        } else {
            fprintf(out, ",%.0f", values[i]);
        }
    }
    fputc('\n', out);
    if (board == NULL) {
        return;
    }
    events_begin(board, s->n_timesteps);
    for (int i = 0; i < N_COLUMNS; i++) {
        char tag[64];
        snprintf(tag, sizeof tag, "%s/%s", columns[i].group, columns[i].name);
        events_add(board, tag, values[i]);
    }
    events_end(board);
}
