/* SPDX-License-Identifier: MIT */
#include "train/imitate.h"

#include "agent_twin.h"
#include "core/philox.h"
#include "items/items.h"
#include "play/request.h"

/* One pass over all rows. */
static rr_imitate_config plain(void)
{
    rr_imitate_config config;
    rr_imitate_config_init(&config, sizeof config);
    config.epochs = 1;
    return config;
}

/* Lists with features, vectors, counts, exclusions and a history. */
static rig_shape lists(void)
{
    rig_shape shape = rig_usual();
    shape.algo = RR_ALGO_A2C;
    shape.n = 40;
    shape.k = 6;
    shape.m = 2;
    shape.h = 4;
    shape.has_lengths = shape.has_vectors = true;
    shape.agent.feature_dim = 2;
    return shape;
}

static void draw_actions(rig *r)
{
    ck_assert_int_eq(rri_agent_act(r->agent, &r->obs, &r->decision, NULL), RR_OK);
}

START_TEST(test_imitate_gradient_is_that_of_the_twin_with_weights_and_returns)
{
    rig_shape shape = lists();
    shape.a2c.ent_coef = 0.05f;
    shape.a2c.vf_coef = 0.7f; /* of the twin */
    rig r;
    rig_open(&r, &shape);
    draw_actions(&r);
    twin t;
    twin_open(&t, &r);
    float *weights = RIG_TAKE(&r, float, 40), *returns = RIG_TAKE(&r, float, 40);
    float *zeros = RIG_TAKE(&r, float, 40);
    double weight = 0.0; /* mean */
    rig_fill(&r, weights, 40, 1.0f);
    rig_fill(&r, returns, 40, 2.0f);
    for (size_t i = 0; i < 40; i++) {
        weights[i] = i % 5 == 0 ? 0.0f : fabsf(weights[i]);
        weight += (double)weights[i] / 40.0;
    }
    const rri_workspace work = rri_trainer_workspace(&r.agent->trainer);
    rri_request request;
    ck_assert_int_eq(rri_request_read(&request, &work, &r.obs, NULL), RR_OK);
    t.rows = (twin_rows){.n = 40,
                         .states = r.obs.states,
                         .menu = request.menu,
                         .actions = r.decision.actions,
                         .old_log_probs = zeros,
                         .old_values = zeros,
                         .returns = returns,
                         .advantages = weights};
    rr_imitate_config config = plain();
    config.ent_coef = 0.05f;
    config.vf_coef = 0.7f;
    const twin_terms terms = twin_evaluate(&t);
    const rri_recipe recipe = r.agent->trainer.recipe;
    r.agent->trainer.recipe.ent_coef = r.agent->trainer.recipe.vf_coef =
        9.0f; /* the agent's own do not matter */
    rr_imitate_report report = {0};
    ck_assert_int_eq(rri_trainer_imitate(&r.agent->trainer, &r.obs, r.decision.actions, weights,
                                         returns, &config, &r.agent->allocator, &report, NULL),
                     RR_OK);
    r.agent->trainer.recipe = recipe;
    twin_assert_close((double)report.start_loss * weight, terms.policy_loss, 1e-6, "policy_loss");
    twin_assert_close((double)report.start_value_loss, terms.value_loss, 1e-6, "value_loss");
    twin_assert_close((double)report.entropy, terms.entropy, 1e-6, "entropy");
    ck_assert_int_eq(report.n_minibatches, 1);
    ck_assert_int_eq(report.n_rows, 40);

    const rri_params *params = &r.agent->trainer.model.network.params;
    size_t n_large = 0;
    for (size_t p = 0; p < params->n_params; p++) {
        const rri_param *param = &params->entries[p];
        for (size_t i = param->offset; i < param->offset + param->size; i++) {
            const double at = t.theta[i], h = 1e-5;
            t.theta[i] = at + h;
            const double above = twin_loss(&t);
            t.theta[i] = at - h;
            const double slope = (above - twin_loss(&t)) / (2.0 * h);
            t.theta[i] = at;
            n_large += fabs(slope) > 1e-3;
            twin_assert_close((double)r.agent->trainer.gradients[i], slope, 2e-6, param->name);
        }
    }
    ck_assert_uint_gt(n_large, 40); /* not a gradient of nothing */
    twin_close(&t);
    rig_close(&r);
}
END_TEST

/* Weights are no advantages: no unit of returns divides them. The value loss is of the critic as it
 * was, in the unit of returns; nobody drew the rows, so states may move first. */
START_TEST(test_imitate_in_units_of_returns_weighs_as_before_and_tells_its_value_loss_in_theirs)
{
    rig_shape shape = lists();
    shape.agent.normalize_returns = 1;
    rig r;
    rig_open(&r, &shape);
    draw_actions(&r);
    float weights[40], returns[40], values[40];
    double value_loss = 0.0, policy_loss = 0.0;
    rig_values(&r, values, r.obs.states, 40);
    for (size_t i = 0; i < 40; i++) {
        weights[i] = (float)(i % 3);
        returns[i] = 500.0f + (float)(i % 7);
        value_loss += 0.5 * pow((double)values[i] - (double)returns[i], 2.0) / 40.0;
        policy_loss -= (double)weights[i] * (double)r.decision.log_probs[i] / 40.0;
    }
    const rr_imitate_config config = plain();
    rr_imitate_report report = {0};
    ck_assert_int_eq(rri_trainer_imitate(&r.agent->trainer, &r.obs, r.decision.actions, weights,
                                         returns, &config, &r.agent->allocator, &report, NULL),
                     RR_OK);
    twin_assert_close((double)report.start_value_loss, value_loss, 1e-5, "value_loss");
    twin_assert_close((double)report.start_loss * 39.0 / 40.0, policy_loss, 1e-6, "policy_loss");
    rig_close(&r);
}
END_TEST

START_TEST(test_imitate_moves_states_before_its_first_step)
{
    rig_shape shape = lists();
    shape.agent.normalize_states = 1;
    rig r;
    rig_open(&r, &shape);
    draw_actions(&r);
    const rr_imitate_config config = plain();
    ck_assert_int_eq(rri_trainer_imitate(&r.agent->trainer, &r.obs, r.decision.actions, NULL, NULL,
                                         &config, &r.agent->allocator, NULL, NULL),
                     RR_OK);
    double sum = 0.0;
    for (size_t i = 0; i < 40; i++) {
        sum += (double)r.agent->trainer.slice.tape.seen[i * 3];
    }
    ck_assert_double_eq_tol(sum / 40.0, 0.0, 1e-5);
    ck_assert_double_eq(r.agent->trainer.normaliser.running[0], 40.0);
    rig_close(&r);
}
END_TEST

/* An incumbent that draws from softmax(2 f₀ − f₁ + u·v) can be had exactly. */
START_TEST(test_imitate_becomes_a_softmax_incumbent)
{
    rig_shape shape = rig_usual();
    shape.n = 64;
    shape.n_items = 0;
    shape.k = 8;
    shape.has_only_vectors = true;
    shape.agent.feature_dim = 2;
    shape.agent.hidden[0] = 0;
    rig r;
    rig_open(&r, &shape);
    memset(r.agent->trainer.model.values, 0,
           r.agent->trainer.model.network.params.n_floats * sizeof(float));
    rri_model_pack(&r.agent->trainer.model);
    rr_imitate_config config = plain();
    config.batch_size = 64;
    config.lr = 0.02f;
    int32_t actions[64];
    for (uint64_t call = 0; call < 600; call++) {
        config.lr = call < 400 ? 0.02f : 0.002f;
        rig_draw_obs(&r);
        for (size_t i = 0; i < 64; i++) {
            double weights[8], sum = 0.0;
            for (size_t j = 0; j < 8; j++) {
                const float *f = r.obs.features + (i * 8 + j) * 2;
                const float *v = r.obs.vectors + (i * 8 + j) * 3, *u = r.obs.states + i * 3;
                const float match = u[0] * v[0] + u[1] * v[1] + u[2] * v[2];
                weights[j] = exp(2.0 * (double)f[0] - (double)f[1] + (double)match);
                sum += weights[j];
            }
            double left = sum * rri_philox_uniform(3, 99, call, (uint32_t)i);
            actions[i] = 0;
            while (actions[i] < 7 && left >= weights[actions[i]]) {
                left -= weights[actions[i]++];
            }
        }
        ck_assert_int_eq(rri_trainer_imitate(&r.agent->trainer, &r.obs, actions, NULL, NULL,
                                             &config, &r.agent->allocator, NULL, NULL),
                         RR_OK);
    }
    const float *w = r.agent->trainer.model.values + rig_param(&r, "actor.feature_weights")->offset;
    const float *skip = r.agent->trainer.model.values + rig_param(&r, "actor.skip.weight")->offset;
    const float scale = r.agent->trainer.model.network.head.scale;
    ck_assert_msg(fabsf(w[0] - 2.0f) < 0.1f && fabsf(w[1] + 1.0f) < 0.1f, "w is %g, %g",
                  (double)w[0], (double)w[1]);
    for (size_t i = 0; i < 9; i++) {
        const float wanted = i % 4 == 0 ? 1.0f : 0.0f;
        ck_assert_msg(fabsf(scale * skip[i] - wanted) < 0.15f, "W[%zu] is %g", i,
                      (double)(scale * skip[i]));
    }
    rig_close(&r);
}
END_TEST

START_TEST(test_imitate_a_row_of_weight_two_is_two_rows)
{
    uint64_t gradients[2];
    for (int is_doubled = 0; is_doubled < 2; is_doubled++) {
        rig_shape shape = lists();
        shape.n = 4;
        shape.h = shape.m = 0;
        shape.has_vectors = shape.has_lengths = false;
        rig r;
        rig_open(&r, &shape);
        draw_actions(&r);
        float weights[] = {2.0f, 1.0f, 1.0f, 0.0f}; /* 2 of row 0, or rows 0 and 3, which are one */
        rr_obs obs = r.obs;
        int32_t candidates[4 * 6];
        float states[4 * 3], features[4 * 6 * 2];
        memcpy(states, obs.states, sizeof states);
        memcpy(candidates, obs.candidates, sizeof candidates);
        memcpy(features, obs.features, sizeof features);
        memcpy(states + 9, states, 3 * sizeof(float));
        memcpy(candidates + 18, candidates, 6 * sizeof(int32_t));
        memcpy(features + 36, features, 12 * sizeof(float));
        obs.states = states;
        obs.candidates = candidates;
        obs.features = features;
        r.decision.actions[3] = r.decision.actions[0];
        if (is_doubled) {
            weights[0] = weights[3] = 1.0f;
        }
        rr_imitate_report report = {0};
        const rr_imitate_config config = plain();
        ck_assert_int_eq(rri_trainer_imitate(&r.agent->trainer, &obs, r.decision.actions, weights,
                                             NULL, &config, &r.agent->allocator, &report, NULL),
                         RR_OK);
        ck_assert_float_gt(report.grad_norm, 0.01f);
        gradients[is_doubled] = (uint64_t)((double)report.grad_norm * 1e5 + 0.5);
        ck_assert_float_eq(report.value_loss, 0.0f);
        rig_close(&r);
    }
    ck_assert_uint_eq(gradients[0], gradients[1]);
}
END_TEST

START_TEST(test_imitate_without_returns_leaves_the_critic_and_the_counters_alone)
{
    rig_shape shape = lists();
    rig r;
    rig_open(&r, &shape);
    draw_actions(&r);
    const size_t critic = rig_param(&r, "critic.0.weight")->offset;
    const size_t size = rig_param(&r, "critic.0.weight")->size;
    float before[64];
    memcpy(before, r.agent->trainer.model.values + critic, size * sizeof(float));
    const rri_recipe recipe = r.agent->trainer.recipe;
    rr_imitate_config config = plain();
    config.epochs = 3;
    config.batch_size = 16;
    rr_imitate_report report = {0};
    ck_assert_int_eq(rri_trainer_imitate(&r.agent->trainer, &r.obs, r.decision.actions, NULL, NULL,
                                         &config, &r.agent->allocator, &report, NULL),
                     RR_OK);
    ck_assert_mem_eq(before, r.agent->trainer.model.values + critic, size * sizeof(float));
    ck_assert_int_eq(report.n_passes, 3);
    ck_assert_int_eq(report.n_minibatches, 6);
    ck_assert_int_eq(r.agent->trainer.n_optimizer_steps, 6);
    ck_assert_int_eq(r.agent->trainer.n_updates, 0);
    ck_assert_int_eq(r.agent->trainer.n_timesteps, 0);
    ck_assert_mem_eq(&recipe, &r.agent->trainer.recipe, sizeof recipe);
    float returns[40];
    rig_fill(&r, returns, 40, 1.0f);
    ck_assert_int_eq(rri_trainer_imitate(&r.agent->trainer, &r.obs, r.decision.actions, NULL,
                                         returns, &config, &r.agent->allocator, &report, NULL),
                     RR_OK);
    ck_assert_mem_ne(before, r.agent->trainer.model.values + critic, size * sizeof(float));
    rig_close(&r);
}
END_TEST

START_TEST(test_imitate_is_the_same_bytes_on_any_number_of_threads)
{
    uint64_t hashes[3];
    const int32_t threads[] = {1, 2, 5};
    for (size_t i = 0; i < 3; i++) {
        rig_shape shape = lists();
        shape.agent.num_threads = threads[i];
        rig r;
        rig_open(&r, &shape);
        draw_actions(&r);
        rr_imitate_config config = plain();
        config.epochs = 4;
        config.batch_size = 9;
        ck_assert_int_eq(rri_trainer_imitate(&r.agent->trainer, &r.obs, r.decision.actions, NULL,
                                             NULL, &config, &r.agent->allocator, NULL, NULL),
                         RR_OK);
        hashes[i] = rig_hash(&r);
        rig_close(&r);
    }
    ck_assert_uint_eq(hashes[0], hashes[1]);
    ck_assert_uint_eq(hashes[0], hashes[2]);
}
END_TEST

START_TEST(test_imitate_refuses_by_name_and_changes_nothing)
{
    rig_shape shape = lists();
    shape.has_vectors = false;
    rig r;
    rig_open(&r, &shape);
    draw_actions(&r);
    const rr_imitate_config config = plain();
    const uint64_t before = rig_hash(&r);
    float weights[40] = {0}, returns[40] = {0};
    int32_t *actions = r.decision.actions;
    rr_error err = {0};
    weights[7] = -1.0f;
    rig_expect(rri_trainer_imitate(&r.agent->trainer, &r.obs, actions, weights, returns, &config,
                                   &r.agent->allocator, NULL, &err),
               RR_E_INVALID, &err, "weights[7] is -1; it must be at least 0");
    weights[7] = NAN;
    rig_expect(rri_trainer_imitate(&r.agent->trainer, &r.obs, actions, weights, returns, &config,
                                   &r.agent->allocator, NULL, &err),
               RR_E_NOT_FINITE, &err, "weights[7]");
    weights[7] = 1.0f;
    returns[3] = INFINITY;
    rig_expect(rri_trainer_imitate(&r.agent->trainer, &r.obs, actions, weights, returns, &config,
                                   &r.agent->allocator, NULL, &err),
               RR_E_NOT_FINITE, &err, "returns[3]");
    returns[3] = -1.0f;
    const int32_t action = actions[5];
    actions[5] = 6;
    rig_expect(rri_trainer_imitate(&r.agent->trainer, &r.obs, actions, weights, returns, &config,
                                   &r.agent->allocator, NULL, &err),
               RR_E_INVALID, &err, "actions[5]");
    actions[5] = action;
    rr_items *other = rig_items(&r, 9, 3, NULL);
    r.agent->trainer.model.config.max_pool_items = 9;
    rr_obs obs = r.obs;
    obs.pool = other;
    rig_expect(rri_trainer_imitate(&r.agent->trainer, &obs, actions, weights, returns, &config,
                                   &r.agent->allocator, NULL, &err),
               RR_E_UNSUPPORTED, &err, "pool is not the agent's");
    ck_assert_uint_eq(rig_hash(&r), before);
    rri_items_release(other);
    rig_close(&r);
}
END_TEST

/* ── passes, and when they are enough ── */

enum { LOG_ROWS = 600 };

/* More rows than act may be given at once, and an incumbent that always shows what u·v is largest
 * for, but for a share of rows in which it shows anything. */
static void open_log(rig *r, double noise)
{
    rig_shape shape = rig_usual();
    shape.n = LOG_ROWS;
    shape.k = 6;
    shape.agent.max_update_rows = LOG_ROWS;
    shape.agent.has_repeat_weight = 0;
    rig_open(r, &shape);
    r->agent->trainer.model.config.max_rows = 64;
    const float *vectors = rri_items_vectors(r->items);
    for (size_t i = 0; i < LOG_ROWS; i++) {
        const float *u = r->obs.states + i * 3;
        double best = -INFINITY;
        for (size_t j = 0; j < 6; j++) {
            const float *v = vectors + (size_t)r->obs.candidates[i * 6 + j] * 3;
            const double z = (double)u[0] * (double)v[0] + (double)u[1] * (double)v[1] +
                             (double)u[2] * (double)v[2];
            if (z > best) {
                best = z;
                r->decision.actions[i] = (int32_t)j;
            }
        }
        if (rig_uniform(r) < noise) {
            r->decision.actions[i] = (int32_t)rig_below(r, 6);
        }
    }
}

static rr_imitate_config until_it_wins_no_more(void)
{
    rr_imitate_config config;
    rr_imitate_config_init(&config, sizeof config);
    config.batch_size = 32;
    return config;
}

static rr_imitate_report imitate_log(rig *r, const rr_imitate_config *config,
                                     rr_imitate_report report)
{
    rr_error err = {0};
    ck_assert_msg(rri_trainer_imitate(&r->agent->trainer, &r->obs, r->decision.actions, NULL, NULL,
                                      config, &r->agent->allocator, &report, &err) == RR_OK,
                  "%s", err.text);
    return report;
}

START_TEST(test_imitate_of_a_certain_incumbent_converges_and_says_how_far_it_came)
{
    rig r;
    open_log(&r, 0.0);
    const rr_imitate_config config = until_it_wins_no_more();
    const rr_imitate_report report = imitate_log(&r, &config, (rr_imitate_report){0});
    ck_assert_int_eq(report.n_rows + report.n_held_out, LOG_ROWS);
    ck_assert_int_gt(report.n_held_out, LOG_ROWS / 20);
    ck_assert_int_lt(report.n_held_out, LOG_ROWS / 5);
    twin_assert_close((double)report.even_loss, log(6.0), 1e-6, "ln K");
    ck_assert_float_gt(report.start_loss, 1.0f);
    ck_assert_float_lt(report.start_agreement, 0.5f);
    ck_assert_float_lt(report.loss, 0.15f);
    ck_assert_float_gt(report.agreement, 0.93f);
    ck_assert_int_gt(report.n_passes, 3);
    rig_close(&r);
}
END_TEST

/* ln K of what a row may choose: of 4, 5 and 6 real entries one is excluded. */
START_TEST(test_imitate_an_even_choice_is_among_what_each_row_may_choose)
{
    rig_shape shape = rig_usual();
    shape.n = 3;
    shape.k = 6;
    shape.m = 1;
    shape.has_lengths = true;
    rig r;
    rig_open(&r, &shape);
    int32_t *candidates = (int32_t *)r.obs.candidates, *lengths = (int32_t *)r.obs.lengths;
    int32_t *excluded = (int32_t *)r.obs.excluded;
    for (int32_t i = 0; i < 3; i++) {
        for (int32_t j = 0; j < 6; j++) {
            candidates[i * 6 + j] = j;
        }
        lengths[i] = 4 + i;
        excluded[i] = 3;
        r.decision.actions[i] = 0;
    }
    float weights[] = {1.0f, 0.0f, 3.0f};
    const rr_imitate_config config = plain();
    rr_imitate_report report = {0};
    ck_assert_int_eq(rri_trainer_imitate(&r.agent->trainer, &r.obs, r.decision.actions, weights,
                                         NULL, &config, &r.agent->allocator, &report, NULL),
                     RR_OK);
    twin_assert_close((double)report.even_loss, (log(3.0) + 3.0 * log(5.0)) / 4.0, 1e-6, "ln K");
    rig_close(&r);
}
END_TEST

START_TEST(test_imitate_rows_held_out_are_not_trained_on_and_judge)
{
    enum { PASSES = 4 };
    float losses[2][PASSES], held_out[2][PASSES + 1];
    for (int is_changed = 0; is_changed < 2; is_changed++) {
        rig r;
        open_log(&r, 0.0);
        rr_imitate_config config = until_it_wins_no_more();
        config.epochs = PASSES;
        config.until = 0.0f;
        for (size_t i = 0; i < LOG_ROWS && is_changed; i++) {
            const uint64_t seed = r.agent->trainer.model.config.seed;
            if (rri_philox_uniform(seed, RRI_STREAM_HELD_OUT, i, 0) < (double)config.held_out) {
                r.decision.actions[i] = (r.decision.actions[i] + 1) % 6;
            }
        }
        held_out[is_changed][PASSES] = 7.0f;
        const rr_imitate_report got =
            imitate_log(&r, &config,
                        (rr_imitate_report){.max_losses = PASSES,
                                            .losses = losses[is_changed],
                                            .held_out_losses = held_out[is_changed]});
        ck_assert_int_eq(got.n_passes, PASSES);
        ck_assert_int_eq(got.is_converged, 0);
        ck_assert_float_eq(held_out[is_changed][PASSES], 7.0f);
        rig_close(&r);
    }
    ck_assert_mem_eq(losses[0], losses[1], sizeof losses[0]);
    for (int pass = 0; pass < PASSES; pass++) {
        ck_assert_float_gt(held_out[1][pass], held_out[0][pass] + 0.5f);
        ck_assert(pass == 0 || losses[0][pass] < losses[0][pass - 1]);
    }
}
END_TEST

/* Half of the log is chance: what is learned of it by heart makes other rows less probable. */
START_TEST(test_imitate_keeps_the_parameters_of_the_best_pass)
{
    uint64_t versions[2];
    rr_imitate_config config = until_it_wins_no_more();
    config.epochs = 30;
    config.until = 0.0f;
    config.lr = 0.05f;
    for (int is_cut = 0; is_cut < 2; is_cut++) {
        rig r;
        open_log(&r, 0.5);
        const rr_imitate_report got = imitate_log(&r, &config, (rr_imitate_report){0});
        ck_assert_int_eq(got.n_passes, config.epochs);
        ck_assert_int_lt(got.best_pass, 30);
        ck_assert_int_gt(got.best_pass, 1);
        ck_assert(is_cut == 0 || got.best_pass == config.epochs);
        versions[is_cut] = rri_agent_version(r.agent);
        config.epochs = got.best_pass;
        rig_close(&r);
    }
    ck_assert_uint_eq(versions[0], versions[1]);
}
END_TEST

START_TEST(test_imitate_rows_of_one_session_are_held_out_together)
{
    rig r;
    open_log(&r, 0.0);
    uint64_t *sessions = RIG_TAKE(&r, uint64_t, LOG_ROWS);
    uint64_t *decisions = RIG_TAKE(&r, uint64_t, LOG_ROWS);
    for (size_t i = 0; i < LOG_ROWS; i++) {
        sessions[i] = 1000 + i / 50;
        decisions[i] = i;
    }
    r.obs.sessions = sessions;
    r.obs.decisions = decisions;
    rr_imitate_config config = until_it_wins_no_more();
    config.epochs = 2;
    config.held_out = 0.3f;
    const rr_imitate_report got = imitate_log(&r, &config, (rr_imitate_report){0});
    ck_assert_int_gt(got.n_held_out, 0);
    ck_assert_int_eq(got.n_held_out % 50, 0);
    rig_close(&r);
}
END_TEST

typedef struct ear {
    int n;
    char text[512];
} ear;

static void hear(void *user, int32_t level, const char *sentence)
{
    ear *e = user;
    ck_assert_int_eq(level, RR_LOG_WARNING);
    e->n++;
    snprintf(e->text, sizeof e->text, "%s", sentence);
}

START_TEST(test_imitate_says_that_passes_were_too_few_or_won_nothing)
{
    rig r;
    ear e = {0};
    open_log(&r, 0.0);
    r.agent->trainer.log = (rri_host_log){hear, &e};
    rr_imitate_config config = until_it_wins_no_more();
    config.epochs = 2;
    config.lr = 1e-3f;
    (void)imitate_log(&r, &config, (rr_imitate_report){0});
    ck_assert_int_eq(e.n, 1);
    ck_assert_ptr_nonnull(strstr(e.text, "not converged after 2 passes"));
    config = until_it_wins_no_more();
    const rr_imitate_report report = imitate_log(&r, &config, (rr_imitate_report){0});
    ck_assert_int_eq(report.is_converged, 1);
    ck_assert_int_eq(e.n, 1);
    config.lr = 30.0f; /* nothing but harm */
    const uint64_t before = rri_agent_version(r.agent);
    const rr_imitate_report harm = imitate_log(&r, &config, (rr_imitate_report){0});
    ck_assert_int_eq(harm.best_pass, 0);
    ck_assert_int_eq(harm.n_passes, 4 * config.patience);
    ck_assert_int_eq(e.n, 2);
    ck_assert_ptr_nonnull(strstr(e.text, "nothing was learned"));
    ck_assert_uint_eq(rri_agent_version(r.agent), before);
    rig_close(&r);
}
END_TEST

/* A policy that is the incumbent already, and a critic that knows nothing: what the critic wins is
 * won, in whatever unit rewards are counted. */
START_TEST(test_imitate_of_returns_alone_is_no_pass_that_wins_nothing)
{
    for (int is_large = 0; is_large < 2; is_large++) {
        rig r;
        open_log(&r, 0.0);
        rr_imitate_config config = until_it_wins_no_more();
        (void)imitate_log(&r, &config, (rr_imitate_report){0});
        float *returns = RIG_TAKE(&r, float, LOG_ROWS);
        for (size_t i = 0; i < LOG_ROWS; i++) {
            returns[i] = r.obs.states[i * 3] * (is_large ? 10.0f : 0.01f);
        }
        rr_imitate_report got = {0};
        ck_assert_int_eq(rri_trainer_imitate(&r.agent->trainer, &r.obs, r.decision.actions, NULL,
                                             returns, &config, &r.agent->allocator, &got, NULL),
                         RR_OK);
        ck_assert_int_gt(got.best_pass, 0);
        ck_assert_float_lt(got.value_loss, got.start_value_loss);
        ck_assert_float_gt(got.explained_variance, 0.5f);
        rig_close(&r);
    }
}
END_TEST

CHECK_MAIN("train/imitate", test_imitate_of_a_certain_incumbent_converges_and_says_how_far_it_came,
           test_imitate_an_even_choice_is_among_what_each_row_may_choose,
           test_imitate_rows_held_out_are_not_trained_on_and_judge,
           test_imitate_keeps_the_parameters_of_the_best_pass,
           test_imitate_rows_of_one_session_are_held_out_together,
           test_imitate_says_that_passes_were_too_few_or_won_nothing,
           test_imitate_of_returns_alone_is_no_pass_that_wins_nothing,
           test_imitate_gradient_is_that_of_the_twin_with_weights_and_returns,
           test_imitate_in_units_of_returns_weighs_as_before_and_tells_its_value_loss_in_theirs,
           test_imitate_moves_states_before_its_first_step,
           test_imitate_becomes_a_softmax_incumbent, test_imitate_a_row_of_weight_two_is_two_rows,
           test_imitate_without_returns_leaves_the_critic_and_the_counters_alone,
           test_imitate_is_the_same_bytes_on_any_number_of_threads,
           test_imitate_refuses_by_name_and_changes_nothing)
