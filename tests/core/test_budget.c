/* SPDX-License-Identifier: MIT */
#include "core/budget.h"

#include "check_run.h"

START_TEST(test_budget_gives_up_to_its_limit_and_tells_what_was_wanted)
{
    rri_budget budget = {.limit = 1000};
    void *a = NULL, *b = NULL, *c = NULL;
    ck_assert_int_eq(rri_allocator_init(&budget.inner, NULL, NULL), RR_OK);
    const rri_allocator allocator = rri_budget_allocator(&budget);
    ck_assert_int_eq(rri_memory_allocate(&a, &allocator, 600, "a", NULL), RR_OK);
    ck_assert_uint_ge(budget.used, 600);
    ck_assert_int_eq(rri_memory_allocate(&b, &allocator, 600, "b", NULL), RR_E_MEMORY);
    ck_assert_ptr_null(b);
    ck_assert_uint_ge(budget.wanted, 1200);
    const size_t wanted = budget.wanted;
    ck_assert_int_eq(rri_memory_allocate(&b, &allocator, 300, "b", NULL), RR_OK);
    ck_assert_int_eq(rri_memory_allocate(&c, &allocator, 4000, "c", NULL), RR_E_MEMORY);
    ck_assert_uint_eq(budget.wanted, wanted);
    rri_memory_release(&allocator, a, 600);
    ck_assert_int_eq(rri_memory_allocate(&a, &allocator, 600, "a", NULL), RR_OK);
    rri_memory_release(&allocator, a, 600);
    rri_memory_release(&allocator, b, 300);
    ck_assert_uint_eq(budget.used, 0);
}
END_TEST

START_TEST(test_budget_without_a_limit_only_counts)
{
    rri_budget budget = {.limit = SIZE_MAX};
    void *block = NULL;
    ck_assert_int_eq(rri_allocator_init(&budget.inner, NULL, NULL), RR_OK);
    const rri_allocator allocator = rri_budget_allocator(&budget);
    ck_assert_int_eq(rri_memory_allocate(&block, &allocator, 1 << 20, "block", NULL), RR_OK);
    ck_assert_uint_ge(budget.used, 1 << 20);
    rri_memory_release(&allocator, block, 1 << 20);
    ck_assert(budget.used == 0 && budget.wanted == 0);
}
END_TEST

CHECK_MAIN("core/budget", test_budget_gives_up_to_its_limit_and_tells_what_was_wanted,
           test_budget_without_a_limit_only_counts)
