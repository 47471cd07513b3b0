/* SPDX-License-Identifier: MIT */
#include "feed.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

/* Every (user, product) that was viewed, with the number of views as its rating. */
typedef struct log_of_views {
    uint64_t *users, *products;
    float *ratings;
    int64_t n;
} log_of_views;

static void watch(log_of_views *log, const ob_world *world, int32_t n_users)
{
    ob_user user;
    for (int32_t u = 0; u < n_users; u++) {
        ob_user_begin(&user, world, OB_FIRST_WATCHED + (uint64_t)u);
        for (int32_t i = 0; i < world->config.n_products; i++) {
            if (user.views[i] > 0) {
                log->users[log->n] = (uint64_t)u;
                log->products[log->n] = (uint64_t)i;
                log->ratings[log->n] = (float)user.views[i];
                log->n++;
            }
        }
    }
}

/* Rows in the order of the dataset become rows in the order of products; one never viewed stays at
 * 0. */
static void place(ob_feed *feed, const rr_dataset *dataset, const float *vectors)
{
    const uint64_t *keys = rr_dataset_item_keys(dataset);
    const int32_t n = rr_dataset_item_count(dataset);
    for (int32_t k = 0; k < feed->dim; k++) {
        float square = 0.0f;
        for (int32_t i = 0; i < n; i++) {
            const float y = vectors[(size_t)i * (size_t)feed->dim + (size_t)k];
            square += y * y;
        }
        const float scale = square > 0.0f ? sqrtf((float)n / square) : 0.0f;
        for (int32_t i = 0; i < n; i++) {
            feed->vectors[keys[i]][k] = scale * vectors[(size_t)i * (size_t)feed->dim + (size_t)k];
        }
    }
}

static rr_status fit(ob_feed *feed, const log_of_views *log, rr_error *err)
{
    rr_dataset *dataset = NULL;
    rr_als_config config;
    rr_als_config_init(&config, sizeof config);
    config.num_factors = feed->dim - 2;
    config.feedback = RR_FEEDBACK_IMPLICIT;
    rr_status status = rr_dataset_create(&dataset, log->users, log->products, log->ratings, NULL,
                                         log->n, NULL, err);
    if (status != RR_OK) {
        return status;
    }
    const size_t n_users = (size_t)rr_dataset_user_count(dataset);
    const size_t n_items = (size_t)rr_dataset_item_count(dataset);
    float *users = calloc(n_users * (size_t)feed->dim, sizeof *users);
    float *items = calloc(n_items * (size_t)feed->dim, sizeof *items);
    rr_als_stats stats = {.struct_size = sizeof stats};
    status = RR_E_MEMORY;
    if (users != NULL && items != NULL) {
        status = rr_dataset_fit_als(dataset, &config, NULL, users, items, &stats, err);
    }
    if (status == RR_OK) {
        place(feed, dataset, items);
    }
    free(users);
    free(items);
    rr_dataset_destroy(dataset);
    return status;
}

rr_status ob_feed_create(ob_feed *feed, const ob_world *world, int32_t n_users, int32_t n_factors,
                         rr_error *err)
{
    const int32_t n = world->config.n_products;
    const size_t most = (size_t)n_users * (size_t)(n < 64 ? n : 64);
    memset(feed, 0, sizeof *feed);
    feed->n_products = n;
    feed->dim = n_factors + 2;
    feed->state_dim = 2 * feed->dim + 1 + (n <= OB_SMALL_CATALOGUE ? n : 0);
    log_of_views log = {calloc(most, sizeof *log.users), calloc(most, sizeof *log.products),
                        calloc(most, sizeof *log.ratings), 0};
    rr_status status = RR_E_MEMORY;
    if (log.users != NULL && log.products != NULL && log.ratings != NULL) {
        watch(&log, world, n_users);
        status = fit(feed, &log, err);
    }
    free(log.users);
    free(log.products);
    free(log.ratings);
    return status;
}

void ob_feed_state(float *state, const ob_feed *feed, const ob_user *user)
{
    const int32_t d = feed->dim;
    float *mean = state;
    float *recent = state + d;
    memset(state, 0, (size_t)feed->state_dim * sizeof *state);
    for (int32_t i = 0; i < feed->n_products; i++) {
        const float share = (float)user->views[i] / (float)user->n_views;
        for (int32_t k = 0; share > 0.0f && k < d; k++) {
            mean[k] += share * feed->vectors[i][k];
        }
    }
    float weight = 1.0f;
    float sum = 0.0f;
    for (int32_t t = user->n_views - 1; t >= 0 && t >= user->n_views - 24; t--) {
        for (int32_t k = 0; k < d; k++) {
            recent[k] += weight * feed->vectors[user->recent[t % OB_RECENT]][k];
        }
        sum += weight;
        weight *= 0.8f;
    }
    for (int32_t k = 0; k < d; k++) {
        recent[k] /= sum;
    }
    state[2 * d] = 0.25f * log1pf((float)user->n_views);
    const float n = (float)feed->n_products;
    for (int32_t i = 0; 2 * d + 1 + i < feed->state_dim; i++) {
        const float share = ((float)user->views[i] + 0.5f) / ((float)user->n_views + 0.5f * n);
        state[2 * d + 1 + i] = 0.5f * logf(share * n);
    }
}

void ob_feed_features(float *features, const ob_feed *feed, const ob_user *user)
{
    for (int32_t i = 0; i < feed->n_products; i++) {
        features[OB_FEATURES * i] = log1pf((float)user->views[i]);
        features[OB_FEATURES * i + 1] = i == user->last_view ? 1.0f : 0.0f;
    }
}
