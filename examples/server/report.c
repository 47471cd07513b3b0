/* SPDX-License-Identifier: MIT */
#include "report.h"

#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include "driver/json.h"
#include "driver/output.h"
#include "driver/text.h"

enum { MOST_SEEDS = 64, PATH_BYTES = 4096 };
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

/* What the policies of a run earn, and beside them those that do not learn. One policy is a draw of
 * what learning makes at its step size; `lately` is the mean of the last LATELY that were
 * published, where their files were kept, else NaN. */
enum { LATELY = 10 };
typedef struct measured {
    earned arms[MOST_ARMS], random, incumbent;
    double lately[MOST_ARMS];
} measured;

void report_require_unused(const char *folder)
{
    char path[PATH_BYTES];
    text_path(path, sizeof path, folder, "log.sqlite");
    if (access(path, F_OK) == 0) {
        text_fail("%s has the log of another run, %s; give another --folder, or move it away",
                  folder, path);
    }
}

/* What a trainer left behind, as a policy. */
static earned measure_folder(const run_options *options, const world *w, int32_t arm,
                             bool is_greedy, int32_t n_sessions)
{
    rr_error err;
    char path[PATH_BYTES];
    learner_options learner = options->trainer.learner;
    learner.arm = arm;
    rr_agent *agent = learner_make(w, &learner);
    trainer_checkpoint_path(path, sizeof path, &options->trainer, arm);
    rr_checkpoint trained = {.struct_size = sizeof trained, .agent = agent};
    text_require_file(rr_checkpoint_load(&trained, path, &err), &err, path);
    const earned got = learner_measure(agent, w, is_greedy, n_sessions);
    rr_agent_destroy(agent);
    return got;
}

static void print_trainer(const run_result *r, int32_t arm)
{
    const trainer_report *t = &r->reports[arm];
    const rr_ledger_counts *counts = &t->counts;
    const double n = (double)t->updates;
    if (r->n_arms > 1) {
        printf("arm %" PRId32 "\n", arm);
    }
    printf("trainer    %" PRId64 " updates, %" PRId64 " starts; recorded %" PRId64
           ", trained %" PRId64 ", dropped %" PRId64 " (refused %" PRId64 "), rejected %" PRId64
           ", unread %" PRId64 "; rewarded %" PRId64 ", late %" PRId64 "\n",
           t->updates, r->starts, counts->recorded, counts->trained, counts->dropped, t->refused,
           counts->rejected, r->unread[arm], counts->rewarded, counts->late);
    printf("staleness  ");
    if (t->updates > 0) {
        printf("%.1f updates, effective share %.3f, largest weight %.2f (means)\n",
               t->staleness / n, t->ess / n, t->weight / n);
    } else {
        printf("no update yet: fewer rows than --rows were ready\n");
    }
    if (t->recognised > 0) {
        printf("recognised %" PRId64 " policies, of other arms or newer than a checkpoint\n",
               t->recognised);
    }
    printf("version    %016" PRIx64 "\n", t->version);
}

static void print_run(const run_result *r, bool is_pruned)
{
    printf("table      %" PRId64 " decisions, %" PRId64 " rewards, %" PRId64 " endings; %" PRId64
           " rewards lost, %" PRId64 " told twice\n",
           r->decisions, r->rewards, r->endings, r->lost, r->doubled);
    printf("disk       %.1f MB", 1e-6 * (double)r->bytes);
    if (r->decisions > 0) {
        printf(", %.1f kB a decision (each candidate's features, index and key%s)",
               1e-3 * (double)r->bytes / (double)r->decisions,
               is_pruned ? "; what was learned from has left"
                         : "; --prune 1 keeps what is not learned from");
    }
    printf("\nserving    %" PRId64 " publishes, %" PRId64 " rollbacks", r->publishes, r->rollbacks);
    if (isfinite(r->acts_a_second)) {
        printf(", %.0f decisions a second", r->acts_a_second);
    }
    printf("\n");
    if (r->generations > 0) {
        printf("catalogue  %" PRId64 " generations after the first\n", r->generations);
    }
    if (r->restarts > 0) {
        printf("restarts   %" PRId64 "%s\n", r->restarts,
               r->schema > 0 ? ", with other columns of states and features" : "");
    }
    for (int32_t arm = 0; arm < r->n_arms; arm++) {
        print_trainer(r, arm);
    }
}

/* "trained" of the first arm, "trained_1" of the second. */
static const char *of_arm(const char *name, int32_t arm)
{
    static char text[64];
    snprintf(text, sizeof text, arm > 0 ? "%s_%" PRId32 : "%s", name, arm);
    return text;
}

static void write_trainer(json *j, const run_result *r, int32_t arm, const measured *m)
{
    const earned *got = &m->arms[arm];
    const trainer_report *t = &r->reports[arm];
    const double n = t->updates > 0 ? (double)t->updates : (double)NAN;
    char version[32];
    snprintf(version, sizeof version, "%016" PRIx64, t->version);
    json_count(j, of_arm("updates", arm), t->updates);
    json_count(j, of_arm("recorded", arm), t->counts.recorded);
    json_count(j, of_arm("trained", arm), t->counts.trained);
    json_count(j, of_arm("dropped", arm), t->counts.dropped);
    json_count(j, of_arm("refused", arm), t->refused);
    json_count(j, of_arm("rejected", arm), t->counts.rejected);
    json_count(j, of_arm("unread", arm), r->unread[arm]);
    json_count(j, of_arm("rewarded", arm), t->counts.rewarded);
    json_count(j, of_arm("late", arm), t->counts.late);
    json_count(j, of_arm("recognised", arm), t->recognised);
    json_number(j, of_arm("staleness_mean", arm), t->staleness / n);
    json_number(j, of_arm("ess_mean", arm), t->ess / n);
    json_number(j, of_arm("weight_max_mean", arm), t->weight / n);
    json_number(j, of_arm("earned", arm), got->mean);
    json_number(j, of_arm("earned_interval", arm), got->interval);
    json_number(j, of_arm("earned_lately", arm), m->lately[arm]);
    json_number(j, of_arm("requests_per_session", arm), got->steps);
    json_string(j, of_arm("version", arm), version);
}

/* NaN becomes null. */
static void write_run(const run_result *r, const char *folder, const measured *m)
{
    json j;
    json_begin(&j, stdout);
    json_string(&j, "folder", folder);
    json_count(&j, "decisions", r->decisions);
    json_count(&j, "rewards", r->rewards);
    json_count(&j, "endings", r->endings);
    json_count(&j, "lost", r->lost);
    json_count(&j, "doubled", r->doubled);
    json_count(&j, "starts", r->starts);
    json_count(&j, "bytes", r->bytes);
    json_count(&j, "publishes", r->publishes);
    json_count(&j, "rollbacks", r->rollbacks);
    json_count(&j, "generations", r->generations);
    json_count(&j, "schema", r->schema);
    json_count(&j, "restarts", r->restarts);
    json_number(&j, "decisions_per_second", r->acts_a_second);
    for (int32_t arm = 0; arm < r->n_arms; arm++) {
        write_trainer(&j, r, arm, m);
    }
    json_number(&j, "earned_at_random", m->random.mean);
    json_number(&j, "earned_by_incumbent", m->incumbent.mean);
    json_bool(&j, "interrupted", r->is_interrupted);
    json_end(&j);
    output_check();
}

/* Every decision is in the table once, went into the buffer once, and is accounted for. */
static void check_books(const run_result *r)
{
    bool is_well = true;
    for (int32_t arm = 0; arm < r->n_arms; arm++) {
        const trainer_report *t = &r->reports[arm];
        const rr_ledger_counts *counts = &t->counts;
        is_well = is_well && counts->recorded + r->unread[arm] == r->decisions &&
                  t->left_over == 0 &&
                  counts->recorded == counts->trained + counts->dropped + counts->rejected &&
                  counts->rewarded + counts->late <= r->rewards;
    }
    if (!is_well) {
        output_complain("the books do not balance: a decision was lost or learned from twice");
    }
}

/* The same sessions without threads, table and process. */
static void check_march(const run_options *options, const world *w, const run_result *result,
                        bool is_json)
{
    const learner_options *learner = &options->trainer.learner;
    rr_agent *agent = learner_make(w, learner);
    learner_first_night(agent, w, learner);
    learner_march(agent, w, learner, (int32_t)result->decisions);
    const uint64_t version = rr_agent_version(agent);
    if (!is_json) {
        printf("lock step  %016" PRIx64 " after %" PRId64 " updates\n", version,
               rr_agent_updates(agent));
    }
    if (version != result->reports[0].version) {
        output_complain("the learner in lock step arrived at %016" PRIx64
                        ", the server's trainer elsewhere",
                        version);
    }
    rr_agent_destroy(agent);
}

static double measure_lately(const run_options *options, const world *w, int32_t arm, int32_t last,
                             int32_t n_sessions)
{
    double sum = 0.0;
    int32_t n = 0;
    for (int32_t number = last; number > 0 && n < LATELY; number--, n++) {
        rr_error err;
        char path[PATH_BYTES];
        player p = {0};
        trainer_policy_path(path, sizeof path, &options->trainer, arm, number);
        text_require_file(rr_policy_load(&p.policy, path, w->items, NULL, &err), &err, path);
        text_require(rr_reader_create(&p.reader, p.policy, 0, NULL, &err), &err);
        sum += player_measure(&p, w, n_sessions).mean;
        rr_reader_destroy(p.reader);
        rr_policy_release(p.policy);
    }
    return n > 0 ? sum / n : (double)NAN;
}

/* In the world as the run left it: its catalogue may have moved. */
static measured measure_run(const run_options *options, const world *w, const run_result *result,
                            int32_t n_sessions)
{
    const player random = {.chooser = CHOOSE_RANDOM}, incumbent = {.chooser = CHOOSE_INCUMBENT};
    measured m;
    for (int32_t arm = 0; arm < options->trainer.n_arms; arm++) {
        m.arms[arm] = measure_folder(options, w, arm, false, n_sessions);
        m.lately[arm] = measure_lately(options, w, arm, result->reports[arm].seen[arm], n_sessions);
    }
    m.random = player_measure(&random, w, n_sessions);
    m.incumbent = player_measure(&incumbent, w, n_sessions);
    return m;
}

void report_run(const run_options *options, int32_t n_sessions, bool is_json)
{
    world w;
    const earned nothing = {(double)NAN, (double)NAN, (double)NAN};
    measured got = {{nothing, nothing}, nothing, nothing, {(double)NAN, (double)NAN}};
    world_open(&w, options->trainer.learner.seed, options->trainer.learner.candidates);
    const run_result result = run_server(options, &w);
    const bool is_measured = n_sessions > 0 && !result.is_interrupted;
    if (is_measured) {
        got = measure_run(options, &w, &result, n_sessions);
    }
    if (is_json) {
        write_run(&result, options->trainer.folder, &got);
    } else {
        print_run(&result, options->trainer.is_pruned);
    }
    for (int32_t arm = 0; is_measured && !is_json && arm < result.n_arms; arm++) {
        printf("a session  %.3f ± %.3f over %.2f requests\n", got.arms[arm].mean,
               got.arms[arm].interval, got.arms[arm].steps);
    }
    if (is_measured && !is_json) {
        printf("beside it  incumbent %.3f, random %.3f\n", got.incumbent.mean, got.random.mean);
    }
    if (result.is_interrupted && !is_json) {
        printf("interrupted: the log, the trainer's checkpoint and its policy are in %s\n",
               options->trainer.folder);
    }
    check_books(&result);
    if (options->feed.side_by_side > 0 && !result.is_interrupted) {
        check_march(options, &w, &result, is_json);
    }
    world_close(&w);
}

/* The same options in another world, in a folder of its own, which is empty afterwards. */
static run_result run_seed(const run_options *options, world *w, uint64_t seed,
                           earned got[N_POLICIES], int32_t n_sessions)
{
    char folder[PATH_BYTES / 2], path[PATH_BYTES], number[32], name[48];
    int n = 0;
    run_options own = *options;
    while (options->trainer_command[n] != NULL) {
        n++;
    }
    char **command = text_allocate((size_t)n + 5, sizeof *command);
    memcpy(command, options->trainer_command, (size_t)n * sizeof *command);
    snprintf(name, sizeof name, "seed-%" PRIu64, seed);
    text_path(folder, sizeof folder, options->trainer.folder, name);
    snprintf(number, sizeof number, "%" PRIu64, seed);
    char *const more[] = {"--seed", number, "--folder", folder};
    memcpy(command + n, more, sizeof more);
    if (mkdir(folder, 0777) != 0 && errno != EEXIST) {
        text_fail("%s: the folder cannot be made: %s", folder, strerror(errno));
    }
    report_require_unused(folder);
    own.trainer.folder = folder;
    own.trainer.learner.seed = seed;
    own.trainer_command = command;
    const run_result result = run_server(&own, w);
    if (!result.is_interrupted) {
        got[SERVER] = measure_folder(&own, w, 0, false, n_sessions);
        got[SERVER_GREEDY] = measure_folder(&own, w, 0, true, n_sessions);
    }
    static const char *const files[] = {"log.sqlite", "log.sqlite-wal", "log.sqlite-shm",
                                        "trainer.safetensors", "policy.safetensors"};
    for (size_t i = 0; i < sizeof files / sizeof files[0]; i++) {
        text_path(path, sizeof path, folder, files[i]);
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

/* Policies that do not learn. */
static void measure_choosers(earned got[N_POLICIES], const world *w, int32_t n_sessions)
{
    const player players[] = {{.chooser = CHOOSE_RANDOM},
                              {.chooser = CHOOSE_INCUMBENT},
                              {.chooser = CHOOSE_INCUMBENT, .epsilon = 0.1f},
                              {.chooser = CHOOSE_BEST}};
    got[RANDOM] = player_measure(&players[0], w, n_sessions);
    got[INCUMBENT] = player_measure(&players[1], w, n_sessions);
    got[INCUMBENT_EPSILON] = player_measure(&players[2], w, n_sessions);
    got[BEST] = player_measure(&players[3], w, n_sessions);
}

/* false: the program was asked to end before the seed was whole. */
static bool measure_seed(earned got[N_POLICIES], run_result *result, const run_options *options,
                         uint64_t seed, int32_t n_sessions)
{
    world w;
    learner_options learner = options->trainer.learner;
    const int32_t n = options->n_decisions;
    learner.seed = seed;
    world_open(&w, seed, learner.candidates);
    world_solve(&w);
    measure_choosers(got, &w, n_sessions);
    got[FIRST_NIGHT] = measure_march(&w, learner, learner.gamma, 0, n_sessions);
    got[MYOPIC_LEARNER] = measure_march(&w, learner, 0.0f, n, n_sessions);
    got[LOCK_STEP] = measure_march(&w, learner, learner.gamma, n, n_sessions);
    bool is_whole = !run_is_asked_to_end();
    if (is_whole) {
        *result = run_seed(options, &w, seed, got, n_sessions);
        is_whole = !result->is_interrupted;
    }
    world_close(&w);
    return is_whole;
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

/* One seed says nothing of others. */
static void print_spread(const char *format, const spread *x)
{
    printf(format, x->mean);
    if (isfinite(x->interval)) {
        printf(" ± %.3f", x->interval);
    }
    printf(" | ");
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
    printf("| %-28s | ", names[policy]);
    print_spread("%.3f", &a);
    print_spread("%+.3f", &b);
    printf("%5.2f |\n", steps);
}

static void print_share(earned (*got)[N_POLICIES], int32_t n_seeds)
{
    double lock_step = 0.0, server = 0.0;
    for (int32_t i = 0; i < n_seeds; i++) {
        lock_step += got[i][LOCK_STEP].mean - got[i][INCUMBENT].mean;
        server += got[i][SERVER].mean - got[i][INCUMBENT].mean;
    }
    if (lock_step > 0.0) {
        printf("\nThe server's gain over the incumbent is %.1f %% of lock step's.\n",
               100.0 * server / lock_step);
    } else {
        printf("\nLock step gained nothing over the incumbent, so there is nothing that the server "
               "could reach a share of.\n");
    }
}

void report_seeds(const run_options *options, int32_t n_seeds, int32_t n_sessions)
{
    static earned got[MOST_SEEDS][N_POLICIES];
    int32_t n = 0;
    for (run_result result; n < n_seeds; n++) {
        if (!measure_seed(got[n], &result, options, (uint64_t)n + 1, n_sessions)) {
            output_say("interrupted: %d of %d seeds are whole", n, n_seeds);
            break;
        }
        printf("seed %d: incumbent %.3f, first night %.3f, lock step %.3f, server %.3f\n", n + 1,
               got[n][INCUMBENT].mean, got[n][FIRST_NIGHT].mean, got[n][LOCK_STEP].mean,
               got[n][SERVER].mean);
        print_run(&result, options->trainer.is_pruned);
        check_books(&result);
        output_check();
    }
    if (n == 0) {
        return;
    }
    printf("\n| policy | earned a session | more than the incumbent | requests a session |\n"
           "|---|---|---|---|\n");
    for (int policy = 0; policy < N_POLICIES; policy++) {
        print_policy(policy, got, n);
    }
    print_share(got, n);
}
