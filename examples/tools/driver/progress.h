/* SPDX-License-Identifier: MIT */
/* progress.h: where a run is and how it goes: a live view that fits its terminal, plain lines
 * elsewhere (a pipe, a file, TERM=dumb, NO_COLOR). Warnings of the health watch stay above the
 * view. */
#ifndef EXAMPLES_DRIVER_PROGRESS_H
#define EXAMPLES_DRIVER_PROGRESS_H

#include "run.h"
#include "screen.h"
#include "sparkline.h"

enum { PROGRESS_WINDOW = 64, PROGRESS_SERIES = 6 };

typedef struct progress {
    bool is_quiet;
    bool is_terminal;
    bool is_leaving;       /* the leave rule is on: returns of sessions are what counts */
    const char *yardstick; /* "the best known play", … */
    double best;           /* what it earns in the training world */
    int64_t first, total;  /* timesteps at the start of this process, and at its end */
    double start, last_shown;
    int n_window; /* updates that make at least one whole session */
    int64_t n_seen;
    double returns[PROGRESS_WINDOW]; /* sums over the sessions that ended in an update */
    double squares[PROGRESS_WINDOW]; /* of returns */
    double lengths[PROGRESS_WINDOW];
    double ended[PROGRESS_WINDOW]; /* their number */
    int next_tenth;
    int n_warnings;
    screen_size size;
    int n_lines;                     /* of the view on the screen */
    int widths[PROGRESS_SERIES + 2]; /* their columns */
    sparkline series[PROGRESS_SERIES];
} progress;

/* `first` timesteps are behind, `total` is where this process stops; `best` is what the yardstick
 * earns in the training world. */
void progress_begin(progress *p, const settings *s, int64_t first, int64_t total, double best,
                    bool is_quiet);
/* After each update. */
void progress_show(progress *p, const run *r, int64_t timesteps);
void progress_end(progress *p);

#endif
