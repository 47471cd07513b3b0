/* SPDX-License-Identifier: MIT */
/* step.h: one optimiser step from the gradient that lies in the agent. maths §5, §7. */
#ifndef RRI_TRAIN_STEP_H
#define RRI_TRAIN_STEP_H

#include "train/trainer.h"

/* Clips the gradient's norm, sweeps the optimiser over all parameters, packs. `norm` receives the
 * norm before clipping. RR_E_NOT_FINITE names the tensor: parameters are as before the step. */
rr_status rri_step_take(rri_trainer *trainer, float lr, double *norm, rr_error *err);

#endif
