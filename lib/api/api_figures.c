/* SPDX-License-Identifier: MIT */
/* api_figures.c: the front door of the figures: names, units and values of what there is to watch.
 */
#include <string.h>

#include "core/abi.h"
#include "core/figure_tables.h"
#include "core/status.h"

static rr_status find(const rri_figure_table **table, const rri_figure **figure, int32_t of,
                      int32_t index, const char *function, rr_error *err)
{
    *table = rri_figure_table_of(of);
    if (*table == NULL) {
        RRI_FAIL(err, RR_E_NOT_FOUND, "%s: of is %d; it must be one of RR_FIGURES_…", function, of);
    }
    if (index < 0 || (size_t)index >= (*table)->n) {
        RRI_FAIL(err, RR_E_NOT_FOUND, "%s: index is %d; of %s it must be in [0, %zu)", function,
                 index, (*table)->type, (*table)->n);
    }
    *figure = &(*table)->figures[index];
    return RR_OK;
}

int32_t rr_figure_count(int32_t of)
{
    const rri_figure_table *table = rri_figure_table_of(of);
    return table == NULL ? -1 : (int32_t)table->n;
}

rr_status rr_figure_at(int32_t of, int32_t index, rr_figure *out, rr_error *err)
{
    const rri_figure_table *table = NULL;
    const rri_figure *figure = NULL;
    RRI_TRY(rri_abi_check(out, sizeof *out, "rr_figure", err));
    RRI_TRY(find(&table, &figure, of, index, "rr_figure_at", err));
    const rr_figure described = {
        .struct_size = sizeof described,
        .form = figure->form,
        .name = figure->name,
        .unit = figure->unit,
        .type = rri_figure_type_name(figure->type),
        .text = figure->text,
        .offset = figure->offset,
    };
    rri_abi_write(out, &described, sizeof described);
    return RR_OK;
}

static double value_at(const void *at, rri_figure_type type)
{
    int32_t int32;
    uint32_t uint32;
    int64_t int64;
    float single;
    switch (type) {
    case RRI_FIGURE_INT32:
        memcpy(&int32, at, sizeof int32);
        return (double)int32;
    case RRI_FIGURE_UINT32:
        memcpy(&uint32, at, sizeof uint32);
        return (double)uint32;
    case RRI_FIGURE_FLOAT:
        memcpy(&single, at, sizeof single);
        return (double)single;
    default:
        memcpy(&int64, at, sizeof int64);
        return (double)int64;
    }
}

rr_status rr_figure_read(int32_t of, int32_t index, const void *from, double *value, rr_error *err)
{
    const rri_figure_table *table = NULL;
    const rri_figure *figure = NULL;
    uint32_t struct_size;
    RRI_TRY(rri_require(value, "rr_figure_read", "value", err));
    RRI_TRY(find(&table, &figure, of, index, "rr_figure_read", err));
    RRI_TRY(rri_abi_check(from, table->size, table->type, err));
    memcpy(&struct_size, from, sizeof struct_size);
    if (figure->offset + rri_figure_type_size(figure->type) > struct_size) {
        RRI_FAIL(err, RR_E_NOT_FOUND,
                 "rr_figure_read: this %s ends before %s, which a later release has added: skip it",
                 table->type, figure->name);
    }
    if (figure->type == RRI_FIGURE_UINT64) {
        RRI_FAIL(err, RR_E_UNSUPPORTED,
                 "rr_figure_read: %s has 64 bits, which no double holds: read it at its offset",
                 figure->name);
    }
    *value = value_at((const unsigned char *)from + figure->offset, figure->type);
    return RR_OK;
}
