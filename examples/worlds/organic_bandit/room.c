/* SPDX-License-Identifier: MIT */
#include "room.h"

#include <stdlib.h>
#include <string.h>

int ob_room_create(ob_room *room, const ob_world *world, const ob_feed *feed, int32_t n_seats)
{
    const size_t n = (size_t)n_seats;
    const size_t p = (size_t)feed->n_products;
    *room = (ob_room){.world = world, .feed = feed, .n_seats = n_seats};
    room->users = calloc(n, sizeof *room->users);
    room->n_known = calloc(n, sizeof *room->n_known);
    room->states = calloc(n * (size_t)feed->state_dim, sizeof *room->states);
    room->features = calloc(n * p * OB_FEATURES, sizeof *room->features);
    room->candidates = calloc(n * p, sizeof *room->candidates);
    room->actions = calloc(n, sizeof *room->actions);
    if (room->users == NULL || room->n_known == NULL || room->states == NULL ||
        room->features == NULL || room->candidates == NULL || room->actions == NULL) {
        return -1;
    }
    for (size_t i = 0; i < n * p; i++) {
        room->candidates[i] = (int32_t)(i % p);
    }
    return 0;
}

void ob_room_destroy(ob_room *room)
{
    free(room->users);
    free(room->n_known);
    free(room->states);
    free(room->features);
    free(room->candidates);
    free(room->actions);
    memset(room, 0, sizeof *room);
}

int ob_room_welcome(ob_room *room, int32_t seat, uint64_t *id, uint64_t end)
{
    ob_user *user = &room->users[seat];
    do {
        if (*id == end) {
            return 0;
        }
        ob_user_begin(user, room->world, (*id)++);
    } while (user->state != OB_BANDIT);
    room->n_known[seat] = -1;
    return 1;
}

void ob_room_close(ob_room *room, int32_t seat, int32_t n)
{
    room->users[seat] = room->users[n - 1];
    room->n_known[seat] = -1;
}

/* A row changes only when its user has viewed something. */
rr_obs ob_room_observe(ob_room *room, int32_t n)
{
    const ob_feed *feed = room->feed;
    const size_t width = (size_t)feed->n_products * OB_FEATURES;
    for (int32_t i = 0; i < n; i++) {
        if (room->n_known[i] != room->users[i].n_views) {
            ob_feed_state(room->states + (size_t)i * (size_t)feed->state_dim, feed,
                          &room->users[i]);
            ob_feed_features(room->features + (size_t)i * width, feed, &room->users[i]);
            room->n_known[i] = room->users[i].n_views;
        }
    }
    return (rr_obs){.struct_size = sizeof(rr_obs),
                    .n = n,
                    .n_candidates = feed->n_products,
                    .state_dim = feed->state_dim,
                    .feature_dim = OB_FEATURES,
                    .states = room->states,
                    .candidates = room->candidates,
                    .features = room->features};
}
