/* SPDX-License-Identifier: MIT */
#include "policy/menu.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check_run.h"

enum { N_ITEMS = 200, DIM = 2 };

static rr_status check(const rri_menu *menu, size_t n_items, rr_error *err)
{
    const size_t bytes = rri_menu_check_scratch(n_items, menu->k);
    rri_stack stack = {aligned_alloc(64, bytes), bytes, 0};
    memset(stack.base, 0xff, bytes); /* scratch comes dirty */
    const rr_status status = rri_menu_check(menu, rri_kernels_detect(), n_items, DIM, &stack, err);
    ck_assert_uint_eq(stack.used, 0);
    free(stack.base);
    return status;
}

static void assert_refused(const rri_menu *menu, rr_status expected, const char *sentence)
{
    rr_error err = {0};
    ck_assert_int_eq(check(menu, N_ITEMS, &err), expected);
    ck_assert_msg(strstr(err.text, sentence) != NULL, "'%s' lacks '%s'", err.text, sentence);
}

/* Two rows of three candidates, of which the second of each has its own vector. */
static int32_t candidates[6], lengths[2], counts[6], excluded[4], history[4];
static float features[6], vectors[12];

static rri_menu good_menu(void)
{
    const int32_t fresh_candidates[] = {5, -1, 199, 0, -1, 5};
    const int32_t fresh_excluded[] = {5, -1, 7, 7};
    const int32_t fresh_history[] = {-1, 199, 3, 3};
    memcpy(candidates, fresh_candidates, sizeof candidates);
    memcpy(excluded, fresh_excluded, sizeof excluded);
    memcpy(history, fresh_history, sizeof history);
    lengths[0] = 3;
    lengths[1] = 2;
    memset(counts, 0, sizeof counts);
    memset(features, 0, sizeof features);
    memset(vectors, 0, sizeof vectors);
    return (rri_menu){.n = 2,
                      .k = 3,
                      .m = 2,
                      .h = 2,
                      .feature_dim = 1,
                      .lengths = lengths,
                      .candidates = candidates,
                      .features = features,
                      .vectors = vectors,
                      .counts = counts,
                      .excluded = excluded,
                      .history = history};
}

START_TEST(test_menu_good_rows_pass)
{
    rri_menu menu = good_menu();
    ck_assert_int_eq(check(&menu, N_ITEMS, NULL), RR_OK);
    candidates[5] = 0; /* behind row 1's length: not read */
    vectors[0] = NAN;  /* of a pool item: not read */
    features[5] = INFINITY;
    counts[5] = -7;
    ck_assert_int_eq(check(&menu, N_ITEMS, NULL), RR_OK);
    menu.candidates = NULL;
    vectors[0] = 0.0f;
    ck_assert_int_eq(check(&menu, N_ITEMS, NULL), RR_OK);
    const rri_menu pool = {.n = 2, .m = 2, .h = 2, .excluded = excluded, .history = history};
    ck_assert_int_eq(check(&pool, N_ITEMS, NULL), RR_OK);
}
END_TEST

START_TEST(test_menu_a_row_knows_nothing_of_the_rows_before_it)
{
    rri_menu menu = good_menu();
    candidates[3] = 199; /* a candidate of row 0 too */
    lengths[1] = 3;
    ck_assert_int_eq(check(&menu, N_ITEMS, NULL), RR_OK);
    const int32_t twice[] = {0, 1, 2, 0, 1, 2};
    const rri_menu pool = {.n = 2, .m = 3, .excluded = twice};
    ck_assert_int_eq(check(&pool, 4, NULL), RR_OK);
    const int32_t all_of_row_1[] = {0, -1, -1, 0, 1, 2};
    const rri_menu emptied = {.n = 2, .m = 3, .excluded = all_of_row_1};
    rr_error err = {0};
    ck_assert_int_eq(check(&emptied, 3, &err), RR_E_INVALID);
    ck_assert_msg(strstr(err.text, "row 1: all 3 items") != NULL, "%s", err.text);
}
END_TEST

START_TEST(test_menu_each_fault_is_named_with_row_and_field)
{
    rri_menu menu = good_menu();
    candidates[3] = 200;
    assert_refused(&menu, RR_E_INVALID, "row 1: candidates[0] is 200");
    menu = good_menu();
    candidates[2] = -2;
    assert_refused(&menu, RR_E_INVALID, "row 0: candidates[2] is -2");
    menu = good_menu();
    candidates[2] = 5;
    assert_refused(&menu, RR_E_INVALID, "row 0: candidates[2] is 5, which is in the row already");
    menu = good_menu();
    lengths[1] = 0;
    assert_refused(&menu, RR_E_INVALID, "row 1: lengths is 0");
    menu = good_menu();
    lengths[1] = 4;
    assert_refused(&menu, RR_E_INVALID, "row 1: lengths is 4; it must be in [1, 3]");
    menu = good_menu();
    counts[4] = -1;
    assert_refused(&menu, RR_E_INVALID, "row 1: counts[1] is -1");
    menu = good_menu();
    features[4] = NAN;
    assert_refused(&menu, RR_E_NOT_FINITE, "obs: features[1][1][0] is");
    menu = good_menu();
    vectors[9] = INFINITY; /* row 1, candidate 1, coordinate 1 */
    assert_refused(&menu, RR_E_NOT_FINITE, "obs: vectors[1][1][1] is inf");
    menu = good_menu();
    history[3] = 200;
    assert_refused(&menu, RR_E_INVALID, "row 1: history[1] is 200");
    menu = good_menu();
    excluded[0] = 1 << 30;
    assert_refused(&menu, RR_E_INVALID, "row 0: excluded[0] is 1073741824");
    menu = good_menu();
    menu.vectors = NULL;
    assert_refused(&menu, RR_E_INVALID, "row 0: candidates[1] is -1");
    menu.candidates = NULL;
    assert_refused(&menu, RR_E_INVALID, "candidates and vectors are NULL");
}
END_TEST

/* A list of k different items of a pool, some of them not in it, passes; with any one place
 * written over by the item of another it does not. */
static void check_twins(size_t n_items, size_t k, bool has_strangers)
{
    int32_t *list = malloc(k * sizeof *list);
    float *own = calloc(k * DIM, sizeof *own);
    for (size_t i = 0; i < k; i++) {
        list[i] = (int32_t)((i * 7919 + 3) % n_items);
        list[i] = has_strangers && i % 5 == 4 ? -1 : list[i];
    }
    const rri_menu menu = {.n = 1, .k = k, .candidates = list, .vectors = own};
    ck_assert_int_eq(check(&menu, n_items, NULL), RR_OK);
    for (size_t i = 1; i < k; i += 1 + i / 7) {
        const int32_t before = list[i], twin = list[(i * 5) % i];
        list[i] = twin;
        ck_assert_msg(twin < 0 || check(&menu, n_items, NULL) == RR_E_INVALID,
                      "%zu of %zu items: place %zu has the item of place %zu", k, n_items, i,
                      (i * 5) % i);
        list[i] = before;
    }
    free(list);
    free(own);
}

START_TEST(test_menu_an_item_that_comes_twice_is_found_in_pools_of_any_size)
{
    const size_t pools[] = {641, 10000, 65472, 65535, 65536, 65600, 1000000};
    for (size_t p = 0; p < sizeof pools / sizeof pools[0]; p++) {
        check_twins(pools[p], 300, false);
        check_twins(pools[p], 300, true);
        check_twins(pools[p], 2, false);
    }
    check_twins(641, 641, false);
}
END_TEST

/* Whatever number of a row is not finite or negative, wherever it lies. Nothing is excluded, so
 * that the quick checks alone stand in the way. */
START_TEST(test_menu_a_number_that_may_not_be_is_found_at_every_place)
{
    enum { K = 9, F = 7 };
    int32_t list[2 * K];
    float own[2 * K * DIM] = {0}, weighed[2 * K * F] = {0};
    for (int32_t i = 0; i < 2 * K; i++) {
        list[i] = i % 3 == 1 ? -1 : i;
    }
    rri_menu menu = {.n = 2, .k = K, .feature_dim = F, .candidates = list, .vectors = own};
    menu.features = weighed;
    for (size_t i = 0; i < sizeof weighed / sizeof weighed[0]; i++) {
        weighed[i] = i % 2 == 0 ? NAN : -INFINITY;
        ck_assert_int_eq(check(&menu, N_ITEMS, NULL), RR_E_NOT_FINITE);
        weighed[i] = 0.0f;
    }
    for (size_t i = 0; i < sizeof own / sizeof own[0]; i++) {
        own[i] = INFINITY;
        const bool is_read = list[i / DIM] < 0;
        menu.candidates = list;
        ck_assert_int_eq(check(&menu, N_ITEMS, NULL), is_read ? RR_E_NOT_FINITE : RR_OK);
        menu.candidates = NULL;
        ck_assert_int_eq(check(&menu, N_ITEMS, NULL), RR_E_NOT_FINITE);
        own[i] = 0.0f;
    }
    menu.candidates = list;
    ck_assert_int_eq(check(&menu, N_ITEMS, NULL), RR_OK);
    int32_t shown[2 * K] = {0};
    menu.counts = shown;
    for (size_t i = 0; i < sizeof shown / sizeof shown[0]; i++) {
        shown[i] = -1;
        ck_assert_int_eq(check(&menu, N_ITEMS, NULL), RR_E_INVALID);
        shown[i] = 1;
        ck_assert_int_eq(check(&menu, N_ITEMS, NULL), RR_OK);
    }
}
END_TEST

START_TEST(test_menu_a_row_with_nothing_left_is_refused)
{
    rri_menu menu = good_menu();
    menu.vectors = NULL;
    const int32_t two[] = {5, 6, 1, 0, 7, 1};
    menu.candidates = two;
    const int32_t out[] = {5, 5, 7, 0};
    menu.excluded = out;
    lengths[0] = 2;
    assert_refused(&menu, RR_E_INVALID, "row 1: all 2 items are excluded");
    lengths[1] = 3;
    ck_assert_int_eq(check(&menu, N_ITEMS, NULL), RR_OK);

    const int32_t whole_pool[] = {0, 1, 0, 2};
    const rri_menu pool = {.n = 1, .m = 4, .excluded = whole_pool};
    rr_error err;
    ck_assert_int_eq(check(&pool, 4, &err), RR_OK);
    ck_assert_int_eq(check(&pool, 3, &err), RR_E_INVALID);
}
END_TEST

/* Bytes that are not as they were. Gaps between slices are poisoned under AddressSanitizer, and may
 * be looked at here. */
__attribute__((no_sanitize_address)) static size_t count_written(const unsigned char *base,
                                                                 size_t bytes)
{
    size_t n = 0;
    for (size_t i = 0; i < bytes; i++) {
        n += base[i] != 0xA5;
    }
    return n;
}

/* The scratch is as it was: no set of the catalogue's items was cleared for it. */
START_TEST(test_menu_more_exclusions_than_candidates_clear_no_set_of_the_catalogue)
{
    enum { MANY = 1 << 24, WORDS = 4096 };
    rri_menu menu = good_menu();
    const int32_t out[] = {5, 5, 5, 5, 5, 5, 6, 6, 6, 6, 6, 6};
    menu.m = 6;
    menu.excluded = out;
    const size_t bytes = rri_menu_check_scratch(MANY, menu.k);
    unsigned char *base = aligned_alloc(64, (bytes + 63) / 64 * 64);
    memset(base, 0xA5, bytes);
    rri_stack stack = {.base = (char *)base, .size = bytes, .used = 0};
    ck_assert_int_eq(rri_menu_check(&menu, rri_kernels_detect(), MANY, DIM, &stack, NULL), RR_OK);
    ck_assert_uint_lt(count_written(base, bytes), WORDS);
    free(base);
}
END_TEST

START_TEST(test_menu_fields_that_only_lists_have_are_refused_without)
{
    rri_menu menu = good_menu();
    menu.k = 0;
    assert_refused(&menu, RR_E_INVALID, "n_candidates is 0, but candidates is given");
    const rri_menu bare = {.n = 1};
    rr_error err;
    ck_assert_int_eq(check(&bare, 0, &err), RR_E_INVALID);
    ck_assert_int_eq(check(&bare, 1, &err), RR_OK);
}
END_TEST

START_TEST(test_menu_actions_lie_in_their_rows_list_and_are_not_excluded)
{
    const rri_menu menu = good_menu();
    rr_error err;
    const int32_t good[] = {1, 1}, behind[] = {1, 2}, negative[] = {-1, 0}, out[] = {0, 0};
    ck_assert_int_eq(rri_menu_check_actions(&menu, N_ITEMS, good, "actions", &err), RR_OK);
    ck_assert_int_eq(rri_menu_check_actions(&menu, N_ITEMS, behind, "actions", &err), RR_E_INVALID);
    ck_assert_str_eq(err.text, "actions[1] is 2; it must be in [0, 2)");
    ck_assert_int_eq(rri_menu_check_actions(&menu, N_ITEMS, negative, "actions", &err),
                     RR_E_INVALID);
    ck_assert_int_eq(rri_menu_check_actions(&menu, N_ITEMS, out, "actions", &err), RR_E_INVALID);
    ck_assert_str_eq(err.text, "actions[0] is 0, whose item 5 is excluded");
}
END_TEST

CHECK_MAIN("policy/menu", test_menu_good_rows_pass,
           test_menu_a_row_knows_nothing_of_the_rows_before_it,
           test_menu_each_fault_is_named_with_row_and_field,
           test_menu_an_item_that_comes_twice_is_found_in_pools_of_any_size,
           test_menu_a_number_that_may_not_be_is_found_at_every_place,
           test_menu_a_row_with_nothing_left_is_refused,
           test_menu_more_exclusions_than_candidates_clear_no_set_of_the_catalogue,
           test_menu_fields_that_only_lists_have_are_refused_without,
           test_menu_actions_lie_in_their_rows_list_and_are_not_excluded)
