/* SPDX-License-Identifier: MIT */
#include "world.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "driver/text.h"

/* What a random number is for. */
enum {
    OF_ITEM = 1,
    OF_KEY,
    OF_USER,
    OF_LIST,
    OF_FEATURE,
    OF_NOISE,
    OF_READING,
    OF_STAY,
    OF_CHOICE,
    OF_SESSION,
    OF_ARM,
    OF_NEW
};
enum { VALUE_REQUESTS = 2000, VALUE_SWEEPS = 40 };

static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    return x ^ (x >> 31);
}

static uint64_t word(uint64_t seed, uint64_t purpose, uint64_t a, uint64_t b)
{
    return mix(mix(mix(seed + purpose * UINT64_C(0x9E3779B97F4A7C15)) ^ a) + b);
}

double world_uniform(uint64_t seed, uint64_t purpose, uint64_t a, uint64_t b)
{
    return (double)(word(seed, purpose, a, b) >> 11) * 0x1p-53;
}

/* Mean 0, variance 1, and the same bits everywhere: the sum of four uniform parts of one word. */
static float bell(uint64_t seed, uint64_t purpose, uint64_t a, uint64_t b)
{
    const uint64_t x = word(seed, purpose, a, b);
    const uint64_t sum = (x & 0xFFFF) + (x >> 16 & 0xFFFF) + (x >> 32 & 0xFFFF) + (x >> 48);
    return ((float)sum * (1.0f / 65536.0f) - 2.0f) * 1.7320508f;
}

static float clamp(float x, float low, float high)
{
    return x < low ? low : x > high ? high : x;
}

static const float *features_of(const batch *b, int32_t row, int32_t position)
{
    return b->features + ((size_t)row * (size_t)b->k + (size_t)position) * WORLD_FEATURES;
}

static float affinity(const world *w, const float *u, int32_t item)
{
    const float *v = w->vectors + (size_t)item * WORLD_DIM;
    float sum = 0.0f;
    for (int j = 0; j < WORLD_DIM; j++) {
        sum += u[j] * v[j];
    }
    return sum;
}

static void chances(const world *w, const batch *b, int32_t row, int32_t position, float *reading,
                    float *stay)
{
    const float *f = features_of(b, row, position);
    const int32_t item = b->candidates[(size_t)row * (size_t)b->k + (size_t)position];
    const float a = affinity(w, b->states + (size_t)row * WORLD_DIM, item);
    *reading = clamp(0.20f + 0.05f * a + 0.04f * f[1] + 0.06f * f[2] + 0.03f * f[3], 0.01f, 0.95f);
    *stay = clamp(0.75f - 0.05f * f[2] + 0.04f * f[4] + 0.02f * f[5], 0.05f, 0.90f);
}

enum { SCHEMA_1_FEATURES = 15, NEW_FEATURE = 14 };
static const int32_t features_now[WORLD_FEATURES] = {0, 2, 1,  3,  4,  5,  6,  7,
                                                     8, 9, 10, 11, 12, 13, -1, -1};
static const int32_t states_now[WORLD_DIM] = {15, 14, 13, 12, 11, 10, 9, 8, 7, 6, 5, 4, 3, 2, 1, 0};

int32_t world_features(int32_t schema)
{
    return schema == 0 ? WORLD_FEATURES : SCHEMA_1_FEATURES;
}

rr_schema_map world_map(void)
{
    return (rr_schema_map){.struct_size = sizeof(rr_schema_map),
                           .n_states = WORLD_DIM,
                           .n_features = WORLD_FEATURES,
                           .states = states_now,
                           .features = features_now};
}

/* The row as schema 1 has it. The new feature says nothing, as many do. */
static void see(const world *w, batch *b, int32_t row)
{
    const float *u = b->states + (size_t)row * WORLD_DIM;
    for (int32_t j = 0; j < WORLD_DIM; j++) {
        b->seen_states[(size_t)row * WORLD_DIM + (size_t)states_now[j]] = u[j];
    }
    for (int32_t position = 0; position < b->k; position++) {
        const float *f = features_of(b, row, position);
        float *seen =
            b->seen_features + ((size_t)row * (size_t)b->k + (size_t)position) * SCHEMA_1_FEATURES;
        for (int32_t j = 0; j < WORLD_FEATURES; j++) {
            if (features_now[j] >= 0) {
                seen[features_now[j]] = f[j];
            }
        }
        seen[NEW_FEATURE] = bell(w->seed, OF_NEW, b->requests[row].decision, (uint64_t)position);
    }
}

void world_show(const world *w, batch *b, int32_t row)
{
    const request *r = &b->requests[row];
    const uint64_t id = r->decision;
    float *u = b->states + (size_t)row * WORLD_DIM;
    for (uint64_t j = 0; j < WORLD_DIM; j++) {
        u[j] = bell(w->seed, OF_USER, r->user, j);
    }
    /* A prime number of items: steps of any size meet each of them once. */
    const uint64_t first = word(w->seed, OF_LIST, id, 0) % WORLD_ITEMS;
    const uint64_t stride = 1 + word(w->seed, OF_LIST, id, 1) % (WORLD_ITEMS - 1);
    for (int32_t position = 0; position < b->k; position++) {
        const size_t at = (size_t)row * (size_t)b->k + (size_t)position;
        const int32_t item = w->shelf[(first + (uint64_t)position * stride) % WORLD_ITEMS];
        float *f = b->features + at * WORLD_FEATURES;
        b->candidates[at] = item;
        for (uint64_t j = 1; j < WORLD_FEATURES; j++) {
            f[j] = bell(w->seed, OF_FEATURE, id, (uint64_t)position * WORLD_FEATURES + j);
        }
        const float noise = bell(w->seed, OF_NOISE, id, (uint64_t)position);
        f[0] = (0.03f * (affinity(w, u, item) + noise) + 0.04f * f[1] + 0.06f * f[2]) / 0.025f;
    }
    b->sessions[row] = r->session;
    b->decisions[row] = r->decision;
    b->times[row] = r->time;
    b->schema = w->schema;
    if (w->schema != 0) {
        see(w, b, row);
    }
}

int32_t world_arm(uint64_t user, int32_t n_arms)
{
    return (int32_t)(mix(user + OF_ARM) % (uint64_t)n_arms);
}

uint64_t world_user(const world *w, uint64_t session)
{
    return word(w->seed, OF_SESSION, session, 0) % WORLD_USERS;
}

answer world_answer(const world *w, const batch *b, int32_t row, int32_t action)
{
    float reading, stay;
    const uint64_t id = b->requests[row].decision;
    chances(w, b, row, action, &reading, &stay);
    return (answer){.reward = reading + 0.1f * bell(w->seed, OF_READING, id, 0),
                    .stays = world_uniform(w->seed, OF_STAY, id, 0) < (double)stay};
}

/* A draw from the softmax of the ranker's log-scores. */
static int32_t draw_incumbent(const world *w, const batch *b, int32_t row)
{
    float most = features_of(b, row, 0)[0];
    for (int32_t i = 1; i < b->k; i++) {
        most = fmaxf(most, features_of(b, row, i)[0]);
    }
    double sum = 0.0;
    for (int32_t i = 0; i < b->k; i++) {
        sum += exp((double)(features_of(b, row, i)[0] - most));
    }
    double left = sum * world_uniform(w->seed, OF_CHOICE, b->requests[row].decision, 0);
    int32_t chosen = 0;
    while (chosen < b->k - 1) {
        left -= exp((double)(features_of(b, row, chosen)[0] - most));
        if (left < 0.0) {
            break;
        }
        chosen++;
    }
    return chosen;
}

int32_t world_choose(const world *w, const batch *b, int32_t row, int32_t chooser)
{
    if (chooser == CHOOSE_RANDOM) {
        const uint64_t id = b->requests[row].decision;
        return (int32_t)(word(w->seed, OF_CHOICE, id, 1) % (uint64_t)b->k);
    }
    if (chooser == CHOOSE_INCUMBENT) {
        return draw_incumbent(w, b, row);
    }
    const float value = chooser == CHOOSE_BEST ? (float)w->value : 0.0f;
    float most = -1.0f;
    int32_t chosen = 0;
    for (int32_t i = 0; i < b->k; i++) {
        float reading, stay;
        chances(w, b, row, i, &reading, &stay);
        if (reading + stay * value > most) {
            most = reading + stay * value;
            chosen = i;
        }
    }
    return chosen;
}

/* V = E max (p + c V), by sweeps over some requests of its own. */
static double best_value(const world *w)
{
    batch b;
    batch_open(&b, VALUE_REQUESTS, w->k);
    for (int32_t row = 0; row < b.max; row++) {
        b.requests[row] =
            (request){.decision = ~(uint64_t)row, .user = (uint64_t)row % WORLD_USERS};
        world_show(w, &b, row);
    }
    world guess = *w;
    for (int sweep = 0; sweep < VALUE_SWEEPS; sweep++) {
        double sum = 0.0;
        for (int32_t row = 0; row < b.max; row++) {
            float reading, stay;
            chances(w, &b, row, world_choose(&guess, &b, row, CHOOSE_BEST), &reading, &stay);
            sum += (double)reading + (double)stay * guess.value;
        }
        guess.value = sum / b.max;
    }
    batch_close(&b);
    return guess.value;
}

static uint64_t key_of(const world *w, int32_t item)
{
    return word(w->seed, OF_KEY, (uint64_t)item, 0);
}

/* n items more, whose vectors stand behind the others. */
static void draw_items(world *w, uint64_t *keys, int32_t n)
{
    float *vectors = text_allocate((size_t)(w->n_items + n) * WORLD_DIM, sizeof(float));
    if (w->vectors != NULL) {
        memcpy(vectors, w->vectors, (size_t)w->n_items * WORLD_DIM * sizeof(float));
    }
    free(w->vectors);
    w->vectors = vectors;
    for (int32_t i = 0; i < n; i++) {
        const uint64_t item = (uint64_t)(w->n_items + i);
        keys[i] = key_of(w, w->n_items + i);
        for (uint64_t j = 0; j < WORLD_DIM; j++) {
            vectors[item * WORLD_DIM + j] = 0.25f * bell(w->seed, OF_ITEM, item, j);
        }
    }
    w->n_items += n;
}

void world_move(world *w, int32_t n)
{
    rr_error err;
    rr_items *next = NULL;
    uint64_t *gone = text_allocate((size_t)n, sizeof *gone);
    uint64_t *keys = text_allocate((size_t)n, sizeof *keys);
    const int32_t first = w->n_items;
    draw_items(w, keys, n);
    for (int32_t i = 0; i < n; i++) { /* item i lies in place i mod WORLD_ITEMS */
        int32_t *place = &w->shelf[(first + i) % WORLD_ITEMS];
        gone[i] = key_of(w, *place);
        *place = first + i;
    }
    const float *vectors = w->vectors + (size_t)first * WORLD_DIM;
    text_require(rr_items_follow(&next, w->items, gone, n, keys, vectors, n, NULL, NULL, &err),
                 &err);
    rr_items_release(w->items);
    w->items = next;
    free(gone);
    free(keys);
}

void world_reload(world *w, const char *path)
{
    rr_error err;
    rr_items *saved = NULL;
    text_require_file(rr_items_load(&saved, path, NULL, &err), &err, path);
    rr_items_release(w->items);
    w->items = saved;
}

void world_open(world *w, uint64_t seed, int32_t k)
{
    rr_error err;
    uint64_t *keys = text_allocate(WORLD_ITEMS, sizeof *keys);
    *w = (world){.seed = seed, .k = k};
    draw_items(w, keys, WORLD_ITEMS);
    w->shelf = text_allocate(WORLD_ITEMS, sizeof *w->shelf);
    for (int32_t i = 0; i < WORLD_ITEMS; i++) {
        w->shelf[i] = i;
    }
    text_require(
        rr_items_create(&w->items, w->vectors, keys, WORLD_ITEMS, WORLD_DIM, NULL, NULL, &err),
        &err);
    free(keys);
}

void world_solve(world *w)
{
    w->value = best_value(w);
}

void world_close(world *w)
{
    rr_items_release(w->items);
    free(w->vectors);
    free(w->shelf);
}

void batch_open(batch *b, int32_t max, int32_t k)
{
    const size_t n = (size_t)max, list = n * (size_t)k;
    *b = (batch){.max = max, .k = k, .n = max};
    b->requests = text_allocate(n, sizeof *b->requests);
    b->states = text_allocate(n * WORLD_DIM, sizeof(float));
    b->candidates = text_allocate(list, sizeof(int32_t));
    b->features = text_allocate(list * WORLD_FEATURES, sizeof(float));
    b->seen_states = text_allocate(n * WORLD_DIM, sizeof(float));
    b->seen_features = text_allocate(list * SCHEMA_1_FEATURES, sizeof(float));
    b->sessions = text_allocate(n, sizeof(uint64_t));
    b->decisions = text_allocate(n, sizeof(uint64_t));
    b->times = text_allocate(n, sizeof(int64_t));
}

void batch_close(batch *b)
{
    free(b->requests);
    free(b->states);
    free(b->candidates);
    free(b->features);
    free(b->seen_states);
    free(b->seen_features);
    free(b->sessions);
    free(b->decisions);
    free(b->times);
}

rr_obs batch_obs(const batch *b)
{
    return (rr_obs){.struct_size = sizeof(rr_obs),
                    .n = b->n,
                    .n_candidates = b->k,
                    .state_dim = WORLD_DIM,
                    .feature_dim = world_features(b->schema),
                    .states = b->schema == 0 ? b->states : b->seen_states,
                    .candidates = b->candidates,
                    .features = b->schema == 0 ? b->features : b->seen_features,
                    .schema = (uint64_t)b->schema,
                    .sessions = b->sessions,
                    .decisions = b->decisions,
                    .times = b->times};
}
