/* SPDX-License-Identifier: MIT */
/* tensors.h: an agent's parameters by name, for hosts and checkpoints. */
#ifndef RRI_AGENT_TENSORS_H
#define RRI_AGENT_TENSORS_H

#include "agent/agent.h"
#include "core/count.h"

size_t rri_agent_tensor_count(const rr_agent *agent);
/* index < count. */
void rri_agent_tensor_at(rr_tensor *out, const rr_agent *agent, size_t index);

/* Overwrites one tensor's values and packs. */
rr_status rri_agent_set_tensor(rr_agent *agent, const char *name, const float *values,
                               int64_t n_values, rr_error *err);

/* The prior of a fold-in: agent.h. */
rr_status rri_agent_fit_prior(rr_agent *agent, const float *users, size_t n, float variance,
                              rr_error *err);

/* The agent's counters as a checkpoint stores them. */
enum { RRI_AGENT_COUNTERS = 4 };
void rri_agent_counters_get(int64_t out[RRI_AGENT_COUNTERS], const rr_agent *agent);
void rri_agent_counters_set(rr_agent *agent, const int64_t counters[RRI_AGENT_COUNTERS]);
/* None may be negative or beyond 2^62 (count.h), but the last, of draws: it is a place in a
 * sequence that has no end, and any 64 bits are one. */
#define RRI_AGENT_MOST RRI_COUNT_MOST
rr_status rri_agent_counters_check(const int64_t counters[RRI_AGENT_COUNTERS], rr_error *err);

#endif
