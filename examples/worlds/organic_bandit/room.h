/* SPDX-License-Identifier: MIT */
/* Users side by side, each waiting for a recommendation, and the rows of an observation that say
 * what the feed knows of them. */
#ifndef OB_ROOM_H
#define OB_ROOM_H

#include "feed.h"

typedef struct ob_room {
    const ob_world *world; /* borrowed */
    const ob_feed *feed;   /* borrowed */
    int32_t n_seats;
    ob_user *users;        /* [n_seats] */
    int32_t *n_known;      /* [n_seats] views that the row knows of; −1: none */
    float *states;         /* [n_seats, state_dim] */
    float *features;       /* [n_seats, P, OB_FEATURES] */
    int32_t *candidates;   /* [n_seats, P] every product, in order */
    int32_t *actions;      /* [n_seats] what was decided */
} ob_room;

/* 0, or −1 without memory; destroy is fine then too. */
int ob_room_create(ob_room *room, const ob_world *world, const ob_feed *feed, int32_t n_seats);
void ob_room_destroy(ob_room *room);
/* Seats the next user who stays for a recommendation; *id is counted on. 0 when it has
 * reached `end`. */
int ob_room_welcome(ob_room *room, int32_t seat, uint64_t *id, uint64_t end);
/* The last of n seats takes over this one. */
void ob_room_close(ob_room *room, int32_t seat, int32_t n);
/* The first n seats: views, valid until the next call. */
rr_obs ob_room_observe(ob_room *room, int32_t n);

#endif
