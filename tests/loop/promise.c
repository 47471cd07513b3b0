/* SPDX-License-Identifier: MIT */
/* Prints one line "name hash" for each of a few small trainings: the hash of every decision, reward
 * and statistic, and of the checkpoint at the end. One release, one seed: the same lines from every
 * compiler, at every level of optimisation, on any number of threads, at every level of kernels.
 *
 *   promise [--threads N] [--level portable|avx2|avx512]
 *
 * Ends with 77 where this CPU or this build lacks the level. */
#include <inttypes.h>

#include "machine.h"
#include "math/kernels.h"

/* Factors of made-up ratings, whose fit is promised the same way. */
static uint64_t fit_factors(int32_t num_threads)
{
    enum { N = 600, USERS = 40, ITEMS = 30, FACTORS = 5 };
    uint64_t users[N], items[N];
    float ratings[N];
    machine m = {.generator = 3};
    for (size_t i = 0; i < N; i++) {
        users[i] = (uint64_t)(machine_uniform(&m) * USERS);
        items[i] = (uint64_t)(machine_uniform(&m) * ITEMS);
        ratings[i] = 1.0f + (float)(int)(machine_uniform(&m) * 5.0f);
    }
    rr_error err;
    rr_dataset *dataset = NULL;
    machine_require(rr_dataset_create(&dataset, users, items, ratings, NULL, N, NULL, &err), &err);
    rr_als_config config;
    rr_als_config_init(&config, sizeof config);
    config.num_factors = FACTORS;
    config.num_threads = num_threads;
    float user_vectors[USERS * (FACTORS + 2)] = {0}, item_vectors[ITEMS * (FACTORS + 2)] = {0};
    rr_als_stats stats = {.struct_size = sizeof stats};
    machine_require(
        rr_dataset_fit_als(dataset, &config, NULL, user_vectors, item_vectors, &stats, &err), &err);
    rr_dataset_destroy(dataset);
    uint64_t hash = machine_hash(UINT64_C(0xcbf29ce484222325), user_vectors, sizeof user_vectors);
    hash = machine_hash(hash, item_vectors, sizeof item_vectors);
    return machine_hash(hash, &stats.train_rmse, sizeof stats.train_rmse);
}

static int level_of(const char *name)
{
    static const char *const names[RRI_N_LEVELS] = {"portable", "avx2", "avx512"};
    for (int level = 0; level < RRI_N_LEVELS; level++) {
        if (strcmp(names[level], name) == 0) {
            return level;
        }
    }
    return -1;
}

int main(int argc, char **argv)
{
    int32_t num_threads = 1;
    for (int i = 1; i < argc; i += 2) {
        const bool is_threads = strcmp(argv[i], "--threads") == 0;
        const bool is_level = strcmp(argv[i], "--level") == 0;
        const int level = is_level && i + 1 < argc ? level_of(argv[i + 1]) : -1;
        if (i + 1 == argc || (!is_threads && level < 0)) {
            fprintf(stderr, "usage: promise [--threads N] [--level portable|avx2|avx512]\n");
            return 2;
        }
        if (is_threads) {
            num_threads = atoi(argv[i + 1]);
        } else if (!rri_kernels_force(level)) {
            fprintf(stderr, "promise: there is no level %s here\n", argv[i + 1]);
            return 77;
        }
    }
    for (size_t i = 0; i < MACHINE_PLANS; i++) {
        printf("%s %016" PRIx64 "\n", machine_plans[i].name,
               machine_run(&machine_plans[i], i, num_threads));
    }
    printf("als %016" PRIx64 "\n", fit_factors(num_threads));
    return EXIT_SUCCESS;
}
