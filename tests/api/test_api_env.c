/* SPDX-License-Identifier: MIT */
/* The environment as a host sees it. */
#include <float.h>
#include <math.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "check_run.h"
#include "recrl/recrl.h"

static rr_env_config default_config(void)
{
    rr_env_config config;
    rr_env_config_init(&config, sizeof config);
    return config;
}

static rr_env *make(const rr_env_config *config)
{
    rr_env *env = NULL;
    rr_error err;
    ck_assert_int_eq(rr_env_create(&env, config, NULL, NULL, 0, NULL, &err), RR_OK);
    return env;
}

static void expect(rr_status got, rr_status wanted, const rr_error *err, const char *sentence)
{
    ck_assert_int_eq(got, wanted);
    ck_assert_int_eq(err->status, wanted);
    ck_assert_msg(strstr(err->text, sentence) != NULL, "\"%s\" does not say \"%s\"", err->text,
                  sentence);
}

START_TEST(test_api_env_refuses_arguments_with_a_sentence)
{
    rr_env *env = NULL;
    rr_error err = {0};
    rr_env_config config = default_config();
    const float user[32] = {0.0f};
    expect(rr_env_create(NULL, &config, NULL, NULL, 0, NULL, &err), RR_E_INVALID, &err,
           "out is NULL");
    expect(rr_env_create(&env, &config, NULL, NULL, 3, NULL, &err), RR_E_INVALID, &err,
           "n_users is 3; it must be 0");
    expect(rr_env_create(&env, &config, NULL, user, 0, NULL, &err), RR_E_INVALID, &err,
           "n_users is 0; it must be at least 1");
    config.reward_decay = 1.5f;
    expect(rr_env_create(&env, &config, NULL, NULL, 0, NULL, &err), RR_E_INVALID, &err,
           "env config: reward_decay is 1.5");
    config = default_config();
    config.state_dim = 63;
    expect(rr_env_create(&env, &config, NULL, NULL, 0, NULL, &err), RR_E_INVALID, &err,
           "env config: state_dim is 63; it must be even");
    ck_assert_ptr_null(env);
    ck_assert_int_eq(rr_env_create(&env, &config, NULL, NULL, 0, NULL, NULL), RR_E_INVALID);

    expect(rr_env_reset(NULL, &err), RR_E_INVALID, &err, "rr_env_reset: env is NULL");
    ck_assert_ptr_null(rr_env_items(NULL));
    rr_env_destroy(NULL);
}
END_TEST

START_TEST(test_api_env_before_its_first_reset_is_refused)
{
    const rr_env_config config = default_config();
    rr_env *env = make(&config);
    rr_error err = {0};
    rr_obs obs = {.struct_size = sizeof obs};
    rr_outcome outcome = {.struct_size = sizeof outcome};
    int32_t actions[64] = {0};
    expect(rr_env_observe(env, &obs, &err), RR_E_STATE, &err, "call rr_env_reset first");
    expect(rr_env_step(env, actions, &outcome, &err), RR_E_STATE, &err, "call rr_env_reset first");
    expect(rr_env_choose(env, RR_CHOOSER_RANDOM, NULL, 0.0f, actions, &err), RR_E_STATE, &err,
           "call rr_env_reset first");
    rr_env_destroy(env);
}
END_TEST

START_TEST(test_api_env_bad_actions_change_nothing)
{
    rr_env_config config = default_config();
    config.n_envs = 3;
    config.num_candidates = 10;
    rr_env *env = make(&config);
    rr_error err = {0};
    rr_obs obs = {.struct_size = sizeof obs};
    rr_outcome outcome = {.struct_size = sizeof outcome};
    ck_assert_int_eq(rr_env_reset(env, NULL), RR_OK);
    ck_assert_int_eq(rr_env_observe(env, &obs, NULL), RR_OK);
    float states[3 * 64];
    memcpy(states, obs.states, sizeof states);
    expect(rr_env_step(env, (int32_t[]){0, 9, 10}, &outcome, &err), RR_E_INVALID, &err,
           "actions[2] is 10; it must be in [0, 10)");
    expect(rr_env_step(env, (int32_t[]){0, -1, 1}, &outcome, &err), RR_E_INVALID, &err,
           "actions[1] is -1");
    expect(rr_env_step(env, NULL, &outcome, &err), RR_E_INVALID, &err, "actions is NULL");
    expect(rr_env_step(env, (int32_t[]){0, 0, 0}, NULL, &err), RR_E_INVALID, &err,
           "rr_outcome is NULL");
    outcome.struct_size = 0;
    expect(rr_env_step(env, (int32_t[]){0, 0, 0}, &outcome, &err), RR_E_INVALID, &err,
           "struct_size");
    ck_assert_int_eq(rr_env_observe(env, &obs, NULL), RR_OK);
    ck_assert_mem_eq(states, obs.states, sizeof states);
    rr_env_destroy(env);
}
END_TEST

START_TEST(test_api_env_refuses_to_show_again_what_it_excludes)
{
    rr_env_config config = default_config();
    config.n_envs = 2;
    config.num_items = 9;
    config.max_episode_steps = 4;
    for (int32_t excludes = 0; excludes < 2; excludes++) {
        config.excludes_shown = excludes;
        rr_env *env = make(&config);
        rr_error err = {0};
        rr_obs obs = {.struct_size = sizeof obs};
        rr_outcome outcome = {.struct_size = sizeof outcome};
        ck_assert_int_eq(rr_env_reset(env, NULL), RR_OK);
        ck_assert_int_eq(rr_env_step(env, (int32_t[]){3, 8}, &outcome, NULL), RR_OK);
        const rr_status again = rr_env_step(env, (int32_t[]){8, 8}, &outcome, &err);
        if (excludes) {
            expect(again, RR_E_INVALID, &err, "actions[1] is 8, item 8, which this session was");
            ck_assert_int_eq(rr_env_observe(env, &obs, NULL), RR_OK);
            const int32_t excluded[] = {3, -1, -1, -1, 8, -1, -1, -1};
            ck_assert_int_eq(obs.n_excluded, 4);
            ck_assert_mem_eq(obs.excluded, excluded, sizeof excluded);
        } else {
            ck_assert_int_eq(again, RR_OK);
        }
        for (int32_t chooser = RR_CHOOSER_RANDOM; chooser <= RR_CHOOSER_ORACLE; chooser++) {
            bool repeats = false;
            for (int t = 0; t < 40; t++) {
                int32_t actions[2];
                ck_assert_int_eq(rr_env_choose(env, chooser, NULL, 0.0f, actions, NULL), RR_OK);
                ck_assert_int_eq(rr_env_observe(env, &obs, NULL), RR_OK);
                for (int32_t i = 0; i < 2 * obs.n_history; i++) {
                    repeats |= obs.history[i] == actions[i / obs.n_history];
                }
                ck_assert_int_eq(rr_env_step(env, actions, &outcome, NULL), RR_OK);
            }
            ck_assert(excludes ? !repeats : repeats);
        }
        rr_env_destroy(env);
    }
}
END_TEST

/* What an environment shows and pays over 50 steps, several sessions a row. */
typedef struct story {
    float states[50 * 4 * 16], rewards[50 * 4], mean[8];
    int32_t candidates[50 * 4 * 5];
} story;

static story *told_by(rr_env *env)
{
    story *s = calloc(1, sizeof *s);
    ck_assert_int_eq(rr_env_reset(env, NULL), RR_OK);
    for (size_t t = 0; t < 50; t++) {
        rr_obs obs = {.struct_size = sizeof obs};
        rr_outcome outcome = {.struct_size = sizeof outcome};
        const int32_t action = (int32_t)(t % 5);
        ck_assert_int_eq(rr_env_observe(env, &obs, NULL), RR_OK);
        memcpy(s->states + t * 64, obs.states, 64 * sizeof(float));
        memcpy(s->candidates + t * 20, obs.candidates, 20 * sizeof(int32_t));
        ck_assert_int_eq(
            rr_env_step(env, (int32_t[]){action, action, action, action}, &outcome, NULL), RR_OK);
        memcpy(s->rewards + t * 4, outcome.rewards, 4 * sizeof(float));
    }
    ck_assert_int_eq(rr_env_mean_user(env, s->mean, NULL), RR_OK);
    return s;
}

static void expect_same(rr_env *env, const story *wanted, bool is_same)
{
    story *s = told_by(env);
    ck_assert((memcmp(s, wanted, sizeof *s) == 0) == is_same);
    free(s);
}

static rr_env_config story_config(uint64_t seed)
{
    rr_env_config config = default_config();
    config.n_envs = 4;
    config.state_dim = 16;
    config.num_items = 30;
    config.num_candidates = 5;
    config.max_episode_steps = 7;
    config.seed = seed;
    return config;
}

static size_t saved(unsigned char *out, size_t capacity, rr_env *env, rr_agent *agent)
{
    size_t bytes = 0;
    const rr_checkpoint checkpoint = {.struct_size = sizeof checkpoint, .agent = agent, .env = env};
    ck_assert_int_eq(rr_checkpoint_save_memory(&checkpoint, out, capacity, &bytes, NULL), RR_OK);
    return bytes;
}

START_TEST(test_api_env_seeded_anew_gives_the_sessions_of_a_fresh_one)
{
    const rr_env_config fifth = story_config(5), other_config = story_config(9);
    rr_env *env = make(&fifth), *other = make(&other_config);
    story *first = told_by(env);
    expect_same(env, first, false); /* a reset alone goes on */
    for (int turn = 0; turn < 2; turn++) {
        ck_assert_int_eq(rr_env_seed(env, 5, NULL), RR_OK);
        expect_same(env, first, true);
    }
    expect_same(other, first, false);
    ck_assert_int_eq(rr_env_seed(other, 5, NULL), RR_OK);
    expect_same(other, first, true);
    ck_assert_int_eq(rr_env_seed(other, 6, NULL), RR_OK);
    expect_same(other, first, false);
    rr_env_config told = {.struct_size = sizeof told};
    ck_assert_int_eq(rr_env_get_config(other, &told, NULL), RR_OK);
    ck_assert_uint_eq(told.seed, 6);
    free(first);
    rr_env_destroy(env);
    rr_env_destroy(other);
}
END_TEST

START_TEST(test_api_env_seeded_anew_keeps_a_table_of_users)
{
    float users[6 * 8];
    for (size_t i = 0; i < 48; i++) {
        users[i] = (float)(i % 11) - 5.0f;
    }
    rr_error err;
    rr_env_config config = story_config(5);
    rr_env *env = NULL;
    ck_assert_int_eq(rr_env_create(&env, &config, NULL, users, 6, NULL, &err), RR_OK);
    story *first = told_by(env);
    ck_assert_int_eq(rr_env_seed(env, 5, NULL), RR_OK);
    expect_same(env, first, true);
    ck_assert_int_eq(rr_env_seed(env, 4, NULL), RR_OK);
    expect_same(env, first, false);
    free(first);
    rr_env_destroy(env);
}
END_TEST

START_TEST(test_api_env_seeded_anew_has_not_begun_and_saves_as_a_fresh_one)
{
    static unsigned char fresh_bytes[1 << 20], bytes[1 << 20];
    const rr_env_config config = story_config(5), old_config = story_config(8);
    rr_env *fresh = make(&config), *env = make(&old_config);
    rr_error err = {0};
    rr_obs obs = {.struct_size = sizeof obs};
    rr_agent_config small;
    rr_agent_config_init(&small, sizeof small);
    small.state_dim = 16;
    small.item_dim = 8;
    small.max_rows = 4;
    rr_agent *agent = NULL;
    ck_assert_int_eq(rr_agent_create(&agent, &small, NULL, rr_env_items(env), NULL, NULL), RR_OK);
    free(told_by(env));
    ck_assert_int_eq(rr_env_seed(env, 5, NULL), RR_OK);
    expect(rr_env_observe(env, &obs, &err), RR_E_STATE, &err, "call rr_env_reset first");
    expect(rr_env_seed(NULL, 5, &err), RR_E_INVALID, &err, "rr_env_seed: env is NULL");
    for (int turn = 0; turn < 2; turn++) {
        const size_t n = saved(bytes, sizeof bytes, env, agent);
        ck_assert_uint_eq(n, saved(fresh_bytes, sizeof fresh_bytes, fresh, agent));
        ck_assert(memcmp(bytes, fresh_bytes, n) == 0);
        ck_assert_int_eq(rr_env_reset(env, NULL), RR_OK);
        ck_assert_int_eq(rr_env_reset(fresh, NULL), RR_OK);
    }
    rr_agent_destroy(agent);
    rr_env_destroy(fresh);
    rr_env_destroy(env);
}
END_TEST

START_TEST(test_api_env_observation_says_its_shapes)
{
    rr_env_config config = default_config();
    config.num_candidates = 7;
    config.history_length = 3;
    rr_env *env = make(&config);
    rr_obs obs = {.struct_size = sizeof obs};
    ck_assert_int_eq(rr_env_reset(env, NULL), RR_OK);
    ck_assert_int_eq(rr_env_observe(env, &obs, NULL), RR_OK);
    ck_assert(obs.n == 64 && obs.n_candidates == 7 && obs.n_history == 3 && obs.n_excluded == 0 &&
              obs.state_dim == 64);
    ck_assert(obs.item_dim == 0 && obs.feature_dim == 0);
    ck_assert_ptr_null(obs.sessions);
    ck_assert_ptr_null(obs.decisions);
    ck_assert_ptr_eq(obs.pool, rr_env_items(env));
    rr_env_destroy(env);
}
END_TEST

START_TEST(test_api_env_serves_older_and_newer_structs)
{
    const rr_env_config config = default_config();
    rr_env *env = make(&config);
    ck_assert_int_eq(rr_env_reset(env, NULL), RR_OK);
    struct {
        rr_obs obs;
        char more[16];
    } newer = {.obs = {.struct_size = sizeof newer}};
    ck_assert_int_eq(rr_env_observe(env, &newer.obs, NULL), RR_OK);
    ck_assert_uint_eq(newer.obs.struct_size, sizeof newer);
    ck_assert_int_eq(newer.obs.n, 64);
    ck_assert(newer.more[0] == 0);

    rr_obs older;
    memset(&older, 0x5a, sizeof older);
    older.struct_size = 4 * sizeof(int32_t);
    ck_assert_int_eq(rr_env_observe(env, &older, NULL), RR_OK);
    ck_assert_int_eq(older.n, 64);
    ck_assert_int_eq(older.n_history, 0x5a5a5a5a); /* beyond what the caller's compiler knew */
    rr_env_destroy(env);
}
END_TEST

START_TEST(test_api_env_config_is_told_as_in_force)
{
    const float vectors[] = {1.0f, 0.0f, 0.0f, 1.0f, 1.0f, 1.0f};
    rr_items *items = NULL;
    ck_assert_int_eq(rr_items_create(&items, vectors, NULL, 3, 2, NULL, NULL, NULL), RR_OK);
    rr_env_config config = default_config();
    config.state_dim = 4;
    config.max_episode_steps = 13;
    rr_env *env = NULL;
    ck_assert_int_eq(rr_env_create(&env, &config, items, NULL, 0, NULL, NULL), RR_OK);
    rr_items_release(items);
    rr_env_config told = {.struct_size = sizeof told};
    ck_assert_int_eq(rr_env_get_config(env, &told, NULL), RR_OK);
    ck_assert_int_eq(told.num_items, 3);
    ck_assert_int_eq(told.history_length, 13);
    ck_assert_int_eq(told.state_dim, 4);
    ck_assert_int_eq(rr_items_count(rr_env_items(env)), 3);
    rr_env_destroy(env);
}
END_TEST

/* Widths are said once: environment, agent and rollout fit without another word, whatever they are.
 */
START_TEST(test_api_env_fits_the_config_of_an_agent)
{
    for (int32_t variant = 0; variant < 12; variant++) {
        rr_env_config config = default_config();
        config.n_envs = 3 + variant;
        config.num_items = 40;
        config.state_dim = 6 + 2 * variant;
        config.num_candidates = variant % 3 * 7;
        config.max_episode_steps = 5;
        config.history_length = variant % 4 - 1; /* −1: 5 */
        config.shows_energy = variant / 2 % 2;
        config.excludes_shown = variant % 2;
        rr_env *env = make(&config);
        rr_agent_config agent_config;
        rr_buffer_config buffer_config;
        rr_error err = {0};
        rr_agent_config_init(&agent_config, sizeof agent_config);
        rr_buffer_config_init(&buffer_config, sizeof buffer_config);
        agent_config.seed = 99;
        agent_config.head = variant % 2 == 0 ? RR_HEAD_TOWER : RR_HEAD_DENSE;
        agent_config.num_items = 17; /* of an agent without a catalogue */
        rr_agent_config wanted = agent_config;
        wanted.state_dim = config.state_dim + (config.shows_energy ? 2 : 0);
        wanted.item_dim = config.state_dim / 2;
        wanted.num_items = 0;
        wanted.max_rows = config.n_envs;
        wanted.max_candidates = config.num_candidates;
        wanted.max_history =
            config.history_length < 0 || config.excludes_shown ? 5 : config.history_length;
        ck_assert_int_eq(rr_env_fit_agent_config(env, &agent_config, &err), RR_OK);
        ck_assert_mem_eq(&agent_config, &wanted, sizeof wanted);

        rr_agent *agent = NULL;
        rr_buffer *buffer = NULL;
        ck_assert_msg(rr_agent_create(&agent, &agent_config, NULL, rr_env_items(env), NULL, &err) ==
                          RR_OK,
                      "%s", err.text);
        ck_assert_int_eq(rr_agent_fit_buffer_config(agent, config.n_envs, &buffer_config, &err),
                         RR_OK);
        ck_assert_int_eq(rr_buffer_create(&buffer, &buffer_config, NULL, &err), RR_OK);
        int32_t actions[16];
        float log_probs[16], values[16];
        rr_obs obs = {.struct_size = sizeof obs};
        rr_outcome outcome = {.struct_size = sizeof outcome};
        rr_decision decision = {.struct_size = sizeof decision,
                                .n = config.n_envs,
                                .actions = actions,
                                .log_probs = log_probs,
                                .values = values};
        ck_assert_int_eq(rr_env_reset(env, NULL), RR_OK);
        while (!rr_buffer_is_full(buffer)) {
            ck_assert_int_eq(rr_env_observe(env, &obs, NULL), RR_OK);
            ck_assert_int_eq(rr_agent_act(agent, &obs, &decision, NULL), RR_OK);
            ck_assert_int_eq(rr_buffer_record(buffer, &obs, &decision, NULL), RR_OK);
            ck_assert_int_eq(rr_env_step(env, actions, &outcome, NULL), RR_OK);
            ck_assert_int_eq(rr_buffer_reward(buffer, &outcome, NULL), RR_OK);
        }
        ck_assert_int_eq(rr_env_observe(env, &obs, NULL), RR_OK);
        ck_assert_msg(rr_agent_update(agent, buffer, &obs, NULL, &err) == RR_OK, "%s", err.text);
        rr_buffer_destroy(buffer);
        rr_agent_destroy(agent);
        rr_env_destroy(env);
    }
}
END_TEST

START_TEST(test_api_env_fit_refuses_what_it_cannot_fill_and_changes_nothing)
{
    rr_env_config config = default_config();
    rr_env *env = make(&config);
    rr_error err = {0};
    rr_agent_config agent_config;
    rr_agent_config_init(&agent_config, sizeof agent_config);
    expect(rr_env_fit_agent_config(NULL, &agent_config, &err), RR_E_INVALID, &err, "env is NULL");
    expect(rr_env_fit_agent_config(env, NULL, &err), RR_E_INVALID, &err, "config is NULL");
    agent_config.max_weight = 0.5f;
    rr_agent_config before = agent_config;
    expect(rr_env_fit_agent_config(env, &agent_config, &err), RR_E_INVALID, &err,
           "max_weight is 0.5; it must be at least 1");
    agent_config.struct_size = before.struct_size = 12;
    expect(rr_env_fit_agent_config(env, &agent_config, &err), RR_E_INVALID, &err,
           "set it to sizeof(rr_agent_config), here ");
    ck_assert_mem_eq(&agent_config, &before, sizeof before);
    rr_ppo_config other;
    rr_ppo_config_init(&other, sizeof other);
    expect(rr_env_fit_agent_config(env, (rr_agent_config *)(void *)&other, &err), RR_E_INVALID,
           &err, "agent config: kind is 3; it must be 2");
    rr_env_destroy(env);
}
END_TEST

START_TEST(test_api_env_choosers_refuse_what_they_cannot_do)
{
    const rr_env_config config = default_config();
    rr_env *env = make(&config);
    rr_error err = {0};
    int32_t actions[64];
    float user[32] = {0.0f};
    ck_assert_int_eq(rr_env_reset(env, NULL), RR_OK);
    expect(rr_env_choose(env, 5, NULL, 0.0f, actions, &err), RR_E_INVALID, &err, "chooser is 5");
    expect(rr_env_choose(env, -1, NULL, 0.0f, actions, &err), RR_E_INVALID, &err, "chooser is -1");
    expect(rr_env_choose(env, RR_CHOOSER_PATIENT, NULL, 4.0f, actions, &err), RR_E_UNSUPPORTED,
           &err, "tire is 0");
    expect(rr_env_choose(env, RR_CHOOSER_ORACLE, NULL, 0.0f, NULL, &err), RR_E_INVALID, &err,
           "actions is NULL");
    user[3] = NAN;
    expect(rr_env_choose(env, RR_CHOOSER_POPULAR, user, 0.0f, actions, &err), RR_E_NOT_FINITE, &err,
           "popular_user[3]");
    rr_env_destroy(env);
}
END_TEST

/* A score beyond a float is no score: to go on would choose item 0 in silence. */
START_TEST(test_api_env_popular_refuses_a_user_too_large_to_compare)
{
    const rr_env_config config = default_config();
    rr_env *env = make(&config);
    ck_assert_int_eq(rr_env_reset(env, NULL), RR_OK);
    rr_error err = {0};
    int32_t actions[64];
    float user[32];
    for (size_t trial = 0; trial < 3; trial++) {
        for (size_t i = 0; i < 32; i++) {
            user[i] = trial == 0 ? 3.4e38f : trial == 1 ? -3.4e38f : i % 2 == 0 ? 3e38f : -3e38f;
        }
        expect(rr_env_choose(env, RR_CHOOSER_POPULAR, user, 0.0f, actions, &err), RR_E_NOT_FINITE,
               &err, "row 0: popular_user is too large");
        for (size_t i = 0; i < 32; i++) {
            user[i] *= 1e-3f;
        }
        ck_assert_int_eq(rr_env_choose(env, RR_CHOOSER_POPULAR, user, 0.0f, actions, NULL), RR_OK);
    }
    rr_env_destroy(env);
}
END_TEST

/* Without end, patience looks at the pull alone, which lies in [0, 1]: no score is beyond a float.
 */
START_TEST(test_api_env_patience_takes_any_finite_parameter)
{
    rr_env_config config = default_config();
    config.tire = 0.2f;
    rr_env *env = make(&config);
    ck_assert_int_eq(rr_env_reset(env, NULL), RR_OK);
    rr_items_segment segment = {.struct_size = sizeof segment};
    ck_assert_int_eq(rr_items_segment_at(rr_env_items(env), 0, &segment, NULL), RR_OK);
    const size_t dim = (size_t)config.state_dim / 2;
    int32_t ends[2] = {0, 0}; /* least pull, most pull */
    for (int32_t i = 0; i < config.num_items; i++) {
        const float pull = segment.vectors[(size_t)i * dim + dim - 1];
        ends[0] = pull < segment.vectors[(size_t)ends[0] * dim + dim - 1] ? i : ends[0];
        ends[1] = pull > segment.vectors[(size_t)ends[1] * dim + dim - 1] ? i : ends[1];
    }
    int32_t actions[64];
    const float large[] = {1e9f, 1e30f, FLT_MAX};
    for (size_t i = 0; i < 6; i++) {
        const float parameter = i < 3 ? large[i] : -large[i - 3];
        ck_assert_int_eq(rr_env_choose(env, RR_CHOOSER_PATIENT, NULL, parameter, actions, NULL),
                         RR_OK);
        for (int32_t row = 0; row < config.n_envs; row++) {
            ck_assert_int_eq(actions[row], ends[i / 3]);
        }
    }
    rr_env_destroy(env);
}
END_TEST

/* ── whole plays ── */

/* Mean return of a session over n sessions of one policy. */
static double play(const rr_env_config *config, int32_t chooser, float parameter, int32_t n)
{
    rr_env *env = make(config);
    rr_metrics *metrics = NULL;
    ck_assert_int_eq(rr_metrics_create(&metrics, rr_env_items(env), config->n_envs, n,
                                       config->max_episode_steps, NULL, NULL),
                     RR_OK);
    ck_assert_int_eq(rr_env_reset(env, NULL), RR_OK);
    const size_t k = (size_t)config->num_candidates;
    while (rr_metrics_is_complete(metrics) == 0) {
        int32_t actions[64], items[64];
        rr_outcome outcome = {.struct_size = sizeof outcome};
        rr_obs obs = {.struct_size = sizeof obs};
        ck_assert_int_eq(rr_env_observe(env, &obs, NULL), RR_OK);
        ck_assert_int_eq(rr_env_choose(env, chooser, NULL, parameter, actions, NULL), RR_OK);
        for (size_t row = 0; row < (size_t)config->n_envs; row++) {
            items[row] = k == 0 ? actions[row] : obs.candidates[row * k + (size_t)actions[row]];
        }
        ck_assert_int_eq(rr_env_step(env, actions, &outcome, NULL), RR_OK);
        ck_assert_int_eq(rr_metrics_add(metrics, items, &outcome, NULL), RR_OK);
    }
    rr_metrics_summary summary = {.struct_size = sizeof summary};
    ck_assert_int_eq(rr_metrics_summarize(metrics, NULL, NULL, 0, &summary, NULL), RR_OK);
    rr_metrics_destroy(metrics);
    rr_env_destroy(env);
    return summary.return_per_session;
}

START_TEST(test_api_env_always_the_best_item_earns_55_percent_of_the_best_play)
{
    const rr_env_config config = default_config();
    const double best = play(&config, RR_CHOOSER_ORACLE, 0.0f, 1024);
    const double similar = play(&config, RR_CHOOSER_SIMILAR, 0.0f, 1024);
    const double random = play(&config, RR_CHOOSER_RANDOM, 0.0f, 1024);
    ck_assert_double_eq_tol(similar / best, 0.55, 0.015);
    ck_assert_double_eq_tol(random / best, 0.0, 0.02);
}
END_TEST

START_TEST(test_api_env_nothing_beats_the_best_known_play_of_the_synthetic_world)
{
    for (int trial = 0; trial < 3; trial++) {
        rr_env_config config = default_config();
        config.seed = (uint64_t)trial;
        config.world_seed = 40 + (uint64_t)trial;
        config.num_items = 50;
        config.num_candidates = trial == 2 ? 12 : 0;
        const double best = play(&config, RR_CHOOSER_ORACLE, 0.0f, 256);
        const double similar = play(&config, RR_CHOOSER_SIMILAR, 0.0f, 256);
        const double popular = play(&config, RR_CHOOSER_POPULAR, 0.0f, 256);
        ck_assert_double_gt(best, similar);
        ck_assert_double_gt(best, popular);
    }
}
END_TEST

START_TEST(test_api_env_patience_pays_in_the_tiring_world)
{
    rr_env_config config = default_config();
    config.tire = 0.2f;
    config.max_episode_steps = 40;
    ck_assert_double_eq_tol(play(&config, RR_CHOOSER_RANDOM, 0.0f, 1024), 5.4, 0.6);
    ck_assert_double_eq_tol(play(&config, RR_CHOOSER_ORACLE, 0.0f, 1024), 24.9, 1.0);
    ck_assert_double_eq_tol(play(&config, RR_CHOOSER_PATIENT, 4.0f, 1024), 76.8, 2.0);
    ck_assert_double_eq_tol(play(&config, RR_CHOOSER_PATIENT, 0.0f, 128),
                            play(&config, RR_CHOOSER_ORACLE, 0.0f, 128), 0.0001);
}
END_TEST

START_TEST(test_api_env_popular_earns_where_users_agree)
{
    /* All users are one, so the most popular item is the most similar, and showings wear it out. */
    float user[32];
    for (int i = 0; i < 32; i++) {
        user[i] = i % 2 == 0 ? 1.0f : -1.0f;
    }
    const rr_env_config config = default_config();
    rr_env *env = NULL;
    ck_assert_int_eq(rr_env_create(&env, &config, NULL, user, 1, NULL, NULL), RR_OK);
    float mean[32];
    ck_assert_int_eq(rr_env_mean_user(env, mean, NULL), RR_OK);
    ck_assert_mem_eq(mean, user, sizeof user);
    ck_assert_int_eq(rr_env_reset(env, NULL), RR_OK);
    for (int t = 0; t < 25; t++) {
        int32_t popular[64], oracle[64], given[64];
        rr_outcome outcome = {.struct_size = sizeof outcome};
        ck_assert_int_eq(rr_env_choose(env, RR_CHOOSER_POPULAR, NULL, 0.0f, popular, NULL), RR_OK);
        ck_assert_int_eq(rr_env_choose(env, RR_CHOOSER_ORACLE, NULL, 0.0f, oracle, NULL), RR_OK);
        ck_assert_int_eq(rr_env_choose(env, RR_CHOOSER_POPULAR, user, 0.0f, given, NULL), RR_OK);
        ck_assert_mem_eq(popular, oracle, sizeof popular);
        ck_assert_mem_eq(popular, given, sizeof popular);
        ck_assert_int_eq(rr_env_step(env, popular, &outcome, NULL), RR_OK);
    }
    rr_env_destroy(env);
}
END_TEST

START_TEST(test_api_env_hidden_users_are_those_that_states_would_show)
{
    rr_env_config config = default_config();
    config.drift = 0.2f;
    rr_env *seen = make(&config);
    config.hides_user = 1;
    rr_env *hidden = make(&config);
    static float users[64 * 32], same[64 * 32];
    rr_error err = {0};
    expect(rr_env_users(hidden, users, &err), RR_E_STATE, &err, "call rr_env_reset first");
    ck_assert_int_eq(rr_env_reset(seen, NULL), RR_OK);
    ck_assert_int_eq(rr_env_reset(hidden, NULL), RR_OK);
    expect(rr_env_users(hidden, NULL, &err), RR_E_INVALID, &err, "out is NULL");
    for (int t = 0; t < 25; t++) {
        rr_obs obs = {.struct_size = sizeof obs};
        int32_t best[64], same_best[64];
        rr_outcome outcome = {.struct_size = sizeof outcome};
        ck_assert_int_eq(rr_env_observe(seen, &obs, NULL), RR_OK);
        ck_assert_int_eq(rr_env_users(seen, users, NULL), RR_OK);
        ck_assert_int_eq(rr_env_users(hidden, same, NULL), RR_OK);
        ck_assert_mem_eq(users, same, sizeof users);
        for (size_t i = 0; i < 64; i++) {
            ck_assert_mem_eq(users + i * 32, obs.states + i * 64, 32 * sizeof(float));
        }
        for (int32_t chooser = RR_CHOOSER_RANDOM; chooser <= RR_CHOOSER_ORACLE; chooser++) {
            ck_assert_int_eq(rr_env_choose(seen, chooser, NULL, 0.0f, best, NULL), RR_OK);
            ck_assert_int_eq(rr_env_choose(hidden, chooser, NULL, 0.0f, same_best, NULL), RR_OK);
            ck_assert_mem_eq(best, same_best, sizeof best);
        }
        ck_assert_int_eq(rr_env_step(seen, best, &outcome, NULL), RR_OK);
        ck_assert_int_eq(rr_env_step(hidden, best, &outcome, NULL), RR_OK);
    }
    rr_env_destroy(seen);
    rr_env_destroy(hidden);
}
END_TEST

CHECK_MAIN("api/api_env", test_api_env_seeded_anew_gives_the_sessions_of_a_fresh_one,
           test_api_env_seeded_anew_keeps_a_table_of_users,
           test_api_env_seeded_anew_has_not_begun_and_saves_as_a_fresh_one,
           test_api_env_refuses_arguments_with_a_sentence,
           test_api_env_before_its_first_reset_is_refused, test_api_env_bad_actions_change_nothing,
           test_api_env_refuses_to_show_again_what_it_excludes,
           test_api_env_observation_says_its_shapes, test_api_env_serves_older_and_newer_structs,
           test_api_env_config_is_told_as_in_force, test_api_env_fits_the_config_of_an_agent,
           test_api_env_fit_refuses_what_it_cannot_fill_and_changes_nothing,
           test_api_env_choosers_refuse_what_they_cannot_do,
           test_api_env_popular_refuses_a_user_too_large_to_compare,
           test_api_env_patience_takes_any_finite_parameter,
           test_api_env_always_the_best_item_earns_55_percent_of_the_best_play,
           test_api_env_nothing_beats_the_best_known_play_of_the_synthetic_world,
           test_api_env_patience_pays_in_the_tiring_world,
           test_api_env_popular_earns_where_users_agree,
           test_api_env_hidden_users_are_those_that_states_would_show)
