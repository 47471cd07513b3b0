/* SPDX-License-Identifier: MIT */
/* bench.c: see bench.h. */
#if defined(__linux__)
#define _DEFAULT_SOURCE /* madvise */
#endif
#include "bench.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/mman.h>
#include <sys/resource.h>
#include <time.h>

#include "recrl/recrl.h"

enum { N_ROUNDS = 5, LEAST_BATCHES = 7, MOST_BATCHES = 4096 };
static const double SECONDS_OF_A_BATCH = 5e-3;

static int n_told = 0;

/* ── options ─────────────────────────────────────────────────────────────────────────────────── */

static void usage(const char *program, const char *words)
{
    fprintf(stderr, "usage: %s [--quick] [--json] [--threads N] [--seconds X] %s\n", program,
            words);
    exit(2);
}

static void read_machine(char *name, size_t size)
{
    char line[256];
    FILE *file = fopen("/proc/cpuinfo", "r");
    snprintf(name, size, "unknown CPU");
    while (file != NULL && fgets(line, sizeof line, file) != NULL) {
        const char *colon = strchr(line, ':');
        if (strncmp(line, "model name", 10) == 0 && colon != NULL) {
            snprintf(name, size, "%.*s", (int)strcspn(colon + 2, "\n"), colon + 2);
            break;
        }
    }
    if (file != NULL) {
        fclose(file);
    }
}

void bench_begin(bench *b, int argc, char **argv, const char *words)
{
    rr_runtime_info info = {.struct_size = sizeof info};
    memset(b, 0, sizeof *b);
    b->threads = 1;
    for (int i = 1; i < argc; i++) {
        const bool has_value = i + 1 < argc;
        if (strcmp(argv[i], "--quick") == 0) {
            b->is_quick = true;
        } else if (strcmp(argv[i], "--json") == 0) {
            b->is_json = true;
        } else if (strcmp(argv[i], "--threads") == 0 && has_value) {
            b->threads = atoi(argv[++i]);
        } else if (strcmp(argv[i], "--seconds") == 0 && has_value) {
            b->seconds = atof(argv[++i]);
        } else if (argv[i][0] != '-' && b->n_words < (int)(sizeof b->words / sizeof *b->words)) {
            b->words[b->n_words++] = argv[i];
        } else {
            usage(argv[0], words);
        }
    }
    if (b->threads < 1 || b->seconds < 0.0) {
        usage(argv[0], words);
    }
    if (b->seconds == 0.0) {
        b->seconds = b->is_quick ? 0.1 : 1.0;
    }
    read_machine(b->machine, sizeof b->machine);
    if (rr_runtime_describe(&info, NULL) == RR_OK) {
        snprintf(b->kernels, sizeof b->kernels, "%s, %s", info.kernels, info.tiles);
    }
}

bool bench_has(const bench *b, const char *word)
{
    for (int i = 0; i < b->n_words; i++) {
        if (strcmp(b->words[i], word) == 0) {
            return true;
        }
    }
    return false;
}

bool bench_wants(const bench *b, const char *word)
{
    return b->n_words == 0 || bench_has(b, word);
}

int bench_end(const bench *b)
{
    if (n_told == 0) {
        fprintf(stderr, "nothing was measured%s%s\n", b->n_words > 0 ? ": there is no " : "",
                b->n_words > 0 ? b->words[0] : "");
    }
    return n_told > 0 ? 0 : 1;
}

/* ── time and memory ─────────────────────────────────────────────────────────────────────────── */

double bench_now(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Large blocks in large pages where the kernel has them, as the library's own: a probe on small
 * pages would find less than the machine can do. */
void *bench_block(size_t bytes)
{
    const size_t large = (size_t)2 << 20;
    const bool is_large = bytes >= 2 * large;
    void *block = NULL;
    if (posix_memalign(&block, is_large ? large : 64, bytes > 0 ? bytes : 64) != 0) {
        fprintf(stderr, "no memory for a block of %zu bytes\n", bytes);
        exit(1);
    }
#ifdef MADV_HUGEPAGE
    if (is_large) {
        (void)madvise(block, bytes / large * large, MADV_HUGEPAGE);
    }
#endif
    return block;
}

double bench_peak_memory(void)
{
    struct rusage usage_so_far;
    getrusage(RUSAGE_SELF, &usage_so_far);
    return 1024.0 * (double)usage_so_far.ru_maxrss;
}

static int by_size(const void *a, const void *b)
{
    const double x = *(const double *)a, y = *(const double *)b;
    return (x > y) - (x < y);
}

bench_times bench_summary(double *seconds, size_t n)
{
    double sum = 0.0;
    qsort(seconds, n, sizeof *seconds, by_size);
    for (size_t i = 0; i < n; i++) {
        sum += seconds[i];
    }
    const size_t last = (size_t)ceil(0.99 * (double)n) - 1;
    return (bench_times){seconds[0], seconds[n / 2], seconds[last], sum / (double)n, n};
}

double bench_once(void (*run)(void *), void *what)
{
    const double begin = bench_now();
    run(what);
    return bench_now() - begin;
}

static double batch(void (*run)(void *), void *what, size_t n_calls)
{
    const double begin = bench_now();
    for (size_t i = 0; i < n_calls; i++) {
        run(what);
    }
    return bench_now() - begin;
}

bench_times bench_throughput(const bench *b, void (*run)(void *), void *what)
{
    static double seconds[MOST_BATCHES];
    size_t n_calls = 1, n = 0;
    run(what);
    /* The batch grows until it is long against the clock; that is the warm-up too. */
    for (double took = batch(run, what, 1); took < SECONDS_OF_A_BATCH;
         took = batch(run, what, n_calls)) {
        n_calls = took > 0.1 * SECONDS_OF_A_BATCH
                      ? (size_t)((double)n_calls * 1.2 * SECONDS_OF_A_BATCH / took) + 1
                      : n_calls * 8;
    }
    for (double total = 0.0; n < MOST_BATCHES && (total < b->seconds || n < LEAST_BATCHES); n++) {
        const double took = batch(run, what, n_calls);
        seconds[n] = took / (double)n_calls;
        total += took;
    }
    return bench_summary(seconds, n);
}

bench_times bench_latency(const bench *b, void (*run)(void *), void *what)
{
    const size_t n = b->is_quick ? 2000 : 20000;
    double *seconds = bench_block(n * sizeof *seconds);
    bench_times best = {0};
    batch(run, what, n / 10);
    for (int round = 0; round < N_ROUNDS; round++) {
        for (size_t i = 0; i < n; i++) {
            seconds[i] = bench_once(run, what);
        }
        const bench_times t = bench_summary(seconds, n);
        if (round == 0 || t.p99 < best.p99) {
            best = t;
        }
    }
    free(seconds);
    return best;
}

/* ── telling ─────────────────────────────────────────────────────────────────────────────────── */

static bool is_time(const char *unit)
{
    return strcmp(unit, "us") == 0 || strcmp(unit, "ms") == 0 || strcmp(unit, "s") == 0;
}

/* A JSON string; control characters do not occur in what the programs tell. */
static void tell_text(const char *name, const char *text, bool is_first)
{
    printf("%s\"%s\": ", is_first ? "{" : ", ", name);
    if (text == NULL) {
        printf("null");
        return;
    }
    putchar('"');
    for (; *text != '\0'; text++) {
        if (*text == '"' || *text == '\\') {
            putchar('\\');
        }
        putchar(*text);
    }
    putchar('"');
}

static void tell_json(const bench *b, const bench_result *r, int threads, double share)
{
    tell_text("row", r->row, true);
    tell_text("what", r->what, false);
    tell_text("series", r->series, false);
    printf(", \"x\": %.9g, \"threads\": %d", r->x, threads);
    tell_text("unit", r->unit, false);
    printf(", \"ours\": %.6g, \"limit\": %.6g, \"share\": %.4f, \"p99\": %.6g", r->ours, r->limit,
           share, r->p99);
    tell_text("limit_is", r->limit_is, false);
    tell_text("note", r->note, false);
    tell_text("machine", b->machine, false);
    tell_text("kernels", b->kernels, false);
    printf("}\n");
}

void bench_tell(bench *b, const bench_result *r)
{
    const int threads = r->threads > 0 ? r->threads : b->threads;
    double share = 0.0;
    if (r->limit > 0.0 && r->ours > 0.0) {
        share = is_time(r->unit) ? r->limit / r->ours : r->ours / r->limit;
    }
    if (b->is_json) {
        tell_json(b, r, threads, share);
    } else {
        if (n_told == 0) {
            printf("# %s, kernels %s\n", b->machine, b->kernels);
        }
        printf("%-12s %-34s %d thread%s %11.5g %-8s", r->row, r->what != NULL ? r->what : "",
               threads, threads == 1 ? ": " : "s:", r->ours, r->unit);
        if (r->p99 > 0.0) {
            printf(" p99 %.4g", r->p99);
        }
        if (r->limit > 0.0) {
            printf(" limit %.5g (%s): %.1f %% of it", r->limit,
                   r->limit_is != NULL ? r->limit_is : "", 100.0 * share);
        }
        printf("%s%s\n", r->note != NULL ? "; " : "", r->note != NULL ? r->note : "");
    }
    fflush(stdout);
    n_told++;
}
