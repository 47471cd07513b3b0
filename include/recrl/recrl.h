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
 *     rr_checkpoint_save(&checkpoint, path, &err);
 *
 * A host with a world of its own never touches rr_env: it fills rr_obs and rr_outcome itself.
 *
 * Five promises
 *   memory    A handle takes its memory from the host's allocator in create. After create, act,
 *             record, reward, step and update allocate nothing. No pointer of the caller is kept.
 *   errors    What can fail returns rr_status and ends with a nullable rr_error *, which receives a
 *             sentence that names the field, the value and what is allowed. Bad input changes
 *             nothing. The library never prints, exits or aborts.
 *   threads   Distinct handles may be used from distinct threads at once; one handle from one
 *             thread at a time. Functions that take a const rr_items * or rr_policy * may be called
 *             from any number. The library starts only as many threads as num_threads says
 *             (1: none).
 *   numbers   One release, one seed, one kind of build: the same bytes on any thread count, on
 *             every x86-64 CPU with AVX2 and FMA. Elsewhere repeatable, and equal to 1e-5.
 *   change    Structs begin with struct_size and only grow; numbers are never reused. A program
 *             built against an older header keeps working. A field that is not served yet must be 0
 *             or NULL, else the answer is RR_E_UNSUPPORTED.
 *
 * Arrays are row-major float32 or int32, one row a decision. Letters of the shapes:
 *   n rows (decisions) · k candidates (rr_obs.n_candidates) · m exclusions (n_excluded) ·
 *   h history (n_history) · d width of an item's vector · N items
 * Formulas are cited as "maths §n": docs/maths.md.
 *
 * From easy to hard; a reader may stop anywhere and already use the library:
 *   1 errors and host · 2 observation, decision, outcome · 3 configs · 4 items · 5 environment ·
 *   6 agent · 7 buffer · 8 checkpoint · 9 evaluation · 10 data · 11 arrays in, arrays out ·
 *   12 what this build is · 13 snapshots to serve from · 14 health */
#ifndef RECRL_RECRL_H
#define RECRL_RECRL_H

#include <recrl/agent.h>
#include <recrl/base.h>
#include <recrl/buffer.h>
#include <recrl/checkpoint.h>
#include <recrl/config.h>
#include <recrl/data.h>
#include <recrl/env.h>
#include <recrl/eval.h>
#include <recrl/health.h>
#include <recrl/items.h>
#include <recrl/ledger.h>
#include <recrl/policy.h>

#endif
