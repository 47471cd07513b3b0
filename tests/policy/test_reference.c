/* SPDX-License-Identifier: MIT */
#include "policy/reference.h"

#include <math.h>
#include <string.h>

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
                rri_slopes_compute(dZ + begin, t->width, &slopes, &p.tile, begin, end, &t->scratch);
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
                    const double more = q > 0.0 ? q * ((double)COEF * near -
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

/* ── scores of the host ── */

/* What the host says of a position of a row: finite, or with kind 1 never for every third, with
 * kind 2 for all but what may not be chosen anyway. */
static float score_at(const twin *t, size_t r, size_t i, int kind)
{
    const bool is_never = kind == 1 ? i % 3 == 0 : kind == 2 && twin_is_allowed(t, r, i);
    return is_never ? -INFINITY : 2.0f * sinf((float)(i * 7 + r * 3)) + 5.0f;
}

/* log p⁰ [width] of a row, in double. */
static void scored_log_probs(double *log_q, const twin *t, size_t r, int kind, double floor)
{
    double sum = 0.0, n_allowed = 0.0, n_never = 0.0;
    for (size_t i = 0; i < t->width; i++) {
        if (twin_is_allowed(t, r, i)) {
            sum += exp((double)score_at(t, r, i, kind));
            n_allowed += 1.0;
            n_never += score_at(t, r, i, kind) == -INFINITY;
        }
    }
    const double even = n_never == 0.0 ? 0.0 : sum > 0.0 ? floor : 1.0;
    for (size_t i = 0; i < t->width; i++) {
        const double share = sum > 0.0 ? exp((double)score_at(t, r, i, kind)) / sum : 0.0;
        log_q[i] = log((1.0 - even) * share + even / n_allowed);
    }
}

START_TEST(test_reference_of_scores_is_the_formula)
{
    enum { KINDS = 3 };
    const double floor = 0.125;
    for (size_t s = 0; s < TWIN_N_SHAPES * 2 * KINDS; s++) {
        const int kind = (int)(s % KINDS);
        pair p;
        open_pair(&p, TWIN_SHAPES[s / (2 * KINDS)], s / KINDS % 2 == 1, true, 190 + s);
        twin *t = &p.t;
        double *log_p = TWIN_TAKE(t, double, t->width), *log_q = TWIN_TAKE(t, double, t->width);
        float *slopes = TWIN_TAKE(t, float, 3 * t->width), *Z = TWIN_TAKE(t, float, 3 * t->width);
        size_t n_rows = 3;
        for (size_t r = 0; r < 3; r++) {
            n_rows = rri_size_larger(n_rows, rri_menu_row(t->in.menu, r) + 1);
        }
        float *scores = TWIN_TAKE(t, float, n_rows * t->width);
        for (size_t r = 0; r < 3; r++) {
            for (size_t i = 0; i < t->width; i++) {
                scores[rri_menu_row(t->in.menu, r) * t->width + i] = score_at(t, r, i, kind);
            }
        }
        p.reference.scores = scores;
        p.reference.width = t->width;
        p.reference.floor = (float)floor;
        p.reference.even = TWIN_TAKE(t, double, t->in.menu->n);
        rri_reference_forward_tile(&p.reference, &p.tape, &p.tile, &t->scratch);
        rri_logits_compute(Z, t->width, &p.tile, 0, 3, 0, t->width, &t->scratch);
        for (size_t begin = 0; begin < t->width; begin += RRI_LOGITS_STRIP) {
            const size_t end = rri_size_smaller(begin + RRI_LOGITS_STRIP, t->width);
            float *strip = TWIN_TAKE(t, float, 3 * (end - begin));
            rri_reference_slopes(strip, &p.tape, &p.tile, Z + begin, t->width, begin, end,
                                 &t->scratch);
            for (size_t r = 0; r < 3; r++) {
                memcpy(slopes + r * t->width + begin, strip + r * (end - begin),
                       (end - begin) * sizeof *strip);
            }
        }
        for (size_t r = 0; r < 3; r++) {
            (void)twin_log_probs(log_p, t, r);
            scored_log_probs(log_q, t, r, kind, floor);
            const double kl = kl_of(&p, log_p, log_q);
            ck_assert_double_eq_tol((double)p.reference.kl[r], kl, 1e-5 * (1.0 + kl));
            for (size_t i = 0; i < t->width; i++) {
                const double q = exp(log_p[i]);
                const double slope = q > 0.0 ? (double)COEF * q * (log_p[i] - log_q[i] - kl) : 0.0;
                ck_assert_double_eq_tol((double)slopes[r * t->width + i], slope, 1e-5);
            }
        }
        close_pair(&p);
    }
}
END_TEST

CHECK_MAIN("policy/reference", test_reference_kl_and_its_slopes_are_the_formula,
           test_reference_that_is_the_policy_itself_is_no_distance_away,
           test_reference_of_scores_is_the_formula)
