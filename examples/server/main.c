/* SPDX-License-Identifier: MIT */
/* A feed server in small: threads that serve from snapshots, a log in SQLite, a trainer in a
 * process of its own. README of this example: docs/serving.md.
 *
 *     server --folder DIR [--seed N] [--decisions N] [--candidates K] [--rows N] [--kills N] …
 *     server --help */
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common.h"
#include "report.h"
#include "run.h"

typedef struct flag {
    const char *name, *text;
    double value;
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
    N_FLAGS
};

static flag flags[N_FLAGS] = {
    [SEED] = {"--seed", "of world and learner", 1},
    [DECISIONS] = {"--decisions", "after which nobody new comes", 40000},
    [CANDIDATES] = {"--candidates", "of a request", 300},
    [ROWS] = {"--rows", "of an update", 512},
    [NIGHT] = {"--night", "rows of the first night's log", 4096},
    [GAMMA] = {"--gamma", "discount", 0.97},
    [SESSIONS] = {"--sessions", "that begin in an hour", 300},
    [DELAY] = {"--delay", "median minutes until a reward arrives; 0: at once, none lost or doubled",
               60},
    [WAIT] = {"--wait", "minutes after which a decision's rewards are final", 180},
    [SLICE] = {"--slice", "minutes between two publishes", 5},
    [THREADS] = {"--threads", "that serve", 4},
    [KILLS] = {"--kills", "times that the trainer is killed at random", 0},
    [ROLLBACK] = {"--rollback", "hour at which the policy before the last is served; -1: never",
                  -1},
    [MARCH] = {"--march", "requests of each of 64 sessions in lock step; 0: a feed", 0},
    [SEEDS] = {"--seeds", "compare all policies over so many seeds; 0: one run", 0},
    [MEASURED] = {"--measured", "sessions in which a policy is measured", 5000},
};

static void help(void)
{
    printf("usage: server --folder DIR [FLAG VALUE]…\n");
    for (int i = 0; i < N_FLAGS; i++) {
        printf("  %-13s %s (%g)\n", flags[i].name, flags[i].text, flags[i].value);
    }
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
        flags[i].value = strtod(argv[at + 1], NULL);
    }
    return folder;
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
