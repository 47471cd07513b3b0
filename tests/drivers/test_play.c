/* SPDX-License-Identifier: MIT */
/* What the drivers' evaluation rests on: a session is a function of its number; rankings, segments
 * and comparisons agree with counting. */
#include <math.h>
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "../support/check_run.h"
#include "driver/factors.h"
#include "driver/play.h"
#include "driver/presets.h"
#include "driver/run.h"
#include "driver/text.h"
#include "driver/versus.h"

enum { FEW = 70, MANY = 200 };

static char file[] = "/tmp/recrl_play_XXXXXX";

/* 60 users of 5 to 34 items out of 50. */
static void write_file(void)
{
    const int descriptor = mkstemp(file);
    FILE *out = descriptor < 0 ? NULL : fdopen(descriptor, "w");
    if (out == NULL) {
        text_fail("%s cannot be written", file);
    }
    fprintf(out, "user_id:token\titem_id:token\trating:float\ttimestamp:float\n");
    for (int u = 0; u < 60; u++) {
        for (int i = 0; i < 5 + u / 2; i++) {
            fprintf(out, "%d\t%d\t%d\t%d\n", u, (u * 17 + i * (3 + 2 * (u % 2))) % 50,
                    1 + (u * i) % 5, (i * 13) % 97);
        }
    }
    fclose(out);
}

typedef struct theatre {
    settings s;
    world w;
    rr_agent *agent; /* untrained */
} theatre;

static void open_theatre(theatre *t, const char *spec, int32_t num_items)
{
    settings_init(&t->s, spec, "tower", RR_ALGO_PPO);
    t->s.env.num_items = num_items;
    t->s.als.num_factors = 4;
    t->s.is_given[RR_CONFIG_ALS][settings_field_index(RR_CONFIG_ALS, "num_factors")] = true;
    settings_derive(&t->s);
    const world_source from = {.spec = spec};
    world_open(&t->w, &from, &t->s);
    rr_env_config config = t->s.env;
    config.n_envs = 1;
    rr_env *env = world_env(&t->w, &config, 0, WORLD_TRAIN);
    t->agent = run_create_agent(&t->s, rr_env_items(env));
    rr_env_destroy(env);
}

static void close_theatre(theatre *t)
{
    rr_agent_destroy(t->agent);
    world_close(&t->w);
}

static double play(float *returns, int32_t *users, const theatre *t, bool is_chooser,
                   int32_t n_rows, int32_t n)
{
    rr_metrics_summary summary;
    const play_policy policy = {.agent = is_chooser ? NULL : t->agent,
                                .chooser = RR_CHOOSER_RANDOM};
    play_watch watch = {.returns = returns, .users = users, .n_rows = n_rows};
    play_watched(&summary, &watch, &policy, &t->w, &t->s.env, play_seed(0), WORLD_TEST, n);
    return summary.session_length;
}

START_TEST(test_play_a_session_is_a_function_of_its_number_alone)
{
    static theatre t;
    float few[FEW], many[MANY];
    int32_t users[MANY];
    open_theatre(&t, "tiring", 40); /* sessions of many lengths: rows take turns otherwise */
    for (int is_chooser = 0; is_chooser < 2; is_chooser++) {
        (void)play(few, users, &t, is_chooser == 1, 0, FEW);
        const double length = play(many, users, &t, is_chooser == 1, 7, MANY);
        ck_assert(length > 1.5 && length < 39.0);
        ck_assert_mem_eq(few, many, sizeof few);
        ck_assert_int_eq(users[0], -1);
    }
    close_theatre(&t);
}
END_TEST

START_TEST(test_play_policies_meet_the_same_users)
{
    static theatre t;
    float returns[MANY];
    int32_t own[MANY], other[MANY];
    open_theatre(&t, file, 50);
    (void)play(returns, own, &t, false, 0, MANY);
    (void)play(returns, other, &t, true, 5, MANY);
    ck_assert_mem_eq(own, other, sizeof own);
    int n_distinct = 0;
    for (int32_t u = 0; u < t.w.n_users[WORLD_TEST]; u++) {
        int n = 0;
        for (int i = 0; i < MANY; i++) {
            n += own[i] == u ? 1 : 0;
        }
        n_distinct += n > 0 ? 1 : 0;
    }
    ck_assert_int_gt(n_distinct, 5);
    close_theatre(&t);
}
END_TEST

static bool has_row(const rr_dataset *dataset, int32_t user, int32_t item)
{
    rr_dataset_view view = {.struct_size = sizeof view};
    ck_assert_int_eq(rr_dataset_describe(dataset, &view, NULL), RR_OK);
    for (int64_t i = 0; i < view.n; i++) {
        if (view.users[i] == user && view.items[i] == item) {
            return true;
        }
    }
    return false;
}

/* Recall of one user by walking down the whole ranking; NaN where nothing is held out. */
static double plain_recall(const theatre *t, int32_t test_user)
{
    int32_t ranked[50];
    float state[2 * 16] = {0};
    const int32_t user = t->w.user_rows[WORLD_TEST][test_user];
    const size_t d = (size_t)t->w.dim;
    memcpy(state, t->w.user_vectors + (size_t)user * d, d * sizeof(float));
    const rr_obs obs = {
        .struct_size = sizeof obs, .n = 1, .state_dim = (int32_t)(2 * d), .states = state};
    ck_assert_int_eq(rr_agent_top_k(t->agent, &obs, t->w.n_items, ranked, NULL, NULL, NULL), RR_OK);
    int n_listed = 0, n_hits = 0, n_wanted = 0;
    for (int32_t i = 0; i < t->w.n_items; i++) {
        const bool is_new = !has_row(t->w.parts[0], user, ranked[i]);
        const bool is_wanted = is_new && has_row(t->w.parts[1], user, ranked[i]);
        n_wanted += is_wanted ? 1 : 0;
        n_hits += is_wanted && n_listed < FACTORS_RANKED ? 1 : 0;
        n_listed += is_new ? 1 : 0;
    }
    return n_wanted > 0 ? (double)n_hits / n_wanted : (double)NAN;
}

START_TEST(test_factors_of_an_agent_agree_with_counting)
{
    static theatre t;
    factors_table table = {0};
    double sum = 0.0, n = 0.0;
    open_theatre(&t, file, 50);
    for (int32_t i = 0; i < t.w.n_users[WORLD_TEST]; i++) {
        const double recall = plain_recall(&t, i);
        sum += isnan(recall) ? 0.0 : recall;
        n += isnan(recall) ? 0.0 : 1.0;
    }
    factors_add_agent(&table, &t.w, &t.s, t.agent);
    ck_assert_double_eq((double)table.n_users, n);
    ck_assert(n > 3.0 && sum > 0.0 && sum < n);
    ck_assert_double_eq_tol(table.at[0].recall, sum / n, 1e-12);
    close_theatre(&t);
}
END_TEST

START_TEST(test_world_holds_the_latest_tenth_of_each_user_out_of_its_vectors)
{
    static theatre t;
    open_theatre(&t, file, 50);
    const int64_t n_held = rr_dataset_count(t.w.parts[1]);
    int64_t n_wanted = 0, n_met = 0;
    for (int u = 0; u < 60; u++) {
        n_wanted += (5 + u / 2) / 10;
        n_met += t.w.n_met[u];
        ck_assert_int_eq(t.w.n_met[u], 5 + u / 2 - (5 + u / 2) / 10);
    }
    ck_assert_int_eq(n_held, n_wanted);
    ck_assert_int_eq(n_met, rr_dataset_count(t.w.parts[0]));
    /* The vectors are those of the rest. */
    float users[60 * 6], items[50 * 6];
    ck_assert_int_eq(rr_dataset_fit_als(t.w.parts[0], &t.s.als, NULL, users, items, NULL, NULL),
                     RR_OK);
    ck_assert_mem_eq(users, t.w.user_vectors, sizeof users);
    ck_assert_mem_eq(items, t.w.item_vectors, (size_t)t.w.n_items * 6 * sizeof(float));
    close_theatre(&t);
}
END_TEST

/* Without times nothing is the latest: a tenth by draws of the world's seed, the same whenever the
 * file is read, from all over the file, and another one by another seed. */
START_TEST(test_world_without_times_holds_a_random_tenth_out)
{
    static theatre t[2];
    static uint8_t marks[20000], others[20000];
    static float held[2][20000];
    char plain[] = "/tmp/recrl_play_XXXXXX";
    const int descriptor = mkstemp(plain);
    FILE *out = fdopen(descriptor, "w");
    ck_assert_ptr_nonnull(out);
    fprintf(out, "user_id,item_id,rating\n");
    int64_t n = 0;
    for (int u = 0; u < 400; u++) {
        for (int i = 0; i < 25; i++, n++) {
            fprintf(out, "%d,%d,%lld\n", u, (u * 7 + i * 11) % 50, (long long)n); /* its own row */
        }
    }
    fclose(out);
    int64_t n_held[2];
    for (int time = 0; time < 2; time++) {
        open_theatre(&t[time], plain, 50);
        ck_assert(!t[time].w.told.has_times);
        rr_dataset_view view = {.struct_size = sizeof view};
        ck_assert_int_eq(rr_dataset_describe(t[time].w.parts[1], &view, NULL), RR_OK);
        n_held[time] = view.n;
        memcpy(held[time], view.ratings, (size_t)view.n * sizeof(float));
    }
    ck_assert_int_eq(n_held[0], n_held[1]);
    ck_assert_mem_eq(held[0], held[1], (size_t)n_held[0] * sizeof(float));
    ck_assert(n_held[0] > 880 && n_held[0] < 1120); /* of 10,000; four deviations of 30 */
    int n_begin = 0;
    for (int64_t i = 0; i < n_held[0]; i++) {
        n_begin += held[0][i] < 5000.0f;
    }
    ck_assert(n_begin > (int)n_held[0] / 2 - 64 && n_begin < (int)n_held[0] / 2 + 64);
    /* The draws are the seed's. */
    const rr_dataset *rest = t[0].w.parts[0];
    const int64_t n_rest = rr_dataset_count(rest);
    ck_assert_int_eq(n_rest + n_held[0], n);
    ck_assert_int_eq(rr_dataset_split_rows(rest, RR_SPLIT_RANDOM, 0.1f, 1, marks, NULL), RR_OK);
    ck_assert_int_eq(rr_dataset_split_rows(rest, RR_SPLIT_RANDOM, 0.1f, 2, others, NULL), RR_OK);
    ck_assert_mem_ne(marks, others, (size_t)n_rest);
    close_theatre(&t[0]);
    close_theatre(&t[1]);
    unlink(plain);
}
END_TEST

START_TEST(test_segments_are_the_outer_thirds_of_the_users)
{
    static theatre t;
    segments of;
    open_theatre(&t, file, 50);
    segments_open(&of, &t.w);
    const int32_t n = t.w.n_users[WORLD_TEST];
    ck_assert_int_eq(of.n, 2);
    for (int i = 0; i < 2; i++) {
        ck_assert(of.at[i].n_users >= n / 3 && of.at[i].n_users <= n / 3 + 2); /* ties */
    }
    for (int32_t u = 0; u < n; u++) {
        const int32_t met = t.w.n_met[t.w.user_rows[WORLD_TEST][u]];
        ck_assert_int_eq(of.at[0].is_in[u], met <= of.at[0].cut);
        ck_assert_int_eq(of.at[1].is_in[u], met >= of.at[1].cut);
        ck_assert(of.at[0].is_in[u] == 0 || of.at[1].is_in[u] == 0);
    }
    segments_close(&of);
    close_theatre(&t);
}
END_TEST

START_TEST(test_versus_puts_a_user_s_sessions_together)
{
    const float a[] = {7.0f, 3.0f, 5.0f}, b[] = {1.0f, 2.0f, 3.0f};
    const int32_t users[] = {1, 0, 0}, apart[] = {0, 1, 0}, none[] = {-1, -1, -1};
    versus_row row;
    /* Differences 6 | 1, 2: residuals 3 | −3: 2/1 · 18 / 9 = 4. */
    versus_compare(&row, a, b, users, 3);
    ck_assert_double_eq_tol(versus_interval(&row), 12.706204736 * 2.0, 1e-6);
    ck_assert_int_eq(row.over_users.n_groups, 2);
    /* Residuals 3 − 1 | −2: 2/1 · 8 / 9. */
    versus_compare(&row, a, b, apart, 3);
    ck_assert_double_eq_tol(versus_interval(&row), 12.706204736 * sqrt(16.0 / 9.0), 1e-6);
    versus_compare(&row, a, b, none, 3);
    ck_assert_double_eq_tol(versus_interval(&row), 4.302652730 * sqrt(7.0 / 3.0), 1e-6);
    ck_assert_int_eq(row.over_users.n, 0);
}
END_TEST

int main(void)
{
    const TTest *const tests[] = {
        test_play_a_session_is_a_function_of_its_number_alone,
        test_play_policies_meet_the_same_users,
        test_factors_of_an_agent_agree_with_counting,
        test_world_holds_the_latest_tenth_of_each_user_out_of_its_vectors,
        test_world_without_times_holds_a_random_tenth_out,
        test_segments_are_the_outer_thirds_of_the_users,
        test_versus_puts_a_user_s_sessions_together,
    };
    write_file();
    const int status = check_run("drivers/play", tests, sizeof tests / sizeof tests[0]);
    unlink(file);
    return status;
}
