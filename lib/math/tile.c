/* SPDX-License-Identifier: MIT */
/* tile.c: the house's own tile, the row kernel and packing. Compiled once per level.
 *
 * Sums are kept in lanes of sixteen columns; R and P below are constants at every call, so that the
 * compiler unrolls and holds them in registers. */
#include "math/tile.h"

#include <string.h>

#include "math/lanes.h"

#if defined(__SSE2__)
#include <emmintrin.h>
#endif

enum { WIDE = RRI_AT_LEVEL(RRI_WIDE), NARROW = RRI_AT_LEVEL(RRI_NARROW) };
enum { PANEL_LANES = WIDE / 16, MOST_GROUP = 4 };

#define ALWAYS_INLINE static inline __attribute__((always_inline))
#if defined(__clang__)
#define UNROLL _Pragma("clang loop unroll(full)")
#else
#define UNROLL _Pragma("GCC unroll 16")
#endif

/* C[0..n) = or += part [n ≤ 16 · n_lanes]. */
ALWAYS_INLINE void flush(float *C, const rri_lanes *part, size_t n_lanes, size_t n, bool accumulate)
{
    if (n == n_lanes * RRI_LANES) {
        UNROLL
        for (size_t w = 0; w < n_lanes; w++) {
            float *c = C + w * RRI_LANES;
            rri_lanes_store(c, accumulate ? rri_lanes_add(rri_lanes_load(c), part[w]) : part[w]);
        }
        return;
    }
    float edge[WIDE];
    UNROLL
    for (size_t w = 0; w < n_lanes; w++) {
        rri_lanes_store(edge + w * RRI_LANES, part[w]);
    }
    for (size_t j = 0; j < n; j++) {
        C[j] = accumulate ? C[j] + edge[j] : edge[j];
    }
}

/* R rows by W lanes of columns: one walk along k with all sums in registers. is_along: neighbours
 * along k lie side by side in A, else neighbours across do. */
ALWAYS_INLINE void direct_group(float *C, size_t ldc, const float *A, size_t row_stride,
                                size_t col_stride, const float *B, size_t ldb, size_t n, size_t k,
                                bool accumulate, const size_t R, const size_t W,
                                const bool is_along)
{
    rri_lanes part[NARROW][PANEL_LANES];
    UNROLL
    for (size_t i = 0; i < R; i++) {
        UNROLL
        for (size_t w = 0; w < W; w++) {
            part[i][w] = rri_lanes_all(0.0f);
        }
    }
    for (size_t l = 0; l < k; l++) {
        rri_lanes b[PANEL_LANES];
        UNROLL
        for (size_t w = 0; w < W; w++) {
            b[w] = rri_lanes_load(B + l * ldb + w * RRI_LANES);
        }
        UNROLL
        for (size_t i = 0; i < R; i++) {
            const float *a = is_along ? A + i * row_stride + l : A + l * col_stride + i;
            const rri_lanes all = rri_lanes_all(*a);
            UNROLL
            for (size_t w = 0; w < W; w++) {
                part[i][w] = rri_lanes_fma(all, b[w], part[i][w]);
            }
        }
    }
    UNROLL
    for (size_t i = 0; i < R; i++) {
        flush(C + i * ldc, part[i], W, n, accumulate);
    }
}

/* All rows: whole groups first, then one of half or a third of a group, then two, then one. */
ALWAYS_INLINE void direct_walk(float *C, size_t ldc, const float *A, size_t row_stride,
                               size_t col_stride, const float *B, size_t ldb, size_t m, size_t n,
                               size_t k, bool accumulate, const size_t W, const bool is_along)
{
    static const size_t FEW = NARROW == 12 ? 4 : 2;
    const size_t step = is_along ? row_stride : 1;
    size_t i = 0;
#define GROUP(R)                                                                                   \
    direct_group(C + i * ldc, ldc, A + i * step, row_stride, col_stride, B, ldb, n, k, accumulate, \
                 (R), W, is_along);                                                                \
    i += (R)
    while (i + NARROW <= m) {
        GROUP(NARROW);
    }
    if (i + 2 * FEW <= m) {
        GROUP(2 * FEW);
    }
    if (i + FEW <= m) {
        GROUP(FEW);
    }
    if (i + 2 <= m) {
        GROUP(2);
    }
    while (i < m) {
        GROUP(1);
    }
#undef GROUP
}

static void direct(float *C, size_t ldc, const float *A, size_t row_stride, size_t col_stride,
                   const float *B, size_t ldb, size_t m, size_t n, size_t k, bool accumulate)
{
    const bool is_along = col_stride == 1, is_half = PANEL_LANES > 1 && n <= RRI_LANES;
    if (is_along && is_half) {
        direct_walk(C, ldc, A, row_stride, 1, B, ldb, m, n, k, accumulate, 1, true);
    } else if (is_along) {
        direct_walk(C, ldc, A, row_stride, 1, B, ldb, m, n, k, accumulate, PANEL_LANES, true);
    } else if (is_half) {
        direct_walk(C, ldc, A, 1, col_stride, B, ldb, m, n, k, accumulate, 1, false);
    } else {
        direct_walk(C, ldc, A, 1, col_stride, B, ldb, m, n, k, accumulate, PANEL_LANES, false);
    }
}

void RRI_AT_LEVEL(rri_tile)(float *C, size_t ldc, const float *narrow_panel,
                            const float *wide_panel, size_t m, size_t n, size_t k, bool accumulate)
{
    direct(C, ldc, narrow_panel, 1, NARROW, wide_panel, WIDE, m, n, k, accumulate);
}

/* What the row kernel reads: A as in rri_rows, panels of B from the first of the group on. */
typedef struct rows_input {
    const float *A;
    size_t row_stride, col_stride;
    const float *panels;
    size_t k;
} rows_input;

/* R rows by P whole panels, of which the last may be cut off: n is the number of columns. What
 * comes from memory is asked for a group of panels ahead, into the second cache; what comes from
 * the third a kilobyte ahead. */
ALWAYS_INLINE void rows_group(float *C, size_t ldc, const rows_input *in, size_t n, bool accumulate,
                              const size_t R, const size_t P, const rri_reach reach)
{
    const size_t panel_stride = in->k * WIDE;
    for (size_t first = 0; first < in->k; first += RRI_K_CUT) {
        const size_t end = in->k - first < RRI_K_CUT ? in->k : first + RRI_K_CUT;
        rri_lanes part[RRI_FEW_ROWS][MOST_GROUP][PANEL_LANES];
        UNROLL
        for (size_t i = 0; i < R; i++) {
            UNROLL
            for (size_t q = 0; q < P * PANEL_LANES; q++) {
                part[i][q / PANEL_LANES][q % PANEL_LANES] = rri_lanes_all(0.0f);
            }
        }
        for (size_t l = first; l < end; l++) {
            rri_lanes a[RRI_FEW_ROWS];
            UNROLL
            for (size_t i = 0; i < R; i++) {
                a[i] = rri_lanes_all(in->A[i * in->row_stride + l * in->col_stride]);
            }
            UNROLL
            for (size_t q = 0; q < P * PANEL_LANES; q++) {
                const size_t p = q / PANEL_LANES, w = q % PANEL_LANES;
                const float *row = in->panels + p * panel_stride + l * WIDE + w * RRI_LANES;
                const rri_lanes b = rri_lanes_load(row);
                if (reach == RRI_REACH_MEMORY) {
                    __builtin_prefetch(row + P * panel_stride, 0, 2);
                } else if (reach == RRI_REACH_THIRD_CACHE) {
                    __builtin_prefetch(row + 256);
                }
                UNROLL
                for (size_t i = 0; i < R; i++) {
                    part[i][p][w] = rri_lanes_fma(a[i], b, part[i][p][w]);
                }
            }
        }
        UNROLL
        for (size_t i = 0; i < R; i++) {
            UNROLL
            for (size_t p = 0; p < P; p++) {
                const size_t n_here = n - p * WIDE < WIDE ? n - p * WIDE : WIDE;
                flush(C + i * ldc + p * WIDE, part[i][p], PANEL_LANES, n_here,
                      accumulate || first > 0);
            }
        }
    }
}

/* Walks groups of P panels as long as there are whole groups; returns the column that is next. */
ALWAYS_INLINE size_t rows_walk(float *C, size_t ldc, const rows_input *all, size_t j, size_t n,
                               bool accumulate, const size_t R, const size_t P,
                               const rri_reach reach)
{
    rows_input in = *all;
    for (; j + (P - 1) * WIDE < n; j += P * WIDE) {
        const size_t n_here = n - j < P * WIDE ? n - j : P * WIDE;
        in.panels = all->panels + j * all->k;
        rows_group(C + j, ldc, &in, n_here, accumulate, R, P, reach);
    }
    return j;
}

/* One row is bound by reading B: its chains must be many enough to hide an addition's latency. */
ALWAYS_INLINE void one_row(float *C, size_t ldc, const rows_input *in, size_t n, bool accumulate,
                           const rri_reach reach)
{
    size_t j = rows_walk(C, ldc, in, 0, n, accumulate, 1, 4, reach);
    j = rows_walk(C, ldc, in, j, n, accumulate, 1, 2, reach);
    rows_walk(C, ldc, in, j, n, accumulate, 1, 1, RRI_REACH_NEAR);
}

/* Rows whose sums fit into the registers with a lane of B. */
enum { MOST_TOGETHER = RRI_LEVEL == 2 ? 8 : 4 };

/* m ≤ MOST_TOGETHER rows. */
static void rows_together(float *C, size_t ldc, const rows_input *in, size_t m, size_t n,
                          bool accumulate, rri_reach reach)
{
    size_t j = 0;
    switch (m) {
    case 1:
        if (reach == RRI_REACH_MEMORY) {
            one_row(C, ldc, in, n, accumulate, RRI_REACH_MEMORY);
        } else if (reach == RRI_REACH_THIRD_CACHE) {
            one_row(C, ldc, in, n, accumulate, RRI_REACH_THIRD_CACHE);
        } else {
            one_row(C, ldc, in, n, accumulate, RRI_REACH_NEAR);
        }
        break;
    case 2:
        j = rows_walk(C, ldc, in, 0, n, accumulate, 2, 2, RRI_REACH_NEAR);
        rows_walk(C, ldc, in, j, n, accumulate, 2, 1, RRI_REACH_NEAR);
        break;
    case 3:
        rows_walk(C, ldc, in, 0, n, accumulate, 3, 1, RRI_REACH_NEAR);
        break;
#if RRI_LEVEL == 2
    case 5:
        rows_walk(C, ldc, in, 0, n, accumulate, 5, 1, RRI_REACH_NEAR);
        break;
    case 6:
        rows_walk(C, ldc, in, 0, n, accumulate, 6, 1, RRI_REACH_NEAR);
        break;
    case 7:
        rows_walk(C, ldc, in, 0, n, accumulate, 7, 1, RRI_REACH_NEAR);
        break;
    case 8:
        rows_walk(C, ldc, in, 0, n, accumulate, 8, 1, RRI_REACH_NEAR);
        break;
#endif
    default:
        rows_walk(C, ldc, in, 0, n, accumulate, 4, 1, RRI_REACH_NEAR);
        break;
    }
}

static void rows(float *C, size_t ldc, const float *A, size_t row_stride, size_t col_stride,
                 const float *wide_panels, size_t m, size_t n, size_t k, bool accumulate,
                 rri_reach reach)
{
    for (size_t i = 0; i < m; i += MOST_TOGETHER) {
        const size_t n_rows = m - i < MOST_TOGETHER ? m - i : MOST_TOGETHER;
        const rows_input in = {A + i * row_stride, row_stride, col_stride, wide_panels, k};
        rows_together(C + i * ldc, ldc, &in, n_rows, n, accumulate, reach);
    }
}

/* Neighbours across lie side by side: whole rows are copied. */
ALWAYS_INLINE void pack_copy(float *panel, const size_t width, const float *x, size_t along_stride,
                             size_t n_along)
{
    for (size_t l = 0; l < n_along; l++) {
        memcpy(panel + l * width, x + l * along_stride, width * sizeof *panel);
    }
}

/* Columns [j, j + 4) of a panel from four rows of x that each lie side by side along. */
static void pack_four(float *panel, size_t width, const float *x, size_t across_stride,
                      size_t n_along)
{
    size_t l = 0;
#if defined(__SSE2__)
    for (; l + 4 <= n_along; l += 4) {
        __m128 r0 = _mm_loadu_ps(x + l);
        __m128 r1 = _mm_loadu_ps(x + across_stride + l);
        __m128 r2 = _mm_loadu_ps(x + 2 * across_stride + l);
        __m128 r3 = _mm_loadu_ps(x + 3 * across_stride + l);
        _MM_TRANSPOSE4_PS(r0, r1, r2, r3);
        _mm_storeu_ps(panel + l * width, r0);
        _mm_storeu_ps(panel + (l + 1) * width, r1);
        _mm_storeu_ps(panel + (l + 2) * width, r2);
        _mm_storeu_ps(panel + (l + 3) * width, r3);
    }
#endif
    for (; l < n_along; l++) {
        for (size_t j = 0; j < 4; j++) {
            panel[l * width + j] = x[j * across_stride + l];
        }
    }
}

static void pack(float *panel, size_t width, const float *x, size_t across_stride,
                 size_t along_stride, size_t n_across, size_t n_along)
{
    if (across_stride == 1 && n_across == width) {
        if (width == WIDE) {
            pack_copy(panel, WIDE, x, along_stride, n_along);
        } else if (width == NARROW) {
            pack_copy(panel, NARROW, x, along_stride, n_along);
        } else {
            pack_copy(panel, width, x, along_stride, n_along);
        }
        return;
    }
    size_t j = 0;
    for (; along_stride == 1 && j + 4 <= n_across; j += 4) {
        pack_four(panel + j, width, x + j * across_stride, across_stride, n_along);
    }
    for (size_t l = 0; l < n_along; l++) {
        for (size_t i = j; i < n_across; i++) {
            panel[l * width + i] = x[i * across_stride + l * along_stride];
        }
        for (size_t i = n_across; i < width; i++) {
            panel[l * width + i] = 0.0f;
        }
    }
}

const rri_tiles RRI_AT_LEVEL(rri_tiles) = {RRI_AT_LEVEL(rri_tile), direct, rows, pack};
