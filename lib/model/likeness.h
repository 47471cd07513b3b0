/* SPDX-License-Identifier: MIT */
/* likeness.h: the fields of an agent's config in which two policies have to be alike, in one list.
 *
 *   MEANING   without it the same parameters mean something else: what checkpoints and recognised
 *             policies are compared by
 *   SHAPE     arrays and stacks are sized by it: what slots and readers are compared by
 *
 * What has neither mark may differ: seeds, threads, how training goes on. */
#ifndef RRI_MODEL_LIKENESS_H
#define RRI_MODEL_LIKENESS_H

#include <stdbool.h>

#include "core/config.h"

typedef enum rri_likeness { RRI_LIKE_MEANING = 1, RRI_LIKE_SHAPE = 2 } rri_likeness;

/* The first field with this mark in which the two differ, in the order of the config; NULL: none.
 * Fit for every request. */
const char *rri_likeness_difference(const rr_agent_config *given, const rr_agent_config *wanted,
                                    rri_likeness mark);

/* Whether the field of this name has the mark. */
bool rri_likeness_has(const char *field, rri_likeness mark);

/* A field of a config as text, for a sentence. */
void rri_likeness_text(char out[RRI_CONFIG_TEXT_CAPACITY], const rr_agent_config *config,
                       const char *field);

#endif
