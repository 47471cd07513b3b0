/* SPDX-License-Identifier: MIT */
#include "policy/candidates.h"

#include "agent_twin.h"
#include "serve/snapshot.h"

/* Lists of which some candidates bring their own vectors, behind the pool's. */
static rig_shape list_shape(void)
{
    rig_shape shape = rig_usual();
    shape.n_items = 9;
    shape.k = 6;
    shape.m = 2;
    shape.has_lengths = true;
    shape.has_vectors = true;
    shape.agent.feature_dim = 2;
    shape.agent.candidate_hidden[0] = 5;
    shape.agent.candidate_hidden[1] = 4;
    return shape;
}

/* log π of every position, by a policy that is published at this temperature. */
static void published(float *all, rig *r, float temperature)
{
    rr_serving_options options;
    rr_serving_options_init(&options, sizeof options);
    options.temperature = temperature;
    rri_allocator allocator;
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    rr_policy *policy = NULL;
    rr_reader *reader = NULL;
    const rri_model *model = &r->agent->trainer.model;
    ck_assert_int_eq(rri_snapshot_create(&policy, &model->config, &options, r->items, NULL,
                                         model->values, &allocator, NULL),
                     RR_OK);
    ck_assert_ptr_nonnull(policy->model.network.catalogue.candidate_products);
    ck_assert_int_eq(rri_reader_create(&reader, policy, r->shape.n_items, 1, &allocator, NULL),
                     RR_OK);
    r->decision.all_log_probs = all;
    rr_error err = {0};
    ck_assert_msg(rri_snapshot_act(policy, reader, &r->obs, &r->decision, &err) == RR_OK, "%s",
                  err.text);
    r->decision.all_log_probs = NULL;
    rri_reader_destroy(reader);
    rri_snapshot_release(policy);
}

START_TEST(test_candidates_scores_are_those_of_the_twin)
{
    const rig_shape shape = list_shape();
    rig r;
    rig_open(&r, &shape);
    const size_t width = shape.k;
    float *all = RIG_TAKE(&r, float, shape.n *width);
    r.decision.all_log_probs = all;
    ck_assert_int_eq(rri_agent_act(r.agent, &r.obs, &r.decision, NULL), RR_OK);
    twin t;
    twin_open(&t, &r);
    t.rows = (twin_rows){.n = shape.n,
                         .states = r.obs.states,
                         .menu = {.n = shape.n,
                                  .k = shape.k,
                                  .m = shape.m,
                                  .feature_dim = 2,
                                  .lengths = r.obs.lengths,
                                  .candidates = r.obs.candidates,
                                  .features = r.obs.features,
                                  .vectors = r.obs.vectors,
                                  .excluded = r.obs.excluded}};
    for (size_t i = 0; i < shape.n; i++) {
        double log_p[8];
        (void)twin_log_probs(log_p, &t, i);
        for (size_t j = 0; j < width; j++) {
            const double got = (double)all[i * width + j];
            ck_assert((got == -INFINITY) == (log_p[j] == -INFINITY));
            if (got != -INFINITY) {
                twin_assert_close(got, log_p[j], 3e-6, "log π");
            }
        }
    }
    twin_close(&t);
    rig_close(&r);
}
END_TEST

/* The agent makes C v_i on the way, a published policy has it. */
START_TEST(test_candidates_have_the_same_bits_with_products_that_are_kept)
{
    const rig_shape shape = list_shape();
    rig r;
    rig_open(&r, &shape);
    const size_t n = shape.n * shape.k;
    float *own = RIG_TAKE(&r, float, n), *served = RIG_TAKE(&r, float, n);
    r.decision.all_log_probs = own;
    ck_assert_int_eq(rri_agent_act(r.agent, &r.obs, &r.decision, NULL), RR_OK);
    published(served, &r, 1.0f);
    ck_assert_mem_eq(own, served, n * sizeof *own);
    rig_close(&r);
}
END_TEST

START_TEST(test_candidates_are_divided_by_the_temperature)
{
    rig_shape shape = list_shape();
    shape.agent.has_feature_query = 1;
    rig r;
    rig_open(&r, &shape);
    const size_t k = shape.k;
    float *plain = RIG_TAKE(&r, float, shape.n *k), *tempered = RIG_TAKE(&r, float, shape.n *k);
    published(plain, &r, 1.0f);
    published(tempered, &r, 0.6f);
    for (size_t i = 0; i < shape.n; i++) {
        double sum = 0.0;
        for (size_t j = 0; j < k; j++) {
            sum += exp((double)plain[i * k + j] / 0.6);
        }
        for (size_t j = 0; j < k; j++) {
            const double wanted = (double)plain[i * k + j] / 0.6 - log(sum);
            if (wanted != -INFINITY) {
                twin_assert_close((double)tempered[i * k + j], wanted, 3e-6, "log π at T");
            }
        }
    }
    rig_close(&r);
}
END_TEST

START_TEST(test_candidates_of_a_whole_pool_are_refused)
{
    rig_shape shape = list_shape();
    rig r;
    rig_open(&r, &shape);
    r.obs.candidates = NULL;
    r.obs.vectors = NULL;
    r.obs.features = NULL;
    r.obs.lengths = NULL;
    r.obs.n_candidates = r.obs.feature_dim = r.obs.item_dim = 0;
    rr_error err = {0};
    rig_expect(rri_agent_act(r.agent, &r.obs, &r.decision, &err), RR_E_UNSUPPORTED, &err,
               "scores lists and not the whole pool");
    rig_close(&r);
}
END_TEST

enum { ROWS = 60, K = 5, F = 2, D = 3, H1 = 7, H2 = 4, MOST_FLOATS = 100 };

/* A network of two layers over lists of K of ROWS rows, some candidates of which may not be chosen
 * and some of which have no slope. */
typedef struct lists {
    rri_params params;
    rri_candidate_net net;
    rri_menu menu;
    rri_catalogue catalogue;
    rri_head head;
    rri_logits_input in;
    float features[ROWS * K * F], vectors[ROWS * K * D], rows[ROWS * H1], queries[ROWS * H2];
    float Z[ROWS * K], dZ[ROWS * K];
    void *block;
    rri_stack scratch;
} lists;

static void draw(float *x, size_t n, uint32_t seed)
{
    for (size_t i = 0; i < n; i++) {
        seed = seed * 1664525u + 1013904223u;
        x[i] = (float)(seed >> 8) * 0x1p-23f - 1.0f;
    }
}

static void open_lists(lists *l)
{
    static const int32_t hidden[4] = {H1, H2, 0, 0};
    memset(l, 0, sizeof *l);
    const rri_kernels *kernels = rri_kernels_detect();
    ck_assert_int_eq(
        rri_candidate_net_declare(&l->net, &l->params, hidden, F, D, 1, RR_ACTIVATION_TANH, NULL),
        RR_OK);
    rri_arena arena = {0};
    rri_candidate_net_layout(&l->net, &arena, kernels, false);
    l->block = aligned_alloc(64, (arena.used + 63) / 64 * 64);
    arena = (rri_arena){.base = l->block};
    rri_candidate_net_layout(&l->net, &arena, kernels, false);
    float values[300];
    ck_assert_uint_le(l->params.n_floats, 300);
    draw(values, l->params.n_floats, 1);
    rri_candidate_net_pack(&l->net, values);
    draw(l->features, ROWS * K * F, 2);
    draw(l->vectors, ROWS * K * D, 3);
    draw(l->rows, ROWS * H1, 4);
    draw(l->queries, ROWS * H2, 5);
    draw(l->dZ, ROWS * K, 6);
    for (size_t i = 0; i < ROWS * K; i++) {
        l->Z[i] = i % 7 == 3 ? -INFINITY : 0.0f;
        l->dZ[i] = i % 7 == 3 || i % 11 == 0 ? 0.0f : l->dZ[i];
    }
    l->menu = (rri_menu){
        .n = ROWS, .k = K, .feature_dim = F, .features = l->features, .vectors = l->vectors};
    l->catalogue = (rri_catalogue){.dim = D};
    l->head = (rri_head){.temperature = 1.0f};
    l->in = (rri_logits_input){.kernels = kernels,
                               .catalogue = &l->catalogue,
                               .head = &l->head,
                               .menu = &l->menu,
                               .candidate_net = &l->net,
                               .candidate_rows = l->rows,
                               .candidate_queries = l->queries};
    const size_t bytes =
        rri_candidates_scratch(&l->net) + rri_candidates_record_bytes(&l->net, K, ROWS);
    l->scratch = (rri_stack){.base = aligned_alloc(64, (bytes + 63) / 64 * 64), .size = bytes};
}

static void close_lists(lists *l)
{
    ck_assert_uint_eq(l->scratch.used, 0);
    free(l->scratch.base);
    free(l->block);
}

typedef struct list_slopes {
    float Z[ROWS * K], params[MOST_FLOATS], rows[ROWS * H1], queries[ROWS * H2];
} list_slopes;

/* Forward and backward over all rows; what stays between them, or nothing. */
static void pass(list_slopes *out, lists *l, bool stays)
{
    memset(out, 0, sizeof *out);
    ck_assert_uint_le(l->net.end - l->net.begin, MOST_FLOATS);
    memcpy(out->Z, l->Z, sizeof out->Z);
    rri_candidate_record record = {0};
    if (stays) {
        record = rri_candidates_take_record(&l->net, K, ROWS, &l->scratch);
    }
    const rri_logits_tile tile = {
        .in = &l->in, .n_rows = ROWS, .width = K, .record = stays ? &record : NULL};
    rri_candidates_add(out->Z, K, &tile, 0, ROWS, 0, K, &l->scratch);
    const rri_candidate_gradients gradients = {out->params, out->rows, out->queries};
    rri_candidates_backward(&gradients, l->dZ, &tile, &l->scratch);
    rri_stack_rewind(&l->scratch, 0);
}

/* More candidates than a block has, of which some pass neither way and some forward alone. */
START_TEST(test_candidates_that_stay_have_the_slopes_of_those_made_again)
{
    static lists l;
    static list_slopes kept, anew;
    open_lists(&l);
    ck_assert_uint_gt((size_t)ROWS * K * 6 / 7 * 10 / 11, RRI_CANDIDATE_BLOCK - 10);
    pass(&kept, &l, true);
    pass(&anew, &l, false);
    ck_assert_mem_eq(&kept, &anew, sizeof kept);
    ck_assert_float_ne(kept.params[0], 0.0f);
    ck_assert_float_ne(kept.params[l.net.layers[0].bias_offset - l.net.begin], 0.0f);
    close_lists(&l);
}
END_TEST

/* What goes together fits into what was asked for, whatever the width; a row that is too long does
 * not go at all. */
START_TEST(test_candidates_room_is_bounded_and_suffices)
{
    static lists l;
    open_lists(&l);
    static const size_t longest[] = {1, 7, 300, 4000, 30000, 3000000};
    for (size_t i = 0; i < sizeof longest / sizeof longest[0]; i++) {
        const size_t bytes = rri_candidates_record_bytes(&l.net, longest[i], 32);
        ck_assert_uint_le(bytes, RRI_CANDIDATES_MOST);
        for (size_t width = 1; width <= longest[i]; width += width / 5 + 1) {
            const size_t rows = rri_candidates_recorded_rows(&l.net, width, 32);
            const size_t needed = rri_stack_cost(rows * width * F, sizeof(float)) +
                                  rri_stack_cost(rows * width, sizeof(size_t)) +
                                  rri_candidate_tape_bytes(&l.net, rows * width);
            ck_assert(rows == 0 || needed <= bytes);
            ck_assert_uint_le(rows, 32);
            ck_assert(rows > 0 || width > 10000);
        }
    }
    ck_assert_uint_eq(rri_candidates_recorded_rows(&l.net, 300, 32), 23);
    ck_assert_uint_eq(rri_candidates_recorded_rows(&l.net, 3000000, 32), 0);
    close_lists(&l);
}
END_TEST

CHECK_MAIN("policy/candidates", test_candidates_scores_are_those_of_the_twin,
           test_candidates_have_the_same_bits_with_products_that_are_kept,
           test_candidates_are_divided_by_the_temperature,
           test_candidates_of_a_whole_pool_are_refused,
           test_candidates_that_stay_have_the_slopes_of_those_made_again,
           test_candidates_room_is_bounded_and_suffices)
