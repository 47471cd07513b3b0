/* SPDX-License-Identifier: MIT */
#include "nn/candidate_net.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "check_run.h"
#include "gradcheck.h"
#include "math/gemm.h"

enum { N = 40, F = 3, D = 5, S = 4, H1 = 6, H2 = 7 };

/* A network of two layers with its memory, and N candidates of three rows. */
typedef struct bench {
    rri_params params;
    rri_candidate_net net;
    float *values;
    float features[N * F], vectors[N * D], rows[3 * H1], queries[3 * H2];
    const float *vector_of[N], *kept[N], *row_of[N], *query_of[N];
    void *block, *stack_block;
    rri_stack scratch;
} bench;

static void lay_out(bench *b, rri_arena *arena)
{
    rri_candidate_net_layout(&b->net, arena, rri_kernels_detect(), false);
    b->values = RRI_TAKE(arena, float, b->params.n_floats);
}

static void open_bench(bench *b)
{
    memset(b, 0, sizeof *b);
    const int32_t hidden[4] = {H1, H2, 0, 0};
    ck_assert_int_eq(
        rri_candidate_net_declare(&b->net, &b->params, hidden, F, D, S, RR_ACTIVATION_TANH, NULL),
        RR_OK);
    rri_arena arena = {0};
    lay_out(b, &arena);
    b->block = aligned_alloc(64, (arena.used + 63) / 64 * 64);
    arena = (rri_arena){.base = b->block};
    lay_out(b, &arena);
    const size_t bytes = rri_candidate_net_scratch(&b->net) + rri_candidate_tape_bytes(&b->net, N);
    b->stack_block = aligned_alloc(64, bytes + 64);
    b->scratch = (rri_stack){.base = b->stack_block, .size = bytes};
    gradcheck_draw(b->values, b->params.n_floats, -0.5f, 0.5f, 1);
    gradcheck_draw(b->features, (size_t)N * F, -1.0f, 1.0f, 2);
    gradcheck_draw(b->vectors, (size_t)N * D, -1.0f, 1.0f, 3);
    gradcheck_draw(b->rows, (size_t)3 * H1, -1.0f, 1.0f, 4);
    gradcheck_draw(b->queries, (size_t)3 * H2, -1.0f, 1.0f, 5);
    for (size_t i = 0; i < N; i++) {
        b->vector_of[i] = b->vectors + i * D;
        b->row_of[i] = b->rows + i % 3 * H1;
        b->query_of[i] = b->queries + i % 3 * H2;
    }
    rri_candidate_net_pack(&b->net, b->values);
}

static void close_bench(bench *b)
{
    ck_assert_uint_eq(b->scratch.used, 0);
    free(b->stack_block);
    free(b->block);
}

/* The last layer's outputs [n, H2] of the candidates from `first` on. */
static void forward(float *out, bench *b, size_t first, size_t n)
{
    const size_t mark = rri_stack_mark(&b->scratch);
    rri_candidate_tape tape = rri_candidate_tape_take(&b->net, N, &b->scratch);
    const rri_candidate_block block = {.n = n,
                                       .features = b->features + first * F,
                                       .vectors = b->vector_of + first,
                                       .kept = b->kept + first,
                                       .rows = b->row_of + first,
                                       .queries = b->query_of + first};
    rri_candidate_net_forward(&b->net, &tape, &block, &b->scratch);
    memcpy(out, tape.outputs[1], n * H2 * sizeof *out);
    rri_stack_rewind(&b->scratch, mark);
}

static double weight(const bench *b, const rri_linear *map, size_t out, size_t in)
{
    return (double)b->values[map->weight_offset + out * map->in + in];
}

START_TEST(test_candidate_net_forward_is_the_formula)
{
    bench b;
    open_bench(&b);
    float out[N * H2];
    forward(out, &b, 0, N);
    for (size_t i = 0; i < N; i++) {
        double h[H1];
        for (size_t o = 0; o < H1; o++) {
            double x = (double)b.row_of[i][o];
            for (size_t j = 0; j < F; j++) {
                x += weight(&b, &b.net.features, o, j) * (double)b.features[i * F + j];
            }
            for (size_t j = 0; j < D; j++) {
                x += weight(&b, &b.net.vectors, o, j) * (double)b.vectors[i * D + j];
            }
            h[o] = tanh(x);
        }
        for (size_t o = 0; o < H2; o++) {
            double y = (double)b.values[b.net.layers[0].bias_offset + o];
            for (size_t j = 0; j < H1; j++) {
                y += weight(&b, &b.net.layers[0], o, j) * h[j];
            }
            ck_assert_double_eq_tol((double)out[i * H2 + o], tanh(y), 2e-6);
        }
    }
    close_bench(&b);
}
END_TEST

/* One by one, together, and with products that were made before. */
START_TEST(test_candidate_net_has_the_same_bits_in_any_block)
{
    bench b;
    open_bench(&b);
    float whole[N * H2], alone[N * H2], products[N * H1];
    forward(whole, &b, 0, N);
    for (size_t i = 0; i < N; i++) {
        forward(alone + i * H2, &b, i, 1);
    }
    ck_assert_mem_eq(whole, alone, sizeof whole);
    for (size_t i = 0; i < N; i += 2) {
        rri_gemm_row(rri_kernels_detect(), products + i * H1, b.vectors + i * D,
                     b.net.vectors.forward_panels, H1, D, H1);
        b.kept[i] = products + i * H1;
    }
    forward(alone, &b, 0, N);
    ck_assert_mem_eq(whole, alone, sizeof whole);
    close_bench(&b);
}
END_TEST

START_TEST(test_candidate_net_starts_with_a_last_layer_of_zero)
{
    bench b;
    open_bench(&b);
    void *scratch = malloc(rri_candidate_net_init_scratch(&b.net));
    rri_candidate_net_init(&b.net, b.values, 3, scratch);
    free(scratch);
    for (size_t i = 0; i < (size_t)H2 * D; i++) {
        ck_assert(b.values[b.net.query.weight_offset + i] == 0.0f);
    }
    for (size_t i = 0; i < H2; i++) {
        ck_assert(b.values[b.net.query.bias_offset + i] == 0.0f);
    }
    ck_assert(b.values[b.net.features.weight_offset] != 0.0f);
    ck_assert(b.values[b.net.layers[0].weight_offset] != 0.0f);
    close_bench(&b);
}
END_TEST

CHECK_MAIN("nn/candidate_net", test_candidate_net_forward_is_the_formula,
           test_candidate_net_has_the_same_bits_in_any_block,
           test_candidate_net_starts_with_a_last_layer_of_zero)
