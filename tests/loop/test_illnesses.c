/* SPDX-License-Identifier: MIT */
/* Five illnesses, each injected on purpose into a run that is healthy without it, and each named by
 * its sentence within 20 updates. */
#include <stdlib.h>
#include <string.h>

#include "check_run.h"
#include "loop/machine.h"

enum { N_ROWS = 64, N_LIST = 12, MOST_SENTENCES = 16 };

typedef struct patient {
    rr_ppo_config ppo;
    int32_t algo;
    uint64_t seed;
    float reward_factor, reward_offset; /* r ← factor · r + offset */
    int32_t normalize_returns;
    int32_t swap_at; /* update from which two features change places; −1: never */
    int32_t n_updates, n_items, n_units;
    bool is_sure;            /* begins as one that all but always shows each user's best item */
    uint32_t ill;            /* every illness that was seen */
    rr_health_report judged; /* the last window's */
    int n_sentences;
    char sentences[MOST_SENTENCES][512];
    int32_t first_update; /* of a sentence */
} patient;

static int32_t now;

static void hear(void *user, int32_t level, const char *sentence)
{
    patient *p = user;
    ck_assert_int_eq(level, RR_LOG_WARNING);
    if (p->n_sentences == 0) {
        p->first_update = now;
    }
    if (p->n_sentences < MOST_SENTENCES) {
        strncpy(p->sentences[p->n_sentences++], sentence, sizeof p->sentences[0] - 1);
    }
}

static patient healthy(uint64_t seed)
{
    patient p = {.seed = seed,
                 .reward_factor = 1.0f,
                 .swap_at = -1,
                 .n_updates = check_is_short() ? 17 : 20,
                 .n_items = 300,
                 .n_units = 32};
    rr_ppo_config_init(&p.ppo, sizeof p.ppo);
    return p;
}

/* Two features of a candidate, of different size: one about 0, one about 10. */
static void fill_features(float *features, int32_t n, bool is_swapped, uint64_t *noise)
{
    for (int32_t i = 0; i < n; i++) {
        *noise = *noise * UINT64_C(6364136223846793005) + 1442695040888963407u;
        const float a = (float)(*noise >> 40) / 16777216.0f - 0.5f;
        features[2 * i + (is_swapped ? 1 : 0)] = a;
        features[2 * i + (is_swapped ? 0 : 1)] = 10.0f + a;
    }
}

/* q = u, a large scale, and a weight on repeats as large: nearly the best known play. */
static void make_sure(rr_agent *agent)
{
    enum { DIM = 32, STATE = 64 };
    static float weight[DIM * STATE];
    const float log_scale = 7.0f, repeat_weight = 430.0f;
    rr_error err;
    for (int i = 0; i < DIM; i++) {
        weight[i * STATE + i] = 1.0f;
    }
    machine_require(rr_agent_set_tensor(agent, "actor.skip.weight", weight, DIM * STATE, &err),
                    &err);
    machine_require(rr_agent_set_tensor(agent, "actor.log_scale", &log_scale, 1, &err), &err);
    machine_require(rr_agent_set_tensor(agent, "actor.repeat_weight", &repeat_weight, 1, &err),
                    &err);
}

static void run(patient *p)
{
    rr_error err;
    const bool has_features = p->swap_at >= 0;
    rr_env_config world;
    rr_agent_config shape;
    rr_buffer_config room;
    rr_env_config_init(&world, sizeof world);
    rr_agent_config_init(&shape, sizeof shape);
    rr_buffer_config_init(&room, sizeof room);
    world.seed = world.world_seed = shape.seed = p->seed;
    shape.normalize_returns = p->normalize_returns;
    world.num_items = p->n_items;
    shape.hidden[0] = shape.hidden[1] = shape.critic_hidden[0] = shape.critic_hidden[1] =
        p->n_units;
    world.num_candidates = has_features ? N_LIST : 0;
    shape.feature_dim = room.feature_dim = has_features ? 2 : 0;
    room.max_candidates = world.num_candidates;
    const rr_host host = {.struct_size = sizeof host, .log = hear, .user = p};
    rr_env *env;
    rr_agent *agent;
    rr_buffer *buffer;
    rr_health *health;
    machine_require(rr_env_create(&env, &world, NULL, NULL, 0, NULL, &err), &err);
    machine_require(rr_agent_create(&agent, &shape, &p->ppo, rr_env_items(env), NULL, &err), &err);
    machine_require(rr_buffer_create(&buffer, &room, NULL, &err), &err);
    machine_require(rr_health_create(&health, NULL, agent, &host, &err), &err);
    machine_require(rr_env_reset(env, &err), &err);
    if (p->is_sure) {
        make_sure(agent);
    }

    static float features[N_ROWS * N_LIST * 2];
    static float log_probs[N_ROWS], values[N_ROWS], rewards[N_ROWS];
    static int32_t actions[N_ROWS], items[N_ROWS];
    uint64_t noise = p->seed + 1;
    for (now = 0; now < p->n_updates; now++) {
        rr_obs obs = {.struct_size = sizeof obs};
        rr_decision decision = {.struct_size = sizeof decision,
                                .n = N_ROWS,
                                .actions = actions,
                                .items = items,
                                .log_probs = log_probs,
                                .values = values};
        while (!rr_buffer_is_full(buffer)) {
            rr_outcome outcome = {.struct_size = sizeof outcome};
            machine_require(rr_env_observe(env, &obs, &err), &err);
            if (has_features) {
                fill_features(features, N_ROWS * N_LIST, now >= p->swap_at, &noise);
                obs.features = features;
                obs.feature_dim = 2;
            }
            machine_require(rr_agent_act(agent, &obs, &decision, &err), &err);
            machine_require(rr_buffer_record(buffer, &obs, &decision, &err), &err);
            machine_require(rr_health_record(health, &obs, &decision, &err), &err);
            machine_require(rr_env_step(env, actions, &outcome, &err), &err);
            for (int32_t i = 0; i < N_ROWS; i++) {
                rewards[i] = p->reward_factor * outcome.rewards[i] + p->reward_offset;
            }
            outcome.rewards = rewards;
            machine_require(rr_buffer_reward(buffer, &outcome, &err), &err);
            machine_require(rr_health_reward(health, &outcome, &err), &err);
        }
        rr_stats stats = {.struct_size = sizeof stats};
        rr_health_report report = {.struct_size = sizeof report};
        machine_require(rr_env_observe(env, &obs, &err), &err);
        machine_require(rr_agent_update(agent, buffer, &obs, &stats, &err), &err);
        machine_require(rr_health_update(health, agent, &stats, &report, &err), &err);
        p->ill |= report.ill;
        p->judged = report.is_judged ? report : p->judged;
    }
    rr_health_destroy(health);
    rr_buffer_destroy(buffer);
    rr_agent_destroy(agent);
    rr_env_destroy(env);
}

static void expect(patient *p, uint32_t illness, const char *words)
{
    run(p);
    bool is_said = false;
    for (int i = 0; i < p->n_sentences; i++) {
        is_said = is_said || strstr(p->sentences[i], words) != NULL;
    }
    ck_assert_msg((p->ill & illness) != 0, "%s: ill is %u", words, p->ill);
    ck_assert_msg(is_said, "\"%s\" was not said; the first of %d sentences is \"%s\"", words,
                  p->n_sentences, p->sentences[0]);
}

/* Where runs are short, until the second window has been judged. */
START_TEST(test_illness_a_healthy_run_says_nothing)
{
    for (uint64_t seed = 0; seed < (uint64_t)check_runs(3); seed++) {
        patient p = healthy(seed);
        p.n_updates = check_is_short() ? 17 : 40;
        run(&p);
        ck_assert_msg(p.ill == 0 && p.n_sentences == 0, "seed %d: %s", (int)seed, p.sentences[0]);
    }
}
END_TEST

START_TEST(test_illness_no_entropy_bonus_and_huge_steps_are_a_collapse)
{
    patient p = healthy(0);
    p.ppo.ent_coef = 0.0f;
    p.ppo.lr = 0.3f;
    p.n_items = 1000; /* of fewer, none is shown by so much too much */
    expect(&p, RR_ILL_ENTROPY, "collapse: the policy's entropy");
    ck_assert_uint_ne(p.ill & RR_ILL_APPROX_KL, 0);
}
END_TEST

START_TEST(test_illness_a_sure_policy_that_shows_each_user_other_items_is_no_collapse)
{
    patient p = healthy(0);
    p.is_sure = true;
    p.ppo.lr = 1e-6f; /* it stays what it is; its critic knows nothing, which is no collapse */
    run(&p);
    ck_assert_uint_eq(p.ill & (RR_ILL_ENTROPY | RR_ILL_EFFECTIVE_ITEMS | RR_ILL_TOP_SHARE), 0);
    for (int i = 0; i < p.n_sentences; i++) {
        const bool is_of_critic = strncmp(p.sentences[i], "critic: ", 8) == 0 ||
                                  strncmp(p.sentences[i], "scale: ", 7) == 0;
        ck_assert_msg(is_of_critic, "%s", p.sentences[i]);
    }
    ck_assert_float_lt(p.judged.entropy, 0.05f);
    ck_assert_float_gt(p.judged.coverage, 0.9f);
    ck_assert_float_gt(p.judged.effective_share, 0.5f);
}
END_TEST

START_TEST(test_illness_rewards_a_thousand_times_too_large)
{
    patient p = healthy(0);
    p.reward_factor = 1000.0f;
    expect(&p, RR_ILL_GRAD_RATIO, "rewards are too large for the critic");
}
END_TEST

/* What the sentence advises. */
START_TEST(test_illness_rewards_of_any_size_are_healthy_in_units_of_their_returns)
{
    for (size_t i = 0; i < (size_t)check_runs(3); i++) {
        patient p = healthy(i);
        p.reward_factor = i == 0 ? 1000.0f : i == 1 ? 0.001f : 1.0f;
        p.normalize_returns = 1;
        p.n_updates = check_is_short() ? 17 : 40;
        run(&p);
        ck_assert_msg(p.ill == 0 && p.n_sentences == 0, "seed %d: %s", (int)i, p.sentences[0]);
    }
}
END_TEST

START_TEST(test_illness_a_critic_that_is_frozen)
{
    patient p = healthy(0);
    p.ppo.vf_coef = 0.0f;
    expect(&p, RR_ILL_VALUE_SCORE, "critic: its squared error");
}
END_TEST

START_TEST(test_illness_two_features_that_changed_places)
{
    patient p = healthy(0);
    p.swap_at = 1000;
    run(&p);
    ck_assert_msg((p.ill & RR_ILL_DRIFT) == 0, "features in their places: %s", p.sentences[0]);
    p = healthy(0);
    p.swap_at = 10;
    p.n_updates = 30;
    expect(&p, RR_ILL_DRIFT, "feature");
    ck_assert_int_ge(p.first_update, 10);
}
END_TEST

START_TEST(test_illness_a_reward_that_is_always_the_same)
{
    patient p = healthy(0);
    p.reward_factor = 0.0f;
    p.reward_offset = 1.0f;
    expect(&p, RR_ILL_REWARD, "there is nothing to learn from");
}
END_TEST

CHECK_MAIN("loop/illnesses", test_illness_a_healthy_run_says_nothing,
           test_illness_no_entropy_bonus_and_huge_steps_are_a_collapse,
           test_illness_a_sure_policy_that_shows_each_user_other_items_is_no_collapse,
           test_illness_rewards_a_thousand_times_too_large,
           test_illness_rewards_of_any_size_are_healthy_in_units_of_their_returns,
           test_illness_a_critic_that_is_frozen, test_illness_two_features_that_changed_places,
           test_illness_a_reward_that_is_always_the_same)
