/* SPDX-License-Identifier: MIT */
#include <stdio.h>
#include <string.h>
#include <unistd.h>

#include "check_run.h"
#include "recrl/recrl.h"

START_TEST(test_npy_vectors_go_out_and_come_back)
{
    char path[] = "/tmp/recrl_npy_XXXXXX";
    const float values[6] = {1.0f, -2.5f, 3.0f, 4.0f, 5.0f, 1e-30f};
    float back[6] = {0};
    int64_t n_rows = 0, n_columns = 0;
    close(mkstemp(path));
    ck_assert_int_eq(rr_npy_write(path, values, 2, 3, NULL), RR_OK);
    ck_assert_int_eq(rr_npy_shape(path, &n_rows, &n_columns, NULL), RR_OK);
    ck_assert(n_rows == 2 && n_columns == 3);
    ck_assert_int_eq(rr_npy_read(path, 2, 3, back, NULL), RR_OK);
    ck_assert_mem_eq(back, values, sizeof values);
    unlink(path);
}
END_TEST

START_TEST(test_npy_refuses_missing_arguments_and_absurd_shapes)
{
    rr_error err = {0};
    float value = 0.0f;
    int64_t n = 0;
    ck_assert_int_eq(rr_npy_shape(NULL, &n, &n, &err), RR_E_INVALID);
    ck_assert_str_eq(err.text, "rr_npy_shape: path is NULL");
    ck_assert_int_eq(rr_npy_read("x.npy", 1, 1, NULL, &err), RR_E_INVALID);
    ck_assert_str_eq(err.text, "rr_npy_read: the array is NULL");
    ck_assert_int_eq(rr_npy_write("x.npy", &value, -1, 1, &err), RR_E_INVALID);
    ck_assert_str_eq(err.text,
                     "rr_npy_write: the shape is -1 × 1; it must be of an array in memory");
    ck_assert_int_eq(rr_npy_write("x.npy", &value, INT64_MAX, INT64_MAX, &err), RR_E_INVALID);
    ck_assert_int_eq(rr_npy_read("no/such.npy", 1, 1, &value, &err), RR_E_IO);
    ck_assert_int_eq(access("x.npy", F_OK), -1);
}
END_TEST

CHECK_MAIN("api/api_npy", test_npy_vectors_go_out_and_come_back,
           test_npy_refuses_missing_arguments_and_absurd_shapes)
