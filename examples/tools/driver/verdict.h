/* SPDX-License-Identifier: MIT */
/* verdict.h: what came of a run, in words: whether it learned, by how much, and whether it is ill.
 * train ends with it, and the report begins with it. */
#ifndef EXAMPLES_DRIVER_VERDICT_H
#define EXAMPLES_DRIVER_VERDICT_H

#include "yardstick.h"

/* From good to bad. */
enum {
    VERDICT_LEARNED,
    VERDICT_BEHIND, /* a policy that does not learn earns as much, or more */
    VERDICT_NOTHING /* so does random; or every play earns the same */,
    VERDICT_ILL /* the health watch's last judgement */
};

/* What a verdict is given about. */
typedef struct verdict_case {
    const rr_env_config *config;
    const rr_metrics_summary *own, *random, *popular, *similar, *yardstick;
    const char *illness; /* what the health watch still says at the end; "": nothing */
} verdict_case;

typedef struct verdict {
    int state;
    double share;    /* of the yardstick's worth; NaN where every play earns the same */
    char text[1024]; /* whole sentences */
} verdict;

void verdict_judge(verdict *v, const verdict_case *c);
/* "learned", "behind", "nothing learned", "ill". */
const char *verdict_word(int state);

#endif
