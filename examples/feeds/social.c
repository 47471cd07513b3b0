/* SPDX-License-Identifier: MIT */
/* A social feed: posts of the authors that a user follows, and a few of others, one after another.
 *
 * What is public: an early ranker summed affinity × weight × time decay over what happened to a
 * post [Cornell, Networks course blog 2018, on EdgeRank]; later ones weigh predicted reactions, a
 * reply above a like and a report far below zero [Twitter 2023, the-algorithm-ml, README of
 * projects/home/recap], and keep one author's posts apart [Twitter 2023, "Twitter's Recommendation
 * Algorithm"]. docs/06_imitation_agents.md has the addresses.
 *
 * The rules.
 *   authors   400, each with a vector of what they write about. Each posts with a probability of
 *             0.004 to 0.036 a step; the last 6 posts of each can be shown.
 *   posts     a vector near the author's, one of four kinds, an appeal that nobody sees, an age.
 *   users     have a taste and follow 24 authors near to it, each with a tie from 0 to 1, of
 *             which the platform knows more or less from earlier visits.
 *   liking m  2 tie + 1.5 taste·post + appeal − age / 200 − 0.2 tired − 1, where tired grows by 1
 *             with each post of the author, and a tenth of it goes with each post of anybody.
 *   reactions like sigmoid(m), comment sigmoid(m + kind − 2.5), share sigmoid(m + appeal − 3),
 *             hide sigmoid(−m − 3).
 *   reward    1 like + 3 comment + 4 share − 5 hide.
 *   leaving   with probability 0.01 + 0.08 tired + 0.05 hide, and after 100 posts.
 *
 * A request lists 32 posts not seen in this visit: 24 of followed authors, 8 found elsewhere.
 *
 * The incumbent is affinity × weight × time decay, the weight being what the post has earned from
 * others. It does not ask who wrote the post above. */
#include "feed.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    USERS = 128,
    AUTHORS = 400,
    KEPT = 6,
    POSTS = AUTHORS * KEPT,
    FOLLOWED = 24,
    LIST = 32,
    OWN = 24, /* of the list: of followed authors */
    DIM = 8,
    KINDS = 4,
    RECENT = 8,
    MOST_STEPS = 100,
    FEATURES = 8,
    STATE = DIM + 4
};
enum { AFFINITY, WEIGHT, AGE, IS_FOLLOWED, OF_AUTHOR, LAST_AUTHOR, NEAR, HIDES };

static const float w_like = 1.0f, w_comment = 3.0f, w_share = 4.0f, w_hide = -5.0f;
static const float of_kind[KINDS] = {-0.6f, -0.2f, 0.2f, 0.6f}; /* link, text, photo, video */

typedef struct author {
    float vector[DIM];
    float rate;
    int32_t newest; /* of its posts */
    float shown, hidden;
} author;

typedef struct post {
    float vector[DIM];
    int32_t kind;
    float appeal;
    int64_t born;
    float shown, earned; /* showings, and what they earned */
} post;

typedef struct user {
    float taste[DIM], guess[DIM];
    int32_t follows[FOLLOWED];
    float ties[FOLLOWED], known_ties[FOLLOWED];
    float tired[AUTHORS];
    int32_t authors[RECENT]; /* of the last posts; −1: none yet */
    float recent_reward, recent_hides, earned, hides;
    int32_t steps, n_different;
    uint8_t has_seen[POSTS];
    int32_t list[LIST]; /* posts */
} user;

typedef struct world {
    feed base;
    author authors[AUTHORS];
    post posts[POSTS]; /* KEPT of each author */
    user users[USERS];
    chance posting;
} world;

static void write_post(world *w, int32_t a, int64_t born)
{
    author *by = &w->authors[a];
    chance *c = &w->posting;
    by->newest = (by->newest + 1) % KEPT;
    const int32_t place = a * KEPT + by->newest;
    post *p = &w->posts[place];
    *p = (post){.kind = chance_below(c, KINDS), .appeal = 0.7f * chance_normal(c), .born = born};
    for (int32_t j = 0; j < DIM; j++) {
        p->vector[j] = by->vector[j] + 0.2f * chance_normal(c);
    }
    to_length_one(p->vector, DIM);
    for (int32_t i = 0; i < USERS; i++) {
        w->users[i].has_seen[place] = 0;
    }
}

/* Followed are the nearest of four, again and again. */
static void follow_authors(world *w, user *u)
{
    chance *c = &w->base.random;
    uint8_t is_followed[AUTHORS] = {0};
    for (int32_t n = 0; n < FOLLOWED; n++) {
        int32_t best = -1;
        for (int32_t t = 0; t < 4 || best < 0; t++) {
            const int32_t a = chance_below(c, AUTHORS);
            if (!is_followed[a] && (best < 0 || dot(u->taste, w->authors[a].vector, DIM) >
                                                    dot(u->taste, w->authors[best].vector, DIM))) {
                best = a;
            }
        }
        is_followed[best] = 1;
        u->follows[n] = best;
        const float tie = chance_uniform(c);
        u->ties[n] = tie * tie;
        u->known_ties[n] = fmaxf(0.02f, u->ties[n] + 0.1f * chance_normal(c));
    }
}

static void new_user(world *w, int32_t i)
{
    user *u = &w->users[i];
    chance *c = &w->base.random;
    memset(u, 0, sizeof *u);
    chance_direction(c, u->taste, DIM);
    for (int32_t j = 0; j < DIM; j++) {
        u->guess[j] = 0.7f * u->taste[j] + 0.15f * chance_normal(c);
    }
    for (int32_t r = 0; r < RECENT; r++) {
        u->authors[r] = -1;
    }
    follow_authors(w, u);
    feed_begin_session(&w->base, i);
}

static feed *create(uint64_t seed, uint64_t life)
{
    world *w = take(1, sizeof *w);
    w->base.kind = &social;
    w->posting = chance_of(seed, 1);
    w->base.random = chance_of(seed, 1000 + life);
    feed_take(&w->base);
    for (int32_t a = 0; a < AUTHORS; a++) {
        chance_direction(&w->posting, w->authors[a].vector, DIM);
        const float busy = chance_uniform(&w->posting);
        w->authors[a].rate = 0.004f + 0.032f * busy * busy;
        for (int32_t p = 0; p < KEPT; p++) {
            write_post(w, a, -(int64_t)((float)(KEPT - p) / w->authors[a].rate));
        }
    }
    for (int32_t i = 0; i < USERS; i++) {
        new_user(w, i);
    }
    return &w->base;
}

/* Which of the followed ones an author is, −1: none. */
static int32_t tie_of(const user *u, int32_t a)
{
    for (int32_t n = 0; n < FOLLOWED; n++) {
        if (u->follows[n] == a) {
            return n;
        }
    }
    return -1;
}

/* OWN posts of followed authors, a visit's first ones the newest, then any that were not seen;
 * where these run out, and for the rest of the list, posts of anybody. */
static void retrieve(world *w, user *u)
{
    chance *c = &w->base.random;
    uint8_t is_listed[POSTS] = {0};
    int32_t n = 0;
    for (int32_t back = 0; back < KEPT && n < OWN; back++) {
        const int32_t first = chance_below(c, FOLLOWED);
        for (int32_t k = 0; k < FOLLOWED && n < OWN; k++) {
            const int32_t a = u->follows[(first + k) % FOLLOWED];
            const int32_t place = a * KEPT + (w->authors[a].newest + KEPT - back) % KEPT;
            if (!u->has_seen[place] && chance_uniform(c) < 0.5f) {
                is_listed[place] = 1;
                u->list[n++] = place;
            }
        }
    }
    while (n < LIST) {
        const int32_t place = chance_below(c, POSTS);
        if (!u->has_seen[place] && !is_listed[place]) {
            is_listed[place] = 1;
            u->list[n++] = place;
        }
    }
}

static void describe(const world *w, const user *u, int32_t place, float *f)
{
    const post *p = &w->posts[place];
    const int32_t a = place / KEPT, tie = tie_of(u, a);
    int32_t of_author = 0;
    for (int32_t r = 0; r < RECENT; r++) {
        of_author += u->authors[r] == a;
    }
    f[AFFINITY] = logf(0.1f + (tie >= 0 ? u->known_ties[tie] : 0.0f));
    f[WEIGHT] =
        logf(fmaxf(0.2f, (p->earned + 10.0f * (1.0f + of_kind[p->kind])) / (p->shown + 10.0f)));
    f[AGE] = fminf(4.0f, (float)(w->base.now - p->born) / 100.0f);
    f[IS_FOLLOWED] = tie >= 0 ? 1.0f : 0.0f;
    f[OF_AUTHOR] = 0.25f * (float)of_author;
    f[LAST_AUTHOR] = u->steps > 0 && u->authors[(u->steps - 1) % RECENT] == a ? 1.0f : 0.0f;
    f[NEAR] = dot(u->guess, p->vector, DIM);
    f[HIDES] = 10.0f * (w->authors[a].hidden + 1.0f) / (w->authors[a].shown + 20.0f);
}

static void look(feed *base)
{
    world *w = (world *)base;
    for (int32_t i = 0; i < USERS; i++) {
        user *u = &w->users[i];
        float *s = base->states + i * STATE;
        memcpy(s, u->guess, sizeof u->guess);
        s[DIM] = 0.25f * logf(1.0f + (float)u->steps);
        s[DIM + 1] = 0.3f * u->recent_reward;
        s[DIM + 2] = u->recent_hides;
        s[DIM + 3] = (float)u->n_different / (float)(u->steps + 1);
        retrieve(w, u);
        for (int32_t c = 0; c < LIST; c++) {
            const size_t at = (size_t)(i * LIST + c);
            memcpy(base->vectors + at * DIM, w->posts[u->list[c]].vector, DIM * sizeof(float));
            describe(w, u, u->list[c], base->features + at * FEATURES);
        }
    }
    feed_number(base);
}

/* What a user thinks of a post, of a tie, nearness and appeal that are known or guessed. */
static float liking(float tie, float near, float appeal, float age, float tired)
{
    return 2.0f * tie + 1.5f * near + appeal - 0.5f * age - 0.2f * tired - 1.0f;
}

static float expected_reward(float m, float kind, float appeal)
{
    return w_like * sigmoid(m) + w_comment * sigmoid(m + kind - 2.5f) +
           w_share * sigmoid(m + appeal - 3.0f) + w_hide * sigmoid(-m - 3.0f);
}

static float leaving(float tired, float hides)
{
    return fminf(0.9f, 0.01f + 0.08f * tired + 0.05f * hides);
}

static float score(const world *w, const user *u, int32_t place, const float *f, int rule)
{
    const post *p = &w->posts[place];
    const int32_t a = place / KEPT, tie = tie_of(u, a);
    if (rule == RULE_INCUMBENT) {
        return f[AFFINITY] + f[WEIGHT] - 0.7f * f[AGE];
    }
    if (rule == RULE_GREEDY) {
        const float known = tie >= 0 ? u->known_ties[tie] : 0.0f;
        return expected_reward(liking(known, f[NEAR], 0.0f, f[AGE], 0.0f), of_kind[p->kind], 0.0f) +
               f[WEIGHT];
    }
    const float m = liking(tie >= 0 ? u->ties[tie] : 0.0f, dot(u->taste, p->vector, DIM), p->appeal,
                           f[AGE], u->tired[a]);
    const float hide = sigmoid(-m - 3.0f);
    return expected_reward(m, of_kind[p->kind], p->appeal) - 12.0f * leaving(u->tired[a], hide) -
           0.2f * u->tired[a];
}

static void choose(feed *base, int rule, int32_t *actions)
{
    const world *w = (const world *)base;
    for (int32_t i = 0; i < USERS; i++) {
        float scores[LIST];
        const user *u = &w->users[i];
        for (int32_t c = 0; c < LIST; c++) {
            scores[c] = score(w, u, u->list[c], base->features + (i * LIST + c) * FEATURES, rule);
        }
        actions[i] =
            rule == RULE_RANDOM ? chance_below(&base->random, LIST) : feed_best(scores, LIST);
    }
}

static void remember(user *u, int32_t place, float reward, bool is_hide)
{
    const int32_t a = place / KEPT;
    u->n_different += u->tired[a] <= 0.0f;
    for (int32_t b = 0; b < AUTHORS; b++) {
        u->tired[b] *= 0.9f;
    }
    u->tired[a] += 1.0f;
    u->authors[u->steps % RECENT] = a;
    u->has_seen[place] = 1;
    u->steps += 1;
    u->recent_reward += 0.2f * (reward - u->recent_reward);
    u->recent_hides += 0.2f * ((is_hide ? 1.0f : 0.0f) - u->recent_hides);
    u->earned += reward;
    u->hides += is_hide ? 1.0f : 0.0f;
}

static void read_post(world *w, int32_t i, int32_t place)
{
    feed *base = &w->base;
    chance *c = &base->random;
    user *u = &w->users[i];
    post *p = &w->posts[place];
    author *by = &w->authors[place / KEPT];
    const int32_t tie = tie_of(u, place / KEPT);
    const float tired = u->tired[place / KEPT];
    const float age = fminf(4.0f, (float)(base->now - p->born) / 100.0f);
    const float m = liking(tie >= 0 ? u->ties[tie] : 0.0f, dot(u->taste, p->vector, DIM), p->appeal,
                           age, tired);
    const bool likes = chance_uniform(c) < sigmoid(m);
    const bool comments = chance_uniform(c) < sigmoid(m + of_kind[p->kind] - 2.5f);
    const bool shares = chance_uniform(c) < sigmoid(m + p->appeal - 3.0f);
    const bool hides = chance_uniform(c) < sigmoid(-m - 3.0f);
    const float reward = (likes ? w_like : 0.0f) + (comments ? w_comment : 0.0f) +
                         (shares ? w_share : 0.0f) + (hides ? w_hide : 0.0f);
    p->shown += 1.0f;
    p->earned += reward;
    by->shown += 1.0f;
    by->hidden += hides ? 1.0f : 0.0f;
    for (int32_t j = 0; j < DIM; j++) {
        u->guess[j] = 0.98f * u->guess[j] + (likes ? 0.05f : -0.02f) * p->vector[j];
    }
    base->came.rewards[i] = reward;
    const float p_leave = leaving(tired, hides ? 1.0f : 0.0f);
    remember(u, place, reward, hides);
    base->came.is_over[i] = chance_uniform(c) < p_leave || u->steps == MOST_STEPS;
    if (base->came.is_over[i]) {
        base->tally.sessions += 1.0;
        base->tally.decisions += u->steps;
        base->tally.reward += (double)u->earned;
        base->tally.figures[0] += 100.0 * (double)u->n_different / u->steps;
        base->tally.figures[1] += (double)u->hides;
        new_user(w, i);
    }
}

static void step(feed *base, const int32_t *actions)
{
    world *w = (world *)base;
    for (int32_t i = 0; i < USERS; i++) {
        read_post(w, i, w->users[i].list[actions[i]]);
    }
    base->now += 1;
    for (int32_t a = 0; a < AUTHORS; a++) {
        if (chance_uniform(&w->posting) < w->authors[a].rate) {
            write_post(w, a, base->now);
        }
    }
}

const feed_kind social = {.name = "social",
                          .title = "social feed",
                          .reward = "weighed reactions, a visit",
                          .figures = {"new authors, %", "hides"},
                          .n = USERS,
                          .k = LIST,
                          .state_dim = STATE,
                          .feature_dim = FEATURES,
                          .item_dim = DIM,
                          .settings = {.lr = 0.04f,
                                       .lr_from_nothing = 0.02f,
                                       .gamma = 0.9f,
                                       .gae_lambda = 0.5f,
                                       .clip_eps = 0.3f,
                                       .ref_kl_coef = 0.01f,
                                       .ref_kl_share = 0.5f,
                                       .rollout = 1024,
                                       .epochs = 8,
                                       .batch_size = 256,
                                       .hidden = 32,
                                       .scale = 1.0f,
                                       .imitate_lr = 0.01f,
                                       .imitate_epochs = 24,
                                       .imitate_ent_coef = 0.5f},
                          .create = create,
                          .destroy = feed_give,
                          .look = look,
                          .choose = choose,
                          .step = step};
