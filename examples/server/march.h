/* SPDX-License-Identifier: MIT */
/* march.h: sessions of the same world in lock step, rewarded at once: for comparison, for the first
 * night's log, and to measure what a policy earns. */
#ifndef SERVER_MARCH_H
#define SERVER_MARCH_H

#include "world.h"

/* Sessions side by side; one that ends begins anew in the next step. */
typedef struct march {
    const world *w;
    batch b;
    uint64_t next_session, next_decision;
    int32_t most_steps;  /* 0: as long as the user stays; else every session has just so many */
    float *rewards;      /* [n] of the last answer */
    uint8_t *terminated; /* [n] */
    int32_t *actions;    /* [n] */
} march;

/* Sessions and decisions are numbered from first_id on. */
void march_open(march *m, const world *w, int32_t n, uint64_t first_id);
void march_close(march *m);
/* Takes m->actions, fills rewards and terminated, and shows the next requests. */
void march_answer(march *m);

/* Who plays. */
typedef struct player {
    int32_t chooser; /* CHOOSE_…, where policy is NULL */
    float epsilon;   /* share of random choices in the others' place */
    rr_policy *policy;
    rr_reader *reader;
} player;

/* Fills m->actions. */
void player_choose(const player *p, march *m);

/* Sessions side by side in which a policy is measured, and the fewest. */
enum { MEASURED_SIDE_BY_SIDE = 50 };

typedef struct earned {
    double mean, interval; /* of a session; 95 % */
    double steps;          /* of a session */
} earned;
/* n_sessions of users that are the same for every player. */
earned player_measure(const player *p, const world *w, int32_t n_sessions);

#endif
