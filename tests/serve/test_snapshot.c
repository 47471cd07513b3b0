/* SPDX-License-Identifier: MIT */
#include "serve/snapshot.h"

#include "agent_fixture.h"
#include "counting_host.h"

/* An agent, and a snapshot of it with a reader. */
typedef struct served {
    rig r;
    rr_serving_options options;
    rr_policy *policy;
    rr_reader *reader;
} served;

static rri_allocator plain_allocator(void)
{
    rri_allocator allocator;
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    return allocator;
}

static void publish(served *s)
{
    rr_error err = {0};
    ck_assert_msg(rri_agent_publish(&s->policy, s->r.agent, &s->options, &err) == RR_OK, "%s",
                  err.text);
}

static void open_reader(served *s, uint64_t seed)
{
    const rri_allocator allocator = plain_allocator();
    rr_error err = {0};
    ck_assert_msg(rri_reader_create(&s->reader, s->policy, rri_snapshot_most_items(s->policy), seed,
                                    &allocator, &err) == RR_OK,
                  "%s", err.text);
}

static void served_open(served *s, const rig_shape *shape)
{
    *s = (served){0};
    rig_open(&s->r, shape);
    rr_serving_options_init(&s->options, sizeof s->options);
    publish(s);
    open_reader(s, 11);
}

static void served_close(served *s)
{
    ck_assert_uint_eq(s->reader->stack.used, 0);
    rri_reader_destroy(s->reader);
    rri_snapshot_release(s->policy);
    rig_close(&s->r);
}

static void act(served *s, rr_decision *decision)
{
    rr_error err = {0};
    ck_assert_msg(rri_snapshot_act(s->policy, s->reader, &s->r.obs, decision, &err) == RR_OK, "%s",
                  err.text);
}

/* The kinds of agents and requests that there are. */
enum { N_KINDS = 6 };
static rig_shape kind(size_t which)
{
    rig_shape shape = rig_usual();
    shape.m = 2;
    shape.h = 5;
    switch (which) {
    case 1:
        shape.k = 5;
        shape.has_lengths = true;
        shape.has_counts = true;
        shape.agent.feature_dim = 2;
        shape.agent.has_bias = 1;
        break;
    case 2:
        shape.agent.head = RR_HEAD_DENSE;
        break;
    case 3:
        shape.n_items = 0;
        shape.m = shape.h = 0;
        shape.k = 6;
        shape.has_only_vectors = true;
        break;
    case 4:
        shape.agent.has_trained_items = 1;
        shape.agent.has_bias = 1;
        shape.agent.normalize_returns = shape.agent.normalize_states = 1;
        shape.agent.reward_model = 1;
        break;
    case 5:
        shape.agent.item_feature_dim = 4;
        shape.agent.tower_hidden[0] = 5;
        shape.agent.has_bias = 1;
        break;
    default:
        break;
    }
    return shape;
}

START_TEST(test_snapshot_with_plain_options_decides_as_its_agent_to_the_bit)
{
    for (size_t which = 0; which < N_KINDS; which++) {
        rig_shape shape = kind(which);
        shape.n = 150; /* more than a tile */
        shape.agent.max_rows = 150;
        served s;
        served_open(&s, &shape);
        rig *r = &s.r;
        const size_t width = shape.k > 0 ? shape.k : shape.n_items;
        float *all = RIG_TAKE(r, float, shape.n *width),
              *of_agent = RIG_TAKE(r, float, shape.n *width);
        uint64_t *versions = RIG_TAKE(r, uint64_t, shape.n), *own = RIG_TAKE(r, uint64_t, shape.n);
        rr_decision served_one = r->decision;
        served_one.actions = RIG_TAKE(r, int32_t, shape.n);
        served_one.items = RIG_TAKE(r, int32_t, shape.n);
        served_one.log_probs = RIG_TAKE(r, float, shape.n);
        served_one.values = RIG_TAKE(r, float, shape.n);
        served_one.all_log_probs = all;
        served_one.policy_versions = versions;
        r->decision.all_log_probs = of_agent;
        r->decision.policy_versions = own;
        for (int call = 0; call < 2; call++) { /* the second goes on with the counter */
            ck_assert_int_eq(rri_agent_act(r->agent, &r->obs, &r->decision, NULL), RR_OK);
            act(&s, &served_one);
            ck_assert_mem_eq(served_one.actions, r->decision.actions, shape.n * 4);
            ck_assert_mem_eq(served_one.items, r->decision.items, shape.n * 4);
            ck_assert_mem_eq(served_one.log_probs, r->decision.log_probs, shape.n * 4);
            ck_assert_mem_eq(served_one.values, r->decision.values, shape.n * 4);
            ck_assert_mem_eq(all, of_agent, shape.n * width * 4);
            ck_assert_mem_eq(versions, own, shape.n * 8);
        }
        ck_assert_uint_eq(rri_snapshot_version(s.policy), rri_agent_version(r->agent));
        served_close(&s);
    }
}
END_TEST

START_TEST(test_snapshot_stays_as_it_was_while_its_agent_learns)
{
    const rig_shape shape = kind(4);
    served s;
    served_open(&s, &shape);
    rig *r = &s.r;
    float before[64], after[64];
    s.r.decision.log_probs = before;
    act(&s, &r->decision);
    const uint64_t version = rri_snapshot_version(s.policy);
    rig_randomise(r);
    s.reader->n_draws = 0;
    s.r.decision.log_probs = after;
    act(&s, &r->decision);
    ck_assert_mem_eq(before, after, shape.n * sizeof(float));
    ck_assert_uint_eq(rri_snapshot_version(s.policy), version);
    ck_assert_uint_ne(rri_agent_version(r->agent), version);
    served_close(&s);
}
END_TEST

START_TEST(test_snapshot_version_tells_options_apart)
{
    const rig_shape shape = rig_usual();
    served s;
    served_open(&s, &shape);
    uint64_t versions[5] = {rri_snapshot_version(s.policy)};
    for (size_t i = 1; i < 5; i++) {
        rr_serving_options_init(&s.options, sizeof s.options);
        s.options.is_greedy = i == 1;
        s.options.temperature = i == 2 ? 0.5f : 1.0f;
        s.options.floor = i == 3 ? 0.1f : 0.0f;
        s.options.incumbent_share = i == 4 ? 0.1f : 0.0f;
        rri_snapshot_release(s.policy);
        publish(&s);
        versions[i] = rri_snapshot_version(s.policy);
        for (size_t j = 0; j < i; j++) {
            ck_assert_uint_ne(versions[i], versions[j]);
        }
    }
    served_close(&s);
}
END_TEST

START_TEST(test_snapshot_published_into_a_retired_one_is_as_a_fresh_one)
{
    for (size_t which = 0; which < N_KINDS; which++) {
        const rig_shape shape = kind(which);
        served s;
        served_open(&s, &shape);
        rr_policy *retired = s.policy;
        rig_randomise(&s.r);
        s.options.temperature = 0.7f;
        rr_policy *again = NULL;
        ck_assert_int_eq(rri_snapshot_publish(&again, &s.r.agent->trainer.model, &s.r.agent->shared,
                                              &s.options, retired, &s.r.agent->allocator, NULL),
                         RR_OK);
        ck_assert_ptr_eq(again, retired);
        float over[64], fresh[64];
        s.r.decision.log_probs = over;
        act(&s, &s.r.decision);
        rri_snapshot_release(s.policy);
        publish(&s);
        s.reader->n_draws = 0;
        s.r.decision.log_probs = fresh;
        act(&s, &s.r.decision);
        ck_assert_mem_eq(over, fresh, shape.n * sizeof(float));
        served_close(&s);
    }
}
END_TEST

START_TEST(test_snapshot_of_another_shape_is_refused_by_the_reader)
{
    const rig_shape shape = rig_usual();
    served s;
    served_open(&s, &shape);
    rig_shape other_shape = rig_usual();
    other_shape.agent.hidden[0] = 5;
    served other;
    served_open(&other, &other_shape);
    rr_error err = {0};
    rig_expect(rri_snapshot_act(other.policy, s.reader, &s.r.obs, &s.r.decision, &err),
               RR_E_MISMATCH, &err, "reader: this policy's hidden is 5; it must be 4,");
    served_close(&other);
    other_shape = rig_usual();
    other_shape.agent.normalize_states = 1; /* a reader for it has an array more */
    served_open(&other, &other_shape);
    rig_expect(rri_snapshot_act(other.policy, s.reader, &s.r.obs, &s.r.decision, &err),
               RR_E_MISMATCH, &err, "this policy's normalize_states is 1; it must be 0");
    served_close(&other);
    other_shape = rig_usual();
    other_shape.agent.feature_dim = 2;
    served_open(&other, &other_shape);
    rig_shape meeting_shape = other_shape;
    meeting_shape.agent.has_feature_query = 1;
    served meeting;
    served_open(&meeting, &meeting_shape);
    rig_expect(rri_snapshot_act(meeting.policy, other.reader, &s.r.obs, &s.r.decision, &err),
               RR_E_MISMATCH, &err, "this policy's has_feature_query is 1; it must be 0");
    served_close(&meeting);
    meeting_shape.agent.has_feature_query = 0;
    meeting_shape.agent.candidate_hidden[0] = 6;
    served_open(&meeting, &meeting_shape);
    rig_expect(rri_snapshot_act(meeting.policy, other.reader, &s.r.obs, &s.r.decision, &err),
               RR_E_MISMATCH, &err, "this policy's candidate_hidden is 6; it must be 0");
    served_close(&meeting);
    served_close(&other);
    other_shape = rig_usual();
    other_shape.n_items = 2000;
    served_open(&other, &other_shape);
    rig_expect(rri_snapshot_act(other.policy, s.reader, &s.r.obs, &s.r.decision, &err),
               RR_E_MISMATCH, &err, "at most 1034 items");
    ck_assert_int_eq(rri_snapshot_act(s.policy, other.reader, &s.r.obs, &s.r.decision, &err),
                     RR_OK);
    served_close(&other);
    served_close(&s);
}
END_TEST

START_TEST(test_snapshot_gives_all_memory_back_and_none_is_taken_while_it_serves)
{
    counting_host host;
    counting_host_init(&host);
    rig_shape shape = kind(1);
    shape.host = &host.host;
    served s;
    served_open(&s, &shape);
    s.options.floor = 0.2f;
    rri_snapshot_release(s.policy);
    publish(&s);
    const size_t n_calls = host.n_calls;
    float all[64];
    s.r.decision.all_log_probs = all;
    act(&s, &s.r.decision);
    ck_assert_uint_eq(host.n_calls, n_calls);
    served_close(&s);
    ck_assert_uint_eq(host.n_live, 0);
}
END_TEST

START_TEST(test_snapshot_memory_that_is_refused_is_said_and_nothing_is_left)
{
    counting_host host;
    counting_host_init(&host);
    rig_shape shape = kind(0);
    shape.host = &host.host;
    rig r;
    rig_open(&r, &shape);
    rr_serving_options options;
    rr_serving_options_init(&options, sizeof options);
    rr_policy *policy = NULL;
    rr_error err = {0};
    host.fails_at = host.n_calls + 1;
    rig_expect(rri_agent_publish(&policy, r.agent, &options, &err), RR_E_MEMORY, &err,
               "packed catalogue");
    ck_assert_int_eq(rri_agent_publish(&policy, r.agent, &options, &err), RR_OK);
    rri_snapshot_release(policy); /* the packed catalogue stays with the agent */
    policy = NULL;
    const size_t n_live = host.n_live;
    for (size_t i = 1; i <= 2; i++) {
        host.fails_at = host.n_calls + i;
        rig_expect(rri_agent_publish(&policy, r.agent, &options, &err), RR_E_MEMORY, &err,
                   "policy");
        ck_assert_ptr_null(policy);
        ck_assert_uint_eq(host.n_live, n_live);
    }
    rig_close(&r);
}
END_TEST

CHECK_MAIN("serve/snapshot", test_snapshot_with_plain_options_decides_as_its_agent_to_the_bit,
           test_snapshot_stays_as_it_was_while_its_agent_learns,
           test_snapshot_version_tells_options_apart,
           test_snapshot_published_into_a_retired_one_is_as_a_fresh_one,
           test_snapshot_of_another_shape_is_refused_by_the_reader,
           test_snapshot_gives_all_memory_back_and_none_is_taken_while_it_serves,
           test_snapshot_memory_that_is_refused_is_said_and_nothing_is_left)
