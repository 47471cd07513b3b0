/* SPDX-License-Identifier: MIT */
/* One reader and one trainer of a slot, in every order in which they can interrupt one another up
 * to three times. slot.c is compiled here a second time, with a place to be interrupted before each
 * look at what they share, so that nothing hangs on luck: whatever a reader has acquired must stay
 * as it is until it lets go. */
#include <pthread.h>
#include <stdatomic.h>

#include "agent_fixture.h"
#include "serve/snapshot.h"

static void step(void);

#undef atomic_load
#undef atomic_store
#undef atomic_exchange
#define atomic_load(object) (step(), atomic_load_explicit(object, memory_order_seq_cst))
#define atomic_store(object, value)                                                                \
    (step(), atomic_store_explicit(object, value, memory_order_seq_cst))
#define atomic_exchange(object, value)                                                             \
    (step(), atomic_exchange_explicit(object, value, memory_order_seq_cst))
#define rri_snapshot_publish(...) (step(), rri_snapshot_publish(__VA_ARGS__))
#include "serve/slot.c"
#undef rri_snapshot_publish

enum { NOBODY = -1, READER = 0, TRAINER = 1, MOST_TURNS = 3, MOST_FREED = 64 };

/* Who runs, and after how many steps of both together the other one does. */
static struct {
    pthread_mutex_t mutex;
    pthread_cond_t changed;
    int running;
    bool is_done[2];
    int n_steps, turns[MOST_TURNS];
} stage = {.mutex = PTHREAD_MUTEX_INITIALIZER, .changed = PTHREAD_COND_INITIALIZER};

static _Thread_local int self = NOBODY;

/* Under the mutex: the other one's turn, until it is this one's again. */
static void hand_over(void)
{
    stage.running = 1 - self;
    (void)pthread_cond_broadcast(&stage.changed);
    while (stage.running != self) {
        (void)pthread_cond_wait(&stage.changed, &stage.mutex);
    }
}

static void step(void)
{
    if (self == NOBODY) {
        return;
    }
    (void)pthread_mutex_lock(&stage.mutex);
    const int now = stage.n_steps++;
    for (int i = 0; i < MOST_TURNS; i++) {
        if (stage.turns[i] == now && !stage.is_done[1 - self]) {
            hand_over();
            break;
        }
    }
    (void)pthread_mutex_unlock(&stage.mutex);
}

static void enter(int who)
{
    self = who;
    (void)pthread_mutex_lock(&stage.mutex);
    while (stage.running != who) {
        (void)pthread_cond_wait(&stage.changed, &stage.mutex);
    }
    (void)pthread_mutex_unlock(&stage.mutex);
}

static void leave(void)
{
    (void)pthread_mutex_lock(&stage.mutex);
    stage.is_done[self] = true;
    stage.running = 1 - self;
    (void)pthread_cond_broadcast(&stage.changed);
    (void)pthread_mutex_unlock(&stage.mutex);
}

/* What is freed is spoilt and kept until all is over, so that whoever still reads it is seen. */
static void *freed[MOST_FREED];
static size_t n_freed;

static void *take(void *user, size_t bytes, size_t alignment)
{
    (void)user;
    return aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment);
}

static void spoil(void *user, void *block, size_t bytes)
{
    (void)user;
    memset(block, 0xDD, bytes);
    if (n_freed < MOST_FREED) {
        freed[n_freed++] = block;
    }
}

typedef struct play {
    rig r;
    rr_serving_options options;
    rr_slot *slot;
    rr_reader *reader;
    bool is_torn, has_failed;
} play;

/* Whether the policy is as it was when it was made: its parameters are those of its hash. */
static bool is_whole(const rr_policy *policy, uint64_t parameters)
{
    return policy->model.hash == parameters &&
           rri_model_hash(&policy->model.config, policy->model.values,
                          policy->model.network.params.n_floats) == parameters;
}

static void *read_twice(void *context)
{
    play *p = context;
    enter(READER);
    for (int i = 0; i < 2; i++) {
        const rr_policy *held = rri_slot_acquire(p->reader);
        const uint64_t parameters = held->model.hash;
        step();
        p->is_torn |= !is_whole(held, parameters);
        step();
        p->is_torn |= !is_whole(held, parameters);
        rri_slot_let_go(p->reader);
    }
    leave();
    return NULL;
}

static void *publish_thrice(void *context)
{
    play *p = context;
    enter(TRAINER);
    for (int i = 0; i < 3; i++) {
        p->r.agent->trainer.model.values[0] += 0.125f;
        rri_model_rehash(&p->r.agent->trainer.model);
        p->has_failed |= rri_agent_publish_to(p->slot, p->r.agent, &p->options, NULL) != RR_OK;
    }
    leave();
    return NULL;
}

/* Returns how many steps there were. */
static int run(play *p, const rri_allocator *allocator, int first, const int turns[MOST_TURNS])
{
    rr_policy *policy = NULL;
    pthread_t threads[2];
    ck_assert_int_eq(rri_agent_publish(&policy, p->r.agent, &p->options, NULL), RR_OK);
    ck_assert_int_eq(rri_slot_create(&p->slot, policy, 1, allocator, NULL), RR_OK);
    rri_snapshot_release(policy);
    ck_assert_int_eq(rri_slot_join(&p->reader, p->slot, 0, allocator, NULL), RR_OK);
    stage.running = first;
    stage.is_done[0] = stage.is_done[1] = false;
    stage.n_steps = 0;
    memcpy(stage.turns, turns, sizeof stage.turns);
    ck_assert_int_eq(pthread_create(&threads[READER], NULL, read_twice, p), 0);
    ck_assert_int_eq(pthread_create(&threads[TRAINER], NULL, publish_thrice, p), 0);
    (void)pthread_join(threads[READER], NULL);
    (void)pthread_join(threads[TRAINER], NULL);
    rri_slot_leave(p->reader);
    rri_reader_destroy(p->reader);
    rri_slot_release(p->slot);
    while (n_freed > 0) {
        free(freed[--n_freed]);
    }
    return stage.n_steps;
}

START_TEST(test_slot_interleavings_what_a_reader_holds_stays_whole_in_every_order)
{
    play p = {0};
    const rr_host host = {.struct_size = sizeof host, .allocate = take, .release = spoil};
    rri_allocator allocator;
    ck_assert_int_eq(rri_allocator_init(&allocator, &host, NULL), RR_OK);
    rr_serving_options_init(&p.options, sizeof p.options);
    rig_shape shape = rig_usual();
    shape.host = &host;
    rig_open(&p.r, &shape);
    const int never[MOST_TURNS] = {-1, -1, -1};
    int n_orders = 0;
    for (int first = READER; first <= TRAINER; first++) {
        const int n = run(&p, &allocator, first, never);
        ck_assert_int_gt(n, 20);
        for (int a = 0; a < n; a++) {
            for (int b = a + 1; b < n; b++) {
                for (int c = b + 1; c < n + 1; c++) {
                    const int turns[MOST_TURNS] = {a, b, c};
                    (void)run(&p, &allocator, first, turns);
                    ck_assert_msg(!p.is_torn, "thread %d first, turns after %d, %d and %d steps",
                                  first, a, b, c);
                    ck_assert(!p.has_failed);
                    n_orders++;
                }
            }
        }
    }
    ck_assert_int_gt(n_orders, 2000);
    rig_close(&p.r);
}
END_TEST

CHECK_MAIN("serve/slot_interleavings",
           test_slot_interleavings_what_a_reader_holds_stays_whole_in_every_order)
