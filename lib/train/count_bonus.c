/* SPDX-License-Identifier: MIT */
#include "train/count_bonus.h"

#include <math.h>

#include "items/life.h"
#include "train/gradient.h"
#include "train/update.h"

/* Counts end where a float is no longer every whole number; a bonus of β/4096 has long ended. */
static const float MOST = 0x1p24f;

static float bonus_of(float beta, float n)
{
    return beta / sqrtf(1.0f + n);
}

void rri_count_bonus_rows(rri_trainer *trainer, const rri_rollout *rollout, size_t n)
{
    const rri_head_offsets *at = &trainer->model.network.at;
    if (at->shown == RRI_ABSENT || n == 0) {
        return;
    }
    const float beta = trainer->model.config.count_bonus;
    float *shown = trainer->model.values + at->shown, *bias = trainer->model.values + at->item_bias;
    const int32_t *rows = rri_update_trained_rows(&trainer->update, n);
    rri_menu menu = rri_gradient_menu(rollout, rows, n);
    rri_gradient_set_pool(&menu, rollout, trainer);
    for (size_t i = 0; i < n; i++) {
        const int32_t listed = rri_menu_item(&menu, i, (size_t)rollout->actions[rows[i]]);
        const int32_t item = menu.life == NULL || listed < 0
                                 ? listed
                                 : rri_life_now(menu.life, listed, menu.generation);
        if (item >= 0 && shown[item] < MOST) {
            bias[item] += bonus_of(beta, shown[item] + 1.0f) - bonus_of(beta, shown[item]);
            shown[item] += 1.0f;
        }
    }
    rri_model_pack_from(&trainer->model, trainer->model.values);
}
