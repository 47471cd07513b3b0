/* SPDX-License-Identifier: MIT */
/* agent.h: what an agent owns, and how it is made. recrl.h §6.
 *
 * The handle is one small block and one large one, which is carved by agent.c's layout:
 *
 *   values │ gradients │ first moments │ second moments      each [params.n_floats]
 *   packed weights of actor and critic │ packed catalogue
 *   tape and slopes of a slice (RRI_SLICE_ROWS rows)
 *   rows of a rollout: order, advantages, returns, permutation
 *   running statistics of returns and states
 *   one scratch stack per thread
 *
 * A catalogue of another size changes the large block alone (swap_items.h). */
#ifndef RRI_AGENT_AGENT_H
#define RRI_AGENT_AGENT_H

#include "train/kept.h"
#include "model/network.h"
#include "train/recipe.h"
#include "serve/shelf.h"
#include "model/versions.h"
#include "core/host_log.h"
#include "core/memory.h"
#include "core/workers.h"
#include "policy/choice.h"
#include "policy/policy.h"

/* Rows that pass through the networks together: a longer minibatch is walked in slices, whose
 * gradients are added in order, so memory does not grow with it. */
#define RRI_SLICE_ROWS ((size_t)512)
/* Rows of one task that acts over a large pool. */
#define RRI_TILE_ROWS ((size_t)64)
/* Rows of one task of an update, and of one that acts over few items: logits of 1000 items and the
 * packed items lie in the second cache together, and a minibatch of 64 rows is work for two
 * threads. */
#define RRI_STEP_ROWS   ((size_t)32)
#define RRI_SLICE_TILES (RRI_SLICE_ROWS / RRI_STEP_ROWS)
/* Places of rankings that one thread holds at a time: a tile of rows where k is at most 1024; for a
 * longer k fewer rows together, down to one. */
#define RRI_RANKED_PLACES (RRI_TILE_ROWS * (size_t)1024)
/* Logits of a slice are kept for the backward pass where the catalogue has no more items than this
 * (and for every candidate list); beyond, they are made again. */
#define RRI_KEPT_WIDTH ((size_t)8192)

/* Sums of one tile, added up in order of tiles. */
typedef struct rri_tile_sums {
    double policy_loss, value_loss, entropy, approx_kl, n_clipped;
    rri_policy_sums policy;
} rri_tile_sums;

/* Arrays for one slice. */
typedef struct rri_slice {
    rri_network_tape tape, slopes;
    rri_policy_tape policy;
    float *states;        /* [rows, S] gathered */
    size_t kept_width;    /* longest rows whose logits are kept */
    float *logits;        /* [rows, kept_width] */
    float *block_maxima;  /* [rows, blocks of kept_width] */
    int32_t *rows;        /* [rows] where each lies in the rollout */
    int32_t *actions;     /* [rows] */
    float *log_probs;     /* [rows] */
    float *old_log_probs; /* [rows] */
    float *old_values;    /* [rows] */
    float *advantages;    /* [rows] */
    float *returns;       /* [rows] */
    float *d_log_probs;   /* [rows] */
    double *uniforms;     /* [rows] */
    rri_tile_sums tiles[RRI_SLICE_TILES];
} rri_slice;

/* Arrays for one rollout, in the order of (session, arrival). */
typedef struct rri_update_rows {
    size_t max_rows;
    int32_t *order;                        /* [max_rows] row of the rollout */
    uint8_t *is_segment_end;               /* [max_rows] */
    uint8_t *terminated;                   /* [max_rows] */
    float *rewards, *values, *next_values; /* [max_rows] */
    float *advantages, *returns;           /* [max_rows] */
    float *normalised;                     /* [max_rows] advantages of the present minibatch */
    float *weights;                        /* [max_rows] w of each place; read where has_weights */
    float *traces;                         /* [max_rows] c of each place */
    uint8_t *is_own;         /* [max_rows] of trained places: the present version drew it */
    bool has_weights;        /* while a keyed buffer is trained on */
    int32_t *trained;        /* [max_rows] places (in this order) that are trained on */
    int32_t *permutation;    /* [max_rows] */
    int32_t *minibatch;      /* [max_rows] places of the present minibatch */
    double *shards;          /* of the gradient's norm */
    float *tempered_weights; /* [f] */
    float *tempered_bias;    /* [N] where there are biases */
} rri_update_rows;

/* Running statistics, maths §11: of returns, then of states, as far as the config asks. */
typedef struct rri_normaliser {
    double *running; /* [n_running] rows, means, variances of each kind */
    double *batch;   /* [2 S] scratch */
    size_t n_running;
} rri_normaliser;

/* In what units the losses of an update are: (R − shift) · per_unit and Â · advantage; V² · scale²
 * leads back. */
typedef struct rri_units {
    float shift, per_unit, advantage;
    double scale;
    bool has_old_values; /* false: they are 0 for want of statistics, so no loss stays near them */
} rri_units;

struct rr_agent {
    rri_allocator allocator;
    rr_agent_config config;
    rr_ppo_config ppo; /* the one that recipe.algo names is in force */
    rr_a2c_config a2c;
    rri_recipe recipe;
    rr_items *items; /* a reference; NULL: none */
    rri_shelf
        *shelf; /* a reference: what snapshots share, perhaps of older items; NULL: none yet */

    const rri_kernels *kernels;
    rri_workers *workers;

    void *block; /* the large one */
    size_t block_bytes;
    rri_network network;
    float *values, *gradients, *first_moments, *second_moments; /* [params.n_floats] */
    rri_slice slice;
    rri_update_rows update;
    rri_normaliser normaliser;
    rri_units units;   /* of the update under way */
    rri_stack *stacks; /* [num_threads] */

    int64_t n_updates, n_timesteps, n_optimizer_steps;
    uint64_t n_draws; /* rows drawn without an id of their own */

    rri_versions versions; /* owned: the entries */
    rri_kept kept;
    rri_host_log log;
};

/* What spans fields, judged. The config has passed its table. */
rr_status rri_agent_check_config(const rr_agent_config *config, const rr_items *items,
                                 rr_error *err);

/* Checks what spans fields, makes the agent and its initial values. Configs have passed their
 * tables; ppo or a2c, whichever recipe.algo says, is read. */
rr_status rri_agent_create(rr_agent **out, const rr_agent_config *config, const rri_recipe *recipe,
                           rr_items *items, const rr_host *host, rr_error *err);
void rri_agent_destroy(rr_agent *agent);

/* The large block of an agent whose configs, items, kernels and workers are set: its network and
 * arrays, all zero. On failure the agent has no block. */
rr_status rri_agent_build(rr_agent *agent, rr_error *err);

/* Packs weights (and a learned catalogue) after values changed. */
void rri_agent_pack(rr_agent *agent);
/* The same, from other values [params.n_floats]: for as long as it takes to look back. */
void rri_agent_pack_from(rr_agent *agent, const float *values);

/* The present parameters, whose hash is given, serve with these options (NULL: none). */
void rri_agent_note_version(rr_agent *agent, uint64_t parameters,
                            const rr_serving_options *options);

/* A hash of parameters and of what the config says of their meaning. */
uint64_t rri_agent_parameters_hash(const rr_agent_config *config, const void *values,
                                   size_t n_floats);

/* Which policy this is: a hash of parameters, of what the config says of their meaning, and of the
 * fingerprint of the catalogue that is scored. */
uint64_t rri_agent_version_over(const rr_agent *agent, uint64_t fingerprint);
/* The same over its own catalogue. */
uint64_t rri_agent_version(const rr_agent *agent);

#endif
