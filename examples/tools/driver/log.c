/* SPDX-License-Identifier: MIT */
#include "log.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "output.h"
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

enum { LINE_BYTES = 4096 };

/* Bytes of the rows of `path` that stay: its heading, and whole rows up to update n_updates. The
 * last of them is dropped where no run that went on without a pause would have written it: a run
 * that stops logs its last update, whatever the interval. *last receives the update of the last row
 * that stays, *had that of the last one that was there. 0: there is no file, or nothing in it. */
static long long measure(int64_t *last, int64_t *had, const char *path, const char *heading,
                         int64_t n_updates, int64_t interval)
{
    char line[LINE_BYTES];
    long long whole = 0;
    FILE *in = fopen(path, "r");
    bool is_kept = true;
    *last = 0;
    *had = 0;
    if (in == NULL && errno != ENOENT) {
        text_fail("%s: cannot be read: %s", path, strerror(errno));
    }
    while (in != NULL && fgets(line, sizeof line, in) != NULL && strchr(line, '\n') != NULL) {
        const int64_t update = strtoll(line, NULL, 10);
        if (whole == 0 && strcmp(line, heading) != 0) {
            text_fail("%s has the columns of another release; move it away, or give --name for a "
                      "folder of its own",
                      path);
        }
        is_kept = is_kept && update <= n_updates &&
                  (update < n_updates || update == 0 || update % interval == 0);
        *had = update;
        if (is_kept) {
            whole += (long long)strlen(line);
            *last = update;
        }
    }
    if (in != NULL && ferror(in) != 0) {
        text_fail("%s: cannot be read: %s", path, strerror(errno));
    }
    if (in != NULL) {
        fclose(in);
    }
    return whole;
}

/* What was lost before stays lost; but not without a word. Returns the update of the last row that
 * was there. */
static int64_t open_rows(row_file *file, const char *folder, const char *name, const char *heading,
                         const run *r, bool has_every_update)
{
    char path[4352];
    int64_t last = 0;
    int64_t had = 0;
    text_path(path, sizeof path, folder, name);
    const int64_t n_updates = rr_agent_updates(r->agent);
    const int64_t interval = has_every_update ? r->s->train.log_interval : 1;
    const long long whole = measure(&last, &had, path, heading, n_updates, interval);
    row_file_open(file, path, whole, false);
    if (whole == 0) {
        row_file_add(file, heading, strlen(heading));
    } else if (has_every_update && n_updates / interval * interval > last) {
        output_say("%s has no rows from behind update %" PRId64 " to %" PRId64
                   ": they were never written",
                   path, last, n_updates);
    }
    return had;
}

void log_open(run_log *log, const char *folder, const run *r, bool has_board)
{
    char heading[LINE_BYTES] = "n_updates,n_timesteps";
    const int64_t n_timesteps = rr_agent_timesteps(r->agent);
    for (int i = 0; i < N_COLUMNS; i++) {
        strcat(strcat(heading, ","), columns[i].name);
    }
    strcat(heading, "\n");
    log->had_updates = open_rows(&log->rows, folder, "log.csv", heading, r, true);
    open_rows(&log->warnings, folder, "health.csv", "n_updates,n_timesteps,sentence\n", r, false);
    log->has_board = has_board || events_is_in(folder);
    if (log->has_board) {
        events_cut(folder, n_timesteps);
        events_open(&log->board, folder, n_timesteps);
    }
}

void log_write_warnings(run_log *log, const run *r)
{
    for (int i = 0; i < r->n_warnings; i++) {
        char row[1024];
        const int n = snprintf(row, sizeof row, "%" PRId64 ",%" PRId64 ",\"%s\"\n",
                               r->stats.n_updates, r->stats.n_timesteps, r->warnings[i]);
        row_file_add(&log->warnings, row, (size_t)n);
    }
}

void log_sync(run_log *log)
{
    row_file_sync(&log->rows);
    row_file_sync(&log->warnings);
    if (log->has_board) {
        row_file_sync(&log->board.file);
    }
}

void log_close(run_log *log)
{
    row_file_close(&log->rows);
    row_file_close(&log->warnings);
    if (log->has_board) {
        events_close(&log->board);
    }
}

/* A number, or nan without a sign. */
static int put(char *out, size_t capacity, int column, double value)
{
    if (isnan(value)) {
        return snprintf(out, capacity, ",nan");
    }
    return snprintf(out, capacity, column < FIRST_COUNT ? ",%.9g" : ",%.0f", value);
}

/* The columns' values of the run's last update. */
static void fill(double *values, const run *r, double oracle_reward)
{
    const rr_stats *s = &r->stats;
    const double n = (double)r->n_ended;
    const double row[N_COLUMNS] = {(double)s->reward_mean,
                                   oracle_reward != 0.0 ? (double)s->reward_mean / oracle_reward
                                                        : (double)NAN,
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

static void write_row(row_file *out, const rr_stats *s, const double *values)
{
    char row[LINE_BYTES];
    int n = snprintf(row, sizeof row, "%" PRId64 ",%" PRId64, s->n_updates, s->n_timesteps);
    for (int i = 0; i < N_COLUMNS; i++) {
        n += put(row + n, sizeof row - (size_t)n, i, values[i]);
    }
    row[n++] = '\n';
    row_file_add(out, row, (size_t)n);
}

void log_write(run_log *log, const run *r, double oracle_reward)
{
    double values[N_COLUMNS];
    fill(values, r, oracle_reward);
    write_row(&log->rows, &r->stats, values);
    if (!log->has_board) {
        return;
    }
    events_begin(&log->board, r->stats.n_timesteps);
    for (int i = 0; i < N_COLUMNS; i++) {
        char tag[64];
        snprintf(tag, sizeof tag, "%s/%s", columns[i].group, columns[i].name);
        events_add(&log->board, tag, values[i]);
    }
    events_end(&log->board);
}
