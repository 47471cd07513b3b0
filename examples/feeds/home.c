/* SPDX-License-Identifier: MIT */
/* Home and watch-next, in the manner of YouTube: of a large catalogue a first stage brings 200, a
 * second one ranks them, and one plays next.
 *
 * What is public: two stages, candidates and ranking, where the ranker predicts watch time because
 * click-through alone promotes clickbait [Covington et al. 2016]; what plays next is ranked for
 * engagement and for satisfaction, which are several objectives [Zhao et al. 2019].
 * docs/06_imitation_agents.md has the addresses.
 *
 * The rules.
 *   videos    100,000 in 256 cells: a vector near the cell's, 3 to 12 minutes, a quality, and
 *             bait: 3 of 10 titles promise more than the video holds, by 0.5 to 2. The platform's
 *             estimates of quality and bait, from earlier traffic, are off by 0.3 each.
 *   retrieval the query is the guess of the user's taste plus the last video watched; of the four
 *             nearest cells the 200 nearest videos. What a visit has shown is excluded.
 *   clicking  with probability sigmoid(2.5 taste·video + 1.2 bait − 1.5); else it is passed over.
 *   watching  the share sigmoid(taste·video + ½ quality − ½ bait + ½) of the minutes, ± 0.1.
 *   leaving   after each video with probability 0.08, 0.2 where it was not clicked, and after 40.
 *   mood      is 0.85 of what it was, plus ½ share − 0.6 bait of a video watched, less 0.05 for
 *             one that was not.
 *   returning with probability sigmoid(½ + mood), heard of 10 to 30 steps after the visit.
 *   reward    minutes watched, and 100 for a user who comes back.
 *
 * The incumbent's second stage is log of the expected minutes + ½ likeness to the last video. Bait
 * is in its clicks and in its minutes; what bait costs is in neither. */
#include "feed.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    USERS = 64,
    VIDEOS = 100000,
    CELLS = 256,
    PROBED = 4,
    LIST = 200,
    DIM = 16,
    MOST_STEPS = 40,
    FIRST_NEWS = 10, /* of a return, after the visit */
    LAST_NEWS = 30,
    FEATURES = 8,
    STATE = DIM + 6
};
enum { LOG_MINUTES_WATCHED, CLICK, SHARE, NEAR, MINUTES, LOUD, LIKE_LAST, SURVEY };

static const float worth_of_return = 100.0f;

typedef struct video {
    float vector[DIM];
    float minutes, quality, bait;
    float known_quality, known_bait, loudness, survey; /* what the platform has of it */
} video;

typedef struct user {
    float taste[DIM], guess[DIM], last[DIM];
    float mood, earned, minutes, baits, clicks;
    float recent_click, recent_share;
    float loudness, survey; /* of the videos watched, the last ones weighing most */
    int32_t steps;
    int32_t shown[MOST_STEPS];
} user;

/* Returns that will be heard of at one step. */
typedef struct news {
    int32_t n;
    uint64_t decisions[USERS];
} news;

typedef struct world {
    feed base;
    float cells[CELLS][DIM];
    video *videos;            /* [VIDEOS] cell after cell */
    int32_t first[CELLS + 1]; /* of each cell */
    user users[USERS];
    news heard[LAST_NEWS + 1]; /* by step, modulo its length */
} world;

static void new_user(world *w, int32_t i)
{
    user *u = &w->users[i];
    chance *c = &w->base.random;
    memset(u, 0, sizeof *u);
    memcpy(u->taste, w->cells[chance_below(c, CELLS)], sizeof u->taste);
    for (int32_t j = 0; j < DIM; j++) {
        u->taste[j] += 0.15f * chance_normal(c);
    }
    to_length_one(u->taste, DIM);
    for (int32_t j = 0; j < DIM; j++) {
        u->guess[j] = 0.8f * u->taste[j] + 0.08f * chance_normal(c);
    }
    u->recent_click = u->recent_share = 0.5f;
    feed_begin_session(&w->base, i);
}

static float click_chance(float nearness, float bait)
{
    return sigmoid(2.5f * nearness + 1.2f * bait - 1.5f);
}

static float watched_share(float nearness, float quality, float bait)
{
    return sigmoid(nearness + 0.5f * quality - 0.5f * bait + 0.5f);
}

static void make_videos(world *w, chance *c)
{
    for (int32_t v = 0, cell = 0; v < VIDEOS; v++) {
        video *to = &w->videos[v];
        while (cell < CELLS && v == (int32_t)((int64_t)VIDEOS * cell / CELLS)) {
            w->first[cell++] = v;
        }
        for (int32_t j = 0; j < DIM; j++) {
            to->vector[j] = w->cells[cell - 1][j] + 0.15f * chance_normal(c);
        }
        to_length_one(to->vector, DIM);
        to->minutes = 3.0f * expf(1.386294f * chance_uniform(c));
        to->quality = 0.8f * chance_normal(c);
        to->bait = chance_uniform(c) < 0.3f ? 0.5f + 1.5f * chance_uniform(c) : 0.0f;
        to->known_quality = to->quality + 0.3f * chance_normal(c);
        to->known_bait = to->bait + 0.3f * chance_normal(c);
        to->loudness = to->bait + 0.5f * chance_normal(c);
        to->survey = 0.5f * to->quality - to->bait + 0.5f * chance_normal(c);
    }
    w->first[CELLS] = VIDEOS;
}

static feed *create(uint64_t seed, uint64_t life)
{
    world *w = take(1, sizeof *w);
    rr_error err;
    chance c = chance_of(seed, 1);
    w->base.kind = &home;
    w->base.random = chance_of(seed, 1000 + life);
    feed_take(&w->base);
    for (int32_t cell = 0; cell < CELLS; cell++) {
        chance_direction(&c, w->cells[cell], DIM);
    }
    w->videos = take(VIDEOS, sizeof *w->videos);
    make_videos(w, &c);
    float *vectors = take((size_t)VIDEOS * DIM, sizeof *vectors);
    for (size_t v = 0; v < VIDEOS; v++) {
        memcpy(vectors + v * DIM, w->videos[v].vector, DIM * sizeof *vectors);
    }
    require(rr_items_create(&w->base.items, vectors, NULL, VIDEOS, DIM, NULL, NULL, &err), &err);
    free(vectors);
    for (int32_t i = 0; i < USERS; i++) {
        new_user(w, i);
    }
    return &w->base;
}

static void destroy(feed *base)
{
    free(((world *)base)->videos);
    feed_give(base);
}

/* ── first stage ── */

typedef struct hit {
    float near;
    int32_t video;
} hit;

/* The n best of hits [total] move to its front, in no order: quickselect. */
static void best_to_front(hit *hits, int32_t total, int32_t n)
{
    int32_t low = 0, high = total - 1;
    while (low < high) {
        const float pivot = hits[(low + high) / 2].near;
        int32_t a = low, b = high;
        while (a <= b) {
            for (; hits[a].near > pivot; a++) {
            }
            for (; hits[b].near < pivot; b--) {
            }
            if (a <= b) {
                const hit other = hits[a];
                hits[a++] = hits[b];
                hits[b--] = other;
            }
        }
        if (n <= b + 1) {
            high = b;
        } else if (n > a) {
            low = a;
        } else {
            return;
        }
    }
}

static void retrieve(const world *w, const user *u, int32_t *out)
{
    hit cells[CELLS], hits[PROBED * (VIDEOS / CELLS + 1)];
    float query[DIM];
    int32_t n = 0;
    for (int32_t j = 0; j < DIM; j++) {
        query[j] = u->guess[j] + u->last[j];
    }
    for (int32_t cell = 0; cell < CELLS; cell++) {
        cells[cell] = (hit){dot(query, w->cells[cell], DIM), cell};
    }
    best_to_front(cells, CELLS, PROBED);
    for (int32_t p = 0; p < PROBED; p++) {
        const int32_t cell = cells[p].video;
        for (int32_t v = w->first[cell]; v < w->first[cell + 1]; v++) {
            hits[n++] = (hit){dot(query, w->videos[v].vector, DIM), v};
        }
    }
    best_to_front(hits, n, LIST);
    for (int32_t c = 0; c < LIST; c++) {
        out[c] = hits[c].video;
    }
}

/* ── what the second stage sees ── */

static void describe(const user *u, const video *v, float *f)
{
    const float near = dot(u->guess, v->vector, DIM);
    f[CLICK] = click_chance(near, v->known_bait);
    f[SHARE] = watched_share(near, v->known_quality, v->known_bait);
    f[LOG_MINUTES_WATCHED] = logf(f[CLICK] * f[SHARE] * v->minutes);
    f[NEAR] = near;
    f[MINUTES] = logf(v->minutes / 6.0f);
    f[LOUD] = v->loudness;
    f[LIKE_LAST] = dot(u->last, v->vector, DIM);
    f[SURVEY] = v->survey;
}

static void look(feed *base)
{
    world *w = (world *)base;
    for (int32_t i = 0; i < USERS; i++) {
        const user *u = &w->users[i];
        float *s = base->states + i * STATE;
        int32_t *candidates = base->candidates + i * LIST;
        memcpy(s, u->guess, sizeof u->guess);
        s[DIM] = 0.25f * logf(1.0f + (float)u->steps);
        s[DIM + 1] = u->recent_click;
        s[DIM + 2] = u->recent_share;
        s[DIM + 3] = u->steps == 0 ? 1.0f : 0.0f;
        s[DIM + 4] = 0.3f * u->loudness;
        s[DIM + 5] = 0.3f * u->survey;
        retrieve(w, u, candidates);
        for (int32_t c = 0; c < LIST; c++) {
            describe(u, &w->videos[candidates[c]], base->features + (i * LIST + c) * FEATURES);
        }
        for (int32_t m = 0; m < MOST_STEPS; m++) {
            base->excluded[i * MOST_STEPS + m] = m < u->steps ? u->shown[m] : -1;
        }
    }
    feed_number(base);
}

static bool was_shown(const user *u, int32_t index)
{
    for (int32_t m = 0; m < u->steps; m++) {
        if (u->shown[m] == index) {
            return true;
        }
    }
    return false;
}

static float score(const user *u, const video *v, const float *f, int rule)
{
    if (rule == RULE_INCUMBENT) {
        return f[LOG_MINUTES_WATCHED] + 0.5f * f[LIKE_LAST];
    }
    if (rule == RULE_GREEDY) {
        return f[LOG_MINUTES_WATCHED];
    }
    /* What a little more mood is worth, and what going on is. */
    const float near = dot(u->taste, v->vector, DIM);
    const float click = click_chance(near, v->bait);
    const float share = watched_share(near, v->quality, v->bait);
    return click * (share * v->minutes + 2.0f + 5.0f * (0.5f * share - 0.6f * v->bait));
}

static void choose(feed *base, int rule, int32_t *actions)
{
    const world *w = (const world *)base;
    for (int32_t i = 0; i < USERS; i++) {
        float scores[LIST];
        const user *u = &w->users[i];
        for (int32_t c = 0; c < LIST; c++) {
            const int32_t index = base->candidates[i * LIST + c];
            const float *f = base->features + (i * LIST + c) * FEATURES;
            scores[c] = was_shown(u, index)   ? -INFINITY
                        : rule == RULE_RANDOM ? chance_uniform(&base->random)
                                              : score(u, &w->videos[index], f, rule);
        }
        actions[i] = feed_best(scores, LIST);
    }
}

/* ── what users do ── */

/* A return is heard of later, at a step that has room for it. */
static void report_return(world *w, uint64_t decision)
{
    const int32_t spread = LAST_NEWS - FIRST_NEWS;
    int64_t at = w->base.now + FIRST_NEWS + chance_below(&w->base.random, spread);
    while (w->heard[at % (LAST_NEWS + 1)].n == USERS && at < w->base.now + LAST_NEWS) {
        at++;
    }
    news *n = &w->heard[at % (LAST_NEWS + 1)];
    n->decisions[n->n++] = decision;
}

static void end_visit(world *w, int32_t i)
{
    feed *base = &w->base;
    const user *u = &w->users[i];
    const bool comes_back = chance_uniform(&base->random) < sigmoid(0.5f + u->mood);
    if (comes_back) {
        report_return(w, base->decisions[i]);
    }
    base->tally.sessions += 1.0;
    base->tally.decisions += u->steps;
    base->tally.reward += (double)(u->earned + (comes_back ? worth_of_return : 0.0f));
    base->tally.figures[0] += (double)u->minutes;
    base->tally.figures[1] += comes_back ? 100.0 : 0.0;
    base->tally.figures[2] += u->clicks > 0.0f ? 100.0 * (double)(u->baits / u->clicks) : 0.0;
    new_user(w, i);
}

static void watch(world *w, int32_t i, int32_t index)
{
    feed *base = &w->base;
    user *u = &w->users[i];
    const video *v = &w->videos[index];
    const float near = dot(u->taste, v->vector, DIM);
    const bool is_click = chance_uniform(&base->random) < click_chance(near, v->bait);
    float share = 0.0f;
    u->shown[u->steps++] = index;
    if (is_click) {
        share = watched_share(near, v->quality, v->bait) + 0.1f * chance_normal(&base->random);
        share = fmaxf(0.0f, fminf(1.0f, share));
        u->clicks += 1.0f;
        u->baits += v->bait > 0.0f ? 1.0f : 0.0f;
        u->recent_share += 0.3f * (share - u->recent_share);
        memcpy(u->last, v->vector, sizeof u->last);
    }
    for (int32_t j = 0; j < DIM; j++) {
        u->guess[j] += 0.1f * (is_click ? share - 0.4f : -0.1f) * v->vector[j];
    }
    u->loudness = 0.85f * u->loudness + (is_click ? v->loudness : 0.0f);
    u->survey = 0.85f * u->survey + (is_click ? v->survey : 0.0f);
    u->recent_click += 0.3f * ((is_click ? 1.0f : 0.0f) - u->recent_click);
    u->mood = 0.85f * u->mood + (is_click ? 0.5f * share - 0.6f * v->bait : -0.05f);
    base->came.rewards[i] = share * v->minutes;
    u->earned += share * v->minutes;
    u->minutes += share * v->minutes;
    base->came.is_over[i] =
        chance_uniform(&base->random) < (is_click ? 0.08f : 0.2f) || u->steps == MOST_STEPS;
    if (base->came.is_over[i]) {
        end_visit(w, i);
    }
}

static void step(feed *base, const int32_t *actions)
{
    world *w = (world *)base;
    news *heard = &w->heard[base->now % (LAST_NEWS + 1)];
    base->came.n_late = heard->n;
    for (int32_t l = 0; l < heard->n; l++) {
        base->came.late_decisions[l] = heard->decisions[l];
        base->came.late_rewards[l] = worth_of_return;
    }
    heard->n = 0;
    for (int32_t i = 0; i < USERS; i++) {
        watch(w, i, base->candidates[i * LIST + actions[i]]);
    }
    base->now += 1;
}

const feed_kind home = {.name = "home",
                        .title = "home and watch-next",
                        .reward = "minutes, and 100 for a return, a visit",
                        .figures = {"minutes", "return, %", "bait, %"},
                        .n = USERS,
                        .k = LIST,
                        .state_dim = STATE,
                        .feature_dim = FEATURES,
                        .item_dim = DIM,
                        .n_excluded = MOST_STEPS,
                        .wait = LAST_NEWS + 2,
                        .is_fixed = true,
                        .settings = {.lr = 0.02f,
                                     .lr_from_nothing = 0.02f,
                                     .gamma = 0.9f,
                                     .gae_lambda = 0.5f,
                                     .clip_eps = 0.3f,
                                     .ref_kl_coef = 0.01f,
                                     .ref_kl_share = 0.5f,
                                     .rollout = 1024,
                                     .epochs = 4,
                                     .batch_size = 256,
                                     .hidden = 32,
                                     .scale = 1.0f,
                                     .imitate_lr = 0.03f,
                                     .imitate_epochs = 8,
                                     .imitate_ent_coef = 0.5f},
                        .create = create,
                        .destroy = destroy,
                        .look = look,
                        .choose = choose,
                        .step = step};
