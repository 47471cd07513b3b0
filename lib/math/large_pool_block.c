/* SPDX-License-Identifier: MIT */
/* large_pool_block.c: three products with one inner loop, and the softmax between them. Compiled
 * once per level.
 *
 * R below is a constant at every call, so that the compiler unrolls and holds R · LANES vectors in
 * registers. Chains of fmaf run over k in order and are cut at 256, as in math/gemm.h. */
#include "math/large_pool_block.h"

#include <math.h>

#include "math/lanes.h"
#include "math/scalar.h"
#include "math/tile.h"

enum { PANEL = RRI_AT_LEVEL(RRI_WIDE), LANES = PANEL / 16 };
#if RRI_LEVEL == 2
enum { TALL = 8 }; /* rows of a tile of the products */
#else
enum { TALL = 4 };
#endif

#define ALWAYS_INLINE static inline __attribute__((always_inline))
#if defined(__clang__)
#define UNROLL      _Pragma("unroll")
#define UNROLL_SOME _Pragma("unroll 4")
#else
#define UNROLL      _Pragma("GCC unroll 16")
#define UNROLL_SOME _Pragma("GCC unroll 4")
#endif

/* From here down e^x is 0, and x may be taken for this. */
static const float EXP_LOWEST = -105.0f;

typedef rri_lanes tile[TALL][LANES];

/* The side of a product that is broadcast: element (i, l) at data[i * across + l * along]. */
typedef struct broadcast {
    const float *data;
    size_t across, along;
} broadcast;

ALWAYS_INLINE void clear(tile part, const size_t R)
{
    UNROLL
    for (size_t i = 0; i < R; i++) {
        UNROLL
        for (size_t w = 0; w < LANES; w++) {
            part[i][w] = rri_lanes_all(0.0f);
        }
    }
}

/* part[i] = fma(a(i, l), panel[l], part[i]) for l rising. */
ALWAYS_INLINE void multiply(tile part, broadcast a, const float *panel, size_t n, const size_t R)
{
    UNROLL_SOME
    for (size_t l = 0; l < n; l++) {
        rri_lanes b[LANES];
        UNROLL
        for (size_t w = 0; w < LANES; w++) {
            b[w] = rri_lanes_load(panel + l * PANEL + w * RRI_LANES);
        }
        UNROLL
        for (size_t i = 0; i < R; i++) {
            const rri_lanes x = rri_lanes_all(a.data[i * a.across + l * a.along]);
            UNROLL
            for (size_t w = 0; w < LANES; w++) {
                part[i][w] = rri_lanes_fma(x, b[w], part[i][w]);
            }
        }
    }
}

ALWAYS_INLINE size_t least(size_t a, size_t b)
{
    return a < b ? a : b;
}

/* ── z ── */

/* R items of a panel of logits. A later run of 256 coordinates adds to what is there. */
ALWAYS_INLINE void logits_tile(float *Z, const float *V, const float *q, float scale,
                               const float *bias, size_t dim, const size_t R)
{
    for (size_t first = 0; first < dim; first += RRI_K_CUT) {
        const size_t n = least(RRI_K_CUT, dim - first);
        const bool is_last = first + n == dim;
        tile part;
        clear(part, R);
        multiply(part, (broadcast){V + first, dim, 1}, q + first * PANEL, n, R);
        UNROLL
        for (size_t i = 0; i < R; i++) {
            UNROLL
            for (size_t w = 0; w < LANES; w++) {
                float *z = Z + i * PANEL + w * RRI_LANES;
                rri_lanes sum = part[i][w];
                if (first > 0) {
                    sum = rri_lanes_add(rri_lanes_load(z), sum);
                }
                if (is_last) {
                    sum = rri_lanes_multiply(rri_lanes_all(scale), sum);
                }
                if (is_last && bias != NULL) {
                    sum = rri_lanes_add(sum, rri_lanes_all(bias[i]));
                }
                rri_lanes_store(z, sum);
            }
        }
    }
}

static void logits(float *Z, const float *V, const float *q, float scale, const float *bias,
                   size_t n, size_t dim)
{
    size_t i = 0;
    for (; i + TALL <= n; i += TALL) {
        logits_tile(Z + i * PANEL, V + i * dim, q, scale, bias == NULL ? NULL : bias + i, dim,
                    TALL);
    }
    for (; i < n; i++) {
        logits_tile(Z + i * PANEL, V + i * dim, q, scale, bias == NULL ? NULL : bias + i, dim, 1);
    }
}

/* ── the running softmax ── */

/* Where a lane's maximum rises its sums fall by f = exp(m − m'). A lane that stays has f = 1 and a
 * fall of 0; before the first block the sums are all 0 and stay so. */
static void raise_maxima(rri_large_pool_state *state, const float maxima[PANEL])
{
    float fall[PANEL];
    float factor[PANEL];
    unsigned n_raised = 0;
    for (size_t r = 0; r < PANEL; r++) {
        const float before = state->maxima[r];
        const bool is_higher = maxima[r] > before;
        const bool is_raised = is_higher && before > -INFINITY;
        fall[r] = is_raised ? before - maxima[r] : 0.0f;
        factor[r] = rri_exp(fall[r]);
        state->maxima[r] = is_higher ? maxima[r] : before;
        n_raised += is_raised ? 1u : 0u;
    }
    if (n_raised == 0) {
        return;
    }
    for (size_t l = 0; l < RRI_SOFTMAX_LANES; l++) {
        for (size_t r = 0; r < PANEL; r++) {
            state->moments[l][r] = factor[r] * (state->moments[l][r] + fall[r] * state->sums[l][r]);
            state->sums[l][r] = factor[r] * state->sums[l][r];
        }
    }
}

/* Sixteen rows. Of a logit of −∞ the exponential is 0, and its distance is cut to something finite,
 * so that the product is 0 too. */
ALWAYS_INLINE void add_lanes(rri_large_pool_state *state, const float *Z, size_t n, size_t w)
{
    float shift[16];
    for (size_t r = 0; r < RRI_LANES; r++) {
        const float max = state->maxima[w * RRI_LANES + r];
        shift[r] = max > -INFINITY ? max : 0.0f;
    }
    const rri_lanes m = rri_lanes_load(shift);
    const rri_lanes lowest = rri_lanes_all(EXP_LOWEST);
    for (size_t l = 0; l < RRI_SOFTMAX_LANES; l++) {
        rri_lanes sum = rri_lanes_all(0.0f);
        rri_lanes moment = rri_lanes_all(0.0f);
        for (size_t i = l; i < n; i += RRI_SOFTMAX_LANES) {
            const rri_lanes z = rri_lanes_load(Z + i * PANEL + w * RRI_LANES);
            const rri_lanes exact = rri_lanes_subtract(z, m);
            const rri_lanes below = rri_lanes_max(lowest, exact);
            const rri_lanes e = rri_lanes_exp(exact);
            sum = rri_lanes_add(sum, e);
            moment = rri_lanes_fma(e, below, moment);
        }
        float *sums = state->sums[l] + w * RRI_LANES;
        float *moments = state->moments[l] + w * RRI_LANES;
        rri_lanes_store(sums, rri_lanes_add(rri_lanes_load(sums), sum));
        rri_lanes_store(moments, rri_lanes_add(rri_lanes_load(moments), moment));
    }
}

static void accumulate(rri_large_pool_state *state, const float *Z, size_t n)
{
    float maxima[PANEL];
    rri_lanes max[LANES];
    UNROLL
    for (size_t w = 0; w < LANES; w++) {
        max[w] = rri_lanes_all(-INFINITY);
    }
    for (size_t i = 0; i < n; i++) {
        UNROLL
        for (size_t w = 0; w < LANES; w++) {
            max[w] = rri_lanes_max(rri_lanes_load(Z + i * PANEL + w * RRI_LANES), max[w]);
        }
    }
    UNROLL
    for (size_t w = 0; w < LANES; w++) {
        rri_lanes_store(maxima + w * RRI_LANES, max[w]);
    }
    raise_maxima(state, maxima);
    for (size_t w = 0; w < LANES; w++) {
        add_lanes(state, Z, n, w);
    }
}

/* ── the best ── */

/* Bit r: is row r of an item's logits above its bound? */
ALWAYS_INLINE unsigned rows_above(const float *z, const rri_lanes bounds[LANES])
{
    unsigned rows = 0;
    UNROLL
    for (size_t w = 0; w < LANES; w++) {
        rows |= rri_lanes_above(rri_lanes_load(z + w * RRI_LANES), bounds[w]) << (w * RRI_LANES);
    }
    return rows;
}

/* Four items at a time as long as none is, which is the rule. */
static unsigned find_above(size_t *i, const float *Z, const float *bounds, size_t n)
{
    rri_lanes b[LANES];
    UNROLL
    for (size_t w = 0; w < LANES; w++) {
        b[w] = rri_lanes_load(bounds + w * RRI_LANES);
    }
    for (; *i + 4 <= n; *i += 4) {
        unsigned any = 0;
        UNROLL
        for (size_t j = 0; j < 4; j++) {
            any |= rows_above(Z + (*i + j) * PANEL, b);
        }
        if (any != 0) {
            break;
        }
    }
    for (; *i < n; ++*i) {
        const unsigned rows = rows_above(Z + *i * PANEL, b);
        if (rows != 0) {
            return rows;
        }
    }
    return 0;
}

/* ── dz ── */

static void slopes(float *Z, const rri_large_pool_rows *rows, size_t n)
{
    const rri_lanes lowest = rri_lanes_all(EXP_LOWEST);
    const rri_lanes e = rri_lanes_all(-rows->d_entropy);
    for (size_t w = 0; w < LANES; w++) {
        const size_t r = w * RRI_LANES;
        const rri_lanes m = rri_lanes_load(rows->maxima + r);
        const rri_lanes log_sum = rri_lanes_load(rows->log_sums + r);
        const rri_lanes entropy = rri_lanes_load(rows->entropies + r);
        const rri_lanes g =
            rri_lanes_subtract(rri_lanes_all(0.0f), rri_lanes_load(rows->d_log_probs + r));
        for (size_t i = 0; i < n; i++) {
            float *z = Z + i * PANEL + r;
            const rri_lanes exact =
                rri_lanes_subtract(rri_lanes_subtract(rri_lanes_load(z), m), log_sum);
            const rri_lanes log_p = rri_lanes_max(lowest, exact);
            const rri_lanes p = rri_lanes_exp(exact);
            const rri_lanes weight = rri_lanes_fma(e, rri_lanes_add(log_p, entropy), g);
            rri_lanes_store(z, rri_lanes_multiply(p, weight));
        }
    }
}

/* ── what flows from dz ── */

ALWAYS_INLINE void query_tile(float *dq, const float *V, const float *dZ, size_t n, size_t dim,
                              bool accumulates, const size_t R)
{
    tile part;
    clear(part, R);
    multiply(part, (broadcast){V, 1, dim}, dZ, n, R);
    UNROLL
    for (size_t i = 0; i < R; i++) {
        UNROLL
        for (size_t w = 0; w < LANES; w++) {
            float *y = dq + i * PANEL + w * RRI_LANES;
            rri_lanes_store(y, accumulates ? rri_lanes_add(rri_lanes_load(y), part[i][w])
                                           : part[i][w]);
        }
    }
}

static void add_query(float *dq, const float *V, const float *dZ, size_t n, size_t dim,
                      bool accumulates)
{
    size_t j = 0;
    for (; j + TALL <= dim; j += TALL) {
        query_tile(dq + j * PANEL, V + j, dZ, n, dim, accumulates, TALL);
    }
    for (; j < dim; j++) {
        query_tile(dq + j * PANEL, V + j, dZ, n, dim, accumulates, 1);
    }
}

/* dV [R, columns ≤ P] += one chain over all rows. */
ALWAYS_INLINE void items_tile(float *dV, const float *dZ, size_t panel_stride, const float *q,
                              size_t n_panels, size_t dim, size_t n_columns, const size_t R)
{
    tile part;
    clear(part, R);
    for (size_t p = 0; p < n_panels; p++) {
        multiply(part, (broadcast){dZ + p * panel_stride, PANEL, 1}, q + p * PANEL * PANEL, PANEL,
                 R);
    }
    if (n_columns == PANEL) {
        UNROLL
        for (size_t i = 0; i < R; i++) {
            UNROLL
            for (size_t w = 0; w < LANES; w++) {
                float *y = dV + i * dim + w * RRI_LANES;
                rri_lanes_store(y, rri_lanes_add(rri_lanes_load(y), part[i][w]));
            }
        }
        return;
    }
    float edge[PANEL];
    UNROLL
    for (size_t i = 0; i < R; i++) {
        UNROLL
        for (size_t w = 0; w < LANES; w++) {
            rri_lanes_store(edge + w * RRI_LANES, part[i][w]);
        }
        for (size_t j = 0; j < n_columns; j++) {
            dV[i * dim + j] += edge[j];
        }
    }
}

static void add_items(float *dV, const float *dZ, size_t panel_stride, const float *columns,
                      size_t n, size_t n_panels, size_t dim)
{
    size_t i = 0;
    for (; i + TALL <= n; i += TALL) {
        for (size_t j = 0; j < dim; j += PANEL) {
            items_tile(dV + i * dim + j, dZ + i * PANEL, panel_stride,
                       columns + j * n_panels * PANEL, n_panels, dim, least(PANEL, dim - j), TALL);
        }
    }
    for (; i < n; i++) {
        for (size_t j = 0; j < dim; j += PANEL) {
            items_tile(dV + i * dim + j, dZ + i * PANEL, panel_stride,
                       columns + j * n_panels * PANEL, n_panels, dim, least(PANEL, dim - j), 1);
        }
    }
}

static void add_bias(float *db, const float *dZ, size_t panel_stride, size_t n, size_t n_panels)
{
    for (size_t i = 0; i < n; i++) {
        rri_lanes sum = rri_lanes_all(0.0f);
        for (size_t p = 0; p < n_panels; p++) {
            for (size_t w = 0; w < LANES; w++) {
                const float *dz = dZ + p * panel_stride + i * PANEL + w * RRI_LANES;
                sum = rri_lanes_add(sum, rri_lanes_load(dz));
            }
        }
        db[i] += rri_lanes_fold(sum);
    }
}

const rri_large_pool_block RRI_AT_LEVEL(rri_large_pool_block) = {.logits = logits,
                                                                 .accumulate = accumulate,
                                                                 .find_above = find_above,
                                                                 .slopes = slopes,
                                                                 .add_query = add_query,
                                                                 .add_items = add_items,
                                                                 .add_bias = add_bias};
