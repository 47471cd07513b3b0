/* SPDX-License-Identifier: MIT */
#include "buffer/rollout.h"

#include <string.h>

#include "buffer/rollout_check.h"
#include "core/status.h"

void rri_rollout_layout(rri_rollout *rollout, rri_arena *arena, const rr_buffer_config *config)
{
    const size_t rows = (size_t)config->max_rows;
    rollout->max_rows = rows;
    rollout->state_dim = (size_t)config->state_dim;
    rollout->schema = config->schema;
    rollout->item_dim = (size_t)config->item_dim;
    rollout->feature_dim = (size_t)config->feature_dim;
    rollout->k = (size_t)config->max_candidates;
    rollout->m = (size_t)config->max_excluded;
    rollout->h = (size_t)config->max_history;
    rollout->n_vectors = rri_size_smaller((size_t)config->max_vectors, rollout->k);

    const size_t row_states = rri_size_multiply(rows, rollout->state_dim);
    const size_t row_lists = rri_size_multiply(rows, rollout->k);
    rollout->states = RRI_TAKE(arena, float, row_states);
    rollout->final_states = RRI_TAKE(arena, float, row_states);
    rollout->lengths = RRI_TAKE(arena, int32_t, rows);
    rollout->candidates = RRI_TAKE(arena, int32_t, row_lists);
    rollout->features = RRI_TAKE(arena, float, rri_size_multiply(row_lists, rollout->feature_dim));
    const size_t row_vectors = rri_size_multiply(rows, rri_rollout_vectors(rollout));
    rollout->vectors = RRI_TAKE(arena, float, rri_size_multiply(row_vectors, rollout->item_dim));
    rollout->counts = RRI_TAKE(arena, int32_t, row_lists);
    rollout->excluded = RRI_TAKE(arena, int32_t, rri_size_multiply(rows, rollout->m));
    rollout->history = RRI_TAKE(arena, int32_t, rri_size_multiply(rows, rollout->h));
    rollout->for_encoder = config->for_encoder != 0;
    if (rollout->for_encoder) {
        const size_t row_history = rri_size_multiply(rows, rollout->h);
        rollout->history_rewards = RRI_TAKE(arena, float, row_history);
        rollout->final_history = RRI_TAKE(arena, int32_t, row_history);
        rollout->final_history_rewards = RRI_TAKE(arena, float, row_history);
    }
    rollout->r = (size_t)config->max_reference;
    if (rollout->r > 0) {
        rollout->reference = RRI_TAKE(arena, float, rri_size_multiply(rows, rollout->r));
    }
    rollout->actions = RRI_TAKE(arena, int32_t, rows);
    rollout->log_probs = RRI_TAKE(arena, float, rows);
    rollout->values = RRI_TAKE(arena, float, rows);
    rollout->rewards = RRI_TAKE(arena, float, rows);
    rollout->terminated = RRI_TAKE(arena, uint8_t, rows);
    rollout->truncated = RRI_TAKE(arena, uint8_t, rows);
    rollout->fingerprints = RRI_TAKE(arena, uint64_t, rows);
    rollout->generations = RRI_TAKE(arena, uint32_t, rows);
    if (config->has_keys != 0) {
        rollout->candidate_keys = RRI_TAKE(arena, uint64_t, row_vectors);
        rollout->excluded_keys = RRI_TAKE(arena, uint64_t, rri_size_multiply(rows, rollout->m));
        rollout->history_keys = RRI_TAKE(arena, uint64_t, rri_size_multiply(rows, rollout->h));
        rollout->are_keys_packed = true;
    }
}

rri_row_form rri_rollout_form_of(const rr_obs *obs)
{
    const bool has_lists = obs->candidates != NULL || obs->vectors != NULL;
    return (rri_row_form){
        .has_lists = has_lists,
        .has_candidates = obs->candidates != NULL,
        .has_vectors = obs->vectors != NULL,
        .has_features = has_lists && obs->features != NULL,
        .has_counts = has_lists && obs->counts != NULL,
        .has_excluded = obs->excluded != NULL && obs->n_excluded > 0,
        .has_history = obs->history != NULL && obs->n_history > 0,
        .has_incumbents = obs->incumbents != NULL,
    };
}

rri_columns rri_rollout_columns(const rri_rollout *rollout, const rr_obs *obs)
{
    const rri_columns own = {.schema = rollout->schema,
                             .n_states = rollout->state_dim,
                             .n_features = rollout->feature_dim};
    const rri_columns *map =
        obs->schema != own.schema ? rri_map_find(rollout->maps, obs->schema) : NULL;
    return map != NULL ? *map : own;
}

rri_row_form rri_rollout_form_in(const rri_rollout *rollout, const rr_obs *obs)
{
    rri_row_form form = rri_rollout_form_of(obs);
    const rri_columns columns = rri_rollout_columns(rollout, obs);
    form.has_reference = obs->reference_log_probs != NULL && rollout->r > 0;
    if (columns.schema != rollout->schema &&
        (columns.n_features == 0 || rollout->feature_dim == 0)) {
        form.has_features = form.has_lists && rollout->feature_dim > 0;
    }
    return form;
}

bool rri_rollout_takes(const rri_rollout *rollout, const rri_row_form *form)
{
    rri_row_form own = rollout->form;
    if (own.has_candidates != 0 && form->has_candidates != 0) {
        own.has_vectors = form->has_vectors;
    }
    return rollout->n_rows == 0 || memcmp(&own, form, sizeof own) == 0;
}

void rri_rollout_settle_form(rri_rollout *rollout, const rr_obs *obs)
{
    const rri_row_form form = rri_rollout_form_in(rollout, obs);
    const size_t V = rri_rollout_vectors(rollout), n = rollout->n_rows * V;
    if (n > 0 && form.has_vectors > rollout->form.has_vectors) { /* the rows so far have none */
        memset(rollout->vectors, 0, n * rollout->item_dim * sizeof(float));
        if (rollout->candidate_keys != NULL) {
            memset(rollout->candidate_keys, 0, n * sizeof(uint64_t));
        }
    }
    const uint8_t had_vectors = rollout->n_rows > 0 ? rollout->form.has_vectors : 0;
    rollout->form = form;
    rollout->form.has_vectors = form.has_vectors | had_vectors;
}

/* One row: `width` entries, then padding up to `stride`. */
static void copy_row_i32(int32_t *out, size_t stride, const int32_t *in, size_t width,
                         int32_t padding)
{
    memcpy(out, in, width * sizeof *in);
    for (size_t j = width; j < stride; j++) {
        out[j] = padding;
    }
}

static void copy_row_f32(float *out, size_t stride, const float *in, size_t width)
{
    memcpy(out, in, width * sizeof *in);
    memset(out + width, 0, (stride - width) * sizeof *out);
}

/* Padding, then `width` entries, the newest last. */
static void copy_history(int32_t *out, size_t stride, const int32_t *in, size_t width)
{
    const size_t front = stride - width;
    for (size_t j = 0; j < front; j++) {
        out[j] = -1;
    }
    memcpy(out + front, in, width * sizeof *in);
}

/* The same of its rewards; the padding's are 0. */
static void copy_history_rewards(float *out, size_t stride, const float *in, size_t width)
{
    const size_t front = stride - width;
    memset(out, 0, front * sizeof *out);
    memcpy(out + front, in, width * sizeof *in);
}

/* The vectors of a list's n candidates: of those in no pool, for nobody reads the others, whatever
 * the host left there. On both sides they lie by position or one behind the other. */
static void copy_vectors(rri_rollout *rollout, const rr_obs *obs, size_t from, size_t to, size_t n)
{
    const size_t d = rollout->item_dim, k = (size_t)obs->n_candidates,
                 V = rri_rollout_vectors(rollout);
    const size_t n_given = obs->n_vectors > 0 ? (size_t)obs->n_vectors : k;
    const int32_t *list = obs->candidates != NULL ? obs->candidates + from * k : NULL;
    const float *in = obs->vectors != NULL ? obs->vectors + from * n_given * d : NULL;
    float *out = rollout->vectors + to * V * d;
    memset(out, 0, V * d * sizeof *out);
    size_t n_own = 0;
    for (size_t j = 0; obs->vectors != NULL && j < n; j++) {
        if (list == NULL || list[j] < 0) {
            const size_t at_in = obs->n_vectors > 0 ? n_own : j;
            const size_t at_out = rollout->n_vectors > 0 ? n_own : j;
            memcpy(out + at_out * d, in + at_in * d, d * sizeof *out);
            n_own++;
        }
    }
}

/* Keys of a list's candidates in no pool, as vectors lie. */
static void copy_candidate_keys(rri_rollout *rollout, const rr_obs *obs, size_t from, size_t to,
                                size_t n)
{
    const size_t k = (size_t)obs->n_candidates, V = rri_rollout_vectors(rollout);
    const int32_t *list = obs->candidates != NULL ? obs->candidates + from * k : NULL;
    uint64_t *out = rollout->candidate_keys + to * V;
    memset(out, 0, V * sizeof *out);
    size_t n_own = 0;
    for (size_t j = 0; obs->candidate_keys != NULL && j < n; j++) {
        if (list == NULL || list[j] < 0) {
            out[rollout->n_vectors > 0 ? n_own : j] = obs->candidate_keys[from * k + j];
            n_own++;
        }
    }
}

/* Keys of a row's entries that have no index, `front` places behind the beginning of the row. */
static void copy_entry_keys(uint64_t *out, size_t stride, size_t front, const int32_t *indices,
                            const uint64_t *keys, size_t width)
{
    memset(out, 0, stride * sizeof *out);
    for (size_t j = 0; keys != NULL && j < width; j++) {
        out[front + j] = indices[j] < 0 ? keys[j] : 0;
    }
}

/* Of exclusions and history. */
static void copy_keys(rri_rollout *rollout, const rr_obs *obs, size_t from, size_t to)
{
    const size_t m = (size_t)obs->n_excluded, h = (size_t)obs->n_history;
    if (rollout->form.has_excluded) {
        copy_entry_keys(rollout->excluded_keys + to * rollout->m, rollout->m, 0,
                        obs->excluded + from * m,
                        obs->excluded_keys != NULL ? obs->excluded_keys + from * m : NULL, m);
    }
    if (rollout->form.has_history) {
        copy_entry_keys(rollout->history_keys + to * rollout->h, rollout->h, rollout->h - h,
                        obs->history + from * h,
                        obs->history_keys != NULL ? obs->history_keys + from * h : NULL, h);
    }
}

static void put_state(float *out, const rri_rollout *rollout, const rr_obs *obs, size_t from)
{
    const rri_columns columns = rri_rollout_columns(rollout, obs);
    const float *in = obs->states + from * columns.n_states;
    if (columns.states == NULL) {
        copy_row_f32(out, rollout->state_dim, in, columns.n_states);
    } else {
        rri_columns_move(out, rollout->state_dim, in, columns.states, columns.n_states);
    }
}

/* Features of a list's n candidates; zeros where their schema had none. */
static void copy_features(rri_rollout *rollout, const rr_obs *obs, size_t from, size_t to, size_t n)
{
    const rri_columns columns = rri_rollout_columns(rollout, obs);
    const size_t K = rollout->k, f = rollout->feature_dim, f_in = columns.n_features;
    const float *in = f_in > 0 ? obs->features + from * (size_t)obs->n_candidates * f_in : NULL;
    float *out = rollout->features + to * K * f;
    if (f_in == f && columns.features == NULL) {
        copy_row_f32(out, K * f, in, n * f);
        return;
    }
    memset(out, 0, K * f * sizeof *out);
    for (size_t j = 0; f_in > 0 && j < n; j++) {
        rri_columns_move(out + j * f, f, in + j * f_in, columns.features, f_in);
    }
}

/* The list of row `from` of the observation into row `to`; what lies behind its length is left. */
static void copy_list(rri_rollout *rollout, const rr_obs *obs, size_t from, size_t to)
{
    const rri_row_form *form = &rollout->form;
    const size_t k = (size_t)obs->n_candidates, K = rollout->k;
    const int32_t length = obs->lengths != NULL ? obs->lengths[from] : obs->n_candidates;
    const size_t n = (size_t)length;
    rollout->lengths[to] = length;
    if (form->has_candidates) {
        copy_row_i32(rollout->candidates + to * K, K, obs->candidates + from * k, n, -1);
    }
    if (form->has_counts) {
        copy_row_i32(rollout->counts + to * K, K, obs->counts + from * k, n, 0);
    }
    if (form->has_features) {
        copy_features(rollout, obs, from, to, n);
    }
    if (form->has_vectors) {
        copy_vectors(rollout, obs, from, to, n);
    }
    if (form->has_vectors && rollout->candidate_keys != NULL) {
        copy_candidate_keys(rollout, obs, from, to, n);
    }
}

void rri_rollout_put(rri_rollout *rollout, const rr_obs *obs, const rr_decision *decision,
                     uint64_t fingerprint, size_t from, size_t to)
{
    const rri_row_form *form = &rollout->form;
    const size_t m = rollout->m, h = rollout->h;
    rollout->lengths[to] = 0;
    if (form->has_lists) {
        copy_list(rollout, obs, from, to);
    }
    if (form->has_excluded) {
        copy_row_i32(rollout->excluded + to * m, m, obs->excluded + from * (size_t)obs->n_excluded,
                     (size_t)obs->n_excluded, -1);
    }
    if (form->has_history) {
        copy_history(rollout->history + to * h, h, obs->history + from * (size_t)obs->n_history,
                     (size_t)obs->n_history);
    }
    if (rollout->candidate_keys != NULL) {
        copy_keys(rollout, obs, from, to);
    }
    if (form->has_history && rollout->for_encoder) {
        copy_history_rewards(rollout->history_rewards + to * h, h,
                             obs->history_rewards + from * (size_t)obs->n_history,
                             (size_t)obs->n_history);
    }
    if (form->has_reference) {
        const size_t n = form->has_lists ? (size_t)rollout->lengths[to] : rollout->r;
        const size_t width = form->has_lists ? (size_t)obs->n_candidates : rollout->r;
        copy_row_f32(rollout->reference + to * rollout->r, rollout->r,
                     obs->reference_log_probs + from * width, n);
    }
    put_state(rollout->states + to * rollout->state_dim, rollout, obs, from);
    rollout->actions[to] = decision->actions[from];
    rollout->log_probs[to] = decision->log_probs[from];
    rollout->values[to] = decision->values != NULL ? decision->values[from] : 0.0f;
    rollout->fingerprints[to] = fingerprint;
}

void rri_rollout_put_final(rri_rollout *rollout, const rr_obs *final, size_t from, size_t row)
{
    const size_t S = rollout->state_dim, h = rollout->for_encoder ? rollout->h : 0;
    const size_t n = final != NULL && h > 0 ? (size_t) final->n_history : 0;
    if (final == NULL) {
        memset(rollout->final_states + row * S, 0, S * sizeof(float));
    } else {
        put_state(rollout->final_states + row * S, rollout, final, from);
    }
    for (size_t j = 0; j < h; j++) { /* padding; nothing where there is no history */
        rollout->final_history[row * h + j] = -1;
        rollout->final_history_rewards[row * h + j] = 0.0f;
    }
    if (n > 0) {
        copy_history(rollout->final_history + row * h, h, final->history + from * n, n);
        copy_history_rewards(rollout->final_history_rewards + row * h, h,
                             final->history_rewards + from * n, n);
    }
}

rr_status rri_rollout_record(rri_rollout *rollout, const rr_obs *obs, const rr_decision *decision,
                             uint64_t fingerprint, rr_error *err)
{
    RRI_TRY(rri_rollout_check_record(rollout, obs, decision, err));
    const size_t n = (size_t)obs->n, at = rollout->n_rows;
    if (rollout->n_rows == 0) {
        rollout->n_sessions = n;
    }
    rri_rollout_settle_form(rollout, obs);
    for (size_t i = 0; i < n; i++) {
        rri_rollout_put(rollout, obs, decision, fingerprint, i, at + i);
    }
    rollout->n_rows += n;
    rollout->awaits_reward = 1;
    return RR_OK;
}

rr_status rri_rollout_reward(rri_rollout *rollout, const rr_outcome *outcome, rr_error *err)
{
    RRI_TRY(rri_rollout_check_reward(rollout, outcome, err));
    const size_t n = rollout->n_sessions, at = rollout->n_rows - n;
    for (size_t i = 0; i < n; i++) {
        const bool is_terminated = outcome->terminated != NULL && outcome->terminated[i] != 0;
        const bool is_truncated =
            !is_terminated && outcome->truncated != NULL && outcome->truncated[i] != 0;
        rollout->rewards[at + i] = outcome->rewards[i];
        rollout->terminated[at + i] = is_terminated;
        rollout->truncated[at + i] = is_truncated;
        rri_rollout_put_final(rollout, is_truncated ? outcome->final_obs : NULL, i, at + i);
    }
    rollout->awaits_reward = 0;
    return RR_OK;
}

bool rri_rollout_is_full(const rri_rollout *rollout)
{
    return rollout->n_rows > 0 && rollout->n_rows + rollout->n_sessions > rollout->max_rows;
}

void rri_rollout_clear(rri_rollout *rollout)
{
    rollout->n_rows = 0;
    rollout->n_sessions = 0;
    rollout->awaits_reward = 0;
    rollout->form = (rri_row_form){0};
}

uint8_t rri_rollout_segment_end(bool is_last, size_t length, size_t n_steps)
{
    return is_last                 ? RRI_SEGMENT_LAST
           : length % n_steps == 0 ? RRI_SEGMENT_FULL
                                   : RRI_SEGMENT_GOES_ON;
}

void rri_rollout_order(int32_t *order, uint8_t *is_segment_end, const rri_rollout *rollout,
                       size_t n_steps)
{
    const size_t n = rollout->n_sessions;
    size_t at = 0;
    for (size_t first = 0; first < rollout->n_rows; first++) {
        const bool begins =
            first < n || rollout->terminated[first - n] != 0 || rollout->truncated[first - n] != 0;
        size_t length = 0;
        for (size_t row = first; begins && row < rollout->n_rows; row += n) {
            const bool is_over = rollout->terminated[row] != 0 || rollout->truncated[row] != 0;
            const bool is_last = is_over || row + n >= rollout->n_rows;
            order[at] = (int32_t)row;
            is_segment_end[at] = rri_rollout_segment_end(is_last, ++length, n_steps);
            at++;
            if (is_over) {
                break;
            }
        }
    }
}

void rri_rollout_parts(rri_rollout_part parts[RRI_ROLLOUT_PARTS], const rri_rollout *r)
{
    const size_t k = r->k, has_keys = r->candidate_keys != NULL;
    const size_t of_encoder = r->for_encoder ? r->h * sizeof(float) : 0;
    const rri_rollout_part all[RRI_ROLLOUT_PARTS] = {
        {"states", r->states, r->state_dim * sizeof(float)},
        {"final_states", r->final_states, r->state_dim * sizeof(float)},
        {"lengths", r->lengths, sizeof(int32_t)},
        {"candidates", r->candidates, k * sizeof(int32_t)},
        {"features", r->features, k * r->feature_dim * sizeof(float)},
        {r->n_vectors > 0 ? "own_vectors" : "vectors", r->vectors,
         rri_rollout_vectors(r) * r->item_dim * sizeof(float)},
        {"counts", r->counts, k * sizeof(int32_t)},
        {"excluded", r->excluded, r->m * sizeof(int32_t)},
        {"history", r->history, r->h * sizeof(int32_t)},
        {"candidate_keys", r->candidate_keys, has_keys * rri_rollout_vectors(r) * sizeof(uint64_t)},
        {"excluded_keys", r->excluded_keys, has_keys * r->m * sizeof(uint64_t)},
        {"history_keys", r->history_keys, has_keys * r->h * sizeof(uint64_t)},
        {"history_rewards", r->history_rewards, of_encoder},
        {"final_history", r->final_history, of_encoder},
        {"final_history_rewards", r->final_history_rewards, of_encoder},
        {"reference", r->reference, r->r * sizeof(float)},
        {"actions", r->actions, sizeof(int32_t)},
        {"log_probs", r->log_probs, sizeof(float)},
        {"values", r->values, sizeof(float)},
        {"rewards", r->rewards, sizeof(float)},
        {"terminated", r->terminated, sizeof(uint8_t)},
        {"truncated", r->truncated, sizeof(uint8_t)},
        {"fingerprints", r->fingerprints, sizeof(uint64_t)},
    };
    memcpy(parts, all, sizeof all);
}

void rri_rollout_parts_move(const rri_rollout_part *parts, size_t n_parts, size_t to, size_t from,
                            size_t n)
{
    for (size_t i = 0; i < n_parts; i++) {
        const size_t bytes = parts[i].row_bytes;
        char *data = parts[i].data;
        if (n * bytes > 0) {
            memmove(data + to * bytes, data + from * bytes, n * bytes);
        }
    }
}
