/* SPDX-License-Identifier: MIT */
/* bandits.h: linear learners beside a policy, on as many rows of the same users. */
#ifndef EXAMPLES_DRIVER_BANDITS_H
#define EXAMPLES_DRIVER_BANDITS_H

#include "settings.h"
#include "world.h"

enum { BANDITS = 3 };

/* "ridge", "linucb", "thompson". */
const char *bandits_name(int32_t bandit);
/* One that has played n_rows decisions with the training's users and learned from them, a rollout
 * at a time. */
rr_bandit *bandits_train(int32_t bandit, const world *w, const settings *s, int64_t n_rows);

#endif
