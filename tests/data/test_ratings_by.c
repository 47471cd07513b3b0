/* SPDX-License-Identifier: MIT */
#include "data/ratings_by.h"

#include "check_run.h"

START_TEST(test_ratings_by_groups_rows_and_keeps_their_order)
{
    static _Alignas(64) char block[2048];
    const int32_t rows[7] = {2, 0, 2, 2, 0, 3, 2};
    const int32_t others[7] = {10, 11, 12, 13, 14, 15, 16};
    const float ratings[7] = {0.0f, 1.0f, 2.0f, 3.0f, 4.0f, 5.0f, 6.0f};
    const uint8_t is_skipped[7] = {0, 0, 1, 0, 0, 0, 0};
    rri_ratings_by by;
    rri_arena arena = {.base = block};
    rri_ratings_by_layout(&by, &arena, 5, 7);
    ck_assert_uint_le(arena.used, sizeof block);
    rri_ratings_by_fill(&by, rows, others, ratings, is_skipped, 7);
    ck_assert_mem_eq(by.starts, ((const size_t[6]){0, 2, 2, 5, 6, 6}), sizeof(size_t[6]));
    ck_assert_mem_eq(by.others, ((const int32_t[6]){11, 14, 10, 13, 16, 15}), sizeof(int32_t[6]));
    ck_assert_mem_eq(by.ratings, ((const float[6]){1.0f, 4.0f, 0.0f, 3.0f, 6.0f, 5.0f}),
                     sizeof(float[6]));
}
END_TEST

CHECK_MAIN("data/ratings_by", test_ratings_by_groups_rows_and_keeps_their_order)
