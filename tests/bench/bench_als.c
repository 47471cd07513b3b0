/* SPDX-License-Identifier: MIT */
/* bench_als FILE [FIRST LAST]: alternating least squares with 30 factors on 90 % of a file's
 * interactions, and its error on the other 10 %: a line of JSON for each seed. learning.py reads
 * it. */
#include <stdio.h>
#include <stdlib.h>

#include "recrl/recrl.h"

static int fail(const char *sentence)
{
    fprintf(stderr, "bench_als: %s\n", sentence);
    return EXIT_FAILURE;
}

static int run(const rr_dataset *dataset, long first, long last)
{
    rr_als_config config;
    rr_als_config_init(&config, sizeof config);
    config.num_factors = 30;
    config.holdout = 0.1f;
    const size_t width = (size_t)config.num_factors + 2;
    float *users = calloc((size_t)rr_dataset_user_count(dataset) * width, sizeof(float));
    float *items = calloc((size_t)rr_dataset_item_count(dataset) * width, sizeof(float));
    int result = users != NULL && items != NULL ? EXIT_SUCCESS : fail("no memory");
    for (long seed = first; seed <= last && result == EXIT_SUCCESS; seed++) {
        rr_error err;
        rr_als_stats stats = {.struct_size = sizeof stats};
        config.seed = (uint64_t)seed;
        if (rr_dataset_fit_als(dataset, &config, users, items, &stats, NULL, &err) != RR_OK) {
            result = fail(err.text);
        } else {
            printf("{\"seed\": %ld, \"n_train\": %lld, \"n_holdout\": %lld, \"train_rmse\": %.6f, "
                   "\"holdout_rmse\": %.6f}\n",
                   seed, (long long)stats.n_train, (long long)stats.n_holdout, stats.train_rmse,
                   stats.holdout_rmse);
            fflush(stdout);
        }
    }
    free(users);
    free(items);
    return result;
}

int main(int argc, char **argv)
{
    rr_error err;
    rr_dataset *dataset = NULL;
    if (argc != 2 && argc != 4) {
        return fail("usage: bench_als FILE [FIRST LAST]");
    }
    if (rr_dataset_load(&dataset, argv[1], NULL, &err) != RR_OK) {
        return fail(err.text);
    }
    const long first = argc == 4 ? strtol(argv[2], NULL, 10) : 0;
    const long last = argc == 4 ? strtol(argv[3], NULL, 10) : 9;
    const int result = run(dataset, first, last);
    rr_dataset_destroy(dataset);
    return result;
}
