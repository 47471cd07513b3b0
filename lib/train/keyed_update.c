/* SPDX-License-Identifier: MIT */
#include "train/keyed_update.h"

#include "core/status.h"
#include "ledger/harvest.h"
#include "train/intake.h"
#include "train/update.h"

/* Of all rows of the sessions picked, the last ones of those cut off too. */
static float mean_reward(const rri_update_rows *update, const rri_rollout *rollout,
                         const rri_ledger *ledger, size_t n_places)
{
    double sum = 0.0;
    size_t n = n_places;
    for (size_t place = 0; place < n_places; place++) {
        sum += (double)rollout->rewards[update->order[place]];
    }
    for (size_t i = 0; i < ledger->n_picked; i++) {
        const int32_t session = ledger->picked[i];
        if (ledger->ends[session] == RRI_END_CUT) {
            sum += (double)rollout->rewards[ledger->last[session]];
            n++;
        }
    }
    return (float)(sum / (double)n);
}

rr_status rri_trainer_update_keyed(bool *is_made, rri_trainer *trainer, rri_rollout *rollout,
                                   rri_ledger *ledger, rr_stats *stats, rr_error *err)
{
    rri_update_rows *update = &trainer->update;
    rri_intake in;
    *is_made = false;
    RRI_TRY(rri_intake_take(&in, trainer, rollout, ledger, err));
    rri_intake_warn(&in, trainer);
    rri_trainer_note_version(trainer, NULL);
    rri_kept_add(&trainer->kept, in.own, trainer->model.values);

    /* From here on the rows are the update's: ratios begin at the policy of now. */
    for (size_t i = 0; i < in.n_trained; i++) {
        rollout->log_probs[update->order[update->trained[i]]] = update->normalised[i];
    }
    update->has_weights = true;
    size_t n_trained;
    rr_stats full = {0};
    const rr_status status =
        rri_update_run(&n_trained, trainer, rollout, in.n_places, in.n_trained, &full, err);
    update->has_weights = false; /* whoever trains next has none */
    rri_intake_fill_stats(&full, &in);
    full.reward_mean = mean_reward(update, rollout, ledger, in.n_places);
    if (stats != NULL) {
        *stats = full;
    }
    rri_harvest_forget(ledger, rollout, n_trained);
    *is_made = true;
    return status;
}
