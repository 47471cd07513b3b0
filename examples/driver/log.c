/* SPDX-License-Identifier: MIT */
#include "log.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "text.h"

static const char *const COLUMNS =
    "n_updates,n_timesteps,reward_mean,oracle_share,session_return,session_length,n_sessions,"
    "policy_loss,value_loss,entropy,approx_kl,clip_fraction,explained_variance,grad_norm,"
    "learning_rate,scale,repeat_weight,n_rows,n_epochs,n_minibatches,n_dropped,is_stopped_early\n";

/* Cuts off every row behind update n_updates. */
static void cut(FILE *file, int64_t n_updates)
{
    char line[1024];
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
    if (end == 0) {
        fputs(COLUMNS, file);
    }
}

FILE *log_open(const char *path, int64_t n_updates)
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
    cut(file, n_updates);
    return file;
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

void log_write(FILE *out, const run *r, double oracle_reward)
{
    const rr_stats *s = &r->stats;
    const double n = (double)r->n_ended;
    const double numbers[] = {(double)s->reward_mean,
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
                              (double)s->repeat_weight};
    fprintf(out, "%" PRId64 ",%" PRId64, s->n_updates, s->n_timesteps);
    for (size_t i = 0; i < sizeof numbers / sizeof numbers[0]; i++) {
        put(out, numbers[i]);
    }
    fprintf(out, ",%d,%d,%d,%d,%d\n", (int)s->n_rows, (int)s->n_epochs, (int)s->n_minibatches,
            (int)s->n_dropped, (int)s->is_stopped_early);
}
