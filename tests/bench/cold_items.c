/* SPDX-License-Identifier: MIT */
/* cold_items: what is shown of films that nobody has seen.
 *
 * Truth: a rating above the mean as vectors say that were fitted to all 100,000 ratings of
 * MovieLens-100k. The host knows less: the ratings of the films that are not cold, and the vectors
 * that these give. A policy learns on those films, from what users say of what it shows them, one
 * decision a session; then the cold ones come by rr_items_follow, and for each user the first of
 * them by the policy's scores is shown, before any was seen. Printed over seeds, mean ± deviation:
 *
 *     share = Σ_users (r(chosen) − r(mean film)) / Σ_users (r(best film) − r(mean film))
 *
 * of the cold films and, beside it, of the others.
 *
 *   time     cold are the films whose first rating lies in the last fifth of all ratings; the host
 *            knows the ratings before it
 *   hidden   cold is a fifth of all films by chance, seed by seed
 *
 * cold_items time|hidden [seeds] [first seed] [updates]     of data/ml-100k, which
 * examples/fetch_movielens.sh fetches */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recrl/recrl.h"

enum { DIM = 32, GENRES = 19, FEATURES = GENRES + 1, N = 256, STEPS = 4, MOST_SEEDS = 32 };

typedef enum way {
    ZERO,       /* given vectors; a cold film has zeros */
    GENRE_MEAN, /* given vectors; a cold film has the mean of those of its genres */
    TOWER,      /* no vectors at all: the tower */
    LEARNED,    /* vectors that are learned from zeros, and the tower */
    BESIDE,     /* given vectors, zeros for the cold, and the tower */
    MEAN_TOWER, /* given vectors, the genres' mean for the cold, and the tower */
    WAYS
} way;

static const char *const names[WAYS] = {"given vectors, zeros",
                                        "given vectors, genres' mean",
                                        "tower alone",
                                        "tower, learned vectors",
                                        "tower beside given vectors, zeros",
                                        "tower beside given vectors, genres' mean"};

typedef struct rating {
    uint64_t user, film;
    float value;
    double time;
} rating;

/* All ratings in the order of time, and films by the index of the whole dataset. */
typedef struct data {
    rating *ratings;
    int64_t n;
    rr_dataset *all;
    int32_t n_users, n_films;
    float *users, *films; /* [n, DIM] the truth */
    float *features;      /* [n_films, FEATURES] */
    uint8_t *is_cold;     /* [n_films] */
    int32_t *counts;      /* [n_films] ratings */
} data;

/* What the host knows, and who its users are. */
typedef struct host {
    rr_dataset *known;
    int32_t n_users, n_warm, n_cold;
    float *users, *films; /* [n_users, DIM], [n_films of all, DIM] zeros where cold */
    int32_t *user_of;     /* [n_users] index in the truth */
    int32_t *warm, *cold; /* indices in the truth, in the order of the catalogue */
} host;

static rr_error err;

static void require(bool is_fine)
{
    if (!is_fine) {
        fprintf(stderr, "cold_items: %s\n", err.text);
        exit(1);
    }
}

static void *take(size_t n, size_t bytes)
{
    void *block = calloc(n > 0 ? n : 1, bytes);
    if (block == NULL) {
        fprintf(stderr, "cold_items: out of memory\n");
        exit(1);
    }
    return block;
}

static float dot(const float *a, const float *b)
{
    float sum = 0.0f;
    for (size_t c = 0; c < DIM; c++) {
        sum += a[c] * b[c];
    }
    return sum;
}

/* ── reading ── */

static FILE *open_data(const char *name)
{
    char path[128];
    snprintf(path, sizeof path, "data/ml-100k/%s", name);
    FILE *file = fopen(path, "r");
    if (file == NULL) {
        fprintf(stderr, "cold_items: %s is not there; sh examples/fetch_movielens.sh\n", path);
        exit(1);
    }
    return file;
}

static int by_time(const void *a, const void *b)
{
    const rating *x = a, *y = b;
    if (x->time != y->time) {
        return x->time < y->time ? -1 : 1;
    }
    return x->user != y->user ? (x->user < y->user ? -1 : 1) : (x->film < y->film ? -1 : 1);
}

static void read_ratings(data *d)
{
    FILE *file = open_data("ml-100k.inter");
    char line[256];
    d->ratings = take(100000, sizeof *d->ratings);
    require(fgets(line, sizeof line, file) != NULL);
    while (d->n < 100000 && fgets(line, sizeof line, file) != NULL) {
        char *at = line;
        rating *r = &d->ratings[d->n++];
        r->user = strtoull(at, &at, 10);
        r->film = strtoull(at, &at, 10);
        r->value = strtof(at, &at);
        r->time = strtod(at, &at);
    }
    fclose(file);
    qsort(d->ratings, (size_t)d->n, sizeof *d->ratings, by_time);
}

static rr_dataset *dataset_of(const rating *ratings, int64_t n)
{
    rr_dataset *dataset = NULL;
    uint64_t *users = take((size_t)n, sizeof *users), *films = take((size_t)n, sizeof *films);
    float *values = take((size_t)n, sizeof *values);
    for (int64_t i = 0; i < n; i++) {
        users[i] = ratings[i].user;
        films[i] = ratings[i].film;
        values[i] = ratings[i].value;
    }
    require(rr_dataset_create(&dataset, users, films, values, NULL, n, NULL, &err) == RR_OK);
    free(users);
    free(films);
    free(values);
    return dataset;
}

static void fit(const rr_dataset *dataset, float *users, float *films)
{
    rr_als_config config;
    rr_als_config_init(&config, sizeof config);
    config.num_factors = DIM - 2;
    require(rr_dataset_fit_als(dataset, &config, NULL, users, films, NULL, &err) == RR_OK);
}

static int32_t find(const uint64_t *keys, int32_t n, uint64_t key)
{
    for (int32_t i = 0; i < n; i++) {
        if (keys[i] == key) {
            return i;
        }
    }
    return -1;
}

/* Which genres, and how old in decades before 1998. Columns: id, title, year, genres. */
static void read_features(data *d)
{
    static char genres[GENRES][16];
    FILE *file = open_data("ml-100k.item");
    char line[512];
    int n_genres = 0;
    require(fgets(line, sizeof line, file) != NULL);
    while (fgets(line, sizeof line, file) != NULL) {
        const uint64_t key = strtoull(line, NULL, 10);
        const int32_t film = find(rr_dataset_item_keys(d->all), d->n_films, key);
        char *tab = strchr(line, '\t');
        char *year = tab != NULL ? strchr(tab + 1, '\t') : NULL;
        char *words = year != NULL ? strchr(year + 1, '\t') : NULL;
        if (film < 0 || words == NULL) {
            continue;
        }
        float *features = d->features + (size_t)film * FEATURES;
        const double y = strtod(year + 1, NULL);
        features[GENRES] = y > 1900.0 ? (float)((1998.0 - y) / 10.0) : 1.0f;
        for (char *word = strtok(words, "\t\n "); word != NULL; word = strtok(NULL, "\t\n ")) {
            int g = 0;
            while (g < n_genres && strcmp(genres[g], word) != 0) {
                g++;
            }
            if (g == n_genres && n_genres < GENRES) {
                snprintf(genres[n_genres++], sizeof genres[0], "%s", word);
            }
            if (g < GENRES) {
                features[g] = 1.0f;
            }
        }
    }
    fclose(file);
}

static void read_data(data *d)
{
    read_ratings(d);
    d->all = dataset_of(d->ratings, d->n);
    d->n_users = rr_dataset_user_count(d->all);
    d->n_films = rr_dataset_item_count(d->all);
    d->users = take((size_t)d->n_users * DIM, sizeof(float));
    d->films = take((size_t)d->n_films * DIM, sizeof(float));
    d->features = take((size_t)d->n_films * FEATURES, sizeof(float));
    d->is_cold = take((size_t)d->n_films, 1);
    d->counts = take((size_t)d->n_films, sizeof(int32_t));
    fit(d->all, d->users, d->films);
    read_features(d);
    const uint64_t *keys = rr_dataset_item_keys(d->all);
    for (int64_t i = 0; i < d->n; i++) {
        d->counts[find(keys, d->n_films, d->ratings[i].film)]++;
    }
}

/* ── what is cold, and what is known ── */

static uint64_t generator;

static uint32_t draw(uint32_t n)
{
    generator = generator * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (uint32_t)((generator >> 33) % n);
}

/* Films appear in the dataset in the order of their first ratings. Returns the ratings before which
 * everything is known. */
static int64_t choose_cold(data *d, bool is_by_time, uint64_t seed)
{
    const uint64_t *keys = rr_dataset_item_keys(d->all);
    generator = seed + 7;
    memset(d->is_cold, 0, (size_t)d->n_films);
    for (int32_t i = 0; !is_by_time && i < d->n_films / 5;) {
        const uint32_t film = draw((uint32_t)d->n_films);
        i += d->is_cold[film] == 0;
        d->is_cold[film] = 1;
    }
    const int64_t last = d->n / 5 * 4;
    for (int64_t i = d->n; is_by_time && i-- > 0;) {
        d->is_cold[find(keys, d->n_films, d->ratings[i].film)] = i >= last;
    }
    return is_by_time ? last : d->n;
}

static void know(host *h, data *d, bool is_by_time, uint64_t seed)
{
    const int64_t last = choose_cold(d, is_by_time, seed);
    const uint64_t *keys = rr_dataset_item_keys(d->all);
    rating *kept = take((size_t)last, sizeof *kept);
    int64_t n = 0;
    for (int64_t i = 0; i < last; i++) {
        if (d->is_cold[find(keys, d->n_films, d->ratings[i].film)] == 0) {
            kept[n++] = d->ratings[i];
        }
    }
    h->known = dataset_of(kept, n);
    free(kept);
    h->n_users = rr_dataset_user_count(h->known);
    const int32_t n_fitted = rr_dataset_item_count(h->known);
    float *films = take((size_t)n_fitted * DIM, sizeof(float));
    h->users = take((size_t)h->n_users * DIM, sizeof(float));
    h->films = take((size_t)d->n_films * DIM, sizeof(float));
    h->user_of = take((size_t)h->n_users, sizeof(int32_t));
    h->warm = take((size_t)d->n_films, sizeof(int32_t));
    h->cold = take((size_t)d->n_films, sizeof(int32_t));
    h->n_warm = h->n_cold = 0;
    fit(h->known, h->users, films);
    for (int32_t u = 0; u < h->n_users; u++) {
        h->user_of[u] =
            find(rr_dataset_user_keys(d->all), d->n_users, rr_dataset_user_keys(h->known)[u]);
    }
    for (int32_t i = 0; i < d->n_films; i++) {
        const int32_t at = find(rr_dataset_item_keys(h->known), n_fitted, keys[i]);
        if (at >= 0) {
            memcpy(h->films + (size_t)i * DIM, films + (size_t)at * DIM, DIM * sizeof(float));
            h->warm[h->n_warm++] = i;
        } else if (d->is_cold[i] != 0) {
            h->cold[h->n_cold++] = i;
        }
    }
    free(films);
    for (int32_t i = h->n_cold; i-- > 1;) { /* in no order, so that equal scores are chance */
        const int32_t j = (int32_t)draw((uint32_t)i + 1), kept_film = h->cold[i];
        h->cold[i] = h->cold[j];
        h->cold[j] = kept_film;
    }
}

static void forget(host *h)
{
    rr_dataset_destroy(h->known);
    free(h->users);
    free(h->films);
    free(h->user_of);
    free(h->warm);
    free(h->cold);
}

/* The mean over its genres of the mean vector of the known films of each. */
static void mean_of_genres(float *out, const data *d, const host *h, int32_t film)
{
    int n_genres = 0;
    memset(out, 0, DIM * sizeof *out);
    for (int g = 0; g < GENRES; g++) {
        double sum[DIM] = {0};
        int n = 0;
        if (d->features[(size_t)film * FEATURES + (size_t)g] == 0.0f) {
            continue;
        }
        for (int32_t i = 0; i < h->n_warm; i++) {
            const size_t at = (size_t)h->warm[i];
            if (d->features[at * FEATURES + (size_t)g] != 0.0f) {
                n++;
                for (size_t c = 0; c < DIM; c++) {
                    sum[c] += (double)h->films[at * DIM + c];
                }
            }
        }
        n_genres += n > 0;
        for (size_t c = 0; n > 0 && c < DIM; c++) {
            out[c] += (float)(sum[c] / n);
        }
    }
    for (size_t c = 0; n_genres > 0 && c < DIM; c++) {
        out[c] /= (float)n_genres;
    }
}

/* ── a policy ── */

/* Keys, vectors and features of films as a way has them. */
typedef struct shelf {
    uint64_t *keys;
    float *vectors, *features;
} shelf;

static shelf make_shelf(const data *d, const host *h, const int32_t *films, int32_t n, way w,
                        bool is_cold)
{
    shelf s = {take((size_t)n, sizeof(uint64_t)), take((size_t)n * DIM, sizeof(float)),
               take((size_t)n * FEATURES, sizeof(float))};
    const bool is_mean = is_cold && (w == GENRE_MEAN || w == MEAN_TOWER);
    for (int32_t i = 0; i < n; i++) {
        const size_t film = (size_t)films[i];
        float *vector = s.vectors + (size_t)i * DIM;
        s.keys[i] = film;
        memcpy(s.features + (size_t)i * FEATURES, d->features + film * FEATURES,
               FEATURES * sizeof(float));
        if (is_mean) {
            mean_of_genres(vector, d, h, films[i]);
        } else if (w != TOWER && w != LEARNED) {
            memcpy(vector, h->films + film * DIM, DIM * sizeof(float));
        }
    }
    return s;
}

static void clear_shelf(shelf *s)
{
    free(s->keys);
    free(s->vectors);
    free(s->features);
}

static rr_agent *create_agent(rr_items *items, way w, uint64_t seed)
{
    rr_agent *agent = NULL;
    rr_agent_config config;
    rr_ppo_config ppo;
    rr_agent_config_init(&config, sizeof config);
    rr_ppo_config_init(&ppo, sizeof ppo);
    config.state_dim = config.item_dim = DIM;
    config.has_repeat_weight = 0; /* nothing is shown twice */
    config.has_trained_items = w == LEARNED;
    if (w >= TOWER) {
        config.item_feature_dim = FEATURES;
        config.tower_hidden[0] = 32;
    }
    config.seed = seed;
    ppo.n_steps = STEPS;
    ppo.gamma = 0.0f;
    require(rr_agent_create(&agent, &config, &ppo, items, NULL, &err) == RR_OK);
    return agent;
}

/* One update's rows: each of users at random, one decision each. */
static void play(rr_agent *agent, rr_buffer *buffer, const data *d, const host *h)
{
    static float states[N * DIM], rewards[N], log_probs[N], values[N];
    static int32_t actions[N], users[N];
    static uint8_t is_over[N];
    const rr_obs obs = {.struct_size = sizeof obs, .n = N, .state_dim = DIM, .states = states};
    rr_decision decision = {.struct_size = sizeof decision,
                            .n = N,
                            .actions = actions,
                            .log_probs = log_probs,
                            .values = values};
    const rr_outcome outcome = {
        .struct_size = sizeof outcome, .n = N, .rewards = rewards, .terminated = is_over};
    while (!rr_buffer_is_full(buffer)) {
        for (size_t i = 0; i < N; i++) {
            users[i] = (int32_t)draw((uint32_t)h->n_users);
            memcpy(states + i * DIM, h->users + (size_t)users[i] * DIM, DIM * sizeof(float));
        }
        require(rr_agent_act(agent, &obs, &decision, &err) == RR_OK &&
                rr_buffer_record(buffer, &obs, &decision, &err) == RR_OK);
        for (size_t i = 0; i < N; i++) {
            const size_t user = (size_t)h->user_of[users[i]];
            rewards[i] = dot(d->users + user * DIM, d->films + (size_t)h->warm[actions[i]] * DIM);
            is_over[i] = 1;
        }
        require(rr_buffer_reward(buffer, &outcome, &err) == RR_OK);
    }
    require(rr_agent_update(agent, buffer, &obs, NULL, &err) == RR_OK);
}

/* What is chosen of n films earns: over all users, against the mean and the best. choice [users]:
 * places in films. */
static double share_of(const data *d, const host *h, const int32_t *films, int32_t n,
                       const int32_t *choice)
{
    double earned = 0.0, best = 0.0;
    for (int32_t u = 0; u < h->n_users; u++) {
        const float *user = d->users + (size_t)h->user_of[u] * DIM;
        double sum = 0.0, most = -1e9;
        for (int32_t i = 0; i < n; i++) {
            const double r = (double)dot(user, d->films + (size_t)films[i] * DIM);
            sum += r;
            most = r > most ? r : most;
        }
        earned += (double)dot(user, d->films + (size_t)films[choice[u]] * DIM) - sum / n;
        best += most - sum / n;
    }
    return earned / best;
}

/* The first of the list's films for each user. */
static double share_of_agent(rr_agent *agent, const data *d, const host *h, const int32_t *films,
                             int32_t first, int32_t n)
{
    int32_t *list = take((size_t)n * N, sizeof *list);
    int32_t *choice = take((size_t)h->n_users, sizeof *choice);
    for (int32_t i = 0; i < n * N; i++) {
        list[i] = first + i % n;
    }
    for (int32_t u = 0; u < h->n_users; u += N) {
        const int32_t rows = h->n_users - u < N ? h->n_users - u : N;
        const rr_obs obs = {.struct_size = sizeof obs,
                            .n = rows,
                            .n_candidates = n,
                            .state_dim = DIM,
                            .states = h->users + (size_t)u * DIM,
                            .candidates = list};
        require(rr_agent_top_k(agent, &obs, 1, choice + u, NULL, NULL, &err) == RR_OK);
    }
    const double share = share_of(d, h, films, n, choice);
    free(list);
    free(choice);
    return share;
}

/* The next generation, with the cold films as a way has them; returns the share of what is shown of
 * them. `first` is the index of the first of them. */
static double meet_cold(rr_items **items, rr_agent *agent, const data *d, const host *h, way w)
{
    const int32_t first = rr_items_count(*items);
    shelf fresh = make_shelf(d, h, h->cold, h->n_cold, w, true);
    const rr_items_options options = {sizeof options, FEATURES, fresh.features};
    rr_items *next = NULL;
    require(rr_items_follow(&next, *items, NULL, 0, fresh.keys, fresh.vectors, h->n_cold, &options,
                            NULL, &err) == RR_OK &&
            rr_agent_set_items(agent, next, &err) == RR_OK);
    clear_shelf(&fresh);
    rr_items_release(*items);
    *items = next;
    return share_of_agent(agent, d, h, h->cold, first, h->n_cold);
}

/* cold, warm [WAYS] of the way and of the next, which differs in the vectors of cold films alone.
 */
static void run(double *cold, double *warm, const data *d, const host *h, way w, bool has_next,
                uint64_t seed, int n_updates)
{
    shelf known = make_shelf(d, h, h->warm, h->n_warm, w, false);
    const rr_items_options options = {sizeof options, FEATURES, known.features};
    rr_items *items = NULL;
    rr_buffer *buffer = NULL;
    rr_buffer_config config;
    require(rr_items_create(&items, known.vectors, known.keys, h->n_warm, DIM, &options, NULL,
                            &err) == RR_OK);
    rr_agent *agent = create_agent(items, w, seed);
    rr_buffer_config_init(&config, sizeof config);
    config.max_rows = N * STEPS;
    config.state_dim = DIM;
    require(rr_buffer_create(&buffer, &config, NULL, &err) == RR_OK);
    generator = seed + 1;
    for (int update = 0; update < n_updates; update++) {
        play(agent, buffer, d, h);
    }
    warm[w] = share_of_agent(agent, d, h, h->warm, 0, h->n_warm < 1024 ? h->n_warm : 1024);
    cold[w] = meet_cold(&items, agent, d, h, w);
    if (has_next) {
        warm[w + 1] = warm[w];
        cold[w + 1] = meet_cold(&items, agent, d, h, w + 1);
    }
    rr_buffer_destroy(buffer);
    rr_agent_destroy(agent);
    rr_items_release(items);
    clear_shelf(&known);
}

/* ── the table ── */

typedef double shares[WAYS + 1];

static void print_row(const char *name, const shares *cold, const shares *warm, int w, int n)
{
    const shares *const of[] = {cold, warm};
    printf("%-42s", name);
    for (int c = 0; c < (w < WAYS ? 2 : 1); c++) {
        double sum = 0.0, squares = 0.0;
        for (int i = 0; i < n; i++) {
            sum += of[c][i][w] / n;
        }
        for (int i = 0; i < n; i++) {
            squares += (of[c][i][w] - sum) * (of[c][i][w] - sum);
        }
        printf("  %6.1f ± %4.1f %%", 100.0 * sum, n > 1 ? 100.0 * sqrt(squares / (n - 1)) : 0.0);
    }
    printf("\n");
}

/* The one cold film with the most ratings in all, which is known only afterwards. */
static double popular(const data *d, const host *h)
{
    int32_t most = 0;
    int32_t *choice = take((size_t)h->n_users, sizeof *choice);
    for (int32_t i = 1; i < h->n_cold; i++) {
        most = d->counts[h->cold[i]] > d->counts[h->cold[most]] ? i : most;
    }
    for (int32_t u = 0; u < h->n_users; u++) {
        choice[u] = most;
    }
    const double share = share_of(d, h, h->cold, h->n_cold, choice);
    free(choice);
    return share;
}

int main(int argc, char **argv)
{
    const bool is_by_time = argc < 2 || strcmp(argv[1], "hidden") != 0;
    const int n_seeds = argc > 2 ? (int)strtol(argv[2], NULL, 10) : 1;
    const uint64_t first = argc > 3 ? strtoull(argv[3], NULL, 10) : 300;
    const int n_updates = argc > 4 ? (int)strtol(argv[4], NULL, 10) : 40;
    static data d;
    shares cold[MOST_SEEDS], warm[MOST_SEEDS];
    if (n_seeds < 1 || n_seeds > MOST_SEEDS || n_updates < 1) {
        fprintf(stderr, "cold_items: 1 … %d seeds, and at least one update\n", MOST_SEEDS);
        return 2;
    }
    read_data(&d);
    for (int s = 0; s < n_seeds; s++) {
        host h = {0};
        know(&h, &d, is_by_time, first + (uint64_t)s);
        if (s == 0) {
            printf("%d users, %d films known, %d cold; share of the best of the cold, of the "
                   "known, %d seed%s\n",
                   h.n_users, h.n_warm, h.n_cold, n_seeds, n_seeds == 1 ? "" : "s");
        }
        const uint64_t seed = first + (uint64_t)s;
        run(cold[s], warm[s], &d, &h, ZERO, true, seed, n_updates);
        run(cold[s], warm[s], &d, &h, TOWER, false, seed, n_updates);
        run(cold[s], warm[s], &d, &h, LEARNED, false, seed, n_updates);
        run(cold[s], warm[s], &d, &h, BESIDE, true, seed, n_updates);
        cold[s][WAYS] = popular(&d, &h);
        warm[s][WAYS] = 0.0;
        forget(&h);
    }
    for (int w = 0; w <= WAYS; w++) {
        print_row(w < WAYS ? names[w] : "the one with the most ratings afterwards", cold, warm, w,
                  n_seeds);
    }
    return 0;
}
