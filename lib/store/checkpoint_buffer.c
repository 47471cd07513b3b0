/* SPDX-License-Identifier: MIT */
/* A buffer in a checkpoint: rows as they lie; of a keyed one sessions, counts and clock too. What
 * links rows and finds them is made anew. */
#include <string.h>

#include "agent/tensors.h"
#include "store/checkpoint.h"

/* Values of buffer.shape. */
enum { SHAPE_ROWS, SHAPE_SESSIONS, SHAPE_VALUES };

/* Values of buffer.ledger. */
enum {
    LEDGER_SESSIONS,
    LEDGER_CLOCK,
    LEDGER_RECORDED,
    LEDGER_TRAINED,
    LEDGER_DROPPED,
    LEDGER_DUPLICATE,
    LEDGER_REWARDED,
    LEDGER_LATE,
    LEDGER_UNKNOWN,
    LEDGER_SPOILT,
    LEDGER_SPOILT_SESSIONS,
    LEDGER_VALUES
};

/* ── saving ── */

static rr_status add_parts(rri_safetensors_writer *writer, const rri_rollout_part *parts,
                           size_t n_parts, size_t n_rows, rr_error *err)
{
    for (size_t i = 0; i < n_parts; i++) {
        const size_t shape[] = {n_rows, parts[i].row_bytes};
        char name[RRI_CHECKPOINT_NAME];
        rri_checkpoint_name(name, "buffer", parts[i].name);
        RRI_TRY(rri_safetensors_add(writer, name, RRI_DTYPE_U8, shape, 2, parts[i].data, err));
    }
    return RR_OK;
}

static rr_status add_ledger(rri_safetensors_writer *writer, const rri_ledger *ledger, size_t n_rows,
                            rr_error *err)
{
    const int64_t values[LEDGER_VALUES] = {
        [LEDGER_SESSIONS] = (int64_t)ledger->n_sessions,
        [LEDGER_CLOCK] = ledger->clock,
        [LEDGER_RECORDED] = ledger->n_recorded,
        [LEDGER_TRAINED] = ledger->n_trained,
        [LEDGER_DROPPED] = ledger->n_dropped,
        [LEDGER_DUPLICATE] = ledger->n_duplicate,
        [LEDGER_REWARDED] = ledger->n_rewarded,
        [LEDGER_LATE] = ledger->n_late,
        [LEDGER_UNKNOWN] = ledger->n_unknown,
        [LEDGER_SPOILT] = ledger->n_spoilt,
        [LEDGER_SPOILT_SESSIONS] = ledger->n_spoilt_sessions,
    };
    const size_t shape[] = {LEDGER_VALUES};
    RRI_TRY(rri_safetensors_add(writer, "buffer.ledger", RRI_DTYPE_I64, shape, 1, values, err));
    rri_rollout_part of_rows[RRI_LEDGER_ROW_PARTS], of_sessions[RRI_LEDGER_SESSION_PARTS];
    rri_ledger_row_parts(of_rows, ledger);
    rri_ledger_session_parts(of_sessions, ledger);
    RRI_TRY(add_parts(writer, of_rows, RRI_LEDGER_ROW_PARTS, n_rows, err));
    return add_parts(writer, of_sessions, RRI_LEDGER_SESSION_PARTS, ledger->n_sessions, err);
}

rr_status rri_checkpoint_describe_buffer(rri_safetensors_writer *writer, const rr_buffer *buffer,
                                         rr_error *err)
{
    const rri_rollout *rollout = &buffer->rollout;
    const int64_t shape[SHAPE_VALUES] = {
        [SHAPE_ROWS] = (int64_t)rollout->n_rows,
        [SHAPE_SESSIONS] = (int64_t)rollout->n_sessions,
    };
    const size_t n_shape[] = {SHAPE_VALUES}, n_form[] = {sizeof rollout->form};
    RRI_TRY(rri_safetensors_add(writer, "buffer.shape", RRI_DTYPE_I64, n_shape, 1, shape, err));
    RRI_TRY(
        rri_safetensors_add(writer, "buffer.form", RRI_DTYPE_U8, n_form, 1, &rollout->form, err));
    rri_rollout_part parts[RRI_ROLLOUT_PARTS];
    rri_rollout_parts(parts, rollout);
    RRI_TRY(add_parts(writer, parts, RRI_ROLLOUT_PARTS, rollout->n_rows, err));
    return buffer->config.is_keyed == 0 ? RR_OK
                                        : add_ledger(writer, &buffer->ledger, rollout->n_rows, err);
}

/* ── restoring ── */

/* Rows cannot have what the buffer given does not store. */
static rr_status check_form(const rri_row_form *form, const rr_buffer *buffer, rr_error *err)
{
    const rri_rollout *rollout = &buffer->rollout;
    const uint8_t *flags = (const uint8_t *)form;
    for (size_t i = 0; i < sizeof *form; i++) {
        if (flags[i] > 1) {
            RRI_FAIL(err, RR_E_FORMAT, "checkpoint: buffer.form[%zu] is %u; it must be 0 or 1", i,
                     flags[i]);
        }
    }
    const bool needs_lists = form->has_candidates || form->has_vectors;
    const bool is_stored =
        (!form->has_lists || rollout->k > 0) && (!form->has_vectors || rollout->item_dim > 0) &&
        (!form->has_features || rollout->feature_dim > 0) &&
        (!form->has_excluded || rollout->m > 0) && (!form->has_history || rollout->h > 0) &&
        (!form->has_incumbents || buffer->config.is_keyed != 0);
    const bool is_of_lists = form->has_features || form->has_counts;
    if (form->has_lists != needs_lists || (is_of_lists && !form->has_lists) || !is_stored) {
        RRI_FAIL(err, RR_E_FORMAT,
                 "checkpoint: buffer.form contradicts itself, or the buffer's widths");
    }
    return RR_OK;
}

/* Rows, sessions and form of the buffer in the file, judged against the buffer given. */
static rr_status read_shape(int64_t shape[SHAPE_VALUES], rri_row_form *form,
                            const rr_buffer *buffer, const rri_safetensors_reader *reader,
                            rr_error *err)
{
    if (rri_safetensors_lookup(reader, "buffer.shape") == NULL) {
        RRI_FAIL(err, RR_E_NOT_FOUND, "checkpoint: it holds no buffer");
    }
    const bool is_keyed = rri_safetensors_lookup(reader, "buffer.ledger") != NULL;
    if (is_keyed != (buffer->config.is_keyed != 0)) {
        RRI_FAIL(err, RR_E_MISMATCH, "checkpoint: its buffer is %s; the one given is %s",
                 is_keyed ? "keyed" : "in lock step", is_keyed ? "in lock step" : "keyed");
    }
    const size_t n_shape[] = {SHAPE_VALUES}, n_form[] = {sizeof *form};
    RRI_TRY(rri_safetensors_copy(shape, reader, "buffer.shape", RRI_DTYPE_I64, n_shape, 1, err));
    RRI_TRY(rri_safetensors_copy(form, reader, "buffer.form", RRI_DTYPE_U8, n_form, 1, err));
    const int64_t rows = shape[SHAPE_ROWS], sessions = shape[SHAPE_SESSIONS];
    const bool is_empty = rows == 0 && sessions == 0;
    if (!is_empty && (rows < 1 || sessions < 1 || sessions > rows || rows % sessions != 0)) {
        RRI_FAIL(err, RR_E_FORMAT, "checkpoint: buffer.shape is %lld rows of %lld sessions",
                 (long long)rows, (long long)sessions);
    }
    if ((uint64_t)rows > buffer->rollout.max_rows) {
        RRI_FAIL(err, RR_E_MISMATCH,
                 "checkpoint: its buffer has %lld rows; the one given holds %zu", (long long)rows,
                 buffer->rollout.max_rows);
    }
    return check_form(form, buffer, err);
}

static rr_status read_parts(const rri_rollout_part *parts, size_t n_parts, size_t n_rows,
                            bool loads, const rri_safetensors_reader *reader, rr_error *err)
{
    for (size_t i = 0; i < n_parts; i++) {
        const size_t shape[] = {n_rows, parts[i].row_bytes};
        char name[RRI_CHECKPOINT_NAME];
        const unsigned char *data;
        rri_checkpoint_name(name, "buffer", parts[i].name);
        RRI_TRY(rri_safetensors_find(&data, reader, name, RRI_DTYPE_U8, shape, 2, err));
        if (loads && n_rows * parts[i].row_bytes > 0) {
            memcpy(parts[i].data, data, n_rows * parts[i].row_bytes);
        }
    }
    return RR_OK;
}

/* Rows name sessions in the order in which these began, and every session has one. */
static rr_status check_sessions(size_t n_rows, size_t n_sessions,
                                const rri_safetensors_reader *reader, rr_error *err)
{
    const unsigned char *session_of, *ends;
    const size_t of_rows[] = {n_rows, sizeof(int32_t)}, of_sessions[] = {n_sessions, 1};
    RRI_TRY(rri_safetensors_find(&session_of, reader, "buffer.session_of", RRI_DTYPE_U8, of_rows, 2,
                                 err));
    RRI_TRY(rri_safetensors_find(&ends, reader, "buffer.session_ends", RRI_DTYPE_U8, of_sessions, 2,
                                 err));
    int32_t n_seen = 0;
    for (size_t row = 0; row < n_rows; row++) {
        int32_t session;
        memcpy(&session, session_of + row * sizeof session, sizeof session);
        if (session < 0 || session > n_seen || (size_t)session >= n_sessions) {
            RRI_FAIL(err, RR_E_FORMAT, "checkpoint: buffer.session_of[%zu] is %d of %zu", row,
                     session, n_sessions);
        }
        n_seen += session == n_seen;
    }
    if ((size_t)n_seen != n_sessions) {
        RRI_FAIL(err, RR_E_FORMAT, "checkpoint: buffer.ledger has %zu sessions, its rows %d",
                 n_sessions, n_seen);
    }
    for (size_t s = 0; s < n_sessions; s++) {
        if (ends[s] > RRI_END_CUT) {
            RRI_FAIL(err, RR_E_FORMAT, "checkpoint: buffer.session_ends[%zu] is %u", s, ends[s]);
        }
    }
    return RR_OK;
}

static rr_status read_ledger(rri_ledger *ledger, const rri_rollout *rollout, size_t n_rows,
                             bool loads, const rri_safetensors_reader *reader, rr_error *err)
{
    int64_t values[LEDGER_VALUES] = {0};
    const bool is_old = rri_safetensors_lookup(reader, "buffer.ledger")->shape[0] == LEDGER_SPOILT;
    const size_t shape[] = {is_old ? LEDGER_SPOILT : LEDGER_VALUES}; /* which did not count it */
    RRI_TRY(rri_safetensors_copy(values, reader, "buffer.ledger", RRI_DTYPE_I64, shape, 1, err));
    for (size_t i = LEDGER_RECORDED; i < LEDGER_VALUES; i++) {
        if (values[i] < 0 || values[i] > RRI_AGENT_MOST) {
            RRI_FAIL(err, RR_E_FORMAT,
                     "checkpoint: buffer.ledger[%zu] is %lld; it must be in [0, 2^62]", i,
                     (long long)values[i]);
        }
    }
    const int64_t n_sessions = values[LEDGER_SESSIONS];
    if (n_sessions < 0 || (uint64_t)n_sessions > n_rows) {
        RRI_FAIL(err, RR_E_FORMAT, "checkpoint: buffer.ledger has %lld sessions of %zu rows",
                 (long long)n_sessions, n_rows);
    }
    if ((uint64_t)n_sessions > ledger->max_sessions) {
        RRI_FAIL(err, RR_E_MISMATCH,
                 "checkpoint: its buffer has %lld sessions; the one given holds %zu",
                 (long long)n_sessions, ledger->max_sessions);
    }
    RRI_TRY(check_sessions(n_rows, (size_t)n_sessions, reader, err));
    rri_rollout_part of_rows[RRI_LEDGER_ROW_PARTS], of_sessions[RRI_LEDGER_SESSION_PARTS];
    rri_ledger_row_parts(of_rows, ledger);
    rri_ledger_session_parts(of_sessions, ledger);
    const bool has_rests = rri_safetensors_lookup(reader, "buffer.reward_rests") != NULL;
    const size_t n_parts = RRI_LEDGER_ROW_PARTS - (has_rests ? 0 : 1); /* of a file of before: 0 */
    memset(ledger->reward_rests, 0, loads ? n_rows * sizeof *ledger->reward_rests : 0);
    RRI_TRY(read_parts(of_rows, n_parts, n_rows, loads, reader, err));
    RRI_TRY(
        read_parts(of_sessions, RRI_LEDGER_SESSION_PARTS, (size_t)n_sessions, loads, reader, err));
    if (loads) {
        ledger->n_sessions = (size_t)n_sessions;
        ledger->clock = values[LEDGER_CLOCK];
        ledger->n_recorded = values[LEDGER_RECORDED];
        ledger->n_trained = values[LEDGER_TRAINED];
        ledger->n_dropped = values[LEDGER_DROPPED];
        ledger->n_duplicate = values[LEDGER_DUPLICATE];
        ledger->n_rewarded = values[LEDGER_REWARDED];
        ledger->n_late = values[LEDGER_LATE];
        ledger->n_unknown = values[LEDGER_UNKNOWN];
        ledger->n_spoilt = values[LEDGER_SPOILT];
        ledger->n_spoilt_sessions = values[LEDGER_SPOILT_SESSIONS];
        rri_ledger_rebuild(ledger, rollout);
    }
    return RR_OK;
}

rr_status rri_checkpoint_restore_buffer(rr_buffer *buffer, bool loads,
                                        const rri_safetensors_reader *reader, rr_error *err)
{
    int64_t shape[SHAPE_VALUES];
    rri_row_form form;
    RRI_TRY(read_shape(shape, &form, buffer, reader, err));
    rri_rollout *rollout = &buffer->rollout;
    const size_t n_rows = (size_t)shape[SHAPE_ROWS];
    rri_rollout_part parts[RRI_ROLLOUT_PARTS];
    rri_rollout_parts(parts, rollout);
    RRI_TRY(read_parts(parts, RRI_ROLLOUT_PARTS, n_rows, loads, reader, err));
    if (loads) {
        rollout->n_rows = n_rows;
        rollout->n_sessions = (size_t)shape[SHAPE_SESSIONS];
        rollout->form = form;
        rollout->awaits_reward = 0;
    }
    return buffer->config.is_keyed == 0
               ? RR_OK
               : read_ledger(&buffer->ledger, rollout, n_rows, loads, reader, err);
}
