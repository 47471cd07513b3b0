/* SPDX-License-Identifier: MIT */
/* health_rows.h: observations and decisions as the rows that a watch takes. */
#ifndef RRI_EVAL_HEALTH_ROWS_H
#define RRI_EVAL_HEALTH_ROWS_H

#include "eval/health.h"

/* rows ← views of whole structs of this release. What the watched agent could not have decided is
 * refused by name; numbers are judged by rri_health_record. */
rr_status rri_health_rows_of(rri_health_rows *rows, const rri_health_shape *watched,
                             const rr_obs *obs, const rr_decision *decision, rr_error *err);

#endif
