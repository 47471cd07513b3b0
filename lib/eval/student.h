/* SPDX-License-Identifier: MIT */
/* student.h: the 95 % interval of a mean of few values. docs/maths.md §8.
 *
 *   half width = t · s / √n,  t the 97.5 % point of Student's t with n − 1 degrees of freedom
 *
 * [Student 1908] Over 2, 3, 5 or 10 seeds 1.96 standard errors would cover 70, 81, 88, 92 %. */
#ifndef RRI_EVAL_STUDENT_H
#define RRI_EVAL_STUDENT_H

#include <stddef.h>

/* 97.5 % of Student's t with `freedom` ≥ 1 degrees of freedom lie below, within 2e-5. */
double rri_student_point(size_t freedom);

/* Half width of the interval of a mean whose n values have this sum of squared deviations from it;
 * NaN for n < 2. */
double rri_student_half_width(double squares, size_t n);

#endif
