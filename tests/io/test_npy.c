/* SPDX-License-Identifier: MIT */
#include "io/npy.h"

#include <fcntl.h>
#include <math.h>
#include <stdlib.h>
#include <string.h>
#include <unistd.h>

#include "check_run.h"

static char path[64];

static void make_file(const void *data, size_t bytes)
{
    strcpy(path, "/tmp/recrl_npy_XXXXXX");
    const int fd = mkstemp(path);
    ck_assert_int_eq(write(fd, data, bytes), (ssize_t)bytes);
    close(fd);
}

START_TEST(test_npy_what_is_written_is_read_back)
{
    enum { ROWS = 5000, COLUMNS = 7 };
    static float values[ROWS * COLUMNS], back[ROWS * COLUMNS];
    for (size_t i = 0; i < ROWS * COLUMNS; i++) {
        values[i] = (float)i * 0.37f - 100.0f;
    }
    make_file("", 0);
    ck_assert_int_eq(rri_npy_write(path, values, ROWS, COLUMNS, NULL), RR_OK);
    rri_npy_header header;
    ck_assert_int_eq(rri_npy_describe(&header, path, NULL), RR_OK);
    ck_assert(header.n_rows == ROWS && header.n_columns == COLUMNS && header.element_bytes == 4);
    ck_assert_int_eq(rri_npy_read(back, path, ROWS, COLUMNS, NULL), RR_OK);
    ck_assert_mem_eq(back, values, sizeof values);
    rr_error err = {0};
    ck_assert_int_eq(rri_npy_read(back, path, COLUMNS, ROWS, &err), RR_E_MISMATCH);
    ck_assert_ptr_nonnull(strstr(err.text, "has the shape 5000 × 7, not 7 × 5000"));
    unlink(path);
}
END_TEST

/* A file of one row of doubles. */
static void make_doubles(const double *values, size_t n, size_t n_told)
{
    char text[1024];
    rri_npy_header_write(text, 1, (int64_t)n_told);
    char *const type = strstr(text + 10, "<f4"); /* behind the length, which has a 0 */
    type[2] = '8';
    memcpy(text + RRI_NPY_HEADER_WRITTEN, values, n * sizeof values[0]);
    make_file(text, RRI_NPY_HEADER_WRITTEN + n * sizeof values[0]);
}

START_TEST(test_npy_doubles_are_rounded_and_must_be_finite_as_floats)
{
    double values[3] = {0.1, -1e-60, 3.0};
    float out[3];
    rr_error err = {0};
    make_doubles(values, 3, 3);
    ck_assert_int_eq(rri_npy_read(out, path, 1, 3, NULL), RR_OK);
    ck_assert(out[0] == 0.1f && out[1] == 0.0f && out[2] == 3.0f);
    unlink(path);
    static const double bad[3] = {1e39, (double)NAN, (double)-INFINITY};
    for (size_t i = 0; i < 3; i++) {
        values[2] = bad[i];
        make_doubles(values, 3, 3);
        ck_assert_int_eq(rri_npy_read(out, path, 1, 3, &err), RR_E_NOT_FINITE);
        ck_assert_ptr_nonnull(strstr(err.text, "at [0][2]; it must be finite, and as a float"));
        unlink(path);
    }
}
END_TEST

START_TEST(test_npy_refuses_a_size_that_is_not_the_heads)
{
    const double values[3] = {1.0, 2.0, 3.0};
    static const size_t told[3] = {2, 4, (size_t)INT64_MAX / 8};
    rri_npy_header header;
    for (size_t i = 0; i < 3; i++) {
        make_doubles(values, 3, told[i]);
        ck_assert_int_eq(rri_npy_describe(&header, path, NULL), RR_E_FORMAT);
        unlink(path);
    }
    ck_assert_int_eq(rri_npy_describe(&header, "no/such.npy", NULL), RR_E_IO);
    ck_assert_int_eq(rri_npy_describe(&header, "tests", NULL), RR_E_IO);
}
END_TEST

START_TEST(test_npy_what_is_not_finite_is_not_written)
{
    float values[6] = {1.0f, 2.0f, 3.0f, 4.0f, 5.0f, 6.0f};
    const float bad[3] = {NAN, INFINITY, -INFINITY};
    char old[8] = {0};
    rr_error err = {0};
    for (size_t i = 0; i < 3; i++) {
        make_file("as it was", 8);
        values[5] = bad[i];
        ck_assert_int_eq(rri_npy_write(path, values, 2, 3, &err), RR_E_NOT_FINITE);
        ck_assert_ptr_nonnull(strstr(err.text, " at [1][2]; it must be finite"));
        const int fd = open(path, O_RDONLY);
        ck_assert_int_eq(read(fd, old, sizeof old), 8);
        ck_assert_mem_eq(old, "as it was", 8);
        close(fd);
        unlink(path);
    }
}
END_TEST

CHECK_MAIN("io/npy", test_npy_what_is_written_is_read_back,
           test_npy_doubles_are_rounded_and_must_be_finite_as_floats,
           test_npy_what_is_not_finite_is_not_written,
           test_npy_refuses_a_size_that_is_not_the_heads)
