/* SPDX-License-Identifier: MIT */
/* fixture.h: the text files that make_fixtures.py wrote, and the agent that they describe.
 *
 * Lines are `set KIND NAME VALUE`, `number NAME VALUE` or `array NAME ROWS COLUMNS` with the
 * numbers behind it. Everything is reached by name; a name that is missing ends the test with a
 * sentence. */
#ifndef TESTS_PARITY_FIXTURE_H
#define TESTS_PARITY_FIXTURE_H

#include <check.h>
#include <math.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recrl/recrl.h"

#define FIXTURE_MAX_ENTRIES 256

typedef struct fixture_entry {
    char name[80];
    size_t rows, columns; /* a number is [1, 1]; a setting has rows 0 */
    double *values;       /* [rows, columns] owned */
    char kind[8], text[32];
} fixture_entry;

typedef struct fixture {
    size_t n;
    fixture_entry entries[FIXTURE_MAX_ENTRIES];
} fixture;

static inline void fixture_read_array(fixture_entry *entry, FILE *file)
{
    const size_t n = entry->rows * entry->columns;
    entry->values = malloc((n + 1) * sizeof *entry->values);
    ck_assert_ptr_nonnull(entry->values);
    for (size_t i = 0; i < n; i++) {
        char word[64];
        ck_assert_msg(fscanf(file, "%63s", word) == 1, "%s is cut short", entry->name);
        entry->values[i] = strtod(word, NULL);
    }
}

static inline fixture *fixture_load(const char *name)
{
    char path[256], word[128];
    snprintf(path, sizeof path, "tests/parity/fixtures/%s.txt", name);
    FILE *file = fopen(path, "r");
    ck_assert_msg(file != NULL, "cannot open %s", path);
    fixture *f = calloc(1, sizeof *f);
    ck_assert_ptr_nonnull(f);
    while (fscanf(file, "%127s", word) == 1) {
        ck_assert_uint_lt(f->n, FIXTURE_MAX_ENTRIES);
        fixture_entry *entry = &f->entries[f->n];
        if (strcmp(word, "set") == 0) {
            ck_assert_int_eq(fscanf(file, "%7s %79s %31s", entry->kind, entry->name, entry->text),
                             3);
            f->n++;
        } else if (strcmp(word, "number") == 0) {
            entry->rows = entry->columns = 1;
            ck_assert_int_eq(fscanf(file, "%79s", entry->name), 1);
            fixture_read_array(entry, file);
            f->n++;
        } else if (strcmp(word, "array") == 0) {
            ck_assert_int_eq(
                fscanf(file, "%79s %zu %zu", entry->name, &entry->rows, &entry->columns), 3);
            fixture_read_array(entry, file);
            f->n++;
        } else {
            ck_assert_msg(word[0] == '#', "%s: unknown word %s", path, word);
            ck_assert_int_ge(fscanf(file, "%*[^\n]"), 0);
        }
    }
    fclose(file);
    return f;
}

static inline void fixture_free(fixture *f)
{
    for (size_t i = 0; i < f->n; i++) {
        free(f->entries[i].values);
    }
    free(f);
}

/* NULL where there is none. */
static inline const fixture_entry *fixture_find(const fixture *f, const char *prefix,
                                                const char *name)
{
    char whole[160];
    snprintf(whole, sizeof whole, "%s%s", prefix, name);
    for (size_t i = 0; i < f->n; i++) {
        if (f->entries[i].rows > 0 && strcmp(f->entries[i].name, whole) == 0) {
            return &f->entries[i];
        }
    }
    return NULL;
}

static inline const fixture_entry *fixture_get(const fixture *f, const char *prefix,
                                               const char *name)
{
    const fixture_entry *entry = fixture_find(f, prefix, name);
    ck_assert_msg(entry != NULL, "the fixture has no %s%s", prefix, name);
    return entry;
}

static inline double fixture_number(const fixture *f, const char *prefix, const char *name)
{
    return fixture_get(f, prefix, name)->values[0];
}

/* Copies in the types of the ABI; NULL where the fixture has no such array. The caller frees. */
static inline float *fixture_floats(const fixture *f, const char *prefix, const char *name)
{
    const fixture_entry *entry = fixture_find(f, prefix, name);
    if (entry == NULL) {
        return NULL;
    }
    const size_t n = entry->rows * entry->columns;
    float *out = malloc(n * sizeof *out);
    ck_assert_ptr_nonnull(out);
    for (size_t i = 0; i < n; i++) {
        out[i] = (float)entry->values[i];
    }
    return out;
}

static inline int32_t *fixture_ints(const fixture *f, const char *prefix, const char *name)
{
    const fixture_entry *entry = fixture_find(f, prefix, name);
    if (entry == NULL) {
        return NULL;
    }
    const size_t n = entry->rows * entry->columns;
    int32_t *out = malloc(n * sizeof *out);
    ck_assert_ptr_nonnull(out);
    for (size_t i = 0; i < n; i++) {
        out[i] = (int32_t)entry->values[i];
    }
    return out;
}

/* Every `set kind …` line, through rr_config_set. */
static inline void fixture_configure(const fixture *f, const char *kind_name, void *config)
{
    rr_error err;
    for (size_t i = 0; i < f->n; i++) {
        const fixture_entry *entry = &f->entries[i];
        if (entry->rows == 0 && strcmp(entry->kind, kind_name) == 0) {
            ck_assert_msg(rr_config_set(config, entry->name, entry->text, &err) == RR_OK, "%s",
                          err.text);
        }
    }
}

static inline int fixture_has_settings(const fixture *f, const char *kind_name)
{
    for (size_t i = 0; i < f->n; i++) {
        if (f->entries[i].rows == 0 && strcmp(f->entries[i].kind, kind_name) == 0) {
            return 1;
        }
    }
    return 0;
}

/* The agent of the fixture: its config, catalogue, algorithm and `before.` weights. */
static inline rr_agent *fixture_agent(const fixture *f)
{
    rr_error err = {0};
    rr_agent_config config;
    rr_ppo_config ppo;
    rr_a2c_config a2c;
    rr_agent_config_init(&config, sizeof config);
    rr_ppo_config_init(&ppo, sizeof ppo);
    rr_a2c_config_init(&a2c, sizeof a2c);
    fixture_configure(f, "agent", &config);
    ppo.whole_sessions = 0; /* the reference shuffles rows */
    fixture_configure(f, "ppo", &ppo);
    fixture_configure(f, "a2c", &a2c);

    rr_items *items = NULL;
    const fixture_entry *pool = fixture_find(f, "", "pool");
    if (pool != NULL) {
        const fixture_entry *own = fixture_find(f, "", "own");
        float *vectors = fixture_floats(f, "", "pool"), *features = fixture_floats(f, "", "own");
        const rr_items_options options = {sizeof options, own != NULL ? (int32_t)own->columns : 0,
                                          features};
        ck_assert_msg(rr_items_create(&items, vectors, NULL, (int32_t)pool->rows,
                                      (int32_t)pool->columns, &options, NULL, &err) == RR_OK,
                      "%s", err.text);
        free(features);
        free(vectors);
    }
    rr_agent *agent = NULL;
    const rr_status status = fixture_has_settings(f, "a2c")
                                 ? rr_agent_create(&agent, &config, &a2c, items, NULL, &err)
                                 : rr_agent_create(&agent, &config, &ppo, items, NULL, &err);
    ck_assert_msg(status == RR_OK, "%s", err.text);
    rr_items_release(items);

    for (int32_t i = 0; i < rr_agent_tensor_count(agent); i++) {
        rr_tensor tensor = {.struct_size = sizeof tensor};
        ck_assert_int_eq(rr_agent_tensor_at(agent, i, &tensor, &err), RR_OK);
        const fixture_entry *before = fixture_get(f, "before.", tensor.name);
        float *values = fixture_floats(f, "before.", tensor.name);
        ck_assert_msg(rr_agent_set_tensor(agent, tensor.name, values,
                                          (int64_t)(before->rows * before->columns), &err) == RR_OK,
                      "%s", err.text);
        free(values);
    }
    return agent;
}

/* Every tensor of the reference exists in the agent, and the other way round. */
static inline void fixture_check_names(const fixture *f, const rr_agent *agent)
{
    int32_t n = 0;
    for (size_t i = 0; i < f->n; i++) {
        n += strncmp(f->entries[i].name, "before.", 7) == 0;
    }
    ck_assert_int_eq(rr_agent_tensor_count(agent), n);
}

/* An observation whose arrays are copies; n rows. */
static inline rr_obs fixture_observation(const fixture *f, const char *prefix)
{
    const fixture_entry *states = fixture_get(f, prefix, "states");
    const fixture_entry *candidates = fixture_find(f, prefix, "candidates");
    const fixture_entry *vectors = fixture_find(f, prefix, "vectors");
    const fixture_entry *features = fixture_find(f, prefix, "features");
    const fixture_entry *excluded = fixture_find(f, prefix, "excluded");
    const fixture_entry *history = fixture_find(f, prefix, "history");
    rr_obs obs = {.struct_size = sizeof obs};
    obs.n = (int32_t)states->rows;
    obs.state_dim = (int32_t)states->columns;
    obs.n_candidates = candidates ? (int32_t)candidates->columns : 0;
    obs.n_excluded = excluded ? (int32_t)excluded->columns : 0;
    obs.n_history = history ? (int32_t)history->columns : 0;
    obs.item_dim = vectors ? (int32_t)vectors->columns / obs.n_candidates : 0;
    obs.feature_dim = features ? (int32_t)features->columns / obs.n_candidates : 0;
    obs.states = fixture_floats(f, prefix, "states");
    obs.lengths = fixture_ints(f, prefix, "lengths");
    obs.candidates = fixture_ints(f, prefix, "candidates");
    obs.features = fixture_floats(f, prefix, "features");
    obs.vectors = fixture_floats(f, prefix, "vectors");
    obs.counts = fixture_ints(f, prefix, "counts");
    obs.excluded = fixture_ints(f, prefix, "excluded");
    obs.history = fixture_ints(f, prefix, "history");
    obs.history_rewards = fixture_floats(f, prefix, "history_rewards");
    return obs;
}

static inline void fixture_release_observation(rr_obs *obs)
{
    free((void *)(uintptr_t)obs->states);
    free((void *)(uintptr_t)obs->lengths);
    free((void *)(uintptr_t)obs->candidates);
    free((void *)(uintptr_t)obs->features);
    free((void *)(uintptr_t)obs->vectors);
    free((void *)(uintptr_t)obs->counts);
    free((void *)(uintptr_t)obs->excluded);
    free((void *)(uintptr_t)obs->history);
    free((void *)(uintptr_t)obs->history_rewards);
    memset(obs, 0, sizeof *obs);
}

/* The same observation from row `row` on, n rows. */
static inline rr_obs fixture_rows(const rr_obs *obs, int32_t row, int32_t n)
{
    const size_t r = (size_t)row, k = (size_t)obs->n_candidates;
    rr_obs part = *obs;
    part.n = n;
    part.states = obs->states + r * (size_t)obs->state_dim;
    part.lengths = obs->lengths ? obs->lengths + r : NULL;
    part.candidates = obs->candidates ? obs->candidates + r * k : NULL;
    part.features = obs->features ? obs->features + r * k * (size_t)obs->feature_dim : NULL;
    part.vectors = obs->vectors ? obs->vectors + r * k * (size_t)obs->item_dim : NULL;
    part.counts = obs->counts ? obs->counts + r * k : NULL;
    part.excluded = obs->excluded ? obs->excluded + r * (size_t)obs->n_excluded : NULL;
    part.history = obs->history ? obs->history + r * (size_t)obs->n_history : NULL;
    part.history_rewards =
        obs->history_rewards ? obs->history_rewards + r * (size_t)obs->n_history : NULL;
    return part;
}

/* |a − b| ≤ tolerance · the largest |b| (at least 1 with `is_plain`), −∞ only where −∞ is expected;
 * false for NaN. Says the first place that fails. */
static inline int fixture_is_close(const char *name, const float *a, const fixture_entry *b,
                                   double tolerance, double scale)
{
    for (size_t i = 0; i < b->rows * b->columns; i++) {
        if (isfinite(b->values[i])) {
            scale = fmax(scale, fabs(b->values[i]));
        }
    }
    for (size_t i = 0; i < b->rows * b->columns; i++) {
        const double x = (double)a[i], y = b->values[i];
        const int is_right = isfinite(y) ? fabs(x - y) <= tolerance * scale : x == y;
        if (!is_right) {
            fprintf(stderr, "%s[%zu] is %.9g, the reference is %.9g (scale %.3g)\n", name, i, x, y,
                    scale);
            return 0;
        }
    }
    return 1;
}

#endif
