/* SPDX-License-Identifier: MIT */
#include "nn/gru.h"

#define RIG_OF gru
#include "nn/encoder_rig.h"

enum { E = 7 };

static const rri_encoder_shape SHAPE = {.width = E};

static double sigmoid(double x)
{
    return 1.0 / (1.0 + exp(-x));
}

static void twin_row(double *e, const rig *b, const float *tokens, size_t length)
{
    for (size_t j = 0; j < E; j++) {
        e[j] = b->twin[b->net.start + j];
    }
    for (size_t t = 0; t < length; t++) {
        double x[RIG_D], of_x[3 * E], of_h[3 * E];
        for (size_t j = 0; j < RIG_D; j++) {
            x[j] = (double)tokens[t * RIG_D + j];
        }
        twin_map(of_x, b, &b->net.input, x);
        twin_map(of_h, b, &b->net.hidden, e);
        for (size_t j = 0; j < E; j++) {
            const double r = sigmoid(of_x[j] + of_h[j]), z = sigmoid(of_x[E + j] + of_h[E + j]);
            const double n = tanh(of_x[2 * E + j] + r * of_h[2 * E + j]);
            e[j] = (1.0 - z) * n + z * e[j];
        }
    }
}

START_TEST(test_gru_forward_is_the_formula)
{
    rig b;
    rig_open(&b, SHAPE);
    check_forward(&b);
    rig_close(&b);
}
END_TEST

START_TEST(test_gru_gradient_is_that_of_the_twin)
{
    rig b;
    rig_open(&b, SHAPE);
    check_gradients(&b);
    rig_close(&b);
}
END_TEST

START_TEST(test_gru_row_has_the_same_bits_beside_any_rows)
{
    rig b;
    rig_open(&b, SHAPE);
    check_rows_alone(&b);
    rig_close(&b);
}
END_TEST

START_TEST(test_gru_starts_from_a_hidden_state_of_zero)
{
    rig b;
    rig_open(&b, SHAPE);
    check_start(&b);
    rig_close(&b);
}
END_TEST

CHECK_MAIN("nn/gru", test_gru_forward_is_the_formula, test_gru_gradient_is_that_of_the_twin,
           test_gru_row_has_the_same_bits_beside_any_rows,
           test_gru_starts_from_a_hidden_state_of_zero)
