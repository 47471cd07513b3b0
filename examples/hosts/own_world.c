/* SPDX-License-Identifier: MIT */
/* A host with its own world: a made-up news feed. There is no rr_env here; the host fills the
 * observation, shows the article, and sees whether it is clicked.
 *
 * An existing ranker scores the candidates of each request. It goes in as a feature of weight 1, so
 * the first policy is that ranker, softened; learning improves on it. */
#include <math.h>
#include <recrl/recrl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum {
    ARTICLES = 300,
    DIM = 8,
    READERS = 32,
    LIST = 12,
    STEPS = 16,
    STATE = DIM + 1,
    UPDATES = 200
};

typedef struct feed {
    float articles[ARTICLES][DIM]; /* what each is about */
    float tastes[READERS][DIM];    /* of the readers who are there now */
    int32_t seen[READERS];         /* articles shown in this visit */
    float states[READERS][STATE];
    int32_t lists[READERS][LIST];
    float scores[READERS][LIST]; /* the existing ranker's log-scores: newest first, more or less */
} feed;

static float uniform(void)
{
    static uint64_t state = 1;
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (float)(state >> 40) / 16777216.0f;
}

static float normal(void)
{
    float sum = 0.0f;
    for (int i = 0; i < 12; i++) {
        sum += uniform();
    }
    return sum - 6.0f;
}

static void new_reader(feed *f, int i)
{
    for (int j = 0; j < DIM; j++) {
        f->tastes[i][j] = normal();
    }
    f->seen[i] = 0;
}

/* A request of each reader: twelve different articles, and what is known of the reader. */
static void request(feed *f, rr_obs *obs)
{
    for (int i = 0; i < READERS; i++) {
        const int32_t first = (int32_t)(uniform() * ARTICLES);
        for (int c = 0; c < LIST; c++) {
            f->lists[i][c] = (first + 7 * c) % ARTICLES;
            f->scores[i][c] = -0.1f * (float)c;
        }
        memcpy(f->states[i], f->tastes[i], sizeof f->tastes[i]);
        f->states[i][DIM] = 0.1f * (float)f->seen[i];
    }
    *obs = (rr_obs){.struct_size = sizeof *obs,
                    .n = READERS,
                    .n_candidates = LIST,
                    .state_dim = STATE,
                    .feature_dim = 1,
                    .states = f->states[0],
                    .candidates = f->lists[0],
                    .features = f->scores[0]};
}

/* Shows the articles: a click is worth 1; a reader who does not click may leave. */
static void show(feed *f, const int32_t *positions, float *clicks, uint8_t *left)
{
    for (int i = 0; i < READERS; i++) {
        const float *article = f->articles[f->lists[i][positions[i]]];
        float likes = -1.0f;
        for (int j = 0; j < DIM; j++) {
            likes += f->tastes[i][j] * article[j];
        }
        const bool is_click = uniform() < 1.0f / (1.0f + expf(-likes));
        clicks[i] = is_click ? 1.0f : 0.0f;
        f->seen[i] += 1;
        left[i] = !is_click && uniform() < 0.2f;
        if (left[i]) {
            new_reader(f, i);
        }
    }
}

static void require(rr_status status, const rr_error *err)
{
    if (status != RR_OK) {
        fprintf(stderr, "own_world: %s\n", err->text);
        exit(EXIT_FAILURE);
    }
}

static rr_agent *create_agent(feed *f)
{
    rr_error err;
    rr_items *items = NULL;
    rr_agent *agent = NULL;
    rr_agent_config config;
    rr_ppo_config ppo;
    const float ranker_weight = 1.0f;
    rr_agent_config_init(&config, sizeof config);
    rr_ppo_config_init(&ppo, sizeof ppo);
    config.state_dim = STATE;
    config.item_dim = DIM;
    config.feature_dim = 1;
    config.max_candidates = LIST;
    config.max_history = 0;
    config.planned_updates = UPDATES;
    config.has_repeat_weight = 0;
    config.initial_scale = 1.0f;
    ppo.n_steps = STEPS;
    ppo.lr = 3e-3f;
    require(rr_items_create(&items, f->articles[0], NULL, ARTICLES, DIM, NULL, NULL, &err), &err);
    require(rr_agent_create(&agent, &config, &ppo, items, NULL, &err), &err);
    require(rr_agent_set_feature_weights(agent, &ranker_weight, 1, &err), &err);
    rr_items_release(items); /* the agent holds a reference of its own */
    return agent;
}

static rr_buffer *create_buffer(const rr_agent *agent)
{
    rr_error err;
    rr_buffer *buffer = NULL;
    rr_buffer_config config;
    rr_buffer_config_init(&config, sizeof config);
    require(rr_agent_fit_buffer_config(agent, READERS, &config, &err), &err);
    require(rr_buffer_create(&buffer, &config, NULL, &err), &err);
    return buffer;
}

/* One rollout and one update; returns the share of articles that were clicked. *n_left_out: rows
 * that no update took, so far. */
static float learn(feed *f, rr_agent *agent, rr_buffer *buffer, int64_t *n_left_out)
{
    rr_error err;
    rr_obs obs;
    int32_t positions[READERS];
    float log_probs[READERS], values[READERS], clicks[READERS];
    uint8_t left[READERS];
    rr_stats stats = {.struct_size = sizeof stats};
    rr_decision decision = {.struct_size = sizeof decision,
                            .n = READERS,
                            .actions = positions,
                            .log_probs = log_probs,
                            .values = values};
    const rr_outcome outcome = {
        .struct_size = sizeof outcome, .n = READERS, .rewards = clicks, .terminated = left};
    request(f, &obs);
    while (!rr_buffer_is_full(buffer)) {
        require(rr_agent_act(agent, &obs, &decision, &err), &err);
        require(rr_buffer_record(buffer, &obs, &decision, &err), &err);
        show(f, positions, clicks, left);
        require(rr_buffer_reward(buffer, &outcome, &err), &err);
        request(f, &obs);
    }
    const int64_t n_rows = rr_buffer_count(buffer);
    require(rr_agent_update(agent, buffer, &obs, &stats, &err), &err);
    *n_left_out += n_rows - stats.n_rows;
    return stats.reward_mean;
}

int main(void)
{
    static feed f;
    for (int a = 0; a < ARTICLES; a++) {
        for (int j = 0; j < DIM; j++) {
            f.articles[a][j] = 0.7f * normal();
        }
    }
    for (int i = 0; i < READERS; i++) {
        new_reader(&f, i);
    }
    rr_agent *agent = create_agent(&f);
    rr_buffer *buffer = create_buffer(agent);
    int64_t n_left_out = 0;
    printf("before learning: %4.1f %% of the articles shown are clicked\n",
           100.0 * (double)learn(&f, agent, buffer, &n_left_out));
    float mean = 0.0f;
    for (int update = 1; update <= UPDATES; update++) {
        mean += learn(&f, agent, buffer, &n_left_out) / 50.0f;
        if (update % 50 == 0) {
            printf("updates %3d to %3d: %4.1f %%\n", update - 49, update, 100.0 * (double)mean);
            mean = 0.0f;
        }
    }
    printf("rows that no update took: %lld\n", (long long)n_left_out);
    rr_buffer_destroy(buffer);
    rr_agent_destroy(agent);
    return n_left_out == 0 ? EXIT_SUCCESS : EXIT_FAILURE;
}
