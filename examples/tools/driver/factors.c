/* SPDX-License-Identifier: MIT */
#include "factors.h"

#include <stdlib.h>
#include <string.h>

#include "text.h"

static void add(factors_table *t, const char *name, const rr_ranking *r, bool is_popular)
{
    if (t->n == FACTORS_MOST_ROWS) {
        text_fail("the ranking has no room for %s", name);
    }
    t->n_users = r->n_users;
    t->at[t->n++] = (factors_row){
        .name = name,
        .recall = is_popular ? r->popular_recall : r->recall,
        .recall_interval = is_popular ? r->popular_recall_interval : r->recall_interval,
        .ndcg = is_popular ? r->popular_ndcg : r->ndcg,
        .ndcg_interval = is_popular ? r->popular_ndcg_interval : r->ndcg_interval};
}

/* Dot products of vectors; adds popular items first where `has_popular`. */
static void rank_vectors(factors_table *t, const char *name, const world *w, const settings *s,
                         const rr_dataset *held_out, const float *users, const float *items,
                         bool has_popular)
{
    rr_error err;
    rr_ranking found = {.struct_size = sizeof found};
    const rr_ranker ranker = {.struct_size = sizeof ranker,
                              .n_best = FACTORS_RANKED,
                              .user_vectors = users,
                              .item_vectors = items,
                              .dim = w->dim,
                              .num_threads = s->als.num_threads};
    text_require(rr_dataset_rank(w->parts[0], held_out, &ranker, NULL, &found, &err), &err);
    if (has_popular) {
        add(t, "popular", &found, true);
    }
    add(t, name, &found, false);
}

static const char *own_name(const world *w, const settings *s)
{
    if (w->has_own_vectors) {
        return "vectors (given)";
    }
    return s->als.feedback == RR_FEEDBACK_IMPLICIT ? "factors (implicit)" : "factors (explicit)";
}

/* What was held out of the users that no policy was trained on. */
static rr_dataset *held_out_of_test_users(const world *w)
{
    rr_error err;
    rr_dataset *held_out = NULL;
    rr_dataset_view view = {.struct_size = sizeof view};
    text_require(rr_dataset_describe(w->parts[1], &view, &err), &err);
    uint8_t *is_test = text_allocate((size_t)view.n_users, 1);
    uint8_t *marks = text_allocate((size_t)view.n + 1, 1);
    for (int32_t i = 0; i < w->n_users[WORLD_TEST]; i++) {
        is_test[w->user_rows[WORLD_TEST][i]] = 1;
    }
    for (int64_t i = 0; i < view.n; i++) {
        marks[i] = is_test[view.users[i]];
    }
    text_require(rr_dataset_select(&held_out, w->parts[1], marks, 1, NULL, &err), &err);
    free(is_test);
    free(marks);
    return held_out;
}

/* Items by user; those of user u begin at begins[u]. */
static int32_t *items_by_user(int64_t *begins, const rr_dataset *dataset)
{
    rr_error err;
    rr_dataset_view view = {.struct_size = sizeof view};
    text_require(rr_dataset_describe(dataset, &view, &err), &err);
    int32_t *items = text_allocate((size_t)view.n + 1, sizeof(int32_t));
    for (int64_t i = 0; i < view.n; i++) {
        begins[view.users[i]] += 1;
    }
    for (int32_t u = 1; u < view.n_users; u++) {
        begins[u] += begins[u - 1];
    }
    for (int64_t i = 0; i < view.n; i++) {
        begins[view.users[i]] -= 1;
        items[begins[view.users[i]]] = view.items[i];
    }
    return items;
}

/* The first items of a ranking [n] that the user had not met. */
static void keep_new(int32_t *list, const int32_t *ranked, int32_t n, uint8_t *is_met,
                     const int32_t *met, int64_t n_met)
{
    int32_t n_kept = 0;
    for (int64_t i = 0; i < n_met; i++) {
        is_met[met[i]] = 1;
    }
    for (int32_t i = 0; i < n && n_kept < FACTORS_RANKED; i++) {
        if (ranked[i] >= 0 && is_met[ranked[i]] == 0) {
            list[n_kept++] = ranked[i];
        }
    }
    for (int64_t i = 0; i < n_met; i++) {
        is_met[met[i]] = 0;
    }
}

/* lists [users, FACTORS_RANKED] of the test users: the agent's most probable items at the start of
 * a session, state user ⊕ 0 (⊕ all the energy, no step) and no history; 0 ⊕ 0 where users are
 * hidden. */
static void rank_by_agent(int32_t *lists, const world *w, const settings *s, rr_agent *agent)
{
    rr_error err;
    const size_t d = (size_t)w->dim;
    const int32_t n_users = w->n_users[WORLD_TEST];
    const int32_t n_all = rr_dataset_user_count(w->parts[0]);
    int64_t *begins = text_allocate((size_t)n_all, sizeof(int64_t));
    int32_t *met = items_by_user(begins, w->parts[0]);
    float *state = text_allocate((size_t)s->agent.state_dim, sizeof(float));
    if ((size_t)s->agent.state_dim > 2 * d) {
        state[2 * d] = 1.0f;
    }
    int32_t *ranked = text_allocate((size_t)w->n_items, sizeof(int32_t));
    uint8_t *is_met = text_allocate((size_t)w->n_items, 1);
    for (int32_t i = 0; i < n_users; i++) {
        const int32_t user = w->user_rows[WORLD_TEST][i];
        const int64_t n_wanted = (int64_t)w->n_met[user] + FACTORS_RANKED;
        const int32_t k = n_wanted < w->n_items ? (int32_t)n_wanted : w->n_items;
        if (!s->env.hides_user) {
            memcpy(state, w->users[WORLD_TEST] + (size_t)i * d, d * sizeof(float));
        }
        const rr_obs obs = {
            .struct_size = sizeof obs, .n = 1, .state_dim = s->agent.state_dim, .states = state};
        text_require(rr_agent_top_k(agent, &obs, k, ranked, NULL, NULL, &err), &err);
        keep_new(lists + (size_t)user * FACTORS_RANKED, ranked, k, is_met, met + begins[user],
                 w->n_met[user]);
    }
    free(begins);
    free(met);
    free(state);
    free(ranked);
    free(is_met);
}

static void rank_policy(factors_table *t, const world *w, const settings *s,
                        const rr_dataset *held_out, rr_agent *agent)
{
    rr_error err;
    const size_t n = (size_t)rr_dataset_user_count(w->parts[0]) * FACTORS_RANKED;
    int32_t *lists = text_allocate(n, sizeof(int32_t));
    memset(lists, 0xff, n * sizeof(int32_t)); /* −1 */
    rank_by_agent(lists, w, s, agent);
    rr_ranking found = {.struct_size = sizeof found};
    const rr_ranker ranker = {.struct_size = sizeof ranker,
                              .n_best = FACTORS_RANKED,
                              .lists = lists,
                              .list_length = FACTORS_RANKED};
    text_require(rr_dataset_rank(w->parts[0], held_out, &ranker, NULL, &found, &err), &err);
    add(t, "policy (greedy)", &found, false);
    free(lists);
}

static void rank_implicit(factors_table *t, const world *w, const settings *s,
                          const rr_dataset *held_out)
{
    rr_error err;
    rr_als_config config = s->als;
    config.feedback = RR_FEEDBACK_IMPLICIT;
    const size_t d = (size_t)w->dim;
    float *users = text_allocate((size_t)rr_dataset_user_count(w->parts[0]) * d, sizeof(float));
    float *items = text_allocate((size_t)w->n_items * d, sizeof(float));
    text_require(rr_dataset_fit_als(w->parts[0], &config, NULL, users, items, NULL, &err), &err);
    rank_vectors(t, "factors (implicit)", w, s, held_out, users, items, false);
    free(users);
    free(items);
}

void factors_add_agent(factors_table *t, const world *w, const settings *s, rr_agent *agent)
{
    rr_dataset *held_out = held_out_of_test_users(w);
    rank_policy(t, w, s, held_out, agent);
    rr_dataset_destroy(held_out);
}

void factors_add_others(factors_table *t, const world *w, const settings *s)
{
    t->is_random = !w->told.has_times;
    rr_dataset *held_out = held_out_of_test_users(w);
    rank_vectors(t, own_name(w, s), w, s, held_out, w->user_vectors, w->item_vectors, true);
    if (w->has_own_vectors || s->als.feedback != RR_FEEDBACK_IMPLICIT) {
        rank_implicit(t, w, s, held_out);
    }
    rr_dataset_destroy(held_out);
}

void factors_print(FILE *out, const factors_table *t)
{
    if (t->n == 0) {
        return;
    }
    fprintf(out, "\n%-20s %18s %18s\n", "", "recall@20", "NDCG@20");
    for (int i = 0; i < t->n; i++) {
        const factors_row *r = &t->at[i];
        fprintf(out, "%-20s     %6.4f ±%6.4f     %6.4f ±%6.4f\n", r->name, r->recall,
                r->recall_interval, r->ndcg, r->ndcg_interval);
    }
}

/* Index of the row with the largest recall. */
int factors_best(const factors_table *t)
{
    int best = 0;
    for (int i = 1; i < t->n; i++) {
        best = t->at[i].recall > t->at[best].recall ? i : best;
    }
    return best;
}

int factors_verdict(const factors_table *t)
{
    const factors_row *best = &t->at[factors_best(t)];
    return best == &t->at[0]                                            ? FACTORS_AHEAD
           : t->at[0].recall + t->at[0].recall_interval >= best->recall ? FACTORS_LEVEL
                                                                        : FACTORS_BEHIND;
}

void factors_explain(FILE *out, const factors_table *t)
{
    if (t->n == 0) {
        return;
    }
    const int best = factors_best(t);
    for (int i = 0; i < t->n; i++) {
        if (strcmp(t->at[i].name, "vectors (given)") == 0) {
            fprintf(out, "\nWhether the vectors that were given have seen what is to be found here "
                         "is not known.\n");
        }
    }
    fprintf(out,
            "\nranking: of %s tenth of what each of %s users met, the share that is among "
            "the first 20 of\n"
            "all items new to them. Neither vectors nor policies have seen it. The policy was "
            "trained\n"
            "for the ratings of a simulated user, not to predict what a user looks at next: ",
            t->is_random ? "a random" : "the latest", text_count(t->n_users));
    switch (factors_verdict(t)) {
    case FACTORS_AHEAD:
        fprintf(out, "here it predicts best\nall the same.\n");
        break;
    case FACTORS_LEVEL:
        fprintf(out, "here it is level\nwith the best of the others, %s.\n", t->at[best].name);
        break;
    default:
        fprintf(out, "%s\npredict that better here.\n",
                strcmp(t->at[best].name, "popular") == 0 ? "popular items" : t->at[best].name);
    }
}

void factors_write_json(json *j, const factors_table *t)
{
    if (t->n == 0) {
        return;
    }
    json_begin_object(j, "ranking");
    json_count(j, "users", t->n_users);
    for (int i = 0; i < t->n; i++) {
        const factors_row *r = &t->at[i];
        json_begin_object(j, r->name);
        json_number(j, "recall", r->recall);
        json_number(j, "recall_interval", r->recall_interval);
        json_number(j, "ndcg", r->ndcg);
        json_number(j, "ndcg_interval", r->ndcg_interval);
        json_end_object(j);
    }
    json_end_object(j);
}
