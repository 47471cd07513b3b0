/* SPDX-License-Identifier: MIT */
/* Two arms that learn from one another's rows, a rollback that holds, and a user who is deleted.
 *
 * Each arm has an agent and a slot; users are parted between them. Every hour both trainers read
 * the rows of both arms: an arm's own, and the other's, whose policies it has been told to
 * recognise. In the end the first arm is rolled back to its policy of the second hour while its
 * trainer goes on. */
#include <inttypes.h>
#include <recrl/recrl.h>
#include <stdio.h>
#include <stdlib.h>

enum { ARTICLES = 60, USER = 4, LIST = 8, VISIT = 4, HOURS = 6, REQUESTS = 1200 };

typedef struct arm {
    rr_agent *agent;
    rr_slot *slot;
    rr_reader *reader;
    rr_ledger *ledger;
    int clicks, shown;
} arm;

static rr_error err;

static void require(rr_status status)
{
    if (status != RR_OK) {
        fprintf(stderr, "two_arms: %s\n", err.text);
        exit(EXIT_FAILURE);
    }
}

static float uniform(void)
{
    static uint64_t state = 11;
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (float)(state >> 40) / 16777216.0f;
}

static arm start(rr_items *items, uint64_t seed)
{
    arm a = {0};
    rr_policy *policy = NULL;
    rr_agent_config shape;
    rr_ledger_config room;
    rr_agent_config_init(&shape, sizeof shape);
    rr_ledger_config_init(&room, sizeof room);
    shape.state_dim = shape.item_dim = USER, shape.max_candidates = LIST, shape.max_history = 0;
    shape.has_repeat_weight = 0, shape.seed = seed;
    room.max_rows = 2 * REQUESTS;
    require(rr_agent_create(&a.agent, &shape, NULL, items, NULL, &err));
    require(rr_agent_fit_ledger_config(a.agent, &room, &err));
    require(rr_ledger_create(&a.ledger, &room, NULL, &err));
    require(rr_agent_publish(a.agent, NULL, &policy, &err));
    require(rr_slot_create(&a.slot, policy, 1, NULL, &err));
    require(rr_reader_join(&a.reader, a.slot, seed, NULL, &err));
    rr_policy_release(policy);
    return a;
}

static void stop(arm *a)
{
    rr_reader_destroy(a->reader);
    rr_slot_release(a->slot);
    rr_ledger_destroy(a->ledger);
    rr_agent_destroy(a->agent);
}

/* One request of an arm's user: decided by the arm, recorded for both trainers. */
static void serve(arm *arms, arm *own, uint64_t id, const float *user, float articles[][USER])
{
    int32_t candidates[LIST], position;
    float log_prob, likes = -0.5f;
    uint64_t version;
    const uint64_t session = id / VISIT;
    for (int c = 0; c < LIST; c++) {
        candidates[c] = (int32_t)((id * 7 + (uint64_t)c * 11) % ARTICLES);
    }
    rr_obs obs = {.struct_size = sizeof obs, .n = 1, .state_dim = USER, .n_candidates = LIST};
    obs.states = user, obs.candidates = candidates;
    obs.sessions = &session, obs.decisions = &id;
    rr_decision decision = {.struct_size = sizeof decision, .n = 1, .actions = &position};
    decision.log_probs = &log_prob, decision.policy_versions = &version;
    require(rr_reader_act(own->reader, &obs, &decision, &err));
    for (int j = 0; j < USER; j++) {
        likes += 3.0f * user[j] * articles[candidates[position]][j];
    }
    const float reward = uniform() < likes ? 1.0f : 0.0f;
    const uint8_t is_over = id % VISIT == VISIT - 1;
    rr_outcome outcome = {.struct_size = sizeof outcome, .n = 1};
    outcome.decisions = &id, outcome.rewards = &reward, outcome.terminated = &is_over;
    for (int i = 0; i < 2; i++) {
        require(rr_ledger_record(arms[i].ledger, &obs, &decision, NULL, &err));
        require(rr_ledger_reward(arms[i].ledger, &outcome, NULL, &err));
    }
    own->shown += 1;
    own->clicks += reward > 0.0f;
}

/* Both trainers learn an hour's rows; each then knows what the other publishes. */
static void learn(arm *arms, int hour)
{
    printf("hour %d:", hour);
    for (int i = 0; i < 2; i++) {
        rr_stats stats = {.struct_size = sizeof stats};
        require(rr_agent_update_sessions(arms[i].agent, arms[i].ledger, &stats, &err));
        printf(" arm %d: %2d %% clicked, learned from %d rows, %d unknown%s", i,
               100 * arms[i].clicks / arms[i].shown, stats.n_rows, stats.n_refused,
               i == 0 ? ";" : "\n");
        arms[i].clicks = arms[i].shown = 0;
    }
    for (int i = 0; i < 2; i++) {
        if (rr_slot_publish(arms[i].slot, arms[i].agent, NULL, &err) != RR_OK) {
            printf("  arm %d: %s\n", i, err.text);
        }
        rr_policy *policy = rr_slot_get(arms[i].slot);
        require(rr_agent_recognise(arms[1 - i].agent, policy, &err));
        rr_policy_release(policy);
    }
}

int main(void)
{
    rr_items *items = NULL;
    rr_policy *good = NULL;
    float articles[ARTICLES][USER], user[USER] = {0};
    for (int i = 0; i < ARTICLES * USER; i++) {
        articles[i / USER][i % USER] = 2.0f * uniform() - 1.0f;
    }
    require(rr_items_create(&items, articles[0], NULL, ARTICLES, USER, NULL, NULL, &err));
    arm arms[2] = {start(items, 1), start(items, 2)};
    uint64_t id = 0;
    for (int hour = 1; hour <= HOURS; hour++) {
        for (int i = 0; i < REQUESTS; i++, id++) {
            for (int j = 0; j < USER && id % VISIT == 0; j++) {
                user[j] = 2.0f * uniform() - 1.0f;
            }
            serve(arms, &arms[id / VISIT % 2], id, user, articles);
        }
        learn(arms, hour);
        if (hour == 2) {
            good = rr_slot_get(arms[0].slot);
        } else if (hour == HOURS - 2) {
            require(rr_slot_swap(arms[0].slot, good, &err));
            require(rr_slot_hold(arms[0].slot, 1, &err));
        }
    }
    rr_slot_info info = {.struct_size = sizeof info};
    require(rr_slot_describe(arms[0].slot, &info, &err));
    printf("arm 0: %" PRId64 " requests served, %" PRId64 " policies put in, %" PRId64
           " kept out; serves that of hour 2: %s\n",
           info.n_acts, info.n_swaps, info.age,
           info.version == rr_policy_version(good) ? "yes" : "no");

    serve(arms, &arms[0], id, user, articles);
    const uint64_t session = id / VISIT;
    for (int i = 0; i < 2; i++) {
        int64_t n_rows = 0;
        require(rr_ledger_forget(arms[i].ledger, &session, 1, &n_rows, &err));
        printf("arm %d: %" PRId64 " row of the deleted user is gone, %d are left\n", i, n_rows,
               rr_ledger_count(arms[i].ledger));
        stop(&arms[i]);
    }
    rr_policy_release(good);
    rr_items_release(items);
    return EXIT_SUCCESS;
}
