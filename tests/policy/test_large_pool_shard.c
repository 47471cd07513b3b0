/* SPDX-License-Identifier: MIT */
#include "policy/large_pool_shard.h"

#include "check_run.h"
#include "gradcheck.h"
#include "policy_twin.h"

/* Some rows of a case as a batch, on one thread. */
typedef struct fixture {
    twin t;
    rri_stack stack;
    rri_large_pool_batch b;
} fixture;

static void setup(fixture *f)
{
    const twin_shape shape = {.n = 40, .n_items = 700, .dim = 6, .m = 5, .h = 7, .has_bias = true};
    twin_create(&f->t, shape, rri_kernels_detect(), 11);
    f->stack = (rri_stack){.base = TWIN_TAKE(&f->t, char, 1 << 20), .size = 1 << 20};
    rri_large_pool_batch_begin(&f->b, &f->t.in, f->t.actions, 0, f->t.shape.n, &f->stack);
}

/* Every row has m = 0, L = log 700, H = 6, g = 1. */
static void make_rows(fixture *f)
{
    rri_large_pool_rows *rows = TWIN_TAKE(&f->t, rri_large_pool_rows, f->b.n_panels);
    for (size_t r = 0; r < f->b.n_panels * f->b.panel; r++) {
        rri_large_pool_rows *panel = &rows[r / f->b.panel];
        panel->maxima[r % f->b.panel] = r < 40 ? 0.0f : INFINITY;
        panel->log_sums[r % f->b.panel] = logf(700.0f);
        panel->entropies[r % f->b.panel] = 6.0f;
        panel->d_log_probs[r % f->b.panel] = r < 40 ? 1.0f : 0.0f;
        panel->d_entropy = 0.25f;
    }
    f->b.rows = rows;
}

static double slope_of(const twin *t, size_t r, size_t i)
{
    const double log_p = twin_logit(t, r, i) - log(700.0);
    const double p = twin_is_allowed(t, r, i) ? exp(log_p) : 0.0;
    const double of_action = (size_t)t->actions[r] == i ? 1.0 : 0.0;
    return of_action - (p > 0.0 ? p * (1.0 + 0.25 * (log_p + 6.0)) : 0.0);
}

START_TEST(test_large_pool_shard_writes_what_flows_from_its_blocks_alone)
{
    fixture f;
    setup(&f);
    make_rows(&f);
    const size_t P = f.b.panel, n = f.b.n_panels * P;
    f.b.shard_blocks = 2;
    f.b.shards = TWIN_TAKE(&f.t, float, 2 * n * 6);
    f.b.db = TWIN_TAKE(&f.t, float, 700);
    gradcheck_fill_nan(f.b.shards, 2 * n * 6);
    const size_t before = f.stack.used;
    rri_large_pool_shard_run(&f.b, 1, 0); /* items [512, 700) */
    ck_assert_uint_eq(f.stack.used, before);
    ck_assert(isnan(f.b.shards[0]));
    const float *dq = f.b.shards + n * 6;
    for (size_t r = 0; r < 40; r++) {
        for (size_t j = 0; j < 6; j++) {
            double expected = 0.0;
            for (size_t i = 512; i < 700; i++) {
                expected += slope_of(&f.t, r, i) * f.t.vectors64[i * 6 + j];
            }
            ck_assert_double_eq_tol((double)dq[r / P * P * 6 + j * P + r % P], expected, 1e-4);
        }
    }
    for (size_t i = 0; i < 700; i++) {
        double expected = 0.0;
        for (size_t r = 0; r < 40 && i >= 512; r++) {
            expected += slope_of(&f.t, r, i);
        }
        ck_assert_double_eq_tol((double)f.b.db[i], expected, 1e-4);
    }
    twin_free(&f.t);
}
END_TEST

CHECK_MAIN("policy/large_pool_shard", test_large_pool_shard_writes_what_flows_from_its_blocks_alone)
