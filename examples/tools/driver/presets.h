/* SPDX-License-Identifier: MIT */
/* presets.h: what a world, a head and an algorithm want beyond the tables' defaults. One table,
 * printed by
 * --help. */
#ifndef EXAMPLES_DRIVER_PRESETS_H
#define EXAMPLES_DRIVER_PRESETS_H

#include <stdio.h>

#include "settings.h"

/* In which sessions policies are judged, by train, evaluate and report alike unless a flag says
 * otherwise: a checkpoint then has one figure, wherever it is printed. */
enum { PRESETS_EVALUATION_SEED = 0, PRESETS_SESSIONS = 1000 };

/* Sets the fields of (world, head, s->algo); a world that is a file counts as "movielens". */
void presets_apply(settings *s, const char *world, const char *head);
/* out: the fields of one preset, "tire 0.2, gamma 0.97", or "the defaults". */
void presets_describe(char *out, size_t capacity, const char *world, const char *head,
                      int32_t algo);
/* The whole table. */
void presets_print_all(FILE *out);

#endif
