/* SPDX-License-Identifier: MIT */
#include "eval/bandit.h"

#include <math.h>
#include <string.h>

#include "core/finite.h"
#include "core/philox.h"
#include "core/status.h"
#include "items/items.h"

enum { PANEL = 64 }; /* columns of a Cholesky factor that are taken out at once */

struct rr_bandit {
    rri_allocator allocator;
    size_t block_bytes;
    rr_items *items; /* a reference */
    const float *vectors;
    int32_t kind;
    size_t n_items, d, user_dim, n;
    double ridge, width;
    uint64_t seed, n_drawn; /* rows that were drawn for */
    bool is_fitted;

    double *sums;    /* [n, n] Σ x xᵀ, lower triangle */
    double *targets; /* [n] Σ r x */
    double *theta;   /* [n] */
    double *factor;  /* [n, n] L of A = L Lᵀ, lower triangle */
    double *inverse; /* [n, n] A⁻¹; LinUCB */
    double *panel;   /* [PANEL, n] scratch of the factor */
    double *x;       /* [n] */
    double *drawn;   /* [n] θ̃ */
    float *normals;  /* [n] */
    double *query;   /* [d] uᵀΘ */
    double *spread;  /* [d, d] of A⁻¹, contracted with the user on both sides */
    double *mixed;   /* [d] of A⁻¹, user and count */
};

static void layout(rr_bandit *b, rri_arena *arena)
{
    const size_t n = b->n, square = rri_size_multiply(n, n);
    b->sums = RRI_TAKE(arena, double, square);
    b->targets = RRI_TAKE(arena, double, n);
    b->theta = RRI_TAKE(arena, double, n);
    b->factor = RRI_TAKE(arena, double, square);
    b->inverse = RRI_TAKE(arena, double, square);
    b->panel = RRI_TAKE(arena, double, rri_size_multiply(PANEL, n));
    b->x = RRI_TAKE(arena, double, n);
    b->drawn = RRI_TAKE(arena, double, n);
    b->normals = RRI_TAKE(arena, float, n);
    b->query = RRI_TAKE(arena, double, b->d);
    b->spread = RRI_TAKE(arena, double, rri_size_multiply(b->d, b->d));
    b->mixed = RRI_TAKE(arena, double, b->d);
}

static rr_status describe(rr_bandit *b, rr_items *items, size_t user_dim, rr_error *err)
{
    memset(b, 0, sizeof *b);
    b->items = items;
    b->vectors = rri_items_vectors(items);
    b->n_items = rri_items_count(items);
    b->d = rri_items_dim(items);
    b->user_dim = user_dim;
    b->n = rri_size_add(rri_size_multiply(user_dim, b->d), 1);
    if (b->n > RRI_BANDIT_MOST) {
        RRI_FAIL(err, RR_E_UNSUPPORTED,
                 "bandit: user_dim %zu times the items' width %zu and one more is %zu numbers; at "
                 "most %zu are fitted",
                 user_dim, b->d, b->n, RRI_BANDIT_MOST);
    }
    rri_arena counting = {0};
    (void)RRI_TAKE(&counting, rr_bandit, 1);
    layout(b, &counting);
    b->block_bytes = counting.used;
    return RR_OK;
}

rr_status rri_bandit_memory(size_t *bytes, const rr_items *items, size_t user_dim, rr_error *err)
{
    rr_bandit sized;
    RRI_TRY(describe(&sized, (rr_items *)items, user_dim, err));
    *bytes = sized.block_bytes;
    return RR_OK;
}

rr_status rri_bandit_create(rr_bandit **out, int32_t kind, rr_items *items, size_t user_dim,
                            double ridge, double width, uint64_t seed,
                            const rri_allocator *allocator, rr_error *err)
{
    rr_bandit sized;
    RRI_TRY(describe(&sized, items, user_dim, err));
    sized.allocator = *allocator;
    sized.kind = kind;
    sized.ridge = ridge;
    sized.width = width;
    sized.seed = seed;
    rri_arena arena;
    RRI_TRY(rri_arena_create(&arena, sized.block_bytes, allocator, "the bandit", err));
    rr_bandit *b = RRI_TAKE(&arena, rr_bandit, 1);
    *b = sized;
    layout(b, &arena);
    rri_items_retain(items);
    *out = b;
    return RR_OK;
}

void rri_bandit_destroy(rr_bandit *bandit)
{
    if (bandit != NULL) {
        const rri_allocator allocator = bandit->allocator;
        rri_items_release(bandit->items);
        rri_memory_release(&allocator, bandit, bandit->block_bytes);
    }
}

/* ── requests ── */

static size_t length_of(const rr_bandit *b, const rr_obs *obs, size_t row)
{
    return obs->candidates == NULL ? b->n_items
           : obs->lengths != NULL  ? (size_t)obs->lengths[row]
                                   : (size_t)obs->n_candidates;
}

static int32_t item_at(const rr_obs *obs, size_t row, size_t position)
{
    return obs->candidates == NULL ? (int32_t)position
                                   : obs->candidates[row * (size_t)obs->n_candidates + position];
}

static double count_of(const rr_obs *obs, size_t row, int32_t item)
{
    int count = 0;
    for (int32_t t = 0; obs->history != NULL && t < obs->n_history; t++) {
        count += obs->history[row * (size_t)obs->n_history + (size_t)t] == item;
    }
    return count;
}

static rr_status check_list(const rr_bandit *b, const rr_obs *obs, size_t row, rr_error *err)
{
    const size_t length = length_of(b, obs, row);
    if (obs->candidates == NULL) {
        return RR_OK;
    }
    if (length < 1 || length > (size_t)obs->n_candidates) {
        RRI_FAIL(err, RR_E_INVALID, "bandit: row %zu has a list of %d; it must be in [1, %d]", row,
                 obs->lengths != NULL ? obs->lengths[row] : obs->n_candidates, obs->n_candidates);
    }
    for (size_t i = 0; i < length; i++) {
        const int32_t item = item_at(obs, row, i);
        if (item < 0 || (size_t)item >= b->n_items) {
            RRI_FAIL(err, RR_E_INVALID,
                     "bandit: candidates[%zu][%zu] is %d; it must be in [0, %zu)", row, i, item,
                     b->n_items);
        }
    }
    return RR_OK;
}

static bool is_excluded(const rr_obs *obs, size_t row, int32_t item)
{
    for (int32_t j = 0; obs->excluded != NULL && j < obs->n_excluded; j++) {
        if (obs->excluded[row * (size_t)obs->n_excluded + (size_t)j] == item) {
            return true;
        }
    }
    return false;
}

/* How many positions of a row may be played. */
static size_t count_choices(const rr_bandit *b, const rr_obs *obs, size_t row)
{
    const size_t length = length_of(b, obs, row);
    if (obs->excluded == NULL || obs->n_excluded < 1) {
        return length;
    }
    size_t n = 0;
    for (size_t i = 0; i < length; i++) {
        n += is_excluded(obs, row, item_at(obs, row, i)) ? 0 : 1;
    }
    return n;
}

static rr_status check_excluded(const rr_bandit *b, const rr_obs *obs, size_t row, rr_error *err)
{
    const size_t m = (size_t)obs->n_excluded;
    for (size_t j = 0; obs->excluded != NULL && j < m; j++) {
        const int32_t item = obs->excluded[row * m + j];
        if (item < -1 || (item >= 0 && (size_t)item >= b->n_items)) {
            RRI_FAIL(err, RR_E_INVALID,
                     "bandit: excluded[%zu][%zu] is %d; it must be -1 or in [0, %zu)", row, j, item,
                     b->n_items);
        }
    }
    if (m >= length_of(b, obs, row) && count_choices(b, obs, row) == 0) {
        RRI_FAIL(err, RR_E_INVALID, "bandit: row %zu excludes every item of its list", row);
    }
    return RR_OK;
}

static rr_status check_obs(const rr_bandit *b, const rr_obs *obs, rr_error *err)
{
    if (obs->n < 1 || obs->states == NULL) {
        RRI_FAIL(err, RR_E_INVALID, "bandit: obs has %s", obs->n < 1 ? "no rows" : "no states");
    }
    if (obs->state_dim < 1 || (size_t)obs->state_dim < b->user_dim) {
        RRI_FAIL(err, RR_E_MISMATCH,
                 "bandit: obs->state_dim is %d; it must be at least %zu, the user_dim of create",
                 obs->state_dim, b->user_dim);
    }
    if (obs->vectors != NULL) {
        RRI_FAIL(err, RR_E_UNSUPPORTED,
                 "bandit: obs->vectors is given; a bandit plays items of its own catalogue");
    }
    if (obs->n_excluded < 0) {
        RRI_FAIL(err, RR_E_INVALID, "bandit: obs->n_excluded is %d; it must be at least 0",
                 obs->n_excluded);
    }
    if (obs->pool != NULL && rri_items_fingerprint(obs->pool) != rri_items_fingerprint(b->items)) {
        RRI_FAIL(err, RR_E_MISMATCH, "bandit: obs->pool is another catalogue than that of create");
    }
    for (size_t row = 0; row < (size_t)obs->n; row++) {
        RRI_TRY(rri_finite_check_row("bandit: states", obs->states + row * (size_t)obs->state_dim,
                                     row, b->user_dim, err));
        RRI_TRY(check_list(b, obs, row, err));
        RRI_TRY(check_excluded(b, obs, row, err));
    }
    return RR_OK;
}

/* ── playing ── */

/* query_j = Σ_a u_a Θ_aj */
static void contract(double *query, const double *theta, const float *user, size_t user_dim,
                     size_t d)
{
    memset(query, 0, d * sizeof *query);
    for (size_t a = 0; a < user_dim; a++) {
        for (size_t j = 0; j < d; j++) {
            query[j] += (double)user[a] * theta[a * d + j];
        }
    }
}

/* θ̃ = θ + width L⁻ᵀ z. */
static void draw(rr_bandit *b)
{
    double *y = b->drawn;
    rri_philox_normals(b->normals, b->n, b->seed, RRI_STREAM_BANDIT, b->n_drawn);
    for (size_t i = 0; i < b->n; i++) {
        y[i] = (double)b->normals[i];
    }
    for (size_t i = b->n; i-- > 0;) {
        const double *row = b->factor + i * b->n;
        y[i] /= row[i];
        for (size_t k = 0; k < i; k++) {
            y[k] -= row[k] * y[i];
        }
    }
    for (size_t i = 0; i < b->n; i++) {
        y[i] = b->theta[i] + b->width * y[i];
    }
}

/* spread ← Σ_ab u_a u_b A⁻¹ of (a, ·) and (b, ·); mixed ← Σ_a u_a A⁻¹ of (a, ·) and the count. */
static void contract_inverse(rr_bandit *b, const float *user)
{
    const size_t d = b->d, n = b->n;
    memset(b->spread, 0, d * d * sizeof *b->spread);
    memset(b->mixed, 0, d * sizeof *b->mixed);
    for (size_t a = 0; a < b->user_dim; a++) {
        for (size_t j = 0; j < d; j++) {
            const double *row = b->inverse + (a * d + j) * n;
            const double of_a = (double)user[a];
            for (size_t c = 0; c < b->user_dim; c++) {
                const double weight = of_a * (double)user[c];
                for (size_t l = 0; l < d; l++) {
                    b->spread[j * d + l] += weight * row[c * d + l];
                }
            }
            b->mixed[j] += of_a * row[n - 1];
        }
    }
}

/* xᵀ A⁻¹ x */
static double variance_of(const rr_bandit *b, const float *v, double count)
{
    double sum = count * count * b->inverse[b->n * b->n - 1];
    for (size_t j = 0; j < b->d; j++) {
        double along = 2.0 * count * b->mixed[j];
        for (size_t l = 0; l < b->d; l++) {
            along += b->spread[j * b->d + l] * (double)v[l];
        }
        sum += (double)v[j] * along;
    }
    return fmax(sum, 0.0);
}

static int32_t best_of(rr_bandit *b, const rr_obs *obs, size_t row, bool explores)
{
    const float *user = obs->states + row * (size_t)obs->state_dim;
    const bool is_ucb = explores && b->kind == RR_BANDIT_LINUCB;
    const double *theta = b->theta;
    if (explores && b->kind == RR_BANDIT_THOMPSON) {
        draw(b);
        theta = b->drawn;
    }
    if (is_ucb) {
        contract_inverse(b, user);
    }
    contract(b->query, theta, user, b->user_dim, b->d);
    int32_t best = 0;
    double most = -INFINITY;
    for (size_t i = 0; i < length_of(b, obs, row); i++) {
        const int32_t item = item_at(obs, row, i);
        if (is_excluded(obs, row, item)) {
            continue;
        }
        const float *v = b->vectors + (size_t)item * b->d;
        const double count = count_of(obs, row, item);
        double score = theta[b->n - 1] * count;
        for (size_t j = 0; j < b->d; j++) {
            score += b->query[j] * (double)v[j];
        }
        score += is_ucb ? b->width * sqrt(variance_of(b, v, count)) : 0.0;
        if (score > most) {
            most = score;
            best = (int32_t)i;
        }
    }
    return best;
}

/* An even draw among the positions that may be played. */
static int32_t draw_even(const rr_bandit *b, const rr_obs *obs, size_t row)
{
    size_t left = (size_t)rri_philox_below(b->seed, RRI_STREAM_BANDIT, b->n_drawn, UINT32_MAX,
                                           count_choices(b, obs, row));
    int32_t position = 0;
    while (is_excluded(obs, row, item_at(obs, row, (size_t)position)) || left-- > 0) {
        position++;
    }
    return position;
}

rr_status rri_bandit_act(rr_bandit *bandit, int32_t *actions, const rr_obs *obs, bool explores,
                         rr_error *err)
{
    RRI_TRY(check_obs(bandit, obs, err));
    for (size_t row = 0; row < (size_t)obs->n; row++) {
        actions[row] =
            bandit->is_fitted ? best_of(bandit, obs, row, explores) : draw_even(bandit, obs, row);
        bandit->n_drawn++;
    }
    return RR_OK;
}

/* ── learning ── */

rr_status rri_bandit_record(rr_bandit *bandit, const rr_obs *obs, const int32_t *actions,
                            const float *rewards, rr_error *err)
{
    RRI_TRY(check_obs(bandit, obs, err));
    const size_t n = bandit->n, d = bandit->d;
    for (size_t row = 0; row < (size_t)obs->n; row++) {
        if (actions[row] < 0 || (size_t)actions[row] >= length_of(bandit, obs, row)) {
            RRI_FAIL(err, RR_E_INVALID, "bandit: actions[%zu] is %d; it must be in [0, %zu)", row,
                     actions[row], length_of(bandit, obs, row));
        }
        if (is_excluded(obs, row, item_at(obs, row, (size_t)actions[row]))) {
            RRI_FAIL(err, RR_E_INVALID, "bandit: actions[%zu] is %d, which the row excludes", row,
                     actions[row]);
        }
        RRI_TRY(rri_finite_check("bandit: rewards", rewards[row], row, err));
    }
    double *x = bandit->x;
    for (size_t row = 0; row < (size_t)obs->n; row++) {
        const float *user = obs->states + row * (size_t)obs->state_dim;
        const int32_t item = item_at(obs, row, (size_t)actions[row]);
        const float *v = bandit->vectors + (size_t)item * d;
        for (size_t i = 0; i + 1 < n; i++) {
            x[i] = (double)user[i / d] * (double)v[i % d];
        }
        x[n - 1] = count_of(obs, row, item);
        for (size_t i = 0; i < n; i++) {
            double *sums = bandit->sums + i * n;
            for (size_t k = 0; k <= i; k++) {
                sums[k] += x[i] * x[k];
            }
            bandit->targets[i] += (double)rewards[row] * x[i];
        }
    }
    return RR_OK;
}

/* Columns [begin, end) of L, row by row; `panel` [end − begin, n] receives them as rows. */
static bool factor_panel(rr_bandit *b, size_t begin, size_t end)
{
    const size_t n = b->n;
    for (size_t i = begin; i < n; i++) {
        double *row = b->factor + i * n;
        const size_t most = i < end ? i + 1 : end;
        for (size_t k = begin; k < most; k++) {
            const double *other = b->factor + k * n;
            double sum = row[k];
            for (size_t l = begin; l < k; l++) {
                sum -= row[l] * other[l];
            }
            if (k == i && !(sum > 0.0)) {
                return false;
            }
            row[k] = k == i ? sqrt(sum) : sum / other[k];
        }
        for (size_t k = begin; k < end; k++) {
            b->panel[(k - begin) * n + i] = k < most ? row[k] : 0.0;
        }
    }
    return true;
}

/* factor ← L of ridge I + sums; false: it is not positive definite. */
static bool factorise(rr_bandit *b)
{
    const size_t n = b->n;
    memcpy(b->factor, b->sums, n * n * sizeof *b->factor);
    for (size_t i = 0; i < n; i++) {
        b->factor[i * n + i] += b->ridge;
    }
    for (size_t begin = 0; begin < n; begin += PANEL) {
        const size_t end = rri_size_smaller(begin + PANEL, n);
        if (!factor_panel(b, begin, end)) {
            return false;
        }
        for (size_t i = end; i < n; i++) {
            double *row = b->factor + i * n;
            for (size_t l = begin; l < end; l++) {
                const double *column = b->panel + (l - begin) * n;
                for (size_t k = end; k <= i; k++) {
                    row[k] -= column[i] * column[k];
                }
            }
        }
    }
    return true;
}

/* L y = targets, Lᵀ θ = y. */
static void solve(rr_bandit *b)
{
    const size_t n = b->n;
    double *y = b->theta;
    for (size_t i = 0; i < n; i++) {
        const double *row = b->factor + i * n;
        double sum = b->targets[i];
        for (size_t k = 0; k < i; k++) {
            sum -= row[k] * y[k];
        }
        y[i] = sum / row[i];
    }
    for (size_t i = n; i-- > 0;) {
        const double *row = b->factor + i * n;
        y[i] /= row[i];
        for (size_t k = 0; k < i; k++) {
            y[k] -= row[k] * y[i];
        }
    }
}

/* inverse ← (L⁻¹)ᵀ L⁻¹. Row i of L⁻¹ is made in the place of row i of L, of which no later row has
 * need but through itself: it is kept in x. */
static void invert(rr_bandit *b)
{
    const size_t n = b->n;
    double *out = b->inverse;
    memset(out, 0, n * n * sizeof *out);
    for (size_t i = 0; i < n; i++) {
        double *row = b->factor + i * n;
        memcpy(b->x, row, (i + 1) * sizeof *row);
        memset(row, 0, (i + 1) * sizeof *row);
        for (size_t k = 0; k < i; k++) {
            const double *before = b->factor + k * n;
            for (size_t l = 0; l <= k; l++) {
                row[l] -= b->x[k] * before[l];
            }
        }
        row[i] = 1.0;
        for (size_t l = 0; l <= i; l++) {
            row[l] /= b->x[i];
        }
        for (size_t k = 0; k <= i; k++) {
            for (size_t l = 0; l <= k; l++) {
                out[k * n + l] += row[k] * row[l];
            }
        }
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < i; k++) {
            out[k * n + i] = out[i * n + k];
        }
    }
}

rr_status rri_bandit_fit(rr_bandit *bandit, rr_error *err)
{
    if (!factorise(bandit)) {
        bandit->is_fitted = false;
        RRI_FAIL(err, RR_E_NOT_FINITE,
                 "bandit: the sums of its rows are no positive definite matrix any more; states or "
                 "vectors are too large for a ridge of %g",
                 bandit->ridge);
    }
    solve(bandit);
    if (bandit->kind == RR_BANDIT_LINUCB) {
        invert(bandit);
    }
    bandit->is_fitted = true;
    return RR_OK;
}
