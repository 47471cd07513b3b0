/* SPDX-License-Identifier: MIT */
#include "train/reward_fit.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "core/status.h"
#include "math/gemm.h"
#include "nn/standardise.h"
#include "policy/identity.h"
#include "train/gradient.h"

enum { B = RRI_REWARD_BLOCK, TRIED = RRI_REWARD_TRIED };

/* Rows of the ring that are gone over again for each new one: they bring blocks to agree with each
 * other. */
enum { AGAIN = 7 };

/* Counts of the state: rows seen; rows in the ring; places of the next new row and of the next that
 * is gone over again. */
enum { SEEN, HELD, NEXT, AGAIN_AT, COUNTS };

/* λ of each model in units of the mean K_ii: from rewards without noise to those that hide what is
 * learned. The last one's grows with the rows seen, as does what a model knows against one row. */
static const double NOISE[TRIED] = {0.003, 0.1, 1.0, 1.0};
static const double NOISE_ROWS = 256.0, MOST_NOISE = 512.0;

/* Rows over which errors are averaged. */
static const float ERROR_ROWS = 512.0f;

/* The model's share of the logits: their deviation over a row's list, at τ and α of the start, is
 * so many times the model's deviation over its error, and at most so many nats; of that, the share
 * that its rows could have told. */
static const double NATS_PER_SKILL = 10.0, MOST_NATS = 30.0;

static size_t n_rows_of(const rri_network *net)
{
    return net->is_dense ? net->n_items : net->dim;
}

/* Of one model, and of a row of the ring. */
static size_t n_floats_of(const rri_network *net)
{
    const size_t query = rri_size_multiply(n_rows_of(net) + 1, net->state_dim + 1);
    return rri_size_add(query, net->feature_dim);
}

static size_t row_floats_of(const rri_network *net)
{
    return net->state_dim + (net->is_dense ? 1 : net->dim) + net->feature_dim + 1;
}

size_t rri_reward_fit_floats(const rri_network *net)
{
    if (!net->has_reward) {
        return 0;
    }
    const size_t models = rri_size_multiply(TRIED, n_floats_of(net));
    const size_t ring = rri_size_multiply(RRI_REWARD_ROWS, row_floats_of(net));
    return rri_size_add(rri_size_add(models, TRIED + COUNTS), ring);
}

void rri_reward_fit_layout(rri_trainer *trainer, rri_arena *arena)
{
    const rri_network *net = &trainer->model.network;
    rri_reward_fit *fit = &trainer->reward;
    *fit = (rri_reward_fit){0};
    trainer->d_query = NULL;
    trainer->d_items = NULL;
    if (!net->has_reward) {
        return;
    }
    if (net->is_dense) {
        trainer->d_items = RRI_TAKE(arena, float, rri_size_multiply(net->n_items, net->dim));
    } else {
        trainer->d_query = RRI_TAKE(arena, double, net->dim);
    }
    fit->n_floats = n_floats_of(net);
    fit->row_floats = row_floats_of(net);
    const size_t models = rri_size_multiply(TRIED, fit->n_floats);
    fit->n_state = rri_reward_fit_floats(net);
    fit->state = RRI_TAKE(arena, float, fit->n_state);
    if (fit->state != NULL) {
        fit->misses = fit->state + models;
        fit->counts = fit->misses + TRIED;
        fit->rows = fit->counts + COUNTS;
    }
    fit->states = RRI_TAKE(arena, float, rri_size_multiply(B, net->state_dim));
    fit->vectors = RRI_TAKE(arena, float, net->is_dense ? 0 : B * net->dim);
    fit->queries = RRI_TAKE(arena, float, net->is_dense ? 0 : B * net->dim);
    fit->features = RRI_TAKE(arena, float, rri_size_multiply(B, net->feature_dim));
    fit->items = RRI_TAKE(arena, int32_t, B);
    fit->rewards = RRI_TAKE(arena, float, B);
    fit->products = RRI_TAKE(arena, float, 3 * B * B);
    fit->kernel = RRI_TAKE(arena, double, B *B);
    fit->factor = RRI_TAKE(arena, double, B *B *TRIED);
    fit->errors = RRI_TAKE(arena, double, B *TRIED);
    fit->answers = RRI_TAKE(arena, double, B *TRIED);
}

size_t rri_reward_fit_scratch(const rri_network *net)
{
    const size_t of_vectors = net->is_dense ? 1 : net->dim;
    const size_t widest =
        rri_size_larger(net->state_dim, rri_size_larger(of_vectors, net->feature_dim));
    const size_t of_kernel = rri_gemm_scratch(net->kernels, B, B, widest);
    const size_t of_queries = rri_gemm_scratch(net->kernels, B, of_vectors, net->state_dim);
    const size_t of_move = rri_gemm_scratch(net->kernels, of_vectors, net->state_dim, B);
    return net->has_reward ? rri_size_larger(of_kernel, rri_size_larger(of_queries, of_move)) : 0;
}

/* ── one model: M and m [rows, S + 1], u and c [S + 1], w_r [f] ── */

static float *query_of(const rri_trainer *trainer, size_t tried)
{
    return trainer->reward.state + tried * trainer->reward.n_floats;
}

static float *user_of(const rri_trainer *trainer, size_t tried)
{
    const rri_network *net = &trainer->model.network;
    return query_of(trainer, tried) + n_rows_of(net) * (net->state_dim + 1);
}

static float *weights_of(const rri_trainer *trainer, size_t tried)
{
    return user_of(trainer, tried) + trainer->model.network.state_dim + 1;
}

/* (x, 1) · row of one row [S + 1]. */
static double affine(const rri_network *net, const float *row, const float *s)
{
    return (double)rri_dot(net->kernels, row, s, net->state_dim) + (double)row[net->state_dim];
}

/* One choice of a row, as the model sees it: v, or in the dense head the item, and f where there
 * are features. */
typedef struct choice {
    const float *vector, *features;
    int32_t item;
} choice;

/* v·(M s + m) + w_r·f: what tells items apart. */
static double part_of_item(const rri_trainer *trainer, size_t tried, const float *s,
                           const choice *of)
{
    const rri_network *net = &trainer->model.network;
    const size_t width = net->state_dim + 1;
    const float *query = query_of(trainer, tried);
    double sum = 0.0;
    if (net->is_dense) {
        sum = of->item >= 0 ? affine(net, query + (size_t)of->item * width, s) : 0.0;
    } else {
        for (size_t j = 0; j < net->dim; j++) {
            sum += (double)of->vector[j] * affine(net, query + j * width, s);
        }
    }
    return of->features != NULL ? sum + (double)rri_dot(net->kernels, weights_of(trainer, tried),
                                                        of->features, net->feature_dim)
                                : sum;
}

/* ── rows ── */

/* Earlier showings of the item at one position in the row's session. */
static int32_t count_of(const rri_menu *menu, size_t row, size_t position)
{
    const size_t at = rri_menu_row(menu, row);
    if (menu->k > 0 && menu->counts != NULL) {
        return menu->counts[at * menu->k + position];
    }
    const rri_entries history = rri_identity_history(menu, row);
    int32_t count = 0;
    for (size_t i = 0; i < history.n; i++) {
        count += rri_identity_is(menu, row, &history, i, position);
    }
    return count;
}

static choice choice_at(const rri_network *net, const rri_menu *menu, size_t row, size_t position)
{
    const size_t at = rri_menu_row(menu, row) * menu->k + position;
    choice of = {.item = rri_menu_item(menu, row, position)};
    if (!net->is_dense && of.item >= 0) {
        of.vector = net->catalogue.vectors + (size_t)of.item * net->dim;
    } else if (!net->is_dense) {
        const size_t own =
            rri_menu_row(menu, row) * rri_menu_vectors(menu) + rri_menu_own(menu, row, position);
        of.vector = menu->vectors + own * net->dim;
    }
    of.features = menu->features != NULL && net->feature_dim > 0
                      ? menu->features + at * net->feature_dim
                      : NULL;
    return of;
}

/* A state as the networks see it. */
static void see(float *s, const rri_trainer *trainer, const float *state)
{
    const rri_network *net = &trainer->model.network;
    const float *values = trainer->model.values;
    if (net->norm.state_means != RRI_ABSENT) {
        rri_standardise_forward(s, state, values + net->norm.state_means,
                                values + net->norm.state_inverses, 1, net->state_dim);
    } else {
        memcpy(s, state, net->state_dim * sizeof(float));
    }
}

/* Row `at` of the block ← a row of the rollout. */
static void take_row(rri_trainer *trainer, size_t at, const rri_rollout *rollout,
                     const rri_menu *menu, size_t row, float reward)
{
    const rri_network *net = &trainer->model.network;
    rri_reward_fit *fit = &trainer->reward;
    const choice of = choice_at(net, menu, row, (size_t)rollout->actions[row]);
    see(fit->states + at * net->state_dim, trainer, rollout->states + row * net->state_dim);
    fit->items[at] = of.item;
    fit->rewards[at] = reward;
    if (of.vector != NULL) {
        memcpy(fit->vectors + at * net->dim, of.vector, net->dim * sizeof(float));
    }
    if (of.features != NULL) {
        memcpy(fit->features + at * net->feature_dim, of.features,
               net->feature_dim * sizeof(float));
    }
}

/* Row `at` of the block to or from a place of the ring. */
static void copy_row(rri_trainer *trainer, size_t at, size_t place, bool is_kept)
{
    const rri_network *net = &trainer->model.network;
    rri_reward_fit *fit = &trainer->reward;
    const size_t S = net->state_dim, d = net->is_dense ? 1 : net->dim, f = net->feature_dim;
    float *row = fit->rows + place * fit->row_floats;
    float item = (float)fit->items[at]; /* exact below 2^24 */
    float *const parts[] = {fit->states + at * S, net->is_dense ? &item : fit->vectors + at * d,
                            fit->features + at * f, fit->rewards + at};
    const size_t widths[] = {S, d, f, 1};
    for (size_t p = 0; p < 4; p++) {
        memcpy(is_kept ? row : parts[p], is_kept ? parts[p] : row, widths[p] * sizeof(float));
        row += widths[p];
    }
    fit->items[at] = net->is_dense ? (int32_t)item : fit->items[at];
}

/* ── one block of n rows ── */

/* What its parts are weighed by, and the mean of K_ii. */
typedef struct block_sizes {
    double a, b, phi, diagonal;
} block_sizes;

static double mean_diagonal(const float *products, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += (double)products[i * n + i];
    }
    return sum / (double)n;
}

/* x xᵀ of x [n, width]. */
static void multiply(const rri_trainer *trainer, float *products, const float *x, size_t n,
                     size_t width)
{
    rri_gemm(trainer->model.kernels, products, n, rri_view_rows(x, width),
             rri_view_transposed(x, width), n, n, width, false, &trainer->stacks[0]);
}

static void compare_items(float *products, const int32_t *items, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k < n; k++) {
            products[i * n + k] = items[i] >= 0 && items[i] == items[k] ? 1.0f : 0.0f;
        }
    }
}

static block_sizes make_kernel(rri_trainer *trainer, size_t n)
{
    const rri_network *net = &trainer->model.network;
    rri_reward_fit *fit = &trainer->reward;
    float *of_states = fit->products, *of_items = of_states + B * B,
          *of_features = of_items + B * B;
    multiply(trainer, of_states, fit->states, n, net->state_dim);
    if (net->is_dense) {
        compare_items(of_items, fit->items, n);
    } else {
        multiply(trainer, of_items, fit->vectors, n, net->dim);
    }
    block_sizes sizes = {.a = mean_diagonal(of_states, n), .b = mean_diagonal(of_items, n)};
    if (net->feature_dim > 0) {
        multiply(trainer, of_features, fit->features, n, net->feature_dim);
        const double size = mean_diagonal(of_features, n);
        sizes.phi = size > 0.0 ? sizes.a * sizes.b / size : 0.0;
    }
    for (size_t i = 0; i < n; i++) {
        for (size_t k = 0; k <= i; k++) {
            const size_t at = i * n + k;
            fit->kernel[at] = ((double)of_states[at] + sizes.a) * ((double)of_items[at] + sizes.b);
            if (net->feature_dim > 0) {
                fit->kernel[at] += sizes.phi * (double)of_features[at];
            }
        }
        sizes.diagonal += fit->kernel[i * n + i] / (double)n;
    }
    return sizes;
}

/* queries ← M s + m of the block's rows under one model (two-tower). */
static void ask(rri_trainer *trainer, size_t tried, size_t n)
{
    const rri_network *net = &trainer->model.network;
    rri_reward_fit *fit = &trainer->reward;
    const size_t S = net->state_dim, d = net->dim, width = S + 1;
    const float *query = query_of(trainer, tried);
    rri_gemm(net->kernels, fit->queries, d, rri_view_rows(fit->states, S),
             rri_view_transposed(query, width), n, d, S, false, &trainer->stacks[0]);
    for (size_t i = 0; i < n; i++) {
        for (size_t j = 0; j < d; j++) {
            fit->queries[i * d + j] += query[j * width + S];
        }
    }
}

/* errors ← r − r̂ under one model; their mean square. */
static double judge(rri_trainer *trainer, size_t tried, size_t n)
{
    const rri_network *net = &trainer->model.network;
    rri_reward_fit *fit = &trainer->reward;
    const size_t S = net->state_dim, d = net->dim, f = net->feature_dim;
    double sum = 0.0;
    if (!net->is_dense) {
        ask(trainer, tried, n);
    }
    for (size_t i = 0; i < n; i++) {
        const float *s = fit->states + i * S;
        double guess = affine(net, user_of(trainer, tried), s);
        if (!net->is_dense) {
            guess += (double)rri_dot(net->kernels, fit->queries + i * d, fit->vectors + i * d, d);
        } else if (fit->items[i] >= 0) {
            const float *query = query_of(trainer, tried);
            guess += affine(net, query + (size_t)fit->items[i] * (S + 1), s);
        }
        if (f > 0) {
            guess +=
                (double)rri_dot(net->kernels, weights_of(trainer, tried), fit->features + i * f, f);
        }
        const double error = (double)fit->rewards[i] - guess;
        fit->errors[i * TRIED + tried] = error;
        sum += error * error;
    }
    return sum / (double)n;
}

/* (K + λ I) y = e for each λ by Cholesky: K + λ I = L Lᵀ. Those that are tried lie in lanes. */
static void solve(rri_reward_fit *fit, const double lambda[TRIED], size_t n)
{
    double *y = fit->answers;
    for (size_t i = 0; i < n; i++) {
        double *row = fit->factor + i * B * TRIED;
        for (size_t k = 0; k <= i; k++) {
            const double *other = fit->factor + k * B * TRIED;
            double sum[TRIED];
            for (size_t t = 0; t < TRIED; t++) {
                sum[t] = fit->kernel[i * n + k] + (k == i ? lambda[t] : 0.0);
            }
            for (size_t l = 0; l < k * TRIED; l += TRIED) {
                for (size_t t = 0; t < TRIED; t++) {
                    sum[t] -= row[l + t] * other[l + t];
                }
            }
            for (size_t t = 0; t < TRIED; t++) {
                row[k * TRIED + t] = k == i ? sqrt(fmax(sum[t], 0x1p-10 * lambda[t]))
                                            : sum[t] / other[k * TRIED + t];
            }
        }
        for (size_t t = 0; t < TRIED; t++) {
            double sum = fit->errors[i * TRIED + t];
            for (size_t l = 0; l < i; l++) {
                sum -= row[l * TRIED + t] * y[l * TRIED + t];
            }
            y[i * TRIED + t] = sum / row[i * TRIED + t];
        }
    }
    for (size_t i = n; i-- > 0;) {
        const double *row = fit->factor + i * B * TRIED;
        for (size_t t = 0; t < TRIED; t++) {
            y[i * TRIED + t] /= row[i * TRIED + t];
            for (size_t k = 0; k < i; k++) {
                y[k * TRIED + t] -= row[k * TRIED + t] * y[i * TRIED + t];
            }
        }
    }
}

static bool is_answered(const rri_reward_fit *fit, size_t tried, size_t n)
{
    bool is_finite = true;
    for (size_t i = 0; i < n; i++) {
        is_finite = is_finite && fabs(fit->answers[i * TRIED + tried]) <= (double)FLT_MAX;
    }
    return is_finite;
}

/* Adds the answers' shares to one model. */
static void move(rri_trainer *trainer, size_t tried, const block_sizes *sizes, size_t n)
{
    const rri_network *net = &trainer->model.network;
    const rri_reward_fit *fit = &trainer->reward;
    const size_t S = net->state_dim, d = net->dim, width = S + 1;
    float *query = query_of(trainer, tried), *user = user_of(trainer, tried);
    for (size_t i = 0; i < n; i++) {
        const float *s = fit->states + i * S;
        const double y = fit->answers[i * TRIED + tried];
        for (size_t j = 0; !net->is_dense && j < d; j++) {
            const double share = y * (double)fit->vectors[i * d + j];
            fit->queries[i * d + j] = (float)share;
            query[j * width + S] += (float)(sizes->a * share);
        }
        if (net->is_dense && fit->items[i] >= 0) {
            float *row = query + (size_t)fit->items[i] * width;
            rri_vec_axpy(net->kernels, row, (float)y, s, S);
            row[S] += (float)(sizes->a * y);
        }
        rri_vec_axpy(net->kernels, user, (float)(sizes->b * y), s, S);
        user[S] += (float)(sizes->a * sizes->b * y);
        if (net->feature_dim > 0) {
            rri_vec_axpy(net->kernels, weights_of(trainer, tried), (float)(sizes->phi * y),
                         fit->features + i * net->feature_dim, net->feature_dim);
        }
    }
    if (!net->is_dense) {
        rri_gemm(net->kernels, query, width, rri_view_transposed(fit->queries, d),
                 rri_view_rows(fit->states, S), d, S, n, true, &trainer->stacks[0]);
    }
}

static double noise_of(const rri_reward_fit *fit, size_t tried)
{
    const double grown = 1.0 + (double)fit->counts[SEEN] / NOISE_ROWS;
    return NOISE[tried] * (tried + 1 < TRIED ? 1.0 : fmin(grown, MOST_NOISE));
}

static void fold_block(rri_trainer *trainer, size_t n, bool is_new)
{
    rri_reward_fit *fit = &trainer->reward;
    const block_sizes sizes = make_kernel(trainer, n);
    if (!(sizes.diagonal > 0.0) || !isfinite(sizes.diagonal)) {
        return;
    }
    const float share = (float)n / (fminf(fit->counts[SEEN], ERROR_ROWS) + (float)n);
    double lambda[TRIED];
    for (size_t tried = 0; tried < TRIED; tried++) {
        const double miss = judge(trainer, tried, n);
        if (is_new) {
            fit->misses[tried] += share * ((float)miss - fit->misses[tried]);
        }
        lambda[tried] = noise_of(fit, tried) * sizes.diagonal;
    }
    solve(fit, lambda, n);
    for (size_t tried = 0; tried < TRIED; tried++) {
        if (is_answered(fit, tried, n)) {
            move(trainer, tried, &sizes, n);
        }
    }
    if (is_new && fit->counts[SEEN] < 0x1p23f) {
        fit->counts[SEEN] += (float)n;
    }
}

/* The block's rows into the ring, over the oldest. */
static void keep_block(rri_trainer *trainer, size_t n)
{
    float *counts = trainer->reward.counts;
    for (size_t i = 0; i < n; i++) {
        const size_t place = (size_t)counts[NEXT];
        copy_row(trainer, i, place, true);
        counts[NEXT] = (float)((place + 1) % RRI_REWARD_ROWS);
        counts[HELD] = fminf(counts[HELD] + 1.0f, (float)RRI_REWARD_ROWS);
    }
}

/* First showings among the first n trained places, block by block. Returns how many. */
static size_t fold_new(rri_trainer *trainer, const rri_rollout *rollout, const rri_menu *menu,
                       size_t n)
{
    const rri_update_rows *update = &trainer->update;
    size_t n_held = 0, n_new = 0;
    for (size_t i = 0; i < n; i++) {
        const size_t place = (size_t)update->trained[i], row = (size_t)update->order[place];
        if (count_of(menu, row, (size_t)rollout->actions[row]) == 0) {
            take_row(trainer, n_held++, rollout, menu, row, update->rewards[place]);
            n_new++;
        }
        if (n_held == B || (i + 1 == n && n_held > 0)) {
            fold_block(trainer, n_held, true);
            keep_block(trainer, n_held);
            n_held = 0;
        }
    }
    return n_new;
}

/* n rows of the ring once more, from where the last time ended. */
static void fold_again(rri_trainer *trainer, size_t n)
{
    float *counts = trainer->reward.counts;
    const size_t held = (size_t)counts[HELD];
    for (size_t done = 0; held > 0 && done < n;) {
        const size_t size = rri_size_smaller(rri_size_smaller(B, held), n - done);
        for (size_t i = 0; i < size; i++) {
            const size_t place = (size_t)counts[AGAIN_AT];
            copy_row(trainer, i, place, false);
            counts[AGAIN_AT] = (float)((place + 1) % held);
        }
        fold_block(trainer, size, false);
        done += size;
    }
}

/* ── what is used ── */

/* The deviation of r̂ over a row's list, from two of its positions each. */
static double spread_of(rri_trainer *trainer, size_t tried, const rri_rollout *rollout,
                        const rri_menu *menu, size_t n)
{
    const rri_network *net = &trainer->model.network;
    float *s = trainer->reward.states;
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        const size_t row = (size_t)trainer->update.order[trainer->update.trained[i]];
        const size_t length = rri_menu_length(menu, net->n_items, row);
        const size_t apart = length > 1 ? 1 + i / length % (length - 1) : 0;
        const choice one = choice_at(net, menu, row, i % length);
        const choice other = choice_at(net, menu, row, (i + apart) % length);
        see(s, trainer, rollout->states + row * net->state_dim);
        const double difference =
            part_of_item(trainer, tried, s, &one) - part_of_item(trainer, tried, s, &other);
        sum += 0.5 * difference * difference;
    }
    return sqrt(sum / (double)n);
}

/* The share of a model's numbers that the rows seen could have told. Of items that were hardly
 * shown the dense head's model knows nothing, and errors on those that are shown do not say so. */
static double share_known(const rri_trainer *trainer)
{
    const rri_network *net = &trainer->model.network;
    const double n_numbers = (double)n_rows_of(net) * (double)(net->state_dim + 1);
    return fmin(1.0, (double)trainer->reward.counts[SEEN] / n_numbers);
}

/* Writes a model in units of logits; one that is too large for floats is begun anew. */
static void use(rri_trainer *trainer, size_t tried, double spread)
{
    rri_network *net = &trainer->model.network;
    rri_reward_fit *fit = &trainer->reward;
    const double error = sqrt((double)fit->misses[tried]);
    const double skill = error > 0.0 ? spread / error : DBL_MAX;
    const double nats = fmin(NATS_PER_SKILL * skill, MOST_NATS) * share_known(trainer);
    const double gain =
        nats / spread / (net->is_dense ? 1.0 : (double)trainer->model.config.initial_scale);
    float *query = trainer->model.values + net->reward.query;
    float *features = net->feature_dim > 0 ? trainer->model.values + net->reward.features : NULL;
    const size_t n_query = n_rows_of(net) * (net->state_dim + 1);
    const bool is_usable = spread > 0.0 && isfinite(spread) && isfinite(gain);
    for (size_t k = 0; is_usable && k < n_query; k++) {
        query[k] = (float)(gain * (double)query_of(trainer, tried)[k]);
    }
    for (size_t k = 0; is_usable && k < net->feature_dim; k++) {
        features[k] = (float)(gain * (double)weights_of(trainer, tried)[k]);
    }
}

static void begin_anew(rri_trainer *trainer)
{
    rri_reward_fit *fit = &trainer->reward;
    for (size_t tried = 0; tried < TRIED; tried++) {
        float *model = query_of(trainer, tried);
        if (!rri_all_finite(trainer->model.kernels, model, fit->n_floats)) {
            memset(model, 0, fit->n_floats * sizeof(float));
        }
        fit->misses[tried] = isfinite(fit->misses[tried]) ? fit->misses[tried] : FLT_MAX;
    }
}

void rri_reward_fit_rows(rri_trainer *trainer, const rri_rollout *rollout, size_t n)
{
    if (!trainer->model.network.has_reward || n == 0) {
        return;
    }
    rri_menu menu = rri_gradient_menu(rollout, NULL, rollout->n_rows);
    rri_gradient_set_pool(&menu, rollout, trainer);
    fold_again(trainer, AGAIN * fold_new(trainer, rollout, &menu, n));
    begin_anew(trainer);
    const float *misses = trainer->reward.misses;
    size_t best = 0;
    for (size_t tried = 1; tried < TRIED; tried++) {
        best = misses[tried] < misses[best] ? tried : best;
    }
    use(trainer, best, spread_of(trainer, best, rollout, &menu, n));
    rri_model_pack_from(&trainer->model, trainer->model.values);
}

void rri_reward_fit_forget_rows(rri_trainer *trainer)
{
    rri_reward_fit *fit = &trainer->reward;
    fit->counts[HELD] = fit->counts[NEXT] = fit->counts[AGAIN_AT] = 0.0f;
    memset(fit->rows, 0, RRI_REWARD_ROWS * fit->row_floats * sizeof(float));
}

/* Errors are not negative, counts are whole and lie where they can, items are in the catalogue. */
static rr_status check_numbers(const unsigned char *state, const rri_trainer *trainer,
                               rr_error *err)
{
    const rri_reward_fit *fit = &trainer->reward;
    const size_t first = (size_t)(fit->misses - fit->state);
    const float most[TRIED + COUNTS] = {FLT_MAX,
                                        FLT_MAX,
                                        FLT_MAX,
                                        FLT_MAX,
                                        0x1p24f,
                                        RRI_REWARD_ROWS,
                                        RRI_REWARD_ROWS - 1,
                                        RRI_REWARD_ROWS - 1};
    for (size_t i = 0; i < TRIED + COUNTS; i++) {
        float value;
        memcpy(&value, state + (first + i) * sizeof value, sizeof value);
        const bool is_whole = i < TRIED || value == floorf(value);
        if (!(value >= 0.0f && value <= most[i]) || !is_whole) {
            RRI_FAIL(err, RR_E_FORMAT,
                     "checkpoint: agent.reward_fit[%zu] is %g; it must be %s in [0, %g]", first + i,
                     (double)value, i < TRIED ? "a number" : "whole and", (double)most[i]);
        }
    }
    return RR_OK;
}

static rr_status check_items(const unsigned char *state, const rri_trainer *trainer, rr_error *err)
{
    const rri_network *net = &trainer->model.network;
    const rri_reward_fit *fit = &trainer->reward;
    const size_t first = (size_t)(fit->rows - fit->state) + net->state_dim;
    for (size_t row = 0; net->is_dense && row < RRI_REWARD_ROWS; row++) {
        float item;
        memcpy(&item, state + (first + row * fit->row_floats) * sizeof item, sizeof item);
        if (!(item >= -1.0f && item < (float)net->n_items) || item != floorf(item)) {
            RRI_FAIL(
                err, RR_E_FORMAT,
                "checkpoint: agent.reward_fit[%zu] is %g; it must be -1 or one of the %zu items",
                first + row * fit->row_floats, (double)item, net->n_items);
        }
    }
    return RR_OK;
}

rr_status rri_reward_fit_check(const unsigned char *state, const rri_trainer *trainer,
                               rr_error *err)
{
    for (size_t i = 0; i < trainer->reward.n_state; i++) {
        float value;
        memcpy(&value, state + i * sizeof value, sizeof value);
        if (!isfinite(value)) {
            RRI_FAIL(err, RR_E_FORMAT, "checkpoint: agent.reward_fit[%zu] is %g; it must be finite",
                     i, (double)value);
        }
    }
    RRI_TRY(check_numbers(state, trainer, err));
    return check_items(state, trainer, err);
}
