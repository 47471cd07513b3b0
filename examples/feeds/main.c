/* SPDX-License-Identifier: MIT */
/* Three feeds: what a clone of the platform's ranker is worth, and what learning adds to it.
 *
 *     feeds short_video|home|social [--seeds N] [--first SEED] [--decisions N] [--log N]
 *           [--judged N] [--picture FILE.svg]
 *
 * By default one seed, 300. docs/06_imitation_agents.md explains what is printed. */
#include "picture.h"
#include "study.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { MOST_SEEDS = 100 };

typedef struct flags {
    const feed_kind *kind;
    int64_t seeds, first;
    study_options options;
    const char *picture;
} flags;

static void refuse(const char *sentence, const char *what)
{
    fprintf(stderr,
            "feeds: %s%s\nusage: feeds short_video|home|social [--seeds N] [--first SEED] "
            "[--decisions N] [--log N] [--judged N] [--picture FILE.svg]\n",
            sentence, what);
    exit(EXIT_FAILURE);
}

static int64_t number(const char *name, const char *text, int64_t least, int64_t most)
{
    char *end = NULL;
    const long long value = strtoll(text, &end, 10);
    if (end == text || *end != '\0' || value < least || value > most) {
        fprintf(stderr, "feeds: %s is %s; it must be a whole number in [%lld, %lld]\n", name, text,
                (long long)least, (long long)most);
        exit(EXIT_FAILURE);
    }
    return value;
}

static flags read_flags(int argc, char **argv)
{
    static const feed_kind *const kinds[] = {&short_video, &home, &social};
    flags f = {.seeds = 1,
               .first = 300,
               .options = {.logged = 50000, .held_out = 5000, .decisions = 50000, .judged = 20000}};
    for (size_t i = 0; argc > 1 && i < sizeof kinds / sizeof *kinds; i++) {
        f.kind = strcmp(argv[1], kinds[i]->name) == 0 ? kinds[i] : f.kind;
    }
    if (f.kind == NULL) {
        refuse("there is no feed ", argc > 1 ? argv[1] : "without a name");
    }
    for (int i = 2; i < argc; i += 2) {
        const char *name = argv[i];
        if (i + 1 == argc) {
            refuse("nothing stands behind ", name);
        }
        const char *value = argv[i + 1];
        if (strcmp(name, "--seeds") == 0) {
            f.seeds = number(name, value, 1, MOST_SEEDS);
        } else if (strcmp(name, "--first") == 0) {
            f.first = number(name, value, 0, INT32_MAX);
        } else if (strcmp(name, "--decisions") == 0) {
            f.options.decisions = number(name, value, 1000, 100000000);
        } else if (strcmp(name, "--log") == 0) {
            f.options.logged = number(name, value, 1000, 10000000);
        } else if (strcmp(name, "--judged") == 0) {
            f.options.judged = number(name, value, 1000, 100000000);
        } else if (strcmp(name, "--picture") == 0) {
            f.picture = value;
        } else {
            refuse("there is no flag ", name);
        }
    }
    return f;
}

typedef struct interval {
    double mean, half; /* half: NaN of one seed */
} interval;

static interval of(const double *values, int64_t n)
{
    double sum = 0.0, squares = 0.0;
    for (int64_t i = 0; i < n; i++) {
        sum += values[i];
        squares += values[i] * values[i];
    }
    return (interval){sum / (double)n, rr_mean_interval(sum, squares, n)};
}

static void print_interval(interval v)
{
    char text[64];
    if (isnan(v.half)) {
        snprintf(text, sizeof text, "%.2f", v.mean);
    } else {
        snprintf(text, sizeof text, "%.2f ± %.2f", v.mean, v.half);
    }
    /* ± is two bytes and one column. */
    printf("%*s", isnan(v.half) ? 16 : 17, text);
}

static void print_table(const feed_kind *kind, const study *studies, int64_t n)
{
    double values[MOST_SEEDS];
    printf("%-20s%16s%16s", "", "reward", "decisions");
    for (int j = 0; j < FEED_FIGURES && kind->figures[j] != NULL; j++) {
        printf("%16s", kind->figures[j]);
    }
    printf("\n");
    for (int32_t arm = 0; arm < ARMS; arm++) {
        printf("%-20s", study_names[arm]);
        for (int j = -2; j < FEED_FIGURES && (j < 0 || kind->figures[j] != NULL); j++) {
            for (int64_t i = 0; i < n; i++) {
                const study_arm *a = &studies[i].arms[arm];
                values[i] = j == -2 ? a->reward : j == -1 ? a->decisions : a->figures[j];
            }
            print_interval(of(values, n));
        }
        printf("\n");
    }
}

static double mean_of(const double *values)
{
    double sum = 0.0;
    for (int w = 0; w < WINDOWS; w++) {
        sum += values[w] / WINDOWS;
    }
    return sum;
}

/* Reward a session over all windows: what learning cost whoever was there meanwhile. */
static void print_meanwhile(const study *studies, int64_t n)
{
    double values[MOST_SEEDS];
    printf("\nreward a session while they learned\n");
    for (int l = 0; l <= LEARNERS; l++) {
        for (int64_t i = 0; i < n; i++) {
            values[i] = mean_of(l < LEARNERS ? studies[i].curves[l] : studies[i].incumbent);
        }
        printf("%-20s", study_names[l < LEARNERS ? ARM_CLONE_PPO + l : ARM_INCUMBENT]);
        print_interval(of(values, n));
        printf("\n");
    }
}

/* Clone + PPO less the incumbent, seed by seed, in the window where it did worst. */
static void print_worst(const study *studies, int64_t n)
{
    double values[MOST_SEEDS];
    interval worst = {INFINITY, NAN};
    int at = 0;
    for (int w = 0; w < WINDOWS; w++) {
        for (int64_t i = 0; i < n; i++) {
            values[i] = studies[i].curves[0][w] - studies[i].incumbent[w];
        }
        const interval v = of(values, n);
        if (v.mean < worst.mean) {
            worst = v;
            at = w;
        }
    }
    printf("clone + PPO less the incumbent where it did worst, window %d of %d:", at + 1, WINDOWS);
    print_interval(worst);
    printf("\n");
}

int main(int argc, char **argv)
{
    static study studies[MOST_SEEDS];
    double values[MOST_SEEDS];
    const flags f = read_flags(argc, argv);
    int64_t left_out = 0, heard_later = 0, too_late = 0;
    for (int64_t i = 0; i < f.seeds; i++) {
        study_run(&studies[i], f.kind, (uint64_t)(f.first + i), &f.options);
        values[i] = 100.0 * studies[i].agreement;
        left_out += studies[i].left_out;
        heard_later += studies[i].heard_later;
        too_late += studies[i].too_late;
    }
    printf("%s: %s; %lld seed%s from %lld\n\n", f.kind->title, f.kind->reward, (long long)f.seeds,
           f.seeds == 1 ? "" : "s", (long long)f.first);
    print_table(f.kind, studies, f.seeds);
    print_meanwhile(studies, f.seeds);
    const rr_imitate_report *first = &studies[0].imitated;
    printf("\nimitation of the first seed: %d passes, %s; loss %.3f of ln K %.3f\n",
           first->n_passes, first->is_converged ? "converged" : "not converged",
           (double)first->loss, (double)first->even_loss);
    printf("the clone picks what the incumbent picks, %%:");
    print_interval(of(values, f.seeds));
    printf("\n");
    print_worst(studies, f.seeds);
    printf("KL to the clone, first and last update near it, first seed: %.4f %.4f\n",
           studies[0].reference_kl[0], studies[0].reference_kl[1]);
    printf("rows that no update took: %lld; rewards heard of later: %lld, too late: %lld\n",
           (long long)left_out, (long long)heard_later, (long long)too_late);
    if (f.picture != NULL && !picture_write(f.picture, f.kind, studies, f.seeds, &f.options)) {
        fprintf(stderr, "feeds: %s could not be written\n", f.picture);
        return EXIT_FAILURE;
    }
    return EXIT_SUCCESS;
}
