/* SPDX-License-Identifier: MIT */
#include "core/status.h"

#include <locale.h>
#include <string.h>

#include "check_run.h"

static rr_status fail_with_number(rr_error *err, double number)
{
    RRI_FAIL(err, RR_E_INVALID, "it is %g", number);
}

static rr_status go_through(rr_status inner, int *n_after)
{
    RRI_TRY(inner);
    *n_after += 1;
    return RR_OK;
}

START_TEST(test_status_fail_writes_status_and_sentence)
{
    rr_error err = {0};
    ck_assert_int_eq(fail_with_number(&err, -0.25), RR_E_INVALID);
    ck_assert_int_eq(err.status, RR_E_INVALID);
    ck_assert_str_eq(err.text, "it is -0.25");
}
END_TEST

START_TEST(test_status_fail_without_error_still_returns_status)
{
    ck_assert_int_eq(fail_with_number(NULL, 1.0), RR_E_INVALID);
}
END_TEST

START_TEST(test_status_sentence_has_a_point_in_any_locale)
{
    const char *names[] = {"de_DE.UTF-8", "fr_FR.UTF-8", "de_DE", "nl_NL.UTF-8"};
    for (size_t i = 0; i < 4 && setlocale(LC_ALL, names[i]) == NULL; i++) {
    }
    char before[64];
    strcpy(before, setlocale(LC_ALL, NULL));
    rr_error err = {0};
    fail_with_number(&err, 0.5);
    ck_assert_str_eq(err.text, "it is 0.5");
    ck_assert_str_eq(setlocale(LC_ALL, NULL), before);
    setlocale(LC_ALL, "C");
}
END_TEST

START_TEST(test_status_long_sentence_is_cut_at_a_whole_character)
{
    char text[700];
    for (size_t shift = 0; shift < 4; shift++) {
        memset(text, 'x', sizeof text);
        for (size_t i = 500 + shift; i + 3 < sizeof text; i += 3) {
            memcpy(text + i, "\xE2\x82\xAC", 3); /* € */
        }
        text[699] = '\0';
        rr_error err = {0};
        rri_status_fail(&err, RR_E_IO, "%s", text);
        const size_t length = strlen(err.text);
        ck_assert_uint_le(length, 507);
        ck_assert_uint_gt(length, 507 - 3);
        ck_assert_uint_eq((length - 500 - shift) % 3, 0);
        ck_assert(memcmp(err.text, text, length) == 0);
    }
}
END_TEST

START_TEST(test_status_long_plain_sentence_fills_the_room)
{
    char text[700];
    memset(text, 'x', sizeof text);
    text[699] = '\0';
    rr_error err = {0};
    rri_status_fail(&err, RR_E_IO, "%s", text);
    ck_assert_uint_eq(strlen(err.text), 507);
}
END_TEST

START_TEST(test_status_try_returns_at_once_on_failure)
{
    int n_after = 0;
    ck_assert_int_eq(go_through(RR_E_FULL, &n_after), RR_E_FULL);
    ck_assert_int_eq(n_after, 0);
    ck_assert_int_eq(go_through(RR_OK, &n_after), RR_OK);
    ck_assert_int_eq(n_after, 1);
}
END_TEST

/* Numbers are never renumbered: they are spelt a second time here. */
START_TEST(test_status_every_number_has_its_name_and_a_text)
{
    const char *names[] = {"RR_OK",          "RR_E_INVALID",   "RR_E_UNSUPPORTED", "RR_E_MEMORY",
                           "RR_E_STATE",     "RR_E_FULL",      "RR_E_NOT_FINITE",  "RR_E_IO",
                           "RR_E_FORMAT",    "RR_E_VERSION",   "RR_E_MISMATCH",    "RR_E_THREAD",
                           "RR_E_TOO_SMALL", "RR_E_NOT_FOUND", "RR_E_SKEW",        "RR_E_STALE",
                           "RR_E_DUPLICATE", "RR_E_CANCELLED"};
    const rr_status enumerated[] = {RR_OK,          RR_E_INVALID,   RR_E_UNSUPPORTED, RR_E_MEMORY,
                                    RR_E_STATE,     RR_E_FULL,      RR_E_NOT_FINITE,  RR_E_IO,
                                    RR_E_FORMAT,    RR_E_VERSION,   RR_E_MISMATCH,    RR_E_THREAD,
                                    RR_E_TOO_SMALL, RR_E_NOT_FOUND, RR_E_SKEW,        RR_E_STALE,
                                    RR_E_DUPLICATE, RR_E_CANCELLED};
    for (int i = 0; i < 18; i++) {
        ck_assert_int_eq(enumerated[i], -i);
        ck_assert_str_eq(rri_status_name(-i), names[i]);
        ck_assert_uint_gt(strlen(rri_status_text(-i)), 3);
    }
    ck_assert_str_eq(rri_status_name(-18), "RR_E_UNKNOWN");
    ck_assert_str_eq(rri_status_name(1), "RR_E_UNKNOWN");
    ck_assert_ptr_nonnull(rri_status_text(INT32_MIN));
}
END_TEST

START_TEST(test_status_of_a_file_names_it_before_what_is_wrong)
{
    rr_error err = {0};
    const rr_status status = rri_status_fail(&err, RR_E_FORMAT, "policy: %d bytes", 7);
    ck_assert_int_eq(rri_status_of_file(&err, status, "a/b.safetensors"), RR_E_FORMAT);
    ck_assert_str_eq(err.text, "file 'a/b.safetensors': policy: 7 bytes");
    ck_assert_int_eq(err.status, RR_E_FORMAT);
    ck_assert_int_eq(rri_status_of_file(NULL, RR_E_IO, "x"), RR_E_IO);
    ck_assert_int_eq(rri_status_of_file(&err, RR_OK, "x"), RR_OK);
    ck_assert_str_eq(err.text, "file 'a/b.safetensors': policy: 7 bytes"); /* untouched */
}
END_TEST

START_TEST(test_status_of_a_pointer_that_is_required_names_function_and_parameter)
{
    rr_error err = {0};
    ck_assert_int_eq(rri_require(&err, "rr_f", "out", &err), RR_OK);
    ck_assert(err.status == RR_OK && err.text[0] == 0);
    ck_assert_int_eq(rri_require(NULL, "rr_f", "out", &err), RR_E_INVALID);
    ck_assert_str_eq(err.text, "rr_f: out is NULL");
    ck_assert_int_eq(rri_require(NULL, "rr_f", "out", NULL), RR_E_INVALID);
}
END_TEST

START_TEST(test_status_error_is_512_bytes)
{
    ck_assert_uint_eq(sizeof(rr_error), 512);
}
END_TEST

CHECK_MAIN("core/status", test_status_fail_writes_status_and_sentence,
           test_status_fail_without_error_still_returns_status,
           test_status_sentence_has_a_point_in_any_locale,
           test_status_long_sentence_is_cut_at_a_whole_character,
           test_status_long_plain_sentence_fills_the_room,
           test_status_try_returns_at_once_on_failure,
           test_status_every_number_has_its_name_and_a_text,
           test_status_of_a_file_names_it_before_what_is_wrong,
           test_status_of_a_pointer_that_is_required_names_function_and_parameter,
           test_status_error_is_512_bytes)
