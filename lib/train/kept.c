/* SPDX-License-Identifier: MIT */
#include "train/kept.h"

#include <string.h>

/* Of keep_versions 0: copies that cost little beside an agent, however large a catalogue it learns,
 * and cover the rows of an hour or two where an update is made every few minutes. */
enum { AUTO_BYTES = 1 << 20, AUTO_VERSIONS = 16 };

/* The present version is there anyway. */
static size_t most_kept(const rr_agent_config *config, size_t n_floats)
{
    if (config->keep_versions > 0) {
        return (size_t)config->keep_versions - 1;
    }
    const size_t fit = (size_t)AUTO_BYTES / (n_floats * sizeof(float));
    const size_t old = (size_t)config->max_staleness; /* rows of older ones are refused */
    const size_t most = fit < AUTO_VERSIONS - 1 ? fit : AUTO_VERSIONS - 1;
    return most < old ? most : old;
}

void rri_kept_layout(rri_kept *kept, rri_arena *arena, const rr_agent_config *config,
                     size_t n_floats)
{
    kept->n_floats = n_floats;
    kept->most = most_kept(config, n_floats);
    kept->values = RRI_TAKE(arena, float, rri_size_multiply(kept->most, n_floats));
    kept->plain = RRI_TAKE(arena, uint64_t, kept->most);
    rri_kept_clear(kept);
}

void rri_kept_clear(rri_kept *kept)
{
    kept->n = kept->next = 0;
}

static void put(rri_kept *kept, uint64_t plain, const void *values)
{
    kept->plain[kept->next] = plain;
    memcpy(kept->values + kept->next * kept->n_floats, values, kept->n_floats * sizeof(float));
    kept->next = (kept->next + 1) % kept->most;
    kept->n += kept->n < kept->most;
}

void rri_kept_add(rri_kept *kept, uint64_t plain, const float *values)
{
    if (kept->most > 0 && rri_kept_find(kept, plain) == NULL) {
        put(kept, plain, values);
    }
}

const float *rri_kept_find(const rri_kept *kept, uint64_t plain)
{
    for (size_t i = 0; i < kept->n; i++) {
        if (kept->plain[i] == plain) {
            return kept->values + i * kept->n_floats;
        }
    }
    return NULL;
}

void rri_kept_restore(rri_kept *kept, const uint64_t *plain, const unsigned char *values, size_t n,
                      size_t next)
{
    const size_t row = kept->n_floats * sizeof(float);
    const size_t n_taken = n < kept->most ? n : kept->most;
    rri_kept_clear(kept);
    kept->next = n == kept->most && next < n ? next : 0;
    for (size_t i = n - n_taken; i < n; i++) {
        const size_t from = (next + i) % n; /* a ring that was not full ends at its next place */
        put(kept, plain[from], values + from * row);
    }
}
