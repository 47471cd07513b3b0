/* SPDX-License-Identifier: MIT */
#include "figures.h"

#include <inttypes.h>
#include <math.h>
#include <string.h>

#include "driver/text.h"

/* Whole numbers to the last digit, floats as short as their nine digits. */
static void write_value(FILE *out, const rr_figure *figure, double value)
{
    if (isnan(value)) {
        fprintf(out, "NaN\n");
    } else if (isinf(value)) {
        fprintf(out, "%cInf\n", value < 0.0 ? '-' : '+');
    } else {
        fprintf(out, "%.*g\n", strcmp(figure->type, "float") == 0 ? 9 : 17, value);
    }
}

/* {arm="0",version="…"} 1 */
static void write_name(FILE *out, const rr_figure *figure, const void *from)
{
    const unsigned char *at = (const unsigned char *)from + figure->offset;
    uint64_t word;
    int32_t number;
    if (strcmp(figure->type, "uint64") == 0) {
        memcpy(&word, at, sizeof word);
        fprintf(out, ",%s=\"%016" PRIx64 "\"} 1\n", figure->name, word);
    } else {
        memcpy(&number, at, sizeof number);
        fprintf(out, ",%s=\"%" PRId32 "\"} 1\n", figure->name, number);
    }
}

static const char *ending_of(const rr_figure *figure)
{
    return figure->form == RR_FIGURE_COUNTER ? "_total"
           : figure->form == RR_FIGURE_NAME  ? "_info"
                                             : "";
}

void figures_write(FILE *out, const char *group, int32_t of, const void *const *from, int32_t n)
{
    rr_error err;
    for (int32_t i = 0; i < rr_figure_count(of); i++) {
        rr_figure figure = {.struct_size = sizeof figure};
        double value = 0.0;
        text_require(rr_figure_at(of, i, &figure, &err), &err);
        if (rr_figure_read(of, i, from[0], &value, NULL) == RR_E_NOT_FOUND) {
            continue; /* the library is of a later release than this program's header */
        }
        const char *ending = ending_of(&figure);
        fprintf(out, "# HELP recrl_%s_%s%s %s%s%s%s\n", group, figure.name, ending, figure.text,
                figure.unit[0] != '\0' ? " (" : "", figure.unit, figure.unit[0] != '\0' ? ")" : "");
        fprintf(out, "# TYPE recrl_%s_%s%s %s\n", group, figure.name, ending,
                figure.form == RR_FIGURE_COUNTER ? "counter" : "gauge");
        for (int32_t arm = 0; arm < n; arm++) {
            fprintf(out, "recrl_%s_%s%s{arm=\"%" PRId32 "\"", group, figure.name, ending, arm);
            if (figure.form == RR_FIGURE_NAME) {
                write_name(out, &figure, from[arm]);
                continue;
            }
            text_require(rr_figure_read(of, i, from[arm], &value, &err), &err);
            fprintf(out, "} ");
            write_value(out, &figure, value);
        }
    }
}
