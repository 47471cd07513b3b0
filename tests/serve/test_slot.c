/* SPDX-License-Identifier: MIT */
#include "serve/slot.h"

#include <pthread.h>
#include <time.h>

#include "agent_fixture.h"
#include "counting_host.h"

typedef struct stand {
    counting_host host;
    rri_allocator allocator;
    rig r;
    rr_serving_options options;
    rr_slot *slot;
    rr_reader *readers[3];
} stand;

static rr_policy *publish_one(stand *s)
{
    rr_policy *policy = NULL;
    ck_assert_int_eq(rri_agent_publish(&policy, s->r.agent, &s->options, NULL), RR_OK);
    return policy;
}

static void stand_open(stand *s)
{
    *s = (stand){0};
    counting_host_init(&s->host);
    ck_assert_int_eq(rri_allocator_init(&s->allocator, &s->host.host, NULL), RR_OK);
    rig_shape shape = rig_usual();
    shape.host = &s->host.host;
    rig_open(&s->r, &shape);
    rr_serving_options_init(&s->options, sizeof s->options);
    rr_policy *first = publish_one(s);
    ck_assert_int_eq(rri_slot_create(&s->slot, first, 3, &s->allocator, NULL), RR_OK);
    rri_snapshot_release(first);
    for (size_t i = 0; i < 3; i++) {
        ck_assert_int_eq(rri_slot_join(&s->readers[i], s->slot, i, &s->allocator, NULL), RR_OK);
    }
}

static void leave(stand *s, size_t reader)
{
    rri_slot_leave(s->readers[reader]);
    rri_reader_destroy(s->readers[reader]);
    s->readers[reader] = NULL;
}

static void stand_close(stand *s)
{
    for (size_t i = 0; i < 3; i++) {
        if (s->readers[i] != NULL) {
            leave(s, i);
        }
    }
    rri_slot_release(s->slot);
    rig_close(&s->r);
    ck_assert_uint_eq(s->host.n_live, 0);
    ck_assert_uint_eq(s->host.live_bytes, 0);
}

static void publish(stand *s)
{
    rr_error err = {0};
    ck_assert_msg(rri_agent_publish_to(s->slot, s->r.agent, &s->options, &err) == RR_OK, "%s",
                  err.text);
}

/* One parameter moves, so that the next version is another. */
static void learn(stand *s)
{
    s->r.agent->trainer.model.values[0] += 0.125f;
    rri_model_pack(&s->r.agent->trainer.model);
}

START_TEST(test_slot_hands_out_what_was_published_last)
{
    stand s;
    stand_open(&s);
    for (int i = 0; i < 5; i++) {
        learn(&s);
        publish(&s);
        const rr_policy *policy = rri_slot_acquire(s.readers[0]);
        ck_assert_uint_eq(rri_snapshot_version(policy), rri_agent_version(s.r.agent));
        rri_slot_let_go(s.readers[0]);
    }
    stand_close(&s);
}
END_TEST

START_TEST(test_slot_a_policy_that_is_held_stays_as_it_is_however_many_follow)
{
    stand s;
    stand_open(&s);
    const rr_policy *held[3];
    uint64_t versions[3];
    for (size_t i = 0; i < 3; i++) {
        held[i] = rri_slot_acquire(s.readers[i]);
        versions[i] = rri_snapshot_version(held[i]);
        for (int n = 0; n < 10; n++) {
            learn(&s);
            publish(&s);
        }
    }
    for (size_t i = 0; i < 3; i++) {
        ck_assert_uint_eq(rri_snapshot_version(held[i]), versions[i]);
        ck_assert(rri_slot_is_held(s.readers[i]));
        rri_slot_let_go(s.readers[i]);
        ck_assert(!rri_slot_is_held(s.readers[i]));
        learn(&s);
        publish(&s);
    }
    stand_close(&s);
}
END_TEST

START_TEST(test_slot_takes_no_memory_over_a_million_publications)
{
    stand s;
    stand_open(&s);
    publish(&s);
    publish(&s);
    const size_t n_calls = s.host.n_calls, n_live = s.host.n_live;
    for (int i = 0; i < 1000000; i += (int)check_step(10)) {
        const rr_policy *policy = i % 3 == 0 ? rri_slot_acquire(s.readers[0]) : NULL;
        if (i % 1000 == 0) {
            learn(&s);
        }
        publish(&s);
        if (policy != NULL) {
            rri_slot_let_go(s.readers[0]);
        }
    }
    ck_assert_uint_le(s.host.n_calls, n_calls + 4); /* one more while a reader holds one */
    ck_assert_uint_le(s.host.n_live, n_live + 2);
    ck_assert_uint_eq(rri_snapshot_version(rri_slot_acquire(s.readers[0])),
                      rri_agent_version(s.r.agent));
    stand_close(&s);
}
END_TEST

START_TEST(test_slot_goes_back_to_an_older_policy_and_forth)
{
    stand s;
    stand_open(&s);
    rr_policy *older = rri_slot_get(s.slot);
    const uint64_t version = rri_snapshot_version(older);
    learn(&s);
    rr_policy *newer = publish_one(&s);
    const size_t n_live = s.host.n_live;
    for (int i = 0; i < 100000; i++) {
        if (i % 5 == 0) {
            (void)rri_slot_acquire(s.readers[i % 3]);
        }
        ck_assert_int_eq(rri_slot_swap(s.slot, i % 2 == 0 ? newer : older, NULL), RR_OK);
        if (i % 7 == 0) {
            rri_slot_let_go(s.readers[i % 3]);
        }
    }
    ck_assert_uint_eq(s.host.n_live, n_live);
    publish(&s);
    ck_assert_uint_eq(rri_snapshot_version(older), version); /* retained: not written over */
    ck_assert_int_eq(rri_slot_swap(s.slot, older, NULL), RR_OK);
    rri_slot_let_go(s.readers[0]);
    ck_assert_ptr_eq(rri_slot_acquire(s.readers[0]), older);
    rri_snapshot_release(older);
    rri_snapshot_release(newer);
    stand_close(&s);
}
END_TEST

START_TEST(test_slot_refuses_readers_beyond_its_number_until_one_leaves)
{
    stand s;
    stand_open(&s);
    rr_reader *fourth = NULL;
    rr_error err = {0};
    const size_t n_live = s.host.n_live;
    rig_expect(rri_slot_join(&fourth, s.slot, 9, &s.allocator, &err), RR_E_FULL, &err,
               "all 3 readers");
    ck_assert_uint_eq(s.host.n_live, n_live);
    leave(&s, 1);
    ck_assert_int_eq(rri_slot_join(&s.readers[1], s.slot, 9, &s.allocator, NULL), RR_OK);
    stand_close(&s);
}
END_TEST

START_TEST(test_slot_lives_until_its_last_reader_has_left)
{
    stand s;
    stand_open(&s);
    rri_slot_release(s.slot);
    s.slot = NULL;
    const rr_policy *policy = rri_slot_acquire(s.readers[2]);
    ck_assert_int_eq(rri_snapshot_act(policy, s.readers[2], &s.r.obs, &s.r.decision, NULL), RR_OK);
    stand_close(&s);
}
END_TEST

START_TEST(test_slot_refuses_a_policy_of_another_shape_and_keeps_its_own)
{
    stand s;
    stand_open(&s);
    rig_shape shape = rig_usual();
    shape.n_items = 2000;
    rig other;
    rig_open(&other, &shape);
    rr_policy *larger = NULL;
    rr_error err = {0};
    const uint64_t version = rri_agent_version(s.r.agent);
    ck_assert_int_eq(rri_agent_publish(&larger, other.agent, &s.options, NULL), RR_OK);
    rig_expect(rri_slot_swap(s.slot, larger, &err), RR_E_MISMATCH, &err,
               "slot: it was made for at most 1034 items");
    rig_expect(rri_agent_publish_to(s.slot, other.agent, &s.options, &err), RR_E_MISMATCH, &err,
               "slot: it was made for at most 1034 items");
    ck_assert_uint_eq(other.agent->trainer.versions.n,
                      1); /* of `larger`; what is refused serves nobody */
    rig_close(&other);
    shape = rig_usual();
    shape.agent.hidden[0] = 5;
    rig_open(&other, &shape);
    rig_expect(rri_agent_publish_to(s.slot, other.agent, &s.options, &err), RR_E_MISMATCH, &err,
               "slot: this policy's hidden is 5; it must be 4, as that of the policy "
               "that the slot was made for");
    ck_assert_uint_eq(other.agent->trainer.versions.n, 0);
    ck_assert_uint_eq(rri_snapshot_version(rri_slot_acquire(s.readers[0])), version);
    rri_snapshot_release(larger);
    rig_close(&other);
    stand_close(&s);
}
END_TEST

START_TEST(test_slot_scratch_joined_under_a_smaller_policy_serves_the_larger_that_comes_back)
{
    stand s;
    stand_open(&s);
    rig_shape shape = rig_usual();
    shape.n_items = 3000;
    rig many;
    rig_open(&many, &shape);
    rr_policy *large = NULL;
    ck_assert_int_eq(rri_agent_publish(&large, many.agent, &s.options, NULL), RR_OK);
    rr_policy *small = publish_one(&s); /* 7 items */
    rr_slot *slot = NULL;
    ck_assert_int_eq(rri_slot_create(&slot, large, 2, &s.allocator, NULL), RR_OK);
    rr_reader *early = NULL, *late = NULL;
    ck_assert_int_eq(rri_slot_join(&early, slot, 0, &s.allocator, NULL), RR_OK);
    ck_assert_int_eq(rri_slot_swap(slot, small, NULL), RR_OK);
    ck_assert_int_eq(rri_slot_join(&late, slot, 1, &s.allocator, NULL), RR_OK);
    ck_assert_int_eq(rri_slot_swap(slot, large, NULL), RR_OK);
    ck_assert_uint_eq(late->n_items, early->n_items);
    ck_assert_uint_eq(late->stack.size, early->stack.size);
    int32_t *positions = calloc(shape.n * shape.n_items, sizeof *positions);
    ck_assert_int_eq(rri_snapshot_top_k(rri_slot_acquire(late), late, &many.obs, shape.n_items,
                                        positions, NULL, NULL, NULL),
                     RR_OK);
    free(positions);
    rri_slot_release(slot);
    rri_slot_leave(early);
    rri_slot_leave(late);
    rri_reader_destroy(early);
    rri_reader_destroy(late);
    rri_snapshot_release(large);
    rri_snapshot_release(small);
    rig_close(&many);
    stand_close(&s);
}
END_TEST

START_TEST(test_slot_that_finds_no_memory_keeps_what_it_has)
{
    stand s;
    stand_open(&s);
    rr_error err = {0};
    const uint64_t version = rri_agent_version(s.r.agent);
    learn(&s);
    s.host.fails_at = s.host.n_calls + 1;
    rig_expect(rri_agent_publish_to(s.slot, s.r.agent, &s.options, &err), RR_E_MEMORY, &err,
               "policy");
    ck_assert_uint_eq(rri_snapshot_version(rri_slot_acquire(s.readers[0])), version);
    rri_slot_let_go(s.readers[0]);
    publish(&s);
    ck_assert_uint_ne(rri_snapshot_version(rri_slot_acquire(s.readers[0])), version);
    stand_close(&s);
}
END_TEST

/* A policy whose parameters are all one number is torn when two of them differ. The loop is short,
 * so that a reader is often interrupted between finding a policy and saying that it reads it. */
enum { N_WATCHERS = 3 };

typedef struct watcher {
    rr_reader *reader;
    atomic_bool *is_over;
    size_t n_seen, n_torn;
} watcher;

static void *watch(void *context)
{
    watcher *w = context;
    while (!atomic_load_explicit(w->is_over, memory_order_relaxed)) {
        const rr_policy *policy = rri_slot_acquire(w->reader);
        const float first = policy->model.values[0];
        const size_t n = policy->model.network.params.entries[0].size;
        size_t n_other = 0;
        for (size_t i = 0; i < n; i++) {
            n_other += policy->model.values[i] != first ? 1 : 0;
        }
        rri_slot_let_go(w->reader);
        w->n_torn += n_other > 0 ? 1 : 0;
        w->n_seen++;
    }
    return NULL;
}

START_TEST(test_slot_policy_is_never_torn_under_readers_that_are_interrupted_anywhere)
{
    stand s;
    stand_open(&s);
    atomic_bool is_over = false;
    watcher watchers[N_WATCHERS];
    pthread_t threads[N_WATCHERS];
    rr_agent *agent = s.r.agent;
    for (int i = 0; i < 3; i++) {
        memset(agent->trainer.model.values, 0,
               agent->trainer.model.network.params.n_floats * sizeof(float));
        publish(&s);
    }
    for (size_t i = 0; i < N_WATCHERS; i++) {
        watchers[i] = (watcher){.reader = s.readers[i], .is_over = &is_over};
        ck_assert_int_eq(pthread_create(&threads[i], NULL, watch, &watchers[i]), 0);
    }
    const time_t begin = time(NULL);
    for (int v = 0; time(NULL) - begin < (check_is_quick() ? 1 : 3); v++) {
        for (size_t i = 0; i < agent->trainer.model.network.params.n_floats; i++) {
            agent->trainer.model.values[i] = (float)(v % 1000) / 1000.0f;
        }
        publish(&s);
    }
    atomic_store(&is_over, true);
    for (size_t i = 0; i < N_WATCHERS; i++) {
        pthread_join(threads[i], NULL);
        ck_assert_uint_gt(watchers[i].n_seen, 0);
        ck_assert_uint_eq(watchers[i].n_torn, 0);
    }
    stand_close(&s);
}
END_TEST

CHECK_MAIN("serve/slot", test_slot_hands_out_what_was_published_last,
           test_slot_a_policy_that_is_held_stays_as_it_is_however_many_follow,
           test_slot_takes_no_memory_over_a_million_publications,
           test_slot_goes_back_to_an_older_policy_and_forth,
           test_slot_refuses_readers_beyond_its_number_until_one_leaves,
           test_slot_lives_until_its_last_reader_has_left,
           test_slot_refuses_a_policy_of_another_shape_and_keeps_its_own,
           test_slot_scratch_joined_under_a_smaller_policy_serves_the_larger_that_comes_back,
           test_slot_that_finds_no_memory_keeps_what_it_has,
           test_slot_policy_is_never_torn_under_readers_that_are_interrupted_anywhere)
