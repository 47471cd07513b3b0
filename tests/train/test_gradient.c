/* SPDX-License-Identifier: MIT */
#include "train/gradient.h"
#include "train/stay_near.h"

#include "agent_twin.h"

static const double TOLERANCE = 2e-6;

/* A rig with one step of n rows recorded, and a loss over them that touches every branch: ratios on
 * both sides of the clip and inside it, with advantages of both signs, and values on both sides of
 * their own band. Rows lie in falling order, and the minibatch takes places in steps of 7. */
typedef struct scene {
    rig r;
    twin t;
    size_t n;
    int32_t *minibatch;
    float *advantages;         /* [n] of rows */
    float *ordered_advantages; /* [n] of the minibatch */
    float *old_values, *returns;
} scene;

static const float SHIFTS[] = {-0.6f, -0.1f, 0.1f, 0.6f}; /* ε = 0.2 lies between */

static void draw_losses(scene *s)
{
    rri_update_rows *update = &s->r.agent->trainer.update;
    for (size_t row = 0; row < s->n; row++) {
        const size_t place = s->n - 1 - row;
        s->r.rollout.log_probs[row] -= SHIFTS[row % 4];
        s->old_values[row] = s->r.rollout.values[row] - SHIFTS[rig_below(&s->r, 4)];
        s->returns[row] = s->r.rollout.values[row] + (row % 3 == 0 ? -1.5f : 1.0f);
        s->advantages[row] = (row / 4) % 2 == 0 ? 1.0f + (float)rig_uniform(&s->r)
                                                : -1.0f - (float)rig_uniform(&s->r);
        update->order[place] = (int32_t)row;
        update->values[place] = s->old_values[row];
        update->returns[place] = s->returns[row];
    }
    for (size_t i = 0; i < s->n; i++) {
        s->minibatch[i] = (int32_t)((i * 7 + 3) % s->n); /* n is no multiple of 7 */
        s->ordered_advantages[i] = s->advantages[s->n - 1 - (size_t)s->minibatch[i]];
    }
}

/* The policy as it is becomes the reference, and all that it learned moves away from it; returns
 * the reference's parameters. */
static double *leave_reference(rig *r)
{
    rri_trainer *trainer = &r->agent->trainer;
    rr_policy *policy;
    rr_serving_options options;
    rr_serving_options_init(&options, sizeof options);
    ck_assert_int_eq(rri_agent_publish(&policy, r->agent, &options, NULL), RR_OK);
    ck_assert_int_eq(rri_agent_set_reference(r->agent, policy, NULL), RR_OK);
    rri_snapshot_release(policy);
    const size_t n = trainer->model.network.params.n_floats;
    double *reference = malloc(n * sizeof *reference);
    for (size_t i = 0; i < n; i++) {
        reference[i] = (double)trainer->model.values[i];
        const bool is_learned = i < trainer->model.network.norm.begin;
        const bool is_gap = trainer->model.values[i] == 0.0f;
        trainer->model.values[i] += is_learned && !is_gap ? 0.4f * (float)rig_uniform(r) : 0.0f;
    }
    rri_model_pack(&trainer->model);
    ck_assert_int_eq(rri_stay_near_begin(trainer, &r->rollout, NULL), RR_OK);
    return reference;
}

static void open_scene(scene *s, const rig_shape *given, size_t n)
{
    rig_shape shape = *given;
    shape.n = n;
    shape.agent.max_rows = (int32_t)n;
    shape.ppo.n_steps = 1;
    shape.a2c.n_steps = 1;
    ck_assert_uint_ne(n % 7, 0);
    *s = (scene){.n = n};
    rig_open(&s->r, &shape);
    rig *r = &s->r;
    double *reference = shape.agent.ref_kl_coef > 0.0f ? leave_reference(r) : NULL;
    ck_assert_int_eq(rri_agent_act(r->agent, &r->obs, &r->decision, NULL), RR_OK);
    ck_assert_int_eq(rri_rollout_record(&r->rollout, &r->obs, &r->decision, 0, NULL), RR_OK);
    s->minibatch = RIG_TAKE(r, int32_t, n);
    s->advantages = RIG_TAKE(r, float, n);
    s->ordered_advantages = RIG_TAKE(r, float, n);
    s->old_values = RIG_TAKE(r, float, n);
    s->returns = RIG_TAKE(r, float, n);
    draw_losses(s);
    const rri_network *net = &r->agent->trainer.model.network;
    r->agent->trainer.units.shift = net->value_shift;
    r->agent->trainer.units.per_unit = 1.0f / net->value_scale;

    twin_open(&s->t, r);
    if (reference != NULL) {
        twin_stay_near(&s->t, reference);
    }
    s->t.rows = (twin_rows){.n = n,
                            .states = r->rollout.states,
                            .menu = rri_gradient_menu(&r->rollout, NULL, n),
                            .history_rewards = r->rollout.history_rewards,
                            .actions = r->rollout.actions,
                            .old_log_probs = r->rollout.log_probs,
                            .old_values = s->old_values,
                            .returns = s->returns,
                            .advantages = s->advantages};
    if (twin_has_fold(&s->t)) {
        twin_fold_rows(&s->t);
    }
}

static void close_scene(scene *s)
{
    twin_close(&s->t);
    rig_close(&s->r);
}

static rri_loss_sums compute(scene *s)
{
    rr_agent *agent = s->r.agent;
    gradcheck_fill_nan(agent->trainer.gradients, agent->trainer.model.network.params.n_floats);
    return rri_gradient_compute(&agent->trainer, &s->r.rollout, s->minibatch, s->ordered_advantages,
                                s->n);
}

static void check_sums(const scene *s, const rri_loss_sums *sums)
{
    const twin_terms wanted = twin_evaluate(&s->t);
    const double n = (double)s->n;
    twin_assert_close(sums->policy_loss / n, wanted.policy_loss, TOLERANCE, "policy_loss");
    const double scale = twin_scale(&s->t);
    twin_assert_close(sums->value_loss / n * scale * scale, wanted.value_loss, TOLERANCE,
                      "value_loss");
    twin_assert_close(sums->entropy / n, wanted.entropy, TOLERANCE, "entropy");
    twin_assert_close(sums->approx_kl / n, wanted.approx_kl, TOLERANCE, "approx_kl");
    twin_assert_close(sums->reference_kl / n, wanted.reference_kl, TOLERANCE, "reference_kl");
    twin_assert_close(sums->n_clipped / n, wanted.clip_fraction, TOLERANCE, "clip_fraction");
}

/* A constant of the loss has no gradient, whatever lay there. */
static void check_constant(const scene *s, const rri_param *param)
{
    for (size_t i = 0; i < param->size; i++) {
        ck_assert_msg(s->r.agent->trainer.gradients[param->offset + i] == 0.0f, "%s moves",
                      param->name);
    }
}

/* Every tensor against differences of the twin; gradcheck also refuses one that is all but zero. */
static void check_scene(const rig_shape *shape, size_t n)
{
    scene s;
    open_scene(&s, shape, n);
    const rri_loss_sums sums = compute(&s);
    check_sums(&s, &sums);
    const rri_params *params = &s.r.agent->trainer.model.network.params;
    for (size_t p = 0; p < params->n_params; p++) {
        const rri_param *param = &params->entries[p];
        if (param->offset >= s.r.agent->trainer.model.network.norm.begin) {
            check_constant(&s, param);
            continue;
        }
        const gradcheck check = {.name = param->name,
                                 .loss = twin_loss,
                                 .context = &s.t,
                                 .x = s.t.theta + param->offset,
                                 .gradient = s.r.agent->trainer.gradients + param->offset,
                                 .n = param->size,
                                 .step = 1e-5,
                                 .tolerance = TOLERANCE};
        ck_assert_gradient(&check);
    }
    close_scene(&s);
}

/* More rows than a slice has; the quick tier takes them once, in the first scene. */
static size_t several_slices(size_t n)
{
    return check_is_quick() ? 100 : n;
}

/* All losses at once. */
static rig_shape lossy(void)
{
    rig_shape shape = rig_usual();
    shape.ppo.ent_coef = shape.a2c.ent_coef = 0.3f;
    shape.ppo.vf_coef = shape.a2c.vf_coef = 0.7f;
    shape.ppo.value_clip_eps = 0.3f;
    return shape;
}

static rig_shape pool_shape(void)
{
    rig_shape shape = lossy();
    shape.m = 2;
    shape.h = 5;
    shape.agent.has_bias = 1;
    return shape;
}

static rig_shape list_shape(void)
{
    rig_shape shape = lossy();
    shape.n_items = 9;
    shape.k = 6;
    shape.m = 2;
    shape.has_lengths = true;
    shape.has_counts = true;
    shape.agent.feature_dim = 2;
    return shape;
}

START_TEST(test_gradient_of_ppo_over_the_pool_is_that_of_the_twin_beyond_one_slice)
{
    const rig_shape shape = pool_shape();
    check_scene(&shape, 600);
}
END_TEST

START_TEST(test_gradient_of_ppo_over_lists_with_features_and_counts_is_that_of_the_twin)
{
    const rig_shape shape = list_shape();
    check_scene(&shape, 150);
}
END_TEST

START_TEST(test_gradient_with_vectors_of_the_request_is_that_of_the_twin)
{
    rig_shape shape = list_shape();
    shape.has_vectors = true;
    shape.has_counts = false;
    shape.h = 6;
    shape.agent.has_bias = 1;
    check_scene(&shape, 100);
}
END_TEST

START_TEST(test_gradient_without_a_catalogue_is_that_of_the_twin)
{
    rig_shape shape = list_shape();
    shape.n_items = 0;
    shape.m = 0;
    shape.has_only_vectors = true;
    check_scene(&shape, 100);
}
END_TEST

START_TEST(test_gradient_of_trained_items_is_that_of_the_twin)
{
    rig_shape shape = pool_shape();
    shape.agent.has_trained_items = 1;
    check_scene(&shape, 100);
    shape = list_shape();
    shape.has_vectors = true;
    shape.agent.has_trained_items = 1;
    shape.agent.has_bias = 1;
    check_scene(&shape, 100);
}
END_TEST

START_TEST(test_gradient_of_the_dense_head_is_that_of_the_twin)
{
    rig_shape shape = pool_shape();
    shape.agent.head = RR_HEAD_DENSE;
    shape.agent.hidden[1] = 5;
    check_scene(&shape, several_slices(530));
    shape = list_shape();
    shape.agent.head = RR_HEAD_DENSE;
    check_scene(&shape, 100);
}
END_TEST

START_TEST(test_gradient_of_a2c_is_that_of_the_twin)
{
    rig_shape shape = pool_shape();
    shape.algo = RR_ALGO_A2C;
    check_scene(&shape, several_slices(520));
    shape = list_shape();
    shape.algo = RR_ALGO_A2C;
    check_scene(&shape, 100);
}
END_TEST

START_TEST(test_gradient_of_other_networks_is_that_of_the_twin)
{
    rig_shape shape = pool_shape();
    shape.agent.hidden[0] = 0; /* the linear query alone */
    shape.agent.critic_hidden[0] = 0;
    check_scene(&shape, 100);
    shape = pool_shape();
    shape.agent.has_skip = 0; /* the MLP alone */
    shape.agent.has_repeat_weight = 0;
    shape.agent.has_bias = 0;
    check_scene(&shape, 100);
    shape = pool_shape();
    shape.agent.activation = RR_ACTIVATION_RELU;
    shape.agent.hidden[0] = 6;
    shape.agent.hidden[1] = shape.agent.critic_hidden[1] = 5;
    check_scene(&shape, 100);
}
END_TEST

START_TEST(test_gradient_of_unclipped_values_and_no_entropy_is_that_of_the_twin)
{
    rig_shape shape = pool_shape();
    shape.ppo.ent_coef = 0.0f;
    shape.ppo.value_clip_eps = 0.0f;
    check_scene(&shape, 100);
}
END_TEST

/* Values on both sides of a band that is ε_v deviations of returns wide. */
START_TEST(test_gradient_in_units_of_returns_and_states_is_that_of_the_twin)
{
    rig_shape shape = pool_shape();
    shape.agent.normalize_returns = 1;
    check_scene(&shape, 150);
    shape.agent.normalize_states = 1;
    check_scene(&shape, several_slices(600));
    shape.ppo.value_clip_eps = 0.0f;
    shape.agent.head = RR_HEAD_DENSE;
    check_scene(&shape, 100);
    shape = list_shape();
    shape.algo = RR_ALGO_A2C;
    shape.agent.normalize_returns = shape.agent.normalize_states = 1;
    check_scene(&shape, 100);
}
END_TEST

/* w + F s, states as they come and normalised, over more rows than a slice has. */
START_TEST(test_gradient_of_features_that_meet_the_state_is_that_of_the_twin)
{
    rig_shape shape = list_shape();
    shape.agent.has_feature_query = 1;
    check_scene(&shape, 100);
    shape.agent.normalize_states = 1;
    shape.ppo.ent_coef = 0.0f;
    check_scene(&shape, several_slices(600));
    shape = list_shape();
    shape.agent.has_feature_query = 1;
    shape.agent.head = RR_HEAD_DENSE;
    shape.algo = RR_ALGO_A2C;
    check_scene(&shape, 100);
}
END_TEST

/* α's and everything else's; of the model itself none. */
START_TEST(test_gradient_beside_a_reward_model_is_that_of_the_twin)
{
    rig_shape shape = pool_shape();
    shape.agent.reward_model = 1;
    check_scene(&shape, several_slices(600));
    shape.agent.has_trained_items = 1;
    shape.agent.normalize_states = 1;
    check_scene(&shape, 100);
    shape = list_shape();
    shape.agent.reward_model = 1;
    shape.has_vectors = true;
    check_scene(&shape, 150);
    shape.agent.has_feature_query = 1;
    check_scene(&shape, 100);
    shape = pool_shape();
    shape.agent.reward_model = 1;
    shape.agent.head = RR_HEAD_DENSE;
    check_scene(&shape, several_slices(530));
    shape = list_shape();
    shape.agent.reward_model = 1;
    shape.agent.head = RR_HEAD_DENSE;
    shape.algo = RR_ALGO_A2C;
    check_scene(&shape, 100);
}
END_TEST

/* One layer and three; candidates of the pool and of the request; beside F and without; several
 * blocks of a tile and more rows than a slice. */
START_TEST(test_gradient_of_the_candidates_network_is_that_of_the_twin)
{
    rig_shape shape = list_shape();
    shape.agent.candidate_hidden[0] = 5;
    check_scene(&shape, 100);
    shape.agent.candidate_hidden[1] = 4;
    shape.agent.candidate_hidden[2] = 6;
    shape.agent.has_feature_query = 1;
    shape.agent.normalize_states = 1;
    shape.agent.has_bias = 1;
    shape.has_vectors = true;
    check_scene(&shape, 100);
    shape = list_shape();
    shape.agent.candidate_hidden[0] = 3;
    shape.agent.hidden[0] = 0;
    shape.n_items = 0;
    shape.m = 0;
    shape.has_only_vectors = true;
    shape.algo = RR_ALGO_A2C;
    check_scene(&shape, several_slices(520));
}
END_TEST

/* Lists and pools, both heads, with and without an entropy bonus, over more rows than a slice has,
 * and over a catalogue whose logits are made again. */
START_TEST(test_gradient_beside_a_reference_is_that_of_the_twin)
{
    rig_shape shape = pool_shape();
    shape.agent.ref_kl_coef = 0.6f;
    check_scene(&shape, several_slices(600));
    shape.ppo.ent_coef = 0.0f;
    shape.agent.has_trained_items = 1;
    check_scene(&shape, 100);
    shape = list_shape();
    shape.agent.ref_kl_coef = 1.5f;
    shape.agent.has_feature_query = 1;
    shape.agent.candidate_hidden[0] = 5;
    check_scene(&shape, 150);
    shape = pool_shape();
    shape.agent.ref_kl_coef = 0.3f;
    shape.agent.head = RR_HEAD_DENSE;
    shape.algo = RR_ALGO_A2C;
    check_scene(&shape, 100);
}
END_TEST

/* A linear tower and one with layers; over the pool and over lists, in which some candidates are
 * not of it; vectors that stay and that learn. */
START_TEST(test_gradient_of_the_tower_over_items_is_that_of_the_twin)
{
    rig_shape shape = pool_shape();
    shape.agent.item_feature_dim = 4;
    check_scene(&shape, several_slices(600));
    shape.agent.tower_hidden[0] = 6;
    shape.agent.tower_hidden[1] = 5;
    shape.agent.tower_scale = 0.5f;
    shape.agent.has_trained_items = 1;
    check_scene(&shape, 100);
    shape = list_shape();
    shape.agent.item_feature_dim = 2;
    shape.agent.tower_hidden[0] = 5;
    shape.agent.tower_scale = 2.0f;
    shape.has_vectors = true;
    shape.algo = RR_ALGO_A2C;
    check_scene(&shape, 100);
}
END_TEST

/* û in the query and beside the critic's states, β; no skip; û alone; lists, also with own vectors.
 */
START_TEST(test_gradient_of_a_fold_in_is_that_of_the_twin)
{
    rig_shape shape = pool_shape();
    shape.agent.has_fold_in = 1;
    shape.agent.fold_in_decay = 0.7f;
    check_scene(&shape, 100);
    shape.agent.has_skip = 0;
    shape.agent.normalize_states = 1;
    check_scene(&shape, 100);
    memset(shape.agent.hidden, 0, sizeof shape.agent.hidden);
    check_scene(&shape, 100);
    shape = list_shape();
    shape.h = 6;
    shape.has_counts = false;
    shape.has_vectors = true;
    shape.agent.has_fold_in = 1;
    shape.agent.candidate_hidden[0] = 5;
    check_scene(&shape, 100);
}
END_TEST

START_TEST(test_gradient_beside_a_reference_is_the_same_where_logits_are_made_again)
{
    rig_shape shape = pool_shape();
    shape.n_items = 1500;
    shape.agent.ref_kl_coef = 0.7f;
    shape.agent.has_trained_items = 1;
    scene s;
    open_scene(&s, &shape, 200);
    rr_agent *agent = s.r.agent;
    const size_t n = agent->trainer.model.network.params.n_floats;
    const rri_loss_sums kept = compute(&s);
    ck_assert(kept.reference_kl > 0.01 * 200.0);
    float *gradient = malloc(n * sizeof *gradient);
    memcpy(gradient, agent->trainer.gradients, n * sizeof *gradient);
    agent->trainer.slice.kept_width = 0;
    const rri_loss_sums again = compute(&s);
    ck_assert_ptr_null(agent->trainer.slice.policy.logits);
    ck_assert_mem_eq(&kept, &again, sizeof kept);
    ck_assert_mem_eq(gradient, agent->trainer.gradients, n * sizeof *gradient);
    free(gradient);
    close_scene(&s);
}
END_TEST

START_TEST(test_gradient_stays_near_no_value_that_is_none)
{
    rig_shape shape = pool_shape();
    shape.agent.normalize_returns = 1;
    rri_loss_sums sums[3];
    for (size_t i = 0; i < 3; i++) {
        shape.ppo.value_clip_eps = i == 2 ? 0.0f : 0.3f;
        scene s;
        open_scene(&s, &shape, 100);
        s.r.agent->trainer.units.has_old_values = i != 1;
        sums[i] = compute(&s);
        close_scene(&s);
    }
    ck_assert(sums[0].value_loss != sums[2].value_loss);
    ck_assert(sums[1].value_loss == sums[2].value_loss);
}
END_TEST

START_TEST(test_gradient_scene_has_rows_on_every_side_of_the_clip)
{
    const rig_shape shape = pool_shape();
    scene s;
    open_scene(&s, &shape, 150);
    size_t n[2][2][2] = {0}; /* is clipped, is above, advantage is positive */
    double *log_p = malloc(twin_width(&s.t) * sizeof *log_p);
    for (size_t i = 0; i < s.n; i++) {
        twin_log_probs(log_p, &s.t, i);
        const double ratio = exp(log_p[s.t.rows.actions[i]] - (double)s.t.rows.old_log_probs[i]);
        n[fabs(ratio - 1.0) > 0.2][ratio > 1.0][s.advantages[i] > 0.0f]++;
    }
    for (size_t i = 0; i < 8; i++) {
        ck_assert_uint_gt(n[i / 4][i / 2 % 2][i % 2], 5);
    }
    free(log_p);
    close_scene(&s);
}
END_TEST

static uint64_t hash_of_gradient(scene *s)
{
    const rri_loss_sums sums = compute(s);
    rri_hash hash;
    rri_hash_init(&hash, 0);
    rri_hash_update(&hash, &sums, sizeof sums);
    rri_hash_update(&hash, s->r.agent->trainer.gradients,
                    s->r.agent->trainer.model.network.params.n_floats * sizeof(float));
    return rri_hash_final(&hash);
}

/* Of the same rows over the same items, once as a pool whose logits are kept, once as a large one:
 * the order of some additions differs, nothing else. */
START_TEST(test_gradient_over_a_large_pool_is_that_over_a_small_one)
{
    for (int trains_items = 0; trains_items < 2; trains_items++) {
        rig_shape shape = pool_shape();
        shape.n_items = 1500;
        shape.agent.has_trained_items = trains_items;
        scene s;
        open_scene(&s, &shape, 600);
        rr_agent *agent = s.r.agent;
        const size_t n = agent->trainer.model.network.params.n_floats;
        ck_assert_uint_ge(agent->trainer.slice.kept_width, 1500);
        const rri_loss_sums small = compute(&s);
        float *kept = malloc(n * sizeof *kept);
        memcpy(kept, agent->trainer.gradients, n * sizeof *kept);

        const rri_stack own = agent->trainer.stacks[0];
        agent->trainer.stacks[0] = (rri_stack){.base = aligned_alloc(64, 8 << 20), .size = 8 << 20};
        agent->trainer.slice.kept_width = 0;
        const rri_loss_sums large = compute(&s);
        ck_assert_ptr_null(agent->trainer.slice.policy.logits);
        ck_assert_mem_eq(&small, &large, sizeof small);
        for (size_t p = 0; p < agent->trainer.model.network.params.n_params; p++) {
            const rri_param *param = &agent->trainer.model.network.params.entries[p];
            for (size_t i = param->offset; i < param->offset + param->size; i++) {
                const float other = agent->trainer.gradients[i];
                if (!(fabsf(other - kept[i]) <= 1e-6f + 1e-4f * fabsf(kept[i]))) {
                    ck_abort_msg("%s: %g, not %g", param->name, (double)other, (double)kept[i]);
                }
            }
        }
        free(agent->trainer.stacks[0].base);
        agent->trainer.stacks[0] = own;
        free(kept);
        close_scene(&s);
    }
}
END_TEST

START_TEST(test_gradient_over_a_catalogue_too_wide_to_keep_is_that_of_a_list_of_it)
{
    rig_shape shape = lossy();
    shape.n_items = RRI_KEPT_WIDTH + 100;
    shape.agent.max_candidates = 8;
    scene s;
    open_scene(&s, &shape, 3);
    ck_assert_uint_eq(s.r.agent->trainer.slice.kept_width, 8);
    const rri_loss_sums sums = compute(&s);
    ck_assert_ptr_null(s.r.agent->trainer.slice.policy.logits);
    check_sums(&s, &sums);
    const rri_param *skip = rig_param(&s.r, "actor.skip.weight");
    const gradcheck check = {.name = "actor.skip.weight",
                             .loss = twin_loss,
                             .context = &s.t,
                             .x = s.t.theta + skip->offset,
                             .gradient = s.r.agent->trainer.gradients + skip->offset,
                             .n = skip->size,
                             .step = 1e-5,
                             .tolerance = 1e-5};
    ck_assert_gradient(&check);
    close_scene(&s);
}
END_TEST

START_TEST(test_gradient_is_the_same_bits_on_any_number_of_threads)
{
    rig_shape shapes[] = {pool_shape(), list_shape(), pool_shape(), pool_shape(),
                          pool_shape(), pool_shape(), list_shape()};
    shapes[0].n_items = 2500;
    shapes[0].agent.has_trained_items = 1;
    shapes[2].agent.head = RR_HEAD_DENSE;
    shapes[3].n_items = 2 * RRI_KEPT_WIDTH + 300; /* a large pool of two chunks */
    shapes[3].agent.has_trained_items = 1;
    shapes[4].n_items = 2500;
    shapes[4].agent.item_feature_dim = 3;
    shapes[4].agent.tower_hidden[0] = 9;
    shapes[5].n_items = 2 * RRI_KEPT_WIDTH + 300;
    shapes[5].agent.item_feature_dim = 3;
    shapes[6].agent.candidate_hidden[0] = 1024; /* some rows of a tile at a time */
    for (size_t i = 0; i < 7; i++) {
        uint64_t hashes[3];
        for (size_t threads = 0; threads < 3; threads++) {
            shapes[i].agent.num_threads = 1 << threads;
            scene s;
            open_scene(&s, &shapes[i], 600);
            hashes[threads] = hash_of_gradient(&s);
            close_scene(&s);
        }
        ck_assert_uint_eq(hashes[0], hashes[1]);
        ck_assert_uint_eq(hashes[0], hashes[2]);
    }
}
END_TEST

/* The gradient and the log-probs of rows whose places in the minibatch are (i · stride) mod n: with
 * stride 1 rows that share their past lie side by side, and with another one none do. */
static void encode_in_order(scene *s, float *gradients, float *log_probs, size_t stride)
{
    const rri_trainer *trainer = &s->r.agent->trainer;
    for (size_t i = 0; i < s->n; i++) {
        const size_t row = i * stride % s->n;
        s->minibatch[i] = (int32_t)(s->n - 1 - row);
        s->ordered_advantages[i] = s->advantages[row];
    }
    (void)compute(s);
    memcpy(gradients, trainer->gradients, trainer->model.network.params.n_floats * sizeof(float));
    for (size_t i = 0; i < s->n; i++) {
        log_probs[i * stride % s->n] = trainer->slice.log_probs[i];
    }
}

static rig_shape encoder_shape(int32_t encoder, int32_t n_threads)
{
    rig_shape shape = pool_shape();
    shape.agent.encoder = encoder;
    shape.agent.encoder_width = 6;
    shape.agent.encoder_heads = encoder == RR_ENCODER_TRANSFORMER ? 2 : 1;
    shape.agent.encoder_layers = encoder == RR_ENCODER_TRANSFORMER ? 2 : 1;
    shape.agent.num_threads = n_threads;
    return shape;
}

START_TEST(test_gradient_of_sessions_encoded_once_is_that_of_rows_encoded_alone)
{
    enum { ROWS = 401, FLOATS = 4096 };
    static const int32_t KINDS[] = {RR_ENCODER_MEAN, RR_ENCODER_GRU, RR_ENCODER_TRANSFORMER};
    for (size_t k = 0; k < 3; k++) {
        float shared[FLOATS], alone[FLOATS], log_probs[2][ROWS];
        const rig_shape shape = encoder_shape(KINDS[k], 1);
        scene s;
        open_scene(&s, &shape, ROWS);
        rig_make_sessions(&s.r, ROWS);
        const rri_network *net = &s.r.agent->trainer.model.network;
        ck_assert_uint_le(net->params.n_floats, FLOATS);
        encode_in_order(&s, shared, log_probs[0], 1);
        encode_in_order(&s, alone, log_probs[1], 7);
        ck_assert_mem_eq(log_probs[0], log_probs[1], sizeof log_probs[0]);
        for (size_t p = 0; p < net->params.n_params; p++) {
            const rri_param *param = &net->params.entries[p];
            for (size_t i = param->offset; i < param->offset + param->size; i++) {
                ck_assert_float_eq_tol(shared[i], alone[i], 1e-5f * (1.0f + fabsf(alone[i])));
            }
        }
        double square = 0.0;
        for (size_t i = net->encoder.begin; i < net->encoder.end; i++) {
            square += isnan(alone[i]) ? 0.0 : (double)alone[i] * (double)alone[i]; /* a gap */
        }
        ck_assert_double_gt(square, 1e-3);
        close_scene(&s);
    }
}
END_TEST

START_TEST(test_gradient_of_sessions_is_the_same_bits_on_any_number_of_threads)
{
    enum { ROWS = 401, FLOATS = 4096 };
    for (int32_t kind = RR_ENCODER_GRU; kind <= RR_ENCODER_TRANSFORMER; kind++) {
        float gradients[2][FLOATS] = {{0}}, log_probs[ROWS];
        for (int32_t i = 0; i < 2; i++) {
            const rig_shape shape = encoder_shape(kind, 1 + 2 * i);
            scene s;
            open_scene(&s, &shape, ROWS);
            rig_make_sessions(&s.r, ROWS);
            encode_in_order(&s, gradients[i], log_probs, 1);
            close_scene(&s);
        }
        ck_assert_mem_eq(gradients[0], gradients[1], sizeof gradients[0]);
    }
}
END_TEST

START_TEST(test_gradient_is_written_and_depends_on_no_call_before)
{
    const rig_shape shape = list_shape();
    scene s;
    open_scene(&s, &shape, 100);
    const uint64_t first = hash_of_gradient(&s);
    ck_assert_uint_eq(hash_of_gradient(&s), first);
    close_scene(&s);
}
END_TEST

START_TEST(test_gradient_menu_has_the_fields_that_the_rows_have)
{
    rig_shape shape = list_shape();
    scene s;
    open_scene(&s, &shape, 10);
    const int32_t rows[] = {3, 1};
    rri_menu menu = rri_gradient_menu(&s.r.rollout, rows, 2);
    ck_assert_uint_eq(menu.n, 2);
    ck_assert_ptr_eq(menu.rows, rows);
    ck_assert_uint_eq(menu.k, 6);
    ck_assert_ptr_eq(menu.candidates, s.r.rollout.candidates);
    ck_assert_ptr_eq(menu.counts, s.r.rollout.counts);
    ck_assert_ptr_null(menu.vectors);
    ck_assert_ptr_null(menu.history);
    close_scene(&s);

    shape = pool_shape();
    open_scene(&s, &shape, 10);
    menu = rri_gradient_menu(&s.r.rollout, rows, 2);
    ck_assert_uint_eq(menu.k, 0);
    ck_assert_ptr_null(menu.lengths);
    ck_assert_ptr_null(menu.candidates);
    ck_assert_ptr_eq(menu.history, s.r.rollout.history);
    ck_assert_ptr_eq(menu.excluded, s.r.rollout.excluded);
    close_scene(&s);
}
END_TEST

CHECK_MAIN("train/gradient",
           test_gradient_of_ppo_over_the_pool_is_that_of_the_twin_beyond_one_slice,
           test_gradient_of_ppo_over_lists_with_features_and_counts_is_that_of_the_twin,
           test_gradient_with_vectors_of_the_request_is_that_of_the_twin,
           test_gradient_without_a_catalogue_is_that_of_the_twin,
           test_gradient_of_trained_items_is_that_of_the_twin,
           test_gradient_of_the_dense_head_is_that_of_the_twin,
           test_gradient_of_a2c_is_that_of_the_twin,
           test_gradient_of_other_networks_is_that_of_the_twin,
           test_gradient_of_unclipped_values_and_no_entropy_is_that_of_the_twin,
           test_gradient_in_units_of_returns_and_states_is_that_of_the_twin,
           test_gradient_of_features_that_meet_the_state_is_that_of_the_twin,
           test_gradient_beside_a_reward_model_is_that_of_the_twin,
           test_gradient_of_the_candidates_network_is_that_of_the_twin,
           test_gradient_beside_a_reference_is_that_of_the_twin,
           test_gradient_beside_a_reference_is_the_same_where_logits_are_made_again,
           test_gradient_of_the_tower_over_items_is_that_of_the_twin,
           test_gradient_of_a_fold_in_is_that_of_the_twin,
           test_gradient_stays_near_no_value_that_is_none,
           test_gradient_scene_has_rows_on_every_side_of_the_clip,
           test_gradient_over_a_large_pool_is_that_over_a_small_one,
           test_gradient_over_a_catalogue_too_wide_to_keep_is_that_of_a_list_of_it,
           test_gradient_is_the_same_bits_on_any_number_of_threads,
           test_gradient_of_sessions_encoded_once_is_that_of_rows_encoded_alone,
           test_gradient_of_sessions_is_the_same_bits_on_any_number_of_threads,
           test_gradient_is_written_and_depends_on_no_call_before,
           test_gradient_menu_has_the_fields_that_the_rows_have)
