/* SPDX-License-Identifier: MIT */
#include "table.h"

#include <math.h>
#include <stdio.h>

#include "recrl/recrl.h"

ob_spread ob_spread_of(const double *values, int32_t n)
{
    ob_spread s = {0.0, values[0], values[0], 0.0};
    double square = 0.0;
    for (int32_t i = 0; i < n; i++) {
        s.mean += values[i] / n;
        s.lowest = fmin(s.lowest, values[i]);
        s.highest = fmax(s.highest, values[i]);
    }
    for (int32_t i = 0; i < n; i++) {
        square += (values[i] - s.mean) * (values[i] - s.mean);
    }
    s.half = n > 1 ? rr_mean_interval(0.0, square, n) : 0.0; /* deviations from the mean */
    return s;
}

static double rate(const ob_trial *trial, int32_t policy)
{
    return trial->results[policy].expected / trial->results[policy].n_shown;
}

static void print_row(const ob_trial *trials, int32_t n, int32_t policy)
{
    double rates[256], shares[256], differences[256];
    for (int32_t i = 0; i < n; i++) {
        const double best = rate(&trials[i], OB_BEST);
        rates[i] = 100.0 * rate(&trials[i], policy);
        shares[i] = rates[i] / best;
        differences[i] = shares[i] - 100.0 * rate(&trials[i], OB_VIEWED) / best;
    }
    const ob_spread r = ob_spread_of(rates, n);
    const ob_spread s = ob_spread_of(shares, n);
    const ob_spread d = ob_spread_of(differences, n);
    printf("%-18s %6.3f ± %5.3f  %6.3f … %5.3f   %5.1f ± %4.1f   %+6.1f ± %4.1f\n",
           ob_policy_name(policy), r.mean, r.half, r.lowest, r.highest, s.mean, s.half, d.mean,
           d.half);
}

void ob_table_print(const ob_trial *trials, const ob_plan *plan)
{
    const int32_t n_policies = plan->n_rows > 0 ? OB_POLICIES : OB_CHOOSERS;
    printf("%d products, %d flips, %d seeds, %d users each", plan->n_products, plan->n_flips,
           plan->n_seeds, plan->n_users);
    if (plan->n_rows > 0) {
        printf("; learners: %lld recommendations, gamma %g", (long long)plan->n_rows,
               (double)plan->gamma);
    }
    printf("\n%-18s %16s  %15s  %12s  %16s\n", "", "CTR %, 95 %", "lowest, highest", "% of best",
           "to most viewed");
    for (int32_t policy = 0; policy < n_policies; policy++) {
        print_row(trials, plan->n_seeds, policy);
    }
}
