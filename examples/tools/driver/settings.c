/* SPDX-License-Identifier: MIT */
#include "settings.h"

#include <stdlib.h>
#include <string.h>

#include "presets.h"
#include "text.h"

void *settings_config(settings *s, int32_t kind)
{
    switch (kind) {
    case RR_CONFIG_ENV:
        return &s->env;
    case RR_CONFIG_AGENT:
        return &s->agent;
    case RR_CONFIG_PPO:
        return &s->ppo;
    case RR_CONFIG_A2C:
        return &s->a2c;
    case RR_CONFIG_REINFORCE:
        return &s->reinforce;
    case RR_CONFIG_BUFFER:
        return &s->buffer;
    case RR_CONFIG_TRAIN:
        return &s->train;
    case RR_CONFIG_ALS:
        return &s->als;
    case RR_CONFIG_HEALTH:
        return &s->health;
    default:
        text_fail("there is no config of kind %d", (int)kind);
    }
}

int32_t settings_algo_kind(const settings *s)
{
    rr_error err;
    rr_algo algo = {.struct_size = sizeof algo};
    text_require(rr_algo_at(s->algo, &algo, &err), &err);
    return algo.config_kind;
}

void *settings_algo_config(settings *s)
{
    return settings_config(s, settings_algo_kind(s));
}

const char *settings_algo_field(const settings *s, const char *name, char out[64])
{
    rr_error err;
    const void *config = settings_algo_config((settings *)s); /* read alone */
    text_require(rr_config_get(config, name, out, 64, &err), &err);
    return out;
}

int32_t settings_n_steps(const settings *s)
{
    char text[64];
    return (int32_t)strtol(settings_algo_field(s, "n_steps", text), NULL, 10);
}

const char *settings_prefix(int32_t kind)
{
    static const char *const prefixes[SETTINGS_KINDS] = {[RR_CONFIG_ENV] = "env",
                                                         [RR_CONFIG_AGENT] = "agent",
                                                         [RR_CONFIG_PPO] = "ppo",
                                                         [RR_CONFIG_A2C] = "a2c",
                                                         [RR_CONFIG_REINFORCE] = "reinforce",
                                                         [RR_CONFIG_BUFFER] = "buffer",
                                                         [RR_CONFIG_TRAIN] = "train",
                                                         [RR_CONFIG_ALS] = "als",
                                                         [RR_CONFIG_HEALTH] = "health"};
    return prefixes[kind];
}

int32_t settings_field_index(int32_t kind, const char *name)
{
    const int32_t n = rr_config_field_count(kind);
    for (int32_t i = 0; i < n; i++) {
        rr_config_field field = {.struct_size = sizeof field};
        rr_error err;
        text_require(rr_config_field_at(kind, i, &field, &err), &err);
        if (strcmp(field.name, name) == 0) {
            return i;
        }
    }
    return -1;
}

bool settings_follows(int32_t kind, const char *name)
{
    static const struct {
        int32_t kind;
        const char *name;
    } fields[] = {{RR_CONFIG_ENV, "seed"},
                  {RR_CONFIG_ENV, "world_seed"},
                  {RR_CONFIG_ENV, "state_dim"},
                  {RR_CONFIG_ENV, "num_folded"},
                  {RR_CONFIG_AGENT, "seed"},
                  {RR_CONFIG_AGENT, "state_dim"},
                  {RR_CONFIG_AGENT, "item_dim"},
                  {RR_CONFIG_AGENT, "num_items"},
                  {RR_CONFIG_AGENT, "max_rows"},
                  {RR_CONFIG_AGENT, "max_candidates"},
                  {RR_CONFIG_AGENT, "max_history"},
                  {RR_CONFIG_AGENT, "max_update_rows"},
                  {RR_CONFIG_AGENT, "fold_in_decay"},
                  {RR_CONFIG_AGENT, "planned_updates"},
                  {RR_CONFIG_ALS, "num_factors"}};
    for (size_t i = 0; i < sizeof fields / sizeof fields[0]; i++) {
        if (fields[i].kind == kind && strcmp(fields[i].name, name) == 0) {
            return true;
        }
    }
    return false;
}

bool settings_is_given(const settings *s, int32_t kind, const char *name)
{
    const int32_t index = settings_field_index(kind, name);
    return index >= 0 && s->is_given[kind][index];
}

void settings_give(settings *s, int32_t kind, const char *name, const char *value)
{
    const int32_t index = settings_field_index(kind, name);
    if (index < 0 || index >= SETTINGS_MOST_FIELDS) {
        text_fail("the %s config has no field %s", settings_prefix(kind), name);
    }
    rr_error err;
    char plain[64];
    rr_config_field field = {.struct_size = sizeof field};
    text_require(rr_config_field_at(kind, index, &field, &err), &err);
    const bool is_count = strstr(field.type, "int") != NULL && text_expand_count(plain, value);
    const rr_status status =
        rr_config_set(settings_config(s, kind), name, is_count ? plain : value, &err);
    if (status != RR_OK) {
        text_fail("%s%s", err.text, text_comma_remedy(value));
    }
    s->is_given[kind][index] = true;
}

void settings_init(settings *s, const char *world, const char *head, int32_t algo)
{
    memset(s, 0, sizeof *s);
    rr_env_config_init(&s->env, sizeof s->env);
    rr_agent_config_init(&s->agent, sizeof s->agent);
    rr_ppo_config_init(&s->ppo, sizeof s->ppo);
    rr_a2c_config_init(&s->a2c, sizeof s->a2c);
    rr_reinforce_config_init(&s->reinforce, sizeof s->reinforce);
    rr_buffer_config_init(&s->buffer, sizeof s->buffer);
    rr_train_config_init(&s->train, sizeof s->train);
    rr_als_config_init(&s->als, sizeof s->als);
    rr_health_config_init(&s->health, sizeof s->health);
    s->algo = algo;
    s->is_learned = strcmp(world, "synthetic") != 0 && strcmp(world, "tiring") != 0;
    presets_apply(s, world, head);
}

int64_t settings_rollout(const settings *s)
{
    return (int64_t)s->env.n_envs * settings_n_steps(s);
}

int64_t settings_planned_updates(const settings *s)
{
    const int64_t rollout = settings_rollout(s);
    return s->train.total_timesteps / rollout + (s->train.total_timesteps % rollout > 0);
}

static int32_t at_least(int32_t value, int64_t bound)
{
    return bound > value && bound <= INT32_MAX ? (int32_t)bound : value;
}

static void derive_seeds(settings *s)
{
    if (!settings_is_given(s, RR_CONFIG_ENV, "world_seed")) {
        s->env.world_seed = s->train.seed;
    }
    if (!settings_is_given(s, RR_CONFIG_ENV, "seed")) {
        s->env.seed = s->train.seed;
    }
    if (!settings_is_given(s, RR_CONFIG_AGENT, "seed")) {
        s->agent.seed = s->train.seed;
    }
}

/* State u ⊕ v_last: twice the items' width, and two more where energy is shown; a learned item is
 * its factors, its bias and a 1. */
static void derive_widths(settings *s)
{
    if (!settings_is_given(s, RR_CONFIG_ENV, "state_dim")) {
        if (s->is_learned && settings_is_given(s, RR_CONFIG_ALS, "num_factors")) {
            s->env.state_dim = 2 * (s->als.num_factors + 2);
        } else if (settings_is_given(s, RR_CONFIG_AGENT, "item_dim")) {
            s->env.state_dim = 2 * s->agent.item_dim;
        }
    }
    if (!settings_is_given(s, RR_CONFIG_AGENT, "item_dim")) {
        s->agent.item_dim = s->env.state_dim / 2;
    }
    s->agent.state_dim = s->env.state_dim + (s->env.shows_energy ? 2 : 0);
    s->agent.num_items = 0; /* the environment's catalogue is handed over */
    if (s->is_learned) {
        if (!settings_is_given(s, RR_CONFIG_ALS, "num_factors")) {
            s->als.num_factors = s->env.state_dim / 2 - 2;
        }
        if (!settings_is_given(s, RR_CONFIG_ENV, "num_folded")) {
            s->env.num_folded = 2;
        }
    }
}

/* Past and exclusions share one limit. */
static int64_t history_length(const settings *s)
{
    const bool is_whole = s->env.history_length < 0 || s->env.excludes_shown;
    return is_whole && s->env.history_length < s->env.max_episode_steps ? s->env.max_episode_steps
                                                                        : s->env.history_length;
}

void settings_make_room(settings *s)
{
    s->agent.max_rows = at_least(s->agent.max_rows, PLAY_ENVS);
    s->agent.max_candidates = at_least(s->agent.max_candidates, s->env.num_candidates);
    s->agent.max_history = at_least(s->agent.max_history, history_length(s));
}

void settings_fit_choices(settings *s, int32_t n_items)
{
    const int32_t n_choices = s->env.num_candidates > 0 ? s->env.num_candidates : n_items;
    if (n_choices <= s->env.max_episode_steps &&
        !settings_is_given(s, RR_CONFIG_ENV, "excludes_shown")) {
        s->env.excludes_shown = 0;
    }
}

/* What reads the past needs one, and a fold-in knows how the world's repeats wear off. */
static void derive_memory(settings *s)
{
    const bool reads_past = s->agent.encoder != RR_ENCODER_NONE || s->agent.has_fold_in;
    if (reads_past && s->env.history_length == 0) {
        text_fail("--history-length is 0 with %s, which reads the history; it must be above 0, or "
                  "-1 for a whole session",
                  s->agent.has_fold_in ? "--has-fold-in" : "--encoder");
    }
    if (s->agent.has_fold_in && !settings_is_given(s, RR_CONFIG_AGENT, "fold_in_decay")) {
        s->agent.fold_in_decay = s->env.reward_decay;
    }
}

static void derive_sizes(settings *s)
{
    const int32_t n_rows = at_least(PLAY_ENVS, s->env.n_envs);
    if (!settings_is_given(s, RR_CONFIG_AGENT, "max_rows")) {
        s->agent.max_rows = at_least(s->agent.max_rows, n_rows);
    } else if (s->agent.max_rows < n_rows) {
        text_fail("--max-rows is %d; it must be at least %d: n_envs, and %d to evaluate",
                  (int)s->agent.max_rows, (int)n_rows, (int)PLAY_ENVS);
    }
    if (!settings_is_given(s, RR_CONFIG_AGENT, "max_candidates")) {
        s->agent.max_candidates = s->env.num_candidates;
    }
    if (!settings_is_given(s, RR_CONFIG_AGENT, "max_history")) {
        s->agent.max_history = at_least(0, history_length(s));
    }
    settings_derive_buffer(s);
    if (!settings_is_given(s, RR_CONFIG_AGENT, "max_update_rows")) {
        s->agent.max_update_rows = s->buffer.max_rows; /* one rollout */
    } else if (s->agent.max_update_rows < s->buffer.max_rows) {
        text_fail("--max-update-rows is %d; it must be at least %d, a rollout of n_envs x n_steps",
                  (int)s->agent.max_update_rows, (int)s->buffer.max_rows);
    }
}

void settings_derive_buffer(settings *s)
{
    const int64_t rollout = settings_rollout(s);
    if (rollout > INT32_MAX) {
        text_fail("a rollout of n_envs x n_steps is %lld rows; at most %d fit", (long long)rollout,
                  (int)INT32_MAX);
    }
    s->buffer.max_rows = (int32_t)rollout;
    s->buffer.state_dim = s->agent.state_dim;
    s->buffer.max_candidates = s->agent.max_candidates;
    s->buffer.max_history = s->agent.max_history;
    s->buffer.max_excluded = s->env.excludes_shown ? s->agent.max_history : 0;
    s->buffer.for_encoder = s->agent.encoder != RR_ENCODER_NONE || s->agent.has_fold_in;
}

void settings_derive(settings *s)
{
    derive_seeds(s);
    derive_widths(s);
    derive_memory(s);
    settings_fit_choices(s, INT32_MAX);
    derive_sizes(s);
    if (!settings_is_given(s, RR_CONFIG_AGENT, "planned_updates")) {
        s->agent.planned_updates = settings_planned_updates(s);
    }
    const int32_t kinds[] = {RR_CONFIG_ENV,    RR_CONFIG_AGENT, settings_algo_kind(s),
                             RR_CONFIG_BUFFER, RR_CONFIG_TRAIN, RR_CONFIG_HEALTH,
                             RR_CONFIG_ALS};
    for (size_t i = 0; i < sizeof kinds / sizeof kinds[0]; i++) {
        rr_error err;
        if (kinds[i] == RR_CONFIG_ALS && !s->is_learned) {
            continue;
        }
        text_require(rr_config_check(settings_config(s, kinds[i]), &err), &err);
    }
}
