/* SPDX-License-Identifier: MIT */
#include "math/large_pool_block.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "check_run.h"
#include "gradcheck.h"
#include "math/kernels.h"
#include "policy/softmax.h"

enum { N = 256, MOST = 32, D = 70 };

/* One block and one panel of rows at one level. */
typedef struct block {
    const rri_kernels *kernels;
    const rri_large_pool_block *loops;
    size_t panel;
    float V[N * D], q[D * MOST], bias[N], Z[N * MOST];
} block;

static void setup(block *b, const rri_kernels *kernels)
{
    memset(b, 0, sizeof *b);
    b->kernels = kernels;
    b->loops = kernels->large_pool;
    b->panel = kernels->wide;
    gradcheck_draw(b->V, N * D, -1.0f, 1.0f, 1);
    gradcheck_draw(b->q, D * MOST, -1.0f, 1.0f, 2);
    gradcheck_draw(b->bias, N, -1.0f, 1.0f, 3);
}

/* Calls `test` for every level that is there. */
static void at_each_level(void (*test)(block *))
{
    static block b;
    for (int level = 0; level < RRI_N_LEVELS; level++) {
        const rri_kernels *kernels = rri_kernels_at(level);
        if (kernels == NULL) {
            printf("math/large_pool_block: level %d is not on this machine\n", level);
            continue;
        }
        setup(&b, kernels);
        test(&b);
    }
}

static void check_logits(block *b)
{
    for (size_t n = 1; n <= N; n += 51) {
        b->loops->logits(b->Z, b->V, b->q, 1.5f, b->bias, n, D);
        for (size_t i = 0; i < n; i++) {
            for (size_t r = 0; r < b->panel; r++) {
                float chain = 0.0f;
                for (size_t l = 0; l < D; l++) {
                    chain = fmaf(b->V[i * D + l], b->q[l * b->panel + r], chain);
                }
                ck_assert(b->Z[i * b->panel + r] == 1.5f * chain + b->bias[i]);
            }
        }
    }
}

START_TEST(test_large_pool_block_logits_are_chains_then_scale_then_bias)
{
    at_each_level(check_logits);
}
END_TEST

/* Blocks of rising and falling sizes, every seventh item excluded, against the rows' own states. */
static void check_accumulate(block *b)
{
    static rri_large_pool_state state;
    static rri_softmax_row rows[MOST];
    memset(&state, 0, sizeof state);
    for (size_t r = 0; r < MOST; r++) {
        state.maxima[r] = -INFINITY;
        rri_softmax_begin(&rows[r]);
    }
    for (size_t k = 0; k < 6; k++) {
        const size_t n = k == 5 ? 37 : N;
        gradcheck_draw(b->Z, N * MOST, -60.0f, k % 2 == 0 ? 10.0f : 12.0f, 20 + k);
        for (size_t i = 3; i < N; i += 7) {
            for (size_t r = 0; r < b->panel; r++) {
                b->Z[i * b->panel + r] = -INFINITY;
            }
        }
        for (size_t i = 0; i < N && k == 0; i++) {
            b->Z[i * b->panel] = -INFINITY; /* row 0 has nothing to choose in its first block */
        }
        b->loops->accumulate(&state, b->Z, n);
        for (size_t r = 0; r < b->panel; r++) {
            float z[N];
            for (size_t i = 0; i < n; i++) {
                z[i] = b->Z[i * b->panel + r];
            }
            rri_softmax_add(&rows[r], b->kernels, z, n, NULL, NULL);
        }
    }
    for (size_t r = 0; r < b->panel; r++) {
        ck_assert(state.maxima[r] == rows[r].max);
        for (size_t l = 0; l < 16; l++) {
            ck_assert_mem_eq(&state.sums[l][r], &rows[r].sums[l], sizeof(float));
            ck_assert_mem_eq(&state.moments[l][r], &rows[r].moments[l], sizeof(float));
        }
    }
}

START_TEST(test_large_pool_block_accumulates_the_bits_of_a_row_alone)
{
    at_each_level(check_accumulate);
}
END_TEST

static void check_slopes(block *b)
{
    rri_large_pool_rows rows = {.d_entropy = -0.5f};
    for (size_t r = 0; r < b->panel; r++) {
        rows.maxima[r] = 20.0f;
        rows.log_sums[r] = 0.1f * (float)r;
        rows.entropies[r] = 3.0f;
        rows.d_log_probs[r] = r % 2 == 0 ? 0.75f : -0.25f;
    }
    rows.maxima[b->panel - 1] = INFINITY; /* not there */
    gradcheck_draw(b->Z, N * MOST, -120.0f, 20.0f, 4);
    b->Z[5 * b->panel] = -INFINITY;
    static float z[N * MOST];
    memcpy(z, b->Z, sizeof z);
    b->loops->slopes(b->Z, &rows, N);
    for (size_t r = 0; r < b->panel; r++) {
        for (size_t i = 0; i < N; i++) {
            float dz;
            b->kernels->softmax->slope(&dz, &z[i * b->panel + r], rows.maxima[r], rows.log_sums[r],
                                       rows.d_log_probs[r], rows.d_entropy, rows.entropies[r], 1);
            ck_assert(b->Z[i * b->panel + r] == dz);
        }
    }
    ck_assert(b->Z[5 * b->panel] == 0.0f);
    ck_assert(b->Z[b->panel - 1] == 0.0f);
}

START_TEST(test_large_pool_block_slopes_are_those_of_a_row_alone)
{
    at_each_level(check_slopes);
}
END_TEST

/* Two panels of slopes, the second the first one reversed. */
static float dZ[2][N * MOST];

static void draw_slopes(void)
{
    gradcheck_draw(dZ[0], N * MOST, -1.0f, 1.0f, 5);
    for (size_t i = 0; i < N * MOST; i++) {
        dZ[1][i] = dZ[0][N * MOST - 1 - i];
    }
}

static void check_query(block *b)
{
    static float dq[D * MOST];
    draw_slopes();
    for (size_t n = 1; n <= N; n += 85) {
        b->loops->add_query(dq, b->V, dZ[0], n, D, false);
        b->loops->add_query(dq, b->V, dZ[1], n, D, true);
        for (size_t j = 0; j < D; j++) {
            for (size_t r = 0; r < b->panel; r++) {
                float chains[2] = {0};
                for (size_t i = 0; i < n; i++) {
                    for (size_t s = 0; s < 2; s++) {
                        chains[s] = fmaf(b->V[i * D + j], dZ[s][i * b->panel + r], chains[s]);
                    }
                }
                ck_assert(dq[j * b->panel + r] == chains[0] + chains[1]);
            }
        }
    }
}

START_TEST(test_large_pool_block_query_is_one_chain_a_block)
{
    at_each_level(check_query);
}
END_TEST

static void check_items(block *b)
{
    static float columns[(D + MOST) * 2 * MOST], dV[N * D], db[N];
    const size_t P = b->panel, n_columns = (D + P - 1) / P;
    draw_slopes();
    gradcheck_draw(columns, n_columns * 2 * P * P, -1.0f, 1.0f, 6);
    for (size_t n = 1; n <= N; n += 85) {
        for (size_t i = 0; i < N * D; i++) {
            dV[i] = 0.25f;
        }
        for (size_t i = 0; i < N; i++) {
            db[i] = 0.25f;
        }
        b->loops->add_items(dV, dZ[0], N * MOST, columns, n, 2, D);
        b->loops->add_bias(db, dZ[0], N * MOST, n, 2);
        for (size_t i = 0; i < N; i++) {
            double sum = 0.0;
            for (size_t j = 0; j < D; j++) {
                float chain = 0.0f;
                for (size_t r = 0; r < 2 * P; r++) {
                    const float dz = dZ[r / P][i * P + r % P];
                    chain = fmaf(dz, columns[(j / P * 2 * P + r) * P + j % P], chain);
                    sum += j == 0 ? (double)dz : 0.0;
                }
                ck_assert(dV[i * D + j] == (i < n ? 0.25f + chain : 0.25f));
            }
            ck_assert_double_eq_tol((double)db[i], i < n ? 0.25 + sum : 0.25, 1e-5);
        }
    }
}

START_TEST(test_large_pool_block_items_are_one_chain_over_all_rows)
{
    at_each_level(check_items);
}
END_TEST

/* One logit above its row's bound, wherever it lies; equal ones and NaN are not. */
static void check_find_above(block *b)
{
    float bounds[MOST];
    for (size_t r = 0; r < b->panel; r++) {
        bounds[r] = (float)r;
    }
    for (size_t at = 0; at < 11; at++) {
        for (size_t r = 0; r < b->panel; r++) {
            for (size_t i = 0; i < 11 * b->panel; i++) {
                b->Z[i] = i % 7 == 0 ? NAN : (float)(i % b->panel);
            }
            b->Z[at * b->panel + r] = (float)r + 0.5f;
            size_t i = 0;
            ck_assert_uint_eq(b->loops->find_above(&i, b->Z, bounds, 11), 1u << r);
            ck_assert_uint_eq(i, at);
            i = at + 1;
            ck_assert_uint_eq(b->loops->find_above(&i, b->Z, bounds, 11), 0);
            i = 0;
            ck_assert_uint_eq(b->loops->find_above(&i, b->Z, bounds, at), 0);
        }
    }
}

START_TEST(test_large_pool_block_finds_the_row_that_is_above_its_bound)
{
    at_each_level(check_find_above);
}
END_TEST

CHECK_MAIN("math/large_pool_block", test_large_pool_block_finds_the_row_that_is_above_its_bound,
           test_large_pool_block_logits_are_chains_then_scale_then_bias,
           test_large_pool_block_accumulates_the_bits_of_a_row_alone,
           test_large_pool_block_slopes_are_those_of_a_row_alone,
           test_large_pool_block_query_is_one_chain_a_block,
           test_large_pool_block_items_are_one_chain_over_all_rows)
