/* SPDX-License-Identifier: MIT */
#include "train/kept.h"

#include <stdlib.h>
#include <string.h>

#include "check_run.h"

enum { FLOATS = 5 };

typedef struct room {
    rri_kept kept;
    void *block;
} room;

static void open_room(room *r, int32_t keep_versions, int32_t max_staleness, size_t n_floats)
{
    rr_agent_config config;
    rr_agent_config_init(&config, sizeof config);
    config.keep_versions = keep_versions;
    config.max_staleness = max_staleness;
    rri_arena arena = {0};
    rri_kept_layout(&r->kept, &arena, &config, n_floats);
    r->block = aligned_alloc(64, (arena.used + 127) / 64 * 64);
    arena = (rri_arena){.base = r->block};
    rri_kept_layout(&r->kept, &arena, &config, n_floats);
}

/* Version v has the parameters v, v + 1, … */
static void add(rri_kept *kept, uint64_t v)
{
    float values[FLOATS];
    for (size_t i = 0; i < FLOATS; i++) {
        values[i] = (float)(v + i);
    }
    rri_kept_add(kept, v, values);
}

static void expect(const rri_kept *kept, uint64_t v, bool is_there)
{
    const float *values = rri_kept_find(kept, v);
    ck_assert_int_eq(values != NULL, is_there);
    for (size_t i = 0; is_there && i < FLOATS; i++) {
        ck_assert_float_eq(values[i], (float)(v + i));
    }
}

START_TEST(test_kept_the_newest_are_there)
{
    room r;
    open_room(&r, 4, 64, FLOATS);
    ck_assert_uint_eq(r.kept.most, 3);
    for (uint64_t v = 1; v <= 5; v++) {
        add(&r.kept, v);
        add(&r.kept, v); /* which is there already */
        expect(&r.kept, v, true);
    }
    expect(&r.kept, 2, false);
    expect(&r.kept, 3, true);
    expect(&r.kept, 4, true);
    rri_kept_clear(&r.kept);
    expect(&r.kept, 5, false);
    free(r.block);
}
END_TEST

START_TEST(test_kept_room_for_one_version_keeps_none)
{
    room r;
    open_room(&r, 1, 64, FLOATS);
    ck_assert_uint_eq(r.kept.most, 0);
    add(&r.kept, 1);
    expect(&r.kept, 1, false);
    free(r.block);
}
END_TEST

START_TEST(test_kept_of_itself_takes_no_more_than_a_mebibyte_and_what_may_be_stale)
{
    const struct {
        int32_t max_staleness;
        size_t n_floats, most;
    } cases[] = {{64, 100, 15}, {4, 100, 4}, {0, 100, 0}, {64, 21000, 12}, {64, 300000, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        room r;
        open_room(&r, 0, cases[i].max_staleness, cases[i].n_floats);
        ck_assert_uint_eq(r.kept.most, cases[i].most);
        ck_assert_uint_le(r.kept.most * cases[i].n_floats * sizeof(float), 1 << 20);
        free(r.block);
    }
}
END_TEST

/* Rings of every size and filling, into rings of every size. */
START_TEST(test_kept_restored_into_as_much_room_is_the_same_ring_and_into_less_the_newest)
{
    for (int32_t from = 2; from <= 6; from++) {
        for (uint64_t n_added = 1; n_added <= 12; n_added++) {
            room a;
            open_room(&a, from, 64, FLOATS);
            for (uint64_t v = 1; v <= n_added; v++) {
                add(&a.kept, v);
            }
            for (int32_t to = 1; to <= 6; to++) {
                room b;
                open_room(&b, to, 64, FLOATS);
                add(&b.kept, 99); /* of before */
                rri_kept_restore(&b.kept, a.kept.plain, (const unsigned char *)a.kept.values,
                                 a.kept.n, a.kept.next);
                expect(&b.kept, 99, false);
                for (uint64_t v = 1; v <= n_added; v++) {
                    const uint64_t age = n_added - v;
                    expect(&b.kept, v, age < a.kept.most && age < b.kept.most);
                }
                if (from == to) {
                    ck_assert_uint_eq(b.kept.next, a.kept.next);
                    ck_assert_mem_eq(b.kept.plain, a.kept.plain, a.kept.n * sizeof(uint64_t));
                }
                add(&b.kept, 50);
                if (b.kept.most > 1 && a.kept.n >= b.kept.most) { /* over the oldest */
                    expect(&b.kept, n_added, true);
                    expect(&b.kept, n_added - b.kept.most + 1, false);
                }
                free(b.block);
            }
            free(a.block);
        }
    }
}
END_TEST

CHECK_MAIN("train/kept", test_kept_the_newest_are_there, test_kept_room_for_one_version_keeps_none,
           test_kept_of_itself_takes_no_more_than_a_mebibyte_and_what_may_be_stale,
           test_kept_restored_into_as_much_room_is_the_same_ring_and_into_less_the_newest)
