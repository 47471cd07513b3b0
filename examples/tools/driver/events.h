/* SPDX-License-Identifier: MIT */
/* events.h: TensorBoard's event files: scalars by tag and step. A file is a row of records,
 *
 *     length u64 · masked CRC-32C of it u32 · message · masked CRC-32C of the message u32
 *
 * little-endian, each message a protocol buffer tensorflow.Event:
 *
 *     1 wall_time (double)   2 step (int64)   3 file_version (string)   5 summary   7 session log
 *     summary: 1 value (repeated);  value: 1 tag (string)   2 simple_value (float)
 *     session log: 1 status (1: a session starts, and what stands at its step or later is void)
 *
 * Every process writes a file of its own; readers take the files of a folder in the order of their
 * names as one. */
#ifndef EXAMPLES_DRIVER_EVENTS_H
#define EXAMPLES_DRIVER_EVENTS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "row_file.h"

typedef struct events {
    row_file file;
    size_t n_bytes; /* of the summary under way */
    int64_t step;
    uint8_t summary[8192];
} events;

/* Whether NAME is that of an event file, and whether the folder has one. */
bool events_is_file(const char *name);
bool events_is_in(const char *folder);
/* Cuts the folder's event files behind the last record of step ≤ `step`, and what a killed process
 * left of a record. */
void events_cut(const char *folder, int64_t step);
/* Creates FOLDER/events.out.tfevents.<time>.recrl, behind those that are there. Where a run goes on
 * behind timesteps `step` > 0, a session starts at the next. */
void events_open(events *e, const char *folder, int64_t step);
void events_close(events *e);

/* The scalars of one step; what is not finite is left out. */
void events_begin(events *e, int64_t step);
void events_add(events *e, const char *tag, double value);
void events_end(events *e);

#endif
