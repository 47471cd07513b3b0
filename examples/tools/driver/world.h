/* SPDX-License-Identifier: MIT */
/* world.h: where the sessions come from.
 *
 *   synthetic  items and users are random (maths §1)
 *   tiring     the same with the leave rule: patience pays
 *   movielens  vectors of users and items learned from data/ml-100k; 20 % of the users
 *              are held back, and so is the latest tenth of what each user met, of which
 *              neither vectors nor policies know: it tells how well they rank
 *   FILE       the same from any file of interactions, or from a pipe; "-": standard input */
#ifndef EXAMPLES_DRIVER_WORLD_H
#define EXAMPLES_DRIVER_WORLD_H

#include <stdbool.h>

#include "data_file.h"
#include "settings.h"

/* Which users: synthetic worlds draw others by the seed alone. */
enum { WORLD_TRAIN = 0, WORLD_TEST = 1 };

/* What a world is opened from. */
typedef struct world_source {
    const char *spec;            /* --world */
    const char *data;            /* --data; NULL: where the fetch script puts MovieLens */
    const char *vectors;         /* --vectors; NULL: they are fitted */
    const char *save_vectors;    /* --save-vectors; NULL */
    const data_options *reading; /* how the file is read; NULL: as it shows itself */
    uint64_t memory_limit;       /* --memory-limit of reading interactions, bytes; 0: none */
    bool is_remembered;          /* world and data are a checkpoint's, not flags */
} world_source;

typedef struct world {
    char name[64];   /* "synthetic", or a file's name without folders and ending */
    char path[1024]; /* the file; "" where there is none */
    uint64_t memory_limit;
    int32_t num_threads; /* of reading it */
    data_options reading;
    data_told told;       /* what was read of it */
    rr_dataset *kept;     /* its interactions, where they cannot be read again; else NULL */
    bool has_own_vectors; /* they are not fitted to the file's interactions */
    rr_items *items;      /* NULL: the environment draws its own */
    int32_t dim;          /* width of vectors */
    float *users[2];      /* [n_users[i], dim] training and test users; NULL: random */
    int32_t n_users[2];
    float *popularity; /* [items] shares among the training users' interactions; NULL */
    float *mean_user;  /* [dim] of the training users; NULL: the environment's own */
    int64_t n_interactions;
    int32_t n_items;
    double train_rmse; /* NaN where nothing was fitted */
    /* NULL where the world is synthetic: */
    rr_dataset *parts[2];  /* what the vectors were fitted to; what was held out of them */
    float *user_vectors;   /* [users, dim] of all users of the file */
    float *item_vectors;   /* [items, dim] those of `items` */
    int32_t *user_rows[2]; /* [n_users[i]] whose they are, among the users of the file */
    int32_t *n_met;        /* [users] interactions that the vectors were fitted to */
} world;

void world_open(world *w, const world_source *from, const settings *s);
void world_close(world *w);
/* RMSE of a second factor model on 10 % of the interactions, held out of it. */
double world_holdout_rmse(world *w, const settings *s);
/* A fresh environment over one part of the users, reset. */
rr_env *world_env(const world *w, const rr_env_config *config, uint64_t seed, int part);
/* Whether what is given as --world or --data can be read once alone. */
bool world_is_pipe(const char *path);
/* The name of a world without opening it. */
void world_name(char *out, size_t capacity, const char *spec);

#endif
