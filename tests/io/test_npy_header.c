/* SPDX-License-Identifier: MIT */
#include "io/npy_header.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "check_run.h"

/* A head of this version around a dict; its length. */
static size_t head_of(char *out, int major, const char *dict)
{
    const size_t n = strlen(dict), width = major == 1 ? 2 : 4;
    memcpy(out, "\x93NUMPY", 6);
    out[6] = (char)major;
    out[7] = 0;
    memset(out + 8, 0, 4);
    out[8] = (char)(n & 0xff);
    out[9] = (char)(n >> 8);
    memcpy(out + 8 + width, dict, n);
    return 8 + width + n;
}

static rr_status parse(rri_npy_header *header, int major, const char *dict, rr_error *err)
{
    char text[512];
    const size_t n = head_of(text, major, dict);
    char *const exact = malloc(n); /* so that a sanitizer sees a step beyond the end */
    memcpy(exact, text, n);
    const rr_status status = rri_npy_header_parse(header, exact, n, "f", err);
    free(exact);
    return status;
}

START_TEST(test_npy_header_reads_what_numpy_writes)
{
    static const struct {
        int major;
        const char *dict;
        size_t element_bytes;
        int64_t n_rows, n_columns;
    } cases[] = {
        {1, "{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }   \n", 4, 3, 4},
        {2, "{'descr': '<f8', 'fortran_order': False, 'shape': (7,), }\n", 8, 7, 1},
        {3, "{'shape':(0,5),'fortran_order':False,'descr':'<f4'}", 4, 0, 5},
    };
    for (size_t i = 0; i < 3; i++) {
        rri_npy_header header;
        rr_error err = {0};
        ck_assert_msg(parse(&header, cases[i].major, cases[i].dict, &err) == RR_OK, "%s", err.text);
        ck_assert_uint_eq(header.element_bytes, cases[i].element_bytes);
        ck_assert_int_eq(header.n_rows, cases[i].n_rows);
        ck_assert_int_eq(header.n_columns, cases[i].n_columns);
        ck_assert_uint_eq(header.bytes, strlen(cases[i].dict) + (cases[i].major == 1 ? 10u : 12u));
    }
}
END_TEST

START_TEST(test_npy_header_that_is_written_is_read_back)
{
    char text[RRI_NPY_HEADER_WRITTEN];
    rri_npy_header header;
    rri_npy_header_write(text, INT64_MAX / 8, 1234567);
    ck_assert_int_eq(rri_npy_header_parse(&header, text, sizeof text, "f", NULL), RR_OK);
    ck_assert_int_eq(header.n_rows, INT64_MAX / 8);
    ck_assert_int_eq(header.n_columns, 1234567);
    ck_assert_uint_eq(header.element_bytes, 4);
    ck_assert_uint_eq(header.bytes, sizeof text);
    ck_assert_int_eq(text[sizeof text - 1], '\n');
}
END_TEST

START_TEST(test_npy_header_refuses_what_it_does_not_know)
{
    static const struct {
        const char *dict;
        rr_status status;
    } cases[] = {
        {"{'descr': '<i4', 'fortran_order': False, 'shape': (3, 4), }", RR_E_UNSUPPORTED},
        {"{'descr': '>f4', 'fortran_order': False, 'shape': (3, 4), }", RR_E_UNSUPPORTED},
        {"{'descr': '<f4', 'fortran_order': True, 'shape': (3, 4), }", RR_E_UNSUPPORTED},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4, 5), }", RR_E_UNSUPPORTED},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (), }", RR_E_UNSUPPORTED},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (3), }", RR_E_FORMAT},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (-3, 4), }", RR_E_FORMAT},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (3 4), }", RR_E_FORMAT},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (99999999999999999999, 4), }",
         RR_E_FORMAT},
        {"{'descr': '<f4', 'fortran_order': False, }", RR_E_FORMAT},
        {"{'descr': '<f4', 'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), }",
         RR_E_FORMAT},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), 'x': 1}", RR_E_FORMAT},
        {"{'descr': '<f4', 'fortran_order': Falsehood, 'shape': (3, 4), }", RR_E_FORMAT},
        {"{'descr': '<f4', 'fortran_order': False, 'shape': (3, 4), } x", RR_E_FORMAT},
        {"{'descr: '<f4', 'fortran_order': False, 'shape': (3, 4), }", RR_E_FORMAT},
        {"{", RR_E_FORMAT},
        {"", RR_E_FORMAT},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        rri_npy_header header;
        ck_assert_msg(parse(&header, 1, cases[i].dict, NULL) == cases[i].status, "%s",
                      cases[i].dict);
    }
    rri_npy_header header;
    rr_error err = {0};
    ck_assert_int_eq(parse(&header, 4, "{}", &err), RR_E_VERSION);
    ck_assert_str_eq(err.text, "npy: 'f' is of version 4.0; 1.0, 2.0 and 3.0 are known");
    ck_assert_int_eq(rri_npy_header_parse(&header, "PK\x03\x04", 4, "f", &err), RR_E_FORMAT);
    ck_assert_str_eq(err.text, "npy: 'f' is no .npy file");
}
END_TEST

START_TEST(test_npy_header_survives_truncation_and_flips)
{
    char whole[RRI_NPY_HEADER_WRITTEN];
    rri_npy_header_write(whole, 3, 4);
    for (size_t n = 0; n < sizeof whole; n++) {
        rri_npy_header header;
        char *const exact = malloc(n + 1);
        memcpy(exact, whole, n);
        ck_assert_int_eq(rri_npy_header_parse(&header, exact, n, "f", NULL), RR_E_FORMAT);
        free(exact);
    }
    size_t n_refused = 0;
    for (size_t bit = 0; bit < 8 * sizeof whole; bit++) {
        rri_npy_header header;
        char *const exact = malloc(sizeof whole);
        memcpy(exact, whole, sizeof whole);
        exact[bit / 8] = (char)(exact[bit / 8] ^ (1 << (bit % 8)));
        n_refused += rri_npy_header_parse(&header, exact, sizeof whole, "f", NULL) != RR_OK;
        free(exact);
    }
    ck_assert_uint_gt(n_refused, 8 * 70);
}
END_TEST

CHECK_MAIN("io/npy_header", test_npy_header_reads_what_numpy_writes,
           test_npy_header_that_is_written_is_read_back,
           test_npy_header_refuses_what_it_does_not_know,
           test_npy_header_survives_truncation_and_flips)
