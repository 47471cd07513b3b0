/* SPDX-License-Identifier: MIT */
#include "core/hash.h"

#include <string.h>

#include "check_run.h"

/* The function is fixed for ever: fingerprints in old checkpoints must be found again. The numbers
 * are those of a second implementation, in Python. */
START_TEST(test_hash_never_changes)
{
    unsigned char bytes[100];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (unsigned char)(i * 7 + 1);
    }
    ck_assert_uint_eq(rri_hash_bytes("", 0, 0), UINT64_C(0xEBF1CE7276862EC0));
    ck_assert_uint_eq(rri_hash_bytes("a", 1, 0), UINT64_C(0xD623A2CD4A11EDC6));
    ck_assert_uint_eq(rri_hash_bytes(bytes, 100, 0), UINT64_C(0x36E3D74BCE1F1A35));
    ck_assert_uint_eq(rri_hash_bytes(bytes, 100, 1), UINT64_C(0x45371947E6FC3F7F));
    ck_assert_uint_eq(rri_hash_mix(1), UINT64_C(0x95D607B784B99510));
}
END_TEST

START_TEST(test_hash_does_not_depend_on_how_bytes_are_cut)
{
    unsigned char bytes[200];
    for (size_t i = 0; i < sizeof bytes; i++) {
        bytes[i] = (unsigned char)(i * i + 3);
    }
    for (size_t n = 0; n <= sizeof bytes; n += 13) {
        const uint64_t whole = rri_hash_bytes(bytes, n, 9);
        for (size_t cut = 1; cut < 70; cut++) {
            rri_hash hash;
            rri_hash_init(&hash, 9);
            for (size_t at = 0; at < n; at += cut) {
                rri_hash_update(&hash, bytes + at, n - at < cut ? n - at : cut);
                rri_hash_update(&hash, NULL, 0);
            }
            ck_assert_uint_eq(rri_hash_final(&hash), whole);
        }
    }
}
END_TEST

START_TEST(test_hash_final_may_be_asked_in_between)
{
    rri_hash hash;
    rri_hash_init(&hash, 0);
    rri_hash_update(&hash, "abc", 3);
    const uint64_t early = rri_hash_final(&hash);
    rri_hash_update(&hash, "def", 3);
    ck_assert_uint_eq(early, rri_hash_bytes("abc", 3, 0));
    ck_assert_uint_eq(rri_hash_final(&hash), rri_hash_bytes("abcdef", 6, 0));
}
END_TEST

static int count_bits(uint64_t x)
{
    int n = 0;
    for (; x != 0; x &= x - 1) {
        n++;
    }
    return n;
}

/* One changed bit anywhere changes about half of the hash. */
START_TEST(test_hash_every_bit_reaches_every_bit)
{
    unsigned char bytes[77] = {0};
    const uint64_t plain = rri_hash_bytes(bytes, sizeof bytes, 0);
    int total = 0;
    for (size_t i = 0; i < sizeof bytes * 8; i++) {
        bytes[i / 8] ^= (unsigned char)(1u << (i % 8));
        const int changed = count_bits(plain ^ rri_hash_bytes(bytes, sizeof bytes, 0));
        bytes[i / 8] ^= (unsigned char)(1u << (i % 8));
        ck_assert_int_ge(changed, 10);
        total += changed;
    }
    const double mean = total / (double)(sizeof bytes * 8);
    ck_assert(mean > 31.0 && mean < 33.0);
}
END_TEST

START_TEST(test_hash_tells_lengths_and_orders_apart)
{
    const unsigned char zeros[100] = {0};
    uint64_t seen[101];
    for (size_t n = 0; n <= 100; n++) {
        seen[n] = rri_hash_bytes(zeros, n, 0);
        for (size_t m = 0; m < n; m++) {
            ck_assert_uint_ne(seen[n], seen[m]);
        }
    }
    unsigned char a[64];
    unsigned char b[64];
    for (size_t i = 0; i < 64; i++) {
        a[i] = (unsigned char)i;
    }
    for (size_t lag = 8; lag <= 32; lag += 8) { /* swapped words, swapped lanes, swapped blocks */
        memcpy(b, a, sizeof a);
        memcpy(b, a + lag, 8);
        memcpy(b + lag, a, 8);
        ck_assert_uint_ne(rri_hash_bytes(a, 64, 0), rri_hash_bytes(b, 64, 0));
    }
}
END_TEST

/* Two sign flips in one lane must not cancel, as they do in a hash of multiplications alone. */
START_TEST(test_hash_sees_two_flipped_signs)
{
    uint64_t words[12];
    for (size_t i = 0; i < 12; i++) {
        words[i] = UINT64_C(0x3F8000003F800000) + i;
    }
    const uint64_t plain = rri_hash_bytes(words, sizeof words, 0);
    for (size_t i = 0; i < 12; i++) {
        for (size_t j = i + 1; j < 12; j++) {
            words[i] ^= UINT64_C(1) << 63;
            words[j] ^= UINT64_C(1) << 63;
            ck_assert_uint_ne(rri_hash_bytes(words, sizeof words, 0), plain);
            words[i] ^= UINT64_C(1) << 63;
            words[j] ^= UINT64_C(1) << 63;
        }
    }
}
END_TEST

START_TEST(test_hash_mix_spreads_consecutive_keys)
{
    enum { SLOTS = 4096 };
    static unsigned char is_used[SLOTS];
    size_t n_used = 0;
    for (uint64_t key = 0; key < SLOTS; key++) {
        unsigned char *slot = &is_used[rri_hash_mix(key << 20) % SLOTS];
        n_used += *slot == 0 ? 1 : 0;
        *slot = 1;
    }
    ck_assert(n_used > 2480 && n_used < 2700); /* (1 − 1/e) · 4096 = 2589 */
}
END_TEST

CHECK_MAIN("core/hash", test_hash_never_changes, test_hash_does_not_depend_on_how_bytes_are_cut,
           test_hash_final_may_be_asked_in_between, test_hash_every_bit_reaches_every_bit,
           test_hash_tells_lengths_and_orders_apart, test_hash_sees_two_flipped_signs,
           test_hash_mix_spreads_consecutive_keys)
