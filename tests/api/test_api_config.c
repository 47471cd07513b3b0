/* SPDX-License-Identifier: MIT */
#include <fenv.h>
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "check_run.h"
#include "recrl/recrl.h"

#define N_KINDS (RR_CONFIG_LEDGER + 1)

typedef union any_config {
    struct {
        uint32_t struct_size;
        int32_t kind;
    } any;
    rr_env_config env;
    rr_agent_config agent;
    rr_ppo_config ppo;
    rr_a2c_config a2c;
    rr_buffer_config buffer;
    rr_train_config train;
    rr_als_config als;
    rr_serving_options serving;
    rr_imitate_config imitate;
    rr_health_config health;
    rr_load_options load;
    rr_reinforce_config reinforce;
    rr_ledger_config ledger;
} any_config;

static void init(any_config *config, int32_t kind)
{
    memset(config, 0xAB, sizeof *config);
    switch (kind) {
    case RR_CONFIG_ENV:
        rr_env_config_init(&config->env, sizeof config->env);
        break;
    case RR_CONFIG_AGENT:
        rr_agent_config_init(&config->agent, sizeof config->agent);
        break;
    case RR_CONFIG_PPO:
        rr_ppo_config_init(&config->ppo, sizeof config->ppo);
        break;
    case RR_CONFIG_A2C:
        rr_a2c_config_init(&config->a2c, sizeof config->a2c);
        break;
    case RR_CONFIG_BUFFER:
        rr_buffer_config_init(&config->buffer, sizeof config->buffer);
        break;
    case RR_CONFIG_TRAIN:
        rr_train_config_init(&config->train, sizeof config->train);
        break;
    case RR_CONFIG_ALS:
        rr_als_config_init(&config->als, sizeof config->als);
        break;
    case RR_CONFIG_SERVING:
        rr_serving_options_init(&config->serving, sizeof config->serving);
        break;
    case RR_CONFIG_IMITATE:
        rr_imitate_config_init(&config->imitate, sizeof config->imitate);
        break;
    case RR_CONFIG_HEALTH:
        rr_health_config_init(&config->health, sizeof config->health);
        break;
    case RR_CONFIG_LOAD:
        rr_load_options_init(&config->load, sizeof config->load);
        break;
    case RR_CONFIG_REINFORCE:
        rr_reinforce_config_init(&config->reinforce, sizeof config->reinforce);
        break;
    case RR_CONFIG_LEDGER:
        rr_ledger_config_init(&config->ledger, sizeof config->ledger);
        break;
    default:
        ck_abort_msg("no such kind");
    }
}

START_TEST(test_api_config_defaults_pass_their_check)
{
    for (int32_t kind = RR_CONFIG_ENV; kind < N_KINDS; kind++) {
        any_config config;
        init(&config, kind);
        ck_assert_int_eq(rr_config_check(&config, NULL), RR_OK);
    }
}
END_TEST

START_TEST(test_api_config_defaults_land_in_their_fields)
{
    any_config c;
    init(&c, RR_CONFIG_ENV);
    ck_assert(c.env.n_envs == 64 && c.env.num_items == 1000 && c.env.state_dim == 64);
    ck_assert(c.env.reward_decay == 0.9f && c.env.history_length == -1 && c.env.seed == 0);
    init(&c, RR_CONFIG_AGENT);
    ck_assert(c.agent.hidden[0] == 64 && c.agent.hidden[1] == 64 && c.agent.hidden[2] == 0);
    ck_assert(c.agent.item_dim == 32 && c.agent.initial_scale == 10.0f);
    ck_assert(c.agent.head == RR_HEAD_TOWER && c.agent.has_repeat_weight == 1);
    init(&c, RR_CONFIG_PPO);
    ck_assert(c.ppo.n_steps == 16 && c.ppo.clip_eps == 0.2f && c.ppo.lr == 0.01f);
    ck_assert(c.ppo.optimizer == RR_OPTIMIZER_ADAM && c.ppo.optimizer_eps == 1e-5f);
    init(&c, RR_CONFIG_A2C);
    ck_assert(c.a2c.n_steps == 5 && c.a2c.gae_lambda == 0.0f);
    ck_assert(c.a2c.optimizer == RR_OPTIMIZER_RMSPROP);
    init(&c, RR_CONFIG_BUFFER);
    ck_assert(c.buffer.max_rows == 1024 && c.buffer.max_history == 20);
    init(&c, RR_CONFIG_LEDGER);
    ck_assert(c.ledger.max_rows == 1024 && c.ledger.max_sessions == 0 && c.ledger.min_rows == 2);
    ck_assert_int_eq(c.ledger.idle_end, RR_IDLE_LEFT);
    init(&c, RR_CONFIG_TRAIN);
    ck_assert(c.train.total_timesteps == 100000 && c.train.log_interval == 1);
    init(&c, RR_CONFIG_SERVING);
    ck_assert(c.serving.is_greedy == 0 && c.serving.temperature == 1.0f);
    ck_assert(c.serving.floor == 0.0f && c.serving.incumbent_share == 0.0f);
    init(&c, RR_CONFIG_HEALTH);
    ck_assert(c.health.window == 8192 && c.health.min_entropy == 0.05f);
    ck_assert(c.health.max_grad_ratio == 100.0f && c.health.max_gini == 1.0f);
    init(&c, RR_CONFIG_ALS);
    ck_assert(c.als.num_factors == 30 && c.als.ridge == 0.1f && c.als.item_bias_ridge == 4.0f);
}
END_TEST

START_TEST(test_api_config_sentence_names_field_value_and_range)
{
    rr_ppo_config config;
    rr_ppo_config_init(&config, sizeof config);
    config.clip_eps = -0.2f;
    rr_error err = {0};
    ck_assert_int_eq(rr_config_check(&config, &err), RR_E_INVALID);
    ck_assert_int_eq(err.status, RR_E_INVALID);
    ck_assert_str_eq(err.text, "ppo config: clip_eps is -0.2; it must be in (0, 1)");
    rr_ppo_config_init(&config, sizeof config);
    config.batch_size = 1;
    (void)rr_config_check(&config, &err);
    ck_assert_str_eq(err.text, "ppo config: batch_size is 1; it must be at least 2");
    rr_ppo_config_init(&config, sizeof config);
    config.lr = INFINITY;
    (void)rr_config_check(&config, &err);
    ck_assert_str_eq(err.text, "ppo config: lr is inf; it must be above 0 and finite");
    rr_env_config env;
    rr_env_config_init(&env, sizeof env);
    env.state_dim = 63;
    (void)rr_config_check(&env, &err);
    ck_assert_str_eq(err.text, "env config: state_dim is 63; it must be even and at least 2");
    rr_a2c_config a2c;
    rr_a2c_config_init(&a2c, sizeof a2c);
    a2c.reserved = 1;
    ck_assert_int_eq(rr_config_check(&a2c, &err), RR_E_UNSUPPORTED);
    ck_assert_str_eq(err.text, "a2c config: reserved is 1; it must be 0");
}
END_TEST

/* Every field of every config: listed, set from its own text, read back. */
START_TEST(test_api_config_every_field_reads_back_what_was_set)
{
    for (int32_t kind = RR_CONFIG_ENV; kind < N_KINDS; kind++) {
        any_config config;
        any_config again;
        init(&config, kind);
        init(&again, kind);
        const int32_t n = rr_config_field_count(kind);
        ck_assert_int_gt(n, 2);
        for (int32_t i = 0; i < n; i++) {
            rr_config_field field = {.struct_size = sizeof field};
            char text[64];
            ck_assert_int_eq(rr_config_field_at(kind, i, &field, NULL), RR_OK);
            ck_assert_int_eq(rr_config_get(&config, field.name, text, sizeof text, NULL), RR_OK);
            ck_assert_str_eq(text, field.default_value);
            ck_assert_int_eq(rr_config_set(&config, field.name, text, NULL), RR_OK);
        }
        ck_assert_mem_eq(&config, &again, config.any.struct_size);
    }
}
END_TEST

START_TEST(test_api_config_fields_describe_themselves)
{
    static const struct {
        int32_t kind;
        const char *name, *type, *preset, *range;
    } known[] = {{RR_CONFIG_PPO, "clip_eps", "float", "0.2", "(0, 1)"},
                 {RR_CONFIG_AGENT, "head", "tower|dense", "tower", "tower or dense"},
                 {RR_CONFIG_AGENT, "hidden", "int32[4]", "64,64", "at least 0"},
                 {RR_CONFIG_AGENT, "has_skip", "bool", "1", "0 or 1"},
                 {RR_CONFIG_ENV, "world_seed", "uint64", "0", "[0, 2^64)"},
                 {RR_CONFIG_ALS, "holdout", "float", "0", "[0, 0.9]"}};
    for (size_t k = 0; k < sizeof known / sizeof known[0]; k++) {
        size_t n_found = 0;
        for (int32_t i = 0; i < rr_config_field_count(known[k].kind); i++) {
            rr_config_field field = {.struct_size = sizeof field};
            ck_assert_int_eq(rr_config_field_at(known[k].kind, i, &field, NULL), RR_OK);
            if (strcmp(field.name, known[k].name) == 0) {
                ck_assert_str_eq(field.type, known[k].type);
                ck_assert_str_eq(field.default_value, known[k].preset);
                ck_assert_str_eq(field.range, known[k].range);
                n_found++;
            }
        }
        ck_assert_uint_eq(n_found, 1);
    }
}
END_TEST

START_TEST(test_api_config_what_does_not_exist_is_not_found)
{
    rr_config_field field = {.struct_size = sizeof field};
    rr_error err = {0};
    any_config config;
    char text[64];
    init(&config, RR_CONFIG_PPO);
    ck_assert_int_eq(rr_config_field_count(-1), -1);
    ck_assert_int_eq(rr_config_field_count(N_KINDS), -1);
    ck_assert_int_eq(rr_config_field_count(0), -1);
    ck_assert_int_eq(rr_config_field_at(N_KINDS, 0, &field, &err), RR_E_NOT_FOUND);
    char range[96];
    (void)snprintf(range, sizeof range,
                   "config kind is %d; it must be an RR_CONFIG_ number, 1 to %d", N_KINDS,
                   N_KINDS - 1);
    ck_assert_str_eq(err.text, range);
    ck_assert_int_eq(rr_config_field_at(RR_CONFIG_PPO, -1, &field, &err), RR_E_NOT_FOUND);
    ck_assert_int_eq(rr_config_field_at(RR_CONFIG_PPO, 1000, &field, &err), RR_E_NOT_FOUND);
    ck_assert_int_eq(rr_config_set(&config, "rate", "1", &err), RR_E_NOT_FOUND);
    ck_assert_str_eq(err.text, "ppo config: there is no field \"rate\"");
    ck_assert_int_eq(rr_config_get(&config, "rate", text, sizeof text, &err), RR_E_NOT_FOUND);
}
END_TEST

/* A struct says which config it is, so none is read or written as another. */
START_TEST(test_api_config_of_another_kind_is_refused)
{
    rr_error err = {0};
    any_config config, before;
    char text[64];
    init(&config, RR_CONFIG_A2C);
    before = config;
    rr_buffer *buffer = NULL;
    ck_assert_int_eq(rr_buffer_create(&buffer, (rr_buffer_config *)&config, NULL, &err),
                     RR_E_INVALID);
    ck_assert_ptr_null(buffer);
    ck_assert_ptr_nonnull(strstr(err.text, "buffer config: kind is"));
    const int32_t none[] = {0, -1, 99, N_KINDS};
    for (size_t i = 0; i < 4; i++) {
        char sentence[128];
        config.any.kind = none[i];
        (void)snprintf(sentence, sizeof sentence,
                       "rr_config_get: the config's kind is %d; it must be an RR_CONFIG_ number, "
                       "1 to %d, as its init sets it",
                       none[i], N_KINDS - 1);
        ck_assert_int_eq(rr_config_set(&config, "lr", "1", &err), RR_E_INVALID);
        ck_assert_int_eq(rr_config_check(&config, &err), RR_E_INVALID);
        ck_assert_int_eq(rr_config_get(&config, "lr", text, sizeof text, &err), RR_E_INVALID);
        ck_assert_str_eq(err.text, sentence);
    }
    config.any.kind = RR_CONFIG_A2C;
    ck_assert_mem_eq(&config, &before, sizeof config);
    config.any.struct_size = 4; /* ends before the kind */
    ck_assert_int_eq(rr_config_set(&config, "lr", "1", &err), RR_E_INVALID);
    ck_assert_ptr_nonnull(strstr(err.text, "struct_size is 4"));
}
END_TEST

START_TEST(test_api_config_null_arguments_are_refused)
{
    any_config config;
    char text[64];
    init(&config, RR_CONFIG_PPO);
    ck_assert_int_eq(rr_config_field_at(RR_CONFIG_PPO, 0, NULL, NULL), RR_E_INVALID);
    ck_assert_int_eq(rr_config_set(NULL, "lr", "1", NULL), RR_E_INVALID);
    ck_assert_int_eq(rr_config_set(&config, NULL, "1", NULL), RR_E_INVALID);
    ck_assert_int_eq(rr_config_set(&config, "lr", NULL, NULL), RR_E_INVALID);
    ck_assert_int_eq(rr_config_get(NULL, "lr", text, 64, NULL), RR_E_INVALID);
    ck_assert_int_eq(rr_config_get(&config, NULL, text, 64, NULL), RR_E_INVALID);
    ck_assert_int_eq(rr_config_get(&config, "lr", NULL, 64, NULL), RR_E_INVALID);
    ck_assert_int_eq(rr_config_check(NULL, NULL), RR_E_INVALID);
    rr_ppo_config_init(NULL, sizeof(rr_ppo_config));
}
END_TEST

START_TEST(test_api_config_text_that_does_not_fit_says_how_much_it_needs)
{
    any_config config;
    char text[4] = "abc";
    rr_error err = {0};
    init(&config, RR_CONFIG_PPO);
    ck_assert_int_eq(rr_config_get(&config, "lr", text, 4, &err), RR_E_TOO_SMALL);
    ck_assert_str_eq(err.text, "ppo config: lr needs 5 bytes; capacity is 4");
    ck_assert_str_eq(text, "abc");
}
END_TEST

/* rr_config_set is what the drivers' flags go through: a few of each type. */
START_TEST(test_api_config_set_takes_what_a_flag_says)
{
    any_config c;
    init(&c, RR_CONFIG_AGENT);
    ck_assert_int_eq(rr_config_set(&c, "head", "dense", NULL), RR_OK);
    ck_assert_int_eq(rr_config_set(&c, "hidden", "32", NULL), RR_OK);
    ck_assert_int_eq(rr_config_set(&c, "has_bias", "true", NULL), RR_OK);
    ck_assert_int_eq(rr_config_set(&c, "initial_scale", "2.5", NULL), RR_OK);
    ck_assert_int_eq(rr_config_set(&c, "planned_updates", "98", NULL), RR_OK);
    ck_assert_int_eq(rr_config_set(&c, "num_threads", "65", NULL), RR_E_INVALID);
    ck_assert(c.agent.head == RR_HEAD_DENSE && c.agent.hidden[0] == 32 && c.agent.hidden[1] == 0);
    ck_assert(c.agent.has_bias == 1 && c.agent.initial_scale == 2.5f);
    ck_assert(c.agent.planned_updates == 98 && c.agent.num_threads == 1);
}
END_TEST

START_TEST(test_api_config_defaults_are_the_same_in_every_rounding_mode_of_the_host)
{
    rr_ppo_config nearest;
    rr_ppo_config_init(&nearest, sizeof nearest);
    const int modes[] = {FE_UPWARD, FE_DOWNWARD, FE_TOWARDZERO};
    for (size_t i = 0; i < sizeof modes / sizeof modes[0]; i++) {
        rr_ppo_config config;
        char text[64];
        fesetround(modes[i]);
        rr_ppo_config_init(&config, sizeof config);
        const rr_status status = rr_config_get(&config, "clip_eps", text, sizeof text, NULL);
        const int after = fegetround();
        fesetround(FE_TONEAREST);
        ck_assert_int_eq(after, modes[i]);
        ck_assert_mem_eq(&config, &nearest, sizeof config);
        ck_assert_int_eq(status, RR_OK);
        ck_assert_str_eq(text, "0.2");
    }
}
END_TEST

CHECK_MAIN("api/api_config",
           test_api_config_defaults_are_the_same_in_every_rounding_mode_of_the_host,
           test_api_config_defaults_pass_their_check, test_api_config_defaults_land_in_their_fields,
           test_api_config_sentence_names_field_value_and_range,
           test_api_config_every_field_reads_back_what_was_set,
           test_api_config_fields_describe_themselves,
           test_api_config_what_does_not_exist_is_not_found,
           test_api_config_of_another_kind_is_refused, test_api_config_null_arguments_are_refused,
           test_api_config_text_that_does_not_fit_says_how_much_it_needs,
           test_api_config_set_takes_what_a_flag_says)
