/* SPDX-License-Identifier: MIT */
#include "progress.h"

#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "text.h"

/* Rows of the view; the first is what is learned for. */
static const char *const names[PROGRESS_SERIES] = {
    "reward", "entropy", "approx_kl", "explained var.", "gradient norm", "learning rate"};

static bool is_live_terminal(void)
{
    const char *term = getenv("TERM");
    return isatty(STDOUT_FILENO) != 0 && term != NULL && strcmp(term, "dumb") != 0;
}

void progress_begin(progress *p, const settings *s, int64_t first, int64_t total, bool is_quiet)
{
    memset(p, 0, sizeof *p);
    p->is_quiet = is_quiet;
    p->is_terminal = is_live_terminal();
    p->is_leaving = s->env.tire > 0.0f;
    p->first = first;
    p->total = total;
    p->start = text_seconds();
    /* What is shown is a mean over whole sessions: rewards fall within one as its user tires of
     * items. */
    const int32_t n_steps = settings_n_steps(s);
    const int32_t n = (s->env.max_episode_steps + n_steps - 1) / n_steps;
    p->n_window = n < PROGRESS_WINDOW ? n : PROGRESS_WINDOW;
    const int64_t total_span = total > 0 ? total : 1;
    p->next_tenth = (int)(10 * first / total_span) + 1;
}

/* What the sessions in the window earned. */
typedef struct earned {
    double reward; /* a step; with the leave rule a session's return; NaN before one ended */
    double doubt;  /* half width of its 95 % interval over the value */
    double n;      /* sessions */
} earned;

/* The window holds tens of sessions, whose users differ from those of the best known play: what it
 * earned is told with its doubt, or a share of 103 % would look like a mistake. */
static earned recent(const progress *p)
{
    const int n = p->n_seen < p->n_window ? (int)p->n_seen : p->n_window;
    double returns = 0.0, squares = 0.0, lengths = 0.0, sessions = 0.0;
    for (int i = 0; i < n; i++) {
        returns += p->returns[i];
        squares += p->squares[i];
        lengths += p->lengths[i];
        sessions += p->ended[i];
    }
    const double weight = p->is_leaving ? sessions : lengths;
    const double mean = returns / sessions;
    return (earned){.reward = weight > 0.0 ? returns / weight : (double)NAN,
                    .doubt = rr_mean_interval(returns, squares, (int64_t)sessions) / fabs(mean),
                    .n = sessions};
}

static void remember(progress *p, const run *r)
{
    const int64_t slot = p->n_seen % p->n_window;
    p->returns[slot] = r->ended_returns;
    p->lengths[slot] = (double)r->ended_lengths;
    p->squares[slot] = r->ended_squares;
    p->ended[slot] = (double)r->n_ended;
    p->n_seen += 1;
    const double values[PROGRESS_SERIES] = {
        recent(p).reward,           (double)r->stats.entropy,
        (double)r->stats.approx_kl, (double)r->stats.explained_variance,
        (double)r->stats.grad_norm, (double)r->stats.learning_rate};
    for (int i = 0; i < PROGRESS_SERIES; i++) {
        sparkline_add(&p->series[i], values[i]);
    }
}

/* "4.312 (96.1 ±2.4 % of best known, 128 sessions)": what is learned for, and its share. */
static void describe(char *out, size_t capacity, const progress *p)
{
    const earned e = recent(p);
    const double best = p->is_leaving ? p->oracle_return : p->oracle_reward;
    const double percent = 100.0 * e.reward / best;
    if (!isfinite(e.reward)) {
        snprintf(out, capacity, "no session has ended yet");
    } else {
        snprintf(out, capacity, "%.*f (%.*f ±%.*f %% of %s, %s sessions)", p->is_leaving ? 2 : 3,
                 e.reward, p->is_leaving ? 0 : 1, percent, p->is_leaving ? 0 : 1,
                 fabs(percent) * e.doubt, p->is_leaving ? "the myopic play" : "best known",
                 text_count((int64_t)e.n));
    }
}

static void draw_bar(char *out, double share)
{
    enum { WIDTH = 24 };
    const int n_full = (int)(share * WIDTH + 0.5);
    out[0] = '\0';
    for (int i = 0; i < WIDTH; i++) {
        strcat(out, i < n_full ? "█" : "░");
    }
}

typedef struct pace {
    double share, rate;
    int left; /* seconds */
} pace;

static pace pace_of(const progress *p, int64_t timesteps, double now)
{
    const double seconds = now - p->start;
    const double rate = (double)(timesteps - p->first) / (seconds > 1e-9 ? seconds : 1e-9);
    const double left = (double)(p->total - timesteps) / (rate > 0.0 ? rate : 1.0);
    return (pace){
        .share = (double)timesteps / (double)p->total, .rate = rate, .left = (int)(left + 0.5)};
}

/* Takes the view off the screen, so that what is printed next stays. */
static void erase(progress *p)
{
    if (p->n_drawn > 0) {
        printf("\033[%dA\r\033[J", p->n_drawn);
        p->n_drawn = 0;
    }
}

static void draw(progress *p, int64_t timesteps, double now)
{
    char bar[128];
    char curve[SPARKLINE_BYTES];
    char what[128];
    const pace at = pace_of(p, timesteps, now);
    draw_bar(bar, at.share);
    describe(what, sizeof what, p);
    erase(p);
    printf("%s %3.0f %%  %s decisions  %s/s  %d:%02d left\n", bar, 100.0 * at.share,
           text_count(timesteps), text_count((int64_t)at.rate), at.left / 60, at.left % 60);
    p->n_drawn = 1;
    for (int i = 0; i < PROGRESS_SERIES; i++) {
        const int n = sparkline_draw(curve, &p->series[i]);
        if (i == 0) {
            printf("%-15s %s%*s %s\n", p->is_leaving ? "return" : names[0], curve,
                   SPARKLINE_POINTS - n, "", what);
        } else {
            printf("%-15s %s%*s %.4g\n", names[i], curve, SPARKLINE_POINTS - n, "",
                   p->series[i].last);
        }
        p->n_drawn += 1;
    }
    if (p->n_warnings > 0) {
        printf("%d warning%s above\n", p->n_warnings, p->n_warnings == 1 ? "" : "s");
        p->n_drawn += 1;
    }
    fflush(stdout);
}

static void print_line(const progress *p, int64_t timesteps, double now)
{
    char what[128];
    const pace at = pace_of(p, timesteps, now);
    describe(what, sizeof what, p);
    printf("%3.0f %%  %9s steps  %9s steps/s  %d:%02d left  %s %s\n", 100.0 * at.share,
           text_count(timesteps), text_count((int64_t)at.rate), at.left / 60, at.left % 60,
           p->is_leaving ? "return" : "reward", what);
    fflush(stdout);
}

static void show_warnings(progress *p, const run *r)
{
    for (int i = 0; i < r->n_warnings; i++) {
        p->n_warnings += 1;
        if (!p->is_quiet) {
            erase(p);
            printf("%swarning%s, update %lld: %s\n", p->is_terminal ? "\033[1;33m" : "",
                   p->is_terminal ? "\033[0m" : "", (long long)r->stats.n_updates, r->warnings[i]);
            fflush(stdout);
        }
    }
}

void progress_show(progress *p, const run *r, int64_t timesteps)
{
    remember(p, r);
    show_warnings(p, r);
    const double now = text_seconds();
    const bool is_last = timesteps >= p->total;
    const int tenth = (int)(10.0 * (double)timesteps / (double)p->total);
    const bool is_due =
        p->is_terminal ? now - p->last_shown > 0.1 || is_last : tenth >= p->next_tenth || is_last;
    if (p->is_quiet || !is_due) {
        return;
    }
    p->last_shown = now;
    p->next_tenth = tenth + 1;
    if (p->is_terminal) {
        draw(p, timesteps, now);
    } else {
        print_line(p, timesteps, now);
    }
}

void progress_end(progress *p)
{
    p->n_drawn = 0; /* the last view stays */
}
