/* SPDX-License-Identifier: MIT */
#include "progress.h"

#include <math.h>
#include <stdio.h>
#include <string.h>

#include "text.h"
#include "yardstick.h"

/* Rows of the view; the first is what is learned for. */
static const char *const names[PROGRESS_SERIES] = {
    "reward", "entropy", "approx_kl", "explained var.", "gradient norm", "learning rate"};

void progress_begin(progress *p, const settings *s, int64_t first, int64_t total, double best,
                    bool is_quiet)
{
    memset(p, 0, sizeof *p);
    p->is_quiet = is_quiet;
    p->is_terminal = screen_is_live();
    p->is_leaving = yardstick_is_leaving(&s->env);
    p->yardstick = yardstick_phrase(&s->env);
    p->best = best;
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
    screen_watch_size();
}

/* What the sessions in the window earned. */
typedef struct earned {
    double reward; /* a step; with the leave rule a session's return; NaN before one ended */
    double doubt;  /* half width of its 95 % interval */
    double n;      /* sessions */
} earned;

/* The window holds tens of sessions, whose users differ from those of the yardstick: what it earned
 * is told with its doubt, or a share of 103 % would look like a mistake. */
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
    const double weight_of_one = sessions / weight; /* of a return in what is shown */
    return (earned){.reward = weight > 0.0 ? returns / weight : (double)NAN,
                    .doubt = rr_mean_interval(returns, squares, (int64_t)sessions) * weight_of_one,
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

enum { VARIANTS = 4 };

/* What is learned for, from the longest form to the shortest: "2.410 ±0.065, 95 ±3 % of best known
 * play (128 sessions)" … "2.410". A share that is off by ten points and more is noise, and is left
 * out. */
static void describe(char out[VARIANTS][128], const progress *p)
{
    const earned e = recent(p);
    const int digits = p->is_leaving ? 2 : 3;
    const double percent = 100.0 * e.reward / p->best;
    const double off = 100.0 * e.doubt / fabs(p->best);
    const bool is_known = isfinite(e.reward);
    char share[64] = "";
    if (isfinite(off) && off < 10.0) {
        snprintf(share, sizeof share, ", %.0f ±%.0f %% of %s", percent, off, p->yardstick);
    }
    for (int i = 0; i < VARIANTS; i++) {
        snprintf(out[i], sizeof out[i], "no session has ended yet");
    }
    if (is_known) {
        snprintf(out[0], sizeof out[0], "%.*f ±%.*f%s (%s sessions)", digits, e.reward, digits,
                 e.doubt, share, text_count((int64_t)e.n));
        snprintf(out[1], sizeof out[1], "%.*f ±%.*f%s", digits, e.reward, digits, e.doubt, share);
        snprintf(out[2], sizeof out[2], "%.*f ±%.*f", digits, e.reward, digits, e.doubt);
        snprintf(out[3], sizeof out[3], "%.*f", digits, e.reward);
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

static void say_left(char out[32], int seconds)
{
    if (seconds >= 3600) {
        snprintf(out, 32, "%d:%02d:%02d left", seconds / 3600, seconds / 60 % 60, seconds % 60);
    } else {
        snprintf(out, 32, "%d:%02d left", seconds / 60, seconds % 60);
    }
}

/* The first of the texts that leaves `room` columns of the line; the last where none does. */
static int fitting(char texts[VARIANTS][128], int room, int columns)
{
    int i = 0;
    while (i + 1 < VARIANTS && screen_width(texts[i]) + room > columns) {
        i += 1;
    }
    return i;
}

static void say_pace(char out[VARIANTS][128], const pace *at, int64_t timesteps)
{
    char left[32];
    say_left(left, at->left);
    const double percent = 100.0 * at->share;
    snprintf(out[0], 128, "%3.0f %%  %s decisions  %s/s  %s", percent, text_count(timesteps),
             text_count((int64_t)at->rate), left);
    snprintf(out[1], 128, "%3.0f %%  %s/s  %s", percent, text_count((int64_t)at->rate), left);
    snprintf(out[2], 128, "%3.0f %%  %s", percent, left);
    snprintf(out[3], 128, "%3.0f %%", percent);
}

/* "██████░░░░  60 %  61,440 decisions  31,204/s  0:01 left", as wide as there is room for. */
static void fill_head(char line[SCREEN_LINE_BYTES], const progress *p, int64_t timesteps,
                      double now, int columns)
{
    enum { LEAST_BAR = 8, MOST_BAR = 40 };
    char texts[VARIANTS][128];
    const pace at = pace_of(p, timesteps, now);
    say_pace(texts, &at, timesteps);
    const char *text = texts[fitting(texts, LEAST_BAR + 1, columns)];
    const int room = columns - screen_width(text) - 1;
    const int width = room < 0 ? 0 : room > MOST_BAR ? MOST_BAR : room;
    const int n_full = (int)(at.share * width + 0.5);
    line[0] = '\0';
    for (int i = 0; i < width; i++) {
        strcat(line, i < n_full ? "█" : "░");
    }
    strcat(line, " ");
    strcat(line, text);
}

/* A name, its curve and its last value; the curve takes what the others leave. */
static void fill_series(char line[SCREEN_LINE_BYTES], const progress *p, int series, int columns)
{
    enum { NAME = 14, LEAST_CURVE = 12 };
    char curve[SPARKLINE_BYTES] = "";
    char texts[VARIANTS][128];
    const sparkline *s = &p->series[series];
    describe(texts, p);
    for (int i = 0; series > 0 && i < VARIANTS; i++) {
        snprintf(texts[i], sizeof texts[i], "%.4g", s->last);
    }
    const char *text = texts[fitting(texts, NAME + LEAST_CURVE + 2, columns)];
    const int room = columns - NAME - 2 - screen_width(text);
    const int width = room > SPARKLINE_POINTS ? SPARKLINE_POINTS : room > 0 ? room : 0;
    const int n = sparkline_draw(curve, s, width);
    const char *name = series == 0 && p->is_leaving ? "return" : names[series];
    snprintf(line, SCREEN_LINE_BYTES, "%-*s %s%*s %s", NAME, name, curve, width - n, "", text);
}

/* Rows that the view takes in a window so wide: a terminal that is made narrower wraps what stands
 * there. */
static int rows_taken(const progress *p)
{
    int n = 0;
    for (int i = 0; i < p->n_lines; i++) {
        const int width = p->widths[i] > 0 ? p->widths[i] : 1;
        n += (width + p->size.columns - 1) / p->size.columns;
    }
    return n < p->size.rows ? n : p->size.rows - 1;
}

/* What goes to the terminal in one piece: one that is resized in the middle of it would be left
 * with a part. */
typedef struct frame {
    size_t n;
    char text[16384];
} frame;

static void add(frame *f, const char *text)
{
    const size_t length = strlen(text);
    if (f->n + length < sizeof f->text) {
        memcpy(f->text + f->n, text, length);
        f->n += length;
    }
}

static void emit(frame *f)
{
    fwrite(f->text, 1, f->n, stdout);
    fflush(stdout);
    f->n = 0;
}

static void move_up(frame *f, int rows)
{
    char code[16];
    snprintf(code, sizeof code, "\r\033[%dA", rows);
    add(f, code);
}

/* Takes the view off the screen, so that what is printed next stays. Row by row: tmux keeps a
 * screen that is cleared from its first row on in the window's history. */
static void erase(progress *p, frame *f)
{
    p->size = screen_ask();
    const int n = rows_taken(p);
    if (n > 0) {
        move_up(f, n);
        for (int i = 0; i < n; i++) {
            add(f, "\033[2K\n");
        }
        move_up(f, n);
        p->n_lines = 0;
    }
}

/* A line is cut one column before the edge: a full one would leave the cursor in the next. */
static void put(progress *p, frame *f, char line[SCREEN_LINE_BYTES])
{
    if (p->n_lines + 1 < p->size.rows) {
        screen_cut(line, p->size.columns - 1);
        add(f, line);
        add(f, "\n");
        p->widths[p->n_lines++] = screen_width(line);
    }
}

static void draw(progress *p, int64_t timesteps, double now)
{
    static frame f;
    char line[SCREEN_LINE_BYTES];
    erase(p, &f);
    const int columns = p->size.columns - 1;
    fill_head(line, p, timesteps, now, columns);
    put(p, &f, line);
    for (int i = 0; i < PROGRESS_SERIES; i++) {
        if (i == 0 || p->series[i].has_moved) { /* A2C has no approx_kl */
            fill_series(line, p, i, columns);
            put(p, &f, line);
        }
    }
    if (p->n_warnings > 0) {
        snprintf(line, sizeof line, "%d warning%s above", p->n_warnings,
                 p->n_warnings == 1 ? "" : "s");
        put(p, &f, line);
    }
    emit(&f);
}

static void print_line(const progress *p, int64_t timesteps, double now)
{
    char texts[VARIANTS][128];
    char left[32];
    const pace at = pace_of(p, timesteps, now);
    describe(texts, p);
    say_left(left, at.left);
    printf("%3.0f %%  %9s decisions  %8s/s  %s  %s %s\n", 100.0 * at.share, text_count(timesteps),
           text_count((int64_t)at.rate), left, p->is_leaving ? "return" : "reward", texts[1]);
    fflush(stdout);
}

static void show_warnings(progress *p, const run *r)
{
    for (int i = 0; i < r->n_warnings; i++) {
        p->n_warnings += 1;
        if (!p->is_quiet) {
            static frame f;
            erase(p, &f);
            emit(&f);
            printf("%swarning%s, update %lld: %s\n", screen_yellow(), screen_plain(),
                   (long long)r->stats.n_updates, r->warnings[i]);
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
        is_last || (p->is_terminal ? now - p->last_shown > 0.1 || screen_has_changed()
                                   : tenth >= p->next_tenth);
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
    p->n_lines = 0; /* the last view stays */
}
