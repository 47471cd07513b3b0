/* SPDX-License-Identifier: MIT */
#include "presets.h"

#include <string.h>

#include "text.h"

typedef struct preset {
    const char *world; /* "" : every world */
    int32_t algo;      /* −1: both */
    int32_t kind;
    const char *field;
    const char *value;
} preset;

/* Later rows win. The table's own defaults are those of PPO in the drawn world. */
static const preset presets[] = {
    {"", RR_ALGO_A2C, RR_CONFIG_ENV, "n_envs", "16"},

    {"tiring", -1, RR_CONFIG_ENV, "tire", "0.2"},
    {"tiring", -1, RR_CONFIG_ENV, "max_episode_steps", "40"},
    {"tiring", -1, RR_CONFIG_TRAIN, "total_timesteps", "200000"},
    {"tiring", RR_ALGO_PPO, RR_CONFIG_PPO, "gamma", "0.97"},
    {"tiring", RR_ALGO_PPO, RR_CONFIG_PPO, "gae_lambda", "0.5"},
    {"tiring", RR_ALGO_PPO, RR_CONFIG_PPO, "update_epochs", "4"},
    {"tiring", RR_ALGO_A2C, RR_CONFIG_A2C, "gamma", "0.97"},
};

enum { N_PRESETS = sizeof presets / sizeof presets[0] };

static const char *preset_name(const char *world)
{
    const bool is_simulated = strcmp(world, "drawn") == 0 || strcmp(world, "tiring") == 0;
    return is_simulated ? world : "movielens";
}

static bool is_in_force(const preset *p, const char *world, int32_t algo)
{
    const bool is_world = p->world[0] == '\0' || strcmp(p->world, preset_name(world)) == 0;
    return is_world && (p->algo < 0 || p->algo == algo);
}

void presets_apply(settings *s, const char *world)
{
    for (int i = 0; i < N_PRESETS; i++) {
        const preset *p = &presets[i];
        if (is_in_force(p, world, s->algo)) {
            rr_error err;
            text_require(
                rr_config_set(p->kind, settings_config(s, p->kind), p->field, p->value, &err),
                &err);
        }
    }
}

void presets_print(FILE *out, const char *world, int32_t algo)
{
    const char *separator = "";
    for (int i = 0; i < N_PRESETS; i++) {
        if (is_in_force(&presets[i], world, algo)) {
            fprintf(out, "%s%s %s", separator, presets[i].field, presets[i].value);
            separator = ", ";
        }
    }
    if (separator[0] == '\0') {
        fputs("the defaults", out);
    }
}

void presets_print_all(FILE *out)
{
    static const char *const worlds[] = {"drawn", "tiring", "movielens"};
    fprintf(out, "\nPresets (a flag overrides them):\n");
    for (int w = 0; w < 3; w++) {
        for (int32_t algo = RR_ALGO_PPO; algo <= RR_ALGO_A2C; algo++) {
            fprintf(out, "  %-10s %-4s ", worlds[w], algo == RR_ALGO_PPO ? "ppo" : "a2c");
            presets_print(out, worlds[w], algo);
            fputc('\n', out);
        }
    }
}
