/* SPDX-License-Identifier: MIT */
/* world.h: the users of the example, what they are offered, and what they do with it.
 *
 * A request shows k candidates of a catalogue. Of each the server knows the item's vector v and
 * sixteen features f: f₀ is the log-score of the ranker that is there already, f₁ … f₁₅ are drawn
 * anew. With the user's vector u, and a = u·v,
 *
 *   read    p = 0.20 + 0.05 a + 0.04 f₁ + 0.06 f₂ + 0.03 f₃      within [0.01, 0.95]; earned: p and
 * some noise stay    c = 0.75 − 0.05 f₂ + 0.04 f₄ + 0.02 f₅               within [0.05, 0.90]
 *
 * so f₂ is bait: read, and then the user leaves. The ranker scores reading alone, and not all of
 * it: (0.03 (a + noise) + 0.04 f₁ + 0.06 f₂) / 0.025, and draws from the softmax of it.
 *
 * Requests are alike, so what a session that goes on will still earn is one number,
 * V = E max (p + c V), and the best play is the candidate with the largest p + c V.
 *
 * The catalogue may move: items that have been there longest go, as many come, and the value of the
 * best play stays what it was, since items that come are drawn as those that go were. */
#ifndef SERVER_WORLD_H
#define SERVER_WORLD_H

#include <recrl/recrl.h>
#include <stdbool.h>

enum { WORLD_USERS = 10000, WORLD_ITEMS = 5003, WORLD_DIM = 16, WORLD_FEATURES = 16 };

typedef struct world {
    uint64_t seed;
    int32_t k;
    int32_t schema;  /* what the columns of states and features mean: 0, or 1 (world_map) */
    rr_items *items; /* the present generation */
    float *vectors;  /* [n_items, WORLD_DIM], also of what is gone */
    int32_t *shelf;  /* [WORLD_ITEMS] indices of what may be shown */
    int32_t n_items;
    double value; /* V of the best play: world_solve */
} world;

/* One request: whose, and when. */
typedef struct request {
    uint64_t session, decision, user;
    int64_t time;
    int32_t step; /* of the session, from 0 */
} request;

/* Requests side by side, as rr_obs has them. */
typedef struct batch {
    int32_t n, max, k, schema;
    request *requests;    /* [max] */
    float *states;        /* [max, WORLD_DIM] */
    int32_t *candidates;  /* [max, k] */
    float *features;      /* [max, k, WORLD_FEATURES] */
    float *seen_states;   /* [max, WORLD_DIM] as a schema other than 0 has them */
    float *seen_features; /* [max, k, world_features] likewise */
    uint64_t *sessions, *decisions;
    int64_t *times;
} batch;

enum { CHOOSE_RANDOM, CHOOSE_INCUMBENT, CHOOSE_MYOPIC, CHOOSE_BEST };

void world_open(world *w, uint64_t seed, int32_t k);
/* Finds V, which the best play needs. */
void world_solve(world *w);
void world_close(world *w);
/* The next generation of the catalogue: the n items that have been there longest go, n new ones
 * come. */
void world_move(world *w, int32_t n);
/* The catalogue as it was saved, in place of the one that is there. */
void world_reload(world *w, const char *path);
/* The arm of an experiment that a user is in. */
int32_t world_arm(uint64_t user, int32_t n_arms);

void batch_open(batch *b, int32_t max, int32_t k);
void batch_close(batch *b);
/* Width of features in a schema. */
int32_t world_features(int32_t schema);
/* Where the columns of schema 0 are in schema 1: the states stand the other way round, two features
 * have changed places, two are gone, and one is new. */
rr_schema_map world_map(void);
/* Fills row `row` with what its request shows. */
void world_show(const world *w, batch *b, int32_t row);
/* Views of the first n rows; with ids and times. */
rr_obs batch_obs(const batch *b);

/* What the user does with position `action` of a row: a function of the world and the decision id.
 */
typedef struct answer {
    float reward;
    bool stays;
} answer;
answer world_answer(const world *w, const batch *b, int32_t row, int32_t action);

/* Whose session it is. */
uint64_t world_user(const world *w, uint64_t session);

/* The position that a policy which does not learn chooses. */
int32_t world_choose(const world *w, const batch *b, int32_t row, int32_t chooser);

/* Uniform on [0, 1): a function of its arguments. */
double world_uniform(uint64_t seed, uint64_t purpose, uint64_t a, uint64_t b);

#endif
