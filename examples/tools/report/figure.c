/* SPDX-License-Identifier: MIT */
#include "figure.h"

#include <math.h>
#include <stdbool.h>

#include "recrl/recrl.h"

void figure_add(figure *f, double value, double half)
{
    f->n += 1;
    f->sum += value;
    f->squares += value * value;
    f->half = half;
}

double figure_mean(const figure *f)
{
    return f->n > 0 ? f->sum / f->n : (double)NAN;
}

double figure_half(const figure *f)
{
    if (f->n < 2) {
        return f->half;
    }
    return rr_mean_interval(f->sum, f->squares, f->n);
}

void figure_cell(FILE *out, const figure *f, int digits, const char *unit)
{
    const double half = figure_half(f);
    if (!isfinite(figure_mean(f))) {
        fputs("<td>–</td>", out);
        return;
    }
    const double mean = figure_mean(f);
    const bool is_zero = fabs(mean) < 0.5 * pow(10.0, -digits); /* and has no sign */
    fprintf(out, "<td>%.*f%s", digits, is_zero ? 0.0 : mean, unit);
    if (isfinite(half)) {
        fprintf(out, " <i>±%.*f</i>", digits, half);
    }
    fputs("</td>", out);
}
