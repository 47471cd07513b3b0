/* SPDX-License-Identifier: MIT */
#include "progress.h"

#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "text.h"

void progress_begin(progress *p, const settings *s, int64_t first, int64_t total, bool is_quiet)
{
    memset(p, 0, sizeof *p);
    p->is_quiet = is_quiet;
    p->is_terminal = isatty(STDOUT_FILENO) != 0;
    p->is_leaving = s->env.tire > 0.0f;
    p->first = first;
    p->total = total;
    p->start = text_seconds();
    /* What is shown is a mean over whole sessions: rewards fall within one as its user tires of
     * items. */
    const int32_t n_steps = s->algo == RR_ALGO_PPO ? s->ppo.n_steps : s->a2c.n_steps;
    const int32_t n = (s->env.max_episode_steps + n_steps - 1) / n_steps;
    p->n_window = n < PROGRESS_WINDOW ? n : PROGRESS_WINDOW;
    const int64_t total_span = total > 0 ? total : 1;
    p->next_tenth = (int)(10 * first / total_span) + 1;
}

static void remember(progress *p, const run *r)
{
    const int64_t slot = p->n_seen % p->n_window;
    p->returns[slot] = r->ended_returns;
    p->lengths[slot] = (double)r->ended_lengths;
    p->ended[slot] = (double)r->n_ended;
    p->n_seen += 1;
}

/* "reward 4.312 (96.1 % of the best known play)". */
static void describe(char *out, size_t capacity, const progress *p)
{
    const int n = p->n_seen < p->n_window ? (int)p->n_seen : p->n_window;
    double returns = 0.0;
    double lengths = 0.0;
    double ended = 0.0;
    for (int i = 0; i < n; i++) {
        returns += p->returns[i];
        lengths += p->lengths[i];
        ended += p->ended[i];
    }
    if (!(ended > 0.0)) {
        snprintf(out, capacity, "no session has ended yet");
    } else if (p->is_leaving) {
        snprintf(out, capacity, "return %.2f a session (%.0f %% of the myopic play)",
                 returns / ended, 100.0 * returns / ended / p->oracle_return);
    } else {
        snprintf(out, capacity, "reward %.3f (%.1f %% of the best known play)", returns / lengths,
                 100.0 * returns / lengths / p->oracle_reward);
    }
}

static void draw_bar(char *out, double share)
{
    enum { WIDTH = 20 };
    const int n_full = (int)(share * WIDTH);
    for (int i = 0; i < WIDTH; i++) {
        out[i] = i < n_full ? '#' : '.';
    }
    out[WIDTH] = '\0';
}

void progress_show(progress *p, const run *r, int64_t timesteps)
{
    remember(p, r);
    const double now = text_seconds();
    const double share = (double)timesteps / (double)p->total;
    const bool is_last = timesteps >= p->total;
    const bool is_due = p->is_terminal ? now - p->last_shown > 0.1 || is_last
                                       : (int)(10.0 * share) >= p->next_tenth || is_last;
    if (p->is_quiet || !is_due) {
        return;
    }
    p->last_shown = now;
    p->next_tenth = (int)(10.0 * share) + 1;
    const double seconds = now - p->start;
    const double rate = (double)(timesteps - p->first) / (seconds > 1e-9 ? seconds : 1e-9);
    const int left = (int)((double)(p->total - timesteps) / (rate > 0.0 ? rate : 1.0) + 0.5);
    char what[128];
    char bar[32];
    describe(what, sizeof what, p);
    draw_bar(bar, share);
    if (p->is_terminal) {
        printf("\r[%s] %3.0f %%  %s steps/s  %d:%02d left  %s\033[K", bar, 100.0 * share,
               text_count((int64_t)rate), left / 60, left % 60, what);
        fflush(stdout);
    } else {
        printf("%3.0f %%  %9s steps  %9s steps/s  %d:%02d left  %s\n", 100.0 * share,
               text_count(timesteps), text_count((int64_t)rate), left / 60, left % 60, what);
        fflush(stdout);
    }
}

void progress_end(progress *p)
{
    if (!p->is_quiet && p->is_terminal) {
        putchar('\n');
    }
}
