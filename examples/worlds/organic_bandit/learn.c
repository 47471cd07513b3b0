/* SPDX-License-Identifier: MIT */
#include "learn.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

struct ob_learner {
    ob_recipe recipe;
    ob_room room;
    rr_agent *agent;
    rr_buffer *buffer;
    float *log_probs, *values, *rewards; /* [n_users] */
    uint8_t *terminated;                 /* [n_users] */
    uint64_t next_id;
};

/* A click is rare and one product's is little more likely than another's: an advantage is noise but
 * for a twentieth of it. Hence large rollouts, advantages scaled to 1, and an entropy that keeps
 * every product in play until the figures are in. What is shown has no say in what the user will
 * like: gamma is 0. */
void ob_recipe_init(ob_recipe *recipe, int32_t algo)
{
    const int is_ppo = algo == RR_ALGO_PPO;
    recipe->algo = algo;
    recipe->n_users = is_ppo ? 1024 : 512;
    recipe->n_rows = 1000000;
    recipe->own_views = 1.0f;
    rr_agent_config_init(&recipe->agent, sizeof recipe->agent);
    rr_ppo_config_init(&recipe->ppo, sizeof recipe->ppo);
    rr_a2c_config_init(&recipe->a2c, sizeof recipe->a2c);
    recipe->agent.head = RR_HEAD_DENSE;
    recipe->agent.feature_dim = OB_FEATURES;
    recipe->agent.has_repeat_weight = 0;
    recipe->ppo.n_steps = 16;
    recipe->ppo.batch_size = 4096;
    recipe->ppo.lr = 3e-3f;
    recipe->ppo.gamma = 0.0f;
    recipe->ppo.ent_coef = 0.01f;
    recipe->a2c.n_steps = 5;
    recipe->a2c.has_advantage_norm = 1;
    recipe->a2c.optimizer = RR_OPTIMIZER_ADAM;
    recipe->a2c.lr = 5e-3f;
    recipe->a2c.gamma = 0.0f;
    recipe->a2c.ent_coef = 0.01f;
}

static rr_status create_handles(ob_learner *l, rr_error *err)
{
    const ob_recipe *r = &l->recipe;
    const ob_feed *feed = l->room.feed;
    const int is_ppo = r->algo == RR_ALGO_PPO;
    const int32_t n_steps = is_ppo ? r->ppo.n_steps : r->a2c.n_steps;
    rr_agent_config config = r->agent;
    config.state_dim = feed->state_dim;
    config.num_items = feed->n_products;
    config.max_rows = r->n_users;
    config.max_candidates = feed->n_products;
    config.max_history = 0;
    config.seed = l->room.world->config.user_seed;
    config.planned_updates = 1 + r->n_rows / ((int64_t)n_steps * r->n_users);
    rr_buffer_config buffer;
    rr_buffer_config_init(&buffer, sizeof buffer);
    const float weights[OB_FEATURES] = {r->own_views, 0.0f};
    const void *algo = is_ppo ? (const void *)&r->ppo : (const void *)&r->a2c;
    rr_status status = rr_agent_create(&l->agent, &config, algo, NULL, NULL, err);
    if (status == RR_OK) {
        status = rr_agent_set_feature_weights(l->agent, weights, OB_FEATURES, err);
    }
    if (status == RR_OK) {
        status = rr_agent_fit_buffer_config(l->agent, r->n_users, &buffer, err);
    }
    return status == RR_OK ? rr_buffer_create(&l->buffer, &buffer, NULL, err) : status;
}

rr_status ob_learner_create(ob_learner **out, const ob_recipe *recipe, const ob_world *world,
                            const ob_feed *feed, rr_error *err)
{
    const size_t n = (size_t)recipe->n_users;
    ob_learner *l = calloc(1, sizeof *l);
    if (l == NULL) {
        return RR_E_MEMORY;
    }
    l->recipe = *recipe;
    l->next_id = OB_FIRST_TAUGHT;
    l->log_probs = calloc(n, sizeof *l->log_probs);
    l->values = calloc(n, sizeof *l->values);
    l->rewards = calloc(n, sizeof *l->rewards);
    l->terminated = calloc(n, sizeof *l->terminated);
    rr_status status = RR_E_MEMORY;
    if (ob_room_create(&l->room, world, feed, recipe->n_users) == 0 && l->log_probs != NULL &&
        l->values != NULL && l->rewards != NULL && l->terminated != NULL) {
        status = create_handles(l, err);
    }
    if (status != RR_OK) {
        ob_learner_destroy(l);
        return status;
    }
    *out = l;
    return RR_OK;
}

void ob_learner_destroy(ob_learner *l)
{
    if (l != NULL) {
        rr_agent_destroy(l->agent);
        rr_buffer_destroy(l->buffer);
        ob_room_destroy(&l->room);
        free(l->log_probs);
        free(l->values);
        free(l->rewards);
        free(l->terminated);
        free(l);
    }
}

/* One recommendation to everybody who is there; who is gone is followed by a new user. */
static rr_status step(ob_learner *l, rr_error *err)
{
    const int32_t n = l->recipe.n_users;
    const rr_obs obs = ob_room_observe(&l->room, n);
    rr_decision decision = {.struct_size = sizeof decision,
                            .n = n,
                            .actions = l->room.actions,
                            .log_probs = l->log_probs,
                            .values = l->values};
    const rr_outcome outcome = {
        .struct_size = sizeof outcome, .n = n, .rewards = l->rewards, .terminated = l->terminated};
    rr_status status = rr_agent_act(l->agent, &obs, &decision, err);
    if (status == RR_OK) {
        status = rr_buffer_record(l->buffer, &obs, &decision, err);
    }
    if (status != RR_OK) {
        return status;
    }
    for (int32_t i = 0; i < n; i++) {
        ob_user *user = &l->room.users[i];
        l->rewards[i] = (float)ob_user_show(user, l->room.world, l->room.actions[i]);
        l->terminated[i] = user->state == OB_STOP;
        if (l->terminated[i]) {
            ob_room_welcome(&l->room, i, &l->next_id, UINT64_MAX);
        }
    }
    return rr_buffer_reward(l->buffer, &outcome, err);
}

/* Nothing may be left out here: there is one catalogue, and everybody acts with the present policy.
 */
static rr_status update(ob_learner *l, const rr_obs *obs, rr_error *err)
{
    rr_stats stats = {.struct_size = sizeof stats};
    const int64_t n_rows = rr_buffer_count(l->buffer);
    const rr_status status = rr_agent_update(l->agent, l->buffer, obs, &stats, err);
    if (status == RR_OK && stats.n_rows != n_rows) {
        if (err != NULL) {
            snprintf(err->text, sizeof err->text, "learn: an update took %d of %lld rows",
                     stats.n_rows, (long long)n_rows);
        }
        return RR_E_STATE;
    }
    return status;
}

rr_status ob_learner_train(ob_learner *l, rr_error *err)
{
    for (int32_t i = 0; i < l->recipe.n_users; i++) {
        ob_room_welcome(&l->room, i, &l->next_id, UINT64_MAX);
    }
    rr_status status = RR_OK;
    for (int64_t n_shown = 0; status == RR_OK && n_shown < l->recipe.n_rows;) {
        while (status == RR_OK && !rr_buffer_is_full(l->buffer)) {
            status = step(l, err);
            n_shown += l->recipe.n_users;
        }
        if (status == RR_OK) {
            const rr_obs obs = ob_room_observe(&l->room, l->recipe.n_users);
            status = update(l, &obs, err);
        }
    }
    return status;
}

static rr_status choose(ob_learner *l, int is_greedy, int32_t n, rr_error *err)
{
    const rr_obs obs = ob_room_observe(&l->room, n);
    if (is_greedy) {
        return rr_agent_top_k(l->agent, &obs, 1, l->room.actions, NULL, NULL, err);
    }
    rr_decision decision = {.struct_size = sizeof decision, .n = n, .actions = l->room.actions};
    return rr_agent_act(l->agent, &obs, &decision, err);
}

/* From the last seat to the first, so that a seat which takes over the last one's user has been
 * played. */
rr_status ob_learner_play(ob_learner *l, ob_result *result, int is_greedy, int32_t n_users,
                          rr_error *err)
{
    const uint64_t end = (uint64_t)n_users;
    uint64_t id = 0;
    int32_t n = 0;
    memset(result, 0, sizeof *result);
    while (n < l->recipe.n_users && ob_room_welcome(&l->room, n, &id, end)) {
        n++;
    }
    while (n > 0) {
        const rr_status status = choose(l, is_greedy, n, err);
        if (status != RR_OK) {
            return status;
        }
        for (int32_t i = n - 1; i >= 0; i--) {
            ob_user *user = &l->room.users[i];
            const int32_t product = l->room.actions[i];
            result->expected += ob_user_click_probability(user, l->room.world, product);
            result->n_clicks += ob_user_show(user, l->room.world, product);
            result->n_shown += 1.0;
            if (user->state == OB_STOP && !ob_room_welcome(&l->room, i, &id, end)) {
                ob_room_close(&l->room, i, n--);
            }
        }
    }
    return RR_OK;
}
