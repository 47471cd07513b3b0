/* SPDX-License-Identifier: MIT */
#include "agent/swap_items.h"

#include "agent_fixture.h"
#include "counting_host.h"

/* Before: keys 0 … 6. After: two of them gone, three new, in another order. */
enum { N_BEFORE = 7, N_AFTER = 8 };
static const uint64_t KEYS[N_AFTER] = {100, 3, 0, 101, 6, 4, 102, 1};

static rig_shape trained_shape(void)
{
    rig_shape shape = rig_usual();
    shape.h = 5;
    shape.agent.normalize_returns = shape.agent.normalize_states = 1;
    shape.agent.has_bias = 1;
    shape.agent.has_trained_items = 1;
    return shape;
}

/* Moments that tell where they come from. */
static void open_trained(rig *r, const rig_shape *shape)
{
    rig_open(r, shape);
    rig_play(r, 8);
    ck_assert_int_eq(rri_trainer_update(&r->agent->trainer, &r->rollout, &r->obs, NULL, NULL),
                     RR_OK);
}

/* One row of a tensor [N, width] in all three arrays. */
static void check_row(const rig *r, const float *const old[3], const char *name, size_t item,
                      const float *fresh, size_t width)
{
    const rri_param *param = rig_param(r, name);
    const float *now[] = {r->agent->trainer.model.values, r->agent->trainer.first_moments,
                          r->agent->trainer.second_moments};
    for (size_t a = 0; a < 3; a++) {
        for (size_t i = 0; i < width; i++) {
            const float got = now[a][param->offset + item * width + i];
            const float wanted = KEYS[item] < N_BEFORE     ? old[a][KEYS[item] * width + i]
                                 : a == 0 && fresh != NULL ? fresh[item * width + i]
                                                           : 0.0f;
            ck_assert_msg(got == wanted, "%s, array %zu, key %d: %g is not %g", name, a,
                          (int)KEYS[item], (double)got, (double)wanted);
        }
    }
}

static void check_swap(const rig_shape *shape, size_t width, bool starts_at_pool)
{
    rig r;
    open_trained(&r, shape);
    const int64_t n_steps = r.agent->trainer.n_optimizer_steps;
    double running[10];
    ck_assert_uint_eq(r.agent->trainer.normaliser.n_running, 10);
    memcpy(running, r.agent->trainer.normaliser.running, sizeof running);
    const char *const names[] = {"actor.items", "actor.item_bias"};
    const size_t widths[] = {width, 1};
    float *old[2][3];
    for (size_t p = 0; p < 2; p++) {
        const rri_param *param = rig_param(&r, names[p]);
        const float *from[] = {r.agent->trainer.model.values, r.agent->trainer.first_moments,
                               r.agent->trainer.second_moments};
        for (size_t a = 0; a < 3; a++) {
            old[p][a] = RIG_TAKE(&r, float, param->size);
            memcpy(old[p][a], from[a] + param->offset, param->size * sizeof(float));
        }
    }
    rr_items *next = rig_items(&r, N_AFTER, 3, KEYS);
    ck_assert_int_eq(rri_agent_set_items(r.agent, next, NULL), RR_OK);
    ck_assert_ptr_eq(r.agent->trainer.model.items, next);
    for (size_t item = 0; item < N_AFTER; item++) {
        for (size_t p = 0; p < 2; p++) {
            const float *const o[3] = {old[p][0], old[p][1], old[p][2]};
            check_row(&r, o, names[p], item,
                      p == 0 && starts_at_pool ? rri_items_vectors(next) : NULL, widths[p]);
        }
    }
    ck_assert_int_eq(r.agent->trainer.n_updates, 1);
    ck_assert_int_eq(r.agent->trainer.n_optimizer_steps, n_steps);
    ck_assert_double_gt(running[0], 0.0);
    ck_assert_mem_eq(r.agent->trainer.normaliser.running, running, sizeof running);
    rri_items_release(next);
    r.shape.n_items = N_AFTER; /* and the agent goes on */
    rig_play(&r, 8);
    ck_assert_int_eq(rri_trainer_update(&r.agent->trainer, &r.rollout, &r.obs, NULL, NULL), RR_OK);
    rig_close(&r);
}

START_TEST(test_swap_items_carries_trained_vectors_biases_and_moments_over_by_key)
{
    const rig_shape shape = trained_shape();
    check_swap(&shape, 3, true);
}
END_TEST

START_TEST(test_swap_items_of_a_dense_head_starts_new_keys_at_zero)
{
    rig_shape shape = trained_shape();
    shape.agent.head = RR_HEAD_DENSE;
    check_swap(&shape, 4, false);
}
END_TEST

START_TEST(test_swap_items_leaves_all_other_tensors_as_they_are)
{
    const rig_shape shape = trained_shape();
    rig r;
    open_trained(&r, &shape);
    const rri_params before = r.agent->trainer.model.network.params;
    const float *from[] = {r.agent->trainer.model.values, r.agent->trainer.first_moments,
                           r.agent->trainer.second_moments};
    float *old[3];
    for (size_t a = 0; a < 3; a++) {
        old[a] = RIG_TAKE(&r, float, before.n_floats);
        memcpy(old[a], from[a], before.n_floats * sizeof(float));
    }
    rr_items *next = rig_items(&r, N_AFTER, 3, KEYS);
    ck_assert_int_eq(rri_agent_set_items(r.agent, next, NULL), RR_OK);
    const float *now[] = {r.agent->trainer.model.values, r.agent->trainer.first_moments,
                          r.agent->trainer.second_moments};
    for (size_t p = 0; p < before.n_params; p++) {
        const rri_param *param = &before.entries[p];
        if (strncmp(param->name, "actor.item", 10) == 0) {
            continue;
        }
        const rri_param *same = rig_param(&r, param->name);
        for (size_t a = 0; a < 3; a++) {
            ck_assert_mem_eq(now[a] + same->offset, old[a] + param->offset,
                             param->size * sizeof(float));
        }
    }
    rri_items_release(next);
    rig_close(&r);
}
END_TEST

/* The next generation of r's items: three keys are new, one has other features. */
static rr_items *grow(const rig *r, float feature)
{
    const uint64_t keys[] = {100, 101, 102, 2};
    const float vectors[4 * 3] = {0};
    float features[4 * 4];
    for (size_t i = 0; i < 16; i++) {
        features[i] = feature + 0.1f * (float)(i / 4);
    }
    rr_items *next = NULL;
    const rri_item_rows rows = {vectors, keys, features, 4, 4};
    ck_assert_int_eq(rri_items_follow(&next, r->items, NULL, 0, &rows, &r->agent->allocator, NULL),
                     RR_OK);
    return next;
}

/* And so have its published policies; what was learned stays, with its moments. */
START_TEST(test_swap_items_gives_what_is_new_the_vector_that_its_features_make)
{
    rig_shape shape = rig_usual();
    shape.agent.item_feature_dim = 4;
    shape.agent.tower_hidden[0] = 5;
    rig r;
    open_trained(&r, &shape);
    const rri_param *first = rig_param(&r, "actor.tower.0.weight"),
                    *last = rig_param(&r, "actor.tower.1.weight");
    const size_t n_floats = r.agent->trainer.model.network.params.n_floats;
    float *values = RIG_TAKE(&r, float, n_floats), *moments = RIG_TAKE(&r, float, n_floats);
    memcpy(values, r.agent->trainer.model.values, n_floats * sizeof *values);
    memcpy(moments, r.agent->trainer.first_moments, n_floats * sizeof *moments);
    float before[7 * 3];
    memcpy(before, r.agent->trainer.model.network.catalogue.vectors, sizeof before);
    rr_items *next = grow(&r, 0.5f);
    ck_assert_int_eq(rri_agent_set_items(r.agent, next, NULL), RR_OK);
    ck_assert_mem_eq(r.agent->trainer.model.values, values, n_floats * sizeof *values);
    ck_assert_mem_eq(r.agent->trainer.first_moments, moments, n_floats * sizeof *moments);
    const float *now = r.agent->trainer.model.network.catalogue.vectors;
    ck_assert_uint_eq(r.agent->trainer.model.network.n_items, 11);
    ck_assert_mem_eq(now, before, sizeof before);
    for (size_t i = 7; i < 11; i++) {
        for (size_t c = 0; c < 3; c++) {
            double wanted = 0.0;
            for (size_t j = 0; j < 5; j++) {
                double h = (double)values[rig_param(&r, "actor.tower.0.bias")->offset + j];
                for (size_t k = 0; k < 4; k++) {
                    h += (double)values[first->offset + j * 4 + k] *
                         (double)rri_items_features(next)[i * 4 + k];
                }
                wanted += (double)values[last->offset + c * 5 + j] * tanh(h);
            }
            ck_assert(fabs(wanted) > 1e-6);
            ck_assert_double_eq_tol((double)now[i * 3 + c], wanted, 1e-6);
        }
    }
    rr_serving_options options;
    rr_serving_options_init(&options, sizeof options);
    rr_policy *policy = NULL;
    ck_assert_int_eq(rri_agent_publish(&policy, r.agent, &options, NULL), RR_OK);
    ck_assert_mem_eq(policy->model.network.catalogue.vectors, now, 11 * 3 * sizeof *now);
    rri_snapshot_release(policy);
    r.shape.n_items = 11;
    rig_play(&r, 8);
    ck_assert_int_eq(rri_trainer_update(&r.agent->trainer, &r.rollout, &r.obs, NULL, NULL), RR_OK);
    rri_items_release(next);
    rig_close(&r);
}
END_TEST

/* Widths at which threads share out the making of vectors: after a step they are those that a
 * publish makes of the same parameters. */
START_TEST(test_swap_items_and_steps_make_the_vectors_that_a_publish_makes)
{
    rig_shape shape = rig_usual();
    shape.n_items = 600;
    shape.agent.item_dim = 16;
    shape.agent.item_feature_dim = 4;
    shape.agent.num_threads = 2;
    rig r;
    open_trained(&r, &shape);
    rr_serving_options options;
    rr_serving_options_init(&options, sizeof options);
    rr_policy *policy = NULL;
    ck_assert_int_eq(rri_agent_publish(&policy, r.agent, &options, NULL), RR_OK);
    const rri_network *net = &r.agent->trainer.model.network;
    ck_assert_ptr_null(net->query_panels);
    ck_assert_mem_eq(net->catalogue.vectors, policy->model.network.catalogue.vectors,
                     600 * 16 * sizeof(float));
    rri_snapshot_release(policy);
    rig_close(&r);
}
END_TEST

START_TEST(test_swap_items_refuses_items_without_the_features_that_a_tower_reads)
{
    rig_shape shape = rig_usual();
    shape.agent.item_feature_dim = 4;
    rig r;
    rr_error err = {0};
    rig_open(&r, &shape);
    r.shape.agent.item_feature_dim = 3;
    rr_items *narrow = rig_items(&r, 7, 3, NULL);
    rig_expect(rri_agent_set_items(r.agent, narrow, &err), RR_E_MISMATCH, &err,
               "the items have 3 features of their own; this agent reads 4 (item_feature_dim)");
    ck_assert_ptr_eq(r.agent->trainer.model.items, r.items);
    rri_items_release(narrow);
    rig_close(&r);
}
END_TEST

/* A frozen tower after a swap says what one made with the new catalogue and these weights says. */
START_TEST(test_swap_items_scores_the_new_vectors_at_once)
{
    rig_shape shape = rig_usual();
    shape.h = 5;
    rig r;
    rig_open(&r, &shape);
    rr_items *next = rig_items(&r, N_AFTER, 3, KEYS);
    ck_assert_int_eq(rri_agent_set_items(r.agent, next, NULL), RR_OK);
    const int32_t actions[5] = {7, 7, 7, 7, 7}; /* a position that was not there before */
    float swapped[5], made[5];
    ck_assert_int_eq(rri_agent_evaluate(r.agent, &r.obs, actions, swapped, NULL, NULL, NULL),
                     RR_OK);
    rr_agent *other = NULL;
    ck_assert_int_eq(rri_agent_create(&other, &shape.agent, rig_algorithm(&shape),
                                      rig_algo_config(&shape), next, NULL, NULL),
                     RR_OK);
    memcpy(other->trainer.model.values, r.agent->trainer.model.values,
           other->trainer.model.network.params.n_floats * sizeof(float));
    rri_model_pack(&other->trainer.model);
    ck_assert_int_eq(rri_agent_evaluate(other, &r.obs, actions, made, NULL, NULL, NULL), RR_OK);
    ck_assert_mem_eq(swapped, made, sizeof made);
    ck_assert_uint_eq(rri_agent_version(other), rri_agent_version(r.agent));
    rri_agent_destroy(other);
    rri_items_release(next);
    rig_close(&r);
}
END_TEST

START_TEST(test_swap_items_there_and_back_is_as_before)
{
    const rig_shape shape = trained_shape();
    rig r;
    open_trained(&r, &shape);
    const uint64_t before = rig_hash(&r);
    uint64_t keys[N_BEFORE + 1];
    for (size_t i = 0; i <= N_BEFORE; i++) {
        keys[i] = N_BEFORE - i; /* every key, in another order, and one more */
    }
    rr_items *next = rig_items(&r, N_BEFORE + 1, 3, keys);
    ck_assert_int_eq(rri_agent_set_items(r.agent, next, NULL), RR_OK);
    ck_assert_uint_ne(rig_hash(&r), before);
    ck_assert_int_eq(rri_agent_set_items(r.agent, r.items, NULL), RR_OK);
    ck_assert_uint_eq(rig_hash(&r), before);
    ck_assert_int_eq(rri_agent_set_items(r.agent, r.items, NULL), RR_OK); /* its own */
    ck_assert_uint_eq(rig_hash(&r), before);
    rri_items_release(next);
    rig_close(&r);
}
END_TEST

START_TEST(test_swap_items_drops_rows_recorded_before)
{
    const rig_shape shape = trained_shape();
    rig r;
    rig_open(&r, &shape);
    rig_play(&r, 2);
    rr_items *next = rig_items(&r, N_AFTER, 3, KEYS);
    ck_assert_int_eq(rri_agent_set_items(r.agent, next, NULL), RR_OK);
    rig_play(&r, 2);
    rr_stats stats = {0};
    ck_assert_int_eq(rri_trainer_update(&r.agent->trainer, &r.rollout, &r.obs, &stats, NULL),
                     RR_OK);
    ck_assert_int_eq(stats.n_dropped, 10);
    ck_assert_int_eq(stats.n_rows, 10);
    rri_items_release(next);
    rig_close(&r);
}
END_TEST

START_TEST(test_swap_items_refused_leaves_the_agent_as_before)
{
    rig_shape shape = trained_shape();
    rig r;
    rig_open(&r, &shape);
    const uint64_t before = rig_hash(&r);
    rr_error err = {0};
    rr_items *wide = rig_items(&r, 7, 4, NULL);
    rig_expect(rri_agent_set_items(r.agent, wide, &err), RR_E_MISMATCH, &err,
               "vectors of width 4; this agent's have 3");
    ck_assert_uint_eq(rig_hash(&r), before);
    rig_close(&r);

    shape = rig_usual();
    shape.n_items = 0;
    shape.k = 4;
    shape.has_only_vectors = true;
    rig_open(&r, &shape);
    rig_expect(rri_agent_set_items(r.agent, wide, &err), RR_E_STATE, &err,
               "made without a catalogue");
    rri_items_release(wide);
    rig_close(&r);
}
END_TEST

START_TEST(test_swap_items_without_memory_leaves_the_agent_as_before)
{
    counting_host host;
    counting_host_init(&host);
    rig_shape shape = trained_shape();
    shape.host = &host.host;
    rig r;
    open_trained(&r, &shape);
    rr_items *next = rig_items(&r, N_AFTER, 3, KEYS);
    const uint64_t before = rig_hash(&r);
    const size_t n_live = host.n_live, live_bytes = host.live_bytes;
    size_t n_refused = 0;
    rr_status status = RR_E_MEMORY;
    while (status == RR_E_MEMORY) {
        host.n_calls = 0;
        host.fails_at = n_refused + 1;
        rr_error err = {0};
        status = rri_agent_set_items(r.agent, next, &err);
        if (status == RR_E_MEMORY) {
            n_refused++;
            ck_assert_uint_eq(rig_hash(&r), before);
            ck_assert_uint_eq(host.n_live, n_live);
            ck_assert_uint_eq(host.live_bytes, live_bytes);
            ck_assert_ptr_eq(r.agent->trainer.model.items, r.items);
            rig_play(&r, 1); /* everything still stands where it stood */
            ck_assert_int_eq(rri_agent_act(r.agent, &r.obs, &r.decision, NULL), RR_OK);
            rri_rollout_clear(&r.rollout);
            r.agent->trainer.n_draws -= 10;
        }
    }
    ck_assert_int_eq(status, RR_OK);
    ck_assert_uint_ge(n_refused, 1);
    ck_assert_uint_eq(host.n_live, n_live); /* the old block is gone */
    rri_items_release(next);
    rig_close(&r);
    ck_assert_uint_eq(host.n_live, 0);
    ck_assert_uint_eq(host.live_bytes, 0);
}
END_TEST

CHECK_MAIN("agent/swap_items", test_swap_items_gives_what_is_new_the_vector_that_its_features_make,
           test_swap_items_and_steps_make_the_vectors_that_a_publish_makes,
           test_swap_items_refuses_items_without_the_features_that_a_tower_reads,
           test_swap_items_carries_trained_vectors_biases_and_moments_over_by_key,
           test_swap_items_of_a_dense_head_starts_new_keys_at_zero,
           test_swap_items_leaves_all_other_tensors_as_they_are,
           test_swap_items_scores_the_new_vectors_at_once,
           test_swap_items_there_and_back_is_as_before, test_swap_items_drops_rows_recorded_before,
           test_swap_items_refused_leaves_the_agent_as_before,
           test_swap_items_without_memory_leaves_the_agent_as_before)
