/* SPDX-License-Identifier: MIT */
/* vocabulary.h: the structs that every door takes, as a caller gives them: read whole, whatever the
 * age of the header that the caller was built against, and with every reserved field unset. */
#ifndef RRI_CORE_VOCABULARY_H
#define RRI_CORE_VOCABULARY_H

#include "core/abi.h"

/* full ← given, as rri_abi_read does. RR_E_UNSUPPORTED, with the field's name, where one is set
 * that the header keeps for a later release. `name` ("rr_obs", "final_obs") opens the sentence. */
rr_status rri_obs_read(rr_obs *full, const rr_obs *given, const char *name, rr_error *err);
rr_status rri_decision_read(rr_decision *full, const rr_decision *given, rr_error *err);
rr_status rri_outcome_read(rr_outcome *full, const rr_outcome *given, rr_error *err);

/* The struct_size of a view that the library owns and hands out by pointer. A host that was built
 * against a shorter rr_obs copies as much as its own header knows and hands the copy back, so a
 * view must not claim more than it needs: the fields of the first release, and behind them those
 * up to the last one that is set. */
uint32_t rri_obs_view_size(const rr_obs *view);

/* Of a list's first n candidates, how many are in no pool. */
static inline size_t rri_count_own(const int32_t *candidates, size_t n)
{
    size_t n_own = 0;
    for (size_t i = 0; i < n; i++) {
        n_own += candidates[i] < 0;
    }
    return n_own;
}

#endif
