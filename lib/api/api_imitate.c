/* SPDX-License-Identifier: MIT */
/* api_imitate.c: the front door of imitation. */
#include "agent/agent.h"
#include "core/abi.h"
#include "core/config.h"
#include "core/config_tables.h"
#include "core/fpmode.h"
#include "core/status.h"
#include "core/vocabulary.h"
#include "train/imitate.h"

static rr_status imitate(rr_agent *agent, const rr_obs *obs, const int32_t *actions,
                         const float *weights, const float *returns,
                         const rr_imitate_config *config, rr_imitate_report *report, rr_error *err)
{
    RRI_TRY(rri_require(agent, "rr_agent_imitate", "agent", err));
    RRI_TRY(rri_require(actions, "rr_agent_imitate", "actions", err));
    rr_obs full_obs;
    rr_imitate_config full_config;
    rr_imitate_report full = {.struct_size = sizeof full};
    RRI_TRY(rri_obs_read(&full_obs, obs, "rr_obs", err));
    RRI_TRY(rri_config_read(&full_config, rri_config_table_of(RR_CONFIG_IMITATE), config, err));
    if (report != NULL) {
        RRI_TRY(rri_abi_read(&full, sizeof full, report, "rr_imitate_report", err));
        if (full.max_losses < 0) {
            RRI_FAIL(err, RR_E_INVALID,
                     "rr_imitate_report: max_losses is %d; it must be at least 0", full.max_losses);
        }
    }
    const rr_status status =
        rri_trainer_imitate(&agent->trainer, &full_obs, actions, weights, returns, &full_config,
                            &agent->allocator, report != NULL ? &full : NULL, err);
    if (report != NULL && status == RR_OK) {
        rri_abi_write(report, &full, sizeof full);
    }
    return status;
}

rr_status rr_agent_imitate(rr_agent *agent, const rr_obs *obs, const int32_t *actions,
                           const float *weights, const float *returns,
                           const rr_imitate_config *config, rr_imitate_report *report,
                           rr_error *err)
{
    const rri_fpmode before = rri_fpmode_enter();
    const rr_status status = imitate(agent, obs, actions, weights, returns, config, report, err);
    rri_fpmode_leave(before);
    return status;
}
