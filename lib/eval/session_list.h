/* SPDX-License-Identifier: MIT */
/* session_list.h: what one session was shown, as a list of L items. docs/maths.md §8. */
#ifndef RRI_EVAL_SESSION_LIST_H
#define RRI_EVAL_SESSION_LIST_H

#include <stddef.h>
#include <stdint.h>

/* Mean of 1 − cos over the L (L − 1) / 2 pairs of showings; NaN for L < 2. A zero vector is at
 * distance 1 from all. vectors [N, d]; direction [d] is overwritten. */
double rri_session_list_distance(const int32_t *list, size_t length, const float *vectors, size_t d,
                                 double *direction);

/* Showings of an item that the list had before. seen_in [N]: where it holds `session` an item was
 * seen; the caller gives a session that it does not hold yet. */
size_t rri_session_list_repeats(const int32_t *list, size_t length, int32_t *seen_in,
                                int32_t session);

/* Mean of −log₂ popularity [N] over the list; L ≥ 1. */
double rri_session_list_novelty(const int32_t *list, size_t length, const float *popularity);

#endif
