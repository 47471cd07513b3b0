/* SPDX-License-Identifier: MIT */
#include "core/count.h"

#include "check_run.h"

START_TEST(test_count_stays_at_its_most)
{
    const int64_t most = (int64_t)1 << 62;
    ck_assert_int_eq(rri_count_sum(0, 0), 0);
    ck_assert_int_eq(rri_count_sum(3, 4), 7);
    ck_assert_int_eq(rri_count_sum(most - 2, 1), most - 1);
    ck_assert_int_eq(rri_count_sum(most - 2, 2), most);
    ck_assert_int_eq(rri_count_sum(most - 2, 3), most);
    ck_assert_int_eq(rri_count_sum(most, 0), most);
    ck_assert_int_eq(rri_count_sum(most, 1), most);
    ck_assert_int_eq(rri_count_sum(most, INT64_MAX), most);
    ck_assert_int_eq(rri_count_sum(0, INT64_MAX), most);
}
END_TEST

CHECK_MAIN("core/count", test_count_stays_at_its_most)
