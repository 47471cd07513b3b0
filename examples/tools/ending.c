/* SPDX-License-Identifier: MIT */
#include "ending.h"

#include <errno.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <sys/wait.h>
#include <unistd.h>

#include "driver/data_file.h"
#include "driver/json.h"
#include "driver/output.h"
#include "driver/presets.h"
#include "driver/screen.h"
#include "driver/text.h"
#include "driver/verdict.h"
#include "report/whole.h"

enum { PATH_BYTES = 4352 };

void ending_illness(char *out, size_t capacity, const run *r)
{
    size_t used = 0;
    out[0] = '\0';
    for (uint32_t bit = 1; bit <= RR_ILL_UNTRAINED; bit <<= 1) {
        const char *sentence = rr_health_sentence(r->health, bit);
        if (sentence[0] != '\0' && used + strlen(sentence) + 3 < capacity) {
            used += (size_t)snprintf(out + used, capacity - used, "%s%s.", used > 0 ? " " : "",
                                     sentence);
        }
    }
}

static rr_metrics_summary measure(const play_policy *policy, const ending *e)
{
    rr_metrics_summary summary;
    play_sessions(&summary, policy, e->w, &e->r->s->env, play_seed(PRESETS_EVALUATION_SEED),
                  WORLD_TEST, play_default_sessions(e->w->n_items));
    return summary;
}

/* The policies of a verdict. */
typedef struct figures {
    rr_metrics_summary own, at[YARDSTICK_POLICIES]; /* of those that do not learn */
    char illness[2048];
    verdict verdict;
} figures;

static void judge(figures *f, const ending *e)
{
    const rr_env_config *config = &e->r->s->env;
    const play_policy sampled = {.name = yardstick_policy_name(YARDSTICK_SAMPLED),
                                 .agent = e->r->agent};
    f->own = measure(&sampled, e);
    for (int i = YARDSTICK_RANDOM; i < YARDSTICK_POLICIES; i++) {
        if (i != YARDSTICK_PATIENT || yardstick_is_leaving(config)) {
            const play_policy other = yardstick_chooser(i, e->patience);
            f->at[i] = measure(&other, e);
        }
    }
    ending_illness(f->illness, sizeof f->illness, e->r);
    const verdict_case of = {.config = config,
                             .own = &f->own,
                             .random = &f->at[YARDSTICK_RANDOM],
                             .popular = &f->at[YARDSTICK_POPULAR],
                             .similar = &f->at[YARDSTICK_SIMILAR],
                             .yardstick = &f->at[yardstick_of(config)],
                             .illness = f->illness};
    verdict_judge(&f->verdict, &of);
}

/* In a process of its own: whatever stops the page, the run's end is told. */
static bool write_page(const ending *e, const char *path)
{
    static runs r;
    int status = 0;
    fflush(stdout);
    const pid_t process = fork();
    if (process == 0) {
        output_forget();
        const report_plan plan = {.out = path, .title = "What was learned", .world = e->w};
        runs_add(&r, ".", e->folder);
        report_write(&plan, &r);
        runs_close(&r);
        exit(EXIT_SUCCESS);
    }
    if (process < 0) {
        output_complain("%s: cannot be written: %s", path, strerror(errno));
        return false;
    }
    while (waitpid(process, &status, 0) < 0 && errno == EINTR) {
        continue;
    }
    if (!WIFEXITED(status) || WEXITSTATUS(status) != EXIT_SUCCESS) {
        output_complain("%s was not written; recrl-report %s tries again", path, e->folder);
        return false;
    }
    return true;
}

/* A sibling of this program: "build/examples/train" and "evaluate" are "build/examples/evaluate",
 * "recrl-train" and "report" are "recrl-report". */
static void name_sibling(char out[PATH_BYTES], const char *program, const char *name)
{
    static const char own[] = "train";
    const size_t length = strlen(program);
    const size_t n = sizeof own - 1;
    const bool is_own = length >= n && strcmp(program + length - n, own) == 0;
    snprintf(out, PATH_BYTES, "%.*s%s", is_own ? (int)(length - n) : 0, program, name);
}

static void say_next(const ending *e, bool has_page)
{
    char evaluate[PATH_BYTES];
    name_sibling(evaluate, e->program, "evaluate");
    if (e->is_interrupted && e->checkpoint[0] != '\0') {
        printf("go on with: %s --resume %s\n", e->program, e->folder);
    } else if (e->checkpoint[0] != '\0') {
        printf("next        %s %s\n", evaluate, e->folder);
    } else if (has_page) {
        printf("next        open the page in a browser\n");
    }
    if (e->o->has_board) {
        char parent[PATH_BYTES];
        const char *slash = strrchr(e->folder, '/');
        snprintf(parent, sizeof parent, "%.*s", slash != NULL ? (int)(slash - e->folder) : 1,
                 slash != NULL ? e->folder : ".");
        printf("            tensorboard --logdir %s\n", parent);
    }
}

static void say(const ending *e, const figures *f)
{
    const verdict *v = &f->verdict;
    const char *colour = v->state == VERDICT_LEARNED  ? screen_green()
                         : v->state == VERDICT_BEHIND ? screen_yellow()
                                                      : screen_red();
    fputc('\n', stdout);
    screen_paragraph(stdout, 0, "%s%s%s: %s", colour, verdict_word(v->state), screen_plain(),
                     v->text);
    screen_paragraph(stdout, 0,
                     "%s after %s decisions (%s here in %.1f s), judged in %s sessions of users "
                     "never trained on; %d warning%s of the health watch.",
                     e->is_interrupted ? "Interrupted" : "Ended",
                     text_count(rr_agent_timesteps(e->r->agent)), text_count(e->n_steps),
                     e->seconds, text_count(f->own.n_sessions), e->n_warnings,
                     e->n_warnings == 1 ? "" : "s");
    printf("\nfolder      %s\n", e->folder);
    if (e->checkpoint[0] != '\0') {
        printf("checkpoint  %s\n", e->checkpoint);
    }
    fflush(stdout);
}

static void write_json(const ending *e, const figures *f, const char *page)
{
    const settings *s = e->r->s;
    json j;
    json_begin(&j, stdout);
    json_string(&j, "algo", flags_algo_name(s->algo));
    json_string(&j, "world", e->w->name);
    if (e->w->path[0] != '\0') {
        data_file_write_json(&j, &e->w->told);
    }
    json_count(&j, "steps", rr_agent_timesteps(e->r->agent));
    json_count(&j, "steps_here", e->n_steps);
    json_number(&j, "seconds", e->seconds);
    json_number(&j, "steps_per_second",
                e->seconds > 0.0 ? (double)e->n_steps / e->seconds : (double)NAN);
    json_number(&j, "reward_per_step", f->own.reward_per_step);
    json_number(&j, "return_per_session", f->own.return_per_session);
    json_string(&j, "yardstick", yardstick_policy_name(yardstick_of(&s->env)));
    json_number(&j, "share", f->verdict.share);
    json_number(&j, "oracle_share",
                yardstick_worth(&s->env, &f->own) /
                    yardstick_worth(&s->env, &f->at[YARDSTICK_ORACLE]));
    json_string(&j, "verdict", verdict_word(f->verdict.state));
    json_string(&j, "illness", f->illness);
    json_count(&j, "warnings", e->n_warnings);
    json_bool(&j, "interrupted", e->is_interrupted);
    json_string(&j, "run", e->folder);
    json_string(&j, "page", page);
    json_string(&j, "checkpoint", e->checkpoint);
    json_end(&j);
}

void ending_tell(const ending *e)
{
    static figures f;
    char page[PATH_BYTES];
    const bool is_told = !e->o->is_quiet || e->o->is_json;
    const bool has_page = !e->o->has_no_report && !e->o->is_of_batch && e->checkpoint[0] != '\0';
    text_path(page, sizeof page, e->folder, "report.html");
    if (is_told) {
        judge(&f, e);
    }
    if (!e->o->is_quiet) {
        say(e, &f);
    }
    const bool is_written = has_page && write_page(e, page);
    if (!e->o->is_quiet) {
        if (is_written) {
            printf("page        %s\n", page);
        }
        say_next(e, is_written);
    }
    if (e->o->is_json) {
        write_json(e, &f, is_written ? page : "");
    }
}
