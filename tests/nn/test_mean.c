/* SPDX-License-Identifier: MIT */
#include "nn/mean.h"

#define RIG_OF mean
#include "nn/encoder_rig.h"

enum { E = 7 };

static const rri_encoder_shape SHAPE = {.width = E};

static void twin_row(double *e, const rig *b, const float *tokens, size_t length)
{
    double mean[RIG_D] = {0};
    for (size_t t = 0; t < length; t++) {
        for (size_t j = 0; j < RIG_D; j++) {
            mean[j] += (double)tokens[t * RIG_D + j] / (double)length;
        }
    }
    twin_map(e, b, &b->net.map, mean);
    for (size_t j = 0; length == 0 && j < E; j++) {
        e[j] = b->twin[b->net.empty + j];
    }
}

START_TEST(test_mean_forward_is_the_formula)
{
    rig b;
    rig_open(&b, SHAPE);
    check_forward(&b);
    rig_close(&b);
}
END_TEST

START_TEST(test_mean_gradient_is_that_of_the_twin)
{
    rig b;
    rig_open(&b, SHAPE);
    check_gradients(&b);
    rig_close(&b);
}
END_TEST

START_TEST(test_mean_row_has_the_same_bits_beside_any_rows)
{
    rig b;
    rig_open(&b, SHAPE);
    check_rows_alone(&b);
    rig_close(&b);
}
END_TEST

START_TEST(test_mean_starts_with_a_map_and_no_vector_for_no_history)
{
    rig b;
    rig_open(&b, SHAPE);
    check_start(&b);
    rig_close(&b);
}
END_TEST

CHECK_MAIN("nn/mean", test_mean_forward_is_the_formula, test_mean_gradient_is_that_of_the_twin,
           test_mean_row_has_the_same_bits_beside_any_rows,
           test_mean_starts_with_a_map_and_no_vector_for_no_history)
