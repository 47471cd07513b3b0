/* SPDX-License-Identifier: MIT */
/* alarms: how often the warning on the weights of stale rows is false, and how soon it is right.
 *
 * A server plays snapshots that are some updates old, under serving options of every kind; a ledger
 * takes 1,280 rows an update. Honest hosts are counted first. Then something is recorded that is
 * not what the policy saw, from update 21 on, and what was noticed within five updates is said: by
 * the weights alone (keep_versions 1: the parameters of stale rows are gone), and with the
 * default. alarms [updates] [seed] */
#include <inttypes.h>
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recrl/recrl.h"

enum { N = 64, ACTS = 20, ROWS = N * ACTS, K = 10, ITEMS = 60, DIM = 4, FEATURES = 2 };
enum { MOST_STALE = 12, RUN = 100, BEFORE = 20, AFTER = 5 };
enum { HONEST, FEATURE_TWICE, CANDIDATE_DROPPED, EVEN_LOG_PROBS, OTHER_CATALOGUE, FAULTS };

static const char *const fault_names[FAULTS] = {
    "honest", "a feature times 2", "a candidate dropped", "log-probs of 1/n", "another catalogue"};

static rr_error err;

static void require(rr_status status)
{
    if (status != RR_OK) {
        fprintf(stderr, "alarms: %s\n", err.text);
        exit(1);
    }
}

typedef struct trial {
    rr_items *items;
    rr_agent *agent;
    rr_ledger *ledger;
    rr_reader *reader;
    rr_policy *policies[MOST_STALE + 1];
    int stale, fault, n_warnings;
    uint64_t random, n_decisions;
    float states[N * DIM], features[N * K * FEATURES], log_probs[N], rewards[N];
    int32_t candidates[N * K], actions[N], incumbents[N];
    uint64_t sessions[N], decisions[N], versions[N];
    uint8_t terminated[N];
} trial;

static double uniform(trial *t)
{
    uint64_t x = t->random += UINT64_C(0x9e3779b97f4a7c15);
    x = (x ^ (x >> 30)) * UINT64_C(0xbf58476d1ce4e5b9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94d049bb133111eb);
    return (double)((x ^ (x >> 31)) >> 11) * 0x1p-53;
}

static void hear(void *user, int32_t level, const char *sentence)
{
    trial *t = user;
    (void)level;
    t->n_warnings += strstr(sentence, "rows of earlier versions have mean") != NULL;
}

static void open_trial(trial *t, int stale, float lr, int keep_versions, uint64_t seed)
{
    memset(t, 0, sizeof *t);
    t->stale = stale;
    t->random = seed * 1000003u;
    const rr_host host = {.struct_size = sizeof host, .log = hear, .user = t};
    require(rr_items_create_random(&t->items, ITEMS, DIM, 5, NULL, &err));
    rr_agent_config config;
    rr_ppo_config ppo;
    rr_ledger_config room;
    rr_agent_config_init(&config, sizeof config);
    rr_ppo_config_init(&ppo, sizeof ppo);
    rr_ledger_config_init(&room, sizeof room);
    config.hidden[0] = config.critic_hidden[0] = 16;
    config.hidden[1] = config.critic_hidden[1] = 0;
    config.state_dim = config.item_dim = DIM;
    config.feature_dim = FEATURES;
    config.max_rows = N;
    config.max_update_rows = room.max_rows = ROWS;
    config.max_candidates = K;
    config.max_history = 0;
    config.min_ess = 0.0f;
    config.max_skew = 0.0f;
    config.keep_versions = keep_versions;
    config.seed = seed;
    ppo.lr = lr;
    require(rr_agent_create(&t->agent, &config, &ppo, t->items, &host, &err));
    require(rr_agent_fit_ledger_config(t->agent, &room, &err));
    require(rr_ledger_create(&t->ledger, &room, NULL, &err));
}

static void close_trial(trial *t)
{
    for (int i = 0; i <= MOST_STALE; i++) {
        rr_policy_release(t->policies[i]);
    }
    rr_reader_destroy(t->reader);
    rr_ledger_destroy(t->ledger);
    rr_agent_destroy(t->agent);
    rr_items_release(t->items);
}

static void draw_requests(trial *t)
{
    for (size_t i = 0; i < N; i++) {
        t->sessions[i] = t->decisions[i] = t->n_decisions++;
        t->incumbents[i] = (int32_t)(uniform(t) * K);
        t->terminated[i] = 1;
        for (size_t j = 0; j < K; j++) { /* one of each tenth of the catalogue */
            t->candidates[i * K + j] =
                (int32_t)((double)j * (ITEMS / K) + uniform(t) * (ITEMS / K));
        }
    }
    for (size_t i = 0; i < N * DIM; i++) {
        t->states[i] = (float)(uniform(t) + uniform(t) + uniform(t) - 1.5) * 2.0f;
    }
    for (size_t i = 0; i < N * K * FEATURES; i++) {
        t->features[i] = (float)uniform(t);
    }
}

/* What the host writes down in the place of what the policy saw. */
static void falsify(trial *t, rr_obs *obs)
{
    if (t->fault == CANDIDATE_DROPPED) {
        obs->n_candidates = K - 1;
    }
    for (size_t i = 0; i < N; i++) {
        const size_t chosen = (size_t)t->actions[i], dropped = (chosen + 1) % K;
        size_t to = 0;
        for (size_t j = 0; t->fault == CANDIDATE_DROPPED && j < K; j++) {
            if (j != dropped) {
                t->candidates[i * (K - 1) + to] = t->candidates[i * K + j];
                memmove(t->features + (i * (K - 1) + to) * FEATURES,
                        t->features + (i * K + j) * FEATURES, FEATURES * sizeof(float));
                to++;
            }
        }
        t->actions[i] -= t->fault == CANDIDATE_DROPPED && dropped < chosen;
        t->incumbents[i] = t->fault == CANDIDATE_DROPPED ? -1 : t->incumbents[i];
        t->log_probs[i] = t->fault == EVEN_LOG_PROBS ? (float)-log(K) : t->log_probs[i];
    }
    for (size_t i = 0; t->fault == FEATURE_TWICE && i < N * K; i++) {
        t->features[i * FEATURES] *= 2.0f;
    }
    for (size_t i = 0; t->fault == OTHER_CATALOGUE && i < N * K; i++) {
        t->candidates[i] = (t->candidates[i] * 7 + 3) % ITEMS;
    }
}

static void serve(trial *t, const rr_policy *policy)
{
    rr_obs obs = {.struct_size = sizeof obs,
                  .n = N,
                  .n_candidates = K,
                  .state_dim = DIM,
                  .feature_dim = FEATURES,
                  .states = t->states,
                  .candidates = t->candidates,
                  .features = t->features,
                  .incumbents = t->incumbents,
                  .sessions = t->sessions,
                  .decisions = t->decisions};
    rr_decision decision = {.struct_size = sizeof decision,
                            .n = N,
                            .actions = t->actions,
                            .log_probs = t->log_probs,
                            .policy_versions = t->versions};
    const rr_outcome outcome = {.struct_size = sizeof outcome,
                                .n = N,
                                .decisions = t->decisions,
                                .rewards = t->rewards,
                                .terminated = t->terminated};
    rr_items_segment all = {.struct_size = sizeof all};
    draw_requests(t);
    require(rr_policy_act(policy, t->reader, &obs, &decision, &err));
    require(rr_items_segment_at(t->items, 0, &all, &err));
    const float *vectors = all.vectors;
    for (size_t i = 0; i < N; i++) {
        const size_t at = i * K + (size_t)t->actions[i];
        t->rewards[i] = t->features[at * FEATURES] + 0.3f * (float)uniform(t);
        for (size_t j = 0; j < DIM; j++) {
            t->rewards[i] += t->states[i * DIM + j] * vectors[(size_t)t->candidates[at] * DIM + j];
        }
    }
    falsify(t, &obs);
    require(rr_ledger_record(t->ledger, &obs, &decision, NULL, &err));
    require(rr_ledger_reward(t->ledger, &outcome, NULL, &err));
}

/* One update from rows that are t->stale updates old; what it answered. */
static rr_status update(trial *t, int j, const rr_serving_options *options, rr_stats *stats)
{
    const int n = t->stale + 1;
    rr_policy **newest = &t->policies[j % n];
    rr_policy_release(*newest);
    *newest = NULL;
    require(rr_agent_publish(t->agent, options, newest, &err));
    if (t->reader == NULL) {
        require(rr_reader_create(&t->reader, *newest, 0, NULL, &err));
    }
    const rr_policy *oldest = t->policies[(j + 1) % n];
    for (int i = 0; i < ACTS; i++) {
        serve(t, oldest != NULL ? oldest : t->policies[0]);
    }
    return rr_agent_update_sessions(t->agent, t->ledger, stats, &err);
}

typedef struct play {
    const char *name;
    float temperature, floor, incumbent_share;
    int32_t is_greedy;
} play;

static const play plays[] = {
    {"plain", 1.0f, 0.0f, 0.0f, 0},
    {"temperature 0.5", 0.5f, 0.0f, 0.0f, 0},
    {"temperature 2", 2.0f, 0.0f, 0.0f, 0},
    {"floor 0.02", 1.0f, 0.02f, 0.0f, 0},
    {"floor 0.1", 1.0f, 0.1f, 0.0f, 0},
    {"floor 0.5", 1.0f, 0.5f, 0.0f, 0},
    {"incumbent 0.1", 1.0f, 0.0f, 0.1f, 0},
    {"incumbent 0.9", 1.0f, 0.0f, 0.9f, 0},
    {"incumbent 1", 1.0f, 0.0f, 1.0f, 0},
    {"incumbent 0.5, floor 0.02", 1.0f, 0.02f, 0.5f, 0},
    {"greedy", 1.0f, 0.0f, 0.0f, 1},
    {"greedy, floor 0.02", 1.0f, 0.02f, 0.0f, 1},
    {"greedy, floor 0.1", 1.0f, 0.1f, 0.0f, 1},
    {"greedy, incumbent 0.5", 1.0f, 0.0f, 0.5f, 1},
    {"floor 0.1, temperature 0.5", 0.5f, 0.1f, 0.0f, 0},
};
enum { PLAYS = sizeof plays / sizeof plays[0], STALE_KINDS = 3, LR_KINDS = 2 };
static const int stale_kinds[STALE_KINDS] = {1, 3, 12};
static const float lr_kinds[LR_KINDS] = {0.01f, 0.001f};

static rr_serving_options options_of(const play *p)
{
    rr_serving_options options;
    rr_serving_options_init(&options, sizeof options);
    options.temperature = p->temperature;
    options.floor = p->floor;
    options.incumbent_share = p->incumbent_share;
    options.is_greedy = p->is_greedy;
    return options;
}

/* Of n honest updates, in runs of RUN, those that warned. */
static int64_t count_false(const play *p, int stale, float lr, int64_t n, uint64_t seed)
{
    static trial t;
    const rr_serving_options options = options_of(p);
    int64_t n_warned = 0;
    for (int64_t done = 0; done < n;) {
        open_trial(&t, stale, lr, 1, seed + (uint64_t)done);
        rr_status status = RR_OK;
        for (int j = 0; j < RUN && done < n && status == RR_OK; j++, done++) {
            const int before = t.n_warnings;
            status = update(&t, j, &options, NULL);
            n_warned += t.n_warnings > before;
        }
        if (status != RR_E_NOT_FINITE) { /* learning that goes wrong is another alarm's affair */
            require(status);
        }
        close_trial(&t);
    }
    return n_warned;
}

/* What was noticed of a fault, in how many updates; what the weights were in its first. */
static void try_fault(int fault, int keep_versions, float lr, uint64_t seed)
{
    static trial t;
    const rr_serving_options options = options_of(&plays[0]);
    rr_stats stats = {.struct_size = sizeof stats};
    char found[64] = "not found";
    double mean = NAN;
    open_trial(&t, 3, lr, keep_versions, seed);
    for (int j = 0; j < BEFORE; j++) {
        require(update(&t, j, &options, NULL));
    }
    t.fault = fault;
    for (int j = 0; j < AFTER && strcmp(found, "not found") == 0; j++) {
        const int before = t.n_warnings;
        const rr_status status = update(&t, BEFORE + j, &options, &stats);
        mean = j == 0 && status == RR_OK ? (double)stats.weight_mean : mean;
        if (status != RR_OK || t.n_warnings > before) {
            snprintf(found, sizeof found, "update %d, %s", j + 1,
                     status != RR_OK ? rr_status_name(status) : "by the weights");
        }
    }
    printf("  %-20s lr %.3f  %-15s mean weight %6.3f  %s\n", fault_names[fault], (double)lr,
           keep_versions == 1 ? "weights alone" : "default", mean, found);
    close_trial(&t);
}

int main(int argc, char **argv)
{
    const int64_t n = argc > 1 ? strtoll(argv[1], NULL, 10) : 30000;
    const uint64_t seed = argc > 2 ? strtoull(argv[2], NULL, 10) : 0;
    const int64_t n_each =
        (n + PLAYS * STALE_KINDS * LR_KINDS - 1) / (PLAYS * STALE_KINDS * LR_KINDS);
    int64_t n_all = 0, n_false = 0;
    printf("honest updates of %d rows that warned\n", (int)ROWS);
    for (size_t i = 0; i < PLAYS; i++) {
        int64_t of_play = 0;
        for (size_t s = 0; s < STALE_KINDS; s++) {
            for (size_t l = 0; l < LR_KINDS; l++) {
                of_play += count_false(&plays[i], stale_kinds[s], lr_kinds[l], n_each,
                                       seed * 7919 + i * 101 + s * 11 + l);
            }
        }
        const int64_t n_play = n_each * STALE_KINDS * LR_KINDS;
        printf("  %-28s %4" PRId64 " of %" PRId64 "\n", plays[i].name, of_play, n_play);
        n_all += n_play;
        n_false += of_play;
    }
    printf("  %-28s %4" PRId64 " of %" PRId64 "\nfaults, from rows three updates old\n", "all",
           n_false, n_all);
    for (int fault = FEATURE_TWICE; fault < FAULTS; fault++) {
        for (size_t l = 0; l < LR_KINDS; l++) {
            try_fault(fault, 1, lr_kinds[l], seed + 40);
            try_fault(fault, 0, lr_kinds[l], seed + 40);
        }
    }
    return 0;
}
