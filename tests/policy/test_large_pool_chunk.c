/* SPDX-License-Identifier: MIT */
#include "policy/large_pool_chunk.h"

#include "check_run.h"
#include "gradcheck.h"
#include "large_pool_fixture.h"

START_TEST(test_large_pool_chunk_sums_are_those_of_its_items)
{
    fixture f;
    setup(&f);
    f.b.chunks = TWIN_TAKE(&f.t, rri_large_pool_sums, 256);
    f.b.action_logits = TWIN_TAKE(&f.t, float, 40);
    const size_t before = f.stack.used;
    rri_large_pool_chunk_run(&f.b, 0, 0);
    ck_assert_uint_eq(f.stack.used, before);
    for (size_t r = 0; r < 40; r++) {
        double max = -INFINITY, sum = 0.0, moment = 0.0;
        for (size_t i = 0; i < 700; i++) {
            const double z = twin_logit(&f.t, r, i);
            max = twin_is_allowed(&f.t, r, i) && z > max ? z : max;
        }
        for (size_t i = 0; i < 700; i++) {
            if (twin_is_allowed(&f.t, r, i)) {
                const double below = twin_logit(&f.t, r, i) - max;
                sum += exp(below);
                moment += below * exp(below);
            }
        }
        ck_assert_double_eq_tol((double)f.b.chunks[r].max, max, 1e-5);
        ck_assert_double_eq_tol(f.b.chunks[r].sum, sum, 1e-5 * sum);
        ck_assert_double_eq_tol(f.b.chunks[r].moment, moment, -1e-5 * moment);
        const double logit = twin_logit(&f.t, r, (size_t)f.t.actions[r]);
        ck_assert_double_eq_tol((double)f.b.action_logits[r], logit, 1e-5);
    }
    twin_free(&f.t);
}
END_TEST

CHECK_MAIN("policy/large_pool_chunk", test_large_pool_chunk_sums_are_those_of_its_items)
