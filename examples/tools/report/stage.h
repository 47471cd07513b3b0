/* SPDX-License-Identifier: MIT */
/* stage.h: policies on one stage: they play the same sessions, of users that none was trained on.
 *
 * A run of another seed has a synthetic world of its own, hence a stage of its own; stages of one
 * kind of world make a scene, over which a table averages. */
#ifndef EXAMPLES_REPORT_STAGE_H
#define EXAMPLES_REPORT_STAGE_H

#include "driver/factors.h"
#include "driver/play.h"
#include "runs.h"

enum { STAGE_SHOWN_SESSIONS = 3, STAGE_MOST_STEPS = 10, STAGE_MOST_ACTS = 24 };

/* One policy and what came of it. */
typedef struct stage_act {
    char name[300];
    int group;                /* of the runs; −1: does not learn */
    const run_record *record; /* the run; NULL: does not learn */
    rr_metrics_summary summary;
    rr_metrics_summary parts[SEGMENTS_MOST]; /* of users by segment */
    float *returns;                          /* [n_sessions] */
    int64_t *shown;                          /* [n_items] ascending */
    factors_table ranking;                   /* of a learner in a world of interactions: one row */
    int32_t items[STAGE_SHOWN_SESSIONS * STAGE_MOST_STEPS];
    float rewards[STAGE_SHOWN_SESSIONS * STAGE_MOST_STEPS];
} stage_act;

typedef struct stage {
    const run_record *first; /* whose world and environment it is */
    world world;
    bool is_lent; /* the world is the caller's */
    int n_sessions;
    int64_t n_rows; /* of each linear learner; 0: there are none */
    segments of;
    int32_t *users;        /* [n_sessions] whose the sessions are; −1: nobody of a table */
    factors_table ranking; /* of those that do not learn; empty in a synthetic world */
    int n_acts;
    stage_act acts[STAGE_MOST_ACTS];
} stage;

/* Whether two runs have one kind of world, and whether it is the very same. */
bool stage_is_alike(const run_record *a, const run_record *b);
bool stage_is_same(const run_record *a, const run_record *b);
/* Opens the world and lets random, popular, similar, the one-step oracle and, with the leave rule,
 * patient act; and ridge, LinUCB and Thompson sampling where n_rows, of their own, are given to
 * learn from. lent: the world where it is open already, else NULL. n_sessions 0: as many as train
 * and evaluate judge by. */
void stage_open(stage *s, const run_record *first, const world *lent, int n_sessions,
                int64_t n_rows);
/* A run's agent, sampled and greedy; its name is the group's. */
void stage_add(stage *s, const run_record *record, const char *name);
void stage_close(stage *s);
/* The act of a policy that does not learn, YARDSTICK_RANDOM …, and of the yardstick. */
const stage_act *stage_find(const stage *s, int policy);
const stage_act *stage_yardstick(const stage *s);
/* What policies are compared by: reward a step; with the leave rule return a session. */
double stage_worth(const stage *s, const rr_metrics_summary *summary);

#endif
