/* SPDX-License-Identifier: MIT */
/* api_gae.c: the front door of generalised advantage estimation on plain arrays. */
#include <math.h>
#include <stdbool.h>

#include "core/fpmode.h"
#include "core/status.h"
#include "rl/gae.h"

static rr_status check_pointers(const void *const *arrays, const char *const *names, size_t n,
                                rr_error *err)
{
    for (size_t i = 0; i < n; i++) {
        RRI_TRY(rri_require(arrays[i], "rr_gae", names[i], err));
    }
    return RR_OK;
}

/* A factor of the recursion; NaN is outside too. */
static rr_status check_factor(const char *name, float factor, rr_error *err)
{
    if (!(factor >= 0.0f && factor <= 1.0f)) {
        RRI_FAIL(err, RR_E_INVALID, "rr_gae: %s is %g; it must be in [0, 1]", name, (double)factor);
    }
    return RR_OK;
}

static rr_status check_rows(const float *rewards, const float *values, const float *next_values,
                            const uint8_t *terminated, const uint8_t *is_segment_end, int64_t n,
                            rr_error *err)
{
    for (int64_t t = 0; t < n; t++) {
        const long long row = t;
        if (terminated[t] > 1 || is_segment_end[t] > 1) {
            RRI_FAIL(err, RR_E_INVALID, "rr_gae: %s[%lld] is %d; it must be 0 or 1",
                     terminated[t] > 1 ? "terminated" : "is_segment_end", row,
                     terminated[t] > 1 ? terminated[t] : is_segment_end[t]);
        }
        const bool reads_next = terminated[t] == 0;
        const char *name = !isfinite(rewards[t])                     ? "rewards"
                           : !isfinite(values[t])                    ? "values"
                           : reads_next && !isfinite(next_values[t]) ? "next_values"
                                                                     : NULL;
        if (name != NULL) {
            RRI_FAIL(err, RR_E_NOT_FINITE, "rr_gae: %s[%lld] is not finite", name, row);
        }
    }
    return RR_OK;
}

rr_status rr_gae(const float *rewards, const float *values, const float *next_values,
                 const uint8_t *terminated, const uint8_t *is_segment_end, float gamma,
                 float gae_lambda, int64_t n, float *advantages, float *returns, rr_error *err)
{
    const void *const arrays[] = {rewards,    values,         next_values,
                                  terminated, is_segment_end, advantages};
    const char *const names[] = {"rewards",    "values",         "next_values",
                                 "terminated", "is_segment_end", "advantages"};
    RRI_TRY(check_pointers(arrays, names, sizeof names / sizeof names[0], err));
    if (n < 1) {
        RRI_FAIL(err, RR_E_INVALID, "rr_gae: n is %lld; it must be at least 1", (long long)n);
    }
    RRI_TRY(check_factor("gamma", gamma, err));
    RRI_TRY(check_factor("gae_lambda", gae_lambda, err));
    RRI_TRY(check_rows(rewards, values, next_values, terminated, is_segment_end, n, err));

    const rri_fpmode before = rri_fpmode_enter();
    const size_t beyond = rri_gae_find_overflow(rewards, values, next_values, terminated,
                                                is_segment_end, gamma, gae_lambda, (size_t)n);
    if (beyond == (size_t)n) {
        rri_gae_compute(advantages, returns, rewards, values, next_values, terminated,
                        is_segment_end, gamma, gae_lambda, (size_t)n);
    }
    rri_fpmode_leave(before);
    if (beyond < (size_t)n) {
        RRI_FAIL(err, RR_E_NOT_FINITE,
                 "rr_gae: the advantage or return of row %zu is beyond a float; rewards and values "
                 "this large need a smaller unit",
                 beyond);
    }
    return RR_OK;
}
