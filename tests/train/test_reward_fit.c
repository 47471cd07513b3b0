/* SPDX-License-Identifier: MIT */
#include "train/reward_fit.h"

#include <stdio.h>

#include "agent_fixture.h"

enum { S = 3, D = 3, MODEL = (D + 1) * (S + 1) };

/* `n` rows over a pool, acted on and recorded, each its own place of the update. */
static void open_rows(rig *r, rig_shape shape, size_t n)
{
    shape.agent.reward_model = 1;
    shape.n = n;
    shape.agent.max_rows = (int32_t)n;
    rig_open(r, &shape);
    rri_trainer *trainer = &r->agent->trainer;
    ck_assert_int_eq(rri_agent_act(r->agent, &r->obs, &r->decision, NULL), RR_OK);
    ck_assert_int_eq(rri_rollout_record(&r->rollout, &r->obs, &r->decision, 0, NULL), RR_OK);
    for (size_t i = 0; i < n; i++) {
        trainer->update.order[i] = trainer->update.trained[i] = (int32_t)i;
        trainer->update.rewards[i] = 0.0f;
    }
}

/* Other states and actions in the rows that are there. */
static void draw_rows(rig *r)
{
    rig_fill(r, r->rollout.states, r->shape.n * S, 1.0f);
    for (size_t i = 0; i < r->shape.n; i++) {
        r->rollout.actions[i] = (int32_t)rig_below(r, r->shape.n_items);
    }
}

static float *values_of(const rig *r, const char *name)
{
    return r->agent->trainer.model.values + rig_param(r, name)->offset;
}

static const float *vector_of(const rig *r, size_t row)
{
    return rri_items_vectors(r->items) + (size_t)r->rollout.actions[row] * D;
}

/* r = s·v + 2 v_0 + s_1 + ½: all that the model can be but features. */
static float bilinear(const rig *r, size_t row)
{
    const float *s = r->rollout.states + row * S, *v = vector_of(r, row);
    return s[0] * v[0] + s[1] * v[1] + s[2] * v[2] + 2.0f * v[0] + s[1] + 0.5f;
}

static void learn(rig *r, int times, float (*reward)(const rig *, size_t))
{
    for (int time = 0; time < times; time++) {
        draw_rows(r);
        for (size_t i = 0; i < r->shape.n; i++) {
            r->agent->trainer.update.rewards[i] = reward(r, i);
        }
        rri_reward_fit_rows(&r->agent->trainer, &r->rollout, r->shape.n);
    }
}

/* K = (s·s + a)(v·v + b) = 4 a b with a = s·s, b = v·v. Each time over, e falls by λ/(K + λ); then
 * y = r/K in all: M = y v sᵀ, m = a y v, u = b y s, c = a b y. */
START_TEST(test_reward_fit_of_one_row_by_hand)
{
    rig r;
    open_rows(&r, rig_usual(), 1);
    r.agent->trainer.update.rewards[0] = 3.0f;
    rri_reward_fit_rows(&r.agent->trainer, &r.rollout, 1);
    const float *s = r.rollout.states, *v = vector_of(&r, 0),
                *model = r.agent->trainer.reward.state;
    const float a = s[0] * s[0] + s[1] * s[1] + s[2] * s[2];
    const float b = v[0] * v[0] + v[1] * v[1] + v[2] * v[2], y = 3.0f / (4.0f * a * b);
    for (size_t j = 0; j < D; j++) {
        for (size_t k = 0; k < S; k++) {
            ck_assert_float_eq_tol(model[j * (S + 1) + k], y * v[j] * s[k], 1e-5f);
        }
        ck_assert_float_eq_tol(model[j * (S + 1) + S], a * y * v[j], 1e-5f);
    }
    const float *user = model + D * (S + 1);
    for (size_t k = 0; k < S; k++) {
        ck_assert_float_eq_tol(user[k], b * y * s[k], 1e-5f);
    }
    ck_assert_float_eq_tol(user[S], a * b * y, 1e-5f);
    ck_assert_float_eq_tol(r.agent->trainer.reward.misses[0], 9.0f, 1e-5f); /* before it learned */
    const float *used = values_of(&r, "reward.query"), gain = used[S] / model[S];
    for (size_t i = 0; i < D * (S + 1); i++) {
        ck_assert_float_eq_tol(used[i], gain * model[i], 1e-4f * fabsf(gain));
    }
    /* ten times deviation over error, which is 3, at τ = 2; one row tells a twelfth of the model */
    ck_assert_float_eq_tol(gain, 10.0f / 3.0f / 2.0f / 12.0f, 1e-5f);
    rig_close(&r);
}
END_TEST

START_TEST(test_reward_fit_foresees_a_reward_that_is_bilinear)
{
    rig r;
    open_rows(&r, rig_usual(), 100);
    learn(&r, 60, bilinear);
    ck_assert_float_lt(r.agent->trainer.reward.misses[0], 0.001f);
    rig_close(&r);
}
END_TEST

/* The policy's logits follow r̂ up to what does not tell items apart: each unit of r̂ is as many
 * nats for any two items. */
START_TEST(test_reward_fit_stands_in_the_logits_of_both_heads)
{
    for (int32_t head = RR_HEAD_TOWER; head <= RR_HEAD_DENSE; head++) {
        rig r;
        rig_shape shape = rig_usual();
        shape.agent.head = head;
        open_rows(&r, shape, 100);
        learn(&r, 12, bilinear);
        const char *names[] = {"actor.items", "actor.item_bias", "actor.skip.weight"};
        for (size_t i = 0; i < 3; i++) { /* the model alone */
            const rri_param *p = rri_params_find(&r.agent->trainer.model.network.params, names[i]);
            for (size_t j = 0; p != NULL && j < p->size; j++) {
                r.agent->trainer.model.values[p->offset + j] = 0.0f;
            }
        }
        const char *last = "actor.mlp.1.weight", *bias = "actor.mlp.1.bias";
        for (size_t j = 0; head == RR_HEAD_TOWER && j < rig_param(&r, last)->size; j++) {
            values_of(&r, last)[j] = 0.0f;
        }
        for (size_t j = 0; head == RR_HEAD_TOWER && j < rig_param(&r, bias)->size; j++) {
            values_of(&r, bias)[j] = 0.0f;
        }
        *values_of(&r, "actor.reward_weight") = 1.0f;
        rri_model_pack(&r.agent->trainer.model);
        int32_t *actions = RIG_TAKE(&r, int32_t, 100);
        float *of_one = RIG_TAKE(&r, float, 100), *of_other = RIG_TAKE(&r, float, 100);
        memcpy((float *)r.obs.states, r.rollout.states, 100 * S * sizeof(float));
        for (size_t i = 0; i < 100; i++) {
            actions[i] = 0;
        }
        ck_assert_int_eq(rri_agent_evaluate(r.agent, &r.obs, actions, of_one, NULL, NULL, NULL),
                         RR_OK);
        for (size_t i = 0; i < 100; i++) {
            actions[i] = 1;
        }
        ck_assert_int_eq(rri_agent_evaluate(r.agent, &r.obs, actions, of_other, NULL, NULL, NULL),
                         RR_OK);
        double xy = 0.0, xx = 0.0, yy = 0.0;
        for (size_t i = 0; i < 100; i++) {
            r.rollout.actions[i] = 0;
            const float first = bilinear(&r, i);
            r.rollout.actions[i] = 1;
            const double wanted = (double)(first - bilinear(&r, i));
            const double got = (double)(of_one[i] - of_other[i]);
            xy += wanted * got;
            xx += wanted * wanted;
            yy += got * got;
        }
        ck_assert_double_gt(xy / sqrt(xx * yy), head == RR_HEAD_TOWER ? 0.999 : 0.99);
        rig_close(&r);
    }
}
END_TEST

static float is_huge_where_shown(const rig *r, size_t row)
{
    const int32_t *history = r->rollout.history + row * r->rollout.h;
    for (size_t t = 0; t < r->rollout.h; t++) {
        if (history[t] == r->rollout.actions[row]) {
            return 1e6f;
        }
    }
    return 1.0f;
}

START_TEST(test_reward_fit_leaves_out_what_a_session_was_shown_before)
{
    rig r;
    rig_shape shape = rig_usual();
    shape.h = 6;
    open_rows(&r, shape, 100);
    learn(&r, 1, is_huge_where_shown);
    size_t n_first = 0;
    for (size_t i = 0; i < 100; i++) {
        n_first += is_huge_where_shown(&r, i) == 1.0f;
    }
    ck_assert_uint_lt(n_first, 100);
    ck_assert_float_eq(r.agent->trainer.reward.counts[0], (float)n_first);
    ck_assert_float_le(r.agent->trainer.reward.misses[0], 1.0f);
    rig_close(&r);
}
END_TEST

START_TEST(test_reward_fit_reads_the_counts_of_lists)
{
    rig r;
    rig_shape shape = rig_usual();
    shape.k = 5;
    shape.has_counts = true;
    shape.agent.feature_dim = 2;
    open_rows(&r, shape, 60);
    size_t n_first = 0;
    for (size_t i = 0; i < 60; i++) {
        n_first += r.rollout.counts[i * 5 + (size_t)r.rollout.actions[i]] == 0;
        r.agent->trainer.update.rewards[i] =
            r.rollout.features[(i * 5 + (size_t)r.rollout.actions[i]) * 2 + 1];
    }
    for (int time = 0; time < 20; time++) {
        rri_reward_fit_rows(&r.agent->trainer, &r.rollout, 60);
    }
    ck_assert_float_eq(r.agent->trainer.reward.counts[0], 20.0f * (float)n_first);
    const float *w = values_of(&r, "reward.features");
    ck_assert_float_gt(w[1], 0.0f);
    ck_assert_float_lt(fabsf(w[0]), 0.2f * w[1]);
    rig_close(&r);
}
END_TEST

/* Sixteen-sided noise without any r̂ behind it. */
static float noise(const rig *r, size_t row)
{
    return (float)(rri_hash_mix(
                       (uint64_t)row +
                       rri_hash_mix((uint64_t)(int64_t)(1000.0f * r->rollout.states[row * S]))) %
                   16) -
           7.5f;
}

START_TEST(test_reward_fit_believes_noise_less)
{
    rig r;
    open_rows(&r, rig_usual(), 100);
    learn(&r, 30, noise);
    const float *misses = r.agent->trainer.reward.misses;
    ck_assert_float_lt(misses[3], misses[0]);
    ck_assert_float_lt(misses[3], 1.1f * 21.25f); /* the variance of noise */
    rig_close(&r);
}
END_TEST

/* How far the query in the logits is from a multiple of one of the models, as a share of it. */
static double apart_from(const rig *r, size_t tried)
{
    const size_t n = rig_param(r, "reward.query")->size;
    const float *q = values_of(r, "reward.query");
    const float *model = r->agent->trainer.reward.state + tried * r->agent->trainer.reward.n_floats;
    double xy = 0.0, xx = 0.0, yy = 0.0;
    for (size_t k = 0; k < n; k++) {
        xy += (double)q[k] * (double)model[k];
        xx += (double)q[k] * (double)q[k];
        yy += (double)model[k] * (double)model[k];
    }
    return 1.0 - xy / sqrt(xx * yy);
}

START_TEST(test_reward_fit_puts_the_model_that_foresaw_best_into_the_logits)
{
    rig r;
    open_rows(&r, rig_usual(), 100);
    learn(&r, 30, noise);
    const float *misses = r.agent->trainer.reward.misses;
    size_t best = 0, worst = 0;
    for (size_t tried = 1; tried < 4; tried++) {
        best = misses[tried] < misses[best] ? tried : best;
        worst = misses[tried] > misses[worst] ? tried : worst;
    }
    ck_assert_double_lt(apart_from(&r, best), 1e-9);
    ck_assert_double_gt(apart_from(&r, worst), 1e-4);
    rig_close(&r);
}
END_TEST

static float times_1024(const rig *r, size_t row)
{
    return 1024.0f * bilinear(r, row);
}

START_TEST(test_reward_fit_is_in_no_unit_of_rewards)
{
    rig r[2];
    for (int i = 0; i < 2; i++) {
        open_rows(&r[i], rig_usual(), 100);
        learn(&r[i], 3, i == 0 ? bilinear : times_1024);
    }
    ck_assert_mem_eq(values_of(&r[0], "reward.query"), values_of(&r[1], "reward.query"),
                     D * (S + 1) * sizeof(float));
    rig_close(&r[0]);
    rig_close(&r[1]);
}
END_TEST

START_TEST(test_reward_fit_survives_states_and_rewards_of_any_size)
{
    static const float SIZES[][2] = {{1e30f, 1.0f}, {1.0f, 3e38f}, {1e-30f, 1e-38f}, {0.0f, 1.0f}};
    for (size_t i = 0; i < 4; i++) {
        rig r;
        open_rows(&r, rig_usual(), 100);
        for (size_t j = 0; j < 100 * S; j++) {
            r.rollout.states[j] *= SIZES[i][0];
        }
        for (size_t j = 0; j < 100; j++) {
            r.agent->trainer.update.rewards[j] = j % 2 == 0 ? SIZES[i][1] : -SIZES[i][1];
        }
        for (int time = 0; time < 4; time++) {
            rri_reward_fit_rows(&r.agent->trainer, &r.rollout, 100);
        }
        const rri_trainer *trainer = &r.agent->trainer;
        ck_assert(rri_all_finite(trainer->model.kernels, trainer->model.values,
                                 trainer->model.network.params.n_floats));
        ck_assert_int_eq(
            rri_reward_fit_check((const unsigned char *)trainer->reward.state, trainer, NULL),
            RR_OK);
        rig_close(&r);
    }
}
END_TEST

START_TEST(test_reward_fit_of_a_whole_update_is_the_same_on_any_number_of_threads)
{
    for (int32_t head = RR_HEAD_TOWER; head <= RR_HEAD_DENSE; head++) {
        uint64_t hashes[2];
        for (int i = 0; i < 2; i++) {
            rig r;
            rig_shape shape = rig_usual();
            shape.agent.head = head;
            shape.agent.reward_model = 1;
            shape.agent.num_threads = i == 0 ? 1 : 3;
            shape.h = 4;
            shape.n = 40;
            rig_open(&r, &shape);
            rig_play(&r, 4);
            rr_error err = {0};
            ck_assert_msg(rri_trainer_update(&r.agent->trainer, &r.rollout, &r.obs, NULL, &err) ==
                              RR_OK,
                          "%s", err.text);
            hashes[i] = rig_hash(&r);
            rig_close(&r);
        }
        ck_assert(hashes[0] == hashes[1]);
    }
}
END_TEST

START_TEST(test_reward_fit_refuses_a_state_that_cannot_be)
{
    static const struct {
        size_t at; /* behind the models */
        float value;
        const char *sentence;
    } cases[] = {{0, -1.0f, "it must be a number in [0"}, {4, 0.5f, "whole and in [0"},
                 {5, 1e6f, "whole and in [0, 2048]"},     {6, 2048.0f, "whole and in [0, 2047]"},
                 {8, NAN, "it must be finite"},           {8 + S, 7.0f, "one of the 7 items"},
                 {8 + S, 0.5f, "one of the 7 items"}};
    rig r;
    rig_shape shape = rig_usual();
    shape.agent.head = RR_HEAD_DENSE;
    open_rows(&r, shape, 10);
    rri_trainer *trainer = &r.agent->trainer;
    for (size_t i = 0; i < sizeof cases / sizeof *cases; i++) {
        float *place = trainer->reward.misses + cases[i].at, before = *place;
        rr_error err = {0};
        *place = cases[i].value;
        rig_expect(
            rri_reward_fit_check((const unsigned char *)trainer->reward.state, trainer, &err),
            RR_E_FORMAT, &err, cases[i].sentence);
        *place = before;
    }
    ck_assert_int_eq(
        rri_reward_fit_check((const unsigned char *)trainer->reward.state, trainer, NULL), RR_OK);
    rig_close(&r);
}
END_TEST

CHECK_MAIN("train/reward_fit", test_reward_fit_of_one_row_by_hand,
           test_reward_fit_foresees_a_reward_that_is_bilinear,
           test_reward_fit_stands_in_the_logits_of_both_heads,
           test_reward_fit_leaves_out_what_a_session_was_shown_before,
           test_reward_fit_reads_the_counts_of_lists, test_reward_fit_believes_noise_less,
           test_reward_fit_puts_the_model_that_foresaw_best_into_the_logits,
           test_reward_fit_is_in_no_unit_of_rewards,
           test_reward_fit_survives_states_and_rewards_of_any_size,
           test_reward_fit_of_a_whole_update_is_the_same_on_any_number_of_threads,
           test_reward_fit_refuses_a_state_that_cannot_be)
