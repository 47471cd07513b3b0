/* SPDX-License-Identifier: MIT */
/* A learner in this world, through recrl.h: users side by side in lock step, each recommendation a
 * row, each click a reward of 1, a user's life a session.
 *
 * Logits are those of a dense head on the state, plus w · features. w starts at (1, 0): the first
 * policy is a feed that draws in proportion to 1 + the user's own views, and learning goes on
 * from there. */
#ifndef OB_LEARN_H
#define OB_LEARN_H

#include "room.h"

typedef struct ob_recipe {
    int32_t algo;     /* RR_ALGO_PPO or _A2C */
    int32_t n_users;  /* side by side */
    int64_t n_rows;   /* recommendations to learn from */
    float own_views;  /* w_0 at the start */
    rr_agent_config agent; /* sizes, seed and planned_updates are filled in by create */
    rr_ppo_config ppo;
    rr_a2c_config a2c;
} ob_recipe;

/* What docs/organic_bandit.md reports. */
void ob_recipe_init(ob_recipe *recipe, int32_t algo);

typedef struct ob_learner ob_learner;
/* world and feed are borrowed. */
rr_status ob_learner_create(ob_learner **out, const ob_recipe *recipe, const ob_world *world,
                            const ob_feed *feed, rr_error *err);
void ob_learner_destroy(ob_learner *learner);
/* Learns from n_rows recommendations, rounded up to whole rollouts. */
rr_status ob_learner_train(ob_learner *learner, rr_error *err);
/* Users 0 … n_users − 1, each to her end, by the most probable product or by draws. */
rr_status ob_learner_play(ob_learner *learner, ob_result *result, int is_greedy, int32_t n_users,
                          rr_error *err);

#endif
