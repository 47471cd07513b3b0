/* SPDX-License-Identifier: MIT */
/* recipe.h: how an agent is trained, whichever algorithm's config said it.
 *
 * A2C is one pass over one minibatch of all rows with a loss of its own (maths §6), so both
 * algorithms' configs reduce to the same few numbers. */
#ifndef RRI_TRAIN_RECIPE_H
#define RRI_TRAIN_RECIPE_H

#include <stdbool.h>
#include <stddef.h>

#include "recrl/recrl.h"

typedef struct rri_recipe {
    int32_t algo;      /* RR_ALGO_PPO or RR_ALGO_A2C */
    int32_t optimizer; /* RR_OPTIMIZER_… */
    size_t n_steps;    /* length of a rollout */
    size_t batch_size; /* rows of one gradient step; 0: all */
    size_t n_epochs;
    bool has_advantage_norm;
    float lr, gamma, gae_lambda;
    float clip_eps;       /* PPO */
    float value_clip_eps; /* 0: none */
    float ent_coef, vf_coef, max_grad_norm;
    float target_kl; /* 0: none */
    float optimizer_eps, rms_alpha;
} rri_recipe;

rri_recipe rri_recipe_of_ppo(const rr_ppo_config *config);
rri_recipe rri_recipe_of_a2c(const rr_a2c_config *config);

#endif
