/* SPDX-License-Identifier: MIT */
/* Short video, in the manner of TikTok: one video at a time, which plays at once; the user watches
 * some of it and swipes on.
 *
 * What is public: whether a video was watched to its end, interests shown before and the video's
 * topic are weighed, and what a user did not ask for is mixed in [TikTok 2020, "How TikTok
 * recommends videos #ForYou"]; two of a kind in a row are avoided [TikTok 2021, "An update on our
 * work to safeguard and diversify recommendations"]; watch time is predicted in seconds, which
 * favours long videos [Zhan et al. 2022]. docs/06_imitation_agents.md has the addresses.
 *
 * The rules.
 *   videos    1000 at a time, in 16 topics: a vector of length 1 near the topic's, 10 to 50
 *             seconds, a quality that nobody sees. Every 8 steps 16 come, the 16 oldest go.
 *   users     have a taste, which moves towards what they watch. The platform's guess of it
 *             begins with what earlier visits have shown, and moves likewise.
 *   watching  the expected share is sigmoid(3 taste·video + quality − ¼ log(seconds / 20) − 1.2);
 *             what is watched scatters about it by 0.2; below a quarter it was skipped.
 *   reward    the share, less 0.3 for a skip.
 *   boredom   each topic's grows by 1 when it is shown, and a tenth of it goes with each video.
 *             A user leaves with probability 0.01 + 0.03 boredom with the topic + 0.08 skip,
 *             and after 200 videos.
 *
 * A request lists 24 videos not seen in this session: 18 nearest to the guess of 96 looked at, and
 * 6 of the newest.
 *
 * The incumbent ranks by log of the expected seconds, 0.4 freshness and 0.3 for a video that has
 * had few showings (its small pool of first ones). It knows what is watched, not what it costs:
 * long videos earn it seconds and not shares, and the favourite topic is shown until it bores. */
#include "feed.h"

#include <math.h>
#include <stdlib.h>
#include <string.h>

enum {
    USERS = 128,
    LIST = 24,
    NEAR = 18,
    LOOKED_AT = 96,
    NEWEST = 64,
    DIM = 8,
    TOPICS = 16,
    ALIVE = 1000,
    ARRIVALS = 16, /* every so many steps, and as many */
    EVERY = 8,
    RECENT = 8,
    MOST_STEPS = 200,
    FEW = 20, /* showings: a first showing below */
    FEATURES = 8,
    STATE = DIM + 4
};
enum { LOG_SECONDS, SHARE, FRESH, FIRST, SAME_TOPIC, LAST_TOPIC, SKIP, LENGTH };

static const float skip_cost = 0.3f, skip_below = 0.25f, scatter = 0.2f, boredom_kept = 0.9f;

typedef struct video {
    float vector[DIM];
    int32_t topic, index; /* of the catalogue */
    float seconds, quality;
    float shown,
        surprise; /* showings, and Σ share − expected share: what is known of the quality */
    int64_t born;
} video;

typedef struct user {
    float taste[DIM], guess[DIM], boredom[TOPICS];
    float recent_share;
    int32_t topics[RECENT]; /* of the last videos; −1: none yet */
    uint8_t is_skip[RECENT];
    int32_t steps;
    float earned, seconds;
    uint8_t has_seen[ALIVE]; /* by place */
    int32_t list[LIST];      /* places */
} user;

typedef struct world {
    feed base;
    float topics[TOPICS][DIM];
    video videos[ALIVE]; /* a ring: the oldest is at `oldest` */
    int32_t oldest;
    user users[USERS];
    chance catalogue;
} world;

static void make_video(world *w, video *v)
{
    chance *c = &w->catalogue;
    *v = (video){.topic = chance_below(c, TOPICS), .born = w->base.now};
    for (int32_t j = 0; j < DIM; j++) {
        v->vector[j] = w->topics[v->topic][j] + 0.25f * chance_normal(c);
    }
    to_length_one(v->vector, DIM);
    v->seconds = 10.0f * expf(1.609438f * chance_uniform(c));
    v->quality = 0.7f * chance_normal(c);
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
        u->topics[r] = -1;
    }
    u->recent_share = 0.5f;
    feed_begin_session(&w->base, i);
}

static float appeal(const video *v, const float *taste, float quality)
{
    return sigmoid(3.0f * dot(taste, v->vector, DIM) + quality - 0.25f * logf(v->seconds / 20.0f) -
                   1.2f);
}

/* What the platform expects of a video: its guess of the user, and how others were surprised. */
static float expected_share(const video *v, const user *u)
{
    return appeal(v, u->guess, 4.0f * v->surprise / (v->shown + 10.0f));
}

/* Probability that a share of mean `expected` comes out below a quarter, nearly. */
static float skip_chance(float expected)
{
    return sigmoid(1.7f * (skip_below - expected) / scatter);
}

static feed *create(uint64_t seed, uint64_t life)
{
    world *w = take(1, sizeof *w);
    rr_error err;
    static float vectors[ALIVE][DIM];
    w->base.kind = &short_video;
    w->catalogue = chance_of(seed, 1);
    w->base.random = chance_of(seed, 1000 + life);
    feed_take(&w->base);
    for (int32_t t = 0; t < TOPICS; t++) {
        chance_direction(&w->catalogue, w->topics[t], DIM);
    }
    for (int32_t p = 0; p < ALIVE; p++) {
        make_video(w, &w->videos[p]);
        w->videos[p].index = p;
        w->videos[p].born = -(ALIVE - p) / (ARRIVALS / EVERY);
        memcpy(vectors[p], w->videos[p].vector, sizeof vectors[p]);
    }
    require(rr_items_create(&w->base.items, vectors[0], NULL, ALIVE, DIM, NULL, NULL, &err), &err);
    for (int32_t i = 0; i < USERS; i++) {
        new_user(w, i);
    }
    return &w->base;
}

/* The oldest videos go, and new ones take their places. */
static void arrive(world *w)
{
    uint64_t gone[ARRIVALS], keys[ARRIVALS];
    float vectors[ARRIVALS][DIM];
    rr_error err;
    rr_items *later = NULL;
    const int32_t n_items = rr_items_count(w->base.items);
    for (int32_t a = 0; a < ARRIVALS; a++) {
        const int32_t place = (w->oldest + a) % ALIVE;
        video *v = &w->videos[place];
        gone[a] = (uint64_t)v->index; /* keys are indices here */
        make_video(w, v);
        v->index = n_items + a;
        keys[a] = (uint64_t)v->index;
        memcpy(vectors[a], v->vector, sizeof vectors[a]);
        for (int32_t i = 0; i < USERS; i++) {
            w->users[i].has_seen[place] = 0;
        }
    }
    w->oldest = (w->oldest + ARRIVALS) % ALIVE;
    require(rr_items_follow(&later, w->base.items, gone, ARRIVALS, keys, vectors[0], ARRIVALS, NULL,
                            NULL, &err),
            &err);
    rr_items_release(w->base.items);
    w->base.items = later;
}

/* Of those that were looked at the nearest, best first, by insertion. */
static void retrieve(world *w, user *u)
{
    float nearness[NEAR];
    int32_t n_near = 0, n_new = 0;
    uint8_t is_listed[ALIVE] = {0};
    for (int32_t t = 0; t < LOOKED_AT || n_near < NEAR; t++) {
        const int32_t place = chance_below(&w->base.random, ALIVE);
        if (u->has_seen[place] || is_listed[place]) {
            continue;
        }
        is_listed[place] = 1;
        const float near = dot(u->guess, w->videos[place].vector, DIM);
        if (n_near == NEAR && near <= nearness[NEAR - 1]) {
            continue;
        }
        int32_t at = n_near < NEAR ? n_near++ : NEAR - 1;
        for (; at > 0 && nearness[at - 1] < near; at--) {
            nearness[at] = nearness[at - 1];
            u->list[at] = u->list[at - 1];
        }
        nearness[at] = near;
        u->list[at] = place;
    }
    memset(is_listed, 0, sizeof is_listed);
    for (int32_t c = 0; c < NEAR; c++) {
        is_listed[u->list[c]] = 1;
    }
    while (n_new < LIST - NEAR) {
        const int32_t back = 1 + chance_below(&w->base.random, NEWEST + 4 * u->steps);
        const int32_t place = (w->oldest + ALIVE - back) % ALIVE;
        if (!is_listed[place] && !u->has_seen[place]) {
            is_listed[place] = 1;
            u->list[NEAR + n_new++] = place;
        }
    }
}

static void describe(const world *w, const user *u, const video *v, float *f)
{
    const float share = expected_share(v, u);
    int32_t same = 0;
    for (int32_t r = 0; r < RECENT; r++) {
        same += u->topics[r] == v->topic;
    }
    f[LOG_SECONDS] = logf(share * v->seconds) - 2.0f;
    f[SHARE] = share;
    f[FRESH] = expf(-(float)(w->base.now - v->born) / 60.0f);
    f[FIRST] = v->shown < FEW ? 1.0f : 0.0f;
    f[SAME_TOPIC] = (float)same / RECENT;
    f[LAST_TOPIC] = u->steps > 0 && u->topics[(u->steps - 1) % RECENT] == v->topic ? 1.0f : 0.0f;
    f[SKIP] = skip_chance(share);
    f[LENGTH] = logf(v->seconds / 20.0f);
}

static void look(feed *base)
{
    world *w = (world *)base;
    for (int32_t i = 0; i < USERS; i++) {
        user *u = &w->users[i];
        float *s = base->states + i * STATE;
        int32_t skips = 0, kinds = 0;
        for (int32_t r = 0; r < RECENT; r++) {
            skips += u->is_skip[r];
            int32_t q = 0;
            while (q < r && u->topics[q] != u->topics[r]) {
                q++;
            }
            kinds += q == r && u->topics[r] >= 0;
        }
        memcpy(s, u->guess, sizeof u->guess);
        s[DIM] = 0.25f * logf(1.0f + (float)u->steps);
        s[DIM + 1] = u->recent_share;
        s[DIM + 2] = (float)skips / RECENT;
        s[DIM + 3] = (float)kinds / RECENT;
        retrieve(w, u);
        for (int32_t c = 0; c < LIST; c++) {
            const video *v = &w->videos[u->list[c]];
            const size_t at = (size_t)(i * LIST + c);
            base->candidates[at] = v->index;
            memcpy(base->vectors + at * DIM, v->vector, sizeof v->vector);
            describe(w, u, v, base->features + at * FEATURES);
        }
    }
    feed_number(base);
}

static float leaving(const user *u, const video *v, float skips)
{
    const float boredom = u->boredom[v->topic] * boredom_kept;
    return fminf(0.01f + 0.03f * boredom + 0.08f * skips, 0.9f);
}

static float score(const world *w, const user *u, const video *v, const float *f, int rule)
{
    if (rule == RULE_INCUMBENT) {
        return f[LOG_SECONDS] + 0.4f * f[FRESH] + 0.3f * f[FIRST];
    }
    if (rule == RULE_GREEDY) {
        return f[SHARE] - skip_cost * f[SKIP];
    }
    (void)w;
    /* The user is worth about 10 from here on, which leaving takes away; and a topic that is shown
     * now bores for ten videos more. */
    const float share = appeal(v, u->taste, v->quality), skip = skip_chance(share);
    return share - skip_cost * skip - 10.0f * leaving(u, v, skip) - 0.1f * u->boredom[v->topic];
}

static void choose(feed *base, int rule, int32_t *actions)
{
    world *w = (world *)base;
    for (int32_t i = 0; i < USERS; i++) {
        float scores[LIST];
        const user *u = &w->users[i];
        for (int32_t c = 0; c < LIST; c++) {
            const float *f = base->features + (i * LIST + c) * FEATURES;
            scores[c] = score(w, u, &w->videos[u->list[c]], f, rule);
        }
        actions[i] =
            rule == RULE_RANDOM ? chance_below(&base->random, LIST) : feed_best(scores, LIST);
    }
}

static void watch(world *w, int32_t i, int32_t place)
{
    feed *base = &w->base;
    user *u = &w->users[i];
    video *v = &w->videos[place];
    const float mean = appeal(v, u->taste, v->quality) + scatter * chance_normal(&base->random);
    const float share = fmaxf(0.0f, fminf(1.0f, mean));
    const bool is_skip = share < skip_below;
    const float p_leave = leaving(u, v, is_skip ? 1.0f : 0.0f);
    v->surprise += share - expected_share(v, u);
    v->shown += 1.0f;
    for (int32_t j = 0; j < DIM; j++) {
        u->taste[j] += 0.02f * (share - 0.5f) * v->vector[j];
        u->guess[j] = 0.98f * u->guess[j] + 0.15f * (share - 0.45f) * v->vector[j];
    }
    to_length_one(u->taste, DIM);
    for (int32_t t = 0; t < TOPICS; t++) {
        u->boredom[t] *= boredom_kept;
    }
    u->boredom[v->topic] += 1.0f;
    u->recent_share += 0.2f * (share - u->recent_share);
    u->topics[u->steps % RECENT] = v->topic;
    u->is_skip[u->steps % RECENT] = is_skip;
    u->has_seen[place] = 1;
    u->steps += 1;
    u->seconds += share * v->seconds;
    base->came.rewards[i] = share - (is_skip ? skip_cost : 0.0f);
    u->earned += base->came.rewards[i];
    base->came.is_over[i] = chance_uniform(&base->random) < p_leave || u->steps == MOST_STEPS;
    if (base->came.is_over[i]) {
        base->tally.sessions += 1.0;
        base->tally.reward += (double)u->earned;
        base->tally.decisions += u->steps;
        base->tally.figures[0] += (double)u->seconds / 60.0;
        new_user(w, i);
    }
}

static void step(feed *base, const int32_t *actions)
{
    world *w = (world *)base;
    for (int32_t i = 0; i < USERS; i++) {
        watch(w, i, w->users[i].list[actions[i]]);
    }
    base->now += 1;
    if (base->now % EVERY == 0) {
        arrive(w);
    }
}

const feed_kind short_video = {.name = "short_video",
                               .title = "short video",
                               .reward = "watched shares less skips, a session",
                               .figures = {"minutes"},
                               .n = USERS,
                               .k = LIST,
                               .state_dim = STATE,
                               .feature_dim = FEATURES,
                               .item_dim = DIM,
                               .settings = {.lr = 0.06f,
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
                                            .imitate_ent_coef = 0.7f},
                               .create = create,
                               .destroy = feed_give,
                               .look = look,
                               .choose = choose,
                               .step = step};
