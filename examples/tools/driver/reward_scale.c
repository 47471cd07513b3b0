/* SPDX-License-Identifier: MIT */
#include "reward_scale.h"

#include <string.h>

#include <errno.h>
#include <math.h>
#include <stdlib.h>

#include "text.h"

float reward_scale_parse(const char *value)
{
    char *end = NULL;
    errno = 0;
    const float scale = strtof(value, &end);
    if (errno != 0 || end == value || *end != '\0' || !isfinite(scale) || scale <= 0.0f) {
        text_fail("--reward-scale is \"%s\"; it must be a number above 0", value);
    }
    return scale;
}

void reward_scale_apply(run *r, rr_outcome *outcome)
{
    if (r->reward_scale == 1.0f) {
        return;
    }
    for (int32_t i = 0; i < outcome->n; i++) {
        r->scaled_rewards[i] = r->reward_scale * outcome->rewards[i];
    }
    outcome->rewards = r->scaled_rewards;
}

/* Normalised advantages have no unit. */
static bool has_unit(const settings *s)
{
    char text[64];
    return strcmp(settings_algo_field(s, "has_advantage_norm", text), "0") == 0;
}

void reward_scale_undo(run *r)
{
    if (r->reward_scale == 1.0f) {
        return;
    }
    r->stats.reward_mean /= r->reward_scale;
    r->stats.return_deviation /= r->reward_scale;
    r->stats.value_loss /= r->reward_scale * r->reward_scale;
    r->stats.policy_loss /= has_unit(r->s) ? r->reward_scale : 1.0f;
}
