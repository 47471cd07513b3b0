/* SPDX-License-Identifier: MIT */
#include "train_options.h"

#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "about.h"
#include "flags_file.h"
#include "help.h"
#include "output.h"
#include "presets.h"
#include "reward_scale.h"
#include "seeds.h"
#include "text.h"
#include "vectors.h"

static const int32_t kinds[] = {RR_CONFIG_TRAIN, RR_CONFIG_ENV,    RR_CONFIG_AGENT,
                                RR_CONFIG_PPO,   RR_CONFIG_A2C,    RR_CONFIG_REINFORCE,
                                RR_CONFIG_ALS,   RR_CONFIG_HEALTH, -1};

static const char *const explanation =
    "Timesteps are decisions, and round up to whole rollouts (n_envs x n_steps). --seed sets the "
    "seeds of world, sessions and agent; --world-seed, --env-seed and --agent-seed set one alone. "
    "The learning rate falls to 0 over the run; --planned-updates 0 keeps it constant. Widths and "
    "the sizes of agent and buffer follow from the world unless given.\n\n"
    "Ctrl-C, SIGTERM and SIGHUP save and exit with status 0; a second Ctrl-C ends at once and "
    "keeps what was saved last. --resume goes on from there as if nothing had happened: the run's "
    "log goes on, and its checkpoints are replaced. What cannot be written is said at once; the "
    "run goes on, and ends with status 1. docs/runs.md\n\n"
    "At the end the sampled policy plays sessions of users that it was never trained on, and its "
    "reward stands beside that of the one-step oracle in the same sessions; with the leave rule "
    "its return of a session beside that of the patient play. The share shown during training "
    "compares with that play in a second world of the same settings, whose users are others. The "
    "run ends with a verdict in words and writes its page, report.html, in its folder.";

void train_options_read(train_options *o, flags_fields *fields, int argc, char **argv)
{
    memset(o, 0, sizeof *o);
    const flags_option table[] = {
        {"", NULL, "What to train", NULL, NULL},
        {"algo", flags_algo_names(), "the algorithm; required unless --resume tells", &o->algo,
         NULL},
        {"world", "WORLD", "synthetic (default), tiring, movielens, or a file of interactions",
         &o->world, NULL},
        {"", NULL, "Data", NULL, NULL},
        {"data", "PATH", "where MovieLens is, a file or its folder", &o->data, NULL},
        flags_row_memory_limit(&o->memory_limit),
        {"columns", "user=C,item=C,…",
         "columns of FILE by name or number: user, item, rating, time, position, propensity",
         &o->columns, NULL},
        {"separator", "S", "of FILE's columns: tab, comma, semicolon, blanks, or itself",
         &o->separator, NULL},
        {"header", "yes|no", "whether FILE's first line names the columns (default: it is seen)",
         &o->header, NULL},
        {"quotes", "yes|no", "whether quotes hold FILE's fields together (default yes)", &o->quotes,
         NULL},
        {"comment", "C", "lines of FILE that begin with it are none; none: all are", &o->comment,
         NULL},
        {"skip-incomplete", NULL, "skip rows of FILE in which a field that counts is empty", NULL,
         &o->skips_incomplete},
        {"positive", "RULE", "interactions that count as liked, as 'rating>=4'", &o->positive,
         NULL},
        {"vectors", "FILE.npy", "vectors of items, and of users in FILE.users.npy, not fitted ones",
         &o->vectors, NULL},
        {"save-vectors", "FILE.npy", "write the world's vectors to such files", &o->save_vectors,
         NULL},
        {"", NULL, "Where the run is kept", NULL, NULL},
        {"name", "NAME",
         "the run's folder, runs/NAME (default: algorithm, world, what differs, seed; numbered)",
         &o->name, NULL},
        flags_row_runs(&o->runs),
        {"overwrite", NULL, "replace the run of that name", NULL, &o->is_overwrite},
        {"resume", "RUN", "go on with a run: its name, its folder, or a checkpoint", &o->resume,
         NULL},
        {"checkpoint", "FILE",
         "save here too (the folder has a checkpoint anyhow; at the end, checkpoints/<algo>…)",
         &o->checkpoint, NULL},
        {"checkpoint-seconds", "S", "save every S seconds on the way (default 60; 0: not by time)",
         &o->checkpoint_seconds, NULL},
        {"checkpoint-every", "N", "save every N updates too", &o->checkpoint_every, NULL},
        {"no-checkpoint", NULL, "save nothing, neither on the way nor at the end", NULL,
         &o->has_no_checkpoint},
        {"", NULL, "How it runs", NULL, NULL},
        {"stop-after", "N", "stop and save once N timesteps of the run are behind", &o->stop_after,
         NULL},
        {"reward-scale", "X",
         "tell the agent rewards times X; what is printed stays in the world's unit",
         &o->reward_scale, NULL},
        {"seeds", "A-B", "one run a seed, in parallel, named NAME-SEED (or a list: 3,5,8)",
         &o->seeds, NULL},
        {"jobs", "N", "runs at a time with --seeds (default: the processors)", &o->jobs, NULL},
        {"config", "FILE", "flags from a file, one a line, in front of those given here", NULL,
         NULL},
        {"dump-config", NULL, "print the run's flags as such a file, and stop", NULL, &o->is_dump},
        {"", NULL, "What it tells", NULL, NULL},
        {"no-report", NULL, "do not write runs/NAME/report.html", NULL, &o->has_no_report},
        {"tensorboard", NULL, "write TensorBoard's event files beside the log", NULL,
         &o->has_board},
        {"json", NULL, "end with one line of JSON", NULL, &o->is_json},
        {"quiet", NULL, "print nothing but errors and JSON", NULL, &o->is_quiet}};
    char usage[256];
    snprintf(usage, sizeof usage, "--algo %s [--world synthetic|tiring|movielens|FILE] [--FLAG …]",
             flags_algo_names());
    const help_page page = {
        .name = "train",
        .summary = "trains a recommender in a simulated world",
        .usage = usage,
        .first = "--algo, --world, --total-timesteps, --seed, --name",
        .example = "--algo ppo --world tiring --total-timesteps 200000 --seed 1 --name first",
        .options = table,
        .n_options = (int)(sizeof table / sizeof table[0]),
        .text = explanation,
        .kinds = kinds,
        .has_presets = true};
    argv = flags_file_expand(&argc, argv);
    help_read(&page, fields, NULL, argc, argv);
    if (o->algo == NULL && o->resume == NULL) {
        text_fail("--algo is missing: %s (see --help)", flags_algo_names());
    }
    if (o->has_no_checkpoint && o->checkpoint != NULL) {
        text_fail("--no-checkpoint and --checkpoint are both given; they contradict each other");
    }
    o->runs = o->runs != NULL ? o->runs : "runs";
    if (o->name != NULL) {
        run_folder_require_name(o->name);
    }
    if (o->resume != NULL) {
        run_folder_find(o->from, o->from_folder, o->runs, "--resume", o->resume);
    } else if (o->seeds == NULL && !o->is_dump) {
        run_folder_require_free(&(run_folder_wish){o->runs, o->name, o->is_overwrite});
    }
}

static void take_vectors(run_origin *origin, const train_options *o)
{
    if (o->vectors != NULL && strlen(o->vectors) >= sizeof origin->vectors) {
        text_fail("the path of the vectors is too long");
    }
    if (o->vectors != NULL) {
        strcpy(origin->vectors, o->vectors);
    }
}

/* How the file is read is the run's for all its life. */
static void take_reading(run_origin *origin, const train_options *o)
{
    data_options given;
    memset(&given, 0, sizeof given);
    const struct {
        const char *flag, *value;
    } all[] = {{"columns", o->columns},
               {"separator", o->separator},
               {"header", o->header},
               {"quotes", o->quotes},
               {"comment", o->comment},
               {"positive", o->positive},
               {"skip-incomplete", o->skips_incomplete ? "yes" : NULL}};
    for (size_t i = 0; i < sizeof all / sizeof all[0]; i++) {
        if (all[i].value != NULL) {
            data_options_set(&given, all[i].flag, all[i].value);
        }
    }
    if (o->resume != NULL) {
        data_options_require_same(&given, &origin->reading);
    } else {
        origin->reading = given;
    }
}

/* A run's unit of rewards is one for all its life. */
static void take_reward_scale(run_origin *origin, const train_options *o)
{
    if (o->reward_scale == NULL) {
        return;
    }
    const char *const own = origin->reward_scale[0] != '\0' ? origin->reward_scale : "1";
    const float scale = reward_scale_parse(o->reward_scale);
    if (strlen(o->reward_scale) >= sizeof origin->reward_scale) {
        text_fail("--reward-scale is \"%s\"; it must be a shorter number", o->reward_scale);
    }
    if (o->resume != NULL && scale != reward_scale_parse(own)) {
        text_fail("--reward-scale is %s, but the checkpoint was made with %s", o->reward_scale,
                  own);
    }
    strcpy(origin->reward_scale, o->reward_scale);
}

/* The widths follow from those of the vectors unless they are given. */
static void fit_vectors(settings *s, const char *path)
{
    char value[16];
    if (!settings_is_given(s, RR_CONFIG_ENV, "state_dim") &&
        !settings_is_given(s, RR_CONFIG_ALS, "num_factors")) {
        snprintf(value, sizeof value, "%d", (int)(vectors_width(path) - 2));
        settings_give(s, RR_CONFIG_ALS, "num_factors", value);
    }
}

static void begin_settings(settings *s, run_origin *origin, const train_options *o,
                           const flags_fields *fields)
{
    const char *spec = o->world != NULL ? o->world : "synthetic";
    memset(origin, 0, sizeof *origin);
    if (strlen(spec) >= sizeof origin->world ||
        (o->data != NULL && strlen(o->data) >= sizeof origin->data)) {
        text_fail("the path of the world is too long");
    }
    strcpy(origin->world, spec);
    strcpy(origin->data, o->data != NULL ? o->data : "");
    take_vectors(origin, o);
    take_reward_scale(origin, o);
    take_reading(origin, o);
    const char *head = flags_value(fields, "head");
    settings_init(s, spec, head != NULL ? head : "tower", flags_algo(o->algo));
    flags_apply(fields, s);
    if (o->vectors != NULL && s->is_learned) {
        fit_vectors(s, o->vectors);
    }
    settings_derive(s);
}

static void resume_settings(settings *s, run_origin *origin, const train_options *o,
                            const flags_fields *fields)
{
    static const char *const free_fields[] = {"num_threads", "worker_spin_us", "total_timesteps",
                                              "log_interval", NULL};
    run_read_settings(s, origin, o->from);
    take_vectors(origin, o);
    take_reward_scale(origin, o);
    take_reading(origin, o);
    if (o->algo != NULL && flags_algo(o->algo) != s->algo) {
        text_fail("--algo is %s, but the checkpoint was made with %s", o->algo,
                  flags_algo_name(s->algo));
    }
    if (o->world != NULL && strcmp(o->world, origin->world) != 0) {
        text_fail("--world is %s, but the checkpoint was made in %s", o->world, origin->world);
    }
    flags_apply_to_checkpoint(fields, s, free_fields);
    const int64_t planned = s->agent.planned_updates;
    if (planned > 0 && settings_planned_updates(s) > planned) {
        text_fail("--total-timesteps %lld is more than the run's plan, at whose end its learning "
                  "rate is 0;"
                  " begin a new run, or plan it with --planned-updates",
                  (long long)s->train.total_timesteps);
    }
    settings_derive_buffer(s);
}

void train_options_settings(settings *s, run_origin *origin, const train_options *o,
                            const flags_fields *fields)
{
    if (o->resume != NULL) {
        resume_settings(s, origin, o, fields);
    } else {
        begin_settings(s, origin, o, fields);
    }
}

/* Whether a folder has the run that goes on, at an earlier or a later point. */
static bool has_run_of(const char *folder, const train_options *o)
{
    char own[4096];
    run_folder_checkpoint(own, folder);
    return access(own, F_OK) == 0 && run_is_same_recipe(own, o->from);
}

/* Where the run that goes on has its folder; "": it has none. */
static void find_folder(char folder[RUN_FOLDER_PATH], const train_options *o,
                        const run_origin *origin)
{
    const char *name = o->name != NULL ? o->name : origin->name;
    folder[0] = '\0';
    if (o->name == NULL && o->from_folder[0] != '\0') {
        strcpy(folder, o->from_folder);
    } else if (name[0] != '\0') {
        run_folder_require_name(name); /* a checkpoint may be anyone's */
        text_path(folder, RUN_FOLDER_PATH, o->runs, name);
        if (!has_run_of(folder, o)) {
            folder[0] = '\0';
        }
    } else if (!run_folder_of(folder, o->runs, o->from)) {
        folder[0] = '\0';
    }
}

/* The file to which the run was saved beside its folder, unless it is another run's by now. */
static void find_other(char other[4096], const train_place *place, const train_options *o)
{
    char path[4096];
    about a;
    text_path(path, sizeof path, place->folder.path, "about.txt");
    if (access(path, F_OK) != 0) {
        return;
    }
    about_read(&a, path);
    if (strcmp(a.checkpoint, place->own) == 0) {
        return;
    }
    if (access(a.checkpoint, F_OK) == 0 && !run_is_same_recipe(a.checkpoint, o->from)) {
        output_say("%s, to which this run was saved too, has another run by now and is left alone",
                   a.checkpoint);
        return;
    }
    snprintf(other, 4096, "%s", a.checkpoint);
}

static void find_checkpoints(train_place *place, const train_options *o, const settings *s)
{
    run_folder_checkpoint(place->own, place->folder.path);
    place->other[0] = '\0';
    place->latest[0] = '\0';
    if (o->has_no_checkpoint) {
        return;
    }
    if (o->checkpoint != NULL || (o->resume != NULL && o->from_folder[0] == '\0')) {
        const char *path = o->checkpoint != NULL ? o->checkpoint : o->from;
        if (strlen(path) >= sizeof place->other) {
            text_fail("%s: the path is too long", path);
        }
        strcpy(place->other, path);
    } else if (place->folder.is_continued) {
        find_other(place->other, place, o);
    }
    if (strcmp(place->other, place->own) == 0) {
        place->other[0] = '\0';
    } else if (place->other[0] != '\0') {
        text_require_writable(place->other);
    }
    if (place->other[0] == '\0') {
        const char *slash = strrchr(place->folder.path, '/');
        const char *name = o->is_of_batch ? slash + 1 : flags_algo_name(s->algo);
        snprintf(place->latest, sizeof place->latest, "checkpoints/%s.safetensors", name);
        text_require_writable(place->latest);
    }
}

void train_options_place(train_place *place, const train_options *o, run_origin *origin,
                         const settings *s)
{
    char default_name[256];
    char folder[RUN_FOLDER_PATH] = "";
    if (o->resume != NULL) {
        find_folder(folder, o, origin);
    }
    if (o->name != NULL) {
        strcpy(origin->name, o->name);
    }
    if (folder[0] != '\0') {
        run_folder_continue(&place->folder, folder);
    } else {
        const run_folder_wish wish = {.runs = o->runs,
                                      .name = origin->name[0] != '\0' ? origin->name : NULL,
                                      .is_overwrite = o->is_overwrite};
        run_folder_default_name(default_name, s, origin);
        run_folder_create(&place->folder, &wish, default_name);
    }
    find_checkpoints(place, o, s);
}

void train_options_run_seeds(train_options *o, flags_fields *fields)
{
    static uint64_t seeds[SEEDS_MOST];
    static char name[256];
    static char value[32];
    if (o->resume != NULL || o->checkpoint != NULL) {
        text_fail("--seeds names its runs and checkpoints by --name and seed; it takes neither "
                  "--resume nor --checkpoint");
    }
    if (o->world != NULL && world_is_pipe(o->data != NULL ? o->data : o->world)) {
        text_fail("--seeds reads its world once a seed, and --world is \"%s\", which can be read "
                  "once; it must be a file",
                  o->world);
    }
    const int n = seeds_parse(seeds, o->seeds);
    const int64_t jobs = o->jobs != NULL ? text_parse_count("--jobs", o->jobs) : 0;
    for (int i = 0; o->name != NULL && i < n; i++) {
        snprintf(name, sizeof name, "%s-%llu", o->name, (unsigned long long)seeds[i]);
        run_folder_require_name(name);
        run_folder_require_free(&(run_folder_wish){o->runs, name, o->is_overwrite});
    }
    const uint64_t seed =
        seeds_run(seeds, n, jobs < 1024 ? (int)jobs : 1024, o->is_json, o->is_quiet);
    if (o->name != NULL) {
        snprintf(name, sizeof name, "%s-%llu", o->name, (unsigned long long)seed);
        o->name = name;
    }
    snprintf(value, sizeof value, "%llu", (unsigned long long)seed);
    o->is_of_batch = true;
    o->is_quiet = o->is_json = true;
    flags_add(fields, "seed", value);
}

void train_options_dump(const settings *s, const run_origin *origin)
{
    printf("# train --config FILE: one flag a line. \"# follows\": from others, unless given.\n");
    printf("algo %s\nworld %s\n", flags_algo_name(s->algo), origin->world);
    if (origin->data[0] != '\0') {
        printf("data %s\n", origin->data);
    }
    if (origin->vectors[0] != '\0') {
        printf("vectors %s\n", origin->vectors);
    }
    if (origin->reward_scale[0] != '\0') {
        printf("reward-scale %s\n", origin->reward_scale);
    }
    data_options_write(stdout, &origin->reading);
    flags_file_write(stdout, s);
}
