/* SPDX-License-Identifier: MIT */
/* api_bandit.c: the front door of rr_bandit. */
#include "eval/bandit.h"

#include <math.h>

#include "core/fpmode.h"
#include "core/status.h"
#include "core/vocabulary.h"

static rr_status check_width(int32_t user_dim, const char *caller, rr_error *err)
{
    if (user_dim < 1) {
        RRI_FAIL(err, RR_E_INVALID, "%s: user_dim is %d; it must be at least 1", caller, user_dim);
    }
    return RR_OK;
}

static rr_status check_numbers(int32_t bandit, float ridge, float width, rr_error *err)
{
    if (bandit < RR_BANDIT_RIDGE || bandit > RR_BANDIT_THOMPSON) {
        RRI_FAIL(err, RR_E_INVALID, "rr_bandit_create: bandit is %d; it must be one of RR_BANDIT_*",
                 bandit);
    }
    if (!(ridge > 0.0f) || !isfinite(ridge)) {
        RRI_FAIL(err, RR_E_INVALID, "rr_bandit_create: ridge is %g; it must be above 0 and finite",
                 (double)ridge);
    }
    if (!(width >= 0.0f) || !isfinite(width)) {
        RRI_FAIL(err, RR_E_INVALID,
                 "rr_bandit_create: width is %g; it must be at least 0 and finite", (double)width);
    }
    return RR_OK;
}

rr_status rr_bandit_create(rr_bandit **out, int32_t bandit, rr_items *items, int32_t user_dim,
                           float ridge, float width, uint64_t seed, const rr_host *host,
                           rr_error *err)
{
    RRI_TRY(rri_require(out, "rr_bandit_create", "out", err));
    RRI_TRY(rri_require(items, "rr_bandit_create", "items", err));
    RRI_TRY(check_width(user_dim, "rr_bandit_create", err));
    RRI_TRY(check_numbers(bandit, ridge, width, err));
    rri_allocator allocator;
    RRI_TRY(rri_allocator_init(&allocator, host, err));
    return rri_bandit_create(out, bandit, items, (size_t)user_dim, (double)ridge, (double)width,
                             seed, &allocator, err);
}

rr_status rr_bandit_memory(const rr_items *items, int32_t user_dim, size_t *bytes, rr_error *err)
{
    RRI_TRY(rri_require(bytes, "rr_bandit_memory", "bytes", err));
    RRI_TRY(rri_require(items, "rr_bandit_memory", "items", err));
    RRI_TRY(check_width(user_dim, "rr_bandit_memory", err));
    return rri_bandit_memory(bytes, items, (size_t)user_dim, err);
}

void rr_bandit_destroy(rr_bandit *bandit)
{
    rri_bandit_destroy(bandit);
}

rr_status rr_bandit_act(rr_bandit *bandit, const rr_obs *obs, int32_t explores, int32_t *actions,
                        rr_error *err)
{
    RRI_TRY(rri_require(bandit, "rr_bandit_act", "bandit", err));
    RRI_TRY(rri_require(actions, "rr_bandit_act", "actions", err));
    rr_obs full;
    RRI_TRY(rri_obs_read(&full, obs, "rr_obs", err));
    const rri_fpmode before = rri_fpmode_enter();
    const rr_status status = rri_bandit_act(bandit, actions, &full, explores != 0, err);
    rri_fpmode_leave(before);
    return status;
}

rr_status rr_bandit_record(rr_bandit *bandit, const rr_obs *obs, const int32_t *actions,
                           const float *rewards, rr_error *err)
{
    RRI_TRY(rri_require(bandit, "rr_bandit_record", "bandit", err));
    RRI_TRY(rri_require(actions, "rr_bandit_record", "actions", err));
    RRI_TRY(rri_require(rewards, "rr_bandit_record", "rewards", err));
    rr_obs full;
    RRI_TRY(rri_obs_read(&full, obs, "rr_obs", err));
    const rri_fpmode before = rri_fpmode_enter();
    const rr_status status = rri_bandit_record(bandit, &full, actions, rewards, err);
    rri_fpmode_leave(before);
    return status;
}

rr_status rr_bandit_fit(rr_bandit *bandit, rr_error *err)
{
    RRI_TRY(rri_require(bandit, "rr_bandit_fit", "bandit", err));
    const rri_fpmode before = rri_fpmode_enter();
    const rr_status status = rri_bandit_fit(bandit, err);
    rri_fpmode_leave(before);
    return status;
}
