/* SPDX-License-Identifier: MIT */
#include "model/network.h"

#include <string.h>

#include "core/status.h"
#include "math/gemm.h"
#include "math/scalar.h"
#include "nn/init.h"

/* Items up to which a second packed copy of the catalogue is worth its memory, where its rows are
 * not whole sixteens, which products read as they lie: pools that are not large to training. */
#define SMALL_CATALOGUE ((size_t)8192)

/* Floats up to which a packed copy of the catalogue is kept; a larger one is packed on the way. */
#define MOST_PANEL_FLOATS ((size_t)8 << 20)

/* Hidden layers of a config's list; 0 ends it. */
static size_t count_layers(const int32_t hidden[4])
{
    size_t n = 0;
    while (n < 4 && hidden[n] > 0) {
        n++;
    }
    return n;
}

/* `out` 0: the last hidden layer is the output. */
static rri_mlp_shape shape_of(size_t in, const rr_agent_config *config, const int32_t hidden[4],
                              size_t out)
{
    rri_mlp_shape shape = {.in = in,
                           .n_layers = count_layers(hidden),
                           .activation = config->activation,
                           .activates_last = out == 0};
    for (size_t i = 0; i < shape.n_layers; i++) {
        shape.widths[i] = (size_t)hidden[i];
    }
    if (out > 0) {
        shape.widths[shape.n_layers++] = out;
    }
    return shape;
}

static rr_status add(size_t *offset, rri_network *net, const char *name, size_t rows, size_t cols,
                     rr_error *err)
{
    size_t index;
    RRI_TRY(rri_params_add(&net->params, &index, name, rows, cols, err));
    *offset = net->params.entries[index].offset;
    return RR_OK;
}

static rr_status declare_head(rri_network *net, const rr_agent_config *config, rr_error *err)
{
    net->reward = (rri_reward_offsets){RRI_ABSENT, RRI_ABSENT, RRI_ABSENT};
    net->at = (rri_head_offsets){RRI_ABSENT, RRI_ABSENT, RRI_ABSENT, RRI_ABSENT,
                                 RRI_ABSENT, RRI_ABSENT, RRI_ABSENT};
    if (!net->is_dense) {
        RRI_TRY(add(&net->at.log_scale, net, "actor.log_scale", 1, 0, err));
    }
    if (net->feature_dim > 0) {
        RRI_TRY(
            add(&net->at.feature_weights, net, "actor.feature_weights", net->feature_dim, 0, err));
    }
    if (config->has_repeat_weight != 0) {
        RRI_TRY(add(&net->at.repeat_weight, net, "actor.repeat_weight", 1, 0, err));
    }
    if (config->has_fold_in != 0) {
        RRI_TRY(add(&net->at.error_weight, net, "actor.error_weight", 2, 0, err));
    }
    if (net->n_items > 0 && (net->is_dense || config->has_trained_items != 0)) {
        RRI_TRY(add(&net->at.items, net, "actor.items", net->n_items, net->item_width, err));
    }
    if (net->n_items > 0 && (net->is_dense || config->has_bias != 0)) {
        RRI_TRY(add(&net->at.item_bias, net, "actor.item_bias", net->n_items, 0, err));
    }
    if (net->has_reward) {
        RRI_TRY(add(&net->reward.weight, net, "actor.reward_weight", 1, 0, err));
    }
    return RR_OK;
}

static rr_status declare_reward(rri_network *net, rr_error *err)
{
    const size_t rows = net->is_dense ? net->n_items : net->dim;
    RRI_TRY(add(&net->reward.query, net, "reward.query", rows, net->state_dim + 1, err));
    if (net->feature_dim > 0) {
        RRI_TRY(add(&net->reward.features, net, "reward.features", net->feature_dim, 0, err));
    }
    return RR_OK;
}

static rr_status declare_constants(rri_network *net, const rr_agent_config *config, rr_error *err)
{
    net->norm = (rri_norm_offsets){RRI_ABSENT, RRI_ABSENT, RRI_ABSENT,
                                   RRI_ABSENT, RRI_ABSENT, net->params.n_floats};
    if (config->normalize_returns != 0) {
        RRI_TRY(add(&net->norm.value_shift, net, "critic.shift", 1, 0, err));
        RRI_TRY(add(&net->norm.value_scale, net, "critic.scale", 1, 0, err));
    }
    if (config->normalize_states != 0) {
        RRI_TRY(add(&net->norm.state_means, net, "state.means", net->state_dim, 0, err));
        RRI_TRY(add(&net->norm.state_inverses, net, "state.inverses", net->state_dim, 0, err));
    }
    if (config->normalize_returns != 0 && net->encoder.has_rewards) {
        RRI_TRY(add(&net->norm.reward_unit, net, "encoder.reward_unit", 1, 0, err));
    }
    if (net->has_reward) {
        RRI_TRY(declare_reward(net, err));
    }
    if (config->count_bonus > 0.0f) {
        RRI_TRY(add(&net->at.shown, net, "actor.shown", net->n_items, 0, err));
    }
    if (config->has_fold_in != 0) {
        RRI_TRY(
            rri_fold_in_declare(&net->fold, &net->params, net->dim, config->fold_in_decay, err));
    }
    return RR_OK;
}

rr_status rri_network_declare(rri_network *net, const rr_agent_config *config, size_t n_items,
                              rr_error *err)
{
    memset(net, 0, sizeof *net);
    net->is_dense = config->head == RR_HEAD_DENSE;
    net->mlp_scale = net->is_dense ? 1.0f : config->mlp_scale;
    net->has_skip = !net->is_dense && config->has_skip != 0;
    net->has_reward = config->reward_model != 0;
    net->state_dim = (size_t)config->state_dim;
    net->feature_dim = (size_t)config->feature_dim;
    net->has_feature_query = config->has_feature_query != 0;
    net->n_items = n_items;

    const size_t n_hidden = count_layers(config->hidden);
    net->item_width =
        net->is_dense ? (size_t)config->hidden[n_hidden - 1] : (size_t)config->item_dim;
    net->dim = net->item_width + (net->is_dense && net->has_reward ? net->state_dim + 1 : 0);
    RRI_TRY(rri_encoder_declare(&net->encoder, &net->params, config, net->dim, err));
    net->input_dim = net->state_dim + net->encoder.shape.width;
    if (n_hidden > 0) {
        const rri_mlp_shape actor =
            shape_of(net->input_dim, config, config->hidden, net->is_dense ? 0 : net->dim);
        RRI_TRY(rri_mlp_declare(&net->actor, &net->params, "actor.mlp", &actor, err));
    }
    if (net->has_skip) {
        RRI_TRY(rri_linear_declare(&net->skip, &net->params, "actor.skip", net->input_dim, net->dim,
                                   false, err));
    }
    RRI_TRY(declare_head(net, config, err));
    if (net->has_feature_query) {
        RRI_TRY(rri_linear_declare(&net->feature_query, &net->params, "actor.feature_query",
                                   net->input_dim, net->feature_dim, false, err));
    }
    if (config->candidate_hidden[0] > 0) {
        RRI_TRY(rri_candidate_net_declare(&net->candidate, &net->params, config->candidate_hidden,
                                          net->feature_dim, net->dim, net->input_dim,
                                          config->activation, err));
    }
    if (config->item_feature_dim > 0 && n_items > 0) {
        RRI_TRY(rri_item_tower_declare(&net->tower, &net->params, config->tower_hidden,
                                       (size_t)config->item_feature_dim, net->dim,
                                       config->activation, config->tower_scale, err));
    }
    const size_t judged = net->input_dim + (config->has_fold_in != 0 ? net->dim : 0);
    const rri_mlp_shape critic = shape_of(judged, config, config->critic_hidden, 1);
    RRI_TRY(rri_mlp_declare(&net->critic, &net->params, "critic", &critic, err));
    return declare_constants(net, config, err);
}

size_t rri_network_panel_floats(const rri_kernels *kernels, size_t n_items, size_t dim)
{
    const size_t n_floats = rri_panels_count(kernels, n_items, dim);
    return n_floats <= MOST_PANEL_FLOATS ? n_floats : 0;
}

void rri_network_layout(rri_network *net, rri_arena *arena, const rri_kernels *kernels)
{
    const bool has_encoder =
        net->encoder.form != NULL; /* which asks for the slopes of what is read */
    net->kernels = kernels;
    rri_encoder_layout(&net->encoder, arena, kernels);
    if (rri_network_has_fold(net)) {
        rri_fold_in_layout(&net->fold, arena, kernels);
    }
    rri_mlp_layout(&net->actor, arena, kernels, has_encoder);
    if (net->has_skip) {
        rri_linear_layout(&net->skip, arena, kernels, has_encoder);
    }
    if (net->has_feature_query) {
        rri_linear_layout(&net->feature_query, arena, kernels, has_encoder);
    }
    rri_candidate_net_layout(&net->candidate, arena, kernels, has_encoder);
    if (net->candidate.n_layers > 0 && net->borrows_panels) {
        const size_t n = rri_size_multiply(net->n_items, rri_candidate_net_first(&net->candidate));
        net->candidate_products = n <= MOST_PANEL_FLOATS ? RRI_TAKE(arena, float, n) : NULL;
    }
    rri_item_tower_layout(&net->tower, arena, kernels, net->n_items);
    net->tower_items = rri_item_tower_is_there(&net->tower)
                           ? RRI_TAKE(arena, float, rri_size_multiply(net->n_items, net->dim))
                           : NULL;
    rri_mlp_layout(&net->critic, arena, kernels, has_encoder);
    if (net->has_reward) {
        const size_t n_skip = rri_size_multiply(net->dim, net->state_dim);
        const size_t n_items = rri_size_multiply(net->n_items, net->dim);
        net->reward_skip = RRI_TAKE(arena, float, net->is_dense ? 0 : n_skip);
        net->reward_offset = RRI_TAKE(arena, float, net->is_dense ? 0 : net->dim);
        net->reward_items = RRI_TAKE(arena, float, net->is_dense ? n_items : 0);
        net->reward_features = RRI_TAKE(arena, float, net->feature_dim);
    }
    if (net->n_items > 0 && !net->borrows_panels) {
        const size_t n_floats = rri_network_panel_floats(kernels, net->n_items, net->dim);
        net->item_panels = n_floats > 0 ? RRI_TAKE(arena, float, n_floats) : NULL;
        const bool is_packed = net->n_items <= SMALL_CATALOGUE && net->dim % 16 != 0;
        net->query_panels =
            is_packed ? RRI_TAKE(arena, float, rri_panels_count(kernels, net->dim, net->n_items))
                      : NULL;
    }
}

static bool sees_normalised(const rri_network *net)
{
    return net->norm.state_means != RRI_ABSENT;
}

/* All but `seen`. */
static void lay_out_rows(rri_network_tape *tape, rri_arena *arena, const rri_network *net,
                         size_t max_rows)
{
    rri_mlp_tape_layout(&tape->actor, arena, &net->actor, max_rows);
    rri_mlp_tape_layout(&tape->critic, arena, &net->critic, max_rows);
    tape->query = rri_network_is_query_last(net) ? rri_mlp_last(&net->actor, &tape->actor)
                                                 : RRI_TAKE(arena, float, max_rows * net->dim);
    tape->feature_weights =
        net->has_feature_query
            ? RRI_TAKE(arena, float, rri_size_multiply(max_rows, net->feature_dim))
            : NULL;
    tape->folded = tape->covariances = tape->judged = NULL;
    tape->candidate_rows = tape->candidate_queries = tape->scaled_query = NULL;
    if (net->candidate.n_layers > 0) {
        const size_t first = rri_candidate_net_first(&net->candidate);
        const size_t last = rri_candidate_net_last(&net->candidate);
        tape->candidate_rows = RRI_TAKE(arena, float, rri_size_multiply(max_rows, first));
        tape->candidate_queries = RRI_TAKE(arena, float, rri_size_multiply(max_rows, last));
        tape->scaled_query = RRI_TAKE(arena, float, rri_size_multiply(max_rows, net->dim));
    }
}

void rri_network_tape_layout(rri_network_tape *tape, rri_arena *arena, const rri_network *net,
                             size_t max_rows)
{
    const bool is_given = !sees_normalised(net) && net->encoder.form == NULL;
    lay_out_rows(tape, arena, net, max_rows);
    tape->seen =
        is_given ? NULL : RRI_TAKE(arena, float, rri_size_multiply(max_rows, net->input_dim));
    if (rri_network_has_fold(net)) {
        const size_t W = net->fold.width, judged = net->input_dim + net->dim;
        tape->folded = RRI_TAKE(arena, float, rri_size_multiply(max_rows, W));
        tape->covariances = RRI_TAKE(arena, float, rri_size_multiply(max_rows, W * W));
        tape->judged = RRI_TAKE(arena, float, rri_size_multiply(max_rows, judged));
    }
}

void rri_network_slopes_layout(rri_network_tape *slopes, rri_arena *arena, const rri_network *net,
                               size_t max_rows)
{
    lay_out_rows(slopes, arena, net, max_rows);
    slopes->seen = net->encoder.form == NULL
                       ? NULL
                       : RRI_TAKE(arena, float, rri_size_multiply(max_rows, net->input_dim));
}

size_t rri_network_init_scratch(const rri_network *net)
{
    size_t bytes = rri_mlp_init_scratch(&net->actor);
    const size_t critic = rri_mlp_init_scratch(&net->critic);
    bytes = critic > bytes ? critic : bytes;
    bytes = rri_size_larger(bytes, rri_candidate_net_init_scratch(&net->candidate));
    bytes = rri_size_larger(bytes, rri_item_tower_init_scratch(&net->tower));
    bytes = rri_size_larger(bytes, rri_encoder_init_scratch(&net->encoder));
    if (net->is_dense) {
        const size_t items = rri_init_scratch(net->n_items, net->item_width);
        bytes = items > bytes ? items : bytes;
    }
    return bytes;
}

static const float HIDDEN_GAIN = 0x1.6a09e6p+0f; /* √2 */
static const float DENSE_ITEMS_GAIN = 0.01f;

void rri_network_init(const rri_network *net, float *values, const rr_agent_config *config,
                      const float *pool_vectors, void *scratch)
{
    rri_init_constant(values, 0.0f, net->params.n_floats);
    rri_mlp_init(&net->actor, values, net->is_dense ? HIDDEN_GAIN : 0.0f, config->seed, scratch);
    rri_mlp_init(&net->critic, values, 1.0f, config->seed, scratch);
    rri_candidate_net_init(&net->candidate, values, config->seed, scratch);
    rri_item_tower_init(&net->tower, values, config->seed, scratch);
    rri_encoder_init(&net->encoder, values, config->seed, scratch);
    if (rri_network_has_fold(net)) {
        rri_fold_in_init(&net->fold, values);
    }
    if (sees_normalised(net)) {
        rri_init_constant(values + net->norm.state_inverses, 1.0f, net->state_dim);
    }
    if (net->at.log_scale != RRI_ABSENT) {
        values[net->at.log_scale] = rri_log(config->initial_scale);
    }
    if (net->has_reward) {
        values[net->reward.weight] = 1.0f;
    }
    if (net->at.shown != RRI_ABSENT) { /* of items that were never shown */
        rri_init_constant(values + net->at.item_bias, config->count_bonus, net->n_items);
    }
    if (net->is_dense) {
        const rri_param *items = rri_params_find(&net->params, "actor.items");
        rri_init_orthogonal(values + items->offset, net->n_items, net->item_width, DENSE_ITEMS_GAIN,
                            config->seed, (uint64_t)(items - net->params.entries), scratch);
    } else if (net->at.items != RRI_ABSENT && pool_vectors != NULL) {
        memcpy(values + net->at.items, pool_vectors, net->n_items * net->dim * sizeof(float));
    }
}

static const float *at_or_null(const float *values, size_t offset)
{
    return offset == RRI_ABSENT ? NULL : values + offset;
}

static void pack_constants(rri_network *net, const float *values)
{
    const bool has_values = net->norm.value_shift != RRI_ABSENT;
    net->value_shift = has_values ? values[net->norm.value_shift] : 0.0f;
    net->value_scale = has_values ? values[net->norm.value_scale] : 1.0f;
    net->state_means = sees_normalised(net) ? values + net->norm.state_means : NULL;
    net->state_inverses = sees_normalised(net) ? values + net->norm.state_inverses : NULL;
    net->encoder.reward_unit =
        net->norm.reward_unit != RRI_ABSENT ? values[net->norm.reward_unit] : 1.0f;
}

/* The model joins what is there: W_skip + α M and α m, w + τ α w_r. */
static void join_reward(rri_network *net, const float *values)
{
    const size_t S = net->state_dim;
    const float weight = values[net->reward.weight];
    for (size_t j = 0; !net->is_dense && j < net->dim; j++) {
        const float *row = values + net->reward.query + j * (S + 1);
        float *sum = net->reward_skip + j * S;
        memcpy(sum, values + net->skip.weight_offset + j * S, S * sizeof(float));
        rri_vec_axpy(net->kernels, sum, weight, row, S);
        net->reward_offset[j] = weight * row[S];
    }
    if (!net->is_dense) {
        rri_linear_pack_weights(&net->skip, net->reward_skip);
    }
    if (net->feature_dim > 0) {
        memcpy(net->reward_features, values + net->at.feature_weights,
               net->feature_dim * sizeof(float));
        rri_vec_axpy(net->kernels, net->reward_features, net->head.scale * weight,
                     values + net->reward.features, net->feature_dim);
        net->head.feature_weights = net->reward_features;
    }
}

/* In the dense head, items [first, last): v_i, α M_i, α m_i. */
static void join_items(rri_network *net, const float *values, size_t first, size_t last)
{
    const size_t width = net->item_width, of_model = net->dim - width;
    for (size_t i = first; i < last; i++) {
        float *item = net->reward_items + i * net->dim;
        memcpy(item, values + net->at.items + i * width, width * sizeof(float));
        memset(item + width, 0, of_model * sizeof(float));
        rri_vec_axpy(net->kernels, item + width, values[net->reward.weight],
                     values + net->reward.query + i * of_model, of_model);
    }
}

/* The item vectors that logits are made of. */
static const float *item_vectors(const rri_network *net, const float *values)
{
    if (net->is_dense && net->has_reward) {
        return net->reward_items;
    }
    return net->tower_items != NULL ? net->tower_items : rri_network_base_vectors(net, values);
}

static void pack_actor(rri_network *net, const float *values)
{
    rri_encoder_pack(&net->encoder, values);
    if (rri_network_has_fold(net)) {
        rri_fold_in_pack(&net->fold, values);
    }
    rri_mlp_pack(&net->actor, values);
    if (net->has_skip && !net->has_reward) {
        rri_linear_pack(&net->skip, values);
    }
    if (net->has_feature_query) {
        rri_linear_pack(&net->feature_query, values);
    }
    rri_candidate_net_pack(&net->candidate, values);
    const float *log_scale = at_or_null(values, net->at.log_scale);
    const float *repeat_weight = at_or_null(values, net->at.repeat_weight);
    net->head = (rri_head){
        .scale = log_scale != NULL ? rri_exp(*log_scale) : 1.0f,
        .repeat_weight = repeat_weight != NULL ? *repeat_weight : 0.0f,
        .has_repeat_weight = repeat_weight != NULL,
        .feature_weights = at_or_null(values, net->at.feature_weights),
        .feature_dim = net->feature_dim,
        .temperature = 1.0f,
    };
    rri_logits_set_optimism(&net->head, at_or_null(values, net->at.error_weight));
    net->catalogue.bias = at_or_null(values, net->at.item_bias);
    if (net->has_reward) {
        join_reward(net, values);
    }
    net->feature_weights = net->head.feature_weights;
    net->scale = net->head.scale;
    pack_constants(net, values);
}

void rri_network_pack(rri_network *net, const float *values)
{
    pack_actor(net, values);
    rri_mlp_pack(&net->critic, values);
}

bool rri_network_learns_items(const rri_network *net)
{
    return net->at.items != RRI_ABSENT || rri_item_tower_is_there(&net->tower);
}

void rri_network_pack_items(rri_network *net, const float *values)
{
    net->catalogue.n_items = net->n_items;
    net->catalogue.dim = net->dim;
    net->catalogue.panels = net->item_panels;
    net->catalogue.query_panels = net->query_panels;
    net->catalogue.vectors = item_vectors(net, values);
    rri_network_begin_pack(net, values);
    for (size_t shard = 0; shard < net->tower.n_shards; shard++) {
        rri_network_make_items(net, values, shard);
    }
    if (net->is_dense && net->has_reward) {
        join_items(net, values, 0, net->n_items);
    }
    if (net->item_panels != NULL) {
        rri_panels_pack(net->kernels, net->item_panels,
                        rri_view_transposed(net->catalogue.vectors, net->dim), net->dim,
                        net->n_items);
    }
    if (net->query_panels != NULL) {
        rri_panels_pack(net->kernels, net->query_panels,
                        rri_view_rows(net->catalogue.vectors, net->dim), net->n_items, net->dim);
    }
}

/* Items of one task of packing: a whole number of panels at every level. Where a tower makes them,
 * a shard's. */
#define PACKED_ITEMS ((size_t)256)

static size_t packed_items(const rri_network *net)
{
    return net->tower_items != NULL ? net->tower.span : PACKED_ITEMS;
}

/* Whether packing the items is more than panels that can be shared out. */
static size_t n_item_tasks(const rri_network *net)
{
    const bool is_packed = net->item_panels != NULL || net->query_panels != NULL ||
                           net->reward_items != NULL || net->tower_items != NULL;
    if (!rri_network_learns_items(net) || !is_packed) {
        return 0;
    }
    const size_t span = packed_items(net);
    return net->query_panels != NULL ? 1 : (net->n_items + span - 1) / span;
}

size_t rri_network_n_pack_tasks(const rri_network *net)
{
    return 2 + n_item_tasks(net);
}

/* In the order of the flat arrays. */
void rri_network_pack_task(rri_network *net, const float *values, size_t task)
{
    const size_t per_task = packed_items(net) / net->kernels->wide; /* panels */
    if (task == 0) {
        pack_actor(net, values);
    } else if (task > n_item_tasks(net)) {
        rri_mlp_pack(&net->critic, values);
    } else if (net->query_panels != NULL) {
        rri_network_pack_items(net, values);
    } else {
        if (net->tower_items != NULL) {
            rri_network_make_items(net, values, task - 1);
        }
        if (net->is_dense && net->has_reward) {
            const size_t first = (task - 1) * PACKED_ITEMS;
            join_items(net, values, first, rri_size_smaller(first + PACKED_ITEMS, net->n_items));
        }
        if (net->item_panels != NULL) {
            rri_panels_pack_range(net->kernels, net->item_panels,
                                  rri_view_transposed(item_vectors(net, values), net->dim),
                                  net->dim, net->n_items, (task - 1) * per_task, task * per_task);
        }
    }
}

size_t rri_network_scratch(const rri_network *net, size_t n)
{
    size_t bytes = rri_mlp_scratch(&net->actor, n);
    const size_t critic = rri_mlp_scratch(&net->critic, n);
    bytes = critic > bytes ? critic : bytes;
    if (net->has_skip) {
        const size_t skip = rri_linear_scratch(&net->skip, n);
        bytes = skip > bytes ? skip : bytes;
    }
    if (net->has_feature_query) {
        bytes = rri_size_larger(bytes, rri_linear_scratch(&net->feature_query, n));
    }
    if (net->candidate.n_layers > 0) {
        const size_t query = rri_stack_add(rri_linear_scratch(&net->candidate.query, n),
                                           rri_size_multiply(n, net->dim), sizeof(float));
        bytes = rri_size_larger(bytes, query);
        bytes = rri_size_larger(bytes, rri_linear_scratch(&net->candidate.states, n));
    }
    if (net->encoder.form !=
        NULL) { /* the encoder's own, or a part of the slopes of what is read */
        bytes = rri_stack_add(bytes, rri_size_multiply(n, net->input_dim), sizeof(float));
        bytes = rri_size_larger(bytes, rri_encoder_scratch(&net->encoder));
    }
    if (rri_network_has_fold(net)) {
        bytes = rri_size_larger(bytes, rri_fold_in_scratch(&net->fold, 0));
        bytes =
            rri_stack_add(bytes, rri_size_multiply(n, net->input_dim + net->dim), sizeof(float));
    }
    return bytes;
}

/* w + F s of rows [begin, end). */
static void weigh_features(const rri_network *net, rri_network_tape *tape, const float *inputs,
                           size_t begin, size_t end, rri_stack *scratch)
{
    const size_t f = net->feature_dim;
    for (size_t row = begin; row < end; row++) {
        memcpy(tape->feature_weights + row * f, net->feature_weights, f * sizeof(float));
    }
    rri_linear_forward(&net->feature_query, tape->feature_weights + begin * f,
                       inputs + begin * net->input_dim, end - begin, true, scratch);
}

/* The dense head's query beside a reward model: (MLP(s), s, 1). */
static void extend_query(const rri_network *net, rri_network_tape *tape, const float *inputs,
                         size_t begin, size_t end)
{
    const size_t S = net->state_dim, width = net->item_width;
    const float *last = rri_mlp_last(&net->actor, &tape->actor);
    for (size_t i = begin; i < end; i++) {
        float *query = tape->query + i * net->dim;
        memcpy(query, last + i * width, width * sizeof(float));
        memcpy(query + width, inputs + i * S, S * sizeof(float));
        query[width + S] = 1.0f;
    }
}

/* r = B s + b and g = u + T (τ q) of rows [begin, end), whose queries are there. */
static void weigh_candidates(const rri_network *net, rri_network_tape *tape, const float *inputs,
                             size_t begin, size_t end, rri_stack *scratch)
{
    const rri_candidate_net *candidate = &net->candidate;
    const size_t n = end - begin, d = net->dim;
    float *scaled = tape->scaled_query + begin * d;
    memcpy(scaled, tape->query + begin * d, n * d * sizeof(float));
    rri_vec_scale(net->kernels, scaled, net->scale, n * d);
    rri_linear_forward(&candidate->states,
                       tape->candidate_rows + begin * rri_candidate_net_first(candidate),
                       inputs + begin * net->input_dim, n, false, scratch);
    rri_linear_forward(&candidate->query,
                       tape->candidate_queries + begin * rri_candidate_net_last(candidate), scaled,
                       n, false, scratch);
}

void rri_network_query(const rri_network *net, rri_network_tape *tape, const rri_inputs *in,
                       size_t begin, size_t end, rri_stack *scratch)
{
    float *query = tape->query + begin * net->dim;
    const float *inputs = rri_network_seen(tape, in);
    if (rri_network_has_mlp(net)) {
        rri_mlp_forward(&net->actor, &tape->actor, inputs, begin, end, scratch);
        if (net->is_dense && net->has_reward) {
            extend_query(net, tape, inputs, begin, end);
        } else if (!rri_network_is_query_last(net)) {
            memcpy(query, rri_mlp_last(&net->actor, &tape->actor) + begin * net->dim,
                   (end - begin) * net->dim * sizeof(float));
            rri_vec_scale(net->kernels, query, net->mlp_scale, (end - begin) * net->dim);
        }
    }
    if (net->has_skip) {
        rri_linear_forward(&net->skip, query, inputs + begin * net->input_dim, end - begin,
                           rri_network_has_mlp(net), scratch);
    } else if (!rri_network_has_mlp(net)) { /* û alone */
        memset(query, 0, (end - begin) * net->dim * sizeof(float));
    }
    for (size_t i = 0; net->has_reward && !net->is_dense && i < end - begin; i++) {
        rri_vec_add(net->kernels, query + i * net->dim, net->reward_offset, net->dim);
    }
    for (size_t i = begin; rri_network_has_fold(net) && i < end; i++) {
        rri_vec_add(net->kernels, tape->query + i * net->dim, tape->folded + i * net->fold.width,
                    net->dim);
    }
    if (net->has_feature_query) {
        weigh_features(net, tape, inputs, begin, end, scratch);
    }
    if (net->candidate.n_layers > 0) {
        weigh_candidates(net, tape, inputs, begin, end, scratch);
    }
}

rri_logits_input rri_network_scores(const rri_network *net, const rri_network_tape *tape,
                                    const rri_head *head, const rri_catalogue *catalogue,
                                    const rri_menu *menu)
{
    return (rri_logits_input){.kernels = net->kernels,
                              .catalogue = catalogue,
                              .head = head,
                              .menu = menu,
                              .q = tape->query,
                              .feature_weights = tape->feature_weights,
                              .candidate_net = net->candidate.n_layers > 0 ? &net->candidate : NULL,
                              .candidate_rows = tape->candidate_rows,
                              .candidate_queries = tape->candidate_queries,
                              .fold = rri_network_has_fold(net) ? &net->fold : NULL,
                              .covariances = tape->covariances};
}

void rri_network_value(const rri_network *net, rri_network_tape *tape, const rri_inputs *in,
                       size_t begin, size_t end, rri_stack *scratch)
{
    const float *inputs = tape->judged != NULL ? tape->judged : rri_network_seen(tape, in);
    rri_mlp_forward(&net->critic, &tape->critic, inputs, begin, end, scratch);
}

float *rri_network_values_of(const rri_network *net, const rri_network_tape *tape)
{
    return rri_mlp_last(&net->critic, &tape->critic);
}

void rri_network_values(float *values, const rri_network *net, const rri_network_tape *tape,
                        size_t begin, size_t end)
{
    const float *v = rri_network_values_of(net, tape);
    memcpy(values, v + begin, (end - begin) * sizeof(float));
    for (size_t i = 0; net->norm.value_shift != RRI_ABSENT && i < end - begin; i++) {
        values[i] = net->value_shift + net->value_scale * values[i];
    }
}
