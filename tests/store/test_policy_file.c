/* SPDX-License-Identifier: MIT */
/* What is in the file, and what of it is not believed. Through the header: test_api_policy_file.c.
 */
#include "store/policy_file.h"

#include "agent_fixture.h"

typedef struct stored {
    rig r;
    rr_policy *policy;
    rri_policy_file file;
    rri_allocator allocator;
    unsigned char *bytes;
    size_t n_bytes;
} stored;

static void write_file(stored *s)
{
    rr_error err = {0};
    ck_assert_int_eq(
        rri_safetensors_write(NULL, 0, &s->n_bytes, rri_policy_file_describe, &s->file, NULL),
        RR_OK);
    free(s->bytes);
    s->bytes = malloc(s->n_bytes);
    ck_assert_msg(rri_safetensors_write(s->bytes, s->n_bytes, &s->n_bytes, rri_policy_file_describe,
                                        &s->file, &err) == RR_OK,
                  "%s", err.text);
}

static void stored_open(stored *s, const rig_shape *shape)
{
    *s = (stored){0};
    ck_assert_int_eq(rri_allocator_init(&s->allocator, NULL, NULL), RR_OK);
    rig_open(&s->r, shape);
    rr_serving_options options;
    rr_serving_options_init(&options, sizeof options);
    options.floor = 0.1f;
    options.temperature = 0.75f;
    ck_assert_int_eq(rri_agent_publish(&s->policy, s->r.agent, &options, NULL), RR_OK);
    s->file.policy = s->policy;
    ck_assert_int_eq(rri_proof_play(&s->file.proof, s->policy, &s->allocator, NULL), RR_OK);
    write_file(s);
}

static void stored_close(stored *s)
{
    free(s->bytes);
    rri_snapshot_release(s->policy);
    rig_close(&s->r);
}

static rr_status read_file(rr_policy **out, stored *s, rr_items *items, rr_error *err)
{
    rri_safetensors_reader reader;
    const rr_status opened =
        rri_safetensors_open(&reader, s->bytes, s->n_bytes, &s->allocator, err);
    if (opened != RR_OK) {
        return opened;
    }
    const rr_status status = rri_policy_file_read(out, &reader, items, &s->allocator, err);
    rri_safetensors_close(&reader);
    return status;
}

START_TEST(test_policy_file_gives_back_the_policy_it_was_written_from)
{
    rig_shape shapes[6] = {rig_usual(), rig_usual(), rig_usual(),
                           rig_usual(), rig_usual(), rig_usual()};
    shapes[0].agent.normalize_returns = shapes[0].agent.normalize_states = 1;
    shapes[1].agent.head = RR_HEAD_DENSE;
    shapes[0].agent.reward_model = shapes[1].agent.reward_model = 1;
    shapes[2].agent.has_trained_items = shapes[2].agent.has_bias = 1;
    shapes[3].n_items = 0;
    shapes[3].k = 5;
    shapes[3].has_only_vectors = true;
    shapes[4].k = 4;
    shapes[4].agent.feature_dim = 2;
    shapes[4].agent.has_feature_query = 1;
    shapes[4].agent.candidate_hidden[0] = 6;
    shapes[4].agent.candidate_hidden[1] = 5;
    shapes[5].agent.item_feature_dim = 4;
    shapes[5].agent.tower_hidden[0] = 5;
    for (size_t i = 0; i < 6; i++) {
        stored s;
        stored_open(&s, &shapes[i]);
        rr_policy *back = NULL;
        rr_error err = {0};
        ck_assert_msg(read_file(&back, &s, s.r.items, &err) == RR_OK, "%s", err.text);
        ck_assert_uint_eq(rri_snapshot_version(back), rri_snapshot_version(s.policy));
        ck_assert_mem_eq(back->model.values, s.policy->model.values,
                         s.policy->model.network.params.n_floats * sizeof(float));
        ck_assert(back->options.floor == 0.1f && back->options.temperature == 0.75f);
        rri_snapshot_release(back);
        stored_close(&s);
    }
}
END_TEST

START_TEST(test_policy_file_holds_no_moments_and_no_counters)
{
    const rig_shape shape = rig_usual();
    stored s;
    stored_open(&s, &shape);
    rri_safetensors_reader reader;
    ck_assert_int_eq(rri_safetensors_open(&reader, s.bytes, s.n_bytes, &s.allocator, NULL), RR_OK);
    ck_assert_uint_eq(reader.n_tensors, s.policy->model.network.params.n_params + 3);
    rri_safetensors_close(&reader);
    stored_close(&s);
}
END_TEST

static void expect_refusal(stored *s, rr_status wanted, const char *sentence)
{
    rr_policy *back = NULL;
    rr_error err = {0};
    write_file(s);
    rig_expect(read_file(&back, s, s->r.items, &err), wanted, &err, sentence);
    ck_assert_ptr_null(back);
}

/* Whole and with its checksum, but not what it says. */
START_TEST(test_policy_file_is_proved_by_its_version_and_its_decisions)
{
    const rig_shape shape = rig_usual();
    stored s;
    stored_open(&s, &shape);
    s.file.proof.actions[2] += 1;
    expect_refusal(&s, RR_E_MISMATCH, "proof decision 2 chooses");
    s.file.proof.actions[2] -= 1;
    s.file.proof.log_probs[5] *= 1.000001f;
    expect_refusal(&s, RR_E_MISMATCH, "proof decision 5 has log-prob");
    ck_assert_int_eq(rri_proof_play(&s.file.proof, s.policy, &s.allocator, NULL), RR_OK);
    s.file.proof.values[9] += 1e-6f;
    expect_refusal(&s, RR_E_MISMATCH, "proof decision 9 has value");
    ck_assert_int_eq(rri_proof_play(&s.file.proof, s.policy, &s.allocator, NULL), RR_OK);
    s.policy->model.hash ^= 1;
    expect_refusal(&s, RR_E_MISMATCH, "policy: version is");
    s.policy->model.hash ^= 1;
    s.policy->model.values[0] = INFINITY;
    expect_refusal(&s, RR_E_FORMAT, "it must be finite");
    stored_close(&s);
}
END_TEST

START_TEST(test_policy_file_of_another_catalogue_is_refused)
{
    const rig_shape shape = rig_usual();
    stored s;
    stored_open(&s, &shape);
    rr_items *others = rig_items(&s.r, shape.n_items, 3, NULL);
    rr_policy *back = NULL;
    rr_error err = {0};
    rig_expect(read_file(&back, &s, others, &err), RR_E_MISMATCH, &err, "items_fingerprint");
    rig_expect(read_file(&back, &s, NULL, &err), RR_E_MISMATCH, &err, "items_fingerprint");
    rri_items_release(others);
    stored_close(&s);
}
END_TEST

/* Configs that a file with a right checksum may say, and that would take memory without end. */
START_TEST(test_policy_file_takes_no_memory_for_shapes_whose_tensors_it_does_not_have)
{
    const rig_shape shape = rig_usual();
    stored s;
    stored_open(&s, &shape);
    s.policy->model.config.hidden[0] = 2000000000;
    expect_refusal(&s, RR_E_MISMATCH, "actor.mlp.0.weight");
    s.policy->model.config.hidden[0] = 4;
    s.policy->model.config.state_dim = 2000000000;
    expect_refusal(&s, RR_E_MISMATCH, "actor.mlp.0.weight");
    s.policy->model.config.state_dim = 3;
    s.policy->model.config.max_candidates = 2000000000; /* never asked for by its decisions */
    s.policy->model.config.max_history = 2000000000;
    s.policy->model.config.max_pool_items = 2000000000;
    rr_policy *back = NULL;
    rr_error err = {0};
    write_file(&s);
    ck_assert_msg(read_file(&back, &s, s.r.items, &err) == RR_OK, "%s", err.text);
    rri_snapshot_release(back);
    s.policy->model.config.num_items = 5;
    expect_refusal(&s, RR_E_INVALID, "num_items is 5");
    stored_close(&s);
}
END_TEST

CHECK_MAIN("store/policy_file", test_policy_file_gives_back_the_policy_it_was_written_from,
           test_policy_file_holds_no_moments_and_no_counters,
           test_policy_file_is_proved_by_its_version_and_its_decisions,
           test_policy_file_of_another_catalogue_is_refused,
           test_policy_file_takes_no_memory_for_shapes_whose_tensors_it_does_not_have)
