/* SPDX-License-Identifier: MIT */
#include "agent/agent.h"

#include "agent/swap_items.h"
#include "agent/tensors.h"
#include "agent_fixture.h"
#include "counting_host.h"
#include "train/imitate.h"

/* Tries to make an agent; it must be refused, and nothing may be left. */
static void expect_refusal(const rig_shape *shape, rr_items *items, rr_status status,
                           const char *sentence)
{
    counting_host host;
    counting_host_init(&host);
    rr_agent *agent = NULL;
    rr_error err = {0};
    rig_expect(rri_agent_create(&agent, &shape->agent, rig_algorithm(shape), rig_algo_config(shape),
                                items, &host.host, &err),
               status, &err, sentence);
    ck_assert_ptr_null(agent);
    ck_assert_uint_eq(host.n_live, 0);
}

START_TEST(test_agent_create_refuses_what_does_not_go_together)
{
    rig r = {.shape = rig_usual(), .random = 1};
    rr_items *items = rig_items(&r, 7, 3, NULL);
    rig_shape shape = rig_usual();
    shape.agent.num_items = 7;
    expect_refusal(&shape, items, RR_E_INVALID, "num_items is 7; it must be 0 with the two-tower");
    shape = rig_usual();
    shape.agent.hidden[0] = 0;
    shape.agent.has_skip = 0;
    expect_refusal(&shape, items, RR_E_INVALID, "has_skip is 0 and hidden is empty");
    shape = rig_usual();
    shape.agent.item_dim = 4;
    expect_refusal(&shape, items, RR_E_INVALID,
                   "item_dim is 4; it must be the width of the items, 3");
    shape = rig_usual();
    shape.agent.has_bias = 1;
    expect_refusal(&shape, NULL, RR_E_INVALID, "has_bias is 1; without items it must be 0");
    shape = rig_usual();
    shape.agent.has_trained_items = 1;
    expect_refusal(&shape, NULL, RR_E_INVALID, "has_trained_items is 1; without items");

    shape = rig_usual();
    shape.agent.has_feature_query = 1;
    expect_refusal(&shape, items, RR_E_INVALID,
                   "has_feature_query is 1 and feature_dim is 0; without features of candidates");
    shape = rig_usual();
    shape.agent.candidate_hidden[0] = 8;
    expect_refusal(&shape, items, RR_E_INVALID,
                   "candidate_hidden is 8, … and feature_dim is 0; without features");
    shape.agent.feature_dim = 2;
    shape.agent.has_trained_items = 1;
    expect_refusal(&shape, items, RR_E_UNSUPPORTED, "candidate_hidden is 8, … with has_trained");
    shape.agent.has_trained_items = 0;
    shape.agent.head = RR_HEAD_DENSE;
    expect_refusal(&shape, items, RR_E_UNSUPPORTED, "candidate_hidden is 8, … with the dense head");
    shape = rig_usual();
    shape.agent.item_feature_dim = 4;
    expect_refusal(&shape, items, RR_E_INVALID,
                   "item_feature_dim is 4; it must be 0, or the number");
    expect_refusal(&shape, NULL, RR_E_INVALID,
                   "item_feature_dim is 4; it must be 0, or the number");
    r.shape = shape;
    rr_items *featured = rig_items(&r, 7, 3, NULL);
    shape.agent.item_feature_dim = 0;
    shape.agent.tower_hidden[0] = 5;
    expect_refusal(&shape, featured, RR_E_INVALID,
                   "tower_hidden is 5, … and item_feature_dim is 0; without features of items");
    shape.agent.item_feature_dim = 4;
    shape.agent.reward_model = 1;
    expect_refusal(&shape, featured, RR_E_UNSUPPORTED, "item_feature_dim is 4 with reward_model 1");
    shape.agent.reward_model = 0;
    shape.agent.candidate_hidden[0] = shape.agent.feature_dim = 3;
    expect_refusal(&shape, featured, RR_E_UNSUPPORTED,
                   "item_feature_dim is 4 with candidate_hidden");
    shape.agent.candidate_hidden[0] = 0;
    shape.agent.head = RR_HEAD_DENSE;
    expect_refusal(&shape, featured, RR_E_UNSUPPORTED, "item_feature_dim is 4 with the dense head");
    rri_items_release(featured);
    shape = rig_usual();
    shape.agent.head = RR_HEAD_DENSE;
    expect_refusal(&shape, NULL, RR_E_INVALID,
                   "num_items is 0; without items the dense head needs");
    shape.agent.num_items = 6;
    expect_refusal(&shape, items, RR_E_INVALID,
                   "num_items is 6; it must be 0 or the number of items, 7");
    shape.agent.num_items = 0;
    shape.agent.hidden[0] = 0;
    expect_refusal(&shape, items, RR_E_INVALID, "hidden is empty; the dense head needs");
    rri_items_release(items);
}
END_TEST

START_TEST(test_agent_create_refuses_sizes_that_fit_no_memory)
{
    rig_shape shape = rig_usual();
    shape.agent.max_rows = INT32_MAX;
    shape.ppo.n_steps = INT32_MAX;
    expect_refusal(&shape, NULL, RR_E_MEMORY, "agent:");
    shape = rig_usual();
    shape.agent.state_dim = INT32_MAX;
    shape.agent.hidden[0] = INT32_MAX;
    shape.agent.hidden[1] = INT32_MAX;
    expect_refusal(&shape, NULL, RR_E_MEMORY, "");
    shape = rig_usual();
    shape.agent.head = RR_HEAD_DENSE;
    shape.agent.hidden[0] = INT32_MAX;
    shape.agent.num_items = INT32_MAX;
    expect_refusal(&shape, NULL, RR_E_MEMORY, "");
    shape = rig_usual();
    shape.agent.max_candidates = INT32_MAX;
    shape.agent.max_history = INT32_MAX;
    shape.agent.max_pool_items = INT32_MAX;
    shape.agent.feature_dim = INT32_MAX;
    expect_refusal(&shape, NULL, RR_E_MEMORY, "");
}
END_TEST

/* Two agents of one config are one; another seed makes another. */
START_TEST(test_agent_create_is_a_function_of_its_config)
{
    rig_shape shape = rig_usual();
    uint64_t versions[3];
    for (size_t i = 0; i < 3; i++) {
        rig r;
        shape.agent.seed = i < 2 ? 11 : 12;
        rig_open(&r, &shape);
        rr_agent *agent = NULL;
        ck_assert_int_eq(rri_agent_create(&agent, &shape.agent, rig_algorithm(&shape),
                                          rig_algo_config(&shape), r.items, NULL, NULL),
                         RR_OK);
        versions[i] = rri_agent_version(agent);
        ck_assert_int_eq(agent->trainer.n_updates, 0);
        ck_assert_int_eq(agent->trainer.n_timesteps, 0);
        for (size_t j = 0; j < agent->trainer.model.network.params.n_floats; j++) {
            ck_assert_float_eq(agent->trainer.first_moments[j], 0.0f);
            ck_assert_float_eq(agent->trainer.second_moments[j], 0.0f);
        }
        rri_agent_destroy(agent);
        rig_close(&r);
    }
    ck_assert_uint_eq(versions[0], versions[1]);
    ck_assert_uint_ne(versions[0], versions[2]);
}
END_TEST

START_TEST(test_agent_first_policy_of_the_tower_head_is_uniform)
{
    rig_shape shape = rig_usual();
    rig r;
    rig_open(&r, &shape);
    rr_agent *agent = NULL;
    ck_assert_int_eq(rri_agent_create(&agent, &shape.agent, rig_algorithm(&shape),
                                      rig_algo_config(&shape), r.items, NULL, NULL),
                     RR_OK);
    ck_assert_int_eq(rri_agent_act(agent, &r.obs, &r.decision, NULL), RR_OK);
    for (size_t i = 0; i < 5; i++) {
        ck_assert_float_eq_tol(r.decision.log_probs[i], -1.9459101f, 1e-6f); /* −ln 7 */
    }
    rri_agent_destroy(agent);
    rig_close(&r);
}
END_TEST

START_TEST(test_agent_version_tells_parameters_and_catalogues_apart)
{
    rig_shape shape = rig_usual();
    rig r;
    rig_open(&r, &shape);
    const uint64_t before = rri_agent_version(r.agent);
    const rri_params *params = &r.agent->trainer.model.network.params;
    for (size_t p = 0; p < params->n_params; p++) {
        float *last =
            r.agent->trainer.model.values + params->entries[p].offset + params->entries[p].size - 1;
        const float kept = *last;
        *last += 1.0f;
        rri_model_rehash(&r.agent->trainer.model);
        ck_assert_uint_ne(rri_agent_version(r.agent), before);
        *last = kept;
    }
    rri_model_rehash(&r.agent->trainer.model);
    ck_assert_uint_eq(rri_agent_version(r.agent), before);
    r.agent->trainer.first_moments[0] = 1.0f; /* moments and counters are no part of a policy */
    r.agent->trainer.n_draws++;
    ck_assert_uint_eq(rri_agent_version(r.agent), before);
    rr_items *other = rig_items(&r, 7, 3, NULL), *own = r.agent->trainer.model.items;
    r.agent->trainer.model.items = other;
    ck_assert_uint_ne(rri_agent_version(r.agent), before);
    r.agent->trainer.model.items = own;
    rri_items_release(other);
    rig_close(&r);
}
END_TEST

/* What the agent says is that of its values, and another than before. */
static void expect_new_version(const rig *r, uint64_t *version, const char *what)
{
    const rri_model *model = &r->agent->trainer.model;
    const uint64_t hash =
        rri_model_hash(&model->config, model->values, model->network.params.n_floats);
    ck_assert_msg(rri_agent_version(r->agent) ==
                      rri_version_hash(hash, rri_model_line(model), NULL),
                  "%s: the version is not that of the values", what);
    ck_assert_msg(rri_agent_version(r->agent) != *version, "%s: the version is as before", what);
    *version = rri_agent_version(r->agent);
}

START_TEST(test_agent_version_moves_with_everything_that_changes_parameters)
{
    for (int is_a2c = 0; is_a2c < 2; is_a2c++) {
        rig_shape shape = rig_usual();
        shape.algo = is_a2c ? RR_ALGO_A2C : RR_ALGO_PPO;
        shape.k = 5;
        shape.agent.feature_dim = 2;
        shape.agent.has_trained_items = 1;
        shape.agent.normalize_returns = shape.agent.normalize_states = 1;
        rig r;
        rig_open(&r, &shape);
        uint64_t version = 0;
        expect_new_version(&r, &version, "create");
        const float weights[] = {0.25f, -0.5f};
        ck_assert_int_eq(rri_agent_set_tensor(r.agent, "actor.feature_weights", weights, 2, NULL),
                         RR_OK);
        expect_new_version(&r, &version, "set_tensor");
        rig_play(&r, 8);
        ck_assert_int_eq(rri_trainer_update(&r.agent->trainer, &r.rollout, &r.obs, NULL, NULL),
                         RR_OK);
        expect_new_version(&r, &version, "update");
        rr_imitate_config imitate;
        rr_imitate_config_init(&imitate, sizeof imitate);
        ck_assert_int_eq(rri_agent_act(r.agent, &r.obs, &r.decision, NULL), RR_OK);
        ck_assert_int_eq(rri_trainer_imitate(&r.agent->trainer, &r.obs, r.decision.actions, NULL,
                                             NULL, &imitate, &r.agent->allocator, NULL, NULL),
                         RR_OK);
        expect_new_version(&r, &version, "imitate");
        rr_items *others = rig_items(&r, 9, 3, NULL);
        ck_assert_int_eq(rri_agent_set_items(r.agent, others, NULL), RR_OK);
        expect_new_version(&r, &version, "set_items");
        rri_items_release(others);
        rig_close(&r);
    }
}
END_TEST

/* The first step is made, the second has no finite gradient: what was kept is another policy. */
START_TEST(test_agent_version_moves_with_an_update_that_fails_on_its_way)
{
    rig_shape shape = rig_usual();
    shape.ppo.lr = 1e30f;
    rig r;
    rig_open(&r, &shape);
    uint64_t version = 0;
    expect_new_version(&r, &version, "create");
    rig_play(&r, 8);
    rr_error err = {0};
    ck_assert_int_eq(rri_trainer_update(&r.agent->trainer, &r.rollout, &r.obs, NULL, &err),
                     RR_E_NOT_FINITE);
    ck_assert_int_gt(r.agent->trainer.n_optimizer_steps, 0);
    expect_new_version(&r, &version, "a failed update");
    rig_close(&r);
}
END_TEST

START_TEST(test_agent_holds_its_catalogue_and_gives_everything_back)
{
    counting_host host;
    counting_host_init(&host);
    rig_shape shape = rig_usual();
    shape.host = &host.host;
    shape.agent.num_threads = 3;
    rig r;
    rig_open(&r, &shape);
    rri_items_release(r.items); /* the host's own reference */
    r.items = NULL;
    rig_play(&r, 2);
    ck_assert_uint_gt(host.n_live, 2);
    rig_close(&r);
    ck_assert_uint_eq(host.n_live, 0);
    ck_assert_uint_eq(host.live_bytes, 0);
    rri_agent_destroy(NULL);
}
END_TEST

START_TEST(test_agent_create_without_memory_leaves_nothing)
{
    counting_host host;
    counting_host_init(&host);
    rig_shape shape = rig_usual();
    shape.agent.num_threads = 2;
    rig r = {.shape = shape, .random = 1};
    rr_items *items = rig_items(&r, 7, 3, NULL);
    rr_agent *agent = NULL;
    size_t n_refused = 0;
    for (;;) {
        rr_error err = {0};
        host.n_calls = 0;
        host.fails_at = n_refused + 1;
        const rr_status status = rri_agent_create(&agent, &shape.agent, rig_algorithm(&shape),
                                                  rig_algo_config(&shape), items, &host.host, &err);
        if (status == RR_OK) {
            break;
        }
        rig_expect(status, RR_E_MEMORY, &err, "could not be allocated");
        ck_assert_ptr_null(agent);
        ck_assert_uint_eq(host.n_live, 0);
        n_refused++;
    }
    ck_assert_uint_ge(n_refused, 3); /* handle, crew, arrays */
    rri_agent_destroy(agent);
    ck_assert_uint_eq(host.n_live, 0);
    rri_items_release(items); /* the one reference that is left */
}
END_TEST

START_TEST(test_agent_allocates_nothing_after_create)
{
    for (int32_t algo = 0; algo < 2; algo++) {
        counting_host host;
        counting_host_init(&host);
        rig_shape shape = rig_usual();
        shape.host = &host.host;
        shape.algo = algo;
        shape.n = 64;
        shape.m = 2;
        shape.h = 5;
        shape.k = 6;
        shape.has_vectors = true;
        shape.agent.num_threads = 2;
        rig r;
        rig_open(&r, &shape);
        host.n_calls = 0;
        rig_play(&r, 8);
        ck_assert_int_eq(rri_trainer_update(&r.agent->trainer, &r.rollout, &r.obs, NULL, NULL),
                         RR_OK);
        int32_t best[64 * 6];
        ck_assert_int_eq(rri_agent_top_k(r.agent, &r.obs, 6, best, NULL, NULL, NULL), RR_OK);
        ck_assert_uint_eq(host.n_calls, 0);
        rig_close(&r);
    }
}
END_TEST

/* The largest lists and catalogues that the config allows fit the scratch memory it was given. */
START_TEST(test_agent_serves_the_largest_shapes_it_was_made_for)
{
    rig_shape shape = rig_usual();
    shape.n_items = 40;
    shape.n = 64;
    shape.k = 8;
    shape.m = 8;
    shape.h = 8;
    shape.has_vectors = true;
    shape.agent.feature_dim = 3;
    shape.agent.max_pool_items = 3000;
    rig r;
    rig_open(&r, &shape);
    rig_play(&r, 8);
    ck_assert_int_eq(rri_trainer_update(&r.agent->trainer, &r.rollout, &r.obs, NULL, NULL), RR_OK);
    rig_close(&r);

    shape.agent.feature_dim = 0;
    shape.k = 0;
    rig_open(&r, &shape);
    rr_items *large = rig_items(&r, 3000, 3, NULL);
    int32_t *best = RIG_TAKE(&r, int32_t, 64 * 3000);
    r.obs.pool = large;
    ck_assert_int_eq(rri_agent_act(r.agent, &r.obs, &r.decision, NULL), RR_OK);
    int32_t *short_list = RIG_TAKE(&r, int32_t, 64 * 10);
    ck_assert_int_eq(rri_agent_top_k(r.agent, &r.obs, 3000, best, NULL, NULL, NULL), RR_OK);
    ck_assert_int_eq(rri_agent_top_k(r.agent, &r.obs, 10, short_list, NULL, NULL, NULL), RR_OK);
    for (size_t i = 0; i < 64; i++) {
        ck_assert_mem_eq(best + i * 3000, short_list + i * 10, 10 * sizeof(int32_t));
    }
    rri_items_release(large);
    rig_close(&r);
}
END_TEST

/* Of two million items a thread holds the ranking of one row, not of a tile (512 MB). */
START_TEST(test_agent_holds_few_places_of_a_large_catalogue)
{
    counting_host host;
    counting_host_init(&host);
    rig_shape shape = rig_usual();
    shape.host = &host.host;
    rig r;
    rig_open(&r, &shape);
    const size_t small = host.live_bytes;
    rig_close(&r);
    shape.agent.max_pool_items = 2000000;
    rig_open(&r, &shape);
    ck_assert_uint_lt(host.live_bytes - small, (size_t)32 << 20);
    rig_close(&r);
}
END_TEST

CHECK_MAIN("agent/agent", test_agent_create_refuses_what_does_not_go_together,
           test_agent_create_refuses_sizes_that_fit_no_memory,
           test_agent_create_is_a_function_of_its_config,
           test_agent_first_policy_of_the_tower_head_is_uniform,
           test_agent_version_tells_parameters_and_catalogues_apart,
           test_agent_version_moves_with_everything_that_changes_parameters,
           test_agent_version_moves_with_an_update_that_fails_on_its_way,
           test_agent_holds_its_catalogue_and_gives_everything_back,
           test_agent_create_without_memory_leaves_nothing,
           test_agent_allocates_nothing_after_create,
           test_agent_serves_the_largest_shapes_it_was_made_for,
           test_agent_holds_few_places_of_a_large_catalogue)
