/* SPDX-License-Identifier: MIT */
#include "data/key_table.h"

#include "check_run.h"
#include "core/hash.h"
#include "crafted_keys.h"

START_TEST(test_key_table_numbers_keys_by_first_appearance)
{
    rri_allocator allocator;
    rri_key_table table;
    int32_t index = -1;
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    rri_key_table_init(&table, &allocator);
    const uint64_t keys[] = {50, 0, UINT64_MAX, 50, 0, 7};
    const int32_t indices[] = {0, 1, 2, 0, 1, 3};
    for (size_t i = 0; i < 6; i++) {
        ck_assert_int_eq(rri_key_table_add(&table, &index, keys[i], i, NULL), RR_OK);
        ck_assert_int_eq(index, indices[i]);
    }
    ck_assert_uint_eq(table.n_keys, 4);
    ck_assert_uint_eq(table.checks[0], 0); /* of the first appearance */
    ck_assert_uint_eq(table.checks[3], 5);
    rri_key_table_release(&table);
    rri_key_table_release(&table);
}
END_TEST

START_TEST(test_key_table_keeps_every_key_while_it_grows)
{
    rri_allocator allocator;
    rri_key_table table;
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    rri_key_table_init(&table, &allocator);
    for (int pass = 0; pass < 2; pass++) {
        for (uint64_t i = 0; i < 5000; i++) {
            int32_t index = -1;
            const uint64_t key = i % 2 == 0 ? i : rri_hash_mix(i);
            ck_assert_int_eq(rri_key_table_add(&table, &index, key, ~i, NULL), RR_OK);
            ck_assert_int_eq(index, (int32_t)i);
            ck_assert_uint_eq(table.keys[i], key);
            ck_assert_uint_eq(table.checks[i], ~i);
        }
    }
    ck_assert_uint_eq(table.n_keys, 5000);
    ck_assert_uint_ge(table.index.n_slots, 10000);
    rri_key_table_release(&table);
}
END_TEST

START_TEST(test_key_table_that_is_copied_knows_the_same_keys)
{
    rri_allocator allocator;
    rri_key_table table, copy;
    int32_t index = -1;
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    rri_key_table_init(&table, &allocator);
    rri_key_table_init(&copy, &allocator);
    ck_assert_int_eq(rri_key_table_copy(&copy, &table, NULL), RR_OK);
    ck_assert_uint_eq(copy.n_keys, 0);
    for (uint64_t i = 0; i < 1000; i++) {
        rri_key_table_expect(&table, i * i);
        rri_key_table_approach(&table, i * i);
        ck_assert_int_eq(rri_key_table_add(&table, &index, i * i, i, NULL), RR_OK);
    }
    ck_assert_int_eq(rri_key_table_copy(&copy, &table, NULL), RR_OK);
    rri_key_table_release(&table);
    ck_assert_uint_eq(copy.n_keys, 1000);
    for (uint64_t i = 0; i < 1001; i++) {
        ck_assert_int_eq(rri_key_table_add(&copy, &index, i * i, i, NULL), RR_OK);
        ck_assert_int_eq(index, (int32_t)i);
        ck_assert_uint_eq(copy.checks[i], i);
    }
    rri_key_table_release(&copy);
}
END_TEST

START_TEST(test_key_table_is_not_flooded_by_crafted_ids)
{
    rri_allocator allocator;
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    for (uint64_t kind = 0; kind < CRAFTED_KINDS; kind += 16) {
        rri_key_table table;
        rri_key_table_init(&table, &allocator);
        for (uint64_t i = 0; i < 40000; i++) {
            int32_t index = -1;
            ck_assert_int_eq(rri_key_table_add(&table, &index, crafted_key(kind, i), 0, NULL),
                             RR_OK);
            ck_assert_int_eq(index, (int32_t)i);
        }
        ck_assert_double_lt(crafted_mean_steps(&table.index, table.keys), CRAFTED_MOST_STEPS);
        rri_key_table_release(&table);
    }
}
END_TEST

static int n_left;

static void *allocate_some(void *user, size_t bytes, size_t alignment)
{
    (void)user;
    return n_left-- > 0 ? aligned_alloc(alignment, (bytes + alignment - 1) / alignment * alignment)
                        : NULL;
}

static void release(void *user, void *block, size_t bytes)
{
    (void)user;
    (void)bytes;
    free(block);
}

START_TEST(test_key_table_survives_memory_running_out)
{
    const rri_allocator allocator = {allocate_some, release, NULL};
    rri_key_table table;
    rri_key_table_init(&table, &allocator);
    n_left = 1;
    int32_t index = -1;
    rr_status status = RR_OK;
    uint64_t key = 0;
    while (status == RR_OK) {
        status = rri_key_table_add(&table, &index, key++, 0, NULL);
    }
    ck_assert_int_eq(status, RR_E_MEMORY);
    ck_assert_uint_eq(table.n_keys, key - 1);
    ck_assert_uint_eq(table.keys[table.n_keys - 1], key - 2);
    rri_key_table_release(&table);
}
END_TEST

START_TEST(test_key_table_with_room_does_not_grow)
{
    rri_allocator allocator;
    rri_key_table table;
    int32_t index = -1;
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    rri_key_table_init(&table, &allocator);
    ck_assert(!rri_key_table_has_room(&table, 1));
    for (uint64_t i = 0; i < 500; i++) {
        if (i % 50 == 0) {
            ck_assert_int_eq(rri_key_table_reserve(&table, 50, NULL), RR_OK);
        }
        ck_assert(rri_key_table_has_room(&table, 50 - i % 50));
        const void *const block = table.block;
        ck_assert_int_eq(rri_key_table_add(&table, &index, i, i == 499 ? 1 : 0, NULL), RR_OK);
        ck_assert_ptr_eq(table.block, block);
        ck_assert(table.has_checks == (i == 499));
    }
    ck_assert_int_eq(rri_key_table_reserve(&table, 100000, NULL), RR_OK);
    ck_assert(table.n_keys == 500 && table.keys[499] == 499 && table.has_checks);
    rri_key_table_release(&table);
}
END_TEST

CHECK_MAIN("data/key_table", test_key_table_is_not_flooded_by_crafted_ids,
           test_key_table_numbers_keys_by_first_appearance,
           test_key_table_keeps_every_key_while_it_grows,
           test_key_table_that_is_copied_knows_the_same_keys,
           test_key_table_survives_memory_running_out, test_key_table_with_room_does_not_grow)
