/* SPDX-License-Identifier: MIT */
/* Visitors who come and go, in one process and without a log: rows go into a ledger as they are
 * decided, rewards come by decision id, sessions end when their visitors leave. What may go wrong
 * is shown too: a row sent twice, a late reward, a ledger that is full, a clock in the wrong unit.
 *
 *     host_visitors */
#include <inttypes.h>
#include <recrl/recrl.h>
#include <stdio.h>
#include <stdlib.h>

enum { DIM = 4, ITEMS = 20, VISITORS = 6, ROWS = 24, WAIT = 60 };

static void require(rr_status status, const rr_error *err)
{
    if (status != RR_OK) {
        fprintf(stderr, "visitors: %s\n", err->text);
        exit(EXIT_FAILURE);
    }
}

/* Takes a status that is meant to come, with what it says. */
static void expect(rr_status status, rr_status wanted, const rr_error *err)
{
    if (status != wanted) {
        fprintf(stderr, "visitors: %s instead of %s\n", rr_status_name(status),
                rr_status_name(wanted));
        exit(EXIT_FAILURE);
    }
    printf("  %s: %s\n", rr_status_name(status), err->text);
}

static void print_counts(const char *when, const rr_ledger_counts *c)
{
    printf("%s: %" PRId64 " rows open, %" PRId64 " waiting, %" PRId64 " ready; %" PRId64
           " trained, %" PRId64 " dropped\n",
           when, c->open, c->waiting, c->ready, c->trained, c->dropped);
}

/* One decision for each visitor, recorded. Ids are visitor × 100 + step. */
static rr_status decide(rr_agent *agent, rr_ledger *ledger, uint64_t step, int64_t now,
                        int32_t *statuses, rr_error *err)
{
    float states[VISITORS * DIM], log_probs[VISITORS];
    int32_t positions[VISITORS];
    uint64_t sessions[VISITORS], ids[VISITORS], versions[VISITORS];
    int64_t times[VISITORS];
    for (uint64_t i = 0; i < VISITORS; i++) {
        for (uint64_t j = 0; j < DIM; j++) {
            states[i * DIM + j] = (float)((i * 7 + j * 3 + step) % 5) - 2.0f;
        }
        sessions[i] = 1 + i;
        ids[i] = sessions[i] * 100 + step;
        times[i] = now;
    }
    const rr_obs obs = {.struct_size = sizeof obs,
                        .n = VISITORS,
                        .state_dim = DIM,
                        .states = states,
                        .sessions = sessions,
                        .decisions = ids,
                        .times = times};
    rr_decision decision = {.struct_size = sizeof decision,
                            .n = VISITORS,
                            .actions = positions,
                            .log_probs = log_probs,
                            .policy_versions = versions};
    require(rr_agent_act(agent, &obs, &decision, err), err);
    return rr_ledger_record(ledger, &obs, &decision, statuses, err);
}

/* A click of each visitor on what was shown in a step. */
static void click(rr_ledger *ledger, uint64_t step, int64_t now, int32_t *statuses)
{
    rr_error err;
    uint64_t ids[VISITORS];
    float rewards[VISITORS];
    int64_t times[VISITORS];
    for (uint64_t i = 0; i < VISITORS; i++) {
        ids[i] = (1 + i) * 100 + step;
        rewards[i] = 1.0f;
        times[i] = now;
    }
    const rr_outcome outcome = {.struct_size = sizeof outcome,
                                .n = VISITORS,
                                .decisions = ids,
                                .rewards = rewards,
                                .times = times};
    require(rr_ledger_reward(ledger, &outcome, statuses, &err), &err);
}

static void say_goodbye(rr_ledger *ledger)
{
    rr_error err;
    uint64_t sessions[VISITORS];
    uint8_t is_over[VISITORS];
    for (uint64_t i = 0; i < VISITORS; i++) {
        sessions[i] = 1 + i;
        is_over[i] = 1;
    }
    const rr_ending ending = {
        .struct_size = sizeof ending, .n = VISITORS, .sessions = sessions, .terminated = is_over};
    require(rr_ledger_end(ledger, &ending, NULL, &err), &err);
}

static rr_ledger *make_ledger(const rr_agent *agent)
{
    rr_error err;
    rr_ledger *ledger = NULL;
    rr_ledger_config config;
    rr_ledger_config_init(&config, sizeof config);
    require(rr_agent_fit_ledger_config(agent, &config, &err), &err);
    config.max_rows = ROWS;
    config.reward_wait = WAIT; /* seconds, as all times here */
    require(rr_ledger_create(&ledger, &config, NULL, &err), &err);
    return ledger;
}

int main(void)
{
    rr_error err;
    rr_items *items = NULL;
    rr_agent *agent = NULL;
    rr_agent_config config;
    rr_ledger_counts counts = {.struct_size = sizeof counts};
    rr_stats stats = {.struct_size = sizeof stats};
    int32_t statuses[VISITORS];
    rr_agent_config_init(&config, sizeof config);
    config.state_dim = config.item_dim = DIM;
    config.max_rows = VISITORS;
    config.max_update_rows = ROWS;
    config.max_candidates = config.max_history = 0;
    require(rr_items_create_random(&items, ITEMS, DIM, 0, NULL, &err), &err);
    require(rr_agent_create(&agent, &config, NULL, items, NULL, &err), &err);
    rr_ledger *ledger = make_ledger(agent);

    puts("Two steps of six visitors; each clicks once, and leaves.");
    require(decide(agent, ledger, 0, 0, NULL, &err), &err);
    require(decide(agent, ledger, 1, 10, NULL, &err), &err);
    click(ledger, 0, 5, NULL);
    say_goodbye(ledger);
    require(rr_ledger_settle(ledger, 20, &counts, &err), &err);
    print_counts("20 s", &counts);
    require(rr_ledger_settle(ledger, 10 + WAIT, &counts, &err), &err);
    print_counts("70 s", &counts);
    require(rr_agent_update_sessions(agent, ledger, &stats, &err), &err);
    printf("an update took %d rows, mean reward %.2f\n", stats.n_rows, (double)stats.reward_mean);

    puts("A row that is sent twice is skipped, and a click that comes late is counted.");
    require(decide(agent, ledger, 2, 100, NULL, &err), &err);
    require(decide(agent, ledger, 2, 100, statuses, &err), &err);
    printf("  %s\n", rr_status_text(statuses[0]));
    click(ledger, 2, 100 + WAIT, statuses);
    printf("  %s\n", rr_status_text(statuses[0]));

    puts("A ledger that is full says so, and keeps what it has.");
    for (uint64_t step = 3; !rr_ledger_is_full(ledger); step++) {
        require(decide(agent, ledger, step, 100, NULL, &err), &err);
    }
    expect(decide(agent, ledger, 9, 100, NULL, &err), RR_E_FULL, &err);
    printf("  %d rows\n", rr_ledger_count(ledger));

    puts("A clock in milliseconds among seconds is refused; a jump that is meant is possible.");
    expect(rr_ledger_settle(ledger, 1700000000000, NULL, &err), RR_E_INVALID, &err);
    require(rr_ledger_set_clock(ledger, 1700000000, &err), &err);
    require(rr_ledger_get_counts(ledger, &counts, &err), &err);
    printf("  the clock is at %" PRId64 "\n", counts.clock);

    puts(
        "What is ready and not wanted is dropped; what is open stays until the ledger is cleared.");
    say_goodbye(ledger);
    require(rr_ledger_settle(ledger, 1700000000, NULL, &err), &err);
    require(rr_ledger_drop_ready(ledger, &err), &err);
    require(rr_ledger_get_counts(ledger, &counts, &err), &err);
    print_counts("  after the drop", &counts);
    rr_ledger_clear(ledger);
    printf("  %d rows\n", rr_ledger_count(ledger));

    rr_ledger_destroy(ledger);
    rr_agent_destroy(agent);
    rr_items_release(items);
    return EXIT_SUCCESS;
}
