/* SPDX-License-Identifier: MIT */
/* Two stages over a large catalogue, beside one: a retriever brings 200 of all items, a ranker that
 * sees more of each chooses among them: stages [ITEMS [ROUNDS [SEED]]]
 *
 * An item has a taste vector v and a length l. A showing earns u·v − 1.5 |l − p| + c: p is the
 * user's patience, and c, in [0, 1], is of this user and this item at this moment, such as what her
 * friends did with it. A catalogue cannot hold c; a request's candidates bring it. The retriever is
 * a two-tower policy over the whole catalogue, of vectors (v, l); it learns to choose what the
 * ranker chose. The ranker is a network over each candidate (candidate_hidden) that learns by PPO
 * what was earned. The one stage beside them is the retriever's two-tower, learning by PPO over all
 * items.
 */
#include <math.h>
#include <recrl/recrl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum { TASTE = 8, DIM = TASTE + 2, STATE = TASTE + 2, FEATURES = 3, LIST = 200, USERS = 256 };
enum { JUDGED = 512, MOST_RECALL = 1000 };

static rr_error err;
static uint64_t random_state;

static void require(rr_status status)
{
    if (status != RR_OK) {
        fprintf(stderr, "stages: %s\n", err.text);
        exit(EXIT_FAILURE);
    }
}

static double uniform(void)
{
    random_state = random_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return ((double)(random_state >> 33) + 0.5) * 0x1p-31;
}

static float normal(void)
{
    const double radius = sqrt(-2.0 * log(uniform()));
    return (float)(radius * cos(6.283185307179586 * uniform()));
}

typedef struct feed {
    int n_items;
    float *vectors; /* [n_items, DIM]: v, l, 1 */
    rr_items *items;
    rr_agent *retriever, *ranker, *single;
    rr_buffer *of_ranker, *of_single;
    float states[JUDGED][STATE]; /* u, p, 1 */
    uint64_t visits[JUDGED];     /* of which c is a function */
    int32_t lists[JUDGED * LIST];
    float features[JUDGED * LIST][FEATURES];
} feed;

static rr_agent *make(const feed *f, int is_ranker, uint64_t seed)
{
    rr_agent *agent = NULL;
    rr_agent_config shape;
    rr_ppo_config algo;
    rr_agent_config_init(&shape, sizeof shape);
    rr_ppo_config_init(&algo, sizeof algo);
    shape.state_dim = STATE, shape.item_dim = DIM, shape.max_rows = JUDGED, shape.seed = seed;
    shape.max_history = 0, shape.has_repeat_weight = 0, shape.max_update_rows = USERS;
    shape.hidden[0] = 0, shape.hidden[1] = 0, shape.initial_scale = 1.0f;
    shape.max_candidates = 0;
    algo.gamma = 0.0f, algo.lr = 3e-2f;
    if (is_ranker) {
        shape.max_candidates = LIST, shape.feature_dim = FEATURES;
        shape.candidate_hidden[0] = shape.candidate_hidden[1] = 32;
        algo.lr = 3e-3f;
    }
    require(rr_agent_create(&agent, &shape, &algo, f->items, NULL, &err));
    return agent;
}

static rr_buffer *room_of(const rr_agent *agent)
{
    rr_buffer *buffer = NULL;
    rr_buffer_config room;
    rr_buffer_config_init(&room, sizeof room);
    require(rr_agent_fit_buffer_config(agent, USERS, &room, &err));
    room.max_rows = USERS;
    require(rr_buffer_create(&buffer, &room, NULL, &err));
    return buffer;
}

static void start(feed *f, int n_items, uint64_t seed)
{
    *f = (feed){.n_items = n_items};
    f->vectors = malloc((size_t)n_items * DIM * sizeof(float));
    if (f->vectors == NULL) {
        fprintf(stderr, "stages: no memory for %d items\n", n_items);
        exit(EXIT_FAILURE);
    }
    for (int i = 0; i < n_items; i++) {
        float *v = f->vectors + (size_t)i * DIM;
        for (int j = 0; j < TASTE; j++) {
            v[j] = normal() / sqrtf(TASTE);
        }
        v[TASTE] = (float)(2.0 * uniform() - 1.0);
        v[TASTE + 1] = v[TASTE] * v[TASTE];
    }
    require(rr_items_create(&f->items, f->vectors, NULL, n_items, DIM, NULL, NULL, &err));
    f->retriever = make(f, 0, seed);
    f->ranker = make(f, 1, seed + 1);
    f->single = make(f, 0, seed + 2);
    f->of_ranker = room_of(f->ranker);
    f->of_single = room_of(f->single);
}

static void stop(feed *f)
{
    rr_buffer_destroy(f->of_ranker);
    rr_buffer_destroy(f->of_single);
    rr_agent_destroy(f->retriever);
    rr_agent_destroy(f->ranker);
    rr_agent_destroy(f->single);
    rr_items_release(f->items);
    free(f->vectors);
}

/* c of a user who is here, and an item. */
static float moment(const feed *f, int user, int32_t item)
{
    uint64_t x = f->visits[user] + (uint64_t)item * UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ (x >> 31)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    return (float)((x ^ (x >> 31)) >> 40) / 16777216.0f;
}

static float earns(const feed *f, int user, int32_t item)
{
    const float *v = f->vectors + (size_t)item * DIM, *u = f->states[user];
    float sum = moment(f, user, item) - 1.5f * fabsf(v[TASTE] - u[TASTE]);
    for (int j = 0; j < TASTE; j++) {
        sum += u[j] * v[j];
    }
    return sum;
}

static void meet(feed *f, int n)
{
    for (int i = 0; i < n; i++) {
        f->visits[i] = (uint64_t)(uniform() * 0x1p53);
        for (int j = 0; j < TASTE; j++) {
            f->states[i][j] = normal();
        }
        f->states[i][TASTE] = (float)(2.0 * uniform() - 1.0);
        f->states[i][TASTE + 1] = 1.0f;
    }
}

/* The first stage: the retriever's best of all items. */
static void retrieve(feed *f, int n)
{
    const rr_obs obs = {
        .struct_size = sizeof obs, .n = n, .state_dim = STATE, .states = f->states[0]};
    require(rr_agent_top_k(f->retriever, &obs, LIST, f->lists, NULL, NULL, &err));
    for (int c = 0; c < n * LIST; c++) {
        const float *v = f->vectors + (size_t)f->lists[c] * DIM;
        f->features[c][0] = v[TASTE];
        f->features[c][1] = v[TASTE + 1];
        f->features[c][2] = moment(f, c / LIST, f->lists[c]);
    }
}

static rr_obs listed(const feed *f, int n)
{
    rr_obs obs = {.struct_size = sizeof obs, .n = n, .state_dim = STATE, .n_candidates = LIST};
    obs.states = f->states[0], obs.candidates = f->lists;
    obs.feature_dim = FEATURES, obs.features = f->features[0];
    return obs;
}

/* One round of PPO of an agent; actions receives what it drew. */
static void learn(const feed *f, rr_agent *agent, rr_buffer *buffer, const rr_obs *obs,
                  int32_t *actions)
{
    static float log_probs[USERS], values[USERS], rewards[USERS];
    static uint8_t is_over[USERS];
    rr_decision decision = {.struct_size = sizeof decision, .n = USERS, .actions = actions};
    decision.log_probs = log_probs, decision.values = values;
    rr_outcome outcome = {.struct_size = sizeof outcome, .n = USERS, .rewards = rewards};
    outcome.terminated = is_over;
    require(rr_agent_act(agent, obs, &decision, &err));
    for (int i = 0; i < USERS; i++) {
        const int32_t item = obs->n_candidates > 0 ? f->lists[i * LIST + actions[i]] : actions[i];
        rewards[i] = earns(f, i, item) + 0.3f * normal();
        is_over[i] = 1;
    }
    require(rr_buffer_record(buffer, obs, &decision, &err));
    require(rr_buffer_reward(buffer, &outcome, &err));
    require(rr_agent_update(agent, buffer, NULL, NULL, &err));
}

static void one_round(feed *f)
{
    static int32_t actions[USERS], chosen[USERS];
    rr_imitate_config once;
    rr_imitate_config_init(&once, sizeof once);
    once.epochs = 1, once.lr = 3e-2f;
    meet(f, USERS);
    retrieve(f, USERS);
    const rr_obs lists = listed(f, USERS);
    const rr_obs pool = {
        .struct_size = sizeof pool, .n = USERS, .state_dim = STATE, .states = f->states[0]};
    learn(f, f->ranker, f->of_ranker, &lists, actions);
    for (int i = 0; i < USERS; i++) {
        chosen[i] = f->lists[i * LIST + actions[i]];
    }
    require(rr_agent_imitate(f->retriever, &pool, chosen, NULL, NULL, &once, NULL, &err));
    learn(f, f->single, f->of_single, &pool, actions);
}

static double seconds(void)
{
    struct timespec t;
    clock_gettime(CLOCK_MONOTONIC, &t);
    return (double)t.tv_sec + 1e-9 * (double)t.tv_nsec;
}

/* Users that nobody learned from, each shown the best item of a stage. */
static void judge(feed *f, const char *when)
{
    static int32_t best[JUDGED * MOST_RECALL], first[JUDGED];
    static const int depths[] = {50, 200, MOST_RECALL};
    int hits[3] = {0};
    double oracle = 0.0, even = 0.0, two = 0.0, one = 0.0, took[3];
    meet(f, JUDGED);
    const rr_obs pool = {
        .struct_size = sizeof pool, .n = JUDGED, .state_dim = STATE, .states = f->states[0]};
    require(rr_agent_top_k(f->retriever, &pool, MOST_RECALL, best, NULL, NULL, &err));
    for (int i = 0; i < JUDGED; i++) {
        int32_t top = 0;
        double sum = 0.0;
        for (int32_t item = 0; item < f->n_items; item++) {
            const float r = earns(f, i, item);
            top = r > earns(f, i, top) ? item : top;
            sum += (double)r;
        }
        oracle += (double)earns(f, i, top);
        even += sum / f->n_items;
        for (int d = 0; d < 3; d++) {
            for (int c = 0; c < depths[d]; c++) {
                hits[d] += best[i * MOST_RECALL + c] == top;
            }
        }
    }
    double now = seconds();
    retrieve(f, JUDGED);
    took[0] = seconds() - now;
    const rr_obs lists = listed(f, JUDGED);
    now = seconds();
    require(rr_agent_top_k(f->ranker, &lists, 1, first, NULL, NULL, &err));
    took[1] = seconds() - now;
    for (int i = 0; i < JUDGED; i++) {
        two += (double)earns(f, i, f->lists[i * LIST + first[i]]);
    }
    now = seconds();
    require(rr_agent_top_k(f->single, &pool, 1, first, NULL, NULL, &err));
    took[2] = seconds() - now;
    for (int i = 0; i < JUDGED; i++) {
        one += (double)earns(f, i, first[i]);
    }
    printf("%-8s recall of the best item at 50, 200, 1000: %5.1f %5.1f %5.1f %%\n", when,
           100.0 * hits[0] / JUDGED, 100.0 * hits[1] / JUDGED, 100.0 * hits[2] / JUDGED);
    printf(
        "%-8s of the way from an even draw to the best: two stages %5.1f %%, one stage %5.1f %%\n",
        when, 100.0 * (two - even) / (oracle - even), 100.0 * (one - even) / (oracle - even));
    fprintf(stderr, "%-8s a decision: retrieve %.3f ms, rank %.3f ms; one stage %.3f ms\n", when,
            1e3 * took[0] / JUDGED, 1e3 * took[1] / JUDGED, 1e3 * took[2] / JUDGED);
}

int main(int argc, char **argv)
{
    static feed f;
    const int n_items = argc > 1 ? atoi(argv[1]) : 20000;
    const int n_rounds = argc > 2 ? atoi(argv[2]) : 400;
    const int seed = argc > 3 ? atoi(argv[3]) : 300;
    if (n_items < MOST_RECALL || n_rounds < 0 || seed < 0) {
        fprintf(
            stderr,
            "usage: stages [ITEMS, 1000 at least; default 20000 [ROUNDS, default 400 [SEED]]]\n");
        return EXIT_FAILURE;
    }
    random_state = (uint64_t)seed * 1000003;
    start(&f, n_items, (uint64_t)seed);
    judge(&f, "before");
    for (int round = 0; round < n_rounds; round++) {
        one_round(&f);
    }
    judge(&f, "after");
    stop(&f);
    return EXIT_SUCCESS;
}
