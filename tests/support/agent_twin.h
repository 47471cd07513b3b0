/* SPDX-License-Identifier: MIT */
/* agent_twin.h: the whole agent spelt a second time, plainly and in double, from the names of its
 * tensors and maths §2, §3, §5 and §6: networks, distribution, loss of a minibatch. It shares no
 * arithmetic with lib/, and its parameters may be moved, so that the loss can be differentiated by
 * differences. */
#ifndef TESTS_AGENT_AGENT_TWIN_H
#define TESTS_AGENT_AGENT_TWIN_H

#include <stdio.h>

#include "agent_fixture.h"

#define TWIN_WIDEST  96 /* of a layer */
#define TWIN_DEEPEST 8  /* layers of a network */

typedef struct twin_rows {
    size_t n;
    const float *states; /* [n, S] */
    rri_menu menu;
    const float *history_rewards; /* [n, h of the menu]; read with a fold-in */
    const int32_t *actions;
    const float *old_log_probs, *old_values, *returns, *advantages;
} twin_rows;

/* y = W x + b of one layer; W is NULL where there is none, b where it has none. */
typedef struct twin_map {
    const double *W, *b;
    size_t n_in, n_out;
} twin_map;

typedef struct twin_layers {
    size_t n;
    twin_map maps[TWIN_DEEPEST];
} twin_layers;

typedef struct twin {
    const rr_agent *agent; /* shapes, names and configs */
    const float *pool;     /* [N, d] or NULL */
    const float *own;      /* [N, f] the items' own features, or NULL */
    size_t n_items;
    double *theta;          /* [n_floats] */
    struct twin *reference; /* a policy to stay near; NULL: none */
    twin_rows rows;
    /* In theta, by name; NULL where the agent has none. */
    const double *means, *inverses, *scale, *shift;                /* state.… and critic.… */
    const double *log_scale, *items, *item_bias, *repeat_weight;   /* actor.… */
    const double *feature_weights, *feature_query, *reward_weight; /* actor.… */
    const double *reward_query, *reward_features;                  /* reward.… */
    const double *fold_mean, *fold_covariance, *fold_variance;     /* fold_in.… */
    const double *error_weight;                                    /* actor.error_weight */
    double *folded, *covariances; /* [n, d], [n, d, d] with a fold-in; twin_fold_rows */
    twin_layers critic, actor;                                     /* critic.…, actor.mlp.… */
    twin_map skip;                                                 /* actor.skip */
    /* actor.candidate.…, of which the first layer takes three inputs and query has T and u. */
    twin_map candidate_features, candidate_vectors, candidate_states, candidate_query;
    twin_layers candidate, tower; /* actor.tower */
} twin;

/* What the loss is made of, as means. */
typedef struct twin_terms {
    double loss, policy_loss, value_loss, entropy, approx_kl, clip_fraction, reference_kl;
} twin_terms;

/* A tensor of the twin by name, NULL where there is none. */
static inline const double *twin_tensor(const twin *t, const char *name)
{
    const rri_param *param = rri_params_find(&t->agent->trainer.model.network.params, name);
    return param != NULL ? t->theta + param->offset : NULL;
}

static inline twin_map twin_map_named(const twin *t, const char *name)
{
    char full[96];
    snprintf(full, sizeof full, "%s.weight", name);
    const rri_param *W = rri_params_find(&t->agent->trainer.model.network.params, full);
    if (W == NULL) {
        return (twin_map){0};
    }
    snprintf(full, sizeof full, "%s.bias", name);
    return (twin_map){.W = t->theta + W->offset,
                      .b = twin_tensor(t, full),
                      .n_in = W->shape[1],
                      .n_out = W->shape[0]};
}

/* The layers "prefix.first", … as far as there are any. */
static inline twin_layers twin_layers_named(const twin *t, const char *prefix, int first)
{
    twin_layers layers = {0};
    for (;; layers.n++) {
        char name[64];
        snprintf(name, sizeof name, "%s.%d", prefix, first + (int)layers.n);
        const twin_map map = twin_map_named(t, name);
        if (map.W == NULL) {
            return layers;
        }
        ck_assert_uint_lt(layers.n, TWIN_DEEPEST);
        layers.maps[layers.n] = map;
    }
}

/* Looks up by name, once, what is read often. */
static inline void twin_find_tensors(twin *t)
{
    t->means = twin_tensor(t, "state.means");
    t->inverses = twin_tensor(t, "state.inverses");
    t->scale = twin_tensor(t, "critic.scale");
    t->shift = twin_tensor(t, "critic.shift");
    t->log_scale = twin_tensor(t, "actor.log_scale");
    t->items = twin_tensor(t, "actor.items");
    t->item_bias = twin_tensor(t, "actor.item_bias");
    t->repeat_weight = twin_tensor(t, "actor.repeat_weight");
    t->feature_weights = twin_tensor(t, "actor.feature_weights");
    t->feature_query = twin_tensor(t, "actor.feature_query.weight");
    t->reward_weight = twin_tensor(t, "actor.reward_weight");
    t->reward_query = twin_tensor(t, "reward.query");
    t->reward_features = twin_tensor(t, "reward.features");
    t->fold_mean = twin_tensor(t, "fold_in.mean");
    t->fold_covariance = twin_tensor(t, "fold_in.covariance");
    t->fold_variance = twin_tensor(t, "fold_in.variance");
    t->error_weight = twin_tensor(t, "actor.error_weight");
    t->critic = twin_layers_named(t, "critic", 0);
    t->actor = twin_layers_named(t, "actor.mlp", 0);
    t->skip = twin_map_named(t, "actor.skip");
    t->candidate_features = twin_map_named(t, "actor.candidate.features");
    t->candidate_vectors = twin_map_named(t, "actor.candidate.vectors");
    t->candidate_states = twin_map_named(t, "actor.candidate.states");
    t->candidate_query = twin_map_named(t, "actor.candidate.query");
    t->candidate = twin_layers_named(t, "actor.candidate", 1);
    t->tower = twin_layers_named(t, "actor.tower", 0);
}

static inline void twin_open(twin *t, const rig *r)
{
    const rr_agent *agent = r->agent;
    *t = (twin){.agent = agent};
    t->pool =
        agent->trainer.model.items != NULL ? rri_items_vectors(agent->trainer.model.items) : NULL;
    t->own =
        agent->trainer.model.items != NULL ? rri_items_features(agent->trainer.model.items) : NULL;
    t->n_items = agent->trainer.model.network.n_items;
    t->theta = malloc(agent->trainer.model.network.params.n_floats * sizeof(double));
    for (size_t i = 0; i < agent->trainer.model.network.params.n_floats; i++) {
        t->theta[i] = (double)agent->trainer.model.values[i];
    }
    twin_find_tensors(t);
}

/* Takes theta, of a policy of the same shape. */
static inline void twin_stay_near(twin *t, double *theta)
{
    t->reference = malloc(sizeof *t->reference);
    *t->reference = *t;
    t->reference->theta = theta;
    twin_find_tensors(t->reference);
}

static inline void twin_close(twin *t)
{
    free(t->theta);
    free(t->folded);
    free(t->covariances);
    if (t->reference != NULL) {
        free(t->reference->theta);
    }
    free(t->reference);
}

/* What the networks see of a state: itself, or clip((s − mean) · inverse, ±10). */
static inline double twin_input(const twin *t, const float *state, size_t i)
{
    const double x = (double)state[i];
    return t->means == NULL ? x : fmin(fmax((x - t->means[i]) * t->inverses[i], -10.0), 10.0);
}

static inline double twin_activate(const twin *t, double x)
{
    return t->agent->trainer.model.config.activation == RR_ACTIVATION_RELU ? (x > 0.0 ? x : 0.0)
                                                                           : tanh(x);
}

/* W x + b, added to y. */
static inline void twin_add_map(double *y, const twin_map *map, const double *x)
{
    for (size_t o = 0; o < map->n_out; o++) {
        y[o] += map->b != NULL ? map->b[o] : 0.0;
        for (size_t i = 0; i < map->n_in; i++) {
            y[o] += map->W[o * map->n_in + i] * x[i];
        }
    }
}

/* û [d] and P [d, d] of a row, by conditioning on one showing after the other: P ← P − P x xᵀ P /
 * (σ² + xᵀ P x). Nothing that learns enters. */
static inline void twin_fold_row(double *mean, double *P, const twin *t, size_t row)
{
    const size_t d = (size_t)t->agent->trainer.model.config.item_dim, h = t->rows.menu.h;
    const double rho = (double)t->agent->trainer.model.config.fold_in_decay;
    double x[TWIN_WIDEST], g[TWIN_WIDEST];
    memcpy(mean, t->fold_mean, d * sizeof *mean);
    memcpy(P, t->fold_covariance, d * d * sizeof *P);
    for (size_t at = 0; at < h; at++) {
        const int32_t *items = t->rows.menu.history + row * h;
        const double r = (double)t->rows.history_rewards[row * h + at];
        double power = 1.0, e = *t->fold_variance, miss = r;
        for (size_t earlier = 0; earlier < at && r >= 0.0; earlier++) {
            power *= items[earlier] == items[at] ? rho : 1.0;
        }
        for (size_t i = 0; items[at] >= 0 && i < d; i++) {
            x[i] = power * (double)t->pool[(size_t)items[at] * d + i];
            miss -= x[i] * mean[i];
        }
        for (size_t i = 0; items[at] >= 0 && i < d; i++) {
            g[i] = 0.0;
            for (size_t j = 0; j < d; j++) {
                g[i] += P[i * d + j] * x[j];
            }
            e += x[i] * g[i];
        }
        for (size_t i = 0; items[at] >= 0 && i < d; i++) {
            mean[i] += g[i] * miss / e;
            for (size_t j = 0; j < d; j++) {
                P[i * d + j] -= g[i] * g[j] / e;
            }
        }
    }
}

/* û and P of all rows, once they are set. */
static inline void twin_fold_rows(twin *t)
{
    const size_t d = (size_t)t->agent->trainer.model.config.item_dim, n = t->rows.n;
    t->folded = malloc(n * d * sizeof(double));
    t->covariances = malloc(n * d * d * sizeof(double));
    for (size_t row = 0; row < n; row++) {
        twin_fold_row(t->folded + row * d, t->covariances + row * d * d, t, row);
    }
}

/* û [d] of the row that a state is of. */
static inline const double *twin_folded(const twin *t, const float *state)
{
    const size_t S = (size_t)t->agent->trainer.model.config.state_dim;
    const size_t d = (size_t)t->agent->trainer.model.config.item_dim;
    return t->folded + (size_t)(state - t->rows.states) / S * d;
}

/* √(vᵀ P v) of a row. */
static inline double twin_standard_error(const twin *t, size_t row, const double *v)
{
    const size_t d = (size_t)t->agent->trainer.model.config.item_dim;
    const double *P = t->covariances + row * d * d;
    double square = 0.0;
    for (size_t i = 0; i < d * d; i++) {
        square += v[i / d] * P[i] * v[i % d];
    }
    return sqrt(square);
}

/* β of a row that was shown n items: β_0 + β_1 − 10 β_1/(n + 10). */
static inline double twin_optimism(const twin *t, size_t row)
{
    int n = 0;
    for (size_t at = 0; at < t->rows.menu.h; at++) {
        n += t->rows.menu.history[row * t->rows.menu.h + at] >= 0;
    }
    return t->error_weight[0] + t->error_weight[1] * (1.0 - 10.0 / (n + 10));
}

static inline bool twin_has_fold(const twin *t)
{
    return t->fold_mean != NULL;
}

/* y = MLP(x); returns its width, 0 where there is none. The critic also reads û. */
static inline size_t twin_mlp(double y[TWIN_WIDEST], const twin *t, const twin_layers *layers,
                              const float *x, bool activates_last)
{
    for (size_t i = 0; i < (size_t)t->agent->trainer.model.config.state_dim; i++) {
        y[i] = twin_input(t, x, i);
    }
    if (twin_has_fold(t) && layers == &t->critic) {
        memcpy(y + t->agent->trainer.model.config.state_dim, twin_folded(t, x),
               (size_t)t->agent->trainer.model.config.item_dim * sizeof *y);
    }
    for (size_t layer = 0; layer < layers->n; layer++) {
        const twin_map *map = &layers->maps[layer];
        double next[TWIN_WIDEST] = {0};
        twin_add_map(next, map, y);
        const bool is_activated = layer + 1 < layers->n || activates_last;
        for (size_t o = 0; o < map->n_out; o++) {
            y[o] = is_activated ? twin_activate(t, next[o]) : next[o];
        }
    }
    return layers->n > 0 ? layers->maps[layers->n - 1].n_out : 0;
}

/* The deviation of returns, the unit that the critic's loss is in. */
static inline double twin_scale(const twin *t)
{
    return t->scale != NULL ? *t->scale : 1.0;
}

/* In the unit of rewards. */
static inline double twin_value(const twin *t, const float *state)
{
    double y[TWIN_WIDEST];
    ck_assert_uint_eq(twin_mlp(y, t, &t->critic, state, false), 1);
    return y[0] * twin_scale(t) + (t->shift != NULL ? *t->shift : 0.0);
}

/* q(s); returns its width. */
static inline size_t twin_query(double q[TWIN_WIDEST], const twin *t, const float *state)
{
    const bool is_dense = t->agent->trainer.model.config.head == RR_HEAD_DENSE;
    size_t width = twin_mlp(q, t, &t->actor, state, is_dense);
    for (size_t o = 0; !is_dense && o < width; o++) {
        q[o] *= (double)t->agent->trainer.model.config.mlp_scale;
    }
    const double *folded = twin_has_fold(t) ? twin_folded(t, state) : NULL;
    const twin_map *skip = &t->skip;
    while (skip->W == NULL && folded != NULL &&
           width < (size_t)t->agent->trainer.model.config.item_dim) {
        q[width++] = 0.0; /* û alone */
    }
    for (size_t o = 0; skip->W == NULL && folded != NULL && o < width; o++) {
        q[o] += folded[o];
    }
    if (skip->W == NULL) {
        return width;
    }
    for (size_t o = 0; o < skip->n_out; o++) {
        double sum = 0.0;
        for (size_t i = 0; i < skip->n_in; i++) {
            sum += skip->W[o * skip->n_in + i] * twin_input(t, state, i);
        }
        q[o] = (width > 0 ? q[o] : 0.0) + sum + (folded != NULL ? folded[o] : 0.0);
    }
    return skip->n_out;
}

static inline size_t twin_width(const twin *t)
{
    return t->rows.menu.k > 0 ? t->rows.menu.k : t->n_items;
}

static inline int32_t twin_item(const twin *t, size_t row, size_t position)
{
    const rri_menu *menu = &t->rows.menu;
    if (menu->k == 0) {
        return (int32_t)position;
    }
    return menu->candidates != NULL ? menu->candidates[row * menu->k + position] : -1;
}

static inline bool twin_is_allowed(const twin *t, size_t row, size_t position)
{
    const rri_menu *menu = &t->rows.menu;
    const int32_t item = twin_item(t, row, position);
    for (size_t i = 0; menu->excluded != NULL && i < menu->m; i++) {
        if (item >= 0 && menu->excluded[row * menu->m + i] == item) {
            return false;
        }
    }
    return menu->k == 0 || menu->lengths == NULL || (int32_t)position < menu->lengths[row];
}

static inline double twin_count(const twin *t, size_t row, size_t position)
{
    const rri_menu *menu = &t->rows.menu;
    if (menu->k > 0 && menu->counts != NULL) {
        return menu->counts[row * menu->k + position];
    }
    const int32_t item = twin_item(t, row, position);
    double count = 0.0;
    for (size_t i = 0; menu->history != NULL && item >= 0 && i < menu->h; i++) {
        count += menu->history[row * menu->h + i] == item ? 1.0 : 0.0;
    }
    return count;
}

/* Weight of one feature in a row: w, or w + F s. */
static inline double twin_feature_weight(const twin *t, size_t row, size_t feature)
{
    const double *F = t->feature_query;
    const size_t S = (size_t)t->agent->trainer.model.config.state_dim;
    double sum = t->feature_weights[feature];
    for (size_t i = 0; F != NULL && i < S; i++) {
        sum += F[feature * S + i] * twin_input(t, t->rows.states + row * S, i);
    }
    return sum;
}

/* r̂ of one position, as far as it tells items apart: v·(M s + m) + w_r·f, dense M_i·s + m_i +
 * w_r·f; 0 without a reward model. */
static inline double twin_reward(const twin *t, size_t row, size_t position)
{
    const rri_menu *menu = &t->rows.menu;
    const int32_t item = twin_item(t, row, position);
    const size_t at = row * menu->k + position,
                 S = (size_t)t->agent->trainer.model.config.state_dim;
    const double *model = t->reward_query, *w = t->reward_features;
    const bool is_dense = t->agent->trainer.model.config.head == RR_HEAD_DENSE;
    const size_t d = (size_t)t->agent->trainer.model.config.item_dim;
    double sum = 0.0;
    for (size_t j = is_dense ? (size_t)item : 0;
         model != NULL && j < (is_dense ? (size_t)item + 1 : d); j++) {
        double guess = model[j * (S + 1) + S];
        for (size_t i = 0; i < S; i++) {
            guess += model[j * (S + 1) + i] * twin_input(t, t->rows.states + row * S, i);
        }
        sum += guess * (is_dense           ? 1.0
                        : item < 0         ? (double)menu->vectors[at * d + j]
                        : t->items != NULL ? t->items[(size_t)item * d + j]
                                           : (double)t->pool[(size_t)item * d + j]);
    }
    for (size_t i = 0; w != NULL && i < menu->feature_dim; i++) {
        sum += w[i] * (double)menu->features[at * menu->feature_dim + i];
    }
    return sum;
}

/* τ q·t + y of one candidate, with t and y outputs of a last layer as maths §2 has them; 0 without
 * the network. */
static inline double twin_candidate(const twin *t, const double *tau_q, const double *v, size_t d,
                                    size_t row, size_t at)
{
    const twin_map *T = &t->candidate_query;
    if (T->W == NULL) {
        return 0.0;
    }
    const size_t S = (size_t)t->agent->trainer.model.config.state_dim;
    const size_t f = t->rows.menu.feature_dim;
    double s[TWIN_WIDEST], features[TWIN_WIDEST], h[TWIN_WIDEST] = {0};
    for (size_t i = 0; i < S; i++) {
        s[i] = twin_input(t, t->rows.states + row * S, i);
    }
    for (size_t i = 0; i < f; i++) {
        features[i] = (double)t->rows.menu.features[at * f + i];
    }
    twin_add_map(h, &t->candidate_features, features);
    twin_add_map(h, &t->candidate_vectors, v);
    twin_add_map(h, &t->candidate_states, s);
    for (size_t i = 0; i < t->candidate_states.n_out; i++) {
        h[i] = twin_activate(t, h[i]);
    }
    for (size_t layer = 0; layer < t->candidate.n; layer++) {
        const twin_map *map = &t->candidate.maps[layer];
        double next[TWIN_WIDEST] = {0};
        twin_add_map(next, map, h);
        for (size_t i = 0; i < map->n_out; i++) {
            h[i] = twin_activate(t, next[i]);
        }
    }
    double z = 0.0;
    for (size_t o = 0; o < d; o++) { /* t_o = Σ_j T[j, o] h_j */
        for (size_t j = 0; j < T->n_out; j++) {
            z += tau_q[o] * T->W[j * d + o] * h[j];
        }
    }
    for (size_t j = 0; j < T->n_out; j++) {
        z += T->b[j] * h[j];
    }
    return z;
}

/* v [d] += c T(g) of an item, where there is a tower. */
static inline void twin_add_tower(double *v, const twin *t, size_t item, size_t d)
{
    const size_t f = (size_t)t->agent->trainer.model.config.item_feature_dim;
    double h[TWIN_WIDEST];
    for (size_t i = 0; i < f; i++) {
        h[i] = (double)t->own[item * f + i];
    }
    for (size_t layer = 0; layer < t->tower.n; layer++) {
        const twin_map *map = &t->tower.maps[layer];
        const bool is_last = layer + 1 == t->tower.n;
        double next[TWIN_WIDEST] = {0};
        twin_add_map(next, map, h);
        for (size_t i = 0; i < map->n_out; i++) {
            h[i] = is_last ? next[i] : twin_activate(t, next[i]);
        }
    }
    ck_assert_uint_eq(t->tower.n > 0, f > 0);
    for (size_t i = 0; t->tower.n > 0 && i < d; i++) {
        v[i] += (double)t->agent->trainer.model.config.tower_scale * h[i];
    }
}

/* z = τ q·(v + t) + y + (w + F s)·f + b − κ count + τ α r̂ of one position. */
static inline double twin_logit(const twin *t, const double *q, size_t d, size_t row,
                                size_t position)
{
    const rri_menu *menu = &t->rows.menu;
    const int32_t item = twin_item(t, row, position);
    const size_t at = row * menu->k + position;
    const double scale = t->log_scale != NULL ? exp(*t->log_scale) : 1.0;
    double dot = 0.0, v[TWIN_WIDEST], tau_q[TWIN_WIDEST];
    for (size_t i = 0; i < d; i++) {
        v[i] = item < 0           ? (double)menu->vectors[at * d + i]
               : t->items != NULL ? t->items[(size_t)item * d + i]
                                  : (double)t->pool[(size_t)item * d + i];
        tau_q[i] = scale * q[i];
    }
    if (item >= 0) {
        twin_add_tower(v, t, (size_t)item, d);
    }
    for (size_t i = 0; i < d; i++) {
        dot += q[i] * v[i];
    }
    double z = scale * dot + twin_candidate(t, tau_q, v, d, row, at);
    for (size_t i = 0; menu->features != NULL && i < menu->feature_dim; i++) {
        z += twin_feature_weight(t, row, i) * (double)menu->features[at * menu->feature_dim + i];
    }
    z += t->item_bias != NULL && item >= 0 ? t->item_bias[item] : 0.0;
    if (twin_has_fold(t)) {
        z += scale * twin_optimism(t, row) * twin_standard_error(t, row, v);
    }
    z += t->reward_weight != NULL ? scale * *t->reward_weight * twin_reward(t, row, position) : 0.0;
    return z - (t->repeat_weight != NULL ? *t->repeat_weight * twin_count(t, row, position) : 0.0);
}

/* log p [width] of a row, −∞ where it may not be chosen; returns H. */
static inline double twin_log_probs(double *log_p, const twin *t, size_t row)
{
    double q[TWIN_WIDEST], max = -INFINITY, sum = 0.0, entropy = 0.0;
    const size_t S = (size_t)t->agent->trainer.model.config.state_dim;
    const size_t d = twin_query(q, t, t->rows.states + row * S);
    for (size_t i = 0; i < twin_width(t); i++) {
        log_p[i] = twin_is_allowed(t, row, i) ? twin_logit(t, q, d, row, i) : -INFINITY;
        max = fmax(max, log_p[i]);
    }
    for (size_t i = 0; i < twin_width(t); i++) {
        sum += exp(log_p[i] - max);
    }
    for (size_t i = 0; i < twin_width(t); i++) {
        log_p[i] -= max + log(sum);
        entropy -= log_p[i] > -INFINITY ? exp(log_p[i]) * log_p[i] : 0.0;
    }
    return entropy;
}

static inline void twin_add_policy_loss(twin_terms *sums, const rri_recipe *recipe, double log_prob,
                                        double old_log_prob, double advantage)
{
    if (recipe->algorithm != rri_algorithms_at(RR_ALGO_PPO)) {
        const double page = (double)recipe->page_size;
        const double factor = page > 1.0 ? page * pow(1.0 - exp(old_log_prob), page - 1.0) : 1.0;
        sums->policy_loss -= factor * log_prob * advantage;
        return;
    }
    const double eps = (double)recipe->clip_eps, ratio = exp(log_prob - old_log_prob);
    const double held = fmin(fmax(ratio, 1.0 - eps), 1.0 + eps);
    sums->policy_loss -= fmin(ratio * advantage, held * advantage);
    sums->approx_kl += ratio - 1.0 - (log_prob - old_log_prob);
    sums->clip_fraction += fabs(ratio - 1.0) > eps ? 1.0 : 0.0;
}

/* All in the unit of rewards, in which the band of a clipped value is ε_v deviations wide. */
static inline double twin_value_loss(const rri_recipe *recipe, double scale, double value,
                                     double old_value, double target)
{
    const double eps = (double)recipe->value_clip_eps * scale;
    const double plain = (value - target) * (value - target);
    if (eps == 0.0) {
        return 0.5 * plain;
    }
    const double held = old_value + fmin(fmax(value - old_value, -eps), eps);
    return 0.5 * fmax(plain, (held - target) * (held - target));
}

/* KL(π ‖ π₀) of a row whose log p is there. */
static inline double twin_reference_kl(const twin *t, const double *log_p, size_t row)
{
    if (t->reference == NULL) {
        return 0.0;
    }
    twin other = *t->reference;
    other.rows = t->rows;
    double kl = 0.0, *log_q = malloc(twin_width(t) * sizeof *log_q);
    twin_log_probs(log_q, &other, row);
    for (size_t i = 0; i < twin_width(t); i++) {
        kl += log_p[i] > -INFINITY ? exp(log_p[i]) * (log_p[i] - log_q[i]) : 0.0;
    }
    free(log_q);
    return kl;
}

static inline twin_terms twin_evaluate(const twin *t)
{
    const twin_rows *rows = &t->rows;
    const rri_recipe *recipe = &t->agent->trainer.recipe;
    const size_t S = (size_t)t->agent->trainer.model.config.state_dim;
    const double scale = twin_scale(t);
    double *log_p = malloc(twin_width(t) * sizeof *log_p);
    twin_terms sums = {0};
    for (size_t i = 0; i < rows->n; i++) {
        sums.entropy += twin_log_probs(log_p, t, i);
        sums.reference_kl += twin_reference_kl(t, log_p, i);
        twin_add_policy_loss(&sums, recipe, log_p[rows->actions[i]], (double)rows->old_log_probs[i],
                             (double)rows->advantages[i]);
        sums.value_loss += twin_value_loss(recipe, scale, twin_value(t, rows->states + i * S),
                                           (double)rows->old_values[i], (double)rows->returns[i]);
    }
    free(log_p);
    double *const means[] = {&sums.policy_loss, &sums.value_loss,    &sums.entropy,
                             &sums.approx_kl,   &sums.clip_fraction, &sums.reference_kl};
    for (size_t i = 0; i < 6; i++) {
        *means[i] /= (double)rows->n;
    }
    sums.loss = sums.policy_loss + (double)recipe->vf_coef * sums.value_loss / (scale * scale) -
                (double)recipe->ent_coef * sums.entropy +
                (double)recipe->ref_kl_coef * sums.reference_kl;
    return sums;
}

static inline double twin_loss(void *context)
{
    return twin_evaluate(context).loss;
}

static inline void twin_assert_close(double got, double wanted, double tolerance, const char *what)
{
    ck_assert_msg(fabs(got - wanted) <= tolerance * (1.0 + fabs(got) + fabs(wanted)),
                  "%s: %.9g is not %.9g", what, got, wanted);
}

#endif
