/* SPDX-License-Identifier: MIT */
/* Ratings from the host's own table: a catalogue of vectors made of them, under the host's keys.
 *
 *     host_ratings */
#include <inttypes.h>
#include <recrl/recrl.h>
#include <stdio.h>
#include <stdlib.h>

enum { USERS = 40, FILMS = 30, FACTORS = 4, DIM = FACTORS + 2 };

static void require(rr_status status, const rr_error *err)
{
    if (status != RR_OK) {
        fprintf(stderr, "ratings: %s\n", err->text);
        exit(EXIT_FAILURE);
    }
}

/* Every user rates two films of three; odd users like odd films, even users even ones. */
static rr_dataset *make_ratings(void)
{
    rr_error err;
    static uint64_t users[USERS * FILMS], films[USERS * FILMS];
    static float ratings[USERS * FILMS];
    rr_dataset *dataset = NULL;
    int64_t n = 0;
    for (uint64_t u = 0; u < USERS; u++) {
        for (uint64_t f = 0; f < FILMS; f++) {
            if ((u + f) % 3 != 0) {
                users[n] = 9000 + u;
                films[n] = 500 + f;
                ratings[n++] = u % 2 == f % 2 ? 5.0f : 1.0f;
            }
        }
    }
    require(rr_dataset_create(&dataset, users, films, ratings, NULL, n, NULL, &err), &err);
    return dataset;
}

int main(void)
{
    rr_error err;
    rr_dataset *dataset = make_ratings();
    static float user_vectors[USERS * DIM], film_vectors[FILMS * DIM];
    rr_als_config config;
    rr_als_stats stats = {.struct_size = sizeof stats};
    rr_items *items = NULL;
    printf("%" PRId64 " ratings of %d users and %d films\n", rr_dataset_count(dataset),
           rr_dataset_user_count(dataset), rr_dataset_item_count(dataset));

    rr_als_config_init(&config, sizeof config);
    config.num_factors = FACTORS;
    config.ridge = 0.01f;
    require(rr_dataset_fit_als(dataset, &config, NULL, user_vectors, film_vectors, &stats, &err),
            &err);
    printf("the factors are off by %s than half a point\n",
           stats.train_rmse < 0.5 ? "less" : "more");

    /* Rows are in the order in which keys appeared; the catalogue carries the keys on. */
    const uint64_t *user_keys = rr_dataset_user_keys(dataset);
    const uint64_t *film_keys = rr_dataset_item_keys(dataset);
    require(rr_items_create(&items, film_vectors, film_keys, rr_dataset_item_count(dataset), DIM,
                            NULL, NULL, &err),
            &err);
    for (int u = 0; u < 2; u++) {
        float best = 0.0f;
        int32_t film = 0;
        for (int32_t f = 0; f < FILMS; f++) {
            float score = 0.0f;
            for (int j = 0; j < DIM; j++) {
                score += user_vectors[u * DIM + j] * film_vectors[f * DIM + j];
            }
            if (f == 0 || score > best) {
                best = score;
                film = f;
            }
        }
        uint64_t key = 0;
        require(rr_items_keys_of(items, &film, 1, &key, &err), &err);
        char user[32];
        require(rr_dataset_user_id(dataset, u, user, sizeof user, &err), &err);
        printf("user %s, key %" PRIu64 ", would like an %s film best\n", user, user_keys[u],
               key % 2 == 0 ? "even" : "odd");
    }
    rr_items_release(items);
    rr_dataset_destroy(dataset);
    return EXIT_SUCCESS;
}
