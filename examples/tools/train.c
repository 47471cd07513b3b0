/* SPDX-License-Identifier: MIT */
/* train: trains an agent in a world, through recrl.h alone. `train --help` says how. */
#include <math.h>
#include <signal.h>
#include <stdlib.h>
#include <string.h>

#include "driver/about.h"
#include "driver/factors.h"
#include "driver/json.h"
#include "driver/log.h"
#include "driver/play.h"
#include "driver/presets.h"
#include "driver/progress.h"
#include "driver/reward_scale.h"
#include "driver/text.h"
#include "driver/train_options.h"

/* Where a run's rows go. */
typedef struct logs {
    FILE *log, *warnings;
    events *board; /* NULL: none */
} logs;

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

static void announce(const train_options *o, const settings *s, const world *w)
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
        if (w->has_own_vectors) {
            printf("vectors of %d numbers, fitted elsewhere\n", (int)w->dim);
            fflush(stdout);
            return;
        }
        printf("factors: rmse %.4f on what they were fitted to; fitted to a random 90 %%, %.4f on "
               "the other 10 %%\n",
               w->train_rmse, world_holdout_rmse(w, s));
        factors_table ranking = {0};
        factors_add_world(&ranking, w, s);
        printf("fitted without each user's latest 10 %%, which is to be found among all items:\n");
        factors_print(stdout, &ranking);
        factors_explain_world(stdout, &ranking);
    }
    fflush(stdout);
}

static rr_metrics_summary measure(const play_policy *policy, const settings *s, const world *w,
                                  uint64_t seed, int part)
{
    rr_metrics_summary summary;
    play_sessions(&summary, policy, w, &s->env, seed, part, play_default_sessions(w->n_items));
    return summary;
}

/* The updates of this process; returns the seconds they took. */
static double train(run *r, const world *w, const train_options *o, const logs *to, int *n_warnings)
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
            log_write(to->log, to->board, r, best.reward_per_step);
        }
        log_write_warnings(to->warnings, r);
        *n_warnings += r->n_warnings;
        progress_show(&p, r, n_updates * rollout);
    }
    progress_end(&p);
    return text_seconds() - p.start;
}

/* The trained policy, sampled, beside the best known play, in the sessions in which evaluate and
 * report judge too: of users that were never trained on. */
static void report(const run *r, const world *w, const train_options *o, const char *checkpoint,
                   int64_t n_steps, double seconds, int n_warnings)
{
    const settings *s = r->s;
    const uint64_t seed = play_seed(PRESETS_EVALUATION_SEED);
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
        json_count(&j, "warnings", n_warnings);
        json_bool(&j, "interrupted", is_interrupted);
        json_string(&j, "checkpoint", checkpoint);
        json_end(&j);
    }
}

static void open_logs(logs *to, const char *folder, int64_t n_updates, bool has_board)
{
    static events board;
    char path[4200];
    snprintf(path, sizeof path, "%s/log.csv", folder);
    to->log = log_open(path, n_updates);
    snprintf(path, sizeof path, "%s/health.csv", folder);
    to->warnings = log_open_warnings(path, n_updates);
    to->board = has_board ? &board : NULL;
    if (has_board) {
        events_open(&board, folder);
    }
}

static void close_logs(logs *to)
{
    fclose(to->log);
    fclose(to->warnings);
    if (to->board != NULL) {
        events_close(to->board);
    }
}

/* The next run may save over --checkpoint's default; what a report shows stays with its log. */
static void save_in_folder(const run *r, const char *folder, const run_origin *origin)
{
    char path[4200];
    snprintf(path, sizeof path, "%s/checkpoint.safetensors", folder);
    run_save(r, path, origin);
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

static void open_world(world *w, const train_options *o, const run_origin *origin,
                       const settings *s)
{
    const char *remembered = origin->data[0] != '\0' ? origin->data : NULL;
    const world_source from = {
        .spec = origin->world,
        .data = o->data != NULL ? o->data : remembered,
        .vectors = origin->vectors[0] != '\0' ? origin->vectors : NULL,
        .save_vectors = o->save_vectors,
        .memory_limit =
            o->memory_limit != NULL ? text_parse_bytes("--memory-limit", o->memory_limit) : 0,
        .is_remembered = o->resume != NULL && o->data == NULL};
    world_open(w, &from, s);
}

int main(int argc, char **argv)
{
    text_set_program("train");
    static train_options o;
    static flags_fields fields;
    static settings s;
    static run_origin origin;
    train_options_read(&o, &fields, argc, argv);
    if (o.seeds != NULL && !o.is_dump) {
        train_options_run_seeds(&o, &fields);
    }
    train_options_settings(&s, &origin, &o, &fields);
    if (o.is_dump) {
        train_options_dump(&s, &origin);
        return EXIT_SUCCESS;
    }
    world w;
    open_world(&w, &o, &origin, &s);
    announce(&o, &s, &w);

    run r;
    run_open(&r, &s, &w);
    if (origin.reward_scale[0] != '\0') {
        r.reward_scale = reward_scale_parse(origin.reward_scale);
    }
    if (o.resume != NULL) {
        run_load(&r, o.resume);
    }
    const int64_t first = rr_agent_timesteps(r.agent);
    char folder[4096];
    char path[4096];
    train_options_paths(folder, path, sizeof path, &o, &origin, &s, &w);
    text_require_writable(path);
    logs to;
    open_logs(&to, folder, rr_agent_updates(r.agent), o.has_board);

    catch_signals();
    int n_warnings = 0;
    const double seconds = train(&r, &w, &o, &to, &n_warnings);
    close_logs(&to);
    run_save(&r, path, &origin);
    save_in_folder(&r, folder, &origin);
    write_about(folder, path, &s, seconds);
    report(&r, &w, &o, path, rr_agent_timesteps(r.agent) - first, seconds, n_warnings);
    run_close(&r);
    world_close(&w);
    return EXIT_SUCCESS;
}
