/* SPDX-License-Identifier: MIT */
#include "gradcheck.h"

#include <math.h>
#include <stdio.h>

#include "check_run.h"

enum { FEW = 16 }; /* elements that the quick tier checks all of; of more it takes every seventh */

static void move(const gradcheck *check, size_t i, double x)
{
    if (check->x != NULL) {
        check->x[i] = x;
    } else {
        check->x_float[i] = (float)x;
    }
}

/* ℓ at x − 2h … x + 2h, of which the middle is known; x_i restored. */
static void sample(const gradcheck *check, size_t i, double step, double middle, double loss[5])
{
    const double x = check->x != NULL ? check->x[i] : (double)check->x_float[i];
    for (int k = -2; k <= 2; k++) {
        if (k != 0) {
            move(check, i, x + (double)k * step);
            loss[k + 2] = check->loss(check->context);
        }
    }
    loss[2] = middle;
    move(check, i, x);
}

static double central_difference(const double loss[5], double step)
{
    return (8.0 * (loss[3] - loss[1]) - (loss[4] - loss[0])) / (12.0 * step);
}

/* Differences to the left and to the right, each exact to second order: a smooth loss makes them
 * agree to h² ℓ''', a kink leaves its whole jump between them. */
static bool has_kink(const double loss[5], double step)
{
    const double left = (3.0 * loss[2] - 4.0 * loss[1] + loss[0]) / (2.0 * step);
    const double right = (-3.0 * loss[2] + 4.0 * loss[3] - loss[4]) / (2.0 * step);
    return fabs(left - right) > 0.05 * (1.0 + fabs(left) + fabs(right));
}

static bool is_close(double a, double b, double tolerance)
{
    return fabs(a - b) <= tolerance * (1.0 + fabs(a) + fabs(b));
}

static void describe(gradcheck_report *report, const gradcheck *check)
{
    switch (report->verdict) {
    case GRADCHECK_RIGHT:
        snprintf(report->text, sizeof report->text, "%s: right", check->name);
        break;
    case GRADCHECK_WRONG:
        snprintf(report->text, sizeof report->text,
                 "%s: %zu of %zu elements are wrong; element %zu is given as %g and measured as %g",
                 check->name, report->n_wrong, check->n, report->index, report->given,
                 report->measured);
        break;
    case GRADCHECK_NO_SIGNAL:
        snprintf(report->text, sizeof report->text,
                 "%s: the largest of %zu elements is %g; that is too small to check", check->name,
                 check->n, report->measured);
        break;
    case GRADCHECK_KINK:
        snprintf(report->text, sizeof report->text,
                 "%s: the loss has a kink within two steps of element %zu", check->name,
                 report->index);
        break;
    }
}

/* Judges element i; returns the measured derivative. */
static double judge(gradcheck_report *report, const gradcheck *check, size_t i, double step,
                    double middle, double tolerance)
{
    double loss[5];
    sample(check, i, step, middle, loss);
    const double measured = central_difference(loss, step);
    const double given = (double)check->gradient[i];
    if (has_kink(loss, step) && report->verdict == GRADCHECK_RIGHT) {
        report->verdict = GRADCHECK_KINK;
        report->index = i;
    } else if (!is_close(given, measured, tolerance)) {
        if (report->n_wrong == 0) {
            report->verdict = GRADCHECK_WRONG;
            report->index = i;
            report->given = given;
            report->measured = measured;
        }
        report->n_wrong++;
    }
    return measured;
}

gradcheck_report gradcheck_run(const gradcheck *check)
{
    const bool is_double = check->x != NULL;
    const double step = check->step > 0.0 ? check->step : (is_double ? 1e-3 : 0x1p-5);
    const double tolerance = check->tolerance > 0.0 ? check->tolerance : (is_double ? 1e-5 : 2e-4);

    gradcheck_report report = {.verdict = GRADCHECK_RIGHT};
    const double middle = check->loss(check->context);
    double largest = 0.0;
    const size_t stride = check->n > FEW ? check_step(7) : 1;
    for (size_t i = 0; i < check->n; i += stride) {
        largest = fmax(largest, fabs(judge(&report, check, i, step, middle, tolerance)));
    }
    if (report.verdict == GRADCHECK_RIGHT && !(largest >= 100.0 * tolerance)) {
        report.verdict = GRADCHECK_NO_SIGNAL;
        report.measured = largest;
    }
    describe(&report, check);
    return report;
}

/* SplitMix64's finaliser over a counter. */
static uint64_t mix(uint64_t seed, uint64_t i)
{
    uint64_t z = seed * 0xd1342543de82ef95u + (i + 1) * 0x9e3779b97f4a7c15u;
    z = (z ^ (z >> 30)) * 0xbf58476d1ce4e5b9u;
    z = (z ^ (z >> 27)) * 0x94d049bb133111ebu;
    return z ^ (z >> 31);
}

void gradcheck_draw(float *x, size_t n, float low, float high, uint64_t seed)
{
    for (size_t i = 0; i < n; i++) {
        const double uniform = (double)(mix(seed, i) >> 11) * 0x1p-53;
        x[i] = (float)((double)low + ((double)high - (double)low) * uniform);
    }
}

void gradcheck_cotangent(float *r, size_t n, uint64_t seed)
{
    gradcheck_draw(r, n, -1.0f, 1.0f, seed);
    for (size_t i = 0; i < n; i++) {
        r[i] += r[i] < 0.0f ? -0.5f : 0.5f;
    }
}

void gradcheck_fill_nan(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        x[i] = NAN;
    }
}

/* Small whole numbers, of which nothing is lost when they are added and taken off. */
static float pattern(size_t i)
{
    return (float)(i % 7) - 3.0f;
}

void gradcheck_fill_pattern(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        x[i] = pattern(i);
    }
}

void gradcheck_take_pattern(float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        x[i] -= pattern(i);
    }
}
