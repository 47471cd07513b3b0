/* SPDX-License-Identifier: MIT */
#include "data/split.h"

#include "core/philox.h"

/* Each kind of draw has a lane of its own. */
enum { LANE_USERS = 0, LANE_ROWS = 1, LANE_PIVOTS = 2 };

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

/* Is row a before row b in time? Rows at one time are in the order of the file. */
static bool is_before(const int64_t *times, int32_t a, int32_t b)
{
    return times[a] != times[b] ? times[a] < times[b] : a < b;
}

static void swap(int32_t *a, int32_t *b)
{
    const int32_t kept = *a;
    *a = *b;
    *b = kept;
}

/* Rows before the pivot come first; the place where the pivot is then. Rows are all different. */
static size_t partition(int32_t *rows, size_t n, size_t pivot, const int64_t *times)
{
    swap(&rows[pivot], &rows[n - 1]);
    size_t n_before = 0;
    for (size_t i = 0; i + 1 < n; i++) {
        if (is_before(times, rows[i], rows[n - 1])) {
            swap(&rows[i], &rows[n_before++]);
        }
    }
    swap(&rows[n_before], &rows[n - 1]);
    return n_before;
}

/* Moves the m latest of rows [n] to the end [Hoare 1961], with pivots that are drawn. */
static void gather_latest(int32_t *rows, size_t n, size_t m, const int64_t *times)
{
    size_t begin = 0, end = n;
    const size_t cut = n - m;
    for (uint32_t i = 0; end - begin > 1 && m > 0 && cut > 0; i++) {
        const size_t pivot =
            (size_t)rri_philox_below(0, RRI_STREAM_SPLIT, i, LANE_PIVOTS, end - begin);
        const size_t place = begin + partition(rows + begin, end - begin, pivot, times);
        if (place == cut) {
            return;
        }
        begin = place < cut ? place + 1 : begin;
        end = place > cut ? place : end;
    }
}

static void hold_out_latest(uint8_t *is_held_out, float holdout, const int64_t *times,
                            int32_t *rows, size_t n)
{
    const size_t m = (size_t)((double)holdout * (double)n);
    gather_latest(rows, n, m, times);
    for (size_t i = 0; i < n; i++) {
        is_held_out[rows[i]] = i >= n - m ? 1 : 0;
    }
}

void rri_split_by_time(uint8_t *is_held_out, float holdout, const int64_t *times, int32_t *order,
                       size_t n)
{
    for (size_t i = 0; i < n; i++) {
        order[i] = (int32_t)i;
    }
    hold_out_latest(is_held_out, holdout, times, order, n);
}

void rri_split_per_user(uint8_t *is_held_out, float holdout, const int64_t *times,
                        const size_t *starts, int32_t *order, size_t n_users)
{
    for (size_t u = 0; u < n_users; u++) {
        hold_out_latest(is_held_out, holdout, times, order + starts[u], starts[u + 1] - starts[u]);
    }
}
