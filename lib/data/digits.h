/* SPDX-License-Identifier: MIT */
/* digits.h: runs of digits as 64-bit words [after Lemire 2018, "Quickly parsing eight digits"], on
 * little-endian machines. Eight bytes from the first digit on must be readable. */
#ifndef RRI_DATA_DIGITS_H
#define RRI_DATA_DIGITS_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <string.h>

#if defined(__BYTE_ORDER__) && __BYTE_ORDER__ == __ORDER_LITTLE_ENDIAN__
#define RRI_DIGITS_ARE_WORDS 1
#else
#define RRI_DIGITS_ARE_WORDS 0
#endif

/* text [n], n in [1, 8], as a number; false where one of it is no digit. The digits move to the
 * last bytes, zeros come before them; then neighbours are joined. */
static inline bool rri_digits_read(uint64_t *value, const char *text, size_t n)
{
#if RRI_DIGITS_ARE_WORDS
    uint64_t digits;
    memcpy(&digits, text, sizeof digits);
    digits = (digits ^ UINT64_C(0x3030303030303030)) << (64 - 8 * n); /* a digit is now 0 … 9 */
    if (((digits | (digits + UINT64_C(0x7676767676767676))) & UINT64_C(0x8080808080808080)) != 0) {
        return false;
    }
    digits = digits * 10 + (digits >> 8);
    *value = ((digits & UINT64_C(0x000000FF000000FF)) * UINT64_C(0x000F424000000064) +
              (digits >> 16 & UINT64_C(0x000000FF000000FF)) * UINT64_C(0x0000271000000001)) >>
             32;
    return true;
#else
    *value = 0;
    for (size_t i = 0; i < n; i++) {
        if (text[i] < '0' || text[i] > '9') {
            return false;
        }
        *value = 10 * *value + (uint64_t)(text[i] - '0');
    }
    return true;
#endif
}

/* text [n], n in [1, 16]. */
static inline bool rri_digits_read_long(uint64_t *value, const char *text, size_t n)
{
    uint64_t high = 0;
    if (n <= 8) {
        return rri_digits_read(value, text, n);
    }
    if (!rri_digits_read(&high, text, n - 8) || !rri_digits_read(value, text + n - 8, 8)) {
        return false;
    }
    *value += high * 100000000;
    return true;
}

#endif
