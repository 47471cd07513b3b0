/* SPDX-License-Identifier: MIT */
#include "model/versions.h"

#include <math.h>
#include <string.h>

#include "core/hash.h"
#include "core/status.h"

enum { VERSIONS_PER_UPDATE = 4 };

/* They change nothing: temperature 1, no floor, no share, not greedy. */
static bool is_plain(const rr_serving_options *options)
{
    return options->is_greedy == 0 && options->temperature == 1.0f && options->floor == 0.0f &&
           options->incumbent_share == 0.0f;
}

uint64_t rri_version_hash(uint64_t parameters, uint64_t line, const rr_serving_options *options)
{
    const uint64_t of_policy[] = {parameters, line};
    rri_hash hash;
    rri_hash_init(&hash, 0);
    rri_hash_update(&hash, of_policy, sizeof of_policy);
    if (options != NULL && !is_plain(options)) {
        const float numbers[] = {options->temperature, options->floor, options->incumbent_share};
        rri_hash_update(&hash, &options->is_greedy, sizeof options->is_greedy);
        rri_hash_update(&hash, numbers, sizeof numbers);
    }
    return rri_hash_final(&hash);
}

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

/* The latest first: most rows are fresh. */
static rri_version *find(const rri_versions *versions, uint64_t version)
{
    for (size_t i = versions->n; i-- > 0;) {
        if (versions->entries[i].version == version) {
            return &versions->entries[i];
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
    rri_version *leaves = find(versions, version->version);
    if (leaves == NULL && versions->n == versions->capacity) {
        leaves = versions->entries;
    }
    if (leaves != NULL) {
        const size_t n_behind = (size_t)(versions->entries + versions->n - leaves) - 1;
        memmove(leaves, leaves + 1, n_behind * sizeof *leaves);
        versions->n--;
    }
    versions->entries[versions->n++] = *version;
}

static bool is_share(float x)
{
    return x >= 0.0f && x <= 1.0f;
}

rr_status rri_versions_restore(rri_versions *versions, const unsigned char *entries, size_t n,
                               int64_t n_updates, rr_error *err)
{
    if (versions != NULL) {
        versions->n = 0;
    }
    for (size_t i = 0; i < n; i++) {
        rri_version entry;
        memcpy(&entry, entries + i * sizeof entry, sizeof entry);
        const bool is_sound = entry.update >= 0 && entry.update <= n_updates &&
                              (entry.is_greedy == 0 || entry.is_greedy == 1) &&
                              isfinite(entry.temperature) && entry.temperature > 0.0f &&
                              is_share(entry.floor) && is_share(entry.incumbent_share);
        if (!is_sound) {
            RRI_FAIL(err, RR_E_FORMAT, "checkpoint: agent.versions[%zu] has fields out of range",
                     i);
        }
        if (versions != NULL) {
            rri_versions_note(versions, &entry);
        }
    }
    return RR_OK;
}

/* ── parameters of earlier versions ── */

/* Of keep_versions 0: copies that cost little beside an agent, however large a catalogue it learns,
 * and cover the rows of an hour or two where an update is made every few minutes. */
enum { AUTO_BYTES = 1 << 20, AUTO_VERSIONS = 16 };

/* The present version is there anyway. */
static size_t most_earlier(const rr_agent_config *config, size_t n_floats)
{
    if (config->keep_versions > 0) {
        return (size_t)config->keep_versions - 1;
    }
    const size_t fit = (size_t)AUTO_BYTES / (n_floats * sizeof(float));
    const size_t old = (size_t)config->max_staleness; /* rows of older ones are refused */
    const size_t most = fit < AUTO_VERSIONS - 1 ? fit : AUTO_VERSIONS - 1;
    return most < old ? most : old;
}

void rri_earlier_layout(rri_earlier *earlier, rri_arena *arena, const rr_agent_config *config,
                        size_t n_floats)
{
    earlier->n_floats = n_floats;
    earlier->most = most_earlier(config, n_floats);
    earlier->values = RRI_TAKE(arena, float, rri_size_multiply(earlier->most, n_floats));
    earlier->plain = RRI_TAKE(arena, uint64_t, earlier->most);
    rri_earlier_clear(earlier);
}

void rri_earlier_clear(rri_earlier *earlier)
{
    earlier->n = earlier->next = 0;
}

static void put(rri_earlier *earlier, uint64_t plain, const void *values)
{
    earlier->plain[earlier->next] = plain;
    memcpy(earlier->values + earlier->next * earlier->n_floats, values,
           earlier->n_floats * sizeof(float));
    earlier->next = (earlier->next + 1) % earlier->most;
    earlier->n += earlier->n < earlier->most;
}

void rri_earlier_add(rri_earlier *earlier, uint64_t plain, const float *values)
{
    if (earlier->most > 0 && rri_earlier_find(earlier, plain) == NULL) {
        put(earlier, plain, values);
    }
}

const float *rri_earlier_find(const rri_earlier *earlier, uint64_t plain)
{
    for (size_t i = 0; i < earlier->n; i++) {
        if (earlier->plain[i] == plain) {
            return earlier->values + i * earlier->n_floats;
        }
    }
    return NULL;
}

void rri_earlier_restore(rri_earlier *earlier, const uint64_t *plain, const unsigned char *values,
                         size_t n, size_t next)
{
    const size_t row = earlier->n_floats * sizeof(float);
    const size_t n_taken = n < earlier->most ? n : earlier->most;
    rri_earlier_clear(earlier);
    earlier->next = n == earlier->most && next < n ? next : 0;
    for (size_t i = n - n_taken; i < n; i++) {
        const size_t from = (next + i) % n; /* a ring that was not full ends at its next place */
        put(earlier, plain[from], values + from * row);
    }
}
