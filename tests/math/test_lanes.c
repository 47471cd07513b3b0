/* SPDX-License-Identifier: MIT */
#include "math/lanes.h"

#include "check_run.h"
#include "lane_levels.h"

enum { N = 16, ROUNDS = 400 };

/* Sixteen numbers among which are those that are treated otherwise. */
static void fill(float *x, uint32_t seed)
{
    static const float special[] = {0.0f,   -0.0f, 1.0f,     -1.0f,   INFINITY, -INFINITY,
                                    NAN,    88.7f, -103.97f, -104.1f, 1e-40f,   3.4e38f,
                                    -87.4f, 90.0f, -105.0f,  0.5f};
    levels_fill(x, N, seed);
    for (size_t l = 0; l < N; l++) {
        x[l] *= seed % 3 == 0 ? 100.0f : 1.0f;
        if (seed % 4 == 1 && l % 5 == seed / 4 % 5) {
            x[l] = special[(seed / 20 + l) % N];
        }
    }
}

static void expect_lane(const lane_probe *probe, float got, float wanted, const char *what,
                        size_t l)
{
    ck_assert_msg(levels_same(got, wanted), "%s, level of %zu doubles, lane %zu: %a, not %a", what,
                  probe->n_doubles, l, (double)got, (double)wanted);
}

START_TEST(test_lanes_each_operation_is_sixteen_scalar_ones)
{
    const lane_probe *probes[RRI_N_LEVELS];
    const size_t n_levels = lane_levels(probes);
    for (size_t q = 0; q < n_levels * ROUNDS; q++) {
        const lane_probe *p = probes[q % n_levels];
        float a[N], b[N], c[N], y[9][N];
        fill(a, (uint32_t)(q / n_levels));
        fill(b, (uint32_t)(q / n_levels) + 1000);
        fill(c, (uint32_t)(q / n_levels) + 2001);
        p->all(y[0], a[3]);
        p->add(y[1], a, b);
        p->subtract(y[2], a, b);
        p->multiply(y[3], a, b);
        p->fma(y[4], a, b, c);
        p->max(y[5], a, b);
        p->below(y[6], a);
        p->exp(y[7], a);
        p->tanh(y[8], a);
        const unsigned above = p->above(a, b);
        for (size_t l = 0; l < N; l++) {
            expect_lane(p, y[0][l], a[3], "all", l);
            expect_lane(p, y[1][l], a[l] + b[l], "add", l);
            expect_lane(p, y[2][l], a[l] - b[l], "subtract", l);
            expect_lane(p, y[3][l], a[l] * b[l], "multiply", l);
            expect_lane(p, y[4][l], fmaf(a[l], b[l], c[l]), "fma", l);
            expect_lane(p, y[5][l], a[l] > b[l] ? a[l] : b[l], "max", l);
            expect_lane(p, y[6][l], a[l] == -INFINITY ? 0.0f : a[l], "below", l);
            expect_lane(p, y[7][l], rri_exp(a[l]), "exp", l);
            expect_lane(p, y[8][l], rri_tanh(a[l]), "tanh", l);
            ck_assert_uint_eq(above >> l & 1u, a[l] > b[l] ? 1u : 0u);
        }
    }
}
END_TEST

/* The tree l += l + 8, l + 4, l + 2, l + 1, spelt once more. */
static float tree(const float *a)
{
    float eight[8], four[4];
    for (size_t l = 0; l < 8; l++) {
        eight[l] = a[l] + a[l + 8];
    }
    for (size_t l = 0; l < 4; l++) {
        four[l] = eight[l] + eight[l + 4];
    }
    return (four[0] + four[2]) + (four[1] + four[3]);
}

static double tree_f64(const float *a)
{
    double eight[8], four[4];
    for (size_t l = 0; l < 8; l++) {
        eight[l] = (double)a[l] + (double)a[l + 8];
    }
    for (size_t l = 0; l < 4; l++) {
        four[l] = eight[l] + eight[l + 4];
    }
    return (four[0] + four[2]) + (four[1] + four[3]);
}

START_TEST(test_lanes_fold_in_one_order_at_every_level)
{
    const lane_probe *probes[RRI_N_LEVELS];
    const size_t n_levels = lane_levels(probes);
    for (size_t q = 0; q < n_levels * ROUNDS; q++) {
        const lane_probe *p = probes[q % n_levels];
        float s[8 * N], y[8];
        for (uint32_t j = 0; j < 8; j++) {
            levels_fill(s + j * N, N, 8 * (uint32_t)(q / n_levels) + j);
        }
        p->fold_eight(y, s);
        for (size_t j = 0; j < 8; j++) {
            const float *a = s + j * N;
            float largest = a[0];
            for (size_t l = 1; l < N; l++) {
                largest = a[l] > largest ? a[l] : largest;
            }
            expect_lane(p, y[j], tree(a), "fold_eight", j);
            expect_lane(p, p->fold(a), tree(a), "fold", j);
            expect_lane(p, p->fold_max(a), largest, "fold_max", j);
            const double got = p->fold_f64(a), wanted = tree_f64(a);
            ck_assert_msg(got == wanted, "fold_f64: %a, not %a", got, wanted);
            double sums[N];
            for (size_t l = 0; l < N; l++) {
                sums[l] = (double)a[l];
            }
            ck_assert(rri_lanes_fold_sums(sums) == wanted);
        }
    }
}
END_TEST

CHECK_MAIN("math/lanes", test_lanes_each_operation_is_sixteen_scalar_ones,
           test_lanes_fold_in_one_order_at_every_level)
