/* SPDX-License-Identifier: MIT */
#include "core/log.h"

#include <math.h>
#include <stdint.h>
#include <string.h>

/* Coefficients of s²ᵏ/(2k + 3), the highest power first. */
enum { N_LOG = 11 };
static const double log_series[N_LOG] = {1.0 / 23.0, 1.0 / 21.0, 1.0 / 19.0, 1.0 / 17.0,
                                         1.0 / 15.0, 1.0 / 13.0, 1.0 / 11.0, 1.0 / 9.0,
                                         1.0 / 7.0,  1.0 / 5.0,  1.0 / 3.0};

/* x = m · 2^e with m in [√½, √2);  ln m = 2 artanh s with s = (m − 1)/(m + 1), |s| < 0.172. The
 * series s + s³/3 + s⁵/5 + … is cut where a term falls below 2⁻⁵⁶ of the first. */
double rri_log_f64(double x)
{
    if (!(x > 0.0) || x == (double)INFINITY) {
        return (double)NAN;
    }
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
