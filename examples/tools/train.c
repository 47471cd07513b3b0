/* SPDX-License-Identifier: MIT */
/* train: trains an agent in a world, through recrl.h alone. `train --help` says how. */
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "driver/about.h"
#include "driver/log.h"
#include "driver/output.h"
#include "driver/play.h"
#include "driver/presets.h"
#include "driver/progress.h"
#include "driver/reward_scale.h"
#include "driver/saver.h"
#include "driver/stop.h"
#include "driver/text.h"
#include "driver/train_options.h"
#include "driver/yardstick.h"
#include "ending.h"

static void announce(const train_options *o, const settings *s, world *w)
{
    if (o->is_quiet) {
        return;
    }
    screen_paragraph(stdout, 0,
                     "%s in the %s world: %s items, %d sessions side by side, rollouts of %s "
                     "decisions",
                     flags_algo_name(s->algo), w->name, text_count(w->n_items), (int)s->env.n_envs,
                     text_count(settings_rollout(s)));
    char preset[1024];
    presets_describe(preset, sizeof preset, w->name,
                     s->agent.head == RR_HEAD_DENSE ? "dense" : "tower", s->algo);
    screen_paragraph(stdout, 0, "preset: %s (--help has all fields)", preset);
    if (w->path[0] != '\0') {
        data_file_print(stdout, &w->told);
        printf("  %s users to train on, %s held back for evaluation\n",
               text_count(w->n_users[WORLD_TRAIN]), text_count(w->n_users[WORLD_TEST]));
        if (w->has_own_vectors) {
            printf("vectors of %d numbers, fitted elsewhere\n", (int)w->dim);
            fflush(stdout);
            return;
        }
        screen_paragraph(stdout, 0,
                         "vectors: fitted to ratings with a root mean square error of %.4f; "
                         "fitted to a random 90 %%, %.4f on the other 10 %%",
                         w->train_rmse, world_holdout_rmse(w, s));
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

/* What a run is made of, beside its settings. */
typedef struct session {
    run r;
    world w;
    run_log log;
    saver keeper;
    train_place place;
    run_origin origin;
    float patience; /* of the yardstick in a world with the leave rule, where it is shown */
    double seconds; /* of training */
    int n_warnings;
    bool is_interrupted;
} session;

static void write_about(const session *t)
{
    char path[4200];
    about a;
    about_describe(&a, (int)t->r.s->agent.num_threads);
    snprintf(a.checkpoint, sizeof a.checkpoint, "%s",
             t->place.other[0] != '\0' ? t->place.other : t->place.own);
    a.seconds = t->seconds;
    ending_illness(a.illness, sizeof a.illness, &t->r);
    text_path(path, sizeof path, t->place.folder.path, "about.txt");
    about_write(&a, path);
}

/* Somebody waits for what is printed, and is not there any more. */
static bool is_alone(const train_options *o)
{
    return (!o->is_quiet || o->is_json) && output_is_gone();
}

static int64_t last_update(const settings *s, const train_options *o)
{
    const int64_t rollout = settings_rollout(s);
    const int64_t planned = settings_planned_updates(s);
    if (o->stop_after == NULL) {
        return planned;
    }
    const int64_t after = text_parse_count("--stop-after", o->stop_after);
    const int64_t n = after / rollout + (after % rollout > 0);
    return n < planned ? n : planned;
}

/* The updates of this process. */
static void train(session *t, const train_options *o)
{
    run *r = &t->r;
    const settings *s = r->s;
    const int64_t rollout = settings_rollout(s);
    const int64_t last = last_update(s, o);
    const play_policy oracle = yardstick_chooser(YARDSTICK_ORACLE, 0.0f);
    const play_policy yardstick = yardstick_chooser(yardstick_of(&s->env), t->patience);
    const uint64_t twin = text_mix_seed(s->env.seed, 2);
    const rr_metrics_summary myopic = measure(&oracle, s, &t->w, twin, WORLD_TRAIN);
    /* Of the live view alone; in most worlds it is the oracle once more. */
    const bool is_the_same = o->is_quiet || yardstick_of(&s->env) == YARDSTICK_ORACLE;
    const rr_metrics_summary best =
        is_the_same ? myopic : measure(&yardstick, s, &t->w, twin, WORLD_TRAIN);
    int64_t n_updates = rr_agent_updates(r->agent);
    progress p;
    progress_begin(&p, s, n_updates * rollout, last * rollout, yardstick_worth(&s->env, &best),
                   o->is_quiet);
    while (n_updates < last && !t->is_interrupted) {
        t->is_interrupted = !run_update(r);
        if (t->is_interrupted) {
            break;
        }
        n_updates += 1;
        if (n_updates % s->train.log_interval == 0 || n_updates == last) {
            log_write(&t->log, r, myopic.reward_per_step);
        }
        log_write_warnings(&t->log, r);
        t->n_warnings += r->n_warnings;
        progress_show(&p, r, n_updates * rollout);
        output_check();
        t->seconds = text_seconds() - p.start;
        if (saver_update(&t->keeper)) {
            write_about(t);
        }
        t->is_interrupted = n_updates < last && (stop_asked() != 0 || is_alone(o));
    }
    progress_end(&p);
    t->seconds = text_seconds() - p.start;
}

/* Where the run can be read from; "": nowhere. */
static const char *checkpoint_of(const session *t)
{
    return t->keeper.is_off ? "" : t->keeper.other[0] != '\0' ? t->keeper.other : t->keeper.own;
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
        .reading = &origin->reading,
        .memory_limit =
            o->memory_limit != NULL ? text_parse_bytes("--memory-limit", o->memory_limit) : 0,
        .is_remembered = o->resume != NULL && o->data == NULL};
    world_open(w, &from, s);
}

static double seconds_of(const train_options *o)
{
    return o->checkpoint_seconds != NULL
               ? (double)text_parse_count("--checkpoint-seconds", o->checkpoint_seconds)
               : 60.0;
}

/* The run's folder, with a checkpoint before the first update: from then on it can be resumed. */
static void begin(session *t, const train_options *o)
{
    saver *keeper = &t->keeper;
    train_options_place(&t->place, o, &t->origin, t->r.s);
    *keeper = (saver){.r = &t->r, .origin = &t->origin, .is_off = o->has_no_checkpoint};
    keeper->seconds = seconds_of(o);
    if (o->checkpoint_every != NULL) {
        keeper->every = text_parse_count("--checkpoint-every", o->checkpoint_every);
    }
    strcpy(keeper->own, t->place.own);
    strcpy(keeper->other, t->place.other);
    saver_begin(keeper);
    write_about(t);
    log_open(&t->log, t->place.folder.path, &t->r, o->has_board);
    keeper->log = &t->log;
    if (!t->place.folder.is_continued) {
        saver_save_own(keeper); /* last: what can be resumed has all its files */
    }
    if (!o->is_quiet && t->log.had_updates > rr_agent_updates(t->r.agent)) {
        printf("%s had gone on to update %lld; it goes on from update %lld, and what was logged "
               "behind that is cut off\n",
               t->place.folder.path, (long long)t->log.had_updates,
               (long long)rr_agent_updates(t->r.agent));
    }
}

/* The last checkpoint, and the copy that later runs of the algorithm replace. */
static void end(session *t)
{
    rr_error err;
    const bool is_saved = saver_save(&t->keeper);
    if (!is_saved && t->keeper.n_updates >= 0 && access(t->keeper.own, F_OK) == 0) {
        output_say("the checkpoint of update %lld is whole", (long long)t->keeper.n_updates);
    }
    if (is_saved && t->place.latest[0] != '\0' &&
        run_save(&t->r, t->place.latest, &t->origin, &err) != RR_OK) {
        output_complain("%s: cannot be saved: %s", t->place.latest, err.text);
    }
    log_close(&t->log);
    write_about(t);
    run_folder_close(&t->place.folder);
}

int main(int argc, char **argv)
{
    text_set_program("train");
    output_begin();
    static train_options o;
    static flags_fields fields;
    static settings s;
    static session t;
    train_options_read(&o, &fields, argc, argv);
    if (o.seeds != NULL && !o.is_dump) {
        train_options_run_seeds(&o, &fields);
    }
    train_options_settings(&s, &t.origin, &o, &fields);
    if (o.is_dump) {
        train_options_dump(&s, &t.origin);
        return EXIT_SUCCESS;
    }
    open_world(&t.w, &o, &t.origin, &s);
    settings_fit_choices(&s, t.w.n_items);
    announce(&o, &s, &t.w);

    run_open(&t.r, &s, &t.w);
    t.r.is_stopped = stop_asked;
    if (t.origin.reward_scale[0] != '\0') {
        t.r.reward_scale = reward_scale_parse(t.origin.reward_scale);
    }
    if (o.resume != NULL) {
        run_load(&t.r, o.from, &t.origin);
    }
    const int64_t first = rr_agent_timesteps(t.r.agent);
    stop_catch(o.is_of_batch         ? NULL
               : o.has_no_checkpoint ? "train: heard: the run ends behind this update; once more "
                                       "ends it at once\n"
                                     : "train: heard: the run saves and ends; once more ends it at "
                                       "once, with what was saved last\n");
    begin(&t, &o);
    if (!o.is_quiet || o.is_json) {
        t.patience = yardstick_patience(&t.w, &s.env, play_seed(PRESETS_EVALUATION_SEED),
                                        play_default_sessions(t.w.n_items));
    }
    train(&t, &o);
    end(&t);
    stop_release();
    if (!is_alone(&o)) {
        const ending e = {.r = &t.r,
                          .w = &t.w,
                          .o = &o,
                          .program = argv[0],
                          .folder = t.place.folder.path,
                          .checkpoint = checkpoint_of(&t),
                          .patience = t.patience,
                          .seconds = t.seconds,
                          .n_steps = rr_agent_timesteps(t.r.agent) - first,
                          .n_warnings = t.n_warnings,
                          .is_interrupted = t.is_interrupted};
        ending_tell(&e);
    } else {
        output_complain("nobody reads standard output any more; the run is %s after %s timesteps%s",
                        t.keeper.is_off ? "over" : "saved",
                        text_count(rr_agent_timesteps(t.r.agent)),
                        t.is_interrupted ? ", before its end" : "");
    }
    run_close(&t.r);
    world_close(&t.w);
    return EXIT_SUCCESS;
}
