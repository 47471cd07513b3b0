/* SPDX-License-Identifier: MIT */
/* figure_tables.h: the table of each struct that says how a service is doing: the one home of units
 * and one-line texts. Names, places and types are the fields' own. */
#ifndef RRI_CORE_FIGURE_TABLES_H
#define RRI_CORE_FIGURE_TABLES_H

#include <stddef.h>

#include "recrl/recrl.h"

typedef enum rri_figure_type {
    RRI_FIGURE_INT32,
    RRI_FIGURE_UINT32,
    RRI_FIGURE_INT64,
    RRI_FIGURE_UINT64,
    RRI_FIGURE_FLOAT
} rri_figure_type;

typedef struct rri_figure {
    const char *name;
    size_t offset;
    rri_figure_type type;
    int32_t form; /* RR_FIGURE_… */
    const char *unit, *text;
} rri_figure;

typedef struct rri_figure_table {
    const char *type;          /* "rr_stats" */
    size_t size;               /* of the struct */
    const rri_figure *figures; /* [n] in the order of the struct */
    size_t n;
} rri_figure_table;

/* The table of RR_FIGURES_…; NULL for an unknown one. */
const rri_figure_table *rri_figure_table_of(int32_t of);
/* "int32", "uint32", "int64", "uint64", "float". */
const char *rri_figure_type_name(rri_figure_type type);
/* Bytes of one. */
size_t rri_figure_type_size(rri_figure_type type);

#endif
