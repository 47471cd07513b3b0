/* SPDX-License-Identifier: MIT */
#include "nn/item_tower.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check_run.h"
#include "gradcheck.h"

enum { N = 1300, F = 4, D = 5, H = 6 };

static const float SCALE = 0.75f;

/* A tower of one hidden layer, or of none, with its memory, and N items. */
typedef struct bench {
    rri_params params;
    rri_item_tower tower;
    float *values, *gradients, *table, *features, *base;
    void *block;
} bench;

static void lay_out(bench *b, rri_arena *arena)
{
    rri_item_tower_layout(&b->tower, arena, rri_kernels_detect(), N);
    b->values = RRI_TAKE(arena, float, b->params.n_floats);
    b->gradients = RRI_TAKE(arena, float, b->params.n_floats);
    b->table = RRI_TAKE(arena, float, (size_t)N *D);
    b->base = RRI_TAKE(arena, float, (size_t)N *D);
    b->features = RRI_TAKE(arena, float, (size_t)N *F);
}

static void open_bench(bench *b, int32_t width, bool is_trained)
{
    memset(b, 0, sizeof *b);
    const int32_t hidden[4] = {width, 0, 0, 0};
    b->params.n_floats = 64; /* something lies in front */
    ck_assert_int_eq(rri_item_tower_declare(&b->tower, &b->params, hidden, F, D, RR_ACTIVATION_TANH,
                                            SCALE, NULL),
                     RR_OK);
    b->tower.is_trained = is_trained;
    rri_arena arena = {0};
    lay_out(b, &arena);
    b->block = aligned_alloc(64, (arena.used + 63) / 64 * 64);
    memset(b->block, 0, arena.used);
    arena = (rri_arena){.base = b->block};
    lay_out(b, &arena);
    gradcheck_draw(b->values, b->params.n_floats, -0.5f, 0.5f, 1);
    gradcheck_draw(b->base, (size_t)N * D, -1.0f, 1.0f, 2);
    gradcheck_draw(b->features, (size_t)N * F, -1.0f, 1.0f, 3);
    rri_item_tower_pack(&b->tower, b->values);
}

static void make_table(bench *b)
{
    for (size_t shard = 0; shard < b->tower.n_shards; shard++) {
        rri_item_tower_forward(b->table, &b->tower, b->base, b->features, shard);
    }
}

/* V_i by the formula, in double. */
static void expect_row(const bench *b, size_t i)
{
    const rri_mlp *mlp = &b->tower.mlp;
    double h[F > H ? F : H];
    size_t n = F;
    for (size_t j = 0; j < F; j++) {
        h[j] = (double)b->features[i * F + j];
    }
    for (size_t l = 0; l < mlp->shape.n_layers; l++) {
        const rri_linear *layer = &mlp->layers[l];
        double y[F > H ? F : H] = {0};
        for (size_t o = 0; o < layer->out; o++) {
            y[o] = layer->has_bias ? (double)b->values[layer->bias_offset + o] : 0.0;
            for (size_t j = 0; j < n; j++) {
                y[o] += (double)b->values[layer->weight_offset + o * n + j] * h[j];
            }
            y[o] = l + 1 < mlp->shape.n_layers ? tanh(y[o]) : y[o];
        }
        n = layer->out;
        memcpy(h, y, sizeof h);
    }
    for (size_t c = 0; c < D; c++) {
        const double wanted = (double)b->base[i * D + c] + (double)SCALE * h[c];
        ck_assert_double_eq_tol((double)b->table[i * D + c], wanted, 2e-6);
    }
}

START_TEST(test_item_tower_forward_is_the_formula_for_every_item)
{
    for (int32_t width = 0; width <= H; width += H) {
        bench b;
        open_bench(&b, width, true);
        ck_assert_uint_eq(b.tower.n_shards, 6); /* of 256 */
        make_table(&b);
        for (size_t i = 0; i < N; i++) {
            expect_row(&b, i);
        }
        free(b.block);
    }
}
END_TEST

/* Not at them: where they are zeros, T has to have a slope. */
START_TEST(test_item_tower_starts_near_the_vectors_themselves)
{
    bench b;
    open_bench(&b, H, true);
    void *scratch = aligned_alloc(64, (rri_item_tower_init_scratch(&b.tower) + 63) / 64 * 64 + 64);
    rri_item_tower_init(&b.tower, b.values, 7, scratch);
    rri_item_tower_pack(&b.tower, b.values);
    make_table(&b);
    double squares = 0.0;
    for (size_t i = 0; i < (size_t)N * D; i++) {
        squares += pow((double)b.table[i] - (double)b.base[i], 2.0) / N;
    }
    ck_assert_double_gt(sqrt(squares), 1e-4); /* the length of c T(g) */
    ck_assert_double_lt(sqrt(squares), 0.05);
    free(scratch);
    free(b.block);
}
END_TEST

/* One shard or several, the bits of a row are the same. */
START_TEST(test_item_tower_of_one_shard_makes_the_same_bits)
{
    bench a, b;
    open_bench(&a, H, true);
    open_bench(&b, H, false);
    ck_assert_uint_eq(b.tower.n_shards, 1);
    make_table(&a);
    make_table(&b);
    ck_assert_mem_eq(a.table, b.table, (size_t)N * D * sizeof(float));
    free(a.block);
    free(b.block);
}
END_TEST

/* Two of three items have slopes. */
static float slope_of(size_t item, size_t coordinate)
{
    return item % 3 == 1 ? 0.0f : ((float)(item % 7) - 3.0f) * 0.01f + (float)coordinate * 0.001f;
}

/* Σ dV · V over all items. */
static double loss_of(void *context)
{
    bench *b = context;
    rri_item_tower_pack(&b->tower, b->values);
    make_table(b);
    double loss = 0.0;
    for (size_t i = 0; i < N; i++) {
        for (size_t c = 0; c < D; c++) {
            loss += (double)b->table[i * D + c] * (double)slope_of(i, c);
        }
    }
    return loss;
}

START_TEST(test_item_tower_gradient_is_that_of_the_sum_over_all_items)
{
    for (int32_t width = 0; width <= H; width += H) {
        bench b;
        open_bench(&b, width, true);
        float *d_table = malloc((size_t)N * D * sizeof *d_table);
        for (size_t i = 0; i < (size_t)N * D; i++) {
            d_table[i] = slope_of(i / D, i % D);
        }
        gradcheck_fill_nan(b.gradients, b.params.n_floats);
        for (size_t shard = b.tower.n_shards; shard-- > 0;) { /* in any order */
            rri_item_tower_backward(&b.tower, d_table, b.features, shard);
        }
        rri_item_tower_collect(b.gradients, &b.tower);
        ck_assert(isnan(b.gradients[0])); /* what lies in front is not the tower's */
        for (size_t p = 0; p < b.params.n_params; p++) {
            const rri_param *param = &b.params.entries[p];
            const gradcheck check = {.name = param->name,
                                     .loss = loss_of,
                                     .context = &b,
                                     .x_float = b.values + param->offset,
                                     .gradient = b.gradients + param->offset,
                                     .n = param->size};
            ck_assert_gradient(&check);
        }
        free(d_table);
        free(b.block);
    }
}
END_TEST

CHECK_MAIN("nn/item_tower", test_item_tower_forward_is_the_formula_for_every_item,
           test_item_tower_starts_near_the_vectors_themselves,
           test_item_tower_of_one_shard_makes_the_same_bits,
           test_item_tower_gradient_is_that_of_the_sum_over_all_items)
