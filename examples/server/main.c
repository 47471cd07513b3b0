/* SPDX-License-Identifier: MIT */
/* A feed server in small: threads that serve from snapshots, a log in SQLite, a trainer in a
 * process of its own. README of this example: docs/serving.md.
 *
 *     server --folder DIR [--seed N] [--decisions N] [--candidates K] [--rows N] [--kills N] …
 *     server --help */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common.h"
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
    N_FLAGS
};

static flag flags[N_FLAGS] = {
    [SEED] = {"--seed", "of world and learner", 1, 0, 0x1p53, true},
    [DECISIONS] = {"--decisions", "after which nobody new comes", 40000, 1, 1e9, true},
    [CANDIDATES] = {"--candidates", "of a request", 300, 2, 10000, true},
    [ROWS] = {"--rows", "of an update", 512, 2, 1e6, true},
    [NIGHT] = {"--night", "rows of the first night's log", 4096, 128, 1e8, true},
    [GAMMA] = {"--gamma", "discount", 0.97, 0, 1, false},
    [SESSIONS] = {"--sessions", "that begin in an hour", 300, 1, 1e7, false},
    [DELAY] = {"--delay", "median minutes until a reward arrives; 0: at once, none lost or doubled",
               60, 0, 1e6, false},
    [WAIT] = {"--wait", "minutes after which a decision's rewards are final", 180, 0, 1e6, false},
    [SLICE] = {"--slice", "minutes between two publishes", 5, 0.1, 1e6, false},
    [THREADS] = {"--threads", "that serve", 4, 1, 64, true},
    [KILLS] = {"--kills", "times that the trainer is killed at random", 0, 0, 1000, true},
    [ROLLBACK] = {"--rollback", "hour at which the policy before the last is served; -1: never", -1,
                  -1, 1e6, false},
    [MARCH] = {"--march", "requests of each of 64 sessions in lock step; 0: a feed", 0, 0, 1e6,
               true},
    [SEEDS] = {"--seeds", "compare all policies over so many seeds; 0: one run", 0, 0, 64, true},
    [MEASURED] = {"--measured", "sessions in which a policy is measured, 50 or more; 0: none", 5000,
                  0, 1e9, true},
    [PRUNE] = {"--prune", "1: what was learned from leaves the table, which stays small", 0, 0, 1,
               true},
};

static void help(void)
{
    printf("usage: server --folder DIR [FLAG VALUE]…\n");
    for (int i = 0; i < N_FLAGS; i++) {
        printf("  %-13s %s (%g)\n", flags[i].name, flags[i].text, flags[i].value);
    }
}

/* The whole text is a number that the flag allows. */
static void set(flag *f, const char *text)
{
    char why[160], *end;
    const double x = strtod(text, &end);
    const bool is_number = end != text && *end == '\0' && isfinite(x);
    if (!is_number || x < f->least || x > f->most || (f->is_whole && x != floor(x))) {
        snprintf(why, sizeof why, "it is \"%.40s\"; it must be %s in [%g, %g]", text,
                 f->is_whole ? "a whole number" : "a number", f->least, f->most);
        give_up(f->name, why);
    }
    f->value = x;
}

static const char *read_flags(int argc, char **argv, bool *is_trainer)
{
    const char *folder = NULL;
    for (int at = 1; at < argc; at += 2) {
        int i = 0;
        if (strcmp(argv[at], "--help") == 0) {
            help();
            exit(EXIT_SUCCESS);
        }
        if (strcmp(argv[at], "--trainer") == 0) {
            *is_trainer = true;
            at--;
            continue;
        }
        if (at + 1 == argc) {
            give_up(argv[at], "a value is missing");
        }
        if (strcmp(argv[at], "--folder") == 0) {
            folder = argv[at + 1];
            continue;
        }
        while (i < N_FLAGS && strcmp(argv[at], flags[i].name) != 0) {
            i++;
        }
        if (i == N_FLAGS) {
            give_up(argv[at], "there is no such flag; see --help");
        }
        set(&flags[i], argv[at + 1]);
    }
    if (flags[MEASURED].value > 0.0 && flags[MEASURED].value < MEASURED_SIDE_BY_SIDE) {
        give_up("--measured", "it must be 0 or at least 50");
    }
    return folder;
}

/* Decision ids of a run begin anew, so a table that is there would take none of them. */
static void require_unused(const char *folder)
{
    char path[512];
    snprintf(path, sizeof path, "%s/log.sqlite", folder);
    if (access(path, F_OK) == 0) {
        give_up(path, "this folder has the log of another run; give one without");
    }
}

static int64_t minutes(int f)
{
    return (int64_t)(flags[f].value * MINUTE);
}

static run_options options_of(const char *folder)
{
    const bool is_march = flags[MARCH].value > 0.0, is_late = flags[DELAY].value > 0.0;
    const int64_t silence = is_march ? 0 : 30 * MINUTE;
    return (run_options){
        .trainer = {.learner = {.seed = (uint64_t)flags[SEED].value,
                                .candidates = (int32_t)flags[CANDIDATES].value,
                                .rows = (int32_t)flags[ROWS].value,
                                .night_rows = (int32_t)flags[NIGHT].value,
                                .gamma = (float)flags[GAMMA].value,
                                .most_steps = (int32_t)flags[MARCH].value},
                    .folder = folder,
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
        .n_kills = (int32_t)flags[KILLS].value,
        .slice = minutes(SLICE),
        .rollback = flags[ROLLBACK].value < 0.0 ? -1 : (int64_t)(flags[ROLLBACK].value * HOUR)};
}

int main(int argc, char **argv)
{
    bool is_trainer = false;
    const char *folder = read_flags(argc, argv, &is_trainer);
    if (folder == NULL) {
        give_up("--folder", "it is required");
    }
    mkdir(folder, 0777);
    run_options options = options_of(folder);
    if (is_trainer) {
        world w;
        world_open(&w, options.trainer.learner.seed, options.trainer.learner.candidates);
        trainer_run(&options.trainer, &w, STDIN_FILENO, STDOUT_FILENO);
        world_close(&w);
        return EXIT_SUCCESS;
    }
    require_unused(folder);
    char **command = take((size_t)argc + 2, sizeof *command);
    memcpy(command, argv, (size_t)argc * sizeof *command);
    command[0] = "/proc/self/exe";
    command[argc] = "--trainer";
    options.trainer_command = command;
    if (flags[SEEDS].value > 0.0) {
        report_seeds(&options, (int32_t)flags[SEEDS].value, (int32_t)flags[MEASURED].value);
        return EXIT_SUCCESS;
    }
    const bool is_well = report_run(&options, (int32_t)flags[MEASURED].value);
    free(command);
    return is_well ? EXIT_SUCCESS : EXIT_FAILURE;
}
