/* SPDX-License-Identifier: MIT */
#include "serve/shared_items.h"

#include "agent/swap_items.h"
#include "agent_fixture.h"
#include "counting_host.h"
#include "math/gemm.h"
#include "serve/snapshot.h"

START_TEST(test_shared_items_holds_the_items_as_the_agent_packs_them)
{
    const rig_shape shape = rig_usual();
    rig r;
    rig_open(&r, &shape);
    rri_shared_items *shared = NULL;
    const rri_kernels *kernels = r.agent->trainer.model.kernels;
    ck_assert_int_eq(rri_shared_items_create(&shared, r.items, kernels, &r.agent->allocator, NULL),
                     RR_OK);
    const size_t n = rri_panels_count(kernels, shape.n_items, 3);
    ck_assert_mem_eq(rri_shared_items_panels(shared), r.agent->trainer.model.network.item_panels,
                     n * sizeof(float));
    ck_assert(rri_shared_items_holds(shared, r.items, kernels));
    ck_assert(!rri_shared_items_holds(shared, NULL, kernels));
    ck_assert(!rri_shared_items_holds(shared, r.items, NULL));
    ck_assert(!rri_shared_items_holds(NULL, r.items, kernels));
    rri_shared_items_release(shared);
    rri_shared_items_release(NULL);
    ck_assert_ptr_null(rri_shared_items_retain(NULL));
    rig_close(&r);
}
END_TEST

/* 8000 items of width 3: a copy in every snapshot would be seen. */
START_TEST(test_shared_items_is_one_for_all_snapshots_until_the_items_change)
{
    counting_host host;
    counting_host_init(&host);
    rig_shape shape = rig_usual();
    shape.n_items = 8000;
    shape.host = &host.host;
    rig r;
    rig_open(&r, &shape);
    rr_serving_options options;
    rr_serving_options_init(&options, sizeof options);
    rr_policy *policies[4] = {NULL};
    ck_assert_int_eq(rri_agent_publish(&policies[0], r.agent, &options, NULL), RR_OK);
    const size_t before = host.live_bytes;
    for (size_t i = 1; i < 4; i++) {
        ck_assert_int_eq(rri_agent_publish(&policies[i], r.agent, &options, NULL), RR_OK);
        ck_assert_ptr_eq(policies[i]->shared, policies[0]->shared);
    }
    ck_assert_uint_lt(host.live_bytes - before, 3 * 8000 * 3 * sizeof(float) / 2);
    rr_items *others = rig_items(&r, 8000, 3, NULL);
    ck_assert_int_eq(rri_agent_set_items(r.agent, others, NULL), RR_OK);
    ck_assert_int_eq(rri_snapshot_publish(&policies[3], &r.agent->trainer.model, &r.agent->shared,
                                          &options, policies[3], &r.agent->allocator, NULL),
                     RR_OK);
    ck_assert_ptr_ne(policies[3]->shared, policies[0]->shared);
    ck_assert_ptr_eq(policies[3]->model.items, others);
    rri_items_release(others);
    for (size_t i = 0; i < 4; i++) {
        rri_snapshot_release(policies[i]);
    }
    rig_close(&r);
    ck_assert_uint_eq(host.n_live, 0);
}
END_TEST

CHECK_MAIN("serve/shared_items", test_shared_items_holds_the_items_as_the_agent_packs_them,
           test_shared_items_is_one_for_all_snapshots_until_the_items_change)
