/* SPDX-License-Identifier: MIT */
/* split.h: who or what is kept out of training, each by a draw of its own (stream SPLIT).
 *
 * A user's side depends on the seed and the user's key alone: not on the order, and not on who else
 * is in the file. An interaction's depends on the seed and its row. */
#ifndef RRI_DATA_SPLIT_H
#define RRI_DATA_SPLIT_H

#include <stddef.h>
#include <stdint.h>

/* is_test [n] ← 1 with probability test_fraction. keys [n] */
void rri_split_users(uint8_t *is_test, const uint64_t *keys, float test_fraction, uint64_t seed,
                     size_t n);

/* is_held_out [n] ← 1 with probability `holdout`. */
void rri_split_rows(uint8_t *is_held_out, float holdout, uint64_t seed, size_t n);

#endif
