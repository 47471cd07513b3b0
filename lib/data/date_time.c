/* SPDX-License-Identifier: MIT */
/* date_time.c: fixed places, then what may follow. */
#include "data/date_time.h"

#include <string.h>

typedef struct cursor {
    const char *at, *end;
} cursor;

/* Exactly n digits, of a value in [least, most]. */
static bool take_number(cursor *c, int64_t *out, size_t n, int64_t least, int64_t most)
{
    int64_t value = 0;
    if ((size_t)(c->end - c->at) < n) {
        return false;
    }
    for (size_t i = 0; i < n; i++) {
        const char digit = *c->at++;
        if (digit < '0' || digit > '9') {
            return false;
        }
        value = value * 10 + (digit - '0');
    }
    *out = value;
    return value >= least && value <= most;
}

static bool take(cursor *c, char a, char b)
{
    const bool is_there = c->at < c->end && (*c->at == a || *c->at == b);
    c->at += is_there ? 1 : 0;
    return is_there;
}

static int64_t days_of_month(int64_t year, int64_t month)
{
    static const int8_t days[12] = {31, 28, 31, 30, 31, 30, 31, 31, 30, 31, 30, 31};
    const bool is_leap = (year % 4 == 0 && year % 100 != 0) || year % 400 == 0;
    return days[month - 1] + (month == 2 && is_leap ? 1 : 0);
}

/* Days since 1970-01-01. Years are counted from March, so that a leap day is a year's last. */
static int64_t days_since_1970(int64_t year, int64_t month, int64_t day)
{
    const int64_t y = month > 2 ? year : year - 1;
    const int64_t months = month > 2 ? month - 3 : month + 9;
    const int64_t before_year = 365 * y + y / 4 - y / 100 + y / 400;
    return before_year + (153 * months + 2) / 5 + day - 1 - 719468;
}

static bool take_fraction(cursor *c, int64_t *microseconds)
{
    int64_t unit = 100000;
    size_t n = 0;
    for (; c->at < c->end && *c->at >= '0' && *c->at <= '9'; c->at++, n++) {
        *microseconds += unit * (*c->at - '0');
        unit /= 10;
    }
    return n >= 1 && n <= 9;
}

/* "UTC" or " UTC", and nothing behind it. */
static bool take_utc(cursor *c)
{
    const char *const name = c->at < c->end && *c->at == ' ' ? c->at + 1 : c->at;
    const bool is_there = c->end - name == 3 && memcmp(name, "UTC", 3) == 0;
    c->at = is_there ? c->end : c->at;
    return is_there;
}

/* Seconds by which the clock is ahead of UTC. */
static bool take_offset(cursor *c, int64_t *offset)
{
    *offset = 0;
    if (c->at == c->end || take(c, 'Z', 'Z') || take_utc(c)) {
        return true;
    }
    const bool is_behind = *c->at == '-';
    int64_t hours = 0, minutes = 0;
    if (!take(c, '+', '-') || !take_number(c, &hours, 2, 0, 23)) {
        return false;
    }
    (void)take(c, ':', ':');
    if (!take_number(c, &minutes, 2, 0, 59)) {
        return false;
    }
    *offset = (is_behind ? -60 : 60) * (60 * hours + minutes);
    return true;
}

bool rri_date_time_parse(int64_t *microseconds, const char *text, size_t length)
{
    cursor c = {text, text + length};
    int64_t year, month, day, hour = 0, minute = 0, second = 0, offset = 0, fraction = 0;
    if (!take_number(&c, &year, 4, 1, 9999) || !take(&c, '-', '-') ||
        !take_number(&c, &month, 2, 1, 12) || !take(&c, '-', '-') ||
        !take_number(&c, &day, 2, 1, days_of_month(year, month))) {
        return false;
    }
    const bool has_clock = c.at != c.end;
    if (has_clock && (!take(&c, ' ', 'T') || !take_number(&c, &hour, 2, 0, 23) ||
                      !take(&c, ':', ':') || !take_number(&c, &minute, 2, 0, 59) ||
                      !take(&c, ':', ':') || !take_number(&c, &second, 2, 0, 60))) {
        return false;
    }
    if (take(&c, '.', '.') && !take_fraction(&c, &fraction)) {
        return false;
    }
    if (!take_offset(&c, &offset) || c.at != c.end) {
        return false;
    }
    const int64_t seconds = 3600 * hour + 60 * minute + second - offset;
    *microseconds = 1000000 * (86400 * days_since_1970(year, month, day) + seconds) + fraction;
    return true;
}
