/* SPDX-License-Identifier: MIT */
/* log.h: ln x in double from + − · / alone, so that it is the same bits from every compiler and on
 * every machine (a libm promises no such thing). */
#ifndef RRI_CORE_LOG_H
#define RRI_CORE_LOG_H

/* ln x within 1e-15 of scale, for a normal x > 0; NaN for 0, what is below, ∞ and NaN. */
double rri_log_f64(double x);

#endif
