/* SPDX-License-Identifier: MIT */
#include "model/network.h"

#include "play/request.h"

#include "agent_twin.h"

#if defined(__SANITIZE_ADDRESS__)
#include <sanitizer/asan_interface.h>
#endif

static const double TOLERANCE = 2e-6;

/* Queries and values of every row against the twin, in two ranges of rows. */
static void check_forward(const rig_shape *given, size_t n)
{
    rig_shape shape = *given;
    shape.n = n;
    shape.agent.max_rows = (int32_t)n;
    rig r;
    rig_open(&r, &shape);
    rr_agent *agent = r.agent;
    rri_network_tape *tape = &agent->trainer.slice.tape;
    const size_t d = agent->trainer.model.network.dim, S = agent->trainer.model.network.state_dim,
                 cut = n / 3;
    const rri_inputs in = {.states = r.obs.states, .state_dim = (size_t)r.obs.state_dim};
    gradcheck_fill_nan(tape->query, n * d);
    rri_network_see(&agent->trainer.model.network, tape, &in, 0, cut, agent->trainer.stacks);
    rri_network_see(&agent->trainer.model.network, tape, &in, cut, n, agent->trainer.stacks);
    rri_network_query(&agent->trainer.model.network, tape, &in, 0, cut, agent->trainer.stacks);
    rri_network_query(&agent->trainer.model.network, tape, &in, cut, n, agent->trainer.stacks);
    rri_network_value(&agent->trainer.model.network, tape, &in, 0, cut, agent->trainer.stacks);
    rri_network_value(&agent->trainer.model.network, tape, &in, cut, n, agent->trainer.stacks);
    float *values = RIG_TAKE(&r, float, n);
    rri_network_values(values, &agent->trainer.model.network, tape, 0, cut);
    rri_network_values(values + cut, &agent->trainer.model.network, tape, cut, n);

    twin t;
    twin_open(&t, &r);
    for (size_t i = 0; i < n; i++) {
        double q[TWIN_WIDEST];
        ck_assert_uint_eq(twin_query(q, &t, r.obs.states + i * S), d);
        for (size_t j = 0; j < d; j++) {
            twin_assert_close((double)tape->query[i * d + j], q[j], TOLERANCE, "query");
        }
        twin_assert_close((double)values[i], twin_value(&t, r.obs.states + i * S), TOLERANCE,
                          "value");
    }
    twin_close(&t);
    rig_close(&r);
}

START_TEST(test_network_forward_is_that_of_the_twin)
{
    const rig_shape usual = rig_usual();
    rig_shape shape = usual;
    check_forward(&shape, 70);
    shape.agent.has_skip = 0;
    check_forward(&shape, 33);
    shape = usual;
    shape.agent.hidden[0] = 0;
    check_forward(&shape, 33);
    shape = usual;
    shape.agent.activation = RR_ACTIVATION_RELU;
    shape.agent.hidden[1] = 17;
    shape.agent.critic_hidden[1] = 9;
    shape.agent.critic_hidden[2] = 5;
    check_forward(&shape, 33);
    shape = usual;
    shape.agent.head = RR_HEAD_DENSE;
    shape.agent.hidden[1] = 6;
    check_forward(&shape, 33);
    shape.agent.critic_hidden[0] = 0; /* a linear critic */
    check_forward(&shape, 33);
    shape = usual;
    shape.agent.normalize_returns = shape.agent.normalize_states = 1;
    check_forward(&shape, 33);
}
END_TEST

START_TEST(test_network_dense_query_has_the_width_of_the_last_hidden_layer)
{
    rig_shape shape = rig_usual();
    shape.agent.head = RR_HEAD_DENSE;
    shape.agent.hidden[0] = 9;
    shape.agent.hidden[1] = 6;
    rig r;
    rig_open(&r, &shape);
    ck_assert_uint_eq(r.agent->trainer.model.network.dim, 6);
    ck_assert_uint_eq(rig_param(&r, "actor.items")->shape[0], 7);
    ck_assert_uint_eq(rig_param(&r, "actor.items")->shape[1], 6);
    ck_assert_uint_eq(rig_param(&r, "actor.item_bias")->size, 7);
    const rri_params *params = &r.agent->trainer.model.network.params;
    ck_assert_ptr_null(rri_params_find(params, "actor.log_scale")); /* τ = 1 */
    ck_assert_ptr_null(rri_params_find(params, "actor.skip.weight"));
    ck_assert_float_eq(r.agent->trainer.model.network.head.scale, 1.0f);
    rig_close(&r);
}
END_TEST

static void assert_orthogonal(const rig *r, const char *name, double gain)
{
    const rri_param *param = rig_param(r, name);
    const float *W = r->agent->trainer.model.values + param->offset;
    const size_t rows = param->shape[0], cols = param->shape[1];
    const bool is_tall = rows >= cols;
    const size_t n = is_tall ? cols : rows, length = is_tall ? rows : cols;
    for (size_t a = 0; a < n; a++) {
        for (size_t b = 0; b < n; b++) {
            double dot = 0.0;
            for (size_t i = 0; i < length; i++) {
                dot += is_tall ? (double)W[i * cols + a] * (double)W[i * cols + b]
                               : (double)W[a * cols + i] * (double)W[b * cols + i];
            }
            const double wanted = a == b ? gain * gain : 0.0;
            ck_assert_msg(fabs(dot - wanted) <= 1e-6 * gain * gain, "%s: (%zu, %zu) is %g, not %g",
                          name, a, b, dot, wanted);
        }
    }
}

static void assert_all(const rig *r, const char *name, float value)
{
    const rri_param *param = rig_param(r, name);
    for (size_t i = 0; i < param->size; i++) {
        ck_assert_float_eq(r->agent->trainer.model.values[param->offset + i], value);
    }
}

/* As create leaves the agent. */
static void make_anew(rig *r)
{
    rri_agent_destroy(r->agent);
    ck_assert_int_eq(rri_agent_create(&r->agent, &r->shape.agent, rig_algorithm(&r->shape),
                                      rig_algo_config(&r->shape), r->items, NULL, NULL),
                     RR_OK);
}

START_TEST(test_network_starts_the_tower_head_with_a_query_of_zero)
{
    rig_shape shape = rig_usual();
    shape.k = 3;
    shape.agent.feature_dim = 2;
    shape.agent.has_bias = 1;
    shape.agent.hidden[1] = 5;
    shape.agent.critic_hidden[1] = 5;
    shape.agent.initial_scale = 10.0f;
    rig r;
    rig_open(&r, &shape);
    make_anew(&r);
    assert_orthogonal(&r, "actor.mlp.0.weight", sqrt(2.0));
    assert_orthogonal(&r, "actor.mlp.1.weight", sqrt(2.0));
    assert_all(&r, "actor.mlp.2.weight", 0.0f);
    assert_all(&r, "actor.mlp.0.bias", 0.0f);
    assert_all(&r, "actor.skip.weight", 0.0f);
    assert_all(&r, "actor.feature_weights", 0.0f);
    assert_all(&r, "actor.repeat_weight", 0.0f);
    assert_all(&r, "actor.item_bias", 0.0f);
    assert_orthogonal(&r, "critic.0.weight", sqrt(2.0));
    assert_orthogonal(&r, "critic.1.weight", sqrt(2.0));
    assert_orthogonal(&r, "critic.2.weight", 1.0);
    assert_all(&r, "critic.2.bias", 0.0f);
    const float log_scale =
        r.agent->trainer.model.values[r.agent->trainer.model.network.at.log_scale];
    ck_assert_float_eq_tol(log_scale, 2.3025851f, 1e-6f);
    ck_assert_float_eq_tol(r.agent->trainer.model.network.head.scale, 10.0f, 1e-5f);
    rig_close(&r);
}
END_TEST

START_TEST(test_network_starts_the_dense_head_all_but_even)
{
    rig_shape shape = rig_usual();
    shape.agent.head = RR_HEAD_DENSE;
    rig r;
    rig_open(&r, &shape);
    make_anew(&r);
    assert_orthogonal(&r, "actor.mlp.0.weight", sqrt(2.0));
    assert_orthogonal(&r, "actor.items", 0.01);
    assert_all(&r, "actor.item_bias", 0.0f);
    rig_close(&r);
}
END_TEST

START_TEST(test_network_starts_trained_items_at_the_vectors_of_the_pool)
{
    rig_shape shape = rig_usual();
    shape.agent.has_trained_items = 1;
    rig r;
    rig_open(&r, &shape);
    make_anew(&r);
    ck_assert_mem_eq(r.agent->trainer.model.values + r.agent->trainer.model.network.at.items,
                     rri_items_vectors(r.items), 7 * 3 * sizeof(float));
    ck_assert_ptr_eq(r.agent->trainer.model.network.catalogue.vectors,
                     r.agent->trainer.model.values + r.agent->trainer.model.network.at.items);
    rig_close(&r);
}
END_TEST

START_TEST(test_network_has_no_tensor_for_what_it_does_not_learn)
{
    rig_shape shape = rig_usual();
    shape.agent.has_skip = 0;
    shape.agent.has_repeat_weight = 0;
    rig r;
    rig_open(&r, &shape);
    const rri_params *params = &r.agent->trainer.model.network.params;
    const char *const absent[] = {"actor.skip.weight",     "actor.repeat_weight",
                                  "actor.feature_weights", "actor.items",
                                  "actor.item_bias",       "actor.skip.bias"};
    for (size_t i = 0; i < sizeof absent / sizeof absent[0]; i++) {
        ck_assert_msg(rri_params_find(params, absent[i]) == NULL, "%s is there", absent[i]);
    }
    ck_assert(!r.agent->trainer.model.network.head.has_repeat_weight);
    ck_assert(!rri_network_learns_items(&r.agent->trainer.model.network));
    rig_close(&r);
}
END_TEST

/* Every task once, in falling order: together they write the gradient of all weights and no more.
 */
START_TEST(test_network_tasks_own_their_gradients)
{
    rig_shape shape = rig_usual();
    shape.agent.hidden[0] = 70; /* more than one block of outputs */
    shape.agent.item_dim = 66;
    rig r;
    rig_open(&r, &shape);
    rr_agent *agent = r.agent;
    rri_network *net = &agent->trainer.model.network;
    rri_network_tape *tape = &agent->trainer.slice.tape, *slopes = &agent->trainer.slice.slopes;
    const size_t n = 5, n_floats = net->params.n_floats;
    const rri_inputs in = {.states = r.obs.states, .state_dim = (size_t)r.obs.state_dim};
    rri_network_see(net, tape, &in, 0, n, agent->trainer.stacks);
    rri_network_query(net, tape, &in, 0, n, agent->trainer.stacks);
    rri_network_value(net, tape, &in, 0, n, agent->trainer.stacks);
    rig_fill(&r, slopes->query, n * net->dim, 1.0f);
    rig_fill(&r, rri_network_values_of(net, slopes), n, 1.0f);
    rri_network_query_backward(net, slopes, tape, 0, n, agent->trainer.stacks);
    rri_network_value_backward(net, slopes, tape, 0, n, agent->trainer.stacks);

    float *rising = RIG_TAKE(&r, float, n_floats), *falling = RIG_TAKE(&r, float, n_floats);
    float *alone = RIG_TAKE(&r, float, n_floats);
    const size_t n_tasks = rri_network_n_tasks(net);
    for (size_t i = 0; i < n_tasks; i++) {
        rri_network_backward_params(net, rising, slopes, tape, &in, n, i, agent->trainer.stacks);
        rri_network_backward_params(net, falling, slopes, tape, &in, n, n_tasks - 1 - i,
                                    agent->trainer.stacks);
        memset(alone, 0, n_floats * sizeof(float));
        rri_network_backward_params(net, alone, slopes, tape, &in, n, i, agent->trainer.stacks);
        for (size_t j = 0; j < n_floats; j++) { /* nobody else had written where this task writes */
            ck_assert(alone[j] == 0.0f || alone[j] == rising[j]);
        }
    }
    ck_assert_mem_eq(rising, falling, n_floats * sizeof(float));
    for (size_t j = 0; j < n_floats; j++) {
        alone[j] = 1.0f;
    }
    for (size_t i = 0; i < n_tasks; i++) {
        rri_network_zero_params(net, alone, i);
    }
    for (size_t j = 0; j < n_floats; j++) { /* cleared is what is written, and no more */
        ck_assert_float_eq(alone[j], rising[j] != 0.0f ? 0.0f : 1.0f);
    }
    for (size_t p = 0; p < net->params.n_params; p++) {
        const rri_param *param = &net->params.entries[p];
        size_t n_moved = 0;
        for (size_t i = 0; i < param->size; i++) {
            n_moved += rising[param->offset + i] != 0.0f;
        }
        const bool is_of_the_head =
            param->offset == net->at.log_scale || param->offset == net->at.repeat_weight;
        ck_assert_msg(n_moved == (is_of_the_head ? 0 : param->size), "%s: %zu of %zu", param->name,
                      n_moved, param->size);
    }
    rig_close(&r);
}
END_TEST

/* The large block is compared whole, with the gaps between its slices, which AddressSanitizer
 * guards. */
static void open_gaps(const rr_agent *agent)
{
#if defined(__SANITIZE_ADDRESS__)
    __asan_unpoison_memory_region(agent->block, agent->block_bytes);
#else
    (void)agent;
#endif
}

/* Panels of a changed policy, packed at once and in tasks. */
static void check_packing(const rig_shape *shape)
{
    rig r;
    rig_open(&r, shape);
    rr_agent *agent = r.agent;
    rri_network *net = &agent->trainer.model.network;
    const size_t n_floats = net->params.n_floats;
    float *values = RIG_TAKE(&r, float, n_floats);
    char *block = RIG_TAKE(&r, char, agent->block_bytes);
    open_gaps(agent);
    rig_fill(&r, values, n_floats, 1.0f);
    memcpy(agent->trainer.model.values, values, n_floats * sizeof(float));
    rri_model_pack(&agent->trainer.model);
    memcpy(block, agent->block, agent->block_bytes);
    const rri_head head = net->head;

    rig_fill(&r, agent->trainer.model.values, n_floats, 1.0f);
    rri_model_pack(&agent->trainer.model);
    ck_assert_mem_ne(block, agent->block, agent->block_bytes);
    memcpy(agent->trainer.model.values, values, n_floats * sizeof(float));
    for (size_t task = rri_network_n_pack_tasks(net); task-- > 0;) {
        rri_network_pack_task(net, agent->trainer.model.values, task);
    }
    ck_assert_mem_eq(block, agent->block, agent->block_bytes);
    ck_assert_float_eq(head.scale, net->head.scale);
    ck_assert_float_eq(head.repeat_weight, net->head.repeat_weight);
    rig_close(&r);
}

START_TEST(test_network_packed_in_tasks_is_the_network_packed_at_once)
{
    rig_shape shape = rig_usual();
    check_packing(&shape);
    shape.n_items = 700; /* more than one block of items */
    shape.agent.has_trained_items = 1;
    check_packing(&shape);
    shape.agent.item_dim = 16; /* rows of whole sixteens are not packed by their other side */
    check_packing(&shape);
}
END_TEST

START_TEST(test_network_inputs_from_a_row_on_lead_all_that_is_there)
{
    const float states[6] = {0}, rewards[6] = {0}, features[24] = {0};
    const int32_t history[6] = {0}, rows[3] = {2, 0, 1};
    rri_inputs in = {.states = states,
                     .history = history,
                     .history_rewards = rewards,
                     .features = features,
                     .state_dim = 2,
                     .h = 2,
                     .k = 4,
                     .feature_dim = 2};
    rri_inputs part = rri_inputs_from(&in, 1);
    ck_assert_ptr_eq(part.states, states + 2);
    ck_assert_ptr_eq(part.history, history + 2);
    ck_assert_ptr_eq(part.history_rewards, rewards + 2);
    ck_assert_ptr_eq(part.features, features + 8);
    in.rows = rows; /* then only states lie in order */
    part = rri_inputs_from(&in, 1);
    ck_assert_ptr_eq(part.states, states + 2);
    ck_assert_ptr_eq(part.rows, rows + 1);
    ck_assert_ptr_eq(part.history, history);
    ck_assert_ptr_eq(part.features, features);
    part = rri_inputs_from(&(rri_inputs){.states = states, .state_dim = 2}, 2);
    ck_assert_ptr_eq(part.states, states + 4);
    ck_assert(part.history == NULL && part.history_rewards == NULL && part.features == NULL);
}
END_TEST

CHECK_MAIN("model/network", test_network_inputs_from_a_row_on_lead_all_that_is_there,
           test_network_forward_is_that_of_the_twin,
           test_network_dense_query_has_the_width_of_the_last_hidden_layer,
           test_network_starts_the_tower_head_with_a_query_of_zero,
           test_network_starts_the_dense_head_all_but_even,
           test_network_starts_trained_items_at_the_vectors_of_the_pool,
           test_network_has_no_tensor_for_what_it_does_not_learn,
           test_network_tasks_own_their_gradients,
           test_network_packed_in_tasks_is_the_network_packed_at_once)
