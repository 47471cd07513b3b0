/* SPDX-License-Identifier: MIT */
/* recrl/figures.h: the lab: what there is to watch, as one table. May change until 1.0.
 *
 * Cost: constant. */
#ifndef RECRL_FIGURES_H
#define RECRL_FIGURES_H

#include <recrl/agent.h>
#include <recrl/base.h>
#include <recrl/health.h>
#include <recrl/ledger.h>
#include <recrl/policy.h>

#ifdef __cplusplus
extern "C" {
#endif

/* Every field of the structs that say how a service is doing, with its unit and what it is, so that
 * an exporter is a loop:
 *
 *     for (int32_t i = 0; i < rr_figure_count(RR_FIGURES_COUNTS); i++) {
 *         rr_figure_at(RR_FIGURES_COUNTS, i, &figure, &err);
 *         if (rr_figure_read(RR_FIGURES_COUNTS, i, &counts, &value, &err) == RR_OK) {
 *             // figure.name, figure.unit, figure.form, figure.text, value
 *         }
 *     }
 *
 * A field that a release adds is a figure of that release, without a line in the host.
 * docs/figures.md lists them all. */

/* Which struct. */
enum {
    RR_FIGURES_STATS = 1,  /* rr_stats, of an update */
    RR_FIGURES_COUNTS = 2, /* rr_ledger_counts */
    RR_FIGURES_SLOT = 3,   /* rr_slot_info */
    RR_FIGURES_HEALTH = 4  /* rr_health_report, of a window */
};

/* What becomes of a figure while its handle lives. */
enum {
    RR_FIGURE_COUNTER = 0, /* it only grows: look at what it grew by; begins anew with its handle,
                              and with rr_ledger_clear */
    RR_FIGURE_GAUGE = 1,   /* it rises and falls */
    RR_FIGURE_NAME = 2     /* it is a name, not a quantity: a version, an item, a coordinate */
};

/* One figure. The strings are static, of one line, without quotes and backslashes. */
typedef struct rr_figure {
    uint32_t struct_size; /* sizeof(rr_figure) */
    int32_t form;         /* RR_FIGURE_COUNTER, _GAUGE or _NAME */
    const char *name;     /* "n_updates": of the field */
    const char *unit; /* "rows", "sessions", "updates", "nats", "bytes", …; "share" of a whole,
                         in [0, 1]; "reward" where it is counted as the host counts rewards;
                         "clock" of the host's; "flag": 0 or 1; "bits"; "" for a plain number */
    const char *type; /* "int32", "uint32", "int64", "uint64" or "float" */
    const char *text; /* what it is */
    uint64_t offset;  /* where it stands in its struct, in bytes */
} rr_figure;

/* Number of figures of a struct (RR_FIGURES_…): all its fields but struct_size and reserved; −1 for
 * an unknown one. */
RR_API int32_t rr_figure_count(int32_t of);
/* Describes figure `index` (0 … rr_figure_count − 1), in the order of the struct.
 * Errors: RR_E_NOT_FOUND: an unknown struct or index. */
RR_API rr_status rr_figure_at(int32_t of, int32_t index, rr_figure *out, rr_error *err);
/* *value receives figure `index` of the struct at `from`, whose struct_size is set. Integers above
 * 2^53 are rounded to the nearest double; NaN and infinities stay.
 * Errors: RR_E_NOT_FOUND: an unknown struct or index, or `from` is of a host compiled against a
 * release that did not have this figure; RR_E_UNSUPPORTED: a version, whose 64 bits no double
 * holds: read it at its offset. A loop skips both. */
RR_API rr_status rr_figure_read(int32_t of, int32_t index, const void *from, double *value,
                                rr_error *err);

#ifdef __cplusplus
}
#endif

#endif
