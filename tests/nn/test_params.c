/* SPDX-License-Identifier: MIT */
#include "nn/params.h"

#include <stdint.h>
#include <stdio.h>
#include <string.h>

#include "check_run.h"

static size_t add(rri_params *params, const char *name, size_t rows, size_t cols)
{
    size_t index = SIZE_MAX;
    rr_error err = {0};
    ck_assert_msg(rri_params_add(params, &index, name, rows, cols, &err) == RR_OK, "%s", err.text);
    return index;
}

/* A refusal leaves the table as it was. */
static void refuse(rri_params *params, const char *name, size_t rows, size_t cols, rr_status status,
                   const char *sentence)
{
    const rri_params before = *params;
    size_t index = 77;
    rr_error err = {0};
    ck_assert_int_eq(rri_params_add(params, &index, name, rows, cols, &err), status);
    ck_assert_msg(strstr(err.text, sentence) != NULL, "%s", err.text);
    ck_assert_mem_eq(params, &before, sizeof before);
    ck_assert_uint_eq(index, 77);
}

START_TEST(test_params_tensors_follow_one_another_at_multiples_of_sixteen)
{
    rri_params params = {0};
    ck_assert_uint_eq(add(&params, "a.weight", 3, 7), 0);
    ck_assert_uint_eq(add(&params, "a.bias", 16, 0), 1);
    ck_assert_uint_eq(add(&params, "scale", 1, 0), 2);
    ck_assert_uint_eq(params.n_params, 3);

    const rri_param *e = params.entries;
    ck_assert_uint_eq(e[0].offset, 0);
    ck_assert_uint_eq(e[0].size, 21);
    ck_assert_uint_eq(e[0].n_dims, 2);
    ck_assert_uint_eq(e[0].shape[1], 7);
    ck_assert_uint_eq(e[1].offset, 32);
    ck_assert_uint_eq(e[1].n_dims, 1);
    ck_assert_uint_eq(e[1].shape[0], 16);
    ck_assert_uint_eq(e[2].offset, 48);
    ck_assert_uint_eq(params.n_floats, 64);
}
END_TEST

START_TEST(test_params_find_knows_every_name_and_no_other)
{
    rri_params params = {0};
    add(&params, "actor.0.weight", 2, 2);
    add(&params, "actor.0.bias", 2, 0);
    ck_assert_ptr_eq(rri_params_find(&params, "actor.0.bias"), &params.entries[1]);
    ck_assert_ptr_null(rri_params_find(&params, "actor.0"));
    ck_assert_ptr_null(rri_params_find(&params, ""));
}
END_TEST

START_TEST(test_params_refuses_names_that_are_empty_long_or_used)
{
    rri_params params = {0};
    char name[66];
    memset(name, 'x', 65);
    name[63] = '\0';
    add(&params, name, 1, 0);
    refuse(&params, name, 1, 0, RR_E_INVALID, "names must differ");
    name[63] = 'x';
    name[64] = '\0';
    refuse(&params, name, 1, 0, RR_E_INVALID, "64 characters; it must have 1 to 63");
    refuse(&params, "", 1, 0, RR_E_INVALID, "0 characters");
}
END_TEST

START_TEST(test_params_refuses_sizes_that_are_zero_or_do_not_fit)
{
    rri_params params = {0};
    add(&params, "first", 5, 0);
    refuse(&params, "w", 0, 3, RR_E_INVALID, "0 rows");
    refuse(&params, "w", SIZE_MAX / 2, 3, RR_E_MEMORY, "does not fit");
    refuse(&params, "w", SIZE_MAX / 4, 0, RR_E_MEMORY, "does not fit");
    refuse(&params, "w", SIZE_MAX, 0, RR_E_MEMORY, "does not fit");
}
END_TEST

START_TEST(test_params_refuses_one_tensor_too_many)
{
    rri_params params = {0};
    for (size_t i = 0; i < RRI_PARAMS_MAX; i++) {
        char name[16];
        snprintf(name, sizeof name, "t%zu", i);
        ck_assert_uint_eq(add(&params, name, 1, 1), i);
    }
    refuse(&params, "more", 1, 1, RR_E_UNSUPPORTED, "it holds 128");
}
END_TEST

CHECK_MAIN("nn/params", test_params_tensors_follow_one_another_at_multiples_of_sixteen,
           test_params_find_knows_every_name_and_no_other,
           test_params_refuses_names_that_are_empty_long_or_used,
           test_params_refuses_sizes_that_are_zero_or_do_not_fit,
           test_params_refuses_one_tensor_too_many)
