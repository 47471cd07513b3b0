/* SPDX-License-Identifier: MIT */
#include "nn/transformer.h"

#define RIG_OF transformer
#include "nn/encoder_rig.h"

enum { E = 6, H = 2 };

static const rri_encoder_shape SHAPE = {.width = E, .n_layers = 2, .n_heads = H};

static void twin_norm(double *y, const rig *b, const rri_layer_norm *norm, const double *x)
{
    double mean = 0.0, variance = 0.0;
    for (size_t j = 0; j < E; j++) {
        mean += x[j] / E;
    }
    for (size_t j = 0; j < E; j++) {
        variance += (x[j] - mean) * (x[j] - mean) / E;
    }
    for (size_t j = 0; j < E; j++) {
        y[j] = b->twin[norm->gain + j] * (x[j] - mean) / sqrt(variance + 1e-5) +
               b->twin[norm->bias + j];
    }
}

/* y [E] of the token at place t of u [.., E]. */
static void twin_attention(double *y, const rig *b, const rri_transformer_layer *layer,
                           double u[][E], size_t t)
{
    double normal[E], q[E], kv[RIG_WINDOW][2 * E];
    twin_norm(normal, b, &layer->norm_attention, u[t]);
    twin_map(q, b, &layer->query, normal);
    for (size_t s = 0; s <= t; s++) {
        twin_norm(normal, b, &layer->norm_attention, u[s]);
        twin_map(kv[s], b, &layer->keys_values, normal);
    }
    memset(y, 0, E * sizeof *y);
    for (size_t head = 0; head < H; head++) {
        const size_t d = E / H, at = head * d;
        double p[RIG_WINDOW], sum = 0.0;
        for (size_t s = 0; s <= t; s++) {
            p[s] = b->twin[layer->distance + head * RIG_WINDOW + t - s];
            for (size_t j = 0; j < d; j++) {
                p[s] += q[at + j] * kv[s][at + j] / sqrt((double)d);
            }
            p[s] = exp(p[s]);
            sum += p[s];
        }
        for (size_t s = 0; s <= t; s++) {
            for (size_t j = 0; j < d; j++) {
                y[at + j] += p[s] / sum * kv[s][E + at + j];
            }
        }
    }
}

static void twin_layer(double to[][E], const rig *b, const rri_transformer_layer *layer,
                       double u[][E], size_t length)
{
    for (size_t t = 0; t < length; t++) {
        double mixed[E], part[E], normal[E], hidden[2 * E];
        twin_attention(mixed, b, layer, u, t);
        twin_map(part, b, &layer->out, mixed);
        for (size_t j = 0; j < E; j++) {
            to[t][j] = u[t][j] + part[j];
        }
        twin_norm(normal, b, &layer->norm_feed, to[t]);
        twin_map(hidden, b, &layer->up, normal);
        for (size_t j = 0; j < 2 * E; j++) {
            hidden[j] *= 0.5 * erfc(-hidden[j] / sqrt(2.0));
        }
        twin_map(part, b, &layer->down, hidden);
        for (size_t j = 0; j < E; j++) {
            to[t][j] += part[j];
        }
    }
}

static void twin_row(double *e, const rig *b, const float *tokens, size_t length)
{
    double u[RIG_WINDOW][E], next[RIG_WINDOW][E];
    for (size_t t = 0; t < length; t++) {
        double x[RIG_D];
        for (size_t j = 0; j < RIG_D; j++) {
            x[j] = (double)tokens[t * RIG_D + j];
        }
        twin_map(u[t], b, &b->net.input, x);
    }
    for (size_t l = 0; l < b->net.n_layers; l++) {
        twin_layer(next, b, &b->net.layers[l], u, length);
        memcpy(u, next, sizeof u);
    }
    memcpy(e, length > 0 ? u[length - 1] : b->twin + b->net.empty, E * sizeof *e);
}

static rri_encoder_shape shape_of(size_t n_layers)
{
    rri_encoder_shape shape = SHAPE;
    shape.n_layers = n_layers;
    return shape;
}

START_TEST(test_transformer_forward_is_the_formula)
{
    for (size_t n_layers = 1; n_layers <= 3; n_layers++) {
        rig b;
        rig_open(&b, shape_of(n_layers));
        check_forward(&b);
        rig_close(&b);
    }
}
END_TEST

START_TEST(test_transformer_gradient_is_that_of_the_twin)
{
    for (size_t n_layers = 1; n_layers <= 2; n_layers++) {
        rig b;
        rig_open(&b, shape_of(n_layers));
        check_gradients(&b);
        rig_close(&b);
    }
}
END_TEST

START_TEST(test_transformer_row_has_the_same_bits_beside_any_rows)
{
    rig b;
    rig_open(&b, SHAPE);
    check_rows_alone(&b);
    rig_close(&b);
}
END_TEST

START_TEST(test_transformer_starts_with_layers_that_pass_the_last_token_on)
{
    rig b;
    rig_open(&b, SHAPE);
    check_start(&b);
    rig_close(&b);
}
END_TEST

CHECK_MAIN("nn/transformer", test_transformer_forward_is_the_formula,
           test_transformer_gradient_is_that_of_the_twin,
           test_transformer_row_has_the_same_bits_beside_any_rows,
           test_transformer_starts_with_layers_that_pass_the_last_token_on)
