/* SPDX-License-Identifier: MIT */
/* One seed, one sequence of bytes: twice, on any number of threads, at every level of kernels. What
 * tests/run.sh adds: from every compiler. */
#include "check_run.h"
#include "loop/machine.h"
#include "math/kernels.h"

static uint64_t first[MACHINE_PLANS]; /* one thread, the level of this CPU */

/* Of each step-th plan. */
static void expect_same_each(size_t step, int32_t num_threads, const char *what)
{
    for (size_t i = 0; i < MACHINE_PLANS; i += step) {
        ck_assert_msg(machine_run(&machine_plans[i], i, num_threads) == first[i],
                      "%s: other bytes %s", machine_plans[i].name, what);
    }
}

static void expect_same(int32_t num_threads, const char *what)
{
    expect_same_each(1, num_threads, what);
}

START_TEST(test_promise_a_run_is_repeated_byte_for_byte)
{
    for (size_t i = 0; i < MACHINE_PLANS; i++) {
        first[i] = machine_run(&machine_plans[i], i, 1);
    }
    expect_same(1, "the second time");
}
END_TEST

/* Else the comparisons below could not fail. */
START_TEST(test_promise_another_seed_gives_other_bytes)
{
    for (size_t i = 0; i < MACHINE_PLANS; i++) {
        ck_assert_msg(machine_run(&machine_plans[i], i + 100, 1) != first[i],
                      "%s: another seed, the same bytes", machine_plans[i].name);
    }
}
END_TEST

/* One more learning rate in the last place is seen, too. */
START_TEST(test_promise_a_last_bit_of_one_number_is_seen)
{
    for (size_t i = 0; i < MACHINE_PLANS; i++) {
        machine_plan plan = machine_plans[i];
        uint32_t bits;
        memcpy(&bits, &plan.lr, sizeof bits);
        bits++;
        memcpy(&plan.lr, &bits, sizeof bits);
        ck_assert_msg(machine_run(&plan, i, 1) != first[i], "%s: another lr, the same bytes",
                      plan.name);
    }
}
END_TEST

START_TEST(test_promise_threads_change_no_byte)
{
    expect_same(2, "on two threads");
    expect_same_each(check_step(3), 3, "on three threads");
    expect_same(4, "on four threads");
}
END_TEST

START_TEST(test_promise_levels_of_kernels_change_no_byte)
{
    static const char *const names[RRI_N_LEVELS] = {"portable", "avx2", "avx512"};
    for (int level = 0; level < RRI_N_LEVELS; level++) {
        if (!rri_kernels_force(level)) {
            fprintf(stderr, "loop/promise: NOT COMPARED: this CPU or this build lacks %s\n",
                    names[level]);
            continue;
        }
        expect_same_each(level == RRI_LEVEL_PORTABLE ? check_step(4) : 1,
                         level == RRI_LEVEL_AVX2 ? 2 : 1, names[level]);
    }
    ck_assert(rri_kernels_force(-1));
}
END_TEST

CHECK_MAIN("loop/promise", test_promise_a_run_is_repeated_byte_for_byte,
           test_promise_another_seed_gives_other_bytes,
           test_promise_a_last_bit_of_one_number_is_seen, test_promise_threads_change_no_byte,
           test_promise_levels_of_kernels_change_no_byte)
