/* SPDX-License-Identifier: MIT */
#include "data/row_reader.h"

#include "fixture.h"

static rri_allocator allocator;

START_TEST(test_row_reader_reads_the_header_and_then_row_by_row)
{
    char *const text = fixture_copy("item_id,user_id\nb,1\n\"a,\"\"\",x\n\n\n", 31);
    rri_interactions rows;
    rri_row_reader reader;
    bool is_there = false;
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    rri_row_reader_init(&reader, &rows, "f", 31, &allocator);
    ck_assert_int_eq(rri_row_reader_begin(&reader, text, 31, NULL), RR_OK);
    ck_assert(!rows.has_ratings && !rows.has_logs && reader.is_plain);
    ck_assert_ptr_eq(reader.table.next, text + 16);
    for (size_t i = 0; i < 2; i++) {
        ck_assert_int_eq(rri_row_reader_next(&is_there, &reader, NULL), RR_OK);
        ck_assert(is_there && rows.n == i + 1 && rows.ratings[i] == 1.0f);
    }
    ck_assert_int_eq(rri_row_reader_next(&is_there, &reader, NULL), RR_OK);
    ck_assert(!is_there && rows.n == 2 && rows.user_table.n_keys == 2);
    ck_assert_int_eq(rri_row_reader_finish(&reader, NULL), RR_OK);
    rri_row_reader_release(&reader);
    free(text);
}
END_TEST

START_TEST(test_row_reader_refuses_a_text_without_rows)
{
    char *const text = fixture_copy("user_id,item_id\n", 16);
    rri_interactions rows;
    rri_row_reader reader;
    rr_error err = {0};
    ck_assert_int_eq(rri_allocator_init(&allocator, NULL, NULL), RR_OK);
    rri_row_reader_init(&reader, &rows, "f", 16, &allocator);
    ck_assert_int_eq(rri_row_reader_begin(&reader, text, 16, NULL), RR_OK);
    ck_assert_int_eq(rri_row_reader_finish(&reader, &err), RR_E_FORMAT);
    ck_assert_str_eq(err.text, "f:2:1: no interaction follows the header");
    rri_row_reader_release(&reader);
    free(text);
}
END_TEST

START_TEST(test_row_reader_counts_lines_with_and_without_an_end)
{
    static char text[2000];
    ck_assert_uint_eq(rri_row_reader_count_lines(text, 0), 0);
    memset(text, '\n', sizeof text);
    for (size_t n = 1; n <= sizeof text; n++) {
        ck_assert_uint_eq(rri_row_reader_count_lines(text, n), n); /* more than a byte can count */
    }
    text[1999] = 'x';
    ck_assert_uint_eq(rri_row_reader_count_lines(text, 2000), 2000);
    ck_assert_uint_eq(rri_row_reader_count_lines("a\nb", 3), 2);
    ck_assert_uint_eq(rri_row_reader_count_lines("ab\n", 3), 1);
}
END_TEST

CHECK_MAIN("data/row_reader", test_row_reader_reads_the_header_and_then_row_by_row,
           test_row_reader_refuses_a_text_without_rows,
           test_row_reader_counts_lines_with_and_without_an_end)
