/* SPDX-License-Identifier: MIT */
#include "train/recipe.h"

rri_recipe rri_recipe_of_ppo(const rr_ppo_config *config)
{
    return (rri_recipe){
        .algo = RR_ALGO_PPO,
        .optimizer = config->optimizer,
        .n_steps = (size_t)config->n_steps,
        .batch_size = (size_t)config->batch_size,
        .n_epochs = (size_t)config->update_epochs,
        .has_advantage_norm = config->has_advantage_norm != 0,
        .lr = config->lr,
        .gamma = config->gamma,
        .gae_lambda = config->gae_lambda,
        .clip_eps = config->clip_eps,
        .value_clip_eps = config->value_clip_eps,
        .ent_coef = config->ent_coef,
        .vf_coef = config->vf_coef,
        .max_grad_norm = config->max_grad_norm,
        .target_kl = config->target_kl,
        .optimizer_eps = config->optimizer_eps,
        .rms_alpha = config->rms_alpha,
    };
}

rri_recipe rri_recipe_of_a2c(const rr_a2c_config *config)
{
    return (rri_recipe){
        .algo = RR_ALGO_A2C,
        .optimizer = config->optimizer,
        .n_steps = (size_t)config->n_steps,
        .batch_size = 0,
        .n_epochs = 1,
        .has_advantage_norm = config->has_advantage_norm != 0,
        .lr = config->lr,
        .gamma = config->gamma,
        .gae_lambda = config->gae_lambda,
        .ent_coef = config->ent_coef,
        .vf_coef = config->vf_coef,
        .max_grad_norm = config->max_grad_norm,
        .optimizer_eps = config->optimizer_eps,
        .rms_alpha = config->rms_alpha,
    };
}
