/* SPDX-License-Identifier: MIT */
#include "eval/bandit.h"

#include <math.h>
#include <string.h>

#include "check_run.h"
#include "core/hash.h"
#include "items/items.h"

static double uniform(uint64_t *random)
{
    return (double)(rri_hash_mix(*random += 0x9e3779b97f4a7c15u) >> 11) * 0x1p-53;
}

static rr_items *items_of(const float *vectors, int32_t n, int32_t d)
{
    rri_allocator allocator;
    rr_items *items = NULL;
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    ck_assert_int_eq(rri_items_create(&items, vectors, NULL, n, d, &allocator, NULL), RR_OK);
    return items;
}

static rr_bandit *make(int32_t kind, rr_items *items, size_t user_dim, double width, uint64_t seed)
{
    rri_allocator allocator;
    rr_bandit *bandit = NULL;
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    ck_assert_int_eq(
        rri_bandit_create(&bandit, kind, items, user_dim, 1.0, width, seed, &allocator, NULL),
        RR_OK);
    return bandit;
}

static rr_obs obs_of(const float *states, int32_t n, int32_t state_dim)
{
    return (rr_obs){
        .struct_size = sizeof(rr_obs), .n = n, .state_dim = state_dim, .states = states};
}

/* ── two arms by hand ──
 * Two items at right angles, one user who is 1: the first was shown 100 times and earned 1 each,
 * the second once and earned 0. With a ridge of 1, θ·x is 100/101 and 0, xᵀA⁻¹x is 1/101 and ½. */
static rr_bandit *two_arms(int32_t kind, double width, uint64_t seed)
{
    static const float vectors[] = {1.0f, 0.0f, 0.0f, 1.0f}, user = 1.0f;
    rr_items *items = items_of(vectors, 2, 2);
    rr_bandit *bandit = make(kind, items, 1, width, seed);
    const rr_obs obs = obs_of(&user, 1, 1);
    for (int i = 0; i <= 100; i++) {
        const int32_t action = i == 100;
        const float reward = i == 100 ? 0.0f : 1.0f;
        ck_assert_int_eq(rri_bandit_record(bandit, &obs, &action, &reward, NULL), RR_OK);
    }
    ck_assert_int_eq(rri_bandit_fit(bandit, NULL), RR_OK);
    rri_items_release(items); /* the bandit holds its own reference */
    return bandit;
}

static int32_t played(rr_bandit *bandit, bool explores)
{
    static const float user = 1.0f;
    const rr_obs obs = obs_of(&user, 1, 1);
    int32_t action = -1;
    ck_assert_int_eq(rri_bandit_act(bandit, &action, &obs, explores, NULL), RR_OK);
    return action;
}

START_TEST(test_bandit_linucb_plays_what_it_knows_too_little_of)
{
    /* 100/101 + w √(1/101) = w √½ at w = 1.6297. */
    const double turn = (100.0 / 101.0) / (sqrt(0.5) - sqrt(1.0 / 101.0));
    const struct {
        int32_t kind;
        double width;
        bool explores;
        int32_t action;
    } cases[] = {{RR_BANDIT_LINUCB, 0.999 * turn, true, 0},
                 {RR_BANDIT_LINUCB, 1.001 * turn, true, 1},
                 {RR_BANDIT_LINUCB, 1.001 * turn, false, 0},
                 {RR_BANDIT_RIDGE, 1.001 * turn, true, 0}};
    for (size_t i = 0; i < 4; i++) {
        rr_bandit *bandit = two_arms(cases[i].kind, cases[i].width, 0);
        ck_assert_int_eq(played(bandit, cases[i].explores), cases[i].action);
        rri_bandit_destroy(bandit);
    }
}
END_TEST

/* The second arm is played with Φ(−(100/101)/√(½ + 1/101)) = 0.0828. */
START_TEST(test_bandit_thompson_plays_each_arm_as_often_as_it_may_be_the_best)
{
    enum { DRAWS = 20000 };
    rr_bandit *bandit = two_arms(RR_BANDIT_THOMPSON, 1.0, 3), *twin = two_arms(2, 1.0, 3);
    int n_second = 0;
    for (int i = 0; i < DRAWS; i++) {
        const int32_t action = played(bandit, true);
        n_second += action;
        ck_assert_int_eq(played(twin, true), action); /* a function of the seed */
    }
    const double p = 0.5 * erfc((100.0 / 101.0) / sqrt(0.5 + 1.0 / 101.0) / sqrt(2.0));
    ck_assert_double_eq_tol((double)n_second / DRAWS, p, 4.0 * sqrt(p / DRAWS));
    ck_assert_int_eq(played(bandit, false), 0);
    rri_bandit_destroy(bandit);
    rri_bandit_destroy(twin);
}
END_TEST

/* ── a bilinear reward that wears off ── */

enum { U = 9, D = 9, ITEMS = 60, ROWS = 16 }; /* 82 numbers: more than one panel of the factor */

static double worth(const float *user, const float *v, double count)
{
    double sum = -0.4 * count;
    for (size_t a = 0; a < U; a++) {
        for (size_t j = 0; j < D; j++) {
            sum += (double)user[a] * (a == j ? 1.0 : 0.1 * (double)(a % 3)) * (double)v[j];
        }
    }
    return sum;
}

START_TEST(test_bandit_finds_the_best_item_of_a_bilinear_reward_that_wears_off)
{
    for (int32_t kind = RR_BANDIT_RIDGE; kind <= RR_BANDIT_THOMPSON; kind++) {
        uint64_t random = 7;
        static float vectors[ITEMS * D];
        for (size_t i = 0; i < ITEMS * D; i++) {
            vectors[i] = (float)(uniform(&random) - 0.5);
        }
        rr_items *items = items_of(vectors, ITEMS, D);
        rr_bandit *bandit = make(kind, items, U, 0.0, 1);
        int n_best = 0;
        for (int t = 0; t < 150; t++) {
            float states[ROWS * (U + 2)], rewards[ROWS];
            int32_t history[ROWS * 2], candidates[ROWS * 4], lengths[ROWS], actions[ROWS];
            for (size_t i = 0; i < ROWS * (U + 2); i++) {
                states[i] = (float)(2.0 * uniform(&random) - 1.0);
            }
            for (size_t i = 0; i < ROWS; i++) {
                const int32_t first = (int32_t)(uniform(&random) * (ITEMS - 4));
                for (int32_t k = 0; k < 4; k++) {
                    candidates[i * 4 + (size_t)k] = first + k;
                }
                lengths[i] = 3 + (int32_t)(i % 2);
                history[2 * i] = i % 3 == 0 ? -1 : first;
                history[2 * i + 1] = first;
            }
            rr_obs obs = obs_of(states, ROWS, U + 2); /* two coordinates that it does not read */
            obs.n_history = 2;
            obs.history = history;
            obs.n_candidates = 4;
            obs.candidates = candidates;
            obs.lengths = lengths;
            ck_assert_int_eq(rri_bandit_act(bandit, actions, &obs, true, NULL), RR_OK);
            for (size_t i = 0; i < ROWS; i++) {
                int32_t best = 0;
                double most = -1e9, of[4];
                for (int32_t k = 0; k < lengths[i]; k++) {
                    const int32_t item = candidates[i * 4 + (size_t)k];
                    const double count = (history[2 * i] == item) + (history[2 * i + 1] == item);
                    of[k] = worth(states + i * (U + 2), vectors + (size_t)item * D, count);
                    best = of[k] > most ? k : best;
                    most = of[k] > most ? of[k] : most;
                }
                rewards[i] = (float)of[actions[i]];
                n_best += t >= 100 && actions[i] == best;
            }
            ck_assert_int_eq(rri_bandit_record(bandit, &obs, actions, rewards, NULL), RR_OK);
            if (t % 50 == 49) {
                ck_assert_int_eq(rri_bandit_fit(bandit, NULL), RR_OK);
            }
        }
        ck_assert_msg(n_best > 0.97 * 50 * ROWS, "bandit %d: the best in %d of %d", (int)kind,
                      n_best, 50 * ROWS);
        rri_bandit_destroy(bandit);
        rri_items_release(items);
    }
}
END_TEST

/* ── against a twin that inverts by Gauss and Jordan ── */

enum { N = U * D + 1 };

/* inverse ← A⁻¹; A is used up. */
static void invert_plainly(double A[N][N], double inverse[N][N])
{
    for (size_t i = 0; i < N; i++) {
        for (size_t k = 0; k < N; k++) {
            inverse[i][k] = i == k ? 1.0 : 0.0;
        }
    }
    for (size_t i = 0; i < N; i++) {
        const double pivot = A[i][i];
        for (size_t k = 0; k < N; k++) {
            A[i][k] /= pivot;
            inverse[i][k] /= pivot;
        }
        for (size_t row = 0; row < N; row++) {
            const double factor = row == i ? 0.0 : A[row][i];
            for (size_t k = 0; k < N; k++) {
                A[row][k] -= factor * A[i][k];
                inverse[row][k] -= factor * inverse[i][k];
            }
        }
    }
}

static void fill_x(double x[N], const float *user, const float *v, double count)
{
    for (size_t a = 0; a < U; a++) {
        for (size_t j = 0; j < D; j++) {
            x[a * D + j] = (double)user[a] * (double)v[j];
        }
    }
    x[N - 1] = count;
}

START_TEST(test_bandit_plays_what_a_plain_inverse_says)
{
    static double A[N][N], inverse[N][N], x[N], b[N], theta[N];
    static float vectors[ITEMS * D];
    uint64_t random = 11;
    memset(A, 0, sizeof A);
    memset(b, 0, sizeof b);
    for (size_t i = 0; i < ITEMS * D; i++) {
        vectors[i] = (float)(2.0 * uniform(&random) - 1.0);
    }
    rr_items *items = items_of(vectors, ITEMS, D);
    rr_bandit *bandits[] = {make(RR_BANDIT_RIDGE, items, U, 1.5, 1),
                            make(RR_BANDIT_LINUCB, items, U, 1.5, 1)};
    float user[U];
    int32_t history[3], action;
    rr_obs obs = obs_of(user, 1, U);
    obs.history = history;
    obs.n_history = 3;
    for (size_t i = 0; i < N; i++) {
        A[i][i] = 1.0;
    }
    for (int t = 0; t < 240; t++) {
        if (t == 120) { /* half of the rows are learned from, half are played */
            for (int kind = 0; kind < 2; kind++) {
                ck_assert_int_eq(rri_bandit_fit(bandits[kind], NULL), RR_OK);
            }
            invert_plainly(A, inverse);
            for (size_t i = 0; i < N; i++) {
                theta[i] = 0.0;
                for (size_t k = 0; k < N; k++) {
                    theta[i] += inverse[i][k] * b[k];
                }
            }
        }
        for (size_t a = 0; a < U; a++) {
            user[a] = (float)(2.0 * uniform(&random) - 1.0);
        }
        for (size_t i = 0; i < 3; i++) {
            history[i] = (int32_t)(uniform(&random) * 6.0);
        }
        if (t < 120) {
            action = (int32_t)(uniform(&random) * ITEMS);
            const float reward = (float)uniform(&random);
            double count = 0.0;
            for (size_t i = 0; i < 3; i++) {
                count += history[i] == action;
            }
            fill_x(x, user, vectors + (size_t)action * D, count);
            for (size_t i = 0; i < N; i++) {
                b[i] += (double)reward * x[i];
                for (size_t k = 0; k < N; k++) {
                    A[i][k] += x[i] * x[k];
                }
            }
            for (int kind = 0; kind < 2; kind++) {
                ck_assert_int_eq(rri_bandit_record(bandits[kind], &obs, &action, &reward, NULL),
                                 RR_OK);
            }
            continue;
        }
        for (int kind = 0; kind < 2; kind++) {
            int32_t best = 0;
            double most = -1e9;
            for (int32_t item = 0; item < ITEMS; item++) {
                double count = 0.0, score = 0.0, variance = 0.0;
                for (size_t i = 0; i < 3; i++) {
                    count += history[i] == item;
                }
                fill_x(x, user, vectors + (size_t)item * D, count);
                for (size_t i = 0; i < N; i++) {
                    score += theta[i] * x[i];
                    for (size_t k = 0; k < N; k++) {
                        variance += x[i] * inverse[i][k] * x[k];
                    }
                }
                score += kind == 1 ? 1.5 * sqrt(variance) : 0.0;
                best = score > most ? item : best;
                most = score > most ? score : most;
            }
            ck_assert_int_eq(rri_bandit_act(bandits[kind], &action, &obs, true, NULL), RR_OK);
            ck_assert_int_eq(action, best);
        }
    }
    rri_bandit_destroy(bandits[0]);
    rri_bandit_destroy(bandits[1]);
    rri_items_release(items);
}
END_TEST

START_TEST(test_bandit_draws_evenly_before_it_has_learned)
{
    static const float vectors[] = {1.0f, 2.0f, 3.0f, 4.0f};
    rr_items *items = items_of(vectors, 4, 1);
    rr_bandit *bandit = make(RR_BANDIT_RIDGE, items, 1, 0.0, 5);
    int n[4] = {0};
    for (int i = 0; i < 4000; i++) {
        n[played(bandit, true)]++;
    }
    for (int i = 0; i < 4; i++) {
        ck_assert(n[i] > 880 && n[i] < 1120);
    }
    rri_bandit_destroy(bandit);
    rri_items_release(items);
}
END_TEST

START_TEST(test_bandit_never_plays_what_is_excluded)
{
    static const float vectors[] = {1.0f, 4.0f, 3.0f, 2.0f}, user = 1.0f;
    const int32_t excluded[] = {-1, 1, 3}, list[] = {3, 1, 0}, chosen = 2;
    const float reward = 3.0f;
    rr_items *items = items_of(vectors, 4, 1);
    rr_bandit *bandit = make(RR_BANDIT_RIDGE, items, 1, 0.0, 5);
    rr_obs obs = obs_of(&user, 1, 1);
    obs.excluded = excluded;
    obs.n_excluded = 3;
    int n[4] = {0};
    int32_t action;
    for (int i = 0; i < 2000; i++) { /* before it has learned */
        ck_assert_int_eq(rri_bandit_act(bandit, &action, &obs, true, NULL), RR_OK);
        n[action]++;
    }
    ck_assert(n[1] == 0 && n[3] == 0 && n[0] > 850 && n[2] > 850);
    ck_assert_int_eq(rri_bandit_record(bandit, &obs, &chosen, &reward, NULL), RR_OK);
    ck_assert_int_eq(rri_bandit_fit(bandit, NULL), RR_OK);
    ck_assert_int_eq(rri_bandit_act(bandit, &action, &obs, false, NULL), RR_OK);
    ck_assert_int_eq(action, 2); /* item 1 is worth more */
    obs.candidates = list;
    obs.n_candidates = 3;
    ck_assert_int_eq(rri_bandit_act(bandit, &action, &obs, false, NULL), RR_OK);
    ck_assert_int_eq(action, 2); /* position of item 0 */
    obs.excluded = NULL;
    ck_assert_int_eq(rri_bandit_act(bandit, &action, &obs, false, NULL), RR_OK);
    ck_assert_int_eq(action, 1);
    rri_bandit_destroy(bandit);
    rri_items_release(items);
}
END_TEST

/* Refused rows leave no trace: what is fitted afterwards plays as if they had not come. */
START_TEST(test_bandit_bad_rows_are_refused_by_name_and_change_nothing)
{
    rr_bandit *bandit = two_arms(RR_BANDIT_RIDGE, 0.0, 0);
    const float users[] = {1.0f, 1.0f}, bad_users[] = {1.0f, NAN};
    float rewards[] = {-1e6f, -1e6f};
    int32_t actions[] = {0, 0};
    rr_obs obs = obs_of(users, 2, 1);
    rr_error err = {0};
    actions[1] = 2;
    ck_assert_int_eq(rri_bandit_record(bandit, &obs, actions, rewards, &err), RR_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "actions[1] is 2; it must be in [0, 2)"));
    actions[1] = -1;
    ck_assert_int_eq(rri_bandit_record(bandit, &obs, actions, rewards, &err), RR_E_INVALID);
    actions[1] = 0;
    rewards[1] = INFINITY;
    ck_assert_int_eq(rri_bandit_record(bandit, &obs, actions, rewards, &err), RR_E_NOT_FINITE);
    ck_assert_ptr_nonnull(strstr(err.text, "rewards[1] is inf"));
    obs.states = bad_users;
    ck_assert_int_eq(rri_bandit_act(bandit, actions, &obs, true, &err), RR_E_NOT_FINITE);
    ck_assert_ptr_nonnull(strstr(err.text, "states[1][0] is nan"));
    obs.states = users;
    const int32_t candidates[] = {0, 1, 1, 2};
    obs.candidates = candidates;
    obs.n_candidates = 2;
    ck_assert_int_eq(rri_bandit_act(bandit, actions, &obs, true, &err), RR_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "candidates[1][1] is 2; it must be in [0, 2)"));
    obs.candidates = NULL;
    obs.n_candidates = 0;
    int32_t excluded[] = {-1, -1, 2, -1};
    obs.excluded = excluded;
    obs.n_excluded = 2;
    ck_assert_int_eq(rri_bandit_act(bandit, actions, &obs, true, &err), RR_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "excluded[1][0] is 2; it must be -1 or in [0, 2)"));
    excluded[2] = 0;
    excluded[3] = 1;
    ck_assert_int_eq(rri_bandit_act(bandit, actions, &obs, true, &err), RR_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "row 1 excludes every item of its list"));
    excluded[3] = -1;
    actions[0] = actions[1] = 0;
    rewards[1] = -1e6f;
    ck_assert_int_eq(rri_bandit_record(bandit, &obs, actions, rewards, &err), RR_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "actions[1] is 0, which the row excludes"));
    obs.n_excluded = -1;
    ck_assert_int_eq(rri_bandit_act(bandit, actions, &obs, true, &err), RR_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "n_excluded is -1"));
    ck_assert_int_eq(rri_bandit_fit(bandit, NULL), RR_OK);
    ck_assert_int_eq(played(bandit, true), 0);
    rri_bandit_destroy(bandit);
}
END_TEST

CHECK_MAIN("eval/bandit", test_bandit_linucb_plays_what_it_knows_too_little_of,
           test_bandit_thompson_plays_each_arm_as_often_as_it_may_be_the_best,
           test_bandit_finds_the_best_item_of_a_bilinear_reward_that_wears_off,
           test_bandit_plays_what_a_plain_inverse_says,
           test_bandit_draws_evenly_before_it_has_learned, test_bandit_never_plays_what_is_excluded,
           test_bandit_bad_rows_are_refused_by_name_and_change_nothing)
