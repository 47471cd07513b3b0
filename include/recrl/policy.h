/* SPDX-License-Identifier: MIT */
/* recrl/policy.h: snapshots to serve from, and the slot between a trainer and its threads.
 *
 * Cost: constant. */
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
 * agent may go on learning at once.
 * Errors: RR_E_MEMORY.
 * Cost: a pass over all parameters; the first time under a catalogue that is not learned, also one
 * over its vectors. */
RR_API rr_status rr_agent_publish(rr_agent *agent, const rr_serving_options *options,
                                  rr_policy **out, rr_error *err);
/* From now on the rows of this policy are known to the agent, whoever made it: another arm's
 * trainer, this one before it was rolled back, or a checkpoint older than what was served. They are
 * weighed, as rows of age 0 now that ages with each update, and checked for skew as long as its
 * parameters are kept (agent config: keep_versions; the oldest make room). Nothing of the policy is
 * kept but a copy. Where the oldest of 4 (max_staleness + 1) known versions has to go, its rows are
 * unknown again. To recognise a policy once more makes it the latest.
 * Errors: RR_E_MISMATCH: it is of another shape, or means its parameters otherwise; names the
 * field.
 * Cost: a copy of the parameters, and a hash of them where none is there yet. */
RR_API rr_status rr_agent_recognise(rr_agent *agent, const rr_policy *policy, rr_error *err);
/* Updates of this agent stay near `policy` from now on: they add ref_kl_coef (agent config) times
 * the mean of KL(π ‖ π₀) over the rows to the loss, π₀ being the policy's own parameters at
 * temperature 1, whatever options it was published with. A clone of the host's ranker
 * (rr_agent_imitate), published before the first update, keeps what follows from unlearning it. The
 * agent takes a reference of its own. A checkpoint does not carry it: after a load it is set again,
 * and until then updates are refused, as with policy NULL. Under a later generation of its line the
 * policy's parameters score today's catalogue; one that learned something of each item scores its
 * own alone, and updates say so. Rows that bring the host's scores (rr_obs.reference_log_probs,
 * max_reference of their buffer or ledger) stay near these instead. maths §13
 * Errors: RR_E_STATE: ref_kl_coef is 0; RR_E_MISMATCH: it is of another shape, or means its
 * parameters otherwise; names the field. */
RR_API rr_status rr_agent_set_reference(rr_agent *agent, rr_policy *policy, rr_error *err);
/* One more reference; returns policy, NULL for NULL. Any thread that holds one, or has acquired the
 * policy from a slot (then it may outlive the acquisition). */
RR_API rr_policy *rr_policy_retain(rr_policy *policy);
/* Releases a reference. NULL is fine. Any thread. */
RR_API void rr_policy_release(rr_policy *policy);
/* What rr_decision.policy_versions says: a hash of parameters, item fingerprint and serving
 * options; 0 for NULL. With the default options that of the agent that was published. */
RR_API uint64_t rr_policy_version(const rr_policy *policy);
/* The catalogue, borrowed; NULL where there is none. */
RR_API rr_items *rr_policy_items(const rr_policy *policy);
/* *out receives the config of the agent that was published. */
RR_API rr_status rr_policy_get_config(const rr_policy *policy, rr_agent_config *out, rr_error *err);
/* *out receives the options that it was published with. */
RR_API rr_status rr_policy_get_options(const rr_policy *policy, rr_serving_options *out,
                                       rr_error *err);

/* One safetensors file: weights, config, options, version and item fingerprint, and sixteen
 * decisions made while saving, which load replays; no moments, no item vectors unless trained, and
 * a checksum over every byte. Written as rr_checkpoint_save writes: a trainer that is killed at any
 * moment leaves the old file or the new one, and a reader finds one of them.
 * Errors: RR_E_IO: the path cannot be written; RR_E_MEMORY; RR_E_NOT_FINITE: its scores overflow,
 * so that no decision of it can be replayed.
 * Cost: a pass over all parameters, sixteen decisions, and the writing. */
RR_API rr_status rr_policy_save(const rr_policy *policy, const char *path, rr_error *err);
/* Makes a policy from such a file; *out is a reference of the caller's. items: the catalogue that
 * it was published with, NULL where it had none.
 * Errors: RR_E_IO: the file cannot be read; RR_E_FORMAT: damaged, or no snapshot; RR_E_NOT_FOUND: a
 * tensor is missing; RR_E_VERSION: of another version (recrl/checkpoint.h); RR_E_MISMATCH: another
 * catalogue, or a decision comes out otherwise (in any bit, or by 1e-4 where the file comes from
 * another class of machine, rr_runtime_info); RR_E_NOT_FINITE: its scores overflow; RR_E_MEMORY.
 * Cost: the reading, a pass over the catalogue, and sixteen decisions. */
RR_API rr_status rr_policy_load(rr_policy **out, const char *path, rr_items *items,
                                const rr_host *host, rr_error *err);
/* As rr_policy_save, into out [capacity]. *bytes receives the size needed; out NULL only asks.
 * Errors: RR_E_TOO_SMALL: capacity is less; else as rr_policy_save (RR_E_MEMORY, RR_E_NOT_FINITE).
 * Cost: a pass over all parameters, and sixteen decisions. */
RR_API rr_status rr_policy_save_memory(const rr_policy *policy, void *out, size_t capacity,
                                       size_t *bytes, rr_error *err);
/* As rr_policy_load, from data [bytes], which is not kept.
 * Errors: as rr_policy_load (RR_E_FORMAT, RR_E_NOT_FOUND, RR_E_VERSION, RR_E_MISMATCH,
 * RR_E_NOT_FINITE, RR_E_MEMORY).
 * Cost: a pass over data and catalogue, and sixteen decisions. */
RR_API rr_status rr_policy_load_memory(rr_policy **out, const void *data, size_t bytes,
                                       rr_items *items, const rr_host *host, rr_error *err);
/* *bytes receives what the policy holds once load has read it. While load runs, it also has the
 * whole file and, for a moment, the parameters once more. items as in load.
 * Errors: RR_E_IO, RR_E_FORMAT, RR_E_NOT_FOUND, RR_E_VERSION and RR_E_MISMATCH of the file's
 * header, as rr_policy_load; RR_E_MEMORY.
 * Cost: reads the header alone. */
RR_API rr_status rr_policy_file_memory(const char *path, const rr_items *items, size_t *bytes,
                                       rr_error *err);

/* The workspace of one thread at a time; it serves every policy of one shape: head, hidden layers,
 * widths, schema, max_* and at most as many items (or max_pool_items). `seed`: of draws without
 * decision ids, which differ between threads when their seeds do. Draws with ids are a function of
 * (the agent's seed, id) on any thread. *out is the caller's, until rr_reader_destroy. Errors:
 * RR_E_MEMORY. Cost: takes memory for max_rows rows and the longest list. */
RR_API rr_status rr_reader_create(rr_reader **out, const rr_policy *policy, uint64_t seed,
                                  const rr_host *host, rr_error *err);
/* *bytes receives what create, or join, takes of the host.
 * Errors: RR_E_MEMORY: more than a size_t counts. */
RR_API rr_status rr_reader_memory(const rr_policy *policy, size_t *bytes, rr_error *err);
/* Leaves its slot and gives its memory back. NULL is fine. */
RR_API void rr_reader_destroy(rr_reader *reader);

/* As rr_agent_act, from the mixture of the serving options: log_probs and all_log_probs are those
 * of the mixture, whichever part of it a draw came from. obs->incumbents is always checked, and
 * used where incumbent_share is above 0. Allocates nothing. Any number of threads on one policy,
 * each with its reader.
 * Errors: as rr_agent_act (RR_E_NOT_FINITE); RR_E_MISMATCH: the reader is of another shape,
 * obs->schema another than the policy's, or obs->pool of another width.
 * Cost: a decision a row (agent.h). */
RR_API rr_status rr_policy_act(const rr_policy *policy, rr_reader *reader, const rr_obs *obs,
                               rr_decision *decision, rr_error *err);
/* As rr_agent_top_k: ranked by the policy's scores, whatever is mixed in; log_probs [n, n_best] are
 * those of the mixture.
 * Errors: as rr_agent_top_k (RR_E_NOT_FINITE); RR_E_MISMATCH: as rr_policy_act.
 * Cost: a decision a row (agent.h). */
RR_API rr_status rr_policy_top_k(const rr_policy *policy, rr_reader *reader, const rr_obs *obs,
                                 int32_t n_best, int32_t *positions, int32_t *items,
                                 float *log_probs, rr_error *err);
/* As rr_agent_evaluate: log π(a) of the mixture, the same bits as act's, and its entropy.
 * Errors: as rr_agent_evaluate (RR_E_NOT_FINITE); RR_E_MISMATCH: as rr_policy_act.
 * Cost: a decision a row (agent.h). */
RR_API rr_status rr_policy_evaluate(const rr_policy *policy, rr_reader *reader, const rr_obs *obs,
                                    const int32_t *actions, float *log_probs, float *entropies,
                                    float *values, rr_error *err);

/* Makes a slot that holds `first`, of which it keeps a reference, and whose shape all that follow
 * must have. max_readers: readers that may have joined at once, [1, 4096]. *out is a reference of
 * the caller's.
 * Errors: RR_E_MEMORY; RR_E_THREAD: the system refused a mutex. */
RR_API rr_status rr_slot_create(rr_slot **out, rr_policy *first, int32_t max_readers,
                                const rr_host *host, rr_error *err);
/* *bytes receives what create takes of the host; the policies in it were paid for by publish. */
RR_API rr_status rr_slot_memory(int32_t max_readers, size_t *bytes, rr_error *err);
/* One more reference; returns slot, NULL for NULL. Any thread that holds one. */
RR_API rr_slot *rr_slot_retain(rr_slot *slot);
/* Releases a reference. NULL is fine. Any thread, also while readers are joined: each keeps what it
 * needs of the slot until its rr_reader_destroy. */
RR_API void rr_slot_release(rr_slot *slot);
/* A reader that reads from this slot; as rr_reader_create, from any thread.
 * Errors: RR_E_FULL: max_readers have joined; RR_E_MEMORY.
 * Cost: as rr_reader_create. */
RR_API rr_status rr_reader_join(rr_reader **out, rr_slot *slot, uint64_t seed, const rr_host *host,
                                rr_error *err);
/* Another policy for every act that begins from now on; those that are under way end with theirs.
 * Also one that was there before: a rollback. The slot keeps a reference. Any thread; never waits
 * for a reader.
 * Errors: RR_E_MISMATCH: another shape, or another schema: threads would go on to send the old
 * columns. A slot of its own is the way to go over to it (docs/serving.md).
 * Cost: a lock. */
RR_API rr_status rr_slot_swap(rr_slot *slot, rr_policy *policy, rr_error *err);
/* rr_agent_publish and rr_slot_swap in one. A replaced snapshot without references is
 * overwritten, so that after the first few nothing is allocated.
 * Errors: RR_E_MEMORY; RR_E_MISMATCH: an agent of another shape; RR_E_STATE: the slot is held
 * (rr_slot_hold).
 * Cost: as both. */
RR_API rr_status rr_slot_publish(rr_slot *slot, rr_agent *agent, const rr_serving_options *options,
                                 rr_error *err);
/* is_held 1: the present policy stays, and each rr_slot_publish is refused until is_held 0: so that
 * a rollback holds while its trainer learns on. rr_slot_swap goes on working: it is the operator's.
 * Cost: a lock. */
RR_API rr_status rr_slot_hold(rr_slot *slot, int32_t is_held, rr_error *err);

/* What a slot has done. Counters begin at create, and are read without stopping anybody: each is
 * exact by itself, but they are not of one moment. */
typedef struct rr_slot_info {
    uint32_t struct_size;
    int32_t is_held;      /* 1: rr_slot_hold keeps publishes out */
    int32_t max_readers;  /* as create was told */
    int32_t n_readers;    /* joined now */
    uint64_t version;     /* of the present policy: rr_policy_version */
    int64_t n_swaps;      /* policies put in after the first: publishes and swaps */
    int64_t n_publishes;  /* of these, by rr_slot_publish */
    int64_t age;          /* publishes that were kept out since the present policy was put in.
                             The library reads no clock */
    int64_t n_acts;       /* calls of rr_reader_act that served */
    int64_t n_rows;       /* decisions of these */
    int64_t n_invalid;    /* calls of rr_reader_act refused with RR_E_INVALID or _UNSUPPORTED */
    int64_t n_mismatched; /* … with RR_E_MISMATCH */
    int64_t n_not_finite; /* … with RR_E_NOT_FINITE */
    int64_t n_other;      /* … with any other status */
} rr_slot_info;
/* Fills *out. Any thread.
 * Cost: a lock, and a pass over the readers; a request pays four additions in its reader's own
 * cache line. */
RR_API rr_status rr_slot_describe(rr_slot *slot, rr_slot_info *out, rr_error *err);

/* What exploration may give away, and what the parts of the mixture were seen to earn. It sets the
 * floor of the next publish; a request knows nothing of it. Starts with rr_budget_init, which also
 * forgets what was seen, as once a day where tastes move. maths §16. */
typedef struct rr_budget {
    uint32_t struct_size;
    float max_share;  /* of showings that the even floor may draw, [0, 1]; default 0.05 */
    float max_cost;   /* of the policy's reward that this may cost, [0, 1]; 1: any; default 0.02 */
    uint32_t reserved;
    int64_t n[3];     /* rows that each part drew, by RR_PART_…; written by rr_budget_add */
    double sums[3];    /* of their rewards */
    double squares[3]; /* of their rewards' squares */
} rr_budget;
/* Defaults, and nothing seen. Nothing happens where budget is NULL. Any thread.
 * Cost: constant. */
RR_API void rr_budget_init(rr_budget *budget, size_t struct_size);
/* Counts n rows whose rewards are final: parts [n] of their decisions (rr_decision.parts), rewards
 * [n], in units in which nothing earned is 0. One thread at a time.
 * Errors: RR_E_INVALID: a part that is none; RR_E_NOT_FINITE: a reward. Then none is counted.
 * Cost: a pass over the rows. */
RR_API rr_status rr_budget_add(rr_budget *budget, const int32_t *parts, const float *rewards,
                               int32_t n, rr_error *err);
/* options.floor ← the largest that keeps to both limits:
 *     min(max_share, max_cost m / d)
 * m the lower end of what the policy's own draws earned in the mean, d the upper end of how much
 * more that was than what the floor's earned, of one-sided 95 % intervals. With fewer than thirty
 * rows of either part the floor is taken to earn nothing: min(max_share, max_cost). Where the
 * policy is not seen to earn more than 0, nothing may be given away unless max_cost is 1. Other
 * options stay as they are. Any thread.
 * Errors: RR_E_INVALID: a limit outside its range; options that rr_agent_publish would refuse.
 * Cost: constant. */
RR_API rr_status rr_budget_set_floor(const rr_budget *budget, rr_serving_options *options,
                                     rr_error *err);

/* The present policy as a reference of the caller's, for instance to come back to it later; NULL
 * for NULL. Not for each request.
 * Cost: a lock. */
RR_API rr_policy *rr_slot_get(rr_slot *slot);
/* rr_reader_acquire, rr_policy_act and rr_reader_release in one: what serves a request. No lock;
 * allocates nothing.
 * Errors: RR_E_STATE: the reader has joined no slot, or holds a policy; RR_E_MISMATCH and
 * RR_E_NOT_FINITE as rr_policy_act.
 * Cost: a decision a row (agent.h). */
RR_API rr_status rr_reader_act(rr_reader *reader, const rr_obs *obs, rr_decision *decision,
                               rr_error *err);
/* The present policy, whole and unchanged until this reader releases it; for requests that need
 * more than one call. A reader holds one at a time. No lock; begins again only when a swap comes in
 * between. *out is valid until release; rr_policy_retain makes it the caller's for longer.
 * Errors: RR_E_STATE: the reader has joined no slot, or holds a policy. */
RR_API rr_status rr_reader_acquire(rr_reader *reader, rr_policy **out, rr_error *err);
/* Gives the acquired policy back. Errors: RR_E_STATE: the reader holds none. */
RR_API rr_status rr_reader_release(rr_reader *reader, rr_error *err);

#ifdef __cplusplus
}
#endif

#endif
