/* SPDX-License-Identifier: MIT */
/* events.h: TensorBoard's event files: scalars by tag and step. A file is a row of records,
 *
 *     length u64 · masked CRC-32C of it u32 · message · masked CRC-32C of the message u32
 *
 * little-endian, each message a protocol buffer tensorflow.Event:
 *
 *     1 wall_time (double)   2 step (int64)   3 file_version (string)   5 summary
 *     summary: 1 value (repeated);  value: 1 tag (string)   2 simple_value (float) */
#ifndef EXAMPLES_DRIVER_EVENTS_H
#define EXAMPLES_DRIVER_EVENTS_H

#include <stddef.h>
#include <stdint.h>
#include <stdio.h>

typedef struct events {
    FILE *out;
    size_t n_bytes; /* of the summary under way */
    int64_t step;
    uint8_t summary[8192];
} events;

/* Creates FOLDER/events.out.tfevents.<time>.recrl; a resumed run adds a file of its own, and
 * TensorBoard reads them as one. */
void events_open(events *e, const char *folder);
void events_close(events *e);

/* The scalars of one step; what is not finite is left out. */
void events_begin(events *e, int64_t step);
void events_add(events *e, const char *tag, double value);
void events_end(events *e);

#endif
