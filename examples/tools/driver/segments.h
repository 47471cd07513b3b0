/* SPDX-License-Identifier: MIT */
/* segments.h: kinds of users among those that no policy was trained on. In a world of interactions
 * the third that had met least is new, the third that had met most is heavy; users of a synthetic
 * world have no past, and there are no segments. */
#ifndef EXAMPLES_DRIVER_SEGMENTS_H
#define EXAMPLES_DRIVER_SEGMENTS_H

#include <stdint.h>

#include "world.h"

enum { SEGMENTS_MOST = 2 };

typedef struct segments {
    int n; /* 0 in a synthetic world */
    struct {
        const char *name;
        int32_t cut; /* of the user who is just in it: interactions met */
        int32_t n_users;
        uint8_t *is_in; /* [n_users of the world's WORLD_TEST] */
    } at[SEGMENTS_MOST];
} segments;

void segments_open(segments *s, const world *w);
void segments_close(segments *s);

#endif
