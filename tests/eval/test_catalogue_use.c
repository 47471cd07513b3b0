/* SPDX-License-Identifier: MIT */
#include "eval/catalogue_use.h"

#include <math.h>

#include "check_run.h"
#include "core/philox.h"

START_TEST(test_catalogue_use_by_hand)
{
    /* Ascending 0 1 3, N = 3: Σ (2j − 4) x = 0 · −2 + 1 · 0 + 3 · 2 = 6; (N − 1) Σ x = 8. */
    const int64_t counts[] = {3, 0, 1};
    int64_t sorted[3];
    const rri_catalogue_use use = rri_catalogue_use_compute(counts, 3, sorted);
    ck_assert_double_eq_tol(use.coverage, 2.0 / 3.0, 1e-15);
    ck_assert_double_eq_tol(use.gini, 0.75, 1e-15);
    ck_assert_double_eq_tol(use.entropy, -(0.75 * log(0.75) + 0.25 * log(0.25)), 1e-6);
}
END_TEST

START_TEST(test_catalogue_use_even_is_0_and_one_item_is_1)
{
    int64_t counts[100], sorted[100];
    for (int i = 0; i < 100; i++) {
        counts[i] = 7;
    }
    rri_catalogue_use use = rri_catalogue_use_compute(counts, 100, sorted);
    ck_assert_double_eq_tol(use.gini, 0.0, 1e-12);
    ck_assert(use.coverage == 1.0);
    ck_assert_double_eq_tol(use.entropy, log(100.0), 1e-6);
    for (int i = 0; i < 100; i++) {
        counts[i] = i == 42 ? 31 : 0;
    }
    use = rri_catalogue_use_compute(counts, 100, sorted);
    ck_assert_double_eq_tol(use.gini, 1.0, 1e-12);
    ck_assert_double_eq_tol(use.coverage, 0.01, 1e-15);
    ck_assert_double_eq_tol(use.entropy, 0.0, 1e-12);
}
END_TEST

START_TEST(test_catalogue_use_gini_is_the_mean_difference)
{
    /* G = Σ_i Σ_j |x_i − x_j| / (2 n (n − 1) mean): no sorting in this spelling. */
    for (uint64_t trial = 0; trial < 50; trial++) {
        const size_t n = 2 + (size_t)trial;
        int64_t counts[60], sorted[60];
        double total = 0.0, differences = 0.0;
        for (size_t i = 0; i < n; i++) {
            counts[i] = (int64_t)rri_philox_below(1, RRI_STREAM_ACT, trial, (uint32_t)i, 9);
            counts[i] = counts[i] < 4 ? 0 : counts[i];
            total += (double)counts[i];
        }
        for (size_t i = 0; i < n; i++) {
            for (size_t j = 0; j < n; j++) {
                differences += fabs((double)(counts[i] - counts[j]));
            }
        }
        const double gini = rri_catalogue_use_compute(counts, n, sorted).gini;
        if (total > 0.0) {
            ck_assert_double_eq_tol(gini, differences / (2.0 * ((double)n - 1.0) * total), 1e-12);
        }
    }
}
END_TEST

START_TEST(test_catalogue_use_of_nothing_and_of_one_item)
{
    const int64_t none[] = {0, 0};
    int64_t sorted[2];
    rri_catalogue_use use = rri_catalogue_use_compute(none, 2, sorted);
    ck_assert(isnan(use.coverage) && isnan(use.gini) && isnan(use.entropy));
    const int64_t one[] = {5};
    use = rri_catalogue_use_compute(one, 1, sorted);
    ck_assert(use.coverage == 1.0 && use.gini == 0.0);
}
END_TEST

CHECK_MAIN("eval/catalogue_use", test_catalogue_use_by_hand,
           test_catalogue_use_even_is_0_and_one_item_is_1,
           test_catalogue_use_gini_is_the_mean_difference,
           test_catalogue_use_of_nothing_and_of_one_item)
