/* SPDX-License-Identifier: MIT */
#include "serve/proof.h"

#include "agent_fixture.h"

/* Shapes with a pool, with lists and features, with per-request vectors alone, and the dense head.
 */
enum { N_KINDS = 6 };
static rig_shape kind(size_t which)
{
    rig_shape shape = rig_usual();
    switch (which) {
    case 1:
        shape.agent.feature_dim = 2;
        break;
    case 2:
        shape.n_items = 0;
        shape.k = 6;
        shape.has_only_vectors = true;
        break;
    case 3:
        shape.agent.head = RR_HEAD_DENSE;
        break;
    case 4:
        shape.n_items = 1;
        shape.agent.max_history = 1;
        break;
    case 5:
        shape.agent.max_history = 0;
        shape.agent.max_candidates = 1;
        shape.agent.feature_dim = 1;
        break;
    default:
        break;
    }
    return shape;
}

static rri_allocator plain_allocator(void)
{
    rri_allocator allocator;
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    return allocator;
}

static rr_policy *publish(rig *r, float floor, float temperature)
{
    rr_serving_options options;
    rr_serving_options_init(&options, sizeof options);
    options.floor = floor;
    options.incumbent_share = floor;
    options.temperature = temperature;
    rr_policy *policy = NULL;
    ck_assert_int_eq(rri_agent_publish(&policy, r->agent, &options, NULL), RR_OK);
    return policy;
}

static rri_proof play(const rr_policy *policy)
{
    const rri_allocator allocator = plain_allocator();
    rri_proof proof;
    rr_error err = {0};
    ck_assert_msg(rri_proof_play(&proof, policy, &allocator, &err) == RR_OK, "%s", err.text);
    return proof;
}

START_TEST(test_proof_decisions_are_the_same_each_time_and_differ_between_parameters)
{
    for (size_t which = 0; which < N_KINDS; which++) {
        const rig_shape shape = kind(which);
        rig r;
        rig_open(&r, &shape);
        rr_policy *policy = publish(&r, 0.0f, 1.0f);
        const rri_proof first = play(policy), again = play(policy);
        rr_error err = {0};
        ck_assert_msg(rri_proof_compare(&first, &again, true, &err) == RR_OK, "%s", err.text);
        bool is_any = false;
        for (size_t i = 0; i < RRI_PROOF_DECISIONS; i++) {
            ck_assert(first.log_probs[i] <= 0.0f && isfinite(first.values[i]));
            is_any |= first.values[i] != 0.0f;
        }
        ck_assert(is_any);
        rri_snapshot_release(policy);
        rig_randomise(&r);
        policy = publish(&r, 0.0f, 1.0f);
        const rri_proof other = play(policy);
        ck_assert_int_eq(rri_proof_compare(&first, &other, true, NULL), RR_E_MISMATCH);
        rri_snapshot_release(policy);
        rig_close(&r);
    }
}
END_TEST

/* Each parameter of the head and each option is heard of by some decision. */
START_TEST(test_proof_decisions_hear_of_options_and_of_every_tensor)
{
    rig_shape shapes[2] = {rig_usual(), rig_usual()};
    shapes[0].agent.has_bias = shapes[1].agent.has_bias = 1;
    shapes[1].agent.feature_dim = 2;
    for (size_t s = 0; s < 2; s++) {
        rig r;
        rig_open(&r, &shapes[s]);
        rr_policy *policy = publish(&r, 0.0f, 1.0f);
        const rri_proof first = play(policy);
        rri_snapshot_release(policy);
        for (size_t p = 0; p < r.agent->trainer.model.network.params.n_params; p++) {
            const rri_param *param = &r.agent->trainer.model.network.params.entries[p];
            for (size_t i = 0; i < param->size; i++) {
                r.agent->trainer.model.values[param->offset + i] += 0.25f + 0.01f * (float)i;
            }
            rri_model_pack(&r.agent->trainer.model);
            policy = publish(&r, 0.0f, 1.0f);
            const rri_proof other = play(policy);
            ck_assert_msg(rri_proof_compare(&first, &other, true, NULL) == RR_E_MISMATCH,
                          "%s moved, and no decision did", param->name);
            rri_snapshot_release(policy);
            for (size_t i = 0; i < param->size; i++) {
                r.agent->trainer.model.values[param->offset + i] -= 0.25f + 0.01f * (float)i;
            }
        }
        rri_model_pack(&r.agent->trainer.model);
        policy = publish(&r, 0.1f, 1.0f);
        rri_proof other = play(policy);
        ck_assert_int_eq(rri_proof_compare(&first, &other, true, NULL), RR_E_MISMATCH);
        rri_snapshot_release(policy);
        policy = publish(&r, 0.0f, 1.5f);
        other = play(policy);
        ck_assert_int_eq(rri_proof_compare(&first, &other, true, NULL), RR_E_MISMATCH);
        rri_snapshot_release(policy);
        rig_close(&r);
    }
}
END_TEST

START_TEST(test_proof_comparison_names_the_decision_and_both_numbers)
{
    rri_proof saved = {{0}, {0}, {0}}, played;
    rr_error err = {0};
    for (size_t i = 0; i < RRI_PROOF_DECISIONS; i++) {
        saved.log_probs[i] = -1.5f;
        saved.values[i] = 2.0f;
    }
    played = saved;
    played.actions[3] = 2;
    rig_expect(rri_proof_compare(&saved, &played, true, &err), RR_E_MISMATCH, &err,
               "proof decision 3 chooses position 2 here; when it was saved it chose 0");
    ck_assert_int_eq(rri_proof_compare(&saved, &played, false, NULL), RR_OK);
    played = saved;
    played.log_probs[4] = -1.50001f;
    rig_expect(rri_proof_compare(&saved, &played, true, &err), RR_E_MISMATCH, &err,
               "proof decision 4 has log-prob -1.50001");
    ck_assert_int_eq(rri_proof_compare(&saved, &played, false, NULL), RR_OK);
    played.log_probs[4] = -1.51f;
    ck_assert_int_eq(rri_proof_compare(&saved, &played, false, NULL), RR_E_MISMATCH);
    played.log_probs[4] = NAN;
    ck_assert_int_eq(rri_proof_compare(&saved, &played, false, NULL), RR_E_MISMATCH);
    played = saved;
    played.values[15] = 2.1f;
    rig_expect(rri_proof_compare(&saved, &played, false, &err), RR_E_MISMATCH, &err,
               "proof decision 15 has value 2.0999999 here; when it was saved, 2");
}
END_TEST

START_TEST(test_proof_shape_that_can_make_no_request_has_none)
{
    rig_shape shape = rig_usual();
    shape.agent.max_candidates = 0;
    shape.agent.feature_dim = 2;
    rig r;
    rig_open(&r, &shape);
    rr_policy *policy = publish(&r, 0.0f, 1.0f);
    const rri_proof proof = play(policy), zeros = {{0}, {0}, {0}};
    ck_assert_mem_eq(&proof, &zeros, sizeof zeros);
    rri_snapshot_release(policy);
    rig_close(&r);
}
END_TEST

CHECK_MAIN("serve/proof", test_proof_decisions_are_the_same_each_time_and_differ_between_parameters,
           test_proof_decisions_hear_of_options_and_of_every_tensor,
           test_proof_comparison_names_the_decision_and_both_numbers,
           test_proof_shape_that_can_make_no_request_has_none)
