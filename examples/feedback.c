/* SPDX-License-Identifier: MIT */
/* feedback.c: a feed that learns from what it shows itself.
 *
 *     feedback        docs/01_intro_recsys.md §4
 *
 * A hundred items have click rates that nobody knows. Four feeds choose one item a request, and
 * each hears of its own clicks alone. Half way an item arrives that is better than all others.
 *   - the best so far: always the item with the largest share of clicks; each was shown once;
 *   - the same, but one request in twenty shows any item;
 *   - a policy of this library, which draws with probabilities that it learns (REINFORCE);
 *   - the same with an entropy bonus, which pays it for not being sure. */
#include <recrl/recrl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { OLD = 100, ITEMS = OLD + 1, BATCH = 64, ROUNDS = 800, HALF = ROUNDS / 2, LATE = 100 };

static rr_error err;

static void require(rr_status status)
{
    if (status != RR_OK) {
        (void)fprintf(stderr, "feedback: %s\n", err.text);
        exit(EXIT_FAILURE);
    }
}

/* Uniform on [0, 1), a function of where it is used. */
static double uniform(uint64_t x)
{
    x = (x + 1) * UINT64_C(0x9E3779B97F4A7C15);
    x = (x ^ (x >> 30)) * UINT64_C(0xBF58476D1CE4E5B9);
    x = (x ^ (x >> 27)) * UINT64_C(0x94D049BB133111EB);
    return (double)((x ^ (x >> 31)) >> 11) * 0x1p-53;
}

/* 2 to 22 percent; the new one 30. */
static double click_rate(int item)
{
    const double u = uniform((uint64_t)item);
    return item == OLD ? 0.30 : 0.02 + 0.20 * u * u;
}

/* What one feed has seen. */
typedef struct feed {
    int shown[ITEMS], clicks[ITEMS];
} feed;

static int best_so_far(const feed *f, int n_items)
{
    int best = 0;
    double best_rate = -1.0;
    for (int i = 0; i < n_items; i++) {
        const double rate = f->shown[i] > 0 ? (double)f->clicks[i] / f->shown[i] : 0.0;
        if (rate > best_rate) {
            best = i;
            best_rate = rate;
        }
    }
    return best;
}

static void choose_by_rule(int32_t *items, const feed *f, int n_items, int round, double explored)
{
    for (int row = 0; row < BATCH; row++) {
        const uint64_t at = (uint64_t)(round * BATCH + row);
        const double u = uniform(at + (UINT64_C(1) << 40));
        items[row] = round * BATCH + row < OLD ? round * BATCH + row : best_so_far(f, n_items);
        if (u < explored) {
            items[row] = (int32_t)(u / explored * n_items);
        }
    }
}

/* ── the policy ── */

typedef struct learner {
    rr_agent *agent;
    rr_buffer *buffer;
    float states[BATCH], log_probs[BATCH], values[BATCH];
    int32_t excluded[BATCH];
} learner;

static void create_learner(learner *l, float ent_coef)
{
    static const float nothing[ITEMS];
    rr_items *items;
    rr_agent_config config;
    rr_reinforce_config reinforce;
    rr_buffer_config rows;
    rr_agent_config_init(&config, sizeof config);
    rr_reinforce_config_init(&reinforce, sizeof reinforce);
    rr_buffer_config_init(&rows, sizeof rows);
    config.state_dim = config.item_dim = 1; /* nothing is known but which item it is */
    config.has_bias = 1;
    config.has_repeat_weight = 0;
    config.hidden[0] = config.critic_hidden[0] = 0;
    config.hidden[1] = config.critic_hidden[1] = 0;
    reinforce.gamma = 0.0f;
    reinforce.lr = 0.05f;
    reinforce.ent_coef = ent_coef;
    require(rr_items_create(&items, nothing, NULL, ITEMS, 1, NULL, NULL, &err));
    require(rr_agent_create(&l->agent, &config, &reinforce, items, NULL, &err));
    rr_items_release(items);
    require(rr_agent_fit_buffer_config(l->agent, BATCH, &rows, &err));
    rows.max_rows = BATCH;
    rows.max_candidates = rows.max_history = 0;
    rows.max_excluded = 1;
    require(rr_buffer_create(&l->buffer, &rows, NULL, &err));
    for (int row = 0; row < BATCH; row++) {
        l->states[row] = 1.0f;
        l->excluded[row] = OLD;
    }
}

static rr_obs observe(const learner *l, int n_items)
{
    rr_obs obs = {.struct_size = sizeof obs, .n = BATCH, .state_dim = 1, .states = l->states};
    obs.excluded = n_items == OLD ? l->excluded : NULL; /* the new item is not there yet */
    obs.n_excluded = n_items == OLD ? 1 : 0;
    return obs;
}

static void choose_by_policy(int32_t *items, learner *l, int n_items)
{
    const rr_obs obs = observe(l, n_items);
    rr_decision decision = {.struct_size = sizeof decision, .n = BATCH, .actions = items};
    decision.log_probs = l->log_probs;
    decision.values = l->values;
    require(rr_agent_act(l->agent, &obs, &decision, &err));
    require(rr_buffer_record(l->buffer, &obs, &decision, &err));
}

static void learn(learner *l, const float *rewards)
{
    uint8_t ended[BATCH];
    memset(ended, 1, sizeof ended); /* each request is a session of its own */
    const rr_outcome outcome = {
        .struct_size = sizeof outcome, .n = BATCH, .rewards = rewards, .terminated = ended};
    require(rr_buffer_reward(l->buffer, &outcome, &err));
    require(rr_agent_update(l->agent, l->buffer, NULL, NULL, &err));
}

/* ── four feeds ── */

typedef struct plan {
    const char *name;
    double explored; /* share of requests that show any item */
    int is_learned;
    float ent_coef;
} plan;

static const plan plans[] = {
    {"the best so far", 0.0, 0, 0.0f},
    {"the same, 5 % at random", 0.05, 0, 0.0f},
    {"a policy", 0.0, 1, 0.0f},
    {"with an entropy bonus", 0.0, 1, 0.01f},
};

/* Over the last rounds before the new item comes, and over the very last. */
typedef struct seen {
    double clicks, n_new;
    int is_shown[ITEMS], n_shown;
} seen;

static void note(seen *s, int item, int is_click)
{
    s->clicks += is_click;
    s->n_new += item == OLD;
    s->n_shown += !s->is_shown[item];
    s->is_shown[item] = 1;
}

static void run(const plan *p)
{
    feed f = {{0}, {0}};
    seen before = {0}, after = {0};
    learner l;
    if (p->is_learned) {
        create_learner(&l, p->ent_coef);
    }
    for (int round = 0; round < ROUNDS; round++) {
        const int n_items = round < HALF ? OLD : ITEMS;
        int32_t items[BATCH];
        float rewards[BATCH];
        if (p->is_learned) {
            choose_by_policy(items, &l, n_items);
        } else {
            choose_by_rule(items, &f, n_items, round, p->explored);
        }
        for (int row = 0; row < BATCH; row++) {
            const uint64_t at = (uint64_t)(round * BATCH + row);
            const int is_click = uniform(at + (UINT64_C(1) << 41)) < click_rate(items[row]);
            rewards[row] = (float)is_click;
            f.shown[items[row]]++;
            f.clicks[items[row]] += is_click;
            if (round >= HALF - LATE && round < HALF) {
                note(&before, items[row], is_click);
            }
            if (round >= ROUNDS - LATE) {
                note(&after, items[row], is_click);
            }
        }
        if (p->is_learned) {
            learn(&l, rewards);
        }
    }
    const double n = LATE * BATCH / 100.0;
    printf("%-24s %6.1f %%  %5d   %6.1f %% %10.1f %%\n", p->name, before.clicks / n, before.n_shown,
           after.clicks / n, after.n_new / n);
    if (p->is_learned) {
        rr_buffer_destroy(l.buffer);
        rr_agent_destroy(l.agent);
    }
}

int main(void)
{
    double best = 0.0;
    for (int i = 0; i < OLD; i++) {
        best = click_rate(i) > best ? click_rate(i) : best;
    }
    printf("the best of the first hundred is clicked %.1f %%, the new item %.1f %%\n", 100.0 * best,
           100.0 * click_rate(OLD));
    printf("feed                       clicks  items     later   of these new\n");
    for (size_t i = 0; i < sizeof plans / sizeof *plans; i++) {
        run(&plans[i]);
    }
    return EXIT_SUCCESS;
}
