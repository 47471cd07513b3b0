/* SPDX-License-Identifier: MIT */
/* network.h: actor and critic as one set of parameters. maths §2.
 *
 *   two-tower   q(s) = W_skip s + c MLP(s)        z = τ q·v + w·f + b − κ count
 *   dense       q(s) = last hidden layer of MLP   the same with learned item vectors v and τ = 1
 *               with has_feature_query w + F s stands for w
 *   reward model, an option: z_i += τ α r̂(s, i), inside q, and in the dense head inside v
 *               with candidate_hidden  z += g·h, of nn/candidate_net.h
 *               with item_feature_dim  v_i + c T(g_i) stands for v_i, of nn/item_tower.h
 *   critic      V(s) = MLP(s)
 *
 * With an encoder all of them read s ⊕ e, of what the session was shown: model/encoder.h. With a
 * fold-in û of nn/fold_in.h, made of the same, q += û, the critic reads it behind the rest, and
 * z += τ β √(v_iᵀ P v_i).
 *
 * n rows, S state width, I = S + E width of what networks read, d query width, N items. */
#ifndef RRI_MODEL_NETWORK_H
#define RRI_MODEL_NETWORK_H

#include "math/kernels.h"
#include "model/encoder.h"
#include "model/inputs.h"
#include "nn/candidate_net.h"
#include "nn/fold_in.h"
#include "nn/item_tower.h"
#include "nn/linear.h"
#include "nn/mlp.h"
#include "nn/params.h"
#include "policy/policy.h"

#define RRI_ABSENT SIZE_MAX

/* Offsets in the flat arrays of what the head learns; RRI_ABSENT where it does not. */
typedef struct rri_head_offsets {
    size_t log_scale;       /* [1] log τ */
    size_t feature_weights; /* [f] */
    size_t items;           /* [N, d] */
    size_t item_bias;       /* [N] */
    size_t shown;           /* [N] a constant: rows that trained on each item, of count_bonus */
    size_t repeat_weight;   /* [1] κ */
    size_t error_weight;    /* [2] β_0 and β_1 */
} rri_head_offsets;

/* The same of what normalisation adds: constants that lie among the parameters, from `begin` to the
 * end, so that hashes, snapshots, kept versions and checkpoints carry them, and that no gradient
 * moves. maths §11. Who moves them is train/normalise.h.
 *   critic.shift, critic.scale [1]     V = shift + scale · v,  v the critic's last output
 *   state.means, state.inverses [S]    networks see clip((s − means) · inverses, ±10)
 *   encoder.reward_unit [1]            by which an encoder multiplies rewards: 1/scale, of before
 *                                      the update; 0 until there is one
 * Without them V = v and networks see s. */
typedef struct rri_norm_offsets {
    size_t value_shift, value_scale;    /* [1] each */
    size_t state_means, state_inverses; /* [S] each */
    size_t reward_unit;                 /* [1] */
    size_t begin;
} rri_norm_offsets;

/* The same of a reward model: its weight, which is learned, and constants behind those of
 * normalisation. Who moves them is train/reward_fit.h. maths §12.
 *   two-tower   r̂(s, i) = v_i·(M s + m) + w_r·f_i     dense   r̂(s, i) = M_i·s + m_i + w_r·f_i */
typedef struct rri_reward_offsets {
    size_t weight;   /* [1] α */
    size_t query;    /* [d, S + 1], dense [N, S + 1]: M, and m behind each row */
    size_t features; /* [f] w_r */
} rri_reward_offsets;

/* What the catalogue brings; borrowed from it. */
typedef struct rri_pool {
    const float *vectors;  /* [N, d]; NULL: none */
    const float *features; /* [N, f] the items' own; NULL: none */
} rri_pool;

typedef struct rri_network {
    rri_params params;
    rri_mlp actor;            /* to d; absent without hidden layers */
    rri_linear skip;          /* W_skip, no bias */
    rri_linear feature_query; /* F [f, S], no bias */
    rri_mlp critic;           /* to 1 */
    rri_head_offsets at;
    rri_norm_offsets norm;
    rri_reward_offsets reward;
    rri_candidate_net candidate;
    rri_item_tower tower;
    rri_encoder encoder;
    rri_fold_in fold; /* width 0: none */
    bool has_skip, has_feature_query, is_dense;
    bool borrows_panels; /* set between declare and layout: the catalogue is lent, packed */
    float mlp_scale;     /* c; 1 in the dense head */
    size_t state_dim, input_dim, dim, n_items, feature_dim; /* input_dim: I */

    const rri_kernels *kernels;
    rri_pool pool;
    float *tower_items;           /* [N, d] v_i + c T(g_i); slice of the arena; NULL: no tower */
    rri_catalogue catalogue;      /* vectors: the pool's, borrowed, or in the flat values */
    rri_head head;                /* weights in the flat values */
    const float *feature_weights; /* w [f] in the flat values, at temperature 1 */
    float scale;                  /* τ at temperature 1 */
    float *candidate_products;    /* [N, H1] C v_i; slice of the arena; NULL: not kept */
    float *query_panels;          /* the same by its other side, for dq; NULL for a large one */
    float *item_panels; /* the catalogue packed; slice of the arena; NULL for a large one */

    /* What a reward model joins to, made anew when values are packed; slices of the arena. */
    bool has_reward;
    size_t item_width;      /* floats of a learned item vector; the rest of dim is the model's */
    float *reward_skip;     /* [d, S] two-tower: W_skip + α M */
    float *reward_offset;   /* [d] two-tower: α m */
    float *reward_items;    /* [N, dim] dense: v_i, α M_i, α m_i, against (q, s, 1) */
    float *reward_features; /* [f] w + τ α w_r */

    float value_shift, value_scale; /* V = shift + scale · v; 0 and 1 */
    const float *state_means,
        *state_inverses; /* [S] in the flat values; NULL: states as they come */
} rri_network;

/* Whether the actor has an MLP, and whether the query is its output as it is, so that the two share
 * memory in a tape. */
static inline bool rri_network_has_mlp(const rri_network *net)
{
    return net->actor.shape.n_layers > 0;
}
static inline bool rri_network_is_query_last(const rri_network *net)
{
    return net->is_dense && !net->has_reward;
}

/* What one forward pass leaves for the backward pass, for at most max_rows rows. */
typedef struct rri_network_tape {
    rri_mlp_tape actor, critic;
    float *query; /* [max_rows, d]; in the dense head the actor's last outputs themselves */
    float *seen;  /* [max_rows, I] what the networks read; NULL: states as they come. In a tape of
                     slopes that of the loss in it, where there is an encoder; else NULL */
    float *feature_weights;      /* [max_rows, f] w + F s; NULL without F */
    float *folded, *covariances; /* [max_rows, W], [max_rows, W, W] û and P; NULL without */
    float *judged; /* [max_rows, I + d] what the critic reads, with û behind; NULL: the same as the
                      actor. In a tape of slopes NULL */
    /* Of the candidates' network, NULL without: r, g, and the τ q that g is made of. */
    float *candidate_rows, *candidate_queries, *scaled_query; /* [max_rows, H1], [·, H], [·, d] */
} rri_network_tape;

/* Registers every tensor. n_items: size of the catalogue, 0 without one. config has been checked.
 */
rr_status rri_network_declare(rri_network *net, const rr_agent_config *config, size_t n_items,
                              rr_error *err);
/* Floats of a packed copy of a catalogue; 0 where it is too large to be kept twice. */
size_t rri_network_panel_floats(const rri_kernels *kernels, size_t n_items, size_t dim);
void rri_network_layout(rri_network *net, rri_arena *arena, const rri_kernels *kernels);
void rri_network_tape_layout(rri_network_tape *tape, rri_arena *arena, const rri_network *net,
                             size_t max_rows);
/* The same for a tape of slopes. */
void rri_network_slopes_layout(rri_network_tape *slopes, rri_arena *arena, const rri_network *net,
                               size_t max_rows);

/* Initial values, maths §2. pool_vectors [N, d] start trained vectors (two-tower); may be NULL.
 * scratch: rri_network_init_scratch bytes. */
size_t rri_network_init_scratch(const rri_network *net);
void rri_network_init(const rri_network *net, float *values, const rr_agent_config *config,
                      const float *pool_vectors, void *scratch);

/* After values changed: packs weights, takes over τ, κ, w, b. */
void rri_network_pack(rri_network *net, const float *values);
/* What the next packing of items reads: those of items, or nothing (NULL). */
void rri_network_set_pool(rri_network *net, const rr_items *items);
/* After the catalogue changed, or where its vectors are made of parameters: makes and packs them.
 */
void rri_network_pack_items(rri_network *net, const float *values);
/* Instead, where panels are borrowed: the catalogue as somebody else has packed it, which lives as
 * long as the network is used. */
void rri_network_lend_items(rri_network *net, const float *panels);
/* Of a network with borrowed panels: after items and weights, C v_i of the whole catalogue, where
 * there is room for it. */
void rri_network_keep_products(rri_network *net);
/* Whether the vectors of items are made of parameters. */
bool rri_network_learns_items(const rri_network *net);

/* The same as rri_network_pack and, where items are learned, rri_network_pack_items, in tasks that
 * threads may share out once it has begun. */
void rri_network_begin_pack(rri_network *net, const float *values);
/* Of these tasks' parts: the vectors [N, d] that a tower adds to, and its sums of a shard. */
const float *rri_network_base_vectors(const rri_network *net, const float *values);
void rri_network_make_items(rri_network *net, const float *values, size_t shard);
size_t rri_network_n_pack_tasks(const rri_network *net);
void rri_network_pack_task(rri_network *net, const float *values, size_t task);

/* Bytes of stack that the calls below take for at most n rows. */
size_t rri_network_scratch(const rri_network *net, size_t n);

/* Rows [begin, end) of tape->seen, and of what a fold-in makes, which come before what else is
 * asked of them: what an encoder makes of their past, then the rest, or both at once. */
void rri_network_see_past(const rri_network *net, rri_network_tape *tape, const rri_inputs *in,
                          size_t begin, size_t end, rri_stack *scratch);
void rri_network_see_rest(const rri_network *net, rri_network_tape *tape, const rri_inputs *in,
                          size_t begin, size_t end, rri_stack *scratch);
void rri_network_see(const rri_network *net, rri_network_tape *tape, const rri_inputs *in,
                     size_t begin, size_t end, rri_stack *scratch);
/* Rows [begin, end) of tape->query and of what rows weigh candidates with beside it, and of the
 * critic's last outputs v, from what was seen. */
void rri_network_query(const rri_network *net, rri_network_tape *tape, const rri_inputs *in,
                       size_t begin, size_t end, rri_stack *scratch);
/* What the candidates' network sends back to the queries of rows [begin, end): slopes->query +=
 * τ dg·T. Returns the sum of q·(τ dg·T), which is its part of d log τ. */
double rri_network_candidates_backward(const rri_network *net, rri_network_tape *slopes,
                                       const rri_network_tape *tape, size_t begin, size_t end,
                                       rri_stack *scratch);
/* Backward to the slopes of every layer. Where there is an encoder, the query's writes slopes->seen
 * and the value's, which comes behind it, adds to it. */
void rri_network_query_backward(const rri_network *net, rri_network_tape *slopes,
                                const rri_network_tape *tape, size_t begin, size_t end,
                                rri_stack *scratch);
void rri_network_value(const rri_network *net, rri_network_tape *tape, const rri_inputs *in,
                       size_t begin, size_t end, rri_stack *scratch);
void rri_network_value_backward(const rri_network *net, rri_network_tape *slopes,
                                const rri_network_tape *tape, size_t begin, size_t end,
                                rri_stack *scratch);

/* gradients: an array that begins at the encoder's first in the flat one; added, from slopes->seen
 * of rows [begin, end). */
void rri_network_encoder_backward(const rri_network *net, float *gradients,
                                  const rri_network_tape *slopes, const rri_inputs *in,
                                  size_t begin, size_t end, rri_stack *scratch);

static inline bool rri_network_has_fold(const rri_network *net)
{
    return net->fold.width > 0;
}

/* [rows, I] What the networks read; row 0 is the first. */
static inline const float *rri_network_seen(const rri_network_tape *tape, const rri_inputs *in)
{
    return tape->seen != NULL ? tape->seen : in->states;
}

/* Whether rows are read with what their sessions were shown and earned. */
static inline bool rri_network_reads_past(const rri_network *net)
{
    return net->encoder.form != NULL || rri_network_has_fold(net);
}

/* What the scores of rows are made of: the queries of a tape, under this head and catalogue (the
 * network's, or copies at another temperature). */
rri_logits_input rri_network_scores(const rri_network *net, const rri_network_tape *tape,
                                    const rri_head *head, const rri_catalogue *catalogue,
                                    const rri_menu *menu);

/* values [end − begin] ← V(s) = shift + scale · v(s) of rows [begin, end) of a tape. */
void rri_network_values(float *values, const rri_network *net, const rri_network_tape *tape,
                        size_t begin, size_t end);

/* v(s) of the rows of a tape, [max_rows]; in a tape of slopes ∂loss/∂v. */
float *rri_network_values_of(const rri_network *net, const rri_network_tape *tape);

/* Gradients of the weights of actor and critic over all n rows, in tasks that own their outputs.
 * in: that which the tape is of. */
size_t rri_network_n_tasks(const rri_network *net);
/* The gradients of constants ← 0. */
void rri_network_zero_constants(const rri_network *net, float *gradients);
/* A task's part of the gradients ← 0. */
void rri_network_zero_params(const rri_network *net, float *gradients, size_t task);
void rri_network_backward_params(const rri_network *net, float *gradients,
                                 const rri_network_tape *slopes, const rri_network_tape *tape,
                                 const rri_inputs *in, size_t n, size_t task, rri_stack *scratch);

#endif
