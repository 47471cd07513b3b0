/* SPDX-License-Identifier: MIT */
#include <math.h>
#include <string.h>

#include "check_run.h"
#include "recrl/recrl.h"

START_TEST(test_api_bandit_refuses_arguments_with_a_sentence)
{
    rr_error err = {0};
    rr_items *items = NULL;
    rr_bandit *bandit = NULL;
    size_t bytes = 0;
    ck_assert_int_eq(rr_items_create_random(&items, 20, 8, 0, NULL, NULL), RR_OK);
    const struct {
        int32_t kind, user_dim;
        float ridge, width;
        const char *sentence;
    } cases[] = {{3, 4, 1.0f, 1.0f, "bandit is 3"},       {-1, 4, 1.0f, 1.0f, "bandit is -1"},
                 {0, 0, 1.0f, 1.0f, "user_dim is 0"},     {0, 4, 0.0f, 1.0f, "ridge is 0"},
                 {0, 4, NAN, 1.0f, "ridge is nan"},       {0, 4, INFINITY, 1.0f, "ridge is inf"},
                 {0, 4, 1.0f, -1.0f, "width is -1"},      {0, 4, 1.0f, NAN, "width is nan"},
                 {0, 512, 1.0f, 1.0f, "at most 4096 are"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        const rr_status status = rr_bandit_create(&bandit, cases[i].kind, items, cases[i].user_dim,
                                                  cases[i].ridge, cases[i].width, 0, NULL, &err);
        ck_assert_int_eq(status, cases[i].user_dim == 512 ? RR_E_UNSUPPORTED : RR_E_INVALID);
        ck_assert_msg(strstr(err.text, cases[i].sentence) != NULL, "%s", err.text);
        ck_assert_ptr_null(bandit);
    }
    ck_assert_int_eq(rr_bandit_create(NULL, 0, items, 4, 1.0f, 1.0f, 0, NULL, &err), RR_E_INVALID);
    ck_assert_int_eq(rr_bandit_create(&bandit, 0, NULL, 4, 1.0f, 1.0f, 0, NULL, &err),
                     RR_E_INVALID);
    ck_assert_int_eq(rr_bandit_memory(items, 4, NULL, &err), RR_E_INVALID);
    ck_assert_int_eq(rr_bandit_memory(items, 0, &bytes, &err), RR_E_INVALID);
    ck_assert_int_eq(rr_bandit_fit(NULL, &err), RR_E_INVALID);
    rr_bandit_destroy(NULL);

    ck_assert_int_eq(rr_bandit_create(&bandit, 0, items, 4, 1.0f, 1.0f, 0, NULL, &err), RR_OK);
    const float states[3] = {0.0f}, reward = 0.0f;
    int32_t action = 0;
    rr_obs obs = {.struct_size = sizeof obs, .n = 1, .state_dim = 3, .states = states};
    ck_assert_int_eq(rr_bandit_act(bandit, &obs, 1, &action, &err), RR_E_MISMATCH);
    ck_assert_ptr_nonnull(strstr(err.text, "state_dim is 3; it must be at least 4"));
    ck_assert_int_eq(rr_bandit_act(bandit, &obs, 1, NULL, &err), RR_E_INVALID);
    ck_assert_int_eq(rr_bandit_act(bandit, NULL, 1, &action, &err), RR_E_INVALID);
    ck_assert_int_eq(rr_bandit_record(bandit, &obs, &action, NULL, &err), RR_E_INVALID);
    ck_assert_int_eq(rr_bandit_record(bandit, &obs, NULL, &reward, &err), RR_E_INVALID);
    rr_items *others = NULL;
    ck_assert_int_eq(rr_items_create_random(&others, 20, 8, 1, NULL, NULL), RR_OK);
    const float wide[4] = {0.0f};
    obs.states = wide;
    obs.state_dim = 4;
    obs.pool = others;
    ck_assert_int_eq(rr_bandit_act(bandit, &obs, 1, &action, &err), RR_E_MISMATCH);
    ck_assert_ptr_nonnull(strstr(err.text, "another catalogue"));
    rr_items_release(others);
    rr_bandit_destroy(bandit);
    rr_items_release(items);
}
END_TEST

CHECK_MAIN("api/api_bandit", test_api_bandit_refuses_arguments_with_a_sentence)
