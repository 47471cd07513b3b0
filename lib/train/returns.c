/* SPDX-License-Identifier: MIT */
#include "train/returns.h"

#include <string.h>

#include "ledger/harvest.h"
#include "play/act.h"
#include "rl/gae.h"
#include "train/gradient.h"

bool rri_returns_need_states(const rri_rollout *rollout)
{
    for (size_t i = rollout->n_rows - rollout->n_sessions; i < rollout->n_rows; i++) {
        if (rollout->terminated[i] == 0 && rollout->truncated[i] == 0) {
            return true;
        }
    }
    return false;
}

/* Where what follows a segment's last row lies. */
typedef struct coming {
    const rri_rollout *rollout;
    const rr_obs *to_come;    /* lock step: n_sessions rows; NULL: no session is open */
    const rri_ledger *ledger; /* NULL: a rollout */
} coming;

/* The arrays that it may lie in. */
enum {
    IN_FINAL,   /* final observations, by row */
    IN_TO_COME, /* lock step: the observation to come, by session */
    IN_ROWS,    /* a ledger: the session's last row, which is not trained on */
    N_SOURCES
};

/* Which of the arrays, and *at where in it. */
static int source_of(const coming *c, size_t row, size_t *at)
{
    *at = row;
    if (c->rollout->truncated[row] != 0) {
        return IN_FINAL;
    }
    if (c->ledger != NULL) {
        *at = rri_harvest_last_row(c->ledger, row);
        return IN_ROWS;
    }
    *at = row % c->rollout->n_sessions;
    return IN_TO_COME;
}

/* The arrays of a source as networks read them, states as they lie. */
static rri_inputs inputs_of(const coming *c, const rri_network *net, int source)
{
    const rri_rollout *rollout = c->rollout;
    rri_inputs in = rri_gradient_inputs(rollout, net, rollout->states, NULL);
    if (source == IN_FINAL) {
        in.states = rollout->final_states;
        in.history = rollout->final_history;
        in.history_rewards = rollout->final_history_rewards;
        in.h = rollout->h;
    } else if (source == IN_TO_COME) {
        in.states = c->to_come != NULL ? c->to_come->states : NULL;
        in.history = c->to_come != NULL ? c->to_come->history : NULL;
        in.history_rewards = c->to_come != NULL ? c->to_come->history_rewards : NULL;
        in.h = c->to_come != NULL ? (size_t)c->to_come->n_history : 0;
    }
    return in;
}

/* Values of what was gathered, into the places that they belong to. */
static void flush(rri_trainer *trainer, rri_inputs in, size_t n)
{
    rri_slice *slice = &trainer->slice;
    const rri_workspace work = rri_trainer_workspace(trainer);
    in.states = slice->states;
    in.rows = slice->actions;
    rri_act_values(&work, slice->returns, &in, n);
    for (size_t i = 0; i < n; i++) {
        trainer->update.next_values[slice->rows[i]] = slice->returns[i];
    }
}

/* V(s') of the places whose segment ends in a source. Of a slice's arrays `rows` has the places,
 * and `actions` where their inputs lie. */
static void last_values(rri_trainer *trainer, const coming *after, int source, size_t n_places)
{
    const rri_update_rows *update = &trainer->update;
    rri_slice *slice = &trainer->slice;
    const rri_inputs in = inputs_of(after, &trainer->model.network, source);
    const size_t S = trainer->model.network.state_dim;
    size_t n_gathered = 0;
    for (size_t place = 0; place < n_places; place++) {
        size_t at;
        if (update->terminated[place] != 0 || update->is_segment_end[place] != RRI_SEGMENT_LAST ||
            source_of(after, (size_t)update->order[place], &at) != source) {
            continue;
        }
        memcpy(slice->states + n_gathered * S, in.states + at * S, S * sizeof(float));
        slice->rows[n_gathered] = (int32_t)place;
        slice->actions[n_gathered] = (int32_t)at;
        n_gathered++;
        if (n_gathered == RRI_SLICE_ROWS) {
            flush(trainer, in, n_gathered);
            n_gathered = 0;
        }
    }
    if (n_gathered > 0) {
        flush(trainer, in, n_gathered);
    }
}

/* V(s') of every place: the next row's of the session, the final observation's where it was
 * truncated, the state's to come where it is still open. Unread, and 0, where it terminated. */
static void next_values(rri_trainer *trainer, const coming *after, size_t n_places)
{
    rri_update_rows *update = &trainer->update;
    for (size_t place = 0; place < n_places; place++) {
        if (update->terminated[place] != 0) {
            update->next_values[place] = 0.0f;
        } else if (update->is_segment_end[place] != RRI_SEGMENT_LAST) {
            update->next_values[place] = update->values[place + 1];
        }
    }
    for (int source = 0; source < N_SOURCES; source++) {
        last_values(trainer, after, source, n_places);
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

void rri_returns_compute(rri_trainer *trainer, const rri_rollout *rollout, const rr_obs *to_come)
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
