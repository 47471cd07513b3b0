/* SPDX-License-Identifier: MIT */
#include "agent/returns.h"

#include <string.h>

#include "agent/act.h"
#include "rl/gae.h"

bool rri_returns_need_states(const rri_rollout *rollout)
{
    for (size_t i = rollout->n_rows - rollout->n_sessions; i < rollout->n_rows; i++) {
        if (rollout->terminated[i] == 0 && rollout->truncated[i] == 0) {
            return true;
        }
    }
    return false;
}

/* Values of the states that were gathered, into the places that they belong to. */
static void flush(rr_agent *agent, size_t n)
{
    rri_slice *slice = &agent->slice;
    rri_agent_values(agent, slice->returns, slice->states, n);
    for (size_t i = 0; i < n; i++) {
        agent->update.next_values[slice->rows[i]] = slice->returns[i];
    }
}

/* V(s') of every row: the next row's of the session, the final observation's where it was
 * truncated, the state's to come where it is still open. Unread, and 0, where it terminated. */
static void next_values(rr_agent *agent, const rri_rollout *rollout, const float *to_come)
{
    rri_update_rows *update = &agent->update;
    rri_slice *slice = &agent->slice;
    const size_t S = agent->network.state_dim;
    size_t n_gathered = 0;
    for (size_t place = 0; place < rollout->n_rows; place++) {
        const size_t row = (size_t)update->order[place];
        if (rollout->terminated[row] != 0) {
            update->next_values[place] = 0.0f;
            continue;
        }
        if (update->is_segment_end[place] == 0) {
            update->next_values[place] = update->values[place + 1];
            continue;
        }
        const float *state = rollout->truncated[row] != 0
                                 ? rollout->final_states + row * S
                                 : to_come + (row % rollout->n_sessions) * S;
        memcpy(slice->states + n_gathered * S, state, S * sizeof(float));
        slice->rows[n_gathered] = (int32_t)place;
        n_gathered++;
        if (n_gathered == RRI_SLICE_ROWS) {
            flush(agent, n_gathered);
            n_gathered = 0;
        }
    }
    if (n_gathered > 0) {
        flush(agent, n_gathered);
    }
}

void rri_returns_compute(rr_agent *agent, const rri_rollout *rollout, const float *to_come)
{
    rri_update_rows *update = &agent->update;
    for (size_t place = 0; place < rollout->n_rows; place++) {
        const size_t row = (size_t)update->order[place];
        update->terminated[place] = rollout->terminated[row];
        update->rewards[place] = rollout->rewards[row];
        update->values[place] = rollout->values[row];
    }
    next_values(agent, rollout, to_come);
    rri_gae_compute(update->advantages, update->returns, update->rewards, update->values,
                    update->next_values, update->terminated, update->is_segment_end,
                    agent->recipe.gamma, agent->recipe.gae_lambda, rollout->n_rows);
}
