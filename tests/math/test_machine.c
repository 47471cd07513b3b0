/* SPDX-License-Identifier: MIT */
#include "math/machine.h"

#include <stdio.h>

#include "check_run.h"

enum { KIB = 1 << 10, MIB = 1 << 20 };

START_TEST(test_machine_a_cpu_that_says_nothing_is_a_usual_server_core)
{
    const rri_machine m = rri_machine_of("            ", 0, 0, 0);
    ck_assert_uint_eq(m.second_cache, MIB);
    ck_assert_uint_eq(m.third_cache, 32 * MIB);
    ck_assert_int_eq(m.ahead, RRI_AHEAD_ASK);
}
END_TEST

START_TEST(test_machine_only_amd_up_to_19h_reads_ahead)
{
    static const struct {
        const char *vendor;
        unsigned family;
        rri_ahead ahead;
    } cpus[] = {{"AuthenticAMD", 0x17, RRI_AHEAD_READ}, {"AuthenticAMD", 0x19, RRI_AHEAD_READ},
                {"AuthenticAMD", 0x1a, RRI_AHEAD_ASK},  {"GenuineIntel", 0x06, RRI_AHEAD_ASK},
                {"GenuineIntel", 0x13, RRI_AHEAD_ASK},  {"HygonGenuine", 0x18, RRI_AHEAD_ASK}};
    for (size_t i = 0; i < sizeof cpus / sizeof cpus[0]; i++) {
        ck_assert_int_eq(rri_machine_of(cpus[i].vendor, cpus[i].family, MIB, 32 * MIB).ahead,
                         cpus[i].ahead);
    }
}
END_TEST

START_TEST(test_machine_three_eighths_of_a_cache_count)
{
    const rri_machine zen = rri_machine_of("AuthenticAMD", 0x19, MIB, 32 * MIB);
    ck_assert_int_eq(rri_machine_reach(&zen, 384 * KIB - 1), RRI_REACH_NEAR);
    ck_assert_int_eq(rri_machine_reach(&zen, 384 * KIB), RRI_REACH_THIRD_CACHE);
    ck_assert_int_eq(rri_machine_reach(&zen, 12 * MIB - 1), RRI_REACH_THIRD_CACHE);
    ck_assert_int_eq(rri_machine_reach(&zen, 12 * MIB), RRI_REACH_MEMORY);
    const rri_machine wide = rri_machine_of("GenuineIntel", 6, 2 * MIB, 260 * MIB);
    ck_assert_int_eq(rri_machine_reach(&wide, 767 * KIB), RRI_REACH_NEAR);
    ck_assert_int_eq(rri_machine_reach(&wide, 97 * MIB), RRI_REACH_THIRD_CACHE);
    ck_assert_int_eq(rri_machine_reach(&wide, 98 * MIB), RRI_REACH_MEMORY);
}
END_TEST

/* Asked twice, the same: no rule here depends on what was tried. */
START_TEST(test_machine_here_is_plausible_and_stays)
{
    const rri_machine first = rri_machine_here(), second = rri_machine_here();
    ck_assert_uint_eq(first.second_cache, second.second_cache);
    ck_assert_uint_eq(first.third_cache, second.third_cache);
    ck_assert_int_eq(first.ahead, second.ahead);
    ck_assert(first.second_cache >= 64 * KIB && first.second_cache <= 256 * MIB);
    ck_assert(first.third_cache >= 256 * KIB && first.third_cache <= 4096ull * MIB);
    printf("second cache %zu KiB, third %zu KiB, what follows is %s\n", first.second_cache >> 10,
           first.third_cache >> 10, first.ahead == RRI_AHEAD_READ ? "read" : "prefetched");
}
END_TEST

CHECK_MAIN("math/machine", test_machine_a_cpu_that_says_nothing_is_a_usual_server_core,
           test_machine_only_amd_up_to_19h_reads_ahead, test_machine_three_eighths_of_a_cache_count,
           test_machine_here_is_plausible_and_stays)
