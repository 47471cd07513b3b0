/* SPDX-License-Identifier: MIT */
#include "eval/health.h"

#include <math.h>
#include <string.h>

#include "check_run.h"

enum { N_ITEMS = 8 };

typedef struct heard {
    int n;
    char last[512];
} heard;

static void hear(void *user, int32_t level, const char *sentence)
{
    heard *h = user;
    ck_assert_int_eq(level, RR_LOG_WARNING);
    h->n++;
    strncpy(h->last, sentence, sizeof h->last - 1);
}

/* No threshold is ever passed. */
static rr_health_config silent(void)
{
    return (rr_health_config){.struct_size = sizeof(rr_health_config),
                              .window = 4,
                              .max_entropy_share = 1.0f,
                              .min_value_score = -1e6f,
                              .max_top_share = 1.0f,
                              .max_gini = 1.0f,
                              .min_explained_variance = -1e6f,
                              .max_clip_fraction = 1.0f,
                              .max_grad_ratio = 1e30f,
                              .max_dead_units = 1.0f,
                              .max_drift = 1e30f,
                              .min_effective_share = 1.0f,
                              .max_approx_kl = 1e30f};
}

static rr_health *make(const rr_health_config *config, heard *h)
{
    rri_allocator allocator;
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    const rri_host_log log = {.write = hear, .user = h};
    const rri_health_shape shape = {
        .n_items = N_ITEMS, .state_dim = 2, .feature_dim = 1, .max_grad_norm = 0.5};
    rr_health *health = NULL;
    ck_assert_int_eq(rri_health_create(&health, config, &shape, &allocator, &log, NULL), RR_OK);
    return health;
}

static const float states[] = {0.0f, 1.0f, 2.0f, 3.0f, 4.0f, 5.0f, 6.0f, 7.0f};
static const float rewards[] = {1.0f, 2.0f, 3.0f, 6.0f};
static const int32_t items[] = {0, 0, 0, 5};
static const int32_t actions[] = {1, 0, 1, 0};
static const float features[] = {9.0f, 1.0f, 2.0f, 9.0f, 9.0f, 3.0f, 4.0f, 9.0f}; /* k 2 */

static rri_health_rows four(void)
{
    return (rri_health_rows){.n = 4,
                             .states = states,
                             .features = features,
                             .k = 2,
                             .even_entropy = 2.0,
                             .actions = actions,
                             .items = items};
}

static const rr_stats usual = {.struct_size = sizeof(rr_stats),
                               .entropy = 1.5f,
                               .clip_fraction = 0.25f,
                               .approx_kl = 0.5f,
                               .explained_variance = 0.5f,
                               .value_loss = 1.5f,
                               .return_deviation = 2.0f,
                               .grad_norm = 2.0f};

static rr_health_report window(rr_health *health, const rri_health_rows *rows,
                               const rr_stats *stats)
{
    rr_health_report report;
    ck_assert_int_eq(rri_health_record(health, rows, NULL), RR_OK);
    ck_assert_int_eq(rri_health_reward(health, rewards, 4, true, NULL), RR_OK);
    rri_health_update(health, stats, 0.125, &report);
    return report;
}

START_TEST(test_health_figures_of_a_window_are_those_by_hand)
{
    heard h = {0};
    const rr_health_config config = silent();
    rr_health *health = make(&config, &h);
    const rri_health_rows rows = four();
    rr_health_report r = window(health, &rows, &usual);
    ck_assert_int_eq(r.is_judged, 0); /* the first window */
    ck_assert_int_eq(r.n_rows, 4);
    r = window(health, &rows, &usual);
    ck_assert_int_eq(r.is_judged, 1);
    ck_assert_uint_eq(r.ill, 0);
    const double H = -(0.75 * log(0.75) + 0.25 * log(0.25));
    ck_assert_double_eq_tol((double)r.effective_items, exp(H), 1e-5);
    ck_assert_double_eq_tol((double)r.effective_share, exp(H) / 4.0, 1e-6); /* 4 rows, 8 items */
    ck_assert(r.top_item == 0 && r.top_share == 0.75f && r.coverage == 0.25f);
    ck_assert(r.entropy == 1.5f && r.clip_fraction == 0.25f && r.explained_variance == 0.5f);
    ck_assert(r.entropy_share == 0.75f && r.value_score == 0.25f);
    ck_assert(r.grad_ratio == 4.0f && r.dead_units == 0.125f && r.drift == 0.0f);
    /* 1 2 3 6: mean 3, squares 4 + 1 + 0 + 9 over 3 */
    ck_assert_double_eq_tol((double)r.reward_deviation, sqrt(14.0 / 3.0), 1e-6);
    ck_assert_int_eq(h.n, 0);
    rri_health_destroy(health);
}
END_TEST

START_TEST(test_health_a_window_ends_with_the_update_that_follows_its_last_row)
{
    heard h = {0};
    rr_health_config config = silent();
    config.window = 9;
    rr_health *health = make(&config, &h);
    const rri_health_rows rows = four();
    ck_assert_int_eq(window(health, &rows, &usual).n_rows, 0);
    ck_assert_int_eq(window(health, &rows, &usual).n_rows, 0);
    ck_assert_int_eq(window(health, &rows, &usual).n_rows, 12);
    ck_assert_int_eq(window(health, &rows, &usual).n_rows, 0);
    rri_health_destroy(health);
}
END_TEST

/* One threshold moved to the wrong side of the usual window: its illness, alone, and once told. */
static void expect(rr_health_config config, uint32_t illness, const char *words)
{
    heard h = {0};
    rr_health *health = make(&config, &h);
    const rri_health_rows rows = four();
    ck_assert_uint_eq(window(health, &rows, &usual).ill, 0);
    rr_health_report r = window(health, &rows, &usual);
    ck_assert_msg(r.ill == illness && r.began == illness, "%s: %u", words, r.ill);
    ck_assert_msg(h.n == 1 && strstr(h.last, words) != NULL, "%s: \"%s\"", words, h.last);
    ck_assert_str_eq(rri_health_sentence(health, illness), h.last);
    ck_assert_str_eq(rri_health_sentence(health, illness == 1 ? 2 : 1), "");
    r = window(health, &rows, &usual);
    ck_assert_msg(r.ill == illness && r.began == 0 && h.n == 1, "%s is told once", words);
    rri_health_destroy(health);
}

/* No threshold to set: of four rows that were due in each window one, two, or all that there were
 * were trained on. */
START_TEST(test_health_rows_that_are_due_and_not_trained_on_are_told)
{
    const int32_t trained[] = {1, 2, 4};
    for (size_t i = 0; i < 3; i++) {
        heard h = {0};
        const rr_health_config config = silent();
        rr_health *health = make(&config, &h);
        const rri_health_rows rows = four();
        rr_stats stats = usual;
        stats.n_due = 10;
        stats.n_left = 6;
        stats.n_rows = trained[i];
        ck_assert_uint_eq(window(health, &rows, &stats).ill, 0);
        const rr_health_report r = window(health, &rows, &stats);
        ck_assert_uint_eq(r.ill, i == 0 ? RR_ILL_UNTRAINED : 0);
        ck_assert_float_eq(r.trained_share, 0.25f * (float)trained[i]);
        ck_assert(i > 0 || strstr(h.last, "only 25.0 % were trained on") != NULL);
        rri_health_destroy(health);
    }
}
END_TEST

START_TEST(test_health_each_threshold_has_its_illness_and_its_sentence)
{
    rr_health_config c = silent();
    c.min_entropy = 1.6f;
    expect(c, RR_ILL_ENTROPY, "entropy is 1.5 nats, below 1.6");
    c = silent();
    c.min_effective_items = 1.8f;
    expect(c, RR_ILL_EFFECTIVE_ITEMS, "as if 1.75 items");
    c = silent();
    c.max_top_share = 0.7f;
    expect(c, RR_ILL_TOP_SHARE, "item 0 has 75.0 %");
    c = silent();
    c.min_coverage = 0.3f;
    expect(c, RR_ILL_COVERAGE, "25.00 % of the catalogue was shown, below 30.00 %");
    c = silent();
    c.max_gini = 0.5f;
    expect(c, RR_ILL_GINI, "Gini index");
    c = silent();
    c.min_explained_variance = 0.6f;
    expect(c, RR_ILL_EXPLAINED_VARIANCE, "explains 0.5");
    c = silent();
    c.max_entropy_share = 0.7f;
    expect(c, RR_ILL_UNIFORM, "75.0 % of that of an even choice");
    c = silent();
    c.min_value_score = 0.5f;
    expect(c, RR_ILL_VALUE_SCORE, "squared error is 0.75 times the variance of returns, above 0.5");
    c = silent();
    c.max_clip_fraction = 0.2f;
    expect(c, RR_ILL_CLIP_FRACTION, "25.0 % of the ratios");
    c = silent();
    c.max_approx_kl = 0.4f;
    expect(c, RR_ILL_APPROX_KL, "moves the policy by 0.5 nats (approx_kl), above 0.4");
    c = silent();
    c.max_grad_ratio = 3.0f;
    expect(c, RR_ILL_GRAD_RATIO, "gradients are 4 times");
    c = silent();
    c.max_dead_units = 0.1f;
    expect(c, RR_ILL_DEAD_UNITS, "12.5 % of the hidden units");
    c = silent();
    c.min_reward_deviation = 3.0f;
    expect(c, RR_ILL_REWARD, "standard deviation of 2.16");
}
END_TEST

START_TEST(test_health_an_illness_that_went_and_came_back_is_told_again)
{
    heard h = {0};
    rr_health_config config = silent();
    config.min_entropy = 1.0f;
    rr_health *health = make(&config, &h);
    const rri_health_rows rows = four();
    rr_stats low = usual;
    low.entropy = 0.5f;
    window(health, &rows, &usual);
    ck_assert_uint_eq(window(health, &rows, &low).began, RR_ILL_ENTROPY);
    ck_assert_uint_eq(window(health, &rows, &usual).ill, 0);
    ck_assert_str_eq(rri_health_sentence(health, RR_ILL_ENTROPY), "");
    ck_assert_uint_eq(window(health, &rows, &low).began, RR_ILL_ENTROPY);
    ck_assert_int_eq(h.n, 2);
    rri_health_destroy(health);
}
END_TEST

START_TEST(test_health_drift_names_the_coordinate_that_moved)
{
    heard h = {0};
    rr_health_config config = silent();
    config.max_drift = 2.0f;
    rr_health *health = make(&config, &h);
    rri_health_rows rows = four();
    window(health, &rows, &usual);
    float moved[8];
    memcpy(moved, states, sizeof moved);
    for (size_t i = 1; i < 8; i += 2) {
        moved[i] += 10.0f; /* sd of 1 3 5 7 is 2.582 */
    }
    rows.states = moved;
    rr_health_report r = window(health, &rows, &usual);
    ck_assert_int_eq(r.drift_at, 1);
    ck_assert_double_eq_tol((double)r.drift, 10.0 / sqrt(20.0 / 3.0), 1e-5);
    ck_assert(strstr(h.last, "state coordinate 1 moved from 4 to 14") != NULL);

    /* The feature of the candidates whose turn it was, first and second, was 9. */
    rows = four();
    rows.states = moved;
    static const float other[] = {101.0f, 0, 0, 102.0f, 103.0f, 0, 0, 104.0f};
    rows.features = other;
    r = window(health, &rows, &usual);
    ck_assert_int_eq(r.drift_at, 2);
    ck_assert(strstr(rri_health_sentence(health, RR_ILL_DRIFT),
                     "feature 0 moved from 9 to 102.5") != NULL);
    rri_health_destroy(health);
}
END_TEST

START_TEST(test_health_a_constant_that_moves_has_drifted)
{
    heard h = {0};
    rr_health_config config = silent();
    config.max_drift = 100.0f;
    rr_health *health = make(&config, &h);
    static const float still[] = {5, 5, 5, 5, 5, 5, 5, 5};
    static const float later[] = {5, 6, 5, 6, 5, 6, 5, 6};
    rri_health_rows rows = four();
    rows.states = still;
    window(health, &rows, &usual);
    ck_assert_uint_eq(window(health, &rows, &usual).ill, 0);
    rows.states = later;
    ck_assert_uint_eq(window(health, &rows, &usual).ill, RR_ILL_DRIFT);
    rri_health_destroy(health);
}
END_TEST

START_TEST(test_health_rows_that_are_refused_change_nothing)
{
    heard h = {0};
    const rr_health_config config = silent();
    rr_health *health = make(&config, &h);
    float bad[8];
    rri_health_rows rows = four();
    memcpy(bad, states, sizeof bad);
    bad[7] = NAN;
    rr_error err;
    rows.states = bad;
    ck_assert_int_eq(rri_health_record(health, &rows, &err), RR_E_NOT_FINITE);
    ck_assert(strstr(err.text, "health: states[3][") != NULL);
    rows = four();
    const int32_t foreign[] = {0, 1, N_ITEMS, 2};
    rows.items = foreign;
    ck_assert_int_eq(rri_health_record(health, &rows, &err), RR_E_INVALID);
    ck_assert(strstr(err.text, "items[2] is 8") != NULL);
    rows = four();
    const int32_t far[] = {0, 1, 2, 0};
    rows.actions = far;
    ck_assert_int_eq(rri_health_record(health, &rows, &err), RR_E_INVALID);
    const float infinite[] = {50.0f, INFINITY, 0.0f, 0.0f};
    ck_assert_int_eq(rri_health_reward(health, infinite, 4, true, &err), RR_E_NOT_FINITE);
    rows = four();
    const rr_health_report r = window(health, &rows, &usual);
    ck_assert_int_eq(r.n_rows, 4);
    ck_assert_double_eq_tol((double)r.reward_deviation, sqrt(14.0 / 3.0), 1e-6);
    rri_health_destroy(health);
}
END_TEST

/* Finite rewards whose deviation no float holds. */
START_TEST(test_health_a_figure_beyond_a_float_is_infinite)
{
    heard h = {0};
    const rr_health_config config = silent();
    rr_health *health = make(&config, &h);
    const rri_health_rows rows = four();
    const float huge[2] = {3e38f, -3e38f};
    rr_health_report r;
    ck_assert_int_eq(rri_health_record(health, &rows, NULL), RR_OK);
    ck_assert_int_eq(rri_health_reward(health, huge, 2, true, NULL), RR_OK);
    rri_health_update(health, &usual, 0.125, &r);
    ck_assert(isinf(r.reward_deviation) && !isnan(r.entropy) && !isnan(r.value_score));
    ck_assert_uint_eq(r.ill, 0);
    rri_health_destroy(health);
}
END_TEST

START_TEST(test_health_what_is_not_known_is_no_illness)
{
    heard h = {0};
    rr_health_config config = silent();
    config.min_explained_variance = 0.9f;
    config.min_effective_items = 100.0f;
    config.max_dead_units = 0.0f;
    config.min_reward_deviation = 1e9f;
    rr_health *health = make(&config, &h);
    rri_health_rows rows = four();
    rows.items = NULL;
    rr_stats stats = usual;
    stats.explained_variance = NAN;
    rr_health_report r;
    for (int i = 0; i < 2; i++) {
        ck_assert_int_eq(rri_health_record(health, &rows, NULL), RR_OK);
        rri_health_update(health, &stats, (double)NAN, &r);
    }
    ck_assert(r.is_judged == 1 && r.ill == 0);
    ck_assert(isnan(r.effective_items) && isnan(r.explained_variance) && r.top_item == -1);
    rri_health_destroy(health);
}
END_TEST

START_TEST(test_health_a_state_that_all_sessions_begin_with_is_kept_once)
{
    static const float same[] = {0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 0.0f, 3.0f, 0.0f};
    heard h = {0};
    const rr_health_config config = silent();
    rr_health *health = make(&config, &h);
    rri_health_rows rows = four();
    rows.states = same;
    const float *kept = NULL;
    ck_assert_int_eq(rri_health_record(health, &rows, NULL), RR_OK);
    ck_assert_uint_eq(rri_health_states(health, &kept), 2);
    ck_assert(kept[0] == 0.0f && kept[2] == 3.0f);
    for (int i = 0; i < 40; i++) { /* two states a step, 0 and 3 */
        ck_assert_int_eq(rri_health_record(health, &rows, NULL), RR_OK);
    }
    ck_assert_uint_eq(rri_health_states(health, &kept), RRI_HEALTH_STATES);
    rri_health_destroy(health);
}
END_TEST

/* One showing of item 0; two of key 7 and one of key 8, which are in no catalogue: entropy 1.5
 * ln 2. */
START_TEST(test_health_counts_items_in_no_catalogue_by_their_keys)
{
    heard h = {0};
    rr_health_config config = silent();
    config.max_top_share = 0.4f;
    rr_health *health = make(&config, &h);
    static const int32_t mixed[] = {0, -1, -1, -1}, none[] = {-1, -1, -1, -1};
    static const uint64_t keys[] = {99, 7, 8, 7}, no_keys[] = {0, 0, 0, 0};
    rri_health_rows rows = four();
    rows.items = mixed;
    rows.keys = keys;
    for (int i = 0; i < 2; i++) { /* the second is judged, and has nothing of the first */
        const rr_health_report report = window(health, &rows, &usual);
        ck_assert_float_eq_tol(report.effective_items, 2.828427f, 1e-4f);
        ck_assert_float_eq_tol(report.effective_share, 0.7071068f, 1e-4f);
        ck_assert_float_eq_tol(report.top_share, 0.5f, 1e-6f);
        ck_assert_float_eq_tol(report.own_share, 0.75f, 1e-6f);
        ck_assert_float_eq_tol(report.coverage, 1.0f / N_ITEMS, 1e-6f);
        ck_assert_int_eq(report.top_item, -1);
        ck_assert_uint_eq(report.top_key, 7);
        ck_assert_int_eq(report.own_items, 2);
    }
    ck_assert_ptr_nonnull(strstr(h.last, "the item of key 7, in no catalogue, has 50.0 %"));
    rows.items = none;
    rr_health_report report = window(health, &rows, &usual);
    ck_assert_float_eq_tol(report.own_share, 1.0f, 1e-6f);
    ck_assert_float_eq_tol(report.effective_items, 2.828427f, 1e-4f);
    rows.keys = no_keys;
    report = window(health, &rows, &usual);
    ck_assert(isnan(report.own_share) && isnan(report.effective_items));
    rri_health_destroy(health);
}
END_TEST

CHECK_MAIN("eval/health", test_health_figures_of_a_window_are_those_by_hand,
           test_health_a_window_ends_with_the_update_that_follows_its_last_row,
           test_health_rows_that_are_due_and_not_trained_on_are_told,
           test_health_each_threshold_has_its_illness_and_its_sentence,
           test_health_an_illness_that_went_and_came_back_is_told_again,
           test_health_drift_names_the_coordinate_that_moved,
           test_health_a_constant_that_moves_has_drifted,
           test_health_rows_that_are_refused_change_nothing,
           test_health_a_figure_beyond_a_float_is_infinite,
           test_health_what_is_not_known_is_no_illness,
           test_health_a_state_that_all_sessions_begin_with_is_kept_once,
           test_health_counts_items_in_no_catalogue_by_their_keys)
