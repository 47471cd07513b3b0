/* SPDX-License-Identifier: MIT */
#include "model/model.h"

#include "core/hash.h"
#include "items/items.h"
#include "model/versions.h"

size_t rri_model_n_items(const rr_agent_config *config, const rr_items *items)
{
    if (items != NULL) {
        return rri_items_count(items);
    }
    return config->head == RR_HEAD_DENSE ? (size_t)config->num_items : 0;
}

uint64_t rri_model_line(const rri_model *model)
{
    return model->items != NULL ? rri_items_root(model->items) : 0;
}

void rri_model_init(rri_model *model, void *scratch)
{
    const float *pool = model->items != NULL ? rri_items_vectors(model->items) : NULL;
    rri_network_init(&model->network, model->values, &model->config, pool, scratch);
    rri_network_set_pool(&model->network, model->items);
    rri_network_pack_items(&model->network, model->values);
    rri_network_pack(&model->network, model->values);
    rri_model_rehash(model);
}

void rri_model_pack(rri_model *model)
{
    rri_model_pack_from(model, model->values);
    rri_model_rehash(model);
}

void rri_model_rehash(rri_model *model)
{
    model->hash = rri_model_hash(&model->config, model->values, model->network.params.n_floats);
    model->is_hashed = true;
}

void rri_model_touch(rri_model *model)
{
    model->is_hashed = false;
}

void rri_model_ensure_hash(rri_model *model)
{
    if (!model->is_hashed) {
        rri_model_rehash(model);
    }
}

uint64_t rri_model_version(const rri_model *model, uint64_t line, const rr_serving_options *options)
{
    const uint64_t hash = model->is_hashed ? model->hash
                                           : rri_model_hash(&model->config, model->values,
                                                            model->network.params.n_floats);
    return rri_version_hash(hash, line, options);
}

void rri_model_pack_from(rri_model *model, const float *values)
{
    rri_network_pack(&model->network, values);
    if (rri_network_learns_items(&model->network)) {
        rri_network_pack_items(&model->network, values);
    }
}

uint64_t rri_model_hash(const rr_agent_config *config, const void *values, size_t n_floats)
{
    const int32_t meaning[] = {config->head, config->activation, config->has_skip};
    rri_hash hash;
    rri_hash_init(&hash, 0);
    rri_hash_update(&hash, meaning, sizeof meaning);
    rri_hash_update(&hash, config->hidden, sizeof config->hidden);
    rri_hash_update(&hash, config->critic_hidden, sizeof config->critic_hidden);
    rri_hash_update(&hash, &config->mlp_scale, sizeof config->mlp_scale);
    if (config->normalize_returns != 0 || config->normalize_states != 0) {
        const int32_t normalised[] = {config->normalize_returns, config->normalize_states};
        rri_hash_update(&hash, normalised, sizeof normalised);
    }
    if (config->has_feature_query != 0) {
        rri_hash_update(&hash, &config->has_feature_query, sizeof config->has_feature_query);
    }
    if (config->reward_model != 0) {
        rri_hash_update(&hash, &config->reward_model, sizeof config->reward_model);
    }
    if (config->candidate_hidden[0] > 0) {
        rri_hash_update(&hash, config->candidate_hidden, sizeof config->candidate_hidden);
    }
    if (config->item_feature_dim > 0) {
        const int32_t width = config->item_feature_dim;
        rri_hash_update(&hash, &width, sizeof width);
        rri_hash_update(&hash, config->tower_hidden, sizeof config->tower_hidden);
        rri_hash_update(&hash, &config->tower_scale, sizeof config->tower_scale);
    }
    if (config->encoder != RR_ENCODER_NONE) {
        const int32_t encoder[] = {config->encoder,         config->encoder_width,
                                   config->encoder_layers,  config->encoder_heads,
                                   config->encoder_history, config->encoder_rewards};
        rri_hash_update(&hash, encoder, sizeof encoder);
    }
    if (config->has_fold_in != 0) {
        rri_hash_update(&hash, &config->fold_in_decay, sizeof config->fold_in_decay);
    }
    if (config->schema != 0) {
        rri_hash_update(&hash, &config->schema, sizeof config->schema);
    }
    rri_hash_update(&hash, values, n_floats * sizeof(float));
    return rri_hash_final(&hash);
}
