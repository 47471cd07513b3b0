/* SPDX-License-Identifier: MIT */
/* normal.h: sine and cosine in double from + − · / alone, so that random numbers are the
 * same bits from every compiler and on every machine (a libm promises no such thing).
 * Errors are below 1e-15 of scale. */
#ifndef RRI_CORE_NORMAL_H
#define RRI_CORE_NORMAL_H

/* sin 2πu and cos 2πu for u in [0, 1]. */
void rri_normal_turn(double *sine, double *cosine, double u);

/* Two independent standard normals of two uniforms on [0, 1) [Box & Muller 1958]:
 *   r = √(−2 ln(1 − u)),  out = (r cos 2πv, r sin 2πv) */
void rri_normal_pair(double out[2], double u, double v);

#endif
