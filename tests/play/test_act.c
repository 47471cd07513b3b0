/* SPDX-License-Identifier: MIT */
#include "play/act.h"

#include "agent_twin.h"

static const double TOLERANCE = 2e-6;

/* Pool, lists, lists with vectors, and a dense head, each with exclusions and repeats. */
enum { N_KINDS = 4 };
static rig_shape kind(int which)
{
    rig_shape shape = rig_usual();
    shape.m = 2;
    shape.h = 5;
    shape.agent.has_bias = 1;
    if (which == 1 || which == 2) {
        shape.n_items = 9;
        shape.k = 6;
        shape.has_lengths = true;
        shape.has_counts = which == 1;
        shape.has_vectors = which == 2;
        shape.agent.feature_dim = 2;
    }
    if (which == 3) {
        shape.agent.head = RR_HEAD_DENSE;
    }
    return shape;
}

static void act(rig *r)
{
    rr_error err = {0};
    ck_assert_msg(rri_agent_act(r->agent, &r->obs, &r->decision, &err) == RR_OK, "%s", err.text);
}

static rri_menu menu_of(const rr_obs *obs)
{
    return (rri_menu){.n = (size_t)obs->n,
                      .k = (size_t)obs->n_candidates,
                      .m = (size_t)obs->n_excluded,
                      .h = (size_t)obs->n_history,
                      .feature_dim = (size_t)obs->feature_dim,
                      .lengths = obs->lengths,
                      .candidates = obs->candidates,
                      .features = obs->features,
                      .vectors = obs->vectors,
                      .counts = obs->counts,
                      .excluded = obs->excluded,
                      .history = obs->history};
}

static size_t width_of(const rig *r)
{
    return r->shape.k > 0 ? r->shape.k : r->shape.n_items;
}

static void open_twin(twin *t, const rig *r)
{
    twin_open(t, r);
    t->rows = (twin_rows){.n = r->shape.n, .states = r->obs.states, .menu = menu_of(&r->obs)};
}

START_TEST(test_act_says_the_log_probs_and_values_of_the_twin)
{
    for (int which = 0; which < N_KINDS; which++) {
        rig_shape shape = kind(which);
        shape.n = 70; /* more than a tile */
        shape.agent.max_rows = 70;
        rig r;
        rig_open(&r, &shape);
        const size_t width = width_of(&r);
        r.decision.all_log_probs = RIG_TAKE(&r, float, shape.n *width);
        act(&r);
        twin t;
        open_twin(&t, &r);
        double log_p[16];
        for (size_t i = 0; i < shape.n; i++) {
            twin_log_probs(log_p, &t, i);
            const int32_t action = r.decision.actions[i];
            ck_assert_int_lt(action, (int32_t)width);
            twin_assert_close((double)r.decision.log_probs[i], log_p[action], TOLERANCE,
                              "log_prob");
            twin_assert_close((double)r.decision.values[i], twin_value(&t, r.obs.states + i * 3),
                              TOLERANCE, "value");
            ck_assert_int_eq(r.decision.items[i], twin_item(&t, i, (size_t)action));
            double sum = 0.0;
            for (size_t j = 0; j < width; j++) {
                const float all = r.decision.all_log_probs[i * width + j];
                if (log_p[j] == -INFINITY) {
                    ck_assert(all == -INFINITY);
                } else {
                    twin_assert_close((double)all, log_p[j], TOLERANCE, "all_log_probs");
                }
                sum += exp((double)all);
            }
            twin_assert_close(sum, 1.0, 1e-6, "Σ p");
            ck_assert_float_eq(r.decision.all_log_probs[i * width + (size_t)action],
                               r.decision.log_probs[i]);
        }
        twin_close(&t);
        rig_close(&r);
    }
}
END_TEST

START_TEST(test_act_log_probs_and_values_are_those_of_evaluate_in_every_bit)
{
    for (int which = 0; which < N_KINDS; which++) {
        rig_shape shape = kind(which);
        shape.n = 600; /* more than a slice */
        shape.agent.max_rows = 600;
        rig r;
        rig_open(&r, &shape);
        act(&r);
        float *log_probs = RIG_TAKE(&r, float, 600), *values = RIG_TAKE(&r, float, 600);
        float *entropies = RIG_TAKE(&r, float, 600);
        ck_assert_int_eq(rri_agent_evaluate(r.agent, &r.obs, r.decision.actions, log_probs,
                                            entropies, values, NULL),
                         RR_OK);
        ck_assert_mem_eq(log_probs, r.decision.log_probs, 600 * sizeof(float));
        ck_assert_mem_eq(values, r.decision.values, 600 * sizeof(float));
        twin t;
        open_twin(&t, &r);
        double log_p[16];
        for (size_t i = 0; i < 600; i++) {
            twin_assert_close((double)entropies[i], twin_log_probs(log_p, &t, i), TOLERANCE, "H");
        }
        twin_close(&t);
        float *again = RIG_TAKE(&r, float, 600);
        rig_values(&r, again, r.obs.states, 600);
        ck_assert_mem_eq(values, again, 600 * sizeof(float));
        rig_close(&r);
    }
}
END_TEST

/* One state in every row, so that the draws are of one distribution. */
static void spread_first_row(rig *r)
{
    const rig_shape *s = &r->shape;
    for (size_t i = 1; i < s->n; i++) {
        memcpy((float *)r->obs.states + i * 3, r->obs.states, 3 * sizeof(float));
        memcpy((int32_t *)r->obs.history + i * s->h, r->obs.history, s->h * sizeof(int32_t));
        memcpy((int32_t *)r->obs.excluded + i * s->m, r->obs.excluded, s->m * sizeof(int32_t));
        if (s->k > 0) {
            ((int32_t *)r->obs.lengths)[i] = r->obs.lengths[0];
            memcpy((int32_t *)r->obs.candidates + i * s->k, r->obs.candidates,
                   s->k * sizeof(int32_t));
            memcpy((int32_t *)r->obs.counts + i * s->k, r->obs.counts, s->k * sizeof(int32_t));
            memcpy((float *)r->obs.features + i * s->k * 2, r->obs.features,
                   2 * s->k * sizeof(float));
        }
    }
}

/* χ² over the positions that may be drawn; the others are never drawn. */
static void check_draws(int which, size_t n_calls, double most)
{
    rig_shape shape = kind(which);
    shape.n = 1000;
    shape.agent.max_rows = 1000;
    rig r;
    rig_open(&r, &shape);
    ((int32_t *)r.obs.excluded)[0] = which == 0 ? 2 : r.obs.candidates[1];
    spread_first_row(&r);
    const size_t width = width_of(&r);
    r.decision.all_log_probs = RIG_TAKE(&r, float, shape.n *width);
    size_t n_drawn[16] = {0};
    for (size_t call = 0; call < n_calls; call++) {
        act(&r);
        for (size_t i = 0; i < shape.n; i++) {
            ck_assert(r.decision.actions[i] >= 0 && (size_t)r.decision.actions[i] < width);
            n_drawn[r.decision.actions[i]]++;
        }
        r.decision.values = NULL;
    }
    const double n = (double)(n_calls * shape.n);
    double chi2 = 0.0;
    size_t n_allowed = 0, n_barred = 0;
    for (size_t j = 0; j < width; j++) {
        const float log_p = r.decision.all_log_probs[j];
        if (log_p == -INFINITY) {
            ck_assert_uint_eq(n_drawn[j], 0);
            n_barred++;
            continue;
        }
        const double expected = n * exp((double)log_p);
        ck_assert_double_gt(expected, 50.0);
        chi2 += ((double)n_drawn[j] - expected) * ((double)n_drawn[j] - expected) / expected;
        n_allowed++;
    }
    ck_assert_uint_gt(n_allowed, 2);
    ck_assert_uint_ge(n_barred, which == 0 ? 1 : 2);
    ck_assert_msg(chi2 < most, "χ² is %g with %zu positions", chi2, n_allowed);
    rig_close(&r);
}

START_TEST(test_act_draws_each_item_as_often_as_its_log_prob_says)
{
    check_draws(0, 100, 24.0); /* 10⁵ draws; 5 degrees of freedom: p < 3e-4 */
}
END_TEST

START_TEST(test_act_never_draws_what_is_excluded_or_padded_in_a_million_draws)
{
    check_draws(1, 1000 / check_step(10), 24.0);
}
END_TEST

/* Rows [first, first + n) of the observation. */
static rr_obs rows_from(const rig *r, size_t first, size_t n)
{
    rr_obs part = r->obs;
    const size_t k = r->shape.k, lists = first * k;
    part.n = (int32_t)n;
    part.states += first * 3;
    part.lengths = part.lengths != NULL ? part.lengths + first : NULL;
    part.candidates = part.candidates != NULL ? part.candidates + lists : NULL;
    part.features = part.features != NULL ? part.features + lists * 2 : NULL;
    part.vectors = part.vectors != NULL ? part.vectors + lists * 3 : NULL;
    part.counts = part.counts != NULL ? part.counts + lists : NULL;
    part.excluded += first * r->shape.m;
    part.history += first * r->shape.h;
    part.sessions = part.sessions != NULL ? part.sessions + first : NULL;
    part.decisions = part.decisions != NULL ? part.decisions + first : NULL;
    return part;
}

START_TEST(test_act_replays_a_draw_from_its_decision_id_in_any_batch)
{
    for (int which = 0; which < N_KINDS; which++) {
        rig_shape shape = kind(which);
        shape.n = 600;
        shape.agent.max_rows = 600;
        rig r;
        rig_open(&r, &shape);
        uint64_t *ids = RIG_TAKE(&r, uint64_t, 600);
        for (size_t i = 0; i < 600; i++) {
            ids[i] = rri_hash_mix(i);
        }
        r.obs.sessions = ids;
        r.obs.decisions = ids;
        act(&r);
        ck_assert_uint_eq(r.agent->trainer.n_draws, 0); /* ids do not move the counter */
        const size_t firsts[] = {0, 1, 63, 64, 500, 511, 512, 599};
        for (size_t i = 0; i < sizeof firsts / sizeof firsts[0]; i++) {
            const size_t first = firsts[i];
            const rr_obs one = rows_from(&r, first, 1);
            int32_t action, item;
            float log_prob, value;
            rr_decision alone = {.struct_size = sizeof alone,
                                 .n = 1,
                                 .actions = &action,
                                 .items = &item,
                                 .log_probs = &log_prob,
                                 .values = &value};
            ck_assert_int_eq(rri_agent_act(r.agent, &one, &alone, NULL), RR_OK);
            ck_assert_int_eq(action, r.decision.actions[first]);
            ck_assert_int_eq(item, r.decision.items[first]);
            ck_assert_mem_eq(&log_prob, &r.decision.log_probs[first], sizeof log_prob);
            ck_assert_mem_eq(&value, &r.decision.values[first], sizeof value);
        }
        rig_close(&r);
    }
}
END_TEST

START_TEST(test_act_without_ids_goes_on_with_a_counter_that_ids_do_not_share)
{
    rig_shape shape = kind(0);
    shape.n = 300;
    shape.agent.max_rows = 300;
    rig r;
    rig_open(&r, &shape);
    int32_t *first = RIG_TAKE(&r, int32_t, 300);
    act(&r);
    ck_assert_uint_eq(r.agent->trainer.n_draws, 300);
    memcpy(first, r.decision.actions, 300 * sizeof(int32_t));
    act(&r); /* the same states, other draws */
    ck_assert_uint_eq(r.agent->trainer.n_draws, 600);
    ck_assert_mem_ne(first, r.decision.actions, 300 * sizeof(int32_t));

    r.agent->trainer.n_draws = 0; /* two halves are one whole */
    const rr_obs halves[] = {rows_from(&r, 0, 150), rows_from(&r, 150, 150)};
    for (size_t i = 0; i < 2; i++) {
        rr_decision half = {.struct_size = sizeof half, .n = 150};
        half.actions = r.decision.actions + 150 * i;
        ck_assert_int_eq(rri_agent_act(r.agent, &halves[i], &half, NULL), RR_OK);
    }
    ck_assert_mem_eq(first, r.decision.actions, 300 * sizeof(int32_t));

    uint64_t *ids = RIG_TAKE(&r, uint64_t, 300);
    for (size_t i = 0; i < 300; i++) {
        ids[i] = i; /* the counter's own numbers */
    }
    r.obs.sessions = ids;
    r.obs.decisions = ids;
    act(&r);
    ck_assert_mem_ne(first, r.decision.actions, 300 * sizeof(int32_t));
    rig_close(&r);
}
END_TEST

START_TEST(test_act_is_the_same_bits_on_any_number_of_threads)
{
    for (int which = 0; which < N_KINDS; which++) {
        uint64_t hashes[3];
        for (int threads = 0; threads < 3; threads++) {
            rig_shape shape = kind(which);
            shape.n = 600;
            shape.agent.max_rows = 600;
            shape.agent.num_threads = 1 << threads;
            rig r;
            rig_open(&r, &shape);
            const size_t width = width_of(&r);
            r.decision.all_log_probs = RIG_TAKE(&r, float, 600 * width);
            int32_t *best = RIG_TAKE(&r, int32_t, 600 * 3);
            act(&r);
            ck_assert_int_eq(rri_agent_top_k(r.agent, &r.obs, 3, best, NULL, NULL, NULL), RR_OK);
            rri_hash hash;
            rri_hash_init(&hash, 0);
            rri_hash_update(&hash, r.decision.actions, 600 * sizeof(int32_t));
            rri_hash_update(&hash, r.decision.log_probs, 600 * sizeof(float));
            rri_hash_update(&hash, r.decision.values, 600 * sizeof(float));
            rri_hash_update(&hash, r.decision.all_log_probs, 600 * width * sizeof(float));
            rri_hash_update(&hash, best, 600 * 3 * sizeof(int32_t));
            hashes[threads] = rri_hash_final(&hash);
            rig_close(&r);
        }
        ck_assert_uint_eq(hashes[0], hashes[1]);
        ck_assert_uint_eq(hashes[0], hashes[2]);
    }
}
END_TEST

START_TEST(test_act_top_k_ranks_all_log_probs)
{
    for (int which = 0; which < N_KINDS; which++) {
        rig_shape shape = kind(which);
        shape.n = 530;
        shape.agent.max_rows = 530;
        rig r;
        rig_open(&r, &shape);
        const size_t width = width_of(&r);
        float *all = r.decision.all_log_probs = RIG_TAKE(&r, float, shape.n *width);
        act(&r);
        int32_t *positions = RIG_TAKE(&r, int32_t, shape.n * width);
        int32_t *items = RIG_TAKE(&r, int32_t, shape.n * width);
        int32_t *greedy = RIG_TAKE(&r, int32_t, shape.n);
        float *log_probs = RIG_TAKE(&r, float, shape.n *width);
        ck_assert_int_eq(rri_agent_top_k(r.agent, &r.obs, width, positions, items, log_probs, NULL),
                         RR_OK);
        ck_assert_int_eq(rri_agent_top_k(r.agent, &r.obs, 1, greedy, NULL, NULL, NULL), RR_OK);
        const rri_menu menu = menu_of(&r.obs);
        for (size_t i = 0; i < shape.n; i++) {
            float last = INFINITY;
            ck_assert_int_eq(greedy[i], positions[i * width]);
            for (size_t j = 0; j < width; j++) {
                const size_t at = i * width + j;
                const float got = log_probs[at];
                ck_assert(got <= last);
                last = got;
                ck_assert((positions[at] < 0) == (got == -INFINITY));
                if (positions[at] >= 0) {
                    ck_assert_float_eq(got, all[i * width + (size_t)positions[at]]);
                    ck_assert_int_eq(items[at], rri_menu_item(&menu, i, (size_t)positions[at]));
                } else {
                    ck_assert_int_eq(items[at], -1);
                }
            }
        }
        rig_close(&r);
    }
}
END_TEST

START_TEST(test_act_scores_a_foreign_pool_with_its_own_vectors_and_bias_0)
{
    rig_shape shape = kind(0);
    shape.agent.max_pool_items = 12;
    rig r;
    rig_open(&r, &shape);
    rr_items *foreign = rig_items(&r, 12, 3, NULL);
    r.decision.all_log_probs = RIG_TAKE(&r, float, shape.n * 12);
    r.obs.pool = foreign;
    act(&r);
    ck_assert_uint_eq(r.decision.pool_fingerprint, rri_items_fingerprint(foreign));
    twin t;
    open_twin(&t, &r);
    t.pool = rri_items_vectors(foreign);
    t.n_items = 12;
    double log_p[16];
    for (size_t i = 0; i < shape.n; i++) {
        double q[TWIN_WIDEST], sum = 0.0;
        const size_t d = twin_query(q, &t, r.obs.states + i * 3);
        for (size_t j = 0; j < 12; j++) {
            double z = 0.0;
            for (size_t c = 0; c < d; c++) {
                z += q[c] * (double)t.pool[j * d + c];
            }
            z = exp(*twin_tensor(&t, "actor.log_scale")) * z -
                *twin_tensor(&t, "actor.repeat_weight") * twin_count(&t, i, j);
            log_p[j] = twin_is_allowed(&t, i, j) ? z : -INFINITY;
            sum += exp(log_p[j]);
        }
        for (size_t j = 0; j < 12; j++) {
            const float got = r.decision.all_log_probs[i * 12 + j];
            if (log_p[j] == -INFINITY) {
                ck_assert(got == -INFINITY);
            } else {
                twin_assert_close((double)got, log_p[j] - log(sum), TOLERANCE, "all_log_probs");
            }
        }
    }
    twin_close(&t);

    r.obs.pool = r.items; /* its own, named: with bias */
    r.decision.all_log_probs = NULL;
    r.agent->trainer.n_draws = 0;
    act(&r);
    float log_probs[5];
    memcpy(log_probs, r.decision.log_probs, sizeof log_probs);
    r.obs.pool = NULL;
    r.agent->trainer.n_draws = 0;
    act(&r);
    ck_assert_mem_eq(log_probs, r.decision.log_probs, sizeof log_probs);
    ck_assert_uint_eq(r.decision.pool_fingerprint, rri_items_fingerprint(r.items));
    rri_items_release(foreign);
    rig_close(&r);
}
END_TEST

START_TEST(test_act_versions_are_the_agents)
{
    rig_shape shape = kind(0);
    rig r;
    rig_open(&r, &shape);
    uint64_t versions[5] = {0};
    r.decision.policy_versions = versions;
    act(&r);
    for (size_t i = 0; i < 5; i++) {
        ck_assert_uint_eq(versions[i], rri_agent_version(r.agent));
    }
    rig_close(&r);
}
END_TEST

START_TEST(test_act_reads_no_parameter_to_say_its_version)
{
    rig_shape shape = kind(0);
    rig r;
    rig_open(&r, &shape);
    uint64_t versions[5] = {0};
    r.decision.policy_versions = versions;
    r.agent->trainer.model.hash = 77; /* not that of the values: who hashes them anew is seen */
    act(&r);
    const uint64_t said = rri_version_hash(77, rri_items_fingerprint(r.items), NULL);
    for (size_t i = 0; i < 5; i++) {
        ck_assert_uint_eq(versions[i], said);
    }
    rr_serving_options options;
    rr_serving_options_init(&options, sizeof options);
    rr_policy *policy = NULL;
    ck_assert_int_eq(rri_agent_publish(&policy, r.agent, &options, NULL), RR_OK);
    ck_assert_ptr_nonnull(rri_versions_find(&r.agent->trainer.versions, said));
    rri_snapshot_release(policy);
    rig_close(&r);
}
END_TEST

/* A greedy snapshot plays one action, and never another. */
START_TEST(test_act_evaluates_an_action_that_is_never_played_as_minus_infinity)
{
    for (int which = 0; which < N_KINDS; which++) {
        rig_shape shape = kind(which);
        shape.m = 0;
        shape.has_lengths = false;
        rig r;
        rig_open(&r, &shape);
        const size_t width = shape.k > 0 ? shape.k : shape.n_items;
        rr_serving_options options;
        rr_serving_options_init(&options, sizeof options);
        options.is_greedy = 1;
        rr_policy *policy = NULL;
        rr_reader *reader = NULL;
        rr_error err = {0};
        ck_assert_int_eq(rri_agent_publish(&policy, r.agent, &options, &err), RR_OK);
        ck_assert_int_eq(rri_reader_create(&reader, policy, rri_snapshot_most_items(policy), 0,
                                           &r.agent->allocator, &err),
                         RR_OK);
        ck_assert_int_eq(rri_snapshot_act(policy, reader, &r.obs, &r.decision, &err), RR_OK);
        float log_probs[5], entropies[5], values[5];
        for (size_t shift = 0; shift < width; shift++) {
            int32_t actions[5];
            for (size_t i = 0; i < 5; i++) {
                actions[i] = (int32_t)(((size_t)r.decision.actions[i] + shift) % width);
            }
            ck_assert_msg(rri_snapshot_evaluate(policy, reader, &r.obs, actions, log_probs,
                                                entropies, values, &err) == RR_OK,
                          "%s", err.text);
            for (size_t i = 0; i < 5; i++) {
                ck_assert(log_probs[i] == (shift == 0 ? 0.0f : -INFINITY));
                ck_assert(isfinite(entropies[i]) && isfinite(values[i]));
            }
        }
        float *state = (float *)r.obs.states + 3 * 3;
        const float kept = state[0];
        state[0] = NAN;
        rig_expect(rri_snapshot_evaluate(policy, reader, &r.obs, r.decision.actions, log_probs,
                                         NULL, NULL, &err),
                   RR_E_NOT_FINITE, &err, "states[3][0] is nan");
        state[0] = kept;
        rri_reader_destroy(reader);
        rri_snapshot_release(policy);
        rig_close(&r);
    }
}
END_TEST

START_TEST(test_act_writes_what_is_wanted_and_nothing_else)
{
    rig_shape shape = kind(0);
    rig r;
    rig_open(&r, &shape);
    int32_t actions[5], wanted[5];
    act(&r);
    memcpy(wanted, r.decision.actions, sizeof wanted);
    r.agent->trainer.n_draws = 0;
    rr_decision bare = {.struct_size = sizeof bare, .n = 5, .actions = actions};
    ck_assert_int_eq(rri_agent_act(r.agent, &r.obs, &bare, NULL), RR_OK);
    ck_assert_mem_eq(actions, wanted, sizeof wanted);
    float values[5];
    ck_assert_int_eq(
        rri_agent_evaluate(r.agent, &r.obs, r.decision.actions, NULL, NULL, values, NULL), RR_OK);
    ck_assert_mem_eq(values, r.decision.values, sizeof values);
    bare.actions = NULL;
    ck_assert_int_eq(rri_agent_act(r.agent, &r.obs, &bare, NULL), RR_OK);
    rig_close(&r);
}
END_TEST

START_TEST(test_act_refuses_arguments_with_a_sentence_and_draws_nothing)
{
    rig_shape shape = kind(1);
    rig r;
    rig_open(&r, &shape);
    rr_error err = {0};
    const uint64_t before = rig_hash(&r);
    int32_t out[5 * 8];
    r.decision.n = 4;
    rig_expect(rri_agent_act(r.agent, &r.obs, &r.decision, &err), RR_E_INVALID, &err,
               "decision: n is 4; the observation's is 5");
    rig_expect(rri_agent_top_k(r.agent, &r.obs, 0, out, NULL, NULL, &err), RR_E_INVALID, &err,
               "top_k: n_best is 0; it must be in [1, 6]");
    rig_expect(rri_agent_top_k(r.agent, &r.obs, 7, out, NULL, NULL, &err), RR_E_INVALID, &err,
               "top_k: n_best is 7");
    rig_expect(rri_agent_top_k(r.agent, &r.obs, 1, NULL, NULL, NULL, &err), RR_E_INVALID, &err,
               "positions is NULL");
    rig_expect(rri_agent_evaluate(r.agent, &r.obs, NULL, NULL, NULL, NULL, &err), RR_E_INVALID,
               &err, "actions is NULL");
    int32_t actions[5] = {0, 0, 6, 0, 0};
    rig_expect(rri_agent_evaluate(r.agent, &r.obs, actions, NULL, NULL, NULL, &err), RR_E_INVALID,
               &err, "actions[2] is 6");
    ck_assert_uint_eq(rig_hash(&r), before);
    rig_close(&r);
}
END_TEST

START_TEST(test_act_names_the_row_whose_answer_is_not_finite_and_draws_nothing)
{
    for (int which = 0; which < N_KINDS; which++) {
        rig_shape shape = kind(which);
        shape.n = 530;
        shape.agent.max_rows = 530;
        shape.agent.activation = RR_ACTIVATION_RELU;
        rig r;
        rig_open(&r, &shape);
        rr_error err = {0};
        int32_t *positions = RIG_TAKE(&r, int32_t, 530);
        float *log_probs = RIG_TAKE(&r, float, 530);
        act(&r);
        const uint64_t before = rig_hash(&r);
        float *state = (float *)r.obs.states + 520 * 3;
        const float kept[] = {state[0], state[1], state[2]};
        for (size_t i = 0; i < 3; i++) {
            state[i] = 3e38f; /* finite, but the query of this row is not */
        }
        const rri_param *weight = rig_param(&r, "actor.mlp.0.weight");
        for (size_t i = 0; i < weight->size; i++) {
            r.agent->trainer.model.values[weight->offset + i] += 10.0f;
        }
        rri_model_pack(&r.agent->trainer.model);
        const uint64_t loaded = rig_hash(&r);
        rig_expect(rri_agent_act(r.agent, &r.obs, &r.decision, &err), RR_E_NOT_FINITE, &err,
                   "act: row 520: log_probs is");
        rig_expect(
            rri_agent_evaluate(r.agent, &r.obs, r.decision.actions, log_probs, NULL, NULL, &err),
            RR_E_NOT_FINITE, &err, "evaluate: row 520: log_probs is");
        rig_expect(rri_agent_top_k(r.agent, &r.obs, 1, positions, NULL, log_probs, &err),
                   RR_E_NOT_FINITE, &err, "top_k: row 520: log_probs is");
        ck_assert_uint_eq(rig_hash(&r), loaded);
        ck_assert_uint_ne(loaded, before);
        memcpy(state, kept, sizeof kept);
        act(&r); /* as if nothing had been */

        const rri_param *first = rig_param(&r, "critic.0.weight");
        for (size_t i = 0; i < first->size; i++) {
            r.agent->trainer.model.values[first->offset + i] = 1e30f;
        }
        float *last_state = (float *)r.obs.states + 529 * 3;
        const float usual[] = {last_state[0], last_state[1], last_state[2]};
        last_state[0] = last_state[1] = last_state[2] = 1e10f; /* of this row alone, the last */
        rri_model_pack(&r.agent->trainer.model);
        float *values = RIG_TAKE(&r, float, 530);
        rig_expect(rri_agent_act(r.agent, &r.obs, &r.decision, &err), RR_E_NOT_FINITE, &err,
                   "act: row 529: values is");
        rig_expect(
            rri_agent_evaluate(r.agent, &r.obs, r.decision.actions, NULL, NULL, values, &err),
            RR_E_NOT_FINITE, &err, "evaluate: row 529: values is");
        memcpy(last_state, usual, sizeof usual);

        const rri_param *critic = rig_param(&r, "critic.0.bias");
        for (size_t i = 0; i < critic->size; i++) {
            r.agent->trainer.model.values[critic->offset + i] = 3e38f;
        }
        const rri_param *last = rig_param(&r, "critic.1.weight");
        for (size_t i = 0; i < last->size; i++) {
            r.agent->trainer.model.values[last->offset + i] = 1.0f;
        }
        rri_model_pack(&r.agent->trainer.model);
        rig_expect(rri_agent_act(r.agent, &r.obs, &r.decision, &err), RR_E_NOT_FINITE, &err,
                   "act: row 0: values is");
        rig_expect(
            rri_agent_evaluate(r.agent, &r.obs, r.decision.actions, NULL, NULL, values, &err),
            RR_E_NOT_FINITE, &err, "evaluate: row 0: values is");
        rig_close(&r);
    }
}
END_TEST

CHECK_MAIN("play/act", test_act_says_the_log_probs_and_values_of_the_twin,
           test_act_log_probs_and_values_are_those_of_evaluate_in_every_bit,
           test_act_reads_no_parameter_to_say_its_version,
           test_act_evaluates_an_action_that_is_never_played_as_minus_infinity,
           test_act_draws_each_item_as_often_as_its_log_prob_says,
           test_act_never_draws_what_is_excluded_or_padded_in_a_million_draws,
           test_act_replays_a_draw_from_its_decision_id_in_any_batch,
           test_act_without_ids_goes_on_with_a_counter_that_ids_do_not_share,
           test_act_is_the_same_bits_on_any_number_of_threads, test_act_top_k_ranks_all_log_probs,
           test_act_scores_a_foreign_pool_with_its_own_vectors_and_bias_0,
           test_act_versions_are_the_agents, test_act_writes_what_is_wanted_and_nothing_else,
           test_act_refuses_arguments_with_a_sentence_and_draws_nothing,
           test_act_names_the_row_whose_answer_is_not_finite_and_draws_nothing)
