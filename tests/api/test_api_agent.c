/* SPDX-License-Identifier: MIT */
/* The agent as a host sees it: arguments, structs of other releases, and a host whose
 * floating-point mode is its own. */
#include <fenv.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check_run.h"
#include "gradcheck.h"
#include "recrl/recrl.h"

#if defined(__x86_64__)
#include <xmmintrin.h>
#endif

enum { N = 6, S = 3, D = 2, N_ITEMS = 9, K = 4, F = 2, H = 3 };

/* An agent with candidate features, its catalogue, a buffer, and one observation. */
typedef struct table {
    rr_items *items;
    rr_agent *agent;
    rr_buffer *buffer;
    rr_obs obs;
    rr_decision decision;
    rr_outcome outcome;
    float states[N * S], features[N * K * F], item_vectors[N_ITEMS * D];
    int32_t candidates[N * K], history[N * H];
    int32_t actions[N], items_shown[N];
    float log_probs[N], values[N], rewards[N];
} table;

static rr_agent_config small_config(void)
{
    rr_agent_config config;
    rr_agent_config_init(&config, sizeof config);
    config.state_dim = S;
    config.item_dim = D;
    config.feature_dim = F;
    config.hidden[0] = config.critic_hidden[0] = 4;
    config.hidden[1] = config.critic_hidden[1] = 0;
    config.max_rows = N;
    config.max_candidates = K;
    config.max_history = H;
    config.initial_scale = 2.0f;
    return config;
}

static rr_ppo_config small_ppo(void)
{
    rr_ppo_config ppo;
    rr_ppo_config_init(&ppo, sizeof ppo);
    ppo.n_steps = 4;
    ppo.batch_size = 8;
    ppo.update_epochs = 2;
    ppo.ent_coef = 0.01f;
    return ppo;
}

static void fill(table *t)
{
    gradcheck_draw(t->states, N * S, -1.0f, 1.0f, 1);
    gradcheck_draw(t->features, N * K * F, -1.0f, 1.0f, 2);
    gradcheck_draw(t->item_vectors, N_ITEMS * D, -1.0f, 1.0f, 3);
    gradcheck_draw(t->rewards, N, -1.0f, 1.0f, 4);
    t->states[0] = 1e-40f; /* subnormal: lost where a host flushes them */
    t->rewards[1] = 3e-41f;
    for (int32_t i = 0; i < N * K; i++) {
        t->candidates[i] = (i % K + 2 * (i / K)) % N_ITEMS;
    }
    for (int32_t i = 0; i < N * H; i++) {
        t->history[i] = i % H == 0 ? -1 : i % N_ITEMS;
    }
}

static void open_table(table *t)
{
    memset(t, 0, sizeof *t);
    fill(t);
    t->obs = (rr_obs){.struct_size = sizeof t->obs,
                      .n = N,
                      .n_candidates = K,
                      .n_history = H,
                      .state_dim = S,
                      .feature_dim = F,
                      .states = t->states,
                      .candidates = t->candidates,
                      .features = t->features,
                      .history = t->history};
    t->decision = (rr_decision){.struct_size = sizeof t->decision,
                                .n = N,
                                .actions = t->actions,
                                .items = t->items_shown,
                                .log_probs = t->log_probs,
                                .values = t->values};
    t->outcome = (rr_outcome){.struct_size = sizeof t->outcome, .n = N, .rewards = t->rewards};
    ck_assert_int_eq(
        rr_items_create(&t->items, t->item_vectors, NULL, N_ITEMS, D, NULL, NULL, NULL), RR_OK);
    const rr_agent_config config = small_config();
    const rr_ppo_config ppo = small_ppo();
    ck_assert_int_eq(rr_agent_create(&t->agent, &config, &ppo, t->items, NULL, NULL), RR_OK);
    rr_buffer_config buffer;
    rr_buffer_config_init(&buffer, sizeof buffer);
    buffer.max_rows = 4 * N;
    buffer.state_dim = S;
    buffer.feature_dim = F;
    buffer.max_candidates = K;
    buffer.max_history = H;
    ck_assert_int_eq(rr_buffer_create(&t->buffer, &buffer, NULL, NULL), RR_OK);
}

static void close_table(table *t)
{
    rr_buffer_destroy(t->buffer);
    rr_agent_destroy(t->agent);
    rr_items_release(t->items);
}

static void fill_buffer(table *t)
{
    while (!rr_buffer_is_full(t->buffer)) {
        ck_assert_int_eq(rr_agent_act(t->agent, &t->obs, &t->decision, NULL), RR_OK);
        ck_assert_int_eq(rr_buffer_record(t->buffer, &t->obs, &t->decision, NULL), RR_OK);
        ck_assert_int_eq(rr_buffer_reward(t->buffer, &t->outcome, NULL), RR_OK);
    }
}

static void expect(rr_status got, rr_status wanted, const rr_error *err, const char *sentence)
{
    ck_assert_msg(got == wanted, "status %d, not %d (\"%s\")", got, wanted, err->text);
    ck_assert_int_eq(err->status, wanted);
    ck_assert_msg(strstr(err->text, sentence) != NULL, "\"%s\" does not say \"%s\"", err->text,
                  sentence);
}

START_TEST(test_api_agent_null_arguments_are_refused_by_name)
{
    table t;
    open_table(&t);
    rr_error err = {0};
    rr_agent *agent = NULL;
    const rr_agent_config config = small_config();
    const rr_ppo_config ppo = small_ppo();
    rr_a2c_config a2c;
    rr_a2c_config_init(&a2c, sizeof a2c);
    int32_t positions[N];
    const float weights[F] = {1.0f, 2.0f};
    rr_tensor tensor = {.struct_size = sizeof tensor};

    expect(rr_agent_create(NULL, &config, &ppo, NULL, NULL, &err), RR_E_INVALID, &err,
           "rr_agent_create: agent is NULL");
    expect(rr_agent_create(NULL, &config, &a2c, NULL, NULL, &err), RR_E_INVALID, &err,
           "rr_agent_create: agent is NULL");
    expect(rr_agent_act(NULL, &t.obs, &t.decision, &err), RR_E_INVALID, &err,
           "rr_agent_act: agent is NULL");
    expect(rr_agent_act(t.agent, NULL, &t.decision, &err), RR_E_INVALID, &err, "rr_obs is NULL");
    expect(rr_agent_act(t.agent, &t.obs, NULL, &err), RR_E_INVALID, &err, "rr_decision is NULL");
    expect(rr_agent_top_k(NULL, &t.obs, 1, positions, NULL, NULL, &err), RR_E_INVALID, &err,
           "rr_agent_top_k: agent is NULL");
    expect(rr_agent_top_k(t.agent, NULL, 1, positions, NULL, NULL, &err), RR_E_INVALID, &err,
           "rr_obs is NULL");
    expect(rr_agent_top_k(t.agent, &t.obs, -1, positions, NULL, NULL, &err), RR_E_INVALID, &err,
           "n_best is -1; it must be at least 1");
    expect(rr_agent_evaluate(NULL, &t.obs, t.actions, NULL, NULL, NULL, &err), RR_E_INVALID, &err,
           "rr_agent_evaluate: agent is NULL");
    expect(rr_agent_evaluate(t.agent, NULL, t.actions, NULL, NULL, NULL, &err), RR_E_INVALID, &err,
           "rr_obs is NULL");
    expect(rr_agent_update(NULL, t.buffer, &t.obs, NULL, &err), RR_E_INVALID, &err,
           "rr_agent_update: agent is NULL");
    expect(rr_agent_update(t.agent, NULL, &t.obs, NULL, &err), RR_E_INVALID, &err,
           "rr_agent_update: buffer is NULL");
    expect(rr_agent_set_items(NULL, t.items, &err), RR_E_INVALID, &err, "agent is NULL");
    expect(rr_agent_set_items(t.agent, NULL, &err), RR_E_INVALID, &err, "items is NULL");
    expect(rr_agent_set_feature_weights(NULL, weights, F, &err), RR_E_INVALID, &err,
           "agent is NULL");
    expect(rr_agent_set_feature_weights(t.agent, NULL, F, &err), RR_E_INVALID, &err,
           "weights is NULL");
    expect(rr_agent_tensor_at(NULL, 0, &tensor, &err), RR_E_INVALID, &err, "agent is NULL");
    expect(rr_agent_tensor_at(t.agent, 0, NULL, &err), RR_E_INVALID, &err, "rr_tensor is NULL");
    expect(rr_agent_set_tensor(NULL, "critic.0.bias", weights, F, &err), RR_E_INVALID, &err,
           "agent is NULL");
    expect(rr_agent_set_tensor(t.agent, NULL, weights, F, &err), RR_E_INVALID, &err,
           "name is NULL");
    expect(rr_agent_set_tensor(t.agent, "critic.0.bias", NULL, F, &err), RR_E_INVALID, &err,
           "values is NULL");
    ck_assert_int_eq(rr_agent_act(NULL, NULL, NULL, NULL), RR_E_INVALID); /* and no sentence */

    ck_assert_ptr_null(agent);
    ck_assert_ptr_null(rr_agent_items(NULL));
    ck_assert_int_eq(rr_agent_tensor_count(NULL), 0);
    ck_assert_uint_eq(rr_agent_version(NULL), 0);
    ck_assert_int_eq(rr_agent_updates(NULL), 0);
    ck_assert_int_eq(rr_agent_timesteps(NULL), 0);
    rr_agent_destroy(NULL);
    close_table(&t);
}
END_TEST

START_TEST(test_api_agent_configs_are_judged_by_their_tables)
{
    rr_error err = {0};
    rr_agent *agent = NULL;
    rr_agent_config config = small_config();
    rr_ppo_config ppo = small_ppo();
    ppo.clip_eps = -0.25f;
    expect(rr_agent_create(&agent, &config, &ppo, NULL, NULL, &err), RR_E_INVALID, &err,
           "ppo config: clip_eps is -0.25; it must be in (0, 1)");
    ppo = small_ppo();
    ppo.batch_size = 1;
    expect(rr_agent_create(&agent, &config, &ppo, NULL, NULL, &err), RR_E_INVALID, &err,
           "ppo config: batch_size is 1");
    ppo = small_ppo();
    config.hidden[0] = 0;
    config.hidden[1] = 5;
    expect(rr_agent_create(&agent, &config, &ppo, NULL, NULL, &err), RR_E_INVALID, &err,
           "agent config: hidden is");
    config = small_config();
    config.critic_hidden[2] = 5;
    expect(rr_agent_create(&agent, &config, &ppo, NULL, NULL, &err), RR_E_INVALID, &err,
           "agent config: critic_hidden is");
    rr_a2c_config a2c;
    rr_a2c_config_init(&a2c, sizeof a2c);
    a2c.lr = NAN;
    config = small_config();
    expect(rr_agent_create(&agent, &config, &a2c, NULL, NULL, &err), RR_E_INVALID, &err,
           "a2c config: lr is nan");
    ck_assert_ptr_null(agent);
}
END_TEST

/* One create for every algorithm: the config's kind says which; a config of none is refused. */
START_TEST(test_api_agent_is_made_by_the_algorithm_of_its_config)
{
    const rr_agent_config config = small_config();
    const int32_t n_algos = rr_algo_count();
    ck_assert_int_eq(n_algos, RR_ALGO_REINFORCE + 1);
    rr_error err = {0};
    rr_agent *agent = NULL;
    rr_ppo_config ppo = small_ppo();
    rr_a2c_config a2c;
    rr_a2c_config_init(&a2c, sizeof a2c);
    rr_reinforce_config reinforce;
    rr_reinforce_config_init(&reinforce, sizeof reinforce);
    const void *const algo_configs[] = {&ppo, &a2c, &reinforce};
    const char *const names[] = {"ppo", "a2c", "reinforce"};
    for (int32_t i = 0; i < n_algos; i++) {
        rr_algo algo = {.struct_size = sizeof algo};
        ck_assert_int_eq(rr_algo_at(i, &algo, &err), RR_OK);
        ck_assert_str_eq(algo.name, names[i]);
        ck_assert_int_eq(rr_agent_create(&agent, &config, algo_configs[i], NULL, NULL, &err),
                         RR_OK);
        static unsigned char block[1 << 20];
        size_t bytes = 0;
        rr_checkpoint saved = {.struct_size = sizeof saved, .agent = agent};
        ck_assert_int_eq(rr_checkpoint_save_memory(&saved, block, sizeof block, &bytes, &err),
                         RR_OK);
        char said[32];
        snprintf(said, sizeof said, "\"algo\":\"%s\"", names[i]);
        bool is_said = false;
        for (size_t at = 0; at + strlen(said) < bytes; at++) {
            is_said |= memcmp(block + at, said, strlen(said)) == 0;
        }
        ck_assert_msg(is_said, "the checkpoint does not say %s", said);
        rr_agent_destroy(agent);
        agent = NULL;
    }
    rr_algo none = {.struct_size = sizeof none};
    expect(rr_algo_at(n_algos, &none, &err), RR_E_NOT_FOUND, &err,
           "index is 3; it must be in [0, 3)");
    expect(rr_algo_at(-1, &none, &err), RR_E_NOT_FOUND, &err, "index is -1");
    expect(rr_agent_create(&agent, &config, &config, NULL, NULL, &err), RR_E_INVALID, &err,
           "rr_agent_create: algo_config is of the agent config; it must be that of ppo, a2c or "
           "reinforce");
    ppo.kind = 99;
    expect(rr_agent_create(&agent, &config, &ppo, NULL, NULL, &err), RR_E_INVALID, &err,
           "rr_agent_create: the config's kind is 99");
    expect(rr_agent_create(&agent, (const rr_agent_config *)&a2c, &a2c, NULL, NULL, &err),
           RR_E_INVALID, &err, "agent config: kind is");
    ck_assert_ptr_null(agent);
}
END_TEST

START_TEST(test_api_agent_trains_and_says_so)
{
    table t;
    open_table(&t);
    const uint64_t before = rr_agent_version(t.agent);
    ck_assert_ptr_eq(rr_agent_items(t.agent), t.items);
    fill_buffer(&t);
    rr_stats stats = {.struct_size = sizeof stats};
    ck_assert_int_eq(rr_agent_update(t.agent, t.buffer, &t.obs, &stats, NULL), RR_OK);
    ck_assert_uint_eq(stats.struct_size, sizeof stats);
    ck_assert_int_eq(stats.n_rows, 4 * N);
    ck_assert_int_eq(stats.n_epochs, 2);
    ck_assert_int_eq(rr_agent_updates(t.agent), 1);
    ck_assert_int_eq(rr_agent_timesteps(t.agent), 4 * N);
    ck_assert_int_eq(rr_buffer_count(t.buffer), 0);
    ck_assert_uint_ne(rr_agent_version(t.agent), before);
    close_table(&t);
}
END_TEST

START_TEST(test_api_agent_refused_update_leaves_stats_alone)
{
    table t;
    open_table(&t);
    rr_error err = {0};
    rr_stats stats, kept;
    memset(&stats, 0x5A, sizeof stats);
    stats.struct_size = sizeof stats;
    kept = stats;
    expect(rr_agent_update(t.agent, t.buffer, &t.obs, &stats, &err), RR_E_STATE, &err, "is empty");
    fill_buffer(&t);
    expect(rr_agent_update(t.agent, t.buffer, NULL, &stats, &err), RR_E_INVALID, &err,
           "obs is NULL, but sessions are still open");
    ck_assert_mem_eq(&stats, &kept, sizeof stats);
    ck_assert_int_eq(rr_buffer_count(t.buffer), 4 * N);
    stats.struct_size = 3;
    expect(rr_agent_update(t.agent, t.buffer, &t.obs, &stats, &err), RR_E_INVALID, &err,
           "rr_stats: struct_size is 3");
    ck_assert_int_eq(rr_buffer_count(t.buffer), 4 * N);
    close_table(&t);
}
END_TEST

START_TEST(test_api_agent_fields_that_an_agent_does_not_serve_are_refused)
{
    table t;
    open_table(&t);
    rr_error err = {0};
    const int32_t incumbents[N] = {0};
    const int64_t times[N] = {0};
    const uint64_t ids[N] = {0};
    rr_obs obs = t.obs;
    obs.incumbents = incumbents;
    expect(rr_agent_act(t.agent, &obs, &t.decision, &err), RR_E_UNSUPPORTED, &err, "incumbents");
    obs = t.obs;
    obs.times = times;
    obs.sessions = obs.decisions = ids; /* what record wants beside, act takes */
    ck_assert_int_eq(rr_agent_act(t.agent, &obs, &t.decision, NULL), RR_OK);
    close_table(&t);
}
END_TEST

START_TEST(test_api_agent_structs_of_an_older_release_are_understood)
{
    table t;
    open_table(&t);
    float with[N], without[N];
    rr_obs obs = t.obs;
    obs.history = NULL;
    obs.n_history = 0;
    const float kappa = 1.0f;
    ck_assert_int_eq(rr_agent_set_tensor(t.agent, "actor.repeat_weight", &kappa, 1, NULL), RR_OK);
    ck_assert_int_eq(rr_agent_evaluate(t.agent, &obs, t.actions, without, NULL, NULL, NULL), RR_OK);
    obs = t.obs;
    ck_assert_int_eq(rr_agent_evaluate(t.agent, &obs, t.actions, with, NULL, NULL, NULL), RR_OK);
    ck_assert_mem_ne(with, without, sizeof with);
    obs.struct_size = offsetof(rr_obs, history); /* a release that knew no history */
    ck_assert_int_eq(rr_agent_evaluate(t.agent, &obs, t.actions, with, NULL, NULL, NULL), RR_OK);
    ck_assert_mem_eq(with, without, sizeof with);

    t.decision.struct_size = offsetof(rr_decision, pool_fingerprint);
    t.decision.pool_fingerprint = 99;
    ck_assert_int_eq(rr_agent_act(t.agent, &t.obs, &t.decision, NULL), RR_OK);
    ck_assert_uint_eq(t.decision.pool_fingerprint, 99);
    ck_assert_uint_eq(t.decision.struct_size, offsetof(rr_decision, pool_fingerprint));
    t.decision.struct_size = sizeof t.decision;
    ck_assert_int_eq(rr_agent_act(t.agent, &t.obs, &t.decision, NULL), RR_OK);
    ck_assert_uint_eq(t.decision.pool_fingerprint, rr_items_fingerprint(t.items));

    fill_buffer(&t);
    rr_stats stats;
    memset(&stats, 0x5A, sizeof stats);
    stats.struct_size = offsetof(rr_stats, entropy);
    ck_assert_int_eq(rr_agent_update(t.agent, t.buffer, &t.obs, &stats, NULL), RR_OK);
    ck_assert_uint_eq(stats.struct_size, offsetof(rr_stats, entropy));
    ck_assert_int_eq(stats.n_rows, 4 * N);
    const unsigned char *bytes = (const unsigned char *)&stats;
    for (size_t i = offsetof(rr_stats, entropy); i < sizeof stats; i++) {
        ck_assert_uint_eq(bytes[i], 0x5A);
    }
    close_table(&t);
}
END_TEST

START_TEST(test_api_agent_structs_of_a_newer_release_may_only_add_zeros)
{
    table t;
    open_table(&t);
    rr_error err = {0};
    struct {
        rr_obs obs;
        uint64_t more[2];
    } obs = {t.obs, {0, 0}};
    struct {
        rr_decision decision;
        uint64_t more;
    } decision = {t.decision, 0};
    struct {
        rr_agent_config config;
        uint64_t more;
    } config = {small_config(), 0};
    const rr_ppo_config ppo = small_ppo();
    obs.obs.struct_size = sizeof obs;
    decision.decision.struct_size = sizeof decision;
    config.config.struct_size = sizeof config;
    ck_assert_int_eq(rr_agent_act(t.agent, &obs.obs, &decision.decision, NULL), RR_OK);
    ck_assert_uint_eq(decision.decision.struct_size, sizeof decision);
    rr_agent *agent = NULL;
    ck_assert_int_eq(rr_agent_create(&agent, &config.config, &ppo, t.items, NULL, NULL), RR_OK);
    rr_agent_destroy(agent);

    const uint64_t version = rr_agent_version(t.agent);
    obs.more[1] = 1;
    expect(rr_agent_act(t.agent, &obs.obs, &decision.decision, &err), RR_E_UNSUPPORTED, &err,
           "rr_obs: byte");
    obs.more[1] = 0;
    decision.more = 1;
    expect(rr_agent_act(t.agent, &obs.obs, &decision.decision, &err), RR_E_UNSUPPORTED, &err,
           "rr_decision: byte");
    config.more = 1;
    expect(rr_agent_create(&agent, &config.config, &ppo, t.items, NULL, &err), RR_E_UNSUPPORTED,
           &err, "agent config");
    ck_assert_uint_eq(rr_agent_version(t.agent), version);
    close_table(&t);
}
END_TEST

START_TEST(test_api_agent_tensors_are_found_by_index_and_name)
{
    table t;
    open_table(&t);
    rr_error err = {0};
    rr_tensor tensor = {.struct_size = sizeof tensor};
    const int32_t n = rr_agent_tensor_count(t.agent);
    ck_assert_int_gt(n, 8);
    for (int32_t i = 0; i < n; i++) {
        ck_assert_int_eq(rr_agent_tensor_at(t.agent, i, &tensor, NULL), RR_OK);
        ck_assert_uint_eq(tensor.struct_size, sizeof tensor);
        ck_assert_ptr_nonnull(tensor.data);
    }
    expect(rr_agent_tensor_at(t.agent, n, &tensor, &err), RR_E_NOT_FOUND, &err,
           "it must be in [0, ");
    expect(rr_agent_tensor_at(t.agent, -1, &tensor, &err), RR_E_NOT_FOUND, &err, "index is -1");
    const float weights[F] = {0.5f, -1.0f};
    ck_assert_int_eq(rr_agent_set_feature_weights(t.agent, weights, F, NULL), RR_OK);
    bool is_found = false;
    for (int32_t i = 0; i < n; i++) {
        ck_assert_int_eq(rr_agent_tensor_at(t.agent, i, &tensor, NULL), RR_OK);
        if (strcmp(tensor.name, "actor.feature_weights") == 0) {
            ck_assert_mem_eq(tensor.data, weights, sizeof weights);
            is_found = true;
        }
    }
    ck_assert(is_found);
    expect(rr_agent_set_feature_weights(t.agent, weights, 1, &err), RR_E_INVALID, &err,
           "n_values is 1");
    close_table(&t);
}
END_TEST

/* log-score of an existing ranker with weight 1: the first policy is that ranker. */
START_TEST(test_api_agent_feature_weight_one_makes_a_ranker_the_first_policy)
{
    table t;
    open_table(&t);
    const float weights[F] = {1.0f, 0.0f};
    const float scores[K] = {0.1f, 0.2f, 0.3f, 0.4f};
    for (size_t i = 0; i < N * K; i++) {
        t.features[i * F] = logf(scores[i % K]);
    }
    ck_assert_int_eq(rr_agent_set_feature_weights(t.agent, weights, F, NULL), RR_OK);
    const int32_t actions[N] = {0, 1, 2, 3, 0, 1};
    float log_probs[N];
    ck_assert_int_eq(rr_agent_evaluate(t.agent, &t.obs, actions, log_probs, NULL, NULL, NULL),
                     RR_OK);
    for (size_t i = 0; i < N; i++) {
        ck_assert_float_eq_tol(log_probs[i], logf(scores[i % K]), 1e-6f);
    }
    close_table(&t);

    rr_agent_config config = small_config();
    config.feature_dim = 0;
    const rr_ppo_config ppo = small_ppo();
    rr_agent *agent = NULL;
    rr_error err = {0};
    ck_assert_int_eq(rr_agent_create(&agent, &config, &ppo, NULL, NULL, NULL), RR_OK);
    expect(rr_agent_set_feature_weights(agent, weights, F, &err), RR_E_INVALID, &err,
           "this agent was made with feature_dim 0");
    rr_agent_destroy(agent);
}
END_TEST

START_TEST(test_api_agent_set_items_goes_on_with_another_catalogue)
{
    table t;
    open_table(&t);
    rr_items *next = NULL;
    float vectors[12 * D];
    gradcheck_draw(vectors, 12 * D, -1.0f, 1.0f, 8);
    ck_assert_int_eq(rr_items_create(&next, vectors, NULL, 12, D, NULL, NULL, NULL), RR_OK);
    fill_buffer(&t);
    ck_assert_int_eq(rr_agent_set_items(t.agent, next, NULL), RR_OK);
    ck_assert_ptr_eq(rr_agent_items(t.agent), next);
    rr_stats stats = {.struct_size = sizeof stats};
    ck_assert_int_eq(rr_agent_update(t.agent, t.buffer, &t.obs, &stats, NULL), RR_OK);
    ck_assert_int_eq(stats.n_dropped, 4 * N);
    t.candidates[0] = 11;
    fill_buffer(&t);
    ck_assert_int_eq(rr_agent_update(t.agent, t.buffer, &t.obs, &stats, NULL), RR_OK);
    ck_assert_int_eq(stats.n_dropped, 0);
    rr_items_release(next);
    close_table(&t);
}
END_TEST

/* ── the host's floating-point mode ── */

static unsigned get_control(void)
{
#if defined(__x86_64__)
    return _mm_getcsr();
#else
    return (unsigned)fegetround();
#endif
}

static void set_control(unsigned control)
{
#if defined(__x86_64__)
    _mm_setcsr(control);
#else
    (void)fesetround((int)control);
#endif
}

#if defined(__x86_64__)
static const unsigned MODES[] = {
    0x1F80u,                    /* as a process starts */
    0x1F80u | 0x8040u,          /* subnormals flushed, both ways */
    0x1F80u | 0x4000u,          /* rounds up */
    0x1F80u | 0x2000u | 0x8040u /* rounds down and flushes */
};
#else
static const unsigned MODES[] = {FE_TONEAREST, FE_UPWARD, FE_DOWNWARD};
#endif

/* One call in the host's mode, which it must leave as it found it. */
#define IN_MODE(call)                                                                              \
    do {                                                                                           \
        const unsigned before = get_control();                                                     \
        set_control(control);                                                                      \
        const rr_status in_mode_status = (call);                                                   \
        const unsigned after = get_control();                                                      \
        set_control(before);                                                                       \
        ck_assert_int_eq(in_mode_status, RR_OK);                                                   \
        ck_assert_uint_eq(after, control);                                                         \
    } while (0)

/* A life of an agent with every call in one mode; what it was told goes into `told`. */
static uint64_t live(unsigned control, float told[4 * N])
{
    table t;
    open_table(&t);
    rr_agent_destroy(t.agent);
    const rr_agent_config config = small_config();
    const rr_ppo_config ppo = small_ppo();
    const float weights[F] = {0.3f, -0.7f};
    const float log_scale = 0.123f;
    int32_t best[N * K];
    float rank[N * K];
    IN_MODE(rr_agent_create(&t.agent, &config, &ppo, t.items, NULL, NULL));
    IN_MODE(rr_agent_set_feature_weights(t.agent, weights, F, NULL));
    IN_MODE(rr_agent_set_tensor(t.agent, "actor.log_scale", &log_scale, 1, NULL));
    for (int update = 0; update < 3; update++) {
        while (!rr_buffer_is_full(t.buffer)) {
            IN_MODE(rr_agent_act(t.agent, &t.obs, &t.decision, NULL));
            IN_MODE(rr_buffer_record(t.buffer, &t.obs, &t.decision, NULL));
            IN_MODE(rr_buffer_reward(t.buffer, &t.outcome, NULL));
        }
        IN_MODE(rr_agent_update(t.agent, t.buffer, &t.obs, NULL, NULL));
    }
    IN_MODE(rr_agent_set_items(t.agent, t.items, NULL));
    IN_MODE(rr_agent_set_feature_weights(t.agent, weights, F, NULL)); /* packs all weights */
    IN_MODE(rr_agent_evaluate(t.agent, &t.obs, t.actions, told, told + N, told + 2 * N, NULL));
    IN_MODE(rr_agent_top_k(t.agent, &t.obs, K, best, NULL, rank, NULL));
    memcpy(told + 3 * N, rank, N * sizeof(float));
    const uint64_t version = rr_agent_version(t.agent);
    close_table(&t);
    return version;
}

START_TEST(test_api_agent_is_the_same_in_any_floating_point_mode_of_its_host)
{
    float plain[4 * N], told[4 * N];
    const uint64_t version = live(MODES[0], plain);
    for (size_t i = 1; i < sizeof MODES / sizeof MODES[0]; i++) {
        ck_assert_uint_eq(live(MODES[i], told), version);
        ck_assert_mem_eq(told, plain, sizeof told);
    }
}
END_TEST

START_TEST(test_api_agent_fits_the_configs_of_buffers_and_ledgers)
{
    table t;
    open_table(&t);
    rr_error err = {0};
    rr_buffer_config buffer;
    rr_ledger_config ledger;
    rr_buffer_config_init(&buffer, sizeof buffer);
    rr_ledger_config_init(&ledger, sizeof ledger);
    ledger.max_rows = 77;
    ledger.reward_wait = 5;
    ck_assert_int_eq(rr_agent_fit_buffer_config(t.agent, N, &buffer, NULL), RR_OK);
    ck_assert(buffer.max_rows == 4 * N && buffer.state_dim == S && buffer.item_dim == 0);
    ck_assert(buffer.feature_dim == F && buffer.max_candidates == K);
    ck_assert(buffer.max_history == H && buffer.max_excluded == H);
    ck_assert_int_eq(rr_agent_fit_ledger_config(t.agent, &ledger, NULL), RR_OK);
    ck_assert(ledger.max_rows == 77 && ledger.reward_wait == 5 && ledger.min_rows == 2);
    ck_assert(ledger.state_dim == S && ledger.item_dim == 0 && ledger.feature_dim == F);
    ck_assert(ledger.max_candidates == K && ledger.max_history == H && ledger.max_excluded == H);
    expect(rr_agent_fit_buffer_config(NULL, N, &buffer, &err), RR_E_INVALID, &err, "agent is NULL");
    expect(rr_agent_fit_buffer_config(t.agent, N, NULL, &err), RR_E_INVALID, &err,
           "config is NULL");
    expect(rr_agent_fit_buffer_config(t.agent, 0, &buffer, &err), RR_E_INVALID, &err,
           "n_envs is 0; it must be at least 1");
    expect(rr_agent_fit_buffer_config(t.agent, INT32_MAX, &buffer, &err), RR_E_INVALID, &err,
           "n_envs is 2147483647");
    expect(rr_agent_fit_ledger_config(NULL, &ledger, &err), RR_E_INVALID, &err, "agent is NULL");
    ledger.reward_wait = -1;
    expect(rr_agent_fit_ledger_config(t.agent, &ledger, &err), RR_E_INVALID, &err,
           "reward_wait is -1");
    buffer.struct_size = offsetof(rr_buffer_config, max_history); /* of an older release */
    buffer.max_history = 3;
    buffer.max_candidates = 2;
    ck_assert_int_eq(rr_agent_fit_buffer_config(t.agent, 1, &buffer, NULL), RR_OK);
    ck_assert(buffer.max_rows == 4 && buffer.max_candidates == K && buffer.max_history == 3);

    /* Vectors come with the requests; one row is enough for A2C. */
    rr_agent *other = NULL;
    const rr_agent_config config = small_config();
    rr_a2c_config a2c;
    rr_a2c_config_init(&a2c, sizeof a2c);
    ck_assert_int_eq(rr_agent_create(&other, &config, &a2c, NULL, NULL, NULL), RR_OK);
    rr_buffer_config_init(&buffer, sizeof buffer);
    rr_ledger_config_init(&ledger, sizeof ledger);
    ck_assert_int_eq(rr_agent_fit_buffer_config(other, 3, &buffer, NULL), RR_OK);
    ck_assert(buffer.item_dim == D && buffer.max_rows == 15);
    ck_assert_int_eq(rr_agent_fit_ledger_config(other, &ledger, NULL), RR_OK);
    ck_assert(ledger.item_dim == D && ledger.min_rows == 1);
    rr_agent_destroy(other);
    close_table(&t);
}
END_TEST

static rr_agent *agent_for(const table *t, int32_t max_update_rows)
{
    rr_agent *agent = NULL;
    rr_agent_config config = small_config();
    config.max_update_rows = max_update_rows;
    const rr_ppo_config ppo = small_ppo();
    ck_assert_int_eq(rr_agent_create(&agent, &config, &ppo, t->items, NULL, NULL), RR_OK);
    return agent;
}

START_TEST(test_api_agent_max_update_rows_bounds_updates_and_imitation_and_not_acts)
{
    table t;
    open_table(&t);
    rr_error err = {0};
    rr_agent *exact = agent_for(&t, 4 * N), *less = agent_for(&t, 4 * N - 1),
             *few = agent_for(&t, 2);
    fill_buffer(&t); /* 4 N rows */
    expect(rr_agent_update(less, t.buffer, &t.obs, NULL, &err), RR_E_MISMATCH, &err,
           "holds 24 rows; this agent was made for at most 23 (max_update_rows)");
    ck_assert_int_eq(rr_buffer_count(t.buffer), 4 * N);
    ck_assert_int_eq(rr_agent_update(exact, t.buffer, &t.obs, NULL, NULL), RR_OK);
    ck_assert_int_eq(rr_agent_act(few, &t.obs, &t.decision, NULL), RR_OK); /* N rows */
    expect(rr_agent_imitate(few, &t.obs, t.actions, NULL, NULL, NULL, NULL, &err), RR_E_INVALID,
           &err, "obs: n is 6; this agent was made for at most 2 (max_update_rows)");
    rr_agent_config config = small_config();
    rr_agent *none = NULL;
    rr_a2c_config a2c;
    rr_a2c_config_init(&a2c, sizeof a2c);
    config.max_update_rows = 1;
    expect(rr_agent_create(&none, &config, NULL, t.items, NULL, &err), RR_E_INVALID, &err,
           "max_update_rows is 1");
    ck_assert_int_eq(rr_agent_create(&none, &config, &a2c, t.items, NULL, NULL), RR_OK);
    rr_agent_destroy(none);
    rr_agent_destroy(exact);
    rr_agent_destroy(less);
    rr_agent_destroy(few);
    close_table(&t);
}
END_TEST

CHECK_MAIN("api/api_agent", test_api_agent_null_arguments_are_refused_by_name,
           test_api_agent_configs_are_judged_by_their_tables,
           test_api_agent_is_made_by_the_algorithm_of_its_config, test_api_agent_trains_and_says_so,
           test_api_agent_refused_update_leaves_stats_alone,
           test_api_agent_fields_that_an_agent_does_not_serve_are_refused,
           test_api_agent_structs_of_an_older_release_are_understood,
           test_api_agent_structs_of_a_newer_release_may_only_add_zeros,
           test_api_agent_tensors_are_found_by_index_and_name,
           test_api_agent_feature_weight_one_makes_a_ranker_the_first_policy,
           test_api_agent_set_items_goes_on_with_another_catalogue,
           test_api_agent_is_the_same_in_any_floating_point_mode_of_its_host,
           test_api_agent_fits_the_configs_of_buffers_and_ledgers,
           test_api_agent_max_update_rows_bounds_updates_and_imitation_and_not_acts)
