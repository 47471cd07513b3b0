/* SPDX-License-Identifier: MIT */
/* What the three feeds have in common: a simulated platform with users, and the ranker that it has.
 *
 *     feed *f = kind->create(seed, life);
 *     kind->look(f);                    // fills f->obs: a request of each user
 *     kind->choose(f, RULE_…, actions); // or an agent's rr_agent_act(agent, &f->obs, …)
 *     kind->step(f, actions);           // users watch, react, leave: f->came
 *
 * `seed` makes the catalogue, `life` what happens in it: two lives of a seed have the same world at
 * the start. Letters of the shapes: n users · k candidates. */
#ifndef FEEDS_FEED_H
#define FEEDS_FEED_H

#include "chance.h"

#include <recrl/recrl.h>
#include <stdbool.h>

/* Who chooses without learning. */
enum {
    RULE_RANDOM = 0,
    RULE_GREEDY,    /* the highest reward now, as far as the platform knows it */
    RULE_INCUMBENT, /* the platform's ranker, an argmax of features */
    RULE_STRONGEST, /* sees what the platform does not: tastes and what tires */
    RULES
};

/* What came of the last decisions, and what was heard just now of earlier ones. */
typedef struct feed_outcome {
    float *rewards;           /* [n] */
    uint8_t *is_over;         /* [n] 1: the session has ended with this decision */
    int32_t n_late;           /* ≤ n */
    uint64_t *late_decisions; /* [n_late] */
    float *late_rewards;      /* [n_late] */
} feed_outcome;

enum { FEED_FIGURES = 3 };
/* Sums over the sessions that have ended, with all that they ever earn. */
typedef struct feed_tally {
    double sessions, reward, decisions;
    double figures[FEED_FIGURES]; /* the feed's own: feed_kind.figures says what */
} feed_tally;

typedef struct feed feed;

/* How an agent learns in a feed; chosen on the seeds 200 to 202. */
typedef struct feed_settings {
    float lr, gamma, gae_lambda, clip_eps, ent_coef, lr_from_nothing;
    float ref_kl_coef; /* falls to 0 over ref_kl_share of the updates */
    float ref_kl_share;
    int32_t rollout; /* rows of an update, about */
    int32_t epochs, batch_size;
    int32_t hidden;
    float scale; /* initial_scale */
    float imitate_lr, imitate_ent_coef;
    int32_t imitate_epochs; /* at most, of the first call; half of them of the second */
} feed_settings;

typedef struct feed_kind {
    const char *name, *title, *reward;
    const char *figures[FEED_FIGURES]; /* NULL: no more */
    int32_t n, k, state_dim, feature_dim, item_dim;
    int32_t n_excluded; /* length of exclusion lists, 0: none */
    int32_t wait;       /* steps that a reward may be late, 0: none is */
    bool is_fixed;      /* the catalogue does not move, so a log's candidates stay indices */
    feed_settings settings;
    feed *(*create)(uint64_t seed, uint64_t life);
    void (*destroy)(feed *f);
    void (*look)(feed *f);
    void (*choose)(feed *f, int rule, int32_t *actions);
    void (*step)(feed *f, const int32_t *actions);
} feed_kind;

struct feed {
    const feed_kind *kind;
    rr_items *items; /* owned: the catalogue of today; NULL: candidates are in the request alone */
    rr_obs obs;      /* views of what follows */
    float *states;   /* [n, state_dim] */
    float *features; /* [n, k, feature_dim] */
    int32_t *candidates; /* [n, k] NULL: in the request alone */
    float *vectors;      /* [n, k, item_dim] also where there are candidates: for the log */
    int32_t *excluded;   /* [n, n_excluded] */
    uint64_t *sessions, *decisions; /* [n] keys, and ids that count up from 1 */
    int64_t *times;                 /* [n] all `now` */
    int64_t now;                    /* steps so far */
    uint64_t n_sessions, n_decisions;
    feed_outcome came;
    feed_tally tally;
    chance random;
};

/* Ends the program with a sentence where a call fails. */
void require(rr_status status, const rr_error *err);
void *take(size_t n, size_t size); /* zeros */

/* Gives the arrays of f, whose kind is set, or frees them. */
void feed_take(feed *f);
void feed_give(feed *f);
/* The part of look that all share: ids and times, and f->obs. */
void feed_number(feed *f);
void feed_begin_session(feed *f, int32_t user);
/* Position of the highest score [k]; ties to the lower position. Those of −inf are never chosen. */
int32_t feed_best(const float *scores, int32_t k);

extern const feed_kind short_video, home, social;

#endif
