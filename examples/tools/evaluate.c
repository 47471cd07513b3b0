/* SPDX-License-Identifier: MIT */
/* evaluate: a trained policy beside others, in the same sessions of users that it was never trained
 * on. */
#include <math.h>
#include <stdlib.h>
#include <string.h>

#include "driver/bandits.h"
#include "driver/factors.h"
#include "driver/flags.h"
#include "driver/help.h"
#include "driver/output.h"
#include "driver/presets.h"
#include "driver/run.h"
#include "driver/run_folder.h"
#include "driver/screen.h"
#include "driver/table.h"
#include "driver/text.h"
#include "driver/versus.h"
#include "driver/yardstick.h"

typedef struct options {
    const char *algo, *checkpoint, *against, *world, *data, *sessions, *seed;
    const char *vectors, *memory_limit, *bandits, *runs;
    bool is_json, is_quiet;
} options;

static const char *const explanation =
    "World and configs are read from the checkpoint. Each policy plays the same sessions: of "
    "random users of another seed than the training's, or, in a world learned from interactions, "
    "of the 20 % of users that were held back. Fields of the env config may be changed, to see the "
    "policy in a changed world; what is not given is as the checkpoint has it, whatever default "
    "stands below. Without flags these are the sessions in which train and report judge too: one "
    "checkpoint, one figure. docs/evaluation.md";

static void read_options(options *o, flags_fields *fields, int argc, char **argv)
{
    memset(o, 0, sizeof *o);
    const flags_option table[] = {
        {"algo", flags_algo_names(), "which of checkpoints/<algo>.safetensors", &o->algo, NULL},
        {"checkpoint", "RUN", "a run's name, its folder or a file; the word need not be said",
         &o->checkpoint, NULL},
        {"against", "RUN", "compare with this one, session by session", &o->against, NULL},
        flags_row_runs(&o->runs),
        {"world", "WORLD", "the checkpoint's own; another one is refused", &o->world, NULL},
        {"data", "PATH", "where the interactions are now", &o->data, NULL},
        {"vectors", "FILE.npy", "where vectors that were given to train are now", &o->vectors,
         NULL},
        flags_row_memory_limit(&o->memory_limit),
        {"sessions", "N", "sessions of each policy (default 1000)", &o->sessions, NULL},
        {"seed", "S", "of the users and of the draws (default 0)", &o->seed, NULL},
        flags_row_bandits(&o->bandits),
        {"json", NULL, "one line of JSON instead of the table", NULL, &o->is_json},
        {"quiet", NULL, "the table without the sentences", NULL, &o->is_quiet}};
    static const int32_t kinds[] = {RR_CONFIG_ENV, -1};
    const help_page page = {.name = "evaluate",
                            .summary = "a trained policy beside others, in the same sessions",
                            .usage = "RUN [--against RUN] [--FLAG …]",
                            .first = "RUN, --against, --sessions, --seed, --json",
                            .example = "first --against second",
                            .options = table,
                            .n_options = (int)(sizeof table / sizeof table[0]),
                            .text = explanation,
                            .kinds = kinds};
    const char *word = NULL;
    flags_words words = {.at = &word, .most = 1};
    help_read(&page, fields, &words, argc, argv);
    if (word != NULL && o->checkpoint != NULL) {
        text_fail("\"%s\" and --checkpoint %s are both given; one run is evaluated (--against "
                  "RUN compares it with another)",
                  word, o->checkpoint);
    }
    o->checkpoint = word != NULL ? word : o->checkpoint;
    if (o->algo == NULL && o->checkpoint == NULL) {
        text_fail("no run was given: evaluate RUN, or --algo NAME (see --help)");
    }
}

/* One checkpoint. */
typedef struct side {
    char path[4096];
    settings s;
    run_origin origin;
    rr_agent *agent;
} side;

static void find(side *c, const options *o, const char *flag, const char *what)
{
    char folder[RUN_FOLDER_PATH];
    run_folder_find(c->path, folder, o->runs != NULL ? o->runs : "runs", flag, what);
}

/* Settings of the checkpoint, and changes of its world. */
static void read_settings(side *c, const options *o, const flags_fields *fields)
{
    run_read_settings(&c->s, &c->origin, c->path);
    if (o->world != NULL && strcmp(o->world, c->origin.world) != 0) {
        text_fail("--world is %s, but %s was made in %s", o->world, c->path, c->origin.world);
    }
    for (int i = 0; i < fields->n; i++) {
        const char *field = fields->at[i].field;
        if (settings_field_index(RR_CONFIG_ENV, field) < 0) {
            text_fail("--%s is not a field of the world", fields->at[i].name);
        }
        settings_give(&c->s, RR_CONFIG_ENV, field, fields->at[i].value);
    }
    settings_make_room(&c->s);
}

/* The agent as it was trained; its own environment only brings the catalogue. */
static void load_agent(side *c, const world *w)
{
    rr_error err;
    rr_env_config config = c->s.env;
    config.n_envs = 1;
    rr_env *env = world_env(w, &config, 0, WORLD_TRAIN);
    c->agent = run_create_agent(&c->s, rr_env_items(env));
    rr_checkpoint trained = {.struct_size = sizeof trained, .agent = c->agent};
    run_require_loaded(rr_checkpoint_load(&trained, c->path, &err), &err, c->path, &c->origin, w);
    rr_env_destroy(env);
}

static void play_one(table_rows *t, const play_policy *policy, const settings *s, const world *w,
                     uint64_t seed, int32_t n_sessions)
{
    rr_metrics_summary summary;
    play_watch watch = {.of = t->of};
    play_watched(&summary, &watch, policy, w, &s->env, seed, WORLD_TEST, n_sessions);
    table_add(t, policy->name, &summary, watch.parts);
}

/* Linear learners, each on n_rows decisions of its own. */
static void play_bandits(table_rows *t, const side *c, const world *w, uint64_t seed,
                         int32_t n_sessions, const char *asked)
{
    const int64_t n_rows = flags_count("--bandits", asked, 1, 1000000000, 0);
    for (int32_t bandit = 0; asked != NULL && bandit < BANDITS; bandit++) {
        play_policy policy = {.name = bandits_name(bandit)};
        policy.bandit = bandits_train(bandit, w, &c->s, n_rows);
        play_one(t, &policy, &c->s, w, seed, n_sessions);
        rr_bandit_destroy(policy.bandit);
    }
}

static float play_all(table_rows *t, const side *c, const world *w, uint64_t seed,
                      int32_t n_sessions)
{
    const settings *s = &c->s;
    const play_policy own[] = {
        {.name = yardstick_policy_name(YARDSTICK_SAMPLED), .agent = c->agent},
        {.name = yardstick_policy_name(YARDSTICK_GREEDY), .agent = c->agent, .is_greedy = true}};
    play_one(t, &own[0], s, w, seed, n_sessions);
    play_one(t, &own[1], s, w, seed, n_sessions);
    const float patience = yardstick_patience(w, &s->env, seed, n_sessions);
    for (int i = YARDSTICK_RANDOM; i < YARDSTICK_POLICIES; i++) {
        if (i != YARDSTICK_PATIENT || yardstick_is_leaving(&s->env)) {
            const play_policy other = yardstick_chooser(i, patience);
            play_one(t, &other, s, w, seed, n_sessions);
        }
    }
    return patience;
}

/* What both kinds of evaluation have in common. */
typedef struct scene {
    world w;
    uint64_t seed;
    int32_t n_sessions;
} scene;

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
        .reading = &origin->reading,
        .memory_limit =
            o->memory_limit != NULL ? text_parse_bytes("--memory-limit", o->memory_limit) : 0,
        .is_remembered = o->data == NULL};
    world_open(w, &from, s);
}

static void open_scene(scene *e, const side *c, const options *o)
{
    const int64_t n_sessions = flags_count("--sessions", o->sessions, 1, 10000000, 0);
    e->seed = play_seed(o->seed != NULL ? (uint64_t)text_parse_count("--seed", o->seed)
                                        : PRESETS_EVALUATION_SEED);
    open_world(&e->w, o, &c->origin, &c->s);
    e->n_sessions = n_sessions > 0 ? (int32_t)n_sessions : play_default_sessions(e->w.n_items);
}

static void begin_json(json *j, const side *c, const scene *e)
{
    json_begin(j, stdout);
    json_string(j, "algo", flags_algo_name(c->s.algo));
    json_string(j, "world", e->w.name);
    if (e->w.path[0] != '\0') {
        data_file_write_json(j, &e->w.told);
    }
    json_string(j, "checkpoint", c->path);
    json_count(j, "timesteps", rr_agent_timesteps(c->agent));
    json_count(j, "sessions", e->n_sessions);
}

static void evaluate(const side *c, const scene *e, const options *o)
{
    segments of;
    segments_open(&of, &e->w);
    table_rows t = {.config = &c->s.env, .of = &of};
    factors_table ranking = {0};
    const float beta = play_all(&t, c, &e->w, e->seed, e->n_sessions);
    play_bandits(&t, c, &e->w, e->seed, e->n_sessions, o->bandits);
    if (e->w.parts[0] != NULL) {
        factors_add_agent(&ranking, &e->w, &c->s, c->agent);
        factors_add_others(&ranking, &e->w, &c->s);
    }
    if (o->is_json) {
        json j;
        begin_json(&j, c, e);
        json_number(&j, "beta", yardstick_is_leaving(&c->s.env) ? (double)beta : (double)NAN);
        table_write_json(&j, &t);
        factors_write_json(&j, &ranking);
        json_end(&j);
    } else {
        screen_paragraph(
            stdout, 0,
            "%s: %s after %s decisions in the %s world; %s sessions of users never trained on",
            c->path, flags_algo_name(c->s.algo), text_count(rr_agent_timesteps(c->agent)),
            e->w.name, text_count(e->n_sessions));
        fputc('\n', stdout);
        table_print(stdout, &t);
        factors_print(stdout, &ranking);
        if (!o->is_quiet) {
            table_explain(stdout, &t, beta);
        }
        factors_explain(stdout, &ranking);
    }
    segments_close(&of);
}

static void compare(const side *a, const side *b, const scene *e, const options *o)
{
    versus_row rows[VERSUS_ROWS];
    versus_play(rows, a->agent, b->agent, &e->w, &a->s.env, e->seed, e->n_sessions);
    if (o->is_json) {
        json j;
        begin_json(&j, a, e);
        json_string(&j, "against", b->path);
        versus_write_json(&j, rows);
        json_end(&j);
        return;
    }
    const side *both[] = {a, b};
    for (int i = 0; i < 2; i++) {
        printf("%c: %s, %s after %s decisions\n", "AB"[i], both[i] -> path,
               flags_algo_name(both[i]->s.algo), text_count(rr_agent_timesteps(both[i]->agent)));
    }
    printf("%s world; the same %s sessions of users never trained on\n\n", e->w.name,
           text_count(e->n_sessions));
    versus_print(stdout, rows);
    if (!o->is_quiet) {
        versus_explain(stdout, rows);
    }
}

int main(int argc, char **argv)
{
    text_set_program("evaluate");
    output_begin();
    static options o;
    static flags_fields fields;
    static side a, b;
    static scene e;
    char standard[64];
    read_options(&o, &fields, argc, argv);
    snprintf(standard, sizeof standard, "checkpoints/%s.safetensors",
             o.algo != NULL ? o.algo : "ppo");
    find(&a, &o, "--checkpoint", o.checkpoint != NULL ? o.checkpoint : standard);
    read_settings(&a, &o, &fields);
    if (o.algo != NULL && flags_algo(o.algo) != a.s.algo) {
        text_fail("--algo is %s, but %s was made with %s", o.algo, a.path,
                  flags_algo_name(a.s.algo));
    }
    if (o.against != NULL) {
        find(&b, &o, "--against", o.against);
        read_settings(&b, &o, &fields);
        versus_require_same(a.path, &a.s, &a.origin, b.path, &b.s, &b.origin);
    }
    open_scene(&e, &a, &o);
    /* A draw is a function of (seed, decision): where they trained with different seeds, both play
     * with another one. */
    if (o.against != NULL && a.s.agent.seed != b.s.agent.seed) {
        a.s.agent.seed = b.s.agent.seed = e.seed;
    }
    load_agent(&a, &e.w);
    if (o.against != NULL) {
        load_agent(&b, &e.w);
        compare(&a, &b, &e, &o);
    } else {
        evaluate(&a, &e, &o);
    }
    rr_agent_destroy(a.agent);
    rr_agent_destroy(b.agent);
    world_close(&e.w);
    return EXIT_SUCCESS;
}
