/* SPDX-License-Identifier: MIT */
#include "world.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>

#include "text.h"
#include "vectors.h"

/* The split of users is part of the world, not of a run: evaluation finds the users of any
 * training. Of MovieLens-100k's 943 users this seed holds back 189. */
static const uint64_t SPLIT_SEED = 2021;
static const float TEST_FRACTION = 0.2f;
/* So many users all fall on one side once in a thousand files: 0.8^31 < 0.001. */
enum { SAFE_USERS = 31 };
/* Of each user's interactions, the latest. */
static const float HELD_OUT = 0.1f;

static const char *const MOVIELENS_FILE = "data/ml-100k/ml-100k.inter";

static bool is_simulated(const char *spec)
{
    return strcmp(spec, "synthetic") == 0 || strcmp(spec, "tiring") == 0;
}

static bool is_input(const char *path)
{
    return strcmp(path, "-") == 0;
}

void world_name(char *out, size_t capacity, const char *spec)
{
    if (is_input(spec)) {
        snprintf(out, capacity, "stdin");
        return;
    }
    const char *slash = strrchr(spec, '/');
    snprintf(out, capacity, "%s", slash != NULL ? slash + 1 : spec);
    const size_t n = strlen(out);
    if (n > 3 && strcmp(out + n - 3, ".gz") == 0) {
        out[n - 3] = '\0';
    }
    char *dot = strrchr(out, '.');
    if (dot != NULL && dot != out) {
        *dot = '\0';
    }
}

static bool is_folder(const char *path)
{
    struct stat about;
    return stat(path, &about) == 0 && S_ISDIR(about.st_mode);
}

/* A file or a pipe. */
static bool is_file(const char *path)
{
    struct stat about;
    return is_input(path) || (stat(path, &about) == 0 && !S_ISDIR(about.st_mode));
}

bool world_is_pipe(const char *path)
{
    struct stat about;
    return is_input(path) ||
           (stat(path, &about) == 0 && !S_ISREG(about.st_mode) && !S_ISDIR(about.st_mode));
}

static void find_file(world *w, const char *spec, const char *data, bool is_remembered)
{
    const bool is_movielens = strcmp(spec, "movielens") == 0;
    if (is_movielens && data != NULL && is_folder(data)) {
        snprintf(w->path, sizeof w->path, "%s/ml-100k.inter", data);
    } else {
        const char *path = data != NULL ? data : is_movielens ? MOVIELENS_FILE : spec;
        snprintf(w->path, sizeof w->path, "%s", path);
    }
    if (is_remembered && is_input(w->path)) {
        text_fail("the checkpoint was made from standard input; give --data FILE");
    }
    if (is_file(w->path)) {
        return;
    }
    if (is_remembered) {
        text_fail("%s, which the checkpoint was made from, is not there; give --data FILE",
                  w->path);
    }
    if (is_movielens) {
        text_fail("%s is not there; fetch it with: sh examples/fetch_movielens.sh\n"
                  "(or say where it is with --data FILE)",
                  w->path);
    }
    if (data != NULL) {
        text_fail("--data is \"%s\"; there is no such file", data);
    }
    text_fail(
        "--world is \"%s\"; it must be synthetic, tiring, movielens or a file of interactions",
        spec);
}

/* Vectors of the users whose mark is `part`. `flag` names the file. */
static void take_users(world *w, int part, const uint8_t *is_test, int32_t n, const char *flag)
{
    const size_t d = (size_t)w->dim;
    w->users[part] = text_allocate((size_t)n * d, sizeof(float));
    w->user_rows[part] = text_allocate((size_t)n, sizeof(int32_t));
    int32_t n_taken = 0;
    for (int32_t i = 0; i < n; i++) {
        if (is_test[i] == part) {
            memcpy(w->users[part] + (size_t)n_taken * d, w->user_vectors + (size_t)i * d,
                   d * sizeof(float));
            w->user_rows[part][n_taken] = i;
            n_taken += 1;
        }
    }
    w->n_users[part] = n_taken;
    if (n_taken == 0) {
        text_fail(
            "%s has %d user%s, of whom none is left for %s: %.0f %% of them are held back, drawn "
            "by their ids, which is safe from about %d users on; give %s a file with more",
            is_input(w->path) ? "standard input" : w->path, (int)n, n == 1 ? "" : "s",
            part == WORLD_TEST ? "evaluation" : "training", 100.0 * (double)TEST_FRACTION,
            SAFE_USERS, flag);
    }
}

static void compute_mean_user(world *w)
{
    w->mean_user = text_allocate((size_t)w->dim, sizeof(float));
    for (int32_t j = 0; j < w->dim; j++) {
        double sum = 0.0;
        for (int32_t i = 0; i < w->n_users[WORLD_TRAIN]; i++) {
            sum += (double)w->users[WORLD_TRAIN][(size_t)i * (size_t)w->dim + (size_t)j];
        }
        w->mean_user[j] = (float)(sum / w->n_users[WORLD_TRAIN]);
    }
}

/* Each item's share of the training users' interactions, as if each had one more: an item that none
 * of them knows is rare, not infinitely novel. */
static void compute_popularity(world *w, const rr_dataset *dataset, const uint8_t *is_test)
{
    const int32_t n = rr_dataset_user_count(dataset);
    uint8_t *is_train = text_allocate((size_t)n, 1);
    for (int32_t i = 0; i < n; i++) {
        is_train[i] = is_test[i] == 0;
    }
    rr_error err;
    w->popularity = text_allocate((size_t)w->n_items, sizeof(float));
    text_require(rr_dataset_popularity(dataset, is_train, w->popularity, &err), &err);
    const float n_interactions = (float)rr_dataset_count(dataset);
    for (int32_t i = 0; i < w->n_items; i++) {
        w->popularity[i] =
            (w->popularity[i] * n_interactions + 1.0f) / (n_interactions + (float)w->n_items);
    }
    free(is_train);
}

/* The latest tenth of each user is set apart; without times, a random tenth of all. What is not
 * positive of it is looked for by nobody. */
static void divide(world *w, const rr_dataset *dataset)
{
    enum { UNWANTED = 2 };
    rr_error err;
    rr_dataset_view view = {.struct_size = sizeof view};
    uint8_t *marks = text_allocate((size_t)w->n_interactions, 1);
    const int32_t split = w->told.has_times ? RR_SPLIT_PER_USER : RR_SPLIT_RANDOM;
    text_require(rr_dataset_split_rows(dataset, split, HELD_OUT, SPLIT_SEED, marks, &err), &err);
    text_require(rr_dataset_describe(dataset, &view, &err), &err);
    for (int64_t i = 0; i < view.n; i++) {
        if (marks[i] == 1 && !data_file_is_positive(&w->told, view.ratings[i])) {
            marks[i] = UNWANTED;
        }
    }
    for (uint8_t part = 0; part < 2; part++) {
        text_require(rr_dataset_select(&w->parts[part], dataset, marks, part, NULL, &err), &err);
    }
    free(marks);
}

static void count_met(world *w, int32_t n_users)
{
    rr_error err;
    rr_dataset_view view = {.struct_size = sizeof view};
    text_require(rr_dataset_describe(w->parts[0], &view, &err), &err);
    w->n_met = text_allocate((size_t)n_users, sizeof(int32_t));
    for (int64_t i = 0; i < view.n; i++) {
        w->n_met[view.users[i]] += 1;
    }
}

/* The file's interactions: all of them where vectors are given, whose rows are of all. */
static rr_dataset *load(world *w, const settings *s)
{
    const bool is_implicit = s->als.feedback == RR_FEEDBACK_IMPLICIT && !w->has_own_vectors;
    data_told_close(&w->told);
    rr_dataset *const dataset = data_file_load(&w->told, w->path, &w->reading, w->memory_limit,
                                               w->num_threads, is_implicit);
    if (!w->told.has_ratings && !is_implicit && !w->has_own_vectors) {
        text_fail("%s has no ratings: --feedback implicit learns from who met what, and --columns "
                  "rating=C says which column they are",
                  w->told.path);
    }
    return dataset;
}

/* Fitted, or the ones that were given; *train_rmse NaN then. */
static void find_vectors(float *users, float *items, double *train_rmse, const rr_dataset *dataset,
                         const world_source *from, const settings *s)
{
    const int32_t n_users = rr_dataset_user_count(dataset);
    const int32_t n_items = rr_dataset_item_count(dataset);
    const int32_t dim = s->als.num_factors + 2;
    *train_rmse = (double)NAN;
    if (from->vectors != NULL) {
        vectors_read(users, items, from->vectors, n_users, n_items, dim);
    } else {
        rr_error err;
        rr_als_stats stats = {.struct_size = sizeof stats};
        text_require(rr_dataset_fit_als(dataset, &s->als, NULL, users, items, &stats, &err), &err);
        *train_rmse = stats.train_rmse;
    }
    if (from->save_vectors != NULL) {
        vectors_write(from->save_vectors, users, items, n_users, n_items, dim);
    }
}

static void learn(world *w, const world_source *from, const settings *s)
{
    rr_error err;
    if (from->save_vectors != NULL) {
        vectors_require_writable(from->save_vectors);
    }
    rr_dataset *dataset = load(w, s);
    const int32_t n_users = rr_dataset_user_count(dataset);
    w->n_items = rr_dataset_item_count(dataset);
    w->n_interactions = rr_dataset_count(dataset);
    w->dim = s->als.num_factors + 2;
    divide(w, dataset);

    w->item_vectors = text_allocate((size_t)w->n_items * (size_t)w->dim, sizeof(float));
    uint8_t *is_test = text_allocate((size_t)n_users, 1);
    w->user_vectors = text_allocate((size_t)n_users * (size_t)w->dim, sizeof(float));
    find_vectors(w->user_vectors, w->item_vectors, &w->train_rmse, w->parts[0], from, s);
    text_require(rr_items_create(&w->items, w->item_vectors, rr_dataset_item_keys(dataset),
                                 w->n_items, w->dim, NULL, NULL, &err),
                 &err);
    text_require(rr_dataset_split_users(dataset, TEST_FRACTION, SPLIT_SEED, is_test, &err), &err);
    const char *flag = from->data != NULL ? "--data" : "--world";
    take_users(w, WORLD_TRAIN, is_test, n_users, flag);
    take_users(w, WORLD_TEST, is_test, n_users, flag);
    compute_mean_user(w);
    compute_popularity(w, w->parts[0], is_test);
    count_met(w, n_users);

    free(is_test);
    if (w->told.is_pipe) {
        w->kept = dataset;
    } else {
        rr_dataset_destroy(dataset);
    }
}

static bool is_reading_given(const world_source *from)
{
    static const data_options none;
    return from->reading != NULL && memcmp(from->reading, &none, sizeof none) != 0;
}

/* Synthetic worlds read nothing. */
static void refuse_files(const world_source *from)
{
    const char *flag = from->vectors != NULL        ? "--vectors"
                       : from->save_vectors != NULL ? "--save-vectors"
                       : from->memory_limit > 0     ? "--memory-limit"
                       : is_reading_given(from)     ? "--columns or another flag of reading"
                                                    : NULL;
    if (flag != NULL) {
        text_fail("%s is given, but --world is \"%s\", which reads no interactions; it must be "
                  "movielens or a file",
                  flag, from->spec);
    }
}

void world_open(world *w, const world_source *from, const settings *s)
{
    memset(w, 0, sizeof *w);
    world_name(w->name, sizeof w->name, from->spec);
    w->memory_limit = from->memory_limit;
    if (from->reading != NULL) {
        w->reading = *from->reading;
    }
    w->num_threads = s->als.num_threads;
    w->has_own_vectors = from->vectors != NULL;
    if (is_simulated(from->spec)) {
        refuse_files(from);
        w->dim = s->env.state_dim / 2;
        w->n_items = s->env.num_items;
        return;
    }
    find_file(w, from->spec, from->data, from->is_remembered);
    learn(w, from, s);
}

void world_close(world *w)
{
    rr_items_release(w->items);
    for (int part = 0; part < 2; part++) {
        free(w->users[part]);
        free(w->user_rows[part]);
        rr_dataset_destroy(w->parts[part]);
    }
    rr_dataset_destroy(w->kept);
    data_told_close(&w->told);
    free(w->user_vectors);
    free(w->item_vectors);
    free(w->n_met);
    free(w->popularity);
    free(w->mean_user);
    memset(w, 0, sizeof *w);
}

double world_holdout_rmse(world *w, const settings *s)
{
    rr_error err;
    rr_dataset *dataset = w->kept != NULL ? w->kept : load(w, s);
    rr_als_config config = s->als;
    config.holdout = 0.1f;
    const size_t d = (size_t)w->dim;
    float *users = text_allocate((size_t)rr_dataset_user_count(dataset) * d, sizeof(float));
    float *items = text_allocate((size_t)rr_dataset_item_count(dataset) * d, sizeof(float));
    rr_als_stats stats = {.struct_size = sizeof stats};
    text_require(rr_dataset_fit_als(dataset, &config, NULL, users, items, &stats, &err), &err);
    free(users);
    free(items);
    if (dataset != w->kept) {
        rr_dataset_destroy(dataset);
    }
    return stats.holdout_rmse;
}

rr_env *world_env(const world *w, const rr_env_config *config, uint64_t seed, int part)
{
    rr_error err;
    rr_env *env = NULL;
    rr_env_config own = *config;
    own.seed = seed;
    text_require(rr_env_create(&env, &own, w->items, w->users[part], w->n_users[part], NULL, &err),
                 &err);
    text_require(rr_env_reset(env, &err), &err);
    return env;
}
