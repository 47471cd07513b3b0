/* SPDX-License-Identifier: MIT */
#include "data/id_texts.h"

#include <stdio.h>
#include <string.h>

#include "check_run.h"
#include "data/id.h"

static rri_allocator allocator;
static rri_key_table table;
static rri_id_texts texts;

static void begin(void)
{
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    rri_key_table_init(&table, &allocator);
    rri_id_texts_init(&texts, &allocator);
}

static void end(void)
{
    rri_key_table_release(&table);
    rri_id_texts_release(&texts);
}

/* The index of an id, as a reader adds it. */
static int32_t add(const char *id)
{
    uint64_t check = 0;
    int32_t index = -1;
    const size_t length = strlen(id), n_before = table.n_keys;
    const uint64_t key = rri_id_key(&check, id, length);
    ck_assert_int_eq(rri_key_table_add(&table, &index, key, check, NULL), RR_OK);
    if (check != 0 && table.n_keys > n_before) {
        ck_assert_int_eq(rri_id_texts_reserve(&texts, 1, length, NULL), RR_OK);
        ck_assert(rri_id_texts_has_room(&texts, 1, length));
        rri_id_texts_add(&texts, index, id, length);
    }
    return index;
}

START_TEST(test_id_texts_are_found_by_index)
{
    begin();
    ck_assert(!rri_id_texts_has_room(&texts, 1, 0));
    for (int i = 0; i < 1000; i++) {
        char id[16];
        snprintf(id, sizeof id, i % 3 == 0 ? "%d" : "u%d", i);
        ck_assert_int_eq(add(id), i);
    }
    for (int i = 0; i < 1000; i++) {
        char id[16];
        snprintf(id, sizeof id, "u%d", i);
        const rri_id_text *const text = rri_id_texts_find(&texts, i);
        ck_assert((text == NULL) == (i % 3 == 0));
        ck_assert(text == NULL || (text->length == strlen(id) &&
                                   memcmp(texts.bytes + text->begin, id, text->length) == 0));
    }
    ck_assert_ptr_null(rri_id_texts_find(&texts, 1000));
    rri_id_texts copy;
    rri_id_texts_init(&copy, &allocator);
    ck_assert_int_eq(rri_id_texts_copy(&copy, &texts, NULL), RR_OK);
    ck_assert(copy.n == texts.n && memcmp(copy.bytes, texts.bytes, texts.n_bytes) == 0);
    rri_id_texts_release(&copy);
    end();
}
END_TEST

START_TEST(test_id_texts_spellings_of_one_number_become_one_id)
{
    static const char *const rows[] = {"7.0", "23", "007", "7", "23.0", "1e1", "2.3e1", "10", "5"};
    static const int32_t expected[] = {0, 1, 2, 0, 1, 3, 1, 3, 4};
    static const uint64_t keys[] = {7, 23, 0, 10, 5};
    int32_t indices[9];
    size_t n_merged = 7;
    begin();
    for (size_t i = 0; i < 9; i++) {
        indices[i] = add(rows[i]);
        ck_assert_int_eq(indices[i], (int32_t)i);
    }
    ck_assert_int_eq(rri_id_texts_merge(&n_merged, &texts, &table, indices, 9, NULL), RR_OK);
    ck_assert_uint_eq(n_merged, 4);
    ck_assert_mem_eq(indices, expected, sizeof indices);
    ck_assert_uint_eq(table.n_keys, 5);
    for (size_t i = 0; i < 5; i++) {
        ck_assert(i == 2 || (table.keys[i] == keys[i] && table.checks[i] == 0));
    }
    ck_assert(texts.n == 1 && texts.at[0].index == 2 && memcmp(texts.bytes, "007", 3) == 0);
    ck_assert_int_eq(rri_id_texts_merge(&n_merged, &texts, &table, indices, 9, NULL), RR_OK);
    ck_assert_uint_eq(n_merged, 0);
    end();
}
END_TEST

START_TEST(test_id_texts_beside_a_text_all_are_texts)
{
    static const char *const rows[] = {"7.0", "7", "1e5", "100000", "B0"};
    int32_t indices[5];
    size_t n_merged = 7;
    begin();
    for (size_t i = 0; i < 5; i++) {
        indices[i] = add(rows[i]);
    }
    ck_assert_int_eq(rri_id_texts_merge(&n_merged, &texts, &table, indices, 5, NULL), RR_OK);
    ck_assert(n_merged == 0 && table.n_keys == 5 && texts.n == 3 && indices[4] == 4);
    end();
}
END_TEST

CHECK_MAIN("data/id_texts", test_id_texts_are_found_by_index,
           test_id_texts_spellings_of_one_number_become_one_id,
           test_id_texts_beside_a_text_all_are_texts)
