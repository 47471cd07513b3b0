/* SPDX-License-Identifier: MIT */
/* api_budget.c: the front door of rr_budget. */
#include <math.h>
#include <string.h>

#include "core/abi.h"
#include "core/config.h"
#include "core/config_tables.h"
#include "core/fpmode.h"
#include "core/status.h"
#include "serve/explore_budget.h"

void rr_budget_init(rr_budget *budget, size_t struct_size)
{
    const rr_budget fresh = {.max_share = 0.05f, .max_cost = 0.02f};
    if (budget == NULL) {
        return;
    }
    memset(budget, 0, struct_size);
    budget->struct_size = (uint32_t)struct_size;
    rri_abi_write(budget, &fresh, sizeof fresh);
}

static void count(rr_budget *full, const int32_t *parts, const float *rewards, int32_t n)
{
    for (int32_t i = 0; i < n; i++) {
        const double reward = (double)rewards[i];
        full->n[parts[i]]++;
        full->sums[parts[i]] += reward;
        full->squares[parts[i]] += reward * reward;
    }
}

rr_status rr_budget_add(rr_budget *budget, const int32_t *parts, const float *rewards, int32_t n,
                        rr_error *err)
{
    rr_budget full;
    RRI_TRY(rri_abi_read(&full, sizeof full, budget, "rr_budget", err));
    RRI_TRY(rri_explore_budget_check(&full, err));
    if (n < 0) {
        RRI_FAIL(err, RR_E_INVALID, "rr_budget_add: n is %d; it must be at least 0", n);
    }
    if (n > 0) {
        RRI_TRY(rri_require(parts, "rr_budget_add", "parts", err));
        RRI_TRY(rri_require(rewards, "rr_budget_add", "rewards", err));
    }
    for (int32_t i = 0; i < n; i++) {
        if (parts[i] < RR_PART_POLICY || parts[i] > RR_PART_FLOOR) {
            RRI_FAIL(err, RR_E_INVALID,
                     "rr_budget_add: parts[%d] is %d; it must be RR_PART_POLICY (0), _INCUMBENT "
                     "(1) or _FLOOR (2)",
                     i, parts[i]);
        }
        if (!isfinite(rewards[i])) {
            RRI_FAIL(err, RR_E_NOT_FINITE, "rr_budget_add: rewards[%d] is %g; it must be finite", i,
                     (double)rewards[i]);
        }
    }
    const rri_fpmode before = rri_fpmode_enter();
    count(&full, parts, rewards, n);
    rri_fpmode_leave(before);
    rri_abi_write(budget, &full, sizeof full);
    return RR_OK;
}

rr_status rr_budget_set_floor(const rr_budget *budget, rr_serving_options *options, rr_error *err)
{
    rr_budget full;
    rr_serving_options to;
    RRI_TRY(rri_abi_read(&full, sizeof full, budget, "rr_budget", err));
    RRI_TRY(rri_explore_budget_check(&full, err));
    RRI_TRY(rri_config_read(&to, rri_config_table_of(RR_CONFIG_SERVING), options, err));
    RRI_TRY(rri_require(options, "rr_budget_set_floor", "options", err));
    const rri_fpmode before = rri_fpmode_enter();
    to.floor = rri_explore_budget_floor(&full);
    rri_fpmode_leave(before);
    rri_abi_write(options, &to, sizeof to);
    return RR_OK;
}
