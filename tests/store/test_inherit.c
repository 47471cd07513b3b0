/* SPDX-License-Identifier: MIT */
/* An agent of other widths takes over from a checkpoint: through recrl.h. The earlier schema has
 * states (0 … 5) and features (0 … 2); today's drops states 1 and 4, mixes the others with a new
 * one, and has four features of which one is new. */
#include "store/inherit.h"

#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check_run.h"

enum {
    N = 24,
    K = 6,
    D = 4,
    G = 2,
    S = 6,
    F = 3,
    S_NOW = 5,
    F_NOW = 4,
    ITEMS = 30,
    MOST = ITEMS + 6
};

static const int32_t STATES[S] = {3, -1, 0, 4, -1, 1}, FEATURES[F] = {2, 0, 3};
static const rr_schema_map MAP = {.struct_size = sizeof MAP,
                                  .n_states = S,
                                  .n_features = F,
                                  .schema = 7,
                                  .states = STATES,
                                  .features = FEATURES};

/* A way to make an agent, by the fields that matter here. */
typedef struct plan {
    const char *name;
    int is_dense, has_bias, trains_items, has_query, has_candidates, normalises, models_rewards,
        encodes, has_tower, folds;
    float count_bonus;
} plan;

static const plan PLANS[] = {
    {.name = "plain"},
    {.name = "items", .has_bias = 1, .trains_items = 1},
    {.name = "query", .has_query = 1},
    {.name = "candidates", .has_candidates = 1, .has_query = 1},
    {.name = "normalised", .normalises = 1},
    {.name = "rewards", .models_rewards = 1, .has_query = 1},
    {.name = "dense", .is_dense = 1},
    {.name = "encoder", .encodes = 1, .has_query = 1},
    {.name = "dense rewards", .is_dense = 1, .models_rewards = 1, .normalises = 1},
    {.name = "tower", .has_tower = 1},
    {.name = "tower items", .has_tower = 1, .has_bias = 1, .trains_items = 1},
    {.name = "fold-in", .folds = 1, .normalises = 1},
    {.name = "counts", .has_bias = 1, .count_bonus = 1.5f},
    {.name = "dense counts", .is_dense = 1, .count_bonus = 0.5f},
};
enum { N_PLANS = sizeof PLANS / sizeof PLANS[0] };

typedef struct rows {
    float states[N * S], features[N * K * F], log_probs[N], values[N], rewards[N];
    int32_t candidates[N * K], actions[N];
    int32_t history[N]; /* of every fourth nothing */
    float history_rewards[N];
    uint8_t terminated[N];
    rr_obs obs;
} rows;

static char path[64];

static void must(rr_status status, const rr_error *err)
{
    ck_assert_msg(status == RR_OK, "%s", err->text);
}

static float draw(uint64_t *random)
{
    *random = *random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (float)(*random >> 40) * 0x1p-23f - 1.0f;
}

static rr_agent_config config_of(const plan *p, int is_now)
{
    rr_agent_config config;
    rr_agent_config_init(&config, sizeof config);
    config.state_dim = is_now ? S_NOW : S;
    config.feature_dim = is_now ? F_NOW : F;
    config.schema = is_now ? 8 : 7;
    config.item_dim = D;
    config.hidden[0] = config.critic_hidden[0] = 9;
    config.hidden[1] = config.critic_hidden[1] = 5;
    config.head = p->is_dense ? RR_HEAD_DENSE : RR_HEAD_TOWER;
    config.has_bias = p->has_bias;
    config.has_trained_items = p->trains_items;
    config.has_feature_query = p->has_query;
    config.candidate_hidden[0] = p->has_candidates ? 8 : 0;
    config.normalize_states = config.normalize_returns = p->normalises;
    config.reward_model = p->models_rewards;
    config.encoder = p->encodes ? RR_ENCODER_GRU : RR_ENCODER_NONE;
    config.encoder_width = 4;
    config.item_feature_dim = p->has_tower ? G : 0;
    config.tower_hidden[0] = p->has_tower ? 3 : 0;
    config.has_fold_in = p->folds;
    config.count_bonus = p->count_bonus;
    config.max_rows = N;
    config.max_update_rows = N;
    config.max_candidates = K;
    config.max_history = 1;
    config.seed = is_now ? 5 : 4;
    return config;
}

static rr_agent *create(const rr_agent_config *config, rr_items *items)
{
    rr_error err;
    rr_agent *agent = NULL;
    rr_ppo_config ppo;
    rr_ppo_config_init(&ppo, sizeof ppo);
    ppo.batch_size = 8;
    must(rr_agent_create(&agent, config, &ppo, items, NULL, &err), &err);
    return agent;
}

/* Rows of the earlier schema, of which nothing that was dropped is not 0. */
static void fill(rows *r, uint64_t seed)
{
    uint64_t random = seed;
    memset(r, 0, sizeof *r);
    for (size_t i = 0; i < N; i++) {
        r->rewards[i] = draw(&random);
        r->terminated[i] = 1;
        r->history[i] = i % 4 == 0 ? -1 : (int32_t)(i * 7 % (ITEMS - 4));
        r->history_rewards[i] = i % 4 == 0 ? 0.0f : draw(&random);
        for (size_t j = 0; j < S; j++) {
            r->states[i * S + j] = STATES[j] < 0 ? 0.0f : draw(&random);
        }
        for (size_t j = 0; j < K; j++) {
            r->candidates[i * K + j] = (int32_t)((i * 5 + j * 4) % (ITEMS - 4));
            for (size_t k = 0; k < F; k++) {
                r->features[(i * K + j) * F + k] = draw(&random);
            }
        }
    }
    r->obs = (rr_obs){.struct_size = sizeof r->obs,
                      .n = N,
                      .n_candidates = K,
                      .state_dim = S,
                      .feature_dim = F,
                      .states = r->states,
                      .candidates = r->candidates,
                      .features = r->features,
                      .n_history = 1,
                      .history = r->history,
                      .history_rewards = r->history_rewards,
                      .schema = 7};
}

/* The same rows today: whatever is new is far from 0. */
typedef struct rows_now {
    float states[N * S_NOW], features[N * K * F_NOW];
    rr_obs obs;
} rows_now;

static void translate(rows_now *now, const rows *r)
{
    uint64_t random = 99;
    for (size_t i = 0; i < N * S_NOW; i++) {
        now->states[i] = 5.0f * draw(&random);
    }
    for (size_t i = 0; i < N * K * F_NOW; i++) {
        now->features[i] = 5.0f * draw(&random);
    }
    for (size_t i = 0; i < N; i++) {
        for (size_t j = 0; j < S; j++) {
            if (STATES[j] >= 0) {
                now->states[i * S_NOW + (size_t)STATES[j]] = r->states[i * S + j];
            }
        }
        for (size_t k = 0; k < K * F; k++) {
            now->features[(i * K + k / F) * F_NOW + (size_t)FEATURES[k % F]] =
                r->features[i * K * F + k];
        }
    }
    now->obs = r->obs;
    now->obs.state_dim = S_NOW;
    now->obs.feature_dim = F_NOW;
    now->obs.states = now->states;
    now->obs.features = now->features;
    now->obs.schema = 8;
}

static void learn(rr_agent *agent, const rr_obs *obs, const rows *r, int n_updates)
{
    rr_error err;
    rr_buffer *buffer = NULL;
    rr_buffer_config config;
    int32_t actions[N];
    float log_probs[N], values[N];
    rr_decision decision = {.struct_size = sizeof decision,
                            .n = N,
                            .actions = actions,
                            .log_probs = log_probs,
                            .values = values};
    const rr_outcome outcome = {
        .struct_size = sizeof outcome, .n = N, .rewards = r->rewards, .terminated = r->terminated};
    rr_buffer_config_init(&config, sizeof config);
    must(rr_agent_fit_buffer_config(agent, N, &config, &err), &err);
    must(rr_buffer_create(&buffer, &config, NULL, &err), &err);
    for (int i = 0; i < n_updates; i++) {
        must(rr_agent_act(agent, obs, &decision, &err), &err);
        must(rr_buffer_record(buffer, obs, &decision, &err), &err);
        must(rr_buffer_reward(buffer, &outcome, &err), &err);
        must(rr_agent_update(agent, buffer, NULL, NULL, &err), &err);
    }
    rr_buffer_destroy(buffer);
}

static void save(const rr_agent *agent)
{
    rr_error err;
    snprintf(path, sizeof path, "inherit.%d.safetensors", (int)getpid());
    const rr_checkpoint all = {.struct_size = sizeof all, .agent = (rr_agent *)agent};
    must(rr_checkpoint_save(&all, path, &err), &err);
}

/* Vectors, and features of the items' own. */
typedef struct table {
    float vectors[ITEMS * D], features[ITEMS * (G + 1)];
    rr_items_options options;
} table;

static void draw_table(table *t, uint64_t seed, int32_t n_features)
{
    uint64_t random = seed;
    for (size_t i = 0; i < ITEMS * D; i++) {
        t->vectors[i] = 0.5f * draw(&random);
    }
    for (size_t i = 0; i < ITEMS * (size_t)n_features; i++) {
        t->features[i] = draw(&random);
    }
    t->options = (rr_items_options){
        .struct_size = sizeof t->options, .feature_dim = n_features, .features = t->features};
}

static rr_items *create_items(int32_t n_features)
{
    rr_error err;
    rr_items *items = NULL;
    table t;
    draw_table(&t, 3, n_features);
    must(rr_items_create(&items, t.vectors, NULL, ITEMS, D, &t.options, NULL, &err), &err);
    return items;
}

/* An agent of the earlier schema that has learned a little, and its file. */
static rr_agent *train_and_save(const plan *p, rr_items *items, rows *r)
{
    const rr_agent_config config = config_of(p, 0);
    rr_agent *agent = create(&config, items);
    fill(r, 12);
    for (size_t i = 0; i < N * S; i++) { /* so that running statistics are of more than the rest */
        r->states[i] = 3.0f * r->states[i] + (STATES[i % S] < 0 ? 0.0f : 1.0f);
    }
    for (size_t i = 0; i < N; i++) {
        r->rewards[i] = 2.0f * r->rewards[i] - 0.5f;
    }
    if (p->folds) {
        rr_error err;
        must(rr_agent_fit_prior(agent, r->states, N, 0.1f, &err), &err);
    }
    learn(agent, &r->obs, r, 3);
    fill(r, 11);
    learn(agent, &r->obs, r, 3);
    save(agent);
    return agent;
}

/* Log-probs of the whole list and values, from both; the same but for rounding. */
static void expect_same(rr_agent *before, const rr_obs *obs, rr_agent *now, const rr_obs *obs_now,
                        const char *name)
{
    rr_error err;
    for (int32_t position = 0; position < K; position++) {
        int32_t actions[N];
        float was[N], is[N], values_were[N], values_are[N];
        for (size_t i = 0; i < N; i++) {
            actions[i] = position;
        }
        must(rr_agent_evaluate(before, obs, actions, was, NULL, values_were, &err), &err);
        must(rr_agent_evaluate(now, obs_now, actions, is, NULL, values_are, &err), &err);
        for (size_t i = 0; i < N; i++) {
            ck_assert_msg(fabsf(was[i] - is[i]) <= 2e-6f * (1.0f + fabsf(was[i])),
                          "%s: row %zu, position %d: %.9g is %.9g", name, i, (int)position,
                          (double)was[i], (double)is[i]);
            ck_assert_msg(fabsf(values_were[i] - values_are[i]) <=
                              2e-6f * (1.0f + fabsf(values_were[i])),
                          "%s: row %zu: V %.9g is %.9g", name, i, (double)values_were[i],
                          (double)values_are[i]);
        }
    }
}

/* The rows' states with dropped columns at their running mean: as if 0 to the networks. */
static void put_dropped_at_mean(rows *r, const rr_agent *agent)
{
    const int32_t n = rr_agent_tensor_count(agent);
    for (int32_t t = 0; t < n; t++) {
        rr_tensor tensor = {.struct_size = sizeof tensor};
        ck_assert_int_eq(rr_agent_tensor_at(agent, t, &tensor, NULL), RR_OK);
        for (size_t i = 0; strcmp(tensor.name, "state.means") == 0 && i < N * S; i++) {
            r->states[i] = STATES[i % S] < 0 ? tensor.data[i % S] : r->states[i];
        }
    }
}

static const float *tensor(const rr_agent *agent, const char *name)
{
    for (int32_t t = 0; t < rr_agent_tensor_count(agent); t++) {
        rr_tensor found = {.struct_size = sizeof found};
        ck_assert_int_eq(rr_agent_tensor_at(agent, t, &found, NULL), RR_OK);
        if (strcmp(found.name, name) == 0) {
            return found.data;
        }
    }
    ck_abort_msg("there is no %s", name);
    return NULL;
}

START_TEST(test_inherit_policy_and_values_are_the_same_functions)
{
    for (size_t p = 0; p < N_PLANS; p++) {
        rr_error err;
        rows r;
        rows_now now;
        rr_items *items = create_items(G);
        rr_agent *before = train_and_save(&PLANS[p], items, &r);
        const rr_agent_config config = config_of(&PLANS[p], 1);
        rr_agent *agent = create(&config, items);
        rr_inheritance took = {.struct_size = sizeof took};
        must(rr_agent_inherit(agent, path, &MAP, &took, &err), &err);
        put_dropped_at_mean(&r, before);
        translate(&now, &r);
        expect_same(before, &r.obs, agent, &now.obs, PLANS[p].name);
        ck_assert_int_eq(took.n_tensors, rr_agent_tensor_count(agent));
        ck_assert_int_eq(took.n_fresh, 0);
        ck_assert(took.states_kept == 4 && took.states_new == 1 && took.states_dropped == 2);
        ck_assert(took.features_kept == 3 && took.features_new == 1 && took.features_dropped == 0);
        const int learns_items = PLANS[p].is_dense || PLANS[p].has_bias;
        ck_assert_int_eq(took.items_kept, learns_items ? ITEMS : 0);
        ck_assert_int_eq(took.n_versions, 1); /* the file's own */
        if (PLANS[p].normalises) {            /* column 2 is new, and seen as it comes */
            ck_assert_float_eq(tensor(agent, "state.means")[2], 0.0f);
            ck_assert_float_eq(tensor(agent, "state.inverses")[2], 1.0f);
        }
        ck_assert_int_eq(rr_agent_updates(agent), 6);
        ck_assert_int_eq(rr_agent_timesteps(agent), 6 * N);
        ck_assert_uint_ne(rr_agent_version(agent), rr_agent_version(before));
        learn(agent, &now.obs, &r, 3); /* and it goes on */
        learn(before, &r.obs, &r, 3);
        for (size_t j = 0; PLANS[p].normalises && j < S; j++) { /* with each column's statistics */
            if (STATES[j] >= 0) {
                ck_assert_float_eq_tol(tensor(agent, "state.means")[STATES[j]],
                                       tensor(before, "state.means")[j], 1e-6f);
                ck_assert_float_eq_tol(tensor(agent, "state.inverses")[STATES[j]],
                                       tensor(before, "state.inverses")[j], 1e-6f);
            }
        }
        rr_agent_destroy(agent);
        rr_agent_destroy(before);
        rr_items_release(items);
    }
    (void)remove(path);
}
END_TEST

/* Where nothing is regrouped (each column keeps its place, and is of a width that one block of the
 * kernels holds), the bits are the same, and so is all that follows: learning goes on as if nothing
 * had been taken over. */
START_TEST(test_inherit_without_a_change_is_a_restore)
{
    for (size_t p = 0; p < N_PLANS; p++) {
        rr_error err;
        rows r;
        rr_items *items = create_items(G);
        rr_agent *before = train_and_save(&PLANS[p], items, &r);
        rr_agent_config config = config_of(&PLANS[p], 0);
        config.seed = 4;
        rr_agent *agent = create(&config, items);
        learn(agent, &r.obs, &r, 1); /* whatever it had learned is gone */
        must(rr_agent_inherit(agent, path, NULL, NULL, &err), &err);
        ck_assert_uint_eq(rr_agent_version(agent), rr_agent_version(before));
        learn(before, &r.obs, &r, 4);
        learn(agent, &r.obs, &r, 4);
        ck_assert_msg(rr_agent_version(agent) == rr_agent_version(before),
                      "%s: moments, statistics or counters were not taken over", PLANS[p].name);
        rr_agent_destroy(agent);
        rr_agent_destroy(before);
        rr_items_release(items);
    }
    (void)remove(path);
}
END_TEST

/* A catalogue of another line of which all but four items are there, four are new, and all lie
 * elsewhere. */
START_TEST(test_inherit_finds_items_by_key)
{
    rr_error err;
    rows r;
    rows_now now;
    uint64_t keys[ITEMS], keys_now[ITEMS];
    table was, is;
    draw_table(&was, 1, G);
    draw_table(&is, 1, G);
    for (size_t i = 0; i < ITEMS; i++) {
        const size_t from = ITEMS - 1 - i;
        keys[i] = 1000 + i;
        keys_now[i] = i < 4 ? 5000 + i : 1000 + from;
        memcpy(is.vectors + i * D, was.vectors + from * D, sizeof(float) * D);
        memcpy(is.features + i * G, was.features + from * G, sizeof(float) * G);
    }
    for (size_t p = 0; p < N_PLANS; p++) {
        rr_items *items = NULL, *items_now = NULL;
        must(rr_items_create(&items, was.vectors, keys, ITEMS, D, &was.options, NULL, &err), &err);
        must(rr_items_create(&items_now, is.vectors, keys_now, ITEMS, D, &is.options, NULL, &err),
             &err);
        rr_agent *before = train_and_save(&PLANS[p], items, &r);
        const rr_agent_config config = config_of(&PLANS[p], 1);
        rr_agent *agent = create(&config, items_now);
        rr_schema_map map = MAP;
        ck_assert_int_eq(rr_agent_inherit(agent, path, &map, NULL, &err), RR_E_MISMATCH);
        ck_assert_ptr_nonnull(strstr(err.text, "items_fingerprint"));
        map.catalogue = items;
        rr_inheritance took = {.struct_size = sizeof took};
        must(rr_agent_inherit(agent, path, &map, &took, &err), &err);
        const int learns_items = PLANS[p].is_dense || PLANS[p].has_bias;
        ck_assert(!learns_items ||
                  (took.items_kept == ITEMS - 4 && took.items_new == 4 && took.items_dropped == 4));
        put_dropped_at_mean(&r, before);
        translate(&now, &r);
        int32_t candidates[N * K], history[N];
        for (size_t i = 0; i < N * K; i++) { /* none of the last four */
            candidates[i] = ITEMS - 1 - r.candidates[i];
        }
        for (size_t i = 0; i < N; i++) {
            history[i] = r.history[i] < 0 ? -1 : ITEMS - 1 - r.history[i];
        }
        now.obs.candidates = candidates;
        now.obs.history = history;
        expect_same(before, &r.obs, agent, &now.obs, PLANS[p].name);
        if (PLANS[p].trains_items) { /* what is new begins as a fresh agent's */
            ck_assert_mem_eq(tensor(agent, "actor.items"), is.vectors, 4 * D * sizeof(float));
        }
        if (learns_items) {
            ck_assert_float_eq(tensor(agent, "actor.item_bias")[2], PLANS[p].count_bonus);
        }
        rr_agent_destroy(agent);
        rr_agent_destroy(before);
        rr_items_release(items);
        rr_items_release(items_now);
    }
    (void)remove(path);
}
END_TEST

/* A key that had two indices in its line, of which the file has the later one too: what was learned
 * last goes on. */
START_TEST(test_inherit_a_key_goes_on_with_its_latest_index)
{
    rr_error err;
    rows r;
    table t;
    uint64_t keys[ITEMS];
    const uint64_t moved = 1003;
    const float vector[D] = {0.5f, -0.25f, 0.125f, 1.0f};
    rr_items *first = NULL, *second = NULL, *compact = NULL;
    draw_table(&t, 3, 0);
    for (size_t i = 0; i < ITEMS; i++) {
        keys[i] = 1000 + i;
    }
    must(rr_items_create(&first, t.vectors, keys, ITEMS, D, NULL, NULL, &err), &err);
    must(rr_items_follow(&second, first, NULL, 0, &moved, vector, 1, NULL, NULL, &err), &err);
    must(rr_items_compact(&compact, second, NULL, NULL, &err), &err);
    rr_agent_config config = config_of(&PLANS[1], 0);
    rr_agent *before = create(&config, second);
    fill(&r, 11);
    for (size_t i = 0; i < N * K; i++) { /* the item is chosen from under its second index */
        r.candidates[i] += r.candidates[i] == 3 ? ITEMS - 3 : 0;
    }
    for (size_t i = 0; i < N; i++) {
        r.history[i] = -1;
    }
    learn(before, &r.obs, &r, 6);
    save(before);
    config = config_of(&PLANS[1], 1);
    rr_agent *agent = create(&config, compact);
    rr_schema_map map = MAP;
    map.catalogue = second;
    rr_inheritance took = {.struct_size = sizeof took};
    must(rr_agent_inherit(agent, path, &map, &took, &err), &err);
    ck_assert(took.items_kept == ITEMS && took.items_new == 0 && took.items_dropped == 1);
    int32_t place = -1;
    must(rr_items_find(compact, &moved, 1, &place, &err), &err);
    ck_assert_float_ne(tensor(before, "actor.item_bias")[ITEMS], 0.0f);
    ck_assert_float_eq(tensor(agent, "actor.item_bias")[place],
                       tensor(before, "actor.item_bias")[ITEMS]);
    ck_assert_mem_eq(tensor(agent, "actor.items") + place * D,
                     tensor(before, "actor.items") + ITEMS * D, D * sizeof(float));
    rr_agent_destroy(agent);
    rr_agent_destroy(before);
    rr_items_release(compact);
    rr_items_release(second);
    rr_items_release(first);
    (void)remove(path);
}
END_TEST

/* A dense head without a catalogue: the map says where each item went. */
START_TEST(test_inherit_places_items_without_keys_by_the_map)
{
    rr_error err;
    rows r;
    rows_now now;
    const plan *dense = &PLANS[6];
    rr_agent_config config = config_of(dense, 0);
    config.num_items = ITEMS;
    rr_agent *before = create(&config, NULL);
    fill(&r, 12);
    learn(before, &r.obs, &r, 5);
    save(before);
    config = config_of(dense, 1);
    config.num_items = MOST;
    rr_agent *agent = create(&config, NULL);
    rr_schema_map map = MAP;
    ck_assert_int_eq(rr_agent_inherit(agent, path, &map, NULL, &err), RR_E_MISMATCH);
    ck_assert_ptr_nonnull(strstr(err.text, "has 30 items, this agent 36"));
    int32_t items[ITEMS], candidates[N * K], history[N];
    for (int32_t i = 0; i < ITEMS; i++) {
        items[i] = i < ITEMS - 4 ? MOST - 1 - i : -1;
    }
    map.n_items = ITEMS;
    map.items = items;
    rr_inheritance took = {.struct_size = sizeof took};
    must(rr_agent_inherit(agent, path, &map, &took, &err), &err);
    ck_assert(took.items_kept == ITEMS - 4 && took.items_new == 10 && took.items_dropped == 4);
    translate(&now, &r);
    for (size_t i = 0; i < N * K; i++) {
        candidates[i] = items[r.candidates[i]];
    }
    for (size_t i = 0; i < N; i++) {
        history[i] = r.history[i] < 0 ? -1 : items[r.history[i]];
    }
    now.obs.candidates = candidates;
    now.obs.history = history;
    expect_same(before, &r.obs, agent, &now.obs, "dense");
    for (int bad = 0; bad < 3; bad++) {
        items[5] = bad == 0 ? MOST : bad == 1 ? items[6] : -2;
        ck_assert_int_eq(rr_agent_inherit(agent, path, &map, NULL, &err), RR_E_INVALID);
        ck_assert_ptr_nonnull(strstr(err.text, "the map's items["));
    }
    rr_agent_destroy(agent);
    rr_agent_destroy(before);
    (void)remove(path);
}
END_TEST

/* Options that begin as if they were not there come with no change of a score. */
START_TEST(test_inherit_takes_new_options_that_begin_at_0)
{
    rr_error err;
    rows r;
    rows_now now;
    rr_items *items = create_items(G);
    rr_agent *before = train_and_save(&PLANS[0], items, &r);
    translate(&now, &r);
    for (int option = 0; option < 5; option++) {
        rr_agent_config config = config_of(&PLANS[0], 1);
        config.has_feature_query = option == 0;
        config.candidate_hidden[0] = option == 1 ? 7 : 0;
        config.reward_model = option == 2;
        config.has_bias = option == 3;
        config.has_trained_items = option == 4;
        rr_agent *agent = create(&config, items);
        rr_inheritance took = {.struct_size = sizeof took};
        must(rr_agent_inherit(agent, path, &MAP, &took, &err), &err);
        ck_assert_int_gt(took.n_fresh, 0);
        ck_assert_int_eq(took.n_fresh + took.n_tensors, rr_agent_tensor_count(agent));
        expect_same(before, &r.obs, agent, &now.obs, "option");
        learn(agent, &now.obs, &r, 2);
        rr_agent_destroy(agent);
    }
    rr_agent_destroy(before);
    rr_items_release(items);
    (void)remove(path);
}
END_TEST

START_TEST(test_inherit_refuses_what_does_not_fit_and_changes_nothing)
{
    rr_error err;
    rows r;
    rr_items *items = create_items(G);
    rr_agent *before = train_and_save(&PLANS[1], items, &r);
    for (int what = 0; what < 8; what++) {
        static const char *const said[8] = {
            "the checkpoint's schema is 7; the map is for schema 6",
            "the checkpoint's state_dim is 6; the map's n_states is 5",
            "the checkpoint's feature_dim is 3; the map's n_features is 2",
            "the checkpoint's hidden is 9,5; this agent's is 9,6",
            "the checkpoint's has_bias is 1; this agent's is 0",
            "the checkpoint's normalize_states is 0; this agent's is 1",
            "the checkpoint's algo is ppo; this agent's is a2c",
            "the checkpoint's ppo.optimizer is adam; this agent's is rmsprop"};
        rr_schema_map map = MAP;
        rr_agent_config config = config_of(&PLANS[1], 1);
        rr_ppo_config ppo;
        rr_a2c_config a2c;
        rr_agent *agent = NULL;
        rr_ppo_config_init(&ppo, sizeof ppo);
        rr_a2c_config_init(&a2c, sizeof a2c);
        map.schema -= what == 0;
        map.n_states -= what == 1;
        map.n_features -= what == 2;
        config.hidden[1] += what == 3;
        config.has_bias = what != 4;
        config.normalize_states = what == 5;
        ppo.optimizer = what == 7 ? RR_OPTIMIZER_RMSPROP : RR_OPTIMIZER_ADAM;
        const void *algo = what == 6 ? (const void *)&a2c : (const void *)&ppo;
        must(rr_agent_create(&agent, &config, algo, items, NULL, &err), &err);
        const uint64_t version = rr_agent_version(agent);
        ck_assert_int_eq(rr_agent_inherit(agent, path, &map, NULL, &err), RR_E_MISMATCH);
        ck_assert_msg(strstr(err.text, said[what]) != NULL, "\"%s\"", err.text);
        ck_assert_uint_eq(rr_agent_version(agent), version);
        ck_assert_int_eq(rr_agent_updates(agent), 0);
        rr_agent_destroy(agent);
    }
    ck_assert_int_eq(rr_agent_inherit(before, "no/such.file", NULL, NULL, &err), RR_E_IO);
    ck_assert_int_eq(rr_agent_inherit(NULL, path, NULL, NULL, &err), RR_E_INVALID);
    rr_agent_destroy(before);
    rr_items_release(items);
    (void)remove(path);
}
END_TEST

/* What a tower reads may not change on the way: neither its width, nor whether there is one. */
START_TEST(test_inherit_keeps_the_features_that_a_tower_reads)
{
    static const char *const said[3] = {
        "the checkpoint's item_feature_dim is 0; this agent's is 2",
        "the checkpoint's item_feature_dim is 2; this agent's is 0",
        "the checkpoint's item_feature_dim is 2; this agent's is 3"};
    const plan plain = {.name = "plain"}, tower = {.name = "tower", .has_tower = 1};
    rr_error err;
    rows r;
    rr_items *items = create_items(G), *wide = create_items(G + 1);
    for (int what = 0; what < 3; what++) {
        rr_agent *before = train_and_save(what == 0 ? &plain : &tower, items, &r);
        rr_agent_config config = config_of(what == 1 ? &plain : &tower, 1);
        config.item_feature_dim += what == 2;
        rr_agent *agent = create(&config, what == 2 ? wide : items);
        rr_schema_map map = MAP;
        map.catalogue = what == 2 ? items : NULL;
        const uint64_t version = rr_agent_version(agent);
        ck_assert_int_eq(rr_agent_inherit(agent, path, &map, NULL, &err), RR_E_MISMATCH);
        ck_assert_msg(strstr(err.text, said[what]) != NULL, "\"%s\"", err.text);
        ck_assert_uint_eq(rr_agent_version(agent), version);
        rr_agent_destroy(agent);
        rr_agent_destroy(before);
    }
    rr_items_release(wide);
    rr_items_release(items);
    (void)remove(path);
}
END_TEST

CHECK_MAIN("store/inherit", test_inherit_policy_and_values_are_the_same_functions,
           test_inherit_without_a_change_is_a_restore, test_inherit_finds_items_by_key,
           test_inherit_a_key_goes_on_with_its_latest_index,
           test_inherit_places_items_without_keys_by_the_map,
           test_inherit_takes_new_options_that_begin_at_0,
           test_inherit_refuses_what_does_not_fit_and_changes_nothing,
           test_inherit_keeps_the_features_that_a_tower_reads)
