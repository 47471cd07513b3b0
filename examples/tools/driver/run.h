/* SPDX-License-Identifier: MIT */
/* run.h: a training run: its handles, one update at a time, and how it is put down and taken up
 * again. */
#ifndef EXAMPLES_DRIVER_RUN_H
#define EXAMPLES_DRIVER_RUN_H

#include "settings.h"
#include "world.h"

/* Warnings of one update that are kept; there are not more illnesses. */
enum { RUN_MOST_WARNINGS = 16 };

typedef struct run {
    const settings *s;
    const world *w;
    rr_env *env;
    rr_agent *agent;
    rr_buffer *buffer;
    rr_health *health;
    rr_decision decision;  /* owned arrays [n_envs] */
    float *open_returns;   /* [n_envs] earned so far in each open session */
    int32_t *open_lengths; /* [n_envs] steps so far */
    float reward_scale;    /* what the agent is told is the world's reward times this */
    float *scaled_rewards; /* [n_envs] scratch */
    /* Of the last update. */
    rr_stats stats;
    double ended_returns; /* sums over the sessions that ended in it */
    double ended_squares; /* of returns */
    int64_t ended_lengths;
    int64_t n_ended;
    double seconds; /* that it took; before the first, more than any */
    int n_warnings; /* of the health watch, in the last update */
    char warnings[RUN_MOST_WARNINGS][512];
    /* Before an update that may take long, what the handles are, so that it can be broken off. */
    int (*is_stopped)(void); /* not 0: break off; NULL: never */
    struct {
        bool is_kept;
        void *bytes; /* [capacity] rr_checkpoint_save_memory's */
        size_t n, capacity;
        float *open_returns;
        int32_t *open_lengths;
    } before;
} run;

/* The file of a world as a checkpoint remembers it; 0: it does not. */
typedef struct run_data {
    int64_t n_rows, n_users, n_items;
} run_data;

/* What the driver itself must know to go on: kept in the checkpoint as the host's blob. */
typedef struct run_origin {
    char world[1024];      /* --world */
    char data[1024];       /* --data; "" where it was not given */
    char name[256];        /* --name; "" where it was not given */
    char vectors[1024];    /* --vectors; "" where it was not given */
    char reward_scale[32]; /* --reward-scale; "" where it was not given */
    run_data had;          /* read from a checkpoint, for run_require_loaded */
    data_options reading;  /* --columns and the like */
} run_origin;

/* Agent by algorithm over a catalogue, from the settings. */
rr_agent *run_create_agent(const settings *s, rr_items *items);
void run_open(run *r, const settings *s, const world *w);
void run_close(run *r);
/* One rollout and one update. False: is_stopped said so, and the run is as it was before; an update
 * that is quick is never broken off. A run that goes on from there makes the same bytes as one that
 * never stopped, which half an update would not. */
bool run_update(run *r);

/* Agent, environment, and the run's own text: origin, training config, open sessions. */
rr_status run_save(const run *r, const char *path, const run_origin *origin, rr_error *err);
/* Reads configs and origin of a checkpoint, before any handle exists. */
void run_read_settings(settings *s, run_origin *origin, const char *path);
/* Whether two checkpoints are of one recipe: all that no run may change between its parts. */
bool run_is_same_recipe(const char *path, const char *other);
/* Restores the handles of a run opened with those settings. */
void run_load(run *r, const char *path, const run_origin *origin);
/* Fails where a checkpoint could not be loaded into handles of the world `w`. Where the world's
 * file is not what it was, that is the sentence. */
void run_require_loaded(rr_status status, const rr_error *err, const char *path,
                        const run_origin *origin, const world *w);

#endif
