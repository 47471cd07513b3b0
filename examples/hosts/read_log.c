/* SPDX-License-Identifier: MIT */
/* A log read back, row by row: what a host does with its blobs beside rr_ledger_import. Here a
 * report of what was shown and earned is made from them, under today's catalogue, which has lost an
 * item and gained others since; and what was chosen is imitated.
 *
 *     host_read_log */
#include <inttypes.h>
#include <recrl/recrl.h>
#include <stdio.h>
#include <stdlib.h>

enum { DIM = 4, OLD = 6, NEW = 8, LIST = 3, MOST_ROWS = 8, LOG_BYTES = 4096, WORK_BYTES = 1024 };

static void require(rr_status status, const rr_error *err)
{
    if (status != RR_OK) {
        fprintf(stderr, "read_log: %s\n", err->text);
        exit(EXIT_FAILURE);
    }
}

/* Items `first` to `first + n − 1` of the host, whose key is 100 + their number. */
static rr_items *create_items(uint64_t first, int32_t n)
{
    rr_error err;
    rr_items *items = NULL;
    uint64_t keys[NEW];
    float vectors[NEW * DIM];
    for (int32_t i = 0; i < n; i++) {
        keys[i] = 100 + first + (uint64_t)i;
        for (uint64_t j = 0; j < DIM; j++) {
            vectors[(uint64_t)i * DIM + j] = (float)((keys[i] * 5 + j * 3) % 7) - 3.0f;
        }
    }
    require(rr_items_create(&items, vectors, keys, n, DIM, NULL, NULL, &err), &err);
    return items;
}

typedef struct log_bytes {
    unsigned char data[LOG_BYTES];
    size_t bytes;
} log_bytes;

/* A week ago: a list of three, what the ranker chose of it, and what came of it. The third visitor
 * is cut off in mid-session, in a state that is known; the last one leaves without a word. */
static void write_visit(log_bytes *log, const rr_items *items, uint64_t id, int32_t first)
{
    rr_error err;
    size_t bytes = 0;
    const float state[DIM] = {(float)id, 1.0f, 0.0f, -1.0f}, later[DIM] = {(float)id, 0, 0, 0};
    const float reward = id % 2 == 0 ? 1.0f : 0.0f;
    const uint8_t is_cut_off = id == 3;
    int32_t list[LIST] = {first, first + 1, first + 2}, choice = (int32_t)id % LIST;
    const rr_obs obs = {.struct_size = sizeof obs,
                        .n = 1,
                        .n_candidates = LIST,
                        .state_dim = DIM,
                        .states = state,
                        .candidates = list,
                        .sessions = &id,
                        .decisions = &id,
                        .pool = items};
    const rr_obs final_obs = {
        .struct_size = sizeof final_obs, .n = 1, .state_dim = DIM, .states = later};
    const rr_decision decision = {.struct_size = sizeof decision, .n = 1, .actions = &choice};
    const rr_outcome outcome = {.struct_size = sizeof outcome,
                                .n = 1,
                                .decisions = &id,
                                .rewards = &reward,
                                .truncated = &is_cut_off,
                                .final_obs = is_cut_off ? &final_obs : NULL};
    const rr_ending ending = {.struct_size = sizeof ending, .n = 1, .sessions = &id};
    unsigned char *end = log->data + log->bytes;
    require(rr_record_encode(&obs, &decision, 0, end, LOG_BYTES - log->bytes, &bytes, &err), &err);
    log->bytes += bytes;
    end = log->data + log->bytes;
    if (id == 4) {
        require(rr_ending_encode(&ending, 0, end, LOG_BYTES - log->bytes, &bytes, &err), &err);
    } else {
        require(rr_outcome_encode(&outcome, 0, end, LOG_BYTES - log->bytes, &bytes, &err), &err);
    }
    log->bytes += bytes;
}

static void print_decision(const void *blob, size_t bytes, const rr_items *items)
{
    rr_error err;
    uint64_t work[WORK_BYTES / sizeof(uint64_t)], key = 0;
    rr_obs obs = {.struct_size = sizeof obs};
    rr_decision decision = {.struct_size = sizeof decision};
    const rr_status status =
        rr_record_decode(blob, bytes, items, work, sizeof work, &obs, &decision, &err);
    if (status == RR_E_NOT_FOUND) {
        printf("  left out: %s\n", err.text); /* no row to learn from: its list is not whole */
        return;
    }
    require(status, &err);
    const int32_t *shown = obs.candidates + decision.actions[0];
    require(rr_items_keys_of(items, shown, 1, &key, &err), &err);
    printf("  visitor %" PRIu64 " was shown item %" PRIu64 ", number %d of today's catalogue\n",
           obs.sessions[0], key, *shown);
}

static void print_outcome(const void *blob, size_t bytes)
{
    rr_error err;
    uint64_t work[WORK_BYTES / sizeof(uint64_t)];
    rr_outcome outcome = {.struct_size = sizeof outcome};
    rr_obs final_obs = {.struct_size = sizeof final_obs};
    require(rr_outcome_decode(blob, bytes, work, sizeof work, &outcome, &final_obs, &err), &err);
    printf("  decision %" PRIu64 " earned %.0f%s\n", outcome.decisions[0],
           (double)outcome.rewards[0],
           outcome.final_obs != NULL ? ", and was the last before a cut, in a known state" : "");
}

static void print_ending(const void *blob, size_t bytes)
{
    rr_error err;
    uint64_t work[WORK_BYTES / sizeof(uint64_t)];
    rr_ending ending = {.struct_size = sizeof ending};
    rr_obs final_obs = {.struct_size = sizeof final_obs};
    require(rr_ending_decode(blob, bytes, work, sizeof work, &ending, &final_obs, &err), &err);
    printf("  session %" PRIu64 " ended%s\n", ending.sessions[0],
           ending.final_obs == NULL ? ", nobody knows in which state" : "");
}

/* What is learned from now on stays near what was imitated, less and less. */
static void stay_near(rr_agent *agent)
{
    rr_error err;
    rr_policy *clone = NULL;
    require(rr_agent_publish(agent, NULL, &clone, &err), &err);
    require(rr_agent_set_reference(agent, clone, &err), &err);
    rr_policy_release(clone); /* the agent has a reference of its own */
}

/* The log as rows with their returns, of which an agent learns to choose as it says. */
static void imitate(const log_bytes *log, rr_items *items)
{
    rr_error err;
    rr_rows *rows = NULL;
    rr_agent *agent = NULL;
    rr_agent_config config;
    rr_rows_view view = {.struct_size = sizeof view};
    rr_imitate_report report = {.struct_size = sizeof report};
    rr_agent_config_init(&config, sizeof config);
    require(rr_rows_read(&rows, log->data, log->bytes, items, 0.9f, NULL, &err), &err);
    require(rr_rows_get(rows, &view, &err), &err);
    printf("rows to learn from: %d of %d sessions; left out: %d, and %d of what they earned\n",
           view.n, view.n_sessions, view.n_refused, view.n_stray);
    config.state_dim = config.item_dim = DIM;
    config.max_update_rows = MOST_ROWS;
    config.max_candidates = LIST;
    config.max_history = 0;
    config.ref_kl_coef = 1.0f;
    config.ref_kl_updates = 200;
    require(rr_agent_create(&agent, &config, NULL, items, NULL, &err), &err);
    require(
        rr_agent_imitate(agent, view.obs, view.actions, NULL, view.returns, NULL, &report, &err),
        &err);
    printf("imitated: what was chosen is %s probable than before, and the best item in %.0f %%\n",
           report.loss < report.start_loss ? "more" : "not more", 100.0 * (double)report.agreement);
    stay_near(agent);
    rr_agent_destroy(agent);
    rr_rows_destroy(rows);
}

int main(void)
{
    rr_error err;
    static log_bytes log;
    rr_items *old_items = create_items(0, OLD); /* keys 100 … 105 */
    rr_items *items = create_items(1, NEW);     /* 101 … 108: 100 is gone */
    for (uint64_t id = 1; id <= 4; id++) {
        write_visit(&log, old_items, id, (int32_t)id - 1);
    }
    rr_items_release(old_items); /* the log has its keys */

    printf("%s\n", "A log of four visits, under today's catalogue:");
    rr_blob blob = {.struct_size = sizeof blob};
    for (size_t at = 0; at < log.bytes; at += blob.bytes) {
        const unsigned char *begin = log.data + at;
        require(rr_blob_describe(begin, log.bytes - at, &blob, &err), &err);
        switch (blob.kind) {
        case RR_BLOB_RECORD:
            print_decision(begin, blob.bytes, items);
            break;
        case RR_BLOB_OUTCOME:
            print_outcome(begin, blob.bytes);
            break;
        default:
            print_ending(begin, blob.bytes);
        }
    }
    imitate(&log, items);
    rr_items_release(items);
    return EXIT_SUCCESS;
}
