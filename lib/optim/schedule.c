/* SPDX-License-Identifier: MIT */
#include "optim/schedule.h"

float rri_schedule_lr(float lr, int64_t update, int64_t planned)
{
    if (planned <= 0) {
        return lr;
    }
    if (update >= planned) {
        return 0.0f;
    }
    return (float)((double)lr * (1.0 - (double)update / (double)planned));
}
