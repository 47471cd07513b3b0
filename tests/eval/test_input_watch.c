/* SPDX-License-Identifier: MIT */
/* A feed of six states and a feature, of which one thing is changed after three windows. */
#include "eval/input_watch.h"

#include <math.h>
#include <string.h>

#include "check_run.h"
#include "core/hash.h"

enum { S = 6, F = 1, D = S + F, WINDOW = 4096 };

typedef struct feed {
    rri_input_watch watch;
    void *block;
    uint64_t random;
    int64_t n;
} feed;

static double uniform(feed *f)
{
    return (double)(rri_hash_mix(f->random += 0x9e3779b97f4a7c15u) >> 11) * 0x1p-53;
}

/* About normal. */
static double bell(feed *f)
{
    double sum = -6.0;
    for (int i = 0; i < 12; i++) {
        sum += uniform(f);
    }
    return sum;
}

static void open_feed(feed *f, uint64_t seed)
{
    rri_arena arena = {0};
    *f = (feed){.random = seed * 77 + 1};
    rri_input_watch_layout(&f->watch, &arena, S, F, WINDOW);
    const size_t bytes = (arena.used + 63) / 64 * 64;
    f->block = aligned_alloc(RRI_ALIGNMENT, bytes);
    memset(f->block, 0, bytes);
    arena = (rri_arena){.base = f->block};
    rri_input_watch_layout(&f->watch, &arena, S, F, WINDOW);
}

static void close_feed(feed *f)
{
    free(f->block);
}

/* 0 goes with 1 (r 0.3), 2 a little with 3 (0.1), 4 is a clock, 5 drifts and has zeros; 2 and the
 * feature go with the reward. */
static float next_row(feed *f, float *row)
{
    const double a = bell(f), b = bell(f), hour = 6.2831853 * (double)f->n++ / (20.0 * WINDOW);
    row[0] = (float)a;
    row[1] = (float)(0.31 * a + bell(f));
    row[2] = (float)b;
    row[3] = (float)(0.101 * b + bell(f));
    row[4] = (float)sin(hour);
    row[5] = uniform(f) < 0.1 ? 0.0f : (float)(0.3 * sin(hour) + uniform(f));
    row[6] = (float)uniform(f);
    return (float)((double)row[6] + 0.3 * b + bell(f));
}

typedef enum fault {
    NONE,
    TENFOLD,
    FLIPPED,
    FAINTLY_FLIPPED,
    ZEROED,
    SWAPPED,
    FAINTLY_SWAPPED,
    SHIFTED,
    DOUBLED,
    MIRRORED
} fault;

static void swap(float *a, float *b)
{
    const float t = *a;
    *a = *b;
    *b = t;
}

static void falsify(float *row, fault what)
{
    for (int i = 0; what == TENFOLD && i < S; i++) {
        row[i] *= 10.0f;
    }
    row[0] = what == FLIPPED ? -row[0] : what == SHIFTED ? row[0] + 2.5f : row[0];
    row[3] = what == FAINTLY_FLIPPED ? -row[3] : row[3];
    row[1] = what == ZEROED ? 0.0f : row[1];
    if (what == SWAPPED || what == FAINTLY_SWAPPED) {
        swap(&row[1], &row[what == SWAPPED ? 2 : 3]);
    }
    row[6] = what == DOUBLED ? 2.0f * row[6] : what == MIRRORED ? 1.0f - row[6] : row[6];
}

static rri_input_change play(feed *f, fault what)
{
    rri_input_change change;
    float row[D];
    for (int i = 0; i < WINDOW; i++) {
        const float reward = next_row(f, row);
        falsify(row, what);
        rri_input_watch_row(&f->watch, row, row + S);
        rri_input_watch_reward(&f->watch, row, row + S, reward);
    }
    rri_input_watch_judge(&change, &f->watch, 1.5);
    return change;
}

/* What is found in the two windows after three healthy ones. */
static rri_input_change find(fault what, uint64_t seed)
{
    feed f;
    rri_input_change change = {0};
    open_feed(&f, seed);
    for (int w = 0; w < 3; w++) {
        change = play(&f, NONE);
        ck_assert_int_eq(change.kind, RRI_INPUT_SAME);
    }
    for (int w = 0; w < 2 && change.kind == RRI_INPUT_SAME; w++) {
        change = play(&f, what);
    }
    close_feed(&f);
    return change;
}

START_TEST(test_input_watch_says_which_coordinate_and_what_happened_to_it)
{
    const struct {
        fault what;
        int32_t kind, at, other;
    } cases[] = {{TENFOLD, RRI_INPUT_SCALED, 0, -1},        {FLIPPED, RRI_INPUT_TURNED, 0, 1},
                 {FAINTLY_FLIPPED, RRI_INPUT_TURNED, 3, 2}, {ZEROED, RRI_INPUT_EMPTIED, 1, -1},
                 {SWAPPED, RRI_INPUT_SWAPPED, 1, 2},        {SHIFTED, RRI_INPUT_MOVED, 0, -1},
                 {DOUBLED, RRI_INPUT_SCALED, 6, -1},        {MIRRORED, RRI_INPUT_TURNED, 6, -1}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        for (uint64_t seed = 0; seed < 3; seed++) {
            const rri_input_change c = find(cases[i].what, seed);
            ck_assert_msg(c.kind == cases[i].kind && c.at == cases[i].at &&
                              c.other == cases[i].other,
                          "fault %d, seed %d: %d at %d (other %d)", (int)cases[i].what, (int)seed,
                          (int)c.kind, (int)c.at, (int)c.other);
        }
    }
    const rri_input_change c = find(FAINTLY_SWAPPED, 0);
    ck_assert_int_ne(c.kind, RRI_INPUT_SAME);
}
END_TEST

START_TEST(test_input_watch_keeps_quiet_about_a_feed_that_moves_by_itself)
{
    feed f;
    open_feed(&f, 9);
    for (int w = 0; w < 200; w++) {
        const rri_input_change c = play(&f, NONE);
        ck_assert_msg(c.kind == RRI_INPUT_SAME, "window %d: %d at %d", w, (int)c.kind, (int)c.at);
    }
    close_feed(&f);
}
END_TEST

/* The item shown last narrows as a policy learns: by 10 % a block, to 43 % in a window;
 * in each fifth block no session begins. */
START_TEST(test_input_watch_keeps_quiet_about_a_scale_that_shrinks_little_by_little)
{
    feed f;
    open_feed(&f, 11);
    float scale = 1.0f;
    for (int w = 0; w < 6; w++) {
        rri_input_change change;
        float row[D];
        for (int i = 0; i < WINDOW; i++) {
            next_row(&f, row);
            scale *= w == 1 && i % (WINDOW / 8) == 0 ? 0.9f : 1.0f;
            const bool is_lone = (w * 8 + i / (WINDOW / 8)) % 5 == 4;
            row[6] = 0.3f + scale * (is_lone ? 0.5f : 1.0f) * (row[6] - 0.5f);
            rri_input_watch_row(&f.watch, row, row + S);
        }
        rri_input_watch_judge(&change, &f.watch, 1.5);
        ck_assert_msg(change.kind == RRI_INPUT_SAME, "window %d: %d at %d", w, (int)change.kind,
                      (int)change.at);
    }
    close_feed(&f);
}
END_TEST

/* Correlations as two passes over the rows make them, in blocks; means and jumps by hand. */
START_TEST(test_input_watch_correlations_are_those_within_blocks)
{
    feed f, twin;
    open_feed(&f, 3);
    open_feed(&twin, 3);
    static float rows[WINDOW][D], rewards[WINDOW];
    for (size_t i = 0; i < WINDOW; i++) {
        rewards[i] = next_row(&twin, rows[i]);
    }
    (void)play(&f, NONE);
    const size_t n_block = WINDOW / 8;
    for (size_t a = 0; a < 4; a++) {
        for (size_t b = 0; b <= 4; b++) {
            double ab = 0.0, aa = 0.0, bb = 0.0;
            for (size_t begin = 0; begin < WINDOW; begin += n_block) {
                double mean_a = 0.0, mean_b = 0.0;
                for (size_t i = begin; i < begin + n_block; i++) {
                    mean_a += (double)rows[i][a] / (double)n_block;
                    mean_b += (double)(b < 4 ? rows[i][b] : rewards[i]) / (double)n_block;
                }
                for (size_t i = begin; i < begin + n_block; i++) {
                    const double x = (double)rows[i][a] - mean_a;
                    const double y = (double)(b < 4 ? rows[i][b] : rewards[i]) - mean_b;
                    ab += x * y;
                    aa += x * x;
                    bb += y * y;
                }
            }
            const double r =
                b < 4 ? (double)f.watch.before[a * D + b] : f.watch.sketches[a].reward_before;
            /* A block's last reward comes with the next block. */
            ck_assert_double_eq_tol(r, ab / sqrt(aa * bb), b < 4 ? 1e-6 : 2e-3);
        }
    }
    close_feed(&f);
    close_feed(&twin);
}
END_TEST

/* Where most of what rewards go with turns against them, and nothing else, rewards have changed. */
START_TEST(test_input_watch_rewards_that_turn_are_no_fault_of_the_inputs)
{
    feed f;
    open_feed(&f, 4);
    float row[D];
    for (int w = 0; w < 6; w++) {
        for (int i = 0; i < WINDOW; i++) {
            (void)next_row(&f, row);
            const float reward = row[0] + row[1] + row[2] + row[3];
            rri_input_watch_row(&f.watch, row, row + S);
            rri_input_watch_reward(&f.watch, row, row + S, w < 3 ? reward : -reward);
        }
        rri_input_change change;
        rri_input_watch_judge(&change, &f.watch, 1.5);
        ck_assert_int_eq(change.kind, RRI_INPUT_SAME);
    }
    close_feed(&f);
}
END_TEST

/* Users stay for twenty rows, 64 side by side: 0 and 1 go together (r 0.3), 2 is a class of theirs,
 * 4 is theirs too, the others are new in every row. Coordinate 0 changes places with another, or
 * with itself. */
static rri_input_change play_swapped_users(feed *f, float users[64][4], float sign, int with)
{
    rri_input_change change;
    float row[D];
    for (int i = 0; i < WINDOW; i++, f->n++) {
        float *user = users[f->n % 64];
        if ((f->n / 64 + f->n % 64) % 20 == 0 || f->n < 64) {
            user[0] = (float)bell(f);
            user[1] = 0.31f * user[0] + (float)bell(f);
            user[2] = uniform(f) < 0.5 ? 1.0f : 2.0f;
            user[3] = (float)bell(f);
        }
        row[0] = sign * user[0];
        row[1] = user[1];
        row[2] = user[2];
        for (int j = 3; j < D; j++) {
            row[j] = j == 4 ? user[3] : (float)bell(f);
        }
        swap(&row[0], &row[with]);
        rri_input_watch_row(&f->watch, row, row + S);
    }
    rri_input_watch_judge(&change, &f->watch, 1.5);
    return change;
}

static rri_input_change play_users(feed *f, float users[64][4], float sign)
{
    return play_swapped_users(f, users, sign, 0);
}

START_TEST(test_input_watch_a_user_who_stays_is_one_piece_of_news)
{
    int n_found = 0;
    for (uint64_t seed = 0; seed < 10; seed++) {
        feed f;
        float users[64][4] = {0};
        open_feed(&f, 100 + seed);
        for (int w = 0; w < 6; w++) {
            ck_assert_int_eq(play_users(&f, users, 1.0f).kind, RRI_INPUT_SAME);
        }
        /* 64 and then three or four sessions more in each of 64 places */
        ck_assert_double_eq_tol(f.watch.sketches[0].news, 268.0, 15.0);
        ck_assert_double_eq(f.watch.sketches[2].news,
                            fmin(f.watch.sketches[4].news,
                                 fmin(f.watch.sketches[0].news, f.watch.sketches[1].news)));
        ck_assert_double_eq_tol(f.watch.sketches[3].news, (double)WINDOW, 200.0);
        for (int w = 0; w < 2; w++) {
            const rri_input_change c = play_users(&f, users, -1.0f);
            n_found += c.kind == RRI_INPUT_TURNED && (c.at == 0 || c.at == 1);
            if (c.kind != RRI_INPUT_SAME) {
                break;
            }
        }
        close_feed(&f);
    }
    ck_assert_int_ge(n_found, 9);
}
END_TEST

/* Two windows of the same rows leave no scatter to learn from; what few users can tell is still
 * little, so that other users' correlations by chance are no news. */
START_TEST(test_input_watch_windows_that_are_alike_make_nothing_sure)
{
    for (uint64_t seed = 0; seed < 5; seed++) {
        feed f;
        float users[64][4] = {0};
        open_feed(&f, 200 + seed);
        const uint64_t random = f.random;
        for (int w = 0; w < 5; w++) {
            f.random = w < 2 ? random : f.random;
            f.n = w < 2 ? 0 : f.n;
            const rri_input_change c = play_users(&f, users, 1.0f);
            ck_assert_msg(c.kind == RRI_INPUT_SAME, "seed %d, window %d: %d at %d", (int)seed, w,
                          (int)c.kind, (int)c.at);
        }
        close_feed(&f);
    }
}
END_TEST

/* After three windows of few users r may fall below 0 by chance where it went to 0, as if it had
 * turned; that another coordinate has it now is far likelier. */
START_TEST(test_input_watch_a_swap_is_told_from_a_turn_by_few_users)
{
    int n_found = 0;
    for (uint64_t seed = 0; seed < 30; seed++) {
        feed f;
        float users[64][4] = {0};
        rri_input_change c = {0};
        open_feed(&f, 300 + seed);
        for (int w = 0; w < 5 && c.kind == RRI_INPUT_SAME; w++) {
            c = play_swapped_users(&f, users, 1.0f, w < 3 ? 0 : 4);
            ck_assert(w >= 3 || c.kind == RRI_INPUT_SAME);
        }
        n_found += c.kind == RRI_INPUT_SWAPPED && c.at == 0 && c.other == 4;
        close_feed(&f);
    }
    ck_assert_int_ge(n_found, 26);
}
END_TEST

CHECK_MAIN("eval/input_watch", test_input_watch_says_which_coordinate_and_what_happened_to_it,
           test_input_watch_keeps_quiet_about_a_feed_that_moves_by_itself,
           test_input_watch_keeps_quiet_about_a_scale_that_shrinks_little_by_little,
           test_input_watch_correlations_are_those_within_blocks,
           test_input_watch_rewards_that_turn_are_no_fault_of_the_inputs,
           test_input_watch_a_user_who_stays_is_one_piece_of_news,
           test_input_watch_windows_that_are_alike_make_nothing_sure,
           test_input_watch_a_swap_is_told_from_a_turn_by_few_users)
