/* SPDX-License-Identifier: MIT */
#include "trainer.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "common.h"
#include "store.h"

enum { PATH_BYTES = 512 };

typedef struct trainer {
    const trainer_options *options;
    const world *w;
    rr_agent *agent;
    rr_ledger *ledger;
    store *log;
    store_rows rows;
    unsigned char *work;
    size_t work_bytes;
    int32_t *statuses;
    size_t n_statuses;
    trainer_report at; /* rides along in the checkpoint */
    char checkpoint[PATH_BYTES], policy[PATH_BYTES];
} trainer;

static void make_ledger(trainer *t)
{
    rr_error err;
    rr_ledger_config config;
    rr_ledger_config_init(&config, sizeof config);
    require(rr_agent_fit_ledger_config(t->agent, &config, &err), &err);
    config.max_rows = 2 * t->options->learner.rows; /* sessions are whole */
    config.reward_wait = t->options->reward_wait;
    /* The table has an ending for each session (run.c: who stays away has left for good). Where
     * there is none, the ledger itself ends an idle session, and that must mean the same: called a
     * cut, the row that drove the user away would never be learned from. */
    config.idle_timeout = t->options->silence;
    config.idle_end = RR_IDLE_LEFT;
    require(rr_ledger_create(&t->ledger, &config, NULL, &err), &err);
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

/* The order matters: what is published must be learned from what the checkpoint knows, and only
 * what it knows may leave the table. */
static void save(trainer *t)
{
    rr_error err;
    rr_policy *policy = NULL;
    const rr_checkpoint all = checkpoint_of(t);
    require(rr_checkpoint_save(&all, t->checkpoint, &err), &err);
    require(rr_agent_publish(t->agent, NULL, &policy, &err), &err);
    require(rr_policy_save(policy, t->policy, &err), &err);
    rr_policy_release(policy);
    if (t->options->is_pruned) {
        store_prune(t->log, t->at.last);
    }
}

static void begin_or_come_back(trainer *t)
{
    rr_error err;
    if (access(t->checkpoint, R_OK) == 0) {
        rr_checkpoint all = checkpoint_of(t);
        require(rr_checkpoint_load(&all, t->checkpoint, &err), &err);
        if (all.blob_bytes != sizeof t->at) {
            give_up("the checkpoint's counts are of another release", t->checkpoint);
        }
    } else {
        learner_first_night(t->agent, t->w, &t->options->learner);
        t->at.version = rr_agent_version(t->agent);
    }
    save(t);
}

static void import(trainer *t)
{
    rr_error err;
    const store_rows *rows = &t->rows;
    if (rows->longest > t->work_bytes) {
        free(t->work);
        t->work_bytes = rows->longest;
        t->work = take(t->work_bytes, 1);
    }
    if ((size_t)rows->n > t->n_statuses) {
        free(t->statuses);
        t->n_statuses = (size_t)rows->n;
        t->statuses = take(t->n_statuses, sizeof *t->statuses);
    }
    require(rr_ledger_import(t->ledger, rows->data, rows->offsets, rows->n, t->w->items, t->work,
                             t->work_bytes, t->statuses, NULL, &err),
            &err);
    for (int32_t i = 0; i < rows->n; i++) {
        if (t->statuses[i] != RR_OK &&
            t->statuses[i] != RR_E_STALE) { /* a late reward is counted */
            give_up("the table has a row that cannot be read", rr_status_name(t->statuses[i]));
        }
    }
}

static void update(trainer *t, int64_t now)
{
    rr_error err;
    rr_stats stats = {.struct_size = sizeof stats};
    rr_ledger_counts counts = {.struct_size = sizeof counts};
    trainer_report *at = &t->at;
    import(t);
    require(rr_ledger_settle(t->ledger, now, NULL, &err), &err);
    require(rr_agent_update_sessions(t->agent, t->ledger, &stats, &err), &err);
    require(rr_ledger_get_counts(t->ledger, &counts, &err), &err);
    rr_ledger_clear(t->ledger); /* which begins the counts anew */
    at->version = rr_agent_version(t->agent);
    at->updates = stats.n_updates;
    at->recorded += counts.recorded;
    at->trained += counts.trained;
    at->dropped += counts.dropped;
    at->rejected += counts.rejected;
    at->rewarded += counts.rewarded;
    at->late += counts.late;
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
    make_ledger(&t);
    begin_or_come_back(&t);
    while (write(out, &t.at, sizeof t.at) == (ssize_t)sizeof t.at &&
           read(in, &now, sizeof now) == (ssize_t)sizeof now) {
        tick(&t, now);
    }
    store_rows_close(&t.rows);
    store_close(t.log);
    rr_ledger_destroy(t.ledger);
    rr_agent_destroy(t.agent);
    free(t.statuses);
    free(t.work);
}
