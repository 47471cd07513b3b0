/* SPDX-License-Identifier: MIT */
#include "eval/input_watch.h"

#include <math.h>
#include <string.h>

#include "core/log.h"
#include "math/scalar.h"

enum { BLOCKS = 8, LEAST_BLOCK = 64, LEAST_ROWS = 256, MEMORY = 8 };

static const double MOST_EMPTIED = 0.25;
static const double MOST_LOG_SCALE = 0.47; /* a factor of 1.6 */
static const double AT_ONCE = 0.4;         /* of it, within three blocks: a factor of 1.5 */
static const double FARTHEST = 5.0;        /* times the farthest move of before */
static const double USUAL = 4.0;           /* times the usual move */
static const double LIVELY = 0.2;          /* share of all variance that lies within blocks */
static const double KNOWN = 3.5;           /* deviations from 0 of a correlation that is known */
static const double LEAST_KNOWN = 0.05;
static const double TURNED = 0.25;     /* share of Σ R² by which r must oppose R */
static const double LIKELIER = 15.0;   /* log of how much likelier −R must be in two windows */
static const double SURE = 2.5;        /* times as much is believed at once */
static const double SUSPECTED = 0.25;  /* times as much makes a window one of two */
static const double MANY = 64.0;       /* values of a coordinate that is no class */
static const double MOST_TURNED = 0.5; /* if rewards alone turn against more, it is they */

void rri_input_watch_layout(rri_input_watch *watch, rri_arena *arena, size_t n_states,
                            size_t n_features, size_t window)
{
    memset(watch, 0, sizeof *watch);
    watch->n = n_states + n_features;
    watch->n_states = n_states;
    watch->width = watch->n < RRI_INPUT_GROUP ? watch->n : RRI_INPUT_GROUP;
    watch->n_block = window / BLOCKS > LEAST_BLOCK ? window / BLOCKS : LEAST_BLOCK;
    const size_t n_pairs = rri_size_multiply(watch->n, watch->width);
    watch->sketches = RRI_TAKE(arena, rri_input_sketch, watch->n);
    watch->row = RRI_TAKE(arena, double, watch->n);
    watch->products = RRI_TAKE(arena, double, n_pairs);
    watch->now = RRI_TAKE(arena, float, n_pairs);
    watch->before = RRI_TAKE(arena, float, n_pairs);
    watch->reference = RRI_TAKE(arena, float, n_pairs);
    watch->scatter = RRI_TAKE(arena, float, n_pairs);
}

/* ── rows ── */

static size_t group_begin(size_t at)
{
    return at / RRI_INPUT_GROUP * RRI_INPUT_GROUP;
}

static size_t group_width(const rri_input_watch *watch, size_t begin)
{
    return rri_size_smaller(watch->width, watch->n - begin);
}

static void see_value(rri_input_sketch *s, float x)
{
    uint32_t bits;
    memcpy(&bits, &x, sizeof bits);
    const uint64_t hash = (bits + 1u) * UINT64_C(0x9e3779b97f4a7c15);
    const size_t at = (size_t)((hash ^ hash >> 29) >> 20) % RRI_INPUT_BITS;
    s->seen[at / 64] |= UINT64_C(1) << at % 64;
}

/* How many different values a window had. */
static double count_values(const rri_input_sketch *s)
{
    size_t n_set = 0;
    for (size_t i = 0; i < RRI_INPUT_BITS / 64; i++) {
        n_set += (size_t)__builtin_popcountll(s->seen[i]);
    }
    const double B = (double)RRI_INPUT_BITS, left = fmax(B - (double)n_set, 0.5);
    return fmin(B * rri_log_f64(B / left), (double)s->n);
}

/* The first values ever stand for the block before the first; distances from them say nothing. */
static double add_value(rri_input_sketch *s, float x)
{
    const bool is_first = s->n == 0 && s->n_blocks == 0;
    s->centre = is_first ? (double)x : s->centre;
    const double away = (double)x - s->centre;
    s->sum += away;
    s->square += away * away;
    s->n++;
    s->n_in_block++;
    s->n_zeros += x == 0.0f;
    see_value(s, x);
    if (s->n_blocks > 0) {
        s->distance += fabs(away);
        s->n_distances++;
    }
    return away;
}

/* Logarithm of the deviation within the block that ends: it and the one before are held against two
 * that came before those, with one between, which may be half of another unit. A lone block may
 * lack the rows that begin a session. */
static void see_scale(rri_input_sketch *s)
{
    double *logs = s->block_logs;
    const double n = (double)s->n_in_block, least = 1e-6 * (1.0 + fabs(s->last));
    const double variance = (s->square - s->square_before) / n;
    const double now = 0.5 * rri_log_f64(fmax(variance, 0.0) + least * least);
    if (s->n_blocks >= 4) {
        s->widest = fmax(s->widest, fmin(now, logs[0]) - fmax(logs[2], logs[3]));
        s->narrowest = fmin(s->narrowest, fmax(now, logs[0]) - fmin(logs[2], logs[3]));
    }
    memmove(logs + 1, logs, 3 * sizeof *logs);
    logs[0] = now;
}

/* Ends the block of one coordinate. The few rows that a window may leave over tell no mean. */
static void end_block(rri_input_sketch *s, size_t n_block)
{
    if (s->n_in_block == 0) {
        return;
    }
    const double n = (double)s->n_in_block, mean = s->centre + s->sum / n;
    s->square -= s->sum * s->sum / n;
    if (2 * s->n_in_block >= (int64_t)n_block || s->n == s->n_in_block) {
        const double jump = fmax(s->n_blocks > 0 ? fabs(mean - s->last) : 0.0,
                                 s->n_blocks > 1 ? fabs(mean - s->before_last) : 0.0);
        s->jump = fmax(s->jump, jump);
        see_scale(s);
        s->before_last = s->last;
        s->last = mean;
        s->n_blocks++;
        const double long_away = mean - s->long_mean;
        s->long_mean += long_away / (double)s->n_blocks;
        s->long_spread += long_away * (mean - s->long_mean);
    }
    s->square_before = s->square;
    const double away = mean - s->mean;
    s->mean += away * n / (double)s->n;
    s->spread += n * away * (mean - s->mean);
}

static void begin_block(rri_input_watch *watch)
{
    for (size_t i = 0; i < watch->n; i++) {
        rri_input_sketch *s = &watch->sketches[i];
        s->centre = s->n_blocks > 0 ? s->last : s->centre;
        s->sum = s->paired_sum = 0.0;
        s->n_in_block = 0;
    }
    if (watch->n_pairs_in_block > 0) {
        watch->reward_centre += watch->reward_sum / (double)watch->n_pairs_in_block;
    }
    watch->reward_sum = 0.0;
    watch->n_in_block = watch->n_pairs_in_block = 0;
}

/* Takes the block's means out of all sums of products. */
static void close_block(rri_input_watch *watch)
{
    if (watch->n_in_block == 0) {
        return;
    }
    const double n_pairs = (double)(watch->n_pairs_in_block > 0 ? watch->n_pairs_in_block : 1);
    for (size_t i = 0; i < watch->n; i++) {
        rri_input_sketch *s = &watch->sketches[i];
        const size_t begin = group_begin(i), width = group_width(watch, begin);
        const double share = s->sum / (double)watch->n_in_block;
        double *products = watch->products + i * watch->width;
        for (size_t p = 0; p < width; p++) {
            products[p] -= share * watch->sketches[begin + p].sum;
        }
        s->reward_product -= s->paired_sum * watch->reward_sum / n_pairs;
    }
    watch->reward_square -= watch->reward_sum * watch->reward_sum / n_pairs;
    for (size_t i = 0; i < watch->n; i++) {
        end_block(&watch->sketches[i], watch->n_block);
    }
    begin_block(watch);
}

void rri_input_watch_row(rri_input_watch *watch, const float *state, const float *features)
{
    const size_t S = watch->n_states;
    for (size_t i = 0; i < watch->n; i++) {
        const bool is_there = i < S || features != NULL;
        watch->row[i] =
            is_there ? add_value(&watch->sketches[i], i < S ? state[i] : features[i - S]) : 0.0;
    }
    for (size_t i = 0; i < watch->n; i++) {
        const size_t begin = group_begin(i), width = group_width(watch, begin);
        const double x = watch->row[i];
        const double *others = watch->row + begin;
        double *products = watch->products + i * watch->width;
        for (size_t p = 0; p < width; p++) {
            products[p] += x * others[p];
        }
    }
    watch->n_rows++;
    if (++watch->n_in_block == (int64_t)watch->n_block) {
        close_block(watch);
    }
}

void rri_input_watch_reward(rri_input_watch *watch, const float *state, const float *features,
                            float reward)
{
    const size_t S = watch->n_states;
    watch->reward_centre = watch->has_reward ? watch->reward_centre : (double)reward;
    watch->has_reward = true;
    const double r = (double)reward - watch->reward_centre;
    watch->reward_sum += r;
    watch->reward_square += r * r;
    for (size_t i = 0; i < watch->n && (i < S || features != NULL); i++) {
        rri_input_sketch *s = &watch->sketches[i];
        const double away = (double)(i < S ? state[i] : features[i - S]) - s->centre;
        s->paired_sum += away;
        s->reward_product += away * r;
    }
    watch->n_pairs++;
    watch->n_pairs_in_block++;
}

/* ── one coordinate by itself ── */

typedef struct judgement {
    rri_input_change *change;
    int32_t seen_at; /* the coordinate noted last */
} judgement;

static void note(judgement *j, int32_t kind, size_t at, int32_t other, double before, double now)
{
    rri_input_change *c = j->change;
    if (c->kind == RRI_INPUT_SAME) {
        *c = (rri_input_change){.kind = kind,
                                .at = (int32_t)at,
                                .other = other,
                                .before = before,
                                .now = now,
                                .jump = c->jump,
                                .jump_at = c->jump_at};
    } else if (j->seen_at != (int32_t)at) {
        c->n_more++;
    }
    j->seen_at = (int32_t)at;
}

static bool has_moved(const rri_input_sketch *s, double jump, double most_jump)
{
    return jump > most_jump && s->jump > FARTHEST * fmax(s->jumps[0], s->jumps[1]);
}

/* A jump makes distances large for a block; only another scale changes deviations within blocks. */
static bool has_widened(const rri_input_sketch *s)
{
    const double ratio = s->square / (double)s->n / s->within_before;
    return ratio > 2.56 || ratio < 1.0 / 2.56; /* 1.6² */
}

/* By a factor at once, in this window or the one before: then it shows in full only now. */
static bool has_rescaled(const rri_input_sketch *s, double log_move)
{
    return log_move > 0.0 ? fmax(s->widest, s->widest_before) > AT_ONCE
                          : fmin(s->narrowest, s->narrowest_before) < -AT_ONCE;
}

/* The farther of the moves of a figure from the two windows before; NaN: none is known. */
static double farther(double now, const double before[2])
{
    const double a = now - before[0], b = now - before[1];
    return isnan(b) || fabs(a) >= fabs(b) ? a : b;
}

/* NaN where too few rows tell it. */
static double log_distance(const rri_input_sketch *s)
{
    const double least = 1e-6 * (1.0 + fabs(s->mean)); /* of one that stands still */
    return s->n_distances >= LEAST_ROWS ? rri_log_f64(s->distance / (double)s->n_distances + least)
                                        : (double)NAN;
}

static double share_of_zeros(const rri_input_sketch *s)
{
    return s->n >= LEAST_ROWS ? (double)s->n_zeros / (double)s->n : (double)NAN;
}

static void judge_one(judgement *j, const rri_input_sketch *s, size_t i, double most_jump)
{
    const double unit = fmax(s->deviation, 1e-6 * (1.0 + fabs(s->mean_before)));
    const double jump = s->jump / unit;
    if (jump > j->change->jump) {
        j->change->jump = jump;
        j->change->jump_at = (int32_t)i;
    }
    const double share = share_of_zeros(s), share_move = farther(share, s->shares);
    const double log_now = log_distance(s), log_move = farther(log_now, s->logs);
    const bool is_scaled = s->is_lively && has_rescaled(s, log_move) &&
                           fabs(log_move) > fmax(MOST_LOG_SCALE, USUAL * sqrt(s->log_moves));
    const bool has_jumped = has_moved(s, jump, most_jump);
    if (fabs(share_move) > fmax(MOST_EMPTIED, USUAL * sqrt(s->share_moves))) {
        note(j, RRI_INPUT_EMPTIED, i, -1, share - share_move, share);
    } else if (is_scaled && (!has_jumped || has_widened(s))) {
        note(j, RRI_INPUT_SCALED, i, -1, (double)rri_exp((float)(log_now - log_move)),
             (double)rri_exp((float)log_now));
    } else if (has_jumped) {
        note(j, RRI_INPUT_MOVED, i, -1, s->mean_before, s->mean);
    }
}

/* ── correlations ── */

static bool is_lively_now(const rri_input_sketch *s)
{
    const double within = s->square / (double)s->n;
    const double between = s->long_spread / (double)(s->n_blocks > 0 ? s->n_blocks : 1);
    return s->n >= LEAST_ROWS && within > 1e-12 * (1.0 + s->mean * s->mean) &&
           within >= LIVELY * (within + between);
}

/* Rows that tell something new: as many as there are different values. A class has few; among
 * states it may be the user's, and then is as new as the user. */
static void count_news(rri_input_watch *watch)
{
    double of_users = (double)watch->n_rows;
    for (size_t i = 0; i < watch->n; i++) {
        rri_input_sketch *s = &watch->sketches[i];
        s->news = count_values(s);
        if (i < watch->n_states && s->news >= MANY) {
            of_users = fmin(of_users, s->news);
        }
    }
    for (size_t i = 0; i < watch->n; i++) {
        rri_input_sketch *s = &watch->sketches[i];
        s->news = s->news >= MANY ? s->news : i < watch->n_states ? of_users : (double)s->n;
    }
}

/* now ← r of all pairs of lively coordinates; 0 elsewhere. */
static void correlate(rri_input_watch *watch)
{
    count_news(watch);
    const size_t width = watch->width;
    const double n_pairs = (double)watch->n_pairs;
    const bool has_rewards = watch->n_pairs >= LEAST_ROWS && watch->reward_square > 0.0;
    for (size_t i = 0; i < watch->n; i++) {
        rri_input_sketch *s = &watch->sketches[i];
        const size_t begin = group_begin(i);
        const bool is_lively = s->n > 0 && is_lively_now(s);
        const double *products = watch->products + i * width;
        const double own = products[i - begin];
        for (size_t p = 0; p < group_width(watch, begin); p++) {
            const rri_input_sketch *o = &watch->sketches[begin + p];
            const double other = watch->products[(begin + p) * width + p];
            const bool is_known = is_lively && o->n > 0 && is_lively_now(o);
            watch->now[i * width + p] = is_known ? (float)(products[p] / sqrt(own * other)) : 0.0f;
        }
        s->reward_now = is_lively && has_rewards
                            ? s->reward_product /
                                  sqrt(n_pairs * own / (double)watch->n_rows * watch->reward_square)
                            : 0.0;
    }
}

/* Of correlations r that were R: how far they oppose it, and how sure that is. */
typedef struct opposition {
    double product, square, evidence; /* Σ r R, Σ R², −Σ r R / variance */
} opposition;

static void oppose(opposition *o, double r, double reference, double variance, double n_known)
{
    if (fabs(reference) >= fmax(LEAST_KNOWN, KNOWN * sqrt(variance / n_known))) {
        o->product += r * reference;
        o->square += reference * reference;
        o->evidence -= r * reference / (variance * (1.0 + 1.0 / n_known));
    }
}

/* A correlation of m pieces of news has a variance of 1/m at least; a product is as new as the
 * newer of the two. */
static double least_variance(const rri_input_sketch *a, const rri_input_sketch *b)
{
    return 1.0 / fmax(fmax(a->news, b->news), 1.0);
}

static bool is_opposed(const opposition *o, double least)
{
    return o->product < -TURNED * o->square && o->evidence > least;
}

/* What is known of the scatter of r from window to window. */
typedef struct scatter {
    double of_all, of_rewards; /* variances */
    double n_known;            /* windows in the reference */
    bool reads_rewards;        /* they have not changed themselves */
} scatter;

static scatter scatter_of(const rri_input_watch *watch)
{
    double sum = 0.0;
    for (size_t i = 0; i < watch->n; i++) {
        sum += watch->sketches[i].scatter;
    }
    const double n_windows = (double)watch->n_windows;
    return (scatter){.of_all = fmax(1.0 / (double)watch->n_rows, 0.5 * sum / (double)watch->n),
                     .of_rewards = fmax(1.0 / (double)(watch->n_pairs > 0 ? watch->n_pairs : 1),
                                        watch->reward_scatter),
                     .n_known = n_windows < MEMORY ? n_windows : MEMORY};
}

/* A turned coordinate shows against all others but those that have been found themselves. Each r
 * stands between R and −R, which are 2 R apart; of two coordinates, whose difference scatters by
 * twice the variance, half of that is left. */
static opposition turn_of(int32_t *against, const rri_input_watch *watch, const scatter *sc,
                          size_t i)
{
    const rri_input_sketch *s = &watch->sketches[i];
    const size_t begin = group_begin(i);
    const double least = fmax(sc->of_all, s->scatter);
    opposition sum = {0};
    double most = 0.0;
    *against = -1;
    for (size_t p = 0; p < group_width(watch, begin); p++) {
        if (begin + p == i || watch->sketches[begin + p].is_found) {
            continue;
        }
        const double before = sum.evidence;
        const size_t at = i * watch->width + p;
        const double own = least_variance(s, &watch->sketches[begin + p]);
        oppose(&sum, (double)watch->now[at], (double)watch->reference[at],
               fmax(fmax(least, own), (double)watch->scatter[at]), sc->n_known);
        if (sum.evidence - before > most) {
            most = sum.evidence - before;
            *against = (int32_t)(begin + p);
        }
    }
    if (sc->reads_rewards) {
        oppose(&sum, s->reward_now, s->reward_reference, sc->of_rewards, sc->n_known);
    }
    sum.evidence *= 2.0;
    return sum;
}

/* What is likely is believed when two windows together make it sure, or one alone more than that;
 * until then it is a guess. */
static bool is_believed(rri_input_guess guess[2], int32_t with, double evidence)
{
    const bool is_second = guess[1].evidence > 0.0 && guess[1].with == with;
    if (evidence > SURE * LIKELIER || (is_second && guess[1].evidence + evidence > LIKELIER)) {
        return true;
    }
    guess[0] = (rri_input_guess){evidence, with};
    return false;
}

static void note_turn(judgement *j, rri_input_watch *watch, size_t i, int32_t against,
                      double evidence)
{
    rri_input_sketch *s = &watch->sketches[i];
    const size_t at = against >= 0 ? i * watch->width + (size_t)against - group_begin(i) : 0;
    s->is_found = true;
    if (!is_believed(s->turn, -1, evidence)) {
        return;
    }
    note(j, RRI_INPUT_TURNED, i, against,
         against >= 0 ? (double)watch->reference[at] : s->reward_reference,
         against >= 0 ? (double)watch->now[at] : s->reward_now);
}

/* Where most of what rewards had to do with has turned against them, and nothing else, it is the
 * rewards, or what is shown, that changed. */
static bool have_rewards_turned(const rri_input_watch *watch, const scatter *sc)
{
    size_t n_known = 0, n_turned = 0;
    for (size_t i = 0; i < watch->n; i++) {
        const rri_input_sketch *s = &watch->sketches[i];
        opposition o = {0};
        oppose(&o, s->reward_now, s->reward_reference, sc->of_rewards, sc->n_known);
        n_known += o.square > 0.0;
        n_turned += is_opposed(&o, 0.0);
    }
    return n_turned > 2 && (double)n_turned > MOST_TURNED * (double)n_known;
}

static void judge_turns(judgement *j, rri_input_watch *watch, const scatter *sc)
{
    for (size_t round = 0; round < watch->n; round++) { /* the surest first */
        double most = 0.0;
        size_t best = watch->n;
        int32_t best_against = -1;
        for (size_t i = 0; i < watch->n; i++) {
            int32_t against;
            const opposition o = turn_of(&against, watch, sc, i);
            if (!watch->sketches[i].is_found && is_opposed(&o, SUSPECTED * LIKELIER) &&
                o.evidence > most) {
                most = o.evidence;
                best = i;
                best_against = against;
            }
        }
        if (best == watch->n) {
            return;
        }
        note_turn(j, watch, best, best_against, most);
    }
}

static opposition swap_of(const rri_input_watch *watch, const scatter *sc, size_t a, size_t b)
{
    const rri_input_sketch *s = &watch->sketches[a], *o = &watch->sketches[b];
    const size_t begin = group_begin(a);
    const double least = fmax(sc->of_all, fmax(s->scatter, o->scatter));
    const float *now = watch->now, *reference = watch->reference;
    opposition sum = {0};
    for (size_t p = 0; p < group_width(watch, begin); p++) {
        const size_t of_a = a * watch->width + p, of_b = b * watch->width + p;
        if (begin + p != a && begin + p != b) {
            const rri_input_sketch *third = &watch->sketches[begin + p];
            const double own = 0.5 * (least_variance(s, third) + least_variance(o, third));
            const double pair = 0.5 * ((double)watch->scatter[of_a] + (double)watch->scatter[of_b]);
            oppose(&sum, (double)now[of_a] - (double)now[of_b],
                   (double)reference[of_a] - (double)reference[of_b], fmax(fmax(least, own), pair),
                   sc->n_known);
        }
    }
    if (sc->reads_rewards) {
        oppose(&sum, s->reward_now - o->reward_now, s->reward_reference - o->reward_reference,
               sc->of_rewards, sc->n_known);
    }
    return sum;
}

static void judge_swaps(judgement *j, rri_input_watch *watch, const scatter *sc)
{
    for (size_t i = 0; i < watch->n; i++) { /* a turn that is a guess may be a swap */
        rri_input_sketch *s = &watch->sketches[i];
        s->is_found = s->is_found && !(s->turn[0].evidence > 0.0);
    }
    for (size_t round = 0; round < watch->n; round++) {
        double most = 0.0;
        size_t best_a = watch->n, best_b = watch->n;
        for (size_t a = 0; a < watch->n; a++) {
            const size_t end = group_begin(a) + group_width(watch, group_begin(a));
            for (size_t b = a + 1; b < end && !watch->sketches[a].is_found; b++) {
                const opposition o = swap_of(watch, sc, a, b);
                if (!watch->sketches[b].is_found && is_opposed(&o, SUSPECTED * LIKELIER) &&
                    o.evidence > most) {
                    most = o.evidence;
                    best_a = a;
                    best_b = b;
                }
            }
        }
        if (best_a == watch->n) {
            return;
        }
        watch->sketches[best_a].is_found = watch->sketches[best_b].is_found = true;
        if (is_believed(watch->sketches[best_a].swap, (int32_t)best_b, most)) {
            note(j, RRI_INPUT_SWAPPED, best_a, (int32_t)best_b, 0.0, 0.0);
        }
    }
}

/* ── windows ── */

static void remember(double pair[2], double *moves, double now, int64_t n_windows)
{
    const double move = now - pair[0];
    if (!isnan(move)) {
        *moves += (move * move - *moves) / (double)(n_windows < MEMORY ? n_windows : MEMORY);
    }
    pair[1] = pair[0];
    pair[0] = now;
}

static void roll_one(rri_input_sketch *s)
{
    if (s->n == 0) {
        return; /* its features did not come */
    }
    if (s->n_windows == 0) {
        s->logs[0] = s->logs[1] = s->shares[0] = s->shares[1] = (double)NAN;
    }
    remember(s->logs, &s->log_moves, log_distance(s), s->n_windows);
    remember(s->shares, &s->share_moves, share_of_zeros(s), s->n_windows);
    s->is_lively = is_lively_now(s);
    s->within_before = s->square / (double)s->n;
    s->mean_before = s->mean;
    s->deviation = s->n > 1 ? sqrt((s->square + s->spread) / (double)(s->n - 1)) : 0.0;
    s->jumps[1] = s->jumps[0];
    s->jumps[0] = s->jump;
    s->n_windows++;
    s->widest_before = s->widest;
    s->narrowest_before = s->narrowest;
    s->widest = s->narrowest = 0.0;
    s->square = s->square_before = s->distance = s->mean = s->spread = s->jump = 0.0;
    s->n = s->n_distances = s->n_zeros = 0;
    memset(s->seen, 0, sizeof s->seen);
}

/* Half the mean square of the moves of a correlation is its variance, where nothing changes. */
static void learn_scatter(rri_input_watch *watch, double n_moves)
{
    double of_rewards = 0.0;
    for (size_t i = 0; i < watch->n; i++) {
        rri_input_sketch *s = &watch->sketches[i];
        const size_t width = group_width(watch, group_begin(i));
        double sum = 0.0;
        for (size_t at = i * watch->width; at < i * watch->width + width; at++) {
            const float move = watch->now[at] - watch->before[at];
            watch->scatter[at] += (0.5f * move * move - watch->scatter[at]) / (float)n_moves;
            sum += (double)watch->scatter[at];
        }
        s->scatter = sum / (double)(width > 1 ? width - 1 : 1);
        const double move = s->reward_now - s->reward_before;
        of_rewards += 0.5 * move * move / (double)watch->n;
    }
    watch->reward_scatter += (of_rewards - watch->reward_scatter) / n_moves;
}

/* The window joins what is known, unless it is under suspicion: then the next one is held against
 * what was known before. */
static void learn_correlations(rri_input_watch *watch)
{
    const double n = (double)(watch->n_windows + 1 < MEMORY ? watch->n_windows + 1 : MEMORY);
    const size_t n_pairs = watch->n * watch->width;
    if (watch->n_windows > 0) {
        learn_scatter(watch, fmax(n - 1.0, 1.0));
    }
    for (size_t i = 0; i < watch->n; i++) {
        rri_input_sketch *s = &watch->sketches[i];
        s->reward_reference += (s->reward_now - s->reward_reference) / n;
        s->reward_before = s->reward_now;
    }
    for (size_t at = 0; at < n_pairs; at++) {
        watch->reference[at] += (watch->now[at] - watch->reference[at]) / (float)n;
    }
    memcpy(watch->before, watch->now, n_pairs * sizeof *watch->before);
    watch->n_windows++;
}

static void begin_window(rri_input_watch *watch)
{
    bool is_suspected = false;
    for (size_t i = 0; i < watch->n; i++) {
        rri_input_sketch *s = &watch->sketches[i];
        is_suspected = is_suspected || s->turn[0].evidence > 0.0 || s->swap[0].evidence > 0.0;
        s->turn[1] = s->turn[0];
        s->swap[1] = s->swap[0];
        s->turn[0] = s->swap[0] = (rri_input_guess){0};
        s->is_found = false;
        roll_one(s);
    }
    if (!is_suspected) {
        learn_correlations(watch);
    }
    for (size_t i = 0; i < watch->n; i++) {
        watch->sketches[i].reward_product = 0.0;
    }
    memset(watch->products, 0, watch->n * watch->width * sizeof *watch->products);
    watch->reward_square = 0.0;
    watch->n_rows = watch->n_pairs = 0;
}

void rri_input_watch_judge(rri_input_change *change, rri_input_watch *watch, double most_jump)
{
    *change = (rri_input_change){.at = -1, .other = -1};
    judgement j = {change, -1};
    close_block(watch);
    correlate(watch);
    for (size_t i = 0; i < watch->n; i++) {
        const rri_input_sketch *s = &watch->sketches[i];
        if (s->n_windows > 0 && s->n > 1) {
            judge_one(&j, s, i, most_jump);
        }
    }
    if (watch->n_windows > 1 && watch->n_rows >= LEAST_ROWS && change->kind == RRI_INPUT_SAME) {
        scatter sc = scatter_of(watch);
        sc.reads_rewards = !have_rewards_turned(watch, &sc);
        judge_turns(&j, watch, &sc);
        judge_swaps(&j, watch, &sc);
    }
    begin_window(watch);
}
