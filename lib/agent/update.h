/* SPDX-License-Identifier: MIT */
/* update.h: from a full rollout to a better policy. recrl.h §6, maths §4–6.
 *
 * update judges the rollout against the agent, computes returns, and hands the rows to the
 * algorithm's own loop; one pass over one minibatch of all rows is A2C, several over shuffled ones
 * PPO. */
#ifndef RRI_AGENT_UPDATE_H
#define RRI_AGENT_UPDATE_H

#include "agent/agent.h"
#include "agent/gradient.h"
#include "rl/rollout.h"

/* obs: the state to come, whole; NULL where no session is open. stats (nullable): whole. */
rr_status rri_agent_update(rr_agent *agent, rri_rollout *rollout, const rr_obs *obs,
                           rr_stats *stats, rr_error *err);

/* What the loops gather for rr_stats. */
typedef struct rri_update_sums {
    rri_loss_sums loss;       /* over all rows of all minibatches */
    rri_loss_sums last_epoch; /* of the last epoch alone */
    size_t n_last_rows;       /* rows in last_epoch */
    double norm;              /* Σ over steps */
    size_t n_rows;            /* rows in loss, with repetitions */
    size_t n_steps, n_epochs;
    bool is_stopped_early;
} rri_update_sums;

/* One minibatch: advantages (normalised if asked), gradient, step. minibatch [n]: places. */
rr_status rri_update_minibatch(rri_update_sums *sums, rr_agent *agent, const rri_rollout *rollout,
                               const int32_t *minibatch, size_t n, float lr, rr_error *err);

#endif
