/* SPDX-License-Identifier: MIT */
/* digits.h: runs of digits as 64-bit words [after Lemire 2018, "Quickly parsing eight digits"], for
 * little-endian machines. */
#ifndef RRI_DATA_DIGITS_H
#define RRI_DATA_DIGITS_H

#include <stddef.h>
#include <stdint.h>
#include <string.h>

/* Eight bytes, of which the first n are digits, are their value. The digits move to the last bytes,
 * zeros come before them; then neighbours are joined. */
static inline uint64_t rri_digits_join(uint64_t digits, size_t n)
{
    digits = n == 0 ? 0 : digits << (64 - 8 * n);
    digits = digits * 10 + (digits >> 8);
    return ((digits & UINT64_C(0x000000FF000000FF)) * UINT64_C(0x000F424000000064) +
            (digits >> 16 & UINT64_C(0x000000FF000000FF)) * UINT64_C(0x0000271000000001)) >>
           32;
}

static inline uint64_t rri_digits_load(const char *text)
{
    uint64_t digits;
    memcpy(&digits, text, sizeof digits);
    return digits ^ UINT64_C(0x3030303030303030); /* a digit is now 0 … 9 */
}

/* The number of digits at the front of eight bytes, and their value. */
static inline size_t rri_digits_read_eight(uint64_t *value, const char *text)
{
    const uint64_t digits = rri_digits_load(text);
    const uint64_t others =
        (digits | (digits + UINT64_C(0x7676767676767676))) & UINT64_C(0x8080808080808080);
    const size_t n = others == 0 ? 8 : (size_t)__builtin_ctzll(others) / 8;
    *value = rri_digits_join(digits, n);
    return n;
}

static const uint64_t rri_digits_powers[9] = {1,      10,      100,      1000,     10000,
                                              100000, 1000000, 10000000, 100000000};

/* At most seven digits over 10^m; both are floats, so the one division rounds correctly. */
static inline float rri_digits_quotient(uint64_t digits, size_t m)
{
    static const float float_powers[8] = {1.0f, 1e1f, 1e2f, 1e3f, 1e4f, 1e5f, 1e6f, 1e7f};
    return (float)(int32_t)digits / float_powers[m];
}

#endif
