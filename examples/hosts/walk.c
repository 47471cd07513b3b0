/* SPDX-License-Identifier: MIT */
/* One request, one click, one night, one rollback: what docs/serving.md walks through, run on a toy
 * feed of fifty items.
 *
 *     host_walk */
#include <inttypes.h>
#include <recrl/recrl.h>
#include <stdio.h>
#include <stdlib.h>

enum { DIM = 4, ITEMS = 50, LIST = 5, FEATURES = 2, MINUTE = 60, HOUR = 60 * MINUTE };
enum { MOST_BLOBS = 4096, LOG_BYTES = 1 << 20, WORK_BYTES = 1024 };

static void require(rr_status status, const rr_error *err)
{
    if (status != RR_OK) {
        fprintf(stderr, "walk: %s\n", err->text);
        exit(EXIT_FAILURE);
    }
}

/* The host's own log: a table, a queue, a file. Here it is memory. */
typedef struct log_table {
    unsigned char data[LOG_BYTES];
    uint64_t offsets[MOST_BLOBS + 1];
    int32_t n, n_learned; /* blobs, and those that the trainer has read */
} log_table;

/* Room for the next blob, and what is left of it. */
static unsigned char *log_end(log_table *log, size_t *capacity)
{
    *capacity = LOG_BYTES - (size_t)log->offsets[log->n];
    return log->data + log->offsets[log->n];
}

static void log_commit(log_table *log, size_t bytes)
{
    log->offsets[log->n + 1] = log->offsets[log->n] + bytes;
    log->n++;
}

/* What comes with a request. */
typedef struct request {
    uint64_t session, decision;
    int64_t now; /* seconds */
    float user[DIM];
    int32_t candidates[LIST];
    float features[LIST * FEATURES];
} request;

static int32_t one_request(rr_reader *reader, const rr_items *items, const request *r,
                           log_table *log)
{
    rr_error err;
    int32_t position = 0;
    float log_prob, value;
    uint64_t version;
    size_t capacity, bytes;
    const rr_obs obs = {.struct_size = sizeof obs,
                        .n = 1,
                        .n_candidates = LIST,
                        .state_dim = DIM,
                        .feature_dim = FEATURES,
                        .states = r->user,
                        .candidates = r->candidates,
                        .features = r->features,
                        .sessions = &r->session,
                        .decisions = &r->decision,
                        .times = &r->now,
                        .pool = items};
    rr_decision decision = {.struct_size = sizeof decision,
                            .n = 1,
                            .actions = &position,
                            .log_probs = &log_prob,
                            .values = &value,
                            .policy_versions = &version};
    require(rr_reader_act(reader, &obs, &decision, &err), &err);

    unsigned char *end = log_end(log, &capacity);
    require(rr_record_encode(&obs, &decision, 0, end, capacity, &bytes, &err), &err);
    log_commit(log, bytes);
    return position; /* show the user this one */
}

static void one_click(uint64_t decision_id, float worth, int64_t now, log_table *log)
{
    rr_error err;
    size_t capacity, bytes;
    const rr_outcome outcome = {.struct_size = sizeof outcome,
                                .n = 1,
                                .decisions = &decision_id,
                                .rewards = &worth,
                                .times = &now};
    unsigned char *end = log_end(log, &capacity);
    require(rr_outcome_encode(&outcome, 0, end, capacity, &bytes, &err), &err);
    log_commit(log, bytes);
}

static void one_goodbye(uint64_t session, log_table *log)
{
    rr_error err;
    size_t capacity, bytes;
    const uint8_t is_over = 1;
    const rr_ending ending = {
        .struct_size = sizeof ending, .n = 1, .sessions = &session, .terminated = &is_over};
    unsigned char *end = log_end(log, &capacity);
    require(rr_ending_encode(&ending, 0, end, capacity, &bytes, &err), &err);
    log_commit(log, bytes);
}

/* How many blobs were refused; says why the first one was. */
static int32_t count_refused(const int32_t *statuses, int32_t n)
{
    int32_t n_refused = 0;
    for (int32_t i = 0; i < n; i++) {
        if (statuses[i] == RR_OK || statuses[i] == RR_E_STALE) {
            continue; /* late rewards are no fault: they have a count */
        }
        if (n_refused == 0) {
            fprintf(stderr, "walk: blob %" PRId32 " is refused: %s\n", i,
                    rr_status_text(statuses[i]));
        }
        n_refused++;
    }
    return n_refused;
}

static int32_t one_night(rr_agent *agent, rr_ledger *ledger, rr_slot *slot, const rr_items *items,
                         int64_t now, log_table *log)
{
    rr_error err;
    uint64_t work[WORK_BYTES / sizeof(uint64_t)]; /* as long as the longest blob */
    int32_t statuses[MOST_BLOBS];
    const int32_t n = log->n - log->n_learned;
    rr_stats stats = {.struct_size = sizeof stats};
    rr_ledger_counts counts = {.struct_size = sizeof counts};
    require(rr_ledger_import(ledger, log->data, log->offsets + log->n_learned, n, items, work,
                             sizeof work, statuses, NULL, &err),
            &err);
    log->n_learned = log->n;
    const int32_t n_refused = count_refused(statuses, n);
    require(rr_ledger_settle(ledger, now, &counts, &err), &err);
    if (counts.trainable > 0) {
        require(rr_agent_update_sessions(agent, ledger, &stats, &err), &err);
        require(rr_slot_publish(slot, agent, NULL, &err), &err);
    }
    printf("%3" PRId64 " h: %d rows, reward %.3f, %.1f updates old, worth %.0f %%; "
           "%" PRId32 " of %" PRId32 " blobs refused, %" PRId64 " so far fit for imitation alone\n",
           now / HOUR, stats.n_rows, (double)stats.reward_mean, (double)stats.staleness_mean,
           100.0 * (double)stats.ess, n_refused, n, counts.imitation);
    return stats.n_rows;
}

static void one_rollback(rr_slot *slot, rr_policy *yesterday)
{
    rr_error err;
    require(rr_slot_swap(slot, yesterday, &err), &err);
}

/* Here every day has visitors whose rewards are final at night. */
static void require_rows(int32_t n_rows)
{
    if (n_rows == 0) {
        fprintf(stderr, "walk: a day of visitors, and nothing was learned from it\n");
        exit(EXIT_FAILURE);
    }
}

static float uniform(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    return (float)((x ^ (x >> 31)) >> 40) * 0x1p-24f;
}

static request draw_request(uint64_t session, uint64_t decision, int64_t now)
{
    request r = {.session = session, .decision = decision, .now = now};
    for (uint64_t j = 0; j < DIM; j++) {
        r.user[j] = uniform(session * 100 + j) - 0.5f;
    }
    for (uint64_t j = 0; j < LIST; j++) {
        r.candidates[j] = (int32_t)((decision * 7 + j * 11) % ITEMS);
        r.features[j * FEATURES] = uniform(decision * 1000 + j);
        r.features[j * FEATURES + 1] = uniform(decision * 1000 + 500 + j);
    }
    return r;
}

/* A day: sessions of three requests, clicks within the hour on what has much of the first feature.
 */
static void one_day(rr_reader *reader, const rr_items *items, int64_t day, log_table *log)
{
    enum { SESSIONS_A_DAY = 40, REQUESTS = 3 };
    for (uint64_t i = 0; i < SESSIONS_A_DAY; i++) {
        const uint64_t session = (uint64_t)day * SESSIONS_A_DAY + i + 1;
        for (uint64_t step = 0; step < REQUESTS; step++) {
            const int64_t now = day * 24 * HOUR + (int64_t)(i * 20 + step) * MINUTE;
            const request r = draw_request(session, session * REQUESTS + step, now);
            const int32_t position = one_request(reader, items, &r, log);
            if (uniform(r.decision) < r.features[position * FEATURES]) {
                one_click(r.decision, 1.0f, now + 30 * MINUTE, log);
            }
        }
        one_goodbye(session, log);
    }
}

static rr_agent *make_agent(rr_items *items)
{
    rr_error err;
    rr_agent_config config;
    rr_agent *agent = NULL;
    rr_agent_config_init(&config, sizeof config);
    config.state_dim = config.item_dim = DIM;
    config.feature_dim = FEATURES;
    config.max_candidates = LIST;
    config.max_history = 0;
    require(rr_agent_create(&agent, &config, NULL, items, NULL, &err), &err);
    return agent;
}

static rr_ledger *make_ledger(const rr_agent *agent)
{
    rr_error err;
    rr_ledger_config config;
    rr_ledger *ledger = NULL;
    rr_ledger_config_init(&config, sizeof config);
    require(rr_agent_fit_ledger_config(agent, &config, &err), &err);
    config.reward_wait = 3 * HOUR;  /* a click that comes later is counted, not learned from */
    config.idle_timeout = 6 * HOUR; /* who says no goodbye has left, … */
    config.idle_end = RR_IDLE_LEFT; /* … which is the default: a loss to be learned from */
    require(rr_ledger_create(&ledger, &config, NULL, &err), &err);
    return ledger;
}

int main(void)
{
    rr_error err;
    static log_table log;
    rr_items *items = NULL;
    rr_policy *yesterday = NULL;
    rr_slot *slot = NULL;
    rr_reader *reader = NULL;
    require(rr_items_create_random(&items, ITEMS, DIM, 0, NULL, &err), &err);
    rr_agent *agent = make_agent(items);
    rr_ledger *ledger = make_ledger(agent);
    require(rr_agent_publish(agent, NULL, &yesterday, &err), &err);
    require(rr_slot_create(&slot, yesterday, 8, NULL, &err), &err);
    require(rr_reader_join(&reader, slot, 0, NULL, &err), &err);
    for (int64_t day = 0; day < 7; day++) {
        one_day(reader, items, day, &log);
        rr_policy_release(yesterday);
        yesterday = rr_slot_get(slot);
        require_rows(one_night(agent, ledger, slot, items, (day + 1) * 24 * HOUR, &log));
    }
    one_rollback(slot, yesterday);
    one_day(reader, items, 7, &log);
    require_rows(one_night(agent, ledger, slot, items, 8 * 24 * HOUR, &log));
    rr_reader_destroy(reader);
    rr_slot_release(slot);
    rr_policy_release(yesterday);
    rr_ledger_destroy(ledger);
    rr_agent_destroy(agent);
    rr_items_release(items);
    return EXIT_SUCCESS;
}
