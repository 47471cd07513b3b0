/* SPDX-License-Identifier: MIT */
#include "core/refs.h"

#include <pthread.h>

#include "check_run.h"

START_TEST(test_refs_the_last_of_all_holders_is_the_last)
{
    rri_refs refs;
    rri_refs_init(&refs);
    ck_assert(rri_refs_is_alone(&refs));
    rri_refs_retain(&refs);
    rri_refs_retain(&refs);
    ck_assert(!rri_refs_is_alone(&refs));
    ck_assert(!rri_refs_release(&refs));
    ck_assert(!rri_refs_release(&refs));
    ck_assert(rri_refs_is_alone(&refs));
    ck_assert(rri_refs_release(&refs));
}
END_TEST

enum { N_THREADS = 4, N_ROUNDS = 20000 };

/* Each comes with a reference, and lets go of it last. */
static void *hold(void *refs)
{
    size_t n_last = 0;
    for (int i = 0; i < N_ROUNDS; i++) {
        rri_refs_retain(refs);
        n_last += rri_refs_release(refs) ? 1 : 0;
    }
    n_last += rri_refs_release(refs) ? 1 : 0;
    return n_last == 0 ? NULL : refs;
}

START_TEST(test_refs_among_threads_one_is_the_last)
{
    rri_refs refs;
    rri_refs_init(&refs);
    pthread_t threads[N_THREADS];
    for (int i = 0; i < N_THREADS; i++) {
        rri_refs_retain(&refs);
        ck_assert_int_eq(pthread_create(&threads[i], NULL, hold, &refs), 0);
    }
    int n_last = rri_refs_release(&refs) ? 1 : 0;
    for (int i = 0; i < N_THREADS; i++) {
        void *answer = NULL;
        ck_assert_int_eq(pthread_join(threads[i], &answer), 0);
        n_last += answer != NULL ? 1 : 0;
    }
    ck_assert_int_eq(n_last, 1);
}
END_TEST

CHECK_MAIN("core/refs", test_refs_the_last_of_all_holders_is_the_last,
           test_refs_among_threads_one_is_the_last)
