/* SPDX-License-Identifier: MIT */
/* recipe.h: how an agent is trained, whichever algorithm's config said it, and what an algorithm
 * is: a row of the table in algorithms.c. */
#ifndef RRI_TRAIN_RECIPE_H
#define RRI_TRAIN_RECIPE_H

#include <stdbool.h>
#include <stddef.h>

#include "recrl/recrl.h"

typedef struct rri_algorithm rri_algorithm;

typedef struct rri_recipe {
    const rri_algorithm *algorithm; /* whose loss and loop it is */
    int32_t optimizer;              /* RR_OPTIMIZER_… */
    size_t n_steps;                 /* length of a segment */
    size_t batch_size;              /* rows of one gradient step; 0: all */
    size_t n_epochs;
    bool has_advantage_norm;
    bool whole_sessions; /* of minibatches, with an encoder that reads sequences */
    bool has_critic;     /* false: values are 0, and nothing trains them */
    float lr, gamma, gae_lambda;
    float clip_eps;       /* PPO */
    float value_clip_eps; /* 0: none */
    float ent_coef, vf_coef, max_grad_norm;
    float target_kl; /* 0: none */
    float optimizer_eps, rms_alpha;
    float page_size;   /* REINFORCE: items that a row's draw is one of */
    float ref_kl_coef; /* of the agent's config; 0: no reference */
} rri_recipe;

/* Rows of a tile, as a policy's loss sees them; n_total: rows of the whole minibatch. */
typedef struct rri_loss_rows {
    const float *log_probs, *old_log_probs, *advantages; /* [n] */
    size_t n, n_total;
} rri_loss_rows;

/* Sums over the rows of a tile; divided by the rows of the minibatch they are its means. */
typedef struct rri_loss_sums {
    double policy_loss, value_loss, entropy, approx_kl, n_clipped, reference_kl;
} rri_loss_sums;

struct rri_trainer;
struct rri_rollout;
struct rri_train_sums;

struct rri_algorithm {
    const char *name;    /* in files and flags: "ppo" */
    int32_t config_kind; /* RR_CONFIG_… */
    rri_recipe (*recipe)(const void *config);
    /* d_log_probs [n] ← ∂loss/∂log π(a), divided by n_total; adds to policy_loss, and where the
     * algorithm has them to approx_kl and n_clipped. */
    void (*policy_loss)(float *d_log_probs, rri_loss_sums *sums, const rri_loss_rows *rows,
                        const rri_recipe *recipe);
    /* All steps of one update on n trained places: train_loop.h. */
    rr_status (*update)(struct rri_train_sums *sums, struct rri_trainer *trainer,
                        const struct rri_rollout *rollout, size_t n, float lr, rr_error *err);
    size_t min_rows; /* of an update; a normalised advantage needs 2 anyway */
};

/* Whether one row alone cannot be trained on. */
static inline bool rri_recipe_needs_two(const rri_recipe *recipe)
{
    return recipe->algorithm->min_rows > 1 || recipe->has_advantage_norm;
}

#endif
