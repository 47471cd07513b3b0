/* SPDX-License-Identifier: MIT */
#include "optim/schedule.h"

#include "check_run.h"

START_TEST(test_schedule_falls_by_equal_steps_to_zero)
{
    ck_assert_float_eq(rri_schedule_lr(0.5f, 0, 4), 0.5f);
    ck_assert_float_eq(rri_schedule_lr(0.5f, 1, 4), 0.375f);
    ck_assert_float_eq(rri_schedule_lr(0.5f, 3, 4), 0.125f);
    ck_assert_float_eq(rri_schedule_lr(0.5f, 4, 4), 0.0f);
}
END_TEST

START_TEST(test_schedule_never_falls_below_zero)
{
    ck_assert_float_eq(rri_schedule_lr(0.5f, 5, 4), 0.0f);
    ck_assert_float_eq(rri_schedule_lr(0.5f, INT64_MAX, 1), 0.0f);
}
END_TEST

START_TEST(test_schedule_without_a_plan_is_constant)
{
    ck_assert_float_eq(rri_schedule_lr(0.3f, 0, 0), 0.3f);
    ck_assert_float_eq(rri_schedule_lr(0.3f, INT64_MAX, 0), 0.3f);
}
END_TEST

CHECK_MAIN("optim/schedule", test_schedule_falls_by_equal_steps_to_zero,
           test_schedule_never_falls_below_zero, test_schedule_without_a_plan_is_constant)
