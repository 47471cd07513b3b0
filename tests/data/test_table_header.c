/* SPDX-License-Identifier: MIT */
#include "data/table_header.h"

#include <stdio.h>
#include <stdlib.h>

#include "data/row_walk.h"
#include "load_text.h"

static rri_table_header header;
static rri_table_form form;

/* Byte of the first row. */
static rr_status read_header(size_t *rows, const char *text, const rr_load_options *options,
                             rr_error *err)
{
    const size_t bytes = strlen(text);
    const rr_load_options defaults = load_text_options();
    char *const copy = calloc(1, bytes + 1 + RRI_ROW_WALK_SLACK);
    memcpy(copy, text, bytes);
    copy[bytes] = '\n';
    const char *first = copy;
    form = (rri_table_form){.name = "f"};
    const rr_status status = rri_table_header_read(&header, &form, &first, copy, bytes + 1,
                                                   options == NULL ? &defaults : options, err);
    *rows = (size_t)(first - copy);
    free(copy);
    return status;
}

START_TEST(test_table_header_sees_separator_columns_and_first_row)
{
    static const struct {
        const char *text, *separator;
        int32_t columns[6]; /* from 1 */
        size_t rows;
    } cases[] = {
        {"user_id:token\titem_id:token\trating:float\ttimestamp:float", "tab", {1, 2, 3, 4}, 57},
        {"userId,movieId,rating,timestamp", ",", {1, 2, 3, 4}, 32},
        {"1::1193::5::978300760", "::", {1, 2, 3, 4}, 0},
        {"196\t242\t3\t881250949", "tab", {1, 2, 3, 4}, 0},
        {"23,24,1,1500171915", ",", {1, 2, 3, 4}, 0},
        {"23\t24\t1", "tab", {1, 2, 3}, 0},
        {"23 24 1", "blanks", {1, 2, 3}, 0},
        {"23|24", "|", {1, 2}, 0},
        {"1;2;3,5\n2;3;4,5", ";", {1, 2, 3}, 0},
        {"\"User-ID\";\"ISBN\";\"Book-Rating\"", ";", {1, 2, 3}, 31},
        {"userID\tartistID\tweight", "tab", {1, 2, 3}, 23},
        {"user_id,item_id,date,hourmin,time_ms,is_click,long_view", ",", {1, 2, 6, 5}, 56},
        {"app_id,helpful,funny,date,is_recommended,hours,user_id,review_id", ",", {7, 1, 5, 4}, 65},
        {"user_id,video_id,play_duration,video_duration,time,date,timestamp,watch_ratio",
         ",",
         {1, 2, 8, 7},
         78},
        {"rating,asin,parent_asin,user_id,timestamp", ",", {4, 3, 1, 5}, 42},
        {"A2IBPI20UZIR0U,0439381673,5.0,1364774400", ",", {1, 2, 3, 4}, 0},
        {"0439381673,A2IBPI20UZIR0U,5.0,1364774400", ",", {2, 1, 3, 4}, 0},
        {"151603712,\"The Elder Scrolls V, Skyrim\",purchase,1.0,0", ",", {1, 2, 4}, 0},
        {",timestamp,item_id,position,click,propensity_score,user_feature_0,user_feature_1",
         ",",
         {0, 3, 5, 2, 4, 6},
         81},
        {"item_id,user_id,user_feature_0", ",", {2, 1}, 31},
        {"title\titem_id\tuser_id", "tab", {3, 2}, 22},
        {"% bip weighted\n% 5 3 2\n1 2 3", "blanks", {1, 2, 3}, 23},
        {"# user_id item_id rating\n1 2 3\n", "blanks", {1, 2, 3}, 25},
        {"\n  \nuser_id|item_id", "|", {1, 2}, 20},
        {"\xef\xbb\xbfuser_id,item_id", ",", {1, 2}, 19},
        {"user_id,item_id,a column with :: and | and ;", ",", {1, 2}, 45},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t rows = 7;
        rr_error err = {0};
        ck_assert_msg(read_header(&rows, cases[i].text, NULL, &err) == RR_OK, "%s\n%s",
                      cases[i].text, err.text);
        ck_assert_msg(strcmp(rri_table_separator_name(&form), cases[i].separator) == 0, "%s: %s",
                      cases[i].text, rri_table_separator_name(&form));
        ck_assert_msg(rows == cases[i].rows, "%s: rows at %zu", cases[i].text, rows);
        for (int role = 0; role < RRI_N_ROLES; role++) {
            ck_assert_msg(header.columns[role] + 1 == cases[i].columns[role], "%s: role %d is %d",
                          cases[i].text, role, header.columns[role] + 1);
        }
        ck_assert((header.columns[RRI_ROLE_USER] < 0) == (header.n_contexts == 2));
    }
}
END_TEST

START_TEST(test_table_header_takes_the_callers_columns)
{
    static const struct {
        const char *text, *user, *item, *rating, *time;
        int32_t columns[4];
        bool has_names;
    } cases[] = {
        {"who,what,how,rating", "who", "WHAT", NULL, NULL, {1, 2, 4, 0}, true},
        {"who,what,how,rating", "1", "2", "how", NULL, {1, 2, 3, 0}, true},
        {"who,what,how,rating", "who", "what", "", NULL, {1, 2, 0, 0}, true},
        {"user_000001\t2009-05-04T23:08:57Z\tx\ta", "1", "3", NULL, "2", {1, 3, 0, 2}, false},
        {"9,8,7,6", "4", "3", NULL, NULL, {4, 3, 0, 0}, false},
        {"2,item_id,1,user_id\n", "2", "1", NULL, NULL, {1, 3, 0, 0}, true},
        {"user_id,item_id,rating,other", NULL, NULL, "other", NULL, {1, 2, 4, 0}, true},
    };
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t rows = 0;
        rr_error err = {0};
        rr_load_options options = load_text_options();
        options.user_column = cases[i].user;
        options.item_column = cases[i].item;
        options.rating_column = cases[i].rating;
        options.time_column = cases[i].time;
        ck_assert_msg(read_header(&rows, cases[i].text, &options, &err) == RR_OK, "%s", err.text);
        ck_assert(header.has_names == cases[i].has_names);
        for (int role = 0; role < 4; role++) {
            ck_assert_msg(header.columns[role] + 1 == cases[i].columns[role], "%zu: role %d is %d",
                          i, role, header.columns[role] + 1);
        }
    }
}
END_TEST

START_TEST(test_table_header_refuses_what_it_cannot_see)
{
    static const struct {
        const char *text, *user, *sentence;
    } cases[] = {
        {"user_id,rating", NULL,
         "f:1:1: there is no column item_id; the first line has user_id, rating: say which column "
         "is what, as user_column \"1\" (train --columns user=1,item=2)"},
        {"a,b\nc,d", NULL,
         "f:1:1: there is no column user_id; the first line has a, b: say which column is what, as "
         "user_column \"1\" (train --columns user=1,item=2)"},
        {"user_id,item_id,rating,Rating", NULL, "f:1:24: column rating is there twice"},
        {"user_id,item_id", "who",
         "f:1:1: user_id is to be column 'who', which is not there; there are 2: user_id, item_id"},
        {"user_id,item_id", "3",
         "f:1:1: user_id is to be column '3', which is not there; there are 2: user_id, item_id"},
        {"user_id,item_id", "2",
         "f:1:1: column 2 is to be user_id and item_id; it can be one of them"},
        {"1,2,1500171915", NULL,
         "f:1:5: the third of 3 columns without names would be the rating, and is 1500171915; say "
         "which column is what, as user_column \"1\", item_column \"2\", time_column \"3\" (train "
         "--columns user=1,item=2,time=3)"},
        {"1,2014-04-07T10:51:09.277Z,214536,0", NULL,
         "f:1:3: column 2 of 4 without names would be the item_id, and is the date "
         "2014-04-07T10:51:09.277Z; say which column is what, as user_column \"1\", item_column "
         "\"2\", time_column \"3\" (train --columns user=1,item=2,time=3)"},
        {"2014-04-07,2,5", NULL,
         "f:1:1: column 1 of 3 without names would be the user_id, and is the date 2014-04-07; say "
         "which column is what, as user_column \"1\", item_column \"2\", time_column \"3\" (train "
         "--columns user=1,item=2,time=3)"},
        {"\x1f\x8b", NULL, "f: it looks like gzip data; decompress it first (the drivers do)"},
        {"# nothing", NULL,
         "f:1:1: the file is empty; its first line must name the columns user_id and item_id"},
        {"\"user_id,item_id\n1,2", NULL, "f:1:1: a quote in this line is not closed"}};
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        size_t rows = 0;
        rr_error err = {0};
        rr_load_options options = load_text_options();
        options.user_column = cases[i].user;
        ck_assert_msg(read_header(&rows, cases[i].text, &options, &err) == RR_E_FORMAT, "%s",
                      cases[i].text);
        ck_assert_str_eq(err.text, cases[i].sentence);
    }
    size_t rows = 0;
    rr_error err = {0};
    rr_load_options options = load_text_options();
    options.user_column = "1";
    options.item_column = "2";
    ck_assert_int_eq(read_header(&rows, "a,b\nc,d", &options, &err), RR_E_FORMAT);
    ck_assert_str_eq(err.text, "f:1:1: whether this line names the columns cannot be seen; say "
                               "header yes or no (train --header no)");
    options.header = RR_HEADER_YES;
    ck_assert_int_eq(read_header(&rows, "a,b\nc,d", &options, &err), RR_OK);
    ck_assert(header.has_names && rows == 4);
    options.header = RR_HEADER_NO;
    ck_assert_int_eq(read_header(&rows, "a,b\nc,d", &options, &err), RR_OK);
    ck_assert(!header.has_names && rows == 0);
}
END_TEST

START_TEST(test_table_header_takes_the_callers_separator_and_comments)
{
    size_t rows = 0;
    rr_error err = {0};
    rr_load_options options = load_text_options();
    static const char *const good[] = {"~", "\x01", ":", "/", "**"};
    for (size_t i = 0; i < sizeof good / sizeof good[0]; i++) {
        char text[64];
        snprintf(text, sizeof text, "user,x%sitem%srating", good[i], good[i]);
        options.separator = good[i];
        options.user_column = "1";
        ck_assert_msg(read_header(&rows, text, &options, &err) == RR_OK, "%s", err.text);
        ck_assert_uint_eq(header.n_columns, 3);
    }
    static const char *const bad[] = {"", "a", "5", "\"", "\n", "ab", "***", "-"};
    for (size_t i = 0; i < sizeof bad / sizeof bad[0]; i++) {
        options.separator = bad[i];
        ck_assert_int_eq(read_header(&rows, "user_id,item_id", &options, &err), RR_E_INVALID);
        ck_assert_ptr_nonnull(strstr(err.text, "load options: separator is '"));
    }
    options = load_text_options();
    options.comment = "!";
    ck_assert_int_eq(read_header(&rows, "! x\nuser_id,#item_id", &options, NULL), RR_OK);
    ck_assert(form.comment == '!' && header.n_comments == 1);
    options.comment = "";
    ck_assert_int_eq(read_header(&rows, "#user_id,item_id", &options, NULL), RR_OK);
    ck_assert(form.comment == '\0' && header.n_comments == 0);
}
END_TEST

START_TEST(test_table_header_refuses_more_columns_than_it_holds)
{
    char text[RRI_TABLE_MOST_COLUMNS * 2 + 32] = "user_id,item_id";
    for (size_t i = 2; i < RRI_TABLE_MOST_COLUMNS; i++) {
        strcat(text, ",");
    }
    size_t rows = 0;
    rr_error err = {0};
    ck_assert_int_eq(read_header(&rows, text, NULL, &err), RR_OK);
    strcat(text, ",");
    ck_assert_int_eq(read_header(&rows, text, NULL, &err), RR_E_FORMAT);
    ck_assert_ptr_nonnull(strstr(err.text, "there are 1025 columns; at most 1024 are read"));
}
END_TEST

CHECK_MAIN("data/table_header", test_table_header_sees_separator_columns_and_first_row,
           test_table_header_takes_the_callers_columns,
           test_table_header_refuses_what_it_cannot_see,
           test_table_header_takes_the_callers_separator_and_comments,
           test_table_header_refuses_more_columns_than_it_holds)
