/* SPDX-License-Identifier: MIT */
/* The front door of rr_dataset: from a file to vectors, through recrl.h alone. */
#include <fenv.h>
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check_run.h"
#include "recrl/recrl.h"

static const char *const fixture = "tests/data/fixtures/recbole.tsv";

START_TEST(test_dataset_of_a_file_has_its_counts_and_keys)
{
    rr_dataset *dataset = NULL;
    rr_error err = {0};
    ck_assert_msg(rr_dataset_load(&dataset, fixture, NULL, NULL, &err) == RR_OK, "%s", err.text);
    ck_assert_int_eq(rr_dataset_count(dataset), 5);
    ck_assert_int_eq(rr_dataset_user_count(dataset), 3);
    ck_assert_int_eq(rr_dataset_item_count(dataset), 3);
    ck_assert_mem_eq(rr_dataset_user_keys(dataset), ((const uint64_t[3]){7, 9, 12}),
                     sizeof(uint64_t[3]));
    ck_assert_mem_eq(rr_dataset_item_keys(dataset), ((const uint64_t[3]){100, 101, 102}),
                     sizeof(uint64_t[3]));
    float shares[3];
    ck_assert_int_eq(rr_dataset_popularity(dataset, NULL, shares, NULL), RR_OK);
    ck_assert_float_eq(shares[0], 0.4f);
    ck_assert_float_eq(shares[1], 0.2f);
    ck_assert_float_eq(shares[2], 0.4f);
    ck_assert_int_eq(rr_dataset_popularity(dataset, (const uint8_t[]){1, 0, 0}, shares, NULL),
                     RR_OK);
    ck_assert_float_eq(shares[0], 0.5f);
    ck_assert_float_eq(shares[1], 0.0f);
    rr_dataset_destroy(dataset);
}
END_TEST

START_TEST(test_dataset_that_cannot_be_read_says_why)
{
    rr_dataset *dataset = NULL;
    rr_error err = {0};
    ck_assert_int_eq(rr_dataset_load(&dataset, "no/such/file", NULL, NULL, &err), RR_E_IO);
    ck_assert_ptr_nonnull(strstr(err.text, "no/such/file"));
    ck_assert_int_eq(rr_dataset_load(&dataset, "tests", NULL, NULL, &err), RR_E_IO);

    char path[] = "/tmp/recrl_dataset_XXXXXX";
    const int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    ck_assert_int_eq(write(fd, "user_id,item_id,rating\n1,2,?\n", 29), 29);
    close(fd);
    ck_assert_int_eq(rr_dataset_load(&dataset, path, NULL, NULL, &err), RR_E_FORMAT);
    ck_assert_ptr_nonnull(strstr(err.text, path));
    ck_assert_ptr_nonnull(strstr(err.text, ":2:5: rating is '?'; it must be a finite number"));
    unlink(path);
    ck_assert_ptr_null(dataset);
}
END_TEST

START_TEST(test_dataset_refuses_missing_arguments_by_name)
{
    const uint64_t keys[1] = {1};
    const float rating = 1.0f;
    rr_dataset *dataset = NULL;
    rr_error err = {0};
    ck_assert_int_eq(rr_dataset_load(NULL, fixture, NULL, NULL, &err), RR_E_INVALID);
    ck_assert_int_eq(rr_dataset_load(&dataset, NULL, NULL, NULL, &err), RR_E_INVALID);
    ck_assert_str_eq(err.text, "rr_dataset_load: path is NULL");
    ck_assert_int_eq(rr_dataset_create(&dataset, keys, NULL, &rating, NULL, 1, NULL, &err),
                     RR_E_INVALID);
    ck_assert_str_eq(err.text, "rr_dataset_create: items is NULL");
    ck_assert_int_eq(rr_dataset_create(&dataset, keys, keys, &rating, NULL, 0, NULL, &err),
                     RR_E_INVALID);
    ck_assert_str_eq(err.text, "rr_dataset_create: n is 0; it must be at least 1");
    ck_assert_int_eq(
        rr_dataset_create(&dataset, keys, keys, (const float[]){NAN}, NULL, 1, NULL, NULL),
        RR_E_NOT_FINITE);
    ck_assert_ptr_null(dataset);
    ck_assert_int_eq(rr_dataset_count(NULL), 0);
    ck_assert_ptr_null(rr_dataset_user_keys(NULL));
    rr_dataset_destroy(NULL);
}
END_TEST

START_TEST(test_dataset_tells_its_columns)
{
    rr_dataset *dataset = NULL;
    rr_error err = {0};
    rr_dataset_view view = {.struct_size = sizeof view};
    ck_assert_int_eq(rr_dataset_load(&dataset, fixture, NULL, NULL, NULL), RR_OK);
    ck_assert_int_eq(rr_dataset_describe(dataset, &view, NULL), RR_OK);
    ck_assert(view.n == 5 && view.n_users == 3 && view.n_items == 3 && view.has_ratings == 1);
    ck_assert_mem_eq(view.users, ((const int32_t[5]){0, 1, 0, 2, 1}), sizeof(int32_t[5]));
    ck_assert_mem_eq(view.items, ((const int32_t[5]){0, 1, 2, 0, 2}), sizeof(int32_t[5]));
    ck_assert(view.ratings[1] == 3.5f && view.times[4] == 881250953 && view.user_keys[2] == 12);
    ck_assert(view.positions == NULL && view.propensities == NULL);
    rr_dataset_destroy(dataset);
    ck_assert_int_eq(
        rr_dataset_load(&dataset, "tests/data/fixtures/open_bandit.csv", NULL, NULL, NULL), RR_OK);
    ck_assert_int_eq(rr_dataset_describe(dataset, &view, NULL), RR_OK);
    ck_assert(view.n == 3 && view.n_users == 2 && view.positions[2] == 3);
    ck_assert_float_eq(view.propensities[0], 0.0125f);
    rr_dataset_destroy(dataset);
    ck_assert_int_eq(rr_dataset_describe(NULL, &view, &err), RR_E_INVALID);
    ck_assert_str_eq(err.text, "rr_dataset_describe: dataset is NULL");
}
END_TEST

/* Options of a limit and of threads. */
static const rr_load_options *options_of(uint64_t memory_limit, int32_t num_threads)
{
    static rr_load_options options;
    rr_load_options_init(&options, sizeof options);
    options.memory_limit = memory_limit;
    options.num_threads = num_threads;
    return &options;
}

/* A file of n rows, one user and item each. */
static void write_rows(char path[32], int n)
{
    strcpy(path, "/tmp/recrl_dataset_XXXXXX");
    FILE *const file = fdopen(mkstemp(path), "w");
    ck_assert_ptr_nonnull(file);
    fprintf(file, "user_id,item_id,rating\n");
    for (int i = 0; i < n; i++) {
        fprintf(file, "%d,%d,%d.5\n", i % 1000, i % 313, i % 5);
    }
    fclose(file);
}

START_TEST(test_dataset_that_does_not_fit_its_limit_is_refused_with_the_figure)
{
    char path[32];
    rr_dataset *dataset = NULL;
    rr_error err = {0};
    write_rows(path, 900000); /* three blocks */
    ck_assert_int_eq(rr_dataset_load(&dataset, path, options_of(16000000, 1), NULL, &err),
                     RR_E_MEMORY);
    ck_assert_ptr_nonnull(strstr(err.text, path));
    double needed = 0.0;
    const char *const figure = strstr(err.text, "needs at least ");
    ck_assert_ptr_nonnull(figure);
    ck_assert_int_eq(sscanf(figure, "needs at least %lf MB", &needed), 1);
    ck_assert_ptr_nonnull(strstr(err.text, " MB; the memory limit is 16.0 MB"));
    static const struct {
        uint64_t limit;
        const char *shown;
    } small[] = {{49999, "memory limit is 50.0 kB"}, {999, "memory limit is 999 bytes"}};
    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(rr_dataset_load(&dataset, path, options_of(small[i].limit, 1), NULL, &err),
                         RR_E_MEMORY);
        ck_assert_ptr_nonnull(strstr(err.text, small[i].shown));
    }
    /* 20 bytes a row, a block of text, two tables. */
    ck_assert(needed > 20.0 && needed < 30.0);
    ck_assert_ptr_null(dataset);
    ck_assert_int_eq(rr_dataset_load(&dataset, path,
                                     options_of((uint64_t)(needed * 1e6) + 500000, 1), NULL, &err),
                     RR_OK);
    ck_assert_int_eq(rr_dataset_count(dataset), 900000);
    ck_assert_int_eq(rr_dataset_user_count(dataset), 1000);
    rr_dataset_view view = {.struct_size = sizeof view};
    ck_assert_int_eq(rr_dataset_describe(dataset, &view, NULL), RR_OK);
    for (int64_t i = 0; i < 900000; i++) {
        ck_assert(view.user_keys[view.users[i]] == (uint64_t)(i % 1000) &&
                  view.item_keys[view.items[i]] == (uint64_t)(i % 313) &&
                  view.ratings[i] == (float)(i % 5) + 0.5f);
    }
    rr_dataset_destroy(dataset);
    unlink(path);
}
END_TEST

enum { D = 6 };

START_TEST(test_dataset_fit_checks_the_config_and_fills_the_stats)
{
    rr_dataset *dataset = NULL;
    rr_error err = {0};
    rr_als_config config;
    rr_als_stats stats = {.struct_size = sizeof stats};
    float users[3 * D], items[3 * D];
    ck_assert_int_eq(rr_dataset_load(&dataset, fixture, NULL, NULL, NULL), RR_OK);
    rr_als_config_init(&config, sizeof config);
    config.num_factors = D - 2;
    config.ridge = -1.0f;
    ck_assert_int_eq(rr_dataset_fit_als(dataset, &config, NULL, users, items, &stats, &err),
                     RR_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "als config: ridge is -1"));
    config.ridge = 0.1f;
    config.num_sweeps = 1025; /* hours, where somebody mistyped */
    ck_assert_int_eq(rr_dataset_fit_als(dataset, &config, NULL, users, items, &stats, &err),
                     RR_E_INVALID);
    ck_assert_str_eq(err.text, "als config: num_sweeps is 1025; it must be in [1, 1024]");
    config.num_sweeps = 12;
    ck_assert_int_eq(rr_dataset_fit_als(dataset, &config, NULL, users, items, &stats, &err), RR_OK);
    ck_assert_int_eq(stats.n_train, 5);
    ck_assert_int_eq(stats.n_holdout, 0);
    ck_assert_double_eq_tol(stats.mean, 2.35, 1e-12);
    ck_assert(isnan(stats.holdout_rmse));
    ck_assert_float_eq(users[D - 2], 1.0f);
    ck_assert_float_eq(items[D - 1], 1.0f);
    ck_assert_int_eq(rr_dataset_fit_als(dataset, &config, NULL, users, items, NULL, NULL), RR_OK);
    ck_assert_int_eq(rr_dataset_fit_als(dataset, &config, NULL, NULL, items, NULL, &err),
                     RR_E_INVALID);
    ck_assert_str_eq(err.text, "rr_dataset_fit_als: user_vectors is NULL");
    rr_dataset_destroy(dataset);
}
END_TEST

START_TEST(test_dataset_fit_gives_the_same_bytes_under_any_rounding_of_the_host)
{
    rr_dataset *dataset = NULL;
    rr_als_config config;
    float users[3 * D], items[3 * D], other_users[3 * D], other_items[3 * D];
    rr_als_config_init(&config, sizeof config);
    config.num_factors = D - 2;
    ck_assert_int_eq(rr_dataset_load(&dataset, fixture, NULL, NULL, NULL), RR_OK);
    ck_assert_int_eq(rr_dataset_fit_als(dataset, &config, NULL, users, items, NULL, NULL), RR_OK);
    ck_assert_int_eq(fesetround(FE_DOWNWARD), 0);
    config.num_threads = 2;
    const rr_status status =
        rr_dataset_fit_als(dataset, &config, NULL, other_users, other_items, NULL, NULL);
    ck_assert_int_eq(fegetround(), FE_DOWNWARD);
    fesetround(FE_TONEAREST);
    ck_assert_int_eq(status, RR_OK);
    ck_assert_mem_eq(users, other_users, sizeof users);
    ck_assert_mem_eq(items, other_items, sizeof items);
    rr_dataset_destroy(dataset);
}
END_TEST

static size_t in_use;
static int n_left;

static void *count_allocate(void *user, size_t bytes, size_t alignment)
{
    (void)user;
    if (n_left-- <= 0) {
        return NULL;
    }
    in_use += bytes;
    return aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
}

static void count_release(void *user, void *block, size_t bytes)
{
    (void)user;
    in_use -= bytes;
    free(block);
}

START_TEST(test_dataset_gives_all_memory_back_wherever_it_runs_out)
{
    const rr_host host = {
        .struct_size = sizeof host, .allocate = count_allocate, .release = count_release};
    rr_als_config config;
    float users[3 * D], items[3 * D];
    rr_als_config_init(&config, sizeof config);
    config.num_factors = D - 2;
    config.num_threads = 2;
    rr_status status = RR_E_MEMORY;
    for (int limit = 0; status != RR_OK; limit++) {
        ck_assert_int_lt(limit, 30);
        ck_assert_int_eq(status, RR_E_MEMORY);
        rr_dataset *dataset = NULL;
        n_left = limit;
        status = rr_dataset_load(&dataset, fixture, NULL, &host, NULL);
        if (status == RR_OK) {
            status = rr_dataset_fit_als(dataset, &config, &host, users, items, NULL, NULL);
        }
        rr_dataset_destroy(dataset);
        ck_assert_uint_eq(in_use, 0);
    }
}
END_TEST

START_TEST(test_dataset_is_read_in_blocks_of_any_size_and_options_are_set_by_name)
{
    rr_error err = {0};
    rr_dataset *dataset = NULL;
    rr_load_options options;
    rr_load_options_init(&options, sizeof options);
    ck_assert_int_eq(rr_config_set(&options, "num_threads", "3", &err), RR_OK);
    ck_assert_int_eq(rr_config_set(&options, "block_bytes", "64", &err), RR_OK);
    ck_assert_int_eq(rr_config_set(&options, "block_bytes", "63", &err), RR_E_INVALID);
    ck_assert_str_eq(err.text, "load options: block_bytes is 63; it must be in [64, 1073741824]");
    ck_assert_int_eq(rr_dataset_load(&dataset, fixture, &options, NULL, &err), RR_OK);
    ck_assert_int_eq(rr_dataset_count(dataset), 5);
    rr_dataset_destroy(dataset);
    options.kind = RR_CONFIG_ALS;
    ck_assert_int_eq(rr_dataset_load(&dataset, fixture, &options, NULL, &err), RR_E_INVALID);
}
END_TEST

START_TEST(test_dataset_is_loaded_on_several_threads_within_its_limit)
{
    char path[32];
    rr_dataset *datasets[2] = {NULL, NULL};
    rr_dataset_view views[2] = {{.struct_size = sizeof views[0]}, {.struct_size = sizeof views[1]}};
    rr_error err = {0};
    write_rows(path, 900000);
    ck_assert_int_eq(rr_dataset_load(&datasets[1], path, options_of(16000000, 2), NULL, &err),
                     RR_E_MEMORY);
    ck_assert_ptr_nonnull(strstr(err.text, " MB; the memory limit is 16.0 MB"));
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(rr_dataset_load(&datasets[i], path, options_of(0, 1 + 2 * i), NULL, NULL),
                         RR_OK);
        ck_assert_int_eq(rr_dataset_describe(datasets[i], &views[i], NULL), RR_OK);
    }
    ck_assert_int_eq(views[0].n, 900000);
    ck_assert_mem_eq(views[0].items, views[1].items, 900000 * sizeof(int32_t));
    ck_assert_mem_eq(views[0].ratings, views[1].ratings, 900000 * sizeof(float));
    rr_dataset_destroy(datasets[0]);
    rr_dataset_destroy(datasets[1]);
    unlink(path);
    for (int32_t bad = 0; bad <= 65; bad += 65) {
        ck_assert_int_eq(rr_dataset_load(&datasets[0], fixture, options_of(0, bad), NULL, &err),
                         RR_E_INVALID);
    }
    ck_assert_str_eq(err.text, "load options: num_threads is 65; it must be in [1, 64]");
    ck_assert_int_eq(rr_dataset_load(&datasets[0], NULL, NULL, NULL, &err), RR_E_INVALID);
    ck_assert_str_eq(err.text, "rr_dataset_load: path is NULL");
}
END_TEST

CHECK_MAIN("api/api_dataset", test_dataset_of_a_file_has_its_counts_and_keys,
           test_dataset_that_cannot_be_read_says_why,
           test_dataset_refuses_missing_arguments_by_name, test_dataset_tells_its_columns,
           test_dataset_that_does_not_fit_its_limit_is_refused_with_the_figure,
           test_dataset_fit_checks_the_config_and_fills_the_stats,
           test_dataset_fit_gives_the_same_bytes_under_any_rounding_of_the_host,
           test_dataset_gives_all_memory_back_wherever_it_runs_out,
           test_dataset_is_read_in_blocks_of_any_size_and_options_are_set_by_name,
           test_dataset_is_loaded_on_several_threads_within_its_limit)
