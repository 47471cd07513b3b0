/* SPDX-License-Identifier: MIT */
#include "seeds.h"

#include <errno.h>
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "json.h"
#include "output.h"
#include "stop.h"
#include "text.h"

typedef struct result {
    pid_t process;
    FILE *out; /* what the child prints */
    bool has_begun, has_failed, is_interrupted;
    double share; /* NaN: there is none, since every play earns the same */
    double reward, seconds, warnings;
} result;

int seeds_parse(uint64_t *seeds, const char *spec)
{
    int n = 0;
    const char *at = spec;
    while (*at != '\0') {
        char *end = NULL;
        errno = 0;
        const unsigned long long first = strtoull(at, &end, 10);
        unsigned long long last = first;
        bool is_good = end != at && errno == 0;
        if (is_good && *end == '-') {
            at = end + 1;
            last = strtoull(at, &end, 10);
            is_good = end != at && errno == 0 && last >= first;
        }
        is_good = is_good && (*end == '\0' || (*end == ',' && end[1] != '\0'));
        if (!is_good || last - first >= SEEDS_MOST || n + (int)(last - first) >= SEEDS_MOST) {
            text_fail("--seeds is \"%s\"; it must be like 0-9 or 3,5,8, with at most %d seeds",
                      spec, (int)SEEDS_MOST);
        }
        for (unsigned long long seed = first; seed <= last; seed++) {
            seeds[n++] = seed;
        }
        at = *end == ',' ? end + 1 : end;
    }
    for (int i = 0; i < n; i++) {
        for (int j = 0; j < i; j++) {
            if (seeds[i] == seeds[j]) {
                text_fail("--seeds is \"%s\"; it has %llu twice, and a seed has one folder", spec,
                          (unsigned long long)seeds[i]);
            }
        }
    }
    if (n == 0) {
        text_fail("--seeds is empty; it must be like 0-9 or 3,5,8");
    }
    return n;
}

/* NaN where there is none of that name, or null: a number that is none. */
static double number_of(const char *line, const char *name)
{
    char key[64];
    char *end = NULL;
    snprintf(key, sizeof key, "\"%s\": ", name);
    const char *at = strstr(line, key);
    if (at == NULL) {
        return (double)NAN;
    }
    at += strlen(key);
    const double value = strtod(at, &end);
    return end != at ? value : (double)NAN;
}

/* What a child printed last, in line [capacity]. */
static void read_line(char *line, int capacity, FILE *out)
{
    line[0] = '\0';
    rewind(out);
    while (fgets(line, capacity, out) != NULL) {
        continue; /* the last line is the one */
    }
}

/* On stderr, also of a quiet batch: what went wrong with which seed. */
static void complain(uint64_t seed, int status)
{
    if (WIFSIGNALED(status)) {
        output_complain("seed %llu failed: signal %d (%s) ended it", (unsigned long long)seed,
                        WTERMSIG(status), strsignal(WTERMSIG(status)));
    } else if (WEXITSTATUS(status) != 0) {
        output_complain("seed %llu failed with status %d", (unsigned long long)seed,
                        WEXITSTATUS(status));
    } else {
        output_complain("seed %llu failed: it did not say what it earned",
                        (unsigned long long)seed);
    }
}

/* What the shares are of: one for all seeds. */
static char yardstick[32];

static void text_of(char *out, size_t capacity, const char *line, const char *name)
{
    char key[64];
    snprintf(key, sizeof key, "\"%s\": \"", name);
    const char *at = strstr(line, key);
    if (at != NULL) {
        at += strlen(key);
        snprintf(out, capacity, "%.*s", (int)strcspn(at, "\""), at);
    }
}

static void judge(result *r, uint64_t seed, int status, bool is_quiet)
{
    char line[8192];
    read_line(line, sizeof line, r->out);
    fclose(r->out);
    r->share = number_of(line, "share");
    text_of(yardstick, sizeof yardstick, line, "yardstick");
    r->reward = number_of(line, "reward_per_step");
    r->seconds = number_of(line, "seconds");
    r->warnings = number_of(line, "warnings");
    r->is_interrupted = strstr(line, "\"interrupted\": true") != NULL;
    r->has_failed = !WIFEXITED(status) || WEXITSTATUS(status) != 0 || !isfinite(r->reward);
    if (r->has_failed) {
        complain(seed, status);
    } else if (!is_quiet) {
        printf("seed %3llu  reward %.4f a step  ", (unsigned long long)seed, r->reward);
        if (isfinite(r->share)) {
            printf("%6.2f %% of %s", 100.0 * r->share, yardstick);
        } else {
            printf("as every play");
        }
        printf("  %.1f s  %.0f warnings%s\n", r->seconds, r->warnings,
               r->is_interrupted ? "  interrupted" : "");
    }
    output_check();
}

/* Waits for the end of one child. */
static void collect(result *results, int n, const uint64_t *seeds, bool is_quiet)
{
    int status = 0;
    pid_t process = -1;
    do {
        process = wait(&status);
    } while (process < 0 && errno == EINTR);
    if (process < 0) {
        text_fail("the seeds' processes cannot be waited for: %s", strerror(errno));
    }
    stop_pass_no_more(process);
    for (int i = 0; i < n; i++) {
        if (results[i].process == process) {
            judge(&results[i], seeds[i], status, is_quiet);
        }
    }
    if (!is_quiet && stop_asked() == 0 && output_is_gone()) {
        raise(SIGTERM); /* for whom are the others? */
    }
}

static int ascending(const void *a, const void *b)
{
    const double x = *(const double *)a;
    const double y = *(const double *)b;
    return x < y ? -1 : x > y;
}

double seeds_interquartile_mean(const double *sorted, int n)
{
    const double quarter = 0.25 * n;
    double sum = 0.0;
    for (int i = 0; i < n; i++) {
        /* The part of [i, i + 1) that lies between the quartiles. */
        const double low = fmax((double)i, quarter);
        const double high = fmin((double)i + 1.0, n - quarter);
        sum += high > low ? (high - low) * sorted[i] : 0.0;
    }
    return sum / (n - 2.0 * quarter);
}

/* "3, 5": the seeds that are marked; which: 0 failed, 1 interrupted, 2 never begun. */
static void list(char *out, size_t capacity, const result *results, int n, const uint64_t *seeds,
                 int which)
{
    size_t used = 0;
    out[0] = '\0';
    for (int i = 0; i < n && used + 32 < capacity; i++) {
        const bool is_in = which == 0   ? results[i].has_failed
                           : which == 1 ? results[i].is_interrupted
                                        : !results[i].has_begun;
        if (is_in) {
            used += (size_t)snprintf(out + used, capacity - used, "%s%llu", used > 0 ? ", " : "",
                                     (unsigned long long)seeds[i]);
        }
    }
}

/* Shares of the seeds that ended, sorted; NaN where there are none. */
typedef struct summary {
    double shares[SEEDS_MOST];
    double mean, spread, middle, lowest, highest, warnings;
    int n;       /* seeds that ended */
    int n_shares; /* of them, those that have a share */
} summary;

static void sum_up(summary *of, const result *results, int n)
{
    double sum = 0.0, squares = 0.0;
    memset(of, 0, sizeof *of);
    for (int i = 0; i < n; i++) {
        const result *r = &results[i];
        if (r->has_begun && !r->has_failed && !r->is_interrupted) {
            of->n += 1;
            of->warnings += r->warnings;
            if (isfinite(r->share)) {
                of->shares[of->n_shares++] = r->share;
                sum += r->share;
            }
        }
    }
    const int m = of->n_shares;
    of->mean = of->spread = of->middle = of->lowest = of->highest = (double)NAN;
    if (m == 0) {
        return;
    }
    of->mean = sum / m;
    for (int i = 0; i < m; i++) {
        squares += (of->shares[i] - of->mean) * (of->shares[i] - of->mean);
    }
    of->spread = m > 1 ? sqrt(squares / (m - 1)) : 0.0;
    qsort(of->shares, (size_t)m, sizeof *of->shares, ascending);
    of->middle = seeds_interquartile_mean(of->shares, m);
    of->lowest = of->shares[0];
    of->highest = of->shares[m - 1];
}

static void print_summary(const summary *of)
{
    if (of->n_shares == 0) {
        printf("%d seeds: every play earns the same in this world, so there is no share\n", of->n);
        return;
    }
    printf("%d seeds: mean %.2f %%, standard deviation %.2f %%, interquartile mean %.2f %%, "
           "lowest %.2f %%, highest %.2f %%\n",
           of->n_shares, 100.0 * of->mean, 100.0 * of->spread, 100.0 * of->middle,
           100.0 * of->lowest, 100.0 * of->highest);
}

static void write_json(const summary *of, const char *failed, const char *interrupted, int n_failed)
{
    json j;
    json_begin(&j, stdout);
    json_count(&j, "seeds", of->n);
    json_count(&j, "failed", n_failed);
    json_string(&j, "failed_seeds", failed);
    json_string(&j, "interrupted_seeds", interrupted);
    json_number(&j, "warnings", of->warnings);
    json_string(&j, "yardstick", yardstick);
    json_number(&j, "share_mean", of->mean);
    json_number(&j, "share_deviation", of->spread);
    json_number(&j, "share_interquartile_mean", of->middle);
    json_number(&j, "share_lowest", of->lowest);
    json_number(&j, "share_highest", of->highest);
    json_end(&j);
}

_Noreturn static void summarise(const result *results, int n, const uint64_t *seeds, bool is_json,
                                bool is_quiet)
{
    static summary of;
    static char lists[3][4096];
    int n_failed = 0;
    for (int i = 0; i < n; i++) {
        n_failed += results[i].has_failed ? 1 : 0;
    }
    for (int which = 0; which < 3; which++) {
        list(lists[which], sizeof lists[which], results, n, seeds, which);
    }
    sum_up(&of, results, n);
    if (of.n > 0 && !is_quiet) {
        print_summary(&of);
    }
    if (lists[1][0] != '\0') {
        output_say("interrupted: seed %s; --resume with its run goes on", lists[1]);
    }
    if (lists[2][0] != '\0') {
        output_say("not begun: seed %s", lists[2]);
    }
    if (is_json) {
        write_json(&of, lists[0], lists[1], n_failed);
    }
    if (n_failed > 0) {
        text_fail("%sfailed: seed %s", n_failed == n ? "no seed ended; " : "", lists[0]);
    }
    exit(EXIT_SUCCESS);
}

/* In a child: what it prints goes to the parent, and what it says on stderr has its name. */
static uint64_t begin_child(const result *r, uint64_t seed, pid_t parent)
{
    static char name[64];
    stop_follow(parent);
    output_forget();
    snprintf(name, sizeof name, "%s: seed %llu", text_program(), (unsigned long long)seed);
    text_set_program(name);
    if (dup2(fileno(r->out), STDOUT_FILENO) < 0) {
        text_fail("its output cannot go to the parent: %s", strerror(errno));
    }
    return seed;
}

uint64_t seeds_run(const uint64_t *seeds, int n, int n_jobs, bool is_json, bool is_quiet)
{
    result *results = text_allocate((size_t)n, sizeof *results);
    const pid_t parent = getpid();
    const long n_processors = sysconf(_SC_NPROCESSORS_ONLN);
    const int most = n_jobs > 0 ? n_jobs : n_processors > 0 ? (int)n_processors : 1;
    int n_running = 0;
    stop_catch("train: heard: the seeds save and end; once more ends them at once, with what was "
               "saved last\n");
    for (int i = 0; i < n; i++) {
        if (n_running == most) {
            collect(results, n, seeds, is_quiet);
            n_running -= 1;
        }
        if (stop_asked() != 0) {
            break;
        }
        results[i].out = tmpfile();
        if (results[i].out == NULL) {
            text_fail("no temporary file for the output of seed %llu: %s",
                      (unsigned long long)seeds[i], strerror(errno));
        }
        fflush(stdout);
        results[i].has_begun = true;
        results[i].process = fork();
        if (results[i].process < 0) {
            text_fail("no process for seed %llu: %s", (unsigned long long)seeds[i],
                      strerror(errno));
        }
        if (results[i].process == 0) {
            return begin_child(&results[i], seeds[i], parent);
        }
        stop_pass_to(results[i].process);
        n_running += 1;
    }
    for (; n_running > 0; n_running--) {
        collect(results, n, seeds, is_quiet);
    }
    summarise(results, n, seeds, is_json, is_quiet);
}
