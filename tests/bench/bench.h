/* SPDX-License-Identifier: MIT */
/* bench.h: what every program of tests/bench does alike: read options, time, tell one line.
 *
 *     int main(int argc, char **argv)
 *     {
 *         bench b;
 *         bench_begin(&b, argc, argv, "[items] [growth]");
 *         bench_times t = bench_throughput(&b, one_update, &machine);
 *         bench_result r = {.row = "ppo-sb3", .what = "minibatch 64", .unit = "steps/s"};
 *         r.ours = n_rows / t.median;
 *         r.limit = limits_fma() / flop_of_a_row;
 *         bench_tell(&b, &r);
 *         return bench_end(&b);
 *     }
 *
 * Keys of rows: limits · ppo-sb3 · ppo-large · train · a2c · decide (one decision, dense) ·
 * candidates (one over a request's list) · network (the same with a network over candidates) ·
 * network-update · tower (one over a catalogue) · encoder (one with a history) · encoder-update ·
 * fold-in · softmax · million · topk · env · als · phases (where the time of one update goes: .what
 * names the phase, .unit "us").
 * Series of the plots: items · threads · sessions · minibatch · hidden.
 *
 * Options of every program: --quick (a tenth of the time), --json (a JSON object a line, for
 * tests/bench/report.py), --threads N (1), --seconds X (of one measurement; 1). */
#ifndef TESTS_BENCH_BENCH_H
#define TESTS_BENCH_BENCH_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct bench {
    bool is_quick, is_json;
    int threads;
    double seconds;        /* of one measurement */
    const char *words[16]; /* what is left of the command line, in order; borrowed from argv */
    int n_words;
    char machine[128]; /* the CPU's model name, or "unknown CPU" */
    char kernels[32];  /* what the library chose: "avx512, blis" */
} bench;

/* Exits with the usage when an option is unknown. words: of the usage line, what the program takes.
 */
void bench_begin(bench *b, int argc, char **argv, const char *words);
/* Is `word` on the command line, or is the command line without words (then everything is asked
 * for)? */
bool bench_wants(const bench *b, const char *word);
/* Is `word` on the command line? For what is done only when asked. */
bool bench_has(const bench *b, const char *word);
/* 0, or 1 when the program has told nothing. */
int bench_end(const bench *b);

/* Seconds of one call. */
typedef struct bench_times {
    double min, median, p99, mean;
    size_t n; /* measurements that these come from */
} bench_times;

/* After a warm-up, batches of calls that each take 5 ms or more, until b->seconds have passed and
 * seven batches are there. For work whose mean rate counts. */
bench_times bench_throughput(const bench *b, void (*run)(void *), void *what);

/* After a warm-up, every call timed by itself, 20,000 calls or more (--quick: 2,000) in each of
 * five rounds; the round with the smallest p99. For work whose tail counts. */
bench_times bench_latency(const bench *b, void (*run)(void *), void *what);

/* One measurement of what cannot be repeated cheaply: seconds of one call, without a warm-up. */
double bench_once(void (*run)(void *), void *what);

/* Order statistics of n durations in seconds, which are sorted in place. */
bench_times bench_summary(double *seconds, size_t n);

double bench_now(void); /* seconds, monotonic */

/* 64-byte aligned, never NULL: the program ends when there is none. free() takes it back. */
void *bench_block(size_t bytes);
/* The most memory that the process has held so far, in bytes. */
double bench_peak_memory(void);

/* One line of output. Units that name a time ("us", "ms", "s") are better when smaller; all others
 * when larger. The share of the limit is 1 at the limit and below 1 short of it, either way. */
typedef struct bench_result {
    const char *row;    /* key of the row in docs/performance.md: "ppo-sb3" */
    const char *what;   /* the case within the row: "minibatch 64" */
    const char *series; /* plot that this is a point of, or NULL: "items", "threads", … */
    double x;           /* abscissa in the series */
    int threads;        /* 0: b->threads */
    const char *unit;
    double ours;
    double limit;         /* in the same unit; 0: none is known */
    const char *limit_is; /* how the limit comes about: "4.82 MFLOP a step / P" */
    double p99;           /* in the same unit; 0: not measured */
    const char *note;     /* what else there is to say, or NULL */
} bench_result;
void bench_tell(bench *b, const bench_result *r);

#endif
