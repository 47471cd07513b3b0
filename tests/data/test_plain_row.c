/* SPDX-License-Identifier: MIT */
/* Rows of plain numbers, beside the reader that goes the long way. */
#include "data/plain_row.h"

#include "core/philox.h"
#include "data/field_value.h"
#include "fixture.h"

/* One line below a header; false when it is left for the long way. */
static bool read_line(rri_plain_row *row, const char *names, const char *line)
{
    rri_table_text table;
    rri_table_header header;
    bool is_row = false;
    char *const head = fixture_copy(names, strlen(names));
    rri_table_text_init(&table, head, strlen(names), "f");
    ck_assert(rri_table_text_next_line(&table));
    ck_assert_int_eq(rri_table_header_read(&header, &is_row, &table, NULL), RR_OK);
    ck_assert(rri_plain_row_fits(&header));
    char *const text = fixture_copy(line, strlen(line));
    const char *const next = rri_plain_row_read(row, text, text + strlen(line), &header, &table);
    ck_assert(next == NULL || next == text + strlen(line));
    free(text);
    free(head);
    return next != NULL;
}

START_TEST(test_plain_row_reads_numbers_in_any_order_of_columns)
{
    rri_plain_row row = {.rating = 1.0f};
    ck_assert(read_line(&row, "user_id,item_id,rating,timestamp\n", "12,345,4.5,1234567890\n"));
    ck_assert(row.user == 12 && row.item == 345 && row.rating == 4.5f && row.time == 1234567890);
    ck_assert(read_line(&row, "timestamp\tnote\titem_id\tuser_id\trating\n",
                        "0\tany text, \"so\"\t0\t1234567890123456\t0.25\r\n"));
    ck_assert(row.user == 1234567890123456 && row.item == 0 && row.rating == 0.25f &&
              row.time == 0);
    ck_assert(read_line(&row, "1::1193::5::978300760\n", "6040::3952::3::956704996\n"));
    ck_assert(row.user == 6040 && row.item == 3952 && row.rating == 3.0f && row.time == 956704996);
    row.rating = 1.0f;
    row.time = -3;
    ck_assert(read_line(&row, "user_id,item_id\n", "7,8\n"));
    ck_assert(row.user == 7 && row.rating == 1.0f && row.time == -3);
}
END_TEST

START_TEST(test_plain_row_leaves_what_is_not_plain_to_the_long_way)
{
    static const char *const lines[] = {
        "a,2,3,4\n",        ",2,3,4\n",          "01,2,3,4\n",  "12345678901234567,2,3,4\n",
        "1,2,-3,4\n",       "1,2,3e1,4\n",       "1,2,.5,4\n",  "1,2,5.,4\n",
        "1,2,12345678,4\n", "1,2,1234.5678,4\n", "1,2,3,4.0\n", "1,2,3,-4\n",
        "1,2,3\n",          "1,2,3,4,5\n",       "1,2,3,4",     "\"1\",2,3,4\n",
        "1, 2,3,4\n",       "1,2,3,4 \n",        "\n",          "1,2,3,12345678901234567\n"};
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        rri_plain_row row = {.rating = 1.0f};
        ck_assert_msg(!read_line(&row, "user_id,item_id,rating,timestamp\n", lines[i]), "%s",
                      lines[i]);
    }
}
END_TEST

START_TEST(test_plain_row_gives_the_values_of_the_long_way)
{
    for (uint64_t i = 0; i < 20000; i++) {
        char line[128], rating_text[32];
        uint64_t draws[6];
        for (uint32_t d = 0; d < 6; d++) {
            draws[d] = rri_philox_below(5, RRI_STREAM_SPLIT, i, d, UINT64_MAX);
        }
        const uint64_t user = draws[0] >> (10 + draws[1] % 54);
        const int n_decimals = (int)(draws[2] % 7);
        snprintf(rating_text, sizeof rating_text, "%.*f", n_decimals,
                 (double)(draws[3] % 9999999) / 1e6);
        const int64_t time = (int64_t)(draws[4] >> (11 + draws[5] % 53));
        snprintf(line, sizeof line, "%llu,%llu,%s,%lld\n", (unsigned long long)user,
                 (unsigned long long)(user % 1000), rating_text, (long long)time);
        rri_plain_row row = {.rating = 1.0f};
        if (!read_line(&row, "user_id,item_id,rating,timestamp\n", line)) {
            ck_assert_msg(user > 9999999999999999u || time > 9999999999999999 ||
                              strlen(rating_text) > 8,
                          "%s", line);
            continue;
        }
        float rating = 0.0f;
        const rri_table_field field = {rating_text, strlen(rating_text), 1};
        const rri_table_text table = {.name = "f"};
        ck_assert_int_eq(rri_field_value_rating(&rating, &field, &table, NULL), RR_OK);
        ck_assert_mem_eq(&rating, &row.rating, sizeof rating);
        ck_assert_msg(row.user == user && row.item == user % 1000 && row.time == time, "%s", line);
    }
}
END_TEST

/* Rows of a layout, of which one in `spoilt` is not plain (0: all are). */
static size_t write_rows(char *text, size_t capacity, int layout, uint64_t spoilt, uint64_t seed)
{
    size_t n = 0;
    for (uint64_t i = 0; n + 90 < capacity; i++) {
        uint64_t draws[5];
        for (uint32_t d = 0; d < 5; d++) {
            draws[d] = rri_philox_below(seed, RRI_STREAM_SPLIT, i, d, UINT64_MAX);
        }
        const unsigned long long user = draws[0] >> (11 + draws[1] % 53);
        const unsigned long long item = draws[1] >> (11 + draws[0] % 53);
        const unsigned long long time = draws[2] >> (11 + draws[3] % 53);
        const int n_decimals = (int)(draws[3] % 4);
        const double rating = (double)(draws[4] % 999000) / 1e3;
        const char *const end = draws[4] % 3 == 0 ? "\r\n" : "\n";
        const char *const before = spoilt > 0 && draws[3] % spoilt != 0 ? ""
                                   : draws[2] % 2 == 0                  ? "x"
                                                                        : "0";
        char *const at = text + n;
        const size_t left = capacity - n;
        n += (size_t)(layout == 0   ? snprintf(at, left, "%s%llu,%llu,%.*f,%llu%s", before, user,
                                               item, n_decimals, rating, time, end)
                      : layout == 1 ? snprintf(at, left, "%llu::%llu::%.*f::%s%llu%s", user, item,
                                               n_decimals, rating, before, time, end)
                      : layout == 2 ? snprintf(at, left, "%.*f\t%s%llu\t%llu%s", n_decimals, rating,
                                               before, item, user, end)
                                    : snprintf(at, left, "%llu,%s%llu%s", item, before, user, end));
    }
    return n;
}

/* The same rows as one at a time gives, and no more. */
static void compare(const char *names, int layout, uint64_t spoilt, uint64_t seed)
{
    enum { CAPACITY = 9000, MOST_READ = 40 };
    static char text[CAPACITY];
    rri_table_text table;
    rri_table_header header;
    bool is_row = false;
    char *const head = fixture_copy(names, strlen(names));
    rri_table_text_init(&table, head, strlen(names), "f");
    ck_assert(rri_table_text_next_line(&table));
    ck_assert_int_eq(rri_table_header_read(&header, &is_row, &table, NULL), RR_OK);
    const size_t bytes = write_rows(text, sizeof text, layout, spoilt, seed);
    char *const copy = fixture_copy(text, bytes);
    const char *at = copy, *const end = copy + bytes;
    while (at < end) {
        rri_plain_row rows[MOST_READ] = {{.user = 0}}, row = {.user = 0};
        const char *ends[MOST_READ];
        const size_t n = rri_plain_rows_read(rows, ends, MOST_READ, at, end, &header, &table);
        for (size_t i = 0; i < n; i++) {
            at = rri_plain_row_read(&row, at, end, &header, &table);
            ck_assert_ptr_eq(at, ends[i]);
            ck_assert(rows[i].user == row.user && rows[i].item == row.item &&
                      rows[i].time == row.time);
            ck_assert_mem_eq(&rows[i].rating, &row.rating, sizeof row.rating);
        }
        if (n == 0) {
            ck_assert_ptr_null(rri_plain_row_read(&row, at, end, &header, &table));
            at = memchr(at, '\n', (size_t)(end - at));
            at++;
        }
    }
    free(copy);
    free(head);
}

START_TEST(test_plain_rows_together_are_the_rows_one_by_one)
{
    for (uint64_t seed = 0; seed < 60; seed++) {
        const uint64_t spoilt = seed % 3 == 0 ? 0 : seed % 3 == 1 ? 4 : 30;
        compare("user_id,item_id,rating,timestamp\n", 0, spoilt, seed);
        compare("1::2::3::4\n", 1, spoilt, seed);
        compare("rating\titem_id\tuser_id\n", 2, spoilt, seed);
        compare("item_id,user_id\n", 3, spoilt, seed);
    }
}
END_TEST

CHECK_MAIN("data/plain_row", test_plain_rows_together_are_the_rows_one_by_one,
           test_plain_row_reads_numbers_in_any_order_of_columns,
           test_plain_row_leaves_what_is_not_plain_to_the_long_way,
           test_plain_row_gives_the_values_of_the_long_way)
