/* SPDX-License-Identifier: MIT */
/* learner.h: the agent of the example: how it is made, its first night, and the same learner in
 * lock step. */
#ifndef SERVER_LEARNER_H
#define SERVER_LEARNER_H

#include "march.h"

typedef struct learner_options {
    uint64_t seed;
    int32_t arm; /* of an experiment: each begins with other weights and draws differently */
    int32_t candidates;
    int32_t rows;       /* of an update */
    int32_t night_rows; /* of the first night's log */
    float gamma;
    int32_t most_steps; /* of a session in lock step; 0: as long as the user stays */
    int32_t most_items; /* indices of the catalogue's line that there may be; 0: it stands still */
} learner_options;

/* rows of one update; the seed decides initial weights, draws and shuffles. */
rr_agent *learner_make(const world *w, const learner_options *options);
/* Reads the log of one night in which the ranker chose: the first policy is the ranker, and the
 * critic knows what its sessions earn. */
void learner_first_night(rr_agent *agent, const world *w, const learner_options *options);
/* n_decisions in lock step, 64 sessions side by side; fewer where the program is asked to end. */
void learner_march(rr_agent *agent, const world *w, const learner_options *options,
                   int32_t n_decisions);
/* What the agent earns as it is now. */
earned learner_measure(rr_agent *agent, const world *w, bool is_greedy, int32_t n_sessions);

#endif
