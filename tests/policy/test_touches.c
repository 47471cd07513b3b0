/* SPDX-License-Identifier: MIT */
#include "policy/touches.h"

#include "check_run.h"
#include "policy_twin.h"

/* Two rows over ten items: row 0 was shown 2, 7, 7 and may not choose 4; row 1 has nothing but its
 * action 9. */
typedef struct fixture {
    twin t;
    rri_logits_tile tile;
    rri_touches touches;
} fixture;

static const int32_t history[] = {7, 2, 7, -1, -1, -1};
static const int32_t excluded[] = {4, -1};
static const int32_t actions[] = {2, 9};

static void setup(fixture *f, size_t item)
{
    twin_create(&f->t, (twin_shape){.n = 2, .n_items = 10, .dim = 2, .m = 1, .h = 3},
                rri_kernels_detect(), 1);
    f->t.menu.history = history;
    f->t.menu.excluded = excluded;
    f->t.head.repeat_weight = 0.5f;
    f->t.scratch.size = 4096;
    f->t.scratch.base = TWIN_TAKE(&f->t, char, 4096);
    rri_logits_prepare(&f->tile, &f->t.in, 0, 2, &f->t.scratch);
    rri_touches_begin(&f->touches, &f->tile, actions, 2, item, &f->t.scratch);
}

START_TEST(test_touches_a_row_is_touched_where_something_happens_to_it)
{
    fixture f;
    setup(&f, 0);
    ck_assert(!rri_touches_any(&f.touches, 0, 2));
    ck_assert(rri_touches_any(&f.touches, 0, 3));
    ck_assert(!rri_touches_any(&f.touches, 1, 9));
    ck_assert(rri_touches_any(&f.touches, 1, 10));
    rri_touches_advance(&f.touches, 0, 3);
    ck_assert(!rri_touches_any(&f.touches, 0, 4));
    ck_assert(rri_touches_any(&f.touches, 0, 5));
    rri_touches_advance(&f.touches, 0, 5);
    ck_assert(!rri_touches_any(&f.touches, 0, 7));
    ck_assert(rri_touches_any(&f.touches, 0, 8));
    rri_touches_advance(&f.touches, 0, 8);
    ck_assert(!rri_touches_any(&f.touches, 0, 1000));
    twin_free(&f.t);
}
END_TEST

START_TEST(test_touches_a_walk_may_begin_anywhere)
{
    fixture f;
    setup(&f, 5);
    ck_assert(!rri_touches_any(&f.touches, 0, 7));
    ck_assert(rri_touches_any(&f.touches, 0, 8));
    twin_free(&f.t);
}
END_TEST

START_TEST(test_touches_apply_repeats_and_exclusions_of_the_block_alone)
{
    fixture f;
    setup(&f, 0);
    float z[10][2] = {{0}};
    rri_touches_apply(&z[0][1], 2, &f.touches, 0, 0, 5);
    for (size_t i = 0; i < 10; i++) {
        ck_assert(z[i][0] == 0.0f);
        ck_assert(z[i][1] == (i == 2 ? -0.5f : i == 4 ? -INFINITY : 0.0f));
    }
    rri_touches_advance(&f.touches, 0, 5);
    float rest[5] = {0};
    rri_touches_apply(rest, 1, &f.touches, 0, 5, 10);
    ck_assert(rest[2] == -1.0f && rest[0] == 0.0f && rest[4] == 0.0f);
    twin_free(&f.t);
}
END_TEST

START_TEST(test_touches_collect_puts_slopes_at_their_place_in_the_tally)
{
    fixture f;
    setup(&f, 0);
    const float dz[] = {0, 1, 2, 3, 4, 5, 6, 7, 8, 9};
    float slopes[3] = {-1, -1, -1};
    rri_touches_collect(slopes, dz, 1, &f.touches, 0, 0, 7);
    ck_assert(slopes[0] == 2.0f && slopes[1] == -1.0f);
    rri_touches_advance(&f.touches, 0, 7);
    rri_touches_collect(slopes, dz + 7, 1, &f.touches, 0, 7, 10);
    ck_assert(slopes[0] == 2.0f && slopes[1] == 7.0f && slopes[2] == -1.0f);
    twin_free(&f.t);
}
END_TEST

CHECK_MAIN("policy/touches", test_touches_a_row_is_touched_where_something_happens_to_it,
           test_touches_a_walk_may_begin_anywhere,
           test_touches_apply_repeats_and_exclusions_of_the_block_alone,
           test_touches_collect_puts_slopes_at_their_place_in_the_tally)
