/* SPDX-License-Identifier: MIT */
/* One seed: a catalogue, the feed that watches it, and every policy on the same users. */
#ifndef OB_TRIAL_H
#define OB_TRIAL_H

#include "learn.h"

enum { OB_PPO = OB_CHOOSERS, OB_PPO_SAMPLED, OB_A2C, OB_A2C_SAMPLED, OB_POLICIES };

typedef struct ob_plan {
    int32_t n_products, n_flips;
    int32_t n_users; /* who are played to; as many as are watched, at least 20000 */
    int64_t n_rows;  /* that each learner learns from; 0: no learners */
    float gamma;
    uint64_t seeds[256];
    int32_t n_seeds;
    int32_t n_jobs; /* processes */
} ob_plan;

typedef struct ob_trial {
    ob_result results[OB_POLICIES];
} ob_trial;

const char *ob_policy_name(int32_t policy);
rr_status ob_trial_run(ob_trial *trial, const ob_plan *plan, uint64_t seed, rr_error *err);
/* trials [n_seeds], in n_jobs processes. 0, or −1: one failed and has said why. */
int ob_trials_run(ob_trial *trials, const ob_plan *plan);

#endif
