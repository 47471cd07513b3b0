/* SPDX-License-Identifier: MIT */
#include "core/vocabulary.h"

#include <stdbool.h>
#include <string.h>

#include "core/status.h"

/* A field that the header reserves. */
typedef struct reserved {
    const char *name;
    size_t offset, bytes;
} reserved;

#define RESERVED(type, field)                                                                      \
    {                                                                                              \
#field, offsetof(type, field), sizeof(((type *)0)->field)                                  \
    }
#define N_OF(fields) (sizeof(fields) / sizeof(fields)[0])

static const reserved OBS[] = {
    RESERVED(rr_obs, history_feature_dim),
    RESERVED(rr_obs, history_vectors),
    RESERVED(rr_obs, history_features),
};

static const reserved DECISION[] = {
    RESERVED(rr_decision, n_slots),        RESERVED(rr_decision, reserved),
    RESERVED(rr_decision, slot_actions),   RESERVED(rr_decision, slot_items),
    RESERVED(rr_decision, slot_log_probs), RESERVED(rr_decision, slot_values),
    RESERVED(rr_decision, pool_line),      RESERVED(rr_decision, pool_generation),
};

static const reserved OUTCOME[] = {
    RESERVED(rr_outcome, reward_kinds),
    RESERVED(rr_outcome, slots),
    RESERVED(rr_outcome, slots_seen),
};

static bool is_zero(const void *given, size_t bytes)
{
    const unsigned char *byte = given;
    unsigned char any = 0;
    for (size_t i = 0; i < bytes; i++) {
        any |= byte[i];
    }
    return any == 0;
}

/* The reserved fields are the end of their struct, without holes: one look judges them all. */
static rr_status check_unset(const void *full, size_t full_bytes, const reserved *fields, size_t n,
                             const char *name, rr_error *err)
{
    const unsigned char *begin = full;
    if (is_zero(begin + fields[0].offset, full_bytes - fields[0].offset)) {
        return RR_OK;
    }
    size_t i = 0;
    while (i + 1 < n && is_zero(begin + fields[i].offset, fields[i].bytes)) {
        i++;
    }
    RRI_FAIL(err, RR_E_UNSUPPORTED,
             "%s: %s is set; it is reserved for a later release and must be 0 or NULL", name,
             fields[i].name);
}

/* Keys say which item an index of −1 means, so there must be indices, or vectors of a list. */
static rr_status check_keys(const rr_obs *obs, const char *name, rr_error *err)
{
    const bool has_lists = obs->candidates != NULL || obs->vectors != NULL;
    const char *stray = obs->candidate_keys != NULL && !has_lists             ? "candidate"
                        : obs->excluded_keys != NULL && obs->excluded == NULL ? "excluded"
                        : obs->history_keys != NULL && obs->history == NULL   ? "history"
                                                                              : NULL;
    if (stray != NULL) {
        RRI_FAIL(err, RR_E_INVALID, "%s: %s_keys is set, but nothing that it belongs to: give %s%s",
                 name, stray, stray,
                 stray[0] == 'c' ? "s or vectors" : " beside it, -1 for each key");
    }
    return RR_OK;
}

rr_status rri_obs_read(rr_obs *full, const rr_obs *given, const char *name, rr_error *err)
{
    RRI_TRY(rri_abi_read_type(full, sizeof *full, given, name, "rr_obs", err));
    RRI_TRY(check_unset(full, sizeof *full, OBS, N_OF(OBS), name, err));
    const bool has_both = full->candidates != NULL && full->vectors != NULL;
    const int32_t most = has_both && full->n_candidates > 0 ? full->n_candidates : 0;
    if (full->n_vectors < 0 || full->n_vectors > most) {
        RRI_FAIL(err, RR_E_INVALID, "%s: n_vectors is %d; it must be in [0, %d]%s", name,
                 full->n_vectors, most,
                 has_both ? ", as n_candidates is"
                          : ", for candidates and vectors are not both given");
    }
    return check_keys(full, name, err);
}

rr_status rri_decision_read(rr_decision *full, const rr_decision *given, rr_error *err)
{
    RRI_TRY(rri_abi_read(full, sizeof *full, given, "rr_decision", err));
    return check_unset(full, sizeof *full, DECISION, N_OF(DECISION), "rr_decision", err);
}

rr_status rri_outcome_read(rr_outcome *full, const rr_outcome *given, rr_error *err)
{
    RRI_TRY(rri_abi_read(full, sizeof *full, given, "rr_outcome", err));
    return check_unset(full, sizeof *full, OUTCOME, N_OF(OUTCOME), "rr_outcome", err);
}

uint32_t rri_obs_view_size(const rr_obs *view)
{
    const unsigned char *begin = (const void *)view;
    size_t size = sizeof *view;
    while (size > offsetof(rr_obs, candidate_keys) && is_zero(begin + size - 8, 8)) {
        size -= 8;
    }
    return (uint32_t)size;
}
