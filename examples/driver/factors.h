/* SPDX-License-Identifier: MIT */
/* factors.h: how well factors rank what they have not seen. */
#ifndef EXAMPLES_DRIVER_FACTORS_H
#define EXAMPLES_DRIVER_FACTORS_H

#include "settings.h"
#include "world.h"

enum { FACTORS_RANKED = 20 }; /* k of recall@k and NDCG@k */

/* Of a second factor model, fitted without each user's latest tenth of the interactions, which are
 * then to be found among all items the user has not met; beside popularity's. */
rr_ranking factors_rank(const world *w, const settings *s);

#endif
