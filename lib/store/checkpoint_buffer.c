/* SPDX-License-Identifier: MIT */
/* A buffer or a ledger in a checkpoint: rows as they lie; of a ledger sessions, counts and clock
 * too. What links rows and finds them is made anew. */
#include <inttypes.h>
#include <stdio.h>
#include <string.h>

#include "agent/tensors.h"
#include "core/count.h"
#include "store/checkpoint.h"

/* Values of "buffer.shape" and "ledger.shape". */
enum { SHAPE_ROWS, SHAPE_SESSIONS, SHAPE_VALUES };

/* Values of "ledger.counters". */
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
    LEDGER_REJECTED,
    LEDGER_REJECTED_SESSIONS,
    LEDGER_IMITATION,
    LEDGER_OTHER_SCHEMA,
    LEDGER_VALUES
};

/* ── saving ── */

static rr_status add_parts(rri_safetensors_writer *writer, const char *prefix,
                           const rri_rollout_part *parts, size_t n_parts, size_t n_rows,
                           rr_error *err)
{
    for (size_t i = 0; i < n_parts; i++) {
        const size_t shape[] = {n_rows, parts[i].row_bytes};
        char name[RRI_CHECKPOINT_NAME];
        rri_checkpoint_name(name, prefix, parts[i].name);
        RRI_TRY(rri_safetensors_add(writer, name, RRI_DTYPE_U8, shape, 2, parts[i].data, err));
    }
    return RR_OK;
}

static rr_status add_ledger(rri_safetensors_writer *writer, const rri_ledger *ledger, size_t n_rows,
                            rr_error *err)
{
    int64_t values[LEDGER_VALUES] = {
        [LEDGER_SESSIONS] = (int64_t)ledger->n_sessions,
        [LEDGER_CLOCK] = ledger->clock,
        [LEDGER_RECORDED] = ledger->n_recorded,
        [LEDGER_TRAINED] = ledger->n_trained,
        [LEDGER_DROPPED] = ledger->n_dropped,
        [LEDGER_DUPLICATE] = ledger->n_duplicate,
        [LEDGER_REWARDED] = ledger->n_rewarded,
        [LEDGER_LATE] = ledger->n_late,
        [LEDGER_UNKNOWN] = ledger->n_unknown,
        [LEDGER_REJECTED] = ledger->n_rejected,
        [LEDGER_REJECTED_SESSIONS] = ledger->n_rejected_sessions,
        [LEDGER_IMITATION] = ledger->n_imitation,
        [LEDGER_OTHER_SCHEMA] = ledger->n_other_schema,
    };
    for (size_t i = LEDGER_RECORDED; i < LEDGER_VALUES; i++) {
        values[i] = rri_count_sum(values[i], 0); /* so that it can be loaded */
    }
    const size_t shape[] = {LEDGER_VALUES};
    RRI_TRY(rri_safetensors_add(writer, "ledger.counters", RRI_DTYPE_I64, shape, 1, values, err));
    rri_rollout_part of_rows[RRI_LEDGER_ROW_PARTS], of_sessions[RRI_LEDGER_SESSION_PARTS];
    rri_ledger_row_parts(of_rows, ledger);
    rri_ledger_session_parts(of_sessions, ledger);
    RRI_TRY(add_parts(writer, "ledger", of_rows, RRI_LEDGER_ROW_PARTS, n_rows, err));
    return add_parts(writer, "ledger", of_sessions, RRI_LEDGER_SESSION_PARTS, ledger->n_sessions,
                     err);
}

static rr_status add_rows(rri_safetensors_writer *writer, const char *prefix,
                          const rri_rollout *rollout, rr_error *err)
{
    const int64_t shape[SHAPE_VALUES] = {
        [SHAPE_ROWS] = (int64_t)rollout->n_rows,
        [SHAPE_SESSIONS] = (int64_t)rollout->n_sessions,
    };
    const size_t n_shape[] = {SHAPE_VALUES}, n_form[] = {sizeof rollout->form};
    char name[RRI_CHECKPOINT_NAME];
    rri_checkpoint_name(name, prefix, "shape");
    RRI_TRY(rri_safetensors_add(writer, name, RRI_DTYPE_I64, n_shape, 1, shape, err));
    rri_checkpoint_name(name, prefix, "form");
    RRI_TRY(rri_safetensors_add(writer, name, RRI_DTYPE_U8, n_form, 1, &rollout->form, err));
    rri_rollout_part parts[RRI_ROLLOUT_PARTS];
    rri_rollout_parts(parts, rollout);
    return add_parts(writer, prefix, parts, RRI_ROLLOUT_PARTS, rollout->n_rows, err);
}

rr_status rri_checkpoint_describe_buffer(rri_safetensors_writer *writer, const rr_buffer *buffer,
                                         rr_error *err)
{
    return add_rows(writer, "buffer", &buffer->rollout, err);
}

rr_status rri_checkpoint_describe_ledger(rri_safetensors_writer *writer, const rr_ledger *ledger,
                                         rr_error *err)
{
    RRI_TRY(add_rows(writer, "ledger", &ledger->rollout, err));
    return add_ledger(writer, &ledger->ledger, ledger->rollout.n_rows, err);
}

/* ── restoring ── */

/* What is restored: rows, and how they are called. */
typedef struct target {
    const char *prefix; /* "buffer" or "ledger" */
    rri_rollout *rollout;
    bool has_incumbents; /* whether its rows may have them */
} target;

/* Rows cannot have what the handle given does not store. */
static rr_status check_form(const rri_row_form *form, const target *to, rr_error *err)
{
    const rri_rollout *rollout = to->rollout;
    const uint8_t *flags = (const uint8_t *)form;
    for (size_t i = 0; i < sizeof *form; i++) {
        if (flags[i] > 1) {
            RRI_FAIL(err, RR_E_FORMAT, "checkpoint: %s.form[%zu] is %u; it must be 0 or 1",
                     to->prefix, i, flags[i]);
        }
    }
    const bool needs_lists = form->has_candidates || form->has_vectors;
    const bool is_stored =
        (!form->has_lists || rollout->k > 0) && (!form->has_vectors || rollout->item_dim > 0) &&
        (!form->has_features || rollout->feature_dim > 0) &&
        (!form->has_excluded || rollout->m > 0) && (!form->has_history || rollout->h > 0) &&
        (!form->has_incumbents || to->has_incumbents) && (!form->has_reference || rollout->r > 0);
    const bool is_of_lists = form->has_features || form->has_counts;
    if (form->has_lists != needs_lists || (is_of_lists && !form->has_lists) || !is_stored) {
        RRI_FAIL(err, RR_E_FORMAT,
                 "checkpoint: %s.form contradicts itself, or the widths of the %s given",
                 to->prefix, to->prefix);
    }
    return RR_OK;
}

/* What columns mean, no width tells. */
static rr_status check_schema(const target *to, const rri_safetensors_reader *reader, rr_error *err)
{
    char name[RRI_CHECKPOINT_NAME], own[24];
    rri_checkpoint_name(name, to->prefix, "schema");
    snprintf(own, sizeof own, "%" PRIu64, to->rollout->schema);
    const char *found = rri_safetensors_metadata(reader, name);
    const char *text = found != NULL ? found : "0";
    if (strcmp(text, own) != 0) {
        RRI_FAIL(
            err, RR_E_MISMATCH,
            "checkpoint: %s is %.20s; that of the handle given is %s, and columns mean what it "
            "says",
            name, text, own);
    }
    return RR_OK;
}

/* Rows, sessions and form in the file, judged against the handle given. */
static rr_status read_shape(int64_t shape[SHAPE_VALUES], rri_row_form *form, const target *to,
                            const rri_safetensors_reader *reader, rr_error *err)
{
    char name[RRI_CHECKPOINT_NAME];
    rri_checkpoint_name(name, to->prefix, "shape");
    if (rri_safetensors_lookup(reader, name) == NULL) {
        RRI_FAIL(err, RR_E_NOT_FOUND, "checkpoint: it holds no %s", to->prefix);
    }
    RRI_TRY(check_schema(to, reader, err));
    const size_t n_shape[] = {SHAPE_VALUES}, n_form[] = {sizeof *form};
    RRI_TRY(rri_safetensors_copy(shape, reader, name, RRI_DTYPE_I64, n_shape, 1, err));
    rri_checkpoint_name(name, to->prefix, "form");
    RRI_TRY(rri_safetensors_copy(form, reader, name, RRI_DTYPE_U8, n_form, 1, err));
    const int64_t rows = shape[SHAPE_ROWS], sessions = shape[SHAPE_SESSIONS];
    const bool is_empty = rows == 0 && sessions == 0;
    if (!is_empty && (rows < 1 || sessions < 1 || sessions > rows || rows % sessions != 0)) {
        RRI_FAIL(err, RR_E_FORMAT, "checkpoint: %s.shape is %lld rows of %lld sessions", to->prefix,
                 (long long)rows, (long long)sessions);
    }
    if ((uint64_t)rows > to->rollout->max_rows) {
        RRI_FAIL(err, RR_E_MISMATCH, "checkpoint: its %s has %lld rows; the one given holds %zu",
                 to->prefix, (long long)rows, to->rollout->max_rows);
    }
    return check_form(form, to, err);
}

static rr_status read_parts(const char *prefix, const rri_rollout_part *parts, size_t n_parts,
                            size_t n_rows, bool loads, const rri_safetensors_reader *reader,
                            rr_error *err)
{
    for (size_t i = 0; i < n_parts; i++) {
        const size_t shape[] = {n_rows, parts[i].row_bytes};
        char name[RRI_CHECKPOINT_NAME];
        const unsigned char *data;
        rri_checkpoint_name(name, prefix, parts[i].name);
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
    RRI_TRY(rri_safetensors_find(&session_of, reader, "ledger.session_of", RRI_DTYPE_U8, of_rows, 2,
                                 err));
    RRI_TRY(rri_safetensors_find(&ends, reader, "ledger.session_ends", RRI_DTYPE_U8, of_sessions, 2,
                                 err));
    int32_t n_seen = 0;
    for (size_t row = 0; row < n_rows; row++) {
        int32_t session;
        memcpy(&session, session_of + row * sizeof session, sizeof session);
        if (session < 0 || session > n_seen || (size_t)session >= n_sessions) {
            RRI_FAIL(err, RR_E_FORMAT, "checkpoint: ledger.session_of[%zu] is %d of %zu", row,
                     session, n_sessions);
        }
        n_seen += session == n_seen;
    }
    if ((size_t)n_seen != n_sessions) {
        RRI_FAIL(err, RR_E_FORMAT, "checkpoint: ledger.counters has %zu sessions, its rows %d",
                 n_sessions, n_seen);
    }
    for (size_t s = 0; s < n_sessions; s++) {
        if (ends[s] > RRI_END_CUT) {
            RRI_FAIL(err, RR_E_FORMAT, "checkpoint: ledger.session_ends[%zu] is %u", s, ends[s]);
        }
    }
    return RR_OK;
}

static rr_status read_ledger(rri_ledger *ledger, const rri_rollout *rollout, size_t n_rows,
                             bool loads, const rri_safetensors_reader *reader, rr_error *err)
{
    int64_t values[LEDGER_VALUES] = {0};
    const size_t shape[] = {LEDGER_VALUES};
    RRI_TRY(rri_safetensors_copy(values, reader, "ledger.counters", RRI_DTYPE_I64, shape, 1, err));
    for (size_t i = LEDGER_RECORDED; i < LEDGER_VALUES; i++) {
        if (values[i] < 0 || values[i] > RRI_AGENT_MOST) {
            RRI_FAIL(err, RR_E_FORMAT,
                     "checkpoint: ledger.counters[%zu] is %lld; it must be in [0, 2^62]", i,
                     (long long)values[i]);
        }
    }
    const int64_t n_sessions = values[LEDGER_SESSIONS];
    if (n_sessions < 0 || (uint64_t)n_sessions > n_rows) {
        RRI_FAIL(err, RR_E_FORMAT, "checkpoint: ledger.counters has %lld sessions of %zu rows",
                 (long long)n_sessions, n_rows);
    }
    if ((uint64_t)n_sessions > ledger->max_sessions) {
        RRI_FAIL(err, RR_E_MISMATCH,
                 "checkpoint: its ledger has %lld sessions; the one given holds %zu",
                 (long long)n_sessions, ledger->max_sessions);
    }
    RRI_TRY(check_sessions(n_rows, (size_t)n_sessions, reader, err));
    rri_rollout_part of_rows[RRI_LEDGER_ROW_PARTS], of_sessions[RRI_LEDGER_SESSION_PARTS];
    rri_ledger_row_parts(of_rows, ledger);
    rri_ledger_session_parts(of_sessions, ledger);
    RRI_TRY(read_parts("ledger", of_rows, RRI_LEDGER_ROW_PARTS, n_rows, loads, reader, err));
    RRI_TRY(read_parts("ledger", of_sessions, RRI_LEDGER_SESSION_PARTS, (size_t)n_sessions, loads,
                       reader, err));
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
        ledger->n_rejected = values[LEDGER_REJECTED];
        ledger->n_rejected_sessions = values[LEDGER_REJECTED_SESSIONS];
        ledger->n_imitation = values[LEDGER_IMITATION];
        ledger->n_other_schema = values[LEDGER_OTHER_SCHEMA];
        rri_ledger_rebuild(ledger, rollout);
    }
    return RR_OK;
}

/* *n_rows: in the file. */
static rr_status read_rows(size_t *n_rows, const target *to, bool loads,
                           const rri_safetensors_reader *reader, rr_error *err)
{
    int64_t shape[SHAPE_VALUES];
    rri_row_form form;
    RRI_TRY(read_shape(shape, &form, to, reader, err));
    rri_rollout *rollout = to->rollout;
    *n_rows = (size_t)shape[SHAPE_ROWS];
    rri_rollout_part parts[RRI_ROLLOUT_PARTS];
    rri_rollout_parts(parts, rollout);
    RRI_TRY(read_parts(to->prefix, parts, RRI_ROLLOUT_PARTS, *n_rows, loads, reader, err));
    if (loads) {
        rollout->n_rows = *n_rows;
        rollout->n_sessions = (size_t)shape[SHAPE_SESSIONS];
        rollout->form = form;
        rollout->awaits_reward = 0;
    }
    return RR_OK;
}

rr_status rri_checkpoint_restore_buffer(rr_buffer *buffer, bool loads,
                                        const rri_safetensors_reader *reader, rr_error *err)
{
    const target to = {"buffer", &buffer->rollout, false};
    size_t n_rows;
    return read_rows(&n_rows, &to, loads, reader, err);
}

rr_status rri_checkpoint_restore_ledger(rr_ledger *ledger, bool loads,
                                        const rri_safetensors_reader *reader, rr_error *err)
{
    const target to = {"ledger", &ledger->rollout, true};
    size_t n_rows;
    RRI_TRY(read_rows(&n_rows, &to, loads, reader, err));
    return read_ledger(&ledger->ledger, &ledger->rollout, n_rows, loads, reader, err);
}
