/* SPDX-License-Identifier: MIT */
/* What is known of a candidate is its features alone, and which of them a user likes depends on the
 * user: the reward is s·f. One weight for each feature, the same for all users, cannot say that;
 * weights that depend on the state can (has_feature_query), and so can a network over features and
 * state (candidate_hidden). Nothing here has a vector worth having: each candidate's is one zero.
 */
#include <recrl/recrl.h>
#include <stdio.h>
#include <stdlib.h>

enum { USERS = 64, OFFERS = 20, FEATURES = 8, UPDATES = 50, LAST = 10 };

static uint64_t random_state;

static float uniform(void)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (float)(random_state >> 40) / 16777216.0f;
}

static void require(rr_status status, const rr_error *err)
{
    if (status != RR_OK) {
        fprintf(stderr, "features_meet_users: %s\n", err->text);
        exit(EXIT_FAILURE);
    }
}

/* One step of all users: who they are, and what can be shown to each. */
typedef struct requests {
    float users[USERS * FEATURES];
    float features[USERS * OFFERS * FEATURES];
    float vectors[USERS * OFFERS]; /* zeros */
} requests;

static void draw(requests *r)
{
    for (size_t i = 0; i < USERS * FEATURES; i++) {
        r->users[i] = 2.0f * uniform() - 1.0f;
    }
    for (size_t i = 0; i < USERS * OFFERS * FEATURES; i++) {
        r->features[i] = 2.0f * uniform() - 1.0f;
    }
}

static float pleasure(const requests *r, size_t user, size_t offer)
{
    float sum = 0.0f;
    for (size_t j = 0; j < FEATURES; j++) {
        sum += r->users[user * FEATURES + j] * r->features[(user * OFFERS + offer) * FEATURES + j];
    }
    return sum;
}

/* What the best offer of each user would earn, a user. Chance earns 0. */
static float best_mean(const requests *r)
{
    float sum = 0.0f;
    for (size_t user = 0; user < USERS; user++) {
        float best = pleasure(r, user, 0);
        for (size_t offer = 1; offer < OFFERS; offer++) {
            const float other = pleasure(r, user, offer);
            best = other > best ? other : best;
        }
        sum += best;
    }
    return sum / USERS;
}

/* Share of the best that the last updates' rows earned, each drawn by the policy as it was. */
static double train(rr_agent *agent, rr_buffer *buffer)
{
    static requests now;
    int32_t positions[USERS];
    float log_probs[USERS], values[USERS], rewards[USERS];
    uint8_t is_over[USERS];
    const rr_obs obs = {.struct_size = sizeof obs,
                        .n = USERS,
                        .n_candidates = OFFERS,
                        .state_dim = FEATURES,
                        .item_dim = 1,
                        .feature_dim = FEATURES,
                        .states = now.users,
                        .features = now.features,
                        .vectors = now.vectors};
    rr_decision decision = {.struct_size = sizeof decision,
                            .n = USERS,
                            .actions = positions,
                            .log_probs = log_probs,
                            .values = values};
    const rr_outcome outcome = {
        .struct_size = sizeof outcome, .n = USERS, .rewards = rewards, .terminated = is_over};
    rr_error err;
    double earned = 0.0, best = 0.0;
    for (int update = 0; update < UPDATES; update++) {
        while (!rr_buffer_is_full(buffer)) {
            draw(&now);
            require(rr_agent_act(agent, &obs, &decision, &err), &err);
            require(rr_buffer_record(buffer, &obs, &decision, &err), &err);
            for (size_t i = 0; i < USERS; i++) {
                rewards[i] = pleasure(&now, i, (size_t)positions[i]);
                is_over[i] = 1;
                earned += update >= UPDATES - LAST ? (double)rewards[i] / USERS : 0.0;
            }
            best += update >= UPDATES - LAST ? (double)best_mean(&now) : 0.0;
            require(rr_buffer_reward(buffer, &outcome, &err), &err);
        }
        require(rr_agent_update(agent, buffer, &obs, NULL, &err), &err);
    }
    return earned / best;
}

/* What lets features meet users. */
enum { NOTHING, MATRIX, NETWORK, WAYS };
static const char *const names[WAYS] = {"one weight for all users", "has_feature_query 1",
                                        "candidate_hidden 32,32"};

static double run(int way, uint64_t seed)
{
    rr_error err;
    rr_agent *agent = NULL;
    rr_buffer *buffer = NULL;
    rr_agent_config config;
    rr_ppo_config ppo;
    rr_buffer_config rollout;
    rr_agent_config_init(&config, sizeof config);
    rr_ppo_config_init(&ppo, sizeof ppo);
    rr_buffer_config_init(&rollout, sizeof rollout);
    config.state_dim = config.feature_dim = FEATURES;
    config.item_dim = 1;
    config.max_candidates = OFFERS;
    config.max_history = 0;
    config.has_repeat_weight = 0; /* nothing has a history here */
    config.has_feature_query = way == MATRIX;
    config.candidate_hidden[0] = config.candidate_hidden[1] = way == NETWORK ? 32 : 0;
    config.seed = seed;
    if (way == NETWORK) {
        ppo.lr = 0.003f;
    }
    ppo.gamma = 0.0f; /* one decision each: no future to wait for */
    random_state = seed;
    require(rr_agent_create(&agent, &config, &ppo, NULL, NULL, &err), &err);
    require(rr_agent_fit_buffer_config(agent, USERS, &rollout, &err), &err);
    require(rr_buffer_create(&buffer, &rollout, NULL, &err), &err);
    const double share = train(agent, buffer);
    rr_buffer_destroy(buffer);
    rr_agent_destroy(agent);
    return share;
}

/* features_meet_users [n_seeds]: mean, least and most of the seeds 300 … 299 + n_seeds; by default
 * one, and then without the network, which takes twenty times as long. */
int main(int argc, char **argv)
{
    const long n_seeds = argc > 1 ? strtol(argv[1], NULL, 10) : 1;
    const int n_ways = argc > 1 ? WAYS : NETWORK;
    double least[WAYS];
    for (int way = 0; way < n_ways; way++) {
        double sum = 0.0, most = -1.0;
        least[way] = 1.0;
        for (long seed = 300; seed < 300 + n_seeds; seed++) {
            const double share = run(way, (uint64_t)seed);
            sum += share;
            least[way] = share < least[way] ? share : least[way];
            most = share > most ? share : most;
        }
        printf("%-24s %5.1f %% of the best, %.1f to %.1f over %ld seed%s\n", names[way],
               100.0 * sum / (double)n_seeds, 100.0 * least[way], 100.0 * most, n_seeds,
               n_seeds == 1 ? "" : "s");
    }
    return least[NOTHING] < 0.2 && least[MATRIX] > 0.9 ? EXIT_SUCCESS : EXIT_FAILURE;
}
