/* SPDX-License-Identifier: MIT */
/* date_time.h: "2019-11-24 00:00:13.004101+00:00" as microseconds since 1970 in UTC.
 *
 * Date and time are separated by a space or a T; a fraction of the second of up to nine digits
 * (what is finer than a microsecond is cut off), and Z, UTC or an offset of hours and minutes, may
 * follow. Without an offset the time is taken as UTC; a date alone is its midnight. Proleptic
 * Gregorian, years 1 … 9999. */
#ifndef RRI_DATA_DATE_TIME_H
#define RRI_DATA_DATE_TIME_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* False when the text is no such time, or a date that is not in the calendar. */
bool rri_date_time_parse(int64_t *microseconds, const char *text, size_t length);

#endif
