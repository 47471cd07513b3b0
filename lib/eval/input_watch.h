/* SPDX-License-Identifier: MIT */
/* input_watch.h: inputs that are no longer what they were: moved, emptied, scaled, turned round or
 * taken for one another. recrl/health.h.
 *
 * D coordinates are watched a window at a time, each window in up to eight blocks of at least 64
 * rows. A feed moves by itself, so a figure is held against those of the two windows before, and
 * against how far it has moved until then:
 *
 *   moved     a block's mean, from one of the two blocks before it, by more than most_jump
 *             deviations of the window before, and by five times the farthest move of two windows
 *   emptied   the share of zeros, by more than ¼ and four times its usual move
 *   scaled    the mean distance from the block before, by a factor above 1.6 and four times its
 *             usual move in the logarithm, and the deviation within blocks by 1.5 at once: two
 *             blocks in a row against two before, with one between. What a policy learns to show
 *             changes the scale of what tells the item shown last, and slowly
 *   turned    correlations R that were known have become r ≈ −R: Σ r R < −¼ Σ R², and −R is e^15
 *             times as likely as R
 *   swapped   the same of the differences between the correlations of two coordinates
 *
 * Correlations r are those within blocks, with the coordinates of the same group of 128 and with
 * rewards; R is their mean over earlier windows. They are judged from the third window on, of
 * coordinates that vary within blocks (a clock does not), by the scatter that earlier windows had
 * and by how many different values they are made of: a user who stays for twenty rows is one piece
 * of news. What one window makes likely, and two together make sure, is said after the second. What
 * is kept has a fixed size. */
#ifndef RRI_EVAL_INPUT_WATCH_H
#define RRI_EVAL_INPUT_WATCH_H

#include "core/memory.h"

#define RRI_INPUT_GROUP ((size_t)128)

/* What happened to an input. */
enum {
    RRI_INPUT_SAME = 0,
    RRI_INPUT_MOVED = 1,
    RRI_INPUT_EMPTIED = 2,
    RRI_INPUT_SCALED = 3,
    RRI_INPUT_TURNED = 4,
    RRI_INPUT_SWAPPED = 5
};

/* The first coordinate to which something happened, and how many others there are. */
typedef struct rri_input_change {
    int32_t kind;
    int32_t at;         /* coordinate; features lie behind states */
    int32_t other;      /* swapped: with whom. Turned: against whom it shows most; −1: rewards */
    int32_t n_more;     /* other coordinates to which something happened */
    double before, now; /* means, shares of zeros, mean distances, or correlations */
    double jump;        /* largest move of any mean, in deviations … */
    int32_t jump_at;    /* … and whose */
} rri_input_change;

/* Bits in which the different values of a window are counted: one that is set for a value's hash.
 * Of B bits z are left at 0 by about B log(B / z) values [Whang et al. 1990]. */
#define RRI_INPUT_BITS ((size_t)4096)

/* What a window made likely and not sure: evidence, 0: nothing; with whom it was swapped. */
typedef struct rri_input_guess {
    double evidence;
    int32_t with;
} rri_input_guess;

/* What is kept of one coordinate. */
typedef struct rri_input_sketch {
    double centre, sum, paired_sum; /* of the block under way, about the mean of the one before */
    double square, distance, reward_product; /* of the window under way, within blocks */
    double mean, spread, jump;               /* of its blocks' means */
    int64_t n, n_in_block, n_distances, n_zeros;

    double last, before_last;                     /* means of the last two blocks */
    double mean_before, deviation, within_before; /* of the window before; variance in blocks */
    double jumps[2];                              /* farthest of the two windows before */
    double square_before, block_logs[4]; /* square, and log deviations, at the last blocks' ends */
    double widest, narrowest;            /* their farthest moves in this window, and … */
    double widest_before, narrowest_before; /* … in the one before */
    double logs[2], log_moves;              /* log mean distance; running mean of squared moves */
    double shares[2], share_moves;          /* of zeros; likewise */
    double long_mean, long_spread;          /* of all blocks */
    double reward_now, reward_before, reward_reference;
    double scatter;                   /* mean of those of its correlations */
    double news;                      /* rows that tell something new, of the window under way */
    rri_input_guess turn[2], swap[2]; /* of this window and the one before */
    int64_t n_blocks, n_windows;
    bool is_lively;                     /* varies within blocks */
    bool is_found;                      /* turned or swapped, in the judgement under way */
    uint64_t seen[RRI_INPUT_BITS / 64]; /* of this window's values */
} rri_input_sketch;

typedef struct rri_input_watch {
    size_t n, n_states;         /* D; the first n_states come with every row, features may lack */
    size_t width;               /* of a row of products: the group, or D if that is less */
    size_t n_block;             /* rows of a block */
    rri_input_sketch *sketches; /* [D] */
    double *row;                /* [D] about the centres */
    double *products;           /* [D, width] of the window under way, within blocks */
    float *now, *before, *reference; /* [D, width] correlations; the last: means over windows */
    float *scatter; /* [D, width] half the running mean of their squared moves: a variance */
    double reward_sum, reward_centre, reward_square, reward_scatter;
    int64_t n_rows, n_in_block, n_pairs, n_pairs_in_block, n_windows;
    bool has_reward;
} rri_input_watch;

/* Sizes it for windows of `window` rows and takes its slices, which must be zero. */
void rri_input_watch_layout(rri_input_watch *watch, rri_arena *arena, size_t n_states,
                            size_t n_features, size_t window);
/* One row: states and features (NULL: none). */
void rri_input_watch_row(rri_input_watch *watch, const float *state, const float *features);
/* What a row of before has earned. */
void rri_input_watch_reward(rri_input_watch *watch, const float *state, const float *features,
                            float reward);
/* Ends a window. What happened is judged from the second window on. */
void rri_input_watch_judge(rri_input_change *change, rri_input_watch *watch, double most_jump);

#endif
