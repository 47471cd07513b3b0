/* SPDX-License-Identifier: MIT */
#include "train/returns.h"

#include <string.h>

#include "ledger/harvest.h"
#include "play/act.h"
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
static void flush(rri_trainer *trainer, size_t n)
{
    rri_slice *slice = &trainer->slice;
    const rri_workspace work = rri_trainer_workspace(trainer);
    /* Of the state after a session's last row no more than the state is recorded. */
    const rri_inputs in = {.states = slice->states, .state_dim = trainer->model.network.state_dim};
    rri_act_values(&work, slice->returns, &in, n);
    for (size_t i = 0; i < n; i++) {
        trainer->update.next_values[slice->rows[i]] = slice->returns[i];
    }
}

/* Where the state after a segment's last row is. */
typedef struct coming {
    const rri_rollout *rollout;
    const float *to_come;     /* lock step: [n_sessions, S] */
    const rri_ledger *ledger; /* NULL: a rollout */
} coming;

static const float *state_after(const coming *c, size_t row, size_t S)
{
    if (c->ledger != NULL) {
        return rri_harvest_next_state(c->ledger, c->rollout, row);
    }
    return c->rollout->truncated[row] != 0 ? c->rollout->final_states + row * S
                                           : c->to_come + (row % c->rollout->n_sessions) * S;
}

/* V(s') of every place: the next row's of the session, the final observation's where it was
 * truncated, the state's to come where it is still open. Unread, and 0, where it terminated. */
static void next_values(rri_trainer *trainer, const coming *after, size_t n_places)
{
    rri_update_rows *update = &trainer->update;
    rri_slice *slice = &trainer->slice;
    const size_t S = trainer->model.network.state_dim;
    size_t n_gathered = 0;
    for (size_t place = 0; place < n_places; place++) {
        if (update->terminated[place] != 0) {
            update->next_values[place] = 0.0f;
            continue;
        }
        if (update->is_segment_end[place] != RRI_SEGMENT_LAST) {
            update->next_values[place] = update->values[place + 1];
            continue;
        }
        const float *state = state_after(after, (size_t)update->order[place], S);
        memcpy(slice->states + n_gathered * S, state, S * sizeof(float));
        slice->rows[n_gathered] = (int32_t)place;
        n_gathered++;
        if (n_gathered == RRI_SLICE_ROWS) {
            flush(trainer, n_gathered);
            n_gathered = 0;
        }
    }
    if (n_gathered > 0) {
        flush(trainer, n_gathered);
    }
}

static void compute(rri_trainer *trainer, const coming *after, const float *traces, size_t n_places)
{
    rri_update_rows *update = &trainer->update;
    for (size_t place = 0; place < n_places; place++) {
        const size_t row = (size_t)update->order[place];
        update->terminated[place] = after->rollout->terminated[row];
        update->rewards[place] = after->rollout->rewards[row];
    }
    if (trainer->recipe.has_critic) {
        next_values(trainer, after, n_places);
    } else {
        memset(update->values, 0, n_places * sizeof *update->values);
        memset(update->next_values, 0, n_places * sizeof *update->next_values);
    }
    rri_gae_compute_traced(update->advantages, update->returns, update->rewards, update->values,
                           update->next_values, update->terminated, update->is_segment_end, traces,
                           trainer->recipe.gamma, trainer->recipe.gae_lambda, n_places);
}

void rri_returns_compute(rri_trainer *trainer, const rri_rollout *rollout, const float *to_come)
{
    const coming after = {.rollout = rollout, .to_come = to_come};
    for (size_t place = 0; place < rollout->n_rows; place++) {
        trainer->update.values[place] = rollout->values[trainer->update.order[place]];
    }
    compute(trainer, &after, NULL, rollout->n_rows);
}

void rri_returns_compute_sessions(rri_trainer *trainer, const rri_rollout *rollout,
                                  const rri_ledger *ledger, size_t n_places)
{
    const coming after = {.rollout = rollout, .ledger = ledger};
    compute(trainer, &after, trainer->update.traces, n_places);
}
