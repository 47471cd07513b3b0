/* SPDX-License-Identifier: MIT */
/* illness.h: the figures of a window against their thresholds, and a sentence for each that is
 * passed. */
#ifndef RRI_EVAL_ILLNESS_H
#define RRI_EVAL_ILLNESS_H

#include <stddef.h>

#include "eval/input_watch.h"
#include "recrl/recrl.h"

#define RRI_N_ILLNESSES    15
#define RRI_ILLNESS_LENGTH 320

/* sentences[i] belongs to bit i of `ill`. */
typedef struct rri_illness_list {
    uint32_t ill;
    char sentences[RRI_N_ILLNESSES][RRI_ILLNESS_LENGTH];
} rri_illness_list;

/* Judges anew. change: what happened to the inputs; coordinates at state_dim and behind are
 * features. A figure that is NaN passes no threshold. */
void rri_illness_judge(rri_illness_list *list, const rr_health_report *report,
                       const rr_health_config *config, size_t state_dim,
                       const rri_input_change *change);

#endif
