/* SPDX-License-Identifier: MIT */
/* play.h: one policy plays many sessions, and what came of it. Policies that are given the same
 * seed and the same users play the same sessions: session by session the same user, the same
 * candidates and the same luck, whichever row it is played in. */
#ifndef EXAMPLES_DRIVER_PLAY_H
#define EXAMPLES_DRIVER_PLAY_H

#include <stdbool.h>

#include "segments.h"
#include "world.h"

/* An agent, sampled or greedy, a bandit, or one of the environment's choosers. */
typedef struct play_policy {
    const char *name;
    rr_agent *agent;   /* NULL: the bandit … */
    rr_bandit *bandit; /* … or, NULL, the chooser */
    bool is_greedy;
    int32_t chooser; /* RR_CHOOSER_ */
    float parameter; /* β of the patient chooser */
} play_policy;

/* What a play showed: counts over the catalogue, and the first session of the first rows whole. */
typedef struct play_watch {
    int64_t *shown;     /* [n_items] showings in the sessions counted; NULL: not wanted */
    int32_t n_sessions; /* of which the first session is kept, at most PLAY_ENVS */
    int32_t max_steps;
    int32_t *items; /* [n_sessions, max_steps] pool indices; −1 behind a session's end */
    float *rewards; /* [n_sessions, max_steps] */
    float *returns; /* [sessions] of the sessions counted, in the order they began; NULL */
    int32_t *users; /* [sessions] whose they were, among the part's users; −1: a new one; NULL */
    const segments *of;                      /* users by segment; NULL: not wanted */
    rr_metrics_summary parts[SEGMENTS_MOST]; /* of the sessions of each segment */
    int32_t n_rows; /* sessions side by side, which changes none of them; 0: PLAY_ENVS */
} play_watch;

/* Sessions of `part`'s users, `n_sessions` of them counted. Does not move the agent: its draws are
 * made by decision ids that follow from the seed. */
void play_sessions(rr_metrics_summary *out, const play_policy *policy, const world *w,
                   const rr_env_config *config, uint64_t seed, int part, int32_t n_sessions);
/* The same, told in `watch` too; its arrays are the caller's and are overwritten. */
void play_watched(rr_metrics_summary *out, play_watch *watch, const play_policy *policy,
                  const world *w, const rr_env_config *config, uint64_t seed, int part,
                  int32_t n_sessions);

/* Sessions in which a policy over a catalogue of this size is judged unless a flag says how many:
 * PRESETS_SESSIONS, fewer where the one-step oracle would take too long. */
int32_t play_default_sessions(int32_t n_items);
/* The seed of those sessions from --seed, or from PRESETS_EVALUATION_SEED. */
uint64_t play_seed(uint64_t seed);

/* β of the patient play by grid: the largest return of a session on sessions of their own. */
float play_best_patience(const world *w, const rr_env_config *config, uint64_t seed, int part,
                         int32_t n_sessions);

#endif
