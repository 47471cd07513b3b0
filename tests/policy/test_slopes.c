/* SPDX-License-Identifier: MIT */
#include "policy/slopes.h"

#include "check_run.h"
#include "gradcheck.h"
#include "policy_twin.h"

/* A case with its tape filled and its first three rows prepared. */
typedef struct prepared {
    twin t;
    rri_policy_tape tape;
    rri_slopes slopes;
    rri_logits_tile tile;
    float *dZ; /* [3, width] */
} prepared;

static void prepare(prepared *p, const twin_shape shape, bool keeps_logits, uint64_t seed)
{
    twin_create(&p->t, shape, rri_kernels_detect(), seed);
    twin *t = &p->t;
    p->tape = twin_tape(t, keeps_logits);
    float *log_probs = TWIN_TAKE(t, float, t->shape.n);
    rri_policy_forward(log_probs, &p->tape, &t->in, t->actions, 0, t->shape.n, &t->scratch);
    p->slopes = (rri_slopes){&p->tape, t->actions, t->d_log_probs, t->d_entropy};
    rri_logits_prepare(&p->tile, &t->in, 0, 3, &t->scratch);
    p->dZ = TWIN_TAKE(t, float, 3 * t->width);
    gradcheck_fill_nan(p->dZ, 3 * t->width);
    for (size_t begin = 0; begin < t->width; begin += RRI_LOGITS_STRIP) {
        const size_t end =
            begin + RRI_LOGITS_STRIP < t->width ? begin + RRI_LOGITS_STRIP : t->width;
        rri_slopes_compute(p->dZ + begin, t->width, &p->slopes, &p->tile, begin, end, &t->scratch);
    }
}

START_TEST(test_slopes_are_the_formula_and_sum_to_zero)
{
    for (size_t s = 0; s < TWIN_N_SHAPES; s++) {
        for (int keeps = 0; keeps < 2; keeps++) {
            prepared p;
            prepare(&p, TWIN_SHAPES[s], keeps == 1, 130 + s);
            double *log_p = TWIN_TAKE(&p.t, double, p.t.width);
            for (size_t r = 0; r < 3; r++) {
                const double entropy = twin_log_probs(log_p, &p.t, r);
                const double g = (double)p.t.d_log_probs[r], e = (double)p.t.d_entropy;
                double sum = 0.0;
                for (size_t i = 0; i < p.t.width; i++) {
                    const double dz = (double)p.dZ[r * p.t.width + i];
                    const double q = exp(log_p[i]);
                    const double hit = i == (size_t)p.t.actions[r] ? 1.0 : 0.0;
                    const double bonus = q > 0.0 ? e * q * (log_p[i] + entropy) : 0.0;
                    ck_assert_double_eq_tol(dz, g * (hit - q) - bonus, 5e-6);
                    ck_assert(twin_is_allowed(&p.t, r, i) || dz == 0.0);
                    sum += dz;
                }
                ck_assert_double_eq_tol(sum, 0.0, 5e-6);
            }
            twin_free(&p.t);
        }
    }
}
END_TEST

START_TEST(test_slopes_flow_to_query_counts_and_features)
{
    for (size_t s = 0; s < TWIN_N_SHAPES; s++) {
        prepared p;
        prepare(&p, TWIN_SHAPES[s], false, 140 + s);
        twin *t = &p.t;
        const size_t d = t->shape.dim;
        float dq[3 * 16];
        double dw[8] = {0}, expected_w[8] = {0}, expected_k = 0.0;
        gradcheck_fill_nan(dq, 3 * d);
        float *d_rows = TWIN_TAKE(t, float, 3 * (t->shape.f + 1));
        rri_policy_sums sums = {.d_feature_weights = dw, .d_row_weights = d_rows};
        for (size_t begin = 0; begin < t->width; begin += 256) {
            const size_t end = begin + 256 < t->width ? begin + 256 : t->width;
            rri_slopes_add_vectors(dq, p.dZ + begin, t->width, &p.tile, begin, end, &t->scratch);
            rri_slopes_add_sums(&sums, p.dZ + begin, t->width, &p.tile, begin, end, &t->scratch);
        }
        for (size_t r = 0; r < 3; r++) {
            double expected[16] = {0}, expected_row[8] = {0};
            for (size_t i = 0; i < t->width; i++) {
                const double dz = (double)p.dZ[r * t->width + i];
                const float *v = t->vectors + i * d;
                if (t->shape.k > 0) {
                    rri_logits_vectors(&v, &p.tile, r, i, 1);
                }
                for (size_t j = 0; j < d; j++) {
                    expected[j] += dz * (double)v[j];
                }
                expected_k -= dz * twin_count(t, r, i);
                for (size_t j = 0; j < t->shape.f; j++) {
                    const size_t at = (r * t->shape.k + i) * t->shape.f + j;
                    expected_w[j] += dz * (double)t->features[at];
                    expected_row[j] += dz * (double)t->features[at];
                }
            }
            for (size_t j = 0; j < t->shape.f; j++) {
                ck_assert_double_eq_tol((double)d_rows[r * t->shape.f + j], expected_row[j], 5e-6);
            }
            for (size_t j = 0; j < d; j++) {
                ck_assert_double_eq_tol((double)dq[r * d + j], expected[j], 5e-6);
            }
        }
        ck_assert_double_eq_tol(sums.d_repeat_weight, expected_k, 1e-6);
        for (size_t j = 0; j < t->shape.f; j++) {
            ck_assert_double_eq_tol(dw[j], expected_w[j], 1e-6);
        }
        ck_assert(sums.d_log_scale == 0.0);
        twin_free(t);
    }
}
END_TEST

CHECK_MAIN("policy/slopes", test_slopes_are_the_formula_and_sum_to_zero,
           test_slopes_flow_to_query_counts_and_features)
