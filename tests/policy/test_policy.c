/* SPDX-License-Identifier: MIT */
#include "policy/policy.h"

#include <stdio.h>

#include "check_run.h"
#include "gradcheck.h"
#include "policy_twin.h"

static const rri_kernels *any_kernels(void)
{
    return rri_kernels_detect();
}

START_TEST(test_policy_two_items_by_hand)
{
    twin t;
    twin_create(&t, (twin_shape){.n = 1, .n_items = 2, .dim = 1, .h = 2}, any_kernels(), 1);
    t.q[0] = 1.0f;
    t.vectors[0] = 3.0f;
    t.vectors[1] = 2.0f;
    twin_pack(&t, any_kernels());
    t.head.scale = 2.0f;
    t.head.repeat_weight = 0.5f;
    const int32_t history[] = {0, 0}; /* z = (2·3 − 2·½, 2·2) = (5, 4) */
    t.menu.history = history;
    const int32_t action = 1;
    float log_prob = 0.0f;
    rri_policy_tape tape = twin_tape(&t, false);
    rri_policy_forward(&log_prob, &tape, &t.in, &action, 0, 1, &t.scratch);
    const double p = 1.0 / (1.0 + exp(-1.0));
    ck_assert_float_eq_tol(log_prob, (float)log(1.0 - p), 1e-6f);
    ck_assert_float_eq_tol(tape.entropies[0], (float)(-p * log(p) - (1 - p) * log(1 - p)), 1e-6f);

    float dq = NAN;
    rri_policy_sums sums = {0};
    const float one = 1.0f; /* dz = (−p, p); dq = 2 (−3p + 2p); dκ = −(−p · 2) */
    twin_backward_query(&dq, &sums, &tape, &t.in, &action, &one, 0.0f, 0, 1, &t.scratch);
    ck_assert_float_eq_tol(dq, (float)(-2.0 * p), 1e-6f);
    ck_assert_double_eq_tol(sums.d_repeat_weight, 2.0 * p, 1e-6);
    ck_assert_double_eq_tol(sums.d_log_scale, -2.0 * p, 1e-6);
    twin_free(&t);
}
END_TEST

static void compare_forward(twin *t)
{
    float *log_probs = TWIN_TAKE(t, float, t->shape.n);
    float *all = TWIN_TAKE(t, float, t->shape.n * t->width);
    double *log_p = TWIN_TAKE(t, double, t->width);
    rri_policy_tape tape = twin_tape(t, false);
    rri_policy_forward(log_probs, &tape, &t->in, t->actions, 0, t->shape.n, &t->scratch);
    rri_policy_log_probs(all, &t->in, 0, t->shape.n, &t->scratch);
    for (size_t r = 0; r < t->shape.n; r++) {
        const double entropy = twin_log_probs(log_p, t, r);
        ck_assert_double_eq_tol((double)tape.entropies[r], entropy, 2e-6);
        for (size_t i = 0; i < t->width; i++) {
            const float given = all[r * t->width + i];
            if (log_p[i] == (double)-INFINITY) {
                ck_assert(given == -INFINITY);
            } else {
                ck_assert_double_eq_tol((double)given, log_p[i], 5e-6);
            }
        }
        const float of_action = all[r * t->width + (size_t)t->actions[r]];
        ck_assert_mem_eq(&log_probs[r], &of_action, sizeof of_action);
    }
    ck_assert_uint_eq(t->scratch.used, 0);
}

START_TEST(test_policy_forward_agrees_with_the_twin)
{
    for (size_t s = 0; s < TWIN_N_SHAPES; s++) {
        twin t;
        twin_create(&t, TWIN_SHAPES[s], any_kernels(), 10 + s);
        compare_forward(&t);
        twin_free(&t);
    }
}
END_TEST

START_TEST(test_policy_forward_agrees_over_several_chunks)
{
    twin t;
    twin_create(&t, (twin_shape){.n = 3, .n_items = 40000, .dim = 4, .m = 20, .h = 10, .spread = 3},
                any_kernels(), 3);
    compare_forward(&t);
    twin_free(&t);
}
END_TEST

/* Gradients of one loss. The first way through the tape is measured against differences of the
 * twin; the others, which must give the same within the same tolerance, against the first. */
enum { PARAMETERS = 6 };
typedef struct measured {
    float *of[PARAMETERS]; /* NULL: not yet */
} measured;

static void check_parameter(twin *t, measured *loss, size_t parameter, const char *name, double *x,
                            const float *gradient, size_t n)
{
    float **first = &loss->of[parameter];
    if (*first == NULL) {
        const gradcheck check = {
            .name = name, .loss = twin_loss, .context = t, .x = x, .gradient = gradient, .n = n};
        ck_assert_gradient(&check);
        *first = malloc(n * sizeof(float));
        memcpy(*first, gradient, n * sizeof(float));
    }
    for (size_t i = 0; i < n; i++) {
        const double a = (double)gradient[i], b = (double)(*first)[i];
        ck_assert_msg(fabs(a - b) <= 1e-5 * (1.0 + fabs(a) + fabs(b)), "%s[%zu]: %g, not %g", name,
                      i, a, b);
    }
}

/* Every gradient of one case, on one of the ways through the tape. keeps_exp: of kept logits their
 * exponentials, for a loss without entropy. */
static void check_gradients(twin *t, measured *loss, bool keeps_logits, bool keeps_slopes,
                            bool has_query_panels, bool keeps_exp)
{
    const size_t n = t->shape.n, N = t->shape.n_items, d = t->shape.dim;
    rri_policy_tape tape = twin_tape(t, keeps_logits);
    if (keeps_exp) {
        tape.block_maxima = TWIN_TAKE(t, float, n *(t->width / 256 + 1));
        t->d_entropy = 0.0f;
    }
    tape.d_logits = !keeps_slopes  ? NULL
                    : keeps_logits ? tape.logits
                                   : TWIN_TAKE(t, float, n * t->width);
    if (has_query_panels && t->shape.k == 0) {
        float *panels = TWIN_TAKE(t, float, rri_panels_count(t->in.kernels, d, N));
        rri_panels_pack(t->in.kernels, panels, rri_view_rows(t->vectors, d), N, d);
        t->catalogue.query_panels = panels;
    }
    float *log_probs = TWIN_TAKE(t, float, n);
    float *dq = TWIN_TAKE(t, float, n *d), *dV = TWIN_TAKE(t, float, N *d);
    float *db = TWIN_TAKE(t, float, N);
    double *dw = TWIN_TAKE(t, double, t->shape.f);
    gradcheck_fill_nan(dq, n * d);
    gradcheck_fill_pattern(dV, N * d);
    gradcheck_fill_pattern(db, N);
    rri_policy_sums sums = {.d_log_scale = 1.0, .d_repeat_weight = 2.0, .d_feature_weights = dw};
    rri_policy_forward(log_probs, &tape, &t->in, t->actions, 0, n, &t->scratch);
    twin_backward_query(dq, &sums, &tape, &t->in, t->actions, t->d_log_probs, t->d_entropy, 0, n,
                        &t->scratch);
    rri_policy_backward_items(dV, t->bias != NULL ? db : NULL, &tape, &t->in, t->actions,
                              t->d_log_probs, t->d_entropy, 0, N, &t->scratch);
    ck_assert_uint_eq(t->scratch.used, 0);
    gradcheck_take_pattern(dV, N * d);
    gradcheck_take_pattern(db, N);

    check_parameter(t, loss, 0, "q", t->q64, dq, n * d);
    const float d_log_scale = (float)(sums.d_log_scale - 1.0);
    check_parameter(t, loss, 1, "log scale", &t->log_scale64, &d_log_scale, 1);
    if (t->menu.history != NULL || t->menu.counts != NULL) {
        const float d_repeat_weight = (float)(sums.d_repeat_weight - 2.0);
        check_parameter(t, loss, 2, "repeat weight", &t->repeat_weight64, &d_repeat_weight, 1);
    }
    if (t->shape.f > 0) {
        float narrow[8];
        for (size_t i = 0; i < t->shape.f; i++) {
            narrow[i] = (float)dw[i];
        }
        check_parameter(t, loss, 3, "feature weights", t->feature_weights64, narrow, t->shape.f);
    }
    if (N > 0 && N < 1000) {
        check_parameter(t, loss, 4, "vectors", t->vectors64, dV, N * d);
    }
    if (t->bias != NULL && N < 1000) {
        check_parameter(t, loss, 5, "bias", t->bias64, db, N);
    }
}

START_TEST(test_policy_gradients_are_the_slopes_of_the_loss)
{
    for (size_t s = 0; s < TWIN_N_SHAPES; s++) {
        measured losses[2] = {{{NULL}}}; /* with entropy, and without */
        for (int way = 0; way < 7; way += (int)check_step(3)) {
            twin t;
            twin_create(&t, TWIN_SHAPES[s], any_kernels(), 20 + s);
            const bool keeps_exp = way >= 5;
            check_gradients(&t, &losses[keeps_exp], way == 1 || way == 2 || keeps_exp,
                            way >= 2 && way != 4 && way != 5, way == 3 || way == 4, keeps_exp);
            twin_free(&t);
        }
        for (size_t q = 0; q < 2 * PARAMETERS; q++) {
            free(losses[q / PARAMETERS].of[q % PARAMETERS]);
        }
    }
}
END_TEST

/* All that a case computes, in one array of bytes. */
typedef struct outcome {
    float *log_probs, *entropies, *dq, *dV, *db;
    rri_policy_sums sums;
} outcome;

static outcome run_case(twin *t, rri_policy_tape tape, size_t step_rows, size_t step_items)
{
    const size_t n = t->shape.n, N = t->shape.n_items, d = t->shape.dim;
    outcome o = {.log_probs = TWIN_TAKE(t, float, n),
                 .dq = TWIN_TAKE(t, float, n *d),
                 .dV = TWIN_TAKE(t, float, N *d),
                 .db = TWIN_TAKE(t, float, N),
                 .entropies = tape.entropies,
                 .sums = {.d_feature_weights = TWIN_TAKE(t, double, t->shape.f + 1)}};
    for (size_t r = 0; r < n; r += step_rows) {
        const size_t end = r + step_rows < n ? r + step_rows : n;
        rri_policy_forward(o.log_probs, &tape, &t->in, t->actions, r, end, &t->scratch);
    }
    for (size_t r = 0; r < n; r += step_rows) {
        const size_t end = r + step_rows < n ? r + step_rows : n;
        twin_backward_query(o.dq, &o.sums, &tape, &t->in, t->actions, t->d_log_probs, t->d_entropy,
                            r, end, &t->scratch);
    }
    for (size_t i = 0; i < N; i += step_items) {
        const size_t end = i + step_items < N ? i + step_items : N;
        rri_policy_backward_items(o.dV, o.db, &tape, &t->in, t->actions, t->d_log_probs,
                                  t->d_entropy, i, end, &t->scratch);
    }
    return o;
}

static void assert_same_bits(const twin *t, const outcome *a, const outcome *b, bool has_same_sums)
{
    const size_t n = t->shape.n, N = t->shape.n_items, d = t->shape.dim;
    ck_assert_mem_eq(a->log_probs, b->log_probs, n * sizeof(float));
    ck_assert_mem_eq(a->entropies, b->entropies, n * sizeof(float));
    ck_assert_mem_eq(a->dq, b->dq, n * d * sizeof(float));
    ck_assert_mem_eq(a->dV, b->dV, N * d * sizeof(float));
    ck_assert_mem_eq(a->db, b->db, N * sizeof(float));
    if (has_same_sums) {
        ck_assert_mem_eq(&a->sums.d_log_scale, &b->sums.d_log_scale, sizeof(double));
        ck_assert_mem_eq(&a->sums.d_repeat_weight, &b->sums.d_repeat_weight, sizeof(double));
        ck_assert_mem_eq(a->sums.d_feature_weights, b->sums.d_feature_weights,
                         t->shape.f * sizeof(double));
    }
}

static const twin_shape WIDE_SHAPES[] = {
    {.n = 300, .n_items = 2100, .dim = 33, .m = 9, .h = 5, .has_bias = true},
    {.n = 300,
     .n_items = 500,
     .dim = 32,
     .k = 280,
     .m = 9,
     .h = 5,
     .f = 2,
     .has_bias = true,
     .has_lengths = true,
     .has_vectors = true},
};

START_TEST(test_policy_bits_do_not_depend_on_rows_and_ranges_computed_together)
{
    for (size_t s = 0; s < 2; s++) {
        twin t;
        twin_create(&t, WIDE_SHAPES[s], any_kernels(), 30 + s);
        const outcome whole = run_case(&t, twin_tape(&t, false), t.shape.n, t.shape.n_items);
        const outcome ones = run_case(&t, twin_tape(&t, false), 1, 256);
        const outcome odd = run_case(&t, twin_tape(&t, true), 37, 1024);
        assert_same_bits(&t, &whole, &ones, false);
        assert_same_bits(&t, &whole, &odd, false);
        twin_free(&t);
    }
}
END_TEST

START_TEST(test_policy_bits_do_not_depend_on_what_the_tape_keeps)
{
    for (size_t s = 0; s < 2; s++) {
        twin t;
        twin_create(&t, WIDE_SHAPES[s], any_kernels(), 40 + s);
        const size_t n = t.shape.n, N = t.shape.n_items;
        const outcome none = run_case(&t, twin_tape(&t, false), n, N);
        const outcome logits = run_case(&t, twin_tape(&t, true), n, N);
        rri_policy_tape tape = twin_tape(&t, true);
        tape.d_logits = tape.logits;
        const outcome in_place = run_case(&t, tape, n, N);
        float *panels = TWIN_TAKE(&t, float, rri_panels_count(any_kernels(), t.shape.dim, N));
        rri_panels_pack(any_kernels(), panels, rri_view_rows(t.vectors, t.shape.dim), N,
                        t.shape.dim);
        t.catalogue.query_panels = panels;
        t.catalogue.panels = NULL;
        rri_policy_tape slopes = twin_tape(&t, false);
        slopes.d_logits = TWIN_TAKE(&t, float, n *t.width);
        const outcome packed = run_case(&t, slopes, n, N);
        assert_same_bits(&t, &none, &logits, true);
        assert_same_bits(&t, &none, &in_place, true);
        assert_same_bits(&t, &none, &packed, true);
        twin_free(&t);
    }
}
END_TEST

START_TEST(test_policy_bits_do_not_depend_on_the_level)
{
    for (size_t s = 0; s < 2; s++) {
        twin plain;
        twin_create(&plain, WIDE_SHAPES[s], rri_kernels_at(RRI_LEVEL_PORTABLE), 50 + s);
        const outcome a = run_case(&plain, twin_tape(&plain, false), 300, 2100);
        for (int level = 1; level < RRI_N_LEVELS; level++) {
            const rri_kernels *kernels = rri_kernels_at(level);
            if (kernels == NULL) {
                printf("policy/policy: level %d is not here; not compared\n", level);
                continue;
            }
            twin quick;
            twin_create(&quick, WIDE_SHAPES[s], kernels, 50 + s);
            const outcome b = run_case(&quick, twin_tape(&quick, false), 300, 2100);
            assert_same_bits(&plain, &a, &b, true);
            twin_free(&quick);
        }
        twin_free(&plain);
    }
}
END_TEST

START_TEST(test_policy_entropy_holds_at_a_large_offset)
{
    twin t;
    twin_create(&t, (twin_shape){.n = 2, .n_items = 1000, .dim = 2, .has_bias = true},
                any_kernels(), 6);
    t.head.scale = 1.0f;
    t.log_scale64 = 0.0;
    for (size_t i = 0; i < 1000; i++) { /* logits that float holds exactly */
        t.vectors[2 * i] = t.vectors[2 * i + 1] = 0.0f;
        t.vectors64[2 * i] = t.vectors64[2 * i + 1] = 0.0;
        t.bias[i] = 10000.0f + (float)twin_below(&t, 4096) / 1024.0f;
        t.bias64[i] = (double)t.bias[i];
    }
    twin_pack(&t, any_kernels());
    float log_probs[2];
    double log_p[1000];
    rri_policy_tape tape = twin_tape(&t, false);
    rri_policy_forward(log_probs, &tape, &t.in, t.actions, 0, 2, &t.scratch);
    const double entropy = twin_log_probs(log_p, &t, 0);
    ck_assert_double_eq_tol((double)tape.entropies[0], entropy, 1e-6);
    ck_assert_double_eq_tol((double)log_probs[0], log_p[t.actions[0]], 1e-6);
    twin_free(&t);
}
END_TEST

START_TEST(test_policy_excluded_action_has_no_probability_and_overflow_is_nan)
{
    twin t;
    twin_create(&t, (twin_shape){.n = 1, .n_items = 5, .dim = 2, .m = 1}, any_kernels(), 7);
    const int32_t excluded = 3;
    t.menu.excluded = &excluded;
    float log_prob = 0.0f;
    rri_policy_tape tape = twin_tape(&t, false);
    rri_policy_forward(&log_prob, &tape, &t.in, &excluded, 0, 1, &t.scratch);
    ck_assert(log_prob == -INFINITY);
    t.q[0] = 3e38f;
    t.q[1] = 3e38f;
    t.head.scale = 100.0f;
    const int32_t action = 0;
    rri_policy_forward(&log_prob, &tape, &t.in, &action, 0, 1, &t.scratch);
    ck_assert(isnan(log_prob));
    twin_free(&t);
}
END_TEST

CHECK_MAIN("policy/policy", test_policy_two_items_by_hand, test_policy_forward_agrees_with_the_twin,
           test_policy_forward_agrees_over_several_chunks,
           test_policy_gradients_are_the_slopes_of_the_loss,
           test_policy_bits_do_not_depend_on_rows_and_ranges_computed_together,
           test_policy_bits_do_not_depend_on_what_the_tape_keeps,
           test_policy_bits_do_not_depend_on_the_level, test_policy_entropy_holds_at_a_large_offset,
           test_policy_excluded_action_has_no_probability_and_overflow_is_nan)
