/* SPDX-License-Identifier: MIT */
/* distinct.h: are the items of a list all different? In time and memory of the list's length,
 * whatever the size of the catalogue, and whoever chose the list. */
#ifndef RRI_POLICY_DISTINCT_H
#define RRI_POLICY_DISTINCT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/memory.h"

/* items [n]; negative ones may come again and again. Scratch is used and need not be clean.
 * n_steps: NULL, or receives how often a place was looked at, n and a little more. */
bool rri_distinct_check(size_t *n_steps, const int32_t *items, size_t n, rri_stack *scratch);
size_t rri_distinct_scratch(size_t n); /* bytes */

#endif
