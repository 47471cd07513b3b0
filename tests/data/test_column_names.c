/* SPDX-License-Identifier: MIT */
#include "data/column_names.h"

#include <string.h>

#include "check_run.h"

static int role_of(const char *name, size_t *rank)
{
    return rri_column_role(rank, &(rri_table_field){name, strlen(name)});
}

START_TEST(test_column_names_of_published_data_in_any_case)
{
    static const struct {
        const char *name;
        int role;
    } cases[] = {{"user_id", RRI_ROLE_USER},
                 {"userId", RRI_ROLE_USER},
                 {"userID", RRI_ROLE_USER},
                 {"USER_ID", RRI_ROLE_USER},
                 {"User-ID", RRI_ROLE_USER},
                 {"user_id:token", RRI_ROLE_USER},
                 {"reviewerID", RRI_ROLE_USER},
                 {"username", RRI_ROLE_USER},
                 {"item_id", RRI_ROLE_ITEM},
                 {"itemID", RRI_ROLE_ITEM},
                 {"movieId", RRI_ROLE_ITEM},
                 {"ISBN", RRI_ROLE_ITEM},
                 {"asin", RRI_ROLE_ITEM},
                 {"parent_asin", RRI_ROLE_ITEM},
                 {"book_id", RRI_ROLE_ITEM},
                 {"artistID", RRI_ROLE_ITEM},
                 {"video_id", RRI_ROLE_ITEM},
                 {"business_id", RRI_ROLE_ITEM},
                 {"app_id", RRI_ROLE_ITEM},
                 {"product_id:token", RRI_ROLE_ITEM},
                 {"rating", RRI_ROLE_RATING},
                 {"Book-Rating", RRI_ROLE_RATING},
                 {"stars", RRI_ROLE_RATING},
                 {"overall", RRI_ROLE_RATING},
                 {"weight", RRI_ROLE_RATING},
                 {"is_click", RRI_ROLE_RATING},
                 {"click", RRI_ROLE_RATING},
                 {"label", RRI_ROLE_RATING},
                 {"watch_ratio", RRI_ROLE_RATING},
                 {"is_recommended", RRI_ROLE_RATING},
                 {"timestamp:float", RRI_ROLE_TIME},
                 {"Timestamp", RRI_ROLE_TIME},
                 {"unixReviewTime", RRI_ROLE_TIME},
                 {"time_ms", RRI_ROLE_TIME},
                 {"date", RRI_ROLE_TIME},
                 {"position", RRI_ROLE_POSITION},
                 {"propensity_score", RRI_ROLE_PROPENSITY},
                 {"user_feature_0", RRI_ROLE_CONTEXT},
                 {"user-item_affinity_0", RRI_ROLE_NONE},
                 {"title", RRI_ROLE_NONE},
                 {"user_id_list", RRI_ROLE_NONE},
                 {"duration_ms", RRI_ROLE_NONE},
                 {"", RRI_ROLE_NONE},
                 {":token", RRI_ROLE_NONE},
                 {"--", RRI_ROLE_NONE}};
    size_t rank = 0;
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        ck_assert_msg(role_of(cases[i].name, &rank) == cases[i].role, "%s", cases[i].name);
    }
}
END_TEST

START_TEST(test_column_names_have_an_order)
{
    static const char *const pairs[][2] = {{"parent_asin", "asin"},   {"rating", "label"},
                                           {"timestamp", "time"},     {"time_ms", "date"},
                                           {"user_id", "session_id"}, {"unixReviewTime", "date"}};
    for (size_t i = 0; i < sizeof pairs / sizeof pairs[0]; i++) {
        size_t first = 9, second = 0;
        ck_assert_int_eq(role_of(pairs[i][0], &first), role_of(pairs[i][1], &second));
        ck_assert_msg(first < second, "%s", pairs[i][0]);
    }
}
END_TEST

START_TEST(test_column_names_are_the_same_but_for_case_and_marks)
{
    const rri_table_field name = {"User-ID:token", 13};
    ck_assert(rri_column_is_same(&name, "user_id") && rri_column_is_same(&name, "USERID"));
    ck_assert(!rri_column_is_same(&name, "user") && !rri_column_is_same(&name, ""));
    const rri_table_field none = {"", 0};
    ck_assert(!rri_column_is_same(&none, ""));
    ck_assert_str_eq(rri_column_name(RRI_ROLE_TIME), "timestamp");
}
END_TEST

CHECK_MAIN("data/column_names", test_column_names_of_published_data_in_any_case,
           test_column_names_have_an_order, test_column_names_are_the_same_but_for_case_and_marks)
