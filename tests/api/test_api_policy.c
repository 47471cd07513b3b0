/* SPDX-License-Identifier: MIT */
/* Snapshots as a host sees them: recrl.h alone. */
#include <math.h>
#include <recrl/recrl.h>
#include <string.h>

#include "check_run.h"

enum { N = 6, K = 5, S = 4, D = 2, N_ITEMS = 9 };

typedef struct table {
    rr_items *items;
    rr_agent *agent;
    rr_policy *policy;
    rr_reader *reader;
    rr_serving_options options;
    float states[N * S];
    int32_t candidates[N * K], incumbents[N], excluded[N];
    uint64_t ids[N], versions[N];
    int32_t actions[N], items_out[N];
    float log_probs[N], values[N], all[N * K];
    rr_obs obs;
    rr_decision decision;
} table;

static void must(rr_status status, const rr_error *err)
{
    ck_assert_msg(status == RR_OK, "%s", err->text);
}

static void fill(table *t)
{
    for (size_t i = 0; i < N * S; i++) {
        t->states[i] = (float)((i * 7) % 11) / 11.0f - 0.5f;
    }
    for (int32_t i = 0; i < N; i++) {
        for (int32_t j = 0; j < K; j++) {
            t->candidates[i * K + j] = (i + j * 2) % N_ITEMS;
        }
        t->incumbents[i] = i % 3 == 2 ? -1 : i % K;
        t->excluded[i] = -1;
        t->ids[i] = 1000 + (uint64_t)i;
    }
    t->obs = (rr_obs){.struct_size = sizeof t->obs,
                      .n = N,
                      .n_candidates = K,
                      .state_dim = S,
                      .states = t->states,
                      .candidates = t->candidates,
                      .sessions = t->ids,
                      .decisions = t->ids};
    t->decision = (rr_decision){.struct_size = sizeof t->decision,
                                .n = N,
                                .actions = t->actions,
                                .items = t->items_out,
                                .log_probs = t->log_probs,
                                .values = t->values,
                                .all_log_probs = t->all,
                                .policy_versions = t->versions};
}

static void open_table(table *t)
{
    *t = (table){0};
    rr_error err = {0};
    rr_agent_config config;
    rr_agent_config_init(&config, sizeof config);
    config.state_dim = S;
    config.item_dim = D;
    config.max_rows = N;
    config.max_candidates = K;
    config.max_history = 4;
    must(rr_items_create_random(&t->items, N_ITEMS, D, 1, NULL, &err), &err);
    must(rr_agent_create(&t->agent, &config, NULL, t->items, NULL, &err), &err);
    const float skip[D * S] = {0.3f, -0.2f, 0.5f, 0.1f, -0.4f, 0.2f, 0.6f, -0.3f};
    must(rr_agent_set_tensor(t->agent, "actor.skip.weight", skip, D * S, &err), &err);
    rr_serving_options_init(&t->options, sizeof t->options);
    must(rr_agent_publish(t->agent, &t->options, &t->policy, &err), &err);
    must(rr_reader_create(&t->reader, t->policy, 5, NULL, &err), &err);
    fill(t);
}

static void publish(table *t)
{
    rr_error err = {0};
    rr_policy_release(t->policy);
    must(rr_agent_publish(t->agent, &t->options, &t->policy, &err), &err);
}

static void close_table(table *t)
{
    rr_reader_destroy(t->reader);
    rr_policy_release(t->policy);
    rr_agent_destroy(t->agent);
    rr_items_release(t->items);
}

static void expect(rr_status got, rr_status wanted, const rr_error *err, const char *sentence)
{
    ck_assert_msg(got == wanted, "status %d, not %d (\"%s\")", got, wanted, err->text);
    ck_assert_msg(strstr(err->text, sentence) != NULL, "\"%s\" does not say \"%s\"", err->text,
                  sentence);
}

START_TEST(test_api_policy_null_arguments_are_refused_by_name)
{
    table t;
    open_table(&t);
    rr_error err = {0};
    rr_policy *policy = NULL;
    rr_reader *reader = NULL;
    int32_t k[N];
    expect(rr_agent_publish(NULL, NULL, &policy, &err), RR_E_INVALID, &err, "agent is NULL");
    expect(rr_agent_publish(t.agent, NULL, NULL, &err), RR_E_INVALID, &err, "out is NULL");
    expect(rr_reader_create(NULL, t.policy, 0, NULL, &err), RR_E_INVALID, &err, "out is NULL");
    expect(rr_reader_create(&reader, NULL, 0, NULL, &err), RR_E_INVALID, &err, "policy is NULL");
    expect(rr_policy_act(NULL, t.reader, &t.obs, &t.decision, &err), RR_E_INVALID, &err,
           "policy is NULL");
    expect(rr_policy_act(t.policy, NULL, &t.obs, &t.decision, &err), RR_E_INVALID, &err,
           "reader is NULL");
    expect(rr_policy_act(t.policy, t.reader, NULL, &t.decision, &err), RR_E_INVALID, &err,
           "rr_obs is NULL");
    expect(rr_policy_act(t.policy, t.reader, &t.obs, NULL, &err), RR_E_INVALID, &err,
           "rr_decision is NULL");
    expect(rr_policy_top_k(NULL, t.reader, &t.obs, 1, k, NULL, NULL, &err), RR_E_INVALID, &err,
           "policy is NULL");
    expect(rr_policy_top_k(t.policy, NULL, &t.obs, 1, k, NULL, NULL, &err), RR_E_INVALID, &err,
           "reader is NULL");
    expect(rr_policy_top_k(t.policy, t.reader, &t.obs, 0, k, NULL, NULL, &err), RR_E_INVALID, &err,
           "n_best is 0");
    expect(rr_policy_evaluate(NULL, t.reader, &t.obs, k, NULL, NULL, NULL, &err), RR_E_INVALID,
           &err, "policy is NULL");
    expect(rr_policy_evaluate(t.policy, NULL, &t.obs, k, NULL, NULL, NULL, &err), RR_E_INVALID,
           &err, "reader is NULL");
    expect(rr_policy_get_config(NULL, NULL, &err), RR_E_INVALID, &err, "policy is NULL");
    expect(rr_policy_get_options(NULL, NULL, &err), RR_E_INVALID, &err, "policy is NULL");
    rr_policy_release(NULL);
    rr_reader_destroy(NULL);
    ck_assert_ptr_null(rr_policy_retain(NULL));
    ck_assert_ptr_null(rr_policy_items(NULL));
    ck_assert_uint_eq(rr_policy_version(NULL), 0);
    close_table(&t);
}
END_TEST

START_TEST(test_api_policy_decides_by_id_as_the_agent_does)
{
    table t;
    open_table(&t);
    rr_error err = {0};
    int32_t actions[N];
    float log_probs[N], values[N];
    must(rr_agent_act(t.agent, &t.obs, &t.decision, &err), &err);
    memcpy(actions, t.actions, sizeof actions);
    memcpy(log_probs, t.log_probs, sizeof log_probs);
    memcpy(values, t.values, sizeof values);
    must(rr_policy_act(t.policy, t.reader, &t.obs, &t.decision, &err), &err);
    ck_assert_mem_eq(actions, t.actions, sizeof actions);
    ck_assert_mem_eq(log_probs, t.log_probs, sizeof log_probs);
    ck_assert_mem_eq(values, t.values, sizeof values);
    for (size_t i = 0; i < N; i++) {
        ck_assert_uint_eq(t.versions[i], rr_policy_version(t.policy));
        ck_assert_uint_eq(t.versions[i], rr_agent_version(t.agent));
        ck_assert_int_eq(t.items_out[i], t.candidates[i * K + (size_t)t.actions[i]]);
    }
    ck_assert_uint_eq(t.decision.pool_fingerprint, rr_items_fingerprint(t.items));
    ck_assert_ptr_eq(rr_policy_items(t.policy), t.items);
    close_table(&t);
}
END_TEST

START_TEST(test_api_policy_draws_without_ids_differ_between_seeds_and_go_on)
{
    table t;
    open_table(&t);
    rr_error err = {0};
    rr_reader *same = NULL, *other = NULL;
    must(rr_reader_create(&same, t.policy, 5, NULL, &err), &err);
    must(rr_reader_create(&other, t.policy, 6, NULL, &err), &err);
    t.obs.sessions = t.obs.decisions = NULL;
    int n_other = 0, n_later = 0;
    int32_t first[N], before[N] = {0};
    for (int i = 0; i < 50; i++) {
        must(rr_policy_act(t.policy, t.reader, &t.obs, &t.decision, &err), &err);
        memcpy(first, t.actions, sizeof first);
        must(rr_policy_act(t.policy, same, &t.obs, &t.decision, &err), &err);
        ck_assert_mem_eq(first, t.actions, sizeof first);
        must(rr_policy_act(t.policy, other, &t.obs, &t.decision, &err), &err);
        n_other += memcmp(first, t.actions, sizeof first) != 0;
        n_later += memcmp(first, before, sizeof first) != 0;
        memcpy(before, first, sizeof first);
    }
    ck_assert_int_gt(n_other, 25);
    ck_assert_int_gt(n_later, 25);
    rr_reader_destroy(same);
    rr_reader_destroy(other);
    close_table(&t);
}
END_TEST

START_TEST(test_api_policy_options_are_served_and_told)
{
    table t;
    open_table(&t);
    rr_error err = {0};
    t.options.floor = 0.2f;
    t.options.incumbent_share = 0.5f;
    t.options.temperature = 2.0f;
    publish(&t);
    rr_serving_options told;
    rr_serving_options_init(&told, sizeof told);
    must(rr_policy_get_options(t.policy, &told, &err), &err);
    ck_assert_mem_eq(&told, &t.options, sizeof told);
    rr_agent_config config;
    rr_agent_config_init(&config, sizeof config);
    must(rr_policy_get_config(t.policy, &config, &err), &err);
    ck_assert_int_eq(config.state_dim, S);
    ck_assert_uint_ne(rr_policy_version(t.policy), rr_agent_version(t.agent));

    t.obs.incumbents = t.incumbents;
    must(rr_policy_act(t.policy, t.reader, &t.obs, &t.decision, &err), &err);
    float log_probs[N], entropies[N], values[N];
    must(rr_policy_evaluate(t.policy, t.reader, &t.obs, t.actions, log_probs, entropies, values,
                            &err),
         &err);
    ck_assert_mem_eq(log_probs, t.log_probs, sizeof log_probs);
    ck_assert_mem_eq(values, t.values, sizeof values);
    for (size_t i = 0; i < N; i++) {
        double sum = 0.0, entropy = 0.0;
        for (size_t j = 0; j < K; j++) {
            const double log_p = (double)t.all[i * K + j];
            ck_assert(exp(log_p) > 0.2 / K * 0.999999);
            sum += exp(log_p);
            entropy -= exp(log_p) * log_p;
        }
        ck_assert(fabs(sum - 1.0) < 1e-6);
        ck_assert(fabs(entropy - (double)entropies[i]) < 1e-5);
        if (t.incumbents[i] >= 0) {
            ck_assert(exp((double)t.all[i * K + (size_t)t.incumbents[i]]) > 0.4);
        }
        ck_assert_uint_eq(t.versions[i], rr_policy_version(t.policy));
    }
    int32_t ranked[N * K];
    float ranked_log_probs[N * K];
    must(rr_policy_top_k(t.policy, t.reader, &t.obs, K, ranked, NULL, ranked_log_probs, &err),
         &err);
    for (size_t i = 0; i < N * K; i++) {
        ck_assert(ranked_log_probs[i] == t.all[i / K * K + (size_t)ranked[i]]);
    }
    close_table(&t);
}
END_TEST

START_TEST(test_api_policy_options_out_of_range_are_refused_by_name)
{
    table t;
    open_table(&t);
    rr_error err = {0};
    rr_policy *policy = NULL;
    t.options.floor = 1.5f;
    expect(rr_agent_publish(t.agent, &t.options, &policy, &err), RR_E_INVALID, &err,
           "serving options: floor is 1.5; it must be in [0, 1]");
    t.options.floor = 0.0f;
    t.options.temperature = 0.0f;
    expect(rr_agent_publish(t.agent, &t.options, &policy, &err), RR_E_INVALID, &err,
           "serving options: temperature is 0");
    t.options.temperature = 1.0f;
    t.options.incumbent_share = -0.1f;
    expect(rr_agent_publish(t.agent, &t.options, &policy, &err), RR_E_INVALID, &err,
           "incumbent_share");
    ck_assert_ptr_null(policy);
    must(rr_agent_publish(t.agent, NULL, &policy, &err), &err); /* the defaults */
    ck_assert_uint_eq(rr_policy_version(policy), rr_agent_version(t.agent));
    rr_policy_release(policy);
    close_table(&t);
}
END_TEST

START_TEST(test_api_policy_bad_requests_are_refused_and_the_next_is_served)
{
    table t;
    open_table(&t);
    rr_error err = {0};
    t.options.incumbent_share = 0.5f;
    publish(&t);
    const int32_t lengths[N] = {K, K, 0, K, K, K};
    rr_obs obs = t.obs;
    obs.lengths = lengths;
    expect(rr_policy_act(t.policy, t.reader, &obs, &t.decision, &err), RR_E_INVALID, &err,
           "row 2: lengths is 0");
    obs = t.obs;
    obs.incumbents = t.incumbents;
    t.incumbents[3] = K;
    expect(rr_policy_act(t.policy, t.reader, &obs, &t.decision, &err), RR_E_INVALID, &err,
           "row 3: incumbents is 5; it must be -1 or a position in its list");
    t.incumbents[3] = -2;
    expect(rr_policy_act(t.policy, t.reader, &obs, &t.decision, &err), RR_E_INVALID, &err,
           "row 3: incumbents is -2");
    t.incumbents[3] = 1;
    t.excluded[3] = t.candidates[3 * K + 1];
    obs.excluded = t.excluded;
    obs.n_excluded = 1;
    expect(rr_policy_act(t.policy, t.reader, &obs, &t.decision, &err), RR_E_INVALID, &err,
           "row 3: incumbents is 1; it must be -1 or a position that is not excluded");
    t.excluded[3] = -1;
    must(rr_policy_act(t.policy, t.reader, &obs, &t.decision, &err), &err);
    obs.state_dim = S + 1;
    expect(rr_policy_act(t.policy, t.reader, &obs, &t.decision, &err), RR_E_INVALID, &err,
           "state_dim");
    expect(rr_agent_act(t.agent,
                        &(rr_obs){.struct_size = sizeof t.obs,
                                  .n = N,
                                  .n_candidates = K,
                                  .state_dim = S,
                                  .states = t.states,
                                  .candidates = t.candidates,
                                  .incumbents = t.incumbents},
                        &t.decision, &err),
           RR_E_UNSUPPORTED, &err, "incumbents is set");
    close_table(&t);
}
END_TEST

START_TEST(test_api_policy_is_alive_as_long_as_somebody_holds_it)
{
    table t;
    open_table(&t);
    rr_error err = {0};
    rr_policy *mine = rr_policy_retain(t.policy);
    ck_assert_ptr_eq(mine, t.policy);
    rr_policy_release(t.policy);
    rr_agent_destroy(t.agent);
    rr_items_release(t.items);
    must(rr_policy_act(mine, t.reader, &t.obs, &t.decision, &err), &err);
    rr_reader_destroy(t.reader);
    rr_policy_release(mine);
}
END_TEST

START_TEST(test_api_policy_serves_another_catalogue_under_its_own_version)
{
    table t;
    open_table(&t);
    rr_error err = {0};
    rr_items *others = NULL;
    must(rr_items_create_random(&others, N_ITEMS - 1, D, 2, NULL, &err), &err);
    t.obs.pool = others;
    for (size_t i = 0; i < N * K; i++) {
        t.candidates[i] %= N_ITEMS - 1;
    }
    for (size_t i = 0; i < N; i++) { /* all different again */
        for (size_t j = 0; j < K; j++) {
            t.candidates[i * K + j] = (int32_t)((i + j) % (N_ITEMS - 1));
        }
    }
    must(rr_policy_act(t.policy, t.reader, &t.obs, &t.decision, &err), &err);
    uint64_t by_policy[N];
    memcpy(by_policy, t.versions, sizeof by_policy);
    must(rr_agent_act(t.agent, &t.obs, &t.decision, &err), &err);
    ck_assert_mem_eq(by_policy, t.versions, sizeof by_policy);
    ck_assert_uint_ne(by_policy[0], rr_policy_version(t.policy));
    ck_assert_uint_eq(t.decision.pool_fingerprint, rr_items_fingerprint(others));
    rr_items_release(others);
    close_table(&t);
}
END_TEST

/* What the policy's part plays is what the plain policy plays by the same id. */
START_TEST(test_api_policy_parts_say_what_drew)
{
    enum { CALLS = 700 };
    table t;
    open_table(&t);
    rr_error err = {0};
    rr_policy *plain = rr_policy_retain(t.policy);
    int32_t parts[N], drawn[N];
    size_t n[3] = {0};
    t.options.floor = 0.3f;
    t.options.incumbent_share = 0.4f;
    t.options.temperature = 1.0f;
    publish(&t);
    t.decision.parts = parts;
    for (uint64_t call = 0; call < CALLS; call++) {
        for (uint64_t i = 0; i < N; i++) {
            t.ids[i] = call * N + i;
        }
        t.obs.incumbents = t.incumbents;
        must(rr_policy_act(t.policy, t.reader, &t.obs, &t.decision, &err), &err);
        memcpy(drawn, t.actions, sizeof drawn);
        int32_t of_mixture[N];
        memcpy(of_mixture, parts, sizeof of_mixture);
        must(rr_policy_act(plain, t.reader, &t.obs, &t.decision, &err), &err);
        for (size_t i = 0; i < N; i++) {
            ck_assert_int_eq(parts[i], RR_PART_POLICY);
            ck_assert(of_mixture[i] >= RR_PART_POLICY && of_mixture[i] <= RR_PART_FLOOR);
            n[of_mixture[i]]++;
            ck_assert(of_mixture[i] != RR_PART_POLICY || drawn[i] == t.actions[i]);
            ck_assert(of_mixture[i] != RR_PART_INCUMBENT || drawn[i] == t.incumbents[i]);
        }
    }
    /* Two rows in three have an incumbent; four standard deviations are below 0.03. */
    const double rows = CALLS * N;
    ck_assert_double_eq_tol((double)n[RR_PART_FLOOR] / rows, 0.3, 0.03);
    ck_assert_double_eq_tol((double)n[RR_PART_INCUMBENT] / rows, 0.7 * 0.4 * 2.0 / 3.0, 0.03);
    t.obs.incumbents = NULL;
    must(rr_agent_act(t.agent, &t.obs, &t.decision, &err), &err);
    ck_assert_int_eq(parts[0], RR_PART_POLICY);
    rr_policy_release(plain);
    close_table(&t);
}
END_TEST

CHECK_MAIN("api/api_policy", test_api_policy_null_arguments_are_refused_by_name,
           test_api_policy_decides_by_id_as_the_agent_does,
           test_api_policy_draws_without_ids_differ_between_seeds_and_go_on,
           test_api_policy_options_are_served_and_told,
           test_api_policy_options_out_of_range_are_refused_by_name,
           test_api_policy_bad_requests_are_refused_and_the_next_is_served,
           test_api_policy_is_alive_as_long_as_somebody_holds_it,
           test_api_policy_serves_another_catalogue_under_its_own_version,
           test_api_policy_parts_say_what_drew)
