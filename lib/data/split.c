/* SPDX-License-Identifier: MIT */
#include "data/split.h"

#include "core/philox.h"

/* Users and rows draw from lanes of their own. */
enum { LANE_USERS = 0, LANE_ROWS = 1 };

void rri_split_users(uint8_t *is_test, const uint64_t *keys, float test_fraction, uint64_t seed,
                     size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const double u = rri_philox_uniform(seed, RRI_STREAM_SPLIT, keys[i], LANE_USERS);
        is_test[i] = u < (double)test_fraction ? 1 : 0;
    }
}

void rri_split_rows(uint8_t *is_held_out, float holdout, uint64_t seed, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        const double u = rri_philox_uniform(seed, RRI_STREAM_SPLIT, i, LANE_ROWS);
        is_held_out[i] = u < (double)holdout ? 1 : 0;
    }
}
