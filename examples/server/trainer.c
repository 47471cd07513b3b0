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
    world w; /* its items are those of the file, where the catalogue moves */
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
    bool is_back;      /* from a checkpoint, and no tick was since */
    bool is_saved;     /* what was due is written */
    int32_t n_ahead;   /* publishes that the checkpoint does not know */
    bool has_failed;   /* one of them could not be written once */
    char log_path[PATH_BYTES], checkpoint[PATH_BYTES], items_path[PATH_BYTES];
} trainer;

bool trainer_keeps_policies(const trainer_options *options)
{
    return options->n_arms > 1 || options->save_every > 1;
}

void trainer_policy_path(char *out, size_t capacity, const trainer_options *options, int32_t arm,
                         int32_t number)
{
    char name[64] = "policy.safetensors";
    if (trainer_keeps_policies(options)) {
        snprintf(name, sizeof name, "policy-%" PRId32 "-%06" PRId32 ".safetensors", arm, number);
    }
    text_path(out, capacity, options->folder, name);
}

void trainer_checkpoint_path(char *out, size_t capacity, const trainer_options *options,
                             int32_t arm)
{
    char name[64] = "trainer.safetensors";
    if (arm > 0) {
        snprintf(name, sizeof name, "trainer-%" PRId32 ".safetensors", arm);
    }
    text_path(out, capacity, options->folder, name);
}

void trainer_items_path(char *out, size_t capacity, const trainer_options *options)
{
    text_path(out, capacity, options->folder, "items.safetensors");
}

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
    if (t->w.schema != 0) { /* rows of before the change, whose rewards are still to come */
        const rr_schema_map map = world_map();
        text_require(rr_ledger_map_schema(t->ledger, &map, &err), &err);
    }
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

static rr_status write_policy(trainer *t, const char *path, rr_error *err)
{
    rr_policy *policy = NULL;
    rr_status status = rr_agent_publish(t->agent, NULL, &policy, err);
    if (status == RR_OK) {
        status = rr_policy_save(policy, path, err);
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

static bool save_checkpoint(trainer *t)
{
    rr_error err;
    const rr_checkpoint all = checkpoint_of(t);
    return is_written(t, rr_checkpoint_save(&all, t->checkpoint, &err) == RR_OK, t->checkpoint,
                      &err);
}

static bool save_policy(trainer *t, int32_t number)
{
    rr_error err;
    char path[PATH_BYTES];
    trainer_policy_path(path, sizeof path, t->options, t->options->learner.arm, number);
    return is_written(t, write_policy(t, path, &err) == RR_OK, path, &err);
}

/* Each publish has a checkpoint before it. The order matters: what is published must be learned
 * from what the checkpoint knows, and only what it knows may leave the table. A policy file that
 * could not be written is an older one than the checkpoint's, which is no harm: who comes back from
 * the checkpoint writes it again. */
static void save_in_step(trainer *t)
{
    const uint64_t before = t->at.published;
    t->at.published = t->at.version;
    const bool is_known = save_checkpoint(t);
    t->is_saved = is_known && save_policy(t, 0);
    if (!t->is_saved) {
        t->at.published = before;
    }
    if (is_known && t->options->is_pruned && !store_prune(t->log, t->at.last)) {
        output_say("%s; what was learned from stays in the table", store_why(t->log));
    }
}

/* Policies run ahead of the checkpoint. The order matters here too: a policy is in a file of its
 * own before anybody is told of it, so whoever comes back from an older checkpoint finds all that
 * was served. */
static void save_ahead(trainer *t, bool is_due)
{
    int32_t *number = &t->at.seen[t->options->learner.arm];
    bool is_published = t->at.published == t->at.version;
    if (!is_published && save_policy(t, *number + 1)) {
        *number += 1;
        t->at.published = t->at.version;
        t->n_ahead += 1;
        is_published = true;
    }
    t->is_saved = is_published;
    if (is_published && (is_due || t->n_ahead >= t->options->save_every)) {
        t->is_saved = save_checkpoint(t);
        t->n_ahead = t->is_saved ? 0 : t->n_ahead;
    }
}

/* is_due: with a checkpoint, whether it is its turn or not. */
static void save(trainer *t, bool is_due)
{
    if (trainer_keeps_policies(t->options)) {
        save_ahead(t, is_due);
    } else {
        save_in_step(t);
    }
}

/* The policies that this trainer does not know: those of other arms, and its own that are newer
 * than the checkpoint it came back from. Their rows are learned from as its own are. */
static void recognise(trainer *t)
{
    for (int32_t arm = 0; trainer_keeps_policies(t->options) && arm < t->options->n_arms; arm++) {
        char path[PATH_BYTES];
        for (;;) {
            rr_error err;
            rr_policy *policy = NULL;
            trainer_policy_path(path, sizeof path, t->options, arm, t->at.seen[arm] + 1);
            if (access(path, F_OK) != 0) {
                break;
            }
            text_require_file(rr_policy_load(&policy, path, t->w.items, NULL, &err), &err, path);
            text_require_file(rr_agent_recognise(t->agent, policy, &err), &err, path);
            t->at.seen[arm] += 1;
            t->at.recognised += 1;
            if (arm ==
                t->options->learner.arm) { /* it is being served: none older takes its place */
                t->at.published = rr_policy_version(policy);
                t->is_saved = true;
                t->n_ahead += 1;
            }
            rr_policy_release(policy);
        }
    }
}

/* The catalogue as the server has saved it. */
static void follow_items(trainer *t)
{
    rr_error err;
    rr_items *later = NULL;
    text_require_file(rr_items_load(&later, t->items_path, NULL, &err), &err, t->items_path);
    if (t->agent != NULL && rr_items_generation(later) != rr_items_generation(t->w.items)) {
        text_require(rr_agent_set_items(t->agent, later, &err), &err);
    }
    rr_items_release(t->w.items);
    t->w.items = later;
}

/* A checkpoint of the earlier schema is inherited: what was learned of the columns that are still
 * there goes on, and its versions stay known. */
static void come_back(trainer *t)
{
    rr_error err;
    rr_agent_config was;
    rr_checkpoint all = checkpoint_of(t);
    rr_agent_config_init(&was, sizeof was);
    text_require_file(rr_checkpoint_read_config(t->checkpoint, &was, NULL, &err), &err,
                      t->checkpoint);
    const bool is_of_before = was.schema != (uint64_t)t->w.schema;
    all.agent = is_of_before ? NULL : t->agent;
    text_require_file(rr_checkpoint_load(&all, t->checkpoint, &err), &err, t->checkpoint);
    if (all.blob_bytes != sizeof t->at) {
        text_fail("%s: its counts are of another release of this program", t->checkpoint);
    }
    if (is_of_before) {
        const rr_schema_map map = world_map();
        text_require_file(rr_agent_inherit(t->agent, t->checkpoint, &map, NULL, &err), &err,
                          t->checkpoint);
        t->at.version = rr_agent_version(t->agent);
    }
    t->is_back = true;
}

/* The first policy is what the server waits for. */
static void begin_or_come_back(trainer *t)
{
    char path[PATH_BYTES];
    if (access(t->checkpoint, F_OK) == 0) {
        come_back(t);
    } else {
        learner_first_night(t->agent, &t->w, &t->options->learner);
        t->at.version = rr_agent_version(t->agent);
    }
    recognise(t);
    if (!t->is_saved) {
        save(t, true);
    }
    trainer_policy_path(path, sizeof path, t->options, t->options->learner.arm,
                        t->at.seen[t->options->learner.arm]);
    if (access(path, F_OK) != 0) {
        text_fail("%s: there is no first policy to serve", path);
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
    text_require(rr_ledger_import(t->ledger, rows->data, rows->offsets, rows->n, t->w.items,
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
            text_require(rr_record_decode(at, bytes, t->w.items, t->work, t->work_bytes, &obs,
                                          &decision, &err),
                         &err);
            if (obs.schema == (uint64_t)t->w.schema) { /* inputs of before say nothing of today's */
                text_require(rr_health_record(t->health, &obs, &decision, &err), &err);
            }
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
    /* Who comes back has more to read than at other times, and takes more of it at once: so it does
     * not arrive at the policies again that it had published ahead of its checkpoint. */
    const bool takes_more = t->is_back && trainer_keeps_policies(o);
    const int32_t least = o->learner.rows, most = takes_more ? least + least / 2 : least;
    bool has_learned = false;
    if (o->is_moving) {
        follow_items(t);
    }
    recognise(t);
    while (store_read(t->log, &t->at.last, until < now ? until : now, least, most, &t->rows)) {
        update(t, now);
        has_learned = true;
    }
    t->is_back = false;
    if (has_learned || !t->is_saved) {
        save(t, false);
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
    t = (trainer){.options = options, .w = *w};
    t.w.schema = options->schema;
    rr_items_retain(t.w.items);
    t.at.stats.struct_size = sizeof t.at.stats;
    t.at.counts.struct_size = sizeof t.at.counts;
    t.at.health.struct_size = sizeof t.at.health;
    text_path(t.log_path, sizeof t.log_path, options->folder, "log.sqlite");
    trainer_checkpoint_path(t.checkpoint, sizeof t.checkpoint, options, options->learner.arm);
    trainer_items_path(t.items_path, sizeof t.items_path, options);
    if (options->is_moving) {
        follow_items(&t);
    }
    t.agent = learner_make(&t.w, &options->learner);
    t.log = store_open(t.log_path);
    make_ledger(&t);
    make_watch(&t);
    begin_or_come_back(&t);
    while (output_write_at(out, &t.at, sizeof t.at, -1) == 0 &&
           trainer_read(in, &now, sizeof now)) {
        tick(&t, now);
    }
    if (t.n_ahead > 0) {
        save(&t, true);
    }
    tell_of_failures(&t);
    store_rows_close(&t.rows);
    store_close(t.log);
    rr_health_destroy(t.health);
    rr_ledger_destroy(t.ledger);
    rr_agent_destroy(t.agent);
    rr_items_release(t.w.items);
    free(t.statuses);
    free(t.work);
}
