/* SPDX-License-Identifier: MIT */
/* explore_budget.h: how large an even floor may be. maths §16.
 *
 *     floor = min(max_share, max_cost m / d)
 *
 * m what the policy's own draws surely earn, d what a draw of the floor may cost at most. */
#ifndef RRI_SERVE_EXPLORE_BUDGET_H
#define RRI_SERVE_EXPLORE_BUDGET_H

#include "recrl/recrl.h"

/* Rows of each part under which what the floor earns is not known. */
#define RRI_EXPLORE_FEW 30

rr_status rri_explore_budget_check(const rr_budget *budget, rr_error *err);
/* budget has passed the check. */
float rri_explore_budget_floor(const rr_budget *budget);

#endif
