/* SPDX-License-Identifier: MIT */
/* What is tried in each feed: rules, a clone of the incumbent from its log, and agents that learn
 * on in the feed, from the clone and from nothing. */
#ifndef FEEDS_STUDY_H
#define FEEDS_STUDY_H

#include "feed.h"

enum {
    ARM_RANDOM = 0,
    ARM_GREEDY,
    ARM_INCUMBENT,
    ARM_CLONE,     /* imitates the incumbent's log */
    ARM_CLONE_PPO, /* … and learns on, near the clone at first */
    ARM_MYOPIC,    /* the same with γ = 0 */
    ARM_NOTHING,   /* PPO from random weights, as many decisions */
    ARM_STRONGEST,
    ARMS
};
extern const char *const study_names[ARMS];

enum { WINDOWS = 20, LEARNERS = 3 };
/* The learner of an arm, 0 … LEARNERS − 1, or −1. */
int32_t study_learner(int32_t arm);

typedef struct study_options {
    int64_t logged;    /* decisions of the incumbent that the clone is made from */
    int64_t held_out;  /* decisions behind them that it is held against */
    int64_t decisions; /* while each agent learns */
    int64_t judged;    /* decisions by which each arm is judged */
} study_options;

/* Means over the sessions that ended. */
typedef struct study_arm {
    double reward, decisions, figures[FEED_FIGURES];
} study_arm;

/* One seed's. */
typedef struct study {
    study_arm arms[ARMS];
    rr_imitate_report imitated;       /* of the clone */
    double agreement;                 /* of the clone with the incumbent, held out */
    double curves[LEARNERS][WINDOWS]; /* reward a session while it learned */
    int64_t left_out;                 /* rows that no update took: refused, dropped, rejected */
    int64_t rows[LEARNERS];           /* rows trained on */
    double reference_kl[2];    /* of clone + PPO: the first update, and the last that stayed near */
    double incumbent[WINDOWS]; /* reward a session of the incumbent, in the same windows */
    int64_t heard_later;       /* rewards that came after their decision's first one */
    int64_t too_late;          /* … and after their row was final */
} study;

void study_run(study *out, const feed_kind *kind, uint64_t seed, const study_options *options);

#endif
