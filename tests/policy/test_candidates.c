/* SPDX-License-Identifier: MIT */
#include "policy/candidates.h"

#include "agent_twin.h"
#include "serve/snapshot.h"

/* Lists of which some candidates bring their own vectors, behind the pool's. */
static rig_shape list_shape(void)
{
    rig_shape shape = rig_usual();
    shape.n_items = 9;
    shape.k = 6;
    shape.m = 2;
    shape.has_lengths = true;
    shape.has_vectors = true;
    shape.agent.feature_dim = 2;
    shape.agent.candidate_hidden[0] = 5;
    shape.agent.candidate_hidden[1] = 4;
    return shape;
}

/* log π of every position, by a policy that is published at this temperature. */
static void published(float *all, rig *r, float temperature)
{
    rr_serving_options options;
    rr_serving_options_init(&options, sizeof options);
    options.temperature = temperature;
    rri_allocator allocator;
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    rr_policy *policy = NULL;
    rr_reader *reader = NULL;
    const rri_model *model = &r->agent->trainer.model;
    ck_assert_int_eq(rri_snapshot_create(&policy, &model->config, &options, r->items, NULL,
                                         model->values, &allocator, NULL),
                     RR_OK);
    ck_assert_ptr_nonnull(policy->model.network.catalogue.candidate_products);
    ck_assert_int_eq(rri_reader_create(&reader, policy, r->shape.n_items, 1, &allocator, NULL),
                     RR_OK);
    r->decision.all_log_probs = all;
    rr_error err = {0};
    ck_assert_msg(rri_snapshot_act(policy, reader, &r->obs, &r->decision, &err) == RR_OK, "%s",
                  err.text);
    r->decision.all_log_probs = NULL;
    rri_reader_destroy(reader);
    rri_snapshot_release(policy);
}

START_TEST(test_candidates_scores_are_those_of_the_twin)
{
    const rig_shape shape = list_shape();
    rig r;
    rig_open(&r, &shape);
    const size_t width = shape.k;
    float *all = RIG_TAKE(&r, float, shape.n *width);
    r.decision.all_log_probs = all;
    ck_assert_int_eq(rri_agent_act(r.agent, &r.obs, &r.decision, NULL), RR_OK);
    twin t;
    twin_open(&t, &r);
    t.rows = (twin_rows){.n = shape.n,
                         .states = r.obs.states,
                         .menu = {.n = shape.n,
                                  .k = shape.k,
                                  .m = shape.m,
                                  .feature_dim = 2,
                                  .lengths = r.obs.lengths,
                                  .candidates = r.obs.candidates,
                                  .features = r.obs.features,
                                  .vectors = r.obs.vectors,
                                  .excluded = r.obs.excluded}};
    for (size_t i = 0; i < shape.n; i++) {
        double log_p[8];
        (void)twin_log_probs(log_p, &t, i);
        for (size_t j = 0; j < width; j++) {
            const double got = (double)all[i * width + j];
            ck_assert((got == -INFINITY) == (log_p[j] == -INFINITY));
            if (got != -INFINITY) {
                twin_assert_close(got, log_p[j], 3e-6, "log π");
            }
        }
    }
    twin_close(&t);
    rig_close(&r);
}
END_TEST

/* The agent makes C v_i on the way, a published policy has it. */
START_TEST(test_candidates_have_the_same_bits_with_products_that_are_kept)
{
    const rig_shape shape = list_shape();
    rig r;
    rig_open(&r, &shape);
    const size_t n = shape.n * shape.k;
    float *own = RIG_TAKE(&r, float, n), *served = RIG_TAKE(&r, float, n);
    r.decision.all_log_probs = own;
    ck_assert_int_eq(rri_agent_act(r.agent, &r.obs, &r.decision, NULL), RR_OK);
    published(served, &r, 1.0f);
    ck_assert_mem_eq(own, served, n * sizeof *own);
    rig_close(&r);
}
END_TEST

START_TEST(test_candidates_are_divided_by_the_temperature)
{
    rig_shape shape = list_shape();
    shape.agent.has_feature_query = 1;
    rig r;
    rig_open(&r, &shape);
    const size_t k = shape.k;
    float *plain = RIG_TAKE(&r, float, shape.n *k), *tempered = RIG_TAKE(&r, float, shape.n *k);
    published(plain, &r, 1.0f);
    published(tempered, &r, 0.6f);
    for (size_t i = 0; i < shape.n; i++) {
        double sum = 0.0;
        for (size_t j = 0; j < k; j++) {
            sum += exp((double)plain[i * k + j] / 0.6);
        }
        for (size_t j = 0; j < k; j++) {
            const double wanted = (double)plain[i * k + j] / 0.6 - log(sum);
            if (wanted != -INFINITY) {
                twin_assert_close((double)tempered[i * k + j], wanted, 3e-6, "log π at T");
            }
        }
    }
    rig_close(&r);
}
END_TEST

START_TEST(test_candidates_of_a_whole_pool_are_refused)
{
    rig_shape shape = list_shape();
    rig r;
    rig_open(&r, &shape);
    r.obs.candidates = NULL;
    r.obs.vectors = NULL;
    r.obs.features = NULL;
    r.obs.lengths = NULL;
    r.obs.n_candidates = r.obs.feature_dim = r.obs.item_dim = 0;
    rr_error err = {0};
    rig_expect(rri_agent_act(r.agent, &r.obs, &r.decision, &err), RR_E_UNSUPPORTED, &err,
               "scores lists and not the whole pool");
    rig_close(&r);
}
END_TEST

CHECK_MAIN("policy/candidates", test_candidates_scores_are_those_of_the_twin,
           test_candidates_have_the_same_bits_with_products_that_are_kept,
           test_candidates_are_divided_by_the_temperature,
           test_candidates_of_a_whole_pool_are_refused)
