/* SPDX-License-Identifier: MIT */
#include "model/versions.h"

#include <stdlib.h>
#include <string.h>

#include "check_run.h"

enum { FLOATS = 5 };

typedef struct room {
    rri_earlier earlier;
    void *block;
} room;

static void open_room(room *r, int32_t keep_versions, int32_t max_staleness, size_t n_floats)
{
    rr_agent_config config;
    rr_agent_config_init(&config, sizeof config);
    config.keep_versions = keep_versions;
    config.max_staleness = max_staleness;
    rri_arena arena = {0};
    rri_earlier_layout(&r->earlier, &arena, &config, n_floats);
    r->block = aligned_alloc(64, (arena.used + 127) / 64 * 64);
    arena = (rri_arena){.base = r->block};
    rri_earlier_layout(&r->earlier, &arena, &config, n_floats);
}

/* Version v has the parameters v, v + 1, … */
static void add(rri_earlier *earlier, uint64_t v)
{
    float values[FLOATS];
    for (size_t i = 0; i < FLOATS; i++) {
        values[i] = (float)(v + i);
    }
    rri_earlier_add(earlier, v, values);
}

static void expect(const rri_earlier *earlier, uint64_t v, bool is_there)
{
    const float *values = rri_earlier_find(earlier, v);
    ck_assert_int_eq(values != NULL, is_there);
    for (size_t i = 0; is_there && i < FLOATS; i++) {
        ck_assert_float_eq(values[i], (float)(v + i));
    }
}

START_TEST(test_earlier_the_newest_are_there)
{
    room r;
    open_room(&r, 4, 64, FLOATS);
    ck_assert_uint_eq(r.earlier.most, 3);
    for (uint64_t v = 1; v <= 5; v++) {
        add(&r.earlier, v);
        add(&r.earlier, v); /* which is there already */
        expect(&r.earlier, v, true);
    }
    expect(&r.earlier, 2, false);
    expect(&r.earlier, 3, true);
    expect(&r.earlier, 4, true);
    rri_earlier_clear(&r.earlier);
    expect(&r.earlier, 5, false);
    free(r.block);
}
END_TEST

START_TEST(test_earlier_room_for_one_version_keeps_none)
{
    room r;
    open_room(&r, 1, 64, FLOATS);
    ck_assert_uint_eq(r.earlier.most, 0);
    add(&r.earlier, 1);
    expect(&r.earlier, 1, false);
    free(r.block);
}
END_TEST

START_TEST(test_earlier_of_itself_takes_no_more_than_a_mebibyte_and_what_may_be_stale)
{
    const struct {
        int32_t max_staleness;
        size_t n_floats, most;
    } cases[] = {{64, 100, 15}, {4, 100, 4}, {0, 100, 0}, {64, 21000, 12}, {64, 300000, 0}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        room r;
        open_room(&r, 0, cases[i].max_staleness, cases[i].n_floats);
        ck_assert_uint_eq(r.earlier.most, cases[i].most);
        ck_assert_uint_le(r.earlier.most * cases[i].n_floats * sizeof(float), 1 << 20);
        free(r.block);
    }
}
END_TEST

/* Rings of every size and filling, into rings of every size. */
START_TEST(test_earlier_restored_into_as_much_room_is_the_same_ring_and_into_less_the_newest)
{
    for (int32_t from = 2; from <= 6; from++) {
        for (uint64_t n_added = 1; n_added <= 12; n_added++) {
            room a;
            open_room(&a, from, 64, FLOATS);
            for (uint64_t v = 1; v <= n_added; v++) {
                add(&a.earlier, v);
            }
            for (int32_t to = 1; to <= 6; to++) {
                room b;
                open_room(&b, to, 64, FLOATS);
                add(&b.earlier, 99); /* of before */
                rri_earlier_restore(&b.earlier, a.earlier.plain,
                                    (const unsigned char *)a.earlier.values, a.earlier.n,
                                    a.earlier.next);
                expect(&b.earlier, 99, false);
                for (uint64_t v = 1; v <= n_added; v++) {
                    const uint64_t age = n_added - v;
                    expect(&b.earlier, v, age < a.earlier.most && age < b.earlier.most);
                }
                if (from == to) {
                    ck_assert_uint_eq(b.earlier.next, a.earlier.next);
                    ck_assert_mem_eq(b.earlier.plain, a.earlier.plain,
                                     a.earlier.n * sizeof(uint64_t));
                }
                add(&b.earlier, 50);
                if (b.earlier.most > 1 && a.earlier.n >= b.earlier.most) { /* over the oldest */
                    expect(&b.earlier, n_added, true);
                    expect(&b.earlier, n_added - b.earlier.most + 1, false);
                }
                free(b.block);
            }
            free(a.block);
        }
    }
}
END_TEST

CHECK_MAIN("model/earlier", test_earlier_the_newest_are_there,
           test_earlier_room_for_one_version_keeps_none,
           test_earlier_of_itself_takes_no_more_than_a_mebibyte_and_what_may_be_stale,
           test_earlier_restored_into_as_much_room_is_the_same_ring_and_into_less_the_newest)
