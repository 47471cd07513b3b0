/* SPDX-License-Identifier: MIT */
/* What a service has around a request: ids that survive a crash, one clock, a request while
 * catalogue and policy are swapped, an experiment of two arms, a policy in the shadow, alarms, and
 * how much memory it all takes. docs/serving.md shows these functions; here they run on a toy feed.
 *
 *     host_operate [figures]     with the bytes, which differ between machines */
#define _POSIX_C_SOURCE 200809L
#include <inttypes.h>
#include <math.h>
#include <recrl/recrl.h>
#include <stdatomic.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>
#include <unistd.h>

enum { DIM = 4, ITEMS = 40, LIST = 6, FEATURES = 2, WORK_BYTES = 4096, VISITS = 400 };
enum { MINUTE = 60 * 1000, HOUR = 60 * MINUTE };

static void require(rr_status status, const rr_error *err)
{
    if (status != RR_OK) {
        fprintf(stderr, "operate: %s\n", err->text);
        exit(EXIT_FAILURE);
    }
}

static uint64_t mix(uint64_t x)
{
    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    return x ^ (x >> 31);
}

/* In [0, 1), a function of its argument. */
static float uniform(uint64_t x)
{
    return (float)(mix(x + 1) >> 40) * 0x1p-24f;
}

/* ── ids ── */

/* Decision ids of one process: 12 bits of the machine, 20 of its start, 32 of a counter. */
typedef struct ids {
    uint64_t first;
    _Atomic uint32_t next;
} ids;

/* The number of this start, which no other start of the machine has: it is on the disk before an id
 * is made of it. −1: it could not be written. */
static int64_t next_start(const char *path)
{
    char beside[512], text[32] = "";
    FILE *in = fopen(path, "r");
    if (in != NULL) {
        if (fgets(text, sizeof text, in) == NULL) {
            text[0] = '\0';
        }
        fclose(in);
    }
    const int64_t start = strtoll(text, NULL, 10) + 1;
    snprintf(beside, sizeof beside, "%s.new", path);
    FILE *out = fopen(beside, "w");
    if (out == NULL) {
        return -1;
    }
    const int is_whole =
        fprintf(out, "%" PRId64 "\n", start) > 0 && fflush(out) == 0 && fsync(fileno(out)) == 0;
    return fclose(out) == 0 && is_whole && rename(beside, path) == 0 ? start : -1;
}

static void ids_begin(ids *of, uint64_t machine, int64_t start)
{
    of->first = (machine & 0xFFF) << 52 | ((uint64_t)start & 0xFFFFF) << 32;
    atomic_init(&of->next, 0);
}

static uint64_t ids_next(ids *of)
{
    return of->first | atomic_fetch_add(&of->next, 1);
}

/* ── the clock ── */

/* Milliseconds since 1970, for requests, rewards and settle alike. A system clock that is put back
 * is held where it was. */
static int64_t clock_now(_Atomic int64_t *latest)
{
    struct timespec t;
    clock_gettime(CLOCK_REALTIME, &t);
    const int64_t now = (int64_t)t.tv_sec * 1000 + t.tv_nsec / 1000000;
    int64_t before = atomic_load(latest);
    while (now > before && !atomic_compare_exchange_weak(latest, &before, now)) {
    }
    return now > before ? now : before;
}

/* ── a request ── */

/* What comes with a request: the host's own keys, which mean the same under every catalogue. */
typedef struct request {
    uint64_t user, session, decision;
    int64_t now;
    float state[DIM];
    uint64_t keys[LIST];
    float features[LIST * FEATURES];
} request;

/* What was decided, and the blob for the log. */
typedef struct answer {
    uint64_t key; /* of the item to show; 0: none of the candidates is known, ask the old ranker */
    float log_prob;
    unsigned char blob[WORK_BYTES];
    size_t bytes;
} answer;

/* The candidates that the catalogue knows move to the front, features with them; how many. */
static int32_t keep_known(request *r, int32_t *indices)
{
    int32_t n = 0;
    for (int32_t i = 0; i < LIST; i++) {
        if (indices[i] >= 0) {
            indices[n] = indices[i];
            r->keys[n] = r->keys[i];
            memmove(r->features + n * FEATURES, r->features + i * FEATURES,
                    FEATURES * sizeof(float));
            n++;
        }
    }
    return n;
}

/* From acquire to release one policy and its own catalogue: a swap in between changes neither. */
static rr_status decide(answer *a, const rr_policy *policy, rr_reader *reader, request *r,
                        rr_error *err)
{
    int32_t indices[LIST], position = 0;
    uint64_t version;
    rr_items *items = rr_policy_items(policy);
    rr_status status = rr_items_find(items, r->keys, LIST, indices, err);
    const int32_t n = status == RR_OK ? keep_known(r, indices) : 0;
    a->key = 0;
    a->bytes = 0;
    if (n == 0) {
        return status;
    }
    const rr_obs obs = {.struct_size = sizeof obs,
                        .n = 1,
                        .n_candidates = n,
                        .state_dim = DIM,
                        .feature_dim = FEATURES,
                        .states = r->state,
                        .candidates = indices,
                        .features = r->features,
                        .sessions = &r->session,
                        .decisions = &r->decision,
                        .times = &r->now,
                        .pool = items};
    rr_decision decision = {.struct_size = sizeof decision,
                            .n = 1,
                            .actions = &position,
                            .log_probs = &a->log_prob,
                            .policy_versions = &version};
    status = rr_policy_act(policy, reader, &obs, &decision, err);
    if (status == RR_OK) {
        a->key = r->keys[position];
        status = rr_record_encode(&obs, &decision, 0, a->blob, sizeof a->blob, &a->bytes, err);
    }
    return status;
}

static rr_status answer_request(answer *a, rr_reader *reader, request *r, rr_error *err)
{
    rr_policy *policy = NULL;
    rr_status status = rr_reader_acquire(reader, &policy, err);
    if (status == RR_OK) {
        status = decide(a, policy, reader, r, err);
        rr_reader_release(reader, NULL);
    }
    return status;
}

/* ── two arms ── */

/* The arm of a user, the same in every request of the experiment; another experiment parts the
 * users anew. */
static uint32_t arm_of(uint64_t user, uint64_t experiment, uint32_t n_arms)
{
    return (uint32_t)(mix(user ^ mix(experiment)) % n_arms);
}

/* ── a policy in the shadow ── */

/* What a policy that serves nobody is worth, by the decisions of the one that serves. */
typedef struct shadow {
    int64_t n;
    double weights, squares, rewards, weighted_rewards;
} shadow;

/* weight: how much likelier the shadow would have made the decision that was made. */
static void shadow_add(shadow *s, double weight, double reward)
{
    s->n++;
    s->weights += weight;
    s->squares += weight * weight;
    s->rewards += reward;
    s->weighted_rewards += weight * reward;
}

/* Reads the row back from its blob, with the catalogue of the shadow. */
static rr_status shadow_weigh(double *weight, const rr_policy *policy, rr_reader *reader,
                              const answer *a, rr_error *err)
{
    uint64_t work[WORK_BYTES / sizeof(uint64_t)];
    rr_obs obs = {.struct_size = sizeof obs};
    rr_decision decision = {.struct_size = sizeof decision};
    float log_prob = 0.0f;
    rr_status status = rr_record_decode(a->blob, a->bytes, rr_policy_items(policy), work,
                                        sizeof work, &obs, &decision, err);
    if (status == RR_OK) {
        status =
            rr_policy_evaluate(policy, reader, &obs, decision.actions, &log_prob, NULL, NULL, err);
    }
    *weight = status == RR_OK ? exp((double)(log_prob - decision.log_probs[0])) : 0.0;
    return status;
}

/* ── alarms ── */

/* Part of a whole that should be small; of nothing it is none. */
static int is_above(const char *what, int64_t part, int64_t whole, double rate)
{
    const int rings = whole > 0 && (double)part > rate * (double)whole;
    if (rings) {
        printf("alarm: %s: %" PRId64 " of %" PRId64 "\n", what, part, whole);
    }
    return rings;
}

/* What happened between two looks at the counts, an hour apart say; how many alarms rang. */
static int ring(const rr_ledger_counts *before, const rr_ledger_counts *now, const rr_stats *stats)
{
    const int64_t recorded = now->recorded - before->recorded;
    const int64_t trained = now->trained - before->trained;
    const int64_t dropped = now->dropped - before->dropped;
    const int64_t rejected = now->rejected - before->rejected;
    const int64_t rewarded = now->rewarded - before->rewarded;
    const int64_t late = now->late - before->late, unknown = now->unknown - before->unknown;
    const int64_t left = trained + dropped + rejected;
    int n = 0;
    if (recorded == 0) {
        printf("alarm: nothing was recorded\n");
        n++;
    }
    n +=
        is_above("rows fit for imitation alone", now->imitation - before->imitation, recorded, 0.0);
    n += is_above("rows that were rejected", rejected, left, 0.01);
    n += is_above("rows that were dropped", dropped, left, 0.05);
    n += is_above("rewards that came late", late, rewarded + late, 0.05);
    n += is_above("rewards of unknown decisions", unknown, rewarded + late + unknown, 0.02);
    n += is_above("rows of the ledger that are taken", now->rows, now->max_rows, 0.8);
    n += is_above("decisions recorded twice", now->duplicate - before->duplicate, recorded, 0.01);
    if (stats->n_rows > 0 && stats->ess < 0.3f) {
        printf("alarm: the rows are worth %.0f %% of as many fresh ones\n",
               100.0 * (double)stats->ess);
        n++;
    }
    return n;
}

/* The same of a slot. */
static int ring_slot(const rr_slot_info *before, const rr_slot_info *now)
{
    const int64_t served = now->n_acts - before->n_acts;
    const int64_t refused = now->n_invalid + now->n_mismatched + now->n_not_finite + now->n_other -
                            before->n_invalid - before->n_mismatched - before->n_not_finite -
                            before->n_other;
    int n = is_above("requests that were refused", refused, served + refused, 0.001);
    if (now->n_swaps == before->n_swaps) {
        printf("alarm: nothing was published; %" PRId64 " publishes found the slot held\n",
               now->age);
        n++;
    }
    return n;
}

/* ── memory ── */

/* A feed, as far as a ledger's size depends on it. */
typedef struct traffic {
    double decisions_an_hour, hours_of_a_session;
    int64_t reward_wait, idle_timeout, between_updates; /* milliseconds */
} traffic;

/* Rows that are open, wait or are ready at once. A row stays until its session has ended and its
 * last reward is final, and the next update has come; half as much again for the busiest hour. */
static int32_t rows_of(const traffic *t)
{
    const double after_its_session =
        (double)(t->reward_wait > t->idle_timeout ? t->reward_wait : t->idle_timeout);
    const double hours =
        t->hours_of_a_session + (after_its_session + (double)t->between_updates) / (double)HOUR;
    return (int32_t)ceil(1.5 * hours * t->decisions_an_hour);
}

/* What a ledger of this config takes, for these rows. */
static rr_status bytes_of(size_t *bytes, rr_ledger_config config, const traffic *t, rr_error *err)
{
    config.max_rows = rows_of(t);
    config.reward_wait = t->reward_wait;
    config.idle_timeout = t->idle_timeout;
    return rr_ledger_memory(&config, bytes, err);
}

/* A request of which some candidates are in no catalogue yet, indices −1: their vectors alone, in
 * their order, and their keys by position. `shown` is the key of what this user saw last, in the
 * catalogue or not: whatever has it now counts as shown. *key receives that of what is drawn. */
static rr_status decide_with_new(uint64_t *key, rr_agent *agent, const request *r,
                                 const int32_t *indices, const uint64_t *keys,
                                 const float *new_vectors, int32_t n_new, uint64_t shown,
                                 rr_error *err)
{
    const int32_t by_key = -1;
    const rr_obs obs = {.struct_size = sizeof obs,
                        .n = 1,
                        .n_candidates = LIST,
                        .n_history = 1,
                        .state_dim = DIM,
                        .item_dim = DIM,
                        .feature_dim = FEATURES,
                        .states = r->state,
                        .candidates = indices,
                        .features = r->features,
                        .vectors = new_vectors,
                        .n_vectors = n_new,
                        .candidate_keys = keys,
                        .history = &by_key,
                        .history_keys = &shown};
    int32_t position;
    rr_decision decision = {
        .struct_size = sizeof decision, .n = 1, .actions = &position, .item_keys = key};
    return rr_agent_act(agent, &obs, &decision, err);
}

/* From a catalogue to one that was made anew. The log has rows of the one before: those of their
 * candidates that the new one lacks keep the vectors that they had. */
static rr_status take_over(rr_agent *agent, rr_ledger *ledger, rr_items *before, rr_items *anew,
                           rr_error *err)
{
    const rr_status status = rr_agent_set_items(agent, anew, err);
    return status == RR_OK ? rr_ledger_set_earlier_items(ledger, before, err) : status;
}

/* ── a file of another release ── */

/* Whether this process can serve from the trainer's file. After an upgrade it may be of a release
 * that this one does not read: then the old process goes on serving until the trainer, upgraded
 * first, has published anew. */
static int can_serve(rr_policy **out, const char *path, rr_items *items)
{
    rr_error err;
    const rr_status status = rr_policy_load(out, path, items, NULL, &err);
    if (status != RR_OK) {
        printf("%s\n", status == RR_E_VERSION ? "of another release: publish it anew"
                       : status == RR_E_MISMATCH
                           ? "of another catalogue: save the catalogue with it"
                           : "no policy can be read: serve the one before");
    }
    return status == RR_OK;
}

/* ── the toy ── */

/* Catalogue `day`: of the day before all but its first item, and a new one. */
static rr_items *create_items(uint64_t day)
{
    rr_error err;
    rr_items *items = NULL;
    uint64_t keys[ITEMS];
    float vectors[ITEMS * DIM];
    for (uint64_t i = 0; i < ITEMS; i++) {
        keys[i] = 1000 + day + i;
        for (uint64_t j = 0; j < DIM; j++) {
            vectors[i * DIM + j] = uniform(keys[i] * DIM + j) - 0.5f;
        }
    }
    require(rr_items_create(&items, vectors, keys, ITEMS, DIM, NULL, NULL, &err), &err);
    return items;
}

static rr_agent *create_agent(rr_items *items)
{
    rr_error err;
    rr_agent *agent = NULL;
    rr_agent_config config;
    rr_agent_config_init(&config, sizeof config);
    config.state_dim = config.item_dim = DIM;
    config.feature_dim = FEATURES;
    config.max_candidates = LIST;
    config.max_history = 1;
    config.hidden[0] = config.critic_hidden[0] = 8;
    config.hidden[1] = config.critic_hidden[1] = 0;
    config.max_rows = 64;
    config.max_update_rows = VISITS;
    config.max_pool_items = 2 * ITEMS;
    require(rr_agent_create(&agent, &config, NULL, items, NULL, &err), &err);
    return agent;
}

static request request_of(uint64_t visit, ids *of, int64_t now)
{
    request r = {.user = visit % 50, .session = visit, .decision = ids_next(of), .now = now};
    for (uint64_t j = 0; j < DIM; j++) {
        r.state[j] = uniform(1000000 + r.user * DIM + j) - 0.5f;
    }
    for (uint64_t i = 0; i < LIST; i++) {
        r.keys[i] = 1000 + (visit * 7 + i * 5) % (ITEMS + 1); /* of both days */
        r.features[i * FEATURES] = uniform(visit * LIST + i);
        r.features[i * FEATURES + 1] = 1.0f;
    }
    return r;
}

static void try_ids(void)
{
    const char *path = "host_operate.starts";
    ids first, second;
    (void)remove(path);
    ids_begin(&first, 7, next_start(path));
    const uint64_t last = ids_next(&first);
    ids_begin(&second, 7, next_start(path)); /* after a crash, without a word of where it was */
    printf("ids: %016" PRIx64 ", after a crash %016" PRIx64 "\n", last, ids_next(&second));
    (void)remove(path);
    if (next_start("no/such/folder/starts") != -1) {
        printf("a start that could not be written was used\n");
    }
}

static void try_clock(void)
{
    _Atomic int64_t latest = 0;
    const int64_t now = clock_now(&latest);
    atomic_store(&latest, now + HOUR); /* the system's clock is put back by an hour */
    printf("clock: held: %s\n", clock_now(&latest) == now + HOUR ? "yes" : "no");
}

typedef struct feed {
    rr_items *items[2];
    rr_agent *agent;
    rr_slot *slot;
    rr_reader *reader, *beside;
    rr_policy *candidate;
    rr_ledger *ledger;
    ids of;
} feed;

static void open_feed(feed *f)
{
    rr_error err;
    rr_policy *first = NULL;
    rr_ledger_config config;
    f->items[0] = create_items(0);
    f->items[1] = create_items(1);
    f->agent = create_agent(f->items[0]);
    require(rr_agent_publish(f->agent, NULL, &first, &err), &err);
    require(rr_slot_create(&f->slot, first, 1, NULL, &err), &err);
    rr_policy_release(first);
    require(rr_reader_join(&f->reader, f->slot, 1, NULL, &err), &err);
    rr_agent *other = create_agent(f->items[0]);
    const float weights[FEATURES] = {2.0f};
    require(rr_agent_set_feature_weights(other, weights, FEATURES, &err), &err);
    require(rr_agent_publish(other, NULL, &f->candidate, &err), &err);
    rr_agent_destroy(other);
    require(rr_reader_create(&f->beside, f->candidate, 2, NULL, &err), &err);
    rr_ledger_config_init(&config, sizeof config);
    require(rr_agent_fit_ledger_config(f->agent, &config, &err), &err);
    config.max_rows = VISITS;
    config.reward_wait = HOUR;
    config.item_dim = DIM; /* room for vectors of what a catalogue lacks */
    config.max_vectors = 2;
    require(rr_ledger_create(&f->ledger, &config, NULL, &err), &err);
    ids_begin(&f->of, 7, 1);
}

static void close_feed(feed *f)
{
    rr_ledger_destroy(f->ledger);
    rr_reader_destroy(f->reader);
    rr_reader_destroy(f->beside);
    rr_policy_release(f->candidate);
    rr_slot_release(f->slot);
    rr_agent_destroy(f->agent);
    rr_items_release(f->items[0]);
    rr_items_release(f->items[1]);
}

/* Visits of one decision each; in their middle the trainer goes over to the next day's catalogue.
 */
static void run_visits(feed *f, shadow *s)
{
    rr_error err;
    uint64_t work[WORK_BYTES / sizeof(uint64_t)];
    int n_shown = 0, n_gone = 0;
    for (uint64_t visit = 0; visit < VISITS; visit++) {
        answer a;
        const uint8_t is_over = 1;
        request r = request_of(visit, &f->of, (int64_t)visit * MINUTE / 4);
        if (visit == VISITS / 2) {
            require(take_over(f->agent, f->ledger, f->items[0], f->items[1], &err), &err);
            require(rr_slot_publish(f->slot, f->agent, NULL, &err), &err);
        }
        require(answer_request(&a, f->reader, &r, &err), &err);
        n_shown += a.key != 0;
        n_gone += a.key == (visit < VISITS / 2 ? 1000 + ITEMS : 1000); /* not in its catalogue */
        const float reward = a.key % 2 == 0 ? 1.0f : 0.0f;
        double weight = 0.0;
        if (shadow_weigh(&weight, f->candidate, f->beside, &a, &err) == RR_OK) {
            shadow_add(s, weight, (double)reward);
        }
        int32_t status = RR_OK;
        const uint64_t offsets[2] = {0, a.bytes};
        require(rr_ledger_import(f->ledger, a.blob, offsets, 1, rr_agent_items(f->agent), work,
                                 sizeof work, &status, NULL, &err),
                &err);
        const rr_outcome outcome = {.struct_size = sizeof outcome,
                                    .n = 1,
                                    .decisions = &r.decision,
                                    .rewards = &reward,
                                    .terminated = &is_over};
        require(rr_ledger_reward(f->ledger, &outcome, NULL, &err), &err);
    }
    printf("requests: %d of %d answered, %d with an item that their catalogue lacks\n", n_shown,
           VISITS, n_gone);
}

static void try_alarms(feed *f)
{
    rr_error err;
    rr_ledger_counts before = {.struct_size = sizeof before}, now = before;
    rr_stats stats = {.struct_size = sizeof stats};
    require(rr_ledger_settle(f->ledger, (int64_t)VISITS * MINUTE / 4 + HOUR, &now, &err), &err);
    require(rr_agent_update_sessions(f->agent, f->ledger, &stats, &err), &err);
    require(rr_ledger_get_counts(f->ledger, &now, &err), &err);
    printf("alarms after a catalogue that was swapped in one piece: %d\n",
           ring(&before, &now, &stats));
    before = now;
    printf("alarms of an hour in which nobody came: %d\n", ring(&before, &now, &stats));
    rr_slot_info at_first = {.struct_size = sizeof at_first}, later = at_first;
    require(rr_slot_describe(f->slot, &later, &err), &err);
    printf("alarms of the slot: %d\n", ring_slot(&at_first, &later));
    at_first = later;
    require(rr_slot_hold(f->slot, 1, &err), &err);
    (void)rr_slot_publish(f->slot, f->agent, NULL, &err); /* refused: it is held */
    require(rr_slot_describe(f->slot, &later, &err), &err);
    printf("alarms of a slot that is held: %d\n", ring_slot(&at_first, &later));
    require(rr_slot_hold(f->slot, 0, &err), &err);
}

/* Bytes of a ledger's row, in thousands. */
static double row_kilobytes(const rr_ledger_config *config, const traffic *t)
{
    rr_error err;
    size_t bytes = 0;
    require(bytes_of(&bytes, *config, t, &err), &err);
    return 1e-3 * (double)bytes / (double)rows_of(t);
}

static void try_memory(int shows_figures)
{
    const traffic quick = {.decisions_an_hour = 36000.0,
                           .hours_of_a_session = 0.25,
                           .reward_wait = HOUR,
                           .idle_timeout = HOUR / 2,
                           .between_updates = 5 * MINUTE};
    traffic patient = quick;
    patient.reward_wait = 24 * HOUR;
    rr_ledger_config config;
    rr_ledger_config_init(&config, sizeof config);
    config.state_dim = 24;
    config.feature_dim = 16;
    config.max_candidates = 300;
    config.max_history = config.max_excluded = 0;
    printf("rows: %d with an hour's wait, %d with a day's\n", rows_of(&quick), rows_of(&patient));
    const double pool = row_kilobytes(&config, &quick);
    config.item_dim = 64;
    const double whole = row_kilobytes(&config, &quick);
    config.max_vectors = 10;
    const double few = row_kilobytes(&config, &quick);
    printf("a row with a vector of each candidate takes %s a row of the pool; with ten of its own "
           "%s\n",
           whole > 4.0 * pool ? "more than four times" : "about",
           few < 1.2 * pool ? "less than a fifth more" : "much more");
    if (shows_figures) {
        printf("kB a row: %.1f of the pool, %.1f with 300 vectors, %.1f with 10\n", pool, whole,
               few);
        const int64_t waits[] = {10 * MINUTE, HOUR, 6 * HOUR, 24 * HOUR};
        for (size_t i = 0; i < sizeof waits / sizeof waits[0]; i++) {
            patient.reward_wait = waits[i];
            printf("a wait of %4.0f minutes: %8" PRId32 " rows, %6.2f GB\n",
                   (double)waits[i] / MINUTE, rows_of(&patient), 1e-6 * pool * rows_of(&patient));
        }
    }
}

/* The two that are new lie far out where the user points, twenty times, and far out on the other
 * side as often: on one side they are drawn always, on the other never. */
static void try_new_items(feed *f)
{
    rr_error err;
    int32_t n_new = 0;
    uint64_t key = 0;
    float vectors[2 * DIM];
    const int32_t indices[LIST] = {3, -1, 8, 5, -1, 2};
    const uint64_t keys[LIST] = {0, 901, 0, 0, 902, 0}; /* an index says which item it is */
    const request r = request_of(3, &f->of, 0);
    for (int32_t i = 0; i < 40; i++) {
        for (int32_t j = 0; j < 2 * DIM; j++) {
            vectors[j] = i < 20 ? 400.0f * r.state[j % DIM] : -400.0f * r.state[j % DIM];
        }
        require(decide_with_new(&key, f->agent, &r, indices, keys, vectors, 2, key, &err), &err);
        n_new += key == 901 || key == 902;
    }
    printf("new items: drawn %d times of 40\n", (int)n_new);
}

static void try_files(feed *f)
{
    rr_error err;
    rr_policy *present = rr_slot_get(f->slot), *loaded = NULL;
    const char *path = "host_operate.safetensors";
    require(rr_policy_save(present, path, &err), &err);
    if (can_serve(&loaded, path, f->items[1])) {
        rr_policy_release(loaded);
    }
    (void)can_serve(&loaded, path, f->items[0]);
    (void)can_serve(&loaded, "host_operate.none", f->items[1]);
    rr_policy_release(present);
    (void)remove(path);
}

int main(int argc, char **argv)
{
    feed f;
    shadow s = {0};
    open_feed(&f);
    try_ids();
    try_clock();
    run_visits(&f, &s);
    int n_first = 0;
    for (uint64_t user = 0; user < 1000; user++) {
        n_first += arm_of(user, 3, 2) == 0;
    }
    printf("arms: %d of 1000 users in the first\n", n_first);
    const double n = (double)s.n;
    printf("shadow: %" PRId64 " decisions, mean weight %.2f, worth %.0f %% of them, reward %.2f "
           "where %.2f was earned\n",
           s.n, s.weights / n, 100.0 * s.weights * s.weights / (n * s.squares),
           s.weighted_rewards / s.weights, s.rewards / n);
    try_alarms(&f);
    try_memory(argc > 1 && strcmp(argv[1], "figures") == 0);
    try_new_items(&f);
    try_files(&f);
    close_feed(&f);
    return EXIT_SUCCESS;
}
