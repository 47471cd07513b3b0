/* SPDX-License-Identifier: MIT */
/* A log that goes into a buffer. */
#include "check_run.h"
#include "io/log_fixture.h"

enum { MOST = 4096 };

START_TEST(test_api_import_arguments_are_judged_by_name)
{
    rr_buffer *buffer = NULL;
    ck_assert_int_eq(rr_buffer_create(&buffer, NULL, NULL, NULL), RR_OK);
    const uint64_t data[4] = {0}, offsets[] = {8, 0};
    uint64_t work[4];
    rr_error err = {0};
    ck_assert_int_eq(rr_buffer_import(buffer, data, offsets, 1, NULL, NULL, 0, NULL, &err),
                     RR_E_INVALID);
    ck_assert_str_eq(err.text, "rr_buffer_import: work is NULL");
    ck_assert_int_eq(rr_buffer_import(buffer, data, offsets, -1, NULL, work, 32, NULL, &err),
                     RR_E_INVALID);
    ck_assert_int_eq(rr_buffer_import(buffer, data, offsets, 1, NULL, work, 32, NULL, &err),
                     RR_E_INVALID);
    ck_assert_str_eq(err.text, "rr_buffer_import: offsets[1] is less than offsets[0]");
    ck_assert_int_eq(rr_buffer_import(buffer, data, offsets, 0, NULL, work, 32, NULL, &err), RR_OK);
    rr_buffer_destroy(buffer);
}
END_TEST

START_TEST(test_api_import_a_buffer_in_lock_step_takes_no_log)
{
    rr_buffer *buffer = NULL;
    ck_assert_int_eq(rr_buffer_create(&buffer, NULL, NULL, NULL), RR_OK);
    log_fixture log;
    log_open(&log);
    uint64_t data[MOST / 8], work[MOST / 8], offsets[2] = {0};
    size_t bytes = 0;
    ck_assert_int_eq(rr_record_encode(data, sizeof data, &bytes, &log.obs, &log.decision, 0, NULL),
                     RR_OK);
    offsets[1] = bytes;
    int32_t status = RR_OK;
    ck_assert_int_eq(
        rr_buffer_import(buffer, data, offsets, 1, log.items, work, sizeof work, &status, NULL),
        RR_OK);
    ck_assert_int_eq(status, RR_E_UNSUPPORTED);
    rr_error err = {0};
    ck_assert_int_eq(
        rr_buffer_import(buffer, data, offsets, 1, log.items, work, sizeof work, NULL, &err),
        RR_E_UNSUPPORTED);
    ck_assert_int_eq(rr_buffer_count(buffer), 0);
    log_close(&log);
    rr_buffer_destroy(buffer);
}
END_TEST

CHECK_MAIN("api/api_import", test_api_import_arguments_are_judged_by_name,
           test_api_import_a_buffer_in_lock_step_takes_no_log)
