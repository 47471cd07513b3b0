/* SPDX-License-Identifier: MIT */
#include "items/life.h"

#include <string.h>

#include "check_run.h"

enum { N = 700, ROOM = 1024 };

/* Item i comes in generation i / 100 and goes 3 later, but for every third, which stays; so the
 * last block of some generations ends within a word. */
typedef struct lives {
    uint32_t births[ROOM];
    _Atomic uint32_t deaths[ROOM], block_deaths[ROOM / RRI_LIFE_BLOCK];
    _Atomic uint32_t block_latest[ROOM / RRI_LIFE_BLOCK];
    _Atomic uint64_t ended[ROOM / 64];
    _Atomic int32_t next[ROOM];
    rri_life life;
} lives;

static void open_lives(lives *l)
{
    l->life = (rri_life){.births = l->births,
                         .deaths = l->deaths,
                         .block_deaths = l->block_deaths,
                         .block_latest = l->block_latest,
                         .ended = l->ended,
                         .next = l->next};
    for (size_t w = 0; w < ROOM / 64; w++) {
        l->ended[w] = 0;
    }
    for (size_t b = 0; b < ROOM / RRI_LIFE_BLOCK; b++) {
        l->block_deaths[b] = RRI_LIFE_LASTS;
        l->block_latest[b] = 0;
    }
    for (uint32_t i = 0; i < ROOM; i++) {
        l->births[i] = i / 100;
        l->deaths[i] = RRI_LIFE_LASTS;
        l->next[i] = -1;
        if (i % 3 != 0) {
            rri_life_end(&l->life, i, i / 100 + 3);
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

static bool is_set(const uint64_t *words, size_t i)
{
    return (words[i / 64] >> i % 64 & 1) != 0;
}

START_TEST(test_life_mask_says_of_each_item_of_a_block_whether_it_is_there)
{
    static lives l;
    open_lives(&l);
    for (uint32_t g = 0; g < 14; g++) {
        for (size_t begin = 0; begin < N; begin += RRI_LIFE_BLOCK) {
            const size_t end = begin + RRI_LIFE_BLOCK < N ? begin + RRI_LIFE_BLOCK : N;
            uint64_t dead[RRI_LIFE_WORDS];
            size_t n_dead = 0;
            const bool any = rri_life_mask(dead, &l.life, g, begin, end);
            for (size_t i = begin; i < end; i++) {
                n_dead += !lives_in((uint32_t)i, g);
                ck_assert(!any || is_set(dead, i - begin) == !lives_in((uint32_t)i, g));
            }
            ck_assert(any == (n_dead > 0));
            ck_assert(!rri_life_is_whole(&l.life, begin, end, g) || n_dead == 0);
        }
    }
    uint64_t dead[RRI_LIFE_WORDS];
    ck_assert(rri_life_is_whole(&l.life, 0, 100, 2));
    ck_assert(!rri_life_mask(dead, &l.life, 2, 0, 100));
}
END_TEST

/* A block's deaths may all be old, and some of its births yet to come. */
START_TEST(test_life_mask_has_what_has_not_come_yet)
{
    static lives l;
    open_lives(&l);
    for (uint32_t i = 0; i < RRI_LIFE_BLOCK; i++) {
        l.deaths[i] = RRI_LIFE_LASTS;
        l.births[i] = i < 200 ? 0 : 5;
    }
    l.block_deaths[0] = RRI_LIFE_LASTS;
    l.block_latest[0] = 0;
    memset(l.ended, 0, sizeof l.ended);
    rri_life_end(&l.life, 7, 1);
    for (uint32_t g = 0; g < 5; g++) {
        uint64_t dead[RRI_LIFE_WORDS];
        ck_assert(rri_life_mask(dead, &l.life, g, 0, RRI_LIFE_BLOCK));
        for (size_t i = 0; i < RRI_LIFE_BLOCK; i++) {
            ck_assert(is_set(dead, i) == ((i == 7 && g >= 1) || i >= 200));
        }
    }
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
           test_life_mask_has_what_has_not_come_yet,
           test_life_a_key_goes_on_under_the_index_that_its_generation_has)
