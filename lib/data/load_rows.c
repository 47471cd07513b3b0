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
#include "data/row_batch.h"
#include "io/line_blocks.h"

/* Blocks that a round has its hands on. */
enum { N_AT_ONCE = 3 };

/* ── on one thread ───────────────────────────────────────────────────────────────────────────── */

static char *find_chunk_end(char *begin, char *end)
{
    char *const from = begin + RRI_ROW_BATCH_CHUNK - 1;
    char *const line_end = (size_t)(end - begin) < RRI_ROW_BATCH_CHUNK
                               ? NULL
                               : memchr(from, '\n', (size_t)(end - from));
    return line_end == NULL ? end : line_end + 1;
}

static rr_status load_lines(rri_row_reader *reader, rri_row_batch *batch, char *begin, char *end,
                            rr_error *err)
{
    while (begin < end) {
        char *const chunk_end = find_chunk_end(begin, end);
        rri_row_batch_cut(batch, begin, (size_t)(chunk_end - begin), end);
        RRI_TRY(rri_row_batch_place(batch, reader, reader->rows->n, err));
        for (size_t c = 0; c < batch->n_chunks; c++) {
            rri_row_batch_parse(batch, c, reader);
        }
        RRI_TRY(rri_row_batch_take(batch, reader, true, err));
        begin = chunk_end;
    }
    return RR_OK;
}

static rr_status load_in_turn(rri_row_reader *reader, rri_row_batch *batch, rri_line_blocks *blocks,
                              rr_error *err)
{
    char *text = NULL;
    size_t bytes = 0;
    RRI_TRY(rri_line_blocks_next(blocks, &text, &bytes, err));
    RRI_TRY(rri_row_reader_begin(reader, text, bytes, err));
    RRI_TRY(load_lines(reader, batch, reader->table.next, text + bytes, err));
    while (bytes > 0) {
        RRI_TRY(rri_line_blocks_next(blocks, &text, &bytes, err));
        RRI_TRY(load_lines(reader, batch, text, text + bytes, err));
    }
    return rri_row_reader_finish(reader, err);
}

static rr_status load_alone(rri_interactions *rows, rri_line_blocks *blocks,
                            const rri_allocator *allocator, rr_error *err)
{
    rri_row_reader reader;
    rri_row_batch batch;
    rri_row_reader_init(&reader, rows, blocks->path, blocks->file_bytes, allocator);
    rri_row_batch_init(&batch, allocator);
    const rr_status status = load_in_turn(&reader, &batch, blocks, err);
    rri_row_batch_release(&batch);
    if (status != RR_OK) {
        rri_row_reader_release(&reader);
    }
    return status;
}

/* ── on several ──────────────────────────────────────────────────────────────────────────────── */

typedef struct step { /* what one task of a round came to */
    rr_status status;
    rr_error err;
} step;

typedef struct load_state {
    rri_row_reader reader;
    rri_line_blocks *blocks;
    rri_row_batch batches[N_AT_ONCE];
    rri_row_batch *taken, *parsed, *fetched; /* of this round; without lines: nothing to do */
    bool is_at_end;                          /* nothing is to be fetched any more */
    step take, fetch;
} load_state;

/* The next block, cut; a batch without lines where there is none. */
static void fetch(load_state *load)
{
    char *text = load->blocks->buffers; /* of no bytes, it still is somewhere */
    size_t bytes = 0;
    if (!load->is_at_end) {
        load->fetch.status = rri_line_blocks_next(load->blocks, &text, &bytes, &load->fetch.err);
        load->is_at_end = load->fetch.status != RR_OK || bytes == 0;
    }
    rri_row_batch_cut(load->fetched, text, load->is_at_end ? 0 : bytes,
                      load->is_at_end ? text : text + bytes);
}

enum { TAKE, FETCH, FIRST_CHUNK };

static void run_task(void *context, size_t task, size_t worker)
{
    load_state *const load = context;
    (void)worker;
    if (task == TAKE) {
        load->take.status = rri_row_batch_take(load->taken, &load->reader, false, &load->take.err);
    } else if (task == FETCH) {
        fetch(load);
    } else {
        rri_row_batch_parse(load->parsed, task - FIRST_CHUNK, &load->reader);
    }
}

/* The header, and what follows it in the first block. Where a block has as many lines as this one
 * has, nothing but the columns is asked for after it: a limit is met at once. */
static rr_status begin(load_state *load, rr_error *err)
{
    char *text = NULL;
    size_t bytes = 0;
    RRI_TRY(rri_line_blocks_next(load->blocks, &text, &bytes, err));
    const size_t n_lines = rri_row_reader_count_lines(text, bytes);
    for (size_t i = 0; i < N_AT_ONCE; i++) {
        RRI_TRY(rri_row_batch_reserve(&load->batches[i], n_lines, err));
    }
    RRI_TRY(rri_row_reader_begin(&load->reader, text, bytes, err));
    char *const rest = load->reader.table.next;
    rri_row_batch_cut(load->parsed, rest, (size_t)(text + bytes - rest), text + bytes);
    return rri_row_batch_place(load->parsed, &load->reader, 0, err);
}

/* What was parsed is taken next, what was fetched parsed. */
static rr_status turn(load_state *load, rr_error *err)
{
    rri_row_batch *const done = load->taken;
    load->taken = load->parsed;
    load->parsed = load->fetched;
    load->fetched = done;
    return rri_row_batch_place(load->parsed, &load->reader,
                               load->taken->first_row + load->taken->n_lines, err);
}

static rr_status run_rounds(load_state *load, rri_workers *workers, rr_error *err)
{
    RRI_TRY(begin(load, err));
    /* Behind a header that fills its block nothing is parsed yet, and everything is to be read. */
    while (load->parsed->n_lines > 0 || load->taken->n_lines > 0 || !load->is_at_end) {
        rri_workers_run(workers, run_task, load, FIRST_CHUNK + load->parsed->n_chunks);
        if (load->take.status != RR_OK) {
            RRI_FAIL(err, load->take.status, "%s", load->take.err.text);
        }
        RRI_TRY(rri_row_batch_take(load->taken, &load->reader, true, err));
        RRI_TRY(turn(load, err));
    }
    if (load->fetch.status != RR_OK) {
        RRI_FAIL(err, load->fetch.status, "%s", load->fetch.err.text);
    }
    return rri_row_reader_finish(&load->reader, err);
}

static rr_status load_with_crew(rri_interactions *rows, rri_line_blocks *blocks,
                                rri_workers *workers, const rri_allocator *allocator, rr_error *err)
{
    load_state load = {.blocks = blocks};
    rri_row_reader_init(&load.reader, rows, blocks->path, blocks->file_bytes, allocator);
    for (size_t i = 0; i < N_AT_ONCE; i++) {
        rri_row_batch_init(&load.batches[i], allocator);
    }
    load.taken = &load.batches[0];
    load.parsed = &load.batches[1];
    load.fetched = &load.batches[2];
    const rr_status status = run_rounds(&load, workers, err);
    for (size_t i = 0; i < N_AT_ONCE; i++) {
        rri_row_batch_release(&load.batches[i]);
    }
    if (status != RR_OK) {
        rri_row_reader_release(&load.reader);
    }
    return status;
}

rr_status rri_load_rows(rri_interactions *rows, const char *path, const rr_load_options *options,
                        const rri_allocator *allocator, rr_error *err)
{
    rri_line_blocks blocks;
    rri_workers *workers = NULL;
    const bool is_alone = options->num_threads == 1;
    RRI_TRY(rri_line_blocks_open(&blocks, path, (size_t)options->block_bytes,
                                 is_alone ? 1 : N_AT_ONCE, allocator, err));
    rr_status status = is_alone
                           ? load_alone(rows, &blocks, allocator, err)
                           : rri_workers_create(&workers, options->num_threads, allocator, err);
    if (status == RR_OK && !is_alone) {
        status = load_with_crew(rows, &blocks, workers, allocator, err);
    }
    rri_workers_destroy(workers);
    rri_line_blocks_close(&blocks);
    return status;
}

/* ── what it takes ───────────────────────────────────────────────────────────────────────────── */

/* Of a text, read to its end. */
typedef struct text_size {
    size_t n_lines, n_block_lines; /* all; most in one block */
    size_t n_expected;             /* rows that its first block makes room for */
    bool has_logs;
} text_size;

static rr_status measure_text(text_size *of, rri_line_blocks *blocks, rr_error *err)
{
    rri_row_reader reader;
    char *text = NULL;
    size_t bytes = 0;
    rri_row_reader_init(&reader, NULL, blocks->path, blocks->file_bytes, &blocks->allocator);
    RRI_TRY(rri_line_blocks_next(blocks, &text, &bytes, err));
    size_t n = rri_row_reader_count_lines(text, bytes);
    RRI_TRY(rri_row_reader_head(&reader, &of->n_expected, text, bytes, err));
    of->has_logs = reader.has_logs;
    while (bytes > 0) {
        of->n_lines += n;
        of->n_block_lines = rri_size_larger(of->n_block_lines, n);
        RRI_TRY(rri_line_blocks_next(blocks, &text, &bytes, err));
        n = rri_row_reader_count_lines(text, bytes);
    }
    return RR_OK;
}

rr_status rri_load_rows_memory(size_t *bytes, const char *path, const rr_load_options *options,
                               const rri_allocator *allocator, rr_error *err)
{
    rri_line_blocks blocks;
    text_size of = {0};
    RRI_TRY(rri_line_blocks_open(&blocks, path, (size_t)options->block_bytes, 1, allocator, err));
    const size_t block = blocks.capacity + RRI_LINE_BLOCKS_SLACK;
    const rr_status status = measure_text(&of, &blocks, err);
    rri_line_blocks_close(&blocks);
    RRI_TRY(status);
    const bool is_alone = options->num_threads == 1;
    const size_t n_blocks = is_alone ? 1 : N_AT_ONCE;
    const size_t crew = is_alone ? 0 : rri_workers_memory(options->num_threads);
    const size_t ids = rri_size_multiply(n_blocks, rri_row_batch_memory(of.n_block_lines));
    const size_t reading =
        rri_size_add(rri_size_add(rri_memory_size(rri_size_multiply(n_blocks, block)), crew), ids);
    *bytes = rri_size_add(reading, rri_row_batch_most(of.n_lines, of.n_expected, of.has_logs));
    return RR_OK;
}
