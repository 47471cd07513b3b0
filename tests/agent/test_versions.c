/* SPDX-License-Identifier: MIT */
#include "agent/versions.h"

#include "check_run.h"

START_TEST(test_versions_the_oldest_makes_room)
{
    rri_version ring[3], out[3];
    rri_versions versions = {.ring = ring, .capacity = 3};
    ck_assert_ptr_null(rri_versions_find(&versions, 0));
    for (uint64_t i = 1; i <= 5; i++) {
        rri_versions_note(&versions, &(rri_version){.version = i, .update = (int64_t)i});
    }
    ck_assert_uint_eq(versions.n, 3);
    ck_assert_ptr_null(rri_versions_find(&versions, 2));
    ck_assert_int_eq(rri_versions_find(&versions, 3)->update, 3);
    rri_versions_copy(out, &versions);
    for (uint64_t i = 0; i < 3; i++) {
        ck_assert_uint_eq(out[i].version, 3 + i);
    }
}
END_TEST

START_TEST(test_versions_a_known_one_is_renewed_in_its_place)
{
    rri_version ring[2];
    rri_versions versions = {.ring = ring, .capacity = 2};
    rri_versions_note(&versions, &(rri_version){.version = 7, .update = 1});
    rri_versions_note(&versions, &(rri_version){.version = 8, .update = 2});
    rri_versions_note(&versions, &(rri_version){.version = 7, .update = 3});
    ck_assert_int_eq(rri_versions_find(&versions, 7)->update, 3);
    ck_assert_int_eq(rri_versions_find(&versions, 8)->update, 2);
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

CHECK_MAIN("agent/versions", test_versions_remember_their_options,
           test_versions_the_oldest_makes_room, test_versions_a_known_one_is_renewed_in_its_place)
