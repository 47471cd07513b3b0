/* SPDX-License-Identifier: MIT */
/* Updates that stay near a reference (rr_agent_set_reference), through recrl.h, over a pool whose
 * rewards are noise: whatever the policy learns of them takes it away from where it began. */
#include <math.h>
#include <stdbool.h>
#include <stdio.h>
#include <string.h>

#include "check_run.h"
#include "core/hash.h"
#include "recrl/recrl.h"

enum { N = 64, S = 3, D = 3, ITEMS = 40 };

typedef struct scene {
    rr_items *items;
    rr_agent *agent;
    rr_policy *start; /* the agent as it began */
    rr_buffer *buffer;
    float states[N * S], log_probs[N], values[N], rewards[N];
    int32_t actions[N];
    uint64_t random;
} scene;

static float uniform(scene *t)
{
    return (float)((double)(rri_hash_mix(t->random += 0x9e3779b97f4a7c15u) >> 11) * 0x1p-52 - 1.0);
}

static rr_agent_config config_of(float coef)
{
    rr_agent_config config;
    rr_agent_config_init(&config, sizeof config);
    config.state_dim = S;
    config.item_dim = D;
    config.max_rows = N;
    config.max_update_rows = N;
    config.max_candidates = 8;
    config.max_history = 1;
    config.ref_kl_coef = coef;
    return config;
}

static rr_ppo_config ppo(void)
{
    rr_ppo_config config;
    rr_ppo_config_init(&config, sizeof config);
    config.batch_size = N / 2;
    return config;
}

static void open_with(scene *t, const rr_agent_config *config)
{
    memset(t, 0, sizeof *t);
    const rr_ppo_config algo = ppo();
    ck_assert_int_eq(rr_items_create_random(&t->items, ITEMS, D, 5, NULL, NULL), RR_OK);
    ck_assert_int_eq(rr_agent_create(&t->agent, config, &algo, t->items, NULL, NULL), RR_OK);
    const float skip[D * S] = {0.2f, -0.1f, 0.1f, 0.1f, 0.2f, -0.2f, -0.1f, 0.1f, 0.2f};
    ck_assert_int_eq(rr_agent_set_tensor(t->agent, "actor.skip.weight", skip, D * S, NULL), RR_OK);
    ck_assert_int_eq(rr_agent_publish(t->agent, NULL, &t->start, NULL), RR_OK);
    rr_buffer_config room;
    rr_buffer_config_init(&room, sizeof room);
    room.max_rows = N;
    room.state_dim = S;
    room.max_candidates = room.max_history = room.max_excluded = 0;
    ck_assert_int_eq(rr_buffer_create(&t->buffer, &room, NULL, NULL), RR_OK);
}

static void open_scene(scene *t, float coef)
{
    const rr_agent_config config = config_of(coef);
    open_with(t, &config);
}

static void close_scene(scene *t)
{
    rr_buffer_destroy(t->buffer);
    rr_policy_release(t->start);
    rr_agent_destroy(t->agent);
    rr_items_release(t->items);
}

static void collect(scene *t)
{
    uint8_t terminated[N];
    for (size_t i = 0; i < N; i++) {
        t->rewards[i] = uniform(t);
        terminated[i] = 1;
        for (size_t j = 0; j < S; j++) {
            t->states[i * S + j] = uniform(t);
        }
    }
    const rr_obs obs = {.struct_size = sizeof obs, .n = N, .state_dim = S, .states = t->states};
    rr_decision decision = {.struct_size = sizeof decision,
                            .n = N,
                            .actions = t->actions,
                            .log_probs = t->log_probs,
                            .values = t->values};
    const rr_outcome outcome = {
        .struct_size = sizeof outcome, .n = N, .rewards = t->rewards, .terminated = terminated};
    ck_assert_int_eq(rr_agent_act(t->agent, &obs, &decision, NULL), RR_OK);
    ck_assert_int_eq(rr_buffer_record(t->buffer, &obs, &decision, NULL), RR_OK);
    ck_assert_int_eq(rr_buffer_reward(t->buffer, &outcome, NULL), RR_OK);
}

static rr_stats update(scene *t, rr_status wanted, const char *sentence)
{
    rr_stats stats = {.struct_size = sizeof stats};
    rr_error err = {0};
    ck_assert_int_eq(rr_agent_update(t->agent, t->buffer, NULL, &stats, &err), wanted);
    ck_assert_msg(wanted == RR_OK || strstr(err.text, sentence) != NULL, "\"%s\"", err.text);
    return stats;
}

/* KL(π ‖ π₀) of the present policy from the one it began as, over some states, by the log-probs
 * that both tell. */
static double distance(scene *t)
{
    static float own[N * ITEMS], other[N * ITEMS];
    const rr_obs obs = {.struct_size = sizeof obs, .n = N, .state_dim = S, .states = t->states};
    rr_decision decision = {
        .struct_size = sizeof decision, .n = N, .actions = t->actions, .all_log_probs = own};
    ck_assert_int_eq(rr_agent_act(t->agent, &obs, &decision, NULL), RR_OK);
    rr_reader *reader;
    ck_assert_int_eq(rr_reader_create(&reader, t->start, 1, NULL, NULL), RR_OK);
    decision.all_log_probs = other;
    ck_assert_int_eq(rr_policy_act(t->start, reader, &obs, &decision, NULL), RR_OK);
    rr_reader_destroy(reader);
    double sum = 0.0;
    for (size_t i = 0; i < (size_t)N * ITEMS; i++) {
        sum += __builtin_exp((double)own[i]) * ((double)own[i] - (double)other[i]);
    }
    return sum / N;
}

START_TEST(test_stay_near_wants_a_reference_and_a_weight)
{
    scene t;
    rr_error err = {0};
    open_scene(&t, 0.0f);
    ck_assert_int_eq(rr_agent_set_reference(t.agent, t.start, &err), RR_E_STATE);
    ck_assert_ptr_nonnull(strstr(err.text, "ref_kl_coef is 0"));
    ck_assert_int_eq(rr_agent_set_reference(t.agent, NULL, NULL), RR_OK);
    ck_assert_int_eq(rr_agent_set_reference(NULL, t.start, NULL), RR_E_INVALID);
    collect(&t);
    const rr_stats stats = update(&t, RR_OK, "");
    ck_assert(stats.reference_kl == 0.0f && stats.reference_coef == 0.0f);
    close_scene(&t);

    open_scene(&t, 0.5f);
    collect(&t);
    update(&t, RR_E_STATE, "ref_kl_coef is 0.5 and no reference is set");
    ck_assert_int_eq(rr_agent_set_reference(t.agent, t.start, NULL), RR_OK);
    ck_assert_int_eq(rr_agent_set_reference(t.agent, t.start, NULL), RR_OK);
    const rr_stats kept = update(&t, RR_OK, ""); /* the rows are still there */
    ck_assert_int_eq(kept.n_rows, N);
    ck_assert(kept.reference_coef == 0.5f && kept.reference_kl >= 0.0f);
    ck_assert_int_eq(rr_agent_set_reference(t.agent, NULL, NULL), RR_OK);
    collect(&t);
    update(&t, RR_E_STATE, "no reference is set");
    close_scene(&t);
}
END_TEST

START_TEST(test_stay_near_names_what_makes_a_policy_another_one)
{
    scene t, other;
    rr_error err = {0};
    open_scene(&t, 0.5f);
    rr_agent_config config = config_of(0.5f);
    config.hidden[0] = 32;
    open_with(&other, &config);
    ck_assert_int_eq(rr_agent_set_reference(t.agent, other.start, &err), RR_E_MISMATCH);
    ck_assert_msg(strstr(err.text, "policy's hidden is 32,64") != NULL, "\"%s\"", err.text);
    close_scene(&other);
    close_scene(&t);
}
END_TEST

START_TEST(test_stay_near_keeps_a_policy_where_it_began)
{
    double far[2];
    for (int i = 0; i < 2; i++) {
        scene t;
        open_scene(&t, i == 0 ? 1e-6f : 3.0f);
        ck_assert_int_eq(rr_agent_set_reference(t.agent, t.start, NULL), RR_OK);
        rr_stats stats = {0};
        for (size_t u = 0; u < 20; u++) {
            collect(&t);
            stats = update(&t, RR_OK, "");
        }
        far[i] = distance(&t);
        /* what is told is a mean over the update's minibatches, not that of its end */
        ck_assert_msg((double)stats.reference_kl > 0.2 * far[i] &&
                          (double)stats.reference_kl < 5.0 * far[i],
                      "%g, not about %g", (double)stats.reference_kl, far[i]);
        close_scene(&t);
    }
    ck_assert_msg(far[1] < 0.1 * far[0], "%g and %g", far[0], far[1]);
}
END_TEST

START_TEST(test_stay_near_by_a_weight_that_falls)
{
    scene t;
    rr_agent_config config = config_of(0.8f);
    config.ref_kl_updates = 4;
    open_with(&t, &config);
    ck_assert_int_eq(rr_agent_set_reference(t.agent, t.start, NULL), RR_OK);
    static const float wanted[] = {0.8f, 0.6f, 0.4f, 0.2f, 0.0f, 0.0f};
    for (size_t u = 0; u < sizeof wanted / sizeof wanted[0]; u++) {
        collect(&t);
        ck_assert_float_eq_tol(update(&t, RR_OK, "").reference_coef, wanted[u], 1e-6f);
    }
    close_scene(&t);
}
END_TEST

static void expect_near(float got, float wanted, const char *what)
{
    ck_assert_msg(got > 0.999f * wanted && got < 1.001f * wanted, "%s is %g, not %g", what,
                  (double)got, (double)wanted);
}

/* Each update's weight is what the KL of the one before makes of that one's. */
START_TEST(test_stay_near_steers_its_weight_to_a_distance)
{
    scene t;
    rr_agent_config config = config_of(0.01f);
    config.ref_kl_target = 0.02f;
    open_with(&t, &config);
    ck_assert_int_eq(rr_agent_set_reference(t.agent, t.start, NULL), RR_OK);
    float wanted = 0.01f;
    int n_doubled = 0, n_halved = 0, n_kept = 0, n_late = 0;
    double late = 0.0;
    for (int u = 0; u < 60; u++) {
        collect(&t);
        const rr_stats stats = update(&t, RR_OK, "");
        expect_near(stats.reference_coef, wanted, "reference_coef");
        const bool is_far = stats.reference_kl > 1.5f * config.ref_kl_target;
        const bool is_close = stats.reference_kl < config.ref_kl_target / 1.5f;
        n_doubled += is_far;
        n_halved += is_close;
        n_kept += !is_far && !is_close;
        wanted *= is_far ? 2.0f : is_close ? 0.5f : 1.0f;
        if (u >= 30) {
            late += (double)stats.reference_kl;
            n_late++;
        }
    }
    ck_assert_msg(n_doubled > 0 && n_halved > 0 && n_kept > 0, "%d, %d, %d", n_doubled, n_halved,
                  n_kept);
    late /= n_late;
    ck_assert_msg(late > 0.01 && late < 0.04, "KL is %g", late);
    close_scene(&t);
}
END_TEST

START_TEST(test_stay_near_steers_no_further_than_a_million_times)
{
    scene t;
    rr_agent_config config = config_of(1.0f);
    config.ref_kl_target = 1e6f; /* which no policy is as far as */
    open_with(&t, &config);
    ck_assert_int_eq(rr_agent_set_reference(t.agent, t.start, NULL), RR_OK);
    float coef = 1.0f;
    for (int u = 0; u < 24; u++) {
        collect(&t);
        coef = update(&t, RR_OK, "").reference_coef;
    }
    ck_assert_float_eq(coef, 0x1p-20f);
    close_scene(&t);
}
END_TEST

START_TEST(test_stay_near_is_steered_or_scheduled)
{
    rr_error err = {0};
    rr_agent *agent = NULL;
    rr_items *items = NULL;
    ck_assert_int_eq(rr_items_create_random(&items, ITEMS, D, 5, NULL, NULL), RR_OK);
    rr_agent_config config = config_of(0.5f);
    config.ref_kl_target = 0.1f;
    config.ref_kl_updates = 7;
    ck_assert_int_eq(rr_agent_create(&agent, &config, NULL, items, NULL, &err), RR_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "ref_kl_target is 0.1 and ref_kl_updates is 7"));
    config.ref_kl_updates = 0;
    config.ref_kl_coef = 0.0f;
    ck_assert_int_eq(rr_agent_create(&agent, &config, NULL, items, NULL, &err), RR_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "ref_kl_coef is 0; it is where the weight begins"));
    rr_items_release(items);
}
END_TEST

/* A reference of generation 0 scores the items of later ones by their vectors. */
START_TEST(test_stay_near_goes_on_under_later_generations)
{
    scene t;
    rr_agent_config steered = config_of(0.5f);
    steered.ref_kl_target = 1.0f;
    open_with(&t, &steered);
    ck_assert_int_eq(rr_agent_set_reference(t.agent, t.start, NULL), RR_OK);
    collect(&t);
    update(&t, RR_OK, "");
    const uint64_t keys[] = {1001, 1002, 1003};
    const float vectors[3 * D] = {0.5f, 0.1f, 0.2f, -0.3f, 0.4f, 0.6f, 0.2f, -0.8f, 0.1f};
    uint64_t first;
    const int32_t zero = 0;
    ck_assert_int_eq(rr_items_keys_of(t.items, &zero, 1, &first, NULL), RR_OK);
    rr_items *later;
    ck_assert_int_eq(
        rr_items_follow(&later, t.items, &first, 1, keys, vectors, 3, NULL, NULL, NULL), RR_OK);
    ck_assert_int_eq(rr_agent_set_items(t.agent, later, NULL), RR_OK);
    collect(&t);
    const rr_stats stats = update(&t, RR_OK, "");
    ck_assert_int_eq(stats.n_rows, N);
    ck_assert_float_eq(stats.reference_coef, 0.25f); /* steered on */
    rr_items_release(later);
    close_scene(&t);

    rr_agent_config config = config_of(0.5f);
    config.has_bias = 1;
    open_with(&t, &config);
    ck_assert_int_eq(rr_agent_set_reference(t.agent, t.start, NULL), RR_OK);
    ck_assert_int_eq(rr_items_follow(&later, t.items, NULL, 0, keys, vectors, 3, NULL, NULL, NULL),
                     RR_OK);
    ck_assert_int_eq(rr_agent_set_items(t.agent, later, NULL), RR_OK);
    collect(&t);
    update(&t, RR_E_MISMATCH, "learned something of each of its 40 items");
    rr_buffer_clear(t.buffer);
    rr_policy_release(t.start);
    ck_assert_int_eq(rr_agent_publish(t.agent, NULL, &t.start, NULL), RR_OK);
    ck_assert_int_eq(rr_agent_set_reference(t.agent, t.start, NULL), RR_OK);
    collect(&t);
    ck_assert_int_eq(update(&t, RR_OK, "").n_rows, N);
    rr_items_release(later);
    close_scene(&t);
}
END_TEST

/* A checkpoint does not carry the reference: until it is set again updates are refused, and from
 * then on they are those of the run that went on. */
START_TEST(test_stay_near_after_a_load)
{
    char path[] = "/tmp/stay_near_XXXXXX";
    const int fd = mkstemp(path);
    ck_assert_int_ge(fd, 0);
    scene t, again;
    rr_agent_config config = config_of(0.5f);
    config.ref_kl_target = 1.0f; /* far: the weight falls */
    open_with(&t, &config);
    ck_assert_int_eq(rr_agent_set_reference(t.agent, t.start, NULL), RR_OK);
    collect(&t);
    update(&t, RR_OK, "");
    rr_checkpoint checkpoint = {.struct_size = sizeof checkpoint, .agent = t.agent};
    ck_assert_int_eq(rr_checkpoint_save(&checkpoint, path, NULL), RR_OK);

    open_with(&again, &config);
    checkpoint.agent = again.agent;
    ck_assert_int_eq(rr_checkpoint_load(&checkpoint, path, NULL), RR_OK);
    again.random = t.random;
    collect(&t);
    collect(&again);
    update(&again, RR_E_STATE, "no reference is set");
    ck_assert_int_eq(rr_agent_set_reference(again.agent, t.start, NULL), RR_OK);
    ck_assert_float_eq(update(&t, RR_OK, "").reference_coef, 0.25f);
    ck_assert_float_eq(update(&again, RR_OK, "").reference_coef, 0.25f);
    ck_assert_uint_eq(rr_agent_version(t.agent), rr_agent_version(again.agent));
    remove(path);
    close_scene(&again);
    close_scene(&t);
}
END_TEST

/* ── scores that rows bring ── */

/* A buffer that keeps them, of all items. */
static void make_room_for_scores(scene *t, int32_t n)
{
    rr_buffer_config room;
    rr_buffer_destroy(t->buffer);
    rr_buffer_config_init(&room, sizeof room);
    room.max_rows = N;
    room.state_dim = S;
    room.max_candidates = room.max_history = room.max_excluded = 0;
    room.max_reference = n;
    ck_assert_int_eq(rr_buffer_create(&t->buffer, &room, NULL, NULL), RR_OK);
}

/* As collect, with the log-probs of the policy that the agent began as beside each row, or of one
 * that is certain. */
static rr_status collect_scored(scene *t, bool is_certain, float (*scores)[ITEMS], rr_error *err)
{
    uint8_t terminated[N];
    rr_reader *reader;
    for (size_t i = 0; i < N; i++) {
        t->rewards[i] = uniform(t);
        terminated[i] = 1;
        for (size_t j = 0; j < S; j++) {
            t->states[i * S + j] = uniform(t);
        }
    }
    rr_obs obs = {.struct_size = sizeof obs, .n = N, .state_dim = S, .states = t->states};
    rr_decision decision = {.struct_size = sizeof decision,
                            .n = N,
                            .actions = t->actions,
                            .all_log_probs = &scores[0][0]};
    ck_assert_int_eq(rr_reader_create(&reader, t->start, 1, NULL, NULL), RR_OK);
    ck_assert_int_eq(rr_policy_act(t->start, reader, &obs, &decision, NULL), RR_OK);
    rr_reader_destroy(reader);
    for (size_t i = 0; i < N * ITEMS && is_certain; i++) {
        (&scores[0][0])[i] = i % ITEMS == i / ITEMS % ITEMS ? 3.0f : (float)-HUGE_VAL;
    }
    decision.all_log_probs = NULL;
    decision.log_probs = t->log_probs;
    decision.values = t->values;
    const rr_outcome outcome = {
        .struct_size = sizeof outcome, .n = N, .rewards = t->rewards, .terminated = terminated};
    ck_assert_int_eq(rr_agent_act(t->agent, &obs, &decision, NULL), RR_OK);
    obs.reference_log_probs = &scores[0][0];
    const rr_status status = rr_buffer_record(t->buffer, &obs, &decision, err);
    if (status == RR_OK) {
        ck_assert_int_eq(rr_buffer_reward(t->buffer, &outcome, NULL), RR_OK);
    }
    return status;
}

/* Scores of the policy that would else be the reference lead the same way. */
START_TEST(test_stay_near_scores_that_rows_bring_are_as_a_policy_that_is_set)
{
    static float scores[N][ITEMS];
    scene t, other;
    open_scene(&t, 0.5f);
    open_scene(&other, 0.5f);
    make_room_for_scores(&t, ITEMS);
    ck_assert_int_eq(rr_agent_set_reference(other.agent, other.start, NULL), RR_OK);
    for (int u = 0; u < 3; u++) {
        ck_assert_int_eq(collect_scored(&t, false, scores, NULL), RR_OK);
        collect(&other);
        const rr_stats of_scores = update(&t, RR_OK, ""), of_policy = update(&other, RR_OK, "");
        ck_assert_float_gt(of_policy.reference_kl, 1e-5f);
        expect_near(of_scores.reference_kl, of_policy.reference_kl, "reference_kl");
        expect_near(of_scores.grad_norm, of_policy.grad_norm, "grad_norm");
    }
    close_scene(&other);
    close_scene(&t);
}
END_TEST

START_TEST(test_stay_near_a_certain_host_is_mixed_with_chance)
{
    static float scores[N][ITEMS];
    float kl[2];
    for (int is_rough = 0; is_rough < 2; is_rough++) {
        scene t;
        rr_agent_config config = config_of(0.5f);
        config.ref_floor = is_rough ? 0.5f : 0.01f;
        open_with(&t, &config);
        make_room_for_scores(&t, ITEMS);
        ck_assert_int_eq(collect_scored(&t, true, scores, NULL), RR_OK);
        kl[is_rough] = update(&t, RR_OK, "").reference_kl;
        close_scene(&t);
    }
    ck_assert_msg(kl[0] > kl[1] + 1.0f && kl[0] < 20.0f, "%g and %g", (double)kl[0], (double)kl[1]);
}
END_TEST

START_TEST(test_stay_near_scores_are_judged_by_name)
{
    static float scores[N][ITEMS];
    scene t;
    rr_error err = {0};
    open_scene(&t, 0.5f);
    ck_assert_int_eq(collect_scored(&t, false, scores, NULL), RR_OK); /* and not kept */
    update(&t, RR_E_STATE, "or the rows do (max_reference)");
    make_room_for_scores(&t, ITEMS - 1);
    ck_assert_int_eq(collect_scored(&t, false, scores, NULL), RR_OK);
    update(&t, RR_E_MISMATCH,
           "reference_log_probs of 39 items (max_reference), and the catalogue "
           "has 40");
    make_room_for_scores(&t, ITEMS);
    ck_assert_int_eq(collect_scored(&t, false, scores, NULL), RR_OK);
    const rr_obs obs = {.struct_size = sizeof obs,
                        .n = N,
                        .state_dim = S,
                        .states = t.states,
                        .reference_log_probs = &scores[0][0]};
    const rr_decision decision = {.struct_size = sizeof decision,
                                  .n = N,
                                  .actions = t.actions,
                                  .log_probs = t.log_probs,
                                  .values = t.values};
    rr_buffer_clear(t.buffer);
    scores[5][7] = (float)HUGE_VAL;
    ck_assert_int_eq(rr_buffer_record(t.buffer, &obs, &decision, &err), RR_E_NOT_FINITE);
    ck_assert_ptr_nonnull(strstr(err.text, "reference_log_probs[5][7] is inf"));
    for (size_t j = 0; j < ITEMS; j++) {
        scores[5][j] = (float)-HUGE_VAL;
    }
    ck_assert_int_eq(rr_buffer_record(t.buffer, &obs, &decision, &err), RR_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "reference_log_probs[5] is -inf everywhere"));
    close_scene(&t);
}
END_TEST

START_TEST(test_stay_near_a_ledger_keeps_scores_too)
{
    static float scores[N][ITEMS];
    scene t;
    rr_ledger *ledger = NULL;
    rr_ledger_config room;
    rr_stats stats = {.struct_size = sizeof stats};
    uint64_t ids[N], versions[N];
    uint8_t terminated[N];
    open_scene(&t, 0.5f);
    ck_assert_int_eq(collect_scored(&t, true, scores, NULL), RR_OK);
    rr_ledger_config_init(&room, sizeof room);
    ck_assert_int_eq(rr_agent_fit_ledger_config(t.agent, &room, NULL), RR_OK);
    room.max_reference = ITEMS;
    ck_assert_int_eq(rr_ledger_create(&ledger, &room, NULL, NULL), RR_OK);
    for (size_t i = 0; i < N; i++) {
        ids[i] = i + 1;
        terminated[i] = 1;
    }
    const rr_obs obs = {.struct_size = sizeof obs,
                        .n = N,
                        .state_dim = S,
                        .states = t.states,
                        .sessions = ids,
                        .decisions = ids,
                        .reference_log_probs = &scores[0][0]};
    rr_decision decision = {.struct_size = sizeof decision,
                            .n = N,
                            .actions = t.actions,
                            .log_probs = t.log_probs,
                            .policy_versions = versions};
    const rr_outcome outcome = {.struct_size = sizeof outcome,
                                .n = N,
                                .decisions = ids,
                                .rewards = t.rewards,
                                .terminated = terminated};
    ck_assert_int_eq(rr_agent_act(t.agent, &obs, &decision, NULL), RR_OK);
    ck_assert_int_eq(rr_ledger_record(ledger, &obs, &decision, NULL, NULL), RR_OK);
    ck_assert_int_eq(rr_ledger_reward(ledger, &outcome, NULL, NULL), RR_OK);
    ck_assert_int_eq(rr_agent_update_sessions(t.agent, ledger, &stats, NULL), RR_OK);
    ck_assert_int_eq(stats.n_rows, N);
    ck_assert_float_gt(stats.reference_kl, 1.0f);
    rr_ledger_destroy(ledger);
    close_scene(&t);
}
END_TEST

CHECK_MAIN("train/stay_near", test_stay_near_wants_a_reference_and_a_weight,
           test_stay_near_names_what_makes_a_policy_another_one,
           test_stay_near_keeps_a_policy_where_it_began, test_stay_near_by_a_weight_that_falls,
           test_stay_near_steers_its_weight_to_a_distance,
           test_stay_near_steers_no_further_than_a_million_times,
           test_stay_near_is_steered_or_scheduled, test_stay_near_goes_on_under_later_generations,
           test_stay_near_after_a_load,
           test_stay_near_scores_that_rows_bring_are_as_a_policy_that_is_set,
           test_stay_near_a_certain_host_is_mixed_with_chance,
           test_stay_near_scores_are_judged_by_name, test_stay_near_a_ledger_keeps_scores_too)
