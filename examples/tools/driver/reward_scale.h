/* SPDX-License-Identifier: MIT */
/* reward_scale.h: rewards in another unit. `train --reward-scale X` multiplies what the agent is
 * told by X; what is printed and logged is told in the world's own unit all the same, so that runs
 * at any X lie side by side. */
#ifndef EXAMPLES_DRIVER_REWARD_SCALE_H
#define EXAMPLES_DRIVER_REWARD_SCALE_H

#include "run.h"

/* The value of --reward-scale: above 0 and finite. */
float reward_scale_parse(const char *value);
/* The outcome's rewards times the run's scale, in an array of the run. */
void reward_scale_apply(run *r, rr_outcome *outcome);
/* The stats of an update back in the world's unit, as far as they have one. */
void reward_scale_undo(run *r);

#endif
