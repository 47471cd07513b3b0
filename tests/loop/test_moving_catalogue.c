/* SPDX-License-Identifier: MIT */
/* A catalogue that moves while decisions are made under one generation and learned from under
 * another: what is gone is never chosen, and what was recorded is trained on. */
#include <math.h>
#include <stdio.h>
#include <string.h>

#include "check_run.h"
#include "core/philox.h"
#include "recrl/recrl.h"

enum { DIM = 8, STATE = 3, ROWS = 32, LIST = 5, PAST = 4 };

/* A trainer, its readers, and the sessions of a ledger. */
typedef struct feed {
    rr_items *items;
    rr_agent *agent;
    rr_slot *slot;
    rr_reader *reader;
    rr_ledger *ledger;
    rr_serving_options options;
    bool has_lists, has_history;
    uint64_t n_decisions, n_keys;
    int n_warnings;
    char warning[512];
    rr_host host;
    rr_error err;
    /* the last decisions */
    float states[ROWS * STATE], log_probs[ROWS];
    int32_t candidates[ROWS * LIST], history[ROWS * PAST], excluded[ROWS * PAST];
    int32_t actions[ROWS], chosen[ROWS];
    uint64_t sessions[ROWS], decisions[ROWS], versions[ROWS];
    int64_t times[ROWS];
} feed;

static void take_warning(void *user, int32_t level, const char *sentence)
{
    feed *f = user;
    (void)level;
    f->n_warnings++;
    snprintf(f->warning, sizeof f->warning, "%s", sentence);
}

#define OK(f, call)                                                                                \
    do {                                                                                           \
        const rr_status ok_status = (call);                                                        \
        ck_assert_msg(ok_status == RR_OK, "%s: %s", #call, (f)->err.text);                         \
    } while (0)

static float *draw_vectors(size_t n, uint64_t seed)
{
    float *vectors = malloc((n > 0 ? n : 1) * DIM * sizeof *vectors);
    for (size_t i = 0; i < n; i++) {
        rri_philox_normals(vectors + i * DIM, DIM, seed, RRI_STREAM_ITEMS, i);
    }
    return vectors;
}

static void open_feed(feed *f, int32_t n_items, void (*settle)(rr_agent_config *))
{
    f->host = (rr_host){.struct_size = sizeof f->host, .log = take_warning, .user = f};
    float *vectors = draw_vectors((size_t)n_items, 1);
    uint64_t *keys = malloc((size_t)n_items * sizeof *keys);
    for (int32_t i = 0; i < n_items; i++) {
        keys[i] = 1000 + f->n_keys++;
    }
    OK(f, rr_items_create(&f->items, vectors, keys, n_items, DIM, NULL, NULL, &f->err));
    free(vectors);
    free(keys);
    rr_agent_config config;
    rr_agent_config_init(&config, sizeof config);
    config.state_dim = STATE;
    config.item_dim = DIM;
    config.hidden[0] = config.critic_hidden[0] = 8;
    config.hidden[1] = config.critic_hidden[1] = 0;
    config.max_rows = ROWS;
    config.max_candidates = LIST;
    config.max_history = PAST;
    config.max_update_rows = 4 * ROWS;
    config.initial_scale = 0.5f;
    if (settle != NULL) {
        settle(&config);
    }
    OK(f, rr_agent_create(&f->agent, &config, NULL, f->items, &f->host, &f->err));
    rr_serving_options_init(&f->options, sizeof f->options);
    rr_policy *policy = NULL;
    OK(f, rr_agent_publish(f->agent, &f->options, &policy, &f->err));
    OK(f, rr_slot_create(&f->slot, policy, 1, NULL, &f->err));
    rr_policy_release(policy);
    OK(f, rr_reader_join(&f->reader, f->slot, 7, NULL, &f->err));
    rr_ledger_config ledger;
    rr_ledger_config_init(&ledger, sizeof ledger);
    OK(f, rr_agent_fit_ledger_config(f->agent, &ledger, &f->err));
    ledger.max_rows = 4 * ROWS;
    OK(f, rr_ledger_create(&f->ledger, &ledger, NULL, &f->err));
}

static void close_feed(feed *f)
{
    rr_ledger_destroy(f->ledger);
    rr_reader_destroy(f->reader);
    rr_slot_release(f->slot);
    rr_agent_destroy(f->agent);
    rr_items_release(f->items);
}

static rr_obs observe(feed *f)
{
    return (rr_obs){.struct_size = sizeof(rr_obs),
                    .n = ROWS,
                    .state_dim = STATE,
                    .states = f->states,
                    .n_candidates = f->has_lists ? LIST : 0,
                    .candidates = f->has_lists ? f->candidates : NULL,
                    .n_history = f->has_history ? PAST : 0,
                    .history = f->has_history ? f->history : NULL,
                    .n_excluded = f->has_history ? PAST : 0,
                    .excluded = f->has_history ? f->excluded : NULL,
                    .sessions = f->sessions,
                    .decisions = f->decisions,
                    .times = f->times,
                    .pool = f->items};
}

/* Every second row is the last of a session of two. */
static void draw_request(feed *f)
{
    const int32_t n = rr_items_count(f->items);
    for (size_t i = 0; i < ROWS; i++) {
        const uint64_t id = ++f->n_decisions;
        f->decisions[i] = id;
        f->sessions[i] = (id - 1) / 2;
        f->times[i] = (int64_t)id;
        rri_philox_normals(f->states + i * STATE, STATE, 5, RRI_STREAM_USERS, id);
        for (size_t j = 0; j < LIST; j++) { /* rising, so distinct */
            const double u = rri_philox_uniform(9, RRI_STREAM_USERS, id, (uint32_t)j);
            f->candidates[i * LIST + j] =
                (int32_t)((double)n * ((double)j + 0.999 * u) / (double)LIST);
        }
        for (size_t j = 0; j < PAST; j++) {
            f->history[i * PAST + j] = (int32_t)((id * 7 + j * j) % (uint64_t)n);
            f->excluded[i * PAST + j] = j < 2 ? (int32_t)((id * 13 + j) % (uint64_t)n) : -1;
        }
    }
}

static void act(feed *f)
{
    draw_request(f);
    const rr_obs obs = observe(f);
    rr_decision decision = {.struct_size = sizeof decision,
                            .n = ROWS,
                            .actions = f->actions,
                            .items = f->chosen,
                            .log_probs = f->log_probs,
                            .policy_versions = f->versions};
    OK(f, rr_reader_act(f->reader, &obs, &decision, &f->err));
    ck_assert_uint_eq(decision.pool_fingerprint, rr_items_fingerprint(f->items));
    for (size_t i = 0; i < ROWS; i++) {
        uint8_t alive;
        OK(f, rr_items_are_alive(f->items, &f->chosen[i], 1, &alive, &f->err));
        ck_assert_msg(alive == 1, "item %d is gone, and was chosen", (int)f->chosen[i]);
    }
    OK(f, rr_ledger_record(f->ledger, &obs, &decision, NULL, &f->err));
    float rewards[ROWS];
    uint8_t terminated[ROWS];
    for (size_t i = 0; i < ROWS; i++) {
        rewards[i] = (float)(f->chosen[i] % 3);
        terminated[i] = f->decisions[i] % 2 == 0;
    }
    const rr_outcome outcome = {.struct_size = sizeof outcome,
                                .n = ROWS,
                                .rewards = rewards,
                                .terminated = terminated,
                                .decisions = f->decisions};
    OK(f, rr_ledger_reward(f->ledger, &outcome, NULL, &f->err));
}

/* n_gone of the items that are there go, and n_new come. */
static rr_items *follow(feed *f, int32_t n_gone, int32_t n_new)
{
    const int32_t n = rr_items_count(f->items);
    uint64_t *gone = malloc((size_t)(n_gone + 1) * sizeof *gone);
    uint64_t *keys = malloc((size_t)(n_new + 1) * sizeof *keys);
    int32_t found = 0;
    for (int32_t i = 0; i < n && found < n_gone; i++) {
        const int32_t at = (int32_t)(((int64_t)i * 7919 + 5) % n);
        uint8_t alive;
        OK(f, rr_items_are_alive(f->items, &at, 1, &alive, &f->err));
        if (alive != 0 && n % 7919 != 0) {
            OK(f, rr_items_keys_of(f->items, &at, 1, &gone[found++], &f->err));
        }
    }
    for (int32_t i = 0; i < n_new; i++) {
        keys[i] = 1000 + f->n_keys++;
    }
    float *vectors = draw_vectors((size_t)n_new, f->n_keys);
    rr_items *next = NULL;
    OK(f, rr_items_follow(&next, f->items, gone, found, keys, vectors, n_new, NULL, NULL, &f->err));
    free(vectors);
    free(gone);
    free(keys);
    return next;
}

static void move_on(feed *f, int32_t n_gone, int32_t n_new)
{
    rr_items *next = follow(f, n_gone, n_new);
    rr_items_release(f->items);
    f->items = next;
    OK(f, rr_agent_set_items(f->agent, next, &f->err));
    OK(f, rr_slot_publish(f->slot, f->agent, &f->options, &f->err));
}

/* Decisions under three generations, learned from under the last one, twice. */
static void check_rows_go_on(feed *f, int32_t n_gone, int32_t n_new, bool is_frozen)
{
    for (int round = 0; round < 2; round++) {
        act(f);
        move_on(f, n_gone, n_new);
        act(f);
        move_on(f, n_gone, n_new);
        act(f);
        rr_stats stats = {.struct_size = sizeof stats};
        OK(f, rr_agent_update_sessions(f->agent, f->ledger, &stats, &f->err));
        ck_assert_int_eq(stats.n_rows, 3 * ROWS);
        ck_assert_int_eq(stats.n_dropped, 0);
        ck_assert_int_eq(stats.n_refused, 0);
        /* Within a round only the catalogue changed, so all log-probs are those of the present. */
        ck_assert_float_eq(stats.ess, 1.0f);
        ck_assert_float_eq(stats.weight_max, 1.0f);
        ck_assert(is_frozen || stats.staleness_max == 0);
        rr_ledger_counts counts = {.struct_size = sizeof counts};
        OK(f, rr_ledger_get_counts(f->ledger, &counts, &f->err));
        ck_assert_int_eq(counts.dropped, 0);
        ck_assert_int_eq(counts.rejected, 0);
        ck_assert_int_eq(counts.trained, 3 * ROWS * (round + 1));
        ck_assert_msg(f->n_warnings == 0, "%s", f->warning);
        OK(f, rr_slot_publish(f->slot, f->agent, &f->options, &f->err));
    }
}

START_TEST(test_moving_catalogue_rows_over_a_small_pool_are_trained_on_under_later_generations)
{
    feed f = {0};
    open_feed(&f, 700, NULL);
    check_rows_go_on(&f, 40, 300, true);
    close_feed(&f);
}
END_TEST

START_TEST(test_moving_catalogue_rows_over_a_large_pool_are_trained_on_under_later_generations)
{
    feed f = {0};
    open_feed(&f, 40000, NULL);
    check_rows_go_on(&f, 3000, 2000, true);
    close_feed(&f);
}
END_TEST

START_TEST(test_moving_catalogue_rows_with_a_past_and_lists_are_trained_on)
{
    feed f = {.has_lists = true, .has_history = true};
    open_feed(&f, 700, NULL);
    check_rows_go_on(&f, 20, 60, true);
    close_feed(&f);
    feed pool = {.has_history = true};
    open_feed(&pool, 700, NULL);
    check_rows_go_on(&pool, 20, 60, true);
    close_feed(&pool);
}
END_TEST

static void learn_of_items(rr_agent_config *config)
{
    config->has_trained_items = 1;
    config->has_bias = 1;
    config->has_repeat_weight = 1;
}

START_TEST(test_moving_catalogue_agents_that_learn_of_items_go_on)
{
    feed f = {.has_history = true};
    open_feed(&f, 700, learn_of_items);
    check_rows_go_on(&f, 20, 60, false);
    close_feed(&f);
}
END_TEST

/* What may be chosen has all of the probability, also where an item is both gone and excluded. */
static void check_sums(feed *f)
{
    const size_t n = (size_t)rr_items_count(f->items);
    float *all = malloc(ROWS * n * sizeof *all);
    draw_request(f);
    const rr_obs obs = observe(f);
    rr_decision decision = {.struct_size = sizeof decision, .n = ROWS, .all_log_probs = all};
    OK(f, rr_reader_act(f->reader, &obs, &decision, &f->err));
    size_t n_twice = 0;
    for (size_t i = 0; i < ROWS; i++) {
        double sum = 0.0;
        for (size_t j = 0; j < n; j++) {
            sum += exp((double)all[i * n + j]);
        }
        ck_assert_msg(fabs(sum - 1.0) < 1e-5, "row %zu: %g", i, sum);
        uint8_t alive = 1;
        OK(f, rr_items_are_alive(f->items, &f->excluded[i * PAST], 1, &alive, &f->err));
        n_twice += alive == 0;
    }
    ck_assert_uint_gt(n_twice, 0);
    free(all);
}

START_TEST(test_moving_catalogue_temperature_floor_and_share_leave_out_what_is_gone)
{
    feed f = {.has_history = true};
    open_feed(&f, 300, NULL);
    f.options.temperature = 1.5f;
    f.options.floor = 0.5f;
    OK(&f, rr_slot_publish(f.slot, f.agent, &f.options, &f.err));
    act(&f);
    move_on(&f, 100, 50);
    act(&f);
    move_on(&f, 100, 20);
    act(&f);
    check_sums(&f);
    rr_stats stats = {.struct_size = sizeof stats};
    OK(&f, rr_agent_update_sessions(f.agent, f.ledger, &stats, &f.err));
    ck_assert_int_eq(stats.n_rows, 3 * ROWS);
    ck_assert_msg(f.n_warnings == 0, "%s", f.warning);
    close_feed(&f);
}
END_TEST

/* One state's distribution over a pool. */
static float *log_probs_of(feed *f, rr_items *pool)
{
    const size_t n = (size_t)rr_items_count(pool);
    float *all = malloc(n * sizeof *all);
    rr_obs obs = observe(f);
    obs.n = 1;
    obs.pool = pool;
    rr_decision decision = {.struct_size = sizeof decision, .n = 1, .all_log_probs = all};
    OK(f, rr_agent_act(f->agent, &obs, &decision, &f->err));
    return all;
}

static void check_gone_have_no_probability(int32_t n_items, int32_t n_gone, int32_t n_new)
{
    feed f = {0};
    open_feed(&f, n_items, NULL);
    draw_request(&f);
    move_on(&f, n_gone, n_new);
    const int32_t n = rr_items_count(f.items);
    ck_assert_int_eq(n, n_items + n_new);
    ck_assert_int_eq(rr_items_count_alive(f.items), n - n_gone);
    float *all = log_probs_of(&f, f.items);
    uint8_t *alive = malloc((size_t)n);
    int32_t *indices = malloc((size_t)n * sizeof *indices);
    for (int32_t i = 0; i < n; i++) {
        indices[i] = i;
    }
    OK(&f, rr_items_are_alive(f.items, indices, n, alive, &f.err));
    double sum = 0.0;
    int32_t n_dead = 0;
    for (int32_t i = 0; i < n; i++) {
        ck_assert_msg((all[i] == -INFINITY) == (alive[i] == 0), "item %d: %g", i, (double)all[i]);
        n_dead += alive[i] == 0;
        sum += alive[i] != 0 ? exp((double)all[i]) : 0.0;
    }
    ck_assert_int_eq(n_dead, n_gone);
    ck_assert_double_eq_tol(sum, 1.0, 1e-5);

    rr_obs obs = observe(&f);
    obs.n = 1;
    const int32_t n_alive = n - n_gone;
    int32_t *best = malloc((size_t)n * sizeof *best);
    OK(&f, rr_agent_top_k(f.agent, &obs, n, best, NULL, NULL, &f.err));
    for (int32_t i = 0; i < n; i++) {
        ck_assert_int_eq(best[i] >= 0, i < n_alive);
        ck_assert(best[i] < 0 || alive[best[i]] != 0);
        ck_assert(i == 0 || i >= n_alive || all[best[i]] <= all[best[i - 1]]);
    }
    free(best);
    free(indices);
    free(alive);
    free(all);
    close_feed(&f);
}

START_TEST(test_moving_catalogue_what_is_gone_has_no_probability)
{
    check_gone_have_no_probability(300, 100, 7);
    check_gone_have_no_probability(1500, 1, 0);
    check_gone_have_no_probability(20000, 9000, 300);
}
END_TEST

START_TEST(test_moving_catalogue_a_later_policy_serves_an_earlier_generation_with_its_bits)
{
    feed f = {0};
    open_feed(&f, 5000, NULL);
    draw_request(&f);
    rr_items *first = rr_items_retain(f.items);
    float *before = log_probs_of(&f, first);
    move_on(&f, 700, 900);
    rr_items *second = rr_items_retain(f.items);
    float *between = log_probs_of(&f, second);
    move_on(&f, 700, 900);
    float *again = log_probs_of(&f, first);
    ck_assert_mem_eq(before, again, 5000 * sizeof *before);
    free(again);
    again = log_probs_of(&f, second);
    ck_assert_mem_eq(between, again, 5900 * sizeof *between);
    free(before);
    free(between);
    free(again);
    rr_items_release(first);
    rr_items_release(second);
    close_feed(&f);
}
END_TEST

START_TEST(test_moving_catalogue_rows_of_a_generation_to_come_wait)
{
    feed f = {0};
    open_feed(&f, 700, NULL);
    rr_items *early = rr_items_retain(f.items);
    act(&f);
    move_on(&f, 10, 20);
    act(&f); /* under a generation that the trainer, rolled back to the first, does not have */
    OK(&f, rr_agent_set_items(f.agent, early, &f.err));
    rr_stats stats = {.struct_size = sizeof stats};
    OK(&f, rr_agent_update_sessions(f.agent, f.ledger, &stats, &f.err));
    ck_assert_int_eq(stats.n_rows, ROWS);
    ck_assert_int_eq(stats.n_waiting, ROWS);
    ck_assert_int_eq(rr_ledger_count(f.ledger), ROWS);
    ck_assert_int_eq(rr_agent_update_sessions(f.agent, f.ledger, &stats, &f.err), RR_E_STATE);
    ck_assert_msg(strstr(f.err.text, "wait for a generation") != NULL, "%s", f.err.text);
    ck_assert_int_eq(rr_ledger_count(f.ledger), ROWS);
    OK(&f, rr_agent_set_items(f.agent, f.items, &f.err));
    OK(&f, rr_agent_update_sessions(f.agent, f.ledger, &stats, &f.err));
    ck_assert_int_eq(stats.n_rows, ROWS);
    ck_assert_int_eq(stats.n_waiting, 0);
    ck_assert_int_eq(stats.n_refused, 0);
    rr_items_release(early);
    close_feed(&f);
}
END_TEST

START_TEST(test_moving_catalogue_a_host_may_not_choose_what_is_gone)
{
    feed f = {.has_lists = true};
    open_feed(&f, 100, NULL);
    draw_request(&f);
    move_on(&f, 50, 0);
    int32_t gone = 0, there = 0;
    uint8_t alive = 1;
    for (int32_t i = 0; i < 100; i++) {
        OK(&f, rr_items_are_alive(f.items, &i, 1, &alive, &f.err));
        gone = alive == 0 ? i : gone;
        there = alive != 0 ? i : there;
    }
    rr_obs obs = observe(&f);
    obs.n = 1;
    obs.n_candidates = 2;
    f.candidates[0] = gone;
    f.candidates[1] = there;
    float both[2];
    int32_t action = 0;
    rr_decision decision = {.struct_size = sizeof decision,
                            .n = 1,
                            .all_log_probs = both,
                            .actions = &action,
                            .items = &f.chosen[0]};
    OK(&f, rr_agent_act(f.agent, &obs, &decision, &f.err));
    ck_assert(both[0] == -INFINITY && both[1] == 0.0f && action == 1);
    obs.n_candidates = 1;
    ck_assert_int_eq(rr_agent_act(f.agent, &obs, &decision, &f.err), RR_E_INVALID);
    ck_assert_str_eq(f.err.text,
                     "obs: row 0: all 1 items are excluded or gone; at least one must be left");
    obs.n_candidates = 2;
    const int32_t incumbent = 0;
    obs.incumbents = &incumbent;
    rr_policy *policy = rr_slot_get(f.slot);
    ck_assert_int_eq(rr_policy_act(policy, f.reader, &obs, &decision, &f.err), RR_E_INVALID);
    ck_assert_str_eq(f.err.text, "obs: row 0: incumbents is 0; it must be -1 or a position whose "
                                 "item is not gone");
    obs.incumbents = NULL;
    const int32_t given = 0;
    float log_prob;
    ck_assert_int_eq(rr_agent_evaluate(f.agent, &obs, &given, &log_prob, NULL, NULL, &f.err),
                     RR_E_INVALID);
    rr_policy_release(policy);
    close_feed(&f);
}
END_TEST

START_TEST(test_moving_catalogue_what_was_shown_under_an_earlier_vector_was_the_same_item)
{
    feed f = {0};
    open_feed(&f, 60, NULL);
    draw_request(&f);
    const uint64_t key = 1000 + 20;
    float *vector = draw_vectors(1, 99);
    rr_items *next = NULL;
    OK(&f, rr_items_follow(&next, f.items, NULL, 0, &key, vector, 1, NULL, NULL, &f.err));
    ck_assert_int_eq(rr_items_count(next), 61);
    ck_assert_int_eq(rr_items_count_alive(next), 60);
    OK(&f, rr_agent_set_items(f.agent, next, &f.err));
    rr_obs obs = observe(&f);
    obs.n = 1;
    obs.pool = next;
    const int32_t excluded = 20;
    obs.excluded = &excluded;
    obs.n_excluded = 1;
    float all[61];
    rr_decision decision = {.struct_size = sizeof decision, .n = 1, .all_log_probs = all};
    OK(&f, rr_agent_act(f.agent, &obs, &decision, &f.err));
    ck_assert(all[20] == -INFINITY && all[60] == -INFINITY && all[59] > -INFINITY);
    obs.pool = f.items; /* under its generation the old index is the item */
    OK(&f, rr_agent_act(f.agent, &obs, &decision, &f.err));
    ck_assert(all[20] == -INFINITY && all[59] > -INFINITY);
    free(vector);
    rr_items_release(next);
    close_feed(&f);
}
END_TEST

START_TEST(test_moving_catalogue_files_of_an_ancestor_are_read_and_others_say_what_is_missing)
{
    for (int learns = 0; learns < 2; learns++) {
        feed f = {0};
        open_feed(&f, 700, learns != 0 ? learn_of_items : NULL);
        act(&f);
        move_on(&f, 30, 40);
        act(&f);
        OK(&f, rr_agent_update_sessions(f.agent, f.ledger, NULL, &f.err));
        OK(&f, rr_slot_publish(f.slot, f.agent, &f.options, &f.err));
        size_t n_policy, n_state;
        rr_policy *policy = rr_slot_get(f.slot), *loaded = NULL;
        OK(&f, rr_policy_save_memory(policy, NULL, 0, &n_policy, &f.err));
        void *saved = malloc(n_policy);
        OK(&f, rr_policy_save_memory(policy, saved, n_policy, &n_policy, &f.err));
        rr_checkpoint all = {.struct_size = sizeof all, .agent = f.agent};
        OK(&f, rr_checkpoint_save_memory(&all, NULL, 0, &n_state, &f.err));
        void *state = malloc(n_state);
        OK(&f, rr_checkpoint_save_memory(&all, state, n_state, &n_state, &f.err));
        rr_items *second = rr_items_retain(f.items);
        const uint64_t version = rr_policy_version(policy);

        rr_tensor before = {.struct_size = sizeof before}, after = before;
        float *kept = NULL;
        for (int32_t i = 0; i < rr_agent_tensor_count(f.agent); i++) {
            OK(&f, rr_agent_tensor_at(f.agent, i, &before, &f.err));
            if (strcmp(before.name, "actor.items") == 0) {
                kept = malloc((size_t)(before.shape[0] * before.shape[1]) * sizeof *kept);
                memcpy(kept, before.data,
                       (size_t)(before.shape[0] * before.shape[1]) * sizeof *kept);
            }
        }
        move_on(&f, 30, 40);
        OK(&f, rr_policy_load_memory(&loaded, saved, n_policy, f.items, NULL, &f.err));
        ck_assert_uint_eq(rr_policy_version(loaded), version);
        ck_assert_int_eq(rr_items_generation(rr_policy_items(loaded)), 1);
        rr_policy_release(loaded);
        OK(&f, rr_checkpoint_load_memory(&all, state, n_state, &f.err));
        for (int32_t i = 0; kept != NULL && i < rr_agent_tensor_count(f.agent); i++) {
            OK(&f, rr_agent_tensor_at(f.agent, i, &after, &f.err));
            if (strcmp(after.name, "actor.items") == 0) {
                ck_assert_int_eq(after.shape[0], 780);
                ck_assert_mem_eq(after.data, kept, (size_t)(740 * DIM) * sizeof *kept);
            }
        }
        act(&f); /* and the agent goes on */
        OK(&f, rr_slot_publish(f.slot, f.agent, &f.options, &f.err));

        rr_items *root = NULL;
        float *vectors = draw_vectors(700, 1);
        uint64_t keys[700];
        for (uint64_t i = 0; i < 700; i++) {
            keys[i] = 1000 + i;
        }
        OK(&f, rr_items_create(&root, vectors, keys, 700, DIM, NULL, NULL, &f.err));
        ck_assert_uint_eq(rr_items_fingerprint(root), rr_items_line(f.items));
        loaded = NULL;
        ck_assert_int_eq(rr_policy_load_memory(&loaded, saved, n_policy, root, NULL, &f.err),
                         RR_E_MISMATCH);
        ck_assert_msg(strstr(f.err.text, "it needs generation 1 of the catalogue's line; the one "
                                         "given is generation 0, so that 1 are missing") != NULL,
                      "%s", f.err.text);
        free(vectors);
        free(saved);
        free(state);
        free(kept);
        rr_items_release(root);
        rr_items_release(second);
        rr_policy_release(policy);
        close_feed(&f);
    }
}
END_TEST

START_TEST(test_moving_catalogue_blobs_keep_their_indices_in_every_generation_of_the_line)
{
    feed f = {.has_lists = true, .has_history = true};
    open_feed(&f, 100, NULL);
    move_on(&f, 5, 5);
    draw_request(&f);
    rr_obs obs = observe(&f);
    rr_decision decision = {.struct_size = sizeof decision,
                            .n = ROWS,
                            .actions = f.actions,
                            .items = f.chosen,
                            .log_probs = f.log_probs,
                            .policy_versions = f.versions};
    OK(&f, rr_reader_act(f.reader, &obs, &decision, &f.err));
    size_t bytes;
    uint64_t blob[256], work[256];
    OK(&f, rr_record_encode(&obs, &decision, 3, blob, sizeof blob, &bytes, &f.err));
    const uint64_t fingerprint = rr_items_fingerprint(f.items);
    for (int later = 0; later < 3; later++) {
        rr_obs row = {.struct_size = sizeof row};
        rr_decision one = {.struct_size = sizeof one};
        OK(&f, rr_record_decode(blob, bytes, f.items, work, sizeof work, &row, &one, &f.err));
        ck_assert_uint_eq(one.pool_fingerprint, fingerprint);
        ck_assert_int_eq(one.items[0], f.chosen[3]);
        ck_assert_mem_eq(row.candidates, f.candidates + 3 * LIST, LIST * sizeof(int32_t));
        ck_assert_mem_eq(row.history, f.history + 3 * PAST, PAST * sizeof(int32_t));
        move_on(&f, 20, 1);
    }
    /* Another process, which has the root alone. */
    rr_items *root = NULL;
    float *vectors = draw_vectors(100, 1);
    uint64_t keys[100];
    for (uint64_t i = 0; i < 100; i++) {
        keys[i] = 1000 + i;
    }
    OK(&f, rr_items_create(&root, vectors, keys, 100, DIM, NULL, NULL, &f.err));
    rr_obs row = {.struct_size = sizeof row};
    rr_decision one = {.struct_size = sizeof one};
    ck_assert_int_eq(rr_record_decode(blob, bytes, root, work, sizeof work, &row, &one, &f.err),
                     RR_E_NOT_FOUND);
    ck_assert_msg(strstr(f.err.text, "generation 1 of this catalogue's line, and the one given is "
                                     "generation 0") != NULL,
                  "%s", f.err.text);
    free(vectors);
    rr_items_release(root);
    close_feed(&f);
}
END_TEST

CHECK_MAIN("loop/moving_catalogue",
           test_moving_catalogue_rows_over_a_small_pool_are_trained_on_under_later_generations,
           test_moving_catalogue_rows_over_a_large_pool_are_trained_on_under_later_generations,
           test_moving_catalogue_rows_with_a_past_and_lists_are_trained_on,
           test_moving_catalogue_agents_that_learn_of_items_go_on,
           test_moving_catalogue_temperature_floor_and_share_leave_out_what_is_gone,
           test_moving_catalogue_what_is_gone_has_no_probability,
           test_moving_catalogue_a_later_policy_serves_an_earlier_generation_with_its_bits,
           test_moving_catalogue_rows_of_a_generation_to_come_wait,
           test_moving_catalogue_a_host_may_not_choose_what_is_gone,
           test_moving_catalogue_files_of_an_ancestor_are_read_and_others_say_what_is_missing,
           test_moving_catalogue_blobs_keep_their_indices_in_every_generation_of_the_line,
           test_moving_catalogue_what_was_shown_under_an_earlier_vector_was_the_same_item)
