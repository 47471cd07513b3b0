/* SPDX-License-Identifier: MIT */
#include "play/serving.h"

#include "agent_fixture.h"
#include "serve/snapshot.h"

static rr_serving_options plain(void)
{
    rr_serving_options options;
    rr_serving_options_init(&options, sizeof options);
    return options;
}

START_TEST(test_serving_mixture_is_what_the_options_say)
{
    rr_serving_options options = plain();
    options.floor = 0.25f;
    options.incumbent_share = 0.5f;
    options.is_greedy = 1;
    const int32_t incumbents[1] = {0};
    const rri_mixture mixture = rri_serving_mixture(&options, incumbents);
    ck_assert(mixture.floor == 0.25 && mixture.share == 0.5 && mixture.is_greedy);
    ck_assert_ptr_eq(mixture.incumbents, incumbents);
}
END_TEST

/* Every term of a score, divided: log π at temperature T is that of the scores over T. */
static void check_temperature(rig_shape shape, float temperature)
{
    rig r;
    rig_open(&r, &shape);
    rr_serving_options options = plain();
    options.temperature = temperature;
    rri_allocator allocator;
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    rr_policy *policy = NULL;
    rr_reader *reader = NULL;
    ck_assert_int_eq(rri_agent_publish(&policy, r.agent, &options, NULL), RR_OK);
    ck_assert_int_eq(
        rri_reader_create(&reader, policy, rri_snapshot_most_items(policy), 0, &allocator, NULL),
        RR_OK);
    const size_t width = shape.k > 0 ? shape.k : shape.n_items;
    float *at_one = RIG_TAKE(&r, float, shape.n *width), *all = RIG_TAKE(&r, float, shape.n *width);
    r.decision.all_log_probs = at_one;
    ck_assert_int_eq(rri_agent_act(r.agent, &r.obs, &r.decision, NULL), RR_OK);
    r.decision.all_log_probs = all;
    ck_assert_int_eq(rri_snapshot_act(policy, reader, &r.obs, &r.decision, NULL), RR_OK);
    for (size_t i = 0; i < shape.n; i++) {
        double sum = 0.0;
        for (size_t j = 0; j < width; j++) {
            sum += exp((double)at_one[i * width + j] / (double)temperature);
        }
        for (size_t j = 0; j < width; j++) {
            const double wanted = (double)at_one[i * width + j] / (double)temperature - log(sum);
            const double got = (double)all[i * width + j];
            ck_assert_msg(got == wanted || fabs(got - wanted) < 1e-5 * (1.0 + fabs(wanted)),
                          "%.9g, not %.9g", got, wanted);
        }
    }
    rri_reader_destroy(reader);
    rri_snapshot_release(policy);
    rig_close(&r);
}

START_TEST(test_serving_temperature_divides_every_term_of_a_score)
{
    rig_shape pool = rig_usual(), lists = rig_usual(), dense = rig_usual();
    pool.m = lists.m = 2;
    pool.h = lists.h = dense.h = 5;
    pool.agent.has_bias = lists.agent.has_bias = 1;
    lists.k = 6;
    lists.agent.feature_dim = 2;
    lists.has_counts = lists.has_vectors = true;
    dense.agent.head = RR_HEAD_DENSE;
    const float temperatures[] = {0.25f, 0.7f, 3.0f};
    for (size_t i = 0; i < 3; i++) {
        check_temperature(pool, temperatures[i]);
        check_temperature(lists, temperatures[i]);
        check_temperature(dense, temperatures[i]);
    }
}
END_TEST

CHECK_MAIN("play/serving", test_serving_mixture_is_what_the_options_say,
           test_serving_temperature_divides_every_term_of_a_score)
