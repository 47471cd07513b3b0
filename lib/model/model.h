/* SPDX-License-Identifier: MIT */
/* model.h: a policy and its critic as they are: the network, its parameters, and the catalogue that
 * it scores. Who acts reads one, who trains changes one, a snapshot is a copy of one. */
#ifndef RRI_MODEL_MODEL_H
#define RRI_MODEL_MODEL_H

#include "model/network.h"
#include "recrl/recrl.h"

typedef struct rri_model {
    rr_agent_config config;
    rr_items *items; /* borrowed from the handle, which holds a reference; NULL: none */
    const rri_kernels *kernels;
    rri_network network;
    float *values; /* [params.n_floats], a slice of the handle's block */
    uint64_t hash; /* of the values, where is_hashed; rri_model_touch, _rehash and _ensure_hash */
    bool is_hashed;
} rri_model;

/* Items of a catalogue, or those that a dense head has without one. */
size_t rri_model_n_items(const rr_agent_config *config, const rr_items *items);
/* The root of the catalogue's line, the fingerprint of its generation 0; 0: none. */
uint64_t rri_model_line(const rri_model *model);

/* Initial values, packed. scratch: rri_network_init_scratch bytes. */
void rri_model_init(rri_model *model, void *scratch);
/* Packs weights (and a learned catalogue) after values changed, and hashes the values. */
void rri_model_pack(rri_model *model);
/* The values changed: the hash is made anew by whoever wants it next, since updates in lock step
 * never do. */
void rri_model_touch(rri_model *model);
/* hash ← that of the values. */
void rri_model_rehash(rri_model *model);
/* As rri_model_rehash, where the values changed since: once behind each change, so that no request
 * reads all parameters to say which version it was drawn from. */
void rri_model_ensure_hash(rri_model *model);
/* Packs other values [params.n_floats], for as long as it takes to look back. */
void rri_model_pack_from(rri_model *model, const float *values);

/* Which policy draws from catalogues of this line with these options (NULL: none); see versions.h.
 * Reads all values where the hash is not made. */
uint64_t rri_model_version(const rri_model *model, uint64_t line,
                           const rr_serving_options *options);

/* A hash of parameters and of what the config says of their meaning. */
uint64_t rri_model_hash(const rr_agent_config *config, const void *values, size_t n_floats);

#endif
