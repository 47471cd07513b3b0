/* SPDX-License-Identifier: MIT */
#include "picture.h"

#include <math.h>
#include <stdio.h>

enum { WIDTH = 760, HEIGHT = 360, LEFT = 60, RIGHT = 560, TOP = 46, BOTTOM = 310 };

static const char *const style =
    ":root{color-scheme:light dark;--page:#fbfbf9;--ink:#1c1c1a;--faint:#5f5f5a;--rule:#b9b9b2;"
    "--l0:#1f6fb4;--l1:#a94708;--l2:#117358}\n"
    "@media(prefers-color-scheme:dark){:root{--page:#16171a;--ink:#e9e9e4;--faint:#a6a69f;"
    "--rule:#4d5057;--l0:#6db5f2;--l1:#f39a4d;--l2:#4fc9a4}}\n"
    "text{fill:var(--ink);font:13px system-ui,-apple-system,'Segoe UI','DejaVu Sans',sans-serif}\n"
    ".small{fill:var(--faint);font-size:11.5px}.page{fill:var(--page);stroke:var(--rule)}\n"
    ".grid{stroke:var(--rule);stroke-width:.5}\n"
    ".l0{stroke:var(--l0)}.l1{stroke:var(--l1)}.l2{stroke:var(--l2)}\n"
    ".rule{stroke:var(--faint)}.curve{fill:none;stroke-width:1.8}\n"
    ".b0{fill:var(--l0)}.b1{fill:var(--l1)}.b2{fill:var(--l2)}.band{fill-opacity:.15}\n"
    ".dashed{stroke-dasharray:6 4}.dotted{stroke-dasharray:2 3}\n";

/* Means over the seeds, and how far up and down the axis goes. */
typedef struct plot {
    double mean[LEARNERS][WINDOWS], half[LEARNERS][WINDOWS];
    double incumbent[WINDOWS], strongest;
    double low, high, tick;
} plot;

static double mean_of_arm(const study *studies, int64_t n, int32_t arm)
{
    double sum = 0.0;
    for (int64_t i = 0; i < n; i++) {
        sum += studies[i].arms[arm].reward;
    }
    return sum / (double)n;
}

static plot measure(const study *studies, int64_t n)
{
    plot p = {.strongest = mean_of_arm(studies, n, ARM_STRONGEST)};
    p.low = p.high = p.strongest;
    for (int w = 0; w < WINDOWS; w++) {
        for (int64_t i = 0; i < n; i++) {
            p.incumbent[w] += studies[i].incumbent[w] / (double)n;
        }
        p.low = fmin(p.low, p.incumbent[w]);
        p.high = fmax(p.high, p.incumbent[w]);
    }
    for (int l = 0; l < LEARNERS; l++) {
        for (int w = 0; w < WINDOWS; w++) {
            double sum = 0.0, squares = 0.0;
            for (int64_t i = 0; i < n; i++) {
                const double v = studies[i].curves[l][w];
                sum += v;
                squares += v * v;
            }
            const double half = rr_mean_interval(sum, squares, n);
            p.mean[l][w] = sum / (double)n;
            p.half[l][w] = isnan(half) ? 0.0 : half;
            p.low = fmin(p.low, p.mean[l][w] - p.half[l][w]);
            p.high = fmax(p.high, p.mean[l][w] + p.half[l][w]);
        }
    }
    const double rough = fmax(p.high - p.low, 1e-3) / 5.0;
    p.tick = pow(10.0, floor(log10(rough)));
    p.tick *= rough / p.tick > 5.0 ? 10.0 : rough / p.tick > 2.0 ? 5.0 : 2.0;
    p.low = floor(p.low / p.tick) * p.tick;
    p.high = ceil(p.high / p.tick) * p.tick;
    return p;
}

static double x_of(int window)
{
    return LEFT + (RIGHT - LEFT) * (window + 0.5) / WINDOWS;
}

static double y_of(const plot *p, double value)
{
    return BOTTOM - (BOTTOM - TOP) * (value - p->low) / (p->high - p->low);
}

static void draw_axes(FILE *file, const plot *p, const study_options *options)
{
    for (double v = p->low; v <= p->high + 0.5 * p->tick; v += p->tick) {
        const double shown = fabs(v) < 0.5 * p->tick ? 0.0 : v;
        fprintf(file, "<path class=\"grid\" d=\"M%d %.1fH%d\"/>", LEFT, y_of(p, v), RIGHT);
        fprintf(file, "<text class=\"small\" x=\"%d\" y=\"%.1f\" text-anchor=\"end\">%g</text>\n",
                LEFT - 8, y_of(p, v) + 4.0, shown);
    }
    for (int q = 0; q <= 4; q++) {
        fprintf(
            file, "<text class=\"small\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">%lld</text>\n",
            LEFT + (RIGHT - LEFT) * q / 4, BOTTOM + 18, (long long)(options->decisions * q / 4));
    }
    fprintf(file,
            "<text class=\"small\" x=\"%d\" y=\"%d\" text-anchor=\"middle\">decisions since the "
            "agent took over</text>\n",
            (LEFT + RIGHT) / 2, BOTTOM + 36);
}

static void draw_line(FILE *file, const plot *p, const char *of, const double *values)
{
    fprintf(file, "<path class=\"curve %s\" d=\"", of);
    for (int w = 0; w < WINDOWS; w++) {
        fprintf(file, "%c%.1f %.1f", w == 0 ? 'M' : 'L', x_of(w), y_of(p, values[w]));
    }
    fprintf(file, "\"/>\n");
}

static void draw_band(FILE *file, const plot *p, int l)
{
    fprintf(file, "<path class=\"band b%d\" d=\"", l);
    for (int w = 0; w < WINDOWS; w++) {
        fprintf(file, "%c%.1f %.1f", w == 0 ? 'M' : 'L', x_of(w),
                y_of(p, p->mean[l][w] + p->half[l][w]));
    }
    for (int w = WINDOWS - 1; w >= 0; w--) {
        fprintf(file, "L%.1f %.1f", x_of(w), y_of(p, p->mean[l][w] - p->half[l][w]));
    }
    fprintf(file, "Z\"/>\n");
}

static void draw_key(FILE *file, int place, const char *of, const char *text)
{
    const int y = TOP + 14 + 26 * place;
    fprintf(file, "<path class=\"curve %s\" d=\"M%d %dh26\"/>", of, RIGHT + 24, y);
    fprintf(file, "<text x=\"%d\" y=\"%d\">%s</text>\n", RIGHT + 58, y + 4, text);
}

bool picture_write(const char *path, const feed_kind *kind, const study *studies, int64_t n,
                   const study_options *options)
{
    static const char *const curves[LEARNERS] = {"l0", "l1", "l2"};
    const plot p = measure(studies, n);
    FILE *file = fopen(path, "w");
    if (file == NULL) {
        return false;
    }
    fprintf(file,
            "<svg xmlns=\"http://www.w3.org/2000/svg\" viewBox=\"0 0 %d %d\" role=\"img\" "
            "aria-label=\"%s: what sessions earn while agents learn\">\n<style>%s</style>\n"
            "<rect class=\"page\" x=\"0.5\" y=\"0.5\" width=\"%d\" height=\"%d\" rx=\"8\"/>\n",
            WIDTH, HEIGHT, kind->title, style, WIDTH - 1, HEIGHT - 1);
    fprintf(file, "<text x=\"%d\" y=\"28\">%s: %s</text>\n", LEFT, kind->title, kind->reward);
    draw_axes(file, &p, options);
    fprintf(file, "<path class=\"curve rule dotted\" d=\"M%d %.1fH%d\"/>\n", LEFT,
            y_of(&p, p.strongest), RIGHT);
    draw_line(file, &p, "rule dashed", p.incumbent);
    for (int l = LEARNERS - 1; l >= 0; l--) {
        draw_band(file, &p, l);
        draw_line(file, &p, curves[l], p.mean[l]);
        draw_key(file, l + 1, curves[l], study_names[ARM_CLONE_PPO + l]);
    }
    draw_key(file, 0, "rule dotted", study_names[ARM_STRONGEST]);
    draw_key(file, LEARNERS + 1, "rule dashed", study_names[ARM_INCUMBENT]);
    fprintf(file, "</svg>\n");
    const bool is_bad = ferror(file) != 0;
    return fclose(file) == 0 && !is_bad;
}
