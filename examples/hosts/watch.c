/* SPDX-License-Identifier: MIT */
/* What there is to watch, and a budget for what is tried out. A feed shows one of six articles to
 * readers who come one after the other; a share of the decisions, the floor, is spread evenly, so
 * that the trainer keeps learning of what its policy would not show. What the floor costs is
 * counted by the part that drew, and the share follows a budget: so many clicks in a hundred
 * decisions. At the end every figure of the library is printed by a loop.
 *
 *     host_watch [figures] */
#include <math.h>
#include <recrl/recrl.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

enum { ARTICLES = 30, USER = 4, LIST = 6, ROWS = 512, HOURS = 16 };

static rr_error err;

static void require(rr_status status)
{
    if (status != RR_OK) {
        fprintf(stderr, "watch: %s\n", err.text);
        exit(EXIT_FAILURE);
    }
}

static float uniform(void)
{
    static uint64_t state = 3;
    state = state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
    return (float)(state >> 40) / 16777216.0f;
}

/* Decisions of an hour, and what they earned, by the part that drew them. */
typedef struct spending {
    double n[3], earned[3]; /* RR_PART_POLICY, _INCUMBENT, _FLOOR */
} spending;

static void spend(spending *s, int32_t part, float reward)
{
    s->n[part] += 1.0;
    s->earned[part] += (double)reward;
}

/* What a decision of the floor earned less than one of the policy: the price of trying out. */
static double price_of_floor(const spending *s)
{
    const int policy = RR_PART_POLICY, floor = RR_PART_FLOOR;
    return s->n[policy] > 0.0 && s->n[floor] > 0.0
               ? s->earned[policy] / s->n[policy] - s->earned[floor] / s->n[floor]
               : 0.0;
}

/* The share that costs `budget` of reward a decision at this price, in [0.01, 0.2]. What the floor
 * earned is known the less, the fewer decisions it had, so the share moves at most by a half. */
static float floor_within(double budget, float floor, double price)
{
    const float low = fmaxf(0.5f * floor, 0.01f), high = fminf(1.5f * floor, 0.2f);
    const float wanted = price > 0.0 ? (float)(budget / price) : high;
    return fminf(fmaxf(wanted, low), high);
}

/* Every figure of a struct, a line each: what it is called, its value, and what it counts. */
static void print_figures(FILE *out, const char *group, int32_t of, const void *from)
{
    for (int32_t i = 0; i < rr_figure_count(of); i++) {
        double value = 0.0;
        rr_figure figure = {.struct_size = sizeof figure};
        const rr_status status = rr_figure_read(of, i, from, &value, NULL);
        if (rr_figure_at(of, i, &figure, NULL) == RR_OK && status == RR_OK) {
            fprintf(out, "%s_%s%s %.9g # %s%s%s\n", group, figure.name,
                    figure.form == RR_FIGURE_COUNTER ? "_total" : "", value, figure.unit,
                    figure.unit[0] != '\0' ? " " : "", figure.text);
        }
    }
}

typedef struct feed {
    rr_items *items;
    rr_agent *agent;
    rr_ledger *ledger;
    rr_slot *slot;
    rr_reader *reader;
    float articles[ARTICLES][USER];
    uint64_t n_decisions;
    rr_serving_options play;
} feed;

static void open_feed(feed *f)
{
    rr_agent_config shape;
    rr_ledger_config room;
    rr_policy *policy = NULL;
    rr_agent_config_init(&shape, sizeof shape);
    rr_ledger_config_init(&room, sizeof room);
    rr_serving_options_init(&f->play, sizeof f->play);
    for (int i = 0; i < ARTICLES * USER; i++) {
        f->articles[i / USER][i % USER] = 2.0f * uniform() - 1.0f;
    }
    shape.state_dim = shape.item_dim = USER;
    shape.max_candidates = LIST;
    shape.max_history = 0;
    shape.has_repeat_weight = 0;
    f->play.floor = 0.2f;
    require(rr_items_create(&f->items, f->articles[0], NULL, ARTICLES, USER, NULL, NULL, &err));
    require(rr_agent_create(&f->agent, &shape, NULL, f->items, NULL, &err));
    require(rr_agent_fit_ledger_config(f->agent, &room, &err));
    require(rr_ledger_create(&f->ledger, &room, NULL, &err));
    require(rr_agent_publish(f->agent, &f->play, &policy, &err));
    require(rr_slot_create(&f->slot, policy, 1, NULL, &err));
    require(rr_reader_join(&f->reader, f->slot, 0, NULL, &err));
    rr_policy_release(policy);
}

static void close_feed(feed *f)
{
    rr_reader_destroy(f->reader);
    rr_slot_release(f->slot);
    rr_ledger_destroy(f->ledger);
    rr_agent_destroy(f->agent);
    rr_items_release(f->items);
}

/* One reader, one decision, and whether it was clicked. */
static void serve(feed *f, spending *s)
{
    float user[USER], log_prob = 0.0f, likes = -1.0f;
    int32_t candidates[LIST], position = 0;
    int32_t part = RR_PART_POLICY;
    uint64_t version = 0;
    const uint64_t id = ++f->n_decisions;
    const uint8_t is_over = 1;
    const int32_t first = (int32_t)(uniform() * ARTICLES);
    for (int i = 0; i < LIST; i++) {
        candidates[i] = (first + 7 * i) % ARTICLES;
    }
    for (int j = 0; j < USER; j++) {
        user[j] = 2.0f * uniform() - 1.0f;
    }
    const rr_obs obs = {.struct_size = sizeof obs,
                        .n = 1,
                        .n_candidates = LIST,
                        .state_dim = USER,
                        .states = user,
                        .candidates = candidates,
                        .sessions = &id,
                        .decisions = &id};
    rr_decision decision = {.struct_size = sizeof decision,
                            .n = 1,
                            .actions = &position,
                            .log_probs = &log_prob,
                            .policy_versions = &version,
                            .parts = &part};
    require(rr_reader_act(f->reader, &obs, &decision, &err));
    require(rr_ledger_record(f->ledger, &obs, &decision, NULL, &err));
    for (int j = 0; j < USER; j++) {
        likes += 4.0f * user[j] * f->articles[candidates[position]][j];
    }
    const float reward = uniform() < 1.0f / (1.0f + expf(-likes)) ? 1.0f : 0.0f;
    const rr_outcome outcome = {.struct_size = sizeof outcome,
                                .n = 1,
                                .decisions = &id,
                                .rewards = &reward,
                                .terminated = &is_over};
    require(rr_ledger_reward(f->ledger, &outcome, NULL, &err));
    spend(s, part, reward);
}

int main(int argc, char **argv)
{
    feed f = {0};
    rr_stats stats = {.struct_size = sizeof stats};
    rr_ledger_counts counts = {.struct_size = sizeof counts};
    rr_slot_info slot = {.struct_size = sizeof slot};
    const double budget = 0.01;
    double cost = 0.0, n = 0.0;
    open_feed(&f);
    for (int hour = 1; hour <= HOURS; hour++) {
        spending s = {0};
        for (int i = 0; i < ROWS; i++) {
            serve(&f, &s);
        }
        const double price = price_of_floor(&s);
        cost += hour > HOURS / 2 ? price * s.n[RR_PART_FLOOR] : 0.0;
        n += hour > HOURS / 2 ? ROWS : 0.0;
        if (hour == 1 || hour % 4 == 0) {
            printf("hour %2d: policy %.0f decisions, floor %.0f; the floor is %.2f\n", hour,
                   s.n[RR_PART_POLICY], s.n[RR_PART_FLOOR], (double)f.play.floor);
        }
        f.play.floor = floor_within(budget, f.play.floor, price);
        require(rr_agent_update_sessions(f.agent, f.ledger, &stats, &err));
        require(rr_slot_publish(f.slot, f.agent, &f.play, &err));
    }
    printf("the second half: the floor cost %s\n",
           cost / n < 1.5 * budget ? "what it may" : "more than it may");
    require(rr_ledger_get_counts(f.ledger, &counts, &err));
    require(rr_slot_describe(f.slot, &slot, &err));
    if (argc > 1 && strcmp(argv[1], "figures") == 0) {
        printf("the second half: %.4f of reward a decision, of %.4f\n", cost / n, budget);
        print_figures(stdout, "ledger", RR_FIGURES_COUNTS, &counts);
        print_figures(stdout, "update", RR_FIGURES_STATS, &stats);
    }
    print_figures(stdout, "slot", RR_FIGURES_SLOT, &slot);
    close_feed(&f);
    return EXIT_SUCCESS;
}
