/* SPDX-License-Identifier: MIT */
/* check_run.h: one suite of libcheck. Each test file ends with
 *     CHECK_MAIN("room/file", test_a, test_b, …)
 * which makes it a program, or, where the files of a room are linked as one (tests/meson.build), a
 * suite that this program runs when it is given the name: run_room.c. Tests of a suite run in one
 * process, so that sanitizers and valgrind see all of them. */
#ifndef TESTS_SUPPORT_CHECK_RUN_H
#define TESTS_SUPPORT_CHECK_RUN_H

#include <check.h>
#include <stdlib.h>
#include <string.h>

/* libcheck writes each assertion that holds to a file, for a parent to say where a child died. Here
 * is no child, and tests of a million assertions would write a million times. */
#define _mark_point(file, line) ((void)0)

/* A library that takes many times as long as it does for users: sanitized, or not optimised at all
 * (tests/meson.build says so; the tests themselves never are). */
#if defined(__SANITIZE_ADDRESS__) || defined(__SANITIZE_THREAD__) || defined(LIBRARY_IS_UNOPTIMISED)
enum { CHECK_LIBRARY_IS_SLOW = 1 };
#else
enum { CHECK_LIBRARY_IS_SLOW = 0 };
#endif

/* The quick tier of tests/run.sh leaves what is exhaustive to the full one. */
static inline int check_is_quick(void)
{
    const char *tier = getenv("RECRL_TIER");
    return tier != NULL && strcmp(tier, "quick") == 0;
}

/* Whether runs are as short as they may be. */
static inline int check_is_short(void)
{
    return CHECK_LIBRARY_IS_SLOW || check_is_quick();
}

/* How many of n long runs are taken then: the first. */
static inline int check_runs(int n)
{
    return check_is_short() ? 1 : n;
}

/* From one case to the next where there are many: it takes each nth. */
static inline size_t check_step(size_t n)
{
    return check_is_quick() ? n : 1;
}

static inline int check_run(const char *name, const TTest *const *tests, size_t n_tests)
{
    Suite *suite = suite_create(name);
    TCase *tcase = tcase_create(name);
    tcase_set_timeout(tcase, 0);
    for (size_t i = 0; i < n_tests; i++) {
        tcase_add_test(tcase, tests[i]);
    }
    suite_add_tcase(suite, tcase);
    SRunner *runner = srunner_create(suite);
    srunner_set_fork_status(runner, CK_NOFORK);
    srunner_run_all(runner, CK_NORMAL);
    const int n_failed = srunner_ntests_failed(runner);
    srunner_free(runner);
    return n_failed == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}

#ifdef CHECK_IS_OF_ROOM
/* A suite of a room's program. */
typedef struct check_suite {
    const char *name;
    int (*run)(const char *name);
    struct check_suite *next;
} check_suite;

void check_add(check_suite *suite); /* run_room.c's; called before main */

#define CHECK_MAIN(name, ...)                                                                      \
    static int check_run_own(const char *own)                                                      \
    {                                                                                              \
        const TTest *const tests[] = {__VA_ARGS__};                                                \
        return check_run(own, tests, sizeof tests / sizeof tests[0]);                              \
    }                                                                                              \
    __attribute__((constructor)) static void check_register(void)                                  \
    {                                                                                              \
        static check_suite suite = {name, check_run_own, NULL};                                    \
        check_add(&suite);                                                                         \
    }
#else
#define CHECK_MAIN(name, ...)                                                                      \
    int main(void)                                                                                 \
    {                                                                                              \
        const TTest *const tests[] = {__VA_ARGS__};                                                \
        return check_run(name, tests, sizeof tests / sizeof tests[0]);                             \
    }
#endif

#endif
