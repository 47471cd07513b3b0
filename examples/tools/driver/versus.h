/* SPDX-License-Identifier: MIT */
/* versus.h: two trained policies in the same sessions: same users, same candidates, same luck. What
 * users are worth to any policy cancels in the difference, which is why its interval is narrower
 * than those of the two means. docs/evaluation.md */
#ifndef EXAMPLES_DRIVER_VERSUS_H
#define EXAMPLES_DRIVER_VERSUS_H

#include "json.h"
#include "play.h"
#include "run.h"

/* One way to play: sampled from the policy, or its most probable item. Returns of a session. */
typedef struct versus_row {
    const char *name;
    rr_comparison over_sessions;
    rr_comparison
        over_users; /* n is 0 in a synthetic world, where each session is a user's first */
} versus_row;

/* users [n] whose the sessions were, −1: nobody of a table. */
void versus_compare(versus_row *row, const float *a, const float *b, const int32_t *users,
                    int32_t n);

/* The half width that counts: over users where they have several sessions. */
double versus_interval(const versus_row *row);

/* Fails with a sentence where the two were not made for the same sessions. */
void versus_require_same(const char *path_a, const settings *a, const run_origin *origin_a,
                         const char *path_b, const settings *b, const run_origin *origin_b);

enum { VERSUS_ROWS = 2 };

/* rows [VERSUS_ROWS] sampled and greedy. */
void versus_play(versus_row *rows, rr_agent *a, rr_agent *b, const world *w,
                 const rr_env_config *config, uint64_t seed, int32_t n_sessions);

void versus_print(FILE *out, const versus_row *rows);
void versus_explain(FILE *out, const versus_row *rows);
/* The member "comparison". */
void versus_write_json(json *j, const versus_row *rows);

#endif
