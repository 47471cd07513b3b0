/* SPDX-License-Identifier: MIT */
#include "serve/explore_budget.h"

#include <math.h>

#include "core/status.h"

/* 95 % of a normal variable lie below. */
static const double ONE_SIDED = 1.6448536269514722;

static rr_status check_share(const char *field, float value, rr_error *err)
{
    if (!(value >= 0.0f && value <= 1.0f)) {
        RRI_FAIL(err, RR_E_INVALID, "budget: %s is %g; it must be in [0, 1]", field, (double)value);
    }
    return RR_OK;
}

rr_status rri_explore_budget_check(const rr_budget *budget, rr_error *err)
{
    RRI_TRY(check_share("max_share", budget->max_share, err));
    RRI_TRY(check_share("max_cost", budget->max_cost, err));
    for (int part = 0; part < 3; part++) {
        if (budget->n[part] < 0 || !isfinite(budget->sums[part]) ||
            !(budget->squares[part] >= 0.0) || isinf(budget->squares[part])) {
            RRI_FAIL(err, RR_E_INVALID,
                     "budget: part %d has n %lld, a sum of %g and of squares %g; they are written "
                     "by rr_budget_add, after rr_budget_init",
                     part, (long long)budget->n[part], budget->sums[part], budget->squares[part]);
        }
    }
    return RR_OK;
}

static double mean_of(const rr_budget *budget, int part)
{
    return budget->sums[part] / (double)budget->n[part];
}

/* The squared standard error of that mean. */
static double error_of(const rr_budget *budget, int part)
{
    const double n = (double)budget->n[part], mean = mean_of(budget, part);
    return fmax(budget->squares[part] / n - mean * mean, 0.0) / (n - 1.0);
}

float rri_explore_budget_floor(const rr_budget *budget)
{
    if (budget->max_cost >= 1.0f) {
        return budget->max_share;
    }
    if (budget->n[RR_PART_POLICY] < RRI_EXPLORE_FEW || budget->n[RR_PART_FLOOR] < RRI_EXPLORE_FEW) {
        return fminf(budget->max_share, budget->max_cost);
    }
    const double of_policy = error_of(budget, RR_PART_POLICY);
    const double of_both = of_policy + error_of(budget, RR_PART_FLOOR);
    const double earned = mean_of(budget, RR_PART_POLICY) - ONE_SIDED * sqrt(of_policy);
    const double lost = mean_of(budget, RR_PART_POLICY) - mean_of(budget, RR_PART_FLOOR) +
                        ONE_SIDED * sqrt(of_both);
    if (earned <= 0.0) {
        return 0.0f;
    }
    const double most = (double)budget->max_cost * earned;
    return lost * (double)budget->max_share <= most ? budget->max_share : (float)(most / lost);
}
