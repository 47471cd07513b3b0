/* SPDX-License-Identifier: MIT */
#include "trainer.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common.h"
#include "store.h"

enum { READ_AT_ONCE = 512, PATH_BYTES = 512 };

/* What rides along in the checkpoint: how far the table has been read, and the report. */
typedef struct progress {
    int64_t last; /* seq */
    trainer_report report;
} progress;

typedef struct trainer {
    const trainer_options *options;
    const world *w;
    rr_agent *agent;
    rr_buffer *buffer;
    store *log;
    store_rows rows;
    unsigned char *work;
    size_t work_bytes;
    int32_t *statuses;
    progress at;
    char checkpoint[PATH_BYTES], policy[PATH_BYTES];
} trainer;

static void make_buffer(trainer *t)
{
    rr_error err;
    rr_buffer_config config;
    rr_buffer_config_init(&config, sizeof config);
    config.max_rows = t->options->max_rows;
    config.state_dim = WORLD_DIM;
    config.feature_dim = WORLD_FEATURES;
    config.max_candidates = t->options->learner.candidates;
    config.max_history = 0;
    config.is_keyed = 1;
    config.reward_wait = t->options->reward_wait;
    require(rr_buffer_create(&t->buffer, &config, NULL, &err), &err);
}

/* The order matters: what is published must be learned from what the checkpoint knows. */
static void save(trainer *t)
{
    rr_error err;
    rr_policy *policy = NULL;
    require(
        rr_checkpoint_save(t->checkpoint, t->agent, NULL, t->buffer, &t->at, sizeof t->at, &err),
        &err);
    require(rr_agent_publish(t->agent, &policy, NULL, &err), &err);
    require(rr_policy_save(t->policy, policy, &err), &err);
    rr_policy_destroy(policy);
}

static void begin_or_come_back(trainer *t)
{
    rr_error err;
    size_t bytes = 0;
    if (access(t->checkpoint, R_OK) == 0) {
        require(rr_checkpoint_load(t->checkpoint, t->agent, NULL, t->buffer, &t->at, sizeof t->at,
                                   &bytes, &err),
                &err);
    } else {
        learner_first_night(t->agent, t->w, &t->options->learner);
        t->at.report.version = rr_agent_version(t->agent);
    }
    save(t);
}

static void read_table(trainer *t)
{
    rr_error err;
    do {
        store_read(t->log, t->at.last, &t->rows);
        if (t->rows.longest > t->work_bytes) {
            free(t->work);
            t->work_bytes = t->rows.longest;
            t->work = take(t->work_bytes, 1);
        }
        if (t->rows.n > 0) {
            require(rr_buffer_import(t->buffer, t->rows.data, t->rows.offsets, t->rows.n,
                                     t->w->items, t->work, t->work_bytes, t->statuses, &err),
                    &err);
        }
        for (int32_t i = 0; i < t->rows.n; i++) {
            const rr_status status = t->statuses[i];
            if (status != RR_OK && status != RR_E_STALE && status != RR_E_NOT_FOUND) {
                give_up("the table has a row that cannot be read", rr_status_name(status));
            }
        }
        t->at.last = t->rows.last;
    } while (t->rows.n == t->rows.max);
}

static void update(trainer *t)
{
    rr_error err;
    rr_stats stats = {.struct_size = sizeof stats};
    trainer_report *report = &t->at.report;
    require(rr_agent_update(t->agent, t->buffer, NULL, &stats, &err), &err);
    report->updates = stats.n_updates;
    report->version = rr_agent_version(t->agent);
    report->staleness += (double)stats.staleness_mean;
    report->ess += (double)stats.ess;
    report->weight += (double)stats.weight_max;
    report->refused += stats.n_refused;
}

static void tick(trainer *t, int64_t now)
{
    rr_error err;
    rr_buffer_counts *counts = &t->at.report.counts;
    bool has_learned = false;
    read_table(t);
    counts->struct_size = sizeof *counts;
    require(rr_buffer_settle(t->buffer, now, counts, &err), &err);
    while (counts->ready >= t->options->learner.rows) {
        update(t);
        has_learned = true;
        require(rr_buffer_settle(t->buffer, now, counts, &err), &err);
    }
    t->at.report.now = now;
    if (has_learned) {
        save(t);
    }
}

void trainer_run(const trainer_options *options, const world *w, int in, int out)
{
    char path[PATH_BYTES];
    int64_t now;
    trainer t = {.options = options, .w = w};
    snprintf(path, sizeof path, "%s/log.sqlite", options->folder);
    snprintf(t.checkpoint, sizeof t.checkpoint, "%s/trainer.safetensors", options->folder);
    snprintf(t.policy, sizeof t.policy, "%s/policy.safetensors", options->folder);
    t.agent = learner_make(w, &options->learner);
    t.log = store_open(path);
    t.statuses = take(READ_AT_ONCE, sizeof *t.statuses);
    store_rows_open(&t.rows, READ_AT_ONCE);
    make_buffer(&t);
    begin_or_come_back(&t);
    const trainer_report *report = &t.at.report;
    while (write(out, report, sizeof *report) == (ssize_t)sizeof *report &&
           read(in, &now, sizeof now) == (ssize_t)sizeof now) {
        tick(&t, now);
    }
    store_rows_close(&t.rows);
    store_close(t.log);
    rr_buffer_destroy(t.buffer);
    rr_agent_destroy(t.agent);
    free(t.statuses);
    free(t.work);
}
