/* SPDX-License-Identifier: MIT */
#include "ledger/harvest.h"

#include <string.h>

#include "core/memory.h"
#include "ledger/settle.h"

void rri_harvest_begin(rri_ledger *ledger)
{
    memset(ledger->is_rejected, 0, ledger->n_sessions);
    ledger->n_picked = 0;
}

bool rri_harvest_reject(rri_ledger *ledger, size_t session)
{
    const bool is_new = ledger->is_rejected[session] != RRI_HARVEST_REJECTED;
    ledger->is_rejected[session] = RRI_HARVEST_REJECTED;
    return is_new;
}

void rri_harvest_hold(rri_ledger *ledger, size_t session)
{
    if (ledger->is_rejected[session] == RRI_HARVEST_FREE) {
        ledger->is_rejected[session] = RRI_HARVEST_HELD;
    }
}

/* Merges [begin, middle) and [middle, end) of from into to; of equals the left one goes first. */
static void merge(int32_t *to, const int32_t *from, const uint64_t *keys, size_t begin,
                  size_t middle, size_t end)
{
    size_t left = begin, right = middle;
    for (size_t at = begin; at < end; at++) {
        const bool takes_left =
            left < middle && (right == end || keys[from[left]] <= keys[from[right]]);
        to[at] = takes_left ? from[left++] : from[right++];
    }
}

/* Stable, from the order of arrival; ledger->scratch is used. */
static void sort_picked(rri_ledger *ledger)
{
    const size_t n = ledger->n_picked;
    int32_t *from = ledger->picked, *to = ledger->scratch;
    for (size_t width = 1; width < n; width *= 2) {
        for (size_t begin = 0; begin < n; begin += 2 * width) {
            merge(to, from, ledger->keys, begin, rri_size_smaller(begin + width, n),
                  rri_size_smaller(begin + 2 * width, n));
        }
        int32_t *other = from;
        from = to;
        to = other;
    }
    if (from != ledger->picked) {
        memcpy(ledger->picked, from, n * sizeof *from);
    }
}

static bool may_pick(const rri_ledger *ledger, size_t session)
{
    return ledger->is_rejected[session] == RRI_HARVEST_FREE && rri_settle_is_ready(ledger, session);
}

/* Places of all that may be picked; false: nothing may. */
static bool count_places(size_t *n_places, const rri_ledger *ledger)
{
    bool is_any = false;
    *n_places = 0;
    for (size_t s = 0; s < ledger->n_sessions; s++) {
        if (may_pick(ledger, s)) {
            is_any = true;
            *n_places += rri_settle_places(ledger, s);
        }
    }
    return is_any;
}

static void pick(size_t *n_places, rri_ledger *ledger, size_t max_rows, bool waits)
{
    const size_t least = rri_size_smaller(ledger->min_rows, 2);
    ledger->n_picked = 0;
    *n_places = 0;
    for (size_t s = 0; s < ledger->n_sessions; s++) {
        if (!may_pick(ledger, s)) {
            continue;
        }
        const size_t places = rri_settle_places(ledger, s);
        if (places > 0 && waits) {
            continue;
        }
        if (places > max_rows - *n_places) {
            if (*n_places >= least) {
                break;
            }
            ledger->n_picked = 0; /* too few alone, and too many together: these come later */
            *n_places = 0;
        }
        ledger->picked[ledger->n_picked++] = (int32_t)s;
        *n_places += places;
    }
}

bool rri_harvest_pick(size_t *n_places, int32_t *order, uint8_t *is_segment_end, rri_ledger *ledger,
                      size_t max_rows, size_t n_steps)
{
    size_t n_all;
    const bool is_any = count_places(&n_all, ledger);
    pick(n_places, ledger, max_rows, n_all < ledger->min_rows);
    sort_picked(ledger);
    size_t at = 0;
    for (size_t i = 0; i < ledger->n_picked; i++) {
        const size_t session = (size_t)ledger->picked[i];
        const size_t places = rri_settle_places(ledger, session);
        int32_t row = ledger->last[session];
        if (ledger->ends[session] == RRI_END_CUT) {
            row = ledger->before[row];
        }
        for (size_t place = at + places; place-- > at;) {
            order[place] = row;
            is_segment_end[place] =
                rri_rollout_segment_end(place + 1 == at + places, place + 1 - at, n_steps);
            row = ledger->before[row];
        }
        at += places;
    }
    return is_any;
}

size_t rri_harvest_last_row(const rri_ledger *ledger, size_t row)
{
    return (size_t)ledger->last[ledger->session_of[row]];
}

/* scratch [n_sessions] ← the new place of each session, −1 for those picked or rejected, which are
 * counted; keys and ends move. */
static void close_ranks(rri_ledger *ledger)
{
    memset(ledger->scratch, 0, ledger->n_sessions * sizeof *ledger->scratch);
    for (size_t i = 0; i < ledger->n_picked; i++) {
        ledger->scratch[ledger->picked[i]] = -1;
    }
    size_t to = 0;
    for (size_t s = 0; s < ledger->n_sessions; s++) {
        if (ledger->is_rejected[s] == RRI_HARVEST_REJECTED) {
            ledger->scratch[s] = -1;
            ledger->n_rejected += ledger->lengths[s];
            ledger->n_rejected_sessions++;
        }
        if (ledger->scratch[s] == 0) {
            ledger->keys[to] = ledger->keys[s];
            ledger->ends[to] = ledger->ends[s];
            ledger->scratch[s] = (int32_t)to++;
        }
    }
    ledger->n_sessions = to;
    ledger->n_picked = 0;
}

void rri_harvest_forget(rri_ledger *ledger, rri_rollout *rollout, size_t n_trained)
{
    enum { N_PARTS = RRI_ROLLOUT_PARTS + RRI_LEDGER_ROW_PARTS };
    rri_rollout_part parts[N_PARTS];
    rri_rollout_parts(parts, rollout);
    rri_ledger_row_parts(parts + RRI_ROLLOUT_PARTS, ledger);
    const int64_t n_rejected_before = ledger->n_rejected;
    close_ranks(ledger);

    size_t to = 0, from = 0;
    while (from < rollout->n_rows) {
        size_t n = 0; /* rows that stay, side by side */
        while (from + n < rollout->n_rows && ledger->scratch[ledger->session_of[from + n]] >= 0) {
            int32_t *session = &ledger->session_of[from + n];
            *session = ledger->scratch[*session];
            n++;
        }
        rri_rollout_parts_move(parts, N_PARTS, to, from, to == from ? 0 : n);
        to += n;
        from += n + 1;
    }
    const size_t n_gone = rollout->n_rows - to;
    ledger->n_trained += (int64_t)n_trained;
    ledger->n_dropped += (int64_t)(n_gone - n_trained) - (ledger->n_rejected - n_rejected_before);
    rollout->n_rows = to;
    if (to == 0) {
        rri_rollout_clear(rollout);
    }
    rri_ledger_rebuild(ledger, rollout);
}

static bool is_among(uint64_t key, const uint64_t *keys, size_t n)
{
    size_t i = 0;
    while (i < n && keys[i] != key) {
        i++;
    }
    return i < n;
}

size_t rri_harvest_forget_keys(rri_ledger *ledger, rri_rollout *rollout, const uint64_t *keys,
                               size_t n)
{
    const size_t n_rows = rollout->n_rows;
    rri_harvest_begin(ledger);
    for (size_t s = 0; s < ledger->n_sessions; s++) {
        if (is_among(ledger->keys[s], keys, n)) {
            ledger->picked[ledger->n_picked++] = (int32_t)s;
        }
    }
    if (ledger->n_picked > 0) {
        rri_harvest_forget(ledger, rollout, 0);
    }
    return n_rows - rollout->n_rows;
}

void rri_harvest_drop_ready(rri_ledger *ledger, rri_rollout *rollout)
{
    rri_harvest_begin(ledger);
    for (size_t s = 0; s < ledger->n_sessions; s++) {
        if (rri_settle_is_ready(ledger, s)) {
            ledger->picked[ledger->n_picked++] = (int32_t)s;
        }
    }
    rri_harvest_forget(ledger, rollout, 0);
}
