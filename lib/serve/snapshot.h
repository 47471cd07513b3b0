/* SPDX-License-Identifier: MIT */
/* snapshot.h: a policy that no longer changes, and the reader of a thread that serves from it.
 * recrl/policy.h.
 *
 * A snapshot is one small block and one large one:
 *   values │ packed weights of actor and critic │ the catalogue, packed, where it is learned │
 *   w and b over the temperature
 * What is not learned is packed once for all snapshots of an agent (shared_items.h).
 * A reader is one block:
 *   rr_reader │ tape of a tile of rows │ actions, log-probs, uniforms │ stack */
#ifndef RRI_SERVE_SNAPSHOT_H
#define RRI_SERVE_SNAPSHOT_H

#include "core/refs.h"
#include "model/model.h"
#include "play/workspace.h"
#include "serve/shared_items.h"

struct rr_policy {
    rri_refs refs;
    rri_allocator allocator;
    rri_model model; /* its items are a reference */
    rr_serving_options options;
    rri_shared_items *shared; /* a reference: items, packed; NULL where they are learned, or none */

    void *block; /* the large one */
    size_t block_bytes;
    float *tempered_weights; /* [f] */
    float *tempered_bias;    /* [N] where there are biases */
};

struct rr_reader {
    rri_allocator allocator;
    size_t bytes;
    rr_agent_config config; /* of the policy that it was made for */
    size_t n_items;         /* the largest catalogue that it serves */
    rri_network_tape tape;  /* RRI_TILE_ROWS rows, as all that follows */
    rri_policy_tape policy;
    int32_t *actions;
    float *log_probs;
    double *uniforms, *parts;
    rri_stack stack;
    uint64_t seed, n_draws;

    rr_slot *slot; /* a reference; NULL: none */
    size_t place;  /* in the slot */
};

/* The model as it is now. options have passed their table. `shared` is what the snapshots of one
 * model share, or NULL: it is replaced where it is not of the model's items. `retired`: NULL, or a
 * snapshot that nobody else holds, which is written over where it has the shape (then *out is it);
 * else it is left alone. */
rr_status rri_snapshot_publish(rr_policy **out, const rri_model *model, rri_shared_items **shared,
                               const rr_serving_options *options, rr_policy *retired,
                               const rri_allocator *allocator, rr_error *err);

/* From values [params.n_floats] of a network that `config` declares with these items. shared: the
 * items packed already, or NULL. */
rr_status rri_snapshot_create(rr_policy **out, const rr_agent_config *config,
                              const rr_serving_options *options, rr_items *items,
                              rri_shared_items *shared, const float *values,
                              const rri_allocator *allocator, rr_error *err);

/* Bytes that create takes without `shared`. items may be NULL, as there. */
rr_status rri_snapshot_memory(size_t *bytes, const rr_agent_config *config, const rr_items *items,
                              rr_error *err);

rr_policy *rri_snapshot_retain(rr_policy *policy);
/* NULL is fine. */
void rri_snapshot_release(rr_policy *policy);

uint64_t rri_snapshot_version(const rr_policy *policy);

/* A policy of this config and so many items, and the config that a reader or a slot was made for:
 * it serves every snapshot of its shape. RR_E_MISMATCH names what differs, and both values; `what`
 * ("reader", "slot") opens the sentence. */
rr_status rri_snapshot_check_shape(const rr_agent_config *given, size_t given_items,
                                   const rr_agent_config *config, size_t n_items, const char *what,
                                   rr_error *err);

/* The largest catalogue that the policy serves. */
size_t rri_snapshot_most_items(const rr_policy *policy);

/* A reader for all policies of this one's shape with at most n_items items, which are at least as
 * many as it serves itself. */
rr_status rri_reader_create(rr_reader **out, const rr_policy *policy, size_t n_items, uint64_t seed,
                            const rri_allocator *allocator, rr_error *err);
/* Bytes that create takes. */
rr_status rri_reader_memory(size_t *bytes, const rr_policy *policy, size_t n_items, rr_error *err);
void rri_reader_destroy(rr_reader *reader);

rr_status rri_snapshot_act(const rr_policy *policy, rr_reader *reader, const rr_obs *obs,
                           rr_decision *decision, rr_error *err);
rr_status rri_snapshot_top_k(const rr_policy *policy, rr_reader *reader, const rr_obs *obs,
                             size_t k, int32_t *positions, int32_t *items, float *log_probs,
                             rr_error *err);
rr_status rri_snapshot_evaluate(const rr_policy *policy, rr_reader *reader, const rr_obs *obs,
                                const int32_t *actions, float *log_probs, float *entropies,
                                float *values, rr_error *err);

#endif
