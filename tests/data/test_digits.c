/* SPDX-License-Identifier: MIT */
#include "data/digits.h"

#include <stdio.h>
#include <stdlib.h>

#include "check_run.h"

/* Every number of digits, of each length the least, the most and some between. */
START_TEST(test_digits_of_each_length_are_the_number_that_they_write)
{
    for (size_t n = 0; n <= 8; n++) {
        const uint64_t end = rri_digits_powers[n];
        for (uint64_t q = 0; q < 1000; q++) {
            const uint64_t number = q == 999 ? end - 1 : q * UINT64_C(7919) % end;
            char text[16] = "????????";
            (void)snprintf(text, sizeof text, "%0*llu", (int)n, (unsigned long long)number);
            text[n] = 'x'; /* behind it may be anything */
            if (n == 0) {
                memcpy(text, "xxxxxxxx", 8);
            }
            uint64_t value = 77;
            ck_assert_uint_eq(rri_digits_read_eight(&value, text), n);
            ck_assert_uint_eq(value, n == 0 ? 0 : number);
            ck_assert_uint_eq(rri_digits_join(rri_digits_load(text), n), n == 0 ? 0 : number);
        }
    }
}
END_TEST

/* Of all 256 bytes ten are digits, in every place; what follows the first other byte is not read.
 */
START_TEST(test_digits_end_at_the_first_byte_that_is_none)
{
    for (int byte = 0; byte < 256; byte++) {
        for (size_t at = 0; at < 8; at++) {
            char text[8] = {'1', '2', '3', '4', '5', '6', '7', '8'};
            text[at] = (char)byte;
            const int is_digit = byte >= '0' && byte <= '9';
            uint64_t value, wanted = 0;
            const size_t n = is_digit ? 8 : at;
            for (size_t i = 0; i < n; i++) {
                wanted = wanted * 10 + (uint64_t)(text[i] - '0');
            }
            ck_assert_uint_eq(rri_digits_read_eight(&value, text), n);
            ck_assert_uint_eq(value, wanted);
        }
    }
}
END_TEST

START_TEST(test_digits_quotient_is_the_float_that_strtof_reads)
{
    for (uint64_t digits = 0; digits < 10000000; digits += 997) {
        for (size_t m = 0; m <= 7; m++) {
            char text[32];
            (void)snprintf(text, sizeof text, "%llue-%zu", (unsigned long long)digits, m);
            const float wanted = strtof(text, NULL), got = rri_digits_quotient(digits, m);
            ck_assert_msg(got == wanted, "%s: %a, not %a", text, (double)got, (double)wanted);
        }
    }
}
END_TEST

CHECK_MAIN("data/digits", test_digits_of_each_length_are_the_number_that_they_write,
           test_digits_end_at_the_first_byte_that_is_none,
           test_digits_quotient_is_the_float_that_strtof_reads)
