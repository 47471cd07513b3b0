/* SPDX-License-Identifier: MIT */
/* world.c: draws by coordinates, none of which has a state. */
#include "env/world.h"

#include <math.h>
#include <string.h>

#include "core/philox.h"
#include "core/status.h"

/* Lane of an item's pull; its coordinates use the lanes from 0 upward. */
#define PULL_LANE UINT32_C(0x80000000)

rr_status rri_world_create_items(rr_items **out, const rr_env_config *config,
                                 const rri_allocator *allocator, rr_error *err)
{
    const size_t n = (size_t)config->num_items;
    const size_t dim = (size_t)config->state_dim / 2;
    if (config->tire <= 0.0f) {
        return rri_items_create_random(out, config->num_items, config->state_dim / 2,
                                       config->world_seed, allocator, err);
    }

    const size_t bytes = rri_size_multiply(rri_size_multiply(n, dim), sizeof(float));
    void *block = NULL;
    RRI_TRY(rri_memory_allocate(&block, allocator, bytes, "the items of a tiring world", err));
    float *vectors = (float *)block;
    const float spread = (float)(1.0 / sqrt((double)dim));
    for (size_t i = 0; i < n; i++) {
        float *vector = vectors + i * dim;
        rri_philox_normals(vector, dim, config->world_seed, RRI_STREAM_ITEMS, i);
        for (size_t j = 0; j + 1 < dim; j++) {
            vector[j] *= spread;
        }
        vector[dim - 1] =
            (float)rri_philox_uniform(config->world_seed, RRI_STREAM_ITEMS, i, PULL_LANE);
    }
    const rr_status status = rri_items_create(out, vectors, NULL, config->num_items,
                                              config->state_dim / 2, allocator, err);
    rri_memory_release(allocator, block, bytes);
    return status;
}

void rri_world_draw_user(float *user, const rri_world_users *users, uint64_t session)
{
    const size_t dim = users->dim;
    if (users->table != NULL) {
        const uint64_t row =
            rri_philox_below(users->seed, RRI_STREAM_USERS, session, 0, (uint64_t)users->n_users);
        memcpy(user, users->table + (size_t)row * dim, dim * sizeof(float));
        return;
    }
    rri_philox_normals(user, dim, users->seed, RRI_STREAM_USERS, session);
    if (users->has_pull) {
        user[dim - 1] = 1.0f;
    }
}

void rri_world_mean_user(float *mean, const rri_world_users *users, float *scratch, double *sums)
{
    const size_t dim = users->dim;
    const size_t n = users->table != NULL ? users->n_users : RRI_WORLD_MEAN_SESSIONS;
    memset(sums, 0, dim * sizeof(double));
    for (size_t i = 0; i < n; i++) {
        const float *user = scratch;
        if (users->table != NULL) {
            user = users->table + i * dim;
        } else {
            rri_world_draw_user(scratch, users, i);
        }
        for (size_t j = 0; j < dim; j++) {
            sums[j] += (double)user[j];
        }
    }
    for (size_t j = 0; j < dim; j++) {
        mean[j] = (float)(sums[j] / (double)n);
    }
}

size_t rri_world_list_table(size_t k)
{
    size_t n_slots = 2;
    while (n_slots < 2 * k) {
        n_slots *= 2;
    }
    return n_slots;
}

/* Puts `item` into the set; false where it was in it. */
static bool insert(int32_t *seen, size_t n_slots, int32_t item)
{
    size_t slot = ((uint32_t)item * UINT32_C(2654435769)) & (n_slots - 1);
    while (seen[slot] != -1) {
        if (seen[slot] == item) {
            return false;
        }
        slot = (slot + 1) & (n_slots - 1);
    }
    seen[slot] = item;
    return true;
}

void rri_world_draw_list(int32_t *list, uint64_t seed, uint64_t session, uint32_t step,
                         int32_t n_items, uint32_t k, int32_t *seen)
{
    const size_t n_slots = rri_world_list_table(k);
    memset(seen, 0xff, n_slots * sizeof(int32_t)); /* every slot −1 */
    for (uint32_t i = 0; i < k; i++) {
        const int32_t newest = n_items - (int32_t)k + (int32_t)i;
        const uint64_t drawn = rri_philox_below(seed, RRI_STREAM_CANDIDATES, session, step * k + i,
                                                (uint64_t)newest + 1);
        int32_t item = (int32_t)drawn;
        if (!insert(seen, n_slots, item)) {
            item = newest; /* cannot be in the set: all before it were drawn from lower numbers */
            (void)insert(seen, n_slots, item);
        }
        list[i] = item;
    }
}
