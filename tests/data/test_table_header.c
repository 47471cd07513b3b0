/* SPDX-License-Identifier: MIT */
#include "data/table_header.h"

#include "fixture.h"

static rr_status read_header(rri_table_header *header, bool *is_row, const char *text,
                             rr_error *err)
{
    rri_table_text table;
    char *const copy = fixture_copy(text, strlen(text));
    rri_table_text_init(&table, copy, strlen(text), "f");
    ck_assert(rri_table_text_next_line(&table));
    const rr_status status = rri_table_header_read(header, is_row, &table, err);
    free(copy);
    return status;
}

START_TEST(test_table_header_knows_the_names_of_published_data)
{
    static const struct {
        const char *text;
        size_t n_columns;
        uint8_t roles[8];
        bool is_row;
    } cases[] = {
        {"user_id:token\titem_id:token\trating:float\ttimestamp:float", 4, {0, 1, 2, 3}, false},
        {"userId,movieId,rating,timestamp", 4, {0, 1, 2, 3}, false},
        {"1::1193::5::978300760", 4, {0, 1, 2, 3}, true},
        {"196\t242\t3\t881250949", 4, {0, 1, 2, 3}, true},
        {",timestamp,item_id,position,click,propensity_score,user_feature_0,user-item_affinity_0",
         8,
         {RRI_ROLE_NONE, RRI_ROLE_TIME, RRI_ROLE_ITEM, RRI_ROLE_POSITION, RRI_ROLE_RATING,
          RRI_ROLE_PROPENSITY, RRI_ROLE_CONTEXT, RRI_ROLE_NONE},
         false},
        {"item_id,user_id,user_feature_0", 3, {RRI_ROLE_ITEM, RRI_ROLE_USER, RRI_ROLE_NONE}, false},
        {"title\titem_id\tuser_id", 3, {RRI_ROLE_NONE, RRI_ROLE_ITEM, RRI_ROLE_USER}, false},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        rri_table_header header;
        bool is_row = false;
        ck_assert_int_eq(read_header(&header, &is_row, cases[i].text, NULL), RR_OK);
        ck_assert_uint_eq(header.n_columns, cases[i].n_columns);
        ck_assert_mem_eq(header.roles, cases[i].roles, header.n_columns);
        ck_assert_msg(is_row == cases[i].is_row, "%s", cases[i].text);
        ck_assert(header.has[RRI_ROLE_ITEM]);
    }
}
END_TEST

START_TEST(test_table_header_refuses_what_has_no_user_or_item)
{
    static const struct {
        const char *text, *sentence;
    } cases[] = {
        {"user_id,rating", "f:1:1: there is no column item_id; the first line must name user_id "
                           "and item_id, separated by tabs or commas"},
        {"1,2,3,4", "f:1:1: there is no column user_id; the first line must name user_id and "
                    "item_id, separated by tabs or commas"},
        {"1\t2\t3", "f:1:1: there is no column user_id; the first line must name user_id and "
                    "item_id, separated by tabs or commas"},
        {"user_id,item_id,click,rating", "f:1:23: column rating is there twice"},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        rri_table_header header;
        bool is_row = false;
        rr_error err = {0};
        ck_assert_int_eq(read_header(&header, &is_row, cases[i].text, &err), RR_E_FORMAT);
        ck_assert_str_eq(err.text, cases[i].sentence);
    }
}
END_TEST

START_TEST(test_table_header_refuses_more_columns_than_it_holds)
{
    char text[RRI_TABLE_MOST_COLUMNS * 2 + 32] = "user_id,item_id";
    for (size_t i = 2; i < RRI_TABLE_MOST_COLUMNS; i++) {
        strcat(text, ",");
    }
    rri_table_header header;
    bool is_row = false;
    rr_error err = {0};
    ck_assert_int_eq(read_header(&header, &is_row, text, &err), RR_OK);
    strcat(text, ",");
    ck_assert_int_eq(read_header(&header, &is_row, text, &err), RR_E_FORMAT);
    ck_assert_ptr_nonnull(strstr(err.text, "there are more than 1024 columns"));
}
END_TEST

CHECK_MAIN("data/table_header", test_table_header_knows_the_names_of_published_data,
           test_table_header_refuses_what_has_no_user_or_item,
           test_table_header_refuses_more_columns_than_it_holds)
