/* SPDX-License-Identifier: MIT */
#include "sparkline.h"

#include <math.h>
#include <string.h>

static void halve(sparkline *s)
{
    for (int i = 0; i < SPARKLINE_POINTS / 2; i++) {
        s->points[i] = 0.5 * (s->points[2 * i] + s->points[2 * i + 1]);
    }
    s->n = SPARKLINE_POINTS / 2;
    s->per_point *= 2;
}

void sparkline_add(sparkline *s, double value)
{
    if (!isfinite(value)) {
        return;
    }
    s->per_point = s->per_point > 0 ? s->per_point : 1;
    s->last = value;
    s->has_moved = s->has_moved || value != 0.0;
    s->open += value;
    s->n_open += 1;
    if (s->n_open < s->per_point) {
        return;
    }
    if (s->n == SPARKLINE_POINTS) {
        halve(s);
        return; /* the open point goes on: it is half full now */
    }
    s->points[s->n++] = s->open / (double)s->n_open;
    s->open = 0.0;
    s->n_open = 0;
}

/* Mean of the points that fall into one of n columns. */
static double mean_in(const sparkline *s, int column, int n)
{
    const int begin = column * s->n / n;
    const int end = (column + 1) * s->n / n;
    double sum = 0.0;
    for (int i = begin; i < end; i++) {
        sum += s->points[i];
    }
    return sum / (end - begin);
}

int sparkline_draw(char out[SPARKLINE_BYTES], const sparkline *s, int columns)
{
    static const char *const levels[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    const int n = s->n < columns ? s->n : columns;
    double low = INFINITY;
    double high = -INFINITY;
    for (int i = 0; i < n; i++) {
        low = fmin(low, mean_in(s, i, n));
        high = fmax(high, mean_in(s, i, n));
    }
    out[0] = '\0';
    for (int i = 0; i < n; i++) {
        const double share = high > low ? (mean_in(s, i, n) - low) / (high - low) : 0.5;
        strcat(out, levels[(int)fmin(7.0, 8.0 * share)]);
    }
    return n > 0 ? n : 0;
}
