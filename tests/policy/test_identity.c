/* SPDX-License-Identifier: MIT */
#include "policy/identity.h"

#include <string.h>

#include "check_run.h"
#include "recrl/recrl.h"

enum { K = 5, E = 6, N = 4 };

typedef struct sample {
    rr_items *items; /* keys 10 … 13 */
    int32_t candidates[K], history[E];
    uint64_t keys[K], history_keys[E];
    rri_menu menu;
} sample;

/* A list of items 2 and 0, and three in no pool: of keys 7 and 11, and of none. */
static void begin(sample *s)
{
    const float vectors[N] = {1, 2, 3, 4};
    const uint64_t keys[N] = {10, 11, 12, 13};
    *s = (sample){.candidates = {2, -1, 0, -1, -1}, .keys = {99, 7, 99, 0, 11}};
    const int32_t history[E] = {-1, -1, 2, -1, 1, -1};
    const uint64_t history_keys[E] = {0, 7, 0, 10, 0, 8};
    memcpy(s->history, history, sizeof history);
    memcpy(s->history_keys, history_keys, sizeof history_keys);
    rr_error err;
    ck_assert_int_eq(rr_items_create(&s->items, vectors, keys, N, 1, NULL, NULL, &err), RR_OK);
    s->menu = (rri_menu){.n = 1,
                         .k = K,
                         .h = E,
                         .candidates = s->candidates,
                         .history = s->history,
                         .candidate_keys = s->keys,
                         .history_keys = s->history_keys};
    rri_menu_set_pool(&s->menu, s->items);
}

/* Nothing; candidate 1 by its key; item 2; item 0 by its key; candidate 4, whose key the pool has
 * as item 1; a key that nobody has. */
START_TEST(test_identity_numbers_entries_as_items_or_as_candidates)
{
    sample s;
    begin(&s);
    int32_t numbers[E];
    const int32_t wanted[E] = {-1, N + 1, 2, 0, N + 4, -1};
    const rri_entries entries = rri_identity_history(&s.menu, 0);
    ck_assert_ptr_eq(rri_identity_numbers(numbers, &s.menu, N, 0, &entries), numbers);
    ck_assert_mem_eq(numbers, wanted, sizeof wanted);
    for (size_t i = 0; i < E; i++) {
        for (size_t position = 0; position < K; position++) {
            ck_assert_int_eq(rri_identity_is(&s.menu, 0, &entries, i, position),
                             numbers[i] == rri_identity_number(&s.menu, N, 0, position));
        }
    }
    rr_items_release(s.items);
}
END_TEST

START_TEST(test_identity_without_keys_and_lives_leaves_the_indices_where_they_are)
{
    sample s;
    begin(&s);
    int32_t numbers[E];
    s.menu.candidate_keys = s.menu.history_keys = NULL;
    const rri_entries entries = rri_identity_history(&s.menu, 0);
    ck_assert_ptr_eq(rri_identity_numbers(numbers, &s.menu, N, 0, &entries), s.history);
    ck_assert(!rri_identity_renumbers(&s.menu));
    rr_items_release(s.items);
}
END_TEST

/* Keys may lie one behind the other, as vectors do. */
START_TEST(test_identity_finds_own_keys_by_position_and_by_rank)
{
    sample s;
    begin(&s);
    const uint64_t wanted[K] = {0, 7, 0, 0, 11}, packed[3] = {7, 0, 11};
    for (int form = 0; form < 2; form++) {
        for (size_t position = 0; position < K; position++) {
            ck_assert_uint_eq(rri_identity_own_key(&s.menu, 0, position), wanted[position]);
        }
        s.menu.candidate_keys = packed;
        s.menu.n_vectors = 3;
        s.menu.is_packed = true;
    }
    rr_items_release(s.items);
}
END_TEST

/* So many keys that the filter says of each that it may be there. */
START_TEST(test_identity_of_many_keys_is_that_of_few)
{
    enum { MANY = 4096 };
    static uint64_t keys[MANY], past_keys[MANY];
    static int32_t candidates[MANY], past[MANY], numbers[MANY];
    rr_error err = {0};
    for (size_t i = 0; i < MANY; i++) {
        candidates[i] = past[i] = -1;
        keys[i] = 1 + i * i;
    }
    for (size_t i = 0; i < MANY; i++) {
        past_keys[i] = keys[MANY - 1 - i] + i % 2;
    }
    rri_menu menu = {.n = 1, .k = MANY, .h = MANY, .candidates = candidates, .history = past};
    menu.candidate_keys = keys;
    menu.history_keys = past_keys;
    const rri_entries entries = rri_identity_history(&menu, 0);
    (void)rri_identity_numbers(numbers, &menu, 0, 0, &entries);
    for (size_t i = 0; i < MANY; i++) { /* 1 + i² + 1 is the next key for i = 0 alone */
        const size_t position = MANY - 1 - i;
        const int32_t of_next = position == 0 ? 1 : -1;
        ck_assert_int_eq(numbers[i], i % 2 == 0 ? (int32_t)position : of_next);
    }
    ck_assert_int_eq(rri_identity_check(&menu, 0, 0, &err), RR_OK);
    keys[4000] = keys[17];
    ck_assert_int_eq(rri_identity_check(&menu, 0, 0, &err), RR_E_INVALID);
    ck_assert_str_eq(err.text, "obs: row 0: candidate_keys[4000] is 290, the key of candidate 17; "
                               "a candidate may occur once");
    keys[4000] = keys[17] = 0;
    ck_assert_int_eq(rri_identity_check(&menu, 0, 0, &err), RR_OK);
    ck_assert_int_eq(rri_identity_check(&menu, INT32_MAX - MANY + 1, 0, &err), RR_E_UNSUPPORTED);
}
END_TEST

CHECK_MAIN("policy/identity", test_identity_numbers_entries_as_items_or_as_candidates,
           test_identity_without_keys_and_lives_leaves_the_indices_where_they_are,
           test_identity_finds_own_keys_by_position_and_by_rank,
           test_identity_of_many_keys_is_that_of_few)
