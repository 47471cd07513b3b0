/* SPDX-License-Identifier: MIT */
#include "model/versions.h"

#include <math.h>
#include <string.h>

#include "check_run.h"

static rr_serving_options plain(void)
{
    rr_serving_options options;
    rr_serving_options_init(&options, sizeof options);
    return options;
}

START_TEST(test_versions_hash_hears_of_everything)
{
    rr_serving_options options = plain();
    uint64_t versions[8] = {rri_version_hash(1, 2, NULL)};
    ck_assert_uint_eq(versions[0], rri_version_hash(1, 2, &options));
    versions[1] = rri_version_hash(2, 2, NULL);
    versions[2] = rri_version_hash(1, 3, NULL);
    versions[3] = rri_version_hash(2, 1, NULL);
    options.is_greedy = 1;
    versions[4] = rri_version_hash(1, 2, &options);
    options = plain();
    options.temperature = 0.5f;
    versions[5] = rri_version_hash(1, 2, &options);
    options = plain();
    options.floor = 0.5f;
    versions[6] = rri_version_hash(1, 2, &options);
    options = plain();
    options.incumbent_share = 0.5f;
    versions[7] = rri_version_hash(1, 2, &options);
    for (size_t i = 0; i < 8; i++) {
        for (size_t j = 0; j < i; j++) {
            ck_assert_uint_ne(versions[i], versions[j]);
        }
    }
}
END_TEST

START_TEST(test_versions_the_oldest_makes_room)
{
    rri_version entries[3];
    rri_versions versions = {.entries = entries, .capacity = 3};
    ck_assert_ptr_null(rri_versions_find(&versions, 0));
    for (uint64_t i = 1; i <= 5; i++) {
        rri_versions_note(&versions, &(rri_version){.version = i, .update = (int64_t)i});
    }
    ck_assert_uint_eq(versions.n, 3);
    ck_assert_ptr_null(rri_versions_find(&versions, 2));
    ck_assert_int_eq(rri_versions_find(&versions, 3)->update, 3);
    for (uint64_t i = 0; i < 3; i++) {
        ck_assert_uint_eq(entries[i].version, 3 + i);
    }
}
END_TEST

START_TEST(test_versions_one_that_comes_back_is_the_latest)
{
    rri_version entries[3];
    rri_versions versions = {.entries = entries, .capacity = 3};
    rri_versions_note(&versions, &(rri_version){.version = 7, .update = 1});
    rri_versions_note(&versions, &(rri_version){.version = 8, .update = 2});
    rri_versions_note(&versions, &(rri_version){.version = 7, .update = 3});
    ck_assert_int_eq(rri_versions_find(&versions, 7)->update, 3);
    ck_assert_int_eq(rri_versions_find(&versions, 8)->update, 2);
    ck_assert_uint_eq(versions.n, 2);
    rri_versions_note(&versions, &(rri_version){.version = 9, .update = 4});
    rri_versions_note(&versions, &(rri_version){.version = 10, .update = 5}); /* 8 goes, not 7 */
    const uint64_t wanted[] = {7, 9, 10};
    for (size_t i = 0; i < 3; i++) {
        ck_assert_uint_eq(entries[i].version, wanted[i]);
    }
    ck_assert_uint_eq(rri_versions_capacity(0), 4);
    ck_assert_uint_gt(rri_versions_capacity(64), 64);
}
END_TEST

START_TEST(test_versions_remember_their_options)
{
    const rr_serving_options options = {.struct_size = sizeof options,
                                        .is_greedy = 1,
                                        .temperature = 0.5f,
                                        .floor = 0.25f,
                                        .incumbent_share = 0.125f};
    const rri_version version = rri_version_of(1, 2, 3, &options);
    const rr_serving_options got = rri_version_options(&version);
    ck_assert_mem_eq(&got, &options, sizeof got);
    ck_assert_uint_eq(version.version, 1);
    ck_assert_uint_eq(version.plain, 2);
    ck_assert_int_eq(version.update, 3);
    const rri_version plain = rri_version_of(1, 1, 0, NULL);
    ck_assert_float_eq(plain.temperature, 1.0f);
    ck_assert_uint_eq(sizeof plain, 40); /* no padding */
}
END_TEST

START_TEST(test_versions_restored_are_the_latest_that_fit_and_are_judged)
{
    rri_version saved[4], entries[3];
    rri_versions versions = {.entries = entries, .capacity = 3};
    for (uint64_t i = 0; i < 4; i++) {
        saved[i] = rri_version_of(i, i, (int64_t)i, NULL);
    }
    const unsigned char *bytes = (const unsigned char *)saved;
    ck_assert_int_eq(rri_versions_restore(NULL, bytes, 4, 3, NULL), RR_OK);
    ck_assert_int_eq(rri_versions_restore(&versions, bytes, 4, 3, NULL), RR_OK);
    ck_assert_uint_eq(versions.n, 3);
    ck_assert_mem_eq(entries, saved + 1, sizeof entries);
    for (int spoilt = 0; spoilt < 6; spoilt++) {
        rri_version bad = rri_version_of(1, 1, 1, NULL);
        bad.update = spoilt == 0 ? -1 : bad.update;
        bad.update = spoilt == 5 ? 8 : bad.update; /* of an update that was not made */
        bad.is_greedy = spoilt == 1 ? 2 : bad.is_greedy;
        bad.temperature = spoilt == 2 ? 0.0f : bad.temperature;
        bad.floor = spoilt == 3 ? NAN : bad.floor;
        bad.incumbent_share = spoilt == 4 ? 1.5f : bad.incumbent_share;
        rr_error err = {0};
        ck_assert_int_eq(rri_versions_restore(NULL, (const unsigned char *)&bad, 1, 7, &err),
                         RR_E_FORMAT);
        ck_assert_ptr_nonnull(strstr(err.text, "agent.versions[0]"));
    }
}
END_TEST

CHECK_MAIN("model/versions", test_versions_hash_hears_of_everything,
           test_versions_restored_are_the_latest_that_fit_and_are_judged,
           test_versions_remember_their_options, test_versions_the_oldest_makes_room,
           test_versions_one_that_comes_back_is_the_latest)
