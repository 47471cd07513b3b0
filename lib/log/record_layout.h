/* SPDX-License-Identifier: MIT */
/* record_layout.h: where the arrays of a record lie: written and read for format 2, read for
 * format 1. */
#ifndef RRI_LOG_RECORD_LAYOUT_H
#define RRI_LOG_RECORD_LAYOUT_H

#include "log/record_blob.h"

/* Of one array of a record whose widths are known. */
size_t rri_record_array_bytes(const rri_record *record, rri_record_array array);

/* Lays a record of format 2 out by its widths and `arrays`: offsets and bytes. */
void rri_record_lay_out(rri_record *record);

/* Writes the table of a record that was laid out, behind the head at out. */
void rri_record_write_table(unsigned char *out, const rri_record *record);

/* Fills `record` from a blob of either format, whose checksum is right, and judges all but what
 * rri_record_check says of numbers and of arrays that need each other. */
rr_status rri_record_read(rri_record *record, void *blob, size_t bytes, rr_error *err);

#endif
