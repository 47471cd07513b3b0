/* SPDX-License-Identifier: MIT */
/* gemm.c: blocks, packing and sharing out around the kernels.
 *
 * A block is at most MOST_ROWS rows by a run of 256 along k by all columns that are asked for; a
 * wide panel of B stays in the first cache while the rows of the block pass over it. Our own kernel
 * reads A and B where they lie, so that nothing is copied where rows or columns lie side by side;
 * what does not, and what would be fetched from far apart again and again, is packed first. B that
 * has to be packed comes in blocks of MOST_COLUMNS columns.   A block 96 KiB, B block 256 KiB: the
 * scratch is never more. */
#include "math/gemm.h"

#include <string.h>

enum { MOST_ROWS = 96, MOST_COLUMNS = 256 };

/* Multiply-adds that one task should have: tens of microseconds, so that waking a thread pays. */
#define TASK_WORK ((size_t)1 << 20)

static size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

static size_t round_up(size_t n, size_t unit)
{
    return (n + unit - 1) / unit * unit;
}

/* One product, as its tasks see it. */
typedef struct product {
    const rri_kernels *kernels;
    float *C;
    size_t ldc;
    rri_view A;
    const float *B_panels; /* NULL: B is packed on the way */
    rri_view B;
    size_t m, n, k;
    bool accumulate;
} product;

static size_t panels_of(const rri_kernels *kernels, size_t n)
{
    return (n + kernels->wide - 1) / kernels->wide;
}

size_t rri_panels_count(const rri_kernels *kernels, size_t n, size_t k)
{
    const size_t padded = rri_size_multiply(panels_of(kernels, n), kernels->wide);
    return rri_size_add(rri_size_multiply(padded, k), kernels->wide);
}

void rri_panels_pack_range(const rri_kernels *kernels, float *panels, rri_view B, size_t k,
                           size_t n, size_t first_panel, size_t last_panel)
{
    const size_t wide = kernels->wide, end = least(last_panel * wide, n);
    for (size_t j = first_panel * wide; j < end; j += wide) {
        kernels->tiles->pack(panels + j * k, wide, B.data + j * B.col_stride, B.col_stride,
                             B.row_stride, least(wide, n - j), k);
    }
    if (last_panel >= panels_of(kernels, n)) {
        memset(panels + round_up(n, wide) * k, 0, wide * sizeof *panels);
    }
}

void rri_panels_pack(const rri_kernels *kernels, float *panels, rri_view B, size_t k, size_t n)
{
    rri_panels_pack_range(kernels, panels, B, k, n, 0, panels_of(kernels, n));
}

/* Rows of A that are packed at once: a whole number of panels. */
static size_t block_rows(const rri_kernels *kernels, size_t m)
{
    return least(round_up(m, kernels->narrow), MOST_ROWS);
}

static size_t block_a_bytes(const rri_kernels *kernels, size_t m, size_t k)
{
    return rri_stack_cost(block_rows(kernels, m) * least(k, RRI_K_CUT), sizeof(float));
}

size_t rri_gemm_packed_scratch(const rri_kernels *kernels, size_t m, size_t k)
{
    return m <= RRI_FEW_ROWS ? 0 : block_a_bytes(kernels, m, k);
}

size_t rri_gemm_scratch(const rri_kernels *kernels, size_t m, size_t n, size_t k)
{
    const size_t columns = least(n, MOST_COLUMNS), depth = least(k, RRI_K_CUT);
    return rri_stack_cost(rri_panels_count(kernels, columns, depth), sizeof(float)) +
           block_a_bytes(kernels, m, k);
}

/* Writes zeros, or leaves C alone: what a product without terms does. */
static void empty_product(const product *p, size_t first_row, size_t end_row, size_t first_column,
                          size_t end_column)
{
    for (size_t i = first_row; i < end_row && !p->accumulate && first_column < end_column; i++) {
        memset(p->C + i * p->ldc + first_column, 0, (end_column - first_column) * sizeof(float));
    }
}

/* Rows [row, row + n_rows) and depth [first, first + depth) of A into panels of `narrow` rows. */
static void pack_a(float *packed, const product *p, size_t row, size_t n_rows, size_t first,
                   size_t depth)
{
    const size_t narrow = p->kernels->narrow;
    const float *corner = p->A.data + row * p->A.row_stride + first * p->A.col_stride;
    for (size_t i = 0; i < n_rows; i += narrow) {
        p->kernels->tiles->pack(packed + i * depth, narrow, corner + i * p->A.row_stride,
                                p->A.row_stride, p->A.col_stride, least(narrow, n_rows - i), depth);
    }
}

/* A run of B along k: panel j at B + j * panel_stride, rows of a panel ldb apart. */
typedef struct run_of_b {
    const float *B;
    size_t panel_stride, ldb;
} run_of_b;

/* Whether A has to be packed for n_panels panels to pass over it: where neither its rows nor its
 * columns lie side by side, or where a walk along k meets many pages or few sets of the cache. */
static bool is_a_packed(const product *p, size_t n_panels, size_t depth)
{
    if (p->A.col_stride == 1) {
        return false;
    }
    const bool is_far = depth > 64 || p->A.col_stride % 1024 == 0;
    return p->A.row_stride != 1 || (is_far && n_panels > 3);
}

/* C [n_rows, n_columns] at c = or += packed block of A · run of B. Chains that are long enough for
 * it go through the level's best tile. */
static void packed_block(const product *p, float *c, const float *packed, const run_of_b *run,
                         size_t n_rows, size_t n_columns, size_t depth, bool accumulate)
{
    const size_t wide = p->kernels->wide, narrow = p->kernels->narrow;
    for (size_t j = 0; j < n_columns; j += wide) {
        const float *panel = run->B + j / wide * run->panel_stride;
        for (size_t i = 0; i < n_rows; i += narrow) {
            const size_t m = least(narrow, n_rows - i), n = least(wide, n_columns - j);
            float *corner = c + i * p->ldc + j;
            if (m == narrow && n == wide && run->ldb == wide) {
                p->kernels->tile(corner, p->ldc, packed + i * depth, panel, m, n, depth,
                                 accumulate);
            } else {
                p->kernels->tiles->direct(corner, p->ldc, packed + i * depth, 1, narrow, panel,
                                          run->ldb, m, n, depth, accumulate);
            }
        }
    }
}

/* Rows [row, row + n_rows) of C from `column` on = or += the run of A that begins at `first` along
 * k, times the run of B. */
static void multiply_block(const product *p, size_t row, size_t n_rows, size_t column,
                           size_t n_columns, size_t first, size_t depth, const run_of_b *run,
                           rri_stack *scratch)
{
    const size_t wide = p->kernels->wide;
    const bool accumulate = p->accumulate || first > 0;
    float *c = p->C + row * p->ldc + column;
    if (is_a_packed(p, panels_of(p->kernels, n_columns), depth)) {
        const size_t mark = rri_stack_mark(scratch);
        float *packed = rri_stack_take(scratch, block_a_bytes(p->kernels, n_rows, depth));
        pack_a(packed, p, row, n_rows, first, depth);
        packed_block(p, c, packed, run, n_rows, n_columns, depth, accumulate);
        rri_stack_rewind(scratch, mark);
        return;
    }
    const float *corner = p->A.data + row * p->A.row_stride + first * p->A.col_stride;
    for (size_t j = 0; j < n_columns; j += wide) {
        p->kernels->tiles->direct(c + j, p->ldc, corner, p->A.row_stride, p->A.col_stride,
                                  run->B + j / wide * run->panel_stride, run->ldb, n_rows,
                                  least(wide, n_columns - j), depth, accumulate);
    }
}

/* Rows [first_row, end_row), columns of panels [first_panel, last_panel), B packed beforehand. */
static void packed_part(const product *p, size_t first_row, size_t end_row, size_t first_panel,
                        size_t last_panel, rri_stack *scratch)
{
    const rri_kernels *kernels = p->kernels;
    const size_t column = least(first_panel * kernels->wide, p->n);
    const size_t n_columns = least(last_panel * kernels->wide, p->n) - column;
    const float *panels = p->B_panels + column * p->k;
    if (p->k == 0 || n_columns == 0) {
        empty_product(p, first_row, end_row, column, column + n_columns);
        return;
    }
    if (p->m <= RRI_FEW_ROWS) {
        if (first_row < end_row) {
            kernels->tiles->rows(p->C + first_row * p->ldc + column, p->ldc,
                                 p->A.data + first_row * p->A.row_stride, p->A.row_stride,
                                 p->A.col_stride, panels, end_row - first_row, n_columns, p->k,
                                 p->accumulate, rri_reach_of(p->n * p->k * sizeof(float)));
        }
        return;
    }
    for (size_t i = first_row; i < end_row; i += MOST_ROWS) {
        for (size_t l = 0; l < p->k; l += RRI_K_CUT) {
            const run_of_b run = {panels + l * kernels->wide, p->k * kernels->wide, kernels->wide};
            multiply_block(p, i, least(MOST_ROWS, end_row - i), column, n_columns, l,
                           least(RRI_K_CUT, p->k - l), &run, scratch);
        }
    }
}

/* Whether B can be read where it lies: rows of whole sixteens, not so far apart that one panel's
 * rows meet in few sets of the cache. */
static bool is_b_direct(const product *p, size_t n_columns)
{
    return p->B.col_stride == 1 && n_columns % 16 == 0 && p->B.row_stride % 512 != 0;
}

/* Whether few rows of A, side by side, meet a B that lies by its columns, side by side too. */
static bool is_lying(const product *p)
{
    return p->m <= RRI_FEW_ROWS && p->A.col_stride == 1 && p->B.row_stride == 1 &&
           p->B.col_stride == p->k && p->k % 16 == 0 && p->k <= RRI_K_CUT;
}

/* The same with B as it is; columns [column, end_column). */
static void unpacked_part(const product *p, size_t first_row, size_t end_row, size_t column,
                          size_t end_column, rri_stack *scratch)
{
    const rri_kernels *kernels = p->kernels;
    if (p->k == 0 || first_row >= end_row) {
        empty_product(p, first_row, end_row, column, end_column);
        return;
    }
    if (is_lying(p)) {
        kernels->lying_rows(p->C + first_row * p->ldc + column, p->ldc,
                            p->A.data + first_row * p->A.row_stride, p->A.row_stride,
                            p->B.data + column * p->k, end_row - first_row, end_column - column,
                            p->k, p->accumulate);
        return;
    }
    const bool is_direct = is_b_direct(p, end_column - column);
    const size_t mark = rri_stack_mark(scratch);
    const size_t most_depth = least(p->k, RRI_K_CUT);
    const size_t most_columns = least(end_column - column, MOST_COLUMNS);
    const size_t n_panel_floats = rri_panels_count(kernels, most_columns, most_depth);
    float *panels = is_direct ? NULL : RRI_STACK_TAKE(scratch, float, n_panel_floats);
    for (size_t j = column; j < end_column; j += MOST_COLUMNS) {
        const size_t n_columns = least(MOST_COLUMNS, end_column - j);
        for (size_t l = 0; l < p->k; l += RRI_K_CUT) {
            const size_t depth = least(RRI_K_CUT, p->k - l);
            const rri_view corner = {p->B.data + l * p->B.row_stride + j * p->B.col_stride,
                                     p->B.row_stride, p->B.col_stride};
            run_of_b run = {corner.data, kernels->wide, corner.row_stride};
            if (!is_direct) {
                rri_panels_pack(kernels, panels, corner, depth, n_columns);
                run = (run_of_b){panels, depth * kernels->wide, kernels->wide};
            }
            for (size_t i = first_row; i < end_row; i += MOST_ROWS) {
                multiply_block(p, i, least(MOST_ROWS, end_row - i), j, n_columns, l, depth, &run,
                               scratch);
            }
        }
    }
    rri_stack_rewind(scratch, mark);
}

void rri_gemm_packed_range(const rri_kernels *kernels, float *C, size_t ldc, rri_view A,
                           const float *B_panels, size_t m, size_t n, size_t k, bool accumulate,
                           size_t first_panel, size_t last_panel, rri_stack *scratch)
{
    const product p = {kernels, C, ldc, A, B_panels, {0}, m, n, k, accumulate};
    packed_part(&p, 0, m, first_panel, last_panel, scratch);
}

void rri_gemm_packed(const rri_kernels *kernels, float *C, size_t ldc, rri_view A,
                     const float *B_panels, size_t m, size_t n, size_t k, bool accumulate,
                     rri_stack *scratch)
{
    rri_gemm_packed_range(kernels, C, ldc, A, B_panels, m, n, k, accumulate, 0,
                          panels_of(kernels, n), scratch);
}

void rri_gemm_row(const rri_kernels *kernels, float *y, const float *x, const float *B_panels,
                  size_t n, size_t k, size_t n_walked)
{
    kernels->tiles->rows(y, n, x, k, 1, B_panels, 1, n, k, false,
                         rri_reach_of(n_walked * k * sizeof(float)));
}

void rri_gemm(const rri_kernels *kernels, float *C, size_t ldc, rri_view A, rri_view B, size_t m,
              size_t n, size_t k, bool accumulate, rri_stack *scratch)
{
    const product p = {kernels, C, ldc, A, NULL, B, m, n, k, accumulate};
    unpacked_part(&p, 0, m, 0, n, scratch);
}

/* The grid of tasks over C: n_down runs of `rows` rows by n_across runs of `panels` panels. */
typedef struct share {
    const product *product;
    size_t rows, panels, n_down, n_across;
    rri_stack *scratch; /* [workers] */
} share;

static void share_task(void *context, size_t task, size_t worker)
{
    const share *s = context;
    const product *p = s->product;
    const size_t wide = p->kernels->wide;
    const size_t row = task / s->n_across * s->rows, panel = task % s->n_across * s->panels;
    const size_t end_row = least(row + s->rows, p->m);
    const size_t end_panel = least(panel + s->panels, panels_of(p->kernels, p->n));
    if (p->B_panels != NULL) {
        packed_part(p, row, end_row, panel, end_panel, &s->scratch[worker]);
    } else {
        unpacked_part(p, row, end_row, panel * wide, least(end_panel * wide, p->n),
                      &s->scratch[worker]);
    }
}

/* Cuts C into at least n_workers tasks of about equal size where there is enough to do; rows first,
 * since a block of rows packs its own part of A, then columns. */
static void share_out(rri_workers *workers, const product *p, rri_stack *scratch)
{
    const rri_kernels *kernels = p->kernels;
    const size_t n_workers = workers == NULL ? 1 : rri_workers_count(workers);
    const size_t n_panels = panels_of(kernels, p->n);
    const size_t work = rri_size_multiply(rri_size_multiply(p->m, p->n), p->k);
    const size_t n_tasks = n_workers == 1 ? 1 : least(4 * n_workers, 1 + work / TASK_WORK);

    share s = {p, p->m, n_panels, 1, 1, scratch};
    const size_t strips = (p->m + kernels->narrow - 1) / kernels->narrow;
    if (n_tasks > 1 && strips > 1) {
        const size_t n_down = least(n_tasks, strips);
        s.rows = (strips + n_down - 1) / n_down * kernels->narrow;
        s.n_down = (p->m + s.rows - 1) / s.rows;
    }
    if (s.n_down < n_tasks && n_panels > 1) {
        const size_t n_across = least((n_tasks + s.n_down - 1) / s.n_down, n_panels);
        s.panels = (n_panels + n_across - 1) / n_across;
        s.n_across = (n_panels + s.panels - 1) / s.panels;
    }
    const size_t n = s.n_down * s.n_across;
    if (n == 1) {
        share_task(&s, 0, 0);
    } else {
        rri_workers_run(workers, share_task, &s, n);
    }
}

void rri_gemm_packed_run(rri_workers *workers, const rri_kernels *kernels, float *C, size_t ldc,
                         rri_view A, const float *B_panels, size_t m, size_t n, size_t k,
                         bool accumulate, rri_stack *scratch)
{
    const product p = {kernels, C, ldc, A, B_panels, {0}, m, n, k, accumulate};
    share_out(workers, &p, scratch);
}

void rri_gemm_run(rri_workers *workers, const rri_kernels *kernels, float *C, size_t ldc,
                  rri_view A, rri_view B, size_t m, size_t n, size_t k, bool accumulate,
                  rri_stack *scratch)
{
    const product p = {kernels, C, ldc, A, NULL, B, m, n, k, accumulate};
    share_out(workers, &p, scratch);
}
