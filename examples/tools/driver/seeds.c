/* SPDX-License-Identifier: MIT */
#include "seeds.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "json.h"
#include "text.h"

typedef struct result {
    pid_t process;
    FILE *out; /* what the child prints */
    bool has_failed;
    double share, reward, seconds, warnings;
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

static double number_of(const char *line, const char *name)
{
    char key[64];
    snprintf(key, sizeof key, "\"%s\": ", name);
    const char *at = strstr(line, key);
    return at != NULL ? strtod(at + strlen(key), NULL) : (double)NAN;
}

static void collect(result *results, int n, const uint64_t *seeds, bool is_quiet)
{
    char line[4096] = "";
    int status = 0;
    const pid_t process = wait(&status);
    for (int i = 0; i < n; i++) {
        result *r = &results[i];
        if (r->process != process) {
            continue;
        }
        rewind(r->out);
        while (fgets(line, sizeof line, r->out) != NULL) {
            continue; /* the last line is the one */
        }
        fclose(r->out);
        r->share = number_of(line, "oracle_share");
        r->reward = number_of(line, "reward_per_step");
        r->seconds = number_of(line, "seconds");
        r->warnings = number_of(line, "warnings");
        r->has_failed = !WIFEXITED(status) || WEXITSTATUS(status) != 0 || !isfinite(r->share);
        if (!is_quiet && r->has_failed) {
            printf("seed %3llu  failed\n", (unsigned long long)seeds[i]);
        } else if (!is_quiet) {
            printf("seed %3llu  reward %.4f a step  %6.2f %% of the best known play  %.1f s  %.0f "
                   "warnings\n",
                   (unsigned long long)seeds[i], r->reward, 100.0 * r->share, r->seconds,
                   r->warnings);
        }
        fflush(stdout);
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

static void summarise(const result *results, int n, bool is_json, bool is_quiet)
{
    double shares[SEEDS_MOST];
    int n_good = 0;
    double sum = 0.0, squares = 0.0, warnings = 0.0;
    for (int i = 0; i < n; i++) {
        if (!results[i].has_failed) {
            shares[n_good++] = results[i].share;
            sum += results[i].share;
            warnings += results[i].warnings;
        }
    }
    if (n_good == 0) {
        text_fail("no seed ended");
    }
    const double mean = sum / n_good;
    for (int i = 0; i < n_good; i++) {
        squares += (shares[i] - mean) * (shares[i] - mean);
    }
    const double spread = n_good > 1 ? sqrt(squares / (n_good - 1)) : 0.0;
    qsort(shares, (size_t)n_good, sizeof *shares, ascending);
    const double middle = seeds_interquartile_mean(shares, n_good);
    if (!is_quiet) {
        printf("%d seeds: mean %.2f %%, standard deviation %.2f %%, interquartile mean %.2f %%, "
               "lowest "
               "%.2f %%, highest %.2f %%\n",
               n_good, 100.0 * mean, 100.0 * spread, 100.0 * middle, 100.0 * shares[0],
               100.0 * shares[n_good - 1]);
    }
    if (is_json) {
        json j;
        json_begin(&j, stdout);
        json_count(&j, "seeds", n_good);
        json_count(&j, "failed", n - n_good);
        json_number(&j, "warnings", warnings);
        json_number(&j, "oracle_share_mean", mean);
        json_number(&j, "oracle_share_deviation", spread);
        json_number(&j, "oracle_share_interquartile_mean", middle);
        json_number(&j, "oracle_share_lowest", shares[0]);
        json_number(&j, "oracle_share_highest", shares[n_good - 1]);
        json_end(&j);
    }
    exit(n_good < n ? EXIT_FAILURE : EXIT_SUCCESS);
}

uint64_t seeds_run(const uint64_t *seeds, int n, int n_jobs, bool is_json, bool is_quiet)
{
    result *results = text_allocate((size_t)n, sizeof *results);
    const long n_processors = sysconf(_SC_NPROCESSORS_ONLN);
    const int most = n_jobs > 0 ? n_jobs : n_processors > 0 ? (int)n_processors : 1;
    int n_running = 0;
    for (int i = 0; i < n; i++) {
        if (n_running == most) {
            collect(results, n, seeds, is_quiet);
            n_running -= 1;
        }
        results[i].out = tmpfile();
        if (results[i].out == NULL) {
            text_fail("no temporary file for the output of seed %llu: %s",
                      (unsigned long long)seeds[i], strerror(errno));
        }
        fflush(stdout);
        results[i].process = fork();
        if (results[i].process < 0) {
            text_fail("no process for seed %llu: %s", (unsigned long long)seeds[i],
                      strerror(errno));
        }
        if (results[i].process == 0) {
            dup2(fileno(results[i].out), STDOUT_FILENO);
            free(results);
            return seeds[i];
        }
        n_running += 1;
    }
    for (; n_running > 0; n_running--) {
        collect(results, n, seeds, is_quiet);
    }
    summarise(results, n, is_json, is_quiet);
    return 0;
}
