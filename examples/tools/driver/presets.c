/* SPDX-License-Identifier: MIT */
#include "presets.h"

#include <string.h>

#include "flags.h"
#include "screen.h"
#include "text.h"

typedef struct preset {
    const char *world; /* "": every world */
    const char *head;  /* "": either */
    int32_t algo;      /* -1: all */
    int32_t kind;
    const char *field;
    const char *value;
} preset;

/* Later rows win. The tables' own defaults are those of PPO in the synthetic world with the
 * two-tower head. Chosen from sweeps of lr, gamma, gae_lambda and n_envs, two to twenty-four seeds
 * each. A2C: a 1-step return halves the noise where rewards are nearly immediate. Where most
 * rewards are positive, as in the MovieLens world, early steps can be so large that the policy ends
 * in one item: RMSProp's first one is ten times lr; smaller steps of Adam and a little entropy keep
 * every seed from it. */
static const preset presets[] = {
    {"", "", RR_ALGO_A2C, RR_CONFIG_ENV, "n_envs", "8"},
    {"", "", RR_ALGO_REINFORCE, RR_CONFIG_ENV, "n_envs", "8"},
    {"", "", RR_ALGO_A2C, RR_CONFIG_A2C, "lr", "0.005"},
    {"", "", RR_ALGO_A2C, RR_CONFIG_A2C, "gamma", "0.5"},
    {"", "", RR_ALGO_A2C, RR_CONFIG_A2C, "gae_lambda", "0"},

    {"tiring", "", -1, RR_CONFIG_ENV, "tire", "0.2"},
    {"tiring", "", -1, RR_CONFIG_ENV, "max_episode_steps", "40"},
    {"tiring", "", -1, RR_CONFIG_TRAIN, "total_timesteps", "200000"},
    {"tiring", "", RR_ALGO_PPO, RR_CONFIG_PPO, "gamma", "0.98"},
    {"tiring", "", RR_ALGO_PPO, RR_CONFIG_PPO, "gae_lambda", "0.3"},
    {"tiring", "", RR_ALGO_PPO, RR_CONFIG_PPO, "update_epochs", "2"},
    {"tiring", "", RR_ALGO_PPO, RR_CONFIG_PPO, "lr", "0.005"},
    {"tiring", "", RR_ALGO_A2C, RR_CONFIG_ENV, "n_envs", "16"},
    {"tiring", "", RR_ALGO_A2C, RR_CONFIG_A2C, "gamma", "0.98"},
    {"tiring", "", RR_ALGO_A2C, RR_CONFIG_A2C, "gae_lambda", "0.3"},
    {"tiring", "", RR_ALGO_A2C, RR_CONFIG_A2C, "optimizer", "adam"},
    {"tiring", "", RR_ALGO_A2C, RR_CONFIG_A2C, "lr", "0.01"},
    {"tiring", "", RR_ALGO_A2C, RR_CONFIG_AGENT, "normalize_returns", "1"},

    {"movielens", "", -1, RR_CONFIG_ENV, "excludes_shown", "1"},
    {"movielens", "", RR_ALGO_A2C, RR_CONFIG_A2C, "optimizer", "adam"},
    {"movielens", "", RR_ALGO_A2C, RR_CONFIG_A2C, "ent_coef", "0.01"},

    {"", "dense", -1, RR_CONFIG_AGENT, "activation", "relu"},
    {"", "dense", -1, RR_CONFIG_AGENT, "hidden", "128"},
    {"", "dense", RR_ALGO_PPO, RR_CONFIG_PPO, "lr", "0.005"},
};

enum { N_PRESETS = sizeof presets / sizeof presets[0] };

static const char *preset_name(const char *world)
{
    const bool is_simulated = strcmp(world, "synthetic") == 0 || strcmp(world, "tiring") == 0;
    return is_simulated ? world : "movielens";
}

static bool is_in_force(const preset *p, const char *world, const char *head, int32_t algo)
{
    const bool is_world = p->world[0] == '\0' || strcmp(p->world, preset_name(world)) == 0;
    const bool is_head = p->head[0] == '\0' || strcmp(p->head, head) == 0;
    return is_world && is_head && (p->algo < 0 || p->algo == algo);
}

void presets_apply(settings *s, const char *world, const char *head)
{
    for (int i = 0; i < N_PRESETS; i++) {
        const preset *p = &presets[i];
        if (is_in_force(p, world, head, s->algo)) {
            rr_error err;
            text_require(rr_config_set(settings_config(s, p->kind), p->field, p->value, &err),
                         &err);
        }
    }
}

/* Whether a later row in force sets the same field. */
static bool is_overridden(int row, const char *world, const char *head, int32_t algo)
{
    for (int i = row + 1; i < N_PRESETS; i++) {
        if (presets[i].kind == presets[row].kind &&
            strcmp(presets[i].field, presets[row].field) == 0 &&
            is_in_force(&presets[i], world, head, algo)) {
            return true;
        }
    }
    return false;
}

void presets_describe(char *out, size_t capacity, const char *world, const char *head, int32_t algo)
{
    snprintf(out, capacity, "the defaults");
    size_t n = 0;
    for (int i = 0; i < N_PRESETS && n < capacity; i++) {
        if (is_in_force(&presets[i], world, head, algo) && !is_overridden(i, world, head, algo)) {
            n += (size_t)snprintf(out + n, capacity - n, "%s%s %s", n > 0 ? ", " : "",
                                  presets[i].field, presets[i].value);
        }
    }
}

void presets_print_all(FILE *out)
{
    static const char *const worlds[] = {"synthetic", "tiring", "movielens"};
    static const char *const heads[] = {"tower", "dense"};
    fprintf(out, "\nPresets (a flag overrides them):\n");
    for (int w = 0; w < 3; w++) {
        for (int h = 0; h < 2; h++) {
            for (int32_t algo = 0; algo < rr_algo_count(); algo++) {
                char left[64], text[1024];
                snprintf(left, sizeof left, "  %-9s  %-5s  %s", worlds[w], heads[h],
                         flags_algo_name(algo));
                presets_describe(text, sizeof text, worlds[w], heads[h], algo);
                screen_entry(out, left, 31, "%s", text);
            }
        }
    }
}
