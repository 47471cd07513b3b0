/* SPDX-License-Identifier: MIT */
#include "policy/reference.h"

#include "check_run.h"
#include "policy/slopes.h"
#include "policy_twin.h"

static const float COEF = 0.7f;

/* A case and another policy over the same lists, with queries and scale of its own. */
typedef struct pair {
    twin t, other;
    rri_policy_tape tape;
    rri_reference reference;
    rri_logits_tile tile; /* its first three rows, compared */
} pair;

static void open_pair(pair *p, const twin_shape shape, bool keeps_logits, bool is_itself,
                      uint64_t seed)
{
    twin_create(&p->t, shape, rri_kernels_detect(), seed);
    twin_create(&p->other, shape, rri_kernels_detect(), seed);
    twin *t = &p->t, *other = &p->other;
    for (size_t i = 0; !is_itself && i < shape.n * shape.dim; i++) {
        other->q[i] = 0.6f * t->q[i] + 0.2f * (float)twin_uniform(other);
        other->q64[i] = (double)other->q[i];
    }
    p->tape = twin_tape(t, keeps_logits);
    p->tape.block_maxima = NULL;
    float *log_probs = TWIN_TAKE(t, float, shape.n);
    rri_policy_forward(log_probs, &p->tape, &t->in, t->actions, 0, shape.n, &t->scratch);
    p->reference = (rri_reference){.in = other->in,
                                   .coef = COEF,
                                   .maxima = TWIN_TAKE(t, float, shape.n),
                                   .log_sums = TWIN_TAKE(t, double, shape.n),
                                   .entropies = TWIN_TAKE(t, float, shape.n),
                                   .kl = TWIN_TAKE(t, float, shape.n)};
    p->tape.reference = &p->reference;
    rri_logits_prepare(&p->tile, &t->in, 0, 3, &t->scratch);
    rri_reference_forward_tile(&p->reference, &p->tape, &p->tile, &t->scratch);
}

static void close_pair(pair *p)
{
    twin_free(&p->t);
    twin_free(&p->other);
}

static double kl_of(const pair *p, const double *log_p, const double *log_q)
{
    double kl = 0.0;
    for (size_t i = 0; i < p->t.width; i++) {
        kl += log_p[i] > -INFINITY ? exp(log_p[i]) * (log_p[i] - log_q[i]) : 0.0;
    }
    return kl;
}

START_TEST(test_reference_kl_and_its_slopes_are_the_formula)
{
    for (size_t s = 0; s < TWIN_N_SHAPES; s++) {
        for (int keeps = 0; keeps < 2; keeps++) {
            pair p;
            open_pair(&p, TWIN_SHAPES[s], keeps == 1, false, 150 + s);
            twin *t = &p.t;
            double *log_p = TWIN_TAKE(t, double, t->width);
            double *log_q = TWIN_TAKE(t, double, t->width);
            float *dZ = TWIN_TAKE(t, float, 3 * t->width);
            const rri_slopes slopes = {&p.tape, t->actions, t->d_log_probs, t->d_entropy};
            for (size_t begin = 0; begin < t->width; begin += RRI_LOGITS_STRIP) {
                const size_t end = rri_size_smaller(begin + RRI_LOGITS_STRIP, t->width);
                rri_slopes_compute(dZ + begin, t->width, &slopes, &p.tile, begin, end,
                                   &t->scratch);
            }
            for (size_t r = 0; r < 3; r++) {
                const double entropy = twin_log_probs(log_p, t, r);
                (void)twin_log_probs(log_q, &p.other, r);
                const double kl = kl_of(&p, log_p, log_q);
                ck_assert_double_eq_tol((double)p.reference.kl[r], kl, 5e-6 * (1.0 + kl));
                for (size_t i = 0; i < t->width; i++) {
                    const double q = exp(log_p[i]), g = (double)t->d_log_probs[r];
                    const double hit = i == (size_t)t->actions[r] ? 1.0 : 0.0;
                    const double near = log_p[i] - log_q[i] - kl;
                    const double more =
                        q > 0.0 ? q * ((double)COEF * near -
                                       (double)t->d_entropy * (log_p[i] + entropy))
                                : 0.0;
                    ck_assert_double_eq_tol((double)dZ[r * t->width + i], g * (hit - q) + more,
                                            1e-5);
                    ck_assert(twin_is_allowed(t, r, i) || dZ[r * t->width + i] == 0.0f);
                }
            }
            close_pair(&p);
        }
    }
}
END_TEST

START_TEST(test_reference_that_is_the_policy_itself_is_no_distance_away)
{
    for (size_t s = 0; s < TWIN_N_SHAPES; s++) {
        pair p;
        open_pair(&p, TWIN_SHAPES[s], s % 2 == 0, true, 170 + s);
        for (size_t r = 0; r < 3; r++) {
            ck_assert(p.reference.kl[r] == 0.0f);
        }
        close_pair(&p);
    }
}
END_TEST

CHECK_MAIN("policy/reference", test_reference_kl_and_its_slopes_are_the_formula,
           test_reference_that_is_the_policy_itself_is_no_distance_away)
