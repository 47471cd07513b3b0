/* SPDX-License-Identifier: MIT */
#include "policy/large_pool_batch.h"

#include "check_run.h"
#include "gradcheck.h"
#include "large_pool_fixture.h"

START_TEST(test_large_pool_batch_logits_are_those_of_the_rows)
{
    fixture f;
    setup(&f);
    const size_t P = f.b.panel;
    float *Z = TWIN_TAKE(&f.t, float, 256 * P), *z = TWIN_TAKE(&f.t, float, 700);
    ck_assert_uint_eq(f.b.n_panels, (40 + P - 1) / P);
    for (size_t p = 0; p < f.b.n_panels; p++) {
        rri_touches touches;
        const size_t mark = rri_stack_mark(&f.stack);
        rri_touches_begin(&touches, f.b.tiles, f.t.actions, 40, 512, &f.stack);
        rri_large_pool_batch_logits(Z, &f.b, &touches, p, 512, 700);
        for (size_t r = p * P; r < 40 && r < (p + 1) * P; r++) {
            rri_logits_compute(z, 700, &f.b.tiles[0], r, 1, 512, 700, &f.t.scratch);
            for (size_t i = 0; i < 188; i++) {
                ck_assert(Z[i * P + r % P] == z[i]);
            }
        }
        rri_stack_rewind(&f.stack, mark);
    }
    twin_free(&f.t);
}
END_TEST

START_TEST(test_large_pool_batch_finds_an_action_in_its_block_alone)
{
    fixture f;
    setup(&f);
    float *Z = TWIN_TAKE(&f.t, float, 256 * f.b.panel);
    f.t.actions[35] = 300;
    ck_assert_ptr_null(rri_large_pool_batch_action(Z, &f.b, 35, 0, 256));
    ck_assert_ptr_eq(rri_large_pool_batch_action(Z, &f.b, 35, 256, 512),
                     Z + 44 * f.b.panel + 35 % f.b.panel);
    ck_assert_ptr_null(rri_large_pool_batch_action(Z, &f.b, 35, 512, 700));
    f.b.actions = NULL;
    ck_assert_ptr_null(rri_large_pool_batch_action(Z, &f.b, 35, 256, 512));
    twin_free(&f.t);
}
END_TEST

CHECK_MAIN("policy/large_pool_batch", test_large_pool_batch_logits_are_those_of_the_rows,
           test_large_pool_batch_finds_an_action_in_its_block_alone)
