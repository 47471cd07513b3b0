/* SPDX-License-Identifier: MIT */
#include "agent/versions.h"

enum { VERSIONS_PER_UPDATE = 4 };

rri_version rri_version_of(uint64_t version, uint64_t plain, int64_t update,
                           const rr_serving_options *options)
{
    return (rri_version){
        .version = version,
        .plain = plain,
        .update = update,
        .is_greedy = options != NULL ? options->is_greedy : 0,
        .temperature = options != NULL ? options->temperature : 1.0f,
        .floor = options != NULL ? options->floor : 0.0f,
        .incumbent_share = options != NULL ? options->incumbent_share : 0.0f,
    };
}

rr_serving_options rri_version_options(const rri_version *version)
{
    return (rr_serving_options){
        .struct_size = sizeof(rr_serving_options),
        .is_greedy = version->is_greedy,
        .temperature = version->temperature,
        .floor = version->floor,
        .incumbent_share = version->incumbent_share,
    };
}

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
