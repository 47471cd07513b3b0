/* SPDX-License-Identifier: MIT */
/* strangers: how much of the way to one who sees the user a policy goes that does not.
 *
 *   strangers SEED TIMESTEPS [world=drawn|movielens] [world.FIELD=V] [agent.FIELD=V] [algo.FIELD=V]
 *                            [prior=VARIANCE] [beta=B0[,B1]] [kappa=K]
 *   strangers SEED maths [world=…] [world.FIELD=V] [prior=VARIANCE]
 *
 * Sessions of 20 in a world that hides its users. drawn: the simulated one with its defaults, of
 * the seed. movielens: users and films fitted to MovieLens-100k (data/ml-100k/ml-100k.inter), no
 * film twice in a session, a fifth of the users held back. PPO learns, by default with gae_lambda 1
 * and lr falling to 0. With prior an agent with a fold-in begins at users whom somebody knows: 4096
 * of other sessions, or those that are not held back.
 *
 * Prints one line of JSON: shares of the way from the better of random and popular to the best
 * known play of one who sees the user, over the last ten steps and over all twenty, in sessions of
 * users that no run was trained on. TIMESTEPS: of an agent's draws and of its best items; and β, κ
 * and τ. maths: of plays that know how the world works, the user's prior and what was shown, and
 * take the largest decayed û·v + β e (docs/maths.md §15): β 0; the best constant β; the best that
 * falls to 0 by a line; both found on other sessions; and û drawn with half its deviation instead
 * (Thompson). */
#include <math.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "recrl/recrl.h"

enum { N = 64, STEPS = 20, MOST_DIM = 128, DRAWN = 4096, ROUNDS = 20 };

static rr_error err;

static void require(rr_status status)
{
    if (status != RR_OK) {
        fprintf(stderr, "strangers: %s\n", err.text);
        exit(1);
    }
}

static void *take(size_t n, size_t bytes)
{
    void *block = calloc(n > 0 ? n : 1, bytes);
    if (block == NULL) {
        fprintf(stderr, "strangers: out of memory\n");
        exit(1);
    }
    return block;
}

/* ── the task ── */

typedef struct task {
    rr_env_config world;
    rr_agent_config shape;
    rr_ppo_config ppo;
    uint64_t seed;
    int64_t n_steps;
    int is_maths;
    float variance, beta[2]; /* of the prior, 0: none; the first β_0 and β_1 */
    float kappa;             /* the first κ */
    size_t dim;           /* half of a state */
    rr_items *items;      /* NULL: drawn */
    float *users[2];      /* [n_users, dim] known and held back; NULL: drawn */
    int32_t n_users[2];
} task;

enum { KNOWN, STRANGERS };

/* Users and films by least squares, a fifth of the users apart. */
static void read_movielens(task *t)
{
    static const char *const path = "data/ml-100k/ml-100k.inter";
    rr_dataset *all = NULL;
    rr_als_config config;
    rr_als_config_init(&config, sizeof config);
    config.num_factors = t->world.state_dim / 2 - 2;
    require(rr_dataset_load(&all, path, NULL, NULL, &err));
    const int32_t n_users = rr_dataset_user_count(all), n_items = rr_dataset_item_count(all);
    float *users = take((size_t)n_users * t->dim, sizeof *users);
    float *items = take((size_t)n_items * t->dim, sizeof *items);
    uint8_t *is_test = take((size_t)n_users, 1);
    require(rr_dataset_fit_als(all, &config, NULL, users, items, NULL, &err));
    require(rr_dataset_split_users(all, 0.2f, 2021, is_test, &err));
    require(rr_items_create(&t->items, items, rr_dataset_item_keys(all), n_items, (int32_t)t->dim,
                            NULL, NULL, &err));
    for (int part = KNOWN; part <= STRANGERS; part++) {
        t->users[part] = take((size_t)n_users * t->dim, sizeof *users);
        for (int32_t u = 0; u < n_users; u++) {
            if (is_test[u] == part) {
                memcpy(t->users[part] + (size_t)t->n_users[part]++ * t->dim,
                       users + (size_t)u * t->dim, t->dim * sizeof *users);
            }
        }
    }
    free(users);
    free(items);
    free(is_test);
    rr_dataset_destroy(all);
}

/* "agent.hidden=64,64" */
static void set(task *t, const char *argument)
{
    char name[64];
    const char *value = strchr(argument, '=');
    if (value == NULL || (size_t)(value - argument) >= sizeof name) {
        fprintf(stderr, "strangers: \"%s\" is no FIELD=VALUE\n", argument);
        exit(2);
    }
    memcpy(name, argument, (size_t)(value - argument));
    name[value - argument] = '\0';
    value++;
    if (strcmp(name, "prior") == 0) {
        t->variance = strtof(value, NULL);
    } else if (strcmp(name, "kappa") == 0) {
        t->kappa = strtof(value, NULL);
    } else if (strcmp(name, "beta") == 0) {
        char *rest = NULL;
        t->beta[0] = strtof(value, &rest);
        t->beta[1] = *rest == ',' ? strtof(rest + 1, NULL) : 0.0f;
    } else if (strcmp(name, "world") == 0 && strcmp(value, "movielens") == 0) {
        t->world.excludes_shown = 1;
        t->world.num_folded = 2;
        read_movielens(t);
    } else if (strncmp(name, "world.", 6) == 0) {
        require(rr_config_set(&t->world, name + 6, value, &err));
    } else if (strncmp(name, "agent.", 6) == 0) {
        require(rr_config_set(&t->shape, name + 6, value, &err));
    } else if (strncmp(name, "algo.", 5) == 0) {
        require(rr_config_set(&t->ppo, name + 5, value, &err));
    } else if (strcmp(argument, "world=drawn") != 0) {
        fprintf(stderr, "strangers: %s belongs to nothing\n", argument);
        exit(2);
    }
}

static void close_task(task *t)
{
    rr_items_release(t->items);
    free(t->users[KNOWN]);
    free(t->users[STRANGERS]);
}

static rr_env *open_world(const task *t, uint64_t seed, int part)
{
    rr_env *env = NULL;
    rr_env_config world = t->world;
    world.seed = seed;
    require(rr_env_create(&env, &world, t->items, t->users[part], t->n_users[part], NULL, &err));
    require(rr_env_reset(env, &err));
    return env;
}

/* Users whom somebody knew, [*n, dim]. */
static float *known_users(const task *t, int32_t *n)
{
    float *users = take((size_t)DRAWN * t->dim, sizeof *users);
    *n = t->users[KNOWN] != NULL ? t->n_users[KNOWN] : DRAWN;
    if (t->users[KNOWN] != NULL) {
        memcpy(users, t->users[KNOWN], (size_t)*n * t->dim * sizeof *users);
        return users;
    }
    rr_env *env = open_world(t, t->seed + UINT64_C(2000003), KNOWN);
    for (size_t u = 0; u < DRAWN; u += N) {
        require(rr_env_seed(env, t->seed + UINT64_C(3000017) + u, &err));
        require(rr_env_reset(env, &err));
        require(rr_env_users(env, users + u * t->dim, &err));
    }
    rr_env_destroy(env);
    return users;
}

/* ── those that know the maths ── */

/* One row's posterior, û with covariance P, kept for each item as well: û·v and v·P v. */
typedef struct guess {
    double mean[MOST_DIM], covariance[MOST_DIM * MOST_DIM];
    float *score, *square; /* [n_items] */
    int32_t shown[STEPS];
    int n_shown;
} guess;

/* β by the step of a session, and what deviation û is drawn with. */
typedef struct rule {
    double beta, last_beta, width;
} rule;

typedef struct scene {
    const task *t;
    const float *vectors; /* [n_items, dim] */
    size_t n_items;
    guess prior, *rows; /* [N] */
    float variance;
} scene;

static double dot(const float *a, const double *b, size_t n)
{
    double sum = 0.0;
    for (size_t i = 0; i < n; i++) {
        sum += (double)a[i] * b[i];
    }
    return sum;
}

/* out ← A x, A [n, n] */
static void multiply(double *out, const double *A, const float *x, size_t n)
{
    for (size_t i = 0; i < n; i++) {
        out[i] = dot(x, A + i * n, n);
    }
}

static void fit_guess(scene *s)
{
    const size_t d = s->t->dim;
    int32_t n = 0;
    float *users = known_users(s->t, &n);
    guess *g = &s->prior;
    for (size_t i = 0; i < d; i++) {
        for (int32_t u = 0; u < n; u++) {
            g->mean[i] += (double)users[(size_t)u * d + i] / n;
        }
    }
    for (size_t i = 0; i < d; i++) {
        for (size_t j = 0; j < d; j++) {
            for (int32_t u = 0; u < n; u++) {
                const float *x = users + (size_t)u * d;
                g->covariance[i * d + j] +=
                    ((double)x[i] - g->mean[i]) * ((double)x[j] - g->mean[j]) / (n - 1);
            }
        }
        g->covariance[i * d + i] += 1e-6;
    }
    g->score = take(s->n_items, sizeof *g->score);
    g->square = take(s->n_items, sizeof *g->square);
    for (size_t i = 0; i < s->n_items; i++) {
        double product[MOST_DIM];
        multiply(product, g->covariance, s->vectors + i * d, d);
        g->score[i] = (float)dot(s->vectors + i * d, g->mean, d);
        g->square[i] = (float)dot(s->vectors + i * d, product, d);
    }
    free(users);
}

static void open_scene(scene *s, const task *t, const rr_env *env)
{
    rr_items_segment all = {.struct_size = sizeof all};
    require(rr_items_segment_at(rr_env_items(env), 0, &all, &err));
    *s = (scene){.t = t, .vectors = all.vectors, .n_items = (size_t)all.n};
    s->variance = t->variance > 0.0f ? t->variance : 1e-4f;
    fit_guess(s);
    s->rows = take(N, sizeof *s->rows);
    for (size_t i = 0; i < N; i++) {
        s->rows[i].score = take(s->n_items, sizeof(float));
        s->rows[i].square = take(s->n_items, sizeof(float));
    }
}

static void close_scene(scene *s)
{
    for (size_t i = 0; i < N; i++) {
        free(s->rows[i].score);
        free(s->rows[i].square);
    }
    free(s->rows);
    free(s->prior.score);
    free(s->prior.square);
}

static void forget(guess *g, const scene *s)
{
    const size_t d = s->t->dim;
    memcpy(g->mean, s->prior.mean, d * sizeof(double));
    memcpy(g->covariance, s->prior.covariance, d * d * sizeof(double));
    memcpy(g->score, s->prior.score, s->n_items * sizeof(float));
    memcpy(g->square, s->prior.square, s->n_items * sizeof(float));
    g->n_shown = 0;
}

static int count(const guess *g, int32_t item)
{
    int n = 0;
    for (int i = 0; i < g->n_shown; i++) {
        n += g->shown[i] == item;
    }
    return n;
}

/* What a showing of `item` earned, taken in. */
static void learn_from(guess *g, const scene *s, int32_t item, float reward)
{
    const size_t d = s->t->dim;
    float x[MOST_DIM];
    double gain[MOST_DIM];
    const double fade =
        reward < 0.0f ? 1.0 : pow((double)s->t->world.reward_decay, count(g, item));
    for (size_t i = 0; i < d; i++) {
        x[i] = s->vectors[(size_t)item * d + i] * (float)fade;
    }
    multiply(gain, g->covariance, x, d);
    const double spread = dot(x, gain, d) + (double)s->variance;
    const double surprise = ((double)reward - dot(x, g->mean, d)) / spread;
    for (size_t i = 0; i < d; i++) {
        g->mean[i] += gain[i] * surprise;
        for (size_t j = 0; j < d; j++) {
            g->covariance[i * d + j] -= gain[i] * gain[j] / spread;
        }
    }
    for (size_t i = 0; i < s->n_items; i++) {
        const double along = dot(s->vectors + i * d, gain, d);
        g->score[i] += (float)(along * surprise);
        g->square[i] -= (float)(along * along / spread);
    }
    g->shown[g->n_shown++] = item;
}

/* A number of mean 0 and deviation 1, nearly. */
static double noise(uint64_t *state)
{
    double sum = -6.0;
    for (int i = 0; i < 12; i++) {
        *state = *state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
        sum += (double)(*state >> 11) / 9007199254740992.0;
    }
    return sum;
}

/* away ← width L z, with P = L Lᵀ */
static void draw_away(double *away, const guess *g, size_t d, double width, uint64_t *state)
{
    static double L[MOST_DIM * MOST_DIM];
    for (size_t i = 0; i < d; i++) {
        for (size_t j = 0; j <= i; j++) {
            double sum = g->covariance[i * d + j];
            for (size_t k = 0; k < j; k++) {
                sum -= L[i * d + k] * L[j * d + k];
            }
            L[i * d + j] = i == j ? sqrt(fmax(sum, 1e-12)) : sum / L[j * d + j];
        }
    }
    memset(away, 0, d * sizeof *away);
    for (size_t j = 0; j < d; j++) {
        const double z = width * noise(state);
        for (size_t i = j; i < d; i++) {
            away[i] += L[i * d + j] * z;
        }
    }
}

static int32_t choose(const guess *g, const scene *s, const rule *r, uint64_t *state)
{
    const size_t d = s->t->dim;
    const double part = (double)g->n_shown / (STEPS - 1);
    const double beta = r->beta + (r->last_beta - r->beta) * part;
    double away[MOST_DIM], best = -INFINITY;
    int32_t chosen = 0;
    if (r->width > 0.0) {
        draw_away(away, g, d, r->width, state);
    }
    for (size_t i = 0; i < s->n_items; i++) {
        double score = (double)g->score[i] + beta * sqrt(fmax((double)g->square[i], 0.0));
        score += r->width > 0.0 ? dot(s->vectors + i * d, away, d) : 0.0;
        if (score <= best) {
            continue;
        }
        const int n = count(g, (int32_t)i);
        if (n > 0 && s->t->world.excludes_shown) {
            continue;
        }
        score *= score > 0.0 ? pow((double)s->t->world.reward_decay, n) : 1.0;
        if (score > best) {
            best = score;
            chosen = (int32_t)i;
        }
    }
    return chosen;
}

/* ── plays ── */

enum { LAST, ALL, PARTS };

static void add_rewards(double out[PARTS], const float *rewards, int at, int n_rounds)
{
    for (size_t i = 0; i < N; i++) {
        const double reward = (double)rewards[i] / (n_rounds * STEPS * N);
        out[ALL] += reward;
        out[LAST] += at % STEPS >= STEPS / 2 ? 2.0 * reward : 0.0;
    }
}

static uint64_t judge_seed(const task *t)
{
    return t->seed + UINT64_C(1000003);
}

/* Mean rewards a step of strangers, by the agent's draws or its best items, or without one by a
 * chooser. */
static void play(double out[PARTS], const task *t, rr_agent *agent, int is_greedy, int32_t chooser)
{
    int32_t actions[N];
    float popular[MOST_DIM];
    rr_env *known = open_world(t, t->seed, KNOWN);
    rr_env *env = open_world(t, judge_seed(t), STRANGERS);
    require(rr_env_mean_user(known, popular, &err));
    memset(out, 0, PARTS * sizeof *out);
    for (int at = 0; at < ROUNDS * STEPS; at++) {
        rr_obs obs = {.struct_size = sizeof obs};
        rr_outcome outcome = {.struct_size = sizeof outcome};
        require(rr_env_observe(env, &obs, &err));
        if (agent == NULL) {
            require(rr_env_choose(env, chooser, popular, 0.0f, actions, &err));
        } else if (is_greedy) {
            require(rr_agent_top_k(agent, &obs, 1, actions, NULL, NULL, &err));
        } else {
            rr_decision decision = {.struct_size = sizeof decision, .n = N, .actions = actions};
            require(rr_agent_act(agent, &obs, &decision, &err));
        }
        require(rr_env_step(env, actions, &outcome, &err));
        add_rewards(out, outcome.rewards, at, ROUNDS);
    }
    rr_env_destroy(env);
    rr_env_destroy(known);
}

static void play_rule(double out[PARTS], scene *s, const rule *r, uint64_t seed, int part,
                      int n_rounds)
{
    int32_t actions[N];
    uint64_t state = seed;
    rr_env *env = open_world(s->t, seed, part);
    memset(out, 0, PARTS * sizeof *out);
    for (int at = 0; at < n_rounds * STEPS; at++) {
        rr_outcome outcome = {.struct_size = sizeof outcome};
        for (size_t i = 0; i < N; i++) {
            if (at % STEPS == 0) {
                forget(&s->rows[i], s);
            }
            actions[i] = choose(&s->rows[i], s, r, &state);
        }
        require(rr_env_step(env, actions, &outcome, &err));
        for (size_t i = 0; i < N; i++) {
            learn_from(&s->rows[i], s, actions[i], outcome.rewards[i]);
        }
        add_rewards(out, outcome.rewards, at, n_rounds);
    }
    rr_env_destroy(env);
}

/* The β of a grid that earns most over a session of users who are known; falling: to 0. */
static rule best_rule(scene *s, int is_falling)
{
    enum { GRID = 12, GRID_ROUNDS = 4 };
    rule best = {0};
    double most = -INFINITY;
    for (int i = 0; i <= GRID; i++) {
        double earned[PARTS];
        rule r = {.beta = 0.125 * (is_falling ? 2 * i : i)};
        r.last_beta = is_falling ? 0.0 : r.beta;
        play_rule(earned, s, &r, s->t->seed + UINT64_C(4000037), KNOWN, GRID_ROUNDS);
        if (earned[ALL] > most) {
            most = earned[ALL];
            best = r;
        }
    }
    return best;
}

/* ── what is printed ── */

typedef struct way {
    double least[PARTS], best[PARTS];
} way;

static void find_way(way *w, const task *t)
{
    double popular[PARTS];
    play(w->best, t, NULL, 0, RR_CHOOSER_ORACLE);
    play(w->least, t, NULL, 0, RR_CHOOSER_RANDOM);
    play(popular, t, NULL, 0, RR_CHOOSER_POPULAR);
    for (int part = LAST; part < PARTS; part++) {
        w->least[part] = fmax(w->least[part], popular[part]);
    }
}

static void print_share(const char *name, const way *w, const double earned[PARTS])
{
    printf("\"%s\": [%.4f, %.4f], ", name,
           (earned[LAST] - w->least[LAST]) / (w->best[LAST] - w->least[LAST]),
           (earned[ALL] - w->least[ALL]) / (w->best[ALL] - w->least[ALL]));
}

static void tell_maths(const task *t, const way *w)
{
    scene s;
    double earned[PARTS];
    rr_env *env = open_world(t, t->seed, KNOWN);
    open_scene(&s, t, env);
    const rule constant = best_rule(&s, 0), falling = best_rule(&s, 1);
    const rule none = {0}, drawn = {.width = 0.5};
    const struct {
        const char *name;
        const rule *rule;
    } rows[] = {{"posterior mean", &none},
                {"best constant beta", &constant},
                {"beta falling to 0", &falling},
                {"Thompson, half width", &drawn}};
    for (size_t i = 0; i < sizeof rows / sizeof *rows; i++) {
        play_rule(earned, &s, rows[i].rule, judge_seed(t), STRANGERS, ROUNDS);
        print_share(rows[i].name, w, earned);
    }
    printf("\"betas\": [%.3f, %.3f]}\n", constant.beta, falling.beta);
    close_scene(&s);
    rr_env_destroy(env);
}

static double value_of(const rr_agent *agent, const char *name, int at)
{
    for (int32_t i = 0; i < rr_agent_tensor_count(agent); i++) {
        rr_tensor tensor = {.struct_size = sizeof tensor};
        require(rr_agent_tensor_at(agent, i, &tensor, &err));
        if (strcmp(tensor.name, name) == 0) {
            return (double)tensor.data[at];
        }
    }
    return (double)NAN;
}

static rr_agent *train(const task *t, double *explained)
{
    int32_t actions[N];
    float log_probs[N], values[N];
    rr_agent *agent = NULL;
    rr_buffer *buffer = NULL;
    rr_buffer_config room;
    rr_stats stats = {.struct_size = sizeof stats};
    rr_env *env = open_world(t, t->seed, KNOWN);
    rr_decision decision = {.struct_size = sizeof decision,
                            .n = N,
                            .actions = actions,
                            .log_probs = log_probs,
                            .values = values};
    rr_buffer_config_init(&room, sizeof room);
    require(rr_agent_create(&agent, &t->shape, &t->ppo, rr_env_items(env), NULL, &err));
    if (t->variance > 0.0f) {
        int32_t n = 0;
        float *users = known_users(t, &n);
        require(rr_agent_fit_prior(agent, users, n, t->variance, &err));
        require(rr_agent_set_tensor(agent, "actor.error_weight", t->beta, 2, &err));
        free(users);
    }
    require(rr_agent_set_tensor(agent, "actor.repeat_weight", &t->kappa, 1, &err));
    require(rr_agent_fit_buffer_config(agent, N, &room, &err));
    require(rr_buffer_create(&buffer, &room, NULL, &err));
    for (int64_t at = 0; at < t->n_steps;) {
        rr_obs obs = {.struct_size = sizeof obs};
        for (; !rr_buffer_is_full(buffer); at += N) {
            rr_outcome outcome = {.struct_size = sizeof outcome};
            require(rr_env_observe(env, &obs, &err));
            require(rr_agent_act(agent, &obs, &decision, &err));
            require(rr_buffer_record(buffer, &obs, &decision, &err));
            require(rr_env_step(env, actions, &outcome, &err));
            require(rr_buffer_reward(buffer, &outcome, &err));
        }
        require(rr_env_observe(env, &obs, &err));
        require(rr_agent_update(agent, buffer, &obs, &stats, &err));
    }
    *explained = (double)stats.explained_variance;
    rr_buffer_destroy(buffer);
    rr_env_destroy(env);
    return agent;
}

static void tell_agent(const task *t, const way *w)
{
    double drawn[PARTS], greedy[PARTS], explained = 0.0;
    rr_agent *agent = train(t, &explained);
    play(drawn, t, agent, 0, 0);
    play(greedy, t, agent, 1, 0);
    print_share("draws", w, drawn);
    print_share("best items", w, greedy);
    printf("\"explained_variance\": %.3f, \"kappa\": %.3f, \"tau\": %.2f", explained,
           value_of(agent, "actor.repeat_weight", 0), exp(value_of(agent, "actor.log_scale", 0)));
    if (t->shape.has_fold_in) {
        printf(", \"beta\": [%.3f, %.3f]", value_of(agent, "actor.error_weight", 0),
               value_of(agent, "actor.error_weight", 1));
    }
    printf("}\n");
    rr_agent_destroy(agent);
}

int main(int argc, char **argv)
{
    if (argc < 3) {
        fprintf(stderr, "strangers: strangers SEED TIMESTEPS|maths [FIELD=VALUE …]\n");
        return 2;
    }
    task t = {.seed = strtoull(argv[1], NULL, 10), .n_steps = strtoll(argv[2], NULL, 10)};
    t.is_maths = strcmp(argv[2], "maths") == 0;
    rr_env_config_init(&t.world, sizeof t.world);
    rr_agent_config_init(&t.shape, sizeof t.shape);
    rr_ppo_config_init(&t.ppo, sizeof t.ppo);
    t.world.n_envs = N;
    t.world.max_episode_steps = STEPS;
    t.world.hides_user = 1;
    t.dim = (size_t)t.world.state_dim / 2;
    t.shape.seed = t.seed;
    t.shape.max_rows = N;
    t.shape.max_candidates = 0;
    t.shape.max_history = STEPS;
    t.shape.fold_in_decay = t.world.reward_decay;
    t.ppo.gae_lambda = 1.0f;
    t.ppo.n_steps = STEPS;
    t.shape.planned_updates = t.n_steps / (N * STEPS);
    for (int i = 3; i < argc; i++) {
        set(&t, argv[i]);
    }
    way w;
    find_way(&w, &t);
    printf("{\"seed\": %llu, ", (unsigned long long)t.seed);
    if (t.is_maths) {
        tell_maths(&t, &w);
    } else {
        tell_agent(&t, &w);
    }
    close_task(&t);
    return 0;
}
