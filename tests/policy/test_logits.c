/* SPDX-License-Identifier: MIT */
#include "policy/logits.h"

#include "check_run.h"
#include "policy_twin.h"

/* Z [n, width] of the whole case, in strips of `step` positions and tiles of `rows`. */
static float *all_logits(twin *t, size_t rows, size_t step)
{
    float *Z = TWIN_TAKE(t, float, t->shape.n * t->width);
    for (size_t r = 0; r < t->shape.n; r += rows) {
        const size_t n_rows = r + rows < t->shape.n ? rows : t->shape.n - r;
        rri_logits_tile tile;
        rri_logits_prepare(&tile, &t->in, r, n_rows, &t->scratch);
        for (size_t begin = 0; begin < t->width; begin += step) {
            const size_t end = begin + step < t->width ? begin + step : t->width;
            rri_logits_compute(Z + r * t->width + begin, t->width, &tile, 0, n_rows, begin, end,
                               &t->scratch);
        }
        rri_stack_rewind(&t->scratch, 0);
    }
    return Z;
}

START_TEST(test_logits_are_the_sum_of_their_terms)
{
    for (size_t s = 0; s < TWIN_N_SHAPES; s++) {
        twin t;
        twin_create(&t, TWIN_SHAPES[s], rri_kernels_detect(), 60 + s);
        const float *Z = all_logits(&t, RRI_LOGITS_TILE, RRI_LOGITS_STRIP);
        for (size_t r = 0; r < t.shape.n; r++) {
            for (size_t i = 0; i < t.width; i++) {
                const float z = Z[r * t.width + i];
                if (twin_is_allowed(&t, r, i)) {
                    ck_assert_double_eq_tol((double)z, twin_logit(&t, r, i), 3e-6);
                } else {
                    ck_assert(z == -INFINITY);
                }
            }
        }
        twin_free(&t);
    }
}
END_TEST

START_TEST(test_logits_have_the_same_bits_in_any_tile_and_strip)
{
    for (size_t s = 0; s < TWIN_N_SHAPES; s++) {
        twin t;
        twin_shape shape = TWIN_SHAPES[s];
        shape.n = 70;
        twin_create(&t, shape, rri_kernels_detect(), 70 + s);
        const size_t bytes = shape.n * t.width * sizeof(float);
        const float *Z = all_logits(&t, RRI_LOGITS_TILE, RRI_LOGITS_STRIP);
        ck_assert_mem_eq(Z, all_logits(&t, 1, 256), bytes);
        ck_assert_mem_eq(Z, all_logits(&t, 9, 512), bytes);
        t.catalogue.panels = NULL; /* packed on the way */
        ck_assert_mem_eq(Z, all_logits(&t, RRI_LOGITS_TILE, RRI_LOGITS_STRIP), bytes);
        twin_free(&t);
    }
}
END_TEST

START_TEST(test_logits_some_rows_of_a_tile_are_those_rows)
{
    twin t;
    twin_create(&t, TWIN_SHAPES[2], rri_kernels_detect(), 80);
    float some[2 * 256];
    const float *Z = all_logits(&t, RRI_LOGITS_TILE, RRI_LOGITS_STRIP);
    rri_logits_tile tile;
    rri_logits_prepare(&tile, &t.in, 1, 3, &t.scratch);
    rri_logits_compute(some, 256, &tile, 1, 2, 1024, 1280, &t.scratch);
    for (size_t r = 0; r < 2; r++) {
        ck_assert_mem_eq(some + r * 256, Z + (r + 2) * t.width + 1024, 256 * sizeof(float));
    }
    twin_free(&t);
}
END_TEST

START_TEST(test_logits_counts_and_vectors_of_positions)
{
    for (size_t s = 0; s < TWIN_N_SHAPES; s++) {
        twin t;
        twin_create(&t, TWIN_SHAPES[s], rri_kernels_detect(), 90 + s);
        rri_logits_tile tile;
        rri_logits_prepare(&tile, &t.in, 1, 2, &t.scratch);
        for (size_t i = 0; i < t.width; i++) {
            ck_assert_int_eq(rri_logits_count(&tile, 1, i), twin_count(&t, 2, i));
            const int32_t item = twin_item(&t, 2, i);
            const float *v = item >= 0 ? t.vectors + (size_t)item * t.shape.dim
                                       : t.request_vectors + (2 * t.shape.k + i) * t.shape.dim;
            const float *found = NULL;
            if (t.shape.k > 0) { /* of the pool they are the catalogue's rows */
                rri_logits_vectors(&found, &tile, 1, i, 1);
                ck_assert_ptr_eq(found, v);
            }
        }
        twin_free(&t);
    }
}
END_TEST

START_TEST(test_logits_without_repeat_weight_read_no_history)
{
    twin t;
    twin_create(&t, TWIN_SHAPES[1], rri_kernels_detect(), 100);
    t.head.has_repeat_weight = false;
    const float *Z = all_logits(&t, RRI_LOGITS_TILE, RRI_LOGITS_STRIP);
    t.menu.history = NULL;
    ck_assert_mem_eq(Z, all_logits(&t, RRI_LOGITS_TILE, RRI_LOGITS_STRIP),
                     t.shape.n * t.width * sizeof(float));
    twin_free(&t);
}
END_TEST

CHECK_MAIN("policy/logits", test_logits_are_the_sum_of_their_terms,
           test_logits_have_the_same_bits_in_any_tile_and_strip,
           test_logits_some_rows_of_a_tile_are_those_rows,
           test_logits_counts_and_vectors_of_positions,
           test_logits_without_repeat_weight_read_no_history)
