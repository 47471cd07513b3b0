/* SPDX-License-Identifier: MIT */
#include "eval/illness.h"

#include <math.h>
#include <string.h>

#include "check_run.h"

/* Every figure at its threshold: nothing is passed. */
static rr_health_report at_the_thresholds(rr_health_config *config)
{
    *config = (rr_health_config){.struct_size = sizeof *config,
                                 .window = 1,
                                 .min_entropy = 0.25f,
                                 .min_effective_items = 4.0f,
                                 .max_top_share = 0.5f,
                                 .min_coverage = 0.125f,
                                 .max_gini = 0.75f,
                                 .max_entropy_share = 0.875f,
                                 .min_explained_variance = -0.25f,
                                 .min_value_score = -1.0f,
                                 .max_clip_fraction = 0.5f,
                                 .max_grad_ratio = 16.0f,
                                 .max_dead_units = 0.5f,
                                 .max_drift = 2.0f,
                                 .min_reward_deviation = 0.5f,
                                 .min_effective_share = 0.25f,
                                 .max_approx_kl = 2.0f};
    return (rr_health_report){.struct_size = sizeof(rr_health_report),
                              .entropy = 0.25f,
                              .effective_items = 4.0f,
                              .top_share = 0.5f,
                              .coverage = 0.125f,
                              .gini = 0.75f,
                              .entropy_share = 0.875f,
                              .explained_variance = -0.25f,
                              .value_score = -1.0f,
                              .clip_fraction = 0.5f,
                              .grad_ratio = 16.0f,
                              .dead_units = 0.5f,
                              .drift = 2.0f,
                              .drift_at = 3,
                              .reward_deviation = 0.5f,
                              .effective_share = 0.25f,
                              .approx_kl = 2.0f,
                              .trained_share = 0.5f};
}

START_TEST(test_illness_a_figure_at_its_threshold_is_healthy)
{
    rr_health_config config;
    const rr_health_report report = at_the_thresholds(&config);
    rri_illness_list list = {.ill = 1};
    rri_illness_judge(&list, &report, &config, 3, &(rri_input_change){.at = -1});
    ck_assert_uint_eq(list.ill, 0);
}
END_TEST

START_TEST(test_illness_every_figure_past_its_threshold_has_a_bit_and_a_sentence)
{
    rr_health_config config;
    rr_health_report r = at_the_thresholds(&config);
    r.entropy = r.effective_items = r.coverage = r.reward_deviation = 0.0f;
    r.effective_share = 0.0f;
    r.explained_variance = r.value_score = -9.0f;
    r.trained_share = 0.25f;
    r.top_share = r.gini = r.entropy_share = r.clip_fraction = r.dead_units = 1.0f;
    r.grad_ratio = r.drift = r.approx_kl = 99.0f;
    rri_illness_list list = {0};
    rri_input_change change = {.kind = RRI_INPUT_MOVED, .at = 3, .other = 1};
    change.before = 1.0;
    change.now = 2.0;
    rri_illness_judge(&list, &r, &config, 3, &change);
    ck_assert_uint_eq(list.ill, (1u << RRI_N_ILLNESSES) - 1);
    for (size_t i = 0; i < RRI_N_ILLNESSES; i++) {
        ck_assert_uint_gt(strlen(list.sentences[i]), 30);
        ck_assert_ptr_nonnull(strchr(list.sentences[i], ':')); /* what it is: what was seen */
        for (size_t j = 0; j < i; j++) {
            ck_assert_str_ne(list.sentences[i], list.sentences[j]);
        }
    }
    ck_assert_ptr_nonnull(strstr(list.sentences[9], "feature 0 moved from 1 to 2"));
    rri_illness_judge(&list, &r, &config, 4, &change);
    ck_assert_ptr_nonnull(strstr(list.sentences[9], "state coordinate 3"));
    const struct {
        int32_t kind;
        const char *sentence;
    } others[] = {
        {RRI_INPUT_EMPTIED, "state coordinate 3 is 0 in 200.0 % of the rows, and was in 100.0 %"},
        {RRI_INPUT_SCALED, "state coordinate 3 varies by 2 on average, and did by 1 (and 6 more"},
        {RRI_INPUT_TURNED, "of state coordinate 3 with state coordinate 1 was 1 and is 2"},
        {RRI_INPUT_SWAPPED, "state coordinate 3 goes with the others as state coordinate 1 did"}};
    change.n_more = 6;
    for (size_t i = 0; i < 4; i++) {
        change.kind = others[i].kind;
        rri_illness_judge(&list, &r, &config, 4, &change);
        ck_assert_msg(strstr(list.sentences[9], others[i].sentence) != NULL, "%s",
                      list.sentences[9]);
    }
    change.kind = RRI_INPUT_TURNED;
    change.other = -1;
    rri_illness_judge(&list, &r, &config, 4, &change);
    ck_assert_ptr_nonnull(strstr(list.sentences[9], "with rewards was"));
}
END_TEST

/* Sure of each request's item: whether that is a collapse shows in what all are shown. */
START_TEST(test_illness_a_policy_that_is_sure_and_shows_many_items_is_healthy)
{
    const struct {
        float entropy, share;
        uint32_t ill;
        const char *sentence;
    } cases[] = {
        {0.01f, 0.67f, 0, ""}, /* each user's best */
        {0.01f, 0.25f, 0, ""},
        {0.01f, 0.24f, RR_ILL_ENTROPY, "as if 9 items, 24 % of those there are (below 25 %)"},
        {0.01f, 0.0f, RR_ILL_ENTROPY, "as if 9 items, 0 % of those there are (below 25 %)"},
        {0.25f, 0.0f, 0, ""}, /* narrow, and not sure of it */
        {0.01f, NAN, RR_ILL_ENTROPY, "whether the same to all is not known"},
        {0.25f, NAN, 0, ""}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        rr_health_config config;
        rr_health_report r = at_the_thresholds(&config);
        r.effective_items = 9.0f;
        r.entropy = cases[i].entropy;
        r.effective_share = cases[i].share;
        rri_illness_list list = {0};
        rri_illness_judge(&list, &r, &config, 3, &(rri_input_change){.at = -1});
        ck_assert_msg(list.ill == cases[i].ill, "case %d: %u", (int)i, list.ill);
        ck_assert_msg(strstr(list.sentences[0], cases[i].sentence) != NULL, "case %d: %s", (int)i,
                      list.sentences[0]);
    }
}
END_TEST

START_TEST(test_illness_what_is_not_known_is_healthy)
{
    rr_health_config config;
    rr_health_report r = at_the_thresholds(&config);
    r.effective_items = r.coverage = r.reward_deviation = NAN;
    r.entropy = r.effective_share = NAN;
    r.trained_share = NAN;
    r.explained_variance = r.value_score = r.top_share = r.gini = r.entropy_share = NAN;
    r.clip_fraction = r.dead_units = r.grad_ratio = r.drift = r.approx_kl = NAN;
    rri_illness_list list = {0};
    rri_illness_judge(&list, &r, &config, 3, &(rri_input_change){.at = -1});
    ck_assert_uint_eq(list.ill, 0);
}
END_TEST

CHECK_MAIN("eval/illness", test_illness_a_figure_at_its_threshold_is_healthy,
           test_illness_every_figure_past_its_threshold_has_a_bit_and_a_sentence,
           test_illness_a_policy_that_is_sure_and_shows_many_items_is_healthy,
           test_illness_what_is_not_known_is_healthy)
