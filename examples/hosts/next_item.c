/* SPDX-License-Identifier: MIT */
/* The next item: a log of who met what, in order, teaches a policy what each user meets next, as
 * sequence networks learn it; then the same policy goes on by PPO, in a world of the same users,
 * towards what they like.
 *
 * The last item of each user is the test, the one before it the validation. All items are ranked;
 * recall@10 is the share of tests among the best ten, NDCG@10 the mean of 1/log₂(1 + rank).
 * docs/evaluation.md has the table of MovieLens-100k beside another library's.
 *
 *     host_next_item                                             a small log, drawn
 *     host_next_item FILE [gru|transformer] [seed] [all|items]   one of interactions
 *
 * items: ratings are not read, as those networks do not read them, and nothing goes on by PPO. */
#include <math.h>
#include <recrl/recrl.h>
#include <stdbool.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

enum {
    BEST = 10,     /* items of a ranking that count */
    CHUNK = 4096,  /* rows of one call of imitate */
    PATIENCE = 5,  /* epochs without a better validation */
    MET = 62,      /* factors of what users met … */
    LIKED = 30,    /* … and of how they liked it; a vector has both, each two wider */
    N = 64,        /* sessions of the world side by side */
    STEPS = 20,    /* decisions of each */
    TEST_USERS = 5 /* of so many users one is not met by PPO */
};

/* What is learned, and how long. */
typedef struct plan {
    int32_t encoder, width, history, batch_size;
    int32_t most_epochs, updates;
    float lr;
    bool reads_ratings;
    uint64_t seed;
    clock_t begin; /* of all of it, so that loading and the vectors' fit are in what it took */
} plan;

static void require(rr_status status, const rr_error *err)
{
    if (status != RR_OK) {
        fprintf(stderr, "next_item: %s\n", err->text);
        exit(EXIT_FAILURE);
    }
}

static void *allocate(size_t n, size_t size)
{
    void *block = calloc(n + 1, size);
    if (block == NULL) {
        fprintf(stderr, "next_item: out of memory\n");
        exit(EXIT_FAILURE);
    }
    return block;
}

/* A number in [0, 1), the next of a seed. */
static double draw(uint64_t *state)
{
    *state += 0x9e3779b97f4a7c15u;
    uint64_t x = *state;
    x = (x ^ (x >> 30)) * 0xbf58476d1ce4e5b9u;
    x = (x ^ (x >> 27)) * 0x94d049bb133111ebu;
    return (double)((x ^ (x >> 31)) >> 11) * 0x1p-53;
}

/* ── the log ── */

/* Users one behind the other, the items of each in the order in which it met them. */
typedef struct history {
    rr_dataset *dataset, *train, *test; /* all; but the last two of each user; the last */
    const uint64_t *keys;               /* [n_items] of items */
    size_t n_users, n_items, longest;
    size_t *begins; /* [n_users + 1] */
    int32_t *items; /* [begins[n_users]] */
    float *ratings; /* [begins[n_users]] above their mean */
} history;

/* Series of ten items; a user mostly goes on to the next of a series, and now and then jumps. */
static rr_dataset *draw_dataset(uint64_t seed)
{
    enum { USERS = 500, LENGTH = 16, SERIES = 12, IN_SERIES = 10 };
    static uint64_t users[USERS * LENGTH], items[USERS * LENGTH];
    static float ratings[USERS * LENGTH];
    static int64_t times[USERS * LENGTH];
    rr_error err;
    rr_dataset *dataset = NULL;
    for (size_t u = 0; u < USERS; u++) {
        const size_t favourite = (size_t)(draw(&seed) * SERIES);
        size_t series = 0, at = 0;
        for (size_t t = 0; t < LENGTH; t++) {
            if (t == 0 || draw(&seed) < 0.15) {
                series = draw(&seed) < 0.5 ? favourite : (size_t)(draw(&seed) * SERIES);
                at = (size_t)(draw(&seed) * IN_SERIES);
            }
            const size_t row = u * LENGTH + t;
            users[row] = u;
            items[row] = series * IN_SERIES + at;
            ratings[row] = series == favourite ? 5.0f : 2.0f;
            times[row] = (int64_t)t;
            at = (at + 1) % IN_SERIES;
        }
    }
    require(rr_dataset_create(&dataset, users, items, ratings, times, USERS * LENGTH, NULL, &err),
            &err);
    return dataset;
}

/* One interaction, to be sorted. */
typedef struct meeting {
    int32_t user, item;
    int64_t time, row;
    float rating;
} meeting;

static int by_user_and_time(const void *a, const void *b)
{
    const meeting *x = a, *y = b;
    const int by_user = (x->user > y->user) - (x->user < y->user);
    const int by_time = (x->time > y->time) - (x->time < y->time);
    return by_user != 0 ? by_user : by_time != 0 ? by_time : x->row < y->row ? -1 : 1;
}

static history read_history(rr_dataset *dataset)
{
    rr_error err;
    rr_dataset_view view = {.struct_size = sizeof view};
    require(rr_dataset_describe(dataset, &view, &err), &err);
    const size_t n = (size_t)view.n;
    history h = {.dataset = dataset,
                 .keys = view.item_keys,
                 .n_users = (size_t)view.n_users,
                 .n_items = (size_t)view.n_items};
    meeting *meetings = allocate(n, sizeof *meetings);
    uint8_t *parts = allocate(n, 1); /* 1: train, 2: test */
    double sum = 0.0;
    h.begins = allocate(h.n_users + 1, sizeof *h.begins);
    h.items = allocate(n, sizeof *h.items);
    h.ratings = allocate(n, sizeof *h.ratings);
    for (size_t i = 0; i < n; i++) {
        meetings[i] =
            (meeting){view.users[i], view.items[i], view.times[i], (int64_t)i, view.ratings[i]};
        h.begins[view.users[i] + 1]++;
        sum += (double)view.ratings[i];
    }
    qsort(meetings, n, sizeof *meetings, by_user_and_time);
    for (size_t u = 0; u < h.n_users; u++) {
        const size_t length = h.begins[u + 1];
        h.longest = length > h.longest ? length : h.longest;
        h.begins[u + 1] += h.begins[u];
        for (size_t i = h.begins[u]; i < h.begins[u + 1]; i++) {
            const size_t from_end = h.begins[u + 1] - 1 - i;
            parts[meetings[i].row] = from_end > 1 ? 1 : from_end == 0 ? 2 : 0;
            h.items[i] = meetings[i].item;
            h.ratings[i] = meetings[i].rating - (float)(sum / (double)n);
        }
    }
    require(rr_dataset_select(&h.train, dataset, parts, 1, NULL, &err), &err);
    require(rr_dataset_select(&h.test, dataset, parts, 2, NULL, &err), &err);
    free(meetings);
    free(parts);
    return h;
}

static void free_history(history *h)
{
    rr_dataset_destroy(h->train);
    rr_dataset_destroy(h->test);
    rr_dataset_destroy(h->dataset);
    free(h->begins);
    free(h->items);
    free(h->ratings);
}

/* ── the catalogue: a vector of who met an item, and one of who liked it ── */

typedef struct catalogue {
    rr_items *items;
    float *users; /* [n_users, dim] whose product with an item's is how they would like it */
    int32_t dim;
} catalogue;

/* Least squares of the training rows into columns [first, first + width) of items (and users). */
static void fit(catalogue *c, float *vectors, const history *h, int32_t feedback, int32_t first,
                float norm)
{
    rr_error err;
    rr_als_config config;
    rr_als_config_init(&config, sizeof config);
    config.feedback = feedback;
    config.num_factors = feedback == RR_FEEDBACK_IMPLICIT ? MET : LIKED;
    const size_t width = (size_t)config.num_factors + 2, dim = (size_t)c->dim;
    float *users = allocate(h->n_users * width, sizeof *users);
    float *items = allocate(h->n_items * width, sizeof *items);
    require(rr_dataset_fit_als(h->train, &config, NULL, users, items, NULL, &err), &err);
    double squares = 0.0;
    for (size_t i = 0; i < h->n_items * width; i++) {
        squares += (double)items[i] * (double)items[i];
    }
    const float scale = norm / (float)sqrt(squares / (double)h->n_items);
    for (size_t i = 0; i < h->n_items * width; i++) {
        vectors[i / width * dim + (size_t)first + i % width] = scale * items[i];
    }
    for (size_t i = 0; feedback == RR_FEEDBACK_EXPLICIT && i < h->n_users * width; i++) {
        c->users[i / width * dim + (size_t)first + i % width] = users[i] / scale;
    }
    free(users);
    free(items);
}

static catalogue make_catalogue(const history *h)
{
    rr_error err;
    catalogue c = {.dim = MET + LIKED + 4};
    float *vectors = allocate(h->n_items * (size_t)c.dim, sizeof *vectors);
    c.users = allocate(h->n_users * (size_t)c.dim, sizeof *c.users);
    fit(&c, vectors, h, RR_FEEDBACK_IMPLICIT, 0, 1.0f);
    fit(&c, vectors, h, RR_FEEDBACK_EXPLICIT, MET + 2, 0.5f);
    require(
        rr_items_create(&c.items, vectors, h->keys, (int32_t)h->n_items, c.dim, NULL, NULL, &err),
        &err);
    free(vectors);
    return c;
}

/* ── the policy ── */

/* ref_kl_coef: how much what goes on is held to what was imitated. */
static rr_agent *create_agent(const plan *p, const history *h, const catalogue *c,
                              float ref_kl_coef)
{
    rr_error err;
    rr_agent *agent = NULL;
    rr_agent_config config;
    rr_ppo_config ppo;
    rr_agent_config_init(&config, sizeof config);
    rr_ppo_config_init(&ppo, sizeof ppo);
    config.state_dim = 1; /* of a user nothing is known but its past */
    config.item_dim = c->dim;
    memset(config.hidden, 0, sizeof config.hidden); /* from encoding to items by a linear map */
    config.has_bias = 1;
    config.initial_scale = 5.0f;
    config.encoder = p->encoder;
    config.encoder_width = p->width;
    config.encoder_history = p->history;
    config.encoder_rewards = p->reads_ratings ? 1 : 0;
    config.ref_kl_coef = ref_kl_coef;
    if (p->encoder == RR_ENCODER_TRANSFORMER) {
        config.encoder_layers = 2;
        config.encoder_heads = 2;
    }
    config.max_candidates = 0;
    config.max_history = (int32_t)(h->longest > STEPS ? h->longest : STEPS);
    config.max_rows = (int32_t)(h->n_users > CHUNK ? h->n_users : CHUNK);
    config.max_update_rows = CHUNK;
    config.seed = p->seed;
    ppo.n_steps = STEPS;
    ppo.gae_lambda = 1.0f;
    ppo.lr = 1e-3f;
    require(rr_agent_create(&agent, &config, &ppo, c->items, NULL, &err), &err);
    return agent;
}

/* Rows of a log: what a user had met before each place, and how it liked that. */
typedef struct rows {
    size_t n, h;
    float *states, *ratings; /* [most, 1] zeros, [most, h] */
    int32_t *pasts, *next;   /* [most, h], [most] */
} rows;

static rows make_rows(size_t most, size_t h)
{
    return (rows){.h = h,
                  .states = allocate(most, sizeof(float)),
                  .ratings = allocate(most * h, sizeof(float)),
                  .pasts = allocate(most * h, sizeof(int32_t)),
                  .next = allocate(most, sizeof(int32_t))};
}

static void free_rows(rows *r)
{
    free(r->states);
    free(r->ratings);
    free(r->pasts);
    free(r->next);
}

/* Adds the row whose action is what a user met at `place` of the log. */
static void add_row(rows *r, const history *h, size_t user, size_t place)
{
    const size_t n_past = place - h->begins[user], n_read = n_past < r->h ? n_past : r->h;
    int32_t *past = r->pasts + r->n * r->h;
    float *ratings = r->ratings + r->n * r->h;
    memset(past, 0xff, (r->h - n_read) * sizeof *past); /* −1 */
    memset(ratings, 0, (r->h - n_read) * sizeof *ratings);
    memcpy(past + r->h - n_read, h->items + place - n_read, n_read * sizeof *past);
    memcpy(ratings + r->h - n_read, h->ratings + place - n_read, n_read * sizeof *ratings);
    r->next[r->n++] = h->items[place];
}

static rr_obs observe(const rows *r)
{
    return (rr_obs){.struct_size = sizeof(rr_obs),
                    .n = (int32_t)r->n,
                    .state_dim = 1,
                    .states = r->states,
                    .n_history = (int32_t)r->h,
                    .history = r->pasts,
                    .history_rewards = r->ratings};
}

static void imitate_rows(rr_agent *agent, rows *r, const rr_imitate_config *config)
{
    rr_error err;
    const rr_obs obs = observe(r);
    if (r->n > 0) {
        require(rr_agent_imitate(agent, &obs, r->next, NULL, NULL, config, NULL, &err), &err);
    }
    r->n = 0;
}

/* One pass over the training rows: all places of a user but the first and the last two, users in an
 * order of their own. A user's rows stay together, so that what they share is encoded once. */
static void imitate(rr_agent *agent, const history *h, size_t *users, rows *r, const plan *p,
                    uint64_t *seed)
{
    rr_imitate_config config;
    rr_imitate_config_init(&config, sizeof config);
    config.epochs = 1;
    config.batch_size = p->batch_size;
    config.lr = p->lr;
    for (size_t i = h->n_users; i-- > 1;) {
        const size_t other = (size_t)(draw(seed) * (double)(i + 1)), kept = users[i];
        users[i] = users[other];
        users[other] = kept;
    }
    r->n = 0;
    for (size_t i = 0; i < h->n_users; i++) {
        const size_t end = h->begins[users[i] + 1];
        for (size_t place = h->begins[users[i]] + 1; place + 2 < end; place++) {
            add_row(r, h, users[i], place);
            if (r->n == CHUNK) {
                imitate_rows(agent, r, &config);
            }
        }
    }
    imitate_rows(agent, r, &config);
}

/* ── how well it ranks ── */

typedef struct figures {
    double recall, ndcg;
} figures;

static figures judge_lists(const int32_t *lists, const rows *r)
{
    figures f = {0.0, 0.0};
    for (size_t i = 0; i < r->n * BEST; i++) {
        if (lists[i] == r->next[i / BEST]) {
            f.recall += 1.0 / (double)r->n;
            f.ndcg += 1.0 / log2((double)(i % BEST) + 2.0) / (double)r->n;
        }
    }
    return f;
}

/* Of the item that each user met last but `from_end`. is_new: items it had met are left out. */
static figures judge(rr_agent *agent, const history *h, size_t from_end, bool is_new)
{
    rr_error err;
    rows r = make_rows(h->n_users, h->longest);
    int32_t *lists = allocate(h->n_users * BEST, sizeof *lists);
    for (size_t u = 0; u < h->n_users; u++) {
        if (h->begins[u] + from_end < h->begins[u + 1]) {
            add_row(&r, h, u, h->begins[u + 1] - 1 - from_end);
        }
    }
    rr_obs obs = observe(&r);
    obs.excluded = is_new ? r.pasts : NULL;
    obs.n_excluded = is_new ? (int32_t)r.h : 0;
    require(rr_agent_top_k(agent, &obs, BEST, lists, NULL, NULL, &err), &err);
    const figures f = judge_lists(lists, &r);
    free(lists);
    free_rows(&r);
    return f;
}

/* The same of the items that most have met and the user has not. */
static figures judge_popular(const history *h)
{
    rr_error err;
    rr_ranking found = {.struct_size = sizeof found};
    const rr_ranker ranker = {.struct_size = sizeof ranker, .n_best = BEST};
    require(rr_dataset_rank(h->train, h->test, &ranker, NULL, &found, &err), &err);
    return (figures){found.popular_recall, found.popular_ndcg};
}

/* ── the parameters that validated best ── */

/* values [their number] ← them; NULL: only counted. Returns how many there are. */
static size_t copy_parameters(float *values, const rr_agent *agent)
{
    rr_error err;
    rr_tensor tensor = {.struct_size = sizeof tensor};
    size_t n = 0;
    for (int32_t i = 0; i < rr_agent_tensor_count(agent); i++) {
        require(rr_agent_tensor_at(agent, i, &tensor, &err), &err);
        const size_t size = (size_t)(tensor.shape[0] * tensor.shape[1]);
        if (values != NULL) {
            memcpy(values + n, tensor.data, size * sizeof *values);
        }
        n += size;
    }
    return n;
}

static void set_parameters(rr_agent *agent, const float *values)
{
    rr_error err;
    rr_tensor tensor = {.struct_size = sizeof tensor};
    for (int32_t i = 0; i < rr_agent_tensor_count(agent); i++) {
        require(rr_agent_tensor_at(agent, i, &tensor, &err), &err);
        const int64_t n = tensor.shape[0] * tensor.shape[1];
        require(rr_agent_set_tensor(agent, tensor.name, values, n, &err), &err);
        values += n;
    }
}

/* Epochs until the validation has not become better for PATIENCE of them; the best one's parameters
 * stay. Returns the number of epochs; *seconds receives what all took of a core so far. */
static int32_t learn_log(rr_agent *agent, const plan *p, const history *h, double *seconds,
                         bool speaks)
{
    size_t *users = allocate(h->n_users, sizeof *users);
    rows r = make_rows(CHUNK, h->longest);
    float *best_values = allocate(copy_parameters(NULL, agent), sizeof *best_values);
    uint64_t seed = p->seed + 1;
    for (size_t u = 0; u < h->n_users; u++) {
        users[u] = u;
    }
    double best = -1.0;
    int32_t best_epoch = 0, epoch = 0;
    while (epoch < p->most_epochs && epoch - best_epoch < PATIENCE) {
        imitate(agent, h, users, &r, p, &seed);
        epoch++;
        const figures valid = judge(agent, h, 1, false);
        if (valid.ndcg > best) {
            best = valid.ndcg;
            best_epoch = epoch;
            copy_parameters(best_values, agent);
        }
        if (speaks) {
            printf("epoch %2d: validation recall@10 %.4f, NDCG@10 %.4f, %.1f s\n", (int)epoch,
                   valid.recall, valid.ndcg, (double)(clock() - p->begin) / CLOCKS_PER_SEC);
            fflush(stdout);
        }
    }
    set_parameters(agent, best_values);
    *seconds = (double)(clock() - p->begin) / CLOCKS_PER_SEC;
    free(best_values);
    free_rows(&r);
    free(users);
    return epoch;
}

/* ── the step that goes on ── */

/* Observations of the world without the user: of it a policy sees what was shown and earned. */
typedef struct view {
    rr_obs obs, final_obs;
    rr_outcome outcome;
    float states[N];
} view;

static void look(view *v, rr_env *env)
{
    rr_error err;
    v->obs = (rr_obs){.struct_size = sizeof v->obs};
    require(rr_env_observe(env, &v->obs, &err), &err);
    v->obs.states = v->states;
    v->obs.state_dim = 1;
}

static double step(view *v, rr_env *env, const int32_t *actions)
{
    rr_error err;
    double sum = 0.0;
    v->outcome = (rr_outcome){.struct_size = sizeof v->outcome};
    require(rr_env_step(env, actions, &v->outcome, &err), &err);
    if (v->outcome.final_obs != NULL) {
        v->final_obs = *v->outcome.final_obs;
        v->final_obs.states = v->states;
        v->final_obs.state_dim = 1;
        v->outcome.final_obs = &v->final_obs;
    }
    for (size_t i = 0; i < N; i++) {
        sum += (double)v->outcome.rewards[i];
    }
    return sum / N;
}

/* A world of every TEST_USERS-th user, or of all the others. */
static rr_env *create_env(const history *h, const catalogue *c, bool is_test, uint64_t seed)
{
    rr_error err;
    rr_env *env = NULL;
    rr_env_config config;
    rr_env_config_init(&config, sizeof config);
    config.n_envs = N;
    config.state_dim = 2 * c->dim;
    config.max_episode_steps = STEPS;
    config.num_folded = 2;
    config.excludes_shown = 1;
    config.seed = seed;
    const size_t dim = (size_t)c->dim;
    float *users = allocate(h->n_users * dim, sizeof *users);
    int32_t n = 0;
    for (size_t u = 0; u < h->n_users; u++) {
        if ((u % TEST_USERS == 0) == is_test) {
            memcpy(users + (size_t)n++ * dim, c->users + u * dim, dim * sizeof *users);
        }
    }
    require(rr_env_create(&env, &config, c->items, users, n, NULL, &err), &err);
    require(rr_env_reset(env, &err), &err);
    free(users);
    return env;
}

static void learn_world(rr_agent *agent, rr_env *env, int32_t updates)
{
    rr_error err;
    static view v;
    rr_buffer *buffer = NULL;
    rr_buffer_config config;
    int32_t actions[N];
    float log_probs[N], values[N];
    rr_decision decision = {.struct_size = sizeof decision,
                            .n = N,
                            .actions = actions,
                            .log_probs = log_probs,
                            .values = values};
    rr_buffer_config_init(&config, sizeof config);
    require(rr_agent_fit_buffer_config(agent, N, &config, &err), &err);
    require(rr_buffer_create(&buffer, &config, NULL, &err), &err);
    for (int32_t update = 0; update < updates; update++) {
        while (!rr_buffer_is_full(buffer)) {
            look(&v, env);
            require(rr_agent_act(agent, &v.obs, &decision, &err), &err);
            require(rr_buffer_record(buffer, &v.obs, &decision, &err), &err);
            (void)step(&v, env, actions);
            require(rr_buffer_reward(buffer, &v.outcome, &err), &err);
        }
        look(&v, env);
        require(rr_agent_update(agent, buffer, &v.obs, NULL, &err), &err);
    }
    rr_buffer_destroy(buffer);
}

/* Mean rating a decision, above that of the log, over whole sessions of users that PPO does not
 * meet: of the agent's best items, or of a chooser where it is NULL. */
static double play(rr_agent *agent, const history *h, const catalogue *c, int32_t chooser)
{
    enum { ROUNDS = 10 };
    rr_error err;
    static view v;
    int32_t actions[N];
    double sum = 0.0;
    rr_env *env = create_env(h, c, true, 2021);
    for (int t = 0; t < ROUNDS * STEPS; t++) {
        look(&v, env);
        require(agent != NULL ? rr_agent_top_k(agent, &v.obs, 1, actions, NULL, NULL, &err)
                              : rr_env_choose(env, chooser, NULL, 0.0f, actions, &err),
                &err);
        sum += step(&v, env, actions);
    }
    rr_env_destroy(env);
    return sum / (ROUNDS * STEPS);
}

/* ── all of it ── */

static void print_row(const char *name, figures all, figures is_new)
{
    printf("%-28s recall@10 %.4f  NDCG@10 %.4f   of what is new %.4f  %.4f\n", name, all.recall,
           all.ndcg, is_new.recall, is_new.ndcg);
}

/* Another agent that begins as this one and goes on by PPO. */
static rr_agent *go_on(const rr_agent *agent, const plan *p, const history *h, const catalogue *c,
                       float ref_kl_coef)
{
    rr_error err;
    rr_policy *policy = NULL;
    rr_agent *next = create_agent(p, h, c, ref_kl_coef);
    float *values = allocate(copy_parameters(NULL, agent), sizeof *values);
    (void)copy_parameters(values, agent);
    set_parameters(next, values);
    free(values);
    if (ref_kl_coef > 0.0f) {
        require(rr_agent_publish(next, NULL, &policy, &err), &err);
        require(rr_agent_set_reference(next, policy, &err), &err);
        rr_policy_release(policy);
    }
    rr_env *env = create_env(h, c, false, p->seed);
    learn_world(next, env, p->updates);
    rr_env_destroy(env);
    return next;
}

/* What a log of one's own is told. */
static bool report(rr_agent *agent, const plan *p, const history *h, const catalogue *c)
{
    double seconds;
    const figures popular = judge_popular(h);
    const int32_t epochs = learn_log(agent, p, h, &seconds, true);
    print_row("popular, new to the user", popular, popular);
    print_row("imitated", judge(agent, h, 0, false), judge(agent, h, 0, true));
    printf("%d epochs, %.1f s of a core\n", (int)epochs, seconds);
    if (p->updates == 0) {
        return true;
    }
    printf("rating above the mean: random %+.3f, who sees the user %+.3f, imitated %+.3f\n",
           play(NULL, h, c, RR_CHOOSER_RANDOM), play(NULL, h, c, RR_CHOOSER_ORACLE),
           play(agent, h, c, 0));
    static const float coefs[] = {0.0f, 0.1f, 0.3f};
    for (size_t i = 0; i < sizeof coefs / sizeof coefs[0]; i++) {
        rr_agent *next = go_on(agent, p, h, c, coefs[i]);
        printf("and %d decisions by PPO, held to it by %.1f: %+.3f\n", (int)p->updates * N * STEPS,
               (double)coefs[i], play(next, h, c, 0));
        print_row("", judge(next, h, 0, false), judge(next, h, 0, true));
        rr_agent_destroy(next);
    }
    return true;
}

/* The small log: what must be seen of it. */
static bool check(rr_agent *agent, const plan *p, const history *h, const catalogue *c)
{
    double seconds;
    const figures popular = judge_popular(h);
    learn_log(agent, p, h, &seconds, false);
    const figures before = judge(agent, h, 0, false), is_new = judge(agent, h, 0, true);
    const double played_before = play(agent, h, c, 0);
    rr_agent *next = go_on(agent, p, h, c, 0.0f);
    const figures after = judge(next, h, 0, false);
    const double played_after = play(next, h, c, 0);
    rr_agent_destroy(next);
    const bool ranks = before.recall > 0.8 && is_new.recall > 0.3 && popular.recall < 0.2;
    const bool wins = played_after > played_before + 0.1;
    const bool forgets = after.recall < before.recall - 0.1 && after.recall > 0.25;
    printf("the next item is among the best ten %s\n",
           ranks ? "of eight users in ten; the popular ones have it of less than two"
                 : "too seldom");
    printf("PPO %s what its users like better\n", wins ? "shows" : "does not show");
    printf("and %s of what they meet next\n",
           forgets ? "forgets a part" : "forgets nothing, or all,");
    return ranks && wins && forgets;
}

int main(int argc, char **argv)
{
    rr_error err;
    rr_dataset *dataset = NULL;
    const bool is_drawn = argc < 2;
    const bool is_gru = argc > 2 ? strcmp(argv[2], "gru") == 0 : true;
    const bool reads_ratings = argc > 4 ? strcmp(argv[4], "items") != 0 : true;
    const plan p = {.encoder = is_gru ? RR_ENCODER_GRU : RR_ENCODER_TRANSFORMER,
                    .width = is_drawn ? 16 : 64,
                    .history = is_drawn ? 16 : 1024,
                    .batch_size = 256,
                    .most_epochs = is_drawn ? 12 : 100,
                    .updates = is_drawn        ? 40
                               : reads_ratings ? 60
                                               : 0,
                    .reads_ratings = reads_ratings,
                    .lr = is_drawn ? 1e-2f
                          : is_gru ? 3e-3f
                                   : 2e-3f,
                    .seed = argc > 3 ? strtoull(argv[3], NULL, 10) : 1,
                    .begin = clock()};
    if (is_drawn) {
        dataset = draw_dataset(p.seed);
    } else {
        require(rr_dataset_load(&dataset, argv[1], NULL, NULL, &err), &err);
    }
    history h = read_history(dataset);
    catalogue c = make_catalogue(&h);
    rr_agent *agent = create_agent(&p, &h, &c, 0.0f);
    const bool is_well = is_drawn ? check(agent, &p, &h, &c) : report(agent, &p, &h, &c);
    rr_agent_destroy(agent);
    rr_items_release(c.items);
    free(c.users);
    free_history(&h);
    return is_well ? EXIT_SUCCESS : EXIT_FAILURE;
}
