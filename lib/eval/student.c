/* SPDX-License-Identifier: MIT */
#include "eval/student.h"

#include <math.h>

/* From nine degrees on the expansion in 1/ν [Abramowitz and Stegun 26.7.5] is near enough. */
double rri_student_point(size_t freedom)
{
    static const double few[] = {12.706204736, 4.302652730, 3.182446305, 2.776445105,
                                 2.570581836,  2.446911851, 2.364624252, 2.306004135};
    if (freedom <= sizeof few / sizeof few[0]) {
        return few[freedom - 1];
    }
    const double z = 1.959963984540054;
    const double s = z * z;
    const double v = 1.0 / (double)freedom;
    const double g1 = z * (s + 1.0) / 4.0;
    const double g2 = z * ((5.0 * s + 16.0) * s + 3.0) / 96.0;
    const double g3 = z * (((3.0 * s + 19.0) * s + 17.0) * s - 15.0) / 384.0;
    const double g4 = z * ((((79.0 * s + 776.0) * s + 1482.0) * s - 1920.0) * s - 945.0) / 92160.0;
    return z + v * (g1 + v * (g2 + v * (g3 + v * g4)));
}

double rri_student_half_width(double squares, size_t n)
{
    if (n < 2) {
        return (double)NAN;
    }
    const double of_n = (double)n;
    return rri_student_point(n - 1) * sqrt(squares / (of_n - 1.0) / of_n);
}
