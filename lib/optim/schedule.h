/* SPDX-License-Identifier: MIT */
/* schedule.h: what falls from update to update: a learning rate, a weight in the loss. maths §5. */
#ifndef RRI_OPTIM_SCHEDULE_H
#define RRI_OPTIM_SCHEDULE_H

#include <stdint.h>

/* lr · (1 − update / planned), update counted from 0; 0 from update = planned on; lr when planned
 * is 0. */
float rri_schedule_lr(float lr, int64_t update, int64_t planned);

#endif
