/* SPDX-License-Identifier: MIT */
#include "nn/fold_in.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check_run.h"
#include "core/memory.h"

enum { D = 6, W = 16, ITEMS = 9, H = 12 };

static float values[128], pool[ITEMS * D];
static rri_params params;
static rri_fold_in fold;
static void *block;
static _Alignas(64) unsigned char stack_bytes[1 << 17];

static rri_stack scratch(void)
{
    return (rri_stack){.base = (char *)stack_bytes, .size = sizeof stack_bytes};
}

static float number(uint32_t *state)
{
    *state = *state * 1664525u + 1013904223u;
    return (float)(int32_t)*state * 0x1p-31f;
}

/* A prior that is not the plain one: Σ = B Bᵀ + 0.1 I. */
static void make(float decay)
{
    rr_error err;
    memset(&params, 0, sizeof params);
    ck_assert_int_eq(rri_fold_in_declare(&fold, &params, D, decay, &err), RR_OK);
    rri_arena arena = {0};
    rri_fold_in_layout(&fold, &arena, rri_kernels_detect());
    block = aligned_alloc(64, arena.used);
    arena = (rri_arena){.base = block};
    rri_fold_in_layout(&fold, &arena, rri_kernels_detect());
    ck_assert_uint_le(params.n_floats, sizeof values / sizeof values[0]);
    rri_fold_in_init(&fold, values);
    uint32_t state = 7;
    float B[D * D];
    for (size_t i = 0; i < D * D; i++) {
        B[i] = number(&state);
    }
    for (size_t i = 0; i < D; i++) {
        values[fold.mean_offset + i] = 0.5f * number(&state);
        for (size_t j = 0; j < D; j++) {
            float sum = i == j ? 0.1f : 0.0f;
            for (size_t l = 0; l < D; l++) {
                sum += B[i * D + l] * B[j * D + l];
            }
            values[fold.covariance_offset + i * D + j] = sum;
        }
    }
    values[fold.variance_offset] = 0.3f;
    for (size_t i = 0; i < ITEMS * D; i++) {
        pool[i] = number(&state);
    }
    rri_fold_in_pack(&fold, values);
}

static void drop(void)
{
    free(block);
}

/* A [n, n] x = b by elimination, in double; A and b are spoilt. */
static void solve(double *A, double *b, size_t n)
{
    for (size_t k = 0; k < n; k++) {
        for (size_t i = 0; i < n; i++) {
            const double f = i == k ? 0.0 : A[i * n + k] / A[k * n + k];
            for (size_t j = 0; j < n; j++) {
                A[i * n + j] -= f * A[k * n + j];
            }
            b[i] -= f * b[k];
        }
    }
    for (size_t k = 0; k < n; k++) {
        b[k] /= A[k * n + k];
    }
}

/* The other form of the same: û = μ + Σ Xᵀ (σ² I + X Σ Xᵀ)⁻¹ (r − X μ), and P likewise applied to
 * v, so that a slip in the one is none in the other. X [n, D]. */
static void plain(double *mean, double *error, const double *X, const float *r, size_t n,
                  const float *v)
{
    double K[H * H], K_again[H * H], residual[H], c[H], S_v[D];
    const float *S = values + fold.covariance_offset, *mu = values + fold.mean_offset;
    double SX[H * D];
    for (size_t t = 0; t < n; t++) {
        residual[t] = (double)r[t];
        for (size_t i = 0; i < D; i++) {
            residual[t] -= X[t * D + i] * (double)mu[i];
            SX[t * D + i] = 0.0;
            for (size_t j = 0; j < D; j++) {
                SX[t * D + i] += (double)S[i * D + j] * X[t * D + j];
            }
        }
    }
    for (size_t t = 0; t < n; t++) {
        for (size_t q = 0; q < n; q++) {
            K[t * n + q] = t == q ? (double)values[fold.variance_offset] : 0.0;
            for (size_t i = 0; i < D; i++) {
                K[t * n + q] += X[t * D + i] * SX[q * D + i];
            }
        }
        c[t] = 0.0;
        for (size_t i = 0; i < D; i++) {
            c[t] += SX[t * D + i] * (double)v[i];
        }
    }
    memcpy(K_again, K, sizeof K);
    solve(K, residual, n);
    double square = 0.0, solved[H];
    for (size_t i = 0; i < D; i++) {
        mean[i] = (double)mu[i];
        S_v[i] = 0.0;
        for (size_t t = 0; t < n; t++) {
            mean[i] += SX[t * D + i] * residual[t];
        }
        for (size_t j = 0; j < D; j++) {
            S_v[i] += (double)S[i * D + j] * (double)v[j];
        }
        square += S_v[i] * (double)v[i];
    }
    memcpy(solved, c, sizeof solved);
    solve(K_again, solved, n);
    for (size_t t = 0; t < n; t++) {
        square -= c[t] * solved[t];
    }
    *error = sqrt(square);
}

/* Item 3 thrice, of which one is not liked, and 5 twice. */
static const int32_t SHOWN[H] = {-1, -1, 3, 0, 5, 3, 7, 5, 3, 8, 1, 2};
static const float EARNED[H] = {9.0f, 9.0f, 0.4f,  -0.2f, 0.9f, 0.3f,
                                0.0f, 0.5f, -0.6f, 1.2f,  0.1f, 0.7f};

START_TEST(test_fold_in_is_the_posterior_of_the_other_form)
{
    for (int with_decay = 0; with_decay < 2; with_decay++) {
        const float rho = with_decay != 0 ? 0.5f : 1.0f;
        make(rho);
        static const float powers[2][H] = {
            {0, 0, 1, 1, 1, 1, 1, 1, 1, 1, 1, 1},
            {0, 0, 1, 1, 1, 0.5f, 1, 0.5f, 1, 1, 1, 1},
        };
        double X[H * D];
        float r[H];
        size_t n = 0;
        for (size_t t = 0; t < H; t++) {
            if (SHOWN[t] >= 0) {
                for (size_t i = 0; i < D; i++) {
                    X[n * D + i] = (double)(powers[with_decay][t] * pool[SHOWN[t] * D + (int)i]);
                }
                r[n++] = EARNED[t];
            }
        }
        float mean[W], P[W * W], errors[ITEMS];
        const rri_showings showings = {SHOWN, EARNED, pool, ITEMS, H};
        rri_stack stack = scratch();
        rri_fold_in_posterior(&fold, mean, P, &showings, &stack);
        const float *rows[ITEMS];
        for (size_t i = 0; i < ITEMS; i++) {
            rows[i] = pool + i * D;
        }
        rri_fold_in_errors(&fold, errors, P, rows, ITEMS, &stack);
        for (size_t i = 0; i < ITEMS; i++) {
            double expected[D], error;
            plain(expected, &error, X, r, n, rows[i]);
            ck_assert_double_eq_tol((double)errors[i], error, 2e-6);
            for (size_t j = 0; j < D; j++) {
                ck_assert_double_eq_tol((double)mean[j], expected[j], 5e-6);
            }
        }
        for (size_t j = D; j < W; j++) {
            ck_assert(mean[j] == 0.0f);
        }
        drop();
    }
}
END_TEST

START_TEST(test_fold_in_of_no_history_is_the_prior)
{
    make(0.9f);
    float mean[W], P[W * W];
    const int32_t none[2] = {-1, -1};
    const float rewards[2] = {3.0f, -4.0f};
    const rri_showings showings = {none, rewards, pool, ITEMS, 2};
    rri_stack stack = scratch();
    rri_fold_in_posterior(&fold, mean, P, &showings, &stack);
    ck_assert_mem_eq(mean, values + fold.mean_offset, D * sizeof(float));
    for (size_t i = 0; i < D; i++) {
        ck_assert_mem_eq(P + i * W, values + fold.covariance_offset + i * D, D * sizeof(float));
    }
    drop();
}
END_TEST

START_TEST(test_fold_in_does_not_see_how_much_padding_there_is)
{
    make(0.9f);
    float mean[W], P[W * W], again[W], P_again[W * W];
    rri_stack stack = scratch();
    const rri_showings padded = {SHOWN, EARNED, pool, ITEMS, H};
    const rri_showings bare = {SHOWN + 2, EARNED + 2, pool, ITEMS, H - 2};
    rri_fold_in_posterior(&fold, mean, P, &padded, &stack);
    rri_fold_in_posterior(&fold, again, P_again, &bare, &stack);
    ck_assert_mem_eq(mean, again, sizeof mean);
    ck_assert_mem_eq(P, P_again, sizeof P);
    drop();
}
END_TEST

START_TEST(test_fold_in_finds_a_user_that_it_was_shown)
{
    make(1.0f);
    values[fold.variance_offset] = 1e-3f;
    rri_fold_in_pack(&fold, values);
    float mean[W], P[W * W], rewards[200];
    int32_t shown[200];
    const float user[D] = {0.3f, -0.8f, 0.5f, 0.1f, -0.2f, 0.9f};
    for (size_t t = 0; t < 200; t++) {
        shown[t] = (int32_t)(t % ITEMS);
        rewards[t] = 0.0f;
        for (size_t i = 0; i < D; i++) {
            rewards[t] += user[i] * pool[(size_t)shown[t] * D + i];
        }
    }
    const rri_showings showings = {shown, rewards, pool, ITEMS, 200};
    rri_stack stack = scratch();
    rri_fold_in_posterior(&fold, mean, P, &showings, &stack);
    for (size_t i = 0; i < D; i++) {
        ck_assert_float_eq_tol(mean[i], user[i], 0.01f);
    }
    drop();
}
END_TEST

/* Three users by hand: mean (2, 1, …), deviations (−1, 1), (0, −2), (1, 1). */
START_TEST(test_fold_in_prior_of_a_table)
{
    make(1.0f);
    const float users[3][D] = {{1, 2, 0, 0, 0, 0}, {2, -1, 0, 0, 0, 0}, {3, 2, 0, 0, 0, 0}};
    rri_fold_in_fit(&fold, values, users[0], 3, 0.25f);
    const float *mean = values + fold.mean_offset, *covariance = values + fold.covariance_offset;
    ck_assert(mean[0] == 2.0f && mean[1] == 1.0f && mean[2] == 0.0f);
    ck_assert_float_eq_tol(covariance[0], 1.0f + 1e-6f, 1e-7f);
    ck_assert_float_eq_tol(covariance[1], 0.0f, 1e-7f);
    ck_assert_float_eq_tol(covariance[D], 0.0f, 1e-7f);
    ck_assert_float_eq_tol(covariance[D + 1], 3.0f + 1e-6f, 3e-7f);
    ck_assert_float_eq_tol(covariance[2 * D + 2], 1e-6f, 1e-12f);
    ck_assert(values[fold.variance_offset] == 0.25f);
    drop();
}
END_TEST

CHECK_MAIN("nn/fold_in", test_fold_in_is_the_posterior_of_the_other_form,
           test_fold_in_of_no_history_is_the_prior,
           test_fold_in_does_not_see_how_much_padding_there_is,
           test_fold_in_finds_a_user_that_it_was_shown, test_fold_in_prior_of_a_table)
