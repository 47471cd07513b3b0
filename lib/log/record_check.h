/* SPDX-License-Identifier: MIT */
/* record_check.h: what a row must be to become a record, and a record to become a row: a log-prob
 * is finite and at most 0. Whether its other numbers are finite is judged by whoever reads the row.
 */
#ifndef RRI_LOG_RECORD_CHECK_H
#define RRI_LOG_RECORD_CHECK_H

#include "log/record_blob.h"

/* Row `row` of obs and decision (nullable). Pool indices are judged where obs has a pool. */
rr_status rri_record_check_row(const rr_obs *obs, const rr_decision *decision, size_t row,
                               rr_error *err);

/* The numbers of a record that was read, each by itself and against the others, and the arrays that
 * need each other. */
rr_status rri_record_check(const rri_record *record, rr_error *err);

#endif
