/* SPDX-License-Identifier: MIT */
#include "run.h"

#include <math.h>
#include <pthread.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <time.h>

#include "driver/output.h"
#include "driver/stop.h"
#include "driver/text.h"
#include "exporter.h"
#include "figures.h"
#include "serving.h"
#include "store.h"

enum { WAVE = 256, PATH_BYTES = 4096, OF_KILL = 301, OF_KILL_TIME, MOST_KILL_US = 400000 };

static const double PATIENCE = 10.0; /* seconds in which a log that is full is tried again */

/* What came back in one slice. */
typedef struct news {
    event *at;
    size_t n, capacity;
} news;

/* One arm of the experiment; without one there is a single arm. */
typedef struct server_arm {
    keeper trainer;
    char **command;              /* of the trainer */
    rr_policy *present, *before; /* what was published last, and before that */
    uint64_t version;            /* of present */
} server_arm;

typedef struct server {
    const run_options *options;
    world *w;
    feed f;
    batch b;
    decided d;
    serving *threads;
    store *log;
    server_arm arms[MOST_ARMS];
    int32_t n_arms, n_kills; /* so many were killed: the arms take turns */
    int64_t rolled_back_until;
    unsigned char *blob;
    size_t blob_bytes;
    news came_back;
    double seconds;
    exporter *exporter;
    pthread_mutex_t telling;        /* guards told, and threads while they are made anew */
    trainer_report told[MOST_ARMS]; /* what the exporter's thread reads */
    char log_path[PATH_BYTES], items_path[PATH_BYTES];
    run_result result;
} server;

bool run_is_asked_to_end(void)
{
    return stop_asked() != 0 || output_is_gone();
}

/* Asks for the size, makes room, writes, and adds the blob to the table. */
static bool log_decision(server *s, int32_t row)
{
    rr_error err;
    size_t bytes = 0;
    const rr_obs obs = serving_row(&s->b, s->w, row);
    const rr_decision decision = {.struct_size = sizeof decision,
                                  .n = 1,
                                  .actions = s->d.actions + row,
                                  .log_probs = s->d.log_probs + row,
                                  .values = s->d.values + row,
                                  .policy_versions = s->d.versions + row};
    text_require(rr_record_encode(&obs, &decision, 0, NULL, 0, &bytes, &err), &err);
    if (bytes > s->blob_bytes) {
        free(s->blob);
        s->blob = text_allocate(bytes, 1);
        s->blob_bytes = bytes;
    }
    text_require(rr_record_encode(&obs, &decision, 0, s->blob, s->blob_bytes, &bytes, &err), &err);
    return store_add(s->log, &(store_row){.kind = RR_BLOB_RECORD,
                                          .key = obs.decisions[0],
                                          .session = obs.sessions[0],
                                          .time = obs.times[0],
                                          .blob = s->blob,
                                          .bytes = bytes});
}

static bool log_event(server *s, const event *e)
{
    rr_error err;
    unsigned char blob[256];      /* a reward or an ending, neither with a final observation */
    const uint8_t terminated = 1; /* an ending is a silence: the user has left for good */
    const rr_ending ending = {.struct_size = sizeof ending,
                              .n = 1,
                              .sessions = &e->from.session,
                              .terminated = &terminated};
    const rr_outcome outcome = {.struct_size = sizeof outcome,
                                .n = 1,
                                .decisions = &e->from.decision,
                                .rewards = &e->reward,
                                .times = &e->time};
    store_row row = {.kind = e->is_ending ? RR_BLOB_ENDING : RR_BLOB_OUTCOME,
                     .key = e->is_ending ? e->from.session : e->from.decision,
                     .session = e->from.session,
                     .time = e->time,
                     .blob = blob};
    if (e->is_ending) {
        text_require(rr_ending_encode(&ending, 0, blob, sizeof blob, &row.bytes, &err), &err);
    } else {
        text_require(rr_outcome_encode(&outcome, 0, blob, sizeof blob, &row.bytes, &err), &err);
    }
    return store_add(s->log, &row);
}

static bool log_wave(server *s)
{
    bool is_done = store_begin(s->log);
    for (int32_t row = 0; is_done && row < s->b.n; row++) {
        is_done = log_decision(s, row);
    }
    return is_done && store_commit(s->log);
}

static bool log_news(server *s)
{
    bool is_done = store_begin(s->log);
    for (size_t i = 0; is_done && i < s->came_back.n; i++) {
        is_done = log_event(s, &s->came_back.at[i]);
    }
    return is_done && store_commit(s->log);
}

/* As a whole, if need be once more: a disk that is full may be so for a moment. */
static void write_log(server *s, bool (*rows)(server *))
{
    const struct timespec pause = {.tv_nsec = 50000000};
    const double begin = text_seconds();
    for (bool is_first = true; !rows(s); is_first = false) {
        store_undo(s->log);
        if (is_first) {
            output_complain("%s; nothing is served until it can be written", store_why(s->log));
        }
        if (text_seconds() - begin > PATIENCE || stop_asked() != 0) {
            text_fail("%s: it could not be written for %.0f s; what was decided before is in it, "
                      "and nobody was shown anything else. Make room, and begin anew in another "
                      "folder",
                      s->log_path, text_seconds() - begin);
        }
        nanosleep(&pause, NULL);
        s->result.n_retries++;
    }
}

/* One wave: the requests that wait, answered together and committed before a user sees them. */
static bool answer_wave(server *s, int64_t until)
{
    if (feed_requests(&s->f, until, &s->b) == 0) {
        return false;
    }
    const double began = text_seconds();
    serving_answer(s->threads, &s->b, &s->d);
    s->seconds += text_seconds() - began;
    write_log(s, log_wave);
    feed_answer(&s->f, &s->b, s->d.actions);
    s->result.decisions += s->b.n;
    s->f.is_closed = s->f.is_closed || s->result.decisions >= s->options->n_decisions;
    return true;
}

static void log_what_came_back(server *s, int64_t until)
{
    news *got = &s->came_back;
    event e;
    got->n = 0;
    while (feed_news(&s->f, until, &e)) {
        if (got->n == got->capacity) {
            got->capacity = 2 * got->capacity + 256;
            got->at = realloc(got->at, got->capacity * sizeof *got->at);
            if (got->at == NULL) {
                text_fail("no memory for %zu rewards", got->capacity);
            }
        }
        got->at[got->n++] = e;
        *(e.is_ending ? &s->result.endings : &s->result.rewards) += 1;
    }
    write_log(s, log_news);
}

static void load_policy(server *s, int32_t arm)
{
    rr_error err;
    char path[PATH_BYTES];
    const trainer_report *told = &s->arms[arm].trainer.report;
    trainer_policy_path(path, sizeof path, &s->options->trainer, arm, told->seen[arm]);
    text_require_file(rr_policy_load(&s->arms[arm].present, path, s->w->items, NULL, &err), &err,
                      path);
    s->arms[arm].version = told->published;
}

/* What the trainer has published, when it is another one; in a rollback it stays outside. */
static void publish(server *s, int32_t arm, int64_t now)
{
    server_arm *of = &s->arms[arm];
    if (of->trainer.report.published != of->version) {
        rr_policy_release(of->before);
        of->before = of->present;
        load_policy(s, arm);
    }
    const int64_t rollback = s->options->rollback;
    const bool is_time = arm == 0 && rollback >= 0 && now >= rollback && of->before != NULL;
    if (is_time && s->result.rollbacks == 0) {
        s->rolled_back_until = now + HOUR;
        s->result.rollbacks++;
        s->result.publishes++;
        serving_roll_back(s->threads, arm, of->before);
    } else if (arm == 0 && s->result.rollbacks == 1 && now >= s->rolled_back_until) {
        serving_let_go(s->threads, arm);
    }
    s->result.publishes += serving_use(s->threads, arm, of->present);
}

/* Items go and come, and the trainers find them in a file before they are told of the time. */
static void move_catalogue(server *s)
{
    rr_error err;
    world_move(s->w, s->options->n_changed);
    s->result.generations++;
    text_require_file(rr_items_save(s->w->items, s->items_path, &err), &err, s->items_path);
}

/* When the trainer is to be killed in this slice, in microseconds from now; −1: not. */
static int64_t kill_time(const server *s, int64_t slice)
{
    const double expected = s->options->n_decisions / s->options->feed.sessions_an_hour;
    const int64_t n_slices = (int64_t)(expected * HOUR / (double)s->options->slice) / 4;
    const int64_t n_kills = s->options->n_kills, every = n_slices / (n_kills > 0 ? n_kills : 1);
    if (n_kills == 0 || every == 0 || slice % every != every - 1 || slice / every >= n_kills) {
        return -1;
    }
    return (int64_t)(MOST_KILL_US *
                     world_uniform(s->w->seed, OF_KILL_TIME, (uint64_t)slice, OF_KILL));
}

/* In the exporter's thread. */
static void write_figures(FILE *out, void *context)
{
    server *s = context;
    rr_slot_info slots[MOST_ARMS];
    trainer_report told[MOST_ARMS];
    const void *of[4][MOST_ARMS];
    pthread_mutex_lock(&s->telling);
    memcpy(told, s->told, sizeof told);
    for (int32_t arm = 0; arm < s->n_arms; arm++) {
        serving_describe(s->threads, arm, &slots[arm]);
    }
    pthread_mutex_unlock(&s->telling);
    for (int32_t arm = 0; arm < s->n_arms; arm++) {
        of[0][arm] = &slots[arm];
        of[1][arm] = &told[arm].counts;
        of[2][arm] = &told[arm].stats;
        of[3][arm] = &told[arm].health;
    }
    figures_write(out, "slot", RR_FIGURES_SLOT, of[0], s->n_arms);
    figures_write(out, "ledger", RR_FIGURES_COUNTS, of[1], s->n_arms);
    figures_write(out, "update", RR_FIGURES_STATS, of[2], s->n_arms);
    figures_write(out, "health", RR_FIGURES_HEALTH, of[3], s->n_arms);
}

static void tell_exporter(server *s)
{
    pthread_mutex_lock(&s->telling);
    for (int32_t arm = 0; arm < s->n_arms; arm++) {
        s->told[arm] = s->arms[arm].trainer.report;
    }
    pthread_mutex_unlock(&s->telling);
}

/* The trainer's words and which arm it is of. */
static void start_trainer(server *s, int32_t arm)
{
    int n = 0;
    char *const *words = s->options->trainer_command;
    while (words[n] != NULL) {
        n++;
    }
    char **command = text_allocate((size_t)n + 5, sizeof *command);
    memcpy(command, words, (size_t)n * sizeof *command);
    command[n] = "--arm";
    command[n + 1] = arm == 0 ? "0" : "1";
    command[n + 2] = "--schema";
    command[n + 3] = s->w->schema == 0 ? "0" : "1";
    s->arms[arm].command = command;
    keeper_open(&s->arms[arm].trainer, command);
}

static void start_arms(server *s)
{
    rr_policy *first[MOST_ARMS];
    for (int32_t arm = 0; arm < s->n_arms; arm++) {
        start_trainer(s, arm);
        load_policy(s, arm);
        first[arm] = s->arms[arm].present;
    }
    s->threads = serving_open(first, s->n_arms, s->w, s->options->n_threads);
}

static void open_server(server *s)
{
    rr_error err;
    const char *folder = s->options->trainer.folder;
    text_path(s->log_path, sizeof s->log_path, folder, "log.sqlite");
    trainer_items_path(s->items_path, sizeof s->items_path, &s->options->trainer);
    s->n_arms = s->options->trainer.n_arms;
    s->log = store_open(s->log_path);
    feed_open(&s->f, s->w, &s->options->feed);
    batch_open(&s->b, WAVE, s->w->k);
    decided_open(&s->d, WAVE);
    if (s->options->n_changed > 0) {
        text_require_file(rr_items_save(s->w->items, s->items_path, &err), &err, s->items_path);
    }
    start_arms(s);
    pthread_mutex_init(&s->telling, NULL);
    tell_exporter(s);
    if (s->options->metrics >= 0) {
        s->exporter = exporter_open(s->options->metrics, write_figures, s);
    }
}

static void close_arm(server *s, int32_t arm)
{
    server_arm *of = &s->arms[arm];
    s->result.starts += of->trainer.n_starts;
    s->result.reports[arm] = of->trainer.report;
    keeper_close(&of->trainer);
    rr_policy_release(of->present);
    rr_policy_release(of->before);
    free(of->command);
    *of = (server_arm){.version = 0};
}

/* All processes end and begin anew from their files. With another schema columns change their
 * meaning: the trainers go on from what they learned of the earlier one, and the slots are made for
 * policies of another shape. */
static void restart(server *s, int64_t now, int32_t schema)
{
    for (int32_t arm = 0; arm < s->n_arms;
         arm++) { /* so that each knows what the other published */
        keeper_tick(&s->arms[arm].trainer, now, -1);
    }
    pthread_mutex_lock(&s->telling);
    serving_close(s->threads);
    for (int32_t arm = 0; arm < s->n_arms; arm++) {
        close_arm(s, arm);
    }
    s->w->schema = schema;
    if (s->options->n_changed > 0) {
        world_reload(s->w, s->items_path);
    }
    start_arms(s);
    s->result.restarts++;
    pthread_mutex_unlock(&s->telling);
}

static void close_server(server *s)
{
    struct stat file;
    exporter_close(s->exporter);
    pthread_mutex_destroy(&s->telling);
    if (!s->options->trainer.is_pruned) { /* what was told twice is there once */
        s->result.decisions = store_count(s->log, RR_BLOB_RECORD);
        s->result.rewards = store_count(s->log, RR_BLOB_OUTCOME);
        s->result.endings = store_count(s->log, RR_BLOB_ENDING);
    }
    s->result.lost = s->f.n_lost;
    s->result.doubled = s->f.n_doubled;
    s->result.n_arms = s->n_arms;
    s->result.acts_a_second =
        s->seconds > 0.0 ? (double)s->result.decisions / s->seconds : (double)NAN;
    for (int32_t arm = 0; arm < s->n_arms; arm++) {
        s->result.unread[arm] = store_count_unread(s->log, s->arms[arm].trainer.report.last);
        close_arm(s, arm);
    }
    serving_close(s->threads);
    s->result.schema = s->w->schema;
    decided_close(&s->d);
    batch_close(&s->b);
    feed_close(&s->f);
    store_close(s->log);
    if (stat(s->log_path, &file) == 0) {
        s->result.bytes = (int64_t)file.st_size;
    }
    if (s->result.n_retries > 0) {
        output_say("%s could not be written for a while; nothing is missing in it", s->log_path);
    }
    free(s->came_back.at);
    free(s->blob);
}

run_result run_server(const run_options *options, world *w)
{
    static server s;
    s = (server){.options = options, .w = w};
    open_server(&s);
    int64_t end = INT64_MAX; /* the last rewards are final then */
    for (int64_t slice = 0; slice * options->slice < end && !s.result.is_interrupted; slice++) {
        const int64_t until = (slice + 1) * options->slice, kill_us = kill_time(&s, slice);
        if (options->n_changed > 0) {
            move_catalogue(&s);
        }
        while (answer_wave(&s, until)) {
        }
        log_what_came_back(&s, until);
        for (int32_t arm = 0; arm < s.n_arms; arm++) {
            const bool is_its_turn = s.n_kills % s.n_arms == arm;
            keeper_tick(&s.arms[arm].trainer, until, is_its_turn ? kill_us : -1);
        }
        s.n_kills += kill_us >= 0;
        const int64_t change = options->schema_change, again = options->restart;
        if (change >= 0 && until >= change && s.w->schema == 0) {
            restart(&s, until, 1);
        } else if (again >= 0 && until >= again && until < again + options->slice) {
            restart(&s, until, s.w->schema);
        }
        tell_exporter(&s);
        for (int32_t arm = 0; arm < s.n_arms; arm++) {
            publish(&s, arm, until);
        }
        if (end == INT64_MAX && s.f.is_closed && feed_is_empty(&s.f)) {
            end = until + options->trainer.reward_wait + options->slice;
        }
        s.result.is_interrupted = (slice + 1) * options->slice < end && run_is_asked_to_end();
    }
    close_server(&s);
    return s.result;
}
