/* SPDX-License-Identifier: MIT */
/* recrl.h: reinforcement learning inside a recommender that already exists.
 *
 * The host owns the loop and the users; the library owns networks, gradients and the maths.
 *
 *     rr_env_reset(env, &err);
 *     while (go_on) {
 *         while (!rr_buffer_is_full(buffer)) {
 *             rr_env_observe(env, &obs, &err);                   // views, until the next step
 *             rr_agent_act(agent, &obs, &decision, &err);
 *             rr_buffer_record(buffer, &obs, &decision, &err);   // copies, before the world moves
 *             rr_env_step(env, decision.actions, &outcome, &err);
 *             rr_buffer_reward(buffer, &outcome, &err);
 *         }
 *         rr_env_observe(env, &obs, &err);
 *         rr_agent_update(agent, buffer, &obs, &stats, &err);    // GAE, PPO epochs or one A2C step
 *     }
 *
 * A host with a world of its own never touches rr_env: it fills rr_obs and rr_outcome itself.
 *
 * Five promises
 *   memory    A handle takes its memory from the host's allocator in create. After create, act,
 *             record, reward, step and update allocate nothing. No pointer of the caller is kept.
 *   errors    What can fail returns rr_status and ends with a nullable rr_error *, which receives a
 *             sentence that names the field, the value and what is allowed. Bad input changes
 *             nothing. The library never prints, exits or aborts. RR_E_INVALID may come from every
 *             such function (NULL where something is needed, a value outside of its range, a struct
 *             that no init has filled), RR_E_UNSUPPORTED from each that takes a struct (a field
 *             that is not supported yet). All others that a function may return stand under its
 *             "Errors".
 *   threads   Distinct handles may be used from distinct threads at once; one handle from one
 *             thread at a time, but for what is said below. The library starts only as many threads
 *             as num_threads says (1: none).
 *   numbers   One release, one seed, one kind of build: the same bytes on any thread count, on
 *             every x86-64 CPU with AVX2 and FMA. Elsewhere repeatable, and equal to 1e-5.
 *   change    Structs begin with struct_size and only grow; numbers are never reused. A program
 *             built against an older header keeps working. A field that is not supported yet must
 *             be 0 or NULL, else the answer is RR_E_UNSUPPORTED. The lab (data, eval, health) may
 *             change until 1.0.
 *
 * What may run beside what
 *   A function that takes handles uses each of them for the whole of the call, and no other thread
 *   may use one of these handles meanwhile, unless a line here allows it. For a function counts the
 *   line with its whole name, else the one with the end of its name, else that with its beginning.
 *   - rr_items_*, rr_policy_*, rr_policy_save_memory: any number of threads on one handle, at any
 *     time, from a thread that holds a reference. What they write is the caller's; a reader that
 *     they take is used by one thread at a time.
 *   - rr_slot_*, rr_reader_join: any number of threads on one slot, at any time, from a thread that
 *     holds a reference. Trainers take turns, and readers never wait. rr_slot_publish also uses the
 *     agent. rr_slot_release may come while readers are joined: each keeps what it needs until its
 *     rr_reader_destroy.
 *   - rr_reader_*: one thread at a time for one reader, while others swap, publish and read with
 *     theirs.
 *   - rr_agent_version, rr_agent_items, rr_agent_tensor_count, rr_agent_tensor_at,
 *     rr_agent_updates, rr_agent_timesteps, rr_dataset_*, rr_rows_get: beside one another on one
 *     handle, which they take as const, and not beside a function that takes it without const.
 *   - rr_env_*, rr_buffer_*, rr_ledger_*, rr_metrics_*, rr_bandit_*, rr_health_*, rr_budget_*,
 *     rr_agent_*: one thread at a time for one handle, const or not. rr_agent_update uses the agent
 *     and the buffer or ledger: what is to be recorded meanwhile waits with the host. To serve
 *     during an update, serve from snapshots (policy.h).
 *   - rr_checkpoint_*, rr_checkpoint_load, rr_checkpoint_save_memory, rr_checkpoint_load_memory:
 *     one thread at a time for every handle that the struct names.
 *   - rr_*_init, rr_*_memory, rr_config_*, rr_algo_*, rr_figure_*, rr_record_*, rr_outcome_*,
 *     rr_ending_*, rr_blob_*, rr_gae, rr_compare_returns, rr_mean_interval, rr_npy_*, rr_id_key,
 *     rr_status_*, rr_version, rr_runtime_describe, rr_checkpoint_read_config: any thread at any
 *     time, as long as no other thread writes the structs and handles that are given, which are
 *     only read.
 *   - rr_*_create, rr_items_create_random, rr_rows_read, rr_*_load, rr_policy_load_memory: any
 *     thread. Configs are read, and items retained, while it runs.
 *   - rr_*_destroy: any thread, once no thread uses the handle any more.
 *   Callbacks (rr_host) must return: no C++ exception, longjmp or panic may pass through the
 *   library, and none may call back into a handle of the call that it is called from. A handle that
 *   was unwound through is in no defined state.
 *   After fork a child may go on with a copy of a handle, on the calling thread alone.
 *
 * Order of arguments: what makes a handle (create, load, join, select) writes it first. Every other
 * function begins with the handle that its prefix names, then come inputs, outputs, and err. A host
 * is the last of the inputs.
 *
 * Arrays are row-major float32 or int32, one row a decision. Letters of the shapes:
 *   n rows (decisions) · k candidates (rr_obs.n_candidates) · m exclusions (n_excluded) ·
 *   h history (n_history) · d width of an item's vector · N items
 * Formulas are cited as "maths §n": docs/maths.md. "Cost" says how the time of a call grows; where
 * a function has no such line, the one at the head of its chapter holds.
 *
 * From easy to hard; a reader may stop anywhere and already use the library. Every chapter includes
 * what it needs; this page includes all. */
#ifndef RECRL_RECRL_H
#define RECRL_RECRL_H

/* The order is that of reading. */
/* clang-format off */
#include <recrl/base.h>       /* errors and host; observation, decision, outcome */
#include <recrl/config.h>     /* configs: plain structs, set and read by name */
#include <recrl/items.h>      /* the catalogue */
#include <recrl/agent.h>      /* actor and critic: act, update, imitate */
#include <recrl/buffer.h>     /* rollouts in lock step */
#include <recrl/ledger.h>     /* sessions that are not in lock step; the log as blobs */
#include <recrl/policy.h>     /* snapshots to serve from, readers, the slot */
#include <recrl/checkpoint.h> /* a run in a file */
#include <recrl/env.h>        /* a simulated environment */
/* The lab: */
#include <recrl/data.h>       /* interactions, vectors of them, rankings */
#include <recrl/eval.h>       /* choosers, metrics, comparisons, advantages */
#include <recrl/health.h>     /* signs that training is going wrong */
#include <recrl/figures.h>    /* names and units of all that there is to watch */
/* clang-format on */

#endif
