/* SPDX-License-Identifier: MIT */
#include "core/philox.h"

#include <math.h>
#include <string.h>

#include "check_run.h"

/* kat_vectors of Random123 1.09, philox4x32-10. */
START_TEST(test_philox_known_answers)
{
    static const struct {
        uint64_t seed, index;
        uint32_t stream, lane;
        uint32_t words[4];
    } known[] = {
        {0, 0, 0, 0, {0x6627e8d5, 0xe169c58d, 0xbc57ac4c, 0x9b00dbd8}},
        {UINT64_MAX,
         UINT64_MAX,
         UINT32_MAX,
         UINT32_MAX,
         {0x408f276d, 0x41c83b0e, 0xa20bc7c6, 0x6d5451fd}},
        {UINT64_C(0x299f31d0a4093822),
         UINT64_C(0x85a308d3243f6a88),
         0x13198a2e,
         0x03707344,
         {0xd16cfe09, 0x94fdcceb, 0x5001e420, 0x24126ea1}},
    };
    for (size_t i = 0; i < 3; i++) {
        uint32_t words[4] = {0};
        rri_philox_block(words, known[i].seed, known[i].stream, known[i].index, known[i].lane);
        ck_assert_mem_eq(words, known[i].words, sizeof words);
    }
}
END_TEST

START_TEST(test_philox_uniform_has_53_bits_of_the_first_two_words)
{
    const uint64_t bits = UINT64_C(0x6627e8d5e169c58d) >> 11;
    ck_assert(rri_philox_uniform(0, 0, 0, 0) == (double)bits / 9007199254740992.0);
}
END_TEST

START_TEST(test_philox_uniform_fills_the_unit_interval_evenly)
{
    enum { N = 100000, BINS = 20 };
    size_t counts[BINS] = {0};
    for (uint64_t i = 0; i < N; i++) {
        const double u = rri_philox_uniform(7, RRI_STREAM_ACT, i, 0);
        ck_assert(u >= 0.0 && u < 1.0);
        counts[(size_t)(u * BINS)]++;
    }
    double chi2 = 0.0;
    for (size_t b = 0; b < BINS; b++) {
        const double d = (double)counts[b] - (double)N / BINS;
        chi2 += d * d / ((double)N / BINS);
    }
    ck_assert(chi2 < 43.8); /* 99.9 % of χ²(19) */
}
END_TEST

/* Each coordinate of a draw matters. */
START_TEST(test_philox_coordinates_do_not_meet)
{
    const double u = rri_philox_uniform(1, 2, 3, 4);
    ck_assert(u == rri_philox_uniform(1, 2, 3, 4));
    ck_assert(u != rri_philox_uniform(2, 2, 3, 4));
    ck_assert(u != rri_philox_uniform(1 + (UINT64_C(1) << 40), 2, 3, 4));
    ck_assert(u != rri_philox_uniform(1, 3, 3, 4));
    ck_assert(u != rri_philox_uniform(1, 2, 4, 4));
    ck_assert(u != rri_philox_uniform(1, 2, 3 + (UINT64_C(1) << 40), 4));
    ck_assert(u != rri_philox_uniform(1, 2, 3, 5));
}
END_TEST

START_TEST(test_philox_below_stays_below_and_is_even)
{
    size_t counts[7] = {0};
    for (uint64_t i = 0; i < 70000; i++) {
        const uint64_t x = rri_philox_below(7, 1, i, 0, 7);
        ck_assert_uint_lt(x, 7);
        counts[x]++;
    }
    double chi2 = 0.0;
    for (size_t b = 0; b < 7; b++) {
        const double d = (double)counts[b] - 10000.0;
        chi2 += d * d / 10000.0;
    }
    ck_assert(chi2 < 22.5); /* 99.9 % of χ²(6) */
    ck_assert_uint_eq(rri_philox_below(7, 1, 0, 0, 1), 0);
}
END_TEST

#if defined(__SIZEOF_INT128__)
__extension__ typedef unsigned __int128 wide;
START_TEST(test_philox_below_is_the_high_half_of_a_product)
{
    const uint64_t sizes[] = {
        1, 3, UINT32_MAX, UINT64_C(1) << 32, UINT64_C(0x123456789ABCDEF1), UINT64_MAX};
    for (size_t s = 0; s < 6; s++) {
        for (uint64_t i = 0; i < 1000; i++) {
            uint32_t words[4];
            rri_philox_block(words, 9, 1, i, 0);
            const uint64_t x = (uint64_t)words[0] << 32 | words[1];
            const uint64_t wanted = (uint64_t)((wide)x * sizes[s] >> 64);
            ck_assert_uint_eq(rri_philox_below(9, 1, i, 0, sizes[s]), wanted);
        }
    }
}
END_TEST
#define WIDE_TESTS , test_philox_below_is_the_high_half_of_a_product
#else
#define WIDE_TESTS
#endif

START_TEST(test_philox_normals_have_the_moments_of_a_standard_normal)
{
    enum { N = 200000 };
    static float x[N];
    rri_philox_normals(x, N, 11, RRI_STREAM_USERS, 0);
    double m1 = 0, m2 = 0, m3 = 0, m4 = 0, neighbours = 0;
    for (size_t i = 0; i < N; i++) {
        const double v = x[i];
        m1 += v / N;
        m2 += v * v / N;
        m3 += v * v * v / N;
        m4 += v * v * v * v / N;
        neighbours += i > 0 ? v * x[i - 1] / N : 0;
    }
    const double sigma = 1.0 / sqrt((double)N);
    ck_assert(fabs(m1) < 4 * sigma);
    ck_assert(fabs(m2 - 1) < 4 * sqrt(2.0) * sigma);
    ck_assert(fabs(m3) < 4 * sqrt(15.0) * sigma);
    ck_assert(fabs(m4 - 3) < 4 * sqrt(96.0) * sigma);
    ck_assert(fabs(neighbours) < 4 * sigma);
}
END_TEST

START_TEST(test_philox_normals_of_odd_length_are_a_prefix)
{
    float five[6] = {0, 0, 0, 0, 0, 77.0f};
    float eight[8];
    rri_philox_normals(five, 5, 1, 2, 3);
    rri_philox_normals(eight, 8, 1, 2, 3);
    ck_assert_mem_eq(five, eight, 5 * sizeof(float));
    ck_assert(five[5] == 77.0f);
}
END_TEST

START_TEST(test_philox_permutation_holds_each_number_once)
{
    enum { N = 1000 };
    int32_t out[N];
    bool is_seen[N] = {false};
    rri_philox_permute(out, N, 1, RRI_STREAM_SHUFFLE, 5);
    for (size_t i = 0; i < N; i++) {
        ck_assert(out[i] >= 0 && out[i] < N && !is_seen[out[i]]);
        is_seen[out[i]] = true;
    }
    rri_philox_permute(out, 0, 1, 1, 1);
    rri_philox_permute(out, 1, 1, 1, 1);
    ck_assert_int_eq(out[0], 0);
}
END_TEST

START_TEST(test_philox_every_permutation_is_as_likely)
{
    size_t counts[24] = {0};
    for (uint64_t i = 0; i < 24000; i++) {
        int32_t p[4];
        rri_philox_permute(p, 4, 1, RRI_STREAM_SHUFFLE, i);
        size_t rank = 0;
        for (size_t a = 0; a < 4; a++) {
            size_t n_smaller = 0;
            for (size_t b = a + 1; b < 4; b++) {
                n_smaller += p[b] < p[a] ? 1 : 0;
            }
            rank = rank * (4 - a) + n_smaller;
        }
        counts[rank]++;
    }
    double chi2 = 0.0;
    for (size_t r = 0; r < 24; r++) {
        const double d = (double)counts[r] - 1000.0;
        chi2 += d * d / 1000.0;
    }
    ck_assert(chi2 < 49.7); /* 99.9 % of χ²(23) */
}
END_TEST

CHECK_MAIN("core/philox", test_philox_known_answers,
           test_philox_uniform_has_53_bits_of_the_first_two_words,
           test_philox_uniform_fills_the_unit_interval_evenly, test_philox_coordinates_do_not_meet,
           test_philox_below_stays_below_and_is_even,
           test_philox_normals_have_the_moments_of_a_standard_normal,
           test_philox_normals_of_odd_length_are_a_prefix,
           test_philox_permutation_holds_each_number_once,
           test_philox_every_permutation_is_as_likely WIDE_TESTS)
