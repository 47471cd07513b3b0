/* SPDX-License-Identifier: MIT */
/* The line of generations, and what follows what: which index a key has, what lives when, what is
 * refused. */
#include <math.h>
#include <pthread.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check_run.h"
#include "items/line.h"

static size_t n_blocks; /* of the counting host, at large now */
static size_t fails_at, n_asked;

static void *count_allocate(void *user, size_t bytes, size_t alignment)
{
    (void)user;
    if (++n_asked == fails_at) {
        return NULL;
    }
    n_blocks++;
    return aligned_alloc(alignment, bytes);
}

static void count_release(void *user, void *block, size_t bytes)
{
    (void)user;
    (void)bytes;
    n_blocks--;
    free(block);
}

static const rri_allocator counting = {count_allocate, count_release, NULL};

enum { DIM = 3 };

static void vector_of(float *vector, uint64_t key, int edition)
{
    for (size_t c = 0; c < DIM; c++) {
        vector[c] = (float)key + 0.25f * (float)c + 0.5f * (float)edition;
    }
}

/* Keys first … first + n − 1. */
static rr_items *create(uint64_t first, int32_t n)
{
    float *vectors = malloc((size_t)n * DIM * sizeof *vectors);
    uint64_t *keys = malloc((size_t)n * sizeof *keys);
    for (int32_t i = 0; i < n; i++) {
        keys[i] = first + (uint64_t)i;
        vector_of(vectors + i * DIM, keys[i], 0);
    }
    rr_items *items = NULL;
    ck_assert_int_eq(rri_items_create(&items, vectors, keys, n, DIM, &counting, NULL), RR_OK);
    free(vectors);
    free(keys);
    return items;
}

static rr_status try_follow(rr_items **out, rr_items *before, const uint64_t *gone, size_t n_gone,
                            const uint64_t *keys, size_t n_new, int edition, rr_error *err)
{
    float vectors[8 * DIM];
    ck_assert_uint_le(n_new, 8);
    for (size_t i = 0; i < n_new; i++) {
        vector_of(vectors + i * DIM, keys[i], edition);
    }
    const rri_item_rows rows = {.vectors = vectors, .keys = keys, .n = n_new};
    return rri_items_follow(out, before, gone, n_gone, &rows, &counting, err);
}

static rr_items *follow(rr_items *before, const uint64_t *gone, size_t n_gone, const uint64_t *keys,
                        size_t n_new, int edition)
{
    rr_items *items = NULL;
    rr_error err = {0};
    const rr_status status = try_follow(&items, before, gone, n_gone, keys, n_new, edition, &err);
    ck_assert_msg(status == RR_OK, "%s", err.text);
    return items;
}

START_TEST(test_follow_what_stays_and_what_is_gone_keep_their_index_and_what_is_new_gets_the_next)
{
    rr_items *a = create(10, 4);
    const uint64_t gone[] = {11}, new_keys[] = {70, 71};
    rr_items *b = follow(a, gone, 1, new_keys, 2, 0);
    ck_assert_uint_eq(rri_items_count(b), 6);
    ck_assert_uint_eq(rri_items_alive(b), 5);
    ck_assert_uint_eq(rri_items_generation(b), 1);
    ck_assert_uint_eq(rri_items_root(b), rri_items_fingerprint(a));
    for (uint64_t i = 0; i < 4; i++) {
        ck_assert_int_eq(rri_items_find(b, 10 + i), (int32_t)i);
        ck_assert_uint_eq(rri_items_keys(b)[i], 10 + i);
        ck_assert(rri_items_is_alive(b, i) == (i != 1));
        ck_assert(rri_items_is_alive(a, i));
    }
    ck_assert_int_eq(rri_items_find(b, 70), 4);
    ck_assert_int_eq(rri_items_find(b, 71), 5);
    ck_assert_int_eq(rri_items_find(a, 70), -1);
    float wanted[DIM];
    vector_of(wanted, 71, 0);
    ck_assert_mem_eq(rri_items_vectors(b) + 5 * DIM, wanted, sizeof wanted);
    rri_items_release(a);
    ck_assert_int_eq(rri_items_find(b, 13), 3);
    rri_items_release(b);
    ck_assert_uint_eq(n_blocks, 0);
}
END_TEST

START_TEST(test_follow_vectors_that_stay_are_shared)
{
    rr_items *a = create(0, 5000);
    const uint64_t more[] = {9000, 9001};
    rr_items *b = follow(a, NULL, 0, more, 1, 0);
    const size_t n_before = n_blocks;
    rr_items *c = follow(b, NULL, 0, more + 1, 1, 0);
    ck_assert_ptr_eq(rri_items_vectors(b), rri_items_vectors(c));
    ck_assert_uint_eq(n_blocks, n_before + 1); /* the handle */
    ck_assert_uint_eq(rri_items_follow_memory(c, 1), rri_memory_size(sizeof(rr_items)));
    ck_assert_uint_gt(rri_items_follow_memory(c, 5000), 5000 * DIM * sizeof(float));
    rri_items_release(b);
    rri_items_release(a);
    rri_items_release(c);
    ck_assert_uint_eq(n_blocks, 0);
}
END_TEST

START_TEST(test_follow_another_vector_gets_another_index_and_the_same_one_stays)
{
    rr_items *a = create(10, 4);
    const uint64_t keys[] = {12, 13};
    rr_items *b = follow(a, NULL, 0, keys, 1, 0); /* the very vector */
    ck_assert_uint_eq(rri_items_count(b), 4);
    ck_assert_uint_eq(rri_items_alive(b), 4);
    rr_items *c = follow(b, NULL, 0, keys, 2, 1);
    ck_assert_uint_eq(rri_items_count(c), 6);
    ck_assert_uint_eq(rri_items_alive(c), 4);
    ck_assert_int_eq(rri_items_find(c, 12), 4);
    ck_assert_int_eq(rri_items_find(b, 12), 2);
    ck_assert(!rri_items_is_alive(c, 2) && rri_items_is_alive(c, 4) && rri_items_is_alive(b, 2));
    const rri_life *life = rri_items_life(c);
    ck_assert_int_eq(rri_life_now(life, 2, 1), 2);
    ck_assert_int_eq(rri_life_now(life, 2, 2), 4);
    ck_assert_int_eq(rri_life_now(life, 4, 2), 4);
    const uint64_t gone[] = {12};
    rr_items *d = follow(c, gone, 1, NULL, 0, 0);
    ck_assert_int_eq(rri_items_find(d, 12), 4); /* gone, and known */
    ck_assert(!rri_items_is_alive(d, 4));
    rr_items *e = follow(d, NULL, 0, gone, 1, 1); /* it comes back, with the vector that it had */
    ck_assert_int_eq(rri_items_find(e, 12), 6);
    ck_assert_int_eq(rri_life_now(rri_items_life(e), 2, 4), 6);
    rr_items *all[] = {a, b, c, d, e};
    for (size_t i = 0; i < 5; i++) {
        rri_items_release(all[i]);
    }
    ck_assert_uint_eq(n_blocks, 0);
}
END_TEST

START_TEST(test_follow_of_a_generation_happens_once)
{
    rr_items *a = create(10, 4), *c = NULL;
    const uint64_t keys[] = {70};
    rr_error err = {0};
    rr_items *b = follow(a, NULL, 0, keys, 1, 0);
    ck_assert_int_eq(try_follow(&c, a, NULL, 0, keys, 1, 0, &err), RR_E_STATE);
    ck_assert_str_eq(err.text, "follow: generation 0 has been followed already; the line is at 1");
    ck_assert_ptr_null(c);
    rri_items_release(b); /* and also where the generation that followed is gone */
    ck_assert_int_eq(try_follow(&c, a, NULL, 0, keys, 1, 0, &err), RR_E_STATE);
    rri_items_release(a);
    ck_assert_uint_eq(n_blocks, 0);
}
END_TEST

START_TEST(test_follow_refuses_what_cannot_be_and_changes_nothing)
{
    rr_items *a = create(10, 4), *b = NULL;
    rr_error err = {0};
    const struct {
        uint64_t gone[2];
        size_t n_gone;
        uint64_t keys[2];
        size_t n_new;
        rr_status wanted;
        const char *sentence;
    } cases[] = {
        {{99}, 1, {0}, 0, RR_E_NOT_FOUND, "gone[0] is 99, a key that the catalogue does not have"},
        {{11, 9}, 2, {0}, 0, RR_E_NOT_FOUND, "gone[1] is 9, a key that"},
        {{0, 11}, 2, {80}, 1, RR_E_NOT_FOUND, "gone[0] is 0, a key that"},
        {{11, 11}, 2, {0}, 0, RR_E_INVALID, "gone[0] and gone[1] are both 11; keys must differ"},
        {{0}, 0, {70, 70}, 2, RR_E_INVALID, "keys[0] and keys[1] are both 70; keys must differ"},
        {{11}, 1, {12, 12}, 2, RR_E_INVALID, "keys[0] and keys[1] are both 12; keys must differ"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_int_eq(try_follow(&b, a, cases[i].gone, cases[i].n_gone, cases[i].keys,
                                    cases[i].n_new, 0, &err),
                         cases[i].wanted);
        ck_assert_msg(strstr(err.text, cases[i].sentence) != NULL, "%s", err.text);
    }
    const float odd[][DIM] = {{1, NAN, 2}, {INFINITY, 1, 2}, {0, 0, -INFINITY}};
    const size_t at[] = {1, 0, 2};
    for (size_t i = 0; i < 3; i++) {
        const uint64_t key = 70;
        char wanted[64];
        const rri_item_rows rows = {.vectors = odd[i], .keys = &key, .n = 1};
        ck_assert_int_eq(rri_items_follow(&b, a, NULL, 0, &rows, &counting, &err), RR_E_NOT_FINITE);
        snprintf(wanted, sizeof wanted, "follow: coordinate %zu of vector 0 is", at[i]);
        ck_assert_msg(strstr(err.text, wanted) != NULL, "%s", err.text);
    }
    const uint64_t gone[] = {11}, keys[] = {70};
    b = follow(a, gone, 1, keys, 1, 0);
    rr_items *c = NULL;
    ck_assert_int_eq(try_follow(&c, b, gone, 1, NULL, 0, 0, &err), RR_E_NOT_FOUND);
    ck_assert_str_eq(err.text, "follow: gone[0] is 11, a key that is gone already");
    c = follow(b, keys, 1, NULL, 0, 0);
    ck_assert_uint_eq(rri_items_alive(c), 3);
    rri_items_release(a);
    rri_items_release(b);
    rri_items_release(c);
    ck_assert_uint_eq(n_blocks, 0);
}
END_TEST

START_TEST(test_follow_without_memory_leaves_all_as_it_was)
{
    rr_items *a = create(10, 4);
    const uint64_t gone[] = {11}, keys[] = {70};
    size_t n_refused = 0;
    for (rr_items *b = NULL; b == NULL;) {
        const size_t n_before = n_blocks;
        const bool has_line = atomic_load(&a->line) != NULL;
        fails_at = n_asked + n_refused + 1;
        if (try_follow(&b, a, gone, 1, keys, 1, 0, NULL) == RR_OK) {
            ck_assert_uint_eq(rri_items_count(b), 5);
            rri_items_release(b);
            break;
        }
        n_refused++;
        const size_t of_line = !has_line && atomic_load(&a->line) != NULL ? 2 : 0;
        ck_assert_uint_eq(n_blocks, n_before + of_line);
        ck_assert_ptr_null(b);
    }
    fails_at = 0;
    ck_assert_uint_ge(n_refused, 3);
    rri_items_release(a);
    ck_assert_uint_eq(n_blocks, 0);
}
END_TEST

START_TEST(test_follow_generations_are_found_by_their_fingerprint_and_count_their_items)
{
    rr_items *first = create(0, 10), *last = rri_items_retain(first);
    uint64_t fingerprints[201];
    fingerprints[0] = rri_items_fingerprint(first);
    for (uint64_t g = 1; g <= 200; g++) {
        const uint64_t gone[] = {g - 1}, keys[] = {g + 9};
        rr_items *next = follow(last, gone, 1, keys, 1, 0);
        rri_items_release(last);
        last = next;
        fingerprints[g] = rri_items_fingerprint(last);
    }
    for (uint32_t g = 0; g <= 200; g++) {
        uint32_t found;
        ck_assert(rri_items_generation_of(&found, last, fingerprints[g]) && found == g);
        ck_assert(rri_items_generation_of(&found, first, fingerprints[g]) && found == g);
        ck_assert_uint_eq(rri_items_alive_in(last, g), 10);
        ck_assert_uint_eq(rri_items_count_in(first, g), 10 + g);
        rr_items *ancestor = NULL;
        ck_assert_int_eq(rri_items_ancestor(&ancestor, last, fingerprints[g], NULL), RR_OK);
        ck_assert_uint_eq(rri_items_count(ancestor), 10 + g);
        ck_assert_uint_eq(rri_items_alive(ancestor), 10);
        ck_assert_uint_eq(rri_items_fingerprint(ancestor), fingerprints[g]);
        ck_assert_int_eq(rri_items_find(ancestor, g + 10), -1);
        ck_assert_int_eq(rri_items_find(ancestor, g + 9), (int32_t)g + 9);
        rri_items_release(ancestor);
    }
    uint32_t found;
    rr_items *none = NULL;
    ck_assert(!rri_items_generation_of(&found, last, fingerprints[3] + 1));
    ck_assert_int_eq(rri_items_ancestor(&none, last, 7, NULL), RR_E_NOT_FOUND);
    ck_assert_int_eq(rri_items_ancestor(&none, first, fingerprints[1], NULL), RR_E_NOT_FOUND);
    rri_items_release(first);
    rri_items_release(last);
    ck_assert_uint_eq(n_blocks, 0);
}
END_TEST

START_TEST(test_follow_that_does_not_fit_copies_the_line_once)
{
    rr_items *items = create(0, 10);
    size_t n_copies = 0;
    const float *lie = rri_items_vectors(items);
    for (uint64_t g = 0; g < 1000; g++) {
        uint64_t keys[8];
        for (size_t i = 0; i < 8; i++) {
            keys[i] = 10 + 8 * g + i;
        }
        rr_items *next = follow(items, g > 0 ? &(uint64_t){g} : NULL, g > 0, keys, 8, 0);
        n_copies += rri_items_vectors(next) != lie;
        lie = rri_items_vectors(next);
        rri_items_release(items);
        items = next;
    }
    ck_assert_uint_eq(rri_items_count(items), 8010);
    ck_assert_uint_eq(rri_items_alive(items), 8010 - 999);
    ck_assert_uint_le(n_copies, 6);
    for (uint64_t key = 0; key < 8010; key++) {
        float wanted[DIM];
        vector_of(wanted, key, 0);
        ck_assert_int_eq(rri_items_find(items, key), (int32_t)key);
        ck_assert_mem_eq(rri_items_vectors(items) + key * DIM, wanted, sizeof wanted);
        ck_assert(rri_items_is_alive(items, key) == (key < 1 || key > 999));
    }
    rri_items_release(items);
    ck_assert_uint_eq(n_blocks, 0);
}
END_TEST

START_TEST(test_follow_compact_keeps_what_is_alive)
{
    rr_items *a = create(10, 4);
    const uint64_t gone[] = {11}, keys[] = {13, 70};
    rr_items *b = follow(a, gone, 1, keys, 2, 1), *c = NULL;
    int32_t map[6];
    ck_assert_int_eq(rri_items_compact(&c, b, map, &counting, NULL), RR_OK);
    const int32_t wanted[] = {0, -1, 1, -1, 2, 3};
    ck_assert_mem_eq(map, wanted, sizeof wanted);
    ck_assert_uint_eq(rri_items_count(c), 4);
    ck_assert_uint_eq(rri_items_generation(c), 0);
    const uint64_t kept[] = {10, 12, 13, 70};
    ck_assert_mem_eq(rri_items_keys(c), kept, sizeof kept);
    ck_assert_mem_eq(rri_items_vectors(c) + 2 * DIM, rri_items_vectors(b) + 4 * DIM,
                     2 * DIM * sizeof(float));
    rri_items_release(c);
    const uint64_t all[] = {10, 12, 13, 70};
    c = follow(b, all, 4, NULL, 0, 0);
    rr_error err = {0};
    rr_items *none = NULL;
    ck_assert_int_eq(rri_items_compact(&none, c, NULL, &counting, &err), RR_E_STATE);
    ck_assert_str_eq(err.text, "compact: all 6 items are gone; one must be left");
    rri_items_release(a);
    rri_items_release(b);
    rri_items_release(c);
    ck_assert_uint_eq(n_blocks, 0);
}
END_TEST

/* Readers of one generation beside the line that goes on. */
typedef struct watcher {
    rr_items *items;
    atomic_bool *stops;
    size_t n_looks, n_wrong;
} watcher;

static void *watch(void *context)
{
    watcher *w = context;
    const size_t n = rri_items_count(w->items);
    uint64_t dead[RRI_LIFE_WORDS];
    while (!atomic_load(w->stops) || w->n_looks == 0) {
        for (uint64_t key = 0; key < n; key++) {
            w->n_wrong += rri_items_find(w->items, key) != (int32_t)key;
            w->n_wrong += !rri_items_is_alive(w->items, key);
        }
        const rri_life *life = rri_items_life(w->items);
        w->n_wrong += rri_life_mask(dead, life, rri_items_generation(w->items), 0, n);
        w->n_wrong += rri_items_find(w->items, n + 3) != -1;
        w->n_looks++;
    }
    return NULL;
}

START_TEST(test_follow_runs_beside_readers_who_see_their_own_generation)
{
    rr_items *root = create(0, 99);
    const uint64_t last[] = {99};
    rr_items *items = follow(root, NULL, 0, last, 1, 0);
    atomic_bool stops = false;
    watcher watchers[2] = {{rri_items_retain(items), &stops, 0, 0},
                           {rri_items_retain(items), &stops, 0, 0}};
    pthread_t threads[2];
    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(pthread_create(&threads[i], NULL, watch, &watchers[i]), 0);
    }
    for (uint64_t g = 0; g < 90; g++) {
        const uint64_t gone[] = {g}, keys[] = {100 + g, 50 + g % 40};
        rr_items *next = follow(items, gone, 1, keys, 1, 0);
        rri_items_release(items);
        items = next;
    }
    atomic_store(&stops, true);
    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(pthread_join(threads[i], NULL), 0);
        ck_assert_uint_eq(watchers[i].n_wrong, 0);
        rri_items_release(watchers[i].items);
    }
    rri_items_release(items);
    rri_items_release(root);
    ck_assert_uint_eq(n_blocks, 0);
}
END_TEST

/* Features of width 2: of key k, edition e: (k, e). */
static rr_items *follow_featured(rr_items *before, const uint64_t *keys, size_t n, float edition)
{
    float vectors[8 * DIM], features[8 * 2];
    rr_items *items = NULL;
    rr_error err = {0};
    for (size_t i = 0; i < n; i++) {
        vector_of(vectors + i * DIM, keys[i], 0);
        features[2 * i] = (float)keys[i];
        features[2 * i + 1] = edition;
    }
    const rri_item_rows rows = {vectors, keys, features, n, 2};
    const rr_status status =
        before == NULL ? rri_items_create_rows(&items, &rows, DIM, &counting, &err)
                       : rri_items_follow(&items, before, NULL, 0, &rows, &counting, &err);
    ck_assert_msg(status == RR_OK, "%s", err.text);
    return items;
}

START_TEST(test_follow_features_belong_to_an_item_as_its_vector_does)
{
    const uint64_t first[] = {10, 11, 12}, more[] = {11, 70}, again[] = {12};
    rr_items *a = follow_featured(NULL, first, 3, 0.0f);
    rr_items *plain = create(10, 3), *other = follow_featured(NULL, first, 3, 1.0f);
    ck_assert_uint_ne(rri_items_fingerprint(a), rri_items_fingerprint(plain));
    ck_assert_uint_ne(rri_items_fingerprint(a), rri_items_fingerprint(other));
    ck_assert_ptr_null(rri_items_features(plain));
    rr_items *b = follow_featured(a, more, 2, 0.0f); /* 11 stays */
    ck_assert_uint_eq(rri_items_count(b), 4);
    ck_assert_uint_eq(rri_items_feature_dim(b), 2);
    rr_items *c = follow_featured(b, again, 1, 3.0f); /* the same vector, other features */
    ck_assert_uint_eq(rri_items_count(c), 5);
    ck_assert_uint_eq(rri_items_alive(c), 4);
    ck_assert_int_eq(rri_items_find(c, 12), 4);
    const float wanted[] = {10, 0, 11, 0, 12, 0, 70, 0, 12, 3};
    ck_assert_mem_eq(rri_items_features(c), wanted, sizeof wanted);
    ck_assert_ptr_eq(rri_items_features(c), rri_items_features(b)); /* shared */
    rri_items_release(b);
    rr_items *d = follow_featured(c, first, 1, 9.0f);
    ck_assert_uint_ne(rri_items_fingerprint(d), rri_items_fingerprint(c));
    rr_items *third = follow_featured(NULL, first, 3, 0.0f),
             *like = follow_featured(third, more + 1, 1, 0.0f);
    rr_items *fourth = follow_featured(NULL, first, 3, 0.0f);
    rr_items *other_feature = follow_featured(fourth, more + 1, 1, 1.0f);
    ck_assert_uint_ne(rri_items_fingerprint(like), rri_items_fingerprint(other_feature));
    int32_t map[6];
    rr_items *e = NULL;
    ck_assert_int_eq(rri_items_compact(&e, d, map, &counting, NULL), RR_OK);
    const float left[] = {11, 0, 70, 0, 12, 3, 10, 9};
    ck_assert_uint_eq(rri_items_count(e), 4);
    ck_assert_mem_eq(rri_items_features(e), left, sizeof left);
    rr_items *const made[] = {a, plain, other, c, d, e, third, like, fourth, other_feature};
    for (size_t i = 0; i < sizeof made / sizeof *made; i++) {
        rri_items_release(made[i]);
    }
    ck_assert_uint_eq(n_blocks, 0);
}
END_TEST

START_TEST(test_follow_features_that_cannot_be_are_refused)
{
    const uint64_t first[] = {10, 11}, key = 70;
    const float vector[DIM] = {0}, features[] = {1, NAN, 3};
    rr_items *a = follow_featured(NULL, first, 2, 0.0f), *b = NULL;
    rr_error err = {0};
    rri_item_rows rows = {vector, &key, features, 1, 3};
    ck_assert_int_eq(rri_items_follow(&b, a, NULL, 0, &rows, &counting, &err), RR_E_INVALID);
    ck_assert_str_eq(err.text, "follow: the new items have 3 features; they must have 2, as those "
                               "that they follow");
    rows.feature_dim = 2;
    ck_assert_int_eq(rri_items_follow(&b, a, NULL, 0, &rows, &counting, &err), RR_E_NOT_FINITE);
    ck_assert_str_eq(err.text, "follow: feature 1 of item 0 is nan; it must be finite");
    ck_assert_int_eq(rri_items_create_rows(&b, &rows, DIM, &counting, &err), RR_E_NOT_FINITE);
    ck_assert_str_eq(err.text, "items: feature 1 of item 0 is nan; it must be finite");
    rri_items_release(a);
    ck_assert_uint_eq(n_blocks, 0);
}
END_TEST

CHECK_MAIN("items/line",
           test_follow_what_stays_and_what_is_gone_keep_their_index_and_what_is_new_gets_the_next,
           test_follow_vectors_that_stay_are_shared,
           test_follow_another_vector_gets_another_index_and_the_same_one_stays,
           test_follow_of_a_generation_happens_once,
           test_follow_refuses_what_cannot_be_and_changes_nothing,
           test_follow_without_memory_leaves_all_as_it_was,
           test_follow_generations_are_found_by_their_fingerprint_and_count_their_items,
           test_follow_that_does_not_fit_copies_the_line_once,
           test_follow_compact_keeps_what_is_alive,
           test_follow_features_belong_to_an_item_as_its_vector_does,
           test_follow_features_that_cannot_be_are_refused,
           test_follow_runs_beside_readers_who_see_their_own_generation)
