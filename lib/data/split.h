/* SPDX-License-Identifier: MIT */
/* split.h: who or what is kept out of training, each by a draw of its own (stream SPLIT).
 *
 * A user's side depends on the seed and the user's key alone: not on the order, and not on who else
 * is in the file. An interaction's depends on the seed and its row, or on the times alone. */
#ifndef RRI_DATA_SPLIT_H
#define RRI_DATA_SPLIT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* is_test [n] ← 1 with probability test_fraction. keys [n] */
void rri_split_users(uint8_t *is_test, const uint64_t *keys, float test_fraction, uint64_t seed,
                     size_t n);

/* is_held_out [n] ← 1 with probability `holdout`. */
void rri_split_rows(uint8_t *is_held_out, float holdout, uint64_t seed, size_t n);

/* is_held_out [n] ← 1 for the ⌊holdout · n⌋ latest interactions; of those at one time the rows that
 * come later are later. order [n] is overwritten. */
void rri_split_by_time(uint8_t *is_held_out, float holdout, const int64_t *times, int32_t *order,
                       size_t n);

/* The same among each user's own. starts [n_users + 1]; order [n]: rows grouped by user, in which
 * user u has [starts[u], starts[u + 1]); it is left in another order within each user. */
void rri_split_per_user(uint8_t *is_held_out, float holdout, const int64_t *times,
                        const size_t *starts, int32_t *order, size_t n_users);

#endif
