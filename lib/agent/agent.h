/* SPDX-License-Identifier: MIT */
/* agent.h: the handle, which composes a trainer (and with it the model) and what its snapshots
 * share, and owns their memory: one small block, and one large one that trainer.h lays out. A
 * catalogue of another size changes the large block alone (swap_items.h). */
#ifndef RRI_AGENT_AGENT_H
#define RRI_AGENT_AGENT_H

#include "core/memory.h"
#include "serve/shared_items.h"
#include "serve/slot.h"
#include "train/algorithms.h"
#include "train/trainer.h"

struct rr_agent {
    rri_allocator allocator;
    double algo_config[RRI_ALGORITHM_CONFIG / sizeof(double)]; /* of recipe.algorithm */
    rri_trainer trainer; /* its items are a reference; workers and versions are owned */
    rri_shared_items
        *shared; /* a reference: what snapshots share, perhaps of older items; NULL: none yet */
    rr_policy *reference; /* a reference: what updates stay near; NULL: none */
    void *block; /* the large one */
    size_t block_bytes;
};

/* What spans fields, judged. The config has passed its table. */
rr_status rri_agent_check_config(const rr_agent_config *config, const rr_items *items,
                                 rr_error *err);

/* Checks what spans fields, makes the agent and its initial values. algo_config is the algorithm's;
 * both configs have passed their tables. */
rr_status rri_agent_create(rr_agent **out, const rr_agent_config *config,
                           const rri_algorithm *algorithm, const void *algo_config, rr_items *items,
                           const rr_host *host, rr_error *err);
/* Bytes that create takes. */
rr_status rri_agent_memory(size_t *bytes, const rr_agent_config *config,
                           const rri_algorithm *algorithm, const void *algo_config,
                           const rr_items *items, rr_error *err);
void rri_agent_destroy(rr_agent *agent);

/* The large block of an agent whose configs, items, kernels and workers are set: its network and
 * arrays, all zero. On failure the agent has no block. */
rr_status rri_agent_build(rr_agent *agent, rr_error *err);

/* Which policy this is: a hash of parameters, of what the config says of their meaning, and of the
 * fingerprint of the catalogue that is scored. */
uint64_t rri_agent_version(const rr_agent *agent);

/* play/act.h by the present parameters. */
rr_status rri_agent_act(rr_agent *agent, const rr_obs *obs, rr_decision *decision, rr_error *err);

rr_status rri_agent_top_k(rr_agent *agent, const rr_obs *obs, size_t k, int32_t *positions,
                          int32_t *items, float *log_probs, rr_error *err);

rr_status rri_agent_evaluate(rr_agent *agent, const rr_obs *obs, const int32_t *actions,
                             float *log_probs, float *entropies, float *values, rr_error *err);

/* serve/snapshot.h and serve/slot.h: the agent as it is now, whose version is noted. */
rr_status rri_agent_publish(rr_policy **out, rr_agent *agent, const rr_serving_options *options,
                            rr_error *err);
/* The rows of this policy are known from now on. RR_E_MISMATCH names what keeps the agent's
 * networks from giving its numbers again. */
rr_status rri_agent_recognise(rr_agent *agent, const rr_policy *policy, rr_error *err);
/* What updates stay near from now on; NULL: nothing, which a ref_kl_coef above 0 refuses. */
rr_status rri_agent_set_reference(rr_agent *agent, rr_policy *policy, rr_error *err);
rr_status rri_agent_publish_to(rr_slot *slot, rr_agent *agent, const rr_serving_options *options,
                               rr_error *err);

#endif
