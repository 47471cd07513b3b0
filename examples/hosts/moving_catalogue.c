/* SPDX-License-Identifier: MIT */
/* A catalogue that moves. Every second hour 1 % of the items go and 1 % come, rewards come an hour
 * late, and the trainer learns once an hour from rows that were drawn under other generations than
 * its own. At noon the host is restarted: catalogue, agent and rows come from files. At the end the
 * line of generations is cut off and begins anew. Prints what was trained on, and what was not. */
#include <recrl/recrl.h>
#include <stdio.h>
#include <stdlib.h>

enum { DIM = 8, ITEMS = 1000, ROWS = 64, HOURS = 24, CHANGED = 10, HOUR = 3600 };

static const char *const ITEMS_FILE = "moving_catalogue.items.safetensors";
static const char *const STATE_FILE = "moving_catalogue.state.safetensors";

typedef struct feed {
    rr_items *items;
    rr_agent *agent;
    rr_slot *slot;
    rr_reader *reader;
    rr_ledger *ledger;
    uint64_t n_decisions, n_keys, oldest;
    uint64_t late[ROWS]; /* decisions of the hour before, whose rewards are under way */
    float earned[ROWS];
    int n_late;
} feed;

static rr_error err;

static void require(rr_status status)
{
    if (status != RR_OK) {
        fprintf(stderr, "moving_catalogue: %s\n", err.text);
        exit(EXIT_FAILURE);
    }
}

static float uniform(void)
{
    static uint64_t state = 3;
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (float)(state >> 40) / 16777216.0f;
}

/* n items with the host's next keys. */
static void draw_items(feed *f, float *vectors, uint64_t *keys, int n)
{
    for (int i = 0; i < n; i++) {
        keys[i] = ++f->n_keys;
        for (int c = 0; c < DIM; c++) {
            vectors[i * DIM + c] = 2.0f * uniform() - 1.0f;
        }
    }
}

static void create_agent(feed *f)
{
    rr_agent_config config;
    rr_ledger_config rows;
    rr_agent_config_init(&config, sizeof config);
    rr_ledger_config_init(&rows, sizeof rows);
    config.state_dim = config.item_dim = DIM;
    config.max_rows = ROWS;
    config.max_candidates = 0;
    config.max_update_rows = 4 * ROWS;
    require(rr_agent_create(&f->agent, &config, NULL, f->items, NULL, &err));
    require(rr_agent_fit_ledger_config(f->agent, &rows, &err));
    rows.max_rows = 4 * ROWS;
    rows.reward_wait = 2 * HOUR;
    require(rr_ledger_create(&f->ledger, &rows, NULL, &err));
}

static void open_slot(feed *f)
{
    rr_policy *policy = NULL;
    require(rr_agent_publish(f->agent, NULL, &policy, &err));
    require(rr_slot_create(&f->slot, policy, 1, NULL, &err));
    require(rr_reader_join(&f->reader, f->slot, 1, NULL, &err));
    rr_policy_release(policy);
}

static void close_all(feed *f)
{
    rr_reader_destroy(f->reader);
    rr_slot_release(f->slot);
    rr_ledger_destroy(f->ledger);
    rr_agent_destroy(f->agent);
    rr_items_release(f->items);
}

/* The oldest items go, as many new ones come; what is shared is shared. */
static void move_catalogue(feed *f)
{
    float vectors[CHANGED * DIM];
    uint64_t gone[CHANGED], keys[CHANGED];
    rr_items *next = NULL;
    for (int i = 0; i < CHANGED; i++) {
        gone[i] = ++f->oldest;
    }
    draw_items(f, vectors, keys, CHANGED);
    require(
        rr_items_follow(&next, f->items, gone, CHANGED, keys, vectors, CHANGED, NULL, NULL, &err));
    require(rr_agent_set_items(f->agent, next, &err));
    require(rr_slot_publish(f->slot, f->agent, NULL, &err));
    rr_items_release(f->items);
    f->items = next;
}

/* Sixty-four users, one decision each. The request: acquire, the policy's items, act, record. */
static void serve(feed *f, int64_t now)
{
    static float states[ROWS * DIM];
    uint64_t ids[ROWS], versions[ROWS];
    int64_t times[ROWS];
    int32_t actions[ROWS], chosen[ROWS];
    float log_probs[ROWS];
    uint8_t alive[ROWS];
    for (int i = 0; i < ROWS; i++) {
        ids[i] = ++f->n_decisions;
        times[i] = now;
        for (int c = 0; c < DIM; c++) {
            states[i * DIM + c] = 2.0f * uniform() - 1.0f;
        }
    }
    rr_policy *policy = NULL;
    require(rr_reader_acquire(f->reader, &policy, &err));
    rr_items *items = rr_policy_items(policy);
    const rr_obs obs = {.struct_size = sizeof obs,
                        .n = ROWS,
                        .state_dim = DIM,
                        .states = states,
                        .sessions = ids,
                        .decisions = ids,
                        .times = times,
                        .pool = items};
    rr_decision decision = {.struct_size = sizeof decision,
                            .n = ROWS,
                            .actions = actions,
                            .items = chosen,
                            .log_probs = log_probs,
                            .policy_versions = versions};
    require(rr_policy_act(policy, f->reader, &obs, &decision, &err));
    require(rr_items_are_alive(items, chosen, ROWS, alive, &err));
    require(rr_ledger_record(f->ledger, &obs, &decision, NULL, &err));
    rr_items_segment all = {.struct_size = sizeof all};
    require(rr_items_segment_at(items, 0, &all, &err));
    for (int i = 0; i < ROWS; i++) { /* they like what lies in the direction of their state */
        const float *v = all.vectors + chosen[i] * DIM;
        f->earned[i] = alive[i] != 0 ? 0.0f : -1000.0f;
        for (int c = 0; c < DIM; c++) {
            f->earned[i] += v[c] * states[i * DIM + c];
        }
        f->late[i] = ids[i];
    }
    f->n_late = ROWS;
    require(rr_reader_release(f->reader, &err));
}

/* Rewards of an hour ago; each ends its session. */
static float reward(feed *f, int64_t now)
{
    uint8_t terminated[ROWS];
    int64_t times[ROWS];
    float sum = 0.0f;
    for (int i = 0; i < ROWS; i++) {
        terminated[i] = 1;
        times[i] = now;
        sum += f->earned[i];
    }
    const rr_outcome outcome = {.struct_size = sizeof outcome,
                                .n = f->n_late,
                                .decisions = f->late,
                                .times = times,
                                .rewards = f->earned,
                                .terminated = terminated};
    require(rr_ledger_reward(f->ledger, &outcome, NULL, &err));
    return sum / (float)ROWS;
}

/* Ends the process, as far as the library is concerned, and begins another one. */
static void restart(feed *f)
{
    rr_checkpoint all = {.struct_size = sizeof all, .agent = f->agent, .ledger = f->ledger};
    size_t bytes, held;
    require(rr_items_save(f->items, ITEMS_FILE, &err));
    require(rr_items_file_memory(ITEMS_FILE, &bytes, &held, &err));
    printf("loading takes %s what the catalogue holds\n",
           bytes < 4 * held ? "less than four times" : "more than four times");
    require(rr_checkpoint_save(&all, STATE_FILE, &err));
    const int64_t generation = rr_items_generation(f->items);
    const uint64_t line = rr_items_line(f->items);
    close_all(f);
    require(rr_items_load(&f->items, ITEMS_FILE, NULL, &err));
    create_agent(f);
    all.agent = f->agent;
    all.ledger = f->ledger;
    require(rr_checkpoint_load(&all, STATE_FILE, &err));
    open_slot(f);
    printf("restart: generation %d of %s\n", (int)rr_items_generation(f->items),
           rr_items_generation(f->items) == generation && rr_items_line(f->items) == line
               ? "the same line"
               : "another line");
    remove(ITEMS_FILE);
    remove(STATE_FILE);
}

int main(void)
{
    static float vectors[ITEMS * DIM];
    static uint64_t keys[ITEMS];
    feed f = {0};
    draw_items(&f, vectors, keys, ITEMS);
    require(rr_items_create(&f.items, vectors, keys, ITEMS, DIM, NULL, NULL, &err));
    create_agent(&f);
    open_slot(&f);

    int64_t trained = 0, dropped = 0, refused = 0, waiting = 0;
    float early = 0.0f, late = 0.0f;
    for (int hour = 0; hour < HOURS; hour++) {
        const int64_t now = (int64_t)hour * HOUR;
        if (hour > 0) {
            const float mean = reward(&f, now);
            early += hour <= HOURS / 4 ? mean : 0.0f;
            late += hour >= HOURS - HOURS / 4 ? mean : 0.0f;
        }
        if (hour == HOURS / 2) {
            restart(&f);
        }
        if (hour % 2 == 1) {
            move_catalogue(&f);
        }
        serve(&f, now);
        rr_ledger_counts counts = {.struct_size = sizeof counts};
        require(rr_ledger_settle(f.ledger, now, &counts, &err));
        if (counts.ready > 0) {
            rr_stats stats = {.struct_size = sizeof stats};
            require(rr_agent_update_sessions(f.agent, f.ledger, &stats, &err));
            trained += stats.n_rows;
            dropped += stats.n_dropped;
            refused += stats.n_refused;
            waiting += stats.n_waiting;
            require(rr_slot_publish(f.slot, f.agent, NULL, &err));
        }
    }
    printf("generation %d: %d indices, %d items that may be chosen\n",
           (int)rr_items_generation(f.items), (int)rr_items_count(f.items),
           (int)rr_items_count_alive(f.items));
    printf("rows trained on %d, dropped %d, refused %d, waiting %d\n", (int)trained, (int)dropped,
           (int)refused, (int)waiting);
    printf("reward: %s than at first\n", late > early ? "higher" : "lower");

    size_t bytes;
    rr_items *anew = NULL;
    int32_t *map = malloc((size_t)rr_items_count(f.items) * sizeof *map);
    require(rr_items_follow_memory(f.items, CHANGED, &bytes, &err));
    printf("another %d items fit into the line: %s\n", (int)CHANGED, bytes < 1000 ? "yes" : "no");
    require(rr_items_compact_memory(f.items, &bytes, NULL, &err));
    require(rr_items_compact(&anew, f.items, NULL, map, &err));
    printf("compact: %d indices; that of the last item was %d and is %d\n",
           (int)rr_items_count(anew), (int)rr_items_count(f.items) - 1,
           (int)map[rr_items_count(f.items) - 1]);
    require(rr_agent_set_items(f.agent, anew, &err));
    free(map);
    rr_items_release(anew);
    close_all(&f);
    return EXIT_SUCCESS;
}
