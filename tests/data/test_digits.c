/* SPDX-License-Identifier: MIT */
#include "data/digits.h"

#include <stdio.h>

#include "check_run.h"

/* Of each length the least, the most and some between. */
START_TEST(test_digits_of_each_length_are_the_number_that_they_write)
{
    uint64_t end = 1;
    for (size_t n = 1; n <= 16; n++) {
        end *= 10;
        for (uint64_t q = 0; q < 1000; q++) {
            const uint64_t number = q == 999 ? end - 1 : q * UINT64_C(7919000000007) % end;
            char text[32] = "????????????????????????";
            (void)snprintf(text, sizeof text, "%0*llu", (int)n, (unsigned long long)number);
            text[n] = 'x'; /* behind it may be anything */
            uint64_t value = 77;
            ck_assert(rri_digits_read_long(&value, text, n));
            ck_assert_uint_eq(value, number);
            if (n <= 8) {
                ck_assert(rri_digits_read(&value, text, n));
                ck_assert_uint_eq(value, number);
            }
        }
    }
}
END_TEST

/* Of all 256 bytes ten are digits, in every place. */
START_TEST(test_digits_are_none_where_one_byte_is_none)
{
    for (int byte = 0; byte < 256; byte++) {
        for (size_t n = 1; n <= 16; n++) {
            for (size_t at = 0; at < n; at++) {
                char text[25] = "123456781234567812345678";
                uint64_t value = 0;
                text[at] = (char)byte;
                ck_assert_msg(rri_digits_read_long(&value, text, n) == (byte >= '0' && byte <= '9'),
                              "byte %d at %zu of %zu", byte, at, n);
            }
        }
    }
}
END_TEST

CHECK_MAIN("data/digits", test_digits_of_each_length_are_the_number_that_they_write,
           test_digits_are_none_where_one_byte_is_none)
