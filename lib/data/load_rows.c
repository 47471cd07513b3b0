/* SPDX-License-Identifier: MIT */
/* load_rows.c: where files (io) meet interactions (data).
 *
 * On one thread a chunk is parsed and taken before the next, so that its text and ids stay in the
 * cache. On several, one round is at the same time: the ids of one block become indices, in order;
 * the chunks of the next one are parsed; the one behind it is read from the file. */
#include "data/load_rows.h"

#include <string.h>

#include "core/status.h"
#include "core/workers.h"
#include "io/line_blocks.h"

/* Blocks that a round has its hands on. */
enum { N_AT_ONCE = 3 };

typedef struct step { /* what one task of a round came to */
    rr_status status;
    rr_error err;
} step;

typedef struct load_state {
    rri_row_reader reader;
    rri_line_blocks blocks;
    size_t next_line;   /* number of the first line of the block to come */
    size_t chunk_bytes; /* about */
    rri_row_batch batches[N_AT_ONCE];
    rri_row_batch *taken, *parsed, *fetched; /* of this round; without lines: nothing to do */
    bool is_at_end;                          /* nothing is to be fetched any more */
    step take, fetch;
    const rr_load_options *options;
    const rri_allocator *allocator;
} load_state;

/* ── the first block ─────────────────────────────────────────────────────────────────────────── */

/* Rows that the whole text is thought to have, if it goes on as this piece: an over-estimate, since
 * growing needs the old columns beside the new ones. */
static size_t estimate_rows(const load_state *load, const char *text, size_t bytes)
{
    const size_t n = rri_table_count_line_ends(text, bytes); /* every line may be a row */
    const size_t total = load->blocks.file_bytes;
    if (bytes >= total) {
        return n + 1;
    }
    const double rows_per_byte = (double)(n + 1) / (double)bytes;
    return (size_t)(1.02 * rows_per_byte * (double)total) + 1024;
}

/* Lines of the classic Mac OS: CR alone. */
static void find_cr_lines(load_state *load, char *text, size_t *bytes)
{
    const char *const end = text + *bytes;
    const char *const cr = *bytes == 0 ? NULL : memchr(text, '\r', *bytes);
    const bool has_lf = *bytes > 0 && memchr(text, '\n', *bytes - 1) != NULL;
    const bool is_crlf = cr != NULL && cr + 2 == end && cr[1] == '\n';
    if (cr != NULL && !has_lf && !is_crlf) {
        load->blocks.has_cr_lines = true;
        for (size_t i = 0; i < *bytes; i++) {
            text[i] = text[i] == '\r' ? '\n' : text[i];
        }
        const bool is_ended_twice = load->blocks.is_at_end && memcmp(end - 2, "\n\n", 2) == 0;
        *bytes -= is_ended_twice ? 1 : 0;
        load->blocks.n_had = *bytes;
    }
}

static rr_status fail_long(const load_state *load, rr_error *err)
{
    RRI_FAIL(err, RR_E_FORMAT,
             "%.200s:%zu:1: what begins in this line is longer than a block of %d bytes: make "
             "block_bytes larger, or look for a quote that is not closed",
             load->blocks.source.path, load->next_line, load->options->block_bytes);
}

/* Form and header of the first block's text [*n_bytes]; the block to come begins with the first
 * row. */
static rr_status read_head(load_state *load, const char **first_text, size_t *n_bytes,
                           rr_error *err)
{
    rri_row_reader *const reader = &load->reader;
    char *text = NULL;
    size_t bytes = 0;
    RRI_TRY(rri_line_blocks_next(&load->blocks, &text, &bytes, err));
    find_cr_lines(load, text, &bytes);
    const char *line_end = text + bytes, *first = text;
    while (line_end > text && line_end[-1] != '\n') {
        line_end--;
    }
    *reader = (rri_row_reader){.form = {.name = load->blocks.source.path},
                               .skips_incomplete = load->options->skips_incomplete != 0};
    if (line_end == text && bytes > 0) {
        return fail_long(load, err);
    }
    RRI_TRY(rri_table_header_read(&reader->header, &reader->form, &first, text,
                                  (size_t)(line_end - text), load->options, err));
    reader->counts.n_comments = reader->header.n_comments;
    reader->counts.n_empty = reader->header.n_empty;
    load->next_line += rri_table_count_line_ends(text, (size_t)(first - text));
    rri_line_blocks_use(&load->blocks, (size_t)(first - text));
    *first_text = text;
    *n_bytes = bytes;
    return RR_OK;
}

static bool has_logs(const rri_row_reader *reader)
{
    const int32_t *const columns = reader->header.columns;
    return columns[RRI_ROLE_POSITION] >= 0 && columns[RRI_ROLE_PROPENSITY] >= 0;
}

/* The head, and room for the rows that the whole is thought to have. */
static rr_status begin(load_state *load, rri_interactions *rows, rr_error *err)
{
    rri_row_reader *const reader = &load->reader;
    const char *text = NULL;
    size_t bytes = 0;
    RRI_TRY(read_head(load, &text, &bytes, err));
    RRI_TRY(rri_interactions_create(rows, estimate_rows(load, text, bytes), has_logs(reader),
                                    load->allocator, err));
    rows->has_ratings = reader->header.columns[RRI_ROLE_RATING] >= 0;
    rows->has_times = reader->header.columns[RRI_ROLE_TIME] >= 0;
    reader->rows = rows;
    return RR_OK;
}

/* ── a block, and the end ────────────────────────────────────────────────────────────────────── */

/* The next block, cut; a batch without lines where there is none. */
static rr_status fetch(load_state *load, rri_row_batch *batch, rr_error *err)
{
    char *text = load->blocks.buffer; /* of no bytes, it still is somewhere */
    size_t bytes = 0;
    rri_row_batch_cut(batch, &load->reader.form, text, 0, load->next_line, 1, true);
    if (load->is_at_end) {
        return RR_OK;
    }
    load->is_at_end = true; /* unless it goes well */
    RRI_TRY(rri_line_blocks_next(&load->blocks, &text, &bytes, err));
    const size_t n_used = rri_row_batch_cut(batch, &load->reader.form, text, bytes, load->next_line,
                                            load->chunk_bytes, load->blocks.is_at_end);
    if (n_used == 0 && bytes > 0) {
        return fail_long(load, err);
    }
    rri_line_blocks_use(&load->blocks, n_used);
    load->next_line += batch->n_lines;
    load->is_at_end = bytes == 0;
    return RR_OK;
}

static rr_status finish(load_state *load, rr_error *err)
{
    rri_row_reader *const reader = &load->reader;
    rri_interactions *const rows = reader->rows;
    reader->counts.n_lines = load->next_line - 1;
    if (rows->n == 0) {
        RRI_FAIL(err, RR_E_FORMAT, "%.200s:%zu:1: no interaction follows the header",
                 reader->form.name, load->next_line);
    }
    RRI_TRY(rri_id_texts_merge(&reader->counts.n_merged_users, &rows->user_texts, &rows->user_table,
                               rows->users, rows->n, err));
    return rri_id_texts_merge(&reader->counts.n_merged_items, &rows->item_texts, &rows->item_table,
                              rows->items, rows->n, err);
}

/* ── on one thread ───────────────────────────────────────────────────────────────────────────── */

static rr_status load_alone(load_state *load, rr_error *err)
{
    rri_row_batch *const batch = load->parsed;
    rri_row_reader *const reader = &load->reader;
    while (!load->is_at_end) {
        RRI_TRY(fetch(load, batch, err));
        for (size_t c = 0; c < batch->n_chunks; c++) {
            RRI_TRY(rri_row_batch_place_alone(batch, c, reader, err));
            rri_row_batch_parse(batch, c, reader);
            RRI_TRY(rri_row_batch_take(batch, reader, c + 1, true, err));
        }
    }
    return finish(load, err);
}

/* ── on several ──────────────────────────────────────────────────────────────────────────────── */

enum { TAKE, FETCH, FIRST_CHUNK };

static void run_task(void *context, size_t task, size_t worker)
{
    load_state *const load = context;
    (void)worker;
    if (task == TAKE) {
        load->take.status = rri_row_batch_take(load->taken, &load->reader, load->taken->n_chunks,
                                               false, &load->take.err);
    } else if (task == FETCH) {
        if (load->fetch.status == RR_OK) {
            load->fetch.status = fetch(load, load->fetched, &load->fetch.err);
        }
    } else {
        rri_row_batch_parse(load->parsed, task - FIRST_CHUNK, &load->reader);
    }
}

/* What was parsed is taken next, what was fetched parsed. */
static rr_status turn(load_state *load, rr_error *err)
{
    rri_row_batch *const done = load->taken;
    load->taken = load->parsed;
    load->parsed = load->fetched;
    load->fetched = done;
    rri_row_batch_cut(done, &load->reader.form, load->blocks.buffer, 0, load->next_line, 1, true);
    rri_row_batch_move_up(load->taken, &load->reader);
    return rri_row_batch_place(load->parsed, &load->reader,
                               load->taken->first_row + load->taken->n_lines, err);
}

static rr_status run_rounds(load_state *load, rri_workers *workers, rr_error *err)
{
    while (load->parsed->n_lines > 0 || load->taken->n_lines > 0 || !load->is_at_end) {
        rri_workers_run(workers, run_task, load, FIRST_CHUNK + load->parsed->n_chunks);
        if (load->take.status != RR_OK) {
            RRI_FAIL(err, load->take.status, "%s", load->take.err.text);
        }
        RRI_TRY(rri_row_batch_take(load->taken, &load->reader, load->taken->n_chunks, true, err));
        RRI_TRY(turn(load, err));
    }
    if (load->fetch.status != RR_OK) {
        RRI_FAIL(err, load->fetch.status, "%s", load->fetch.err.text);
    }
    return finish(load, err);
}

/* Lists for as many lines as the first block has. Where later blocks are no different, nothing but
 * the columns is asked for after it: a limit is met at once. A text of one block needs one list,
 * which is asked for when it is placed. */
static rr_status reserve_lists(load_state *load, rr_error *err)
{
    const char *const text = load->blocks.buffer;
    if (load->blocks.is_at_end) {
        return RR_OK;
    }
    const size_t n_lines = rri_table_count_line_ends(text, load->blocks.n_had);
    for (size_t i = 0; i < N_AT_ONCE; i++) {
        RRI_TRY(rri_row_batch_reserve(&load->batches[i], n_lines, err));
    }
    return RR_OK;
}

static rr_status load_together(load_state *load, rr_error *err)
{
    rri_workers *workers = NULL;
    RRI_TRY(reserve_lists(load, err));
    RRI_TRY(rri_workers_create(&workers, load->options->num_threads, load->allocator, err));
    const rr_status status = run_rounds(load, workers, err);
    rri_workers_destroy(workers);
    return status;
}

/* On failure nothing is to be closed. */
static rr_status open_load(load_state *load, const char *path, const rr_load_options *options,
                           size_t n_buffers, const rri_allocator *allocator, rr_error *err)
{
    const rri_line_source source = {path, options->read, options->read_user};
    const size_t share = (size_t)options->block_bytes / 32; /* of a block, for a chunk */
    *load = (load_state){.next_line = 1,
                         .chunk_bytes = rri_size_smaller(share, RRI_ROW_BATCH_CHUNK),
                         .options = options,
                         .allocator = allocator};
    RRI_TRY(rri_line_blocks_open(&load->blocks, &source, (size_t)options->block_bytes, n_buffers,
                                 allocator, err));
    for (size_t i = 0; i < N_AT_ONCE; i++) {
        rri_row_batch_init(&load->batches[i], allocator);
    }
    load->taken = &load->batches[0];
    load->parsed = &load->batches[1];
    load->fetched = &load->batches[2];
    return RR_OK;
}

rr_status rri_load_rows(rri_interactions *rows, rri_load_report *report, const char *path,
                        const rr_load_options *options, const rri_allocator *allocator,
                        rr_error *err)
{
    load_state load;
    const bool is_alone = options->num_threads == 1;
    RRI_TRY(open_load(&load, path, options, is_alone ? 1 : N_AT_ONCE, allocator, err));
    rr_status status = begin(&load, rows, err);
    if (status == RR_OK) {
        status = is_alone ? load_alone(&load, err) : load_together(&load, err);
        if (status != RR_OK) {
            rri_interactions_release(rows);
        }
    }
    if (status == RR_OK && report != NULL) {
        *report = (rri_load_report){load.reader.form, load.reader.header, load.reader.counts};
        report->form.name = NULL;
    }
    for (size_t i = 0; i < N_AT_ONCE; i++) {
        rri_row_batch_release(&load.batches[i]);
    }
    rri_line_blocks_close(&load.blocks);
    return status;
}

/* ── what it takes ───────────────────────────────────────────────────────────────────────────── */

/* Of a text, read to its end. */
typedef struct text_size {
    size_t n_lines;                      /* all */
    size_t n_block_lines, n_chunk_lines; /* most in one */
    size_t n_expected;                   /* rows that its first block makes room for */
    rri_row_texts texts[2];
} text_size;

static rr_status measure_text(text_size *of, load_state *load, rr_error *err)
{
    rri_row_batch *const batch = load->parsed;
    const char *text = NULL;
    size_t bytes = 0;
    RRI_TRY(read_head(load, &text, &bytes, err));
    of->n_expected = estimate_rows(load, text, bytes);
    of->n_block_lines = rri_table_count_line_ends(text, bytes);
    while (!load->is_at_end) {
        RRI_TRY(fetch(load, batch, err));
        of->n_block_lines = rri_size_larger(of->n_block_lines, batch->n_lines);
        for (size_t c = 0; c < batch->n_chunks; c++) {
            of->n_chunk_lines = rri_size_larger(of->n_chunk_lines, batch->chunks[c].n_lines);
            rri_row_batch_count_texts(of->texts, batch, c, &load->reader);
        }
    }
    of->n_lines = load->next_line - 1;
    return RR_OK;
}

rr_status rri_load_rows_memory(size_t *bytes, const char *path, const rr_load_options *options,
                               const rri_allocator *allocator, rr_error *err)
{
    load_state load;
    text_size of = {0};
    RRI_TRY(open_load(&load, path, options, 1, allocator, err));
    const size_t block = load.blocks.capacity + RRI_LINE_BLOCKS_SLACK;
    const rr_status status = measure_text(&of, &load, err);
    rri_line_blocks_close(&load.blocks);
    RRI_TRY(status);
    const bool is_alone = options->num_threads == 1;
    const size_t n_blocks = is_alone ? 1 : N_AT_ONCE;
    const size_t crew = is_alone ? 0 : rri_workers_memory(options->num_threads);
    const size_t lists = rri_size_multiply(
        n_blocks, rri_row_batch_memory(is_alone ? of.n_chunk_lines : of.n_block_lines));
    const size_t reading = rri_size_add(
        rri_size_add(rri_memory_size(rri_size_multiply(n_blocks, block)), crew), lists);
    *bytes = rri_size_add(
        reading, rri_row_batch_most(of.n_lines, of.n_expected, has_logs(&load.reader), of.texts));
    return RR_OK;
}
