/* SPDX-License-Identifier: MIT */
/* lane_probe.h: the inline functions of lanes.h and doubles.h as each level compiles them, for a
 * test that is compiled once. */
#ifndef TESTS_MATH_LANE_PROBE_H
#define TESTS_MATH_LANE_PROBE_H

#include <stddef.h>

typedef struct lane_probe {
    /* y [16] of a, b, c [16] */
    void (*all)(float *y, float x);
    void (*add)(float *y, const float *a, const float *b);
    void (*subtract)(float *y, const float *a, const float *b);
    void (*multiply)(float *y, const float *a, const float *b);
    void (*fma)(float *y, const float *a, const float *b, const float *c);
    void (*max)(float *y, const float *a, const float *b);
    void (*below)(float *y, const float *a);
    void (*exp)(float *y, const float *a);
    void (*tanh)(float *y, const float *a);
    float (*fold)(const float *a);
    float (*fold_max)(const float *a);
    double (*fold_f64)(const float *a);
    void (*fold_eight)(float *y, const float *s); /* s [8, 16] */
    unsigned (*above)(const float *a, const float *b);
    size_t n_doubles;
    void (*doubles)(double *y, const double *a, double x); /* y ← a · x + a, [n_doubles] */
} lane_probe;

extern const lane_probe lane_probe_portable, lane_probe_avx2, lane_probe_avx512;

#endif
