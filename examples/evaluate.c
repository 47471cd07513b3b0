/* SPDX-License-Identifier: MIT */
/* evaluate: a trained policy beside others, in the same sessions of users that it was never trained
 * on. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "driver/flags.h"
#include "driver/run.h"
#include "driver/table.h"
#include "driver/text.h"

typedef struct options {
    const char *algo, *checkpoint, *world, *data, *sessions, *seed;
    const char *vectors, *memory_limit;
    bool is_json, is_quiet, is_help;
} options;

static void print_help(const flags_option *table, int n)
{
    static const int32_t kinds[] = {RR_CONFIG_ENV, -1};
    printf("evaluate --algo ppo|a2c [--checkpoint FILE] [--sessions N] [--seed S] [--json]\n\n");
    flags_print_options(stdout, table, n);
    printf("\n"
           "World and configs are read from the checkpoint. Each policy plays the same sessions: "
           "of users drawn\n"
           "from another seed than the training's, or, in a world learned from interactions, of "
           "the 20 %% of users\n"
           "that were held back. Fields of the env config may be changed, to see the policy in a "
           "changed world;\n"
           "what is not given is as the checkpoint has it, whatever default stands below.\n");
    flags_print_tables(stdout, kinds);
}

static void read_options(options *o, flags_fields *fields, int argc, char **argv)
{
    memset(o, 0, sizeof *o);
    const flags_option table[] = {
        {"algo", "ppo|a2c", "which of checkpoints/<algo>.safetensors", &o->algo, NULL},
        {"checkpoint", "FILE", "the file itself", &o->checkpoint, NULL},
        {"world", "WORLD", "the checkpoint's own; another one is refused", &o->world, NULL},
        {"data", "PATH", "where the interactions are now", &o->data, NULL},
        {"vectors", "FILE.npy", "where vectors that were given to train are now", &o->vectors,
         NULL},
        {"memory-limit", "BYTES", "refuse interactions that need more, say 2G (decimal K, M, G, T)",
         &o->memory_limit, NULL},
        {"sessions", "N", "sessions of each policy (default 1000)", &o->sessions, NULL},
        {"seed", "S", "of the users and of the draws (default 0)", &o->seed, NULL},
        {"json", NULL, "one line of JSON instead of the table", NULL, &o->is_json},
        {"quiet", NULL, "the table without the sentences", NULL, &o->is_quiet},
        {"help", NULL, "this text", NULL, &o->is_help}};
    const int n = (int)(sizeof table / sizeof table[0]);
    flags_parse(fields, table, n, argc, argv);
    if (o->is_help) {
        print_help(table, n);
        exit(EXIT_SUCCESS);
    }
    if (o->algo == NULL && o->checkpoint == NULL) {
        text_fail("--algo or --checkpoint is missing (see --help)");
    }
}

/* Settings of the checkpoint, and changes of its world. */
static void read_settings(settings *s, run_origin *origin, const char *path, const options *o,
                          const flags_fields *fields)
{
    run_read_settings(s, origin, path);
    if (o->algo != NULL && flags_algo(o->algo) != s->algo) {
        text_fail("--algo is %s, but %s was made with %s", o->algo, path, flags_algo_name(s->algo));
    }
    if (o->world != NULL && strcmp(o->world, origin->world) != 0) {
        text_fail("--world is %s, but %s was made in %s", o->world, path, origin->world);
    }
    for (int i = 0; i < fields->n; i++) {
        const char *field = fields->at[i].field;
        if (settings_field_index(RR_CONFIG_ENV, field) < 0) {
            text_fail("--%s is not a field of the world", fields->at[i].name);
        }
        settings_give(s, RR_CONFIG_ENV, field, fields->at[i].value);
    }
    settings_make_room(s);
}

/* The agent as it was trained; its own environment only brings the catalogue. */
static rr_agent *load_agent(const settings *s, const world *w, const char *path)
{
    rr_error err;
    rr_env_config config = s->env;
    config.n_envs = 1;
    rr_env *env = world_env(w, &config, 0, WORLD_TRAIN);
    rr_agent *agent = run_create_agent(s, rr_env_items(env));
    text_require_file(rr_checkpoint_load(path, agent, NULL, NULL, NULL, 0, NULL, &err), &err, path);
    rr_env_destroy(env);
    return agent;
}

static float play_all(table_rows *t, const settings *s, const world *w, rr_agent *agent,
                      uint64_t seed, int32_t n_sessions)
{
    const play_policy policies[] = {{.name = "trained", .agent = agent},
                                    {.name = "greedy", .agent = agent, .is_greedy = true},
                                    {.name = "random", .chooser = RR_CHOOSER_RANDOM},
                                    {.name = "popular", .chooser = RR_CHOOSER_POPULAR},
                                    {.name = "similar", .chooser = RR_CHOOSER_SIMILAR},
                                    {.name = "oracle", .chooser = RR_CHOOSER_ORACLE}};
    rr_metrics_summary summary;
    for (size_t i = 0; i < sizeof policies / sizeof policies[0]; i++) {
        play_sessions(&summary, &policies[i], w, &s->env, seed, WORLD_TEST, n_sessions);
        table_add(t, policies[i].name, &summary);
    }
    if (!(s->env.tire > 0.0f)) {
        return 0.0f;
    }
    const int32_t n_grid = n_sessions < 500 ? n_sessions : 500;
    const uint64_t grid_seed = text_mix_seed(seed, 4);
    play_policy patient = {.name = "patient", .chooser = RR_CHOOSER_PATIENT};
    patient.parameter = play_best_patience(w, &s->env, grid_seed, WORLD_TEST, n_grid);
    play_sessions(&summary, &patient, w, &s->env, seed, WORLD_TEST, n_sessions);
    table_add(t, patient.name, &summary);
    return patient.parameter;
}

static void open_world(world *w, const options *o, const run_origin *origin, const settings *s)
{
    const char *data = origin->data[0] != '\0' ? origin->data : NULL;
    const char *vectors = origin->vectors[0] != '\0' ? origin->vectors : NULL;
    if (o->vectors != NULL && vectors == NULL) {
        text_fail("--vectors is \"%s\", but the checkpoint was made with fitted ones", o->vectors);
    }
    const world_source from = {
        .spec = origin->world,
        .data = o->data != NULL ? o->data : data,
        .vectors = o->vectors != NULL ? o->vectors : vectors,
        .memory_limit =
            o->memory_limit != NULL ? text_parse_bytes("--memory-limit", o->memory_limit) : 0,
        .is_remembered = o->data == NULL};
    world_open(w, &from, s);
}

int main(int argc, char **argv)
{
    text_set_program("evaluate");
    static options o;
    static flags_fields fields;
    static settings s;
    static run_origin origin;
    read_options(&o, &fields, argc, argv);
    char standard[64];
    snprintf(standard, sizeof standard, "checkpoints/%s.safetensors",
             o.algo != NULL ? o.algo : "ppo");
    const char *path = o.checkpoint != NULL ? o.checkpoint : standard;
    read_settings(&s, &origin, path, &o, &fields);
    const int64_t n_sessions =
        o.sessions != NULL ? text_parse_count("--sessions", o.sessions) : 1000;
    if (n_sessions < 1 || n_sessions > 10000000) {
        text_fail("--sessions is %lld; it must be in [1, 10000000]", (long long)n_sessions);
    }
    const uint64_t seed =
        text_mix_seed(o.seed != NULL ? (uint64_t)text_parse_count("--seed", o.seed) : 0, 5);

    world w;
    open_world(&w, &o, &origin, &s);
    rr_agent *agent = load_agent(&s, &w, path);
    table_rows t = {.config = &s.env};
    const float beta = play_all(&t, &s, &w, agent, seed, (int32_t)n_sessions);
    if (o.is_json) {
        json j;
        json_begin(&j, stdout);
        json_string(&j, "algo", flags_algo_name(s.algo));
        json_string(&j, "world", w.name);
        json_string(&j, "checkpoint", path);
        json_count(&j, "timesteps", rr_agent_timesteps(agent));
        json_count(&j, "sessions", n_sessions);
        json_number(&j, "beta", s.env.tire > 0.0f ? (double)beta : (double)NAN);
        table_write_json(&j, &t);
        json_end(&j);
    } else {
        printf(
            "%s: %s after %s timesteps in the %s world; %s sessions of users never trained on\n\n",
            path, flags_algo_name(s.algo), text_count(rr_agent_timesteps(agent)), w.name,
            text_count(n_sessions));
        table_print(stdout, &t);
        if (!o.is_quiet) {
            table_explain(stdout, &t, beta);
        }
    }
    rr_agent_destroy(agent);
    world_close(&w);
    return EXIT_SUCCESS;
}
