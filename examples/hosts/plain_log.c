/* SPDX-License-Identifier: MIT */
/* A plain log trains a policy: rows of (context, what could be shown, what was, its propensity,
 * what it earned), with no session, no version and no library behind them, as the Open Bandit
 * Dataset has them. An agent learns from one half, pass after pass; each pass is judged on the
 * other half, which says how many rows the estimate is worth. The further the policy goes from the
 * log, the fewer, and then the agent refuses to go on.
 *
 *     host_plain_log                  a log that is drawn, of which the truth is known
 *     host_plain_log FILE.csv [N]     a log of the Open Bandit Dataset, N passes at most
 *                                     (examples/fetch_open_bandit.sh) */
#include <errno.h>
#include <inttypes.h>
#include <math.h>
#include <recrl/recrl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { BUCKETS = 8, CATEGORIES = 4, POSITIONS = 3, STATE = BUCKETS * CATEGORIES + POSITIONS };
enum { MOST_ROWS = 20000, DRAWN_ROWS = 8000, DRAWN_ITEMS = 12, MOST_ITEMS = 80, CHUNK = 500 };

/* One row of the log. Every item could have been shown. */
typedef struct row {
    float state[STATE];
    int32_t action;
    float propensity, reward;
} row;

typedef struct plain_log {
    row *rows;
    int32_t n, n_items;
} plain_log;

static rr_error err;

static void require(rr_status status)
{
    if (status != RR_OK) {
        fprintf(stderr, "plain_log: %s\n", err.text);
        exit(EXIT_FAILURE);
    }
}

static void *allocate(size_t n, size_t size)
{
    void *block = calloc(n, size);
    if (block == NULL) {
        fprintf(stderr, "plain_log: no memory\n");
        exit(EXIT_FAILURE);
    }
    return block;
}

static float uniform(void)
{
    static uint64_t state = 3;
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (float)(state >> 40) / 16777216.0f;
}

/* How often a reader of this state clicks an item, in the log that is drawn. */
static float truth(const float *state, int32_t item)
{
    float x = -1.2f;
    for (int32_t j = 0; j < STATE; j++) {
        x += state[j] * 0.6f * (float)((j * 7 + item * 5) % 9 - 4) / 4.0f;
    }
    return 1.0f / (1.0f + expf(-x));
}

/* The ranker of the drawn log likes low numbers; it is never sure. */
static float propensity_of(int32_t item)
{
    float sum = 0.0f;
    for (int32_t i = 0; i < DRAWN_ITEMS; i++) {
        sum += 1.0f / (float)(3 + i);
    }
    return 1.0f / ((float)(3 + item) * sum);
}

static void draw_log(plain_log *log)
{
    log->n = DRAWN_ROWS;
    log->n_items = DRAWN_ITEMS;
    for (int32_t i = 0; i < log->n; i++) {
        row *r = &log->rows[i];
        for (int32_t c = 0; c < CATEGORIES; c++) {
            r->state[c * BUCKETS + (int32_t)(uniform() * BUCKETS)] = 1.0f;
        }
        r->state[CATEGORIES * BUCKETS + (int32_t)(uniform() * POSITIONS)] = 1.0f;
        float left = uniform();
        while (r->action < DRAWN_ITEMS - 1 && left >= propensity_of(r->action)) {
            left -= propensity_of(r->action);
            r->action++;
        }
        r->propensity = propensity_of(r->action);
        r->reward = uniform() < truth(r->state, r->action) ? 1.0f : 0.0f;
    }
}

/* Field `wanted` of a line without quotes, ended in place; NULL: there are not so many. */
static char *field(char **at)
{
    char *begin = *at;
    if (begin == NULL) {
        return NULL;
    }
    begin[strcspn(begin, "\r\n")] = '\0';
    char *comma = strchr(begin, ',');
    if (comma != NULL) {
        *comma = '\0';
    }
    *at = comma != NULL ? comma + 1 : NULL;
    return begin;
}

static int32_t bucket_of(const char *text)
{
    uint32_t hash = UINT32_C(2166136261);
    for (; *text != '\0'; text++) {
        hash = (hash ^ (unsigned char)*text) * UINT32_C(16777619);
    }
    return (int32_t)(hash % BUCKETS);
}

/* number, timestamp, item, position, click, propensity, four hashed features of the user; what
 * follows is left alone. false: the line is no such row. */
static int read_row(row *r, char *line)
{
    char *fields[6 + CATEGORIES];
    for (int32_t i = 0; i < 6 + CATEGORIES; i++) {
        fields[i] = field(&line);
        if (fields[i] == NULL) {
            return 0;
        }
    }
    *r = (row){.action = (int32_t)strtol(fields[2], NULL, 10),
               .reward = strtof(fields[4], NULL),
               .propensity = strtof(fields[5], NULL)};
    const long position = strtol(fields[3], NULL, 10);
    for (int32_t c = 0; c < CATEGORIES; c++) {
        r->state[c * BUCKETS + bucket_of(fields[6 + c])] = 1.0f;
    }
    if (r->action < 0 || r->action >= MOST_ITEMS || position < 1 || position > POSITIONS ||
        !(r->propensity > 0.0f && r->propensity <= 1.0f)) {
        return 0;
    }
    r->state[CATEGORIES * BUCKETS + position - 1] = 1.0f;
    return 1;
}

static void read_log(plain_log *log, const char *path)
{
    char line[4096];
    FILE *in = fopen(path, "r");
    if (in == NULL || fgets(line, sizeof line, in) == NULL) {
        fprintf(stderr, "plain_log: %s: %s\n", path, in == NULL ? strerror(errno) : "it is empty");
        exit(EXIT_FAILURE);
    }
    while (log->n < MOST_ROWS && fgets(line, sizeof line, in) != NULL) {
        row *r = &log->rows[log->n++];
        if (!read_row(r, line)) {
            fprintf(stderr,
                    "plain_log: %s: row %" PRId32 " has no item, position, click and "
                    "propensity where the Open Bandit Dataset has them\n",
                    path, log->n);
            exit(EXIT_FAILURE);
        }
        log->n_items = r->action >= log->n_items ? r->action + 1 : log->n_items;
    }
    fclose(in);
}

static void create_agent(rr_agent **agent, rr_ledger **ledger, int32_t n_items, int32_t n_rows)
{
    rr_agent_config shape;
    rr_ppo_config ppo;
    rr_ledger_config room;
    rr_agent_config_init(&shape, sizeof shape);
    rr_ppo_config_init(&ppo, sizeof ppo);
    rr_ledger_config_init(&room, sizeof room);
    shape.head = RR_HEAD_DENSE;
    shape.num_items = n_items;
    shape.state_dim = STATE;
    shape.max_rows = CHUNK;
    shape.max_update_rows = n_rows;
    shape.max_candidates = shape.max_history = 0;
    shape.has_repeat_weight = 0;
    shape.unknown_versions = RR_UNKNOWN_WEIGH; /* the log's own propensities are all there is */
    shape.max_weight = 10.0f;
    shape.min_ess = 0.25f;
    shape.hidden[0] = shape.critic_hidden[0] = 16;
    shape.hidden[1] = shape.critic_hidden[1] = 0;
    ppo.lr = 0.003f;
    ppo.batch_size = 256;
    require(rr_agent_create(agent, &shape, &ppo, NULL, NULL, &err));
    require(rr_agent_fit_ledger_config(*agent, &room, &err));
    room.max_rows = n_rows;
    require(rr_ledger_create(ledger, &room, NULL, &err));
}

/* Rows first … first + n − 1 into the ledger, each a session of one decision. */
static void record(rr_ledger *ledger, const plain_log *log, int32_t first, int32_t n)
{
    for (int32_t i = first; i < first + n; i++) {
        const row *r = &log->rows[i];
        const uint64_t id = (uint64_t)i + 1, of_the_log = 1; /* a version that no agent has */
        const uint8_t is_over = 1;
        int32_t action = r->action;
        float log_prob = logf(r->propensity);
        uint64_t version = of_the_log;
        const rr_obs obs = {.struct_size = sizeof obs,
                            .n = 1,
                            .state_dim = STATE,
                            .states = r->state,
                            .sessions = &id,
                            .decisions = &id};
        const rr_decision decision = {.struct_size = sizeof decision,
                                      .n = 1,
                                      .actions = &action,
                                      .log_probs = &log_prob,
                                      .policy_versions = &version};
        const rr_outcome outcome = {.struct_size = sizeof outcome,
                                    .n = 1,
                                    .decisions = &id,
                                    .rewards = &r->reward,
                                    .terminated = &is_over};
        require(rr_ledger_record(ledger, &obs, &decision, NULL, &err));
        require(rr_ledger_reward(ledger, &outcome, NULL, &err));
    }
}

/* What the agent would earn, by rows that it has not learned from. */
typedef struct estimate {
    double weight_mean, ess, reward, interval, truth;
} estimate;

/* The mean reward weighed by w = π(a) / propensity, Σ w r / Σ w, and half its 95 % interval. */
static estimate judge(rr_agent *agent, const plain_log *log, int32_t first, int32_t n)
{
    static float states[CHUNK * STATE], log_probs[CHUNK], of_all[CHUNK];
    static int32_t actions[CHUNK], items[CHUNK];
    double weights = 0.0, squares = 0.0, rewards = 0.0, true_rewards = 0.0;
    double *w = allocate((size_t)n, sizeof *w);
    for (int32_t at = 0; at < n; at += CHUNK) {
        const int32_t m = n - at < CHUNK ? n - at : CHUNK;
        const row *rows = log->rows + first + at;
        for (int32_t i = 0; i < m; i++) {
            memcpy(states + i * STATE, rows[i].state, sizeof rows[i].state);
            actions[i] = rows[i].action;
        }
        const rr_obs obs = {
            .struct_size = sizeof obs, .n = m, .state_dim = STATE, .states = states};
        require(rr_agent_evaluate(agent, &obs, actions, log_probs, NULL, NULL, &err));
        for (int32_t i = 0; i < m; i++) {
            w[at + i] = exp((double)log_probs[i]) / (double)rows[i].propensity;
            weights += w[at + i];
            squares += w[at + i] * w[at + i];
            rewards += w[at + i] * (double)rows[i].reward;
        }
        for (int32_t item = 0; item < log->n_items; item++) {
            for (int32_t i = 0; i < m; i++) {
                items[i] = item;
            }
            require(rr_agent_evaluate(agent, &obs, items, of_all, NULL, NULL, &err));
            for (int32_t i = 0; i < m; i++) {
                true_rewards += exp((double)of_all[i]) * (double)truth(rows[i].state, item);
            }
        }
    }
    const double mean = rewards / weights;
    double spread = 0.0;
    for (int32_t i = 0; i < n; i++) {
        const double error = w[i] * ((double)log->rows[first + i].reward - mean);
        spread += error * error;
    }
    free(w);
    return (estimate){weights / n, weights * weights / (n * squares), mean,
                      1.96 * sqrt(spread) / weights, true_rewards / n};
}

/* Makes the agent choose as the log did: then the log's rows weigh near 1. */
static void imitate(rr_agent *agent, const plain_log *log, int32_t n)
{
    float *states = allocate((size_t)n, STATE * sizeof(float));
    float *returns = allocate((size_t)n, sizeof(float));
    int32_t *actions = allocate((size_t)n, sizeof(int32_t));
    rr_imitate_report report = {.struct_size = sizeof report};
    rr_imitate_config config;
    rr_imitate_config_init(&config, sizeof config);
    config.lr = 0.003f;
    for (int32_t i = 0; i < n; i++) {
        const row *r = &log->rows[i];
        memcpy(states + i * STATE, r->state, sizeof r->state);
        actions[i] = r->action;
        returns[i] = r->reward;
    }
    const rr_obs obs = {.struct_size = sizeof obs, .n = n, .state_dim = STATE, .states = states};
    require(rr_agent_imitate(agent, &obs, actions, NULL, returns, &config, &report, &err));
    printf("%" PRId32 " passes, the best of them number %" PRId32 ": a choice of the log costs "
           "%.3f nats, and an even one %.3f\n",
           report.n_passes, report.best_pass, (double)report.loss, (double)report.even_loss);
    free(states);
    free(returns);
    free(actions);
}

/* Passes over the first half until the agent refuses. One that refuses at once is far from the log
 * before it has learned anything, and begins with imitating it. */
static void learn(const plain_log *log, int32_t n_passes, int is_drawn)
{
    rr_agent *agent = NULL;
    rr_ledger *ledger = NULL;
    const int32_t half = log->n / 2;
    double logged = 0.0;
    int is_imitated = 0;
    create_agent(&agent, &ledger, log->n_items, half);
    for (int32_t i = half; i < log->n; i++) {
        logged += (double)log->rows[i].reward / (log->n - half);
    }
    printf("%" PRId32 " rows, %" PRId32 " items; the other half earned %.4f\n", log->n,
           log->n_items, logged);
    printf(
        "pass  learned from  worth  capped | judged on the other half: weight  worth  reward%s\n",
        is_drawn ? "            truth" : "");
    for (int32_t pass = 1; pass <= n_passes; pass++) {
        rr_stats stats = {.struct_size = sizeof stats};
        record(ledger, log, 0, half);
        const rr_status status = rr_agent_update_sessions(agent, ledger, &stats, &err);
        if (status == RR_E_STALE) {
            printf("%s\n", err.text);
            if (pass > 1 || is_imitated) {
                break;
            }
            printf("so the log is imitated first\n");
            imitate(agent, log, half);
            require(rr_ledger_drop_ready(ledger, &err));
            is_imitated = 1;
            pass--;
            continue;
        }
        require(status);
        const estimate e = judge(agent, log, half, log->n - half);
        printf("%4" PRId32 " %13" PRId32 " %5.0f %% %5.1f %% | %32.3f %4.0f %%  %.4f ± %.4f", pass,
               stats.n_rows, 100.0 * (double)stats.ess, 100.0 * (double)stats.capped_fraction,
               e.weight_mean, 100.0 * e.ess, e.reward, e.interval);
        if (is_drawn) {
            printf("  %.4f", e.truth);
        }
        printf("\n");
    }
    rr_ledger_destroy(ledger);
    rr_agent_destroy(agent);
}

int main(int argc, char **argv)
{
    plain_log log = {.rows = allocate(MOST_ROWS, sizeof(row))};
    if (argc > 1) {
        read_log(&log, argv[1]);
    } else {
        draw_log(&log);
    }
    learn(&log, argc > 2 ? (int32_t)strtol(argv[2], NULL, 10) : 40, argc == 1);
    free(log.rows);
    return EXIT_SUCCESS;
}
