/* SPDX-License-Identifier: MIT */
#include "train/skew.h"

#include <string.h>

#include "core/status.h"
#include "train/evaluate_rows.h"

/* The parameters of a version; NULL: they are gone. */
static const float *parameters_of(const rri_trainer *trainer, uint64_t own, uint64_t plain)
{
    return plain == own ? trainer->model.values : rri_earlier_find(&trainer->earlier, plain);
}

static uint8_t judge(rri_skew *skew, const rri_rollout *rollout, size_t row, float log_prob)
{
    skew->n_checked++;
    if (log_prob == rollout->log_probs[row]) {
        return RRI_SKEW_SAME;
    }
    if (skew->n_other++ == 0) {
        skew->first = (int32_t)row;
        skew->first_log_prob = log_prob;
    }
    return RRI_SKEW_OTHER;
}

/* All rows of one version, of which the first trained place is `first`. */
static void check_version(rri_skew *skew, uint8_t *verdicts, rri_trainer *trainer,
                          const rri_version *version, const float *parameters,
                          const rri_rollout *rollout, const rri_ledger *ledger, size_t first,
                          size_t n)
{
    const rri_update_rows *update = &trainer->update;
    rri_slice *slice = &trainer->slice;
    const int32_t *incumbents = rollout->form.has_incumbents ? ledger->incumbents : NULL;
    const rr_serving_options options = rri_version_options(version);
    const bool is_present = parameters == trainer->model.values;
    if (!is_present) {
        rri_model_pack_from(&trainer->model, parameters);
    }
    for (size_t begin = first, end; begin < n; begin = end) {
        size_t n_gathered = 0, n_judged = 0;
        for (end = begin; end < n && n_gathered < RRI_SLICE_ROWS; end++) {
            const int32_t row = update->order[update->trained[end]];
            if (ledger->versions[row] == version->version) {
                slice->rows[n_gathered++] = row;
            }
        }
        rri_evaluate_rows_served(trainer, slice->log_probs, &options, incumbents, rollout,
                                 slice->rows, n_gathered);
        for (size_t i = begin; i < end; i++) {
            const size_t row = (size_t)update->order[update->trained[i]];
            if (ledger->versions[row] == version->version) {
                verdicts[i] = judge(skew, rollout, row, slice->log_probs[n_judged++]);
            }
        }
    }
    if (!is_present) {
        rri_model_pack_from(&trainer->model, trainer->model.values);
    }
}

rri_skew rri_skew_check(uint8_t *verdicts, rri_trainer *trainer, uint64_t own,
                        const rri_rollout *rollout, const rri_ledger *ledger,
                        const float *log_probs, size_t n)
{
    const rri_update_rows *update = &trainer->update;
    rri_skew skew = {0};
    memset(verdicts, RRI_SKEW_UNCHECKED, n);
    for (size_t i = 0; i < n; i++) {
        const size_t row = (size_t)update->order[update->trained[i]];
        if (update->is_own[i] != 0) {
            verdicts[i] = judge(&skew, rollout, row, log_probs[i]);
            continue;
        }
        const rri_version *version =
            verdicts[i] == RRI_SKEW_UNCHECKED
                ? rri_versions_find(&trainer->versions, ledger->versions[row])
                : NULL;
        const float *parameters =
            version != NULL ? parameters_of(trainer, own, version->plain) : NULL;
        if (parameters != NULL) {
            check_version(&skew, verdicts, trainer, version, parameters, rollout, ledger, i, n);
        }
    }
    return skew;
}

rr_status rri_skew_tell(const rri_skew *skew, const rri_rollout *rollout, const rri_ledger *ledger,
                        rr_error *err)
{
    const size_t row = (size_t)skew->first;
    RRI_FAIL(err, RR_E_SKEW,
             "row %zu, decision %llu was recorded with log-prob %.9g; the version that drew it "
             "gives %.9g for what was recorded: its list, features, item table or serving options "
             "are not those of act",
             row, (unsigned long long)ledger->decisions[row], (double)rollout->log_probs[row],
             (double)skew->first_log_prob);
}
