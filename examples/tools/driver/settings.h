/* SPDX-License-Identifier: MIT */
/* settings.h: all configs of a run, and which of their fields were given as flags.
 *
 * Order: table defaults, then the preset of (world, head, algorithm), then flags, then what follows
 * from other fields (settings_derive). */
#ifndef EXAMPLES_DRIVER_SETTINGS_H
#define EXAMPLES_DRIVER_SETTINGS_H

#include <stdbool.h>

#include "recrl/recrl.h"

/* Kinds of configs by number; those of which a run has none have no prefix. */
enum { SETTINGS_KINDS = RR_CONFIG_LEDGER + 1, SETTINGS_MOST_FIELDS = 64 };

/* Sessions side by side where a policy is evaluated. */
enum { PLAY_ENVS = 64 };

typedef struct settings {
    int32_t algo;    /* RR_ALGO_… */
    bool is_learned; /* the world is learned from interactions */
    rr_env_config env;
    rr_agent_config agent;
    rr_ppo_config ppo;
    rr_a2c_config a2c;
    rr_reinforce_config reinforce;
    rr_buffer_config buffer;
    rr_train_config train;
    rr_als_config als;
    rr_health_config health; /* how training is watched; no part of a checkpoint */
    bool is_given[SETTINGS_KINDS][SETTINGS_MOST_FIELDS];
} settings;

/* Table defaults and the preset of (world, head, algo); head is "tower" or "dense". */
void settings_init(settings *s, const char *world, const char *head, int32_t algo);
/* The config of one kind. */
void *settings_config(settings *s, int32_t kind);
/* The config of the run's algorithm, and which one that is. */
int32_t settings_algo_kind(const settings *s);
void *settings_algo_config(settings *s);
/* A field of it as text, in out [64]: "16", "0.9". Every algorithm has it. */
const char *settings_algo_field(const settings *s, const char *name, char out[64]);
/* Steps of each session in a rollout. */
int32_t settings_n_steps(const settings *s);
/* "env", "agent", "ppo", … : the prefix of flags that set one config alone; NULL: not a run's. */
const char *settings_prefix(int32_t kind);
/* Index of a field; −1 where the config has none of that name. */
int32_t settings_field_index(int32_t kind, const char *name);
/* Whether a field follows from others unless it is given (settings_derive). */
bool settings_follows(int32_t kind, const char *name);
bool settings_is_given(const settings *s, int32_t kind, const char *name);
/* Sets one field of one config from text and marks it as given; fails with the library's sentence.
 */
void settings_give(settings *s, int32_t kind, const char *name, const char *value);
/* Rows of a rollout: n_envs × n_steps. */
int64_t settings_rollout(const settings *s);
/* Updates that total_timesteps come to, rounded up. */
int64_t settings_planned_updates(const settings *s);
/* What a world of so many items leaves of a preset that excludes what was shown: nothing where a
 * session may outlast the items, or its lists. A flag that was given stands, and is judged. */
void settings_fit_choices(settings *s, int32_t n_items);
/* Raises what the agent has room for to what the environment shows it: rows, candidates, history.
 */
void settings_make_room(settings *s);
/* Sizes of the buffer, which no flag sets: one rollout, in the agent's shapes. */
void settings_derive_buffer(settings *s);
/* Fills what was not given and follows from the rest: seeds, widths, sizes of buffer and agent,
 * planned updates. Then checks every config in use. */
void settings_derive(settings *s);

#endif
