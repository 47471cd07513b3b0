/* SPDX-License-Identifier: MIT */
#include "feed.h"

#include <math.h>
#include <stdlib.h>

#include "driver/text.h"

enum { OF_ARRIVAL = 201, OF_PAUSE, OF_DELAY, OF_DELAY_TOO, OF_LOSS, OF_DOUBLE };

static bool is_before(const event *a, const event *b)
{
    return a->time != b->time ? a->time < b->time : a->order < b->order;
}

static void push(queue *q, event e)
{
    if (q->n == q->capacity) {
        q->capacity = 2 * q->capacity + 64;
        event *more = realloc(q->heap, q->capacity * sizeof *more);
        if (more == NULL) {
            text_fail("no memory for %zu events", q->capacity);
        }
        q->heap = more;
    }
    e.order = q->next_order++;
    size_t at = q->n++;
    while (at > 0 && is_before(&e, &q->heap[(at - 1) / 2])) {
        q->heap[at] = q->heap[(at - 1) / 2];
        at = (at - 1) / 2;
    }
    q->heap[at] = e;
}

static event pop(queue *q)
{
    const event first = q->heap[0], last = q->heap[--q->n];
    size_t at = 0;
    for (size_t child = 1; child < q->n; child = 2 * at + 1) {
        child += child + 1 < q->n && is_before(&q->heap[child + 1], &q->heap[child]);
        if (!is_before(&q->heap[child], &last)) {
            break;
        }
        q->heap[at] = q->heap[child];
        at = child;
    }
    q->heap[at] = last;
    return first;
}

static double uniform(const feed *f, uint64_t purpose, uint64_t id)
{
    return world_uniform(f->w->seed, purpose, id, 0);
}

/* Exponential with this mean, and at least 1. */
static int64_t waiting_time(double mean, double u)
{
    return 1 + (int64_t)(-mean * log1p(-u));
}

static void begin_session(feed *f, int64_t time)
{
    const uint64_t session = f->next_session++;
    const request r = {.session = session, .user = world_user(f->w, session), .time = time};
    push(&f->requests, (event){.time = time, .from = r});
}

static void arrive(feed *f)
{
    begin_session(f, f->next_arrival);
    const double mean = (double)HOUR / f->options.sessions_an_hour;
    f->next_arrival += waiting_time(mean, uniform(f, OF_ARRIVAL, f->next_session));
}

void feed_open(feed *f, const world *w, const feed_options *options)
{
    *f = (feed){.w = w, .options = *options, .next_session = 1, .next_decision = 1};
    for (int32_t i = 0; i < options->side_by_side; i++) {
        begin_session(f, 0);
    }
}

void feed_close(feed *f)
{
    free(f->requests.heap);
    free(f->news.heap);
}

int32_t feed_requests(feed *f, int64_t until, batch *b)
{
    while (f->options.side_by_side == 0 && !f->is_closed && f->next_arrival < until) {
        arrive(f);
    }
    b->n = 0;
    while (f->requests.n > 0 && f->requests.heap[0].time < until && b->n < b->max) {
        b->requests[b->n] = pop(&f->requests).from;
        b->requests[b->n].decision = f->next_decision++;
        world_show(f->w, b, b->n);
        b->n++;
    }
    return b->n;
}

/* The reward goes on its way: late, lost, or told twice. */
static void send_reward(feed *f, const request *r, float reward)
{
    const feed_options *o = &f->options;
    if (uniform(f, OF_LOSS, r->decision) < o->lost) {
        f->n_lost++;
        return;
    }
    /* A normal number from two uniform ones [Box and Muller 1958]. */
    const double radius = sqrt(-2.0 * log1p(-uniform(f, OF_DELAY, r->decision)));
    const double bell = radius * cos(6.283185307179586 * uniform(f, OF_DELAY_TOO, r->decision));
    const int64_t delay = (int64_t)((double)o->delay * exp(o->spread * bell));
    event e = {.time = r->time + delay, .from = *r, .reward = reward};
    push(&f->news, e);
    if (uniform(f, OF_DOUBLE, r->decision) < o->doubled) {
        f->n_doubled++;
        e.time += delay / 2;
        push(&f->news, e);
    }
}

static void go_on(feed *f, request r)
{
    const feed_options *o = &f->options;
    r.step++;
    r.time += o->side_by_side > 0
                  ? o->pause
                  : waiting_time((double)o->pause, uniform(f, OF_PAUSE, r.decision));
    push(&f->requests, (event){.time = r.time, .from = r});
}

void feed_answer(feed *f, const batch *b, const int32_t *actions)
{
    const feed_options *o = &f->options;
    for (int32_t row = 0; row < b->n; row++) {
        const request *r = &b->requests[row];
        const answer a = world_answer(f->w, b, row, actions[row]);
        send_reward(f, r, a.reward);
        if (o->most_steps > 0 ? r->step + 1 < o->most_steps : a.stays) {
            go_on(f, *r);
            continue;
        }
        push(&f->news, (event){.time = r->time + o->silence, .from = *r, .is_ending = true});
        if (o->side_by_side > 0 && !f->is_closed) {
            begin_session(f, r->time + o->pause);
        }
    }
}

bool feed_news(feed *f, int64_t until, event *out)
{
    if (f->news.n == 0 || f->news.heap[0].time >= until) {
        return false;
    }
    *out = pop(&f->news);
    return true;
}

bool feed_is_empty(const feed *f)
{
    return f->requests.n == 0 && f->news.n == 0;
}
