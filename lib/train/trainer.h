/* SPDX-License-Identifier: MIT */
/* trainer.h: all that training needs: the model that it changes, the arrays of gradients and rows,
 * and how far it has come. The handle (agent.h) owns the memory, which is carved by the layout:
 *
 *   values │ gradients │ first moments │ second moments      each [params.n_floats]
 *   parameters of earlier versions
 *   packed weights of actor and critic │ packed catalogue
 *   tape and slopes of a slice (RRI_SLICE_ROWS rows)
 *   rows of a rollout: order, advantages, returns, permutation
 *   running statistics of returns and states
 *   one scratch stack per thread */
#ifndef RRI_TRAIN_TRAINER_H
#define RRI_TRAIN_TRAINER_H

#include "core/host_log.h"
#include "core/memory.h"
#include "core/workers.h"
#include "model/model.h"
#include "model/versions.h"
#include "play/workspace.h"
#include "policy/reference.h"
#include "train/recipe.h"

/* Rows that pass through the networks together: a longer minibatch is walked in slices, whose
 * gradients are added in order, so memory does not grow with it. */
#define RRI_SLICE_ROWS  ((size_t)512)
#define RRI_SLICE_TILES (RRI_SLICE_ROWS / RRI_STEP_ROWS)
/* Shares of a slice's rows in which their past is encoded. */
#define RRI_SLICE_SHARES (RRI_SLICE_ROWS / RRI_ENCODER_SHARE)

/* Sums of one tile, added up in order of tiles. */
typedef struct rri_tile_sums {
    rri_loss_sums loss;
    rri_policy_sums policy;
    float *candidate; /* gradients of the part of the candidates' network that tiles sum */
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
    rri_network_tape reference_tape; /* of the reference's queries; where there may be one */
    rri_tile_sums tiles[RRI_SLICE_TILES];
    float *shares[RRI_SLICE_SHARES]; /* gradients of an encoder, that of each share's rows */
} rri_slice;

/* Arrays for one rollout, [max_rows] in the order of (session, arrival) unless said otherwise. An
 * update first selects rows, then computes returns and makes minibatches; what only one of these
 * phases has shares its memory with what only the other has, as the unions say. */
typedef struct rri_update_rows {
    size_t max_rows;
    int32_t *order;                        /* row of the rollout */
    uint8_t *is_segment_end;               /* RRI_SEGMENT_… */
    int32_t *trained;                      /* places (in this order) that are trained on */
    uint8_t *is_own;                       /* of trained places: the present version drew it */
    uint8_t *begins_run;                   /* of trained places: its row does not go on from that of
                                              the one before */
    float *rewards, *values, *next_values; /* r, V(s), V(s') */
    float *returns;                        /* R */
    float *weights;                        /* w of each place; read where has_weights */
    float *traces;                         /* c of each place */
    float *recorded;                       /* of trained places: log-probs as a ledger has them */
    bool has_weights;                      /* while a ledger is trained on */
    union {
        struct {               /* of trained places, until returns are computed */
            int32_t *rows;     /* of the rollout; once more after the last minibatch */
            int32_t *actions;  /* that are checked */
            float *weights;    /* w */
            uint8_t *verdicts; /* RRI_SKEW_… */
        } select;
        struct { /* from the returns to the last minibatch */
            int32_t *permutation;
            int32_t *minibatch;  /* places of the present one */
            float *advantages;   /* Â */
            uint8_t *terminated; /* of each place */
        };
    };
    union {
        float *present;    /* of trained places: log-probs of the policy that an update from a
                              ledger begins with, until these are the rollout's */
        float *normalised; /* advantages of the present minibatch */
    };
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

/* The fit of a reward model, reward_fit.h. */
enum { RRI_REWARD_BLOCK = 64, RRI_REWARD_TRIED = 4, RRI_REWARD_ROWS = 2048 };

typedef struct rri_reward_fit {
    /* What is remembered, [n_state]: the models that are tried; the mean squared error of each;
     * four counts; the latest rows, a ring [RRI_REWARD_ROWS, row_floats] of s, v (dense: the item),
     * f, r. */
    float *state, *misses, *counts, *rows;
    size_t n_state, n_floats; /* n_floats: of one model */
    size_t row_floats;

    /* One block of B rows. */
    float *states, *vectors, *features; /* [B, S], [B, d] two-tower, [B, f] */
    float *queries;                     /* [B, d] two-tower: M s + m, then y v */
    int32_t *items;                     /* [B] dense */
    float *rewards;                     /* [B] */
    float *products;                    /* [3, B, B] */
    double *kernel, *factor;            /* [B, B], [B, B, tried] */
    double *errors, *answers;           /* [B, tried] */
} rri_reward_fit;

/* In what units the losses of an update are: (R − shift) · per_unit and Â · advantage; V² · scale²
 * leads back. */
typedef struct rri_units {
    float shift, per_unit, advantage;
    double scale;
    bool has_old_values; /* false: they are 0 for want of statistics, so no loss stays near them */
} rri_units;

/* The policy that updates stay near. During an update network and `now` are set. */
typedef struct rri_reference_policy {
    const rri_model *model; /* borrowed from the handle; NULL: none */
    rri_network network;    /* the model's, over the present catalogue */
    rri_reference now;      /* its arrays [rows of a slice]; coef is that of the minibatch */
    float coef;             /* that of the update */
    int64_t n_doublings;    /* that steering has added to ref_kl_coef; negative: halvings */
} rri_reference_policy;

typedef struct rri_trainer {
    rri_model model;
    size_t item_room; /* items that the arrays serve, at least those of the network */
    rri_recipe recipe;
    rri_workers *workers; /* borrowed from the handle, as all that follows but numbers */

    float *gradients, *first_moments, *second_moments; /* [params.n_floats] */
    rri_slice slice;
    rri_update_rows update;
    rri_normaliser normaliser;
    rri_reward_fit reward;
    double *d_query; /* [d] Σ_rows ∂loss/∂q, of the two-tower with a reward model; else NULL */
    float *d_items;  /* [N, dim] of item vectors that more than one parameter makes: of the dense
                        head with one, of a tower over vectors that stay; else NULL */
    rri_units units; /* of the update under way */
    rri_reference_policy reference;
    rri_stack *stacks; /* [num_threads] */

    int64_t n_updates, n_timesteps, n_optimizer_steps;
    uint64_t n_draws; /* rows drawn without an id of their own */

    rri_versions versions;
    rri_earlier earlier;
    rri_host_log log;
    rri_host_cancel cancel;
} rri_trainer;

/* Network and arrays of a trainer whose model has its config, kernels and a declared network, and
 * which has a recipe. Run twice, as core/memory.h says. */
void rri_trainer_layout(rri_trainer *trainer, rri_arena *arena);

/* Whether a parameter belongs to an item. */
bool rri_trainer_learns_of_items(const rri_trainer *trainer);
/* Whether a catalogue of n items may come in the place of the present one without new arrays: no
 * parameter belongs to an item, none is packed, and the pool is large to training. */
bool rri_trainer_has_room(const rri_trainer *trainer, size_t n);

/* Acting with the present parameters, in the trainer's own arrays. */
rri_workspace rri_trainer_workspace(rri_trainer *trainer);

/* Rows of this version and options, made by parameters [n_floats] of this shape, are known from now
 * on: weighed, and checked against these while they are kept. */
void rri_trainer_recognise(rri_trainer *trainer, const rri_model *model,
                           const rr_serving_options *options);

/* The present parameters serve with these options (NULL: none). */
void rri_trainer_note_version(rri_trainer *trainer, const rr_serving_options *options);

#endif
