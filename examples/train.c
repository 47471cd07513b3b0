/* SPDX-License-Identifier: MIT */
/* train: trains an agent in a world, through recrl.h alone. `train --help` says how. */
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "driver/about.h"
#include "driver/flags.h"
#include "driver/json.h"
#include "driver/log.h"
#include "driver/play.h"
#include "driver/presets.h"
#include "driver/progress.h"
#include "driver/run.h"
#include "driver/text.h"

typedef struct options {
    const char *algo, *world, *data, *name, *resume, *checkpoint, *stop_after;
    bool is_json, is_quiet, is_help;
} options;

static volatile sig_atomic_t is_interrupted = 0;

static void interrupt(int signal_number)
{
    (void)signal_number;
    is_interrupted = 1;
}

/* The first signal ends the run after its rollout; a second one ends the process. */
static void catch_signals(void)
{
    struct sigaction action;
    memset(&action, 0, sizeof action);
    action.sa_handler = interrupt;
    action.sa_flags = (int)SA_RESETHAND;
    sigemptyset(&action.sa_mask);
    sigaction(SIGINT, &action, NULL);
    sigaction(SIGTERM, &action, NULL);
}

static void print_help(const flags_option *table, int n)
{
    static const int32_t kinds[] = {RR_CONFIG_TRAIN,
                                    RR_CONFIG_ENV,
                                    RR_CONFIG_AGENT,
                                    RR_CONFIG_PPO,
                                    RR_CONFIG_A2C,
                                    RR_CONFIG_ALS,
                                    -1};
    printf(
        "train --algo ppo|a2c [--total-timesteps N] [--world drawn|tiring|movielens|FILE] …\n\n");
    flags_print_options(stdout, table, n);
    printf("\n"
           "Timesteps are decisions, and round up to whole rollouts (n_envs x n_steps). --seed "
           "sets the seeds\n"
           "of world, sessions and agent; --world-seed, --env-seed and --agent-seed set one alone. "
           "The learning\n"
           "rate falls to 0 over the run; --planned-updates 0 keeps it constant. Widths and the "
           "sizes of agent\n"
           "and buffer follow from the world unless given.\n"
           "\n"
           "Ctrl-C finishes the rollout, saves, and exits with status 0; --resume goes on from "
           "there as if\n"
           "nothing had happened: it continues the run's log and replaces FILE, unless --name and "
           "--checkpoint\n"
           "say otherwise. At the end the sampled policy plays sessions of users that it was never "
           "trained\n"
           "on, and its reward stands beside that of the best known play in the same sessions\n"
           "(reward_per_step, oracle_share). The share shown during training is against that play "
           "on a twin of\n"
           "the training world. With the leave rule shares compare returns of sessions, and the "
           "best known\n"
           "play is myopic: it can be beaten.\n");
    presets_print_all(stdout);
    flags_print_tables(stdout, kinds);
}

static void read_options(options *o, flags_fields *fields, int argc, char **argv)
{
    memset(o, 0, sizeof *o);
    const flags_option table[] = {
        {"algo", "ppo|a2c", "the algorithm; required unless --resume tells", &o->algo, NULL},
        {"world", "WORLD", "drawn (default), tiring, movielens, or a file of interactions",
         &o->world, NULL},
        {"data", "PATH", "where MovieLens is, a file or its folder", &o->data, NULL},
        {"name", "NAME", "log in runs/NAME/ (default <algo>-<world>-<seed>, or the resumed run's)",
         &o->name, NULL},
        {"checkpoint", "FILE",
         "what to save (default checkpoints/<algo>.safetensors, or what --resume names)",
         &o->checkpoint, NULL},
        {"resume", "FILE", "go on with a run from its checkpoint", &o->resume, NULL},
        {"stop-after", "N", "stop and save once N timesteps of the run are behind", &o->stop_after,
         NULL},
        {"json", NULL, "end with one line of JSON", NULL, &o->is_json},
        {"quiet", NULL, "print nothing but errors and JSON", NULL, &o->is_quiet},
        {"help", NULL, "this text", NULL, &o->is_help}};
    const int n = (int)(sizeof table / sizeof table[0]);
    flags_parse(fields, table, n, argc, argv);
    if (o->is_help) {
        print_help(table, n);
        exit(EXIT_SUCCESS);
    }
    if (o->algo == NULL && o->resume == NULL) {
        text_fail("--algo is missing: ppo or a2c (see --help)");
    }
}

static void begin_settings(settings *s, run_origin *origin, const options *o,
                           const flags_fields *fields)
{
    const char *spec = o->world != NULL ? o->world : "drawn";
    memset(origin, 0, sizeof *origin);
    if (strlen(spec) >= sizeof origin->world ||
        (o->data != NULL && strlen(o->data) >= sizeof origin->data)) {
        text_fail("the path of the world is too long");
    }
    strcpy(origin->world, spec);
    strcpy(origin->data, o->data != NULL ? o->data : "");
    const char *head = flags_value(fields, "head");
    settings_init(s, spec, head != NULL ? head : "tower", flags_algo(o->algo));
    flags_apply(fields, s);
    settings_derive(s);
}

static void resume_settings(settings *s, run_origin *origin, const options *o,
                            const flags_fields *fields)
{
    static const char *const free_fields[] = {"num_threads", "total_timesteps", "log_interval",
                                              NULL};
    run_read_settings(s, origin, o->resume);
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

static void announce(const options *o, const settings *s, const world *w)
{
    if (o->is_quiet) {
        return;
    }
    printf("%s in the %s world: %s items, %d sessions side by side, rollouts of %s decisions\n",
           flags_algo_name(s->algo), w->name, text_count(w->n_items), (int)s->env.n_envs,
           text_count(settings_rollout(s)));
    printf("preset: ");
    presets_print(stdout, w->name, s->agent.head == RR_HEAD_DENSE ? "dense" : "tower", s->algo);
    printf(" (--help has all fields)\n");
    if (w->path[0] != '\0') {
        printf("%s: %s interactions; %s users to train on, %s held back for evaluation\n", w->path,
               text_count(w->n_interactions), text_count(w->n_users[WORLD_TRAIN]),
               text_count(w->n_users[WORLD_TEST]));
        printf("factors: rmse %.4f on what they were fitted to; fitted to 90 %%, %.4f on the other "
               "10 %%\n",
               w->train_rmse, world_holdout_rmse(w, s));
    }
    fflush(stdout);
}

/* What a policy earns on sessions of its own. */
static rr_metrics_summary measure(const play_policy *policy, const settings *s, const world *w,
                                  uint64_t seed, int part)
{
    rr_metrics_summary summary;
    play_sessions(&summary, policy, w, &s->env, seed, part, play_quick_sessions(w->n_items));
    return summary;
}

/* The updates of this process; returns the seconds they took. */
static double train(run *r, const world *w, const options *o, FILE *log)
{
    const settings *s = r->s;
    const int64_t rollout = settings_rollout(s);
    int64_t last = settings_planned_updates(s);
    if (o->stop_after != NULL) {
        const int64_t after = text_parse_count("--stop-after", o->stop_after);
        const int64_t n = after / rollout + (after % rollout > 0);
        last = n < last ? n : last;
    }
    const play_policy oracle = {.name = "oracle", .chooser = RR_CHOOSER_ORACLE};
    const rr_metrics_summary best =
        measure(&oracle, s, w, text_mix_seed(s->env.seed, 2), WORLD_TRAIN);
    int64_t n_updates = rr_agent_updates(r->agent);
    progress p;
    progress_begin(&p, s, n_updates * rollout, last * rollout, o->is_quiet);
    p.oracle_reward = best.reward_per_step;
    p.oracle_return = best.return_per_session;
    while (n_updates < last && !is_interrupted) {
        run_update(r);
        n_updates += 1;
        if (n_updates % s->train.log_interval == 0 || n_updates == last) {
            log_write(log, r, best.reward_per_step);
        }
        progress_show(&p, r, n_updates * rollout);
    }
    progress_end(&p);
    return text_seconds() - p.start;
}

/* The trained policy, sampled, beside the best known play: users that were never trained on. */
static void report(const run *r, const world *w, const options *o, const char *checkpoint,
                   int64_t n_steps, double seconds)
{
    const settings *s = r->s;
    const uint64_t seed = text_mix_seed(s->train.seed, 3);
    const play_policy trained = {.name = "trained", .agent = r->agent};
    const play_policy oracle = {.name = "oracle", .chooser = RR_CHOOSER_ORACLE};
    const rr_metrics_summary own = measure(&trained, s, w, seed, WORLD_TEST);
    const rr_metrics_summary best = measure(&oracle, s, w, seed, WORLD_TEST);
    const double share = play_share(&own, &best, &s->env);
    const double rate = seconds > 0.0 ? (double)n_steps / seconds : (double)NAN;
    if (!o->is_quiet) {
        printf("%s %s after %s timesteps (%s here in %.1f s): reward %.4f a step, return %.2f a "
               "session,\n"
               "%.1f %% of the best known play%s on %d sessions of users never trained on\n",
               is_interrupted ? "interrupted:" : "trained:", checkpoint,
               text_count(rr_agent_timesteps(r->agent)), text_count(n_steps), seconds,
               own.reward_per_step, own.return_per_session, 100.0 * share,
               s->env.tire > 0.0f ? " (myopic)" : "", (int)own.n_sessions);
    }
    if (o->is_json) {
        json j;
        json_begin(&j, stdout);
        json_string(&j, "algo", flags_algo_name(s->algo));
        json_string(&j, "world", w->name);
        json_count(&j, "steps", rr_agent_timesteps(r->agent));
        json_count(&j, "steps_here", n_steps);
        json_number(&j, "seconds", seconds);
        json_number(&j, "steps_per_second", rate);
        json_number(&j, "reward_per_step", own.reward_per_step);
        json_number(&j, "return_per_session", own.return_per_session);
        json_number(&j, "oracle_share", share);
        json_bool(&j, "interrupted", is_interrupted);
        json_string(&j, "checkpoint", checkpoint);
        json_end(&j);
    }
}

/* A folder of its own under runs/, and one line of a checkpoint. */
static void require_name(const char *name)
{
    enum { MOST = 200 };
    if (name[0] == '\0' || strlen(name) > MOST) {
        text_fail("--name has %zu characters; it must have 1 to %d", strlen(name), MOST);
    }
    if (strpbrk(name, "/\n\r") != NULL || strcmp(name, ".") == 0 || strstr(name, "..") != NULL) {
        text_fail("--name is \"%s\"; it names a folder under runs/ and may not have / or ..", name);
    }
}

/* Where the run's folder and its checkpoint are: as told, else where the resumed run has them. */
static void choose_paths(char *folder, char *checkpoint, size_t capacity, const options *o,
                         run_origin *origin, const settings *s, const world *w)
{
    const char *algo = flags_algo_name(s->algo);
    if (o->name != NULL) {
        require_name(o->name);
        strcpy(origin->name, o->name);
    }
    if (origin->name[0] != '\0') {
        require_name(origin->name); /* a checkpoint may be anyone's */
        snprintf(folder, capacity, "runs/%s", origin->name);
    } else {
        snprintf(folder, capacity, "runs/%s-%s-%llu", algo, w->name,
                 (unsigned long long)s->train.seed);
    }
    const char *path = o->checkpoint != NULL ? o->checkpoint : o->resume;
    if (path == NULL) {
        snprintf(checkpoint, capacity, "checkpoints/%s.safetensors", algo);
    } else if (strlen(path) >= capacity) {
        text_fail("%s: the path is too long", path);
    } else {
        strcpy(checkpoint, path);
    }
}

static FILE *open_log(const char *folder, int64_t n_updates)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/log.csv", folder);
    return log_open(path, n_updates);
}

static void write_about(const char *folder, const char *checkpoint, const settings *s,
                        double seconds)
{
    char path[4200];
    about a;
    about_describe(&a, (int)s->agent.num_threads);
    snprintf(a.checkpoint, sizeof a.checkpoint, "%s", checkpoint);
    a.seconds = seconds;
    snprintf(path, sizeof path, "%s/about.txt", folder);
    about_write(&a, path);
}

int main(int argc, char **argv)
{
    text_set_program("train");
    static options o;
    static flags_fields fields;
    static settings s;
    static run_origin origin;
    read_options(&o, &fields, argc, argv);
    if (o.resume != NULL) {
        resume_settings(&s, &origin, &o, &fields);
    } else {
        begin_settings(&s, &origin, &o, &fields);
    }
    const char *data = o.data != NULL ? o.data : origin.data[0] != '\0' ? origin.data : NULL;
    world w;
    world_open(&w, origin.world, data, o.resume != NULL && o.data == NULL, &s);
    announce(&o, &s, &w);

    run r;
    run_open(&r, &s, &w);
    if (o.resume != NULL) {
        run_load(&r, o.resume);
    }
    const int64_t first = rr_agent_timesteps(r.agent);
    char folder[4096];
    char path[4096];
    choose_paths(folder, path, sizeof path, &o, &origin, &s, &w);
    text_require_writable(path);
    FILE *log = open_log(folder, rr_agent_updates(r.agent));

    catch_signals();
    const double seconds = train(&r, &w, &o, log);
    fclose(log);
    run_save(&r, path, &origin);
    write_about(folder, path, &s, seconds);
    report(&r, &w, &o, path, rr_agent_timesteps(r.agent) - first, seconds);
    run_close(&r);
    world_close(&w);
    return EXIT_SUCCESS;
}
