/* SPDX-License-Identifier: MIT */
/* The formulas in double, and the same bits at every level. That backward is forward's is tried in
 * tests/nn/. */
#include "math/sequence.h"

#include <math.h>
#include <string.h>

#include "check_run.h"
#include "levels.h"

enum { ROWS = 37, WIDTH = 40, WIDE = 3 * WIDTH, ROOM = 48, PARTS = 6 };

/* Inputs, and all that the six functions write. */
typedef struct arrays {
    float a[ROWS * WIDE], b[ROWS * WIDE], c[WIDE], d[WIDE];
    float out[PARTS][ROWS * WIDE];
    float p[ROWS * ROOM];
    _Alignas(64) float scratch[ROOM * (2 * ROOM + WIDTH)];
} arrays;

static arrays now, first;

/* Where queries stand of a run that some rows share. */
static const int32_t PLACES[] = {0, 3, 4, 15, 16, 17, 31, 36};

static rri_head_view head_of(size_t n, size_t d, bool is_last)
{
    size_t n_queries = n;
    if (is_last) {
        for (n_queries = 0; n_queries < 8 && (size_t)PLACES[n_queries] < n; n_queries++) {
        }
    }
    return (rri_head_view){.n = n,
                           .n_queries = n_queries,
                           .d = d,
                           .places = is_last ? PLACES : NULL,
                           .q = now.a,
                           .keys = now.b,
                           .values = now.b + d,
                           .ld_q = WIDTH,
                           .ld_kv = WIDE,
                           .c = now.c,
                           .p = now.p,
                           .ld_p = ROOM,
                           .scratch = now.scratch};
}

static void fill(uint32_t seed)
{
    memset(&now, 0, sizeof now);
    levels_fill(now.a, ROWS * WIDE, seed);
    levels_fill(now.b, ROWS * WIDE, seed + 1);
    levels_fill(now.c, WIDE, seed + 2);
    levels_fill(now.d, WIDE, seed + 3);
    for (size_t i = 0; i < PARTS; i++) {
        levels_fill(now.out[i], ROWS * WIDE, seed + 4 + (uint32_t)i);
    }
}

START_TEST(test_sequence_gru_step_is_the_formula)
{
    const size_t n = 3, E = 21;
    fill(1);
    float *h = now.out[0];
    double expected[3 * 21];
    for (size_t i = 0; i < n * E; i++) {
        const float *x = now.a + i / E * 3 * E + i % E, *w = now.b + i / E * 3 * E + i % E;
        const float *bias = now.c + i % E, *hidden_bias = now.d + i % E;
        double into[3];
        for (size_t g = 0; g < 3; g++) {
            into[g] = (double)w[g * E] + (double)hidden_bias[g * E];
        }
        const double r = 1 / (1 + exp(-((double)x[0] + (double)bias[0] + into[0])));
        const double z = 1 / (1 + exp(-((double)x[E] + (double)bias[E] + into[1])));
        const double m = tanh((double)x[2 * E] + (double)bias[2 * E] + r * into[2]);
        expected[i] = (1 - z) * m + z * (double)h[i];
    }
    rri_kernels_detect()->sequence->gru_step(h, now.a, now.out[1], now.b, now.c, now.d, n, E);
    for (size_t i = 0; i < n * E; i++) {
        ck_assert_double_eq_tol((double)h[i], expected[i], 1e-6);
        ck_assert_float_eq(now.out[1][i],
                           now.b[i / E * 3 * E + 2 * E + i % E] + now.d[2 * E + i % E]);
    }
}
END_TEST

START_TEST(test_sequence_norm_is_the_formula)
{
    for (size_t E = 1; E <= WIDTH; E += 13) {
        fill((uint32_t)E);
        rri_kernels_detect()->sequence->norm(now.out[0], now.out[1], now.out[2], now.a, now.c,
                                             now.d, 2, E);
        for (size_t i = 0; i < 2; i++) {
            double mean = 0.0, variance = 0.0;
            for (size_t j = 0; j < E; j++) {
                mean += (double)now.a[i * E + j] / (double)E;
            }
            for (size_t j = 0; j < E; j++) {
                variance += pow((double)now.a[i * E + j] - mean, 2.0) / (double)E;
            }
            for (size_t j = 0; j < E; j++) {
                const double hat = ((double)now.a[i * E + j] - mean) / sqrt(variance + 1e-5);
                ck_assert_double_eq_tol((double)now.out[1][i * E + j], hat, 1e-5);
                ck_assert_double_eq_tol((double)now.out[0][i * E + j],
                                        hat * (double)now.c[j] + (double)now.d[j], 1e-5);
            }
        }
    }
}
END_TEST

/* y of a query at place t, in double. */
static double attended(const rri_head_view *head, size_t query, size_t t, size_t j)
{
    double sum = 0.0, y = 0.0;
    for (size_t u = 0; u <= t; u++) {
        double a = 0.0;
        for (size_t l = 0; l < head->d; l++) {
            a += (double)head->q[query * head->ld_q + l] * (double)head->keys[u * head->ld_kv + l];
        }
        const double e = exp(a / sqrt((double)head->d) + (double)head->c[t - u]);
        sum += e;
        y += e * (double)head->values[u * head->ld_kv + j];
    }
    return y / sum;
}

START_TEST(test_sequence_attention_is_the_formula)
{
    for (size_t n = 1; n <= ROWS; n++) {
        for (int is_last = 0; is_last < 2; is_last++) {
            fill((uint32_t)n);
            const rri_head_view head = head_of(n, n % 3 == 0 ? 16 : n % 3 == 1 ? 5 : 20, is_last);
            ck_assert_uint_le(rri_sequence_scratch(n, n, head.d),
                              sizeof now.scratch / sizeof(float));
            memset(now.p, 0xff, sizeof now.p);
            rri_kernels_detect()->sequence->attend(now.out[0], now.p, &head);
            for (size_t i = 0; i < head.n_queries; i++) {
                const size_t t = is_last ? (size_t)PLACES[i] : i;
                for (size_t j = 0; j < head.d; j++) {
                    ck_assert_double_eq_tol((double)now.out[0][i * WIDTH + j],
                                            attended(&head, i, t, j), 2e-6);
                }
                for (size_t u = t + 1; u < rri_sequence_room(n); u++) {
                    ck_assert(now.p[i * ROOM + u] == 0.0f);
                }
            }
        }
    }
}
END_TEST

/* A query has the bits that it has in a run that ends with it. */
START_TEST(test_sequence_attention_does_not_see_what_follows)
{
    for (size_t n = 1; n < ROWS; n++) {
        fill(5);
        rri_head_view head = head_of(ROWS, 20, false);
        rri_kernels_detect()->sequence->attend(now.out[0], now.p, &head);
        head.n = head.n_queries = n;
        rri_kernels_detect()->sequence->attend(now.out[1], now.p, &head);
        for (size_t i = 0; i < n; i++) {
            ck_assert_mem_eq(now.out[0] + i * WIDTH, now.out[1] + i * WIDTH, 20 * sizeof(float));
        }
    }
}
END_TEST

static void run_all(const rri_sequence *sequence, size_t n, size_t E)
{
    float(*out)[ROWS * WIDE] = now.out;
    sequence->gru_step(out[0], now.a, out[1], now.b, now.c, now.d, n, E);
    sequence->gru_step_backward(out[2], out[3], out[1], now.a, out[4], out[0], n, E);
    sequence->norm(out[4], out[5], now.p, now.b, now.c, now.d, n, E);
    sequence->norm_backward(out[0], now.c, now.d, now.b, out[5], now.p, now.a, n, E);
    for (int is_last = 0; is_last < 2; is_last++) {
        const rri_head_view head = head_of(n, E / 2, is_last);
        sequence->attend(out[1], now.p, &head);
        sequence->attend_backward(out[2], out[3], out[4], now.d, out[1], &head);
    }
}

START_TEST(test_sequence_has_the_same_bits_at_every_level)
{
    const rri_kernels *levels[RRI_N_LEVELS];
    const size_t n_levels = levels_present(levels);
    static const size_t WIDTHS[] = {2, 7, 16, 32, 37, 40};
    for (size_t w = 0; w < sizeof WIDTHS / sizeof WIDTHS[0]; w++) {
        for (size_t n = 1; n <= ROWS; n += 6) {
            for (size_t q = 0; q < n_levels; q++) {
                fill((uint32_t)(n + w));
                run_all(levels[q]->sequence, n, WIDTHS[w]);
                memset(now.scratch, 0, sizeof now.scratch);
                if (q == 0) {
                    first = now;
                }
                ck_assert_mem_eq(&now, &first, sizeof now);
            }
        }
    }
}
END_TEST

CHECK_MAIN("math/sequence", test_sequence_gru_step_is_the_formula,
           test_sequence_norm_is_the_formula, test_sequence_attention_is_the_formula,
           test_sequence_attention_does_not_see_what_follows,
           test_sequence_has_the_same_bits_at_every_level)
