/* SPDX-License-Identifier: MIT */
#include "train/session_update.h"

#include "core/status.h"
#include "ledger/harvest.h"
#include "train/session_rows.h"
#include "train/stay_near.h"
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

/* Rows of a cancelled update stay as they were recorded: the next one weighs them as those of an
 * earlier version. */
static void give_back(const rri_trainer *trainer, rri_rollout *rollout, size_t n_trained)
{
    const rri_update_rows *update = &trainer->update;
    for (size_t i = 0; i < n_trained; i++) {
        rollout->log_probs[update->order[update->trained[i]]] = update->recorded[i];
    }
}

rr_status rri_trainer_update_sessions(bool *is_made, rri_trainer *trainer, rri_rollout *rollout,
                                      rri_ledger *ledger, rr_stats *stats, rr_error *err)
{
    rri_update_rows *update = &trainer->update;
    rri_session_rows rows;
    *is_made = false;
    RRI_TRY(rri_stay_near_begin(trainer, rollout, err));
    rri_model_ensure_hash(&trainer->model);
    RRI_TRY(rri_session_rows_select(&rows, trainer, rollout, ledger, err));
    rri_session_rows_warn(&rows, trainer);
    rri_trainer_note_version(trainer, NULL);
    rri_earlier_add(&trainer->earlier, rows.own, trainer->model.values);

    /* From here on the rows are the update's: ratios begin at the policy of now. */
    for (size_t i = 0; i < rows.n_trained; i++) {
        rollout->log_probs[update->order[update->trained[i]]] = update->present[i];
    }
    update->has_weights = true;
    size_t n_trained;
    rr_stats full = {0};
    const rr_status status =
        rri_update_run(&n_trained, trainer, rollout, rows.n_places, rows.n_trained, &full, err);
    update->has_weights = false; /* whoever trains next has none */
    rri_session_rows_fill_stats(&full, &rows);
    full.reward_mean = mean_reward(update, rollout, ledger, rows.n_places);
    if (stats != NULL) {
        *stats = full;
    }
    if (status == RR_E_CANCELLED) {
        give_back(trainer, rollout, rows.n_trained);
    } else {
        rri_harvest_forget(ledger, rollout, n_trained);
    }
    *is_made = true;
    return status;
}
