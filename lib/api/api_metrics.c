/* SPDX-License-Identifier: MIT */
/* api_metrics.c: the front door of rr_metrics. */
#include "eval/metrics.h"

#include <math.h>

#include "core/abi.h"
#include "core/fpmode.h"
#include "core/status.h"
#include "core/vocabulary.h"
#include "eval/comparison.h"
#include "eval/student.h"

static rr_status check_at_least_one(const char *call, const char *name, int32_t value,
                                    rr_error *err)
{
    if (value < 1) {
        RRI_FAIL(err, RR_E_INVALID, "%s: %s is %d; it must be at least 1", call, name, value);
    }
    return RR_OK;
}

/* What create and memory share. out: where the answer goes, named `of_out`. */
static rr_status check_sizes(const char *call, const void *out, const char *of_out,
                             const rr_items *items, int32_t n_envs, int32_t max_sessions,
                             int32_t max_episode_steps, rr_error *err)
{
    RRI_TRY(rri_require(out, call, of_out, err));
    RRI_TRY(rri_require(items, call, "items", err));
    RRI_TRY(check_at_least_one(call, "n_envs", n_envs, err));
    RRI_TRY(check_at_least_one(call, "max_sessions", max_sessions, err));
    return check_at_least_one(call, "max_episode_steps", max_episode_steps, err);
}

rr_status rr_metrics_create(rr_metrics **out, rr_items *items, int32_t n_envs, int32_t max_sessions,
                            int32_t max_episode_steps, const rr_host *host, rr_error *err)
{
    RRI_TRY(check_sizes("rr_metrics_create", out, "out", items, n_envs, max_sessions,
                        max_episode_steps, err));
    rri_allocator allocator;
    RRI_TRY(rri_allocator_init(&allocator, host, err));
    return rri_metrics_create(out, items, (size_t)n_envs, (size_t)max_sessions,
                              (size_t)max_episode_steps, &allocator, err);
}

rr_status rr_metrics_memory(const rr_items *items, int32_t n_envs, int32_t max_sessions,
                            int32_t max_episode_steps, size_t *bytes, rr_error *err)
{
    RRI_TRY(check_sizes("rr_metrics_memory", bytes, "bytes", items, n_envs, max_sessions,
                        max_episode_steps, err));
    return rri_metrics_memory(bytes, items, (size_t)n_envs, (size_t)max_sessions,
                              (size_t)max_episode_steps, err);
}

void rr_metrics_destroy(rr_metrics *metrics)
{
    rri_metrics_destroy(metrics);
}

rr_status rr_metrics_add(rr_metrics *metrics, const int32_t *items, const rr_outcome *outcome,
                         rr_error *err)
{
    RRI_TRY(rri_require(metrics, "rr_metrics_add", "metrics", err));
    RRI_TRY(rri_require(items, "rr_metrics_add", "items", err));
    rr_outcome full;
    RRI_TRY(rri_outcome_read(&full, outcome, err));
    RRI_TRY(rri_require(full.rewards, "rr_metrics_add", "outcome->rewards", err));
    const rri_fpmode before = rri_fpmode_enter();
    const rr_status status = rri_metrics_add(metrics, items, &full, err);
    rri_fpmode_leave(before);
    return status;
}

int32_t rr_metrics_is_complete(const rr_metrics *metrics)
{
    return metrics != NULL && rri_metrics_is_complete(metrics) ? 1 : 0;
}

/* is_included [n] is of all sessions, or not there. */
static rr_status check_marks(const rr_metrics *metrics, const uint8_t *is_included, int32_t n,
                             rr_error *err)
{
    const size_t n_sessions = is_included != NULL ? rri_metrics_capacity(metrics) : 0;
    if (n < 0 || (size_t)n != n_sessions) {
        RRI_FAIL(err, RR_E_INVALID, "rr_metrics_summarize: n is %d; it must be %zu, %s", n,
                 n_sessions,
                 is_included != NULL ? "the max_sessions of create" : "since is_included is NULL");
    }
    return RR_OK;
}

rr_status rr_metrics_summarize(const rr_metrics *metrics, const float *popularity,
                               const uint8_t *is_included, int32_t n, rr_metrics_summary *out,
                               rr_error *err)
{
    RRI_TRY(rri_require(metrics, "rr_metrics_summarize", "metrics", err));
    RRI_TRY(check_marks(metrics, is_included, n, err));
    RRI_TRY(rri_abi_check(out, sizeof *out, "rr_metrics_summary", err));
    rr_metrics_summary full;
    const rri_fpmode before = rri_fpmode_enter();
    const rr_status status = rri_metrics_summarize(metrics, popularity, is_included, &full, err);
    rri_fpmode_leave(before);
    RRI_TRY(status);
    rri_abi_write(out, &full, sizeof full);
    return RR_OK;
}

rr_status rr_metrics_returns(const rr_metrics *metrics, float *returns, int32_t n, rr_error *err)
{
    RRI_TRY(rri_require(metrics, "rr_metrics_returns", "metrics", err));
    RRI_TRY(rri_require(returns, "rr_metrics_returns", "returns", err));
    const size_t n_ended = rri_metrics_count(metrics);
    if (n < 0 || (size_t)n != n_ended) {
        RRI_FAIL(err, RR_E_INVALID,
                 "rr_metrics_returns: n is %d; it must be %zu, the sessions that have ended", n,
                 n_ended);
    }
    const rri_fpmode before = rri_fpmode_enter();
    const rr_status status = rri_metrics_returns(metrics, returns, err);
    rri_fpmode_leave(before);
    return status;
}

static rr_status check_returns(const char *name, const float *returns, int32_t n, rr_error *err)
{
    RRI_TRY(rri_require(returns, "rr_compare_returns", name, err));
    for (int32_t i = 0; i < n; i++) {
        if (!isfinite(returns[i])) {
            RRI_FAIL(err, RR_E_NOT_FINITE, "rr_compare_returns: %s[%d] is %g; it must be finite",
                     name, i, (double)returns[i]);
        }
    }
    return RR_OK;
}

rr_status rr_compare_returns(const float *a, const float *b, const int32_t *groups, int32_t n,
                             rr_comparison *out, rr_error *err)
{
    if (n < 1) {
        RRI_FAIL(err, RR_E_INVALID, "rr_compare_returns: n is %d; it must be at least 1", n);
    }
    RRI_TRY(check_returns("a", a, n, err));
    RRI_TRY(check_returns("b", b, n, err));
    RRI_TRY(rri_abi_check(out, sizeof *out, "rr_comparison", err));
    rr_comparison full;
    const rri_fpmode before = rri_fpmode_enter();
    rri_comparison_compute(&full, a, b, groups, (size_t)n);
    rri_fpmode_leave(before);
    rri_abi_write(out, &full, sizeof full);
    return RR_OK;
}

double rr_mean_interval(double sum, double sum_of_squares, int64_t n)
{
    if (n < 2 || !isfinite(sum) || !isfinite(sum_of_squares)) {
        return (double)NAN;
    }
    const rri_fpmode before = rri_fpmode_enter();
    const double squares = sum_of_squares - sum * (sum / (double)n);
    const double half = rri_student_half_width(squares > 0.0 ? squares : 0.0, (size_t)n);
    rri_fpmode_leave(before);
    return half;
}
