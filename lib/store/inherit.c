/* SPDX-License-Identifier: MIT */
/* Three arrays (values and both moments) pass one after the other: from the file into one that lies
 * as the earlier network's did, from there, tensor by tensor and axis by axis, to where the rows
 * and columns are now. */
#include "store/inherit.h"

#include <float.h>
#include <math.h>
#include <string.h>

#include "agent/tensors.h"
#include "core/config.h"
#include "core/config_tables.h"
#include "core/status.h"
#include "items/items.h"
#include "model/axes.h"
#include "model/likeness.h"
#include "store/checkpoint.h"
#include "store/file_format.h"
#include "train/normalise.h"
#include "train/reward_fit.h"

#define NOWHERE SIZE_MAX

/* The agent that was saved. */
typedef struct source {
    const rri_safetensors_reader *reader;
    rr_agent_config config;
    rri_columns columns; /* items: where each is now, whatever said so; NULL: where it was */
    size_t n_items;
    rri_network net; /* declared alone */
    uint64_t line;   /* of its catalogue */

    float *flat;     /* [net.params.n_floats] */
    int32_t *places; /* [n_items] */
    uint8_t *taken;  /* [items of today] */
    void *block;     /* these three */
    size_t block_bytes;
} source;

/* ── what fits what ── */

/* Options whose tensors begin as if they were not there: a fresh one changes no score. */
static void allow_options(rr_agent_config *as, const rr_agent_config *own)
{
    int32_t *const saved[] = {&as->has_skip,          &as->has_bias,
                              &as->has_repeat_weight, &as->has_trained_items,
                              &as->has_feature_query, &as->reward_model};
    const int32_t now[] = {own->has_skip,          own->has_bias,          own->has_repeat_weight,
                           own->has_trained_items, own->has_feature_query, own->reward_model};
    for (size_t i = 0; i < sizeof now / sizeof now[0]; i++) {
        *saved[i] = *saved[i] < now[i] ? now[i] : *saved[i];
    }
    if (as->candidate_hidden[0] == 0) {
        memcpy(as->candidate_hidden, own->candidate_hidden, sizeof as->candidate_hidden);
    }
}

static rr_status check_alike(const rr_agent_config *saved, const rr_agent_config *own,
                             rr_error *err)
{
    rr_agent_config as = *saved;
    allow_options(&as, own);
    as.state_dim = own->state_dim;
    as.feature_dim = own->feature_dim;
    as.schema = own->schema;
    as.item_dim = own->head == RR_HEAD_DENSE ? own->item_dim : saved->item_dim;
    const char *field = rri_likeness_difference(&as, own, RRI_LIKE_MEANING);
    if (field != NULL) {
        char has[RRI_CONFIG_TEXT_CAPACITY], needs[RRI_CONFIG_TEXT_CAPACITY];
        rri_likeness_text(has, saved, field);
        rri_likeness_text(needs, own, field);
        RRI_FAIL(err, RR_E_MISMATCH,
                 "inherit: the checkpoint's %s is %s; this agent's is %s, and only columns, items "
                 "and what begins at 0 may be other",
                 field, has, needs);
    }
    return RR_OK;
}

static rr_status check_columns(const source *from, rr_error *err)
{
    const rr_agent_config *saved = &from->config;
    const rri_columns *columns = &from->columns;
    if (saved->schema != columns->schema) {
        RRI_FAIL(err, RR_E_MISMATCH,
                 "inherit: the checkpoint's schema is %llu; the map is for schema %llu",
                 (unsigned long long)saved->schema, (unsigned long long)columns->schema);
    }
    if ((size_t)saved->state_dim != columns->n_states) {
        RRI_FAIL(err, RR_E_MISMATCH,
                 "inherit: the checkpoint's state_dim is %d; the map's n_states is %zu",
                 (int)saved->state_dim, columns->n_states);
    }
    if ((size_t)saved->feature_dim != columns->n_features) {
        RRI_FAIL(err, RR_E_MISMATCH,
                 "inherit: the checkpoint's feature_dim is %d; the map's n_features is %zu",
                 (int)saved->feature_dim, columns->n_features);
    }
    return RR_OK;
}

/* Moments mean what the algorithm's optimiser makes of them. */
static rr_status check_algorithm(const rr_agent *agent, const rri_safetensors_reader *reader,
                                 rr_error *err)
{
    const rri_algorithm *own = agent->trainer.recipe.algorithm;
    int32_t algo = 0;
    RRI_TRY(rri_checkpoint_read_algo(&algo, reader, err));
    if (algo != rri_algorithms_index(own)) {
        RRI_FAIL(err, RR_E_MISMATCH, "inherit: the checkpoint's algo is %s; this agent's is %s",
                 rri_safetensors_metadata(reader, "algo"), own->name);
    }
    char key[RRI_CHECKPOINT_NAME], text[RRI_CONFIG_TEXT_CAPACITY];
    const rri_config_table *table = rri_config_table_of(own->config_kind);
    rri_checkpoint_name(key, own->name, "optimizer");
    RRI_TRY(rri_config_get(table, agent->algo_config, "optimizer", text, err));
    const char *found = rri_safetensors_metadata(reader, key);
    if (found == NULL || strcmp(found, text) != 0) {
        RRI_FAIL(err, RR_E_MISMATCH, "inherit: the checkpoint's %s is %.20s; this agent's is %s",
                 key, found != NULL ? found : "missing", text);
    }
    return RR_OK;
}

/* ── items ── */

static rr_status count_items(source *from, const rr_agent *agent, rr_error *err)
{
    rr_items *own = NULL, *given = from->columns.catalogue != NULL
                                       ? (rr_items *)from->columns.catalogue /* retained alone */
                                       : agent->trainer.model.items;
    const char *line = rri_safetensors_metadata(from->reader, "items_fingerprint_line");
    RRI_TRY(rri_file_format_fingerprint(
        &from->line, from->reader, line != NULL ? "items_fingerprint_line" : "items_fingerprint",
        "checkpoint", err));
    if (from->columns.items != NULL) {
        from->n_items = from->columns.n_items;
        return RR_OK;
    }
    RRI_TRY(rri_file_format_check_items(&own, from->reader, "items_fingerprint", given, "inherit",
                                        err));
    from->n_items = rri_model_n_items(&from->config, own);
    from->columns.n_items = from->n_items;
    rri_items_release(own);
    const size_t n_now = agent->trainer.model.network.n_items;
    if (given == NULL && from->n_items != n_now) {
        RRI_FAIL(err, RR_E_MISMATCH,
                 "inherit: the checkpoint has %zu items, this agent %zu; the map's items must say "
                 "where each went",
                 from->n_items, n_now);
    }
    return RR_OK;
}

/* Where each is now, by the map or by its key. */
static rr_status place_items(source *from, const rr_agent *agent, rr_error *err)
{
    const size_t n_now = agent->trainer.model.network.n_items;
    const rr_items *before = from->columns.catalogue, *now = agent->trainer.model.items;
    if (from->columns.items == NULL && before == NULL) {
        return RR_OK;
    }
    for (size_t i = from->n_items; i-- > 0;) {
        const bool has_key = from->columns.items == NULL && now != NULL;
        int32_t place = has_key ? rri_items_find(now, rri_items_keys(before)[i])
                        : from->columns.items != NULL ? from->columns.items[i]
                                                      : -1;
        if (has_key && place >= 0 && from->taken[place] != 0) {
            place = -1; /* a later item of the line has the key, and what was learned last */
        }
        if (place < -1 || (place >= 0 && (size_t)place >= n_now) ||
            (place >= 0 && from->taken[place] != 0)) {
            RRI_FAIL(err, RR_E_INVALID,
                     "inherit: the map's items[%zu] is %d; it must be in [-1, %zu), and no two "
                     "alike",
                     i, place, n_now);
        }
        if (place >= 0) {
            from->taken[place] = 1;
        }
        from->places[i] = place;
    }
    from->columns.items = from->places;
    return RR_OK;
}

/* ── the file ── */

static void layout_source(source *from, rri_arena *arena, size_t n_now)
{
    from->flat = RRI_TAKE(arena, float, from->net.params.n_floats);
    from->places = RRI_TAKE(arena, int32_t, from->n_items);
    from->taken = RRI_TAKE(arena, uint8_t, n_now);
}

/* Judges all but the numbers, and takes memory. */
static rr_status open_source(source *from, const rr_agent *agent,
                             const rri_safetensors_reader *reader, const rri_columns *columns,
                             rr_error *err)
{
    const rr_agent_config *own = &agent->trainer.model.config;
    const rri_columns unmoved = {.schema = own->schema,
                                 .n_states = (size_t)own->state_dim,
                                 .n_features = (size_t)own->feature_dim};
    from->reader = reader;
    from->columns = columns != NULL ? *columns : unmoved;
    from->config.struct_size = sizeof from->config;
    RRI_TRY(rri_checkpoint_check_format(reader, err));
    RRI_TRY(check_algorithm(agent, reader, err));
    RRI_TRY(rri_checkpoint_read_config(RR_CONFIG_AGENT, &from->config, reader, err));
    RRI_TRY(check_columns(from, err));
    RRI_TRY(check_alike(&from->config, own, err));
    RRI_TRY(count_items(from, agent, err));
    RRI_TRY(rri_network_declare(&from->net, &from->config, from->n_items, err));
    rri_arena arena = {0};
    layout_source(from, &arena, agent->trainer.model.network.n_items);
    RRI_TRY(rri_arena_create(&arena, arena.used, &agent->allocator, "inherit", err));
    layout_source(from, &arena, agent->trainer.model.network.n_items);
    from->block = arena.base;
    from->block_bytes = arena.used;
    return RR_OK;
}

/* One flat array; no value may be less than `least`. */
static rr_status read_flat(source *from, const char *prefix, float least, rr_error *err)
{
    const rri_params *params = &from->net.params;
    for (size_t i = 0; i < params->n_params; i++) {
        const rri_param *param = &params->entries[i];
        char name[RRI_CHECKPOINT_NAME];
        rri_checkpoint_name(name, prefix != NULL ? prefix : "", param->name);
        const char *key = prefix != NULL ? name : param->name;
        RRI_TRY(rri_safetensors_copy(from->flat + param->offset, from->reader, key, RRI_DTYPE_F32,
                                     param->shape, param->n_dims, err));
        for (size_t j = 0; j < param->size; j++) {
            const float value = from->flat[param->offset + j];
            if (!isfinite(value) || value < least) {
                RRI_FAIL(err, RR_E_FORMAT, "inherit: %s[%zu] is %g; it must be finite%s", key, j,
                         (double)value, least == 0.0f ? " and at least 0" : "");
            }
        }
    }
    return RR_OK;
}

/* ── what goes where ── */

/* Where entry j of n_from along an axis is now. */
static size_t place_of(const source *from, rri_axis axis, size_t j, size_t n_from, size_t n_to)
{
    int32_t place = (int32_t)j;
    switch (axis) {
    case RRI_AXIS_OWN:
        return j;
    case RRI_AXIS_STATES_FIRST:
        if (j >= from->columns.n_states) {
            return n_to - (n_from - j);
        }
        place = rri_columns_place(from->columns.states, j);
        break;
    case RRI_AXIS_STATES:
        place = rri_columns_place(from->columns.states, j);
        break;
    case RRI_AXIS_FEATURES:
        place = rri_columns_place(from->columns.features, j);
        break;
    case RRI_AXIS_ITEMS:
        place = rri_columns_place(from->columns.items, j);
        break;
    }
    return place >= 0 ? (size_t)place : NOWHERE;
}

static void carry(float *to, const rri_param *now, const float *was, const rri_param *before,
                  const source *from, rri_axes axes)
{
    const size_t n_columns = before->n_dims == 2 ? before->shape[1] : 1;
    const size_t n_columns_now = now->n_dims == 2 ? now->shape[1] : 1;
    for (size_t i = 0; i < before->shape[0]; i++) {
        const size_t row = place_of(from, axes.rows, i, before->shape[0], now->shape[0]);
        for (size_t j = 0; row != NOWHERE && j < n_columns; j++) {
            const size_t column = place_of(from, axes.columns, j, n_columns, n_columns_now);
            if (column != NOWHERE) {
                to[row * n_columns_now + column] = was[i * n_columns + j];
            }
        }
    }
}

/* New entries of these are not 0 but as they are in a fresh agent: a state whose deviation is not
 * known yet is seen as it comes, a new item begins at the pool's vector, with the bonus of one that
 * was never shown. */
static bool keeps_fresh(const rri_network *net, const rri_param *param)
{
    return param->offset == net->norm.state_inverses || param->offset == net->at.item_bias ||
           (param->offset == net->at.items && !net->is_dense);
}

/* Every tensor that the source has. */
static void carry_all(float *to, const rri_network *net, bool is_values, const source *from,
                      rr_inheritance *out)
{
    for (size_t p = 0; p < net->params.n_params; p++) {
        const rri_param *now = &net->params.entries[p];
        const rri_param *before = rri_params_find(&from->net.params, now->name);
        if (before == NULL) {
            out->n_fresh += is_values;
            continue;
        }
        if (!is_values || !keeps_fresh(net, now)) {
            memset(to + now->offset, 0, now->size * sizeof(float));
        }
        carry(to + now->offset, now, from->flat + before->offset, before, from,
              rri_axes_of(net, now));
        out->n_tensors += is_values;
    }
}

static rr_status carry_running(rr_agent *next, const source *from, rr_error *err)
{
    double *to = next->trainer.normaliser.running;
    const rr_agent_config *config = &next->trainer.model.config;
    const size_t n_returns = config->normalize_returns != 0 ? 3 : 0, S = from->columns.n_states;
    const size_t n_states = config->normalize_states != 0 ? 1 + 2 * S : 0;
    const size_t n = n_returns + n_states, S_now = (size_t)config->state_dim;
    const unsigned char *data;
    if (n == 0) {
        return RR_OK;
    }
    RRI_TRY(rri_safetensors_find(&data, from->reader, "agent.running", RRI_DTYPE_F64, &n, 1, err));
    memcpy(to, data, n_returns * sizeof *to);
    if (n_states > 0) {
        memcpy(to + n_returns, data + n_returns * sizeof *to, sizeof *to);
    }
    for (size_t j = 0; n_states > 0 && j < S; j++) {
        const size_t place = place_of(from, RRI_AXIS_STATES, j, S, S_now);
        for (size_t kind = 0; place != NOWHERE && kind < 2; kind++) {
            memcpy(to + n_returns + 1 + kind * S_now + place,
                   data + (n_returns + 1 + kind * S + j) * sizeof *to, sizeof *to);
        }
    }
    return rri_normalise_check(config, (const unsigned char *)to, err);
}

static rr_status carry_reward_fit(rr_agent *next, const source *from, rr_error *err)
{
    rri_trainer *trainer = &next->trainer;
    const unsigned char *data;
    if (from->config.reward_model == 0) {
        return RR_OK;
    }
    const size_t n = rri_reward_fit_floats(&from->net);
    RRI_TRY(
        rri_safetensors_find(&data, from->reader, "agent.reward_fit", RRI_DTYPE_F32, &n, 1, err));
    rri_reward_fit_carry(trainer, data, &from->net, &from->columns);
    return rri_reward_fit_check((const unsigned char *)trainer->reward.state, trainer, err);
}

/* ── the whole ── */

static void count(int32_t *kept, int32_t *fresh, int32_t *dropped, const int32_t *places, size_t n,
                  size_t n_now)
{
    for (size_t j = 0; j < n; j++) {
        *(rri_columns_place(places, j) >= 0 ? kept : dropped) += 1;
    }
    *fresh = (int32_t)n_now - *kept;
}

static void count_all(rr_inheritance *out, const rr_agent *agent, const source *from)
{
    const rri_network *net = &agent->trainer.model.network;
    const rri_columns *columns = &from->columns;
    count(&out->states_kept, &out->states_new, &out->states_dropped, columns->states,
          columns->n_states, net->state_dim);
    count(&out->features_kept, &out->features_new, &out->features_dropped, columns->features,
          columns->n_features, net->feature_dim);
    if (rri_trainer_learns_of_items(&agent->trainer)) {
        count(&out->items_kept, &out->items_new, &out->items_dropped, columns->items, from->n_items,
              net->n_items);
    }
    out->n_versions = (int32_t)agent->trainer.versions.n;
}

/* Numbers that have a place in every agent. *present: the version that the file is of. */
static rr_status carry_counters(rri_version *present, rr_agent *next, const source *from,
                                rr_error *err)
{
    int64_t counters[RRI_AGENT_COUNTERS];
    RRI_TRY(rri_checkpoint_read_counters(counters, from->reader, err));
    RRI_TRY(rri_checkpoint_read_versions(NULL, counters[0], from->reader, err));
    rri_agent_counters_set(next, counters);
    const uint64_t hash = rri_model_hash(&from->config, from->flat, from->net.params.n_floats);
    const uint64_t version = rri_version_hash(hash, from->line, NULL);
    *present = rri_version_of(version, version, counters[0], NULL);
    return RR_OK;
}

/* From the source into an agent whose arrays are 0. */
static rr_status fill(rri_version *present, rr_inheritance *out, rr_agent *next, source *from,
                      rr_error *err)
{
    rri_trainer *trainer = &next->trainer;
    rri_network *net = &trainer->model.network;
    rri_model_init(&trainer->model, trainer->stacks[0].base);
    RRI_TRY(place_items(from, next, err));
    RRI_TRY(read_flat(from, NULL, -FLT_MAX, err));
    carry_all(trainer->model.values, net, true, from, out);
    RRI_TRY(carry_counters(present, next, from, err));
    RRI_TRY(read_flat(from, "optimizer.first", -FLT_MAX, err));
    carry_all(trainer->first_moments, net, false, from, out);
    RRI_TRY(read_flat(from, "optimizer.second", 0.0f, err));
    carry_all(trainer->second_moments, net, false, from, out);
    RRI_TRY(carry_running(next, from, err));
    RRI_TRY(carry_reward_fit(next, from, err));
    rri_model_pack(&trainer->model);
    return RR_OK;
}

static rr_status inherit(rr_inheritance *out, rr_agent *agent, source *from, rr_error *err)
{
    rri_version present;
    rr_agent next = *agent;
    next.block = NULL;
    RRI_TRY(rri_agent_build(&next, err));
    const rr_status status = fill(&present, out, &next, from, err);
    if (status != RR_OK) {
        rri_memory_release(&next.allocator, next.block, next.block_bytes);
        return status;
    }
    rri_memory_release(&agent->allocator, agent->block, agent->block_bytes);
    *agent = next;
    RRI_TRY(rri_checkpoint_read_versions(&agent->trainer.versions, agent->trainer.n_updates,
                                         from->reader, err)); /* judged by fill */
    if (rri_versions_find(&agent->trainer.versions, present.version) == NULL) {
        rri_versions_note(&agent->trainer.versions, &present);
    }
    count_all(out, agent, from);
    return RR_OK;
}

rr_status rri_inherit(rr_inheritance *out, rr_agent *agent, const rri_safetensors_reader *reader,
                      const rri_columns *columns, rr_error *err)
{
    source from = {0};
    *out = (rr_inheritance){.struct_size = sizeof *out};
    rr_status status = open_source(&from, agent, reader, columns, err);
    if (status == RR_OK) {
        status = inherit(out, agent, &from, err);
        rri_memory_release(&agent->allocator, from.block, from.block_bytes);
    }
    return status;
}
