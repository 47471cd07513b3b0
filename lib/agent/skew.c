/* SPDX-License-Identifier: MIT */
#include "agent/skew.h"

#include <string.h>

#include "agent/recall.h"
#include "core/status.h"

static rr_status compare(const rri_rollout *rollout, const rri_ledger *ledger, size_t row,
                         float log_prob, rr_error *err)
{
    if (log_prob != rollout->log_probs[row]) {
        RRI_FAIL(err, RR_E_SKEW,
                 "update: row %zu, decision %llu was recorded with log-prob %.9g; the version that "
                 "drew it gives %.9g for what was recorded: its list, features, item table or "
                 "serving options are not those of act",
                 row, (unsigned long long)ledger->decisions[row], (double)rollout->log_probs[row],
                 (double)log_prob);
    }
    return RR_OK;
}

/* The parameters of a version; NULL: they are gone. */
static const float *parameters_of(const rr_agent *agent, uint64_t own, uint64_t plain)
{
    if (plain == own) {
        return agent->values;
    }
    for (size_t i = 0; i < agent->kept.n; i++) {
        if (agent->kept.plain[i] == plain) {
            return agent->kept.values + i * agent->network.params.n_floats;
        }
    }
    return NULL;
}

/* All rows of one version, of which the first trained place is `first`; is_checked [n] is marked.
 */
static rr_status check_version(rr_agent *agent, const rri_version *version, const float *parameters,
                               const rri_rollout *rollout, const rri_ledger *ledger, size_t first,
                               size_t n, uint8_t *is_checked, rr_error *err)
{
    rri_update_rows *update = &agent->update;
    int32_t *rows = update->minibatch; /* free until the minibatches, as the next */
    float *log_probs = update->returns;
    const rr_serving_options options = rri_version_options(version);
    const bool is_present = parameters == agent->values;
    size_t m = 0;
    for (size_t i = first; i < n; i++) {
        const int32_t row = update->order[update->trained[i]];
        if (ledger->versions[row] == version->version) {
            is_checked[i] = 1;
            rows[m++] = row;
        }
    }
    if (!is_present) {
        rri_agent_pack_from(agent, parameters);
    }
    rri_recall_served(agent, log_probs, &options,
                      rollout->form.has_incumbents ? ledger->incumbents : NULL, rollout, rows, m);
    if (!is_present) {
        rri_agent_pack(agent);
    }
    for (size_t i = 0; i < m; i++) {
        RRI_TRY(compare(rollout, ledger, (size_t)rows[i], log_probs[i], err));
    }
    return RR_OK;
}

rr_status rri_skew_check(rr_agent *agent, uint64_t own, const rri_rollout *rollout,
                         const rri_ledger *ledger, const float *log_probs, size_t n, rr_error *err)
{
    rri_update_rows *update = &agent->update;
    uint8_t *is_checked = update->terminated; /* free until the returns */
    memcpy(is_checked, update->is_own, n);
    for (size_t i = 0; i < n; i++) {
        const size_t row = (size_t)update->order[update->trained[i]];
        if (update->is_own[i] != 0) {
            RRI_TRY(compare(rollout, ledger, row, log_probs[i], err));
            continue;
        }
        const rri_version *version =
            is_checked[i] == 0 ? rri_versions_find(&agent->versions, ledger->versions[row]) : NULL;
        const float *parameters =
            version != NULL ? parameters_of(agent, own, version->plain) : NULL;
        if (parameters != NULL) {
            RRI_TRY(
                check_version(agent, version, parameters, rollout, ledger, i, n, is_checked, err));
        }
    }
    return RR_OK;
}
