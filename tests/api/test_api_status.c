/* SPDX-License-Identifier: MIT */
#include <string.h>

#include "check_run.h"
#include "recrl/recrl.h"

START_TEST(test_api_status_names_and_texts)
{
    ck_assert_str_eq(rr_status_name(RR_OK), "RR_OK");
    ck_assert_str_eq(rr_status_name(RR_E_NOT_FOUND), "RR_E_NOT_FOUND");
    ck_assert_str_eq(rr_status_name(12345), "RR_E_UNKNOWN");
    for (rr_status s = -16; s <= 1; s++) {
        ck_assert_uint_gt(strlen(rr_status_text(s)), 3);
    }
}
END_TEST

CHECK_MAIN("api/api_status", test_api_status_names_and_texts)
