/* SPDX-License-Identifier: MIT */
#include "policy/sweep.h"

#include "check_run.h"
#include "policy_twin.h"

typedef struct visited {
    size_t at;
    float *Z; /* a copy of all strips of the first row */
} visited;

static void visit(void *context, const float *Z, size_t ldz, size_t begin, size_t end)
{
    visited *v = context;
    ck_assert_uint_eq(begin, v->at);
    ck_assert(ldz >= end - begin);
    memcpy(v->Z + begin, Z, (end - begin) * sizeof(float));
    v->at = end;
}

/* The sums of a row's blocks make up Σ exp(z − m), and its strips are visited in order, once. */
static void check_sweep(const twin_shape shape, uint64_t seed)
{
    twin t;
    twin_create(&t, shape, rri_kernels_detect(), seed);
    const size_t n = t.shape.n, n_blocks = rri_sweep_blocks(t.width);
    rri_logits_tile tile;
    rri_sweep sweep;
    visited v = {0, TWIN_TAKE(&t, float, t.width)};
    rri_logits_prepare(&tile, &t.in, 0, n, &t.scratch);
    rri_sweep_init(&sweep, &tile, &t.scratch);
    ck_assert(sweep.is_whole == (t.width <= RRI_LOGITS_STRIP));
    sweep.maxima = TWIN_TAKE(&t, float, n);
    sweep.log_sums = TWIN_TAKE(&t, double, n);
    sweep.entropies = TWIN_TAKE(&t, float, n);
    sweep.actions = t.actions;
    sweep.log_probs = TWIN_TAKE(&t, float, n);
    sweep.block_sums = TWIN_TAKE(&t, double, n *n_blocks);
    sweep.block_maxima = TWIN_TAKE(&t, float, n *n_blocks);
    sweep.visit = visit;
    sweep.context = &v;
    rri_sweep_run(&sweep, &t.scratch);

    double *log_p = TWIN_TAKE(&t, double, t.width);
    ck_assert_uint_eq(v.at, t.width);
    for (size_t r = 0; r < n; r++) {
        const double entropy = twin_log_probs(log_p, &t, r);
        ck_assert_double_eq_tol((double)sweep.entropies[r], entropy, 2e-6);
        ck_assert_double_eq_tol((double)sweep.log_probs[r], log_p[t.actions[r]], 5e-6);
        for (size_t b = 0; b * RRI_SOFTMAX_BLOCK < twin_length(&t, r); b++) {
            double p = 0.0;
            for (size_t i = 0; i < 256 && b * 256 + i < t.width; i++) {
                p += exp(log_p[b * 256 + i]);
            }
            const double given = sweep.block_sums[r * n_blocks + b] *
                                 exp((double)sweep.block_maxima[r * n_blocks + b] -
                                     (double)sweep.maxima[r] - sweep.log_sums[r]);
            ck_assert_double_eq_tol(given, p, 5e-6 * p + 1e-12);
        }
    }
    ck_assert(twin_log_probs(log_p, &t, 0) >= 0.0);
    for (size_t i = 0; i < t.width; i++) {
        const double given = (double)v.Z[i] - (double)sweep.maxima[0] - sweep.log_sums[0];
        ck_assert(given == log_p[i] || fabs(given - log_p[i]) < 5e-6);
    }
    twin_free(&t);
}

START_TEST(test_sweep_block_sums_are_the_probabilities_of_blocks)
{
    for (size_t s = 0; s < TWIN_N_SHAPES; s++) {
        check_sweep(TWIN_SHAPES[s], 110 + s);
    }
    check_sweep((twin_shape){.n = 2, .n_items = 3000, .dim = 3, .m = 700}, 120);
}
END_TEST

CHECK_MAIN("policy/sweep", test_sweep_block_sums_are_the_probabilities_of_blocks)
