/* SPDX-License-Identifier: MIT */
#include "items/life.h"

#include <string.h>

#include "check_run.h"

enum { N = 700, ROOM = 1024 };

/* Item i comes in generation i / 100 and goes 3 later, but for every third, which stays. */
typedef struct lives {
    uint32_t births[ROOM];
    _Atomic uint32_t deaths[ROOM], block_deaths[ROOM / RRI_LIFE_BLOCK];
    _Atomic int32_t next[ROOM];
    rri_life life;
} lives;

static void open_lives(lives *l)
{
    l->life = (rri_life){l->births, l->deaths, l->block_deaths, l->next};
    for (size_t b = 0; b < ROOM / RRI_LIFE_BLOCK; b++) {
        l->block_deaths[b] = RRI_LIFE_LASTS;
    }
    for (uint32_t i = 0; i < ROOM; i++) {
        l->births[i] = i / 100;
        l->deaths[i] = i % 3 == 0 ? RRI_LIFE_LASTS : i / 100 + 3;
        l->next[i] = -1;
        if (l->deaths[i] < l->block_deaths[i / RRI_LIFE_BLOCK]) {
            l->block_deaths[i / RRI_LIFE_BLOCK] = l->deaths[i];
        }
    }
}

static bool lives_in(uint32_t item, uint32_t generation)
{
    return item / 100 <= generation && (item % 3 == 0 || generation < item / 100 + 3);
}

START_TEST(test_life_is_from_birth_to_death)
{
    static lives l;
    open_lives(&l);
    for (uint32_t g = 0; g < 14; g++) {
        for (uint32_t i = 0; i < N; i++) {
            ck_assert(rri_life_is_alive(&l.life, i, g) == lives_in(i, g));
        }
    }
}
END_TEST

START_TEST(test_life_mask_says_of_each_item_of_a_block_whether_it_is_there)
{
    static lives l;
    open_lives(&l);
    for (uint32_t g = 0; g < 14; g++) {
        for (size_t begin = 0; begin < N; begin += RRI_LIFE_BLOCK) {
            const size_t end = begin + RRI_LIFE_BLOCK < N ? begin + RRI_LIFE_BLOCK : N;
            uint32_t is_dead[RRI_LIFE_BLOCK];
            size_t n_dead = 0;
            const bool any = rri_life_mask(is_dead, &l.life, g, begin, end);
            for (size_t i = begin; i < end; i++) {
                n_dead += !lives_in((uint32_t)i, g);
                ck_assert(!any || (is_dead[i - begin] != 0) == !lives_in((uint32_t)i, g));
            }
            ck_assert(any == (n_dead > 0));
            ck_assert(!rri_life_is_whole(&l.life, begin, end, g) || n_dead == 0);
        }
    }
    uint32_t is_dead[RRI_LIFE_BLOCK];
    ck_assert(rri_life_is_whole(&l.life, 0, 100, 2));
    ck_assert(!rri_life_mask(is_dead, &l.life, 2, 0, 100));
}
END_TEST

START_TEST(test_life_a_key_goes_on_under_the_index_that_its_generation_has)
{
    static lives l;
    open_lives(&l);
    l.next[5] = 120;
    l.next[120] = 640;
    ck_assert_int_eq(rri_life_now(&l.life, 5, 0), 5);
    ck_assert_int_eq(rri_life_now(&l.life, 5, 1), 120);
    ck_assert_int_eq(rri_life_now(&l.life, 5, 5), 120);
    ck_assert_int_eq(rri_life_now(&l.life, 5, 6), 640);
    ck_assert_int_eq(rri_life_now(&l.life, 120, 9), 640);
    ck_assert_int_eq(rri_life_now(&l.life, 640, 9), 640);
    ck_assert_int_eq(rri_life_now(&l.life, 6, 9), 6);
}
END_TEST

CHECK_MAIN("items/life", test_life_is_from_birth_to_death,
           test_life_mask_says_of_each_item_of_a_block_whether_it_is_there,
           test_life_a_key_goes_on_under_the_index_that_its_generation_has)
