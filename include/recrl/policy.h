/* SPDX-License-Identifier: MIT */
/* recrl/policy.h: snapshots to serve from, and the slot between a trainer and its threads. */
#ifndef RECRL_POLICY_H
#define RECRL_POLICY_H

#include <recrl/agent.h>
#include <recrl/base.h>
#include <recrl/config.h>
#include <recrl/items.h>

#ifdef __cplusplus
extern "C" {
#endif

/* A trainer publishes, threads serve, and neither waits for the other:
 *
 *     rr_agent_publish(agent, &options, &policy, &err);       // trainer, once
 *     rr_slot_create(&slot, policy, 40, NULL, &err);
 *     rr_policy_release(policy);                              // the slot has its own reference
 *     rr_reader_join(&reader, slot, thread, NULL, &err);      // each thread, once
 *     rr_reader_act(reader, &obs, &decision, &err);           // each request: no lock, no memory
 *     rr_slot_publish(slot, agent, &options, &err);           // trainer, after each update
 *
 * A policy without a slot serves as well: rr_reader_create and rr_policy_act. */

/* The agent's policy as it is now, with the options (NULL: the defaults) as its way to play. *out
 * is a reference of the caller's. Memory comes from the agent's allocator, which must be fit for
 * the thread that releases the last reference. The catalogue is shared, parameters are copied: the
 * agent may learn on at once. Costs a pass over all parameters; the first time under a catalogue
 * that is not learned, also one over its vectors. Acting from a snapshot costs what it costs from
 * an agent (agent.h); acquire and release are constant. */
RR_API rr_status rr_agent_publish(rr_agent *agent, const rr_serving_options *options,
                                  rr_policy **out, rr_error *err);
/* One more reference; returns policy. Any thread that holds one, or has acquired the policy from
 * a slot (then it may outlive the acquisition). */
RR_API rr_policy *rr_policy_retain(rr_policy *policy);
/* Releases a reference. NULL is fine. Any thread. */
RR_API void rr_policy_release(rr_policy *policy);
/* What rr_decision.policy_versions says: a hash of parameters, item fingerprint and serving
 * options. With the default options that of the agent that was published. */
RR_API uint64_t rr_policy_version(const rr_policy *policy);
/* The catalogue, borrowed; NULL where there is none. */
RR_API rr_items *rr_policy_items(const rr_policy *policy);
/* The config of the agent that was published, and the options. */
RR_API rr_status rr_policy_get_config(const rr_policy *policy, rr_agent_config *out, rr_error *err);
RR_API rr_status rr_policy_get_options(const rr_policy *policy, rr_serving_options *out,
                                       rr_error *err);

/* One safetensors file: weights, config, options, version and item fingerprint, and sixteen
 * decisions made while saving, which load replays; no moments, no item vectors unless trained, and
 * a checksum over every byte. Written as rr_checkpoint_save writes: a trainer that is killed at any
 * moment leaves the old file or the new one, and so does a reader find. */
RR_API rr_status rr_policy_save(const rr_policy *policy, const char *path, rr_error *err);
/* items: the catalogue that the policy was published with, else RR_E_MISMATCH; NULL where it had
 * none. RR_E_IO: it cannot be read; RR_E_FORMAT: damaged, or no snapshot; RR_E_VERSION: of another
 * version (recrl/checkpoint.h); RR_E_MISMATCH: a decision comes out otherwise (in any bit, or by
 * 1e-4 where the file comes from another class of machine, rr_runtime_info). */
RR_API rr_status rr_policy_load(rr_policy **out, const char *path, rr_items *items,
                                const rr_host *host, rr_error *err);
/* The same to and from memory. *bytes receives the size needed; out NULL only asks. */
RR_API rr_status rr_policy_save_memory(const rr_policy *policy, void *out, size_t capacity,
                                       size_t *bytes, rr_error *err);
RR_API rr_status rr_policy_load_memory(rr_policy **out, const void *data, size_t bytes,
                                       rr_items *items, const rr_host *host, rr_error *err);
/* Bytes that the policy holds once load has read it; from the file's header alone. While load runs,
 * it also has the whole file and, for a moment, the parameters once more. */
RR_API rr_status rr_policy_file_memory(const char *path, const rr_items *items, size_t *bytes,
                                       rr_error *err);

/* The workspace of one thread at a time; it serves every policy of one shape: head, hidden layers,
 * widths, max_* and at most as many items (or max_pool_items). `seed`: of draws without decision
 * ids, which differ between threads when their seeds do. Draws with ids are a function of (the
 * agent's seed, id) on any thread. */
RR_API rr_status rr_reader_create(rr_reader **out, const rr_policy *policy, uint64_t seed,
                                  const rr_host *host, rr_error *err);
/* Bytes that create, or join, takes of the host. */
RR_API rr_status rr_reader_memory(const rr_policy *policy, size_t *bytes, rr_error *err);
/* Leaves its slot. NULL is fine. */
RR_API void rr_reader_destroy(rr_reader *reader);

/* As rr_agent_act, from the mixture of the serving options: log_probs and all_log_probs are those
 * of the mixture, whichever part of it a draw came from. obs->incumbents is always checked, and
 * used where incumbent_share is above 0. Allocates nothing. Any number of threads on one policy,
 * each with its reader. RR_E_MISMATCH: the reader is of another shape. */
RR_API rr_status rr_policy_act(const rr_policy *policy, rr_reader *reader, const rr_obs *obs,
                               rr_decision *decision, rr_error *err);
/* As rr_agent_top_k: ranked by the policy's scores, whatever is mixed in; log_probs [n, n_best] are
 * those of the mixture. */
RR_API rr_status rr_policy_top_k(const rr_policy *policy, rr_reader *reader, const rr_obs *obs,
                                 int32_t n_best, int32_t *positions, int32_t *items,
                                 float *log_probs, rr_error *err);
/* As rr_agent_evaluate: log π(a) of the mixture, the same bits as act's, and its entropy. */
RR_API rr_status rr_policy_evaluate(const rr_policy *policy, rr_reader *reader, const rr_obs *obs,
                                    const int32_t *actions, float *log_probs, float *entropies,
                                    float *values, rr_error *err);

/* The slot keeps a reference to `first`, whose shape all that follow must have. max_readers:
 * readers that may have joined at once, [1, 4096]. */
RR_API rr_status rr_slot_create(rr_slot **out, rr_policy *first, int32_t max_readers,
                                const rr_host *host, rr_error *err);
/* Bytes that create takes of the host; the policies in it were paid for by publish. */
RR_API rr_status rr_slot_memory(int32_t max_readers, size_t *bytes, rr_error *err);
/* One more reference; returns slot, NULL for NULL. Any thread that holds one. */
RR_API rr_slot *rr_slot_retain(rr_slot *slot);
/* Releases a reference. NULL is fine. Any thread, also while readers are joined: each keeps what it
 * needs of the slot until its rr_reader_destroy. */
RR_API void rr_slot_release(rr_slot *slot);
/* A reader that reads from this slot; as rr_reader_create, from any thread. RR_E_FULL:
 * max_readers have joined. */
RR_API rr_status rr_reader_join(rr_reader **out, rr_slot *slot, uint64_t seed, const rr_host *host,
                                rr_error *err);
/* Another policy for every act that begins from now on; those that are under way end with theirs.
 * Also one that was there before: a rollback. The slot keeps a reference. Any thread; never waits
 * for a reader. RR_E_MISMATCH: another shape. */
RR_API rr_status rr_slot_swap(rr_slot *slot, rr_policy *policy, rr_error *err);
/* rr_agent_publish and rr_slot_swap in one. A snapshot that was replaced and that nobody holds is
 * written over, so that after the first few nothing is allocated. */
RR_API rr_status rr_slot_publish(rr_slot *slot, rr_agent *agent, const rr_serving_options *options,
                                 rr_error *err);
/* The present policy as a reference of the caller's, for instance to come back to it later. Not for
 * each request. */
RR_API rr_policy *rr_slot_get(rr_slot *slot);
/* acquire, rr_policy_act, release. RR_E_STATE: the reader has joined no slot, or holds a
 * policy. */
RR_API rr_status rr_reader_act(rr_reader *reader, const rr_obs *obs, rr_decision *decision,
                               rr_error *err);
/* The present policy, whole and unchanged until this reader releases it; for requests that need
 * more than one call. A reader holds one at a time. No lock; begins again only when a swap comes
 * in between. *out is valid until release; rr_policy_retain makes it the caller's for longer.
 * RR_E_STATE: the reader has joined no slot, or holds a policy; of release: it holds none. */
RR_API rr_status rr_reader_acquire(rr_reader *reader, rr_policy **out, rr_error *err);
RR_API rr_status rr_reader_release(rr_reader *reader, rr_error *err);

#ifdef __cplusplus
}
#endif

#endif
