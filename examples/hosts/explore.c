/* SPDX-License-Identifier: MIT */
/* What exploration is worth where items of unknown worth keep arriving, and what each way of it
 * costs: explore [SEEDS [WAY]], WAY a word that names of ways begin with.
 *
 * 150 items can be chosen. Each round serves 1024 users and updates; then the three oldest items go
 * and three new ones come, so that an item lives for fifty rounds. A showing earns ½ u·v + w +
 * noise. v is known before the first showing; w is 3 for one item in 25 and 0 for all others, and
 * nothing but showings tells which. A policy that no longer tries new items lives on the hits that
 * it knows, until they are gone. */
#include <math.h>
#include <recrl/recrl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    DIM = 6,
    ALIVE = 150,
    COME = 3,
    LIFE = ALIVE / COME,
    ROUNDS = 120,
    WARM = 40, /* rounds that are not counted: every way begins by knowing nothing */
    USERS = 1024,
    AT_ONCE = 256,
    ITEMS = ALIVE + COME * ROUNDS,
    ENOUGH = 20 /* showings after which an item's worth is known to about a fifth */
};
static const double HITS = 0.04;
static const float HIT = 3.0f;

typedef struct way {
    const char *name;
    float ent_coef, bonus, temperature, floor;
    int32_t ent_updates;
    int has_budget;
} way;

static const way WAYS[] = {
    {"none", 0, 0, 1, 0, 0, 0},
    {"entropy 0.02", 0.02f, 0, 1, 0, 0, 0},
    {"entropy 0.05", 0.05f, 0, 1, 0, 0, 0},
    {"entropy 0.1", 0.1f, 0, 1, 0, 0, 0},
    {"entropy falling from 0.1", 0.1f, 0, 1, 0, ROUNDS, 0},
    {"temperature 1.5", 0, 0, 1.5f, 0, 0, 0},
    {"floor 0.05", 0, 0, 1, 0.05f, 0, 0},
    {"floor by a budget of 2 %", 0, 0, 1, 0, 0, 1},
    {"count_bonus 1", 0, 1, 1, 0, 0, 0},
    {"count_bonus 3", 0, 3, 1, 0, 0, 0},
    {"count_bonus 3, entropy 0.05", 0.05f, 3, 1, 0, 0, 0},
};
enum { N_WAYS = sizeof WAYS / sizeof WAYS[0] };

typedef struct feed {
    uint64_t random;
    rr_items *items;
    rr_agent *agent;
    rr_slot *slot;
    rr_reader *reader;
    rr_ledger *ledger;
    rr_budget budget;
    rr_serving_options options;
    float vectors[ITEMS][DIM], worths[ITEMS];
    int shown[ITEMS], in_round[ITEMS], found[ITEMS]; /* found: rounds after it came; 0: not yet */
    int first;                                       /* oldest item that can be chosen */
    uint64_t decision;
    double earned, best, even, floors; /* of counted rounds */
    int64_t n;
} feed;

static rr_error err;

static void require(rr_status status)
{
    if (status != RR_OK) {
        fprintf(stderr, "explore: %s\n", err.text);
        exit(EXIT_FAILURE);
    }
}

static double uniform(feed *f)
{
    f->random = f->random * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return ((double)(f->random >> 33) + 0.5) * 0x1p-31;
}

static float normal(feed *f)
{
    const double radius = sqrt(-2.0 * log(uniform(f)));
    return (float)(radius * cos(6.283185307179586 * uniform(f)));
}

static void make_items(feed *f)
{
    for (int i = 0; i < ITEMS; i++) {
        for (int j = 0; j < DIM; j++) {
            f->vectors[i][j] = normal(f) / sqrtf(DIM);
        }
        f->worths[i] = uniform(f) < HITS ? HIT : 0.0f;
    }
}

static void start(feed *f, const way *w, uint64_t seed)
{
    uint64_t keys[ALIVE];
    rr_policy *policy = NULL;
    rr_agent_config shape;
    rr_ppo_config algo;
    rr_ledger_config room;
    memset(f, 0, sizeof *f);
    f->random = seed * 1000003;
    make_items(f);
    for (int i = 0; i < ALIVE; i++) {
        keys[i] = (uint64_t)i + 1;
    }
    rr_agent_config_init(&shape, sizeof shape);
    rr_ppo_config_init(&algo, sizeof algo);
    rr_ledger_config_init(&room, sizeof room);
    rr_serving_options_init(&f->options, sizeof f->options);
    rr_budget_init(&f->budget, sizeof f->budget);
    f->budget.max_share = 0.2f;
    shape.state_dim = shape.item_dim = DIM, shape.max_rows = AT_ONCE, shape.max_candidates = 0;
    shape.max_history = 0, shape.has_repeat_weight = 0, shape.hidden[0] = 0, shape.hidden[1] = 0;
    shape.has_bias = 1, shape.count_bonus = w->bonus, shape.ent_updates = w->ent_updates;
    shape.seed = seed, shape.max_update_rows = USERS;
    algo.gamma = 0.0f, algo.ent_coef = w->ent_coef;
    room.max_rows = USERS;
    f->options.temperature = w->temperature, f->options.floor = w->floor;
    require(rr_items_create(&f->items, f->vectors[0], keys, ALIVE, DIM, NULL, NULL, &err));
    require(rr_agent_create(&f->agent, &shape, &algo, f->items, NULL, &err));
    require(rr_agent_fit_ledger_config(f->agent, &room, &err));
    require(rr_ledger_create(&f->ledger, &room, NULL, &err));
    if (w->has_budget) {
        require(rr_budget_set_floor(&f->budget, &f->options, &err));
    }
    require(rr_agent_publish(f->agent, &f->options, &policy, &err));
    require(rr_slot_create(&f->slot, policy, 1, NULL, &err));
    require(rr_reader_join(&f->reader, f->slot, seed, NULL, &err));
    rr_policy_release(policy);
}

static void stop(feed *f)
{
    rr_reader_destroy(f->reader);
    rr_slot_release(f->slot);
    rr_ledger_destroy(f->ledger);
    rr_agent_destroy(f->agent);
    rr_items_release(f->items);
}

static double worth(const feed *f, const float *user, int item)
{
    double sum = 0.0;
    for (int j = 0; j < DIM; j++) {
        sum += (double)(user[j] * f->vectors[item][j]);
    }
    return 0.5 * sum + (double)f->worths[item];
}

/* What the best choice and an even one would have earned. */
static void compare(feed *f, const float *user, double earned)
{
    double best = -INFINITY, sum = 0.0;
    for (int i = f->first; i < f->first + ALIVE; i++) {
        const double r = worth(f, user, i);
        best = fmax(best, r);
        sum += r;
    }
    f->earned += earned;
    f->best += best;
    f->even += sum / ALIVE;
    f->n++;
}

/* AT_ONCE users come, see one item each, and are gone. */
static void serve(feed *f, int is_counted)
{
    static float users[AT_ONCE][DIM], rewards[AT_ONCE], log_probs[AT_ONCE], values[AT_ONCE];
    static uint64_t versions[AT_ONCE], sessions[AT_ONCE];
    static int32_t actions[AT_ONCE], parts[AT_ONCE];
    static uint8_t is_over[AT_ONCE];
    for (int i = 0; i < AT_ONCE; i++) {
        sessions[i] = ++f->decision;
        is_over[i] = 1;
        for (int j = 0; j < DIM; j++) {
            users[i][j] = normal(f);
        }
    }
    rr_obs obs = {.struct_size = sizeof obs, .n = AT_ONCE, .state_dim = DIM, .states = users[0]};
    obs.sessions = obs.decisions = sessions;
    rr_decision decision = {.struct_size = sizeof decision, .n = AT_ONCE, .actions = actions};
    decision.log_probs = log_probs, decision.values = values, decision.parts = parts;
    decision.policy_versions = versions;
    require(rr_reader_act(f->reader, &obs, &decision, &err));
    for (int i = 0; i < AT_ONCE; i++) {
        const double earned = worth(f, users[i], actions[i]);
        rewards[i] = (float)earned + 0.5f * normal(f);
        f->shown[actions[i]]++;
        f->in_round[actions[i]]++;
        if (is_counted) {
            compare(f, users[i], earned);
            f->floors += parts[i] == RR_PART_FLOOR;
        }
    }
    rr_outcome outcome = {.struct_size = sizeof outcome, .n = AT_ONCE};
    outcome.decisions = sessions, outcome.rewards = rewards, outcome.terminated = is_over;
    require(rr_ledger_record(f->ledger, &obs, &decision, NULL, &err));
    require(rr_ledger_reward(f->ledger, &outcome, NULL, &err));
    require(rr_budget_add(&f->budget, parts, rewards, AT_ONCE, &err));
}

/* An item is found in the round that shows it three times as often as an even draw would. */
static void look(feed *f, int round)
{
    for (int i = f->first; i < f->first + ALIVE; i++) {
        const int came = i < ALIVE ? 0 : (i - ALIVE) / COME + 1;
        if (f->found[i] == 0 && f->in_round[i] * ALIVE >= 3 * USERS) {
            f->found[i] = round - came + 1;
        }
    }
    memset(f->in_round, 0, sizeof f->in_round);
}

static void renew(feed *f, int round)
{
    uint64_t gone[COME], come[COME];
    rr_items *next = NULL;
    const int fresh = ALIVE + COME * round;
    for (int i = 0; i < COME; i++) {
        gone[i] = (uint64_t)(f->first + i) + 1;
        come[i] = (uint64_t)(fresh + i) + 1;
    }
    require(rr_items_follow(&next, f->items, gone, COME, come, f->vectors[fresh], COME, NULL, NULL,
                            &err));
    rr_items_release(f->items);
    f->items = next;
    f->first += COME;
    require(rr_agent_set_items(f->agent, next, &err));
}

typedef struct figures {
    double way_to_best, floor, found_after, tried;
} figures;

static figures play(const way *w, uint64_t seed)
{
    static feed f;
    start(&f, w, seed);
    for (int round = 0; round < ROUNDS; round++) {
        for (int i = 0; i < USERS; i += AT_ONCE) {
            serve(&f, round >= WARM);
        }
        look(&f, round);
        require(rr_agent_update_sessions(f.agent, f.ledger, NULL, &err));
        if (round + 1 < ROUNDS) {
            renew(&f, round);
        }
        if (w->has_budget) {
            require(rr_budget_set_floor(&f.budget, &f.options, &err));
        }
        require(rr_slot_publish(f.slot, f.agent, &f.options, &err));
    }
    figures told = {.way_to_best = (f.earned - f.even) / (f.best - f.even),
                    .floor = f.floors / (double)f.n};
    int n_new = 0, n_hits = 0;
    for (int i = ALIVE + COME * (WARM - 1); i < ALIVE + COME * (ROUNDS - LIFE); i++) {
        n_new++;
        told.tried += f.shown[i] >= ENOUGH;
        if (f.worths[i] == HIT) {
            n_hits++;
            told.found_after += f.found[i] > 0 ? f.found[i] : LIFE;
        }
    }
    told.tried /= n_new;
    told.found_after = n_hits > 0 ? told.found_after / n_hits : NAN;
    stop(&f);
    return told;
}

/* Mean and half width of its 95 % interval over the seeds that have a figure. */
static void print(const double *values, int n, const char *format)
{
    double sum = 0.0, squares = 0.0;
    int m = 0;
    for (int i = 0; i < n; i++) {
        if (!isnan(values[i])) {
            sum += values[i], squares += values[i] * values[i], m++;
        }
    }
    printf(format, sum / m, rr_mean_interval(sum, squares, m));
}

int main(int argc, char **argv)
{
    const int n = argc > 1 ? atoi(argv[1]) : 2;
    const char *word = argc > 2 ? argv[2] : "";
    if (n < 1 || n > 64) {
        fprintf(stderr, "usage: explore [SEEDS, 1 to 64; default 2 [WAY]]\n");
        return EXIT_FAILURE;
    }
    printf("%-28s %16s %14s %16s %16s\n", "exploration", "of the best, %", "by floor, %",
           "hit found after", "new ones tried");
    for (int w = 0; w < N_WAYS; w++) {
        static double values[4][64];
        if (strncmp(WAYS[w].name, word, strlen(word)) != 0) {
            continue;
        }
        for (int s = 0; s < n; s++) {
            const figures told = play(&WAYS[w], 300 + (uint64_t)s);
            values[0][s] = 100.0 * told.way_to_best;
            values[1][s] = 100.0 * told.floor;
            values[2][s] = told.found_after;
            values[3][s] = 100.0 * told.tried;
        }
        printf("%-28s", WAYS[w].name);
        print(values[0], n, " %9.1f ± %4.1f");
        print(values[1], n, " %7.1f ± %4.1f");
        print(values[2], n, " %9.1f ± %4.1f");
        print(values[3], n, " %9.0f ± %4.0f\n");
        fflush(stdout);
    }
    return EXIT_SUCCESS;
}
