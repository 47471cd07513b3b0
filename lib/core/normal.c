/* SPDX-License-Identifier: MIT */
#include "core/normal.h"

#include <math.h>

#include "core/log.h"

/* Coefficients of (−1)ᵏ x²ᵏ/(2k + 1)! and (−1)ᵏ x²ᵏ/(2k)!, the highest power first. */
enum { N_TURN = 9 };
static const double sine_series[N_TURN] = {1.0 / 355687428096000.0,
                                           -1.0 / 1307674368000.0,
                                           1.0 / 6227020800.0,
                                           -1.0 / 39916800.0,
                                           1.0 / 362880.0,
                                           -1.0 / 5040.0,
                                           1.0 / 120.0,
                                           -1.0 / 6.0,
                                           1.0};
static const double cosine_series[N_TURN] = {1.0 / 20922789888000.0,
                                             -1.0 / 87178291200.0,
                                             1.0 / 479001600.0,
                                             -1.0 / 3628800.0,
                                             1.0 / 40320.0,
                                             -1.0 / 720.0,
                                             1.0 / 24.0,
                                             -1.0 / 2.0,
                                             1.0};

/* u = q/4 + r with |r| ≤ 1/8 exactly, so the Taylor series run on |x| ≤ π/4. */
void rri_normal_turn(double *sine, double *cosine, double u)
{
    const int quarter = (int)(4.0 * u + 0.5);
    const double x = 0x1.921fb54442d18p+2 * (u - 0.25 * (double)quarter);
    const double x2 = x * x;
    double s = 0.0;
    double c = 0.0;
    for (int i = 0; i < N_TURN; i++) {
        s = s * x2 + sine_series[i];
        c = c * x2 + cosine_series[i];
    }
    s *= x;
    const int turn = quarter & 3;
    *sine = turn == 0 ? s : turn == 1 ? c : turn == 2 ? -s : -c;
    *cosine = turn == 0 ? c : turn == 1 ? -s : turn == 2 ? -c : s;
}

void rri_normal_pair(double out[2], double u, double v)
{
    double sine = 0.0;
    double cosine = 0.0;
    rri_normal_turn(&sine, &cosine, v);
    const double radius = sqrt(-2.0 * rri_log_f64(1.0 - u));
    out[0] = radius * cosine;
    out[1] = radius * sine;
}
