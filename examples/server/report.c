/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "common.h"

enum { MOST_SEEDS = 64, PATH_BYTES = 512 };
enum {
    RANDOM,
    INCUMBENT,
    INCUMBENT_EPSILON,
    FIRST_NIGHT,
    MYOPIC_LEARNER,
    LOCK_STEP,
    SERVER,
    SERVER_GREEDY,
    BEST,
    N_POLICIES
};
static const char *const names[N_POLICIES] = {"random",
                                              "incumbent (the ranker)",
                                              "incumbent, a tenth at random",
                                              "after the first night",
                                              "lock step, gamma 0",
                                              "lock step",
                                              "server",
                                              "server, greedy",
                                              "best play"};

/* What the trainer left behind, as a policy. */
static earned measure_folder(const run_options *options, const world *w, bool is_greedy,
                             int32_t n_sessions)
{
    rr_error err;
    char path[PATH_BYTES];
    rr_agent *agent = learner_make(w, &options->trainer.learner);
    snprintf(path, sizeof path, "%s/trainer.safetensors", options->trainer.folder);
    rr_checkpoint trained = {.struct_size = sizeof trained, .agent = agent};
    require(rr_checkpoint_load(&trained, path, &err), &err);
    const earned got = learner_measure(agent, w, is_greedy, n_sessions);
    rr_agent_destroy(agent);
    return got;
}

static void print_run(const run_result *r, bool is_pruned)
{
    const trainer_report *t = &r->report;
    const double n = t->updates > 0 ? (double)t->updates : 1.0;
    printf("table      %" PRId64 " decisions, %" PRId64 " rewards, %" PRId64 " endings; %" PRId64
           " rewards lost, %" PRId64 " told twice\n",
           r->decisions, r->rewards, r->endings, r->lost, r->doubled);
    printf("trainer    %" PRId64 " updates, %" PRId64 " starts; recorded %" PRId64
           ", trained %" PRId64 ", dropped %" PRId64 " (refused %" PRId64 "), rejected %" PRId64
           ", unread %" PRId64 "; rewarded %" PRId64 ", late %" PRId64 "\n",
           t->updates, r->starts, t->recorded, t->trained, t->dropped, t->refused, t->rejected,
           r->unread, t->rewarded, t->late);
    printf("disk       %.1f MB, %.1f kB a decision (each candidate's features, index and key%s)\n",
           1e-6 * (double)r->bytes, 1e-3 * (double)r->bytes / (double)r->decisions,
           is_pruned ? "; what was learned from has left"
                     : "; --prune 1 keeps what is not learned from");
    printf("staleness  %.1f updates, effective share %.3f, largest weight %.2f (means)\n",
           t->staleness / n, t->ess / n, t->weight / n);
    printf("serving    %" PRId64 " publishes, %" PRId64 " rollbacks, %.0f decisions a second\n",
           r->publishes, r->rollbacks, r->acts_a_second);
    printf("version    %016" PRIx64 "\n", t->version);
}

/* Every decision is in the table once, went into the buffer once, and is accounted for. */
static bool check_books(const run_result *r)
{
    const trainer_report *t = &r->report;
    const bool is_well = t->recorded + r->unread == r->decisions && t->left_over == 0 &&
                         t->recorded == t->trained + t->dropped + t->rejected &&
                         t->rewarded + t->late <= r->rewards;
    if (!is_well) {
        printf("the books do not balance\n");
    }
    return is_well;
}

/* The same sessions without threads, table and process. */
static bool check_march(const run_options *options, const world *w, const run_result *result)
{
    const learner_options *learner = &options->trainer.learner;
    rr_agent *agent = learner_make(w, learner);
    learner_first_night(agent, w, learner);
    learner_march(agent, w, learner, (int32_t)result->decisions);
    const uint64_t version = rr_agent_version(agent);
    printf("lock step  %016" PRIx64 " after %" PRId64 " updates\n", version,
           rr_agent_updates(agent));
    rr_agent_destroy(agent);
    return version == result->report.version;
}

bool report_run(const run_options *options, int32_t n_sessions)
{
    world w;
    world_open(&w, options->trainer.learner.seed, options->trainer.learner.candidates);
    const run_result result = run_server(options, &w);
    print_run(&result, options->trainer.is_pruned);
    if (n_sessions > 0) {
        const earned got = measure_folder(options, &w, false, n_sessions);
        printf("a session  %.3f ± %.3f over %.2f requests\n", got.mean, got.interval, got.steps);
    }
    bool is_well = check_books(&result);
    if (options->feed.side_by_side > 0) {
        is_well = check_march(options, &w, &result) && is_well;
    }
    world_close(&w);
    return is_well;
}

/* The same options in another world, in a folder of its own, which is empty afterwards. */
static run_result run_seed(const run_options *options, const world *w, uint64_t seed,
                           earned got[N_POLICIES], int32_t n_sessions)
{
    char folder[PATH_BYTES / 2], path[PATH_BYTES], number[32];
    int n = 0;
    run_options own = *options;
    while (options->trainer_command[n] != NULL) {
        n++;
    }
    char **command = take((size_t)n + 5, sizeof *command);
    memcpy(command, options->trainer_command, (size_t)n * sizeof *command);
    snprintf(folder, sizeof folder, "%s/seed-%" PRIu64, options->trainer.folder, seed);
    snprintf(number, sizeof number, "%" PRIu64, seed);
    char *const more[] = {"--seed", number, "--folder", folder};
    memcpy(command + n, more, sizeof more);
    mkdir(folder, 0777);
    own.trainer.folder = folder;
    own.trainer.learner.seed = seed;
    own.trainer_command = command;
    const run_result result = run_server(&own, w);
    got[SERVER] = measure_folder(&own, w, false, n_sessions);
    got[SERVER_GREEDY] = measure_folder(&own, w, true, n_sessions);
    static const char *const files[] = {"log.sqlite", "log.sqlite-wal", "log.sqlite-shm",
                                        "trainer.safetensors", "policy.safetensors"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        snprintf(path, sizeof path, "%s/%s", folder, files[i]);
        unlink(path);
    }
    rmdir(folder);
    free(command);
    return result;
}

static earned measure_march(const world *w, learner_options learner, float gamma,
                            int32_t n_decisions, int32_t n_sessions)
{
    learner.gamma = gamma;
    rr_agent *agent = learner_make(w, &learner);
    learner_first_night(agent, w, &learner);
    learner_march(agent, w, &learner, n_decisions);
    const earned got = learner_measure(agent, w, false, n_sessions);
    rr_agent_destroy(agent);
    return got;
}

static void measure_seed(earned got[N_POLICIES], run_result *result, const run_options *options,
                         uint64_t seed, int32_t n_sessions)
{
    world w;
    learner_options learner = options->trainer.learner;
    learner.seed = seed;
    world_open(&w, seed, learner.candidates);
    const player players[] = {{.chooser = CHOOSE_RANDOM},
                              {.chooser = CHOOSE_INCUMBENT},
                              {.chooser = CHOOSE_INCUMBENT, .epsilon = 0.1f},
                              {.chooser = CHOOSE_BEST}};
    got[RANDOM] = player_measure(&players[0], &w, n_sessions);
    got[INCUMBENT] = player_measure(&players[1], &w, n_sessions);
    got[INCUMBENT_EPSILON] = player_measure(&players[2], &w, n_sessions);
    got[BEST] = player_measure(&players[3], &w, n_sessions);
    got[FIRST_NIGHT] = measure_march(&w, learner, learner.gamma, 0, n_sessions);
    got[MYOPIC_LEARNER] = measure_march(&w, learner, 0.0f, options->n_decisions, n_sessions);
    got[LOCK_STEP] = measure_march(&w, learner, learner.gamma, options->n_decisions, n_sessions);
    *result = run_seed(options, &w, seed, got, n_sessions);
    world_close(&w);
}

typedef struct spread {
    double mean, interval;
} spread;

/* Over seeds. */
static spread over_seeds(const double *x, int32_t n)
{
    double sum = 0.0, squares = 0.0;
    for (int32_t i = 0; i < n; i++) {
        sum += x[i];
        squares += x[i] * x[i];
    }
    return (spread){sum / n, rr_mean_interval(sum, squares, n)};
}

static void print_policy(int policy, earned (*got)[N_POLICIES], int32_t n_seeds)
{
    double mean[MOST_SEEDS], gain[MOST_SEEDS], steps = 0.0;
    for (int32_t i = 0; i < n_seeds; i++) {
        mean[i] = got[i][policy].mean;
        gain[i] = got[i][policy].mean - got[i][INCUMBENT].mean;
        steps += got[i][policy].steps / n_seeds;
    }
    const spread a = over_seeds(mean, n_seeds), b = over_seeds(gain, n_seeds);
    printf("| %-28s | %.3f ± %.3f | %+.3f ± %.3f | %5.2f |\n", names[policy], a.mean, a.interval,
           b.mean, b.interval, steps);
}

void report_seeds(const run_options *options, int32_t n_seeds, int32_t n_sessions)
{
    static earned got[MOST_SEEDS][N_POLICIES];
    n_seeds = n_seeds > MOST_SEEDS ? MOST_SEEDS : n_seeds;
    for (int32_t i = 0; i < n_seeds; i++) {
        run_result result;
        measure_seed(got[i], &result, options, (uint64_t)i + 1, n_sessions);
        printf("seed %d: incumbent %.3f, first night %.3f, lock step %.3f, server %.3f\n", i + 1,
               got[i][INCUMBENT].mean, got[i][FIRST_NIGHT].mean, got[i][LOCK_STEP].mean,
               got[i][SERVER].mean);
        print_run(&result, options->trainer.is_pruned);
        fflush(stdout);
    }
    printf("\n| policy | earned a session | more than the incumbent | requests a session |\n"
           "|---|---|---|---|\n");
    for (int policy = 0; policy < N_POLICIES; policy++) {
        print_policy(policy, got, n_seeds);
    }
    double lock_step = 0.0, server = 0.0;
    for (int32_t i = 0; i < n_seeds; i++) {
        lock_step += got[i][LOCK_STEP].mean - got[i][INCUMBENT].mean;
        server += got[i][SERVER].mean - got[i][INCUMBENT].mean;
    }
    printf("\nThe server's gain over the incumbent is %.1f %% of lock step's.\n",
           100.0 * server / lock_step);
}
