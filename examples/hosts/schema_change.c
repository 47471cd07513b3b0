/* SPDX-License-Identifier: MIT */
/* A schema change, and a user who is deleted. A feed of schema 1 learned for an hour; then states
 * get one more column, and the two features change places. What was learned goes over, and so does
 * the log. docs/serving.md shows these functions.
 *
 *     host_schema_change */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <recrl/recrl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { DIM = 4, DIM_2 = DIM + 1, FEATURES = 2, ITEMS = 40, LIST = 6, VISITS = 64 };
enum { ROOM = 256 << 10, WORK_BYTES = 4096 };

static void require(rr_status status, const rr_error *err)
{
    if (status != RR_OK) {
        fprintf(stderr, "schema_change: %s\n", err->text);
        exit(EXIT_FAILURE);
    }
}

/* In [−0.5, 0.5), a function of its argument. */
static float uniform(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    return (float)((x ^ (x >> 31)) >> 40) * 0x1p-24f - 0.5f;
}

/* A log: blobs one behind the other. */
typedef struct log_file {
    uint64_t data[ROOM / 8];
    uint64_t offsets[3 * VISITS + 1];
    int32_t n;
} log_file;

static unsigned char *log_end(log_file *log)
{
    return (unsigned char *)log->data + log->offsets[log->n];
}

static size_t log_room(const log_file *log)
{
    return sizeof log->data - log->offsets[log->n];
}

static void log_commit(log_file *log, size_t bytes)
{
    log->offsets[log->n + 1] = log->offsets[log->n] + bytes;
    log->n++;
}

/* ── the two schemas ── */

/* Where the columns of schema 1 are in schema 2: states stayed, and have a new one behind them; the
 * two features changed places. */
static const int32_t features_now[FEATURES] = {1, 0};
static const rr_schema_map from_1 = {.struct_size = sizeof from_1,
                                     .n_states = DIM,
                                     .n_features = FEATURES,
                                     .schema = 1,
                                     .features = features_now};

static rr_agent *create_agent(uint64_t schema, rr_items *items)
{
    rr_error err;
    rr_agent *agent = NULL;
    rr_agent_config config;
    rr_agent_config_init(&config, sizeof config);
    config.schema = schema;
    config.state_dim = schema == 1 ? DIM : DIM_2;
    config.item_dim = DIM;
    config.feature_dim = FEATURES;
    config.max_candidates = LIST;
    config.max_history = 0;
    config.hidden[0] = config.critic_hidden[0] = 8;
    config.hidden[1] = config.critic_hidden[1] = 0;
    config.max_rows = config.max_update_rows = VISITS;
    require(rr_agent_create(&agent, &config, NULL, items, NULL, &err), &err);
    return agent;
}

static rr_ledger *create_ledger(const rr_agent *agent)
{
    rr_error err;
    rr_ledger *ledger = NULL;
    rr_ledger_config config;
    rr_ledger_config_init(&config, sizeof config);
    require(rr_agent_fit_ledger_config(agent, &config, &err), &err);
    config.max_rows = VISITS;
    require(rr_ledger_create(&ledger, &config, NULL, &err), &err);
    return ledger;
}

/* ── a visit ── */

/* One decision of a session, its reward, and both in the log. The session of visit v is user
 * v mod 8. */
static void visit(rr_agent *agent, uint64_t schema, uint64_t first, uint64_t v, log_file *log)
{
    rr_error err;
    float states[DIM_2], features[LIST * FEATURES], log_prob, reward;
    int32_t candidates[LIST], position = 0;
    uint64_t session = 100 + v % 8, decision = first + v, version;
    size_t bytes;
    const uint8_t is_over = 1;
    for (uint64_t j = 0; j < DIM_2; j++) {
        states[j] = uniform(session * 16 + j);
    }
    for (uint64_t i = 0; i < LIST; i++) {
        const float score = uniform(decision * LIST + i), length = uniform(score > 0 ? i : v);
        candidates[i] = (int32_t)((v * 7 + i * 5) % ITEMS);
        features[i * FEATURES + (schema == 1 ? 0 : 1)] = score;
        features[i * FEATURES + (schema == 1 ? 1 : 0)] = length;
    }
    const rr_obs obs = {.struct_size = sizeof obs,
                        .n = 1,
                        .n_candidates = LIST,
                        .state_dim = schema == 1 ? DIM : DIM_2,
                        .feature_dim = FEATURES,
                        .states = states,
                        .candidates = candidates,
                        .features = features,
                        .sessions = &session,
                        .decisions = &decision,
                        .pool = rr_agent_items(agent),
                        .schema = schema};
    rr_decision drawn = {.struct_size = sizeof drawn,
                         .n = 1,
                         .actions = &position,
                         .log_probs = &log_prob,
                         .policy_versions = &version};
    require(rr_agent_act(agent, &obs, &drawn, &err), &err);
    require(rr_record_encode(&obs, &drawn, 0, log_end(log), log_room(log), &bytes, &err), &err);
    log_commit(log, bytes);
    reward = features[position * FEATURES + (schema == 1 ? 0 : 1)];
    const rr_outcome outcome = {.struct_size = sizeof outcome,
                                .n = 1,
                                .decisions = &decision,
                                .rewards = &reward,
                                .terminated = &is_over};
    require(rr_outcome_encode(&outcome, 0, log_end(log), log_room(log), &bytes, &err), &err);
    log_commit(log, bytes);
}

/* Reads the log into the ledger, and learns from it; how many rows. */
static int32_t learn(rr_agent *agent, rr_ledger *ledger, const log_file *log)
{
    rr_error err;
    uint64_t work[WORK_BYTES / sizeof(uint64_t)];
    int32_t statuses[3 * VISITS];
    rr_stats stats = {.struct_size = sizeof stats};
    require(rr_ledger_import(ledger, log->data, log->offsets, log->n, rr_agent_items(agent), work,
                             sizeof work, statuses, NULL, &err),
            &err);
    rr_ledger_counts counts = {.struct_size = sizeof counts};
    require(rr_ledger_get_counts(ledger, &counts, &err), &err);
    if (counts.other_schema > 0 && counts.trainable == 0) {
        printf("%" PRId64 " rows of another schema were refused\n", counts.other_schema);
    }
    if (counts.trainable > 0) {
        require(rr_agent_update_sessions(agent, ledger, &stats, &err), &err);
    }
    return stats.n_rows;
}

/* ── going over ── */

/* What the agent of schema 1 learned goes over to one of schema 2. Its slot is a new one: requests
 * change their columns with it. */
static rr_agent *go_over(const char *checkpoint, rr_items *items, rr_slot **slot)
{
    rr_error err;
    rr_policy *first = NULL;
    rr_inheritance took = {.struct_size = sizeof took};
    rr_agent *agent = create_agent(2, items);
    require(rr_agent_inherit(agent, checkpoint, &from_1, &took, &err), &err);
    printf("taken over: %" PRId32 " tensors, %" PRId32 " columns of states and %" PRId32
           " new, %" PRId32 " features\n",
           took.n_tensors, took.states_kept, took.states_new, took.features_kept);
    require(rr_agent_publish(agent, NULL, &first, &err), &err);
    require(rr_slot_create(slot, first, 4, NULL, &err), &err);
    rr_policy_release(first);
    return agent;
}

/* The rows of schema 1 that were not learned from yet are read by the same map. */
static int32_t learn_old_rows(rr_agent *agent, const log_file *old_log)
{
    rr_error err;
    rr_ledger *ledger = create_ledger(agent);
    const int32_t refused = learn(agent, ledger, old_log);
    require(rr_ledger_map_schema(ledger, &from_1, &err), &err);
    const int32_t n = learn(agent, ledger, old_log);
    rr_ledger_destroy(ledger);
    return refused == 0 ? n : -1;
}

/* ── a user who is deleted ── */

/* Decisions of the user's sessions, found on the way. */
typedef struct traces {
    const uint64_t *sessions;
    size_t n_sessions;
    uint64_t decisions[VISITS];
    size_t n_decisions;
} traces;

static int is_among(const uint64_t *numbers, size_t n, uint64_t number)
{
    for (size_t i = 0; i < n; i++) {
        if (numbers[i] == number) {
            return 1;
        }
    }
    return 0;
}

/* A decision and an ending name their session; an outcome names a decision, which stands before it
 * in the log. */
static int is_of_user(traces *of, const rr_blob *blob)
{
    if (blob->kind == RR_BLOB_OUTCOME) {
        return is_among(of->decisions, of->n_decisions, blob->decision);
    }
    const int is_theirs = is_among(of->sessions, of->n_sessions, blob->session);
    if (is_theirs && blob->kind == RR_BLOB_RECORD && of->n_decisions < VISITS) {
        of->decisions[of->n_decisions++] = blob->decision;
    }
    return is_theirs;
}

/* Copies all of a log but what is the user's to `out`, as long as the log; how many bytes that is.
 * What is damaged may be the user's too, and is left out; what is of a later release stays, and is
 * counted, for somebody has to look. */
static size_t copy_without(unsigned char *out, const unsigned char *data, size_t bytes, traces *of,
                           int *n_unread)
{
    size_t at = 0, to = 0;
    rr_blob blob = {.struct_size = sizeof blob};
    for (;;) {
        const rr_status status = rr_blob_next(data, bytes, &at, &blob, NULL);
        if (status == RR_E_TOO_SMALL) {
            return to; /* what is behind `at` is not whole yet, or no blob */
        }
        *n_unread += status == RR_E_VERSION;
        if (status == RR_E_VERSION || !is_of_user(of, &blob)) {
            memmove(out + to, data + at, (size_t)blob.bytes);
            to += (size_t)blob.bytes;
        }
        at += (size_t)blob.bytes;
    }
}

static void delete_user(rr_ledger *ledger, const log_file *log, uint64_t session)
{
    rr_error err;
    static unsigned char kept[ROOM];
    int64_t n_rows = 0;
    int n_unread = 0;
    traces of = {.sessions = &session, .n_sessions = 1};
    const size_t bytes = log->offsets[log->n];
    const size_t n_kept =
        copy_without(kept, (const unsigned char *)log->data, bytes, &of, &n_unread);
    require(rr_ledger_forget(ledger, &session, 1, &n_rows, &err), &err);
    printf("deleted: %zu decisions of the log and their rewards, %" PRId64
           " rows of the ledger; %d%% of the log stays\n",
           of.n_decisions, n_rows, (int)(100 * n_kept / bytes));
    of.n_decisions = 0;
    if (copy_without(kept, kept, n_kept, &of, &n_unread) != n_kept || n_unread > 0) {
        printf("something of the user is left\n");
    }
}

int main(void)
{
    rr_error err;
    static log_file old_log, log;
    const char *path = "host_schema_change.safetensors";
    rr_items *items = NULL;
    rr_slot *slot = NULL;
    require(rr_items_create_random(&items, ITEMS, DIM, 1, NULL, &err), &err);

    rr_agent *before = create_agent(1, items);
    rr_ledger *ledger = create_ledger(before);
    for (uint64_t hour = 0; hour < 2; hour++) { /* the second hour is not learned from yet */
        old_log.n = 0;
        for (uint64_t v = 0; v < VISITS; v++) {
            visit(before, 1, (1 + hour) * 1000, v, &old_log);
        }
        if (hour == 0) {
            printf("schema 1: learned from %" PRId32 " rows\n", learn(before, ledger, &old_log));
        }
    }
    const rr_checkpoint all = {.struct_size = sizeof all, .agent = before};
    require(rr_checkpoint_save(&all, path, &err), &err);
    rr_ledger_destroy(ledger);
    rr_agent_destroy(before);

    rr_agent *agent = go_over(path, items, &slot);
    printf("schema 2: learned from %" PRId32 " rows of schema 1\n",
           learn_old_rows(agent, &old_log));
    ledger = create_ledger(agent);
    for (uint64_t v = 0; v < VISITS; v++) {
        visit(agent, 2, 9000, v, &log);
    }
    printf("schema 2: learned from %" PRId32 " rows\n", learn(agent, ledger, &log));
    for (uint64_t v = 0; v < 8; v++) {
        visit(agent, 2, 9900, v, &log);
    }
    delete_user(ledger, &log, 103);

    rr_slot_release(slot);
    rr_ledger_destroy(ledger);
    rr_agent_destroy(agent);
    rr_items_release(items);
    (void)remove(path);
    return EXIT_SUCCESS;
}
