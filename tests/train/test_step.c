/* SPDX-License-Identifier: MIT */
#include "train/step.h"

#include <stdio.h>

#include "agent_fixture.h"

/* A step is spelt again in double, in PyTorch's form, over three steps. */
typedef struct slow {
    double *x, *m, *v;
    size_t n;
} slow;

static void open_slow(slow *s, const rig *r)
{
    s->n = r->agent->trainer.model.network.params.n_floats;
    s->x = calloc(3 * s->n, sizeof(double));
    s->m = s->x + s->n;
    s->v = s->m + s->n;
    for (size_t i = 0; i < s->n; i++) {
        s->x[i] = (double)r->agent->trainer.model.values[i];
    }
}

static double norm_of(const rig *r)
{
    double sum = 0.0;
    for (size_t i = 0; i < r->agent->trainer.model.network.params.n_floats; i++) {
        sum += (double)r->agent->trainer.gradients[i] * (double)r->agent->trainer.gradients[i];
    }
    return sqrt(sum);
}

static void slow_step(slow *s, const rig *r, double lr, int t)
{
    const rri_recipe *recipe = &r->agent->trainer.recipe;
    const double eps = (double)recipe->optimizer_eps, alpha = (double)recipe->rms_alpha;
    const double scale = fmin(1.0, (double)recipe->max_grad_norm / (norm_of(r) + 1e-6));
    for (size_t i = 0; i < s->n; i++) {
        const double g = scale * (double)r->agent->trainer.gradients[i];
        if (recipe->optimizer == RR_OPTIMIZER_ADAM) {
            s->m[i] = 0.9 * s->m[i] + 0.1 * g;
            s->v[i] = 0.999 * s->v[i] + 0.001 * g * g;
            s->x[i] -= lr * (s->m[i] / (1.0 - pow(0.9, t))) /
                       (sqrt(s->v[i] / (1.0 - pow(0.999, t))) + eps);
        } else {
            s->v[i] = alpha * s->v[i] + (1.0 - alpha) * g * g;
            s->x[i] -= lr * g / (sqrt(s->v[i]) + eps);
        }
    }
}

/* Gradients where parameters are; the gaps between tensors stay 0. */
static void draw_gradients(rig *r, float spread)
{
    const rri_params *params = &r->agent->trainer.model.network.params;
    for (size_t p = 0; p < params->n_params; p++) {
        rig_fill(r, r->agent->trainer.gradients + params->entries[p].offset,
                 params->entries[p].size, spread);
    }
}

static void check_steps(int32_t optimizer, float spread, float most)
{
    rig_shape shape = rig_usual();
    shape.n_items = 3000; /* more than one shard */
    shape.agent.has_trained_items = 1;
    shape.ppo.optimizer = optimizer;
    shape.ppo.max_grad_norm = most;
    rig r;
    rig_open(&r, &shape);
    slow s;
    open_slow(&s, &r);
    for (int t = 1; t <= 3; t++) {
        draw_gradients(&r, spread);
        double norm = 0.0;
        slow_step(&s, &r, 0.01, t);
        const double wanted = norm_of(&r);
        ck_assert_int_eq(rri_step_take(&r.agent->trainer, 0.01f, &norm, NULL), RR_OK);
        ck_assert_double_eq_tol(norm, wanted, 1e-6 * wanted);
        ck_assert_int_eq(r.agent->trainer.n_optimizer_steps, t);
        for (size_t i = 0; i < s.n; i++) {
            ck_assert_msg(fabs((double)r.agent->trainer.model.values[i] - s.x[i]) <= 1e-6,
                          "step %d, parameter %zu: %g is not %g", t, i,
                          (double)r.agent->trainer.model.values[i], s.x[i]);
        }
    }
    free(s.x);
    rig_close(&r);
}

START_TEST(test_step_of_adam_is_pytorchs)
{
    check_steps(RR_OPTIMIZER_ADAM, 1.0f, 0.5f);   /* clipped */
    check_steps(RR_OPTIMIZER_ADAM, 0.01f, 10.0f); /* not clipped */
}
END_TEST

START_TEST(test_step_of_rmsprop_is_pytorchs)
{
    check_steps(RR_OPTIMIZER_RMSPROP, 1.0f, 0.5f);
    check_steps(RR_OPTIMIZER_RMSPROP, 0.01f, 10.0f);
}
END_TEST

START_TEST(test_step_is_in_force_at_once)
{
    rig_shape shape = rig_usual();
    shape.agent.has_trained_items = 1;
    rig r;
    rig_open(&r, &shape);
    draw_gradients(&r, 1.0f);
    double norm;
    float before[5], after[5], packed[5];
    ck_assert_int_eq(rri_agent_act(r.agent, &r.obs, &r.decision, NULL), RR_OK);
    ck_assert_int_eq(
        rri_agent_evaluate(r.agent, &r.obs, r.decision.actions, before, NULL, NULL, NULL), RR_OK);
    ck_assert_int_eq(rri_step_take(&r.agent->trainer, 0.01f, &norm, NULL), RR_OK);
    ck_assert_int_eq(
        rri_agent_evaluate(r.agent, &r.obs, r.decision.actions, after, NULL, NULL, NULL), RR_OK);
    rri_model_pack(&r.agent->trainer.model);
    ck_assert_int_eq(
        rri_agent_evaluate(r.agent, &r.obs, r.decision.actions, packed, NULL, NULL, NULL), RR_OK);
    ck_assert_mem_ne(before, after, sizeof before);
    ck_assert_mem_eq(after, packed, sizeof after);
    rig_close(&r);
}
END_TEST

START_TEST(test_step_with_a_gradient_that_is_not_finite_names_the_tensor_and_changes_nothing)
{
    const rig_shape shape = rig_usual();
    rig r;
    rig_open(&r, &shape);
    const float bad[] = {NAN, INFINITY, -INFINITY};
    const char *const names[] = {"actor.skip.weight", "critic.1.bias", "actor.log_scale"};
    for (size_t i = 0; i < 3; i++) {
        draw_gradients(&r, 1.0f);
        r.agent->trainer.gradients[rig_param(&r, names[i])->offset] = bad[i];
        const uint64_t before = rig_hash(&r);
        double norm;
        rr_error err = {0};
        char sentence[64];
        snprintf(sentence, sizeof sentence, "the gradient of %s is not finite at optimiser step 1",
                 names[i]);
        rig_expect(rri_step_take(&r.agent->trainer, 0.01f, &norm, &err), RR_E_NOT_FINITE, &err,
                   sentence);
        ck_assert_uint_eq(rig_hash(&r), before);
    }
    rig_close(&r);
}
END_TEST

START_TEST(test_step_is_the_same_bits_on_any_number_of_threads)
{
    uint64_t hashes[3];
    for (int threads = 0; threads < 3; threads++) {
        rig_shape shape = rig_usual();
        shape.n_items = 5000;
        shape.agent.has_trained_items = 1;
        shape.agent.num_threads = 1 << threads;
        rig r;
        rig_open(&r, &shape);
        double norm;
        draw_gradients(&r, 1.0f);
        ck_assert_int_eq(rri_step_take(&r.agent->trainer, 0.01f, &norm, NULL), RR_OK);
        hashes[threads] = rig_hash(&r);
        rig_close(&r);
    }
    ck_assert_uint_eq(hashes[0], hashes[1]);
    ck_assert_uint_eq(hashes[0], hashes[2]);
}
END_TEST

CHECK_MAIN("train/step", test_step_of_adam_is_pytorchs, test_step_of_rmsprop_is_pytorchs,
           test_step_is_in_force_at_once,
           test_step_with_a_gradient_that_is_not_finite_names_the_tensor_and_changes_nothing,
           test_step_is_the_same_bits_on_any_number_of_threads)
