/* SPDX-License-Identifier: MIT */
/* Windows of rows, beside the rows one by one. */
#include "data/plain_window.h"

#include "core/philox.h"
#include "fixture.h"

static rri_table_text table;
static rri_table_header header;

static void read_header(const char *names)
{
    static char head[256];
    bool is_row = false;
    strcpy(head, names);
    rri_table_text_init(&table, head, strlen(head), "f");
    ck_assert(rri_table_text_next_line(&table));
    ck_assert_int_eq(rri_table_header_read(&header, &is_row, &table, NULL), RR_OK);
}

/* A window that begins with a line and goes on with rows 1,2,3,4. */
static size_t read_window(rri_plain_row *rows, const char **ends, const char *line)
{
    static char text[2 * RRI_PLAIN_WINDOW];
    size_t n = (size_t)snprintf(text, sizeof text, "%s\n", line);
    while (n < RRI_PLAIN_WINDOW + RRI_PLAIN_ROW_SLACK) {
        n += (size_t)snprintf(text + n, sizeof text - n, "1,2,3,4\n");
    }
    return rri_plain_window_read(rows, ends, 8, text, &header, &table);
}

START_TEST(test_plain_window_reads_rows_as_they_stand)
{
    static const struct {
        const char *line;
        rri_plain_row row;
    } cases[] = {{"12,345,4.5,1234567890", {12, 345, 4.5f, 1234567890}},
                 {"0,0,0.0,123456789", {0, 0, 0.0f, 123456789}},
                 {"99999999,10000000,9.9,9999999999999999",
                  {99999999, 10000000, 9.9f, INT64_C(9999999999999999)}},
                 {"123456789,1,5,1234567890", {123456789, 1, 5.0f, 1234567890}},
                 {"1,2,10,1234567890", {1, 2, 10.0f, 1234567890}},
                 {"1,2,0.25,1234567890", {1, 2, 0.25f, 1234567890}},
                 {"1,2,12.5,1234567890\r", {1, 2, 12.5f, 1234567890}},
                 {"1,2,3,12345678", {1, 2, 3.0f, 12345678}}};
    read_header("user_id,item_id,rating,timestamp\n");
    ck_assert(rri_plain_window_fits(&header));
    for (size_t i = 0; i < sizeof cases / sizeof cases[0]; i++) {
        rri_plain_row rows[8] = {{.user = 7}};
        const char *ends[8];
        ck_assert_msg(read_window(rows, ends, cases[i].line) == 8, "%s", cases[i].line);
        ck_assert_msg(rows[0].user == cases[i].row.user && rows[0].item == cases[i].row.item &&
                          rows[0].rating == cases[i].row.rating &&
                          rows[0].time == cases[i].row.time,
                      "%s", cases[i].line);
        ck_assert(rows[1].user == 1 && rows[1].item == 2 && rows[7].time == 4);
        ck_assert_uint_eq((size_t)(ends[1] - ends[0]), strlen("1,2,3,4\n"));
    }
}
END_TEST

START_TEST(test_plain_window_stops_before_what_is_not_plain)
{
    static const char *const lines[] = {"01,2,3.5,1234567890",
                                        "1,02,3.5,1234567890",
                                        "a,2,3.5,1234567890",
                                        "1,2,-3,1234567890",
                                        "1,2,3.x,1234567890",
                                        "1,2,.5,1234567890",
                                        "1,2,3.,1234567890",
                                        "1,2,3.5,12345678901234567",
                                        "1,,3.5,1234567890",
                                        "1,2,3.5,",
                                        "1,2,3.5,1234567890,",
                                        "1;2,3.5,1234567890",
                                        "1,2,3.5,1234567890 ",
                                        "1,2,3/5,1234567890",
                                        "",
                                        "1,2,3.5.5,1234567890",
                                        ",2,3.5,1234567890",
                                        "1,2,3.5,123456789x"};
    read_header("user_id,item_id,rating,timestamp\n");
    for (size_t i = 0; i < sizeof lines / sizeof lines[0]; i++) {
        rri_plain_row rows[8];
        const char *ends[8];
        ck_assert_msg(read_window(rows, ends, lines[i]) == 0, "%s", lines[i]);
    }
}
END_TEST

START_TEST(test_plain_window_gives_the_rows_one_by_one_at_any_length_of_fields)
{
    static char text[4 * RRI_PLAIN_WINDOW];
    read_header("userId,movieId,rating,timestamp\n");
    for (uint64_t seed = 0; seed < 300; seed++) {
        size_t n = 0;
        for (uint64_t i = 0; n < RRI_PLAIN_WINDOW + 200; i++) {
            uint64_t d[4];
            for (uint32_t k = 0; k < 4; k++) {
                d[k] = rri_philox_below(seed, RRI_STREAM_SPLIT, i, k, UINT64_MAX);
            }
            n += (size_t)snprintf(
                text + n, sizeof text - n,
                d[3] % 5 == 0 ? "%llu,%llu,%llu,%llu\n" : "%llu,%llu,%llu.5,%llu\n",
                (unsigned long long)(d[0] >> (37 + d[0] % 27)),
                (unsigned long long)(d[1] >> (37 + d[1] % 27)), (unsigned long long)(d[2] % 12),
                (unsigned long long)(d[3] >> (11 + d[3] % 40)));
        }
        rri_plain_row rows[128], row = {.user = 0};
        const char *ends[128], *at = text;
        const size_t n_read = rri_plain_window_read(rows, ends, 128, text, &header, &table);
        for (size_t i = 0; i < n_read; i++) {
            at = rri_plain_row_read(&row, at, text + n, &header, &table);
            ck_assert_ptr_eq(at, ends[i]);
            ck_assert(rows[i].user == row.user && rows[i].item == row.item &&
                      rows[i].time == row.time && rows[i].rating == row.rating);
        }
        ck_assert_uint_gt(n_read, 10);
    }
}
END_TEST

CHECK_MAIN("data/plain_window", test_plain_window_reads_rows_as_they_stand,
           test_plain_window_stops_before_what_is_not_plain,
           test_plain_window_gives_the_rows_one_by_one_at_any_length_of_fields)
