/* SPDX-License-Identifier: MIT */
#include "march.h"

#include <math.h>
#include <stdlib.h>

#include "driver/text.h"

enum { OF_EPSILON = 101 };
/* Ids of measured sessions lie apart from those of any other. */
static const uint64_t MEASURED_IDS = UINT64_C(1) << 40;

static void begin(march *m, int32_t row)
{
    request *r = &m->b.requests[row];
    r->session = m->next_session++;
    r->step = 0;
    r->user = world_user(m->w, r->session);
}

static void show(march *m)
{
    for (int32_t row = 0; row < m->b.n; row++) {
        m->b.requests[row].decision = m->next_decision++;
        world_show(m->w, &m->b, row);
    }
}

void march_open(march *m, const world *w, int32_t n, uint64_t first_id)
{
    *m = (march){.w = w, .next_session = first_id, .next_decision = first_id};
    batch_open(&m->b, n, w->k);
    m->rewards = text_allocate((size_t)n, sizeof(float));
    m->terminated = text_allocate((size_t)n, 1);
    m->actions = text_allocate((size_t)n, sizeof(int32_t));
    for (int32_t row = 0; row < n; row++) {
        begin(m, row);
    }
    show(m);
}

void march_close(march *m)
{
    batch_close(&m->b);
    free(m->rewards);
    free(m->terminated);
    free(m->actions);
}

void march_answer(march *m)
{
    for (int32_t row = 0; row < m->b.n; row++) {
        request *r = &m->b.requests[row];
        const answer a = world_answer(m->w, &m->b, row, m->actions[row]);
        r->step++;
        m->rewards[row] = a.reward;
        m->terminated[row] = m->most_steps > 0 ? r->step >= m->most_steps : !a.stays;
        if (m->terminated[row] != 0) {
            begin(m, row);
        }
    }
    show(m);
}

void player_choose(const player *p, march *m)
{
    rr_error err;
    if (p->policy != NULL) {
        rr_obs obs = batch_obs(&m->b);
        rr_decision decision = {.struct_size = sizeof decision, .n = m->b.n, .actions = m->actions};
        obs.pool = m->w->items; /* a policy may be of an earlier generation */
        text_require(rr_policy_act(p->policy, p->reader, &obs, &decision, &err), &err);
    }
    for (int32_t row = 0; row < m->b.n; row++) {
        const uint64_t id = m->b.decisions[row];
        if (p->policy == NULL) {
            m->actions[row] = world_choose(m->w, &m->b, row, p->chooser);
        }
        if (world_uniform(m->w->seed, OF_EPSILON, id, 0) < (double)p->epsilon) {
            m->actions[row] = world_choose(m->w, &m->b, row, CHOOSE_RANDOM);
        }
    }
}

earned player_measure(const player *p, const world *w, int32_t n_sessions)
{
    march m;
    double sum = 0.0, squares = 0.0, n_steps = 0.0, returns[MEASURED_SIDE_BY_SIDE] = {0};
    int32_t n = 0, quota[MEASURED_SIDE_BY_SIDE];
    march_open(&m, w, MEASURED_SIDE_BY_SIDE, MEASURED_IDS);
    for (int32_t row = 0; row < MEASURED_SIDE_BY_SIDE; row++) {
        quota[row] =
            n_sessions / MEASURED_SIDE_BY_SIDE; /* short sessions must not crowd out long */
    }
    const int32_t n_wanted = quota[0] * MEASURED_SIDE_BY_SIDE;
    while (n < n_wanted) {
        player_choose(p, &m);
        march_answer(&m);
        for (int32_t row = 0; row < MEASURED_SIDE_BY_SIDE; row++) {
            if (quota[row] == 0) {
                continue;
            }
            returns[row] += (double)m.rewards[row];
            n_steps += 1.0;
            if (m.terminated[row] != 0) {
                sum += returns[row];
                squares += returns[row] * returns[row];
                returns[row] = 0.0;
                quota[row]--;
                n++;
            }
        }
    }
    march_close(&m);
    return (earned){sum / n, rr_mean_interval(sum, squares, n), n_steps / n};
}
