/* SPDX-License-Identifier: MIT */
/* A feed server in small: threads that serve from snapshots, a log in SQLite, a trainer in a
 * process of its own. README of this example: docs/serving.md. `server --help` says how. */
#include <errno.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "driver/folder_lock.h"
#include "driver/help.h"
#include "driver/output.h"
#include "driver/stop.h"
#include "driver/text.h"
#include "march.h"
#include "report.h"
#include "run.h"

typedef struct flag {
    const char *name, *text;
    double value, least, most;
    bool is_whole;
} flag;

enum {
    SEED,
    DECISIONS,
    CANDIDATES,
    ROWS,
    NIGHT,
    GAMMA,
    SESSIONS,
    DELAY,
    WAIT,
    SLICE,
    THREADS,
    KILLS,
    ROLLBACK,
    MARCH,
    SEEDS,
    MEASURED,
    PRUNE,
    METRICS,
    MOVING,
    ARMS,
    SAVE_EVERY,
    SCHEMA_CHANGE,
    RESTART,
    N_FLAGS
};

static flag flags[N_FLAGS] = {
    [SEED] = {"seed", "of world and learner", 1, 0, 0x1p53, true},
    [DECISIONS] = {"decisions", "after which nobody new comes", 40000, 1, 1e9, true},
    [CANDIDATES] = {"candidates", "of a request", 300, 2, 10000, true},
    [ROWS] = {"rows", "of an update", 512, 2, 1e6, true},
    [NIGHT] = {"night", "rows of the first night's log", 4096, 128, 1e8, true},
    [GAMMA] = {"gamma", "discount", 0.97, 0, 1, false},
    [SESSIONS] = {"sessions", "that begin in an hour", 300, 1, 1e7, false},
    [DELAY] = {"delay", "median minutes until a reward arrives; 0: at once, none lost or doubled",
               60, 0, 1e6, false},
    [WAIT] = {"wait", "minutes after which a decision's rewards are final", 180, 0, 1e6, false},
    [SLICE] = {"slice", "minutes between two publishes", 5, 0.1, 1e6, false},
    [THREADS] = {"threads", "that serve", 4, 1, 64, true},
    [KILLS] = {"kills", "times that the trainer is killed at random", 0, 0, 1000, true},
    [ROLLBACK] = {"rollback", "hour at which the policy before the last is served; -1: never", -1,
                  -1, 1e6, false},
    [MARCH] = {"march", "requests of each of 64 sessions in lock step; 0: a feed", 0, 0, 1e6, true},
    [SEEDS] = {"seeds", "compare all policies over so many seeds; 0: one run", 0, 0, 64, true},
    [MEASURED] = {"measured", "sessions in which a policy is measured, 50 or more; 0: none", 5000,
                  0, 1e9, true},
    [PRUNE] = {"prune", "1: what was learned from leaves the table, which stays small", 0, 0, 1,
               true},
    [METRICS] = {"metrics",
                 "port of this machine at which figures are served; 0: a free one; -1: none", -1,
                 -1, 65535, true},
    [MOVING] = {"moving", "percent of the catalogue that goes, and comes, before each publish", 0,
                0, 20, false},
    [ARMS] = {"arms", "trainers, each with its users, that learn from the rows of all", 1, 1,
              MOST_ARMS, true},
    [SAVE_EVERY] = {"save-every", "publishes of a trainer between two of its checkpoints", 1, 1,
                    1000, true},
    [SCHEMA_CHANGE] = {"schema-change",
                       "hour at which states and features get other columns; -1: never", -1, -1,
                       1e6, false},
    [RESTART] = {"restart", "hour at which server and trainers begin anew from files; -1: never",
                 -1, -1, 1e6, false},
};

/* The whole text is a number that the flag allows, also "1e6" or "100k". */
static void set_flag(flag *f, const char *text)
{
    char plain[64];
    char *end = NULL;
    text_expand_count(plain, text);
    const double x = strtod(plain, &end);
    const bool is_number = end != plain && *end == '\0' && isfinite(x);
    if (!is_number || x < f->least || x > f->most || (f->is_whole && x != floor(x))) {
        text_fail("--%s is \"%.40s\"; it must be a %s in [%.10g, %.10g]%s", f->name, text,
                  f->is_whole ? "whole number" : "number", f->least, f->most,
                  text_comma_remedy(text));
    }
    f->value = x;
}

/* What main reads. */
typedef struct command {
    const char *folder; /* NULL: none was given */
    bool is_json;
    long parent;         /* 0: this is the server; else the process whose trainer this is */
    int32_t arm, schema; /* of the trainer */
} command;

/* A trainer is started with the server's own words, and with "--trainer PARENT" and "--arm N" among
 * them, which are taken out here; 0: the word is not there. */
static long take(int *argc, char **argv, const char *word)
{
    for (int i = 1; i + 1 < *argc; i++) {
        if (strcmp(argv[i], word) == 0) {
            const long number = strtol(argv[i + 1], NULL, 10);
            memmove(argv + i, argv + i + 2, (size_t)(*argc - i - 2) * sizeof *argv);
            *argc -= 2;
            return number;
        }
    }
    return 0;
}

static command read_command(int argc, char **argv)
{
    command c = {0};
    char texts[N_FLAGS][160];
    const char *values[N_FLAGS] = {NULL};
    flags_option table[N_FLAGS + 2] = {
        {"folder", "DIR", "the folder of the run: log, models; required", &c.folder, NULL},
        {"json", NULL, "what a run prints, as one line of JSON", NULL, &c.is_json}};
    for (int i = 0; i < N_FLAGS; i++) {
        snprintf(texts[i], sizeof texts[i], "%s (default %g)", flags[i].text, flags[i].value);
        table[i + 2] = (flags_option){flags[i].name, flags[i].is_whole ? "N" : "X", texts[i],
                                      &values[i], NULL};
    }
    c.parent = take(&argc, argv, "--trainer");
    c.arm = (int32_t)take(&argc, argv, "--arm");
    c.schema = (int32_t)take(&argc, argv, "--schema");
    const help_page page = {
        .name = "server",
        .summary = "a feed server in small, which learns from what it serves",
        .usage = "--folder DIR [--FLAG …]",
        .first = "--folder, --seed, --decisions",
        .example = "--folder feed --decisions 40000",
        .options = table,
        .n_options = N_FLAGS + 2,
        .text = "Threads serve from snapshots, a log lies in SQLite, and a trainer learns in a "
                "process of its own. Ctrl-C, SIGTERM and SIGHUP end both: what was decided is "
                "logged, and the trainer saves. docs/serving.md"};
    help_read(&page, NULL, NULL, argc, argv);
    for (int i = 0; i < N_FLAGS; i++) {
        if (values[i] != NULL) {
            set_flag(&flags[i], values[i]);
        }
    }
    const double measured = flags[MEASURED].value;
    if (measured < MEASURED_SIDE_BY_SIDE && (measured > 0.0 || flags[SEEDS].value > 0.0)) {
        text_fail("--measured is %.0f; it must be at least %d%s", measured, MEASURED_SIDE_BY_SIDE,
                  flags[SEEDS].value > 0.0 ? " with --seeds" : ", or 0");
    }
    if (flags[SEEDS].value > 0.0 &&
        (flags[ARMS].value > 1.0 || flags[MOVING].value > 0.0 || flags[SAVE_EVERY].value > 1.0 ||
         flags[SCHEMA_CHANGE].value >= 0.0)) {
        text_fail("--seeds compares one arm whose catalogue stands still: run each seed by itself "
                  "with --arms, --moving, --save-every and --schema-change");
    }
    if (c.is_json && flags[SEEDS].value > 0.0) {
        text_fail("--json is for one run; --seeds prints a table");
    }
    if (flags[PRUNE].value > 0.0 && (flags[ARMS].value > 1.0 || flags[SAVE_EVERY].value > 1.0)) {
        text_fail("--prune is for a table that one trainer reads, with a checkpoint before each "
                  "publish: with --arms or --save-every others may still need the rows");
    }
    if (flags[MARCH].value > 0.0 && (flags[ARMS].value > 1.0 || flags[MOVING].value > 0.0 ||
                                     flags[SCHEMA_CHANGE].value >= 0.0)) {
        text_fail("--march is compared with a learner that has one arm and a world that stands "
                  "still: leave --arms, --moving and --schema-change out");
    }
    if (c.folder == NULL || c.folder[0] == '\0') {
        text_fail("--folder is missing; it names the folder of the run");
    }
    return c;
}

static int64_t minutes(int f)
{
    return (int64_t)(flags[f].value * MINUTE);
}

/* Indices that the line may come to, if each session had one decision and rewards took their time.
 */
static int32_t most_items(int32_t n_changed)
{
    const double hours = flags[DECISIONS].value / flags[SESSIONS].value +
                         (flags[WAIT].value + 5.0 * flags[DELAY].value) / 60.0 + 2.0;
    const double n_slices = hours * 60.0 / flags[SLICE].value + 2.0;
    const double most = WORLD_ITEMS + n_changed * n_slices;
    if (most > 1e7) {
        text_fail("--moving %g: the catalogue would come to more than %.0f million items; take "
                  "fewer --decisions",
                  flags[MOVING].value, most * 1e-6);
    }
    return n_changed > 0 ? (int32_t)most : 0;
}

static int64_t hours(int f)
{
    return flags[f].value < 0.0 ? -1 : (int64_t)(flags[f].value * HOUR);
}

static run_options options_of(const command *c)
{
    const int32_t n_changed = (int32_t)lround(0.01 * flags[MOVING].value * WORLD_ITEMS);
    const bool is_march = flags[MARCH].value > 0.0, is_late = flags[DELAY].value > 0.0;
    const int64_t silence = is_march ? 0 : 30 * MINUTE;
    return (run_options){.trainer = {.learner = {.seed = (uint64_t)flags[SEED].value,
                                                 .arm = c->arm,
                                                 .candidates = (int32_t)flags[CANDIDATES].value,
                                                 .rows = (int32_t)flags[ROWS].value,
                                                 .night_rows = (int32_t)flags[NIGHT].value,
                                                 .gamma = (float)flags[GAMMA].value,
                                                 .most_steps = (int32_t)flags[MARCH].value,
                                                 .most_items = most_items(n_changed)},
                                     .folder = c->folder,
                                     .schema = c->schema,
                                     .n_arms = (int32_t)flags[ARMS].value,
                                     .save_every = (int32_t)flags[SAVE_EVERY].value,
                                     .is_moving = n_changed > 0,
                                     .is_pruned = flags[PRUNE].value > 0.0,
                                     .reward_wait = minutes(WAIT),
                                     .silence = silence},
                         .feed = {.sessions_an_hour = flags[SESSIONS].value,
                                  .pause = is_march ? minutes(SLICE) : MINUTE,
                                  .silence = silence,
                                  .delay = minutes(DELAY),
                                  .spread = 0.5,
                                  .lost = is_late ? 0.02 : 0.0,
                                  .doubled = is_late ? 0.01 : 0.0,
                                  .side_by_side = is_march ? 64 : 0,
                                  .most_steps = (int32_t)flags[MARCH].value},
                         .n_decisions = (int32_t)flags[DECISIONS].value,
                         .n_threads = (int32_t)flags[THREADS].value,
                         .n_changed = n_changed,
                         .n_kills = (int32_t)flags[KILLS].value,
                         .metrics = (int32_t)flags[METRICS].value,
                         .slice = minutes(SLICE),
                         .restart = hours(RESTART),
                         .schema_change = hours(SCHEMA_CHANGE),
                         .rollback = hours(ROLLBACK)};
}

/* The run's folder, made where it is missing, for this process alone. Returns what holds it. */
static int take_folder(const char *folder)
{
    struct stat status;
    int lock = -1;
    text_make_folders(folder);
    if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
        text_fail("%s: the folder cannot be made: %s", folder, strerror(errno));
    }
    if (stat(folder, &status) != 0 || !S_ISDIR(status.st_mode)) {
        text_fail("%s: it is no folder", folder);
    }
    const int number = folder_lock(&lock, folder);
    if (number == EWOULDBLOCK) {
        text_fail("%s: the server of process %ld runs there at this moment; give another --folder, "
                  "or wait for its end",
                  folder, folder_lock_holder(folder));
    }
    if (number != 0) {
        text_fail("%s/lock: the folder cannot be locked: %s", folder, strerror(number));
    }
    report_require_unused(folder);
    return lock;
}

static void run_trainer(const run_options *options, long parent)
{
    world w;
    text_set_program("server: trainer");
    stop_catch(NULL); /* it ends when the server does, which hears the same signals */
    stop_follow((pid_t)parent);
    world_open(&w, options->trainer.learner.seed, options->trainer.learner.candidates);
    trainer_run(&options->trainer, &w, STDIN_FILENO, STDOUT_FILENO);
    world_close(&w);
}

int main(int argc, char **argv)
{
    text_set_program("server");
    output_begin();
    const command c = read_command(argc, argv);
    run_options options = options_of(&c);
    if (c.parent != 0) {
        run_trainer(&options, c.parent);
        return EXIT_SUCCESS;
    }
    int lock = take_folder(c.folder);
    stop_catch("server: heard: what was decided is logged, the trainer saves, and both end; once "
               "more ends them at once, with what was saved last\n");
    char parent[32];
    char **words = text_allocate((size_t)argc + 3, sizeof *words);
    snprintf(parent, sizeof parent, "%ld", (long)getpid());
    memcpy(words, argv, (size_t)argc * sizeof *words);
    words[0] = "/proc/self/exe";
    words[argc] = "--trainer";
    words[argc + 1] = parent;
    options.trainer_command = words;
    if (flags[SEEDS].value > 0.0) {
        report_seeds(&options, (int32_t)flags[SEEDS].value, (int32_t)flags[MEASURED].value);
    } else {
        report_run(&options, (int32_t)flags[MEASURED].value, c.is_json);
    }
    if (output_is_gone()) {
        output_complain("nobody reads standard output any more; what was served is in %s",
                        c.folder);
    }
    folder_unlock(&lock, c.folder);
    free(words);
    return EXIT_SUCCESS;
}
