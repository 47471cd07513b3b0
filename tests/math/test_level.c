/* SPDX-License-Identifier: MIT */
/* What level.h makes of each RRI_LEVEL: it is read once per level here, as the build reads it. */
#include "math/level.h"

#include "check_run.h"

#define SPELT(name) SPELT_AS_IT_STANDS(name)
#define SPELT_AS_IT_STANDS(name) #name

static const int level_without_a_word = RRI_LEVEL;
static const char *const name_without_a_word = SPELT(RRI_AT_LEVEL(rri_reduce));

#undef RRI_MATH_LEVEL_H
#undef RRI_LEVEL
#undef RRI_AT_LEVEL
#define RRI_LEVEL 1
#include "math/level.h"
static const char *const name_at_1 = SPELT(RRI_AT_LEVEL(rri_reduce));

#undef RRI_MATH_LEVEL_H
#undef RRI_LEVEL
#undef RRI_AT_LEVEL
#define RRI_LEVEL 2
#include "math/level.h"
static const char *const name_at_2 = SPELT(RRI_AT_LEVEL(rri_reduce));

START_TEST(test_level_without_a_word_is_the_portable_one)
{
    ck_assert_int_eq(level_without_a_word, 0);
    ck_assert_str_eq(name_without_a_word, "rri_reduce_portable");
}
END_TEST

START_TEST(test_level_each_has_names_of_its_own)
{
    ck_assert_str_eq(name_at_1, "rri_reduce_avx2");
    ck_assert_str_eq(name_at_2, "rri_reduce_avx512");
}
END_TEST

CHECK_MAIN("math/level", test_level_without_a_word_is_the_portable_one,
           test_level_each_has_names_of_its_own)
