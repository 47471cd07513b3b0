/* SPDX-License-Identifier: MIT */
/* gemm.c: blocks and packing around the kernels.
 *
 * A block is at most MOST_ROWS rows by a run of 256 along k by all columns that are asked for; a
 * wide panel of B stays in the first cache while the rows of the block pass over it. Our own kernel
 * reads A and B where they lie, so that nothing is copied where rows or columns lie side by side;
 * what does not, and what would be fetched from far apart again and again, is packed first. B that
 * has to be packed comes in blocks of MOST_COLUMNS columns.   A block 96 KiB, B block 256 KiB: the
 * scratch is never more. */
#include "math/gemm.h"

#include <string.h>

#include "math/machine.h"

enum { MOST_ROWS = 96, MOST_COLUMNS = 256 };

static size_t round_up(size_t n, size_t unit)
{
    return (n + unit - 1) / unit * unit;
}

static rri_reach reach_of(size_t bytes)
{
    const rri_machine machine = rri_machine_here();
    return rri_machine_reach(&machine, bytes);
}

/* One product. */
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
    const size_t wide = kernels->wide, end = rri_size_smaller(last_panel * wide, n);
    for (size_t j = first_panel * wide; j < end; j += wide) {
        kernels->tiles->pack(panels + j * k, wide, B.data + j * B.col_stride, B.col_stride,
                             B.row_stride, rri_size_smaller(wide, n - j), k);
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
    return rri_size_smaller(round_up(m, kernels->narrow), MOST_ROWS);
}

static size_t block_a_bytes(const rri_kernels *kernels, size_t m, size_t k)
{
    return rri_stack_cost(block_rows(kernels, m) * rri_size_smaller(k, RRI_K_CUT), sizeof(float));
}

size_t rri_gemm_packed_scratch(const rri_kernels *kernels, size_t m, size_t k)
{
    return m <= RRI_FEW_ROWS ? 0 : block_a_bytes(kernels, m, k);
}

size_t rri_gemm_scratch(const rri_kernels *kernels, size_t m, size_t n, size_t k)
{
    const size_t columns = rri_size_smaller(n, MOST_COLUMNS),
                 depth = rri_size_smaller(k, RRI_K_CUT);
    return rri_stack_cost(rri_panels_count(kernels, columns, depth), sizeof(float)) +
           block_a_bytes(kernels, m, k);
}

/* Writes zeros, or leaves C alone: what a product without terms does. */
static void empty_product(const product *p)
{
    for (size_t i = 0; i < p->m && !p->accumulate && p->n > 0; i++) {
        memset(p->C + i * p->ldc, 0, p->n * sizeof(float));
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
                                p->A.row_stride, p->A.col_stride,
                                rri_size_smaller(narrow, n_rows - i), depth);
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
            const size_t m = rri_size_smaller(narrow, n_rows - i),
                         n = rri_size_smaller(wide, n_columns - j);
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
                                  rri_size_smaller(wide, n_columns - j), depth, accumulate);
    }
}

/* B packed beforehand. */
static void packed_product(const product *p, rri_stack *scratch)
{
    const rri_kernels *kernels = p->kernels;
    if (p->k == 0 || p->n == 0) {
        empty_product(p);
        return;
    }
    if (p->m <= RRI_FEW_ROWS) {
        if (p->m > 0) {
            kernels->tiles->rows(p->C, p->ldc, p->A.data, p->A.row_stride, p->A.col_stride,
                                 p->B_panels, p->m, p->n, p->k, p->accumulate,
                                 reach_of(p->n * p->k * sizeof(float)));
        }
        return;
    }
    for (size_t i = 0; i < p->m; i += MOST_ROWS) {
        for (size_t l = 0; l < p->k; l += RRI_K_CUT) {
            const run_of_b run = {p->B_panels + l * kernels->wide, p->k * kernels->wide,
                                  kernels->wide};
            multiply_block(p, i, rri_size_smaller(MOST_ROWS, p->m - i), 0, p->n, l,
                           rri_size_smaller(RRI_K_CUT, p->k - l), &run, scratch);
        }
    }
}

/* Whether B can be read where it lies: rows of whole sixteens, not so far apart that one panel's
 * rows meet in few sets of the cache. */
static bool is_b_direct(const product *p)
{
    return p->B.col_stride == 1 && p->n % 16 == 0 && p->B.row_stride % 512 != 0;
}

/* Whether few rows of A, side by side, meet a B that lies by its columns, side by side too. */
static bool is_lying(const product *p)
{
    return p->m <= RRI_FEW_ROWS && p->A.col_stride == 1 && p->B.row_stride == 1 &&
           p->B.col_stride == p->k && p->k % 16 == 0 && p->k <= RRI_K_CUT;
}

/* B as it is. */
static void unpacked_product(const product *p, rri_stack *scratch)
{
    const rri_kernels *kernels = p->kernels;
    if (p->k == 0 || p->m == 0) {
        empty_product(p);
        return;
    }
    if (is_lying(p)) {
        kernels->lying_rows(p->C, p->ldc, p->A.data, p->A.row_stride, p->B.data, p->m, p->n, p->k,
                            p->accumulate, rri_machine_here().ahead);
        return;
    }
    const bool is_direct = is_b_direct(p);
    const size_t mark = rri_stack_mark(scratch);
    const size_t most_depth = rri_size_smaller(p->k, RRI_K_CUT);
    const size_t most_columns = rri_size_smaller(p->n, MOST_COLUMNS);
    const size_t n_panel_floats = rri_panels_count(kernels, most_columns, most_depth);
    float *panels = is_direct ? NULL : RRI_STACK_TAKE(scratch, float, n_panel_floats);
    for (size_t j = 0; j < p->n; j += MOST_COLUMNS) {
        const size_t n_columns = rri_size_smaller(MOST_COLUMNS, p->n - j);
        for (size_t l = 0; l < p->k; l += RRI_K_CUT) {
            const size_t depth = rri_size_smaller(RRI_K_CUT, p->k - l);
            const rri_view corner = {p->B.data + l * p->B.row_stride + j * p->B.col_stride,
                                     p->B.row_stride, p->B.col_stride};
            run_of_b run = {corner.data, kernels->wide, corner.row_stride};
            if (!is_direct) {
                rri_panels_pack(kernels, panels, corner, depth, n_columns);
                run = (run_of_b){panels, depth * kernels->wide, kernels->wide};
            }
            for (size_t i = 0; i < p->m; i += MOST_ROWS) {
                multiply_block(p, i, rri_size_smaller(MOST_ROWS, p->m - i), j, n_columns, l, depth,
                               &run, scratch);
            }
        }
    }
    rri_stack_rewind(scratch, mark);
}

void rri_gemm_packed(const rri_kernels *kernels, float *C, size_t ldc, rri_view A,
                     const float *B_panels, size_t m, size_t n, size_t k, bool accumulate,
                     rri_stack *scratch)
{
    const product p = {kernels, C, ldc, A, B_panels, {0}, m, n, k, accumulate};
    packed_product(&p, scratch);
}

void rri_gemm_row(const rri_kernels *kernels, float *y, const float *x, const float *B_panels,
                  size_t n, size_t k, size_t n_walked)
{
    kernels->tiles->rows(y, n, x, k, 1, B_panels, 1, n, k, false,
                         reach_of(n_walked * k * sizeof(float)));
}

void rri_gemm(const rri_kernels *kernels, float *C, size_t ldc, rri_view A, rri_view B, size_t m,
              size_t n, size_t k, bool accumulate, rri_stack *scratch)
{
    const product p = {kernels, C, ldc, A, NULL, B, m, n, k, accumulate};
    unpacked_product(&p, scratch);
}
