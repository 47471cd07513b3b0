/* SPDX-License-Identifier: MIT */
/* gradcheck.h: is a gradient that was derived by hand the gradient?
 *
 * The derivative of a scalar loss is measured by a five-point central difference,
 *     D(h) = [8 (ℓ(x + h) − ℓ(x − h)) − (ℓ(x + 2h) − ℓ(x − 2h))] / 12h,   error h⁴ ℓ⁽⁵⁾ / 30,
 * and compared with the gradient, sign and all: an element is wrong unless
 *     |a − b| ≤ tolerance · (1 + |a| + |b|),
 * which no NaN satisfies. A layer is made a loss by a random cotangent r: ℓ = Σ r·y, and its
 * backward is given dy = r (a plain sum through a softmax would have no gradient at all).
 *
 * Where the loss can be spelt a second time in double, x is double, the step 1e-3 and the tolerance
 * what float rounding of the gradient leaves, about 1e-5. Where only the float forward exists,
 * rounding of ℓ (6e-8 of scale) over the step asks for a larger one, 2^-5, and a tolerance of about
 * 2e-4.
 *
 * A kink may not lie within two steps: there the two one-sided differences disagree, and the
 * element is reported. Put x beside the kink, once on each side. */
#ifndef TESTS_SUPPORT_GRADCHECK_H
#define TESTS_SUPPORT_GRADCHECK_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

typedef struct gradcheck {
    const char *name;
    double (*loss)(void *context); /* of the present content of x; reads x through the context */
    void *context;
    double *x;             /* [n] varied and restored; or NULL */
    float *x_float;        /* [n] the same for a float forward; or NULL */
    const float *gradient; /* [n] what backward wrote */
    size_t n;
    double step;      /* 0: 1e-3 for double, 2^-5 for float */
    double tolerance; /* 0: 1e-5 for double, 2e-4 for float */
} gradcheck;

/* Everything that a check can find. */
typedef enum gradcheck_verdict {
    GRADCHECK_RIGHT = 0,
    GRADCHECK_WRONG,     /* an element differs, or is NaN */
    GRADCHECK_NO_SIGNAL, /* the largest element is too small to tell right from zero */
    GRADCHECK_KINK       /* the loss is not smooth within the step */
} gradcheck_verdict;

typedef struct gradcheck_report {
    gradcheck_verdict verdict;
    size_t n_wrong; /* elements */
    size_t index;   /* the first wrong one, or the one at the kink */
    double given, measured;
    char text[256]; /* one sentence, for the test's message */
} gradcheck_report;

gradcheck_report gradcheck_run(const gradcheck *check);

/* The check as an assertion. */
#define ck_assert_gradient(check)                                                                  \
    do {                                                                                           \
        const gradcheck_report gradcheck_result = gradcheck_run(check);                            \
        ck_assert_msg(gradcheck_result.verdict == GRADCHECK_RIGHT, "%s", gradcheck_result.text);   \
    } while (0)

/* Repeatable numbers for tests: x [n] uniform on [low, high). */
void gradcheck_draw(float *x, size_t n, float low, float high, uint64_t seed);

/* A cotangent: signs at random, sizes in [½, 1½), so that no element is lost. */
void gradcheck_cotangent(float *r, size_t n, uint64_t seed);

/* What an output holds before the call: NaN where it is to be written, a pattern where it is to be
 * added to. gradcheck_take_pattern takes it off again; what is left is what was added. */
void gradcheck_fill_nan(float *x, size_t n);
void gradcheck_fill_pattern(float *x, size_t n);
void gradcheck_take_pattern(float *x, size_t n);

#endif
