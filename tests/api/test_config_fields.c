/* SPDX-License-Identifier: MIT */
/* Every field of every config does something: turned to another value, with all else as it was, it
 * changes what a short run gives, or is refused by its name. The fields come from the tables, so
 * one that is added is tried without a line here; what a short run cannot see is in `elsewhere`. */
#include <inttypes.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check_run.h"
#include "recrl/recrl.h"

enum { N = 8, K = 6, STEPS = 4, ROOM = 512, END_OF_KINDS = 64 };

/* What a run gives: a hash of all outputs and of the bytes that its handles took, or a refusal. */
typedef struct seen {
    uint64_t hash;
    rr_status status;
    rr_error err;
} seen;

static uint64_t mix(uint64_t hash, const void *bytes, size_t n)
{
    const unsigned char *b = bytes;
    for (size_t i = 0; i < n; i++) {
        hash = (hash ^ b[i]) * UINT64_C(1099511628211);
    }
    return hash;
}

static void *take(void *user, size_t bytes, size_t alignment)
{
    seen *s = user;
    s->hash = mix(s->hash, &bytes, sizeof bytes);
    return aligned_alloc(alignment < 8 ? 8 : alignment, (bytes + 63) / 64 * 64);
}

static void give_back(void *user, void *block, size_t bytes)
{
    (void)user;
    (void)bytes;
    free(block);
}

static bool went(seen *s, rr_status status)
{
    if (s->status == RR_OK) {
        s->status = status;
    }
    return s->status == RR_OK;
}

/* The configs of one run; `of_kind` finds the one that is turned. */
typedef struct plan {
    rr_env_config env;
    rr_agent_config agent;
    rr_ppo_config ppo;
    rr_a2c_config a2c;
    rr_reinforce_config reinforce;
    rr_buffer_config buffer;
    rr_ledger_config ledger;
    rr_serving_options serving;
    rr_imitate_config imitate;
    rr_als_config als;
} plan;

static void *of_kind(plan *p, int32_t kind)
{
    switch (kind) {
    case RR_CONFIG_ENV:
        return &p->env;
    case RR_CONFIG_AGENT:
        return &p->agent;
    case RR_CONFIG_PPO:
        return &p->ppo;
    case RR_CONFIG_A2C:
        return &p->a2c;
    case RR_CONFIG_REINFORCE:
        return &p->reinforce;
    case RR_CONFIG_BUFFER:
        return &p->buffer;
    case RR_CONFIG_LEDGER:
        return &p->ledger;
    case RR_CONFIG_SERVING:
        return &p->serving;
    case RR_CONFIG_IMITATE:
        return &p->imitate;
    case RR_CONFIG_ALS:
        return &p->als;
    default:
        return NULL;
    }
}

static void set(void *config, const char *name, const char *value)
{
    rr_error err = {0};
    ck_assert_msg(rr_config_set(config, name, value, &err) == RR_OK, "%s", err.text);
}

/* A run in which most fields have something to say: lists, several steps, small batches. */
static void make_plan(plan *p)
{
    rr_env_config_init(&p->env, sizeof p->env);
    rr_agent_config_init(&p->agent, sizeof p->agent);
    rr_ppo_config_init(&p->ppo, sizeof p->ppo);
    rr_a2c_config_init(&p->a2c, sizeof p->a2c);
    rr_reinforce_config_init(&p->reinforce, sizeof p->reinforce);
    rr_buffer_config_init(&p->buffer, sizeof p->buffer);
    rr_ledger_config_init(&p->ledger, sizeof p->ledger);
    rr_serving_options_init(&p->serving, sizeof p->serving);
    rr_imitate_config_init(&p->imitate, sizeof p->imitate);
    rr_als_config_init(&p->als, sizeof p->als);
    p->env.n_envs = N;
    p->env.num_items = 30;
    p->env.num_candidates = K;
    p->env.state_dim = 8;
    p->env.max_episode_steps = 3;
    p->agent.state_dim = 8;
    p->agent.item_dim = 4;
    p->agent.max_rows = 64;
    p->agent.max_update_rows = 64; /* so that n_steps is no matter of memory */
    p->agent.max_history = 64;
    p->agent.max_candidates = K;
    set(&p->agent, "hidden", "5");
    set(&p->agent, "critic_hidden", "5");
    p->buffer.max_rows = N * STEPS;
    p->buffer.state_dim = 8;
    p->buffer.max_candidates = K;
    p->buffer.for_encoder = 1;
    p->ledger.max_candidates = K; /* beside which vectors and features have a width */
    p->ppo.batch_size = 8;
    p->imitate.batch_size = 4;
    p->als.num_factors = 2;
    p->als.num_sweeps = 2;
}

typedef struct scene {
    rr_env *env;
    rr_agent *agent;
    rr_buffer *buffer;
    rr_policy *policy;
    rr_reader *reader;
    int32_t actions[ROOM];
    float log_probs[ROOM], values[ROOM];
} scene;

static void hash_decision(seen *s, const scene *t, int32_t n)
{
    s->hash = mix(s->hash, t->actions, (size_t)n * sizeof *t->actions);
    s->hash = mix(s->hash, t->log_probs, (size_t)n * sizeof *t->log_probs);
}

/* The rewards, states and endings that follow from fixed actions. */
static void walk(seen *s, scene *t)
{
    for (int step = 0; step < 8; step++) {
        rr_obs obs = {.struct_size = sizeof obs};
        rr_outcome outcome = {.struct_size = sizeof outcome};
        if (!went(s, rr_env_observe(t->env, &obs, &s->err)) || obs.n > ROOM) {
            return;
        }
        memset(t->actions, 0, sizeof t->actions);
        s->hash = mix(s->hash, &obs.n_history, sizeof obs.n_history);
        s->hash = mix(s->hash, obs.states, (size_t)obs.n * (size_t)obs.state_dim * sizeof(float));
        if (!went(s, rr_env_step(t->env, t->actions, &outcome, &s->err))) {
            return;
        }
        s->hash = mix(s->hash, outcome.rewards, (size_t)outcome.n * sizeof(float));
        s->hash = mix(s->hash, outcome.truncated, (size_t)outcome.n);
    }
}

static void learn(seen *s, scene *t)
{
    for (int update = 0; update < 3; update++) {
        rr_obs obs = {.struct_size = sizeof obs};
        while (!rr_buffer_is_full(t->buffer)) {
            rr_outcome outcome = {.struct_size = sizeof outcome};
            rr_decision decision = {.struct_size = sizeof decision,
                                    .n = N,
                                    .actions = t->actions,
                                    .log_probs = t->log_probs,
                                    .values = t->values};
            if (!went(s, rr_env_observe(t->env, &obs, &s->err)) ||
                !went(s, rr_agent_act(t->agent, &obs, &decision, &s->err)) ||
                !went(s, rr_buffer_record(t->buffer, &obs, &decision, &s->err)) ||
                !went(s, rr_env_step(t->env, t->actions, &outcome, &s->err)) ||
                !went(s, rr_buffer_reward(t->buffer, &outcome, &s->err))) {
                return;
            }
            hash_decision(s, t, N);
        }
        rr_stats stats = {.struct_size = sizeof stats};
        if (!went(s, rr_env_observe(t->env, &obs, &s->err)) ||
            !went(s, rr_agent_update(t->agent, t->buffer, &obs, &stats, &s->err))) {
            return;
        }
        s->hash = mix(s->hash, &stats, sizeof stats);
    }
}

static void play(seen *s, scene *t, const rr_serving_options *options)
{
    static const int32_t incumbents[N] = {1, 2, 3, 0, 1, 2, 3, 0};
    rr_obs obs = {.struct_size = sizeof obs};
    rr_decision decision = {
        .struct_size = sizeof decision, .n = N, .actions = t->actions, .log_probs = t->log_probs};
    if (went(s, rr_env_observe(t->env, &obs, &s->err)) &&
        went(s, rr_agent_publish(t->agent, options, &t->policy, &s->err)) &&
        went(s, rr_reader_create(&t->reader, t->policy, 3, NULL, &s->err))) {
        obs.incumbents = incumbents;
        went(s, rr_policy_act(t->policy, t->reader, &obs, &decision, &s->err));
        hash_decision(s, t, N);
    }
}

static void imitate(seen *s, scene *t, const rr_imitate_config *config)
{
    static const float returns[N] = {1, 0, 2, 0, 1, 3, 0, 1};
    static const int32_t actions[N] = {1, 2, 3, 0, 1, 2, 3, 0};
    rr_obs obs = {.struct_size = sizeof obs};
    if (went(s, rr_env_observe(t->env, &obs, &s->err))) {
        went(s, rr_agent_imitate(t->agent, &obs, actions, NULL, returns, config, NULL, &s->err));
    }
}

static void factorise(seen *s, const rr_als_config *config)
{
    enum { PAIRS = 12 };
    static const uint64_t users[PAIRS] = {1, 1, 1, 2, 2, 2, 3, 3, 3, 4, 4, 4};
    static const uint64_t items[PAIRS] = {1, 2, 3, 2, 3, 4, 1, 3, 4, 1, 2, 4};
    static const float ratings[PAIRS] = {5, 3, 1, 4, 2, 5, 1, 5, 3, 2, 4, 3};
    float user_vectors[4 * 128] = {0}, item_vectors[4 * 128] = {0};
    rr_dataset *dataset = NULL;
    ck_assert_int_eq(rr_dataset_create(&dataset, users, items, ratings, NULL, PAIRS, NULL, NULL),
                     RR_OK);
    const rr_host host = {
        .struct_size = sizeof host, .allocate = take, .release = give_back, .user = s};
    went(s, rr_dataset_fit_als(dataset, config, &host, user_vectors, item_vectors, NULL, &s->err));
    s->hash = mix(s->hash, user_vectors, sizeof user_vectors);
    s->hash = mix(s->hash, item_vectors, sizeof item_vectors);
    rr_dataset_destroy(dataset);
}

static const void *algorithm_of(plan *p, int32_t kind)
{
    const bool is_one = kind == RR_CONFIG_A2C || kind == RR_CONFIG_REINFORCE;
    return is_one ? of_kind(p, kind) : &p->ppo;
}

static seen run(plan *p, int32_t kind)
{
    seen s = {.hash = UINT64_C(14695981039346656037)};
    scene t = {0};
    const rr_host host = {
        .struct_size = sizeof host, .allocate = take, .release = give_back, .user = &s};
    if (kind == RR_CONFIG_ALS) {
        factorise(&s, &p->als);
        return s;
    }
    if (kind == RR_CONFIG_LEDGER) {
        rr_ledger *ledger = NULL;
        went(&s, rr_ledger_create(&ledger, &p->ledger, &host, &s.err));
        rr_ledger_destroy(ledger);
        return s;
    }
    if (went(&s, rr_env_create(&t.env, &p->env, NULL, NULL, 0, &host, &s.err)) &&
        went(&s, rr_env_reset(t.env, &s.err)) && kind == RR_CONFIG_ENV) {
        walk(&s, &t);
    } else if (s.status == RR_OK &&
               went(&s, rr_agent_create(&t.agent, &p->agent, algorithm_of(p, kind),
                                        rr_env_items(t.env), &host, &s.err)) &&
               went(&s, rr_buffer_create(&t.buffer, &p->buffer, &host, &s.err))) {
        if (kind == RR_CONFIG_SERVING) {
            learn(&s, &t); /* until then all items are equal */
            play(&s, &t, &p->serving);
        } else if (kind == RR_CONFIG_IMITATE) {
            imitate(&s, &t, &p->imitate);
        } else {
            learn(&s, &t);
        }
        const uint64_t version = rr_agent_version(t.agent);
        s.hash = mix(s.hash, &version, sizeof version);
    }
    rr_reader_destroy(t.reader);
    rr_policy_release(t.policy);
    rr_buffer_destroy(t.buffer);
    rr_agent_destroy(t.agent);
    rr_env_destroy(t.env);
    return s;
}

/* What has to be so for a field to matter. */
static const struct {
    int32_t kind; /* 0: any */
    const char *field, *with, *value;
} needs[] = {
    {0, "rms_alpha", "optimizer", "rmsprop"},
    {0, "norm_rows", "normalize_returns", "1"},
    {RR_CONFIG_PPO, "n_steps", "gae_lambda", "1"}, /* with 0 none looks beyond a step */
    {RR_CONFIG_A2C, "n_steps", "gae_lambda", "1"},
    {RR_CONFIG_ENV, "num_folded", "drift", "0.5"},
    {RR_CONFIG_ALS, "alpha", "feedback", "implicit"},
    {0, "count_bonus", "has_bias", "1"},
    {0, "encoder_width", "encoder", "gru"},
    {0, "encoder_layers", "encoder", "transformer"},
    {0, "encoder_heads", "encoder", "transformer"},
    {0, "encoder_history", "encoder", "gru"},
    {0, "encoder_rewards", "encoder", "mean"},
};

/* What a short run cannot see, and the test that does. The word is looked for in the file. */
static const struct {
    int32_t kind;
    const char *field, *file, *word;
} elsewhere[] = {
    {RR_CONFIG_AGENT, "max_weight", "tests/rl/test_off_policy.c", "weight"},
    {RR_CONFIG_AGENT, "min_ess", "tests/train/test_session_update.c", "min_ess"},
    {RR_CONFIG_AGENT, "max_skew", "tests/train/test_skew.c", "max_skew"},
    {RR_CONFIG_AGENT, "tower_scale", "tests/train/test_gradient.c", "tower_scale"},
    {RR_CONFIG_AGENT, "unknown_versions", "tests/loop/test_recognise.c", "unknown_versions"},
    {RR_CONFIG_AGENT, "fold_in_decay", "tests/nn/test_fold_in.c", "decay"},
    {RR_CONFIG_AGENT, "ref_kl_updates", "tests/train/test_stay_near.c", "ref_kl_updates"},
    {RR_CONFIG_AGENT, "ref_floor", "tests/policy/test_reference.c", "floor"},
    {RR_CONFIG_BUFFER, "max_reference", "tests/train/test_stay_near.c", "max_reference"},
    {RR_CONFIG_LEDGER, "max_reference", "tests/train/test_stay_near.c", "max_reference"},
    {RR_CONFIG_AGENT, "ref_kl_target", "tests/train/test_stay_near.c", "ref_kl_target"},
    {RR_CONFIG_AGENT, "ent_updates", "tests/train/test_count_bonus.c", "ent_updates"},
    {RR_CONFIG_AGENT, "worker_spin_us", "tests/core/test_workers.c", "spin"},
    {RR_CONFIG_PPO, "whole_sessions", "tests/train/test_train_loop.c", "whole_sessions"},
    {RR_CONFIG_IMITATE, "whole_sessions", "tests/loop/test_encoder.c", "whole_sessions"},
    {RR_CONFIG_BUFFER, "max_vectors", "tests/loop/test_own_vectors.c", "max_vectors"},
    {RR_CONFIG_LEDGER, "max_vectors", "tests/loop/test_own_vectors.c", "max_vectors"},
    {RR_CONFIG_BUFFER, "has_keys", "tests/loop/test_keys.c", "has_keys"},
    {RR_CONFIG_LEDGER, "has_keys", "tests/loop/test_keys.c", "has_keys"},
    {RR_CONFIG_LEDGER, "schema", "tests/loop/test_schema.c", "schema"},
    {RR_CONFIG_LEDGER, "reward_wait", "tests/ledger/test_settle.c", "reward_wait"},
    {RR_CONFIG_LEDGER, "idle_timeout", "tests/ledger/test_settle.c", "idle_timeout"},
    {RR_CONFIG_LEDGER, "idle_end", "tests/loop/test_idle_ends.c", "idle_end"},
    {RR_CONFIG_LEDGER, "min_rows", "tests/ledger/test_harvest.c", "min_rows"},
    {RR_CONFIG_IMITATE, "patience", "tests/train/test_imitate.c", "patience"},
    {RR_CONFIG_IMITATE, "held_out", "tests/train/test_imitate.c", "held_out"},
    {RR_CONFIG_TRAIN, "log_interval", "tests/drivers/test_drivers.sh", "log-interval"},
    {RR_CONFIG_TRAIN, "total_timesteps", "tests/drivers/test_drivers.sh", "total-timesteps"},
    {RR_CONFIG_TRAIN, "seed", "tests/drivers/test_drivers.sh", "--seed"},
    {RR_CONFIG_LOAD, "memory_limit", "tests/api/test_api_dataset.c", "memory_limit"},
    {RR_CONFIG_LOAD, "num_threads", "tests/api/test_api_dataset.c", "num_threads"},
    {RR_CONFIG_LOAD, "block_bytes", "tests/api/test_api_dataset.c", "block_bytes"},
    {RR_CONFIG_LOAD, "header", "tests/data/test_load_cases.c", "RR_HEADER_NO"},
    {RR_CONFIG_LOAD, "has_quotes", "tests/data/test_load_cases.c", "has_quotes"},
    {RR_CONFIG_LOAD, "skips_incomplete", "tests/data/test_load_cases.c", "skips_incomplete"},
    {RR_CONFIG_HEALTH, "window", "tests/eval/test_health.c", "window"},
    {RR_CONFIG_HEALTH, "min_entropy", "tests/eval/test_health.c", "min_entropy"},
    {RR_CONFIG_HEALTH, "min_effective_items", "tests/eval/test_health.c", "min_effective_items"},
    {RR_CONFIG_HEALTH, "max_top_share", "tests/eval/test_health.c", "max_top_share"},
    {RR_CONFIG_HEALTH, "min_coverage", "tests/eval/test_health.c", "min_coverage"},
    {RR_CONFIG_HEALTH, "max_gini", "tests/eval/test_health.c", "max_gini"},
    {RR_CONFIG_HEALTH, "max_entropy_share", "tests/eval/test_health.c", "max_entropy_share"},
    {RR_CONFIG_HEALTH, "min_explained_variance", "tests/eval/test_health.c",
     "min_explained_variance"},
    {RR_CONFIG_HEALTH, "min_value_score", "tests/eval/test_health.c", "min_value_score"},
    {RR_CONFIG_HEALTH, "max_clip_fraction", "tests/eval/test_health.c", "max_clip_fraction"},
    {RR_CONFIG_HEALTH, "max_grad_ratio", "tests/eval/test_health.c", "max_grad_ratio"},
    {RR_CONFIG_HEALTH, "max_dead_units", "tests/eval/test_health.c", "max_dead_units"},
    {RR_CONFIG_HEALTH, "max_drift", "tests/eval/test_health.c", "max_drift"},
    {RR_CONFIG_HEALTH, "min_reward_deviation", "tests/eval/test_health.c", "min_reward_deviation"},
    {RR_CONFIG_HEALTH, "min_effective_share", "tests/eval/test_illness.c", "min_effective_share"},
    {RR_CONFIG_HEALTH, "max_approx_kl", "tests/eval/test_health.c", "max_approx_kl"},
};

/* Values to try, in turn, until one of them is in the field's range and changes something. */
static const char *const values[] = {
    "0", "1", "true", "false", "dense", "relu", "rmsprop", "adam", "implicit", "gru", "2",
    "3", "5", "7,3",  "12",    "40",    "0.25", "0.5",     "0.9",  "1e-3",     "100", "3000"};

static bool is_tested_elsewhere(int32_t kind, const char *field)
{
    for (size_t i = 0; i < sizeof elsewhere / sizeof *elsewhere; i++) {
        if (elsewhere[i].kind == kind && strcmp(elsewhere[i].field, field) == 0) {
            char text[1 << 17] = {0};
            FILE *file = fopen(elsewhere[i].file, "rb");
            ck_assert_msg(file != NULL, "there is no %s", elsewhere[i].file);
            (void)!fread(text, 1, sizeof text - 1, file);
            (void)fclose(file);
            ck_assert_msg(strstr(text, elsewhere[i].word) != NULL, "%s does not speak of %s",
                          elsewhere[i].file, elsewhere[i].word);
            return true;
        }
    }
    return false;
}

static void prepare(plan *p, int32_t kind, const char *field)
{
    make_plan(p);
    for (size_t i = 0; i < sizeof needs / sizeof *needs; i++) {
        if (strcmp(needs[i].field, field) == 0 && (needs[i].kind == 0 || needs[i].kind == kind)) {
            set(of_kind(p, kind), needs[i].with, needs[i].value);
        }
    }
}

static bool does_something(int32_t kind, const char *field)
{
    plan p;
    prepare(&p, kind, field);
    const seen before = run(&p, kind);
    for (size_t i = 0; i < sizeof values / sizeof *values; i++) {
        prepare(&p, kind, field);
        if (rr_config_set(of_kind(&p, kind), field, values[i], NULL) != RR_OK) {
            continue;
        }
        const seen after = run(&p, kind);
        const bool is_refused = after.status != RR_OK && strstr(after.err.text, field) != NULL;
        if (is_refused || (after.status == RR_OK && after.hash != before.hash)) {
            return true;
        }
    }
    return false;
}

START_TEST(test_config_fields_each_changes_something_or_is_refused_by_name)
{
    int n_idle = 0, n_fields = 0;
    for (int32_t kind = RR_CONFIG_ENV; kind < END_OF_KINDS; kind++) {
        plan p;
        make_plan(&p);
        for (int32_t i = 0; i < rr_config_field_count(kind); i++) {
            rr_config_field field = {.struct_size = sizeof field};
            ck_assert_int_eq(rr_config_field_at(kind, i, &field, NULL), RR_OK);
            n_fields++;
            if (!is_tested_elsewhere(kind, field.name) &&
                (of_kind(&p, kind) == NULL || !does_something(kind, field.name))) {
                (void)printf("kind %" PRId32 ": %s does nothing that this test sees\n", kind,
                             field.name);
                n_idle++;
            }
        }
    }
    ck_assert_int_eq(n_idle, 0);
    ck_assert_int_ge(n_fields, 100);
}
END_TEST

/* The run that fields are held against succeeds, and gives the same twice. */
START_TEST(test_config_fields_nothing_changes_where_nothing_is_turned)
{
    for (int32_t kind = RR_CONFIG_ENV; kind < END_OF_KINDS; kind++) {
        plan p;
        make_plan(&p);
        if (of_kind(&p, kind) != NULL) {
            const seen first = run(&p, kind), second = run(&p, kind);
            ck_assert_msg(first.status == RR_OK, "kind %d: %s", (int)kind, first.err.text);
            ck_assert_uint_eq(first.hash, second.hash);
        }
    }
}
END_TEST

CHECK_MAIN("api/config_fields", test_config_fields_each_changes_something_or_is_refused_by_name,
           test_config_fields_nothing_changes_where_nothing_is_turned)
