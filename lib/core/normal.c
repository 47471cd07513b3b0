/* SPDX-License-Identifier: MIT */
#include "core/normal.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* Coefficients of s²ᵏ/(2k + 3), (−1)ᵏ x²ᵏ/(2k + 1)! and (−1)ᵏ x²ᵏ/(2k)!, the highest power first.
 */
enum { N_LOG = 11, N_TURN = 9 };
static const double log_series[N_LOG] = {1.0 / 23.0, 1.0 / 21.0, 1.0 / 19.0, 1.0 / 17.0,
                                         1.0 / 15.0, 1.0 / 13.0, 1.0 / 11.0, 1.0 / 9.0,
                                         1.0 / 7.0,  1.0 / 5.0,  1.0 / 3.0};
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

/* x = m · 2^e with m in [√½, √2);  ln m = 2 artanh s with s = (m − 1)/(m + 1), |s| < 0.172. The
 * series s + s³/3 + s⁵/5 + … is cut where a term falls below 2⁻⁵⁶ of the first. */
double rri_normal_log(double x)
{
    uint64_t bits = 0;
    memcpy(&bits, &x, sizeof bits);
    int exponent = (int)(bits >> 52) - 1023;
    bits = (bits & UINT64_C(0x000FFFFFFFFFFFFF)) | UINT64_C(0x3FF0000000000000);
    double m = 0.0;
    memcpy(&m, &bits, sizeof m);
    if (m > 0x1.6a09e667f3bcdp+0) {
        m *= 0.5;
        exponent++;
    }
    const double s = (m - 1.0) / (m + 1.0);
    const double s2 = s * s;
    double series = 0.0;
    for (int i = 0; i < N_LOG; i++) {
        series = series * s2 + log_series[i];
    }
    const double ln2_high = 0x1.62e42fefap-1; /* 33 bits: times an exponent it is exact */
    const double ln2_low = 0x1.cf79abc9e3b39p-40;
    return (double)exponent * ln2_high +
           (2.0 * s + (2.0 * s * s2 * series + (double)exponent * ln2_low));
}

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
    const double radius = sqrt(-2.0 * rri_normal_log(1.0 - u));
    out[0] = radius * cosine;
    out[1] = radius * sine;
}
