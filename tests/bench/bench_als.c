/* SPDX-License-Identifier: MIT */
/* bench_als: alternating least squares with 30 factors, 12 sweeps, on 90 % of a file's ratings.
 *
 *   bench_als [FILE]            times it; FILE is data/ml-100k/ml-100k.inter, or, where that is not
 *                               there, as many random ratings of as many users and items
 *   bench_als FILE FIRST LAST   its error on the other 10 %: a line of JSON for each seed of the
 *                               split, which learning.py reads
 *
 * The limit is the arithmetic of the equations in double, w = 31 unknowns: w (w + 3) FLOP a rating
 * for the upper triangle and the right side, w³/3 + 2 w² a solution. */
#include <stdio.h>
#include <stdlib.h>

#include "bench.h"
#include "limits.h"
#include "recrl/recrl.h"

enum { N_FACTORS = 30, N_RANDOM = 100000, N_USERS = 943, N_ITEMS = 1682 };

static rr_error err;

static void require(rr_status status)
{
    if (status != RR_OK) {
        fprintf(stderr, "bench_als: %s\n", err.text);
        exit(1);
    }
}

typedef struct fit {
    rr_dataset *dataset;
    rr_als_config config;
    rr_als_stats stats;
    float *users, *items;
} fit;

static uint64_t below(uint64_t *state, uint64_t n)
{
    *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (*state >> 33) % n;
}

/* Small users and items are met more often, as they are in the file. */
static rr_dataset *draw(void)
{
    uint64_t *users = bench_block(N_RANDOM * sizeof *users);
    uint64_t *items = bench_block(N_RANDOM * sizeof *items);
    float *ratings = bench_block(N_RANDOM * sizeof *ratings);
    uint64_t state = 1;
    for (size_t i = 0; i < N_RANDOM; i++) {
        users[i] = i < N_USERS ? i : below(&state, 1 + below(&state, N_USERS));
        items[i] = i < N_ITEMS ? i : below(&state, 1 + below(&state, N_ITEMS));
        ratings[i] = (float)(1 + below(&state, 5));
    }
    rr_dataset *dataset = NULL;
    require(rr_dataset_create(&dataset, users, items, ratings, NULL, N_RANDOM, NULL, &err));
    free(users);
    free(items);
    free(ratings);
    return dataset;
}

static void create(fit *f, const char *path)
{
    *f = (fit){.stats = {.struct_size = sizeof f->stats}};
    if (path == NULL) {
        f->dataset = draw();
    } else {
        require(rr_dataset_load(&f->dataset, path, NULL, NULL, &err));
    }
    rr_als_config_init(&f->config, sizeof f->config);
    f->config.num_factors = N_FACTORS;
    f->config.num_sweeps = 12;
    f->config.holdout = 0.1f;
    const size_t width = N_FACTORS + 2;
    f->users = bench_block((size_t)rr_dataset_user_count(f->dataset) * width * sizeof(float));
    f->items = bench_block((size_t)rr_dataset_item_count(f->dataset) * width * sizeof(float));
}

static void run(void *what)
{
    fit *f = what;
    require(rr_dataset_fit_als(f->dataset, &f->config, NULL, f->users, f->items, &f->stats, &err));
}

static void tell_errors(fit *f, long first, long last)
{
    for (long seed = first; seed <= last; seed++) {
        f->config.seed = (uint64_t)seed;
        run(f);
        printf("{\"seed\": %ld, \"n_train\": %lld, \"n_holdout\": %lld, \"train_rmse\": %.6f, "
               "\"holdout_rmse\": %.6f}\n",
               seed, (long long)f->stats.n_train, (long long)f->stats.n_holdout,
               f->stats.train_rmse, f->stats.holdout_rmse);
        fflush(stdout);
    }
}

static void tell_time(bench *b, fit *f, const char *what)
{
    f->config.num_threads = b->threads;
    const bench_times times = bench_throughput(b, run, f);
    const double w = N_FACTORS + 1;
    const double n_rows =
        (double)(rr_dataset_user_count(f->dataset) + rr_dataset_item_count(f->dataset));
    const double flop = 12.0 * (2.0 * (double)f->stats.n_train * w * (w + 3.0) +
                                n_rows * (w * w * w / 3.0 + 2.0 * w * w));
    char note[64];
    snprintf(note, sizeof note, "held-out RMSE %.4f", f->stats.holdout_rmse);
    bench_tell(b, &(bench_result){.row = "als",
                                  .what = what,
                                  .unit = "ms",
                                  .ours = 1e3 * times.median,
                                  .limit = 1e3 * flop / (limits_fma() / 2.0 * b->threads),
                                  .limit_is = "FLOP of sums and solutions / (P / 2), in double",
                                  .note = note});
}

int main(int argc, char **argv)
{
    bench b;
    fit f;
    bench_begin(&b, argc, argv, "[FILE [FIRST LAST]]");
    const char *path = b.n_words > 0 ? b.words[0] : "data/ml-100k/ml-100k.inter";
    FILE *const file = fopen(path, "rb");
    const bool is_there = file != NULL;
    if (is_there) {
        fclose(file);
    }
    create(&f, is_there || b.n_words > 0 ? path : NULL);
    if (b.n_words == 3) {
        tell_errors(&f, strtol(b.words[1], NULL, 10), strtol(b.words[2], NULL, 10));
    } else {
        tell_time(&b, &f, is_there ? "30 factors, 12 sweeps" : "30 factors, random ratings");
    }
    free(f.users);
    free(f.items);
    rr_dataset_destroy(f.dataset);
    return b.n_words == 3 ? 0 : bench_end(&b);
}
