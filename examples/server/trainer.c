/* SPDX-License-Identifier: MIT */
#include "trainer.h"

#include <errno.h>
#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "driver/output.h"
#include "driver/text.h"
#include "store.h"

enum { PATH_BYTES = 4096, HEALTH_ROWS = 2048 };

typedef struct trainer {
    const trainer_options *options;
    const world *w;
    rr_agent *agent;
    rr_ledger *ledger;
    rr_health *health;
    store *log;
    store_rows rows;
    unsigned char *work;
    size_t work_bytes;
    int32_t *statuses;
    size_t n_statuses;
    trainer_report at; /* rides along in the checkpoint */
    bool is_saved;     /* checkpoint and policy are of now */
    bool has_failed;   /* one of them could not be written once */
    char log_path[PATH_BYTES], checkpoint[PATH_BYTES], policy[PATH_BYTES];
} trainer;

static void make_ledger(trainer *t)
{
    rr_error err;
    rr_ledger_config config;
    rr_ledger_config_init(&config, sizeof config);
    text_require(rr_agent_fit_ledger_config(t->agent, &config, &err), &err);
    config.max_rows = 2 * t->options->learner.rows; /* sessions are whole */
    config.reward_wait = t->options->reward_wait;
    /* The table has an ending for each session (run.c: who stays away has left for good). Where
     * there is none, the ledger itself ends an idle session, and that must mean the same: called a
     * cut, the row that drove the user away would never be learned from. */
    config.idle_timeout = t->options->silence;
    config.idle_end = RR_IDLE_LEFT;
    text_require(rr_ledger_create(&t->ledger, &config, NULL, &err), &err);
}

/* A process that was killed begins its window anew. */
static void make_watch(trainer *t)
{
    rr_error err;
    rr_health_config config;
    rr_health_config_init(&config, sizeof config);
    config.window = HEALTH_ROWS;
    text_require(rr_health_create(&t->health, &config, t->agent, NULL, &err), &err);
}

/* The agent, and how far it has read. */
static rr_checkpoint checkpoint_of(trainer *t)
{
    return (rr_checkpoint){.struct_size = sizeof(rr_checkpoint),
                           .agent = t->agent,
                           .blob = &t->at,
                           .blob_bytes = sizeof t->at,
                           .blob_capacity = sizeof t->at};
}

static rr_status write_policy(trainer *t, rr_error *err)
{
    rr_policy *policy = NULL;
    rr_status status = rr_agent_publish(t->agent, NULL, &policy, err);
    if (status == RR_OK) {
        status = rr_policy_save(policy, t->policy, err);
        rr_policy_release(policy);
    }
    return status;
}

static bool is_written(trainer *t, bool is_so, const char *path, const rr_error *err)
{
    if (!is_so) {
        output_complain("%s: cannot be written: %s; the one before stays, and learning goes on",
                        path, err->text);
        t->has_failed = true;
    }
    return is_so;
}

/* The order matters: what is published must be learned from what the checkpoint knows, and only
 * what it knows may leave the table. A policy file that could not be written is an older one than
 * the checkpoint's, which is no harm: who comes back from the checkpoint writes it again. */
static void save(trainer *t)
{
    rr_error err;
    const uint64_t before = t->at.published;
    const rr_checkpoint all = checkpoint_of(t);
    t->at.published = t->at.version;
    const bool is_known =
        is_written(t, rr_checkpoint_save(&all, t->checkpoint, &err) == RR_OK, t->checkpoint, &err);
    t->is_saved = is_known && is_written(t, write_policy(t, &err) == RR_OK, t->policy, &err);
    if (!t->is_saved) {
        t->at.published = before;
    }
    if (is_known && t->options->is_pruned && !store_prune(t->log, t->at.last)) {
        output_say("%s; what was learned from stays in the table", store_why(t->log));
    }
}

/* The first policy is what the server waits for. */
static void begin_or_come_back(trainer *t)
{
    rr_error err;
    if (access(t->checkpoint, F_OK) == 0) {
        rr_checkpoint all = checkpoint_of(t);
        text_require_file(rr_checkpoint_load(&all, t->checkpoint, &err), &err, t->checkpoint);
        if (all.blob_bytes != sizeof t->at) {
            text_fail("%s: its counts are of another release of this program", t->checkpoint);
        }
    } else {
        learner_first_night(t->agent, t->w, &t->options->learner);
        t->at.version = rr_agent_version(t->agent);
    }
    save(t);
    if (access(t->policy, F_OK) != 0) {
        text_fail("%s: there is no first policy to serve", t->policy);
    }
}

static void import(trainer *t)
{
    rr_error err;
    const store_rows *rows = &t->rows;
    if (rows->longest > t->work_bytes) {
        free(t->work);
        t->work_bytes = rows->longest;
        t->work = text_allocate(t->work_bytes, 1);
    }
    if ((size_t)rows->n > t->n_statuses) {
        free(t->statuses);
        t->n_statuses = (size_t)rows->n;
        t->statuses = text_allocate(t->n_statuses, sizeof *t->statuses);
    }
    text_require(rr_ledger_import(t->ledger, rows->data, rows->offsets, rows->n, t->w->items,
                                  t->work, t->work_bytes, t->statuses, NULL, &err),
                 &err);
    for (int32_t i = 0; i < rows->n; i++) {
        if (t->statuses[i] != RR_OK &&
            t->statuses[i] != RR_E_STALE) { /* a late reward is counted */
            text_fail(
                "%s: a row cannot be read: %s; it was written by another release, or the file "
                "is damaged",
                t->log_path, rr_status_text(t->statuses[i]));
        }
    }
}

/* The watch sees each row that is learned from, and what it earned. */
static void watch(trainer *t)
{
    rr_error err;
    for (int32_t i = 0; i < t->rows.n; i++) {
        rr_blob blob = {.struct_size = sizeof blob};
        rr_obs obs = {.struct_size = sizeof obs};
        rr_decision decision = {.struct_size = sizeof decision};
        rr_outcome outcome = {.struct_size = sizeof outcome};
        const unsigned char *at = t->rows.data + t->rows.offsets[i];
        const size_t bytes = (size_t)(t->rows.offsets[i + 1] - t->rows.offsets[i]);
        text_require(rr_blob_describe(at, bytes, &blob, &err), &err);
        if (blob.kind == RR_BLOB_RECORD) {
            text_require(rr_record_decode(at, bytes, t->w->items, t->work, t->work_bytes, &obs,
                                          &decision, &err),
                         &err);
            text_require(rr_health_record(t->health, &obs, &decision, &err), &err);
        } else if (blob.kind == RR_BLOB_OUTCOME) {
            text_require(rr_outcome_decode(at, bytes, t->work, t->work_bytes, &outcome, &obs, &err),
                         &err);
            text_require(rr_health_reward(t->health, &outcome, &err), &err);
        }
    }
}

/* Counters begin anew with each rr_ledger_clear; their sums go on. */
static void add_counts(rr_ledger_counts *total, rr_ledger_counts now)
{
    rr_error err;
    rr_figure figure = {.struct_size = sizeof figure};
    for (int32_t i = 0; i < rr_figure_count(RR_FIGURES_COUNTS); i++) {
        int64_t before, sum;
        text_require(rr_figure_at(RR_FIGURES_COUNTS, i, &figure, &err), &err);
        if (figure.form == RR_FIGURE_COUNTER) {
            memcpy(&before, (const char *)total + figure.offset, sizeof before);
            memcpy(&sum, (const char *)&now + figure.offset, sizeof sum);
            sum += before;
            memcpy((char *)&now + figure.offset, &sum, sizeof sum);
        }
    }
    *total = now;
}

static void update(trainer *t, int64_t now)
{
    rr_error err;
    rr_stats stats = {.struct_size = sizeof stats};
    rr_ledger_counts counts = {.struct_size = sizeof counts};
    trainer_report *at = &t->at;
    import(t);
    watch(t);
    text_require(rr_ledger_settle(t->ledger, now, NULL, &err), &err);
    text_require(rr_agent_update_sessions(t->agent, t->ledger, &stats, &err), &err);
    text_require(rr_ledger_get_counts(t->ledger, &counts, &err), &err);
    text_require(rr_health_update(t->health, t->agent, &stats, &at->health, &err), &err);
    rr_ledger_clear(t->ledger); /* which begins the counts anew */
    at->version = rr_agent_version(t->agent);
    at->updates = stats.n_updates;
    at->stats = stats;
    add_counts(&at->counts, counts);
    at->left_over += counts.rows;
    at->staleness += (double)stats.staleness_mean;
    at->ess += (double)stats.ess;
    at->weight += (double)stats.weight_max;
    at->refused += stats.n_refused;
}

/* Sessions whose last decision is reward_wait old; an ending comes `silence` after it. */
static void tick(trainer *t, int64_t now)
{
    const trainer_options *o = t->options;
    const int64_t until = now - o->reward_wait + o->silence;
    bool has_learned = false;
    while (store_read(t->log, &t->at.last, until < now ? until : now, o->learner.rows, &t->rows)) {
        update(t, now);
        has_learned = true;
    }
    if (has_learned || !t->is_saved) {
        save(t);
    }
}

bool trainer_read(int fd, void *bytes, size_t n)
{
    char *at = bytes;
    while (n > 0) {
        const ssize_t got = read(fd, at, n);
        if (got == 0 || (got < 0 && errno != EINTR)) {
            return false;
        }
        at += got > 0 ? got : 0;
        n -= got > 0 ? (size_t)got : 0;
    }
    return true;
}

/* Each tick has tried again what failed before. */
static void tell_of_failures(const trainer *t)
{
    if (!t->is_saved) {
        output_complain("what was learned after the last whole checkpoint is lost");
    } else if (t->has_failed) {
        output_say("%s could not be written for a while; now all that was learned is in it",
                   t->checkpoint);
    }
}

void trainer_run(const trainer_options *options, const world *w, int in, int out)
{
    int64_t now;
    static trainer t;
    t = (trainer){.options = options, .w = w};
    t.at.stats.struct_size = sizeof t.at.stats;
    t.at.counts.struct_size = sizeof t.at.counts;
    t.at.health.struct_size = sizeof t.at.health;
    text_path(t.log_path, sizeof t.log_path, options->folder, "log.sqlite");
    text_path(t.checkpoint, sizeof t.checkpoint, options->folder, "trainer.safetensors");
    text_path(t.policy, sizeof t.policy, options->folder, "policy.safetensors");
    t.agent = learner_make(w, &options->learner);
    t.log = store_open(t.log_path);
    make_ledger(&t);
    make_watch(&t);
    begin_or_come_back(&t);
    while (output_write_at(out, &t.at, sizeof t.at, -1) == 0 &&
           trainer_read(in, &now, sizeof now)) {
        tick(&t, now);
    }
    tell_of_failures(&t);
    store_rows_close(&t.rows);
    store_close(t.log);
    rr_health_destroy(t.health);
    rr_ledger_destroy(t.ledger);
    rr_agent_destroy(t.agent);
    free(t.statuses);
    free(t.work);
}
