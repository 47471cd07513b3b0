/* SPDX-License-Identifier: MIT */
#include "nn/activation.h"

#include <math.h>
#include <string.h>

#include "check_run.h"
#include "gradcheck.h"
#include "recrl/recrl.h"

enum { N = 103 };

typedef struct layer {
    int32_t activation;
    double x[N];
    float r[N];
} layer;

static double loss_of(void *context)
{
    const layer *l = context;
    double loss = 0.0;
    for (size_t i = 0; i < N; i++) {
        const double y = l->activation == RR_ACTIVATION_TANH ? tanh(l->x[i]) : fmax(l->x[i], 0.0);
        loss += (double)l->r[i] * y;
    }
    return loss;
}

/* x on [−2, 2]; every tenth beside the kink of relu, once on each side. */
static void assert_gradient(int32_t activation)
{
    const rri_kernels *kernels = rri_kernels_detect();
    layer l = {.activation = activation};
    float x[N], y[N], dx[N];
    gradcheck_draw(x, N, -2.0f, 2.0f, 1);
    gradcheck_cotangent(l.r, N, 2);
    for (size_t i = 0; i < N; i++) {
        if (i % 10 == 0 || fabsf(x[i]) < 0.005f) {
            x[i] = i % 20 == 0 ? 0.01f : -0.01f;
        }
        l.x[i] = (double)x[i];
    }
    gradcheck_fill_nan(y, N);
    gradcheck_fill_nan(dx, N);
    rri_activation_forward(kernels, activation, y, x, N);
    rri_activation_backward(kernels, activation, dx, l.r, y, N);
    const gradcheck check = {.name = activation == RR_ACTIVATION_TANH ? "tanh" : "relu",
                             .loss = loss_of,
                             .context = &l,
                             .x = l.x,
                             .gradient = dx,
                             .n = N,
                             .tolerance = 1e-6};
    ck_assert_gradient(&check);
}

START_TEST(test_activation_tanh_and_relu_by_hand)
{
    const float x[] = {0.0f, -2.0f, 1.0f};
    float y[3];
    rri_activation_forward(rri_kernels_detect(), RR_ACTIVATION_RELU, y, x, 3);
    ck_assert_float_eq(y[0], 0.0f);
    ck_assert_float_eq(y[1], 0.0f);
    ck_assert_float_eq(y[2], 1.0f);
    rri_activation_forward(rri_kernels_detect(), RR_ACTIVATION_TANH, y, x, 3);
    ck_assert_float_eq(y[0], 0.0f);
    ck_assert_float_eq_tol(y[1], -0.9640276f, 1e-6f);
    ck_assert_float_eq_tol(y[2], 0.7615942f, 1e-6f);
}
END_TEST

START_TEST(test_activation_tanh_backward_is_the_gradient)
{
    assert_gradient(RR_ACTIVATION_TANH);
}
END_TEST

START_TEST(test_activation_relu_backward_is_the_gradient_on_both_sides_of_the_kink)
{
    assert_gradient(RR_ACTIVATION_RELU);
}
END_TEST

START_TEST(test_activation_relu_has_no_slope_at_the_kink)
{
    const float y = 0.0f, dy = 3.0f;
    float dx = NAN;
    rri_activation_backward(rri_kernels_detect(), RR_ACTIVATION_RELU, &dx, &dy, &y, 1);
    ck_assert_float_eq(dx, 0.0f);
}
END_TEST

START_TEST(test_activation_works_in_place_with_the_same_bits)
{
    for (int32_t activation = RR_ACTIVATION_TANH; activation <= RR_ACTIVATION_RELU; activation++) {
        const rri_kernels *kernels = rri_kernels_detect();
        float x[N], y[N], dy[N], dx[N];
        gradcheck_draw(x, N, -2.0f, 2.0f, 1);
        gradcheck_draw(dy, N, -2.0f, 2.0f, 2);
        rri_activation_forward(kernels, activation, y, x, N);
        rri_activation_forward(kernels, activation, x, x, N);
        ck_assert_mem_eq(x, y, sizeof y);
        rri_activation_backward(kernels, activation, dx, dy, y, N);
        rri_activation_backward(kernels, activation, dy, dy, y, N);
        ck_assert_mem_eq(dx, dy, sizeof dx);
    }
}
END_TEST

/* With the additions and the products before them, of three rows of 21. */
START_TEST(test_activation_in_one_pass_has_the_bits_of_passes_in_turn)
{
    enum { ROWS = 3, WIDTH = 21, ALL = ROWS * WIDTH };
    const rri_kernels *kernels = rri_kernels_detect();
    float x[ALL], a[ALL], b[ALL], y[ALL], got[ALL];
    const float *a_rows[ROWS], *b_rows[ROWS];
    gradcheck_draw(x, ALL, -1.0f, 1.0f, 1);
    gradcheck_draw(a, ALL, -1.0f, 1.0f, 2);
    gradcheck_draw(b, ALL, -1.0f, 1.0f, 3);
    for (size_t i = 0; i < ROWS; i++) {
        a_rows[i] = a + i * WIDTH;
        b_rows[i] = b + (i + 1) % ROWS * WIDTH;
    }
    for (int32_t activation = RR_ACTIVATION_TANH; activation <= RR_ACTIVATION_RELU; activation++) {
        for (size_t i = 0; i < ALL; i++) {
            y[i] = x[i] + b[i % WIDTH];
        }
        rri_activation_forward(kernels, activation, y, y, ALL);
        memcpy(got, x, sizeof got);
        rri_activation_forward_biased(kernels, activation, got, b, ROWS, WIDTH);
        ck_assert_mem_eq(got, y, sizeof y);

        for (size_t i = 0; i < ALL; i++) {
            y[i] = (x[i] + a[i]) + b_rows[i / WIDTH][i % WIDTH];
        }
        rri_activation_forward(kernels, activation, y, y, ALL);
        memcpy(got, x, sizeof got);
        rri_activation_forward_summed(kernels, activation, got, a_rows, b_rows, ROWS, WIDTH);
        ck_assert_mem_eq(got, y, sizeof y);

        float dy[ALL], dx[ALL];
        for (size_t i = 0; i < ALL; i++) {
            dy[i] = x[i / WIDTH] * b_rows[i / WIDTH][i % WIDTH];
        }
        rri_activation_backward(kernels, activation, dx, dy, y, ALL);
        rri_activation_backward_scaled(kernels, activation, got, x, b_rows, y, ROWS, WIDTH);
        ck_assert_mem_eq(got, dx, sizeof dx);
    }
}
END_TEST

START_TEST(test_activation_passes_nan_on)
{
    const float x = NAN;
    float y = 0.0f;
    rri_activation_forward(rri_kernels_detect(), RR_ACTIVATION_RELU, &y, &x, 1);
    ck_assert(isnan(y));
    y = 0.0f;
    rri_activation_forward(rri_kernels_detect(), RR_ACTIVATION_TANH, &y, &x, 1);
    ck_assert(isnan(y));
}
END_TEST

CHECK_MAIN("nn/activation", test_activation_tanh_and_relu_by_hand,
           test_activation_tanh_backward_is_the_gradient,
           test_activation_relu_backward_is_the_gradient_on_both_sides_of_the_kink,
           test_activation_relu_has_no_slope_at_the_kink,
           test_activation_in_one_pass_has_the_bits_of_passes_in_turn,
           test_activation_works_in_place_with_the_same_bits, test_activation_passes_nan_on)
