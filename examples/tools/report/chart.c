/* SPDX-License-Identifier: MIT */
#include "chart.h"

#include <math.h>
#include <string.h>

#include "driver/screen.h"
#include "page.h"

enum {
    WIDE = 600, /* with names of levels at the right */
    NARROW = 420,
    HEIGHT = 300,
    LEFT = 74,
    TOP = 12,
    BOTTOM = 40,
    LEGEND = 22,
    RIGHT_PLAIN = 16,
    RIGHT_LEVELS = 146
};
/* Letters of all pictures of a page are about one size. */
static const double LARGEST_SCALE = 1.06;
enum { MOST_POINTS = 360 }; /* of a curve: about one a pixel */

typedef struct frame {
    double x0, x1, y0, y1; /* in the data's units */
    double left, right, top, bottom;
} frame;

static double place_x(const frame *f, double x)
{
    return f->left + (x - f->x0) / (f->x1 - f->x0) * (f->right - f->left);
}

static double place_y(const frame *f, double y)
{
    return f->bottom - (y - f->y0) / (f->y1 - f->y0) * (f->bottom - f->top);
}

static void widen(double *low, double *high, double value)
{
    if (isfinite(value)) {
        *low = value < *low ? value : *low;
        *high = value > *high ? value : *high;
    }
}

/* 1, 2 or 5 times a power of ten: at most `most` steps in the span. */
static double nice_step(double span, double most)
{
    const double raw = span / most;
    const double power = pow(10.0, floor(log10(raw)));
    const double digit = raw / power;
    return power * (digit <= 1.0 ? 1.0 : digit <= 2.0 ? 2.0 : digit <= 5.0 ? 5.0 : 10.0);
}

static void fit(frame *f, const chart *c)
{
    double x0 = INFINITY, x1 = -INFINITY, y0 = INFINITY, y1 = -INFINITY;
    for (int i = 0; i < c->n_lines; i++) {
        const chart_line *line = &c->lines[i];
        for (int j = 0; j < line->n; j++) {
            widen(&x0, &x1, line->x[j]);
            widen(&y0, &y1, line->y[j]);
            widen(&y0, &y1, line->low != NULL ? line->low[j] : (double)NAN);
            widen(&y0, &y1, line->high != NULL ? line->high[j] : (double)NAN);
        }
    }
    for (int i = 0; i < c->n_levels; i++) {
        widen(&y0, &y1, c->levels[i].y);
    }
    if (c->has_range && y1 < c->range_low) {
        y1 = c->range_low; /* an unhealthy curve shows where health begins */
    }
    if (c->has_range && y0 > c->range_high) {
        y0 = c->range_high;
    }
    if (c->is_square) {
        x0 = y0 = 0.0;
        x1 = y1 = 1.0;
    }
    x0 = isfinite(x0) ? x0 : 0.0;
    y0 = isfinite(y0) ? y0 : 0.0;
    f->x0 = x0;
    f->x1 = x1 > x0 ? x1 : x0 + 1.0;
    const double slack = c->is_square ? 0.0 : y1 > y0 ? 0.05 * (y1 - y0) : 0.5;
    /* A quantity that is never negative keeps its foot at zero. */
    f->y0 = y0 >= 0.0 && y0 - slack < 0.0 ? 0.0 : y0 - slack;
    f->y1 = (y1 > y0 ? y1 : y0) + slack;
    const double width = c->is_square      ? HEIGHT + LEFT - TOP - BOTTOM + RIGHT_PLAIN
                         : c->n_levels > 0 ? WIDE
                                           : NARROW;
    f->left = LEFT;
    f->right = width - (c->n_levels > 0 ? RIGHT_LEVELS : RIGHT_PLAIN);
    f->top = c->is_alone ? TOP + LEGEND : TOP;
    f->bottom = HEIGHT - BOTTOM;
}

/* "120k", "1.5M", "0.002". */
static void put_tick(FILE *out, double value, double step)
{
    const double size = fabs(value);
    if (size < 0.5 * step) {
        fputs("0", out);
    } else if (size >= 1e6) {
        fprintf(out, "%gM", value / 1e6);
    } else if (size >= 1e4) {
        fprintf(out, "%gk", value / 1e3);
    } else {
        fprintf(out, "%.6g", value);
    }
}

static void put_axes(FILE *out, const frame *f, const char *x_label, const char *y_label)
{
    const double y_step = nice_step(f->y1 - f->y0, 7.0);
    for (double k = ceil(f->y0 / y_step); k * y_step <= f->y1 + 1e-9 * y_step; k += 1.0) {
        const double y = place_y(f, k * y_step);
        fprintf(out, "<line class=\"rule\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>",
                f->left, f->right, y, y);
        fprintf(out, "<text class=\"tick\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"end\">",
                f->left - 7.0, y + 4.5);
        put_tick(out, k * y_step, y_step);
        fputs("</text>", out);
    }
    const double x_step = nice_step(f->x1 - f->x0, 5.5);
    for (double k = ceil(f->x0 / x_step); k * x_step <= f->x1 + 1e-9 * x_step; k += 1.0) {
        fprintf(out, "<text class=\"tick\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">",
                place_x(f, k * x_step), f->bottom + 18.0);
        put_tick(out, k * x_step, x_step);
        fputs("</text>", out);
    }
    fprintf(out, "<text class=\"tick\" x=\"%.1f\" y=\"%.1f\" text-anchor=\"middle\">",
            0.5 * (f->left + f->right), f->bottom + 35.0);
    page_text(out, x_label);
    fputs("</text>", out);
    fprintf(out,
            "<text class=\"tick\" text-anchor=\"middle\" transform=\"translate(14 %.1f) "
            "rotate(-90)\">",
            0.5 * (f->top + f->bottom));
    page_text(out, y_label != NULL ? y_label : "");
    fputs("</text>", out);
}

static void put_range(FILE *out, const frame *f, double low, double high)
{
    const double top = place_y(f, high < f->y1 ? high : f->y1);
    const double bottom = place_y(f, low > f->y0 ? low : f->y0);
    if (bottom > top) {
        fprintf(out,
                "<rect class=\"healthy\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" height=\"%.1f\"/>",
                f->left, top, f->right - f->left, bottom - top);
    }
}

/* Every which point is plotted. */
static int stride_of(const chart_line *line)
{
    return line->n > MOST_POINTS ? (line->n + MOST_POINTS - 1) / MOST_POINTS : 1;
}

static void put_band(FILE *out, const frame *f, const chart_line *line)
{
    const int stride = stride_of(line);
    fprintf(out, "<path class=\"band c%d\" d=\"", line->colour);
    char command = 'M';
    for (int i = 0; i < line->n; i += stride) {
        if (isfinite(line->high[i])) {
            fprintf(out, "%c%.1f %.1f", command, place_x(f, line->x[i]), place_y(f, line->high[i]));
            command = 'L';
        }
    }
    for (int i = (line->n - 1) / stride * stride; i >= 0 && command == 'L'; i -= stride) {
        if (isfinite(line->low[i])) {
            fprintf(out, "L%.1f %.1f", place_x(f, line->x[i]), place_y(f, line->low[i]));
        }
    }
    fputs(command == 'L' ? "Z\"/>" : "\"/>", out);
}

static void put_line(FILE *out, const frame *f, const chart_line *line)
{
    const int stride = stride_of(line);
    fprintf(out, "<path class=\"line c%d\" d=\"", line->colour);
    char command = 'M';
    for (int i = 0; i < line->n; i++) {
        if (i % stride != 0 && i != line->n - 1) {
            continue;
        }
        if (isfinite(line->y[i])) {
            fprintf(out, "%c%.1f %.1f", command, place_x(f, line->x[i]), place_y(f, line->y[i]));
            command = 'L';
        } else {
            command = 'M';
        }
    }
    fputs("\"><title>", out);
    page_text(out, line->name);
    fputs("</title></path>", out);
}

/* Names of levels, from the lowest up, none upon another. */
static void put_levels(FILE *out, const frame *f, const chart *c)
{
    bool is_done[CHART_MOST_LEVELS] = {false};
    double last = f->bottom + 20.0;
    for (int n = 0; n < c->n_levels; n++) {
        int lowest = -1;
        for (int i = 0; i < c->n_levels; i++) {
            if (!is_done[i] && (lowest < 0 || c->levels[i].y < c->levels[lowest].y)) {
                lowest = i;
            }
        }
        is_done[lowest] = true;
        const double y = place_y(f, c->levels[lowest].y);
        const double label = y + 4.0 < last - 15.0 ? y + 4.0 : last - 15.0;
        fprintf(out, "<line class=\"level\" x1=\"%.1f\" x2=\"%.1f\" y1=\"%.1f\" y2=\"%.1f\"/>",
                f->left, f->right, y, y);
        fprintf(out, "<text class=\"tick\" x=\"%.1f\" y=\"%.1f\">", f->right + 6.0, label);
        page_text(out, c->levels[lowest].name);
        fputs("</text>", out);
        last = label;
    }
}

static void put_marks(FILE *out, const frame *f, const chart *c)
{
    for (int i = 0; i < c->n_marks; i++) {
        const double x = place_x(f, c->marks[i].x);
        fprintf(out, "<path class=\"mark\" d=\"M%.1f %.1fV%.1f\"><title>", x, f->top, f->bottom);
        page_text(out, c->marks[i].sentence);
        fputs("</title></path>", out);
    }
}

/* Index of the point of a line that is nearest to x. */
static int nearest(const chart_line *line, double x)
{
    int best = 0;
    for (int i = 1; i < line->n; i++) {
        best = fabs(line->x[i] - x) < fabs(line->x[best] - x) ? i : best;
    }
    return best;
}

/* Strips side by side over the picture: the pointer that rests on one is told the lines' values. */
static void put_values(FILE *out, const frame *f, const chart *c)
{
    enum { STRIPS = 48 };
    const double width = (f->right - f->left) / STRIPS;
    for (int i = 0; i < STRIPS && c->n_lines > 0; i++) {
        const double x = f->x0 + (i + 0.5) / STRIPS * (f->x1 - f->x0);
        fprintf(out,
                "<rect class=\"at\" x=\"%.1f\" y=\"%.1f\" width=\"%.1f\" "
                "height=\"%.1f\"><title>",
                f->left + i * width, f->top, width, f->bottom - f->top);
        fprintf(out, c->is_square ? "%.2f" : "%.0f", c->lines[0].x[nearest(&c->lines[0], x)]);
        fputc(' ', out);
        page_text(out, c->x_label);
        for (int j = 0; j < c->n_lines; j++) {
            const double y = c->lines[j].y[nearest(&c->lines[j], x)];
            if (isfinite(y)) {
                fputs("; ", out);
                page_text(out, c->lines[j].name);
                fprintf(out, " %.4g", y);
            }
        }
        fputs("</title></rect>\n", out);
    }
}

/* Names of the lines in their colours, one behind the other above the picture. */
static void put_names(FILE *out, const frame *f, const chart *c)
{
    double x = f->left;
    for (int i = 0; i < c->n_lines; i++) {
        const chart_line *line = &c->lines[i];
        fprintf(out,
                "<path class=\"line c%d\" d=\"M%.1f %.1fh18\"/><text class=\"tick\" x=\"%.1f\" "
                "y=\"%.1f\">",
                line->colour, x, f->top - 17.0, x + 24.0, f->top - 12.0);
        page_text(out, line->name);
        fputs("</text>", out);
        x += 48.0 + 7.5 * (double)screen_width(line->name);
    }
}

void chart_write(FILE *out, const chart *c)
{
    frame f;
    fit(&f, c);
    const double width = f.right + (c->n_levels > 0 ? RIGHT_LEVELS : RIGHT_PLAIN);
    fprintf(
        out,
        "<svg xmlns=\"http://www.w3.org/2000/svg\" class=\"chart%s\" style=\"max-width:%.0fpx\" "
        "viewBox=\"0 0 %.0f %d\" role=\"img\" aria-label=\"",
        c->n_levels > 0 ? " wide" : "", LARGEST_SCALE * width, width, HEIGHT);
    page_text(out, c->title);
    fputs("\">", out);
    if (c->is_alone) {
        page_chart_style(out);
    }
    if (c->has_range) {
        put_range(out, &f, c->range_low, c->range_high);
    }
    put_axes(out, &f, c->x_label, c->y_label);
    put_levels(out, &f, c);
    for (int i = 0; i < c->n_lines; i++) {
        if (c->lines[i].low != NULL) {
            put_band(out, &f, &c->lines[i]);
        }
    }
    for (int i = 0; i < c->n_lines; i++) {
        put_line(out, &f, &c->lines[i]);
    }
    if (!c->is_alone) {
        put_values(out, &f, c);
    }
    put_marks(out, &f, c);
    if (c->is_alone) {
        put_names(out, &f, c);
    }
    fputs("</svg>\n", out);
}
