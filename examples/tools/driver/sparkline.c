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

int sparkline_draw(char out[SPARKLINE_BYTES], const sparkline *s)
{
    static const char *const levels[] = {"▁", "▂", "▃", "▄", "▅", "▆", "▇", "█"};
    double low = INFINITY;
    double high = -INFINITY;
    for (int i = 0; i < s->n; i++) {
        low = fmin(low, s->points[i]);
        high = fmax(high, s->points[i]);
    }
    out[0] = '\0';
    for (int i = 0; i < s->n; i++) {
        const double share = high > low ? (s->points[i] - low) / (high - low) : 0.5;
        strcat(out, levels[(int)fmin(7.0, 8.0 * share)]);
    }
    return s->n;
}
