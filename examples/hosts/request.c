/* SPDX-License-Identifier: MIT */
/* A server that answers a request, takes a click, and learns once an hour: README shows the first
 * two.
 *
 * Readers of a news site come one after the other and make six requests each; every request brings
 * ten of forty articles. The server has a vector of each reader and of each article. It is not told
 * how the two make a click; a click comes ten minutes after its article was shown. */
#include <math.h>
#include <recrl/recrl.h>
#include <stdio.h>
#include <stdlib.h>

enum { ARTICLES = 40, USER = 4, LIST = 10, VISIT = 6, HOURS = 24, REQUESTS = 600 };

/* What comes with a request, and what was decided. */
typedef struct request {
    uint64_t id, session;
    int64_t now; /* seconds */
    float user[USER];
    int32_t candidates[LIST];
    int32_t position;
    float log_prob;
    uint64_t version;
} request;

typedef struct server {
    rr_agent *agent;
    rr_ledger *ledger;
    rr_slot *slot;
    rr_reader *reader;
} server;

/* Decides which of a request's candidates to show, and keeps what it decided. */
static rr_status show(server *s, request *r, rr_error *err)
{
    rr_obs obs = {.struct_size = sizeof obs, .n = 1, .state_dim = USER, .n_candidates = LIST};
    rr_decision decision = {.struct_size = sizeof decision, .n = 1};
    obs.states = r->user, obs.candidates = r->candidates;
    obs.sessions = &r->session, obs.decisions = &r->id, obs.times = &r->now;
    decision.actions = &r->position, decision.log_probs = &r->log_prob;
    decision.policy_versions = &r->version;
    const rr_status status = rr_reader_act(s->reader, &obs, &decision, err);
    return status != RR_OK ? status : rr_ledger_record(s->ledger, &obs, &decision, NULL, err);
}

/* A click, whenever it comes: it finds its decision by the id. */
static rr_status click(server *s, uint64_t id, int64_t now, rr_error *err)
{
    const float worth = 1.0f;
    rr_outcome outcome = {.struct_size = sizeof outcome, .n = 1};
    outcome.decisions = &id, outcome.rewards = &worth, outcome.times = &now;
    return rr_ledger_reward(s->ledger, &outcome, NULL, err);
}

static void require(rr_status status, const rr_error *err)
{
    if (status != RR_OK) {
        fprintf(stderr, "request: %s\n", err->text);
        exit(EXIT_FAILURE);
    }
}

static float uniform(void)
{
    static uint64_t state = 3;
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (float)(state >> 40) / 16777216.0f;
}

/* Learns from the visits that are over and whose clicks are in; returns their number of rows. */
static int32_t learn(server *s, int64_t now)
{
    rr_error err;
    rr_stats stats = {.struct_size = sizeof stats};
    rr_ledger_counts counts = {.struct_size = sizeof counts};
    require(rr_ledger_settle(s->ledger, now, &counts, &err), &err);
    if (counts.trainable > 0) {
        require(rr_agent_update_sessions(s->agent, s->ledger, &stats, &err), &err);
        require(rr_slot_publish(s->slot, s->agent, NULL, &err), &err);
    }
    return stats.n_rows;
}

static server start(float articles[ARTICLES][USER])
{
    rr_error err;
    server s = {0};
    rr_items *items = NULL;
    rr_policy *policy = NULL;
    rr_agent_config shape;
    rr_ledger_config room;
    rr_agent_config_init(&shape, sizeof shape);
    rr_ledger_config_init(&room, sizeof room);
    shape.state_dim = shape.item_dim = USER, shape.max_candidates = LIST, shape.max_history = 0;
    shape.has_repeat_weight = 0;
    room.reward_wait = 1800, room.idle_timeout = 1800;
    require(rr_items_create(&items, articles[0], NULL, ARTICLES, USER, NULL, NULL, &err), &err);
    require(rr_agent_create(&s.agent, &shape, NULL, items, NULL, &err), &err);
    require(rr_agent_fit_ledger_config(s.agent, &room, &err), &err);
    require(rr_ledger_create(&s.ledger, &room, NULL, &err), &err);
    require(rr_agent_publish(s.agent, NULL, &policy, &err), &err);
    require(rr_slot_create(&s.slot, policy, 1, NULL, &err), &err);
    require(rr_reader_join(&s.reader, s.slot, 0, NULL, &err), &err);
    rr_policy_release(policy);
    rr_items_release(items); /* the agent holds a reference of its own */
    return s;
}

int main(void)
{
    rr_error err;
    request r = {0};
    float articles[ARTICLES][USER];
    for (int i = 0; i < ARTICLES * USER; i++) {
        articles[i / USER][i % USER] = 2.0f * uniform() - 1.0f;
    }
    server s = start(articles);
    int first_hour = 0, last_hour = 0; /* clicks */
    for (int hour = 1, clicks = 0; hour <= HOURS; hour++, clicks = 0) {
        for (int i = 0; i < REQUESTS; i++) {
            r.id += 1, r.now += 3600 / REQUESTS, r.session = r.id / VISIT;
            for (int j = 0; j < USER && r.id % VISIT == 0; j++) {
                r.user[j] = 2.0f * uniform() - 1.0f; /* a new reader */
            }
            const int32_t first = (int32_t)(uniform() * ARTICLES);
            for (int c = 0; c < LIST; c++) {
                r.candidates[c] = (first + 3 * c) % ARTICLES;
            }
            require(show(&s, &r, &err), &err);
            float likes = -1.0f;
            for (int j = 0; j < USER; j++) {
                likes += 4.0f * r.user[j] * articles[r.candidates[r.position]][j];
            }
            if (uniform() < 1.0f / (1.0f + expf(-likes))) {
                require(click(&s, r.id, r.now + 600, &err), &err);
                clicks += 1;
            }
        }
        const int32_t n_rows = learn(&s, r.now);
        first_hour = hour == 1 ? clicks : first_hour;
        last_hour = clicks;
        if (hour <= 2 || hour % 6 == 0) {
            printf("hour %2d: %4.1f %% clicked; learned from %d decisions\n", hour,
                   100.0 * clicks / REQUESTS, n_rows);
        }
    }
    rr_reader_destroy(s.reader);
    rr_slot_release(s.slot);
    rr_ledger_destroy(s.ledger);
    rr_agent_destroy(s.agent);
    return last_hour > 2 * first_hour ? EXIT_SUCCESS : EXIT_FAILURE;
}
