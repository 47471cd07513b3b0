/* SPDX-License-Identifier: MIT */
/* feed.h: who comes when, and what comes back when: a queue of events on a simulated clock in
 * milliseconds. Sessions begin as a Poisson process; requests of one session follow one another
 * after a while, which depends on what was shown; what a decision earned arrives log-normally late,
 * now and then twice, or never; after a silence the server knows that a session is over. */
#ifndef SERVER_FEED_H
#define SERVER_FEED_H

#include "world.h"

enum { SECOND = 1000, MINUTE = 60 * SECOND, HOUR = 60 * MINUTE };

typedef struct feed_options {
    double sessions_an_hour;
    int64_t pause;   /* mean time between two requests of a session */
    int64_t silence; /* after which a session is over */
    int64_t delay;   /* median of what is earned; 0: at once */
    double spread;   /* σ of its logarithm */
    double lost, doubled;
    /* Above 0: so many sessions in lock step instead, each of most_steps requests, one a `pause`.
     */
    int32_t side_by_side, most_steps;
} feed_options;

/* A request to come; or of one that was answered what it earned, or that it was the last. */
typedef struct event {
    int64_t time;
    uint64_t order; /* of equal times */
    request from;
    float reward;
    bool is_ending;
} event;

/* The earliest first. */
typedef struct queue {
    event *heap;
    size_t n, capacity;
    uint64_t next_order;
} queue;

typedef struct feed {
    const world *w;
    feed_options options;
    queue requests, news;
    uint64_t next_session, next_decision;
    int64_t next_arrival;
    bool is_closed; /* nobody comes any more; who is there goes on */
    int64_t n_lost, n_doubled;
} feed;

void feed_open(feed *f, const world *w, const feed_options *options);
void feed_close(feed *f);
/* Requests before `until` that wait to be answered now, shown in b; at most b->max. A session has
 * one at a time, so call it until there is none. */
int32_t feed_requests(feed *f, int64_t until, batch *b);
/* What the users of b do. */
void feed_answer(feed *f, const batch *b, const int32_t *actions);
/* The next reward or ending before `until`; false: none. Call it when there are no more requests.
 */
bool feed_news(feed *f, int64_t until, event *out);
/* Nothing is under way. */
bool feed_is_empty(const feed *f);

#endif
