/* SPDX-License-Identifier: MIT */
#include "agent/versions.h"

enum { VERSIONS_PER_UPDATE = 4 };

size_t rri_versions_capacity(int32_t max_staleness)
{
    return ((size_t)max_staleness + 1) * VERSIONS_PER_UPDATE;
}

static rri_version *find(const rri_versions *versions, uint64_t version)
{
    for (size_t i = 0; i < versions->n; i++) {
        if (versions->ring[i].version == version) {
            return &versions->ring[i];
        }
    }
    return NULL;
}

const rri_version *rri_versions_find(const rri_versions *versions, uint64_t version)
{
    return find(versions, version);
}

void rri_versions_note(rri_versions *versions, const rri_version *version)
{
    rri_version *known = find(versions, version->version);
    if (known == NULL) {
        known = &versions->ring[versions->next];
        versions->next = (versions->next + 1) % versions->capacity;
        versions->n += versions->n < versions->capacity;
    }
    *known = *version;
}

void rri_versions_copy(rri_version *out, const rri_versions *versions)
{
    const size_t oldest = versions->n < versions->capacity ? 0 : versions->next;
    for (size_t i = 0; i < versions->n; i++) {
        out[i] = versions->ring[(oldest + i) % versions->capacity];
    }
}
