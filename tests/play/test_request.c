/* SPDX-License-Identifier: MIT */
#include "play/request.h"

#include "agent_fixture.h"

/* One observation that is fine but for what a test changes in it. */
static rig_shape full_shape(void)
{
    rig_shape shape = rig_usual();
    shape.n_items = 9;
    shape.k = 6;
    shape.m = 2;
    shape.h = 5;
    shape.has_lengths = true;
    shape.has_counts = true;
    shape.has_vectors = true;
    shape.agent.feature_dim = 2;
    return shape;
}

static rr_status read_request(rri_request *request, rr_agent *agent, const rr_obs *obs,
                              rr_error *err)
{
    const rri_workspace work = rri_trainer_workspace(&agent->trainer);
    return rri_request_read(request, &work, obs, err);
}

static void expect(rig *r, const rr_obs *obs, rr_status status, const char *sentence)
{
    const uint64_t before = rig_hash(r);
    rri_request request;
    rr_error err = {0};
    rig_expect(read_request(&request, r->agent, obs, &err), status, &err, sentence);
    ck_assert_uint_eq(rig_hash(r), before);
    ck_assert_uint_eq(r->agent->trainer.stacks[0].used, 0);
}

START_TEST(test_request_is_the_observation_as_policy_and_networks_read_it)
{
    const rig_shape shape = full_shape();
    rig r;
    rig_open(&r, &shape);
    rri_request request;
    ck_assert_int_eq(read_request(&request, r.agent, &r.obs, NULL), RR_OK);
    ck_assert_uint_eq(request.n, 5);
    ck_assert_ptr_eq(request.inputs.states, r.obs.states);
    ck_assert_uint_eq(request.menu.k, 6);
    ck_assert_uint_eq(request.menu.m, 2);
    ck_assert_uint_eq(request.menu.h, 5);
    ck_assert_ptr_eq(request.menu.candidates, r.obs.candidates);
    ck_assert_ptr_eq(request.menu.features, r.obs.features);
    ck_assert_ptr_null(request.menu.rows);
    ck_assert_ptr_eq(request.pool, r.items);
    ck_assert_uint_eq(rri_request_width(&request), 6);
    ck_assert_uint_eq(rri_request_fingerprint(&request), rri_items_fingerprint(r.items));
    rig_close(&r);
}
END_TEST

START_TEST(test_request_without_lists_chooses_from_the_pool)
{
    const rig_shape shape = rig_usual();
    rig r;
    rig_open(&r, &shape);
    rri_request request;
    ck_assert_int_eq(read_request(&request, r.agent, &r.obs, NULL), RR_OK);
    ck_assert_uint_eq(rri_request_width(&request), 7);
    ck_assert_ptr_null(request.menu.history);
    rig_close(&r);
}
END_TEST

START_TEST(test_request_does_not_use_what_is_null)
{
    rig_shape shape = rig_usual();
    shape.agent.max_history = 2;
    rig r;
    rig_open(&r, &shape);
    r.obs.n_history = 1000; /* lengths of arrays that are not there */
    r.obs.n_excluded = 1000;
    rri_request request;
    rr_error err = {0};
    ck_assert_msg(read_request(&request, r.agent, &r.obs, &err) == RR_OK, "%s", err.text);
    ck_assert_uint_eq(request.menu.h, 0);
    ck_assert_uint_eq(request.menu.m, 0);
    ck_assert_uint_eq(request.menu.k, 0);
    rig_close(&r);
}
END_TEST

START_TEST(test_request_names_what_is_not_served_yet)
{
    const rig_shape shape = full_shape();
    rig r;
    rig_open(&r, &shape);
    const int32_t incumbents[5] = {0};
    const int64_t times[5] = {0};
    const uint64_t ids[5] = {0};
    rr_obs obs = r.obs;
    obs.incumbents = incumbents;
    expect(&r, &obs, RR_E_UNSUPPORTED, "incumbents is set");
    obs = r.obs;
    obs.times = times;
    rri_request request;
    ck_assert_int_eq(read_request(&request, r.agent, &obs, NULL), RR_OK); /* not read */
    obs = r.obs;
    obs.sessions = ids;
    expect(&r, &obs, RR_E_INVALID, "both or neither");
    obs = r.obs;
    obs.decisions = ids;
    expect(&r, &obs, RR_E_INVALID, "both or neither");
    rig_close(&r);
}
END_TEST

START_TEST(test_request_names_the_shape_that_is_not_the_agents)
{
    const rig_shape shape = full_shape();
    rig r;
    rig_open(&r, &shape);
    rr_obs obs = r.obs;
    obs.n = 0;
    expect(&r, &obs, RR_E_INVALID, "obs: n is 0; it must be at least 1");
    obs.n = 65;
    expect(&r, &obs, RR_E_INVALID, "obs: n is 65; this agent was made for at most 64 (max_rows)");
    obs = r.obs;
    obs.state_dim = 4;
    expect(&r, &obs, RR_E_INVALID, "obs: state_dim is 4; this agent's is 3");
    obs.state_dim = -3;
    expect(&r, &obs, RR_E_INVALID, "obs: state_dim is -3");
    obs = r.obs;
    obs.states = NULL;
    expect(&r, &obs, RR_E_INVALID, "obs: states is NULL");
    obs = r.obs;
    obs.n_candidates = 9;
    expect(&r, &obs, RR_E_INVALID,
           "obs: n_candidates is 9; this agent was made for 1 … 8 (max_candidates)");
    obs.n_candidates = 0;
    expect(&r, &obs, RR_E_INVALID, "obs: n_candidates is 0; this agent was made for 1 … 8");
    obs = r.obs;
    obs.n_excluded = -1;
    expect(&r, &obs, RR_E_INVALID,
           "obs: n_excluded is -1; this agent was made for 0 … 8 (max_history)");
    obs = r.obs;
    obs.n_history = 9;
    expect(&r, &obs, RR_E_INVALID,
           "obs: n_history is 9; this agent was made for 0 … 8 (max_history)");
    obs = r.obs;
    obs.feature_dim = 3;
    expect(&r, &obs, RR_E_INVALID, "obs: feature_dim is 3; this agent scores 2 features");
    obs = r.obs;
    obs.features = NULL;
    expect(&r, &obs, RR_E_INVALID, "features is NULL");
    obs = r.obs;
    obs.item_dim = 4;
    expect(&r, &obs, RR_E_INVALID, "obs: item_dim is 4; this agent's is 3");
    obs = r.obs;
    obs.candidates = NULL;
    obs.vectors = NULL;
    expect(&r, &obs, RR_E_INVALID, "obs: n_candidates is 6, but candidates and vectors are NULL");
    obs.n_candidates = 0;
    expect(&r, &obs, RR_E_INVALID, "need candidates or vectors beside them");
    rig_close(&r);
}
END_TEST

START_TEST(test_request_features_for_an_agent_that_scores_none_are_refused)
{
    rig_shape shape = full_shape();
    shape.agent.feature_dim = 0;
    rig r;
    rig_open(&r, &shape);
    const float features[5 * 6] = {0};
    rr_obs obs = r.obs;
    obs.features = features;
    obs.feature_dim = 1;
    expect(&r, &obs, RR_E_INVALID, "features is set; this agent was made with feature_dim 0");
    rig_close(&r);
}
END_TEST

START_TEST(test_request_names_row_and_place_of_a_number_that_is_not_finite)
{
    const rig_shape shape = full_shape();
    rig r;
    rig_open(&r, &shape);
    for (size_t i = 0; i < 5; i++) {
        ((int32_t *)r.obs.lengths)[i] = 5;
    }
    const float bad[] = {NAN, INFINITY, -INFINITY};
    for (size_t i = 0; i < 3; i++) {
        float *state = (float *)r.obs.states + 3 * 3 + 1;
        const float kept = *state;
        *state = bad[i];
        expect(&r, &r.obs, RR_E_NOT_FINITE, "obs: states[3][1] is");
        *state = kept;
        float *feature = (float *)r.obs.features + (2 * 6 + 4) * 2 + 1;
        *feature = bad[i];
        expect(&r, &r.obs, RR_E_NOT_FINITE, "obs: features[2][4][1] is");
        *feature = 0.0f;
        int32_t *candidate = (int32_t *)r.obs.candidates + 4 * 6 + 2;
        const int32_t item = *candidate;
        float *vector = (float *)r.obs.vectors + (4 * 6 + 2) * 3;
        *candidate = -1;
        *vector = bad[i];
        expect(&r, &r.obs, RR_E_NOT_FINITE, "obs: vectors[4][2][0] is");
        *vector = 0.0f;
        *candidate = item;
        ((float *)r.obs.features)[(2 * 6 + 5) * 2] = bad[i]; /* behind the row's length: not read */
    }
    rri_request request;
    ck_assert_int_eq(read_request(&request, r.agent, &r.obs, NULL), RR_OK);
    rig_close(&r);
}
END_TEST

START_TEST(test_request_names_row_and_place_of_a_list_that_cannot_be)
{
    rig_shape shape = full_shape();
    shape.has_vectors = false;
    rig r;
    rig_open(&r, &shape);
    int32_t *candidates = (int32_t *)r.obs.candidates, *excluded = (int32_t *)r.obs.excluded;
    int32_t *lengths = (int32_t *)r.obs.lengths;
    int32_t saved = candidates[1 * 6 + 1];
    candidates[1 * 6 + 1] = candidates[1 * 6];
    expect(&r, &r.obs, RR_E_INVALID, "row 1: candidates[1] is");
    candidates[1 * 6 + 1] = 9;
    expect(&r, &r.obs, RR_E_INVALID, "row 1: candidates[1] is 9");
    candidates[1 * 6 + 1] = -1; /* and no vectors */
    expect(&r, &r.obs, RR_E_INVALID, "row 1: candidates[1] is -1");
    candidates[1 * 6 + 1] = saved;
    saved = lengths[2];
    lengths[2] = 0;
    expect(&r, &r.obs, RR_E_INVALID, "row 2: lengths is 0");
    lengths[2] = 7;
    expect(&r, &r.obs, RR_E_INVALID, "row 2: lengths is 7");
    lengths[2] = 2;
    excluded[2 * 2] = candidates[2 * 6];
    excluded[2 * 2 + 1] = candidates[2 * 6 + 1];
    expect(&r, &r.obs, RR_E_INVALID, "row 2: all 2 items are excluded");
    lengths[2] = saved;
    excluded[2 * 2] = -2;
    expect(&r, &r.obs, RR_E_INVALID, "row 2: excluded[0] is -2");
    excluded[2 * 2] = -1;
    ((int32_t *)r.obs.history)[4 * 5 + 3] = 9;
    expect(&r, &r.obs, RR_E_INVALID, "row 4: history[3] is 9");
    ((int32_t *)r.obs.history)[4 * 5 + 3] = -1;
    ((int32_t *)r.obs.counts)[0] = -1;
    expect(&r, &r.obs, RR_E_INVALID, "row 0: counts[0] is -1");
    rig_close(&r);
}
END_TEST

START_TEST(test_request_vectors_for_a_dense_head_are_not_served)
{
    rig_shape shape = full_shape();
    shape.agent.head = RR_HEAD_DENSE;
    rig r;
    rig_open(&r, &shape);
    expect(&r, &r.obs, RR_E_UNSUPPORTED, "vectors is set; the dense head");
    rig_close(&r);
}
END_TEST

START_TEST(test_request_without_lists_and_without_a_catalogue_has_nothing_to_choose)
{
    rig_shape shape = rig_usual();
    shape.n_items = 0;
    shape.k = 4;
    shape.has_only_vectors = true;
    rig r;
    rig_open(&r, &shape);
    rri_request request;
    ck_assert_int_eq(read_request(&request, r.agent, &r.obs, NULL), RR_OK);
    ck_assert_uint_eq(rri_request_fingerprint(&request), 0);
    rr_obs obs = r.obs;
    obs.vectors = NULL;
    obs.n_candidates = 0;
    expect(&r, &obs, RR_E_INVALID, "this agent has no catalogue to choose from");
    rig_close(&r);
}
END_TEST

START_TEST(test_request_foreign_pool_must_fit)
{
    rig_shape shape = rig_usual();
    shape.agent.max_pool_items = 8;
    rig r;
    rig_open(&r, &shape);
    rr_items *fits = rig_items(&r, 8, 3, NULL), *wide = rig_items(&r, 7, 4, NULL);
    rr_items *large = rig_items(&r, 9, 3, NULL);
    rr_obs obs = r.obs;
    rri_request request;
    obs.pool = fits;
    ck_assert_int_eq(read_request(&request, r.agent, &obs, NULL), RR_OK);
    ck_assert_ptr_eq(request.pool, fits);
    ck_assert_ptr_null(request.catalogue.bias);
    ck_assert_ptr_eq(request.catalogue.vectors, rri_items_vectors(fits));
    ck_assert_uint_eq(rri_request_width(&request), 8);
    obs.pool = wide;
    expect(&r, &obs, RR_E_MISMATCH, "obs: pool has vectors of width 4; this agent's is 3");
    obs.pool = large;
    expect(&r, &obs, RR_E_INVALID, "pool has 9 items; this agent was made for at most 8");
    rig_close(&r);

    for (int trains = 0; trains < 2; trains++) {
        shape.agent.has_trained_items = trains;
        shape.agent.head = trains ? RR_HEAD_TOWER : RR_HEAD_DENSE;
        rig_open(&r, &shape);
        obs = r.obs;
        obs.pool = fits;
        expect(&r, &obs, RR_E_MISMATCH, "this agent's item vectors are learned");
        rig_close(&r);
    }
    rri_items_release(fits);
    rri_items_release(wide);
    rri_items_release(large);
}
END_TEST

START_TEST(test_request_states_alone_are_judged_under_their_own_name)
{
    const rig_shape shape = rig_usual();
    rig r;
    rig_open(&r, &shape);
    rr_error err = {0};
    ck_assert_int_eq(
        rri_request_check_states(&r.agent->trainer.model.network, &r.obs, "final_obs", &err),
        RR_OK);
    ((float *)r.obs.states)[14] = NAN;
    rig_expect(rri_request_check_states(&r.agent->trainer.model.network, &r.obs, "final_obs", &err),
               RR_E_NOT_FINITE, &err, "final_obs: states[4][2] is nan");
    rig_close(&r);
}
END_TEST

CHECK_MAIN("play/request", test_request_is_the_observation_as_policy_and_networks_read_it,
           test_request_without_lists_chooses_from_the_pool, test_request_does_not_use_what_is_null,
           test_request_names_what_is_not_served_yet,
           test_request_names_the_shape_that_is_not_the_agents,
           test_request_features_for_an_agent_that_scores_none_are_refused,
           test_request_names_row_and_place_of_a_number_that_is_not_finite,
           test_request_names_row_and_place_of_a_list_that_cannot_be,
           test_request_vectors_for_a_dense_head_are_not_served,
           test_request_without_lists_and_without_a_catalogue_has_nothing_to_choose,
           test_request_foreign_pool_must_fit,
           test_request_states_alone_are_judged_under_their_own_name)
