/* SPDX-License-Identifier: MIT */
#include "train/algorithms.h"

#include <stdio.h>
#include <string.h>

#include "rl/losses.h"
#include "train/train_loop.h"

/* What the configs of all algorithms have. */
#define COMMON_FIELDS                                                                              \
    .optimizer = config->optimizer, .n_steps = (size_t)config->n_steps,                            \
    .has_advantage_norm = config->has_advantage_norm != 0, .lr = config->lr,                       \
    .gamma = config->gamma, .ent_coef = config->ent_coef, .vf_coef = config->vf_coef,              \
    .max_grad_norm = config->max_grad_norm, .optimizer_eps = config->optimizer_eps,                \
    .rms_alpha = config->rms_alpha

/* ── PPO ── */

static rri_recipe ppo_recipe(const void *given)
{
    const rr_ppo_config *config = given;
    return (rri_recipe){
        COMMON_FIELDS,
        .batch_size = (size_t)config->batch_size,
        .n_epochs = (size_t)config->update_epochs,
        .has_critic = true,
        .gae_lambda = config->gae_lambda,
        .clip_eps = config->clip_eps,
        .value_clip_eps = config->value_clip_eps,
        .target_kl = config->target_kl,
        .whole_sessions = config->whole_sessions != 0,
    };
}

static void ppo_loss(float *d_log_probs, rri_loss_sums *sums, const rri_loss_rows *rows,
                     const rri_recipe *recipe)
{
    const rri_surrogate_sums got =
        rri_surrogate_compute(d_log_probs, rows->log_probs, rows->old_log_probs, rows->advantages,
                              recipe->clip_eps, rows->n, rows->n_total);
    sums->policy_loss += got.loss;
    sums->approx_kl += got.approx_kl;
    sums->n_clipped += got.n_clipped;
}

/* ── A2C ── */

static rri_recipe a2c_recipe(const void *given)
{
    const rr_a2c_config *config = given;
    return (rri_recipe){COMMON_FIELDS, .n_epochs = 1, .has_critic = true,
                        .gae_lambda = config->gae_lambda};
}

static void a2c_loss(float *d_log_probs, rri_loss_sums *sums, const rri_loss_rows *rows,
                     const rri_recipe *recipe)
{
    (void)recipe;
    sums->policy_loss += rri_a2c_loss_compute(d_log_probs, rows->log_probs, rows->advantages,
                                              rows->n, rows->n_total);
}

/* ── REINFORCE ── */

/* Whole returns (λ = 1). Without a baseline nothing reads the critic, and nothing trains it. */
static rri_recipe reinforce_recipe(const void *given)
{
    const rr_reinforce_config *config = given;
    rri_recipe recipe = {COMMON_FIELDS, .n_epochs = 1, .gae_lambda = 1.0f};
    recipe.has_critic = config->has_baseline != 0;
    recipe.vf_coef = recipe.has_critic ? config->vf_coef : 0.0f;
    recipe.page_size = (float)config->page_size;
    return recipe;
}

static void reinforce_loss(float *d_log_probs, rri_loss_sums *sums, const rri_loss_rows *rows,
                           const rri_recipe *recipe)
{
    sums->policy_loss +=
        rri_reinforce_loss_compute(d_log_probs, rows->log_probs, rows->old_log_probs,
                                   rows->advantages, recipe->page_size, rows->n, rows->n_total);
}

/* ── the table, in the order of RR_ALGO_… ── */

static const rri_algorithm TABLE[] = {
    {"ppo", RR_CONFIG_PPO, ppo_recipe, ppo_loss, rri_train_loop_epochs, 2},
    {"a2c", RR_CONFIG_A2C, a2c_recipe, a2c_loss, rri_train_loop_once, 1},
    {"reinforce", RR_CONFIG_REINFORCE, reinforce_recipe, reinforce_loss, rri_train_loop_once, 1},
};

size_t rri_algorithms_count(void)
{
    return sizeof TABLE / sizeof TABLE[0];
}

const rri_algorithm *rri_algorithms_at(size_t index)
{
    return index < rri_algorithms_count() ? &TABLE[index] : NULL;
}

const rri_algorithm *rri_algorithms_of_kind(int32_t config_kind)
{
    for (size_t i = 0; i < rri_algorithms_count(); i++) {
        if (TABLE[i].config_kind == config_kind) {
            return &TABLE[i];
        }
    }
    return NULL;
}

const rri_algorithm *rri_algorithms_of_name(const char *name)
{
    for (size_t i = 0; name != NULL && i < rri_algorithms_count(); i++) {
        if (strcmp(TABLE[i].name, name) == 0) {
            return &TABLE[i];
        }
    }
    return NULL;
}

int32_t rri_algorithms_index(const rri_algorithm *algorithm)
{
    return (int32_t)(algorithm - TABLE);
}

void rri_algorithms_list(char out[RRI_ALGORITHMS_TEXT])
{
    const size_t n = rri_algorithms_count();
    size_t at = 0;
    for (size_t i = 0; i < n; i++) {
        const char *between = i == 0 ? "" : i + 1 == n ? " or " : ", ";
        at += (size_t)snprintf(out + at, RRI_ALGORITHMS_TEXT - at, "%s%s", between, TABLE[i].name);
    }
}

/* ── imitation: a loss of its own that no config of an agent names ── */

/* The weight stands where an advantage does: −mean w log π(a). */
static const rri_algorithm IMITATION = {
    .name = "imitate", .config_kind = RR_CONFIG_IMITATE, .policy_loss = a2c_loss, .min_rows = 1};

rri_recipe rri_algorithms_imitation(const rri_recipe *own, const rr_imitate_config *config,
                                    bool has_returns)
{
    return (rri_recipe){
        .algorithm = &IMITATION,
        .optimizer = own->optimizer,
        .batch_size = (size_t)config->batch_size,
        .n_epochs = (size_t)config->epochs,
        .has_critic = has_returns,
        .whole_sessions = config->whole_sessions != 0,
        .lr = config->lr,
        .ent_coef = config->ent_coef,
        .vf_coef = has_returns ? config->vf_coef : 0.0f,
        .max_grad_norm = own->max_grad_norm,
        .optimizer_eps = own->optimizer_eps,
        .rms_alpha = own->rms_alpha,
    };
}
