/* SPDX-License-Identifier: MIT */
#include "policy/distinct.h"

#include <stdlib.h>
#include <string.h>

#include "check_run.h"
#include "gradcheck.h"

enum { MOST = 1500 };

static bool check_steps(size_t *n_steps, const int32_t *items, size_t n)
{
    const size_t bytes = rri_distinct_scratch(n);
    rri_stack stack = {aligned_alloc(64, bytes), bytes, 0};
    memset(stack.base, 0xa5, bytes); /* scratch comes dirty */
    const bool answer = rri_distinct_check(n_steps, items, n, &stack);
    ck_assert_uint_eq(stack.used, 0);
    free(stack.base);
    return answer;
}

static bool check(const int32_t *items, size_t n)
{
    return check_steps(NULL, items, n);
}

/* The slow one: every pair. */
static bool twin(const int32_t *items, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t j = i + 1; j < n; j++) {
            if (items[i] >= 0 && items[i] == items[j]) {
                return false;
            }
        }
    }
    return true;
}

START_TEST(test_distinct_one_item_that_comes_again_is_seen_wherever_the_two_lie)
{
    int32_t items[40];
    for (size_t i = 0; i < 40; i++) {
        items[i] = (int32_t)(i * i * 1009);
    }
    ck_assert(check(items, 40));
    for (size_t i = 0; i < 40; i++) {
        for (size_t j = 0; j < 40; j++) {
            const int32_t kept = items[i];
            items[i] = items[j];
            ck_assert(check(items, 40) == (i == j));
            items[i] = kept;
        }
    }
}
END_TEST

START_TEST(test_distinct_places_without_an_item_may_come_again)
{
    const int32_t items[] = {-1, 7, -1, 0, -1};
    ck_assert(check(items, 5));
    const int32_t again[] = {-1, 7, -1, 0, 7};
    ck_assert(!check(again, 5));
    ck_assert(check(again, 0));
}
END_TEST

/* From few items, so that about half of the lists repeat one; and of many rounds: items that share
 * their low bits, or all bits but the highest. */
START_TEST(test_distinct_agrees_with_the_comparison_of_all_pairs)
{
    static int32_t items[MOST];
    static float uniforms[MOST];
    size_t n_distinct = 0;
    for (uint64_t seed = 0; seed < 400; seed++) {
        const size_t n = 1 + (size_t)(seed * 37 % MOST);
        const double range = 0.7 * (double)(n * n) + 2.0;
        gradcheck_draw(uniforms, n, 0.0f, 1.0f, seed);
        for (size_t i = 0; i < n; i++) {
            const uint32_t drawn = (uint32_t)((double)uniforms[i] * range);
            items[i] = (int32_t)((seed % 3 == 0 ? drawn << 12 : drawn) & 0x7fffffffu);
        }
        ck_assert(check(items, n) == twin(items, n));
        n_distinct += twin(items, n) ? 1 : 0;
    }
    ck_assert(n_distinct > 50 && n_distinct < 350);
}
END_TEST

/* Two places of one item, hidden round after round behind others that share their slots: among so
 * many short lists there are some that need three rounds. */
START_TEST(test_distinct_a_pair_is_seen_in_whichever_round_it_comes_to_light)
{
    uint32_t bits = 1;
    for (size_t trial = 0; trial < 100000; trial++) {
        int32_t items[8];
        for (size_t i = 0; i < 8; i++) {
            bits = bits * 1664525u + 1013904223u;
            items[i] = (int32_t)(bits >> 12);
        }
        items[1 + trial % 3] = items[0];
        ck_assert(!check(items, 8));
    }
}
END_TEST

/* Lists with a structure: one bit apart, steps of any width, few high bits. Each is distinct. */
START_TEST(test_distinct_looks_at_a_place_about_once_whatever_the_list)
{
    static int32_t items[MOST];
    for (uint32_t shift = 0; shift < 27; shift++) {
        for (size_t n = 1; n < MOST && n << shift <= 0x7fffffffu; n += 1 + n / 3) {
            for (size_t i = 0; i < n; i++) {
                items[i] = (int32_t)(i << shift);
            }
            size_t n_steps = 0;
            ck_assert(check_steps(&n_steps, items, n));
            ck_assert_uint_ge(n_steps, n);
            ck_assert_uint_le(n_steps, 2 * n + 16);
        }
    }
}
END_TEST

/* Sixteen items that share a slot of 64 in each of the first three rounds, found by trying: the
 * rounds that follow have factors that the list's author cannot know, and are few. */
START_TEST(test_distinct_list_made_against_the_fixed_rounds_is_settled_by_the_next)
{
    static const uint64_t fixed[] = {UINT64_C(0x9E3779B97F4A7C15), UINT64_C(0xC2B2AE3D27D4EB4F),
                                     UINT64_C(0xD6E8FEB86659FD93)};
    int32_t items[16];
    size_t n = 0;
    for (uint64_t item = 0; n < 16; item++) {
        if ((item * fixed[0] | item * fixed[1] | item * fixed[2]) >> 58 == 0) {
            items[n++] = (int32_t)item;
        }
    }
    for (int trial = 0; trial < 20; trial++) {
        size_t n_steps = 0;
        ck_assert(check_steps(&n_steps, items, 16));
        ck_assert_uint_ge(n_steps, 16 + 15 + 14 + 13); /* or it is no longer made against them */
        ck_assert_uint_le(n_steps, 16 + 15 + 14 + 13 + 26);
    }
}
END_TEST

CHECK_MAIN("policy/distinct", test_distinct_one_item_that_comes_again_is_seen_wherever_the_two_lie,
           test_distinct_looks_at_a_place_about_once_whatever_the_list,
           test_distinct_list_made_against_the_fixed_rounds_is_settled_by_the_next,
           test_distinct_places_without_an_item_may_come_again,
           test_distinct_a_pair_is_seen_in_whichever_round_it_comes_to_light,
           test_distinct_agrees_with_the_comparison_of_all_pairs)
